/* SPDX-License-Identifier: MIT */
/* What is published is what docs/schemas and docs/asyncapi.yaml say. */
#include "codec/event_json.h"
#include "codec_fixture.h"
#include "test.h"

#include <aurora/event.h>
#include <aurora/saga.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static codec_arena memory;
static char *folder;

static void write_event(const aurora__event *event)
{
    char path[512];
    const char *data;
    aurora_assert_ok(aurora__event_json(&memory.arena, event, &data, NULL));
    aurora_test_path(path, sizeof path, folder, aurora_event_name(event->kind));
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(data, file);
    fclose(file);
}

static void write_all(void)
{
    codec_saga saga;
    codec_saga_init(&saga);
    for (int32_t kind = AURORA_EVENT_ORDER_CREATED; kind <= AURORA_EVENT_ORDER_REPAIR; kind++) {
        aurora__event event = saga.events[0];
        event.kind = kind;
        event.reason = AURORA_REASON_PAYMENT_DECLINED;
        event.short_lines = "[[\"SKU-000123\",2,1]]";
        event.decline_code = "insufficient_funds";
        event.action = AURORA_REPAIR_MARK;
        event.participant = AURORA_PARTICIPANT_PAYMENT;
        event.result = AURORA_RESULT_CAPTURED;
        event.actor = "ann";
        write_event(&event);
    }
    write_event(&(aurora__event){.kind = AURORA_EVENT_PRODUCT_UPSERTED,
                                 .sku = codec_product.sku,
                                 .product = &codec_product,
                                 .product_version = codec_product.version});
    write_event(
        &(aurora__event){.kind = AURORA_EVENT_PRODUCT_DELETED, .sku = "cup", .product_version = 3});
    write_event(&(aurora__event){.kind = AURORA_EVENT_PRODUCT_VIEWED, .sku = "cup", .count = 2});
}

START_TEST(test_event_schemas__rendered_events_agree_with_their_schemas)
{
    char command[1024];
    const char *root = getenv("AURORA_SOURCE_DIR");
    codec_arena_init(&memory);
    folder = aurora_tempdir_new();
    write_all();

    snprintf(command, sizeof command, "python3 '%s/tests/support/event_schemas.py' '%s'",
             root == NULL ? "." : root, folder);
    int status = system(command);

    ck_assert(WIFEXITED(status));
    ck_assert_msg(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77, "see above");
    aurora_tempdir_remove(folder);
    codec_arena_deinit(&memory);
}
END_TEST

static Suite *suite(void)
{
    Suite *made = suite_create("event_schemas");
    TCase *tcase = tcase_create("event_schemas");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, test_event_schemas__rendered_events_agree_with_their_schemas);
    suite_add_tcase(made, tcase);
    return made;
}

AURORA_TEST_MAIN(suite)

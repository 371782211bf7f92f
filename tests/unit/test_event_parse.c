/* SPDX-License-Identifier: MIT */
/* What other services send: everything that we publish comes back as it was, whatever else there is
 * is ignored or refused, and nothing is believed. */
#include "codec/event_parse.h"

#include "codec/event_json.h"
#include "codec/json_tree.h"
#include "codec/record.h"
#include "codec/time_text.h"
#include "codec_fixture.h"
#include "test.h"

#include <aurora/event.h>
#include <aurora/saga.h>

#include <stdio.h>
#include <string.h>

static codec_arena memory;
static codec_saga saga;

static void setup(void)
{
    codec_arena_init(&memory);
    codec_saga_init(&saga);
}

static void teardown(void)
{
    codec_arena_deinit(&memory);
}

static aurora_status parse(int32_t kind, const char *data, aurora__event *out, const char **field)
{
    const aurora__event_text text = {
        .kind = kind, .at_ms = CODEC_NOW, .data = data, .length = strlen(data)};
    return aurora__event_parse(&memory.arena, &text, out, field);
}

/* Rendering what was read gives what was read. */
static void assert_comes_back(const aurora__event *event)
{
    aurora__event read;
    const char *field;
    const char *data;
    const char *again;
    aurora_assert_ok(aurora__event_json(&memory.arena, event, &data, NULL));
    aurora_status rc = parse(event->kind, data, &read, &field);
    ck_assert_msg(rc == AURORA_OK, "%s: %s is wrong in %s", aurora_event_name(event->kind), field,
                  data);
    aurora_assert_ok(aurora__event_json(&memory.arena, &read, &again, NULL));
    ck_assert_str_eq(again, data);
}

START_TEST(test_event_parse__every_kind_comes_back_as_it_was_published)
{
    aurora__event repair = saga.events[1];
    repair.kind = AURORA_EVENT_ORDER_REPAIR;
    repair.action = AURORA_REPAIR_MARK;
    repair.participant = AURORA_PARTICIPANT_PAYMENT;
    repair.result = AURORA_RESULT_CAPTURED;
    repair.actor = "ann";
    repair.note = "said \"so\"\n";
    for (int32_t kind = AURORA_EVENT_ORDER_CREATED; kind <= AURORA_EVENT_PAYMENT_PARKED; kind++) {
        aurora__event event = saga.events[0];
        event.kind = kind;
        event.is_resend = kind % 2 == 0;
        event.amount_minor = 4598;
        event.decline_code = "insufficient_funds";
        event.short_lines = "[[\"SKU-000123\",2,1]]";
        assert_comes_back(&event);
    }
    assert_comes_back(&repair);
}
END_TEST

START_TEST(test_event_parse__product_events_come_back)
{
    const aurora__event upserted = {.kind = AURORA_EVENT_PRODUCT_UPSERTED,
                                    .sku = codec_product.sku,
                                    .product = &codec_product,
                                    .product_version = codec_product.version};
    const aurora__event deleted = {
        .kind = AURORA_EVENT_PRODUCT_DELETED, .sku = "cup", .product_version = 3};
    const aurora__event viewed = {.kind = AURORA_EVENT_PRODUCT_VIEWED, .sku = "cup", .count = 7};

    assert_comes_back(&upserted);
    assert_comes_back(&deleted);
    assert_comes_back(&viewed);
}
END_TEST

START_TEST(test_event_parse__unknown_members_are_ignored)
{
    aurora__event event;
    const char *field;

    aurora_assert_ok(parse(AURORA_EVENT_PRODUCT_DELETED,
                           " { \"new\" : [ { } , null , 1.5e3 ] , \"sku\" : \"c\\u00fcp\" ,\n"
                           "\"version\" : 9 } ",
                           &event, &field));

    ck_assert_str_eq(event.sku, "c\xC3\xBCp");
    ck_assert_int_eq(event.product_version, 9);
}
END_TEST

static const struct {
    int32_t kind;
    const char *data;
    const char *field;
} wrong[] = {
    {AURORA_EVENT_PRODUCT_DELETED, "", ""},
    {AURORA_EVENT_PRODUCT_DELETED, "[]", ""},
    {AURORA_EVENT_PRODUCT_DELETED, "{\"sku\":\"cup\",\"version\":1}x", ""},
    {AURORA_EVENT_PRODUCT_DELETED, "{\"sku\":\"cup\",\"version\":01}", ""},
    {AURORA_EVENT_PRODUCT_DELETED, "{\"sku\":\"c\xFFp\",\"version\":1}", ""},
    {AURORA_EVENT_PRODUCT_DELETED, "{\"sku\":\"c\\ud800p\",\"version\":1}", ""},
    {AURORA_EVENT_PRODUCT_DELETED, "{\"sku\":\"c\\u0000p\",\"version\":1}", "sku"},
    {AURORA_EVENT_PRODUCT_DELETED, "{\"sku\":\"c/p\",\"version\":1}", "sku"},
    {AURORA_EVENT_PRODUCT_DELETED, "{\"sku\":\"\",\"version\":1}", "sku"},
    {AURORA_EVENT_PRODUCT_DELETED, "{\"sku\":7,\"version\":1}", "sku"},
    {AURORA_EVENT_PRODUCT_DELETED, "{\"version\":1}", "sku"},
    {AURORA_EVENT_PRODUCT_DELETED, "{\"sku\":\"cup\"}", "version"},
    {AURORA_EVENT_PRODUCT_DELETED, "{\"sku\":\"cup\",\"version\":0}", "version"},
    {AURORA_EVENT_PRODUCT_DELETED, "{\"sku\":\"cup\",\"version\":1.5}", "version"},
    {AURORA_EVENT_PRODUCT_DELETED, "{\"sku\":\"cup\",\"version\":9223372036854775808}", "version"},
    {AURORA_EVENT_PRODUCT_VIEWED, "{\"sku\":\"cup\",\"count\":-1}", "count"},
    {AURORA_EVENT_ORDER_FAILED, "{\"order_id\":\"x\"}", "order_id"},
};

START_TEST(test_event_parse__a_wrong_event_is_refused_by_its_member)
{
    aurora__event event;
    const char *field;

    aurora_assert_status(parse(wrong[_i].kind, wrong[_i].data, &event, &field), AURORA_ECORRUPT);

    ck_assert_str_eq(field, wrong[_i].field);
}
END_TEST

START_TEST(test_event_parse__a_local_kind_is_never_taken)
{
    aurora__event event;
    const char *field;

    aurora_assert_status(parse(AURORA_EVENT_ORDER_UPDATED, "{}", &event, &field), AURORA_EINVAL);
    aurora_assert_status(parse(4711, "{}", &event, &field), AURORA_EINVAL);
}
END_TEST

START_TEST(test_event_parse__memory_may_run_out_anywhere)
{
    const char *data;
    const char *field;
    aurora__event event;
    aurora_status rc = AURORA_ENOMEM;
    aurora_assert_ok(aurora__event_json(&memory.arena, &saga.events[0], &data, NULL));

    for (int64_t blocks = 0; rc == AURORA_ENOMEM; blocks++) {
        memory.left = blocks;
        rc = parse(saga.events[0].kind, data, &event, &field);
    }

    memory.left = -1;
    aurora_assert_ok(rc);
}
END_TEST

START_TEST(test_json_tree__depth_has_an_end)
{
    aurora__json_tree tree;
    char text[80];
    memset(text, '[', 40);
    memset(text + 40, ']', 40);

    aurora_assert_status(aurora__json_tree_read(&tree, &memory.arena, text, 80), AURORA_ECORRUPT);
    aurora_assert_ok(aurora__json_tree_read(&tree, &memory.arena, text + 30, 20));
}
END_TEST

START_TEST(test_time__a_time_comes_back_and_offsets_count)
{
    static const int64_t times[] = {
        0, -1, 1, 951782399999, 951782400000, CODEC_NOW, 4107542400123, INT64_C(253402300799999)};
    char text[AURORA__TIME_TEXT_BYTES];
    int64_t ms;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        aurora__time_format(times[i], text);
        ck_assert_msg(aurora__time_parse(text, &ms) && ms == times[i], "%s", text);
    }
    ck_assert(aurora__time_parse("2025-11-23T13:13:20+01:00", &ms) && ms == CODEC_NOW);
    ck_assert(aurora__time_parse("2025-11-23T07:13:20.5-05:00", &ms) && ms == CODEC_NOW + 500);
    ck_assert(!aurora__time_parse("2025-02-29T00:00:00Z", &ms));
    ck_assert(!aurora__time_parse("2025-11-23T12:13:20", &ms));
    ck_assert(!aurora__time_parse("2025-11-23 12:13:20Z", &ms));
    ck_assert(!aurora__time_parse("", &ms));
}
END_TEST

/* An operator runs it again, and must not be told that he has asked for something wrong. */
START_TEST(test_record__a_kept_message_of_no_kind_is_damaged)
{
    static const char *const types[] = {NULL, "", "order.deleted", "order.updated"};
    aurora__record record = {.source = "/aurora/order/a", .position = 1, .data = "{}", .length = 2};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        aurora__event event;
        const char *field = "";

        record.type = types[i];

        ck_assert_int_eq(aurora__record_event(&memory.arena, &record, &event, &field),
                         AURORA_ECORRUPT);
        ck_assert_str_eq(field, "ce_type");
    }
}
END_TEST

START_TEST(test_record__an_unreadable_message_is_kept_byte_for_byte)
{
    static const char data[] = "\x00\xFF{\"\n";
    for (size_t length = 0; length < sizeof data; length++) {
        const aurora__record record = {.type = "order.created",
                                       .source = "/aurora/order/\xFF",
                                       .position = 12,
                                       .at_ms = CODEC_NOW,
                                       .data = data,
                                       .length = length};
        aurora__record back;

        const char *text = aurora__record_encode(&memory.arena, &record);
        ck_assert_ptr_nonnull(text);
        aurora_assert_ok(aurora__record_decode(text, &memory.arena, &back));

        ck_assert_str_eq(back.type, "order.created");
        ck_assert_ptr_null(back.source);
        ck_assert_int_eq(back.position, 12);
        ck_assert_uint_eq(back.length, length);
        ck_assert_mem_eq(back.data, data, length);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *made = suite_create("event_parse");
    TCase *tcase = tcase_create("event_parse");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_event_parse__every_kind_comes_back_as_it_was_published);
    tcase_add_test(tcase, test_event_parse__product_events_come_back);
    tcase_add_test(tcase, test_event_parse__unknown_members_are_ignored);
    tcase_add_loop_test(tcase, test_event_parse__a_wrong_event_is_refused_by_its_member, 0,
                        (int)(sizeof wrong / sizeof wrong[0]));
    tcase_add_test(tcase, test_event_parse__a_local_kind_is_never_taken);
    tcase_add_test(tcase, test_event_parse__memory_may_run_out_anywhere);
    tcase_add_test(tcase, test_json_tree__depth_has_an_end);
    tcase_add_test(tcase, test_time__a_time_comes_back_and_offsets_count);
    tcase_add_test(tcase, test_record__a_kept_message_of_no_kind_is_damaged);
    tcase_add_test(tcase, test_record__an_unreadable_message_is_kept_byte_for_byte);
    suite_add_tcase(made, tcase);
    return made;
}

AURORA_TEST_MAIN(suite)

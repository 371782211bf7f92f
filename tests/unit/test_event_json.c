/* SPDX-License-Identifier: MIT */
#include "codec/event_json.h"

#include "codec/log.h"
#include "codec/time_text.h"
#include "codec_fixture.h"
#include "test.h"

#include <aurora/event.h>
#include <aurora/saga.h>

#include <string.h>
#include <time.h>

#define SAGA                                                                                       \
    "\"customer_id\":\"customer-4711\",\"contact\":\"ann@example.com\",\"currency\":\"EUR\","      \
    "\"total_minor\":4598,\"payment_method\":\"tok_approve\","                                     \
    "\"deadline\":\"2025-11-23T12:18:20.000000Z\",\"placed_at\":\"2025-11-23T12:13:20.000000Z\""
#define ORDER(version)                                                                             \
    "{\"order_id\":\"0198c0de-0000-7000-8000-000000000008\",\"order_version\":" #version ","
#define LINES                                                                                      \
    ",\"lines\":[{\"sku\":\"SKU-000123\",\"quantity\":2,\"unit_price_minor\":1999},"               \
    "{\"sku\":\"SKU-000456\",\"quantity\":1,\"unit_price_minor\":600}]}"
#define PAYMENT_ID "\"payment_id\":\"0198c0de-0000-7000-8000-000000000009\""

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

static const char *render(const aurora__event *event)
{
    const char *text;
    size_t length;
    aurora_assert_ok(aurora__event_json(&memory.arena, event, &text, &length));
    ck_assert_uint_eq(length, strlen(text));
    return text;
}

START_TEST(test_event_json__order_events_carry_lines)
{
    ck_assert_str_eq(render(&saga.events[0]),
                     ORDER(1) SAGA ",\"reason\":null,\"resend\":false" LINES);
    ck_assert_str_eq(render(&saga.events[3]),
                     ORDER(3) SAGA ",\"reason\":null,\"resend\":false" LINES);
}
END_TEST

START_TEST(test_event_json__answers_carry_the_saga_alone)
{
    saga.events[1].is_resend = true;

    ck_assert_str_eq(render(&saga.events[1]), ORDER(1) SAGA ",\"reason\":null,\"resend\":true}");
}
END_TEST

START_TEST(test_event_json__payments_carry_id_and_amount)
{
    ck_assert_str_eq(render(&saga.events[2]), ORDER(1) SAGA
                     ",\"reason\":null,\"resend\":false," PAYMENT_ID ",\"amount_minor\":4598}");

    saga.events[2].kind = AURORA_EVENT_PAYMENT_DECLINED;
    saga.events[2].reason = AURORA_REASON_PAYMENT_DECLINED;
    saga.events[2].decline_code = "do \"not\"\thonour";

    ck_assert_str_eq(render(&saga.events[2]),
                     ORDER(1) SAGA ",\"reason\":\"payment_declined\",\"resend\":false," PAYMENT_ID
                                   ",\"amount_minor\":4598,\"decline_code\":"
                                   "\"do \\\"not\\\"\\u0009honour\"}");
}
END_TEST

START_TEST(test_event_json__rejection_says_what_is_short)
{
    saga.events[1].kind = AURORA_EVENT_INVENTORY_REJECTED;
    saga.events[1].reason = AURORA_REASON_OUT_OF_STOCK;
    saga.events[1].short_lines = "[[\"A\",5,2],[\"B\",1,0]]";

    ck_assert_str_eq(render(&saga.events[1]),
                     ORDER(1) SAGA ",\"reason\":\"out_of_stock\",\"resend\":false,\"short\":["
                                   "{\"sku\":\"A\",\"requested\":5,\"available\":2},"
                                   "{\"sku\":\"B\",\"requested\":1,\"available\":0}]}");
}
END_TEST

START_TEST(test_event_json__repair_says_who_and_what)
{
    saga.events[1].kind = AURORA_EVENT_ORDER_REPAIR;
    saga.events[1].action = AURORA_REPAIR_MARK;
    saga.events[1].participant = AURORA_PARTICIPANT_PAYMENT;
    saga.events[1].result = AURORA_RESULT_CAPTURED;
    saga.events[1].actor = "ops";

    ck_assert_str_eq(render(&saga.events[1]),
                     ORDER(1) SAGA ",\"reason\":null,\"resend\":false,\"action\":\"mark\","
                                   "\"participant\":\"payment\",\"result\":\"captured\","
                                   "\"actor\":\"ops\",\"note\":null}");
}
END_TEST

START_TEST(test_event_json__update_is_a_version_only)
{
    const aurora__event event = {
        .kind = AURORA_EVENT_ORDER_UPDATED, .order_id = codec_id(8), .order_version = 7};

    ck_assert_str_eq(render(&event), "{\"order_id\":\"0198c0de-0000-7000-8000-000000000008\","
                                     "\"order_version\":7}");
}
END_TEST

START_TEST(test_event_json__product_is_whole)
{
    const aurora__event event = {
        .kind = AURORA_EVENT_PRODUCT_UPSERTED, .sku = "SKU-1", .product = &codec_product};

    ck_assert_str_eq(render(&event),
                     "{\"sku\":\"SKU-1\",\"name\":\"Lamp \\\"Aurora\\\"\","
                     "\"description\":\"Two lines:\\u000aa \\\\ and a tab\\u0009.\","
                     "\"category\":\"lamps\",\"brand\":\"Lumen\",\"image_url\":\"\","
                     "\"price_minor\":1999,\"currency\":\"EUR\","
                     "\"attributes\":{\"colour\":\"gr\xc3\xbcn\"},\"version\":3,"
                     "\"created_at\":\"2025-11-23T12:13:19.000000Z\","
                     "\"updated_at\":\"2025-11-23T12:13:20.000000Z\"}");
}
END_TEST

START_TEST(test_event_json__deleted_and_viewed_are_short)
{
    const aurora__event deleted = {
        .kind = AURORA_EVENT_PRODUCT_DELETED, .sku = "A\"1", .product_version = 4};
    const aurora__event viewed = {.kind = AURORA_EVENT_PRODUCT_VIEWED, .sku = "B", .count = 12};

    ck_assert_str_eq(render(&deleted), "{\"sku\":\"A\\\"1\",\"version\":4}");
    ck_assert_str_eq(render(&viewed), "{\"sku\":\"B\",\"count\":12}");
}
END_TEST

/* Format 1 as the first release wrote it renders the same for ever. */
START_TEST(test_event_json__stored_format_1_stays_renderable)
{
    static const char body[] =
        "[1763900000000,"
        "[\"0198c0de000070008000000000000008\",[[1,1],[4,1,4598,5,0,1]],"
        "[\"customer-4711\",\"ann@example.com\",\"EUR\",\"tok_approve\",4598,300000,0],"
        "[[\"SKU-000123\",2,1999],[\"SKU-000456\",1,600]]],"
        "[19,0,0,\"A\",2,\"Lamp\",null,null,null,null,5,\"EUR\",null,0,-1000,0]]";
    static const char *const expected[] = {
        ORDER(1) SAGA ",\"reason\":null,\"resend\":false" LINES,
        ORDER(1) SAGA ",\"reason\":null,\"resend\":true," PAYMENT_ID ",\"amount_minor\":4598}",
        "{\"sku\":\"A\",\"name\":\"Lamp\",\"description\":\"\",\"category\":\"\",\"brand\":\"\","
        "\"image_url\":\"\",\"price_minor\":5,\"currency\":\"EUR\",\"attributes\":{},"
        "\"version\":2,\"created_at\":\"2025-11-23T12:13:19.000000Z\","
        "\"updated_at\":\"2025-11-23T12:13:20.000000Z\"}"};
    const aurora_log_row row = {
        .position = 1, .count = 3, .format = 1, .body = body, .body_length = sizeof body - 1};
    aurora__log_reader reader;
    aurora__event event;
    int64_t position = 0;

    aurora__log_read(&reader, &row);
    while (aurora__log_next(&reader, &memory.arena, &event, &position))
        ck_assert_str_eq(render(&event), expected[position - 1]);

    aurora_assert_ok(reader.status);
    ck_assert_int_eq(position, 3);
}
END_TEST

START_TEST(test_event_json__damaged_columns_are_reported)
{
    static const char *const damaged[] = {"",
                                          "[",
                                          "[[\"A\",1]]",
                                          "[[\"A\",1,2]",
                                          "[[1,1,1]]",
                                          "[[\"A\",1,2]]x",
                                          "[[null,1,2]]",
                                          "[[\"\\x\",1,2]]",
                                          "[[\"A\",1,2],]"};
    const char *text;
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
        saga.events[0].lines = damaged[i];
        aurora_assert_status(aurora__event_json(&memory.arena, &saga.events[0], &text, NULL),
                             AURORA_ECORRUPT);
        ck_assert_ptr_null(text);
    }
    saga.events[0].kind = 60;
    aurora_assert_status(aurora__event_json(&memory.arena, &saga.events[0], &text, NULL),
                         AURORA_EINVAL);
}
END_TEST

START_TEST(test_event_json__no_memory_is_reported)
{
    const char *text;
    char contact[600];
    memset(contact, 'x', sizeof contact - 1);
    contact[sizeof contact - 1] = '\0';
    saga.saga.contact = contact;
    memory.left = 0;

    aurora_assert_status(aurora__event_json(&memory.arena, &saga.events[0], &text, NULL),
                         AURORA_ENOMEM);

    memory.left = 1; /* the text does not fit its first block */
    aurora_assert_status(aurora__event_json(&memory.arena, &saga.events[0], &text, NULL),
                         AURORA_ENOMEM);
}
END_TEST

START_TEST(test_event_json__times_are_rfc_3339)
{
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000000Z"},
        {-1, "1969-12-31T23:59:59.999000Z"},
        {951782400000, "2000-02-29T00:00:00.000000Z"},
        {4107542399999, "2100-02-28T23:59:59.999000Z"},
        {4107542400000, "2100-03-01T00:00:00.000000Z"},
        {253402300799999, "9999-12-31T23:59:59.999000Z"},
        {INT64_MAX, "9999-12-31T23:59:59.999000Z"},
        {INT64_MIN, "0000-01-01T00:00:00.000000Z"},
    };
    char text[AURORA__TIME_TEXT_BYTES];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_uint_eq(aurora__time_format(cases[i].ms, text), AURORA__TIME_TEXT_BYTES - 1);
        ck_assert_str_eq(text, cases[i].text);
    }
}
END_TEST

START_TEST(test_event_json__every_day_of_eight_centuries_agrees_with_the_c_library)
{
    char text[AURORA__TIME_TEXT_BYTES];
    char expected[64];
    for (int64_t day = -100000; day < 200000; day += 7) {
        time_t seconds = (time_t)(day * 86400 + 45296);
        struct tm when;
        ck_assert_ptr_nonnull(gmtime_r(&seconds, &when));
        strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%S.789000Z", &when);
        aurora__time_format(seconds * 1000 + 789, text);
        if (strcmp(text, expected) != 0)
            ck_abort_msg("%s is not %s", text, expected);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *result = suite_create("event_json");
    TCase *tcase = tcase_create("event_json");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_event_json__order_events_carry_lines);
    tcase_add_test(tcase, test_event_json__answers_carry_the_saga_alone);
    tcase_add_test(tcase, test_event_json__payments_carry_id_and_amount);
    tcase_add_test(tcase, test_event_json__rejection_says_what_is_short);
    tcase_add_test(tcase, test_event_json__repair_says_who_and_what);
    tcase_add_test(tcase, test_event_json__update_is_a_version_only);
    tcase_add_test(tcase, test_event_json__product_is_whole);
    tcase_add_test(tcase, test_event_json__deleted_and_viewed_are_short);
    tcase_add_test(tcase, test_event_json__stored_format_1_stays_renderable);
    tcase_add_test(tcase, test_event_json__damaged_columns_are_reported);
    tcase_add_test(tcase, test_event_json__no_memory_is_reported);
    tcase_add_test(tcase, test_event_json__times_are_rfc_3339);
    tcase_add_test(tcase, test_event_json__every_day_of_eight_centuries_agrees_with_the_c_library);
    suite_add_tcase(result, tcase);
    return result;
}

AURORA_TEST_MAIN(suite)

/* SPDX-License-Identifier: MIT */
/* notify=log: tells of each order's end in one line of the handle's log, once, and remembers it. */
#include <stdio.h>
#include <string.h>

#include "api/handle.h"
#include "core/notification.h"
#include "engine/notification_line.h"
#include "shop.h"

#define LINES_MAX 16
#define HOUR INT64_C(3600000)

static char *folder;
static char file[512];
static aurora_t *shop;
static aurora_manual_clock manual;
static aurora_clock clock_of_manual;
static char lines[LINES_MAX][1024];
static uint32_t line_count;

static void keep_line(void *self, int32_t level, const char *component, const char *message)
{
    (void)self;
    if (strcmp(component, "notification") != 0)
        return;
    ck_assert_int_eq(level, AURORA_LOG_INFO);
    ck_assert_uint_lt(line_count, LINES_MAX);
    snprintf(lines[line_count++], sizeof lines[0], "%s", message);
}

static aurora_t *open_shop(void)
{
    static const aurora_log keeper = {.size = sizeof(aurora_log), .write = keep_line};
    static const char *const settings[] = {"notify=log:", "search=none:"};
    return shop_open(file, AURORA_OPTIONS(.clock = &clock_of_manual, .log = &keeper,
                                          .settings = settings, .setting_count = 2));
}

static void start(void)
{
    folder = aurora_tempdir_new();
    aurora_test_path(file, sizeof file, folder, "shop.db");
    aurora_manual_clock_init(&manual, SHOP_NOW);
    aurora_manual_clock_attach(&manual, &clock_of_manual);
    memset(lines, 0, sizeof lines);
    line_count = 0;
    shop = open_shop();
    shop_stock_up(shop, 10);
}

static void stop(void)
{
    aurora_close(shop);
    aurora_tempdir_remove(folder);
}

static void pass(int64_t ms)
{
    aurora_manual_clock_advance(&manual, ms);
    for (int i = 0; i < 4; i++)
        shop_pump(shop);
}

static aurora_id place(const char *payment_method, const char *customer, const char *contact)
{
    shop_request request;
    aurora_order *order = NULL;
    shop_request_init(&request, NULL, 2, payment_method);
    request.request.customer_id = customer;
    request.request.contact = contact;
    aurora_assert_ok(aurora_order_place(shop, &request.request, &order, NULL));
    aurora_id id = order->id;
    aurora_order_free(order);
    return id;
}

static void assert_line(uint32_t i, const char *event, aurora_id id, const char *rest)
{
    char text[AURORA_ID_TEXT_BYTES], expected[1024];
    aurora_id_format(id, text);
    snprintf(expected, sizeof expected, "%s %s%s", event, text, rest);
    ck_assert_str_eq(lines[i], expected);
}

START_TEST(test_notify_log__end_of_an_order_is_one_line)
{
    aurora_id paid = place("tok_approve", "alice", "alice@shop.example");
    aurora_id declined = place("tok_decline_stolen_card", "bo\"b", "+49 170 1234567");
    aurora_id anonymous = place("tok_approve", NULL, NULL);
    pass(1000);
    ck_assert_uint_eq(line_count, 3);
    assert_line(0, "order.completed", paid,
                " customer=\"alice\" contact=\"a***@shop.example\" total_minor=500 "
                "currency=\"EUR\"");
    assert_line(1, "order.failed", declined,
                " customer=\"bo\\\"b\" contact=\"***67\" total_minor=500 currency=\"EUR\" "
                "reason=payment_declined");
    assert_line(2, "order.completed", anonymous, " total_minor=500 currency=\"EUR\"");
}
END_TEST

START_TEST(test_notify_log__cancel_of_a_sale_is_a_line_of_its_own)
{
    aurora_id id = place("tok_approve", "alice", NULL);
    aurora_assert_ok(aurora_order_cancel(shop, id, AURORA_REASON_CUSTOMER, NULL, NULL, NULL));

    pass(1000);

    ck_assert_uint_eq(line_count, 2);
    assert_line(1, "order.cancelled", id,
                " customer=\"alice\" total_minor=500 currency=\"EUR\" reason=customer");
}
END_TEST

static void assert_states(int64_t state, uint32_t expected)
{
    aurora__query_arena arena;
    aurora__notification_row rows[LINES_MAX];
    aurora_store_txn *txn;
    uint32_t count;
    aurora__range range = {.table = AURORA__TABLE_notification, .index = -1, .limit = LINES_MAX};
    aurora__query_arena_init(&arena, &shop->allocator);
    aurora_assert_ok(aurora__engine_read_begin(shop->engine, &txn));
    aurora_assert_ok(aurora__engine_scan(shop->engine, txn, &range, &arena, rows, &count));
    aurora__engine_read_end(shop->engine, txn);
    ck_assert_uint_eq(count, expected);
    for (uint32_t i = 0; i < count; i++)
        ck_assert_int_eq(rows[i].state, state);
    aurora__query_arena_free(&arena);
}

START_TEST(test_notify_log__line_is_remembered_over_a_restart)
{
    place("tok_approve", "alice", NULL);
    pass(1000);
    assert_states(AURORA__NOTIFICATION_SENT, 1);
    aurora_close(shop);

    shop = open_shop();
    pass(5000);

    ck_assert_uint_eq(line_count, 1);
    assert_states(AURORA__NOTIFICATION_SENT, 1);
}
END_TEST

START_TEST(test_notify_log__order_that_ended_before_the_close_is_told_after_it)
{
    aurora_id id = place("tok_approve", "alice", NULL);
    aurora_close(shop);
    ck_assert_uint_eq(line_count, 0);

    shop = open_shop();
    pass(1000);

    ck_assert_uint_eq(line_count, 1);
    assert_line(0, "order.completed", id, " customer=\"alice\" total_minor=500 currency=\"EUR\"");
}
END_TEST

START_TEST(test_notify_log__two_handles_tell_once)
{
    aurora_t *other = open_shop();
    for (int i = 0; i < 4; i++)
        place("tok_approve", NULL, NULL);

    for (int i = 0; i < 4; i++) {
        pass(1000);
        shop_pump(other);
    }

    ck_assert_uint_eq(line_count, 4);
    aurora_close(other);
}
END_TEST

START_TEST(test_notify_log__what_is_old_is_not_told)
{
    place("tok_approve", NULL, NULL);
    aurora_close(shop);
    aurora_manual_clock_advance(&manual, 25 * HOUR);

    shop = open_shop();
    pass(1000);

    ck_assert_uint_eq(line_count, 0);
    assert_states(AURORA__NOTIFICATION_SKIPPED, 1);
}
END_TEST

START_TEST(test_notify_log__contact_is_masked)
{
    static const char *const pairs[][2] = {
        {"alice@shop.example", "a***@shop.example"},
        {"\xC3\xA9va@shop.example", "\xC3\xA9***@shop.example"},
        {"a@b", "a***@b"},
        {"a@b@c", "a***@c"},
        {"@handle", "***le"},
        {"+491701234567", "***67"},
        {"1234", "***"},
        {"", "***"},
        {"ab\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC", "***\xE2\x82\xAC\xE2\x82\xAC"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char masked[264];
        aurora__notification_mask(pairs[i][0], masked);
        ck_assert_str_eq(masked, pairs[i][1]);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("notify_log");
    TCase *tcase = tcase_create("log");
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_test(tcase, test_notify_log__end_of_an_order_is_one_line);
    tcase_add_test(tcase, test_notify_log__cancel_of_a_sale_is_a_line_of_its_own);
    tcase_add_test(tcase, test_notify_log__line_is_remembered_over_a_restart);
    tcase_add_test(tcase, test_notify_log__order_that_ended_before_the_close_is_told_after_it);
    tcase_add_test(tcase, test_notify_log__two_handles_tell_once);
    tcase_add_test(tcase, test_notify_log__what_is_old_is_not_told);
    tcase_add_test(tcase, test_notify_log__contact_is_masked);
    suite_add_tcase(all, tcase);
    return all;
}

AURORA_TEST_MAIN(suite)

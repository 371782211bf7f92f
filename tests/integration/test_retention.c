/* SPDX-License-Identifier: MIT */
/* How long the log keeps its rows, who holds them back, and what a full log refuses; and the rows
 * that the notification follower makes of it. */
#include <stdio.h>

#include <aurora/aurora.h>

#include "api/handle.h"
#include "core/notification.h"
#include "order_fixture.h"

#define HOUR INT64_C(3600000)

static order_fixture fixture;

#define KIND (_i == 0 ? ORDER_FIXTURE_MEMORY : ORDER_FIXTURE_SQLITE)

static void start(int kind, const char *setting)
{
    order_fixture_init(&fixture, kind);
    fixture.has_manual_clock = true;
    fixture.settings[0] = setting;
    order_fixture_open(&fixture);
    order_fixture_stock(&fixture);
}

static void place(void)
{
    aurora_order_free(order_fixture_place(&fixture, NULL, "cup", 1));
}

/* Lets time go by and the engine look at what that brought. */
static void pass(int64_t ms)
{
    int64_t next;
    aurora_manual_clock_advance(&fixture.manual, ms);
    for (int i = 0; i < 4; i++)
        aurora_assert_ok(aurora_pump(fixture.shop, 50, &next));
}

static uint64_t oldest(void)
{
    uint64_t position;
    aurora_assert_ok(aurora_event_bounds(fixture.shop, &position, NULL));
    return position;
}

static uint64_t newest(void)
{
    uint64_t position;
    aurora_assert_ok(aurora_event_bounds(fixture.shop, NULL, &position));
    return position;
}

static void put_cursor(const char *name, int64_t kind, int64_t position)
{
    const aurora_store *store = aurora__engine_store(fixture.shop->engine);
    const aurora__table *table = &aurora__tables[AURORA__TABLE_cursor];
    aurora__cursor_row row = {.name = name, .kind = kind, .position = position, .seen_at = 1};
    aurora_value values[8];
    aurora_store_txn *txn;
    aurora_id batch = {{0xEE}};
    uint64_t epoch;
    uint32_t failed;
    aurora__table_pack(table, &row, values);
    aurora_store_put put = {.table = &table->table, .values = values, .kind = AURORA_PUT_UPSERT};
    aurora_assert_ok(store->begin(store->self, AURORA_TXN_WRITE, batch, 1000, &epoch, &txn));
    aurora_assert_ok(store->save(store->self, txn, &put, 1, &failed));
    aurora_assert_ok(store->commit(store->self, txn));
}

START_TEST(test_retention__rows_go_after_a_day_and_not_before)
{
    start(KIND, NULL);
    place();
    uint64_t first_day = newest();
    pass(23 * HOUR);
    ck_assert_uint_eq(oldest(), 1);
    place();

    pass(2 * HOUR);

    ck_assert_uint_eq(oldest(), first_day + 1);
    ck_assert_uint_gt(newest(), first_day);
    order_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_retention__a_consumer_seen_lately_holds_its_rows_for_a_week)
{
    aurora_event_page *page = NULL;
    start(KIND, NULL);
    place();
    aurora_assert_ok(aurora_event_read(fixture.shop, "mailer", 1, 0, &page));
    aurora_event_page_free(page);

    pass(48 * HOUR);
    uint64_t after_two_days = oldest();
    pass(6 * 24 * HOUR);

    ck_assert_uint_eq(after_two_days, 1);
    ck_assert_uint_gt(oldest(), 1);
    aurora_assert_status(aurora_event_read(fixture.shop, "mailer", 1, 0, &page), AURORA_EGONE);
    order_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_retention__a_saga_cursor_holds_its_rows_for_ever)
{
    start(KIND, NULL);
    place();
    put_cursor("relay", 3, 4);

    pass(30 * 24 * HOUR);

    ck_assert_uint_gt(oldest(), 1);
    ck_assert_uint_le(oldest(), 5);
    order_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_retention__a_full_log_passes_consumers_over_before_it_refuses_orders)
{
    aurora_event_page *page = NULL;
    start(KIND, "log_max_bytes=1MiB");
    aurora_assert_ok(aurora_event_read(fixture.shop, "mailer", 1, 0, &page));
    aurora_event_page_free(page);
    char body[20000];
    memset(body, 'x', sizeof body);
    body[sizeof body - 1] = '\0';

    for (int i = 0; i < 80; i++) {
        char description[20032];
        snprintf(description, sizeof description, "%s %d", body, i);
        aurora_assert_ok(
            aurora_product_put(fixture.shop,
                               AURORA_PRODUCT(.sku = "cup", .name = "Cup", .price_minor = 250,
                                              .currency = "EUR", .description = description),
                               AURORA_ANY_VERSION, NULL, NULL));
        pass(6000);
    }

    place();
    ck_assert_uint_gt(oldest(), 1);
    aurora_assert_status(aurora_event_read(fixture.shop, "mailer", 1, 0, &page), AURORA_EGONE);
    order_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_retention__a_log_that_a_relay_needs_refuses_orders_until_it_moves)
{
    aurora_order *order = NULL;
    aurora_line line = {.sku = "mug", .quantity = 1};
    start(KIND, "log_max_bytes=1MiB");
    put_cursor("relay", 3, 0);
    char body[20000];
    memset(body, 'x', sizeof body);
    body[sizeof body - 1] = '\0';
    for (int i = 0; i < 60; i++) {
        char description[20032];
        snprintf(description, sizeof description, "%s %d", body, i);
        aurora_assert_ok(
            aurora_product_put(fixture.shop,
                               AURORA_PRODUCT(.sku = "cup", .name = "Cup", .price_minor = 250,
                                              .currency = "EUR", .description = description),
                               AURORA_ANY_VERSION, NULL, NULL));
    }
    pass(6000);

    aurora_status rc =
        aurora_order_place(fixture.shop,
                           AURORA_ORDER(.currency = "EUR", .payment_method = "tok_approve",
                                        .lines = &line, .line_count = 1),
                           &order, NULL);

    aurora_assert_status(rc, AURORA_EBUSY);
    ck_assert_uint_eq(oldest(), 1);
    put_cursor("relay", 3, (int64_t)newest());
    pass(6000);
    place();
    ck_assert_uint_gt(oldest(), 1);
    order_fixture_stop(&fixture);
}
END_TEST

/* --- notification ----------------------------------------------------------------------------- */

static uint32_t notifications(aurora__notification_row *rows)
{
    static aurora__query_arena arena;
    aurora_store_txn *txn;
    uint32_t count;
    aurora__range range = {.table = AURORA__TABLE_notification, .index = -1, .limit = 64};
    aurora__query_arena_init(&arena, &fixture.shop->allocator);
    aurora_assert_ok(aurora__engine_read_begin(fixture.shop->engine, &txn));
    aurora_assert_ok(aurora__engine_scan(fixture.shop->engine, txn, &range, &arena, rows, &count));
    aurora__engine_read_end(fixture.shop->engine, txn);
    aurora__query_arena_free(&arena);
    return count;
}

START_TEST(test_notification_follower__stores_one_row_for_each_outcome)
{
    aurora__notification_row rows[64];
    aurora_order *order;
    start(KIND, "notify=none:");
    order = order_fixture_place(&fixture, NULL, "cup", 1);
    aurora_assert_ok(
        aurora_order_cancel(fixture.shop, order->id, AURORA_REASON_CUSTOMER, NULL, NULL, NULL));

    pass(1000);

    ck_assert_uint_eq(notifications(rows), 2);
    ck_assert_int_eq(rows[0].kind, AURORA_EVENT_ORDER_COMPLETED);
    ck_assert_int_eq(rows[1].kind, AURORA_EVENT_ORDER_CANCELLED);
    ck_assert_int_eq(rows[0].state, AURORA__NOTIFICATION_PENDING);
    aurora_order_free(order);
    order_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_notification_follower__is_exact_over_restarts)
{
    aurora__notification_row rows[64];
    start(ORDER_FIXTURE_SQLITE, "notify=none:");
    for (int i = 0; i < 5; i++) {
        place();
        if (i % 2 == 0)
            pass(0);
        order_fixture_reopen(&fixture);
    }

    pass(1000);

    ck_assert_uint_eq(notifications(rows), 5);
    order_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_notification_follower__two_handles_store_each_outcome_once)
{
    aurora__notification_row rows[64];
    aurora_t *second = NULL;
    start(ORDER_FIXTURE_SQLITE, "notify=none:");
    aurora_t *first = fixture.shop;
    aurora_assert_ok(aurora_open(fixture.url, &fixture.options, &second, NULL));
    for (int i = 0; i < 12; i++) {
        fixture.shop = i % 2 == 0 ? first : second;
        place();
    }
    for (int i = 0; i < 4; i++) {
        fixture.shop = i % 2 == 0 ? first : second;
        pass(100);
    }

    ck_assert_uint_eq(notifications(rows), 12);
    aurora_close(second);
    fixture.shop = first;
    order_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_notification_follower__old_events_are_skipped)
{
    aurora__notification_row rows[64];
    start(ORDER_FIXTURE_SQLITE, "notify=none:");
    place();
    aurora_close(fixture.shop);
    aurora_manual_clock_advance(&fixture.manual, 25 * HOUR);
    aurora_assert_ok(aurora_open(fixture.url, &fixture.options, &fixture.shop, NULL));

    pass(1000);

    ck_assert_uint_eq(notifications(rows), 1);
    ck_assert_int_eq(rows[0].state, AURORA__NOTIFICATION_SKIPPED);
    order_fixture_stop(&fixture);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("retention");
    TCase *tcase = tcase_create("retention");
    tcase_add_loop_test(tcase, test_retention__rows_go_after_a_day_and_not_before, 0, 2);
    tcase_add_loop_test(tcase, test_retention__a_consumer_seen_lately_holds_its_rows_for_a_week, 0,
                        2);
    tcase_add_loop_test(tcase, test_retention__a_saga_cursor_holds_its_rows_for_ever, 0, 2);
    tcase_add_loop_test(
        tcase, test_retention__a_full_log_passes_consumers_over_before_it_refuses_orders, 0, 2);
    tcase_add_loop_test(
        tcase, test_retention__a_log_that_a_relay_needs_refuses_orders_until_it_moves, 0, 2);
    tcase_add_loop_test(tcase, test_notification_follower__stores_one_row_for_each_outcome, 0, 2);
    tcase_add_test(tcase, test_notification_follower__is_exact_over_restarts);
    tcase_add_test(tcase, test_notification_follower__two_handles_store_each_outcome_once);
    tcase_add_test(tcase, test_notification_follower__old_events_are_skipped);
    tcase_set_timeout(tcase, 60);
    suite_add_tcase(s, tcase);
    return s;
}

AURORA_TEST_MAIN(suite)

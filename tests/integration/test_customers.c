/* SPDX-License-Identifier: MIT */
/* A customer's list equals the orders that were placed, whatever of it is stored, in memory or only
 * in the log, and in whichever process it is asked for. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <aurora/aurora.h>

#include "api/handle.h"
#include "engine/customers.h"
#include "order_fixture.h"

#define CUSTOMERS 7
#define ORDERS_MAX 1200

static order_fixture fixture;
static aurora_id placed[CUSTOMERS][ORDERS_MAX];
static uint32_t counts[CUSTOMERS];
static uint64_t state = 42;

static const char *customer(uint32_t number)
{
    static char name[16];
    snprintf(name, sizeof name, "customer-%u", number);
    return name;
}

static void place(uint32_t number)
{
    aurora_order *order = NULL;
    aurora_line line = {.sku = "cup", .quantity = 1};
    aurora_assert_ok(aurora_order_place(
        fixture.shop,
        AURORA_ORDER(.currency = "EUR", .payment_method = "tok_approve",
                     .customer_id = customer(number), .lines = &line, .line_count = 1),
        &order, NULL));
    placed[number][counts[number]++] = order->id;
    aurora_order_free(order);
}

static void place_some(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        place((uint32_t)(aurora_test_random(&state) % CUSTOMERS));
}

/* All of a customer in pages of `limit`, newest first. */
static void assert_listed(aurora_t *shop, uint32_t number, uint32_t limit)
{
    aurora_id page[ORDERS_MAX];
    aurora_id last;
    uint32_t count = limit;
    uint32_t left = counts[number];
    bool has_last = false;
    while (count == limit) {
        aurora_store_txn *txn;
        aurora_assert_ok(aurora__engine_read_begin(shop->engine, &txn));
        aurora_assert_ok(aurora__customers_list(shop->engine, txn, customer(number),
                                                has_last ? &last : NULL, limit, page, &count));
        aurora__engine_read_end(shop->engine, txn);
        for (uint32_t i = 0; i < count; i++) {
            ck_assert_uint_gt(left, 0);
            aurora_assert_id_eq(page[i], placed[number][--left]);
        }
        if (count > 0)
            last = page[count - 1];
        has_last = count > 0 || has_last;
    }
    ck_assert_uint_eq(left, 0);
}

static void assert_all_listed(aurora_t *shop)
{
    for (uint32_t i = 0; i < CUSTOMERS; i++) {
        assert_listed(shop, i, 1000);
        assert_listed(shop, i, 7);
    }
}

static uint32_t stored_rows(void)
{
    static aurora__customer_order_row rows[4096];
    aurora__query_arena arena;
    aurora_store_txn *txn;
    uint32_t count;
    aurora__range range = {.table = AURORA__TABLE_customer_order, .index = -1, .limit = 4096};
    aurora__query_arena_init(&arena, &fixture.shop->allocator);
    aurora_assert_ok(aurora__engine_read_begin(fixture.shop->engine, &txn));
    aurora_assert_ok(aurora__engine_scan(fixture.shop->engine, txn, &range, &arena, rows, &count));
    aurora__engine_read_end(fixture.shop->engine, txn);
    aurora__query_arena_free(&arena);
    return count;
}

static void settle(void)
{
    int64_t next;
    aurora_assert_ok(aurora_pump(fixture.shop, 200, &next));
}

static void start(int kind)
{
    memset(counts, 0, sizeof counts);
    state = aurora_test_seed("customers", 42);
    order_fixture_start(&fixture, kind);
    aurora_assert_ok(aurora_stock_receive(fixture.shop, "cup", 100000, "more", NULL));
}

#define KIND (_i == 0 ? ORDER_FIXTURE_MEMORY : ORDER_FIXTURE_SQLITE)

START_TEST(test_customers__list_is_exact_before_anything_is_stored)
{
    start(KIND);

    place_some(60);

    ck_assert_uint_eq(stored_rows(), 0);
    assert_all_listed(fixture.shop);
    order_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_customers__an_idle_engine_stores_everything)
{
    start(KIND);
    place_some(60);

    settle();

    ck_assert_uint_eq(stored_rows(), 60);
    assert_all_listed(fixture.shop);
    order_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_customers__list_is_exact_while_slices_are_stored_in_turn)
{
    start(KIND);

    for (int i = 0; i < 10; i++) {
        place_some(100);
        assert_all_listed(fixture.shop);
        if (i % 3 == 0)
            settle();
    }

    ck_assert_uint_gt(stored_rows(), 0);
    order_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_customers__list_is_exact_after_a_restart_that_stored_nothing)
{
    start(ORDER_FIXTURE_SQLITE);
    place_some(40);
    settle();
    place_some(40);

    order_fixture_reopen(&fixture);

    assert_all_listed(fixture.shop);
    place_some(20);
    assert_all_listed(fixture.shop);
    settle();
    ck_assert_uint_eq(stored_rows(), 100);
    assert_all_listed(fixture.shop);
    order_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_customers__a_handle_for_reading_sees_what_is_only_in_the_log)
{
    aurora_t *reader = NULL;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_options options = {.size = sizeof options, .flags = AURORA_OPEN_READONLY};
    start(ORDER_FIXTURE_SQLITE);
    place_some(30);
    settle();
    place_some(30);

    aurora_assert_ok(aurora_open(fixture.url, &options, &reader, &err));

    assert_all_listed(reader);
    place_some(30);
    assert_all_listed(reader);
    aurora_close(reader);
    order_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_customers__two_processes_that_follow_store_each_order_once)
{
    aurora_t *first;
    aurora_t *second = NULL;
    aurora_error err = AURORA_ERROR_INIT;
    start(ORDER_FIXTURE_SQLITE);
    first = fixture.shop;
    aurora_assert_ok(aurora_open(fixture.url, NULL, &second, &err));

    for (int i = 0; i < 20; i++) {
        fixture.shop = i % 2 == 0 ? first : second;
        /* Lists go by ids, and those of one millisecond are in order within a process only. */
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
        place_some(10);
        if (i % 5 == 3)
            settle();
        assert_all_listed(first);
        assert_all_listed(second);
    }

    fixture.shop = first;
    settle();
    fixture.shop = second;
    settle();
    fixture.shop = first;
    settle();
    ck_assert_uint_eq(stored_rows(), 200);
    assert_all_listed(first);
    assert_all_listed(second);
    aurora_close(second);
    order_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_customers__list_is_made_again_where_retention_passed_it)
{
    start(KIND);
    place_some(80);
    const aurora_store *store = aurora__engine_store(fixture.shop->engine);
    aurora_store_txn *txn;
    aurora_id batch = {{0xEE}};
    uint64_t epoch;
    aurora_log_bounds bounds;
    aurora_assert_ok(store->begin(store->self, AURORA_TXN_WRITE, batch, 1000, &epoch, &txn));
    aurora_assert_ok(store->log_bounds(store->self, txn, &bounds));
    aurora_assert_ok(store->log_trim(store->self, txn, bounds.head + 1, 65536));
    aurora_assert_ok(store->commit(store->self, txn));
    aurora_options readonly = {.size = sizeof readonly, .flags = AURORA_OPEN_READONLY};
    aurora_t *reader = NULL;

    if (KIND == ORDER_FIXTURE_SQLITE) {
        aurora_assert_ok(aurora_open(fixture.url, &readonly, &reader, NULL));
        assert_all_listed(reader);
        aurora_close(reader);
        order_fixture_reopen(&fixture);
    }
    assert_all_listed(fixture.shop);
    place_some(10);
    assert_all_listed(fixture.shop);
    settle();

    ck_assert_uint_eq(stored_rows(), 90);
    assert_all_listed(fixture.shop);
    order_fixture_stop(&fixture);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("customers");
    TCase *tcase = tcase_create("customers");
    tcase_add_loop_test(tcase, test_customers__list_is_exact_before_anything_is_stored, 0, 2);
    tcase_add_loop_test(tcase, test_customers__an_idle_engine_stores_everything, 0, 2);
    tcase_add_loop_test(tcase, test_customers__list_is_exact_while_slices_are_stored_in_turn, 0, 2);
    tcase_add_test(tcase, test_customers__list_is_exact_after_a_restart_that_stored_nothing);
    tcase_add_test(tcase, test_customers__a_handle_for_reading_sees_what_is_only_in_the_log);
    tcase_add_test(tcase, test_customers__two_processes_that_follow_store_each_order_once);
    tcase_add_loop_test(tcase, test_customers__list_is_made_again_where_retention_passed_it, 0, 2);
    tcase_set_timeout(tcase, 120);
    suite_add_tcase(s, tcase);
    return s;
}

AURORA_TEST_MAIN(suite)

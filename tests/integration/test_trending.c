/* SPDX-License-Identifier: MIT */
/* What sells now, against the sum that defines it, over restarts, readers and trimmed logs. */
#include <math.h>
#include <stdio.h>

#include <aurora/aurora.h>

#include "api/handle.h"
#include "order_fixture.h"

#define NOW INT64_C(1750000000000) /* of the fixture's clock */

static order_fixture fixture;

#define KIND (_i == 0 ? ORDER_FIXTURE_MEMORY : ORDER_FIXTURE_SQLITE)

static void start(int kind)
{
    order_fixture_init(&fixture, kind);
    fixture.has_manual_clock = true;
    order_fixture_open(&fixture);
    order_fixture_stock(&fixture);
}

/* An order of "cup", or of both products, placed at this time. */
static aurora_id place(int64_t placed_at_ms, bool has_mug, const char *method)
{
    aurora_order *order = NULL;
    aurora_line lines[] = {{.sku = "cup", .quantity = 1},
                           {.sku = "mug", .quantity = 2},
                           {.sku = "cup", .quantity = 1}};
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status rc = aurora_order_place(
        fixture.shop,
        AURORA_ORDER(.currency = "EUR", .payment_method = method, .lines = lines,
                     .line_count = has_mug ? 3 : 1, .placed_at_ms = placed_at_ms),
        &order, &err);
    ck_assert_msg(rc == AURORA_OK, "%s %s", err.field, err.message);
    aurora_id id = order->id;
    aurora_order_free(order);
    return id;
}

static aurora_trend_page *trending(aurora_t *shop, int64_t window_ms, const char *category)
{
    aurora_trend_page *page = NULL;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status rc = aurora_trending(
        shop, AURORA_TREND_QUERY(.window_ms = window_ms, .category = category, .at_ms = NOW), &page,
        &err);
    ck_assert_msg(rc == AURORA_OK, "%s: %s %s", aurora_status_name(rc), err.field, err.message);
    return page;
}

static void assert_score(aurora_t *shop, int64_t window_ms, const char *sku, double expected)
{
    aurora_trend_page *page = trending(shop, window_ms, NULL);
    double score = 0;
    for (uint32_t i = 0; i < page->count; i++) {
        if (strcmp(page->items[i]->sku, sku) == 0)
            score = page->items[i]->score;
    }
    ck_assert_double_eq_tol(score, expected, 1e-9);
    aurora_trend_page_free(page);
}

START_TEST(test_trending__score_is_the_decayed_count_of_completed_orders)
{
    start(KIND);
    place(NOW, true, "tok_approve");
    place(NOW - AURORA_WINDOW_HOUR_MS, false, "tok_approve");
    place(NOW - 2 * AURORA_WINDOW_HOUR_MS, false, "tok_approve");
    place(NOW, true, "tok_decline");

    aurora_trend_page *page = trending(fixture.shop, AURORA_WINDOW_HOUR_MS, NULL);

    ck_assert_uint_eq(page->count, 2);
    ck_assert_str_eq(page->items[0]->sku, "cup");
    ck_assert_double_eq_tol(page->items[0]->score, 1.75, 1e-9);
    ck_assert_double_eq(page->items[0]->error, 0);
    ck_assert_str_eq(page->items[1]->sku, "mug");
    ck_assert_double_eq_tol(page->items[1]->score, 1, 1e-9);
    ck_assert_int_eq(page->at_ms, NOW);
    aurora_trend_page_free(page);
    assert_score(fixture.shop, AURORA_WINDOW_DAY_MS, "cup", 1 + exp2(-1.0 / 24) + exp2(-2.0 / 24));
    assert_score(fixture.shop, AURORA_WINDOW_WEEK_MS, "cup",
                 1 + exp2(-1.0 / 168) + exp2(-2.0 / 168));
    order_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_trending__a_time_ahead_of_the_clock_counts_as_now)
{
    start(KIND);

    place(NOW + 3600000, false, "tok_approve");

    assert_score(fixture.shop, AURORA_WINDOW_HOUR_MS, "cup", 1);
    order_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_trending__a_time_before_the_newest_order_is_refused)
{
    aurora_error err = AURORA_ERROR_INIT;
    aurora_trend_page *page = NULL;
    start(KIND);
    place(NOW, false, "tok_approve");

    aurora_assert_status(
        aurora_trending(fixture.shop, AURORA_TREND_QUERY(.at_ms = NOW - 1), &page, &err),
        AURORA_EINVAL);
    ck_assert_str_eq(err.field, "at_ms");
    aurora_assert_status(
        aurora_trending(fixture.shop, AURORA_TREND_QUERY(.window_ms = 5), &page, &err),
        AURORA_EINVAL);
    ck_assert_str_eq(err.field, "window_ms");
    ck_assert_ptr_null(page);
    order_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_trending__a_category_keeps_its_products_only)
{
    start(KIND);
    aurora_assert_ok(
        aurora_product_put(fixture.shop,
                           AURORA_PRODUCT(.sku = "mug", .name = "Mug", .price_minor = 999,
                                          .currency = "EUR", .category = "mugs"),
                           AURORA_ANY_VERSION, NULL, NULL));
    place(NOW, true, "tok_approve");
    place(NOW, false, "tok_approve");

    aurora_trend_page *page = trending(fixture.shop, 0, "mugs");

    ck_assert_uint_eq(page->count, 1);
    ck_assert_str_eq(page->items[0]->sku, "mug");
    aurora_trend_page_free(page);
    aurora_assert_ok(aurora_popular_products(fixture.shop, "mugs", 0, &page, NULL));
    ck_assert_uint_eq(page->count, 1);
    aurora_trend_page_free(page);
    page = trending(fixture.shop, 0, "none");
    ck_assert_uint_eq(page->count, 0);
    aurora_trend_page_free(page);
    order_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_trending__related_and_popular_products)
{
    aurora_trend_page *page = NULL;
    start(KIND);
    place(NOW - 400 * AURORA_WINDOW_DAY_MS, true, "tok_approve");
    place(NOW, true, "tok_approve");
    place(NOW, false, "tok_approve");

    aurora_assert_ok(aurora_related_products(fixture.shop, "cup", 0, &page, NULL));
    ck_assert_uint_eq(page->count, 1);
    ck_assert_str_eq(page->items[0]->sku, "mug");
    aurora_trend_page_free(page);
    aurora_assert_ok(aurora_related_products(fixture.shop, "never", 0, &page, NULL));
    ck_assert_uint_eq(page->count, 0);
    aurora_trend_page_free(page);
    aurora_assert_ok(aurora_popular_products(fixture.shop, NULL, 0, &page, NULL));

    ck_assert_uint_eq(page->count, 2);
    ck_assert_str_eq(page->items[0]->sku, "cup");
    ck_assert_double_eq(page->items[0]->score, 3);
    ck_assert_double_eq(page->items[1]->score, 2);
    aurora_trend_page_free(page);
    order_fixture_stop(&fixture);
}
END_TEST

static double views_of(const char *sku, const char *category)
{
    aurora_trend_page *page;
    double score = 0;
    aurora_assert_ok(aurora_trending(fixture.shop,
                                     AURORA_TREND_QUERY(.kind = AURORA_TREND_VIEWS,
                                                        .window_ms = AURORA_WINDOW_HOUR_MS,
                                                        .category = category),
                                     &page, NULL));
    for (uint32_t i = 0; i < page->count; i++) {
        if (strcmp(page->items[i]->sku, sku) == 0)
            score = page->items[i]->score;
    }
    aurora_trend_page_free(page);
    return score;
}

START_TEST(test_trending__views_have_rankings_of_their_own)
{
    start(KIND);

    aurora_assert_ok(aurora_product_view(fixture.shop, "cup", 3, NULL));
    aurora_assert_ok(aurora_product_view(fixture.shop, "mug", 1, NULL));
    aurora_manual_clock_advance(&fixture.manual, AURORA_WINDOW_HOUR_MS);
    aurora_assert_ok(aurora_product_view(fixture.shop, "cup", 2, NULL));

    ck_assert_double_eq_tol(views_of("cup", NULL), 3.5, 1e-9);
    ck_assert_double_eq_tol(views_of("mug", NULL), 0.5, 1e-9);
    ck_assert_double_eq(views_of("cup", "mugs"), 0);
    aurora_trend_page *page;
    aurora_assert_ok(aurora_trending(fixture.shop, NULL, &page, NULL));
    ck_assert_uint_eq(page->count, 0);
    aurora_trend_page_free(page);
    aurora_assert_status(aurora_trending(fixture.shop, AURORA_TREND_QUERY(.kind = 3), &page, NULL),
                         AURORA_EINVAL);
    order_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_trending__views_are_the_same_after_a_restart)
{
    int64_t next;
    start(ORDER_FIXTURE_SQLITE);
    aurora_assert_ok(aurora_product_view(fixture.shop, "cup", 3, NULL));
    aurora_manual_clock_advance(&fixture.manual, 60000);
    aurora_assert_ok(aurora_pump(fixture.shop, 200, &next));
    aurora_assert_ok(aurora_product_view(fixture.shop, "cup", 1, NULL));
    double expected = 1 + 3 * exp2(-60000.0 / AURORA_WINDOW_HOUR_MS);
    ck_assert_double_eq_tol(views_of("cup", NULL), expected, 1e-9);

    order_fixture_reopen(&fixture);

    ck_assert_double_eq_tol(views_of("cup", NULL), expected, 1e-9);
    order_fixture_stop(&fixture);
}
END_TEST

/* Forty products of one category sell well, one of another was sold once. */
START_TEST(test_trending__a_category_of_a_slow_seller_still_lists_it)
{
    aurora_trend_page *page;
    start(KIND);
    for (int i = 0; i < 40; i++) {
        char sku[16];
        snprintf(sku, sizeof sku, "hit-%d", i);
        aurora_assert_ok(
            aurora_product_put(fixture.shop,
                               AURORA_PRODUCT(.sku = sku, .name = "Hit", .price_minor = 100,
                                              .currency = "EUR", .category = "hits"),
                               AURORA_ANY_VERSION, NULL, NULL));
        aurora_assert_ok(aurora_stock_receive(fixture.shop, sku, 10, sku, NULL));
        aurora_order_free(order_fixture_place(&fixture, NULL, sku, 1));
        aurora_order_free(order_fixture_place(&fixture, NULL, sku, 1));
    }
    aurora_assert_ok(
        aurora_product_put(fixture.shop,
                           AURORA_PRODUCT(.sku = "mug", .name = "Mug", .price_minor = 999,
                                          .currency = "EUR", .category = "mugs"),
                           AURORA_ANY_VERSION, NULL, NULL));
    aurora_order_free(order_fixture_place(&fixture, NULL, "mug", 1));

    page = trending(fixture.shop, 0, "mugs");
    ck_assert_uint_eq(page->count, 1);
    ck_assert_str_eq(page->items[0]->sku, "mug");
    aurora_trend_page_free(page);
    aurora_assert_ok(aurora_popular_products(fixture.shop, "mugs", 5, &page, NULL));
    ck_assert_uint_eq(page->count, 1);
    aurora_trend_page_free(page);
    order_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_trending__counts_are_the_same_after_a_restart)
{
    int64_t next;
    start(ORDER_FIXTURE_SQLITE);
    place(NOW, true, "tok_approve");
    place(NOW - 1000, false, "tok_approve");
    aurora_manual_clock_advance(&fixture.manual, 60000);
    aurora_assert_ok(aurora_pump(fixture.shop, 200, &next));
    aurora_manual_clock_step(&fixture.manual, NOW);
    place(NOW, false, "tok_approve");
    double expected = 2 + exp2(-1000.0 / AURORA_WINDOW_HOUR_MS);
    assert_score(fixture.shop, AURORA_WINDOW_HOUR_MS, "cup", expected);

    for (int i = 0; i < 3; i++) {
        order_fixture_reopen(&fixture);

        assert_score(fixture.shop, AURORA_WINDOW_HOUR_MS, "cup", expected);
        assert_score(fixture.shop, AURORA_WINDOW_HOUR_MS, "mug", 1);
    }
    order_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_trending__other_handles_see_every_order_at_once)
{
    aurora_t *reader = NULL;
    aurora_t *second = NULL;
    aurora_options readonly = {.size = sizeof readonly, .flags = AURORA_OPEN_READONLY};
    aurora_options plain = {.size = sizeof plain};
    start(ORDER_FIXTURE_SQLITE);
    readonly.clock = plain.clock = &fixture.clock;
    aurora_assert_ok(aurora_open(fixture.url, &readonly, &reader, NULL));
    aurora_assert_ok(aurora_open(fixture.url, &plain, &second, NULL));

    for (int i = 1; i <= 5; i++) {
        place(NOW, false, "tok_approve");
        assert_score(reader, AURORA_WINDOW_HOUR_MS, "cup", i);
        assert_score(second, AURORA_WINDOW_HOUR_MS, "cup", i);
        assert_score(fixture.shop, AURORA_WINDOW_HOUR_MS, "cup", i);
    }
    aurora_t *first = fixture.shop;
    fixture.shop = second;
    place(NOW, false, "tok_approve");
    fixture.shop = first;
    assert_score(first, AURORA_WINDOW_HOUR_MS, "cup", 6);
    place(NOW, false, "tok_approve");
    assert_score(first, AURORA_WINDOW_HOUR_MS, "cup", 7);
    assert_score(second, AURORA_WINDOW_HOUR_MS, "cup", 7);

    aurora_close(second);
    aurora_close(reader);
    order_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_trending__is_counted_from_the_orders_where_the_log_was_trimmed)
{
    start(ORDER_FIXTURE_SQLITE);
    place(NOW, true, "tok_approve");
    place(NOW - AURORA_WINDOW_HOUR_MS, false, "tok_approve");
    place(NOW, true, "tok_decline");
    const aurora_store *store = aurora__engine_store(fixture.shop->engine);
    aurora_store_txn *txn;
    aurora_id batch = {{0xEE}};
    uint64_t epoch;
    aurora_assert_ok(store->begin(store->self, AURORA_TXN_WRITE, batch, 1000, &epoch, &txn));
    aurora_assert_ok(store->log_trim(store->self, txn, INT64_MAX, 65536));
    aurora_assert_ok(store->commit(store->self, txn));

    order_fixture_reopen(&fixture);

    assert_score(fixture.shop, AURORA_WINDOW_HOUR_MS, "cup", 1.5);
    place(NOW, false, "tok_approve");
    assert_score(fixture.shop, AURORA_WINDOW_HOUR_MS, "cup", 2.5);
    order_fixture_stop(&fixture);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("trending");
    TCase *tcase = tcase_create("trending");
    tcase_add_loop_test(tcase, test_trending__score_is_the_decayed_count_of_completed_orders, 0, 2);
    tcase_add_loop_test(tcase, test_trending__a_time_ahead_of_the_clock_counts_as_now, 0, 2);
    tcase_add_loop_test(tcase, test_trending__a_time_before_the_newest_order_is_refused, 0, 2);
    tcase_add_loop_test(tcase, test_trending__a_category_keeps_its_products_only, 0, 2);
    tcase_add_loop_test(tcase, test_trending__related_and_popular_products, 0, 2);
    tcase_add_loop_test(tcase, test_trending__views_have_rankings_of_their_own, 0, 2);
    tcase_add_test(tcase, test_trending__views_are_the_same_after_a_restart);
    tcase_add_loop_test(tcase, test_trending__a_category_of_a_slow_seller_still_lists_it, 0, 2);
    tcase_add_test(tcase, test_trending__counts_are_the_same_after_a_restart);
    tcase_add_test(tcase, test_trending__other_handles_see_every_order_at_once);
    tcase_add_test(tcase, test_trending__is_counted_from_the_orders_where_the_log_was_trimmed);
    tcase_set_timeout(tcase, 60);
    suite_add_tcase(s, tcase);
    return s;
}

AURORA_TEST_MAIN(suite)

/* SPDX-License-Identifier: MIT */
/* Pages of large things end early, so that one reader does not take all memory, and what did not
 * fit follows.
 * ctest: one thread */
#include "order_fixture.h"

#include <aurora/event.h>
#include <aurora/product.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PRODUCTS 200
#define ORDERS 200
#define LINES 1000
#define LIMIT 1000

static order_fixture fixture;
static const int kinds[] = {ORDER_FIXTURE_MEMORY, ORDER_FIXTURE_SQLITE};

static void put_large_products(void)
{
    char sku[32];
    char *text = malloc(AURORA_BODY_BYTES_MAX + 1);
    aurora_product_input input;
    memset(text, 'd', AURORA_BODY_BYTES_MAX);
    text[AURORA_BODY_BYTES_MAX] = '\0';
    aurora_product_input_init(&input);
    input.sku = sku;
    input.name = "large";
    input.description = text;
    input.category = "large";
    input.currency = "EUR";
    for (int i = 0; i < PRODUCTS; i++) {
        snprintf(sku, sizeof sku, "L%03d", i);
        aurora_assert_ok(aurora_product_put(fixture.shop, &input, AURORA_ANY_VERSION, NULL, NULL));
    }
    free(text);
}

static void check_products(const char *category)
{
    char cursor[512], expected[32];
    uint32_t seen = 0, pages = 0;
    bool is_last = false;
    aurora_product_filter filter;
    aurora_product_filter_init(&filter);
    filter.category = category;
    while (!is_last) {
        aurora_product_page *page;
        aurora_assert_ok(aurora_product_list(fixture.shop, &filter, pages == 0 ? NULL : cursor,
                                             LIMIT, &page, NULL));
        ck_assert_uint_lt(page->count, PRODUCTS);
        for (uint32_t i = 0; i < page->count; i++) {
            snprintf(expected, sizeof expected, "L%03u", seen);
            if (page->items[i]->sku[0] != 'L')
                continue;
            ck_assert_str_eq(page->items[i]->sku, expected);
            seen++;
        }
        is_last = page->next_cursor == NULL;
        snprintf(cursor, sizeof cursor, "%s", is_last ? "" : page->next_cursor);
        aurora_product_page_free(page);
        pages++;
    }
    ck_assert_uint_eq(seen, PRODUCTS);
    ck_assert_uint_ge(pages, 2);
}

START_TEST(test_page__of_large_products_ends_early_and_goes_on)
{
    order_fixture_start(&fixture, kinds[_i]);
    put_large_products();

    check_products(NULL);
    check_products("large");

    order_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_page__of_large_events_ends_early_and_goes_on)
{
    uint64_t oldest, newest;
    order_fixture_start(&fixture, kinds[_i]);
    put_large_products();
    aurora_assert_ok(aurora_event_bounds(fixture.shop, &oldest, &newest));

    uint64_t at = oldest - 1, expected = oldest;
    uint32_t pages = 0;
    while (at < newest) {
        aurora_event_page *page;
        aurora_assert_ok(aurora_event_tail(fixture.shop, at, LIMIT, 0, &page));
        ck_assert_uint_gt(page->count, 0);
        ck_assert_uint_lt(page->count, PRODUCTS);
        for (uint32_t i = 0; i < page->count; i++)
            ck_assert_uint_eq(page->items[i]->position, expected++);
        at = page->position;
        aurora_event_page_free(page);
        pages++;
    }

    ck_assert_uint_ge(pages, 2);
    order_fixture_stop(&fixture);
}
END_TEST

static void place_large_orders(void)
{
    aurora_line *lines = calloc(LINES, sizeof *lines);
    aurora_order_request request;
    char sku[AURORA_SKU_BYTES_MAX + 1];
    memset(sku, 's', AURORA_SKU_BYTES_MAX);
    sku[AURORA_SKU_BYTES_MAX] = '\0';
    aurora_product_input product;
    aurora_product_input_init(&product);
    product.sku = sku;
    product.name = "long";
    product.currency = "EUR";
    product.price_minor = 1;
    aurora_assert_ok(aurora_product_put(fixture.shop, &product, AURORA_ANY_VERSION, NULL, NULL));
    for (int i = 0; i < LINES; i++)
        lines[i] = (aurora_line){.sku = sku, .quantity = 1};
    aurora_order_request_init(&request);
    request.customer_id = "large";
    request.currency = "EUR";
    request.payment_method = "card";
    request.lines = lines;
    request.line_count = LINES;
    request.flags = AURORA_ORDER_NO_WAIT;
    for (int i = 0; i < ORDERS; i++) {
        aurora_order *order = NULL;
        aurora_assert_ok(aurora_order_place(fixture.shop, &request, &order, NULL));
        aurora_order_free(order);
    }
    free(lines);
}

START_TEST(test_page__of_large_orders_ends_early_and_goes_on)
{
    char cursor[512];
    uint32_t seen = 0, pages = 0;
    bool is_last = false;
    order_fixture_start(&fixture, kinds[_i]);
    place_large_orders();

    while (!is_last) {
        aurora_order_page *page;
        aurora_assert_ok(
            aurora_order_list(fixture.shop, NULL, pages == 0 ? NULL : cursor, LIMIT, &page, NULL));
        ck_assert_uint_lt(page->count, ORDERS);
        seen += page->count;
        is_last = page->next_cursor == NULL;
        snprintf(cursor, sizeof cursor, "%s", is_last ? "" : page->next_cursor);
        aurora_order_page_free(page);
        pages++;
    }

    ck_assert_uint_eq(seen, ORDERS);
    ck_assert_uint_ge(pages, 2);
    order_fixture_stop(&fixture);
}
END_TEST

static Suite *page_bytes_suite(void)
{
    Suite *suite = suite_create("page_bytes");
    TCase *tcase = tcase_create("pages");
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, test_page__of_large_products_ends_early_and_goes_on, 0, 2);
    tcase_add_loop_test(tcase, test_page__of_large_events_ends_early_and_goes_on, 0, 2);
    tcase_add_loop_test(tcase, test_page__of_large_orders_ends_early_and_goes_on, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(page_bytes_suite)

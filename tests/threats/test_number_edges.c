/* SPDX-License-Identifier: MIT */
/* S11 through the C API: the edges of 64 bits in every number that a caller gives, and sums that
 * leave their range. A call refuses and names the field, or keeps the number as it is; the lanes
 * with UBSan see that nothing is computed on the way that C leaves undefined. threats/numbers asks
 * the same over HTTP.
 *
 * Mutation: aurora__check_range() of src/api/check.c without its upper bound: 10^6 + 1 is taken.
 * Mutation: aurora_money_add() of src/core/money.c adds unchecked: a total of lines wraps. */
#include <stdio.h>

#include "shop.h"

static aurora_t *shop;
static aurora_error err;

static const int64_t edges[] = {
    INT64_MIN,
    INT64_MIN + 1,
    -INT64_C(9007199254740993),
    -INT64_C(4294967297),
    INT32_MIN,
    -INT64_C(1000000000001),
    -INT64_C(1000000001),
    -INT64_C(1000001),
    -2,
    -1,
    0,
    1,
    2,
    1000000,
    1000001,
    1000000000,
    1000000001,
    INT32_MAX,
    INT64_C(4294967297),
    INT64_C(1000000000000),
    INT64_C(1000000000001),
    INT64_C(9007199254740993),
    INT64_MAX / 1000,
    INT64_MAX - 1,
    INT64_MAX,
};
#define EDGES (int)(sizeof edges / sizeof *edges)

static void start(void)
{
    shop = shop_open("memory:", NULL);
    shop_stock_up(shop, 1000);
    err = (aurora_error)AURORA_ERROR_INIT;
}

static void stop(void)
{
    shop_assert_clean(shop);
    aurora_close(shop);
}

/* An order of `count` equal lines, with a charge of one kind where `charge` is not NULL. */
static aurora_status place(int64_t quantity, int64_t price, uint32_t count,
                           const aurora_charge *charge, int64_t *total_out)
{
    static aurora_line lines[AURORA_ORDER_LINES_MAX];
    aurora_order *order = NULL;
    for (uint32_t i = 0; i < count; i++)
        lines[i] = (aurora_line){.sku = SHOP_SKU, .quantity = quantity, .unit_price_minor = price};
    aurora_order_request request = {.size = sizeof request,
                                    .flags = AURORA_ORDER_OWN_PRICES,
                                    .currency = "EUR",
                                    .payment_method = "tok_decline",
                                    .lines = lines,
                                    .line_count = count,
                                    .charges = charge,
                                    .charge_count = charge != NULL,
                                    .timeout_ms = 5000};
    aurora_status rc = aurora_order_place(shop, &request, &order, &err);
    ck_assert_int_eq(rc == AURORA_OK, order != NULL);
    if (order != NULL)
        *total_out = order->total_minor;
    aurora_order_free(order);
    return rc;
}

START_TEST(test_edges__quantities_and_prices_of_lines)
{
    int64_t edge = edges[_i], total = -1;
    bool is_quantity = edge >= 1 && edge <= AURORA_QUANTITY_MAX;
    bool is_price = edge >= 0 && edge <= AURORA_PRICE_MINOR_MAX;

    ck_assert_int_eq(place(edge, 1, 1, NULL, &total), is_quantity ? AURORA_OK : AURORA_EINVAL);
    ck_assert(is_quantity ? total == edge : strcmp(err.field, "lines[0].quantity") == 0);
    ck_assert_int_eq(place(1, edge, 1, NULL, &total), is_price ? AURORA_OK : AURORA_EINVAL);
    ck_assert(is_price ? total == edge : strcmp(err.field, "lines[0].unit_price_minor") == 0);
}
END_TEST

START_TEST(test_edges__charges)
{
    int64_t edge = edges[_i], total = -1;
    const aurora_charge tax = AURORA_CHARGE(AURORA_CHARGE_TAX, "x", edge);
    const aurora_charge discount = AURORA_CHARGE(AURORA_CHARGE_DISCOUNT, "x", edge);
    bool is_tax = edge >= 0 && edge <= AURORA_PRICE_MINOR_MAX;
    bool is_discount = edge <= 0 && edge >= -AURORA_PRICE_MINOR_MAX;

    ck_assert_int_eq(place(1, 7, 1, &tax, &total), is_tax ? AURORA_OK : AURORA_EINVAL);
    ck_assert(!is_tax || total == 7 + edge);
    aurora_status rc = place(1, 7, 1, &discount, &total);
    if (!is_discount)
        ck_assert_int_eq(rc, AURORA_EINVAL);
    else if (edge < -7)
        ck_assert_int_eq(rc, AURORA_EOVERFLOW);
    else
        ck_assert(rc == AURORA_OK && total == 7 + edge);
}
END_TEST

START_TEST(test_edges__sums_of_lines)
{
    int64_t total = -1;

    ck_assert_int_eq(place(1000000, INT64_C(1000000000000), 9, NULL, &total), AURORA_OK);
    ck_assert_int_eq(total, INT64_C(9000000000000000000));
    ck_assert_int_eq(place(1000000, INT64_C(1000000000000), 10, NULL, &total), AURORA_EOVERFLOW);
    ck_assert_int_eq(place(1000000, INT64_C(1000000000000), 1000, NULL, &total), AURORA_EOVERFLOW);
    ck_assert_int_eq(place(1000000, 0, 1000, NULL, &total), AURORA_OK);
    ck_assert_int_eq(total, 0);
}
END_TEST

START_TEST(test_edges__movements_and_prices_of_products)
{
    int64_t edge = edges[_i];
    uint64_t version = 0;
    char key[32];
    aurora_stock stock;
    bool is_receipt = edge >= 1 && edge <= AURORA_MOVEMENT_MAX;
    bool is_adjustment = edge != 0 && edge >= -AURORA_MOVEMENT_MAX && edge <= AURORA_MOVEMENT_MAX;
    bool is_price = edge >= 0 && edge <= AURORA_PRICE_MINOR_MAX;
    aurora_product_input product = {.size = sizeof product,
                                    .sku = "edge",
                                    .name = "Edge",
                                    .price_minor = edge,
                                    .currency = "EUR"};
    snprintf(key, sizeof key, "k%d", _i);

    aurora_status rc = aurora_stock_receive(shop, "edge", edge, key, &err);
    ck_assert_int_eq(rc, is_receipt ? AURORA_OK : AURORA_EINVAL);
    ck_assert(is_receipt || strcmp(err.field, "quantity") == 0);
    aurora_status wanted = !is_adjustment ? AURORA_EINVAL
                           : edge > 0     ? AURORA_OK
                                          : AURORA_EINSUFFICIENT;
    ck_assert_int_eq(aurora_stock_adjust(shop, "edge", edge, "x", "a", &err), wanted);
    if (aurora_stock_get(shop, "edge", &stock) == AURORA_OK)
        ck_assert(stock.available >= 0 && stock.available == stock.received - stock.written_off);
    rc = aurora_product_put(shop, &product, AURORA_ANY_VERSION, &version, &err);
    ck_assert_int_eq(rc, is_price ? AURORA_OK : AURORA_EINVAL);
    ck_assert(is_price || strcmp(err.field, "price_minor") == 0);
}
END_TEST

/* Whatever they find: an answer or a refusal. */
START_TEST(test_edges__filters_times_and_waits)
{
    int64_t edge = edges[_i];
    aurora_order_page *orders = NULL;
    aurora_stock_page *stock = NULL;
    aurora_search_page *hits = NULL;
    aurora_trend_page *trends = NULL;
    aurora_event_page *events = NULL;
    aurora_order_filter filter = {.size = sizeof filter, .from_ms = edge, .to_ms = edge};
    aurora_line line = {.sku = SHOP_SKU, .quantity = 1};
    aurora_order_request request = {.size = sizeof request,
                                    .currency = "EUR",
                                    .payment_method = "tok_decline",
                                    .lines = &line,
                                    .line_count = 1,
                                    .timeout_ms = 5000,
                                    .placed_at_ms = edge};
    aurora_order *order = NULL;

    ck_assert_int_ne(aurora_order_list(shop, &filter, NULL, (uint32_t)edge, &orders, &err),
                     AURORA_ECORE);
    ck_assert_int_ne(
        aurora_stock_list(shop, AURORA_STOCK_FILTER(.below = edge), NULL, 0, &stock, &err),
        AURORA_ECORE);
    ck_assert_int_ne(aurora_search(shop,
                                   AURORA_QUERY(.price_min_minor = edge, .price_max_minor = edge),
                                   NULL, 0, &hits, &err),
                     AURORA_ECORE);
    ck_assert_int_ne(
        aurora_trending(shop, AURORA_TREND_QUERY(.window_ms = edge, .at_ms = edge), &trends, &err),
        AURORA_ECORE);
    ck_assert_int_ne(aurora_event_tail(shop, (uint64_t)edge, (uint32_t)edge, 0, &events),
                     AURORA_ECORE);
    aurora_status rc = aurora_order_place(shop, &request, &order, &err);
    ck_assert(rc == AURORA_OK ? order != NULL : rc == AURORA_EINVAL);
    aurora_order_page_free(orders);
    aurora_stock_page_free(stock);
    aurora_search_page_free(hits);
    aurora_trend_page_free(trends);
    aurora_event_page_free(events);
    aurora_order_free(order);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("number_edges");
    TCase *tcase = tcase_create("edges");
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test_edges__quantities_and_prices_of_lines, 0, EDGES);
    tcase_add_loop_test(tcase, test_edges__charges, 0, EDGES);
    tcase_add_test(tcase, test_edges__sums_of_lines);
    tcase_add_loop_test(tcase, test_edges__movements_and_prices_of_products, 0, EDGES);
    tcase_add_loop_test(tcase, test_edges__filters_times_and_waits, 0, EDGES);
    suite_add_tcase(all, tcase);
    return all;
}

AURORA_TEST_MAIN(suite)

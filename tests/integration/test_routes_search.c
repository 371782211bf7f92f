/* SPDX-License-Identifier: MIT */
/* /search and /recommendations against the real server. What the index finds is its own tests'
 * matter; here it is how requests become queries and results become JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "served_shop.h"

#define PATIENCE_MS 60000

static served_shop served;

static void setup(void)
{
    served_shop_init(&served, NULL);
}

static void teardown(void)
{
    served_shop_deinit(&served);
}

#define field(name) http_answer_field(&served.answer, name)
#define at(path) served_shop_at(&served, path)

/* --- search ----------------------------------------------------------------------------------- */

static void put(const char *sku, const char *name, const char *brand, int64_t price)
{
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL); /* or two would be equally new */
    aurora_assert_ok(aurora_product_put(served.shop,
                                        AURORA_PRODUCT(.sku = sku, .name = name, .brand = brand,
                                                       .category = "Kitchen", .price_minor = price,
                                                       .currency = "EUR"),
                                        AURORA_ANY_VERSION, NULL, NULL));
}

/* The index follows the log: waits until it has seen all that was put. */
static void wait_for_hits(const char *total)
{
    for (int ms = 0; ms < PATIENCE_MS; ms += 10) {
        served_shop_expect(&served, 200, "GET", "/search", NULL);
        if (strcmp(at("total"), total) == 0)
            return;
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    ck_abort_msg("%s products are indexed, not %s", at("total"), total);
}

static void fill(void)
{
    put("cup-1", "Blue cup", "Aurora", 500);
    put("cup-2", "Red cup", "Aurora", 1500);
    put("cup-3", "Green cup", "Boreal", 2500);
    put("pot-1", "Iron pot", "Boreal", 9000);
    wait_for_hits("4");
}

START_TEST(test_search__gives_products_with_score_and_highlight)
{
    fill();

    served_shop_expect(&served, 200, "GET", "/search?q=red+cup&limit=1", NULL);

    ck_assert_str_eq(at("hits.0.sku"), "cup-2");
    ck_assert_str_eq(at("hits.0.name"), "Red cup");
    ck_assert_str_eq(at("hits.0.price_minor"), "1500");
    ck_assert_str_eq(at("hits.0.attributes"), "{}");
    ck_assert_ptr_nonnull(strstr(at("hits.0.highlight"), "<em>"));
    ck_assert_str_ne(at("hits.0.score"), "(absent)");
}
END_TEST

START_TEST(test_search__filters_and_sorts)
{
    static const struct {
        const char *target;
        const char *first;
        const char *total;
    } rows[] = {
        {"/search?q=cup&sort=price", "cup-1", "3"},
        {"/search?q=cup&sort=-price", "cup-3", "3"},
        {"/search?q=cup&sort=newest&limit=1", "cup-3", "3"},
        {"/search?q=&sort=relevance&brand=&category=", "cup-1", "4"},
        {"/search?brand=Boreal&sort=price", "cup-3", "2"},
        {"/search?brand=Boreal&min_price=2501", "pot-1", "1"},
        {"/search?max_price=500", "cup-1", "1"},
        {"/search?min_price=500&max_price=500", "cup-1", "1"},
        {"/search?category=Garden", "(absent)", "0"},
    };
    fill();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        served_shop_expect(&served, 200, "GET", rows[i].target, NULL);
        ck_assert_msg(strcmp(at("hits.0.sku"), rows[i].first) == 0, "%s: %s first", rows[i].target,
                      at("hits.0.sku"));
        ck_assert_str_eq(at("total"), rows[i].total);
    }
}
END_TEST

START_TEST(test_search__counts_facets_on_the_first_page_and_goes_on)
{
    char target[2048];
    fill();

    served_shop_expect(&served, 200, "GET", "/search?sort=price&limit=3", NULL);

    ck_assert_str_eq(at("facets.category"), "[{\"value\":\"Kitchen\",\"count\":4}]");
    ck_assert_str_eq(at("facets.brand"),
                     "[{\"value\":\"Aurora\",\"count\":2},{\"value\":\"Boreal\",\"count\":2}]");
    ck_assert_ptr_nonnull(strstr(field("Link"), "sort=price"));
    snprintf(target, sizeof target, "/search?sort=price&limit=3&cursor=%s", at("next_cursor"));
    served_shop_expect(&served, 200, "GET", target, NULL);
    ck_assert_str_eq(at("hits.0.sku"), "pot-1");
    ck_assert_str_eq(at("hits.1"), "(absent)");
    ck_assert_str_eq(at("facets"), "null");
    ck_assert_str_eq(at("next_cursor"), "null");
}
END_TEST

START_TEST(test_search__any_text_is_a_query)
{
    static const char *const texts[] = {
        "%22",          "%22foo", "AND",    "a%20AND",  "NEAR(", "c%2B%2B",
        "a-b",          "*",      "%27%3B", "x%3A%20y", "%5E",   "%00%01",
        "%F0%9F%98%80", "(((",    "-",      "%7B%7D",   "a%09b",
    };
    fill();
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char target[128];
        snprintf(target, sizeof target, "/search?q=%s", texts[i]);
        served_shop_call(&served, "GET", target, NULL, NULL);
        if (strstr(texts[i], "%00") != NULL)
            served_shop_assert_problem(&served, 400, "invalid_parameter", "q");
        else
            ck_assert_msg(served.answer.status == 200, "%s is %d: %s", target, served.answer.status,
                          served.answer.body);
    }
}
END_TEST

START_TEST(test_search__suggests)
{
    fill();
    served_shop_expect(&served, 200, "GET", "/search/suggest?q=cu&limit=5", NULL);
    ck_assert_str_ne(at("items"), "[]");
    ck_assert_str_ne(at("items"), "(absent)");
}
END_TEST

START_TEST(test_search__without_an_adapter_is_501)
{
    served_shop_call(&served, "GET", "/search?q=cup", NULL, NULL);
    served_shop_assert_problem(&served, 501, "not_implemented", NULL);
    served_shop_call(&served, "GET", "/search/suggest?q=cup", NULL, NULL);
    served_shop_assert_problem(&served, 501, "not_implemented", NULL);
}
END_TEST

START_TEST(test_search__refuses_parameters_that_break_a_rule)
{
    static const struct {
        const char *target;
        const char *place;
    } rows[] = {
        {"/search?sort=cheap", "sort"},
        {"/search?sort=", "sort"},
        {"/search?limit=101", "limit"},
        {"/search?limit=0", "limit"},
        {"/search?min_price=-1", "min_price"},
        {"/search?min_price=1.5", "min_price"},
        {"/search?max_price=0", "max_price"},
        {"/search?max_price=1000000000001", "max_price"},
        {"/search?min_price=3&max_price=2", "min_price"},
        {"/search?page=2", "page"},
        {"/search/suggest", "q"},
        {"/search/suggest?q=", "q"},
        {"/search/suggest?q=a&limit=21", "limit"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        served_shop_call(&served, "GET", rows[i].target, NULL, NULL);
        ck_assert_msg(served.answer.status == 400, "%s is %d", rows[i].target,
                      served.answer.status);
        served_shop_assert_problem(&served, 400, "invalid_parameter", rows[i].place);
    }
    served_shop_call(&served, "GET", "/search?cursor=1", NULL, NULL);
    served_shop_assert_problem(&served, 400, "invalid_cursor", "cursor");
}
END_TEST

START_TEST(test_search__names_a_text_that_is_too_long)
{
    char target[1200] = "/search?q=";
    memset(target + strlen(target), 'x', 1025);
    served_shop_call(&served, "GET", target, NULL, NULL);
    served_shop_assert_problem(&served, 400, "invalid_parameter", "q");
}
END_TEST

/* --- recommendations -------------------------------------------------------------------------- */

static void sell(const char *const *skus, uint32_t count)
{
    aurora_line lines[4];
    aurora_order *order;
    aurora_error err = AURORA_ERROR_INIT;
    for (uint32_t i = 0; i < count; i++) {
        lines[i] = (aurora_line){.sku = skus[i], .quantity = 1};
        aurora_assert_ok(aurora_stock_move(
            served.shop,
            AURORA_MOVEMENT(.kind = AURORA_MOVEMENT_RECEIPT, .sku = skus[i], .quantity = 1), NULL,
            NULL));
    }
    aurora_status rc =
        aurora_order_place(served.shop,
                           AURORA_ORDER(.currency = "EUR", .payment_method = "tok_approve",
                                        .lines = lines, .line_count = count),
                           &order, &err);
    ck_assert_msg(rc == AURORA_OK, "%d %s %s", (int)rc, err.field, err.message);
    ck_assert_int_eq(order->status, AURORA_ORDER_COMPLETED);
    aurora_order_free(order);
}

/* cup sells twice, pot once and with it; pen once and alone. */
static void sell_some(void)
{
    static const char *const both[] = {"cup", "pot"};
    static const char *const pen[] = {"pen"};
    served_shop_put(&served, "cup", "Kitchen");
    served_shop_put(&served, "pot", "Kitchen");
    served_shop_put(&served, "pen", "Office");
    sell(both, 2);
    sell(both, 1);
    sell(pen, 1);
}

/* Waits until the first item of the answer to `target` is `sku`: sketches follow the log. */
static void wait_for_first(const char *target, const char *sku)
{
    for (int ms = 0; ms < PATIENCE_MS; ms += 10) {
        served_shop_expect(&served, 200, "GET", target, NULL);
        if (strcmp(at("items.0.sku"), sku) == 0)
            return;
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    ck_abort_msg("%s never had %s first: %s", target, sku, served.answer.body);
}

START_TEST(test_trending__shows_what_sells)
{
    sell_some();

    wait_for_first("/recommendations/trending", "cup");

    ck_assert_double_gt(atof(at("items.0.score")), 1.9);
    ck_assert_str_eq(at("items.0.error"), "0");
    ck_assert_ptr_nonnull(strchr(at("at"), 'Z'));
    served_shop_expect(&served, 200, "GET",
                       "/recommendations/trending?window=1h&category=Office&limit=5", NULL);
    ck_assert_str_eq(at("items.0.sku"), "pen");
    ck_assert_str_eq(at("items.1"), "(absent)");
    served_shop_expect(&served, 200, "GET", "/recommendations/trending?window=7d&limit=1", NULL);
    ck_assert_str_eq(at("items.1"), "(absent)");
}
END_TEST

START_TEST(test_trending__looks_ahead_and_not_back)
{
    sell_some();
    wait_for_first("/recommendations/trending", "cup");

    served_shop_expect(&served, 200, "GET",
                       "/recommendations/trending?window=1h&at=2999-01-01T00:00:00Z", NULL);
    ck_assert_str_eq(at("at"), "2999-01-01T00:00:00.000000Z");
    served_shop_call(&served, "GET", "/recommendations/trending?at=2001-01-01T00:00:00%2B01:00",
                     NULL, NULL);
    served_shop_assert_problem(&served, 422, "invalid_parameter", "at");
}
END_TEST

START_TEST(test_related__shows_what_is_bought_together)
{
    sell_some();

    wait_for_first("/recommendations/related/cup", "pot");

    served_shop_expect(&served, 200, "GET", "/recommendations/related/none?limit=3", NULL);
    ck_assert_str_eq(at("items"), "[]");
    served_shop_call(&served, "GET", "/recommendations/related/%20", NULL, NULL);
    served_shop_assert_problem(&served, 400, "invalid_parameter", "sku");
}
END_TEST

START_TEST(test_popular__shows_what_sold_most)
{
    sell_some();

    wait_for_first("/recommendations/popular", "cup");

    ck_assert_str_eq(at("items.0.score"), "2");
    served_shop_expect(&served, 200, "GET", "/recommendations/popular?category=Office", NULL);
    ck_assert_str_eq(at("items.0.sku"), "pen");
}
END_TEST

START_TEST(test_recommendations__refuse_parameters_that_break_a_rule)
{
    static const struct {
        const char *target;
        const char *place;
    } rows[] = {
        {"/recommendations/trending?window=2h", "window"},
        {"/recommendations/trending?window=", "window"},
        {"/recommendations/trending?limit=1001", "limit"},
        {"/recommendations/trending?at=yesterday", "at"},
        {"/recommendations/trending?at=1969-01-01T00:00:00Z", "at"},
        {"/recommendations/trending?category=", "category"},
        {"/recommendations/related/cup?limit=101", "limit"},
        {"/recommendations/popular?limit=0", "limit"},
        {"/recommendations/popular?window=1h", "window"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        served_shop_call(&served, "GET", rows[i].target, NULL, NULL);
        ck_assert_msg(served.answer.status == 400, "%s is %d", rows[i].target,
                      served.answer.status);
        served_shop_assert_problem(&served, 400, "invalid_parameter", rows[i].place);
    }
}
END_TEST

/* Whether this build has an index. */
static bool has_search(void)
{
    aurora_t *shop;
    aurora_search_page *page = NULL;
    if (aurora_open("memory:", NULL, &shop, NULL) != AURORA_OK)
        return false;
    aurora_status rc = aurora_search(shop, AURORA_QUERY(.text = NULL), NULL, 0, &page, NULL);
    aurora_search_page_free(page);
    aurora_close(shop);
    return rc != AURORA_ENOTSUP;
}

static void add_search(TCase *tcase)
{
    tcase_add_test(tcase, test_search__refuses_parameters_that_break_a_rule);
    if (!has_search()) {
        tcase_add_test(tcase, test_search__without_an_adapter_is_501);
        return;
    }
    tcase_add_test(tcase, test_search__gives_products_with_score_and_highlight);
    tcase_add_test(tcase, test_search__filters_and_sorts);
    tcase_add_test(tcase, test_search__counts_facets_on_the_first_page_and_goes_on);
    tcase_add_test(tcase, test_search__any_text_is_a_query);
    tcase_add_test(tcase, test_search__suggests);
    tcase_add_test(tcase, test_search__names_a_text_that_is_too_long);
}

static Suite *suite(void)
{
    Suite *all = suite_create("routes_search");
    TCase *search = tcase_create("search");
    TCase *trends = tcase_create("recommendations");
    tcase_add_checked_fixture(search, setup, teardown);
    tcase_add_checked_fixture(trends, setup, teardown);
    add_search(search);
    tcase_add_test(trends, test_trending__shows_what_sells);
    tcase_add_test(trends, test_trending__looks_ahead_and_not_back);
    tcase_add_test(trends, test_related__shows_what_is_bought_together);
    tcase_add_test(trends, test_popular__shows_what_sold_most);
    tcase_add_test(trends, test_recommendations__refuse_parameters_that_break_a_rule);
    tcase_set_timeout(search, 120);
    tcase_set_timeout(trends, 120);
    suite_add_tcase(all, search);
    suite_add_tcase(all, trends);
    return all;
}

AURORA_TEST_MAIN(suite)

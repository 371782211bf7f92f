/* SPDX-License-Identifier: MIT */
/* /inventory against the real server. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "served_shop.h"

static served_shop served;

static void setup(void)
{
    served_shop_init(&served, NULL);
}

static void setup_closed(void)
{
    served_shop_init(&served, SERVED_SHOP_SECRET);
}

static void teardown(void)
{
    served_shop_deinit(&served);
}

#define field(name) http_answer_field(&served.answer, name)
#define at(path) served_shop_at(&served, path)

static void receive(const char *sku, int64_t quantity)
{
    aurora_assert_ok(aurora_stock_move(
        served.shop,
        AURORA_MOVEMENT(.kind = AURORA_MOVEMENT_RECEIPT, .sku = sku, .quantity = quantity), NULL,
        NULL));
}

/* --- counters --------------------------------------------------------------------------------- */

START_TEST(test_stock_get__shows_all_counters)
{
    int32_t decision;
    receive("cup", 100);
    aurora_line line = {.sku = "cup", .quantity = 30};
    aurora_assert_ok(aurora_stock_reserve(served.shop, "hold", &line, 1, 60000, &decision, NULL));
    served_shop_expect(&served, 201, "POST", "/inventory/cup/adjustments",
                       "{\"quantity\":-5,\"reason\":\"broken\"}");

    served_shop_expect(&served, 200, "GET", "/inventory/cup", NULL);

    ck_assert_str_eq(at("sku"), "cup");
    ck_assert_str_eq(at("available"), "65");
    ck_assert_str_eq(at("reserved"), "30");
    ck_assert_str_eq(at("sold"), "0");
    ck_assert_str_eq(at("received"), "100");
    ck_assert_str_eq(at("written_off"), "5");
    ck_assert_str_eq(at("version"), "3");
    ck_assert_str_eq(field("ETag"), "\"3\"");
    ck_assert_str_eq(field("Cache-Control"), "no-store");
    served_shop_call(&served, "GET", "/inventory/cup", "If-None-Match: \"3\"\r\n", NULL);
    ck_assert_int_eq(served.answer.status, 304);
}
END_TEST

START_TEST(test_stock_get__answers_404_for_a_sku_that_never_moved)
{
    served_shop_put(&served, "cup", NULL);

    served_shop_call(&served, "GET", "/inventory/cup", NULL, NULL);
    served_shop_assert_problem(&served, 404, "not_found", NULL);
    served_shop_call(&served, "GET", "/inventory/%20cup", NULL, NULL);
    served_shop_assert_problem(&served, 400, "invalid_parameter", "sku");
}
END_TEST

START_TEST(test_stock_list__takes_a_bound_and_goes_on)
{
    char target[2048];
    for (int i = 0; i < 10; i++) {
        char sku[16];
        snprintf(sku, sizeof sku, "s%d", i);
        receive(sku, i + 1);
    }

    served_shop_expect(&served, 200, "GET", "/inventory?below=4&limit=2", NULL);

    ck_assert_str_eq(at("items.0.sku"), "s0");
    ck_assert_str_eq(at("items.1.available"), "2");
    ck_assert_str_eq(at("items.2"), "(absent)");
    snprintf(target, sizeof target, "/inventory?below=4&limit=2&cursor=%s", at("next_cursor"));
    served_shop_expect(&served, 200, "GET", target, NULL);
    ck_assert_str_eq(at("items.0.sku"), "s2");
    ck_assert_str_eq(at("items.1"), "(absent)");
    ck_assert_str_eq(at("next_cursor"), "null");
    served_shop_expect(&served, 200, "GET", "/inventory", NULL);
    ck_assert_str_eq(at("items.9.sku"), "s9");
    served_shop_call(&served, "GET", "/inventory?below=0", NULL, NULL);
    served_shop_assert_problem(&served, 400, "invalid_parameter", "below");
    served_shop_call(&served, "GET", "/inventory?below=x", NULL, NULL);
    served_shop_assert_problem(&served, 400, "invalid_parameter", "below");
}
END_TEST

/* --- movements -------------------------------------------------------------------------------- */

START_TEST(test_receipt__answers_the_counters_after_it)
{
    served_shop_expect(&served, 201, "POST", "/inventory/cup/receipts", "{\"quantity\":100}");
    ck_assert_str_eq(at("available"), "100");

    served_shop_expect(&served, 201, "POST", "/inventory/cup/receipts",
                       "{\"quantity\":1,\"reason\":\"found one\"}");

    ck_assert_str_eq(at("sku"), "cup");
    ck_assert_str_eq(at("available"), "101");
    ck_assert_str_eq(at("version"), "2");
    ck_assert_str_eq(field("ETag"), "\"2\"");
}
END_TEST

START_TEST(test_receipt__a_key_counts_once)
{
    static const char *const keys[] = {"Idempotency-Key: delivery-1\r\n",
                                       "Idempotency-Key: \"delivery-1\"\r\n"};
    for (int i = 0; i < 4; i++) {
        served_shop_call(&served, "POST", "/inventory/cup/receipts", keys[i % 2],
                         "{ \"quantity\" : 7 }");
        ck_assert_int_eq(served.answer.status, i == 0 ? 201 : 200);
        const char *replayed = field("Idempotency-Replayed");
        ck_assert_str_eq(replayed == NULL ? "" : replayed, i == 0 ? "" : "true");
        ck_assert_str_eq(at("available"), "7");
    }

    served_shop_call(&served, "POST", "/inventory/cup/receipts", keys[0], "{\"quantity\":8}");
    served_shop_assert_problem(&served, 422, "key_reused", NULL);
    served_shop_call(&served, "POST", "/inventory/cup/adjustments", keys[0],
                     "{\"quantity\":7,\"reason\":\"x\"}");
    served_shop_assert_problem(&served, 422, "key_reused", NULL);
    served_shop_call(&served, "POST", "/inventory/mug/receipts", keys[0], "{\"quantity\":7}");
    served_shop_assert_problem(&served, 422, "key_reused", NULL);
    served_shop_call(&served, "POST", "/inventory/cup/receipts", "Idempotency-Key: \"open\r\n",
                     "{\"quantity\":7}");
    served_shop_assert_problem(&served, 400, "invalid_header", "Idempotency-Key");
}
END_TEST

START_TEST(test_receipt__keys_of_two_principals_do_not_meet)
{
    static const char *const names[] = {"ann", "bob"};
    served.client.scopes = "inventory:write";
    for (int i = 0; i < 2; i++) {
        served.client.principal = names[i];
        served_shop_call(&served, "POST", "/inventory/cup/receipts", "Idempotency-Key: 1\r\n",
                         "{\"quantity\":7}");
        ck_assert_int_eq(served.answer.status, 201);
    }
    ck_assert_str_eq(at("available"), "14");
}
END_TEST

START_TEST(test_adjustment__takes_no_more_than_there_is)
{
    receive("cup", 10);

    served_shop_call(&served, "POST", "/inventory/cup/adjustments", "Idempotency-Key: a\r\n",
                     "{\"quantity\":-11,\"reason\":\"lost\"}");
    served_shop_assert_problem(&served, 409, "insufficient_available", NULL);
    served_shop_expect(&served, 201, "POST", "/inventory/cup/adjustments",
                       "{\"quantity\":5,\"reason\":\"found\"}");
    served_shop_call(&served, "POST", "/inventory/cup/adjustments", "Idempotency-Key: a\r\n",
                     "{\"quantity\":-11,\"reason\":\"lost\"}");
    ck_assert_int_eq(served.answer.status, 201);
    ck_assert_str_eq(at("available"), "4");
    ck_assert_str_eq(at("written_off"), "11");
}
END_TEST

START_TEST(test_movements__name_what_is_wrong)
{
    static const struct {
        const char *kind;
        const char *body;
        const char *code;
        const char *pointer;
    } rows[] = {
        {"receipts", "{}", "invalid_field", "/quantity"},
        {"receipts", "{\"quantity\":0}", "invalid_field", "/quantity"},
        {"receipts", "{\"quantity\":-1}", "invalid_field", "/quantity"},
        {"receipts", "{\"quantity\":1000000001}", "invalid_field", "/quantity"},
        {"receipts", "{\"quantity\":1e3}", "invalid_field", "/quantity"},
        {"receipts", "{\"quantity\":\"1\"}", "invalid_field", "/quantity"},
        {"receipts", "{\"quantity\":1,\"reason\":\"\"}", "invalid_field", "/reason"},
        {"receipts", "{\"quantity\":1,\"reason\":\"\\u0007\"}", "invalid_field", "/reason"},
        {"receipts", "{\"quantity\":1,\"sku\":\"cup\"}", "unknown_field", "/sku"},
        {"adjustments", "{\"quantity\":1}", "invalid_field", "/reason"},
        {"adjustments", "{\"quantity\":0,\"reason\":\"x\"}", "invalid_field", "/quantity"},
        {"adjustments", "{\"quantity\":-1000000001,\"reason\":\"x\"}", "invalid_field",
         "/quantity"},
        {"adjustments", "{\"quantity\":1,\"quantity\":1,\"reason\":\"x\"}", "duplicate_field",
         "/quantity"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char target[64];
        snprintf(target, sizeof target, "/inventory/cup/%s", rows[i].kind);
        served_shop_call(&served, "POST", target, NULL, rows[i].body);
        ck_assert_msg(served.answer.status == 400, "row %zu is %d", i, served.answer.status);
        served_shop_assert_problem(&served, 400, rows[i].code, rows[i].pointer);
    }
    served_shop_call(&served, "POST", "/inventory/a%01/receipts", NULL, "{\"quantity\":1}");
    served_shop_assert_problem(&served, 400, "malformed_request", NULL);
    served_shop_expect(&served, 404, "GET", "/inventory/cup", NULL);
}
END_TEST

START_TEST(test_receipt__counters_pass_32_bits)
{
    aurora_stock stock;
    for (int i = 0; i < 3; i++)
        served_shop_expect(&served, 201, "POST", "/inventory/cup/receipts",
                           "{\"quantity\":1000000000}");
    aurora_assert_ok(aurora_stock_get(served.shop, "cup", &stock));
    ck_assert_int_eq(stock.available, INT64_C(3000000000));
    ck_assert_str_eq(at("available"), "3000000000");
}
END_TEST

/* --- reservations and rights ------------------------------------------------------------------ */

START_TEST(test_reservations__are_listed_in_pages)
{
    char target[2048];
    receive("cup", 100);
    for (int i = 0; i < 3; i++) {
        char key[16];
        int32_t decision;
        aurora_line line = {.sku = "cup", .quantity = i + 1};
        snprintf(key, sizeof key, "k%d", i);
        aurora_assert_ok(aurora_stock_reserve(served.shop, key, &line, 1, 60000, &decision, NULL));
    }

    served_shop_expect(&served, 200, "GET", "/inventory/cup/reservations?limit=2", NULL);

    ck_assert_str_eq(at("items.0.key"), "k0");
    ck_assert_str_eq(at("items.0.order_id"), "null");
    ck_assert_str_eq(at("items.0.status"), "RESERVED");
    ck_assert_str_eq(at("items.1.quantity"), "2");
    ck_assert_ptr_nonnull(strchr(at("items.0.expires_at"), 'Z'));
    snprintf(target, sizeof target, "/inventory/cup/reservations?limit=2&cursor=%s",
             at("next_cursor"));
    served_shop_expect(&served, 200, "GET", target, NULL);
    ck_assert_str_eq(at("items.0.key"), "k2");
    ck_assert_str_eq(at("next_cursor"), "null");
    served_shop_expect(&served, 200, "GET", "/inventory/none/reservations", NULL);
    ck_assert_str_eq(at("items"), "[]");
    served_shop_call(&served, "GET", "/inventory/%20/reservations", NULL, NULL);
    served_shop_assert_problem(&served, 400, "invalid_parameter", "sku");
}
END_TEST

START_TEST(test_inventory__needs_its_scopes)
{
    static const struct {
        const char *method;
        const char *target;
        const char *body;
        const char *others; /* every scope but the needed one */
        const char *needed;
        int status;
    } rows[] = {
        {"GET", "/inventory", NULL, "inventory:write", "inventory:read", 200},
        {"GET", "/inventory/cup", NULL, "inventory:write", "inventory:read", 404},
        {"GET", "/inventory/cup/reservations", NULL, "inventory:write", "inventory:read", 200},
        {"POST", "/inventory/cup/receipts", "{\"quantity\":1}", "inventory:read admin",
         "inventory:write", 201},
        {"POST", "/inventory/cup/adjustments", "{\"quantity\":1,\"reason\":\"x\"}",
         "inventory:read admin", "inventory:write", 201},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        served.client.scopes = rows[i].others;
        served_shop_call(&served, rows[i].method, rows[i].target, NULL, rows[i].body);
        served_shop_assert_problem(&served, 403, "forbidden", NULL);
        served.client.scopes = rows[i].needed;
        served_shop_expect(&served, rows[i].status, rows[i].method, rows[i].target, rows[i].body);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("routes_inventory");
    TCase *open = tcase_create("open");
    TCase *closed = tcase_create("closed");
    tcase_add_checked_fixture(open, setup, teardown);
    tcase_add_checked_fixture(closed, setup_closed, teardown);
    tcase_add_test(open, test_stock_get__shows_all_counters);
    tcase_add_test(open, test_stock_get__answers_404_for_a_sku_that_never_moved);
    tcase_add_test(open, test_stock_list__takes_a_bound_and_goes_on);
    tcase_add_test(open, test_receipt__answers_the_counters_after_it);
    tcase_add_test(open, test_receipt__a_key_counts_once);
    tcase_add_test(open, test_adjustment__takes_no_more_than_there_is);
    tcase_add_test(open, test_movements__name_what_is_wrong);
    tcase_add_test(open, test_receipt__counters_pass_32_bits);
    tcase_add_test(open, test_reservations__are_listed_in_pages);
    tcase_add_test(closed, test_receipt__keys_of_two_principals_do_not_meet);
    tcase_add_test(closed, test_inventory__needs_its_scopes);
    tcase_set_timeout(open, 60);
    suite_add_tcase(all, open);
    suite_add_tcase(all, closed);
    return all;
}

AURORA_TEST_MAIN(suite)

/* SPDX-License-Identifier: MIT */
/* The audit between stores. Four stores of one module each are cut out of one of all modules, so
 * they agree; then one row of one of them is changed behind its back. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "shop.h"

#define STORES 4

static const struct {
    const char *module;
    const char *others; /* tables that are not this module's */
} cuts[STORES] = {
    {"order", "DELETE FROM reservations; DELETE FROM payments; DELETE FROM ledger; DELETE FROM "
              "stock; DELETE FROM stock_movements; DELETE FROM skus; DELETE FROM products;"},
    {"inventory", "DELETE FROM orders; DELETE FROM order_references; DELETE FROM payments; DELETE "
                  "FROM ledger; DELETE FROM products; DELETE FROM prices;"},
    {"payment", "DELETE FROM orders; DELETE FROM order_references; DELETE FROM reservations; "
                "DELETE FROM stock; DELETE FROM stock_movements; DELETE FROM skus; DELETE FROM "
                "products; DELETE FROM prices;"},
    {"product", "DELETE FROM orders; DELETE FROM order_references; DELETE FROM reservations; "
                "DELETE FROM stock; DELETE FROM stock_movements; DELETE FROM skus; DELETE FROM "
                "payments; DELETE FROM ledger; DELETE FROM prices;"},
};

static char *folder;
static aurora_t *shops[STORES];

static void path_of(char out[4200], const char *module)
{
    char name[64];
    snprintf(name, sizeof name, "%s.db", module);
    aurora_test_path(out, 4200, folder, name);
}

static void run_sql(const char *module, const char *sql)
{
    char path[4200], *message = NULL;
    sqlite3 *db;
    path_of(path, module);
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_exec(db, sql, NULL, NULL, &message);
    ck_assert_msg(message == NULL, "%s: %s", module, message);
    ck_assert_int_ge(sqlite3_total_changes(db), 1);
    sqlite3_close(db);
}

static void make_whole(void)
{
    char path[4200], url[4300];
    const char *const settings[] = {"search=none:", "notify=none:"};
    aurora_options options = {.size = sizeof options, .settings = settings, .setting_count = 2};
    path_of(path, "whole");
    snprintf(url, sizeof url, "sqlite:%s", path);
    aurora_t *shop = shop_open(url, &options);
    shop_stock_up(shop, 100);
    for (int i = 0; i < 5; i++) {
        aurora_order *order = shop_place(shop, NULL, 2, i == 4 ? "tok_decline" : "tok_approve", 0);
        if (i == 3)
            aurora_assert_ok(
                aurora_order_cancel(shop, order->id, AURORA_REASON_CUSTOMER, NULL, NULL, NULL));
        aurora_order_free(order);
    }
    aurora_close(shop);
}

static void cut_out(const char *module, const char *others)
{
    char from[4200], to[4200], command[9000], sql[4096];
    path_of(from, "whole");
    path_of(to, module);
    snprintf(command, sizeof command, "cp '%s' '%s'", from, to);
    ck_assert_int_eq(system(command), 0);
    snprintf(sql, sizeof sql, "%s UPDATE meta SET value = '%s' WHERE name = 'modules';", others,
             module);
    run_sql(module, sql);
}

static void open_all(void)
{
    for (int i = 0; i < STORES; i++) {
        char path[4200], url[4300], set[64];
        const char *const settings[] = {set, "search=none:"};
        aurora_options options = {.size = sizeof options,
                                  .flags = AURORA_OPEN_READONLY,
                                  .settings = settings,
                                  .setting_count = 2};
        path_of(path, cuts[i].module);
        snprintf(url, sizeof url, "sqlite:%s", path);
        snprintf(set, sizeof set, "modules=%s", cuts[i].module);
        shops[i] = shop_open(url, &options);
    }
}

static void set_up(void)
{
    folder = aurora_tempdir_new();
    make_whole();
    for (int i = 0; i < STORES; i++)
        cut_out(cuts[i].module, cuts[i].others);
}

static void tear_down(void)
{
    for (int i = 0; i < STORES; i++)
        aurora_close(shops[i]);
    aurora_tempdir_remove(folder);
}

static aurora_report *verify(uint32_t flags)
{
    aurora_error err = AURORA_ERROR_INIT;
    aurora_report *report = NULL;
    open_all();
    aurora_assert_ok(aurora_verify_stores(shops, STORES, flags, &report, &err));
    return report;
}

static void assert_found(const aurora_report *report, const char *invariant, const char *words)
{
    bool is_found = false;
    for (uint32_t i = 0; i < report->count; i++)
        is_found |= strcmp(report->items[i]->invariant, invariant) == 0 &&
                    strstr(report->items[i]->message, words) != NULL;
    ck_assert_msg(is_found, "no %s with \"%s\" among %u", invariant, words, report->count);
}

static void assert_only(const aurora_report *report, const char *invariant, const char *words)
{
    for (uint32_t i = 0; i < report->count; i++)
        fprintf(stderr, "%s %s: %s\n", report->items[i]->invariant, report->items[i]->subject,
                report->items[i]->message);
    ck_assert_uint_eq(report->violation_count, 1);
    ck_assert_str_eq(report->items[0]->invariant, invariant);
    ck_assert_msg(strstr(report->items[0]->message, words) != NULL, "%s",
                  report->items[0]->message);
}

START_TEST(test_stores__that_agree_are_quiet)
{
    aurora_report *report = verify(AURORA_VERIFY_AT_REST);
    for (uint32_t i = 0; i < report->count; i++)
        fprintf(stderr, "%s %s: %s\n", report->items[i]->invariant, report->items[i]->subject,
                report->items[i]->message);
    ck_assert_uint_eq(report->is_ok, 1);
    ck_assert_uint_eq(report->in_progress, 0);
    ck_assert_uint_eq(report->order_count, 5);
    aurora_report_free(report);
}
END_TEST

START_TEST(test_payment__that_was_voided_under_a_completed_order_is_found)
{
    run_sql("payment", "UPDATE payments SET state = (SELECT state FROM payments ORDER BY order_id "
                       "LIMIT 1 OFFSET 4), version = version + 1 WHERE order_id = (SELECT order_id "
                       "FROM payments ORDER BY order_id LIMIT 1); DELETE FROM ledger;");
    aurora_report *report = verify(AURORA_VERIFY_AT_REST);
    assert_only(report, "I2", "is settled as COMPLETED");
    aurora_report_free(report);
}
END_TEST

START_TEST(test_payment__that_is_missing_is_found)
{
    run_sql("payment", "DELETE FROM payments WHERE order_id = (SELECT order_id FROM payments ORDER "
                       "BY order_id LIMIT 1); DELETE FROM ledger;");
    aurora_report *report = verify(AURORA_VERIFY_AT_REST);
    assert_only(report, "I2", "is settled without a payment");
    aurora_report_free(report);
}
END_TEST

START_TEST(test_money__for_an_order_that_nobody_knows_is_found)
{
    run_sql("order", "DELETE FROM orders WHERE id = (SELECT id FROM orders ORDER BY id LIMIT 1);");
    aurora_report *report = verify(AURORA_VERIFY_AT_REST);
    /* The order's own log says so too. */
    assert_found(report, "I2", "money is held for no order");
    aurora_report_free(report);
}
END_TEST

START_TEST(test_reservation__that_is_missing_is_found_after_a_second_look)
{
    /* Not at rest: it counts only because it did not change in the time between. The stock row is
     * given back what the reservation took, or its own store would complain too. */
    run_sql("inventory",
            "UPDATE stock SET sold = sold - 2, available = available + 2; DELETE FROM reservations "
            "WHERE order_id = (SELECT order_id FROM reservations ORDER BY order_id LIMIT 1);");
    aurora_report *report = verify(0);
    assert_only(report, "I4", "is settled without a reservation");
    aurora_report_free(report);
}
END_TEST

START_TEST(test_price__of_an_older_version_is_found)
{
    run_sql("product", "UPDATE products SET price_minor = 999, version = version + 1;");
    aurora_report *report = verify(AURORA_VERIFY_AT_REST);
    assert_only(report, "I15", "the order service's price has version");
    aurora_report_free(report);
}
END_TEST

START_TEST(test_price__that_differs_at_one_version_is_found)
{
    run_sql("order", "UPDATE prices SET price_minor = 1;");
    aurora_report *report = verify(AURORA_VERIFY_AT_REST);
    assert_only(report, "I15", "differs at version");
    aurora_report_free(report);
}
END_TEST

START_TEST(test_consumer__ahead_of_the_log_that_it_reads_is_found)
{
    run_sql("inventory",
            "INSERT INTO watermarks SELECT 'inventory', '/aurora/order/' || substr(h, 1, 8) || '-' "
            "|| substr(h, 9, 4) || '-' || substr(h, 13, 4) || '-' || substr(h, 17, 4) || '-' || "
            "substr(h, 21), 'orders', 0, 1000000, 7, 1 FROM (SELECT lower(hex(log_id)) AS h FROM "
            "log_epochs ORDER BY first_position DESC LIMIT 1);");
    aurora_report *report = verify(AURORA_VERIFY_AT_REST);
    assert_only(report, "I6", "has taken position 1000000 of a log that ends at");
    aurora_report_free(report);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("verify_across");
    TCase *tcase = tcase_create("stores");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, test_stores__that_agree_are_quiet);
    tcase_add_test(tcase, test_payment__that_was_voided_under_a_completed_order_is_found);
    tcase_add_test(tcase, test_payment__that_is_missing_is_found);
    tcase_add_test(tcase, test_money__for_an_order_that_nobody_knows_is_found);
    tcase_add_test(tcase, test_reservation__that_is_missing_is_found_after_a_second_look);
    tcase_add_test(tcase, test_price__of_an_older_version_is_found);
    tcase_add_test(tcase, test_price__that_differs_at_one_version_is_found);
    tcase_add_test(tcase, test_consumer__ahead_of_the_log_that_it_reads_is_found);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(suite)

/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "api/module_set.h"
#include "core/step.h"
#include "store_fixture.h"
#include "test.h"

#define ORDERS (AURORA__MODULE_ORDER | AURORA__MODULE_PRODUCT)

static const aurora_id claim_id = {{1}};

static aurora_status claim(store_fixture *fixture, uint32_t modules, aurora_error *err)
{
    return aurora__module_set_claim(&fixture->port, modules, claim_id, err);
}

static const char *stored_set(store_fixture *fixture)
{
    static aurora__meta_row row;
    row = (aurora__meta_row){.name = "modules", .value = ""};
    ck_assert(store_find_committed(fixture, AURORA__TABLE_meta, &row));
    return row.value;
}

static void put_unsettled_order(store_fixture *fixture)
{
    aurora__order_row row = {.id = {{7}},
                             .status = 1,
                             .version = 1,
                             .currency = "EUR",
                             .due_at = 1000,
                             .lines = "[]",
                             .transitions = "[]"};
    store_put_committed(fixture, AURORA_PUT_INSERT, AURORA__TABLE_order, &row);
}

START_TEST(test_module_set__first_claim_is_recorded_and_holds)
{
    store_fixture *fixture = store_open(_i);

    aurora_assert_ok(claim(fixture, ORDERS, NULL));

    ck_assert_str_eq(stored_set(fixture), "order,product");
    put_unsettled_order(fixture);
    aurora_assert_ok(claim(fixture, ORDERS, NULL));
    store_close(fixture);
}
END_TEST

START_TEST(test_module_set__all_modules_fit)
{
    store_fixture *fixture = store_open(_i);

    aurora_assert_ok(claim(fixture, AURORA__MODULE_ALL, NULL));

    ck_assert_str_eq(stored_set(fixture),
                     "order,inventory,payment,product,search,recommendation,notification");
    store_close(fixture);
}
END_TEST

START_TEST(test_module_set__drained_store_may_change_hands)
{
    store_fixture *fixture = store_open(_i);
    aurora_assert_ok(claim(fixture, ORDERS, NULL));

    aurora_assert_ok(claim(fixture, AURORA__MODULE_PAYMENT, NULL));

    ck_assert_str_eq(stored_set(fixture), "payment");
    store_close(fixture);
}
END_TEST

START_TEST(test_module_set__unsettled_order_keeps_the_store)
{
    store_fixture *fixture = store_open(_i);
    aurora_error err = AURORA_ERROR_INIT;
    aurora_assert_ok(claim(fixture, ORDERS, NULL));
    put_unsettled_order(fixture);

    aurora_assert_status(claim(fixture, AURORA__MODULE_ALL, &err), AURORA_ESCHEMA);

    ck_assert_str_eq(err.field, "modules");
    ck_assert_str_eq(err.message, "the store is not drained and belongs to order,product");
    ck_assert_str_eq(stored_set(fixture), "order,product");
    store_close(fixture);
}
END_TEST

START_TEST(test_module_set__saga_cursor_behind_the_log_keeps_the_store)
{
    store_fixture *fixture = store_open(_i);
    aurora_assert_ok(claim(fixture, ORDERS, NULL));
    aurora_store_txn *txn = store_write(fixture);
    store_append(fixture, txn, 3, "[]");
    store_commit(fixture, txn);
    /* More than a page of others, and the one that counts last. */
    for (int i = 0; i < 20; i++) {
        char name[] = "host-a";
        name[5] = (char)('a' + i);
        aurora__cursor_row other = {.name = name, .kind = 1, .position = 0};
        store_put_committed(fixture, AURORA_PUT_INSERT, AURORA__TABLE_cursor, &other);
    }
    aurora__cursor_row relay = {.name = "relay", .kind = 3, .position = 2};
    store_put_committed(fixture, AURORA_PUT_INSERT, AURORA__TABLE_cursor, &relay);

    aurora_assert_status(claim(fixture, AURORA__MODULE_ALL, NULL), AURORA_ESCHEMA);

    relay.position = 3;
    store_put_committed(fixture, AURORA_PUT_UPSERT, AURORA__TABLE_cursor, &relay);
    aurora_assert_ok(claim(fixture, AURORA__MODULE_ALL, NULL));
    store_close(fixture);
}
END_TEST

START_TEST(test_module_set__notification_may_be_behind_where_it_stays_installed)
{
    store_fixture *fixture = store_open(_i);
    aurora_assert_ok(claim(fixture, AURORA__MODULE_ALL, NULL));
    aurora_store_txn *txn = store_write(fixture);
    store_append(fixture, txn, 3, "[]");
    store_commit(fixture, txn);
    aurora__cursor_row cursor = {.name = "notification", .kind = 3, .position = 1};
    store_put_committed(fixture, AURORA_PUT_INSERT, AURORA__TABLE_cursor, &cursor);

    aurora_status without = claim(fixture, ORDERS, NULL);
    aurora_status with = claim(fixture, ORDERS | AURORA__MODULE_NOTIFICATION, NULL);

    aurora_assert_status(without, AURORA_ESCHEMA);
    aurora_assert_ok(with);
    store_close(fixture);
}
END_TEST

static Suite *module_set_suite(void)
{
    Suite *suite = suite_create("module_set");
    TCase *tcase = tcase_create("module_set");
    const int n = store_adapter_count();
    tcase_add_loop_test(tcase, test_module_set__first_claim_is_recorded_and_holds, 0, n);
    tcase_add_loop_test(tcase, test_module_set__all_modules_fit, 0, n);
    tcase_add_loop_test(tcase, test_module_set__drained_store_may_change_hands, 0, n);
    tcase_add_loop_test(tcase, test_module_set__unsettled_order_keeps_the_store, 0, n);
    tcase_add_loop_test(tcase, test_module_set__saga_cursor_behind_the_log_keeps_the_store, 0, n);
    tcase_add_loop_test(tcase, test_module_set__notification_may_be_behind_where_it_stays_installed,
                        0, n);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(module_set_suite)

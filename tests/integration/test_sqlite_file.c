/* SPDX-License-Identifier: MIT */
/* Which files the SQLite store takes and refuses, and what it answers about them. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/store_sqlite/environment.h"
#include "sqlite_place.h"
#include "test.h"

/* --- the file ------------------------------------------------------------------------------- */

static void assert_refused(sqlite_place *place, aurora_status expected, const char *words)
{
    aurora_store store;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status rc = sqlite_place_try(place, &store, &err);
    aurora_assert_status(rc, expected);
    ck_assert_msg(strstr(err.message, words) != NULL, "\"%s\" is not in \"%s\"", words,
                  err.message);
    ck_assert_int_eq(place->blocks, 0);
}

static void make_store(sqlite_place *place)
{
    aurora_store store = sqlite_place_open(place);
    aurora_assert_ok(sqlite_put_price(&store, "TEA", 1, 1));
    store.close(store.self);
}

START_TEST(test_open__refuses_a_newer_schema)
{
    sqlite_place *place = sqlite_place_new();
    make_store(place);
    sqlite_place_exec(place, "PRAGMA user_version = 99");

    assert_refused(place, AURORA_ESCHEMA, "schema 99");

    sqlite_place_free(place);
}
END_TEST

START_TEST(test_open__takes_a_newer_schema_that_says_it_may)
{
    sqlite_place *place = sqlite_place_new();
    make_store(place);
    sqlite_place_exec(place, "PRAGMA user_version = 99;"
                             "ALTER TABLE prices ADD COLUMN colour TEXT;"
                             "INSERT INTO migrations (version, runs_from) VALUES (99, 5)");

    make_store(place);
    place->options.flags = AURORA_STORE_READONLY;
    aurora_store store = sqlite_place_open(place);
    store.close(store.self);
    sqlite_place_exec(place, "UPDATE migrations SET runs_from = 98 WHERE version = 99");

    assert_refused(place, AURORA_ESCHEMA, "needs a library of 98");
    place->options.flags = 0;
    assert_refused(place, AURORA_ESCHEMA, "needs a library of 98");

    sqlite_place_free(place);
}
END_TEST

START_TEST(test_open__names_the_column_that_differs)
{
    sqlite_place *place = sqlite_place_new();
    make_store(place);
    sqlite_place_exec(place, "ALTER TABLE prices RENAME COLUMN currency TO money");

    assert_refused(place, AURORA_ESCHEMA, "prices.currency");

    sqlite_place_free(place);
}
END_TEST

START_TEST(test_open__leaves_the_file_of_another_program_alone)
{
    sqlite_place *place = sqlite_place_new();
    struct stat before, after;
    sqlite_place_exec(place, "CREATE TABLE mine (a)");
    ck_assert_int_eq(stat(place->path, &before), 0);

    assert_refused(place, AURORA_ESCHEMA, "another program");

    ck_assert_int_eq(stat(place->path, &after), 0);
    ck_assert_int_eq(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
    sqlite_place_free(place);
}
END_TEST

START_TEST(test_open__refuses_what_is_no_database)
{
    sqlite_place *place = sqlite_place_new();
    FILE *file = fopen(place->path, "w");
    for (int i = 0; i < 1000; i++)
        fputs("Dear diary, ", file);
    fclose(file);

    assert_refused(place, AURORA_ECORRUPT, "not a database");

    sqlite_place_free(place);
}
END_TEST

START_TEST(test_open__refuses_a_folder_a_missing_file_and_an_empty_name)
{
    sqlite_place *place = sqlite_place_new();
    place->options.flags = AURORA_STORE_NO_CREATE;
    assert_refused(place, AURORA_ENOTFOUND, "does not exist");

    place->options.address = place->folder;
    assert_refused(place, AURORA_EINVAL, "is a folder");
    place->options.address = "";
    assert_refused(place, AURORA_EINVAL, "path");
    place->options.flags = 0;
    place->options.address = "/no/such/folder/shop.db";
    assert_refused(place, AURORA_EINVAL, "No such file");

    sqlite_place_free(place);
}
END_TEST

START_TEST(test_open__without_migration_refuses_an_older_schema)
{
    sqlite_place *place = sqlite_place_new();
    make_store(place);
    sqlite_place_exec(place, "PRAGMA user_version = 1");
    place->options.flags = AURORA_STORE_NO_MIGRATE;

    assert_refused(place, AURORA_ESCHEMA, "must be migrated");

    sqlite_place_free(place);
}
END_TEST

START_TEST(test_readonly__reads_and_refuses_to_write)
{
    sqlite_place *place = sqlite_place_new();
    make_store(place);
    place->options.flags = AURORA_STORE_READONLY;

    aurora_store store = sqlite_place_open(place);
    aurora_status rc = sqlite_put_price(&store, "TEA", 2, 2);

    aurora_assert_status(rc, AURORA_EREADONLY);
    ck_assert_int_eq(sqlite_get_price(&store, "TEA"), 1);
    store.close(store.self);
    sqlite_place_free(place);
}
END_TEST

START_TEST(test_damage__answers_ecorrupt)
{
    sqlite_place *place = sqlite_place_new();
    struct stat fresh, filled;
    char sku[16];
    make_store(place);
    ck_assert_int_eq(stat(place->path, &fresh), 0);
    aurora_store store = sqlite_place_open(place);
    for (int i = 0; i < 300; i++) {
        snprintf(sku, sizeof sku, "SKU-%d", i);
        aurora_assert_ok(sqlite_put_price(&store, sku, 1, i));
    }
    store.close(store.self);
    ck_assert_int_eq(stat(place->path, &filled), 0);
    FILE *file = fopen(place->path, "r+");
    ck_assert_int_eq(fseek(file, fresh.st_size, SEEK_SET), 0);
    for (off_t at = fresh.st_size; at < filled.st_size; at++)
        fputc(0xa5, file);
    fclose(file);

    store = sqlite_place_open(place);
    aurora_status rc = AURORA_OK;
    for (int i = 0; i < 300 && rc == AURORA_OK; i++) {
        aurora_store_txn *txn;
        int64_t price;
        snprintf(sku, sizeof sku, "SKU-%d", i);
        aurora_assert_ok(store.begin(store.self, AURORA_TXN_READ, sqlite_batch(0), 0, NULL, &txn));
        rc = sqlite_load_price(&store, txn, sku, &price);
        store.rollback(store.self, txn);
    }

    aurora_assert_status(rc, AURORA_ECORRUPT);
    store.close(store.self);
    sqlite_place_free(place);
}
END_TEST

START_TEST(test_memory__running_out_at_any_point_leaks_nothing)
{
    sqlite_place *place = sqlite_place_new();
    aurora_status rc = AURORA_ENOMEM;
    int64_t allowed = 0;

    for (; rc == AURORA_ENOMEM && allowed < 50; allowed++) {
        aurora_store store;
        place->blocks_left = allowed;
        rc = sqlite_place_try(place, &store, NULL);
        if (rc == AURORA_OK) {
            aurora_store_txn *txn;
            rc = store.begin(store.self, AURORA_TXN_READ, sqlite_batch(0), 0, NULL, &txn);
            if (rc == AURORA_OK)
                store.rollback(store.self, txn);
            store.close(store.self);
        }
        ck_assert_int_eq(place->blocks, 0);
    }

    aurora_assert_ok(rc);
    ck_assert_int_gt(allowed, 3);
    sqlite_place_free(place);
}
END_TEST

START_TEST(test_environment__says_what_sqlite_lacks)
{
    const aurora__sqlite_library libraries[] = {{3039004, 1, 1}, {3040000, 0, 1}, {3040000, 1, 0}};
    const char *const words[] = {"3.39", "THREADSAFE", "FTS5"};
    const aurora__sqlite_library good = {3040000, 1, 1};

    for (int i = 0; i < 3; i++) {
        aurora_error err = AURORA_ERROR_INIT;
        aurora_assert_status(aurora__sqlite_library_check(&libraries[i], &err), AURORA_ENOTSUP);
        ck_assert_ptr_nonnull(strstr(err.message, words[i]));
    }
    aurora_assert_ok(aurora__sqlite_library_check(&good, NULL));
    ck_assert(aurora__sqlite_is_network(0x6969));
    ck_assert(aurora__sqlite_is_network(0xff534d42));
    ck_assert(!aurora__sqlite_is_network(0xef53));
}
END_TEST

/* --- what people read ----------------------------------------------------------------------- */

static void assert_row(sqlite_place *place, const char *sql, const char *expected)
{
    sqlite3 *db;
    sqlite3_stmt *stmt;
    ck_assert_int_eq(sqlite3_open(place->path, &db), SQLITE_OK);
    ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK, "%s: %s", sql,
                  sqlite3_errmsg(db));
    ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
    ck_assert_str_eq((const char *)sqlite3_column_text(stmt, 0), expected);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
}

START_TEST(test_views__show_orders_lines_and_events)
{
    sqlite_place *place = sqlite_place_new();
    make_store(place);
    sqlite_place_exec(
        place, "INSERT INTO orders (id, status, reason, parked, answers, version, created_version,"
               " resend_count, total_minor, currency, placed_at, created_at, updated_at,"
               " deadline_at, lines, transitions) VALUES"
               " (x'0192a4c07b3c7def8123456789abcdef', 4, 2, 0, 0, 3, 1, 0, 2500, 'EUR',"
               " 1700000000123, 1700000000123, 1700000000123, 1700000300123,"
               " '[[\"TEA\",2,1000],[\"MUG\",1,500]]', '[0,[1,1],[2,2,7,2],[3,4,9,5,2]]');"
               "DELETE FROM log;"
               "INSERT INTO log (position, count, format, at, body) VALUES (5, 3, 1, 1,"
               " '[1700000000000,[\"0192a4c07b3c7def8123456789abcdef\",[[1,1],[5,3,0,250,2]],[],[]]"
               ",[20,9,0,\"TEA\",4]]')");

    assert_row(place,
               "SELECT id || ' ' || status || ' ' || reason || ' ' || placed_at"
               " FROM readable_orders",
               "0192a4c0-7b3c-7def-8123-456789abcdef FAILED payment_declined"
               " 2023-11-14T22:13:20.123000Z");
    assert_row(place,
               "SELECT group_concat(sku || quantity || '*' || unit_price_minor)"
               " FROM readable_order_lines",
               "TEA2*1000,MUG1*500");
    assert_row(
        place,
        "SELECT group_concat(position || event || substr(subject, 1, 13) || substr(at, 18)) FROM"
        " (SELECT * FROM readable_events ORDER BY position)",
        "5order.created0192a4c0-7b3c20.000000Z,6payment.declined0192a4c0-7b3c20.250000Z,"
        "7product.deletedTEA20.009000Z");
    assert_row(place,
               "SELECT status || at || event || reason FROM readable_order_history"
               " WHERE version = 3",
               "FAILED2023-11-14T22:13:20.132000Zpayment.declinedpayment_declined");
    sqlite_place_free(place);
}
END_TEST

static Suite *sqlite_file_suite(void)
{
    Suite *suite = suite_create("sqlite_file");
    TCase *tcase = tcase_create("all");
    tcase_add_test(tcase, test_open__refuses_a_newer_schema);
    tcase_add_test(tcase, test_open__takes_a_newer_schema_that_says_it_may);
    tcase_add_test(tcase, test_open__names_the_column_that_differs);
    tcase_add_test(tcase, test_open__leaves_the_file_of_another_program_alone);
    tcase_add_test(tcase, test_open__refuses_what_is_no_database);
    tcase_add_test(tcase, test_open__refuses_a_folder_a_missing_file_and_an_empty_name);
    tcase_add_test(tcase, test_open__without_migration_refuses_an_older_schema);
    tcase_add_test(tcase, test_readonly__reads_and_refuses_to_write);
    tcase_add_test(tcase, test_damage__answers_ecorrupt);
    tcase_add_test(tcase, test_memory__running_out_at_any_point_leaks_nothing);
    tcase_add_test(tcase, test_environment__says_what_sqlite_lacks);
    tcase_add_test(tcase, test_views__show_orders_lines_and_events);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(sqlite_file_suite)

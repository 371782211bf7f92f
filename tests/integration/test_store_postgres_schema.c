/* SPDX-License-Identifier: MIT */
/* What a PostgreSQL store makes in its database, whom it lets do that, and what it refuses. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/store_postgres/store_postgres.h"
#include "heap.h"
#include "postgres_place.h"
#include "store_fixture.h"

#define META AURORA__TABLE_meta
#define STOCK AURORA__TABLE_stock
#define OPENERS 8

static char address[256];

/* Nothing of ours is in it. */
static void empty_database(void)
{
    postgres_program_database(address, sizeof address);
    postgres_run(address,
                 "DO $$ DECLARE name text; BEGIN FOR name IN SELECT nspname FROM pg_namespace WHERE"
                 " nspname LIKE 'aurora%' LOOP EXECUTE 'DROP SCHEMA ' || name || ' CASCADE';"
                 " END LOOP; END $$",
                 NULL, 0);
}

static void say_nothing(void *self, int32_t level, const char *message)
{
    (void)self;
    (void)level;
    (void)message;
}

static aurora_status open_at(const char *where, const char *modules, uint32_t flags,
                             aurora_store *out, aurora_error *err)
{
    const aurora_table *tables[AURORA__TABLE_COUNT];
    for (uint32_t i = 0; i < AURORA__TABLE_COUNT; i++)
        tables[i] = store_table(i);
    const aurora_store_options options = {.size = sizeof options,
                                          .flags = flags,
                                          .address = where,
                                          .tables = tables,
                                          .table_count = AURORA__TABLE_COUNT,
                                          .allocator = &heap,
                                          .log = say_nothing,
                                          .modules = modules};
    return aurora__store_postgres_open(&options, out, err);
}

/* Opens and closes; what it answered. The words are in *err_out. */
static aurora_status visit(const char *modules, uint32_t flags, aurora_error *err_out)
{
    aurora_store store;
    *err_out = (aurora_error)AURORA_ERROR_INIT;
    aurora_status status = open_at(address, modules, flags, &store, err_out);
    if (status == AURORA_OK)
        store.close(store.self);
    return status;
}

static void assert_value(const char *sql, const char *expected)
{
    char text[256];
    postgres_run(address, sql, text, sizeof text);
    ck_assert_str_eq(text, expected);
}

/* --- migrations ------------------------------------------------------------------------------- */

typedef struct {
    aurora_status status;
    aurora_error err;
} opener;

static void *open_once(void *argument)
{
    opener *self = argument;
    self->status = visit(NULL, 0, &self->err);
    return NULL;
}

START_TEST(test_migrations__raced_by_eight_are_done_once)
{
    pthread_t threads[OPENERS];
    opener openers[OPENERS];
    for (int i = 0; i < OPENERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, open_once, &openers[i]), 0);
    for (int i = 0; i < OPENERS; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_msg(openers[i].status == AURORA_OK, "%s", openers[i].err.message);
    }

    assert_value("SELECT count(*) = max(version) FROM aurora.migrations", "t");
    assert_value("SELECT count(*) FROM aurora.log_head", "1");
}
END_TEST

START_TEST(test_migrations__newer_schema_is_refused_unless_it_says_otherwise)
{
    aurora_error err;
    aurora_assert_ok(visit(NULL, 0, &err));

    postgres_run(address, "INSERT INTO aurora.migrations (version, runs_from) VALUES (99, 1)", NULL,
                 0);
    aurora_assert_ok(visit(NULL, 0, &err));
    postgres_run(address, "UPDATE aurora.migrations SET runs_from = 99 WHERE version = 99", NULL,
                 0);

    aurora_assert_status(visit(NULL, 0, &err), AURORA_ESCHEMA);
    ck_assert_ptr_nonnull(strstr(err.message, "99"));
    aurora_assert_status(visit(NULL, AURORA_STORE_READONLY, &err), AURORA_ESCHEMA);
}
END_TEST

START_TEST(test_migrations__flags_forbid_what_they_name)
{
    aurora_error err;

    aurora_assert_status(visit(NULL, AURORA_STORE_NO_CREATE, &err), AURORA_ENOTFOUND);
    aurora_assert_status(visit(NULL, AURORA_STORE_READONLY, &err), AURORA_ENOTFOUND);
    assert_value("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'aurora%'", "0");

    /* A store that is not there yet is made; one that is old is left as it is. */
    aurora_assert_ok(visit(NULL, AURORA_STORE_NO_MIGRATE, &err));
    postgres_run(address, "DELETE FROM aurora.migrations WHERE version > 1", NULL, 0);
    aurora_assert_status(visit(NULL, AURORA_STORE_NO_MIGRATE, &err), AURORA_ESCHEMA);
    aurora_assert_status(visit(NULL, AURORA_STORE_READONLY, &err), AURORA_ESCHEMA);
    assert_value("SELECT max(version) FROM aurora.migrations", "1");
}
END_TEST

/* --- layout ----------------------------------------------------------------------------------- */

START_TEST(test_layout__one_module_keeps_all_its_tables_in_its_schema)
{
    aurora_error err;

    aurora_assert_ok(visit("order", 0, &err));

    assert_value("SELECT string_agg(nspname, ',') FROM pg_namespace WHERE nspname LIKE 'aurora%'",
                 "aurora_order");
    assert_value("SELECT count(*) FROM pg_tables WHERE schemaname = 'aurora_order' AND tablename IN"
                 " ('orders', 'stock', 'log', 'log_head', 'watermarks', 'leases')",
                 "6");
}
END_TEST

START_TEST(test_layout__several_modules_keep_each_table_in_its_owner_s_schema)
{
    aurora_error err;

    aurora_assert_ok(visit("order,inventory,payment", 0, &err));

    assert_value("SELECT string_agg(schemaname, ',' ORDER BY tablename) FROM pg_tables WHERE"
                 " tablename IN ('orders', 'stock', 'payments', 'log', 'products')",
                 "aurora,aurora_order,aurora_payment,aurora_product,aurora_inventory");
}
END_TEST

START_TEST(test_layout__unknown_module_is_refused)
{
    aurora_error err;

    aurora_assert_status(visit("order,kitchen", 0, &err), AURORA_EINVAL);

    ck_assert_ptr_nonnull(strstr(err.message, "kitchen"));
}
END_TEST

START_TEST(test_columns__another_type_or_a_missing_one_is_refused)
{
    aurora_error err;
    aurora_assert_ok(visit(NULL, 0, &err));
    const struct {
        const char *sql;
        const char *word;
        const char *undo;
    } changes[] = {
        {"ALTER TABLE aurora_product.products ADD COLUMN more text", NULL, NULL},
        {"DROP INDEX aurora_order.orders_due", "orders_due",
         "CREATE INDEX orders_due ON aurora_order.orders (due_at, id) WHERE due_at IS NOT NULL"},
        {"ALTER TABLE aurora_order.prices ALTER COLUMN currency DROP NOT NULL", "nullability",
         "ALTER TABLE aurora_order.prices ALTER COLUMN currency SET NOT NULL"},
        {"ALTER TABLE aurora_order.prices ALTER COLUMN currency TYPE text COLLATE \"default\"",
         "collation",
         "ALTER TABLE aurora_order.prices ALTER COLUMN currency TYPE text COLLATE \"C\""},
        {"ALTER TABLE aurora_inventory.stock_movements ALTER COLUMN quantity TYPE integer",
         "stock_movements.quantity",
         "ALTER TABLE aurora_inventory.stock_movements ALTER COLUMN quantity TYPE bigint"},
        {"ALTER TABLE aurora_payment.payments DROP COLUMN saga", "payments.saga",
         "ALTER TABLE aurora_payment.payments ADD COLUMN saga text COLLATE \"C\""},
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        postgres_run(address, changes[i].sql, NULL, 0);
        aurora_status status = visit(NULL, 0, &err);
        if (changes[i].word == NULL) {
            aurora_assert_ok(status);
            continue;
        }
        aurora_assert_status(status, AURORA_ESCHEMA);
        ck_assert_msg(strstr(err.message, changes[i].word) != NULL, "%s", err.message);
        postgres_run(address, changes[i].undo, NULL, 0);
    }
}
END_TEST

/* --- roles ------------------------------------------------------------------------------------ */

/* The address for another role. */
static void address_of(const char *role, char *out, size_t capacity)
{
    const char *at = strchr(address, '@');
    ck_assert_ptr_nonnull(at);
    snprintf(out, capacity, "//%s%s", role, at);
}

START_TEST(test_role__that_owns_its_schema_may_do_all_and_make_none)
{
    char role[64];
    char sql[600];
    char where[300];
    aurora_store store;
    aurora_error err = AURORA_ERROR_INIT;
    snprintf(role, sizeof role, "%s_role", strrchr(address, '/') + 1);
    snprintf(sql, sizeof sql,
             "CREATE ROLE %s LOGIN; GRANT %s TO CURRENT_USER; CREATE SCHEMA aurora_order "
             "AUTHORIZATION %s;"
             " REVOKE ALL ON DATABASE %s FROM PUBLIC; GRANT CONNECT ON DATABASE %s TO %s",
             role, role, role, strrchr(address, '/') + 1, strrchr(address, '/') + 1, role);
    postgres_run(address, sql, NULL, 0);
    address_of(role, where, sizeof where);

    aurora_status own = open_at(where, "order", 0, &store, &err);
    if (own == AURORA_OK)
        store.close(store.self);
    aurora_error refused = AURORA_ERROR_INIT;
    aurora_status other = open_at(where, "payment", 0, &store, &refused);

    snprintf(sql, sizeof sql, "DROP OWNED BY %s; DROP ROLE %s", role, role);
    postgres_run(address, sql, NULL, 0);
    ck_assert_msg(own == AURORA_OK, "%s", err.message);
    ck_assert_int_ne(other, AURORA_OK);
    ck_assert_ptr_nonnull(strstr(refused.message, "permission denied"));
}
END_TEST

/* --- addresses -------------------------------------------------------------------------------- */

START_TEST(test_address__bad_ones_are_refused_without_their_password)
{
    aurora_store store;
    static const char *const bad[] = {"//u:secret@[::1/x", "//u:secret@127.0.0.1:1/x?readers=0",
                                      "//u:secret@h/x?readers=many", "//u:secret@h/x?outbox=other",
                                      "//u:secret@h/x?nonsense=1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        aurora_error err = AURORA_ERROR_INIT;
        aurora_assert_status(open_at(bad[i], NULL, 0, &store, &err), AURORA_EINVAL);
        ck_assert_str_ne(err.message, "");
        ck_assert_ptr_null(strstr(err.message, "secret"));
    }
}
END_TEST

START_TEST(test_address__own_parameters_do_not_reach_the_server)
{
    char where[300];
    aurora_store store;
    aurora_error err = AURORA_ERROR_INIT;
    snprintf(where, sizeof where, "%s?readers=2&connect_timeout=3", address);

    aurora_status status = open_at(where, NULL, 0, &store, &err);

    ck_assert_msg(status == AURORA_OK, "%s", err.message);
    store.close(store.self);
}
END_TEST

/* --- values ----------------------------------------------------------------------------------- */

static aurora_status put_text(aurora_store *store, const char *bytes, uint32_t length)
{
    aurora_store_txn *txn = NULL;
    uint64_t epoch;
    uint32_t failed;
    aurora_value values[2] = {store_text("note"),
                              {.kind = AURORA_COLUMN_TEXT, .length = length, .bytes = bytes}};
    aurora_store_put put = {
        .table = store_table(META), .values = values, .kind = AURORA_PUT_UPSERT};
    aurora_assert_ok(
        store->begin(store->self, AURORA_TXN_WRITE, store_id(1, 1), 2000, &epoch, &txn));
    aurora_status status = store->save(store->self, txn, &put, 1, &failed);
    if (status == AURORA_OK)
        return store->commit(store->self, txn);
    store->rollback(store->self, txn);
    return status;
}

START_TEST(test_text__every_odd_byte_comes_back_and_what_is_no_text_is_refused)
{
    aurora_store store;
    aurora_error err = AURORA_ERROR_INIT;
    char odd[512];
    uint32_t length = 0;
    for (int c = 1; c < 0x80; c++)
        odd[length++] = (char)c;
    for (int c = 0x80; c < 0x100; c++) {
        odd[length++] = (char)(0xc0 | c >> 6);
        odd[length++] = (char)(0x80 | (c & 0x3f));
    }
    aurora_assert_ok(open_at(address, NULL, 0, &store, &err));

    aurora_assert_ok(put_text(&store, odd, length));
    char text[64];
    postgres_run(address, "SELECT octet_length(value) FROM aurora.meta", text, sizeof text);
    ck_assert_int_eq(atoi(text), (int)length);
    postgres_run(address,
                 "SELECT md5(value) = md5((SELECT string_agg(chr(i), '' ORDER BY i) FROM"
                 " generate_series(1, 255) AS i)) FROM aurora.meta",
                 text, sizeof text);
    ck_assert_str_eq(text, "t");
    aurora_assert_status(put_text(&store, "a\0b", 3), AURORA_ECONFLICT);
    aurora_assert_status(put_text(&store, "\xff\xfe", 2), AURORA_ECONFLICT);
    aurora_assert_status(put_text(&store, "\xc3", 1), AURORA_ECONFLICT);
    store.close(store.self);
}
END_TEST

/* --- puts in one statement -------------------------------------------------------------------- */

START_TEST(test_commit__refuses_all_where_one_of_many_was_refused)
{
    enum { ROWS = 300 };
    aurora_store store;
    aurora_error err = AURORA_ERROR_INIT;
    static aurora_value values[ROWS][8];
    static aurora_store_put puts[ROWS];
    aurora_assert_ok(open_at(address, NULL, 0, &store, &err));
    for (uint32_t round = 0; round < 3; round++) {
        for (int64_t i = 0; i < ROWS; i++) {
            /* Not in the order of their keys, and in the last round with one below zero. */
            aurora__stock_row row = {
                .id = i * 7 % ROWS, .version = 1, .available = round == 2 && i == 211 ? -1 : i};
            row.id += round == 2 ? 1000 : 0;
            aurora__table_pack(&aurora__tables[STOCK], &row, values[i]);
            puts[i] =
                (aurora_store_put){.table = store_table(STOCK),
                                   .values = values[i],
                                   .version_loaded = round == 1 && i == 123 ? 2 : 1,
                                   .kind = round == 1 ? AURORA_PUT_UPDATE : AURORA_PUT_INSERT};
        }
        aurora_store_txn *txn = NULL;
        uint64_t epoch;
        uint32_t failed = ROWS;
        aurora_assert_ok(
            store.begin(store.self, AURORA_TXN_WRITE, store_id(1, 2), 2000, &epoch, &txn));

        aurora_status status = store.save(store.self, txn, puts, ROWS, &failed);

        aurora_assert_ok(status); /* nobody has waited for the answer */
        aurora_assert_status(store.commit(store.self, txn),
                             round == 0 ? AURORA_OK : AURORA_ECONFLICT);
    }
    char count[24];
    postgres_run(
        address,
        "SELECT count(*)::text FROM aurora_inventory.stock WHERE version = 1 AND id < 1000", count,
        sizeof count);
    ck_assert_str_eq(count, "300");
    postgres_run(address, "SELECT count(*)::text FROM aurora_inventory.stock", count, sizeof count);
    ck_assert_str_eq(count, "300");
    store.close(store.self);
}
END_TEST

static Suite *store_postgres_schema_suite(void)
{
    if (!postgres_is_there())
        return NULL;
    postgres_program_database(address, sizeof address);
    Suite *suite = suite_create("store_postgres_schema");
    TCase *schema = tcase_create("schema");
    tcase_set_timeout(schema, 60);
    tcase_add_checked_fixture(schema, empty_database, NULL);
    tcase_add_test(schema, test_migrations__raced_by_eight_are_done_once);
    tcase_add_test(schema, test_migrations__newer_schema_is_refused_unless_it_says_otherwise);
    tcase_add_test(schema, test_migrations__flags_forbid_what_they_name);
    tcase_add_test(schema, test_layout__one_module_keeps_all_its_tables_in_its_schema);
    tcase_add_test(schema, test_layout__several_modules_keep_each_table_in_its_owner_s_schema);
    tcase_add_test(schema, test_layout__unknown_module_is_refused);
    tcase_add_test(schema, test_columns__another_type_or_a_missing_one_is_refused);
    tcase_add_test(schema, test_role__that_owns_its_schema_may_do_all_and_make_none);
    tcase_add_test(schema, test_address__bad_ones_are_refused_without_their_password);
    tcase_add_test(schema, test_address__own_parameters_do_not_reach_the_server);
    tcase_add_test(schema, test_text__every_odd_byte_comes_back_and_what_is_no_text_is_refused);
    tcase_add_test(schema, test_commit__refuses_all_where_one_of_many_was_refused);
    suite_add_tcase(suite, schema);
    return suite;
}

AURORA_TEST_MAIN(store_postgres_schema_suite)

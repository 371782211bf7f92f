/* SPDX-License-Identifier: MIT */
/* The store contract, rows: loads, puts and what a value keeps on its way. Scans, the log and
 * transactions have files of their own. */
#include <stdlib.h>
#include <string.h>

#include "store_fixture.h"

#define STOCK AURORA__TABLE_stock
#define PRICE AURORA__TABLE_price
#define HOLD AURORA__TABLE_hold
#define PAYMENT AURORA__TABLE_payment
#define SKETCH AURORA__TABLE_sketch
#define META AURORA__TABLE_meta

static aurora__stock_row stock(int64_t id, int64_t available, int64_t version)
{
    return (aurora__stock_row){.id = id, .available = available, .version = version};
}

static aurora__price_row price(const char *sku, int64_t price_minor)
{
    return (aurora__price_row){
        .sku = sku, .price_minor = price_minor, .currency = "EUR", .version = 1};
}

/* --- load ----------------------------------------------------------------------------------- */

START_TEST(test_load__missing_row_is_not_found)
{
    store_fixture *fixture = store_open(_i);
    aurora__stock_row present = stock(7, 1, 1);
    store_put_committed(fixture, AURORA_PUT_INSERT, STOCK, &present);

    aurora__stock_row missing = stock(8, 0, 0);
    ck_assert(!store_find_committed(fixture, STOCK, &missing));

    store_close(fixture);
}
END_TEST

START_TEST(test_load__sees_what_the_transaction_wrote)
{
    store_fixture *fixture = store_open(_i);
    aurora_store_txn *txn = store_write(fixture);
    aurora__stock_row row = stock(7, 42, 1);

    aurora_assert_ok(store_put(fixture, txn, AURORA_PUT_INSERT, STOCK, &row));

    aurora__stock_row loaded = stock(7, 0, 0);
    ck_assert(store_find(fixture, txn, STOCK, &loaded));
    ck_assert_int_eq(loaded.available, 42);
    store_rollback(fixture, txn);
    store_close(fixture);
}
END_TEST

START_TEST(test_load__finds_rows_of_several_tables_in_one_call)
{
    store_fixture *fixture = store_open(_i);
    aurora__stock_row row = stock(7, 42, 1);
    aurora__price_row other = price("TEA", 350);
    store_put_committed(fixture, AURORA_PUT_INSERT, STOCK, &row);
    store_put_committed(fixture, AURORA_PUT_INSERT, PRICE, &other);
    aurora_value keys[] = {store_int64(7), store_int64(8), store_text("TEA")};
    aurora_value values[3][64];
    aurora_store_load loads[] = {
        {.table = store_table(STOCK), .key = &keys[0], .values_out = values[0]},
        {.table = store_table(STOCK), .key = &keys[1], .values_out = values[1]},
        {.table = store_table(PRICE), .key = &keys[2], .values_out = values[2]},
    };
    aurora_arena_port arena = store_arena(fixture);

    aurora_store_txn *txn = store_write(fixture);
    aurora_assert_ok(fixture->port.load(fixture->port.self, txn, loads, 3, true, &arena));
    store_rollback(fixture, txn);

    ck_assert_uint_eq(loads[0].is_found_out, 1);
    ck_assert_uint_eq(loads[1].is_found_out, 0);
    ck_assert_uint_eq(loads[2].is_found_out, 1);
    ck_assert_int_eq(values[0][1].number, 42);
    ck_assert_int_eq(values[2][1].number, 350);
    store_close(fixture);
}
END_TEST

START_TEST(test_load__copies_outlive_the_transaction_and_the_row)
{
    store_fixture *fixture = store_open(_i);
    aurora__price_row row = price("TEA", 350);
    store_put_committed(fixture, AURORA_PUT_INSERT, PRICE, &row);
    aurora__price_row loaded = price("TEA", 0);
    ck_assert(store_find_committed(fixture, PRICE, &loaded));

    store_put_committed(fixture, AURORA_PUT_DELETE, PRICE, &row);

    ck_assert_str_eq(loaded.sku, "TEA");
    ck_assert_str_eq(loaded.currency, "EUR");
    store_close(fixture);
}
END_TEST

START_TEST(test_load__arena_without_memory_answers_enomem)
{
    store_fixture *fixture = store_open(_i);
    aurora__price_row row = price("TEA", 350);
    store_put_committed(fixture, AURORA_PUT_INSERT, PRICE, &row);
    aurora_value key = store_text("TEA");
    aurora_value values[64];
    aurora_store_load load = {.table = store_table(PRICE), .key = &key, .values_out = values};
    aurora_arena_port arena = store_arena(fixture);
    aurora_store_txn *txn = store_read(fixture);

    fixture->blocks_max = 0;
    aurora_status rc = fixture->port.load(fixture->port.self, txn, &load, 1, false, &arena);

    aurora_assert_status(rc, AURORA_ENOMEM);
    store_rollback(fixture, txn);
    store_close(fixture);
}
END_TEST

/* --- values --------------------------------------------------------------------------------- */

START_TEST(test_value__numbers_keep_their_extremes)
{
    store_fixture *fixture = store_open(_i);
    const int64_t numbers[] = {INT64_MIN, -1, 0, 1, (int64_t)1 << 53, INT64_MAX};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        aurora__price_row row = price("TEA", numbers[i]);
        row.is_deleted = (int64_t)(i & 1);
        store_put_committed(fixture, AURORA_PUT_UPSERT, PRICE, &row);

        aurora__price_row loaded = price("TEA", 5);
        ck_assert(store_find_committed(fixture, PRICE, &loaded));
        ck_assert_int_eq(loaded.price_minor, numbers[i]);
        ck_assert_int_eq(loaded.is_deleted, (int64_t)(i & 1));
    }
    store_close(fixture);
}
END_TEST

START_TEST(test_value__texts_come_back_byte_for_byte_with_a_nul)
{
    store_fixture *fixture = store_open(_i);
    char *text = malloc((1 << 20) + 1);
    ck_assert_ptr_nonnull(text);
    memset(text, 'x', 1 << 20);
    text[1 << 20] = 0;
    const char *texts[] = {"",  " ", "0", "'\"\\%_", "tea \xc3\xa9\xe2\x82\xac\xf0\x9f\x8d\xb5",
                           text};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        aurora__meta_row row = {.name = "note", .value = texts[i]};
        store_put_committed(fixture, AURORA_PUT_UPSERT, META, &row);

        aurora_value key = store_text("note");
        aurora_value values[2];
        aurora_store_load load = {.table = store_table(META), .key = &key, .values_out = values};
        aurora_arena_port arena = store_arena(fixture);
        aurora_store_txn *txn = store_read(fixture);
        aurora_assert_ok(fixture->port.load(fixture->port.self, txn, &load, 1, false, &arena));
        store_rollback(fixture, txn);

        ck_assert_uint_eq(values[1].kind, AURORA_COLUMN_TEXT);
        ck_assert_uint_eq(values[1].length, strlen(texts[i]));
        ck_assert_mem_eq(values[1].bytes, texts[i], strlen(texts[i]) + 1);
    }
    free(text);
    store_close(fixture);
}
END_TEST

START_TEST(test_value__text_needs_no_nul_when_it_is_handed_in)
{
    store_fixture *fixture = store_open(_i);
    const char letters[3] = {'a', 'b', 'c'};
    aurora_value values[2] = {store_text("note"),
                              {.kind = AURORA_COLUMN_TEXT, .length = 2, .bytes = letters}};
    aurora_store_put put = {
        .table = store_table(META), .values = values, .kind = AURORA_PUT_INSERT};
    aurora_store_txn *txn = store_write(fixture);
    uint32_t failed;

    aurora_assert_ok(fixture->port.save(fixture->port.self, txn, &put, 1, &failed));
    store_commit(fixture, txn);

    aurora__meta_row loaded = {.name = "note"};
    ck_assert(store_find_committed(fixture, META, &loaded));
    ck_assert_str_eq(loaded.value, "ab");
    store_close(fixture);
}
END_TEST

START_TEST(test_value__bytes_may_hold_any_byte_and_none)
{
    store_fixture *fixture = store_open(_i);
    uint8_t all[256];
    for (int i = 0; i < 256; i++)
        all[i] = (uint8_t)i;
    for (uint64_t length = 0; length <= 256; length += 128) {
        aurora__sketch_row row = {.name = "day", .position = 1, .body = {all, length}};
        store_put_committed(fixture, AURORA_PUT_UPSERT, SKETCH, &row);

        aurora__sketch_row loaded = {.name = "day"};
        ck_assert(store_find_committed(fixture, SKETCH, &loaded));
        ck_assert_ptr_nonnull(loaded.body.data);
        ck_assert_uint_eq(loaded.body.length, length);
        ck_assert_mem_eq(loaded.body.data, all, length);
    }
    store_close(fixture);
}
END_TEST

START_TEST(test_value__nulls_are_no_empty_texts)
{
    store_fixture *fixture = store_open(_i);
    aurora__payment_row row = {.order_id = store_id(1, 2),
                               .state = 1,
                               .is_inline = 1,
                               .version = 1,
                               .currency = "",
                               .created_at = 5,
                               .updated_at = 6};
    store_put_committed(fixture, AURORA_PUT_INSERT, PAYMENT, &row);

    aurora__payment_row loaded = {.order_id = store_id(1, 2)};
    ck_assert(store_find_committed(fixture, PAYMENT, &loaded));

    ck_assert_str_eq(loaded.currency, "");
    ck_assert_ptr_null(loaded.payment_method);
    ck_assert_ptr_null(loaded.saga);
    ck_assert_int_eq(loaded.due_at, 0);
    ck_assert_int_eq(loaded.is_inline, 1);
    ck_assert_int_eq(loaded.updated_at, 6);
    aurora_assert_id_eq(loaded.order_id, row.order_id);
    store_close(fixture);
}
END_TEST

START_TEST(test_value__nullable_column_can_become_null_and_back)
{
    store_fixture *fixture = store_open(_i);
    aurora__payment_row row = {.order_id = store_id(1, 2), .version = 1, .saga = "{}", .due_at = 9};
    store_put_committed(fixture, AURORA_PUT_INSERT, PAYMENT, &row);
    aurora__payment_row empty = {.order_id = store_id(1, 2), .version = 2};

    aurora_store_txn *txn = store_write(fixture);
    aurora_assert_ok(store_update(fixture, txn, PAYMENT, &empty, 1));
    aurora__payment_row loaded = {.order_id = store_id(1, 2)};
    ck_assert(store_find(fixture, txn, PAYMENT, &loaded));
    ck_assert_ptr_null(loaded.saga);
    row.version = 3;
    aurora_assert_ok(store_update(fixture, txn, PAYMENT, &row, 2));
    store_commit(fixture, txn);

    ck_assert(store_find_committed(fixture, PAYMENT, &loaded));
    ck_assert_str_eq(loaded.saga, "{}");
    ck_assert_int_eq(loaded.due_at, 9);
    store_close(fixture);
}
END_TEST

/* --- puts ----------------------------------------------------------------------------------- */

START_TEST(test_insert__existing_key_conflicts_and_names_the_put)
{
    store_fixture *fixture = store_open(_i);
    aurora_value values[3][64];
    aurora_store_put puts[3];
    const int64_t ids[3] = {1, 2, 1};
    for (int i = 0; i < 3; i++) {
        aurora__stock_row row = stock(ids[i], 1, 1);
        aurora__table_pack(&aurora__tables[STOCK], &row, values[i]);
        puts[i] = (aurora_store_put){
            .table = store_table(STOCK), .values = values[i], .kind = AURORA_PUT_INSERT};
    }
    aurora_store_txn *txn = store_write(fixture);

    aurora_status rc = fixture->port.save(fixture->port.self, txn, puts, 3, &fixture->failed);

    store_refused(fixture, txn, rc, 2);
    aurora__stock_row loaded = stock(2, 0, 0);
    ck_assert(!store_find_committed(fixture, STOCK, &loaded));
    store_close(fixture);
}
END_TEST

START_TEST(test_update__missing_row_conflicts)
{
    store_fixture *fixture = store_open(_i);
    aurora_store_txn *txn = store_write(fixture);
    aurora__price_row row = price("TEA", 350);

    store_refused(fixture, txn, store_put(fixture, txn, AURORA_PUT_UPDATE, PRICE, &row), 0);

    store_close(fixture);
}
END_TEST

START_TEST(test_update__another_version_conflicts)
{
    store_fixture *fixture = store_open(_i);
    aurora__stock_row row = stock(7, 10, 5);
    store_put_committed(fixture, AURORA_PUT_INSERT, STOCK, &row);
    aurora__stock_row changed = stock(7, 9, 6);
    aurora_store_txn *txn = store_write(fixture);

    store_refused(fixture, txn, store_update(fixture, txn, STOCK, &changed, 4), 0);

    ck_assert(store_find_committed(fixture, STOCK, &row));
    ck_assert_int_eq(row.available, 10);
    store_close(fixture);
}
END_TEST

START_TEST(test_update__expected_version_is_replaced)
{
    store_fixture *fixture = store_open(_i);
    aurora__stock_row row = stock(7, 10, 5);
    store_put_committed(fixture, AURORA_PUT_INSERT, STOCK, &row);
    aurora__stock_row changed = stock(7, 9, 8);

    aurora_store_txn *txn = store_write(fixture);
    aurora_assert_ok(store_update(fixture, txn, STOCK, &changed, 5));
    store_commit(fixture, txn);

    ck_assert(store_find_committed(fixture, STOCK, &row));
    ck_assert_int_eq(row.available, 9);
    ck_assert_int_eq(row.version, 8);
    store_close(fixture);
}
END_TEST

START_TEST(test_update__named_columns_are_written)
{
    store_fixture *fixture = store_open(_i);
    aurora__stock_row row = stock(7, 10, 5);
    store_put_committed(fixture, AURORA_PUT_INSERT, STOCK, &row);
    aurora__stock_row changed = stock(7, 3, 6);
    aurora_value values[64];
    aurora__table_pack(&aurora__tables[STOCK], &changed, values);
    aurora_store_put put = {.table = store_table(STOCK),
                            .values = values,
                            .columns = 1u << 1 | 1u << 6,
                            .version_loaded = 5,
                            .kind = AURORA_PUT_UPDATE};
    uint32_t failed;

    aurora_store_txn *txn = store_write(fixture);
    aurora_assert_ok(fixture->port.save(fixture->port.self, txn, &put, 1, &failed));
    store_commit(fixture, txn);

    ck_assert(store_find_committed(fixture, STOCK, &row));
    ck_assert_int_eq(row.available, 3);
    ck_assert_int_eq(row.version, 6);
    store_close(fixture);
}
END_TEST

START_TEST(test_update__table_without_version_needs_only_the_row)
{
    store_fixture *fixture = store_open(_i);
    aurora__price_row row = price("TEA", 350);
    store_put_committed(fixture, AURORA_PUT_INSERT, PRICE, &row);

    row.price_minor = 375;
    aurora_store_txn *txn = store_write(fixture);
    aurora_assert_ok(store_update(fixture, txn, PRICE, &row, 99));
    store_commit(fixture, txn);

    aurora__price_row loaded = price("TEA", 0);
    ck_assert(store_find_committed(fixture, PRICE, &loaded));
    ck_assert_int_eq(loaded.price_minor, 375);
    store_close(fixture);
}
END_TEST

START_TEST(test_upsert__inserts_and_then_replaces_whatever_version)
{
    store_fixture *fixture = store_open(_i);
    aurora__stock_row row = stock(7, 10, 5);
    store_put_committed(fixture, AURORA_PUT_UPSERT, STOCK, &row);
    aurora__stock_row loaded = stock(7, 0, 0);
    ck_assert(store_find_committed(fixture, STOCK, &loaded));
    ck_assert_int_eq(loaded.available, 10);

    aurora__stock_row other = stock(7, 3, 2);
    store_put_committed(fixture, AURORA_PUT_UPSERT, STOCK, &other);

    ck_assert(store_find_committed(fixture, STOCK, &loaded));
    ck_assert_int_eq(loaded.available, 3);
    ck_assert_int_eq(loaded.version, 2);
    store_close(fixture);
}
END_TEST

START_TEST(test_delete__reads_only_the_key)
{
    store_fixture *fixture = store_open(_i);
    aurora__hold_row row = {
        .scope = "a", .key_text = "k", .version = 1, .due_at = 5, .lines = "[]"};
    row.request_hash = (aurora__bytes){(const uint8_t *)"h", 1};
    store_put_committed(fixture, AURORA_PUT_INSERT, HOLD, &row);
    const aurora_value key[2] = {store_text("a"), store_text("k")};
    aurora_store_put put = {.table = store_table(HOLD), .values = key, .kind = AURORA_PUT_DELETE};
    uint32_t failed;

    aurora_store_txn *txn = store_write(fixture);
    aurora_assert_ok(fixture->port.save(fixture->port.self, txn, &put, 1, &failed));
    store_commit(fixture, txn);

    ck_assert(!store_find_committed(fixture, HOLD, &row));
    store_close(fixture);
}
END_TEST

START_TEST(test_delete__missing_row_is_no_error)
{
    store_fixture *fixture = store_open(_i);
    aurora__stock_row row = stock(7, 10, 5);

    store_put_committed(fixture, AURORA_PUT_DELETE, STOCK, &row);

    ck_assert(!store_find_committed(fixture, STOCK, &row));
    store_close(fixture);
}
END_TEST

START_TEST(test_save__puts_take_effect_in_the_order_given)
{
    store_fixture *fixture = store_open(_i);
    aurora_value values[64];
    aurora_value last[64];
    aurora__stock_row first_row = stock(7, 1, 1);
    aurora__stock_row last_row = stock(7, 2, 1);
    aurora__table_pack(&aurora__tables[STOCK], &first_row, values);
    aurora__table_pack(&aurora__tables[STOCK], &last_row, last);
    aurora_store_put puts[] = {
        {.table = store_table(STOCK), .values = values, .kind = AURORA_PUT_INSERT},
        {.table = store_table(STOCK), .values = values, .kind = AURORA_PUT_DELETE},
        {.table = store_table(STOCK), .values = last, .kind = AURORA_PUT_INSERT},
    };
    uint32_t failed;

    aurora_store_txn *txn = store_write(fixture);
    aurora_assert_ok(fixture->port.save(fixture->port.self, txn, puts, 3, &failed));
    store_commit(fixture, txn);

    ck_assert(store_find_committed(fixture, STOCK, &first_row));
    ck_assert_int_eq(first_row.available, 2);
    store_close(fixture);
}
END_TEST

START_TEST(test_save__unique_index_refuses_a_second_row)
{
    store_fixture *fixture = store_open(_i);
    aurora__sku_row row = {.sku = "TEA", .id = 1};
    store_put_committed(fixture, AURORA_PUT_INSERT, AURORA__TABLE_sku, &row);
    const uint32_t kinds[] = {AURORA_PUT_INSERT, AURORA_PUT_UPSERT};
    for (int i = 0; i < 2; i++) {
        aurora__sku_row other = {.sku = "COFFEE", .id = 1};
        aurora_store_txn *txn = store_write(fixture);

        store_refused(fixture, txn, store_put(fixture, txn, kinds[i], AURORA__TABLE_sku, &other),
                      0);
    }
    ck_assert(store_find_committed(fixture, AURORA__TABLE_sku, &row));
    store_close(fixture);
}
END_TEST

START_TEST(test_save__unique_value_is_free_after_its_row_left)
{
    store_fixture *fixture = store_open(_i);
    aurora__sku_row tea = {.sku = "TEA", .id = 1};
    aurora__sku_row coffee = {.sku = "COFFEE", .id = 1};
    store_put_committed(fixture, AURORA_PUT_INSERT, AURORA__TABLE_sku, &tea);

    aurora_store_txn *txn = store_write(fixture);
    tea.id = 2;
    aurora_assert_ok(store_put(fixture, txn, AURORA_PUT_UPDATE, AURORA__TABLE_sku, &tea));
    aurora_assert_ok(store_put(fixture, txn, AURORA_PUT_INSERT, AURORA__TABLE_sku, &coffee));
    aurora_assert_ok(store_put(fixture, txn, AURORA_PUT_UPSERT, AURORA__TABLE_sku, &coffee));
    store_commit(fixture, txn);

    ck_assert(store_find_committed(fixture, AURORA__TABLE_sku, &coffee));
    ck_assert(store_find_committed(fixture, AURORA__TABLE_sku, &tea));
    ck_assert_int_eq(tea.id, 2);
    store_close(fixture);
}
END_TEST

static Suite *store_suite(void)
{
    Suite *suite = suite_create("store");
    TCase *loads = tcase_create("load");
    store_add_test(loads, test_load__missing_row_is_not_found);
    store_add_test(loads, test_load__sees_what_the_transaction_wrote);
    store_add_test(loads, test_load__finds_rows_of_several_tables_in_one_call);
    store_add_test(loads, test_load__copies_outlive_the_transaction_and_the_row);
    store_add_test(loads, test_load__arena_without_memory_answers_enomem);
    suite_add_tcase(suite, loads);
    TCase *values = tcase_create("value");
    store_add_test(values, test_value__numbers_keep_their_extremes);
    store_add_test(values, test_value__texts_come_back_byte_for_byte_with_a_nul);
    store_add_test(values, test_value__text_needs_no_nul_when_it_is_handed_in);
    store_add_test(values, test_value__bytes_may_hold_any_byte_and_none);
    store_add_test(values, test_value__nulls_are_no_empty_texts);
    store_add_test(values, test_value__nullable_column_can_become_null_and_back);
    suite_add_tcase(suite, values);
    TCase *puts = tcase_create("put");
    store_add_test(puts, test_insert__existing_key_conflicts_and_names_the_put);
    store_add_test(puts, test_update__missing_row_conflicts);
    store_add_test(puts, test_update__another_version_conflicts);
    store_add_test(puts, test_update__expected_version_is_replaced);
    store_add_test(puts, test_update__named_columns_are_written);
    store_add_test(puts, test_update__table_without_version_needs_only_the_row);
    store_add_test(puts, test_upsert__inserts_and_then_replaces_whatever_version);
    store_add_test(puts, test_delete__reads_only_the_key);
    store_add_test(puts, test_delete__missing_row_is_no_error);
    store_add_test(puts, test_save__puts_take_effect_in_the_order_given);
    store_add_test(puts, test_save__unique_index_refuses_a_second_row);
    store_add_test(puts, test_save__unique_value_is_free_after_its_row_left);
    suite_add_tcase(suite, puts);
    return suite;
}

AURORA_TEST_MAIN(store_suite)

/* SPDX-License-Identifier: MIT */
#include "core/rows.h"

#include "core/internal.h"
#include "core/recent.h"

#include <stdio.h>
#include <stdlib.h>

#include "test.h"

static char batch_memory[1 << 20];
static char cache_memory[1 << 20];
static aurora__arena batch;
static aurora__arena cache;
static aurora__rows rows;

static void *never_grow(void *self, size_t bytes, size_t *size_out)
{
    (void)self;
    (void)bytes;
    (void)size_out;
    return NULL;
}

static aurora__arena arena_of(char *memory, size_t size)
{
    return (aurora__arena){.at = memory, .end = memory + size, .grow = never_grow};
}

static void setup(void)
{
    batch = arena_of(batch_memory, sizeof batch_memory);
    cache = arena_of(cache_memory, sizeof cache_memory);
    aurora__rows_init(&rows, &batch, &cache);
}

/* The batch is over: its memory is used again, as the engine does. */
static void end_batch(bool is_committed)
{
    aurora__rows_end(&rows, is_committed);
    memset(batch_memory, 0xA5, sizeof batch_memory);
    batch = arena_of(batch_memory, sizeof batch_memory);
}

/* Holds are not kept over batches, stock and SKUs are. */
static aurora__key hold_key(const char *name)
{
    return aurora__key_texts(AURORA__TABLE_hold, "host", name);
}

static aurora__key stock_key(int64_t number)
{
    return aurora__key_number(AURORA__TABLE_stock, number);
}

static aurora__key sku_key(const char *sku)
{
    return aurora__key_text(AURORA__TABLE_sku, sku);
}

static void load_absent(const aurora__key *key)
{
    aurora_assert_ok(aurora__rows_want(&rows, key));
    while (rows.wanted.count > 0)
        aurora__rows_loaded(&rows, rows.wanted.items[--rows.wanted.count], NULL);
}

/* Loads the one row that is wanted from a struct. */
static void load_from(const aurora__key *key, const void *row)
{
    static aurora_value values[64];
    aurora_assert_ok(aurora__rows_want(&rows, key));
    ck_assert_uint_eq(rows.wanted.count, 1);
    aurora__table_pack(&aurora__tables[key->table], row, values);
    aurora__rows_loaded(&rows, rows.wanted.items[0], values);
    rows.wanted.count = 0;
}

static void load_stock(int64_t number, int64_t available)
{
    aurora__key key = stock_key(number);
    load_from(&key, &(aurora__stock_row){.id = number, .available = available, .version = 1});
}

static int64_t available_of(int64_t number)
{
    aurora__key key = stock_key(number);
    const aurora__stock_row *row;
    aurora_assert_ok(aurora__rows_read(&rows, &key, (const void **)&row));
    ck_assert_ptr_nonnull(row);
    return row->available;
}

static void set_available(int64_t number, int64_t available)
{
    aurora__key key = stock_key(number);
    aurora__stock_row *row;
    aurora_assert_ok(aurora__rows_write(&rows, &key, (void **)&row));
    ck_assert_ptr_nonnull(row);
    row->available = available;
}

/* How many puts the batch would save; the last one is in *put. */
static uint32_t puts_of(aurora_store_put *put, aurora_value *values)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < rows.touched.count; i++)
        count += aurora__rows_put(rows.touched.items[i], values, put);
    return count;
}

START_TEST(test_rows__row_that_is_not_loaded_is_asked_for_once)
{
    aurora__key key = stock_key(1);
    const void *row = &key;
    void *data = &key;

    aurora_assert_status(aurora__rows_read(&rows, &key, &row), AURORA__NEED_KEYS);
    aurora_assert_status(aurora__rows_write(&rows, &key, &data), AURORA__NEED_KEYS);
    aurora_assert_status(aurora__rows_insert(&rows, &key, &data), AURORA__NEED_KEYS);
    aurora_assert_status(aurora__rows_delete(&rows, &key), AURORA__NEED_KEYS);

    ck_assert_ptr_null(row);
    ck_assert_ptr_null(data);
    ck_assert_uint_eq(rows.wanted.count, 1);
    ck_assert_int_eq(*(int64_t *)rows.wanted.items[0]->base, 1);
}
END_TEST

START_TEST(test_rows__absent_row_reads_as_none_and_can_be_inserted)
{
    aurora__key key = hold_key("a");
    const aurora__hold_row *row;
    aurora__hold_row *data;
    load_absent(&key);

    aurora_assert_ok(aurora__rows_read(&rows, &key, (const void **)&row));
    ck_assert_ptr_null(row);
    aurora_assert_ok(aurora__rows_write(&rows, &key, (void **)&data));
    ck_assert_ptr_null(data);
    aurora_assert_ok(aurora__rows_insert(&rows, &key, (void **)&data));
    data->state = 1;

    aurora_assert_ok(aurora__rows_read(&rows, &key, (const void **)&row));
    ck_assert_str_eq(row->scope, "host");
    ck_assert_str_eq(row->key_text, "a");
    ck_assert_int_eq(row->state, 1);
    aurora_assert_status(aurora__rows_insert(&rows, &key, (void **)&data), AURORA_ECONFLICT);
}
END_TEST

START_TEST(test_rows__assumed_absent_needs_no_load)
{
    aurora__key key = hold_key("a");
    void *data;

    aurora_assert_ok(aurora__rows_assume_absent(&rows, &key));

    aurora_assert_ok(aurora__rows_insert(&rows, &key, &data));
    ck_assert_uint_eq(rows.wanted.count, 0);
}
END_TEST

START_TEST(test_rows__keys_that_differ_in_one_part_are_different_rows)
{
    aurora__key keys[] = {aurora__key_texts(AURORA__TABLE_hold, "a", "bc"),
                          aurora__key_texts(AURORA__TABLE_hold, "ab", "c"),
                          aurora__key_texts(AURORA__TABLE_movement, "a", "bc"),
                          aurora__key_texts(AURORA__TABLE_hold, "a", ""),
                          aurora__key_texts(AURORA__TABLE_hold, "", "a")};

    for (size_t i = 0; i < 5; i++)
        aurora_assert_ok(aurora__rows_want(&rows, &keys[i]));

    ck_assert_uint_eq(rows.wanted.count, 5);
}
END_TEST

START_TEST(test_rows__many_rows_keep_their_own_values)
{
    for (int64_t i = 1; i <= 3000; i++)
        load_stock(i * 256, i);
    for (int64_t i = 1; i <= 3000; i += 7)
        set_available(i * 256, -i);

    for (int64_t i = 1; i <= 3000; i++)
        ck_assert_int_eq(available_of(i * 256), (i - 1) % 7 == 0 ? -i : i);
}
END_TEST

START_TEST(test_rows__writes_leave_what_was_loaded_alone)
{
    load_stock(1, 10);
    const aurora__row *row = NULL;

    set_available(1, 7);

    row = rows.touched.items[0];
    ck_assert_int_eq(((const aurora__stock_row *)row->base)->available, 10);
    ck_assert_int_eq(((const aurora__stock_row *)row->data)->available, 7);
}
END_TEST

START_TEST(test_rows__undo_takes_back_all_writes_since_its_mark)
{
    aurora__key made = hold_key("made");
    aurora__key gone = stock_key(2);
    void *data;
    const void *row;
    load_stock(1, 10);
    load_stock(2, 20);
    load_absent(&made);
    set_available(1, 9);

    uint32_t outer = aurora__rows_mark(&rows);
    set_available(1, 8);
    set_available(1, 7);
    aurora_assert_ok(aurora__rows_insert(&rows, &made, &data));
    aurora_assert_ok(aurora__rows_delete(&rows, &gone));
    aurora__rows_undo(&rows, outer);

    ck_assert_int_eq(available_of(1), 9);
    ck_assert_int_eq(available_of(2), 20);
    aurora_assert_ok(aurora__rows_read(&rows, &made, &row));
    ck_assert_ptr_null(row);
}
END_TEST

START_TEST(test_rows__inner_undo_leaves_the_outer_writes)
{
    load_stock(1, 10);

    uint32_t first = aurora__rows_mark(&rows);
    set_available(1, 9);
    uint32_t second = aurora__rows_mark(&rows);
    set_available(1, 8);
    uint32_t third = aurora__rows_mark(&rows);
    set_available(1, 7);
    aurora__rows_undo(&rows, third);
    ck_assert_int_eq(available_of(1), 8);
    aurora__rows_undo(&rows, second);
    ck_assert_int_eq(available_of(1), 9);
    aurora__rows_undo(&rows, first);

    ck_assert_int_eq(available_of(1), 10);
}
END_TEST

START_TEST(test_rows__outer_undo_takes_back_what_an_inner_mark_kept)
{
    load_stock(1, 10);
    load_stock(2, 20);

    uint32_t outer = aurora__rows_mark(&rows);
    set_available(1, 9);
    uint32_t inner = aurora__rows_mark(&rows);
    set_available(1, 8);
    set_available(2, 18);
    aurora__rows_keep(&rows, inner);
    set_available(2, 17);
    uint32_t later = aurora__rows_mark(&rows);
    set_available(2, 16);
    aurora__rows_keep(&rows, later);
    aurora__rows_undo(&rows, outer);

    ck_assert_int_eq(available_of(1), 10);
    ck_assert_int_eq(available_of(2), 20);
}
END_TEST

START_TEST(test_rows__row_deleted_and_made_again_is_an_update)
{
    aurora__key key = stock_key(1);
    aurora_value values[64];
    aurora_store_put put;
    aurora__stock_row *row;
    load_stock(1, 10);

    aurora_assert_ok(aurora__rows_delete(&rows, &key));
    aurora_assert_ok(aurora__rows_insert(&rows, &key, (void **)&row));

    ck_assert_int_eq(row->id, 1);
    ck_assert_int_eq(row->available, 0);
    row->version = 2;
    ck_assert_uint_eq(puts_of(&put, values), 1);
    ck_assert_uint_eq(put.kind, AURORA_PUT_UPDATE);
    ck_assert_int_eq(put.version_loaded, 1);
}
END_TEST

START_TEST(test_rows__put_names_the_columns_that_changed)
{
    aurora_value values[64];
    aurora_store_put put;
    load_stock(1, 10);

    set_available(1, 11);

    ck_assert_uint_eq(puts_of(&put, values), 1);
    ck_assert_uint_eq(put.kind, AURORA_PUT_UPDATE);
    ck_assert_uint_eq(put.columns, 1u << 1);
    ck_assert_int_eq(values[1].number, 11);
    ck_assert_int_eq(put.version_loaded, 1);
}
END_TEST

START_TEST(test_rows__nothing_is_saved_where_nothing_changed)
{
    aurora__key absent = hold_key("x");
    aurora_value values[64];
    aurora_store_put put;
    void *data;
    load_stock(1, 10);
    load_stock(2, 10);
    load_absent(&absent);

    set_available(1, 10);
    uint32_t outer = aurora__rows_mark(&rows);
    set_available(2, 5);
    aurora__rows_undo(&rows, outer);
    aurora_assert_ok(aurora__rows_insert(&rows, &absent, &data));
    aurora_assert_ok(aurora__rows_delete(&rows, &absent));

    ck_assert_uint_eq(puts_of(&put, values), 0);
}
END_TEST

START_TEST(test_rows__new_and_deleted_rows_are_put_as_such)
{
    aurora__key made = hold_key("x");
    aurora__key gone = stock_key(1);
    aurora_value values[64];
    aurora_store_put put;
    void *data;

    load_absent(&made);
    aurora_assert_ok(aurora__rows_insert(&rows, &made, &data));
    ck_assert_uint_eq(puts_of(&put, values), 1);
    ck_assert_uint_eq(put.kind, AURORA_PUT_INSERT);
    aurora_assert_ok(aurora__rows_delete(&rows, &made));
    load_stock(1, 10);
    aurora_assert_ok(aurora__rows_delete(&rows, &gone));

    ck_assert_uint_eq(puts_of(&put, values), 1);
    ck_assert_uint_eq(put.kind, AURORA_PUT_DELETE);
    ck_assert_int_eq(values[0].number, 1);
}
END_TEST

START_TEST(test_rows__damaged_row_refuses_itself_alone)
{
    aurora__key key = stock_key(1);
    aurora_value values[64];
    const void *row;
    void *data;
    aurora__table_pack(&aurora__tables[AURORA__TABLE_stock],
                       &(aurora__stock_row){.id = 1, .version = 1}, values);
    values[1] = (aurora_value){.kind = AURORA_COLUMN_TEXT, .bytes = "ten", .length = 3};
    aurora_assert_ok(aurora__rows_want(&rows, &key));

    aurora__rows_loaded(&rows, rows.wanted.items[0], values);
    rows.wanted.count = 0;
    load_stock(2, 20);

    aurora_assert_status(aurora__rows_read(&rows, &key, &row), AURORA_ECORRUPT);
    aurora_assert_status(aurora__rows_write(&rows, &key, &data), AURORA_ECORRUPT);
    aurora_assert_status(aurora__rows_insert(&rows, &key, &data), AURORA_ECORRUPT);
    ck_assert_int_eq(available_of(2), 20);
}
END_TEST

START_TEST(test_rows__null_where_none_may_be_is_damage)
{
    aurora_value values[64];
    aurora__stock_row row;
    aurora__table_pack(&aurora__tables[AURORA__TABLE_stock], &(aurora__stock_row){.id = 1}, values);
    values[2].kind = 0;

    aurora_assert_status(aurora__table_unpack(&aurora__tables[AURORA__TABLE_stock], values, &row),
                         AURORA_ECORRUPT);
}
END_TEST

START_TEST(test_rows__cached_row_takes_over_what_was_committed)
{
    load_stock(1, 10);
    set_available(1, 7);

    end_batch(true);

    ck_assert_int_eq(available_of(1), 7);
    ck_assert_uint_eq(rows.wanted.count, 0);
    ck_assert_uint_eq(rows.touched.count, 0);
}
END_TEST

START_TEST(test_rows__cached_row_falls_back_when_the_batch_was_rolled_back)
{
    aurora__key made = stock_key(2);
    void *data;
    const void *row;
    load_stock(1, 10);
    load_absent(&made);
    set_available(1, 7);
    aurora_assert_ok(aurora__rows_insert(&rows, &made, &data));

    end_batch(false);

    ck_assert_int_eq(available_of(1), 10);
    aurora_assert_ok(aurora__rows_read(&rows, &made, &row));
    ck_assert_ptr_null(row);
}
END_TEST

START_TEST(test_rows__cached_row_can_be_undone_in_the_batch_after)
{
    load_stock(1, 10);
    set_available(1, 9);
    end_batch(true);

    uint32_t outer = aurora__rows_mark(&rows);
    set_available(1, 3);
    aurora__rows_undo(&rows, outer);

    ck_assert_int_eq(available_of(1), 9);
}
END_TEST

START_TEST(test_rows__cached_row_with_texts_is_loaded_again_after_a_commit)
{
    aurora__key key = sku_key("cup");
    aurora__sku_row *data;
    const aurora__sku_row *row;
    load_absent(&key);
    aurora_assert_ok(aurora__rows_insert(&rows, &key, (void **)&data));
    data->id = 5;

    end_batch(true);

    aurora_assert_status(aurora__rows_read(&rows, &key, (const void **)&row), AURORA__NEED_KEYS);
    aurora_value values[64];
    aurora__table_pack(&aurora__tables[AURORA__TABLE_sku],
                       &(aurora__sku_row){.sku = "cup", .id = 5}, values);
    aurora__rows_loaded(&rows, rows.wanted.items[0], values);
    aurora_assert_ok(aurora__rows_read(&rows, &key, (const void **)&row));
    ck_assert_int_eq(row->id, 5);
}
END_TEST

START_TEST(test_rows__other_rows_are_forgotten_with_their_batch)
{
    aurora__key key = hold_key("x");
    const void *row;
    load_absent(&key);
    aurora_assert_ok(aurora__rows_read(&rows, &key, &row));

    end_batch(true);

    aurora_assert_status(aurora__rows_read(&rows, &key, &row), AURORA__NEED_KEYS);
}
END_TEST

START_TEST(test_rows__row_that_was_wanted_in_vain_is_asked_for_again)
{
    aurora__key key = stock_key(1);
    aurora_assert_ok(aurora__rows_want(&rows, &key));

    end_batch(false);
    aurora_assert_ok(aurora__rows_want(&rows, &key));

    ck_assert_uint_eq(rows.wanted.count, 1);
}
END_TEST

START_TEST(test_rows__forgotten_cache_is_loaded_again)
{
    aurora__key key = stock_key(1);
    const void *row;
    load_stock(1, 10);
    end_batch(true);

    aurora__rows_forget(&rows);
    cache = arena_of(cache_memory, sizeof cache_memory);

    aurora_assert_status(aurora__rows_read(&rows, &key, &row), AURORA__NEED_KEYS);
}
END_TEST

START_TEST(test_rows__telling_of_a_row_that_nobody_has_is_nothing)
{
    aurora__key key = hold_key("a");

    aurora__rows_tell(&rows, &key);

    ck_assert_uint_eq(rows.of_batch.count, 0);
}
END_TEST

/* Two texts of one hash, found by trying; a table of 2^20 places for hashes of 32 bits. */
static void find_twins(char first[16], char second[16])
{
    enum { PLACES = 1 << 20 };
    uint32_t *seen = calloc(PLACES, sizeof *seen); /* 1 + number of the text */
    ck_assert_ptr_nonnull(seen);
    for (uint32_t i = 0; i < 5000000; i++) {
        snprintf(second, 16, "k%u", i);
        aurora__key key = sku_key(second);
        uint32_t hash = aurora__row_hash(&key);
        uint32_t *place = &seen[hash % PLACES];
        if (*place != 0) {
            snprintf(first, 16, "k%u", *place - 1);
            key = sku_key(first);
            if (aurora__row_hash(&key) == hash) {
                free(seen);
                return;
            }
        }
        *place = i + 1;
    }
    ck_abort_msg("no two texts of one hash");
}

START_TEST(test_rows__keys_of_one_hash_are_different_rows)
{
    char first[16];
    char second[16];
    find_twins(first, second);
    aurora__key keys[] = {sku_key(first), sku_key(second)};
    for (int64_t i = 0; i < 2; i++) {
        aurora__sku_row *row;
        load_absent(&keys[i]);
        aurora_assert_ok(aurora__rows_insert(&rows, &keys[i], (void **)&row));
        row->id = i + 1;
    }
    for (int64_t i = 0; i < 2; i++) {
        const aurora__sku_row *row;
        aurora_assert_ok(aurora__rows_read(&rows, &keys[i], (const void **)&row));
        ck_assert_int_eq(row->id, i + 1);
    }
}
END_TEST

START_TEST(test_rows__absent_row_that_could_not_be_noted_is_asked_for_again)
{
    aurora__key key = sku_key("cup");
    const void *row;
    aurora__rows_share(&rows);
    aurora_assert_ok(aurora__rows_want(&rows, &key));
    batch.at = batch.end;
    aurora__rows_loaded(&rows, rows.wanted.items[0], NULL);
    aurora_assert_ok(aurora__rows_read(&rows, &key, &row));
    ck_assert_ptr_null(row);

    end_batch(true); /* another process may have made it meanwhile */

    aurora_assert_status(aurora__rows_read(&rows, &key, &row), AURORA__NEED_KEYS);
}
END_TEST

START_TEST(test_rows__no_memory_is_a_status_and_changes_nothing)
{
    aurora__key key = stock_key(1);
    aurora__key other = stock_key(2);
    void *data;
    load_stock(1, 10);
    batch.at = batch.end;
    cache.at = cache.end;

    aurora_assert_status(aurora__rows_write(&rows, &key, &data), AURORA_ENOMEM);
    aurora_assert_status(aurora__rows_want(&rows, &other), AURORA_ENOMEM);

    ck_assert_int_eq(available_of(1), 10);
    setup();
}
END_TEST

/* Random writes under random marks must always read as a plain model of stacked copies does. */
START_TEST(test_rows__random_nested_marks_agree_with_a_plain_model)
{
    enum { ROWS = 5, DEPTH = 6 };
    uint64_t seed = aurora_test_seed("rows marks", 4711);
    int64_t model[DEPTH + 1][ROWS] = {{0}};
    uint32_t outers[DEPTH];
    int depth = 0;
    for (int64_t i = 0; i < ROWS; i++)
        load_stock(i + 1, 0);
    for (int64_t turn = 1; turn <= 3000; turn++) {
        uint64_t word = aurora_test_random(&seed);
        int64_t row = (int64_t)(word >> 8) % ROWS;
        if (word % 4 == 0 && depth < DEPTH) {
            outers[depth++] = aurora__rows_mark(&rows);
            memcpy(model[depth], model[depth - 1], sizeof model[0]);
        } else if (word % 4 == 1 && depth > 0) {
            aurora__rows_undo(&rows, outers[--depth]);
        } else if (word % 4 == 2 && depth > 0) {
            aurora__rows_keep(&rows, outers[--depth]);
            memcpy(model[depth], model[depth + 1], sizeof model[0]);
        } else {
            set_available(row + 1, turn);
            model[depth][row] = turn;
        }
        for (int64_t i = 0; i < ROWS; i++)
            ck_assert_int_eq(available_of(i + 1), model[depth][i]);
    }
}
END_TEST

static Suite *rows_suite(void)
{
    Suite *suite = suite_create("rows");
    TCase *tcase = tcase_create("rows");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, test_rows__row_that_is_not_loaded_is_asked_for_once);
    tcase_add_test(tcase, test_rows__absent_row_reads_as_none_and_can_be_inserted);
    tcase_add_test(tcase, test_rows__assumed_absent_needs_no_load);
    tcase_add_test(tcase, test_rows__keys_that_differ_in_one_part_are_different_rows);
    tcase_add_test(tcase, test_rows__many_rows_keep_their_own_values);
    tcase_add_test(tcase, test_rows__writes_leave_what_was_loaded_alone);
    tcase_add_test(tcase, test_rows__undo_takes_back_all_writes_since_its_mark);
    tcase_add_test(tcase, test_rows__inner_undo_leaves_the_outer_writes);
    tcase_add_test(tcase, test_rows__outer_undo_takes_back_what_an_inner_mark_kept);
    tcase_add_test(tcase, test_rows__row_deleted_and_made_again_is_an_update);
    tcase_add_test(tcase, test_rows__put_names_the_columns_that_changed);
    tcase_add_test(tcase, test_rows__nothing_is_saved_where_nothing_changed);
    tcase_add_test(tcase, test_rows__new_and_deleted_rows_are_put_as_such);
    tcase_add_test(tcase, test_rows__damaged_row_refuses_itself_alone);
    tcase_add_test(tcase, test_rows__null_where_none_may_be_is_damage);
    tcase_add_test(tcase, test_rows__cached_row_takes_over_what_was_committed);
    tcase_add_test(tcase, test_rows__cached_row_falls_back_when_the_batch_was_rolled_back);
    tcase_add_test(tcase, test_rows__cached_row_can_be_undone_in_the_batch_after);
    tcase_add_test(tcase, test_rows__cached_row_with_texts_is_loaded_again_after_a_commit);
    tcase_add_test(tcase, test_rows__other_rows_are_forgotten_with_their_batch);
    tcase_add_test(tcase, test_rows__row_that_was_wanted_in_vain_is_asked_for_again);
    tcase_add_test(tcase, test_rows__forgotten_cache_is_loaded_again);
    tcase_add_test(tcase, test_rows__telling_of_a_row_that_nobody_has_is_nothing);
    tcase_add_test(tcase, test_rows__keys_of_one_hash_are_different_rows);
    tcase_add_test(tcase, test_rows__absent_row_that_could_not_be_noted_is_asked_for_again);
    tcase_add_test(tcase, test_rows__no_memory_is_a_status_and_changes_nothing);
    tcase_add_test(tcase, test_rows__random_nested_marks_agree_with_a_plain_model);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(rows_suite)

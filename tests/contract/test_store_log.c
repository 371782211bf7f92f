/* SPDX-License-Identifier: MIT */
/* The store contract, the log: dense positions, reading from anywhere, trimming whole rows. */
#include <stdlib.h>
#include <string.h>

#include "store_fixture.h"

#define ROWS_MAX 64

static aurora_log_row rows[ROWS_MAX];

/* Reads into `rows` in a read transaction of its own; returns how many. */
static uint32_t read_log(store_fixture *fixture, int64_t from, size_t bytes_max, uint32_t capacity)
{
    aurora_arena_port arena = store_arena(fixture);
    uint32_t count = 12345;
    memset(rows, 0x5a, sizeof rows);
    aurora_store_txn *txn = store_read(fixture);
    aurora_assert_ok(fixture->port.log_read(fixture->port.self, txn, from, bytes_max, rows,
                                            capacity, &count, &arena));
    store_rollback(fixture, txn);
    ck_assert_uint_le(count, capacity);
    return count;
}

static aurora_log_bounds read_bounds(store_fixture *fixture)
{
    aurora_log_bounds bounds;
    aurora_store_txn *txn = store_read(fixture);
    aurora_assert_ok(fixture->port.log_bounds(fixture->port.self, txn, &bounds));
    store_rollback(fixture, txn);
    return bounds;
}

/* One batch in a transaction of its own; returns its row. */
static aurora_log_row append(store_fixture *fixture, uint32_t count, const char *body)
{
    aurora_store_txn *txn = store_write(fixture);
    const aurora_log_row *row = store_append(fixture, txn, count, body);
    store_commit(fixture, txn);
    return *row;
}

static void trim(store_fixture *fixture, int64_t position, uint32_t rows_max)
{
    aurora_store_txn *txn = store_write(fixture);
    aurora_assert_ok(fixture->port.log_trim(fixture->port.self, txn, position, rows_max));
    store_commit(fixture, txn);
}

/* Positions 1-2, 3, 4-8, 9-10 with bodies of 2, 3, 4 and 5 bytes. */
static store_fixture *with_log(int adapter)
{
    store_fixture *fixture = store_open(adapter);
    append(fixture, 2, "aa");
    append(fixture, 1, "bbb");
    append(fixture, 5, "cccc");
    append(fixture, 2, "ddddd");
    return fixture;
}

/* --- append --------------------------------------------------------------------------------- */

START_TEST(test_append__empty_log_begins_at_one)
{
    store_fixture *fixture = store_open(_i);

    aurora_log_bounds bounds = read_bounds(fixture);

    ck_assert_int_eq(bounds.first, 1);
    ck_assert_int_eq(bounds.head, 0);
    ck_assert_int_eq(bounds.first_at_ms, 0);
    ck_assert_int_eq(bounds.bytes, 0);
    ck_assert_uint_eq(read_log(fixture, 0, SIZE_MAX, ROWS_MAX), 0);
    store_close(fixture);
}
END_TEST

START_TEST(test_append__positions_are_dense_over_batches)
{
    store_fixture *fixture = store_open(_i);
    int64_t expected = 1;
    for (uint32_t count = 1; count <= 20; count++) {
        ck_assert_int_eq(append(fixture, count, "[]").position, expected);
        expected += count;
    }

    ck_assert_uint_eq(read_log(fixture, 1, SIZE_MAX, ROWS_MAX), 20);

    expected = 1;
    for (uint32_t i = 0; i < 20; i++) {
        ck_assert_int_eq(rows[i].position, expected);
        ck_assert_uint_eq(rows[i].count, i + 1);
        expected += rows[i].count;
    }
    ck_assert_int_eq(read_bounds(fixture).head, expected - 1);
    store_close(fixture);
}
END_TEST

START_TEST(test_append__rolled_back_batch_uses_no_position)
{
    store_fixture *fixture = store_open(_i);
    append(fixture, 3, "[]");
    aurora_store_txn *txn = store_write(fixture);
    store_append(fixture, txn, 7, "[]");
    store_rollback(fixture, txn);

    aurora_log_row row = append(fixture, 1, "[]");

    ck_assert_int_eq(row.position, 4);
    ck_assert_int_eq(read_bounds(fixture).head, 4);
    store_close(fixture);
}
END_TEST

START_TEST(test_append__row_comes_back_as_it_was)
{
    store_fixture *fixture = store_open(_i);
    size_t length = 1 << 20;
    char *body = malloc(length + 1);
    ck_assert_ptr_nonnull(body);
    memset(body, 'j', length);
    memcpy(body, "\xc3\xa9", 2);
    body[length] = 0;
    aurora_log_row row = {
        .at_ms = 1700000000123, .count = 1024, .format = 77, .body = body, .body_length = length};

    aurora_store_txn *txn = store_write(fixture);
    aurora_assert_ok(fixture->port.append(fixture->port.self, txn, &row));
    store_commit(fixture, txn);

    ck_assert_int_eq(row.position, 1);
    ck_assert_uint_eq(read_log(fixture, 1, SIZE_MAX, 1), 1);
    ck_assert_int_eq(rows[0].position, 1);
    ck_assert_int_eq(rows[0].at_ms, 1700000000123);
    ck_assert_uint_eq(rows[0].count, 1024);
    ck_assert_uint_eq(rows[0].format, 77);
    ck_assert_uint_eq(rows[0].body_length, length);
    ck_assert_mem_eq(rows[0].body, body, length);
    free(body);
    store_close(fixture);
}
END_TEST

START_TEST(test_append__body_needs_no_nul_when_it_is_handed_in)
{
    store_fixture *fixture = store_open(_i);
    const char letters[3] = {'a', 'b', 'c'};
    aurora_log_row row = {.at_ms = 1, .count = 1, .format = 1, .body = letters, .body_length = 2};

    aurora_store_txn *txn = store_write(fixture);
    aurora_assert_ok(fixture->port.append(fixture->port.self, txn, &row));
    store_commit(fixture, txn);

    ck_assert_uint_eq(read_log(fixture, 1, SIZE_MAX, 1), 1);
    ck_assert_uint_eq(rows[0].body_length, 2);
    ck_assert_mem_eq(rows[0].body, "ab", 2);
    ck_assert_int_eq(read_bounds(fixture).bytes, 2);
    store_close(fixture);
}
END_TEST

START_TEST(test_append__is_seen_by_its_own_transaction)
{
    store_fixture *fixture = with_log(_i);
    aurora_store_txn *txn = store_write(fixture);
    store_append(fixture, txn, 2, "eeeeee");
    aurora_log_bounds bounds;

    aurora_assert_ok(fixture->port.log_bounds(fixture->port.self, txn, &bounds));

    ck_assert_int_eq(bounds.head, 12);
    ck_assert_int_eq(bounds.bytes, 20);
    store_rollback(fixture, txn);
    store_close(fixture);
}
END_TEST

/* --- read ----------------------------------------------------------------------------------- */

START_TEST(test_log_read__middle_of_a_row_gives_the_whole_row)
{
    store_fixture *fixture = with_log(_i);

    ck_assert_uint_eq(read_log(fixture, 6, SIZE_MAX, ROWS_MAX), 2);
    ck_assert_int_eq(rows[0].position, 4);
    ck_assert_mem_eq(rows[0].body, "cccc", 4);
    ck_assert_int_eq(rows[1].position, 9);

    ck_assert_uint_eq(read_log(fixture, 8, SIZE_MAX, ROWS_MAX), 2);
    ck_assert_int_eq(rows[0].position, 4);
    ck_assert_uint_eq(read_log(fixture, 9, SIZE_MAX, ROWS_MAX), 1);
    ck_assert_int_eq(rows[0].position, 9);
    store_close(fixture);
}
END_TEST

START_TEST(test_log_read__beyond_either_end)
{
    store_fixture *fixture = with_log(_i);

    ck_assert_uint_eq(read_log(fixture, -5, SIZE_MAX, ROWS_MAX), 4);
    ck_assert_uint_eq(read_log(fixture, 0, SIZE_MAX, ROWS_MAX), 4);
    ck_assert_uint_eq(read_log(fixture, 11, SIZE_MAX, ROWS_MAX), 0);
    ck_assert_uint_eq(read_log(fixture, INT64_MAX, SIZE_MAX, ROWS_MAX), 0);
    store_close(fixture);
}
END_TEST

START_TEST(test_log_read__capacity_ends_it)
{
    store_fixture *fixture = with_log(_i);

    ck_assert_uint_eq(read_log(fixture, 2, SIZE_MAX, 2), 2);

    ck_assert_int_eq(rows[0].position, 1);
    ck_assert_int_eq(rows[1].position, 3);
    store_close(fixture);
}
END_TEST

START_TEST(test_log_read__bytes_end_it_after_the_first_row)
{
    store_fixture *fixture = with_log(_i);

    ck_assert_uint_eq(read_log(fixture, 1, 0, ROWS_MAX), 1);
    ck_assert_uint_eq(read_log(fixture, 4, 3, ROWS_MAX), 1);
    ck_assert_uint_eq(read_log(fixture, 1, 4, ROWS_MAX), 1);
    ck_assert_uint_eq(read_log(fixture, 1, 5, ROWS_MAX), 2);
    ck_assert_uint_eq(read_log(fixture, 1, 13, ROWS_MAX), 3);
    ck_assert_uint_eq(read_log(fixture, 1, 14, ROWS_MAX), 4);
    store_close(fixture);
}
END_TEST

START_TEST(test_log_read__arena_without_memory_answers_enomem)
{
    store_fixture *fixture = with_log(_i);
    aurora_arena_port arena = store_arena(fixture);
    uint32_t count = 0;
    aurora_store_txn *txn = store_read(fixture);

    fixture->blocks_max = 0;
    aurora_status rc = fixture->port.log_read(fixture->port.self, txn, 1, SIZE_MAX, rows, ROWS_MAX,
                                              &count, &arena);

    aurora_assert_status(rc, AURORA_ENOMEM);
    store_rollback(fixture, txn);
    store_close(fixture);
}
END_TEST

/* --- trim ----------------------------------------------------------------------------------- */

START_TEST(test_log_trim__takes_only_rows_that_end_below)
{
    store_fixture *fixture = with_log(_i);

    trim(fixture, 8, ROWS_MAX);

    aurora_log_bounds bounds = read_bounds(fixture);
    ck_assert_int_eq(bounds.first, 4);
    ck_assert_int_eq(bounds.head, 10);
    ck_assert_int_eq(bounds.bytes, 9);
    ck_assert_int_eq(bounds.first_at_ms, 1003); /* the third batch */
    ck_assert_uint_eq(read_log(fixture, 1, SIZE_MAX, ROWS_MAX), 2);
    ck_assert_int_eq(rows[0].position, 4);
    trim(fixture, 9, ROWS_MAX);
    ck_assert_int_eq(read_bounds(fixture).first, 9);
    store_close(fixture);
}
END_TEST

START_TEST(test_log_trim__takes_at_most_so_many_rows)
{
    store_fixture *fixture = with_log(_i);

    trim(fixture, 100, 1);
    ck_assert_int_eq(read_bounds(fixture).first, 3);
    trim(fixture, 100, 2);
    ck_assert_int_eq(read_bounds(fixture).first, 9);
    ck_assert_int_eq(read_bounds(fixture).bytes, 5);
    store_close(fixture);
}
END_TEST

START_TEST(test_log_trim__below_the_first_row_takes_nothing)
{
    store_fixture *fixture = with_log(_i);

    trim(fixture, 2, ROWS_MAX);
    trim(fixture, 0, ROWS_MAX);

    ck_assert_int_eq(read_bounds(fixture).first, 1);
    ck_assert_int_eq(read_bounds(fixture).bytes, 14);
    store_close(fixture);
}
END_TEST

START_TEST(test_log_trim__empty_log_keeps_its_head)
{
    store_fixture *fixture = with_log(_i);

    trim(fixture, 11, ROWS_MAX);

    for (int reopened = 0; reopened <= fixture->adapter->is_file; reopened++) {
        aurora_log_bounds bounds = read_bounds(fixture);
        ck_assert_int_eq(bounds.first, 11);
        ck_assert_int_eq(bounds.head, 10);
        ck_assert_int_eq(bounds.first_at_ms, 0);
        ck_assert_int_eq(bounds.bytes, 0);
        if (fixture->adapter->is_file)
            store_reopen(fixture);
    }
    ck_assert_int_eq(append(fixture, 2, "[]").position, 11);
    ck_assert_int_eq(read_bounds(fixture).head, 12);
    store_close(fixture);
}
END_TEST

START_TEST(test_log_trim__rolled_back_trims_nothing)
{
    store_fixture *fixture = with_log(_i);
    aurora_store_txn *txn = store_write(fixture);
    aurora_assert_ok(fixture->port.log_trim(fixture->port.self, txn, 11, ROWS_MAX));

    store_rollback(fixture, txn);

    ck_assert_int_eq(read_bounds(fixture).first, 1);
    ck_assert_int_eq(read_bounds(fixture).bytes, 14);
    ck_assert_uint_eq(read_log(fixture, 1, SIZE_MAX, ROWS_MAX), 4);
    store_close(fixture);
}
END_TEST

START_TEST(test_log_trim__reader_keeps_what_it_saw)
{
    store_fixture *fixture = with_log(_i);
    aurora_arena_port arena = store_arena(fixture);
    uint32_t count = 0;
    aurora_log_bounds bounds;
    aurora_store_txn *txn = store_read(fixture);

    trim(fixture, 11, ROWS_MAX);

    aurora_assert_ok(fixture->port.log_read(fixture->port.self, txn, 1, SIZE_MAX, rows, ROWS_MAX,
                                            &count, &arena));
    aurora_assert_ok(fixture->port.log_bounds(fixture->port.self, txn, &bounds));
    store_rollback(fixture, txn);
    ck_assert_uint_eq(count, 4);
    ck_assert_int_eq(bounds.first, 1);
    ck_assert_int_eq(bounds.bytes, 14);
    store_close(fixture);
}
END_TEST

static Suite *store_log_suite(void)
{
    Suite *suite = suite_create("store_log");
    TCase *appends = tcase_create("append");
    store_add_test(appends, test_append__empty_log_begins_at_one);
    store_add_test(appends, test_append__positions_are_dense_over_batches);
    store_add_test(appends, test_append__rolled_back_batch_uses_no_position);
    store_add_test(appends, test_append__row_comes_back_as_it_was);
    store_add_test(appends, test_append__body_needs_no_nul_when_it_is_handed_in);
    store_add_test(appends, test_append__is_seen_by_its_own_transaction);
    suite_add_tcase(suite, appends);
    TCase *reads = tcase_create("read");
    store_add_test(reads, test_log_read__middle_of_a_row_gives_the_whole_row);
    store_add_test(reads, test_log_read__beyond_either_end);
    store_add_test(reads, test_log_read__capacity_ends_it);
    store_add_test(reads, test_log_read__bytes_end_it_after_the_first_row);
    store_add_test(reads, test_log_read__arena_without_memory_answers_enomem);
    suite_add_tcase(suite, reads);
    TCase *trims = tcase_create("trim");
    store_add_test(trims, test_log_trim__takes_only_rows_that_end_below);
    store_add_test(trims, test_log_trim__takes_at_most_so_many_rows);
    store_add_test(trims, test_log_trim__below_the_first_row_takes_nothing);
    store_add_test(trims, test_log_trim__empty_log_keeps_its_head);
    store_add_test(trims, test_log_trim__rolled_back_trims_nothing);
    store_add_test(trims, test_log_trim__reader_keeps_what_it_saw);
    suite_add_tcase(suite, trims);
    return suite;
}

AURORA_TEST_MAIN(store_log_suite)

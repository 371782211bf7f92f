/* SPDX-License-Identifier: MIT */
/* The store contract, scans: order, bounds, pages, and what is in an index. */
#include <stdlib.h>
#include <string.h>

#include "store_fixture.h"

#define STOCK AURORA__TABLE_stock
#define SKU AURORA__TABLE_sku
#define HOLD AURORA__TABLE_hold
#define WATERMARK AURORA__TABLE_watermark
#define ROWS_MAX 256

static aurora_value found[ROWS_MAX * 64];

/* Scans into `found` in a read transaction of its own; returns the rows. */
static uint32_t scan(store_fixture *fixture, aurora_store_scan wanted)
{
    aurora_arena_port arena = store_arena(fixture);
    wanted.limit = wanted.limit == 0 ? ROWS_MAX : wanted.limit;
    wanted.values_out = found;
    wanted.row_count_out = 12345;
    memset(found, 0x5a, sizeof found);
    aurora_store_txn *txn = store_read(fixture);
    aurora_assert_ok(fixture->port.scan(fixture->port.self, txn, &wanted, &arena));
    store_rollback(fixture, txn);
    ck_assert_uint_le(wanted.row_count_out, wanted.limit);
    return wanted.row_count_out;
}

/* The value of a column in a found row. */
static const aurora_value *at(uint32_t table, uint32_t row, uint32_t column)
{
    return &found[row * store_table(table)->column_count + column];
}

/* Fails unless the int64 column of the found rows holds exactly these numbers. */
static void assert_numbers(uint32_t table, uint32_t column, uint32_t rows, const int64_t *numbers,
                           uint32_t count)
{
    ck_assert_uint_eq(rows, count);
    for (uint32_t i = 0; i < count; i++)
        ck_assert_int_eq(at(table, i, column)->number, numbers[i]);
}

#define assert_stock(rows, ...)                                                                    \
    do {                                                                                           \
        const int64_t numbers_[] = {__VA_ARGS__};                                                  \
        assert_numbers(STOCK, 0, rows, numbers_, sizeof numbers_ / sizeof numbers_[0]);            \
    } while (0)

/* Stock rows with ids -20, -10, 0, 10, 20, written in no order. */
static store_fixture *with_stock(int adapter)
{
    store_fixture *fixture = store_open(adapter);
    const int64_t ids[] = {10, -20, 0, 20, -10};
    aurora_store_txn *txn = store_write(fixture);
    for (int i = 0; i < 5; i++) {
        aurora__stock_row row = {.id = ids[i], .available = i, .version = 1};
        aurora_assert_ok(store_put(fixture, txn, AURORA_PUT_INSERT, STOCK, &row));
    }
    store_commit(fixture, txn);
    return fixture;
}

static aurora__hold_row hold(const char *scope, const char *key, int64_t due_at)
{
    aurora__hold_row row = {.scope = scope, .key_text = key, .version = 1, .due_at = due_at};
    row.request_hash = (aurora__bytes){(const uint8_t *)"h", 1};
    row.lines = "[]";
    return row;
}

/* --- order and bounds ----------------------------------------------------------------------- */

START_TEST(test_scan__empty_table_has_no_rows)
{
    store_fixture *fixture = store_open(_i);

    uint32_t rows = scan(fixture, (aurora_store_scan){.table = store_table(STOCK), .index = -1});

    ck_assert_uint_eq(rows, 0);
    store_close(fixture);
}
END_TEST

START_TEST(test_scan__numbers_are_in_numeric_order)
{
    store_fixture *fixture = with_stock(_i);
    aurora__stock_row low = {.id = INT64_MIN, .version = 1};
    aurora__stock_row high = {.id = INT64_MAX, .version = 1};
    store_put_committed(fixture, AURORA_PUT_INSERT, STOCK, &high);
    store_put_committed(fixture, AURORA_PUT_INSERT, STOCK, &low);

    uint32_t rows = scan(fixture, (aurora_store_scan){.table = store_table(STOCK), .index = -1});

    assert_stock(rows, INT64_MIN, -20, -10, 0, 10, 20, INT64_MAX);
    store_close(fixture);
}
END_TEST

START_TEST(test_scan__bounds_are_closed_or_open)
{
    store_fixture *fixture = with_stock(_i);
    const aurora_value lower = store_int64(-10);
    const aurora_value upper = store_int64(10);
    aurora_store_scan range = {.table = store_table(STOCK),
                               .index = -1,
                               .lower = &lower,
                               .upper = &upper,
                               .lower_count = 1,
                               .upper_count = 1};

    assert_stock(scan(fixture, range), -10, 0, 10);
    range.flags = AURORA_SCAN_LOWER_OPEN;
    assert_stock(scan(fixture, range), 0, 10);
    range.flags = AURORA_SCAN_UPPER_OPEN;
    assert_stock(scan(fixture, range), -10, 0);
    range.flags = AURORA_SCAN_LOWER_OPEN | AURORA_SCAN_UPPER_OPEN;
    assert_stock(scan(fixture, range), 0);
    range.flags |= AURORA_SCAN_DESCENDING;
    assert_stock(scan(fixture, range), 0);
    range.flags = AURORA_SCAN_DESCENDING;
    assert_stock(scan(fixture, range), 10, 0, -10);
    store_close(fixture);
}
END_TEST

START_TEST(test_scan__one_bound_leaves_the_other_end_open)
{
    store_fixture *fixture = with_stock(_i);
    const aurora_value bound = store_int64(5); /* between two rows */
    aurora_store_scan above = {
        .table = store_table(STOCK), .index = -1, .lower = &bound, .lower_count = 1};
    aurora_store_scan below = {
        .table = store_table(STOCK), .index = -1, .upper = &bound, .upper_count = 1};

    assert_stock(scan(fixture, above), 10, 20);
    assert_stock(scan(fixture, below), -20, -10, 0);
    above.flags = AURORA_SCAN_DESCENDING;
    below.flags = AURORA_SCAN_DESCENDING;
    assert_stock(scan(fixture, above), 20, 10);
    assert_stock(scan(fixture, below), 0, -10, -20);
    store_close(fixture);
}
END_TEST

START_TEST(test_scan__flags_without_their_bounds_mean_nothing)
{
    store_fixture *fixture = with_stock(_i);
    aurora_store_scan all = {.table = store_table(STOCK),
                             .index = -1,
                             .flags = AURORA_SCAN_LOWER_OPEN | AURORA_SCAN_UPPER_OPEN};

    assert_stock(scan(fixture, all), -20, -10, 0, 10, 20);
    all.flags |= AURORA_SCAN_DESCENDING;
    assert_stock(scan(fixture, all), 20, 10, 0, -10, -20);
    store_close(fixture);
}
END_TEST

START_TEST(test_scan__crossed_bounds_are_an_empty_range)
{
    store_fixture *fixture = with_stock(_i);
    const aurora_value lower = store_int64(10);
    const aurora_value upper = store_int64(-10);
    aurora_store_scan range = {.table = store_table(STOCK),
                               .index = -1,
                               .lower = &lower,
                               .upper = &upper,
                               .lower_count = 1,
                               .upper_count = 1};

    ck_assert_uint_eq(scan(fixture, range), 0);
    range.flags = AURORA_SCAN_DESCENDING;
    ck_assert_uint_eq(scan(fixture, range), 0);
    store_close(fixture);
}
END_TEST

START_TEST(test_scan__texts_are_in_bytewise_order)
{
    store_fixture *fixture = store_open(_i);
    const char *const texts[] = {"",   "A",  "Z", "a",        "a ",
                                 "aa", "ab", "b", "\xc3\xa9", "\xe2\x82\xac"};
    const uint32_t count = sizeof texts / sizeof texts[0];
    for (uint32_t i = count; i-- > 0;) {
        aurora__sku_row row = {.sku = texts[i], .id = i};
        store_put_committed(fixture, AURORA_PUT_INSERT, SKU, &row);
    }

    uint32_t rows = scan(fixture, (aurora_store_scan){.table = store_table(SKU), .index = -1});

    ck_assert_uint_eq(rows, count);
    for (uint32_t i = 0; i < count; i++)
        ck_assert_str_eq(at(SKU, i, 0)->bytes, texts[i]);
    store_close(fixture);
}
END_TEST

START_TEST(test_scan__ids_are_in_bytewise_order)
{
    store_fixture *fixture = store_open(_i);
    const uint8_t firsts[] = {0xff, 0x00, 0x80, 0x7f};
    for (int i = 0; i < 4; i++) {
        aurora__payment_row row = {.order_id = store_id(firsts[i], 1), .version = 1};
        store_put_committed(fixture, AURORA_PUT_INSERT, AURORA__TABLE_payment, &row);
    }
    const uint8_t ordered[] = {0x00, 0x7f, 0x80, 0xff};

    uint32_t rows = scan(
        fixture, (aurora_store_scan){.table = store_table(AURORA__TABLE_payment), .index = -1});

    ck_assert_uint_eq(rows, 4);
    for (uint32_t i = 0; i < 4; i++)
        ck_assert_uint_eq(*(const uint8_t *)at(AURORA__TABLE_payment, i, 0)->bytes, ordered[i]);
    store_close(fixture);
}
END_TEST

/* 27 watermarks: three consumers, three sources, three partitions of one topic; position tells. */
static store_fixture *with_watermarks(int adapter)
{
    store_fixture *fixture = store_open(adapter);
    const char *const names[] = {"a", "b", "c"};
    aurora_store_txn *txn = store_write(fixture);
    for (int i = 26; i >= 0; i--) {
        aurora__watermark_row row = {.consumer = names[i / 9],
                                     .source = names[i / 3 % 3],
                                     .topic = "t",
                                     .partition = i % 3,
                                     .position = i};
        aurora_assert_ok(store_put(fixture, txn, AURORA_PUT_INSERT, WATERMARK, &row));
    }
    store_commit(fixture, txn);
    return fixture;
}

/* Fails unless the found watermarks are numbers first to last, in either direction. */
static void assert_watermarks(uint32_t rows, int64_t first, int64_t last)
{
    int64_t step = first <= last ? 1 : -1;
    ck_assert_uint_eq(rows, (uint32_t)((last - first) * step + 1));
    for (uint32_t i = 0; i < rows; i++)
        ck_assert_int_eq(at(WATERMARK, i, 4)->number, first + step * (int64_t)i);
}

START_TEST(test_scan__prefix_bounds_take_or_leave_all_that_begin_with_them)
{
    store_fixture *fixture = with_watermarks(_i);
    const aurora_value bound[2] = {store_text("b"), store_text("b")};
    aurora_store_scan lower = {
        .table = store_table(WATERMARK), .index = -1, .lower = bound, .lower_count = 2};
    aurora_store_scan upper = {
        .table = store_table(WATERMARK), .index = -1, .upper = bound, .upper_count = 2};

    assert_watermarks(scan(fixture, lower), 12, 26);
    assert_watermarks(scan(fixture, upper), 0, 14);
    lower.flags = AURORA_SCAN_LOWER_OPEN;
    upper.flags = AURORA_SCAN_UPPER_OPEN;
    assert_watermarks(scan(fixture, lower), 15, 26);
    assert_watermarks(scan(fixture, upper), 0, 11);
    lower.flags |= AURORA_SCAN_DESCENDING;
    upper.flags |= AURORA_SCAN_DESCENDING;
    assert_watermarks(scan(fixture, lower), 26, 15);
    assert_watermarks(scan(fixture, upper), 11, 0);
    store_close(fixture);
}
END_TEST

START_TEST(test_scan__bounds_of_different_lengths_compare_as_tuples)
{
    store_fixture *fixture = with_watermarks(_i);
    const aurora_value lower[4] = {store_text("a"), store_text("c"), store_text("t"),
                                   store_int64(1)};
    const aurora_value upper[1] = {store_text("b")};
    aurora_store_scan range = {.table = store_table(WATERMARK),
                               .index = -1,
                               .flags = AURORA_SCAN_LOWER_OPEN,
                               .lower = lower,
                               .upper = upper,
                               .lower_count = 4,
                               .upper_count = 1};

    assert_watermarks(scan(fixture, range), 8, 17);
    range.flags |= AURORA_SCAN_DESCENDING;
    assert_watermarks(scan(fixture, range), 17, 8);
    store_close(fixture);
}
END_TEST

/* --- limits, pages, columns ----------------------------------------------------------------- */

START_TEST(test_scan__fewer_rows_than_the_limit_say_it_is_the_end)
{
    store_fixture *fixture = with_stock(_i);
    aurora_store_scan range = {.table = store_table(STOCK), .index = -1, .limit = 4};

    assert_stock(scan(fixture, range), -20, -10, 0, 10);
    range.limit = 5;
    ck_assert_uint_eq(scan(fixture, range), 5);
    range.limit = 6;
    ck_assert_uint_eq(scan(fixture, range), 5);
    store_close(fixture);
}
END_TEST

/* 60 holds of which every third has no due time, many share one. Returns how many have one. */
static uint32_t put_holds(store_fixture *fixture)
{
    uint32_t due = 0;
    aurora_store_txn *txn = store_write(fixture);
    for (int i = 0; i < 60; i++) {
        char key[8] = {(char)('a' + i * 7 % 26), (char)('a' + i % 25), 0};
        aurora__hold_row row = hold(i % 2 ? "x" : "y", key, i % 3 == 0 ? 0 : 1000 + i % 4);
        row.state = i;
        due += row.due_at != 0;
        aurora_assert_ok(store_put(fixture, txn, AURORA_PUT_INSERT, HOLD, &row));
    }
    store_commit(fixture, txn);
    return due;
}

/* Pages through holds_due, seven at a time, and fails on a row seen twice. Returns the rows. */
static uint32_t page_through(store_fixture *fixture, uint32_t flags)
{
    bool seen[60] = {false};
    uint32_t total = 0;
    aurora_value last[3];
    int64_t previous = 0;
    aurora_store_scan page = {
        .table = store_table(HOLD), .index = AURORA__INDEX_HOLD_DUE, .flags = flags, .limit = 7};
    for (;;) {
        uint32_t rows = scan(fixture, page);
        for (uint32_t i = 0; i < rows; i++) {
            int64_t number = at(HOLD, i, 2)->number;
            int64_t due_at = at(HOLD, i, 7)->number;
            ck_assert(!seen[number]);
            seen[number] = true;
            ck_assert(total == 0 ||
                      (flags & AURORA_SCAN_DESCENDING ? due_at <= previous : due_at >= previous));
            previous = due_at;
            total++;
        }
        if (rows < 7)
            return total;
        last[0] = *at(HOLD, 6, 7);
        last[1] = *at(HOLD, 6, 0);
        last[2] = *at(HOLD, 6, 1);
        if (flags & AURORA_SCAN_DESCENDING) {
            page.upper = last;
            page.upper_count = 3;
        } else {
            page.lower = last;
            page.lower_count = 3;
        }
    }
}

START_TEST(test_scan__pages_neither_skip_nor_repeat)
{
    store_fixture *fixture = store_open(_i);
    uint32_t due = put_holds(fixture);

    ck_assert_uint_eq(page_through(fixture, AURORA_SCAN_LOWER_OPEN), due);
    ck_assert_uint_eq(page_through(fixture, AURORA_SCAN_UPPER_OPEN | AURORA_SCAN_DESCENDING), due);
    store_close(fixture);
}
END_TEST

START_TEST(test_scan__columns_that_are_not_wanted_come_back_null)
{
    store_fixture *fixture = store_open(_i);
    aurora__hold_row row = hold("x", "k", 5);
    row.version = 9;
    store_put_committed(fixture, AURORA_PUT_INSERT, HOLD, &row);

    for (int32_t index = -1; index < 1; index++) {
        uint32_t rows = scan(fixture, (aurora_store_scan){.table = store_table(HOLD),
                                                          .index = index,
                                                          .columns = 1u << 1 | 1u << 3});

        ck_assert_uint_eq(rows, 1);
        for (uint32_t column = 0; column < 10; column++)
            ck_assert((at(HOLD, 0, column)->kind != 0) == (column == 1 || column == 3));
        ck_assert_str_eq(at(HOLD, 0, 1)->bytes, "k");
        ck_assert_int_eq(at(HOLD, 0, 3)->number, 9);
    }
    store_close(fixture);
}
END_TEST

START_TEST(test_scan__all_columns_come_back_as_loaded)
{
    store_fixture *fixture = store_open(_i);
    aurora__hold_row row = hold("x", "k", 5);
    store_put_committed(fixture, AURORA_PUT_INSERT, HOLD, &row);

    uint32_t rows = scan(fixture, (aurora_store_scan){.table = store_table(HOLD), .index = 0});

    ck_assert_uint_eq(rows, 1);
    aurora__hold_row copy;
    aurora_assert_ok(aurora__table_unpack(&aurora__tables[HOLD], found, &copy));
    ck_assert_str_eq(copy.scope, "x");
    ck_assert_str_eq(copy.lines, "[]");
    ck_assert_int_eq(copy.due_at, 5);
    ck_assert_uint_eq(copy.request_hash.length, 1);
    store_close(fixture);
}
END_TEST

START_TEST(test_scan__arena_without_memory_answers_enomem)
{
    store_fixture *fixture = store_open(_i);
    put_holds(fixture);
    aurora_arena_port arena = store_arena(fixture);
    aurora_store_scan wanted = {
        .table = store_table(HOLD), .index = -1, .limit = 10, .values_out = found};
    aurora_store_txn *txn = store_read(fixture);

    fixture->blocks_max = 0;
    aurora_assert_status(fixture->port.scan(fixture->port.self, txn, &wanted, &arena),
                         AURORA_ENOMEM);

    store_rollback(fixture, txn);
    store_close(fixture);
}
END_TEST

/* --- indexes -------------------------------------------------------------------------------- */

START_TEST(test_index__ties_are_in_key_order)
{
    store_fixture *fixture = store_open(_i);
    const char *const keys[] = {"c", "a", "b"};
    for (int i = 0; i < 3; i++) {
        aurora__hold_row row = hold("x", keys[i], 100);
        store_put_committed(fixture, AURORA_PUT_INSERT, HOLD, &row);
    }

    uint32_t rows = scan(fixture, (aurora_store_scan){.table = store_table(HOLD), .index = 0});

    ck_assert_uint_eq(rows, 3);
    ck_assert_str_eq(at(HOLD, 0, 1)->bytes, "a");
    ck_assert_str_eq(at(HOLD, 1, 1)->bytes, "b");
    ck_assert_str_eq(at(HOLD, 2, 1)->bytes, "c");
    store_close(fixture);
}
END_TEST

START_TEST(test_index__partial_one_holds_only_rows_with_a_value)
{
    store_fixture *fixture = store_open(_i);
    const aurora_store_scan due = {.table = store_table(HOLD), .index = 0};
    aurora__hold_row row = hold("x", "k", 0);
    store_put_committed(fixture, AURORA_PUT_INSERT, HOLD, &row);
    ck_assert_uint_eq(scan(fixture, due), 0);

    row.due_at = 50;
    store_put_committed(fixture, AURORA_PUT_UPSERT, HOLD, &row);
    ck_assert_uint_eq(scan(fixture, due), 1);
    row.due_at = 60;
    store_put_committed(fixture, AURORA_PUT_UPSERT, HOLD, &row);
    ck_assert_uint_eq(scan(fixture, due), 1);
    ck_assert_int_eq(at(HOLD, 0, 7)->number, 60);
    row.due_at = 0;
    store_put_committed(fixture, AURORA_PUT_UPSERT, HOLD, &row);
    ck_assert_uint_eq(scan(fixture, due), 0);
    row.due_at = 70;
    store_put_committed(fixture, AURORA_PUT_UPSERT, HOLD, &row);
    store_put_committed(fixture, AURORA_PUT_DELETE, HOLD, &row);
    ck_assert_uint_eq(scan(fixture, due), 0);
    store_close(fixture);
}
END_TEST

START_TEST(test_index__row_is_current_where_only_other_columns_changed)
{
    store_fixture *fixture = store_open(_i);
    aurora__hold_row row = hold("x", "k", 50);
    store_put_committed(fixture, AURORA_PUT_INSERT, HOLD, &row);

    row.state = 4;
    row.version = 2;
    aurora_store_txn *txn = store_write(fixture);
    aurora_assert_ok(store_update(fixture, txn, HOLD, &row, 1));
    store_commit(fixture, txn);

    ck_assert_uint_eq(scan(fixture, (aurora_store_scan){.table = store_table(HOLD), .index = 0}),
                      1);
    ck_assert_int_eq(at(HOLD, 0, 2)->number, 4);
    store_close(fixture);
}
END_TEST

START_TEST(test_index__bounds_may_reach_into_the_key)
{
    store_fixture *fixture = store_open(_i);
    put_holds(fixture);
    const aurora_value bound[2] = {store_time(1001), store_text("x")};
    aurora_store_scan range = {.table = store_table(HOLD),
                               .index = 0,
                               .lower = bound,
                               .upper = bound,
                               .lower_count = 2,
                               .upper_count = 2};

    uint32_t rows = scan(fixture, range);

    ck_assert_uint_eq(rows, 10); /* i % 4 == 1, i odd with it, i % 3 != 0 */
    for (uint32_t i = 0; i < rows; i++) {
        ck_assert_int_eq(at(HOLD, i, 7)->number, 1001);
        ck_assert_str_eq(at(HOLD, i, 0)->bytes, "x");
        ck_assert(i == 0 || strcmp(at(HOLD, i - 1, 1)->bytes, at(HOLD, i, 1)->bytes) < 0);
    }
    store_close(fixture);
}
END_TEST

START_TEST(test_index__unique_one_is_scanned_by_its_column)
{
    store_fixture *fixture = store_open(_i);
    const char *const skus[] = {"TEA", "COFFEE", "MILK"};
    for (int i = 0; i < 3; i++) {
        aurora__sku_row row = {.sku = skus[i], .id = 30 - 10 * i};
        store_put_committed(fixture, AURORA_PUT_INSERT, SKU, &row);
    }
    const aurora_value id = store_int64(20);

    uint32_t rows = scan(fixture, (aurora_store_scan){.table = store_table(SKU),
                                                      .index = AURORA__INDEX_SKU_ID,
                                                      .lower = &id,
                                                      .upper = &id,
                                                      .lower_count = 1,
                                                      .upper_count = 1});

    ck_assert_uint_eq(rows, 1);
    ck_assert_str_eq(at(SKU, 0, 0)->bytes, "COFFEE");
    store_close(fixture);
}
END_TEST

START_TEST(test_scan__sees_what_the_transaction_wrote)
{
    store_fixture *fixture = with_stock(_i);
    aurora_arena_port arena = store_arena(fixture);
    aurora_store_txn *txn = store_write(fixture);
    aurora__stock_row row = {.id = 5, .version = 1};
    aurora_assert_ok(store_put(fixture, txn, AURORA_PUT_INSERT, STOCK, &row));
    row.id = 0;
    aurora_assert_ok(store_put(fixture, txn, AURORA_PUT_DELETE, STOCK, &row));

    aurora_store_scan wanted = {
        .table = store_table(STOCK), .index = -1, .limit = ROWS_MAX, .values_out = found};
    aurora_assert_ok(fixture->port.scan(fixture->port.self, txn, &wanted, &arena));

    assert_stock(wanted.row_count_out, -20, -10, 5, 10, 20);
    store_rollback(fixture, txn);
    store_close(fixture);
}
END_TEST

static Suite *store_scan_suite(void)
{
    Suite *suite = suite_create("store_scan");
    TCase *scans = tcase_create("scan");
    store_add_test(scans, test_scan__empty_table_has_no_rows);
    store_add_test(scans, test_scan__numbers_are_in_numeric_order);
    store_add_test(scans, test_scan__bounds_are_closed_or_open);
    store_add_test(scans, test_scan__one_bound_leaves_the_other_end_open);
    store_add_test(scans, test_scan__flags_without_their_bounds_mean_nothing);
    store_add_test(scans, test_scan__crossed_bounds_are_an_empty_range);
    store_add_test(scans, test_scan__texts_are_in_bytewise_order);
    store_add_test(scans, test_scan__ids_are_in_bytewise_order);
    store_add_test(scans, test_scan__prefix_bounds_take_or_leave_all_that_begin_with_them);
    store_add_test(scans, test_scan__bounds_of_different_lengths_compare_as_tuples);
    store_add_test(scans, test_scan__fewer_rows_than_the_limit_say_it_is_the_end);
    store_add_test(scans, test_scan__pages_neither_skip_nor_repeat);
    store_add_test(scans, test_scan__columns_that_are_not_wanted_come_back_null);
    store_add_test(scans, test_scan__all_columns_come_back_as_loaded);
    store_add_test(scans, test_scan__arena_without_memory_answers_enomem);
    store_add_test(scans, test_scan__sees_what_the_transaction_wrote);
    suite_add_tcase(suite, scans);
    TCase *indexes = tcase_create("index");
    store_add_test(indexes, test_index__ties_are_in_key_order);
    store_add_test(indexes, test_index__partial_one_holds_only_rows_with_a_value);
    store_add_test(indexes, test_index__row_is_current_where_only_other_columns_changed);
    store_add_test(indexes, test_index__bounds_may_reach_into_the_key);
    store_add_test(indexes, test_index__unique_one_is_scanned_by_its_column);
    suite_add_tcase(suite, indexes);
    return suite;
}

AURORA_TEST_MAIN(store_scan_suite)

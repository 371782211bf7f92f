/* SPDX-License-Identifier: MIT */
/* The counters of one SKU: each change alone, at and over its limits. */
#include "core/stock.h"

#include "test.h"

typedef aurora_status (*change)(aurora__stock_row *stock, int64_t quantity);

static const aurora__stock_row full =
    {.available = 5, .reserved = 3, .sold = 2, .received = 12, .written_off = 2, .version = 7};

static void assert_same(const aurora__stock_row *a, const aurora__stock_row *b)
{
    ck_assert_int_eq(a->available, b->available);
    ck_assert_int_eq(a->reserved, b->reserved);
    ck_assert_int_eq(a->sold, b->sold);
    ck_assert_int_eq(a->received, b->received);
    ck_assert_int_eq(a->written_off, b->written_off);
    ck_assert_int_eq(a->version, b->version);
}

START_TEST(test_stock_row__change_takes_all_that_there_is_and_no_more)
{
    static const struct {
        change apply;
        int64_t most;
        aurora_status over;
    } rows[] = {{aurora__stock_write_off, 5, AURORA_EINSUFFICIENT},
                {aurora__stock_reserve, 5, AURORA_EINSUFFICIENT},
                {aurora__stock_release, 3, AURORA_ECORRUPT},
                {aurora__stock_commit, 3, AURORA_ECORRUPT}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        aurora__stock_row stock = full;
        aurora_assert_status(rows[i].apply(&stock, rows[i].most + 1), rows[i].over);
        assert_same(&stock, &full);
        aurora_assert_ok(rows[i].apply(&stock, rows[i].most));
        ck_assert(aurora__stock_is_balanced(&stock));
        ck_assert_int_eq(stock.version, full.version + 1);
    }
}
END_TEST

START_TEST(test_stock_row__receipt_does_not_wrap)
{
    aurora__stock_row stock = {.received = INT64_MAX - 1, .written_off = INT64_MAX - 1};
    aurora__stock_row before = stock;
    aurora_assert_status(aurora__stock_receive(&stock, 2), AURORA_EOVERFLOW);
    assert_same(&stock, &before);

    /* A damaged row, whose available would wrap first. */
    stock = (aurora__stock_row){.available = INT64_MAX};
    aurora_assert_status(aurora__stock_receive(&stock, 1), AURORA_EOVERFLOW);
    ck_assert_int_eq(stock.received, 0);
}
END_TEST

START_TEST(test_stock_row__each_way_of_being_unbalanced_is_seen)
{
    static const aurora__stock_row damaged[] = {
        {.available = -1, .reserved = 1},
        {.available = 1, .reserved = -1},
        {.available = 1, .sold = -1},
        {.received = -1},
        {.written_off = -1},
        {.written_off = 1},
        {.available = 1},
        {.available = INT64_MAX, .reserved = 1, .received = INT64_MAX},
        {.available = 1, .reserved = INT64_MAX - 1, .sold = 1, .received = INT64_MAX},
    };
    ck_assert(aurora__stock_is_balanced(&full));
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++)
        ck_assert_msg(!aurora__stock_is_balanced(&damaged[i]), "row %zu is no balance", i);
}
END_TEST

static Suite *stock_row_suite(void)
{
    Suite *suite = suite_create("stock_row");
    TCase *tcase = tcase_create("stock_row");
    tcase_add_test(tcase, test_stock_row__change_takes_all_that_there_is_and_no_more);
    tcase_add_test(tcase, test_stock_row__receipt_does_not_wrap);
    tcase_add_test(tcase, test_stock_row__each_way_of_being_unbalanced_is_seen);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(stock_row_suite)

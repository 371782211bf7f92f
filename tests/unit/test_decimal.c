/* SPDX-License-Identifier: MIT */
#include "http/decimal.h"

#include <inttypes.h>
#include <stdio.h>

#include "test.h"

static void assert_written(uint64_t value)
{
    char expected[AURORA__DECIMAL_BYTES + 1], text[AURORA__DECIMAL_BYTES + 1];
    snprintf(expected, sizeof expected, "%" PRIu64, value);
    *aurora__decimal_write(text, value) = '\0';
    ck_assert_str_eq(text, expected);
}

START_TEST(test_decimal__is_what_printf_writes)
{
    for (uint64_t value = 0; value < 20000; value++)
        assert_written(value);
    for (uint64_t power = 10; power <= UINT64_MAX / 10; power *= 10) {
        assert_written(power * 10 - 1);
        assert_written(power * 10);
        assert_written(power * 10 + 1);
    }
    assert_written(UINT64_MAX);
}
END_TEST

START_TEST(test_decimal__pair_keeps_its_zero)
{
    char text[3] = "", expected[12];
    for (uint32_t value = 0; value < 100; value++) {
        aurora__decimal_pair(text, value);
        snprintf(expected, sizeof expected, "%02" PRIu32, value);
        ck_assert_str_eq(text, expected);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *decimal = suite_create("decimal");
    TCase *all = tcase_create("all");
    tcase_add_test(all, test_decimal__is_what_printf_writes);
    tcase_add_test(all, test_decimal__pair_keeps_its_zero);
    suite_add_tcase(decimal, all);
    return decimal;
}

AURORA_TEST_MAIN(suite)

/* SPDX-License-Identifier: MIT */
#include <aurora/money.h>

#include "test.h"

START_TEST(test_money__sums_and_products_are_exact_to_the_last_unit)
{
    int64_t result = 0;

    aurora_assert_ok(aurora_money_add(INT64_MAX - 1, 1, &result));
    ck_assert_int_eq(result, INT64_MAX);
    aurora_assert_ok(aurora_money_add(INT64_MIN + 1, -1, &result));
    ck_assert_int_eq(result, INT64_MIN);
    aurora_assert_ok(aurora_money_mul(1000000000000, 1000000, &result));
    ck_assert_int_eq(result, 1000000000000000000);
    aurora_assert_ok(aurora_money_mul(-3, 5, &result));
    ck_assert_int_eq(result, -15);
}
END_TEST

START_TEST(test_money__overflow_is_refused_and_leaves_the_result_alone)
{
    int64_t result = 42;

    aurora_assert_status(aurora_money_add(INT64_MAX, 1, &result), AURORA_EOVERFLOW);
    aurora_assert_status(aurora_money_add(INT64_MIN, -1, &result), AURORA_EOVERFLOW);
    aurora_assert_status(aurora_money_mul(INT64_MAX / 2 + 1, 2, &result), AURORA_EOVERFLOW);
    aurora_assert_status(aurora_money_mul(INT64_MIN, -1, &result), AURORA_EOVERFLOW);

    ck_assert_int_eq(result, 42);
}
END_TEST

START_TEST(test_money__result_may_be_an_operand)
{
    int64_t total = 40;

    aurora_assert_ok(aurora_money_add(total, 2, &total));
    aurora_assert_ok(aurora_money_mul(total, 2, &total));

    ck_assert_int_eq(total, 84);
}
END_TEST

START_TEST(test_money__missing_result_is_refused)
{
    aurora_assert_status(aurora_money_add(1, 2, NULL), AURORA_EINVAL);
    aurora_assert_status(aurora_money_mul(1, 2, NULL), AURORA_EINVAL);
}
END_TEST

START_TEST(test_money__digits_are_those_of_iso_4217)
{
    static const struct {
        const char *code;
        int32_t digits;
    } samples[] = {
        {"EUR", 2}, {"USD", 2}, {"GBP", 2}, {"CHF", 2}, {"CNY", 2}, {"INR", 2}, {"MGA", 2},
        {"MRU", 2}, {"HUF", 2}, {"JPY", 0}, {"KRW", 0}, {"VND", 0}, {"ISK", 0}, {"CLP", 0},
        {"XAF", 0}, {"XOF", 0}, {"XPF", 0}, {"UGX", 0}, {"UYI", 0}, {"BHD", 3}, {"IQD", 3},
        {"JOD", 3}, {"KWD", 3}, {"LYD", 3}, {"OMR", 3}, {"TND", 3}, {"CLF", 4}, {"UYW", 4},
        {"AED", 2}, {"ZWG", 2}, {"XCG", 2}, {"SLE", 2}, {"VED", 2}, {"ZWL", 2},
    };
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
        ck_assert_msg(aurora_currency_digits(samples[i].code) == samples[i].digits, "%s has %d",
                      samples[i].code, (int)aurora_currency_digits(samples[i].code));
}
END_TEST

START_TEST(test_money__metals_and_test_codes_have_no_digits)
{
    static const char *const codes[] = {"XXX", "XTS", "XAU", "XAG", "XPT", "XPD", "XDR",
                                        "XBA", "XBB", "XBC", "XBD", "XSU", "XUA"};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        ck_assert_msg(aurora_currency_digits(codes[i]) == -1, "%s", codes[i]);
}
END_TEST

START_TEST(test_money__what_is_no_code_has_no_digits)
{
    static const char *const texts[] = {"",     "E",   "EU",  "eur", "Eur",       "EURO",
                                        "EUR ", "ABC", "ZZZ", "AAA", "E\xC3\xBC", "978"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        ck_assert_msg(aurora_currency_digits(texts[i]) == -1, "\"%s\"", texts[i]);
    ck_assert_int_eq(aurora_currency_digits(NULL), -1);
}
END_TEST

START_TEST(test_money__table_has_as_many_codes_as_the_standard)
{
    uint32_t by_digits[5] = {0};
    for (char a = 'A'; a <= 'Z'; a++) {
        for (char b = 'A'; b <= 'Z'; b++) {
            for (char c = 'A'; c <= 'Z'; c++) {
                const char code[4] = {a, b, c, '\0'};
                int32_t digits = aurora_currency_digits(code);
                ck_assert_int_le(digits, 4);
                if (digits >= 0)
                    by_digits[digits]++;
            }
        }
    }

    /* A code out of order in our table would not be found by its binary search and would be missing
     * here. */
    ck_assert_uint_eq(by_digits[0], 17);
    ck_assert_uint_eq(by_digits[1], 0);
    ck_assert_uint_eq(by_digits[2], 144);
    ck_assert_uint_eq(by_digits[3], 7);
    ck_assert_uint_eq(by_digits[4], 2);
}
END_TEST

static Suite *money_suite(void)
{
    Suite *suite = suite_create("money");
    TCase *tcase = tcase_create("money");
    tcase_add_test(tcase, test_money__sums_and_products_are_exact_to_the_last_unit);
    tcase_add_test(tcase, test_money__overflow_is_refused_and_leaves_the_result_alone);
    tcase_add_test(tcase, test_money__result_may_be_an_operand);
    tcase_add_test(tcase, test_money__missing_result_is_refused);
    tcase_add_test(tcase, test_money__digits_are_those_of_iso_4217);
    tcase_add_test(tcase, test_money__metals_and_test_codes_have_no_digits);
    tcase_add_test(tcase, test_money__what_is_no_code_has_no_digits);
    tcase_add_test(tcase, test_money__table_has_as_many_codes_as_the_standard);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(money_suite)

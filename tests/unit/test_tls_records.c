/* SPDX-License-Identifier: MIT */
/* What is a ClientHello, and how far records are whole, at whatever byte they are cut. */
#include "test.h"

#include <string.h>

#include "tls/internal.h"

/* A message of 40 bytes in two records of 20. */
static size_t make_hello(char out[64])
{
    size_t at = 0;
    for (int record = 0; record < 2; record++) {
        memcpy(out + at, "\x16\x03\x01\x00\x14", 5);
        memset(out + at + 5, 'h', 20);
        if (record == 0)
            memcpy(out + at + 5, "\x01\x00\x00\x24", 4);
        at += 25;
    }
    return at;
}

START_TEST(test_tls_records__a_hello_is_whole_with_its_last_byte)
{
    char hello[64];
    size_t len = make_hello(hello);

    for (size_t i = 0; i < len; i++)
        ck_assert_int_eq(aurora__tls_hello_look(hello, i), AURORA__TLS_HELLO_MORE);
    ck_assert_int_eq(aurora__tls_hello_look(hello, len), AURORA__TLS_HELLO_WHOLE);
    ck_assert_int_eq(aurora__tls_hello_look(hello, 0), AURORA__TLS_HELLO_MORE);
}
END_TEST

START_TEST(test_tls_records__what_is_none_is_known_by_its_first_wrong_byte)
{
    static const struct {
        const char *data;
        size_t len;
        aurora__tls_hello verdict;
    } rows[] = {
        {"G", 1, AURORA__TLS_HELLO_PLAIN},
        {"\x80", 1, AURORA__TLS_HELLO_BAD},
        {"\x15", 1, AURORA__TLS_HELLO_BAD},
        {"\x16\x02", 2, AURORA__TLS_HELLO_BAD},
        {"\x16\x03\x01\x00\x00", 5, AURORA__TLS_HELLO_BAD},
        {"\x16\x03\x01\x40\x01", 5, AURORA__TLS_HELLO_BAD},
        {"\x16\x03\x01\x00\x10\x02\x00\x00\x00", 9, AURORA__TLS_HELLO_BAD},
        {"\x16\x03\x01\x00\x10\x01\x00\x40\x01", 9, AURORA__TLS_HELLO_BAD},
    };
    for (size_t row = 0; row < sizeof rows / sizeof *rows; row++) {
        for (size_t i = 1; i < rows[row].len; i++)
            ck_assert_int_eq(aurora__tls_hello_look(rows[row].data, i), AURORA__TLS_HELLO_MORE);
        ck_assert_int_eq(aurora__tls_hello_look(rows[row].data, rows[row].len), rows[row].verdict);
    }
}
END_TEST

START_TEST(test_tls_records__records_are_whole_to_the_end_of_the_last_one)
{
    char hello[64];
    size_t len = make_hello(hello);

    for (size_t i = 0; i <= len; i++)
        ck_assert_uint_eq(aurora__tls_whole(hello, i), i / 25 * 25);
}
END_TEST

START_TEST(test_tls_records__what_no_record_can_be_is_left_to_openssl)
{
    ck_assert_uint_eq(aurora__tls_whole("\x17\x02\x03\x00\x01x", 6), 6);
    ck_assert_uint_eq(aurora__tls_whole("\x17\x03\x03\xff\xff", 5), 5);
}
END_TEST

static Suite *tls_records_suite(void)
{
    Suite *suite = suite_create("tls_records");
    TCase *tcase = tcase_create("records");
    tcase_add_test(tcase, test_tls_records__a_hello_is_whole_with_its_last_byte);
    tcase_add_test(tcase, test_tls_records__what_is_none_is_known_by_its_first_wrong_byte);
    tcase_add_test(tcase, test_tls_records__records_are_whole_to_the_end_of_the_last_one);
    tcase_add_test(tcase, test_tls_records__what_no_record_can_be_is_left_to_openssl);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(tls_records_suite)

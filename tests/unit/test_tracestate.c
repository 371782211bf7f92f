/* SPDX-License-Identifier: MIT */
/* W3C Trace Context, section 3.3. */
#include <string.h>

#include "http/tracestate.h"
#include "test.h"

START_TEST(test_tracestate__lists_of_members_are_passed_on)
{
    static const char *const good[] = {
        "a=1",
        "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE",
        "a=1, b=2\t,c=3",
        "a=1,,b=2",
        "0a=1",
        "fw529a3039@dt=FfTfa ~!\"",
        "a-b_c*d/e=x;y",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        ck_assert_msg(aurora_http_tracestate_is_good(good[i]), "%s", good[i]);
}
END_TEST

START_TEST(test_tracestate__anything_else_is_not)
{
    static const char *const bad[] = {"",     " ",      ",",          "a",       "=1",
                                      "a=",   "A=1",    "a=1=2",      "a=1,a=2", "a =1",
                                      "_a=1", "a=\x7f", "a=\xc3\xa4", "a=1,b",   "@a=1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!aurora_http_tracestate_is_good(bad[i]), "%s", bad[i]);
}
END_TEST

/* So many members "a<letter><letter>=v..." */
static void write_list(char *text, int members, int value_bytes)
{
    for (int i = 0; i < members; i++) {
        *text++ = i == 0 ? ' ' : ',';
        *text++ = (char)('a' + i / 26);
        *text++ = (char)('a' + i % 26);
        *text++ = '=';
        memset(text, 'v', (size_t)value_bytes);
        text += value_bytes;
    }
    *text = '\0';
}

START_TEST(test_tracestate__is_bounded)
{
    char text[2048];
    write_list(text, 32, 1);
    ck_assert(aurora_http_tracestate_is_good(text));
    write_list(text, 33, 1);
    ck_assert(!aurora_http_tracestate_is_good(text));
    write_list(text, 2, 252); /* 512 bytes */
    ck_assert_uint_eq(strlen(text), AURORA_HTTP_TRACESTATE_BYTES_MAX);
    ck_assert(aurora_http_tracestate_is_good(text));
    write_list(text, 2, 253);
    ck_assert(!aurora_http_tracestate_is_good(text));
    write_list(text, 1, 257);
    ck_assert(!aurora_http_tracestate_is_good(text));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("tracestate");
    TCase *all = tcase_create("all");
    tcase_add_test(all, test_tracestate__lists_of_members_are_passed_on);
    tcase_add_test(all, test_tracestate__anything_else_is_not);
    tcase_add_test(all, test_tracestate__is_bounded);
    suite_add_tcase(s, all);
    return s;
}

AURORA_TEST_MAIN(suite)

/* SPDX-License-Identifier: MIT */
#include "http/plain_text.h"

#include "test.h"

#define TEXT_BYTES 26 /* three steps of eight bytes, and a rest */

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* Its neighbours are the lowest and the highest plain bytes, from which a step could borrow. */
START_TEST(test_plain_text__ends_at_the_first_byte_that_is_not)
{
    static const char neighbours[] = {' ', '~', 0x7f, '!', '#', '[', ']'};
    char text[TEXT_BYTES];
    for (size_t kind = 0; kind < sizeof neighbours; kind++) {
        for (size_t at = 0; at < TEXT_BYTES; at++) {
            for (int c = 0; c < 256; c++) {
                memset(text, neighbours[kind], sizeof text);
                text[at] = (char)c;
                size_t expected = is_plain((unsigned char)c) ? TEXT_BYTES : at;
                ck_assert_uint_eq(aurora__plain_length(text, TEXT_BYTES), expected);
            }
        }
    }
}
END_TEST

START_TEST(test_plain_text__ends_at_its_length)
{
    static const char text[] = "a text that goes on behind\"";
    for (size_t length = 0; length < sizeof text - 2; length++)
        ck_assert_uint_eq(aurora__plain_length(text, length), length);
    ck_assert_uint_eq(aurora__plain_length(text, sizeof text - 1), sizeof text - 2);
}
END_TEST

static Suite *suite(void)
{
    Suite *plain = suite_create("plain_text");
    TCase *tcase = tcase_create("length");
    tcase_add_test(tcase, test_plain_text__ends_at_the_first_byte_that_is_not);
    tcase_add_test(tcase, test_plain_text__ends_at_its_length);
    suite_add_tcase(plain, tcase);
    return plain;
}

AURORA_TEST_MAIN(suite)

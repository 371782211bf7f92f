/* SPDX-License-Identifier: MIT */
/* The CSV reader of auroractl, compiled into this test: a program has no library to link. */
#include "test.h"

#include <string.h>

#include "../../daemons/auroractl/csv.c"

typedef struct {
    char text[256]; /* what is parsed is written to, and needs a spare byte */
    ctl_csv csv;
    char *fields[4];
} fixture;

static void open_text(fixture *at, const char *text)
{
    memset(at, 0, sizeof *at);
    size_t length = strlen(text);
    ck_assert_uint_lt(length, sizeof at->text);
    memcpy(at->text, text, length);
    ctl_csv_init(&at->csv, at->text, length);
}

static int next(fixture *at)
{
    return ctl_csv_read(&at->csv, at->fields, 4);
}

START_TEST(test_csv__plain_fields_stand_between_commas)
{
    fixture at;
    open_text(&at, "a,,c\nd,e,\n");

    ck_assert_int_eq(next(&at), 3);
    ck_assert_str_eq(at.fields[0], "a");
    ck_assert_str_eq(at.fields[1], "");
    ck_assert_str_eq(at.fields[2], "c");

    ck_assert_int_eq(next(&at), 3);
    ck_assert_str_eq(at.fields[0], "d");
    ck_assert_str_eq(at.fields[2], "");

    ck_assert_int_eq(next(&at), 0);
}
END_TEST

START_TEST(test_csv__quotes_hold_commas_quotes_and_line_ends)
{
    fixture at;
    open_text(&at, "\"a, b\",\"say \"\"hi\"\"\",\"two\nlines\"\r\n\"\",x\n");

    ck_assert_int_eq(next(&at), 3);
    ck_assert_str_eq(at.fields[0], "a, b");
    ck_assert_str_eq(at.fields[1], "say \"hi\"");
    ck_assert_str_eq(at.fields[2], "two\nlines");
    ck_assert_uint_eq(at.csv.line, 1);

    ck_assert_int_eq(next(&at), 2);
    ck_assert_str_eq(at.fields[0], "");
    ck_assert_str_eq(at.fields[1], "x");
    ck_assert_uint_eq(at.csv.line, 3);
}
END_TEST

START_TEST(test_csv__a_quote_inside_a_plain_field_is_a_letter)
{
    fixture at;
    open_text(&at, "6\" ruler,1\n");

    ck_assert_int_eq(next(&at), 2);
    ck_assert_str_eq(at.fields[0], "6\" ruler");
}
END_TEST

START_TEST(test_csv__crlf_and_a_last_line_without_end_are_lines)
{
    fixture at;
    open_text(&at, "a,b\r\n\r\n\nc,d");

    ck_assert_int_eq(next(&at), 2);
    ck_assert_str_eq(at.fields[1], "b");
    ck_assert_int_eq(next(&at), 2);
    ck_assert_str_eq(at.fields[0], "c");
    ck_assert_str_eq(at.fields[1], "d");
    ck_assert_uint_eq(at.csv.line, 4);
    ck_assert_int_eq(next(&at), 0);
}
END_TEST

START_TEST(test_csv__a_comma_at_the_very_end_begins_an_empty_field)
{
    fixture at;
    open_text(&at, "a,");

    ck_assert_int_eq(next(&at), 2);
    ck_assert_str_eq(at.fields[1], "");
    ck_assert_int_eq(next(&at), 0);
}
END_TEST

START_TEST(test_csv__a_byte_order_mark_is_no_text)
{
    fixture at;
    open_text(&at, "\xef\xbb\xbfsku,name\n");

    ck_assert_int_eq(next(&at), 2);
    ck_assert_int_eq(ctl_csv_find(at.fields, 2, "SKU"), 0);
    ck_assert_int_eq(ctl_csv_find(at.fields, 2, "name"), 1);
    ck_assert_int_eq(ctl_csv_find(at.fields, 2, "price"), -1);
}
END_TEST

START_TEST(test_csv__a_quote_that_never_closes_is_refused)
{
    fixture at;
    open_text(&at, "a,\"b\nc,d\n");

    ck_assert_int_eq(next(&at), -1);
}
END_TEST

START_TEST(test_csv__text_behind_a_closing_quote_is_refused)
{
    fixture at;
    open_text(&at, "\"a\"b,c\n");

    ck_assert_int_eq(next(&at), -1);
}
END_TEST

START_TEST(test_csv__more_fields_than_there_is_room_for_are_refused)
{
    fixture at;
    open_text(&at, "1,2,3,4,5\n");

    ck_assert_int_eq(next(&at), -1);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("csv");
    TCase *tcase = tcase_create("csv");
    tcase_add_test(tcase, test_csv__plain_fields_stand_between_commas);
    tcase_add_test(tcase, test_csv__quotes_hold_commas_quotes_and_line_ends);
    tcase_add_test(tcase, test_csv__a_quote_inside_a_plain_field_is_a_letter);
    tcase_add_test(tcase, test_csv__crlf_and_a_last_line_without_end_are_lines);
    tcase_add_test(tcase, test_csv__a_comma_at_the_very_end_begins_an_empty_field);
    tcase_add_test(tcase, test_csv__a_byte_order_mark_is_no_text);
    tcase_add_test(tcase, test_csv__a_quote_that_never_closes_is_refused);
    tcase_add_test(tcase, test_csv__text_behind_a_closing_quote_is_refused);
    tcase_add_test(tcase, test_csv__more_fields_than_there_is_room_for_are_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(suite)

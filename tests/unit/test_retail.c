/* SPDX-License-Identifier: MIT */
/* Times, prices and invoices as auroractl reads them, compiled into this test: a program has no
 * library to link. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "../../daemons/auroractl/csv.c"
#include "../../daemons/auroractl/retail.c"
#include "../../daemons/auroractl/retail_returns.c"
#include "../../daemons/auroractl/retail_text.c"
#include "../../daemons/auroractl/text_map.c"
#include "../../daemons/auroractl/time_text.c"

#define HEADING                                                                                    \
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"

typedef struct {
    char text[2048];
    ctl_retail_file file;
    ctl_retail_error error;
} fixture;

static bool read_lines(fixture *at, const char *lines)
{
    memset(at, 0, sizeof *at);
    int length = snprintf(at->text, sizeof at->text, HEADING "%s", lines);
    ck_assert_int_lt(length, (int)sizeof at->text);
    return ctl_retail_read(at->text, (size_t)length, &at->file, &at->error);
}

static int64_t price(const char *text)
{
    int64_t minor = -1;
    bool is_positive = false;
    ck_assert_msg(ctl_price_parse(text, &minor, &is_positive), "%s is refused", text);
    return minor;
}

static bool is_price(const char *text)
{
    int64_t minor = 0;
    bool is_positive = false;
    return ctl_price_parse(text, &minor, &is_positive);
}

/* --- prices ----------------------------------------------------------------------------------- */

START_TEST(test_price__decimals_become_hundredths)
{
    ck_assert_int_eq(price("2.55"), 255);
    ck_assert_int_eq(price("25.0"), 2500);
    ck_assert_int_eq(price("7"), 700);
    ck_assert_int_eq(price(".5"), 50);
    ck_assert_int_eq(price("0"), 0);
    ck_assert_int_eq(price("-11062.06"), -1106206);
}
END_TEST

START_TEST(test_price__half_a_hundredth_rounds_up)
{
    ck_assert_int_eq(price("0.005"), 1);
    ck_assert_int_eq(price("0.0049999999999999999999"), 0);
    ck_assert_int_eq(price("1.005"), 101); /* in binary 1.005 lies below its half */
    ck_assert_int_eq(price("2.675"), 268);
    ck_assert_int_eq(price("0.994"), 99);
    ck_assert_int_eq(price("0.995"), 100);
}
END_TEST

START_TEST(test_price__what_rounds_to_nothing_is_still_above_it)
{
    int64_t minor = -1;
    bool is_positive = false;

    ck_assert(ctl_price_parse("0.001", &minor, &is_positive));

    ck_assert_int_eq(minor, 0);
    ck_assert(is_positive);
}
END_TEST

START_TEST(test_price__zero_and_less_are_not_above_it)
{
    int64_t minor = -1;
    bool is_positive = true;

    ck_assert(ctl_price_parse("0.00", &minor, &is_positive));
    ck_assert(!is_positive);
    ck_assert(ctl_price_parse("-0.001", &minor, &is_positive));
    ck_assert(!is_positive);
}
END_TEST

START_TEST(test_price__other_texts_are_refused)
{
    ck_assert(!is_price(""));
    ck_assert(!is_price("."));
    ck_assert(!is_price("-"));
    ck_assert(!is_price("1,5"));
    ck_assert(!is_price("1e3"));
    ck_assert(!is_price("1.2.3"));
    ck_assert(!is_price(" 1"));
    ck_assert(!is_price("nan"));
}
END_TEST

START_TEST(test_price__beyond_what_a_line_may_cost_is_refused)
{
    ck_assert_int_eq(price("10000000000.00"), AURORA_PRICE_MINOR_MAX);
    ck_assert(!is_price("10000000000.01"));
    ck_assert(!is_price("99999999999999999999999999"));
}
END_TEST

/* --- times ------------------------------------------------------------------------------------ */

static int64_t time_of(const char *text)
{
    int64_t ms = -1;
    ck_assert_msg(ctl_time_parse_sheet(text, &ms), "%s is refused", text);
    return ms;
}

START_TEST(test_time__dates_and_times_are_utc)
{
    ck_assert_int_eq(time_of("1970-01-01"), 0);
    ck_assert_int_eq(time_of("2010-12-01 08:26:00"), INT64_C(1291191960000));
    ck_assert_int_eq(time_of("2010-12-01T08:26:00Z"), INT64_C(1291191960000));
    ck_assert_int_eq(time_of("2010-12-01T08:26:00.125999Z"), INT64_C(1291191960125));
    ck_assert_int_eq(time_of("2010-12-01 8:26"), INT64_C(1291191960000));
    ck_assert_int_eq(time_of("12/1/2010 8:26"), INT64_C(1291191960000));
    ck_assert_int_eq(time_of("2000-02-29"), INT64_C(951782400000));
    ck_assert_int_eq(time_of("1969-12-31T23:59:59Z"), -1000);
}
END_TEST

START_TEST(test_time__days_that_do_not_exist_are_refused)
{
    int64_t ms = 0;
    const char *const texts[] = {"2011-02-29",
                                 "1900-02-29",
                                 "2011-13-01",
                                 "2011-00-10",
                                 "2011-01-32",
                                 "2011-1-1",
                                 "2011-01-01T24:00",
                                 "2011-01-01 12:60",
                                 "2011-01-01T10:00+01:00",
                                 "2011-01-01x",
                                 "13/1/2011 8:26",
                                 "2/30/2011",
                                 "yesterday",
                                 ""};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        ck_assert_msg(!ctl_time_parse_sheet(texts[i], &ms), "%s is accepted", texts[i]);
}
END_TEST

START_TEST(test_time__what_is_written_reads_back)
{
    char text[CTL_TIME_BYTES];
    for (int64_t ms = INT64_C(-62135596800000); ms < INT64_C(253402300799999);
         ms += INT64_C(86399999) * 97) {
        int64_t back = 0;

        ck_assert(ctl_time_parse(ctl_time_format(ms, text), &back));

        ck_assert_msg(back == ms, "%s", text);
    }
}
END_TEST

/* --- invoices --------------------------------------------------------------------------------- */

START_TEST(test_retail__lines_of_one_invoice_make_one_order)
{
    fixture at;
    ck_assert(read_lines(&at, "1,85123A,HEART,6,2010-12-01 08:26:00,2.55,17850,UK\n"
                              "2,71053,LANTERN,1,2010-12-01 08:28:00,3.39,13047,UK\n"
                              "1, 71053 ,LANTERN,2,2010-12-01 08:27:00,3.30,17850,UK\n"));

    ck_assert_uint_eq(at.file.order_count, 2);
    ck_assert_uint_eq(at.file.line_count, 3);
    const ctl_retail_invoice *order = &at.file.orders[0];
    ck_assert_str_eq(order->reference, "1");
    ck_assert_str_eq(order->customer_id, "17850");
    ck_assert_int_eq(order->placed_at_ms, INT64_C(1291191960000));
    ck_assert_uint_eq(order->line_count, 2);
    ck_assert_int_eq(order->total_minor, 6 * 255 + 2 * 330);
    ck_assert_str_eq(order->lines[1].sku, "71053");
    ck_assert_int_eq(order->lines[1].unit_price_minor, 330);
    ctl_retail_deinit(&at.file);
}
END_TEST

START_TEST(test_retail__codes_are_trimmed_and_in_upper_case)
{
    fixture at;
    ck_assert(read_lines(&at, "1,85123a,HEART,6,2010-12-01 08:26:00,2.55,17850,UK\n"
                              "2,85123A ,WHITE HEART,2,2010-12-01 08:28:00,2.95,13047,UK\n"));

    ck_assert_uint_eq(at.file.product_count, 1);
    ck_assert_str_eq(at.file.products[0].sku, "85123A");
    ck_assert_str_eq(at.file.products[0].name, "HEART");
    ck_assert_int_eq(at.file.products[0].price_minor, 255);
    ck_assert_int_eq(at.file.products[0].sold, 8);
    ctl_retail_deinit(&at.file);
}
END_TEST

START_TEST(test_retail__lines_that_are_no_sale_do_not_count)
{
    fixture at;
    ck_assert(read_lines(&at, "A1,B,Adjust bad debt,1,2011-08-12 14:50:00,11062.06,17850,UK\n"
                              "2,71053,LANTERN,1,2010-12-01 08:28:00,3.39,,UK\n"
                              "3,71053,LANTERN,0,2010-12-01 08:28:00,3.39,17850,UK\n"
                              "4,71053,LANTERN,-5,2010-12-01 08:28:00,3.39,17850,UK\n"
                              "5,71053,,3,2010-12-01 08:28:00,0.0,17850,UK\n"
                              "C6,71053,LANTERN,-1,2010-12-01 08:28:00,3.39,17850,UK\n"
                              "7,71053,,3,2010-12-01 08:28:00,0.001,17850,UK\n"));

    ck_assert_uint_eq(at.file.order_count, 1);
    ck_assert_str_eq(at.file.orders[0].reference, "7");
    ck_assert_int_eq(at.file.orders[0].total_minor, 0);
    ck_assert_str_eq(at.file.products[0].name, "71053");
    ctl_retail_deinit(&at.file);
}
END_TEST

START_TEST(test_retail__orders_follow_time_then_place_in_the_file)
{
    fixture at;
    ck_assert(read_lines(&at, "9,A,X,1,2010-12-01 08:28:00,1,1,UK\n"
                              "8,A,X,1,2010-12-01 08:28:00,1,1,UK\n"
                              "7,A,X,1,2010-12-01 08:27:00,1,1,UK\n"));

    ck_assert_str_eq(at.file.orders[0].reference, "7");
    ck_assert_str_eq(at.file.orders[1].reference, "9");
    ck_assert_str_eq(at.file.orders[2].reference, "8");
    ctl_retail_deinit(&at.file);
}
END_TEST

START_TEST(test_retail__latin1_descriptions_become_utf8)
{
    fixture at;
    ck_assert(read_lines(&at, "1,A,VOUCHER \xa3"
                              "40 \x81,1,2010-12-01 08:28:00,1,17850.0,UK\n"
                              "2,B,CAF\xc3\x89,1,2010-12-01 08:28:00,1,17850,UK\n"));

    ck_assert_str_eq(at.file.products[0].name, "VOUCHER \xc2\xa3"
                                               "40 \xef\xbf\xbd");
    ck_assert_str_eq(at.file.products[1].name, "CAF\xc3\x89");
    ck_assert_str_eq(at.file.orders[0].customer_id, "17850");
    ctl_retail_deinit(&at.file);
}
END_TEST

START_TEST(test_utf8__overlong_forms_and_surrogates_are_none)
{
    ck_assert(ctl_text_is_utf8("a\xc2\xa3\xe2\x82\xac\xf0\x9f\x98\x80"));
    ck_assert(!ctl_text_is_utf8("\xc0\xaf"));
    ck_assert(!ctl_text_is_utf8("\xe0\x80\xaf"));
    ck_assert(!ctl_text_is_utf8("\xed\xa0\x80"));
    ck_assert(!ctl_text_is_utf8("\xf4\x90\x80\x80"));
    ck_assert(!ctl_text_is_utf8("\xe2\x82"));
    ck_assert(!ctl_text_is_utf8("\x80"));
}
END_TEST

START_TEST(test_retail__a_broken_line_is_named)
{
    fixture at;

    ck_assert(!read_lines(&at, "1,A,X,1,2010-12-01 08:28:00,1,1,UK\n"
                               "2,A,X,many,2010-12-01 08:28:00,1,1,UK\n"));

    ck_assert_uint_eq(at.error.line, 3);
    ck_assert_str_eq(at.error.message, "Quantity or UnitPrice is no number");
}
END_TEST

START_TEST(test_retail__another_heading_is_refused)
{
    fixture at = {.text = "sku,name\nA,B\n"};

    ck_assert(!ctl_retail_read(at.text, strlen(at.text), &at.file, &at.error));

    ck_assert_uint_eq(at.error.line, 1);
}
END_TEST

/* --- returns ---------------------------------------------------------------------------------- */

#define TWO_LINES                                                                                  \
    "1,A,X,2,2010-12-01 08:00:00,1.50,17850,UK\n"                                                  \
    "1,B,Y,3,2010-12-01 08:00:00,2,17850,UK\n"

static uint32_t returned_by(fixture *at, const char *lines)
{
    ck_assert(read_lines(at, lines));
    ck_assert(ctl_retail_match_returns(&at->file));
    uint32_t number = at->file.orders[0].returned_by;
    ctl_retail_deinit(&at->file);
    return number;
}

START_TEST(test_returns__the_same_lines_in_any_order_take_it_back)
{
    fixture at;
    ck_assert_uint_eq(returned_by(&at, TWO_LINES "C2,b,Y,-3,2010-12-02 08:00:00,2.00,17850,UK\n"
                                                 "C2,A,X,-2,2010-12-02 08:00:00,1.50,17850,UK\n"),
                      0);
}
END_TEST

START_TEST(test_returns__less_more_or_other_does_not)
{
    static const char *const others[] = {"C2,A,X,-2,2010-12-02 08:00:00,1.50,17850,UK\n",
                                         "C2,A,X,-2,2010-12-02 08:00:00,1.50,17850,UK\n"
                                         "C2,B,Y,-2,2010-12-02 08:00:00,2,17850,UK\n",
                                         "C2,A,X,-2,2010-12-02 08:00:00,1.50,17850,UK\n"
                                         "C2,B,Y,-3,2010-12-02 08:00:00,2.01,17850,UK\n",
                                         "C2,A,X,-2,2010-12-02 08:00:00,1.50,17851,UK\n"
                                         "C2,B,Y,-3,2010-12-02 08:00:00,2,17851,UK\n",
                                         "C2,A,X,-2,2010-12-02 08:00:00,1.50,17850,UK\n"
                                         "C2,B,Y,-3,2010-12-02 08:00:00,2,17850,UK\n"
                                         "C2,C,Z,-1,2010-12-02 08:00:00,2,17850,UK\n",
                                         "C2,A,X,-2,2010-12-02 08:00:00,1.50,17850,UK\n"
                                         "C2,B,Y,-3,2010-12-02 08:00:00,2,17850,UK\n"
                                         "C2,M,Manual,1,2010-12-02 08:00:00,2,17850,UK\n"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        fixture at;
        char lines[1024];
        snprintf(lines, sizeof lines, "%s%s", TWO_LINES, others[i]);

        uint32_t number = returned_by(&at, lines);

        ck_assert_msg(number == CTL_RETAIL_NONE, "return %zu", i);
    }
}
END_TEST

START_TEST(test_returns__an_order_is_taken_back_once_and_the_latest_first)
{
    fixture at;
    ck_assert(read_lines(&at, "1,A,X,2,2010-12-01 08:00:00,1.50,17850,UK\n"
                              "2,A,X,2,2010-12-01 09:00:00,1.50,17850,UK\n"
                              "C3,A,X,-2,2010-12-01 10:00:00,1.50,17850,UK\n"
                              "4,A,X,2,2010-12-01 11:00:00,1.50,17850,UK\n"));

    ck_assert(ctl_retail_match_returns(&at.file));

    ck_assert_uint_eq(at.file.orders[0].returned_by, CTL_RETAIL_NONE);
    ck_assert_uint_eq(at.file.orders[1].returned_by, 0);
    ck_assert_uint_eq(at.file.orders[2].returned_by, CTL_RETAIL_NONE);
    ctl_retail_deinit(&at.file);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("retail");
    TCase *tcase = tcase_create("retail");
    tcase_add_test(tcase, test_price__decimals_become_hundredths);
    tcase_add_test(tcase, test_price__half_a_hundredth_rounds_up);
    tcase_add_test(tcase, test_price__what_rounds_to_nothing_is_still_above_it);
    tcase_add_test(tcase, test_price__zero_and_less_are_not_above_it);
    tcase_add_test(tcase, test_price__other_texts_are_refused);
    tcase_add_test(tcase, test_price__beyond_what_a_line_may_cost_is_refused);
    tcase_add_test(tcase, test_time__dates_and_times_are_utc);
    tcase_add_test(tcase, test_time__days_that_do_not_exist_are_refused);
    tcase_add_test(tcase, test_time__what_is_written_reads_back);
    tcase_add_test(tcase, test_retail__lines_of_one_invoice_make_one_order);
    tcase_add_test(tcase, test_retail__codes_are_trimmed_and_in_upper_case);
    tcase_add_test(tcase, test_retail__lines_that_are_no_sale_do_not_count);
    tcase_add_test(tcase, test_retail__orders_follow_time_then_place_in_the_file);
    tcase_add_test(tcase, test_retail__latin1_descriptions_become_utf8);
    tcase_add_test(tcase, test_utf8__overlong_forms_and_surrogates_are_none);
    tcase_add_test(tcase, test_retail__a_broken_line_is_named);
    tcase_add_test(tcase, test_retail__another_heading_is_refused);
    tcase_add_test(tcase, test_returns__the_same_lines_in_any_order_take_it_back);
    tcase_add_test(tcase, test_returns__less_more_or_other_does_not);
    tcase_add_test(tcase, test_returns__an_order_is_taken_back_once_and_the_latest_first);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(suite)

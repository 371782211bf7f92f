/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "api/check.h"
#include "api/refuse.h"
#include "test.h"

static void assert_refused(aurora_status rc, const aurora_error *err, const char *field,
                           const char *message)
{
    aurora_assert_status(rc, AURORA_EINVAL);
    aurora_assert_status(err->status, AURORA_EINVAL);
    ck_assert_str_eq(err->field, field);
    ck_assert_str_eq(err->message, message);
}

START_TEST(test_check__text_is_utf8_within_its_bounds)
{
    static const char *const good[] = {
        "a", "caf\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x8E\x81", "\xF4\x8F\xBF\xBF", "\xEF\xBF\xBD"};

    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        aurora_assert_ok(aurora__check_text(NULL, "name", good[i], 1, 8, true));
}
END_TEST

START_TEST(test_check__what_is_not_utf8_is_refused)
{
    static const char *const bad[] = {
        "\x80",                 /* begins inside a character */
        "\xC3",                 /* ends inside one */
        "\xC0\xAF",             /* overlong */
        "\xE0\x80\xAF",         /* overlong */
        "\xED\xA0\x80",         /* a surrogate */
        "\xF4\x90\x80\x80",     /* beyond U+10FFFF */
        "\xF8\x88\x80\x80\x80", /* five bytes */
        "a\xFF",
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(aurora__check_text(NULL, "name", bad[i], 0, 99, true) == AURORA_EINVAL, "%zu",
                      i);
}
END_TEST

START_TEST(test_check__control_characters_are_refused)
{
    static const char *const bad[] = {"a\nb", "\t", "\x7F", "\xC2\x80", "\xC2\x9F", "\x01"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(aurora__check_text(NULL, "name", bad[i], 0, 99, true) == AURORA_EINVAL, "%zu",
                      i);
    aurora_assert_ok(aurora__check_text(NULL, "name", "\xC2\xA0", 0, 99, true));
}
END_TEST

START_TEST(test_check__running_text_may_have_lines_and_tabs)
{
    aurora_assert_ok(aurora__check_body(NULL, "description", "a\r\n\tb", 99, true));
    aurora_assert_status(aurora__check_body(NULL, "description", "a\x0B", 99, true), AURORA_EINVAL);
}
END_TEST

START_TEST(test_check__length_counts_bytes)
{
    char text[65 + 1];
    memset(text, 'x', 65);
    text[65] = '\0';

    aurora_assert_status(aurora__check_sku(NULL, "sku", text), AURORA_EINVAL);
    text[64] = '\0';
    aurora_assert_ok(aurora__check_sku(NULL, "sku", text));
    aurora_assert_ok(aurora__check_text(NULL, "t", "\xC3\xA9", 0, 2, true));
    aurora_assert_status(aurora__check_text(NULL, "t", "\xC3\xA9", 0, 1, true), AURORA_EINVAL);
}
END_TEST

START_TEST(test_check__refusal_says_field_and_rule)
{
    aurora_error err = AURORA_ERROR_INIT;

    assert_refused(aurora__check_key(&err, "key", NULL, true), &err, "key", "is required");
    assert_refused(aurora__check_key(&err, "key", "", true), &err, "key",
                   "must be 1 to 255 bytes, is empty");
    assert_refused(aurora__check_quantity(&err, "quantity", 0), &err, "quantity",
                   "must be 1 to 1000000, is 0");
    assert_refused(aurora__check_flags(&err, "flags", 9, 1), &err, "flags", "has unknown bits 0x8");
    assert_refused(aurora__check_id(&err, "order_id", (aurora_id){{0}}), &err, "order_id",
                   "is required");
}
END_TEST

START_TEST(test_check__optional_text_may_be_null)
{
    aurora_assert_ok(aurora__check_key(NULL, "key", NULL, false));
    aurora_assert_status(aurora__check_key(NULL, "key", "", false), AURORA_EINVAL);
}
END_TEST

START_TEST(test_check__sku_has_no_slash_and_no_outer_space)
{
    aurora_assert_ok(aurora__check_sku(NULL, "sku", "a b-C.\xC3\xA9"));
    aurora_assert_status(aurora__check_sku(NULL, "sku", "a/b"), AURORA_EINVAL);
    aurora_assert_status(aurora__check_sku(NULL, "sku", " a"), AURORA_EINVAL);
    aurora_assert_status(aurora__check_sku(NULL, "sku", "a "), AURORA_EINVAL);
    aurora_assert_status(aurora__check_sku(NULL, "sku", ""), AURORA_EINVAL);
    aurora_assert_status(aurora__check_sku(NULL, "sku", NULL), AURORA_EINVAL);
}
END_TEST

START_TEST(test_check__currency_is_one_of_iso_4217)
{
    static const char *const bad[] = {NULL, "", "EU", "eur", "EURO", "EUU"};

    aurora_assert_ok(aurora__check_currency(NULL, "currency", "EUR"));
    aurora_assert_ok(aurora__check_currency(NULL, "currency", "GBP"));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(aurora__check_currency(NULL, "currency", bad[i]) == AURORA_EINVAL, "%zu", i);
}
END_TEST

/* --- structs ---------------------------------------------------------------------------------- */

typedef struct {
    uint32_t size;
    int32_t a;
    int32_t b;
} grown;

START_TEST(test_check__older_struct_leaves_new_members_zero)
{
    grown known;
    grown older = {.size = 8, .a = 1, .b = 2};

    aurora_assert_ok(aurora__copy_sized(&known, sizeof known, &older, NULL));

    ck_assert_int_eq(known.a, 1);
    ck_assert_int_eq(known.b, 0);
}
END_TEST

START_TEST(test_check__newer_struct_is_cut_to_what_is_known)
{
    struct {
        grown known;
        int32_t more;
    } newer = {{.size = sizeof newer, .a = 1, .b = 2}, 3};
    struct {
        grown known;
        int32_t behind;
    } out = {.behind = 7};

    aurora_assert_ok(aurora__copy_sized(&out.known, sizeof out.known, &newer, NULL));

    ck_assert_int_eq(out.known.b, 2);
    ck_assert_int_eq(out.behind, 7);
}
END_TEST

START_TEST(test_check__struct_without_size_is_refused)
{
    grown known, none = {.a = 1};
    aurora_error err = AURORA_ERROR_INIT;

    aurora_assert_status(aurora__copy_sized(&known, sizeof known, &none, &err), AURORA_EINVAL);
    ck_assert_str_eq(err.field, "size");
    aurora_assert_status(aurora__copy_sized(&known, sizeof known, NULL, &err), AURORA_EINVAL);
}
END_TEST

/* --- errors ----------------------------------------------------------------------------------- */

START_TEST(test_check__error_names_the_place_in_a_list)
{
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status rc = aurora__check_quantity(&err, "quantity", -1);

    aurora_assert_status(aurora__refuse_within(&err, rc, "lines", 3), AURORA_EINVAL);

    ck_assert_str_eq(err.field, "lines[3].quantity");
    ck_assert_str_eq(err.message, "must be 1 to 1000000, is -1");
}
END_TEST

START_TEST(test_check__success_within_a_list_writes_nothing)
{
    aurora_error err = AURORA_ERROR_INIT;

    aurora_assert_ok(aurora__refuse_within(&err, AURORA_OK, "lines", 3));

    ck_assert_str_eq(err.field, "");
}
END_TEST

START_TEST(test_check__error_texts_end_at_a_character)
{
    char text[400];
    aurora_error err = AURORA_ERROR_INIT;
    size_t length;
    for (size_t shift = 0; shift < 3; shift++) {
        memset(text, 'x', shift);
        for (size_t i = shift; i + 3 < sizeof text; i += 3)
            memcpy(text + i, "\xE2\x82\xAC", 4);

        aurora__refuse(&err, AURORA_EINVAL, text, "%s", text);

        ck_assert(aurora__text_is_utf8(err.field, 99, &length));
        ck_assert_uint_ge(length, sizeof err.field - 4);
        ck_assert(aurora__text_is_utf8(err.message, 999, &length));
        ck_assert_uint_ge(length, sizeof err.message - 4);
    }
}
END_TEST

START_TEST(test_check__error_without_size_is_left_alone)
{
    aurora_error err;
    memset(&err, 0, sizeof err);

    aurora_assert_status(aurora__check_key(&err, "key", NULL, true), AURORA_EINVAL);

    ck_assert_str_eq(err.message, "");
    aurora_assert_status(err.status, AURORA_OK);
}
END_TEST

static Suite *check_suite(void)
{
    Suite *suite = suite_create("check");
    TCase *tcase = tcase_create("check");
    tcase_add_test(tcase, test_check__text_is_utf8_within_its_bounds);
    tcase_add_test(tcase, test_check__what_is_not_utf8_is_refused);
    tcase_add_test(tcase, test_check__control_characters_are_refused);
    tcase_add_test(tcase, test_check__running_text_may_have_lines_and_tabs);
    tcase_add_test(tcase, test_check__length_counts_bytes);
    tcase_add_test(tcase, test_check__refusal_says_field_and_rule);
    tcase_add_test(tcase, test_check__optional_text_may_be_null);
    tcase_add_test(tcase, test_check__sku_has_no_slash_and_no_outer_space);
    tcase_add_test(tcase, test_check__currency_is_one_of_iso_4217);
    tcase_add_test(tcase, test_check__older_struct_leaves_new_members_zero);
    tcase_add_test(tcase, test_check__newer_struct_is_cut_to_what_is_known);
    tcase_add_test(tcase, test_check__struct_without_size_is_refused);
    tcase_add_test(tcase, test_check__error_names_the_place_in_a_list);
    tcase_add_test(tcase, test_check__success_within_a_list_writes_nothing);
    tcase_add_test(tcase, test_check__error_texts_end_at_a_character);
    tcase_add_test(tcase, test_check__error_without_size_is_left_alone);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(check_suite)

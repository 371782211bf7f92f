/* SPDX-License-Identifier: MIT */
#include "http/json_in.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

#define BS "\\"

typedef struct {
    const char *text;
    size_t len; /* 0 = up to the NUL */
    const char *code;
    const char *pointer;
    const char *detail; /* part of it */
} refusal;

/* In a block of its own size, so that a sanitizer sees each byte that is read beyond the end. */
static bool parse(const char *text, size_t len, aurora_json_doc **out, char **copy_out,
                  aurora_json_error *error)
{
    char *copy = malloc(len > 0 ? len : 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, text, len);
    *copy_out = copy;
    return aurora_json_parse(copy, len, out, error);
}

static void assert_refused(const refusal *row)
{
    aurora_json_doc *doc;
    aurora_json_error error;
    char *copy;
    size_t len = row->len > 0 ? row->len : strlen(row->text);
    bool is_read = parse(row->text, len, &doc, &copy, &error);
    ck_assert_msg(!is_read && doc == NULL, "taken: %s", row->text);
    ck_assert_msg(strcmp(error.code, row->code) == 0, "%s: %s", row->text, error.code);
    ck_assert_msg(strcmp(error.pointer, row->pointer) == 0, "%s: at %s", row->text, error.pointer);
    ck_assert_msg(strstr(error.detail, row->detail) != NULL, "%s: %s", row->text, error.detail);
    free(copy);
}

/* clang-format off */
static const refusal refusals[] = {
    {"", 0, "invalid_json", "", "at byte 0: the text ends where a value is expected"},
    {" \n\t", 0, "invalid_json", "", "at byte 3: the text ends"},
    {"order", 0, "invalid_json", "", "at byte 0: expected a value"},
    {"\xef\xbb\xbf{}", 0, "invalid_json", "", "at byte 0: expected a value"},
    {"{}", 3, "invalid_json", "", "at byte 2: something follows"},
    {"{}{}", 0, "invalid_json", "", "at byte 2: something follows"},
    {"{} x", 0, "invalid_json", "", "at byte 3: something follows"},
    {"1 2", 0, "invalid_json", "", "at byte 2: something follows"},
    {"{", 0, "invalid_json", "", "at byte 1: expected the name of a field"},
    {"[", 0, "invalid_json", "/0", "at byte 1: the text ends"},
    {"]", 0, "invalid_json", "", "expected a value"},
    {"}", 0, "invalid_json", "", "expected a value"},
    {"{\"a\"", 0, "invalid_json", "", "at byte 4: expected a colon"},
    {"{\"a\":", 0, "invalid_json", "/a", "at byte 5: the text ends"},
    {"{\"a\":1", 0, "invalid_json", "", "at byte 6: expected a comma or }"},
    {"{\"a\":1,}", 0, "invalid_json", "", "at byte 7: expected the name"},
    {"{\"a\":1 \"b\":2}", 0, "invalid_json", "", "at byte 7: expected a comma or }"},
    {"{\"a\":1,,\"b\":2}", 0, "invalid_json", "", "at byte 7: expected the name"},
    {"{,}", 0, "invalid_json", "", "at byte 1: expected the name"},
    {"{a:1}", 0, "invalid_json", "", "at byte 1: expected the name"},
    {"{'a':1}", 0, "invalid_json", "", "at byte 1: expected the name"},
    {"{1:1}", 0, "invalid_json", "", "at byte 1: expected the name"},
    {"{\"a\" 1}", 0, "invalid_json", "", "at byte 5: expected a colon"},
    {"{/* */\"a\":1}", 0, "invalid_json", "", "at byte 1: expected the name"},
    {"[1,]", 0, "invalid_json", "/1", "at byte 3: expected a value"},
    {"[1 2]", 0, "invalid_json", "", "at byte 3: expected a comma or ]"},
    {"[1}", 0, "invalid_json", "", "at byte 2: expected a comma or ]"},
    {"{\"a\":[1}", 0, "invalid_json", "/a", "expected a comma or ]"},
    {"[,1]", 0, "invalid_json", "/0", "expected a value"},
    {"[1,2", 0, "invalid_json", "", "at byte 4: expected a comma or ]"},
    {"tru", 0, "invalid_json", "", "expected a value"},
    {"True", 0, "invalid_json", "", "expected a value"},
    {"truex", 0, "invalid_json", "", "at byte 4: something follows"},
    {"nul", 0, "invalid_json", "", "expected a value"},
    {"NULL", 0, "invalid_json", "", "expected a value"},
    {"fals", 0, "invalid_json", "", "expected a value"},
    {"NaN", 0, "invalid_json", "", "expected a value"},
    {"Infinity", 0, "invalid_json", "", "expected a value"},
    {"-Infinity", 0, "invalid_json", "", "at byte 1: expected a digit"},
    {"01", 0, "invalid_json", "", "must not begin with 0"},
    {"-01", 0, "invalid_json", "", "must not begin with 0"},
    {"00", 0, "invalid_json", "", "must not begin with 0"},
    {"+1", 0, "invalid_json", "", "expected a value"},
    {".5", 0, "invalid_json", "", "expected a value"},
    {"1.", 0, "invalid_json", "", "at byte 2: expected a digit"},
    {"1.e3", 0, "invalid_json", "", "at byte 2: expected a digit"},
    {"1e", 0, "invalid_json", "", "at byte 2: expected a digit"},
    {"1e+", 0, "invalid_json", "", "at byte 3: expected a digit"},
    {"1e+-2", 0, "invalid_json", "", "at byte 3: expected a digit"},
    {"0x10", 0, "invalid_json", "", "at byte 1: something follows"},
    {"1_000", 0, "invalid_json", "", "at byte 1: something follows"},
    {"-", 0, "invalid_json", "", "at byte 1: expected a digit"},
    {"--1", 0, "invalid_json", "", "at byte 1: expected a digit"},
    {"1000000000000000000000000000000000000000000000000000000000000000", 0, "invalid_json", "",
     "more than 63"},
    {"\"a", 0, "invalid_json", "", "the text ends within a string"},
    {"\"a\\", 0, "invalid_json", "", "the text ends within a string"},
    {"\"a\\\"", 0, "invalid_json", "", "the text ends within a string"},
    {"'a'", 0, "invalid_json", "", "expected a value"},
    {"\"\\q\"", 0, "invalid_json", "", "no such escape"},
    {"\"\\x41\"", 0, "invalid_json", "", "no such escape"},
    {"\"\\'\"", 0, "invalid_json", "", "no such escape"},
    {"\"\\0\"", 0, "invalid_json", "", "no such escape"},
    {"\"\\", 3, "invalid_json", "", "no such escape"},
    {"\"\\u\"", 0, "invalid_json", "", "four hexadecimal digits"},
    {"\"\\u12\"", 0, "invalid_json", "", "four hexadecimal digits"},
    {"\"\\u123g\"", 0, "invalid_json", "", "four hexadecimal digits"},
    {"\"\\u 123\"", 0, "invalid_json", "", "four hexadecimal digits"},
    {"\"\\u123", 0, "invalid_json", "", "four hexadecimal digits"},
    {"\"\\U0041\"", 0, "invalid_json", "", "no such escape"},
    {"{\"a\":\"x" BS "u0000y\"}", 0, "invalid_json", "/a", "the character \\u0000 is not allowed"},
    {"{\"a" BS "u0000\":1}", 0, "invalid_json", "", "the character \\u0000 is not allowed"},
    {"\"\\ud800\"", 0, "invalid_json", "", "a high surrogate without its low one"},
    {"\"\\ud800x\"", 0, "invalid_json", "", "a high surrogate without"},
    {"\"\\ud800\\n\"", 0, "invalid_json", "", "a high surrogate without"},
    {"\"\\ud800\\u0041\"", 0, "invalid_json", "", "a high surrogate without"},
    {"\"\\ud800\\ud800\"", 0, "invalid_json", "", "a high surrogate without"},
    {"\"\\ud800\\udc0\"", 0, "invalid_json", "", "a high surrogate without"},
    {"\"\\udc00\"", 0, "invalid_json", "", "a low surrogate without its high one"},
    {"\"\\udc00\\ud800\"", 0, "invalid_json", "", "a low surrogate without"},
    {"\"a\nb\"", 0, "invalid_json", "", "a control character"},
    {"\"a\tb\"", 0, "invalid_json", "", "a control character"},
    {"\"a\x01\"", 0, "invalid_json", "", "a control character"},
    {"\"a\0b\"", 5, "invalid_json", "", "a control character"},
    {"\"\xff\"", 0, "invalid_json", "", "at byte 1: is not UTF-8"},
    {"\"\x80\"", 0, "invalid_json", "", "is not UTF-8"},
    {"\"\xc0\xaf\"", 0, "invalid_json", "", "is not UTF-8"},
    {"\"\xc1\xbf\"", 0, "invalid_json", "", "is not UTF-8"},
    {"\"\xe0\x80\xaf\"", 0, "invalid_json", "", "is not UTF-8"},
    {"\"\xed\xa0\x80\"", 0, "invalid_json", "", "is not UTF-8"},
    {"\"\xf0\x80\x80\xaf\"", 0, "invalid_json", "", "is not UTF-8"},
    {"\"\xf4\x90\x80\x80\"", 0, "invalid_json", "", "is not UTF-8"},
    {"\"\xf5\x80\x80\x80\"", 0, "invalid_json", "", "is not UTF-8"},
    {"\"\xc3\"", 0, "invalid_json", "", "is not UTF-8"},
    {"\"\xe2\x82\"", 0, "invalid_json", "", "is not UTF-8"},
    {"\"\xe2\x82", 0, "invalid_json", "", "is not UTF-8"},
    {"\xc3\xa4", 0, "invalid_json", "", "expected a value"},
    {"{\"lines\":[{\"sku\":\"m\xffg\"}]}", 0, "invalid_json", "/lines/0/sku", "is not UTF-8"},
    {"{\"lines\":[{\"sku\":\"mug\" \"quantity\":1}]}", 0, "invalid_json", "/lines/0",
     "at byte 23: expected a comma or }"},
    {"{\"lines\":[{},{\"quantity\":01}]}", 0, "invalid_json", "/lines/1/quantity",
     "must not begin with 0"},
    {"{\0\"\0}\0", 6, "invalid_json", "", "at byte 1: expected the name"},
    {"[\f1]", 0, "invalid_json", "/0", "expected a value"},
    {"[\xc2\xa0" "1]", 0, "invalid_json", "/0", "expected a value"},
    {"{\"a\":1,\"a\":2}", 0, "duplicate_field", "/a", "is given twice"},
    {"{\"a\":1,\"" BS "u0061\":2}", 0, "duplicate_field", "/a", "is given twice"},
    {"{\"" BS "u0061\":1,\"a\":2}", 0, "duplicate_field", "/a", "is given twice"},
    {"{\"\":1,\"\":2}", 0, "duplicate_field", "/", "is given twice"},
    {"{\"a/b\":1,\"a" BS "/b\":2}", 0, "duplicate_field", "/a~1b", "is given twice"},
    {"{\"\xf0\x9f\x98\x80\":1,\"" BS "ud83d" BS "ude00\":2}", 0, "duplicate_field",
     "/\xf0\x9f\x98\x80", "is given twice"},
    {"{\"x\":[{\"y\":{\"a\":null,\"b\":0,\"a\":null}}]}", 0, "duplicate_field", "/x/0/y/a",
     "is given twice"},
    {"{\"b\":1,\"a\":1,\"a\":2,\"b\":2}", 0, "duplicate_field", "/a", "is given twice"},
    {"{\"a\":0,\"b\":0,\"c\":0,\"d\":0,\"e\":0,\"f\":0,\"g\":0,\"h\":0,\"i\":0,\"j\":0,\"k\":0,"
     "\"l\":0,\"m\":0,\"n\":0,\"o\":0,\"p\":0,\"q\":0,\"r\":0,\"c\":1}", 0, "duplicate_field",
     "/c", "is given twice"},
};

static const char *const taken[] = {
    "{}", "[]", "null", "true", "false", "0", "-0", "1.5e-3", "1e400", "\"\"", " { } ", "\r\n[ ]\t",
    "{\"a\":{},\"b\":[],\"A\":1}", "[[],{},\"\",0,null]", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
    "\"" BS "u0041" BS "ud83d" BS "ude00" BS "uffff\"",
    "\"\xc2\x80\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\"",
    "\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\x7f\"", "{\"\":1}", "{\"a\":1,\"aa\":1,\"aaa\":1}",
    "100000000000000000000000000000000000000000000000000000000000000",
};
/* clang-format on */

START_TEST(test_json_in__broken_text_is_refused_with_its_place)
{
    assert_refused(&refusals[_i]);
}
END_TEST

START_TEST(test_json_in__what_the_grammar_has_is_taken)
{
    aurora_json_doc *doc;
    aurora_json_error error;
    char *copy;
    bool is_read = parse(taken[_i], strlen(taken[_i]), &doc, &copy, &error);
    ck_assert_msg(is_read, "%s: %s", taken[_i], error.detail);
    ck_assert(aurora_json_is_present(aurora_json_root(doc)));
    aurora_json_free(doc);
    free(copy);
}
END_TEST

static char *nested(size_t depth, bool is_closed)
{
    char *text = malloc(2 * depth + 1);
    ck_assert_ptr_nonnull(text);
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    text[is_closed ? 2 * depth : depth] = '\0';
    return text;
}

START_TEST(test_json_in__depth_ends_at_32)
{
    aurora_json_doc *doc;
    aurora_json_error error;
    char *fits = nested(32, true), *deeper = nested(33, true), *deep = nested(1000000, false);

    ck_assert(aurora_json_parse(fits, strlen(fits), &doc, &error));
    aurora_json_free(doc);

    ck_assert(!aurora_json_parse(deeper, strlen(deeper), &doc, &error));
    ck_assert_str_eq(error.detail, "at byte 32: is nested deeper than 32");
    ck_assert_uint_eq(strlen(error.pointer), 64);
    ck_assert(!aurora_json_parse(deep, strlen(deep), &doc, &error));
    free(fits);
    free(deeper);
    free(deep);
}
END_TEST

START_TEST(test_json_in__number_of_values_is_bounded)
{
    aurora_json_doc *doc;
    aurora_json_error error;
    size_t len = 2 * AURORA_JSON_VALUES_MAX + 1;
    char *text = malloc(len);
    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < len; i++)
        text[i] = i % 2 == 0 ? ',' : '1';
    text[0] = '[';
    text[len - 1] = ']';

    ck_assert(!aurora_json_parse(text, len, &doc, &error));
    ck_assert_ptr_nonnull(strstr(error.detail, "more than 10000 values"));
    ck_assert(aurora_json_parse_batch(text, len, &doc, &error));
    aurora_json_free(doc);
    ck_assert(aurora_json_parse_long(text, len, &doc, &error));
    aurora_json_free(doc);
    text[len - 3] = ']';
    ck_assert(aurora_json_parse(text, len - 2, &doc, &error));
    aurora_json_free(doc);
    free(text);
}
END_TEST

/* --- readers ---------------------------------------------------------------------------------- */

static aurora_json_doc *read_doc(const char *text)
{
    aurora_json_doc *doc;
    aurora_json_error error;
    ck_assert_msg(aurora_json_parse(text, strlen(text), &doc, &error), "%s", error.detail);
    return doc;
}

START_TEST(test_json_in__a_value_gives_its_own_text)
{
    size_t len = 0;
    const char *name;
    aurora_json_value member;
    aurora_json_doc *doc = read_doc(" {\"a\" : [1, {\"b\":\"]}\"} ] , \"c\": -1.50 } ");

    aurora_json_member(aurora_json_root(doc), 0, &name, &member);
    const char *text = aurora_json_raw(member, &len);
    ck_assert_msg(len == 16 && memcmp(text, "[1, {\"b\":\"]}\"} ]", len) == 0, "%.*s", (int)len,
                  text);
    aurora_json_member(aurora_json_root(doc), 1, &name, &member);
    text = aurora_json_raw(member, &len);
    ck_assert_msg(len == 5 && memcmp(text, "-1.50", len) == 0, "%.*s", (int)len, text);

    aurora_json_free(doc);
}
END_TEST

START_TEST(test_json_in__object_gives_members_by_name)
{
    static const char *const names[] = {"sku", "quantity", "note"};
    aurora_json_doc *doc = read_doc("{\"quantity\":3,\"note\":null,\"sku\":\"mug\"}");
    aurora_json_value values[3];
    aurora_json_error error;
    const char *sku;
    int64_t quantity;

    ck_assert(aurora_json_object(aurora_json_root(doc), names, 3, values, &error));

    ck_assert(aurora_json_text(values[0], 1, 64, &sku, &error));
    ck_assert_str_eq(sku, "mug");
    ck_assert(aurora_json_integer(values[1], 1, 10, &quantity, &error));
    ck_assert_int_eq(quantity, 3);
    ck_assert(!aurora_json_is_present(values[2]));
    ck_assert(!aurora_json_text(values[2], 1, 64, &sku, &error));
    ck_assert_str_eq(error.pointer, "/note");
    ck_assert_str_eq(error.detail, "is required");
    ck_assert_str_eq(error.code, "invalid_field");
    aurora_json_free(doc);
}
END_TEST

START_TEST(test_json_in__unknown_and_differently_cased_fields_are_refused)
{
    static const char *const names[] = {"sku"};
    static const char *const texts[] = {"{\"SKU\":1}", "{\"sku \":1}", "{\"sku\":1,\"x\":2}",
                                        "{\"__proto__\":{}}", "{\"\":1}"};
    static const char *const pointers[] = {"/SKU", "/sku ", "/x", "/__proto__", "/"};
    for (size_t i = 0; i < 5; i++) {
        aurora_json_doc *doc = read_doc(texts[i]);
        aurora_json_value value;
        aurora_json_error error;
        ck_assert(!aurora_json_object(aurora_json_root(doc), names, 1, &value, &error));
        ck_assert_str_eq(error.code, "unknown_field");
        ck_assert_str_eq(error.pointer, pointers[i]);
        aurora_json_free(doc);
    }
}
END_TEST

START_TEST(test_json_in__absent_members_know_where_they_belong)
{
    static const char *const outer[] = {"lines"};
    static const char *const inner[] = {"sku", "quantity"};
    aurora_json_doc *doc =
        read_doc("{\"lines\":[{\"sku\":\"a\",\"quantity\":1},{\"quantity\":2}]}");
    aurora_json_value lines, line[2];
    aurora_json_error error;
    const char *sku;
    uint32_t count;

    ck_assert(aurora_json_object(aurora_json_root(doc), outer, 1, &lines, &error));
    ck_assert(aurora_json_array(lines, 1, 10, &count, &error));
    ck_assert_uint_eq(count, 2);
    ck_assert(aurora_json_object(aurora_json_item(lines, 1), inner, 2, line, &error));

    ck_assert(!aurora_json_text(line[0], 1, 64, &sku, &error));
    ck_assert_str_eq(error.pointer, "/lines/1/sku");
    aurora_json_free(doc);
}
END_TEST

START_TEST(test_json_in__wrong_kinds_name_the_rule)
{
    static const char *const names[] = {"a"};
    static const char *const values[] = {"1", "\"1\"", "true", "[]", "{}", "1.0"};
    for (size_t i = 0; i < 6; i++) {
        char text[32];
        aurora_json_value value, none;
        aurora_json_error error;
        const char *string;
        int64_t number;
        uint32_t count;
        bool boolean;
        snprintf(text, sizeof text, "{\"a\":%s}", values[i]);
        aurora_json_doc *doc = read_doc(text);
        ck_assert(aurora_json_object(aurora_json_root(doc), names, 1, &value, &error));
        ck_assert_int_eq(aurora_json_text(value, 1, 5, &string, &error), i == 1);
        ck_assert_int_eq(aurora_json_integer(value, 0, 5, &number, &error), i == 0);
        ck_assert_int_eq(aurora_json_bool(value, &boolean, &error), i == 2);
        ck_assert_int_eq(aurora_json_array(value, 0, 5, &count, &error), i == 3);
        ck_assert_int_eq(aurora_json_object(value, NULL, 0, &none, &error), i == 4);
        ck_assert(!aurora_json_time(value, &number, &error));
        ck_assert_str_eq(error.pointer, "/a");
        ck_assert_ptr_nonnull(strstr(error.detail, "must be a time"));
        aurora_json_free(doc);
    }
}
END_TEST

START_TEST(test_json_in__integers_are_exact_by_their_literal)
{
    static const struct {
        const char *text;
        bool is_taken;
        int64_t number;
    } rows[] = {
        {"9007199254740993", true, INT64_C(9007199254740993)},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"18446744073709551617", false, 0},
        {"-0", true, 0},
        {"1.0", false, 0},
        {"1e2", false, 0},
        {"1E2", false, 0},
        {"1e400", false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        aurora_json_doc *doc;
        aurora_json_error error;
        char *copy;
        int64_t number = 7;
        ck_assert(parse(rows[i].text, strlen(rows[i].text), &doc, &copy, &error));
        bool is_taken =
            aurora_json_integer(aurora_json_root(doc), INT64_MIN, INT64_MAX, &number, &error);
        ck_assert_msg(is_taken == rows[i].is_taken, "%s", rows[i].text);
        ck_assert_int_eq(number, is_taken ? rows[i].number : 7);
        aurora_json_free(doc);
        free(copy);
    }
}
END_TEST

START_TEST(test_json_in__integers_and_texts_keep_their_bounds)
{
    aurora_json_doc *doc = read_doc("[0,11,\"\",\"\xc3\xa4\xc3\xa4\"]");
    aurora_json_value root = aurora_json_root(doc);
    aurora_json_error error;
    const char *text;
    int64_t number;

    ck_assert(!aurora_json_integer(aurora_json_item(root, 0), 1, 10, &number, &error));
    ck_assert(!aurora_json_integer(aurora_json_item(root, 1), 1, 10, &number, &error));
    ck_assert_str_eq(error.detail, "must be an integer from 1 to 10");
    ck_assert_str_eq(error.pointer, "/1");
    ck_assert(!aurora_json_text(aurora_json_item(root, 2), 1, 3, &text, &error));
    ck_assert_str_eq(error.detail, "must be a text of 1 to 3 bytes");
    ck_assert(!aurora_json_text(aurora_json_item(root, 3), 0, 3, &text, &error));
    ck_assert_str_eq(error.detail, "must be a text of at most 3 bytes");
    ck_assert(aurora_json_text(aurora_json_item(root, 3), 0, 4, &text, &error));
    aurora_json_free(doc);
}
END_TEST

START_TEST(test_json_in__free_members_come_in_the_order_sent)
{
    aurora_json_doc *doc = read_doc("{\"b\":{\"x\":[1,2]},\"a\":\"v\",\"c/d~e\":null}");
    aurora_json_value root = aurora_json_root(doc), value;
    aurora_json_error error;
    const char *name, *text;
    uint32_t count;

    ck_assert(!aurora_json_members(root, 2, &count, &error));
    ck_assert_str_eq(error.detail, "must have at most 2 fields, has 3");
    ck_assert(aurora_json_members(root, 3, &count, &error));
    aurora_json_member(root, 1, &name, &value);
    ck_assert_str_eq(name, "a");
    ck_assert(aurora_json_text(value, 1, 1, &text, &error));
    aurora_json_member(root, 0, &name, &value);
    ck_assert_str_eq(name, "b");
    aurora_json_member(root, 2, &name, &value);
    ck_assert(aurora_json_is_present(value));
    ck_assert(!aurora_json_text(value, 0, 9, &text, &error));
    ck_assert_str_eq(error.pointer, "/c~1d~0e");
    aurora_json_free(doc);
}
END_TEST

START_TEST(test_json_in__long_names_leave_the_pointer_of_their_parent)
{
    char text[700] = "{\"a\":{\"";
    memset(text + 7, 'n', 400);
    memcpy(text + 407, "\":tru}}", 8);
    aurora_json_doc *doc;
    aurora_json_error error;

    ck_assert(!aurora_json_parse(text, strlen(text), &doc, &error));

    ck_assert_str_eq(error.pointer, "/a");
}
END_TEST

START_TEST(test_json_in__times_are_rfc_3339)
{
    static const struct {
        const char *text;
        bool is_taken;
        int64_t ms;
    } rows[] = {
        {"\"1970-01-01T00:00:00Z\"", true, 0},
        {"\"2026-11-23T06:38:06.123Z\"", true, INT64_C(1795415886123)},
        {"\"2026-11-23T06:38:06.123999Z\"", true, INT64_C(1795415886123)},
        {"\"2026-11-23t06:38:06.1z\"", true, INT64_C(1795415886100)},
        {"\"2026-11-23T07:38:06+01:00\"", true, INT64_C(1795415886000)},
        {"\"2026-11-22T23:08:06-07:30\"", true, INT64_C(1795415886000)},
        {"\"2024-02-29T00:00:00Z\"", true, INT64_C(1709164800000)},
        {"\"2026-02-29T00:00:00Z\"", false, 0},
        {"\"2026-11-23T06:38:06\"", false, 0},
        {"\"2026-11-23 06:38:06Z\"", false, 0},
        {"\"2026-11-23\"", false, 0},
        {"\"2026-11-23T24:00:00Z\"", false, 0},
        {"\"2026-11-23T23:60:00Z\"", false, 0},
        {"\"2026-11-23T23:59:60Z\"", false, 0},
        {"\"2026-13-23T06:38:06Z\"", false, 0},
        {"\"2026-00-23T06:38:06Z\"", false, 0},
        {"\"2026-11-00T06:38:06Z\"", false, 0},
        {"\"2026-11-23T06:38:06.Z\"", false, 0},
        {"\"2026-11-23T06:38Z\"", false, 0},
        {"\"2026-11-23T06:38:06+0100\"", false, 0},
        {"\"2026-11-23T06:38:06+24:00\"", false, 0},
        {"\"2026-11-23T06:38:06Zx\"", false, 0},
        {"\"26-11-23T06:38:06Z\"", false, 0},
        {"\"\"", false, 0},
        {"1795415886", false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        aurora_json_doc *doc = read_doc(rows[i].text);
        aurora_json_error error;
        int64_t ms = 7;
        bool is_taken = aurora_json_time(aurora_json_root(doc), &ms, &error);
        ck_assert_msg(is_taken == rows[i].is_taken, "%s", rows[i].text);
        ck_assert_msg(ms == (is_taken ? rows[i].ms : 7), "%s: %lld", rows[i].text, (long long)ms);
        aurora_json_free(doc);
    }
}
END_TEST

static int pieces_left;

static void *give_few(size_t bytes)
{
    return pieces_left-- > 0 ? malloc(bytes) : NULL;
}

START_TEST(test_json_in__no_memory_is_no_fault_of_the_text)
{
    static const char text[] = "{\"lines\":[{\"sku\":\"cup\",\"quantity\":2}]}";
    aurora_json_doc *doc = NULL;
    aurora_json_error error;
    cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = give_few, .free_fn = free});

    int failures = 0;
    for (;; failures++) {
        pieces_left = failures;
        if (aurora_json_parse(text, sizeof text - 1, &doc, &error))
            break;
        ck_assert_str_eq(error.code, "unavailable");
        ck_assert_ptr_null(doc);
    }

    ck_assert_int_gt(failures, 4);
    aurora_json_free(doc);
    cJSON_InitHooks(NULL);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("json_in");
    TCase *tc = tcase_create("json_in");
    tcase_add_loop_test(tc, test_json_in__broken_text_is_refused_with_its_place, 0,
                        sizeof refusals / sizeof *refusals);
    tcase_add_loop_test(tc, test_json_in__what_the_grammar_has_is_taken, 0,
                        sizeof taken / sizeof *taken);
    tcase_add_test(tc, test_json_in__depth_ends_at_32);
    tcase_add_test(tc, test_json_in__number_of_values_is_bounded);
    tcase_add_test(tc, test_json_in__a_value_gives_its_own_text);
    tcase_add_test(tc, test_json_in__object_gives_members_by_name);
    tcase_add_test(tc, test_json_in__unknown_and_differently_cased_fields_are_refused);
    tcase_add_test(tc, test_json_in__absent_members_know_where_they_belong);
    tcase_add_test(tc, test_json_in__wrong_kinds_name_the_rule);
    tcase_add_test(tc, test_json_in__integers_are_exact_by_their_literal);
    tcase_add_test(tc, test_json_in__integers_and_texts_keep_their_bounds);
    tcase_add_test(tc, test_json_in__free_members_come_in_the_order_sent);
    tcase_add_test(tc, test_json_in__long_names_leave_the_pointer_of_their_parent);
    tcase_add_test(tc, test_json_in__times_are_rfc_3339);
    tcase_add_test(tc, test_json_in__no_memory_is_no_fault_of_the_text);
    suite_add_tcase(s, tc);
    return s;
}

AURORA_TEST_MAIN(suite)

/* SPDX-License-Identifier: MIT */
#include "http/json_out.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "http/json_in.h"
#include "test.h"

static void assert_text(aurora_json_out *out, const char *expected)
{
    size_t len;
    char *text = aurora_json_out_end(out, &len);
    ck_assert_ptr_nonnull(text);
    ck_assert_str_eq(text, expected);
    ck_assert_uint_eq(len, strlen(expected));
    ck_assert_ptr_null(out->text);
    free(text);
}

START_TEST(test_json_out__commas_stand_where_they_belong)
{
    aurora_json_out out = {0};
    aurora_json_out_object(&out, NULL);
    aurora_json_out_array(&out, "a");
    aurora_json_out_int(&out, NULL, 1);
    aurora_json_out_object(&out, NULL);
    aurora_json_out_close(&out, '}');
    aurora_json_out_bool(&out, NULL, false);
    aurora_json_out_close(&out, ']');
    aurora_json_out_null(&out, "b");
    aurora_json_out_raw(&out, "c", "{\"x\":1}", 7);
    aurora_json_out_bool(&out, "d", true);
    aurora_json_out_close(&out, '}');
    assert_text(&out, "{\"a\":[1,{},false],\"b\":null,\"c\":{\"x\":1},\"d\":true}");
}
END_TEST

START_TEST(test_json_out__texts_are_escaped_and_broken_utf8_replaced)
{
    static const struct {
        const char *text;
        const char *json;
    } rows[] = {
        {"", "\"\""},
        {"a\"b\\c/d", "\"a\\\"b\\\\c/d\""},
        {"\b\f\n\r\t\x01\x1f\x7f", "\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\""},
        {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\""},
        {"a\xff", "\"a\xef\xbf\xbd\""},
        {"\xc3", "\"\xef\xbf\xbd\""},
        {"\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xed\xa0\x80x", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdx\""},
        {NULL, "null"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        aurora_json_out out = {0};
        aurora_json_out_text(&out, NULL, rows[i].text);
        assert_text(&out, rows[i].json);
    }
}
END_TEST

START_TEST(test_json_out__numbers_are_exact)
{
    aurora_json_out out = {0};
    aurora_json_out_array(&out, NULL);
    aurora_json_out_int(&out, NULL, INT64_MIN);
    aurora_json_out_int(&out, NULL, INT64_C(1234567890123460));
    aurora_json_out_uint(&out, NULL, UINT64_MAX);
    aurora_json_out_double(&out, NULL, 0.1);
    aurora_json_out_double(&out, NULL, 0.1 + 0.2);
    aurora_json_out_double(&out, NULL, HUGE_VAL);
    aurora_json_out_double(&out, NULL, (double)NAN);
    aurora_json_out_close(&out, ']');
    assert_text(&out, "[-9223372036854775808,1234567890123460,18446744073709551615,0.1,"
                      "0.30000000000000004,null,null]");
}
END_TEST

START_TEST(test_json_out__times_and_ids_have_their_form_or_null)
{
    aurora_json_out out = {0};
    aurora_id id = {{0}}, none = {{0}};
    id.bytes[15] = 1;
    aurora_json_out_array(&out, NULL);
    aurora_json_out_time(&out, NULL, 0);
    aurora_json_out_time(&out, NULL, INT64_C(1795415886123));
    aurora_json_out_time(&out, NULL, -1);
    aurora_json_out_time(&out, NULL, INT64_MAX);
    aurora_json_out_time(&out, NULL, INT64_MIN);
    aurora_json_out_id(&out, NULL, id);
    aurora_json_out_id(&out, NULL, none);
    aurora_json_out_close(&out, ']');
    assert_text(&out, "[null,\"2026-11-23T06:38:06.123000Z\",\"1969-12-31T23:59:59.999000Z\","
                      "\"9999-12-31T23:59:59.999999Z\",\"0000-01-01T00:00:00.000000Z\","
                      "\"00000000-0000-0000-0000-000000000001\",null]");
}
END_TEST

START_TEST(test_json_out__long_texts_grow_and_read_back)
{
    static char long_text[100000];
    memset(long_text, '"', sizeof long_text - 1);
    aurora_json_out out = {0};
    aurora_json_out_array(&out, NULL);
    aurora_json_out_text(&out, NULL, long_text);
    aurora_json_out_close(&out, ']');
    size_t len;
    char *text = aurora_json_out_end(&out, &len);

    aurora_json_doc *doc;
    aurora_json_error error;
    const char *read;
    ck_assert(aurora_json_parse(text, len, &doc, &error));
    ck_assert(
        aurora_json_text(aurora_json_item(aurora_json_root(doc), 0), 1, 100000, &read, &error));
    ck_assert_str_eq(read, long_text);
    aurora_json_free(doc);
    free(text);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("json_out");
    TCase *tc = tcase_create("json_out");
    tcase_add_test(tc, test_json_out__commas_stand_where_they_belong);
    tcase_add_test(tc, test_json_out__texts_are_escaped_and_broken_utf8_replaced);
    tcase_add_test(tc, test_json_out__numbers_are_exact);
    tcase_add_test(tc, test_json_out__times_and_ids_have_their_form_or_null);
    tcase_add_test(tc, test_json_out__long_texts_grow_and_read_back);
    suite_add_tcase(s, tc);
    return s;
}

AURORA_TEST_MAIN(suite)

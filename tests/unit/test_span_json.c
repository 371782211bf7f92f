/* SPDX-License-Identifier: MIT */
/* Spans as OTLP/HTTP has them in JSON, to the byte. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "http/utf8.h"
#include "telemetry/span_json.h"
#include "test.h"

static const aurora_span smallest = {
    .size = sizeof(aurora_span),
    .kind = AURORA_SPAN_SERVER,
    .trace_id = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54,
                 0x32, 0x10},
    .span_id = {0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31},
    .trace_flags = AURORA_TRACE_SAMPLED,
    .name = "GET /orders/{id}",
    .start_ns = INT64_C(1764396542000000001),
    .end_ns = INT64_C(1764396542000000999),
};

#define HEAD "{\"traceId\":\"0123456789abcdeffedcba9876543210\",\"spanId\":\"b7ad6b7169203331\","
#define REST                                                                                       \
    "\"flags\":1,\"kind\":2,\"startTimeUnixNano\":\"1764396542000000001\","                        \
    "\"endTimeUnixNano\":\"1764396542000000999\",\"name\":\"GET /orders/{id}\""

static char *write_span(const aurora_span *span, const char *kept)
{
    aurora_json_out out = {0};
    size_t len;
    aurora__span_write(&out, span, kept);
    char *text = aurora_json_out_end(&out, &len);
    ck_assert_ptr_nonnull(text);
    return text;
}

static void assert_written(const aurora_span *span, const char *kept, const char *expected)
{
    char *text = write_span(span, kept);
    ck_assert_str_eq(text, expected);
    free(text);
}

START_TEST(test_span_json__ids_are_hex_kinds_numbers_and_times_decimal_texts)
{
    assert_written(&smallest, NULL, HEAD REST "}");
}
END_TEST

START_TEST(test_span_json__a_parent_is_there_where_there_is_one)
{
    aurora_span span = smallest;
    span.parent_id[7] = 0x0a;
    assert_written(&span, NULL, HEAD "\"parentSpanId\":\"000000000000000a\"," REST "}");
}
END_TEST

START_TEST(test_span_json__attributes_are_typed_and_large_numbers_texts)
{
    const aurora_attribute attributes[] = {
        {.key = "t", .kind = AURORA_ATTRIBUTE_TEXT, .text = "a\"b\n"},
        {.key = "i", .kind = AURORA_ATTRIBUTE_INT, .number = INT64_MIN},
        {.key = "d", .kind = AURORA_ATTRIBUTE_DOUBLE, .real = 0.25},
        {.key = "b", .kind = AURORA_ATTRIBUTE_BOOL, .number = 1},
    };
    aurora_span span = smallest;
    span.attributes = attributes;
    span.attribute_count = 4;
    assert_written(&span, "slow",
                   HEAD REST ",\"attributes\":["
                             "{\"key\":\"t\",\"value\":{\"stringValue\":\"a\\\"b\\n\"}},"
                             "{\"key\":\"i\",\"value\":{\"intValue\":\"-9223372036854775808\"}},"
                             "{\"key\":\"d\",\"value\":{\"doubleValue\":0.25}},"
                             "{\"key\":\"b\",\"value\":{\"boolValue\":true}},"
                             "{\"key\":\"aurora.kept\",\"value\":{\"stringValue\":\"slow\"}}]}");
}
END_TEST

START_TEST(test_span_json__links_and_a_failure)
{
    const aurora_span_link links[] = {{.trace_id = {[15] = 1}, .span_id = {[7] = 2}},
                                      {.trace_id = {[0] = 3}, .span_id = {4}, .trace_flags = 1}};
    aurora_span span = smallest;
    span.links = links;
    span.link_count = 2;
    span.status = AURORA_SPAN_ERROR;
    span.status_message = "parked";
    assert_written(&span, NULL,
                   HEAD REST ",\"links\":[{\"traceId\":\"00000000000000000000000000000001\","
                             "\"spanId\":\"0000000000000002\",\"flags\":0},"
                             "{\"traceId\":\"03000000000000000000000000000000\","
                             "\"spanId\":\"0400000000000000\",\"flags\":1}],"
                             "\"status\":{\"code\":2,\"message\":\"parked\"}}");
}
END_TEST

START_TEST(test_span_json__long_texts_are_cut_at_a_character)
{
    char text[AURORA__SPAN_TEXT_MAX + 8];
    memset(text, 'x', sizeof text);
    memcpy(text + AURORA__SPAN_TEXT_MAX - 1, "\xc3\xa4", 2); /* its second byte is one too many */
    text[sizeof text - 1] = '\0';
    aurora_span span = smallest;
    span.name = text;

    char *written = write_span(&span, NULL);

    const char *name = strstr(written, "\"name\":\"");
    ck_assert_uint_eq(strspn(name + 8, "x"), AURORA__SPAN_TEXT_MAX - 1);
    ck_assert_str_eq(name + 8 + AURORA__SPAN_TEXT_MAX - 1, "\"}");
    free(written);
}
END_TEST

/* All bytes but NUL: each that is no UTF-8 is U+FFFD, alone and where a text is cut. */
START_TEST(test_span_json__any_bytes_are_valid_json)
{
    static char bytes[3 * 255 + 1], broken[AURORA__SPAN_TEXT_MAX + 8];
    for (int i = 0; i < 255; i++) {
        bytes[3 * i] = (char)(i + 1);
        bytes[3 * i + 1] = (char)(255 - i);
        bytes[3 * i + 2] = 'x';
    }
    memset(broken, 0x80, sizeof broken - 1);
    const aurora_attribute attributes[] = {
        {.key = "bytes", .kind = AURORA_ATTRIBUTE_TEXT, .text = bytes},
        {.key = "broken", .kind = AURORA_ATTRIBUTE_TEXT, .text = broken},
        {.key = "none", .kind = AURORA_ATTRIBUTE_TEXT},
    };
    aurora_span span = smallest;
    span.attributes = attributes;
    span.attribute_count = 3;

    char *written = write_span(&span, NULL);

    cJSON *read = cJSON_Parse(written);
    ck_assert_ptr_nonnull(read);
    cJSON_Delete(read);
    ck_assert(aurora__utf8_is_text(written, strlen(written)));
    const char *cut = strstr(strstr(written, "broken"), "\xef\xbf\xbd");
    ck_assert_ptr_nonnull(cut);
    ck_assert_ptr_nonnull(strstr(cut, "{\"key\":\"none\",\"value\":{\"stringValue\":\"\"}}]}"));
    free(written);
}
END_TEST

/* As Protocol Buffers have them in JSON, which has no such numbers. */
START_TEST(test_span_json__no_number_and_infinity_are_texts)
{
    const aurora_attribute attributes[] = {
        {.key = "n", .kind = AURORA_ATTRIBUTE_DOUBLE, .real = (double)NAN},
        {.key = "p", .kind = AURORA_ATTRIBUTE_DOUBLE, .real = (double)INFINITY},
        {.key = "m", .kind = AURORA_ATTRIBUTE_DOUBLE, .real = (double)-INFINITY},
    };
    aurora_span span = smallest;
    span.attributes = attributes;
    span.attribute_count = 3;
    assert_written(&span, NULL,
                   HEAD REST ",\"attributes\":[{\"key\":\"n\",\"value\":{\"doubleValue\":\"NaN\"}},"
                             "{\"key\":\"p\",\"value\":{\"doubleValue\":\"Infinity\"}},"
                             "{\"key\":\"m\",\"value\":{\"doubleValue\":\"-Infinity\"}}]}");
}
END_TEST

/* More than is gathered at once, with some among them that are not. */
START_TEST(test_span_json__attributes_keep_their_order)
{
    enum { COUNT = 24 };
    char texts[COUNT][121], expected[4096], *at = expected;
    aurora_attribute attributes[COUNT];
    at += sprintf(at, HEAD REST ",\"attributes\":[");
    for (int i = 0; i < COUNT; i++) {
        bool is_flag = i % 7 == 3;
        memset(texts[i], 'a' + i, sizeof texts[i]);
        texts[i][120] = '\0';
        attributes[i] =
            (aurora_attribute){.key = "k",
                               .kind = is_flag ? AURORA_ATTRIBUTE_BOOL : AURORA_ATTRIBUTE_TEXT,
                               .text = texts[i]};
        at += sprintf(at, "%s{\"key\":\"k\",\"value\":{", i > 0 ? "," : "");
        at += is_flag ? sprintf(at, "\"boolValue\":false}}")
                      : sprintf(at, "\"stringValue\":\"%s\"}}", texts[i]);
    }
    sprintf(at, "]}");
    aurora_span span = smallest;
    span.attributes = attributes;
    span.attribute_count = COUNT;

    assert_written(&span, NULL, expected);
}
END_TEST

START_TEST(test_span_json__name_may_be_any_text)
{
    aurora_span span = smallest;
    char name[301];
    span.name = "say \"hi\"";
    char *written = write_span(&span, NULL);
    ck_assert_ptr_nonnull(strstr(written, ",\"name\":\"say \\\"hi\\\"\"}"));
    free(written);
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    span.name = name;
    written = write_span(&span, NULL);
    const char *found = strstr(written, ",\"name\":\"nnn");
    ck_assert_ptr_nonnull(found);
    ck_assert_uint_eq(strspn(found + 9, "n"), sizeof name - 1);
    free(written);
}
END_TEST

START_TEST(test_span_json__what_is_too_much_is_counted)
{
    static aurora_attribute attributes[AURORA__SPAN_PARTS_MAX + 3];
    static aurora_span_link links[AURORA__SPAN_PARTS_MAX + 2];
    for (size_t i = 0; i < AURORA__SPAN_PARTS_MAX + 3; i++)
        attributes[i] = (aurora_attribute){.key = "k", .kind = AURORA_ATTRIBUTE_INT};
    aurora_span span = smallest;
    span.attributes = attributes;
    span.attribute_count = AURORA__SPAN_PARTS_MAX + 3;
    span.links = links;
    span.link_count = AURORA__SPAN_PARTS_MAX + 2;

    char *written = write_span(&span, NULL);

    ck_assert_ptr_nonnull(strstr(written, "],\"droppedAttributesCount\":3,"));
    ck_assert_ptr_nonnull(strstr(written, "],\"droppedLinksCount\":2}"));
    free(written);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("span_json");
    TCase *all = tcase_create("all");
    tcase_add_test(all, test_span_json__ids_are_hex_kinds_numbers_and_times_decimal_texts);
    tcase_add_test(all, test_span_json__a_parent_is_there_where_there_is_one);
    tcase_add_test(all, test_span_json__attributes_are_typed_and_large_numbers_texts);
    tcase_add_test(all, test_span_json__links_and_a_failure);
    tcase_add_test(all, test_span_json__long_texts_are_cut_at_a_character);
    tcase_add_test(all, test_span_json__any_bytes_are_valid_json);
    tcase_add_test(all, test_span_json__no_number_and_infinity_are_texts);
    tcase_add_test(all, test_span_json__attributes_keep_their_order);
    tcase_add_test(all, test_span_json__name_may_be_any_text);
    tcase_add_test(all, test_span_json__what_is_too_much_is_counted);
    suite_add_tcase(s, all);
    return s;
}

AURORA_TEST_MAIN(suite)

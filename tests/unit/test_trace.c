/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <aurora/aurora.h>

#include "test.h"

#define GOOD "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

static aurora_trace_context parsed(const char *text)
{
    aurora_trace_context context;
    aurora_assert_ok(aurora_traceparent_parse(text, &context));
    return context;
}

static void assert_written(const char *text, const char *expected)
{
    char written[AURORA_TRACEPARENT_BYTES];
    aurora_trace_context context = parsed(text);
    aurora_traceparent_format(&context, written);
    ck_assert_str_eq(written, expected);
}

START_TEST(test_traceparent__is_read_as_it_was_written)
{
    const uint8_t trace_id[16] = {0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6,
                                  0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36};
    const uint8_t span_id[8] = {0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7};

    aurora_trace_context context = parsed(GOOD);

    ck_assert_mem_eq(context.trace_id, trace_id, sizeof trace_id);
    ck_assert_mem_eq(context.span_id, span_id, sizeof span_id);
    ck_assert_uint_eq(context.trace_flags, AURORA_TRACE_SAMPLED);
    assert_written(GOOD, GOOD);
}
END_TEST

START_TEST(test_traceparent__a_later_version_is_read_as_far_as_it_is_known)
{
    assert_written("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-the-future-holds",
                   GOOD);
    assert_written("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", GOOD);
}
END_TEST

START_TEST(test_traceparent__flags_that_are_not_known_go_no_further)
{
    assert_written("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff",
                   "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03");
    assert_written("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-fe",
                   "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-02");
}
END_TEST

START_TEST(test_traceparent__anything_else_is_refused)
{
    static const char *const texts[] = {
        NULL,
        "",
        "0",
        "00",
        "00-",
        "garbage",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 ",
        " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x",
        "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7_01",
        "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
    };
    static const aurora_trace_context none;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        aurora_trace_context context;
        memset(&context, 0xAA, sizeof context);

        aurora_status rc = aurora_traceparent_parse(texts[i], &context);

        ck_assert_msg(rc == AURORA_EINVAL, "%s", texts[i] == NULL ? "NULL" : texts[i]);
        ck_assert_mem_eq(&context, &none, sizeof context);
    }
}
END_TEST

START_TEST(test_span_id__is_the_same_for_the_same_place_in_every_release)
{
    const aurora_id source = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
    const uint8_t expected[8] = {0x8d, 0xa6, 0x62, 0x71, 0xf9, 0xae, 0x57, 0x38};
    uint8_t id[8];

    aurora_span_id_derive(source, 42, id);

    ck_assert_mem_eq(id, expected, sizeof id);
}
END_TEST

START_TEST(test_span_id__differs_with_source_and_position)
{
    const aurora_id one = {{1}};
    const aurora_id other = {{2}};
    uint8_t ids[3][8];

    aurora_span_id_derive(one, 1, ids[0]);
    aurora_span_id_derive(one, 2, ids[1]);
    aurora_span_id_derive(other, 1, ids[2]);

    ck_assert_mem_ne(ids[0], ids[1], 8);
    ck_assert_mem_ne(ids[0], ids[2], 8);
    ck_assert_mem_ne(ids[1], ids[2], 8);
}
END_TEST

static Suite *trace_suite(void)
{
    Suite *suite = suite_create("trace");
    TCase *tcase = tcase_create("trace");

    tcase_add_test(tcase, test_traceparent__is_read_as_it_was_written);
    tcase_add_test(tcase, test_traceparent__a_later_version_is_read_as_far_as_it_is_known);
    tcase_add_test(tcase, test_traceparent__flags_that_are_not_known_go_no_further);
    tcase_add_test(tcase, test_traceparent__anything_else_is_refused);
    tcase_add_test(tcase, test_span_id__is_the_same_for_the_same_place_in_every_release);
    tcase_add_test(tcase, test_span_id__differs_with_source_and_position);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(trace_suite)

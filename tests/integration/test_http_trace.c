/* SPDX-License-Identifier: MIT */
/* Which trace a request belongs to, and who decides whether it is sampled. */
#include <stdio.h>
#include <string.h>

#include "http_fixture.h"
#include "raw_client.h"

#define TRACE "0123456789abcdef0123456789abcdef" /* its low 63 bits: 0x0123456789abcdef */
#define LOW_BITS UINT64_C(0x0123456789abcdef)
#define GIVEN(flags) "traceparent: 00-" TRACE "-fedcba9876543210-" flags "\r\n"

static http_fixture fixture;

/* The traceparent that a handler of a server with this tracing sees. */
static void see(aurora_http_tracing tracing, const char *field, char parent_out[64])
{
    char text[512];
    http_fixture_start(&fixture, (aurora_http_options){.tracing = tracing});
    raw_client client = raw_connect(fixture.port);
    snprintf(text, sizeof text, "GET /fields HTTP/1.1\r\nHost: localhost\r\n%s\r\n", field);
    raw_answer answer = raw_ask(&client, text, 200);
    const char *parent = strstr(answer.body, "parent=");
    ck_assert_ptr_nonnull(parent);
    snprintf(parent_out, 64, "%s", parent + strlen("parent="));
    raw_answer_free(&answer);
    raw_close(&client);
    http_fixture_stop(&fixture);
    ck_assert_uint_eq(strlen(parent_out), 55);
}

static void assert_flags(aurora_http_tracing tracing, const char *field, const char *flags)
{
    char parent[64];
    see(tracing, field, parent);
    ck_assert_str_eq(parent + 53, flags);
}

START_TEST(test_http_trace__what_begins_here_is_sampled_by_the_ratio_alone)
{
    assert_flags((aurora_http_tracing){0}, "", "00");
    assert_flags((aurora_http_tracing){.sampled_below = UINT64_C(1) << 63}, "", "01");
}
END_TEST

START_TEST(test_http_trace__the_callers_decision_is_honoured)
{
    assert_flags((aurora_http_tracing){0}, GIVEN("01"), "01");
    assert_flags((aurora_http_tracing){.sampled_below = UINT64_C(1) << 63}, GIVEN("00"), "00");
}
END_TEST

START_TEST(test_http_trace__flags_that_nobody_knows_are_not_passed_on)
{
    assert_flags((aurora_http_tracing){0}, GIVEN("ff"), "03");
    assert_flags((aurora_http_tracing){0}, GIVEN("fe"), "02");
}
END_TEST

START_TEST(test_http_trace__a_decision_of_ours_goes_by_the_low_bits_of_the_trace_id)
{
    aurora_http_tracing tracing = {.ignores_flag = true, .sampled_below = LOW_BITS};
    assert_flags(tracing, GIVEN("01"), "00");
    tracing.sampled_below = LOW_BITS + 1;
    assert_flags(tracing, GIVEN("00"), "01");
}
END_TEST

START_TEST(test_http_trace__a_span_of_our_own_goes_on_with_the_trace)
{
    char parent[64];
    see((aurora_http_tracing){0}, GIVEN("01"), parent);
    ck_assert_int_eq(memcmp(parent, "00-" TRACE "-", 36), 0);
    ck_assert_int_ne(memcmp(parent + 36, "fedcba9876543210", 16), 0);
}
END_TEST

START_TEST(test_http_trace__a_server_may_begin_each_trace_anew)
{
    char parent[64];
    see((aurora_http_tracing){.begins_anew = true}, GIVEN("01"), parent);
    ck_assert_ptr_null(strstr(parent, TRACE));
    ck_assert_str_eq(parent + 53, "00");
}
END_TEST

/* W3C Trace Context: such a field is as good as none, and is no fault of the request. */
START_TEST(test_http_trace__what_is_no_traceparent_begins_a_trace)
{
    static const char *const bad[] = {
        "",
        "00",
        "00-" TRACE "-fedcba9876543210",
        "00-" TRACE "-fedcba9876543210-1",
        "00-" TRACE "-fedcba9876543210-0g",
        "00-" TRACE "-fedcba9876543210-01-",
        "00-" TRACE "-fedcba9876543210-01-more",
        "ff-" TRACE "-fedcba9876543210-01",
        "0G-" TRACE "-fedcba9876543210-01",
        "00-0123456789ABCDEF0123456789abcdef-fedcba9876543210-01",
        "00-" TRACE "-FEDCBA9876543210-01",
        "00-00000000000000000000000000000000-fedcba9876543210-01",
        "00-" TRACE "-0000000000000000-01",
        "00_" TRACE "_fedcba9876543210_01",
        "01-" TRACE "-fedcba9876543210-011",
        "00-" TRACE "-fedcba9876543210-01\r\ntraceparent: 00-" TRACE "-fedcba9876543210-01",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char field[256], parent[64];
        snprintf(field, sizeof field, "traceparent: %s\r\n", bad[i]);
        see((aurora_http_tracing){0}, field, parent);
        ck_assert_msg(strncmp(parent + 3, TRACE, 30) != 0, "%s", bad[i]);
        ck_assert_str_eq(parent + 53, "00");
    }
}
END_TEST

START_TEST(test_http_trace__a_later_version_is_read_as_far_as_it_is_known)
{
    static const char *const good[] = {"cc-" TRACE "-fedcba9876543210-01",
                                       "01-" TRACE "-fedcba9876543210-01-what-comes"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char field[256], parent[64];
        snprintf(field, sizeof field, "traceparent: %s\r\n", good[i]);
        see((aurora_http_tracing){0}, field, parent);
        ck_assert_int_eq(memcmp(parent, "00-" TRACE "-", 36), 0);
        ck_assert_str_eq(parent + 53, "01");
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("http_trace");
    TCase *own = tcase_create("context");
    tcase_add_test(own, test_http_trace__what_begins_here_is_sampled_by_the_ratio_alone);
    tcase_add_test(own, test_http_trace__the_callers_decision_is_honoured);
    tcase_add_test(own, test_http_trace__flags_that_nobody_knows_are_not_passed_on);
    tcase_add_test(own, test_http_trace__a_decision_of_ours_goes_by_the_low_bits_of_the_trace_id);
    tcase_add_test(own, test_http_trace__a_span_of_our_own_goes_on_with_the_trace);
    tcase_add_test(own, test_http_trace__a_server_may_begin_each_trace_anew);
    tcase_add_test(own, test_http_trace__what_is_no_traceparent_begins_a_trace);
    tcase_add_test(own, test_http_trace__a_later_version_is_read_as_far_as_it_is_known);
    suite_add_tcase(s, own);
    return s;
}

AURORA_TEST_MAIN(suite)

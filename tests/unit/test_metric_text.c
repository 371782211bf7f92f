/* SPDX-License-Identifier: MIT */
#include <aurora/metric.h>

#include <string.h>

#include "test.h"

#define PROMETHEUS AURORA_METRIC_FORMAT_PROMETHEUS
#define OPENMETRICS AURORA_METRIC_FORMAT_OPENMETRICS

static char text[4096];

static aurora_metric sample(int32_t kind, const char *name, double value)
{
    return (aurora_metric){.size = sizeof(aurora_metric),
                           .kind = kind,
                           .name = name,
                           .suffix = "",
                           .help = "Of letters.",
                           .value = value};
}

/* Writes a page of these samples to `text`. */
static void write_page(const aurora_metric *samples, uint32_t count, int32_t format)
{
    const aurora_metric *items[8];
    size_t length = 0;
    for (uint32_t i = 0; i < count; i++)
        items[i] = &samples[i];
    aurora_metric_page page = {.size = sizeof page, .count = count, .items = items};
    aurora_assert_ok(aurora_metric_page_text(&page, format, text, sizeof text, &length));
    ck_assert_uint_eq(length, strlen(text));
}

START_TEST(test_text__counter_is_a_family_without_total_in_openmetrics)
{
    const aurora_metric letters = sample(AURORA_METRIC_COUNTER, "aurora_letters_total", 3);

    write_page(&letters, 1, PROMETHEUS);
    ck_assert_str_eq(text, "# HELP aurora_letters_total Of letters.\n"
                           "# TYPE aurora_letters_total counter\n"
                           "aurora_letters_total 3\n");
    write_page(&letters, 1, OPENMETRICS);
    ck_assert_str_eq(text, "# HELP aurora_letters Of letters.\n"
                           "# TYPE aurora_letters counter\n"
                           "aurora_letters_total 3\n"
                           "# EOF\n");
}
END_TEST

START_TEST(test_text__counter_whose_name_is_taken_is_of_unknown_type)
{
    const aurora_metric both[] = {sample(AURORA_METRIC_GAUGE, "aurora_parked", 1),
                                  sample(AURORA_METRIC_COUNTER, "aurora_parked_total", 2)};
    const aurora_metric created[] = {
        sample(AURORA_METRIC_COUNTER, "aurora_letters_total", 3),
        sample(AURORA_METRIC_COUNTER, "aurora_letters_created_total", 4)};

    write_page(both, 2, OPENMETRICS);
    ck_assert_ptr_nonnull(strstr(text, "# TYPE aurora_parked gauge\n"));
    ck_assert_ptr_nonnull(strstr(text, "# TYPE aurora_parked_total unknown\n"));
    write_page(created, 2, OPENMETRICS);
    ck_assert_ptr_nonnull(strstr(text, "# TYPE aurora_letters counter\n"));
    ck_assert_ptr_nonnull(strstr(text, "# TYPE aurora_letters_created_total unknown\n"));
    write_page(&created[1], 1, OPENMETRICS);
    ck_assert_ptr_nonnull(strstr(text, "# TYPE aurora_letters_created counter\n"));
}
END_TEST

START_TEST(test_text__labels_and_help_are_escaped)
{
    const aurora_pair label = {"by", "a \"b\"\\\n"};
    aurora_metric letters = sample(AURORA_METRIC_GAUGE, "aurora_letters", 0.25);
    letters.help = "A \"word\".\nAnd \\.";
    letters.labels = &label;
    letters.label_count = 1;

    write_page(&letters, 1, PROMETHEUS);
    ck_assert_ptr_nonnull(strstr(text, "# HELP aurora_letters A \"word\".\\nAnd \\\\.\n"));
    ck_assert_ptr_nonnull(strstr(text, "aurora_letters{by=\"a \\\"b\\\"\\\\\\n\"} 0.25\n"));
    write_page(&letters, 1, OPENMETRICS);
    ck_assert_ptr_nonnull(strstr(text, "# HELP aurora_letters A \\\"word\\\".\\nAnd \\\\.\n"));
}
END_TEST

START_TEST(test_text__only_openmetrics_has_units_and_exemplars)
{
    const aurora_pair le = {"le", "+Inf"};
    const aurora_metric_exemplar exemplar = {.size = sizeof exemplar,
                                             .value = 0.5,
                                             .at_ms = 1500,
                                             .trace_id = "ab0000000000000000000000000000cd"};
    aurora_metric waits = sample(AURORA_METRIC_HISTOGRAM, "aurora_wait_seconds", 1);
    waits.suffix = "_bucket";
    waits.labels = &le;
    waits.label_count = 1;
    waits.exemplar = &exemplar;

    write_page(&waits, 1, OPENMETRICS);
    ck_assert_ptr_nonnull(strstr(text, "# UNIT aurora_wait_seconds seconds\n"));
    ck_assert_ptr_nonnull(strstr(text,
                                 "aurora_wait_seconds_bucket{le=\"+Inf\"} 1 # "
                                 "{trace_id=\"ab0000000000000000000000000000cd\"} 0.5 1.5\n"));
    write_page(&waits, 1, PROMETHEUS);
    ck_assert_ptr_null(strstr(text, "UNIT"));
    ck_assert_ptr_null(strstr(text, "trace_id"));
}
END_TEST

START_TEST(test_text__length_is_told_where_it_does_not_fit)
{
    const aurora_metric letters = sample(AURORA_METRIC_GAUGE, "aurora_letters", 3);
    const aurora_metric *const items[] = {&letters};
    const aurora_metric_page page = {.size = sizeof page, .count = 1, .items = items};
    size_t asked = 0, told = 0;
    char exact[256];

    aurora_assert_ok(aurora_metric_page_text(&page, PROMETHEUS, NULL, 0, &asked));
    ck_assert_uint_lt(asked, sizeof exact);
    memset(exact, 'x', sizeof exact);
    aurora_assert_status(aurora_metric_page_text(&page, PROMETHEUS, exact, asked, &told),
                         AURORA_ETOOBIG);
    ck_assert_uint_eq(told, asked);
    ck_assert_int_eq(exact[asked], 'x');
    aurora_assert_ok(aurora_metric_page_text(&page, PROMETHEUS, exact, asked + 1, NULL));
    ck_assert_uint_eq(strlen(exact), asked);
    aurora_assert_status(aurora_metric_page_text(&page, 3, exact, sizeof exact, NULL),
                         AURORA_EINVAL);
}
END_TEST

START_TEST(test_format__openmetrics_is_for_who_prefers_it)
{
    static const struct {
        const char *accept;
        int32_t format;
    } rows[] = {
        {NULL, PROMETHEUS},
        {"", PROMETHEUS},
        {"*/*", PROMETHEUS},
        {"text/html, */*;q=0.8", PROMETHEUS},
        {"application/openmetrics-text", OPENMETRICS},
        {"Application/OpenMetrics-Text; Version=1.0.0", OPENMETRICS},
        {"application/openmetrics-text;version=0.0.1", PROMETHEUS},
        {"application/openmetrics-text;q=0", PROMETHEUS},
        {"application/openmetrics-text;q=0.3,text/plain;q=0.5", PROMETHEUS},
        {"text/plain;q=0.5,application/openmetrics-text;q=0.6", OPENMETRICS},
        {"application/openmetrics-text;version=1.0.0,application/"
         "openmetrics-text;version=0.0.1;q=0."
         "75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
         OPENMETRICS},
        {";;;,,q=", PROMETHEUS},
        {"application/openmetrics-text;version=\"1.0.0", PROMETHEUS},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ck_assert_msg(aurora_metric_format(rows[i].accept) == rows[i].format, "%s", rows[i].accept);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("metric_text");
    TCase *tests = tcase_create("text");
    tcase_add_test(tests, test_text__counter_is_a_family_without_total_in_openmetrics);
    tcase_add_test(tests, test_text__counter_whose_name_is_taken_is_of_unknown_type);
    tcase_add_test(tests, test_text__labels_and_help_are_escaped);
    tcase_add_test(tests, test_text__only_openmetrics_has_units_and_exemplars);
    tcase_add_test(tests, test_text__length_is_told_where_it_does_not_fit);
    tcase_add_test(tests, test_format__openmetrics_is_for_who_prefers_it);
    suite_add_tcase(all, tests);
    return all;
}

AURORA_TEST_MAIN(suite)

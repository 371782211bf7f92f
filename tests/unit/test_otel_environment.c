/* SPDX-License-Identifier: MIT */
/* What OpenTelemetry's variables come to, row by row. tests/http/traces.py sees the same from
 * outside. */
#include <string.h>

#include "telemetry/baggage.h"
#include "telemetry/environment.h"
#include "telemetry/url.h"
#include "test.h"

static aurora__plan plan;

static const char *stand_in(char *const *environment, const char *setting)
{
    const char *variable = NULL;
    const char *text = aurora_telemetry_stand_in(environment, setting, &variable);
    ck_assert_int_eq(text == NULL, variable == NULL || text == NULL);
    return text != NULL ? text : "(none)";
}

#define ENVIRONMENT(...)                                                                           \
    (char *[])                                                                                     \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }
#define AT "OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4318"

START_TEST(test_otel_environment__stands_in_for_settings)
{
    const struct {
        char **environment;
        const char *setting, *expected;
    } rows[] = {
        {ENVIRONMENT("HOME=/"), "otlp", "(none)"},
        {ENVIRONMENT(AT), "otlp", "http://c:4318"},
        {ENVIRONMENT("OTEL_EXPORTER_OTLP_ENDPOINT="), "otlp", "(none)"},
        {ENVIRONMENT(AT, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://t/x"), "otlp", "http://t/x"},
        {ENVIRONMENT(AT, "OTEL_SDK_DISABLED=true"), "otlp", "(none)"},
        {ENVIRONMENT(AT, "OTEL_SDK_DISABLED=TRUE"), "otlp", "(none)"},
        {ENVIRONMENT(AT, "OTEL_SDK_DISABLED=1"), "otlp", "http://c:4318"},
        {ENVIRONMENT(AT, "OTEL_TRACES_EXPORTER=none"), "otlp", "(none)"},
        {ENVIRONMENT("OTEL_TRACES_EXPORTER=otlp"), "otlp", "http://localhost:4318"},
        {ENVIRONMENT("OTEL_TRACES_EXPORTER=zipkin"), "otlp", "(none)"},
        {ENVIRONMENT("OTEL_EXPORTER_OTLP_HEADERS=a=b"), "otlp_headers", "a=b"},
        {ENVIRONMENT("OTEL_EXPORTER_OTLP_CERTIFICATE=/ca"), "otlp_ca", "/ca"},
        {ENVIRONMENT("OTEL_TRACES_SAMPLER=always_on"), "trace_sample", "1"},
        {ENVIRONMENT("OTEL_TRACES_SAMPLER=parentbased_always_off"), "trace_sample", "0"},
        {ENVIRONMENT("OTEL_TRACES_SAMPLER=traceidratio", "OTEL_TRACES_SAMPLER_ARG=0.25"),
         "trace_sample", "0.25"},
        {ENVIRONMENT("OTEL_TRACES_SAMPLER=traceidratio"), "trace_sample", "1"},
        {ENVIRONMENT("OTEL_TRACES_SAMPLER=traceidratio", "OTEL_TRACES_SAMPLER_ARG=-1"),
         "trace_sample", "1"},
        {ENVIRONMENT("OTEL_TRACES_SAMPLER=xray"), "trace_sample", "(none)"},
        {ENVIRONMENT("OTEL_TRACES_SAMPLER_ARG=0.25"), "trace_sample", "(none)"},
        {ENVIRONMENT(AT), "trace_slow", "(none)"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ck_assert_str_eq(stand_in(rows[i].environment, rows[i].setting), rows[i].expected);
}
END_TEST

START_TEST(test_otel_environment__warns_of_what_it_passes_over)
{
    const struct {
        char **environment;
        uint32_t warnings;
    } rows[] = {
        {ENVIRONMENT("OTEL_EXPORTER_OTLP_PROTOCOL=http/json"), 0},
        {ENVIRONMENT("OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"), 1},
        {ENVIRONMENT("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=grpc"), 1},
        {ENVIRONMENT("OTEL_EXPORTER_OTLP_COMPRESSION=deflate"), 1},
        {ENVIRONMENT("OTEL_TRACES_EXPORTER=console"), 1},
        {ENVIRONMENT("OTEL_TRACES_EXPORTER=none"), 0},
        {ENVIRONMENT("OTEL_TRACES_SAMPLER=often"), 1},
        {ENVIRONMENT("OTEL_TRACES_SAMPLER=traceidratio", "OTEL_TRACES_SAMPLER_ARG=1e0"), 1},
        {ENVIRONMENT("OTEL_TRACES_SAMPLER=always_on", "OTEL_TRACES_SAMPLER_ARG=x"), 0},
        {ENVIRONMENT("OTEL_PROPAGATORS=tracecontext"), 0},
        {ENVIRONMENT("OTEL_PROPAGATORS=b3, tracecontext ,baggage"), 2},
        {ENVIRONMENT("OTEL_BSP_SCHEDULE_DELAY=0"), 1},
        {ENVIRONMENT("OTEL_BSP_EXPORT_TIMEOUT=5s"), 1},
        {ENVIRONMENT("OTEL_BSP_MAX_QUEUE_SIZE=99999999999999999999"), 1},
        {ENVIRONMENT("OTEL_BSP_MAX_EXPORT_BATCH_SIZE=4096"), 1},
        {ENVIRONMENT("OTEL_EXPORTER_OTLP_TIMEOUT= 5"), 1},
        {ENVIRONMENT("OTEL_RESOURCE_ATTRIBUTES=a=b,c"), 1},
        {ENVIRONMENT("OTEL_RESOURCE_ATTRIBUTES=a=b,c=%ff"), 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        aurora__plan_read(rows[i].environment, &plan);
        ck_assert_msg(plan.warning_count == rows[i].warnings, "row %zu: %u, %s", i,
                      plan.warning_count, plan.warnings[0]);
    }
}
END_TEST

START_TEST(test_otel_environment__numbers_and_words_are_taken)
{
    char *const environment[] = {"OTEL_BSP_SCHEDULE_DELAY=1000",
                                 "OTEL_BSP_EXPORT_TIMEOUT=20000",
                                 "OTEL_BSP_MAX_QUEUE_SIZE=64",
                                 "OTEL_BSP_MAX_EXPORT_BATCH_SIZE=128",
                                 "OTEL_EXPORTER_OTLP_TIMEOUT=3000",
                                 "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT=2000",
                                 "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION=gzip",
                                 "OTEL_TRACES_SAMPLER=always_off",
                                 "OTEL_RESOURCE_ATTRIBUTES=service.name=a,k=v%2C1",
                                 NULL};
    aurora__plan_read(environment, &plan);

    ck_assert_uint_eq(plan.delay_ms, 1000);
    ck_assert_uint_eq(plan.export_ms, 20000);
    ck_assert_uint_eq(plan.queue_max, 64);
    ck_assert_uint_eq(plan.batch_max, 64);
    ck_assert_uint_eq(plan.timeout_ms, 2000);
    ck_assert(plan.is_gzip && plan.ignores_flag && plan.keeps_none);
    ck_assert_str_eq(plan.service_name, "a");
    ck_assert_str_eq(aurora__baggage_find(&plan.resource, "k"), "v,1");
}
END_TEST

START_TEST(test_otel_environment__a_ratio_is_a_plain_number_up_to_1)
{
    static const char *const good[] = {"0", "1", "1.0", "0.1", ".5", "1.", "0.000001"};
    static const char *const bad[] = {
        "",    ".",   "1.1", "2",     "-0.1", "+1",  "1e-1",
        "0x1", "nan", "inf", "0.1.2", " 1",   "0,5", "0.1234567890123456789012"};
    double ratio;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        ck_assert_msg(aurora_telemetry_ratio(good[i], &ratio), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!aurora_telemetry_ratio(bad[i], &ratio), "%s", bad[i]);
    ck_assert(aurora_telemetry_ratio("0.25", &ratio));
    ck_assert_double_eq_tol(ratio, 0.25, 1e-12);
}
END_TEST

START_TEST(test_otel_environment__pairs_are_cut_decoded_and_judged)
{
    static aurora__baggage pairs;
    const char *rule = NULL;
    ck_assert(aurora__baggage_read(" a = b%20c , ,d=, e=f=g", &pairs, &rule));
    ck_assert_uint_eq(pairs.count, 3);
    ck_assert_str_eq(aurora__baggage_find(&pairs, "a"), "b c");
    ck_assert_str_eq(aurora__baggage_find(&pairs, "d"), "");
    ck_assert_str_eq(aurora__baggage_find(&pairs, "e"), "f=g");
    static const char *const bad[] = {"a",      "=b",           "a=%",   "a=%4", "a=%zz",
                                      "a=%00b", "a=%0d%0aX: y", "a=%ff", " =b"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_msg(!aurora__baggage_read(bad[i], &pairs, &rule), "%s", bad[i]);
        ck_assert_uint_eq(pairs.count, 0);
    }
}
END_TEST

START_TEST(test_otel_environment__a_collector_is_a_url_without_a_password)
{
    static const struct {
        const char *text;
        bool is_whole;
        const char *expected; /* NULL = refused */
    } rows[] = {
        {"http://h:4318", false, "http://h:4318/v1/traces"},
        {"http://h:4318/", false, "http://h:4318/v1/traces"},
        {"https://h/otlp", false, "https://h/otlp/v1/traces"},
        {"https://h/v1/traces", false, "https://h/v1/traces"},
        {"https://h/other", true, "https://h/other"},
        {"https://[::1]:4318", false, "https://[::1]:4318/v1/traces"},
        {"http://u@h", false, NULL},
        {"http://u:p@h", false, NULL},
        {"http://h?k=v", false, NULL},
        {"http://h#f", false, NULL},
        {"ftp://h", false, NULL},
        {"http:", false, NULL},
        {"http://", false, NULL},
        {"h:4318", false, NULL},
        {"http://h:99999", false, NULL},
        {"file:///etc/passwd", false, NULL},
    };
    char url[AURORA_TELEMETRY_URL_BYTES];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *rule = NULL;
        bool is_good = aurora_telemetry_url(rows[i].text, rows[i].is_whole, url, &rule);
        ck_assert_msg(is_good == (rows[i].expected != NULL), "%s: %s", rows[i].text, rule);
        if (is_good)
            ck_assert_str_eq(url, rows[i].expected);
        else
            ck_assert_ptr_nonnull(rule);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("otel_environment");
    TCase *all = tcase_create("all");
    tcase_add_test(all, test_otel_environment__stands_in_for_settings);
    tcase_add_test(all, test_otel_environment__warns_of_what_it_passes_over);
    tcase_add_test(all, test_otel_environment__numbers_and_words_are_taken);
    tcase_add_test(all, test_otel_environment__a_ratio_is_a_plain_number_up_to_1);
    tcase_add_test(all, test_otel_environment__pairs_are_cut_decoded_and_judged);
    tcase_add_test(all, test_otel_environment__a_collector_is_a_url_without_a_password);
    suite_add_tcase(s, all);
    return s;
}

AURORA_TEST_MAIN(suite)

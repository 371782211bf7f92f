/* SPDX-License-Identifier: MIT */
#include "service/log.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http/json_in.h"
#include "service/log_packed.h"
#include "service/log_writer.h"
#include "test.h"

typedef struct {
    int ends[2];
    aurora_service_log *log;
    char text[65536]; /* all that was written, once the log is freed */
} fixture;

static void init(fixture *f, bool is_text, const char *levels)
{
    char rule[AURORA_LOG_RULE_BYTES];
    ck_assert_int_eq(pipe(f->ends), 0);
    aurora_service_log_options options = {
        .fd = f->ends[1], .is_text = is_text, .repeats_max = 3, .service = "tested"};
    ck_assert(aurora_log_levels_parse(levels, &options.levels, rule));
    f->log = aurora_service_log_new(&options);
    ck_assert_ptr_nonnull(f->log);
}

static void deinit(fixture *f)
{
    aurora_service_log_free(f->log);
    close(f->ends[1]);
    size_t length = 0;
    ssize_t got;
    while ((got = read(f->ends[0], f->text + length, sizeof f->text - 1 - length)) > 0)
        length += (size_t)got;
    f->text[length] = '\0';
    close(f->ends[0]);
}

static const aurora_http_route route = {.template_path = "/orders/{id}"};
static const aurora_http_route probe = {.template_path = "/livez", .flags = AURORA_HTTP_PROBE};

static aurora_http_access sample(const aurora_http_route *of, int status)
{
    return (aurora_http_access){.route = of,
                                .method = "GET",
                                .path = "/orders/7",
                                .principal = "alice",
                                .trace_id = "0af7651916cd43dd8448eb211c80319c",
                                .span_id = "b7ad6b7169203331",
                                .trace_flags = 1,
                                .peer = "127.0.0.1",
                                .code = status >= 400 ? "not_found" : "",
                                .status = status,
                                .duration_ns = 1234567,
                                .bytes_out = 5};
}

START_TEST(test_service_log__request_is_one_object_a_line)
{
    static const char *const names[] = {"timestamp",
                                        "severity",
                                        "severity_number",
                                        "body",
                                        "component",
                                        "trace_id",
                                        "span_id",
                                        "trace_flags",
                                        "service.name",
                                        "service.version",
                                        "url.path",
                                        "http.request.method",
                                        "http.route",
                                        "error.type",
                                        "http.response.status_code",
                                        "duration_us",
                                        "enduser.id",
                                        "http.request.body.size",
                                        "client.address",
                                        "http.response.body.size"};
    enum { NAMES = sizeof names / sizeof *names };
    fixture f;
    aurora_json_doc *doc;
    aurora_json_error error;
    aurora_json_value values[NAMES];
    const char *text;
    int64_t number;
    init(&f, false, "info");
    const aurora_http_access access = sample(&route, 404);
    aurora_service_log_access(f.log, &access);
    deinit(&f);

    char *end = strchr(f.text, '\n');
    ck_assert(end != NULL && end[1] == '\0');
    ck_assert(aurora_json_parse(f.text, (size_t)(end - f.text), &doc, &error));
    ck_assert_msg(aurora_json_object(aurora_json_root(doc), names, NAMES, values, &error), "%s %s",
                  error.pointer, error.detail);
    ck_assert(aurora_json_time(values[0], &number, &error));
    ck_assert(aurora_json_integer(values[2], 9, 9, &number, &error));
    ck_assert(aurora_json_text(values[3], 1, 99, &text, &error));
    ck_assert_str_eq(text, "GET /orders/{id} 404");
    ck_assert(aurora_json_text(values[5], 32, 32, &text, &error));
    ck_assert(aurora_json_text(values[6], 16, 16, &text, &error));
    ck_assert(aurora_json_text(values[7], 2, 2, &text, &error));
    ck_assert_str_eq(text, "01");
    ck_assert(aurora_json_text(values[12], 1, 99, &text, &error));
    ck_assert_str_eq(text, "/orders/{id}");
    ck_assert(aurora_json_integer(values[15], 1234, 1234, &number, &error));
    aurora_json_free(doc);
}
END_TEST

START_TEST(test_service_log__probes_and_low_levels_are_left_out)
{
    fixture f;
    init(&f, false, "warning");
    aurora_http_access access = sample(&route, 200);
    aurora_service_log_access(f.log, &access);
    access = sample(&probe, 500);
    aurora_service_log_access(f.log, &access);
    aurora_service_log_write(f.log, AURORA_LOG_INFO, "", "not this");
    deinit(&f);
    ck_assert_str_eq(f.text, "");

    init(&f, false, "warning");
    access = sample(&route, 503);
    aurora_service_log_access(f.log, &access);
    aurora_service_log_announce(f.log, "always");
    const aurora_log_levels all = aurora_log_levels_all(AURORA_LOG_DEBUG);
    aurora_service_log_set_levels(f.log, &all);
    aurora_service_log_write(f.log, AURORA_LOG_DEBUG, "x", "this %d", 7);
    deinit(&f);
    ck_assert_ptr_nonnull(strstr(f.text, "\"severity\":\"WARN\""));
    ck_assert_ptr_nonnull(strstr(f.text, "\"body\":\"always\""));
    ck_assert_ptr_nonnull(strstr(f.text, "\"body\":\"this 7\""));
    ck_assert_ptr_nonnull(strstr(f.text, "\"component\":\"x\""));
}
END_TEST

START_TEST(test_service_log__readable_lines_stay_single)
{
    fixture f;
    init(&f, true, "info");
    aurora_service_log_write(f.log, AURORA_LOG_ERROR, "store", "one\ntwo\x1b[31m");
    const aurora_http_access access = sample(&route, 404);
    aurora_service_log_access(f.log, &access);
    deinit(&f);

    /* Not a terminal: date and time in UTC, no color. */
    char *first = strchr(f.text, '\n');
    ck_assert_ptr_nonnull(strstr(f.text, "Z ERROR store        one?two?[31m\n"));
    ck_assert_str_eq(first + 1 + 27, " INFO  http         GET /orders/7 404 1.2ms error=not_found "
                                     "by=alice\n");
}
END_TEST

START_TEST(test_service_log__reader_that_stalls_holds_nobody_up)
{
    static const char line[1000] = "x";
    int ends[2];
    uint64_t taken = 0;
    ck_assert_int_eq(pipe(ends), 0);
    aurora__log_writer *writer = aurora__log_writer_new(ends[1], NULL, NULL);
    ck_assert_ptr_nonnull(writer);

    for (int i = 0; i < 2000; i++)
        taken += aurora__log_writer_put(writer, line, sizeof line, true);

    ck_assert_uint_lt(taken, 2000);
    ck_assert_uint_eq(aurora__log_writer_lost(writer), 2000 - taken);
    close(ends[0]); /* the writer's thread is not waited for longer than it takes to see this */
    aurora__log_writer_free(writer);
    close(ends[1]);
}
END_TEST

/* Records are copied and become lines later, requests and what is too large to be copied at
 * once. */
START_TEST(test_service_log__lines_stand_in_the_order_in_which_they_were_said)
{
    static char long_text[AURORA__LOG_PACKED_BYTES + 1];
    static const char *const bodies[] = {"\"first\"", "\"GET /orders/{id} 200\"", "\"llll",
                                         "\"GET /orders/{id} 201\"", "\"last\""};
    fixture f;
    init(&f, false, "info");
    memset(long_text, 'l', sizeof long_text - 1);
    const aurora_http_access ok = sample(&route, 200), created = sample(&route, 201);

    aurora_service_log_library(f.log, AURORA_LOG_WARNING, "store", "first");
    aurora_service_log_access(f.log, &ok);
    aurora_service_log_library(f.log, AURORA_LOG_WARNING, "store", long_text);
    aurora_service_log_access(f.log, &created);
    aurora_service_log_library(f.log, AURORA_LOG_WARNING, "store", "last");
    deinit(&f);

    const char *at = f.text;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        const char *body = strstr(at, "\"body\":");
        ck_assert_ptr_nonnull(body);
        ck_assert_msg(strncmp(body + 7, bodies[i], strlen(bodies[i])) == 0, "%s", body);
        at = strchr(body, '\n');
        ck_assert_ptr_nonnull(at);
    }
    ck_assert_str_eq(at, "\n");
}
END_TEST

START_TEST(test_service_log__attributes_of_a_record_keep_kind_and_value)
{
    const aurora_trace_context trace = {.trace_id = {0x0a}, .span_id = {0xb7}, .trace_flags = 1};
    const aurora_attribute attributes[] = {
        {.key = "a", .kind = AURORA_ATTRIBUTE_TEXT, .text = "one \"two\""},
        {.key = "b", .kind = AURORA_ATTRIBUTE_TEXT},
        {.key = "c", .kind = AURORA_ATTRIBUTE_INT, .number = INT64_MIN},
        {.key = "d", .kind = AURORA_ATTRIBUTE_DOUBLE, .real = 0.5},
        {.key = "e", .kind = AURORA_ATTRIBUTE_BOOL, .number = 1},
        {.key = "f", .kind = 99},
        {.key = "g", .kind = AURORA_ATTRIBUTE_INT, .number = 7}};
    const aurora_log_record record = {.size = sizeof record,
                                      .level = AURORA_LOG_ERROR,
                                      .component = "store",
                                      .message = "all kinds",
                                      .trace = &trace,
                                      .attributes = attributes,
                                      .attribute_count = 7};
    fixture f;
    init(&f, false, "info");

    aurora_service_log_record(f.log, &record);
    deinit(&f);

    ck_assert_ptr_nonnull(
        strstr(f.text, "\"severity\":\"ERROR\",\"severity_number\":17,\"body\":\"all kinds\","
                       "\"component\":\"store\",\"trace_id\":\"0a000000000000000000000000000000\","
                       "\"span_id\":\"b700000000000000\",\"trace_flags\":\"01\","));
    ck_assert_ptr_nonnull(strstr(f.text, ",\"a\":\"one \\\"two\\\"\",\"b\":\"\","
                                         "\"c\":-9223372036854775808,\"d\":0.5,\"e\":true,"
                                         "\"g\":7}\n"));
}
END_TEST

static uint32_t count_lines(const char *text, const char *with)
{
    uint32_t count = 0;
    while ((text = strstr(text, with)) != NULL) {
        count++;
        text++;
    }
    return count;
}

START_TEST(test_service_log__repeats_are_cut_and_told_of)
{
    aurora_service_log_figures figures;
    fixture f;
    init(&f, false, "debug");
    for (int i = 0; i < 20; i++) {
        aurora_service_log_write(f.log, AURORA_LOG_ERROR, "store", "row %d is damaged", i);
        aurora_service_log_write(f.log, AURORA_LOG_FATAL, "engine", "row %d is damaged", i);
        aurora_service_log_write(f.log, AURORA_LOG_DEBUG, "store", "row %d is seen", i);
    }
    aurora_service_log_figures_get(f.log, &figures);
    deinit(&f);

    ck_assert_uint_eq(count_lines(f.text, "\"FATAL\""), 20);
    ck_assert_uint_eq(count_lines(f.text, "is seen"), 20);
    ck_assert_uint_eq(count_lines(f.text, "\"ERROR\""), 3 + 1);
    ck_assert_ptr_nonnull(
        strstr(f.text, "\"body\":\"17 more like this in 10 s: row 19 is damaged\""));
    ck_assert_ptr_nonnull(strstr(f.text, "\"suppressed\":17}"));
    ck_assert_uint_eq(figures.suppressed, 17);
    ck_assert_uint_eq(figures.records[AURORA_LOG_ERROR], 3);
    ck_assert_uint_eq(figures.records[AURORA_LOG_FATAL], 20);
}
END_TEST

START_TEST(test_service_log__what_counts_each_time_is_never_cut)
{
    fixture f;
    const aurora_log_record each = {.size = sizeof each,
                                    .flags = AURORA_LOG_EACH,
                                    .level = AURORA_LOG_INFO,
                                    .component = "notification",
                                    .message = "order.completed"};
    const aurora_http_access access = sample(&route, 200);
    init(&f, false, "info");
    for (int i = 0; i < 10; i++) {
        aurora_service_log_record(f.log, &each);
        aurora_service_log_access(f.log, &access);
    }
    deinit(&f);

    ck_assert_uint_eq(count_lines(f.text, "order.completed"), 10);
    ck_assert_uint_eq(count_lines(f.text, "url.path"), 10);
}
END_TEST

START_TEST(test_service_log__record_has_its_attributes_and_trace)
{
    const aurora_attribute attributes[] = {
        {.key = "aurora.order.id", .kind = AURORA_ATTRIBUTE_TEXT, .text = "x\"y"},
        {.key = "aurora.batch.size", .kind = AURORA_ATTRIBUTE_INT, .number = -7},
        {.key = "ratio", .kind = AURORA_ATTRIBUTE_DOUBLE, .real = 0.25},
        {.key = "is_full", .kind = AURORA_ATTRIBUTE_BOOL, .number = 1},
    };
    const aurora_trace_context trace = {.trace_id = {1}, .span_id = {2}, .trace_flags = 1};
    const aurora_log_record record = {.size = sizeof record,
                                      .level = AURORA_LOG_WARNING,
                                      .attribute_count = 4,
                                      .component = "saga",
                                      .message = "parked",
                                      .attributes = attributes,
                                      .trace = &trace};
    fixture f;
    init(&f, false, "info");
    aurora_service_log_record(f.log, &record);
    deinit(&f);
    ck_assert_ptr_nonnull(strstr(f.text, "\"trace_id\":\"01000000000000000000000000000000\","
                                         "\"span_id\":\"0200000000000000\","
                                         "\"trace_flags\":\"01\""));
    ck_assert_ptr_nonnull(strstr(f.text, "\"aurora.order.id\":\"x\\\"y\","
                                         "\"aurora.batch.size\":-7,\"ratio\":0.25,"
                                         "\"is_full\":true}\n"));

    init(&f, true, "info");
    aurora_service_log_record(f.log, &record);
    deinit(&f);
    ck_assert_ptr_nonnull(strstr(f.text, " WARN  saga         parked order.id=x\"y batch.size=-7 "
                                         "ratio=0.25 is_full=true "
                                         "trace=01000000000000000000000000000000\n"));
}
END_TEST

START_TEST(test_service_log__component_has_a_level_of_its_own)
{
    fixture f;
    init(&f, false, "warning,store=debug,http=error");
    const aurora_http_access access = sample(&route, 503);
    aurora_service_log_access(f.log, &access);
    aurora_service_log_write(f.log, AURORA_LOG_DEBUG, "store", "one");
    aurora_service_log_write(f.log, AURORA_LOG_INFO, "search", "two");
    aurora_service_log_write(f.log, AURORA_LOG_WARNING, "nobody", "three");
    ck_assert_int_eq(aurora_service_log_library_level(f.log), AURORA_LOG_DEBUG);
    deinit(&f);
    ck_assert_uint_eq(count_lines(f.text, "\n"), 2);
    ck_assert_ptr_nonnull(strstr(f.text, "\"one\""));
    ck_assert_ptr_nonnull(strstr(f.text, "\"three\""));
}
END_TEST

START_TEST(test_service_log__long_and_broken_texts_stay_one_object)
{
    static char path[20000];
    fixture f;
    aurora_json_doc *doc;
    aurora_json_error error;
    memset(path, '\x01', sizeof path - 1); /* six bytes each, once written */
    aurora_http_access access = sample(&route, 200);
    access.path = path;
    access.principal = "\xff\xc3";
    init(&f, false, "info");
    aurora_service_log_access(f.log, &access);
    deinit(&f);

    char *end = strchr(f.text, '\n');
    ck_assert(end != NULL && end[1] == '\0');
    ck_assert(aurora_json_parse(f.text, (size_t)(end - f.text), &doc, &error));
    aurora_json_free(doc);
    ck_assert_ptr_nonnull(strstr(f.text, "\\u0001...\""));
}
END_TEST

START_TEST(test_service_log__settings_are_words)
{
    bool is_text = false;
    ck_assert(aurora_service_log_format("text", -1, &is_text) && is_text);
    ck_assert(aurora_service_log_format("json", -1, &is_text) && !is_text);
    ck_assert(aurora_service_log_format("auto", -1, &is_text) && !is_text);
    ck_assert(!aurora_service_log_format("xml", -1, &is_text));
}
END_TEST

static void setup(void)
{
    signal(SIGPIPE, SIG_IGN);
}

static Suite *suite(void)
{
    Suite *s = suite_create("service_log");
    TCase *tc = tcase_create("service_log");
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, test_service_log__request_is_one_object_a_line);
    tcase_add_test(tc, test_service_log__probes_and_low_levels_are_left_out);
    tcase_add_test(tc, test_service_log__readable_lines_stay_single);
    tcase_add_test(tc, test_service_log__reader_that_stalls_holds_nobody_up);
    tcase_add_test(tc, test_service_log__lines_stand_in_the_order_in_which_they_were_said);
    tcase_add_test(tc, test_service_log__attributes_of_a_record_keep_kind_and_value);
    tcase_add_test(tc, test_service_log__repeats_are_cut_and_told_of);
    tcase_add_test(tc, test_service_log__what_counts_each_time_is_never_cut);
    tcase_add_test(tc, test_service_log__record_has_its_attributes_and_trace);
    tcase_add_test(tc, test_service_log__component_has_a_level_of_its_own);
    tcase_add_test(tc, test_service_log__long_and_broken_texts_stay_one_object);
    tcase_add_test(tc, test_service_log__settings_are_words);
    suite_add_tcase(s, tc);
    return s;
}

AURORA_TEST_MAIN(suite)

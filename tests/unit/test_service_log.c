/* SPDX-License-Identifier: MIT */
#include "service/log.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http/json_in.h"
#include "service/log_writer.h"
#include "test.h"

typedef struct {
    int ends[2];
    aurora_service_log *log;
    char text[8192]; /* all that was written, once the log is freed */
} fixture;

static void init(fixture *f, bool is_text, int32_t level_min)
{
    ck_assert_int_eq(pipe(f->ends), 0);
    const aurora_service_log_options options = {
        .fd = f->ends[1], .is_text = is_text, .level_min = level_min, .service = "tested"};
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
                                        "service.name",
                                        "service.version",
                                        "trace_id",
                                        "http.request.method",
                                        "url.path",
                                        "http.route",
                                        "http.response.status_code",
                                        "error.type",
                                        "duration_us",
                                        "http.request.body.size",
                                        "http.response.body.size",
                                        "client.address",
                                        "enduser.id"};
    fixture f;
    aurora_json_doc *doc;
    aurora_json_error error;
    aurora_json_value values[17];
    const char *text;
    int64_t number;
    init(&f, false, AURORA_LOG_INFO);
    const aurora_http_access access = sample(&route, 404);
    aurora_service_log_access(f.log, &access);
    deinit(&f);

    char *end = strchr(f.text, '\n');
    ck_assert(end != NULL && end[1] == '\0');
    ck_assert(aurora_json_parse(f.text, (size_t)(end - f.text), &doc, &error));
    ck_assert_msg(aurora_json_object(aurora_json_root(doc), names, 17, values, &error), "%s %s",
                  error.pointer, error.detail);
    ck_assert(aurora_json_time(values[0], &number, &error));
    ck_assert(aurora_json_integer(values[2], 9, 9, &number, &error));
    ck_assert(aurora_json_text(values[6], 32, 32, &text, &error));
    ck_assert(aurora_json_text(values[9], 1, 99, &text, &error));
    ck_assert_str_eq(text, "/orders/{id}");
    ck_assert(aurora_json_integer(values[12], 1234, 1234, &number, &error));
    aurora_json_free(doc);
}
END_TEST

START_TEST(test_service_log__probes_and_low_levels_are_left_out)
{
    fixture f;
    init(&f, false, AURORA_LOG_WARNING);
    aurora_http_access access = sample(&route, 200);
    aurora_service_log_access(f.log, &access);
    access = sample(&probe, 500);
    aurora_service_log_access(f.log, &access);
    aurora_service_log_write(f.log, AURORA_LOG_INFO, "", "not this");
    deinit(&f);
    ck_assert_str_eq(f.text, "");

    init(&f, false, AURORA_LOG_WARNING);
    access = sample(&route, 503);
    aurora_service_log_access(f.log, &access);
    aurora_service_log_announce(f.log, "always");
    aurora_service_log_set_level(f.log, AURORA_LOG_DEBUG);
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
    init(&f, true, AURORA_LOG_INFO);
    aurora_service_log_write(f.log, AURORA_LOG_ERROR, "store", "one\ntwo\x1b[31m");
    const aurora_http_access access = sample(&route, 404);
    aurora_service_log_access(f.log, &access);
    deinit(&f);

    char *first = strchr(f.text, '\n');
    ck_assert_ptr_nonnull(strstr(f.text, " ERROR one?two?[31m\n"));
    ck_assert_str_eq(first + 1 + 13, "INFO  GET /orders/7 404 1.2 ms alice not_found\n");
}
END_TEST

START_TEST(test_service_log__reader_that_stalls_holds_nobody_up)
{
    static const char line[1000] = "x";
    int ends[2];
    uint64_t taken = 0;
    ck_assert_int_eq(pipe(ends), 0);
    aurora__log_writer *writer = aurora__log_writer_new(ends[1]);
    ck_assert_ptr_nonnull(writer);

    for (int i = 0; i < 2000; i++)
        taken += aurora__log_writer_put(writer, line, sizeof line);

    ck_assert_uint_lt(taken, 2000);
    ck_assert_uint_eq(aurora__log_writer_lost(writer), 2000 - taken);
    close(ends[0]); /* the writer's thread is not waited for longer than it takes to see this */
    aurora__log_writer_free(writer);
    close(ends[1]);
}
END_TEST

START_TEST(test_service_log__settings_are_words)
{
    bool is_text = false;
    ck_assert_int_eq(aurora_service_log_level("debug"), AURORA_LOG_DEBUG);
    ck_assert_int_eq(aurora_service_log_level("WARNING"), AURORA_LOG_WARNING);
    ck_assert_int_eq(aurora_service_log_level("error"), AURORA_LOG_ERROR);
    ck_assert_int_eq(aurora_service_log_level("fatal"), 0);
    ck_assert_int_eq(aurora_service_log_level("loud"), 0);
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
    tcase_add_test(tc, test_service_log__settings_are_words);
    suite_add_tcase(s, tc);
    return s;
}

AURORA_TEST_MAIN(suite)

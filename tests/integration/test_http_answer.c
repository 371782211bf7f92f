/* SPDX-License-Identifier: MIT */
/* What the HTTP server's answers hold: problems, traces, fields, compression; and what the log
 * hears. */
#include "http_fixture.h"
#include "raw_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define JSON "Content-Type: application/json\r\n"
#define POST(path, rest) "POST " path " HTTP/1.1\r\nHost: localhost\r\n" JSON rest

static http_fixture fixture;

static void start(void)
{
    http_fixture_start(&fixture, (aurora_http_options){0});
}

static void stop(void)
{
    http_fixture_stop(&fixture);
}

/* --- errors ----------------------------------------------------------------------------------- */

START_TEST(test_http_answer__every_refusal_is_a_problem)
{
    static const struct {
        const char *text;
        int status;
        const char *code;
    } cases[] = {
        {RAW_GET("/nothing"), 404, "not_found"},
        {"PUT /fixed HTTP/1.1\r\nHost: localhost\r\n" JSON "Content-Length: 0\r\n\r\n", 405,
         "method_not_allowed"},
        {"PATCH /fixed HTTP/1.1\r\nHost: localhost\r\n\r\n", 405, "method_not_allowed"},
        {"QUERY /fixed HTTP/1.1\r\nHost: localhost\r\n\r\n", 405, "method_not_allowed"},
        {"TRACE /fixed HTTP/1.1\r\nHost: localhost\r\n\r\n", 405, "method_not_allowed"},
        {"BREW /fixed HTTP/1.1\r\nHost: localhost\r\n\r\n", 501, "not_implemented"},
        {"GET /fixed HTTP/2.0\r\nHost: localhost\r\n\r\n", 505, "version_not_supported"},
        {"GET /fixed HTTP/1.1\r\n\r\n", 400, "malformed_request"},
        {"\x16\x03\x01", 400, "malformed_request"},
        {RAW_GET("/fixed?a=b"), 400, "invalid_parameter"},
        {RAW_GET("/bytes?count=%ff"), 400, "invalid_parameter"},
        {"GET /fixed HTTP/1.1\r\nHost: example.org\r\n\r\n", 421, "misdirected_request"},
        {"GET http://example.org/fixed HTTP/1.1\r\nHost: localhost\r\n\r\n", 421,
         "misdirected_request"},
        {"GET /fixed HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx", 400,
         "malformed_request"},
        {"GET /fixed HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: a\r\nIdempotency-Key: b\r\n"
         "\r\n",
         400, "invalid_header"},
        {POST("/echo", "Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx"), 415,
         "unsupported_media_type"},
        {"PUT /strict HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
         "Content-Length: 1\r\n\r\nx",
         415, "unsupported_media_type"},
        {POST("/echo", "Expect: tea\r\n\r\n"), 417, "expectation_failed"},
        {POST("/echo", "Content-Length: 1048577\r\n\r\n"), 413, "payload_too_large"},
        {POST("/echo", "Transfer-Encoding: chunked\r\n\r\n100001\r\n"), 413, "payload_too_large"},
        {POST("/echo", "Transfer-Encoding: gzip\r\n\r\n"), 400, "malformed_request"},
        {RAW_GET("/silent"), 500, "internal"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        raw_expect(fixture.port, cases[i].text, cases[i].status, cases[i].code);
}
END_TEST

START_TEST(test_http_answer__a_problem_says_what_and_where)
{
    raw_client client = raw_connect(fixture.port);

    raw_answer answer = raw_ask(&client, RAW_GET("/problem"), 409);

    ck_assert_ptr_nonnull(strstr(answer.body, "\"title\":\"Conflict\",\"status\":409,"
                                              "\"code\":\"conflict\""));
    ck_assert_ptr_nonnull(strstr(answer.body, "\\\"so\\\"\\n"));
    ck_assert_ptr_nonnull(strstr(answer.body,
                                 "\"errors\":[{\"pointer\":\"/a\\\"b\",\"detail\":\"first 1\"},"
                                 "{\"parameter\":\"c\",\"detail\":\"second\"}]"));
    ck_assert_str_eq(raw_field(&answer, "Cache-Control"), "no-store");
    raw_answer_free(&answer);
    raw_close(&client);
}
END_TEST

START_TEST(test_http_answer__nothing_is_served_after_bad_framing)
{
    raw_client client = raw_connect(fixture.port);

    raw_answer answer =
        raw_ask(&client,
                POST("/echo", "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n"
                              "0\r\n\r\n") RAW_GET("/fixed"),
                400);

    ck_assert_str_eq(raw_field(&answer, "Connection"), "close");
    ck_assert(raw_is_closed(&client));
    ck_assert_uint_eq(http_fixture_count(&fixture, &fixture.accesses), 1);
    raw_answer_free(&answer);
    raw_close(&client);
}
END_TEST

START_TEST(test_http_answer__answers_before_a_refusal_are_kept)
{
    raw_client client = raw_connect(fixture.port);

    raw_send(&client, RAW_GET("/fixed") RAW_GET("/fixed") "nonsense\r\n\r\n");

    for (int i = 0; i < 3; i++) {
        raw_answer answer = raw_read(&client, true);
        ck_assert_int_eq(answer.status, i < 2 ? 200 : 400);
        raw_answer_free(&answer);
    }
    ck_assert(raw_is_closed(&client));
    raw_close(&client);
}
END_TEST

START_TEST(test_http_answer__a_refused_body_does_not_reset_the_answer)
{
    char *body = calloc(1, 2000000);
    ck_assert_ptr_nonnull(body);
    raw_client client = raw_connect(fixture.port);

    raw_send(&client, POST("/echo", "Content-Length: 2000000\r\n\r\n"));
    raw_try_send(&client, body, 2000000);
    raw_answer answer = raw_read(&client, true);

    ck_assert_int_eq(answer.status, 413);
    ck_assert(answer.is_whole);
    raw_answer_free(&answer);
    raw_close(&client);
    free(body);
}
END_TEST

START_TEST(test_http_answer__a_value_cannot_add_a_field)
{
    raw_client client = raw_connect(fixture.port);

    raw_answer answer = raw_ask(&client, RAW_GET("/fields"), 200);

    ck_assert_ptr_null(raw_field(&answer, "X-Injected"));
    ck_assert_str_eq(raw_field(&answer, "X-B"), "one??X-Injected: two");
    raw_answer_free(&answer);
    raw_close(&client);
}
END_TEST

/* --- what the handler and the log see --------------------------------------------------------- */

START_TEST(test_http_answer__the_trace_of_the_request_goes_on)
{
    raw_client client = raw_connect(fixture.port);

    raw_answer answer =
        raw_ask(&client,
                "GET /fields HTTP/1.1\r\nHost: localhost\r\n"
                "traceparent: 00-0123456789abcdef0123456789abcdef-0123456789abcdef-00\r\n\r\n",
                200);

    ck_assert_str_eq(raw_field(&answer, "X-Request-Id"), "0123456789abcdef0123456789abcdef");
    ck_assert_ptr_nonnull(strstr(answer.body, "parent=00-0123456789abcdef0123456789abcdef-"));
    ck_assert_ptr_null(strstr(answer.body, "-0123456789abcdef-"));
    ck_assert_str_eq(answer.body + answer.body_len - 3, "-00");
    raw_answer_free(&answer);
    raw_close(&client);
}
END_TEST

START_TEST(test_http_answer__a_bad_trace_is_replaced)
{
    static const char *const values[] = {
        "00-00000000000000000000000000000000-0123456789abcdef-01",
        "00-0123456789ABCDEF0123456789abcdef-0123456789abcdef-01",
        "ff-0123456789abcdef0123456789abcdef-0123456789abcdef-01",
        "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01-x", "00-0123"};
    char text[256], last[33] = "";
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        raw_client client = raw_connect(fixture.port);
        snprintf(text, sizeof(text),
                 "GET /fixed HTTP/1.1\r\nHost: localhost\r\ntraceparent: %s\r\n\r\n", values[i]);
        raw_answer answer = raw_ask(&client, text, 200);
        const char *id = raw_field(&answer, "X-Request-Id");
        ck_assert_uint_eq(strlen(id), 32);
        ck_assert_ptr_null(strstr(values[i], id));
        ck_assert_str_ne(id, last);
        memcpy(last, id, sizeof(last));
        raw_answer_free(&answer);
        raw_close(&client);
    }
}
END_TEST

START_TEST(test_http_answer__fields_of_one_name_are_a_list)
{
    raw_client client = raw_connect(fixture.port);

    raw_answer answer = raw_ask(&client,
                                "GET /fields HTTP/1.1\r\nHost: localhost\r\nX-A: b\r\nY: c\r\n"
                                "x-a: d\r\n\r\n",
                                200);

    ck_assert_int_eq(strncmp(answer.body, "a=b, d ", 7), 0);
    raw_answer_free(&answer);
    raw_close(&client);
}
END_TEST

START_TEST(test_http_answer__the_log_hears_of_each_answer)
{
    raw_client client = raw_connect(fixture.port);

    raw_answer answer = raw_ask(&client, POST("/echo", "Content-Length: 3\r\n\r\nabc"), 200);
    http_fixture_await(&fixture, &fixture.accesses, 1);
    ck_assert_str_eq(fixture.last_method, "POST");
    ck_assert_str_eq(fixture.last_path, "/echo");
    ck_assert_str_eq(fixture.last_trace, raw_field(&answer, "X-Request-Id"));
    ck_assert_uint_eq(fixture.last_bytes_in, 3);
    ck_assert_uint_eq(fixture.last_bytes_out, 3);
    raw_answer_free(&answer);

    answer = raw_ask(&client, "nonsense\r\n\r\n", 400);
    http_fixture_await(&fixture, &fixture.accesses, 2);
    ck_assert_int_eq(fixture.last_status, 400);
    ck_assert_str_eq(fixture.last_code, "malformed_request");
    ck_assert_str_eq(fixture.last_path, "");
    raw_answer_free(&answer);
    raw_close(&client);
}
END_TEST

/* --- compression ------------------------------------------------------------------------------ */

static void assert_unpacks(const raw_answer *answer, size_t len)
{
    char *out = malloc(len + 1);
    z_stream stream = {.next_in = (Bytef *)answer->body, .avail_in = (uInt)answer->body_len};
    ck_assert_ptr_nonnull(out);
    stream.next_out = (Bytef *)out;
    stream.avail_out = (uInt)len + 1;
    ck_assert_int_eq(inflateInit2(&stream, 15 + 16), Z_OK);
    ck_assert_int_eq(inflate(&stream, Z_FINISH), Z_STREAM_END);
    ck_assert_uint_eq(stream.total_out, len);
    for (size_t i = 0; i < len; i++)
        ck_assert_int_eq(out[i], 'a' + (int)(i % 26));
    inflateEnd(&stream);
    free(out);
}

static raw_answer ask_encoded(const char *path, const char *accept)
{
    char text[256];
    raw_client client = raw_connect(fixture.port);
    snprintf(text, sizeof(text),
             "GET %s HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: %s\r\n\r\n", path, accept);
    raw_answer answer = raw_ask(&client, text, 200);
    raw_close(&client);
    return answer;
}

START_TEST(test_http_answer__large_text_is_packed_where_asked)
{
    static const char *const asking[] = {"gzip", "deflate, GZIP;q=0.5", "br, *;q=0.1",
                                         "x-gzip, identity", "gzip;q=1.0"};
    for (size_t i = 0; i < sizeof(asking) / sizeof(asking[0]); i++) {
        raw_answer answer = ask_encoded("/json?count=20000", asking[i]);
        ck_assert_ptr_nonnull(raw_field(&answer, "Content-Encoding"));
        ck_assert_str_eq(raw_field(&answer, "Vary"), "Accept-Encoding");
        ck_assert_uint_lt(answer.body_len, 1000);
        assert_unpacks(&answer, 20000);
        raw_answer_free(&answer);
    }
}
END_TEST

START_TEST(test_http_answer__nothing_is_packed_where_not_asked)
{
    static const char *const declining[] = {"identity", "gzip;q=0", "gzip;q=0.000, *",
                                            "*;q=0",    "gzipped",  ""};
    for (size_t i = 0; i < sizeof(declining) / sizeof(declining[0]); i++) {
        raw_answer answer = ask_encoded("/json?count=20000", declining[i]);
        ck_assert_msg(raw_field(&answer, "Content-Encoding") == NULL, "%s", declining[i]);
        ck_assert_str_eq(raw_field(&answer, "Vary"), "Accept-Encoding");
        ck_assert_uint_eq(answer.body_len, 20000);
        raw_answer_free(&answer);
    }
}
END_TEST

START_TEST(test_http_answer__small_and_binary_bodies_are_left_alone)
{
    static const char *const paths[] = {"/json?count=1023", "/bytes?count=20000"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        raw_answer answer = ask_encoded(paths[i], "gzip");
        ck_assert_ptr_null(raw_field(&answer, "Content-Encoding"));
        ck_assert_ptr_null(raw_field(&answer, "Vary"));
        raw_answer_free(&answer);
    }
}
END_TEST

/* --- what a browser is told ------------------------------------------------------------------- */

/* S23. Mutation: put_security of answer.c without the policy, or only for answers below 400. */
START_TEST(test_http_answer__every_answer_is_no_page)
{
    static const struct {
        const char *text;
        int status;
    } cases[] = {
        {RAW_GET("/fixed"), 200},
        {RAW_GET("/stream?count=0"), 200},
        {RAW_GET("/nothing"), 404},
        {"DELETE /fixed HTTP/1.1\r\nHost: localhost\r\n" JSON "\r\n", 204},
        {"OPTIONS /fixed HTTP/1.1\r\nHost: localhost\r\n\r\n", 204},
        {"GET /fixed HTTP/1.1\r\n\r\n", 400},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        raw_client client = raw_connect(fixture.port);
        raw_answer answer = raw_ask(&client, cases[i].text, cases[i].status);
        ck_assert_str_eq(raw_field(&answer, "X-Content-Type-Options"), "nosniff");
        ck_assert_str_eq(raw_field(&answer, "Content-Security-Policy"),
                         "default-src 'none'; frame-ancestors 'none'");
        ck_assert_str_eq(raw_field(&answer, "Referrer-Policy"), "no-referrer");
        ck_assert_str_eq(raw_field(&answer, "Server"), "aurora");
        raw_answer_free(&answer);
        raw_close(&client);
    }
}
END_TEST

/* Mutation: put_security of answer.c without its first branch. */
START_TEST(test_http_answer__a_page_has_a_policy_of_its_own)
{
    raw_client client = raw_connect(fixture.port);

    raw_answer answer = raw_ask(&client, RAW_GET("/page"), 200);

    ck_assert_str_eq(raw_field(&answer, "Content-Security-Policy"), "default-src 'self'");
    ck_assert_ptr_null(strstr(answer.head, "default-src 'none'"));
    ck_assert_str_eq(raw_field(&answer, "X-Content-Type-Options"), "nosniff");
    raw_answer_free(&answer);
    raw_close(&client);
}
END_TEST

/* Mutation: is_kept_by_nobody of answer.c without is_public. */
START_TEST(test_http_answer__what_one_principal_may_see_is_kept_by_nobody)
{
    raw_client client = raw_connect(fixture.port);

    raw_answer answer = raw_ask(&client, RAW_GET("/own"), 200);

    ck_assert_str_eq(raw_field(&answer, "Cache-Control"), "no-store");
    raw_answer_free(&answer);
    raw_close(&client);
}
END_TEST

static Suite *http_answer_suite(void)
{
    Suite *suite = suite_create("http_answer");
    TCase *tcase = tcase_create("http_answer");
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, test_http_answer__every_refusal_is_a_problem);
    tcase_add_test(tcase, test_http_answer__a_problem_says_what_and_where);
    tcase_add_test(tcase, test_http_answer__nothing_is_served_after_bad_framing);
    tcase_add_test(tcase, test_http_answer__answers_before_a_refusal_are_kept);
    tcase_add_test(tcase, test_http_answer__a_refused_body_does_not_reset_the_answer);
    tcase_add_test(tcase, test_http_answer__a_value_cannot_add_a_field);
    tcase_add_test(tcase, test_http_answer__the_trace_of_the_request_goes_on);
    tcase_add_test(tcase, test_http_answer__a_bad_trace_is_replaced);
    tcase_add_test(tcase, test_http_answer__fields_of_one_name_are_a_list);
    tcase_add_test(tcase, test_http_answer__the_log_hears_of_each_answer);
    tcase_add_test(tcase, test_http_answer__large_text_is_packed_where_asked);
    tcase_add_test(tcase, test_http_answer__nothing_is_packed_where_not_asked);
    tcase_add_test(tcase, test_http_answer__small_and_binary_bodies_are_left_alone);
    tcase_add_test(tcase, test_http_answer__every_answer_is_no_page);
    tcase_add_test(tcase, test_http_answer__a_page_has_a_policy_of_its_own);
    tcase_add_test(tcase, test_http_answer__what_one_principal_may_see_is_kept_by_nobody);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(http_answer_suite)

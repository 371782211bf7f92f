/* SPDX-License-Identifier: MIT */
/* S23: what a page of another origin is told, and that nobody is told anything without a list. */
#include "http_fixture.h"
#include "raw_client.h"

#include <string.h>

#define SHOP "Origin: https://shop.example\r\n"
#define EVIL "Origin: https://evil.example\r\n"
#define ASK(line, rest) line " HTTP/1.1\r\nHost: localhost\r\n" rest "\r\n"
#define PREFLIGHT(path, rest)                                                                      \
    ASK("OPTIONS " path, rest "Access-Control-Request-Method: DELETE\r\n"                          \
                              "Access-Control-Request-Headers: authorization\r\n")

static http_fixture fixture;

static void start(void)
{
    http_fixture_start(&fixture, (aurora_http_options){
                                     .cors_origins = "https://shop.example,http://localhost:3000"});
}

static void start_without(void)
{
    http_fixture_start(&fixture, (aurora_http_options){0});
}

static void stop(void)
{
    http_fixture_stop(&fixture);
}

static raw_answer ask(const char *text, int status)
{
    raw_client client = raw_connect(fixture.port);
    raw_answer answer = raw_ask(&client, text, status);
    raw_close(&client);
    return answer;
}

static void expect_granted(const char *text, int status)
{
    raw_answer answer = ask(text, status);
    ck_assert_str_eq(raw_field(&answer, "Access-Control-Allow-Origin"), "https://shop.example");
    ck_assert_ptr_nonnull(strstr(raw_field(&answer, "Access-Control-Expose-Headers"), "ETag"));
    ck_assert_ptr_null(raw_field(&answer, "Access-Control-Allow-Credentials"));
    ck_assert_ptr_nonnull(strstr(raw_field(&answer, "Vary"), "Origin"));
    raw_answer_free(&answer);
}

static void expect_nothing(const char *text, int status)
{
    raw_answer answer = ask(text, status);
    ck_assert_msg(strstr(answer.head, "Access-Control-") == NULL, "%s", answer.head);
    raw_answer_free(&answer);
}

/* Mutation: aurora__connection_refuse's new exchange without the origin, for the last two. */
START_TEST(test_http_cors__a_listed_page_may_read_every_answer)
{
    expect_granted(ASK("GET /fixed", SHOP), 200);
    expect_granted(ASK("GET /json?count=5000", SHOP "Accept-Encoding: gzip\r\n"), 200);
    expect_granted(ASK("GET /stream?count=2", SHOP), 200);
    expect_granted(ASK("GET /nothing", SHOP), 404);
    expect_granted(ASK("PATCH /fixed", SHOP), 405);
    expect_granted(ASK("GET /fixed?no=1", SHOP), 400);
    expect_granted(ASK("GET /problem", SHOP), 409);
    expect_granted(ASK("POST /echo", SHOP "Content-Type: application/json\r\n"
                                          "Transfer-Encoding: chunked\r\n") "x\r\n",
                   400);
}
END_TEST

/* Mutation: answer_options without is_preflight, or its fields without those of the route. */
START_TEST(test_http_cors__a_preflight_names_what_the_path_takes)
{
    raw_answer answer = ask(PREFLIGHT("/fixed", SHOP), 204);

    ck_assert_str_eq(raw_field(&answer, "Access-Control-Allow-Origin"), "https://shop.example");
    ck_assert_str_eq(raw_field(&answer, "Access-Control-Allow-Methods"),
                     "GET, HEAD, DELETE, OPTIONS");
    ck_assert_str_eq(raw_field(&answer, "Access-Control-Allow-Headers"),
                     "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, "
                     "Prefer, Last-Event-ID, traceparent");
    ck_assert_str_eq(raw_field(&answer, "Access-Control-Max-Age"), "600");
    ck_assert_str_eq(raw_field(&answer, "Vary"), "Origin");
    raw_answer_free(&answer);
}
END_TEST

/* Mutation: read_origin of request.c taking any Origin that is given. */
START_TEST(test_http_cors__another_page_is_told_nothing)
{
    expect_nothing(ASK("GET /fixed", EVIL), 200);
    expect_nothing(ASK("GET /fixed", "Origin: null\r\n"), 200);
    expect_nothing(ASK("GET /fixed", ""), 200);
    expect_nothing(ASK("GET /nothing", EVIL), 404);
    expect_nothing(PREFLIGHT("/fixed", EVIL), 204);
    expect_nothing(ASK("GET /fixed", SHOP EVIL), 400);
    expect_nothing(ASK("GET /fixed", EVIL SHOP), 400);
}
END_TEST

/* A cache between must not give one page's answer to another. */
START_TEST(test_http_cors__caches_are_told_that_the_origin_matters)
{
    raw_answer answer = ask(ASK("GET /fixed", ""), 200);
    ck_assert_str_eq(raw_field(&answer, "Vary"), "Origin");
    raw_answer_free(&answer);
}
END_TEST

START_TEST(test_http_cors__a_new_list_holds_from_now_on)
{
    ck_assert_int_eq(aurora_http_origins_put(fixture.server, "https://evil.example", NULL),
                     AURORA_OK);

    expect_nothing(ASK("GET /fixed", SHOP), 200);
    raw_answer answer = ask(ASK("GET /fixed", EVIL), 200);
    ck_assert_str_eq(raw_field(&answer, "Access-Control-Allow-Origin"), "https://evil.example");
    raw_answer_free(&answer);
}
END_TEST

START_TEST(test_http_cors__a_bad_list_changes_nothing)
{
    aurora_error err = AURORA_ERROR_INIT;

    ck_assert_int_eq(aurora_http_origins_put(fixture.server, "*", &err), AURORA_EINVAL);

    ck_assert_str_eq(err.field, "cors_origins");
    expect_granted(ASK("GET /fixed", SHOP), 200);
}
END_TEST

START_TEST(test_http_cors__without_a_list_nobody_is_told_anything)
{
    expect_nothing(ASK("GET /fixed", SHOP), 200);
    expect_nothing(PREFLIGHT("/fixed", SHOP), 204);
    raw_answer answer = ask(ASK("GET /fixed", SHOP), 200);
    ck_assert_ptr_null(raw_field(&answer, "Vary"));
    raw_answer_free(&answer);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("http_cors");
    TCase *listed = tcase_create("listed");
    tcase_add_checked_fixture(listed, start, stop);
    tcase_add_test(listed, test_http_cors__a_listed_page_may_read_every_answer);
    tcase_add_test(listed, test_http_cors__a_preflight_names_what_the_path_takes);
    tcase_add_test(listed, test_http_cors__another_page_is_told_nothing);
    tcase_add_test(listed, test_http_cors__caches_are_told_that_the_origin_matters);
    tcase_add_test(listed, test_http_cors__a_new_list_holds_from_now_on);
    tcase_add_test(listed, test_http_cors__a_bad_list_changes_nothing);
    suite_add_tcase(s, listed);
    TCase *unlisted = tcase_create("unlisted");
    tcase_add_checked_fixture(unlisted, start_without, stop);
    tcase_add_test(unlisted, test_http_cors__without_a_list_nobody_is_told_anything);
    suite_add_tcase(s, unlisted);
    return s;
}

AURORA_TEST_MAIN(suite)

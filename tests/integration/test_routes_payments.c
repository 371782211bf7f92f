/* SPDX-License-Identifier: MIT */
/* POST /payments/callbacks against the real server: who may speak, and what is then believed (S20).
 *
 * Mutation: is_timely() of src/routes/payments.c returns true: late and early ones are believed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "http/signature.h"
#include "order_server.h"

#define SECRET "what the provider and we know"

static order_server server;
static aurora_task_page *tasks;
static char order[256];

#define at(path) order_server_at(&server, path)

/* One order whose authorization is out with the provider. */
static void setup_kind(int kind)
{
    order_server_init(&server, kind, NULL);
    server.settings[0] = "payment=none:";
    server.routes.payment_secret = SECRET;
    order_server_start(&server);
    order_server_expect(&server, 201, "POST", "/orders", order_server_body("cup", 1, "card"));
    snprintf(order, sizeof order, "/orders/%s", at("id"));
    aurora_assert_ok(aurora_task_take(server.shop, AURORA_TASK_PAYMENT, 1, 0, 10000, &tasks));
    ck_assert_uint_eq(tasks->count, 1);
}

static void teardown(void)
{
    aurora_task_page_free(tasks);
    tasks = NULL;
    order_server_stop(&server);
}

static void call_at(const char *body, const char *secret, long ahead_s)
{
    char timestamp[32], fields[256], signature[AURORA_SIGNATURE_TEXT_BYTES];
    snprintf(timestamp, sizeof timestamp, "%ld", (long)time(NULL) + ahead_s);
    aurora_signature_body(secret, timestamp, body, strlen(body), signature);
    snprintf(fields, sizeof fields, "Aurora-Timestamp: %s\r\nAurora-Signature: %s\r\n", timestamp,
             signature);
    order_server_call(&server, "POST", "/payments/callbacks", fields, body);
}

static void call(const char *body)
{
    call_at(body, SECRET, 0);
}

/* A body about the task, in a static buffer. */
static const char *report(const char *rest)
{
    static char body[1024];
    char id[AURORA_ID_TEXT_BYTES];
    aurora_id_format(tasks->items[0]->id, id);
    snprintf(body, sizeof body, "{\"task_id\":\"%s\",%s}", id, rest);
    return body;
}

START_TEST(test_callback__completes_the_order_and_may_be_repeated)
{
    setup_kind(_i);
    const char *body = report("\"outcome\":\"done\",\"provider_reference\":\"ch_1\"");

    call(body);
    ck_assert_int_eq(server.answer.status, 200);
    ck_assert_str_eq(at("outcome"), "done");
    call(body);
    ck_assert_int_eq(server.answer.status, 200);

    order_server_expect(&server, 200, "GET", order, NULL);
    ck_assert_str_eq(at("status"), "COMPLETED");
}
END_TEST

START_TEST(test_callback__declines_with_the_providers_code)
{
    setup_kind(_i);

    call(report("\"outcome\":\"declined\",\"code\":\"stolen_card\""));

    ck_assert_int_eq(server.answer.status, 200);
    order_server_expect(&server, 200, "GET", order, NULL);
    ck_assert_str_eq(at("status"), "FAILED");
    ck_assert_str_eq(at("reason"), "payment_declined");
    ck_assert_str_eq(at("decline_code"), "stolen_card");
}
END_TEST

START_TEST(test_callback__leaves_the_order_open_where_the_provider_does_not_know_yet)
{
    static const char *const outcomes[] = {"pending", "unknown"};
    char rest[128];
    setup_kind(_i);

    for (int i = 0; i < 2; i++) {
        snprintf(rest, sizeof rest, "\"outcome\":\"%s\",\"retry_after_ms\":60000", outcomes[i]);
        call(report(rest));
        ck_assert_int_eq(server.answer.status, 200);
    }

    order_server_expect(&server, 200, "GET", order, NULL);
    ck_assert_str_eq(at("status"), "RESERVED");
}
END_TEST

START_TEST(test_callback__believes_nobody_else)
{
    setup_kind(_i);
    const char *body = report("\"outcome\":\"done\"");

    call_at(body, "another secret", 0);
    order_server_problem(&server, 401, "unauthorized", "Aurora-Signature");
    ck_assert_str_eq(http_answer_field(&server.answer, "WWW-Authenticate"),
                     "Aurora-HMAC-SHA-256 realm=\"payments\"");
    call_at(body, SECRET, -310);
    order_server_problem(&server, 401, "unauthorized", "Aurora-Timestamp");
    call_at(body, SECRET, 310);
    order_server_problem(&server, 401, "unauthorized", "Aurora-Timestamp");
    order_server_call(&server, "POST", "/payments/callbacks", NULL, body);
    order_server_problem(&server, 401, "unauthorized", "Aurora-Timestamp");
    order_server_call(&server, "POST", "/payments/callbacks", "Aurora-Timestamp: now\r\n", body);
    order_server_problem(&server, 401, "unauthorized", "Aurora-Timestamp");
    char fields[64];
    snprintf(fields, sizeof fields, "Aurora-Timestamp: %ld\r\n", (long)time(NULL));
    order_server_call(&server, "POST", "/payments/callbacks", fields, body);
    order_server_problem(&server, 401, "unauthorized", "Aurora-Signature");

    order_server_expect(&server, 200, "GET", order, NULL);
    ck_assert_str_eq(at("status"), "RESERVED");
}
END_TEST

START_TEST(test_callback__needs_no_loopback_host_and_no_content_type)
{
    char timestamp[32], fields[512], signature[AURORA_SIGNATURE_TEXT_BYTES];
    setup_kind(_i);
    const char *body = report("\"outcome\":\"done\"");
    snprintf(timestamp, sizeof timestamp, "%ld", (long)time(NULL));
    aurora_signature_body(SECRET, timestamp, body, strlen(body), signature);
    snprintf(fields, sizeof fields,
             "Host: shop.example.org\r\nContent-Type: text/plain\r\nAurora-Timestamp: %s\r\n"
             "Aurora-Signature: %s\r\n",
             timestamp, signature);

    order_server_call(&server, "POST", "/payments/callbacks", fields, body);

    ck_assert_int_eq(server.answer.status, 200);
}
END_TEST

START_TEST(test_callback__names_what_is_wrong_with_it)
{
    static const char *const rows[][3] = {
        {"{}", "/task_id", "invalid_field"},
        {"{\"task_id\":\"x\",\"outcome\":\"done\"}", "/task_id", "invalid_field"},
        {"{\"task_id\":\"01890000-0000-7000-8000-000000000000\"}", "/outcome", "invalid_field"},
        {"{\"task_id\":\"01890000-0000-7000-8000-000000000000\",\"outcome\":\"fine\"}", "/outcome",
         "invalid_field"},
        {"{\"task_id\":\"01890000-0000-7000-8000-000000000000\",\"outcome\":\"not_begun\"}",
         "/outcome", "invalid_field"},
        {"{\"task_id\":\"01890000-0000-7000-8000-000000000000\",\"outcome\":\"done\","
         "\"retry_after_ms\":-1}",
         "/retry_after_ms", "invalid_field"},
        {"{\"task_id\":\"01890000-0000-7000-8000-000000000000\",\"outcome\":\"done\",\"x\":1}",
         "/x", "unknown_field"},
        {"not json", "", "invalid_json"},
    };
    setup_kind(_i);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        call(rows[i][0]);
        order_server_problem(&server, 400, rows[i][2], rows[i][1]);
    }
    call("{\"task_id\":\"01890000-0000-7000-8000-000000000000\",\"outcome\":\"done\"}");
    order_server_problem(&server, 404, "not_found", "/task_id");
}
END_TEST

START_TEST(test_callback__has_no_place_without_a_secret)
{
    setup_kind(_i);
    server.routes.payment_secret = "";

    call(report("\"outcome\":\"done\""));

    order_server_problem(&server, 404, "not_found", NULL);
}
END_TEST

static Suite *suite(void)
{
    Suite *routes = suite_create("routes_payments");
    TCase *tcase = tcase_create("payments");
    tcase_add_checked_fixture(tcase, NULL, teardown);
    tcase_set_timeout(tcase, 120);
#define ADD(name) tcase_add_loop_test(tcase, name, 0, ORDER_SERVER_KINDS)
    ADD(test_callback__completes_the_order_and_may_be_repeated);
    ADD(test_callback__declines_with_the_providers_code);
    ADD(test_callback__leaves_the_order_open_where_the_provider_does_not_know_yet);
    ADD(test_callback__believes_nobody_else);
    ADD(test_callback__needs_no_loopback_host_and_no_content_type);
    ADD(test_callback__names_what_is_wrong_with_it);
    ADD(test_callback__has_no_place_without_a_secret);
#undef ADD
    suite_add_tcase(routes, tcase);
    return routes;
}

AURORA_TEST_MAIN(suite)

/* SPDX-License-Identifier: MIT */
/* GET /orders/{id}/events against the real server: what is sent, from where, and until when. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "order_server.h"

static order_server server;
static http_client stream;
static http_answer head;
static char id[AURORA_ID_TEXT_BYTES];

static void setup_kind(int kind)
{
    order_server_init(&server, kind, NULL);
    server.settings[0] = "payment=none:"; /* orders stay RESERVED until somebody acts */
    order_server_start(&server);
    http_client_init(&stream, server.client.port);
    order_server_call(&server, "POST", "/orders", "Prefer: wait=1\r\n",
                      order_server_body("cup", 1, "card"));
    ck_assert_str_eq(order_server_at(&server, "status"), "RESERVED");
    snprintf(id, sizeof id, "%s", order_server_at(&server, "id"));
}

static void teardown(void)
{
    http_answer_free(&head);
    http_client_close(&stream);
    order_server_stop(&server);
}

static const char *target(const char *rest)
{
    static char text[256];
    snprintf(text, sizeof text, "/orders/%s%s", id, rest);
    return text;
}

static void open_stream(const char *fields)
{
    http_answer_free(&head);
    http_client_send(&stream, "GET", target("/events"), fields, NULL);
    head = http_client_receive_head(&stream);
}

static void cancel(void)
{
    order_server_expect(&server, 200, "POST", target("/cancel"), "{}");
}

/* The version of the newest event that shows this status, the stream's last one. */
static unsigned long expect_event(const char *status)
{
    unsigned long version = 0;
    char wanted[64];
    char *event = http_client_receive_event(&stream);
    ck_assert_ptr_nonnull(event);
    ck_assert_int_eq(sscanf(event, "id: %lu\nevent: order\ndata: {", &version), 1);
    snprintf(wanted, sizeof wanted, "\"status\":\"%s\"", status);
    ck_assert_msg(strstr(event, wanted) != NULL, "no %s in %s", wanted, event);
    ck_assert_ptr_null(strchr(strstr(event, "data: "), '\n'));
    free(event);
    return version;
}

static void expect_retry(void)
{
    char *event = http_client_receive_event(&stream);
    ck_assert_str_eq(event, "retry: 3000");
    free(event);
}

static void expect_end(void)
{
    char *event = http_client_receive_event(&stream);
    ck_assert_msg(event == NULL, "not the end: %s", event);
}

START_TEST(test_stream__shows_the_present_state_then_each_newer_one_and_ends)
{
    setup_kind(_i);

    open_stream(NULL);
    ck_assert_int_eq(head.status, 200);
    ck_assert_str_eq(http_answer_field(&head, "Content-Type"), "text/event-stream");
    ck_assert_str_eq(http_answer_field(&head, "Cache-Control"), "no-store");
    ck_assert_str_eq(http_answer_field(&head, "X-Accel-Buffering"), "no");
    expect_retry();
    unsigned long version = expect_event("RESERVED");
    cancel();

    ck_assert_uint_gt(expect_event("CANCELLED"), version);
    expect_end();
}
END_TEST

START_TEST(test_stream__sends_only_what_is_newer_to_a_client_that_comes_back)
{
    char fields[64];
    setup_kind(_i);
    open_stream(NULL);
    expect_retry();
    unsigned long version = expect_event("RESERVED");
    http_client_close(&stream);

    snprintf(fields, sizeof fields, "Last-Event-ID: %lu\r\n", version);
    open_stream(fields);
    expect_retry();
    cancel();

    expect_event("CANCELLED");
    expect_end();
}
END_TEST

START_TEST(test_stream__tells_a_client_that_has_all_to_stay_away)
{
    char fields[64];
    setup_kind(_i);
    cancel();
    open_stream(NULL);
    expect_retry();
    unsigned long version = expect_event("CANCELLED");
    expect_end();

    snprintf(fields, sizeof fields, "Last-Event-ID: %lu\r\n", version);
    order_server_call(&server, "GET", target("/events"), fields, NULL);

    /* Settling may have made one more version, which is then shown first. */
    for (int i = 0; i < 10 && server.answer.status == 200; i++) {
        ck_assert_int_eq(
            sscanf(server.answer.body, "retry: 3000\n\nid: %lu\nevent: order\ndata: {", &version),
            1);
        snprintf(fields, sizeof fields, "Last-Event-ID: %lu\r\n", version);
        order_server_call(&server, "GET", target("/events"), fields, NULL);
    }
    ck_assert_int_eq(server.answer.status, 204);
    ck_assert_ptr_null(http_answer_field(&server.answer, "Content-Type"));
}
END_TEST

START_TEST(test_stream__refuses_an_id_that_is_no_version)
{
    setup_kind(_i);

    order_server_call(&server, "GET", target("/events"), "Last-Event-ID: x\r\n", NULL);

    order_server_problem(&server, 400, "invalid_header", "Last-Event-ID");
}
END_TEST

START_TEST(test_stream__has_a_head_and_no_body_for_head)
{
    setup_kind(_i);

    order_server_expect(&server, 200, "HEAD", target("/events"), NULL);

    ck_assert_str_eq(http_answer_field(&server.answer, "Content-Type"), "text/event-stream");
    order_server_expect(&server, 200, "GET", target(""), NULL);
}
END_TEST

START_TEST(test_stream__ends_with_a_completed_order)
{
    aurora_task_page *tasks = NULL;
    setup_kind(_i);
    open_stream(NULL);
    expect_retry();
    expect_event("RESERVED");

    aurora_assert_ok(aurora_task_take(server.shop, AURORA_TASK_PAYMENT, 1, 0, 10000, &tasks));
    ck_assert_uint_eq(tasks->count, 1);
    aurora_assert_ok(aurora_task_finish(
        server.shop, tasks->items[0]->id,
        AURORA_TASK_RESULT(.outcome = AURORA_OUTCOME_DONE, .provider_reference = "p"), NULL));
    aurora_task_page_free(tasks);

    expect_event("COMPLETED");
    expect_end();
}
END_TEST

START_TEST(test_stream__of_many_clients_shows_all_the_end)
{
    enum { CLIENTS = 50 };
    http_client clients[CLIENTS];
    setup_kind(_i);
    for (int i = 0; i < CLIENTS; i++) {
        http_client_init(&clients[i], server.client.port);
        http_client_send(&clients[i], "GET", target("/events"), NULL, NULL);
    }
    for (int i = 0; i < CLIENTS; i++) {
        http_answer answer = http_client_receive_head(&clients[i]);
        ck_assert_int_eq(answer.status, 200);
        http_answer_free(&answer);
    }
    /* Every third client leaves while its watch is under way. */
    for (int i = 0; i < CLIENTS; i += 3)
        http_client_close(&clients[i]);

    cancel();

    for (int i = 0; i < CLIENTS; i++) {
        if (i % 3 == 0)
            continue;
        char *event, *last = NULL;
        while ((event = http_client_receive_event(&clients[i])) != NULL) {
            free(last);
            last = event;
        }
        ck_assert_ptr_nonnull(last);
        ck_assert_ptr_nonnull(strstr(last, "\"status\":\"CANCELLED\""));
        free(last);
        http_client_close(&clients[i]);
    }
}
END_TEST

/* More of them than a loop can watch orders. */
START_TEST(test_stream__that_has_ended_watches_nothing)
{
    setup_kind(ORDER_SERVER_MEMORY);
    cancel();
    for (int i = 0; i < 16500; i++) {
        open_stream(NULL);
        expect_retry();
        expect_event("CANCELLED");
        expect_end();
    }
    order_server_call(&server, "POST", "/orders", "Prefer: wait=1\r\n",
                      order_server_body("cup", 1, "card"));
    snprintf(id, sizeof id, "%s", order_server_at(&server, "id"));

    http_client_send(&stream, "GET", target(""), "Prefer: wait=20\r\n", NULL);
    cancel();

    http_answer waited = http_client_receive(&stream, false);
    ck_assert_str_eq(http_answer_at(&waited, "status"), "CANCELLED");
    http_answer_free(&waited);
}
END_TEST

START_TEST(test_stream__is_open_when_the_server_goes)
{
    setup_kind(_i);
    open_stream(NULL);
    expect_retry();
    expect_event("RESERVED");

    bool is_whole = aurora_http_drain(server.routes.server, 10000);

    ck_assert(is_whole);
    expect_end();
}
END_TEST

static Suite *suite(void)
{
    Suite *routes = suite_create("routes_streams");
    TCase *tcase = tcase_create("streams");
    tcase_add_checked_fixture(tcase, NULL, teardown);
    tcase_set_timeout(tcase, 120);
#define ADD(name) tcase_add_loop_test(tcase, name, 0, ORDER_SERVER_KINDS)
    ADD(test_stream__shows_the_present_state_then_each_newer_one_and_ends);
    ADD(test_stream__sends_only_what_is_newer_to_a_client_that_comes_back);
    ADD(test_stream__tells_a_client_that_has_all_to_stay_away);
    ADD(test_stream__refuses_an_id_that_is_no_version);
    ADD(test_stream__has_a_head_and_no_body_for_head);
    ADD(test_stream__ends_with_a_completed_order);
    ADD(test_stream__of_many_clients_shows_all_the_end);
    tcase_add_test(tcase, test_stream__that_has_ended_watches_nothing);
    ADD(test_stream__is_open_when_the_server_goes);
#undef ADD
    suite_add_tcase(routes, tcase);
    return routes;
}

AURORA_TEST_MAIN(suite)

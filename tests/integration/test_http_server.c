/* SPDX-License-Identifier: MIT */
/* The HTTP server by raw sockets: answers and their order, clients that leave, starting. What
 * stands in an answer is test_http_answer.c's, limits are test_http_limits.c's. */
#include "http_fixture.h"
#include "raw_client.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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

/* --- answers ---------------------------------------------------------------------------------- */

START_TEST(test_http_server__answers_from_the_loop)
{
    raw_client client = raw_connect(fixture.port);

    raw_answer answer = raw_ask(&client, RAW_GET("/fixed"), 200);

    ck_assert_str_eq(answer.body, "fixed");
    ck_assert_str_eq(raw_field(&answer, "Content-Type"), "text/plain");
    ck_assert_str_eq(raw_field(&answer, "X-Content-Type-Options"), "nosniff");
    ck_assert_uint_eq(strlen(raw_field(&answer, "Date")), 29);
    ck_assert_ptr_null(raw_field(&answer, "Cache-Control"));
    ck_assert_ptr_null(raw_field(&answer, "Connection"));
    raw_answer_free(&answer);
    raw_close(&client);
}
END_TEST

START_TEST(test_http_server__answers_from_a_worker)
{
    raw_client client = raw_connect(fixture.port);

    raw_answer answer = raw_ask(&client, POST("/echo", "Content-Length: 7\r\n\r\na\\0b c\n"), 200);

    ck_assert_str_eq(answer.body, "a\\0b c\n");
    ck_assert_str_eq(raw_field(&answer, "Cache-Control"), "no-store");
    raw_answer_free(&answer);
    raw_close(&client);
}
END_TEST

START_TEST(test_http_server__a_connection_serves_many_requests)
{
    raw_client client = raw_connect(fixture.port);

    for (int i = 0; i < 100; i++) {
        raw_answer answer =
            i % 2 == 0 ? raw_ask(&client, RAW_GET("/fixed"), 200)
                       : raw_ask(&client, POST("/echo", "Content-Length: 3\r\n\r\nabc"), 200);
        raw_answer_free(&answer);
    }

    aurora_http_stats stats;
    aurora_http_stats_get(fixture.server, &stats);
    ck_assert_uint_eq(stats.accepted, 1);
    ck_assert_uint_eq(stats.requests, 100);
    ck_assert_uint_eq(stats.connections, 1);
    raw_close(&client);
}
END_TEST

START_TEST(test_http_server__bodies_of_any_length_come_whole)
{
    static const size_t lengths[] = {0, 1, 2047, 2048, 2049, 65535, 65537, 300000, 1048576};
    char *body = malloc(1048576);
    char head[256];
    ck_assert_ptr_nonnull(body);
    for (size_t i = 0; i < 1048576; i++)
        body[i] = (char)('A' + i % 23);
    raw_client client = raw_connect(fixture.port);

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        snprintf(head, sizeof(head), POST("/echo", "Content-Length: %zu\r\n\r\n"), lengths[i]);
        raw_send(&client, head);
        raw_send_bytes(&client, body, lengths[i]);
        raw_answer answer = raw_read(&client, true);
        ck_assert_int_eq(answer.status, 200);
        ck_assert_uint_eq(answer.body_len, lengths[i]);
        ck_assert_mem_eq(answer.body, body, lengths[i]);
        raw_answer_free(&answer);
    }
    raw_close(&client);
    free(body);
}
END_TEST

START_TEST(test_http_server__chunks_are_put_together)
{
    raw_client client = raw_connect(fixture.port);

    raw_answer answer = raw_ask(&client,
                                POST("/echo", "Transfer-Encoding: chunked\r\n\r\n"
                                              "3\r\nabc\r\n5;x=y\r\ndefgh\r\n0\r\nT: v\r\n\r\n"),
                                200);

    ck_assert_str_eq(answer.body, "abcdefgh");
    raw_answer_free(&answer);
    raw_close(&client);
}
END_TEST

START_TEST(test_http_server__large_answers_go_to_slow_readers)
{
    int small = 65536;
    raw_client client = raw_connect(fixture.port);
    setsockopt(client.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));

    raw_send(&client, RAW_GET("/bytes?count=8000000") RAW_GET("/fixed"));
    raw_answer large = raw_read(&client, true);
    raw_answer next = raw_read(&client, true);

    ck_assert_uint_eq(large.body_len, 8000000);
    ck_assert_int_eq(large.body[7999999], 'a' + 7999999 % 26);
    ck_assert_str_eq(next.body, "fixed");
    raw_answer_free(&large);
    raw_answer_free(&next);
    raw_close(&client);
}
END_TEST

START_TEST(test_http_server__requests_sent_ahead_are_answered_in_order)
{
    static const char text[] = RAW_GET("/fields?q=1") POST("/echo", "Content-Length: 1\r\n\r\n2")
        RAW_GET("/later") RAW_GET("/fields?q=4")
            POST("/echo", "Transfer-Encoding: chunked\r\n\r\n1\r\n5\r\n0\r\n\r\n")
                RAW_GET("/fixed");
    static const char *const starts[] = {"a=- q=1", "2", "later", "a=- q=4", "5", "fixed"};
    raw_client client = raw_connect(fixture.port);

    raw_send(&client, text);
    http_fixture_await(&fixture, &fixture.waiting, 1);
    http_fixture_tell(&fixture);

    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
        raw_answer answer = raw_read(&client, true);
        ck_assert_int_eq(answer.status, 200);
        ck_assert_int_eq(strncmp(answer.body, starts[i], strlen(starts[i])), 0);
        raw_answer_free(&answer);
    }
    raw_close(&client);
}
END_TEST

START_TEST(test_http_server__thousands_may_be_sent_ahead)
{
    static const char one[] = RAW_GET("/fields?q=x");
    enum { COUNT = 5000 };
    char *text = malloc(COUNT * sizeof(one));
    size_t len = 0;
    ck_assert_ptr_nonnull(text);
    for (int i = 0; i < COUNT; i++, len += sizeof(one) - 1)
        memcpy(text + len, one, sizeof(one) - 1);
    raw_client client = raw_connect(fixture.port);

    raw_send_bytes(&client, text, len);

    for (int i = 0; i < COUNT; i++) {
        raw_answer answer = raw_read(&client, true);
        ck_assert_int_eq(answer.status, 200);
        raw_answer_free(&answer);
    }
    raw_close(&client);
    free(text);
}
END_TEST

START_TEST(test_http_server__a_request_may_come_byte_by_byte)
{
    static const char text[] = POST("/echo", "Content-Length: 5\r\n\r\nhello");
    raw_client client = raw_connect(fixture.port);
    int one = 1;
    setsockopt(client.fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, &one, sizeof(one));

    for (size_t i = 0; i < sizeof(text) - 1; i++)
        raw_send_bytes(&client, text + i, 1);
    raw_answer answer = raw_read(&client, true);

    ck_assert_str_eq(answer.body, "hello");
    raw_answer_free(&answer);
    raw_close(&client);
}
END_TEST

START_TEST(test_http_server__an_old_client_is_answered_and_closed)
{
    raw_client client = raw_connect(fixture.port);

    raw_answer answer = raw_ask(&client, "GET /fixed HTTP/1.0\r\nHost: localhost\r\n\r\n", 200);

    ck_assert_str_eq(raw_field(&answer, "Connection"), "close");
    ck_assert(raw_is_closed(&client));
    raw_answer_free(&answer);
    raw_close(&client);
}
END_TEST

START_TEST(test_http_server__an_old_client_may_ask_to_stay)
{
    static const char text[] =
        "GET /fixed HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n";
    raw_client client = raw_connect(fixture.port);

    raw_answer answer = raw_ask(&client, text, 200);
    ck_assert_str_eq(raw_field(&answer, "Connection"), "keep-alive");
    raw_answer_free(&answer);

    answer = raw_ask(&client, text, 200);
    raw_answer_free(&answer);
    raw_close(&client);
}
END_TEST

START_TEST(test_http_server__closes_where_the_client_asks_for_it)
{
    raw_client client = raw_connect(fixture.port);

    raw_answer answer = raw_ask(
        &client, "GET /fixed HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 200);

    ck_assert_str_eq(raw_field(&answer, "Connection"), "close");
    ck_assert(raw_is_closed(&client));
    raw_answer_free(&answer);
    raw_close(&client);
}
END_TEST

START_TEST(test_http_server__head_has_the_fields_and_no_body)
{
    raw_client client = raw_connect(fixture.port);

    raw_send(&client, "HEAD /fixed HTTP/1.1\r\nHost: localhost\r\n\r\n" RAW_GET("/fixed"));
    raw_answer head = raw_read(&client, false);
    raw_answer get = raw_read(&client, true);

    ck_assert_int_eq(head.status, 200);
    ck_assert_str_eq(raw_field(&head, "Content-Length"), "5");
    ck_assert_str_eq(get.body, "fixed");
    raw_answer_free(&head);
    raw_answer_free(&get);
    raw_close(&client);
}
END_TEST

START_TEST(test_http_server__head_of_an_error_has_no_body)
{
    raw_client client = raw_connect(fixture.port);

    raw_send(&client, "HEAD /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n" RAW_GET("/fixed"));
    raw_answer head = raw_read(&client, false);
    raw_answer get = raw_read(&client, true);

    ck_assert_int_eq(head.status, 404);
    ck_assert_int_eq(get.status, 200);
    raw_answer_free(&head);
    raw_answer_free(&get);
    raw_close(&client);
}
END_TEST

START_TEST(test_http_server__options_tell_what_a_path_allows)
{
    raw_client client = raw_connect(fixture.port);

    raw_answer answer = raw_ask(
        &client, "OPTIONS /fixed HTTP/1.1\r\nHost: localhost\r\n\r\n" RAW_GET("/fixed"), 204);

    ck_assert_str_eq(raw_field(&answer, "Allow"), "GET, HEAD, DELETE, OPTIONS");
    ck_assert_ptr_null(raw_field(&answer, "Content-Length"));
    raw_answer_free(&answer);
    answer = raw_read(&client, true);
    ck_assert_str_eq(answer.body, "fixed");
    raw_answer_free(&answer);
    raw_close(&client);
    raw_expect(fixture.port, "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", 204, "");
    raw_expect(fixture.port, "OPTIONS /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n", 404,
               "not_found");
}
END_TEST

START_TEST(test_http_server__a_client_is_told_to_go_on)
{
    raw_client client = raw_connect(fixture.port);

    raw_send(&client, POST("/echo", "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
    raw_answer interim = raw_read(&client, false);
    raw_send(&client, "ok");
    raw_answer answer = raw_read(&client, true);

    ck_assert_int_eq(interim.status, 100);
    ck_assert_int_eq(answer.status, 200);
    ck_assert_str_eq(answer.body, "ok");
    raw_answer_free(&interim);
    raw_answer_free(&answer);
    raw_close(&client);
}
END_TEST

/* --- clients that leave ----------------------------------------------------------------------- */

START_TEST(test_http_server__a_client_that_sends_no_more_gets_its_answers)
{
    raw_client client = raw_connect(fixture.port);

    raw_send(&client,
             RAW_GET("/later") POST("/echo", "Content-Length: 2\r\n\r\nok") RAW_GET("/fixed"));
    shutdown(client.fd, SHUT_WR);
    http_fixture_await(&fixture, &fixture.waiting, 1);
    http_fixture_tell(&fixture);

    for (int i = 0; i < 3; i++) {
        raw_answer answer = raw_read(&client, true);
        ck_assert_int_eq(answer.status, 200);
        raw_answer_free(&answer);
    }
    ck_assert(raw_is_closed(&client));
    raw_close(&client);
}
END_TEST

START_TEST(test_http_server__a_half_request_is_dropped_with_its_client)
{
    static const char *const parts[] = {"G", "GET /fixed HTTP/1.1\r\nHost: localhost\r\n",
                                        POST("/echo", "Content-Length: 9\r\n\r\nhalf")};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        raw_client client = raw_connect(fixture.port);
        raw_send(&client, parts[i]);
        shutdown(client.fd, SHUT_WR);
        ck_assert(raw_is_closed(&client));
        raw_close(&client);
    }
    ck_assert_uint_eq(http_fixture_count(&fixture, &fixture.accesses), 0);
}
END_TEST

static void reset(raw_client *client)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    raw_close(client);
}

START_TEST(test_http_server__clients_may_leave_while_their_requests_are_handled)
{
    enum { COUNT = 64 };
    raw_client clients[COUNT];
    for (int i = 0; i < COUNT; i++) {
        clients[i] = raw_connect(fixture.port);
        raw_send(&clients[i],
                 i % 2 == 0 ? RAW_GET("/later") : POST("/held", "Content-Length: 2\r\n\r\nok"));
    }
    http_fixture_await(&fixture, &fixture.waiting, COUNT / 2);
    http_fixture_await(&fixture, &fixture.held, 4);

    for (int i = 0; i < COUNT; i++) {
        if (i % 4 < 2)
            reset(&clients[i]);
        else
            raw_close(&clients[i]);
    }
    raw_expect(fixture.port, RAW_GET("/fixed"), 200, "");
    http_fixture_tell(&fixture);
    http_fixture_release(&fixture);

    http_fixture_await(&fixture, &fixture.accesses, COUNT + 1);
    raw_expect(fixture.port, RAW_GET("/fixed"), 200, "");
}
END_TEST

START_TEST(test_http_server__clients_may_leave_while_they_are_answered)
{
    for (int i = 0; i < 32; i++) {
        raw_client client = raw_connect(fixture.port);
        raw_send(&client, RAW_GET("/bytes?count=4000000") RAW_GET("/bytes?count=4000000"));
        reset(&client);
    }
    raw_expect(fixture.port, RAW_GET("/fixed"), 200, "");
}
END_TEST

START_TEST(test_http_server__it_stops_with_requests_in_it)
{
    raw_client clients[6];
    for (int i = 0; i < 6; i++) {
        static const char *const texts[] = {RAW_GET("/later"),
                                            RAW_GET("/never"),
                                            POST("/held", "Content-Length: 2\r\n\r\nok"),
                                            RAW_GET("/ticks"),
                                            POST("/echo", "Content-Length: 9\r\n\r\nhalf"),
                                            "GET /"};
        clients[i] = raw_connect(fixture.port);
        raw_send(&clients[i], texts[i]);
    }
    http_fixture_await(&fixture, &fixture.waiting, 2);
    http_fixture_await(&fixture, &fixture.held, 1);
    http_fixture_await(&fixture, &fixture.streams_begun, 1);

    stop();

    ck_assert_uint_eq(fixture.streams_closed, 1);
    for (int i = 0; i < 6; i++)
        raw_close(&clients[i]);
    start();
}
END_TEST

/* --- several loops ---------------------------------------------------------------------------- */

static void *ask_often(void *argument)
{
    (void)argument;
    raw_client client = raw_connect(fixture.port);
    for (int i = 0; i < 200; i++) {
        raw_answer answer =
            i % 3 == 0 ? raw_ask(&client, POST("/echo", "Content-Length: 2\r\n\r\nok"), 200)
                       : raw_ask(&client, RAW_GET("/json?count=2000"), 200);
        raw_answer_free(&answer);
    }
    raw_close(&client);
    return NULL;
}

START_TEST(test_http_server__several_loops_share_the_clients)
{
    enum { CLIENTS = 8 };
    pthread_t threads[CLIENTS];
    stop();
    http_fixture_start(&fixture, (aurora_http_options){.loops = 3, .workers = 3});

    for (int i = 0; i < CLIENTS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, ask_often, NULL), 0);
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(threads[i], NULL);

    aurora_http_stats stats;
    aurora_http_stats_get(fixture.server, &stats);
    ck_assert_uint_eq(stats.requests, CLIENTS * 200);
    ck_assert_uint_eq(stats.in_flight, 0);
}
END_TEST

/* --- starting --------------------------------------------------------------------------------- */

static aurora_status try_start(aurora_http_options options, aurora_error *err)
{
    static const aurora_http_route *const tables[] = {NULL};
    static const uint32_t counts[] = {0};
    aurora_http_server *server = NULL;
    options.routes = tables;
    options.route_counts = counts;
    options.table_count = 1;
    aurora_status rc = aurora_http_start(&options, &server, err);
    if (rc == AURORA_OK)
        aurora_http_free(server);
    return rc;
}

START_TEST(test_http_server__bad_addresses_are_named)
{
    static const char *const bad[] = {"localhost", "localhost:", ":8080",     "localhost:70000",
                                      "::1:80",    "[::1]",      "0.0.0.0:0", "localhost:http"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        aurora_error err = AURORA_ERROR_INIT;
        aurora_status rc = try_start((aurora_http_options){.listen = bad[i]}, &err);
        ck_assert_msg(rc == AURORA_EINVAL, "%s: %d", bad[i], (int)rc);
        ck_assert_str_eq(err.field, "listen");
    }
}
END_TEST

START_TEST(test_http_server__any_address_may_be_served_with_a_secret)
{
    aurora_error err = AURORA_ERROR_INIT;
    aurora_assert_ok(
        try_start((aurora_http_options){.listen = "0.0.0.0:0",
                                        .service_secret = "a secret of thirty-two bytes, or more"},
                  &err));
}
END_TEST

START_TEST(test_http_server__a_port_in_use_is_an_error)
{
    char listen[32];
    aurora_error err = AURORA_ERROR_INIT;
    snprintf(listen, sizeof(listen), "127.0.0.1:%u", fixture.port);

    aurora_assert_status(try_start((aurora_http_options){.listen = listen}, &err), AURORA_EIO);

    ck_assert_ptr_nonnull(strstr(err.message, "in use"));
}
END_TEST

static Suite *http_server_suite(void)
{
    Suite *suite = suite_create("http_server");
    TCase *tcase = tcase_create("http_server");
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, test_http_server__answers_from_the_loop);
    tcase_add_test(tcase, test_http_server__answers_from_a_worker);
    tcase_add_test(tcase, test_http_server__a_connection_serves_many_requests);
    tcase_add_test(tcase, test_http_server__bodies_of_any_length_come_whole);
    tcase_add_test(tcase, test_http_server__chunks_are_put_together);
    tcase_add_test(tcase, test_http_server__large_answers_go_to_slow_readers);
    tcase_add_test(tcase, test_http_server__requests_sent_ahead_are_answered_in_order);
    tcase_add_test(tcase, test_http_server__thousands_may_be_sent_ahead);
    tcase_add_test(tcase, test_http_server__a_request_may_come_byte_by_byte);
    tcase_add_test(tcase, test_http_server__an_old_client_is_answered_and_closed);
    tcase_add_test(tcase, test_http_server__an_old_client_may_ask_to_stay);
    tcase_add_test(tcase, test_http_server__closes_where_the_client_asks_for_it);
    tcase_add_test(tcase, test_http_server__head_has_the_fields_and_no_body);
    tcase_add_test(tcase, test_http_server__head_of_an_error_has_no_body);
    tcase_add_test(tcase, test_http_server__options_tell_what_a_path_allows);
    tcase_add_test(tcase, test_http_server__a_client_is_told_to_go_on);
    tcase_add_test(tcase, test_http_server__a_client_that_sends_no_more_gets_its_answers);
    tcase_add_test(tcase, test_http_server__a_half_request_is_dropped_with_its_client);
    tcase_add_test(tcase, test_http_server__clients_may_leave_while_their_requests_are_handled);
    tcase_add_test(tcase, test_http_server__clients_may_leave_while_they_are_answered);
    tcase_add_test(tcase, test_http_server__it_stops_with_requests_in_it);
    tcase_add_test(tcase, test_http_server__several_loops_share_the_clients);
    tcase_add_test(tcase, test_http_server__bad_addresses_are_named);
    tcase_add_test(tcase, test_http_server__any_address_may_be_served_with_a_secret);
    tcase_add_test(tcase, test_http_server__a_port_in_use_is_an_error);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(http_server_suite)

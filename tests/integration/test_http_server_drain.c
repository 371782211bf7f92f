/* SPDX-License-Identifier: MIT */
/* A server that goes: what it was sent it answers, and nobody is left waiting. */
#include "http_fixture.h"
#include "raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define JSON "Content-Type: application/json\r\n"
#define POST(path, rest) "POST " path " HTTP/1.1\r\nHost: localhost\r\n" JSON rest
#define HELD POST("/held", "Content-Length: 2\r\n\r\nok")
#define LONG_MS 20000

static http_fixture fixture;

static void start(void)
{
    http_fixture_start(&fixture, (aurora_http_options){0});
}

static void stop(void)
{
    http_fixture_stop(&fixture);
}

typedef struct {
    pthread_t thread;
    bool is_clean;
} drain;

static void *run_drain(void *argument)
{
    drain *d = argument;
    d->is_clean = aurora_http_drain(fixture.server, LONG_MS);
    return NULL;
}

static void begin_drain(drain *d)
{
    ck_assert_int_eq(pthread_create(&d->thread, NULL, run_drain, d), 0);
    while (!aurora_http_is_draining(fixture.server)) {
    }
}

static bool end_drain(drain *d)
{
    pthread_join(d->thread, NULL);
    return d->is_clean;
}

static void assert_last(raw_client *client, const char *body)
{
    raw_answer answer = raw_read(client, true);
    ck_assert_int_eq(answer.status, 200);
    ck_assert_str_eq(answer.body, body);
    ck_assert_str_eq(raw_field(&answer, "Connection"), "close");
    ck_assert(raw_is_closed(client));
    raw_answer_free(&answer);
    raw_close(client);
}

START_TEST(test_http_server_drain__an_unused_server_goes_at_once)
{
    ck_assert(aurora_http_drain(fixture.server, LONG_MS));
    ck_assert(aurora_http_drain(fixture.server, LONG_MS));
}
END_TEST

START_TEST(test_http_server_drain__handlers_see_it_and_clients_are_still_served)
{
    ck_assert(!aurora_http_is_draining(fixture.server));

    aurora_http_drain_begin(fixture.server);

    ck_assert(aurora_http_is_draining(fixture.server));
    raw_expect(fixture.port, RAW_GET("/fixed"), 200, "");
}
END_TEST

START_TEST(test_http_server_drain__idle_connections_are_closed)
{
    raw_client fresh = raw_connect(fixture.port), used = raw_connect(fixture.port);
    raw_answer answer = raw_ask(&used, RAW_GET("/fixed"), 200);
    raw_answer_free(&answer);

    ck_assert(aurora_http_drain(fixture.server, LONG_MS));

    ck_assert(raw_is_closed(&fresh));
    ck_assert(raw_is_closed(&used));
    raw_close(&fresh);
    raw_close(&used);
}
END_TEST

START_TEST(test_http_server_drain__requests_in_it_are_answered_and_their_connections_closed)
{
    raw_client loop = raw_connect(fixture.port), worker = raw_connect(fixture.port);
    drain d;
    raw_send(&loop, RAW_GET("/later"));
    raw_send(&worker, HELD);
    http_fixture_await(&fixture, &fixture.waiting, 1);
    http_fixture_await(&fixture, &fixture.held, 1);

    begin_drain(&d);
    http_fixture_tell(&fixture);
    http_fixture_release(&fixture);

    assert_last(&worker, "ok");
    http_fixture_tell(&fixture);
    assert_last(&loop, "later");
    ck_assert(end_drain(&d));
}
END_TEST

START_TEST(test_http_server_drain__a_request_that_came_in_part_is_answered)
{
    raw_client head = raw_connect(fixture.port), body = raw_connect(fixture.port);
    drain d;
    raw_send(&head, "GET /fixed HTTP/1.1\r\nHo");
    raw_send(&body, POST("/echo", "Content-Length: 5\r\n\r\nhe"));

    begin_drain(&d);
    raw_send(&head, "st: localhost\r\n\r\n");
    raw_send(&body, "llo");

    assert_last(&head, "fixed");
    assert_last(&body, "hello");
    ck_assert(end_drain(&d));
}
END_TEST

START_TEST(test_http_server_drain__requests_sent_ahead_are_all_answered)
{
    raw_client client = raw_connect(fixture.port);
    drain d;
    raw_send(&client, HELD RAW_GET("/fixed") RAW_GET("/fixed"));
    http_fixture_await(&fixture, &fixture.held, 1);

    begin_drain(&d);
    http_fixture_release(&fixture);

    for (int i = 0; i < 2; i++) {
        raw_answer answer = raw_read(&client, true);
        ck_assert_int_eq(answer.status, 200);
        raw_answer_free(&answer);
    }
    assert_last(&client, "fixed");
    ck_assert(end_drain(&d));
}
END_TEST

START_TEST(test_http_server_drain__streams_end)
{
    raw_client client = raw_connect(fixture.port);
    raw_send(&client, RAW_GET("/ticks"));
    http_fixture_await(&fixture, &fixture.streams_begun, 1);
    drain d;

    begin_drain(&d);
    raw_answer answer = raw_read(&client, true);

    ck_assert(answer.is_whole);
    ck_assert(raw_is_closed(&client));
    raw_answer_free(&answer);
    raw_close(&client);
    ck_assert(end_drain(&d));
    ck_assert_uint_eq(http_fixture_count(&fixture, &fixture.streams_closed), 1);
}
END_TEST

START_TEST(test_http_server_drain__it_tells_when_something_was_cut_off)
{
    raw_client client = raw_connect(fixture.port);
    raw_send(&client, RAW_GET("/never"));
    http_fixture_await(&fixture, &fixture.waiting, 1);

    ck_assert(!aurora_http_drain(fixture.server, 50));

    raw_close(&client);
}
END_TEST

/* --- under load ------------------------------------------------------------------------------- */

typedef struct {
    pthread_t thread;
    uint32_t sent, answered;
    bool was_told; /* Connection: close came with the last answer */
    bool is_odd;
} worker;

static _Atomic uint32_t answers;

/* Asks until it is told to go. */
static void *keep_asking(void *argument)
{
    worker *w = argument;
    raw_client client = raw_connect(fixture.port);
    while (!w->was_told) {
        const char *text =
            w->is_odd ? POST("/echo", "Content-Length: 2\r\n\r\nok") : RAW_GET("/json?count=3000");
        w->sent++;
        if (!raw_try_send(&client, text, strlen(text)))
            break;
        raw_answer answer = raw_read(&client, true);
        if (answer.status != 200 || !answer.is_whole) {
            raw_answer_free(&answer);
            break;
        }
        w->answered++;
        w->was_told = raw_field_is(&answer, "Connection", "close");
        raw_answer_free(&answer);
        atomic_fetch_add(&answers, 1);
    }
    raw_close(&client);
    return NULL;
}

START_TEST(test_http_server_drain__no_request_is_lost_under_load)
{
    enum { WORKERS = 16 };
    worker workers[WORKERS] = {0};
    stop();
    http_fixture_start(&fixture, (aurora_http_options){.loops = 2});
    for (int i = 0; i < WORKERS; i++) {
        workers[i].is_odd = i % 2 != 0;
        ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, keep_asking, &workers[i]), 0);
    }
    while (atomic_load(&answers) < 2000) {
    }

    bool is_clean = aurora_http_drain(fixture.server, LONG_MS);

    ck_assert(is_clean);
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(workers[i].thread, NULL);
        ck_assert_uint_eq(workers[i].answered, workers[i].sent);
        ck_assert(workers[i].was_told);
    }
}
END_TEST

/* --- a connection for each request ------------------------------------------------------------ */

typedef struct {
    pthread_t thread;
    uint32_t lost;
} visitor;

static bool can_reach(const raw_client *client)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(fixture.port),
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    return connect(client->fd, (struct sockaddr *)&address, sizeof address) == 0;
}

/* Comes until nobody listens any more. */
static void *keep_coming(void *argument)
{
    static const char text[] = RAW_GET("/fixed");
    visitor *v = argument;
    raw_client client = raw_open();
    while (can_reach(&client)) {
        raw_answer answer = {0};
        if (raw_try_send(&client, text, strlen(text)))
            answer = raw_read(&client, true);
        if (answer.status == 200)
            atomic_fetch_add(&answers, 1);
        else
            v->lost++;
        raw_answer_free(&answer);
        raw_close(&client);
        client = raw_open();
    }
    raw_close(&client);
    return NULL;
}

START_TEST(test_http_server_drain__who_was_let_in_is_answered)
{
    enum { ROUNDS = 4, VISITORS = 16 };
    if (raw_tls_version() != 0)
        return; /* without a handshake more of them come */
#ifdef __SANITIZE_THREAD__
    return; /* libevent tells epoll late of what was closed: a client may have its number by then */
#endif
    for (int round = 0; round < ROUNDS; round++) {
        visitor visitors[VISITORS] = {0};
        uint32_t lost = 0;
        stop();
        http_fixture_start(&fixture, (aurora_http_options){.loops = 2});
        atomic_store(&answers, 0);
        for (int i = 0; i < VISITORS; i++)
            ck_assert_int_eq(pthread_create(&visitors[i].thread, NULL, keep_coming, &visitors[i]),
                             0);
        while (atomic_load(&answers) < 200) {
        }

        bool is_clean = aurora_http_drain(fixture.server, LONG_MS);

        ck_assert(is_clean);
        for (int i = 0; i < VISITORS; i++) {
            pthread_join(visitors[i].thread, NULL);
            lost += visitors[i].lost;
        }
        ck_assert_uint_eq(lost, 0);
    }
}
END_TEST

static Suite *http_server_drain_suite(void)
{
    Suite *suite = suite_create("http_server_drain");
    TCase *tcase = tcase_create("drain");
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_test(tcase, test_http_server_drain__an_unused_server_goes_at_once);
    tcase_add_test(tcase, test_http_server_drain__handlers_see_it_and_clients_are_still_served);
    tcase_add_test(tcase, test_http_server_drain__idle_connections_are_closed);
    tcase_add_test(
        tcase, test_http_server_drain__requests_in_it_are_answered_and_their_connections_closed);
    tcase_add_test(tcase, test_http_server_drain__a_request_that_came_in_part_is_answered);
    tcase_add_test(tcase, test_http_server_drain__requests_sent_ahead_are_all_answered);
    tcase_add_test(tcase, test_http_server_drain__streams_end);
    tcase_add_test(tcase, test_http_server_drain__it_tells_when_something_was_cut_off);
    tcase_add_test(tcase, test_http_server_drain__no_request_is_lost_under_load);
    tcase_add_test(tcase, test_http_server_drain__who_was_let_in_is_answered);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(http_server_drain_suite)

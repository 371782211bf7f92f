/* SPDX-License-Identifier: MIT */
/* What the HTTP server does when time, places or memory run out: it says so, and goes on serving
 * others. Limits are short here; no test asks how long something took. */
#include "http_fixture.h"
#include "raw_client.h"

#include "http/signature.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define JSON "Content-Type: application/json\r\n"
#define POST(path, rest) "POST " path " HTTP/1.1\r\nHost: localhost\r\n" JSON rest
#define HELD POST("/held", "Content-Length: 2\r\n\r\nok")
#define CROWD 10000

static http_fixture fixture;

static void start(aurora_http_options options)
{
    http_fixture_start(&fixture, options);
}

static void stop(void)
{
    http_fixture_stop(&fixture);
}

/* Reads an answer of an error that ends its connection. */
static void assert_turned_away(raw_client *client, int status, const char *code)
{
    char expected[64];
    raw_answer answer = raw_read(client, true);
    snprintf(expected, sizeof(expected), "\"code\":\"%s\"", code);
    ck_assert_int_eq(answer.status, status);
    ck_assert_ptr_nonnull(strstr(answer.body, expected));
    ck_assert_str_eq(raw_field(&answer, "Connection"), "close");
    ck_assert(raw_is_closed(client));
    raw_answer_free(&answer);
    raw_close(client);
}

static void assert_serves(void)
{
    raw_expect(fixture.port, RAW_GET("/fixed"), 200, "");
}

/* --- time ------------------------------------------------------------------------------------- */

/* Sends a byte each few milliseconds until the server has had enough. */
static void drip(raw_client *client)
{
    struct pollfd readable = {.fd = client->fd, .events = POLLIN};
    while (poll(&readable, 1, 5) == 0)
        raw_try_send(client, "a", 1);
}

START_TEST(test_http_limits__a_slow_head_is_408)
{
    start((aurora_http_options){.head_ms = 200});
    raw_client client = raw_connect(fixture.port);

    raw_send(&client, "GET /fixed HTTP/1.1\r\nHost: localhost\r\nX-A: ");
    drip(&client);

    assert_turned_away(&client, 408, "request_timeout");
    assert_serves();
    stop();
}
END_TEST

/* Ends the server. */
static void assert_a_dripped_body_is_408(void)
{
    raw_client client = raw_connect(fixture.port);

    raw_send(&client, POST("/echo", "Content-Length: 1000000\r\n\r\n"));
    drip(&client);

    assert_turned_away(&client, 408, "request_timeout");
    assert_serves();
    stop();
}

START_TEST(test_http_limits__a_slow_body_is_408)
{
    start((aurora_http_options){.body_ms = 200});
    assert_a_dripped_body_is_408();
}
END_TEST

/* S9. Mutation: let is_slow (src/http/sweep.c) return false. */
START_TEST(test_http_limits__a_body_below_the_rate_is_408_long_before_its_time)
{
    start((aurora_http_options){.body_ms = 300000, .body_grace_ms = 200, .body_rate_min = 100000});
    assert_a_dripped_body_is_408();
}
END_TEST

START_TEST(test_http_limits__a_body_above_the_rate_may_take_its_time)
{
    start((aurora_http_options){.body_ms = 300000, .body_grace_ms = 20, .body_rate_min = 1});
    raw_client client = raw_connect(fixture.port);
    struct pollfd readable = {.fd = client.fd, .events = POLLIN};

    raw_send(&client, POST("/echo", "Content-Length: 30\r\n\r\n"));
    for (int i = 0; i < 30; i++) {
        raw_send(&client, "a");
        ck_assert(i == 29 || poll(&readable, 1, 10) == 0);
    }

    raw_answer answer = raw_read(&client, true);
    ck_assert_int_eq(answer.status, 200);
    raw_answer_free(&answer);
    raw_close(&client);
    stop();
}
END_TEST

#define SLOW 150 /* more than have their turn at once */

START_TEST(test_http_limits__many_that_are_slow_have_their_turns_all)
{
    start((aurora_http_options){.head_ms = 300000});
    raw_client clients[SLOW], other = raw_connect(fixture.port);
    for (int i = 0; i < SLOW; i++) {
        clients[i] = raw_connect(fixture.port);
        raw_send(&clients[i], "GET /fixed HTTP/1.1\r\n");
    }
    poll(NULL, 0, 1200); /* from a second on they are slow */

    for (int i = 0; i < SLOW; i++)
        raw_send(&clients[i], "Host: localhost\r\n\r\n");
    raw_answer answer = raw_ask(&other, RAW_GET("/fixed"), 200);
    raw_answer_free(&answer);

    for (int i = 0; i < SLOW; i++) {
        answer = raw_read(&clients[i], true);
        ck_assert_int_eq(answer.status, 200);
        raw_answer_free(&answer);
        raw_close(&clients[i]);
    }
    raw_close(&other);
    stop();
}
END_TEST

START_TEST(test_http_limits__a_head_sent_ahead_has_its_own_time)
{
    start((aurora_http_options){.head_ms = 200});
    raw_client client = raw_connect(fixture.port);

    raw_send(&client, RAW_GET("/fixed") "GET /fixed HTTP/1.1\r\nHost: localhost\r\n");
    raw_answer answer = raw_read(&client, true);
    ck_assert_int_eq(answer.status, 200);
    raw_answer_free(&answer);

    assert_turned_away(&client, 408, "request_timeout");
    stop();
}
END_TEST

START_TEST(test_http_limits__an_idle_connection_is_closed_without_a_word)
{
    start((aurora_http_options){.idle_ms = 100});
    raw_client fresh = raw_connect(fixture.port), used = raw_connect(fixture.port);
    raw_answer answer = raw_ask(&used, RAW_GET("/fixed"), 200);
    raw_answer_free(&answer);

    ck_assert(raw_is_closed(&fresh));
    ck_assert(raw_is_closed(&used));

    raw_close(&fresh);
    raw_close(&used);
    stop();
}
END_TEST

START_TEST(test_http_limits__a_handler_without_an_answer_is_503)
{
    start((aurora_http_options){.reply_ms = 100});
    raw_client client = raw_connect(fixture.port);

    raw_send(&client, RAW_GET("/never"));

    assert_turned_away(&client, 503, "unavailable");
    http_fixture_await(&fixture, &fixture.accesses, 1);
    ck_assert_str_eq(fixture.last_path, "/never");
    assert_serves();
    stop();
}
END_TEST

START_TEST(test_http_limits__an_answer_that_comes_too_late_is_dropped)
{
    start((aurora_http_options){.reply_ms = 100});
    raw_client clients[2] = {raw_connect(fixture.port), raw_connect(fixture.port)};
    raw_send(&clients[0], RAW_GET("/later"));
    raw_send(&clients[1], HELD);

    for (int i = 0; i < 2; i++)
        assert_turned_away(&clients[i], 503, "unavailable");
    http_fixture_tell(&fixture);
    http_fixture_release(&fixture);

    http_fixture_await(&fixture, &fixture.accesses, 4);
    assert_serves();
    stop();
}
END_TEST

START_TEST(test_http_limits__a_client_that_does_not_read_is_cut_off)
{
    start((aurora_http_options){.write_ms = 200});
    raw_client client = raw_connect(fixture.port);
    aurora_http_stats stats;

    raw_send(&client, RAW_GET("/bytes?count=50000000"));
    do {
        assert_serves();
        aurora_http_stats_get(fixture.server, &stats);
    } while (stats.timeouts == 0);

    raw_answer answer = raw_read(&client, true);
    ck_assert(!answer.is_whole);
    raw_answer_free(&answer);
    raw_close(&client);
    stop();
}
END_TEST

/* --- places ----------------------------------------------------------------------------------- */

START_TEST(test_http_limits__the_longest_idle_connection_makes_room)
{
    start((aurora_http_options){.connections_max = 3});
    raw_client clients[4];
    for (int i = 0; i < 3; i++) {
        clients[i] = raw_connect(fixture.port);
        raw_answer answer = raw_ask(&clients[i], RAW_GET("/fixed"), 200);
        raw_answer_free(&answer);
    }

    clients[3] = raw_connect(fixture.port);
    for (int i = 3; i > 0; i--) {
        raw_answer answer = raw_ask(&clients[i], RAW_GET("/fixed"), 200);
        raw_answer_free(&answer);
    }

    ck_assert(raw_is_closed(&clients[0]));
    for (int i = 0; i < 4; i++)
        raw_close(&clients[i]);
    stop();
}
END_TEST

/* Connects from another address of the loopback network. */
static raw_client connect_from(const char *address)
{
    struct sockaddr_in from = {.sin_family = AF_INET};
    raw_client client = raw_open();
    ck_assert_int_eq(inet_pton(AF_INET, address, &from.sin_addr), 1);
    ck_assert_int_eq(bind(client.fd, (struct sockaddr *)&from, sizeof(from)), 0);
    raw_reach(&client, fixture.port);
    return client;
}

static void ask_fixed(raw_client *client)
{
    raw_answer answer = raw_ask(client, RAW_GET("/fixed"), 200);
    raw_answer_free(&answer);
}

/* S9. Mutation: let aurora__crowd_idle return the first idle one, or the newest. */
START_TEST(test_http_limits__an_address_at_its_cap_loses_its_longest_idle_connection)
{
    start((aurora_http_options){.connections_per_address_max = 3});
    raw_client another = connect_from("127.0.0.2"), clients[4];
    ask_fixed(&another);
    for (int i = 0; i < 3; i++) {
        clients[i] = raw_connect(fixture.port);
        ask_fixed(&clients[i]);
    }
    ask_fixed(&clients[0]);

    clients[3] = raw_connect(fixture.port);
    ask_fixed(&clients[3]);

    ck_assert(raw_is_closed(&clients[1]));
    ask_fixed(&clients[0]);
    ask_fixed(&clients[2]);
    ask_fixed(&another);
    for (int i = 0; i < 4; i++)
        raw_close(&clients[i]);
    raw_close(&another);
    stop();
}
END_TEST

/* S9. Mutation: let is_welcome (src/http/loop.c) return true. */
START_TEST(test_http_limits__an_address_with_no_idle_connection_gets_429)
{
    start((aurora_http_options){.connections_per_address_max = 2});
    raw_client clients[2] = {raw_connect(fixture.port), raw_connect(fixture.port)};
    raw_send(&clients[0], HELD);
    raw_send(&clients[1], HELD);
    http_fixture_await(&fixture, &fixture.held, 2);

    for (int i = 0; i < 3; i++) {
        raw_client surplus = raw_connect(fixture.port);
        assert_turned_away(&surplus, 429, "too_many_connections");
    }
    raw_client another = connect_from("127.0.0.2");
    ask_fixed(&another);
    http_fixture_release(&fixture);

    for (int i = 0; i < 2; i++) {
        raw_answer answer = raw_read(&clients[i], true);
        ck_assert_int_eq(answer.status, 200);
        raw_answer_free(&answer);
        raw_close(&clients[i]);
    }
    raw_client after = raw_connect(fixture.port);
    ask_fixed(&after);
    raw_close(&after);
    raw_close(&another);
    stop();
}
END_TEST

/* S9. Mutation: leave aurora__server_trusts out of is_welcome. */
START_TEST(test_http_limits__a_trusted_proxy_has_no_cap)
{
    aurora_http_proxies trusted;
    const char *rule;
    raw_client clients[8];
    ck_assert(aurora_http_proxies_parse("127.0.0.1", &trusted, &rule));
    start((aurora_http_options){.connections_per_address_max = 2, .trusted_proxies = &trusted});

    for (int i = 0; i < 8; i++) {
        clients[i] = raw_connect(fixture.port);
        raw_send(&clients[i], "GET /fixed HTTP/1.1\r\n");
    }
    for (int i = 0; i < 8; i++) {
        raw_answer answer = raw_ask(&clients[i], "Host: localhost\r\n\r\n", 200);
        raw_answer_free(&answer);
        raw_close(&clients[i]);
    }
    stop();
}
END_TEST

START_TEST(test_http_limits__where_all_are_busy_a_new_client_gets_503)
{
    start((aurora_http_options){.connections_max = 2});
    raw_client clients[2] = {raw_connect(fixture.port), raw_connect(fixture.port)};
    raw_send(&clients[0], HELD);
    raw_send(&clients[1], HELD);
    http_fixture_await(&fixture, &fixture.held, 2);

    raw_client surplus = raw_connect(fixture.port);
    assert_turned_away(&surplus, 503, "overloaded");
    http_fixture_release(&fixture);

    for (int i = 0; i < 2; i++) {
        raw_answer answer = raw_read(&clients[i], true);
        ck_assert_int_eq(answer.status, 200);
        raw_answer_free(&answer);
        raw_close(&clients[i]);
    }
    assert_serves();
    stop();
}
END_TEST

START_TEST(test_http_limits__beyond_the_queue_of_jobs_a_request_gets_503)
{
    enum { COUNT = 8 };
    start((aurora_http_options){.workers = 1, .jobs_max = 2});
    raw_client clients[COUNT], busy = raw_connect(fixture.port);
    raw_send(&busy, HELD);
    http_fixture_await(&fixture, &fixture.held, 1);

    for (int i = 0; i < COUNT; i++) {
        clients[i] = raw_connect(fixture.port);
        raw_send(&clients[i], HELD);
    }
    http_fixture_await(&fixture, &fixture.accesses, COUNT - 2);
    ck_assert_int_eq(fixture.last_status, 503);
    ck_assert_str_eq(fixture.last_code, "overloaded");
    assert_serves();
    http_fixture_release(&fixture);

    int refused = 0;
    for (int i = 0; i < COUNT; i++) {
        raw_answer answer = raw_read(&clients[i], true);
        if (answer.status == 503) {
            refused++;
            ck_assert_ptr_nonnull(raw_field(&answer, "Retry-After"));
        }
        raw_answer_free(&answer);
        raw_close(&clients[i]);
    }
    ck_assert_int_eq(refused, COUNT - 2);
    raw_close(&busy);
    stop();
}
END_TEST

/* Descriptors for both ends of each connection; how many connections they suffice for. */
static int room_for(int crowd)
{
    rlim_t needed = 2 * (rlim_t)crowd + 500;
    struct rlimit limit, more = {.rlim_cur = needed, .rlim_max = needed};
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= needed ||
        (limit.rlim_max < needed && setrlimit(RLIMIT_NOFILE, &more) == 0))
        return crowd;
    limit.rlim_cur = limit.rlim_max < needed ? limit.rlim_max : needed;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= needed)
        return crowd;
    printf("the crowd is smaller than %d: RLIMIT_NOFILE is %lu\n", crowd,
           (unsigned long)limit.rlim_cur);
    return limit.rlim_cur < 600 ? 0 : (int)(limit.rlim_cur - 500) / 2;
}

/* Half of the crowd says nothing, half never ends its head or body. */
START_TEST(test_http_limits__a_crowd_that_waits_does_not_stop_others)
{
    static const char *const texts[] = {"", "GET /fixed HTTP/1.1\r\nX-A: ", "",
                                        POST("/echo", "Content-Length: 9\r\n\r\nhalf")};
    int crowd = room_for(CROWD);
    start((aurora_http_options){.head_ms = 300000, .body_ms = 300000, .idle_ms = 300000});
    raw_client *clients = calloc((size_t)crowd + 1, sizeof(*clients));
    ck_assert_ptr_nonnull(clients);

    for (int i = 0; i < crowd; i++) {
        clients[i] = raw_connect(fixture.port);
        raw_send(&clients[i], texts[i % 4]);
    }
    for (int i = 0; i < 200; i++)
        assert_serves();

    aurora_http_stats stats;
    aurora_http_stats_get(fixture.server, &stats);
    ck_assert_uint_ge(stats.connections, (uint32_t)crowd);
    ck_assert_uint_eq(stats.refused_connections, 0);
    for (int i = 0; i < crowd; i++)
        raw_close(&clients[i]);
    free(clients);
    stop();
}
END_TEST

#define FEW 256

/* Leaves no descriptor free below a new limit; marks what it took. Returns the old limit. */
static rlim_t use_up_descriptors(bool taken[FEW])
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = FEW;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    for (int fd = dup(0); fd >= 0; fd = dup(0))
        taken[fd] = true;
    return before;
}

static void give_descriptors_back(const bool taken[FEW], rlim_t before)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = before;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    for (int fd = 0; fd < FEW; fd++) {
        if (taken[fd])
            close(fd);
    }
}

START_TEST(test_http_limits__without_descriptors_a_client_waits_until_there_are_some)
{
    bool taken[FEW] = {false};
    start((aurora_http_options){0});
    raw_client busy = raw_connect(fixture.port), more = raw_open();
    raw_send(&busy, HELD);
    http_fixture_await(&fixture, &fixture.held, 1);
    rlim_t before = use_up_descriptors(taken);

    raw_reach(&more, fixture.port);
    raw_send(&more, RAW_GET("/fixed"));
    http_fixture_release(&fixture);
    raw_answer answer = raw_read(&busy, true);
    ck_assert_int_eq(answer.status, 200);
    raw_answer_free(&answer);
    raw_close(&busy);

    answer = raw_read(&more, true);
    ck_assert_int_eq(answer.status, 200);
    raw_answer_free(&answer);
    raw_close(&more);
    give_descriptors_back(taken, before);
    stop();
}
END_TEST

/* --- streams ---------------------------------------------------------------------------------- */

START_TEST(test_http_limits__a_stream_ends_and_the_connection_goes_on)
{
    start((aurora_http_options){0});
    raw_client client = raw_connect(fixture.port);

    raw_send(&client, RAW_GET("/stream?count=20") RAW_GET("/fixed"));
    raw_answer stream = raw_read(&client, true), next = raw_read(&client, true);

    ck_assert_str_eq(raw_field(&stream, "Content-Type"), "text/event-stream");
    ck_assert(stream.is_whole);
    ck_assert_uint_eq(stream.body_len, 20 * 1024);
    ck_assert_str_eq(next.body, "fixed");
    http_fixture_await(&fixture, &fixture.streams_closed, 1);
    raw_answer_free(&stream);
    raw_answer_free(&next);
    raw_close(&client);
    stop();
}
END_TEST

START_TEST(test_http_limits__a_stream_to_an_old_client_ends_with_its_connection)
{
    start((aurora_http_options){0});
    raw_client client = raw_connect(fixture.port);

    raw_send(&client, "GET /stream?count=3 HTTP/1.0\r\nHost: localhost\r\n\r\n");
    raw_answer stream = raw_read(&client, true);

    ck_assert_ptr_null(raw_field(&stream, "Transfer-Encoding"));
    ck_assert_uint_eq(stream.body_len, 3 * 1024);
    raw_answer_free(&stream);
    raw_close(&client);
    stop();
}
END_TEST

START_TEST(test_http_limits__head_of_a_stream_is_its_head)
{
    start((aurora_http_options){0});
    raw_client client = raw_connect(fixture.port);

    raw_send(&client, "HEAD /stream?count=3&open=1 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    raw_answer head = raw_read(&client, false);
    raw_answer next = raw_ask(&client, RAW_GET("/fixed"), 200);

    ck_assert_int_eq(head.status, 200);
    ck_assert_str_eq(next.body, "fixed");
    http_fixture_await(&fixture, &fixture.streams_closed, 1);
    raw_answer_free(&head);
    raw_answer_free(&next);
    raw_close(&client);
    stop();
}
END_TEST

START_TEST(test_http_limits__a_stream_closes_when_its_client_leaves)
{
    start((aurora_http_options){0});
    raw_client clients[2] = {raw_connect(fixture.port), raw_connect(fixture.port)};
    raw_send(&clients[0], RAW_GET("/ticks"));
    raw_send(&clients[1], RAW_GET("/ticks"));
    http_fixture_await(&fixture, &fixture.streams_begun, 2);

    raw_close(&clients[0]);
    http_fixture_await(&fixture, &fixture.streams_closed, 1);
    http_fixture_tell(&fixture);
    raw_close(&clients[1]);
    http_fixture_await(&fixture, &fixture.streams_closed, 2);

    aurora_http_stats stats;
    aurora_http_stats_get(fixture.server, &stats);
    ck_assert_uint_eq(stats.streams, 0);
    stop();
}
END_TEST

START_TEST(test_http_limits__a_stream_that_nobody_reads_is_ended)
{
    start((aurora_http_options){.write_ms = 200});
    raw_client client = raw_connect(fixture.port);
    int small = 4096;
    setsockopt(client.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    raw_send(&client, RAW_GET("/ticks"));
    http_fixture_await(&fixture, &fixture.streams_begun, 1);

    while (http_fixture_count(&fixture, &fixture.streams_closed) == 0) {
        http_fixture_tell(&fixture);
        assert_serves();
    }

    raw_close(&client);
    stop();
}
END_TEST

START_TEST(test_http_limits__beyond_the_streams_allowed_a_request_gets_503)
{
    start((aurora_http_options){.streams_max = 2});
    raw_client clients[2] = {raw_connect(fixture.port), raw_connect(fixture.port)};
    raw_send(&clients[0], RAW_GET("/ticks"));
    raw_send(&clients[1], RAW_GET("/ticks"));
    http_fixture_await(&fixture, &fixture.streams_begun, 2);

    raw_expect(fixture.port, RAW_GET("/stream?count=3&open=1"), 503, "overloaded");
    http_fixture_await(&fixture, &fixture.streams_closed, 1);
    raw_close(&clients[0]);
    http_fixture_await(&fixture, &fixture.streams_closed, 2);
    raw_expect(fixture.port, RAW_GET("/stream?count=3"), 200, "");

    raw_close(&clients[1]);
    stop();
}
END_TEST

static const char secret[] = "a secret of thirty-two bytes, or more";

/* A request for /ticks, signed as `principal`. */
static void ask_signed(raw_client *client, const char *principal)
{
    char signature[AURORA_SIGNATURE_TEXT_BYTES], text[512], deadline[32];
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(deadline, sizeof(deadline), "%lld", (long long)now.tv_sec * 1000 + 60000);
    const aurora_signed_request request = {.method = "GET",
                                           .path = "/ticks",
                                           .query = "",
                                           .body = "",
                                           .principal = principal,
                                           .scopes = "orders:read",
                                           .deadline = deadline};
    aurora_signature_write(secret, &request, signature);
    snprintf(text, sizeof(text),
             "GET /ticks HTTP/1.1\r\nHost: a\r\nAurora-Principal: %s\r\nAurora-Scopes: orders:read"
             "\r\nAurora-Deadline: %s\r\nAurora-Signature: %s\r\n\r\n",
             principal, deadline, signature);
    raw_send(client, text);
}

START_TEST(test_http_limits__each_principal_has_streams_of_its_own)
{
    start((aurora_http_options){.service_secret = secret, .streams_per_principal_max = 1});
    raw_client first = raw_connect(fixture.port), second = raw_connect(fixture.port);
    raw_client other = raw_connect(fixture.port);
    ask_signed(&first, "alice");
    http_fixture_await(&fixture, &fixture.streams_begun, 1);

    ask_signed(&second, "alice");
    ask_signed(&other, "bob");

    raw_answer answer = raw_read(&second, true);
    ck_assert_int_eq(answer.status, 503);
    raw_answer_free(&answer);
    http_fixture_await(&fixture, &fixture.streams_begun, 3);
    http_fixture_await(&fixture, &fixture.streams_closed, 1);
    raw_close(&first);
    http_fixture_await(&fixture, &fixture.streams_closed, 2);
    ask_signed(&second, "alice");
    http_fixture_await(&fixture, &fixture.streams_begun, 4);
    raw_close(&second);
    raw_close(&other);
    http_fixture_await(&fixture, &fixture.streams_closed, 4);
    stop();
}
END_TEST

static Suite *http_limits_suite(void)
{
    Suite *suite = suite_create("http_limits");
    TCase *tcase = tcase_create("limits");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, test_http_limits__a_slow_head_is_408);
    tcase_add_test(tcase, test_http_limits__a_slow_body_is_408);
    tcase_add_test(tcase, test_http_limits__a_body_below_the_rate_is_408_long_before_its_time);
    tcase_add_test(tcase, test_http_limits__a_body_above_the_rate_may_take_its_time);
    tcase_add_test(tcase, test_http_limits__many_that_are_slow_have_their_turns_all);
    tcase_add_test(tcase, test_http_limits__a_head_sent_ahead_has_its_own_time);
    tcase_add_test(tcase, test_http_limits__an_idle_connection_is_closed_without_a_word);
    tcase_add_test(tcase, test_http_limits__a_handler_without_an_answer_is_503);
    tcase_add_test(tcase, test_http_limits__an_answer_that_comes_too_late_is_dropped);
    tcase_add_test(tcase, test_http_limits__a_client_that_does_not_read_is_cut_off);
    tcase_add_test(tcase, test_http_limits__the_longest_idle_connection_makes_room);
    tcase_add_test(tcase,
                   test_http_limits__an_address_at_its_cap_loses_its_longest_idle_connection);
    tcase_add_test(tcase, test_http_limits__an_address_with_no_idle_connection_gets_429);
    tcase_add_test(tcase, test_http_limits__a_trusted_proxy_has_no_cap);
    tcase_add_test(tcase, test_http_limits__where_all_are_busy_a_new_client_gets_503);
    tcase_add_test(tcase, test_http_limits__beyond_the_queue_of_jobs_a_request_gets_503);
    tcase_add_test(tcase, test_http_limits__a_crowd_that_waits_does_not_stop_others);
    tcase_add_test(tcase,
                   test_http_limits__without_descriptors_a_client_waits_until_there_are_some);
    tcase_add_test(tcase, test_http_limits__a_stream_ends_and_the_connection_goes_on);
    tcase_add_test(tcase, test_http_limits__a_stream_to_an_old_client_ends_with_its_connection);
    tcase_add_test(tcase, test_http_limits__head_of_a_stream_is_its_head);
    tcase_add_test(tcase, test_http_limits__a_stream_closes_when_its_client_leaves);
    tcase_add_test(tcase, test_http_limits__a_stream_that_nobody_reads_is_ended);
    tcase_add_test(tcase, test_http_limits__beyond_the_streams_allowed_a_request_gets_503);
    tcase_add_test(tcase, test_http_limits__each_principal_has_streams_of_its_own);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(http_limits_suite)

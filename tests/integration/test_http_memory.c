/* SPDX-License-Identifier: MIT */
/* Memory that many clients take together: who waits for longest is cut off, and the others are
 * served. */
#include "http_fixture.h"
#include "raw_client.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define JSON "Content-Type: application/json\r\n"
#define POST(path, rest) "POST " path " HTTP/1.1\r\nHost: localhost\r\n" JSON rest
#define PIECE 100000

static http_fixture fixture;

static raw_client connect_reluctant(void)
{
    int small = 4096;
    raw_client client = raw_open();
    setsockopt(client.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    raw_reach(&client, fixture.port);
    return client;
}

/* Sends a piece of a body, or all that is announced of it. */
static raw_client begin_body(const char *head)
{
    char *body = calloc(1, PIECE);
    raw_client client = raw_connect(fixture.port);
    memset(body, 'b', PIECE);
    raw_send(&client, head);
    raw_send_bytes(&client, body, PIECE);
    free(body);
    return client;
}

static void assert_overloaded(raw_client *client)
{
    raw_answer answer = raw_read(client, true);
    ck_assert_int_eq(answer.status, 503);
    ck_assert_ptr_nonnull(strstr(answer.body, "\"code\":\"overloaded\""));
    raw_answer_free(&answer);
    raw_close(client);
}

static void await_refused(uint64_t count)
{
    aurora_http_stats stats;
    do {
        raw_expect(fixture.port, RAW_GET("/fixed"), 200, "");
        aurora_http_stats_get(fixture.server, &stats);
    } while (stats.refused_connections < count);
}

/* Bodies that are still being read could be cut off in place of those that come later. */
static void await_waiting(uint32_t jobs)
{
    aurora_http_stats stats;
    for (int i = 0; i < 10000; i++) {
        aurora_http_stats_get(fixture.server, &stats);
        if (stats.jobs_waiting == jobs)
            return;
        usleep(1000);
    }
    ck_abort_msg("%u jobs wait, not %u", stats.jobs_waiting, jobs);
}

START_TEST(test_http_memory__answers_that_nobody_reads_make_room_for_others)
{
    http_fixture_start(&fixture, (aurora_http_options){.held_bytes_max = 30000000});
    raw_client first = connect_reluctant(), second = connect_reluctant();
    raw_send(&first, RAW_GET("/bytes?count=20000000"));
    http_fixture_await(&fixture, &fixture.accesses, 1);

    raw_send(&second, RAW_GET("/bytes?count=20000000"));
    await_refused(1);

    raw_answer cut = raw_read(&first, true), whole = raw_read(&second, true);
    ck_assert(!cut.is_whole);
    ck_assert(whole.is_whole);
    ck_assert_uint_eq(whole.body_len, 20000000);
    raw_answer_free(&cut);
    raw_answer_free(&whole);
    raw_close(&first);
    raw_close(&second);
    http_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_http_memory__bodies_that_do_not_end_make_room_for_others)
{
    http_fixture_start(&fixture, (aurora_http_options){.held_bytes_max = 5 * PIECE});
    raw_client clients[6];
    for (int i = 0; i < 6; i++)
        clients[i] = begin_body(POST("/echo", "Content-Length: 100001\r\n\r\n"));

    await_refused(1);

    assert_overloaded(&clients[0]);
    raw_send(&clients[5], "b");
    raw_answer answer = raw_read(&clients[5], true);
    ck_assert_int_eq(answer.status, 200);
    ck_assert_uint_eq(answer.body_len, PIECE + 1);
    raw_answer_free(&answer);
    for (int i = 1; i < 6; i++)
        raw_close(&clients[i]);
    http_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_http_memory__bodies_that_are_worked_on_leave_no_room_for_more)
{
    http_fixture_start(&fixture, (aurora_http_options){.held_bytes_max = 5 * PIECE, .workers = 2});
    raw_client clients[4];
    for (int i = 0; i < 4; i++)
        clients[i] = begin_body(POST("/held", "Content-Length: 100000\r\n\r\n"));
    http_fixture_await(&fixture, &fixture.held, 2);
    await_waiting(2);

    raw_client more[2];
    for (int i = 0; i < 2; i++)
        more[i] = begin_body(POST("/held", "Content-Length: 100000\r\n\r\n"));
    assert_overloaded(&more[1]);

    http_fixture_release(&fixture);
    for (int i = 0; i < 4; i++) {
        raw_answer answer = raw_read(&clients[i], true);
        ck_assert_int_eq(answer.status, 200);
        raw_answer_free(&answer);
        raw_close(&clients[i]);
    }
    raw_close(&more[0]);
    http_fixture_stop(&fixture);
}
END_TEST

static Suite *http_memory_suite(void)
{
    Suite *suite = suite_create("http_memory");
    TCase *tcase = tcase_create("memory");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, test_http_memory__answers_that_nobody_reads_make_room_for_others);
    tcase_add_test(tcase, test_http_memory__bodies_that_do_not_end_make_room_for_others);
    tcase_add_test(tcase, test_http_memory__bodies_that_are_worked_on_leave_no_room_for_more);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(http_memory_suite)

/* SPDX-License-Identifier: MIT */
/* The exporter while many threads make spans and the collector is slow, away or comes back: nobody
 * waits for it, and each span is exported, dropped or failed. */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "telemetry/telemetry.h"
#include "test.h"

#define THREADS 8
#define SPANS_EACH 2000
#define ALL (THREADS * SPANS_EACH)
#define STOP_MS 20000

static void nap(int ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/* --- a collector ------------------------------------------------------------------------------ */

typedef struct {
    int listener;
    int port;
    int pause_ms; /* before each answer */
    _Atomic int requests;
    pthread_t thread;
} collector;

static bool read_request(int fd)
{
    static char bytes[1 << 20];
    size_t held = 0, want = 0;
    while (want == 0 || held < want) {
        ssize_t got = recv(fd, bytes + held, sizeof bytes - 1 - held, 0);
        if (got <= 0)
            return false;
        held += (size_t)got;
        bytes[held] = '\0';
        const char *end = want == 0 ? strstr(bytes, "\r\n\r\n") : NULL;
        const char *length = end != NULL ? strcasestr(bytes, "content-length:") : NULL;
        if (length != NULL)
            want = (size_t)(end + 4 - bytes) + strtoul(length + 15, NULL, 10);
    }
    return true;
}

static void *serve(void *self)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                                 "Content-Length: 2\r\n\r\n{}";
    collector *of = self;
    int fd;
    while ((fd = accept(of->listener, NULL, NULL)) >= 0) {
        while (read_request(fd)) {
            nap(of->pause_ms);
            atomic_fetch_add(&of->requests, 1);
            if (send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL) < 0)
                break;
        }
        close(fd);
    }
    return NULL;
}

/* Its port is taken, and nobody answers there before collector_start. */
static void collector_init(collector *of, int pause_ms)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    *of = (collector){.pause_ms = pause_ms};
    of->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(of->listener, 0);
    ck_assert_int_eq(bind(of->listener, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(getsockname(of->listener, (struct sockaddr *)&address, &length), 0);
    of->port = ntohs(address.sin_port);
}

static void collector_start(collector *of)
{
    ck_assert_int_eq(listen(of->listener, 8), 0);
    ck_assert_int_eq(pthread_create(&of->thread, NULL, serve, of), 0);
}

static void collector_stop(collector *of)
{
    shutdown(of->listener, SHUT_RDWR);
    pthread_join(of->thread, NULL);
    close(of->listener);
}

/* --- those who make spans --------------------------------------------------------------------- */

static aurora_telemetry *start(const collector *of, uint32_t queue_max)
{
    char url[64];
    aurora_telemetry *telemetry = NULL;
    snprintf(url, sizeof url, "http://127.0.0.1:%d/v1/traces", of->port);
    const aurora_telemetry_options options = {
        .url = url, .delay_ms = 10, .export_ms = 500, .batch_max = 64, .queue_max = queue_max};
    aurora_assert_ok(aurora_telemetry_start(&options, &telemetry));
    return telemetry;
}

static void *make_spans(void *telemetry)
{
    aurora_span span = {.size = sizeof span,
                        .kind = AURORA_SPAN_INTERNAL,
                        .trace_flags = AURORA_TRACE_SAMPLED,
                        .name = "work"};
    memset(span.trace_id, 7, sizeof span.trace_id);
    memset(span.span_id, 9, sizeof span.span_id);
    for (int i = 0; i < SPANS_EACH; i++)
        aurora_telemetry_span(telemetry, &span);
    return NULL;
}

static void make_all(aurora_telemetry *telemetry)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, make_spans, telemetry), 0);
    for (int i = 0; i < THREADS; i++) {
        aurora_telemetry_figures figures; /* while they work: as a scrape asks */
        aurora_telemetry_figures_get(telemetry, &figures);
        ck_assert_uint_le(figures.exported + figures.dropped + figures.failed, ALL);
        pthread_join(threads[i], NULL);
    }
}

/* Ends it: nothing waits, and nothing is lost uncounted. */
static aurora_telemetry_figures finish(aurora_telemetry *telemetry, uint32_t stop_ms)
{
    aurora_telemetry_figures figures;
    aurora_telemetry_stop(telemetry, stop_ms);
    aurora_telemetry_figures_get(telemetry, &figures);
    ck_assert_uint_eq(figures.waiting, 0);
    ck_assert_uint_eq(figures.exported + figures.dropped + figures.failed, ALL);
    aurora_telemetry_free(telemetry);
    return figures;
}

START_TEST(test_span_exporter__a_slow_collector_holds_nobody_up)
{
    collector of;
    collector_init(&of, 50);
    collector_start(&of);
    aurora_telemetry *telemetry = start(&of, 256);

    make_all(telemetry);
    aurora_telemetry_figures figures = finish(telemetry, STOP_MS);

    ck_assert_uint_gt(figures.exported, 0);
    ck_assert_uint_gt(figures.dropped, 0);
    ck_assert_uint_eq(figures.failed, 0);
    ck_assert_int_gt(of.requests, 0);
    collector_stop(&of);
}
END_TEST

START_TEST(test_span_exporter__with_room_a_slow_collector_gets_all)
{
    collector of;
    collector_init(&of, 1);
    collector_start(&of);
    aurora_telemetry *telemetry = start(&of, ALL);

    make_all(telemetry);
    aurora_telemetry_figures figures = finish(telemetry, STOP_MS);

    ck_assert_uint_eq(figures.exported, ALL);
    collector_stop(&of);
}
END_TEST

START_TEST(test_span_exporter__without_a_collector_all_are_counted)
{
    collector of;
    collector_init(&of, 0);
    aurora_telemetry *telemetry = start(&of, 256);

    make_all(telemetry);
    aurora_telemetry_figures figures = finish(telemetry, 100);

    ck_assert_uint_eq(figures.exported, 0);
    ck_assert_uint_ge(figures.dropped, ALL - 256 - 2 * 64);
    close(of.listener);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("span_exporter");
    TCase *tcase = tcase_create("exporter");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, test_span_exporter__a_slow_collector_holds_nobody_up);
    tcase_add_test(tcase, test_span_exporter__with_room_a_slow_collector_gets_all);
    tcase_add_test(tcase, test_span_exporter__without_a_collector_all_are_counted);
    suite_add_tcase(all, tcase);
    return all;
}

AURORA_TEST_MAIN(suite)

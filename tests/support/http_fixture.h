/* SPDX-License-Identifier: MIT */
/* An HTTP server in this process with a few routes that answer at once, later, from a worker, in a
 * stream or never. One server at a time in a process. */
#ifndef AURORA_TESTS_SUPPORT_HTTP_FIXTURE_H
#define AURORA_TESTS_SUPPORT_HTTP_FIXTURE_H

#include <pthread.h>
#include <stdatomic.h>

#include "http/server.h"
#include "test.h"
#include "tls_files.h"

/* Routes:
 *   GET    /fixed          "fixed" as text/plain
 *   GET    /page           the same as a page with a policy of its own
 *   GET    /own            the same, for who has the scope orders:read
 *   GET    /bytes?count=   so many bytes of text; /json?count= the same as application/json
 *   GET    /fields         what the request had: a=<field X-A> q=<query q>, and its trace
 *   GET    /later          answered from the loop once the fixture is told so
 *   GET    /never          has no answer
 *   GET    /silent         a worker that forgets to answer
 *   GET    /problem        409 with two places to blame
 *   POST   /echo           the body again, from a worker
 *   POST   /held           the same, once the fixture lets go
 *   PUT    /strict         a body that is JSON, and again
 *   DELETE /fixed          204
 *   GET    /stream?count=&open=  so many pieces of 1 KiB, then its end unless open=1
 *   GET    /ticks          a stream that gets a piece at each tick of the fixture */
typedef struct {
    aurora_http_server *server;
    uint16_t port;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool is_held;
    uint32_t held;    /* requests in /held */
    uint32_t waiting; /* requests in /later */
    uint32_t streams_begun, streams_closed;
    uint32_t accesses;
    int last_status; /* of the last access */
    char last_code[64], last_path[128], last_method[16], last_trace[33];
    uint64_t last_bytes_in, last_bytes_out;
    tls_files files; /* with AURORA_TEST_TLS, as raw_client.h has it */
    aurora_tls *tls;
    int tell_fd; /* wakes the loop: answer what waits in /later */
    _Atomic uint32_t ticks;
} http_fixture;

/* Starts a server; what `options` leaves zero is the server's default. */
void http_fixture_start(http_fixture *fixture, aurora_http_options options);
void http_fixture_stop(http_fixture *fixture);
/* Waits until *count has reached `least`; fails the test after 20 s. */
void http_fixture_await(http_fixture *fixture, const uint32_t *count, uint32_t least);
/* *count as it is now. */
uint32_t http_fixture_count(http_fixture *fixture, const uint32_t *count);
void http_fixture_release(http_fixture *fixture); /* /held goes on */
void http_fixture_tell(http_fixture *fixture);    /* /later answers; /ticks get a piece */

#endif

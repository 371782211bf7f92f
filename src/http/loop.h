/* SPDX-License-Identifier: MIT */
/* A server's inside: its loops, each one thread with its event base and its connections, and the
 * queue between them and the workers. Everything of a loop belongs to its thread, but what is
 * marked shared. */
#ifndef AURORA_HTTP_LOOP_H
#define AURORA_HTTP_LOOP_H

#include <pthread.h>
#include <stdatomic.h>

#include <event2/event.h>

#include "http/clock.h"
#include "http/connection.h"
#include "http/cors.h"
#include "http/request.h"
#include "http/server.h"

#define AURORA__SCRATCH_BYTES 65536
#define AURORA__BACKLOG 4096 /* connections that the system keeps for us */
#define AURORA__FREE_EXCHANGES_MAX 256

enum { AURORA__SERVING = 0, AURORA__STOPPED_ACCEPTING = 1 };

/* Written by one thread, read by any. */
typedef _Atomic uint64_t aurora__loop_figure;

static inline void aurora__count(aurora__loop_figure *counter, int64_t by)
{
    uint64_t now = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, now + (uint64_t)by, memory_order_relaxed);
}

typedef struct {
    aurora__loop_figure accepted, refused_connections, requests, bad_heads, timeouts;
    aurora__loop_figure connections, in_flight;
    aurora__loop_figure tls_1_2, tls_1_3, tls_resumed; /* handshakes that were ended */
    aurora__loop_figure tls_failures[AURORA_TLS_FAILURE_COUNT];
} aurora__loop_counters;

struct aurora_http_loop {
    aurora_http_server *server;
    uint32_t index; /* among the server's */
    pthread_t thread;
    bool is_started;
    struct event_base *base;
    struct event *wake_event, *accept_event, *sweep_event;
    bool is_accepting;
    void *slot;
    aurora_status begun; /* what loop_begin said */
    bool has_begun;
    int wake_fd;                           /* shared: anybody may write */
    _Atomic(aurora_http_exchange *) inbox; /* shared: answered by workers, newest first */
    _Atomic bool is_stopping;              /* shared */
    _Atomic bool has_closed_listener;      /* shared */

    aurora__list phases[AURORA__PHASE_COUNT]; /* connections, the one that waits longest first */
    aurora__connection *dirty;                /* have something to do at the end of this turn */
    aurora_http_exchange *jobs, **jobs_end;   /* for workers, at the end of this turn */
    uint32_t job_count;
    uint32_t slow_turns;                        /* in this turn, of connections that are slow */
    aurora_http_exchange *exchanges;            /* all of them */
    aurora_http_exchange *graves;               /* to be freed at the end of this turn */
    struct event *park_event;                   /* NULL until a first request had to be parked */
    aurora_http_exchange *parked, **parked_end; /* their token is to be judged again */
    uint32_t parked_count;
    aurora_http_exchange *spare;
    uint32_t spare_count;
    int64_t drain_since_ns;
    int64_t accept_again_ns; /* after descriptors ran out */
    size_t handshakes_held;  /* by TLS before its connections are there */
    size_t held, held_max;   /* bytes that wait: for more of them, for a handler, for a reader */
    uint64_t random[4];
    int64_t date_second;
    char date[40];
    aurora__gzip *gzip;
    aurora_tls_scratch *tls_scratch;                  /* NULL = the server speaks no TLS */
    aurora__connection *handshakes, **handshakes_end; /* that have something to do */
    aurora__loop_counters counters;
    char scratch[AURORA__SCRATCH_BYTES];
};

typedef struct aurora__workers aurora__workers;
typedef struct aurora__stream_counts aurora__stream_counts;

struct aurora_http_server {
    aurora_http_options options; /* defaults filled in; texts are the server's own */
    char *listen, *secret;
    aurora__gate_limits limits;
    aurora_router *router;
    _Atomic(aurora__cors *) cors; /* which pages may read answers */
    aurora__workers *workers;
    aurora__stream_counts *streams;
    struct aurora__crowd *crowd;
    aurora_http_loop **loops;
    int listen_fd;
    uint16_t port;
    _Atomic uint32_t connections;
    _Atomic bool is_draining;
    _Atomic bool has_proxies;
    _Atomic uint64_t sampled_below; /* these two in place of options.tracing's */
    _Atomic int64_t slow_ns;
    pthread_rwlock_t proxies_lock;
    aurora_http_proxies proxies;
    _Atomic int stage; /* AURORA__SERVING... */
    pthread_mutex_t mutex;
    pthread_cond_t changed; /* a loop has begun or ended its last connection */
};

/* --- server.c --- */

/* One connection less; wakes a drain at the last one. Threads: any. */
void aurora__server_lost_connection(aurora_http_server *server);

/* --- proxies.c --- */

/* Whether it is a proxy whose word counts. Threads: any. */
bool aurora__server_trusts(aurora_http_server *server, const aurora_http_address *address);
/* Makes it one of this connection, whose other end is its client. */
void aurora__exchange_attach(aurora_http_exchange *exchange, aurora__connection *connection);
/* Whom a trusted other end speaks for, once the fields are read. */
void aurora__exchange_find_client(aurora_http_exchange *exchange);

/* --- loop.c --- */

aurora_status aurora__loop_new(aurora_http_server *server, uint32_t index, aurora_http_loop **out);
/* Starts the thread and waits until loop_begin has run. */
aurora_status aurora__loop_start(aurora_http_loop *loop);
/* Takes connections until none waits, or there are too many. */
void aurora__loop_accept(aurora_http_loop *loop);
void aurora__loop_wake(aurora_http_loop *loop);
/* Brings home an exchange that a worker has answered. Threads: any. */
void aurora__loop_send_home(aurora_http_exchange *exchange);
/* Ends the thread and what is still open. */
void aurora__loop_stop(aurora_http_loop *loop);
void aurora__loop_free(aurora_http_loop *loop);
const char *aurora__loop_date(aurora_http_loop *loop);
void aurora__loop_log(aurora_http_loop *loop, int32_t level, const char *message);

/* --- sweep.c --- */

void aurora__loop_sweep(aurora_http_loop *loop);

/* --- shed.c --- */

/* Whether more is held than should be. */
bool aurora__loop_is_over(const aurora_http_loop *loop);
/* Cuts off those that have waited for longest, until no more is held than should be. */
void aurora__loop_shed(aurora_http_loop *loop);

/* --- dispatch.c --- */

/* Judges a request that is complete and has it handled, here or by a worker. */
void aurora__dispatch(aurora_http_exchange *exchange);
/* On the loop: a worker has asked options.admit, and the handler is to be called here, or the
 * refusal told. */
void aurora__dispatch_admitted(aurora_http_exchange *exchange);
/* Has a request counted that authentication refuses, and answers it with exchange->refusal. */
void aurora__dispatch_refuse(aurora_http_exchange *exchange);
/* On the loop: the answer goes out, or is dropped where the client has left. */
void aurora__dispatch_answered(aurora_http_exchange *exchange);
/* Counts and reports an answer. */
void aurora__dispatch_report(aurora_http_exchange *exchange);

/* Goes on with a request that was parked. */
void aurora__dispatch_again(aurora_http_exchange *exchange);

/* --- parked.c --- */

/* Has aurora__dispatch_again called soon; false when too many wait, or it has waited enough. */
bool aurora__park(aurora_http_exchange *exchange);

/* --- stream.c --- */

aurora__stream_counts *aurora__streams_new(uint32_t per_principal_max);
void aurora__streams_free(aurora__stream_counts *counts);
uint32_t aurora__streams_open(aurora_http_server *server);
/* Runs `closed`, once. The exchange is the connection's to free. */
void aurora__stream_close(aurora_http_exchange *exchange);
/* Ends a stream from our side: what waits is still sent. */
void aurora__stream_finish(aurora_http_exchange *exchange);

/* --- workers.c --- */

aurora_status aurora__workers_new(aurora_http_server *server, uint32_t count, uint32_t jobs_max,
                                  aurora__workers **out);
/* Whether one more may wait; counts it. */
bool aurora__workers_admit(aurora__workers *workers);
void aurora__workers_post(aurora__workers *workers, aurora_http_exchange *first,
                          aurora_http_exchange **end, uint32_t count);
uint32_t aurora__workers_waiting(aurora__workers *workers);
/* Ends the threads; what still waits is not run. Posting goes on to be allowed. */
void aurora__workers_stop(aurora__workers *workers);
void aurora__workers_free(aurora__workers *workers);

#endif

/* SPDX-License-Identifier: MIT */
/* The HTTP server seam over libevent's loop (not its evhttp; docs/ARCHITECTURE.md says why): one
 * event base per I/O thread, worker threads for handlers that block, a gate that judges each byte
 * (gate.h), total deadlines, caps, problem documents for every error, replies that come home from
 * another thread, graceful drain. Knows routes, no domain rule.
 *
 * Threads: a server is shared, but to be started, drained and freed by one thread, which is none of
 * its own. What stands under "on a loop's thread" is confined to that one. */
#ifndef AURORA_HTTP_SERVER_H
#define AURORA_HTTP_SERVER_H

#include <aurora/trace.h>

#include "http/bearer.h"
#include "http/client_address.h"
#include "http/exchange.h"
#include "tls/tls.h"

typedef struct aurora_http_server aurora_http_server;

/* What came of one request, for the access log and the metrics. Texts are valid during the call. */
typedef struct {
    const aurora_http_route *route; /* NULL = none matched, or the head was refused */
    const char *method;             /* "GET"; "" where it could not be read */
    const char *path;
    const char *principal;
    const char *trace_id;
    const char *span_id;  /* 16 hex digits */
    uint32_t trace_flags; /* bit 0: the trace is sampled */
    const char *peer;     /* the client's address, as exchange.h says */
    const char *code;     /* of a problem; "" = none */
    int status;
    int64_t duration_ns;
    uint64_t bytes_in; /* of the body */
    uint64_t bytes_out;
} aurora_http_access;

/* How traces are begun and gone on with (W3C Trace Context). Zeroed: a caller's traceparent is gone
 * on with, and what begins here is not sampled. */
typedef struct {
    uint64_t sampled_below; /* a trace is sampled if the low 63 bits of its id are below */
    bool ignores_flag;      /* that holds for callers' traces, too; else they have decided */
    bool begins_anew;       /* a caller's trace is linked to, and not gone on with */
    bool keeps_none;        /* the spans of failures and slow requests are none without it */
    int64_t slow_ns;        /* what takes longer is slow; 0 = nothing is */
    /* Takes the spans of requests that are over, but of probes: of sampled traces, and of those
     * that have failed (5xx) or are slow, with aurora.kept. As aurora_tracer.span has it. NULL =
     * none are made. */
    void (*span)(void *self, const aurora_span *span);
    /* Asked before the spans of a request that nobody has asked for: whether there is room for so
     * many. NULL = always. */
    bool (*may_keep)(void *self, uint32_t span_count);
    void *self;
} aurora_http_tracing;

/* What options.admit answers. */
enum {
    AURORA_HTTP_ADMIT_NO = 0, /* it has answered the request */
    AURORA_HTTP_ADMIT_YES = 1,
    AURORA_HTTP_ADMIT_LATER = 2 /* it has to wait for that */
};

/* Zero means the default in brackets, for all but the callbacks and texts. */
typedef struct {
    const char *listen; /* "127.0.0.1:8080", "[::1]:8080"; port 0 = any free one */
    const aurora_http_route *const *routes; /* tables... */
    const uint32_t *route_counts;           /* ...and how many each holds */
    uint32_t table_count;
    void *self; /* handed to handlers and to the callbacks below */

    uint32_t loops;           /* I/O threads [1] */
    uint32_t workers;         /* threads for AURORA_HTTP_BLOCKING [4] */
    uint32_t jobs_max;        /* requests that wait for a worker; beyond it 503 [1024] */
    uint32_t connections_max; /* over all loops [16384]; at it the longest idle one is closed, and
                                 where none is idle the new one gets 503 */
    uint32_t connections_per_address_max; /* of one client, IPv6 by its first 64 bits, but trusted
                                             proxies [no limit]; at it the longest idle one of the
                                             client is closed, and where none is idle the new one
                                             gets 429 */
    uint32_t head_bytes_max; /* request line and header fields [16384], else 431 or 414 */
    uint32_t body_bytes_max; /* [1048576], else 413 */
    uint32_t held_bytes_max; /* of bodies, answers and what is sent ahead, over all loops
                                 [268435456]; above it what has waited for longest is cut off, and
                                 new bodies get 503 */
    uint32_t head_ms;        /* from its first byte to the head's end, in all [10000] */
    uint32_t body_ms;        /* from the head's end to the body's, in all [30000] */
    uint32_t body_grace_ms;  /* after which a body must have come at [10000]... */
    uint32_t body_rate_min;  /* ...so many bytes a second on average [500], else 408 */
    uint32_t idle_ms;        /* a connection without a request [75000] */
    uint32_t write_ms;       /* a client that does not read its answer [30000] */
    uint32_t reply_ms;       /* a handler that gives none: 503 [60000] */
    uint32_t streams_max;    /* open streams over all loops [4096] */
    uint32_t streams_per_principal_max; /* [64]; 0 = default */

    /* Authentication. With neither of the two (NULL or "" secret): open mode, `anonymous` with
     * AURORA_SCOPE_OPEN; then a request needs a loopback Host, and a listen address that is not
     * loopback is refused. */
    const char *service_secret;
    /* NULL = plain connections. Must outlive the server. */
    aurora_tls *tls;
    /* Without a secret: callers that may speak for others are known by their certificates (the
     * names of `tls`), and the server is not open. */
    bool knows_peers;
    /* Judges an Authorization field at this Unix time. On a loop's thread: it waits for nothing.
     * After AURORA_BEARER_WAIT it is asked again every few milliseconds, for at most two seconds,
     * which the request waits. NULL = the field is not read. */
    void (*authenticate)(void *self, const char *authorization, int64_t now_ms,
                         aurora_http_bearer *out);

    /* Whose X-Forwarded-For is believed. Copied; NULL = nobody's. */
    const aurora_http_proxies *trusted_proxies;

    /* Origins of pages that may read answers, with commas between; NULL or "" = none, and then no
     * answer has a field of the Fetch standard. */
    const char *cors_origins;

    /* Whether a request that is good may go to its handler, and one that authentication refuses may
     * be told so: AURORA_HTTP_ADMIT_... Not asked for AURORA_HTTP_PROBE. On the loop's thread,
     * where it must not wait; and where it says LATER again on a worker's, with `may_wait`. NULL =
     * all may. */
    int (*admit)(void *self, aurora_http_exchange *exchange, bool may_wait);

    aurora_http_tracing tracing;

    void (*access)(void *self, const aurora_http_access *access); /* any thread; NULL = none */
    void (*log)(void *self, int32_t level, const char *message);  /* any thread; NULL = none */
    /* On each loop's thread, before it serves and after it ended; the slot is the loop's own. */
    aurora_status (*loop_begin)(void *self, aurora_http_loop *loop, void **slot_out);
    void (*loop_end)(void *self, aurora_http_loop *loop, void *slot);
} aurora_http_options;

/* Counters since the start, and gauges. */
typedef struct {
    uint64_t accepted, refused_connections, requests, bad_heads, timeouts;
    uint32_t connections, in_flight, jobs_waiting, streams;
    bool is_tls; /* then the following count handshakes */
    uint64_t tls_1_2, tls_1_3, tls_resumed;
    uint64_t tls_failures[AURORA_TLS_FAILURE_COUNT];
    int64_t tls_expires_s; /* Unix time, of the certificate */
} aurora_http_stats;

/* Binds and starts all threads. AURORA_EINVAL (err->field names the option), AURORA_EIO when the
 * address cannot be had. *out is freed with aurora_http_free. */
aurora_status aurora_http_start(const aurora_http_options *options, aurora_http_server **out,
                                aurora_error *err);
/* Whether `listen` could be had at this moment: for programs that make things before they serve.
 * Fails as aurora_http_start does. Threads: shared. */
aurora_status aurora_http_listen_check(const char *listen, aurora_error *err);
/* Other origins from now on. AURORA_EINVAL, AURORA_ENOMEM: those before stay. Threads: one at a
 * time. */
aurora_status aurora_http_origins_put(aurora_http_server *server, const char *cors_origins,
                                      aurora_error *err);
/* tracing.sampled_below and slow_ns from now on. Threads: any. */
void aurora_http_set_sampling(aurora_http_server *server, uint64_t sampled_below, int64_t slow_ns);
/* The port that is listened on. */
uint16_t aurora_http_port(const aurora_http_server *server);
/* Other trusted proxies from now on. Threads: any. */
void aurora_http_set_trusted_proxies(aurora_http_server *server,
                                     const aurora_http_proxies *proxies);
void aurora_http_stats_get(aurora_http_server *server, aurora_http_stats *out);

/* Makes `/readyz` and new requests see that we go: the handlers ask with is_draining. */
void aurora_http_drain_begin(aurora_http_server *server);
bool aurora_http_is_draining(const aurora_http_server *server);
/* Stops accepting, closes idle connections, lets each connection finish the requests it has sent,
 * answering with Connection: close, ends streams, and waits for that at most `timeout_ms`. Returns
 * whether nothing was cut off. */
bool aurora_http_drain(aurora_http_server *server, uint32_t timeout_ms);
/* Stops all threads and frees everything; what is still open is cut off. NULL is a no-op. */
void aurora_http_free(aurora_http_server *server);

/* --- on a loop's thread ----------------------------------------------------------------------- */

void *aurora_http_loop_slot(const aurora_http_loop *loop);

typedef struct aurora_http_watch aurora_http_watch;
/* Calls `ready` whenever `fd` is readable. NULL when there is no memory. */
aurora_http_watch *aurora_http_watch_fd(aurora_http_loop *loop, int fd, void (*ready)(void *self),
                                        void *self);
/* Calls `due` every `period_ms`. */
aurora_http_watch *aurora_http_watch_timer(aurora_http_loop *loop, uint32_t period_ms,
                                           void (*due)(void *self), void *self);
void aurora_http_watch_free(aurora_http_watch *watch);

#endif

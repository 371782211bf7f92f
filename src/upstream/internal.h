/* SPDX-License-Identifier: MIT */
/* What the files of the upstream share. */
#ifndef AURORA_UPSTREAM_INTERNAL_H
#define AURORA_UPSTREAM_INTERNAL_H

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>

#include <event2/event_struct.h>

#include <aurora/bulkhead.h>
#include <aurora/retry.h>

#include "http/loop.h"
#include "tls/tls.h"
#include "upstream/reply.h"
#include "upstream/upstream.h"

#define AURORA__UPSTREAM_FIELDS_MAX 100
#define AURORA__UPSTREAM_HEAD_BYTES 32768

typedef struct aurora__upstream_connection aurora__upstream_connection;

/* --- address.c -------------------------------------------------------------------------------- */

typedef struct {
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } at;
    socklen_t len; /* 0 = not resolved */
} aurora__socket_address;

typedef struct {
    char text[AURORA_UPSTREAM_ADDRESS_BYTES];
    char host[AURORA_UPSTREAM_ADDRESS_BYTES]; /* of these, without brackets */
    aurora_tls_sessions *sessions;            /* NULL = plain connections */
    bool is_name;                             /* to be resolved again */
    pthread_mutex_t mutex;
    aurora__socket_address socket; /* under the mutex, with the following */
    aurora_breaker breaker;
    uint32_t failures_in_row;
    _Atomic uint64_t attempts, failures, connects;
    _Atomic uint32_t in_flight, connections;
    _Atomic int32_t state; /* AURORA_UPSTREAM_... */
    const char *why;       /* static; this and the next two are the prober's */
    bool is_told_bad;
    bool is_told_open; /* of the breaker; by its mutex */
    int64_t told_ns;
} aurora__address;

/* Copies and, where no name has to be asked for, resolves. False for what is no address. */
bool aurora__address_init(aurora__address *address, const char *text);
void aurora__address_deinit(aurora__address *address);
/* Asks the system for the name; blocks. */
void aurora__address_resolve(aurora__address *address);
aurora__socket_address aurora__address_socket(aurora__address *address);

/* --- hedge.c ---------------------------------------------------------------------------------- */

#define AURORA__LATENCY_BUCKETS 104 /* to 64 seconds */

/* How long calls have taken of late; only kept where hedges follow it. */
typedef struct {
    _Atomic uint32_t counts[AURORA__LATENCY_BUCKETS];
    _Atomic uint32_t seen;
    _Atomic uint32_t p95_us; /* 0 = not known yet */
} aurora__latency;

void aurora__latency_record(aurora__latency *latency, int64_t ns);

/* When an attempt that begins now gets a second one beside it; INT64_MAX = never. */
int64_t aurora__hedge_at_ns(const aurora_upstream_call *call);
/* Begins it where there is room; the owner's twin is it then. */
void aurora__hedge_begin(aurora_upstream_call *owner);
/* The owner's own attempt has ended: what its hedge does is its attempt from now on. */
void aurora__hedge_adopt(aurora_upstream_call *owner);
/* A hedge has a good answer: the owner's attempt is given up for it. Returns the owner. */
aurora_upstream_call *aurora__hedge_win(aurora_upstream_call *hedge);
/* It is not wanted any more; `outcome` is what its address has done. */
void aurora__hedge_drop(aurora_upstream_call *hedge, int32_t outcome);

/* --- upstream.c ------------------------------------------------------------------------------- */

struct aurora_upstream {
    aurora_upstream_options options; /* defaults filled in; texts are the upstream's own */
    char *name, *probe;
    uint32_t address_count;
    aurora__address addresses[AURORA_UPSTREAM_ADDRESSES_MAX];
    aurora_bulkhead bulkhead;
    aurora_retry_budget budget;
    _Atomic uint64_t calls, repeats, refused, failed, timeouts, cancelled, hedges, won;
    _Atomic uint32_t attempts_max, hedge_ms;
    aurora__latency latency;
    _Atomic uint32_t turn;  /* of the addresses, where they are equal */
    _Atomic bool is_probed; /* a pool does that */
    pthread_t resolver;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool has_resolver, is_stopping; /* under the mutex */
};

/* Chooses an address for an attempt and enters its breaker. `passed` has the bits of those that
 * this call has tried, which come last; careful calls are no probes where another address is
 * well. NULL = all breakers are open, *retry_after_s_out says for how long. */
aurora__address *aurora__upstream_choose(aurora_upstream *upstream, uint32_t *passed,
                                         bool is_careful, uint64_t *ticket_out,
                                         uint32_t *retry_after_s_out);
/* The attempt's end: AURORA_BREAKER_SUCCESS... */
void aurora__upstream_leave(const aurora_upstream *upstream, aurora__address *address,
                            uint64_t ticket, int32_t outcome);

/* --- pool.c ----------------------------------------------------------------------------------- */

typedef struct {
    aurora_upstream *upstream;
    aurora__upstream_connection *idle[AURORA_UPSTREAM_ADDRESSES_MAX]; /* newest first */
    uint32_t idle_count[AURORA_UPSTREAM_ADDRESSES_MAX];
    bool probes; /* this pool is the one that does */
    int64_t probe_due_ns;
    aurora_upstream_call *probing[AURORA_UPSTREAM_ADDRESSES_MAX];
} aurora__upstream_place;

struct aurora_upstream_pool {
    aurora_http_loop *loop;
    aurora__upstream_connection *connections; /* all of them */
    aurora_upstream_call *calls;              /* all of them */
    aurora_upstream_call *dead;               /* to be freed when nobody is on the stack */
    aurora__upstream_connection *dead_connections;
    aurora_tls_scratch *tls_scratch; /* NULL = no upstream speaks TLS */
    struct event *timer, *sweep;
    uint32_t depth; /* of listeners' calls */
    uint32_t place_count;
    aurora__upstream_place places[];
};

aurora__upstream_place *aurora__pool_place(aurora_upstream_pool *pool,
                                           const aurora_upstream *upstream);

/* --- connection.c ----------------------------------------------------------------------------- */

struct aurora__upstream_connection {
    aurora_upstream_pool *pool;
    aurora__upstream_connection *next, *previous; /* of the pool */
    aurora__upstream_connection *next_idle;
    aurora__upstream_place *place;
    aurora__address *address;
    aurora_upstream_call *call; /* NULL = idle */
    int fd;
    struct event readable, writable;
    aurora_tls_channel *tls; /* NULL = a plain connection, or not connected yet */
    bool is_connecting;      /* until a request can be sent: TCP's, then TLS' handshake */
    bool is_reading, is_writing;
    bool is_used;      /* it has answered before */
    bool has_answered; /* a byte of this call's answer has come */
    bool is_dead;
    uint32_t interim; /* 1xx of this call */
    int64_t idle_since_ns;
    aurora__reply reply;
    char *input; /* bytes of a head that is not complete */
    size_t input_len;
};

/* A kept connection that is still open, or one that is being opened. NULL: it cannot be had now. */
aurora__upstream_connection *aurora__connection_take(aurora_upstream_pool *pool,
                                                     aurora_upstream_call *call);
/* Sends the call's request, as much as goes. */
void aurora__upstream_connection_send(aurora__upstream_connection *connection);
/* Closes; its call, if any, hears nothing of it. */
void aurora__upstream_connection_drop(aurora__upstream_connection *connection);
void aurora__upstream_connection_free(aurora__upstream_connection *connection);
void aurora__upstream_connection_pause(aurora__upstream_connection *connection, bool is_paused);
/* Closes the idle ones whose time is over. */
void aurora__upstream_sweep(aurora_upstream_pool *pool, int64_t now_ns);

/* --- call.c ----------------------------------------------------------------------------------- */

typedef enum {
    AURORA__CALL_WAITING = 0, /* for its next attempt */
    AURORA__CALL_SENT,
    AURORA__CALL_ANSWERING, /* the head has gone to the listener */
    AURORA__CALL_OVER
} aurora__call_state;

struct aurora_upstream_call {
    aurora_upstream_pool *pool;
    aurora_upstream *upstream;
    aurora_upstream_call *next, *previous;
    aurora__upstream_place *place;
    aurora_upstream_request request;
    aurora_upstream_listener listener;
    void *self;
    aurora__call_state state;
    bool is_paused;
    bool is_probe;           /* of `address`, whatever its breaker says */
    bool has_place;          /* of the bulkhead */
    bool may_have_been_sent; /* some attempt has sent a byte */
    bool is_beginning;       /* within send: failures wait for the timer */
    struct event timer;      /* the attempt's end, or its beginning */
    int64_t moved_ns;        /* when the newest bytes of the answer came */
    int why;                 /* of a failure that waits to be told; 0 = none does */
    const char *detail;
    uint32_t retry_after_s;
    aurora_retry retry;
    uint32_t passed; /* addresses tried, as bits */
    uint32_t hasty;  /* repeats that followed a kept connection's end */
    bool is_hedge, has_hedged;
    aurora_upstream_call *twin; /* the hedge, or its owner */
    int64_t begun_ns;           /* 0 = nobody learns from it */
    int64_t end_ns;             /* of the attempt */
    int64_t hedge_at_ns;        /* INT64_MAX = never */
    aurora__address *address;
    uint64_t ticket;
    aurora__upstream_connection *connection;
    aurora_http_attempt *noted; /* this attempt; NULL = nobody wants to know */
    char *text; /* the head of the request, without Host and traceparent up to host_at */
    size_t host_at, text_len, sent;
};

/* Probes: of one address, with no repeats. NULL without memory. */
aurora_upstream_call *aurora__call_probe(aurora_upstream_pool *pool, aurora__upstream_place *place,
                                         uint32_t address, const aurora_upstream_request *request,
                                         const aurora_upstream_listener *listener, void *self);

/* What the connection says. */
void aurora__call_connected(aurora_upstream_call *call);
/* The head has come; false = the connection is not the call's any more. */
bool aurora__call_head(aurora_upstream_call *call, char *data);
bool aurora__call_body(aurora_upstream_call *call, const char *data, size_t len);
/* The whole answer has come; the connection is kept or closed by the connection. */
void aurora__call_ended(aurora_upstream_call *call);
/* The connection is closed after this. `why` is AURORA_UPSTREAM_FAILED or _BAD. */
void aurora__call_lost(aurora_upstream_call *call, int why, const char *detail);
/* What the hedge needs of a call: joins the pool's; sends to the address that it has; waits until
 * then; ends the attempt, without a word; ends the call, likewise. */
void aurora__call_link(aurora_upstream_call *call);
void aurora__call_start(aurora_upstream_call *call);
void aurora__call_await(aurora_upstream_call *call, int64_t end_ns);
void aurora__call_give_up(aurora_upstream_call *call, int32_t outcome);
void aurora__call_bury(aurora_upstream_call *call);
/* Drops all. */
void aurora__calls_drop(aurora_upstream_pool *pool);
void aurora__pool_bury(aurora_upstream_pool *pool);

/* --- call_text.c ------------------------------------------------------------------------------ */

/* What an attempt adds to the head: Host, traceparent, the end. */
#define AURORA__CALL_TAIL_BYTES (AURORA_UPSTREAM_ADDRESS_BYTES + AURORA_HTTP_TRACEPARENT_BYTES + 32)

/* The head but for that. False without memory. */
bool aurora__call_write(aurora_upstream_call *call);
/* Its end, for the address of this attempt. */
void aurora__call_write_tail(aurora_upstream_call *call);

/* --- probe.c ---------------------------------------------------------------------------------- */

void aurora__upstream_probe(aurora_upstream_pool *pool, int64_t now_ns);

#endif

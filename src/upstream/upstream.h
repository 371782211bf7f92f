/* SPDX-License-Identifier: MIT */
/* Calls to other servers over HTTP/1.1, made on the loops of our own server: connections that are
 * kept for each loop and address, several addresses for an upstream with the failing ones passed
 * over, repeats where a repeat is safe, deadlines, a bound on what is under way. Knows no route.
 *
 * Threads: an upstream is shared. A pool and its calls are confined to their loop's thread, and so
 * are the calls of a listener. */
#ifndef AURORA_UPSTREAM_UPSTREAM_H
#define AURORA_UPSTREAM_UPSTREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <aurora/breaker.h>

#include "http/attempt.h"
#include "http/server.h"
#include "tls/tls.h"

typedef struct aurora_upstream aurora_upstream;
typedef struct aurora_upstream_pool aurora_upstream_pool;
typedef struct aurora_upstream_call aurora_upstream_call;

#define AURORA_UPSTREAM_ADDRESSES_MAX 16
#define AURORA_UPSTREAM_ADDRESS_BYTES 256
#define AURORA_UPSTREAM_HEDGE_P95 UINT32_MAX

/* --- one upstream ----------------------------------------------------------------------------- */

/* Zero means the default in brackets. */
typedef struct {
    const char *name; /* "order" */
    const char *const
        *addresses;            /* "HOST:PORT", "[::1]:PORT"; names are resolved again and again */
    uint32_t address_count;    /* 1..AURORA_UPSTREAM_ADDRESSES_MAX */
    uint32_t calls_max;        /* at once, over all loops [1024] */
    uint32_t idle_max;         /* connections kept for a loop and address [64] */
    uint32_t connect_ms;       /* [1000] */
    uint32_t idle_ms;          /* a kept connection that nobody uses [30000] */
    uint32_t attempts_max;     /* of a call that may be repeated [3] */
    uint32_t budget_per_mille; /* repeats to a thousand calls in the long run [100] */
    /* An address is left alone that fails this share of at least so many calls in five seconds. */
    uint32_t breaker_percent;   /* 1..100 [50] */
    uint32_t breaker_calls_min; /* [5] */
    uint32_t breaker_in_row;    /* or so many one after the other [10] */
    uint32_t breaker_open_ms;   /* the first time; then longer, up to 16 times [1000] */
    uint32_t breaker_slow_ms;   /* a head that takes this long is as bad as none [never] */
    /* A read that has no answer after this time is also sent to another address; 0 = it is not,
     * AURORA_UPSTREAM_HEDGE_P95 = after what 95 of 100 calls take. */
    uint32_t hedge_ms;
    aurora_tls *tls;   /* NULL = plain connections; must outlive the pools that use it */
    const char *probe; /* a path that answers 2xx while an address takes calls; NULL = none */
    uint32_t probe_ms; /* between two probes of an address [1000] */
    /* Told when an address stops or begins again to take calls, by its probes: `state` is
     * AURORA_UPSTREAM_... as it is now. For one address at most once in told_ms [5000], then with
     * what holds by then; the first that it is up is no news. `why` says what the newest probe of
     * an unreachable one has met, else it is "". On a loop's thread; NULL = nobody. */
    void (*changed)(void *self, const char *name, const char *address, int32_t state,
                    const char *why);
    /* Told when the breaker of an address opens and when it is closed again, by calls. On a loop's
     * thread; NULL = nobody. `self` is changed_self. */
    void (*breaker)(void *self, const char *name, const char *address, bool is_open);
    void *changed_self;
    uint32_t told_ms;
} aurora_upstream_options;

/* Whether "HOST:PORT" is one; what is wrong with it is a static text, or NULL. */
const char *aurora_upstream_check_address(const char *address);

/* Copies the options; connects to nothing. AURORA_EINVAL names the option in err->field,
 * AURORA_ENOMEM. *out is freed with aurora_upstream_free. */
aurora_status aurora_upstream_new(const aurora_upstream_options *options, aurora_upstream **out,
                                  aurora_error *err);
/* Changes what may change while calls are under way; those keep what they began with. Threads:
 * shared. */
void aurora_upstream_adjust(aurora_upstream *upstream, uint32_t attempts_max, uint32_t hedge_ms);
/* After the pools that use it. NULL is a no-op. */
void aurora_upstream_free(aurora_upstream *upstream);

/* --- what it has seen ------------------------------------------------------------------------- */

enum {
    AURORA_UPSTREAM_UNKNOWN = 0, /* nothing was asked of it yet */
    AURORA_UPSTREAM_UP = 1,
    AURORA_UPSTREAM_NOT_READY = 2, /* its probe answers, with another status */
    AURORA_UPSTREAM_UNREACHABLE = 3,
};

typedef struct {
    const char *address; /* as it was given */
    int32_t state;       /* AURORA_UPSTREAM_..., by its last probe or call */
    aurora_breaker_figures breaker;
    uint64_t attempts, failures; /* no answer came of them, or none that can be read */
    uint64_t connects;
    uint32_t in_flight, connections;
} aurora_upstream_address_figures;

typedef struct {
    uint64_t calls, repeats;
    uint64_t refused;  /* at calls_max */
    uint64_t failed;   /* calls that were given up */
    uint64_t timeouts; /* of these */
    uint64_t cancelled;
    uint64_t hedges;    /* attempts beside another one */
    uint64_t won;       /* of these, whose answer was taken */
    uint32_t in_flight; /* calls */
    uint32_t address_count;
    aurora_upstream_address_figures addresses[AURORA_UPSTREAM_ADDRESSES_MAX];
} aurora_upstream_figures;

const char *aurora_upstream_name(const aurora_upstream *upstream);
/* Threads: shared. */
void aurora_upstream_figures_get(aurora_upstream *upstream, aurora_upstream_figures *out);

/* --- a loop's pool ---------------------------------------------------------------------------- */

/* In loop_begin of the server. The first pool of an upstream probes it. NULL without memory. */
aurora_upstream_pool *aurora_upstream_pool_new(aurora_http_loop *loop,
                                               aurora_upstream *const *upstreams, uint32_t count);
/* In loop_end. Calls that are still under way are dropped, and their listeners hear nothing. NULL
 * is a no-op. */
void aurora_upstream_pool_free(aurora_upstream_pool *pool);

/* --- a call ----------------------------------------------------------------------------------- */

typedef struct {
    const char *name;
    const char *value;
    size_t name_len, value_len;
} aurora_upstream_field;

/* What is sent. Texts and body must stay until the call has ended. */
typedef struct {
    const char *method;
    const char *path;
    const char *query;                   /* without "?"; "" = none */
    const aurora_upstream_field *fields; /* beside Host, Content-Length and Via, which are ours */
    uint32_t field_count;
    bool has_body; /* else no Content-Length is sent */
    const void *body;
    size_t body_len;
    bool may_hedge; /* a read that waits for nothing: two of it at once do no harm */
    /* Whether it may be sent again although it may have been done: a method that is idempotent
     * (RFC 9110, 9.2.2), or a key that makes it so. */
    bool is_repeatable;
    int64_t deadline_ns; /* of the monotonic clock: until the answer's head */
    bool is_hurried; /* it is the caller's, and shorter than ours: who is late is not to blame */
    uint32_t attempt_ms; /* without a byte of an answer, then it is repeated; 0 = the deadline */
    /* Has each attempt noted, which sends a traceparent of its own: then `fields` has none. NULL =
     * neither. */
    aurora_http_attempts *attempts;
} aurora_upstream_request;

/* Texts are valid during the call. */
typedef struct {
    int status; /* 200..599 */
    const aurora_upstream_field *fields;
    uint32_t field_count; /* without those of the connection (RFC 9110, 7.6.1) */
    bool has_length;
    uint64_t length;
    bool has_body;
} aurora_upstream_head;

/* Whether a field belongs to one connection and is not passed on: "keep-alive", in any case. What
 * Connection names is not known here. */
bool aurora_upstream_is_of_connection(const char *name, size_t len);

/* Why a call has ended without an answer. */
enum {
    AURORA_UPSTREAM_FAILED = 1, /* the answer was cut off, or did not begin */
    AURORA_UPSTREAM_BAD = 2,    /* what came is no answer */
    AURORA_UPSTREAM_LATE = 3,   /* the deadline has passed */
    AURORA_UPSTREAM_FULL = 4,   /* calls_max are under way */
    AURORA_UPSTREAM_BROKEN = 5, /* the breakers of all addresses are open */
    AURORA_UPSTREAM_DOWN = 6,   /* no address could be connected to: nothing was sent */
};

/* Exactly one of `ended` and `failed` is called, as the last of all, and not within send. A
 * listener may cancel the call from any of them, and may answer exchanges. */
typedef struct {
    void (*head)(void *self, const aurora_upstream_head *head); /* once */
    void (*body)(void *self, const char *data, size_t len);     /* after the head */
    void (*ended)(void *self);
    /* Before the head, or after it where the rest will not come. `detail` is one line for people
     * who run the system. */
    void (*failed)(void *self, int why, const char *detail, uint32_t retry_after_s);
} aurora_upstream_listener;

/* Begins a call. NULL without memory. */
aurora_upstream_call *aurora_upstream_send(aurora_upstream_pool *pool, aurora_upstream *upstream,
                                           const aurora_upstream_request *request,
                                           const aurora_upstream_listener *listener, void *self);
/* Ends it; the listener hears nothing more. */
void aurora_upstream_cancel(aurora_upstream_call *call);
/* Reads no more of the answer until told to go on: for listeners that cannot take it. */
void aurora_upstream_pause(aurora_upstream_call *call);
void aurora_upstream_resume(aurora_upstream_call *call);

#endif

/* SPDX-License-Identifier: MIT */
/* Policies made ready for requests: for each route the buckets that a call of it takes from, and
 * what the answer says of them, so that a request costs a look-up. A table never changes; a reload
 * makes another one, which has the buckets and the counters of the policies that go on. */
#ifndef AURORA_DAEMON_RATE_TABLE_H
#define AURORA_DAEMON_RATE_TABLE_H

#include <stdatomic.h>

#include <aurora/limiter.h>
#include <aurora/port/limiter.h>

#include "daemon/rate_policy.h"

#define AURORA__RATE_WINDOW_NAME_BYTES (AURORA__RATE_NAME_BYTES + 2)

_Static_assert(AURORA__RATE_CLAIMS_MAX <= AURORA_LIMITER_CLAIMS_MAX &&
                   AURORA__RATE_CLAIMS_MAX <= AURORA_LIMITER_TAKES_MAX,
               "one call can take them");

/* What a policy keeps over all reloads: counters, and its buckets in this process. */
typedef struct {
    _Atomic uint32_t refs;
    uint32_t id; /* of all stores of this program's tables */
    char name[AURORA__RATE_NAME_BYTES];
    aurora__rate_key key;
    aurora_limiter *local[AURORA__RATE_WINDOWS_MAX]; /* NULL = never counted here */
    _Atomic uint64_t allowed, denied, shadow;        /* requests */
    _Atomic int64_t logged_ns;                       /* when a refusal was last told */
    _Atomic uint64_t untold;                         /* refusals since */
} aurora__rate_store;

typedef struct {
    aurora__rate_window rate;
    char shared[AURORA__RATE_WINDOW_NAME_BYTES]; /* among processes: "checkout-1" */
    char name[AURORA__RATE_WINDOW_NAME_BYTES];   /* in fields: the same, or without the number */
} aurora__rate_bucket;

typedef struct {
    aurora__rate_store *store;
    aurora__rate_key key;
    aurora__rate_fallback fallback;
    bool is_shadow;
    int64_t lease_ns; /* 0 = none */
    uint32_t window_count;
    aurora__rate_bucket windows[AURORA__RATE_WINDOWS_MAX];
} aurora__rate_rule;

/* One bucket of one call. */
typedef struct {
    const aurora__rate_rule *rule;
    uint32_t window;
    uint64_t cost;
} aurora__rate_claim;

typedef struct {
    const aurora__rate_claim *claims; /* those of one policy are neighbours */
    uint32_t count;
    const char *field; /* RateLimit-Policy; "" = none */
} aurora__rate_route;

typedef struct {
    _Atomic uint32_t refs;
    uint32_t rule_count, route_count;
    uint32_t ids;                    /* that were given, also by those before it */
    const aurora_http_route *served; /* routes[i] is of served[i] */
    aurora__rate_rule *rules;
    aurora__rate_route *routes;
    aurora__rate_claim *claims;
    char *fields;
} aurora__rate_table;

typedef struct {
    const aurora__rate_policies *policies;
    const aurora_http_route *served; /* outlives the table */
    uint32_t served_count;
    aurora__rate_table *old; /* whose buckets go on, with what is missing in them; NULL = none */
    bool is_shared;          /* processes share the buckets: here only for fallbacks */
    uint64_t seed[2];
    int64_t now_ns;
} aurora__rate_table_options;

/* Makes a table with one reference. NULL, with one line in error_out: no memory, or a route that
 * more windows bind than one call can take from; then the old table's buckets are as before. */
aurora__rate_table *aurora__rate_table_new(const aurora__rate_table_options *options,
                                           char error_out[AURORA_CONFIG_ERROR_BYTES]);
/* Drops a reference; with the last one it goes. NULL is a no-op. Threads: shared. */
void aurora__rate_table_drop(aurora__rate_table *table);

#endif

/* SPDX-License-Identifier: MIT */
/* What a process knows of buckets that it shares with others, so that it need not ask each time:
 * tokens that it has taken ahead (a lease), and buckets that were empty and cannot have a token
 * before some time. Bounded: the least useful entry makes room. Threads: shared; waits for nothing
 * but its lock. */
#ifndef AURORA_DAEMON_RATE_LEASE_H
#define AURORA_DAEMON_RATE_LEASE_H

#include "daemon/rate_table.h"

typedef struct aurora__rate_leases aurora__rate_leases;

/* One bucket of one call: what is asked of it, and what came of that. */
typedef struct {
    const aurora__rate_claim *claim;
    const char *key;
    uint32_t key_len;
    bool is_known; /* `limit` is set */
    aurora_limit limit;
} aurora__rate_ask;

typedef struct {
    uint64_t allowed; /* calls that leases decided */
    uint64_t denied;  /* calls that a bucket known to be empty refused */
    uint64_t taken;   /* tokens ahead */
    uint64_t used;    /* of these */
    uint64_t keys;    /* entries in use */
} aurora__rate_lease_figures;

enum { AURORA__RATE_DENIED = 0, AURORA__RATE_ALLOWED = 1, AURORA__RATE_UNKNOWN = 2 };

/* NULL without memory. */
aurora__rate_leases *aurora__rate_leases_new(uint64_t seed);
void aurora__rate_leases_free(aurora__rate_leases *leases); /* NULL is a no-op */

/* Decides by what is known: AURORA__RATE_ALLOWED with the cost taken from each lease, _DENIED where
 * a bucket that is enforced is known to be empty, else _UNKNOWN and nothing is taken. */
int aurora__rate_leases_decide(aurora__rate_leases *leases, aurora__rate_ask *asks, uint32_t count,
                               int64_t now_ns);

/* How many tokens to take ahead from each: as many as the calls of the last lease's time cost,
 * where there were two at least, and at most an eighth of the burst with those that are left; 0 for
 * all where one of them can give none, as then nothing could be decided here anyway. */
void aurora__rate_leases_want(aurora__rate_leases *leases, const aurora__rate_ask *asks,
                              uint32_t count, int64_t now_ns, uint64_t *extras_out);

/* Keeps what the shared buckets answered to asks that began at now_ns. */
void aurora__rate_leases_note(aurora__rate_leases *leases, const aurora__rate_ask *asks,
                              uint32_t count, const uint64_t *extras, int64_t now_ns);

/* Forgets everything: policies have changed. */
void aurora__rate_leases_clear(aurora__rate_leases *leases);
void aurora__rate_leases_read(aurora__rate_leases *leases, aurora__rate_lease_figures *out);

#endif

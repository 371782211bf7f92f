/* SPDX-License-Identifier: MIT */
/* What the files of the rate limit share. */
#ifndef AURORA_DAEMON_RATE_INTERNAL_H
#define AURORA_DAEMON_RATE_INTERNAL_H

#include <pthread.h>

#include "daemon/rate_limit.h"

struct aurora__rate_limit {
    pthread_mutex_t lock;
    aurora__rate_table *table; /* in force; taken under the lock; NULL = none yet */
    _Atomic bool has_policies;
    aurora__rate_leases *leases; /* NULL = nothing is shared */
    aurora_limiter_port port;    /* zeroed: "memory:" */
    aurora_allocator allocator;
    aurora_service_log *log;
    uint64_t seed[2];
    _Atomic uint64_t admitted, refused, unreachable, asked;
};

/* The table in force, to be dropped; NULL = none. */
aurora__rate_table *aurora__rate_limit_table(aurora__rate_limit *limit);

#endif

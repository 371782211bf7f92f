/* SPDX-License-Identifier: MIT */
/* What the host's name stands for. Looking a name up has no time limit that a caller could set, so
 * after the opening a thread of its own does it, whenever connecting has failed. */
#ifndef AURORA_ADAPTERS_REDIS_RESOLVE_H
#define AURORA_ADAPTERS_REDIS_RESOLVE_H

#include <pthread.h>

#include "adapters/redis/connection.h"

typedef struct {
    const char *host; /* these two are borrowed */
    const char *port;
    pthread_mutex_t lock;
    aurora__redis_endpoints endpoints;
    pthread_t thread;
    bool is_number;  /* an address: there is nothing to look up */
    bool has_thread; /* to be joined */
    bool is_running;
} aurora__redis_resolver;

/* Looks the name up once; what is not found may be later. */
void aurora__redis_resolver_init(aurora__redis_resolver *resolver, const char *host,
                                 const char *port);
/* Waits for a lookup that runs. */
void aurora__redis_resolver_deinit(aurora__redis_resolver *resolver);
void aurora__redis_resolver_read(aurora__redis_resolver *resolver, aurora__redis_endpoints *out);
/* Begins a lookup, if none runs. */
void aurora__redis_resolver_hasten(aurora__redis_resolver *resolver);

#endif

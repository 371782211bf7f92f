/* SPDX-License-Identifier: MIT */
#include "routes/observe.h"

#include "routes/routes.h"

const uint16_t aurora__counted_statuses[AURORA__COUNTED_STATUSES - 1] = {
    200, 201, 202, 204, 206, 304, 400, 401, 403, 404, 405, 406, 408, 409, 410, 411, 412,
    413, 414, 415, 416, 417, 421, 422, 428, 429, 431, 500, 501, 502, 503, 504, 505, 507,
};

/* Upper bounds of the buckets but the last. */
static const int64_t bounds_ns[AURORA__DURATION_BUCKETS - 1] = {
    250000,   500000,    1000000,   2500000,   5000000,    10000000,   25000000,
    50000000, 100000000, 250000000, 500000000, 1000000000, 2500000000, 10000000000,
};

const char *const aurora__duration_bounds[AURORA__DURATION_BUCKETS] = {
    "0.00025", "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05",
    "0.1",     "0.25",   "0.5",   "1",      "2.5",   "10",   "+Inf",
};

/* The counter of a route, claimed at its first request; the first one where all are taken. */
static aurora__route_counter *counter_of(aurora__http_counters *counters,
                                         const aurora_http_route *route)
{
    uint32_t count = AURORA__COUNTED_ROUTES_MAX - 1;
    if (route == NULL)
        return &counters->routes[0];
    uint32_t start = (uint32_t)((uintptr_t)route / sizeof *route % count);
    for (uint32_t i = 0; i < count; i++) {
        aurora__route_counter *at = &counters->routes[1 + (start + i) % count];
        const aurora_http_route *owner = atomic_load_explicit(&at->route, memory_order_relaxed);
        if (owner == route)
            return at;
        /* A failed exchange leaves the winner in `owner`, which may be this very route. */
        if (owner == NULL &&
            (atomic_compare_exchange_strong(&at->route, &owner, route) || owner == route))
            return at;
    }
    return &counters->routes[0];
}

static void add(_Atomic uint64_t *counter, uint64_t value)
{
    atomic_fetch_add_explicit(counter, value, memory_order_relaxed);
}

void aurora_routes_observe(aurora_routes *routes, const aurora_http_access *access)
{
    aurora__route_counter *counter = counter_of(&routes->counters, access->route);
    uint32_t status = 0;
    uint32_t bucket = 0;
    while (status < AURORA__COUNTED_STATUSES - 1 &&
           aurora__counted_statuses[status] != access->status)
        status++;
    while (bucket < AURORA__DURATION_BUCKETS - 1 && access->duration_ns > bounds_ns[bucket])
        bucket++;
    add(&counter->statuses[status], 1);
    add(&counter->buckets[bucket], 1);
    add(&counter->sum_ns, access->duration_ns > 0 ? (uint64_t)access->duration_ns : 0);
}

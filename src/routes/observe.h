/* SPDX-License-Identifier: MIT */
/* What came of the requests of each route, counted by any thread without a lock. */
#ifndef AURORA_ROUTES_OBSERVE_H
#define AURORA_ROUTES_OBSERVE_H

#include <stdatomic.h>
#include <stdint.h>

#include "http/route.h"

#define AURORA__COUNTED_ROUTES_MAX 96 /* all tables together have about half as many */
#define AURORA__COUNTED_STATUSES 35   /* aurora__counted_statuses, and one for any other */
#define AURORA__DURATION_BUCKETS 15

typedef struct {
    _Atomic(const aurora_http_route *) route; /* NULL = free, but for the first: no route */
    _Atomic uint64_t statuses[AURORA__COUNTED_STATUSES];
    _Atomic uint64_t buckets[AURORA__DURATION_BUCKETS]; /* not cumulative */
    _Atomic uint64_t sum_ns;
} aurora__route_counter;

/* Zeroed = nothing counted. The first counter is for requests that met no route. */
typedef struct {
    aurora__route_counter routes[AURORA__COUNTED_ROUTES_MAX];
} aurora__http_counters;

/* The status of each place but the last, ascending. */
extern const uint16_t aurora__counted_statuses[AURORA__COUNTED_STATUSES - 1];
/* Upper bounds of the buckets as the text of "le". */
extern const char *const aurora__duration_bounds[AURORA__DURATION_BUCKETS];

#endif

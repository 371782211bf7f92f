/* SPDX-License-Identifier: MIT */
/* What came of the requests of each route, counted by any thread without a lock. */
#ifndef AURORA_ROUTES_OBSERVE_H
#define AURORA_ROUTES_OBSERVE_H

#include "http/route.h"
#include "metric/metric.h"

#define AURORA__COUNTED_ROUTES_MAX 96 /* all tables together have about half as many */
#define AURORA__COUNTED_STATUSES 35   /* those that are likely, and one for any other */

/* The series of a route, looked up when they are first needed. */
typedef struct {
    _Atomic(const aurora_http_route *) route; /* NULL = free, but for the first: no route */
    _Atomic(aurora__counter *) statuses[AURORA__COUNTED_STATUSES];
    _Atomic(aurora__histogram *) durations;
} aurora__route_series;

/* Zeroed = nothing counted. The first is for requests that met no route. */
typedef struct {
    aurora__route_series routes[AURORA__COUNTED_ROUTES_MAX];
} aurora__http_series;

#endif

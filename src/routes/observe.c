/* SPDX-License-Identifier: MIT */
/* Requests by route template. HEAD counts as the GET that serves it. */
#include "routes/observe.h"

#include <stdio.h>
#include <time.h>

#include "routes/routes.h"

static const uint16_t counted[AURORA__COUNTED_STATUSES - 1] = {
    200, 201, 202, 204, 206, 304, 400, 401, 403, 404, 405, 406, 408, 409, 410, 411, 412,
    413, 414, 415, 416, 417, 421, 422, 428, 429, 431, 500, 501, 502, 503, 504, 505, 507,
};

static const aurora__family requests = AURORA__COUNTER_FAMILY_BY(
    "aurora_http_requests_total", "Requests that were answered, by route and status.", "method",
    "route", "status");
static const aurora__family durations = AURORA__DURATION_FAMILY_BY(
    "aurora_http_request_duration_seconds", "Time from a request's end to its answer's, by route.",
    "method", "route");

/* What requests that met no route are shown as: their own words are anybody's, and no label. */
static const char *method_of(const aurora_http_route *route)
{
    static const char *const methods[] = {
        [AURORA_HTTP_GET] = "GET",       [AURORA_HTTP_HEAD] = "HEAD",
        [AURORA_HTTP_POST] = "POST",     [AURORA_HTTP_PUT] = "PUT",
        [AURORA_HTTP_DELETE] = "DELETE", [AURORA_HTTP_OPTIONS] = "OPTIONS",
        [AURORA_HTTP_PATCH] = "PATCH",   [AURORA_HTTP_TRACE] = "TRACE",
        [AURORA_HTTP_QUERY] = "QUERY",
    };
    return route == NULL ? "other" : methods[route->method];
}

static const char *template_of(const aurora_http_route *route)
{
    return route == NULL ? "none" : route->template_path;
}

/* The series of a route, claimed at its first request; those of no route where all are taken. */
static aurora__route_series *series_of(aurora__http_series *all, const aurora_http_route *route)
{
    uint32_t count = AURORA__COUNTED_ROUTES_MAX - 1;
    if (route == NULL)
        return &all->routes[0];
    uint32_t start = (uint32_t)((uintptr_t)route / sizeof *route % count);
    for (uint32_t i = 0; i < count; i++) {
        aurora__route_series *at = &all->routes[1 + (start + i) % count];
        const aurora_http_route *owner = atomic_load_explicit(&at->route, memory_order_relaxed);
        if (owner == route)
            return at;
        /* A failed exchange leaves the winner in `owner`, which may be this very route. */
        if (owner == NULL &&
            (atomic_compare_exchange_strong(&at->route, &owner, route) || owner == route))
            return at;
    }
    return &all->routes[0];
}

static aurora__counter *status_of(aurora__registry *registry, aurora__route_series *of,
                                  int status_code)
{
    uint32_t i = 0;
    char text[8] = "other";
    while (i < AURORA__COUNTED_STATUSES - 1 && counted[i] != status_code)
        i++;
    aurora__counter *found = atomic_load_explicit(&of->statuses[i], memory_order_acquire);
    if (found != NULL)
        return found;
    const aurora_http_route *route = of->route;
    if (i < AURORA__COUNTED_STATUSES - 1)
        snprintf(text, sizeof text, "%u", counted[i]);
    found = aurora__registry_counter(registry, &requests,
                                     AURORA__VALUES(method_of(route), template_of(route), text));
    atomic_store_explicit(&of->statuses[i], found, memory_order_release);
    return found;
}

static aurora__histogram *durations_of(aurora__registry *registry, aurora__route_series *of)
{
    aurora__histogram *found = atomic_load_explicit(&of->durations, memory_order_acquire);
    if (found != NULL)
        return found;
    const aurora_http_route *route = of->route;
    found = aurora__registry_histogram(registry, &durations,
                                       AURORA__VALUES(method_of(route), template_of(route)));
    atomic_store_explicit(&of->durations, found, memory_order_release);
    return found;
}

/* An increase is seen from a series' second value on: what alarms look for is there, at 0, before
 * it happens. */
void aurora_routes_observe_begin(aurora_routes *routes)
{
    static const int failures[] = {500, 502, 503, 504};
    for (uint32_t i = 0; routes->registry != NULL && i < routes->served_count; i++) {
        aurora__route_series *of = series_of(&routes->series, &routes->served[i]);
        for (size_t j = 0; j < sizeof failures / sizeof *failures; j++)
            (void)status_of(routes->registry, of, failures[j]);
    }
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The sixteen bytes of 32 hex digits. */
static bool read_trace_id(const char *text, uint8_t out[16])
{
    for (int i = 0; i < 32; i++) {
        char c = text[i];
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0)
            return false;
        out[i / 2] = (uint8_t)(i % 2 == 0 ? digit << 4 : out[i / 2] | digit);
    }
    return true;
}

void aurora_routes_observe(aurora_routes *routes, const aurora_http_access *access)
{
    uint8_t trace_id[16];
    if (routes->registry == NULL)
        return;
    aurora__route_series *of = series_of(&routes->series, access->route);
    aurora__histogram *histogram = durations_of(routes->registry, of);
    uint64_t took_ns = access->duration_ns > 0 ? (uint64_t)access->duration_ns : 0;
    aurora__counter_add(status_of(routes->registry, of, access->status), 1);
    if ((access->trace_flags & 1) != 0 && access->trace_id != NULL &&
        read_trace_id(access->trace_id, trace_id))
        aurora__histogram_add_traced(histogram, took_ns, trace_id, now_ms());
    else
        aurora__histogram_add(histogram, took_ns);
}

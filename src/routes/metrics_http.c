/* SPDX-License-Identifier: MIT */
/* Requests by route template, and the server's own counters. HEAD counts as the GET that serves
 * it. */
#include "routes/metrics.h"

typedef struct {
    const char *method;
    const char *route;
} place;

/* What requests that met no route are shown as: their own words are anybody's, and no label. */
static place place_of(const aurora_http_route *route)
{
    static const char *const methods[] = {
        [AURORA_HTTP_GET] = "GET",       [AURORA_HTTP_HEAD] = "HEAD",
        [AURORA_HTTP_POST] = "POST",     [AURORA_HTTP_PUT] = "PUT",
        [AURORA_HTTP_DELETE] = "DELETE", [AURORA_HTTP_OPTIONS] = "OPTIONS",
        [AURORA_HTTP_PATCH] = "PATCH",   [AURORA_HTTP_TRACE] = "TRACE",
        [AURORA_HTTP_QUERY] = "QUERY",
    };
    if (route == NULL)
        return (place){"other", "none"};
    return (place){methods[route->method], route->template_path};
}

static uint64_t read_counter(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

/* --- requests --------------------------------------------------------------------------------- */

static void write_statuses(FILE *to, const char *name, place at,
                           const aurora__route_counter *counter)
{
    char text[8];
    aurora_pair labels[] = {{"method", at.method}, {"route", at.route}, {"status", text}};
    for (uint32_t i = 0; i < AURORA__COUNTED_STATUSES; i++) {
        uint64_t count = read_counter(&counter->statuses[i]);
        if (count == 0)
            continue;
        if (i == AURORA__COUNTED_STATUSES - 1)
            snprintf(text, sizeof text, "other");
        else
            snprintf(text, sizeof text, "%u", aurora__counted_statuses[i]);
        aurora__metric_sample(to, name, "", labels, 3, (double)count);
    }
}

/* The buckets become cumulative, and the count is the last of them, so that they agree also while
 * others count. */
static void write_durations(FILE *to, const char *name, place at,
                            const aurora__route_counter *counter)
{
    uint64_t total = 0;
    aurora_pair labels[] = {{"method", at.method}, {"route", at.route}, {"le", ""}};
    for (uint32_t i = 0; i < AURORA__DURATION_BUCKETS; i++) {
        total += read_counter(&counter->buckets[i]);
        labels[2].value = aurora__duration_bounds[i];
        aurora__metric_sample(to, name, "_bucket", labels, 3, (double)total);
    }
    aurora__metric_sample(to, name, "_sum", labels, 2,
                          (double)read_counter(&counter->sum_ns) / 1e9);
    aurora__metric_sample(to, name, "_count", labels, 2, (double)total);
}

static void write_requests(FILE *to, const aurora__http_counters *counters)
{
    static const char requests[] = "aurora_http_requests_total";
    static const char durations[] = "aurora_http_request_duration_seconds";
    void (*const writers[])(FILE *, const char *, place,
                            const aurora__route_counter *) = {write_statuses, write_durations};
    const char *const names[] = {requests, durations};
    for (int family = 0; family < 2; family++) {
        if (family == 0)
            aurora__metric_family(to, requests, AURORA_METRIC_COUNTER,
                                  "Requests that were answered, by route and status.");
        else
            aurora__metric_family(to, durations, AURORA_METRIC_HISTOGRAM,
                                  "Time from a request's end to its answer's, by route.");
        for (uint32_t i = 0; i < AURORA__COUNTED_ROUTES_MAX; i++) {
            const aurora__route_counter *counter = &counters->routes[i];
            const aurora_http_route *route =
                atomic_load_explicit(&counter->route, memory_order_acquire);
            if (i == 0 || route != NULL)
                writers[family](to, names[family], place_of(route), counter);
        }
    }
}

/* --- the server ------------------------------------------------------------------------------- */

static void write_server(FILE *to, aurora_http_server *server)
{
    aurora_http_stats stats;
    aurora_http_stats_get(server, &stats);
    const struct {
        const char *name;
        int32_t kind;
        const char *help;
        double value;
    } rows[] = {
        {"aurora_http_connections_accepted_total", AURORA_METRIC_COUNTER,
         "Connections that were accepted.", (double)stats.accepted},
        {"aurora_http_connections_refused_total", AURORA_METRIC_COUNTER,
         "Connections that were turned away at the limit.", (double)stats.refused_connections},
        {"aurora_http_bad_heads_total", AURORA_METRIC_COUNTER,
         "Requests whose head was refused before a route was looked for.", (double)stats.bad_heads},
        {"aurora_http_timeouts_total", AURORA_METRIC_COUNTER,
         "Connections that were closed because a deadline passed.", (double)stats.timeouts},
        {"aurora_http_connections", AURORA_METRIC_GAUGE, "Connections that are open.",
         stats.connections},
        {"aurora_http_requests_in_flight", AURORA_METRIC_GAUGE, "Requests that have no answer yet.",
         stats.in_flight},
        {"aurora_http_jobs_waiting", AURORA_METRIC_GAUGE, "Requests that wait for a worker thread.",
         stats.jobs_waiting},
        {"aurora_http_streams", AURORA_METRIC_GAUGE, "Streams of events that are open.",
         stats.streams},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        aurora__metric_single(to, rows[i].name, rows[i].kind, rows[i].help, rows[i].value);
}

/* --- TLS -------------------------------------------------------------------------------------- */

static void write_handshakes(FILE *to, const aurora_http_stats *stats)
{
    static const char handshakes[] = "aurora_tls_handshakes_total";
    static const char failures[] = "aurora_tls_handshake_failures_total";
    aurora_pair version[] = {{"version", "1.2"}}, reason[] = {{"reason", ""}};
    aurora__metric_family(to, handshakes, AURORA_METRIC_COUNTER,
                          "Handshakes that were ended, by version of TLS.");
    aurora__metric_sample(to, handshakes, "", version, 1, (double)stats->tls_1_2);
    version[0].value = "1.3";
    aurora__metric_sample(to, handshakes, "", version, 1, (double)stats->tls_1_3);
    aurora__metric_family(to, failures, AURORA_METRIC_COUNTER, "Handshakes that failed, by why.");
    for (int i = AURORA_TLS_FINE + 1; i < AURORA_TLS_FAILURE_COUNT; i++) {
        reason[0].value = aurora_tls_failure_name((aurora_tls_failure)i);
        aurora__metric_sample(to, failures, "", reason, 1, (double)stats->tls_failures[i]);
    }
}

static void write_tls(FILE *to, aurora_http_server *server)
{
    aurora_http_stats stats;
    aurora_http_stats_get(server, &stats);
    if (!stats.is_tls)
        return;
    write_handshakes(to, &stats);
    aurora__metric_single(to, "aurora_tls_handshakes_resumed_total", AURORA_METRIC_COUNTER,
                          "Handshakes that went on with an earlier session.",
                          (double)stats.tls_resumed);
    aurora__metric_single(
        to, "aurora_tls_certificate_expiry_timestamp_seconds", AURORA_METRIC_GAUGE,
        "When the first certificate of the chain ends, as Unix time.", (double)stats.tls_expires_s);
}

void aurora__metrics_http(FILE *to, const aurora_routes *routes)
{
    write_requests(to, &routes->counters);
    if (routes->server == NULL)
        return;
    write_server(to, routes->server);
    write_tls(to, routes->server);
}

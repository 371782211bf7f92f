/* SPDX-License-Identifier: MIT */
/* The HTTP server's own figures. */
#include "routes/metrics.h"

static void add_server(aurora__sheet *sheet, const aurora_http_stats *stats)
{
    static const aurora__family families[] = {
        AURORA__COUNTER_FAMILY("aurora_http_connections_accepted_total",
                               "Connections that were accepted."),
        AURORA__COUNTER_FAMILY("aurora_http_connections_refused_total",
                               "Connections that were turned away at the limit."),
        AURORA__COUNTER_FAMILY("aurora_http_bad_heads_total",
                               "Requests whose head was refused before a route was looked for."),
        AURORA__COUNTER_FAMILY("aurora_http_timeouts_total",
                               "Connections that were closed because a deadline passed."),
        AURORA__GAUGE_FAMILY("aurora_http_connections", "Connections that are open."),
        AURORA__GAUGE_FAMILY("aurora_http_requests_in_flight", "Requests that have no answer yet."),
        AURORA__GAUGE_FAMILY("aurora_http_jobs_waiting", "Requests that wait for a worker thread."),
        AURORA__GAUGE_FAMILY("aurora_http_streams", "Streams of events that are open."),
    };
    const double values[] = {
        (double)stats->accepted,  (double)stats->refused_connections,
        (double)stats->bad_heads, (double)stats->timeouts,
        stats->connections,       stats->in_flight,
        stats->jobs_waiting,      stats->streams,
    };
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        aurora__sheet_add(sheet, &families[i], NULL, values[i]);
}

static void add_tls(aurora__sheet *sheet, const aurora_http_stats *stats)
{
    static const aurora__family handshakes = AURORA__COUNTER_FAMILY_BY(
        "aurora_tls_handshakes_total", "Handshakes that were ended, by version of TLS.", "version");
    static const aurora__family failures = AURORA__COUNTER_FAMILY_BY(
        "aurora_tls_handshake_failures_total", "Handshakes that failed, by why.", "reason");
    static const aurora__family resumed = AURORA__COUNTER_FAMILY(
        "aurora_tls_handshakes_resumed_total", "Handshakes that went on with an earlier session.");
    static const aurora__family expiry =
        AURORA__GAUGE_FAMILY("aurora_tls_certificate_expiry_timestamp_seconds",
                             "When the first certificate of the chain ends, as Unix time.");
    aurora__sheet_add(sheet, &handshakes, AURORA__VALUES("1.2"), (double)stats->tls_1_2);
    aurora__sheet_add(sheet, &handshakes, AURORA__VALUES("1.3"), (double)stats->tls_1_3);
    for (int i = AURORA_TLS_FINE + 1; i < AURORA_TLS_FAILURE_COUNT; i++)
        aurora__sheet_add(sheet, &failures,
                          AURORA__VALUES(aurora_tls_failure_name((aurora_tls_failure)i)),
                          (double)stats->tls_failures[i]);
    aurora__sheet_add(sheet, &resumed, NULL, (double)stats->tls_resumed);
    aurora__sheet_add(sheet, &expiry, NULL, (double)stats->tls_expires_s);
}

void aurora__metrics_server(aurora__sheet *sheet, aurora_http_server *server)
{
    aurora_http_stats stats;
    aurora_http_stats_get(server, &stats);
    add_server(sheet, &stats);
    if (stats.is_tls)
        add_tls(sheet, &stats);
}

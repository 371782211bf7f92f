/* SPDX-License-Identifier: MIT */
/* GET /admin/stats and /admin/limits: the counters of this process and the state of its store in
 * one document each, for a page that people look at; /metrics is what machines collect. */
#include <string.h>

#include "routes/admin.h"
#include "routes/answer.h"
#include "routes/shared.h"

static const char *consumer_kind(int32_t kind)
{
    static const char *const names[] = {"", "host", "saga", "relay", "follower"};
    return kind < AURORA_CONSUMER_HOST || kind > AURORA_CONSUMER_FOLLOWER ? "" : names[kind];
}

/* --- what is counted -------------------------------------------------------------------------- */

static void write_sample(aurora_json_out *out, const aurora_metric *sample)
{
    aurora_json_out_object(out, NULL);
    aurora_json_out_text(out, "name", sample->name);
    aurora_json_out_object(out, "labels");
    for (uint32_t i = 0; i < sample->label_count; i++)
        aurora_json_out_text(out, sample->labels[i].name, sample->labels[i].value);
    aurora_json_out_close(out, '}');
    aurora_json_out_double(out, "value", sample->value);
    aurora_json_out_close(out, '}');
}

/* Histograms are left to /metrics: they are for arithmetic over time. */
static aurora_status write_metrics(aurora_json_out *out, aurora_t *shop)
{
    aurora_metric_page *page = NULL;
    aurora_status status = aurora_metrics(shop, &page);
    if (status != AURORA_OK)
        return status;
    aurora_json_out_time(out, "at", page->at_ms);
    aurora_json_out_array(out, "metrics");
    for (uint32_t i = 0; i < page->count; i++) {
        if (page->items[i]->kind != AURORA_METRIC_HISTOGRAM)
            write_sample(out, page->items[i]);
    }
    aurora_json_out_close(out, ']');
    aurora_metric_page_free(page);
    return AURORA_OK;
}

void aurora_routes_http_figures(aurora_json_out *out, aurora_http_server *server)
{
    aurora_http_stats stats = {0};
    if (server != NULL)
        aurora_http_stats_get(server, &stats);
    aurora_json_out_object(out, "http");
    aurora_json_out_uint(out, "accepted", stats.accepted);
    aurora_json_out_uint(out, "refused_connections", stats.refused_connections);
    aurora_json_out_uint(out, "requests", stats.requests);
    aurora_json_out_uint(out, "bad_heads", stats.bad_heads);
    aurora_json_out_uint(out, "timeouts", stats.timeouts);
    aurora_json_out_uint(out, "connections", stats.connections);
    aurora_json_out_uint(out, "in_flight", stats.in_flight);
    aurora_json_out_uint(out, "jobs_waiting", stats.jobs_waiting);
    aurora_json_out_uint(out, "streams", stats.streams);
    aurora_json_out_close(out, '}');
}

/* --- what is stored --------------------------------------------------------------------------- */

static aurora_status write_drain(aurora_json_out *out, aurora_t *shop)
{
    aurora_drain drain;
    aurora_status status = aurora_drain_get(shop, &drain);
    if (status != AURORA_OK)
        return status;
    aurora_json_out_object(out, "drain");
    aurora_json_out_bool(out, "is_drained", drain.is_drained == 1);
    aurora_json_out_bool(out, "is_refusing", drain.is_refusing == 1);
    aurora_json_out_uint(out, "unsettled_orders", drain.unsettled_orders);
    aurora_json_out_uint(out, "relay_lag", drain.relay_lag);
    aurora_json_out_uint(out, "saga_lag", drain.saga_lag);
    aurora_json_out_close(out, '}');
    return AURORA_OK;
}

static aurora_status write_log(aurora_json_out *out, aurora_t *shop)
{
    uint64_t oldest = 0, newest = 0;
    aurora_consumer_page *page = NULL;
    aurora_status status = aurora_event_bounds(shop, &oldest, &newest);
    if (status == AURORA_OK)
        status = aurora_consumer_list(shop, &page);
    if (status != AURORA_OK)
        return status;
    aurora_json_out_object(out, "events");
    aurora_json_out_uint(out, "oldest", oldest);
    aurora_json_out_uint(out, "newest", newest);
    aurora_json_out_close(out, '}');
    aurora_json_out_array(out, "consumers");
    for (uint32_t i = 0; i < page->count; i++) {
        const aurora_consumer *consumer = page->items[i];
        aurora_json_out_object(out, NULL);
        aurora_json_out_text(out, "name", consumer->name);
        aurora_json_out_text(out, "kind", consumer_kind(consumer->kind));
        aurora_json_out_uint(out, "position", consumer->position);
        aurora_json_out_uint(out, "lag", consumer->lag);
        aurora_json_out_time(out, "seen_at", consumer->seen_at_ms);
        aurora_json_out_bool(out, "is_gone", consumer->is_gone == 1);
        aurora_json_out_close(out, '}');
    }
    aurora_json_out_close(out, ']');
    aurora_consumer_page_free(page);
    return AURORA_OK;
}

void aurora__stats_handle(aurora_http_exchange *exchange, void *self)
{
    const aurora_routes *routes = self;
    aurora_json_out out = {0};
    aurora_status health = aurora_health(routes->shop);
    aurora_json_out_object(&out, NULL);
    aurora_json_out_text(&out, "service", routes->service_name);
    aurora_json_out_text(&out, "version", aurora_version());
    aurora_json_out_text(&out, "health", health == AURORA_OK ? "ok" : aurora_status_text(health));
    aurora_status status = write_drain(&out, routes->shop);
    if (status == AURORA_OK)
        status = write_log(&out, routes->shop);
    if (status == AURORA_OK)
        status = write_metrics(&out, routes->shop);
    if (status != AURORA_OK) {
        aurora_json_out_drop(&out);
        aurora_http_refuse(exchange, status, NULL);
        return;
    }
    aurora_routes_http_figures(&out, routes->server);
    aurora_http_set(exchange, "Cache-Control", "no-store");
    aurora_json_out_close(&out, '}');
    aurora__answer_json(exchange, 200, &out);
}

/* --- what is bounded -------------------------------------------------------------------------- */

/* The value of a sample, of the one with this label where `label` is not NULL; 0 where there is
 * none. */
static uint64_t value_of(const aurora_metric_page *page, const char *name, const char *label)
{
    for (uint32_t i = 0; i < page->count; i++) {
        const aurora_metric *sample = page->items[i];
        if (strcmp(sample->name, name) == 0 &&
            (label == NULL ||
             (sample->label_count > 0 && strcmp(sample->labels[0].value, label) == 0)))
            return (uint64_t)sample->value;
    }
    return 0;
}

static void write_limit(aurora_json_out *out, const char *name, uint64_t used, uint64_t refused)
{
    aurora_json_out_object(out, NULL);
    aurora_json_out_text(out, "name", name);
    aurora_json_out_uint(out, "used", used);
    aurora_json_out_uint(out, "refused", refused);
    aurora_json_out_close(out, '}');
}

/* Those before the payment provider and what processes share, where there are any. */
static void write_breakers(aurora_json_out *out, const aurora_routes *routes)
{
    aurora_json_out_array(out, "breakers");
    aurora__shared_breakers(out, routes);
    aurora_json_out_close(out, ']');
}

void aurora__limits_handle(aurora_http_exchange *exchange, void *self)
{
    const aurora_routes *routes = self;
    aurora_json_out out = {0};
    aurora_http_stats http = {0};
    aurora_metric_page *page = NULL;
    aurora_status status = aurora_metrics(routes->shop, &page);
    if (status != AURORA_OK) {
        aurora_http_refuse(exchange, status, NULL);
        return;
    }
    if (routes->server != NULL)
        aurora_http_stats_get(routes->server, &http);
    aurora__page_begin(&out);
    write_limit(&out, "commands", value_of(page, "aurora_queue_length", NULL),
                value_of(page, "aurora_overload_total", "queue"));
    write_limit(&out, "log_bytes", value_of(page, "aurora_log_bytes", NULL),
                value_of(page, "aurora_overload_total", "log"));
    write_limit(&out, "connections", http.connections, http.refused_connections);
    aurora_json_out_close(&out, ']');
    aurora_json_out_null(&out, "next_cursor");
    write_breakers(&out, routes);
    aurora__shared_limiter(&out, routes);
    aurora_http_set(exchange, "Cache-Control", "no-store");
    aurora_json_out_close(&out, '}');
    aurora__answer_json(exchange, 200, &out);
    aurora_metric_page_free(page);
}

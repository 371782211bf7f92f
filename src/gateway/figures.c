/* SPDX-License-Identifier: MIT */
/* What the gateway says of its upstreams: to probes, to Prometheus, to operators. */
#include <string.h>

#include "gateway/internal.h"
#include "http/json_out.h"
#include "routes/answer.h"
#include "routes/metrics.h"
#include "routes/shared.h"

static const char *state_name(int32_t state)
{
    static const char *const names[] = {[AURORA_UPSTREAM_UNKNOWN] = "unknown",
                                        [AURORA_UPSTREAM_UP] = "up",
                                        [AURORA_UPSTREAM_NOT_READY] = "not ready",
                                        [AURORA_UPSTREAM_UNREACHABLE] = "unreachable"};
    return names[state];
}

static aurora__gateway *gateway_of(void *daemon)
{
    return aurora_daemon_part(daemon);
}

/* --- probes ----------------------------------------------------------------------------------- */

/* One line without an address: /readyz is public. */
static void describe(const aurora_upstream_figures *figures, const uint32_t of_state[4],
                     char text_out[128])
{
    uint32_t open = 0, probing = 0;
    for (uint32_t i = 0; i < figures->address_count; i++) {
        open += figures->addresses[i].breaker.state == AURORA_BREAKER_OPEN;
        probing += figures->addresses[i].breaker.state == AURORA_BREAKER_HALF_OPEN;
    }
    int len = 0;
    if (of_state[AURORA_UPSTREAM_UP] != figures->address_count)
        len = snprintf(text_out, 128, "%u of %u up, %u not ready, %u unreachable; ",
                       of_state[AURORA_UPSTREAM_UP], figures->address_count,
                       of_state[AURORA_UPSTREAM_NOT_READY], of_state[AURORA_UPSTREAM_UNREACHABLE]);
    snprintf(text_out + len, 128 - (size_t)len, "breakers: %u closed, %u half open, %u open",
             figures->address_count - open - probing, probing, open);
}

/* Returns whether some address answers. */
static bool check_upstream(aurora_upstream *upstream, void *into)
{
    aurora_upstream_figures figures;
    uint32_t of_state[4] = {0};
    char detail[128];
    aurora_upstream_figures_get(upstream, &figures);
    for (uint32_t i = 0; i < figures.address_count; i++)
        of_state[figures.addresses[i].state]++;
    describe(&figures, of_state, detail);
    if (of_state[AURORA_UPSTREAM_UP] > 0)
        aurora_routes_check(into, aurora_upstream_name(upstream), true, detail);
    else
        aurora_routes_degraded(into, aurora_upstream_name(upstream), detail);
    return of_state[AURORA_UPSTREAM_UP] + of_state[AURORA_UPSTREAM_NOT_READY] > 0;
}

/* A service that is missing takes its own calls away and no others: a gateway without it is still
 * better than none. Without all of them it is not. */
void aurora__gateway_ready(void *daemon, void *into)
{
    const aurora__gateway *gateway = gateway_of(daemon);
    bool is_reachable = false;
    for (int i = 0; i < AURORA__SERVICE_COUNT; i++)
        is_reachable = check_upstream(gateway->upstreams[i], into) || is_reachable;
    if (!is_reachable)
        aurora_routes_check(into, "upstreams", false, "no service can be reached");
}

/* --- metrics ---------------------------------------------------------------------------------- */

typedef struct {
    const char *name;
    int32_t kind;
    const char *help;
    size_t at;    /* of the figure */
    bool is_wide; /* 64 bits */
} family;

#define CALLS(name, kind, help, member, is_wide)                                                   \
    {                                                                                              \
        name, AURORA_METRIC_##kind, help, offsetof(aurora_upstream_figures, member), is_wide       \
    }
#define ADDRESS(name, kind, help, member, is_wide)                                                 \
    {                                                                                              \
        name, AURORA_METRIC_##kind, help, offsetof(aurora_upstream_address_figures, member),       \
            is_wide                                                                                \
    }

static const family of_upstream[] = {
    CALLS("aurora_upstream_calls_total", COUNTER, "Calls that were passed on.", calls, true),
    CALLS("aurora_upstream_repeats_total", COUNTER, "Attempts beyond a call's first.", repeats,
          true),
    CALLS("aurora_upstream_failures_total", COUNTER, "Calls that got no answer.", failed, true),
    CALLS("aurora_upstream_timeouts_total", COUNTER, "Of these, for lack of time.", timeouts, true),
    CALLS("aurora_upstream_refused_total", COUNTER, "Calls refused as too many were under way.",
          refused, true),
    CALLS("aurora_upstream_cancelled_total", COUNTER, "Calls whose client has left.", cancelled,
          true),
    CALLS("aurora_upstream_hedges_total", COUNTER, "Second attempts beside a slow first one.",
          hedges, true),
    CALLS("aurora_upstream_hedges_won_total", COUNTER, "Of these, the first to be answered.", won,
          true),
    CALLS("aurora_upstream_calls_in_flight", GAUGE, "Calls that have no whole answer yet.",
          in_flight, false),
};

static const family of_address[] = {
    ADDRESS("aurora_upstream_attempts_total", COUNTER, "Requests by address.", attempts, true),
    ADDRESS("aurora_upstream_attempt_failures_total", COUNTER,
            "Requests that got no answer that can be read.", failures, true),
    ADDRESS("aurora_upstream_connects_total", COUNTER, "Connections that were opened.", connects,
            true),
    ADDRESS("aurora_upstream_breaker_opened_total", COUNTER,
            "Times the address began to be left alone.", breaker.opened, true),
    ADDRESS("aurora_upstream_breaker_refused_total", COUNTER,
            "Attempts that went elsewhere, or nowhere, for that.", breaker.refused, true),
    ADDRESS("aurora_upstream_connections", GAUGE, "Connections that are open.", connections, false),
};

static double figure(const void *from, const family *of)
{
    const char *at = (const char *)from + of->at;
    uint64_t wide;
    uint32_t narrow;
    if (of->is_wide) {
        memcpy(&wide, at, sizeof wide);
        return (double)wide;
    }
    memcpy(&narrow, at, sizeof narrow);
    return narrow;
}

static void write_addresses(FILE *to, const aurora_upstream_figures *all)
{
    for (size_t row = 0; row < sizeof of_address / sizeof *of_address; row++) {
        aurora__metric_family(to, of_address[row].name, of_address[row].kind, of_address[row].help);
        for (int i = 0; i < AURORA__SERVICE_COUNT; i++) {
            for (uint32_t j = 0; j < all[i].address_count; j++) {
                const aurora_upstream_address_figures *address = &all[i].addresses[j];
                aurora_pair labels[] = {{"upstream", aurora__service_name((aurora__service)i)},
                                        {"address", address->address}};
                aurora__metric_sample(to, of_address[row].name, "", labels, 2,
                                      figure(address, &of_address[row]));
            }
        }
    }
}

/* A number each, so that rules can be written over it. */
static void write_states(FILE *to, const aurora_upstream_figures *all)
{
    static const char up[] = "aurora_upstream_up", open[] = "aurora_upstream_breaker_open";
    for (int row = 0; row < 2; row++) {
        aurora__metric_family(to, row == 0 ? up : open, AURORA_METRIC_GAUGE,
                              row == 0 ? "1 while the address answers that it is ready."
                                       : "1 while the address is left alone.");
        for (int i = 0; i < AURORA__SERVICE_COUNT; i++) {
            for (uint32_t j = 0; j < all[i].address_count; j++) {
                const aurora_upstream_address_figures *address = &all[i].addresses[j];
                aurora_pair labels[] = {{"upstream", aurora__service_name((aurora__service)i)},
                                        {"address", address->address}};
                bool is_up = address->state == AURORA_UPSTREAM_UP;
                bool is_open = address->breaker.state == AURORA_BREAKER_OPEN;
                aurora__metric_sample(to, row == 0 ? up : open, "", labels, 2,
                                      row == 0 ? is_up : is_open);
            }
        }
    }
}

static void write_stale(FILE *to, const aurora__gateway *gateway)
{
    aurora__stale_figures figures;
    aurora__stale_read(gateway->stale, &figures);
    aurora__metric_single(to, "aurora_gateway_stale_answers_total", AURORA_METRIC_COUNTER,
                          "Old answers that were given for want of new ones.",
                          (double)figures.served);
    aurora__metric_single(to, "aurora_gateway_kept_answers", AURORA_METRIC_GAUGE,
                          "Answers that are kept for that.", figures.kept);
}

void aurora__gateway_metrics(void *daemon, FILE *to)
{
    const aurora__gateway *gateway = gateway_of(daemon);
    aurora_upstream_figures all[AURORA__SERVICE_COUNT];
    for (int i = 0; i < AURORA__SERVICE_COUNT; i++)
        aurora_upstream_figures_get(gateway->upstreams[i], &all[i]);
    for (size_t row = 0; row < sizeof of_upstream / sizeof *of_upstream; row++) {
        aurora__metric_family(to, of_upstream[row].name, of_upstream[row].kind,
                              of_upstream[row].help);
        for (int i = 0; i < AURORA__SERVICE_COUNT; i++) {
            aurora_pair label = {"upstream", aurora__service_name((aurora__service)i)};
            aurora__metric_sample(to, of_upstream[row].name, "", &label, 1,
                                  figure(&all[i], &of_upstream[row]));
        }
    }
    write_addresses(to, all);
    write_states(to, all);
    write_stale(to, gateway);
}

/* --- operators -------------------------------------------------------------------------------- */

static void write_address(aurora_json_out *out, const aurora_upstream_address_figures *address)
{
    aurora_json_out_object(out, NULL);
    aurora_json_out_text(out, "address", address->address);
    aurora_json_out_text(out, "state", state_name(address->state));
    aurora_json_out_uint(out, "attempts", address->attempts);
    aurora_json_out_uint(out, "failures", address->failures);
    aurora_json_out_uint(out, "connects", address->connects);
    aurora_json_out_uint(out, "connections", address->connections);
    aurora_json_out_uint(out, "in_flight", address->in_flight);
    aurora_json_out_close(out, '}');
}

static void write_upstream(aurora_json_out *out, aurora_upstream *upstream)
{
    aurora_upstream_figures figures;
    aurora_upstream_figures_get(upstream, &figures);
    aurora_json_out_object(out, NULL);
    aurora_json_out_text(out, "name", aurora_upstream_name(upstream));
    aurora_json_out_uint(out, "calls", figures.calls);
    aurora_json_out_uint(out, "repeats", figures.repeats);
    aurora_json_out_uint(out, "failed", figures.failed);
    aurora_json_out_uint(out, "timeouts", figures.timeouts);
    aurora_json_out_uint(out, "refused", figures.refused);
    aurora_json_out_uint(out, "cancelled", figures.cancelled);
    aurora_json_out_uint(out, "hedges", figures.hedges);
    aurora_json_out_uint(out, "hedges_won", figures.won);
    aurora_json_out_uint(out, "in_flight", figures.in_flight);
    aurora_json_out_array(out, "addresses");
    for (uint32_t i = 0; i < figures.address_count; i++)
        write_address(out, &figures.addresses[i]);
    aurora_json_out_close(out, ']');
    aurora_json_out_close(out, '}');
}

void aurora__gateway_stats(aurora_http_exchange *exchange, aurora__gateway *gateway)
{
    const aurora_routes *routes = aurora_daemon_routes(gateway->daemon);
    aurora_json_out out = {0};
    aurora_json_out_object(&out, NULL);
    aurora_json_out_text(&out, "service", routes->service_name);
    aurora_json_out_text(&out, "version", aurora_version());
    aurora_json_out_array(&out, "upstreams");
    for (int i = 0; i < AURORA__SERVICE_COUNT; i++)
        write_upstream(&out, gateway->upstreams[i]);
    aurora_json_out_close(&out, ']');
    aurora_routes_http_figures(&out, routes->server);
    aurora_json_out_close(&out, '}');
    aurora_http_set(exchange, "Cache-Control", "no-store");
    aurora__answer_json(exchange, 200, &out);
}

static void write_breaker(aurora_json_out *out, const char *name,
                          const aurora_upstream_address_figures *address)
{
    char text[AURORA_UPSTREAM_ADDRESS_BYTES + 32];
    snprintf(text, sizeof text, "%s %s", name, address->address);
    aurora__breaker_write(out, text, &address->breaker);
}

static void write_limit(aurora_json_out *out, const char *name, uint64_t used, uint64_t refused)
{
    aurora_json_out_object(out, NULL);
    aurora_json_out_text(out, "name", name);
    aurora_json_out_uint(out, "used", used);
    aurora_json_out_uint(out, "refused", refused);
    aurora_json_out_close(out, '}');
}

void aurora__gateway_limits(aurora_http_exchange *exchange, aurora__gateway *gateway)
{
    const aurora_routes *routes = aurora_daemon_routes(gateway->daemon);
    aurora_upstream_figures all[AURORA__SERVICE_COUNT];
    aurora_http_stats http = {0};
    aurora_json_out out = {0};
    if (routes->server != NULL)
        aurora_http_stats_get(routes->server, &http);
    aurora__page_begin(&out);
    write_limit(&out, "connections", http.connections, http.refused_connections);
    for (int i = 0; i < AURORA__SERVICE_COUNT; i++) {
        aurora_upstream_figures_get(gateway->upstreams[i], &all[i]);
        write_limit(&out, aurora__service_name((aurora__service)i), all[i].in_flight,
                    all[i].refused);
    }
    aurora_json_out_close(&out, ']');
    aurora_json_out_null(&out, "next_cursor");
    aurora_json_out_array(&out, "breakers");
    for (int i = 0; i < AURORA__SERVICE_COUNT; i++) {
        for (uint32_t j = 0; j < all[i].address_count; j++)
            write_breaker(&out, aurora__service_name((aurora__service)i), &all[i].addresses[j]);
    }
    aurora__shared_breakers(&out, routes);
    aurora_json_out_close(&out, ']');
    aurora__shared_limiter(&out, routes);
    aurora_http_set(exchange, "Cache-Control", "no-store");
    aurora_json_out_close(&out, '}');
    aurora__answer_json(exchange, 200, &out);
}

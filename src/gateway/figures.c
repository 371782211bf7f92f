/* SPDX-License-Identifier: MIT */
/* What the gateway says of its upstreams: to probes, to Prometheus, to operators. */
#include <string.h>

#include "gateway/internal.h"
#include "http/json_out.h"
#include "routes/answer.h"
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
    aurora__family family;
    size_t at;    /* of the figure */
    bool is_wide; /* 64 bits */
} figure;

#define CALLS(member, is_wide, ...)                                                                \
    {                                                                                              \
        __VA_ARGS__, offsetof(aurora_upstream_figures, member), is_wide                            \
    }
#define ADDRESS(member, is_wide, ...)                                                              \
    {                                                                                              \
        __VA_ARGS__, offsetof(aurora_upstream_address_figures, member), is_wide                    \
    }

static const figure of_upstream[] = {
    CALLS(calls, true,
          AURORA__COUNTER_FAMILY_BY("aurora_upstream_calls_total", "Calls that were passed on.",
                                    "upstream")),
    CALLS(repeats, true,
          AURORA__COUNTER_FAMILY_BY("aurora_upstream_repeats_total",
                                    "Attempts beyond a call's first.", "upstream")),
    CALLS(repeats, true,
          AURORA__COUNTER_FAMILY_BY("aurora_retries_total",
                                    "Calls of a dependency beyond the first for one purpose.",
                                    "dependency")),
    CALLS(failed, true,
          AURORA__COUNTER_FAMILY_BY("aurora_upstream_failures_total", "Calls that got no answer.",
                                    "upstream")),
    CALLS(timeouts, true,
          AURORA__COUNTER_FAMILY_BY("aurora_upstream_timeouts_total", "Of these, for lack of time.",
                                    "upstream")),
    CALLS(refused, true,
          AURORA__COUNTER_FAMILY_BY("aurora_upstream_refused_total",
                                    "Calls refused as too many were under way.", "upstream")),
    CALLS(cancelled, true,
          AURORA__COUNTER_FAMILY_BY("aurora_upstream_cancelled_total",
                                    "Calls whose client has left.", "upstream")),
    CALLS(hedges, true,
          AURORA__COUNTER_FAMILY_BY("aurora_upstream_hedges_total",
                                    "Second attempts beside a slow first one.", "upstream")),
    CALLS(won, true,
          AURORA__COUNTER_FAMILY_BY("aurora_upstream_hedges_won_total",
                                    "Of these, the first to be answered.", "upstream")),
    CALLS(in_flight, false,
          AURORA__GAUGE_FAMILY_BY("aurora_upstream_calls_in_flight",
                                  "Calls that have no whole answer yet.", "upstream")),
};

static const figure of_address[] = {
    ADDRESS(attempts, true,
            AURORA__COUNTER_FAMILY_BY("aurora_upstream_attempts_total", "Requests by address.",
                                      "upstream", "address")),
    ADDRESS(failures, true,
            AURORA__COUNTER_FAMILY_BY("aurora_upstream_attempt_failures_total",
                                      "Requests that got no answer that can be read.", "upstream",
                                      "address")),
    ADDRESS(connects, true,
            AURORA__COUNTER_FAMILY_BY("aurora_upstream_connects_total",
                                      "Connections that were opened.", "upstream", "address")),
    ADDRESS(breaker.opened, true,
            AURORA__COUNTER_FAMILY_BY("aurora_upstream_breaker_opened_total",
                                      "Times the address began to be left alone.", "upstream",
                                      "address")),
    ADDRESS(breaker.refused, true,
            AURORA__COUNTER_FAMILY_BY("aurora_upstream_breaker_refused_total",
                                      "Attempts that went elsewhere, or nowhere, for that.",
                                      "upstream", "address")),
    ADDRESS(connections, false,
            AURORA__GAUGE_FAMILY_BY("aurora_upstream_connections", "Connections that are open.",
                                    "upstream", "address")),
};

static double value_of(const void *from, const figure *of)
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

static void add_address(aurora__sheet *sheet, const char *name,
                        const aurora_upstream_address_figures *address)
{
    static const aurora__family up = AURORA__GAUGE_FAMILY_BY(
        "aurora_upstream_up", "1 while the address answers that it is ready.", "upstream",
        "address");
    for (size_t row = 0; row < sizeof of_address / sizeof *of_address; row++)
        aurora__sheet_add(sheet, &of_address[row].family, AURORA__VALUES(name, address->address),
                          value_of(address, &of_address[row]));
    aurora__sheet_add(sheet, &up, AURORA__VALUES(name, address->address),
                      address->state == AURORA_UPSTREAM_UP);
    aurora__breaker_add(sheet, name, address->address, address->breaker.state);
}

static void add_stale(aurora__sheet *sheet, const aurora__gateway *gateway)
{
    static const aurora__family served = AURORA__COUNTER_FAMILY(
        "aurora_gateway_stale_answers_total", "Old answers that were given for want of new ones.");
    static const aurora__family kept =
        AURORA__GAUGE_FAMILY("aurora_gateway_kept_answers", "Answers that are kept for that.");
    aurora__stale_figures figures;
    aurora__stale_read(gateway->stale, &figures);
    aurora__sheet_add(sheet, &served, NULL, (double)figures.served);
    aurora__sheet_add(sheet, &kept, NULL, figures.kept);
}

void aurora__gateway_metrics(void *self, aurora__sheet *sheet)
{
    const aurora__gateway *gateway = self;
    for (int i = 0; i < AURORA__SERVICE_COUNT; i++) {
        const char *name = aurora__service_name((aurora__service)i);
        aurora_upstream_figures figures;
        aurora_upstream_figures_get(gateway->upstreams[i], &figures);
        for (size_t row = 0; row < sizeof of_upstream / sizeof *of_upstream; row++)
            aurora__sheet_add(sheet, &of_upstream[row].family, AURORA__VALUES(name),
                              value_of(&figures, &of_upstream[row]));
        for (uint32_t j = 0; j < figures.address_count; j++)
            add_address(sheet, name, &figures.addresses[j]);
    }
    add_stale(sheet, gateway);
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

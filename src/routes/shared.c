/* SPDX-License-Identifier: MIT */
#include "routes/shared.h"

#include <stdio.h>

#include <aurora/port/notifier.h>
#include <aurora/port/payment.h>
#include <aurora/port/search.h>

#define PROBED_KEY "/readyz" /* no product: a SKU has no slash */

static bool read_cache(const aurora_routes *routes, aurora_breaker_figures *out)
{
    return routes->cache != NULL && aurora_cache_breaker(routes->cache, out) == AURORA_OK;
}

/* What this server calls through a breaker, but the gateway's upstreams. */
typedef struct {
    const char *name;
    const char *missed; /* what goes on without it */
    bool (*read)(const aurora_routes *routes, aurora_breaker_figures *out);
} outgoing;

static bool read_payment(const aurora_routes *routes, aurora_breaker_figures *out)
{
    return routes->shop != NULL && aurora_payment_breaker(routes->shop, out) == AURORA_OK;
}

static bool read_search(const aurora_routes *routes, aurora_breaker_figures *out)
{
    return routes->shop != NULL && aurora_search_breaker(routes->shop, out) == AURORA_OK;
}

static bool read_notifier(const aurora_routes *routes, aurora_breaker_figures *out)
{
    return routes->shop != NULL && aurora_notifier_breaker(routes->shop, out) == AURORA_OK;
}

static bool read_limiter(const aurora_routes *routes, bool asks, aurora_routes_limiter *out)
{
    return routes->limiter != NULL && routes->limiter(routes->daemon, asks, out);
}

static bool read_limiter_breaker(const aurora_routes *routes, aurora_breaker_figures *out)
{
    aurora_routes_limiter limiter;
    if (!read_limiter(routes, false, &limiter) || !limiter.has_breaker)
        return false;
    *out = limiter.breaker;
    return true;
}

static const outgoing calls[] = {
    {"payment", "payments wait", read_payment},
    {"search_engine", "searches are refused", read_search},
    {"notify", "notifications wait", read_notifier},
    {"cache", NULL, read_cache},
    {"limiter", NULL, read_limiter_breaker},
};

#define CALL_COUNT (sizeof calls / sizeof *calls)

/* As of the last calls: a breaker that has opened stays so until one was answered. */
static bool is_reachable(const aurora_breaker_figures *figures)
{
    return figures->state == AURORA_BREAKER_CLOSED;
}

/* --- probes ----------------------------------------------------------------------------------- */

static void check(void *into, const char *name, const aurora_breaker_figures *figures,
                  const char *detail)
{
    if (is_reachable(figures))
        aurora_routes_check(into, name, true, "");
    else
        aurora_routes_degraded(into, name, detail);
}

/* As of the last calls; nobody is asked for it. */
static void check_breaker(const aurora_routes *routes, const outgoing *call, void *into)
{
    aurora_breaker_figures figures;
    char name[32], detail[96];
    if (!call->read(routes, &figures))
        return;
    snprintf(name, sizeof name, "%s calls", call->name);
    snprintf(detail, sizeof detail, "breaker: %s%s%s", aurora_breaker_state_name(figures.state),
             is_reachable(&figures) ? "" : "; ", is_reachable(&figures) ? "" : call->missed);
    if (is_reachable(&figures))
        aurora_routes_check(into, name, true, detail);
    else
        aurora_routes_degraded(into, name, detail);
}

void aurora__shared_check(const aurora_routes *routes, void *into)
{
    aurora_breaker_figures cache;
    aurora_routes_limiter limiter;
    if (read_cache(routes, &cache)) {
        aurora_cache_drop(routes->cache, PROBED_KEY, 0);
        (void)read_cache(routes, &cache);
        check(into, "cache", &cache, "does not answer; products are read from the store");
    }
    if (read_limiter(routes, true, &limiter) && limiter.has_breaker)
        check(into, "limiter", &limiter.breaker, "does not answer; the fallback decides");
    for (size_t i = 0; i < CALL_COUNT; i++) {
        if (calls[i].missed != NULL)
            check_breaker(routes, &calls[i], into);
    }
}

/* --- metrics ---------------------------------------------------------------------------------- */

void aurora__breaker_add(aurora__sheet *sheet, const char *dependency, const char *address,
                         int32_t state)
{
    static const aurora__family states = AURORA__GAUGE_FAMILY_BY(
        "aurora_breaker_state",
        "1 for the state of the breaker before a dependency, 0 for the others.", "dependency",
        "address", "state");
    static const struct {
        int32_t state;
        const char *name;
    } rows[] = {{AURORA_BREAKER_CLOSED, "closed"},
                {AURORA_BREAKER_HALF_OPEN, "half_open"},
                {AURORA_BREAKER_OPEN, "open"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        aurora__sheet_add(sheet, &states, AURORA__VALUES(dependency, address, rows[i].name),
                          rows[i].state == state);
}

static void add_breakers(aurora__sheet *sheet, const aurora_routes *routes)
{
    static const aurora__family opened =
        AURORA__COUNTER_FAMILY_BY("aurora_call_breaker_opened_total",
                                  "Times that calls of a kind began to be held back.", "call");
    static const aurora__family refused = AURORA__COUNTER_FAMILY_BY(
        "aurora_call_breaker_refused_total", "Calls that were held back.", "call");
    for (size_t i = 0; i < CALL_COUNT; i++) {
        aurora_breaker_figures figures;
        if (!calls[i].read(routes, &figures))
            continue;
        aurora__breaker_add(sheet, calls[i].name, "", figures.state);
        aurora__sheet_add(sheet, &opened, AURORA__VALUES(calls[i].name), (double)figures.opened);
        aurora__sheet_add(sheet, &refused, AURORA__VALUES(calls[i].name), (double)figures.refused);
    }
}

void aurora__shared_metrics(aurora__sheet *sheet, const aurora_routes *routes)
{
    static const aurora__family cache_up =
        AURORA__GAUGE_FAMILY_BY("aurora_cache_up", "1 while the shared cache answers.", "cache");
    static const aurora__family limiter_up =
        AURORA__GAUGE_FAMILY("aurora_limiter_up", "1 while the shared limiter answers.");
    aurora_breaker_figures figures;
    add_breakers(sheet, routes);
    if (read_cache(routes, &figures))
        aurora__sheet_add(sheet, &cache_up, AURORA__VALUES("products"), is_reachable(&figures));
    if (read_limiter_breaker(routes, &figures))
        aurora__sheet_add(sheet, &limiter_up, NULL, is_reachable(&figures));
}

/* --- operators -------------------------------------------------------------------------------- */

void aurora__breaker_write(aurora_json_out *out, const char *name,
                           const aurora_breaker_figures *figures)
{
    aurora_json_out_object(out, NULL);
    aurora_json_out_text(out, "name", name);
    aurora_json_out_text(out, "state", aurora_breaker_state_name(figures->state));
    aurora_json_out_uint(out, "calls", figures->calls);
    aurora_json_out_uint(out, "failed", figures->failed);
    aurora_json_out_uint(out, "slow", figures->slow);
    aurora_json_out_uint(out, "refused", figures->refused);
    aurora_json_out_uint(out, "opened", figures->opened);
    aurora_json_out_int(out, "retry_after_ms", figures->retry_after_ns / 1000000);
    aurora_json_out_close(out, '}');
}

void aurora__shared_breakers(aurora_json_out *out, const aurora_routes *routes)
{
    aurora_breaker_figures figures;
    for (size_t i = 0; i < CALL_COUNT; i++) {
        if (calls[i].read(routes, &figures))
            aurora__breaker_write(out, calls[i].name, &figures);
    }
}

void aurora__shared_limiter(aurora_json_out *out, const aurora_routes *routes)
{
    aurora_routes_limiter limiter;
    if (!read_limiter(routes, false, &limiter))
        return;
    aurora_json_out_object(out, "limiter");
    aurora_json_out_uint(out, "allowed", limiter.allowed);
    aurora_json_out_uint(out, "denied", limiter.denied);
    aurora_json_out_uint(out, "fallback", limiter.fallback);
    aurora_json_out_uint(out, "leased", limiter.leased);
    aurora_json_out_uint(out, "remembered", limiter.remembered);
    aurora_json_out_array(out, "policies");
    if (routes->limiter_policies != NULL)
        routes->limiter_policies(routes->daemon, out);
    aurora_json_out_close(out, ']');
    aurora_json_out_close(out, '}');
}

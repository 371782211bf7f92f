/* SPDX-License-Identifier: MIT */
#include "routes/shared.h"

#include <stdio.h>

#include <aurora/port/notifier.h>
#include <aurora/port/payment.h>
#include <aurora/port/search.h>

#include "routes/metrics.h"

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

static void write_breakers(FILE *to, const aurora_routes *routes)
{
    static const struct {
        const char *name;
        int32_t kind;
        const char *help;
    } families[] = {
        {"aurora_call_breaker_open", AURORA_METRIC_GAUGE, "1 while calls of a kind are held back."},
        {"aurora_call_breaker_opened_total", AURORA_METRIC_COUNTER,
         "Times that calls of a kind began to be held back."},
        {"aurora_call_breaker_refused_total", AURORA_METRIC_COUNTER, "Calls that were held back."},
    };
    aurora_breaker_figures figures[CALL_COUNT] = {0};
    bool has[CALL_COUNT], has_any = false;
    for (size_t i = 0; i < CALL_COUNT; i++) {
        has[i] = calls[i].read(routes, &figures[i]);
        has_any = has_any || has[i];
    }
    for (size_t row = 0; has_any && row < sizeof families / sizeof *families; row++) {
        aurora__metric_family(to, families[row].name, families[row].kind, families[row].help);
        for (size_t i = 0; i < CALL_COUNT; i++) {
            const double values[] = {figures[i].state != AURORA_BREAKER_CLOSED,
                                     (double)figures[i].opened, (double)figures[i].refused};
            aurora_pair label = {"call", calls[i].name};
            if (has[i])
                aurora__metric_sample(to, families[row].name, "", &label, 1, values[row]);
        }
    }
}

void aurora__shared_metrics(FILE *to, const aurora_routes *routes)
{
    write_breakers(to, routes);
    aurora_breaker_figures cache;
    aurora_routes_limiter limiter;
    if (read_cache(routes, &cache)) {
        aurora_pair label = {"cache", "products"};
        aurora__metric_family(to, "aurora_cache_up", AURORA_METRIC_GAUGE,
                              "1 while the shared cache answers.");
        aurora__metric_sample(to, "aurora_cache_up", "", &label, 1, is_reachable(&cache));
    }
    if (!read_limiter(routes, false, &limiter))
        return;
    if (limiter.has_breaker)
        aurora__metric_single(to, "aurora_limiter_up", AURORA_METRIC_GAUGE,
                              "1 while the shared limiter answers.",
                              is_reachable(&limiter.breaker));
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

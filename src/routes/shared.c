/* SPDX-License-Identifier: MIT */
#include "routes/shared.h"

#include "routes/metrics.h"

#define PROBED_KEY "/readyz" /* no product: a SKU has no slash */

static bool read_cache(const aurora_routes *routes, aurora_breaker_figures *out)
{
    return routes->cache != NULL && aurora_cache_breaker(routes->cache, out) == AURORA_OK;
}

static bool read_limiter(const aurora_routes *routes, bool asks, aurora_routes_limiter *out)
{
    if (routes->limiter == NULL)
        return false;
    routes->limiter(routes->daemon, asks, out);
    return true;
}

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
}

/* --- metrics ---------------------------------------------------------------------------------- */

void aurora__shared_metrics(FILE *to, const aurora_routes *routes)
{
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
    aurora_breaker_figures cache;
    aurora_routes_limiter limiter;
    if (read_cache(routes, &cache))
        aurora__breaker_write(out, "cache", &cache);
    if (read_limiter(routes, false, &limiter) && limiter.has_breaker)
        aurora__breaker_write(out, "limiter", &limiter.breaker);
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
    aurora_json_out_close(out, '}');
}

/* SPDX-License-Identifier: MIT */
/* What a daemon with a store adds to /readyz: what it works with on other servers. Texts are
 * public, and say no address. */
#include <string.h>

#include "daemon/internal.h"

static const char *text_of(const aurora_daemon *daemon, const char *name)
{
    return aurora_config_text(daemon->config, name);
}

/* A service whose events go nowhere is not ready; who is whole without a bus only misses it. */
static void check_bus(const aurora_daemon *daemon, void *into)
{
    aurora_error err = AURORA_ERROR_INIT;
    bool is_ok = aurora_bus_health(daemon->shop, &err) == AURORA_OK;
    if (is_ok || daemon->spec->is_of_cluster)
        aurora_routes_check(into, "bus", is_ok, is_ok ? "" : "no broker answers");
    else
        aurora_routes_degraded(into, "bus", "no broker answers; events wait");
}

static void check_search(const aurora_daemon *daemon, void *into)
{
    aurora_suggestion_page *page = NULL;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status status = aurora_search_suggest(daemon->shop, "a", 1, &page, &err);
    aurora_suggestion_page_free(page);
    bool is_ok = status == AURORA_OK || !aurora_status_is_retriable(status);
    if (is_ok || daemon->spec->is_of_cluster)
        aurora_routes_check(into, "search", is_ok, is_ok ? "" : "the index does not answer");
    else
        aurora_routes_degraded(into, "search", "the index does not answer");
}

static void check(void *self, void *into)
{
    const aurora_daemon *daemon = self;
    if (daemon->has_bus)
        check_bus(daemon, into);
    if (daemon->has_remote_index)
        check_search(daemon, into);
}

/* --- the rate limit --------------------------------------------------------------------------- */

static bool read_limiter(void *self, bool asks, aurora_routes_limiter *out)
{
    const aurora_daemon *daemon = self;
    aurora__rate_limit_figures figures;
    if (!aurora__rate_limit_has_policies(daemon->limit))
        return false;
    if (asks)
        aurora__rate_limit_ask(daemon->limit);
    aurora__rate_limit_read(daemon->limit, &figures);
    *out = (aurora_routes_limiter){.allowed = figures.admitted,
                                   .denied = figures.refused,
                                   .fallback = figures.unreachable,
                                   .leased = figures.leases.allowed,
                                   .remembered = figures.leases.denied,
                                   .has_breaker = figures.has_breaker};
    if (figures.has_breaker)
        out->breaker = figures.breaker;
    return true;
}

static void write_policies(void *self, aurora_json_out *out)
{
    const aurora_daemon *daemon = self;
    aurora__rate_limit_describe(daemon->limit, out);
}

void aurora__daemon_watch_limiter(aurora_daemon *daemon)
{
    daemon->routes.limiter = read_limiter;
    daemon->routes.limiter_policies = write_policies;
}

void aurora__daemon_watch_needs(aurora_daemon *daemon)
{
    daemon->has_bus = strcmp(text_of(daemon, "bus"), "local:") != 0;
    daemon->has_remote_index = strstr(text_of(daemon, "search"), "://") != NULL &&
                               strstr(text_of(daemon, "modules"), "search") != NULL;
    daemon->routes.ready = check;
}

/* SPDX-License-Identifier: MIT */
/* The server of a daemon that waits for its store: it lives, and is not ready. */
#include <stdlib.h>
#include <string.h>

#include "daemon/internal.h"

static void not_yet(aurora_http_exchange *exchange, void *self)
{
    (void)self;
    aurora_http_set(exchange, "Retry-After", "1");
    aurora_http_problem(exchange, 503, "starting", "The service waits for what it works with.");
}

static void say_no(void *daemon, void *into)
{
    (void)daemon;
    aurora_routes_check(into, "start", false, "waits for its store");
}

/* Probes stay what they are; all other routes say no, so that none is taken for one that does not
 * exist. */
static aurora_http_route *make_routes(const aurora_daemon *daemon, uint32_t *count_out)
{
    aurora_http_route *routes = aurora__daemon_served(daemon, count_out);
    for (uint32_t i = 0; i < *count_out; i++) {
        if ((routes[i].flags & AURORA_HTTP_PROBE) == 0) {
            routes[i].flags &= ~AURORA_HTTP_BLOCKING;
            routes[i].handle = not_yet;
        }
    }
    return routes;
}

void aurora__daemon_starting_begin(aurora_daemon *daemon)
{
    uint32_t count = 0;
    if (daemon->starting != NULL)
        return;
    free(daemon->starting_routes);
    daemon->starting_routes = make_routes(daemon, &count);
    const aurora_http_route *routes = daemon->starting_routes;
    aurora_http_options options = {
        .listen = aurora_config_text(daemon->config, "listen"),
        .routes = &routes,
        .route_counts = &count,
        .table_count = 1,
        .self = &daemon->routes,
        .workers = 1,
        .connections_max = 256,
        .service_secret = aurora_config_text(daemon->config, "service_secret"),
        .tls = daemon->tls,
        .knows_peers = aurora__daemon_knows_peers(daemon),
        .cors_origins = aurora_config_text(daemon->config, "cors_origins"),
        .authenticate = aurora__daemon_auth_hook(daemon),
    };
    daemon->routes.ready = say_no;
    if (routes == NULL || aurora_http_start(&options, &daemon->starting, NULL) != AURORA_OK)
        aurora_service_log_write(daemon->log, AURORA_LOG_WARNING, "start",
                                 "probes are not answered while the store is waited for");
}

void aurora__daemon_starting_end(aurora_daemon *daemon)
{
    daemon->routes.ready = NULL;
    aurora_http_free(daemon->starting);
    daemon->starting = NULL;
    free(daemon->starting_routes);
    daemon->starting_routes = NULL;
}

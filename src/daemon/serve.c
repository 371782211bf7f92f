/* SPDX-License-Identifier: MIT */
/* The servers: the API, and figures on an address of their own where that is asked for. */
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "daemon/internal.h"

static void observe(void *self, const aurora_http_access *access)
{
    aurora_routes *routes = self;
    const aurora_daemon *daemon = routes->daemon;
    aurora_routes_observe(routes, access);
    aurora_service_log_access(daemon->log, access);
}

static int admit(void *self, aurora_http_exchange *exchange, bool may_wait)
{
    const aurora_routes *routes = self;
    const aurora_daemon *daemon = routes->daemon;
    return aurora__rate_limit_admit(daemon->limit, exchange, may_wait);
}

static void say(void *self, int32_t level, const char *message)
{
    const aurora_routes *routes = self;
    const aurora_daemon *daemon = routes->daemon;
    aurora_service_log_write(daemon->log, level, "http", "%s", message);
}

static bool has_own_metrics(const aurora_daemon *daemon)
{
    return aurora_config_text(daemon->config, "metrics_listen")[0] != '\0';
}

static int check_address(const aurora_daemon *daemon, const char *setting)
{
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status status =
        aurora_http_listen_check(aurora_config_text(daemon->config, setting), &err);
    if (status == AURORA_OK)
        return 0;
    snprintf(err.field, sizeof err.field, "%s", setting);
    return aurora__daemon_refuse_status(daemon, status, &err, setting);
}

int aurora__daemon_check_addresses(const aurora_daemon *daemon)
{
    int rc = check_address(daemon, "listen");
    return rc == 0 && has_own_metrics(daemon) ? check_address(daemon, "metrics_listen") : rc;
}

/* Routes, and their description, which answers of the server refer to. */
static int find_served(aurora_daemon *daemon)
{
    aurora_routes *routes = &daemon->routes;
    daemon->served = aurora__daemon_served(daemon, &routes->served_count);
    routes->served = daemon->served;
    if (daemon->served == NULL ||
        !aurora_routes_describe(routes, &daemon->openapi, &routes->openapi_len))
        return aurora_daemon_refuse(daemon, "out of memory");
    routes->openapi = daemon->openapi;
    aurora_routes_observe_begin(routes);
    malloc_trim(0); /* the document is large, and was needed once */
    return 0;
}

static int put_policies(aurora_daemon *daemon)
{
    char error[AURORA_CONFIG_ERROR_BYTES];
    bool is_put = aurora__daemon_limit(daemon, daemon->config, error);
    return is_put ? 0 : aurora_daemon_refuse(daemon, "%s", error);
}

static int start_api(aurora_daemon *daemon)
{
    aurora_error err = AURORA_ERROR_INIT;
    const aurora_config *config = daemon->config;
    const aurora_daemon_parts *parts = daemon->spec->parts;
    aurora_http_proxies proxies;
    const char *rule; /* it was checked */
    (void)aurora_http_proxies_parse(aurora_config_text(config, "trusted_proxies"), &proxies, &rule);
    aurora_http_options options = {
        .listen = aurora_config_text(config, "listen"),
        .routes = &daemon->routes.served,
        .route_counts = &daemon->routes.served_count,
        .table_count = 1,
        .self = &daemon->routes,
        .loops = (uint32_t)aurora_config_number(config, "http_threads"),
        .workers = (uint32_t)aurora_config_number(config, "http_workers"),
        .connections_max = (uint32_t)aurora_config_number(config, "http_connections_max"),
        .connections_per_address_max =
            (uint32_t)aurora_config_number(config, "http_connections_per_address"),
        .service_secret = aurora_config_text(config, "service_secret"),
        .trusted_proxies = &proxies,
        .tls = daemon->tls,
        .knows_peers = aurora__daemon_knows_peers(daemon),
        .cors_origins = aurora_config_text(config, "cors_origins"),
        .authenticate = aurora__daemon_auth_hook(daemon),
        .admit = admit,
        .access = observe,
        .log = say,
        .loop_begin = parts != NULL ? parts->loop_begin : aurora_routes_loop_begin,
        .loop_end = parts != NULL ? parts->loop_end : aurora_routes_loop_end,
    };
    aurora__daemon_traces_fill(daemon, &options.tracing);
    aurora_status status = aurora_http_start(&options, &daemon->routes.server, &err);
    return status == AURORA_OK ? 0 : aurora__daemon_refuse_status(daemon, status, &err, "listen");
}

/* Nothing but /livez, /readyz and /metrics, which stand together: an address of its own may be open
 * to more than the API is, and needs no certificate where the API asks for one. */
static int start_metrics(aurora_daemon *daemon)
{
    aurora_error err = AURORA_ERROR_INIT;
    const aurora_route_table system = aurora_routes_system();
    const aurora_http_route *route = system.routes;
    uint32_t count = 1;
    while (strcmp(route->template_path, "/livez") != 0)
        route++;
    while (strcmp(route[count - 1].template_path, "/metrics") != 0)
        count++;
    aurora_http_options options = {
        .listen = aurora_config_text(daemon->config, "metrics_listen"),
        .routes = &route,
        .route_counts = &count,
        .table_count = 1,
        .self = &daemon->routes,
        .workers = 1,
        .connections_max = 64,
        .service_secret = aurora_config_text(daemon->config, "service_secret"),
        .knows_peers = aurora__daemon_knows_peers(daemon),
        .authenticate = aurora__daemon_auth_hook(daemon),
        .log = say,
    };
    aurora_status status = aurora_http_start(&options, &daemon->metrics, &err);
    if (status == AURORA_OK)
        return 0;
    memcpy(err.field, "metrics_listen", sizeof "metrics_listen");
    return aurora__daemon_refuse_status(daemon, status, &err, "metrics_listen");
}

int aurora__daemon_serve(aurora_daemon *daemon)
{
    int rc = find_served(daemon);
    if (rc == 0)
        rc = put_policies(daemon);
    if (rc == 0)
        rc = start_api(daemon);
    if (rc == 0 && has_own_metrics(daemon))
        rc = start_metrics(daemon);
    return rc;
}

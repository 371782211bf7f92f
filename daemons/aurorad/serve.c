/* SPDX-License-Identifier: MIT */
/* The servers: the API, and figures on an address of their own where that is asked for. */
#include <stdio.h>
#include <string.h>

#include "aurorad.h"

static void observe(void *self, const aurora_http_access *access)
{
    aurora_routes *routes = self;
    const aurorad *daemon = routes->daemon;
    aurora_routes_observe(routes, access);
    aurora_service_log_access(daemon->log, access);
}

static void say(void *self, int32_t level, const char *message)
{
    const aurora_routes *routes = self;
    const aurorad *daemon = routes->daemon;
    aurora_service_log_write(daemon->log, level, "http", "%s", message);
}

static bool has_own_metrics(const aurorad *daemon)
{
    return aurora_config_text(daemon->config, "metrics_listen")[0] != '\0';
}

static int check_address(const aurorad *daemon, const char *setting)
{
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status status =
        aurora_http_listen_check(aurora_config_text(daemon->config, setting), &err);
    if (status == AURORA_OK)
        return 0;
    snprintf(err.field, sizeof err.field, "%s", setting);
    return aurorad_refuse_status(daemon, status, &err, setting);
}

int aurorad_check_addresses(const aurorad *daemon)
{
    int rc = check_address(daemon, "listen");
    return rc == 0 && has_own_metrics(daemon) ? check_address(daemon, "metrics_listen") : rc;
}

static int start_api(aurorad *daemon)
{
    aurora_error err = AURORA_ERROR_INIT;
    const aurora_http_route *routes[AURORAD_TABLES_MAX];
    uint32_t counts[AURORAD_TABLES_MAX];
    const aurora_config *config = daemon->config;
    aurora_http_options options = {
        .listen = aurora_config_text(config, "listen"),
        .routes = routes,
        .route_counts = counts,
        .table_count = aurorad_tables(daemon, routes, counts),
        .self = &daemon->routes,
        .loops = (uint32_t)aurora_config_number(config, "http_threads"),
        .workers = (uint32_t)aurora_config_number(config, "http_workers"),
        .connections_max = (uint32_t)aurora_config_number(config, "http_connections_max"),
        .service_secret = aurora_config_text(config, "service_secret"),
        .access = observe,
        .log = say,
        .loop_begin = aurora_routes_loop_begin,
        .loop_end = aurora_routes_loop_end,
    };
    aurora_status status = aurora_http_start(&options, &daemon->routes.server, &err);
    return status == AURORA_OK ? 0 : aurorad_refuse_status(daemon, status, &err, "listen");
}

/* Nothing but /metrics: an address of its own may be open to more than the API is. */
static int start_metrics(aurorad *daemon)
{
    aurora_error err = AURORA_ERROR_INIT;
    const aurora_route_table system = aurora_routes_system();
    const aurora_http_route *route = system.routes;
    const uint32_t count = 1;
    while (strcmp(route->template_path, "/metrics") != 0)
        route++;
    aurora_http_options options = {
        .listen = aurora_config_text(daemon->config, "metrics_listen"),
        .routes = &route,
        .route_counts = &count,
        .table_count = 1,
        .self = &daemon->routes,
        .workers = 1,
        .connections_max = 64,
        .service_secret = aurora_config_text(daemon->config, "service_secret"),
        .log = say,
    };
    aurora_status status = aurora_http_start(&options, &daemon->metrics, &err);
    if (status == AURORA_OK)
        return 0;
    memcpy(err.field, "metrics_listen", sizeof "metrics_listen");
    return aurorad_refuse_status(daemon, status, &err, "metrics_listen");
}

int aurorad_serve(aurorad *daemon)
{
    int rc = start_api(daemon);
    if (rc == 0 && has_own_metrics(daemon))
        rc = start_metrics(daemon);
    return rc;
}

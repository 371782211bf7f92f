/* SPDX-License-Identifier: MIT */
/* From the settings to upstreams and pools, and back. */
#include "gateway/gateway.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/internal.h"

/* What a gateway has one choice for: it keeps nothing and publishes nothing. */
static const char *const unused[] = {"otlp"};

aurora__gateway *aurora__gateway_of(const aurora_routes *routes)
{
    return aurora_daemon_part(routes->daemon);
}

static int check(const aurora_daemon *daemon)
{
    const aurora_config *config = aurora_daemon_config(daemon);
    char error[AURORA__SERVICES_ERROR_BYTES];
    aurora__service_list list;
    bool is_good = aurora__services_read(aurora_config_text(config, "upstream"), &list, error);
    aurora__services_free(&list);
    if (!is_good)
        return aurora_daemon_refuse(daemon, "upstream: %s (%s)", error,
                                    aurora_config_get(config, "upstream")->origin);
    for (size_t i = 0; i < sizeof unused / sizeof *unused; i++) {
        const aurora_config_value *value = aurora_config_get(config, unused[i]);
        if (strcmp(value->text, value->info->default_text) != 0)
            return aurora_daemon_refuse_value(daemon, unused[i], "is not read in this release");
    }
    return 0;
}

static void say_changed(void *self, const char *name, const char *address, int32_t state)
{
    const aurora__gateway *gateway = self;
    bool is_up = state == AURORA_UPSTREAM_UP;
    aurora_service_log_write(aurora_daemon_log(gateway->daemon),
                             is_up ? AURORA_LOG_INFO : AURORA_LOG_WARNING, "upstream", "%s %s %s",
                             name, address,
                             is_up                                ? "takes calls again"
                             : state == AURORA_UPSTREAM_NOT_READY ? "says that it is not ready"
                                                                  : "cannot be reached");
}

static aurora_status make_upstreams(aurora__gateway *gateway, const aurora__service_list *list,
                                    aurora_error *err)
{
    for (int i = 0; i < AURORA__SERVICE_COUNT; i++) {
        const aurora_upstream_options options = {
            .name = aurora__service_name((aurora__service)i),
            .addresses = list->addresses[i],
            .address_count = list->counts[i],
            .probe = "/readyz",
            .changed = say_changed,
            .changed_self = gateway,
        };
        aurora_status status = aurora_upstream_new(&options, &gateway->upstreams[i], err);
        if (status != AURORA_OK)
            return status;
    }
    return AURORA_OK;
}

static int open_gateway(aurora_daemon *daemon)
{
    const aurora_config *config = aurora_daemon_config(daemon);
    aurora_routes *routes = aurora_daemon_routes(daemon);
    aurora__gateway *gateway = calloc(1, sizeof *gateway);
    char error[AURORA__SERVICES_ERROR_BYTES];
    aurora_error err = AURORA_ERROR_INIT;
    aurora__service_list list;
    if (gateway == NULL)
        return aurora_daemon_refuse(daemon, "out of memory");
    aurora_daemon_keep(daemon, gateway);
    gateway->daemon = daemon;
    /* A copy: a reload gives the settings new texts. */
    gateway->secret = strdup(aurora_config_text(config, "service_secret"));
    if (gateway->secret == NULL || !aurora__gateway_routes(gateway))
        return aurora_daemon_refuse(daemon, "out of memory");
    bool is_good = aurora__services_read(aurora_config_text(config, "upstream"), &list, error);
    aurora_status status = is_good ? make_upstreams(gateway, &list, &err) : AURORA_EINVAL;
    aurora__services_free(&list);
    routes->ready = aurora__gateway_ready;
    routes->metrics = aurora__gateway_metrics;
    return status == AURORA_OK ? 0
                               : aurora_daemon_refuse(daemon, "upstream: %s",
                                                      is_good ? aurora_status_text(status) : error);
}

static void close_gateway(aurora_daemon *daemon)
{
    aurora__gateway *gateway = aurora_daemon_part(daemon);
    if (gateway == NULL)
        return;
    for (int i = 0; i < AURORA__SERVICE_COUNT; i++)
        aurora_upstream_free(gateway->upstreams[i]);
    free(gateway->secret);
    free(gateway->routes);
    free(gateway);
    aurora_daemon_keep(daemon, NULL);
}

static uint32_t tables(const aurora_daemon *daemon, aurora_route_table *out)
{
    const aurora__gateway *gateway = aurora_daemon_part(daemon);
    out[0] = (aurora_route_table){gateway->routes, gateway->route_count};
    out[1] = aurora_routes_system();
    return 2;
}

static aurora_status begin_loop(void *self, aurora_http_loop *loop, void **slot_out)
{
    aurora__gateway *gateway = aurora__gateway_of(self);
    *slot_out = aurora_upstream_pool_new(loop, gateway->upstreams, AURORA__SERVICE_COUNT);
    return *slot_out == NULL ? AURORA_ENOMEM : AURORA_OK;
}

static void end_loop(void *self, aurora_http_loop *loop, void *slot)
{
    (void)self;
    (void)loop;
    aurora_upstream_pool_free(slot);
}

const aurora_daemon_parts *aurora_gateway_parts(void)
{
    static const aurora_daemon_parts parts = {
        .check = check,
        .open = open_gateway,
        .close = close_gateway,
        .tables = tables,
        .loop_begin = begin_loop,
        .loop_end = end_loop,
    };
    return &parts;
}

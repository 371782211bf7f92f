/* SPDX-License-Identifier: MIT */
/* From the settings to upstreams and pools, and back. */
#include "gateway/gateway.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/internal.h"

aurora__gateway *aurora__gateway_of(const aurora_routes *routes)
{
    return aurora_daemon_part(routes->daemon);
}

static bool read_policies(const aurora_config *config, aurora__policy *out, char *error)
{
    const char *names[AURORA__SERVICE_COUNT];
    for (int i = 0; i < AURORA__SERVICE_COUNT; i++)
        names[i] = aurora__service_name((aurora__service)i);
    return aurora__policies_read(config, names, AURORA__SERVICE_COUNT, out, error);
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
    aurora__policy policies[AURORA__SERVICE_COUNT];
    char rule[AURORA__POLICY_ERROR_BYTES];
    if (!read_policies(config, policies, rule))
        return aurora_daemon_refuse(daemon, "%s", rule);
    /* Behind it everybody would be one customer. */
    if (aurora_config_text(config, "jwt_keys")[0] != '\0' &&
        aurora_config_text(config, "service_secret")[0] == '\0' &&
        aurora_config_text(config, "upstream_certificate")[0] == '\0')
        return aurora_daemon_refuse_value(
            daemon, "jwt_keys",
            "needs service_secret or upstream_certificate, so that the services are told who asks");
    return 0;
}

static uint32_t hedge_of(const aurora__policy *policy)
{
    return policy->hedge_ms == AURORA__POLICY_HEDGE_P95 ? AURORA_UPSTREAM_HEDGE_P95
                                                        : (uint32_t)policy->hedge_ms;
}

static void say_changed(void *self, const char *name, const char *address, int32_t state,
                        const char *why)
{
    const aurora__gateway *gateway = self;
    bool is_up = state == AURORA_UPSTREAM_UP;
    aurora_service_log_write(aurora_daemon_log(gateway->daemon),
                             is_up ? AURORA_LOG_INFO : AURORA_LOG_WARNING, "upstream",
                             "%s %s %s%s%s", name, address,
                             is_up                                ? "takes calls again"
                             : state == AURORA_UPSTREAM_NOT_READY ? "says that it is not ready"
                                                                  : "cannot be reached",
                             why[0] != '\0' ? ": it " : "", why);
}

static void say_breaker(void *self, const char *name, const char *address, bool is_open)
{
    const aurora__gateway *gateway = self;
    aurora_service_log_write(aurora_daemon_log(gateway->daemon),
                             is_open ? AURORA_LOG_WARNING : AURORA_LOG_INFO, "upstream",
                             is_open ? "%s %s fails: its breaker is open, and it is left alone"
                                     : "%s %s answers: its breaker is closed",
                             name, address);
}

static void use_policy(aurora__gateway *gateway, int service, const aurora__policy *policy)
{
    gateway->policies[service] = *policy;
    atomic_store(&gateway->timeout_ms[service], (uint32_t)policy->timeout_ms);
    atomic_store(&gateway->attempt_ms[service], (uint32_t)policy->attempt_timeout_ms);
}

static aurora_status make_upstreams(aurora__gateway *gateway, const aurora__service_list *list,
                                    const aurora__policy *policies, aurora_error *err)
{
    for (int i = 0; i < AURORA__SERVICE_COUNT; i++) {
        const aurora__policy *policy = &policies[i];
        use_policy(gateway, i, policy);
        const aurora_upstream_options options = {
            .name = aurora__service_name((aurora__service)i),
            .addresses = list->addresses[i],
            .address_count = list->counts[i],
            .connect_ms = (uint32_t)policy->connect_timeout_ms,
            .attempts_max = (uint32_t)policy->attempts,
            .budget_per_mille = (uint32_t)policy->retry_budget * 10,
            .calls_max = (uint32_t)policy->calls_max,
            .breaker_percent = (uint32_t)policy->breaker_failures,
            .breaker_calls_min = (uint32_t)policy->breaker_calls_min,
            .breaker_in_row = (uint32_t)policy->breaker_in_row,
            .breaker_open_ms = (uint32_t)policy->breaker_open_ms,
            .breaker_slow_ms = (uint32_t)policy->breaker_slow_ms,
            .hedge_ms = hedge_of(policy),
            .tls = aurora_daemon_upstream_tls(gateway->daemon),
            .probe = "/readyz",
            .changed = say_changed,
            .breaker = say_breaker,
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
    char error[AURORA__SERVICES_ERROR_BYTES], rule[AURORA__POLICY_ERROR_BYTES];
    aurora_error err = AURORA_ERROR_INIT;
    aurora__policy policies[AURORA__SERVICE_COUNT];
    aurora__service_list list;
    if (gateway == NULL)
        return aurora_daemon_refuse(daemon, "out of memory");
    aurora_daemon_keep(daemon, gateway);
    gateway->daemon = daemon;
    gateway->stale = aurora__stale_new();
    /* A copy: a reload gives the settings new texts. */
    gateway->secret = strdup(aurora_config_text(config, "service_secret"));
    gateway->has_certificate = aurora_config_text(config, "upstream_certificate")[0] != '\0';
    if (gateway->secret == NULL || gateway->stale == NULL || !aurora__gateway_routes(gateway))
        return aurora_daemon_refuse(daemon, "out of memory");
    if (!read_policies(config, policies, rule))
        return aurora_daemon_refuse(daemon, "%s", rule);
    bool is_good = aurora__services_read(aurora_config_text(config, "upstream"), &list, error);
    aurora_status status = is_good ? make_upstreams(gateway, &list, policies, &err) : AURORA_EINVAL;
    aurora__services_free(&list);
    routes->ready = aurora__gateway_ready;
    if (status == AURORA_OK)
        aurora__registry_collector(routes->registry, aurora__gateway_metrics, gateway);
    return status == AURORA_OK ? 0
                               : aurora_daemon_refuse(daemon, "upstream: %s",
                                                      is_good ? aurora_status_text(status) : error);
}

static bool judge(const aurora_config *config, char error_out[AURORA_CONFIG_ERROR_BYTES])
{
    aurora__policy policies[AURORA__SERVICE_COUNT];
    return read_policies(config, policies, error_out);
}

/* What may change while calls are under way; the rest waits for the next start. */
static void reload(aurora_daemon *daemon)
{
    aurora__gateway *gateway = aurora_daemon_part(daemon);
    aurora_service_log *log = aurora_daemon_log(daemon);
    aurora__policy policies[AURORA__SERVICE_COUNT];
    char rule[AURORA__POLICY_ERROR_BYTES];
    if (!read_policies(aurora_daemon_config(daemon), policies, rule))
        return;
    for (int i = 0; i < AURORA__SERVICE_COUNT; i++) {
        const char *fixed = aurora__policy_fixed_change(&gateway->policies[i], &policies[i]);
        if (fixed != NULL)
            aurora_service_log_write(log, AURORA_LOG_INFO, "config",
                                     "[upstream.%s] %s changes after the next start",
                                     aurora__service_name((aurora__service)i), fixed);
        use_policy(gateway, i, &policies[i]);
        aurora_upstream_adjust(gateway->upstreams[i], (uint32_t)policies[i].attempts,
                               hedge_of(&policies[i]));
    }
}

static void close_gateway(aurora_daemon *daemon)
{
    aurora__gateway *gateway = aurora_daemon_part(daemon);
    if (gateway == NULL)
        return;
    for (int i = 0; i < AURORA__SERVICE_COUNT; i++)
        aurora_upstream_free(gateway->upstreams[i]);
    aurora__stale_free(gateway->stale);
    if (gateway->secret != NULL)
        explicit_bzero(gateway->secret, strlen(gateway->secret));
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
        .judge = judge,
        .reload = reload,
        .tables = tables,
        .loop_begin = begin_loop,
        .loop_end = end_loop,
    };
    return &parts;
}

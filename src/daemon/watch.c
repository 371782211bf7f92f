/* SPDX-License-Identifier: MIT */
/* The main thread's life: signals, the watchdog, the health of the store, the end. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "daemon/internal.h"
#include "http/cors.h"
#include "service/reload.h"
#include "service/supervisor.h"

#define LOOK_MS 250

/* "listening on http://127.0.0.1:8080", with the port that was had. */
static void say_address(const aurora_daemon *daemon, const char *what, const char *setting,
                        const aurora_http_server *server)
{
    bool is_secure = daemon->tls != NULL && server == daemon->routes.server;
    const char *listen = aurora_config_text(daemon->config, setting);
    int host = (int)(strrchr(listen, ':') - listen);
    aurora_service_log_announce(daemon->log, "%s %s://%.*s:%u", what, is_secure ? "https" : "http",
                                host, listen, (unsigned)aurora_http_port(server));
}

static void say_ready(const aurora_daemon *daemon)
{
    if (daemon->metrics != NULL)
        say_address(daemon, "metrics on", "metrics_listen", daemon->metrics);
    say_address(daemon, "listening on", "listen", daemon->routes.server);
    aurora_supervisor_notify("READY=1");
}

/* What this program changes itself, in a file that it may refuse. */
static bool is_good(void *self, const aurora_config *config,
                    char error_out[AURORA_CONFIG_ERROR_BYTES])
{
    const aurora_config_value *proxies = aurora_config_get(config, "trusted_proxies");
    const aurora_config_value *origins = aurora_config_get(config, "cors_origins");
    const aurora_config_value *bad = NULL;
    aurora_http_proxies parsed;
    const char *rule;
    const aurora_daemon *daemon = self;
    const aurora_daemon_parts *parts = daemon->spec->parts;
    if (!aurora_http_proxies_parse(proxies->text, &parsed, &rule))
        bad = proxies;
    else if (!aurora_cors_check(origins->text, &rule))
        bad = origins;
    if (bad == NULL)
        return aurora__daemon_limit_check(config, error_out) &&
               aurora__daemon_traces_judge(config, error_out) &&
               (parts == NULL || parts->judge == NULL || parts->judge(config, error_out));
    snprintf(error_out, AURORA_CONFIG_ERROR_BYTES, "%s %s (%s)", bad->info->name, rule,
             bad->origin);
    return false;
}

static void put_proxies(aurora_daemon *daemon)
{
    aurora_http_proxies proxies;
    const char *rule;
    if (aurora_http_proxies_parse(aurora_config_text(daemon->config, "trusted_proxies"), &proxies,
                                  &rule))
        aurora_http_set_trusted_proxies(daemon->routes.server, &proxies);
}

static void put_origins(aurora_daemon *daemon)
{
    const char *origins = aurora_config_text(daemon->config, "cors_origins");
    if (aurora_http_origins_put(daemon->routes.server, origins, NULL) != AURORA_OK)
        aurora_service_log_write(daemon->log, AURORA_LOG_ERROR, "config",
                                 "cors_origins stays: out of memory");
}

static void put_policies(aurora_daemon *daemon)
{
    char error[AURORA_CONFIG_ERROR_BYTES];
    if (!aurora__daemon_limit(daemon, daemon->config, error))
        aurora_service_log_write(daemon->log, AURORA_LOG_ERROR, "config",
                                 "the rate limits stay: %s", error);
}

static void reload(aurora_daemon *daemon)
{
    char text[96];
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld",
             (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    aurora_supervisor_notify(text);
    const aurora_config_judge judge = {.is_good = is_good, .self = daemon};
    if (aurora_config_reload(&daemon->config, &daemon->source, &judge, daemon->shop, daemon->log)) {
        put_proxies(daemon);
        aurora__daemon_tls_reload(daemon);
        put_origins(daemon);
        put_policies(daemon);
        aurora__daemon_traces_reload(daemon);
        if (daemon->spec->parts != NULL && daemon->spec->parts->reload != NULL)
            daemon->spec->parts->reload(daemon);
    }
    if (daemon->auth != NULL)
        aurora_auth_reload(daemon->auth);
    aurora_supervisor_notify("READY=1");
}

static void pause_ms(int64_t ms)
{
    struct timespec rest = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    while (nanosleep(&rest, &rest) != 0)
        continue;
}

/* Says no to probes first; then no new connections, the ends of the old ones; the store after
 * them. */
static void drain(aurora_daemon *daemon)
{
    int64_t delay_ms = aurora_config_number(daemon->config, "drain_delay");
    int64_t timeout_ms = aurora_config_number(daemon->config, "drain_timeout");
    aurora_supervisor_notify("STOPPING=1");
    aurora_supervisor_let_go();
    aurora_service_log_write(daemon->log, AURORA_LOG_INFO, "", "draining");
    aurora_http_drain_begin(daemon->routes.server);
    pause_ms(delay_ms);
    bool is_clean = aurora_http_drain(daemon->routes.server, (uint32_t)timeout_ms);
    aurora_service_log_write(daemon->log, is_clean ? AURORA_LOG_INFO : AURORA_LOG_WARNING, "",
                             is_clean ? "all requests are answered"
                                      : "some requests were cut off after drain_timeout");
}

int aurora__daemon_watch(aurora_daemon *daemon)
{
    int64_t watchdog_ms = aurora_supervisor_watchdog_ms();
    int64_t look_ms = watchdog_ms > 0 && watchdog_ms / 2 < LOOK_MS ? watchdog_ms / 2 : LOOK_MS;
    say_ready(daemon);
    for (;;) {
        int32_t signal = aurora_supervisor_wait(look_ms);
        if (daemon->shop != NULL && aurora_health(daemon->shop) == AURORA_ECORE) {
            aurora_service_log_write(daemon->log, AURORA_LOG_FATAL, "",
                                     "an invariant of the library is broken: ending");
            return AURORA_DAEMON_BROKEN;
        }
        if (watchdog_ms > 0)
            aurora_supervisor_notify("WATCHDOG=1");
        aurora__daemon_tls_look(daemon);
        aurora_service_log_tick(daemon->log);
        if (signal == AURORA_SUPERVISOR_RELOAD)
            reload(daemon);
        if (signal == AURORA_SUPERVISOR_STOP) {
            drain(daemon);
            return 0;
        }
    }
}

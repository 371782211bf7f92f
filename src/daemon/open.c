/* SPDX-License-Identifier: MIT */
/* The store with its drivers, the cache, the key of cursors; and the waiting for engines that are
 * not up yet. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/internal.h"
#include "service/supervisor.h"

#ifdef AURORA_HAVE_NET
#include <aurora/net.h>
#endif

#define PAUSE_FIRST_MS 250
#define PAUSE_MAX_MS 4000

/* Those of libaurora-net; NULL and 0 where this build has none. */
static const aurora_driver *drivers_of_net(uint32_t *count_out)
{
#ifdef AURORA_HAVE_NET
    return aurora_net_drivers(count_out);
#else
    *count_out = 0;
    return NULL;
#endif
}

static void fill_options(const aurora_daemon *daemon, aurora_options *options)
{
    aurora_options_init(options);
    options->settings = aurora_config_assignments(daemon->config, &options->setting_count);
    options->drivers = drivers_of_net(&options->driver_count);
}

static aurora_status open_shop(aurora_daemon *daemon, aurora_error *err)
{
    aurora_options options;
    const aurora_log log = {.size = sizeof log,
                            .self = daemon->log,
                            .write = aurora_service_log_library,
                            .level_min = aurora_service_log_library_level(daemon->log),
                            .record = aurora_service_log_record};
    const aurora_tracer tracer = {.size = sizeof tracer,
                                  .self = daemon->telemetry,
                                  .span = aurora_telemetry_span,
                                  .dropped = aurora_telemetry_dropped};
    fill_options(daemon, &options);
    options.flags = AURORA_OPEN_WORKER;
    options.log = &log;
    options.tracer = daemon->telemetry != NULL ? &tracer : NULL;
    return aurora_open(aurora_config_text(daemon->config, "store"), &options, &daemon->shop, err);
}

static aurora_status open_cache(const aurora_daemon *daemon, aurora_cache **out, aurora_error *err)
{
    aurora_cache_options options;
    aurora_cache_options_init(&options);
    const aurora_log log = {.size = sizeof log,
                            .self = daemon->log,
                            .write = aurora_service_log_library,
                            .level_min = AURORA_LOG_DEBUG};
    options.log = daemon->log != NULL ? &log : NULL;
    options.ttl_ms = aurora_config_number(daemon->config, "cache_ttl");
    options.drivers = drivers_of_net(&options.driver_count);
    return aurora_cache_open(aurora_config_text(daemon->config, "cache"), &options, out, err);
}

/* What of it is open already stays. `subject` is the setting that a failure without a field is
 * about. */
static aurora_status open_all(aurora_daemon *daemon, const char **subject_out, aurora_error *err)
{
    aurora_status status = AURORA_OK;
    *subject_out = "cache";
    if (daemon->routes.cache == NULL)
        status = open_cache(daemon, &daemon->routes.cache, err);
    if (status != AURORA_OK)
        return status;
    *subject_out = "store";
    if (daemon->shop == NULL)
        status = open_shop(daemon, err);
    if (status != AURORA_OK)
        return status;
    return aurora_store_key(daemon->shop, "cursor", daemon->routes.cursor_key, err);
}

/* --- waiting ---------------------------------------------------------------------------------- */

static int64_t monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A server may come up; a file that cannot be opened needs a person. */
static bool may_come_up(const aurora_daemon *daemon, aurora_status status, const char *setting)
{
    const aurora_config_value *value = aurora_config_get(daemon->config, setting);
    return aurora_status_is_retriable(status) && value != NULL &&
           strstr(value->text, "://") != NULL;
}

static const char *field_of(const aurora_daemon *daemon, const aurora_error *err,
                            const char *subject)
{
    return aurora_config_get(daemon->config, err->field) != NULL ? err->field : subject;
}

static void say_waiting(const aurora_daemon *daemon, aurora_status status, const aurora_error *err,
                        const char *setting, int64_t left_ms)
{
    char shown[256];
    aurora_config_show(aurora_config_get(daemon->config, setting), shown, sizeof shown);
    aurora_service_log_write(daemon->log, AURORA_LOG_WARNING, "start",
                             "%s: %s (%s); trying for %lld s more", setting,
                             err->message[0] != '\0' ? err->message : aurora_status_text(status),
                             shown, (long long)(left_ms + 999) / 1000);
}

static int open_waiting(aurora_daemon *daemon)
{
    int64_t end_ms = monotonic_ms() + aurora_config_number(daemon->config, "start_wait");
    for (int64_t pause_ms = PAUSE_FIRST_MS;; pause_ms *= 2) {
        aurora_error err = AURORA_ERROR_INIT;
        const char *subject;
        aurora_status status = open_all(daemon, &subject, &err);
        if (status == AURORA_OK)
            return 0;
        const char *setting = field_of(daemon, &err, subject);
        int64_t left_ms = end_ms - monotonic_ms();
        if (left_ms <= 0 || !may_come_up(daemon, status, setting))
            return aurora__daemon_refuse_status(daemon, status, &err, subject);
        say_waiting(daemon, status, &err, setting, left_ms);
        aurora__daemon_starting_begin(daemon);
        if (pause_ms > PAUSE_MAX_MS)
            pause_ms = PAUSE_MAX_MS;
        if (aurora_supervisor_wait(pause_ms < left_ms ? pause_ms : left_ms) ==
            AURORA_SUPERVISOR_STOP)
            return AURORA__DAEMON_STOPPED;
    }
}

/* --- life ------------------------------------------------------------------------------------- */

static int open_store(aurora_daemon *daemon)
{
    int rc = open_waiting(daemon);
    aurora__daemon_starting_end(daemon);
    if (rc != 0)
        return rc;
    daemon->routes.shop = daemon->shop;
    aurora__daemon_watch_needs(daemon);
    /* A copy: a reload gives the settings new texts. */
    daemon->payment_secret = strdup(aurora_config_text(daemon->config, "payment_secret"));
    daemon->routes.payment_secret = daemon->payment_secret;
    return daemon->payment_secret != NULL ? 0 : aurora_daemon_refuse(daemon, "out of memory");
}

static void collect(void *self, aurora__sheet *sheet)
{
    const aurora_daemon *daemon = self;
    aurora__rate_limit_metrics(daemon->limit, sheet);
    aurora__daemon_auth_metrics(daemon, sheet);
    aurora__daemon_log_metrics(daemon, sheet);
    aurora__daemon_traces_metrics(daemon, sheet);
}

static void check_ready(void *self, void *into)
{
    const aurora_daemon *daemon = self;
    if (daemon->part_ready != NULL)
        daemon->part_ready(self, into);
    aurora__daemon_auth_ready(daemon, into);
}

int aurora__daemon_open(aurora_daemon *daemon)
{
    daemon->routes.service_name = daemon->source.program;
    daemon->routes.has_console = daemon->spec->has_console;
    daemon->routes.daemon = daemon;
    if (!aurora_routes_metrics_begin(&daemon->routes))
        return aurora_daemon_refuse(daemon, "out of memory");
    aurora__registry_collector(daemon->routes.registry, collect, daemon);
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status status =
        aurora__rate_limit_open(daemon->config, daemon->log, &daemon->limit, &err);
    if (status != AURORA_OK)
        return aurora__daemon_refuse_status(daemon, status, &err, "limiter");
    aurora__daemon_watch_limiter(daemon);
    int rc = aurora__daemon_auth_open(daemon);
    if (rc != 0)
        return rc;
    rc = daemon->spec->parts != NULL ? daemon->spec->parts->open(daemon) : open_store(daemon);
    daemon->part_ready = daemon->routes.ready;
    daemon->routes.ready = check_ready;
    return rc;
}

int aurora__daemon_open_check(const aurora_daemon *daemon)
{
    const char *subject = "limiter";
    aurora_error err = AURORA_ERROR_INIT;
    aurora__rate_limit *limit = NULL;
    aurora_cache *cache = NULL;
    aurora_options options;
    aurora_status status = aurora__rate_limit_open(daemon->config, NULL, &limit, &err);
    aurora__rate_limit_close(limit);
    if (status == AURORA_OK && daemon->spec->parts == NULL) {
        subject = "cache";
        status = open_cache(daemon, &cache, &err);
        aurora_cache_close(cache);
    }
    if (status == AURORA_OK && daemon->spec->parts == NULL) {
        subject = "store";
        fill_options(daemon, &options);
        status = aurora_open_check(aurora_config_text(daemon->config, "store"), &options, &err);
    }
    if (status != AURORA_OK)
        return aurora__daemon_refuse_status(daemon, status, &err, subject);
    return aurora__daemon_auth_open_check(daemon);
}

void aurora__daemon_close(aurora_daemon *daemon)
{
    if (daemon->spec->parts != NULL)
        daemon->spec->parts->close(daemon);
    aurora_cache_close(daemon->routes.cache);
    aurora_close(daemon->shop);
    aurora__rate_limit_close(daemon->limit);
    if (daemon->payment_secret != NULL)
        explicit_bzero(daemon->payment_secret, strlen(daemon->payment_secret));
    aurora_auth_close(daemon->auth);
    free(daemon->payment_secret);
    explicit_bzero(daemon->routes.cursor_key, sizeof daemon->routes.cursor_key);
    free(daemon->served);
    free(daemon->openapi);
    aurora_routes_metrics_end(&daemon->routes);
}

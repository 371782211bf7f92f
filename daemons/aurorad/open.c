/* SPDX-License-Identifier: MIT */
/* The rules for settings, the store with its drivers, the cache, the key of cursors. */
#include <stdlib.h>
#include <string.h>

#include "aurorad.h"
#include "http/principal.h"

#ifdef AURORA_HAVE_NET
#include <aurora/net.h>
#endif

#define SECRET_BYTES_MIN 32

/* What this release has one choice for. */
static const struct {
    const char *name;
    const char *only;
    const char *what;
} only_choices[] = {
    {"bus", "local:", "in one process events stay in it"},
    {"limiter", "memory:", "limits are counted in the process"},
    {"otlp", "", "traces are not exported"},
    {"upstream", "", "only the gateway has upstreams"},
};

static int refuse_value(const aurorad *daemon, const char *name, const char *rule)
{
    const aurora_config_value *value = aurora_config_get(daemon->config, name);
    return aurorad_refuse(daemon, "%s: %s (%s)", name, rule, value->origin);
}

/* Whether it ends with a port. What stands before it is the system's to judge. */
static bool has_port(const char *listen)
{
    const char *colon = strrchr(listen, ':');
    size_t digits = colon != NULL ? strspn(colon + 1, "0123456789") : 0;
    return colon != listen && digits >= 1 && digits <= 5 && colon[1 + digits] == '\0';
}

/* An open server answers whoever reaches it. */
static int check_access(const aurorad *daemon)
{
    static const char *const listens[] = {"listen", "metrics_listen"};
    size_t length = strlen(aurora_config_text(daemon->config, "service_secret"));
    if (length > 0 && length < SECRET_BYTES_MIN)
        return refuse_value(daemon, "service_secret", "must be at least 32 bytes");
    for (size_t i = 0; i < sizeof listens / sizeof *listens; i++) {
        const char *listen = aurora_config_text(daemon->config, listens[i]);
        if (listen[0] == '\0')
            continue;
        if (!has_port(listen))
            return refuse_value(daemon, listens[i], "must be HOST:PORT");
        if (length == 0 && !aurora_principal_is_loopback(listen))
            return refuse_value(daemon, listens[i],
                                "must be a loopback address, such as 127.0.0.1:8080, while no "
                                "service_secret is set");
    }
    return 0;
}

int aurorad_check(const aurorad *daemon)
{
    bool is_text;
    for (size_t i = 0; i < sizeof only_choices / sizeof *only_choices; i++) {
        const char *text = aurora_config_text(daemon->config, only_choices[i].name);
        if (strcmp(text, only_choices[i].only) != 0)
            return aurorad_refuse(daemon, "%s: must be \"%s\" in this release: %s (%s)",
                                  only_choices[i].name, only_choices[i].only, only_choices[i].what,
                                  aurora_config_get(daemon->config, only_choices[i].name)->origin);
    }
    if (aurora_service_log_level(aurora_config_text(daemon->config, "log_level")) == 0)
        return refuse_value(daemon, "log_level", "must be debug, info, warning or error");
    if (!aurora_service_log_format(aurora_config_text(daemon->config, "log_format"), -1, &is_text))
        return refuse_value(daemon, "log_format", "must be json, text or auto");
    return check_access(daemon);
}

static aurora_status open_shop(aurorad *daemon, aurora_error *err)
{
    aurora_options options;
    const aurora_log log = {.size = sizeof log,
                            .self = daemon->log,
                            .write = aurora_service_log_library,
                            .level_min = AURORA_LOG_DEBUG};
    aurora_options_init(&options);
    options.flags = AURORA_OPEN_WORKER;
    options.log = &log;
    options.settings = aurora_config_assignments(daemon->config, &options.setting_count);
#ifdef AURORA_HAVE_NET
    options.drivers = aurora_net_drivers(&options.driver_count);
#endif
    return aurora_open(aurora_config_text(daemon->config, "store"), &options, &daemon->shop, err);
}

static aurora_status open_cache(aurorad *daemon, aurora_error *err)
{
    aurora_cache_options options;
    aurora_cache_options_init(&options);
    options.ttl_ms = aurora_config_number(daemon->config, "cache_ttl");
#ifdef AURORA_HAVE_NET
    options.drivers = aurora_net_drivers(&options.driver_count);
#endif
    return aurora_cache_open(aurora_config_text(daemon->config, "cache"), &options,
                             &daemon->routes.cache, err);
}

int aurorad_open(aurorad *daemon)
{
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status status = open_shop(daemon, &err);
    if (status != AURORA_OK)
        return aurorad_refuse_status(daemon, status, &err, "store");
    status = open_cache(daemon, &err);
    if (status != AURORA_OK)
        return aurorad_refuse_status(daemon, status, &err, "cache");
    status = aurora_store_key(daemon->shop, "cursor", daemon->routes.cursor_key, &err);
    if (status != AURORA_OK)
        return aurorad_refuse_status(daemon, status, &err, "store");
    daemon->routes.shop = daemon->shop;
    daemon->routes.service_name = daemon->source.program;
    daemon->routes.daemon = daemon;
    /* A copy: a reload gives the settings new texts. */
    daemon->payment_secret = strdup(aurora_config_text(daemon->config, "payment_secret"));
    daemon->routes.payment_secret = daemon->payment_secret;
    return daemon->payment_secret != NULL ? 0 : aurorad_refuse(daemon, "out of memory");
}

void aurorad_close(aurorad *daemon)
{
    aurora_cache_close(daemon->routes.cache);
    aurora_close(daemon->shop);
    free(daemon->payment_secret);
}

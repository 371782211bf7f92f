/* SPDX-License-Identifier: MIT */
/* The rules for settings that neither their own row nor the library knows. */
#include <string.h>

#include "daemon/internal.h"
#include "http/cors.h"
#include "http/principal.h"

#define SECRET_BYTES_MIN 32

/* What a daemon with a store has one choice for. */
static const struct {
    const char *name;
    const char *only;
    const char *what;
} only_choices[] = {
    {"upstream", "", "only the gateway has upstreams"},
    {"upstream_ca", "", "only the gateway has upstreams"},
    {"upstream_certificate", "", "only the gateway has upstreams"},
    {"upstream_key", "", "only the gateway has upstreams"},
};

static const char *text_of(const aurora_daemon *daemon, const char *name)
{
    return aurora_config_text(daemon->config, name);
}

/* Whether it ends with a port. What stands before it is the system's to judge. */
static bool has_port(const char *listen)
{
    const char *colon = strrchr(listen, ':');
    size_t digits = colon != NULL ? strspn(colon + 1, "0123456789") : 0;
    return colon != listen && digits >= 1 && digits <= 5 && colon[1 + digits] == '\0';
}

/* An open server answers whoever reaches it. */
static int check_access(const aurora_daemon *daemon)
{
    static const char *const listens[] = {"listen", "metrics_listen"};
    size_t length = strlen(text_of(daemon, "service_secret"));
    bool is_open = length == 0 && text_of(daemon, "jwt_keys")[0] == '\0';
    if (length > 0 && length < SECRET_BYTES_MIN)
        return aurora_daemon_refuse_value(daemon, "service_secret", "must be at least 32 bytes");
    for (size_t i = 0; i < sizeof listens / sizeof *listens; i++) {
        const char *listen = text_of(daemon, listens[i]);
        if (listen[0] == '\0')
            continue;
        if (!has_port(listen))
            return aurora_daemon_refuse_value(daemon, listens[i], "must be HOST:PORT");
        if (is_open && !aurora__daemon_knows_peers(daemon) && !aurora_principal_is_loopback(listen))
            return aurora_daemon_refuse_value(
                daemon, listens[i],
                "must be a loopback address, such as 127.0.0.1:8080, without "
                "service_secret, jwt_keys or tls_client_names");
    }
    return 0;
}

static int check_only_choices(const aurora_daemon *daemon)
{
    for (size_t i = 0; i < sizeof only_choices / sizeof *only_choices; i++) {
        if (strcmp(text_of(daemon, only_choices[i].name), only_choices[i].only) != 0)
            return aurora_daemon_refuse(
                daemon, "%s: must be \"%s\" in this release: %s (%s)", only_choices[i].name,
                only_choices[i].only, only_choices[i].what,
                aurora_config_get(daemon->config, only_choices[i].name)->origin);
    }
    return 0;
}

/* A bus that ends in the process is right for a process that is alone. */
static int check_bus(const aurora_daemon *daemon)
{
    bool is_local = strcmp(text_of(daemon, "bus"), "local:") == 0;
    if (daemon->spec->is_of_cluster && is_local)
        return aurora_daemon_refuse_value(
            daemon, "bus",
            "must be kafka://HOST:PORT,...: \"local:\" ends in this process, and the other "
            "services would hear nothing");
    return 0;
}

static int check_no_upstreams(const aurora_daemon *daemon)
{
    uint32_t count;
    const aurora_config_property *lines = aurora_config_properties(daemon->config, &count);
    for (uint32_t i = 0; i < count; i++) {
        if (strncmp(lines[i].section, "upstream.", 9) == 0)
            return aurora_daemon_refuse(
                daemon,
                "[%s]: only the gateway has upstreams; docs/RESILIENCE.md says what bounds the "
                "other calls (%s)",
                lines[i].section, lines[i].origin);
    }
    return 0;
}

static int check_store(const aurora_daemon *daemon)
{
    int rc = check_only_choices(daemon);
    if (rc == 0)
        rc = check_no_upstreams(daemon);
    return rc == 0 ? check_bus(daemon) : rc;
}

int aurora__daemon_check(const aurora_daemon *daemon)
{
    bool is_text;
    const aurora_daemon_parts *parts = daemon->spec->parts;
    int rc = parts != NULL ? parts->check(daemon) : check_store(daemon);
    if (rc == 0)
        rc = aurora__daemon_tls_check(daemon);
    if (rc != 0)
        return rc;
    const char *rule;
    aurora_http_proxies proxies;
    if (!aurora_http_proxies_parse(text_of(daemon, "trusted_proxies"), &proxies, &rule))
        return aurora_daemon_refuse_value(daemon, "trusted_proxies", rule);
    char error[AURORA_CONFIG_ERROR_BYTES];
    if (!aurora__daemon_limit_check(daemon->config, error))
        return aurora_daemon_refuse(daemon, "%s", error);
    if (!aurora_cors_check(text_of(daemon, "cors_origins"), &rule))
        return aurora_daemon_refuse_value(daemon, "cors_origins", rule);
    aurora_log_levels levels;
    char broken[AURORA_LOG_RULE_BYTES];
    if (!aurora_log_levels_parse(text_of(daemon, "log_level"), &levels, broken))
        return aurora_daemon_refuse_value(daemon, "log_level", broken);
    if (!aurora_service_log_format(text_of(daemon, "log_format"), -1, &is_text))
        return aurora_daemon_refuse_value(daemon, "log_format", "must be json, text or auto");
    rc = aurora__daemon_traces_check(daemon);
    if (rc == 0)
        rc = aurora__daemon_auth_check(daemon);
    return rc == 0 ? check_access(daemon) : rc;
}

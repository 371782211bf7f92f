/* SPDX-License-Identifier: MIT */
/* Tokens of a daemon: from the settings jwt_... to the verifier that its servers ask, and what it
 * says of that. */
#include <string.h>
#include <time.h>

#include "daemon/internal.h"

static const char *text_of(const aurora_daemon *daemon, const char *name)
{
    return aurora_config_text(daemon->config, name);
}

static bool has_tokens(const aurora_daemon *daemon)
{
    return text_of(daemon, "jwt_keys")[0] != '\0';
}

/* --- settings --------------------------------------------------------------------------------- */

/* A set that is given by half would take everybody's tokens, or nobody's. */
int aurora__daemon_auth_check(const aurora_daemon *daemon)
{
    static const char *const names[] = {"jwt_issuer", "jwt_audience"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        bool is_given = text_of(daemon, names[i])[0] != '\0';
        if (has_tokens(daemon) && !is_given)
            return aurora_daemon_refuse_value(daemon, names[i], "is required with jwt_keys");
        if (!has_tokens(daemon) && is_given)
            return aurora_daemon_refuse_value(daemon, names[i],
                                              "needs jwt_keys: without them no token is taken");
    }
    return 0;
}

static void say(void *self, int32_t level, const char *message)
{
    const aurora_daemon *daemon = self;
    aurora_service_log_write(daemon->log, level, "jwt", "%s", message);
}

static aurora_auth_options options_of(const aurora_daemon *daemon)
{
    return (aurora_auth_options){
        .keys = text_of(daemon, "jwt_keys"),
        .issuer = text_of(daemon, "jwt_issuer"),
        .audience = text_of(daemon, "jwt_audience"),
        .ca = text_of(daemon, "jwt_ca"),
        .leeway_ms = aurora_config_number(daemon->config, "jwt_leeway"),
        .lifetime_max_ms = aurora_config_number(daemon->config, "jwt_lifetime_max"),
        .refresh_ms = aurora_config_number(daemon->config, "jwt_refresh"),
    };
}

int aurora__daemon_auth_open(aurora_daemon *daemon)
{
    aurora_error err = AURORA_ERROR_INIT;
    aurora_auth_options options = options_of(daemon);
    options.log = say;
    options.log_self = daemon;
    if (!has_tokens(daemon))
        return 0;
    aurora_status status = aurora_auth_open(&options, &daemon->auth, &err);
    return status == AURORA_OK ? 0 : aurora__daemon_refuse_status(daemon, status, &err, "jwt_keys");
}

int aurora__daemon_auth_open_check(const aurora_daemon *daemon)
{
    aurora_error err = AURORA_ERROR_INIT;
    aurora_auth_options options = options_of(daemon);
    if (!has_tokens(daemon))
        return 0;
    aurora_status status = aurora_auth_check(&options, &err);
    return status == AURORA_OK ? 0 : aurora__daemon_refuse_status(daemon, status, &err, "jwt_keys");
}

/* --- requests --------------------------------------------------------------------------------- */

static void authenticate(void *self, const char *authorization, int64_t now_ms,
                         aurora_http_bearer *out)
{
    const aurora_routes *routes = self;
    const aurora_daemon *daemon = routes->daemon;
    aurora_auth_judge(daemon->auth, authorization, now_ms, out);
}

aurora__daemon_authenticate aurora__daemon_auth_hook(const aurora_daemon *daemon)
{
    return daemon->auth != NULL ? authenticate : NULL;
}

/* --- figures ---------------------------------------------------------------------------------- */

/* Without its keys a server still has its public calls, and those of whom it remembers. */
void aurora__daemon_auth_ready(const aurora_daemon *daemon, void *into)
{
    aurora_auth_figures figures;
    char detail[160];
    if (daemon->auth == NULL)
        return;
    aurora_auth_figures_get(daemon->auth, &figures);
    int64_t age_s = figures.fetched_ms > 0 ? time(NULL) - figures.fetched_ms / 1000 : 0;
    if (figures.sources_missing > 0) {
        snprintf(detail, sizeof detail, "%u of %u sources of keys have given none yet",
                 figures.sources_missing, figures.sources);
        aurora_routes_degraded(into, "tokens", detail);
        return;
    }
    snprintf(detail, sizeof detail, "%u keys, read %lld s ago; %llu of %llu readings have failed",
             figures.keys, (long long)(age_s > 0 ? age_s : 0),
             (unsigned long long)figures.fetch_failures, (unsigned long long)figures.fetches);
    aurora_routes_check(into, "tokens", true, detail);
}

static void add_tokens(aurora__sheet *sheet, const aurora_auth_figures *figures)
{
    static const aurora__family tokens =
        AURORA__COUNTER_FAMILY_BY("aurora_jwt_tokens_total", "Tokens that were judged.", "result");
    static const aurora__family hits = AURORA__COUNTER_FAMILY(
        "aurora_jwt_cache_hits_total", "Of the accepted ones, those that were verified before.");
    static const aurora__family cached =
        AURORA__GAUGE_FAMILY("aurora_jwt_cached_tokens", "Verified tokens that are remembered.");
    aurora__sheet_add(sheet, &tokens, AURORA__VALUES("accepted"), (double)figures->good);
    aurora__sheet_add(sheet, &tokens, AURORA__VALUES("refused"), (double)figures->bad);
    aurora__sheet_add(sheet, &tokens, AURORA__VALUES("unavailable"), (double)figures->unsure);
    aurora__sheet_add(sheet, &hits, NULL, (double)figures->cache_hits);
    aurora__sheet_add(sheet, &cached, NULL, (double)figures->cached);
}

static void add_keys(aurora__sheet *sheet, const aurora_auth_figures *figures)
{
    static const aurora__family families[] = {
        AURORA__GAUGE_FAMILY("aurora_jwt_keys", "Keys that tokens are verified with."),
        AURORA__COUNTER_FAMILY("aurora_jwt_key_fetches_total",
                               "Times that a file or URL of jwt_keys was read."),
        AURORA__COUNTER_FAMILY("aurora_jwt_key_fetch_failures_total",
                               "Of these, those that gave no keys."),
        AURORA__COUNTER_FAMILY("aurora_jwt_key_misses_total",
                               "Fetches that a token with an unknown key has asked for."),
        AURORA__GAUGE_FAMILY("aurora_jwt_keys_fetched_timestamp_seconds",
                             "When keys were read last with success; 0: never."),
    };
    const double values[] = {figures->keys, (double)figures->fetches,
                             (double)figures->fetch_failures, (double)figures->misses,
                             (double)figures->fetched_ms / 1000};
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        aurora__sheet_add(sheet, &families[i], NULL, values[i]);
}

void aurora__daemon_auth_metrics(const aurora_daemon *daemon, aurora__sheet *sheet)
{
    aurora_auth_figures figures;
    if (daemon->auth == NULL)
        return;
    aurora_auth_figures_get(daemon->auth, &figures);
    add_tokens(sheet, &figures);
    add_keys(sheet, &figures);
}

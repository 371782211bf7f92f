/* SPDX-License-Identifier: MIT */
/* The order of a daemon's start is that of this file; what fails says so in one line, and what was
 * opened is closed again. */
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/internal.h"
#include "service/supervisor.h"
#include "telemetry/environment.h"

#define ARENAS_MAX 2 /* of malloc: one a thread would cost megabytes each, and nobody needs them */
/* Fixed, where malloc would learn a higher one: the snapshots of trending, megabytes every few
 * seconds, are then given back each time. */
#define MMAP_BYTES 262144
#define FILES_BESIDE_CONNECTIONS 256

int aurora_daemon_refuse(const aurora_daemon *daemon, const char *format, ...)
{
    va_list arguments;
    fprintf(stderr, "%s: ", daemon->source.program);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return AURORA_DAEMON_REFUSED;
}

int aurora__daemon_refuse_status(const aurora_daemon *daemon, aurora_status status,
                                 const aurora_error *err, const char *subject)
{
    const char *field =
        err->field[0] != '\0' && strcmp(err->field, "url") != 0 ? err->field : subject;
    const char *message = err->message[0] != '\0' ? err->message : aurora_status_text(status);
    const aurora_config_value *value = aurora_config_get(daemon->config, field);
    char shown[256];
    if (value == NULL)
        return aurora_daemon_refuse(daemon, "%s: %s", field, message);
    aurora_config_show(value, shown, sizeof shown);
    return aurora_daemon_refuse(daemon, "%s: %s (%s from %s)", field, message, shown,
                                value->origin);
}

int aurora_daemon_refuse_value(const aurora_daemon *daemon, const char *name, const char *rule)
{
    const aurora_config_value *value = aurora_config_get(daemon->config, name);
    return aurora_daemon_refuse(daemon, "%s: %s (%s)", name, rule, value->origin);
}

static aurora_log_levels levels_of(const aurora_config *config)
{
    aurora_log_levels levels;
    char rule[AURORA_LOG_RULE_BYTES]; /* it was checked */
    if (!aurora_log_levels_parse(aurora_config_text(config, "log_level"), &levels, rule))
        levels = aurora_log_levels_all(AURORA_LOG_INFO);
    return levels;
}

static int start_log(aurora_daemon *daemon)
{
    bool is_text = false;
    aurora_service_log_format(aurora_config_text(daemon->config, "log_format"), STDOUT_FILENO,
                              &is_text);
    const aurora_service_log_options options = {
        .fd = STDOUT_FILENO,
        .is_text = is_text,
        .repeats_max = (uint32_t)aurora_config_number(daemon->config, "log_repeats"),
        .levels = levels_of(daemon->config),
        .service = daemon->source.program,
    };
    daemon->log = aurora_service_log_new(&options);
    return daemon->log != NULL ? 0 : aurora_daemon_refuse(daemon, "the log cannot be started");
}

static void warn(const aurora_daemon *daemon, uint64_t files)
{
    uint32_t count;
    const char *const *warnings = aurora_config_warnings(daemon->config, &count);
    for (uint32_t i = 0; i < count; i++)
        aurora_service_log_write(daemon->log, AURORA_LOG_WARNING, "config", "%s", warnings[i]);
    int64_t connections = aurora_config_number(daemon->config, "http_connections_max");
    if (files < (uint64_t)connections + FILES_BESIDE_CONNECTIONS)
        aurora_service_log_write(daemon->log, AURORA_LOG_WARNING, "config",
                                 "only %llu files can be open, and %lld connections are allowed",
                                 (unsigned long long)files, (long long)connections);
}

static int run(aurora_daemon *daemon)
{
    int64_t connections = aurora_config_number(daemon->config, "http_connections_max");
    uint64_t files =
        aurora_supervisor_raise_files((uint64_t)connections + FILES_BESIDE_CONNECTIONS);
    aurora_supervisor_begin();
    aurora_supervisor_settle(aurora_config_number(daemon->config, "core_dumps") != 0);
    int rc = start_log(daemon);
    if (rc == 0) {
        warn(daemon, files);
        rc = aurora__daemon_tls_open(daemon);
    }
    if (rc == 0)
        rc = aurora__daemon_traces_open(daemon);
    if (rc == 0)
        rc = aurora__daemon_check_addresses(daemon);
    if (rc == 0)
        rc = aurora__daemon_open(daemon);
    if (rc == 0)
        rc = aurora__daemon_serve(daemon);
    if (rc == 0)
        rc = aurora__daemon_watch(daemon);
    if (rc == AURORA__DAEMON_STOPPED)
        rc = 0;
    aurora_http_free(daemon->metrics);
    aurora_http_free(daemon->routes.server);
    aurora__daemon_close(daemon);
    aurora__daemon_traces_close(daemon);
    aurora__daemon_tls_close(daemon);
    aurora_service_log_free(daemon->log);
    return rc;
}

/* --check-config: what is read of the settings before a store is opened or made. */
static int check(aurora_daemon *daemon)
{
    int rc = aurora__daemon_tls_open(daemon);
    aurora__daemon_tls_close(daemon);
    if (rc == 0)
        rc = aurora__daemon_open_check(daemon);
    if (rc == 0)
        puts("the configuration is good");
    return rc;
}

static int dispatch(aurora_daemon *daemon)
{
    char error[AURORA_CONFIG_ERROR_BYTES];
    if (!aurora_config_read(&daemon->source, &daemon->config, error))
        return aurora_daemon_refuse(daemon, "%s", error);
    int32_t action = aurora_config_action(daemon->config);
    if (action != AURORA_CONFIG_RUN && action != AURORA_CONFIG_CHECK) {
        aurora_config_print(daemon->config, stdout);
        return 0;
    }
    int rc = aurora__daemon_check(daemon);
    if (rc == 0)
        rc = action == AURORA_CONFIG_CHECK ? check(daemon) : run(daemon);
    return rc;
}

int aurora_daemon_run(const aurora_daemon_spec *spec, int argc, char **argv)
{
    aurora_supervisor_seal();
    aurora_daemon *daemon = calloc(1, sizeof *daemon);
    if (daemon == NULL) {
        fprintf(stderr, "%s: out of memory\n", spec->program);
        return AURORA_DAEMON_REFUSED;
    }
    daemon->spec = spec;
    daemon->source = (aurora_config_source){.program = spec->program,
                                            .summary = spec->summary,
                                            .argc = argc,
                                            .argv = argv,
                                            .environment = environ,
                                            .defaults = spec->defaults,
                                            .default_count = spec->default_count,
                                            .stand_in = aurora_telemetry_stand_in};
    mallopt(M_ARENA_MAX, ARENAS_MAX);
    mallopt(M_MMAP_THRESHOLD, MMAP_BYTES);
    int rc = dispatch(daemon);
    aurora_config_free(daemon->config);
    if (fflush(stdout) != 0 && rc == 0)
        rc = aurora_daemon_refuse(daemon, "standard output cannot be written");
    free(daemon);
    return rc;
}

/* --- for the parts of a daemon ---------------------------------------------------------------- */

const aurora_config *aurora_daemon_config(const aurora_daemon *daemon)
{
    return daemon->config;
}

aurora_service_log *aurora_daemon_log(const aurora_daemon *daemon)
{
    return daemon->log;
}

aurora_routes *aurora_daemon_routes(aurora_daemon *daemon)
{
    return &daemon->routes;
}

bool aurora_daemon_has_rate_limit(const aurora_daemon *daemon)
{
    return aurora__rate_limit_has_policies(daemon->limit);
}

aurora_tls *aurora_daemon_upstream_tls(const aurora_daemon *daemon)
{
    return daemon->upstream_tls;
}

void aurora_daemon_keep(aurora_daemon *daemon, void *part)
{
    daemon->part = part;
}

void *aurora_daemon_part(const aurora_daemon *daemon)
{
    return daemon->part;
}

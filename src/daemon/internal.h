/* SPDX-License-Identifier: MIT */
/* What the files of the daemon share. */
#ifndef AURORA_DAEMON_INTERNAL_H
#define AURORA_DAEMON_INTERNAL_H

#include "auth/auth.h"
#include "daemon/daemon.h"
#include "daemon/rate_limit.h"
#include "telemetry/telemetry.h"

/* Of the steps below: a signal ended the start. */
#define AURORA__DAEMON_STOPPED (-1)

struct aurora_daemon {
    const aurora_daemon_spec *spec;
    aurora_config_source source;
    aurora_config *config;
    aurora_service_log *log;
    aurora_t *shop;
    aurora_routes routes;
    void (*part_ready)(void *daemon, void *into); /* NULL = the part adds none */
    void *part;
    bool has_bus, has_remote_index; /* to be told of by /readyz */
    char *payment_secret;
    aurora_http_server *metrics;  /* of metrics_listen; NULL = with the others */
    aurora_http_server *starting; /* says no while an engine is waited for; NULL = none is */
    aurora_http_route *starting_routes;
    aurora_http_route *served; /* what the API's server has */
    char *openapi;             /* of these */
    aurora__rate_limit *limit;
    aurora_tls *tls;                  /* of the API's address; NULL = plain */
    aurora_tls *upstream_tls;         /* to the services; NULL = plain */
    int64_t tls_look_ns;              /* when its files are looked at next */
    aurora_auth *auth;                /* NULL = no tokens are taken */
    aurora_telemetry *telemetry;      /* NULL = no traces are sent; with it the following count */
    bool ignores_sampled, keeps_none; /* as aurora_http_tracing has them */
};

/* A refusal for what a call of the library or the server said; `subject` is a setting where err has
 * no field. */
int aurora__daemon_refuse_status(const aurora_daemon *daemon, aurora_status status,
                                 const aurora_error *err, const char *subject);

/* Rules for the settings. 0, or what main returns. */
int aurora__daemon_check(const aurora_daemon *daemon);

/* Opens the store, the cache and the key of cursors. 0, AURORA__DAEMON_STOPPED, or what main
 * returns. */
int aurora__daemon_open(aurora_daemon *daemon);
void aurora__daemon_close(aurora_daemon *daemon);
/* Rules for the settings jwt_... together with the others'. 0, or what main returns. */
int aurora__daemon_auth_check(const aurora_daemon *daemon);
/* Opens the verifier of tokens where there are jwt_keys. 0, or what main returns. */
int aurora__daemon_auth_open(aurora_daemon *daemon);
/* The same as far as it goes without asking another machine. */
int aurora__daemon_auth_open_check(const aurora_daemon *daemon);
/* What a server's `authenticate` is; NULL = none. `self` of the server are the routes. */
typedef void (*aurora__daemon_authenticate)(void *routes, const char *authorization, int64_t now_ms,
                                            aurora_http_bearer *out);
aurora__daemon_authenticate aurora__daemon_auth_hook(const aurora_daemon *daemon);
/* Of /readyz and /metrics: both wait for nothing, and are no-ops without tokens. */
void aurora__daemon_auth_ready(const aurora_daemon *daemon, void *into);
void aurora__daemon_auth_metrics(const aurora_daemon *daemon, aurora__sheet *sheet);

/* Whether their URLs and settings are right; opens no store and asks no other machine. 0, or what
 * main returns. */
int aurora__daemon_open_check(const aurora_daemon *daemon);

/* Of /metrics: what became of the log's lines. */
void aurora__daemon_log_metrics(const aurora_daemon *daemon, aurora__sheet *sheet);

/* The routes that the address of the API has, in memory of malloc's; NULL without memory. */
aurora_http_route *aurora__daemon_served(const aurora_daemon *daemon, uint32_t *count_out);

/* All that Aurora has, as one table in memory of malloc's; NULL without memory. */
aurora_http_route *aurora__daemon_known(uint32_t *count_out);

/* Whether the policies of rate limits are right. */
bool aurora__daemon_limit_check(const aurora_config *config,
                                char error_out[AURORA_CONFIG_ERROR_BYTES]);
/* Puts them in force for what is served. False, with one line in error_out, changes nothing. */
bool aurora__daemon_limit(aurora_daemon *daemon, const aurora_config *config,
                          char error_out[AURORA_CONFIG_ERROR_BYTES]);

/* Has /readyz tell of the engines that the settings name, once the store is open. */
void aurora__daemon_watch_needs(aurora_daemon *daemon);
/* Has /readyz, /metrics and /admin/limits tell of the rate limits, while there are any. */
void aurora__daemon_watch_limiter(aurora_daemon *daemon);

/* Whether the addresses can be had, before a store is made. 0, or what main returns. */
int aurora__daemon_check_addresses(const aurora_daemon *daemon);
/* Starts the servers. 0, or what main returns. */
int aurora__daemon_serve(aurora_daemon *daemon);

/* On the address of the API, while the store is waited for: probes are answered, and everything
 * else with 503. A failure changes nothing: then nobody answers, which says no as well. */
void aurora__daemon_starting_begin(aurora_daemon *daemon);
void aurora__daemon_starting_end(aurora_daemon *daemon);

/* Rules for the settings of TLS. 0, or what main returns. */
int aurora__daemon_tls_check(const aurora_daemon *daemon);
/* Whether callers that may speak for others are known by certificates, in place of a secret. */
bool aurora__daemon_knows_peers(const aurora_daemon *daemon);
/* Reads the files, and warns of what is wrong with them. 0, or what main returns. */
int aurora__daemon_tls_open(aurora_daemon *daemon);
void aurora__daemon_tls_close(aurora_daemon *daemon);
/* Reads them again: what is bad is said, and changes nothing. */
void aurora__daemon_tls_reload(aurora_daemon *daemon);
/* The same where they have changed; to be called now and then. */
void aurora__daemon_tls_look(aurora_daemon *daemon);

#define AURORA__TRACE_SAMPLE_RULE "must be a number from 0 to 1, such as 0.1"

/* Rules for the settings of traces. 0, or what main returns; for settings that are read anew. */
int aurora__daemon_traces_check(const aurora_daemon *daemon);
bool aurora__daemon_traces_judge(const aurora_config *config,
                                 char error_out[AURORA_CONFIG_ERROR_BYTES]);
/* Starts to send traces, where a setting or the environment says where to. 0, or what main
 * returns. */
int aurora__daemon_traces_open(aurora_daemon *daemon);
/* When nothing makes spans any more: sends what waits, for a few seconds at most. */
void aurora__daemon_traces_close(aurora_daemon *daemon);
/* How the API's server makes and samples traces. */
void aurora__daemon_traces_fill(const aurora_daemon *daemon, aurora_http_tracing *out);
/* Other ratios from now on. */
void aurora__daemon_traces_reload(aurora_daemon *daemon);
void aurora__daemon_traces_metrics(const aurora_daemon *daemon, aurora__sheet *sheet);

/* Until a signal comes, or the store is broken. Returns what main returns. */
int aurora__daemon_watch(aurora_daemon *daemon);

#endif

/* SPDX-License-Identifier: MIT */
/* What every daemon's main shares: from settings to a store with its drivers, an HTTP server, a
 * watch over both and a drained end. A daemon is a description of itself and one call. Knows no
 * domain word but the names of modules. */
#ifndef AURORA_DAEMON_DAEMON_H
#define AURORA_DAEMON_DAEMON_H

#include "routes/routes.h"
#include "service/config.h"
#include "service/log.h"

typedef struct aurora_daemon aurora_daemon;

/* Exit statuses beside 0. */
#define AURORA_DAEMON_REFUSED 1
#define AURORA_DAEMON_BROKEN 70 /* EX_SOFTWARE: an invariant of the library is broken */

#define AURORA_DAEMON_TABLES_MAX 13

/* What a daemon without a store of its own puts in its place. Each call gets the daemon and comes
 * from the main thread, but the last two, which are the server's. */
typedef struct {
    /* Rules for its settings, before anything is opened: 0, or what main returns. */
    int (*check)(const aurora_daemon *daemon);
    /* Opens what it works with, and sets hooks in aurora_daemon_routes. 0, or what main returns. */
    int (*open)(aurora_daemon *daemon);
    void (*close)(aurora_daemon *daemon); /* also after an open that failed */
    /* Of settings that were read anew, before they are used: whether they are good, else one line.
     * NULL = they are. */
    bool (*judge)(const aurora_config *config, char error_out[AURORA_CONFIG_ERROR_BYTES]);
    void (*reload)(aurora_daemon *daemon); /* they are in use now; NULL = nothing to do */
    /* Its tables, at most AURORA_DAEMON_TABLES_MAX. Returns how many. */
    uint32_t (*tables)(const aurora_daemon *daemon, aurora_route_table *out);
    aurora_status (*loop_begin)(void *routes, aurora_http_loop *loop, void **slot_out);
    void (*loop_end)(void *routes, aurora_http_loop *loop, void *slot);
} aurora_daemon_parts;

typedef struct {
    const char *program; /* "aurora-order" */
    const char *summary; /* one sentence for --help */
    const aurora_config_default *defaults;
    uint32_t default_count;
    bool is_of_cluster;               /* its events come and go by a bus: `local:` is refused */
    const aurora_daemon_parts *parts; /* NULL = a store with the modules of the settings */
    aurora_route_table pages;         /* what it serves to browsers; none = nothing */
    bool has_console;                 /* `pages` has one to show, which / leads to */
} aurora_daemon_spec;

/* The defaults of a daemon with one module. Several instances of it share a store on PostgreSQL. */
#define AURORA_DAEMON_OF_MODULE(module, port)                                                      \
    {"modules", module, true}, {"listen", "127.0.0.1:" port, false},                               \
        {"store", "sqlite:aurora-" module ".db", false}, {"bus", "kafka://127.0.0.1:9092", false}, \
        {"start_wait", "30s", false}, {"store_cache", "2MiB", false},                              \
    {                                                                                              \
        "cache", "memory:?bytes=4MiB", false                                                       \
    }

/* Runs the daemon until a signal ends it. Returns what main returns. */
int aurora_daemon_run(const aurora_daemon_spec *spec, int argc, char **argv);

/* --- for the parts of a daemon ---------------------------------------------------------------- */

const aurora_config *aurora_daemon_config(const aurora_daemon *daemon);
/* NULL while settings are checked. Threads: shared. */
aurora_service_log *aurora_daemon_log(const aurora_daemon *daemon);
/* `self` of the handlers; its `daemon` is this one. */
aurora_routes *aurora_daemon_routes(aurora_daemon *daemon);
/* Whether it bounds how often a client may ask, and says so in its answers. Threads: shared. */
bool aurora_daemon_has_rate_limit(const aurora_daemon *daemon);
/* How the services are spoken to; NULL = in the clear. It is read again by signals. */
aurora_tls *aurora_daemon_upstream_tls(const aurora_daemon *daemon);
/* What its parts keep for themselves. */
void aurora_daemon_keep(aurora_daemon *daemon, void *part);
void *aurora_daemon_part(const aurora_daemon *daemon);

/* Says why the program does not start: one line. Returns AURORA_DAEMON_REFUSED. */
int aurora_daemon_refuse(const aurora_daemon *daemon, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Says that a setting's value breaks a rule, and where the value is from. Returns the same. */
int aurora_daemon_refuse_value(const aurora_daemon *daemon, const char *name, const char *rule);

#endif

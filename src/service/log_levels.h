/* SPDX-License-Identifier: MIT */
/* Which level each component of a daemon logs from: the setting log_level, "info" or
 * "info,http=warning,store=debug". */
#ifndef AURORA_SERVICE_LOG_LEVELS_H
#define AURORA_SERVICE_LOG_LEVELS_H

#include <stdbool.h>
#include <stdint.h>

/* Who says something. The second half of them is the library's. */
#define AURORA__LOG_COMPONENTS(X)                                                                  \
    X(config)                                                                                      \
    X(http)                                                                                        \
    X(jwt)                                                                                         \
    X(limiter)                                                                                     \
    X(log)                                                                                         \
    X(start)                                                                                       \
    X(telemetry)                                                                                   \
    X(tls)                                                                                         \
    X(upstream)                                                                                    \
    X(bus)                                                                                         \
    X(cache)                                                                                       \
    X(customers)                                                                                   \
    X(engine)                                                                                      \
    X(inbound)                                                                                     \
    X(notification)                                                                                \
    X(payment)                                                                                     \
    X(relay)                                                                                       \
    X(retention)                                                                                   \
    X(saga)                                                                                        \
    X(search)                                                                                      \
    X(store)

enum {
#define X(name) AURORA__LOG_COMPONENT_##name,
    AURORA__LOG_COMPONENTS(X)
#undef X
        AURORA__LOG_COMPONENT_OTHER, /* of no name, or of one that is not above */
    AURORA__LOG_COMPONENT_COUNT
};

#define AURORA_LOG_RULE_BYTES 160

typedef struct {
    int32_t of[AURORA__LOG_COMPONENT_COUNT]; /* AURORA_LOG_...; [OTHER] is the one without a name */
} aurora_log_levels;

/* False with a rule, "must be ...", that names the component and the level which break it. */
bool aurora_log_levels_parse(const char *text, aurora_log_levels *out,
                             char rule_out[AURORA_LOG_RULE_BYTES]);
/* All of them at one level. */
aurora_log_levels aurora_log_levels_all(int32_t level);
/* The least that any component of the library is to say. */
int32_t aurora_log_levels_library(const aurora_log_levels *levels);

/* AURORA__LOG_COMPONENT_...; OTHER where it is none of the names. */
int aurora__log_component(const char *name);

#endif

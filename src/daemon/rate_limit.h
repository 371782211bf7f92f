/* SPDX-License-Identifier: MIT */
/* One rate for each client of a daemon: who is signed in counts by name, everybody else by address.
 * Counted in the process or in what processes share; while that is unreachable by the setting
 * limiter_fallback. Probes are not counted. */
#ifndef AURORA_DAEMON_RATE_LIMIT_H
#define AURORA_DAEMON_RATE_LIMIT_H

#include <stdio.h>

#include <aurora/breaker.h>

#include "http/exchange.h"
#include "service/config.h"
#include "service/log.h"

typedef struct aurora__rate_limit aurora__rate_limit;

/* What it has done. */
typedef struct {
    uint64_t admitted;
    uint64_t refused;
    uint64_t unreachable; /* takes that the fallback decided */
    bool has_breaker;
    aurora_breaker_figures breaker; /* before what processes share */
} aurora__rate_limit_figures;

/* Whether the settings are right: 0, or the name of the one that is not, and its rule. */
const char *aurora__rate_limit_check(const aurora_config *config, const char **rule_out);

/* *out stays NULL where no rate is set. AURORA_EINVAL, AURORA_ENOTSUP (err names the setting),
 * AURORA_ENOMEM. The log outlives it; NULL = silence. */
aurora_status aurora__rate_limit_open(const aurora_config *config, aurora_service_log *log,
                                      aurora__rate_limit **out, aurora_error *err);
void aurora__rate_limit_close(aurora__rate_limit *limit); /* NULL is a no-op */

/* Whether asking waits for a network. */
bool aurora__rate_limit_is_remote(const aurora__rate_limit *limit);

/* Whether the request may go on; else it is answered, with 429, or 503 where the fallback is
 * "closed". Sets RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-10). Threads:
 * shared. */
bool aurora__rate_limit_admit(aurora__rate_limit *limit, aurora_http_exchange *exchange);

/* What it did since the start, for /metrics. Threads: shared; waits for nothing. */
void aurora__rate_limit_metrics(const aurora__rate_limit *limit, FILE *to);
void aurora__rate_limit_read(const aurora__rate_limit *limit, aurora__rate_limit_figures *out);

/* Asks what processes share whether it answers, with a token of nobody's; the breaker keeps the
 * outcome. A no-op where nothing is shared. Waits for a network. Threads: shared. */
void aurora__rate_limit_ask(aurora__rate_limit *limit);

#endif

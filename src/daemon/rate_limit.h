/* SPDX-License-Identifier: MIT */
/* The rate limits of a daemon: policies, each with its buckets, all that match a request at once.
 * Counted in the process or in what processes share; while that is unreachable as each policy's
 * fallback says. Probes are not counted. docs/RATE-LIMITS.md has the whole. */
#ifndef AURORA_DAEMON_RATE_LIMIT_H
#define AURORA_DAEMON_RATE_LIMIT_H

#include <stdio.h>

#include <aurora/breaker.h>

#include "daemon/rate_lease.h"
#include "http/exchange.h"
#include "http/json_out.h"
#include "metric/metric.h"
#include "service/config.h"
#include "service/log.h"

typedef struct aurora__rate_limit aurora__rate_limit;

/* What it has done. */
typedef struct {
    uint64_t admitted;    /* requests that some policy counted */
    uint64_t refused;     /* of these */
    uint64_t unreachable; /* that the fallbacks decided */
    uint64_t asked;       /* that what processes share decided */
    bool is_shared;
    bool has_breaker;
    aurora_breaker_figures breaker; /* before what processes share */
    aurora__rate_lease_figures leases;
} aurora__rate_limit_figures;

/* Opens what processes share, and counts nothing yet. AURORA_EINVAL, AURORA_ENOTSUP (err names the
 * setting), AURORA_ENOMEM. The log outlives it; NULL = silence. */
aurora_status aurora__rate_limit_open(const aurora_config *config, aurora_service_log *log,
                                      aurora__rate_limit **out, aurora_error *err);
void aurora__rate_limit_close(aurora__rate_limit *limit); /* NULL is a no-op */

/* Puts policies in force for these routes, which outlive it; those of before go on with what is
 * missing in their buckets. False, with one line in error_out, changes nothing. Threads: one at a
 * time, beside requests. */
bool aurora__rate_limit_put(aurora__rate_limit *limit, const aurora__rate_policies *policies,
                            const aurora_http_route *served, uint32_t served_count,
                            char error_out[AURORA_CONFIG_ERROR_BYTES]);

/* Whether there is a policy. Threads: shared. */
bool aurora__rate_limit_has_policies(const aurora__rate_limit *limit);

/* Whether the request may go on: AURORA_HTTP_ADMIT_NO when it is answered, with 429, or 503 where a
 * fallback is "closed"; _LATER where that takes a network and may_wait is false. Sets RateLimit and
 * RateLimit-Policy. Threads: shared. */
int aurora__rate_limit_admit(aurora__rate_limit *limit, aurora_http_exchange *exchange,
                             bool may_wait);

/* Asks what processes share whether it answers, with a token of nobody's; the breaker keeps the
 * outcome. A no-op where nothing is shared. Waits for a network. Threads: shared. */
void aurora__rate_limit_ask(aurora__rate_limit *limit);

/* --- rate_figures.c: what it did since the start. Threads: shared; waits for nothing. --- */

void aurora__rate_limit_metrics(aurora__rate_limit *limit, aurora__sheet *sheet);
void aurora__rate_limit_read(aurora__rate_limit *limit, aurora__rate_limit_figures *out);
/* The elements of "policies" of /admin/limits. */
void aurora__rate_limit_describe(aurora__rate_limit *limit, aurora_json_out *out);

#endif

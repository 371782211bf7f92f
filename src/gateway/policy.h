/* SPDX-License-Identifier: MIT */
/* How one service is called: `[upstream.NAME]` of the settings' file, with a default for each
 * line. docs/RESILIENCE.md has the table. */
#ifndef AURORA_GATEWAY_POLICY_H
#define AURORA_GATEWAY_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "service/config.h"

#define AURORA__POLICY_ERROR_BYTES 384

typedef struct {
    int64_t timeout_ms;         /* of a call with its repeats */
    int64_t attempt_timeout_ms; /* of an attempt that may be repeated */
    int64_t connect_timeout_ms;
    int64_t attempts;
    int64_t retry_budget; /* repeats to a hundred calls */
    int64_t calls_max;
    int64_t breaker_failures;  /* percent */
    int64_t breaker_calls_min; /* in five seconds */
    int64_t breaker_in_row;    /* failures */
    int64_t breaker_open_ms;
    int64_t breaker_slow_ms; /* 0 = no call is slow */
    int64_t hedge_ms;        /* 0 = off, AURORA__POLICY_HEDGE_P95 = as long as most calls take */
} aurora__policy;

#define AURORA__POLICY_HEDGE_P95 (-1)

/* Reads the policy of each of `names`. False with one line in error_out: a section, a name or a
 * value that breaks its rule, and where it stands. */
bool aurora__policies_read(const aurora_config *config, const char *const *names, uint32_t count,
                           aurora__policy *out, char error_out[AURORA__POLICY_ERROR_BYTES]);

/* Whether what differs between the two needs another start: the first such name, or NULL. */
const char *aurora__policy_fixed_change(const aurora__policy *old, const aurora__policy *now);

#endif

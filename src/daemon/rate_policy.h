/* SPDX-License-Identifier: MIT */
/* The policies of rate limits as the settings say them: the sections [rate_limit.NAME], and the
 * settings rate_limit and rate_limit_burst, which are the policy "default". Pure: what they mean
 * for a route is here, what they count is rate_table.h's. */
#ifndef AURORA_DAEMON_RATE_POLICY_H
#define AURORA_DAEMON_RATE_POLICY_H

#include "http/route.h"
#include "service/config.h"

#define AURORA__RATE_POLICIES_MAX 32
#define AURORA__RATE_WINDOWS_MAX 4
#define AURORA__RATE_CLAIMS_MAX 16 /* windows that one call takes from */
#define AURORA__RATE_NAME_BYTES 33
#define AURORA__RATE_COST_MAX 1000000

/* Who has a bucket of its own. */
typedef enum {
    AURORA__RATE_CLIENT = 0, /* the principal, else the address */
    AURORA__RATE_PRINCIPAL,  /* nobody else is counted */
    AURORA__RATE_ADDRESS,
    AURORA__RATE_ALL, /* one for all */
    AURORA__RATE_KEY_COUNT
} aurora__rate_key;

/* While what processes share does not answer. */
typedef enum {
    AURORA__RATE_LOCAL = 0, /* each process counts */
    AURORA__RATE_OPEN,      /* all may */
    AURORA__RATE_CLOSED     /* nobody may */
} aurora__rate_fallback;

typedef struct {
    uint64_t tokens, per_ns, burst; /* as in aurora_bucket_init */
} aurora__rate_window;

/* Texts are those of the configuration that it was read from. */
typedef struct {
    const char *name;
    const char *routes; /* operations, scopes, "public", "*" */
    const char *cost;   /* a number, or operation=number,... */
    const char *origin;
    aurora__rate_key key;
    aurora__rate_fallback fallback;
    aurora__rate_window windows[AURORA__RATE_WINDOWS_MAX];
    uint32_t window_count;
    bool is_shadow;
    int64_t lease_ms; /* 0 = none */
} aurora__rate_policy;

typedef struct {
    aurora__rate_policy policies[AURORA__RATE_POLICIES_MAX];
    uint32_t count;
} aurora__rate_policies;

/* Reads all. `known` are the routes of all programs, whose operations may be named. False with one
 * line in error_out: what breaks which rule, and where it stands. */
bool aurora__rate_policies_read(const aurora_config *config, const aurora_http_route *known,
                                uint32_t known_count, aurora__rate_policies *out,
                                char error_out[AURORA_CONFIG_ERROR_BYTES]);

/* What a call of the route costs under the policy; 0 = it is not for it. */
uint64_t aurora__rate_policy_cost(const aurora__rate_policy *policy,
                                  const aurora_http_route *route);

const char *aurora__rate_key_name(aurora__rate_key key);
const char *aurora__rate_fallback_name(aurora__rate_fallback fallback);

#endif

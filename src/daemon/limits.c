/* SPDX-License-Identifier: MIT */
/* From settings to policies in force. */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/internal.h"

/* The operations of all programs may be named: one file can be given to each of them. */
static bool read_policies(const aurora_config *config, aurora__rate_policies *policies,
                          char error_out[AURORA_CONFIG_ERROR_BYTES])
{
    uint32_t count;
    aurora_http_route *known = aurora__daemon_known(&count);
    snprintf(error_out, AURORA_CONFIG_ERROR_BYTES, "out of memory");
    bool is_read =
        known != NULL && aurora__rate_policies_read(config, known, count, policies, error_out);
    free(known);
    return is_read;
}

bool aurora__daemon_limit_check(const aurora_config *config,
                                char error_out[AURORA_CONFIG_ERROR_BYTES])
{
    aurora__rate_policies policies;
    return read_policies(config, &policies, error_out);
}

bool aurora__daemon_limit(aurora_daemon *daemon, const aurora_config *config,
                          char error_out[AURORA_CONFIG_ERROR_BYTES])
{
    aurora__rate_policies policies;
    return read_policies(config, &policies, error_out) &&
           aurora__rate_limit_put(daemon->limit, &policies, daemon->served,
                                  daemon->routes.served_count, error_out);
}

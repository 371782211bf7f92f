/* SPDX-License-Identifier: MIT */
/* The gateway: the whole API on one address, each call passed on to its service. It keeps
 * nothing. */
#include "gateway/gateway.h"

int main(int argc, char **argv)
{
    static const aurora_config_default defaults[] = {
        {"listen", "127.0.0.1:8080", false},
    };
    const aurora_daemon_spec spec = {
        .program = "aurora-gateway",
        .summary = "the whole API on one address, each call passed on to its service",
        .defaults = defaults,
        .default_count = sizeof defaults / sizeof *defaults,
        .parts = aurora_gateway_parts(),
    };
    return aurora_daemon_run(&spec, argc, argv);
}

/* SPDX-License-Identifier: MIT */
/* The gateway: the whole API on one address, each call passed on to its service. It keeps
 * nothing. */
#include "console/console.h"
#include "gateway/gateway.h"

int main(int argc, char **argv)
{
    static const aurora_config_default defaults[] = {
        {"listen", "127.0.0.1:8080", false},
    };
    aurora_daemon_spec spec = {
        .program = "aurora-gateway",
        .summary = "the whole API on one address, each call passed on to its service",
        .defaults = defaults,
        .default_count = sizeof defaults / sizeof *defaults,
        .parts = aurora_gateway_parts(),
        .has_console = aurora_console_is_built(),
    };
    spec.pages.routes = aurora_console_routes(&spec.pages.count);
    return aurora_daemon_run(&spec, argc, argv);
}

/* SPDX-License-Identifier: MIT */
/* Search: an index over the catalogue, fed by product events. */
#include "daemon/daemon.h"

int main(int argc, char **argv)
{
    static const aurora_config_default defaults[] = {
        AURORA_DAEMON_OF_MODULE("search", "8085"),
    };
    static const aurora_daemon_spec spec = {
        .program = "aurora-search",
        .summary = "search over the catalogue",
        .defaults = defaults,
        .default_count = sizeof defaults / sizeof *defaults,
        .is_of_cluster = true,
    };
    return aurora_daemon_run(&spec, argc, argv);
}

/* SPDX-License-Identifier: MIT */
/* Recommendations: what is bought and looked at these days, and with what. */
#include "daemon/daemon.h"

int main(int argc, char **argv)
{
    static const aurora_config_default defaults[] = {
        AURORA_DAEMON_OF_MODULE("recommendation", "8086"),
    };
    static const aurora_daemon_spec spec = {
        .program = "aurora-recommendation",
        .summary = "what is bought and looked at these days",
        .defaults = defaults,
        .default_count = sizeof defaults / sizeof *defaults,
        .is_of_cluster = true,
    };
    return aurora_daemon_run(&spec, argc, argv);
}

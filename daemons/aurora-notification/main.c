/* SPDX-License-Identifier: MIT */
/* Notifications: who is told how an order ended. It has no routes but those that every service
 * has. */
#include "daemon/daemon.h"

int main(int argc, char **argv)
{
    static const aurora_config_default defaults[] = {
        AURORA_DAEMON_OF_MODULE("notification", "8087"),
    };
    static const aurora_daemon_spec spec = {
        .program = "aurora-notification",
        .summary = "tells customers how their orders ended",
        .defaults = defaults,
        .default_count = sizeof defaults / sizeof *defaults,
        .is_of_cluster = true,
    };
    return aurora_daemon_run(&spec, argc, argv);
}

/* SPDX-License-Identifier: MIT */
/* Stock: what is there, what is reserved for whom, what was sold. Orders reserve by their
 * events. */
#include "daemon/daemon.h"

int main(int argc, char **argv)
{
    static const aurora_config_default defaults[] = {
        AURORA_DAEMON_OF_MODULE("inventory", "8083"),
    };
    static const aurora_daemon_spec spec = {
        .program = "aurora-inventory",
        .summary = "stock: what is there, what is reserved, what was sold",
        .defaults = defaults,
        .default_count = sizeof defaults / sizeof *defaults,
        .is_of_cluster = true,
    };
    return aurora_daemon_run(&spec, argc, argv);
}

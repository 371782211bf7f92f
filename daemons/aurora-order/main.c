/* SPDX-License-Identifier: MIT */
/* Orders, the saga that each of them is, and the operators' view of it. Its price list is fed by
 * product events, its steps by what inventory and payment answer. */
#include "daemon/daemon.h"

int main(int argc, char **argv)
{
    static const aurora_config_default defaults[] = {
        AURORA_DAEMON_OF_MODULE("order", "8082"),
    };
    static const aurora_daemon_spec spec = {
        .program = "aurora-order",
        .summary = "orders and the saga that each of them is",
        .defaults = defaults,
        .default_count = sizeof defaults / sizeof *defaults,
        .is_of_cluster = true,
    };
    return aurora_daemon_run(&spec, argc, argv);
}

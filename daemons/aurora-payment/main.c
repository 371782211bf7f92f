/* SPDX-License-Identifier: MIT */
/* Payments: one each order, and the calls to the provider behind them. */
#include "daemon/daemon.h"

int main(int argc, char **argv)
{
    static const aurora_config_default defaults[] = {
        AURORA_DAEMON_OF_MODULE("payment", "8084"),
    };
    static const aurora_daemon_spec spec = {
        .program = "aurora-payment",
        .summary = "payments and their provider",
        .defaults = defaults,
        .default_count = sizeof defaults / sizeof *defaults,
        .is_of_cluster = true,
    };
    return aurora_daemon_run(&spec, argc, argv);
}

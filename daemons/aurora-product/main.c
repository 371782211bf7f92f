/* SPDX-License-Identifier: MIT */
/* The catalogue: products with their prices, and the views of their pages. It publishes both; it
 * consumes nothing. */
#include "daemon/daemon.h"

int main(int argc, char **argv)
{
    static const aurora_config_default defaults[] = {
        AURORA_DAEMON_OF_MODULE("product", "8081"),
    };
    static const aurora_daemon_spec spec = {
        .program = "aurora-product",
        .summary = "the catalogue, its prices and the views of its pages",
        .defaults = defaults,
        .default_count = sizeof defaults / sizeof *defaults,
        .is_of_cluster = true,
    };
    return aurora_daemon_run(&spec, argc, argv);
}

/* SPDX-License-Identifier: MIT */
/* The single process: one store with the modules that are installed, and the HTTP API over it. */
#include "console/console.h"
#include "daemon/daemon.h"

int main(int argc, char **argv)
{
    aurora_daemon_spec spec = {
        .program = "aurorad",
        .summary = "the order saga and its HTTP API in one process",
        .has_console = aurora_console_is_built(),
    };
    spec.pages.routes = aurora_console_routes(&spec.pages.count);
    return aurora_daemon_run(&spec, argc, argv);
}

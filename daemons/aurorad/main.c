/* SPDX-License-Identifier: MIT */
/* The single process: one store with the modules that are installed, and the HTTP API over it. */
#include "daemon/daemon.h"

int main(int argc, char **argv)
{
    static const aurora_daemon_spec spec = {
        .program = "aurorad",
        .summary = "the order saga and its HTTP API in one process",
    };
    return aurora_daemon_run(&spec, argc, argv);
}

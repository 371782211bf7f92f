/* SPDX-License-Identifier: MIT */
/* The HTTP seam without a shop behind it: what serving a request costs by itself. */
#ifndef AURORA_BENCH_HTTP_BARE_H
#define AURORA_BENCH_HTTP_BARE_H

#include <stdint.h>

/* Serves on 127.0.0.1 until SIGTERM or SIGINT comes: GET /products/{sku} from the loop's thread and
 * POST /orders from a worker's, each with a fixed body. Returns a status to exit with. */
int bench_bare_server(uint16_t port);

#endif

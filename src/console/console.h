/* SPDX-License-Identifier: MIT */
/* The console in the browser: pages that npm built and that travel inside the program. Only those
 * files are served; no path of a disk is ever made. */
#ifndef AURORA_CONSOLE_CONSOLE_H
#define AURORA_CONSOLE_CONSOLE_H

#include <stdbool.h>

#include "http/route.h"

/* /console, /console/ and /console/{file}: 3 routes. They need nothing of their server. */
const aurora_http_route *aurora_console_routes(uint32_t *count_out);

/* False in a build without it, where the routes answer 404 and say why. */
bool aurora_console_is_built(void);

#endif

/* SPDX-License-Identifier: MIT */
/* tracestate of W3C Trace Context, section 3.3: what other systems say of a trace. Nobody here
 * reads it; it is passed on as it came, or not at all. Pure. */
#ifndef AURORA_HTTP_TRACESTATE_H
#define AURORA_HTTP_TRACESTATE_H

#include <stdbool.h>

#define AURORA_HTTP_TRACESTATE_BYTES_MAX 512 /* that everybody has to pass on; more is not */

/* Whether it is a list of at most 32 members with different keys. */
bool aurora_http_tracestate_is_good(const char *text);

#endif

/* SPDX-License-Identifier: MIT */
/* What is sent to a bridge. */
#ifndef AURORA_ADAPTERS_PAYMENT_HTTP_REQUEST_H
#define AURORA_ADAPTERS_PAYMENT_HTTP_REQUEST_H

#include <aurora/task.h>

#define AURORA__HEX_SHA256_BYTES 65 /* with the NUL */

/* Writes the JSON body of a task as far as `capacity` reaches, without a NUL, and returns how long
 * it is: call it once with 0, once with that. */
size_t aurora__bridge_body(const aurora_task *task, char *out, size_t capacity);

/* HMAC-SHA-256 with `secret` over "<timestamp>.<body>", in lower-case hex; false where libcrypto
 * fails. */
bool aurora__bridge_sign(const char *secret, const char *timestamp, const char *body, size_t length,
                         char hex_out[AURORA__HEX_SHA256_BYTES]);

#endif

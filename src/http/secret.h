/* SPDX-License-Identifier: MIT */
/* The one comparison of what must not be told by time: codes of authentication and secrets. Which
 * files may compare in no other way stands in scripts/checks/constant_time.py. */
#ifndef AURORA_HTTP_SECRET_H
#define AURORA_HTTP_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/* Whether both are the same. How long it takes tells nothing but whether the lengths are. Threads:
 * immutable. */
bool aurora_secret_is_equal(const void *a, size_t a_len, const void *b, size_t b_len);

#endif

/* SPDX-License-Identifier: MIT */
/* Percent-encoded text (RFC 3986, section 2.1) of a path or a query. */
#ifndef AURORA_HTTP_PERCENT_H
#define AURORA_HTTP_PERCENT_H

#include <stdbool.h>
#include <stddef.h>

/* Decodes `len` bytes and ends them with a NUL: out has room for len + 1. With `has_plus` a '+' is
 * a blank, as forms write it. False where an escape is broken, or what comes out is not UTF-8
 * without NUL. */
bool aurora__percent_decode(const char *text, size_t len, bool has_plus, char *out);

/* Encodes all but the unreserved characters: one segment of a path, or a value of a query. False
 * where it does not fit into `size` bytes with its NUL; what is in `out` then is of no use. */
bool aurora__percent_encode(const char *text, char *out, size_t size);

#endif

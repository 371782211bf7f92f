/* SPDX-License-Identifier: MIT */
/* base64url without padding (RFC 4648, section 5). */
#ifndef AURORA_HTTP_BASE64URL_H
#define AURORA_HTTP_BASE64URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the text of `len` bytes, with the NUL. */
#define AURORA__BASE64URL_BYTES(len) (((len)*4 + 2) / 3 + 1)

void aurora__base64url_write(const uint8_t *bytes, size_t len, char *text_out);

/* Reads the one text that stands for these bytes; out has room for len * 3 / 4. False for any
 * other, also with bits left over. */
bool aurora__base64url_read(const char *text, size_t len, uint8_t *bytes_out, size_t *len_out);

#endif

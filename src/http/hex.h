/* SPDX-License-Identifier: MIT */
/* Hexadecimal digits. Pure. */
#ifndef AURORA_HTTP_HEX_H
#define AURORA_HTTP_HEX_H

#include <stddef.h>
#include <stdint.h>

/* The value of a digit in either case; -1 for any other character. */
int aurora__hex_digit(char c);

/* Lower-case digits of `len` bytes and a NUL. */
void aurora__hex_write(const uint8_t *bytes, size_t len, char *text_out);

#endif

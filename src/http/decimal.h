/* SPDX-License-Identifier: MIT */
/* Whole numbers as text, where snprintf would cost more than what it is part of. */
#ifndef AURORA_HTTP_DECIMAL_H
#define AURORA_HTTP_DECIMAL_H

#include <stdint.h>

#define AURORA__DECIMAL_BYTES 20 /* of the largest, without a NUL */

/* Writes the digits without a NUL; returns what follows them. */
static inline char *aurora__decimal_write(char *at, uint64_t value)
{
    char digits[AURORA__DECIMAL_BYTES];
    int count = 0;
    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    while (count > 0)
        *at++ = digits[--count];
    return at;
}

#endif

/* SPDX-License-Identifier: MIT */
/* Whole numbers as text, where snprintf would cost more than what it is part of. */
#ifndef AURORA_HTTP_DECIMAL_H
#define AURORA_HTTP_DECIMAL_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define AURORA__DECIMAL_BYTES 20 /* of the largest, without a NUL */

/* Writes both digits of a number below 100. */
static inline void aurora__decimal_pair(char at[2], uint32_t value)
{
    static const char pairs[] =
        "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
        "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
        "8081828384858687888990919293949596979899";
    memcpy(at, pairs + 2 * (size_t)value, 2);
}

/* Writes the digits without a NUL; returns what follows them. */
static inline char *aurora__decimal_write(char *at, uint64_t value)
{
    char digits[AURORA__DECIMAL_BYTES];
    char *from = digits + sizeof digits;
    for (; value >= 100; value /= 100)
        aurora__decimal_pair(from -= 2, (uint32_t)(value % 100));
    aurora__decimal_pair(from -= 2, (uint32_t)value);
    from += value < 10 ? 1 : 0;
    size_t len = (size_t)(digits + sizeof digits - from);
    memcpy(at, from, len);
    return at + len;
}

#endif

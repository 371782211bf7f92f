/* SPDX-License-Identifier: MIT */
#include "metric/number.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define EXACT_MAX 9007199254740992.0 /* 2^53: whole numbers below it are exact */
#define DECIMALS 9

static size_t write_digits(char *to, uint64_t number)
{
    char digits[20];
    size_t count = 0;
    do
        digits[count++] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    for (size_t i = 0; i < count; i++)
        to[i] = digits[count - 1 - i];
    return count;
}

/* Nanoseconds as seconds, as most figures that are not whole are: a number that is the quotient of
 * a whole one and 10^9 is what its decimals read back as. */
static size_t write_fixed(char *to, uint64_t billionths)
{
    size_t length = write_digits(to, billionths / 1000000000);
    uint64_t rest = billionths % 1000000000;
    to[length++] = '.';
    for (int i = DECIMALS - 1; i >= 0; i--) {
        to[length + (size_t)i] = (char)('0' + rest % 10);
        rest /= 10;
    }
    length += DECIMALS;
    while (to[length - 1] == '0')
        length--;
    return length;
}

/* Anything else has 17 digits; the host's locale may have a decimal separator of its own. */
static size_t write_any(char *to, double value)
{
    char text[AURORA__NUMBER_BYTES];
    size_t length = 0;
    bool was_point = false;
    snprintf(text, sizeof text, "%.17g", value);
    for (const char *at = text; *at != '\0'; at++) {
        bool is_point = strchr("0123456789eE+-", *at) == NULL;
        if (!is_point)
            to[length++] = *at;
        else if (!was_point)
            to[length++] = '.';
        was_point = is_point;
    }
    return length;
}

size_t aurora__number_write(char text_out[AURORA__NUMBER_BYTES], double value)
{
    size_t length = 0;
    double size = value < 0 ? -value : value;
    if (value != value || size > 1.7976931348623157e308) {
        memcpy(text_out, value != value ? " NaN" : value > 0 ? "+Inf" : "-Inf", 4);
        if (value == value)
            return 4;
        memmove(text_out, text_out + 1, 3);
        return 3;
    }
    if (size >= EXACT_MAX)
        return write_any(text_out, value);
    if (value < 0)
        text_out[length++] = '-';
    uint64_t whole = (uint64_t)size;
    if ((double)whole == size)
        return length + write_digits(text_out + length, whole);
    if (size < EXACT_MAX / 1e9) {
        uint64_t billionths = (uint64_t)(size * 1e9 + 0.5);
        if ((double)billionths / 1e9 == size)
            return length + write_fixed(text_out + length, billionths);
    }
    return write_any(text_out, value);
}

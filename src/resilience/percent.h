/* SPDX-License-Identifier: MIT */
#ifndef AURORA_RESILIENCE_PERCENT_H
#define AURORA_RESILIENCE_PERCENT_H

#include <stdint.h>

/* value * percent / 100, at most max. The value is at most 10^17 and percent at most 1000, so no
 * step leaves 64 bits. */
static inline int64_t aurora__percent_of(int64_t value, uint32_t percent, int64_t max)
{
    int64_t product = value / 100 * percent + value % 100 * percent / 100;
    return product < max ? product : max;
}

#endif

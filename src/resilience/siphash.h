/* SPDX-License-Identifier: MIT */
/* SipHash-2-4 with 128 bits (Aumasson and Bernstein, 2012): keys of strangers cannot be chosen to
 * collide without knowing the seed. */
#ifndef AURORA_RESILIENCE_SIPHASH_H
#define AURORA_RESILIENCE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint64_t low, high;
} aurora__digest;

aurora__digest aurora__siphash(const uint64_t seed[2], const void *data, size_t len);

#endif

/* SPDX-License-Identifier: MIT */
/* The clock of timeouts, of pauses and of rates. */
#ifndef AURORA_HTTP_CLOCK_H
#define AURORA_HTTP_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Nanoseconds of CLOCK_MONOTONIC. Threads: any. */
static inline int64_t aurora__now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

#endif

/* SPDX-License-Identifier: MIT */
/* How many traces that nobody asked for are kept: when everything fails, one failure looks like the
 * next, and the collector is to hear of some of them and not of each. A token bucket that holds a
 * second's worth, in one word. */
#ifndef AURORA_TELEMETRY_KEPT_H
#define AURORA_TELEMETRY_KEPT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define AURORA__KEPT_PER_SECOND 50

/* Zeroed it is full. The time at which it will be full again: the generic cell rate algorithm of
 * ITU-T I.371. */
typedef struct {
    _Atomic int64_t full_ns;
} aurora__kept;

/* Whether one more is kept at this time of a clock that does not go back, from 0 on. Threads:
 * shared. */
bool aurora__kept_take(aurora__kept *kept, int64_t now_ns);

#endif

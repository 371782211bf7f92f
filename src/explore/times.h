/* SPDX-License-Identifier: MIT */
/* The few times that there are. Nothing waits: a timer that is set may fire at once or later. */
#ifndef AURORA_EXPLORE_TIMES_H
#define AURORA_EXPLORE_TIMES_H

#include <stdint.h>

#define EXPLORE_NOW INT64_C(1750000000000)
#define EXPLORE_RESEND_MS 10000
#define EXPLORE_DEADLINE_MS 300000
#define EXPLORE_LATE_MS 400000 /* beyond the deadline and its grace */
#define EXPLORE_LEASE_MS 30000

#endif

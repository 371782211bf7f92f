/* SPDX-License-Identifier: MIT */
/* The system's clocks, for handles that were given none. */
#ifndef AURORA_API_CLOCK_H
#define AURORA_API_CLOCK_H

#include <aurora/handle.h>

/* Copies `given`, or the system's clocks where it is NULL. AURORA_EINVAL where a call is
 * missing. */
aurora_status aurora__clock_copy(aurora_clock *copy, const aurora_clock *given, aurora_error *err);

#endif

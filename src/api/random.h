/* SPDX-License-Identifier: MIT */
/* The system's random bytes, for handles that were given none. */
#ifndef AURORA_API_RANDOM_H
#define AURORA_API_RANDOM_H

#include <aurora/handle.h>

/* Copies `given`, or the system's source where it is NULL. AURORA_EINVAL where the call is
 * missing. */
aurora_status aurora__random_copy(aurora_random *copy, const aurora_random *given,
                                  aurora_error *err);

#endif

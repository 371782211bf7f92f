/* SPDX-License-Identifier: MIT */
/* The limiter in memory that somebody else gets: who allocates stands in src/api. */
#ifndef AURORA_RESILIENCE_LIMITER_H
#define AURORA_RESILIENCE_LIMITER_H

#include <aurora/limiter.h>

/* Checks `options`, chooses shards where none are given and rounds capacity up to them. Returns
 * AURORA_EINVAL, or writes the bytes of such a limiter. */
aurora_status aurora__limiter_plan(aurora_limiter_options *options, size_t *bytes_out,
                                   aurora_error *err);

/* Makes an empty limiter in memory of those bytes, aligned for any type, from planned options.
 * Keeps a copy of `allocator`. Returns AURORA_ENOMEM where the system has no lock left. */
aurora_status aurora__limiter_init(aurora_limiter *limiter, const aurora_limiter_options *options,
                                   const aurora_allocator *allocator);

/* Destroys the locks and returns the allocator that was kept. The memory is the caller's again. */
aurora_allocator aurora__limiter_deinit(aurora_limiter *limiter);

#endif

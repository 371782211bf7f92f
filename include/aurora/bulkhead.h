/* SPDX-License-Identifier: MIT */
/* A bulkhead: at most so many calls to one dependency at once, and at most so many that wait for a
 * place. It counts and never blocks: who waits does so by its own means and asks again. Not a
 * queue: whoever asks first after a place falls free has it. */
#ifndef AURORA_BULKHEAD_H
#define AURORA_BULKHEAD_H

#include <aurora/base.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AURORA_BULKHEAD_MAX 1000000000 /* calls at once, and waiters */

/* The caller's memory; nothing to release. A zeroed one lets nobody in. */
typedef struct {
    uint64_t words[2];
} aurora_bulkhead;

/* Empties `bulkhead`: running_max 1..10^9 calls at once, waiting_max 0..10^9 waiters. Returns
 * AURORA_EINVAL beyond them, and it then lets nobody in. Threads: confined. */
AURORA_API aurora_status aurora_bulkhead_init(aurora_bulkhead *bulkhead, uint32_t running_max,
                                              uint32_t waiting_max);

/* Takes a place; true must be followed by one aurora_bulkhead_leave. Threads: shared (acquires
 * what the leave that made room released). */
AURORA_API bool aurora_bulkhead_try_enter(aurora_bulkhead *bulkhead);

/* Gives a place back. Without one taken it does nothing. Threads: shared. */
AURORA_API void aurora_bulkhead_leave(aurora_bulkhead *bulkhead);

/* Joins those who wait, refused beyond waiting_max; true must be followed by one
 * aurora_bulkhead_try_promote that is true, or one aurora_bulkhead_abandon. Threads: shared. */
AURORA_API bool aurora_bulkhead_try_wait(aurora_bulkhead *bulkhead);

/* Turns one waiter into a running call where there is a place. False also where nobody waits.
 * Threads: shared. */
AURORA_API bool aurora_bulkhead_try_promote(aurora_bulkhead *bulkhead);

/* One waiter gives up. Without one it does nothing. Threads: shared. */
AURORA_API void aurora_bulkhead_abandon(aurora_bulkhead *bulkhead);

/* Reads both counts of one instant; either out may be NULL. Threads: shared. */
AURORA_API void aurora_bulkhead_read(const aurora_bulkhead *bulkhead, uint32_t *running_out,
                                     uint32_t *waiting_out);

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: MIT */
/* For tests of programs that use Aurora, and for our own: a clock that stands still, an allocator
 * that fails, and errors at named points. Not for production. */
#ifndef AURORA_TESTING_H
#define AURORA_TESTING_H

#include <aurora/handle.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A clock that moves only when told. Opaque words of pinned size; must not be moved in memory while
 * a handle uses it. */
typedef struct {
    uint64_t words[4];
} aurora_manual_clock;

/* Sets the wall clock to wall_ms and the monotonic one to 0. Threads: confined. */
AURORA_API void aurora_manual_clock_init(aurora_manual_clock *manual, int64_t wall_ms);

/* Moves both clocks forward by duration_ms (>= 0). Timers of a handle fire at its next pump, or on
 * its worker. Threads: shared. */
AURORA_API void aurora_manual_clock_advance(aurora_manual_clock *manual, int64_t duration_ms);

/* Sets the wall clock alone, also backwards, as an administrator would. Threads: shared. */
AURORA_API void aurora_manual_clock_step(aurora_manual_clock *manual, int64_t wall_ms);

/* Fills *clock_out so that it reads `manual`, for aurora_options.clock. Threads: confined. */
AURORA_API void aurora_manual_clock_attach(aurora_manual_clock *manual, aurora_clock *clock_out);

/* An allocator on malloc that refuses one allocation, or all after one. Opaque words of pinned
 * size; must not be moved in memory while a handle uses it. */
typedef struct {
    uint64_t words[8];
} aurora_failing_allocator;

/* Lets the allocation number fail_at (from 0) fail, and all later ones if is_lasting is 1;
 * UINT64_MAX = none. Threads: confined. */
AURORA_API void aurora_failing_allocator_init(aurora_failing_allocator *failing, uint64_t fail_at,
                                              uint32_t is_lasting);

/* Fills *allocator_out so that it uses `failing`, for aurora_options.allocator. Threads:
 * confined. */
AURORA_API void aurora_failing_allocator_attach(aurora_failing_allocator *failing,
                                                aurora_allocator *allocator_out);

/* How many allocations were asked for, and how many pieces are not yet freed: 0 after all results
 * are freed and the handle is closed. Threads: shared. */
AURORA_API uint64_t aurora_failing_allocator_count(const aurora_failing_allocator *failing);
AURORA_API uint64_t aurora_failing_allocator_live(const aurora_failing_allocator *failing);

/* What happens at a fault point. */
enum {
    AURORA_FAULT_FAIL = 1, /* the step fails with the given status */
    AURORA_FAULT_LOSE = 2, /* the step happens, its answer is lost (an unknown commit) */
    AURORA_FAULT_KILL = 3  /* the process ends at once, as by kill -9 */
};

/* A point where errors can be injected. Static; pinned layout. */
typedef struct {
    const char *name; /* "store.commit" */
    const char *help; /* one sentence: what fails there */
    uint64_t spare[2];
} aurora_fault_point;

/* All fault points by name. The table is static. Threads: shared. */
AURORA_API const aurora_fault_point *aurora_fault_point_table(uint32_t *count_out);

/* Makes an empty plan for aurora_options.faults of one or more handles. AURORA_ENOMEM. *out is
 * freed with aurora_fault_plan_free after those are closed. Threads: shared. */
AURORA_API aurora_status aurora_fault_plan_new(aurora_fault_plan **out);

/* Frees the plan and all it points to; NULL is a no-op. Threads: confined. */
AURORA_API void aurora_fault_plan_free(aurora_fault_plan *plan);

/* Lets the visit number `nth` from now (from 1) of a point do `action`, once; `status` is a
 * failure, read with AURORA_FAULT_FAIL only. A second call for a point replaces the first.
 * AURORA_ENOTFOUND for a name that is not in the table. Threads: shared. */
AURORA_API aurora_status aurora_fault_plan_set(aurora_fault_plan *plan, const char *name,
                                               uint64_t nth, int32_t action, aurora_status status);

/* How often the point was visited with this plan. 0 for an unknown name. Threads: shared. */
AURORA_API uint64_t aurora_fault_plan_visits(const aurora_fault_plan *plan, const char *name);

#ifdef __cplusplus
}
#endif
#endif

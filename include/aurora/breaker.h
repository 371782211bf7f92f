/* SPDX-License-Identifier: MIT */
/* A circuit breaker: it watches the calls to one dependency and, once too many fail or are slow,
 * lets none pass for a while, then a few probes, whose outcome closes or opens it again. Not the
 * caller of anything: the host asks before a call and reports after it.
 *
 *   CLOSED -> OPEN          a rate reaches its threshold over at least calls_min calls
 *   OPEN -> HALF_OPEN       an enter after the wait
 *   HALF_OPEN -> CLOSED     all probes reported and no rate reaches its threshold
 *   HALF_OPEN -> OPEN       a rate is sure to reach it, or half_open_max_ns ran out
 *   any -> any              aurora_breaker_force, an operator's act
 *
 * Each change of state starts an epoch, and a ticket counts only in the epoch it was given in: a
 * late reply from before the change is not held against the dependency, nor for it. */
#ifndef AURORA_BREAKER_H
#define AURORA_BREAKER_H

#include <aurora/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* States. */
#define AURORA_BREAKER_CLOSED 1       /* calls pass and are counted */
#define AURORA_BREAKER_OPEN 2         /* none passes until the wait is over */
#define AURORA_BREAKER_HALF_OPEN 3    /* `probes` calls pass */
#define AURORA_BREAKER_FORCED_OPEN 4  /* none passes until an operator says so */
#define AURORA_BREAKER_DISABLED 5     /* all pass, none is counted */
#define AURORA_BREAKER_METRICS_ONLY 6 /* all pass and are counted, nothing follows from it */

/* Outcomes of a call. */
#define AURORA_BREAKER_SUCCESS 1 /* the call did what it should */
#define AURORA_BREAKER_FAILURE 2 /* any other value counts as this */
#define AURORA_BREAKER_IGNORED 3 /* says nothing about the dependency; gives a probe's place back */

/* Kinds of window. */
#define AURORA_BREAKER_LAST_CALLS 1 /* the last window_calls calls */
#define AURORA_BREAKER_LAST_TIME 2  /* the running slice of slice_ns and those before it */

#define AURORA_BREAKER_CALLS_MAX 1024             /* of window_calls */
#define AURORA_BREAKER_SLICES_MAX 60              /* of slices */
#define AURORA_BREAKER_NS_MAX 86400000000000000   /* 1,000 days: bound of every duration */
#define AURORA_BREAKER_SLOW_NS_MAX 86400000000000 /* 1 day */

/* The caller's memory: no pointer in it, nothing to release, may be copied by memcpy. A zeroed one
 * lets nothing pass. */
typedef struct {
    uint64_t words[160];
} aurora_breaker;

/* Set size, leave 0 what shall have its default. */
typedef struct {
    uint32_t size;          /* sizeof(aurora_breaker_options) */
    int32_t window_kind;    /* 0 = AURORA_BREAKER_LAST_CALLS */
    uint32_t window_calls;  /* 1..1024, 0 = 100; of LAST_CALLS */
    uint32_t window_slices; /* 1..60, 0 = 10; of LAST_TIME */
    int64_t slice_ns;       /* 1..1,000 days, 0 = 1 s; of LAST_TIME */
    uint32_t calls_min; /* 1..10^9 (of LAST_CALLS: ..window_calls), 0 = all of the window, or 100 */
    uint32_t failure_rate_percent; /* 1..100, 0 = 50; opens at this rate, not only above it */
    uint32_t slow_rate_percent;    /* 1..100, 0 = 100 */
    uint32_t probes;               /* 1..1024 calls in half-open, 0 = 10 */
    int64_t slow_ns;               /* a call of this duration is slow; ..1 day, 0 = none is slow */
    int64_t wait_ns;               /* in open; ..1,000 days, 0 = 60 s */
    int64_t wait_max_ns; /* bound of the growing wait; wait_ns..1,000 days, 0 = wait_ns * 16 */
    uint32_t wait_growth_percent; /* 100..1000, 0 = 100: of the last wait, after failed probes */
    uint32_t reserved;            /* 0 */
    int64_t half_open_max_ns;     /* then the probes have failed; ..1,000 days, 0 = 60 s */
} aurora_breaker_options;

/* What the breaker has seen. Pinned size. */
typedef struct {
    int32_t state;             /* as it would answer an enter now */
    uint32_t calls;            /* in the window, or probes reported in half-open */
    uint32_t failed;           /* of them */
    uint32_t slow;             /* of them; a call may be both */
    uint32_t failure_rate_ppm; /* failed of calls in millionths; 0 of 0 is 0 */
    uint32_t slow_rate_ppm;    /* likewise */
    uint32_t probes_in_flight; /* half-open: entered and not left */
    uint32_t reserved32;       /* 0 */
    uint64_t refused;          /* enters since init */
    uint64_t opened;           /* times it went to OPEN since init */
    uint64_t stale;            /* leaves not counted because their epoch is over */
    int64_t retry_after_ns;    /* OPEN: until a probe may pass; else 0 */
    uint64_t reserved[4];      /* 0 */
} aurora_breaker_figures;

/* Makes `breaker` CLOSED with an empty window. `options` NULL = all defaults. Returns AURORA_EINVAL
 * (err names the field), and the breaker then lets nothing pass. Threads: confined. */
AURORA_API aurora_status aurora_breaker_init(aurora_breaker *breaker,
                                             const aurora_breaker_options *options,
                                             aurora_error *err);

/* Whether a call may be made now. True writes the ticket for aurora_breaker_leave; false writes 0,
 * which leave ignores. now_ns, here and below: nanoseconds of one monotonic clock, any int64; a
 * step back ends no wait early and moves no window. Threads: confined. */
AURORA_API bool aurora_breaker_try_enter(aurora_breaker *breaker, int64_t now_ns,
                                         uint64_t *ticket_out);

/* Reports the outcome of the call with `ticket`, once. The duration is now_ns less the time of the
 * enter, in steps of 1,024 ns; one beyond 6 days is not seen as slow. A ticket that never leaves
 * counts for nothing while closed, and in half-open until half_open_max_ns, when the probes have
 * failed and the breaker waits again. Threads: confined. */
AURORA_API void aurora_breaker_leave(aurora_breaker *breaker, uint64_t ticket, int32_t outcome,
                                     int64_t now_ns);

/* Puts the breaker into `state` with an empty window; OPEN waits wait_ns from now_ns. Returns
 * AURORA_EINVAL for a value that is no state, or a breaker without init. Threads: confined. */
AURORA_API aurora_status aurora_breaker_force(aurora_breaker *breaker, int32_t state,
                                              int64_t now_ns);

/* Reads state and figures at now_ns; changes nothing. Threads: confined. */
AURORA_API void aurora_breaker_read(const aurora_breaker *breaker, int64_t now_ns,
                                    aurora_breaker_figures *figures_out);

/* The state at now_ns, or 0 without init: OPEN whose wait is over shows as HALF_OPEN, HALF_OPEN
 * whose time ran out as OPEN. Threads: confined. */
AURORA_API int32_t aurora_breaker_state(const aurora_breaker *breaker, int64_t now_ns);

/* "CLOSED", "OPEN", ...; "UNKNOWN" for a value that is no state. Static text. Threads: shared. */
AURORA_API const char *aurora_breaker_state_name(int32_t state);

/* Sets `options` to all defaults. Threads: confined. */
static inline void aurora_breaker_options_init(aurora_breaker_options *options)
{
    const aurora_breaker_options zero = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    *options = zero;
    options->size = (uint32_t)sizeof *options;
}

#ifndef __cplusplus
#define AURORA_BREAKER_OPTIONS(...)                                                                \
    (&(aurora_breaker_options){.size = sizeof(aurora_breaker_options), __VA_ARGS__})
#endif

#ifdef __cplusplus
}
#endif
#endif

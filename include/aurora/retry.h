/* SPDX-License-Identifier: MIT */
/* When to try a failed call again, if at all. One aurora_retry is one call with its repeats; an
 * aurora_retry_budget is what many calls share, so that a dependency in trouble is not buried
 * under repeats. Not a sleeper: the host waits by its own means. */
#ifndef AURORA_RETRY_H
#define AURORA_RETRY_H

#include <aurora/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Outcomes of an attempt. */
#define AURORA_RETRY_SUCCESS 1
#define AURORA_RETRY_RETRIABLE 2
#define AURORA_RETRY_FATAL 3        /* another attempt fails too; any other value counts as this */
#define AURORA_RETRY_RATE_LIMITED 4 /* retriable, not before what aurora_retry_hint said */

/* How the delay d = min(delay_max, base * multiplier^k) before repeat k = 0, 1, ... is spread. */
#define AURORA_JITTER_FULL 1         /* 0..d */
#define AURORA_JITTER_EQUAL 2        /* d/2..d */
#define AURORA_JITTER_NONE 3         /* d */
#define AURORA_JITTER_DECORRELATED 4 /* base..3 * the last delay, at most delay_max */

/* Why a retry has ended. */
#define AURORA_RETRY_GOES_ON 0
#define AURORA_RETRY_ENDED_SUCCESS 1
#define AURORA_RETRY_ENDED_FATAL 2
#define AURORA_RETRY_ENDED_ATTEMPTS 3
#define AURORA_RETRY_ENDED_DEADLINE 4 /* the next attempt would start at the deadline or later */
#define AURORA_RETRY_ENDED_BUDGET 5
#define AURORA_RETRY_ENDED_HINT 6 /* the hint is above hint_max_ns */

#define AURORA_RETRY_NS_MAX 86400000000000000 /* 1,000 days: bound of every duration */
#define AURORA_RETRY_BUDGET_MAX 1000000000    /* repeats a budget can hold */

/* The caller's memory; nothing to release. A zeroed one allows no repeat. */
typedef struct {
    uint64_t words[4];
} aurora_retry_budget;

/* The caller's memory; nothing to release. May be copied by memcpy; a copy that outlives the
 * process must have been made without a budget, which is a pointer. A zeroed one has ended. */
typedef struct {
    uint64_t words[16];
} aurora_retry;

/* Set size, leave 0 what shall have its default. */
typedef struct {
    uint32_t size;               /* sizeof(aurora_retry_options) */
    uint32_t attempts_max;       /* 1..10^6 with the first one, 0 = 3 */
    int64_t delay_ns;            /* base; ..1,000 days, 0 = 100 ms */
    int64_t delay_max_ns;        /* delay_ns..1,000 days, 0 = 64 * delay_ns */
    uint32_t multiplier_percent; /* 100..1000, 0 = 200 */
    int32_t jitter;              /* 0 = AURORA_JITTER_FULL */
    int64_t deadline_ns;         /* a time of the same clock as now_ns, 0 = none */
    int64_t hint_max_ns;         /* a hint above it ends the retry; ..1,000 days, 0 = 1 h */
    aurora_retry_budget *budget; /* borrowed while the retry goes on; NULL = none */
} aurora_retry_options;

/* Starts a call: its first attempt is made now. Pays the call's share into the budget. `options`
 * NULL = all defaults. Returns AURORA_EINVAL (err names the field), and the retry has then ended.
 * Threads: confined. */
AURORA_API aurora_status aurora_retry_init(aurora_retry *retry, const aurora_retry_options *options,
                                           aurora_error *err);

/* Says after which time the dependency wants to be called again (Retry-After), below 0 counts as
 * 0. It holds for the next aurora_retry_next_ns only. Threads: confined. */
AURORA_API void aurora_retry_hint(aurora_retry *retry, int64_t retry_after_ns);

/* Reports the outcome of the attempt just made and returns in how many ns to make the next one, or
 * -1: it has ended, now and for every later call. `random`: 64 fresh random bits. A rate-limited
 * attempt waits the hint and the ordinary delay after it, so that those refused together do not
 * come back together. A repeat is paid from the budget when it is granted. Threads: confined (the
 * budget is shared). */
AURORA_API int64_t aurora_retry_next_ns(aurora_retry *retry, int32_t outcome, uint64_t random,
                                        int64_t now_ns);

/* AURORA_RETRY_GOES_ON or why it has ended. Threads: confined. */
AURORA_API int32_t aurora_retry_ending(const aurora_retry *retry);

/* Attempts granted so far, the first among them. Threads: confined. */
AURORA_API uint32_t aurora_retry_attempts(const aurora_retry *retry);

/* Makes a full budget of `repeats_max` (1..10^9) repeats, into which each call pays
 * `ratio_per_mille` (0..1,000,000) thousandths of one: 200 allows in the long run one repeat to
 * five calls. Returns AURORA_EINVAL beyond that, and the budget then allows none. Threads:
 * confined. */
AURORA_API aurora_status aurora_retry_budget_init(aurora_retry_budget *budget, uint64_t repeats_max,
                                                  uint32_t ratio_per_mille);

/* Whole repeats that the budget would allow now. Threads: shared. */
AURORA_API uint64_t aurora_retry_budget_left(const aurora_retry_budget *budget);

/* Sets `options` to all defaults. Threads: confined. */
static inline void aurora_retry_options_init(aurora_retry_options *options)
{
    const aurora_retry_options zero = {0, 0, 0, 0, 0, 0, 0, 0, NULL};
    *options = zero;
    options->size = (uint32_t)sizeof *options;
}

#ifndef __cplusplus
#define AURORA_RETRY_OPTIONS(...)                                                                  \
    (&(aurora_retry_options){.size = sizeof(aurora_retry_options), __VA_ARGS__})
#endif

#ifdef __cplusplus
}
#endif
#endif

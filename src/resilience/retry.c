/* SPDX-License-Identifier: MIT */
#include <aurora/retry.h>

#include "percent.h"
#include "retry_budget.h"
#include "rules.h"

#include <string.h>

__extension__ typedef unsigned __int128 uint128;

#define MS ((int64_t)1000000)

/* What lies in the words of an aurora_retry. may_alias: the caller sees it as uint64_t. */
typedef struct __attribute__((may_alias)) {
    aurora_retry_options options; /* defaults filled in */
    int64_t delay_ns;             /* before the next repeat, without jitter */
    int64_t last_ns;              /* before the last one, with it */
    int64_t hint_ns;
    uint32_t attempts; /* 0 = init failed or never was */
    int32_t ending;
} call;

_Static_assert(sizeof(call) <= sizeof(aurora_retry), "pinned");
_Static_assert(sizeof(aurora_retry_options) == 56, "grows at its end only");

static void fill_defaults(aurora_retry_options *options)
{
    if (options->attempts_max == 0)
        options->attempts_max = 3;
    if (options->delay_ns == 0)
        options->delay_ns = 100 * MS;
    if (options->delay_max_ns == 0)
        options->delay_max_ns = options->delay_ns < AURORA_RETRY_NS_MAX / 64
                                    ? options->delay_ns * 64
                                    : AURORA_RETRY_NS_MAX;
    if (options->multiplier_percent == 0)
        options->multiplier_percent = 200;
    if (options->jitter == 0)
        options->jitter = AURORA_JITTER_FULL;
    if (options->hint_max_ns == 0)
        options->hint_max_ns = 3600000 * MS;
}

static aurora_status check(aurora_retry_options *options, aurora_error *err)
{
    const aurora__rule delay = {"delay_ns", (uint64_t)options->delay_ns, 0, AURORA_RETRY_NS_MAX};
    aurora_status rc = aurora__rule_check(&delay, 1, err);
    if (rc != AURORA_OK)
        return rc;

    fill_defaults(options);
    const aurora__rule rules[] = {
        {"attempts_max", options->attempts_max, 1, 1000000},
        {"delay_max_ns", (uint64_t)options->delay_max_ns, (uint64_t)options->delay_ns,
         AURORA_RETRY_NS_MAX},
        {"multiplier_percent", options->multiplier_percent, 100, 1000},
        {"jitter", (uint64_t)(int64_t)options->jitter, AURORA_JITTER_FULL,
         AURORA_JITTER_DECORRELATED},
        {"hint_max_ns", (uint64_t)options->hint_max_ns, 0, AURORA_RETRY_NS_MAX},
    };
    return aurora__rule_check(rules, sizeof rules / sizeof *rules, err);
}

aurora_status aurora_retry_init(aurora_retry *retry, const aurora_retry_options *options,
                                aurora_error *err)
{
    call *c = (call *)retry->words;
    aurora_retry_options known;

    memset(retry, 0, sizeof *retry);
    aurora_status rc = aurora__rule_copy(&known, sizeof known, options, err);
    if (rc == AURORA_OK)
        rc = check(&known, err);
    if (rc != AURORA_OK)
        return rc;

    c->options = known;
    c->delay_ns = known.delay_ns;
    c->last_ns = known.delay_ns;
    c->attempts = 1;
    if (known.budget != NULL)
        aurora__retry_budget_pay(known.budget);
    return AURORA_OK;
}

void aurora_retry_hint(aurora_retry *retry, int64_t retry_after_ns)
{
    call *c = (call *)retry->words;
    c->hint_ns = retry_after_ns > 0 ? retry_after_ns : 0;
}

/* low..high, both possible, by multiplication: the bias is below 2^-7 of a part at these sizes. */
static int64_t pick(uint64_t random, int64_t low, int64_t high)
{
    uint64_t span = (uint64_t)(high - low) + 1;
    return low + (int64_t)(uint64_t)(((uint128)random * span) >> 64);
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t spread(const call *c, uint64_t random)
{
    int64_t delay = c->delay_ns;

    switch (c->options.jitter) {
    case AURORA_JITTER_NONE:
        return delay;
    case AURORA_JITTER_EQUAL:
        return pick(random, delay / 2, delay);
    case AURORA_JITTER_DECORRELATED:
        return smaller(pick(random, c->options.delay_ns, c->last_ns * 3), c->options.delay_max_ns);
    default:
        return pick(random, 0, delay);
    }
}

static bool reaches(int64_t now_ns, int64_t delay_ns, int64_t deadline_ns)
{
    return deadline_ns != 0 && (now_ns > INT64_MAX - delay_ns || now_ns + delay_ns >= deadline_ns);
}

/* AURORA_RETRY_GOES_ON or why not, before anything is known of delay and budget. */
static int32_t judge(const call *c, int32_t outcome)
{
    bool is_limited = outcome == AURORA_RETRY_RATE_LIMITED;

    if (outcome == AURORA_RETRY_SUCCESS)
        return AURORA_RETRY_ENDED_SUCCESS;
    if (outcome != AURORA_RETRY_RETRIABLE && !is_limited)
        return AURORA_RETRY_ENDED_FATAL;
    if (c->attempts >= c->options.attempts_max)
        return AURORA_RETRY_ENDED_ATTEMPTS;
    if (is_limited && c->hint_ns > c->options.hint_max_ns)
        return AURORA_RETRY_ENDED_HINT;
    return AURORA_RETRY_GOES_ON;
}

int64_t aurora_retry_next_ns(aurora_retry *retry, int32_t outcome, uint64_t random, int64_t now_ns)
{
    call *c = (call *)retry->words;
    aurora_retry_budget *budget = c->options.budget;

    if (aurora_retry_ending(retry) != AURORA_RETRY_GOES_ON)
        return -1;
    c->ending = judge(c, outcome);
    if (c->ending != AURORA_RETRY_GOES_ON)
        return -1;

    int64_t delay = spread(c, random);
    int64_t wait = delay + (outcome == AURORA_RETRY_RATE_LIMITED ? c->hint_ns : 0);
    if (reaches(now_ns, wait, c->options.deadline_ns))
        c->ending = AURORA_RETRY_ENDED_DEADLINE;
    else if (budget != NULL && !aurora__retry_budget_try_take(budget))
        c->ending = AURORA_RETRY_ENDED_BUDGET;
    if (c->ending != AURORA_RETRY_GOES_ON)
        return -1;

    c->attempts++;
    c->hint_ns = 0;
    c->last_ns = delay;
    c->delay_ns =
        aurora__percent_of(c->delay_ns, c->options.multiplier_percent, c->options.delay_max_ns);
    return wait;
}

int32_t aurora_retry_ending(const aurora_retry *retry)
{
    const call *c = (const call *)retry->words;
    return c->attempts == 0 ? AURORA_RETRY_ENDED_ATTEMPTS : c->ending;
}

uint32_t aurora_retry_attempts(const aurora_retry *retry)
{
    return ((const call *)retry->words)->attempts;
}

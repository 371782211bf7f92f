/* SPDX-License-Identifier: MIT */
/* Operations on breakers, retries and bulkheads. */
#include <stdlib.h>
#include <string.h>

#include "step.h"

static const char *const breaker_outcomes[] = {"success", "failure", "ignored", NULL};
static const char *const window_kinds[] = {"last_calls", "last_time", NULL};

/* --- breaker ---------------------------------------------------------------------------------- */

static const char *state_name(int32_t state)
{
    return aurora_breaker_state_name(state);
}

static aurora_status breaker_init(step *of)
{
    cJSON *with = of->with;
    aurora_breaker_options options;
    aurora_breaker_options_init(&options);
    options.window_kind = input_enum(of, with, "window_kind", window_kinds);
    options.window_calls = input_u32(of, with, "window_calls");
    options.window_slices = input_u32(of, with, "window_slices");
    options.slice_ns = input_int(of, with, "slice_ns", 0);
    options.calls_min = input_u32(of, with, "calls_min");
    options.failure_rate_percent = input_u32(of, with, "failure_rate_percent");
    options.slow_rate_percent = input_u32(of, with, "slow_rate_percent");
    options.probes = input_u32(of, with, "probes");
    options.slow_ns = input_int(of, with, "slow_ns", 0);
    options.wait_ns = input_int(of, with, "wait_ns", 0);
    options.wait_max_ns = input_int(of, with, "wait_max_ns", 0);
    options.wait_growth_percent = input_u32(of, with, "wait_growth_percent");
    options.half_open_max_ns = input_int(of, with, "half_open_max_ns", 0);
    aurora_breaker *breaker = calloc(1, sizeof *breaker);
    step_keep(of, "breaker", breaker, free);
    return aurora_breaker_init(breaker, &options, &of->err);
}

static aurora_status breaker_try_enter(step *of)
{
    aurora_breaker *breaker = step_on(of, "breaker");
    uint64_t ticket = 0;
    if (breaker == NULL)
        return AURORA_OK;
    int64_t now = input_int(of, of->with, "now_ns", 0);
    give_bool(of->gives, "is_entered", aurora_breaker_try_enter(breaker, now, &ticket));
    give_uint(of->gives, "ticket", ticket);
    return AURORA_OK;
}

static aurora_status breaker_leave(step *of)
{
    aurora_breaker *breaker = step_on(of, "breaker");
    uint64_t ticket = input_uint(of, of->with, "ticket", 0);
    int32_t outcome = input_enum(of, of->with, "outcome", breaker_outcomes);
    if (breaker != NULL)
        aurora_breaker_leave(breaker, ticket, outcome, input_int(of, of->with, "now_ns", 0));
    return AURORA_OK;
}

static aurora_status breaker_force(step *of)
{
    aurora_breaker *breaker = step_on(of, "breaker");
    int32_t state = input_named(of, of->with, "state", state_name);
    int64_t now = input_int(of, of->with, "now_ns", 0);
    return breaker == NULL ? AURORA_OK : aurora_breaker_force(breaker, state, now);
}

static aurora_status breaker_read(step *of)
{
    aurora_breaker *breaker = step_on(of, "breaker");
    aurora_breaker_figures figures;
    if (breaker == NULL)
        return AURORA_OK;
    aurora_breaker_read(breaker, input_int(of, of->with, "now_ns", 0), &figures);
    give_figures(of->gives, &figures);
    return AURORA_OK;
}

static aurora_status breaker_state(step *of)
{
    aurora_breaker *breaker = step_on(of, "breaker");
    if (breaker == NULL)
        return AURORA_OK;
    int32_t state = aurora_breaker_state(breaker, input_int(of, of->with, "now_ns", 0));
    give_text(of->gives, "state", state == 0 ? NULL : state_name(state));
    return AURORA_OK;
}

void give_figures(cJSON *to, const aurora_breaker_figures *figures)
{
    give_text(to, "state", figures->state == 0 ? NULL : state_name(figures->state));
    give_uint(to, "calls", figures->calls);
    give_uint(to, "failed", figures->failed);
    give_uint(to, "slow", figures->slow);
    give_uint(to, "failure_rate_ppm", figures->failure_rate_ppm);
    give_uint(to, "slow_rate_ppm", figures->slow_rate_ppm);
    give_uint(to, "probes_in_flight", figures->probes_in_flight);
    give_uint(to, "refused", figures->refused);
    give_uint(to, "opened", figures->opened);
    give_uint(to, "stale", figures->stale);
    give_int(to, "retry_after_ns", figures->retry_after_ns);
}

/* --- retry ------------------------------------------------------------------------------------ */

static const char *const retry_outcomes[] = {"success", "retriable", "fatal", "rate_limited", NULL};
static const char *const jitters[] = {"full", "equal", "none", "decorrelated", NULL};
static const char *const endings[] = {"success", "fatal", "attempts", "deadline",
                                      "budget",  "hint",  NULL};

static aurora_status retry_budget_init(step *of)
{
    aurora_retry_budget *budget = calloc(1, sizeof *budget);
    step_keep(of, "retry_budget", budget, free);
    return aurora_retry_budget_init(budget, input_uint(of, of->with, "repeats_max", 0),
                                    input_u32(of, of->with, "ratio_per_mille"));
}

static aurora_status retry_budget_left(step *of)
{
    const aurora_retry_budget *budget = step_on(of, "retry_budget");
    if (budget != NULL)
        give_uint(of->gives, "left", aurora_retry_budget_left(budget));
    return AURORA_OK;
}

static aurora_status retry_init(step *of)
{
    cJSON *with = of->with;
    aurora_retry_options options;
    aurora_retry_options_init(&options);
    options.attempts_max = input_u32(of, with, "attempts_max");
    options.delay_ns = input_int(of, with, "delay_ns", 0);
    options.delay_max_ns = input_int(of, with, "delay_max_ns", 0);
    options.multiplier_percent = input_u32(of, with, "multiplier_percent");
    options.jitter = input_enum(of, with, "jitter", jitters);
    options.deadline_ns = input_int(of, with, "deadline_ns", 0);
    options.hint_max_ns = input_int(of, with, "hint_max_ns", 0);
    options.budget = step_object(of, "budget", "retry_budget");
    aurora_retry *retry = calloc(1, sizeof *retry);
    step_keep(of, "retry", retry, free);
    return aurora_retry_init(retry, &options, &of->err);
}

static aurora_status retry_hint(step *of)
{
    aurora_retry *retry = step_on(of, "retry");
    if (retry != NULL)
        aurora_retry_hint(retry, input_int(of, of->with, "retry_after_ns", 0));
    return AURORA_OK;
}

static aurora_status retry_next_ns(step *of)
{
    aurora_retry *retry = step_on(of, "retry");
    int32_t outcome = input_enum(of, of->with, "outcome", retry_outcomes);
    uint64_t random = input_uint(of, of->with, "random", 0);
    int64_t now = input_int(of, of->with, "now_ns", 0);
    if (retry != NULL)
        give_int(of->gives, "delay_ns", aurora_retry_next_ns(retry, outcome, random, now));
    return AURORA_OK;
}

static aurora_status retry_ending(step *of)
{
    const aurora_retry *retry = step_on(of, "retry");
    if (retry != NULL)
        give_enum(of->gives, "ending", aurora_retry_ending(retry), endings);
    return AURORA_OK;
}

static aurora_status retry_attempts(step *of)
{
    const aurora_retry *retry = step_on(of, "retry");
    if (retry != NULL)
        give_uint(of->gives, "attempts", aurora_retry_attempts(retry));
    return AURORA_OK;
}

/* --- bulkhead --------------------------------------------------------------------------------- */

static aurora_status bulkhead_init(step *of)
{
    aurora_bulkhead *bulkhead = calloc(1, sizeof *bulkhead);
    step_keep(of, "bulkhead", bulkhead, free);
    return aurora_bulkhead_init(bulkhead, input_u32(of, of->with, "running_max"),
                                input_u32(of, of->with, "waiting_max"));
}

static aurora_status bulkhead_asked(step *of, bool (*ask)(aurora_bulkhead *))
{
    aurora_bulkhead *bulkhead = step_on(of, "bulkhead");
    if (bulkhead != NULL)
        give_bool(of->gives, "is_done", ask(bulkhead));
    return AURORA_OK;
}

static aurora_status bulkhead_told(step *of, void (*tell)(aurora_bulkhead *))
{
    aurora_bulkhead *bulkhead = step_on(of, "bulkhead");
    if (bulkhead != NULL)
        tell(bulkhead);
    return AURORA_OK;
}

static aurora_status bulkhead_try_enter(step *of)
{
    return bulkhead_asked(of, aurora_bulkhead_try_enter);
}

static aurora_status bulkhead_try_wait(step *of)
{
    return bulkhead_asked(of, aurora_bulkhead_try_wait);
}

static aurora_status bulkhead_try_promote(step *of)
{
    return bulkhead_asked(of, aurora_bulkhead_try_promote);
}

static aurora_status bulkhead_leave(step *of)
{
    return bulkhead_told(of, aurora_bulkhead_leave);
}

static aurora_status bulkhead_abandon(step *of)
{
    return bulkhead_told(of, aurora_bulkhead_abandon);
}

static aurora_status bulkhead_read(step *of)
{
    const aurora_bulkhead *bulkhead = step_on(of, "bulkhead");
    uint32_t running = 0, waiting = 0;
    if (bulkhead == NULL)
        return AURORA_OK;
    aurora_bulkhead_read(bulkhead, &running, &waiting);
    give_uint(of->gives, "running", running);
    give_uint(of->gives, "waiting", waiting);
    return AURORA_OK;
}

const operation resilience_operations[] = {
    {"breaker_init", breaker_init},
    {"breaker_try_enter", breaker_try_enter},
    {"breaker_leave", breaker_leave},
    {"breaker_force", breaker_force},
    {"breaker_read", breaker_read},
    {"breaker_state", breaker_state},
    {"retry_budget_init", retry_budget_init},
    {"retry_budget_left", retry_budget_left},
    {"retry_init", retry_init},
    {"retry_hint", retry_hint},
    {"retry_next_ns", retry_next_ns},
    {"retry_ending", retry_ending},
    {"retry_attempts", retry_attempts},
    {"bulkhead_init", bulkhead_init},
    {"bulkhead_try_enter", bulkhead_try_enter},
    {"bulkhead_try_wait", bulkhead_try_wait},
    {"bulkhead_try_promote", bulkhead_try_promote},
    {"bulkhead_leave", bulkhead_leave},
    {"bulkhead_abandon", bulkhead_abandon},
    {"bulkhead_read", bulkhead_read},
    {NULL, NULL},
};

/* SPDX-License-Identifier: MIT */
/* Who may call: a bounded number at once, none while most calls fail, and repeats only as a share
 * of all calls while some fail, so that a provider in trouble is not buried under them. A call that
 * is held back here is no attempt. */
#include "adapters/payment_http/bridge.h"

#define SECOND_NS INT64_C(1000000000)
#define REPEATS_MAX 64
#define REPEATS_PER_MILLE 200

aurora_status aurora__bridge_gate_init(aurora__bridge *self)
{
    aurora_breaker_options options;
    aurora_breaker_options_init(&options);
    options.window_calls = 50;
    options.calls_min = 10;
    options.failure_rate_percent = 50;
    options.probes = 1; /* a shop with one order a minute must get out again */
    options.wait_ns = SECOND_NS;
    options.wait_growth_percent = 200;
    options.wait_max_ns = 30 * SECOND_NS;
    options.half_open_max_ns = self->timeout_ms * 1000000 + 5 * SECOND_NS;
    aurora_status rc = aurora_breaker_init(&self->breaker, &options, NULL);
    return rc == AURORA_OK ? aurora_retry_budget_init(&self->budget, REPEATS_MAX, REPEATS_PER_MILLE)
                           : rc;
}

/* Every call pays into the budget; a repeat is paid from it while others fail. */
static bool has_budget(aurora__bridge *self, const aurora_task *task, int64_t now_ns)
{
    aurora_retry retry;
    aurora_retry_options options;
    aurora_breaker_figures figures;
    aurora_retry_options_init(&options);
    options.budget = &self->budget;
    if (aurora_retry_init(&retry, &options, NULL) != AURORA_OK)
        return false;
    aurora_breaker_read(&self->breaker, now_ns, &figures);
    bool is_repeat = task->is_query || task->attempt > 1;
    return !is_repeat || figures.failed == 0 ||
           aurora_retry_next_ns(&retry, AURORA_RETRY_RETRIABLE, 0, now_ns) >= 0;
}

bool aurora__bridge_gate_enter(aurora__bridge *self, const aurora_task *task, uint64_t *ticket_out)
{
    int64_t now_ns = aurora__bridge_now_ns();
    if (self->is_stopping || self->calls >= self->calls_max || !has_budget(self, task, now_ns))
        return false;
    return aurora_breaker_try_enter(&self->breaker, now_ns, ticket_out);
}

void aurora__bridge_gate_leave(aurora__bridge *self, const aurora__bridge_call *call)
{
    int32_t outcome = call->is_abandoned  ? AURORA_BREAKER_IGNORED
                      : call->why != NULL ? AURORA_BREAKER_FAILURE
                                          : AURORA_BREAKER_SUCCESS;
    aurora_breaker_leave(&self->breaker, call->ticket, outcome, aurora__bridge_now_ns());
}

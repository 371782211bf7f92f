/* SPDX-License-Identifier: MIT */
/* What comes after the last order: waiting for outcomes, and returns. */
#include "replay.h"

#include <stdio.h>

#include "progress.h"

#define SETTLE_MS 120000 /* calls that a kill cut off are asked again after their lease */
#define TURN_MS 500

static aurora_status read_state(ctl_replay_run *replay, ctl_replay_state *state, int32_t wait_ms)
{
    aurora_order *order = NULL;
    aurora_status status =
        aurora_order_wait(replay->shop, state->id, state->version, wait_ms, &order);
    if (status == AURORA_OK)
        ctl_replay_state_set(state, order);
    aurora_order_free(order);
    return status;
}

int ctl_replay_settle(ctl_replay_run *replay)
{
    int64_t give_up_ms = ctl_monotonic_ms() + SETTLE_MS;
    for (uint32_t i = 0; i < replay->order_count; i++) {
        ctl_replay_state *state = &replay->states[i];
        while (state->is_stored && state->outcome == 0 && !state->is_parked &&
               ctl_monotonic_ms() < give_up_ms) {
            aurora_status status = read_state(replay, state, TURN_MS);
            if (status != AURORA_OK)
                return ctl_fail(status, NULL, replay->file.orders[i].reference);
        }
    }
    /* Stock and money follow the outcome at once with the simulator inline, else a little later. */
    aurora_drain drain = {0};
    while (aurora_drain_get(replay->shop, &drain) == AURORA_OK && drain.unsettled_orders > 0 &&
           ctl_monotonic_ms() < give_up_ms)
        ctl_pause_ms(TURN_MS / 10);
    return CTL_YES;
}

static int cancel(ctl_replay_run *replay, uint32_t index, const ctl_retail_invoice *back)
{
    ctl_replay_state *state = &replay->states[index];
    char note[AURORA_KEY_BYTES_MAX + 32];
    snprintf(note, sizeof note, "returned by %.255s", back->reference);
    aurora_cancel request = {.size = sizeof request,
                             .reason = AURORA_REASON_CUSTOMER,
                             .order_id = state->id,
                             .note = note,
                             .actor = "auroractl replay"};
    aurora_error err = AURORA_ERROR_INIT;
    aurora_order *order = NULL;
    aurora_status status = AURORA_EBUSY;
    for (int attempt = 0; attempt < 100 && aurora_status_is_retriable(status); attempt++) {
        if (attempt > 0)
            ctl_pause_ms(attempt);
        status = aurora_order_cancel_with(replay->shop, &request, &order, &err);
    }
    if (status == AURORA_OK)
        ctl_replay_state_set(state, order);
    aurora_order_free(order);
    return status == AURORA_OK ? CTL_YES
                               : ctl_fail(status, &err, replay->file.orders[index].reference);
}

int ctl_replay_returns(ctl_replay_run *replay)
{
    ctl_progress progress;
    int outcome = CTL_YES;
    if (!ctl_retail_match_returns(&replay->file))
        return ctl_refuse("out of memory");
    ctl_progress_start(&progress, "returns", replay->order_count);
    for (uint32_t i = 0; outcome == CTL_YES && i < replay->order_count; i++) {
        uint32_t number = replay->file.orders[i].returned_by;
        if (number == CTL_RETAIL_NONE || replay->states[i].outcome != AURORA_ORDER_COMPLETED)
            continue;
        const ctl_retail_invoice *back = &replay->file.returns[number];
        if (back->placed_at_ms < replay->until_ms)
            outcome = cancel(replay, i, back);
        ctl_progress_update(&progress, i);
    }
    ctl_progress_end(&progress);
    return outcome;
}

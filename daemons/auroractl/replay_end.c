/* SPDX-License-Identifier: MIT */
/* What comes after the last order: waiting for outcomes, and returns. */
#include <stdio.h>

#include "orders.h"
#include "progress.h"
#include "replay.h"

int ctl_replay_settle(ctl_replay_run *replay)
{
    aurora_status status = replay->carrier->settle(replay);
    return status == AURORA_OK ? CTL_YES : ctl_fail(status, NULL, "outcomes of the orders");
}

/* Asks again where the shop says "later": a cancel of a CANCELLED order changes nothing. */
static aurora_status ask(ctl_replay_run *replay, const ctl_cancel *cancel, ctl_answer *answer,
                         aurora_error *err)
{
    aurora_status status = AURORA_EBUSY;
    for (int attempt = 0; attempt < 100 && aurora_status_is_retriable(status); attempt++) {
        if (attempt > 0)
            ctl_pause_ms(attempt);
        status = ctl_shop_read(&replay->shop, &cancel->ask, answer, err);
    }
    return status;
}

static int give_back(ctl_replay_run *replay, uint32_t index, const ctl_retail_invoice *back)
{
    ctl_replay_state *state = &replay->states[index];
    char note[AURORA_KEY_BYTES_MAX + 32];
    snprintf(note, sizeof note, "returned by %.255s", back->reference);
    aurora_cancel request = {.size = sizeof request,
                             .reason = AURORA_REASON_CUSTOMER,
                             .order_id = state->id,
                             .note = note,
                             .actor = "auroractl replay"};
    ctl_cancel cancel;
    ctl_answer answer = {0};
    aurora_error err = AURORA_ERROR_INIT;
    ctl_cancel_init(&cancel, &request);
    cancel.ask.principal = replay->file.orders[index].customer_id;
    cancel.ask.is_repeatable = true;
    aurora_status status = ask(replay, &cancel, &answer, &err);
    if (status == AURORA_OK)
        *state = ctl_replay_state_read(ctl_answer_root(&answer));
    ctl_answer_free(&answer);
    ctl_cancel_deinit(&cancel);
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
            outcome = give_back(replay, i, back);
        ctl_progress_update(&progress, i);
    }
    ctl_progress_end(&progress);
    return outcome;
}

/* SPDX-License-Identifier: MIT */
/* Orders of a replay into the queue of a store that this process opened. */
#include <stdlib.h>

#include "progress.h"
#include "replay.h"

#define IN_FLIGHT_MAX 1024
#define SUBMIT_MAX 128
#define TAKE_MS 100
#define TURN_MS 500

typedef struct {
    aurora_queue *queue;
    aurora_completion completions[IN_FLIGHT_MAX];
} carrying;

static aurora_status open_queue(ctl_replay_run *replay)
{
    carrying *own = calloc(1, sizeof *own);
    replay->carrying = own;
    return own == NULL ? AURORA_ENOMEM
                       : aurora_queue_new(replay->shop.store, IN_FLIGHT_MAX, &own->queue);
}

static void close_queue(ctl_replay_run *replay)
{
    carrying *own = replay->carrying;
    if (own == NULL)
        return;
    aurora_queue_free(own->queue);
    free(own);
    replay->carrying = NULL;
}

static aurora_status submit(ctl_replay_run *replay, const uint32_t *numbers, uint32_t count,
                            uint32_t *accepted_out)
{
    carrying *own = replay->carrying;
    aurora_order_request requests[SUBMIT_MAX];
    const aurora_order_request *pointers[SUBMIT_MAX];
    uint64_t tags[SUBMIT_MAX];
    count = count > SUBMIT_MAX ? SUBMIT_MAX : count;
    for (uint32_t i = 0; i < count; i++) {
        tags[i] = numbers[i];
        ctl_replay_request(&replay->file.orders[numbers[i]], &requests[i]);
        pointers[i] = &requests[i];
    }
    return aurora_order_submit(own->queue, pointers, tags, count, accepted_out);
}

static void read_completion(const aurora_completion *completion, ctl_replay_result *out)
{
    bool is_final = completion->order_status >= AURORA_ORDER_COMPLETED &&
                    completion->order_status != AURORA_ORDER_PARKED;
    *out = (ctl_replay_result){.number = (uint32_t)completion->tag,
                               .status = completion->status,
                               .taken_by = completion->id};
    out->state = (ctl_replay_state){.id = completion->id,
                                    .version = completion->version,
                                    .total_minor = completion->total_minor,
                                    .outcome = is_final ? completion->order_status : 0,
                                    .is_stored = true};
}

static aurora_status take(ctl_replay_run *replay, ctl_replay_result *results_out,
                          uint32_t *count_out)
{
    carrying *own = replay->carrying;
    aurora_status status =
        aurora_queue_take(own->queue, own->completions, IN_FLIGHT_MAX, TAKE_MS, count_out);
    for (uint32_t i = 0; status == AURORA_OK && i < *count_out; i++)
        read_completion(&own->completions[i], &results_out[i]);
    return status;
}

static aurora_status wait_for(ctl_replay_run *replay, ctl_replay_state *state)
{
    aurora_order *order = NULL;
    aurora_status status =
        aurora_order_wait(replay->shop.store, state->id, state->version, TURN_MS, &order);
    if (status != AURORA_OK)
        return status;
    state->version = order->version;
    state->outcome = order->outcome;
    state->is_parked = order->parked != 0;
    aurora_order_free(order);
    return AURORA_OK;
}

static aurora_status settle(ctl_replay_run *replay)
{
    int64_t give_up_ms = ctl_monotonic_ms() + CTL_REPLAY_SETTLE_MS;
    for (uint32_t i = 0; i < replay->order_count; i++) {
        ctl_replay_state *state = &replay->states[i];
        while (state->is_stored && state->outcome == 0 && !state->is_parked &&
               ctl_monotonic_ms() < give_up_ms) {
            aurora_status status = wait_for(replay, state);
            if (status != AURORA_OK)
                return status;
        }
    }
    /* Stock and money follow the outcome at once with the simulator inline, else a little later. */
    aurora_drain drain = {0};
    while (aurora_drain_get(replay->shop.store, &drain) == AURORA_OK &&
           drain.unsettled_orders > 0 && ctl_monotonic_ms() < give_up_ms)
        ctl_pause_ms(TURN_MS / 10);
    return AURORA_OK;
}

const ctl_replay_carrier ctl_replay_by_store = {.in_flight_max = IN_FLIGHT_MAX,
                                                .keeps_order = true,
                                                .open = open_queue,
                                                .close = close_queue,
                                                .submit = submit,
                                                .take = take,
                                                .settle = settle};

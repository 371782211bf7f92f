/* SPDX-License-Identifier: MIT */
/* What may happen next: commands of clients, messages, timers, calls and answers, each with the
 * faults that may strike it while the scope's budget lasts. */
#include "explore/steps.h"
#include "explore/provider.h"

#include <aurora/event.h>
#include <aurora/order.h>

#include <stdlib.h>

typedef struct {
    const aurora__explore_space *space;
    const aurora__explore_state *state;
    const aurora__explore_order *order;
    aurora__explore_step *steps;
    uint32_t count;
    uint8_t number; /* of the order */
    bool is_progress;
} choice;

static void add(choice *c, uint8_t kind, uint32_t argument, uint8_t variant)
{
    if (c->count == AURORA__EXPLORE_STEPS_MAX)
        abort(); /* a step left out would be a search that is not exhaustive */
    c->steps[c->count++] = (aurora__explore_step){kind, c->number, (uint8_t)argument, variant};
}

static bool is_late_possible(const choice *c)
{
    return c->space->scope->has_deadlines && !c->is_progress;
}

static void add_client(choice *c)
{
    bool can_crash = !c->is_progress && c->state->crashes > 0;
    if ((c->order->client & AURORA__CLIENT_HEARD) == 0) {
        add(c, AURORA__STEP_PLACE, 0, AURORA__STEP_PLAIN);
        if (can_crash && c->order->order == 0)
            add(c, AURORA__STEP_PLACE, 0, AURORA__STEP_CRASH);
        return;
    }
    if (c->is_progress || c->state->cancels == 0 ||
        (c->order->client & AURORA__CLIENT_CANCELLED) != 0)
        return;
    add(c, AURORA__STEP_CANCEL, 0, AURORA__STEP_PLAIN);
    const aurora__order_row *row = aurora__explore_row_at(c->space, c->order->order);
    if (can_crash && row != NULL && row->status < AURORA_ORDER_FAILED)
        add(c, AURORA__STEP_CANCEL, 0, AURORA__STEP_CRASH);
}

/* A repeat comes by itself where nothing is under way any more, and sooner at a price. */
static void add_timers(choice *c)
{
    const aurora__order_row *row = aurora__explore_row_at(c->space, c->order->order);
    if (row == NULL)
        return;
    if (is_late_possible(c) && row->status < AURORA_ORDER_COMPLETED && row->due_at != 0)
        add(c, AURORA__STEP_DEADLINE, 0, AURORA__STEP_PLAIN);
    if (row->due_at == 0 || row->settled_at != 0 || aurora__explore_is_waiting(c->space, c->order))
        return;
    if (aurora__explore_is_quiet(c->space, c->order))
        add(c, AURORA__STEP_RESEND, 0, AURORA__STEP_PLAIN);
    else if (!c->is_progress && c->state->hurries > 0)
        add(c, AURORA__STEP_RESEND, 0, AURORA__STEP_HURRY);
}

static bool can_be_late(uint32_t feed, int32_t kind)
{
    return (feed == 2 && kind == AURORA_EVENT_ORDER_CREATED) ||
           (feed == 4 && kind == AURORA_EVENT_INVENTORY_RESERVED);
}

static void add_message(choice *c, uint32_t feed)
{
    const aurora__explore_message *head = &c->order->queues[feed][0];
    uint32_t plant = c->space->scope->plant;
    bool is_torn =
        plant == AURORA__EXPLORE_EARLY_WATERMARK || plant == AURORA__EXPLORE_EARLY_EVENTS;
    add(c, AURORA__STEP_DELIVER, feed, AURORA__STEP_PLAIN);
    if (c->is_progress)
        return;
    if (c->space->scope->has_deadlines && !head->is_taken &&
        can_be_late(feed, c->space->events[head->event].kind))
        add(c, AURORA__STEP_DELIVER, feed, AURORA__STEP_LATE);
    if (c->state->crashes > 0 && !head->is_taken)
        add(c, AURORA__STEP_DELIVER, feed, AURORA__STEP_CRASH);
    if (c->state->crashes > 0 && !head->is_taken && is_torn)
        add(c, AURORA__STEP_DELIVER, feed, AURORA__STEP_TORN);
    for (uint32_t i = 0; i < c->order->counts[feed]; i++) {
        bool is_fresh = !c->order->queues[feed][i].is_taken;
        if (c->state->losses > 0 && is_fresh)
            add(c, AURORA__STEP_LOSE, feed << 3 | i, AURORA__STEP_PLAIN);
        if (c->state->duplicates > 0 && is_fresh)
            add(c, AURORA__STEP_REPEAT, feed << 3 | i, AURORA__STEP_PLAIN);
    }
}

static void add_payment(choice *c)
{
    const aurora__payment_row *row = aurora__explore_row_at(c->space, c->order->payment);
    const aurora__order_row *order = aurora__explore_row_at(c->space, c->order->order);
    if (row == NULL || row->verb == 0 || row->due_at == 0)
        return;
    if (aurora__explore_is_resting(row)) { /* it repeats that it is parked, until the order knows */
        if (order != NULL && order->parked == 0 && aurora__explore_is_quiet(c->space, c->order))
            add(c, AURORA__STEP_TAKE, 0, AURORA__STEP_PLAIN);
        return;
    }
    if (row->call == AURORA__CALL_TAKEN) {
        if (c->order->calls == 0 && c->order->replies == 0)
            add(c, AURORA__STEP_EXPIRE, 0, AURORA__STEP_PLAIN);
        else if (!c->is_progress && c->state->hurries > 0)
            add(c, AURORA__STEP_EXPIRE, 0, AURORA__STEP_HURRY);
        return;
    }
    add(c, AURORA__STEP_TAKE, 0, AURORA__STEP_PLAIN);
    if (!c->is_progress && c->state->crashes > 0)
        add(c, AURORA__STEP_TAKE, 0, AURORA__STEP_CRASH);
    if (is_late_possible(c) && row->call == AURORA__CALL_WAITING && row->attempts == 0)
        add(c, AURORA__STEP_TAKE, 0, AURORA__STEP_LATE);
}

static void add_calls(choice *c)
{
    bool can_lose = !c->is_progress && c->state->silences > 0;
    for (uint32_t bit = 0; bit < 8; bit++) {
        if ((c->order->calls & 1u << bit) == 0)
            continue;
        bool can_decline = aurora__explore_can_decline(c->order->books, (bit & 3) + 1, bit >= 4);
        add(c, AURORA__STEP_CALL, bit, AURORA__STEP_PLAIN);
        if (can_decline)
            add(c, AURORA__STEP_CALL, bit, AURORA__STEP_DECLINED);
        if (!can_lose)
            continue;
        add(c, AURORA__STEP_CALL, bit, AURORA__STEP_LOST);
        add(c, AURORA__STEP_CALL, bit, AURORA__STEP_SILENT);
        add(c, AURORA__STEP_CALL, bit, AURORA__STEP_UNKNOWN);
    }
    for (uint32_t bit = 0; bit < 16; bit++) {
        if ((c->order->replies & 1u << bit) == 0)
            continue;
        add(c, AURORA__STEP_ANSWER, bit, AURORA__STEP_PLAIN);
        if (!c->is_progress && c->state->crashes > 0)
            add(c, AURORA__STEP_ANSWER, bit, AURORA__STEP_CRASH);
        if (!c->is_progress && c->state->duplicates > 0)
            add(c, AURORA__STEP_ANSWER, bit, AURORA__STEP_AGAIN);
    }
}

uint32_t aurora__explore_steps(const aurora__explore_space *space,
                               const aurora__explore_state *state, bool is_progress,
                               aurora__explore_step *steps_out)
{
    choice c = {.space = space, .state = state, .steps = steps_out, .is_progress = is_progress};
    for (uint32_t i = 0; i < space->scope->orders; i++) {
        c.order = &state->orders[i];
        c.number = (uint8_t)i;
        add_client(&c);
        add_timers(&c);
        for (uint32_t feed = 0; feed < AURORA__EXPLORE_FEEDS; feed++) {
            if (c.order->counts[feed] > 0)
                add_message(&c, feed);
        }
        add_payment(&c);
        add_calls(&c);
    }
    return c.count;
}

/* SPDX-License-Identifier: MIT */
/* What a step does to the state. A crash before a commit changes nothing but what was only in
 * memory, so that it is a step of its own only where something was. */
#include "explore/provider.h"
#include "explore/steps.h"

#include <aurora/event.h>
#include <aurora/order.h>

typedef struct {
    aurora__explore_space *space;
    aurora__explore_state *state;
    aurora__explore_order *order;
    aurora__explore_report *report;
    aurora__explore_step step;
} turn;

static bool fail(const turn *t, const char *invariant, const char *why)
{
    return aurora__explore_fail(t->report, invariant, why);
}

/* --- decisions ---------------------------------------------------------------------------- */

/* What a reservation is decided on. */
static uint16_t stock_of(const turn *t)
{
    bool is_stale =
        t->space->scope->plant == AURORA__EXPLORE_STALE_STOCK && t->order->reservation == 0;
    return is_stale ? t->space->first_stock : t->state->stock;
}

static const aurora__explore_answer *ask(const turn *t, uint8_t command, uint8_t module,
                                         uint16_t event, uint8_t argument)
{
    const aurora__explore_space *space = t->space;
    uint8_t service = space->service_of[module];
    uint32_t modules = space->modules[service];
    aurora__explore_question question;
    memset(&question, 0, sizeof question); /* compared as bytes */
    if ((modules & AURORA__MODULE_ORDER) != 0)
        question.order = t->order->order;
    if ((modules & AURORA__MODULE_INVENTORY) != 0) {
        question.reservation = t->order->reservation;
        question.stock = stock_of(t);
    }
    if ((modules & AURORA__MODULE_PAYMENT) != 0)
        question.payment = t->order->payment;
    question.command = command;
    question.service = service;
    question.module = module;
    question.event = event;
    question.argument = argument;
    question.is_late = t->step.variant == AURORA__STEP_LATE;
    return aurora__explore_decide(t->space, &question);
}

static bool tells(const turn *t, const aurora__explore_answer *answer, int32_t kind)
{
    for (uint32_t i = 0; i < answer->event_count; i++) {
        if (t->space->events[answer->events[i]].kind == kind)
            return true;
    }
    return false;
}

/* Rows and events become visible at once. */
static bool commit(const turn *t, const aurora__explore_answer *answer, uint8_t module)
{
    uint32_t modules = t->space->modules[t->space->service_of[module]];
    bool is_kept_back = t->space->scope->plant == AURORA__EXPLORE_DROP_COMPENSATION &&
                        tells(t, answer, AURORA_EVENT_INVENTORY_RELEASED);
    if (answer->broken != NULL)
        return fail(t, answer->broken, answer->why);
    if (answer->status != AURORA_OK)
        return true;
    if ((modules & AURORA__MODULE_ORDER) != 0)
        t->order->order = answer->order;
    if ((modules & AURORA__MODULE_INVENTORY) != 0 && !is_kept_back) {
        if (answer->stock != stock_of(t)) /* what did not change is not saved */
            t->state->stock = answer->stock;
        t->order->reservation = answer->reservation;
    }
    if ((modules & AURORA__MODULE_PAYMENT) != 0)
        t->order->payment = answer->payment;
    for (uint32_t i = 0; i < answer->event_count; i++) {
        if (!aurora__explore_publish(t->space, t->order, answer->events[i]))
            return fail(t, "scope", "a queue is longer than the search has room for");
    }
    return true;
}

/* --- messages ----------------------------------------------------------------------------- */

static void mark_taken(aurora__explore_order *order, uint32_t feed, uint8_t position)
{
    for (uint32_t i = 0; i < order->counts[feed]; i++) {
        if (order->queues[feed][i].position == position)
            order->queues[feed][i].is_taken = true;
    }
}

static bool take_torn(const turn *t, uint32_t feed, const aurora__explore_message *message)
{
    uint8_t module = aurora__explore_feeds[feed].module;
    t->state->crashes--;
    if (t->space->scope->plant == AURORA__EXPLORE_EARLY_WATERMARK) {
        t->order->marks[feed] = message->position;
        return true;
    }
    const aurora__explore_answer *answer =
        ask(t, AURORA__EXPLORE_DELIVER, module, message->event, 0);
    for (uint32_t i = 0; answer->broken == NULL && i < answer->event_count; i++)
        aurora__explore_publish(t->space, t->order, answer->events[i]);
    return true;
}

static bool take_message(const turn *t)
{
    uint32_t feed = t->step.argument;
    aurora__explore_message message = t->order->queues[feed][0];
    uint8_t module = aurora__explore_feeds[feed].module;
    if (t->step.variant == AURORA__STEP_TORN)
        return take_torn(t, feed, &message);
    bool is_new = message.position > t->order->marks[feed] ||
                  t->space->scope->plant == AURORA__EXPLORE_NO_DEDUPE;
    if (is_new && message.is_taken)
        return fail(t, "I6", "an event takes effect twice");
    if (!is_new && !message.is_taken)
        return fail(t, "I6", "an event is passed over that never took effect");
    if (is_new) {
        mark_taken(t->order, feed, message.position);
        t->order->marks[feed] = message.position;
    }
    if (t->step.variant == AURORA__STEP_CRASH) /* its offset is not kept: it comes again */
        t->state->crashes--;
    else
        aurora__explore_remove(t->order, feed, 0);
    return !is_new || commit(t, ask(t, AURORA__EXPLORE_DELIVER, module, message.event, 0), module);
}

static bool repeat_message(const turn *t)
{
    uint32_t feed = t->step.argument >> 3;
    uint8_t count = t->order->counts[feed];
    if (count == AURORA__EXPLORE_QUEUE)
        return fail(t, "scope", "a queue is longer than the search has room for");
    t->state->duplicates--;
    t->order->queues[feed][count] = t->order->queues[feed][t->step.argument & 7];
    t->order->counts[feed]++;
    return true;
}

/* --- clients ------------------------------------------------------------------------------ */

static bool place(const turn *t)
{
    const aurora__explore_answer *answer = ask(t, AURORA__EXPLORE_PLACE, 0, 0, 0);
    if (t->step.variant == AURORA__STEP_CRASH)
        t->state->crashes--;
    else
        t->order->client |= AURORA__CLIENT_HEARD;
    return commit(t, answer, 0);
}

static bool cancel(const turn *t)
{
    if (t->space->scope->plant == AURORA__EXPLORE_TELL_LATE) {
        t->state->cancels--;
        t->order->client |= AURORA__CLIENT_CANCELLED;
        return true;
    }
    const aurora__explore_answer *answer = ask(t, AURORA__EXPLORE_CANCEL, 0, 0, 0);
    if (t->step.variant == AURORA__STEP_CRASH) {
        t->state->crashes--;
        return commit(t, answer, 0);
    }
    t->state->cancels--;
    if (answer->status == AURORA_OK)
        t->order->client |= AURORA__CLIENT_CANCELLED;
    return commit(t, answer, 0);
}

/* --- payments ----------------------------------------------------------------------------- */

static bool lease(const turn *t, uint8_t command)
{
    const aurora__explore_answer *answer = ask(t, command, 2, 0, 0);
    if (t->step.variant == AURORA__STEP_CRASH)
        t->state->crashes--;
    else if (answer->verb != 0)
        t->order->calls |= (uint8_t)(1u << (answer->verb - 1 + (answer->is_query ? 4 : 0)));
    return commit(t, answer, 2);
}

static bool call(const turn *t)
{
    uint32_t bit = t->step.argument;
    uint32_t outcome = 0;
    t->order->calls &= (uint8_t) ~(1u << bit);
    if (t->step.variant >= AURORA__STEP_LOST)
        t->state->silences--;
    if (t->step.variant != AURORA__STEP_LOST)
        outcome =
            aurora__explore_call(&t->order->books, (bit & 3) + 1, bit >= 4,
                                 t->step.variant == AURORA__STEP_DECLINED, t->space->scope->plant);
    if (t->step.variant == AURORA__STEP_UNKNOWN)
        outcome = 3;
    if (t->step.variant != AURORA__STEP_LOST && t->step.variant != AURORA__STEP_SILENT)
        t->order->replies |= (uint16_t)(1u << (4 * (bit & 3) + outcome));
    return true;
}

static bool hear(const turn *t)
{
    uint32_t bit = t->step.argument;
    if (t->step.variant == AURORA__STEP_AGAIN)
        t->state->duplicates--;
    else
        t->order->replies &= (uint16_t) ~(1u << bit);
    if (t->step.variant == AURORA__STEP_CRASH) {
        t->state->crashes--;
        return true;
    }
    return commit(t, ask(t, AURORA__EXPLORE_FINISH, 2, 0, (uint8_t)bit), 2);
}

/* --- all ---------------------------------------------------------------------------------- */

static bool run(const turn *t)
{
    if (t->step.variant == AURORA__STEP_HURRY)
        t->state->hurries--;
    switch (t->step.kind) {
    case AURORA__STEP_PLACE:
        return place(t);
    case AURORA__STEP_CANCEL:
        return cancel(t);
    case AURORA__STEP_RESEND:
        return commit(t, ask(t, AURORA__EXPLORE_DUE, 0, 0, 0), 0);
    case AURORA__STEP_DEADLINE:
        return commit(t, ask(t, AURORA__EXPLORE_DEADLINE, 0, 0, 0), 0);
    case AURORA__STEP_DELIVER:
        return take_message(t);
    case AURORA__STEP_LOSE:
        t->state->losses--;
        aurora__explore_lose(t->order, t->step.argument >> 3, t->step.argument & 7);
        return true;
    case AURORA__STEP_REPEAT:
        return repeat_message(t);
    case AURORA__STEP_TAKE:
        return lease(t, AURORA__EXPLORE_TAKE);
    case AURORA__STEP_EXPIRE:
        return lease(t, AURORA__EXPLORE_EXPIRE);
    case AURORA__STEP_CALL:
        return call(t);
    default:
        return hear(t);
    }
}

bool aurora__explore_take(aurora__explore_space *space, aurora__explore_state *state,
                          aurora__explore_step step, aurora__explore_report *report)
{
    turn t = {.space = space,
              .state = state,
              .order = &state->orders[step.order],
              .report = report,
              .step = step};
    return run(&t) && aurora__explore_check(space, state, report);
}

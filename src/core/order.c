/* SPDX-License-Identifier: MIT */
#include "core/order.h"

#include "core/order_machine.h"
#include "core/transition.h"
#include "plant/plant.h"

#include <aurora/event.h>
#include <aurora/saga.h>

enum {
    ANSWER_COMMITTED = 1,
    ANSWER_CAPTURED = 2,
    ANSWER_STOCK_BACK = 4,
    ANSWER_MONEY_BACK = 8,
    ANSWERS_OF_COMPLETED = ANSWER_COMMITTED | ANSWER_CAPTURED,
    ANSWERS_OF_OTHERS = ANSWER_STOCK_BACK | ANSWER_MONEY_BACK,
};

const aurora__saga *aurora__order_saga(aurora__step *step, const aurora__order_row *order)
{
    aurora__saga *saga = aurora__arena_take(step->arena, sizeof *saga);
    if (saga == NULL)
        return NULL;
    *saga = (aurora__saga){.customer_id = order->customer_id,
                           .contact = order->contact,
                           .currency = order->currency,
                           .payment_method = order->payment_method,
                           .total_minor = order->total_minor,
                           .deadline_at = order->deadline_at,
                           .placed_at = order->placed_at,
                           .traceparent = order->traceparent};
    return saga;
}

static aurora__event *emit(aurora__step *step, const aurora__order_row *order, int32_t kind)
{
    const aurora__saga *saga = aurora__order_saga(step, order);
    aurora__event *event = saga == NULL ? NULL : aurora__step_emit(step, kind);
    if (event == NULL)
        return NULL;
    event->order_id = order->id;
    event->order_version = order->version;
    event->reason = (int32_t)order->reason;
    event->saga = saga;
    if (kind == AURORA_EVENT_ORDER_CREATED || kind == AURORA_EVENT_ORDER_COMPLETED)
        event->lines = order->lines;
    return event;
}

static aurora_status emit_or_full(aurora__step *step, const aurora__order_row *order, int32_t kind)
{
    return emit(step, order, kind) == NULL ? aurora__step_full(step) : AURORA_OK;
}

static aurora_status find(aurora__step *step, const aurora_id *order_id, aurora__order_row **out)
{
    aurora__key key = aurora__key_uuid(AURORA__TABLE_order, order_id);
    return aurora__rows_write(step->rows, &key, (void **)out);
}

static bool has_outcome(const aurora__order_row *order)
{
    return order->status >= AURORA_ORDER_COMPLETED;
}

static int64_t wanted_due(const aurora__order_row *order)
{
    bool has_deadline = !has_outcome(order) && order->deadline_at < order->resend_at;
    return has_deadline ? order->deadline_at : order->resend_at;
}

/* A time that is near enough stays as it is, and is put off once it comes: to move it with each
 * step of a saga would cost every index of the table an entry a step. */
static void look_again(const aurora__step *step, aurora__order_row *order)
{
    int64_t wanted = wanted_due(order);
    if (order->due_at <= step->now_ms || order->due_at > wanted)
        order->due_at = wanted;
}

/* When the order wants to be looked at next: never once settled, so that an order which settles in
 * its creating batch never enters the index of due orders. */
static void schedule(const aurora__step *step, aurora__order_row *order)
{
    order->resend_count = 0;
    order->resend_at = 0;
    if (order->settled_at != 0) {
        order->due_at = 0;
        return;
    }
    order->resend_at = step->now_ms + step->policy->resend_first_ms;
    look_again(step, order);
}

static void settle(const aurora__step *step, aurora__order_row *order)
{
    int64_t wanted =
        order->status == AURORA_ORDER_COMPLETED ? ANSWERS_OF_COMPLETED : ANSWERS_OF_OTHERS;
    if (AURORA_PLANT(SETTLE_EARLY) && (order->answers & wanted) != 0)
        wanted = order->answers & wanted;
    if (has_outcome(order) && order->settled_at == 0 && (order->answers & wanted) == wanted)
        order->settled_at = step->now_ms;
}

/* Moves the order to an outcome and says so. */
static aurora_status conclude(aurora__step *step, aurora__order_row *order, int32_t status,
                              int32_t reason, const aurora__transition *cause)
{
    static const int32_t kinds[] = {[AURORA_ORDER_COMPLETED] = AURORA_EVENT_ORDER_COMPLETED,
                                    [AURORA_ORDER_FAILED] = AURORA_EVENT_ORDER_FAILED,
                                    [AURORA_ORDER_CANCELLED] = AURORA_EVENT_ORDER_CANCELLED};
    order->status = status;
    order->reason = reason;
    order->answers = 0;
    order->settled_at = 0;
    schedule(step, order);
    aurora_status rc =
        aurora__order_note(step, order, (int32_t)cause->event_kind, cause->actor, cause->note);
    return rc != AURORA_OK ? rc : emit_or_full(step, order, kinds[status]);
}

static int32_t machine_event(int32_t kind)
{
    static const uint8_t events[] = {
        [AURORA_EVENT_INVENTORY_RESERVED] = AURORA__ORDER_RESERVE,
        [AURORA_EVENT_INVENTORY_REJECTED] = AURORA__ORDER_REJECT,
        [AURORA_EVENT_PAYMENT_AUTHORIZED] = AURORA__ORDER_AUTHORIZE,
        [AURORA_EVENT_PAYMENT_DECLINED] = AURORA__ORDER_DECLINE,
        [AURORA_EVENT_INVENTORY_COMMITTED] = AURORA__ORDER_COMMIT,
        [AURORA_EVENT_INVENTORY_RELEASED] = AURORA__ORDER_RELEASE,
        [AURORA_EVENT_INVENTORY_RETURNED] = AURORA__ORDER_RETURN,
        [AURORA_EVENT_PAYMENT_CAPTURED] = AURORA__ORDER_CAPTURE,
        [AURORA_EVENT_PAYMENT_VOIDED] = AURORA__ORDER_VOID,
        [AURORA_EVENT_PAYMENT_REFUNDED] = AURORA__ORDER_REFUND,
        [AURORA_EVENT_INVENTORY_PARKED] = AURORA__ORDER_PARK,
        [AURORA_EVENT_PAYMENT_PARKED] = AURORA__ORDER_PARK,
    };
    return (uint32_t)kind < sizeof events ? events[kind] : 0;
}

static int64_t participant_flag(int32_t kind)
{
    switch (kind) {
    case AURORA_EVENT_INVENTORY_RESERVED:
    case AURORA_EVENT_INVENTORY_REJECTED:
    case AURORA_EVENT_INVENTORY_COMMITTED:
    case AURORA_EVENT_INVENTORY_RELEASED:
    case AURORA_EVENT_INVENTORY_RETURNED:
    case AURORA_EVENT_INVENTORY_PARKED:
        return AURORA__PARKED_INVENTORY;
    default:
        return AURORA__PARKED_PAYMENT;
    }
}

/* What the answer says towards settling the outcome that the order has; 0 for a late answer. */
static int64_t answer_of(const aurora__order_row *order, int32_t event)
{
    if (order->status == AURORA_ORDER_COMPLETED)
        return event == AURORA__ORDER_COMMIT    ? ANSWER_COMMITTED
               : event == AURORA__ORDER_CAPTURE ? ANSWER_CAPTURED
                                                : 0;
    if (!has_outcome(order))
        return 0;
    switch (event) {
    case AURORA__ORDER_RELEASE:
    case AURORA__ORDER_RETURN:
        return ANSWER_STOCK_BACK;
    case AURORA__ORDER_VOID:
    case AURORA__ORDER_REFUND:
        return ANSWER_MONEY_BACK;
    default:
        return 0;
    }
}

/* The flag of the participant that spoke, and when the order came to be PARKED. */
static void update_parked(const aurora__step *step, aurora__order_row *order, int32_t kind)
{
    int64_t flag = participant_flag(kind);
    if (machine_event(kind) == AURORA__ORDER_PARK)
        order->parked |= flag;
    else
        order->parked &= ~flag;
    if (order->parked == 0)
        order->parked_at = 0;
    else if (order->parked_at == 0)
        order->parked_at = step->now_ms;
}

/* An answer that leaves the status: it may settle the order, or change who is parked. */
static aurora_status take_answer(aurora__step *step, aurora__order_row *order,
                                 const aurora__event *event, int32_t status)
{
    aurora__order_row before = *order;
    update_parked(step, order, event->kind);
    order->status = status;
    order->answers |= answer_of(order, machine_event(event->kind));
    settle(step, order);
    if (order->status == before.status && order->settled_at == before.settled_at &&
        order->parked == before.parked && order->answers == before.answers)
        return AURORA_OK;
    schedule(step, order);
    if (order->status == before.status && order->settled_at == before.settled_at &&
        order->parked == before.parked)
        return AURORA_OK;
    return aurora__order_note(step, order, event->kind, event->actor, event->note);
}

static int32_t failure_reason(const aurora__event *event)
{
    if (event->reason != 0)
        return event->reason;
    return event->kind == AURORA_EVENT_INVENTORY_REJECTED ? AURORA_REASON_OUT_OF_STOCK
                                                          : AURORA_REASON_PAYMENT_DECLINED;
}

aurora_status aurora__order_on_event(aurora__step *step, const aurora__event *event)
{
    int32_t trigger = machine_event(event->kind);
    if (trigger == 0)
        return AURORA_OK;
    aurora__order_row *order;
    aurora_status rc = find(step, &event->order_id, &order);
    if (rc != AURORA_OK)
        return rc;
    if (order == NULL)
        return AURORA__EORPHAN;
    int32_t next = aurora_machine_next(&aurora__order_machine, (int32_t)order->status, trigger);
    if (AURORA_PLANT(LATE_AUTHORIZATION) && trigger == AURORA__ORDER_AUTHORIZE &&
        order->status == AURORA_ORDER_CANCELLED)
        next = AURORA_ORDER_COMPLETED;
    if (next == 0)
        return AURORA__EILLEGAL;
    if (next == order->status || next < AURORA_ORDER_COMPLETED)
        return take_answer(step, order, event, next);
    aurora__transition cause = {
        .event_kind = event->kind, .actor = event->actor, .note = event->note};
    update_parked(step, order, event->kind);
    if (next == AURORA_ORDER_COMPLETED)
        return conclude(step, order, next, 0, &cause);
    order->decline_code = event->decline_code;
    return conclude(step, order, next, failure_reason(event), &cause);
}

aurora_status aurora__order_cancel(aurora__step *step, const aurora_id *order_id, int32_t reason,
                                   const char *actor, const char *note)
{
    aurora__order_row *order;
    aurora_status rc = find(step, order_id, &order);
    if (rc != AURORA_OK)
        return rc;
    if (order == NULL)
        return AURORA_ENOTFOUND;
    if (order->parked != 0)
        return aurora__step_refuse(step, AURORA_EPARKED, "", "the order waits for an operator");
    if (order->status == AURORA_ORDER_CANCELLED)
        return AURORA_OK;
    int32_t next =
        aurora_machine_next(&aurora__order_machine, (int32_t)order->status, AURORA__ORDER_CANCEL);
    if (next == 0)
        return aurora__step_refuse(step, AURORA_EFINAL, "", "the order is already FAILED");
    aurora__transition cause = {.actor = actor, .note = note};
    return conclude(step, order, next, reason, &cause);
}

/* The newest event of the order itself, said again. */
static aurora_status resend(aurora__step *step, aurora__order_row *order)
{
    static const int32_t kinds[] = {0,
                                    AURORA_EVENT_ORDER_CREATED,
                                    AURORA_EVENT_ORDER_CREATED,
                                    AURORA_EVENT_ORDER_COMPLETED,
                                    AURORA_EVENT_ORDER_FAILED,
                                    AURORA_EVENT_ORDER_CANCELLED};
    const aurora__policy *policy = step->policy;
    int64_t pause = policy->resend_first_ms;
    for (int64_t i = 0; i < order->resend_count + 1 && pause < policy->resend_max_ms; i++)
        pause *= 2;
    if (pause > policy->resend_max_ms)
        pause = policy->resend_max_ms;
    order->resend_count++;
    order->resend_at = step->now_ms + pause;
    order->due_at = wanted_due(order);
    if (AURORA_PLANT(NO_RESEND))
        return AURORA_OK;
    aurora__event *event = emit(step, order, kinds[order->status]);
    if (event == NULL)
        return aurora__step_full(step);
    event->is_resend = true;
    return AURORA_OK;
}

aurora_status aurora__order_due(aurora__step *step, const aurora_id *order_id)
{
    aurora__order_row *order;
    aurora_status rc = find(step, order_id, &order);
    if (rc != AURORA_OK)
        return rc;
    if (order == NULL || order->due_at == 0 || order->due_at > step->now_ms)
        return AURORA_OK;
    if (!has_outcome(order) && order->deadline_at <= step->now_ms && !AURORA_PLANT(NO_DEADLINE)) {
        aurora__transition cause = {0};
        return conclude(step, order, AURORA_ORDER_FAILED, AURORA_REASON_DEADLINE, &cause);
    }
    if (order->resend_at > step->now_ms) {
        look_again(step, order);
        return AURORA_OK;
    }
    return resend(step, order);
}

/* What an operator does to an event of an order that this store does not have. */
static aurora_status cancel_unknown(aurora__step *step, const aurora__repair *repair)
{
    aurora__saga *saga = aurora__arena_zero(step->arena, sizeof *saga);
    if (saga == NULL)
        return AURORA_ENOMEM;
    aurora__event *event = aurora__step_emit(step, AURORA_EVENT_ORDER_CANCELLED);
    if (event == NULL)
        return aurora__step_full(step);
    saga->currency = "";
    saga->placed_at = step->now_ms;
    saga->deadline_at = step->now_ms;
    event->order_id = repair->order_id;
    event->reason = AURORA_REASON_UNKNOWN_ORDER;
    event->saga = saga;
    return AURORA_OK;
}

static aurora_status compensate(aurora__step *step, aurora__order_row *order,
                                const aurora__repair *repair)
{
    if (order->status == AURORA_ORDER_FAILED || order->status == AURORA_ORDER_CANCELLED)
        return aurora__step_refuse(step, AURORA_ECONFLICT, "action",
                                   "already_compensating: the order is FAILED or CANCELLED");
    int32_t next = aurora_machine_next(&aurora__order_machine, (int32_t)order->status,
                                       AURORA__ORDER_COMPENSATE);
    aurora__transition cause = {
        .event_kind = AURORA_EVENT_ORDER_REPAIR, .actor = repair->actor, .note = repair->note};
    return conclude(step, order, next, AURORA_REASON_OPERATOR, &cause);
}

/* Whether the order can hear what stock is marked as; a payment judges its own marks. */
static bool can_mark(const aurora__order_row *order, const aurora__repair *repair)
{
    static const uint8_t triggers[] = {[AURORA_RESULT_RESERVED] = AURORA__ORDER_RESERVE,
                                       [AURORA_RESULT_REJECTED] = AURORA__ORDER_REJECT,
                                       [AURORA_RESULT_COMMITTED] = AURORA__ORDER_COMMIT,
                                       [AURORA_RESULT_RELEASED] = AURORA__ORDER_RELEASE,
                                       [AURORA_RESULT_RETURNED] = AURORA__ORDER_RETURN};
    if (repair->action != AURORA_REPAIR_MARK ||
        repair->participant != AURORA_PARTICIPANT_INVENTORY ||
        (uint32_t)repair->result >= sizeof triggers)
        return true;
    return aurora_machine_next(&aurora__order_machine, (int32_t)order->status,
                               triggers[repair->result]) != 0;
}

aurora_status aurora__order_repair(aurora__step *step, const aurora__repair *repair)
{
    aurora__order_row *order;
    aurora_status rc = find(step, &repair->order_id, &order);
    if (rc != AURORA_OK)
        return rc;
    if (order == NULL)
        return repair->action == AURORA_REPAIR_COMPENSATE ? cancel_unknown(step, repair)
                                                          : AURORA_ENOTFOUND;
    if (repair->action == AURORA_REPAIR_COMPENSATE)
        return compensate(step, order, repair);
    if ((order->parked & ((int64_t)1 << (repair->participant - 1))) == 0)
        return aurora__step_refuse(step, AURORA_ECONFLICT, "participant", "is not parked");
    if (!can_mark(order, repair))
        return aurora__step_refuse(step, AURORA_ECONFLICT, "result",
                                   "does not fit the order's status");
    rc = aurora__order_note(step, order, AURORA_EVENT_ORDER_REPAIR, repair->actor, repair->note);
    if (rc != AURORA_OK)
        return rc;
    schedule(step, order);
    aurora__event *event = emit(step, order, AURORA_EVENT_ORDER_REPAIR);
    if (event == NULL)
        return aurora__step_full(step);
    event->lines = order->lines;
    event->action = repair->action;
    event->participant = repair->participant;
    event->result = repair->result;
    event->actor = repair->actor;
    event->note = repair->note;
    return AURORA_OK;
}

aurora_status aurora__order_flag_poison(aurora__step *step, const aurora_id *order_id,
                                        bool is_parked)
{
    aurora__order_row *order;
    aurora_status rc = find(step, order_id, &order);
    if (rc != AURORA_OK || order == NULL)
        return rc;
    int64_t before = order->parked;
    order->parked = is_parked ? before | AURORA__PARKED_ORDER : before & ~AURORA__PARKED_ORDER;
    if (order->parked == before)
        return AURORA_OK;
    if (order->parked == 0)
        order->parked_at = 0;
    else if (before == 0)
        order->parked_at = step->now_ms;
    return aurora__order_note(step, order, 0, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "core/inventory.h"

#include "core/reservation_machine.h"
#include "core/stock.h"
#include "plant/plant.h"

#include <aurora/event.h>
#include <aurora/order.h>
#include <aurora/saga.h>

aurora_status aurora__inventory_want(aurora__step *step, const char *sku)
{
    const aurora__sku_row *row;
    aurora__key key = aurora__key_text(AURORA__TABLE_sku, sku);
    aurora_status rc = aurora__rows_read(step->rows, &key, (const void **)&row);
    if (rc == AURORA__NEED_KEYS || (rc == AURORA_OK && row == NULL))
        return AURORA_OK;
    if (rc != AURORA_OK)
        return rc == AURORA_ECORRUPT ? AURORA_OK : rc;
    aurora__key stock = aurora__key_number(AURORA__TABLE_stock, row->id);
    return aurora__rows_want(step->rows, &stock);
}

aurora_status aurora__inventory_event_keys(aurora__step *step, const aurora__event *event)
{
    if (event->kind != AURORA_EVENT_ORDER_CREATED)
        return AURORA_OK;
    aurora_status rc = aurora__stock_ordered_want(step, event->lines);
    return rc == AURORA_ECORRUPT ? AURORA_OK : rc; /* the decision meets it again */
}

aurora_status aurora__inventory_want_order(aurora__step *step, const aurora_id *order_id)
{
    const aurora__reservation_row *row;
    aurora__key key = aurora__key_uuid(AURORA__TABLE_reservation, order_id);
    aurora_status rc = aurora__rows_read(step->rows, &key, (const void **)&row);
    if (rc == AURORA__NEED_KEYS || rc == AURORA_ECORRUPT || row == NULL)
        return rc == AURORA_ENOMEM ? rc : AURORA_OK;
    rc = aurora__stock_lines_want(step, row->lines);
    return rc == AURORA_ECORRUPT ? AURORA_OK : rc;
}

static aurora_status find(aurora__step *step, const aurora_id *order_id,
                          aurora__reservation_row **out)
{
    aurora__key key = aurora__key_uuid(AURORA__TABLE_reservation, order_id);
    return aurora__rows_write(step->rows, &key, (void **)out);
}

static aurora_status create(aurora__step *step, const aurora_id *order_id,
                            aurora__reservation_row **out)
{
    aurora__key key = aurora__key_uuid(AURORA__TABLE_reservation, order_id);
    aurora_status rc = aurora__rows_insert(step->rows, &key, (void **)out);
    if (rc == AURORA_OK)
        (*out)->created_at = step->now_ms;
    return rc;
}

/* Says what the reservation's newest answer is; as a repeat when asked again. */
static aurora_status answer(aurora__step *step, const aurora__reservation_row *row,
                            const aurora__event *cause, bool is_resend)
{
    aurora__event *event = aurora__step_emit(step, (int32_t)row->answered);
    if (event == NULL)
        return aurora__step_full(step);
    event->order_id = row->order_id;
    event->order_version = cause->order_version;
    event->reason = (int32_t)row->reason;
    event->saga = cause->saga;
    event->is_resend = is_resend;
    if (row->answered == AURORA_EVENT_INVENTORY_REJECTED)
        event->short_lines = row->short_lines;
    return AURORA_OK;
}

static aurora_status move(aurora__step *step, aurora__reservation_row *row, int32_t state,
                          int32_t answered, const aurora__event *cause)
{
    row->state = state;
    row->answered = answered;
    row->held_at = state == AURORA_RESERVATION_RESERVED ? step->now_ms : 0;
    row->updated_at = step->now_ms;
    row->version++;
    return answer(step, row, cause, cause->is_resend);
}

/* A fact that the row already reflects: silent, unless the order asks again. */
static aurora_status repeat(aurora__step *step, const aurora__reservation_row *row,
                            const aurora__event *event)
{
    bool is_asked = event->is_resend && !AURORA_PLANT(IGNORE_RESEND);
    return is_asked ? answer(step, row, event, true) : AURORA_OK;
}

static bool is_late(const aurora__step *step, const aurora__event *event)
{
    return event->saga != NULL && event->saga->deadline_at != 0 &&
           step->now_ms > event->saga->deadline_at + step->policy->late_grace_ms;
}

static aurora_status reject(aurora__step *step, aurora__reservation_row *row, int32_t reason,
                            const char *short_lines, const aurora__event *event)
{
    row->reason = reason;
    row->short_lines = short_lines;
    return move(step, row, AURORA_RESERVATION_REJECTED, AURORA_EVENT_INVENTORY_REJECTED, event);
}

static aurora_status on_created(aurora__step *step, const aurora__event *event)
{
    aurora__reservation_row *row;
    aurora_status rc = find(step, &event->order_id, &row);
    if (rc != AURORA_OK)
        return rc;
    if (row != NULL)
        return repeat(step, row, event);
    rc = create(step, &event->order_id, &row);
    if (rc != AURORA_OK)
        return rc;
    if (is_late(step, event))
        return reject(step, row, AURORA_REASON_LATE, NULL, event);
    aurora__stock_lines lines;
    bool is_short;
    rc = aurora__stock_lines_sum(step, event->lines, &lines);
    if (rc == AURORA_OK)
        rc = aurora__stock_lines_reserve(step, &lines, &is_short);
    if (rc != AURORA_OK)
        return rc;
    if (is_short) {
        const char *short_lines = aurora__stock_lines_short(step, &lines);
        return short_lines == NULL
                   ? AURORA_ENOMEM
                   : reject(step, row, AURORA_REASON_OUT_OF_STOCK, short_lines, event);
    }
    row->lines = aurora__stock_lines_write(step, &lines);
    if (row->lines == NULL)
        return AURORA_ENOMEM;
    return move(step, row, AURORA_RESERVATION_RESERVED, AURORA_EVENT_INVENTORY_RESERVED, event);
}

static aurora_status on_completed(aurora__step *step, const aurora__event *event)
{
    aurora__reservation_row *row;
    aurora_status rc = find(step, &event->order_id, &row);
    if (rc != AURORA_OK)
        return rc;
    if (row == NULL)
        return AURORA__EORPHAN;
    int32_t next = aurora_machine_next(&aurora__reservation_machine, (int32_t)row->state,
                                       AURORA__RESERVATION_COMMIT);
    if (next == 0)
        return AURORA__EILLEGAL;
    if (next == row->state)
        return repeat(step, row, event);
    aurora__reservation_row unsaved = *row;
    if (AURORA_PLANT(EVENT_WITHOUT_ROW))
        row = &unsaved;
    rc = aurora__stock_lines_apply(step, row->lines, aurora__stock_commit);
    return rc != AURORA_OK ? rc : move(step, row, next, AURORA_EVENT_INVENTORY_COMMITTED, event);
}

/* A return is a receipt: received grows, sold stays, and a movement says why. */
static aurora_status give_back(aurora__step *step, const aurora__reservation_row *row)
{
    aurora__stock_lines lines;
    char id[AURORA_ID_TEXT_BYTES];
    aurora_status rc = aurora__stock_lines_read(step, row->lines, &lines);
    aurora_id_format(row->order_id, id);
    for (uint32_t i = 0; rc == AURORA_OK && i < lines.count; i++) {
        const aurora__stock_line *line = &lines.items[i];
        aurora__stock_row *stock;
        rc = aurora__stock_find(step, line->sku_id, &stock);
        if (rc == AURORA_OK)
            rc = aurora__stock_receive(stock, line->quantity);
        if (rc != AURORA_OK)
            return rc;
        aurora__json text;
        aurora__json_begin(&text, step->arena, 64);
        aurora__json_raw(&text, id, sizeof id - 1);
        aurora__json_char(&text, ' ');
        aurora__json_integer(&text, line->sku_id);
        const char *name = aurora__json_end(&text);
        if (name == NULL)
            return AURORA_ENOMEM;
        aurora__key key = aurora__key_texts(AURORA__TABLE_movement, AURORA__RETURN_SCOPE, name);
        aurora__movement_row *movement;
        rc = aurora__rows_assume_absent(step->rows, &key);
        if (rc == AURORA_OK)
            rc = aurora__rows_insert(step->rows, &key, (void **)&movement);
        if (rc != AURORA_OK)
            return rc;
        movement->sku_id = line->sku_id;
        movement->kind = 3;
        movement->quantity = line->quantity;
        movement->stock_version = stock->version;
        movement->at = step->now_ms;
        movement->reason = "return";
    }
    return rc;
}

static aurora_status on_over(aurora__step *step, const aurora__event *event)
{
    aurora__reservation_row *row;
    aurora_status rc = find(step, &event->order_id, &row);
    aurora__reservation_row unsaved = {.order_id = event->order_id};
    if (rc == AURORA_OK && row == NULL && AURORA_PLANT(NO_TOMBSTONE))
        row = &unsaved;
    if (rc == AURORA_OK && row == NULL)
        rc = create(step, &event->order_id, &row);
    if (rc != AURORA_OK)
        return rc;
    int32_t next = aurora_machine_next(&aurora__reservation_machine, (int32_t)row->state,
                                       AURORA__RESERVATION_CANCEL);
    if (next == 0)
        return AURORA__EILLEGAL;
    if (next == row->state && AURORA_PLANT(RELEASE_TWICE))
        rc = aurora__stock_lines_apply(step, row->lines, aurora__stock_release);
    if (next == row->state)
        return rc != AURORA_OK ? rc : repeat(step, row, event);
    if (next == AURORA_RESERVATION_RETURNED) {
        rc = give_back(step, row);
        return rc != AURORA_OK ? rc : move(step, row, next, AURORA_EVENT_INVENTORY_RETURNED, event);
    }
    if (row->state == AURORA_RESERVATION_RESERVED && !AURORA_PLANT(DROP_COMPENSATION))
        rc = aurora__stock_lines_apply(step, row->lines, aurora__stock_release);
    return rc != AURORA_OK ? rc : move(step, row, next, AURORA_EVENT_INVENTORY_RELEASED, event);
}

typedef struct {
    int32_t state;
    int32_t kind;
} marked;

/* Moves the counters to where a mark says that they are; *is_followed_out is false where there is
 * no such move. */
static aurora_status follow(aurora__step *step, const aurora__reservation_row *row, int32_t state,
                            bool *is_followed_out)
{
    *is_followed_out = true;
    if (row->state == state)
        return AURORA_OK;
    if (row->state == AURORA_RESERVATION_RESERVED)
        return aurora__stock_lines_apply(
            step, row->lines,
            state == AURORA_RESERVATION_COMMITTED ? aurora__stock_commit : aurora__stock_release);
    if (row->state == AURORA_RESERVATION_COMMITTED && state == AURORA_RESERVATION_RETURNED)
        return give_back(step, row);
    *is_followed_out = false;
    return AURORA_OK;
}

/* An operator says that the step is done in truth. Counters follow where they can. Where they
 * cannot, or a row is damaged, only the answer goes out: the reservation then has no lines any
 * more, so that a later event gives back no stock that was never taken, and `verify` shows what
 * does not add up. */
static aurora_status on_mark(aurora__step *step, const aurora__event *event)
{
    static const marked results[] = {
        [AURORA_RESULT_RESERVED] = {AURORA_RESERVATION_RESERVED, AURORA_EVENT_INVENTORY_RESERVED},
        [AURORA_RESULT_REJECTED] = {AURORA_RESERVATION_REJECTED, AURORA_EVENT_INVENTORY_REJECTED},
        [AURORA_RESULT_COMMITTED] = {AURORA_RESERVATION_COMMITTED,
                                     AURORA_EVENT_INVENTORY_COMMITTED},
        [AURORA_RESULT_RELEASED] = {AURORA_RESERVATION_RELEASED, AURORA_EVENT_INVENTORY_RELEASED},
        [AURORA_RESULT_RETURNED] = {AURORA_RESERVATION_RETURNED, AURORA_EVENT_INVENTORY_RETURNED},
    };
    if (event->result < AURORA_RESULT_RESERVED || event->result > AURORA_RESULT_RETURNED)
        return AURORA_EINVAL;
    marked to = results[event->result];
    aurora__reservation_row *row;
    aurora_status rc = find(step, &event->order_id, &row);
    if (rc == AURORA_ECORRUPT) {
        aurora__reservation_row damaged = {.order_id = event->order_id, .answered = to.kind};
        return answer(step, &damaged, event, false);
    }
    if (rc == AURORA_OK && row == NULL)
        rc = create(step, &event->order_id, &row);
    if (rc != AURORA_OK)
        return rc;
    uint32_t outer = aurora__rows_mark(step->rows);
    bool is_followed;
    rc = follow(step, row, to.state, &is_followed);
    if (rc == AURORA_OK)
        aurora__rows_keep(step->rows, outer);
    else
        aurora__rows_undo(step->rows, outer);
    if (rc == AURORA_ENOMEM || rc == AURORA__NEED_KEYS)
        return rc;
    is_followed = is_followed && rc == AURORA_OK;
    rc = find(step, &event->order_id, &row);
    if (rc == AURORA_OK && !is_followed)
        row->lines = NULL;
    return rc != AURORA_OK ? rc : move(step, row, to.state, to.kind, event);
}

/* The order shows us as parked. What was refused stands among the parked events; here there is only
 * the answer to say again, for an order that missed it. */
static aurora_status on_retry(aurora__step *step, const aurora__event *event)
{
    aurora__reservation_row *row;
    aurora_status rc = find(step, &event->order_id, &row);
    return rc != AURORA_OK || row == NULL ? rc : answer(step, row, event, true);
}

aurora_status aurora__inventory_on_event(aurora__step *step, const aurora__event *event)
{
    switch (event->kind) {
    case AURORA_EVENT_ORDER_CREATED:
        return on_created(step, event);
    case AURORA_EVENT_ORDER_COMPLETED:
        return on_completed(step, event);
    case AURORA_EVENT_ORDER_FAILED:
    case AURORA_EVENT_ORDER_CANCELLED:
        return on_over(step, event);
    case AURORA_EVENT_ORDER_REPAIR:
        if (event->participant != AURORA_PARTICIPANT_INVENTORY)
            return AURORA_OK;
        return event->action == AURORA_REPAIR_MARK ? on_mark(step, event) : on_retry(step, event);
    default:
        return AURORA_OK;
    }
}

aurora_status aurora__inventory_park(aurora__step *step, const aurora__event *event)
{
    aurora__event *parked = aurora__step_emit(step, AURORA_EVENT_INVENTORY_PARKED);
    if (parked == NULL)
        return aurora__step_full(step);
    parked->order_id = event->order_id;
    parked->order_version = event->order_version;
    parked->saga = event->saga;
    return AURORA_OK;
}

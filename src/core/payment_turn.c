/* SPDX-License-Identifier: MIT */
#include "core/payment_turn.h"

#include "core/json.h"
#include "core/simulator.h"
#include "plant/plant.h"

#include <aurora/event.h>
#include <aurora/order.h>

aurora_id aurora__task_id(const aurora_id *order_id, int32_t verb)
{
    aurora_id id = *order_id;
    id.bytes[15] = (uint8_t)((id.bytes[15] & ~7u) | (uint32_t)verb);
    return id;
}

aurora_id aurora__task_order(const aurora_id *task_id, int32_t *verb_out)
{
    aurora_id id = *task_id;
    int32_t verb = id.bytes[15] & 7;
    *verb_out = verb <= AURORA_VERB_REFUND ? verb : 0;
    id.bytes[15] = (uint8_t)(id.bytes[15] & ~7u);
    return id;
}

int32_t aurora__payment_result_event(int32_t verb, int32_t outcome)
{
    int32_t first = AURORA__PAYMENT_ON_AUTHORIZE_DONE + 3 * (verb - AURORA_VERB_AUTHORIZE);
    if (outcome == AURORA_OUTCOME_DONE)
        return first;
    return outcome == AURORA_OUTCOME_DECLINED ? first + 1 : first + 2;
}

/* --- the saga's data -------------------------------------------------------------------------- */

/* [order version,total,deadline,placed at,customer,contact,currency,method,traceparent] */
const char *aurora__payment_saga_text(aurora__payment_turn *turn)
{
    const aurora__saga *saga = turn->saga;
    const int64_t numbers[] = {turn->order_version, saga->total_minor, saga->deadline_at,
                               saga->placed_at};
    const char *const texts[] = {saga->customer_id, saga->contact, saga->currency,
                                 saga->payment_method, saga->traceparent};
    aurora__json json;
    aurora__json_begin(&json, turn->step->arena, 256);
    aurora__json_char(&json, '[');
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        aurora__json_integer(&json, numbers[i]);
        aurora__json_char(&json, ',');
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (i > 0)
            aurora__json_char(&json, ',');
        aurora__json_text(&json, texts[i]);
    }
    aurora__json_char(&json, ']');
    return aurora__json_end(&json);
}

static void read_saga(aurora__payment_turn *turn, aurora__json_reader *reader, aurora__saga *saga)
{
    int64_t *const numbers[] = {&turn->order_version, &saga->total_minor, &saga->deadline_at,
                                &saga->placed_at};
    const char **const texts[] = {&saga->customer_id, &saga->contact, &saga->currency,
                                  &saga->payment_method, &saga->traceparent};
    aurora__json_expect(reader, '[');
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        *numbers[i] = aurora__json_take_integer(reader);
        aurora__json_expect(reader, ',');
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (i > 0)
            aurora__json_expect(reader, ',');
        *texts[i] = aurora__json_take_text(reader, turn->step->arena);
    }
    aurora__json_expect(reader, ']');
}

/* Where the saga was no longer kept, what the row itself knows has to do. */
aurora_status aurora__payment_saga_load(aurora__payment_turn *turn)
{
    const aurora__payment_row *row = &turn->row;
    aurora__saga *saga = aurora__arena_zero(turn->step->arena, sizeof *saga);
    if (saga == NULL)
        return AURORA_ENOMEM;
    turn->saga = saga;
    if (row->saga == NULL) {
        saga->currency = row->currency == NULL ? "" : row->currency;
        saga->payment_method = row->payment_method;
        saga->total_minor = row->amount_minor;
        saga->deadline_at = row->deadline_at;
        saga->placed_at = row->created_at;
        return AURORA_OK;
    }
    aurora__json_reader reader;
    aurora__json_read(&reader, row->saga, aurora__text_length(row->saga));
    read_saga(turn, &reader, saga);
    if (reader.at != reader.end)
        reader.is_failed = true;
    return aurora__json_status(&reader);
}

/* --- open and close --------------------------------------------------------------------------- */

static aurora_status load_row(aurora__payment_turn *turn, const aurora_id *order_id)
{
    aurora__key key = aurora__key_uuid(AURORA__TABLE_payment, order_id);
    const void *found;
    aurora_status rc = aurora__rows_read(turn->step->rows, &key, &found);
    if (rc != AURORA_OK)
        return rc;
    turn->row = (aurora__payment_row){.order_id = *order_id};
    turn->is_found = found != NULL;
    if (found == NULL)
        return AURORA_OK;
    memcpy(&turn->row, found, sizeof turn->row);
    const aurora__payment_row *row = &turn->row;
    bool is_sane = row->state >= AURORA__PAYMENT_AUTHORIZING &&
                   row->state <= AURORA__PAYMENT_STATES && row->amount_minor >= 0 &&
                   row->verb == aurora__payment_verb((int32_t)row->state) &&
                   row->call >= AURORA__CALL_NONE && row->call <= AURORA__CALL_ASK;
    return is_sane ? AURORA_OK : AURORA_ECORRUPT;
}

aurora_status aurora__payment_open(aurora__payment_turn *turn, aurora__step *step,
                                   const aurora_id *order_id, const aurora__event *event)
{
    *turn = (aurora__payment_turn){.step = step};
    aurora_status rc = load_row(turn, order_id);
    if (rc != AURORA_OK)
        return rc;
    if (event == NULL || event->saga == NULL)
        return aurora__payment_saga_load(turn);
    turn->saga = event->saga;
    turn->order_version = event->order_version;
    turn->is_cause_new = true;
    return AURORA_OK;
}

/* While a call runs its answer must be emitted with the saga's data; after a state that the
 * provider may still contradict, too. */
static bool needs_saga(const aurora__payment_turn *turn)
{
    if (turn->row.verb != 0)
        return true;
    if (turn->row.is_inline || !turn->is_found)
        return false;
    switch (turn->row.state) {
    case AURORA__PAYMENT_DECLINED:
    case AURORA__PAYMENT_UNCHARGED:
    case AURORA__PAYMENT_VOIDED:
    case AURORA__PAYMENT_REVERSED:
        return true;
    default:
        return false;
    }
}

aurora_status aurora__payment_close(aurora__payment_turn *turn)
{
    if (!turn->is_changed)
        return AURORA_OK;
    aurora__payment_row *row = &turn->row;
    if (!needs_saga(turn)) {
        row->saga = NULL;
    } else if (turn->is_cause_new || row->saga == NULL) {
        row->saga = aurora__payment_saga_text(turn);
        if (row->saga == NULL)
            return AURORA_ENOMEM;
    }
    row->version++;
    row->updated_at = turn->step->now_ms;
    aurora__key key = aurora__key_uuid(AURORA__TABLE_payment, &row->order_id);
    void *stored;
    aurora_status rc = turn->is_found ? aurora__rows_write(turn->step->rows, &key, &stored)
                                      : aurora__rows_insert(turn->step->rows, &key, &stored);
    if (rc != AURORA_OK)
        return rc;
    memcpy(stored, row, sizeof *row);
    return AURORA_OK;
}

/* --- moves ------------------------------------------------------------------------------------ */

aurora_status aurora__payment_emit(aurora__payment_turn *turn, int32_t kind, bool is_resend)
{
    aurora__event *event = aurora__step_emit(turn->step, kind);
    if (event == NULL)
        return aurora__step_full(turn->step);
    const aurora__payment_row *row = &turn->row;
    event->is_resend = is_resend;
    event->order_id = row->order_id;
    event->order_version = turn->order_version;
    event->reason = (int32_t)row->reason;
    event->saga = turn->saga;
    event->amount_minor = row->amount_minor;
    if (kind == AURORA_EVENT_PAYMENT_DECLINED || kind == AURORA_EVENT_PAYMENT_PARKED)
        event->decline_code = row->decline_code;
    return AURORA_OK;
}

static aurora_status answer(aurora__payment_turn *turn)
{
    aurora__payment_row *row = &turn->row;
    int32_t kind = aurora__payment_answer((int32_t)row->state);
    bool was_parked = row->parked_at != 0;
    row->verb = 0;
    row->call = AURORA__CALL_NONE;
    row->attempts = 0;
    row->first_attempt_at = 0;
    row->due_at = 0;
    row->parked_at = 0;
    row->answered = kind;
    /* The order knows already that it was declined; what it may not know is that we go on. */
    if (row->state == AURORA__PAYMENT_REVERSED)
        return was_parked ? aurora__payment_emit(turn, kind, true) : AURORA_OK;
    return aurora__payment_emit(turn, kind, false);
}

/* An inline provider answers in the same step, and only such calls are made of it. */
static aurora_status answer_inline(aurora__payment_turn *turn)
{
    aurora__payment_row *row = &turn->row;
    int32_t outcome = AURORA_OUTCOME_DONE;
    if (row->state == AURORA__PAYMENT_AUTHORIZING && row->amount_minor > 0) {
        row->decline_code =
            aurora__simulator_decline_code(turn->step->policy, &row->order_id, row->payment_method);
        if (row->decline_code != NULL) {
            row->reason = AURORA_REASON_PAYMENT_DECLINED;
            outcome = AURORA_OUTCOME_DECLINED;
        }
    }
    return aurora__payment_apply(turn, aurora__payment_result_event((int32_t)row->verb, outcome));
}

static aurora_status enter(aurora__payment_turn *turn)
{
    aurora__payment_row *row = &turn->row;
    int32_t verb = aurora__payment_verb((int32_t)row->state);
    if (verb == 0)
        return answer(turn);
    if (verb == row->verb) { /* the same call goes on under another name */
        if (row->parked_at != 0)
            aurora__payment_renew(turn);
        return AURORA_OK;
    }
    row->verb = verb;
    row->call = row->state == AURORA__PAYMENT_RECHECKING ? AURORA__CALL_ASK : AURORA__CALL_WAITING;
    row->attempts = 0;
    row->first_attempt_at = 0;
    row->due_at = turn->step->now_ms;
    if (AURORA_PLANT(REFUND_UNSENT) && verb == AURORA_VERB_REFUND)
        return answer_inline(turn);
    return row->is_inline ? answer_inline(turn) : AURORA_OK;
}

aurora_status aurora__payment_apply(aurora__payment_turn *turn, int32_t machine_event)
{
    int32_t state = (int32_t)turn->row.state;
    int32_t next = aurora_machine_next(&aurora__payment_machine, state, machine_event);
    if (next == 0)
        return AURORA__EILLEGAL;
    if (next == state)
        return AURORA_OK;
    turn->row.state = next;
    turn->is_changed = true;
    return enter(turn);
}

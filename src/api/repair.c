/* SPDX-License-Identifier: MIT */
/* An operator's acts: on a saga, and on the dead letters of one key. */
#include "api/check.h"
#include "api/handle.h"
#include "api/pack.h"
#include "api/refuse.h"
#include "core/payment.h"
#include "core/payment_machine.h"
#include "core/transition.h"
#include "engine/redrive.h"
#include "engine/say.h"
#include "engine/trace.h"

#include <aurora/event.h>
#include <aurora/saga.h>

#include <stdio.h>
#include <string.h>

#define CALL_MS 60000

/* --- repair ----------------------------------------------------------------------------------- */

typedef struct {
    aurora__command head;
    aurora__repair repair;
    struct aurora__command_trace trace;
    aurora__parked_part part;
    aurora_status failed; /* a parked event that still cannot be taken */
    int32_t unfit_state;  /* the parked payment's, where the mark cannot be of it; else 0 */
} repair_command;

static aurora__parked_at parked_of(const aurora__repair *repair)
{
    return (aurora__parked_at){.module = repair->participant == 0 ? AURORA__MODULE_ORDER
                                         : repair->participant == AURORA_PARTICIPANT_INVENTORY
                                             ? AURORA__MODULE_INVENTORY
                                             : AURORA__MODULE_PAYMENT,
                               .order_id = repair->order_id};
}

static aurora_status repair_keys(aurora__command *base, aurora__turn *turn)
{
    repair_command *command = (repair_command *)base;
    aurora__parked_at at = parked_of(&command->repair);
    return aurora__redrive_keys(turn, &at, &command->part);
}

/* Writes who and why into the history, where there is an order to have one. */
static aurora_status audit(aurora__step *step, const aurora__repair *repair)
{
    aurora__order_row *order;
    aurora__key key = aurora__key_uuid(AURORA__TABLE_order, &repair->order_id);
    aurora_status rc = aurora__rows_write(step->rows, &key, (void **)&order);
    if (rc != AURORA_OK || order == NULL)
        return rc;
    return aurora__order_note(step, order, AURORA_EVENT_ORDER_REPAIR, repair->actor, repair->note);
}

/* Events of an order that this store does not have will never be taken: once it is given up they
 * go, and the participants are told. */
static aurora_status compensate(const repair_command *command, aurora__step *step,
                                const aurora__parked_at *at)
{
    const aurora__repair *repair = &command->repair;
    const void *order;
    aurora__key key = aurora__key_uuid(AURORA__TABLE_order, &repair->order_id);
    aurora_status rc = aurora__rows_read(step->rows, &key, &order);
    if (rc == AURORA_OK && order == NULL)
        rc = aurora__redrive_drop_all(step, at, &command->part);
    return rc == AURORA_OK ? aurora__order_repair(step, repair) : rc;
}

/* The mark must reach the participant past the events that still are parked: it is not left to the
 * cascade, which would park it behind them. */
static aurora_status mark_past_others(aurora__step *step, const aurora__parked_at *at,
                                      const aurora__repair *repair)
{
    uint32_t before = step->event_count;
    aurora_status rc = aurora__order_repair(step, repair);
    if (rc != AURORA_OK || step->event_count == before)
        return rc;
    const aurora__event *event = step->events[before];
    step->event_count = before;
    return aurora__cascade_deliver(step, event, at->module);
}

static aurora_status repair_parked(repair_command *command, aurora__step *step,
                                   const aurora__parked_at *at)
{
    const aurora__repair *repair = &command->repair;
    uint32_t taken;
    bool is_left;
    if (repair->action == AURORA_REPAIR_RETRY) {
        aurora_status rc = audit(step, repair);
        return rc != AURORA_OK
                   ? rc
                   : aurora__redrive_run(step, at, &command->part, &taken, &command->failed);
    }
    aurora_status rc = aurora__redrive_drop_first(step, at, &command->part, &is_left);
    if (rc != AURORA_OK)
        return rc;
    return is_left ? mark_past_others(step, at, repair) : aurora__order_repair(step, repair);
}

static bool is_of_state(int32_t state, int32_t result)
{
    int32_t event = AURORA__PAYMENT_ON_MARK_AUTHORIZED + (result - AURORA_RESULT_AUTHORIZED);
    return aurora_machine_next(&aurora__payment_machine, state, event) != 0;
}

/* A payment that is parked stays as it is by a mark that its step cannot have: better to say so
 * than to take it. Where payments are another service's, only that one can tell. */
static aurora_status check_mark(repair_command *command, aurora__step *step)
{
    const aurora__repair *repair = &command->repair;
    const aurora__payment_row *payment;
    if (repair->action != AURORA_REPAIR_MARK || repair->participant != AURORA_PARTICIPANT_PAYMENT)
        return AURORA_OK;
    aurora__key key = aurora__key_uuid(AURORA__TABLE_payment, &repair->order_id);
    aurora_status rc = aurora__rows_read(step->rows, &key, (const void **)&payment);
    if (rc == AURORA_ECORRUPT) /* as before a mark: the payment parks by it */
        return AURORA_OK;
    if (rc != AURORA_OK || payment == NULL || payment->parked_at == 0 ||
        aurora__payment_can_mark(payment, repair->result))
        return rc;
    command->unfit_state = (int32_t)payment->state;
    return aurora__step_refuse(step, AURORA_ECONFLICT, "result", "does not fit the payment");
}

static aurora_status repair_decide(aurora__command *base, aurora__turn *turn)
{
    repair_command *command = (repair_command *)base;
    aurora__parked_at at = parked_of(&command->repair);
    bool is_parked = false;
    command->failed = AURORA_OK;
    command->unfit_state = 0;
    if (command->repair.action != AURORA_REPAIR_COMPENSATE) {
        aurora_status rc = aurora__redrive_is_parked(&turn->step, &at, &is_parked);
        if (rc != AURORA_OK)
            return rc;
    }
    if (command->repair.action == AURORA_REPAIR_COMPENSATE)
        return compensate(command, &turn->step, &at);
    if (is_parked)
        return repair_parked(command, &turn->step, &at);
    aurora_status rc = check_mark(command, &turn->step);
    return rc != AURORA_OK ? rc : aurora__order_repair(&turn->step, &command->repair);
}

/* Names the payment's state and what it can be marked. */
static void answer_unfit(aurora__command *base, int32_t state)
{
    char fit[80] = "";
    for (int32_t result = AURORA_RESULT_AUTHORIZED; result <= AURORA_RESULT_REFUNDED; result++) {
        size_t len = strlen(fit);
        if (is_of_state(state, result))
            snprintf(fit + len, sizeof fit - len, "%s%s", len == 0 ? "" : " or ",
                     aurora_result_name(result));
    }
    snprintf(base->err.message, sizeof base->err.message,
             "does not fit a payment that is %s: it can be %s%s",
             aurora_machine_state_name(&aurora__payment_machine, state),
             fit[0] == '\0' ? "retried" : "marked ", fit);
}

/* What was taken stands, although the caller hears of the one that was not. */
static void answer_failed(aurora__command *base, aurora_status status, aurora_status failed)
{
    if (status != AURORA_OK || failed == AURORA_OK)
        return;
    base->status = AURORA_ECONFLICT;
    snprintf(base->err.message, sizeof base->err.message, "an event still cannot be taken: %s",
             failed == AURORA__EILLEGAL  ? "it is illegal in this state"
             : failed == AURORA__EORPHAN ? "unknown_order"
                                         : aurora_status_text(failed));
}

/* The history has it too, but not of an order that another service has. */
static void say_repair(const repair_command *command)
{
    const aurora__repair *repair = &command->repair;
    const char *participant =
        repair->participant != 0 ? aurora_participant_name(repair->participant) : NULL;
    char id[AURORA_ID_TEXT_BYTES];
    aurora__said said = {.order_id = &repair->order_id, .flags = AURORA_LOG_EACH};
    aurora_id_format(repair->order_id, id);
    aurora__said_text(&said, "aurora.participant", participant);
    aurora__said_text(&said, "aurora.result",
                      repair->result != 0 ? aurora_result_name(repair->result) : NULL);
    aurora__said_text(&said, "enduser.id", repair->actor);
    aurora__engine_say(command->head.engine, AURORA_LOG_INFO, "saga", &said,
                       "%s of order %s%s%s by %s", aurora_repair_name(repair->action), id,
                       participant != NULL ? " at " : "", participant != NULL ? participant : "",
                       repair->actor != NULL ? repair->actor : "the host");
}

static bool repair_finish(aurora__command *base, aurora__turn *turn, aurora_status status)
{
    const repair_command *command = (const repair_command *)base;
    const aurora__parked_at at = parked_of(&command->repair);
    answer_failed(base, status, command->failed);
    if (status == AURORA_OK && command->part.is_more)
        aurora__redrive_rest(turn->engine, &at);
    if (status == AURORA_OK)
        say_repair(command);
    if (status == AURORA_ECONFLICT && command->unfit_state != 0)
        answer_unfit(base, command->unfit_state);
    return true;
}

static void repair_describe(const aurora__command *base, aurora__span_draft *draft)
{
    const aurora__repair *repair = &((const repair_command *)base)->repair;
    aurora__span_name(draft, "repair", "saga");
    aurora__span_order(draft, &repair->order_id);
    aurora__span_text(draft, "aurora.repair.action", aurora_repair_name(repair->action));
    if (repair->participant != 0)
        aurora__span_text(draft, "aurora.participant",
                          aurora_participant_name(repair->participant));
}

static const aurora__command_class repair_class = {.name = "saga_repair",
                                                   .keys = repair_keys,
                                                   .decide = repair_decide,
                                                   .finish = repair_finish,
                                                   .describe = repair_describe};

static aurora_status check_repair(const aurora_repair *repair, aurora_error *err)
{
    bool is_mark = repair->action == AURORA_REPAIR_MARK;
    bool is_inventory = repair->participant == AURORA_PARTICIPANT_INVENTORY;
    int64_t first = is_inventory ? AURORA_RESULT_RESERVED : AURORA_RESULT_AUTHORIZED;
    int64_t last = is_inventory ? AURORA_RESULT_RETURNED : AURORA_RESULT_REFUNDED;
    bool is_compensate = repair->action == AURORA_REPAIR_COMPENSATE;
    aurora_status rc = aurora__check_range(err, "action", repair->action, AURORA_REPAIR_RETRY,
                                           AURORA_REPAIR_COMPENSATE);
    if (rc == AURORA_OK)
        rc = aurora__check_id(err, "order_id", repair->order_id);
    if (rc == AURORA_OK)
        rc = aurora__check_range(err, "participant", repair->participant, is_compensate ? 0 : 1,
                                 is_compensate ? 0 : AURORA_PARTICIPANT_PAYMENT);
    if (rc == AURORA_OK)
        rc = aurora__check_range(err, "result", repair->result, is_mark ? first : 0,
                                 is_mark ? last : 0);
    if (rc == AURORA_OK)
        rc = aurora__check_text(err, "actor", repair->actor, 1, AURORA_TEXT_BYTES_MAX, true);
    return rc == AURORA_OK
               ? aurora__check_body(err, "note", repair->note, AURORA_NOTE_BYTES_MAX, false)
               : rc;
}

static aurora_status call_repair(aurora_t *shop, const aurora_repair *given, aurora_error *err)
{
    size_t bytes =
        sizeof(repair_command) + aurora__pack_bytes(given->actor) + aurora__pack_bytes(given->note);
    repair_command *command = aurora__command_new(shop->engine, &repair_class, bytes);
    if (command == NULL)
        return aurora__refuse_plain(err, AURORA_ENOMEM);
    aurora__pack pack = {(char *)(command + 1)};
    command->repair = (aurora__repair){.order_id = given->order_id,
                                       .action = given->action,
                                       .participant = given->participant,
                                       .result = given->result,
                                       .actor = aurora__pack_text(&pack, given->actor),
                                       .note = aurora__pack_text(&pack, given->note)};
    aurora__trace_accept_text(&command->head, &command->trace, given->traceparent);
    aurora_status rc = aurora__engine_call(shop->engine, &command->head, CALL_MS, err);
    aurora__command_release(&command->head);
    return rc;
}

aurora_status aurora_saga_repair(aurora_t *shop, const aurora_repair *repair, aurora_error *err)
{
    aurora_repair known;
    aurora_status rc = aurora__copy_sized(&known, sizeof known, repair, err);
    if (rc == AURORA_OK)
        rc = check_repair(&known, err);
    if (rc != AURORA_OK)
        return rc;
    rc = aurora__handle_enter(shop);
    if (rc != AURORA_OK)
        return aurora__refuse_plain(err, rc);
    rc = call_repair(shop, &known, err);
    aurora__handle_leave(shop);
    return rc;
}

/* --- redrive ---------------------------------------------------------------------------------- */

typedef struct {
    aurora__command head;
    aurora__parked_at at;
    aurora__parked_part part;
    uint32_t taken;
    aurora_status failed;
} redrive_command;

static aurora_status redrive_keys(aurora__command *base, aurora__turn *turn)
{
    redrive_command *command = (redrive_command *)base;
    return aurora__redrive_keys(turn, &command->at, &command->part);
}

static aurora_status redrive_decide(aurora__command *base, aurora__turn *turn)
{
    redrive_command *command = (redrive_command *)base;
    return aurora__redrive_run(&turn->step, &command->at, &command->part, &command->taken,
                               &command->failed);
}

static bool redrive_finish(aurora__command *base, aurora__turn *turn, aurora_status status)
{
    (void)turn;
    answer_failed(base, status, ((const redrive_command *)base)->failed);
    return true;
}

static void redrive_describe(const aurora__command *base, aurora__span_draft *draft)
{
    const redrive_command *command = (const redrive_command *)base;
    aurora__span_name(draft, "redrive", "events");
    aurora__span_text(draft, "aurora.module", aurora__module_name(command->at.module));
    aurora__span_number(draft, "aurora.events.taken", command->taken);
    aurora__span_order(draft, &command->at.order_id);
}

static const aurora__command_class redrive_class = {.name = "dead_letter_redrive",
                                                    .keys = redrive_keys,
                                                    .decide = redrive_decide,
                                                    .finish = redrive_finish,
                                                    .describe = redrive_describe};

/* As many events as one transaction takes; *count_out grows by them. */
static aurora_status redrive_some(aurora_t *shop, const aurora__parked_at *at, uint32_t *count_out,
                                  bool *is_more_out, aurora_error *err)
{
    redrive_command *command = aurora__command_new(shop->engine, &redrive_class,
                                                   sizeof *command + aurora__pack_bytes(at->key));
    if (command == NULL)
        return aurora__refuse_plain(err, AURORA_ENOMEM);
    command->at = *at;
    if (at->key != NULL) {
        aurora__pack pack = {(char *)(command + 1)};
        command->at.key = aurora__pack_text(&pack, at->key);
    }
    aurora_status rc = aurora__engine_call(shop->engine, &command->head, CALL_MS, err);
    if (rc == AURORA_OK || rc == AURORA_ECONFLICT)
        *count_out += command->taken;
    *is_more_out = rc == AURORA_OK && command->part.is_more;
    aurora__command_release(&command->head);
    return rc;
}

/* A key that others have unparked meanwhile is what was wanted. */
static aurora_status redrive_all(aurora_t *shop, const aurora__parked_at *at, uint32_t *count_out,
                                 aurora_error *err)
{
    bool is_more = true;
    aurora_status rc = AURORA_OK;
    *count_out = 0;
    while (rc == AURORA_OK && is_more)
        rc = redrive_some(shop, at, count_out, &is_more, err);
    return rc == AURORA_ENOTFOUND && *count_out > 0 ? AURORA_OK : rc;
}

aurora_status aurora_dead_letter_redrive(aurora_t *shop, const char *consumer, const char *key,
                                         uint32_t *count_out, aurora_error *err)
{
    aurora__parked_at at;
    uint32_t count = 0;
    if (count_out != NULL)
        *count_out = 0;
    aurora_status rc =
        aurora__check_text(err, "consumer", consumer, 1, AURORA_TEXT_BYTES_MAX, true);
    if (rc == AURORA_OK)
        rc = aurora__check_text(err, "key", key, 1, AURORA_KEY_BYTES_MAX, true);
    if (rc != AURORA_OK)
        return rc;
    at = (aurora__parked_at){.module = aurora__redrive_module(consumer)};
    if (aurora_id_parse(key, &at.order_id) != AURORA_OK)
        at.key = key;
    if (at.module == 0)
        return aurora__refuse(err, AURORA_ENOTFOUND, "key", "is not parked");
    rc = aurora__handle_enter(shop);
    if (rc != AURORA_OK)
        return aurora__refuse_plain(err, rc);
    rc = redrive_all(shop, &at, &count, err);
    if (count_out != NULL)
        *count_out = count;
    aurora__handle_leave(shop);
    return rc;
}

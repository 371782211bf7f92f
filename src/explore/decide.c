/* SPDX-License-Identifier: MIT */
/* One decision of the modules, as the engine would have it made: rows are loaded that it asks for,
 * its cascade runs, and what it changed is saved. The same question is decided once. */
#include "explore/space.h"

#include "codec/log.h"
#include "core/order.h"
#include "core/payment.h"
#include "core/transition.h"
#include "explore/times.h"

#include <aurora/event.h>
#include <aurora/task.h>

#include <stdlib.h>

#define ROUNDS_MAX 16

typedef struct {
    aurora__explore_space *space;
    const aurora__explore_question *question;
    aurora__explore_answer *answer;
    aurora__rows rows;
    aurora__arena cache;
    aurora__policy policy;
    aurora__step step;
} decision;

static const aurora_id order_id = {{1, 2, 3, 4, 5, 6, 0x70, 8, 0x80, 0, 0, 0, 0, 0, 0, 0}};

static const char *const reference = "ref-1";

/* --- rows --------------------------------------------------------------------------------- */

static uint16_t *number_of(const aurora__explore_question *question, uint32_t table)
{
    const uint16_t *number = NULL;
    if (table == AURORA__TABLE_order)
        number = &question->order;
    else if (table == AURORA__TABLE_reservation)
        number = &question->reservation;
    else if (table == AURORA__TABLE_payment)
        number = &question->payment;
    else if (table == AURORA__TABLE_stock)
        number = &question->stock;
    return (uint16_t *)(uintptr_t)number;
}

static void load_one(decision *d, aurora__row *row)
{
    aurora_value values[8];
    const uint16_t *number = number_of(d->question, row->table);
    if (number != NULL) {
        aurora__rows_loaded(&d->rows, row, *number == 0 ? NULL : d->space->rows[*number].values);
        return;
    }
    if (row->table == AURORA__TABLE_sku) {
        aurora__sku_row sku = {.sku = "SKU", .id = 1};
        aurora__table_pack(&aurora__tables[row->table], &sku, values);
        aurora__rows_loaded(&d->rows, row, values);
        return;
    }
    if (row->table == AURORA__TABLE_order_reference && d->question->order != 0) {
        aurora__order_reference_row taken = {.reference = reference, .order_id = order_id};
        aurora__table_pack(&aurora__tables[row->table], &taken, values);
        aurora__rows_loaded(&d->rows, row, values);
        return;
    }
    aurora__rows_loaded(&d->rows, row, NULL);
}

static void load(decision *d)
{
    uint32_t count = d->rows.wanted.count;
    d->rows.wanted.count = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!d->rows.wanted.items[i]->is_loaded)
            load_one(d, d->rows.wanted.items[i]);
    }
}

/* --- commands ----------------------------------------------------------------------------- */

static aurora_status place(decision *d)
{
    static const aurora__place_line line = {.sku = "SKU", .quantity = 1, .unit_price_minor = 100};
    aurora_id taken_by;
    uint32_t at;
    /* Asked again it comes with an id of its own. */
    aurora__place request = {.id = order_id,
                             .has_own_prices = true,
                             .reference = reference,
                             .currency = "EUR",
                             .payment_method = "tok_visa",
                             .lines = &line,
                             .line_count = 1};
    request.id.bytes[12] = d->question->order != 0;
    aurora_status rc = aurora__order_place_keys(&d->step, &request);
    if (rc == AURORA_OK)
        rc = aurora__order_place(&d->step, &request, &taken_by, &at);
    return rc;
}

static aurora_status deliver(decision *d)
{
    const aurora__explore_event *known = &d->space->events[d->question->event];
    uint32_t module = 1u << d->question->module;
    aurora__event *event = aurora__arena_zero(&d->space->batch.arena, sizeof *event);
    aurora_status rc =
        aurora__event_decode(known->text, AURORA__LOG_FORMAT, &d->space->batch.arena, event);
    if (rc != AURORA_OK || event->kind != known->kind)
        return AURORA_ECORRUPT;
    if (d->space->scope->plant == AURORA__EXPLORE_IGNORE_RESEND && event->is_resend)
        return AURORA_OK;
    return aurora__cascade_receive(&d->step, event, module, false, AURORA_OK);
}

static aurora_status take(decision *d)
{
    aurora__payment_task task;
    bool is_taken;
    aurora_status rc =
        aurora__payment_take(&d->step, &order_id, EXPLORE_LEASE_MS, &task, &is_taken);
    if (rc == AURORA_OK && is_taken) {
        d->answer->verb = (uint8_t)task.verb;
        d->answer->is_query = task.is_query;
    }
    return rc;
}

static aurora_status finish(decision *d)
{
    static const int32_t outcomes[] = {AURORA_OUTCOME_DONE, AURORA_OUTCOME_DECLINED,
                                       AURORA_OUTCOME_NOT_FOUND, AURORA_OUTCOME_UNKNOWN};
    int32_t verb = d->question->argument / 4 + 1;
    aurora__payment_result result = {.outcome = outcomes[d->question->argument % 4]};
    if (result.outcome == AURORA_OUTCOME_DONE)
        result.provider_reference = "provider-1";
    if (result.outcome == AURORA_OUTCOME_DECLINED)
        result.code = "no_funds";
    aurora_id id = aurora__task_id(&order_id, verb);
    return aurora__payment_finish(&d->step, &id, &result);
}

static aurora_status run(decision *d)
{
    switch (d->question->command) {
    case AURORA__EXPLORE_PLACE:
        return place(d);
    case AURORA__EXPLORE_CANCEL:
        return aurora__order_cancel(&d->step, &order_id, AURORA_REASON_CUSTOMER, NULL, NULL);
    case AURORA__EXPLORE_DUE:
    case AURORA__EXPLORE_DEADLINE:
        return aurora__order_due(&d->step, &order_id);
    case AURORA__EXPLORE_DELIVER:
        return deliver(d);
    case AURORA__EXPLORE_TAKE:
    case AURORA__EXPLORE_EXPIRE:
        return take(d);
    default:
        return finish(d);
    }
}

static int64_t time_of(const aurora__explore_question *question)
{
    if (question->is_late)
        return EXPLORE_NOW + EXPLORE_LATE_MS;
    switch (question->command) {
    case AURORA__EXPLORE_DUE:
        return EXPLORE_NOW + EXPLORE_RESEND_MS;
    case AURORA__EXPLORE_DEADLINE:
        return EXPLORE_NOW + EXPLORE_DEADLINE_MS;
    case AURORA__EXPLORE_EXPIRE:
        return EXPLORE_NOW + EXPLORE_LEASE_MS;
    default:
        return EXPLORE_NOW;
    }
}

static aurora_status run_whole(decision *d)
{
    aurora_status rc = AURORA__NEED_KEYS;
    for (int round = 0; rc == AURORA__NEED_KEYS && round < ROUNDS_MAX; round++) {
        load(d);
        d->step = (aurora__step){.rows = &d->rows,
                                 .arena = &d->space->batch.arena,
                                 .policy = &d->policy,
                                 .now_ms = time_of(d->question)};
        uint32_t outer = aurora__rows_mark(&d->rows);
        rc = run(d);
        if (rc == AURORA_OK && d->question->command != AURORA__EXPLORE_DELIVER)
            rc = aurora__cascade_run(&d->step, 0);
        if (rc == AURORA_OK)
            aurora__rows_keep(&d->rows, outer);
        else
            aurora__rows_undo(&d->rows, outer);
    }
    return rc;
}

/* --- what came of it ---------------------------------------------------------------------- */

static void blame(decision *d, const char *invariant, const char *why)
{
    if (d->answer->broken != NULL)
        return;
    d->answer->broken = invariant;
    d->answer->why = why;
}

/* I13: the version counts the steps of the history, and the newest step says what the row says. */
static void check_order(decision *d, const aurora__order_row *before,
                        const aurora__order_row *after)
{
    aurora__transitions list;
    aurora__transition entry = {0};
    int64_t version = before == NULL ? 0 : before->version;
    aurora__transitions_begin(&list, after);
    while (aurora__transitions_next(&list, &d->space->batch.arena, &entry)) {
        if (entry.version != ++version)
            blame(d, "I13", "a step of the history has another version");
    }
    if (list.reader.is_failed || version != after->version ||
        (list.count > 0 && (entry.status != after->status || entry.parked != after->parked ||
                            (entry.is_settled != 0) != (after->settled_at != 0))))
        blame(d, "I13", "the order's version is not its history's");
    bool is_changed =
        before != NULL && (before->status != after->status || before->parked != after->parked ||
                           (before->settled_at == 0) != (after->settled_at == 0));
    if (is_changed && after->version <= before->version)
        blame(d, "I13", "the order changed and its version did not");
    if (after->total_minor != 100)
        blame(d, "I12", "the total is another");
}

static void save_one(decision *d, aurora__row *row)
{
    aurora_value values[64];
    aurora_store_put put;
    const aurora__explore_scope *scope = d->space->scope;
    if (!aurora__rows_put(row, values, &put))
        return;
    uint16_t *number = NULL;
    if (row->table == AURORA__TABLE_order)
        number = &d->answer->order;
    else if (row->table == AURORA__TABLE_reservation)
        number = &d->answer->reservation;
    else if (row->table == AURORA__TABLE_payment)
        number = &d->answer->payment;
    else if (row->table == AURORA__TABLE_stock)
        number = &d->answer->stock;
    if (number == NULL)
        return; /* the order's reference, a return's movement: both follow from the others */
    if (put.kind == AURORA_PUT_DELETE) {
        blame(d, "rows", "a row is deleted");
        return;
    }
    if (row->table == AURORA__TABLE_order) {
        aurora__order_row *order = row->data;
        const aurora__order_row *before = row->is_found_base ? row->base : NULL;
        if (scope->plant == AURORA__EXPLORE_STALE_VERSION && before != NULL)
            order->version = before->version;
        check_order(d, before, order);
    } else {
        const aurora__table *table = &aurora__tables[row->table];
        int64_t version;
        memcpy(&version, (char *)row->data + table->offsets[table->table.version_column], 8);
        if (version <= (row->is_found_base ? 1 : 0))
            blame(d, "I13", "a row changed and its version did not");
    }
    *number = aurora__explore_row_number(d->space, row->table, row->data);
}

static bool is_refusal(const decision *d)
{
    if (d->question->command == AURORA__EXPLORE_PLACE)
        return d->answer->status == AURORA_ETAKEN;
    if (d->question->command == AURORA__EXPLORE_CANCEL)
        return d->answer->status == AURORA_EFINAL || d->answer->status == AURORA_EPARKED;
    return false;
}

static void conclude(decision *d)
{
    aurora__explore_answer *answer = d->answer;
    if (answer->status != AURORA_OK) {
        if (!is_refusal(d))
            blame(d, "core", "the modules refuse what they have to take");
        return;
    }
    if (d->step.parked_count > 0)
        blame(d, "I3", "a module cannot take an event: its key is parked");
    for (uint32_t i = 0; i < d->step.event_count && i < AURORA__EXPLORE_EVENTS; i++)
        answer->events[answer->event_count++] =
            aurora__explore_event_number(d->space, d->step.events[i]);
    if (d->step.event_count > AURORA__EXPLORE_EVENTS)
        blame(d, "core", "more events than the search has room for");
    for (uint32_t i = 0; i < d->rows.touched.count; i++)
        save_one(d, d->rows.touched.items[i]);
}

static void decide(aurora__explore_space *space, const aurora__explore_question *question,
                   aurora__explore_answer *answer)
{
    decision d = {.space = space,
                  .question = question,
                  .answer = answer,
                  .policy = {.modules = space->modules[question->service],
                             .provider = AURORA__PROVIDER_TASKS,
                             .order_deadline_ms = EXPLORE_DEADLINE_MS,
                             .late_grace_ms = 60000,
                             .tombstone_ms = 86400000,
                             .resend_first_ms = EXPLORE_RESEND_MS,
                             .resend_max_ms = 600000,
                             .attempts_max = 20,
                             .park_after_ms = 900000,
                             .park_attempts_min = 5,
                             .retry_first_ms = 1000,
                             .retry_max_ms = 60000,
                             .event_bytes_max = 900000}};
    *answer = (aurora__explore_answer){.order = question->order,
                                       .reservation = question->reservation,
                                       .payment = question->payment,
                                       .stock = question->stock};
    aurora__rows_init(&d.rows, &space->batch.arena, &space->batch.arena);
    answer->status = run_whole(&d);
    conclude(&d);
    aurora__explore_memory_reset(&space->batch);
}

/* --- once --------------------------------------------------------------------------------- */

static uint64_t hash_of(const aurora__explore_question *question)
{
    uint64_t hash = 0xCBF29CE484222325u;
    const uint8_t *bytes = (const uint8_t *)question;
    for (size_t i = 0; i < sizeof *question; i++)
        hash = (hash ^ bytes[i]) * 0x100000001B3u;
    return hash ^ (hash >> 29);
}

static uint32_t slot_of(const aurora__explore_space *space,
                        const aurora__explore_question *question)
{
    uint32_t at = (uint32_t)hash_of(question) & (space->answer_capacity - 1);
    while (space->questions[at].command != 0 &&
           memcmp(&space->questions[at], question, sizeof *question) != 0)
        at = (at + 1) & (space->answer_capacity - 1);
    return at;
}

static void widen(aurora__explore_space *space)
{
    aurora__explore_space old = {.questions = space->questions,
                                 .answers = space->answers,
                                 .answer_capacity = space->answer_capacity};
    space->answer_capacity = old.answer_capacity == 0 ? 4096 : old.answer_capacity * 2;
    space->questions = calloc(space->answer_capacity, sizeof *space->questions);
    space->answers = calloc(space->answer_capacity, sizeof *space->answers);
    if (space->questions == NULL || space->answers == NULL)
        abort();
    for (uint32_t i = 0; i < old.answer_capacity; i++) {
        if (old.questions[i].command == 0)
            continue;
        uint32_t at = slot_of(space, &old.questions[i]);
        space->questions[at] = old.questions[i];
        space->answers[at] = old.answers[i];
    }
    free(old.questions);
    free(old.answers);
}

const aurora__explore_answer *aurora__explore_decide(aurora__explore_space *space,
                                                     const aurora__explore_question *question)
{
    if (2 * space->answer_count >= space->answer_capacity)
        widen(space);
    uint32_t at = slot_of(space, question);
    if (space->questions[at].command == 0) {
        space->answer_count++;
        decide(space, question, &space->answers[at]);
        space->questions[at] = *question;
    }
    return &space->answers[at];
}

/* SPDX-License-Identifier: MIT */
#include "engine/redrive.h"

#include "codec/log.h"
#include "codec/record.h"
#include "engine/inbound.h"

#include <aurora/event.h>
#include <aurora/saga.h>

#include <string.h>

/* Of a key in one transaction. */
#define EVENTS_AT_ONCE 256
/* What more of them cause may not fit any longer. */
#define CAUSED_MAX (AURORA__CASCADE_EVENTS_MAX / 2)
#define KEY_COLUMNS UINT64_C(7)

#define PARTICIPANTS (AURORA__MODULE_INVENTORY | AURORA__MODULE_PAYMENT)

/* The key's texts live as long as the struct. */
typedef struct {
    char id[AURORA_ID_TEXT_BYTES];
    aurora__key key;
} parked_key;

static void name_key(parked_key *out, const aurora__parked_at *at)
{
    aurora_id_format(at->order_id, out->id);
    out->key = aurora__key_texts(AURORA__TABLE_parked_key, aurora__module_name(at->module),
                                 at->key != NULL ? at->key : out->id);
}

static aurora__key event_key(const parked_key *of, int64_t sequence)
{
    aurora__key key = of->key;
    key.table = AURORA__TABLE_parked_event;
    key.count = 3;
    key.values[2] = (aurora_value){.kind = AURORA_COLUMN_INT64, .number = sequence};
    return key;
}

uint32_t aurora__redrive_module(const char *consumer)
{
    for (uint32_t module = 1; module < AURORA__MODULE_ALL; module <<= 1) {
        if (strcmp(aurora__module_name(module), consumer) == 0)
            return module;
    }
    return 0;
}

/* The number of the first event that is left, 1 where the store has none. */
static aurora_status find_first(aurora__turn *turn, const parked_key *of, int64_t *first_out)
{
    aurora__parked_event_row row;
    aurora__query_arena arena;
    uint32_t count = 0;
    const aurora__range range = {.table = AURORA__TABLE_parked_event,
                                 .index = -1,
                                 .lower = of->key.values,
                                 .lower_count = 2,
                                 .upper = of->key.values,
                                 .upper_count = 2,
                                 .columns = KEY_COLUMNS,
                                 .limit = 1};
    aurora__query_arena_init(&arena, aurora__engine_allocator(turn->engine));
    aurora_status rc = aurora__engine_scan(turn->engine, turn->txn, &range, &arena, &row, &count);
    *first_out = rc == AURORA_OK && count > 0 ? row.sequence : 1;
    aurora__query_arena_free(&arena);
    return rc;
}

static int64_t last_of(const aurora__parked_part *part, const aurora__parked_key_row *row)
{
    int64_t last = (part->first == 0 ? 1 : part->first) + EVENTS_AT_ONCE - 1;
    return row->events < last ? row->events : last;
}

aurora_status aurora__redrive_keys(aurora__turn *turn, const aurora__parked_at *at,
                                   aurora__parked_part *part)
{
    const aurora__parked_key_row *row;
    aurora__step *step = &turn->step;
    parked_key of;
    name_key(&of, at);
    *part = (aurora__parked_part){0};
    aurora_status rc = at->key == NULL ? aurora__saga_keys(step, &at->order_id) : AURORA_OK;
    if (rc != AURORA_OK && rc != AURORA__NEED_KEYS)
        return rc;
    rc = aurora__rows_read(step->rows, &of.key, (const void **)&row);
    if (rc != AURORA_OK)
        return rc == AURORA__NEED_KEYS ? AURORA_OK : rc;
    if (row == NULL)
        return AURORA_OK;
    rc = find_first(turn, &of, &part->first);
    part->last = last_of(part, row);
    for (int64_t i = part->first; rc == AURORA_OK && i <= part->last; i++) {
        aurora__key key = event_key(&of, i);
        rc = aurora__rows_want(step->rows, &key);
    }
    return rc;
}

aurora_status aurora__redrive_is_parked(aurora__step *step, const aurora__parked_at *at,
                                        bool *is_parked_out)
{
    const void *row;
    parked_key of;
    name_key(&of, at);
    aurora_status rc = aurora__rows_read(step->rows, &of.key, &row);
    *is_parked_out = rc == AURORA_OK && row != NULL;
    return rc;
}

/* --- one event -------------------------------------------------------------------------------- */

static bool is_poison(aurora_status rc)
{
    return rc == AURORA__EILLEGAL || rc == AURORA__EORPHAN || rc == AURORA_ECORRUPT ||
           rc == AURORA_EOVERFLOW || rc == AURORA_ESCHEMA || rc == AURORA_EINVAL;
}

/* Either all that it does stands, or nothing. */
static aurora_status deliver(aurora__step *step, const aurora__event *event, uint32_t module)
{
    uint32_t events = step->event_count;
    uint32_t parked = step->parked_count;
    uint32_t deliveries = step->delivery_count;
    uint32_t outer = aurora__rows_mark(step->rows);
    aurora_status rc = aurora__inbound_deliver(step, event, module);
    if (rc == AURORA_OK) {
        aurora__rows_keep(step->rows, outer);
        return rc;
    }
    aurora__rows_undo(step->rows, outer);
    step->event_count = events;
    step->parked_count = parked;
    step->delivery_count = deliveries;
    bool is_nobodys = rc == AURORA__EORPHAN && module == AURORA__MODULE_ORDER &&
                      aurora__cascade_is_farewell(event);
    return is_nobodys ? AURORA_OK : rc;
}

/* A message that could not be read may be readable by this release. */
static aurora_status decode_record(aurora__step *step, const char *body, aurora__event *out)
{
    aurora__record record;
    const char *field;
    aurora_status rc = aurora__record_decode(body, step->arena, &record);
    return rc == AURORA_OK ? aurora__record_event(step->arena, &record, out, &field) : rc;
}

static aurora_status decode(aurora__step *step, const aurora__parked_event_row *row,
                            aurora__event **out)
{
    *out = aurora__arena_take(step->arena, sizeof **out);
    if (*out == NULL)
        return AURORA_ENOMEM;
    if (row->format == AURORA__RECORD_FORMAT)
        return decode_record(step, row->body, *out);
    return aurora__event_decode(row->body, (uint32_t)row->format, step->arena, *out);
}

/* What the deliveries themselves set aside for this key follows the stored ones. */
static aurora_status deliver_set_aside(aurora__step *step, const aurora__parked_at *at)
{
    aurora_status rc = AURORA_OK;
    for (uint32_t i = 0; rc == AURORA_OK && i < step->parked_count;) {
        aurora__parked one = step->parked[i];
        if (one.module != at->module || one.error != AURORA_OK ||
            !aurora_id_is_equal(one.event->order_id, at->order_id)) {
            i++;
            continue;
        }
        step->parked_count--;
        memmove(&step->parked[i], &step->parked[i + 1],
                (step->parked_count - i) * sizeof step->parked[0]);
        rc = deliver(step, one.event, at->module);
    }
    return rc;
}

/* --- a key ------------------------------------------------------------------------------------ */

/* The number of the first event from `sequence` on; 0 = none. */
static aurora_status next_event(aurora__step *step, const parked_key *of, int64_t last,
                                int64_t *sequence_io, const aurora__parked_event_row **out)
{
    for (int64_t i = *sequence_io; i <= last; i++) {
        aurora__key key = event_key(of, i);
        aurora_status rc = aurora__rows_read(step->rows, &key, (const void **)out);
        if (rc != AURORA_OK || *out != NULL) {
            *sequence_io = i;
            return rc;
        }
    }
    *sequence_io = 0;
    *out = NULL;
    return AURORA_OK;
}

static aurora_status unpark(aurora__step *step, const parked_key *of, const aurora__parked_at *at)
{
    aurora_status rc = aurora__rows_delete(step->rows, &of->key);
    if (rc == AURORA_OK && at->module == AURORA__MODULE_ORDER && at->key == NULL)
        rc = aurora__order_flag_poison(step, &at->order_id, false);
    return rc;
}

/* Where the last event was a fact that the participant already reflects, its answer is repeated, or
 * the order would show PARKED for ever. */
static aurora_status ask_again(aurora__step *step, const aurora__parked_at *at,
                               const aurora__event *last)
{
    if (at->key != NULL || (at->module & PARTICIPANTS) == 0)
        return AURORA_OK;
    aurora__event *repair = aurora__arena_zero(step->arena, sizeof *repair);
    if (repair == NULL)
        return AURORA_ENOMEM;
    repair->kind = AURORA_EVENT_ORDER_REPAIR;
    repair->at_ms = step->now_ms;
    repair->order_id = at->order_id;
    repair->order_version = last->order_version;
    repair->saga = last->saga;
    repair->action = AURORA_REPAIR_RETRY;
    repair->participant = at->module == AURORA__MODULE_INVENTORY ? AURORA_PARTICIPANT_INVENTORY
                                                                 : AURORA_PARTICIPANT_PAYMENT;
    return deliver(step, repair, at->module);
}

static bool is_flagged(aurora__step *step, const aurora__parked_at *at)
{
    const aurora__order_row *order;
    aurora__key key = aurora__key_uuid(AURORA__TABLE_order, &at->order_id);
    if ((step->policy->modules & AURORA__MODULE_ORDER) == 0)
        return true;
    if (aurora__rows_read(step->rows, &key, (const void **)&order) != AURORA_OK || order == NULL)
        return false;
    return (order->parked & (at->module == AURORA__MODULE_INVENTORY ? AURORA__PARKED_INVENTORY
                                                                    : AURORA__PARKED_PAYMENT)) != 0;
}

static aurora_status note_failure(aurora__step *step, const parked_key *of, aurora_status error)
{
    aurora__parked_key_row *row;
    aurora_status rc = aurora__rows_write(step->rows, &of->key, (void **)&row);
    if (rc != AURORA_OK || row == NULL)
        return rc;
    row->version++;
    row->error = error == AURORA__EILLEGAL  ? "the event is illegal in this state"
                 : error == AURORA__EORPHAN ? "unknown_order"
                                            : aurora_status_text(error);
    return AURORA_OK;
}

/* Takes the event `sequence`; with the last one the key is unparked first, so that what it causes
 * finds its way. */
static aurora_status take(aurora__step *step, const parked_key *of, const aurora__parked_at *at,
                          const aurora__parked_event_row *row, bool is_last)
{
    aurora__event *event;
    aurora__key key = event_key(of, row->sequence);
    aurora_status rc = decode(step, row, &event);
    if (rc == AURORA_OK)
        rc = aurora__rows_delete(step->rows, &key);
    if (rc == AURORA_OK && is_last)
        rc = unpark(step, of, at);
    if (rc == AURORA_OK)
        rc = deliver(step, event, at->module);
    if (rc == AURORA_OK && is_last)
        rc = deliver_set_aside(step, at);
    return rc == AURORA_OK && is_last && is_flagged(step, at) ? ask_again(step, at, event) : rc;
}

/* Undone unless it succeeded. */
static aurora_status try_take(aurora__step *step, const parked_key *of, const aurora__parked_at *at,
                              const aurora__parked_event_row *row, bool is_last)
{
    uint32_t events = step->event_count;
    uint32_t parked = step->parked_count;
    uint32_t deliveries = step->delivery_count;
    uint32_t outer = aurora__rows_mark(step->rows);
    aurora_status rc = take(step, of, at, row, is_last);
    if (rc == AURORA_OK) {
        aurora__rows_keep(step->rows, outer);
        return rc;
    }
    aurora__rows_undo(step->rows, outer);
    step->event_count = events;
    step->parked_count = parked;
    step->delivery_count = deliveries;
    return rc;
}

aurora_status aurora__redrive_run(aurora__step *step, const aurora__parked_at *at,
                                  aurora__parked_part *part, uint32_t *taken_out,
                                  aurora_status *failed_out)
{
    const aurora__parked_key_row *key_row;
    const aurora__parked_event_row *row;
    parked_key of;
    *taken_out = 0;
    *failed_out = AURORA_OK;
    part->is_more = false;
    name_key(&of, at);
    aurora_status rc = aurora__rows_read(step->rows, &of.key, (const void **)&key_row);
    if (rc != AURORA_OK)
        return rc;
    if (key_row == NULL)
        return AURORA_ENOTFOUND;
    int64_t sequence = part->first == 0 ? 1 : part->first;
    int64_t last = last_of(part, key_row);
    bool is_all = last == key_row->events;
    rc = next_event(step, &of, last, &sequence, &row);
    if (rc == AURORA_OK && row == NULL && is_all)
        return unpark(step, &of, at);
    while (rc == AURORA_OK && row != NULL) {
        const aurora__parked_event_row *following;
        int64_t next = sequence + 1;
        rc = next_event(step, &of, last, &next, &following);
        if (rc == AURORA_OK)
            rc = try_take(step, &of, at, row, following == NULL && is_all);
        bool is_full = rc == AURORA__ECASCADE && *taken_out > 0;
        if (rc == AURORA_OK) {
            *taken_out += 1;
            row = following;
            sequence = next;
            is_full = row != NULL && step->event_count >= CAUSED_MAX;
        }
        if (is_full) {
            part->is_more = true;
            return AURORA_OK;
        }
        if (is_poison(rc)) {
            *failed_out = rc;
            return note_failure(step, &of, rc);
        }
    }
    part->is_more = rc == AURORA_OK && !is_all;
    return rc;
}

aurora_status aurora__redrive_drop_first(aurora__step *step, const aurora__parked_at *at,
                                         const aurora__parked_part *part, bool *is_left_out)
{
    const aurora__parked_key_row *key_row;
    const aurora__parked_event_row *row;
    parked_key of;
    int64_t sequence = part->first == 0 ? 1 : part->first;
    *is_left_out = false;
    name_key(&of, at);
    aurora_status rc = aurora__rows_read(step->rows, &of.key, (const void **)&key_row);
    if (rc != AURORA_OK)
        return rc;
    if (key_row == NULL)
        return AURORA_ENOTFOUND;
    int64_t last = last_of(part, key_row);
    rc = next_event(step, &of, last, &sequence, &row);
    if (rc != AURORA_OK)
        return rc;
    if (row != NULL) {
        aurora__key key = event_key(&of, sequence);
        rc = aurora__rows_delete(step->rows, &key);
        sequence++;
        if (rc == AURORA_OK)
            rc = next_event(step, &of, last, &sequence, &row);
    }
    if (rc != AURORA_OK)
        return rc;
    *is_left_out = row != NULL || last < key_row->events;
    return *is_left_out ? AURORA_OK : unpark(step, &of, at);
}

aurora_status aurora__redrive_drop_all(aurora__step *step, const aurora__parked_at *at,
                                       const aurora__parked_part *part)
{
    bool is_left = true;
    aurora_status rc = AURORA_OK;
    for (int i = 0; i < EVENTS_AT_ONCE && rc == AURORA_OK && is_left; i++)
        rc = aurora__redrive_drop_first(step, at, part, &is_left);
    if (rc == AURORA_OK && is_left)
        return aurora__step_refuse(step, AURORA_ECONFLICT, "order_id",
                                   "has more parked events than go at once: redrive them first");
    return rc == AURORA_ENOTFOUND ? AURORA_OK : rc;
}

aurora_status aurora__redrive_repair(aurora__step *step, const aurora__parked_at *at,
                                     aurora__parked_part *part, const aurora__event *repair)
{
    uint32_t taken;
    bool is_left;
    aurora_status failed;
    if (repair->action == AURORA_REPAIR_RETRY)
        return aurora__redrive_run(step, at, part, &taken, &failed);
    aurora_status rc = aurora__redrive_drop_first(step, at, part, &is_left);
    return rc == AURORA_OK ? aurora__cascade_deliver(step, repair, at->module) : rc;
}

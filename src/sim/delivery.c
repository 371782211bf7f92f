/* SPDX-License-Identifier: MIT */
/* Events from elsewhere: taken once, set aside while their key is parked, and run again when an
 * operator says so. */
#include "sim/world.h"

#include "codec/log.h"

#include <aurora/event.h>
#include <aurora/saga.h>

/* --- parked keys -------------------------------------------------------------------------- */

static aurora__key parked_key(uint32_t module, const aurora_id *order_id, char *id)
{
    aurora_id_format(*order_id, id);
    return aurora__key_texts(AURORA__TABLE_parked_key, aurora__module_name(module), id);
}

static aurora__key parked_event_key(const aurora__key *key, int64_t sequence)
{
    aurora__key event_key = *key;
    event_key.table = AURORA__TABLE_parked_event;
    event_key.count = 3;
    event_key.values[2] = (aurora_value){.kind = AURORA_COLUMN_INT64, .number = sequence};
    return event_key;
}

aurora_status aurora__sim_set_aside(const aurora__sim_turn *t, uint32_t module,
                                    const aurora__event *event)
{
    char id[AURORA_ID_TEXT_BYTES];
    aurora__parked_key_row *row;
    aurora__parked_event_row *parked;
    aurora__key key = parked_key(module, &event->order_id, id);
    aurora_status rc = aurora__rows_write(t->step->rows, &key, (void **)&row);
    if (rc == AURORA_OK && row == NULL) {
        rc = aurora__rows_insert(t->step->rows, &key, (void **)&row);
        if (rc == AURORA_OK)
            row->parked_at = t->step->now_ms;
    }
    if (rc != AURORA_OK)
        return rc;
    row->events++;
    row->version++;
    aurora__key event_key = parked_event_key(&key, row->events);
    rc = aurora__rows_insert(t->step->rows, &event_key, (void **)&parked);
    if (rc != AURORA_OK)
        return rc;
    parked->kind = event->kind;
    parked->format = AURORA__LOG_FORMAT;
    parked->at = t->step->now_ms;
    parked->body = aurora__event_encode(t->step->arena, event);
    t->service->parked_keys++;
    return AURORA_OK;
}

static aurora_status is_parked(const aurora__sim_turn *t, uint32_t module,
                               const aurora_id *order_id, bool *is_parked_out)
{
    char id[AURORA_ID_TEXT_BYTES];
    const void *row = NULL;
    aurora__key key = parked_key(module, order_id, id);
    aurora_status rc =
        t->service->parked_keys == 0 ? AURORA_OK : aurora__rows_read(t->step->rows, &key, &row);
    *is_parked_out = row != NULL;
    return rc;
}

/* --- delivery ----------------------------------------------------------------------------- */

static const aurora__sim_message *message_of(const aurora__sim_turn *t)
{
    const aurora__sim_feed *feed = t->command->feed;
    const aurora__sim_service *source = &t->service->world->services[feed->source];
    return &source->topics[feed->topic][feed->partition].items[t->command->offset];
}

/* Drawn from the message, not from the stream: each redelivery finds the same damage. */
static bool is_damaged(const aurora__sim_turn *t, const aurora__sim_message *message)
{
    aurora__sim_world *world = t->service->world;
    uint64_t word = (uint64_t)message->position * 0x9E3779B97F4A7C15u ^ world->request->seed ^
                    t->command->feed->module << 8 ^ t->command->feed->source;
    word = (word ^ (word >> 31)) * 0xBF58476D1CE4E5B9u;
    return !world->is_safe && (word >> 33) % 1000 < world->options.poison;
}

bool aurora__sim_is_known(const aurora__sim_turn *t)
{
    const aurora__watermark_row *mark;
    const aurora__key *key = &t->command->feed->watermark;
    aurora__rows_want(t->step->rows, key);
    aurora__sim_store_load(t->service);
    return aurora__rows_read(t->step->rows, key, (const void **)&mark) == AURORA_OK &&
           mark != NULL && message_of(t)->position <= mark->position;
}

/* Of the topics that it reads only the payment has no use for all of it. */
bool aurora__sim_is_for_module(const aurora__sim_turn *t)
{
    static const uint32_t kinds =
        1u << AURORA_EVENT_INVENTORY_RESERVED | 1u << AURORA_EVENT_ORDER_COMPLETED |
        1u << AURORA_EVENT_ORDER_FAILED | 1u << AURORA_EVENT_ORDER_CANCELLED |
        1u << AURORA_EVENT_ORDER_REPAIR;
    bool is_payment = 1u << t->command->feed->module == AURORA__MODULE_PAYMENT;
    return !is_payment || (kinds >> message_of(t)->kind & 1) != 0;
}

/* Moves the watermark; *is_new_out is false for what it has passed already. */
static aurora_status advance(const aurora__sim_turn *t, const aurora__sim_message *message,
                             bool *is_new_out)
{
    aurora__watermark_row *mark;
    const aurora__key *key = &t->command->feed->watermark;
    aurora_status rc = aurora__rows_write(t->step->rows, key, (void **)&mark);
    if (rc == AURORA_OK && mark == NULL)
        rc = aurora__rows_insert(t->step->rows, key, (void **)&mark);
    if (rc != AURORA_OK)
        return rc;
    *is_new_out =
        message->position > mark->position || t->command->is_twice || AURORA_PLANT(NO_DEDUPE);
    if (message->position > mark->position)
        mark->position = message->position;
    if (t->command->offset + 1 > mark->next_offset)
        mark->next_offset = t->command->offset + 1;
    mark->seen_at = t->step->now_ms;
    return AURORA_OK;
}

static aurora_status take_event(const aurora__sim_turn *t, const aurora__sim_message *message,
                                const aurora__event *event)
{
    uint32_t module = 1u << t->command->feed->module;
    bool is_aside;
    aurora__step *step = t->step;
    aurora_status rc = is_parked(t, module, &event->order_id, &is_aside);
    if (rc != AURORA_OK)
        return rc;
    bool is_injected = !is_aside && is_damaged(t, message);
    t->service->world->report->faults[AURORA__OPTION_poison] += is_injected;
    rc = aurora__cascade_receive(step, event, module, is_aside,
                                 is_injected ? AURORA_ECORRUPT : AURORA_OK);
    if (rc != AURORA_OK || step->parked_count == 0 || step->parked[0].event != event)
        return rc;
    aurora_status error = step->parked[0].error;
    if (error != AURORA_OK && !is_injected)
        aurora__sim_fail(t->service->world, AURORA__CHECK_I3, message->order,
                         "%s cannot take %s: status %d", aurora__module_name(module),
                         aurora_event_name(event->kind), (int)error);
    step->parked_count = 0;
    rc = aurora__sim_set_aside(t, module, event);
    return rc == AURORA_OK ? aurora__cascade_run(step, 0) : rc;
}

aurora_status aurora__sim_deliver(const aurora__sim_turn *t)
{
    const aurora__sim_message *message = message_of(t);
    aurora_status rc = advance(t, message, &t->command->is_new);
    if (rc != AURORA_OK || !t->command->is_new)
        return rc;
    return take_event(t, message, message->event);
}

/* The oldest parked event of a key again. With the last one the key is free. */
aurora_status aurora__sim_redrive(const aurora__sim_turn *t)
{
    char id[AURORA_ID_TEXT_BYTES];
    uint32_t module = (uint32_t)t->command->result;
    const aurora__parked_key_row *row;
    const aurora__parked_event_row *parked = NULL;
    aurora__key key = parked_key(module, &t->command->id, id);
    aurora__key event_key = key;
    aurora_status rc = aurora__rows_read(t->step->rows, &key, (const void **)&row);
    if (rc != AURORA_OK || row == NULL)
        return rc;
    for (int64_t i = 1; rc == AURORA_OK && i <= row->events; i++) { /* in one round */
        event_key = parked_event_key(&key, i);
        rc = aurora__rows_want(t->step->rows, &event_key);
    }
    for (int64_t i = 1; parked == NULL && i <= row->events; i++) {
        event_key = parked_event_key(&key, i);
        rc = aurora__rows_read(t->step->rows, &event_key, (const void **)&parked);
        if (rc != AURORA_OK)
            return rc;
    }
    if (parked == NULL)
        return AURORA_ECORE;
    aurora__event event;
    rc = aurora__event_decode(parked->body, (uint32_t)parked->format, t->step->arena, &event);
    if (rc == AURORA_OK)
        rc = aurora__cascade_deliver(t->step, &event, module);
    if (rc == AURORA_OK)
        rc = aurora__rows_delete(t->step->rows, &event_key);
    if (rc != AURORA_OK)
        return rc;
    rc = aurora__rows_read(t->step->rows, &key, (const void **)&row);
    t->command->is_new = rc == AURORA_OK && event_key.values[2].number < row->events;
    if (rc != AURORA_OK || t->command->is_new)
        return rc;
    rc = aurora__rows_delete(t->step->rows, &key);
    if (rc == AURORA_OK && module == AURORA__MODULE_ORDER)
        return aurora__order_flag_poison(t->step, &t->command->id, false);
    /* The events may all have been known or none of ours: only an answer unparks the order. */
    event.kind = AURORA_EVENT_ORDER_REPAIR;
    event.action = AURORA_REPAIR_RETRY;
    event.participant = module == AURORA__MODULE_INVENTORY ? AURORA_PARTICIPANT_INVENTORY
                                                           : AURORA_PARTICIPANT_PAYMENT;
    return rc != AURORA_OK ? rc : aurora__cascade_deliver(t->step, &event, module);
}

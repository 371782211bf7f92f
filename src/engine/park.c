/* SPDX-License-Identifier: MIT */
/* Parked keys: what a participant cannot take stands in parked_events, in order, until an operator
 * runs it again. */
#include "engine/internal.h"

#include "codec/log.h"

static aurora_status find_or_park(aurora__turn *turn, const aurora__key *key,
                                  aurora__parked_key_row **out)
{
    aurora_status rc = aurora__rows_write(turn->step.rows, key, (void **)out);
    if (rc != AURORA_OK || *out != NULL)
        return rc;
    rc = aurora__rows_insert(turn->step.rows, key, (void **)out);
    if (rc == AURORA_OK)
        (*out)->parked_at = turn->step.now_ms;
    return rc;
}

static aurora_status store_one(aurora__turn *turn, const aurora__parked *parked)
{
    char id[AURORA_ID_TEXT_BYTES];
    const char *consumer = aurora__module_name(parked->module);
    const char *error = parked->error == AURORA_OK ? "an earlier event of this key is parked"
                        : parked->error == AURORA__EILLEGAL ? "the event is illegal in this state"
                        : parked->error == AURORA__EORPHAN  ? "unknown_order"
                                                            : aurora_status_text(parked->error);
    aurora_id_format(parked->event->order_id, id);
    aurora__key key = aurora__key_texts(AURORA__TABLE_parked_key, consumer,
                                        parked->key != NULL          ? parked->key
                                        : parked->event->sku != NULL ? parked->event->sku
                                                                     : id);
    aurora__parked_key_row *row;
    aurora_status rc = find_or_park(turn, &key, &row);
    if (rc != AURORA_OK)
        return rc;
    row->events++;
    row->version++;
    if (row->error == NULL)
        row->error = error;
    aurora__key event_key = key;
    event_key.table = AURORA__TABLE_parked_event;
    event_key.count = 3;
    event_key.values[2] = (aurora_value){.kind = AURORA_COLUMN_INT64, .number = row->events};
    aurora__parked_event_row *event;
    rc = aurora__rows_assume_absent(turn->step.rows, &event_key);
    if (rc == AURORA_OK)
        rc = aurora__rows_insert(turn->step.rows, &event_key, (void **)&event);
    if (rc != AURORA_OK)
        return rc;
    event->kind = parked->event->kind;
    event->format = parked->body != NULL ? parked->format : AURORA__LOG_FORMAT;
    event->at = turn->step.now_ms;
    event->body =
        parked->body != NULL ? parked->body : aurora__event_encode(turn->step.arena, parked->event);
    event->error = error;
    return event->body == NULL ? AURORA_ENOMEM : AURORA_OK;
}

aurora_status aurora__park_store(aurora__turn *turn)
{
    aurora__engine *engine = turn->engine;
    for (uint32_t i = 0; i < turn->step.parked_count; i++) {
        aurora_status rc = store_one(turn, &turn->step.parked[i]);
        if (rc != AURORA_OK)
            return rc;
        aurora__counter_add(engine->counters.keys_parked,
                            turn->step.parked[i].error == AURORA_OK ? 0 : 1);
    }
    engine->parked_keys = 1;
    engine->is_parked_stale = true;
    return AURORA_OK;
}

aurora_status aurora__park_count(aurora__engine *engine, aurora_store_txn *txn)
{
    aurora__query_arena arena;
    aurora__parked_key_row row;
    uint32_t count = 0;
    aurora__range range = {.table = AURORA__TABLE_parked_key, .index = -1, .limit = 1};
    aurora__query_arena_init(&arena, engine->options.allocator);
    aurora_status rc = aurora__engine_scan(engine, txn, &range, &arena, &row, &count);
    aurora__query_arena_free(&arena);
    if (rc == AURORA_OK) {
        engine->parked_keys = count;
        engine->is_parked_stale = false;
    }
    return rc;
}

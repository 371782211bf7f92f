/* SPDX-License-Identifier: MIT */
#include "engine/message.h"

#include "codec/event_json.h"
#include "codec/log.h"
#include "codec/names.h"
#include "codec/time_text.h"
#include "engine/inbound.h"
#include "engine/trace.h"

#include <aurora/event.h>
#include <aurora/port/bus.h>

#include <stdio.h>
#include <string.h>

static const struct {
    uint32_t flag;
    int32_t topic;
} emitters[] = {
    {AURORA__MODULE_ORDER, AURORA_TOPIC_ORDERS},
    {AURORA__MODULE_INVENTORY, AURORA_TOPIC_INVENTORY},
    {AURORA__MODULE_PAYMENT, AURORA_TOPIC_PAYMENTS},
    {AURORA__MODULE_PRODUCT, AURORA_TOPIC_PRODUCTS},
};

int32_t aurora__message_topic(uint32_t modules, int32_t kind)
{
    uint32_t flag = aurora__event_flag(kind) & modules;
    if (kind == AURORA_EVENT_ORDER_UPDATED)
        return 0;
    for (size_t i = 0; i < sizeof emitters / sizeof emitters[0]; i++) {
        if (emitters[i].flag == flag)
            return kind == AURORA_EVENT_PRODUCT_VIEWED ? AURORA_TOPIC_VIEWS : emitters[i].topic;
    }
    return 0;
}

const char *aurora__message_key(aurora__arena *arena, const aurora__event *event)
{
    char id[AURORA_ID_TEXT_BYTES];
    if (event->sku != NULL)
        return aurora__arena_text(arena, event->sku);
    aurora_id_format(event->order_id, id);
    return aurora__arena_text(arena, id);
}

/* --- the outbox ------------------------------------------------------------------------------- */

static aurora_status fill(aurora__arena *arena, const aurora__event *event, int32_t topic,
                          aurora_store_outbox_row *out)
{
    char time[AURORA__TIME_TEXT_BYTES];
    char name[32];
    const char *trace = event->saga == NULL ? NULL : aurora__trace_clean(event->saga->traceparent);
    aurora__time_format(event->at_ms, time);
    snprintf(name, sizeof name, "%s.v1", aurora__topic_name(topic));
    out->at_ms = event->at_ms;
    out->aggregate_type = aurora__event_module(event->kind);
    out->aggregate_id = aurora__message_key(arena, event);
    out->type = aurora_event_name(event->kind);
    out->topic = aurora__arena_text(arena, name);
    out->time = aurora__arena_text(arena, time);
    out->traceparent = trace != NULL ? aurora__arena_text(arena, trace) : NULL;
    if (out->aggregate_id == NULL || out->topic == NULL || out->time == NULL ||
        (trace != NULL && out->traceparent == NULL))
        return AURORA_ENOMEM;
    return aurora__event_json(arena, event, &out->payload, NULL);
}

/* The events are taken out of the row, so that they are what the relay would have read. */
aurora_status aurora__outbox_write(aurora__engine *engine, aurora_store_txn *txn,
                                   const aurora_log_row *row)
{
    aurora__arena *arena = &engine->batch_blocks.arena;
    uint32_t modules = engine->options.policy.modules;
    aurora_log_row from = *row;
    aurora__log_reader reader;
    aurora__event event;
    int64_t offset;
    uint32_t count = 0;
    aurora_status rc = AURORA_OK;
    if (engine->store.outbox == NULL)
        return AURORA_OK;
    aurora_store_outbox_row *rows = aurora__arena_take(arena, row->count * sizeof *rows);
    if (rows == NULL)
        return AURORA_ENOMEM;
    from.position = 0;
    aurora__log_read(&reader, &from);
    while (rc == AURORA_OK && aurora__log_next(&reader, arena, &event, &offset)) {
        int32_t topic = aurora__message_topic(modules, event.kind);
        if (topic == 0)
            continue;
        rows[count] = (aurora_store_outbox_row){.offset = (uint32_t)offset};
        rc = fill(arena, &event, topic, &rows[count++]);
    }
    if (rc == AURORA_OK)
        rc = reader.status;
    if (rc != AURORA_OK || count == 0)
        return rc;
    return engine->store.outbox(engine->store.self, txn, rows, count);
}

/* SPDX-License-Identifier: MIT */
#include "api/event_page.h"

#include "codec/event_json.h"
#include "codec/log.h"
#include "codec/names.h"
#include "codec/result.h"
#include "engine/trace.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LOG_ROWS 16
#define LOG_BYTES ((size_t)1 << 20)

/* What a page is made of, in a query's arena. */
typedef struct {
    aurora__engine *engine;
    aurora_store_txn *txn;
    aurora__query_arena arena;
    aurora_event *events;
    uint32_t count;
    uint32_t limit;
    int64_t position;
} collection;

/* --- reading ---------------------------------------------------------------------------------- */

/* A kind of a later release has no text of ours; it is passed on with what every event has. */
static aurora_status render(aurora__arena *arena, const aurora__event *event, aurora_event *out)
{
    size_t length = 2;
    aurora_status rc = aurora__event_json(arena, event, &out->data, &length);
    if (rc == AURORA_EINVAL)
        out->data = "{}";
    else if (rc != AURORA_OK)
        return rc;
    out->data_len = (uint32_t)length;
    return AURORA_OK;
}

static const char *format(aurora__arena *arena, const char *prefix, const char *log_id,
                          int64_t position)
{
    char text[160];
    if (prefix == NULL)
        snprintf(text, sizeof text, "%s-%" PRId64, log_id, position);
    else
        snprintf(text, sizeof text, "/aurora/%s/%s", prefix, log_id);
    return aurora__arena_text(arena, text);
}

static aurora_status add(collection *all, const aurora__event *event, int64_t position,
                         const char *log_id)
{
    aurora__arena *arena = &all->arena.arena;
    aurora_event *out = &all->events[all->count];
    *out = (aurora_event){
        .size = sizeof *out,
        .kind = event->kind,
        .position = (uint64_t)position,
        .type_name = aurora_event_name(event->kind),
        .order_id = event->order_id,
        .sku = event->sku,
        .at_ms = event->at_ms,
        .is_resend = event->is_resend,
        .traceparent = event->saga == NULL ? NULL : aurora__trace_clean(event->saga->traceparent)};
    out->id = format(arena, NULL, log_id, position);
    out->source = format(arena, aurora__event_module(event->kind), log_id, position);
    if (out->id == NULL || out->source == NULL)
        return AURORA_ENOMEM;
    aurora_status rc = render(arena, event, out);
    if (rc != AURORA_OK)
        return rc;
    all->count++;
    all->position = position;
    return AURORA_OK;
}

static bool is_done(const collection *all)
{
    return all->count == all->limit || (all->count > 0 && aurora__query_arena_is_full(&all->arena));
}

static aurora_status add_row(collection *all, const aurora_log_row *row)
{
    aurora__log_reader reader;
    aurora__event event;
    aurora_id id;
    char log_id[AURORA_ID_TEXT_BYTES];
    int64_t position;
    aurora_status rc = aurora__engine_log_id(all->engine, all->txn, row->position, &id);
    aurora_id_format(id, log_id);
    aurora__log_read(&reader, row);
    while (rc == AURORA_OK && !is_done(all) &&
           aurora__log_next(&reader, &all->arena.arena, &event, &position)) {
        if (position > all->position)
            rc = add(all, &event, position, log_id);
    }
    return rc == AURORA_OK ? reader.status : rc;
}

static aurora_status collect(collection *all)
{
    const aurora_store *store = aurora__engine_store(all->engine);
    uint32_t count = 1;
    aurora_status rc = AURORA_OK;
    while (rc == AURORA_OK && count > 0 && !is_done(all)) {
        aurora_log_row rows[LOG_ROWS];
        aurora_arena_port port = aurora__arena_port(&all->arena.arena);
        rc = store->log_read(store->self, all->txn, all->position + 1, LOG_BYTES, rows, LOG_ROWS,
                             &count, &port);
        for (uint32_t i = 0; rc == AURORA_OK && i < count && !is_done(all); i++)
            rc = add_row(all, &rows[i]);
    }
    return rc;
}

/* --- the page --------------------------------------------------------------------------------- */

static bool copy_texts(aurora__arena *arena, aurora_event *event)
{
    event->id = aurora__arena_text(arena, event->id);
    event->source = aurora__arena_text(arena, event->source);
    event->data = aurora__arena_copy(arena, event->data, event->data_len);
    bool is_copied = event->id != NULL && event->source != NULL && event->data != NULL;
    if (event->sku != NULL)
        is_copied = (event->sku = aurora__arena_text(arena, event->sku)) != NULL && is_copied;
    if (event->traceparent != NULL)
        is_copied = (event->traceparent = aurora__arena_text(arena, event->traceparent)) != NULL &&
                    is_copied;
    return is_copied;
}

static aurora_status fill(aurora__arena *arena, const void *source)
{
    const collection *all = source;
    aurora_event_page *page = aurora__arena_take(arena, sizeof *page);
    const aurora_event **items = aurora__arena_take(arena, (all->count + 1) * sizeof *items);
    aurora_event *events = aurora__arena_take(arena, (all->count + 1) * sizeof *events);
    if (page == NULL || items == NULL || events == NULL)
        return AURORA_ENOMEM;
    for (uint32_t i = 0; i < all->count; i++) {
        events[i] = all->events[i];
        items[i] = &events[i];
        if (!copy_texts(arena, &events[i]))
            return AURORA_ENOMEM;
    }
    *page = (aurora_event_page){.size = sizeof *page,
                                .count = all->count,
                                .items = items,
                                .position = (uint64_t)all->position};
    return AURORA_OK;
}

static size_t guess(const collection *all)
{
    size_t bytes = sizeof(aurora_event_page) + 64;
    for (uint32_t i = 0; i < all->count; i++)
        bytes += sizeof(aurora_event) + sizeof(void *) + all->events[i].data_len + 16 +
                 aurora__result_text_bytes(all->events[i].id) +
                 aurora__result_text_bytes(all->events[i].source) +
                 aurora__result_text_bytes(all->events[i].sku) +
                 aurora__result_text_bytes(all->events[i].traceparent);
    return bytes;
}

aurora_status aurora__event_page(aurora__engine *engine, aurora_store_txn *txn, int64_t after,
                                 uint32_t limit, aurora_event_page **out)
{
    const aurora_allocator *allocator = aurora__engine_allocator(engine);
    collection all = {.engine = engine, .txn = txn, .limit = limit, .position = after};
    aurora__query_arena_init(&all.arena, allocator);
    all.events = aurora__arena_take(&all.arena.arena, limit * sizeof *all.events);
    aurora_status rc = all.events == NULL ? AURORA_ENOMEM : collect(&all);
    if (rc == AURORA_OK)
        rc = aurora__result_build(allocator, guess(&all), fill, &all, (void **)out);
    aurora__query_arena_free(&all.arena);
    return rc;
}

void aurora_event_page_free(aurora_event_page *page)
{
    aurora__result_free(page);
}

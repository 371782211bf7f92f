/* SPDX-License-Identifier: MIT */
/* I5: the log is dense, readable, and tells of rows that are there. I6: no cursor is ahead of it.
 * I7: parked events have their key, and keys their events. */
#include "engine/verify.h"

#include "codec/log.h"

#include <aurora/event.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LOG_ROWS 16
#define LOG_BYTES ((size_t)1 << 20)
#define KIND_NEEDED 3

/* --- events ----------------------------------------------------------------------------------- */

static bool is_about_an_order(const aurora__event *event)
{
    switch (event->kind) {
    case AURORA_EVENT_ORDER_CREATED:
    case AURORA_EVENT_ORDER_COMPLETED:
    case AURORA_EVENT_ORDER_FAILED:
    case AURORA_EVENT_ORDER_UPDATED:
        return true;
    case AURORA_EVENT_ORDER_CANCELLED:
        return event->reason != AURORA_REASON_UNKNOWN_ORDER;
    default:
        return false;
    }
}

static void check_event(aurora__verify *verify, const aurora__event *event, int64_t position)
{
    aurora__query_arena arena;
    aurora__order_row row;
    aurora__key key = aurora__key_uuid(AURORA__TABLE_order, &event->order_id);
    char message[120];
    aurora__query_arena_init(&arena, aurora__engine_allocator(verify->engine));
    aurora_status rc = aurora__engine_load(verify->engine, verify->txn, &key, &arena, &row);
    aurora__query_arena_free(&arena);
    if (rc == AURORA_ENOTFOUND || (rc == AURORA_OK && row.version < event->order_version)) {
        snprintf(message, sizeof message, "event %" PRId64 " tells of version %" PRId64 ", %s",
                 position, event->order_version,
                 rc == AURORA_OK ? "the order is older" : "there is no such order");
        aurora__verify_order_violation(verify, "I5", &event->order_id, message);
    } else if (rc != AURORA_OK && rc != AURORA_ECORRUPT) {
        verify->status = rc;
    }
}

static void check_row(aurora__verify *verify, const aurora_log_row *row, aurora__arena *arena)
{
    bool has_orders = (aurora__engine_policy(verify->engine)->modules & AURORA__MODULE_ORDER) != 0;
    aurora__log_reader reader;
    aurora__event event;
    int64_t position;
    uint32_t count = 0;
    char subject[32];
    aurora__log_read(&reader, row);
    while (verify->status == AURORA_OK && aurora__log_next(&reader, arena, &event, &position)) {
        count++;
        if (has_orders && is_about_an_order(&event))
            check_event(verify, &event, position);
    }
    verify->event_count += count;
    if (verify->status == AURORA_OK && reader.status == AURORA_ENOMEM)
        verify->status = AURORA_ENOMEM;
    if (verify->status != AURORA_OK)
        return;
    snprintf(subject, sizeof subject, "%" PRId64, row->position);
    if (reader.status != AURORA_OK)
        aurora__verify_violation(verify, "I5", subject, "the log row at this position is damaged");
    else if (count != row->count)
        aurora__verify_violation(verify, "I5", subject, "the row has %u events, its count is %u",
                                 count, row->count);
}

static void check_rows(aurora__verify *verify, const aurora_log_bounds *bounds)
{
    const aurora_store *store = aurora__engine_store(verify->engine);
    int64_t expected = bounds->first;
    uint32_t count = 1;
    while (verify->status == AURORA_OK && count > 0) {
        aurora__query_arena arena;
        aurora_log_row rows[LOG_ROWS];
        aurora__query_arena_init(&arena, aurora__engine_allocator(verify->engine));
        aurora_arena_port port = aurora__arena_port(&arena.arena);
        verify->status = store->log_read(store->self, verify->txn, expected, LOG_BYTES, rows,
                                         LOG_ROWS, &count, &port);
        for (uint32_t i = 0; verify->status == AURORA_OK && i < count; i++) {
            if (rows[i].position != expected) {
                char subject[32];
                snprintf(subject, sizeof subject, "%" PRId64, expected);
                aurora__verify_violation(verify, "I5", subject, "the log goes on at %" PRId64,
                                         rows[i].position);
            }
            check_row(verify, &rows[i], &arena.arena);
            expected = rows[i].position + rows[i].count;
        }
        aurora__query_arena_free(&arena);
    }
    if (verify->status == AURORA_OK && expected != bounds->head + 1)
        aurora__verify_violation(verify, "I5", "log_head",
                                 "is %" PRId64 ", the last event is %" PRId64, bounds->head,
                                 expected - 1);
}

/* --- cursors and epochs ----------------------------------------------------------------------- */

static void check_cursors(aurora__verify *verify, const aurora_log_bounds *bounds)
{
    aurora__verify_stream stream;
    const aurora__cursor_row *row;
    aurora__verify_stream_begin(&stream, verify, AURORA__TABLE_cursor, 0);
    while ((row = aurora__verify_stream_next(&stream)) != NULL) {
        if (row->position > bounds->head)
            aurora__verify_violation(verify, "I6", row->name,
                                     "stands at %" PRId64 ", the log ends at %" PRId64,
                                     row->position, bounds->head);
        else if (row->kind == KIND_NEEDED && strcmp(row->name, "notification") != 0 &&
                 row->position < bounds->head)
            aurora__verify_in_progress(verify, row->name, "has not read all events");
        if (row->kind == KIND_NEEDED && row->position + 1 < bounds->first)
            aurora__verify_violation(verify, "I5", row->name,
                                     "stands at %" PRId64 ", the log begins at %" PRId64,
                                     row->position, bounds->first);
    }
    aurora__verify_stream_end(&stream);
}

static void check_epochs(aurora__verify *verify, const aurora_log_bounds *bounds)
{
    aurora__verify_stream stream;
    const aurora__log_epoch_row *row;
    int64_t first = -1;
    int64_t last = 0;
    aurora__verify_stream_begin(&stream, verify, AURORA__TABLE_log_epoch, 0);
    while ((row = aurora__verify_stream_next(&stream)) != NULL) {
        first = first < 0 ? row->first_position : first;
        last = row->first_position;
    }
    aurora__verify_stream_end(&stream);
    if (verify->status != AURORA_OK)
        return;
    if (first < 0 || first > bounds->first)
        aurora__verify_violation(verify, "I5", "log_epochs", "the oldest events are in none");
    if (last > bounds->head + 1)
        aurora__verify_violation(verify, "I5", "log_epochs",
                                 "one begins at %" PRId64 ", the log ends at %" PRId64, last,
                                 bounds->head);
}

void aurora__verify_log(aurora__verify *verify)
{
    const aurora_store *store = aurora__engine_store(verify->engine);
    aurora_log_bounds bounds;
    verify->status = store->log_bounds(store->self, verify->txn, &bounds);
    if (verify->status == AURORA_OK)
        check_rows(verify, &bounds);
    if (verify->status == AURORA_OK)
        check_cursors(verify, &bounds);
    if (verify->status == AURORA_OK)
        check_epochs(verify, &bounds);
}

/* --- parked keys ------------------------------------------------------------------------------ */

static bool is_of(const aurora__parked_key_row *key, const aurora__parked_event_row *event)
{
    return key != NULL && event != NULL && strcmp(key->consumer, event->consumer) == 0 &&
           strcmp(key->key_text, event->key_text) == 0;
}

static bool is_before(const aurora__parked_key_row *key, const aurora__parked_event_row *event)
{
    int order = strcmp(key->consumer, event->consumer);
    return order != 0 ? order < 0 : strcmp(key->key_text, event->key_text) < 0;
}

static void check_key(aurora__verify *verify, const aurora__parked_key_row *key, uint32_t events)
{
    if (events == 0)
        aurora__verify_violation(verify, "I7", key->key_text, "%s has it parked without an event",
                                 key->consumer);
}

/* Both tables are in the order of (consumer, key). */
void aurora__verify_parked(aurora__verify *verify)
{
    aurora__verify_stream keys;
    aurora__verify_stream events;
    uint32_t count = 0;
    aurora__verify_stream_begin(&keys, verify, AURORA__TABLE_parked_key, 0);
    aurora__verify_stream_begin(&events, verify, AURORA__TABLE_parked_event, 0);
    const aurora__parked_key_row *key = aurora__verify_stream_next(&keys);
    const aurora__parked_event_row *event = aurora__verify_stream_next(&events);
    while (verify->status == AURORA_OK && (key != NULL || event != NULL)) {
        if (is_of(key, event)) {
            count++;
            event = aurora__verify_stream_next(&events);
        } else if (key != NULL && (event == NULL || is_before(key, event))) {
            check_key(verify, key, count);
            count = 0;
            key = aurora__verify_stream_next(&keys);
        } else {
            aurora__verify_violation(verify, "I7", event->key_text,
                                     "%s has event %" PRId64 " parked without its key",
                                     event->consumer, event->sequence);
            event = aurora__verify_stream_next(&events);
        }
    }
    aurora__verify_stream_end(&keys);
    aurora__verify_stream_end(&events);
}

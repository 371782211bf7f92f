/* SPDX-License-Identifier: MIT */
/* From rows of the log to messages: CloudEvents 1.0 in binary mode, the headers apart from the
 * data. What is not published is passed over; a row that cannot be read is counted, logged and sent
 * to the dead letters, and what follows it goes out: resends of the orders and `products resync`
 * repeat what it told. */
#include "codec/event_json.h"
#include "codec/log.h"
#include "codec/names.h"
#include "codec/time_text.h"
#include "engine/message.h"
#include "engine/relay.h"

#include <aurora/event.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ROWS_AT_ONCE 64
#define BYTES_AT_ONCE ((size_t)1 << 20)
#define EPOCHS_AT_ONCE 64
#define HEADERS 9

typedef struct {
    aurora__bus *bus;
    aurora__relay_page *page;
    aurora__log_epoch_row epochs[EPOCHS_AT_ONCE]; /* the newest first */
    uint32_t epoch_count;
    uint32_t capacity;
} reading;

/* --- one event -------------------------------------------------------------------------------- */

/* The log's id that a position lies in. */
static const aurora_id *log_id_at(const reading *from, int64_t position)
{
    static const aurora_id none = {{0}};
    for (uint32_t i = 0; i < from->epoch_count; i++) {
        if (from->epochs[i].first_position <= position)
            return &from->epochs[i].log_id;
    }
    return &none;
}

static const char *print(aurora__arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static const char *print(aurora__arena *arena, const char *format, ...)
{
    char text[160];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return aurora__arena_text(arena, text);
}

/* The context under which the event is read. */
static aurora_status write_trace(const reading *from, const aurora__event *event,
                                 const aurora_bus_message *message, const char **out)
{
    const aurora__relay_span what = {.position = message->position,
                                     .log_id = *log_id_at(from, message->position),
                                     .order_id = event->order_id,
                                     .at_ms = event->at_ms,
                                     .kind = event->kind,
                                     .topic = message->topic,
                                     .is_resend = event->is_resend};
    const char *stored = event->saga == NULL ? NULL : event->saga->traceparent;
    return aurora__relay_trace(from->bus, from->page, &what, stored, out);
}

static aurora_status write_headers(const reading *from, const aurora__event *event,
                                   int64_t position, aurora_bus_message *message)
{
    aurora__arena *arena = &from->page->arena.arena;
    char log_id[AURORA_ID_TEXT_BYTES];
    char time[AURORA__TIME_TEXT_BYTES];
    aurora_bus_header *headers = aurora__arena_take(arena, HEADERS * sizeof *headers);
    const char *traceparent;
    if (headers == NULL || write_trace(from, event, message, &traceparent) != AURORA_OK)
        return AURORA_ENOMEM;
    aurora_id_format(*log_id_at(from, position), log_id);
    aurora__time_format(event->at_ms, time);
    const aurora_bus_header all[HEADERS] = {
        {"ce_specversion", "1.0"},
        {"ce_id", print(arena, "%s-%lld", log_id, (long long)position)},
        {"ce_source", print(arena, "/aurora/%s/%s", aurora__event_module(event->kind), log_id)},
        {"ce_type", aurora_event_name(event->kind)},
        {"ce_sequence", print(arena, "%lld", (long long)position)},
        {"ce_time", aurora__arena_text(arena, time)},
        {"ce_subject", message->key},
        {"content-type", "application/json"},
        {"traceparent", traceparent},
    };
    for (size_t i = 0; i < HEADERS; i++) {
        if (all[i].value == NULL && i != HEADERS - 1)
            return AURORA_ENOMEM;
        headers[i] = all[i];
    }
    message->headers = headers;
    message->header_count = traceparent == NULL ? HEADERS - 1 : HEADERS;
    return AURORA_OK;
}

static aurora_status make_message(const reading *from, const aurora__event *event, int64_t position,
                                  int32_t topic, aurora_bus_message *out)
{
    aurora__arena *arena = &from->page->arena.arena;
    const char *data;
    size_t length;
    aurora_status rc = aurora__event_json(arena, event, &data, &length);
    if (rc != AURORA_OK)
        return rc;
    *out = (aurora_bus_message){.topic = topic,
                                .key = aurora__message_key(arena, event),
                                .data = data,
                                .data_len = (uint32_t)length,
                                .position = position,
                                .at_ms = event->at_ms};
    if (out->key == NULL)
        return AURORA_ENOMEM;
    out->key_len = (uint32_t)strlen(out->key);
    return write_headers(from, event, position, out);
}

static aurora_bus_message *add(reading *from)
{
    aurora__relay_page *page = from->page;
    if (page->count == from->capacity) {
        uint32_t capacity = from->capacity == 0 ? 64 : from->capacity * 2;
        aurora_bus_message *messages =
            aurora__arena_take(&page->arena.arena, capacity * sizeof *messages);
        if (messages == NULL)
            return NULL;
        if (page->count > 0)
            memcpy(messages, page->messages, page->count * sizeof *messages);
        page->messages = messages;
        from->capacity = capacity;
    }
    return &page->messages[page->count++];
}

/* --- rows ------------------------------------------------------------------------------------- */

/* The events of a row behind `position`. AURORA_ECORRUPT for one that is damaged anywhere: then
 * none of it counts. */
static aurora_status read_row(reading *from, const aurora_log_row *row, int64_t position)
{
    aurora__log_reader reader;
    aurora__event event;
    int64_t at;
    uint32_t before = from->page->count;
    uint32_t spans_before = from->page->span_count;
    aurora_status rc = AURORA_OK;
    aurora__log_read(&reader, row);
    while (rc == AURORA_OK && aurora__log_next(&reader, &from->page->arena.arena, &event, &at)) {
        int32_t topic = at > position ? aurora__message_topic(from->bus->emitted, event.kind) : 0;
        aurora_bus_message *message = topic == 0 ? NULL : add(from);
        if (topic != 0)
            rc = message == NULL ? AURORA_ENOMEM : make_message(from, &event, at, topic, message);
    }
    if (rc == AURORA_OK)
        rc = reader.status;
    if (rc != AURORA_OK) {
        from->page->count = before;
        from->page->span_count = spans_before;
    }
    return rc;
}

static void say_damaged(aurora__bus *bus, const aurora_log_row *row)
{
    aurora__counter_add(aurora__engine_counters(bus->engine)->relay_damaged, 1);
    aurora__engine_log(
        bus->engine, AURORA_LOG_ERROR, "relay",
        "the log row of the positions %lld to %lld is damaged and was not published; "
        "a copy goes to the dead letters",
        (long long)row->position, (long long)(row->position + row->count - 1));
    aurora__letter_push_row(bus, row);
}

/* A log whose format is of a later release waits for that release. */
static aurora_status read_rows(reading *from, const aurora_log_row *rows, uint32_t count,
                               int64_t position)
{
    aurora__relay_page *page = from->page;
    for (uint32_t i = 0; i < count && page->count < AURORA__RELAY_MESSAGES_MAX; i++) {
        aurora_status rc = read_row(from, &rows[i], position);
        if (rc == AURORA_ECORRUPT || rc == AURORA_EINVAL)
            say_damaged(from->bus, &rows[i]);
        else if (rc != AURORA_OK)
            return page->last > position ? AURORA_OK : rc;
        if (page->oldest_ms == 0)
            page->oldest_ms = rows[i].at_ms;
        page->last = rows[i].position + rows[i].count - 1;
    }
    return AURORA_OK;
}

static aurora_status read_epochs(reading *from, aurora_store_txn *txn)
{
    aurora__range range = {.table = AURORA__TABLE_log_epoch,
                           .index = -1,
                           .flags = AURORA_SCAN_DESCENDING,
                           .limit = EPOCHS_AT_ONCE};
    return aurora__engine_scan(from->bus->engine, txn, &range, &from->page->arena, from->epochs,
                               &from->epoch_count);
}

static aurora_status read_log(reading *from, aurora_store_txn *txn, int64_t position)
{
    aurora_log_row rows[ROWS_AT_ONCE];
    aurora_log_bounds bounds;
    uint32_t count = 0;
    const aurora_store *store = aurora__engine_store(from->bus->engine);
    aurora_status rc = store->log_bounds(store->self, txn, &bounds);
    if (rc != AURORA_OK)
        return rc;
    from->page->head = bounds.head;
    if (bounds.head <= position)
        return AURORA_OK;
    if (position + 1 < bounds.first)
        aurora__engine_log(from->bus->engine, AURORA_LOG_ERROR, "relay",
                           "events %lld to %lld left the log before they were published",
                           (long long)position + 1, (long long)bounds.first - 1);
    int64_t first = position + 1 < bounds.first ? bounds.first : position + 1;
    aurora_arena_port port = aurora__arena_port(&from->page->arena.arena);
    rc = store->log_read(store->self, txn, first, BYTES_AT_ONCE, rows, ROWS_AT_ONCE, &count, &port);
    if (rc == AURORA_OK)
        rc = read_epochs(from, txn);
    return rc == AURORA_OK ? read_rows(from, rows, count, position) : rc;
}

aurora_status aurora__relay_read(aurora__bus *bus, int64_t position, aurora__relay_page *page)
{
    aurora_store_txn *txn;
    reading from = {.bus = bus, .page = page};
    *page = (aurora__relay_page){.last = position, .head = position};
    aurora__query_arena_init(&page->arena, bus->allocator);
    aurora_status rc = aurora__engine_read_begin(bus->engine, &txn);
    if (rc != AURORA_OK)
        return rc;
    rc = read_log(&from, txn, position);
    aurora__engine_read_end(bus->engine, txn);
    return rc;
}

void aurora__relay_page_free(aurora__relay_page *page)
{
    aurora__query_arena_free(&page->arena);
    page->count = 0;
    page->sent = 0;
}

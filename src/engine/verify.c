/* SPDX-License-Identifier: MIT */
#include "engine/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PAGE_ROWS 128

/* --- what was found --------------------------------------------------------------------------- */

static void add(aurora__verify *verify, const char *invariant, const char *subject,
                const char *message)
{
    verify->violation_count++;
    if (verify->count == AURORA__VIOLATIONS_MAX)
        return;
    aurora_violation *out = &verify->items[verify->count];
    *out = (aurora_violation){.size = sizeof *out,
                              .invariant = invariant,
                              .subject = aurora__arena_text(&verify->arena.arena, subject),
                              .message = aurora__arena_text(&verify->arena.arena, message)};
    if (out->subject == NULL || out->message == NULL)
        verify->status = AURORA_ENOMEM;
    else
        verify->count++;
}

void aurora__verify_violation(aurora__verify *verify, const char *invariant, const char *subject,
                              const char *format, ...)
{
    char message[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    add(verify, invariant, subject, message);
}

void aurora__verify_order_violation(aurora__verify *verify, const char *invariant,
                                    const aurora_id *order_id, const char *message)
{
    char id[AURORA_ID_TEXT_BYTES];
    aurora_id_format(*order_id, id);
    add(verify, invariant, id, message);
}

void aurora__verify_in_progress(aurora__verify *verify, const char *subject, const char *message)
{
    if (verify->is_at_rest)
        add(verify, "I3", subject, message);
    else
        verify->in_progress++;
}

/* --- streams ---------------------------------------------------------------------------------- */

void aurora__verify_stream_of(aurora__verify_stream *stream, aurora__verify *verify,
                              aurora__engine *engine, aurora_store_txn *txn, uint32_t table,
                              uint64_t columns)
{
    *stream = (aurora__verify_stream){.verify = verify,
                                      .engine = engine,
                                      .txn = txn,
                                      .table = &aurora__tables[table],
                                      .columns = columns};
    aurora__query_arena_init(&stream->pages[0], aurora__engine_allocator(engine));
    aurora__query_arena_init(&stream->pages[1], aurora__engine_allocator(engine));
}

void aurora__verify_stream_begin(aurora__verify_stream *stream, aurora__verify *verify,
                                 uint32_t table, uint64_t columns)
{
    aurora__verify_stream_of(stream, verify, verify->engine, verify->txn, table, columns);
}

void aurora__verify_stream_end(aurora__verify_stream *stream)
{
    aurora__query_arena_free(&stream->pages[0]);
    aurora__query_arena_free(&stream->pages[1]);
}

/* The last row of the page before bounds the next one, so its page is freed after the scan. */
static aurora_status read_page(aurora__verify_stream *stream)
{
    const aurora_table *table = &stream->table->table;
    const aurora_store *store = aurora__engine_store(stream->engine);
    uint32_t next = stream->page ^ 1;
    aurora__query_arena *arena = &stream->pages[next];
    aurora_value *values =
        aurora__arena_take(&arena->arena, (size_t)PAGE_ROWS * table->column_count * sizeof *values);
    if (values == NULL)
        return AURORA_ENOMEM;
    aurora_store_scan scan = {.table = table,
                              .index = -1,
                              .flags = AURORA_SCAN_LOWER_OPEN,
                              .columns = stream->columns,
                              .limit = PAGE_ROWS,
                              .values_out = values};
    if (stream->has_begun) {
        scan.lower = stream->values + (size_t)(stream->count - 1) * table->column_count;
        scan.lower_count = table->key_count;
    }
    aurora_arena_port port = aurora__arena_port(&arena->arena);
    aurora_status rc = store->scan(store->self, stream->txn, &scan, &port);
    if (rc != AURORA_OK)
        return rc;
    aurora__query_arena_free(&stream->pages[stream->page]);
    aurora__query_arena_init(&stream->pages[stream->page],
                             aurora__engine_allocator(stream->engine));
    stream->page = next;
    stream->values = values;
    stream->count = scan.row_count_out;
    stream->at = 0;
    stream->has_begun = true;
    stream->is_done = scan.row_count_out < PAGE_ROWS;
    return AURORA_OK;
}

static void damaged(aurora__verify_stream *stream, const aurora_value *values)
{
    char subject[AURORA_ID_TEXT_BYTES] = "?";
    if (values[0].kind == AURORA_COLUMN_UUID && values[0].length == 16) {
        aurora_id id;
        memcpy(id.bytes, values[0].bytes, 16);
        aurora_id_format(id, subject);
    }
    aurora__verify_violation(stream->verify, "I5", subject, "a row of %s is damaged",
                             stream->table->table.name);
}

const void *aurora__verify_stream_next(aurora__verify_stream *stream)
{
    uint64_t columns = stream->columns == 0 ? UINT64_MAX : stream->columns;
    while (stream->verify->status == AURORA_OK) {
        if (stream->at == stream->count) {
            if (stream->is_done)
                return NULL;
            stream->verify->status = read_page(stream);
            continue;
        }
        const aurora_value *values =
            stream->values + (size_t)stream->at++ * stream->table->table.column_count;
        if (aurora__table_unpack_some(stream->table, values, columns, stream->row) == AURORA_OK)
            return stream->row;
        damaged(stream, values);
    }
    return NULL;
}

/* --- the whole -------------------------------------------------------------------------------- */

aurora_status aurora__verify_init(aurora__verify *verify, const aurora_allocator *allocator,
                                  uint32_t flags)
{
    *verify = (aurora__verify){.is_at_rest = (flags & AURORA_VERIFY_AT_REST) != 0};
    aurora__query_arena_init(&verify->arena, allocator);
    verify->items =
        aurora__arena_take(&verify->arena.arena, AURORA__VIOLATIONS_MAX * sizeof *verify->items);
    return verify->items == NULL ? AURORA_ENOMEM : AURORA_OK;
}

aurora_status aurora__verify_run(aurora__verify *verify, aurora__engine *engine,
                                 const aurora_search_port *search)
{
    static void (*const parts[])(aurora__verify *) = {aurora__verify_stock, aurora__verify_orders,
                                                      aurora__verify_log, aurora__verify_parked,
                                                      aurora__verify_search};
    verify->engine = engine;
    verify->search = search;
    verify->now_ms = aurora__engine_wall_ms(engine);
    verify->status = aurora__engine_read_begin(engine, &verify->txn);
    if (verify->status != AURORA_OK)
        return verify->status;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (verify->status == AURORA_OK)
            parts[i](verify);
    }
    aurora__engine_read_end(engine, verify->txn);
    return verify->status;
}

void aurora__verify_deinit(aurora__verify *verify)
{
    aurora__query_arena_free(&verify->arena);
}

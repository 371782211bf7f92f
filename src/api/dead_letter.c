/* SPDX-License-Identifier: MIT */
/* Dead letters: events that could not be taken, with those that queue behind them. */
#include "api/check.h"
#include "api/cursor.h"
#include "api/handle.h"
#include "api/refuse.h"
#include "codec/event_json.h"
#include "codec/log.h"
#include "codec/names.h"
#include "codec/result.h"

#include <aurora/event.h>
#include <aurora/saga.h>

#include <stdio.h>
#include <string.h>

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 1000

typedef struct {
    aurora__engine *engine;
    aurora__query_arena arena;
    const char *consumer;
    uint32_t limit;
    aurora__parked_event_row *rows; /* limit + 1 */
    const char **data;              /* rendered, or the body as it stands */
    uint32_t count;
    char next_cursor[AURORA__CURSOR_TEXT_BYTES];
} listing;

/* --- reading ---------------------------------------------------------------------------------- */

static aurora_status scan(listing *list, const aurora__cursor *at)
{
    aurora_store_txn *txn;
    aurora_value consumer = {.kind = AURORA_COLUMN_TEXT,
                             .bytes = list->consumer,
                             .length =
                                 list->consumer == NULL ? 0 : (uint32_t)strlen(list->consumer)};
    aurora__range range = {.table = AURORA__TABLE_parked_event,
                           .index = -1,
                           .flags = at->key_count > 0 ? AURORA_SCAN_LOWER_OPEN : 0,
                           .lower = at->key_count > 0 ? at->key : &consumer,
                           .lower_count = at->key_count > 0        ? at->key_count
                                          : list->consumer == NULL ? 0
                                                                   : 1,
                           .upper = &consumer,
                           .upper_count = list->consumer == NULL ? 0 : 1,
                           .limit = list->limit + 1};
    list->rows = aurora__arena_take(&list->arena.arena, range.limit * sizeof *list->rows);
    list->data = aurora__arena_take(&list->arena.arena, range.limit * sizeof *list->data);
    if (list->rows == NULL || list->data == NULL)
        return AURORA_ENOMEM;
    aurora_status rc = aurora__engine_read_begin(list->engine, &txn);
    if (rc != AURORA_OK)
        return rc;
    rc = aurora__engine_scan(list->engine, txn, &range, &list->arena, list->rows, &list->count);
    aurora__engine_read_end(list->engine, txn);
    return rc;
}

static aurora_status render(listing *list, uint32_t i)
{
    aurora__event event;
    aurora__arena *arena = &list->arena.arena;
    const aurora__parked_event_row *row = &list->rows[i];
    aurora_status rc = aurora__event_decode(row->body, (uint32_t)row->format, arena, &event);
    if (rc == AURORA_OK)
        rc = aurora__event_json(arena, &event, &list->data[i], NULL);
    if (rc != AURORA_OK)
        list->data[i] = row->body;
    return rc == AURORA_ENOMEM ? rc : AURORA_OK;
}

static aurora_status collect(listing *list, const aurora__cursor *at, uint64_t filter)
{
    aurora_status rc = scan(list, at);
    bool has_more = list->count > list->limit;
    if (has_more)
        list->count = list->limit;
    for (uint32_t i = 0; rc == AURORA_OK && i < list->count; i++)
        rc = render(list, i);
    if (rc != AURORA_OK || !has_more)
        return rc;
    aurora_value values[16];
    aurora__table_pack(&aurora__tables[AURORA__TABLE_parked_event], &list->rows[list->count - 1],
                       values);
    aurora__cursor_write("dead_letters", filter, values, 3, list->next_cursor);
    return AURORA_OK;
}

/* --- the page --------------------------------------------------------------------------------- */

static aurora_status fill_one(aurora__arena *arena, const aurora__parked_event_row *row,
                              const char *data, aurora_dead_letter *out)
{
    char id[AURORA_KEY_BYTES_MAX + 32];
    char source[64];
    snprintf(id, sizeof id, "%s/%lld", row->key_text, (long long)row->sequence);
    snprintf(source, sizeof source, "/aurora/%s", aurora__event_module((int32_t)row->kind));
    *out = (aurora_dead_letter){
        .size = sizeof *out,
        .event_kind = (int32_t)row->kind,
        .consumer = aurora__arena_text(arena, row->consumer),
        .key = aurora__arena_text(arena, row->key_text),
        .event_id = aurora__arena_text(arena, id),
        .source = aurora__arena_text(arena, source),
        .position = (uint64_t)row->sequence,
        .reason = aurora__arena_text(arena, row->error == NULL ? "poison" : row->error),
        .attempts = 1,
        .data_len = (uint32_t)strlen(data),
        .data = aurora__arena_text(arena, data),
        .parked_at_ms = row->at};
    bool is_copied = out->consumer != NULL && out->key != NULL && out->event_id != NULL &&
                     out->source != NULL && out->reason != NULL && out->data != NULL;
    return is_copied ? AURORA_OK : AURORA_ENOMEM;
}

static aurora_status fill(aurora__arena *arena, const void *from)
{
    const listing *list = from;
    aurora_dead_letter_page *page = aurora__arena_zero(arena, sizeof *page);
    const aurora_dead_letter **items = aurora__arena_take(arena, (list->count + 1) * sizeof *items);
    aurora_dead_letter *letters = aurora__arena_take(arena, (list->count + 1) * sizeof *letters);
    if (page == NULL || items == NULL || letters == NULL)
        return AURORA_ENOMEM;
    page->size = sizeof *page;
    page->count = list->count;
    page->items = items;
    for (uint32_t i = 0; i < list->count; i++) {
        aurora_status rc = fill_one(arena, &list->rows[i], list->data[i], &letters[i]);
        if (rc != AURORA_OK)
            return rc;
        items[i] = &letters[i];
    }
    if (list->next_cursor[0] != '\0') {
        page->next_cursor = aurora__arena_text(arena, list->next_cursor);
        if (page->next_cursor == NULL)
            return AURORA_ENOMEM;
    }
    return AURORA_OK;
}

aurora_status aurora_dead_letter_list(aurora_t *shop, const char *consumer, const char *cursor,
                                      uint32_t limit, aurora_dead_letter_page **out,
                                      aurora_error *err)
{
    listing list = {.consumer = consumer, .limit = limit == 0 ? LIMIT_DEFAULT : limit};
    aurora__cursor at;
    if (out == NULL)
        return aurora__refuse(err, AURORA_EINVAL, "out", "is required");
    *out = NULL;
    aurora_status rc =
        aurora__check_text(err, "consumer", consumer, 1, AURORA_TEXT_BYTES_MAX, false);
    if (rc == AURORA_OK)
        rc = aurora__check_range(err, "limit", limit, 0, LIMIT_MAX);
    uint64_t filter = aurora__cursor_hash_text(AURORA__CURSOR_NO_FILTER, consumer);
    if (rc == AURORA_OK)
        rc = aurora__cursor_read(cursor, "dead_letters", filter, &at, err);
    if (rc == AURORA_OK)
        rc = aurora__refuse_plain(err, aurora__handle_enter_query(shop));
    if (rc != AURORA_OK)
        return rc;
    list.engine = shop->engine;
    aurora__query_arena_init(&list.arena, &shop->allocator);
    rc = collect(&list, &at, filter);
    if (rc == AURORA_OK)
        rc = aurora__result_build(&shop->allocator, 256 + list.count * 1024u, fill, &list,
                                  (void **)out);
    aurora__query_arena_free(&list.arena);
    aurora__handle_leave(shop);
    return aurora__refuse_plain(err, rc);
}

void aurora_dead_letter_page_free(aurora_dead_letter_page *page)
{
    aurora__result_free(page);
}

/* SPDX-License-Identifier: MIT */
/* The list of notifications, newest order first: ids grow with time, so the primary key is the
 * order of the list and a page reads slices of it downwards. */
#include <aurora/notification.h>

#include "api/check.h"
#include "api/cursor.h"
#include "api/handle.h"
#include "api/refuse.h"
#include "codec/log.h"
#include "codec/result.h"
#include "core/notification.h"

#include <string.h>

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 1000
#define SLICE_ROWS 512

typedef struct {
    aurora__engine *engine;
    aurora_store_txn *txn;
    aurora__query_arena arena; /* of what is kept */
    int32_t state;
    uint32_t limit;
    aurora_id order_id; /* of the last row that was looked at, with its kind */
    int64_t kind;
    bool has_bound;
    bool has_next;
    aurora_notification *found; /* limit */
    uint32_t count;
    char next_cursor[AURORA__CURSOR_TEXT_BYTES];
} listing;

static void write_bound(const listing *list, aurora_value values_out[2])
{
    values_out[0] =
        (aurora_value){.kind = AURORA_COLUMN_UUID, .length = 16, .bytes = &list->order_id};
    values_out[1] = (aurora_value){.kind = AURORA_COLUMN_INT64, .number = list->kind};
}

static aurora_status keep_text(listing *list, const char *text, const char **out)
{
    *out = aurora__arena_text(&list->arena.arena, text);
    return text != NULL && *out == NULL ? AURORA_ENOMEM : AURORA_OK;
}

static aurora_status keep(listing *list, const aurora__notification_row *row, aurora__arena *slice)
{
    aurora__notification_task said = {0};
    aurora_notification *to = &list->found[list->count];
    if (row->saga != NULL) {
        aurora_status rc = aurora__notification_read(slice, row->saga, &said);
        if (rc != AURORA_OK)
            return rc;
    }
    *to = (aurora_notification){.size = sizeof *to,
                                .kind = aurora__notification_kind((int32_t)row->kind),
                                .order_id = row->order_id,
                                .state = (int32_t)row->state,
                                .attempts = (uint32_t)row->attempts,
                                .order_version = (uint64_t)row->order_version,
                                .at_ms = row->at,
                                .updated_at_ms = row->updated_at,
                                .due_at_ms = row->due_at};
    aurora_status rc = keep_text(list, row->detail, &to->detail);
    if (rc == AURORA_OK)
        rc = keep_text(list, said.contact, &to->contact);
    list->count += rc == AURORA_OK;
    return rc;
}

/* Looks at the rows of one slice, up to the first that has no place on the page. */
static aurora_status take_rows(listing *list, const aurora__notification_row *rows, uint32_t count,
                               aurora__arena *slice)
{
    for (uint32_t i = 0; i < count; i++) {
        if (list->state == 0 || rows[i].state == list->state) {
            list->has_next = list->count == list->limit;
            if (list->has_next)
                return AURORA_OK;
            aurora_status rc = keep(list, &rows[i], slice);
            if (rc != AURORA_OK)
                return rc;
        }
        list->order_id = rows[i].order_id;
        list->kind = rows[i].kind;
        list->has_bound = true;
    }
    return AURORA_OK;
}

static aurora_status read_slice(listing *list, bool *is_last_out)
{
    aurora_value bound[2];
    write_bound(list, bound);
    aurora__range range = {.table = AURORA__TABLE_notification,
                           .index = -1,
                           .flags = AURORA_SCAN_DESCENDING | AURORA_SCAN_UPPER_OPEN,
                           .upper = bound,
                           .upper_count = list->has_bound ? 2 : 0,
                           .limit = SLICE_ROWS};
    uint32_t count = 0;
    aurora__query_arena arena;
    aurora__query_arena_init(&arena, aurora__engine_allocator(list->engine));
    aurora__notification_row *rows = aurora__arena_take(&arena.arena, SLICE_ROWS * sizeof *rows);
    aurora_status rc = rows == NULL ? AURORA_ENOMEM : AURORA_OK;
    if (rc == AURORA_OK)
        rc = aurora__engine_scan(list->engine, list->txn, &range, &arena, rows, &count);
    if (rc == AURORA_OK)
        rc = take_rows(list, rows, count, &arena.arena);
    *is_last_out = count < SLICE_ROWS;
    aurora__query_arena_free(&arena);
    return rc;
}

static aurora_status collect(listing *list, uint64_t filter)
{
    bool is_last = false;
    list->found = aurora__arena_take(&list->arena.arena, list->limit * sizeof *list->found);
    if (list->found == NULL)
        return AURORA_ENOMEM;
    aurora_status rc = aurora__engine_read_begin(list->engine, &list->txn);
    if (rc != AURORA_OK)
        return rc;
    while (rc == AURORA_OK && !is_last && !list->has_next)
        rc = read_slice(list, &is_last);
    aurora__engine_read_end(list->engine, list->txn);
    if (rc == AURORA_OK && list->has_next) {
        aurora_value bound[2];
        write_bound(list, bound);
        aurora__cursor_write("notifications", filter, bound, 2, list->next_cursor);
    }
    return rc;
}

/* --- the page --------------------------------------------------------------------------------- */

static aurora_status fill_one(aurora__arena *arena, const aurora_notification *from,
                              aurora_notification *out)
{
    *out = *from;
    out->detail = aurora__arena_text(arena, from->detail);
    out->contact = aurora__arena_text(arena, from->contact);
    bool is_copied = (out->detail != NULL) == (from->detail != NULL) &&
                     (out->contact != NULL) == (from->contact != NULL);
    return is_copied ? AURORA_OK : AURORA_ENOMEM;
}

static aurora_status fill(aurora__arena *arena, const void *from)
{
    const listing *list = from;
    aurora_notification_page *page = aurora__arena_zero(arena, sizeof *page);
    const aurora_notification **items =
        aurora__arena_take(arena, (list->count + 1) * sizeof *items);
    aurora_notification *copies = aurora__arena_take(arena, (list->count + 1) * sizeof *copies);
    if (page == NULL || items == NULL || copies == NULL)
        return AURORA_ENOMEM;
    page->size = sizeof *page;
    page->count = list->count;
    page->items = items;
    for (uint32_t i = 0; i < list->count; i++) {
        aurora_status rc = fill_one(arena, &list->found[i], &copies[i]);
        if (rc != AURORA_OK)
            return rc;
        items[i] = &copies[i];
    }
    if (list->next_cursor[0] == '\0')
        return AURORA_OK;
    page->next_cursor = aurora__arena_text(arena, list->next_cursor);
    return page->next_cursor == NULL ? AURORA_ENOMEM : AURORA_OK;
}

static aurora_status set_bound(listing *list, const char *cursor, uint64_t filter,
                               aurora_error *err)
{
    aurora__cursor at;
    aurora_status rc = aurora__cursor_read(cursor, "notifications", filter, &at, err);
    if (rc != AURORA_OK || at.key_count == 0)
        return rc;
    if (at.key_count != 2 || at.key[0].kind != AURORA_COLUMN_UUID || at.key[0].length != 16 ||
        at.key[1].kind != AURORA_COLUMN_INT64)
        return aurora__refuse(err, AURORA_EINVAL, "cursor", "is damaged");
    memcpy(list->order_id.bytes, at.key[0].bytes, 16);
    list->kind = at.key[1].number;
    list->has_bound = true;
    return AURORA_OK;
}

aurora_status aurora_notification_list(aurora_t *shop, int32_t state, const char *cursor,
                                       uint32_t limit, aurora_notification_page **out,
                                       aurora_error *err)
{
    listing list = {.state = state, .limit = limit == 0 ? LIMIT_DEFAULT : limit};
    if (out == NULL)
        return aurora__refuse(err, AURORA_EINVAL, "out", "is required");
    *out = NULL;
    uint64_t filter = aurora__cursor_hash_number(AURORA__CURSOR_NO_FILTER, state);
    aurora_status rc =
        aurora__check_range(err, "state", state, 0, AURORA_NOTIFICATION_STATE_SKIPPED);
    if (rc == AURORA_OK)
        rc = aurora__check_range(err, "limit", limit, 0, LIMIT_MAX);
    if (rc == AURORA_OK)
        rc = set_bound(&list, cursor, filter, err);
    if (rc == AURORA_OK)
        rc = aurora__refuse_plain(err, aurora__handle_enter_query(shop));
    if (rc != AURORA_OK)
        return rc;
    list.engine = shop->engine;
    aurora__query_arena_init(&list.arena, &shop->allocator);
    rc = collect(&list, filter);
    if (rc == AURORA_OK)
        rc = aurora__result_build(&shop->allocator, 256 + list.count * 512u, fill, &list,
                                  (void **)out);
    aurora__query_arena_free(&list.arena);
    aurora__handle_leave(shop);
    return aurora__refuse_plain(err, rc);
}

void aurora_notification_page_free(aurora_notification_page *page)
{
    aurora__result_free(page);
}

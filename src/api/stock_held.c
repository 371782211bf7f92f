/* SPDX-License-Identifier: MIT */
/* Who holds a SKU now: reservations of orders and stand-alone ones, oldest first. Held ones are few
 * beside all that ever were, and have an index of their own: each page walks them. */
#include "api/check.h"
#include "api/cursor.h"
#include "api/handle.h"
#include "api/refuse.h"
#include "codec/result.h"
#include "core/internal.h"
#include "core/json.h"

#include <aurora/stock.h>

#include <stdlib.h>

#define LIST "reservations"
#define LIMIT_DEFAULT 50
#define LIMIT_MAX 1000
#define PAGE 256

typedef struct {
    int64_t created_at;
    int64_t updated_at;
    int64_t expires_at;
    int64_t quantity;
    aurora_id order_id;
    const char *key;                     /* NULL for an order's */
    char name[AURORA_KEY_BYTES_MAX + 1]; /* orders the ones of one millisecond */
} held;

typedef struct {
    aurora_t *shop;
    aurora_store_txn *txn;
    aurora__query_arena *arena;
    int64_t sku_id;
    held *items;
    uint32_t count;
    uint32_t capacity;
} walk;

/* The quantity of this SKU in stored lines; 0 = none. */
static int64_t quantity_of(const char *text, int64_t sku_id)
{
    aurora__json_reader reader;
    uint32_t count = 0;
    int64_t quantity = 0;
    if (text == NULL)
        return 0;
    aurora__json_read(&reader, text, aurora__text_length(text));
    aurora__json_expect(&reader, '[');
    while (aurora__json_next(&reader, &count)) {
        aurora__json_expect(&reader, '[');
        int64_t id = aurora__json_take_integer(&reader);
        aurora__json_expect(&reader, ',');
        int64_t given = aurora__json_take_integer(&reader);
        aurora__json_expect(&reader, ']');
        if (id == sku_id)
            quantity = given;
    }
    return quantity;
}

static held *add(walk *to)
{
    if (to->count == to->capacity) {
        uint32_t capacity = to->capacity == 0 ? 64 : to->capacity * 2;
        held *items = aurora__arena_take(&to->arena->arena, capacity * sizeof *items);
        if (items == NULL)
            return NULL;
        if (to->count > 0)
            memcpy(items, to->items, to->count * sizeof *items);
        to->items = items;
        to->capacity = capacity;
    }
    held *item = &to->items[to->count++];
    memset(item, 0, sizeof *item);
    return item;
}

static aurora_status add_reservations(walk *to, const aurora__reservation_row *rows, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        int64_t quantity = quantity_of(rows[i].lines, to->sku_id);
        held *item = quantity == 0 ? NULL : add(to);
        if (quantity != 0 && item == NULL)
            return AURORA_ENOMEM;
        if (item == NULL)
            continue;
        item->created_at = rows[i].created_at;
        item->updated_at = rows[i].updated_at;
        item->quantity = quantity;
        item->order_id = rows[i].order_id;
        aurora_id_format(rows[i].order_id, item->name);
    }
    return AURORA_OK;
}

static aurora_status add_holds(walk *to, const aurora__hold_row *rows, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        int64_t quantity = quantity_of(rows[i].lines, to->sku_id);
        held *item = quantity == 0 ? NULL : add(to);
        if (quantity != 0 && item == NULL)
            return AURORA_ENOMEM;
        if (item == NULL)
            continue;
        item->created_at = rows[i].created_at;
        item->updated_at = rows[i].updated_at;
        item->expires_at = rows[i].expires_at;
        item->quantity = quantity;
        item->key = rows[i].key_text;
        memcpy(item->name, rows[i].key_text, strnlen(rows[i].key_text, sizeof item->name - 1));
    }
    return AURORA_OK;
}

static aurora_status walk_reservations(walk *to)
{
    aurora_value after[2];
    uint32_t after_count = 0;
    uint32_t found = PAGE;
    while (found == PAGE) {
        aurora__range range = {.table = AURORA__TABLE_reservation,
                               .index = AURORA__INDEX_RESERVATION_HELD,
                               .flags = AURORA_SCAN_LOWER_OPEN,
                               .lower = after,
                               .lower_count = after_count,
                               .limit = PAGE};
        aurora__reservation_row *rows = aurora__arena_take(&to->arena->arena, PAGE * sizeof *rows);
        if (rows == NULL)
            return AURORA_ENOMEM;
        aurora_status rc =
            aurora__engine_scan(to->shop->engine, to->txn, &range, to->arena, rows, &found);
        if (rc == AURORA_OK)
            rc = add_reservations(to, rows, found);
        if (rc != AURORA_OK)
            return rc;
        if (found == 0)
            break;
        after[0] = aurora__value_time(rows[found - 1].held_at);
        after[1] = (aurora_value){
            .kind = AURORA_COLUMN_UUID, .length = 16, .bytes = &rows[found - 1].order_id};
        after_count = 2;
    }
    return AURORA_OK;
}

static aurora_status walk_holds(walk *to)
{
    aurora_value after[3];
    uint32_t after_count = 0;
    uint32_t found = PAGE;
    while (found == PAGE) {
        aurora__range range = {.table = AURORA__TABLE_hold,
                               .index = AURORA__INDEX_HOLD_DUE,
                               .flags = AURORA_SCAN_LOWER_OPEN,
                               .lower = after,
                               .lower_count = after_count,
                               .limit = PAGE};
        aurora__hold_row *rows = aurora__arena_take(&to->arena->arena, PAGE * sizeof *rows);
        if (rows == NULL)
            return AURORA_ENOMEM;
        aurora_status rc =
            aurora__engine_scan(to->shop->engine, to->txn, &range, to->arena, rows, &found);
        if (rc == AURORA_OK)
            rc = add_holds(to, rows, found);
        if (rc != AURORA_OK)
            return rc;
        if (found == 0)
            break;
        after[0] = aurora__value_time(rows[found - 1].due_at);
        after[1] = aurora__value_text(rows[found - 1].scope);
        after[2] = aurora__value_text(rows[found - 1].key_text);
        after_count = 3;
    }
    return AURORA_OK;
}

static int compare(const void *left, const void *right)
{
    const held *a = left;
    const held *b = right;
    if (a->created_at != b->created_at)
        return a->created_at < b->created_at ? -1 : 1;
    return strcmp(a->name, b->name);
}

typedef struct {
    const char *sku;
    const held *items;
    uint32_t count;
    const char *next_cursor;
} page_source;

static aurora_status fill_page(aurora__arena *arena, const void *argument)
{
    const page_source *source = argument;
    aurora_reservation_page *page = aurora__arena_zero(arena, sizeof *page);
    const aurora_reservation **items = aurora__arena_take(arena, source->count * sizeof *items);
    const char *sku = aurora__arena_text(arena, source->sku);
    if (page == NULL || items == NULL || sku == NULL)
        return AURORA_ENOMEM;
    for (uint32_t i = 0; i < source->count; i++) {
        const held *from = &source->items[i];
        aurora_reservation *item = aurora__arena_zero(arena, sizeof *item);
        if (item == NULL)
            return AURORA_ENOMEM;
        *item = (aurora_reservation){.size = sizeof *item,
                                     .status = AURORA_RESERVATION_RESERVED,
                                     .order_id = from->order_id,
                                     .key = aurora__arena_text(arena, from->key),
                                     .sku = sku,
                                     .quantity = from->quantity,
                                     .created_at_ms = from->created_at,
                                     .expires_at_ms = from->expires_at,
                                     .updated_at_ms = from->updated_at};
        if (from->key != NULL && item->key == NULL)
            return AURORA_ENOMEM;
        items[i] = item;
    }
    page->size = sizeof *page;
    page->count = source->count;
    page->items = items;
    page->next_cursor = aurora__arena_text(arena, source->next_cursor);
    return source->next_cursor != NULL && page->next_cursor == NULL ? AURORA_ENOMEM : AURORA_OK;
}

static aurora_status collect(walk *to, const char *sku)
{
    aurora__sku_row row;
    aurora__key key = aurora__key_text(AURORA__TABLE_sku, sku);
    aurora_status rc = aurora__engine_read_begin(to->shop->engine, &to->txn);
    if (rc != AURORA_OK)
        return rc;
    rc = aurora__engine_load(to->shop->engine, to->txn, &key, to->arena, &row);
    to->sku_id = rc == AURORA_OK ? row.id : 0;
    if (rc == AURORA_OK)
        rc = walk_reservations(to);
    if (rc == AURORA_OK)
        rc = walk_holds(to);
    aurora__engine_read_end(to->shop->engine, to->txn);
    return rc == AURORA_ENOTFOUND ? AURORA_OK : rc;
}

/* The first item behind the cursor. */
static uint32_t start_of(const walk *from, const aurora__cursor *cursor)
{
    held last = {0};
    if (cursor->key_count < 2)
        return 0;
    last.created_at = cursor->key[0].number;
    memcpy(last.name, cursor->key[1].bytes,
           cursor->key[1].length < sizeof last.name ? cursor->key[1].length : sizeof last.name - 1);
    uint32_t at = 0;
    while (at < from->count && compare(&from->items[at], &last) <= 0)
        at++;
    return at;
}

static aurora_status list(aurora_t *shop, const char *sku, const char *cursor_text, uint32_t limit,
                          aurora_reservation_page **out, aurora_error *err)
{
    uint64_t filter = aurora__cursor_hash_text(AURORA__CURSOR_NO_FILTER, sku);
    aurora__cursor cursor;
    char next[AURORA__CURSOR_TEXT_BYTES];
    aurora__query_arena arena;
    aurora_status rc = aurora__cursor_read(cursor_text, LIST, filter, &cursor, err);
    if (rc != AURORA_OK)
        return rc;
    aurora__query_arena_init(&arena, &shop->allocator);
    walk all = {.shop = shop, .arena = &arena};
    rc = collect(&all, sku);
    if (rc == AURORA_OK && all.count > 0)
        qsort(all.items, all.count, sizeof *all.items, compare);
    if (rc == AURORA_OK) {
        uint32_t from = start_of(&all, &cursor);
        page_source source = {.sku = sku, .count = all.count - from};
        if (source.count > limit) {
            const held *last = &all.items[from + limit - 1];
            aurora_value key[2] = {aurora__value_time(last->created_at),
                                   aurora__value_text(last->name)};
            source.count = limit;
            if (aurora__cursor_write(LIST, filter, key, 2, next) > 0)
                source.next_cursor = next;
        }
        source.items = source.count == 0 ? NULL : &all.items[from];
        rc = aurora__result_build(&shop->allocator, 256 * (size_t)source.count + 512, fill_page,
                                  &source, (void **)out);
    }
    aurora__query_arena_free(&arena);
    return aurora__refuse_plain(err, rc);
}

aurora_status aurora_reservation_list(aurora_t *shop, const char *sku, const char *cursor,
                                      uint32_t limit, aurora_reservation_page **out,
                                      aurora_error *err)
{
    if (out == NULL)
        return aurora__refuse(err, AURORA_EINVAL, "out", "is required");
    *out = NULL;
    aurora_status rc = aurora__handle_enter_query(shop);
    if (rc != AURORA_OK)
        return aurora__refuse_plain(err, rc);
    rc = aurora__check_sku(err, "sku", sku);
    if (rc == AURORA_OK)
        rc = aurora__check_range(err, "limit", limit, 0, LIMIT_MAX);
    if (rc == AURORA_OK)
        rc = list(shop, sku, cursor, limit == 0 ? LIMIT_DEFAULT : limit, out, err);
    aurora__handle_leave(shop);
    return rc;
}

void aurora_reservation_page_free(aurora_reservation_page *page)
{
    aurora__result_free(page);
}

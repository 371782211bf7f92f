/* SPDX-License-Identifier: MIT */
/* Stock: one SKU's counters, pages of them, and who holds a SKU. */
#include "api/check.h"
#include "api/cursor.h"
#include "api/handle.h"
#include "api/refuse.h"
#include "api/stock_row.h"
#include "codec/result.h"
#include "core/internal.h"
#include "core/json.h"

#define LIST "stock"
#define LIMIT_DEFAULT 50
#define LIMIT_MAX 1000
#define PAGE 256

static aurora_status load_stock(aurora_t *shop, aurora_store_txn *txn, int64_t id,
                                aurora__query_arena *arena, aurora__stock_row *out)
{
    aurora__key key = aurora__key_number(AURORA__TABLE_stock, id);
    aurora_status rc = aurora__engine_load(shop->engine, txn, &key, arena, out);
    return rc == AURORA_ENOTFOUND ? AURORA_ECORRUPT : rc;
}

static aurora_status load_sku(aurora_t *shop, aurora_store_txn *txn, const char *sku,
                              aurora__query_arena *arena, aurora__sku_row *out)
{
    aurora__key key = aurora__key_text(AURORA__TABLE_sku, sku);
    return aurora__engine_load(shop->engine, txn, &key, arena, out);
}

aurora_status aurora_stock_get(aurora_t *shop, const char *sku, aurora_stock *out)
{
    if (out == NULL)
        return AURORA_EINVAL;
    aurora_status rc = aurora__handle_enter_query(shop);
    if (rc != AURORA_OK)
        return rc;
    aurora_store_txn *txn;
    aurora__query_arena arena;
    aurora__sku_row row;
    aurora__stock_row stock;
    aurora__query_arena_init(&arena, &shop->allocator);
    rc = aurora__check_sku(NULL, "sku", sku);
    if (rc == AURORA_OK)
        rc = aurora__engine_read_begin(shop->engine, &txn);
    if (rc == AURORA_OK) {
        rc = load_sku(shop, txn, sku, &arena, &row);
        if (rc == AURORA_OK)
            rc = load_stock(shop, txn, row.id, &arena, &stock);
        aurora__engine_read_end(shop->engine, txn);
    }
    if (rc == AURORA_OK)
        aurora__stock_public(&stock, out);
    aurora__query_arena_free(&arena);
    aurora__handle_leave(shop);
    return rc;
}

/* --- pages ---------------------------------------------------------------------------------- */

typedef struct {
    const char *sku;
    aurora__stock_row stock;
} stock_item;

typedef struct {
    const stock_item *items;
    uint32_t count;
    const char *next_cursor;
} page_source;

static aurora_status fill_page(aurora__arena *arena, const void *argument)
{
    const page_source *source = argument;
    aurora_stock_page *page = aurora__arena_zero(arena, sizeof *page);
    const aurora_stock_item **items = aurora__arena_take(arena, source->count * sizeof *items);
    if (page == NULL || items == NULL)
        return AURORA_ENOMEM;
    for (uint32_t i = 0; i < source->count; i++) {
        aurora_stock_item *item = aurora__arena_zero(arena, sizeof *item);
        if (item == NULL)
            return AURORA_ENOMEM;
        item->size = sizeof *item;
        item->sku = aurora__arena_text(arena, source->items[i].sku);
        aurora__stock_public(&source->items[i].stock, &item->stock);
        if (item->sku == NULL)
            return AURORA_ENOMEM;
        items[i] = item;
    }
    page->size = sizeof *page;
    page->count = source->count;
    page->items = items;
    page->next_cursor = aurora__arena_text(arena, source->next_cursor);
    return source->next_cursor != NULL && page->next_cursor == NULL ? AURORA_ENOMEM : AURORA_OK;
}

/* Walks the SKUs in byte order; *after is the last one looked at, NULL when the list is over. */
static aurora_status read_items(aurora_t *shop, aurora_store_txn *txn, int64_t below,
                                uint32_t limit, aurora__query_arena *arena, const char **after,
                                stock_item *items, uint32_t *count_out)
{
    uint32_t found = PAGE;
    *count_out = 0;
    while (found == PAGE) {
        aurora_value lower = aurora__value_text(*after == NULL ? "" : *after);
        aurora__range range = {.table = AURORA__TABLE_sku,
                               .index = -1,
                               .flags = AURORA_SCAN_LOWER_OPEN,
                               .lower = &lower,
                               .lower_count = 1,
                               .limit = PAGE};
        aurora__sku_row *rows = aurora__arena_take(&arena->arena, PAGE * sizeof *rows);
        if (rows == NULL)
            return AURORA_ENOMEM;
        aurora_status rc = aurora__engine_scan(shop->engine, txn, &range, arena, rows, &found);
        for (uint32_t i = 0; rc == AURORA_OK && i < found; i++) {
            stock_item *item = &items[*count_out];
            rc = load_stock(shop, txn, rows[i].id, arena, &item->stock);
            item->sku = rows[i].sku;
            *after = rows[i].sku;
            if (rc == AURORA_OK && (below == 0 || item->stock.available < below) &&
                ++*count_out == limit)
                return AURORA_OK;
        }
        if (rc != AURORA_OK)
            return rc;
    }
    *after = NULL;
    return AURORA_OK;
}

static aurora_status list(aurora_t *shop, int64_t below, const char *cursor_text, uint32_t limit,
                          aurora_stock_page **out, aurora_error *err)
{
    uint64_t filter = aurora__cursor_hash_number(AURORA__CURSOR_NO_FILTER, below);
    aurora__cursor cursor;
    char next[AURORA__CURSOR_TEXT_BYTES];
    aurora_store_txn *txn;
    aurora__query_arena arena;
    page_source source = {0};
    aurora_status rc = aurora__cursor_read(cursor_text, LIST, filter, &cursor, err);
    if (rc != AURORA_OK)
        return rc;
    aurora__query_arena_init(&arena, &shop->allocator);
    const char *after =
        cursor.key_count == 0
            ? NULL
            : aurora__arena_copy(&arena.arena, cursor.key[0].bytes, cursor.key[0].length);
    stock_item *items = aurora__arena_take(&arena.arena, limit * sizeof *items);
    rc = items == NULL ? AURORA_ENOMEM : aurora__engine_read_begin(shop->engine, &txn);
    if (rc == AURORA_OK) {
        rc = read_items(shop, txn, below, limit, &arena, &after, items, &source.count);
        aurora__engine_read_end(shop->engine, txn);
    }
    if (rc == AURORA_OK && after != NULL) {
        aurora_value key = aurora__value_text(after);
        if (aurora__cursor_write(LIST, filter, &key, 1, next) > 0)
            source.next_cursor = next;
    }
    source.items = items;
    if (rc == AURORA_OK)
        rc = aurora__result_build(&shop->allocator, 160 * (size_t)source.count + 256, fill_page,
                                  &source, (void **)out);
    aurora__query_arena_free(&arena);
    return aurora__refuse_plain(err, rc);
}

aurora_status aurora_stock_list(aurora_t *shop, const aurora_stock_filter *given,
                                const char *cursor, uint32_t limit, aurora_stock_page **out,
                                aurora_error *err)
{
    if (out == NULL)
        return aurora__refuse(err, AURORA_EINVAL, "out", "is required");
    *out = NULL;
    aurora_status rc = aurora__handle_enter_query(shop);
    if (rc != AURORA_OK)
        return aurora__refuse_plain(err, rc);
    aurora_stock_filter filter = {0};
    if (given != NULL)
        rc = aurora__copy_sized(&filter, sizeof filter, given, err);
    if (rc == AURORA_OK)
        rc = aurora__check_range(err, "below", filter.below, 0, INT64_MAX);
    if (rc == AURORA_OK)
        rc = aurora__check_range(err, "limit", limit, 0, LIMIT_MAX);
    if (rc == AURORA_OK)
        rc = list(shop, filter.below, cursor, limit == 0 ? LIMIT_DEFAULT : limit, out, err);
    aurora__handle_leave(shop);
    return rc;
}

void aurora_stock_page_free(aurora_stock_page *page)
{
    aurora__result_free(page);
}

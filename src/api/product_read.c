/* SPDX-License-Identifier: MIT */
/* Products: one, and pages of them. */
#include "api/check.h"
#include "api/cursor.h"
#include "api/handle.h"
#include "api/refuse.h"
#include "codec/product_result.h"
#include "codec/result.h"

#include <aurora/product.h>

#define LIST "products"
#define LIMIT_DEFAULT 50
#define LIMIT_MAX 1000
#define SLICE_ROWS 64 /* so that a page of large products ends in time */

aurora_status aurora_product_get(aurora_t *shop, const char *sku, aurora_product **out)
{
    if (out == NULL)
        return AURORA_EINVAL;
    *out = NULL;
    aurora_status rc = aurora__handle_enter_query(shop);
    if (rc != AURORA_OK)
        return rc;
    aurora_store_txn *txn;
    aurora__query_arena arena;
    aurora__product_row row;
    aurora__query_arena_init(&arena, &shop->allocator);
    rc = aurora__check_sku(NULL, "sku", sku);
    if (rc == AURORA_OK)
        rc = aurora__engine_read_begin(shop->engine, &txn);
    if (rc == AURORA_OK) {
        aurora__key key = aurora__key_text(AURORA__TABLE_product, sku);
        rc = aurora__engine_load(shop->engine, txn, &key, &arena, &row);
        aurora__engine_read_end(shop->engine, txn);
    }
    if (rc == AURORA_OK && row.is_deleted)
        rc = AURORA_ENOTFOUND;
    if (rc == AURORA_OK)
        rc = aurora__result_build(&shop->allocator, 2048, aurora__product_fill, &row, (void **)out);
    aurora__query_arena_free(&arena);
    aurora__handle_leave(shop);
    return rc;
}

void aurora_product_free(aurora_product *product)
{
    aurora__result_free(product);
}

typedef struct {
    const aurora__product_row *const *rows;
    uint32_t count;
    const char *next_cursor;
} page_source;

static aurora_status fill_page(aurora__arena *arena, const void *argument)
{
    const page_source *source = argument;
    aurora_product_page *page = aurora__arena_zero(arena, sizeof *page);
    const aurora_product **items = aurora__arena_take(arena, source->count * sizeof *items);
    if (page == NULL || items == NULL)
        return AURORA_ENOMEM;
    for (uint32_t i = 0; i < source->count; i++) {
        aurora_product *item = aurora__arena_zero(arena, sizeof *item);
        aurora_status rc =
            item == NULL ? AURORA_ENOMEM : aurora__product_fill_in(arena, source->rows[i], item);
        if (rc != AURORA_OK)
            return rc;
        items[i] = item;
    }
    page->size = sizeof *page;
    page->count = source->count;
    page->items = items;
    page->next_cursor = aurora__arena_text(arena, source->next_cursor);
    return source->next_cursor != NULL && page->next_cursor == NULL ? AURORA_ENOMEM : AURORA_OK;
}

/* Where a listing stands: by SKU, or by category and SKU. */
typedef struct {
    const char *category;
    aurora_value after[2];
    uint32_t after_count;
} position;

/* Reads rows until `limit` of them are not deleted, the page is full, or the range ends. */
static aurora_status read_rows(aurora_t *shop, aurora_store_txn *txn, position *at, uint32_t limit,
                               aurora__query_arena *arena, const aurora__product_row **rows,
                               uint32_t *count_out)
{
    aurora_value category = aurora__value_text(at->category == NULL ? "" : at->category);
    uint32_t slice = limit < SLICE_ROWS ? limit : SLICE_ROWS;
    uint32_t found = slice;
    *count_out = 0;
    while (found == slice) {
        aurora__range range = {.table = AURORA__TABLE_product,
                               .index = at->category == NULL ? -1 : AURORA__INDEX_PRODUCT_CATEGORY,
                               .flags = at->after_count > 0 ? AURORA_SCAN_LOWER_OPEN : 0,
                               .lower = at->after,
                               .lower_count = at->after_count,
                               .limit = slice};
        if (at->category != NULL) {
            range.upper = &category;
            range.upper_count = 1;
            if (at->after_count == 0) {
                range.lower = &category;
                range.lower_count = 1;
            }
        }
        aurora__product_row *page = aurora__arena_take(&arena->arena, slice * sizeof *page);
        if (page == NULL)
            return AURORA_ENOMEM;
        aurora_status rc = aurora__engine_scan(shop->engine, txn, &range, arena, page, &found);
        if (rc != AURORA_OK)
            return rc;
        for (uint32_t i = 0; i < found; i++) {
            at->after_count = at->category == NULL ? 1 : 2;
            if (at->category != NULL)
                at->after[0] = category;
            at->after[at->after_count - 1] = aurora__value_text(page[i].sku);
            if (!page[i].is_deleted && *count_out < limit)
                rows[(*count_out)++] = &page[i];
            if (*count_out == limit)
                return AURORA_OK;
        }
        if (found == slice && *count_out > 0 && aurora__query_arena_is_full(arena))
            return AURORA_OK;
    }
    at->after_count = 0;
    return AURORA_OK;
}

static aurora_status list(aurora_t *shop, const char *category, const char *cursor_text,
                          uint32_t limit, aurora_product_page **out, aurora_error *err)
{
    uint64_t filter = aurora__cursor_hash_text(AURORA__CURSOR_NO_FILTER, category);
    aurora__cursor cursor;
    char next[AURORA__CURSOR_TEXT_BYTES];
    aurora_store_txn *txn;
    aurora__query_arena arena;
    page_source source = {0};
    position at = {.category = category};
    aurora_status rc = aurora__cursor_read(cursor_text, LIST, filter, &cursor, err);
    if (rc != AURORA_OK)
        return rc;
    at.after_count = cursor.key_count < 2 ? cursor.key_count : 2;
    memcpy(at.after, cursor.key, at.after_count * sizeof at.after[0]);
    aurora__query_arena_init(&arena, &shop->allocator);
    const aurora__product_row **rows = aurora__arena_take(&arena.arena, limit * sizeof *rows);
    rc = rows == NULL ? AURORA_ENOMEM : aurora__engine_read_begin(shop->engine, &txn);
    if (rc == AURORA_OK) {
        rc = read_rows(shop, txn, &at, limit, &arena, rows, &source.count);
        aurora__engine_read_end(shop->engine, txn);
    }
    if (rc == AURORA_OK && at.after_count > 0 &&
        aurora__cursor_write(LIST, filter, at.after, at.after_count, next) > 0)
        source.next_cursor = next;
    source.rows = rows;
    if (rc == AURORA_OK)
        rc = aurora__result_build(&shop->allocator, 512 * (size_t)source.count + 256, fill_page,
                                  &source, (void **)out);
    aurora__query_arena_free(&arena);
    return aurora__refuse_plain(err, rc);
}

aurora_status aurora_product_list(aurora_t *shop, const aurora_product_filter *given,
                                  const char *cursor, uint32_t limit, aurora_product_page **out,
                                  aurora_error *err)
{
    if (out == NULL)
        return aurora__refuse(err, AURORA_EINVAL, "out", "is required");
    *out = NULL;
    aurora_status rc = aurora__handle_enter_query(shop);
    if (rc != AURORA_OK)
        return aurora__refuse_plain(err, rc);
    aurora_product_filter filter = {0};
    if (given != NULL)
        rc = aurora__copy_sized(&filter, sizeof filter, given, err);
    if (rc == AURORA_OK)
        rc = aurora__check_text(err, "category", filter.category, 1, AURORA_NAME_BYTES_MAX, false);
    if (rc == AURORA_OK)
        rc = aurora__check_range(err, "limit", limit, 0, LIMIT_MAX);
    if (rc == AURORA_OK)
        rc = list(shop, filter.category, cursor, limit == 0 ? LIMIT_DEFAULT : limit, out, err);
    aurora__handle_leave(shop);
    return rc;
}

void aurora_product_page_free(aurora_product_page *page)
{
    aurora__result_free(page);
}

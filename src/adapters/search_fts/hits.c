/* SPDX-License-Identifier: MIT */
#include "adapters/search_fts/hits.h"

#include <stdio.h>
#include <string.h>

#define ROWS_FIRST 256
#define TALLY_FIRST 64

void aurora__fts_hits_init(aurora__fts_hits *hits, const aurora_allocator *allocator)
{
    *hits = (aurora__fts_hits){.allocator = allocator};
}

static void clear_tally(aurora__fts_tally *tally)
{
    if (tally->capacity > 0)
        memset(tally->counts, 0, tally->capacity * sizeof *tally->counts);
    tally->used = 0;
}

void aurora__fts_hits_clear(aurora__fts_hits *hits)
{
    hits->count = 0;
    hits->total = 0;
    clear_tally(&hits->categories);
    clear_tally(&hits->brands);
}

void aurora__fts_hits_free(aurora__fts_hits *hits)
{
    const aurora_allocator *allocator = hits->allocator;
    allocator->release(allocator->self, hits->rows);
    allocator->release(allocator->self, hits->categories.counts);
    allocator->release(allocator->self, hits->brands.counts);
}

/* --- counting --------------------------------------------------------------------------------- */

static aurora__fts_count *slot_of(const aurora__fts_tally *tally, int64_t label)
{
    uint32_t at = (uint32_t)((uint64_t)label * 0x9E3779B97F4A7C15u >> 32);
    for (;; at++) {
        aurora__fts_count *slot = &tally->counts[at & (tally->capacity - 1)];
        if (slot->label == label || slot->label == 0)
            return slot;
    }
}

static aurora_status grow_tally(aurora__fts_tally *tally, const aurora_allocator *allocator)
{
    aurora__fts_tally old = *tally;
    tally->capacity = old.capacity == 0 ? TALLY_FIRST : old.capacity * 2;
    tally->counts = allocator->allocate(allocator->self, tally->capacity * sizeof *tally->counts);
    if (tally->counts == NULL) {
        *tally = old;
        return AURORA_ENOMEM;
    }
    memset(tally->counts, 0, tally->capacity * sizeof *tally->counts);
    for (uint32_t i = 0; i < old.capacity; i++) {
        if (old.counts[i].label != 0)
            *slot_of(tally, old.counts[i].label) = old.counts[i];
    }
    allocator->release(allocator->self, old.counts);
    return AURORA_OK;
}

static aurora_status count_label(aurora__fts_hits *hits, aurora__fts_tally *tally, int64_t label)
{
    if (label == 0)
        return AURORA_OK;
    if (tally->used * 2 >= tally->capacity) {
        aurora_status rc = grow_tally(tally, hits->allocator);
        if (rc != AURORA_OK)
            return rc;
    }
    aurora__fts_count *slot = slot_of(tally, label);
    tally->used += slot->label == 0;
    slot->label = label;
    slot->count++;
    return AURORA_OK;
}

static aurora_status keep_row(aurora__fts_hits *hits, const aurora__fts_row *row)
{
    const aurora_allocator *allocator = hits->allocator;
    if (hits->count == hits->capacity) {
        uint32_t capacity = hits->capacity == 0 ? ROWS_FIRST : hits->capacity * 2;
        aurora__fts_row *rows =
            allocator->reallocate(allocator->self, hits->rows, capacity * sizeof *rows);
        if (rows == NULL)
            return AURORA_ENOMEM;
        hits->rows = rows;
        hits->capacity = capacity;
    }
    hits->rows[hits->count++] = *row;
    hits->total++;
    return AURORA_OK;
}

aurora_status aurora__fts_hits_add(aurora__fts_hits *hits, const aurora__fts_filter *filter,
                                   const aurora__fts_row *row)
{
    bool has_price = row->price_minor >= filter->price_min_minor &&
                     (filter->price_max_minor == 0 || row->price_minor <= filter->price_max_minor);
    bool has_category = filter->category == 0 || row->category == filter->category;
    bool has_brand = filter->brand == 0 || row->brand == filter->brand;
    aurora_status rc = AURORA_OK;
    if (!has_price)
        return AURORA_OK;
    if (has_brand)
        rc = count_label(hits, &hits->categories, row->category);
    if (rc == AURORA_OK && has_category)
        rc = count_label(hits, &hits->brands, row->brand);
    if (rc == AURORA_OK && has_brand && has_category)
        rc = keep_row(hits, row);
    return rc;
}

static int by_count(const aurora__fts_count *left, const aurora__fts_count *right)
{
    if (left->count != right->count)
        return left->count > right->count ? -1 : 1;
    return left->label < right->label ? -1 : left->label > right->label;
}

uint32_t aurora__fts_tally_top(const aurora__fts_tally *tally, aurora__fts_count *out)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < tally->capacity; i++) {
        const aurora__fts_count *item = &tally->counts[i];
        if (item->label == 0)
            continue;
        uint32_t at = count;
        while (at > 0 && by_count(item, &out[at - 1]) < 0)
            at--;
        if (at == AURORA__FTS_FACETS_MAX)
            continue;
        uint32_t kept = count < AURORA__FTS_FACETS_MAX ? count : AURORA__FTS_FACETS_MAX - 1;
        memmove(out + at + 1, out + at, (kept - at) * sizeof *out);
        out[at] = *item;
        count = kept + 1;
    }
    return count;
}

/* --- order ------------------------------------------------------------------------------------ */

void aurora__fts_mark_of(const aurora__fts_row *row, int32_t sort, aurora__fts_mark *out)
{
    out->score = sort == AURORA_SORT_RELEVANCE ? row->score : 0;
    out->number = sort == AURORA_SORT_PRICE_UP     ? row->price_minor
                  : sort == AURORA_SORT_PRICE_DOWN ? row->price_minor
                  : sort == AURORA_SORT_NEWEST     ? row->created_at
                                                   : 0;
    snprintf(out->sku, sizeof out->sku, "%s", row->sku);
}

/* Negative where the row comes before the mark. */
static int compare(const aurora__fts_row *row, int32_t sort, const aurora__fts_mark *mark)
{
    int64_t number = sort == AURORA_SORT_NEWEST ? row->created_at : row->price_minor;
    if (sort == AURORA_SORT_RELEVANCE) {
        if (row->score != mark->score)
            return row->score > mark->score ? -1 : 1;
    } else if (number != mark->number) {
        bool is_up = sort == AURORA_SORT_PRICE_UP;
        return (number < mark->number) == is_up ? -1 : 1;
    }
    return strcmp(row->sku, mark->sku);
}

static int compare_rows(const aurora__fts_row *a, const aurora__fts_row *b, int32_t sort)
{
    aurora__fts_mark mark;
    mark.score = b->score;
    mark.number = sort == AURORA_SORT_NEWEST ? b->created_at : b->price_minor;
    if (sort == AURORA_SORT_RELEVANCE && a->score != b->score)
        return a->score > b->score ? -1 : 1;
    if (sort != AURORA_SORT_RELEVANCE) {
        mark.sku[0] = '\0';
        int64_t number = sort == AURORA_SORT_NEWEST ? a->created_at : a->price_minor;
        if (number != mark.number)
            return compare(a, sort, &mark);
    }
    return strcmp(a->sku, b->sku);
}

/* The page grows by insertion: a row that is behind its last one costs one comparison. */
uint32_t aurora__fts_hits_page(aurora__fts_hits *hits, int32_t sort, const aurora__fts_mark *mark,
                               uint32_t limit, bool *has_more_out)
{
    aurora__fts_row *rows = hits->rows;
    uint32_t count = 0;
    uint32_t behind = 0;
    for (uint32_t i = 0; i < hits->count; i++) {
        aurora__fts_row row = rows[i];
        if (mark != NULL && compare(&row, sort, mark) <= 0)
            continue;
        behind++;
        uint32_t at = count;
        while (at > 0 && compare_rows(&row, &rows[at - 1], sort) < 0)
            at--;
        if (at == limit)
            continue;
        uint32_t kept = count < limit ? count : limit - 1;
        memmove(rows + at + 1, rows + at, (kept - at) * sizeof *rows);
        rows[at] = row;
        count = kept + 1;
    }
    *has_more_out = behind > count;
    return count;
}

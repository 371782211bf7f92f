/* SPDX-License-Identifier: MIT */
/* Searching: checks, the port's answer, and cursors that are bound to what was asked. */
#include "engine/search.h"
#include "api/check.h"
#include "api/cursor.h"
#include "api/handle.h"
#include "api/refuse.h"
#include "codec/result.h"

#include <aurora/search.h>

#include <string.h>

#define LIST "search"
#define LIMIT_DEFAULT 20
#define LIMIT_MAX 100
#define SUGGEST_DEFAULT 10
#define SUGGEST_MAX 20
#define QUERY_BYTES_MAX 1024
#define PREFIX_BYTES_MAX 255

/* Enters for a query; *err says why not. */
static aurora_status enter(aurora_t *shop, aurora_error *err)
{
    aurora_status rc = aurora__handle_enter_query(shop);
    if (rc != AURORA_OK)
        return aurora__refuse_plain(err, rc);
    if (shop->has_search)
        return AURORA_OK;
    aurora__handle_leave(shop);
    return aurora__refuse(err, AURORA_ENOTSUP, "search", "this handle has no search index");
}

static aurora_status explain(aurora_error *err, aurora_status rc)
{
    if (rc == AURORA_ENOTFOUND)
        return aurora__refuse(err, AURORA_ENOTSUP, "search",
                              "there is no index yet: a handle for writing makes it");
    if (rc == AURORA_ECORRUPT)
        return aurora__refuse(err, rc, "search", "the index is damaged and is being made again");
    return rc == AURORA_EINVAL ? aurora__refuse(err, rc, "cursor", "is not from a page of a search")
                               : aurora__refuse_plain(err, rc);
}

/* --- a page ----------------------------------------------------------------------------------- */

typedef struct {
    const aurora_search_result *result;
    const char *next_cursor;
} page_source;

static bool copy_texts(aurora__arena *arena, aurora_product *out, const aurora_product *in)
{
    aurora_pair *pairs = aurora__arena_take(arena, (in->attribute_count + 1) * sizeof *pairs);
    *out = *in;
    out->sku = aurora__arena_text(arena, in->sku);
    out->name = aurora__arena_text(arena, in->name);
    out->description = aurora__arena_text(arena, in->description);
    out->brand = aurora__arena_text(arena, in->brand);
    out->category = aurora__arena_text(arena, in->category);
    out->image_url = aurora__arena_text(arena, in->image_url);
    out->currency = aurora__arena_text(arena, in->currency);
    out->attributes = pairs;
    for (uint32_t i = 0; pairs != NULL && i < in->attribute_count; i++) {
        pairs[i].name = aurora__arena_text(arena, in->attributes[i].name);
        pairs[i].value = aurora__arena_text(arena, in->attributes[i].value);
        if (pairs[i].name == NULL || pairs[i].value == NULL)
            return false;
    }
    return pairs != NULL && out->sku != NULL && out->name != NULL && out->description != NULL &&
           out->brand != NULL && out->category != NULL && out->image_url != NULL &&
           out->currency != NULL;
}

static aurora_status fill_hits(aurora__arena *arena, const aurora_search_result *result,
                               aurora_search_page *page)
{
    const aurora_hit **items = aurora__arena_take(arena, (result->count + 1) * sizeof *items);
    aurora_hit *hits = aurora__arena_take(arena, (result->count + 1) * sizeof *hits);
    aurora_product *products = aurora__arena_take(arena, (result->count + 1) * sizeof *products);
    if (items == NULL || hits == NULL || products == NULL)
        return AURORA_ENOMEM;
    for (uint32_t i = 0; i < result->count; i++) {
        if (!copy_texts(arena, &products[i], result->hits[i].product))
            return AURORA_ENOMEM;
        hits[i] = (aurora_hit){.size = sizeof hits[i],
                               .product = &products[i],
                               .score = result->hits[i].score,
                               .highlight = aurora__arena_text(arena, result->hits[i].highlight)};
        if (hits[i].highlight == NULL)
            return AURORA_ENOMEM;
        items[i] = &hits[i];
    }
    page->items = items;
    page->count = result->count;
    return AURORA_OK;
}

static aurora_status fill_facets(aurora__arena *arena, const aurora_search_result *result,
                                 aurora_search_page *page)
{
    uint32_t count = result->facet_count;
    const aurora_facet **items = aurora__arena_take(arena, (count + 1) * sizeof *items);
    aurora_facet *facets = aurora__arena_take(arena, (count + 1) * sizeof *facets);
    if (items == NULL || facets == NULL)
        return AURORA_ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        facets[i] = result->facets[i];
        facets[i].size = sizeof facets[i];
        facets[i].value = aurora__arena_text(arena, result->facets[i].value);
        if (facets[i].value == NULL)
            return AURORA_ENOMEM;
        items[i] = &facets[i];
    }
    page->facets = items;
    page->facet_count = count;
    return AURORA_OK;
}

static aurora_status fill_page(aurora__arena *arena, const void *argument)
{
    const page_source *source = argument;
    aurora_search_page *page = aurora__arena_zero(arena, sizeof *page);
    if (page == NULL)
        return AURORA_ENOMEM;
    page->size = sizeof *page;
    page->total = source->result->total;
    page->next_cursor = aurora__arena_text(arena, source->next_cursor);
    if (source->next_cursor != NULL && page->next_cursor == NULL)
        return AURORA_ENOMEM;
    aurora_status rc = fill_hits(arena, source->result, page);
    return rc == AURORA_OK ? fill_facets(arena, source->result, page) : rc;
}

/* --- searching -------------------------------------------------------------------------------- */

static aurora_status check_query(const aurora_query *query, uint32_t limit, aurora_error *err)
{
    aurora_status rc = aurora__check_body(err, "text", query->text, QUERY_BYTES_MAX, false);
    if (rc == AURORA_OK)
        rc = aurora__check_text(err, "category", query->category, 1, AURORA_NAME_BYTES_MAX, false);
    if (rc == AURORA_OK)
        rc = aurora__check_text(err, "brand", query->brand, 1, AURORA_NAME_BYTES_MAX, false);
    if (rc == AURORA_OK)
        rc = aurora__check_range(err, "sort", query->sort, 0, AURORA_SORT_NEWEST);
    if (rc == AURORA_OK)
        rc = aurora__check_range(err, "price_min_minor", query->price_min_minor, 0, INT64_MAX);
    if (rc == AURORA_OK)
        rc = aurora__check_range(err, "price_max_minor", query->price_max_minor, 0, INT64_MAX);
    if (rc == AURORA_OK)
        rc = aurora__check_range(err, "time_max_ms", query->time_max_ms, 0, INT64_MAX / 2);
    return rc == AURORA_OK ? aurora__check_range(err, "limit", limit, 0, LIMIT_MAX) : rc;
}

static uint64_t filter_of(const aurora_query *query)
{
    uint64_t filter = aurora__cursor_hash_text(AURORA__CURSOR_NO_FILTER, query->text);
    filter = aurora__cursor_hash_text(filter, query->category);
    filter = aurora__cursor_hash_text(filter, query->brand);
    filter = aurora__cursor_hash_number(filter, query->sort);
    filter = aurora__cursor_hash_number(filter, query->price_min_minor);
    return aurora__cursor_hash_number(filter, query->price_max_minor);
}

static aurora_status answer(aurora_t *shop, const aurora_search_result *result, uint64_t filter,
                            aurora_search_page **out)
{
    char next[AURORA__CURSOR_TEXT_BYTES];
    page_source source = {.result = result};
    aurora_value key = {
        .kind = AURORA_COLUMN_BYTES, .length = result->after_length, .bytes = result->after};
    if (result->after_length > 0 && aurora__cursor_write(LIST, filter, &key, 1, next) > 0)
        source.next_cursor = next;
    return aurora__result_build(&shop->allocator, 1024 * (size_t)result->count + 4096, fill_page,
                                &source, (void **)out);
}

static aurora_status find(aurora_t *shop, const aurora_query *query, const char *cursor_text,
                          uint32_t limit, aurora_search_page **out, aurora_error *err)
{
    uint64_t filter = filter_of(query);
    aurora__cursor cursor;
    aurora__query_arena arena;
    aurora_search_result result;
    aurora_search_request request = {.query = query, .limit = limit};
    aurora_status rc = aurora__cursor_read(cursor_text, LIST, filter, &cursor, err);
    if (rc != AURORA_OK)
        return rc;
    if (cursor.key_count > 0) {
        request.after = cursor.key[0].bytes;
        request.after_length = cursor.key[0].length;
    }
    aurora__search_flush(shop->engine);
    aurora__query_arena_init(&arena, &shop->allocator);
    aurora_arena_port port = aurora__arena_port(&arena.arena);
    rc = shop->search.query(shop->search.self, &request, &port, &result);
    if (rc == AURORA_OK)
        rc = answer(shop, &result, filter, out);
    aurora__query_arena_free(&arena);
    return rc == AURORA_OK ? rc : explain(err, rc);
}

aurora_status aurora_search(aurora_t *shop, const aurora_query *given, const char *cursor,
                            uint32_t limit, aurora_search_page **out, aurora_error *err)
{
    if (out == NULL)
        return aurora__refuse(err, AURORA_EINVAL, "out", "is required");
    *out = NULL;
    aurora_status rc = enter(shop, err);
    if (rc != AURORA_OK)
        return rc;
    aurora_query query = {0};
    rc = aurora__copy_sized(&query, sizeof query, given, err);
    if (rc == AURORA_OK)
        rc = check_query(&query, limit, err);
    if (rc == AURORA_OK)
        rc = find(shop, &query, cursor, limit == 0 ? LIMIT_DEFAULT : limit, out, err);
    aurora__handle_leave(shop);
    return rc;
}

void aurora_search_page_free(aurora_search_page *page)
{
    aurora__result_free(page);
}

/* --- suggesting ------------------------------------------------------------------------------- */

typedef struct {
    const char **items;
    uint32_t count;
} suggestions;

static aurora_status fill_suggestions(aurora__arena *arena, const void *argument)
{
    const suggestions *source = argument;
    aurora_suggestion_page *page = aurora__arena_zero(arena, sizeof *page);
    const char **items = aurora__arena_take(arena, (source->count + 1) * sizeof *items);
    if (page == NULL || items == NULL)
        return AURORA_ENOMEM;
    for (uint32_t i = 0; i < source->count; i++) {
        items[i] = aurora__arena_text(arena, source->items[i]);
        if (items[i] == NULL)
            return AURORA_ENOMEM;
    }
    *page = (aurora_suggestion_page){.size = sizeof *page, .count = source->count, .items = items};
    return AURORA_OK;
}

static aurora_status suggest(aurora_t *shop, const char *prefix, uint32_t limit,
                             aurora_suggestion_page **out, aurora_error *err)
{
    suggestions found = {0};
    aurora__query_arena arena;
    aurora__search_flush(shop->engine);
    aurora__query_arena_init(&arena, &shop->allocator);
    aurora_arena_port port = aurora__arena_port(&arena.arena);
    aurora_status rc =
        shop->search.suggest(shop->search.self, prefix, limit, &port, &found.items, &found.count);
    if (rc == AURORA_OK)
        rc = aurora__result_build(&shop->allocator, 1024, fill_suggestions, &found, (void **)out);
    aurora__query_arena_free(&arena);
    return rc == AURORA_OK ? rc : explain(err, rc);
}

aurora_status aurora_search_suggest(aurora_t *shop, const char *prefix, uint32_t limit,
                                    aurora_suggestion_page **out, aurora_error *err)
{
    if (out == NULL)
        return aurora__refuse(err, AURORA_EINVAL, "out", "is required");
    *out = NULL;
    aurora_status rc = enter(shop, err);
    if (rc != AURORA_OK)
        return rc;
    rc = aurora__check_text(err, "prefix", prefix, 1, PREFIX_BYTES_MAX, true);
    if (rc == AURORA_OK)
        rc = aurora__check_range(err, "limit", limit, 0, SUGGEST_MAX);
    if (rc == AURORA_OK)
        rc = suggest(shop, prefix, limit == 0 ? SUGGEST_DEFAULT : limit, out, err);
    aurora__handle_leave(shop);
    return rc;
}

void aurora_suggestion_page_free(aurora_suggestion_page *page)
{
    aurora__result_free(page);
}

/* --- rebuilding ------------------------------------------------------------------------------- */

aurora_status aurora_search_rebuild(aurora_t *shop, aurora_error *err)
{
    aurora_status rc = enter(shop, err);
    if (rc != AURORA_OK)
        return rc;
    rc = (shop->flags & AURORA_OPEN_READONLY) != 0 ? AURORA_EREADONLY
                                                   : aurora__search_rebuild(shop->engine);
    aurora__handle_leave(shop);
    return aurora__refuse_plain(err, rc);
}

/* --- for operators ---------------------------------------------------------------------------- */

aurora_status aurora_search_breaker(aurora_t *shop, aurora_breaker_figures *figures_out)
{
    if (figures_out == NULL)
        return AURORA_EINVAL;
    aurora_status rc = aurora__handle_enter_query(shop);
    if (rc != AURORA_OK)
        return rc;
    if (shop->has_search && shop->search.breaker != NULL)
        shop->search.breaker(shop->search.self, figures_out);
    else
        rc = AURORA_ENOTSUP;
    aurora__handle_leave(shop);
    return rc;
}

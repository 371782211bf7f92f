/* SPDX-License-Identifier: MIT */
/* Operations that find: search, suggestions, what is popular. */
#include <stdlib.h>
#include <string.h>

#include "step.h"

static const char *const sorts[] = {"relevance", "price_up", "price_down", "newest", NULL};
static const char *const facets[] = {"category", "brand", NULL};
static const char *const trend_kinds[] = {"orders", "views", NULL};

/* --- search ----------------------------------------------------------------------------------- */

static void give_search(cJSON *to, const aurora_search_page *page)
{
    cJSON *items = give_array(to, "items");
    for (uint32_t i = 0; i < page->count; i++) {
        cJSON *item = give_item(items);
        give_product(cJSON_AddObjectToObject(item, "product"), page->items[i]->product);
        give_double(item, "score", page->items[i]->score);
        give_text(item, "highlight", page->items[i]->highlight);
    }
    give_text(to, "next_cursor", page->next_cursor);
    give_uint(to, "total", page->total);
    cJSON *given = give_array(to, "facets");
    for (uint32_t i = 0; i < page->facet_count; i++) {
        cJSON *facet = give_item(given);
        give_enum(facet, "kind", page->facets[i]->kind, facets);
        give_text(facet, "value", page->facets[i]->value);
        give_uint(facet, "count", page->facets[i]->count);
    }
}

static aurora_status search(step *of)
{
    aurora_search_page *page = NULL;
    aurora_query query;
    aurora_query_init(&query);
    query.sort = input_enum(of, of->with, "sort", sorts);
    query.text = input_text(of, of->with, "text");
    query.category = input_text(of, of->with, "category");
    query.brand = input_text(of, of->with, "brand");
    query.price_min_minor = input_int(of, of->with, "price_min_minor", 0);
    query.price_max_minor = input_int(of, of->with, "price_max_minor", 0);
    const char *cursor = input_text(of, of->with, "cursor");
    aurora_status rc = aurora_search(of->run->shop.handle, &query, cursor,
                                     input_u32(of, of->with, "limit"), &page, &of->err);
    if (rc == AURORA_OK)
        give_search(of->gives, page);
    aurora_search_page_free(page);
    return rc;
}

static aurora_status search_suggest(step *of)
{
    aurora_suggestion_page *page = NULL;
    const char *prefix = input_text(of, of->with, "prefix");
    aurora_status rc = aurora_search_suggest(of->run->shop.handle, prefix,
                                             input_u32(of, of->with, "limit"), &page, &of->err);
    if (rc != AURORA_OK)
        return rc;
    cJSON *items = give_array(of->gives, "items");
    for (uint32_t i = 0; i < page->count; i++)
        cJSON_AddItemToArray(items, cJSON_CreateString(page->items[i]));
    aurora_suggestion_page_free(page);
    return rc;
}

static aurora_status search_rebuild(step *of)
{
    return aurora_search_rebuild(of->run->shop.handle, &of->err);
}

/* --- trends ----------------------------------------------------------------------------------- */

static aurora_status give_trends(step *of, aurora_status rc, aurora_trend_page *page)
{
    if (rc != AURORA_OK)
        return rc;
    cJSON *items = give_array(of->gives, "items");
    for (uint32_t i = 0; i < page->count; i++) {
        cJSON *item = give_item(items);
        give_text(item, "sku", page->items[i]->sku);
        give_double(item, "score", page->items[i]->score);
        give_double(item, "error", page->items[i]->error);
    }
    give_int(of->gives, "at_ms", page->at_ms);
    aurora_trend_page_free(page);
    return rc;
}

static aurora_status trending(step *of)
{
    aurora_trend_page *page = NULL;
    aurora_trend_query query;
    aurora_trend_query_init(&query);
    query.limit = input_u32(of, of->with, "limit");
    query.window_ms = input_int(of, of->with, "window_ms", 0);
    query.category = input_text(of, of->with, "category");
    query.at_ms = input_int(of, of->with, "at_ms", 0);
    query.kind = input_enum(of, of->with, "kind", trend_kinds);
    aurora_status rc = aurora_trending(of->run->shop.handle, &query, &page, &of->err);
    return give_trends(of, rc, page);
}

static aurora_status related_products(step *of)
{
    aurora_trend_page *page = NULL;
    const char *sku = input_text(of, of->with, "sku");
    aurora_status rc = aurora_related_products(of->run->shop.handle, sku,
                                               input_u32(of, of->with, "limit"), &page, &of->err);
    return give_trends(of, rc, page);
}

static aurora_status popular_products(step *of)
{
    aurora_trend_page *page = NULL;
    const char *category = input_text(of, of->with, "category");
    aurora_status rc = aurora_popular_products(of->run->shop.handle, category,
                                               input_u32(of, of->with, "limit"), &page, &of->err);
    return give_trends(of, rc, page);
}

const operation search_operations[] = {
    {"search", search},
    {"search_suggest", search_suggest},
    {"search_rebuild", search_rebuild},
    {"trending", trending},
    {"related_products", related_products},
    {"popular_products", popular_products},
    {NULL, NULL},
};

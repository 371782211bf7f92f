/* SPDX-License-Identifier: MIT */
/* /search and /search/suggest. Any text is a query: there is no syntax to get wrong. */
#include <string.h>

#include "http/fields.h"
#include "routes/answer.h"
#include "routes/bodies.h"
#include "routes/product_json.h"

#define SEARCH_LIMIT_DEFAULT 20
#define SEARCH_LIMIT_MAX 100
#define SUGGEST_LIMIT_DEFAULT 10
#define SUGGEST_LIMIT_MAX 20

static const aurora__rename renames[] = {
    {"text", "q"},
    {"prefix", "q"},
    {"price_min_minor", "min_price"},
    {"price_max_minor", "max_price"},
};
#define RENAME_COUNT (sizeof renames / sizeof renames[0])

/* --- the query -------------------------------------------------------------------------------- */

static bool read_sort(aurora_http_exchange *exchange, int32_t *out)
{
    static const struct {
        const char *name;
        int32_t sort;
    } sorts[] = {
        {"relevance", AURORA_SORT_RELEVANCE},
        {"price", AURORA_SORT_PRICE_UP},
        {"-price", AURORA_SORT_PRICE_DOWN},
        {"newest", AURORA_SORT_NEWEST},
    };
    const char *text = aurora_http_query(exchange, "sort");
    if (text == NULL)
        return true;
    for (size_t i = 0; i < sizeof sorts / sizeof sorts[0]; i++) {
        if (strcmp(text, sorts[i].name) == 0) {
            *out = sorts[i].sort;
            return true;
        }
    }
    return aurora_http_refuse_parameter(exchange, "sort",
                                        "must be relevance, price, -price or newest");
}

/* An empty parameter is as good as none: a form sends all its fields. */
static const char *query_text(const aurora_http_exchange *exchange, const char *name)
{
    const char *text = aurora_http_query(exchange, name);
    return text == NULL || text[0] == '\0' ? NULL : text;
}

/* Nobody searches for a client who has gone. */
static int64_t time_max_ms(const aurora_http_exchange *exchange)
{
    int64_t left_ms = aurora_http_left_ms(exchange);
    if (left_ms == INT64_MAX)
        return 0;
    return left_ms > 0 ? left_ms : 1; /* 0 would be for ever */
}

static bool read_query(aurora_http_exchange *exchange, aurora_query *out)
{
    aurora_query_init(out);
    out->time_max_ms = time_max_ms(exchange);
    out->text = query_text(exchange, "q");
    out->category = query_text(exchange, "category");
    out->brand = query_text(exchange, "brand");
    if (!read_sort(exchange, &out->sort) ||
        !aurora_http_query_int(exchange, "min_price", 0, AURORA_PRICE_MINOR_MAX,
                               &out->price_min_minor) ||
        !aurora_http_query_int(exchange, "max_price", 1, AURORA_PRICE_MINOR_MAX,
                               &out->price_max_minor))
        return false;
    if (out->price_max_minor == 0 || out->price_min_minor <= out->price_max_minor)
        return true;
    return aurora_http_refuse_parameter(exchange, "min_price", "must not be above max_price");
}

/* --- hits ------------------------------------------------------------------------------------- */

static void search(aurora_http_exchange *exchange, void *self)
{
    const aurora_routes *routes = self;
    uint32_t limit = SEARCH_LIMIT_DEFAULT;
    const char *cursor;
    aurora_query query;
    aurora_search_page *page;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_json_out out = {0};
    if (!read_query(exchange, &query) ||
        !aurora_http_query_limit(exchange, SEARCH_LIMIT_MAX, &limit) ||
        !aurora_http_query_cursor(exchange, routes->cursor_key, &cursor))
        return;
    aurora_status rc = aurora_search(routes->shop, &query, cursor, limit, &page, &err);
    if (rc == AURORA_ETIMEDOUT)
        aurora_http_set(exchange, "Retry-After", "1");
    if (rc != AURORA_OK) {
        aurora__query_refuse(exchange, rc, &err, renames, RENAME_COUNT);
        return;
    }
    aurora_body_search_open(&out, page, cursor == NULL);
    aurora__page_answer(exchange, routes, &out, page->next_cursor);
    aurora_search_page_free(page);
}

/* --- suggestions ------------------------------------------------------------------------------ */

static void suggest(aurora_http_exchange *exchange, void *self)
{
    const aurora_routes *routes = self;
    uint32_t limit = SUGGEST_LIMIT_DEFAULT;
    aurora_suggestion_page *page;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_json_out out = {0};
    const char *prefix = query_text(exchange, "q");
    if (prefix == NULL) {
        aurora_http_refuse_parameter(exchange, "q", "is required");
        return;
    }
    if (!aurora_http_query_limit(exchange, SUGGEST_LIMIT_MAX, &limit))
        return;
    aurora_status rc = aurora_search_suggest(routes->shop, prefix, limit, &page, &err);
    if (rc != AURORA_OK) {
        aurora__query_refuse(exchange, rc, &err, renames, RENAME_COUNT);
        return;
    }
    aurora__page_begin(&out);
    for (uint32_t i = 0; i < page->count; i++)
        aurora_json_out_text(&out, NULL, page->items[i]);
    aurora_json_out_close(&out, ']');
    aurora_json_out_close(&out, '}');
    aurora_suggestion_page_free(page);
    aurora__answer_json(exchange, 200, &out);
}

static const aurora_http_route table[] = {
    {AURORA_HTTP_GET, 0, AURORA_HTTP_BLOCKING, "/search",
     "q category brand min_price max_price sort limit cursor", "searchProducts", search},
    {AURORA_HTTP_GET, 0, AURORA_HTTP_BLOCKING, "/search/suggest", "q limit", "suggestSearches",
     suggest},
};

aurora_route_table aurora_routes_search(void)
{
    return (aurora_route_table){table, sizeof table / sizeof table[0]};
}

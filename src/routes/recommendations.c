/* SPDX-License-Identifier: MIT */
/* /recommendations: what sells now, what is bought together, what sold most. */
#include <string.h>

#include "http/fields.h"
#include "routes/answer.h"

#define TREND_LIMIT_DEFAULT 20
#define TREND_LIMIT_MAX 1000
#define RELATED_LIMIT_DEFAULT 10
#define RELATED_LIMIT_MAX 100

static const aurora__rename renames[] = {{"window_ms", "window"}, {"at_ms", "at"}};
#define RENAME_COUNT (sizeof renames / sizeof renames[0])

static void answer(aurora_http_exchange *exchange, aurora_trend_page *page)
{
    aurora_json_out out = {0};
    aurora__page_begin(&out);
    for (uint32_t i = 0; i < page->count; i++) {
        aurora_json_out_object(&out, NULL);
        aurora_json_out_text(&out, "sku", page->items[i]->sku);
        aurora_json_out_double(&out, "score", page->items[i]->score);
        aurora_json_out_double(&out, "error", page->items[i]->error);
        aurora_json_out_close(&out, '}');
    }
    aurora_json_out_close(&out, ']');
    aurora_json_out_time(&out, "at", page->at_ms);
    aurora_json_out_close(&out, '}');
    aurora_trend_page_free(page);
    aurora__answer_json(exchange, 200, &out);
}

/* --- trending --------------------------------------------------------------------------------- */

static bool read_window(aurora_http_exchange *exchange, int64_t *out)
{
    static const struct {
        const char *name;
        int64_t ms;
    } windows[] = {
        {"1h", AURORA_WINDOW_HOUR_MS},
        {"24h", AURORA_WINDOW_DAY_MS},
        {"7d", AURORA_WINDOW_WEEK_MS},
    };
    const char *text = aurora_http_query(exchange, "window");
    if (text == NULL)
        return true;
    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
        if (strcmp(text, windows[i].name) == 0) {
            *out = windows[i].ms;
            return true;
        }
    }
    return aurora_http_refuse_parameter(exchange, "window", "must be 1h, 24h or 7d");
}

static bool read_at(aurora_http_exchange *exchange, int64_t *out)
{
    if (!aurora_http_query_time(exchange, "at", out))
        return false;
    if (aurora_http_query(exchange, "at") == NULL || (*out > 0 && *out <= AURORA_TOPK_TIME_MAX))
        return true;
    return aurora_http_refuse_parameter(exchange, "at", "must lie from 1970 to 9999");
}

static void trending(aurora_http_exchange *exchange, void *self)
{
    const aurora_routes *routes = self;
    aurora_trend_query query;
    aurora_trend_page *page;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_trend_query_init(&query);
    query.limit = TREND_LIMIT_DEFAULT;
    query.category = aurora_http_query(exchange, "category");
    if (!read_window(exchange, &query.window_ms) || !read_at(exchange, &query.at_ms) ||
        !aurora_http_query_limit(exchange, TREND_LIMIT_MAX, &query.limit))
        return;
    aurora_status rc = aurora_trending(routes->shop, &query, &page, &err);
    if (rc == AURORA_EINVAL && strcmp(err.field, "at_ms") == 0) {
        /* In range, so the rule is the other one: the sketches only know how to decay onward. */
        static const char rule[] = "must not be before the newest counted order";
        aurora_http_blame(exchange, AURORA_HTTP_AT_PARAMETER, "at", "%s", rule);
        aurora_http_problem(exchange, 422, "invalid_parameter", "at %s", rule);
    } else if (rc != AURORA_OK) {
        aurora__query_refuse(exchange, rc, &err, renames, RENAME_COUNT);
    } else {
        answer(exchange, page);
    }
}

/* --- the others ------------------------------------------------------------------------------- */

static void related(aurora_http_exchange *exchange, void *self)
{
    const aurora_routes *routes = self;
    uint32_t limit = RELATED_LIMIT_DEFAULT;
    aurora_trend_page *page;
    aurora_error err = AURORA_ERROR_INIT;
    if (!aurora_http_query_limit(exchange, RELATED_LIMIT_MAX, &limit))
        return;
    aurora_status rc = aurora_related_products(routes->shop, aurora_http_param(exchange, "sku"),
                                               limit, &page, &err);
    if (rc == AURORA_OK)
        answer(exchange, page);
    else
        aurora__sku_refuse(exchange, rc, &err);
}

static void popular(aurora_http_exchange *exchange, void *self)
{
    const aurora_routes *routes = self;
    uint32_t limit = TREND_LIMIT_DEFAULT;
    aurora_trend_page *page;
    aurora_error err = AURORA_ERROR_INIT;
    if (!aurora_http_query_limit(exchange, TREND_LIMIT_MAX, &limit))
        return;
    aurora_status rc = aurora_popular_products(
        routes->shop, aurora_http_query(exchange, "category"), limit, &page, &err);
    if (rc == AURORA_OK)
        answer(exchange, page);
    else
        aurora__query_refuse(exchange, rc, &err, renames, RENAME_COUNT);
}

static const aurora_http_route table[] = {
    {AURORA_HTTP_GET, 0, AURORA_HTTP_BLOCKING, "/recommendations/trending",
     "window category limit at", "trendingProducts", trending},
    {AURORA_HTTP_GET, 0, AURORA_HTTP_BLOCKING, "/recommendations/related/{sku}", "limit",
     "relatedProducts", related},
    {AURORA_HTTP_GET, 0, AURORA_HTTP_BLOCKING, "/recommendations/popular", "category limit",
     "popularProducts", popular},
};

aurora_route_table aurora_routes_recommendations(void)
{
    return (aurora_route_table){table, sizeof table / sizeof table[0]};
}

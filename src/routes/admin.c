/* SPDX-License-Identifier: MIT */
/* The table of /admin, and dead letters. */
#include "routes/admin.h"

#include "http/fields.h"
#include "routes/answer.h"
#include "routes/bodies.h"

/* --- dead letters ----------------------------------------------------------------------------- */

static void list_letters(aurora_http_exchange *exchange, void *self)
{
    const aurora_routes *routes = self;
    const char *cursor;
    uint32_t limit = AURORA__LIST_LIMIT_DEFAULT;
    aurora_dead_letter_page *page = NULL;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_json_out out = {0};
    if (!aurora_http_query_limit(exchange, AURORA__LIST_LIMIT_MAX, &limit) ||
        !aurora_http_query_cursor(exchange, routes->cursor_key, &cursor))
        return;
    aurora_http_set(exchange, "Cache-Control", "no-store");
    aurora_status status = aurora_dead_letter_list(
        routes->shop, aurora_http_query(exchange, "consumer"), cursor, limit, &page, &err);
    if (status != AURORA_OK) {
        aurora__query_refuse(exchange, status, &err, NULL, 0);
        return;
    }
    aurora__page_begin(&out);
    for (uint32_t i = 0; i < page->count; i++)
        aurora_body_dead_letter(&out, page->items[i]);
    aurora__page_answer(exchange, routes, &out, page->next_cursor);
    aurora_dead_letter_page_free(page);
}

static void redrive(aurora_http_exchange *exchange, void *self)
{
    const aurora_routes *routes = self;
    const char *consumer = aurora_http_param(exchange, "consumer");
    const char *key = aurora_http_param(exchange, "key");
    uint32_t count = 0;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_json_out out = {0};
    aurora_status status = aurora_dead_letter_redrive(routes->shop, consumer, key, &count, &err);
    if (status == AURORA_ENOTFOUND) {
        aurora_http_problem(exchange, 404, "not_found", "%s has no dead letter of %s", consumer,
                            key);
        return;
    }
    if (status != AURORA_OK) {
        aurora__query_refuse(exchange, status, &err, NULL, 0);
        return;
    }
    aurora_json_out_object(&out, NULL);
    aurora_json_out_uint(&out, "taken", count);
    aurora_json_out_close(&out, '}');
    aurora__answer_json(exchange, 200, &out);
}

/* --- the table -------------------------------------------------------------------------------- */

#define READS AURORA_HTTP_GET, AURORA_SCOPE_ADMIN, AURORA_HTTP_BLOCKING
#define ACTS AURORA_HTTP_POST, AURORA_SCOPE_ADMIN, AURORA_HTTP_BLOCKING | AURORA_HTTP_JSON_MAYBE

aurora_route_table aurora_routes_sagas(void)
{
    static const aurora_http_route routes[] = {
        {READS, "/admin/sagas", "parked participant age limit cursor", "listSagas",
         aurora__saga_list_handle},
        {READS, "/admin/sagas/{id}", "", "getSaga", aurora__saga_get_handle},
        {ACTS, "/admin/sagas/{id}/retry", "", "retrySaga", aurora__saga_retry_handle},
        {ACTS, "/admin/sagas/{id}/mark", "", "markSaga", aurora__saga_mark_handle},
        {ACTS, "/admin/sagas/{id}/compensate", "", "compensateSaga",
         aurora__saga_compensate_handle},
    };
    return (aurora_route_table){routes, sizeof routes / sizeof *routes};
}

aurora_route_table aurora_routes_admin(void)
{
    static const aurora_http_route routes[] = {
        {READS, "/admin/dead-letters", "consumer limit cursor", "listDeadLetters", list_letters},
        {ACTS, "/admin/dead-letters/{consumer}/{key}/redrive", "", "redriveDeadLetters", redrive},
        {AURORA_HTTP_GET, AURORA_SCOPE_ADMIN, 0, "/admin/events", "after limit wait", "readEvents",
         aurora__events_handle},
        {READS, "/admin/stats", "", "getStats", aurora__stats_handle},
        {READS, "/admin/limits", "", "getLimits", aurora__limits_handle},
    };
    return (aurora_route_table){routes, sizeof routes / sizeof *routes};
}

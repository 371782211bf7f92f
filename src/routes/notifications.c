/* SPDX-License-Identifier: MIT */
/* GET /admin/notifications: what was sent, and what needs a person. */
#include "http/fields.h"
#include "routes/answer.h"
#include "routes/bodies.h"

static bool read_state(aurora_http_exchange *exchange, int32_t *out)
{
    const char *name = aurora_http_query(exchange, "state");
    *out = aurora_notification_state_parse(name);
    if (name == NULL || *out != 0)
        return true;
    return aurora_http_refuse_parameter(
        exchange, "state", "must be PENDING, SENDING, SENT, UNKNOWN, FAILED or SKIPPED");
}

static void list_notifications(aurora_http_exchange *exchange, void *self)
{
    const aurora_routes *routes = self;
    const char *cursor;
    uint32_t limit = AURORA__LIST_LIMIT_DEFAULT;
    int32_t state;
    aurora_notification_page *page = NULL;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_json_out out = {0};
    if (!read_state(exchange, &state) ||
        !aurora_http_query_limit(exchange, AURORA__LIST_LIMIT_MAX, &limit) ||
        !aurora_http_query_cursor(exchange, routes->cursor_key, &cursor))
        return;
    aurora_http_set(exchange, "Cache-Control", "no-store");
    aurora_status status =
        aurora_notification_list(routes->shop, state, cursor, limit, &page, &err);
    if (status != AURORA_OK) {
        aurora__query_refuse(exchange, status, &err, NULL, 0);
        return;
    }
    aurora__page_begin(&out);
    for (uint32_t i = 0; i < page->count; i++)
        aurora_body_notification(&out, page->items[i]);
    aurora__page_answer(exchange, routes, &out, page->next_cursor);
    aurora_notification_page_free(page);
}

aurora_route_table aurora_routes_notifications(void)
{
    static const aurora_http_route routes[] = {
        {AURORA_HTTP_GET, AURORA_SCOPE_ADMIN, AURORA_HTTP_BLOCKING, "/admin/notifications",
         "state limit cursor", "listNotifications", list_notifications},
    };
    return (aurora_route_table){routes, sizeof routes / sizeof *routes};
}

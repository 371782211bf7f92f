/* SPDX-License-Identifier: MIT */
/* The table of /orders, and reading: one, many, what happened to one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "http/fields.h"
#include "routes/answer.h"
#include "routes/bodies.h"
#include "routes/loop.h"
#include "routes/order_answer.h"

#define WATCH_MS 1000 /* of one watch: bounds how long a server that drains waits for it */

/* --- one -------------------------------------------------------------------------------------- */

/* A GET with Prefer: wait, in the exchange's memory. */
typedef struct {
    aurora__waiter waiter; /* first: the tag points to it */
    aurora__routes_loop *loop;
    aurora_http_exchange *exchange;
    int64_t end_ns;
} order_wait;

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Answers with the order or, where the client has this version, with 304; frees it. */
static void show(aurora_http_exchange *exchange, aurora_order *order)
{
    if (!aurora_http_is_unmodified(exchange, order->version)) {
        aurora__order_answer(exchange, 200, order);
        return;
    }
    aurora_http_set_etag(exchange, order->version);
    aurora_http_reply(exchange, 304, NULL, NULL, 0);
    aurora_order_free(order);
}

/* Waits on, or answers with what there is: where no watch can be had or the server goes, too. Frees
 * the order. */
static void wait_on(order_wait *wait, aurora_order *order)
{
    int64_t left_ms = (wait->end_ns - now_ns()) / 1000000;
    uint32_t watch_ms = left_ms < WATCH_MS ? (uint32_t)left_ms : WATCH_MS;
    if (!aurora__order_is_over(order) && left_ms > 0 &&
        !aurora_http_is_draining(wait->loop->routes->server) &&
        aurora__routes_loop_watch(wait->loop, order->id, order->version, watch_ms, &wait->waiter) ==
            AURORA_OK)
        aurora_order_free(order);
    else
        show(wait->exchange, order);
}

static void watched(aurora__waiter *waiter, const aurora_completion *completion)
{
    order_wait *wait = (order_wait *)waiter;
    aurora_order *order;
    if (completion->order != NULL)
        wait_on(wait, completion->order);
    else if (aurora__order_read(wait->exchange, wait->loop->routes, &order))
        show(wait->exchange, order);
}

static void get(aurora_http_exchange *exchange, void *self)
{
    char applied[32];
    aurora_order *order;
    uint32_t wait_ms = aurora_http_prefer_wait_ms(exchange);
    if (!aurora__order_read(exchange, self, &order))
        return;
    int64_t left_ms = wait_ms > 0 ? aurora_http_left_ms(exchange) : 0;
    int64_t waited_ms = left_ms < wait_ms ? left_ms : wait_ms;
    order_wait *wait = wait_ms == 0 ? NULL : aurora_http_alloc(exchange, sizeof *wait);
    if (wait == NULL) {
        show(exchange, order);
        return;
    }
    snprintf(applied, sizeof applied, "wait=%u", wait_ms / 1000);
    aurora_http_set(exchange, "Preference-Applied", applied);
    *wait = (order_wait){.waiter.done = watched,
                         .loop = aurora__routes_loop_of(exchange),
                         .exchange = exchange,
                         .end_ns = now_ns() + waited_ms * 1000000};
    wait_on(wait, order);
}

/* --- many ------------------------------------------------------------------------------------- */

/* Who has not orders:admin sees its own only. */
static bool read_customer(aurora_http_exchange *exchange, const char **out)
{
    const aurora_http_principal *principal = aurora_http_exchange_principal(exchange);
    *out = aurora_http_query(exchange, "customer");
    if ((principal->scopes & AURORA_SCOPE_ORDERS_ADMIN) != 0)
        return true;
    if (*out != NULL && strcmp(*out, principal->name) != 0) {
        static const char rule[] = "of another needs the scope orders:admin";
        aurora_http_blame(exchange, AURORA_HTTP_AT_PARAMETER, "customer", "%s", rule);
        aurora_http_problem(exchange, 403, "forbidden", "customer %s", rule);
        return false;
    }
    *out = principal->name;
    return true;
}

static bool read_filter(aurora_http_exchange *exchange, aurora_order_filter *out)
{
    const char *status = aurora_http_query(exchange, "status");
    aurora_order_filter_init(out);
    out->status = aurora_order_status_parse(status);
    if (status != NULL && out->status == 0)
        return aurora_http_refuse_parameter(
            exchange, "status",
            "must be PENDING, RESERVED, COMPLETED, FAILED, CANCELLED or PARKED");
    out->reference = aurora_http_query(exchange, "reference");
    return read_customer(exchange, &out->customer_id) &&
           aurora_http_query_time(exchange, "from", &out->from_ms) &&
           aurora_http_query_time(exchange, "to", &out->to_ms);
}

static void answer_page(aurora_http_exchange *exchange, const aurora_routes *routes,
                        const aurora_order_page *page)
{
    aurora_json_out out = {0};
    aurora__page_begin(&out);
    for (uint32_t i = 0; i < page->count; i++)
        aurora_body_order(&out, page->items[i]);
    aurora__page_answer(exchange, routes, &out, page->next_cursor);
}

static void list(aurora_http_exchange *exchange, void *self)
{
    static const aurora__rename renames[] = {
        {"customer_id", "customer"}, {"from_ms", "from"}, {"to_ms", "to"}};
    const aurora_routes *routes = self;
    const char *cursor;
    uint32_t limit = AURORA__LIST_LIMIT_DEFAULT;
    aurora_order_filter filter;
    aurora_order_page *page = NULL;
    aurora_error err = AURORA_ERROR_INIT;
    if (!read_filter(exchange, &filter) ||
        !aurora_http_query_limit(exchange, AURORA__LIST_LIMIT_MAX, &limit) ||
        !aurora_http_query_cursor(exchange, routes->cursor_key, &cursor))
        return;
    aurora_http_set(exchange, "Cache-Control", "no-store");
    aurora_status status = aurora_order_list(routes->shop, &filter, cursor, limit, &page, &err);
    if (status == AURORA_OK)
        answer_page(exchange, routes, page);
    else
        aurora__query_refuse(exchange, status, &err, renames, 3);
    aurora_order_page_free(page);
}

/* --- what happened to one --------------------------------------------------------------------- */

static void history(aurora_http_exchange *exchange, void *self)
{
    const aurora_routes *routes = self;
    aurora_order *order;
    aurora_history *steps = NULL;
    aurora_json_out out = {0};
    if (!aurora__order_read(exchange, routes, &order))
        return;
    aurora_http_set(exchange, "Cache-Control", "no-store");
    aurora_status status = aurora_order_history(routes->shop, order->id, &steps);
    aurora_order_free(order);
    if (status != AURORA_OK) {
        aurora_http_refuse(exchange, status, NULL);
        return;
    }
    aurora__page_begin(&out);
    for (uint32_t i = 0; i < steps->count; i++)
        aurora_body_transition(&out, steps->items[i]);
    aurora_json_out_close(&out, ']');
    aurora_json_out_null(&out, "next_cursor");
    aurora_json_out_id(&out, "order_id", steps->order_id);
    aurora_json_out_uint(&out, "dropped_count", steps->dropped_count);
    aurora_json_out_close(&out, '}');
    aurora__answer_json(exchange, 200, &out);
    aurora_history_free(steps);
}

/* --- the table -------------------------------------------------------------------------------- */

aurora_route_table aurora_routes_orders(void)
{
    static const aurora_http_route routes[] = {
        {AURORA_HTTP_POST, AURORA_SCOPE_ORDERS_WRITE, AURORA_HTTP_JSON_BODY | AURORA_HTTP_KEYED,
         "/orders", "", "placeOrder", aurora__order_place_handle},
        {AURORA_HTTP_GET, AURORA_SCOPE_ORDERS_READ, AURORA_HTTP_BLOCKING, "/orders",
         "status customer reference from to limit cursor", "listOrders", list},
        {AURORA_HTTP_GET, AURORA_SCOPE_ORDERS_READ, 0, "/orders/{id}", "", "getOrder", get},
        {AURORA_HTTP_GET, AURORA_SCOPE_ORDERS_READ, AURORA_HTTP_BLOCKING, "/orders/{id}/history",
         "", "getOrderHistory", history},
        {AURORA_HTTP_GET, AURORA_SCOPE_ORDERS_READ, 0, "/orders/{id}/events", "", "streamOrder",
         aurora__order_events_handle},
        {AURORA_HTTP_POST, AURORA_SCOPE_ORDERS_WRITE,
         AURORA_HTTP_BLOCKING | AURORA_HTTP_JSON_MAYBE | AURORA_HTTP_KEYED, "/orders/{id}/cancel",
         "", "cancelOrder", aurora__order_cancel_handle},
    };
    return (aurora_route_table){routes, sizeof routes / sizeof *routes};
}

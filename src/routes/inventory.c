/* SPDX-License-Identifier: MIT */
/* /inventory: counters of a SKU, what moves them, and who holds some of it. */
#include <string.h>

#include "http/fields.h"
#include "routes/answer.h"
#include "routes/bodies.h"

/* --- counters --------------------------------------------------------------------------------- */

static void get_stock(aurora_http_exchange *exchange, void *self)
{
    const aurora_routes *routes = self;
    const char *sku = aurora_http_param(exchange, "sku");
    aurora_stock stock;
    aurora_json_out out = {0};
    aurora_status rc = aurora_stock_get(routes->shop, sku, &stock);
    if (rc == AURORA_ENOTFOUND) {
        aurora_http_problem(exchange, 404, "not_found", "This SKU never had stock.");
        return;
    }
    if (rc != AURORA_OK) {
        aurora__sku_refuse(exchange, rc, NULL);
        return;
    }
    aurora__answer_revalidated(exchange);
    aurora_http_set_etag(exchange, stock.version);
    if (aurora_http_is_unmodified(exchange, stock.version)) {
        aurora_http_reply(exchange, 304, NULL, NULL, 0);
        return;
    }
    aurora_body_stock(&out, sku, &stock);
    aurora__answer_json(exchange, 200, &out);
}

static void list_stock(aurora_http_exchange *exchange, void *self)
{
    const aurora_routes *routes = self;
    uint32_t limit = AURORA__LIST_LIMIT_DEFAULT;
    const char *cursor;
    aurora_stock_filter filter;
    aurora_stock_page *page;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_json_out out = {0};
    aurora_stock_filter_init(&filter);
    if (!aurora_http_query_int(exchange, "below", 1, INT64_MAX, &filter.below) ||
        !aurora_http_query_limit(exchange, AURORA__LIST_LIMIT_MAX, &limit) ||
        !aurora_http_query_cursor(exchange, routes->cursor_key, &cursor))
        return;
    aurora_status rc = aurora_stock_list(routes->shop, &filter, cursor, limit, &page, &err);
    if (rc != AURORA_OK) {
        aurora__query_refuse(exchange, rc, &err, NULL, 0);
        return;
    }
    aurora__page_begin(&out);
    for (uint32_t i = 0; i < page->count; i++)
        aurora_body_stock(&out, page->items[i]->sku, &page->items[i]->stock);
    aurora__page_answer(exchange, routes, &out, page->next_cursor);
    aurora_stock_page_free(page);
}

/* --- movements -------------------------------------------------------------------------------- */

static void refuse_movement(aurora_http_exchange *exchange, aurora_status rc,
                            const aurora_error *err)
{
    bool is_key = rc == AURORA_EINVAL && strncmp(err->field, "key", 3) == 0;
    if (is_key)
        aurora_http_refuse_header(exchange, "Idempotency-Key", err->message);
    else
        aurora__sku_refuse(exchange, rc, err);
}

/* A key names a movement for ever, among all of the principal's: sent again with another SKU,
 * quantity or kind it is refused, and never counts twice. */
static void move(aurora_http_exchange *exchange, const aurora_routes *routes,
                 aurora_movement *movement)
{
    aurora_stock stock;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_json_out out = {0};
    if (!aurora_http_idempotency_key(exchange, &movement->key))
        return;
    movement->sku = aurora_http_param(exchange, "sku");
    movement->key_scope = aurora_http_exchange_principal(exchange)->name;
    aurora_status rc = aurora_stock_move(routes->shop, movement, &stock, &err);
    if (rc != AURORA_OK) {
        refuse_movement(exchange, rc, &err);
        return;
    }
    if (stock.is_repeat)
        aurora_http_set(exchange, "Idempotency-Replayed", "true");
    aurora_http_set_etag(exchange, stock.version);
    aurora_body_stock(&out, movement->sku, &stock);
    aurora__answer_json(exchange, stock.is_repeat ? 200 : 201, &out);
}

static void handle_movement(aurora_http_exchange *exchange, const aurora_routes *routes,
                            int32_t kind, int64_t quantity_min)
{
    static const char *const names[] = {"quantity", "reason"};
    bool is_receipt = kind == AURORA_MOVEMENT_RECEIPT;
    aurora_json_doc *doc;
    aurora_json_value values[2];
    aurora_json_error error;
    aurora_movement movement;
    if (!aurora__body_parse(exchange, &doc))
        return;
    aurora_movement_init(&movement);
    movement.kind = kind;
    if (aurora_json_object(aurora_json_root(doc), names, 2, values, &error) &&
        aurora_json_integer(values[0], quantity_min, AURORA_MOVEMENT_MAX, &movement.quantity,
                            &error) &&
        (movement.quantity != 0 || aurora_json_refuse(values[0], &error, "must not be 0")) &&
        ((is_receipt && !aurora_json_is_present(values[1])) ||
         aurora_json_text(values[1], 1, AURORA_TEXT_BYTES_MAX, &movement.reason, &error)))
        move(exchange, routes, &movement);
    else
        aurora__body_refuse(exchange, &error);
    aurora_json_free(doc);
}

static void receive_stock(aurora_http_exchange *exchange, void *self)
{
    handle_movement(exchange, self, AURORA_MOVEMENT_RECEIPT, 1);
}

static void adjust_stock(aurora_http_exchange *exchange, void *self)
{
    handle_movement(exchange, self, AURORA_MOVEMENT_ADJUSTMENT, -AURORA_MOVEMENT_MAX);
}

/* --- reservations ----------------------------------------------------------------------------- */

static void write_reservation(aurora_json_out *out, const aurora_reservation *reservation)
{
    aurora_json_out_object(out, NULL);
    aurora_json_out_id(out, "order_id", reservation->order_id);
    aurora_json_out_text(out, "key", reservation->key);
    aurora_json_out_text(out, "sku", reservation->sku);
    aurora_json_out_int(out, "quantity", reservation->quantity);
    aurora_json_out_text(out, "status", aurora_reservation_status_name(reservation->status));
    aurora_json_out_time(out, "created_at", reservation->created_at_ms);
    aurora_json_out_time(out, "expires_at", reservation->expires_at_ms);
    aurora_json_out_time(out, "updated_at", reservation->updated_at_ms);
    aurora_json_out_close(out, '}');
}

static void list_reservations(aurora_http_exchange *exchange, void *self)
{
    const aurora_routes *routes = self;
    uint32_t limit = AURORA__LIST_LIMIT_DEFAULT;
    const char *cursor;
    aurora_reservation_page *page;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_json_out out = {0};
    if (!aurora_http_query_limit(exchange, AURORA__LIST_LIMIT_MAX, &limit) ||
        !aurora_http_query_cursor(exchange, routes->cursor_key, &cursor))
        return;
    aurora_status rc = aurora_reservation_list(routes->shop, aurora_http_param(exchange, "sku"),
                                               cursor, limit, &page, &err);
    if (rc != AURORA_OK) {
        aurora__query_refuse(exchange, rc, &err, NULL, 0);
        return;
    }
    aurora__page_begin(&out);
    for (uint32_t i = 0; i < page->count; i++)
        write_reservation(&out, page->items[i]);
    aurora__page_answer(exchange, routes, &out, page->next_cursor);
    aurora_reservation_page_free(page);
}

/* --- the table -------------------------------------------------------------------------------- */

#define READ AURORA_SCOPE_INVENTORY_READ
#define WRITE AURORA_SCOPE_INVENTORY_WRITE
#define BLOCKING AURORA_HTTP_BLOCKING
#define KEYED (BLOCKING | AURORA_HTTP_JSON_BODY | AURORA_HTTP_KEYED)

static const aurora_http_route table[] = {
    {AURORA_HTTP_GET, READ, BLOCKING, "/inventory", "below limit cursor", "listStock", list_stock},
    {AURORA_HTTP_GET, READ, 0, "/inventory/{sku}", "", "getStock", get_stock},
    {AURORA_HTTP_POST, WRITE, KEYED, "/inventory/{sku}/receipts", "", "receiveStock",
     receive_stock},
    {AURORA_HTTP_POST, WRITE, KEYED, "/inventory/{sku}/adjustments", "", "adjustStock",
     adjust_stock},
    {AURORA_HTTP_GET, READ, BLOCKING, "/inventory/{sku}/reservations", "limit cursor",
     "listReservations", list_reservations},
};

aurora_route_table aurora_routes_inventory(void)
{
    return (aurora_route_table){table, sizeof table / sizeof table[0]};
}

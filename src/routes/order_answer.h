/* SPDX-License-Identifier: MIT */
/* What the routes of orders share: whose an order is, and an order as an answer. */
#ifndef AURORA_ROUTES_ORDER_ANSWER_H
#define AURORA_ROUTES_ORDER_ANSWER_H

#include <aurora/order.h>

#include "http/exchange.h"
#include "routes/routes.h"

/* Reads the order in the path. False after a refusal was answered; another principal's order does
 * not exist for who has not orders:admin. */
bool aurora__order_read(aurora_http_exchange *exchange, const aurora_routes *routes,
                        aurora_order **out);

/* Whether nothing more comes without somebody's doing: where waiting ends. */
bool aurora__order_is_over(const aurora_order *order);

/* Answers with the order, its version as the ETag; frees it. */
void aurora__order_answer(aurora_http_exchange *exchange, int status, aurora_order *order);

/* The scope of the request's idempotency key, within the library's length. */
const char *aurora__order_key_scope(aurora_http_exchange *exchange);

/* Handlers of /orders that orders.c does not hold itself. */
void aurora__order_place_handle(aurora_http_exchange *exchange, void *self);
void aurora__order_events_handle(aurora_http_exchange *exchange, void *self);
void aurora__order_cancel_handle(aurora_http_exchange *exchange, void *self);

#endif

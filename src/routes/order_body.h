/* SPDX-License-Identifier: MIT */
/* The body of POST /orders as a request of the library. */
#ifndef AURORA_ROUTES_ORDER_BODY_H
#define AURORA_ROUTES_ORDER_BODY_H

#include <aurora/order.h>

#include "http/exchange.h"
#include "http/json_in.h"

/* Reads the body strictly into *out: what it says, and the principal as the customer where it names
 * none. Texts belong to the document, arrays to the exchange. False after a refusal was answered:
 * 400, 403 for a field that is only for orders:import, 422. */
bool aurora__order_body_read(aurora_http_exchange *exchange, const aurora_json_doc *doc,
                             aurora_order_request *out);

#endif

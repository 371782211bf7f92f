/* SPDX-License-Identifier: MIT */
#include "routes/order_answer.h"

#include <stdlib.h>
#include <string.h>

#include "http/fields.h"
#include "http/signature.h"
#include "routes/bodies.h"

static void answer_not_found(aurora_http_exchange *exchange)
{
    aurora_http_problem(exchange, 404, "not_found", "There is no order %s",
                        aurora_http_param(exchange, "id"));
}

static bool is_visible(const aurora_http_exchange *exchange, const aurora_order *order)
{
    const aurora_http_principal *principal = aurora_http_exchange_principal(exchange);
    return (principal->scopes & AURORA_SCOPE_ORDERS_ADMIN) != 0 ||
           (order->customer_id != NULL && strcmp(order->customer_id, principal->name) == 0);
}

bool aurora__order_read(aurora_http_exchange *exchange, const aurora_routes *routes,
                        aurora_order **out)
{
    aurora_id id;
    *out = NULL;
    if (aurora_id_parse(aurora_http_param(exchange, "id"), &id) != AURORA_OK) {
        answer_not_found(exchange); /* no order has an id of another form */
        return false;
    }
    aurora_status status = aurora_order_get(routes->shop, id, out);
    if (status == AURORA_OK && is_visible(exchange, *out))
        return true;
    aurora_order_free(*out);
    *out = NULL;
    if (status == AURORA_OK || status == AURORA_ENOTFOUND)
        answer_not_found(exchange);
    else
        aurora_http_refuse(exchange, status, NULL);
    return false;
}

bool aurora__order_is_over(const aurora_order *order)
{
    return order->status != AURORA_ORDER_PENDING && order->status != AURORA_ORDER_RESERVED;
}

void aurora__order_answer(aurora_http_exchange *exchange, int status, aurora_order *order)
{
    size_t len = 0;
    char *text = aurora_body_order_text(order, &len);
    if (text == NULL) {
        aurora_http_refuse(exchange, AURORA_ENOMEM, NULL);
    } else {
        aurora_http_set_etag(exchange, order->version);
        aurora_http_reply_owned(exchange, status, "application/json", text, len);
    }
    aurora_order_free(order);
}

const char *aurora__order_key_scope(aurora_http_exchange *exchange)
{
    const char *scope = aurora_http_exchange_key_scope(exchange);
    size_t len = strlen(scope);
    char *digest;
    if (len <= AURORA_KEY_BYTES_MAX)
        return scope;
    digest = aurora_http_alloc(exchange, AURORA_SIGNATURE_TEXT_BYTES);
    if (digest != NULL)
        aurora_signature_body("key scope", "", scope, len, digest);
    return digest;
}

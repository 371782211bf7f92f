/* SPDX-License-Identifier: MIT */
/* POST /orders/{id}/cancel. */
#include <string.h>

#include "http/fields.h"
#include "routes/answer.h"
#include "routes/order_answer.h"

/* The note of the body, which may be left out whole. */
static bool read_note(aurora_http_exchange *exchange, const aurora_json_doc *doc, const char **out)
{
    static const char *const names[] = {"note"};
    aurora_json_value note;
    aurora_json_error error;
    if (aurora_json_object(aurora_json_root(doc), names, 1, &note, &error) &&
        (!aurora_json_is_present(note) ||
         aurora_json_text(note, 0, AURORA_NOTE_BYTES_MAX, out, &error)))
        return true;
    aurora__body_refuse(exchange, &error);
    return false;
}

/* A principal that cancels another's order does so as an operator. */
static int32_t reason_of(const aurora_order *order, const char *principal)
{
    bool is_own = order->customer_id != NULL && strcmp(order->customer_id, principal) == 0;
    return is_own ? AURORA_REASON_CUSTOMER : AURORA_REASON_OPERATOR;
}

static void cancel(aurora_http_exchange *exchange, const aurora_routes *routes,
                   const aurora_order *order, const char *note, const char *key)
{
    const char *principal = aurora_http_exchange_principal(exchange)->name;
    aurora_cancel request = {.size = sizeof request,
                             .traceparent = aurora_http_traceparent(exchange),
                             .reason = reason_of(order, principal),
                             .order_id = order->id,
                             .note = note,
                             .actor = principal,
                             .key = key};
    aurora_order *after = NULL;
    aurora_error err = AURORA_ERROR_INIT;
    if (key != NULL) {
        request.key_scope = aurora__order_key_scope(exchange);
        if (request.key_scope == NULL) {
            aurora_http_refuse(exchange, AURORA_ENOMEM, NULL);
            return;
        }
    }
    aurora_status status = aurora_order_cancel_with(routes->shop, &request, &after, &err);
    if (status == AURORA_OK) {
        if (after->is_replay == 1)
            aurora_http_set(exchange, "Idempotency-Replayed", "true");
        aurora__order_answer(exchange, 200, after);
        return;
    }
    aurora_http_refuse(exchange, status, &err);
}

void aurora__order_cancel_handle(aurora_http_exchange *exchange, void *self)
{
    size_t len;
    const char *key = NULL, *note = NULL;
    aurora_json_doc *doc = NULL;
    aurora_order *order = NULL;
    aurora_http_body(exchange, &len);
    if (aurora_http_idempotency_key(exchange, &key) &&
        (len == 0 || (aurora__body_parse(exchange, &doc) && read_note(exchange, doc, &note))) &&
        aurora__order_read(exchange, self, &order))
        cancel(exchange, self, order, note, key);
    aurora_order_free(order);
    aurora_json_free(doc);
}

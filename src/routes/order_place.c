/* SPDX-License-Identifier: MIT */
/* POST /orders. Nothing blocks: the body is read on the loop's thread, the request goes to the
 * engine, and the queue's completion answers it. The engine makes a batch of what arrived while the
 * last one was committed; to collect the requests of a turn of the loop before gained nothing that
 * could be measured. */
#include <stdio.h>

#include "http/fields.h"
#include "http/json_in.h"
#include "routes/answer.h"
#include "routes/loop.h"
#include "routes/order_answer.h"
#include "routes/order_body.h"

#define COMMIT_WAIT_MS 10000 /* for the creating commit, where the client does not wait longer */

/* One order on its way, in the exchange's memory, which outlives a client that leaves. */
typedef struct {
    aurora__waiter waiter; /* first: the tag points to it */
    aurora_http_exchange *exchange;
    uint32_t wait_ms;
} order_placing;

/* --- the answer ------------------------------------------------------------------------------- */

static void answer_order(order_placing *placing, const aurora_completion *completion)
{
    char id[AURORA_ID_TEXT_BYTES], location[64], applied[32];
    aurora_http_exchange *exchange = placing->exchange;
    aurora_id_format(completion->id, id);
    snprintf(location, sizeof location, "/orders/%s", id);
    aurora_http_set(exchange, "Location", location);
    if (completion->is_replay == 1)
        aurora_http_set(exchange, "Idempotency-Replayed", "true");
    if (placing->wait_ms > 0) {
        snprintf(applied, sizeof applied, "wait=%u", placing->wait_ms / 1000);
        aurora_http_set(exchange, "Preference-Applied", applied);
    }
    aurora__order_answer(exchange, 201, completion->order);
}

/* Says what the completion only numbers: which member broke the rule. */
static void describe(const aurora_completion *completion, aurora_error *err)
{
    char first[AURORA_ID_TEXT_BYTES];
    uint32_t line = completion->error_line;
    bool has_line = line != AURORA_NO_LINE;
    err->status = completion->status;
    switch (completion->status) {
    case AURORA_EUNKNOWNSKU:
        snprintf(err->message, sizeof err->message, "is not in the price list");
        break;
    case AURORA_ECURRENCY:
        snprintf(err->message, sizeof err->message, "is priced in another currency");
        break;
    case AURORA_EOVERFLOW:
        snprintf(err->message, sizeof err->message, "makes an amount leave its range");
        break;
    case AURORA_EINVAL: /* the one rule that needs the engine's clock */
        snprintf(err->field, sizeof err->field, "placed_at");
        snprintf(err->message, sizeof err->message, "must be at most 24 h in the future");
        return;
    case AURORA_ETAKEN:
        aurora_id_format(completion->id, first);
        snprintf(err->field, sizeof err->field, "reference");
        snprintf(err->message, sizeof err->message, "belongs to order %s", first);
        return;
    default:
        snprintf(err->message, sizeof err->message, "%s", aurora_status_text(completion->status));
        return;
    }
    if (has_line)
        snprintf(err->field, sizeof err->field, "lines[%u].%s", line,
                 completion->status == AURORA_EOVERFLOW ? "quantity" : "sku");
    else
        snprintf(err->field, sizeof err->field, "lines");
}

static void answer_refusal(aurora_http_exchange *exchange, const aurora_completion *completion)
{
    char first[AURORA_ID_TEXT_BYTES];
    aurora_error err = AURORA_ERROR_INIT;
    describe(completion, &err);
    if (completion->status == AURORA_ETAKEN) {
        aurora_id_format(completion->id, first);
        aurora_http_extend(exchange, "order_id", first);
    }
    aurora_http_refuse(exchange, completion->status, &err);
}

static void done(aurora__waiter *waiter, const aurora_completion *completion)
{
    order_placing *placing = (order_placing *)waiter;
    if (completion->status == AURORA_OK && completion->order != NULL)
        answer_order(placing, completion);
    else
        answer_refusal(placing->exchange, completion);
}

/* --- the request ------------------------------------------------------------------------------ */

static bool read_request(order_placing *placing, const aurora_json_doc *doc, const char *key,
                         aurora_order_request *out)
{
    aurora_http_exchange *exchange = placing->exchange;
    aurora_order_request_init(out);
    out->flags = AURORA_ORDER_WITH_RESULT;
    out->timeout_ms = placing->wait_ms;
    if (placing->wait_ms == 0) {
        out->flags |= AURORA_ORDER_NO_WAIT | AURORA_ORDER_AS_CREATED;
        out->timeout_ms = COMMIT_WAIT_MS;
    }
    int64_t left_ms = aurora_http_left_ms(exchange);
    if (left_ms < out->timeout_ms)
        out->timeout_ms = left_ms > 1 ? (uint32_t)left_ms : 1;
    out->traceparent = aurora_http_traceparent(exchange);
    if (key != NULL) {
        out->key = key;
        out->key_scope = aurora__order_key_scope(exchange);
        if (out->key_scope == NULL) {
            aurora_http_refuse(exchange, AURORA_ENOMEM, NULL);
            return false;
        }
    }
    return aurora__order_body_read(exchange, doc, out);
}

static void submit(order_placing *placing, const aurora_order_request *request)
{
    aurora__routes_loop *loop = aurora__routes_loop_of(placing->exchange);
    uint64_t tag = (uint64_t)(uintptr_t)&placing->waiter;
    uint32_t accepted = 0;
    aurora_status status = aurora_order_submit(loop->orders.queue, &request, &tag, 1, &accepted);
    if (accepted == 0)
        aurora_http_refuse(placing->exchange, status, NULL);
}

void aurora__order_place_handle(aurora_http_exchange *exchange, void *self)
{
    (void)self;
    const char *key;
    aurora_json_doc *doc;
    aurora_order_request request;
    if (aurora_http_refuse_late(exchange))
        return;
    order_placing *placing = aurora_http_alloc(exchange, sizeof *placing);
    if (placing == NULL) {
        aurora_http_refuse(exchange, AURORA_ENOMEM, NULL);
        return;
    }
    *placing = (order_placing){
        .waiter.done = done, .exchange = exchange, .wait_ms = aurora_http_prefer_wait_ms(exchange)};
    if (!aurora_http_idempotency_key(exchange, &key) || !aurora__body_parse(exchange, &doc))
        return;
    if (read_request(placing, doc, key, &request))
        submit(placing, &request); /* which copies what the document holds */
    aurora_json_free(doc);
}

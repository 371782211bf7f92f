/* SPDX-License-Identifier: MIT */
/* POST /orders. Nothing blocks: the body is read on the loop's thread, all requests that one turn
 * of the loop has read go to the engine together, since a batch shares a commit, and the queue's
 * completions answer them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http/fields.h"
#include "http/json_in.h"
#include "routes/answer.h"
#include "routes/loop.h"
#include "routes/order_answer.h"
#include "routes/order_body.h"

#define SUBMITTED_AT_ONCE 128
#define COMMIT_WAIT_MS 10000 /* for the creating commit, where the client does not wait longer */

/* One order on its way. Before the submission in the loop's list, then in the queue's hands. */
struct aurora__placing {
    aurora__waiter waiter; /* first: the tag points to it */
    aurora__placing *next;
    aurora_http_exchange *exchange;
    aurora_json_doc *doc; /* whose texts the request points to */
    uint32_t wait_ms;
    aurora_order_request request;
};

static void release(aurora__placing *placing)
{
    aurora_json_free(placing->doc);
    free(placing);
}

/* --- the answer ------------------------------------------------------------------------------- */

static void answer_order(aurora__placing *placing, const aurora_completion *completion)
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
    aurora__placing *placing = (aurora__placing *)waiter;
    if (completion->status == AURORA_OK && completion->order != NULL)
        answer_order(placing, completion);
    else
        answer_refusal(placing->exchange, completion);
    release(placing);
}

/* --- the submission --------------------------------------------------------------------------- */

static void refuse_all(aurora__placing *placing, aurora_status status)
{
    while (placing != NULL) {
        aurora__placing *next = placing->next;
        aurora_http_refuse(placing->exchange, status, NULL);
        release(placing);
        placing = next;
    }
}

/* Hands over what one turn collected. What finds no room is refused: the client's next try costs
 * less than a second queue in front of the engine's. */
void aurora__placings_submit(void *routes_loop)
{
    aurora__routes_loop *loop = routes_loop;
    uint64_t count_of_turns;
    const aurora_order_request *requests[SUBMITTED_AT_ONCE];
    uint64_t tags[SUBMITTED_AT_ONCE];
    uint32_t count = 0, accepted = 0;
    (void)!read(loop->turn_fd, &count_of_turns, sizeof count_of_turns);
    aurora__placing *placing = loop->placings;
    for (; placing != NULL; placing = placing->next) {
        requests[count] = &placing->request;
        tags[count++] = (uint64_t)(uintptr_t)&placing->waiter;
    }
    if (count == 0)
        return;
    aurora_status status =
        aurora_order_submit(loop->orders.queue, requests, tags, count, &accepted);
    placing = loop->placings;
    loop->placings = NULL;
    loop->placings_end = &loop->placings;
    loop->placing_count = 0;
    for (uint32_t i = 0; i < accepted; i++) {
        aurora__placing *next = placing->next;
        aurora_json_free(placing->doc); /* the request was copied */
        placing->doc = NULL;
        placing = next;
    }
    refuse_all(placing, status == AURORA_OK ? AURORA_EBUSY : status);
}

static void collect(aurora__routes_loop *loop, aurora__placing *placing)
{
    uint64_t one = 1;
    *loop->placings_end = placing;
    loop->placings_end = &placing->next;
    if (loop->placing_count++ == 0)
        (void)!write(loop->turn_fd, &one, sizeof one);
    if (loop->placing_count == SUBMITTED_AT_ONCE)
        aurora__placings_submit(loop);
}

void aurora__placings_drop(aurora__routes_loop *loop)
{
    while (loop->placings != NULL) {
        aurora__placing *next = loop->placings->next;
        release(loop->placings);
        loop->placings = next;
    }
}

/* --- the request ------------------------------------------------------------------------------ */

static bool read_request(aurora__placing *placing)
{
    aurora_http_exchange *exchange = placing->exchange;
    aurora_order_request *request = &placing->request;
    const char *key = NULL;
    if (!aurora_http_idempotency_key(exchange, &key) ||
        !aurora__body_parse(exchange, &placing->doc))
        return false;
    aurora_order_request_init(request);
    placing->wait_ms = aurora_http_prefer_wait_ms(exchange);
    request->flags = AURORA_ORDER_WITH_RESULT;
    request->timeout_ms = placing->wait_ms;
    if (placing->wait_ms == 0) {
        request->flags |= AURORA_ORDER_NO_WAIT | AURORA_ORDER_AS_CREATED;
        request->timeout_ms = COMMIT_WAIT_MS;
    }
    request->traceparent = aurora_http_traceparent(exchange);
    if (key != NULL) {
        request->key = key;
        request->key_scope = aurora__order_key_scope(exchange);
        if (request->key_scope == NULL) {
            aurora_http_refuse(exchange, AURORA_ENOMEM, NULL);
            return false;
        }
    }
    return aurora__order_body_read(exchange, placing->doc, request);
}

void aurora__order_place_handle(aurora_http_exchange *exchange, void *self)
{
    (void)self;
    aurora__placing *placing = malloc(sizeof *placing);
    if (placing == NULL) {
        aurora_http_refuse(exchange, AURORA_ENOMEM, NULL);
        return;
    }
    *placing = (aurora__placing){.waiter.done = done, .exchange = exchange};
    if (read_request(placing))
        collect(aurora__routes_loop_of(exchange), placing);
    else
        release(placing);
}

/* SPDX-License-Identifier: MIT */
/* The orders of a replay, many at a time. The shop's rule that a reference is unique for ever is
 * what makes a second run resume: an order that is there answers AURORA_ETAKEN. */
#include <stdio.h>
#include <stdlib.h>

#include "fields.h"
#include "page.h"
#include "progress.h"
#include "replay.h"
#include "replay_schedule.h"
#include "routes/bodies.h"

#define SUBMIT_MAX 128
#define REFUSALS_SHOWN 10
#define STOCK_ENOUGH 100 /* percent: nobody goes without */

typedef struct {
    ctl_replay_run *replay;
    ctl_replay_schedule schedule;
    ctl_replay_result *results;
    uint32_t done;
    int64_t moved_ms;      /* when something was last decided */
    aurora_status trouble; /* the last retriable status */
} placing;

void ctl_replay_request(const ctl_retail_invoice *invoice, aurora_order_request *request_out)
{
    aurora_order_request_init(request_out);
    request_out->flags = AURORA_ORDER_OWN_PRICES;
    request_out->reference = invoice->reference;
    request_out->customer_id = invoice->customer_id;
    request_out->currency = CTL_RETAIL_CURRENCY;
    request_out->payment_method = "tok_approve";
    request_out->lines = invoice->lines;
    request_out->line_count = invoice->line_count;
    request_out->placed_at_ms = invoice->placed_at_ms;
    request_out->timeout_ms = CTL_REPLAY_WAIT_MS;
}

ctl_replay_state ctl_replay_state_read(aurora_json_value order)
{
    return (ctl_replay_state){
        .id = ctl_field_id(order, "id"),
        .version = (uint64_t)ctl_field_number(order, "version"),
        .total_minor = ctl_field_number(order, "total_minor"),
        .outcome = aurora_order_status_parse(ctl_field_text(order, "outcome")),
        .is_stored = true,
        .is_parked =
            aurora_order_status_parse(ctl_field_text(order, "status")) == AURORA_ORDER_PARKED,
        .is_settled = ctl_field_time(order, "settled_at") != 0,
    };
}

/* Submits what fits. */
static aurora_status submit_some(placing *at, uint32_t *accepted_out)
{
    uint32_t numbers[SUBMIT_MAX];
    uint32_t count = ctl_replay_schedule_peek(&at->schedule, numbers, SUBMIT_MAX);
    *accepted_out = 0;
    if (count == 0)
        return AURORA_OK;
    aurora_status status = at->replay->carrier->submit(at->replay, numbers, count, accepted_out);
    ctl_replay_schedule_advance(&at->schedule, *accepted_out);
    return status;
}

static void count_refused(placing *at, uint32_t number, const char *why)
{
    const ctl_retail_invoice *invoice = &at->replay->file.orders[number];
    if (at->replay->refused_count++ < REFUSALS_SHOWN)
        ctl_refuse("invoice %s is not stored: %s", invoice->reference, why);
}

/* A page with the one order that has the reference. */
static aurora_status find_in_store(aurora_t *store, const void *request, aurora_json_out *out,
                                   aurora_error *err)
{
    const aurora_id *id = request;
    aurora_order *order = NULL;
    aurora_status status = aurora_order_get(store, *id, &order);
    (void)err;
    if (status != AURORA_OK)
        return status;
    ctl_page_begin(out);
    aurora_body_order(out, order);
    ctl_page_end(out, NULL);
    aurora_order_free(order);
    return AURORA_OK;
}

/* An order with this reference is there already: it should be the one of an earlier run. */
static aurora_status take_over(placing *at, const ctl_replay_result *result)
{
    const ctl_retail_invoice *invoice = &at->replay->file.orders[result->number];
    ctl_target target;
    ctl_target_init(&target, "/orders");
    ctl_target_query(&target, "reference", invoice->reference);
    ctl_ask ask = {.method = "GET",
                   .target = &target,
                   .of_store = find_in_store,
                   .request = &result->taken_by};
    ctl_answer answer = {0};
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status status = ctl_shop_read(&at->replay->shop, &ask, &answer, &err);
    if (status != AURORA_OK)
        return status;
    if (ctl_field_count(ctl_answer_root(&answer), "items") > 0) {
        aurora_json_value order = aurora_json_item(ctl_field(ctl_answer_root(&answer), "items"), 0);
        if (ctl_field_number(order, "total_minor") == invoice->total_minor &&
            ctl_field_count(order, "lines") == invoice->line_count &&
            ctl_field_time(order, "placed_at") == invoice->placed_at_ms)
            at->replay->states[result->number] = ctl_replay_state_read(order);
        else
            count_refused(at, result->number, "another order has its reference");
    } else {
        count_refused(at, result->number, "its reference is taken by an order that is not shown");
    }
    ctl_answer_free(&answer);
    return AURORA_OK;
}

static aurora_status complete(placing *at, const ctl_replay_result *result)
{
    aurora_status status = result->status;
    if (status == AURORA_ETAKEN)
        status = take_over(at, result);
    else if (status == AURORA_OK)
        at->replay->states[result->number] = result->state;
    if (aurora_status_is_retriable(status)) {
        ctl_replay_schedule_put_back(&at->schedule, result->number);
        at->trouble = status;
        return AURORA_OK;
    }
    if (status == AURORA_ECORE || status == AURORA_ECLOSED || status == AURORA_EREADONLY)
        return status; /* no other order would fare better */
    if (status != AURORA_OK)
        count_refused(at, result->number,
                      result->why[0] != 0 ? result->why : aurora_status_text(status));
    ctl_replay_schedule_done(&at->schedule, result->number);
    at->done++;
    at->moved_ms = ctl_monotonic_ms();
    return AURORA_OK;
}

/* Takes what is complete. */
static aurora_status take_some(placing *at)
{
    uint32_t count = 0;
    uint32_t again_before = at->schedule.again_count;
    aurora_status status = at->replay->carrier->take(at->replay, at->results, &count);
    for (uint32_t i = 0; status == AURORA_OK && i < count; i++)
        status = complete(at, &at->results[i]);
    if (at->schedule.again_count > again_before)
        ctl_pause_ms(10); /* the shop said "later" */
    return status;
}

static aurora_status place_all(placing *at)
{
    ctl_progress progress;
    aurora_status status = AURORA_OK;
    ctl_progress_start(&progress, "orders", at->replay->order_count);
    at->moved_ms = ctl_monotonic_ms();
    while (status == AURORA_OK && at->done < at->replay->order_count) {
        uint32_t accepted = 0;
        do {
            status = submit_some(at, &accepted);
        } while (status == AURORA_OK && accepted > 0);
        if (status != AURORA_OK && !aurora_status_is_retriable(status))
            break;
        status = take_some(at);
        ctl_progress_update(&progress, at->done);
        if (status == AURORA_OK && ctl_monotonic_ms() - at->moved_ms > at->replay->patience_ms)
            status = at->trouble == AURORA_OK ? AURORA_ETIMEDOUT : at->trouble;
    }
    ctl_progress_end(&progress);
    return status;
}

int ctl_replay_orders(ctl_replay_run *replay)
{
    const ctl_replay_carrier *carrier = replay->carrier;
    bool is_strict = !carrier->keeps_order && replay->stock_percent < STOCK_ENOUGH;
    placing at = {.replay = replay};
    at.results = calloc(carrier->in_flight_max, sizeof *at.results);
    aurora_status status = AURORA_ENOMEM;
    if (ctl_replay_schedule_init(&at.schedule, &replay->file, replay->order_count, is_strict) &&
        at.results != NULL)
        status = carrier->open(replay);
    if (status == AURORA_OK)
        status = place_all(&at);
    carrier->close(replay);
    ctl_replay_schedule_deinit(&at.schedule);
    free(at.results);
    return status == AURORA_OK ? CTL_YES : ctl_fail(status, NULL, "orders of the file");
}

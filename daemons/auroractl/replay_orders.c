/* SPDX-License-Identifier: MIT */
/* The orders of a replay through a queue. The store's rule that a reference is unique for ever is
 * what makes a second run resume: an order that is there answers AURORA_ETAKEN. */
#include "replay.h"

#include <stdio.h>
#include <stdlib.h>

#include "progress.h"

#define IN_FLIGHT_MAX 1024
#define SUBMIT_MAX 128
#define ORDER_WAIT_MS 30000
#define PATIENCE_MS 30000 /* without one answer that is not "later" */
#define REFUSALS_SHOWN 10

typedef struct {
    ctl_replay_run *replay;
    aurora_queue *queue;
    aurora_completion *completions;
    uint32_t *again; /* orders to be submitted once more, a stack */
    uint32_t again_count;
    uint32_t next; /* first order never submitted */
    uint32_t in_flight;
    uint32_t done;
    int64_t moved_ms;      /* when something was last decided */
    aurora_status trouble; /* the last retriable status */
} placing;

void ctl_replay_state_set(ctl_replay_state *state, const aurora_order *order)
{
    state->id = order->id;
    state->version = order->version;
    state->total_minor = order->total_minor;
    state->outcome = order->outcome;
    state->is_stored = true;
    state->is_parked = order->parked != 0;
}

static void fill_request(const ctl_retail_invoice *invoice, aurora_order_request *request)
{
    aurora_order_request_init(request);
    request->flags = AURORA_ORDER_OWN_PRICES;
    request->reference = invoice->reference;
    request->customer_id = invoice->customer_id;
    request->currency = CTL_RETAIL_CURRENCY;
    request->payment_method = "tok_approve";
    request->lines = invoice->lines;
    request->line_count = invoice->line_count;
    request->placed_at_ms = invoice->placed_at_ms;
    request->timeout_ms = ORDER_WAIT_MS;
}

/* Submits what fits: first what has to be tried again, so that the order of the file is kept as
 * well as can be. */
static aurora_status submit_some(placing *at)
{
    aurora_order_request requests[SUBMIT_MAX];
    const aurora_order_request *pointers[SUBMIT_MAX];
    uint64_t tags[SUBMIT_MAX];
    uint32_t room = IN_FLIGHT_MAX - at->in_flight, count = 0, accepted = 0;
    bool is_again = at->again_count > 0;
    uint32_t waiting = is_again ? at->again_count : at->replay->order_count - at->next;
    for (; count < SUBMIT_MAX && count < room && count < waiting; count++) {
        tags[count] = is_again ? at->again[at->again_count - 1 - count] : at->next + count;
        fill_request(&at->replay->file.orders[tags[count]], &requests[count]);
        pointers[count] = &requests[count];
    }
    if (count == 0)
        return AURORA_OK;
    aurora_status status = aurora_order_submit(at->queue, pointers, tags, count, &accepted);
    at->in_flight += accepted;
    if (is_again)
        at->again_count -= accepted;
    else
        at->next += accepted;
    return status;
}

static void count_refused(placing *at, uint32_t index, const char *why)
{
    const ctl_retail_invoice *invoice = &at->replay->file.orders[index];
    if (at->replay->refused_count++ < REFUSALS_SHOWN)
        ctl_refuse("invoice %s is not stored: %s", invoice->reference, why);
}

/* An order with this reference is there already: it should be the one of an earlier run. */
static aurora_status take_over(placing *at, uint32_t index, aurora_id id)
{
    aurora_order *order = NULL;
    aurora_status status = aurora_order_get(at->replay->shop, id, &order);
    if (status != AURORA_OK)
        return status;
    const ctl_retail_invoice *invoice = &at->replay->file.orders[index];
    if (order->total_minor == invoice->total_minor && order->line_count == invoice->line_count &&
        order->placed_at_ms == invoice->placed_at_ms)
        ctl_replay_state_set(&at->replay->states[index], order);
    else
        count_refused(at, index, "another order has its reference");
    aurora_order_free(order);
    return AURORA_OK;
}

static aurora_status complete(placing *at, const aurora_completion *completion)
{
    uint32_t index = (uint32_t)completion->tag;
    aurora_status status = completion->status;
    if (status == AURORA_ETAKEN)
        status = take_over(at, index, completion->id);
    else if (status == AURORA_OK)
        at->replay->states[index] =
            (ctl_replay_state){.id = completion->id,
                               .version = completion->version,
                               .total_minor = completion->total_minor,
                               .outcome = completion->order_status >= AURORA_ORDER_COMPLETED &&
                                                  completion->order_status != AURORA_ORDER_PARKED
                                              ? completion->order_status
                                              : 0,
                               .is_stored = true};
    if (aurora_status_is_retriable(status)) {
        at->again[at->again_count++] = index;
        at->trouble = status;
        return AURORA_OK;
    }
    if (status == AURORA_ECORE || status == AURORA_ECLOSED || status == AURORA_EREADONLY)
        return status; /* no other order would fare better */
    if (status != AURORA_OK)
        count_refused(at, index, aurora_status_text(status));
    at->done++;
    at->moved_ms = ctl_monotonic_ms();
    return AURORA_OK;
}

/* Takes what is complete; waits a little where nothing is. */
static aurora_status take_some(placing *at)
{
    uint32_t count = 0;
    uint32_t again_before = at->again_count;
    aurora_status status =
        aurora_queue_take(at->queue, at->completions, IN_FLIGHT_MAX, 100, &count);
    at->in_flight -= count;
    for (uint32_t i = 0; status == AURORA_OK && i < count; i++)
        status = complete(at, &at->completions[i]);
    if (at->again_count > again_before)
        ctl_pause_ms(10); /* the store said "later" */
    return status;
}

static aurora_status place_all(placing *at)
{
    ctl_progress progress;
    aurora_status status = AURORA_OK;
    ctl_progress_start(&progress, "orders", at->replay->order_count);
    at->moved_ms = ctl_monotonic_ms();
    while (status == AURORA_OK && at->done < at->replay->order_count) {
        uint32_t before = at->in_flight;
        do {
            before = at->in_flight;
            status = submit_some(at);
        } while (status == AURORA_OK && at->in_flight > before);
        if (status != AURORA_OK && !aurora_status_is_retriable(status))
            break;
        status = take_some(at);
        ctl_progress_update(&progress, at->done);
        if (status == AURORA_OK && ctl_monotonic_ms() - at->moved_ms > PATIENCE_MS + ORDER_WAIT_MS)
            status = at->trouble == AURORA_OK ? AURORA_ETIMEDOUT : at->trouble;
    }
    ctl_progress_end(&progress);
    return status;
}

int ctl_replay_orders(ctl_replay_run *replay)
{
    placing at = {.replay = replay};
    at.completions = calloc(IN_FLIGHT_MAX, sizeof *at.completions);
    at.again = calloc(IN_FLIGHT_MAX, sizeof *at.again);
    aurora_status status = AURORA_ENOMEM;
    if (at.completions != NULL && at.again != NULL)
        status = aurora_queue_new(replay->shop, IN_FLIGHT_MAX, &at.queue);
    if (status == AURORA_OK)
        status = place_all(&at);
    aurora_queue_free(at.queue);
    free(at.again);
    free(at.completions);
    return status == AURORA_OK ? CTL_YES : ctl_fail(status, NULL, "orders of the file");
}

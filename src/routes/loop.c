/* SPDX-License-Identifier: MIT */
#include "routes/loop.h"

#include <stdlib.h>

#define QUEUE_CAPACITY 16384
#define TAKEN_AT_ONCE 128

aurora__routes_loop *aurora__routes_loop_of(const aurora_http_exchange *exchange)
{
    return aurora_http_loop_slot(aurora_http_exchange_loop(exchange));
}

aurora_status aurora__routes_loop_watch(aurora__routes_loop *loop, aurora_id id, uint64_t after,
                                        uint32_t timeout_ms, aurora__waiter *waiter)
{
    return aurora_order_watch(loop->watches.queue, id, after, timeout_ms,
                              (uint64_t)(uintptr_t)waiter);
}

static void take_completions(void *self)
{
    aurora__routes_queue *from = self;
    aurora_completion taken[TAKEN_AT_ONCE];
    uint32_t count;
    do {
        if (aurora_queue_take(from->queue, taken, TAKEN_AT_ONCE, 0, &count) == AURORA_ECLOSED) {
            /* The descriptor of a closed queue stays readable, and nothing comes any more. */
            aurora_http_watch_free(from->watch);
            from->watch = NULL;
        }
        for (uint32_t i = 0; i < count; i++) {
            aurora__waiter *waiter = (aurora__waiter *)(uintptr_t)taken[i].tag;
            waiter->done(waiter, &taken[i]);
        }
    } while (count == TAKEN_AT_ONCE);
}

/* --- life ------------------------------------------------------------------------------------- */

static aurora_status open_queue(aurora__routes_loop *loop, aurora__routes_queue *out)
{
    aurora_status status = aurora_queue_new(loop->routes->shop, QUEUE_CAPACITY, &out->queue);
    if (status != AURORA_OK)
        return status;
    out->watch =
        aurora_http_watch_fd(loop->loop, aurora_queue_fd(out->queue), take_completions, out);
    return out->watch == NULL ? AURORA_ENOMEM : AURORA_OK;
}

static void close_queue(aurora__routes_queue *queue)
{
    aurora_http_watch_free(queue->watch);
    aurora_queue_free(queue->queue);
}

static aurora_status start(aurora__routes_loop *loop)
{
    aurora_status status = open_queue(loop, &loop->orders);
    if (status == AURORA_OK)
        status = open_queue(loop, &loop->watches);
    return status;
}

static void release(aurora__routes_loop *loop)
{
    aurora__order_streams_drop(loop);
    close_queue(&loop->orders);
    close_queue(&loop->watches);
    aurora_http_watch_free(loop->stream_timer);
    aurora_http_watch_free(loop->event_timer);
    free(loop);
}

aurora_status aurora_routes_loop_begin(void *self, aurora_http_loop *loop, void **slot_out)
{
    aurora__routes_loop *made = malloc(sizeof *made);
    if (made == NULL)
        return AURORA_ENOMEM;
    *made = (aurora__routes_loop){.routes = self, .loop = loop};
    aurora_status status = start(made);
    if (status != AURORA_OK) {
        release(made);
        return status;
    }
    *slot_out = made;
    return AURORA_OK;
}

void aurora_routes_loop_end(void *self, aurora_http_loop *loop, void *slot)
{
    (void)self;
    (void)loop;
    if (slot != NULL)
        release(slot);
}

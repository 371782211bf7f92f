/* SPDX-License-Identifier: MIT */
/* What each loop of the server keeps for the routes: a queue of orders, whose completions answer
 * exchanges that wait, and those who wait for time to pass. All of it belongs to the loop's
 * thread. */
#ifndef AURORA_ROUTES_LOOP_H
#define AURORA_ROUTES_LOOP_H

#include "routes/routes.h"

typedef struct aurora__order_stream aurora__order_stream;
typedef struct aurora__event_wait aurora__event_wait;

/* Who waits for one completion of the queue; its address is the tag. */
typedef struct aurora__waiter aurora__waiter;
struct aurora__waiter {
    /* The completion's order is the callee's to free. */
    void (*done)(aurora__waiter *waiter, const aurora_completion *completion);
};

typedef struct {
    aurora_queue *queue;
    aurora_http_watch *watch; /* of its descriptor */
} aurora__routes_queue;

typedef struct {
    const aurora_routes *routes;
    aurora_http_loop *loop;
    aurora__routes_queue orders;
    /* A watch cannot be withdrawn when its client leaves: in a queue of their own such watches
     * keep no order out. */
    aurora__routes_queue watches;

    aurora__order_stream *streams; /* of order_stream.c */
    aurora_http_watch *stream_timer;
    aurora__event_wait *event_waits; /* of admin_events.c */
    aurora_http_watch *event_timer;
} aurora__routes_loop;

/* The loop of an exchange that is handled on its thread. */
aurora__routes_loop *aurora__routes_loop_of(const aurora_http_exchange *exchange);

/* Has `waiter` told once about a newer version of an order than `after`, or when `timeout_ms` has
 * passed. A failure says that it will not be. */
aurora_status aurora__routes_loop_watch(aurora__routes_loop *loop, aurora_id id, uint64_t after,
                                        uint32_t timeout_ms, aurora__waiter *waiter);

/* Frees all streams, of order_stream.c. */
void aurora__order_streams_drop(aurora__routes_loop *loop);

#endif

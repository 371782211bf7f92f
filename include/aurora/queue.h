/* SPDX-License-Identifier: MIT */
/* Orders without blocking: requests and watches go in, completions come out as arrays, in the order
 * in which they complete. What Go, asyncio and event loops build on. Not durable: what must survive
 * the process is the order. */
#ifndef AURORA_QUEUE_H
#define AURORA_QUEUE_H

#include <aurora/order.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A queue of orders; made by aurora_queue_new. */
typedef struct aurora_queue aurora_queue;

#define AURORA_NO_LINE UINT32_MAX /* no line is to blame */

/* What became of one accepted request. The caller's memory; pinned layout. */
typedef struct {
    uint64_t tag;         /* as given to aurora_order_submit or aurora_order_watch */
    aurora_id id;         /* the order's; with AURORA_ETAKEN the first order's; else all zero */
    aurora_status status; /* what aurora_order_place would have returned */
    int32_t order_status; /* AURORA_ORDER_..., 0 unless status is AURORA_OK */
    int32_t reason;       /* AURORA_REASON_..., 0 = none */
    uint32_t error_line;  /* the line to blame for a failure, from 0; AURORA_NO_LINE = none */
    int64_t total_minor;  /* lines plus charges */
    uint64_t version;     /* the order's */
    uint32_t is_replay;   /* 1 = the key was known */
    uint32_t spare;       /* 0 */
    aurora_order *order; /* with AURORA_OK, of a watch or with AURORA_ORDER_WITH_RESULT: the taker's
                            to free with aurora_order_free; else NULL */
    uint64_t reserved[1]; /* 0 */
} aurora_completion;

/* Makes a queue for at most `capacity` (1..65,536) requests that are submitted and not yet taken. A
 * handle may have many. *out is freed with aurora_queue_free. Threads: shared. */
AURORA_API aurora_status aurora_queue_new(aurora_t *shop, uint32_t capacity, aurora_queue **out);

/* Frees a queue, before or after its handle is closed; completions not taken are dropped, their
 * orders live on. No thread may still be inside a call on it: wake takers first. NULL is a no-op.
 * Threads: confined. */
AURORA_API void aurora_queue_free(aurora_queue *queue);

/* Submits `count` requests, copied before it returns; never waits. tags (may be NULL: all 0) come
 * back in the completions. *accepted_out, required, is how many of the first were accepted: each of
 * those gives exactly one completion, also when it is refused. Each request's timeout_ms and flags
 * hold as in aurora_order_place, counted from here. A retriable status in a completion says: submit
 * it again, with the same key. AURORA_OK when at least one was accepted; AURORA_EBUSY when none
 * was, because this queue or the engine's is full: take completions and submit the rest again;
 * AURORA_ECLOSED. Without a worker nothing moves until someone takes or pumps. Threads: shared. */
AURORA_API aurora_status aurora_order_submit(aurora_queue *queue,
                                             const aurora_order_request *const *requests,
                                             const uint64_t *tags, uint32_t count,
                                             uint32_t *accepted_out);

/* Watches an order without a thread: gives one completion with `tag` as soon as the order's version
 * is above after_version, whichever process changed it, or timeout_ms (1..600,000) from now. It
 * carries AURORA_OK and `order` as it is then; AURORA_ENOTFOUND for an unknown id; a retriable
 * status says: watch again. Until it is taken a watch counts against the queue's capacity like an
 * order; it cannot be withdrawn. AURORA_EINVAL for a timeout out of range; AURORA_EBUSY when this
 * queue or the engine's is full; AURORA_ENOMEM; AURORA_ECLOSED. Without a worker nothing moves
 * until someone takes or pumps. Threads: shared. */
AURORA_API aurora_status aurora_order_watch(aurora_queue *queue, aurora_id order_id,
                                            uint64_t after_version, uint32_t timeout_ms,
                                            uint64_t tag);

/* Takes up to `capacity` (1..65,536) completions into `out`; waits for the first at most timeout_ms
 * (0 = not at all, -1 = for ever), also while nothing is submitted, pumping meanwhile if the handle
 * has no worker. *count_out, required, is how many. Time over is AURORA_OK with 0. AURORA_EINTR
 * after aurora_queue_wake; AURORA_ECLOSED when the handle was closed and nothing is left. Each
 * completion goes to one taker. Threads: shared. */
AURORA_API aurora_status aurora_queue_take(aurora_queue *queue, aurora_completion *out,
                                           uint32_t capacity, int32_t timeout_ms,
                                           uint32_t *count_out);

/* The descriptor that is readable while completions wait; level-triggered, owned by the queue, only
 * to be polled. Without a worker poll aurora_fd too. Threads: shared. */
AURORA_API int aurora_queue_fd(const aurora_queue *queue);

/* Lets one waiting taker, else the next one, return AURORA_EINTR. Safe from a signal handler.
 * Threads: shared. */
AURORA_API void aurora_queue_wake(aurora_queue *queue);

#ifdef __cplusplus
}
#endif
#endif

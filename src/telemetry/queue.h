/* SPDX-License-Identifier: MIT */
/* Spans that wait to be sent, as the JSON of whole batches in the making: a span is written once,
 * where it will be sent from. Bounded in spans and bytes; what has no room is dropped and counted,
 * the newest first, without a lock.
 *
 * Threads: spans come from any; batches are taken by one. */
#ifndef AURORA_TELEMETRY_QUEUE_H
#define AURORA_TELEMETRY_QUEUE_H

#include <pthread.h>
#include <stdatomic.h>

#include <aurora/trace.h>

#include "http/json_out.h"

typedef struct aurora__span_batch {
    struct aurora__span_batch *next;
    uint32_t count;      /* of spans */
    size_t bytes;        /* of these */
    int64_t began_ns;    /* of the monotonic clock: when the first span came */
    aurora_json_out out; /* a request's body; once it is taken, with its end */
} aurora__span_batch;

typedef struct {
    uint32_t spans_max; /* that wait */
    size_t bytes_max;   /* of these */
    uint32_t batch_max; /* spans in a batch; full with bytes_max / 4 as well, at most 1 MiB */
    const char *head;   /* what a body begins with; outlives the queue */
    size_t head_len;
} aurora__span_queue_limits;

typedef struct {
    aurora__span_queue_limits limits;
    pthread_mutex_t mutex;
    pthread_cond_t changed;          /* a batch is full, or the end has come */
    aurora__span_batch *full, **end; /* under the mutex, with the following */
    aurora__span_batch *open;        /* NULL = no span waits in one */
    aurora__span_batch *spare;       /* to be used again; or NULL */
    bool is_ending;
    _Atomic uint32_t spans; /* that wait; written under the mutex */
    _Atomic size_t bytes;
    _Atomic uint64_t dropped;
} aurora__span_queue;

void aurora__span_queue_init(aurora__span_queue *queue, const aurora__span_queue_limits *limits);
void aurora__span_queue_deinit(aurora__span_queue *queue);

/* Adds a span, or drops it. `kept` as aurora__span_write has it. */
void aurora__span_queue_add(aurora__span_queue *queue, const aurora_span *span, const char *kept);

/* Waits for the oldest batch until it is full, has waited for `delay_ns`, or the end has come; NULL
 * at the end, where none is left. */
aurora__span_batch *aurora__span_queue_take(aurora__span_queue *queue, int64_t delay_ns);
/* Waits until then, or until the end comes: whether it has come. */
bool aurora__span_queue_pause(aurora__span_queue *queue, int64_t until_ns);
/* Takes back a batch that is done with. */
void aurora__span_queue_release(aurora__span_queue *queue, aurora__span_batch *batch);

/* The end has come: nobody waits any longer, and nothing more is added. Threads: any. */
void aurora__span_queue_end(aurora__span_queue *queue);

#endif

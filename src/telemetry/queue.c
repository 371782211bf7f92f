/* SPDX-License-Identifier: MIT */
#include "telemetry/queue.h"

#include <stdlib.h>
#include <string.h>

#include "http/clock.h"
#include "telemetry/span_json.h"

#define SECOND_NS INT64_C(1000000000)
#define BATCH_BYTES_MAX 1048576 /* of spans; collectors take bodies of some megabytes */
#define SPARE_BYTES_MAX 1048576 /* a larger one is not kept */

void aurora__span_queue_init(aurora__span_queue *queue, const aurora__span_queue_limits *limits)
{
    pthread_condattr_t attributes;
    *queue = (aurora__span_queue){.limits = *limits};
    queue->end = &queue->full;
    pthread_mutex_init(&queue->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&queue->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

static void free_batch(aurora__span_batch *batch)
{
    if (batch != NULL)
        aurora_json_out_drop(&batch->out);
    free(batch);
}

void aurora__span_queue_deinit(aurora__span_queue *queue)
{
    for (aurora__span_batch *batch = queue->full, *next; batch != NULL; batch = next) {
        next = batch->next;
        free_batch(batch);
    }
    free_batch(queue->open);
    free_batch(queue->spare);
    pthread_cond_destroy(&queue->changed);
    pthread_mutex_destroy(&queue->mutex);
}

/* --- adding ----------------------------------------------------------------------------------- */

static void count_dropped(aurora__span_queue *queue)
{
    atomic_fetch_add_explicit(&queue->dropped, 1, memory_order_relaxed);
}

static bool has_room(aurora__span_queue *queue)
{
    return atomic_load_explicit(&queue->spans, memory_order_relaxed) < queue->limits.spans_max &&
           atomic_load_explicit(&queue->bytes, memory_order_relaxed) < queue->limits.bytes_max;
}

static void add_waiting(aurora__span_queue *queue, int64_t spans, int64_t bytes)
{
    atomic_store_explicit(&queue->spans, (uint32_t)(queue->spans + spans), memory_order_relaxed);
    atomic_store_explicit(&queue->bytes, queue->bytes + (size_t)bytes, memory_order_relaxed);
}

/* The batch that is open, or a new one; NULL without memory. */
static aurora__span_batch *open_batch(aurora__span_queue *queue)
{
    aurora__span_batch *batch = queue->open != NULL ? queue->open : queue->spare;
    if (queue->open != NULL)
        return batch;
    if (batch == NULL)
        batch = calloc(1, sizeof *batch);
    if (batch == NULL)
        return NULL;
    queue->spare = NULL;
    batch->out.len = 0;
    batch->out.needs_comma = batch->out.is_failed = false;
    batch->count = 0;
    batch->bytes = 0;
    batch->next = NULL;
    batch->began_ns = aurora__now_ns();
    aurora_json_out_raw(&batch->out, NULL, queue->limits.head, queue->limits.head_len);
    batch->out.needs_comma = false;
    if (batch->out.is_failed) {
        free_batch(batch);
        return NULL;
    }
    queue->open = batch;
    return batch;
}

/* The body is whole then, but for memory: without that it is not sent. */
static void close_open(aurora__span_queue *queue)
{
    aurora_json_out_close(&queue->open->out, ']');
    for (const char *bracket = "}]}]}"; *bracket != '\0'; bracket++)
        aurora_json_out_close(&queue->open->out, *bracket);
    *queue->end = queue->open;
    queue->end = &queue->open->next;
    queue->open = NULL;
}

static size_t batch_bytes_max(const aurora__span_queue_limits *limits)
{
    return limits->bytes_max / 4 < BATCH_BYTES_MAX ? limits->bytes_max / 4 : BATCH_BYTES_MAX;
}

/* Under the mutex. A span for which there is no memory leaves the batch as it was. */
static void add(aurora__span_queue *queue, const aurora_span *span, const char *kept)
{
    aurora__span_batch *batch = open_batch(queue);
    if (batch == NULL) {
        count_dropped(queue);
        return;
    }
    aurora_json_out before = batch->out;
    aurora__span_write(&batch->out, span, kept);
    if (batch->out.is_failed) {
        batch->out.is_failed = false;
        batch->out.len = before.len;
        batch->out.needs_comma = before.needs_comma;
        count_dropped(queue);
        return;
    }
    batch->count++;
    batch->bytes += batch->out.len - before.len;
    add_waiting(queue, 1, (int64_t)(batch->out.len - before.len));
    if (batch->count < queue->limits.batch_max && batch->bytes < batch_bytes_max(&queue->limits))
        return;
    close_open(queue);
    pthread_cond_signal(&queue->changed);
}

void aurora__span_queue_add(aurora__span_queue *queue, const aurora_span *span, const char *kept)
{
    if (!has_room(queue)) {
        count_dropped(queue);
        return;
    }
    pthread_mutex_lock(&queue->mutex);
    if (queue->is_ending || !has_room(queue))
        count_dropped(queue);
    else
        add(queue, span, kept);
    pthread_mutex_unlock(&queue->mutex);
}

/* --- taking ----------------------------------------------------------------------------------- */

static void await(aurora__span_queue *queue, int64_t until_ns)
{
    const struct timespec until = {.tv_sec = until_ns / SECOND_NS, .tv_nsec = until_ns % SECOND_NS};
    pthread_cond_timedwait(&queue->changed, &queue->mutex, &until);
}

/* Whether the open batch has waited long enough. */
static bool is_due(const aurora__span_queue *queue, int64_t delay_ns, int64_t now_ns)
{
    return queue->open != NULL && queue->open->count > 0 &&
           (queue->is_ending || now_ns - queue->open->began_ns >= delay_ns);
}

aurora__span_batch *aurora__span_queue_take(aurora__span_queue *queue, int64_t delay_ns)
{
    aurora__span_batch *batch = NULL;
    pthread_mutex_lock(&queue->mutex);
    for (;;) {
        int64_t now_ns = aurora__now_ns();
        if (queue->full == NULL && is_due(queue, delay_ns, now_ns))
            close_open(queue);
        batch = queue->full;
        if (batch != NULL || queue->is_ending)
            break;
        await(queue, delay_ns + (queue->open != NULL ? queue->open->began_ns : now_ns));
    }
    if (batch != NULL) {
        queue->full = batch->next;
        if (queue->full == NULL)
            queue->end = &queue->full;
        batch->next = NULL;
        add_waiting(queue, -(int64_t)batch->count, -(int64_t)batch->bytes);
    }
    pthread_mutex_unlock(&queue->mutex);
    return batch;
}

bool aurora__span_queue_pause(aurora__span_queue *queue, int64_t until_ns)
{
    pthread_mutex_lock(&queue->mutex);
    while (!queue->is_ending && aurora__now_ns() < until_ns)
        await(queue, until_ns);
    bool is_ending = queue->is_ending;
    pthread_mutex_unlock(&queue->mutex);
    return is_ending;
}

void aurora__span_queue_release(aurora__span_queue *queue, aurora__span_batch *batch)
{
    pthread_mutex_lock(&queue->mutex);
    bool is_kept = queue->spare == NULL && batch->out.capacity <= SPARE_BYTES_MAX;
    if (is_kept)
        queue->spare = batch;
    pthread_mutex_unlock(&queue->mutex);
    if (!is_kept)
        free_batch(batch);
}

void aurora__span_queue_end(aurora__span_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    queue->is_ending = true;
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->mutex);
}

/* SPDX-License-Identifier: MIT */
/* GET /orders/{id}/events: server-sent events. What is sent are states, not steps: a client that
 * reads slowly sees fewer of them, and always the newest. The stream ends where waiting ends, and
 * 204 tells a client that comes back for more to stay away. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/fields.h"
#include "routes/bodies.h"
#include "routes/loop.h"
#include "routes/order_answer.h"

#define TICK_MS 1000
#define PING_TICKS 15
#define HEAD_BYTES 64  /* of an event: its lines before the data, and its end */
#define WATCH_MS 15000 /* bounds how long a watch outlives a client that left */

/* A stream lives until its client has left and its watch has completed. */
struct aurora__order_stream {
    aurora__waiter waiter; /* first: the tag points to it */
    aurora__order_stream *next, *previous;
    aurora__routes_loop *loop;
    aurora_http_exchange *exchange; /* NULL once closed */
    aurora_id id;
    uint64_t version; /* that the client has */
    uint32_t silent_ticks;
    bool is_watching;
    bool is_ended; /* nothing more is sent, and nothing watched for */
    bool is_busy;  /* we are inside of a call of ours: who closes does not free */
};

/* --- life ------------------------------------------------------------------------------------- */

static void tick(void *self);

static void link_in(aurora__order_stream *stream)
{
    aurora__routes_loop *loop = stream->loop;
    stream->next = loop->streams;
    if (loop->streams != NULL)
        loop->streams->previous = stream;
    loop->streams = stream;
    if (loop->stream_timer == NULL)
        loop->stream_timer = aurora_http_watch_timer(loop->loop, TICK_MS, tick, loop);
}

static void release(aurora__order_stream *stream)
{
    if (stream->previous != NULL)
        stream->previous->next = stream->next;
    else
        stream->loop->streams = stream->next;
    if (stream->next != NULL)
        stream->next->previous = stream->previous;
    free(stream);
}

static void release_if_over(aurora__order_stream *stream)
{
    if (stream->exchange == NULL && !stream->is_watching && !stream->is_busy)
        release(stream);
}

void aurora__order_streams_drop(aurora__routes_loop *loop)
{
    for (aurora__order_stream *stream = loop->streams, *next; stream != NULL; stream = next) {
        next = stream->next;
        free(stream);
    }
    loop->streams = NULL;
}

static void closed(void *self)
{
    aurora__order_stream *stream = self;
    stream->exchange = NULL;
    release_if_over(stream);
}

static void end(aurora__order_stream *stream)
{
    stream->is_ended = true;
    if (stream->exchange != NULL)
        aurora_http_stream_end(stream->exchange);
}

static void send(aurora__order_stream *stream, const char *data, size_t len)
{
    stream->silent_ticks = 0;
    if (stream->exchange != NULL && !aurora_http_stream_send(stream->exchange, data, len))
        end(stream);
}

/* --- events ----------------------------------------------------------------------------------- */

static void send_order(aurora__order_stream *stream, const aurora_order *order)
{
    size_t len = 0;
    char *text = aurora_body_order_text(order, &len);
    char *event = text == NULL ? NULL : malloc(len + HEAD_BYTES);
    if (event == NULL) {
        end(stream); /* the client comes back with the version that it has */
    } else {
        int head =
            snprintf(event, HEAD_BYTES, "id: %" PRIu64 "\nevent: order\ndata: ", order->version);
        memcpy(event + head, text, len);
        memcpy(event + head + len, "\n\n", 2);
        send(stream, event, (size_t)head + len + 2);
        stream->version = order->version;
    }
    free(event);
    free(text);
}

/* Sends what is newer than what the client has; ends where nothing more comes. */
static void show(aurora__order_stream *stream, const aurora_order *order)
{
    if (order->version != stream->version)
        send_order(stream, order);
    if (aurora__order_is_over(order))
        end(stream);
}

/* A watch that finds no room is tried again at the next tick. */
static void watch(aurora__order_stream *stream)
{
    if (stream->exchange == NULL || stream->is_ended || stream->is_watching)
        return;
    aurora_status status = aurora__routes_loop_watch(stream->loop, stream->id, stream->version,
                                                     WATCH_MS, &stream->waiter);
    stream->is_watching = status == AURORA_OK;
    if (status != AURORA_OK && !aurora_status_is_retriable(status))
        end(stream);
}

static void watched(aurora__waiter *waiter, const aurora_completion *completion)
{
    aurora__order_stream *stream = (aurora__order_stream *)waiter;
    stream->is_watching = false;
    stream->is_busy = true;
    if (completion->order != NULL)
        show(stream, completion->order);
    else if (!aurora_status_is_retriable(completion->status))
        end(stream);
    if (completion->order != NULL)
        watch(stream);
    aurora_order_free(completion->order);
    stream->is_busy = false;
    release_if_over(stream);
}

static void tick_one(aurora__order_stream *stream)
{
    stream->is_busy = true;
    watch(stream);
    if (stream->exchange != NULL && ++stream->silent_ticks >= PING_TICKS)
        send(stream, ": ping\n\n", 8);
    stream->is_busy = false;
    release_if_over(stream);
}

static void tick(void *self)
{
    aurora__routes_loop *loop = self;
    for (aurora__order_stream *stream = loop->streams, *next; stream != NULL; stream = next) {
        next = stream->next;
        tick_one(stream);
    }
    if (loop->streams == NULL) {
        aurora_http_watch_free(loop->stream_timer);
        loop->stream_timer = NULL;
    }
}

/* --- the request ------------------------------------------------------------------------------ */

/* Last-Event-ID; 0, which no version is, where there is none. */
static bool read_last_id(aurora_http_exchange *exchange, uint64_t *out)
{
    const char *text = aurora_http_header(exchange, "Last-Event-ID");
    *out = 0;
    if (text == NULL || text[0] == '\0')
        return true;
    size_t len = strlen(text);
    if (len <= 19 && strspn(text, "0123456789") == len) {
        *out = strtoull(text, NULL, 10);
        return true;
    }
    return aurora_http_refuse_header(exchange, "Last-Event-ID",
                                     "must be the id of an event of this stream, a version");
}

static void begin(aurora_http_exchange *exchange, const aurora_order *order, uint64_t version)
{
    aurora__order_stream *stream = malloc(sizeof *stream);
    if (stream == NULL) {
        aurora_http_refuse(exchange, AURORA_ENOMEM, NULL);
        return;
    }
    *stream = (aurora__order_stream){.waiter.done = watched,
                                     .loop = aurora__routes_loop_of(exchange),
                                     .exchange = exchange,
                                     .id = order->id,
                                     .version = version,
                                     .is_busy = true};
    link_in(stream);
    aurora_http_stream_begin(exchange, 200, "text/event-stream", closed, stream);
    send(stream, "retry: 3000\n\n", 13);
    show(stream, order);
    watch(stream);
    stream->is_busy = false;
    release_if_over(stream);
}

void aurora__order_events_handle(aurora_http_exchange *exchange, void *self)
{
    uint64_t version;
    aurora_order *order;
    if (!read_last_id(exchange, &version) || !aurora__order_read(exchange, self, &order))
        return;
    aurora_http_set(exchange, "Cache-Control", "no-store");
    aurora_http_set(exchange, "X-Accel-Buffering", "no");
    if (version == order->version && aurora__order_is_over(order))
        aurora_http_reply(exchange, 204, NULL, NULL, 0);
    else if (aurora_http_exchange_method(exchange) == AURORA_HTTP_HEAD)
        aurora_http_reply(exchange, 200, "text/event-stream", NULL, 0);
    else
        begin(exchange, order, version);
    aurora_order_free(order);
}

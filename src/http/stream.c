/* SPDX-License-Identifier: MIT */
/* Streamed answers: chunks that wait in memory while the client does not read, up to a limit, and
 * how many streams a principal may have. */
#include "http/loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAITING_BYTES_MAX 262144
#define BUCKETS 256

typedef struct holder {
    struct holder *next;
    uint32_t count;
    char name[];
} holder;

struct aurora__stream_counts {
    pthread_mutex_t mutex;
    uint32_t open;
    uint32_t per_principal_max;
    holder *buckets[BUCKETS];
};

/* --- how many --------------------------------------------------------------------------------- */

aurora__stream_counts *aurora__streams_new(uint32_t per_principal_max)
{
    aurora__stream_counts *counts = calloc(1, sizeof(*counts));
    if (counts == NULL)
        return NULL;
    pthread_mutex_init(&counts->mutex, NULL);
    counts->per_principal_max = per_principal_max;
    return counts;
}

void aurora__streams_free(aurora__stream_counts *counts)
{
    if (counts == NULL)
        return;
    pthread_mutex_destroy(&counts->mutex);
    free(counts); /* all holders went with their last stream */
}

static holder **find(aurora__stream_counts *counts, const char *name)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (const char *c = name; *c != '\0'; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    holder **at = &counts->buckets[hash % BUCKETS];
    while (*at != NULL && strcmp((*at)->name, name) != 0)
        at = &(*at)->next;
    return at;
}

static bool hold(aurora__stream_counts *counts, const char *name)
{
    holder **at = find(counts, name);
    if (*at == NULL) {
        size_t len = strlen(name);
        holder *new = calloc(1, sizeof(*new) + len + 1);
        if (new == NULL)
            return false;
        memcpy(new->name, name, len);
        *at = new;
    }
    if ((*at)->count >= counts->per_principal_max)
        return false;
    (*at)->count++;
    return true;
}

/* Anonymous ones share one name and have only the limit of all. */
static bool admit(aurora_http_exchange *exchange)
{
    aurora__stream_counts *counts = exchange->loop->server->streams;
    const aurora_http_principal *principal = &exchange->principal;
    pthread_mutex_lock(&counts->mutex);
    bool has_room = counts->open < exchange->loop->server->options.streams_max;
    /* NOLINTNEXTLINE(analyzer-malloc-leak): the holder hangs in the table of counts */
    bool is_admitted = has_room && (!principal->is_authenticated || hold(counts, principal->name));
    if (is_admitted)
        counts->open++;
    pthread_mutex_unlock(&counts->mutex);
    return is_admitted;
}

static void release(aurora_http_exchange *exchange)
{
    aurora__stream_counts *counts = exchange->loop->server->streams;
    pthread_mutex_lock(&counts->mutex);
    counts->open--;
    if (exchange->principal.is_authenticated) {
        holder **at = find(counts, exchange->principal.name);
        if (*at != NULL && --(*at)->count == 0) {
            holder *empty = *at;
            *at = empty->next;
            free(empty);
        }
    }
    pthread_mutex_unlock(&counts->mutex);
}

uint32_t aurora__streams_open(aurora_http_server *server)
{
    pthread_mutex_lock(&server->streams->mutex);
    uint32_t open = server->streams->open;
    pthread_mutex_unlock(&server->streams->mutex);
    return open;
}

/* --- what waits ------------------------------------------------------------------------------- */

static bool append(aurora_http_exchange *exchange, const char *data, size_t len)
{
    aurora__stream *stream = &exchange->stream;
    if (stream->sent > 0 && stream->len + len > stream->capacity) {
        memmove(stream->data, stream->data + stream->sent, stream->len - stream->sent);
        stream->len -= stream->sent;
        stream->sent = 0;
    }
    if (stream->len + len > stream->capacity) {
        size_t capacity = stream->len + len + stream->capacity;
        char *larger = realloc(stream->data, capacity);
        if (larger == NULL)
            return false;
        aurora__exchange_hold(exchange, capacity - stream->capacity);
        stream->data = larger;
        stream->capacity = capacity;
    }
    memcpy(stream->data + stream->len, data, len);
    stream->len += len;
    return true;
}

static bool append_chunk(aurora_http_exchange *exchange, const char *data, size_t len)
{
    char size[24];
    if (exchange->is_http_1_0)
        return append(exchange, data, len);
    int digits = snprintf(size, sizeof(size), "%zx\r\n", len);
    return append(exchange, size, (size_t)digits) && append(exchange, data, len) &&
           append(exchange, "\r\n", 2);
}

/* --- life ------------------------------------------------------------------------------------- */

/* The exchange lives on until its answer is sent, so that the handler may go on as if it streamed;
 * `closed` runs when it is freed. */
static void refuse(aurora_http_exchange *exchange)
{
    if (exchange->is_on_worker)
        aurora_http_problem(exchange, 500, "internal", "Something is wrong on our side.");
    else
        aurora_http_problem(exchange, 503, "overloaded", "Too many streams are open already.");
}

static bool begin(aurora_http_exchange *exchange, aurora__connection *connection)
{
    bool is_last = atomic_load(&exchange->loop->server->stage) != AURORA__SERVING;
    if (exchange->is_http_1_0 || is_last || connection->is_closing)
        exchange->keeps_alive = false;
    exchange->state = AURORA__STREAMING;
    if (aurora__answer_field(exchange, "Cache-Control") == NULL)
        aurora_http_set(exchange, "Cache-Control", "no-store");
    if (!aurora__answer_head(exchange, exchange->keeps_alive, aurora__loop_date(exchange->loop)) ||
        !append(exchange, exchange->head.data, exchange->head.len))
        return false;
    if (exchange->method == AURORA_HTTP_HEAD)
        exchange->stream.is_ended = true;
    else if (is_last)
        aurora__stream_finish(exchange);
    return true;
}

void aurora_http_stream_begin(aurora_http_exchange *exchange, int status, const char *content_type,
                              void (*closed)(void *self), void *self)
{
    aurora__connection *connection = exchange->connection;
    if (exchange->is_answered)
        return;
    exchange->stream.closed = closed;
    exchange->stream.self = self;
    if (exchange->is_on_worker || !admit(exchange)) {
        refuse(exchange);
        return;
    }
    exchange->is_answered = true;
    exchange->stream.is_counted = true;
    exchange->status = status;
    exchange->streamed_ns = aurora__now_ns();
    exchange->content_type = aurora__exchange_copy(exchange, content_type, strlen(content_type));
    if (connection == NULL) {
        exchange->stream.is_ended = true;
        aurora__dispatch_answered(exchange);
        return;
    }
    if (!begin(exchange, connection))
        connection->is_broken = true;
    aurora__connection_touch(connection);
}

bool aurora_http_stream_send(aurora_http_exchange *exchange, const void *data, size_t len)
{
    aurora__stream *stream = &exchange->stream;
    if (exchange->state != AURORA__STREAMING || stream->is_ended ||
        exchange->connection->is_broken || exchange->connection->is_at_end)
        return false;
    if (len == 0)
        return true;
    if (stream->len - stream->sent > WAITING_BYTES_MAX || !append_chunk(exchange, data, len))
        return false;
    exchange->bytes_out += len;
    aurora__connection_touch(exchange->connection);
    return true;
}

void aurora_http_stream_abort(aurora_http_exchange *exchange)
{
    if (exchange->state != AURORA__STREAMING || exchange->stream.is_ended)
        return;
    exchange->stream.is_ended = true;
    exchange->connection->is_broken = true;
    aurora__connection_touch(exchange->connection);
}

size_t aurora_http_stream_waiting(const aurora_http_exchange *exchange)
{
    return exchange->stream.len - exchange->stream.sent;
}

void aurora_http_stream_await(aurora_http_exchange *exchange, void (*drained)(void *self))
{
    exchange->stream.drained = drained;
    if (exchange->state == AURORA__STREAMING)
        aurora__connection_touch(exchange->connection);
}

void aurora__stream_finish(aurora_http_exchange *exchange)
{
    if (exchange->state != AURORA__STREAMING || exchange->stream.is_ended)
        return;
    exchange->stream.is_ended = true;
    if (!exchange->is_http_1_0 && !append(exchange, "0\r\n\r\n", 5))
        exchange->connection->is_broken = true;
    aurora__connection_touch(exchange->connection);
}

void aurora_http_stream_end(aurora_http_exchange *exchange)
{
    aurora__stream_finish(exchange);
}

void aurora__stream_close(aurora_http_exchange *exchange)
{
    aurora__stream *stream = &exchange->stream;
    void (*closed)(void *self) = stream->closed;
    if (stream->is_counted)
        release(exchange);
    stream->is_counted = false;
    stream->closed = NULL;
    if (closed != NULL)
        closed(stream->self);
}

/* SPDX-License-Identifier: MIT */
#include "http/loop.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define PIECES_MAX 32
#define DRAINED_BYTES 65536  /* of a stream, below which more of it is wanted */
#define PROGRESS_BYTES 65536 /* to be taken within write_ms by a client that is let go on */

static int add(struct iovec *pieces, int count, const char *data, size_t from, size_t to)
{
    if (from == to)
        return count;
    pieces[count] =
        (struct iovec){.iov_base = (char *)(uintptr_t)data + from, .iov_len = to - from};
    return count + 1;
}

static aurora__stream *open_stream(const aurora__connection *connection)
{
    aurora_http_exchange *current = connection->current;
    return current != NULL && current->state == AURORA__STREAMING ? &current->stream : NULL;
}

static int gather(const aurora__connection *connection, struct iovec *pieces)
{
    int count = 0;
    const aurora_http_exchange *answer = connection->answers;
    for (; answer != NULL && count + 2 <= PIECES_MAX; answer = answer->next) {
        const aurora__span *head = &answer->head, *content = &answer->content;
        count = add(pieces, count, head->data, head->sent, head->len);
        count = add(pieces, count, content->data, content->sent, content->len);
    }
    const aurora__stream *stream = open_stream(connection);
    if (answer == NULL && stream != NULL && count < PIECES_MAX)
        count = add(pieces, count, stream->data, stream->sent, stream->len);
    return count;
}

static size_t advance(size_t *sent, size_t len, size_t n)
{
    size_t step = len - *sent < n ? len - *sent : n;
    *sent += step;
    return n - step;
}

/* Frees what is sent whole; an answer without anything left among it. */
static void note_sent(aurora__connection *connection, size_t n)
{
    for (aurora_http_exchange *answer = connection->answers; answer != NULL;
         answer = connection->answers) {
        n = advance(&answer->head.sent, answer->head.len, n);
        n = advance(&answer->content.sent, answer->content.len, n);
        if (answer->head.sent < answer->head.len || answer->content.sent < answer->content.len)
            return;
        connection->queued -= answer->head.len + answer->content.len;
        connection->answers = answer->next;
        aurora__exchange_free(answer);
    }
    aurora__stream *stream = open_stream(connection);
    if (stream == NULL)
        return;
    advance(&stream->sent, stream->len, n);
    if (stream->sent == stream->len)
        stream->sent = stream->len = 0;
}

/* Who fills a stream by what its reader takes. */
static void tell_drained(aurora__connection *connection)
{
    aurora__stream *stream = open_stream(connection);
    if (stream == NULL || stream->drained == NULL || stream->is_ended ||
        stream->len - stream->sent > DRAINED_BYTES)
        return;
    void (*drained)(void *self) = stream->drained;
    stream->drained = NULL;
    drained(stream->self);
}

static void block(aurora__connection *connection)
{
    connection->is_blocked = true;
    event_add(&connection->writable, NULL);
}

static void note_progress(aurora__connection *connection, size_t n)
{
    connection->progress += n;
    if (connection->phase == AURORA__WRITE && connection->progress >= PROGRESS_BYTES)
        aurora__connection_enter(connection, AURORA__WRITE);
}

void aurora__connection_flush(aurora__connection *connection)
{
    struct iovec pieces[PIECES_MAX];
    while (!connection->is_blocked && !connection->is_broken) {
        struct msghdr message = {.msg_iov = pieces};
        tell_drained(connection);
        message.msg_iovlen = (size_t)gather(connection, pieces);
        if (message.msg_iovlen == 0 &&
            (connection->tls == NULL || !aurora_tls_has_unsent(connection->tls)))
            return;
        ssize_t n = connection->tls == NULL
                        ? sendmsg(connection->fd, &message, MSG_NOSIGNAL)
                        : aurora__connection_tls_send(connection, pieces, (int)message.msg_iovlen);
        if (n >= 0) {
            note_progress(connection, (size_t)n);
            note_sent(connection, (size_t)n);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            block(connection);
        } else if (errno != EINTR) {
            connection->is_broken = true;
        }
    }
}

void aurora__connection_send_continue(aurora__connection *connection)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    aurora__connection_flush(connection);
    if (connection->is_blocked || connection->is_broken)
        return; /* the client goes on by itself after a while */
    const struct iovec piece = {.iov_base = (char *)(uintptr_t)text, .iov_len = sizeof(text) - 1};
    ssize_t n = connection->tls == NULL ? send(connection->fd, text, sizeof(text) - 1, MSG_NOSIGNAL)
                                        : aurora__connection_tls_send(connection, &piece, 1);
    if (n > 0 && (size_t)n < sizeof(text) - 1)
        connection->is_broken = true; /* half a line would spoil the answer */
}

/* SPDX-License-Identifier: MIT */
/* TLS below a connection. A handshake costs as much processor time as a hundred requests, so its
 * steps stand in a queue of the loop, which has a bounded time for them in each turn. */
#include "http/loop.h"

#include <errno.h>
#include <sys/socket.h>

#define HANDSHAKES_NS INT64_C(2000000) /* in a turn; the one that is begun is ended */

static aurora__loop_figure *failures(aurora__connection *connection, aurora_tls_failure why)
{
    return &connection->loop->counters.tls_failures[why];
}

/* Handshakes have a bound of their own: they must not cost those a place who have sent something,
 * nor the other way round. */
static void count_held(aurora__connection *connection)
{
    aurora_http_loop *loop = connection->loop;
    size_t held = connection->tls != NULL ? aurora_tls_held(connection->tls) : 0;
    *(connection->is_counted_early ? &loop->handshakes_held : &loop->held) -= connection->tls_held;
    connection->is_counted_early = connection->is_in_handshake;
    *(connection->is_counted_early ? &loop->handshakes_held : &loop->held) += held;
    connection->tls_held = held;
}

/* --- the queue -------------------------------------------------------------------------------- */

bool aurora__connection_tls_begin(aurora__connection *connection)
{
    connection->tls = aurora_tls_accept(connection->loop->server->options.tls, connection->fd);
    connection->is_in_handshake = connection->tls != NULL;
    if (connection->is_in_handshake)
        connection->phase = AURORA__HANDSHAKE;
    return connection->is_in_handshake;
}

static void leave_queue(aurora__connection *connection)
{
    aurora_http_loop *loop = connection->loop;
    aurora__connection **at = &loop->handshakes;
    while (*at != connection)
        at = &(*at)->next_handshake;
    *at = connection->next_handshake;
    if (*at == NULL)
        loop->handshakes_end = at;
    connection->is_queued = false;
}

void aurora__connection_tls_queue(aurora__connection *connection)
{
    aurora_http_loop *loop = connection->loop;
    if (connection->is_queued)
        return;
    event_del(&connection->readable); /* or it would be told in each turn until then */
    connection->is_queued = true;
    connection->next_handshake = NULL;
    *loop->handshakes_end = connection;
    loop->handshakes_end = &connection->next_handshake;
}

static void forget(aurora__connection *connection)
{
    aurora_tls_channel_free(connection->tls);
    connection->tls = NULL;
    connection->is_in_handshake = false;
    count_held(connection);
}

void aurora__connection_tls_end(aurora__connection *connection)
{
    if (connection->is_queued)
        leave_queue(connection);
    forget(connection);
}

/* --- the handshake ---------------------------------------------------------------------------- */

void aurora__connection_tls_cut(aurora__connection *connection, aurora_tls_failure why)
{
    aurora__count(failures(connection, why), 1);
    aurora__connection_free(connection);
}

/* What stands behind the port is told to one who asks in the clear, in the clear. */
static void refuse_plain(aurora__connection *connection)
{
    static const aurora_http_refusal plain = {400, "malformed_request", NULL,
                                              "This port speaks HTTPS."};
    forget(connection);
    aurora__count(&connection->loop->counters.bad_heads, 1);
    aurora__connection_refuse(connection, &plain);
    aurora__connection_turn(connection);
}

/* The other side may read its alert before the connection goes. */
static void end_failed(aurora__connection *connection)
{
    aurora_tls_failure why = aurora_tls_channel_failure(connection->tls);
    aurora__count(failures(connection, why), 1);
    if (why == AURORA_TLS_CLOSED) {
        aurora__connection_free(connection);
    } else if (why == AURORA_TLS_PLAIN_HTTP) {
        refuse_plain(connection);
    } else {
        connection->is_in_handshake = false;
        count_held(connection);
        connection->is_closing = true;
        aurora__connection_turn(connection);
    }
}

static void end_done(aurora__connection *connection)
{
    aurora__loop_counters *counters = &connection->loop->counters;
    aurora__count(aurora_tls_is_1_3(connection->tls) ? &counters->tls_1_3 : &counters->tls_1_2, 1);
    if (aurora_tls_is_resumed(connection->tls))
        aurora__count(&counters->tls_resumed, 1);
    connection->is_in_handshake = false;
    count_held(connection);
    aurora__connection_enter(connection, AURORA__IDLE);
    aurora__connection_read(connection); /* the request may have come with its end */
}

static void go_on(aurora__connection *connection)
{
    aurora_tls_step step = aurora_tls_handshake(connection->tls, connection->loop->tls_scratch);
    count_held(connection);
    event_add(&connection->readable, NULL);
    if (aurora_tls_has_unsent(connection->tls))
        event_add(&connection->writable, NULL);
    if (step == AURORA_TLS_FAILED)
        end_failed(connection);
    else if (step == AURORA_TLS_DONE)
        end_done(connection);
}

void aurora__loop_handshakes(aurora_http_loop *loop)
{
    if (loop->handshakes == NULL)
        return;
    int64_t end_ns = aurora__now_ns() + HANDSHAKES_NS;
    do {
        aurora__connection *connection = loop->handshakes;
        leave_queue(connection);
        go_on(connection);
    } while (loop->handshakes != NULL && aurora__now_ns() < end_ns);
}

void aurora__connection_tls_mark(const aurora__connection *connection,
                                 aurora_http_exchange *exchange)
{
    exchange->is_secure = true;
    exchange->is_peer_trusted = aurora_tls_is_trusted(connection->tls);
}

/* --- data ------------------------------------------------------------------------------------- */

void aurora__connection_listen(aurora__connection *connection)
{
    event_add(&connection->readable, NULL);
    if (connection->tls != NULL && aurora_tls_has_more(connection->tls))
        event_active(&connection->readable, EV_READ, 0);
}

/* What follows the data, an end or an error, may have come with it: then nothing else wakes us. */
ssize_t aurora__connection_tls_recv(aurora__connection *connection, char *data)
{
    if (connection->phase == AURORA__LINGER) /* it is thrown away */
        return recv(connection->fd, data, AURORA_TLS_READ_BYTES, 0);
    ssize_t n = aurora_tls_recv(connection->tls, connection->loop->tls_scratch, data);
    int error = errno;
    count_held(connection);
    if (n > 0 && aurora_tls_has_more(connection->tls))
        event_active(&connection->readable, EV_READ, 0);
    if (n < 0 && error == EAGAIN && aurora_tls_has_unsent(connection->tls) &&
        !connection->is_blocked)
        aurora__connection_touch(connection); /* an answer of TLS itself waits for the socket */
    errno = error;
    return n;
}

ssize_t aurora__connection_tls_send(aurora__connection *connection, const struct iovec *pieces,
                                    int count)
{
    ssize_t n = aurora_tls_send(connection->tls, connection->loop->tls_scratch, pieces, count);
    int error = errno;
    count_held(connection);
    errno = error;
    return n;
}

/* SPDX-License-Identifier: MIT */
/* One connection to an upstream: a request out, its answer in, one at a time. Bytes are judged
 * where they were read, in the loop's scratch; only the rest of a head is kept. */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "upstream/internal.h"

#define INTERIM_MAX 8 /* answers of 1xx before the one that counts */

static const aurora__gate_limits limits = {
    .head_bytes_max = AURORA__UPSTREAM_HEAD_BYTES,
    .fields_max = AURORA__UPSTREAM_FIELDS_MAX,
    .body_bytes_max = UINT64_C(1) << 40, /* what is too much to hold is passed on as it comes */
};

static void on_readable(evutil_socket_t fd, short what, void *argument);
static void on_writable(evutil_socket_t fd, short what, void *argument);

/* --- life ------------------------------------------------------------------------------------- */

static uint32_t index_of(const aurora__upstream_connection *connection)
{
    return (uint32_t)(connection->address - connection->place->upstream->addresses);
}

static void leave_idle(aurora__upstream_connection *connection)
{
    uint32_t index = index_of(connection);
    aurora__upstream_connection **at = &connection->place->idle[index];
    while (*at != NULL && *at != connection)
        at = &(*at)->next_idle;
    if (*at == NULL)
        return;
    *at = connection->next_idle;
    connection->place->idle_count[index]--;
}

static void stop_events(aurora__upstream_connection *connection)
{
    if (connection->is_reading)
        event_del(&connection->readable);
    if (connection->is_writing)
        event_del(&connection->writable);
    connection->is_reading = connection->is_writing = false;
}

void aurora__upstream_connection_drop(aurora__upstream_connection *connection)
{
    aurora_upstream_pool *pool = connection->pool;
    if (connection->is_dead)
        return;
    connection->is_dead = true;
    if (connection->call == NULL)
        leave_idle(connection);
    else
        connection->call->connection = NULL;
    connection->call = NULL;
    stop_events(connection);
    if (connection->tls != NULL)
        aurora_tls_shutdown(connection->tls, pool->tls_scratch);
    aurora_tls_channel_free(connection->tls);
    close(connection->fd);
    atomic_fetch_sub_explicit(&connection->address->connections, 1, memory_order_relaxed);
    if (connection->previous != NULL)
        connection->previous->next = connection->next;
    else
        pool->connections = connection->next;
    if (connection->next != NULL)
        connection->next->previous = connection->previous;
    connection->next = pool->dead_connections;
    pool->dead_connections = connection;
}

void aurora__upstream_connection_free(aurora__upstream_connection *connection)
{
    free(connection->input);
    free(connection);
}

static void start_reading(aurora__upstream_connection *connection)
{
    if (!connection->is_reading && event_add(&connection->readable, NULL) == 0)
        connection->is_reading = true;
    if (connection->tls != NULL && aurora_tls_has_more(connection->tls))
        event_active(&connection->readable, EV_READ, 0); /* the socket has told it already */
}

static void start_writing(aurora__upstream_connection *connection)
{
    if (!connection->is_writing && event_add(&connection->writable, NULL) == 0)
        connection->is_writing = true;
}

void aurora__upstream_connection_pause(aurora__upstream_connection *connection, bool is_paused)
{
    if (!is_paused) {
        start_reading(connection);
    } else if (connection->is_reading) {
        event_del(&connection->readable);
        connection->is_reading = false;
    }
}

static int open_socket(const aurora__socket_address *address, bool *is_connecting)
{
    static const int on = 1;
    int fd = socket(address->at.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, &address->at.any, address->len) == 0) {
        *is_connecting = false;
    } else if (errno == EINPROGRESS) {
        *is_connecting = true;
    } else {
        close(fd);
        return -1;
    }
    return fd;
}

static aurora__upstream_connection *open_new(aurora_upstream_pool *pool, aurora_upstream_call *call)
{
    bool is_connecting = false;
    const aurora__socket_address address = aurora__address_socket(call->address);
    int fd = address.len > 0 ? open_socket(&address, &is_connecting) : -1;
    aurora__upstream_connection *connection = fd >= 0 ? calloc(1, sizeof *connection) : NULL;
    if (connection == NULL) {
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    connection->pool = pool;
    connection->place = call->place;
    connection->address = call->address;
    connection->fd = fd;
    connection->is_connecting = is_connecting || call->upstream->options.tls != NULL;
    event_assign(&connection->readable, pool->loop->base, fd, EV_READ | EV_PERSIST, on_readable,
                 connection);
    event_assign(&connection->writable, pool->loop->base, fd, EV_WRITE, on_writable, connection);
    connection->next = pool->connections;
    if (pool->connections != NULL)
        pool->connections->previous = connection;
    pool->connections = connection;
    atomic_fetch_add_explicit(&call->address->connections, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&call->address->connects, 1, memory_order_relaxed);
    return connection;
}

/* Whether the other side has not closed it, nor sent what nobody asked for. The loop would say so
 * a moment later; a call that cannot be repeated asks at once. */
static bool is_still_open(const aurora__upstream_connection *connection)
{
    char byte;
    ssize_t n = recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

static aurora__upstream_connection *take_idle(aurora_upstream_call *call)
{
    uint32_t index = (uint32_t)(call->address - call->upstream->addresses);
    aurora__upstream_place *place = call->place;
    while (place->idle[index] != NULL && call->hasty == 0) {
        aurora__upstream_connection *connection = place->idle[index];
        if (!call->request.is_repeatable && !is_still_open(connection)) {
            aurora__upstream_connection_drop(connection);
            continue;
        }
        place->idle[index] = connection->next_idle;
        place->idle_count[index]--;
        connection->is_used = true;
        return connection;
    }
    return NULL;
}

aurora__upstream_connection *aurora__connection_take(aurora_upstream_pool *pool,
                                                     aurora_upstream_call *call)
{
    aurora__upstream_connection *connection = take_idle(call);
    if (connection == NULL)
        connection = open_new(pool, call);
    if (connection == NULL)
        return NULL;
    connection->call = call;
    connection->has_answered = false;
    connection->interim = 0;
    aurora__reply_init(&connection->reply, &limits, strcmp(call->request.method, "HEAD") == 0);
    if (connection->is_connecting)
        start_writing(connection);
    else
        start_reading(connection);
    return connection;
}

/* Keeps it for the next call, where that may be. */
static void put_idle(aurora__upstream_connection *connection)
{
    uint32_t index = index_of(connection);
    aurora__upstream_place *place = connection->place;
    connection->call = NULL;
    connection->next_idle = place->idle[index];
    place->idle[index] = connection;
    place->idle_count[index]++;
    connection->idle_since_ns = aurora__now_ns();
    start_reading(connection); /* to see it closed */
    if (place->idle_count[index] > place->upstream->options.idle_max)
        aurora__upstream_connection_drop(connection);
}

void aurora__upstream_sweep(aurora_upstream_pool *pool, int64_t now_ns)
{
    aurora__upstream_connection *next;
    for (aurora__upstream_connection *at = pool->connections; at != NULL; at = next) {
        next = at->next;
        int64_t limit_ns = (int64_t)at->place->upstream->options.idle_ms * 1000000;
        if (at->call == NULL && now_ns - at->idle_since_ns >= limit_ns)
            aurora__upstream_connection_drop(at);
    }
}

/* --- sending ---------------------------------------------------------------------------------- */

static bool is_all_taken(const aurora_upstream_call *call)
{
    return call->sent == call->text_len + call->request.body_len;
}

static bool is_all_sent(const aurora__upstream_connection *connection,
                        const aurora_upstream_call *call)
{
    return is_all_taken(call) &&
           (connection->tls == NULL || !aurora_tls_has_unsent(connection->tls));
}

static ssize_t send_piece(const aurora__upstream_connection *connection)
{
    const aurora_upstream_call *call = connection->call;
    size_t head_sent = call->sent < call->text_len ? call->sent : call->text_len;
    size_t body_sent = call->sent - head_sent;
    struct iovec pieces[2] = {
        {.iov_base = call->text + head_sent, .iov_len = call->text_len - head_sent},
        {.iov_base = (char *)(uintptr_t)call->request.body + body_sent,
         .iov_len = call->request.body_len - body_sent}};
    bool is_head_sent = pieces[0].iov_len == 0;
    struct msghdr message = {.msg_iov = pieces + is_head_sent};
    message.msg_iovlen = call->request.body_len > body_sent ? 2u - is_head_sent : 1;
    if (connection->tls != NULL)
        return aurora_tls_send(connection->tls, connection->pool->tls_scratch, message.msg_iov,
                               (int)message.msg_iovlen);
    return sendmsg(connection->fd, &message, MSG_NOSIGNAL);
}

/* Where it cannot be sent, what can still be read says why. */
void aurora__upstream_connection_send(aurora__upstream_connection *connection)
{
    aurora_upstream_call *call = connection->call;
    while (!is_all_sent(connection, call)) {
        ssize_t n = send_piece(connection);
        if (n >= 0) {
            call->sent += (size_t)n;
            call->may_have_been_sent = true;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            start_writing(connection);
            return;
        } else if (errno != EINTR) {
            return;
        }
    }
}

static void begin_call(aurora__upstream_connection *connection)
{
    connection->is_connecting = false;
    start_reading(connection);
    aurora__call_connected(connection->call);
    aurora__upstream_connection_send(connection);
}

static void shake_hands(aurora__upstream_connection *connection)
{
    switch (aurora_tls_handshake(connection->tls, connection->pool->tls_scratch)) {
    case AURORA_TLS_DONE:
        begin_call(connection);
        break;
    case AURORA_TLS_MORE:
        if (aurora_tls_has_unsent(connection->tls))
            start_writing(connection);
        break;
    default:
        aurora__call_lost(connection->call, AURORA_UPSTREAM_FAILED,
                          aurora_tls_failure_text(aurora_tls_channel_failure(connection->tls)));
    }
}

/* TCP is there. */
static void begin_tls(aurora__upstream_connection *connection)
{
    const aurora__address *address = connection->address;
    connection->tls = aurora_tls_connect(connection->place->upstream->options.tls, connection->fd,
                                         address->host, address->sessions);
    if (connection->tls == NULL) {
        aurora__call_lost(connection->call, AURORA_UPSTREAM_FAILED, "finds no memory for TLS");
        return;
    }
    start_reading(connection);
    shake_hands(connection);
}

static void finish_connect(aurora__upstream_connection *connection)
{
    int error = 0;
    socklen_t len = sizeof error;
    getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &len);
    if (error != 0) {
        aurora__call_lost(connection->call, AURORA_UPSTREAM_FAILED,
                          error == ECONNREFUSED ? "refuses connections" : "cannot be connected to");
        return;
    }
    if (connection->place->upstream->options.tls != NULL)
        begin_tls(connection);
    else
        begin_call(connection);
}

static void on_writable(evutil_socket_t fd, short what, void *argument)
{
    aurora__upstream_connection *connection = argument;
    aurora_upstream_pool *pool = connection->pool;
    (void)fd;
    (void)what;
    pool->depth++;
    connection->is_writing = false;
    if (connection->call != NULL && connection->is_connecting && connection->tls != NULL)
        shake_hands(connection);
    else if (connection->call != NULL && connection->is_connecting)
        finish_connect(connection);
    else if (connection->call != NULL)
        aurora__upstream_connection_send(connection);
    pool->depth--;
    aurora__pool_bury(pool);
}

/* --- receiving -------------------------------------------------------------------------------- */

/* The answer is whole, and `left` bytes came behind it. */
static void finish(aurora__upstream_connection *connection, size_t left)
{
    aurora_upstream_call *call = connection->call;
    bool stays =
        left == 0 && aurora__reply_keeps_alive(&connection->reply) && is_all_sent(connection, call);
    call->connection = NULL;
    connection->call = NULL;
    free(connection->input); /* few heads come in pieces */
    connection->input = NULL;
    connection->input_len = 0;
    if (connection->is_writing)
        event_del(&connection->writable);
    connection->is_writing = false;
    put_idle(connection);
    if (!stays)
        aurora__upstream_connection_drop(connection);
    aurora__call_ended(call);
}

static void lose(aurora__upstream_connection *connection, int why, const char *detail)
{
    aurora__call_lost(connection->call, why, detail);
}

static size_t take_body(aurora__upstream_connection *connection, char *data, size_t len)
{
    size_t at = 0;
    while (at < len) {
        size_t used, body;
        aurora__reply_step step =
            aurora__reply_body(&connection->reply, data + at, len - at, &used, &body);
        if (step == AURORA__REPLY_BAD) {
            lose(connection, AURORA_UPSTREAM_BAD, connection->reply.why);
            return len;
        }
        const char *piece = data + at + used - body;
        at += used;
        if (body > 0 && !aurora__call_body(connection->call, piece, body))
            return len;
        if (step == AURORA__REPLY_DONE) {
            finish(connection, len - at);
            return len;
        }
    }
    return at;
}

/* Returns the bytes that were used; 0 = the head is not complete. */
static size_t take_head(aurora__upstream_connection *connection, char *data, size_t len)
{
    aurora__reply *reply = &connection->reply;
    aurora__reply_step step = aurora__reply_head(reply, data, len);
    if (step == AURORA__REPLY_BAD) {
        lose(connection, AURORA_UPSTREAM_BAD, reply->why);
        return len;
    }
    if (step == AURORA__REPLY_MORE)
        return 0;
    size_t used = reply->head_len;
    if (aurora__reply_is_interim(reply)) {
        if (++connection->interim > INTERIM_MAX)
            lose(connection, AURORA_UPSTREAM_BAD, "has too many interim answers");
        else
            aurora__reply_init(reply, &limits, reply->is_to_head);
        return connection->is_dead ? len : used;
    }
    if (!aurora__call_head(connection->call, data))
        return len;
    if (!aurora__reply_has_body(reply)) {
        finish(connection, len - used);
        return len;
    }
    return used + take_body(connection, data + used, len - used);
}

static bool is_in_head(const aurora__upstream_connection *connection)
{
    return connection->reply.head_len == 0;
}

/* Keeps what begins a head. */
static void keep(aurora__upstream_connection *connection, const char *data, size_t len)
{
    if (connection->input == NULL)
        connection->input = malloc(AURORA__UPSTREAM_HEAD_BYTES + AURORA__SCRATCH_BYTES);
    if (connection->input == NULL) {
        lose(connection, AURORA_UPSTREAM_FAILED, "there is no memory for its head");
        return;
    }
    memmove(connection->input, data, len);
    connection->input_len = len;
}

/* Heads may follow each other; after the last one the bytes are used up, or the connection is
 * nobody's. */
static void take_heads(aurora__upstream_connection *connection, char *data, size_t len)
{
    size_t at = 0;
    while (at < len && connection->call != NULL && is_in_head(connection)) {
        size_t used = take_head(connection, data + at, len - at);
        if (used == 0) {
            keep(connection, data + at, len - at);
            return;
        }
        at += used;
    }
}

static void receive(aurora__upstream_connection *connection, char *data, size_t len)
{
    connection->has_answered = true;
    if (!is_in_head(connection)) {
        take_body(connection, data, len);
        return;
    }
    if (connection->input_len > 0) {
        memcpy(connection->input + connection->input_len, data, len);
        len += connection->input_len;
        data = connection->input;
        connection->input_len = 0;
    }
    take_heads(connection, data, len);
}

/* A client of TLS 1.3 is told only after its handshake that its certificate was not taken. */
static const char *end_text(const aurora__upstream_connection *connection)
{
    aurora_tls_failure failure =
        connection->tls != NULL ? aurora_tls_channel_failure(connection->tls) : AURORA_TLS_FINE;
    if (failure != AURORA_TLS_FINE)
        return aurora_tls_failure_text(failure);
    return connection->has_answered ? "cut its answer off" : "closed without an answer";
}

static void read_some(aurora__upstream_connection *connection)
{
    char *scratch = connection->pool->loop->scratch;
    ssize_t n = connection->tls == NULL
                    ? recv(connection->fd, scratch, AURORA__SCRATCH_BYTES, 0)
                    : aurora_tls_recv(connection->tls, connection->pool->tls_scratch, scratch);
    if (n > 0 && connection->tls != NULL && aurora_tls_has_more(connection->tls))
        event_active(&connection->readable, EV_READ, 0); /* the end came with the data */
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return;
    if (connection->call == NULL)
        aurora__upstream_connection_drop(connection); /* closed, or talking unasked */
    else if (n > 0)
        receive(connection, scratch, (size_t)n);
    else
        lose(connection, AURORA_UPSTREAM_FAILED, end_text(connection));
}

static void on_readable(evutil_socket_t fd, short what, void *argument)
{
    aurora__upstream_connection *connection = argument;
    aurora_upstream_pool *pool = connection->pool;
    (void)fd;
    (void)what;
    pool->depth++;
    if (connection->is_connecting)
        shake_hands(connection);
    else
        read_some(connection);
    pool->depth--;
    aurora__pool_bury(pool);
}

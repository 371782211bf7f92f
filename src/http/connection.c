/* SPDX-License-Identifier: MIT */
#include "http/connection.h"

#include "http/crowd.h"
#include "http/loop.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define SLOW_NS INT64_C(1000000000) /* in a phase that a willing client leaves at once */
#define SLOW_TURNS_MAX 64

/* --- phases ----------------------------------------------------------------------------------- */

static void leave_list(aurora__connection *connection)
{
    aurora__list *list = &connection->loop->phases[connection->phase];
    if (connection->previous != NULL)
        connection->previous->next = connection->next;
    else
        list->first = connection->next;
    if (connection->next != NULL)
        connection->next->previous = connection->previous;
    else
        list->last = connection->previous;
}

static void join_list(aurora__connection *connection)
{
    aurora__list *list = &connection->loop->phases[connection->phase];
    connection->next = NULL;
    connection->previous = list->last;
    if (list->last != NULL)
        list->last->next = connection;
    else
        list->first = connection;
    list->last = connection;
}

void aurora__connection_enter(aurora__connection *connection, aurora__phase phase)
{
    leave_list(connection);
    connection->phase = phase;
    connection->since_ns = aurora__now_ns();
    connection->progress = 0;
    connection->has_moved = false;
    join_list(connection);
}

static aurora__phase phase_of(const aurora__connection *connection)
{
    const aurora_http_exchange *current = connection->current;
    if (connection->is_in_handshake)
        return AURORA__HANDSHAKE;
    if (connection->is_blocked)
        return AURORA__WRITE;
    if (current != NULL && current->state == AURORA__STREAMING)
        return AURORA__OPEN_STREAM;
    if (current != NULL)
        return current->state == AURORA__READING ? AURORA__BODY : AURORA__REPLY;
    return connection->gate.scanned > 0 ? AURORA__HEAD : AURORA__IDLE;
}

/* --- life ------------------------------------------------------------------------------------- */

/* A thousand clients that each send a byte at the same moment are a thousand reads, and whoever
 * asks in that moment would wait for all of them: of those that have taken long already only some
 * have their turn with everybody else's. The rest are ready in the next one, too. */
static bool has_turn(aurora__connection *connection)
{
    aurora__phase phase = connection->phase;
    if (phase != AURORA__HEAD && phase != AURORA__BODY && phase != AURORA__WRITE)
        return true;
    if (aurora__now_ns() - connection->since_ns < SLOW_NS)
        return true;
    return connection->loop->slow_turns++ < SLOW_TURNS_MAX;
}

static void on_readable(evutil_socket_t fd, short what, void *argument)
{
    aurora__connection *connection = argument;
    (void)fd;
    (void)what;
    if (connection->is_in_handshake)
        aurora__connection_tls_queue(connection);
    else if (has_turn(connection))
        aurora__connection_read(connection);
}

static void on_writable(evutil_socket_t fd, short what, void *argument)
{
    aurora__connection *connection = argument;
    (void)fd;
    (void)what;
    if (!has_turn(connection)) {
        event_add(&connection->writable, NULL);
        return;
    }
    connection->is_blocked = false;
    if (connection->is_in_handshake)
        aurora__connection_tls_queue(connection);
    else
        aurora__connection_turn(connection);
}

aurora__connection *aurora__connection_new(aurora_http_loop *loop, int fd,
                                           const struct sockaddr *address)
{
    static const int on = 1;
    aurora__connection *connection = calloc(1, sizeof(*connection));
    if (connection == NULL) {
        close(fd);
        return NULL;
    }
    connection->loop = loop;
    connection->fd = fd;
    connection->since_ns = aurora__now_ns();
    aurora_http_address_from(address, &connection->address);
    aurora_http_address_write(&connection->address, connection->peer);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    /* A peer that is gone without a word, behind an open stream for instance. */
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &loop->server->options.write_ms,
               sizeof(loop->server->options.write_ms));
    aurora__gate_init(&connection->gate, &loop->server->limits);
    event_assign(&connection->readable, loop->base, fd, EV_READ | EV_PERSIST, on_readable,
                 connection);
    event_assign(&connection->writable, loop->base, fd, EV_WRITE, on_writable, connection);
    event_add(&connection->readable, NULL);
    if (loop->server->options.tls != NULL && !aurora__connection_tls_begin(connection)) {
        event_del(&connection->readable);
        close(fd);
        free(connection);
        return NULL;
    }
    join_list(connection);
    atomic_fetch_add(&loop->server->connections, 1);
    aurora__count(&loop->counters.connections, 1);
    return connection;
}

/* On this thread, as no worker asks to be told. */
static void tell_left(aurora_http_exchange *exchange)
{
    void (*left)(void *self) = exchange->left;
    exchange->left = NULL;
    left(exchange->left_self);
}

static void drop_current(aurora__connection *connection)
{
    aurora_http_exchange *current = connection->current;
    if (current == NULL)
        return;
    connection->current = NULL;
    if (current->state == AURORA__STREAMING)
        aurora__dispatch_report(current);
    current->connection = NULL;
    if (current->state != AURORA__HANDLING)
        aurora__exchange_free(current);
    else if (current->left != NULL)
        tell_left(current);
}

static void leave_dirty(aurora__connection *connection)
{
    aurora__connection **at = &connection->loop->dirty;
    while (connection->is_dirty && *at != connection)
        at = &(*at)->next_dirty;
    if (connection->is_dirty)
        *at = connection->next_dirty;
}

void aurora__connection_free(aurora__connection *connection)
{
    aurora_http_loop *loop = connection->loop;
    leave_dirty(connection);
    leave_list(connection);
    aurora__crowd_leave(loop->server->crowd, connection);
    event_del(&connection->readable);
    event_del(&connection->writable);
    if (connection->tls != NULL)
        aurora__connection_tls_end(connection);
    close(connection->fd);
    drop_current(connection);
    for (aurora_http_exchange *answer = connection->answers, *next; answer != NULL; answer = next) {
        next = answer->next;
        aurora__exchange_free(answer);
    }
    aurora__connection_drop_input(connection);
    free(connection);
    aurora__count(&loop->counters.connections, -1);
    aurora__server_lost_connection(loop->server);
}

/* --- turns ------------------------------------------------------------------------------------ */

void aurora__connection_touch(aurora__connection *connection)
{
    if (connection->is_dirty || connection->is_dispatching)
        return;
    connection->is_dirty = true;
    connection->next_dirty = connection->loop->dirty;
    connection->loop->dirty = connection;
}

/* A close while bytes wait unread would reset the connection, and the client might lose the answer
 * over it: so we say that we are done, and read until the client is too, for a while. */
static void begin_close(aurora__connection *connection)
{
    int waiting = 0;
    bool is_clean = connection->is_at_end ||
                    (connection->is_close_asked && connection->input_len == connection->input_at &&
                     ioctl(connection->fd, FIONREAD, &waiting) == 0 && waiting == 0);
    if (connection->tls != NULL)
        aurora_tls_shutdown(connection->tls, connection->loop->tls_scratch);
    if (is_clean) {
        aurora__connection_free(connection);
        return;
    }
    shutdown(connection->fd, SHUT_WR);
    aurora__connection_drop_input(connection);
    if (connection->is_paused)
        event_add(&connection->readable, NULL);
    connection->is_paused = false;
    aurora__connection_enter(connection, AURORA__LINGER);
}

static void end_stream(aurora__connection *connection)
{
    aurora_http_exchange *current = connection->current;
    if (current == NULL || current->state != AURORA__STREAMING)
        return;
    if (connection->is_at_end) {
        connection->is_closing = true;
        drop_current(connection);
    } else if (current->stream.is_ended) {
        aurora__stream_close(current);
        if (current->stream.sent < current->stream.len)
            return;
        if (!current->keeps_alive)
            connection->is_closing = true;
        connection->has_moved = true;
        drop_current(connection);
    }
}

bool aurora__connection_is_handled(const aurora__connection *connection)
{
    return connection->current != NULL && connection->current->state != AURORA__READING;
}

static void settle(aurora__connection *connection)
{
    aurora__phase phase = phase_of(connection);
    if (connection->phase == AURORA__LINGER)
        return;
    if (phase != connection->phase || connection->has_moved)
        aurora__connection_enter(connection, phase);
}

void aurora__connection_turn(aurora__connection *connection)
{
    for (;;) {
        aurora__connection_flush(connection);
        if (connection->is_broken) {
            aurora__connection_free(connection);
            return;
        }
        end_stream(connection);
        if (connection->is_blocked || aurora__connection_is_handled(connection) ||
            connection->phase == AURORA__LINGER)
            break;
        if (connection->is_closing) {
            begin_close(connection);
            return;
        }
        if (!aurora__connection_resume(connection))
            break;
    }
    if (connection->is_at_end && !connection->is_blocked &&
        !aurora__connection_is_handled(connection)) {
        aurora__connection_free(connection);
        return;
    }
    settle(connection);
}

/* --- answers ---------------------------------------------------------------------------------- */

static bool has_body(const aurora_http_exchange *exchange)
{
    return exchange->method != AURORA_HTTP_HEAD && exchange->status != 204 &&
           exchange->status != 304;
}

/* Whether the client has sent more than the request that is answered. */
static bool has_sent_ahead(const aurora__connection *connection)
{
    int waiting = 0;
    size_t kept = connection->is_dispatching ? connection->ahead
                                             : connection->input_len - connection->input_at;
    return kept > 0 || (ioctl(connection->fd, FIONREAD, &waiting) == 0 && waiting > 0);
}

/* A server that goes answers all that it was sent, and says so with the last answer. */
static bool stays(const aurora__connection *connection, const aurora_http_exchange *exchange)
{
    return exchange->keeps_alive && !connection->is_closing &&
           (atomic_load_explicit(&connection->loop->server->stage, memory_order_relaxed) ==
                AURORA__SERVING ||
            has_sent_ahead(connection));
}

void aurora__connection_answer(aurora__connection *connection, aurora_http_exchange *exchange)
{
    bool goes_on = stays(connection, exchange);
    if (!goes_on) {
        connection->is_close_asked = !exchange->keeps_alive && !connection->is_closing;
        connection->is_closing = true;
    }
    connection->current = NULL;
    connection->has_moved = true;
    if (!aurora__answer_head(exchange, goes_on, aurora__loop_date(connection->loop)))
        connection->is_broken = true;
    aurora__exchange_hold(exchange, exchange->head.len + exchange->content.len);
    if (!has_body(exchange))
        exchange->content.len = 0;
    exchange->bytes_out = exchange->content.len;
    connection->queued += exchange->head.len + exchange->content.len;
    exchange->next = NULL;
    if (connection->answers == NULL)
        connection->answers = exchange;
    else
        connection->answers_last->next = exchange;
    connection->answers_last = exchange;
    aurora__connection_touch(connection);
}

/* A handler keeps its exchange; the client gets another, with what the access log wants to know. */
static aurora_http_exchange *replace_current(aurora__connection *connection)
{
    aurora_http_exchange *old = connection->current;
    aurora_http_exchange *new = aurora__exchange_new(connection->loop);
    if (new == NULL)
        return NULL;
    if (old != NULL && old->trace_id[0] != '\0')
        aurora__trace_again(new, old, connection->loop->random);
    else
        aurora__trace_begin(new, connection->loop->random);
    aurora__exchange_attach(new, connection);
    if (old != NULL) {
        new->client = old->client;
        memcpy(new->peer, old->peer, sizeof(new->peer));
        new->route = old->route;
        new->method = old->method;
        new->started_ns = old->started_ns;
        new->has_origins = old->has_origins;
        new->origin = old->origin;
        new->method_text = aurora__exchange_copy(new, old->method_text, strlen(old->method_text));
        new->path = aurora__exchange_copy(new, old->path, strlen(old->path));
        if (new->method_text == NULL || new->path == NULL)
            new->method_text = new->path = (char *)"";
    }
    drop_current(connection);
    connection->current = new;
    return new;
}

void aurora__connection_refuse(aurora__connection *connection, const aurora_http_refusal *refusal)
{
    aurora_http_exchange *exchange = replace_current(connection);
    if (exchange == NULL) {
        connection->is_broken = true;
        return;
    }
    connection->is_closing = true;
    aurora__answer_refusal(exchange, refusal);
}

bool aurora__connection_close_idle(aurora__connection *connection)
{
    int waiting = 0;
    if (ioctl(connection->fd, FIONREAD, &waiting) == 0 && waiting > 0) {
        aurora__connection_read(connection);
        return false;
    }
    connection->is_closing = true;
    connection->is_close_asked = true;
    begin_close(connection);
    return true;
}

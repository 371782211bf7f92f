/* SPDX-License-Identifier: MIT */
/* From the socket through the gate. Bytes are judged where they were read, in the loop's scratch;
 * only what must wait is kept: the rest of a head, and what a client sends ahead. */
#include "http/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define INPUT_BYTES_MAX 65536  /* that wait while a request is handled; then reading pauses */
#define QUEUED_BYTES_MAX 65536 /* of answers, before more of a pipeline is read */

static bool may_take(const aurora__connection *connection)
{
    return (connection->current == NULL || connection->current->state == AURORA__READING) &&
           !connection->is_closing && !connection->is_broken &&
           connection->queued < QUEUED_BYTES_MAX;
}

static void refuse(aurora__connection *connection)
{
    aurora_http_refusal refusal = connection->gate.refusal;
    aurora__count(&connection->loop->counters.bad_heads, 1);
    aurora__connection_refuse(connection, &refusal);
}

static void dispatch(aurora__connection *connection)
{
    aurora_http_exchange *exchange = connection->current;
    aurora__gate_init(&connection->gate, &connection->loop->server->limits);
    connection->has_moved = true;
    connection->is_dispatching = true;
    aurora__dispatch(exchange);
    connection->is_dispatching = false;
}

/* Returns the bytes that were used; 0 = the head is not complete. */
static size_t take_head(aurora__connection *connection, const char *data, size_t len)
{
    aurora__gate *gate = &connection->gate;
    aurora__gate_step step = aurora__gate_head(gate, data, len);
    if (step == AURORA__GATE_MORE)
        return 0;
    if (step == AURORA__GATE_REFUSED) {
        refuse(connection);
        return len;
    }
    aurora_http_exchange *exchange = aurora__exchange_new(connection->loop);
    if (exchange == NULL) {
        connection->is_broken = true;
        return len;
    }
    aurora__exchange_attach(exchange, connection);
    connection->current = exchange;
    if (!aurora__request_read(exchange, gate, data)) {
        connection->is_broken = true;
        return len;
    }
    size_t used = gate->head_len;
    aurora__exchange_hold(exchange, used);
    connection->ahead = len - used;
    if (!aurora__gate_has_body(gate))
        dispatch(connection);
    else if (gate->wants_continue && used == len)
        aurora__connection_send_continue(connection);
    return used;
}

static size_t take_body(aurora__connection *connection, const char *data, size_t len)
{
    aurora__gate *gate = &connection->gate;
    aurora_http_exchange *exchange = connection->current;
    size_t used, body;
    aurora__gate_step step = aurora__gate_body(gate, data, len, &used, &body);
    if (step == AURORA__GATE_REFUSED) {
        refuse(connection);
        return len;
    }
    size_t expected = gate->is_chunked ? 0 : (size_t)gate->length;
    if (!aurora__request_add(exchange, data + used - body, body, expected)) {
        connection->is_broken = true;
        return len;
    }
    connection->ahead = len - used;
    if (step == AURORA__GATE_DONE)
        dispatch(connection);
    return used;
}

static size_t take(aurora__connection *connection, const char *data, size_t len)
{
    size_t used = 0;
    while (used < len && may_take(connection)) {
        size_t step = connection->current == NULL ? take_head(connection, data + used, len - used)
                                                  : take_body(connection, data + used, len - used);
        if (step == 0)
            break;
        used += step;
    }
    connection->ahead = 0;
    return used;
}

/* --- bytes that wait -------------------------------------------------------------------------- */

static size_t waiting(const aurora__connection *connection)
{
    return connection->input_len - connection->input_at;
}

void aurora__connection_drop_input(aurora__connection *connection)
{
    connection->loop->held -= connection->input_capacity;
    free(connection->input);
    connection->input = NULL;
    connection->input_at = connection->input_len = connection->input_capacity = 0;
}

static bool keep(aurora__connection *connection, const char *data, size_t len)
{
    size_t kept = waiting(connection);
    if (len == 0)
        return true;
    if (connection->input_at > 0)
        memmove(connection->input, connection->input + connection->input_at, kept);
    connection->input_at = 0;
    connection->input_len = kept;
    if (kept + len > connection->input_capacity) {
        size_t capacity = (kept + len) * 3 / 2;
        char *larger = realloc(connection->input, capacity);
        if (larger == NULL)
            return false;
        connection->loop->held += capacity - connection->input_capacity;
        connection->input = larger;
        connection->input_capacity = capacity;
    }
    memcpy(connection->input + kept, data, len);
    connection->input_len = kept + len;
    return true;
}

static void pause_or_go_on(aurora__connection *connection)
{
    bool is_enough =
        waiting(connection) >= INPUT_BYTES_MAX ||
        (aurora__loop_is_over(connection->loop) && aurora__connection_is_handled(connection));
    if (is_enough && !connection->is_paused && !connection->is_at_end)
        event_del(&connection->readable);
    else if (!is_enough && connection->is_paused && !connection->is_at_end)
        aurora__connection_listen(connection);
    connection->is_paused = is_enough;
}

bool aurora__connection_resume(aurora__connection *connection)
{
    if (waiting(connection) == 0) {
        pause_or_go_on(connection);
        return false;
    }
    size_t used = take(connection, connection->input + connection->input_at, waiting(connection));
    connection->input_at += used;
    if (waiting(connection) == 0)
        aurora__connection_drop_input(connection);
    pause_or_go_on(connection);
    return used > 0;
}

/* --- the socket ------------------------------------------------------------------------------- */

static void at_end(aurora__connection *connection)
{
    connection->is_at_end = true;
    event_del(&connection->readable);
    if (connection->phase == AURORA__LINGER)
        aurora__connection_free(connection);
    else
        aurora__connection_turn(connection);
}

static void receive(aurora__connection *connection, const char *data, size_t len)
{
    size_t used = 0;
    if (connection->phase == AURORA__LINGER)
        return;
    if (waiting(connection) == 0 && connection->answers == NULL)
        used = take(connection, data, len);
    if (!connection->is_closing && !keep(connection, data + used, len - used))
        connection->is_broken = true;
    pause_or_go_on(connection);
    aurora__connection_turn(connection);
}

void aurora__connection_read(aurora__connection *connection)
{
    char *scratch = connection->loop->scratch;
    pause_or_go_on(connection);
    if (connection->is_paused)
        return;
    ssize_t n = connection->tls == NULL ? recv(connection->fd, scratch, AURORA__SCRATCH_BYTES, 0)
                                        : aurora__connection_tls_recv(connection, scratch);
    if (n > 0) {
        receive(connection, scratch, (size_t)n);
    } else if (n == 0) {
        at_end(connection);
    } else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
        connection->is_broken = true;
        aurora__connection_turn(connection);
    }
}

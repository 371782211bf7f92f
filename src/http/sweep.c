/* SPDX-License-Identifier: MIT */
/* Time limits. Each phase's list is sorted by the time of entry, so that only those that have
 * expired are looked at, however many wait. */
#include "http/loop.h"

#define MS ((int64_t)1000000)
#define LINGER_MS 2000
#define DRAIN_LINGER_MS 500
#define DRAIN_HANDSHAKE_MS 2000
#define DRAIN_IDLE_MS 300 /* a busy client sends its next request, and is told to go, well before */

static const aurora_http_refusal slow_head = {408, "request_timeout", NULL,
                                              "The header fields took too long."};
static const aurora_http_refusal slow_body = {408, "request_timeout", NULL,
                                              "The body took too long."};
static const aurora_http_refusal slow_reply = {503, "unavailable", NULL,
                                               "The answer took too long; it may still be done."};

static bool is_draining(const aurora_http_loop *loop)
{
    return loop->drain_since_ns != 0;
}

static int64_t limit_ms(const aurora_http_loop *loop, aurora__phase phase)
{
    const aurora_http_options *options = &loop->server->options;
    switch (phase) {
    case AURORA__IDLE:
        return is_draining(loop) && options->idle_ms > DRAIN_IDLE_MS ? DRAIN_IDLE_MS
                                                                     : options->idle_ms;
    case AURORA__HANDSHAKE: /* as much as a head has */
        return is_draining(loop) && options->head_ms > DRAIN_HANDSHAKE_MS ? DRAIN_HANDSHAKE_MS
                                                                          : options->head_ms;
    case AURORA__HEAD:
        return options->head_ms;
    case AURORA__BODY:
        return options->body_ms;
    case AURORA__REPLY:
        return options->reply_ms;
    case AURORA__WRITE:
        return options->write_ms;
    case AURORA__LINGER:
        return is_draining(loop) ? DRAIN_LINGER_MS : LINGER_MS;
    default:
        return 0;
    }
}

static void refuse(aurora__connection *connection, const aurora_http_refusal *refusal)
{
    aurora__count(&connection->loop->counters.timeouts, 1);
    aurora__connection_refuse(connection, refusal);
    aurora__connection_turn(connection);
}

static void expire(aurora__connection *connection)
{
    switch (connection->phase) {
    case AURORA__IDLE:
        aurora__connection_close_idle(connection);
        break;
    case AURORA__HANDSHAKE:
        aurora__count(&connection->loop->counters.timeouts, 1);
        aurora__connection_tls_cut(connection, AURORA_TLS_TIMEOUT);
        break;
    case AURORA__HEAD:
        refuse(connection, &slow_head);
        break;
    case AURORA__BODY:
        refuse(connection, &slow_body);
        break;
    case AURORA__REPLY:
        refuse(connection, &slow_reply);
        break;
    case AURORA__WRITE:
        aurora__count(&connection->loop->counters.timeouts, 1);
        aurora__connection_free(connection);
        break;
    default:
        aurora__connection_free(connection);
    }
}

static bool is_over(const aurora_http_loop *loop, const aurora__connection *connection,
                    int64_t now_ns)
{
    int64_t since = connection->since_ns;
    if (connection->phase == AURORA__IDLE && since < loop->drain_since_ns)
        since = loop->drain_since_ns;
    return now_ns - since >= limit_ms(loop, connection->phase) * MS;
}

/* A body that keeps below the rate would hold its place for as long as the total allows, for a few
 * bytes. */
static bool is_slow(const aurora__connection *connection, int64_t age_ns)
{
    const aurora_http_exchange *current = connection->current;
    if (current == NULL || current->state != AURORA__READING)
        return false;
    uint64_t wanted = (uint64_t)(age_ns / MS) * connection->loop->server->options.body_rate_min;
    return (uint64_t)current->body_len * 1000 < wanted;
}

static void cut_slow_bodies(aurora_http_loop *loop, int64_t now_ns)
{
    int64_t grace_ns = loop->server->options.body_grace_ms * MS;
    aurora__connection *at = loop->phases[AURORA__BODY].first, *next;
    for (; at != NULL && now_ns - at->since_ns >= grace_ns; at = next) {
        next = at->next;
        if (is_slow(at, now_ns - at->since_ns))
            refuse(at, &slow_body);
    }
}

void aurora__loop_sweep(aurora_http_loop *loop)
{
    int64_t now = aurora__now_ns();
    for (int phase = 0; phase < AURORA__PHASE_COUNT; phase++) {
        aurora__connection *next = loop->phases[phase].first;
        if (phase == AURORA__OPEN_STREAM)
            continue;
        /* Whatever expire does, it moves the first one away from the list's head. */
        while (next != NULL && is_over(loop, next, now)) {
            expire(next);
            if (loop->phases[phase].first == next)
                break;
            next = loop->phases[phase].first;
        }
    }
    cut_slow_bodies(loop, now);
    if (loop->accept_again_ns != 0 && now >= loop->accept_again_ns) {
        loop->accept_again_ns = 0;
        if (loop->is_accepting)
            event_add(loop->accept_event, NULL);
    }
}

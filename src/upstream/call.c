/* SPDX-License-Identifier: MIT */
/* One call: its attempts, what ends each of them, and whether another one is safe. */
#include <stdlib.h>
#include <string.h>

#include "upstream/internal.h"

#define MS_NS INT64_C(1000000)
#define DELAY_NS (25 * MS_NS)
#define SHORT_BYTES_MAX 1048576
#define STALL_NS (75000 * MS_NS) /* within an answer: more than the pause between signs of life */

static void attempt(aurora_upstream_call *call);
static void on_timer(evutil_socket_t fd, short what, void *argument);

/* --- what is noted --------------------------------------------------------------------------- */

static void note_begin(aurora_upstream_call *call, const char *address)
{
    call->noted = aurora_http_attempt_begin(call->request.attempts, call->request.method, address);
    if (call->noted != NULL)
        call->noted->is_hedge = call->is_hedge;
}

static void note_end(aurora_upstream_call *call, int status, const char *error)
{
    aurora_http_attempt_end(call->noted, status, error);
    call->noted = NULL;
}

/* Its answer has come, and is not the call's. */
static void note_answer(aurora_upstream_call *call)
{
    note_end(call, call->connection->reply.status, NULL);
}

static const char *word_for(int why)
{
    switch (why) {
    case AURORA_UPSTREAM_LATE:
        return "timeout";
    case AURORA_UPSTREAM_BAD:
        return "bad_answer";
    case AURORA_UPSTREAM_FULL:
        return "too_many_calls";
    case AURORA_UPSTREAM_BROKEN:
        return "breaker_open";
    case AURORA_UPSTREAM_DOWN:
        return "connect_failed";
    default:
        return "connection_lost";
    }
}

/* A call that is refused before an attempt is a span all the same: it says why nothing was sent. */
static void note_refused(aurora_upstream_call *call, int why)
{
    note_begin(call, NULL);
    note_end(call, 0, word_for(why));
}

/* --- the list --------------------------------------------------------------------------------- */

void aurora__call_link(aurora_upstream_call *call)
{
    aurora_upstream_pool *pool = call->pool;
    event_assign(&call->timer, pool->loop->base, -1, 0, on_timer, call);
    call->next = pool->calls;
    if (pool->calls != NULL)
        pool->calls->previous = call;
    pool->calls = call;
}

static void give_place_back(aurora_upstream_call *call)
{
    if (call->has_place)
        aurora_bulkhead_leave(&call->upstream->bulkhead);
    call->has_place = false;
}

/* The call has ended; its memory goes when nobody is on the stack. */
void aurora__call_bury(aurora_upstream_call *call)
{
    aurora_upstream_pool *pool = call->pool;
    if (call->is_hedge && call->twin != NULL)
        call->twin->twin = NULL;
    else if (call->twin != NULL)
        aurora__hedge_drop(call->twin, AURORA_BREAKER_IGNORED);
    event_del(&call->timer);
    note_end(call, 0, "cancelled");
    call->state = AURORA__CALL_OVER;
    give_place_back(call);
    if (call->previous != NULL)
        call->previous->next = call->next;
    else
        pool->calls = call->next;
    if (call->next != NULL)
        call->next->previous = call->previous;
    call->next = pool->dead;
    pool->dead = call;
}

static void arm(aurora_upstream_call *call, int64_t at_ns)
{
    int64_t in_ns = at_ns - aurora__now_ns();
    if (in_ns < 0)
        in_ns = 0;
    const struct timeval wait = {.tv_sec = in_ns / (1000 * MS_NS),
                                 .tv_usec = in_ns % (1000 * MS_NS) / 1000};
    event_add(&call->timer, &wait);
}

static void count(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* --- the end ---------------------------------------------------------------------------------- */

static void tell_failure(aurora_upstream_call *call)
{
    if (!call->is_probe) {
        count(&call->upstream->failed);
        if (call->why == AURORA_UPSTREAM_LATE)
            count(&call->upstream->timeouts);
    }
    aurora__call_bury(call);
    call->listener.failed(call->self, call->why, call->detail, call->retry_after_s);
}

static void fail(aurora_upstream_call *call, int why, const char *detail, uint32_t retry_after_s)
{
    call->why = why;
    call->detail = detail;
    call->retry_after_s = retry_after_s;
    if (call->is_beginning)
        arm(call, 0);
    else
        tell_failure(call);
}

static void leave(aurora_upstream_call *call, int32_t outcome)
{
    if (call->address != NULL && !call->is_probe)
        aurora__upstream_leave(call->upstream, call->address, call->ticket, outcome);
    call->address = NULL;
}

/* What a call has seen of an address is as good as a probe, but for one that answers and does not
 * want to: calls say nothing about that. */
static void note_state(aurora__address *address, bool is_up)
{
    int32_t state = atomic_load_explicit(&address->state, memory_order_relaxed);
    if (is_up && (state == AURORA_UPSTREAM_UNKNOWN || state == AURORA_UPSTREAM_UNREACHABLE))
        atomic_store(&address->state, AURORA_UPSTREAM_UP);
    else if (!is_up)
        atomic_store(&address->state, AURORA_UPSTREAM_UNREACHABLE);
}

/* --- another attempt -------------------------------------------------------------------------- */

static bool has_untried(const aurora_upstream_call *call)
{
    return (call->passed & ((1u << call->upstream->address_count) - 1)) !=
           (1u << call->upstream->address_count) - 1;
}

/* Whether what was asked for cannot happen twice: it is idempotent, or nobody has seen it. */
static bool is_safe(const aurora_upstream_call *call)
{
    return call->state != AURORA__CALL_ANSWERING && !call->is_probe &&
           (call->request.is_repeatable || !call->may_have_been_sent);
}

/* For delays: no secret. */
static uint64_t draw(const aurora_upstream_call *call)
{
    uint64_t x = (uint64_t)aurora__now_ns() ^ (uint64_t)(uintptr_t)call;
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static void repeat_or_fail(aurora_upstream_call *call, int why, const char *detail)
{
    int64_t now_ns = aurora__now_ns();
    int64_t pause_ns = -1;
    if (is_safe(call))
        pause_ns = aurora_retry_next_ns(&call->retry, AURORA_RETRY_RETRIABLE, draw(call), now_ns);
    if (pause_ns < 0) {
        fail(call, why, detail, 1);
        return;
    }
    count(&call->upstream->repeats);
    call->state = AURORA__CALL_WAITING;
    if (has_untried(call))
        attempt(call); /* another address is no worse for it at once */
    else
        arm(call, now_ns + pause_ns);
}

/* A kept connection that ends as it is used again says nothing about its address; a service that
 * resets them all must still not get each call twice. */
static bool repeats_at_once(aurora_upstream_call *call, bool was_stale)
{
    if (!was_stale || call->hasty > 0 || !is_safe(call) ||
        aurora_retry_next_ns(&call->retry, AURORA_RETRY_RETRIABLE, 0, aurora__now_ns()) < 0)
        return false;
    call->hasty++;
    count(&call->upstream->repeats);
    call->passed = 0;
    call->state = AURORA__CALL_WAITING;
    return true;
}

void aurora__call_lost(aurora_upstream_call *call, int why, const char *detail)
{
    aurora__upstream_connection *connection = call->connection;
    bool was_stale = why == AURORA_UPSTREAM_FAILED && connection != NULL && connection->is_used &&
                     !connection->has_answered;
    bool was_reached = connection != NULL && !connection->is_connecting;
    event_del(&call->timer);
    if (connection != NULL)
        aurora__upstream_connection_drop(connection);
    if (!was_reached && call->address != NULL)
        note_state(call->address, false);
    leave(call, was_stale ? AURORA_BREAKER_IGNORED : AURORA_BREAKER_FAILURE);
    if (!was_reached && !call->may_have_been_sent)
        why = AURORA_UPSTREAM_DOWN;
    note_end(call, 0, word_for(was_reached ? why : AURORA_UPSTREAM_DOWN));
    if (call->is_hedge)
        aurora__hedge_drop(call, AURORA_BREAKER_IGNORED);
    else if (call->twin != NULL)
        aurora__hedge_adopt(call);
    else if (repeats_at_once(call, was_stale))
        attempt(call);
    else
        repeat_or_fail(call, why, detail);
}

/* --- an attempt ------------------------------------------------------------------------------- */

static int64_t earlier(int64_t a_ns, int64_t b_ns)
{
    return a_ns < b_ns ? a_ns : b_ns;
}

void aurora__call_await(aurora_upstream_call *call, int64_t end_ns)
{
    call->end_ns = end_ns;
    call->hedge_at_ns = aurora__hedge_at_ns(call);
    arm(call, earlier(end_ns, call->hedge_at_ns));
}

static void await_answer(aurora_upstream_call *call)
{
    int64_t end_ns = call->request.deadline_ns;
    if (call->request.is_repeatable && call->request.attempt_ms > 0)
        end_ns = earlier(end_ns, aurora__now_ns() + call->request.attempt_ms * MS_NS);
    aurora__call_await(call, end_ns);
}

static void await_connection(aurora_upstream_call *call)
{
    aurora__call_await(call,
                       earlier(call->request.deadline_ns,
                               aurora__now_ns() + call->upstream->options.connect_ms * MS_NS));
}

void aurora__call_give_up(aurora_upstream_call *call, int32_t outcome)
{
    note_end(call, 0, "cancelled");
    event_del(&call->timer);
    if (call->connection != NULL)
        aurora__upstream_connection_drop(call->connection);
    leave(call, outcome);
}

static void attempt(aurora_upstream_call *call)
{
    uint32_t retry_after_s = 1;
    if (!call->is_probe)
        call->address =
            aurora__upstream_choose(call->upstream, &call->passed, !call->request.is_repeatable,
                                    &call->ticket, &retry_after_s);
    if (call->address == NULL) {
        note_refused(call, AURORA_UPSTREAM_BROKEN);
        fail(call, AURORA_UPSTREAM_BROKEN, "failed too often, and is left alone for a while",
             retry_after_s);
        return;
    }
    aurora__call_start(call);
}

void aurora__call_start(aurora_upstream_call *call)
{
    note_begin(call, call->address->text);
    aurora__call_write_tail(call);
    call->state = AURORA__CALL_SENT;
    call->connection = aurora__connection_take(call->pool, call);
    if (call->connection == NULL) {
        aurora__call_lost(call, AURORA_UPSTREAM_FAILED, "cannot be connected to");
    } else if (call->connection->is_connecting) {
        await_connection(call);
    } else {
        await_answer(call);
        aurora__upstream_connection_send(call->connection);
    }
}

void aurora__call_connected(aurora_upstream_call *call)
{
    await_answer(call);
}

/* --- time ------------------------------------------------------------------------------------- */

static void on_sent_timer(aurora_upstream_call *call)
{
    bool is_connecting = call->connection->is_connecting;
    int64_t now_ns = aurora__now_ns();
    bool is_over = now_ns >= call->request.deadline_ns && !call->is_hedge;
    const char *detail =
        is_connecting ? "did not take a connection in time" : "did not answer in time";
    if (call->hedge_at_ns < call->end_ns) {
        aurora__hedge_begin(call);
        aurora__call_await(call, call->end_ns);
        return;
    }
    if (!is_over) {
        aurora__call_lost(call, is_connecting ? AURORA_UPSTREAM_FAILED : AURORA_UPSTREAM_LATE,
                          detail);
        return;
    }
    note_end(call, 0, "timeout");
    aurora__upstream_connection_drop(call->connection);
    leave(call, call->request.is_hurried ? AURORA_BREAKER_IGNORED : AURORA_BREAKER_FAILURE);
    fail(call, AURORA_UPSTREAM_LATE, detail, 1);
}

static void on_answering_timer(aurora_upstream_call *call)
{
    int64_t now_ns = aurora__now_ns();
    if (call->is_paused)
        call->moved_ns = now_ns;
    if (now_ns - call->moved_ns < STALL_NS)
        arm(call, call->moved_ns + STALL_NS);
    else
        aurora__call_lost(call, AURORA_UPSTREAM_FAILED, "stopped in the middle of its answer");
}

static void on_timer(evutil_socket_t fd, short what, void *argument)
{
    aurora_upstream_call *call = argument;
    aurora_upstream_pool *pool = call->pool;
    (void)fd;
    (void)what;
    pool->depth++;
    if (call->why != 0)
        tell_failure(call);
    else if (call->state == AURORA__CALL_WAITING)
        attempt(call);
    else if (call->state == AURORA__CALL_SENT)
        on_sent_timer(call);
    else if (call->state == AURORA__CALL_ANSWERING)
        on_answering_timer(call);
    pool->depth--;
    aurora__pool_bury(pool);
}

/* --- the answer ------------------------------------------------------------------------------- */

/* An address that says that it cannot: another one may. */
static bool goes_elsewhere(aurora_upstream_call *call)
{
    if (call->connection->reply.status != 503 || !call->request.is_repeatable || call->is_probe ||
        !has_untried(call) ||
        aurora_retry_next_ns(&call->retry, AURORA_RETRY_RETRIABLE, draw(call), aurora__now_ns()) <
            0)
        return false;
    note_answer(call);
    aurora__upstream_connection_drop(call->connection);
    leave(call, AURORA_BREAKER_SUCCESS);
    event_del(&call->timer);
    count(&call->upstream->repeats);
    call->state = AURORA__CALL_WAITING;
    attempt(call);
    return true;
}

/* Of two attempts under way, one says that it cannot: the other one may. */
static bool is_left_to_twin(aurora_upstream_call *call)
{
    if (call->twin == NULL || call->connection->reply.status < 500)
        return false;
    note_answer(call);
    if (call->is_hedge) {
        aurora__hedge_drop(call, AURORA_BREAKER_SUCCESS);
    } else {
        aurora__call_give_up(call, AURORA_BREAKER_SUCCESS);
        aurora__hedge_adopt(call);
    }
    return true;
}

bool aurora__call_head(aurora_upstream_call *call, char *data)
{
    aurora_upstream_field fields[AURORA__UPSTREAM_FIELDS_MAX];
    const aurora__reply *reply = &call->connection->reply;
    if (is_left_to_twin(call) || goes_elsewhere(call))
        return false;
    if (call->is_hedge)
        call = aurora__hedge_win(call);
    else if (call->twin != NULL)
        aurora__hedge_drop(call->twin, AURORA_BREAKER_IGNORED);
    if (call->noted != NULL)
        call->noted->status = reply->status;
    if (call->begun_ns != 0)
        aurora__latency_record(&call->upstream->latency, aurora__now_ns() - call->begun_ns);
    aurora_upstream_head head = {
        .status = reply->status,
        .fields = fields,
        .field_count = aurora__reply_fields(reply, data, fields),
        .has_length = reply->has_length,
        .length = reply->length,
        .has_body = aurora__reply_has_body(reply),
    };
    if (!call->is_probe)
        note_state(call->address, true);
    /* What is short is good when it is whole; a long answer hangs on its reader. */
    if (head.has_body && !(head.has_length && head.length <= SHORT_BYTES_MAX))
        leave(call, AURORA_BREAKER_SUCCESS);
    call->state = AURORA__CALL_ANSWERING;
    call->moved_ns = aurora__now_ns();
    if (head.has_body && !head.has_length)
        give_place_back(call); /* a stream that may last for hours keeps no other call out */
    call->listener.head(call->self, &head);
    return call->state != AURORA__CALL_OVER;
}

bool aurora__call_body(aurora_upstream_call *call, const char *data, size_t len)
{
    call->moved_ns = aurora__now_ns();
    call->listener.body(call->self, data, len);
    return call->state != AURORA__CALL_OVER;
}

void aurora__call_ended(aurora_upstream_call *call)
{
    note_end(call, 0, NULL);
    leave(call, AURORA_BREAKER_SUCCESS);
    aurora__call_bury(call);
    call->listener.ended(call->self);
}

/* --- the beginning ---------------------------------------------------------------------------- */

static bool init_retry(aurora_upstream_call *call)
{
    aurora_retry_options options;
    aurora_retry_options_init(&options);
    options.attempts_max =
        atomic_load_explicit(&call->upstream->attempts_max, memory_order_relaxed);
    options.delay_ns = DELAY_NS;
    options.deadline_ns = call->request.deadline_ns;
    options.budget = &call->upstream->budget;
    return aurora_retry_init(&call->retry, &options, NULL) == AURORA_OK;
}

static aurora_upstream_call *new_call(aurora_upstream_pool *pool, aurora_upstream *upstream,
                                      const aurora_upstream_request *request,
                                      const aurora_upstream_listener *listener, void *self)
{
    aurora_upstream_call *call = calloc(1, sizeof *call);
    if (call == NULL)
        return NULL;
    call->pool = pool;
    call->upstream = upstream;
    call->place = aurora__pool_place(pool, upstream);
    call->request = *request;
    call->listener = *listener;
    call->self = self;
    if (call->place == NULL || !aurora__call_write(call)) {
        free(call);
        return NULL;
    }
    call->request.fields = NULL; /* they are written */
    aurora__call_link(call);
    return call;
}

static bool is_learning(aurora_upstream *upstream)
{
    return atomic_load_explicit(&upstream->hedge_ms, memory_order_relaxed) ==
           AURORA_UPSTREAM_HEDGE_P95;
}

static void begin(aurora_upstream_call *call)
{
    if (call->request.may_hedge && is_learning(call->upstream))
        call->begun_ns = aurora__now_ns();
    call->is_beginning = true;
    attempt(call);
    call->is_beginning = false;
}

aurora_upstream_call *aurora_upstream_send(aurora_upstream_pool *pool, aurora_upstream *upstream,
                                           const aurora_upstream_request *request,
                                           const aurora_upstream_listener *listener, void *self)
{
    aurora_upstream_call *call = new_call(pool, upstream, request, listener, self);
    if (call == NULL)
        return NULL;
    count(&upstream->calls);
    call->has_place = aurora_bulkhead_try_enter(&upstream->bulkhead);
    if (!call->has_place || !init_retry(call)) {
        count(&upstream->refused);
        note_refused(call, AURORA_UPSTREAM_FULL);
        call->is_beginning = true;
        fail(call, AURORA_UPSTREAM_FULL, "has too many calls under way", 1);
        call->is_beginning = false;
        return call;
    }
    begin(call);
    return call;
}

aurora_upstream_call *aurora__call_probe(aurora_upstream_pool *pool, aurora__upstream_place *place,
                                         uint32_t address, const aurora_upstream_request *request,
                                         const aurora_upstream_listener *listener, void *self)
{
    aurora_upstream_call *call = new_call(pool, place->upstream, request, listener, self);
    if (call == NULL)
        return NULL;
    call->is_probe = true;
    call->address = &place->upstream->addresses[address];
    begin(call);
    return call;
}

/* --- from outside ----------------------------------------------------------------------------- */

static void drop(aurora_upstream_call *call)
{
    if (call->connection != NULL)
        aurora__upstream_connection_drop(call->connection);
    leave(call, AURORA_BREAKER_IGNORED);
    aurora__call_bury(call);
}

void aurora_upstream_cancel(aurora_upstream_call *call)
{
    aurora_upstream_pool *pool = call->pool;
    if (call->state == AURORA__CALL_OVER)
        return;
    count(&call->upstream->cancelled);
    drop(call);
    aurora__pool_bury(pool);
}

void aurora_upstream_pause(aurora_upstream_call *call)
{
    if (call->connection == NULL || call->is_paused)
        return;
    call->is_paused = true;
    aurora__upstream_connection_pause(call->connection, true);
}

void aurora_upstream_resume(aurora_upstream_call *call)
{
    if (call->connection == NULL || !call->is_paused)
        return;
    call->is_paused = false;
    call->moved_ns = aurora__now_ns();
    aurora__upstream_connection_pause(call->connection, false);
}

void aurora__calls_drop(aurora_upstream_pool *pool)
{
    while (pool->calls != NULL)
        drop(pool->calls);
}

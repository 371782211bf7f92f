/* SPDX-License-Identifier: MIT */
/* The relay: publishes the log in its order while it holds the lease, in a thread of its own, or in
 * steps of the host's pump. Nothing sleeps on the way from a commit to the bus; the times below are
 * for what nobody tells. */
#include "engine/relay.h"

#include "plant/plant.h"

#include <time.h>

#define LOOK_MS 100         /* at the log, for what other processes appended */
#define ACK_MS 50           /* of waiting for acknowledgements at once */
#define ANSWER_MS 5         /* while the lease is asked for */
#define TAKE_OVER_MS 500    /* between looks at the lease of another */
#define RENEW_MS 3000       /* of the lease */
#define MARGIN_MS 1000      /* before its end nothing more is sent */
#define SAVE_MS 100         /* between two saves of the cursor */
#define SAVE_EVENTS 1000    /* or so many events */
#define TROUBLE_MS 200      /* after a failure */
#define LAST_WAIT_MS 2000   /* for acknowledgements at the end */
#define LAST_WAITS_MAX 1000 /* of them, where a clock stands still */
#define LAST_SAVE_MS 5000

struct aurora__relay {
    aurora__bus *bus;
    bool is_leader;
    bool must_restart;
    int64_t valid_until_ms; /* of our own clock: the lease surely holds */
    int64_t lease_sent_ms;
    int64_t looked_ms; /* at the lease of another */
    int64_t read;      /* the log was read up to here */
    int64_t produced;  /* the last position that the port took */
    int64_t acked;     /* as the port says */
    int64_t saved;     /* the cursor's row */
    int64_t head;
    int64_t oldest_ms; /* of the last look that found something */
    bool has_page;
    aurora__relay_page page;
    aurora__relay_lease *pending;
    aurora__letter *letter; /* the bus was full */
    aurora__relay_spans spans;
};

typedef struct aurora__relay relay;

/* Where the next thing is to be expected, and for how long at most. */
typedef struct {
    enum { AT_ONCE, NEWS, ACKNOWLEDGEMENT, BETTER_TIMES } from;
    int64_t ms;
} expectation;

/* A host that pumps goes by the clock that it gave. */
static int64_t real_ms(const relay *of)
{
    struct timespec now;
    if (of->bus->is_pumped)
        return aurora__engine_monotonic_ns(of->bus->engine) / 1000000;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void drop_page(relay *of)
{
    if (of->has_page)
        aurora__relay_page_free(&of->page);
    of->has_page = false;
}

/* The end of what is published for good, over events that are not published at all. */
static int64_t end_of(const relay *of)
{
    if (of->acked < of->produced && !AURORA_PLANT(SAVE_UNSENT))
        return of->acked;
    if (of->has_page && of->page.sent < of->page.count)
        return of->page.messages[of->page.sent].position - 1;
    return of->read;
}

static void show(const relay *of)
{
    aurora__counters *counters = aurora__engine_counters(of->bus->engine);
    int64_t end = end_of(of);
    int64_t lag = of->is_leader && of->head > end ? of->head - end : 0;
    int64_t age = lag == 0 || of->oldest_ms == 0
                      ? 0
                      : aurora__engine_wall_ms(of->bus->engine) - of->oldest_ms;
    aurora__gauge_set(counters->relay_leader, of->is_leader ? 1 : 0);
    aurora__gauge_set(counters->relay_position, of->is_leader ? end : 0);
    aurora__gauge_set(counters->relay_lag, lag);
    aurora__gauge_set(counters->relay_lag_ms, age > 0 ? age : 0);
}

/* --- the lease -------------------------------------------------------------------------------- */

/* What the port has not sent yet must not go out any more. */
static void lose(relay *of, const char *why)
{
    if (!of->is_leader)
        return;
    of->is_leader = false;
    of->must_restart = true;
    drop_page(of);
    aurora__engine_log(of->bus->engine, AURORA_LOG_WARNING, "relay", "stops publishing at %lld: %s",
                       (long long)of->acked, why);
}

static void begin_at(relay *of, int64_t cursor)
{
    drop_page(of);
    of->is_leader = true;
    of->must_restart = true;
    of->read = cursor;
    of->produced = cursor;
    of->acked = cursor;
    of->head = cursor;
    of->oldest_ms = 0;
    aurora__engine_log(of->bus->engine, AURORA_LOG_INFO, "relay", "publishes from %lld on",
                       (long long)cursor + 1);
}

static void take_answer(relay *of, const aurora__relay_lease *answer)
{
    if (answer->head.status != AURORA_OK)
        return;
    if (!answer->is_ours) {
        lose(of, "another process has the lease");
        return;
    }
    of->valid_until_ms = of->lease_sent_ms + AURORA__RELAY_LEASE_MS - MARGIN_MS;
    of->saved = answer->cursor;
    /* Also after a time in which it could not be renewed and nobody else took it. */
    if (answer->is_new || !of->is_leader)
        begin_at(of, answer->cursor);
}

static void look_at_pending(relay *of)
{
    if (of->pending == NULL || !atomic_load(&of->pending->head.is_done))
        return;
    take_answer(of, of->pending);
    aurora__command_release(&of->pending->head);
    of->pending = NULL;
}

static void send_lease(relay *of)
{
    aurora__relay_lease *command =
        aurora__relay_lease_new(of->bus, of->is_leader ? end_of(of) : 0, false);
    if (command == NULL)
        return;
    of->lease_sent_ms = real_ms(of);
    if (aurora__engine_submit(of->bus->engine, &command->head) == AURORA_OK)
        of->pending = command;
    else
        aurora__command_release(&command->head);
}

/* Followed without waiting: publishing goes on while the batch commits. */
static void keep_lease(relay *of)
{
    int64_t now_ms = real_ms(of);
    int64_t unsaved = end_of(of) - of->saved;
    int64_t since_ms = now_ms - of->lease_sent_ms;
    look_at_pending(of);
    if (of->is_leader && now_ms >= of->valid_until_ms)
        lose(of, "the lease could not be renewed");
    if (of->pending != NULL)
        return;
    if (of->is_leader) {
        bool is_due = unsaved >= SAVE_EVENTS || (unsaved > 0 && since_ms >= SAVE_MS);
        if ((is_due && since_ms >= SAVE_MS / 10) || since_ms >= RENEW_MS)
            send_lease(of);
        return;
    }
    int64_t until_ms;
    if (of->bus->emitted == 0 || (of->looked_ms != 0 && now_ms - of->looked_ms < TAKE_OVER_MS))
        return;
    of->looked_ms = now_ms;
    if (!aurora__relay_is_taken(of->bus, &until_ms))
        send_lease(of);
}

/* --- publishing ------------------------------------------------------------------------------- */

static bool restart_port(relay *of)
{
    const aurora_bus *port = &of->bus->port;
    if (!of->must_restart)
        return true;
    drop_page(of);
    aurora__relay_spans_forget(&of->spans);
    if (AURORA_PLANT(SKIP_FAILED))
        of->acked = of->produced;
    of->read = of->acked;
    of->produced = of->acked;
    of->must_restart = port->restart(port->self, of->acked) != AURORA_OK;
    return !of->must_restart;
}

static void fail_delivery(relay *of)
{
    aurora__counters *counters = aurora__engine_counters(of->bus->engine);
    if (!of->must_restart) {
        aurora__counter_add(counters->relay_restarts, 1);
        aurora__counter_add(counters->bus_retries, 1);
    }
    of->must_restart = true;
}

/* Reads on once all that was read is with the port. */
static bool read_more(relay *of)
{
    if (of->has_page && of->page.sent < of->page.count)
        return true;
    drop_page(of);
    aurora_status rc = aurora__relay_read(of->bus, of->read, &of->page);
    of->has_page = true;
    if (rc != AURORA_OK) {
        drop_page(of);
        return false;
    }
    of->head = of->page.head;
    if (of->page.last > of->read)
        of->oldest_ms = of->page.oldest_ms;
    of->read = of->page.last;
    return true;
}

/* True when the port took something. */
static bool produce(relay *of)
{
    const aurora_bus *port = &of->bus->port;
    aurora__relay_page *page = &of->page;
    uint32_t accepted = 0;
    if (!of->has_page || page->sent == page->count)
        return false;
    aurora_status rc =
        port->produce(port->self, page->messages + page->sent, page->count - page->sent, &accepted);
    page->sent += accepted;
    if (accepted > 0)
        of->produced = page->messages[page->sent - 1].position;
    if (accepted > 0)
        aurora__relay_spans_sent(&of->spans, of->bus, page, of->produced);
    if (rc != AURORA_OK && rc != AURORA_EBUSY)
        fail_delivery(of);
    return accepted > 0;
}

static void collect(relay *of, int32_t wait_ms)
{
    const aurora_bus *port = &of->bus->port;
    int64_t position = of->acked;
    aurora_status rc = port->produced(port->self, wait_ms, &position);
    if (position > of->acked)
        of->acked = position;
    aurora__relay_spans_acked(&of->spans, of->bus, of->acked);
    if (rc != AURORA_OK)
        fail_delivery(of);
}

static void send_letters(relay *of)
{
    const aurora_bus *port = &of->bus->port;
    for (;;) {
        uint32_t accepted = 0;
        if (of->letter == NULL)
            of->letter = aurora__letter_take(of->bus);
        if (of->letter == NULL)
            return;
        aurora_status rc = port->produce(port->self, &of->letter->message, 1, &accepted);
        if (rc == AURORA_EBUSY)
            return;
        if (rc == AURORA_EIO) {
            fail_delivery(of);
            return;
        }
        of->bus->allocator->release(of->bus->allocator->self, of->letter);
        of->letter = NULL;
    }
}

static expectation expect(const relay *of)
{
    bool is_full = of->has_page && of->page.sent < of->page.count;
    if (is_full || of->acked < of->produced)
        return (expectation){ACKNOWLEDGEMENT, ACK_MS};
    bool is_asked = of->pending != NULL && !of->is_leader;
    return (expectation){NEWS, is_asked ? ANSWER_MS : of->is_leader ? LOOK_MS : TAKE_OVER_MS};
}

static void wait_in_port(relay *of, int32_t wait_ms)
{
    aurora__bus *bus = of->bus;
    atomic_store(&bus->is_relay_in_port, true);
    bool has_news = aurora__bus_wait(bus, 0, true);
    collect(of, has_news ? 0 : wait_ms);
    atomic_store(&bus->is_relay_in_port, false);
}

static expectation run_once(relay *of)
{
    keep_lease(of);
    bool is_sound = restart_port(of);
    if (is_sound)
        send_letters(of);
    if (is_sound && of->is_leader) {
        int64_t before = of->read;
        is_sound = read_more(of);
        bool did = is_sound && produce(of);
        bool is_through = is_sound && of->page.sent == of->page.count && !of->must_restart;
        show(of);
        /* More may wait behind a whole page, though nothing of it was to be published. */
        if (is_through && of->read < of->head && (did || of->read > before)) {
            collect(of, 0);
            return (expectation){AT_ONCE, 0};
        }
    }
    show(of);
    return is_sound && !of->must_restart ? expect(of) : (expectation){BETTER_TIMES, TROUBLE_MS};
}

/* --- the end ---------------------------------------------------------------------------------- */

/* What is with the port gets its time; what was acknowledged is saved, and the next one need not
 * wait for the lease to run out. */
static void wait_for_last(relay *of)
{
    int64_t end_ms = real_ms(of) + LAST_WAIT_MS;
    if (restart_port(of))
        send_letters(of);
    for (uint32_t i = 0; i < LAST_WAITS_MAX && of->is_leader && !of->must_restart; i++) {
        if (of->acked >= of->produced || real_ms(of) >= end_ms)
            return;
        collect(of, ACK_MS);
    }
}

static void finish(relay *of)
{
    wait_for_last(of);
    if (of->pending != NULL) {
        aurora__bus_await(of->bus, &of->pending->head, LAST_SAVE_MS);
        look_at_pending(of);
    }
    if (of->pending != NULL)
        aurora__command_release(&of->pending->head);
    aurora__relay_lease *last = of->is_leader && of->pending == NULL
                                    ? aurora__relay_lease_new(of->bus, end_of(of), true)
                                    : NULL;
    if (last != NULL) {
        /* Without it the next one begins a little earlier. */
        if (aurora__engine_submit(of->bus->engine, &last->head) == AURORA_OK)
            aurora__bus_await(of->bus, &last->head, LAST_SAVE_MS);
        aurora__command_release(&last->head);
    }
    of->pending = NULL;
    drop_page(of);
    if (of->letter != NULL)
        of->bus->allocator->release(of->bus->allocator->self, of->letter);
    of->letter = NULL;
}

void *aurora__relay_run(void *argument)
{
    relay of = {.bus = argument};
    aurora__relay_spans_init(&of.spans, of.bus);
    while (!aurora__bus_is_stopping(of.bus)) {
        expectation next = run_once(&of);
        if (next.from == ACKNOWLEDGEMENT)
            wait_in_port(&of, (int32_t)next.ms);
        else if (next.from != AT_ONCE)
            aurora__bus_wait(of.bus, next.ms, next.from == NEWS);
    }
    finish(&of);
    aurora__relay_spans_free(&of.spans, of.bus);
    return NULL;
}

/* --- in steps --------------------------------------------------------------------------------- */

relay *aurora__relay_new(aurora__bus *bus)
{
    relay *of = bus->allocator->allocate(bus->allocator->self, sizeof *of);
    if (of == NULL)
        return NULL;
    *of = (relay){.bus = bus};
    aurora__relay_spans_init(&of->spans, bus);
    return of;
}

/* Where nobody else appends to the log its news are told, and the lease alone is to be renewed. */
static int64_t quiet_ms(const relay *of)
{
    bool is_private = (aurora__engine_store(of->bus->engine)->flags & AURORA_STORE_PRIVATE) != 0 &&
                      of->is_leader && of->pending == NULL && end_of(of) <= of->saved;
    int64_t left_ms = of->lease_sent_ms + RENEW_MS - real_ms(of);
    return is_private && left_ms > LOOK_MS ? left_ms : LOOK_MS;
}

/* News are taken first: what comes behind them is looked at by this step or makes another. */
int64_t aurora__relay_step(relay *of)
{
    aurora__bus_wait(of->bus, 0, true);
    expectation next = run_once(of);
    if (next.from == ACKNOWLEDGEMENT) {
        int64_t acked = of->acked;
        collect(of, 0);
        return of->acked > acked ? 0 : next.ms;
    }
    return next.from == NEWS && of->is_leader ? quiet_ms(of) : next.ms;
}

void aurora__relay_finish(relay *of)
{
    finish(of);
}

void aurora__relay_free(relay *of)
{
    if (of == NULL)
        return;
    const aurora_allocator *allocator = of->bus->allocator;
    aurora__relay_spans_free(&of->spans, of->bus);
    allocator->release(allocator->self, of);
}

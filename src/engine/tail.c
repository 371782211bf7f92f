/* SPDX-License-Identifier: MIT */
/* The end of the log: what was appended reaches followers, watchers and the map of keys, from our
 * own batches in memory, from other processes' through the store. */
#include "engine/internal.h"

#include "codec/log.h"
#include "engine/bus.h"
#include "engine/keys.h"

#include <aurora/event.h>

#define ROWS_AT_ONCE 64
#define BYTES_AT_ONCE ((size_t)1 << 20)
#define LOOK_EVERY_NS 50000000
#define NET_EVERY_NS 250000000   /* where the store tells of others' commits */
#define IDLE_EVERY_NS 1000000000 /* where nobody waits for anything */
#define BUSY_EVERY_NS 5000000
#define BLOCK_BYTES_KEEP ((size_t)16 << 20)

static void feed_one(aurora__follower *follower, const aurora__event *event, int64_t position)
{
    if (follower->position != position - 1)
        return;
    if ((follower->kinds >> event->kind & 1) == 0 ||
        follower->class_of->feed(follower, event, position) == AURORA_OK)
        follower->position = position;
}

void aurora__tail_feed(aurora__engine *engine, const aurora__batch *batch)
{
    if (engine->tail != batch->first_position - 1) {
        engine->has_gap = true;
        return;
    }
    int64_t last = batch->first_position + batch->event_count - 1;
    for (uint32_t f = 0; f < engine->follower_count; f++) {
        aurora__follower *follower = engine->followers[f];
        for (uint32_t i = 0;
             follower->position == batch->first_position + i - 1 && i < batch->event_count; i++)
            feed_one(follower, batch->events[i], batch->first_position + i);
    }
    engine->tail = last;
}

/* Without locks where the store is shared: it only tells. */
static aurora_status load_wanted(aurora__engine *engine, aurora_store_txn *txn)
{
    aurora__rows *rows = &engine->rows;
    if (!aurora__engine_is_shared(engine))
        return aurora__load_wanted(engine, txn);
    uint32_t count = rows->wanted.count;
    rows->wanted.count = 0;
    return aurora__load_rows(engine, txn, rows->wanted.items, count, false);
}

/* Somebody else's event: the order that it tells of may have waiters, or a key of ours. */
static aurora_status note_foreign(aurora__engine *engine, aurora__turn *turn,
                                  const aurora__event *event)
{
    switch (event->kind) {
    case AURORA_EVENT_ORDER_CREATED:
        return aurora__keys_note(engine, turn, &event->order_id);
    case AURORA_EVENT_INVENTORY_PARKED:
    case AURORA_EVENT_PAYMENT_PARKED:
        engine->is_parked_stale = true;
        return AURORA_OK;
    case AURORA_EVENT_ORDER_COMPLETED:
    case AURORA_EVENT_ORDER_FAILED:
    case AURORA_EVENT_ORDER_CANCELLED:
    case AURORA_EVENT_ORDER_UPDATED:
        break;
    default:
        return AURORA_OK;
    }
    if (!aurora__watch_has(engine, &event->order_id))
        return AURORA_OK;
    aurora__key key = aurora__key_uuid(AURORA__TABLE_order, &event->order_id);
    aurora_status rc = aurora__rows_want(&engine->rows, &key);
    if (rc == AURORA_OK && engine->rows.wanted.count > 0)
        rc = load_wanted(engine, turn->txn);
    if (rc == AURORA_OK)
        aurora__watch_order(engine, turn, &event->order_id);
    return rc;
}

static aurora_status take_row(aurora__engine *engine, aurora__turn *turn, const aurora_log_row *row,
                              aurora__arena *arena)
{
    aurora__log_reader reader;
    aurora__event event;
    int64_t position;
    aurora__log_read(&reader, row);
    while (aurora__log_next(&reader, arena, &event, &position)) {
        if (position <= engine->tail)
            continue;
        aurora_status rc = note_foreign(engine, turn, &event);
        if (rc != AURORA_OK)
            return rc;
        for (uint32_t f = 0; f < engine->follower_count; f++)
            feed_one(engine->followers[f], &event, position);
    }
    if (reader.status == AURORA_ENOMEM)
        return reader.status;
    if (reader.status != AURORA_OK)
        aurora__engine_log(engine, AURORA_LOG_ERROR, "engine", "log row %lld is damaged",
                           (long long)row->position);
    engine->tail = row->position + row->count - 1;
    aurora__engine_lift_clock(engine, row->at_ms);
    return AURORA_OK;
}

aurora_status aurora__tail_catch_up(aurora__engine *engine, aurora__turn *turn)
{
    aurora_log_bounds bounds;
    aurora_status rc = engine->store.log_bounds(engine->store.self, turn->txn, &bounds);
    /* Retention was faster: which keys were used in between stands in the orders alone. */
    if (rc == AURORA_OK && engine->tail + 1 < bounds.first) {
        aurora__keys_forget(engine);
        engine->tail = bounds.first - 1;
    }
    if (rc == AURORA_OK && engine->tail < bounds.head)
        aurora__bus_wake(engine);
    while (rc == AURORA_OK && engine->tail < bounds.head) {
        aurora__query_arena arena;
        aurora_log_row rows[ROWS_AT_ONCE];
        uint32_t count = 0;
        aurora__query_arena_init(&arena, engine->options.allocator);
        aurora_arena_port port = aurora__arena_port(&arena.arena);
        rc = engine->store.log_read(engine->store.self, turn->txn, engine->tail + 1, BYTES_AT_ONCE,
                                    rows, ROWS_AT_ONCE, &count, &port);
        for (uint32_t i = 0; rc == AURORA_OK && i < count; i++)
            rc = take_row(engine, turn, &rows[i], &arena.arena);
        aurora__query_arena_free(&arena);
        if (count == 0)
            break;
    }
    return rc;
}

/* --- a shared store --------------------------------------------------------------------------- */

void aurora__tail_told(void *argument)
{
    aurora__engine *engine = argument;
    atomic_store(&engine->is_told, true);
    aurora__bus_wake(engine);
    aurora__engine_poke(engine);
}

static int64_t look_every_ns(const aurora__engine *engine)
{
    return engine->has_listener ? NET_EVERY_NS : LOOK_EVERY_NS;
}

int64_t aurora__tail_next_ms(const aurora__engine *engine)
{
    if (!aurora__engine_is_shared(engine) || engine->options.is_readonly)
        return -1;
    if (engine->is_told || engine->has_gap)
        return 0;
    bool has_any = engine->watches.count > 0 || engine->follower_count > 0;
    int64_t every_ns = has_any ? look_every_ns(engine) : IDLE_EVERY_NS;
    int64_t left_ns = engine->tail_checked_ns + every_ns - aurora__engine_monotonic_ns(engine);
    return left_ns <= 0 ? 0 : (left_ns + 999999) / 1000000;
}

/* Retention may have been faster than we were: the first row that is left says so. */
static aurora_status read_rows(aurora__engine *engine, aurora__turn *turn, bool *has_more_out)
{
    aurora__query_arena arena;
    aurora_log_row rows[ROWS_AT_ONCE];
    uint32_t count = 0;
    aurora__query_arena_init(&arena, engine->options.allocator);
    aurora_arena_port port = aurora__arena_port(&arena.arena);
    aurora_status rc = engine->store.log_read(engine->store.self, turn->txn, engine->tail + 1,
                                              BYTES_AT_ONCE, rows, ROWS_AT_ONCE, &count, &port);
    for (uint32_t i = 0; rc == AURORA_OK && i < count; i++)
        rc = take_row(engine, turn, &rows[i], &arena.arena);
    aurora__query_arena_free(&arena);
    *has_more_out = rc == AURORA_OK && count == ROWS_AT_ONCE;
    return rc;
}

/* Between batches the rows are empty: what watchers look at is loaded and dropped again. */
static aurora_status look(aurora__engine *engine, bool *has_more_out)
{
    aurora__turn turn = {.engine = engine};
    aurora_status rc = aurora__engine_read_begin(engine, &turn.txn);
    if (rc != AURORA_OK)
        return rc;
    turn.step.now_ms = aurora__engine_now(engine);
    aurora__turn_start(&turn, NULL);
    rc = read_rows(engine, &turn, has_more_out);
    aurora__engine_read_end(engine, turn.txn);
    aurora__rows_end(&engine->rows, false);
    aurora__block_arena_reset(&engine->batch_blocks, BLOCK_BYTES_KEEP);
    return rc;
}

/* Of a store that nobody commands anything, this is how its absence and its return are noticed. */
static void note_health(aurora__engine *engine, aurora_status rc)
{
    pthread_mutex_lock(&engine->lock);
    bool is_idle = engine->queue.first == NULL;
    pthread_mutex_unlock(&engine->lock);
    if (rc == AURORA_EIO) {
        atomic_store(&engine->health, rc);
    } else if (rc == AURORA_OK && is_idle) {
        aurora__run_is_back(engine);
        if (atomic_load(&engine->health) == AURORA_EIO)
            atomic_store(&engine->health, AURORA_OK);
    }
}

/* While commands come in one look serves several of their batches. */
bool aurora__tail_look(aurora__engine *engine, bool is_idle)
{
    int64_t now_ns = aurora__engine_monotonic_ns(engine);
    int64_t age_ns = now_ns - engine->tail_checked_ns;
    bool is_due = (is_idle || age_ns >= BUSY_EVERY_NS) && aurora__tail_next_ms(engine) == 0;
    if (!is_due || engine->options.is_readonly)
        return false;
    bool has_more = false;
    int64_t before = engine->tail;
    engine->tail_checked_ns = now_ns;
    engine->has_gap = false;
    atomic_store(&engine->is_told, false);
    aurora_status rc = look(engine, &has_more);
    engine->has_gap |= has_more;
    note_health(engine, rc);
    return engine->tail > before;
}

/* --- followers -------------------------------------------------------------------------------- */

bool aurora__tail_is_behind(aurora__engine *engine)
{
    int64_t now_ns = aurora__engine_monotonic_ns(engine);
    if ((engine->store.flags & AURORA_STORE_PRIVATE) || aurora__engine_is_shared(engine) ||
        engine->options.is_readonly || now_ns - engine->tail_checked_ns < LOOK_EVERY_NS)
        return false;
    engine->tail_checked_ns = now_ns;
    aurora_store_txn *txn;
    aurora_log_bounds bounds;
    if (aurora__engine_read_begin(engine, &txn) != AURORA_OK)
        return false;
    aurora_status rc = engine->store.log_bounds(engine->store.self, txn, &bounds);
    aurora__engine_read_end(engine, txn);
    return rc == AURORA_OK && bounds.head > engine->tail;
}

static bool follower_catch_up(aurora__engine *engine, aurora__follower *follower,
                              aurora_store_txn *txn, uint32_t rows_max)
{
    aurora__query_arena arena;
    aurora_log_row rows[ROWS_AT_ONCE];
    aurora_log_bounds bounds;
    uint32_t count = 0;
    aurora_status rc = engine->store.log_bounds(engine->store.self, txn, &bounds);
    if (rc == AURORA_OK && follower->position + 1 < bounds.first) {
        if (follower->class_of->rebuild != NULL)
            return follower->class_of->rebuild(follower, txn) == AURORA_OK;
        follower->position = bounds.first - 1;
    }
    aurora__query_arena_init(&arena, engine->options.allocator);
    aurora_arena_port port = aurora__arena_port(&arena.arena);
    if (rc == AURORA_OK)
        rc = engine->store.log_read(engine->store.self, txn, follower->position + 1, BYTES_AT_ONCE,
                                    rows, rows_max, &count, &port);
    int64_t before = follower->position;
    for (uint32_t i = 0; rc == AURORA_OK && i < count; i++) {
        aurora__log_reader reader;
        aurora__event event;
        int64_t position;
        aurora__log_read(&reader, &rows[i]);
        while (aurora__log_next(&reader, &arena.arena, &event, &position)) {
            if (position <= engine->tail)
                feed_one(follower, &event, position);
        }
        rc = reader.status == AURORA_ENOMEM ? AURORA_ENOMEM : AURORA_OK;
        int64_t last = rows[i].position + rows[i].count - 1;
        if (reader.status == AURORA_ECORRUPT && last <= engine->tail)
            follower->position = last;
    }
    aurora__query_arena_free(&arena);
    return follower->position > before;
}

/* While commands wait, one row at a time: a row may hold a thousand orders. */
bool aurora__tail_followers(aurora__engine *engine, bool is_idle)
{
    bool did = false;
    for (uint32_t f = 0; f < engine->follower_count; f++) {
        aurora__follower *follower = engine->followers[f];
        aurora_store_txn *txn;
        if (follower->position < engine->tail && !follower->is_paused &&
            aurora__engine_read_begin(engine, &txn) == AURORA_OK) {
            did |= follower_catch_up(engine, follower, txn, is_idle ? ROWS_AT_ONCE : 1);
            aurora__engine_read_end(engine, txn);
        }
        aurora__counters_follower(&engine->counters, f, follower->class_of->name,
                                  engine->tail - follower->position);
    }
    return did;
}

bool aurora__tail_work(aurora__engine *engine, bool is_idle)
{
    bool did = false;
    if (engine->options.is_readonly || atomic_load(&engine->health) == AURORA_ECORE)
        return false;
    for (uint32_t f = 0; f < engine->follower_count; f++) {
        aurora__follower *follower = engine->followers[f];
        if (follower->class_of->step != NULL)
            did |= follower->class_of->step(follower, is_idle);
        if (follower->is_working || follower->class_of->work == NULL)
            continue;
        aurora__command *command = follower->class_of->work(follower, is_idle);
        if (command == NULL)
            continue;
        follower->is_working = true;
        aurora__engine_push(engine, command);
        did = true;
    }
    aurora__command *chores[] = {aurora__retention_work(engine), aurora__key_rows_work(engine)};
    for (size_t i = 0; i < sizeof chores / sizeof chores[0]; i++) {
        if (chores[i] == NULL)
            continue;
        aurora__engine_push(engine, chores[i]);
        did = true;
    }
    return did;
}

aurora_status aurora__engine_follow(aurora__engine *engine, aurora__follower *follower)
{
    if (engine->follower_count == AURORA__FOLLOWERS_MAX)
        return AURORA_ECORE;
    follower->engine = engine;
    engine->followers[engine->follower_count++] = follower;
    return AURORA_OK;
}

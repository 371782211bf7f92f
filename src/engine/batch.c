/* SPDX-License-Identifier: MIT */
#include "engine/internal.h"

#include "codec/log.h"
#include "core/stock.h"
#include "engine/bus.h"
#include "engine/message.h"
#include "engine/say.h"
#include "engine/trace_batch.h"

#include <aurora/event.h>

#include <string.h>

#define KEY_ROUNDS_MAX 4
/* Where rows need no lock order, keys and decisions take turns in slices whose rows stay in the
 * processor's cache between the two: 15 % of the CPU of an order went into fetching them twice. */
#define SLICE_COMMANDS 32
#define DECIDE_ROUNDS_MAX 16
#define BATCH_BYTES_KEEP ((size_t)16 << 20)
#define CACHE_BYTES_MAX ((size_t)128 << 20)
#define RECENT_BYTES_MAX ((size_t)64 << 20)
#define BEGIN_TIMEOUT_MS 2000
#define LATE_NS INT64_C(10000000000) /* who would wait longer for a commit is told what is known */

void aurora__turn_start(aurora__turn *turn, aurora_error *err)
{
    aurora__engine *engine = turn->engine;
    /* Only the head is cleared: the arrays behind the counts are never read. */
    aurora__step *step = &turn->step;
    step->rows = &engine->rows;
    step->arena = &engine->batch_blocks.arena;
    step->policy = &engine->options.policy;
    step->event_count = 0;
    step->err = err;
    step->broken_file = NULL;
    step->parked_count = 0;
    step->has_parked_keys = engine->parked_keys > 0 || engine->has_parked_row;
    step->is_creating = false;
    step->deliveries = NULL;
    step->delivery_count = 0;
}

void aurora__turn_read_clock(aurora__turn *turn)
{
    turn->step.now_ms = aurora__engine_batch_now(turn->engine, turn->txn);
}

static void forget(aurora__engine *engine)
{
    aurora__rows_forget(&engine->rows);
    aurora__block_arena_reset(&engine->cache_blocks, BATCH_BYTES_KEEP);
    aurora__block_arena_reset(&engine->recent_blocks, BATCH_BYTES_KEEP);
}

/* Nobody else may have written since our last batch, or nothing that is remembered is used. */
static aurora_status refresh(aurora__engine *engine, aurora__batch *batch, uint64_t epoch)
{
    bool is_same = engine->has_epoch && engine->epoch == epoch;
    if (!is_same || engine->cache_blocks.bytes > CACHE_BYTES_MAX) {
        forget(engine);
    } else if (engine->recent_blocks.bytes > RECENT_BYTES_MAX) {
        aurora__rows_forget_recent(&engine->rows);
        aurora__block_arena_reset(&engine->recent_blocks, RECENT_BYTES_MAX / 2);
    }
    aurora_status rc = AURORA_OK;
    if (!is_same || engine->is_parked_stale)
        rc = aurora__park_count(engine, batch->turn.txn);
    if (rc == AURORA_OK && !is_same)
        rc = aurora__tail_catch_up(engine, &batch->turn);
    /* Until all of it was seen, the next attempt has to look at it again. */
    engine->epoch = epoch;
    engine->has_epoch = rc == AURORA_OK;
    batch->turn.step.now_ms = aurora__engine_now(engine);
    return rc;
}

/* What others wrote is read between batches, not in them (tail.c): rows are locked here soon. */
static aurora_status refresh_shared(aurora__engine *engine, aurora__batch *batch)
{
    engine->has_parked_row = false;
    if (engine->cache_blocks.bytes > CACHE_BYTES_MAX)
        forget(engine);
    if (!engine->is_parked_stale)
        return AURORA_OK;
    return aurora__park_count(engine, batch->turn.txn);
}

/* Asks commands once for the keys that follow from what is loaded. */
static aurora_status ask_keys(aurora__batch *batch, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++) {
        aurora__command *command = batch->commands[i];
        if (command->class_of->keys == NULL || command->status != AURORA_OK)
            continue;
        aurora__turn_start(&batch->turn, &command->err);
        aurora_status rc = command->class_of->keys(command, &batch->turn);
        if (rc == AURORA__NEED_KEYS || rc == AURORA_ECORRUPT)
            continue;
        if (rc == AURORA_ENOMEM || rc == AURORA_EIO || rc == AURORA_EBUSY)
            return rc;
        command->status = rc;
    }
    return AURORA_OK;
}

/* Asks every command for its keys until nothing new is wanted. */
static aurora_status load_keys(aurora__batch *batch, uint32_t from, uint32_t to)
{
    aurora__engine *engine = batch->turn.engine;
    for (int round = 0; round < KEY_ROUNDS_MAX; round++) {
        aurora_status rc = ask_keys(batch, from, to);
        if (rc != AURORA_OK || engine->rows.wanted.count == 0)
            return rc;
        rc = aurora__load_wanted(engine, batch->turn.txn);
        if (rc != AURORA_OK)
            return rc;
    }
    return AURORA_OK;
}

/* The same by unlocked reads, then one locked read of it all. What is still missing after these
 * rounds shows in the decisions. */
static aurora_status lock_keys(aurora__batch *batch)
{
    aurora__engine *engine = batch->turn.engine;
    aurora_status rc = AURORA_OK;
    bool did = true;
    for (uint32_t i = 0; rc == AURORA_OK && i < batch->count; i++)
        rc = aurora__shared_want_missed(&engine->rows, batch->commands[i]);
    for (int round = 0; rc == AURORA_OK && did && round < KEY_ROUNDS_MAX; round++) {
        rc = ask_keys(batch, 0, batch->count);
        if (rc == AURORA_OK)
            rc = aurora__shared_load(batch, &did);
    }
    if (rc == AURORA_OK)
        rc = aurora__shared_lock(batch);
    batch->turn.step.now_ms = aurora__engine_batch_now(engine, batch->turn.txn);
    return rc;
}

static aurora_status collect_events(aurora__batch *batch)
{
    const aurora__step *step = &batch->turn.step;
    uint32_t count = batch->event_count + step->event_count;
    if (count > batch->event_capacity) {
        uint32_t capacity = count * 2 + 64;
        aurora__event **events = aurora__arena_take(step->arena, capacity * sizeof *events);
        if (events == NULL)
            return AURORA_ENOMEM;
        if (batch->event_count > 0)
            memcpy(events, batch->events, batch->event_count * sizeof *events);
        batch->events = events;
        batch->event_capacity = capacity;
    }
    if (step->event_count > 0)
        memcpy(batch->events + batch->event_count, step->events,
               step->event_count * sizeof *batch->events);
    batch->event_count = count;
    return AURORA_OK;
}

/* Notes which orders' changes public events tell of. */
static void note_told(aurora__batch *batch)
{
    const aurora__step *step = &batch->turn.step;
    for (uint32_t i = 0; i < step->event_count && !step->is_creating; i++) {
        const aurora__event *event = step->events[i];
        if (event->kind != AURORA_EVENT_ORDER_COMPLETED &&
            event->kind != AURORA_EVENT_ORDER_FAILED && event->kind != AURORA_EVENT_ORDER_CANCELLED)
            continue;
        aurora__key key = aurora__key_uuid(AURORA__TABLE_order, &event->order_id);
        aurora__rows_tell(step->rows, &key);
    }
}

static aurora_status decide_once(aurora__batch *batch, aurora__command *command)
{
    aurora__turn *turn = &batch->turn;
    aurora__rows *rows = turn->step.rows;
    aurora__turn_start(&batch->turn, &command->err);
    if (batch->trace != NULL)
        aurora__batch_trace_enter(batch, batch->current);
    uint32_t outer = aurora__rows_mark(rows);
    aurora_status rc = command->class_of->decide(command, turn);
    if (rc == AURORA_OK)
        rc = aurora__cascade_run(&turn->step, 0);
    if (rc == AURORA_OK && turn->step.parked_count > 0)
        rc = aurora__park_store(turn);
    if (rc == AURORA_OK)
        rc = collect_events(batch);
    if (rc == AURORA_OK && batch->trace != NULL)
        rc = aurora__batch_trace_leave(batch, batch->current);
    if (rc != AURORA_OK) {
        aurora__rows_undo(rows, outer);
        return rc;
    }
    aurora__rows_keep(rows, outer);
    note_told(batch);
    return AURORA_OK;
}

/* A decision that asked for more rows is undone, they are loaded, and it is taken again: inside a
 * write transaction that excludes others there is no lock order to keep. */
static aurora_status decide_here(aurora__batch *batch, aurora__command *command)
{
    aurora__engine *engine = batch->turn.engine;
    aurora_status rc = AURORA__NEED_KEYS;
    for (int round = 0; rc == AURORA__NEED_KEYS && round < DECIDE_ROUNDS_MAX; round++) {
        rc = decide_once(batch, command);
        if (rc != AURORA__NEED_KEYS)
            break;
        aurora__counter_add(engine->counters.commands_rerun, 1);
        aurora_status loaded = aurora__load_wanted(engine, batch->turn.txn);
        if (loaded != AURORA_OK)
            return loaded;
    }
    return rc;
}

/* On a shared store nothing may be locked any more. */
static aurora_status decide(aurora__batch *batch, aurora__command *command)
{
    aurora__engine *engine = batch->turn.engine;
    if (!aurora__engine_is_shared(engine))
        return decide_here(batch, command);
    uint32_t wanted = engine->rows.wanted.count;
    aurora_status rc = decide_once(batch, command);
    if (rc != AURORA__NEED_KEYS)
        return rc;
    rc = aurora__shared_defer(engine, command, wanted);
    command->is_deferred = rc == AURORA_OK;
    return rc;
}

static aurora_status public_status(aurora_status rc)
{
    switch (rc) {
    case AURORA__EILLEGAL:
    case AURORA__ECASCADE: /* more than one command may cause: that command alone is refused */
        return AURORA_ECONFLICT;
    case AURORA__EORPHAN:
        return AURORA_ENOTFOUND;
    case AURORA__NEED_KEYS:
        return AURORA_ECORE;
    default:
        return rc;
    }
}

/* Failures that are the store's or the machine's, not this command's. */
static bool is_of_batch(aurora_status rc)
{
    return rc == AURORA_ENOMEM || rc == AURORA_EIO || rc == AURORA_EBUSY || rc == AURORA_EFULL ||
           rc == AURORA_ECORE;
}

/* It asked for more each time: that it is refused is its own affair. */
static bool is_too_often(const aurora__command *command, aurora_status rc)
{
    return rc == AURORA_EBUSY && command->deferrals > 0;
}

static aurora_status decide_some(aurora__batch *batch, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++) {
        aurora__command *command = batch->commands[i];
        if (command->status != AURORA_OK)
            continue;
        batch->current = i;
        aurora_status rc = public_status(decide(batch, command));
        if (rc == AURORA_ECORE)
            aurora__engine_log(batch->turn.engine, AURORA_LOG_FATAL, "engine",
                               "an invariant broke in %s (%s:%d)", command->class_of->name,
                               batch->turn.step.broken_file == NULL ? "cascade"
                                                                    : batch->turn.step.broken_file,
                               batch->turn.step.broken_line);
        if (is_of_batch(rc) && !is_too_often(command, rc))
            return rc;
        command->status = rc;
        if (command->is_deferred)
            continue;
        if (rc != AURORA_OK && batch->trace != NULL)
            aurora__batch_trace_note_refused(batch, i);
        command->is_kept = rc == AURORA_OK;
        if (command->is_kept && command->class_of->applied != NULL)
            command->class_of->applied(command, &batch->turn);
    }
    return AURORA_OK;
}

static aurora_status decide_all(aurora__batch *batch)
{
    if (aurora__engine_is_shared(batch->turn.engine)) {
        aurora_status rc = lock_keys(batch);
        return rc == AURORA_OK ? decide_some(batch, 0, batch->count) : rc;
    }
    for (uint32_t from = 0; from < batch->count; from += SLICE_COMMANDS) {
        uint32_t left = batch->count - from;
        uint32_t to = left < SLICE_COMMANDS ? batch->count : from + SLICE_COMMANDS;
        aurora_status rc = load_keys(batch, from, to);
        if (rc == AURORA_OK)
            rc = decide_some(batch, from, to);
        if (rc != AURORA_OK)
            return rc;
    }
    return AURORA_OK;
}

/* What our own code just computed must add up, or nothing of it is stored. */
static aurora_status check_invariants(aurora__batch *batch)
{
    const aurora__rows *rows = batch->turn.step.rows;
    for (uint32_t i = 0; i < rows->touched.count; i++) {
        const aurora__row *row = rows->touched.items[i];
        if (row->table == AURORA__TABLE_stock && row->data != row->base &&
            !aurora__stock_is_balanced(row->data)) {
            aurora__engine_log(batch->turn.engine, AURORA_LOG_FATAL, "engine",
                               "I1 broke: stock %lld does not add up",
                               (long long)((const aurora__stock_row *)row->data)->id);
            return AURORA_ECORE;
        }
    }
    return AURORA_OK;
}

/* A change of an order that no public event of it tells is told by order.updated. */
static aurora_status tell_updates(aurora__batch *batch)
{
    aurora__rows *rows = batch->turn.step.rows;
    for (uint32_t i = 0; i < rows->touched.count; i++) {
        aurora__row *row = rows->touched.items[i];
        if (row->table != AURORA__TABLE_order || row->data == row->base || !row->is_found)
            continue;
        if (!row->is_found_base) {
            aurora__order_row *created = row->data;
            created->created_version = created->version;
        }
        if (!row->is_found_base || row->is_told)
            continue;
        const aurora__order_row *after = row->data;
        if (after->version == ((const aurora__order_row *)row->base)->version)
            continue;
        batch->turn.step.event_count = 0;
        aurora__event *event = aurora__step_emit(&batch->turn.step, AURORA_EVENT_ORDER_UPDATED);
        if (event == NULL)
            return AURORA_ENOMEM;
        event->order_id = after->id;
        event->order_version = after->version;
        aurora_status rc = collect_events(batch);
        if (rc != AURORA_OK)
            return rc;
    }
    return AURORA_OK;
}

static aurora_status save_extras(aurora__batch *batch, bool *did_out)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        aurora__command *command = batch->commands[i];
        if (!command->is_kept || command->class_of->save == NULL)
            continue;
        *did_out = true;
        aurora_status rc = command->class_of->save(command, &batch->turn);
        if (rc != AURORA_OK)
            return rc;
    }
    return AURORA_OK;
}

static bool has_writes(const aurora__rows *rows)
{
    for (uint32_t i = 0; i < rows->touched.count; i++) {
        const aurora__row *row = rows->touched.items[i];
        if (row->data != row->base && (row->is_found || row->is_found_base))
            return true;
    }
    return false;
}

/* Rows, the log and whatever commands write themselves. *has_out says whether there is anything. */
static aurora_status save(aurora__batch *batch, aurora_log_row *log, bool *has_out)
{
    aurora__engine *engine = batch->turn.engine;
    aurora_status rc = tell_updates(batch);
    if (rc == AURORA_OK)
        rc = check_invariants(batch);
    *has_out = has_writes(&engine->rows) || batch->event_count > 0;
    if (rc == AURORA_OK)
        rc = aurora__save_touched(engine, batch->turn.txn);
    if (rc == AURORA_OK)
        rc = save_extras(batch, has_out);
    if (rc != AURORA_OK || batch->event_count == 0)
        return rc;
    aurora__log_writer writer;
    aurora__log_begin(&writer, &engine->batch_blocks.arena);
    rc = aurora__log_add(&writer, batch->events, batch->event_count);
    if (rc == AURORA_OK)
        rc = aurora__log_end(&writer, log);
    log->at_ms = batch->turn.step.now_ms;
    if (rc == AURORA_OK)
        rc = engine->store.append(engine->store.self, batch->turn.txn, log);
    return rc != AURORA_OK ? rc : aurora__outbox_write(engine, batch->turn.txn, log);
}

/* Whose time is over is told that, and no more: a caller that repeats by its key finds out. */
static void tell_late(const aurora__batch *batch, int64_t since_ns)
{
    int64_t now_ns = aurora__engine_monotonic_ns(batch->turn.engine);
    bool is_long = now_ns - since_ns >= LATE_NS;
    for (uint32_t i = 0; i < batch->count; i++) {
        aurora__command *command = batch->commands[i];
        if (command->deadline_ns == 0 || (!is_long && command->deadline_ns > now_ns))
            continue;
        atomic_store(&command->is_late, true);
        if (command->class_of->late != NULL)
            command->class_of->late(command);
    }
}

/* Neither success nor failure: nobody is told either before the store knows. */
static aurora_status resolve(const aurora__batch *batch)
{
    aurora__engine *engine = batch->turn.engine;
    aurora_status rc = AURORA_ETIMEDOUT;
    int64_t since_ns = aurora__engine_monotonic_ns(engine);
    aurora__counter_add(engine->counters.unknown_commits, 1);
    aurora__engine_log(engine, AURORA_LOG_WARNING, "engine",
                       "the outcome of a commit is unknown, asking the store");
    for (int64_t wait = 1; rc == AURORA_ETIMEDOUT; wait = wait < 500 ? wait * 2 : 500) {
        rc = engine->store.resolve(engine->store.self, batch->id);
        if (rc == AURORA_EIO || rc == AURORA_EBUSY) /* it could not even be asked */
            rc = AURORA_ETIMEDOUT;
        pthread_mutex_lock(&engine->lock);
        bool is_closing = engine->is_closing || atomic_load(&engine->is_giving_up);
        pthread_mutex_unlock(&engine->lock);
        if (rc != AURORA_ETIMEDOUT)
            break;
        if (is_closing)
            return rc;
        tell_late(batch, since_ns);
        aurora__run_doubt(engine, since_ns);
        aurora__pause_ms(engine, wait);
    }
    return rc == AURORA_ENOTFOUND ? AURORA_EBUSY : rc;
}

static void revert(aurora__batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        aurora__command *command = batch->commands[i];
        if (command->is_kept && command->class_of->reverted != NULL)
            command->class_of->reverted(command, &batch->turn);
        command->is_kept = false;
        command->is_deferred = false;
        command->status = AURORA_OK;
        command->err = (aurora_error){0};
    }
}

/* Answers everybody; rows of the batch are still there to be read. */
static void finish(aurora__batch *batch)
{
    aurora__engine *engine = batch->turn.engine;
    aurora__turn_start(&batch->turn, NULL);
    if (batch->event_count > 0)
        aurora__tail_feed(engine, batch);
    aurora__watch_changed(engine, &batch->turn);
    for (uint32_t i = 0; i < batch->count; i++) {
        aurora__command *command = batch->commands[i];
        aurora_status status = command->status;
        if (command->is_deferred) {
            command->is_deferred = false;
            aurora__command_queue_push(&batch->deferred, command);
            batch->commands[i] = NULL;
            continue;
        }
        aurora__counters_finish(&engine->counters, command->class_of->name, status);
        if (command->class_of->finish == NULL ||
            command->class_of->finish(command, &batch->turn, status))
            aurora__command_tell(command, command->status);
        else if (aurora__watch_add(engine, command) != AURORA_OK)
            aurora__watch_refuse(command);
        else
            batch->commands[i] = NULL;
    }
}

/* Rows of the batch point into the commands that wrote them, and are read until its end: by the
 * answers of other commands, and by what is kept for the next batch. */
static void release_commands(const aurora__batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        if (batch->commands[i] != NULL)
            aurora__command_release(batch->commands[i]);
    }
}

static void count_order(aurora__counters *counters, const aurora__order_row *before,
                        const aurora__order_row *after)
{
    if (before == NULL)
        aurora__counter_add(counters->orders_created, 1);
    if ((before == NULL || before->status != after->status) && after->status >= 1 &&
        after->status <= AURORA_ORDER_CANCELLED)
        aurora__counter_add(counters->orders[after->status], 1);
    if (after->settled_at != 0 && (before == NULL || before->settled_at == 0))
        aurora__counter_add(counters->orders_settled, 1);
}

static void count_notification(aurora__counters *counters, const aurora__notification_row *before,
                               const aurora__notification_row *after)
{
    if ((before == NULL || before->state != after->state) && after->state >= 1 &&
        after->state <= AURORA_NOTIFICATION_STATE_SKIPPED &&
        counters->notifications[after->state] != NULL) /* ends are counted, not what waits */
        aurora__counter_add(counters->notifications[after->state], 1);
}

/* What became of orders and notifications in this batch, by the rows themselves. */
static void count_rows(aurora__engine *engine)
{
    const aurora__rows *rows = &engine->rows;
    for (uint32_t i = 0; i < rows->touched.count; i++) {
        const aurora__row *row = rows->touched.items[i];
        const void *before = row->is_found_base ? row->base : NULL;
        if (row->data == row->base || !row->is_found)
            continue;
        if (row->table == AURORA__TABLE_order)
            count_order(&engine->counters, before, row->data);
        else if (row->table == AURORA__TABLE_notification)
            count_notification(&engine->counters, before, row->data);
    }
    aurora__saga_counts_rows(&engine->counters.saga, rows, &engine->batch_blocks.arena);
}

static void end(aurora__engine *engine, bool is_committed)
{
    aurora__rows_end(&engine->rows, is_committed);
    aurora__block_arena_reset(&engine->batch_blocks, BATCH_BYTES_KEEP);
}

static aurora_status commit(aurora__batch *batch, bool has_writes_, aurora_log_row *log)
{
    aurora__engine *engine = batch->turn.engine;
    if (!has_writes_) {
        engine->store.rollback(engine->store.self, batch->turn.txn);
        return AURORA_OK;
    }
    int64_t started_ns = aurora__engine_monotonic_ns(engine);
    aurora_status rc = engine->store.commit(engine->store.self, batch->turn.txn);
    if (rc == AURORA_ECONFLICT)
        aurora__engine_log(engine, AURORA_LOG_WARNING, "engine", "a row was refused by the commit");
    if (rc == AURORA_ETIMEDOUT)
        rc = resolve(batch);
    if (rc != AURORA_OK)
        return rc;
    int64_t took_ns = aurora__engine_monotonic_ns(engine) - started_ns;
    batch->commit_ns = took_ns;
    aurora__counter_add(engine->counters.batches, 1);
    aurora__counter_add(engine->counters.events_appended, batch->event_count);
    aurora__counter_add(engine->counters.event_bytes, log->body_length);
    aurora__histogram_add(engine->counters.batch_commands, batch->count);
    aurora__histogram_add(engine->counters.commit_ns, (uint64_t)took_ns);
    /* A commit whose outcome had to be asked for may have kept its position to itself. */
    batch->first_position = log->position;
    if (batch->event_count > 0 && log->position > 0)
        aurora__gauge_set(engine->counters.log_head, log->position + batch->event_count - 1);
    engine->is_maintenance_due = true;
    if (batch->event_count > 0)
        aurora__bus_wake(engine);
    return AURORA_OK;
}

aurora_status aurora__batch_attempt(aurora__engine *engine, aurora__command **commands,
                                    uint32_t count)
{
    aurora__batch batch = {.commands = commands, .count = count};
    aurora_log_row log = {0};
    uint64_t epoch = 0;
    bool has_writes_ = false;
    int64_t started_ns = aurora__engine_monotonic_ns(engine);
    batch.turn.engine = engine;
    batch.id = aurora__engine_next_id(engine);
    bool is_shared = aurora__engine_is_shared(engine);
    aurora_status rc =
        engine->store.begin(engine->store.self, AURORA_TXN_WRITE, batch.id, BEGIN_TIMEOUT_MS,
                            is_shared ? NULL : &epoch, &batch.turn.txn);
    if (rc != AURORA_OK)
        return rc;
    if (aurora__trace_is_on(engine))
        aurora__batch_trace_begin(&batch);
    /* A shared store begins with the first load, and tells the time by then. */
    batch.turn.step.now_ms = is_shared ? aurora__engine_time_ms(engine)
                                       : aurora__engine_batch_now(engine, batch.turn.txn);
    aurora__turn_start(&batch.turn, NULL);
    rc = is_shared ? refresh_shared(engine, &batch) : refresh(engine, &batch, epoch);
    if (rc == AURORA_OK)
        rc = decide_all(&batch);
    aurora__batch_trace_mark(&batch, AURORA__MARK_DECIDED);
    if (rc == AURORA_OK)
        rc = save(&batch, &log, &has_writes_);
    aurora__batch_trace_mark(&batch, AURORA__MARK_SAVED);
    if (rc == AURORA_OK) {
        rc = commit(&batch, has_writes_, &log);
    } else {
        engine->store.rollback(engine->store.self, batch.turn.txn);
    }
    batch.turn.txn = NULL;
    aurora__batch_trace_mark(&batch, AURORA__MARK_COMMITTED);
    if (rc != AURORA_OK) {
        revert(&batch);
        aurora__batch_trace_drop(&batch);
        end(engine, false);
        forget(engine);
        return rc;
    }
    count_rows(engine);
    aurora__batch_say(engine);
    finish(&batch);
    aurora__batch_trace_end(&batch);
    int64_t took_ns = aurora__engine_monotonic_ns(engine) - started_ns;
    aurora__histogram_add(engine->counters.batch_ns, (uint64_t)took_ns);
    aurora__batch_say_times(&batch, took_ns);
    end(engine, true);
    release_commands(&batch);
    aurora__engine_put_back(engine, &batch.deferred);
    return AURORA_OK;
}

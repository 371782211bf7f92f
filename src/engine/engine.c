/* SPDX-License-Identifier: MIT */
/* An engine's life, who may enter it, and what it hands to commands. */
#include "engine/internal.h"

#include "engine/keys.h"
#include "engine/payments.h"

#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

void *aurora__command_new(aurora__engine *engine, const aurora__command_class *class_of,
                          size_t bytes)
{
    const aurora_allocator *allocator = engine->options.allocator;
    aurora__command *command = allocator->allocate(allocator->self, bytes);
    if (command == NULL)
        return NULL;
    memset(command, 0, bytes);
    command->class_of = class_of;
    command->engine = engine;
    atomic_init(&command->references, 1);
    return command;
}

void aurora__command_release(aurora__command *command)
{
    const aurora__engine *engine = command->engine;
    if (atomic_fetch_sub_explicit(&command->references, 1, memory_order_acq_rel) != 1)
        return;
    if (command->class_of->free != NULL)
        command->class_of->free(command);
    aurora__missed_free(command);
    engine->options.allocator->release(engine->options.allocator->self, command);
}

const aurora_allocator *aurora__engine_allocator(const aurora__engine *engine)
{
    return engine->options.allocator;
}

const aurora__policy *aurora__engine_policy(const aurora__engine *engine)
{
    return &engine->options.policy;
}

aurora__counters *aurora__engine_counters(const aurora__engine *engine)
{
    return &((aurora__engine *)engine)->counters;
}

bool aurora__engine_has_key_rows(const aurora__engine *engine)
{
    return aurora__engine_is_shared(engine);
}

int64_t aurora__engine_wall_ms(const aurora__engine *engine)
{
    return engine->options.clock.wall_ms(engine->options.clock.self);
}

int64_t aurora__engine_monotonic_ns(const aurora__engine *engine)
{
    return engine->options.clock.monotonic_ns(engine->options.clock.self);
}

static uint64_t next_random(aurora__engine *engine)
{
    engine->random_state[0] += 0x9E3779B97F4A7C15u;
    uint64_t word = engine->random_state[0] ^ engine->random_state[1];
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9u;
    word = (word ^ (word >> 27)) * 0x94D049BB133111EBu;
    return word ^ (word >> 31);
}

/* Ids carry the time that their rows will be stored with: keys are looked for by it. */
void aurora__engine_next_ids(aurora__engine *engine, aurora_id *ids_out, uint32_t count)
{
    int64_t now_ms = aurora__engine_time_ms(engine);
    pthread_mutex_lock(&engine->lock);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t random[2] = {next_random(engine), next_random(engine)};
        ids_out[i] = aurora__id_next(&engine->ids, now_ms, random);
    }
    pthread_mutex_unlock(&engine->lock);
}

aurora_id aurora__engine_next_id(aurora__engine *engine)
{
    aurora_id id;
    aurora__engine_next_ids(engine, &id, 1);
    return id;
}

static aurora_status enter(aurora__engine *engine, bool may_reenter)
{
    if (getpid() != engine->process)
        return AURORA_EFORK;
    aurora_status rc = AURORA_OK;
    pthread_mutex_lock(&engine->lock);
    if (engine->is_closing)
        rc = AURORA_ECLOSED;
    else if (!may_reenter && atomic_load(&engine->is_in_callback) &&
             pthread_equal(engine->driver, pthread_self()))
        rc = AURORA_EREENTRANT;
    else
        engine->inside++;
    pthread_mutex_unlock(&engine->lock);
    return rc;
}

aurora_status aurora__engine_enter(aurora__engine *engine)
{
    return enter(engine, false);
}

aurora_status aurora__engine_enter_callback(aurora__engine *engine)
{
    return enter(engine, true);
}

void aurora__engine_leave(aurora__engine *engine)
{
    pthread_mutex_lock(&engine->lock);
    engine->inside--;
    if (engine->is_closing && engine->inside == 0)
        pthread_cond_broadcast(&engine->changed);
    pthread_mutex_unlock(&engine->lock);
}

void aurora__engine_callback_begin(aurora__engine *engine)
{
    atomic_store(&engine->is_in_callback, true);
}

void aurora__engine_callback_end(aurora__engine *engine)
{
    atomic_store(&engine->is_in_callback, false);
}

aurora_status aurora__engine_health(const aurora__engine *engine)
{
    if (getpid() != engine->process)
        return AURORA_EFORK;
    return atomic_load(&((aurora__engine *)engine)->health);
}

void aurora__engine_drain(aurora__engine *engine, bool is_draining)
{
    atomic_store(&engine->is_draining, is_draining);
}

bool aurora__engine_is_draining(const aurora__engine *engine)
{
    return atomic_load(&((aurora__engine *)engine)->is_draining);
}

int aurora__engine_fd(const aurora__engine *engine)
{
    return getpid() == engine->process ? engine->event_fd : -1;
}

/* A store that cannot tell of others' commits is asked instead. */
static void listen(aurora__engine *engine)
{
    const aurora_store *store = &engine->store;
    if (store->listen != NULL && aurora__engine_is_shared(engine) && !engine->options.is_readonly)
        engine->has_listener = store->listen(store->self, aurora__tail_told, engine) == AURORA_OK;
}

static void stop_listening(const aurora__engine *engine)
{
    if (engine->has_listener)
        engine->store.listen(engine->store.self, NULL, NULL);
}

static void close_parts(aurora__engine *engine)
{
    const aurora_allocator *allocator = engine->options.allocator;
    for (uint32_t i = 0; i < engine->follower_count; i++)
        engine->followers[i]->class_of->close(engine->followers[i]);
    aurora__watch_free(engine);
    aurora__keys_free(engine);
    aurora__payments_free(engine);
    allocator->release(allocator->self, engine->own_rows);
    aurora__block_arena_free(&engine->batch_blocks);
    aurora__block_arena_free(&engine->cache_blocks);
    aurora__block_arena_free(&engine->recent_blocks);
    if (engine->event_fd >= 0)
        close(engine->event_fd);
    aurora__counters_close(&engine->counters);
    allocator->release(allocator->self, engine);
}

/* Answers everybody who still waits, and lets callers leave before anything is freed. */
static void close_doors(aurora__engine *engine)
{
    pthread_mutex_lock(&engine->lock);
    engine->is_closing = true;
    pthread_cond_broadcast(&engine->changed);
    pthread_cond_broadcast(&engine->queued);
    while (engine->is_driving)
        pthread_cond_wait(&engine->changed, &engine->lock);
    pthread_mutex_unlock(&engine->lock);
    if (engine->is_worker_started)
        pthread_join(engine->worker, NULL);
    for (;;) {
        pthread_mutex_lock(&engine->lock);
        aurora__command *command = aurora__command_queue_pop(&engine->queue);
        pthread_mutex_unlock(&engine->lock);
        if (command == NULL)
            break;
        command->status = AURORA_ECLOSED;
        if (command->class_of->drop != NULL)
            command->class_of->drop(command, AURORA_ECLOSED);
        aurora__command_done(command, AURORA_ECLOSED);
    }
    aurora__watch_expire(engine, 0, true, AURORA_ECLOSED);
    aurora__closers_run(engine);
    while (engine->later != NULL) {
        aurora__command *command = engine->later;
        engine->later = command->watch_next;
        aurora__command_done(command, AURORA_ECLOSED);
    }
    pthread_mutex_lock(&engine->lock);
    pthread_cond_broadcast(&engine->changed);
    while (engine->inside > 0)
        pthread_cond_wait(&engine->changed, &engine->lock);
    pthread_mutex_unlock(&engine->lock);
}

void aurora__engine_free(aurora__engine *engine)
{
    if (engine == NULL)
        return;
    bool is_child = getpid() != engine->process;
    if (!is_child) {
        stop_listening(engine);
        close_doors(engine);
        pthread_mutex_destroy(&engine->lock);
        pthread_cond_destroy(&engine->changed);
        pthread_cond_destroy(&engine->queued);
    }
    engine->store.close(engine->store.self);
    close_parts(engine);
}

static aurora_status put_epoch(aurora_store *store, aurora_store_txn *txn, const aurora_id *log_id,
                               int64_t now_ms, uint32_t kind)
{
    aurora_log_bounds bounds;
    aurora_status rc = store->log_bounds(store->self, txn, &bounds);
    if (rc != AURORA_OK)
        return rc;
    const aurora__table *table = &aurora__tables[AURORA__TABLE_log_epoch];
    aurora__log_epoch_row row = {
        .first_position = bounds.head + 1, .log_id = *log_id, .at = now_ms};
    aurora_value values[3];
    aurora__table_pack(table, &row, values);
    aurora_store_put put = {.table = &table->table, .values = values, .kind = kind};
    uint32_t failed;
    return store->save(store->self, txn, &put, 1, &failed);
}

aurora_status aurora__engine_new_epoch(aurora_store *store, aurora_store_txn *txn,
                                       const aurora_id *log_id, int64_t now_ms)
{
    return put_epoch(store, txn, log_id, now_ms, AURORA_PUT_UPSERT);
}

aurora_status aurora__engine_log_id(aurora__engine *engine, aurora_store_txn *txn, int64_t position,
                                    aurora_id *out)
{
    aurora_value upper = {.kind = AURORA_COLUMN_INT64, .number = position};
    aurora__range range = {.table = AURORA__TABLE_log_epoch,
                           .index = -1,
                           .flags = AURORA_SCAN_DESCENDING,
                           .upper = &upper,
                           .upper_count = 1,
                           .limit = 1};
    aurora__query_arena arena;
    aurora__log_epoch_row row;
    uint32_t count = 0;
    aurora__query_arena_init(&arena, engine->options.allocator);
    aurora_status rc = aurora__engine_scan(engine, txn, &range, &arena, &row, &count);
    aurora__query_arena_free(&arena);
    if (rc == AURORA_OK && count == 0)
        return AURORA_ENOTFOUND;
    if (rc == AURORA_OK)
        *out = row.log_id;
    return rc;
}

/* A store that was just made has no epoch; another process may make it at the same time, and the
 * first one's stays. */
static aurora_status ensure_epoch(aurora__engine *engine)
{
    aurora_store_txn *txn;
    aurora_id id;
    aurora_status rc = aurora__engine_read_begin(engine, &txn);
    if (rc != AURORA_OK)
        return rc;
    rc = aurora__engine_log_id(engine, txn, INT64_MAX, &id);
    aurora__engine_read_end(engine, txn);
    if (rc != AURORA_ENOTFOUND || engine->options.is_readonly)
        return rc == AURORA_ENOTFOUND ? AURORA_OK : rc;
    uint64_t epoch;
    aurora_store *store = &engine->store;
    id = aurora__engine_next_id(engine);
    rc = store->begin(store->self, AURORA_TXN_WRITE, id, 5000, &epoch, &txn);
    if (rc != AURORA_OK)
        return rc;
    aurora_id existing;
    rc = aurora__engine_log_id(engine, txn, INT64_MAX, &existing);
    if (rc == AURORA_ENOTFOUND)
        rc = put_epoch(store, txn, &id, aurora__engine_wall_ms(engine), AURORA_PUT_INSERT);
    if (rc == AURORA_OK)
        rc = store->commit(store->self, txn);
    else
        store->rollback(store->self, txn);
    return rc == AURORA_ECONFLICT ? AURORA_OK : rc;
}

/* Starts at the end of the log, and never with a clock behind its newest row. */
static aurora_status read_head(aurora__engine *engine)
{
    aurora_store_txn *txn;
    aurora_log_bounds bounds;
    aurora_log_row row;
    uint32_t count = 0;
    aurora__query_arena arena;
    aurora_status rc = aurora__engine_read_begin(engine, &txn);
    if (rc != AURORA_OK)
        return rc;
    aurora__query_arena_init(&arena, engine->options.allocator);
    aurora_arena_port port = aurora__arena_port(&arena.arena);
    rc = engine->store.log_bounds(engine->store.self, txn, &bounds);
    if (rc == AURORA_OK && bounds.head >= bounds.first)
        rc =
            engine->store.log_read(engine->store.self, txn, bounds.head, 1, &row, 1, &count, &port);
    aurora__query_arena_free(&arena);
    aurora__engine_read_end(engine, txn);
    if (rc != AURORA_OK)
        return rc;
    engine->tail = bounds.head;
    if (count > 0) {
        engine->clock_floor_ms = row.at_ms;
        engine->clock_floor_ns = aurora__engine_monotonic_ns(engine);
    }
    return AURORA_OK;
}

static aurora_status init_sync(aurora__engine *engine)
{
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0)
        return AURORA_ENOMEM;
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    int rc = pthread_mutex_init(&engine->lock, NULL);
    rc |= pthread_cond_init(&engine->changed, &attributes);
    rc |= pthread_cond_init(&engine->queued, &attributes);
    pthread_condattr_destroy(&attributes);
    return rc == 0 ? AURORA_OK : AURORA_ENOMEM;
}

static aurora_status start(aurora__engine *engine, const aurora__engine_options *options)
{
    engine->process = getpid();
    engine->event_fd = -1;
    engine->is_parked_stale = true;
    aurora__block_arena_init(&engine->batch_blocks, options->allocator);
    aurora__block_arena_init(&engine->cache_blocks, options->allocator);
    aurora__block_arena_init(&engine->recent_blocks, options->allocator);
    aurora__rows_init(&engine->rows, &engine->batch_blocks.arena, &engine->cache_blocks.arena);
    if (options->store.flags & AURORA_STORE_SERIAL)
        aurora__rows_keep_recent(&engine->rows, &engine->recent_blocks.arena);
    else
        aurora__rows_share(&engine->rows);
    if (!options->random.fill(options->random.self, engine->random_state,
                              sizeof engine->random_state))
        return AURORA_EIO;
    aurora_status rc =
        aurora__counters_open(&engine->counters, options->allocator, options->policy.modules);
    if (rc == AURORA_OK) {
        aurora__gauge_set(engine->counters.log_max_bytes, options->log_max_bytes);
        rc = init_sync(engine);
    }
    if (rc == AURORA_OK)
        rc = aurora__keys_new(engine);
    if (rc == AURORA_OK && aurora__engine_is_shared(engine))
        rc = aurora__timer_share(engine);
    if (rc == AURORA_OK && !options->has_worker) {
        engine->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        rc = engine->event_fd < 0 ? AURORA_EIO : AURORA_OK;
    }
    if (rc == AURORA_OK)
        rc = ensure_epoch(engine);
    return rc == AURORA_OK ? read_head(engine) : rc;
}

aurora_status aurora__engine_new(const aurora__engine_options *options, aurora__engine **out,
                                 aurora_error *err)
{
    const aurora_allocator *allocator = options->allocator;
    aurora_store store = options->store;
    aurora__engine *engine = allocator->allocate(allocator->self, sizeof *engine);
    *out = NULL;
    if (engine == NULL) {
        store.close(store.self);
        return AURORA_ENOMEM;
    }
    memset(engine, 0, sizeof *engine);
    engine->options = *options;
    engine->log_level_min = options->log.level_min;
    engine->store = store;
    aurora_status rc = start(engine, options);
    if (rc != AURORA_OK) {
        if (err != NULL)
            snprintf(err->message, sizeof err->message, "the store could not be read: %s",
                     aurora_status_text(rc));
        store.close(store.self);
        close_parts(engine);
        return rc;
    }
    listen(engine);
    *out = engine;
    return AURORA_OK;
}

aurora_status aurora__engine_start_worker(aurora__engine *engine)
{
    if (!engine->options.has_worker)
        return AURORA_OK;
    if (pthread_create(&engine->worker, NULL, aurora__engine_work, engine) != 0)
        return AURORA_ENOMEM;
    engine->is_worker_started = true;
    return AURORA_OK;
}

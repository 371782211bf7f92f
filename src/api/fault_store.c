/* SPDX-License-Identifier: MIT */
/* A store in front of a store: it fails, forgets or ends the process where a plan says so. What
 * happens behind it is real: a lost commit has committed, a failed one has not. */
#include <string.h>

#include "api/fault.h"

typedef struct {
    aurora_store inner;
    aurora_allocator allocator;
    aurora_fault_plan *plan;
    /* Of the one write transaction at a time: what `resolve` has to say about its batch. */
    aurora_id batch;
    aurora_id unknown_batch;
    aurora_status unknown_outcome; /* AURORA_ETIMEDOUT = nothing of ours is unknown */
} faulty;

/* Visits a point before its step. True when the step is not to happen, with *status_out to return;
 * else *is_lost_out says that its answer is. */
static bool fails(faulty *store, uint32_t point, bool *is_lost_out, aurora_status *status_out)
{
    int32_t action = aurora__fault_visit(store->plan, point, status_out);
    *is_lost_out = action == AURORA_FAULT_LOSE;
    return action == AURORA_FAULT_FAIL;
}

static aurora_status begin(void *self, uint32_t kind, aurora_id batch, int32_t timeout_ms,
                           uint64_t *epoch_out, aurora_store_txn **out)
{
    faulty *store = self;
    aurora_status rc;
    bool is_lost;
    uint32_t point = kind == AURORA_TXN_WRITE ? AURORA__FAULT_BEGIN : AURORA__FAULT_BEGIN_READ;
    if (fails(store, point, &is_lost, &rc))
        return rc;
    rc = store->inner.begin(store->inner.self, kind, batch, timeout_ms, epoch_out, out);
    if (rc != AURORA_OK)
        return rc;
    if (is_lost) {
        store->inner.rollback(store->inner.self, *out);
        *out = NULL;
        return AURORA_EIO;
    }
    if (kind == AURORA_TXN_WRITE)
        store->batch = batch;
    return AURORA_OK;
}

static aurora_status load(void *self, aurora_store_txn *txn, aurora_store_load *loads,
                          uint32_t count, bool is_locked, const aurora_arena_port *arena)
{
    faulty *store = self;
    aurora_status rc;
    bool is_lost;
    if (fails(store, AURORA__FAULT_LOAD, &is_lost, &rc))
        return rc;
    rc = store->inner.load(store->inner.self, txn, loads, count, is_locked, arena);
    return is_lost ? AURORA_EIO : rc;
}

static aurora_status scan(void *self, aurora_store_txn *txn, aurora_store_scan *range,
                          const aurora_arena_port *arena)
{
    faulty *store = self;
    aurora_status rc;
    bool is_lost;
    if (fails(store, AURORA__FAULT_SCAN, &is_lost, &rc))
        return rc;
    rc = store->inner.scan(store->inner.self, txn, range, arena);
    return is_lost ? AURORA_EIO : rc;
}

static aurora_status save(void *self, aurora_store_txn *txn, const aurora_store_put *puts,
                          uint32_t count, uint32_t *failed_out)
{
    faulty *store = self;
    aurora_status rc;
    bool is_lost;
    if (fails(store, AURORA__FAULT_SAVE, &is_lost, &rc)) {
        *failed_out = 0;
        return rc;
    }
    rc = store->inner.save(store->inner.self, txn, puts, count, failed_out);
    return is_lost ? AURORA_EIO : rc;
}

static aurora_status append(void *self, aurora_store_txn *txn, aurora_log_row *row)
{
    faulty *store = self;
    aurora_status rc;
    bool is_lost;
    if (fails(store, AURORA__FAULT_APPEND, &is_lost, &rc))
        return rc;
    rc = store->inner.append(store->inner.self, txn, row);
    return is_lost ? AURORA_EIO : rc;
}

/* --- the end of a batch ----------------------------------------------------------------------- */

static aurora_status forget(faulty *store, aurora_status outcome)
{
    store->unknown_batch = store->batch;
    store->unknown_outcome = outcome;
    return AURORA_ETIMEDOUT;
}

static aurora_status commit(void *self, aurora_store_txn *txn)
{
    faulty *store = self;
    aurora_status rc, ignored;
    bool is_lost;
    if (fails(store, AURORA__FAULT_COMMIT, &is_lost, &rc)) {
        store->inner.rollback(store->inner.self, txn);
        return rc == AURORA_ETIMEDOUT ? forget(store, AURORA_ENOTFOUND) : rc;
    }
    rc = store->inner.commit(store->inner.self, txn);
    if (rc != AURORA_OK)
        return rc;
    is_lost |= aurora__fault_visit(store->plan, AURORA__FAULT_COMMITTED, &ignored) != 0;
    return is_lost ? forget(store, AURORA_OK) : AURORA_OK;
}

static aurora_status resolve(void *self, aurora_id batch)
{
    faulty *store = self;
    aurora_status rc;
    bool is_lost;
    if (fails(store, AURORA__FAULT_RESOLVE, &is_lost, &rc) || is_lost)
        return AURORA_ETIMEDOUT;
    if (store->unknown_outcome == AURORA_ETIMEDOUT ||
        !aurora_id_is_equal(batch, store->unknown_batch))
        return store->inner.resolve(store->inner.self, batch);
    return store->unknown_outcome;
}

static void rollback(void *self, aurora_store_txn *txn)
{
    faulty *store = self;
    store->inner.rollback(store->inner.self, txn);
}

/* --- the log, and care ------------------------------------------------------------------------ */

static aurora_status log_read(void *self, aurora_store_txn *txn, int64_t from, size_t bytes_max,
                              aurora_log_row *rows_out, uint32_t capacity, uint32_t *count_out,
                              const aurora_arena_port *arena)
{
    faulty *store = self;
    aurora_status rc;
    bool is_lost;
    if (fails(store, AURORA__FAULT_LOG_READ, &is_lost, &rc))
        return rc;
    rc = store->inner.log_read(store->inner.self, txn, from, bytes_max, rows_out, capacity,
                               count_out, arena);
    return is_lost ? AURORA_EIO : rc;
}

static aurora_status log_bounds(void *self, aurora_store_txn *txn, aurora_log_bounds *out)
{
    faulty *store = self;
    aurora_status rc;
    bool is_lost;
    if (fails(store, AURORA__FAULT_LOG_BOUNDS, &is_lost, &rc))
        return rc;
    rc = store->inner.log_bounds(store->inner.self, txn, out);
    return is_lost ? AURORA_EIO : rc;
}

static aurora_status log_trim(void *self, aurora_store_txn *txn, int64_t position,
                              uint32_t rows_max)
{
    faulty *store = self;
    aurora_status rc;
    bool is_lost;
    if (fails(store, AURORA__FAULT_LOG_TRIM, &is_lost, &rc))
        return rc;
    rc = store->inner.log_trim(store->inner.self, txn, position, rows_max);
    return is_lost ? AURORA_EIO : rc;
}

static aurora_status maintain(void *self, bool is_idle)
{
    faulty *store = self;
    aurora_status rc;
    bool is_lost;
    if (fails(store, AURORA__FAULT_MAINTAIN, &is_lost, &rc))
        return rc;
    rc = store->inner.maintain(store->inner.self, is_idle);
    return is_lost ? AURORA_EIO : rc;
}

static aurora_status backup(void *self, const char *path, aurora_error *err)
{
    faulty *store = self;
    aurora_status rc;
    bool is_lost;
    if (fails(store, AURORA__FAULT_BACKUP, &is_lost, &rc))
        return rc;
    rc = store->inner.backup(store->inner.self, path, err);
    return is_lost ? AURORA_EIO : rc;
}

static int64_t bytes_used(void *self)
{
    faulty *store = self;
    return store->inner.bytes_used(store->inner.self);
}

static int64_t bytes_free(void *self)
{
    faulty *store = self;
    return store->inner.bytes_free(store->inner.self);
}

static int64_t store_now_ms(void *self, aurora_store_txn *txn)
{
    faulty *store = self;
    return store->inner.now_ms(store->inner.self, txn);
}

static aurora_status outbox(void *self, aurora_store_txn *txn, const aurora_store_outbox_row *rows,
                            uint32_t count)
{
    faulty *store = self;
    return store->inner.outbox(store->inner.self, txn, rows, count);
}

static aurora_status listen(void *self, void (*changed)(void *changed_self), void *changed_self)
{
    faulty *store = self;
    return store->inner.listen(store->inner.self, changed, changed_self);
}

static void close_store(void *self)
{
    faulty *store = self;
    aurora_allocator allocator = store->allocator;
    store->inner.close(store->inner.self);
    allocator.release(allocator.self, store);
}

static const aurora_store port = {
    .size = sizeof port,
    .begin = begin,
    .load = load,
    .scan = scan,
    .save = save,
    .append = append,
    .commit = commit,
    .resolve = resolve,
    .rollback = rollback,
    .log_read = log_read,
    .log_bounds = log_bounds,
    .log_trim = log_trim,
    .maintain = maintain,
    .backup = backup,
    .bytes_used = bytes_used,
    .close = close_store,
};

aurora_status aurora__fault_store_wrap(aurora_store *store, aurora_fault_plan *plan,
                                       const aurora_allocator *allocator)
{
    faulty *self = allocator->allocate(allocator->self, sizeof *self);
    if (self == NULL)
        return AURORA_ENOMEM;
    memset(self, 0, sizeof *self);
    self->inner = *store;
    self->allocator = *allocator;
    self->plan = plan;
    self->unknown_outcome = AURORA_ETIMEDOUT;
    *store = port;
    store->flags = self->inner.flags;
    store->now_ms = self->inner.now_ms != NULL ? store_now_ms : NULL;
    store->listen = self->inner.listen != NULL ? listen : NULL;
    store->outbox = self->inner.outbox != NULL ? outbox : NULL;
    store->bytes_free = self->inner.bytes_free != NULL ? bytes_free : NULL;
    store->self = self;
    return AURORA_OK;
}

/* SPDX-License-Identifier: MIT */
/* Transactions: who may write, what a reader sees, and when replaced memory may go. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "store.h"

aurora_status aurora__memory_fault_take(aurora__store_memory_fault *fault)
{
    if (atomic_load_explicit(&fault->status, memory_order_acquire) == 0)
        return AURORA_OK;
    if (atomic_load(&fault->skip) > 0) {
        atomic_fetch_sub(&fault->skip, 1);
        return AURORA_OK;
    }
    return atomic_exchange(&fault->status, 0);
}

static void queue_push(aurora__memory_queue *queue, aurora__memory_txn *txn)
{
    txn->next = NULL;
    txn->previous = queue->last;
    if (queue->last != NULL)
        queue->last->next = txn;
    else
        queue->first = txn;
    queue->last = txn;
}

static void queue_remove(aurora__memory_queue *queue, aurora__memory_txn *txn)
{
    if (txn->previous != NULL)
        txn->previous->next = txn->next;
    else
        queue->first = txn->next;
    if (txn->next != NULL)
        txn->next->previous = txn->previous;
    else
        queue->last = txn->previous;
}

static void copy_state(aurora__memory_state *to, const aurora__memory_state *from, uint32_t roots)
{
    to->log_head = from->log_head;
    to->log_bytes = from->log_bytes;
    memcpy(to->roots, from->roots, roots * sizeof(aurora__memory_node *));
}

/* --- memory that nobody sees any more ------------------------------------------------------- */

/* Takes the garbage that no open reader can reach out of the queue. Under the mutex. */
static aurora__memory_txn *take_garbage(aurora__memory_store *store)
{
    aurora__memory_txn *taken = NULL;
    uint64_t oldest = store->readers.first == NULL ? UINT64_MAX : store->readers.first->snapshot;
    while (store->garbage.first != NULL && store->garbage.first->snapshot <= oldest) {
        aurora__memory_txn *txn = store->garbage.first;
        queue_remove(&store->garbage, txn);
        txn->next = taken;
        taken = txn;
    }
    return taken;
}

/* Frees it, outside the mutex: it may be much after a long read. */
static void free_garbage(aurora__memory_store *store, aurora__memory_txn *garbage)
{
    int64_t bytes = 0;
    while (garbage != NULL) {
        aurora__memory_txn *next = garbage->next;
        bytes += aurora__memory_objects_free(&store->allocator, garbage->changes.retired);
        store->allocator.release(store->allocator.self, garbage);
        garbage = next;
    }
    if (bytes == 0)
        return;
    pthread_mutex_lock(&store->mutex);
    store->bytes -= bytes;
    pthread_mutex_unlock(&store->mutex);
}

/* --- begin ---------------------------------------------------------------------------------- */

static struct timespec deadline_after(int32_t timeout_ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += timeout_ms / 1000;
    at.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

/* Waits until no writer is open. Under the mutex. */
static aurora_status wait_for_writer(aurora__memory_store *store, int32_t timeout_ms)
{
    if (!store->has_writer)
        return AURORA_OK;
    if (timeout_ms <= 0)
        return AURORA_EBUSY;
    struct timespec deadline = deadline_after(timeout_ms);
    while (store->has_writer) {
        int rc = pthread_cond_timedwait(&store->writer_left, &store->mutex, &deadline);
        if (rc == ETIMEDOUT && store->has_writer)
            return AURORA_EBUSY;
    }
    return AURORA_OK;
}

static aurora_status check_begin(aurora__memory_store *store, uint32_t kind)
{
    if (kind == AURORA_TXN_READ)
        return aurora__memory_fault_take(&store->faults.begin_read);
    if (kind != AURORA_TXN_WRITE)
        return AURORA_EINVAL;
    return aurora__memory_fault_take(&store->faults.begin_write);
}

aurora_status aurora__memory_begin(void *self, uint32_t kind, aurora_id batch, int32_t timeout_ms,
                                   uint64_t *epoch_out, aurora_store_txn **out)
{
    aurora__memory_store *store = self;
    aurora_status rc = check_begin(store, kind);
    if (rc != AURORA_OK)
        return rc;
    size_t roots = store->root_count * sizeof(aurora__memory_node *);
    aurora__memory_txn *txn =
        store->allocator.allocate(store->allocator.self, sizeof(aurora__memory_txn) + roots);
    if (txn == NULL)
        return AURORA_ENOMEM;
    *txn = (aurora__memory_txn){.kind = kind, .batch = batch};
    txn->changes.allocator = &store->allocator;
    txn->state.roots = txn->roots;

    pthread_mutex_lock(&store->mutex);
    if (kind == AURORA_TXN_READ)
        queue_push(&store->readers, txn);
    else
        rc = wait_for_writer(store, timeout_ms);
    if (rc == AURORA_OK) {
        txn->snapshot = store->commits;
        copy_state(&txn->state, &store->state, store->root_count);
    }
    if (rc == AURORA_OK && kind == AURORA_TXN_WRITE) {
        store->has_writer = true;
        txn->changes.writer = ++store->writers;
    }
    pthread_mutex_unlock(&store->mutex);

    if (rc != AURORA_OK) {
        store->allocator.release(store->allocator.self, txn);
        return rc;
    }
    /* Nobody else can write to memory of ours: the epoch never changes. */
    if (kind == AURORA_TXN_WRITE && epoch_out != NULL)
        *epoch_out = 1;
    *out = (aurora_store_txn *)txn;
    return AURORA_OK;
}

/* --- end ------------------------------------------------------------------------------------ */

/* Lets the next writer in. Under the mutex. */
static void leave_writer(aurora__memory_store *store)
{
    store->has_writer = false;
    pthread_cond_signal(&store->writer_left);
}

/* Makes the transaction's state the newest one. Under the mutex. */
static void publish(aurora__memory_store *store, aurora__memory_txn *txn)
{
    copy_state(&store->state, &txn->state, store->root_count);
    store->bytes += txn->changes.bytes;
    txn->snapshot = ++store->commits;
    queue_push(&store->garbage, txn);
}

aurora_status aurora__memory_commit(void *self, aurora_store_txn *opaque)
{
    aurora__memory_txn *txn = (aurora__memory_txn *)opaque;
    aurora__memory_store *store = self;
    aurora_status rc = txn->kind == AURORA_TXN_WRITE
                           ? aurora__memory_fault_take(&store->faults.commit)
                           : AURORA_EINVAL;
    aurora_status outcome = rc;
    if (rc == AURORA_ETIMEDOUT) {
        outcome = atomic_load(&store->faults.commit_outcome);
        pthread_mutex_lock(&store->mutex);
        store->unknown = txn->batch;
        store->unknown_outcome = outcome;
        pthread_mutex_unlock(&store->mutex);
    }
    if (outcome != AURORA_OK) {
        aurora__memory_rollback(self, (aurora_store_txn *)txn);
        return rc;
    }
    pthread_mutex_lock(&store->mutex);
    if (rc == AURORA_OK)
        store->committed = txn->batch;
    publish(store, txn);
    aurora__memory_txn *garbage = take_garbage(store);
    leave_writer(store);
    pthread_mutex_unlock(&store->mutex);
    free_garbage(store, garbage);
    return rc;
}

aurora_status aurora__memory_resolve(void *self, aurora_id batch)
{
    aurora__memory_store *store = self;
    pthread_mutex_lock(&store->mutex);
    aurora_status rc = AURORA_ENOTFOUND;
    if (aurora_id_is_equal(batch, store->unknown)) {
        rc = store->unknown_outcome;
        if (atomic_load(&store->faults.resolve_delay) > 0) {
            atomic_fetch_sub(&store->faults.resolve_delay, 1);
            rc = AURORA_ETIMEDOUT;
        }
    } else if (aurora_id_is_equal(batch, store->committed)) {
        rc = AURORA_OK;
    }
    pthread_mutex_unlock(&store->mutex);
    return rc;
}

void aurora__memory_rollback(void *self, aurora_store_txn *opaque)
{
    aurora__memory_txn *txn = (aurora__memory_txn *)opaque;
    aurora__memory_store *store = self;
    if (txn == NULL)
        return;
    aurora__memory_objects_free(&store->allocator, txn->changes.fresh);
    aurora__memory_txn *garbage = NULL;
    pthread_mutex_lock(&store->mutex);
    if (txn->kind == AURORA_TXN_WRITE) {
        leave_writer(store);
    } else {
        queue_remove(&store->readers, txn);
        garbage = take_garbage(store);
    }
    pthread_mutex_unlock(&store->mutex);
    store->allocator.release(store->allocator.self, txn);
    free_garbage(store, garbage);
}

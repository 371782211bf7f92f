/* SPDX-License-Identifier: MIT */
/* Transactions: one writer under FILE-aurora, any number of readers on connections of their own. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include <aurora/handle.h>

#include "adapters/store_sqlite/instance.h"

aurora_status aurora__sqlite_claim(aurora__sqlite_store *store, int64_t timeout_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t nanoseconds = until.tv_nsec + timeout_ms % 1000 * 1000000;
    until.tv_sec += (time_t)(timeout_ms / 1000 + nanoseconds / 1000000000);
    until.tv_nsec = (long)(nanoseconds % 1000000000);
    int rc = 0;
    pthread_mutex_lock(&store->mutex);
    while (store->is_writing && rc != ETIMEDOUT)
        rc = pthread_cond_timedwait(&store->is_free, &store->mutex, &until);
    bool is_claimed = !store->is_writing;
    if (is_claimed)
        store->is_writing = 1;
    pthread_mutex_unlock(&store->mutex);
    return is_claimed ? AURORA_OK : AURORA_EBUSY;
}

void aurora__sqlite_unclaim(aurora__sqlite_store *store)
{
    pthread_mutex_lock(&store->mutex);
    store->is_writing = 0;
    pthread_cond_signal(&store->is_free);
    pthread_mutex_unlock(&store->mutex);
}

aurora_status aurora__sqlite_writer_open(aurora__sqlite_store *store)
{
    if (store->writer != NULL)
        return AURORA_OK;
    aurora__sqlite_place place = {.path = store->path,
                                  .vfs = store->faults ? store->faults->vfs : NULL,
                                  .is_reader = store->options.flags & AURORA_STORE_READONLY};
    aurora_status status = aurora__sqlite_connection_open(&store->options, &place, &store->writer);
    if (status != AURORA_OK)
        return status;
    sqlite3_wal_hook(store->writer->db, aurora__sqlite_on_commit, store);
    /* data_version means something within one connection only. */
    store->epoch++;
    store->is_head_known = 0;
    store->data_version = -1;
    return AURORA_OK;
}

/* Ends whatever transaction the connection is in; SQLite may have ended it by itself. */
static void end(aurora__sqlite_connection *connection)
{
    if (!sqlite3_get_autocommit(connection->db))
        aurora__sqlite_run(connection, AURORA__SQLITE_ROLLBACK);
}

/* Inside the transaction: has anybody else written since our last one? */
static aurora_status refresh(aurora__sqlite_store *store)
{
    aurora__sqlite_connection *writer = store->writer;
    aurora_status status;
    sqlite3_stmt *stmt = aurora__sqlite_fixed(writer, AURORA__SQLITE_DATA_VERSION, &status);
    if (stmt == NULL)
        return status;
    int rc = sqlite3_step(stmt);
    int64_t version = sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    if (rc != SQLITE_ROW)
        return aurora__sqlite_status(rc);
    if (version != store->data_version) {
        store->epoch++;
        store->is_head_known = 0;
    }
    if (!store->is_head_known) {
        status = aurora__sqlite_head_get(writer, &store->head, NULL);
        if (status != AURORA_OK)
            return status;
    }
    store->data_version = version;
    store->is_head_known = 1;
    return AURORA_OK;
}

static aurora_status start_write(aurora__sqlite_store *store, int64_t until)
{
    int64_t left = until - aurora__sqlite_clock_ms();
    aurora_status status = aurora__sqlite_locks_take_write(&store->locks, left);
    if (status != AURORA_OK)
        return status;
    status = aurora__sqlite_writer_open(store);
    if (status == AURORA_OK) {
        /* Only programs that do not know FILE-aurora, such as sqlite3, are waited for here. */
        left = until - aurora__sqlite_clock_ms();
        sqlite3_busy_timeout(store->writer->db, left > 0 ? (int)left : 0);
        status = aurora__sqlite_status(
            aurora__sqlite_run(store->writer, AURORA__SQLITE_BEGIN_IMMEDIATE));
    }
    if (status == AURORA_OK) {
        status = refresh(store);
        if (status != AURORA_OK)
            end(store->writer);
    }
    if (status != AURORA_OK)
        aurora__sqlite_locks_give_write(&store->locks);
    return status;
}

static aurora_status begin_write(aurora__sqlite_store *store, aurora_id batch, int32_t timeout_ms,
                                 uint64_t *epoch_out, aurora_store_txn **out)
{
    if (store->options.flags & AURORA_STORE_READONLY)
        return AURORA_EREADONLY;
    int64_t until = aurora__sqlite_clock_ms() + timeout_ms;
    aurora_status status = aurora__sqlite_claim(store, timeout_ms);
    if (status != AURORA_OK)
        return status;
    if (store->is_unknown && aurora__sqlite_outcome(store) == AURORA_ETIMEDOUT)
        status = AURORA_EIO;
    else
        status = start_write(store, until);
    if (status != AURORA_OK) {
        aurora__sqlite_unclaim(store);
        return status;
    }
    store->writer->txn = (aurora_store_txn){
        .connection = store->writer, .kind = AURORA_TXN_WRITE, .batch = batch, .head = store->head};
    if (epoch_out != NULL)
        *epoch_out = store->epoch;
    *out = &store->writer->txn;
    return AURORA_OK;
}

static uint32_t *count_of(aurora__sqlite_store *store, int kind)
{
    return kind == AURORA__SQLITE_BACKUP ? &store->backup_count : &store->query_count;
}

void aurora__sqlite_snapshot_enter(aurora__sqlite_store *store, int kind)
{
    pthread_mutex_lock(&store->mutex);
    if ((*count_of(store, kind))++ == 0)
        aurora__sqlite_locks_hold_snapshot(&store->locks, kind);
    pthread_mutex_unlock(&store->mutex);
}

void aurora__sqlite_snapshot_leave(aurora__sqlite_store *store, int kind)
{
    pthread_mutex_lock(&store->mutex);
    if (--*count_of(store, kind) == 0)
        aurora__sqlite_locks_give_snapshot(&store->locks, kind);
    pthread_mutex_unlock(&store->mutex);
}

static aurora_status take_reader(aurora__sqlite_store *store, aurora__sqlite_connection **out)
{
    pthread_mutex_lock(&store->mutex);
    aurora__sqlite_connection *reader = store->readers;
    if (reader != NULL) {
        store->readers = reader->next;
        store->reader_count--;
    }
    pthread_mutex_unlock(&store->mutex);
    *out = reader;
    if (reader != NULL)
        return AURORA_OK;
    aurora__sqlite_place place = {
        .path = store->path, .vfs = store->faults ? store->faults->vfs : NULL, .is_reader = true};
    return aurora__sqlite_connection_open(&store->options, &place, out);
}

static void give_reader(aurora__sqlite_store *store, aurora__sqlite_connection *reader)
{
    pthread_mutex_lock(&store->mutex);
    bool is_kept = store->reader_count < AURORA__SQLITE_READERS_MAX;
    if (is_kept) {
        reader->next = store->readers;
        store->readers = reader;
        store->reader_count++;
    }
    pthread_mutex_unlock(&store->mutex);
    if (!is_kept)
        aurora__sqlite_connection_close(reader, false);
}

static aurora_status begin_read(aurora__sqlite_store *store, aurora_store_txn **out)
{
    aurora__sqlite_connection *reader;
    aurora_status status = take_reader(store, &reader);
    if (status != AURORA_OK)
        return status;
    reader->txn = (aurora_store_txn){.connection = reader, .kind = AURORA_TXN_READ};
    aurora__sqlite_snapshot_enter(store, AURORA__SQLITE_QUERY);
    status = aurora__sqlite_status(aurora__sqlite_run(reader, AURORA__SQLITE_BEGIN));
    /* BEGIN alone takes no snapshot; the first read does. */
    if (status == AURORA_OK)
        status = aurora__sqlite_head_get(reader, &reader->txn.head, NULL);
    if (status != AURORA_OK) {
        end(reader);
        aurora__sqlite_snapshot_leave(store, AURORA__SQLITE_QUERY);
        give_reader(store, reader);
        return status;
    }
    *out = &reader->txn;
    return AURORA_OK;
}

aurora_status aurora__sqlite_begin(void *self, uint32_t kind, aurora_id batch, int32_t timeout_ms,
                                   uint64_t *epoch_out, aurora_store_txn **out)
{
    *out = NULL;
    if (kind == AURORA_TXN_READ)
        return begin_read(self, out);
    return begin_write(self, batch, timeout_ms > 0 ? timeout_ms : 0, epoch_out, out);
}

static void finish_write(aurora__sqlite_store *store)
{
    aurora__sqlite_locks_give_write(&store->locks);
    aurora__sqlite_unclaim(store);
}

static int run_commit(aurora__sqlite_store *store)
{
    uint32_t fault = store->faults ? store->faults->fail_commit : 0;
    if (fault == 0)
        return aurora__sqlite_run(store->writer, AURORA__SQLITE_COMMIT);
    store->faults->fail_commit = 0;
    aurora__sqlite_run(store->writer, fault == AURORA__SQLITE_COMMIT_DONE
                                          ? AURORA__SQLITE_COMMIT
                                          : AURORA__SQLITE_ROLLBACK);
    return SQLITE_IOERR;
}

/* A COMMIT that finds the disk full or another writer has surely not written its last frame,
 * without which the others count for nothing. After any other failure the frames may all be
 * there. */
static bool is_surely_undone(int rc)
{
    return (rc & 0xff) == SQLITE_FULL || (rc & 0xff) == SQLITE_BUSY;
}

static aurora_status commit_dirty(aurora__sqlite_store *store, aurora_store_txn *txn)
{
    aurora__sqlite_head head = txn->head;
    store->batch = txn->batch;
    store->batch_status = AURORA_ENOTFOUND;
    aurora_status status = aurora__sqlite_head_put(txn->connection, &head, &txn->batch);
    if (status != AURORA_OK) {
        end(store->writer);
        return status == AURORA_ECONFLICT ? AURORA_EIO : status;
    }
    int rc = run_commit(store);
    if (rc == SQLITE_OK) {
        store->head = head;
        store->batch_status = AURORA_OK;
        return AURORA_OK;
    }
    aurora__sqlite_log(&store->options, AURORA_LOG_ERROR, "sqlite: %s: commit failed: %s (%d)",
                       store->path, sqlite3_errmsg(store->writer->db), rc);
    end(store->writer);
    if (is_surely_undone(rc))
        return aurora__sqlite_status(rc);
    store->is_unknown = 1;
    store->doubted = store->batch;
    status = aurora__sqlite_outcome(store);
    return status == AURORA_ENOTFOUND ? AURORA_EIO : status;
}

aurora_status aurora__sqlite_commit(void *self, aurora_store_txn *txn)
{
    aurora__sqlite_store *store = self;
    aurora_status status = AURORA_OK;
    if (txn->kind != AURORA_TXN_WRITE)
        return AURORA_EINVAL;
    if (txn->is_dirty) {
        status = commit_dirty(store, txn);
    } else {
        store->batch = txn->batch;
        store->batch_status = AURORA_OK;
        end(store->writer);
    }
    /* While the outcome is unknown FILE-aurora stays ours, so that nobody builds on either one. */
    if (status == AURORA_ETIMEDOUT)
        aurora__sqlite_unclaim(store);
    else
        finish_write(store);
    return status;
}

aurora_status aurora__sqlite_resolve(void *self, aurora_id batch)
{
    aurora__sqlite_store *store = self;
    if (aurora__sqlite_claim(store, 0) != AURORA_OK)
        return AURORA_ETIMEDOUT;
    aurora_status status = AURORA_ENOTFOUND;
    if (store->is_unknown) {
        status = aurora__sqlite_outcome(store);
        if (status != AURORA_ETIMEDOUT)
            aurora__sqlite_locks_give_write(&store->locks);
    }
    if (!store->is_unknown && aurora_id_is_equal(store->doubted, batch))
        status = store->doubted_status;
    else if (!store->is_unknown && aurora_id_is_equal(store->batch, batch))
        status = store->batch_status;
    aurora__sqlite_unclaim(store);
    return status;
}

void aurora__sqlite_rollback(void *self, aurora_store_txn *txn)
{
    aurora__sqlite_store *store = self;
    end(txn->connection);
    if (txn->kind == AURORA_TXN_WRITE) {
        finish_write(store);
        return;
    }
    aurora__sqlite_snapshot_leave(store, AURORA__SQLITE_QUERY);
    give_reader(store, txn->connection);
}

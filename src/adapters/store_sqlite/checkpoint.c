/* SPDX-License-Identifier: MIT */
/* Checkpoints. They run between batches on the write connection and under FILE-aurora, never beside
 * a write: SQLite before 3.51.3 may lose commits when a checkpoint and a write that restarts the
 * WAL overlap. They are small, since a checkpoint is as long as the WAL is. */
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include <aurora/handle.h>

#include "adapters/store_sqlite/instance.h"

#define STEP_FRAMES 1000     /* this many new frames are worth a checkpoint under load */
#define PATIENCE_FRAMES 4000 /* this many wait for queries to end; then SQLite's own marks do */
#define PASSIVE_WAIT_MS 20
#define RESTART_WAIT_MS 250 /* few queries take longer; writes wait as well */
#define RESTART_WAIT_MAX_MS 2000
#define RESTART_SLEEP_NS 5000000

int aurora__sqlite_on_commit(void *self, sqlite3 *db, const char *name, int frames)
{
    aurora__sqlite_store *store = self;
    (void)db;
    (void)name;
    /* Fewer than before: the WAL has started again. */
    if (frames <= store->wal_frames) {
        store->checkpointed = 0;
        store->restart_frames = store->restart_first;
        store->restart_gap = AURORA__SQLITE_RESTART_GAP;
    }
    store->wal_frames = frames;
    return SQLITE_OK;
}

static int checkpoint(aurora__sqlite_store *store, int mode)
{
    int frames = -1;
    int done = -1;
    int rc = sqlite3_wal_checkpoint_v2(store->writer->db, NULL, mode, &frames, &done);
    if (frames >= 0) {
        store->wal_frames = frames;
        store->checkpointed = done;
    }
    return rc;
}

/* The longer the WAL has become in spite of it, the longer. */
static int restart_wait_ms(const aurora__sqlite_store *store)
{
    int64_t wait = RESTART_WAIT_MS * (store->wal_frames / store->restart_first);
    return wait < RESTART_WAIT_MAX_MS ? (int)wait : RESTART_WAIT_MAX_MS;
}

/* Has the WAL start anew, waiting at most `wait_ms`. SQLite itself would wait for the place of an
 * old mark, not for the mark: reads that overlap move the mark on and pass the place among them,
 * and it waits in vain. So the marks are looked at again and again until all pages are in the
 * database. From then on reads begin without the WAL, and those that are left end one by one. */
static int restart(aurora__sqlite_store *store, int wait_ms)
{
    int64_t until = aurora__sqlite_clock_ms() + wait_ms;
    int64_t left = wait_ms;
    int rc = SQLITE_OK;
    while (rc == SQLITE_OK && store->checkpointed < store->wal_frames && left > 0) {
        nanosleep(&(struct timespec){.tv_nsec = RESTART_SLEEP_NS}, NULL);
        rc = checkpoint(store, SQLITE_CHECKPOINT_PASSIVE);
        left = until - aurora__sqlite_clock_ms();
    }
    if (rc != SQLITE_OK || store->checkpointed < store->wal_frames)
        return rc != SQLITE_OK ? rc : SQLITE_BUSY;
    sqlite3_busy_timeout(store->writer->db, left > 0 ? (int)left : 0);
    return checkpoint(store, SQLITE_CHECKPOINT_RESTART);
}

/* Readers of old snapshots keep the WAL from starting again, and it grows. They are waited for now
 * and then, ever more seldom, since the wait stops all writes. */
static aurora_status step(aurora__sqlite_store *store)
{
    aurora_status status = aurora__sqlite_writer_open(store);
    if (status != AURORA_OK)
        return status;
    sqlite3_busy_timeout(store->writer->db, PASSIVE_WAIT_MS);
    int rc = checkpoint(store, SQLITE_CHECKPOINT_PASSIVE);
    if (rc == SQLITE_OK && store->wal_frames >= store->restart_frames) {
        rc = restart(store, restart_wait_ms(store));
        store->restart_frames = store->wal_frames + store->restart_gap;
        if (store->restart_gap < store->restart_first)
            store->restart_gap *= 2;
        if ((rc & 0xff) == SQLITE_BUSY)
            aurora__sqlite_log(&store->options, AURORA_LOG_WARNING,
                               "sqlite: %s: a long read keeps the WAL at %lld pages", store->path,
                               (long long)store->wal_frames);
    }
    /* Busy means that a reader, or a program that does not know FILE-aurora, is in the way. */
    if (rc == SQLITE_OK || (rc & 0xff) == SQLITE_BUSY)
        return AURORA_OK;
    aurora__sqlite_log(&store->options, AURORA_LOG_ERROR, "sqlite: %s: checkpoint: %s (%d)",
                       store->path, sqlite3_errmsg(store->writer->db), rc);
    return aurora__sqlite_status(rc);
}

/* A checkpoint waits for readers of snapshots (locks.c says why). It cannot wait for ever: queries
 * may overlap without end. A backup keeps the WAL from being reused in any case. */
static bool is_due(const aurora__sqlite_store *store, bool is_idle)
{
    int64_t waiting = store->wal_frames - store->checkpointed;
    if (store->is_unknown || waiting < (is_idle ? 1 : STEP_FRAMES))
        return false;
    if (aurora__sqlite_locks_has_snapshot(&store->locks, AURORA__SQLITE_BACKUP))
        return false;
    return waiting >= PATIENCE_FRAMES ||
           !aurora__sqlite_locks_has_snapshot(&store->locks, AURORA__SQLITE_QUERY);
}

aurora_status aurora__sqlite_maintain(void *self, bool is_idle)
{
    aurora__sqlite_store *store = self;
    if (store->options.flags & AURORA_STORE_READONLY)
        return AURORA_OK;
    if (aurora__sqlite_claim(store, 0) != AURORA_OK)
        return AURORA_OK;
    aurora_status status = AURORA_OK;
    /* Another process that holds FILE-aurora checkpoints for us. */
    if (is_due(store, is_idle) && aurora__sqlite_locks_take_write(&store->locks, 0) == AURORA_OK) {
        status = step(store);
        aurora__sqlite_locks_give_write(&store->locks);
    }
    aurora__sqlite_unclaim(store);
    return status;
}

/* SPDX-License-Identifier: MIT */
/* One open store: its connections, its locks and what it remembers between batches. */
#ifndef AURORA_ADAPTERS_STORE_SQLITE_INSTANCE_H
#define AURORA_ADAPTERS_STORE_SQLITE_INSTANCE_H

#include <pthread.h>
#include <sys/types.h>

#include "adapters/store_sqlite/connection.h"
#include "adapters/store_sqlite/locks.h"
#include "adapters/store_sqlite/store_sqlite.h"

#define AURORA__SQLITE_READERS_MAX 8        /* idle readers that are kept */
#define AURORA__SQLITE_RESTART_FRAMES 16000 /* a WAL this long (64 MiB) is to start anew */
#define AURORA__SQLITE_RESTART_GAP 2000     /* from the first try of that to the second */

typedef struct {
    aurora_store_options options;
    aurora__store_sqlite_faults *faults; /* NULL outside tests */
    char *path;                          /* absolute, without links */
    pid_t pid;                           /* of the process that opened; a child may only close */
    int noted;                           /* of inherited.h */
    aurora__sqlite_locks locks;

    pthread_mutex_t mutex; /* over all up to is_writing */
    pthread_cond_t is_free;
    aurora__sqlite_connection *readers;
    uint32_t reader_count;
    uint32_t query_count;  /* read transactions that are open */
    uint32_t backup_count; /* backups under way */
    uint32_t is_writing;   /* a write transaction, a checkpoint or an unknown commit is on */

    /* Below: of whoever has is_writing. */
    aurora__sqlite_connection *writer; /* NULL while a commit is unknown or after a failed reopen */
    uint64_t epoch;
    int64_t data_version; /* at the end of our last write transaction */
    aurora__sqlite_head head;
    uint32_t is_head_known; /* head is what the file holds unless another wrote */
    uint32_t is_unknown;    /* nobody knows yet whether `doubted` was committed */
    aurora_id batch;        /* the newest that was committed or failed to */
    aurora_status batch_status;
    aurora_id doubted; /* the newest whose commit was unknown for a while */
    aurora_status doubted_status;
    int64_t wal_frames;     /* in the WAL after our last commit or checkpoint */
    int64_t checkpointed;   /* of them, already in the database */
    int64_t restart_first;  /* a WAL this long is to start anew */
    int64_t restart_frames; /* the WAL's length at which a restart is tried next */
    int64_t restart_gap;    /* from that try to the one after it */
} aurora__sqlite_store;

/* Takes is_writing, waiting at most timeout_ms, then AURORA_EBUSY. */
aurora_status aurora__sqlite_claim(aurora__sqlite_store *store, int64_t timeout_ms);
void aurora__sqlite_unclaim(aurora__sqlite_store *store);

/* Counts snapshots of a kind of locks.h; the first and the last one move the lock. */
void aurora__sqlite_snapshot_enter(aurora__sqlite_store *store, int kind);
void aurora__sqlite_snapshot_leave(aurora__sqlite_store *store, int kind);

/* Opens the write connection if there is none. */
aurora_status aurora__sqlite_writer_open(aurora__sqlite_store *store);

/* txn.c: the port's calls. */
aurora_status aurora__sqlite_begin(void *self, uint32_t kind, aurora_id batch, int32_t timeout_ms,
                                   uint64_t *epoch_out, aurora_store_txn **out);
aurora_status aurora__sqlite_commit(void *self, aurora_store_txn *txn);
aurora_status aurora__sqlite_resolve(void *self, aurora_id batch);
void aurora__sqlite_rollback(void *self, aurora_store_txn *txn);

/* outcome.c: finds out what became of store->doubted, after a COMMIT that failed without saying so.
 * AURORA_OK it is durable, AURORA_ENOTFOUND it is not and never will be, AURORA_ETIMEDOUT not known
 * yet. The caller holds FILE-aurora and keeps it until the answer is known. */
aurora_status aurora__sqlite_outcome(aurora__sqlite_store *store);

/* rows.c */
aurora_status aurora__sqlite_rows_load(void *self, aurora_store_txn *txn, aurora_store_load *loads,
                                       uint32_t count, bool is_locked,
                                       const aurora_arena_port *arena);
aurora_status aurora__sqlite_rows_scan(void *self, aurora_store_txn *txn, aurora_store_scan *scan,
                                       const aurora_arena_port *arena);
aurora_status aurora__sqlite_rows_save(void *self, aurora_store_txn *txn,
                                       const aurora_store_put *puts, uint32_t count,
                                       uint32_t *failed_out);

/* log.c */
aurora_status aurora__sqlite_head_get(aurora__sqlite_connection *connection,
                                      aurora__sqlite_head *head_out, aurora_id *batch_out);
aurora_status aurora__sqlite_head_put(aurora__sqlite_connection *connection,
                                      const aurora__sqlite_head *head, const aurora_id *batch);
aurora_status aurora__sqlite_log_append(void *self, aurora_store_txn *txn, aurora_log_row *row);
aurora_status aurora__sqlite_log_read(void *self, aurora_store_txn *txn, int64_t from,
                                      size_t bytes_max, aurora_log_row *rows_out, uint32_t capacity,
                                      uint32_t *count_out, const aurora_arena_port *arena);
aurora_status aurora__sqlite_log_bounds(void *self, aurora_store_txn *txn, aurora_log_bounds *out);
aurora_status aurora__sqlite_log_trim(void *self, aurora_store_txn *txn, int64_t position,
                                      uint32_t rows_max);

/* checkpoint.c */
aurora_status aurora__sqlite_maintain(void *self, bool is_idle);
int aurora__sqlite_on_commit(void *self, sqlite3 *db, const char *name, int frames);

/* backup.c */
aurora_status aurora__sqlite_backup(void *self, const char *path, aurora_error *err);

/* schema.c: migrates the store of the write connection as far as the flags allow and compares its
 * columns with the descriptors. */
aurora_status aurora__sqlite_schema_open(aurora__sqlite_store *store, aurora_error *err);

/* Refuses a file that is not ours, before anything is written to it. */
aurora_status aurora__sqlite_schema_identify(aurora__sqlite_store *store, sqlite3 *db,
                                             aurora_error *err);

#endif

/* SPDX-License-Identifier: MIT */
/* One open store: its connections and what it remembers between batches. */
#ifndef AURORA_ADAPTERS_STORE_POSTGRES_INSTANCE_H
#define AURORA_ADAPTERS_STORE_POSTGRES_INSTANCE_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "adapters/store_postgres/connection.h"
#include "adapters/store_postgres/store_postgres.h"

typedef struct aurora__pg_listener aurora__pg_listener;

typedef struct {
    aurora_store_options options;
    aurora__pg_address address;
    aurora__pg_layout layout;
    aurora_id instance; /* whose mark in last_batch is ours */
    pid_t pid;          /* of the process that opened; a child may only close */

    pthread_mutex_t mutex; /* over all up to bytes_at */
    pthread_cond_t is_free;
    aurora__pg_connection *readers; /* idle ones */
    uint32_t reader_count;          /* open ones, in use or not */
    uint32_t is_writing;            /* a write transaction or an unknown commit is on */
    aurora__pg_listener *listener;
    int64_t bytes_used;
    int64_t bytes_at; /* when that was asked, 0 = never */

    atomic_int writer_pid; /* the server's process of the writer, whose own notices say nothing */

    /* Below: of whoever has is_writing. */
    aurora__pg_connection *writer; /* NULL while there is none */
    int64_t retry_at;              /* no attempt to connect before it */
    int64_t retry_wait;            /* that the next failure waits for */
    uint64_t random;
    uint64_t epoch;
    int64_t position;    /* of the log after our last write transaction */
    uint32_t is_unknown; /* nobody knows yet whether `doubted` was committed */
    aurora_id batch;     /* the newest that was committed or failed to */
    aurora_status batch_status;
    aurora_id doubted; /* the newest whose commit was unknown for a while */
    aurora_status doubted_status;
    int64_t doubted_xact;
} aurora__pg_store;

/* pool.c */

/* Takes is_writing, waiting at most timeout_ms, then AURORA_EBUSY. */
aurora_status aurora__pg_claim(aurora__pg_store *store, int64_t timeout_ms);
void aurora__pg_unclaim(aurora__pg_store *store);

/* Opens the write connection if there is none; after failures not before its time, which it waits
 * for until until_ms. */
aurora_status aurora__pg_writer_open(aurora__pg_store *store, int64_t until_ms);

/* Closes the write connection: it is broken, or in a state that nobody knows. */
void aurora__pg_writer_drop(aurora__pg_store *store);

/* A connection for reading; waits at most timeout_ms for one that others use, then AURORA_EBUSY. */
aurora_status aurora__pg_reader_take(aurora__pg_store *store, int64_t timeout_ms,
                                     aurora__pg_connection **out);
void aurora__pg_reader_give(aurora__pg_store *store, aurora__pg_connection *reader);

/* txn.c: the port's calls. */
aurora_status aurora__pg_begin(void *self, uint32_t kind, aurora_id batch, int32_t timeout_ms,
                               uint64_t *epoch_out, aurora_store_txn **out);
aurora_status aurora__pg_commit(void *self, aurora_store_txn *txn);
aurora_status aurora__pg_resolve(void *self, aurora_id batch);
void aurora__pg_rollback(void *self, aurora_store_txn *txn);
int64_t aurora__pg_now_ms(void *self, aurora_store_txn *txn);

/* rows.c */
aurora_status aurora__pg_rows_load(void *self, aurora_store_txn *txn, aurora_store_load *loads,
                                   uint32_t count, bool is_locked, const aurora_arena_port *arena);
aurora_status aurora__pg_rows_scan(void *self, aurora_store_txn *txn, aurora_store_scan *scan,
                                   const aurora_arena_port *arena);

/* save.c */
aurora_status aurora__pg_rows_save(void *self, aurora_store_txn *txn, const aurora_store_put *puts,
                                   uint32_t count, uint32_t *failed_out);

/* log.c */
aurora_status aurora__pg_log_append(void *self, aurora_store_txn *txn, aurora_log_row *row);
aurora_status aurora__pg_log_read(void *self, aurora_store_txn *txn, int64_t from, size_t bytes_max,
                                  aurora_log_row *rows_out, uint32_t capacity, uint32_t *count_out,
                                  const aurora_arena_port *arena);
aurora_status aurora__pg_log_bounds(void *self, aurora_store_txn *txn, aurora_log_bounds *out);
aurora_status aurora__pg_log_trim(void *self, aurora_store_txn *txn, int64_t position,
                                  uint32_t rows_max);

/* Queues the mark by which a commit in doubt is recognised, once in a transaction. */
aurora_status aurora__pg_log_mark(aurora__pg_store *store, aurora_store_txn *txn);

/* Takes the result of an append; row->position is then known. */
aurora_status aurora__pg_log_appended(aurora_store_txn *txn, const PGresult *result);

/* Reads first, position and bytes of row 0 of a result. */
aurora__pg_head aurora__pg_log_head(const PGresult *result);

/* outbox.c */
aurora_status aurora__pg_outbox(void *self, aurora_store_txn *txn,
                                const aurora_store_outbox_row *rows, uint32_t count);

/* settle.c: a transaction sends its beginning, its puts and its append without waiting. */

/* Takes the answers to all of that, behind a sync: the first failure, or AURORA_OK. txn->is_lost
 * says that an answer will never come. */
aurora_status aurora__pg_settle(aurora_store_txn *txn);

/* Sends what is queued and settles it. */
aurora_status aurora__pg_settle_now(aurora_store_txn *txn);

/* listen.c */
aurora_status aurora__pg_listen(void *self, void (*changed)(void *changed_self),
                                void *changed_self);

/* schema.c: migrates as far as the flags allow and compares the columns with the descriptors. */
aurora_status aurora__pg_schema_open(aurora__pg_store *store, aurora_error *err);

/* Marks a transaction as failed and answers `status`; AURORA_EIO where the connection is gone. */
aurora_status aurora__pg_fail(aurora_store_txn *txn, aurora_status status);

#endif

/* SPDX-License-Identifier: MIT */
/* Transactions of the port, and what became of a commit that nobody answered for. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <aurora/handle.h>

#include "adapters/store_postgres/instance.h"
#include "adapters/store_postgres/words.h"

#define RESOLVE_CONNECT_MS 2000
#define ASK_AGAIN_MS 2000

aurora_status aurora__pg_fail(aurora_store_txn *txn, aurora_status status)
{
    txn->is_failed = 1;
    return txn->connection->is_broken && status != AURORA_ENOMEM ? AURORA_EIO : status;
}

/* Sends ROLLBACK without waiting for its answer, which the connection's next use takes. */
static void send_rollback(aurora__pg_connection *connection)
{
    aurora__pg_params_clear(&connection->params);
    if (aurora__pg_send_fixed(connection, AURORA__PG_ROLLBACK) != AURORA_OK ||
        aurora__pg_sync(connection) != AURORA_OK)
        connection->is_broken = 1;
}

/* The same; an error in what was queued before must not skip the ROLLBACK. */
static void end_unread(aurora__pg_connection *connection)
{
    if (aurora__pg_is_open(connection))
        aurora__pg_sync(connection);
    send_rollback(connection);
}

/* Queues BEGIN and the statement that tells the log's head. What the connection has left to answer
 * is taken before their answers. */
static aurora_status send_begin(aurora_store_txn *txn, int begin, int first)
{
    aurora__pg_connection *connection = txn->connection;
    txn->old_syncs = aurora__pg_sync_count(connection);
    aurora__pg_params_clear(&connection->params);
    aurora_status status = aurora__pg_send_fixed(connection, begin);
    return status == AURORA_OK ? aurora__pg_send_fixed(connection, first) : status;
}

/* The same, and waits for it. */
static aurora_status start(aurora_store_txn *txn, int begin, int first)
{
    aurora_status status = send_begin(txn, begin, first);
    if (status == AURORA_OK)
        status = aurora__pg_settle_now(txn);
    return status != AURORA_OK && txn->connection->is_broken ? AURORA_EIO : status;
}

/* --- begin ------------------------------------------------------------------------------------ */

static aurora_status outcome(aurora__pg_store *store, int64_t until_ms);

/* A connection that broke while it was idle is replaced once: nothing was done on it yet. Who does
 * not ask for the epoch does not wait here: the first load sends the beginning with it. */
static aurora_status start_write(aurora__pg_store *store, aurora_id batch, int64_t until_ms,
                                 bool is_waiting)
{
    aurora_status status = AURORA_EIO;
    int attempts = store->writer != NULL ? 2 : 1;
    for (int attempt = 0; attempt < attempts; attempt++) {
        status = aurora__pg_writer_open(store, until_ms);
        if (status != AURORA_OK)
            return status;
        aurora_store_txn *txn = &store->writer->txn;
        *txn = (aurora_store_txn){
            .connection = store->writer, .kind = AURORA_TXN_WRITE, .batch = batch};
        status = aurora__pg_peek(store->writer);
        if (status == AURORA_OK && is_waiting)
            status = start(txn, AURORA__PG_BEGIN_WRITE, AURORA__PG_START);
        else if (status == AURORA_OK)
            status = send_begin(txn, AURORA__PG_BEGIN_WRITE, AURORA__PG_START);
        if (status == AURORA_OK)
            return status;
        if (!store->writer->is_broken) {
            end_unread(store->writer);
            return status;
        }
        aurora__pg_writer_drop(store);
    }
    return status;
}

/* What the transaction saw of the log when it began. */
static void note_begun(aurora__pg_store *store, const aurora_store_txn *txn)
{
    if (txn->begun_at != store->position)
        store->epoch++;
    store->position = txn->begun_at;
}

static aurora_status begin_write(aurora__pg_store *store, aurora_id batch, int32_t timeout_ms,
                                 uint64_t *epoch_out, aurora_store_txn **out)
{
    if (store->options.flags & AURORA_STORE_READONLY)
        return AURORA_EREADONLY;
    int64_t until = aurora__pg_clock_ms() + timeout_ms;
    aurora_status status = aurora__pg_claim(store, timeout_ms);
    if (status != AURORA_OK)
        return status;
    if (store->is_unknown && outcome(store, until) == AURORA_ETIMEDOUT)
        status = AURORA_EIO;
    else
        status = start_write(store, batch, until, epoch_out != NULL);
    if (status != AURORA_OK) {
        aurora__pg_unclaim(store);
        return status;
    }
    *out = &store->writer->txn;
    if (epoch_out == NULL)
        return AURORA_OK;
    note_begun(store, *out);
    *epoch_out = store->epoch;
    return AURORA_OK;
}

/* Idle connections that broke show it now; there are no more of them than the pool holds. A server
 * that says nothing is not asked on each of them. */
static aurora_status begin_read(aurora__pg_store *store, int32_t timeout_ms, aurora_store_txn **out)
{
    aurora__pg_connection *reader;
    aurora_status status = AURORA_EIO;
    int64_t until = aurora__pg_clock_ms() + ASK_AGAIN_MS;
    for (uint32_t i = 0; i <= store->address.readers_max && status != AURORA_OK; i++) {
        status = aurora__pg_reader_take(store, timeout_ms, &reader);
        if (status != AURORA_OK)
            return status;
        reader->txn = (aurora_store_txn){.connection = reader, .kind = AURORA_TXN_READ};
        status = start(&reader->txn, AURORA__PG_BEGIN_READ, AURORA__PG_HEAD);
        if (status == AURORA_OK)
            break;
        bool is_broken = reader->is_broken;
        if (!is_broken)
            end_unread(reader);
        aurora__pg_reader_give(store, reader);
        if (!is_broken || aurora__pg_clock_ms() > until)
            return status;
    }
    if (status != AURORA_OK)
        return status;
    *out = &reader->txn;
    return AURORA_OK;
}

aurora_status aurora__pg_begin(void *self, uint32_t kind, aurora_id batch, int32_t timeout_ms,
                               uint64_t *epoch_out, aurora_store_txn **out)
{
    *out = NULL;
    int32_t timeout = timeout_ms > 0 ? timeout_ms : 0;
    if (kind == AURORA_TXN_READ)
        return begin_read(self, timeout, out);
    return begin_write(self, batch, timeout, epoch_out, out);
}

int64_t aurora__pg_now_ms(void *self, aurora_store_txn *txn)
{
    (void)self;
    if (!txn->is_begun && !txn->is_failed) {
        aurora_status status = aurora__pg_settle_now(txn);
        if (status != AURORA_OK)
            aurora__pg_fail(txn, status);
    }
    if (txn->now_ms != 0)
        return txn->now_ms;
    /* The next call tells of the failure. */
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- commit ----------------------------------------------------------------------------------- */

/* The notice is a transaction of its own behind the commit: as a part of it, all that notify would
 * commit one after the other. Nobody waits for it, and without it others find out by polling. */
static void send_notice(aurora__pg_connection *connection)
{
    if (aurora__pg_send_fixed(connection, AURORA__PG_NOTIFY) == AURORA_OK)
        aurora__pg_sync(connection);
}

/* Whatever is still unanswered and COMMIT, at once. Once a byte of that one may be on its way, only
 * the server knows: AURORA_ETIMEDOUT. */
static aurora_status send_commit(aurora__pg_store *store, aurora_store_txn *txn)
{
    aurora__pg_connection *connection = txn->connection;
    /* By the transaction's number a lost commit is asked for: it must be known. */
    aurora_status status = txn->is_begun ? AURORA_OK : aurora__pg_settle_now(txn);
    if (status == AURORA_OK)
        status = aurora__pg_log_mark(store, txn);
    if (status == AURORA_OK)
        status = aurora__pg_peek(connection);
    if (status != AURORA_OK)
        return status;
    aurora__pg_params_clear(&connection->params);
    status = aurora__pg_send_fixed(connection, AURORA__PG_COMMIT);
    if (status == AURORA_ENOMEM)
        return status;
    if (status == AURORA_OK)
        status = aurora__pg_sync(connection);
    if (status != AURORA_OK)
        return AURORA_ETIMEDOUT;
    if (txn->is_appended)
        send_notice(connection);
    return AURORA_OK;
}

/* A COMMIT that the server answered with an error undid everything; with a FATAL one, or without an
 * answer, it may have been done. One behind a statement that it refused was not even tried. */
static aurora_status read_commit(aurora_store_txn *txn)
{
    aurora__pg_connection *connection = txn->connection;
    PGresult *result;
    aurora_status settled = aurora__pg_settle(txn);
    if (txn->is_lost)
        return AURORA_ETIMEDOUT;
    if (txn->is_refused) {
        aurora__pg_skip(connection);
        return settled;
    }
    aurora_status status = aurora__pg_next(connection, &result);
    if (status != AURORA_OK)
        return AURORA_ETIMEDOUT;
    status = aurora__pg_result_status(connection, result, "commit");
    if (status == AURORA_OK && strcmp(PQcmdStatus(result), "COMMIT") != 0)
        status = AURORA_EIO;
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    if (severity != NULL && strcmp(severity, "ERROR") != 0)
        status = AURORA_ETIMEDOUT;
    PQclear(result);
    if (status != AURORA_ETIMEDOUT)
        aurora__pg_skip(connection); /* if it breaks now, the answer stays what it is */
    return status;
}

static aurora_status commit_dirty(aurora__pg_store *store, aurora_store_txn *txn)
{
    store->batch = txn->batch;
    store->batch_status = AURORA_ENOTFOUND;
    aurora_status status = send_commit(store, txn);
    if (status == AURORA_OK)
        status = read_commit(txn);
    if (status == AURORA_OK) {
        note_begun(store, txn);
        store->position = txn->head.position;
        store->epoch += txn->is_overtaken;
        store->batch_status = AURORA_OK;
        return AURORA_OK;
    }
    if (status != AURORA_ETIMEDOUT) {
        end_unread(store->writer);
        return store->writer->is_broken && status != AURORA_ECONFLICT ? AURORA_EIO : status;
    }
    aurora__pg_log(&store->options, AURORA_LOG_ERROR,
                   "postgresql: %s: the connection was lost during a commit", store->address.name);
    store->is_unknown = 1;
    store->doubted = store->batch;
    store->doubted_xact = txn->xact;
    aurora__pg_writer_drop(store);
    return AURORA_ETIMEDOUT;
}

aurora_status aurora__pg_commit(void *self, aurora_store_txn *txn)
{
    aurora__pg_store *store = self;
    aurora_status status = AURORA_OK;
    if (txn->kind != AURORA_TXN_WRITE)
        return AURORA_EINVAL;
    if (txn->is_failed) {
        aurora__pg_rollback(self, txn);
        return AURORA_EIO;
    }
    if (txn->is_dirty) {
        status = commit_dirty(store, txn);
    } else {
        store->batch = txn->batch;
        store->batch_status = AURORA_OK;
        end_unread(store->writer);
    }
    if (store->writer != NULL && store->writer->is_broken)
        aurora__pg_writer_drop(store);
    aurora__pg_unclaim(store);
    return status;
}

void aurora__pg_rollback(void *self, aurora_store_txn *txn)
{
    aurora__pg_store *store = self;
    aurora__pg_connection *connection = txn->connection;
    end_unread(connection);
    if (txn->kind == AURORA_TXN_READ) {
        aurora__pg_reader_give(store, connection);
        return;
    }
    if (connection->is_broken)
        aurora__pg_writer_drop(store);
    aurora__pg_unclaim(store);
}

/* --- unknown ---------------------------------------------------------------------------------- */

/* A transaction that the server has never heard of (22023) belongs to a database that was put in
 * its place, or to one that crashed, and has lost it. */
static bool is_over(const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1)
        return strcmp(PQgetvalue(result, 0, 0), "in progress") != 0;
    return sqlstate != NULL && strcmp(sqlstate, "22023") == 0;
}

/* Whether it was ours that was committed says the mark alone, once nobody works under that number:
 * a server that crashed gives numbers again. */
static aurora_status read_outcome(const aurora__pg_store *store)
{
    PGresult *result;
    aurora__pg_connection *writer = store->writer;
    if (aurora__pg_next(writer, &result) != AURORA_OK)
        return AURORA_ETIMEDOUT;
    bool is_known = is_over(result);
    PQclear(result);
    if (aurora__pg_skip(writer) != AURORA_OK || aurora__pg_next(writer, &result) != AURORA_OK)
        return AURORA_ETIMEDOUT;
    is_known = is_known && PQresultStatus(result) == PGRES_TUPLES_OK;
    bool is_ours = is_known && PQntuples(result) == 1 && PQgetlength(result, 0, 0) == 16 &&
                   memcmp(PQgetvalue(result, 0, 0), store->doubted.bytes, 16) == 0;
    PQclear(result);
    aurora__pg_skip(writer);
    return !is_known ? AURORA_ETIMEDOUT : is_ours ? AURORA_OK : AURORA_ENOTFOUND;
}

/* Two transactions: the mark is read by a snapshot of its own, taken after the first answer. */
static aurora_status send_questions(const aurora__pg_store *store)
{
    char text[24];
    aurora__pg_connection *writer = store->writer;
    const aurora_value instance = {
        .kind = AURORA_COLUMN_UUID, .length = 16, .bytes = store->instance.bytes};
    int length = snprintf(text, sizeof text, "%" PRIu64, (uint64_t)store->doubted_xact);
    aurora__pg_params_clear(&writer->params);
    aurora__pg_param_text(&writer->params, text, (size_t)length);
    aurora_status status = aurora__pg_send_fixed(writer, AURORA__PG_XACT_STATUS);
    if (status == AURORA_OK)
        status = aurora__pg_sync(writer);
    aurora__pg_params_clear(&writer->params);
    aurora__pg_param_value(&writer->params, &instance);
    if (status == AURORA_OK)
        status = aurora__pg_send_fixed(writer, AURORA__PG_MARKED);
    return status == AURORA_OK ? aurora__pg_sync(writer) : status;
}

/* Asks on the write connection, a new one if need be. The claim is the caller's. */
static aurora_status outcome(aurora__pg_store *store, int64_t until_ms)
{
    aurora_status status = aurora__pg_writer_open(store, until_ms);
    if (status != AURORA_OK)
        return AURORA_ETIMEDOUT;
    const aurora__pg_connection *writer = store->writer;
    status = aurora__pg_drain(store->writer);
    if (status == AURORA_OK)
        status = send_questions(store);
    status = status == AURORA_OK ? read_outcome(store) : AURORA_ETIMEDOUT;
    if (writer->is_broken)
        aurora__pg_writer_drop(store);
    if (status == AURORA_ETIMEDOUT)
        return status;
    aurora__pg_log(&store->options, AURORA_LOG_WARNING,
                   "postgresql: %s: the commit that was in doubt was %s", store->address.name,
                   status == AURORA_OK ? "done" : "not done");
    store->is_unknown = 0;
    store->doubted_status = status;
    if (aurora_id_is_equal(store->batch, store->doubted))
        store->batch_status = status;
    return status;
}

aurora_status aurora__pg_resolve(void *self, aurora_id batch)
{
    aurora__pg_store *store = self;
    if (aurora__pg_claim(store, 0) != AURORA_OK)
        return AURORA_ETIMEDOUT;
    aurora_status status = AURORA_ENOTFOUND;
    if (store->is_unknown)
        status = outcome(store, aurora__pg_clock_ms() + RESOLVE_CONNECT_MS);
    if (!store->is_unknown && aurora_id_is_equal(store->doubted, batch))
        status = store->doubted_status;
    else if (!store->is_unknown && aurora_id_is_equal(store->batch, batch))
        status = store->batch_status;
    aurora__pg_unclaim(store);
    return status;
}

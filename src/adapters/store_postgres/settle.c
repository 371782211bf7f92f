/* SPDX-License-Identifier: MIT */
/* What a transaction sends without waiting: its beginning, puts, the append and the outbox. Their
 * answers are taken in that order by whoever waits next, so that a batch waits as seldom as can
 * be. */
#include <aurora/handle.h>

#include "adapters/store_postgres/instance.h"
#include "adapters/store_postgres/words.h"

/* The next result. An error that the server gave a name to undoes the transaction for certain;
 * without a word of it nobody knows how far it got. */
static aurora_status take(aurora_store_txn *txn, const char *what, PGresult **result_out)
{
    aurora__pg_connection *connection = txn->connection;
    aurora_status status = aurora__pg_next(connection, result_out);
    if (status == AURORA_OK)
        status = aurora__pg_result_status(connection, *result_out, what);
    if (status == AURORA_OK || txn->is_refused)
        return status;
    if (PQresultErrorField(*result_out, PG_DIAG_SQLSTATE) != NULL)
        txn->is_refused = 1;
    else
        txn->is_lost = 1;
    return status;
}

static aurora_status settle_begin(aurora_store_txn *txn)
{
    PGresult *result = NULL;
    for (; txn->old_syncs > 0; txn->old_syncs--)
        aurora__pg_skip(txn->connection);
    txn->is_begun = 1;
    aurora_status begun = take(txn, "begin", &result);
    PQclear(result);
    if (txn->connection->is_broken)
        return begun;
    aurora_status status = take(txn, "begin", &result);
    if (status == AURORA_OK && PQntuples(result) != 1)
        status = AURORA_ECORRUPT; /* log_head has lost its row */
    if (status == AURORA_OK) {
        txn->head = aurora__pg_log_head(result);
        txn->begun_at = txn->head.position;
        if (txn->kind == AURORA_TXN_WRITE) {
            txn->xact = aurora__pg_int64(result, 0, 3);
            txn->now_ms = aurora__pg_int64(result, 0, 4);
        }
    }
    PQclear(result);
    return begun != AURORA_OK ? begun : status;
}

static aurora_status settle_put(aurora_store_txn *txn)
{
    PGresult *result = NULL;
    aurora__pg_connection *connection = txn->connection;
    txn->put_count--;
    aurora_status status = take(txn, "save", &result);
    if (status == AURORA_ECONFLICT)
        aurora__pg_log(connection->options, AURORA_LOG_INFO, "postgresql: a row of %s was refused",
                       connection->answered == NULL ? "a table" : connection->answered);
    PQclear(result);
    return status;
}

static aurora_status settle_append(aurora_store_txn *txn)
{
    PGresult *result = NULL;
    aurora_status status = take(txn, "log", &result);
    if (status == AURORA_OK)
        status = aurora__pg_log_appended(txn, result);
    txn->pending = NULL;
    PQclear(result);
    return status;
}

/* All of it is taken, whatever the first says: the rest was skipped by the server then. */
aurora_status aurora__pg_settle(aurora_store_txn *txn)
{
    aurora_status first = txn->is_begun ? AURORA_OK : settle_begin(txn);
    while (txn->put_count > 0 && !txn->connection->is_broken) {
        aurora_status status = settle_put(txn);
        if (first == AURORA_OK)
            first = status;
    }
    if (txn->pending != NULL && !txn->connection->is_broken) {
        aurora_status status = settle_append(txn);
        if (first == AURORA_OK)
            first = status;
    }
    for (; txn->later_count > 0 && !txn->connection->is_broken; txn->later_count--) {
        PGresult *result = NULL;
        aurora_status status = take(txn, "outbox", &result);
        PQclear(result);
        if (first == AURORA_OK)
            first = status;
    }
    return first != AURORA_OK || !txn->connection->is_broken ? first : AURORA_EIO;
}

aurora_status aurora__pg_settle_now(aurora_store_txn *txn)
{
    aurora_status status = aurora__pg_sync(txn->connection);
    if (status != AURORA_OK)
        return status;
    status = aurora__pg_settle(txn);
    aurora_status skipped = aurora__pg_skip(txn->connection);
    return status == AURORA_OK ? skipped : status;
}

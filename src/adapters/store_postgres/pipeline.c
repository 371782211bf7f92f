/* SPDX-License-Identifier: MIT */
/* Queueing statements and taking their results. */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <aurora/handle.h>

#include "adapters/store_postgres/connection.h"
#include "adapters/store_postgres/words.h"

#define PEEKS_MAX 8
#define SLOW_MS 1500 /* below lock_timeout: while it lasts, the server can say who is in the way */

enum {
    EXPECT_PREPARE = 1,
    EXPECT_RESULT,
    EXPECT_SYNC,
};

static aurora_status broke(aurora__pg_connection *connection)
{
    connection->is_broken = 1;
    connection->expected_count = 0;
    return AURORA_EIO;
}

static aurora_status grow(aurora__pg_connection *connection)
{
    const aurora_allocator *allocator = connection->options->allocator;
    uint32_t capacity = connection->expected_capacity == 0 ? 64 : connection->expected_capacity * 2;
    aurora__pg_expected *ring =
        allocator->allocate(allocator->self, capacity * sizeof(aurora__pg_expected));
    if (ring == NULL)
        return AURORA_ENOMEM;
    if (connection->expected != NULL) {
        uint32_t at = connection->expected_first;
        for (uint32_t i = 0; i < connection->expected_count; i++) {
            ring[i] = connection->expected[at];
            at = at + 1 < connection->expected_capacity ? at + 1 : 0;
        }
        allocator->release(allocator->self, connection->expected);
    }
    connection->expected = ring;
    connection->expected_first = 0;
    connection->expected_capacity = capacity;
    return AURORA_OK;
}

/* Room for `count` more; to be asked for before anything is queued, so that the ring never lacks
 * what libpq has. */
static aurora_status reserve(aurora__pg_connection *connection, uint32_t count)
{
    if (connection->is_broken)
        return AURORA_EIO;
    if (connection->expected_count + count <= connection->expected_capacity)
        return AURORA_OK;
    return grow(connection);
}

static void expect(aurora__pg_connection *connection, uint32_t kind,
                   aurora__pg_statement *statement)
{
    uint32_t at =
        (connection->expected_first + connection->expected_count++) % connection->expected_capacity;
    connection->expected[at] =
        (aurora__pg_expected){.kind = kind, .statement = statement, .what = connection->what};
}

bool aurora__pg_is_prepared(const aurora__pg_statement *statement)
{
    return statement != NULL && statement->state != AURORA__PG_UNPREPARED;
}

static aurora_status prepare(aurora__pg_connection *connection, aurora__pg_statement *statement,
                             const char *sql, const Oid *types, char *name_out, size_t capacity)
{
    name_out[0] = 0;
    if (statement != NULL) {
        if (statement->number == 0)
            statement->number = ++connection->statement_count;
        snprintf(name_out, capacity, "a%u", statement->number);
        if (statement->state != AURORA__PG_UNPREPARED)
            return AURORA_OK;
    }
    if (!PQsendPrepare(connection->pg, name_out, sql, (int)connection->params.count, types))
        return broke(connection);
    if (statement != NULL)
        statement->state = AURORA__PG_SENT;
    expect(connection, EXPECT_PREPARE, statement);
    return AURORA_OK;
}

aurora_status aurora__pg_send(aurora__pg_connection *connection, aurora__pg_statement *statement,
                              const char *sql, const Oid *types)
{
    aurora__pg_params *params = &connection->params;
    const char *values[AURORA__PG_PARAMS_MAX];
    int formats[AURORA__PG_PARAMS_MAX];
    char name[16];
    aurora_status status = params->is_failed ? AURORA_ENOMEM : reserve(connection, 2);
    if (status == AURORA_OK)
        status = prepare(connection, statement, sql, types, name, sizeof name);
    if (status == AURORA_OK) {
        for (uint32_t i = 0; i < params->count; i++) {
            values[i] = params->lengths[i] < 0 ? NULL : params->bytes + params->offsets[i];
            formats[i] = 1;
        }
        if (PQsendQueryPrepared(connection->pg, name, (int)params->count, values, params->lengths,
                                formats, 1))
            expect(connection, EXPECT_RESULT, statement);
        else
            status = broke(connection);
    }
    aurora__pg_params_clear(params);
    return status;
}

aurora_status aurora__pg_sync(aurora__pg_connection *connection)
{
    aurora_status status = reserve(connection, 1);
    if (status != AURORA_OK)
        return status;
    if (!PQpipelineSync(connection->pg))
        return broke(connection);
    expect(connection, EXPECT_SYNC, NULL);
    return PQflush(connection->pg) < 0 ? broke(connection) : AURORA_OK;
}

bool aurora__pg_is_open(const aurora__pg_connection *connection)
{
    if (connection->expected_count == 0)
        return false;
    uint32_t last = connection->expected_first + connection->expected_count - 1;
    return connection->expected[last % connection->expected_capacity].kind != EXPECT_SYNC;
}

uint32_t aurora__pg_sync_count(const aurora__pg_connection *connection)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < connection->expected_count; i++) {
        uint32_t at = (connection->expected_first + i) % connection->expected_capacity;
        count += connection->expected[at].kind == EXPECT_SYNC;
    }
    return count;
}

/* Its last words and the end of the stream may come one after the other. */
aurora_status aurora__pg_peek(aurora__pg_connection *connection)
{
    if (connection->is_broken)
        return AURORA_EIO;
    struct pollfd ready = {.fd = PQsocket(connection->pg), .events = POLLIN};
    for (int i = 0; i < PEEKS_MAX && poll(&ready, 1, 0) > 0; i++) {
        if (PQconsumeInput(connection->pg) == 0)
            return broke(connection);
    }
    return AURORA_OK;
}

/* Sends what is left to send and waits until a result is there. Both at once: a server that cannot
 * get rid of its results reads no more. */
static aurora_status wait_result(aurora__pg_connection *connection)
{
    int64_t slow = aurora__pg_clock_ms() + SLOW_MS;
    int64_t until = slow - SLOW_MS + AURORA__PG_WAIT_MS;
    bool is_told = connection->on_slow == NULL;
    PGconn *pg = connection->pg;
    for (;;) {
        int flushed = PQflush(pg);
        if (flushed < 0)
            return broke(connection);
        if (flushed == 0 && !PQisBusy(pg))
            return AURORA_OK;
        aurora_status status =
            aurora__pg_wait(pg, flushed > 0 ? POLLIN | POLLOUT : POLLIN, is_told ? until : slow);
        if (status == AURORA_ETIMEDOUT && !is_told) {
            is_told = true;
            connection->on_slow(connection->slow_self);
            continue;
        }
        if (status != AURORA_OK || PQconsumeInput(pg) == 0)
            return broke(connection);
    }
}

static PGresult *take(aurora__pg_connection *connection)
{
    if (connection->is_broken || wait_result(connection) != AURORA_OK)
        return NULL;
    return PQgetResult(connection->pg);
}

/* Takes the NULL that ends the results of one statement. */
static void take_end(aurora__pg_connection *connection)
{
    PGresult *end = take(connection);
    if (end == NULL)
        return;
    PQclear(end);
    broke(connection); /* no statement of ours has several results */
}

static bool is_error(const PGresult *result)
{
    ExecStatusType kind = PQresultStatus(result);
    return kind != PGRES_COMMAND_OK && kind != PGRES_TUPLES_OK && kind != PGRES_PIPELINE_SYNC;
}

static void note_prepared(aurora__pg_statement *statement, bool is_prepared)
{
    if (statement != NULL)
        statement->state = is_prepared ? AURORA__PG_PREPARED : AURORA__PG_UNPREPARED;
}

/* The error of a statement that could not be prepared is handed out in the place of its result. */
aurora_status aurora__pg_next(aurora__pg_connection *connection, PGresult **result_out)
{
    PGresult *unprepared = NULL;
    *result_out = NULL;
    for (;;) {
        if (connection->is_broken || connection->expected_count == 0)
            break;
        aurora__pg_expected next = connection->expected[connection->expected_first];
        PGresult *result = take(connection);
        if (result == NULL)
            break;
        connection->expected_first =
            (connection->expected_first + 1) % connection->expected_capacity;
        connection->expected_count--;
        connection->answered = next.what;
        if (next.kind == EXPECT_SYNC) {
            bool is_sync = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
            PQclear(result);
            return is_sync ? AURORA_OK : broke(connection);
        }
        /* A FATAL error is the last word of a connection. */
        if (PQresultStatus(result) != PGRES_FATAL_ERROR ||
            PQstatus(connection->pg) == CONNECTION_OK)
            take_end(connection);
        if (next.kind == EXPECT_PREPARE) {
            note_prepared(next.statement, !is_error(result));
            if (!is_error(result) || PQresultStatus(result) == PGRES_PIPELINE_ABORTED)
                PQclear(result);
            else
                unprepared = result;
            continue;
        }
        if (unprepared != NULL) {
            PQclear(result);
            result = unprepared;
        }
        *result_out = result;
        return AURORA_OK;
    }
    PQclear(unprepared);
    return broke(connection);
}

aurora_status aurora__pg_skip(aurora__pg_connection *connection)
{
    for (;;) {
        PGresult *result;
        aurora_status status = aurora__pg_next(connection, &result);
        if (status != AURORA_OK || result == NULL)
            return status;
        PQclear(result);
    }
}

aurora_status aurora__pg_drain(aurora__pg_connection *connection)
{
    while (connection->expected_count > 0) {
        aurora_status status = aurora__pg_skip(connection);
        if (status != AURORA_OK)
            return status;
    }
    return connection->is_broken ? AURORA_EIO : AURORA_OK;
}

aurora_status aurora__pg_result_status(aurora__pg_connection *connection, const PGresult *result,
                                       const char *what)
{
    if (!is_error(result))
        return AURORA_OK;
    /* What went wrong before it is told in its own place. */
    if (PQresultStatus(result) == PGRES_PIPELINE_ABORTED)
        return AURORA_EIO;
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    aurora_status status = aurora__pg_status(sqlstate);
    if (status != AURORA_ECONFLICT && status != AURORA_EBUSY) {
        const char *words = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
        aurora__pg_log(connection->options, AURORA_LOG_ERROR, "postgresql: %s: %s (%s)", what,
                       words == NULL ? "the connection was lost" : words,
                       sqlstate == NULL ? "-" : sqlstate);
    }
    return status;
}

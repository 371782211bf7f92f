/* SPDX-License-Identifier: MIT */
/* Opening, closing and setting up a connection. */
#include "adapters/store_postgres/connection.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <aurora/handle.h>

#include "adapters/store_postgres/words.h"

#define SERVER_VERSION_MIN 140000
#define SET_UP_MS 3000

/* Every statement finds its rows by a key or by the order of an index. A plan made while a table
 * was empty, or from old statistics, must not read the table from end to end under a lock; and one
 * plan per statement is made once, not each time. */
#define PLANS                                                                                      \
    "SET enable_seqscan=off;SET enable_hashjoin=off;SET enable_mergejoin=off;"                     \
    "SET enable_bitmapscan=off;SET plan_cache_mode=force_generic_plan;SET jit=off;"

/* A default of the role or the database must not make answers come before the commit is durable. */
#define DURABLE                                                                                    \
    "SELECT pg_catalog.set_config('synchronous_commit',CASE"                                       \
    " pg_catalog.current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE"                  \
    " pg_catalog.current_setting('synchronous_commit') END,false);"

#define NAMES                                                                                      \
    "SET search_path=pg_catalog;SET client_encoding='UTF8';SET client_min_messages=warning;"

static const char *const set_up[] = {
    [AURORA__PG_WRITER] = NAMES PLANS DURABLE "SET lock_timeout=2000;SET statement_timeout=10000;"
                                              "SET idle_in_transaction_session_timeout=2000",
    [AURORA__PG_READER] = NAMES PLANS "SET lock_timeout=2000;SET statement_timeout=30000;"
                                      "SET idle_in_transaction_session_timeout=60000",
    [AURORA__PG_LISTENER] = NAMES "SET statement_timeout=2000",
    [AURORA__PG_MIGRATOR] = NAMES DURABLE "SET lock_timeout=30000;SET statement_timeout=0;"
                                          "SET idle_in_transaction_session_timeout=60000",
};

static void ignore_notice(void *self, const PGresult *result)
{
    (void)self;
    (void)result;
}

aurora_status aurora__pg_wait(PGconn *pg, short events, int64_t until_ms)
{
    for (;;) {
        int64_t left = until_ms - aurora__pg_clock_ms();
        struct pollfd ready = {.fd = PQsocket(pg), .events = events};
        if (ready.fd < 0)
            return AURORA_EIO;
        int rc = poll(&ready, 1, left > 0 ? (int)left : 0);
        if (rc > 0)
            return AURORA_OK;
        if (rc == 0 && left <= 0)
            return AURORA_ETIMEDOUT;
        if (rc < 0 && errno != EINTR)
            return AURORA_EIO;
    }
}

static aurora_status connect_until(PGconn *pg, int64_t until_ms)
{
    PostgresPollingStatusType next = PGRES_POLLING_WRITING;
    while (next != PGRES_POLLING_OK) {
        aurora_status status =
            aurora__pg_wait(pg, next == PGRES_POLLING_READING ? POLLIN : POLLOUT, until_ms);
        if (status != AURORA_OK)
            return status;
        next = PQconnectPoll(pg);
        if (next == PGRES_POLLING_FAILED)
            return AURORA_EIO;
    }
    return AURORA_OK;
}

/* A PGconn of a failed attempt has no SQLSTATE; what is not there is told by its message. */
static aurora_status not_connected(const aurora__pg_address *address, const PGconn *pg,
                                   aurora_status status, aurora_error *err)
{
    const char *words = pg == NULL ? "out of memory" : PQerrorMessage(pg);
    if (status == AURORA_ETIMEDOUT)
        return aurora__pg_error(err, AURORA_EIO, "postgresql: %s does not answer", address->name);
    size_t length = strcspn(words, "\n");
    aurora__pg_error(err, AURORA_EIO, "postgresql: %s: %.*s", address->name, (int)length, words);
    if (strstr(words, "database \"") != NULL && strstr(words, "does not exist") != NULL)
        return AURORA_ENOTFOUND;
    return AURORA_EIO;
}

static aurora_status connect(const aurora__pg_address *address, const char *application_name,
                             bool must_write, int64_t until_ms, PGconn **out, aurora_error *err)
{
    aurora__pg_keywords keywords;
    *out = NULL;
    if (aurora__pg_keywords_init(&keywords, address, application_name, must_write) != AURORA_OK)
        return AURORA_ENOMEM;
    PGconn *pg = PQconnectStartParams(keywords.keywords, keywords.values, 0);
    aurora__pg_keywords_free(&keywords);
    aurora_status status = AURORA_EIO;
    if (pg != NULL && PQstatus(pg) != CONNECTION_BAD) {
        PQsetNoticeReceiver(pg, ignore_notice, NULL);
        status = connect_until(pg, until_ms);
    }
    if (status != AURORA_OK) {
        status = not_connected(address, pg, status, err);
        PQfinish(pg);
        return status;
    }
    *out = pg;
    return AURORA_OK;
}

static aurora_status check_server(const aurora__pg_address *address, PGconn *pg, aurora_error *err)
{
    const char *encoding = PQparameterStatus(pg, "server_encoding");
    if (PQserverVersion(pg) < SERVER_VERSION_MIN)
        return aurora__pg_error(err, AURORA_ENOTSUP,
                                "postgresql: %s is version %d, 14 or newer is needed",
                                address->name, PQserverVersion(pg) / 10000);
    if (encoding == NULL || strcmp(encoding, "UTF8") != 0)
        return aurora__pg_error(err, AURORA_ENOTSUP,
                                "postgresql: %s is in encoding %s, UTF8 is needed", address->name,
                                encoding == NULL ? "?" : encoding);
    return AURORA_OK;
}

static aurora__pg_connection *new_connection(const aurora_store_options *options,
                                             const aurora__pg_layout *layout)
{
    const aurora_allocator *allocator = options->allocator;
    size_t bytes =
        sizeof(aurora__pg_connection) + options->table_count * sizeof(aurora__pg_statements);
    aurora__pg_connection *connection = allocator->allocate(allocator->self, bytes);
    if (connection == NULL)
        return NULL;
    memset(connection, 0, bytes);
    connection->options = options;
    connection->layout = layout;
    connection->params.allocator = allocator;
    connection->statements = (void *)(connection + 1);
    for (uint32_t i = 0; i < options->table_count; i++) {
        aurora__pg_statements *of = &connection->statements[i];
        of->table = options->tables[i];
        aurora__pg_layout_of(layout, of->table->name, of->schema, sizeof of->schema);
    }
    return connection;
}

/* Until PQgetResult does not block any longer. */
static aurora_status wait_answer(PGconn *pg, int64_t until_ms)
{
    for (;;) {
        int flushed = PQflush(pg);
        if (flushed < 0)
            return AURORA_EIO;
        if (flushed == 0 && !PQisBusy(pg))
            return AURORA_OK;
        aurora_status status =
            aurora__pg_wait(pg, flushed > 0 ? POLLIN | POLLOUT : POLLIN, until_ms);
        if (status != AURORA_OK)
            return status;
        if (PQconsumeInput(pg) == 0)
            return AURORA_EIO;
    }
}

/* Hands out the last statement's rows where that is asked for; after an error none follow. */
static aurora_status take_answer(PGresult *result, PGresult **result_out, aurora_error *err)
{
    ExecStatusType kind = PQresultStatus(result);
    if (kind == PGRES_COMMAND_OK || kind == PGRES_TUPLES_OK) {
        PQclear(result_out == NULL ? result : *result_out);
        if (result_out != NULL)
            *result_out = result;
        return AURORA_OK;
    }
    aurora_status status = aurora__pg_status(PQresultErrorField(result, PG_DIAG_SQLSTATE));
    const char *words = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    aurora__pg_error(err, status, "postgresql: %s", words == NULL ? "?" : words);
    PQclear(result);
    return status;
}

aurora_status aurora__pg_query(aurora__pg_connection *connection, const char *sql,
                               PGresult **result_out, aurora_error *err)
{
    int64_t until = aurora__pg_clock_ms() + connection->run_ms;
    aurora_status answered = AURORA_OK;
    PGresult *result;
    PGconn *pg = connection->pg;
    if (result_out != NULL)
        *result_out = NULL;
    aurora_status waited = PQsendQuery(pg, sql) == 0 ? AURORA_EIO : wait_answer(pg, until);
    while (waited == AURORA_OK && (result = PQgetResult(pg)) != NULL) {
        aurora_status status = take_answer(result, result_out, err);
        answered = answered == AURORA_OK ? status : answered;
        waited = wait_answer(pg, until);
    }
    bool is_lost = waited != AURORA_OK || PQstatus(pg) == CONNECTION_BAD;
    if (result_out != NULL && (is_lost || answered != AURORA_OK)) {
        PQclear(*result_out);
        *result_out = NULL;
    }
    if (!is_lost)
        return answered;
    connection->is_broken = 1;
    return aurora__pg_error(err, AURORA_EIO, "postgresql: the connection was lost");
}

aurora_status aurora__pg_run(aurora__pg_connection *connection, const char *sql, aurora_error *err)
{
    return aurora__pg_query(connection, sql, NULL, err);
}

aurora_status aurora__pg_connection_open(const aurora_store_options *options,
                                         const aurora__pg_address *address,
                                         const aurora__pg_layout *layout, uint32_t kind,
                                         int64_t timeout_ms, aurora__pg_connection **out,
                                         aurora_error *err)
{
    *out = NULL;
    aurora__pg_connection *connection = new_connection(options, layout);
    if (connection == NULL)
        return AURORA_ENOMEM;
    bool must_write = (options->flags & AURORA_STORE_READONLY) == 0;
    aurora_status status = connect(address, layout->home, must_write,
                                   aurora__pg_clock_ms() + timeout_ms, &connection->pg, err);
    if (status == AURORA_OK)
        status = check_server(address, connection->pg, err);
    if (status == AURORA_OK && PQsetnonblocking(connection->pg, 1) != 0)
        status = AURORA_EIO;
    connection->run_ms = SET_UP_MS;
    if (status == AURORA_OK)
        status = aurora__pg_run(connection, set_up[kind], err);
    if (kind == AURORA__PG_MIGRATOR)
        connection->run_ms = AURORA__PG_WAIT_MS;
    bool is_piped = kind == AURORA__PG_WRITER || kind == AURORA__PG_READER;
    if (status == AURORA_OK && is_piped && !PQenterPipelineMode(connection->pg))
        status = AURORA_EIO;
    if (status != AURORA_OK) {
        aurora__pg_connection_close(connection, false);
        return status;
    }
    *out = connection;
    return AURORA_OK;
}

/* PQfinish says goodbye on the socket, which is still the parent's: so it gets another one. */
static void detach(PGconn *pg)
{
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nowhere < 0 || PQsocket(pg) < 0)
        return;
    dup2(nowhere, PQsocket(pg));
    close(nowhere);
}

void aurora__pg_connection_close(aurora__pg_connection *connection, bool is_child)
{
    if (connection == NULL)
        return;
    const aurora_allocator *allocator = connection->options->allocator;
    if (connection->pg != NULL) {
        if (is_child)
            detach(connection->pg);
        PQfinish(connection->pg);
    }
    aurora__pg_params_free(&connection->params);
    if (connection->expected != NULL)
        allocator->release(allocator->self, connection->expected);
    allocator->release(allocator->self, connection);
}

aurora__pg_statements *aurora__pg_statements_of(aurora__pg_connection *connection,
                                                const aurora_table *table)
{
    const aurora_store_options *options = connection->options;
    uint32_t last = connection->last_table;
    if (last < options->table_count && options->tables[last] == table)
        return &connection->statements[last];
    for (uint32_t i = 0; i < options->table_count; i++) {
        if (options->tables[i] == table) {
            connection->last_table = i;
            return &connection->statements[i];
        }
    }
    return NULL;
}

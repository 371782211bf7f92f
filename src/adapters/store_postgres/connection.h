/* SPDX-License-Identifier: MIT */
/* One connection in pipeline mode with its prepared statements. Statements are queued, sent
 * together, and their results taken in the same order. Every wait has an end. Knows nothing of
 * transactions of the port. */
#ifndef AURORA_ADAPTERS_STORE_POSTGRES_CONNECTION_H
#define AURORA_ADAPTERS_STORE_POSTGRES_CONNECTION_H

#include <libpq-fe.h>

#include <aurora/port/store.h>

#include "adapters/store_postgres/address.h"
#include "adapters/store_postgres/layout.h"
#include "adapters/store_postgres/params.h"

#define AURORA__PG_UPDATES_MAX 16 /* kept per table: statements for sets of changed columns */
#define AURORA__PG_SCANS_MAX 12   /* kept per table: statements for shapes of ranges */
#define AURORA__PG_WAIT_MS 15000  /* for a result; the server itself gives up after 10 s */

/* A statement of one connection. Its number is its name there; 0 = it has none, and is prepared
 * anew each time. */
enum {
    AURORA__PG_UNPREPARED = 0,
    AURORA__PG_SENT = 1,
    AURORA__PG_PREPARED = 2,
};

typedef struct {
    uint32_t number;
    uint32_t state; /* AURORA__PG_... of above */
} aurora__pg_statement;

/* What decides the text of a range query. */
typedef struct {
    uint64_t columns;
    int32_t index;
    uint32_t flags;
    uint32_t lower_count;
    uint32_t upper_count;
} aurora__pg_scan_shape;

typedef struct {
    const aurora_table *table;
    char schema[AURORA__PG_SCHEMA_BYTES];
    aurora__pg_statement load;
    aurora__pg_statement lock;
    aurora__pg_statement insert;
    aurora__pg_statement upsert;
    aurora__pg_statement drop;
    aurora__pg_statement updates[AURORA__PG_UPDATES_MAX];
    uint64_t update_columns[AURORA__PG_UPDATES_MAX];
    aurora__pg_statement scans[AURORA__PG_SCANS_MAX];
    aurora__pg_scan_shape scan_shapes[AURORA__PG_SCANS_MAX];
    uint32_t update_count;
    uint32_t scan_count;
} aurora__pg_statements;

/* Statements that no table decides; text in fixed.c. */
enum {
    AURORA__PG_BEGIN_WRITE,
    AURORA__PG_BEGIN_READ,
    AURORA__PG_COMMIT,
    AURORA__PG_ROLLBACK,
    AURORA__PG_NOTIFY,
    AURORA__PG_START,
    AURORA__PG_HEAD,
    AURORA__PG_APPEND,
    AURORA__PG_MARK,
    AURORA__PG_MARKED,
    AURORA__PG_OUTBOX,
    AURORA__PG_OUTBOX_CLEAR,
    AURORA__PG_LOG_READ,
    AURORA__PG_LOG_FIRST_AT,
    AURORA__PG_LOG_TRIM,
    AURORA__PG_XACT_STATUS,
    AURORA__PG_END_BLOCKERS,
    AURORA__PG_BYTES_USED,
    AURORA__PG_FIXED_COUNT,
};

/* The one row of log_head. */
typedef struct {
    int64_t first;
    int64_t position;
    int64_t bytes;
} aurora__pg_head;

typedef struct aurora__pg_connection aurora__pg_connection;

/* A transaction lives in its connection; a connection has at most one. */
struct aurora_store_txn {
    aurora__pg_connection *connection;
    uint32_t kind;
    uint32_t is_dirty;       /* something was written */
    uint32_t is_failed;      /* only rollback may follow */
    uint32_t is_begun;       /* the answer to its beginning was taken */
    uint32_t is_refused;     /* the server has answered with an error */
    uint32_t is_lost;        /* it will never answer, and had not refused anything before */
    uint32_t old_syncs;      /* of others' statements, to be taken before that answer */
    uint32_t put_count;      /* statements of puts that are not yet answered */
    aurora_log_row *pending; /* appended and not yet answered */
    uint32_t is_appended;
    uint32_t event_count; /* appended */
    uint32_t later_count; /* statements behind the append that are not yet answered */
    uint32_t is_marked;   /* last_batch is written, or sent off */
    aurora_id batch;
    int64_t xact;   /* PostgreSQL's number of the transaction; WRITE only */
    int64_t now_ms; /* the database's clock at the beginning; WRITE only */
    aurora__pg_head head;
    int64_t begun_at;      /* the log's head at the beginning; WRITE only */
    uint32_t is_overtaken; /* others appended between that and our own append */
};

typedef struct {
    uint32_t kind;
    aurora__pg_statement *statement;
    const char *what; /* for messages */
} aurora__pg_expected;

struct aurora__pg_connection {
    PGconn *pg;
    const aurora_store_options *options;
    const aurora__pg_layout *layout;
    aurora__pg_statements *statements; /* one per table */
    uint32_t last_table;               /* where the last look-up ended */
    uint32_t statement_count;
    aurora__pg_statement fixed[AURORA__PG_FIXED_COUNT];
    aurora__pg_params params;
    aurora__pg_expected *expected; /* results that are to come: a ring */
    uint32_t expected_first;
    uint32_t expected_count;
    uint32_t expected_capacity;
    uint32_t is_broken;   /* nothing more can be sent or taken */
    int64_t run_ms;       /* that aurora__pg_run waits at most */
    const char *what;     /* the table that is sent about; NULL = none */
    const char *answered; /* the one that the newest result is about */
    /* Called when a result has let wait for a while, at most once a wait; may be NULL. */
    void (*on_slow)(void *self);
    void *slow_self;
    aurora__pg_connection *next; /* in the list of idle readers */
    struct aurora_store_txn txn;
};

enum {
    AURORA__PG_WRITER = 1,   /* short limits: it holds locks */
    AURORA__PG_READER = 2,   /* long limits: it holds none */
    AURORA__PG_MIGRATOR = 3, /* no limits but for locks */
    AURORA__PG_LISTENER = 4  /* short limits: who ends it waits for it */
};

/* Connects within timeout_ms; *out is NULL unless AURORA_OK. */
aurora_status aurora__pg_connection_open(const aurora_store_options *options,
                                         const aurora__pg_address *address,
                                         const aurora__pg_layout *layout, uint32_t kind,
                                         int64_t timeout_ms, aurora__pg_connection **out,
                                         aurora_error *err);

/* Closes; NULL is a no-op. In a child of the process that opened nothing is sent. */
void aurora__pg_connection_close(aurora__pg_connection *connection, bool is_child);

/* Queues one statement with connection->params, which are cleared. `sql` is read only when it must
 * be prepared; types has the types of the parameters. */
aurora_status aurora__pg_send(aurora__pg_connection *connection, aurora__pg_statement *statement,
                              const char *sql, const Oid *types);

/* Whether aurora__pg_send would read `sql`. */
bool aurora__pg_is_prepared(const aurora__pg_statement *statement);

/* Ends what was queued as one unit (an error skips the rest of it) and begins to send it. */
aurora_status aurora__pg_sync(aurora__pg_connection *connection);

/* The next result in the order of the statements; the caller clears it, NULL at a sync and where
 * AURORA_EIO says that the connection is gone. */
aurora_status aurora__pg_next(aurora__pg_connection *connection, PGresult **result_out);

/* Whether something was queued behind the last sync. */
bool aurora__pg_is_open(const aurora__pg_connection *connection);

/* How many syncs are still to be taken. */
uint32_t aurora__pg_sync_count(const aurora__pg_connection *connection);

/* Takes in what the server has sent, without waiting. AURORA_EIO when it has gone. */
aurora_status aurora__pg_peek(aurora__pg_connection *connection);

/* Takes results up to and with the next sync; what they say is lost. */
aurora_status aurora__pg_skip(aurora__pg_connection *connection);

/* Takes all that is still to come; AURORA_EIO when the connection is gone. */
aurora_status aurora__pg_drain(aurora__pg_connection *connection);

/* Waits for the socket (POLLIN, POLLOUT) until a time of aurora__pg_clock_ms. */
aurora_status aurora__pg_wait(PGconn *pg, short events, int64_t until_ms);

/* What the port answers for a result. Server errors other than the data's and other writers' go to
 * the log, with `what`. */
aurora_status aurora__pg_result_status(aurora__pg_connection *connection, const PGresult *result,
                                       const char *what);

/* Queues a statement of fixed.c with connection->params. */
aurora_status aurora__pg_send_fixed(aurora__pg_connection *connection, int number);

/* The statements of a table; NULL for a table that the store was not opened with. */
aurora__pg_statements *aurora__pg_statements_of(aurora__pg_connection *connection,
                                                const aurora_table *table);

/* Runs one or more statements without parameters, outside of pipeline mode, within
 * connection->run_ms. */
aurora_status aurora__pg_run(aurora__pg_connection *connection, const char *sql, aurora_error *err);

/* The same, with the last one's result, in text; the caller clears it. NULL unless AURORA_OK. */
aurora_status aurora__pg_query(aurora__pg_connection *connection, const char *sql,
                               PGresult **result_out, aurora_error *err);

#endif

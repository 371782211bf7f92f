/* SPDX-License-Identifier: MIT */
/* One SQLite connection with its prepared statements. Knows nothing of transactions of the port. */
#ifndef AURORA_ADAPTERS_STORE_SQLITE_CONNECTION_H
#define AURORA_ADAPTERS_STORE_SQLITE_CONNECTION_H

#include <sqlite3.h>

#include <aurora/port/store.h>

#include "adapters/store_sqlite/bulk.h"

#define AURORA__SQLITE_UPDATES_MAX 16 /* kept per table: statements for sets of changed columns */
#define AURORA__SQLITE_SCANS_MAX 8    /* kept per table: statements for shapes of ranges */

/* What decides the text of a range query. */
typedef struct {
    uint64_t columns;
    int32_t index;
    uint32_t flags;
    uint32_t lower_count;
    uint32_t upper_count;
} aurora__sqlite_scan_shape;

typedef struct {
    const aurora_table *table;
    sqlite3_stmt *load;
    sqlite3_stmt *insert;
    sqlite3_stmt *insert_many;
    sqlite3_stmt *upsert;
    sqlite3_stmt *drop;
    sqlite3_stmt *updates[AURORA__SQLITE_UPDATES_MAX];
    uint64_t update_columns[AURORA__SQLITE_UPDATES_MAX];
    sqlite3_stmt *scans[AURORA__SQLITE_SCANS_MAX];
    aurora__sqlite_scan_shape scan_shapes[AURORA__SQLITE_SCANS_MAX];
    uint32_t update_count;
    uint32_t scan_count;
    uint32_t scan_next; /* the slot that the next shape takes when all are in use */
} aurora__sqlite_statements;

/* Statements that no table decides. */
enum {
    AURORA__SQLITE_BEGIN,
    AURORA__SQLITE_BEGIN_IMMEDIATE,
    AURORA__SQLITE_COMMIT,
    AURORA__SQLITE_ROLLBACK,
    AURORA__SQLITE_DATA_VERSION,
    AURORA__SQLITE_HEAD_GET,
    AURORA__SQLITE_HEAD_PUT,
    AURORA__SQLITE_LOG_INSERT,
    AURORA__SQLITE_LOG_READ,
    AURORA__SQLITE_LOG_FIRST_AT,
    AURORA__SQLITE_LOG_TRIM_SUM,
    AURORA__SQLITE_LOG_TRIM,
    AURORA__SQLITE_FIXED_COUNT,
};

/* The one row of log_head. */
typedef struct {
    int64_t first;
    int64_t position;
    int64_t bytes;
} aurora__sqlite_head;

typedef struct aurora__sqlite_connection aurora__sqlite_connection;

/* A transaction lives in its connection; a connection has at most one. */
struct aurora_store_txn {
    aurora__sqlite_connection *connection;
    uint32_t kind;
    uint32_t is_dirty;    /* something was written: the commit must name the batch */
    uint32_t is_appended; /* the log has its row */
    aurora_id batch;
    aurora__sqlite_head head; /* as this transaction sees it; WRITE only */
};

struct aurora__sqlite_connection {
    sqlite3 *db;
    const aurora_allocator *allocator;
    const aurora_table *const *tables;
    aurora__sqlite_statements *statements; /* one per table */
    uint32_t table_count;
    uint32_t last_table; /* where the last look-up ended */
    sqlite3_stmt *fixed[AURORA__SQLITE_FIXED_COUNT];
    aurora__sqlite_connection *next; /* in the list of idle readers */
    struct aurora_store_txn txn;
    aurora__sqlite_bulk bulk;
};

typedef struct {
    const char *path; /* absolute, so that it is never taken for a URI */
    const char *vfs;
    bool is_reader;
} aurora__sqlite_place;

/* Opens and configures a connection; *out is NULL unless AURORA_OK. */
aurora_status aurora__sqlite_connection_open(const aurora_store_options *options,
                                             const aurora__sqlite_place *place,
                                             aurora__sqlite_connection **out);

/* Closes; NULL is a no-op. The last connection to a file also checkpoints it and deletes the WAL,
 * but for `is_last` false. */
void aurora__sqlite_connection_close(aurora__sqlite_connection *connection, bool is_last);

/* A fixed statement, prepared at first use; NULL with *status_out set when that fails. */
sqlite3_stmt *aurora__sqlite_fixed(aurora__sqlite_connection *connection, int number,
                                   aurora_status *status_out);

/* Runs a fixed statement without parameters to its end; answers SQLite's extended code. */
int aurora__sqlite_run(aurora__sqlite_connection *connection, int number);

/* Runs `sql` without parameters and answers the first row's first column, 0 without a row. */
aurora_status aurora__sqlite_number(sqlite3 *db, const char *sql, int64_t *number_out);

/* The statements of a table; NULL for a table that the store was not opened with. */
aurora__sqlite_statements *aurora__sqlite_statements_of(aurora__sqlite_connection *connection,
                                                        const aurora_table *table);

/* What the port answers for SQLite's (extended) code. */
aurora_status aurora__sqlite_status(int rc);

/* Fills err (nullable) and answers `status`. */
aurora_status aurora__sqlite_error(aurora_error *err, aurora_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Sends one line to the host's log. */
void aurora__sqlite_log(const aurora_store_options *options, int32_t level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif

/* SPDX-License-Identifier: MIT */
/* The store port: moves rows of flat values by table descriptor, inside transactions that the
 * engine begins and ends. It knows tables, columns and keys; it knows nothing of orders. Adapters
 * build their statements from the descriptors. tests/contract/test_store.c is the promise.
 *
 * One adapter instance serves one handle. At most one write transaction is open at a time per
 * instance, used by one thread at a time; read transactions are independent of it, see one
 * snapshot each, and any number may be open on different threads. Stable per minor release. */
#ifndef AURORA_PORT_STORE_H
#define AURORA_PORT_STORE_H

#include <aurora/allocator.h>
#include <aurora/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- tables are data ------------------------------------------------------------------------ */

enum {
    AURORA_COLUMN_INT64 = 1, /* number */
    AURORA_COLUMN_TEXT = 2,  /* UTF-8 without NUL inside; compared bytewise */
    AURORA_COLUMN_UUID = 3,  /* 16 bytes, compared bytewise */
    AURORA_COLUMN_BOOL = 4,  /* number 0 or 1 */
    AURORA_COLUMN_TIME = 5,  /* number: Unix milliseconds UTC */
    AURORA_COLUMN_BYTES = 6, /* any bytes, compared bytewise */
};

/* One column of a table. */
typedef struct {
    const char *name;     /* a-z, 0-9 and _ */
    uint32_t kind;        /* AURORA_COLUMN_... */
    uint32_t is_nullable; /* 1 = may be null; key columns never are */
} aurora_column;

/* A secondary index over `columns` (indices into the table's columns), then the key. With
 * partial_column >= 0 only rows whose value there is not null are in it. */
typedef struct {
    const char *name;       /* a-z, 0-9 and _ */
    const uint8_t *columns; /* column_count of them */
    uint32_t column_count;
    uint32_t is_unique;     /* 1 = no two rows agree in `columns` */
    int32_t partial_column; /* of the table; -1 = all rows */
} aurora_index;

/* At most 64 columns. The first key_count columns are the primary key, in order. version_column is
 * the index of an INT64 column that never shrinks and is checked by updates, or -1. */
typedef struct {
    const char *name;             /* a-z, 0-9 and _ */
    const aurora_column *columns; /* column_count of them */
    uint32_t column_count;
    uint32_t key_count;
    const aurora_index *indexes; /* index_count of them */
    uint32_t index_count;
    int32_t version_column; /* -1 = none */
    uint32_t lock_rank;     /* position in the global lock order; 0 = never locked */
} aurora_table;

/* A value: null when kind is 0, else of the column's kind. Numbers are in `number`; text, uuid and
 * bytes are in bytes/length (text also has a NUL behind its last byte when the store hands it out,
 * not necessarily when it is handed in). */
typedef struct {
    uint32_t kind;     /* AURORA_COLUMN_..., 0 = null */
    uint32_t length;   /* of bytes */
    int64_t number;    /* of numbers, times and booleans */
    const void *bytes; /* of text, uuid and bytes */
} aurora_value;

/* --- what is moved -------------------------------------------------------------------------- */

/* Where a load or scan copies text and bytes to: the caller's arena. allocate may return NULL, and
 * the call then answers AURORA_ENOMEM. Memory is aligned to 8 bytes and freed by the caller. */
typedef struct {
    void *self;
    /* Returns `bytes` bytes, or NULL where there are none. */
    void *(*allocate)(void *self, size_t bytes);
} aurora_arena_port;

/* One row to load by its whole key (key_count values). */
typedef struct {
    const aurora_table *table; /* the table */
    const aurora_value *key;   /* the table's key_count values */
    aurora_value *values_out;  /* column_count values of the caller's, written when found */
    uint32_t is_found_out;     /* 1 or 0 */
    uint32_t reserved;
} aurora_store_load;

enum {
    AURORA_SCAN_LOWER_OPEN = 1, /* rows > lower, else >= */
    AURORA_SCAN_UPPER_OPEN = 2, /* rows < upper, else <= */
    AURORA_SCAN_DESCENDING = 4, /* from the upper end down */
};

/* A range of an index (or of the primary key with index -1) in its order: the index's columns
 * followed by the key columns. `lower` and `upper` are prefixes of that column list (0 values = no
 * bound): a row is in the range when its first lower_count columns compare >= lower and its first
 * upper_count columns compare <= upper, as tuples. Nulls never compare: bounds must not be null. */
typedef struct {
    const aurora_table *table; /* the table */
    int32_t index;             /* of the table; -1 = the primary key */
    uint32_t flags;            /* AURORA_SCAN_... */
    const aurora_value *lower; /* lower_count values */
    const aurora_value *upper; /* upper_count values */
    uint32_t lower_count;
    uint32_t upper_count;
    uint64_t columns;         /* bit i = column i is wanted, others come back null; 0 = all */
    uint32_t limit;           /* 1..65,536 rows */
    uint32_t row_count_out;   /* less than limit: the range is exhausted */
    aurora_value *values_out; /* limit * column_count values of the caller's, row after row */
} aurora_store_scan;

enum {
    AURORA_PUT_INSERT = 1, /* the row must not exist */
    AURORA_PUT_UPDATE = 2, /* the row must exist, and hold version_loaded where the table has one */
    AURORA_PUT_UPSERT = 3, /* whatever is there is replaced */
    AURORA_PUT_DELETE = 4, /* only the key columns of values are read; a missing row is no error */
};

/* One row to write. `values` has column_count values in the table's order. `columns` says which
 * columns of an update differ from what is stored (bit i; 0 = may be any): an adapter may use
 * it. */
typedef struct {
    const aurora_table *table;  /* the table */
    const aurora_value *values; /* the table's column_count values */
    uint64_t columns;           /* what an update changes, see above */
    int64_t version_loaded;     /* what UPDATE expects in version_column */
    uint32_t kind;              /* AURORA_PUT_... */
    uint32_t reserved;
} aurora_store_put;

/* One batch in the log. Positions first..first+count-1 are dense over the whole log. */
typedef struct {
    int64_t position; /* of the first event; filled by reads and, for append, at commit */
    int64_t at_ms;
    uint32_t count;   /* events in it, >= 1 */
    uint32_t format;  /* format number of `body` */
    const char *body; /* the events, body_length bytes */
    size_t body_length;
} aurora_log_row;

/* One public event of a batch for an outbox table. Texts are NUL-terminated UTF-8, borrowed for the
 * call. */
typedef struct {
    uint32_t offset; /* in its batch: its position is that of the batch's first event plus this */
    uint32_t reserved;
    int64_t at_ms;
    const char *aggregate_type; /* the module that tells it */
    const char *aggregate_id;   /* the key */
    const char *type;           /* the name of the event */
    const char *topic;          /* "orders.v1": without a prefix */
    const char *payload;        /* a JSON object */
    const char *time;           /* at_ms in RFC 3339 */
    const char *traceparent;    /* NULL = none */
} aurora_store_outbox_row;

/* What the log holds. */
typedef struct {
    int64_t first;       /* lowest kept position; head + 1 when the log is empty */
    int64_t head;        /* highest position, 0 when nothing was ever appended */
    int64_t first_at_ms; /* time of the oldest kept row, 0 when empty */
    int64_t bytes;       /* of all kept bodies */
} aurora_log_bounds;

enum {
    AURORA_TXN_READ = 1,  /* one snapshot */
    AURORA_TXN_WRITE = 2, /* the one writer of this instance */
};

enum {
    /* A write transaction excludes all others: what it read stays true until its commit,
     * `is_locked` may be ignored, rows may be cached. */
    AURORA_STORE_SERIAL = 1,
    /* Nobody but this instance can write. */
    AURORA_STORE_PRIVATE = 2,
};

/* A transaction of the adapter's. */
typedef struct aurora_store_txn aurora_store_txn;

/* --- the port ------------------------------------------------------------------------------- */

/* All calls return AURORA_OK or: AURORA_EIO and AURORA_EBUSY (retriable: the whole batch is run
 * again), AURORA_EFULL (disk full), AURORA_ECONFLICT (a put met another version or an existing row,
 * or a unique index refused it: a data error that the engine bisects), AURORA_ECORRUPT (the store
 * is damaged), AURORA_ENOMEM. After a failed load, scan, save or append only rollback may follow.
 * An adapter may tell a refused put only later: at commit, or by what is read before it, as
 * AURORA_ECONFLICT. */
typedef struct {
    uint32_t size;  /* sizeof(aurora_store) that the adapter was compiled with */
    uint32_t flags; /* AURORA_STORE_SERIAL, AURORA_STORE_PRIVATE */
    void *self;

    /* Begins a transaction. kind is READ or WRITE; batch names a write transaction for `commit`
     * to recognise. *epoch_out (WRITE only) is the same number as at the end of this instance's
     * last write transaction if and only if nobody else has written since; where the store is not
     * SERIAL it speaks of the log alone: the same number if and only if nobody else has appended
     * since that transaction began; NULL = not asked for, and such a store may then put off what it
     * asks its server until the first load, scan or commit, which also tells of a failure to begin.
     * Waits for other writers of this instance, where the store is SERIAL for all others, at most
     * timeout_ms, then AURORA_EBUSY. */
    aurora_status (*begin)(void *self, uint32_t kind, aurora_id batch, int32_t timeout_ms,
                           uint64_t *epoch_out, aurora_store_txn **out);

    /* Loads `count` rows by key; with is_locked (WRITE only) they stay locked until the end, but
     * for rows of tables with lock_rank 0, which are never locked. On a store without
     * AURORA_STORE_SERIAL the engine makes one locked load a batch, of rows in the one order that
     * all instances keep (lock_rank, then table, then key bytes; lock_rank 0 last, to be read when
     * the others are locked): the adapter locks in this order. Each load before it reads what is
     * committed by then. */
    aurora_status (*load)(void *self, aurora_store_txn *txn, aurora_store_load *loads,
                          uint32_t count, bool is_locked, const aurora_arena_port *arena);

    /* Reads a range. */
    aurora_status (*scan)(void *self, aurora_store_txn *txn, aurora_store_scan *scan,
                          const aurora_arena_port *arena);

    /* Writes rows in the order given (on a store without AURORA_STORE_SERIAL the order of locks, so
     * that two instances that insert the same keys cannot wait for each other). On AURORA_ECONFLICT
     * *failed_out is the index of the put. */
    aurora_status (*save)(void *self, aurora_store_txn *txn, const aurora_store_put *puts,
                          uint32_t count, uint32_t *failed_out);

    /* Appends one batch to the log, at most once per transaction and as its last write. *row lives
     * until the commit: row->position is valid after it (adapters may know it earlier). */
    aurora_status (*append)(void *self, aurora_store_txn *txn, aurora_log_row *row);

    /* Ends a write transaction. AURORA_OK: durable. AURORA_ETIMEDOUT: not known yet, call `resolve`
     * until it answers otherwise. Anything else: nothing was written. The transaction is over in
     * each case. */
    aurora_status (*commit)(void *self, aurora_store_txn *txn);

    /* After a commit that answered AURORA_ETIMEDOUT: AURORA_OK if that batch is durable,
     * AURORA_ENOTFOUND if it is not and never will be, AURORA_ETIMEDOUT if it is still unknown. */
    aurora_status (*resolve)(void *self, aurora_id batch);

    /* Ends a transaction without effect; also the only way to end a READ transaction. */
    void (*rollback)(void *self, aurora_store_txn *txn);

    /* Reads log rows whose last position is >= from, in order, at most `capacity` rows and, after
     * the first, at most bytes_max bytes of bodies. */
    aurora_status (*log_read)(void *self, aurora_store_txn *txn, int64_t from, size_t bytes_max,
                              aurora_log_row *rows_out, uint32_t capacity, uint32_t *count_out,
                              const aurora_arena_port *arena);

    /* What the log holds as this transaction sees it. */
    aurora_status (*log_bounds)(void *self, aurora_store_txn *txn, aurora_log_bounds *out);

    /* Deletes whole log rows whose last position is below `position`, at most `rows_max` of them
     * (WRITE only). */
    aurora_status (*log_trim)(void *self, aurora_store_txn *txn, int64_t position,
                              uint32_t rows_max);

    /* Housekeeping between batches (checkpoints); bounded work, called often, also when idle. */
    aurora_status (*maintain)(void *self, bool is_idle);

    /* Writes a consistent copy to `path`, which must not exist, while others read and write. */
    aurora_status (*backup)(void *self, const char *path, aurora_error *err);

    /* Bytes that the store occupies, for metrics; 0 where unknown. */
    int64_t (*bytes_used)(void *self);

    /* Nobody calls any more. */
    void (*close)(void *self);

    /* The store's own clock inside of a write transaction, Unix milliseconds, so that all instances
     * agree on the time; costs no round trip of its own. NULL = the host's clock is used. */
    int64_t (*now_ms)(void *self, aurora_store_txn *txn);

    /* From now on calls changed(changed_self), on a thread of the adapter's, soon after others have
     * committed a log row, and at least when it cannot tell (a lost connection came back). Several
     * commits may be told by one call. It returns fast and calls nothing of the store. At most one
     * listener; NULL changed ends it, and no call is under way when that returns. NULL = the store
     * cannot tell and is polled. */
    aurora_status (*listen)(void *self, void (*changed)(void *changed_self), void *changed_self);

    /* Writes the public events of the batch that was just appended, ascending by offset, to a table
     * from which others publish them, in the same transaction: right behind `append`, at most once.
     * NULL = nobody asks for that, and the engine publishes them itself. */
    aurora_status (*outbox)(void *self, aurora_store_txn *txn, const aurora_store_outbox_row *rows,
                            uint32_t count);

    /* Bytes that are left for it to grow into, for metrics; -1 where that cannot be told. NULL = it
     * never can be. */
    int64_t (*bytes_free)(void *self);
} aurora_store;

enum {
    AURORA_STORE_READONLY = 1,   /* every write answers AURORA_EREADONLY; nothing is created */
    AURORA_STORE_NO_CREATE = 2,  /* a missing store answers AURORA_ENOTFOUND */
    AURORA_STORE_NO_MIGRATE = 4, /* an older schema answers AURORA_ESCHEMA */
};

/* How to open. */
typedef struct {
    uint32_t size;
    uint32_t flags;                    /* AURORA_STORE_READONLY ... */
    const char *address;               /* what stands behind "scheme:" in the URL */
    const aurora_table *const *tables; /* table_count of them */
    uint32_t table_count;
    const aurora_allocator *allocator;                           /* never NULL */
    void (*log)(void *self, int32_t level, const char *message); /* never NULL */
    void *log_self;
    uint64_t cache_bytes; /* for pages of the writer, a quarter of it for each reader; 0 = the
                             adapter's own choice */
    const char *modules;  /* the installed set as the store records it, "order" or
                             "order,inventory,..."; an adapter may keep each set apart (a schema of
                             PostgreSQL); NULL = all */
} aurora_store_options;

/* Opens a store: checks that it is usable, creates or migrates its schema. */
typedef aurora_status (*aurora_store_open_fn)(const aurora_store_options *options,
                                              aurora_store *out, aurora_error *err);

#ifdef __cplusplus
}
#endif
#endif

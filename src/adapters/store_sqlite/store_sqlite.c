/* SPDX-License-Identifier: MIT */
/* Opening and closing; the port's table. */
#include "adapters/store_sqlite/store_sqlite.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "adapters/store_sqlite/environment.h"
#include "adapters/store_sqlite/inherited.h"
#include "adapters/store_sqlite/instance.h"

#define CLOSE_WAIT_MS 2000

static int64_t bytes_used(void *self)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    aurora__sqlite_store *store = self;
    int64_t bytes = 0;
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char name[4224];
        struct stat info;
        int length = snprintf(name, sizeof name, "%s%s", store->path, suffixes[i]);
        if (length < (int)sizeof name && stat(name, &info) == 0)
            bytes += info.st_size;
    }
    return bytes;
}

/* Of its file system, what is not kept for the superuser. */
static int64_t bytes_free(void *self)
{
    const aurora__sqlite_store *store = self;
    struct statvfs room;
    if (statvfs(store->path, &room) != 0)
        return -1;
    uint64_t blocks = room.f_bavail, bytes = room.f_frsize;
    return bytes != 0 && blocks > INT64_MAX / bytes ? INT64_MAX : (int64_t)(blocks * bytes);
}

static void close_connections(aurora__sqlite_store *store, bool may_checkpoint)
{
    while (store->readers != NULL) {
        aurora__sqlite_connection *reader = store->readers;
        store->readers = reader->next;
        aurora__sqlite_connection_close(reader, false);
    }
    aurora__sqlite_connection_close(store->writer, may_checkpoint);
    store->writer = NULL;
}

/* The order is the point: our shared locks go, or the last sqlite3_close could not remove the WAL;
 * then the connections; then our descriptors, whose close() drops SQLite's own locks. In a child of
 * the opening process only the descriptors are closed: the connections, and locks that we would
 * give back for the parent too, are not the child's. */
static void close_store(void *self)
{
    aurora__sqlite_store *store = self;
    const aurora_allocator *allocator = store->options.allocator;
    if (store->pid == getpid()) {
        bool is_locked = !(store->options.flags & AURORA_STORE_READONLY) &&
                         aurora__sqlite_locks_take_write(&store->locks, CLOSE_WAIT_MS) == AURORA_OK;
        aurora__sqlite_locks_release(&store->locks);
        close_connections(store, is_locked);
    }
    aurora__sqlite_locks_close(&store->locks);
    aurora__sqlite_opened_forget(store->noted);
    pthread_cond_destroy(&store->is_free);
    pthread_mutex_destroy(&store->mutex);
    allocator->release(allocator->self, store->path);
    allocator->release(allocator->self, store);
}

static aurora_status lock_error(aurora__sqlite_store *store, aurora_status status,
                                const char *suffix, aurora_error *err)
{
    return aurora__sqlite_error(
        err, status, "%s%s cannot be opened and locked: %s", store->path, suffix,
        status == AURORA_EINVAL ? "no permission" : aurora_status_text(status));
}

/* Looks at the file and puts a new one into WAL mode, which needs the file for itself and so comes
 * before our own lock on it. Nothing is written to a file that is not ours. */
static aurora_status prepare_file(aurora__sqlite_store *store, aurora_error *err)
{
    aurora_status status = aurora__sqlite_writer_open(store);
    if (status != AURORA_OK)
        return aurora__sqlite_error(err, status, "%s %s", store->path,
                                    status == AURORA_ECORRUPT ? "is damaged or not a database"
                                                              : "cannot be opened by SQLite");
    sqlite3 *db = store->writer->db;
    status = aurora__sqlite_schema_identify(store, db, err);
    if (status != AURORA_OK || store->options.flags & AURORA_STORE_READONLY)
        return status;
    int rc = sqlite3_exec(db, "PRAGMA page_size=4096; PRAGMA journal_mode=WAL", NULL, NULL, NULL);
    if (rc != SQLITE_OK)
        return aurora__sqlite_error(err, aurora__sqlite_status(rc), "%s: no WAL mode: %s",
                                    store->path, sqlite3_errmsg(db));
    return AURORA_OK;
}

/* SQLite keeps the old mode without an error where shared memory does not work. */
static bool is_in_wal_mode(sqlite3 *db)
{
    sqlite3_stmt *stmt = NULL;
    bool is_wal = sqlite3_prepare_v2(db, "PRAGMA journal_mode", -1, &stmt, NULL) == SQLITE_OK &&
                  sqlite3_step(stmt) == SQLITE_ROW &&
                  strcmp((const char *)sqlite3_column_text(stmt, 0), "wal") == 0;
    sqlite3_finalize(stmt);
    return is_wal;
}

/* From here on nobody can remove the WAL: the database lock is held before the connection that we
 * keep is opened, and the -shm exists once that has read. */
static aurora_status hold_file(aurora__sqlite_store *store, aurora_error *err)
{
    uint32_t left_out = store->faults ? store->faults->left_out : 0;
    aurora_status status = AURORA_OK;
    aurora__sqlite_connection_close(store->writer, false);
    store->writer = NULL;
    if (!(left_out & AURORA__SQLITE_NO_DATABASE_LOCK))
        status = aurora__sqlite_locks_hold_database(&store->locks, store->path);
    if (status != AURORA_OK)
        return lock_error(store, status, "", err);
    status = aurora__sqlite_writer_open(store);
    if (status == AURORA_OK)
        status = aurora__sqlite_schema_identify(store, store->writer->db, err);
    if (status == AURORA_OK && !is_in_wal_mode(store->writer->db))
        return aurora__sqlite_error(err, AURORA_ENOTSUP, "%s cannot be put into WAL mode",
                                    store->path);
    if (status == AURORA_OK && !(left_out & AURORA__SQLITE_NO_SHM_LOCK)) {
        status = aurora__sqlite_locks_hold_shm(&store->locks, store->path);
        if (status != AURORA_OK)
            return lock_error(store, status, "-shm", err);
    }
    return status;
}

static aurora_status find_file(aurora__sqlite_store *store, aurora_error *err)
{
    aurora_status status = aurora__sqlite_place_check(&store->options, &store->path, err);
    if (status != AURORA_OK)
        return status;
    status = aurora__sqlite_opened_note(store->path, &store->noted);
    if (status == AURORA_EFORK)
        return aurora__sqlite_error(err, status,
                                    "%s was open in the parent when it forked this process: close "
                                    "it before the fork, or open it in the child alone",
                                    store->path);
    return status == AURORA_OK ? status : lock_error(store, status, "", err);
}

static aurora_status open_store(aurora__sqlite_store *store, aurora_error *err)
{
    uint32_t left_out = store->faults ? store->faults->left_out : 0;
    bool is_writable = !(store->options.flags & AURORA_STORE_READONLY);
    aurora_status status = find_file(store, err);
    if (status == AURORA_OK && !(left_out & AURORA__SQLITE_NO_WRITE_LOCK)) {
        status = aurora__sqlite_locks_open_write(&store->locks, store->path, !is_writable);
        if (status != AURORA_OK)
            return lock_error(store, status, "-aurora", err);
    }
    if (status == AURORA_OK) {
        status = aurora__sqlite_locks_take_write(&store->locks, CLOSE_WAIT_MS);
        if (status != AURORA_OK)
            return lock_error(store, status, "-aurora", err);
        status = prepare_file(store, err);
        aurora__sqlite_locks_give_write(&store->locks);
    }
    if (status == AURORA_OK)
        status = hold_file(store, err);
    if (status == AURORA_OK)
        status = aurora__sqlite_schema_open(store, err);
    return status;
}

/* The list of tables is copied: only the descriptors are promised to live as long as the store. */
static aurora__sqlite_store *new_store(const aurora_store_options *options,
                                       aurora__store_sqlite_faults *faults)
{
    const aurora_allocator *allocator = options->allocator;
    size_t table_bytes = options->table_count * sizeof(aurora_table *);
    aurora__sqlite_store *store = allocator->allocate(allocator->self, sizeof *store + table_bytes);
    if (store == NULL)
        return NULL;
    *store = (aurora__sqlite_store){
        .options = *options,
        .faults = faults,
        .pid = getpid(),
        .noted = -1,
        .locks = AURORA__SQLITE_LOCKS_INIT,
        .data_version = -1,
        .wal_frames = 1, /* what an earlier process may have left behind */
        .restart_first = AURORA__SQLITE_RESTART_FRAMES,
        .restart_gap = AURORA__SQLITE_RESTART_GAP,
    };
    if (faults != NULL && faults->restart_frames > 0)
        store->restart_first = faults->restart_frames;
    store->restart_frames = store->restart_first;
    store->options.tables = memcpy(store + 1, options->tables, table_bytes);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&store->is_free, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&store->mutex, NULL);
    return store;
}

aurora_status aurora__store_sqlite_open_with(const aurora_store_options *options,
                                             aurora__store_sqlite_faults *faults, aurora_store *out,
                                             aurora_error *err)
{
    const aurora__sqlite_library library = {
        .version = sqlite3_libversion_number(),
        .is_threadsafe = sqlite3_threadsafe(),
        .has_fts5 = sqlite3_compileoption_used("ENABLE_FTS5"),
    };
    aurora_status status = aurora__sqlite_library_check(&library, err);
    if (status != AURORA_OK)
        return status;
    aurora__sqlite_store *store = new_store(options, faults);
    if (store == NULL)
        return AURORA_ENOMEM;
    status = open_store(store, err);
    store->options.address = store->path;
    if (status != AURORA_OK) {
        close_store(store);
        return status;
    }
    *out = (aurora_store){
        .size = sizeof *out,
        .flags = AURORA_STORE_SERIAL,
        .self = store,
        .begin = aurora__sqlite_begin,
        .load = aurora__sqlite_rows_load,
        .scan = aurora__sqlite_rows_scan,
        .save = aurora__sqlite_rows_save,
        .append = aurora__sqlite_log_append,
        .commit = aurora__sqlite_commit,
        .resolve = aurora__sqlite_resolve,
        .rollback = aurora__sqlite_rollback,
        .log_read = aurora__sqlite_log_read,
        .log_bounds = aurora__sqlite_log_bounds,
        .log_trim = aurora__sqlite_log_trim,
        .maintain = aurora__sqlite_maintain,
        .backup = aurora__sqlite_backup,
        .bytes_used = bytes_used,
        .close = close_store,
        .bytes_free = bytes_free,
    };
    return AURORA_OK;
}

aurora_status aurora__store_sqlite_open(const aurora_store_options *options, aurora_store *out,
                                        aurora_error *err)
{
    return aurora__store_sqlite_open_with(options, NULL, out, err);
}

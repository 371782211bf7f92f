/* SPDX-License-Identifier: MIT */
/* An online copy. Its source is a read connection inside one open transaction, so that the copy is
 * one snapshot and a write does not make SQLite's backup start again, which under load would never
 * end. The pages are copied as they are; VACUUM INTO would hold the snapshot, and with it the WAL,
 * several times longer for rebuilding each table. The copy appears under its name when it is whole
 * and on the disk. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/store_sqlite/instance.h"

#define STEP_PAGES 4096
#define NAME_BYTES_MAX 4224

static aurora_status system_error(aurora_error *err, const char *path)
{
    aurora_status status = errno == ENOSPC || errno == EDQUOT ? AURORA_EFULL : AURORA_EIO;
    return aurora__sqlite_error(err, status, "%s: %s", path, strerror(errno));
}

static int copy_pages(sqlite3 *from, sqlite3 *to)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    if (backup == NULL)
        return sqlite3_extended_errcode(to);
    int rc;
    do {
        rc = sqlite3_backup_step(backup, STEP_PAGES);
    } while (rc == SQLITE_OK);
    int finish_rc = sqlite3_backup_finish(backup);
    return rc == SQLITE_DONE ? finish_rc : rc;
}

static aurora_status copy(aurora__sqlite_store *store, sqlite3 *from, const char *partial,
                          aurora_error *err)
{
    sqlite3 *to = NULL;
    int rc = sqlite3_open_v2(partial, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                             store->faults ? store->faults->vfs : NULL);
    /* A copy that breaks off is thrown away, so it needs no journal, and it is synced once
     * below. */
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(to, "PRAGMA synchronous=OFF; PRAGMA journal_mode=OFF", NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = copy_pages(from, to);
    aurora_status status = aurora__sqlite_status(rc);
    if (status != AURORA_OK)
        aurora__sqlite_error(err, status, "%s: %s", partial,
                             to != NULL ? sqlite3_errmsg(to) : sqlite3_errstr(rc));
    sqlite3_close(to);
    return status;
}

static aurora_status sync_path(const char *path, int flags, aurora_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
    if (fd < 0)
        return system_error(err, path);
    aurora_status status = fsync(fd) == 0 ? AURORA_OK : system_error(err, path);
    close(fd);
    return status;
}

/* Gives the copy its name, unless somebody else has taken it meanwhile. */
static aurora_status publish(const char *partial, const char *path, aurora_error *err)
{
    char folder[NAME_BYTES_MAX];
    aurora_status status = sync_path(partial, 0, err);
    if (status != AURORA_OK)
        return status;
    if (link(partial, path) == 0)
        unlink(partial);
    else if (errno == EEXIST)
        return aurora__sqlite_error(err, AURORA_ECONFLICT, "%s exists", path);
    else if (rename(partial, path) != 0) /* a file system without links */
        return system_error(err, path);
    snprintf(folder, sizeof folder, "%s", path);
    return sync_path(dirname(folder), O_DIRECTORY, err);
}

/* A new empty file beside `path`, with the rights of the store. */
static aurora_status make_partial(aurora__sqlite_store *store, const char *path, char *partial,
                                  aurora_error *err)
{
    struct stat info;
    if (lstat(path, &info) == 0)
        return aurora__sqlite_error(err, AURORA_ECONFLICT, "%s exists", path);
    if (snprintf(partial, NAME_BYTES_MAX, "%s-XXXXXX", path) >= NAME_BYTES_MAX)
        return aurora__sqlite_error(err, AURORA_EINVAL, "the path is too long");
    int fd = mkstemp(partial);
    if (fd < 0)
        return system_error(err, path);
    bool is_ready = stat(store->path, &info) == 0 && fchmod(fd, info.st_mode & 0777) == 0;
    close(fd);
    return is_ready ? AURORA_OK : system_error(err, partial);
}

aurora_status aurora__sqlite_backup(void *self, const char *path, aurora_error *err)
{
    aurora__sqlite_store *store = self;
    char partial[NAME_BYTES_MAX] = "";
    aurora_store_txn *txn = NULL;
    aurora_id nobody = {{0}};
    aurora_status status = make_partial(store, path, partial, err);
    aurora__sqlite_snapshot_enter(store, AURORA__SQLITE_BACKUP);
    if (status == AURORA_OK) {
        status = aurora__sqlite_begin(store, AURORA_TXN_READ, nobody, 0, NULL, &txn);
        if (status != AURORA_OK)
            aurora__sqlite_error(err, status, "%s cannot be read", store->path);
    }
    if (status == AURORA_OK) {
        status = copy(store, txn->connection->db, partial, err);
        aurora__sqlite_rollback(store, txn);
    }
    aurora__sqlite_snapshot_leave(store, AURORA__SQLITE_BACKUP);
    if (status == AURORA_OK)
        status = publish(partial, path, err);
    if (status != AURORA_OK && partial[0] != 0)
        unlink(partial);
    return status;
}

/* SPDX-License-Identifier: MIT */
/* The file: who may write it, who reads it, and what happens when it is damaged, foreign or gone.
 * FILE-lock, an empty file, orders the writers of all processes; it also keeps commits apart from
 * checkpoints, which run inside a writer's commit only. Its second byte keeps who opens a file to
 * read apart from who puts another in its place: SQLite opens the file first and what is beside it
 * later, by name, so that a reader could take up the new one's. */
#include "adapters/search_fts/index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "adapters/search_fts/rank.h"

#define CLAIM_MS 250 /* the driver of an engine may be waiting */
#define BUSY_MS 2000
#define SLEEP_NS 500000
#define NAME_BYTES_MAX 4300

enum { WRITING, REPLACING, WAITING }; /* bytes of FILE-lock */

/* --- locks ------------------------------------------------------------------------------------ */

static aurora_status lock_byte(int fd, short type, int byte, int64_t until_ms)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    struct timespec sleep = {0, SLEEP_NS};
    while (fcntl(fd, F_OFD_SETLK, &lock) != 0) {
        if (errno != EAGAIN && errno != EACCES && errno != EINTR)
            return AURORA_EIO;
        if (aurora__fts_clock_ms() >= until_ms)
            return AURORA_EBUSY;
        nanosleep(&sleep, NULL);
    }
    return AURORA_OK;
}

static void unlock_byte(int fd, int byte)
{
    struct flock lock = {.l_type = F_UNLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    if (fd >= 0)
        fcntl(fd, F_OFD_SETLK, &lock);
}

static aurora_status lock_file(aurora__fts_index *index, int64_t until_ms)
{
    char name[NAME_BYTES_MAX];
    if (index->path == NULL)
        return AURORA_OK;
    if (index->lock_fd < 0) {
        snprintf(name, sizeof name, "%s-lock", index->path);
        index->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        if (index->lock_fd < 0)
            return errno == ENOSPC ? AURORA_EFULL : AURORA_EIO;
    }
    return lock_byte(index->lock_fd, F_WRLCK, WRITING, until_ms);
}

static void unlock_file(const aurora__fts_index *index)
{
    unlock_byte(index->lock_fd, WRITING);
}

/* Whoever is opening the file has it open after this, or opens what takes its place. The writer's
 * seat and lock are held. */
static aurora_status lock_replacing(const aurora__fts_index *index, int64_t until_ms)
{
    if (index->path == NULL)
        return AURORA_OK;
    aurora_status rc = lock_byte(index->lock_fd, F_WRLCK, WAITING, until_ms);
    if (rc == AURORA_OK)
        rc = lock_byte(index->lock_fd, F_WRLCK, REPLACING, until_ms);
    unlock_byte(index->lock_fd, WAITING);
    return rc;
}

static void unlock_replacing(const aurora__fts_index *index)
{
    unlock_byte(index->lock_fd, REPLACING);
}

/* Keeps the file under its name for as long as *fd_out is not given to unlock_opening. It is a
 * descriptor of its own, since the writer of this very index is kept off too; -1 where there is no
 * FILE-lock, so that nobody has written. Who waits to replace the file is let go first, or many
 * searches would take turns before him for ever. */
static aurora_status lock_opening(const aurora__fts_index *index, int *fd_out)
{
    int64_t until_ms = aurora__fts_clock_ms() + CLAIM_MS;
    char name[NAME_BYTES_MAX];
    snprintf(name, sizeof name, "%s-lock", index->path);
    int fd = *fd_out = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return AURORA_OK;
    aurora_status rc = lock_byte(fd, F_RDLCK, WAITING, until_ms);
    if (rc == AURORA_OK)
        rc = lock_byte(fd, F_RDLCK, REPLACING, until_ms);
    unlock_byte(fd, WAITING);
    return rc;
}

/* A child of fork may have the descriptor too: closing it would leave the lock. */
static void unlock_opening(int fd)
{
    unlock_byte(fd, REPLACING);
    if (fd >= 0)
        close(fd);
}

/* --- connections ------------------------------------------------------------------------------ */

static void close_connection(const aurora__fts_index *index, aurora__fts_connection *connection)
{
    if (connection == NULL)
        return;
    aurora__fts_forget(connection);
    sqlite3_close(connection->db);
    index->options.allocator->release(index->options.allocator->self, connection);
}

static int configure(sqlite3 *db, bool is_reader)
{
    static const char writer[] = "PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16384;"
                                 "PRAGMA journal_size_limit=16777216;";
    static const char reader[] = "PRAGMA query_only=1; PRAGMA cache_size=-8192;";
    sqlite3_extended_result_codes(db, 1);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, is_reader, NULL);
    sqlite3_busy_timeout(db, BUSY_MS);
    int rc = sqlite3_exec(db, "PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY;", NULL, NULL, NULL);
    return rc == SQLITE_OK ? sqlite3_exec(db, is_reader ? reader : writer, NULL, NULL, NULL) : rc;
}

static aurora_status open_connection(aurora__fts_index *index, bool is_reader,
                                     aurora__fts_connection **out)
{
    const aurora_allocator *allocator = index->options.allocator;
    aurora__fts_connection *connection = allocator->allocate(allocator->self, sizeof *connection);
    int flags = index->path == NULL ? SQLITE_OPEN_MEMORY | SQLITE_OPEN_READWRITE
                : is_reader         ? (index->options.flags & AURORA_SEARCH_READONLY) != 0
                                          ? SQLITE_OPEN_READONLY
                                          : SQLITE_OPEN_READWRITE
                                    : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    *out = NULL;
    if (connection == NULL)
        return AURORA_ENOMEM;
    memset(connection, 0, sizeof *connection);
    pthread_mutex_lock(&index->mutex);
    connection->incarnation = index->incarnation;
    pthread_mutex_unlock(&index->mutex);
    int rc = sqlite3_open_v2(index->path == NULL ? ":memory:" : index->path, &connection->db,
                             flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK)
        rc = configure(connection->db, is_reader);
    if (rc == SQLITE_OK)
        rc = aurora__fts_rank_attach(connection->db, &connection->plan);
    if (rc == SQLITE_OK) {
        *out = connection;
        return AURORA_OK;
    }
    close_connection(index, connection);
    return (rc & 0xff) == SQLITE_CANTOPEN && is_reader ? AURORA_ENOTFOUND : aurora__fts_status(rc);
}

/* --- the file under its name ------------------------------------------------------------------ */

/* Whether the file that is open still has the name; the mutex is held. */
static bool is_current(const aurora__fts_index *index)
{
    struct stat info;
    return index->path == NULL || (stat(index->path, &info) == 0 && info.st_ino == index->inode &&
                                   info.st_dev == index->device);
}

/* Another file has the name, or none: connections to the old one are closed as they come back. */
static void leave_file(aurora__fts_index *index)
{
    aurora__fts_connection *stale = index->readers;
    index->readers = NULL;
    index->reader_count = 0;
    index->incarnation++;
    aurora__fts_vocabulary_release(index->vocabulary);
    index->vocabulary = NULL;
    while (stale != NULL) {
        aurora__fts_connection *next = stale->next;
        close_connection(index, stale);
        stale = next;
    }
}

static void note_file(aurora__fts_index *index)
{
    struct stat info;
    if (index->path == NULL || stat(index->path, &info) != 0)
        return;
    index->device = info.st_dev;
    index->inode = info.st_ino;
}

static void delete_file(aurora__fts_index *index)
{
    static const char *const endings[] = {"", "-wal", "-shm"};
    char name[NAME_BYTES_MAX];
    for (size_t i = 0; index->path != NULL && i < sizeof endings / sizeof *endings; i++) {
        snprintf(name, sizeof name, "%s%s", index->path, endings[i]);
        unlink(name);
    }
}

/* The writer's connection goes without a checkpoint: it would fail or be for nothing. */
static void drop_writer(aurora__fts_index *index)
{
    if (index->writer != NULL)
        sqlite3_db_config(index->writer->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    close_connection(index, index->writer);
    index->writer = NULL;
}

static void drop_file(aurora__fts_index *index, const char *why)
{
    aurora__fts_log(index, AURORA_LOG_WARNING, "%s %s: it is deleted and made again",
                    index->path == NULL ? "the index" : index->path, why);
    drop_writer(index);
    delete_file(index);
    pthread_mutex_lock(&index->mutex);
    leave_file(index);
    /* In one with the new incarnation: a reader of the old file may yet find its damage. */
    atomic_store(&index->is_damaged, false);
    pthread_mutex_unlock(&index->mutex);
}

/* --- writing ---------------------------------------------------------------------------------- */

static aurora_status take_seat(aurora__fts_index *index)
{
    struct timespec until;
    aurora_status rc = AURORA_OK;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += CLAIM_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&index->mutex);
    while (index->is_writing && rc == AURORA_OK) {
        if (pthread_cond_timedwait(&index->is_free, &index->mutex, &until) != 0)
            rc = AURORA_EBUSY;
    }
    if (rc == AURORA_OK)
        index->is_writing = true;
    pthread_mutex_unlock(&index->mutex);
    return rc;
}

static void leave_seat(aurora__fts_index *index)
{
    pthread_mutex_lock(&index->mutex);
    index->is_writing = false;
    pthread_cond_broadcast(&index->is_free); /* one of them may just give up */
    pthread_mutex_unlock(&index->mutex);
}

/* Somebody may have deleted the file and not what is beside it. Readers of the old one still have
 * its -shm mapped: a new file that took it over would cut it off under them. */
static void delete_leftovers(aurora__fts_index *index)
{
    struct stat info;
    if (index->path != NULL && stat(index->path, &info) != 0 && errno == ENOENT)
        delete_file(index);
}

static aurora_status open_writer(aurora__fts_index *index)
{
    delete_leftovers(index);
    aurora_status rc = open_connection(index, false, &index->writer);
    if (rc == AURORA_OK)
        rc = aurora__fts_schema_open(index->writer, true);
    if (rc != AURORA_OK) {
        drop_writer(index);
        return rc;
    }
    pthread_mutex_lock(&index->mutex);
    note_file(index);
    pthread_mutex_unlock(&index->mutex);
    return AURORA_OK;
}

static aurora_status replace_file(aurora__fts_index *index, int64_t until_ms)
{
    aurora_status rc = lock_replacing(index, until_ms);
    if (rc != AURORA_OK)
        return rc;
    if (atomic_load(&index->is_damaged))
        drop_file(index, "is damaged");
    rc = open_writer(index);
    if (rc == AURORA_ECORRUPT) {
        drop_file(index, "is damaged, or not an index of this release");
        rc = open_writer(index);
    }
    unlock_replacing(index);
    return rc;
}

static aurora_status ready_writer(aurora__fts_index *index, int64_t until_ms)
{
    pthread_mutex_lock(&index->mutex);
    bool is_stale = index->writer != NULL && !is_current(index);
    if (is_stale)
        leave_file(index);
    pthread_mutex_unlock(&index->mutex);
    if (is_stale)
        drop_writer(index);
    bool is_sound = index->writer != NULL && !atomic_load(&index->is_damaged);
    return is_sound ? AURORA_OK : replace_file(index, until_ms);
}

/* A ROLLBACK itself needs memory: one that had none is made up for. */
static aurora_status leave_transaction(sqlite3 *db)
{
    return sqlite3_get_autocommit(db) ? AURORA_OK : aurora__fts_run(db, "ROLLBACK", 0);
}

aurora_status aurora__fts_claim(aurora__fts_index *index)
{
    int64_t until_ms = aurora__fts_clock_ms() + CLAIM_MS;
    if ((index->options.flags & AURORA_SEARCH_READONLY) != 0)
        return AURORA_EREADONLY;
    aurora_status rc = take_seat(index);
    if (rc != AURORA_OK)
        return rc;
    rc = lock_file(index, until_ms);
    if (rc == AURORA_OK) {
        rc = ready_writer(index, until_ms);
        if (rc == AURORA_OK)
            rc = leave_transaction(index->writer->db);
        if (rc != AURORA_OK)
            unlock_file(index);
    }
    if (rc != AURORA_OK)
        leave_seat(index);
    return rc;
}

aurora_status aurora__fts_unclaim(aurora__fts_index *index, aurora_status status)
{
    if (status == AURORA_ECORRUPT) {
        if (lock_replacing(index, aurora__fts_clock_ms() + CLAIM_MS) == AURORA_OK)
            drop_file(index, "is damaged");
        else
            atomic_store(&index->is_damaged, true); /* whoever claims it next drops it */
        unlock_replacing(index);
        status = AURORA_ECONFLICT; /* the state is another one now */
    }
    /* FTS5 (3.40) keeps more than a rollback undoes, and would find damage in the next write. */
    if (status == AURORA_ENOMEM && index->path != NULL)
        drop_writer(index);
    unlock_file(index);
    leave_seat(index);
    return status;
}

/* --- reading ---------------------------------------------------------------------------------- */

/* In memory there is one connection, so a reader is the writer for that time. */
static aurora_status take_only(aurora__fts_index *index, aurora__fts_connection **out)
{
    if ((index->options.flags & AURORA_SEARCH_READONLY) != 0)
        return AURORA_ENOTFOUND; /* nobody else can have made it */
    aurora_status rc = aurora__fts_claim(index);
    if (rc == AURORA_OK)
        *out = index->writer;
    return rc;
}

/* A file that was left since it was opened says nothing of the one that has the name now. */
static void note_damage(aurora__fts_index *index, const aurora__fts_connection *reader)
{
    pthread_mutex_lock(&index->mutex);
    if (reader->incarnation == index->incarnation)
        atomic_store(&index->is_damaged, true);
    pthread_mutex_unlock(&index->mutex);
}

static aurora_status open_reader(aurora__fts_index *index, aurora__fts_connection **out)
{
    int fd;
    *out = NULL;
    aurora_status rc = lock_opening(index, &fd);
    if (rc == AURORA_OK)
        rc = open_connection(index, true, out);
    if (rc == AURORA_OK)
        rc = aurora__fts_schema_open(*out, false);
    unlock_opening(fd);
    if (rc == AURORA_OK || *out == NULL)
        return rc;
    if (rc == AURORA_ECORRUPT)
        note_damage(index, *out);
    close_connection(index, *out);
    *out = NULL;
    return rc;
}

aurora_status aurora__fts_reader_take(aurora__fts_index *index, aurora__fts_connection **out)
{
    *out = NULL;
    if (index->path == NULL)
        return take_only(index, out);
    pthread_mutex_lock(&index->mutex);
    if (!is_current(index)) {
        leave_file(index);
        note_file(index);
    }
    aurora__fts_connection *reader = index->readers;
    if (reader != NULL) {
        index->readers = reader->next;
        index->reader_count--;
    }
    pthread_mutex_unlock(&index->mutex);
    if (reader != NULL) {
        *out = reader;
        return AURORA_OK;
    }
    return open_reader(index, out);
}

void aurora__fts_reader_give(aurora__fts_index *index, aurora__fts_connection *reader,
                             aurora_status status)
{
    reader->plan = NULL;
    if (index->path == NULL) {
        aurora__fts_unclaim(index, status == AURORA_ECORRUPT ? status : AURORA_OK);
        return;
    }
    pthread_mutex_lock(&index->mutex);
    bool is_kept = status == AURORA_OK && sqlite3_get_autocommit(reader->db) &&
                   reader->incarnation == index->incarnation &&
                   index->reader_count < AURORA__FTS_READERS_MAX;
    if (is_kept) {
        reader->next = index->readers;
        index->readers = reader;
        index->reader_count++;
    }
    pthread_mutex_unlock(&index->mutex);
    if (status == AURORA_ECORRUPT)
        note_damage(index, reader);
    if (!is_kept)
        close_connection(index, reader);
}

/* Closing the last connection checkpoints, which is a write. */
void aurora__fts_files_close(aurora__fts_index *index)
{
    pthread_mutex_lock(&index->mutex);
    leave_file(index);
    pthread_mutex_unlock(&index->mutex);
    if (index->writer != NULL) {
        if (lock_file(index, aurora__fts_clock_ms() + CLAIM_MS) == AURORA_OK)
            close_connection(index, index->writer);
        else
            drop_writer(index);
        index->writer = NULL;
        unlock_file(index);
    }
    if (index->lock_fd >= 0)
        close(index->lock_fd);
}

/* SPDX-License-Identifier: MIT */
/* Locks of open file descriptions (OFD) around SQLite's own. They belong to a descriptor, not to
 * the process: two handles of one process exclude each other, and no other code in the process can
 * release them by closing the file. */
#ifndef AURORA_ADAPTERS_STORE_SQLITE_LOCKS_H
#define AURORA_ADAPTERS_STORE_SQLITE_LOCKS_H

#include <aurora/base.h>

/* Descriptors, -1 where closed. */
typedef struct {
    int write;    /* FILE-aurora, first byte: exclusive during writes and checkpoints */
    int snapshot; /* FILE-aurora, next two bytes: shared while a snapshot is read */
    int database; /* the database file: shared while open */
    int shm;      /* its -shm: shared while open */
} aurora__sqlite_locks;

#define AURORA__SQLITE_LOCKS_INIT                                                                  \
    {                                                                                              \
        -1, -1, -1, -1                                                                             \
    }

/* Who reads a snapshot: the bytes of FILE-aurora that stand for it. */
enum {
    AURORA__SQLITE_QUERY = 1,  /* a read transaction: checkpoints wait for a while */
    AURORA__SQLITE_BACKUP = 2, /* a backup: checkpoints wait until it is done */
};

/* Opens FILE-aurora; a writer makes it if it is missing, a reader then does without it.
 * AURORA_EINVAL without permission, else EIO. */
aurora_status aurora__sqlite_locks_open_write(aurora__sqlite_locks *locks, const char *path,
                                              bool is_reader);

/* Takes FILE-aurora, waiting at most timeout_ms for others, then AURORA_EBUSY. */
aurora_status aurora__sqlite_locks_take_write(const aurora__sqlite_locks *locks,
                                              int64_t timeout_ms);
void aurora__sqlite_locks_give_write(const aurora__sqlite_locks *locks);

/* Says that a snapshot is read, or no longer; once per kind and handle, its caller counts. */
void aurora__sqlite_locks_hold_snapshot(const aurora__sqlite_locks *locks, int kind);
void aurora__sqlite_locks_give_snapshot(const aurora__sqlite_locks *locks, int kind);

/* Whether any handle of any process reads a snapshot of that kind. */
bool aurora__sqlite_locks_has_snapshot(const aurora__sqlite_locks *locks, int kind);

/* Takes the shared locks that keep the WAL alive, on the database file and, once a connection has
 * read in WAL mode, on its -shm. AURORA_EBUSY where another keeps it to itself. */
aurora_status aurora__sqlite_locks_hold_database(aurora__sqlite_locks *locks, const char *path);
aurora_status aurora__sqlite_locks_hold_shm(aurora__sqlite_locks *locks, const char *path);

/* Gives the two shared locks back, so that the last sqlite3_close may remove the WAL. */
void aurora__sqlite_locks_release(const aurora__sqlite_locks *locks);

/* Closes the descriptors: after sqlite3_close, see locks.c. */
void aurora__sqlite_locks_close(aurora__sqlite_locks *locks);

/* Milliseconds of a clock that only grows. */
int64_t aurora__sqlite_clock_ms(void);

#endif

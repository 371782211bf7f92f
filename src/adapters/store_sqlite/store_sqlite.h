/* SPDX-License-Identifier: MIT */
/* The store port over one SQLite file: "sqlite:PATH". Any number of processes and handles may have
 * the file open; writes and checkpoints run under one lock on PATH-aurora. */
#ifndef AURORA_ADAPTERS_STORE_SQLITE_H
#define AURORA_ADAPTERS_STORE_SQLITE_H

#include <aurora/port/store.h>

/* PATH must be on a local file system. Beside the failures of the port: AURORA_EINVAL (a folder, no
 * permission, a network file system), AURORA_ENOTSUP (an SQLite that is too old or lacks a part),
 * AURORA_ENOTFOUND, AURORA_ESCHEMA, AURORA_ECORRUPT. *out is written when it answers AURORA_OK.
 * Threads: shared. */
aurora_status aurora__store_sqlite_open(const aurora_store_options *options, aurora_store *out,
                                        aurora_error *err);

enum {
    AURORA__SQLITE_COMMIT_LOST = 1, /* the commit fails and had no effect */
    AURORA__SQLITE_COMMIT_DONE = 2, /* the commit fails although it had its effect */
};

enum {
    AURORA__SQLITE_NO_DATABASE_LOCK = 1,
    AURORA__SQLITE_NO_SHM_LOCK = 2,
    AURORA__SQLITE_NO_WRITE_LOCK = 4,
    AURORA__SQLITE_NO_ERASE = 8,
};

/* What a test may make fail or leave out in one instance. It may change the fields between calls.
 * A real failure is better made by a VFS of the test's own, named here. */
typedef struct {
    const char *vfs;        /* NULL = SQLite's default */
    uint32_t left_out;      /* AURORA__SQLITE_NO_...: rules that a test shows to be needed */
    uint32_t fail_commit;   /* AURORA__SQLITE_COMMIT_...: of the next commit, then 0 again */
    uint32_t fail_reopen;   /* this many reopenings after an unknown commit fail */
    int64_t restart_frames; /* a WAL this long is to start anew; 0 = as outside tests */
} aurora__store_sqlite_faults;

/* The same with faults, borrowed until close; NULL = none. */
aurora_status aurora__store_sqlite_open_with(const aurora_store_options *options,
                                             aurora__store_sqlite_faults *faults, aurora_store *out,
                                             aurora_error *err);

#endif

/* SPDX-License-Identifier: MIT */
/* A store that several instances write at once, as PostgreSQL is, made of the SQLite one: a write
 * transaction reads the newest commits, one statement at a time, until it locks its rows; only then
 * are others shut out. It checks the order of locks, and lets a test commit in between. */
#ifndef AURORA_TESTS_SUPPORT_SHARED_STORE_H
#define AURORA_TESTS_SUPPORT_SHARED_STORE_H

#include <aurora/port/driver.h>

#include "test.h"

#include <stdatomic.h>

/* One instance. A test writes the members of the first part between calls. */
typedef struct shared_store {
    /* Called once, before the next batch locks, or between its locks and its writes: then the locks
     * shut nobody out. NULL = nothing. */
    void (*before_lock)(void *self);
    void (*before_save)(void *self);
    void *self;
    bool tells_late;           /* a refused put shows at the commit */
    bool is_deaf;              /* it cannot tell of others' commits */
    atomic_bool is_away;       /* every call answers AURORA_EIO */
    atomic_bool is_uncertain;  /* the next commit is done, and answers that it is not known */
    atomic_bool is_unresolved; /* nor can it be found out */
    _Atomic int64_t ahead_ms;  /* its clock, before the host's */
    /* Counted. */
    atomic_uint begins;
    atomic_uint reads; /* unlocked loads and scans of write transactions */
    atomic_uint locks; /* locked loads */
    atomic_uint saves;
    atomic_uint commits;
    atomic_uint log_reads;
    atomic_uint log_looks; /* log_bounds */
    atomic_uint disorders; /* rows locked against the order, or after the first locks */
    /* Its own. */
    aurora_store inner;
    aurora_allocator allocator;
    char path[512];
    void (*changed)(void *changed_self);
    void *changed_self;
    struct shared_store *next;
} shared_store;

/* For aurora_options: the scheme is "shared", the address a file. */
extern const aurora_driver shared_store_driver;

/* The instance that was opened last and is still open. */
shared_store *shared_store_newest(void);

#endif

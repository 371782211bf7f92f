/* SPDX-License-Identifier: MIT */
/* The store in memory: every table and index is an ordered tree, nothing survives close, and its
 * size is bounded only by the host's memory. For tests, simulation and hosts that need no disk.
 *
 * Trees are copied on write: a write transaction copies the nodes that it changes and publishes new
 * roots at commit, so a reader keeps the roots it began with, waits for nobody and holds up nobody.
 * What a commit replaced is freed when the last reader that began before it has ended: a reader
 * that stays open for long costs the memory of all that is replaced meanwhile. */
#ifndef AURORA_ADAPTERS_STORE_MEMORY_H
#define AURORA_ADAPTERS_STORE_MEMORY_H

#include <stdatomic.h>

#include <aurora/port/store.h>

/* Opens an empty store; the address is ignored. With AURORA_STORE_READONLY or
 * AURORA_STORE_NO_CREATE it answers AURORA_ENOTFOUND, since nothing can be there. The tables must
 * outlive the store, the list of them need not. AURORA_ENOMEM, AURORA_EINVAL for a table with more
 * than 64 columns. Threads: shared. */
aurora_status aurora__store_memory_open(const aurora_store_options *options, aurora_store *out,
                                        aurora_error *err);

/* A status that one call answers instead of doing its work. Once: it clears itself. */
typedef struct {
    _Atomic int32_t status; /* 0 = none; set it last */
    _Atomic uint32_t skip;  /* calls that still succeed before it */
} aurora__store_memory_fault;

/* Faults of one instance, for tests. A commit that is set to AURORA_ETIMEDOUT takes effect if
 * commit_outcome is AURORA_OK, else (AURORA_ENOTFOUND) it does not; `resolve` answers
 * AURORA_ETIMEDOUT resolve_delay times and then that outcome. Any other commit fault writes
 * nothing. */
typedef struct {
    aurora__store_memory_fault begin_read;
    aurora__store_memory_fault begin_write;
    aurora__store_memory_fault load;
    aurora__store_memory_fault scan;
    aurora__store_memory_fault save;
    aurora__store_memory_fault append;
    aurora__store_memory_fault commit;
    aurora__store_memory_fault log_read;
    _Atomic int32_t commit_outcome;
    _Atomic uint32_t resolve_delay;
} aurora__store_memory_faults_t;

/* The faults of a store that aurora__store_memory_open opened; lives until its close. Threads:
 * shared. */
aurora__store_memory_faults_t *aurora__store_memory_faults(const aurora_store *store);

#endif

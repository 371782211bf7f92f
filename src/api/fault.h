/* SPDX-License-Identifier: MIT */
/* The fault points inside the library, and the store that visits them. */
#ifndef AURORA_API_FAULT_H
#define AURORA_API_FAULT_H

#include <aurora/port/store.h>
#include <aurora/testing.h>

/* X(suffix, name, help), by name. */
#define AURORA__FAULT_POINTS(X)                                                                    \
    X(APPEND, "store.append", "Appending the batch's events to the log.")                          \
    X(BACKUP, "store.backup", "Copying the store.")                                                \
    X(BEGIN, "store.begin", "Beginning a write transaction.")                                      \
    X(BEGIN_READ, "store.begin_read", "Beginning a query's snapshot.")                             \
    X(COMMIT, "store.commit", "Committing a batch; killed here, it has no effect.")                \
    X(COMMITTED, "store.committed", "A batch is durable and nobody has been answered yet.")        \
    X(LOAD, "store.load", "Loading rows by key.")                                                  \
    X(LOG_BOUNDS, "store.log_bounds", "Reading the log's bounds.")                                 \
    X(LOG_READ, "store.log_read", "Reading the log.")                                              \
    X(LOG_TRIM, "store.log_trim", "Deleting the oldest rows of the log.")                          \
    X(MAINTAIN, "store.maintain", "Housekeeping between batches.")                                 \
    X(RESOLVE, "store.resolve", "Asking what became of an unknown commit.")                        \
    X(SAVE, "store.save", "Saving a batch's rows.")                                                \
    X(SCAN, "store.scan", "Reading a range of rows.")

#define AURORA__FAULT_ENUM(suffix, name, help) AURORA__FAULT_##suffix,
enum { AURORA__FAULT_POINTS(AURORA__FAULT_ENUM) AURORA__FAULT_COUNT };
#undef AURORA__FAULT_ENUM

/* Counts a visit. Returns the action that falls due (0 = none, never KILL: that does not return)
 * and for FAIL its status. */
int32_t aurora__fault_visit(aurora_fault_plan *plan, uint32_t point, aurora_status *status_out);

/* Puts a store that visits the points in front of *store, which it closes with itself. *store is as
 * it was when memory runs out: AURORA_ENOMEM. */
aurora_status aurora__fault_store_wrap(aurora_store *store, aurora_fault_plan *plan,
                                       const aurora_allocator *allocator);

#endif

/* SPDX-License-Identifier: MIT */
/* Care of a whole store: audit, backup, restore, secrets, drain. Not for single orders: see
 * saga.h. */
#ifndef AURORA_OPERATOR_H
#define AURORA_OPERATOR_H

#include <aurora/handle.h>

#ifdef __cplusplus
extern "C" {
#endif

/* aurora_verify_stores: nothing runs, so work in progress is a violation too. */
#define AURORA_VERIFY_AT_REST 1u

/* One thing that is not as it must be. */
typedef struct {
    uint32_t size;
    uint32_t reserved;
    const char *invariant; /* "I1" to "I16", as docs/ARCHITECTURE.md numbers them */
    const char *subject;   /* an order id, a SKU, a consumer */
    const char *message;   /* one line with the numbers that disagree */
} aurora_violation;

/* Freed with aurora_report_free. */
typedef struct {
    uint32_t size;
    uint32_t is_ok;           /* 1 = no violation */
    uint64_t in_progress;     /* sagas and consumers on their way: neither good nor bad */
    uint64_t violation_count; /* all of them */
    uint32_t count;           /* the first 1,000 are given here */
    uint32_t reserved;
    const aurora_violation *const *items;
    uint64_t order_count; /* what was looked at */
    uint64_t sku_count;
    uint64_t event_count;
    int64_t at_ms; /* of the snapshot */
} aurora_report;

/* What keeps a store from being drained. The caller's memory; pinned layout. */
typedef struct {
    uint32_t is_drained;       /* 1 = all of the following are 0 */
    uint32_t is_refusing;      /* 1 = this handle refuses new orders, see aurora_drain_set */
    uint64_t unsettled_orders; /* orders whose stock or money is not settled */
    uint64_t relay_lag;        /* events that relays have not published */
    uint64_t saga_lag;         /* events that saga cursors have not taken */
    uint64_t spare[4];         /* 0 */
} aurora_drain;

/* Checks every invariant on one snapshot of the store; writers go on meanwhile. A violation is in
 * the report, not in the status. AURORA_EIO. *out is freed with aurora_report_free. Threads:
 * shared. */
AURORA_API aurora_status aurora_verify(aurora_t *shop, aurora_report **out);

/* The same over the stores of one system (1..16 handles, opened by the caller), and between them: a
 * mismatch between two stores is a violation if it lasts 10 s. flags: AURORA_VERIFY_AT_REST. May
 * take long. *out is freed with aurora_report_free. Threads: shared. */
AURORA_API aurora_status aurora_verify_stores(aurora_t *const *shops, uint32_t count,
                                              uint32_t flags, aurora_report **out,
                                              aurora_error *err);

/* Frees the report and all it points to; NULL is a no-op. Threads: confined. */
AURORA_API void aurora_report_free(aurora_report *report);

/* Copies the store, while it works, to the file `path`, which must not exist; the copy opens with a
 * log epoch of its own. AURORA_ECONFLICT when the file exists; AURORA_EFULL; AURORA_ENOTSUP where
 * the store has its own tools (PostgreSQL). Threads: shared. */
AURORA_API aurora_status aurora_backup(aurora_t *shop, const char *path, aurora_error *err);

/* To be called once after the database under this store was restored from its own backup: starts a
 * new log epoch, so that readers do not mistake new events for old. Threads: shared. */
AURORA_API aurora_status aurora_restored(aurora_t *shop, aurora_error *err);

/* Gives the store's secret of this name (1..64 of a-z, 0-9 and -): 32 random bytes, drawn at the
 * first use by whichever process comes first and the same for all ever after; a backup keeps them.
 * They are in no event and no log line, but whoever can read the store can read them. key_out is
 * the caller's and untouched on a failure. AURORA_EINVAL with field "name"; AURORA_ENOTFOUND when
 * it is not there yet and the handle only reads; AURORA_ECORRUPT. Threads: shared. */
AURORA_API aurora_status aurora_store_key(aurora_t *shop, const char *name, uint8_t key_out[32],
                                          aurora_error *err);

/* Makes this handle refuse new orders with AURORA_EBUSY (is_refusing 1), or take them again (0);
 * everything else goes on. Not durable. Threads: shared. */
AURORA_API aurora_status aurora_drain_set(aurora_t *shop, uint32_t is_refusing);

/* Says what is still under way, into the caller's *out. Threads: shared. */
AURORA_API aurora_status aurora_drain_get(aurora_t *shop, aurora_drain *out);

#ifdef __cplusplus
}
#endif
#endif

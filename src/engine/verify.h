/* SPDX-License-Identifier: MIT */
/* An audit of one store on one snapshot: reads everything that it keeps and checks what must hold
 * between the rows. Streams in pages: memory grows with the number of SKUs and of violations, not
 * of orders. */
#ifndef AURORA_ENGINE_VERIFY_H
#define AURORA_ENGINE_VERIFY_H

#include "engine/engine.h"

#include <aurora/operator.h>
#include <aurora/port/search.h>

#define AURORA__VIOLATIONS_MAX 1000

typedef struct {
    aurora__engine *engine;
    const aurora_search_port *search; /* NULL = it has no index */
    aurora_store_txn *txn;
    aurora__query_arena arena; /* of the violations' texts */
    bool is_at_rest;
    int64_t now_ms;
    aurora_violation *items; /* AURORA__VIOLATIONS_MAX */
    uint32_t count;
    uint64_t violation_count;
    uint64_t in_progress;
    uint64_t order_count;
    uint64_t sku_count;
    uint64_t event_count;
    aurora_status status; /* why the audit cannot go on */
} aurora__verify;

/* Prepares an audit that may go over several stores. AURORA_ENOMEM. */
aurora_status aurora__verify_init(aurora__verify *verify, const aurora_allocator *allocator,
                                  uint32_t flags);
/* Audits the store of this engine, and its search index (NULL = none), and adds to what was
 * found. */
aurora_status aurora__verify_run(aurora__verify *verify, aurora__engine *engine,
                                 const aurora_search_port *search);
/* Then what must hold between stores: orders against reservations and payments, and products
 * against their copies, wherever two stores have the two sides. What does not agree is looked at
 * again after `patience_ms`, and counts as in progress if it changed meanwhile; with 0, or at rest,
 * it is a violation at once. */
aurora_status aurora__verify_across(aurora__verify *verify, aurora__engine *const *engines,
                                    uint32_t count, int64_t patience_ms);
void aurora__verify_deinit(aurora__verify *verify);

/* --- for its parts ---------------------------------------------------------------------------- */

void aurora__verify_violation(aurora__verify *verify, const char *invariant, const char *subject,
                              const char *format, ...) __attribute__((format(printf, 4, 5)));
void aurora__verify_order_violation(aurora__verify *verify, const char *invariant,
                                    const aurora_id *order_id, const char *message);
/* Something that is under way: a violation where the store is at rest. */
void aurora__verify_in_progress(aurora__verify *verify, const char *subject, const char *message);

/* What is wrong with a settled order's reservation or payment (NULL = there is none). */
#define AURORA__FAULT_BYTES 200
typedef enum {
    AURORA__FAULT_NONE,
    AURORA__FAULT_MOVING, /* under way: text says what is */
    AURORA__FAULT_FOUND,
} aurora__fault;
aurora__fault aurora__verify_stock_fault(const aurora__order_row *order,
                                         const aurora__reservation_row *reservation,
                                         char text[AURORA__FAULT_BYTES]);
aurora__fault aurora__verify_money_fault(const aurora__order_row *order,
                                         const aurora__payment_row *payment,
                                         char text[AURORA__FAULT_BYTES]);

/* All rows of a table by key. The rows of one page live until the next one is read. */
typedef struct {
    aurora__verify *verify;
    aurora__engine *engine;
    aurora_store_txn *txn;
    const aurora__table *table;
    uint64_t columns; /* 0 = all */
    aurora__query_arena pages[2];
    uint32_t page; /* which of the two is read */
    const aurora_value *values;
    uint32_t count;
    uint32_t at;
    bool has_begun;
    bool is_done;
    uint64_t row[64]; /* the row's struct */
} aurora__verify_stream;

void aurora__verify_stream_begin(aurora__verify_stream *stream, aurora__verify *verify,
                                 uint32_t table, uint64_t columns);
/* The same over another store than that of the verify. */
void aurora__verify_stream_of(aurora__verify_stream *stream, aurora__verify *verify,
                              aurora__engine *engine, aurora_store_txn *txn, uint32_t table,
                              uint64_t columns);
/* The next row, NULL at the end or when verify->status says why. A damaged row is a violation and
 * is passed over. */
const void *aurora__verify_stream_next(aurora__verify_stream *stream);
void aurora__verify_stream_end(aurora__verify_stream *stream);

void aurora__verify_stock(aurora__verify *verify);
void aurora__verify_orders(aurora__verify *verify);
void aurora__verify_log(aurora__verify *verify);
void aurora__verify_parked(aurora__verify *verify);
void aurora__verify_search(aurora__verify *verify);

#endif

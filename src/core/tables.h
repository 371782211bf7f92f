/* SPDX-License-Identifier: MIT */
/* The tables of all modules as data, and one struct per table made from the same list. A struct
 * holds a row as it is stored: lists are compact JSON text, enumerations are the numbers of the
 * public headers, times are Unix milliseconds. A nullable time is null when 0, a nullable text or
 * bytes when the pointer is NULL, a nullable uuid when all bytes are 0. */
#ifndef AURORA_CORE_TABLES_H
#define AURORA_CORE_TABLES_H

#include "core/arena.h"

#include <aurora/port/store.h>

typedef struct {
    const uint8_t *data;
    uint64_t length;
} aurora__bytes;

/* X(kind, name, is_nullable). The key comes first. The migrations of the adapters hold the same
 * columns, a test compares them. */

/* `parked` holds AURORA__PARKED_... flags, `answers` AURORA__ANSWER_... flags. `created_version` is
 * the version after the creating batch. Lines: [[sku,quantity,unit_price_minor],...]; charges:
 * [[kind,label,amount_minor],...]; metadata: [[name,value],...]; transitions: see transition.h. */
#define AURORA__ORDER_COLUMNS(X)                                                                   \
    X(UUID, id, 0)                                                                                 \
    X(INT64, status, 0)                                                                            \
    X(INT64, reason, 0)                                                                            \
    X(INT64, parked, 0)                                                                            \
    X(INT64, answers, 0)                                                                           \
    X(INT64, version, 0)                                                                           \
    X(INT64, created_version, 0)                                                                   \
    X(INT64, resend_count, 0)                                                                      \
    X(INT64, total_minor, 0)                                                                       \
    X(TEXT, currency, 0)                                                                           \
    X(TEXT, customer_id, 1)                                                                        \
    X(TEXT, payment_method, 1)                                                                     \
    X(TEXT, contact, 1)                                                                            \
    X(TEXT, reference, 1)                                                                          \
    X(TEXT, key_scope, 1)                                                                          \
    X(TEXT, key_text, 1)                                                                           \
    X(BYTES, key_hash, 1)                                                                          \
    X(TEXT, traceparent, 1)                                                                        \
    X(TIME, placed_at, 0)                                                                          \
    X(TIME, created_at, 0)                                                                         \
    X(TIME, updated_at, 0)                                                                         \
    X(TIME, deadline_at, 0)                                                                        \
    X(TIME, settled_at, 1)                                                                         \
    X(TIME, parked_at, 1)                                                                          \
    X(TIME, resend_at, 1)                                                                          \
    X(TIME, due_at, 1)                                                                             \
    X(TEXT, lines, 0)                                                                              \
    X(TEXT, charges, 1)                                                                            \
    X(TEXT, metadata, 1)                                                                           \
    X(TEXT, transitions, 0)                                                                        \
    X(TEXT, decline_code, 1)

/* Which order was made under an idempotency key, on stores that several instances write at once; a
 * store with one writer finds it by a map in memory instead. scope is "" where the host gave
 * none. */
#define AURORA__ORDER_KEY_COLUMNS(X)                                                               \
    X(TEXT, scope, 0)                                                                              \
    X(TEXT, key_text, 0)                                                                           \
    X(UUID, order_id, 0)                                                                           \
    X(BYTES, request_hash, 0)                                                                      \
    X(TIME, created_at, 0)

#define AURORA__ORDER_REFERENCE_COLUMNS(X)                                                         \
    X(TEXT, reference, 0)                                                                          \
    X(UUID, order_id, 0)

/* A reservation made for an order. Lines: [[sku_id,quantity],...] summed per SKU. `answered` is the
 * event kind of the newest answer, `parked_kind` the event kind whose step was refused (0 = not
 * parked), `short_lines` [[sku,requested,available],...] of a rejection. held_at is null unless the
 * state is HELD. */
#define AURORA__RESERVATION_COLUMNS(X)                                                             \
    X(UUID, order_id, 0)                                                                           \
    X(INT64, state, 0)                                                                             \
    X(INT64, reason, 0)                                                                            \
    X(INT64, answered, 0)                                                                          \
    X(INT64, parked_kind, 0)                                                                       \
    X(INT64, version, 0)                                                                           \
    X(TIME, created_at, 0)                                                                         \
    X(TIME, updated_at, 0)                                                                         \
    X(TIME, held_at, 1)                                                                            \
    X(TEXT, lines, 1)                                                                              \
    X(TEXT, short_lines, 1)

/* A stand-alone reservation; lines as above. due_at is its expiry while HELD. */
#define AURORA__HOLD_COLUMNS(X)                                                                    \
    X(TEXT, scope, 0)                                                                              \
    X(TEXT, key_text, 0)                                                                           \
    X(INT64, state, 0)                                                                             \
    X(INT64, version, 0)                                                                           \
    X(TIME, created_at, 0)                                                                         \
    X(TIME, updated_at, 0)                                                                         \
    X(TIME, expires_at, 0)                                                                         \
    X(TIME, due_at, 1)                                                                             \
    X(BYTES, request_hash, 0)                                                                      \
    X(TEXT, lines, 0)

/* Integers only: hot rows are small and dense. */
#define AURORA__STOCK_COLUMNS(X)                                                                   \
    X(INT64, id, 0)                                                                                \
    X(INT64, available, 0)                                                                         \
    X(INT64, reserved, 0)                                                                          \
    X(INT64, sold, 0)                                                                              \
    X(INT64, received, 0)                                                                          \
    X(INT64, written_off, 0)                                                                       \
    X(INT64, version, 0)

#define AURORA__SKU_COLUMNS(X)                                                                     \
    X(TEXT, sku, 0)                                                                                \
    X(INT64, id, 0)

/* kind: 1 receipt, 2 adjustment, 3 return. quantity is signed; stock_version is the version of the
 * stock row that this movement made. */
#define AURORA__MOVEMENT_COLUMNS(X)                                                                \
    X(TEXT, scope, 0)                                                                              \
    X(TEXT, key_text, 0)                                                                           \
    X(INT64, sku_id, 0)                                                                            \
    X(INT64, kind, 0)                                                                              \
    X(INT64, quantity, 0)                                                                          \
    X(INT64, stock_version, 0)                                                                     \
    X(TIME, at, 0)                                                                                 \
    X(TEXT, reason, 1)

/* `verb` is the call that is wanted now (0 = none), `call` AURORA__CALL_..., due_at when it may be
 * taken (again). `saga` holds the saga's data while a call runs, so that its answer can be emitted.
 * `answered` is the event kind of the newest answer. */
#define AURORA__PAYMENT_COLUMNS(X)                                                                 \
    X(UUID, order_id, 0)                                                                           \
    X(INT64, state, 0)                                                                             \
    X(INT64, reason, 0)                                                                            \
    X(INT64, answered, 0)                                                                          \
    X(INT64, verb, 0)                                                                              \
    X(INT64, call, 0)                                                                              \
    X(INT64, attempts, 0)                                                                          \
    X(BOOL, is_inline, 0)                                                                          \
    X(INT64, version, 0)                                                                           \
    X(INT64, amount_minor, 0)                                                                      \
    X(TEXT, currency, 1)                                                                           \
    X(TEXT, payment_method, 1)                                                                     \
    X(TEXT, provider_reference, 1)                                                                 \
    X(TEXT, decline_code, 1)                                                                       \
    X(TIME, created_at, 0)                                                                         \
    X(TIME, updated_at, 0)                                                                         \
    X(TIME, deadline_at, 1)                                                                        \
    X(TIME, first_attempt_at, 1)                                                                   \
    X(TIME, parked_at, 1)                                                                          \
    X(TIME, due_at, 1)                                                                             \
    X(TEXT, saga, 1)

/* The payment simulator's own ledger: what the provider knows, apart from what we believe. Key =
 * the authorize task's id. */
#define AURORA__LEDGER_COLUMNS(X)                                                                  \
    X(UUID, id, 0)                                                                                 \
    X(INT64, state, 0)                                                                             \
    X(INT64, amount_minor, 0)                                                                      \
    X(INT64, captured_minor, 0)                                                                    \
    X(INT64, refunded_minor, 0)                                                                    \
    X(INT64, captures, 0)                                                                          \
    X(INT64, version, 0)                                                                           \
    X(TEXT, currency, 0)                                                                           \
    X(TEXT, decline_code, 1)                                                                       \
    X(TIME, updated_at, 0)

/* kind: the event kind that it reports. state: AURORA__NOTIFICATION_... */
#define AURORA__NOTIFICATION_COLUMNS(X)                                                            \
    X(UUID, order_id, 0)                                                                           \
    X(INT64, kind, 0)                                                                              \
    X(INT64, state, 0)                                                                             \
    X(INT64, attempts, 0)                                                                          \
    X(INT64, order_version, 0)                                                                     \
    X(TIME, at, 0)                                                                                 \
    X(TIME, updated_at, 0)                                                                         \
    X(TIME, due_at, 1)                                                                             \
    X(TEXT, saga, 1)                                                                               \
    X(TEXT, detail, 1)

/* attributes: [[name,value],...] */
#define AURORA__PRODUCT_COLUMNS(X)                                                                 \
    X(TEXT, sku, 0)                                                                                \
    X(TEXT, name, 0)                                                                               \
    X(TEXT, description, 1)                                                                        \
    X(TEXT, brand, 1)                                                                              \
    X(TEXT, category, 1)                                                                           \
    X(TEXT, image_url, 1)                                                                          \
    X(INT64, price_minor, 0)                                                                       \
    X(TEXT, currency, 0)                                                                           \
    X(TEXT, attributes, 1)                                                                         \
    X(INT64, version, 0)                                                                           \
    X(BOOL, is_deleted, 0)                                                                         \
    X(TIME, created_at, 0)                                                                         \
    X(TIME, updated_at, 0)

/* The order service's own price list, fed by product events. */
#define AURORA__PRICE_COLUMNS(X)                                                                   \
    X(TEXT, sku, 0)                                                                                \
    X(INT64, price_minor, 0)                                                                       \
    X(TEXT, currency, 0)                                                                           \
    X(INT64, version, 0)                                                                           \
    X(BOOL, is_deleted, 0)

#define AURORA__WATERMARK_COLUMNS(X)                                                               \
    X(TEXT, consumer, 0)                                                                           \
    X(TEXT, source, 0)                                                                             \
    X(TEXT, topic, 0)                                                                              \
    X(INT64, partition, 0)                                                                         \
    X(INT64, position, 0)                                                                          \
    X(INT64, next_offset, 0)                                                                       \
    X(TIME, seen_at, 0)

/* kind: 1 a host's named consumer, 2 a follower that can rebuild, 3 a saga or relay cursor. */
#define AURORA__CURSOR_COLUMNS(X)                                                                  \
    X(TEXT, name, 0)                                                                               \
    X(INT64, kind, 0)                                                                              \
    X(INT64, position, 0)                                                                          \
    X(TIME, seen_at, 0)

/* Who does what only one process may do at a time, as the relay of a log, and until when. */
#define AURORA__LEASE_COLUMNS(X)                                                                   \
    X(TEXT, name, 0)                                                                               \
    X(UUID, owner, 0)                                                                              \
    X(TIME, until, 0)                                                                              \
    X(INT64, version, 0)

#define AURORA__PARKED_KEY_COLUMNS(X)                                                              \
    X(TEXT, consumer, 0)                                                                           \
    X(TEXT, key_text, 0)                                                                           \
    X(INT64, events, 0)                                                                            \
    X(INT64, version, 0)                                                                           \
    X(TIME, parked_at, 0)                                                                          \
    X(TEXT, error, 1)

/* body: the event as the log holds it (codec/log.h), format its format number. */
#define AURORA__PARKED_EVENT_COLUMNS(X)                                                            \
    X(TEXT, consumer, 0)                                                                           \
    X(TEXT, key_text, 0)                                                                           \
    X(INT64, sequence, 0)                                                                          \
    X(INT64, kind, 0)                                                                              \
    X(INT64, format, 0)                                                                            \
    X(TIME, at, 0)                                                                                 \
    X(TEXT, body, 0)                                                                               \
    X(TEXT, error, 1)

#define AURORA__SKETCH_COLUMNS(X)                                                                  \
    X(TEXT, name, 0)                                                                               \
    X(INT64, position, 0)                                                                          \
    X(BYTES, body, 0)

#define AURORA__CUSTOMER_ORDER_COLUMNS(X)                                                          \
    X(INT64, slice, 0)                                                                             \
    X(TEXT, customer_id, 0)                                                                        \
    X(UUID, order_id, 0)

#define AURORA__CUSTOMER_SLICE_COLUMNS(X)                                                          \
    X(INT64, slice, 0)                                                                             \
    X(INT64, position, 0)

#define AURORA__COUNTER_COLUMNS(X)                                                                 \
    X(TEXT, name, 0)                                                                               \
    X(INT64, value, 0)                                                                             \
    X(INT64, version, 0)

#define AURORA__META_COLUMNS(X)                                                                    \
    X(TEXT, name, 0)                                                                               \
    X(TEXT, value, 0)

#define AURORA__LOG_EPOCH_COLUMNS(X)                                                               \
    X(INT64, first_position, 0)                                                                    \
    X(UUID, log_id, 0)                                                                             \
    X(TIME, at, 0)

/* X(struct suffix, COLUMNS list, SQL name, key columns, version column or -1, lock rank,
 * is_cacheable). Cacheable rows are kept in memory between batches while nobody else writes. */
#define AURORA__TABLE_LIST(X)                                                                      \
    X(order, ORDER, "orders", 1, 5, 40, 0)                                                         \
    X(order_reference, ORDER_REFERENCE, "order_references", 1, -1, 30, 0)                          \
    X(payment, PAYMENT, "payments", 1, 8, 50, 0)                                                   \
    X(ledger, LEDGER, "ledger", 1, 6, 55, 0)                                                       \
    X(reservation, RESERVATION, "reservations", 1, 5, 60, 0)                                       \
    X(hold, HOLD, "holds", 2, 3, 65, 0)                                                            \
    X(product, PRODUCT, "products", 1, 9, 70, 0)                                                   \
    X(price, PRICE, "prices", 1, -1, 0, 1)                                                         \
    X(sku, SKU, "skus", 1, -1, 78, 1)                                                              \
    X(movement, MOVEMENT, "stock_movements", 2, -1, 79, 0)                                         \
    X(stock, STOCK, "stock", 1, 6, 80, 1)                                                          \
    X(notification, NOTIFICATION, "notifications", 2, -1, 90, 0)                                   \
    X(watermark, WATERMARK, "watermarks", 4, -1, 10, 0)                                            \
    X(parked_key, PARKED_KEY, "parked_keys", 2, 3, 20, 0)                                          \
    X(parked_event, PARKED_EVENT, "parked_events", 3, -1, 0, 0)                                    \
    X(cursor, CURSOR, "cursors", 1, -1, 100, 0)                                                    \
    X(sketch, SKETCH, "sketches", 1, -1, 0, 0)                                                     \
    X(customer_order, CUSTOMER_ORDER, "customer_orders", 3, -1, 0, 0)                              \
    X(customer_slice, CUSTOMER_SLICE, "customer_slices", 1, -1, 95, 0)                             \
    X(counter, COUNTER, "counters", 1, 2, 75, 1)                                                   \
    X(meta, META, "meta", 1, -1, 5, 0)                                                             \
    X(log_epoch, LOG_EPOCH, "log_epochs", 1, -1, 0, 0)                                             \
    X(order_key, ORDER_KEY, "order_keys", 2, -1, 3, 0)                                             \
    X(lease, LEASE, "leases", 1, 3, 99, 0)

#define AURORA__C_UUID aurora_id
#define AURORA__C_INT64 int64_t
#define AURORA__C_BOOL int64_t
#define AURORA__C_TIME int64_t
#define AURORA__C_TEXT const char *
#define AURORA__C_BYTES aurora__bytes

#define AURORA__FIELD(kind, name, is_nullable) AURORA__C_##kind name;
#define AURORA__STRUCT(suffix, list, ...)                                                          \
    typedef struct {                                                                               \
        AURORA__##list##_COLUMNS(AURORA__FIELD)                                                    \
    } aurora__##suffix##_row;
AURORA__TABLE_LIST(AURORA__STRUCT)
#undef AURORA__STRUCT
#undef AURORA__FIELD

/* Index of each table in aurora__tables, AURORA__TABLE_order and so on. */
#define AURORA__TABLE_ENUM(suffix, ...) AURORA__TABLE_##suffix,
enum { AURORA__TABLE_LIST(AURORA__TABLE_ENUM) AURORA__TABLE_COUNT };
#undef AURORA__TABLE_ENUM

/* A descriptor with the layout of its struct. */
typedef struct {
    aurora_table table;
    const uint16_t *offsets;
    uint32_t struct_size;
    uint32_t is_cacheable;
    uint32_t has_pointers; /* some column is text or bytes */
} aurora__table;

extern const aurora__table aurora__tables[AURORA__TABLE_COUNT];

/* Indexes, by number within their table. */
enum {
    AURORA__INDEX_ORDER_DUE = 0,    /* due_at where not null */
    AURORA__INDEX_ORDER_PARKED = 1, /* parked_at where not null */
    AURORA__INDEX_RESERVATION_HELD = 0,
    AURORA__INDEX_HOLD_DUE = 0,
    AURORA__INDEX_SKU_ID = 0,
    AURORA__INDEX_PAYMENT_DUE = 0,
    AURORA__INDEX_NOTIFICATION_DUE = 0,
    AURORA__INDEX_PRODUCT_CATEGORY = 0,
    AURORA__INDEX_ORDER_KEY_CREATED = 0,
};

/* What a store copies to when it loads into this arena. */
aurora_arena_port aurora__arena_port(aurora__arena *arena);

/* Writes the struct's columns as values that point into the struct (ids) or to its texts. */
void aurora__table_pack(const aurora__table *table, const void *row, aurora_value *values_out);

/* Fills the struct from values; texts and bytes are borrowed. A value of another kind, or null
 * where a column must not be null, answers AURORA_ECORRUPT. */
aurora_status aurora__table_unpack(const aurora__table *table, const aurora_value *values,
                                   void *row_out);

/* The same for some columns only (bit i = column i); the others are left cleared. */
aurora_status aurora__table_unpack_some(const aurora__table *table, const aurora_value *values,
                                        uint64_t columns, void *row_out);

#endif

/* SPDX-License-Identifier: MIT */
/* Stock: receipts, adjustments, and reservations that need no order. Orders reserve by themselves.
 * At every moment and for every SKU: available + reserved + sold = received - written_off, and none
 * of them is negative. A SKU needs no product to have stock. */
#ifndef AURORA_STOCK_H
#define AURORA_STOCK_H

#include <aurora/handle.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a reservation was answered. */
enum {
    AURORA_DECISION_RESERVED = 1,    /* all of it is held */
    AURORA_DECISION_OUT_OF_STOCK = 2 /* nothing was taken, also not in part */
};

/* Where a reservation stands. */
enum {
    AURORA_RESERVATION_RESERVED = 1,  /* the stock is held */
    AURORA_RESERVATION_REJECTED = 2,  /* there was not enough; nothing is held */
    AURORA_RESERVATION_COMMITTED = 3, /* sold */
    AURORA_RESERVATION_RELEASED = 4,  /* given back before it was sold */
    AURORA_RESERVATION_RETURNED = 5,  /* given back after it was sold */
    AURORA_RESERVATION_EXPIRED = 6    /* given back when its time ran out */
};

/* What moves stock: a delivery, or a correction of the count. */
enum { AURORA_MOVEMENT_RECEIPT = 1, AURORA_MOVEMENT_ADJUSTMENT = 2 };

/* The counters of one SKU. The caller's memory; pinned layout. */
typedef struct {
    int64_t available;   /* can be reserved */
    int64_t reserved;    /* held by reservations */
    int64_t sold;        /* by orders and committed reservations, less returns */
    int64_t received;    /* receipts, upward adjustments, returns; only grows */
    int64_t written_off; /* downward adjustments; only grows */
    uint64_t version;    /* grows with each change */
    uint64_t is_repeat;  /* by aurora_stock_move: 1 = the key was known, nothing was moved */
    uint64_t spare;      /* 0 */
} aurora_stock;

/* The counters of one SKU, with its name. */
typedef struct {
    uint32_t size;
    uint32_t reserved;
    const char *sku;    /* whose they are */
    aurora_stock stock; /* the counters */
} aurora_stock_item;

typedef struct {
    uint32_t size;
    uint32_t count;
    const aurora_stock_item *const *items;
    const char *next_cursor; /* NULL = this is the last page */
} aurora_stock_page;

/* Conditions on a listing. */
typedef struct {
    uint32_t size;  /* sizeof(aurora_stock_filter) */
    uint32_t flags; /* 0 */
    int64_t below;  /* only SKUs with available < below; 0 = all */
} aurora_stock_filter;

/* A receipt or an adjustment in full, for hosts that serve several principals. */
typedef struct {
    uint32_t size;         /* sizeof(aurora_movement) */
    int32_t kind;          /* AURORA_MOVEMENT_... */
    const char *sku;       /* required */
    int64_t quantity;      /* receipt: 1..10^9; adjustment: -10^9..10^9 but 0 */
    const char *reason;    /* 1..255 bytes; required for an adjustment */
    const char *key;       /* 1..255 bytes; NULL = a fresh one: a repeat counts twice */
    const char *key_scope; /* 1..255 bytes; NULL = the host */
} aurora_movement;

/* One SKU's share of a reservation. */
typedef struct {
    uint32_t size;
    int32_t status;     /* AURORA_RESERVATION_... */
    aurora_id order_id; /* all zero for a stand-alone reservation */
    const char *key;    /* NULL for an order's */
    const char *sku;    /* whose stock it is */
    int64_t quantity;   /* pieces that it holds or held */
    int64_t created_at_ms;
    int64_t expires_at_ms; /* 0 for an order's: only its outcome ends it */
    int64_t updated_at_ms;
} aurora_reservation;

typedef struct {
    uint32_t size;
    uint32_t count;
    const aurora_reservation *const *items;
    const char *next_cursor; /* NULL = this is the last page */
} aurora_reservation_page;

/* C++ and FFI: zeroes *movement and sets its size. Threads: confined. */
static inline void aurora_movement_init(aurora_movement *movement)
{
    memset(movement, 0, sizeof(*movement));
    movement->size = (uint32_t)sizeof(*movement);
}

/* C++ and FFI: zeroes *filter and sets its size. Threads: confined. */
static inline void aurora_stock_filter_init(aurora_stock_filter *filter)
{
    memset(filter, 0, sizeof(*filter));
    filter->size = (uint32_t)sizeof(*filter);
}

#ifndef __cplusplus
#define AURORA_MOVEMENT(...)                                                                       \
    (&(const aurora_movement){.size = (uint32_t)sizeof(aurora_movement), __VA_ARGS__})
#define AURORA_STOCK_FILTER(...)                                                                   \
    (&(const aurora_stock_filter){.size = (uint32_t)sizeof(aurora_stock_filter), __VA_ARGS__})
#endif

/* Adds `quantity` (1..10^9) to received and available. `key` (required, 1..255 bytes) names this
 * delivery for ever: the same call again is a no-op that answers AURORA_OK, with another SKU,
 * quantity or kind AURORA_EKEYREUSED. AURORA_EOVERFLOW. Threads: shared. */
AURORA_API aurora_status aurora_stock_receive(aurora_t *shop, const char *sku, int64_t quantity,
                                              const char *key, aurora_error *err);

/* Corrects the count: delta > 0 adds to received, delta < 0 takes from available and adds to
 * written_off; -10^9..10^9 but 0. `reason` is required, 1..255 bytes; `key` as in
 * aurora_stock_receive. AURORA_EINSUFFICIENT when less is available than would be taken; that
 * answer is not kept, so the same key may succeed later. Threads: shared. */
AURORA_API aurora_status aurora_stock_adjust(aurora_t *shop, const char *sku, int64_t delta,
                                             const char *reason, const char *key,
                                             aurora_error *err);

/* The two calls above with scope, optional reason and the counters after the movement (a repeat:
 * the counters of now, with is_repeat). stock_out may be NULL. Statuses as above. Threads:
 * shared. */
AURORA_API aurora_status aurora_stock_move(aurora_t *shop, const aurora_movement *movement,
                                           aurora_stock *stock_out, aurora_error *err);

/* Reads the counters of one SKU into the caller's *out. AURORA_ENOTFOUND when it never had a
 * movement. Threads: shared. */
AURORA_API aurora_status aurora_stock_get(aurora_t *shop, const char *sku, aurora_stock *out);

/* Lists SKUs with stock rows, in byte order. filter may be NULL; cursor and limit as in
 * aurora_product_list. *out is freed with aurora_stock_page_free. Threads: shared. */
AURORA_API aurora_status aurora_stock_list(aurora_t *shop, const aurora_stock_filter *filter,
                                           const char *cursor, uint32_t limit,
                                           aurora_stock_page **out, aurora_error *err);

/* Frees the page and all it points to; NULL is a no-op. Threads: confined. */
AURORA_API void aurora_stock_page_free(aurora_stock_page *page);

/* Reserves all lines or none, without an order; lines of one SKU are added up, unit prices are not
 * read. `key` (required, 1..255 bytes) names the reservation for ever: the same call again answers
 * as it did the first time, other lines answer AURORA_EKEYREUSED. It expires after ttl_ms
 * (1..2,592,000,000 = 30 days) unless committed or released. *decision_out, required, is
 * AURORA_DECISION_... and is written on AURORA_OK only; an unknown SKU is out of stock. Threads:
 * shared. */
AURORA_API aurora_status aurora_stock_reserve(aurora_t *shop, const char *key,
                                              const aurora_line *lines, uint32_t line_count,
                                              uint32_t ttl_ms, int32_t *decision_out,
                                              aurora_error *err);

/* Turns a reservation into a sale; repeats are no-ops. AURORA_ENOTFOUND; AURORA_EEXPIRED when its
 * time had run out; AURORA_ECONFLICT when it was rejected or released. Threads: shared. */
AURORA_API aurora_status aurora_stock_commit(aurora_t *shop, const char *key);

/* Gives a reservation's stock back; repeats, and releases of an expired or rejected one, are
 * no-ops. AURORA_ENOTFOUND; AURORA_ECONFLICT when it was committed. Threads: shared. */
AURORA_API aurora_status aurora_stock_release(aurora_t *shop, const char *key);

/* Lists the reservations that hold `sku` now (status RESERVED), of orders and stand-alone, oldest
 * first. cursor and limit as in aurora_product_list. *out is freed with
 * aurora_reservation_page_free. Threads: shared. */
AURORA_API aurora_status aurora_reservation_list(aurora_t *shop, const char *sku,
                                                 const char *cursor, uint32_t limit,
                                                 aurora_reservation_page **out, aurora_error *err);

/* Frees the page and all it points to; NULL is a no-op. Threads: confined. */
AURORA_API void aurora_reservation_page_free(aurora_reservation_page *page);

/* "reserved", "out_of_stock"; "" for another value. Static text. Threads: shared. */
AURORA_API const char *aurora_decision_name(int32_t decision);

/* "RESERVED" to "EXPIRED"; "" for another value. Static text. Threads: shared. */
AURORA_API const char *aurora_reservation_status_name(int32_t status);

#ifdef __cplusplus
}
#endif
#endif

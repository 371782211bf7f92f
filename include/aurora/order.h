/* SPDX-License-Identifier: MIT */
/* Orders: place, read, list, cancel, and what happened to one. A placed order runs its saga by
 * itself; "declined" and "out of stock" are its outcome, never a status of a call. */
#ifndef AURORA_ORDER_H
#define AURORA_ORDER_H

#include <aurora/handle.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Order statuses. PARKED is only ever shown in `status`; `outcome` is 0, 3, 4 or 5. */
enum {
    AURORA_ORDER_PENDING = 1,   /* stored; stock and payment are not yet decided */
    AURORA_ORDER_RESERVED = 2,  /* the stock is held, the payment not yet decided */
    AURORA_ORDER_COMPLETED = 3, /* stock and payment are agreed */
    AURORA_ORDER_FAILED = 4,    /* it will not be; what was taken is given back */
    AURORA_ORDER_CANCELLED = 5, /* somebody withdrew it; what was taken is given back */
    AURORA_ORDER_PARKED = 6     /* a participant waits for an operator: see aurora/saga.h */
};

/* Why an order is FAILED, CANCELLED or PARKED. */
enum {
    AURORA_REASON_OUT_OF_STOCK = 1,     /* too little of a line was available */
    AURORA_REASON_PAYMENT_DECLINED = 2, /* the provider said no: see decline_code */
    AURORA_REASON_DEADLINE = 3,         /* undecided when the order's time ran out */
    AURORA_REASON_LATE = 4,             /* a participant was asked after the deadline */
    AURORA_REASON_CUSTOMER = 5,         /* cancelled by the customer */
    AURORA_REASON_OPERATOR = 6,         /* cancelled or failed by an operator */
    AURORA_REASON_UNKNOWN_ORDER = 7 /* a participant was asked about an order that it cannot know */
};

/* The two participants of a saga. */
enum { AURORA_PARTICIPANT_INVENTORY = 1, AURORA_PARTICIPANT_PAYMENT = 2 };

/* Members of `parked`: who waits for an operator. Bit = 1 << (participant - 1). */
#define AURORA_PARKED_INVENTORY 1u
#define AURORA_PARKED_PAYMENT 2u
#define AURORA_PARKED_ORDER 4u /* the order's own events are parked as dead letters */

enum {
    AURORA_CHARGE_TAX = 1,      /* a tax */
    AURORA_CHARGE_SHIPPING = 2, /* what the way costs */
    AURORA_CHARGE_DISCOUNT = 3, /* amount at most 0; the others at least 0 */
    AURORA_CHARGE_FEE = 4       /* anything else */
};

/* An amount on top of the lines. Arrays of it have this pinned layout. */
typedef struct {
    int32_t kind;         /* AURORA_CHARGE_... */
    uint32_t reserved;    /* 0 */
    const char *label;    /* 1..255 bytes */
    int64_t amount_minor; /* -10^12..10^12 */
} aurora_charge;

/* An initializer in C and C++: {AURORA_CHARGE(AURORA_CHARGE_TAX, "VAT 19 %", 399)}. */
#define AURORA_CHARGE(kind, label, amount_minor)                                                   \
    {                                                                                              \
        (kind), 0, (label), (amount_minor)                                                         \
    }

/* aurora_order_request.flags. */
#define AURORA_ORDER_OWN_PRICES 1u /* unit prices of the lines, and charges, are the caller's */
#define AURORA_ORDER_NO_WAIT 2u    /* return at the creating commit; timeout_ms still bounds that */
#define AURORA_ORDER_AS_CREATED 4u /* with NO_WAIT: the order as its creating commit left it */
#define AURORA_ORDER_WITH_RESULT 8u /* queues only: the completion carries the whole order */

/* An order to be placed. Only size, currency, payment_method and lines are required. */
typedef struct {
    uint32_t size;   /* sizeof(aurora_order_request) */
    uint32_t flags;  /* AURORA_ORDER_OWN_PRICES ... */
    const char *key; /* idempotency key, 1..255 bytes, kept 24 h; NULL = each call is a new order */
    const char *key_scope;        /* who the key belongs to, 1..255 bytes; NULL = the host */
    const char *reference;        /* your order number, unique in the store for ever; NULL = none */
    const char *customer_id;      /* 1..255 bytes; NULL = none */
    const char *currency;         /* ISO 4217; the products' */
    const char *payment_method;   /* 1..255 bytes, handed to the provider unread */
    const char *contact;          /* where notifications go, 1..255 bytes; NULL = nowhere */
    const aurora_line *lines;     /* quantities 1..1,000,000; a SKU may stand in several */
    const aurora_charge *charges; /* only with AURORA_ORDER_OWN_PRICES */
    const aurora_pair *metadata;  /* yours; names unique, texts at most 255 bytes */
    uint32_t line_count;          /* 1..1,000 */
    uint32_t charge_count;        /* at most 64 */
    uint32_t metadata_count;      /* at most 16 */
    uint32_t timeout_ms;          /* ends the waiting; at most 30,000; 0 = setting order_wait */
    int64_t placed_at_ms;         /* for trending and history; at most 24 h ahead; 0 = now */
    const char *traceparent;      /* W3C trace context, copied into events; NULL = none */
} aurora_order_request;

/* An order as one read saw it. Texts are NULL where absent. */
typedef struct {
    uint32_t size;
    uint32_t is_replay;           /* 1 = the key was known: this call created nothing */
    aurora_id id;                 /* the order's */
    int32_t status;               /* AURORA_ORDER_..., PARKED while `parked` is not 0 */
    int32_t outcome;              /* 0 = none yet, else COMPLETED, FAILED or CANCELLED */
    int32_t reason;               /* AURORA_REASON_..., 0 = none */
    uint32_t parked;              /* AURORA_PARKED_... */
    uint64_t version;             /* grows by 1 a transition */
    uint64_t created_version;     /* the version that the creating commit left */
    int64_t total_minor;          /* lines plus charges */
    const char *currency;         /* ISO 4217 */
    const aurora_line *lines;     /* as given, with the unit prices that count */
    const aurora_charge *charges; /* as given */
    const aurora_pair *metadata;  /* as given */
    uint32_t line_count;
    uint32_t charge_count;
    uint32_t metadata_count;
    uint32_t reserved;
    const char *customer_id;  /* as given */
    const char *reference;    /* as given */
    const char *contact;      /* where notifications go */
    const char *decline_code; /* the provider's, with AURORA_REASON_PAYMENT_DECLINED */
    int64_t placed_at_ms;     /* as given, else created_at_ms */
    int64_t created_at_ms;
    int64_t updated_at_ms;
    int64_t settled_at_ms;  /* stock and money agree with the outcome since; 0 = not yet */
    int64_t deadline_at_ms; /* engine time at which an undecided order fails */
} aurora_order;

typedef struct {
    uint32_t size;
    uint32_t count;
    const aurora_order *const *items;
    const char *next_cursor; /* NULL = this is the last page */
} aurora_order_page;

/* Conditions on a listing, joined by "and". */
typedef struct {
    uint32_t size;           /* sizeof(aurora_order_filter) */
    int32_t status;          /* AURORA_ORDER_..., 0 = any; compared with the shown status */
    const char *customer_id; /* NULL = any */
    const char *reference;   /* NULL = any */
    int64_t from_ms;         /* created at or after, 0 = no bound */
    int64_t to_ms;           /* created before, 0 = no bound */
} aurora_order_filter;

/* A cancel in full, for hosts that serve several principals. */
typedef struct {
    uint32_t size;  /* sizeof(aurora_cancel) */
    int32_t reason; /* AURORA_REASON_CUSTOMER or AURORA_REASON_OPERATOR */
    aurora_id order_id;
    const char *note;      /* at most 1,024 bytes; NULL = none */
    const char *actor;     /* who, for the history, at most 255 bytes; NULL = the host */
    const char *key;       /* idempotency key, kept 24 h; NULL = none */
    const char *key_scope; /* NULL = the host */
    const char
        *traceparent; /* the caller's W3C trace context; the order's own stays; NULL = none */
} aurora_cancel;

/* One step of an order's history. */
typedef struct {
    uint32_t size;
    uint32_t parked;    /* AURORA_PARKED_... after this step */
    uint64_t version;   /* after this step */
    int32_t status;     /* shown status after this step */
    int32_t outcome;    /* after this step */
    int32_t reason;     /* after this step; AURORA_REASON_..., 0 = none */
    int32_t event_kind; /* AURORA_EVENT_... that caused it; 0 = a command or the deadline */
    int64_t at_ms;
    int64_t settled_at_ms; /* 0 = not settled after this step */
    const char *actor;     /* NULL = the engine */
    const char *note;      /* NULL = none */
} aurora_transition;

/* The steps of one order. */
typedef struct {
    uint32_t size;
    uint32_t count;
    const aurora_transition *const *items; /* oldest first, at most 64 */
    aurora_id order_id;
    uint32_t dropped_count; /* parked and retried pairs that no longer fitted */
    uint32_t reserved;
} aurora_history;

/* C++ and FFI: zeroes *request and sets its size. Threads: confined. */
static inline void aurora_order_request_init(aurora_order_request *request)
{
    memset(request, 0, sizeof(*request));
    request->size = (uint32_t)sizeof(*request);
}

/* C++ and FFI: zeroes *filter and sets its size. Threads: confined. */
static inline void aurora_order_filter_init(aurora_order_filter *filter)
{
    memset(filter, 0, sizeof(*filter));
    filter->size = (uint32_t)sizeof(*filter);
}

/* C++ and FFI: zeroes *cancel and sets its size. Threads: confined. */
static inline void aurora_cancel_init(aurora_cancel *cancel)
{
    memset(cancel, 0, sizeof(*cancel));
    cancel->size = (uint32_t)sizeof(*cancel);
}

#ifndef __cplusplus
#define AURORA_ORDER(...)                                                                          \
    (&(const aurora_order_request){.size = (uint32_t)sizeof(aurora_order_request), __VA_ARGS__})
#define AURORA_ORDER_FILTER(...)                                                                   \
    (&(const aurora_order_filter){.size = (uint32_t)sizeof(aurora_order_filter), __VA_ARGS__})
#define AURORA_CANCEL(...)                                                                         \
    (&(const aurora_cancel){.size = (uint32_t)sizeof(aurora_cancel), __VA_ARGS__})
#endif

/* Checks a request by itself, as aurora_order_place does first: AURORA_EINVAL, AURORA_EOVERFLOW
 * with the field in err. Reads no store. Threads: shared. */
AURORA_API aurora_status aurora_order_check(const aurora_order_request *request, aurora_error *err);

/* Stores an order and waits until its status is COMPLETED, FAILED, CANCELLED or PARKED, or the
 * timeout ends the waiting: then AURORA_OK with PENDING or RESERVED, and the order goes on. A
 * repeat of key and request gives the first order as it is now, with is_replay; with NO_WAIT and
 * AS_CREATED as its creating commit left it, so that aurora_order_json gives the same bytes.
 * AURORA_ETIMEDOUT only when it is not known to be stored: place it again with the same key.
 * AURORA_EBUSY: the queue or the log is full, nothing was stored, the same call may be repeated
 * after a pause. AURORA_EAGAIN: the key is in flight elsewhere. AURORA_EKEYREUSED,
 * AURORA_EUNKNOWNSKU, AURORA_ECURRENCY: nothing stored. AURORA_ETAKEN: another order has the
 * reference; aurora_order_list finds it. *out is freed with aurora_order_free, and is NULL on
 * failure. Threads: shared. */
AURORA_API aurora_status aurora_order_place(aurora_t *shop, const aurora_order_request *request,
                                            aurora_order **out, aurora_error *err);

/* Reads one order. AURORA_ENOTFOUND; AURORA_ECORRUPT when its row is damaged. *out is freed with
 * aurora_order_free. Threads: shared. */
AURORA_API aurora_status aurora_order_get(aurora_t *shop, aurora_id order_id, aurora_order **out);

/* Frees an order that a call gave out; NULL is a no-op. Orders inside a page belong to it. Threads:
 * confined. */
AURORA_API void aurora_order_free(aurora_order *order);

/* Reads one order as soon as its version is above after_version (0 = at once), or when timeout_ms
 * (0..600,000) has passed: AURORA_OK either way, compare `version`. AURORA_ENOTFOUND, AURORA_EINTR
 * after aurora_wake. *out as in aurora_order_get. Threads: shared. */
AURORA_API aurora_status aurora_order_wait(aurora_t *shop, aurora_id order_id,
                                           uint64_t after_version, int32_t timeout_ms,
                                           aurora_order **out);

/* Lists orders, newest first. filter may be NULL; cursor is NULL for the first page, then the last
 * page's next_cursor; limit is 1..1,000 (0 = 50). A page of large orders ends earlier, at about
 * 8 MiB. AURORA_EINVAL for a cursor that is not ours. *out is freed with aurora_order_page_free.
 * Threads: shared. */
AURORA_API aurora_status aurora_order_list(aurora_t *shop, const aurora_order_filter *filter,
                                           const char *cursor, uint32_t limit,
                                           aurora_order_page **out, aurora_error *err);

/* Frees the page and all it points to; NULL is a no-op. Threads: confined. */
AURORA_API void aurora_order_page_free(aurora_order_page *page);

/* Cancels an order; a COMPLETED one is returned and refunded in full. reason is
 * AURORA_REASON_CUSTOMER or _OPERATOR; note (at most 1,024 bytes) may be NULL. Cancelling a
 * CANCELLED order is a no-op. AURORA_EFINAL when it is FAILED; AURORA_EPARKED; AURORA_ENOTFOUND.
 * *out (out may be NULL) is the order after the cancel, not yet settled as a rule; freed with
 * aurora_order_free. Threads: shared. */
AURORA_API aurora_status aurora_order_cancel(aurora_t *shop, aurora_id order_id, int32_t reason,
                                             const char *note, aurora_order **out,
                                             aurora_error *err);

/* The same with actor and idempotency key; a repeat gives the order as it is now, with is_replay.
 * Also AURORA_EKEYREUSED, AURORA_EAGAIN. Threads: shared. */
AURORA_API aurora_status aurora_order_cancel_with(aurora_t *shop, const aurora_cancel *cancel,
                                                  aurora_order **out, aurora_error *err);

/* Reads the steps of one order. AURORA_ENOTFOUND. *out is freed with aurora_history_free. Threads:
 * shared. */
AURORA_API aurora_status aurora_order_history(aurora_t *shop, aurora_id order_id,
                                              aurora_history **out);

/* Frees the history and all it points to; NULL is a no-op. Threads: confined. */
AURORA_API void aurora_history_free(aurora_history *history);

/* Writes the order as the JSON object of the HTTP API, and a NUL. *length_out (may be NULL) is the
 * length without the NUL, also when it did not fit: then AURORA_ETOOBIG and nothing is written.
 * buffer NULL with capacity 0 asks for the length and answers AURORA_OK. Threads: shared. */
AURORA_API aurora_status aurora_order_json(const aurora_order *order, char *buffer, size_t capacity,
                                           size_t *length_out);

/* Names as in JSON: "PENDING" to "PARKED"; "out_of_stock" to "unknown_order"; "tax" to "fee";
 * "inventory", "payment". "" for any other value. Static text. Threads: shared. */
AURORA_API const char *aurora_order_status_name(int32_t status);
AURORA_API const char *aurora_reason_name(int32_t reason);
AURORA_API const char *aurora_charge_name(int32_t kind);
AURORA_API const char *aurora_participant_name(int32_t participant);

/* The values of those names; 0 for any other text or NULL. Threads: shared. */
AURORA_API int32_t aurora_order_status_parse(const char *name);
AURORA_API int32_t aurora_reason_parse(const char *name);
AURORA_API int32_t aurora_charge_parse(const char *name);
AURORA_API int32_t aurora_participant_parse(const char *name);

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: MIT */
/* For operators: orders whose stock or money is not settled, why, and the three ways to help one;
 * and dead letters, the events that could not be decided. */
#ifndef AURORA_SAGA_H
#define AURORA_SAGA_H

#include <aurora/order.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    AURORA_REPAIR_RETRY = 1,     /* let the participant try again */
    AURORA_REPAIR_MARK = 2,      /* its step is done in truth, with `result` */
    AURORA_REPAIR_COMPENSATE = 3 /* no outcome yet: fail the order; COMPLETED: cancel it */
};

/* Results for AURORA_REPAIR_MARK: the first five are inventory's, the rest payment's. */
enum {
    AURORA_RESULT_RESERVED = 1,   /* the stock is held */
    AURORA_RESULT_REJECTED = 2,   /* the stock cannot be had */
    AURORA_RESULT_COMMITTED = 3,  /* the stock is sold */
    AURORA_RESULT_RELEASED = 4,   /* the held stock is free again */
    AURORA_RESULT_RETURNED = 5,   /* the sold stock is back */
    AURORA_RESULT_AUTHORIZED = 6, /* the provider holds the money */
    AURORA_RESULT_DECLINED = 7,   /* the provider said no */
    AURORA_RESULT_CAPTURED = 8,   /* the money is taken */
    AURORA_RESULT_VOIDED = 9,     /* the held money is free again */
    AURORA_RESULT_REFUNDED = 10   /* the taken money is back */
};

/* What one participant knows of an order. Texts are NULL where absent. */
typedef struct {
    uint32_t size;
    int32_t participant;       /* AURORA_PARTICIPANT_... */
    const char *state;         /* as in aurora_reservation_machine() or aurora_payment_machine() */
    uint32_t is_parked;        /* 1 = it waits for an operator */
    uint32_t attempts;         /* of the current step */
    const char *parked_reason; /* one line: "poison", "unknown outcome after 20 attempts" */
    aurora_id task_id;         /* payment: of the current step, all zero = none */
    const char *provider_reference; /* the provider's own number for the payment */
    int64_t first_attempt_at_ms;    /* of the current step */
    int64_t next_attempt_at_ms;     /* 0 = none is due */
    int64_t parked_at_ms;           /* 0 = it is not parked */
} aurora_participant;

/* An order whose stock or money is not settled. */
typedef struct {
    uint32_t size;
    uint32_t parked; /* AURORA_PARKED_... */
    aurora_id order_id;
    int32_t status;  /* AURORA_ORDER_...; 0 = the order is unknown to this store */
    int32_t outcome; /* 0 = none yet */
    int32_t reason;  /* AURORA_REASON_..., 0 = none */
    uint32_t participant_count;
    const aurora_participant *const *participants; /* one for each that knows the order */
    uint64_t version;                              /* of the order */
    int64_t created_at_ms;
    int64_t age_ms;         /* since it began */
    int64_t deadline_at_ms; /* engine time at which an undecided order fails */
    int64_t resend_at_ms;   /* 0 = none is due */
} aurora_saga;

typedef struct {
    uint32_t size;
    uint32_t count;
    const aurora_saga *const *items; /* oldest first */
    const char *next_cursor;         /* NULL = this is the last page */
} aurora_saga_page;

/* Which sagas; conditions are joined by "and". */
typedef struct {
    uint32_t size;       /* sizeof(aurora_saga_filter) */
    uint32_t is_parked;  /* 1 = only parked ones; 0 = all unsettled or parked */
    int32_t participant; /* parked by this one; 0 = any */
    uint32_t reserved;   /* 0 */
    int64_t age_min_ms;  /* 0 = any */
} aurora_saga_filter;

/* What an operator does for an order. */
typedef struct {
    uint32_t size;  /* sizeof(aurora_repair) */
    int32_t action; /* AURORA_REPAIR_... */
    aurora_id order_id;
    int32_t participant; /* RETRY and MARK: AURORA_PARTICIPANT_...; COMPENSATE: 0 */
    int32_t result;      /* MARK: AURORA_RESULT_... of that participant; else 0 */
    const char *actor;   /* who, 1..255 bytes; required */
    const char *note;    /* why, at most 1,024 bytes; NULL = none */
    const char
        *traceparent; /* the caller's W3C trace context; the order's own stays; NULL = none */
} aurora_repair;

/* An event that parked its key, or one that queues behind it. */
typedef struct {
    uint32_t size;
    int32_t event_kind;   /* AURORA_EVENT_..., 0 = undecodable */
    const char *consumer; /* who could not take it: "inventory" */
    const char *key;      /* what is parked: an order id or a SKU as text */
    const char *event_id; /* "<log id>-<position>" */
    const char *source;   /* "/aurora/<module>/<log id>" */
    uint64_t position;    /* in the log that it came from */
    const char *reason;   /* one line */
    uint32_t attempts;    /* to take it */
    uint32_t data_len;
    const char *data;     /* as it came, NUL-terminated as well */
    int64_t parked_at_ms; /* when it was put aside */
} aurora_dead_letter;

typedef struct {
    uint32_t size;
    uint32_t count;
    const aurora_dead_letter *const *items; /* by consumer, key, position */
    const char *next_cursor;                /* NULL = this is the last page */
} aurora_dead_letter_page;

/* C++ and FFI: zeroes *filter and sets its size. Threads: confined. */
static inline void aurora_saga_filter_init(aurora_saga_filter *filter)
{
    memset(filter, 0, sizeof(*filter));
    filter->size = (uint32_t)sizeof(*filter);
}

/* C++ and FFI: zeroes *repair and sets its size. Threads: confined. */
static inline void aurora_repair_init(aurora_repair *repair)
{
    memset(repair, 0, sizeof(*repair));
    repair->size = (uint32_t)sizeof(*repair);
}

#ifndef __cplusplus
#define AURORA_SAGA_FILTER(...)                                                                    \
    (&(const aurora_saga_filter){.size = (uint32_t)sizeof(aurora_saga_filter), __VA_ARGS__})
#define AURORA_REPAIR(...)                                                                         \
    (&(const aurora_repair){.size = (uint32_t)sizeof(aurora_repair), __VA_ARGS__})
#endif

/* Lists unsettled sagas, oldest first. filter may be NULL; cursor and limit as in
 * aurora_order_list. *out is freed with aurora_saga_page_free. Threads: shared. */
AURORA_API aurora_status aurora_saga_list(aurora_t *shop, const aurora_saga_filter *filter,
                                          const char *cursor, uint32_t limit,
                                          aurora_saga_page **out, aurora_error *err);

/* Frees the page and all it points to; NULL is a no-op. Threads: confined. */
AURORA_API void aurora_saga_page_free(aurora_saga_page *page);

/* Reads one saga, settled or not. AURORA_ENOTFOUND when neither order nor participants know the id.
 * *out is freed with aurora_saga_free. Threads: shared. */
AURORA_API aurora_status aurora_saga_get(aurora_t *shop, aurora_id order_id, aurora_saga **out);

/* Frees a saga of aurora_saga_get; NULL is a no-op. Sagas inside a page belong to it. Threads:
 * confined. */
AURORA_API void aurora_saga_free(aurora_saga *saga);

/* Helps one saga, and writes who, what and why into the order's history. Returns when the act is
 * durable; the saga goes on by itself. AURORA_ECONFLICT when that participant is not parked, when
 * what a payment is marked as does not fit its step (the message names what does), when what stock
 * is marked as does not fit the order, or when COMPENSATE meets one that is already compensating;
 * AURORA_EINVAL for a result that is not the participant's; AURORA_ENOTFOUND, but for COMPENSATE:
 * of an order not in this store it cancels what participants may hold. Threads: shared. */
AURORA_API aurora_status aurora_saga_repair(aurora_t *shop, const aurora_repair *repair,
                                            aurora_error *err);

/* Lists dead letters. consumer may be NULL for all; cursor and limit as in aurora_order_list. *out
 * is freed with aurora_dead_letter_page_free. Threads: shared. */
AURORA_API aurora_status aurora_dead_letter_list(aurora_t *shop, const char *consumer,
                                                 const char *cursor, uint32_t limit,
                                                 aurora_dead_letter_page **out, aurora_error *err);

/* Frees the page and all it points to; NULL is a no-op. Threads: confined. */
AURORA_API void aurora_dead_letter_page_free(aurora_dead_letter_page *page);

/* Runs the parked events of one key again, in order, and unparks the key with the last. *count_out
 * (may be NULL) is how many were taken. AURORA_ECONFLICT when one still fails: it and those behind
 * it stay; AURORA_ENOTFOUND. Threads: shared. */
AURORA_API aurora_status aurora_dead_letter_redrive(aurora_t *shop, const char *consumer,
                                                    const char *key, uint32_t *count_out,
                                                    aurora_error *err);

/* Names as in JSON: "retry" to "compensate"; "reserved" to "refunded". "" for any other value.
 * Static text. Threads: shared. */
AURORA_API const char *aurora_repair_name(int32_t action);
AURORA_API const char *aurora_result_name(int32_t result);

/* The values of those names; 0 for any other text or NULL. Threads: shared. */
AURORA_API int32_t aurora_repair_parse(const char *name);
AURORA_API int32_t aurora_result_parse(const char *name);

#ifdef __cplusplus
}
#endif
#endif

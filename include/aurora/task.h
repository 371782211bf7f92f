/* SPDX-License-Identifier: MIT */
/* Work for the outside world: payments and notifications as durable tasks. A host takes some, under
 * a lease, does them with whatever it has, and finishes each by its id, from any thread. Open with
 * the settings "payment=none:" (default: the simulator) and "notify=none:" (default: the log) to
 * get them; what an adapter or an attached port (aurora/port/payment.h) does is never given out. */
#ifndef AURORA_TASK_H
#define AURORA_TASK_H

#include <aurora/handle.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a task is about: one step of a payment, or telling of the outcome of an order. */
enum { AURORA_TASK_PAYMENT = 1, AURORA_TASK_NOTIFICATION = 2 };

/* What a payment task asks for. */
enum {
    AURORA_VERB_AUTHORIZE = 1, /* hold the money */
    AURORA_VERB_CAPTURE = 2,   /* take what is held */
    AURORA_VERB_VOID = 3,      /* let go of what is held */
    AURORA_VERB_REFUND = 4     /* give back what was taken */
};

/* What a notification is about. */
enum {
    AURORA_NOTIFICATION_COMPLETED = 1, /* the order is COMPLETED */
    AURORA_NOTIFICATION_FAILED = 2,    /* the order is FAILED */
    AURORA_NOTIFICATION_CANCELLED = 3  /* the order is CANCELLED */
};

/* How a task went. */
enum {
    AURORA_OUTCOME_DONE = 1,      /* it happened */
    AURORA_OUTCOME_DECLINED = 2,  /* refused for good: `code`. Of an authorize it fails
                                     the order, of any other verb it parks the payment;
                                     of a void only where queries then find no capture */
    AURORA_OUTCOME_PENDING = 3,   /* accepted; finish again, or be asked by a query later */
    AURORA_OUTCOME_NOT_FOUND = 4, /* queries only: the provider never saw this task id */
    AURORA_OUTCOME_UNKNOWN = 5,   /* no answer: a query follows, after the longer of
                                     retry_after_ms and the engine's backoff */
    AURORA_OUTCOME_NOT_BEGUN = 6  /* nothing reached the provider. The lease is given back and no
                                     attempt counted; after retry_after_ms, 0 = 1 s, a query
                                     follows, or the notification is due again */
};

/* A piece of work. Which members count depends on `kind`; texts are NULL where absent. */
typedef struct {
    uint32_t size;
    int32_t kind; /* AURORA_TASK_... */
    aurora_id id; /* the provider's idempotency key: one per order and verb (or order and
                     notification), the same over attempts and queries */
    aurora_id order_id;
    int32_t verb;                   /* payments: AURORA_VERB_... */
    int32_t notification_kind;      /* notifications: AURORA_NOTIFICATION_... */
    uint32_t is_query;              /* payments: do not act, ask the provider what became of `id` */
    uint32_t attempt;               /* from 1 */
    int64_t amount_minor;           /* to be moved; notifications: the order's total */
    const char *currency;           /* ISO 4217 */
    const char *payment_method;     /* the order's, unread */
    aurora_id authorize_id;         /* the authorize task that capture, void and refund refer to */
    const char *provider_reference; /* what the provider called that authorization; for refunds the
                                       capture; for queries what it called this task, if known */
    const char *customer_id;        /* the order's */
    const char *contact;            /* where to send a notification */
    const char *reference;          /* payments: the order's */
    int32_t reason;                 /* AURORA_REASON_... of the order, 0 = none */
    uint32_t reserved;
    const char *decline_code; /* with a notification of a declined order: the provider's */
    const char *traceparent;  /* of the span that asks; NULL = none */
    int64_t deadline_at_ms;   /* of the order */
    int64_t lease_at_ms;      /* the lease ends; unfinished, a query (payments) follows */
} aurora_task;

typedef struct {
    uint32_t size;
    uint32_t count;
    const aurora_task *const *items;
} aurora_task_page;

/* What to report. */
typedef struct {
    uint32_t size;                  /* sizeof(aurora_task_result) */
    int32_t outcome;                /* AURORA_OUTCOME_... */
    const char *provider_reference; /* with DONE or PENDING; at most 255 bytes; NULL = none */
    const char *code;               /* with DECLINED; at most 255 bytes; NULL = none. With
                                       UNKNOWN of a notification: what its list shows meanwhile */
    uint32_t retry_after_ms;        /* with PENDING, UNKNOWN, NOT_BEGUN; 0 = the engine's choice */
    int32_t kind;                   /* AURORA_TASK_...: of no other kind; 0 = of any */
} aurora_task_result;

/* C++ and FFI: zeroes *result and sets its size. Threads: confined. */
static inline void aurora_task_result_init(aurora_task_result *result)
{
    memset(result, 0, sizeof(*result));
    result->size = (uint32_t)sizeof(*result);
}

#ifndef __cplusplus
#define AURORA_TASK_RESULT(...)                                                                    \
    (&(const aurora_task_result){.size = (uint32_t)sizeof(aurora_task_result), __VA_ARGS__})
#endif

/* Takes up to `capacity` (1..1,024) due tasks of one kind and leases them for lease_ms
 * (1,000..3,600,000; 0 = 30,000): no other taker, in any process, gets them meanwhile. Waits for
 * the first at most wait_ms (0 = not at all, -1 = for ever), pumping if the handle has no worker;
 * time over is AURORA_OK with count 0, also where an adapter or a port does this kind. AURORA_EINTR
 * after aurora_wake; AURORA_ECLOSED. *out is freed with aurora_task_page_free, also before its
 * tasks are finished. Threads: shared. */
AURORA_API aurora_status aurora_task_take(aurora_t *shop, int32_t kind, uint32_t capacity,
                                          uint32_t lease_ms, int32_t wait_ms,
                                          aurora_task_page **out);

/* Frees the page and all it points to; NULL is a no-op. Threads: confined. */
AURORA_API void aurora_task_page_free(aurora_task_page *page);

/* Reports how a task went, durably: from any thread, from a port's start, after the lease, after a
 * restart, or when the provider calls back. Repeats are no-ops; a different later report is merged
 * by the payment's state (money that arrives late is voided or refunded). AURORA_ENOTFOUND for an
 * id that was never a task, or not one of result->kind, by which a reporter who may speak of
 * payments alone ends no notification; AURORA_EINVAL for an outcome that its kind does not have
 * (notifications: DONE, DECLINED, UNKNOWN, NOT_BEGUN). Threads: shared; also allowed in
 * callbacks. */
AURORA_API aurora_status aurora_task_finish(aurora_t *shop, aurora_id task_id,
                                            const aurora_task_result *result, aurora_error *err);

/* Reports `count` (1..1,024) tasks at once, each as aurora_task_finish does: one refused element
 * stops no other. each_out (may be NULL) has room for `count` statuses. Returns AURORA_OK when all
 * were taken, else the first failing element's status, whose place err->field gives
 * ("results[7]"). Threads: shared. */
AURORA_API aurora_status aurora_task_finish_many(aurora_t *shop, const aurora_id *task_ids,
                                                 const aurora_task_result *const *results,
                                                 uint32_t count, aurora_status *each_out,
                                                 aurora_error *err);

/* Names as in JSON: "authorize" to "refund"; "done" to "not_begun"; "order.completed" to
 * "order.cancelled". "" for any other value. Static text. Threads: shared. */
AURORA_API const char *aurora_verb_name(int32_t verb);
AURORA_API const char *aurora_outcome_name(int32_t outcome);
AURORA_API const char *aurora_notification_name(int32_t notification_kind);

#ifdef __cplusplus
}
#endif
#endif

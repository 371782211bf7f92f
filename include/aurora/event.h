/* SPDX-License-Identifier: MIT */
/* The log of events, read by named, durable consumers. A page is a copy: no cursor and no
 * transaction stays open between calls. Delivery is at least once; a consumer that keeps its own
 * position with its effects makes that once. */
#ifndef AURORA_EVENT_H
#define AURORA_EVENT_H

#include <aurora/handle.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Kinds of events; aurora_event_name gives the text that stands beside each. */
enum {
    AURORA_EVENT_ORDER_CREATED = 1,       /* order.created */
    AURORA_EVENT_INVENTORY_RESERVED = 2,  /* inventory.reserved */
    AURORA_EVENT_INVENTORY_REJECTED = 3,  /* inventory.rejected */
    AURORA_EVENT_PAYMENT_AUTHORIZED = 4,  /* payment.authorized */
    AURORA_EVENT_PAYMENT_DECLINED = 5,    /* payment.declined */
    AURORA_EVENT_ORDER_COMPLETED = 6,     /* order.completed */
    AURORA_EVENT_ORDER_FAILED = 7,        /* order.failed */
    AURORA_EVENT_ORDER_CANCELLED = 8,     /* order.cancelled */
    AURORA_EVENT_INVENTORY_COMMITTED = 9, /* inventory.committed */
    AURORA_EVENT_INVENTORY_RELEASED = 10, /* inventory.released */
    AURORA_EVENT_INVENTORY_RETURNED = 11, /* inventory.returned */
    AURORA_EVENT_PAYMENT_CAPTURED = 12,   /* payment.captured */
    AURORA_EVENT_PAYMENT_VOIDED = 13,     /* payment.voided */
    AURORA_EVENT_PAYMENT_REFUNDED = 14,   /* payment.refunded */
    AURORA_EVENT_INVENTORY_PARKED = 15,   /* inventory.parked */
    AURORA_EVENT_PAYMENT_PARKED = 16,     /* payment.parked */
    AURORA_EVENT_ORDER_REPAIR = 17,       /* order.repair */
    AURORA_EVENT_ORDER_UPDATED = 18,      /* order.updated: local, never published */
    AURORA_EVENT_PRODUCT_UPSERTED = 19,   /* product.upserted */
    AURORA_EVENT_PRODUCT_DELETED = 20,    /* product.deleted */
    AURORA_EVENT_PRODUCT_VIEWED = 21      /* product.viewed */
};

/* Who keeps a cursor over the log. */
enum {
    AURORA_CONSUMER_HOST = 1,    /* named in aurora_event_read */
    AURORA_CONSUMER_SAGA = 2,    /* a module that takes events of orders */
    AURORA_CONSUMER_RELAY = 3,   /* publishes the log to the bus */
    AURORA_CONSUMER_FOLLOWER = 4 /* search, trending, notification */
};

/* One event. Readers skip kinds they do not know. */
typedef struct {
    uint32_t size;
    int32_t kind;          /* AURORA_EVENT_... */
    uint64_t position;     /* dense, from 1, in commit order */
    const char *type_name; /* "order.completed" */
    const char *id;        /* "<log id>-<position>": unique over all logs */
    const char *source;    /* "/aurora/<module>/<log id>" */
    aurora_id order_id;    /* all zero when it is not about an order */
    const char *sku;       /* NULL when it is not about a product */
    int64_t at_ms;
    const char *data; /* a JSON object, NUL-terminated as well */
    uint32_t data_len;
    uint32_t is_resend;      /* 1 = repeats an earlier fact */
    const char *traceparent; /* NULL = none */
} aurora_event;

typedef struct {
    uint32_t size;
    uint32_t count;
    const aurora_event *const *items; /* by position */
    uint64_t position;                /* of the last one, to be acknowledged; with count 0 where the
                                         reader stands */
} aurora_event_page;

/* How far one consumer of the log is. */
typedef struct {
    uint32_t size;
    int32_t kind;       /* AURORA_CONSUMER_... */
    const char *name;   /* as it was given to aurora_event_read */
    uint64_t position;  /* acknowledged up to here */
    uint64_t lag;       /* events after it */
    int64_t seen_at_ms; /* when it last read or acknowledged */
    uint32_t is_gone;   /* 1 = retention has passed it */
    uint32_t reserved;
} aurora_consumer;

typedef struct {
    uint32_t size;
    uint32_t count;
    const aurora_consumer *const *items; /* by name */
} aurora_consumer_page;

/* Reads up to `limit` (1..1,000; 0 = 100) events after what `consumer` (1..64 bytes of a-z 0-9 . _
 * -) has acknowledged. The first read makes the consumer, at the oldest event kept. Waits for the
 * first event at most wait_ms (0 = not at all, -1 = for ever), pumping if the handle has no worker;
 * time over is AURORA_OK with count 0. A page of large events ends earlier, at about 8 MiB. Without
 * an acknowledgement the next read gives the same events. AURORA_EINTR after aurora_wake.
 * AURORA_EGONE: retention has passed this consumer; take a snapshot of what it needs, then
 * acknowledge a position seen before the snapshot (aurora_event_bounds). *out is freed with
 * aurora_event_page_free. Threads: shared, but two readers of one consumer read the same events. */
AURORA_API aurora_status aurora_event_read(aurora_t *shop, const char *consumer, uint32_t limit,
                                           int32_t wait_ms, aurora_event_page **out);

/* Frees the page and all it points to; NULL is a no-op. Threads: confined. */
AURORA_API void aurora_event_page_free(aurora_event_page *page);

/* Acknowledges everything up to and including `position`, durably. A position at or below the
 * acknowledged one is a no-op. AURORA_ENOTFOUND for a consumer that never read; AURORA_EINVAL for a
 * position beyond the end; AURORA_EGONE for one that retention has passed. Threads: shared. */
AURORA_API aurora_status aurora_event_ack(aurora_t *shop, const char *consumer, uint64_t position);

/* Reads without a consumer: the events after after_position, else as aurora_event_read. Holds
 * nothing back from retention. AURORA_EGONE when after_position lies before the oldest event kept.
 * Threads: shared. */
AURORA_API aurora_status aurora_event_tail(aurora_t *shop, uint64_t after_position, uint32_t limit,
                                           int32_t wait_ms, aurora_event_page **out);

/* The positions of the oldest event kept and of the newest one; in a log without events the oldest
 * is the newest + 1. Either out may be NULL. Threads: shared. */
AURORA_API aurora_status aurora_event_bounds(aurora_t *shop, uint64_t *oldest_out,
                                             uint64_t *newest_out);

/* Lists all consumers of this log, also our own. *out is freed with aurora_consumer_page_free.
 * Threads: shared. */
AURORA_API aurora_status aurora_consumer_list(aurora_t *shop, aurora_consumer_page **out);

/* Frees the page and all it points to; NULL is a no-op. Threads: confined. */
AURORA_API void aurora_consumer_page_free(aurora_consumer_page *page);

/* Forgets a host's consumer, which then holds nothing back. AURORA_ENOTFOUND; AURORA_EINVAL for one
 * of our own. Threads: shared. */
AURORA_API aurora_status aurora_consumer_delete(aurora_t *shop, const char *consumer,
                                                aurora_error *err);

/* "order.created" to "product.viewed"; "" for another kind. Static text. Threads: shared. */
AURORA_API const char *aurora_event_name(int32_t kind);

/* The kind of that name; 0 for another text or NULL. Threads: shared. */
AURORA_API int32_t aurora_event_parse(const char *name);

#ifdef __cplusplus
}
#endif
#endif

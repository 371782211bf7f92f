/* SPDX-License-Identifier: MIT */
/* The bus port: carries events between services, as messages with a key on named topics. It knows
 * topics, keys, headers and offsets; it knows no order and no store. Delivery is at least once and
 * in order per (topic, key) of one producer; that an effect happens once is the caller's affair, by
 * the positions in the headers. tests/contract/test_bus.c is the promise.
 *
 * One adapter instance serves one handle. The producing calls come from one thread at a time, the
 * consuming calls from one thread at a time, the two may run at once; wake and figures come from
 * any thread. Stable per minor release. */
#ifndef AURORA_PORT_BUS_H
#define AURORA_PORT_BUS_H

#include <aurora/allocator.h>
#include <aurora/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Topics by number, so that nobody else spells their names ("aurora.orders.v1"). */
enum {
    AURORA_TOPIC_ORDERS = 1,       /* what orders come to */
    AURORA_TOPIC_INVENTORY = 2,    /* what became of their stock */
    AURORA_TOPIC_PAYMENTS = 3,     /* what became of their money */
    AURORA_TOPIC_PRODUCTS = 4,     /* compacted, never expired */
    AURORA_TOPIC_VIEWS = 5,        /* views of products */
    AURORA_TOPIC_DEAD_LETTERS = 6, /* one partition; for people */
    AURORA_TOPIC_COUNT = 7         /* one more than the last */
};

#define AURORA_BUS_HEADERS_MAX 16 /* headers of one message */

/* A header of a message. */
typedef struct {
    const char *name;  /* "ce_type", "traceparent" */
    const char *value; /* UTF-8, NUL-terminated */
} aurora_bus_header;

/* A message to publish. All of it is copied by the call. */
typedef struct {
    int32_t topic;     /* AURORA_TOPIC_... */
    uint32_t key_len;  /* at least 1 */
    const char *key;   /* decides the partition (murmur2, as Java's clients do) */
    const void *data;  /* NULL with data_len 0 = a tombstone */
    uint32_t data_len; /* at most 1 MiB */
    uint32_t header_count;
    const aurora_bus_header *headers; /* header_count of them */
    int64_t position; /* of the log, growing; 0 = of no log: not counted in the acknowledged
                         prefix (dead letters) */
    int64_t at_ms;
} aurora_bus_message;

/* A message that arrived. Valid until the next poll. Texts end with a NUL behind their length. */
typedef struct {
    int32_t topic;     /* AURORA_TOPIC_... */
    int32_t partition; /* from 0 */
    int64_t offset;    /* in its partition */
    const char *key;   /* NULL = none */
    uint32_t key_len;
    uint32_t data_len;
    const char *data;                 /* NULL = a tombstone */
    const aurora_bus_header *headers; /* header_count of them */
    uint32_t header_count;
    int64_t at_ms;
} aurora_bus_record;

/* Where effects of a partition stand. */
typedef struct {
    int32_t topic;       /* AURORA_TOPIC_... */
    int32_t partition;   /* from 0 */
    int64_t next_offset; /* all before it have taken effect, durably */
} aurora_bus_position;

/* What the consumer must know of rebalances. Called inside `poll` and `unsubscribe`, on their
 * thread; may block for a short read of the store. */
typedef struct {
    void *self;
    /* Fills next_offset of each newly assigned partition with where to go on; -1 = where the group
     * says, else at the earliest kept. AURORA_OK, or any failure: the adapter gives the partitions
     * back by leaving them paused and asks again with the next poll. */
    aurora_status (*assigned)(void *self, aurora_bus_position *positions, uint32_t count);
    /* These are no longer ours. is_lost: somebody else may have them already. */
    void (*revoked)(void *self, const aurora_bus_position *positions, uint32_t count, bool is_lost);
    /* How long a record may wait at the bus for others to come with it, where nobody waits for
     * its effect: each delivery costs both sides more than a record does. 0 = not at all. */
    int32_t patience_ms;
} aurora_bus_listener;

/* For metrics and readiness; a snapshot. */
typedef struct {
    uint32_t size;
    uint32_t is_connected; /* some broker answered lately */
    uint32_t assigned;     /* partitions that this instance consumes */
    uint32_t reserved;
    uint64_t produced;         /* acknowledged */
    uint64_t produce_failures; /* messages that were given up */
    uint64_t consumed;         /* messages that poll has handed out */
    uint64_t rebalances;       /* times that partitions changed hands */
    int64_t lag;               /* messages behind the ends of the assigned partitions; -1 unknown */
    int64_t produce_latency_us; /* of the last acknowledged one, from produce to acknowledgement */
    char last_error[256];       /* the newest failure; empty = none */
} aurora_bus_figures;

/* How far behind the end of a partition that this instance consumes its effects are. */
typedef struct {
    int32_t topic;          /* AURORA_TOPIC_... */
    int32_t partition;      /* from 0 */
    const char *topic_name; /* as the bus knows it, "aurora.orders.v1"; lives as long as the bus */
    int64_t lag;            /* messages; -1 unknown */
    int64_t oldest_at_ms;   /* a time that the oldest of them is not older than, at most some
                                seconds or a poll before its own; 0 = unknown, or there is none */
} aurora_bus_lag;

/* The statuses: AURORA_OK, AURORA_EBUSY (try again), AURORA_EIO (the bus cannot be reached or
 * refuses), AURORA_ENOMEM, AURORA_EINVAL (a message or setting that can never pass). */
typedef struct {
    uint32_t size; /* sizeof(aurora_bus) that the adapter was compiled with */
    uint32_t reserved;
    void *self;

    /* --- producing ------------------------------------------------------------------------- */

    /* Hands over messages in their order; *accepted_out of them were taken, in order. Does not
     * block. AURORA_EBUSY when the adapter's queue is full (with a prefix accepted), AURORA_EIO
     * after a failed delivery: nothing more is taken until `restart`. */
    aurora_status (*produce)(void *self, const aurora_bus_message *messages, uint32_t count,
                             uint32_t *accepted_out);

    /* Waits at most wait_ms for progress. *position_out is the end of the contiguous prefix that
     * the bus has acknowledged durably (acks=all): every produced position up to it is safe. It
     * never shrinks. AURORA_EIO after a failed delivery: what is behind *position_out must be
     * produced again after `restart`. */
    aurora_status (*produced)(void *self, int32_t wait_ms, int64_t *position_out);

    /* Drops the producer with all that is not acknowledged and starts a new one at `position`: the
     * next message's position is above it. */
    aurora_status (*restart)(void *self, int64_t position);

    /* --- consuming ------------------------------------------------------------------------- */

    /* Joins a group for these topics; rebalances are told to the listener, copied, whose self
     * outlives the subscription. `group` is a short name of a-z, 0-9, '.', '_' and '-' ("order"):
     * the adapter puts the URL's prefix before it ("aurora-order"). AURORA_EINVAL while it is
     * subscribed. */
    aurora_status (*subscribe)(void *self, const char *group, const int32_t *topics, uint32_t count,
                               const aurora_bus_listener *listener);

    /* Waits at most wait_ms for the first record, then gives what is there, at most `limit`, in
     * order per partition. AURORA_OK with count 0 when the time is over or after `wake`. */
    aurora_status (*poll)(void *self, int32_t wait_ms, uint32_t limit,
                          const aurora_bus_record **records_out, uint32_t *count_out);

    /* These effects are durable: the group's offsets may follow, now or later. */
    aurora_status (*done)(void *self, const aurora_bus_position *positions, uint32_t count);

    /* Goes back in an assigned partition: a batch was not taken and must come again. */
    aurora_status (*seek)(void *self, const aurora_bus_position *positions, uint32_t count);

    /* Leaves the group at once, with the offsets of `done` committed. */
    aurora_status (*unsubscribe)(void *self);

    /* --- both ------------------------------------------------------------------------------ */

    /* Lets `poll` and `produced` return early; any thread. */
    void (*wake)(void *self);

    /* What it has done so far; any thread. */
    void (*figures)(void *self, aurora_bus_figures *out);

    /* Flushes for at most a second, then frees. In a forked child it only frees memory. */
    void (*close)(void *self);

    /* For metrics: at most `capacity` of the assigned partitions; returns how many there are. Any
     * thread. NULL = it cannot tell. */
    uint32_t (*lags)(void *self, aurora_bus_lag *lags_out, uint32_t capacity);
} aurora_bus;

/* A property for the bus's own client, such as librdkafka's "compression.type". */
typedef struct {
    const char *name;  /* as librdkafka spells it */
    const char *value; /* its text */
} aurora_bus_property;

/* Only says whether address and properties are right: opens nothing, reaches nobody, leaves *out as
 * it is. A driver that does not know the flag opens the bus, which is then closed at once. */
#define AURORA_BUS_CHECK 1u

/* How to open. */
typedef struct {
    uint32_t size; /* sizeof(aurora_bus_options) */
    uint32_t property_count;
    const char *address;                   /* what stands behind "scheme:" in the URL */
    const aurora_bus_property *properties; /* property_count of them, handed on unread */
    const aurora_allocator *allocator;     /* never NULL */
    void (*log)(void *self, int32_t level, const char *message); /* never NULL */
    void *log_self;
    uint32_t flags;    /* AURORA_BUS_... */
    uint32_t reserved; /* 0 */
} aurora_bus_options;

/* Opens a bus; connects lazily: that nobody answers is told by `figures` and by the calls, since
 * services start in any order. AURORA_EINVAL (err->field "bus", or "kafka" for a property). */
typedef aurora_status (*aurora_bus_open_fn)(const aurora_bus_options *options, aurora_bus *out,
                                            aurora_error *err);

#ifdef __cplusplus
}
#endif
#endif

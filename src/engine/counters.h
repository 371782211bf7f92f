/* SPDX-License-Identifier: MIT */
/* What an engine counts for aurora_metrics: relaxed atomics, written where things happen and read
 * from any thread at any time. Sums over several of them may be torn by one batch. */
#ifndef AURORA_ENGINE_COUNTERS_H
#define AURORA_ENGINE_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

#include <aurora/notification.h>
#include <aurora/order.h>

typedef struct aurora__engine aurora__engine;

#define AURORA__COUNTERS_CLASSES_MAX 48
#define AURORA__COUNTERS_FOLLOWERS_MAX 8
#define AURORA__COUNTERS_BUCKETS 20

typedef _Atomic uint64_t aurora__counter;
typedef _Atomic int64_t aurora__gauge;

/* Bucket i counts observations <= 2^i of the unit that its owner names, the last one all others. */
typedef struct {
    aurora__counter buckets[AURORA__COUNTERS_BUCKETS]; /* not cumulative */
    aurora__counter sum;
} aurora__histogram;

/* Slots are taken in the order in which classes first count; `name` is the class's static name. */
typedef struct {
    _Atomic(const char *) name;
    aurora__counter done;    /* finished with AURORA_OK */
    aurora__counter refused; /* finished with any other status */
} aurora__class_counters;

typedef struct {
    _Atomic(const char *) name; /* of its cursor; NULL = no such follower */
    aurora__gauge lag;          /* events of the log that it has not been fed */
} aurora__follower_gauges;

typedef struct {
    aurora__class_counters classes[AURORA__COUNTERS_CLASSES_MAX];
    aurora__follower_gauges followers[AURORA__COUNTERS_FOLLOWERS_MAX];
    aurora__histogram batch_commands; /* commands in a batch that committed */
    aurora__histogram batch_us;       /* begin to the end of commit, microseconds */
    aurora__histogram commit_us;      /* the commit call alone, microseconds */
    aurora__counter batches;          /* committed */
    aurora__counter batch_retries;    /* run again after a retriable failure */
    aurora__counter batch_races;      /* run again: another instance had inserted the same row */
    aurora__counter bisections;       /* a data error split a batch in halves */
    aurora__counter unknown_commits;  /* had to be resolved */
    aurora__counter commands_rerun;   /* undone, to be decided again with more keys */
    aurora__counter orders_created;
    aurora__counter orders[AURORA_ORDER_CANCELLED + 1]; /* by the status that was reached */
    aurora__counter orders_settled;
    /* by the state that was reached */
    aurora__counter notifications[AURORA_NOTIFICATION_STATE_SKIPPED + 1];
    aurora__counter events_appended;
    aurora__counter event_bytes;
    aurora__counter rows_loaded; /* from the store, not from the cache */
    aurora__counter rows_saved;
    aurora__counter timers_fired;
    aurora__counter keys_parked;
    aurora__counter queue_refused; /* AURORA_EBUSY: the queue was full */
    aurora__counter log_refused;   /* AURORA_EBUSY: the log was full */
    aurora__gauge queue_length;    /* accepted, not yet in a batch */
    aurora__gauge log_first;       /* as of the last look at the log's bounds */
    aurora__gauge log_head;
    aurora__gauge log_bytes;
    aurora__gauge parked_keys;       /* now */
    aurora__counter relay_restarts;  /* of the producer, after a failed delivery */
    aurora__counter relay_damaged;   /* log rows that could not be rendered */
    aurora__gauge relay_leader;      /* 1 = this handle publishes the log */
    aurora__gauge relay_position;    /* the end of what the bus has acknowledged */
    aurora__gauge relay_lag;         /* events behind it */
    aurora__gauge relay_lag_ms;      /* age of the oldest of them */
    aurora__counter inbound_applied; /* records that had their effect */
    aurora__counter inbound_duplicates;
    aurora__counter inbound_ignored; /* of kinds that nobody here takes */
    aurora__counter inbound_parked;  /* set aside, with those that queue behind them */
    aurora__counter inbound_pauses;  /* a batch was put off: the store was away or busy */
} aurora__counters;

/* The engine's own, for as long as it lives. Defined by the engine. */
aurora__counters *aurora__engine_counters(const aurora__engine *engine);

static inline void aurora__counter_add(aurora__counter *counter, uint64_t count)
{
    atomic_fetch_add_explicit(counter, count, memory_order_relaxed);
}

static inline uint64_t aurora__counter_read(const aurora__counter *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static inline void aurora__gauge_set(aurora__gauge *gauge, int64_t value)
{
    atomic_store_explicit(gauge, value, memory_order_relaxed);
}

static inline int64_t aurora__gauge_read(const aurora__gauge *gauge)
{
    return atomic_load_explicit(gauge, memory_order_relaxed);
}

static inline void aurora__histogram_add(aurora__histogram *histogram, uint64_t value)
{
    uint32_t bucket = 0;
    while (bucket + 1 < AURORA__COUNTERS_BUCKETS && value > UINT64_C(1) << bucket)
        bucket++;
    aurora__counter_add(&histogram->buckets[bucket], 1);
    aurora__counter_add(&histogram->sum, value);
}

/* Counts a finished command. Only the driving thread takes slots; beyond the last slot nothing is
 * counted. */
static inline void aurora__counters_finish(aurora__counters *counters, const char *class_name,
                                           aurora_status status)
{
    for (uint32_t i = 0; i < AURORA__COUNTERS_CLASSES_MAX; i++) {
        aurora__class_counters *slot = &counters->classes[i];
        const char *name = atomic_load_explicit(&slot->name, memory_order_acquire);
        if (name == NULL) {
            name = class_name;
            atomic_store_explicit(&slot->name, name, memory_order_release);
        }
        if (name != class_name)
            continue;
        aurora__counter_add(status == AURORA_OK ? &slot->done : &slot->refused, 1);
        return;
    }
}

#endif

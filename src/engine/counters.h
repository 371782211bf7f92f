/* SPDX-License-Identifier: MIT */
/* What an engine counts for aurora_metrics, in a registry of its own. Every member is a series that
 * lives as long as the engine; counting takes no lock and may be done on any thread. Sums over
 * several of them may be torn by one batch. */
#ifndef AURORA_ENGINE_COUNTERS_H
#define AURORA_ENGINE_COUNTERS_H

#include <aurora/notification.h>
#include <aurora/order.h>

#include "engine/saga_counts.h"
#include "metric/metric.h"

typedef struct aurora__engine aurora__engine;

#define AURORA__COUNTERS_CLASSES_MAX 48
#define AURORA__COUNTERS_FOLLOWERS_MAX 8

/* X(member, name, help) */
#define AURORA__ENGINE_COUNTERS(X)                                                                 \
    X(batches, "aurora_batches_total", "Batches that were committed.")                             \
    X(batch_retries, "aurora_batch_retries_total", "Batches run again after a passing failure.")   \
    X(batch_races, "aurora_batch_races_total",                                                     \
      "Batches run again because another instance had inserted the same row.")                     \
    X(bisections, "aurora_bisections_total", "Batches split to find the command to blame.")        \
    X(unknown_commits, "aurora_unknown_commits_total",                                             \
      "Commits whose outcome had to be asked for.")                                                \
    X(commands_rerun, "aurora_commands_rerun_total",                                               \
      "Commands decided again because they needed more rows.")                                     \
    X(orders_created, "aurora_orders_created_total", "Orders that were stored.")                   \
    X(orders_settled, "aurora_orders_settled_total",                                               \
      "Orders whose stock and money came to agree with their outcome.")                            \
    X(events_appended, "aurora_events_total", "Events appended to the log.")                       \
    X(event_bytes, "aurora_event_bytes_total", "Bytes appended to the log.")                       \
    X(rows_loaded, "aurora_rows_loaded_total",                                                     \
      "Rows read from the store by batches, not from memory.")                                     \
    X(rows_saved, "aurora_rows_saved_total", "Rows written by batches.")                           \
    X(timers_fired, "aurora_timers_fired_total", "Timers of rows that fell due.")                  \
    X(keys_parked, "aurora_keys_parked_total", "Keys parked because of an event.")

#define AURORA__ENGINE_GAUGES(X)                                                                   \
    X(queue_length, "aurora_queue_length", "Commands that wait for a batch.")                      \
    X(log_first, "aurora_log_first_position", "Lowest position that the log still has.")           \
    X(log_head, "aurora_log_head_position", "Highest position of the log.")                        \
    X(log_bytes, "aurora_log_bytes", "Bytes that the log holds.")                                  \
    X(log_max_bytes, "aurora_log_max_bytes", "Bytes of the log at which new orders are refused.")  \
    X(parked_keys, "aurora_parked_keys", "Keys that are parked now.")

/* Of an engine with a bus. */
#define AURORA__BUS_COUNTERS(X)                                                                    \
    X(relay_restarts, "aurora_relay_restarts_total",                                               \
      "Times that the relay began again at its cursor, after a failed delivery.")                  \
    X(relay_damaged, "aurora_relay_damaged_total", "Log rows that could not be published.")        \
    X(inbound_pauses, "aurora_inbound_pauses_total",                                               \
      "Times that messages were put off: the store was away or busy.")

#define AURORA__BUS_GAUGES(X)                                                                      \
    X(relay_leader, "aurora_relay_leader", "1 while this process publishes the log.")              \
    X(relay_position, "aurora_relay_position", "The end of what the bus has acknowledged.")        \
    X(relay_lag, "aurora_relay_lag", "Events of the log behind that position.")

/* `name` is the class's static name; slots are taken as classes first count. */
typedef struct {
    const char *name;
    aurora__counter *done;    /* finished with AURORA_OK */
    aurora__counter *refused; /* finished with any other status */
} aurora__class_counters;

typedef struct {
    _Atomic(const char *) name; /* of its cursor; NULL = no such follower */
    aurora__gauge *lag;         /* events of the log that it has not been fed */
    aurora__gauge *age_ms;      /* of the oldest of them */
} aurora__follower_gauges;

typedef struct {
    aurora__registry *registry;
    aurora__class_counters classes[AURORA__COUNTERS_CLASSES_MAX];
    aurora__follower_gauges followers[AURORA__COUNTERS_FOLLOWERS_MAX];
#define MEMBER(member, name, help) aurora__counter *member;
    AURORA__ENGINE_COUNTERS(MEMBER)
    AURORA__BUS_COUNTERS(MEMBER)
#undef MEMBER
#define MEMBER(member, name, help) aurora__gauge *member;
    AURORA__ENGINE_GAUGES(MEMBER)
    AURORA__BUS_GAUGES(MEMBER)
#undef MEMBER
    aurora__gauge *relay_lag_ms;                         /* age of the oldest event behind */
    aurora__counter *orders[AURORA_ORDER_CANCELLED + 1]; /* by the status that was reached */
    /* by the state that was reached */
    aurora__counter *notifications[AURORA_NOTIFICATION_STATE_SKIPPED + 1];
    /* calls beyond the first for one purpose, by what was called */
    aurora__counter *store_retries, *bus_retries, *payment_retries, *notify_retries;
    aurora__counter *queue_refused;   /* AURORA_EBUSY: the queue was full */
    aurora__counter *log_refused;     /* AURORA_EBUSY: the log was full */
    aurora__counter *inbound_applied; /* records that had their effect */
    aurora__counter *inbound_duplicates;
    aurora__counter *inbound_ignored;  /* of kinds that nobody here takes */
    aurora__counter *inbound_parked;   /* set aside, with those that queue behind them */
    aurora__histogram *batch_commands; /* commands in a batch that committed */
    aurora__histogram *batch_ns;       /* begin to the end of commit */
    aurora__histogram *commit_ns;      /* the commit call alone */
    aurora__saga_counts saga;
} aurora__counters;

/* `modules` are AURORA__MODULE_...: nobody shows what it cannot have. AURORA_ENOMEM; then, too, to
 * be closed. Threads: confined. */
aurora_status aurora__counters_open(aurora__counters *counters, const aurora_allocator *allocator,
                                    uint32_t modules);
/* What only an engine with a bus has; nothing of it is counted before. */
aurora_status aurora__counters_open_bus(aurora__counters *counters);
void aurora__counters_close(aurora__counters *counters);

/* Counts a finished command. Only the driving thread takes slots; beyond the last slot nothing is
 * counted. */
void aurora__counters_finish(aurora__counters *counters, const char *class_name,
                             aurora_status status);

/* How far a follower is behind; its slot is the driving thread's. */
void aurora__counters_follower(aurora__counters *counters, uint32_t slot, const char *name,
                               int64_t lag);
/* The age of the first event that it has not seen; 0 = there is none. Likewise. */
void aurora__counters_follower_age(aurora__counters *counters, uint32_t slot, const char *name,
                                   int64_t age_ms);

/* The engine's own, for as long as it lives. Defined by the engine. */
aurora__counters *aurora__engine_counters(const aurora__engine *engine);

#endif

/* SPDX-License-Identifier: MIT */
#include "engine/counters.h"

#define THREADS_MAX 64

static void open_singles(aurora__counters *counters)
{
    aurora__registry *registry = counters->registry;
#define OPEN(member, name_, help_)                                                                 \
    {                                                                                              \
        static const aurora__family of = AURORA__COUNTER_FAMILY(name_, help_);                     \
        counters->member = aurora__registry_counter(registry, &of, NULL);                          \
    }
    AURORA__ENGINE_COUNTERS(OPEN)
#undef OPEN
#define OPEN(member, name_, help_)                                                                 \
    {                                                                                              \
        static const aurora__family of = AURORA__GAUGE_FAMILY(name_, help_);                       \
        counters->member = aurora__registry_gauge(registry, &of, NULL);                            \
    }
    AURORA__ENGINE_GAUGES(OPEN)
#undef OPEN
}

static void open_orders(aurora__counters *counters)
{
    static const aurora__family orders = AURORA__COUNTER_FAMILY_BY(
        "aurora_orders_total", "Orders by the status that they reached.", "status");
    for (int32_t status = AURORA_ORDER_PENDING; status <= AURORA_ORDER_CANCELLED; status++)
        counters->orders[status] = aurora__registry_counter(
            counters->registry, &orders, AURORA__VALUES(aurora_order_status_name(status)));
}

/* The states that a notification ends in. */
static void open_notifications(aurora__counters *counters)
{
    static const aurora__family sent = AURORA__COUNTER_FAMILY_BY(
        "aurora_notifications_total", "Notifications by the state that they ended in.", "state");
    static const struct {
        int32_t state;
        const char *name;
    } states[] = {
        {AURORA_NOTIFICATION_STATE_SENT, "sent"},
        {AURORA_NOTIFICATION_STATE_UNKNOWN, "unknown"},
        {AURORA_NOTIFICATION_STATE_FAILED, "failed"},
        {AURORA_NOTIFICATION_STATE_SKIPPED, "skipped"},
    };
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        counters->notifications[states[i].state] =
            aurora__registry_counter(counters->registry, &sent, AURORA__VALUES(states[i].name));
}

static aurora__counter *open_retries(aurora__registry *registry, const char *dependency)
{
    static const aurora__family retries = AURORA__COUNTER_FAMILY_BY(
        "aurora_retries_total", "Calls of a dependency beyond the first for one purpose.",
        "dependency");
    return aurora__registry_counter(registry, &retries, AURORA__VALUES(dependency));
}

static void open_refusals(aurora__counters *counters)
{
    static const aurora__family refused =
        AURORA__COUNTER_FAMILY_BY("aurora_overload_total",
                                  "Commands refused because the queue or the log was "
                                  "full.",
                                  "full");
    counters->queue_refused =
        aurora__registry_counter(counters->registry, &refused, AURORA__VALUES("queue"));
    counters->log_refused =
        aurora__registry_counter(counters->registry, &refused, AURORA__VALUES("log"));
}

static void open_histograms(aurora__counters *counters)
{
    static const aurora__family commands =
        AURORA__SIZE_FAMILY("aurora_batch_commands", "Commands in a committed batch.");
    static const aurora__family batch = AURORA__DURATION_FAMILY(
        "aurora_batch_seconds", "Time from the begin of a batch to the end of "
                                "its commit.");
    static const aurora__family commit =
        AURORA__DURATION_FAMILY("aurora_commit_seconds", "Time that the commit of a batch took.");
    aurora__registry *registry = counters->registry;
    counters->batch_commands = aurora__registry_histogram(registry, &commands, NULL);
    counters->batch_ns = aurora__registry_histogram(registry, &batch, NULL);
    counters->commit_ns = aurora__registry_histogram(registry, &commit, NULL);
}

aurora_status aurora__counters_open(aurora__counters *counters, const aurora_allocator *allocator,
                                    uint32_t modules)
{
    counters->registry = aurora__registry_open(allocator, THREADS_MAX);
    if (counters->registry == NULL)
        return AURORA_ENOMEM;
    open_singles(counters);
    open_orders(counters);
    open_notifications(counters);
    open_refusals(counters);
    counters->store_retries = open_retries(counters->registry, "store");
    counters->payment_retries = open_retries(counters->registry, "payment");
    counters->notify_retries = open_retries(counters->registry, "notify");
    open_histograms(counters);
    aurora__saga_counts_open(&counters->saga, counters->registry, modules);
    return aurora__registry_status(counters->registry);
}

aurora_status aurora__counters_open_bus(aurora__counters *counters)
{
    static const aurora__family events = AURORA__COUNTER_FAMILY_BY(
        "aurora_inbound_events_total", "Messages from other services, by what became of them.",
        "result");
    static const aurora__family age = AURORA__AGE_FAMILY(
        "aurora_relay_lag_seconds", "Age of the oldest event behind that position.");
    aurora__registry *registry = counters->registry;
#define OPEN(member, name_, help_)                                                                 \
    {                                                                                              \
        static const aurora__family of = AURORA__COUNTER_FAMILY(name_, help_);                     \
        counters->member = aurora__registry_counter(registry, &of, NULL);                          \
    }
    AURORA__BUS_COUNTERS(OPEN)
#undef OPEN
#define OPEN(member, name_, help_)                                                                 \
    {                                                                                              \
        static const aurora__family of = AURORA__GAUGE_FAMILY(name_, help_);                       \
        counters->member = aurora__registry_gauge(registry, &of, NULL);                            \
    }
    AURORA__BUS_GAUGES(OPEN)
#undef OPEN
    counters->relay_lag_ms = aurora__registry_gauge(registry, &age, NULL);
    counters->bus_retries = open_retries(registry, "bus");
    const struct {
        const char *result;
        aurora__counter **counter;
    } results[] = {
        {"applied", &counters->inbound_applied},
        {"duplicate", &counters->inbound_duplicates},
        {"ignored", &counters->inbound_ignored},
        {"parked", &counters->inbound_parked},
    };
    for (size_t i = 0; i < sizeof results / sizeof *results; i++)
        *results[i].counter =
            aurora__registry_counter(registry, &events, AURORA__VALUES(results[i].result));
    return aurora__registry_status(registry);
}

void aurora__counters_close(aurora__counters *counters)
{
    aurora__registry_close(counters->registry);
    counters->registry = NULL;
}

static aurora__class_counters *slot_of(aurora__counters *counters, const char *class_name)
{
    static const aurora__family commands = AURORA__COUNTER_FAMILY_BY(
        "aurora_commands_total", "Commands that were answered, by kind and result.", "class",
        "result");
    for (uint32_t i = 0; i < AURORA__COUNTERS_CLASSES_MAX; i++) {
        aurora__class_counters *slot = &counters->classes[i];
        if (slot->name == class_name)
            return slot;
        if (slot->name != NULL)
            continue;
        slot->name = class_name;
        slot->done = aurora__registry_counter(counters->registry, &commands,
                                              AURORA__VALUES(class_name, "done"));
        slot->refused = aurora__registry_counter(counters->registry, &commands,
                                                 AURORA__VALUES(class_name, "refused"));
        return slot;
    }
    return NULL;
}

void aurora__counters_finish(aurora__counters *counters, const char *class_name,
                             aurora_status status)
{
    aurora__class_counters *slot = slot_of(counters, class_name);
    if (slot != NULL)
        aurora__counter_add(status == AURORA_OK ? slot->done : slot->refused, 1);
}

static aurora__follower_gauges *follower_of(aurora__counters *counters, uint32_t slot,
                                            const char *name)
{
    static const aurora__family behind = AURORA__GAUGE_FAMILY_BY(
        "aurora_follower_lag", "Events that a follower of the log has not seen.", "follower");
    static const aurora__family age =
        AURORA__AGE_FAMILY_BY("aurora_follower_lag_seconds",
                              "Age of the oldest of them; read each 5 seconds.", "follower");
    aurora__follower_gauges *of = &counters->followers[slot];
    if (of->lag == NULL) {
        of->lag = aurora__registry_gauge(counters->registry, &behind, AURORA__VALUES(name));
        of->age_ms = aurora__registry_gauge(counters->registry, &age, AURORA__VALUES(name));
        atomic_store_explicit(&of->name, name, memory_order_release);
    }
    return of;
}

void aurora__counters_follower(aurora__counters *counters, uint32_t slot, const char *name,
                               int64_t lag)
{
    aurora__gauge_set(follower_of(counters, slot, name)->lag, lag);
}

void aurora__counters_follower_age(aurora__counters *counters, uint32_t slot, const char *name,
                                   int64_t age_ms)
{
    aurora__gauge_set(follower_of(counters, slot, name)->age_ms, age_ms);
}

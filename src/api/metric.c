/* SPDX-License-Identifier: MIT */
/* The engine's counters as samples. All texts in them are static. */
#include <aurora/metric.h>

#include "api/handle.h"
#include "codec/result.h"
#include "engine/bus.h"
#include "engine/counters.h"

#define SAMPLES_MAX                                                                                \
    (2 * AURORA__COUNTERS_CLASSES_MAX + AURORA__COUNTERS_FOLLOWERS_MAX +                           \
     3 * (AURORA__COUNTERS_BUCKETS + 2) + AURORA_ORDER_CANCELLED + 64)

typedef struct {
    const char *name;
    int32_t kind;
    const char *help;
} family;

typedef struct {
    const family *of;
    const char *suffix;
    aurora_pair labels[2];
    uint32_t label_count;
    double value;
} sample;

/* What was read, before any memory is asked for. */
typedef struct {
    sample samples[SAMPLES_MAX];
    uint32_t count;
    int64_t at_ms;
} snapshot;

static sample *add(snapshot *to, const family *of, double value)
{
    if (to->count == SAMPLES_MAX)
        return &to->samples[SAMPLES_MAX - 1];
    sample *added = &to->samples[to->count++];
    *added = (sample){.of = of, .suffix = "", .value = value};
    return added;
}

static void label(sample *of, const char *name, const char *value)
{
    of->labels[of->label_count++] = (aurora_pair){name, value};
}

/* --- single numbers --------------------------------------------------------------------------- */

#define COUNTERS(X)                                                                                \
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
    X(rows_loaded, "aurora_rows_loaded_total", "Rows read from the store by batches.")             \
    X(rows_saved, "aurora_rows_saved_total", "Rows written by batches.")                           \
    X(timers_fired, "aurora_timers_fired_total", "Timers of rows that fell due.")                  \
    X(keys_parked, "aurora_keys_parked_total", "Keys parked because of an event.")

#define GAUGES(X)                                                                                  \
    X(queue_length, "aurora_queue_length", "Commands that wait for a batch.")                      \
    X(log_first, "aurora_log_first_position", "Lowest position that the log still has.")           \
    X(log_head, "aurora_log_head_position", "Highest position of the log.")                        \
    X(log_bytes, "aurora_log_bytes", "Bytes that the log holds.")                                  \
    X(parked_keys, "aurora_parked_keys", "Keys that are parked now.")

static void add_counters(snapshot *to, aurora__counters *from)
{
#define ADD(member, name_, help_)                                                                  \
    {                                                                                              \
        static const family of = {name_, AURORA_METRIC_COUNTER, help_};                            \
        add(to, &of, (double)aurora__counter_read(&from->member));                                 \
    }
    COUNTERS(ADD)
#undef ADD
}

static void add_gauges(snapshot *to, aurora__counters *from)
{
#define ADD(member, name_, help_)                                                                  \
    {                                                                                              \
        static const family of = {name_, AURORA_METRIC_GAUGE, help_};                              \
        add(to, &of, (double)aurora__gauge_read(&from->member));                                   \
    }
    GAUGES(ADD)
#undef ADD
}

/* --- with labels ------------------------------------------------------------------------------ */

static void add_classes(snapshot *to, aurora__counters *from)
{
    static const family commands = {"aurora_commands_total", AURORA_METRIC_COUNTER,
                                    "Commands that were answered, by kind and result."};
    for (uint32_t i = 0; i < AURORA__COUNTERS_CLASSES_MAX; i++) {
        aurora__class_counters *slot = &from->classes[i];
        const char *name = atomic_load_explicit(&slot->name, memory_order_acquire);
        if (name == NULL)
            return;
        sample *done = add(to, &commands, (double)aurora__counter_read(&slot->done));
        label(done, "class", name);
        label(done, "result", "done");
        sample *refused = add(to, &commands, (double)aurora__counter_read(&slot->refused));
        label(refused, "class", name);
        label(refused, "result", "refused");
    }
}

static void add_orders(snapshot *to, aurora__counters *from)
{
    static const family orders = {"aurora_orders_total", AURORA_METRIC_COUNTER,
                                  "Orders by the status that they reached."};
    for (int32_t status = AURORA_ORDER_PENDING; status <= AURORA_ORDER_CANCELLED; status++) {
        sample *added = add(to, &orders, (double)aurora__counter_read(&from->orders[status]));
        label(added, "status", aurora_order_status_name(status));
    }
}

/* The states that a notification ends in. */
static void add_notifications(snapshot *to, aurora__counters *from)
{
    static const family sent = {"aurora_notifications_total", AURORA_METRIC_COUNTER,
                                "Notifications by the state that they ended in."};
    static const char *const names[] = {
        [AURORA_NOTIFICATION_STATE_SENT] = "sent",
        [AURORA_NOTIFICATION_STATE_UNKNOWN] = "unknown",
        [AURORA_NOTIFICATION_STATE_FAILED] = "failed",
        [AURORA_NOTIFICATION_STATE_SKIPPED] = "skipped",
    };
    for (int32_t state = AURORA_NOTIFICATION_STATE_SENT; state <= AURORA_NOTIFICATION_STATE_SKIPPED;
         state++)
        label(add(to, &sent, (double)aurora__counter_read(&from->notifications[state])), "state",
              names[state]);
}

static void add_refusals(snapshot *to, aurora__counters *from)
{
    static const family refused = {"aurora_overload_total", AURORA_METRIC_COUNTER,
                                   "Commands refused because the queue or the log was full."};
    label(add(to, &refused, (double)aurora__counter_read(&from->queue_refused)), "full", "queue");
    label(add(to, &refused, (double)aurora__counter_read(&from->log_refused)), "full", "log");
}

static void add_followers(snapshot *to, aurora__counters *from)
{
    static const family lag = {"aurora_follower_lag", AURORA_METRIC_GAUGE,
                               "Events that a follower of the log has not seen."};
    for (uint32_t i = 0; i < AURORA__COUNTERS_FOLLOWERS_MAX; i++) {
        const char *name = atomic_load_explicit(&from->followers[i].name, memory_order_acquire);
        if (name != NULL)
            label(add(to, &lag, (double)aurora__gauge_read(&from->followers[i].lag)), "follower",
                  name);
    }
}

/* --- the bus ---------------------------------------------------------------------------------- */

/* Of the port: the client's own view. */
static void add_port(snapshot *to, const aurora_bus_figures *from)
{
    static const family connected = {"aurora_bus_connected", AURORA_METRIC_GAUGE,
                                     "1 while a broker answers."};
    static const family assigned = {"aurora_bus_assigned", AURORA_METRIC_GAUGE,
                                    "Partitions that this process consumes."};
    static const family produced = {"aurora_bus_produced_total", AURORA_METRIC_COUNTER,
                                    "Messages that the bus has acknowledged."};
    static const family failures = {"aurora_bus_produce_failures_total", AURORA_METRIC_COUNTER,
                                    "Deliveries to the bus that failed."};
    static const family consumed = {"aurora_bus_consumed_total", AURORA_METRIC_COUNTER,
                                    "Messages read from the bus."};
    static const family rebalances = {"aurora_bus_rebalances_total", AURORA_METRIC_COUNTER,
                                      "Times that partitions were assigned anew."};
    static const family lag = {"aurora_inbound_lag", AURORA_METRIC_GAUGE,
                               "Messages behind the ends of the assigned partitions; -1 unknown."};
    static const family latency = {"aurora_bus_produce_seconds", AURORA_METRIC_GAUGE,
                                   "Time that the newest acknowledged message took."};
    add(to, &connected, from->is_connected);
    add(to, &assigned, from->assigned);
    add(to, &produced, (double)from->produced);
    add(to, &failures, (double)from->produce_failures);
    add(to, &consumed, (double)from->consumed);
    add(to, &rebalances, (double)from->rebalances);
    add(to, &lag, (double)from->lag);
    add(to, &latency, (double)from->produce_latency_us / 1e6);
}

static void add_relay(snapshot *to, aurora__counters *from)
{
    static const family restarts = {"aurora_relay_restarts_total", AURORA_METRIC_COUNTER,
                                    "Times that the relay began again at its cursor."};
    static const family damaged = {"aurora_relay_damaged_total", AURORA_METRIC_COUNTER,
                                   "Log rows that could not be published."};
    static const family leader = {"aurora_relay_leader", AURORA_METRIC_GAUGE,
                                  "1 while this process publishes the log."};
    static const family position = {"aurora_relay_position", AURORA_METRIC_GAUGE,
                                    "The end of what the bus has acknowledged."};
    static const family lag = {"aurora_relay_lag", AURORA_METRIC_GAUGE,
                               "Events of the log behind that position."};
    static const family age = {"aurora_relay_lag_seconds", AURORA_METRIC_GAUGE,
                               "Age of the oldest event behind that position."};
    add(to, &restarts, (double)aurora__counter_read(&from->relay_restarts));
    add(to, &damaged, (double)aurora__counter_read(&from->relay_damaged));
    add(to, &leader, (double)aurora__gauge_read(&from->relay_leader));
    add(to, &position, (double)aurora__gauge_read(&from->relay_position));
    add(to, &lag, (double)aurora__gauge_read(&from->relay_lag));
    add(to, &age, (double)aurora__gauge_read(&from->relay_lag_ms) / 1e3);
}

static void add_inbound(snapshot *to, aurora__counters *from)
{
    static const family events = {"aurora_inbound_events_total", AURORA_METRIC_COUNTER,
                                  "Messages from other services, by what became of them."};
    static const family pauses = {"aurora_inbound_pauses_total", AURORA_METRIC_COUNTER,
                                  "Times that messages were put off: the store was away or busy."};
    const struct {
        const char *result;
        const aurora__counter *counter;
    } results[] = {
        {"applied", &from->inbound_applied},
        {"duplicate", &from->inbound_duplicates},
        {"ignored", &from->inbound_ignored},
        {"parked", &from->inbound_parked},
    };
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++)
        label(add(to, &events, (double)aurora__counter_read(results[i].counter)), "result",
              results[i].result);
    add(to, &pauses, (double)aurora__counter_read(&from->inbound_pauses));
}

static void add_bus(snapshot *to, const aurora_t *shop, aurora__counters *from)
{
    aurora_bus_figures figures;
    if (shop->bus == NULL)
        return;
    aurora__bus_figures(shop->bus, &figures);
    add_port(to, &figures);
    add_relay(to, from);
    add_inbound(to, from);
}

/* --- histograms ------------------------------------------------------------------------------- */

static const char *const counts[AURORA__COUNTERS_BUCKETS] = {
    "1",    "2",    "4",    "8",    "16",    "32",    "64",    "128",    "256",    "512",
    "1024", "2048", "4096", "8192", "16384", "32768", "65536", "131072", "262144", "+Inf",
};

/* 2^i microseconds. */
static const char *const seconds[AURORA__COUNTERS_BUCKETS] = {
    "0.000001", "0.000002", "0.000004", "0.000008", "0.000016", "0.000032", "0.000064",
    "0.000128", "0.000256", "0.000512", "0.001024", "0.002048", "0.004096", "0.008192",
    "0.016384", "0.032768", "0.065536", "0.131072", "0.262144", "+Inf",
};

/* Buckets become cumulative; the count is what the last of them holds, so they always agree. */
static void add_histogram(snapshot *to, const family *of, const aurora__histogram *from,
                          const char *const *bounds)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < AURORA__COUNTERS_BUCKETS; i++) {
        total += aurora__counter_read(&from->buckets[i]);
        sample *bucket = add(to, of, (double)total);
        bucket->suffix = "_bucket";
        label(bucket, "le", bounds[i]);
    }
    double sum = (double)aurora__counter_read(&from->sum);
    add(to, of, bounds == seconds ? sum / 1e6 : sum)->suffix = "_sum";
    add(to, of, (double)total)->suffix = "_count";
}

static void add_histograms(snapshot *to, aurora__counters *from)
{
    static const family commands = {"aurora_batch_commands", AURORA_METRIC_HISTOGRAM,
                                    "Commands in a committed batch."};
    static const family batch = {"aurora_batch_seconds", AURORA_METRIC_HISTOGRAM,
                                 "Time from the begin of a batch to the end of its commit."};
    static const family commit = {"aurora_commit_seconds", AURORA_METRIC_HISTOGRAM,
                                  "Time that the commit of a batch took."};
    add_histogram(to, &commands, &from->batch_commands, counts);
    add_histogram(to, &batch, &from->batch_us, seconds);
    add_histogram(to, &commit, &from->commit_us, seconds);
}

/* --- the page --------------------------------------------------------------------------------- */

static void take(snapshot *to, const aurora_t *shop)
{
    static const family bytes = {"aurora_store_bytes", AURORA_METRIC_GAUGE,
                                 "Bytes that the store occupies; 0 where that is not known."};
    aurora__counters *from = aurora__engine_counters(shop->engine);
    const aurora_store *store = aurora__engine_store(shop->engine);
    to->count = 0;
    to->at_ms = aurora__engine_wall_ms(shop->engine);
    add_counters(to, from);
    add_gauges(to, from);
    add_classes(to, from);
    add_orders(to, from);
    add_notifications(to, from);
    add_refusals(to, from);
    add_followers(to, from);
    add_histograms(to, from);
    add_bus(to, shop, from);
    add(to, &bytes, (double)store->bytes_used(store->self));
}

static aurora_status fill_metric(aurora__arena *arena, const sample *from,
                                 const aurora_metric **out)
{
    aurora_metric *metric = aurora__arena_zero(arena, sizeof *metric);
    aurora_pair *labels = aurora__arena_zero(arena, 2 * sizeof *labels);
    if (metric == NULL || labels == NULL)
        return AURORA_ENOMEM;
    for (uint32_t i = 0; i < from->label_count; i++)
        labels[i] = from->labels[i];
    *metric = (aurora_metric){
        .size = sizeof *metric,
        .kind = from->of->kind,
        .name = from->of->name,
        .suffix = from->suffix,
        .help = from->of->help,
        .labels = from->label_count > 0 ? labels : NULL,
        .label_count = from->label_count,
        .value = from->value,
    };
    *out = metric;
    return AURORA_OK;
}

static aurora_status fill_page(aurora__arena *arena, const void *source)
{
    const snapshot *from = source;
    aurora_metric_page *page = aurora__arena_zero(arena, sizeof *page);
    const aurora_metric **items = aurora__arena_zero(arena, from->count * sizeof *items);
    if (page == NULL || items == NULL)
        return AURORA_ENOMEM;
    aurora_status rc = AURORA_OK;
    for (uint32_t i = 0; i < from->count && rc == AURORA_OK; i++)
        rc = fill_metric(arena, &from->samples[i], &items[i]);
    *page = (aurora_metric_page){
        .size = sizeof *page, .count = from->count, .items = items, .at_ms = from->at_ms};
    return rc;
}

aurora_status aurora_metrics(aurora_t *shop, aurora_metric_page **out)
{
    if (out == NULL)
        return AURORA_EINVAL;
    *out = NULL;
    aurora_status rc = aurora__handle_enter_query(shop);
    if (rc != AURORA_OK)
        return rc;
    snapshot taken;
    void *page;
    take(&taken, shop);
    size_t each = sizeof(aurora_metric) + 2 * sizeof(aurora_pair) + sizeof(void *);
    rc = aurora__result_build(&shop->allocator, sizeof(aurora_metric_page) + taken.count * each,
                              fill_page, &taken, &page);
    *out = page;
    aurora__handle_leave(shop);
    return rc;
}

void aurora_metric_page_free(aurora_metric_page *page)
{
    aurora__result_free(page);
}

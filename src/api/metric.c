/* SPDX-License-Identifier: MIT */
#include "api/metric.h"

#include <aurora/metric.h>

#include "engine/bus.h"
#include "engine/counters.h"

#include <stdio.h>

#define PARTITIONS_MAX 256 /* further ones are not shown */

/* --- the bus: the client's own view ----------------------------------------------------------- */

static void add_bus(aurora__sheet *sheet, const aurora_bus_figures *from)
{
    static const aurora__family families[] = {
        AURORA__GAUGE_FAMILY("aurora_bus_connected", "1 while a broker answers."),
        AURORA__GAUGE_FAMILY("aurora_bus_assigned", "Partitions that this process consumes."),
        AURORA__COUNTER_FAMILY("aurora_bus_produced_total",
                               "Messages that the bus has acknowledged."),
        AURORA__COUNTER_FAMILY("aurora_bus_produce_failures_total",
                               "Deliveries to the bus that failed."),
        AURORA__COUNTER_FAMILY("aurora_bus_consumed_total", "Messages read from the bus."),
        AURORA__COUNTER_FAMILY("aurora_bus_rebalances_total",
                               "Times that partitions were assigned anew."),
        AURORA__GAUGE_FAMILY("aurora_bus_produce_seconds",
                             "Time that the newest acknowledged message took."),
    };
    const double values[] = {
        from->is_connected,
        from->assigned,
        (double)from->produced,
        (double)from->produce_failures,
        (double)from->consumed,
        (double)from->rebalances,
        (double)from->produce_latency_us / 1e6,
    };
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        aurora__sheet_add(sheet, &families[i], NULL, values[i]);
}

/* A time that is not known is left out: 0 would say that nothing waits. */
static void add_lag(aurora__sheet *sheet, const aurora_bus_lag *lag, int64_t now_ms)
{
    static const aurora__family behind = AURORA__GAUGE_FAMILY_BY(
        "aurora_inbound_lag", "Messages of a partition that have no effect here yet; -1 unknown.",
        "topic", "partition");
    static const aurora__family age =
        AURORA__GAUGE_FAMILY_BY("aurora_inbound_lag_seconds",
                                "Age of the oldest of them; of one that was not fetched yet "
                                "what it is at most.",
                                "topic", "partition");
    char partition[16];
    snprintf(partition, sizeof partition, "%d", (int)lag->partition);
    const char *const *values = AURORA__VALUES(lag->topic_name, partition);
    aurora__sheet_add(sheet, &behind, values, (double)lag->lag);
    int64_t age_ms = lag->oldest_at_ms == 0 ? 0 : now_ms - lag->oldest_at_ms;
    if (lag->lag == 0 || lag->oldest_at_ms != 0)
        aurora__sheet_add(sheet, &age, values, age_ms > 0 ? (double)age_ms / 1e3 : 0);
}

static void add_lags(aurora__sheet *sheet, const aurora_t *shop)
{
    aurora_bus_lag lags[PARTITIONS_MAX];
    uint32_t count = aurora__bus_lags(shop->bus, lags, PARTITIONS_MAX);
    int64_t now_ms = aurora__engine_time_ms(shop->engine);
    for (uint32_t i = 0; i < count; i++)
        add_lag(sheet, &lags[i], now_ms);
}

/* --- the page --------------------------------------------------------------------------------- */

static void collect(void *self, aurora__sheet *sheet)
{
    static const aurora__family bytes = AURORA__GAUGE_FAMILY(
        "aurora_store_bytes", "Bytes that the store occupies; 0 where that is not known.");
    static const aurora__family room = AURORA__GAUGE_FAMILY(
        "aurora_store_free_bytes", "Bytes that are left on the disk of a store in a file.");
    const aurora_t *shop = self;
    const aurora_store *store = aurora__engine_store(shop->engine);
    aurora__sheet_add(sheet, &bytes, NULL, (double)store->bytes_used(store->self));
    int64_t left = store->bytes_free == NULL ? -1 : store->bytes_free(store->self);
    if (left >= 0)
        aurora__sheet_add(sheet, &room, NULL, (double)left);
    if (shop->bus == NULL)
        return;
    aurora_bus_figures figures;
    aurora__bus_figures(shop->bus, &figures);
    add_bus(sheet, &figures);
    add_lags(sheet, shop);
}

void aurora__handle_figures(aurora_t *shop)
{
    aurora__registry_collector(aurora__engine_counters(shop->engine)->registry, collect, shop);
}

aurora_status aurora_metrics(aurora_t *shop, aurora_metric_page **out)
{
    if (out == NULL)
        return AURORA_EINVAL;
    *out = NULL;
    aurora_status rc = aurora__handle_enter_query(shop);
    if (rc != AURORA_OK)
        return rc;
    rc = aurora__registry_page(aurora__engine_counters(shop->engine)->registry,
                               aurora__engine_wall_ms(shop->engine), out);
    aurora__handle_leave(shop);
    return rc;
}

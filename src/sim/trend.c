/* SPDX-License-Identifier: MIT */
/* A follower of the order's log: it counts what completes in a sketch that holds fewer products
 * than there are, saves snapshot and position together, loses both in a crash, and at rest must be
 * within the error that it states (I16). */
#include "sim/world.h"

#include "codec/log.h"

#include <aurora/event.h>

#include <math.h>

#define CAPACITY 3
#define HALF_LIFE_MS 60000
#define SNAPSHOT_BYTES 4096

static aurora__sim_service *source_of(aurora__sim_world *world)
{
    return aurora__sim_service_of(world, AURORA__MODULE_ORDER);
}

void aurora__sim_trend_init(aurora__sim_world *world)
{
    aurora__sim_trend *trend = &world->trend;
    size_t size = aurora_topk_bytes(CAPACITY);
    if (world->options.edge == 0)
        return;
    trend->snapshot = aurora__sim_take(world, SNAPSHOT_BYTES);
    aurora_topk_init(&trend->topk, aurora__sim_take(world, size), size, HALF_LIFE_MS);
}

/* One for each product of the order, at the time when it was placed. */
static void count(aurora__sim_world *world, const aurora__event *event, aurora_topk *topk,
                  double *exact, int64_t at_ms)
{
    const aurora__sim_order *order = &world->orders[aurora__sim_order_of(world, &event->order_id)];
    for (uint32_t sku = 0; sku < world->options.skus; sku++) {
        bool is_in = false;
        for (uint32_t i = 0; i < order->line_count; i++)
            is_in = is_in || order->lines[i].sku == world->skus[sku];
        if (is_in && topk != NULL)
            aurora_topk_add(topk, world->skus[sku], 1, event->saga->placed_at);
        if (is_in && exact != NULL)
            exact[sku] += exp2(-(double)(at_ms - event->saga->placed_at) / HALF_LIFE_MS);
    }
}

/* Goes over the log from row `from`; the sketch or the exact sums, whichever is asked for. */
static uint32_t follow(aurora__sim_world *world, uint32_t from, aurora_topk *topk, double *exact,
                       int64_t at_ms)
{
    aurora__sim_service *source = source_of(world);
    for (; from < source->log_count; from++) {
        aurora__log_reader reader;
        aurora__event event;
        int64_t position;
        aurora__log_read(&reader, &source->log[from]);
        aurora__log_filter(&reader, UINT64_C(1) << AURORA_EVENT_ORDER_COMPLETED);
        while (aurora__log_next(&reader, &world->trend.memory.arena, &event, &position)) {
            if (!event.is_resend)
                count(world, &event, topk, exact, at_ms);
        }
        aurora__sim_memory_reset(&world->trend.memory);
    }
    return from;
}

static void save(aurora__sim_trend *trend)
{
    if (aurora_topk_snapshot(&trend->topk, trend->snapshot, SNAPSHOT_BYTES,
                             &trend->snapshot_bytes) == AURORA_OK)
        trend->kept = trend->next;
}

static void crash(aurora__sim_trend *trend)
{
    aurora_topk_reset(&trend->topk);
    if (trend->kept > 0)
        aurora_topk_restore(&trend->topk, trend->snapshot, trend->snapshot_bytes);
    trend->next = trend->kept;
}

void aurora__sim_trend_follow(aurora__sim_world *world)
{
    aurora__sim_trend *trend = &world->trend;
    if (world->options.edge == 0)
        return;
    trend->next = follow(world, trend->next, &trend->topk, NULL, 0);
    if (aurora__sim_chance(world, 30))
        save(trend);
    if (aurora__sim_chance(world, 10))
        crash(trend);
}

void aurora__sim_trend_check(aurora__sim_world *world)
{
    aurora__sim_trend *trend = &world->trend;
    double exact[AURORA__SIM_SKUS_MAX] = {0};
    aurora_topk_item item;
    if (world->options.edge == 0)
        return;
    aurora__sim_trend_follow(world);
    int64_t newest_ms = aurora_topk_newest_ms(&trend->topk);
    int64_t at_ms = world->now_ms < newest_ms ? newest_ms : world->now_ms;
    at_ms = newest_ms < 0 ? at_ms : newest_ms + HALF_LIFE_MS; /* long after, all would be nothing */
    follow(world, 0, NULL, exact, at_ms);
    for (uint32_t i = 0; i < world->options.skus; i++) {
        aurora__sim_checking(world, AURORA__CHECK_I16);
        aurora_status rc = aurora_topk_get(&trend->topk, world->skus[i], at_ms, &item);
        double slack = 1e-9 * (1 + exact[i]);
        if (rc != AURORA_OK || item.score < exact[i] - slack ||
            item.score - item.error > exact[i] + slack)
            aurora__sim_fail(world, AURORA__CHECK_I16, -1, "%s: %f, error %f, in truth %f",
                             world->skus[i], item.score, item.error, exact[i]);
    }
}

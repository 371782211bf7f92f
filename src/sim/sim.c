/* SPDX-License-Identifier: MIT */
/* One seed from its options to the verdict: faults first, then none. */
#include "sim/sim.h"

#include "sim/world.h"

#include <stdlib.h>

#ifdef AURORA_PLANTS
uint32_t aurora__planted;
#endif

#define HOUR_MS INT64_C(3600000)
#define ROUND_MS (HOUR_MS / 2) /* between two looks of the operators */
#define ROUNDS_MAX 24
#define ITEMS_PER_ORDER_MAX 20000 /* a bound against an agenda that never ends */

static void handle(aurora__sim_world *world, const aurora__sim_item *item)
{
    switch (item->kind) {
    case AURORA__SIM_WAKE: {
        aurora__sim_service *service = &world->services[item->order];
        if (service->wake_at == item->at_ms)
            aurora__sim_service_wake(service);
        break;
    }
    case AURORA__SIM_KNOCK:
        aurora__sim_edge_knock(world);
        break;
    case AURORA__SIM_CALL:
        aurora__sim_provider_execute(world, item);
        break;
    case AURORA__SIM_ANSWER:
        aurora__sim_provider_answer(world, item);
        break;
    default:
        aurora__sim_people_act(world, item);
        break;
    }
}

/* Runs until that time; false when the agenda is empty before, or something is broken. With
 * `is_watching` it also ends when every order is settled or parked. */
static bool run_until(aurora__sim_world *world, int64_t until_ms, bool is_watching)
{
    aurora__sim_item item;
    uint64_t limit = (uint64_t)ITEMS_PER_ORDER_MAX * (world->options.orders + 10);
    for (uint64_t count = 0; !world->report->is_failed; count++) {
        bool is_quiet = world->agenda_count > 0 && world->agenda[0].at_ms > world->now_ms + 1000;
        if (is_watching && (is_quiet || count % 64 == 0) && aurora__sim_check_is_done(world))
            return true;
        if (count > limit) {
            aurora__sim_fail(world, AURORA__CHECK_I3, -1, "no rest after %llu steps",
                             (unsigned long long)count);
            return false;
        }
        if (world->agenda_count == 0)
            return false;
        if (world->agenda[0].at_ms > until_ms) {
            world->now_ms = until_ms;
            return true;
        }
        aurora__sim_agenda_next(world, &item);
        if (item.at_ms > world->now_ms)
            world->now_ms = item.at_ms;
        handle(world, &item);
    }
    return false;
}

static void stop_faults(aurora__sim_world *world)
{
    aurora__sim_trace(world, -1, "--- faults stop ---");
    world->is_safe = true;
    for (uint32_t i = 0; i < world->service_count; i++) {
        world->services[i].down_until = 0;
        world->services[i].isolated_until = 0;
        world->services[i].stale_until = 0;
        aurora__sim_service_poke(&world->services[i], world->now_ms);
    }
}

static uint64_t count_parked(aurora__sim_world *world)
{
    const aurora__sim_entries *orders =
        &aurora__sim_service_of(world, AURORA__MODULE_ORDER)->store.tables[AURORA__TABLE_order];
    uint64_t count = 0;
    for (uint32_t i = 0; i < orders->count; i++)
        count += ((const aurora__order_row *)orders->items[i]->row)->parked != 0;
    return count;
}

/* Liveness: without faults every order settles or parks; with operators every parked one settles;
 * then nothing has anything left to do. */
static void come_to_rest(aurora__sim_world *world)
{
    stop_faults(world);
    int64_t from = world->now_ms;
    world->report->stop_ms = from - AURORA__SIM_START;
    run_until(world, from + AURORA__SIM_CALM_MS, true);
    world->report->calm_ms = world->now_ms - from;
    aurora__sim_checking(world, AURORA__CHECK_I3);
    if (!world->report->is_failed && !aurora__sim_check_is_done(world)) {
        for (uint32_t i = 0; i < world->options.orders; i++) {
            const aurora__order_row *row =
                aurora__sim_row_of(aurora__sim_service_of(world, AURORA__MODULE_ORDER),
                                   AURORA__TABLE_order, &world->orders[i].id);
            if (row != NULL && aurora__sim_check_is_hidden(world, i))
                aurora__sim_fail(world, AURORA__CHECK_I3, (int32_t)i,
                                 "its parked payment stays out of sight");
            if (row == NULL || (row->settled_at == 0 && row->parked == 0))
                aurora__sim_fail(world, AURORA__CHECK_I3, (int32_t)i,
                                 "neither settled nor parked: status %lld",
                                 row == NULL ? 0LL : (long long)row->status);
        }
    }
    world->report->repaired = count_parked(world);
    world->is_mended = true;
    for (int i = 0; i < ROUNDS_MAX && !world->report->is_failed; i++) {
        aurora__sim_people_repair(world);
        if (!run_until(world, world->now_ms + ROUND_MS, false) && count_parked(world) == 0)
            break;
    }
}

static void finish(aurora__sim_world *world)
{
    aurora__sim_report *report = world->report;
    for (uint32_t i = 0; i < world->service_count; i++) {
        aurora__sim_hash(world, (uint64_t)world->services[i].position);
        aurora__sim_memory_free(&world->services[i].batch);
        aurora__sim_memory_free(&world->services[i].cache);
    }
    report->orders = world->options.orders;
    report->options = world->options;
    report->virtual_ms = world->now_ms - AURORA__SIM_START;
    aurora__sim_memory_free(&world->trend.memory);
    aurora__sim_memory_free(&world->memory);
}

void aurora__sim_run(const aurora__sim_request *request, aurora__sim_report *report_out)
{
    aurora__sim_world *world = calloc(1, sizeof *world);
    if (world == NULL)
        abort();
    *report_out = (aurora__sim_report){.order = -1};
#ifdef AURORA_PLANTS
    aurora__planted = request->plant;
#endif
    world->request = request;
    world->report = report_out;
    world->random = request->seed * 0x9E3779B97F4A7C15u + 0x5851F42D4C957F2Du;
    world->now_ms = AURORA__SIM_START;
    world->memory.pool = request->pool;
    world->trend.memory.pool = request->pool;
    aurora__sim_memory_reset(&world->memory);
    aurora__sim_memory_reset(&world->trend.memory);
    aurora__sim_options_draw(world);
    aurora__sim_services_init(world);
    aurora__sim_people_init(world);
    aurora__sim_edge_init(world);
    aurora__sim_trend_init(world);
    run_until(world, world->now_ms + world->options.spread + 1000 * (int64_t)world->options.stop,
              false);
    if (!report_out->is_failed)
        come_to_rest(world);
    if (!report_out->is_failed)
        aurora__sim_check_end(world);
    finish(world);
    free(world);
}

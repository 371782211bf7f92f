/* SPDX-License-Identifier: MIT */
/* Services that die, and instances that only seem to have. */
#include "sim/world.h"

static void lose(aurora__sim_service *service, const aurora__sim_commands *list, uint32_t from)
{
    for (uint32_t i = from; i < list->count; i++)
        aurora__sim_people_lose(service->world, &list->items[i]);
}

void aurora__sim_crash(aurora__sim_service *service)
{
    aurora__sim_world *world = service->world;
    world->report->crashes++;
    aurora__rows_end(&service->rows, false);
    aurora__rows_forget(&service->rows);
    aurora__sim_memory_reset(&service->batch);
    aurora__sim_memory_reset(&service->cache);
    if (!service->is_stale)
        lose(service, &service->work, service->answered);
    lose(service, &service->inbox, 0);
    service->work.count = 0;
    service->inbox.count = 0;
    service->down_until = world->now_ms + 1 + aurora__sim_below(world, 3000);
    aurora__sim_network_rewind(service);
    aurora__sim_service_poke(service, service->down_until);
}

bool aurora__sim_crash_is_due(aurora__sim_service *service, uint32_t point)
{
    aurora__sim_world *world = service->world;
    if ((world->options.crash_at >> point & 1) == 0 ||
        !aurora__sim_fault(world, AURORA__OPTION_crash))
        return false;
    world->report->points[point]++;
    aurora__sim_trace(world, -1, "%s crashes: %s", service->name,
                      aurora__sim_crash_table[point].name);
    return true;
}

bool aurora__sim_crash_at(aurora__sim_service *service, uint32_t point)
{
    bool is_due = aurora__sim_crash_is_due(service, point);
    if (is_due)
        aurora__sim_crash(service);
    return is_due;
}

/* Whoever asked hears nothing and asks again, and what was asked is done all the same, later. */
void aurora__sim_stall(aurora__sim_service *service)
{
    aurora__sim_world *world = service->world;
    for (uint32_t i = 0; i < service->work.count; i++)
        aurora__sim_commands_add(world, &service->stale, &service->work.items[i]);
    lose(service, &service->work, 0);
    service->work.count = 0;
    service->stale_until = world->now_ms + 1 + aurora__sim_below(world, 60000);
    aurora__sim_trace(world, -1, "%s: an instance stalls with %u commands", service->name,
                      service->stale.count);
    aurora__sim_network_rewind(service);
    aurora__sim_service_poke(service, service->stale_until);
}

bool aurora__sim_resume(aurora__sim_service *service)
{
    aurora__sim_world *world = service->world;
    if (service->stale.count == 0 || (service->stale_until > world->now_ms && !world->is_safe))
        return false;
    aurora__sim_trace(world, -1, "%s: the instance that stalled goes on with %u commands",
                      service->name, service->stale.count);
    service->work.count = 0;
    for (uint32_t i = 0; i < service->stale.count; i++)
        aurora__sim_commands_add(world, &service->work, &service->stale.items[i]);
    service->stale.count = 0;
    return true;
}

/* SPDX-License-Identifier: MIT */
/* A service: some modules over one set of durable rows and one log. When it wakes it takes what
 * waits: commands, messages, timers. What is only in its memory dies with it. */
#include "sim/world.h"

/* --- life cycle --------------------------------------------------------------------------- */

static const uint32_t deployments[5][AURORA__SIM_SERVICES_MAX] = {
    {AURORA__MODULE_ORDER | AURORA__MODULE_INVENTORY | AURORA__MODULE_PAYMENT},
    {AURORA__MODULE_ORDER, AURORA__MODULE_INVENTORY, AURORA__MODULE_PAYMENT},
    {AURORA__MODULE_ORDER | AURORA__MODULE_INVENTORY, AURORA__MODULE_PAYMENT},
    {AURORA__MODULE_ORDER | AURORA__MODULE_PAYMENT, AURORA__MODULE_INVENTORY},
    {AURORA__MODULE_ORDER, AURORA__MODULE_INVENTORY | AURORA__MODULE_PAYMENT},
};

static void init(aurora__sim_service *service, aurora__sim_world *world, uint32_t modules)
{
    static const char *const names[] = {"A", "B", "C"};
    service->world = world;
    service->index = world->service_count++;
    service->modules = modules;
    service->name = names[service->index];
    service->wake_at = INT64_MAX;
    service->policy = (aurora__policy){
        .modules = modules,
        .provider = world->options.simulator ? AURORA__PROVIDER_SIMULATOR : AURORA__PROVIDER_TASKS,
        .order_deadline_ms = 300000,
        .late_grace_ms = 60000,
        .tombstone_ms = 86400000,
        .resend_first_ms = 10000,
        .resend_max_ms = 600000,
        .attempts_max = 20,
        .park_after_ms = 900000,
        .park_attempts_min = 5,
        .retry_first_ms = 1000,
        .retry_max_ms = 60000,
        .simulator_seed = world->request->seed,
        .simulator_decline_ppm = (int64_t)world->options.decline * 10000,
        .event_bytes_max = 900000};
    service->batch.pool = world->request->pool;
    service->cache.pool = world->request->pool;
    aurora__sim_memory_reset(&service->batch);
    aurora__sim_memory_reset(&service->cache);
    aurora__rows_init(&service->rows, &service->batch.arena, &service->cache.arena);
}

void aurora__sim_services_init(aurora__sim_world *world)
{
    const uint32_t *modules = deployments[world->options.deployment];
    for (uint32_t i = 0; i < AURORA__SIM_SERVICES_MAX && modules[i] != 0; i++) {
        for (uint32_t module = 0; module < AURORA__SIM_MODULES; module++) {
            if ((modules[i] & 1u << module) != 0)
                world->service_of[module] = i;
        }
        init(&world->services[i], world, modules[i]);
    }
    for (uint32_t i = 0; i < world->service_count; i++)
        aurora__sim_feeds_init(&world->services[i]);
}

aurora__sim_service *aurora__sim_service_of(aurora__sim_world *world, uint32_t module)
{
    uint32_t index = module == AURORA__MODULE_ORDER       ? 0
                     : module == AURORA__MODULE_INVENTORY ? 1
                                                          : 2;
    return &world->services[world->service_of[index]];
}

void aurora__sim_commands_add(aurora__sim_world *world, aurora__sim_commands *list,
                              const aurora__sim_command *command)
{
    list->items =
        aurora__sim_room(world, list->items, list->count, &list->capacity, sizeof *list->items);
    list->items[list->count++] = *command;
}

void aurora__sim_service_poke(aurora__sim_service *service, int64_t at_ms)
{
    aurora__sim_world *world = service->world;
    if (at_ms < service->down_until)
        at_ms = service->down_until;
    if (at_ms < world->now_ms)
        at_ms = world->now_ms;
    if (at_ms >= service->wake_at)
        return;
    service->wake_at = at_ms;
    aurora__sim_agenda_add(world, (aurora__sim_item){.at_ms = at_ms,
                                                     .kind = AURORA__SIM_WAKE,
                                                     .order = (int32_t)service->index});
}

bool aurora__sim_service_send(aurora__sim_service *service, const aurora__sim_command *command)
{
    if (service->down_until > service->world->now_ms || aurora__sim_is_isolated(service))
        return false;
    aurora__sim_commands_add(service->world, &service->inbox, command);
    aurora__sim_service_poke(service, service->world->now_ms);
    bool is_reply = command->kind == AURORA__SIM_DO_FINISH;
    aurora__sim_crash_at(service,
                         is_reply ? AURORA__CRASH_reply_taken : AURORA__CRASH_command_taken);
    return true;
}

/* --- timers ------------------------------------------------------------------------------- */

typedef struct {
    uint32_t table;
    int32_t command;
} timer;

static const timer timers[] = {{AURORA__TABLE_order, AURORA__SIM_DO_ORDER_DUE},
                               {AURORA__TABLE_payment, AURORA__SIM_DO_TAKE},
                               {AURORA__TABLE_hold, AURORA__SIM_DO_HOLD_EXPIRE}};

static int32_t hold_number(const aurora__sim_world *world, const char *key)
{
    for (uint32_t i = 0; i < world->hold_count; i++) {
        if (strcmp(world->holds[i].key, key) == 0)
            return (int32_t)i;
    }
    return -1;
}

static void add_due(aurora__sim_service *service, const timer *of, const void *row)
{
    aurora__sim_world *world = service->world;
    aurora__sim_command command = {.kind = of->command};
    if (of->table == AURORA__TABLE_hold) {
        command.order = hold_number(world, ((const aurora__hold_row *)row)->key_text);
    } else {
        memcpy(&command.id, row, sizeof command.id); /* both start with the order's id */
        command.order = aurora__sim_order_of(world, &command.id);
    }
    aurora__sim_commands_add(world, &service->work, &command);
}

/* Whether the hosts that take payment tasks are away. */
static bool is_idle(aurora__sim_service *service, bool is_due)
{
    aurora__sim_world *world = service->world;
    if (world->is_safe || !is_due)
        return false;
    if (service->idle_until <= world->now_ms && aurora__sim_fault(world, AURORA__OPTION_idle))
        service->idle_until = world->now_ms + 1 + aurora__sim_below(world, 60000);
    return service->idle_until > world->now_ms;
}

/* Adds due rows as commands; returns when the next one is due, in the world's time. */
static int64_t collect_due(aurora__sim_service *service, bool is_taken)
{
    aurora__sim_world *world = service->world;
    int64_t next = INT64_MAX;
    int64_t ahead = service->clock_ms - world->now_ms;
    for (size_t i = 0; i < sizeof timers / sizeof timers[0]; i++) {
        const aurora__sim_entries *entries = &service->store.tables[timers[i].table];
        for (uint32_t n = 0; n < entries->count; n++) {
            int64_t at = entries->due_at[n];
            if (at == 0)
                continue;
            bool is_due = at <= service->clock_ms;
            if (timers[i].table == AURORA__TABLE_payment && is_idle(service, is_due)) {
                next = service->idle_until < next ? service->idle_until : next;
                continue;
            }
            if (is_due && is_taken && service->work.count < world->options.batch &&
                !aurora__sim_chance(world, 10))
                add_due(service, &timers[i], entries->items[n]->row);
            else if (at - ahead < next)
                next = at - ahead;
        }
    }
    return next;
}

/* --- waking ------------------------------------------------------------------------------- */

static void take_inbox(aurora__sim_service *service)
{
    uint32_t count = service->world->options.batch;
    if (count > service->inbox.count)
        count = service->inbox.count;
    if (count == 0)
        return;
    for (uint32_t i = 0; i < count; i++)
        aurora__sim_commands_add(service->world, &service->work, &service->inbox.items[i]);
    service->inbox.count -= count;
    memmove(service->inbox.items, service->inbox.items + count,
            service->inbox.count * sizeof *service->inbox.items);
}

static void jump(aurora__sim_service *service)
{
    aurora__sim_world *world = service->world;
    int64_t before = service->skew_ms;
    if (aurora__sim_fault(world, AURORA__OPTION_clock_ahead))
        service->skew_ms += aurora__sim_below(world, 180000);
    if (aurora__sim_fault(world, AURORA__OPTION_clock_back))
        service->skew_ms -= aurora__sim_below(world, 180000);
    if (service->skew_ms != before)
        aurora__sim_trace(world, -1, "%s: the clock jumps to %lld ms ahead", service->name,
                          (long long)service->skew_ms);
}

/* The engine lets no time go back: while the clock says less than it did, time goes on from the
 * newest that was used. */
static void tick(aurora__sim_service *service)
{
    aurora__sim_world *world = service->world;
    jump(service);
    int64_t wall = world->now_ms + service->skew_ms;
    int64_t since = service->clock_ms + (world->now_ms - service->ticked_at);
    service->clock_ms = wall < service->clock_ms ? since : wall;
    service->ticked_at = world->now_ms;
}

static void schedule(aurora__sim_service *service)
{
    aurora__sim_world *world = service->world;
    int64_t soon = world->now_ms + 1 + aurora__sim_below(world, world->options.latency);
    int64_t next = collect_due(service, false);
    int64_t message = aurora__sim_network_next(service);
    next = message < next ? message : next;
    if (service->inbox.count > 0)
        next = soon;
    if (service->stale.count > 0 && service->stale_until < next)
        next = service->stale_until;
    if (next != INT64_MAX)
        aurora__sim_service_poke(service, next < soon ? soon : next);
}

static void collect(aurora__sim_service *service)
{
    aurora__sim_world *world = service->world;
    service->work.count = 0;
    if (aurora__sim_below(world, 2) == 0)
        take_inbox(service);
    if (service->feed_count > 0)
        aurora__sim_network_fetch(service, &service->work, world->options.batch);
    collect_due(service, true);
    if (service->work.count == 0)
        take_inbox(service);
}

void aurora__sim_service_wake(aurora__sim_service *service)
{
    aurora__sim_world *world = service->world;
    service->wake_at = INT64_MAX;
    tick(service);
    if (aurora__sim_crash_at(service, AURORA__CRASH_wake))
        return;
    if (aurora__sim_fault(world, AURORA__OPTION_isolate))
        service->isolated_until = world->now_ms + aurora__sim_below(world, 20000);
    service->is_stale = aurora__sim_resume(service);
    if (!service->is_stale)
        collect(service);
    if (service->work.count > 0)
        aurora__sim_batch_run(service);
    service->is_stale = false;
    if (service->down_until > world->now_ms)
        return;
    aurora__sim_network_publish(service);
    if (service->down_until > world->now_ms)
        return;
    schedule(service);
}

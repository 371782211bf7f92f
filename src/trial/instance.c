/* SPDX-License-Identifier: MIT */
/* Handles: opened, pumped, closed in quiet, or dropped in the middle of a call. A dropped handle is
 * what kill -9 leaves: nothing of it runs any more, its memory goes at once, and what counts is
 * what the store keeps. */
#include "trial/trial.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define QUEUE_CAPACITY 64
#define COMPLETIONS_MAX 64
#define DOWN_MS 20000
#define SETTINGS 9 /* the last one is the bus */
#define IDLE_NS INT64_C(2000000000)
#define NO_IDLE_MS 500 /* what is due later is more than a look at an idle bus */
#define TURNS_MAX 2000
#define OPEN_AGAIN_MS 500

/* --- what a handle is given ------------------------------------------------------------------- */

static int64_t clock_wall_ms(void *self)
{
    return aurora__trial_wall_ms(self);
}

static int64_t clock_monotonic_ns(void *self)
{
    const aurora__trial *world = self;
    return world->now_ns;
}

static void clock_pause_ms(void *self, int64_t ms)
{
    aurora__trial *world = self;
    world->now_ns += ms * 1000000;
}

static bool random_fill(void *self, void *bytes_out, size_t count)
{
    uint8_t *bytes = bytes_out;
    for (size_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)aurora__trial_below(self, 256);
    return true;
}

static void write_log(void *self, int32_t level, const char *component, const char *message)
{
    (void)level;
    const aurora__trial_instance *instance = self;
    FILE *trace = instance->world->request->trace;
    if (trace != NULL)
        fprintf(trace, "              %s %u: %s\n", component, instance->number, message);
}

/* The port has no self at open: the address is the instance's. */
static aurora_status open_port(const aurora_store_options *options, aurora_store *out,
                               aurora_error *err)
{
    return aurora__trial_store_open((aurora__trial_instance *)strtoull(options->address, NULL, 16),
                                    options, out, err);
}

/* --- opening ---------------------------------------------------------------------------------- */

static aurora_status open_shop(aurora__trial_instance *instance, aurora_error *err)
{
    aurora__trial *world = instance->world;
    char url[64], batch[32], modules[96], bus[64];
    bool has_bus = world->broker != NULL;
    snprintf(url, sizeof url, "sim:%llx", (unsigned long long)(uintptr_t)instance);
    snprintf(bus, sizeof bus, "bus=simbus:%llx", (unsigned long long)(uintptr_t)instance);
    snprintf(batch, sizeof batch, "batch_max=%u", world->options.batch);
    snprintf(modules, sizeof modules, "modules=%s%s", instance->service->modules,
             world->options.recommend != 0 && !has_bus ? ",recommendation" : "");
    /* What a jump of the clock must not let expire is kept long. */
    const char *const settings[SETTINGS] = {"payment=none:",         "notify=none:",     modules,
                                            "log_keep=720h",         "key_keep=720h",    batch,
                                            "trending_capacity=256", "related_skus=256", bus};
    const aurora_driver drivers[] = {{.size = sizeof(aurora_driver),
                                      .port = AURORA_PORT_STORE,
                                      .scheme = "sim",
                                      .open_store = open_port},
                                     {.size = sizeof(aurora_driver),
                                      .port = AURORA_PORT_BUS,
                                      .scheme = "simbus",
                                      .open_bus = aurora__trial_bus_open}};
    const aurora_clock clock = {.size = sizeof clock,
                                .self = world,
                                .wall_ms = clock_wall_ms,
                                .monotonic_ns = clock_monotonic_ns,
                                .pause_ms = clock_pause_ms};
    const aurora_random random = {.size = sizeof random, .self = world, .fill = random_fill};
    const aurora_allocator allocator = aurora__trial_memory_allocator(instance);
    const aurora_log log = {.size = sizeof log, .self = instance, .write = write_log};
    aurora_status rc = aurora_open(
        url,
        AURORA_OPTIONS(.allocator = &allocator, .clock = &clock, .log = &log, .drivers = drivers,
                       .driver_count = 2, .settings = settings,
                       .setting_count = has_bus ? SETTINGS : SETTINGS - 1, .random = &random),
        &instance->shop, err);
    if (rc == AURORA_OK)
        rc = aurora_queue_new(instance->shop, QUEUE_CAPACITY, &instance->queue);
    return rc;
}

static void forget(aurora__trial_instance *instance)
{
    instance->shop = NULL;
    instance->queue = NULL;
    instance->pump_ns = INT64_MAX;
    instance->epoch = 0;
    instance->is_dead = false;
    instance->queue_fd = -1;
    for (uint32_t i = 0; i < instance->world->options.orders; i++) {
        if (instance->world->orders[i].is_queued != instance->number + 1)
            continue; /* else nobody heard what became of it */
        instance->world->orders[i].is_queued = 0;
        aurora__trial_plan(instance->world, AURORA__TRIAL_PLACE, (int32_t)i,
                           100 + aurora__trial_below(instance->world, 4000));
    }
}

static void check_memory(aurora__trial_instance *instance)
{
    aurora__trial_check(instance->world, "leak");
    if (!aurora__trial_memory_is_empty(instance))
        aurora__trial_fail(instance->world, -1, "leak", "a closed handle leaves memory");
    aurora__trial_memory_drop(instance);
}

void aurora__trial_open(aurora__trial *world, uint32_t number)
{
    aurora__trial_instance *instance = &world->instances[number];
    aurora_error err = AURORA_ERROR_INIT;
    if (instance->shop != NULL)
        return;
    instance->is_opening = true;
    aurora_status rc = open_shop(instance, &err);
    instance->is_opening = false;
    if (rc == AURORA_OK && !instance->is_dead) {
        aurora_sim_note(world, "handle %u: open", number);
        instance->shop_fd = aurora_fd(instance->shop);
        instance->queue_fd = aurora_queue_fd(instance->queue);
        instance->pump_ns = world->now_ns;
        return;
    }
    aurora_sim_note(world, "handle %u: does not open: %s %s %s", number, aurora_status_name(rc),
                    err.field, err.message);
    aurora_queue_free(instance->queue);
    aurora_close(instance->shop);
    if (instance->has_inner)
        aurora__trial_store_drop(instance);
    check_memory(instance);
    forget(instance);
    if (!aurora_status_is_retriable(rc) && rc != AURORA_OK)
        aurora__trial_fail(world, -1, "open", "a handle does not open: %s %s",
                           aurora_status_name(rc), err.message);
    aurora__trial_plan(world, AURORA__TRIAL_OPEN, (int32_t)number, OPEN_AGAIN_MS);
}

aurora__trial_instance *aurora__trial_any(aurora__trial *world, uint32_t set)
{
    uint32_t count = world->instance_count;
    uint32_t first = aurora__trial_below(world, count);
    for (uint32_t i = 0; i < count; i++) {
        aurora__trial_instance *instance = &world->instances[(first + i) % count];
        if (instance->shop != NULL && (instance->service->set & set) != 0) {
            world->current = instance->number;
            return instance;
        }
    }
    return NULL;
}

/* --- in the middle of another's step ---------------------------------------------------------- */

static aurora__trial_instance *neighbour(const aurora__trial_instance *of)
{
    aurora__trial *world = of->world;
    for (uint32_t i = 0; i < world->instance_count; i++) {
        aurora__trial_instance *other = &world->instances[i];
        if (other != of && other->service == of->service && other->shop != NULL)
            return other;
    }
    return NULL;
}

/* What two may be asked for at once. */
static bool is_for_two(int32_t kind)
{
    switch (kind) {
    case AURORA__TRIAL_PLACE:
    case AURORA__TRIAL_CANCEL:
    case AURORA__TRIAL_COMPENSATE:
    case AURORA__TRIAL_MOVE:
    case AURORA__TRIAL_HOLD:
    case AURORA__TRIAL_HOLD_END:
    case AURORA__TRIAL_ANSWER:
        return true;
    default:
        return false;
    }
}

void aurora__trial_let_another(aurora__trial_instance *instance)
{
    aurora__trial *world = instance->world;
    aurora__trial_instance *other = neighbour(instance);
    if (world->is_nested || other == NULL)
        return;
    jmp_buf outer;
    aurora__trial_item now = world->now;
    memcpy(&outer, &world->jump, sizeof outer);
    world->is_nested = true;
    world->report->faults++;
    aurora_sim_note(world, "handle %u: acts in between", other->number);
    if (setjmp(world->jump) == 0) {
        if (is_for_two(now.kind) && aurora__trial_below(world, 2) == 0)
            aurora__trial_act(world, other->shop);
        world->now.kind = AURORA__TRIAL_PUMP;
        aurora__trial_pump(world, other->number);
    } else {
        aurora__trial_after_crash(world);
    }
    memcpy(&world->jump, &outer, sizeof outer);
    world->is_nested = false;
    world->is_armed = true;
    world->now = now;
    world->current = instance->number;
}

/* --- the ends --------------------------------------------------------------------------------- */

_Noreturn void aurora__trial_crash(aurora__trial_instance *instance, const char *point)
{
    aurora__trial *world = instance->world;
    world->current = instance->number;
    world->report->crashes++;
    aurora_sim_note(world, "handle %u: killed at %s", instance->number, point);
    longjmp(world->jump, 1);
}

static void lose_power(aurora__trial *world, const aurora__trial_service *service)
{
    const aurora_sim_store *store = world->store;
    if (store->lose_power == NULL || !aurora__trial_chance(world, world->options.power, 100))
        return;
    for (uint32_t i = 0; i < world->instance_count; i++) {
        if (world->instances[i].shop != NULL && world->instances[i].service == service)
            return; /* of another machine */
    }
    aurora_sim_note(world, "the power is lost");
    store->lose_power(store->self, service->address);
}

void aurora__trial_after_crash(aurora__trial *world)
{
    aurora__trial_instance *instance = &world->instances[world->current];
    world->is_armed = false;
    aurora__trial_bus_drop(instance);
    aurora__trial_store_drop(instance);
    aurora__trial_memory_drop(instance);
    close(instance->shop_fd);
    close(instance->queue_fd);
    forget(instance);
    lose_power(world, instance->service);
    aurora__trial_plan(world, AURORA__TRIAL_OPEN, (int32_t)instance->number,
                       1 + aurora__trial_below(world, DOWN_MS));
}

void aurora__trial_close(aurora__trial *world, uint32_t number)
{
    aurora__trial_instance *instance = &world->instances[number];
    if (instance->shop == NULL)
        return;
    aurora_sim_note(world, "handle %u: closes", number);
    world->report->restarts++;
    aurora_queue_free(instance->queue);
    aurora_close(instance->shop);
    check_memory(instance);
    forget(instance);
}

/* --- pumping ---------------------------------------------------------------------------------- */

void aurora__trial_queue_take(aurora__trial_instance *instance)
{
    aurora__trial *world = instance->world;
    aurora_completion taken[COMPLETIONS_MAX];
    uint32_t count = 0;
    aurora_status rc = aurora_queue_take(instance->queue, taken, COMPLETIONS_MAX, 0, &count);
    for (uint32_t i = 0; rc == AURORA_OK && i < count; i++) {
        int32_t number = (int32_t)taken[i].tag;
        world->orders[number].is_queued = 0;
        aurora__trial_clients_hear(world, number, taken[i].status, taken[i].id, taken[i].version,
                                   taken[i].is_replay != 0);
    }
    world->has_queued = false;
    for (uint32_t i = 0; i < world->options.orders; i++)
        world->has_queued |= world->orders[i].is_queued != 0;
}

/* A host need not look at an idle bus as often as the pump would like: the broker of this world
 * says when there is something. */
static int64_t next_pump_ns(const aurora__trial_instance *instance, int64_t next_ms)
{
    int64_t now_ns = instance->world->now_ns;
    int64_t next_ns = next_ms < 0 ? INT64_MAX : now_ns + next_ms * 1000000;
    if (instance->member == NULL || next_ms > NO_IDLE_MS)
        return next_ns;
    int64_t bus_ns = aurora__trial_bus_next_ns(instance);
    int64_t idle_ns = now_ns + IDLE_NS;
    int64_t soonest_ns = bus_ns < idle_ns ? bus_ns : idle_ns;
    return soonest_ns > next_ns ? soonest_ns : next_ns;
}

void aurora__trial_pump(aurora__trial *world, uint32_t number)
{
    aurora__trial_instance *instance = &world->instances[number];
    int64_t next_ms = 0;
    for (uint32_t i = 0; next_ms == 0 && i < TURNS_MAX; i++) {
        aurora_status rc = aurora_pump(instance->shop, 0, &next_ms);
        if (rc != AURORA_OK) {
            aurora__trial_fail(world, -1, "pump", "aurora_pump answers %s", aurora_status_name(rc));
            return;
        }
    }
    if (next_ms == 0)
        aurora__trial_fail(world, -1, "pump", "a handle never comes to rest");
    if (aurora_health(instance->shop) == AURORA_ECORE)
        aurora__trial_fail(world, -1, "core",
                           "the library says that an invariant of its own broke");
    if (world->has_queued)
        aurora__trial_queue_take(instance);
    instance->pump_ns = next_pump_ns(instance, next_ms);
}

/* SPDX-License-Identifier: MIT */
/* The life of a handle's bus, and what others are told of it. */
#include "engine/bus_state.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TURNS_MAX 100 /* for one command, at the end of a handle that is pumped */

/* What a module hears from outside, by who emits it. */
static const struct {
    uint32_t module;
    uint32_t sources;
} listeners[] = {
    {AURORA__MODULE_ORDER,
     AURORA__MODULE_INVENTORY | AURORA__MODULE_PAYMENT | AURORA__MODULE_PRODUCT},
    {AURORA__MODULE_INVENTORY, AURORA__MODULE_ORDER},
    {AURORA__MODULE_PAYMENT, AURORA__MODULE_ORDER | AURORA__MODULE_INVENTORY},
    {AURORA__MODULE_SEARCH, AURORA__MODULE_PRODUCT},
    {AURORA__MODULE_RECOMMENDATION, AURORA__MODULE_ORDER | AURORA__MODULE_PRODUCT},
    {AURORA__MODULE_NOTIFICATION, AURORA__MODULE_ORDER},
};

uint32_t aurora__bus_sources(uint32_t modules)
{
    uint32_t sources = 0;
    for (size_t i = 0; i < sizeof listeners / sizeof listeners[0]; i++)
        sources |= (modules & listeners[i].module) != 0 ? listeners[i].sources : 0;
    return sources & ~modules;
}

const char *aurora__bus_objection(uint32_t modules)
{
    bool is_single = (modules & (modules - 1)) == 0;
    return is_single || aurora__bus_sources(modules) == 0
               ? NULL
               : "carries one module, or a set that has all that its modules listen to";
}

/* Modules whose events others listen to. */
#define EMITTERS                                                                                   \
    (AURORA__MODULE_ORDER | AURORA__MODULE_INVENTORY | AURORA__MODULE_PAYMENT |                    \
     AURORA__MODULE_PRODUCT)

static aurora_status init_sync(aurora__bus *bus)
{
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0)
        return AURORA_ENOMEM;
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    int rc = pthread_mutex_init(&bus->lock, NULL);
    rc |= pthread_cond_init(&bus->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    return rc == 0 ? AURORA_OK : AURORA_ENOMEM;
}

aurora_status aurora__bus_new(aurora__engine *engine, const aurora_bus *port, aurora__bus **out)
{
    const aurora_allocator *allocator = aurora__engine_allocator(engine);
    aurora__bus *bus = allocator->allocate(allocator->self, sizeof *bus);
    *out = NULL;
    if (bus == NULL) {
        port->close(port->self);
        return AURORA_ENOMEM;
    }
    memset(bus, 0, sizeof *bus);
    bus->engine = engine;
    bus->allocator = allocator;
    bus->process = getpid();
    bus->is_pumped = !engine->options.has_worker;
    bus->port = *port;
    bus->owner = aurora__engine_next_id(engine);
    bus->letters_end = &bus->letters;
    uint32_t modules = aurora__engine_policy(engine)->modules;
    bus->emitted = modules & EMITTERS;
    if (engine->store.outbox != NULL && bus->emitted != 0) {
        bus->emitted = 0; /* what others publish out of the outbox is not published twice */
        aurora__engine_log(engine, AURORA_LOG_INFO, "relay",
                           "rests: the store's outbox is published by others");
    }
    bus->module = aurora__bus_sources(modules) == 0 ? 0 : modules;
    aurora_status rc = aurora__counters_open_bus(&engine->counters);
    if (rc == AURORA_OK)
        rc = init_sync(bus);
    if (rc != AURORA_OK) {
        port->close(port->self);
        allocator->release(allocator->self, bus);
        return rc;
    }
    atomic_store(&engine->bus, bus);
    *out = bus;
    return AURORA_OK;
}

void aurora__bus_wake(aurora__engine *engine)
{
    aurora__bus *bus = atomic_load(&engine->bus);
    if (bus == NULL)
        return;
    pthread_mutex_lock(&bus->lock);
    bus->has_news = true;
    pthread_cond_broadcast(&bus->changed);
    pthread_mutex_unlock(&bus->lock);
    if (atomic_load(&bus->is_relay_in_port))
        bus->port.wake(bus->port.self);
}

bool aurora__bus_is_stopping(aurora__bus *bus)
{
    pthread_mutex_lock(&bus->lock);
    bool is_stopping = bus->is_stopping;
    pthread_mutex_unlock(&bus->lock);
    return is_stopping;
}

bool aurora__bus_wait(aurora__bus *bus, int64_t wait_ms, bool for_news)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns = until.tv_nsec + wait_ms % 1000 * 1000000;
    until.tv_sec += wait_ms / 1000 + ns / 1000000000;
    until.tv_nsec = (long)(ns % 1000000000);
    int rc = 0;
    pthread_mutex_lock(&bus->lock);
    while (rc == 0 && !bus->is_stopping && !(for_news && bus->has_news))
        rc = pthread_cond_timedwait(&bus->changed, &bus->lock, &until);
    bool has_news = for_news && bus->has_news;
    if (has_news)
        bus->has_news = false;
    pthread_mutex_unlock(&bus->lock);
    return has_news;
}

static aurora_status start_steps(aurora__bus *bus)
{
    bus->relay_steps = aurora__relay_new(bus);
    if (bus->module != 0)
        bus->inbound_steps = aurora__listening_new(bus);
    bool is_ready = bus->relay_steps != NULL && (bus->module == 0 || bus->inbound_steps != NULL);
    return is_ready ? AURORA_OK : AURORA_ENOMEM;
}

aurora_status aurora__bus_start(aurora__bus *bus)
{
    if (bus->is_pumped)
        return start_steps(bus);
    bus->has_relay_thread = pthread_create(&bus->relay, NULL, aurora__relay_run, bus) == 0;
    bus->has_inbound_thread =
        bus->module != 0 && pthread_create(&bus->inbound, NULL, aurora__inbound_run, bus) == 0;
    return bus->has_relay_thread && (bus->module == 0 || bus->has_inbound_thread) ? AURORA_OK
                                                                                  : AURORA_ENOMEM;
}

/* --- in steps --------------------------------------------------------------------------------- */

/* The bus of a handle that takes steps; NULL = there is none, or it ends. */
static aurora__bus *stepping(const aurora__engine *engine)
{
    aurora__bus *bus = atomic_load(&engine->bus);
    /* A bus with threads of its own is not ours to look into: a close may be at it. */
    bool has_steps = bus != NULL && bus->is_pumped && bus->relay_steps != NULL;
    return has_steps && !aurora__bus_is_stopping(bus) ? bus : NULL;
}

static bool is_due(const aurora__bus *bus, int64_t next_ns)
{
    return next_ns <= aurora__engine_monotonic_ns(bus->engine);
}

static int64_t in_ms(const aurora__bus *bus, int64_t ms)
{
    return aurora__engine_monotonic_ns(bus->engine) + ms * 1000000;
}

static bool has_news(aurora__bus *bus)
{
    pthread_mutex_lock(&bus->lock);
    bool has = bus->has_news;
    pthread_mutex_unlock(&bus->lock);
    return has;
}

/* The listener first: what it was answered goes out with the same turn. */
bool aurora__bus_turn(aurora__engine *engine)
{
    aurora__bus *bus = stepping(engine);
    bool did = false;
    if (bus == NULL)
        return false;
    if (bus->inbound_steps != NULL && is_due(bus, bus->inbound_next_ns)) {
        int64_t ms = aurora__listening_step(bus->inbound_steps);
        bus->inbound_next_ns = in_ms(bus, ms);
        did |= ms == 0;
    }
    if (has_news(bus) || is_due(bus, bus->relay_next_ns)) {
        int64_t ms = aurora__relay_step(bus->relay_steps);
        bus->relay_next_ns = in_ms(bus, ms);
        did |= ms == 0;
    }
    return did;
}

int64_t aurora__bus_next_ms(const aurora__engine *engine)
{
    aurora__bus *bus = stepping(engine);
    if (bus == NULL)
        return -1;
    int64_t next_ns = has_news(bus) ? 0 : bus->relay_next_ns;
    if (bus->inbound_steps != NULL && bus->inbound_next_ns < next_ns)
        next_ns = bus->inbound_next_ns;
    int64_t left_ns = next_ns - aurora__engine_monotonic_ns(engine);
    return left_ns <= 0 ? 0 : (left_ns + 999999) / 1000000;
}

/* Where it is for us to drive, a store that is away or busy ends the waiting: a host that closes
 * has no other thread. */
void aurora__bus_await(aurora__bus *bus, aurora__command *command, int64_t timeout_ms)
{
    if (!bus->is_pumped) {
        aurora_status rc = aurora__engine_await(bus->engine, command, timeout_ms, NULL);
        (void)rc;
        return;
    }
    int64_t due_ms = 0;
    for (uint32_t i = 0; i < TURNS_MAX && due_ms == 0 && !atomic_load(&command->is_done); i++) {
        if (aurora__engine_pump(bus->engine, 0, &due_ms) != AURORA_OK)
            return;
    }
}

static void stop_steps(aurora__bus *bus)
{
    if (bus->inbound_steps != NULL)
        aurora__listening_finish(bus->inbound_steps);
    if (bus->relay_steps != NULL)
        aurora__relay_finish(bus->relay_steps);
    aurora__listening_free(bus->inbound_steps);
    aurora__relay_free(bus->relay_steps);
    bus->inbound_steps = NULL;
    bus->relay_steps = NULL;
}

/* The listener first: what it sets aside last still goes out by the relay's thread. */
void aurora__bus_stop(aurora__bus *bus)
{
    pthread_mutex_lock(&bus->lock);
    bus->is_stopping = true;
    pthread_cond_broadcast(&bus->changed);
    pthread_mutex_unlock(&bus->lock);
    bus->port.wake(bus->port.self);
    if (bus->has_inbound_thread)
        pthread_join(bus->inbound, NULL);
    if (bus->has_relay_thread)
        pthread_join(bus->relay, NULL);
    bus->has_inbound_thread = false;
    bus->has_relay_thread = false;
    if (bus->is_pumped)
        stop_steps(bus);
}

void aurora__bus_free(aurora__bus *bus)
{
    if (bus == NULL)
        return;
    const aurora_allocator *allocator = bus->allocator;
    bus->port.close(bus->port.self);
    while (bus->letters != NULL) {
        aurora__letter *letter = bus->letters;
        bus->letters = letter->next;
        allocator->release(allocator->self, letter);
    }
    if (getpid() == bus->process) {
        pthread_mutex_destroy(&bus->lock);
        pthread_cond_destroy(&bus->changed);
    }
    if (bus->relay_steps != NULL) /* a child that was forked off frees memory and nothing else */
        allocator->release(allocator->self, bus->relay_steps);
    if (bus->inbound_steps != NULL)
        allocator->release(allocator->self, bus->inbound_steps);
    allocator->release(allocator->self, bus);
}

void aurora__bus_figures(const aurora__bus *bus, aurora_bus_figures *out)
{
    memset(out, 0, sizeof *out);
    out->size = sizeof *out;
    out->lag = -1;
    bus->port.figures(bus->port.self, out);
}

uint32_t aurora__bus_lags(const aurora__bus *bus, aurora_bus_lag *lags_out, uint32_t capacity)
{
    if (bus->port.lags == NULL)
        return 0;
    uint32_t count = bus->port.lags(bus->port.self, lags_out, capacity);
    return count < capacity ? count : capacity;
}

aurora_status aurora__bus_health(const aurora__bus *bus, char *message_out, size_t bytes)
{
    aurora_bus_figures figures;
    aurora__bus *of = (aurora__bus *)(uintptr_t)bus;
    aurora__bus_figures(bus, &figures);
    if (figures.is_connected == 0) {
        snprintf(message_out, bytes, "no broker answers%s%s",
                 figures.last_error[0] == '\0' ? "" : ": ", figures.last_error);
        return AURORA_EIO;
    }
    pthread_mutex_lock(&of->lock);
    bool is_held = of->trouble[0] != '\0';
    snprintf(message_out, bytes, "%s", of->trouble);
    pthread_mutex_unlock(&of->lock);
    return is_held ? AURORA_EIO : AURORA_OK;
}

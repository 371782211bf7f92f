/* SPDX-License-Identifier: MIT */
/* The life of a handle after open: entering, driving, closing. */
#include "api/handle.h"

#include <unistd.h>

#include "api/notifier_port.h"
#include "api/payment_port.h"
#include "api/refuse.h"
#include "engine/bus.h"
#include "engine/say.h"

aurora_status aurora__handle_enter(aurora_t *shop)
{
    if (shop == NULL)
        return AURORA_EINVAL;
    aurora_status rc = aurora__engine_enter(shop->engine);
    if (rc != AURORA_OK)
        return rc;
    if (aurora__engine_health(shop->engine) == AURORA_ECORE) {
        aurora__engine_leave(shop->engine);
        return AURORA_ECORE;
    }
    return AURORA_OK;
}

aurora_status aurora__handle_enter_query(aurora_t *shop)
{
    if (shop == NULL)
        return AURORA_EINVAL;
    return aurora__engine_enter_callback(shop->engine);
}

void aurora__handle_leave(aurora_t *shop)
{
    aurora__engine_leave(shop->engine);
}

void aurora_close(aurora_t *shop)
{
    if (shop == NULL)
        return;
    bool is_owner = getpid() == shop->pid;
    if (is_owner) {
        aurora__payment_port_stop(shop);
        aurora__notifier_stop(shop->notifier);
    }
    if (is_owner && shop->bus != NULL)
        aurora__bus_stop(shop->bus);
    aurora__engine_free(shop->engine);
    aurora__bus_free(shop->bus);
    aurora__notifier_free(shop->notifier, is_owner);
    if (shop->has_search)
        shop->search.close(shop->search.self);
    if (is_owner && atomic_load(&shop->has_payment) && shop->payment.close != NULL)
        shop->payment.close(shop->payment.self);
    aurora_allocator allocator = shop->allocator;
    allocator.release(allocator.self, shop);
}

void aurora_wake(aurora_t *shop)
{
    if (aurora__handle_enter_query(shop) != AURORA_OK)
        return;
    aurora__engine_wake_waiters(shop->engine);
    aurora__handle_leave(shop);
}

aurora_status aurora_pump(aurora_t *shop, int32_t budget_ms, int64_t *next_due_ms_out)
{
    int64_t next_due_ms = -1;
    /* A broken handle is driven too: what it accepted before it broke has to be answered. */
    aurora_status rc = shop == NULL ? AURORA_EINVAL : aurora__engine_enter(shop->engine);
    if (rc == AURORA_OK) {
        bool was_broken = aurora__engine_health(shop->engine) == AURORA_ECORE;
        rc = aurora__engine_pump(shop->engine, budget_ms, &next_due_ms);
        if (rc == AURORA_OK && was_broken)
            rc = AURORA_ECORE;
        aurora__handle_leave(shop);
    }
    if (next_due_ms_out != NULL)
        *next_due_ms_out = next_due_ms;
    return rc;
}

int aurora_fd(const aurora_t *shop)
{
    return shop != NULL ? aurora__engine_fd(shop->engine) : -1;
}

aurora_status aurora_health(const aurora_t *shop)
{
    return shop != NULL ? aurora__engine_health(shop->engine) : AURORA_EINVAL;
}

aurora_status aurora_log_set_level(aurora_t *shop, int32_t level_min)
{
    if (shop == NULL || level_min < AURORA_LOG_DEBUG || level_min > AURORA_LOG_FATAL)
        return AURORA_EINVAL;
    if (shop->log.level_min > AURORA_LOG_FATAL) /* nobody listens */
        return AURORA_OK;
    atomic_store_explicit(&shop->log_level_min, level_min, memory_order_relaxed);
    aurora__engine_set_log_level(shop->engine, level_min);
    return AURORA_OK;
}

void aurora__handle_say(const aurora_t *shop, int32_t level, const char *component,
                        const char *message)
{
    const aurora_log_record record = {
        .size = sizeof record, .level = level, .component = component, .message = message};
    if (level >= atomic_load_explicit(&shop->log_level_min, memory_order_relaxed))
        aurora__log_hand_over(&shop->log, &record);
}

const char *aurora_log_level_name(int32_t level)
{
    static const char *const names[] = {"", "DEBUG", "INFO", "WARNING", "ERROR", "FATAL"};
    return level >= AURORA_LOG_DEBUG && level <= AURORA_LOG_FATAL ? names[level] : "";
}

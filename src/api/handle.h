/* SPDX-License-Identifier: MIT */
/* What is behind an aurora_t: the engine and what a host gave at open. Each public call on a handle
 * goes in by one of the two enters and out by leave. */
#ifndef AURORA_API_HANDLE_H
#define AURORA_API_HANDLE_H

#include <stdatomic.h>
#include <sys/types.h>

#include "engine/engine.h"

#include <aurora/handle.h>
#include <aurora/port/payment.h>
#include <aurora/port/search.h>

struct aurora {
    aurora__engine *engine;
    aurora_allocator allocator; /* all three calls are there */
    aurora_clock clock;
    aurora_random random;          /* fill is never NULL */
    aurora_log log;                /* write is never NULL */
    _Atomic int32_t log_level_min; /* of what ports say; the engine has its own */
    aurora_tracer tracer;          /* span NULL = nobody is told */
    uint32_t flags;                /* AURORA_OPEN_... */
    uint32_t modules;
    pid_t pid; /* of the process that opened */
    _Atomic int64_t order_wait_ms;
    bool has_search; /* `search` is open; aurora_close closes it behind the engine */
    aurora_search_port search;
    bool has_notify_tasks;
    struct aurora__notifier *notifier; /* api/notifier_port.h; NULL = none of ours */
    struct aurora__bus *bus;           /* engine/bus.h; NULL = local: */
    /* Who attaches or opens it fills the port, then sets the flag; aurora_close calls stop,
     * close. */
    aurora_payment_port payment;
    atomic_bool has_payment;
    atomic_bool has_orders; /* one was to be placed through this handle: too late for a port */
};

/* AURORA_OK and then a leave is owed, or AURORA_EINVAL (NULL), _EFORK, _ECLOSED, _ECORE,
 * _EREENTRANT. */
aurora_status aurora__handle_enter(aurora_t *shop);

/* The same for aurora_task_finish and for queries that do not wait: also from callbacks. */
aurora_status aurora__handle_enter_query(aurora_t *shop);

void aurora__handle_leave(aurora_t *shop);

/* A line of a port's; any thread. */
void aurora__handle_say(const aurora_t *shop, int32_t level, const char *component,
                        const char *message);

#endif

/* SPDX-License-Identifier: MIT */
/* Who tells customers or another system of an order's end, for the setting `notify`. The library
 * leases notifications durably, hands them over one by one and learns how they went by
 * aurora_task_finish. Not a place to block. */
#ifndef AURORA_PORT_NOTIFIER_H
#define AURORA_PORT_NOTIFIER_H

#include <aurora/breaker.h>
#include <aurora/task.h>

#ifdef __cplusplus
extern "C" {
#endif

/* aurora_notifier_port.flags. */
#define AURORA_NOTIFIER_REPEATS 1u /* sending twice does no harm: what a crash left is sent again */
#define AURORA_NOTIFIER_NEEDS_CONTACT 2u /* an order without one is recorded as skipped */

/* start and room are called by one thread of the library's, which holds no lock of ours. */
typedef struct {
    uint32_t size;  /* sizeof(aurora_notifier_port) */
    uint32_t flags; /* AURORA_NOTIFIER_... */
    void *self;     /* handed back to every function */
    /* How many more may be started now. Required. */
    uint32_t (*room)(void *self);
    /* Begins to send; the task is valid during the call only. Required. AURORA_OK: begun,
     * aurora_task_finish follows, from any thread, before task->lease_at_ms: DONE; DECLINED with
     * its code, for good; UNKNOWN with retry_after_ms, where sending again does no harm; UNKNOWN
     * without, where it may have been sent. Anything else: not begun, it is offered again. */
    aurora_status (*start)(void *self, aurora_t *shop, const aurora_task *task);
    /* start is no longer called. Until it returns the port may finish tasks; afterwards it makes no
     * call of the library. Bounds its time. Runs once, inside aurora_close. Required. */
    void (*stop)(void *self);
    /* Runs once, after stop. Required. */
    void (*close)(void *self);
    /* Reads the breaker that stands before the receiver, for operators; any thread, until stop.
     * NULL = there is none. */
    void (*breaker)(void *self, aurora_breaker_figures *figures_out);
} aurora_notifier_port;

/* Texts are borrowed until the call returns, the allocator and log_self until close. */
typedef struct {
    uint32_t size;                     /* sizeof(aurora_notifier_options) */
    uint32_t may_reach_private;        /* notify_allow_private */
    const char *url;                   /* the setting `notify`, whole */
    const char *secret;                /* notify_secret; "" = none */
    const char *ca_file;               /* notify_ca; "" = the system's */
    const aurora_allocator *allocator; /* never NULL */
    void (*log)(void *self, int32_t level, const char *message); /* never NULL; any thread */
    void *log_self;
    const aurora_tracer *tracer; /* who is told of spans; borrowed until close; NULL = nobody */
} aurora_notifier_options;

/* Opens a notifier. Connects to nobody. AURORA_EINVAL, with the setting as err->field, for what can
 * never work. */
typedef aurora_status (*aurora_notifier_open_fn)(const aurora_notifier_options *options,
                                                 aurora_notifier_port *out, aurora_error *err);

/* Reads the breaker before this handle's notifier. AURORA_ENOTSUP where it has none of ours, or one
 * with no breaker. Threads: shared. */
AURORA_API aurora_status aurora_notifier_breaker(aurora_t *shop,
                                                 aurora_breaker_figures *figures_out);

#ifdef __cplusplus
}
#endif
#endif

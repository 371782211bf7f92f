/* SPDX-License-Identifier: MIT */
/* A payment provider that is called, for hosts that prefer that to taking tasks. Not a place to
 * block: start and query begin the work and return; the answer is aurora_task_finish. */
#ifndef AURORA_PORT_PAYMENT_H
#define AURORA_PORT_PAYMENT_H

#include <aurora/breaker.h>
#include <aurora/task.h>

#ifdef __cplusplus
extern "C" {
#endif

/* start and query run on the worker, or inside the call that pumps, one at a time, and hold no lock
 * of ours; of the library they may call aurora_task_finish and queries. `task` is valid during the
 * call only: copy what is needed later. */
typedef struct {
    uint32_t size; /* sizeof(aurora_payment_port) */
    void *self;    /* handed back to every function */
    /* Begins task->verb under the idempotency key task->id. Required. AURORA_OK: begun, finish
     * follows or already came. AURORA_EBUSY: not begun, the engine asks again later and counts no
     * attempt. Anything else counts as AURORA_OUTCOME_UNKNOWN. */
    aurora_status (*start)(void *self, aurora_t *shop, const aurora_task *task);
    /* Begins to ask what became of task->id; moves no money. Required. Returns as start does. */
    aurora_status (*query)(void *self, aurora_t *shop, const aurora_task *task);
    /* The port is no longer called; runs once, inside aurora_close. NULL = nothing to do. */
    void (*close)(void *self);
    /* The handle is about to close: start and query are no longer called. Runs once, inside
     * aurora_close, before close. Until it returns the port may finish tasks, from any thread;
     * afterwards it makes no call of the library. For ports with threads of their own, which bound
     * the time that it takes. NULL = nothing to do. */
    void (*stop)(void *self);
    /* Reads the breaker that stands before the provider, for operators; any thread, until stop.
     * NULL = there is none. */
    void (*breaker)(void *self, aurora_breaker_figures *figures_out);
} aurora_payment_port;

/* What a driver is told that opens a provider. Texts and allocator are borrowed: texts until the
 * call returns, the allocator and log_self until close. */
typedef struct {
    uint32_t size;
    uint32_t calls_max;                /* calls that may run at once, from 1 */
    const char *url;                   /* the setting `payment`, whole */
    const char *secret;                /* payment_secret; "" = none */
    const char *ca_file;               /* payment_ca; "" = the system's */
    int64_t timeout_ms;                /* of one call from start to answer */
    const aurora_allocator *allocator; /* never NULL */
    void (*log)(void *self, int32_t level, const char *message); /* never NULL; any thread */
    void *log_self;
    const aurora_tracer *tracer; /* who is told of spans; borrowed until close; NULL = nobody */
} aurora_payment_options;

/* Opens a provider as a port. Connects to nobody: a provider that is away is no reason not to open.
 * AURORA_EINVAL, with the setting as err->field, for what can never work. */
typedef aurora_status (*aurora_payment_open_fn)(const aurora_payment_options *options,
                                                aurora_payment_port *out, aurora_error *err);

/* Makes `port`, copied, the provider of this handle in place of the setting `payment`; open with
 * "payment=none:", else calls that an earlier process left go to the simulator until the port is
 * there. Before any order is placed through the handle, at most once: AURORA_ECONFLICT;
 * AURORA_EINVAL when a required function is missing. Threads: shared. */
AURORA_API aurora_status aurora_payment_attach(aurora_t *shop, const aurora_payment_port *port);

/* Reads the breaker before this handle's provider. AURORA_ENOTSUP where the provider is no port or
 * has none. Threads: shared. */
AURORA_API aurora_status aurora_payment_breaker(aurora_t *shop,
                                                aurora_breaker_figures *figures_out);

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: MIT */
/* One cascade: a command's decision, the events it emits, and the decisions that the installed
 * modules take on them, depth first, in memory. Time, ids and policy come in; rows and events go
 * out. */
#ifndef AURORA_CORE_STEP_H
#define AURORA_CORE_STEP_H

#include "core/event.h"
#include "core/internal.h"
#include "core/rows.h"

#include <aurora/base.h>

#define AURORA__CASCADE_EVENTS_MAX 32

enum {
    AURORA__MODULE_ORDER = 1,
    AURORA__MODULE_INVENTORY = 2,
    AURORA__MODULE_PAYMENT = 4,
    AURORA__MODULE_PRODUCT = 8,
    AURORA__MODULE_SEARCH = 16,
    AURORA__MODULE_RECOMMENDATION = 32,
    AURORA__MODULE_NOTIFICATION = 64,
    AURORA__MODULE_ALL = 127,
};

/* orders.parked */
enum {
    AURORA__PARKED_INVENTORY = 1,
    AURORA__PARKED_PAYMENT = 2,
    AURORA__PARKED_ORDER = 4, /* an event of the order itself was poison */
};

/* payments.call: how far the wanted call got. */
enum {
    AURORA__CALL_NONE = 0,
    AURORA__CALL_WAITING = 1, /* nobody took it: it may be withdrawn without asking */
    AURORA__CALL_TAKEN = 2,   /* leased until due_at; it may have reached the provider */
    AURORA__CALL_ASK = 3,     /* the next call must be a query */
};

enum {
    AURORA__PROVIDER_TASKS = 0, /* none: tasks are left to the host */
    AURORA__PROVIDER_SIMULATOR = 1,
    AURORA__PROVIDER_PORT = 2, /* a port is attached, the engine calls it */
};

/* What settings mean to the modules. */
typedef struct {
    uint32_t modules;          /* installed here, AURORA__MODULE_... */
    int32_t provider;          /* AURORA__PROVIDER_... */
    int64_t order_deadline_ms; /* 300,000 */
    int64_t late_grace_ms;     /* 60,000: decided later than deadline + this: refused as late */
    int64_t tombstone_ms;      /* 24 h after the deadline */
    int64_t resend_first_ms;   /* 10,000 */
    int64_t resend_max_ms;     /* 600,000 */
    int64_t attempts_max;      /* 20 */
    int64_t park_after_ms;     /* 900,000 since the first attempt, with at least */
    int64_t park_attempts_min; /* 5 attempts */
    int64_t retry_first_ms;    /* 1,000: backoff between attempts of a step */
    int64_t retry_max_ms;      /* 60,000 */
    uint64_t simulator_seed;
    int64_t simulator_decline_ppm; /* of the tokens that are not test tokens */
    int64_t simulator_latency_ms;  /* 0 = inline where the token answers at once */
    size_t event_bytes_max;        /* 900,000 */
    bool notify_repeats;           /* what a crash left half sent is sent again */
} aurora__policy;

/* An event that a participant could not take, or that queues behind one: the engine appends it to
 * parked_events. */
typedef struct {
    uint32_t module;
    aurora_status error; /* AURORA_OK: the key was parked already */
    const aurora__event *event;
    /* Of one that could not be read, instead of what its event says. */
    const char *key;
    const char *body;
    uint32_t format;
} aurora__parked;

#define AURORA__CASCADE_PARKED_MAX 8

/* One participant's decision within a cascade, for who wants to show how it went. */
typedef struct {
    const aurora__event *event; /* what was taken */
    uint32_t module;
    uint32_t taken;      /* its place among the step's events */
    uint32_t first, end; /* the places of what the decision emitted */
    bool is_parked;      /* it was set aside */
} aurora__delivery;

typedef struct aurora__step {
    aurora__rows *rows;
    aurora__arena *arena;
    const aurora__policy *policy;
    int64_t now_ms;
    aurora__event *events[AURORA__CASCADE_EVENTS_MAX];
    uint32_t event_count;
    aurora_error *err; /* may be NULL: the caller's, written where a field is to blame */
    const char *broken_file;
    int32_t broken_line;
    aurora__parked parked[AURORA__CASCADE_PARKED_MAX];
    uint32_t parked_count;
    bool has_parked_keys; /* some key of this store is parked: each delivery looks */
    bool is_creating;     /* the cascade creates its order: a fatal answer refuses it as a whole */
    aurora__delivery *deliveries; /* room to note them, in order; NULL = nobody asks */
    uint32_t delivery_count;
    uint32_t delivery_capacity; /* what has no room is not noted */
} aurora__step;

/* Appends a cleared event of this kind, stamped with now, to be filled in before the decision
 * returns. NULL when the cascade is full or memory is out; the decision then answers
 * aurora__step_full(step). */
aurora__event *aurora__step_emit(aurora__step *step, int32_t kind);
aurora_status aurora__step_full(const aurora__step *step);

/* Remembers where an invariant broke; returns AURORA_ECORE. */
aurora_status aurora__step_broken(aurora__step *step, const char *file, int line);

/* Writes status, field and message into the caller's error. The message is a constant. */
void aurora__step_explain(aurora__step *step, aurora_status status, const char *field,
                          const char *message);

/* The same, and returns `status`: inline, so that a reader and an analyser see that it is no OK. */
static inline aurora_status aurora__step_refuse(aurora__step *step, aurora_status status,
                                                const char *field, const char *message)
{
    aurora__step_explain(step, status, field, message);
    return status;
}

/* Delivers events[from..] to the installed subscribers of their kinds, depth first. A participant
 * that answers fatally is undone and parked, unless the cascade creates the order. */
aurora_status aurora__cascade_run(aurora__step *step, uint32_t from);

/* Delivers one event that came from outside (another service's log) to one module. */
aurora_status aurora__cascade_deliver(aurora__step *step, const aurora__event *event,
                                      uint32_t module);

/* The same for an event that is taken once and for all: what the module cannot take, and what comes
 * behind that of the same key (is_parked), is in step->parked afterwards, and who must hear of it
 * was told. `damage` other than AURORA_OK says that the event is poison already. */
aurora_status aurora__cascade_receive(aurora__step *step, const aurora__event *event,
                                      uint32_t module, bool is_parked, aurora_status damage);

/* Whether it ends a participant's part. Of an order that this store does not have nobody waits for
 * it: the order was given up by an operator. */
bool aurora__cascade_is_farewell(const aurora__event *event);

/* Wants the rows that any decision on this order may need. Call until nothing new is wanted. */
aurora_status aurora__saga_keys(aurora__step *step, const aurora_id *order_id);

/* --- what the modules answer to events; each in its own file ---------------------------------- */

aurora_status aurora__order_on_event(aurora__step *step, const aurora__event *event);
aurora_status aurora__inventory_on_event(aurora__step *step, const aurora__event *event);
aurora_status aurora__payment_on_event(aurora__step *step, const aurora__event *event);
aurora_status aurora__price_on_event(aurora__step *step, const aurora__event *event);

/* "inventory", "payment", "order": the consumer's name of a module, as in parked_keys. */
const char *aurora__module_name(uint32_t module);

/* Says with inventory.parked | payment.parked that this event could not be taken; called after the
 * fatal decision was undone, when the participant's row may be damaged or missing. */
aurora_status aurora__inventory_park(aurora__step *step, const aurora__event *event);
aurora_status aurora__payment_park(aurora__step *step, const aurora__event *event);

#endif

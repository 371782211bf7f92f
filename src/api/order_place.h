/* SPDX-License-Identifier: MIT */
/* The command that places an order, for the call that waits and for queues. */
#ifndef AURORA_API_ORDER_PLACE_H
#define AURORA_API_ORDER_PLACE_H

#include <stdatomic.h>

#include "api/handle.h"
#include "api/order_request.h"
#include "engine/trace.h"

typedef struct aurora__place_command aurora__place_command;

struct aurora__place_command {
    aurora__command head;
    aurora__place place;
    struct aurora__command_trace trace;
    uint32_t flags;       /* of the request */
    uint64_t fingerprint; /* of its key */
    int64_t deadline_ns;  /* monotonic: the end of the waiting */
    bool wants_order;     /* `order` is to be built */
    void *reserve;        /* for its first state: after the commit no memory may be missing */
    size_t reserve_bytes;
    /* What became of it; written by the driving thread. */
    aurora_id id;  /* the order's; with AURORA_ETAKEN the first order's */
    bool is_known; /* the order is stored, the members below say how it stands */
    bool is_replay;
    uint32_t error_line;
    int32_t order_status; /* shown */
    int32_t reason;
    int64_t total_minor;
    uint64_t version;
    /* The newest state. Whoever exchanges it for NULL owns it: the driver replaces it while the
     * caller may run out of time. */
    _Atomic(aurora_order *) order;
    atomic_bool is_abandoned; /* nobody waits any more */
    /* Called once when it is done, under no lock; NULL for the call that waits. is_in_turn: from
     * `finish`, where aurora__engine_flush_later may be asked. */
    void (*answer)(aurora__place_command *command, aurora_status status, bool is_in_turn);
    bool is_answered;
    uint64_t tag;
    void *owner; /* of `answer` */
};

/* Copies a checked request into a command; the id is given. NULL: out of memory. */
aurora__place_command *aurora__place_command_new(aurora_t *shop, const aurora__order_draft *draft,
                                                 const aurora_id *id);

/* Makes the command give the whole order. AURORA_ENOMEM. */
aurora_status aurora__place_command_want_order(aurora__place_command *command,
                                               const aurora__order_draft *draft);

/* How long the request wants to wait. */
int64_t aurora__place_wait_ms(const aurora_t *shop, const aurora_order_request *request);

#endif

/* SPDX-License-Identifier: MIT */
/* Events of other services: one command per message, which moves the watermark of its source and
 * takes the event in one transaction. */
#ifndef AURORA_ENGINE_INBOUND_H
#define AURORA_ENGINE_INBOUND_H

#include "codec/record.h"
#include "engine/redrive.h"
#include "engine/trace.h"

#include <aurora/port/bus.h>

/* What became of a message. */
enum {
    AURORA__INBOUND_APPLIED = 1,
    AURORA__INBOUND_DUPLICATE = 2, /* the watermark has passed it */
    AURORA__INBOUND_PARKED = 3,
};

typedef struct aurora__inbound {
    aurora__command head;
    const struct aurora__inbound *previous; /* of its partition, not taken before; NULL = free */
    uint32_t module;
    bool must_park; /* the store refuses its effects */
    struct aurora__command_trace trace;
    aurora_bus_position at; /* next_offset: the one behind it */
    const char *key;        /* as text, for parked_keys */
    aurora__record record;
    aurora__event event;
    aurora_status damage;       /* why it could not be read */
    const char *reason;         /* of damage or of parking, static or in the arena */
    aurora__parked_part parked; /* of an order.repair's key */
    int32_t result;             /* AURORA__INBOUND_..., once it is done */
    aurora__query_arena arena;
} aurora__inbound;

/* Whether a message says of itself that it is nothing for this module, or of a type that is not
 * known here. Then it needs no command. */
bool aurora__inbound_is_foreign(uint32_t module, const aurora_bus_record *record);

/* The command of a message, copied. NULL: out of memory. */
aurora__inbound *aurora__inbound_new(aurora__engine *engine, uint32_t module,
                                     const aurora_bus_record *record);

/* Lets a module take an event from outside: a participant decides, a follower's service keeps it in
 * its own log and its products. Fatal answers as of aurora__cascade_deliver. */
aurora_status aurora__inbound_deliver(aurora__step *step, const aurora__event *event,
                                      uint32_t module);

/* "orders" to "views": as watermarks name a topic. Static text. */
const char *aurora__topic_name(int32_t topic);

#endif

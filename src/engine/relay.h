/* SPDX-License-Identifier: MIT */
/* The parts of the relay: its lease with the cursor, and messages out of the log. */
#ifndef AURORA_ENGINE_RELAY_H
#define AURORA_ENGINE_RELAY_H

#include "engine/bus_state.h"

#define AURORA__RELAY_LEASE_MS 10000
#define AURORA__RELAY_MESSAGES_MAX 4096

/* Takes or renews the lease, and moves the cursor, in one transaction of the driver's. */
typedef struct {
    aurora__command head;
    aurora_id owner;
    int64_t position; /* all up to it is acknowledged; 0 = nothing to say */
    bool is_release;  /* gives the lease up */
    bool is_ours;     /* what came of it */
    bool is_new;      /* it was another's before, or nobody's */
    int64_t cursor;
} aurora__relay_lease;

aurora__relay_lease *aurora__relay_lease_new(aurora__bus *bus, int64_t position, bool is_release);

/* Whether another one has it, by an unlocked read; until_out is in Unix milliseconds. */
bool aurora__relay_is_taken(aurora__bus *bus, int64_t *until_out);

/* What one look at the log gave. */
typedef struct {
    aurora__query_arena arena;
    aurora_bus_message *messages;
    uint32_t count;
    uint32_t sent; /* of them the bus has taken */
    int64_t last;  /* the position that the look reached, also over events that are not published */
    int64_t head;
    int64_t oldest_ms; /* time of the first row read, 0 = none */
} aurora__relay_page;

/* Reads what follows `position`; AURORA_OK with last == position when there is nothing. */
aurora_status aurora__relay_read(aurora__bus *bus, int64_t position, aurora__relay_page *page);
void aurora__relay_page_free(aurora__relay_page *page);

#endif

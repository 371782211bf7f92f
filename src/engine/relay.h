/* SPDX-License-Identifier: MIT */
/* The parts of the relay: its lease with the cursor, and messages out of the log. */
#ifndef AURORA_ENGINE_RELAY_H
#define AURORA_ENGINE_RELAY_H

#include "engine/bus_state.h"
#include "engine/trace.h"

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

/* Whether another one has it, by an unlocked read; until_out is in Unix milliseconds. False also
 * for one that only the driver can make something of: to be asked for. */
bool aurora__relay_is_taken(aurora__bus *bus, int64_t *until_out);

/* The span of an event that is being published, until it is acknowledged. */
typedef struct {
    int64_t position;
    aurora_trace_context own;
    uint8_t parent_id[8];
    aurora_id log_id;
    aurora_id order_id;
    int64_t at_ms;
    int32_t kind;
    int32_t topic;
    bool is_resend;
} aurora__relay_span;

/* What one look at the log gave. */
typedef struct {
    aurora__query_arena arena;
    aurora_bus_message *messages;
    uint32_t count;
    uint32_t sent;             /* of them the bus has taken */
    aurora__relay_span *spans; /* of those that are traced, in the order of positions */
    uint32_t span_count;
    uint32_t span_capacity;
    uint32_t spans_sent;
    int64_t last; /* the position that the look reached, also over events that are not published */
    int64_t head;
    int64_t oldest_ms; /* time of the first row read, 0 = none */
} aurora__relay_page;

/* Reads what follows `position`; AURORA_OK with last == position when there is nothing. */
aurora_status aurora__relay_read(aurora__bus *bus, int64_t position, aurora__relay_page *page);
void aurora__relay_page_free(aurora__relay_page *page);

/* Spans of what the bus has and did not acknowledge: a ring of fixed size. */
typedef struct {
    aurora__relay_span *items; /* NULL = nobody is told */
    uint32_t first;
    uint32_t count;
} aurora__relay_spans;

void aurora__relay_spans_init(aurora__relay_spans *spans, const aurora__bus *bus);
void aurora__relay_spans_free(aurora__relay_spans *spans, const aurora__bus *bus);
/* The bus took the page's messages up to `position`. Spans that have no room are dropped. */
void aurora__relay_spans_sent(aurora__relay_spans *spans, const aurora__bus *bus,
                              aurora__relay_page *page, int64_t position);
/* All up to `position` is acknowledged. */
void aurora__relay_spans_acked(aurora__relay_spans *spans, const aurora__bus *bus,
                               int64_t position);
/* Begins again: what is not acknowledged is sent once more. */
void aurora__relay_spans_forget(aurora__relay_spans *spans);

/* The traceparent that goes out with an event, in the page's memory; where it is sampled and
 * somebody is told, it is a span of the event's own, which the page then holds. NULL = none.
 * AURORA_ENOMEM. */
aurora_status aurora__relay_trace(const aurora__bus *bus, aurora__relay_page *page,
                                  const aurora__relay_span *what, const char *stored,
                                  const char **out);

#endif

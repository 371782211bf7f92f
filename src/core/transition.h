/* SPDX-License-Identifier: MIT */
/* The history of an order as the JSON text of its row:
 * [dropped,[version,status,ms since created,event kind,reason,parked,is settled,actor,note],...].
 * Trailing zeroes and nulls of an entry are left out. */
#ifndef AURORA_CORE_TRANSITION_H
#define AURORA_CORE_TRANSITION_H

#include "core/json.h"
#include "core/step.h"

#define AURORA__TRANSITIONS_MAX 64

typedef struct {
    int64_t version;
    int64_t status; /* AURORA_ORDER_PENDING to CANCELLED */
    int64_t at_ms;
    int64_t event_kind;
    int64_t reason;
    int64_t parked;
    int64_t is_settled;
    const char *actor;
    const char *note;
} aurora__transition;

typedef struct {
    aurora__json_reader reader;
    uint32_t count;
    int64_t created_at;
    int64_t dropped;
} aurora__transitions;

/* Starts to read an order's history. */
void aurora__transitions_begin(aurora__transitions *list, const aurora__order_row *order);

/* The next entry; false at the end or when the text is damaged (list->reader.is_failed). */
bool aurora__transitions_next(aurora__transitions *list, aurora__arena *arena,
                              aurora__transition *out);

/* Adds an entry for what the row says now: bumps its version, sets updated_at, and drops the oldest
 * parked and retried pair when there are 64. */
aurora_status aurora__order_note(aurora__step *step, aurora__order_row *order, int32_t event_kind,
                                 const char *actor, const char *note);

#endif

/* SPDX-License-Identifier: MIT */
/* What one batch remembers for its spans, from the decisions until they are told. */
#ifndef AURORA_ENGINE_TRACE_BATCH_H
#define AURORA_ENGINE_TRACE_BATCH_H

#include "engine/internal.h"
#include "engine/trace.h"

#define AURORA__DELIVERIES_MAX 64

/* How far a batch got. */
enum { AURORA__MARK_DECIDED, AURORA__MARK_SAVED, AURORA__MARK_COMMITTED, AURORA__MARKS };

/* A command whose span is to be told once the batch stands. */
typedef struct {
    aurora__command *command; /* with a reference of its own */
    aurora_trace_context own;
    uint8_t parent_id[8];
    aurora_span_link linked; /* the order's trace, where the command came with another */
    bool has_link;
    bool is_parked; /* something of its cascade was set aside */
    bool is_resend;
    uint32_t index; /* in the batch */
    int64_t accepted_ns;
    int64_t entered_ns; /* its decision */
    int64_t decided_ns;
    uint32_t event_count;
    const aurora__delivery *deliveries; /* in the batch's arena */
    uint32_t delivery_count;
} aurora__traced;

struct aurora__batch_trace {
    aurora__traced *items;
    uint32_t count;
    uint32_t capacity;
    uint32_t sampled;
    int64_t begun_ns;
    int64_t marks_ns[AURORA__MARKS];
    /* Of the running decision. */
    aurora_trace_context own;
    int64_t entered_ns;
    aurora__delivery scratch[AURORA__DELIVERIES_MAX];
};

/* Before the first decision. Without a tracer, or without memory, batch->trace stays NULL. */
void aurora__batch_trace_begin(aurora__batch *batch);
/* Around each decision where batch->trace is there: enter before it, leave once its cascade stands.
 * AURORA_ENOMEM. */
void aurora__batch_trace_enter(aurora__batch *batch, uint32_t index);
aurora_status aurora__batch_trace_leave(aurora__batch *batch, uint32_t index);
/* The command at `index` was refused, whatever the batch does; likewise. */
void aurora__batch_trace_note_refused(aurora__batch *batch, uint32_t index);
/* What follows does nothing where batch->trace is NULL. */
void aurora__batch_trace_mark(aurora__batch *batch, int mark);
/* The batch stands: everything is told. */
void aurora__batch_trace_end(aurora__batch *batch);
/* It does not: nothing is. */
void aurora__batch_trace_drop(aurora__batch *batch);

#endif

/* SPDX-License-Identifier: MIT */
/* Spans of what the engine does: which commands have one, what they hand on, and how the host's
 * tracer is told. Nothing here is on the way of a command that has no trace, and nothing is told
 * between a batch's first lock and its commit. */
#ifndef AURORA_ENGINE_TRACE_H
#define AURORA_ENGINE_TRACE_H

#include "engine/engine.h"

#include <aurora/trace.h>

#define AURORA__SPAN_ATTRIBUTES_MAX 16
#define AURORA__SPAN_NAME_BYTES 64

/* The trace that a command came with; a part of the command. */
struct aurora__command_trace {
    aurora_trace_context parent;
    int64_t accepted_ns;
    /* What its rows and events are given: the command's own span once a batch runs it. */
    char text[AURORA_TRACEPARENT_BYTES];
};

/* A span that is being put together. Texts are borrowed but for those that it keeps itself. */
struct aurora__span_draft {
    aurora_span span;
    char name[AURORA__SPAN_NAME_BYTES];
    char order_id[AURORA_ID_TEXT_BYTES];
    char small[3][24]; /* numbers that conventions want as text */
    uint32_t small_count;
    aurora_attribute attributes[AURORA__SPAN_ATTRIBUTES_MAX];
};

/* "00-..-01": whether a traceparent that was checked before is sampled. NULL is not. */
bool aurora__trace_is_sampled(const char *text);

/* A traceparent as a row, an event or a caller has it: what it says, or false for none. */
static inline bool aurora__trace_read(const char *text, aurora_trace_context *out)
{
    return text != NULL && text[0] != '\0' && aurora_traceparent_parse(text, out) == AURORA_OK;
}

/* A stored traceparent that may stand in a header: `text`, or NULL where it is none. */
const char *aurora__trace_clean(const char *text);

/* Whether anybody is told of spans. */
bool aurora__trace_is_on(const aurora__engine *engine);

/* Nanoseconds of the wall clock, for spans. */
int64_t aurora__trace_now_ns(const aurora__engine *engine);

/* A new span id. */
void aurora__span_draw(aurora__engine *engine, uint8_t span_id_out[8]);

/* The command begins now, within `parent`; `trace` is in its memory. Before it is handed over.
 * trace->text is what its rows and events are to be given in either case. */
void aurora__trace_accept(aurora__command *command, struct aurora__command_trace *trace,
                          const aurora_trace_context *parent);

/* The same for a text of a caller's, where what is no traceparent, or not there, is no trace. */
void aurora__trace_accept_text(aurora__command *command, struct aurora__command_trace *trace,
                               const char *text);

/* --- drafts --------------------------------------------------------------------------------- */

/* Starts a span of `context` (its own id) under `parent`, both of one trace; parent NULL = root. */
void aurora__span_start(aurora__span_draft *draft, const aurora_trace_context *context,
                        const uint8_t parent_id[8], int32_t kind);
/* "process order.created": verb and noun. */
void aurora__span_name(aurora__span_draft *draft, const char *verb, const char *noun);
/* One more than fits is dropped; so is a text that is NULL. */
void aurora__span_text(aurora__span_draft *draft, const char *key, const char *text);
void aurora__span_number(aurora__span_draft *draft, const char *key, int64_t number);
void aurora__span_number_text(aurora__span_draft *draft, const char *key, int64_t number);
void aurora__span_flag(aurora__span_draft *draft, const char *key, bool flag);
/* What a follower makes of an event of the log: "follow order.completed". */
void aurora__span_follow(aurora__span_draft *draft, const char *follower, int32_t kind,
                         int64_t position);
/* aurora.order.id; the id of nobody is left out. */
void aurora__span_order(aurora__span_draft *draft, const aurora_id *order_id);
/* The span failed. `text` is static. */
void aurora__span_fail(aurora__span_draft *draft, const char *error_type, const char *text);
/* Tells the tracer, if there is one. */
void aurora__span_tell(const aurora__engine *engine, aurora__span_draft *draft, int64_t start_ns,
                       int64_t end_ns);

/* So many spans are not told, for want of room. */
void aurora__span_drop(const aurora__engine *engine, uint64_t count);

/* A command that no batch can take: its failure is told. */
void aurora__trace_refused(aurora__engine *engine, const aurora__command *command,
                           aurora_status status);

#endif

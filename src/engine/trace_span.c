/* SPDX-License-Identifier: MIT */
/* How a span is put together and told. */
#include "engine/trace.h"

#include "engine/internal.h"

#include <aurora/event.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

bool aurora__trace_is_sampled(const char *text)
{
    if (text == NULL || strnlen(text, AURORA_TRACEPARENT_BYTES) != AURORA_TRACEPARENT_BYTES - 1)
        return false;
    /* Of the last hexadecimal digit the lowest bit; 'a' is 10 and an odd character. */
    char digit = text[AURORA_TRACEPARENT_BYTES - 2];
    return ((digit >= 'a' ? digit - 'a' + 10 : digit - '0') & 1) != 0;
}

const char *aurora__trace_clean(const char *text)
{
    aurora_trace_context context;
    bool is_one = aurora__trace_read(text, &context) && text[AURORA_TRACEPARENT_BYTES - 1] == '\0';
    return is_one ? text : NULL;
}

bool aurora__trace_is_on(const aurora__engine *engine)
{
    return engine->options.tracer.span != NULL;
}

int64_t aurora__trace_now_ns(const aurora__engine *engine)
{
    if (engine->options.has_own_clock)
        return aurora__engine_wall_ms(engine) * 1000000;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void aurora__span_draw(aurora__engine *engine, uint8_t span_id_out[8])
{
    aurora_span_id_derive(aurora__engine_next_id(engine), 0, span_id_out);
}

void aurora__trace_accept(aurora__command *command, struct aurora__command_trace *trace,
                          const aurora_trace_context *parent)
{
    aurora_traceparent_format(parent, trace->text);
    if (!aurora__trace_is_on(command->engine))
        return;
    trace->parent = *parent;
    trace->accepted_ns = aurora__trace_now_ns(command->engine);
    command->trace = trace;
}

void aurora__trace_accept_text(aurora__command *command, struct aurora__command_trace *trace,
                               const char *text)
{
    aurora_trace_context parent;
    if (aurora__trace_read(text, &parent))
        aurora__trace_accept(command, trace, &parent);
}

/* --- drafts ----------------------------------------------------------------------------------- */

void aurora__span_start(aurora__span_draft *draft, const aurora_trace_context *context,
                        const uint8_t parent_id[8], int32_t kind)
{
    aurora_span *span = &draft->span;
    memset(span, 0, sizeof *span);
    draft->name[0] = '\0';
    draft->small_count = 0;
    span->size = sizeof *span;
    span->kind = kind;
    span->trace_flags = context->trace_flags;
    span->name = draft->name;
    span->attributes = draft->attributes;
    memcpy(span->trace_id, context->trace_id, sizeof span->trace_id);
    memcpy(span->span_id, context->span_id, sizeof span->span_id);
    if (parent_id != NULL)
        memcpy(span->parent_id, parent_id, sizeof span->parent_id);
}

void aurora__span_name(aurora__span_draft *draft, const char *verb, const char *noun)
{
    size_t verb_len = strnlen(verb, sizeof draft->name - 2);
    size_t noun_len = strnlen(noun, sizeof draft->name - 2 - verb_len);
    memcpy(draft->name, verb, verb_len);
    draft->name[verb_len] = ' ';
    memcpy(draft->name + verb_len + 1, noun, noun_len);
    draft->name[verb_len + 1 + noun_len] = '\0';
}

static aurora_attribute *add(aurora__span_draft *draft, const char *key, int32_t kind)
{
    aurora_span *span = &draft->span;
    if (span->attribute_count == AURORA__SPAN_ATTRIBUTES_MAX)
        return NULL;
    aurora_attribute *attribute = &draft->attributes[span->attribute_count++];
    *attribute = (aurora_attribute){.key = key, .kind = kind};
    return attribute;
}

void aurora__span_text(aurora__span_draft *draft, const char *key, const char *text)
{
    aurora_attribute *attribute = text == NULL ? NULL : add(draft, key, AURORA_ATTRIBUTE_TEXT);
    if (attribute != NULL)
        attribute->text = text;
}

void aurora__span_number(aurora__span_draft *draft, const char *key, int64_t number)
{
    aurora_attribute *attribute = add(draft, key, AURORA_ATTRIBUTE_INT);
    if (attribute != NULL)
        attribute->number = number;
}

void aurora__span_number_text(aurora__span_draft *draft, const char *key, int64_t number)
{
    if (draft->small_count == sizeof draft->small / sizeof draft->small[0])
        return;
    char *text = draft->small[draft->small_count++];
    snprintf(text, sizeof draft->small[0], "%lld", (long long)number);
    aurora__span_text(draft, key, text);
}

void aurora__span_flag(aurora__span_draft *draft, const char *key, bool flag)
{
    aurora_attribute *attribute = add(draft, key, AURORA_ATTRIBUTE_BOOL);
    if (attribute != NULL)
        attribute->number = flag ? 1 : 0;
}

void aurora__span_follow(aurora__span_draft *draft, const char *follower, int32_t kind,
                         int64_t position)
{
    aurora__span_name(draft, "follow", aurora_event_name(kind));
    aurora__span_text(draft, "messaging.system", "aurora");
    aurora__span_text(draft, "messaging.operation.type", "process");
    aurora__span_text(draft, "aurora.follower", follower);
    aurora__span_number(draft, "aurora.event.position", position);
}

void aurora__span_order(aurora__span_draft *draft, const aurora_id *order_id)
{
    static const aurora_id nobody;
    if (aurora_id_is_equal(*order_id, nobody))
        return;
    aurora_id_format(*order_id, draft->order_id);
    aurora__span_text(draft, "aurora.order.id", draft->order_id);
}

void aurora__span_fail(aurora__span_draft *draft, const char *error_type, const char *text)
{
    draft->span.status = AURORA_SPAN_ERROR;
    draft->span.status_message = text;
    aurora__span_text(draft, "error.type", error_type);
}

void aurora__span_tell(const aurora__engine *engine, aurora__span_draft *draft, int64_t start_ns,
                       int64_t end_ns)
{
    const aurora_tracer *tracer = &engine->options.tracer;
    draft->span.start_ns = start_ns;
    draft->span.end_ns = end_ns > start_ns ? end_ns : start_ns;
    if (tracer->span != NULL)
        tracer->span(tracer->self, &draft->span);
}

void aurora__span_drop(const aurora__engine *engine, uint64_t count)
{
    const aurora_tracer *tracer = &engine->options.tracer;
    if (tracer->dropped != NULL)
        tracer->dropped(tracer->self, count);
}

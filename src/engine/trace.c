/* SPDX-License-Identifier: MIT */
/* The spans of a batch. A command's own span is known before it is decided, since its rows and
 * events carry it; told is only what stands after the commit. */
#include "engine/trace_batch.h"

#include <aurora/event.h>

#include <string.h>

#define LINKS_MAX 128
#define TRACE_ID_AT 3 /* in a traceparent */
#define TRACE_ID_CHARS 32
#define PLACES 256 /* of spans for each command: its own and those of its cascade */

static bool is_sampled(const aurora_trace_context *context)
{
    return (context->trace_flags & AURORA_TRACE_SAMPLED) != 0;
}

static void derive(const aurora__batch *batch, uint32_t index, uint32_t place, uint8_t out[8])
{
    aurora_span_id_derive(batch->id, ((int64_t)index + 1) * PLACES + place, out);
}

void aurora__batch_trace_begin(aurora__batch *batch)
{
    aurora__engine *engine = batch->turn.engine;
    batch->trace = aurora__arena_take(&engine->batch_blocks.arena, sizeof *batch->trace);
    if (batch->trace == NULL)
        return;
    memset(batch->trace, 0, offsetof(struct aurora__batch_trace, scratch));
    batch->trace->begun_ns = aurora__trace_now_ns(engine);
}

void aurora__batch_trace_mark(aurora__batch *batch, int mark)
{
    if (batch->trace != NULL)
        batch->trace->marks_ns[mark] = aurora__trace_now_ns(batch->turn.engine);
}

void aurora__batch_trace_enter(aurora__batch *batch, uint32_t index)
{
    struct aurora__batch_trace *trace = batch->trace;
    const aurora__command *command = batch->commands[index];
    struct aurora__command_trace *given = command->trace;
    if (command->class_of->describe == NULL || (given != NULL && !is_sampled(&given->parent)))
        return;
    batch->turn.step.deliveries = trace->scratch;
    batch->turn.step.delivery_capacity = AURORA__DELIVERIES_MAX;
    trace->entered_ns = 0;
    if (given == NULL)
        return;
    trace->own = given->parent;
    derive(batch, index, 0, trace->own.span_id);
    aurora_traceparent_format(&trace->own, given->text);
    trace->entered_ns = aurora__trace_now_ns(batch->turn.engine);
}

/* --- whose span it is ------------------------------------------------------------------------- */

static bool is_of_trace(const char *text, const char *own)
{
    return memcmp(text + TRACE_ID_AT, own + TRACE_ID_AT, TRACE_ID_CHARS) == 0;
}

/* The first event that carries a sampled context, other than one of this trace. */
static bool find_context(const aurora__step *step, const char *own, aurora_trace_context *out)
{
    for (uint32_t i = 0; i < step->event_count; i++) {
        const aurora__saga *saga = step->events[i]->saga;
        if (saga == NULL || !aurora__trace_is_sampled(saga->traceparent) ||
            (own != NULL && is_of_trace(saga->traceparent, own)))
            continue;
        if (aurora__trace_read(saga->traceparent, out))
            return true;
    }
    return false;
}

/* A command that came with no sampled context of its own goes on within its order's. */
static bool adopt(const aurora__batch *batch, aurora__traced *item)
{
    const aurora__step *step = &batch->turn.step;
    aurora_trace_context parent;
    if (step->is_creating || !find_context(step, NULL, &parent))
        return false;
    memcpy(item->parent_id, parent.span_id, sizeof item->parent_id);
    item->own = parent;
    derive(batch, item->index, 0, item->own.span_id);
    item->entered_ns = batch->trace->begun_ns;
    item->accepted_ns = batch->trace->begun_ns;
    return true;
}

static bool use_given(const aurora__batch *batch, aurora__traced *item)
{
    const struct aurora__command_trace *given = item->command->trace;
    if (given == NULL)
        return false;
    memcpy(item->parent_id, given->parent.span_id, sizeof item->parent_id);
    item->own = given->parent;
    derive(batch, item->index, 0, item->own.span_id);
    item->accepted_ns = given->accepted_ns;
    bool has_entered = is_sampled(&given->parent) && batch->trace->entered_ns != 0;
    item->entered_ns = has_entered ? batch->trace->entered_ns : batch->trace->begun_ns;
    return true;
}

/* --- what it hands on ------------------------------------------------------------------------- */

/* The events of this trace name the span that emitted them; those of another trace stay as they
 * are. */
static aurora_status hand_on(aurora__batch *batch, const char *own)
{
    const aurora__step *step = &batch->turn.step;
    const aurora__saga *from = NULL;
    aurora__saga *to = NULL;
    for (uint32_t i = 0; i < step->event_count; i++) {
        aurora__event *event = step->events[i];
        const aurora__saga *saga = event->saga;
        if (saga == NULL || saga->traceparent == own ||
            !aurora__trace_is_sampled(saga->traceparent) || !is_of_trace(saga->traceparent, own))
            continue;
        if (saga != from) {
            to = aurora__arena_take(step->arena, sizeof *to);
            if (to == NULL)
                return AURORA_ENOMEM;
            *to = *saga;
            to->traceparent = own;
            from = saga;
        }
        event->saga = to;
    }
    return AURORA_OK;
}

static aurora_status keep_deliveries(const aurora__batch *batch, aurora__traced *item)
{
    const aurora__step *step = &batch->turn.step;
    item->delivery_count = step->delivery_count;
    if (step->deliveries == NULL || step->delivery_count == 0)
        return AURORA_OK;
    size_t bytes = step->delivery_count * sizeof *step->deliveries;
    aurora__delivery *deliveries = aurora__arena_take(step->arena, bytes);
    if (deliveries == NULL)
        return AURORA_ENOMEM;
    memcpy(deliveries, step->deliveries, bytes);
    item->deliveries = deliveries;
    return AURORA_OK;
}

static aurora__traced *append(aurora__batch *batch, const aurora__traced *item)
{
    struct aurora__batch_trace *trace = batch->trace;
    if (trace->count == trace->capacity) {
        uint32_t capacity = trace->capacity == 0 ? 32 : trace->capacity * 2;
        aurora__traced *items =
            aurora__arena_take(&batch->turn.engine->batch_blocks.arena, capacity * sizeof *items);
        if (items == NULL)
            return NULL;
        if (trace->count > 0)
            memcpy(items, trace->items, trace->count * sizeof *items);
        trace->items = items;
        trace->capacity = capacity;
    }
    atomic_fetch_add_explicit(&item->command->references, 1, memory_order_relaxed);
    trace->items[trace->count] = *item;
    trace->sampled += is_sampled(&item->own) ? 1 : 0;
    return &trace->items[trace->count++];
}

static bool is_any_resend(const aurora__step *step)
{
    for (uint32_t i = 0; i < step->event_count; i++) {
        if (step->events[i]->is_resend)
            return true;
    }
    return false;
}

static aurora_status note(aurora__batch *batch, aurora__traced *item, const char *own)
{
    const aurora__step *step = &batch->turn.step;
    if (item->command->trace != NULL && own == item->command->trace->text)
        item->has_link = find_context(step, own, &item->linked);
    aurora_status rc = hand_on(batch, own);
    if (rc == AURORA_OK)
        rc = keep_deliveries(batch, item);
    item->decided_ns = aurora__trace_now_ns(batch->turn.engine);
    item->event_count = step->event_count;
    item->is_resend = is_any_resend(step);
    if (rc == AURORA_OK && append(batch, item) == NULL)
        rc = AURORA_ENOMEM;
    return rc;
}

static aurora_status note_adopted(aurora__batch *batch, aurora__traced *item)
{
    char text[AURORA_TRACEPARENT_BYTES];
    aurora_traceparent_format(&item->own, text);
    const char *own = aurora__arena_text(batch->turn.step.arena, text);
    return own == NULL ? AURORA_ENOMEM : note(batch, item, own);
}

aurora_status aurora__batch_trace_leave(aurora__batch *batch, uint32_t index)
{
    aurora__command *command = batch->commands[index];
    aurora__traced item = {.command = command, .index = index};
    if (command->class_of->describe == NULL)
        return AURORA_OK;
    item.is_parked = batch->turn.step.parked_count > 0;
    if (command->trace != NULL && is_sampled(&command->trace->parent)) {
        use_given(batch, &item);
        return note(batch, &item, command->trace->text);
    }
    if (adopt(batch, &item))
        return note_adopted(batch, &item);
    /* A failure is told whether or not anybody wanted to know of the rest. */
    if (item.is_parked && use_given(batch, &item) && append(batch, &item) == NULL)
        return AURORA_ENOMEM;
    return AURORA_OK;
}

static int32_t http_status_of(aurora_status status)
{
    uint32_t count;
    const aurora_status_info *table = aurora_status_table(&count);
    for (uint32_t i = 0; i < count; i++) {
        if (table[i].status == status)
            return table[i].http_status;
    }
    return 500;
}

void aurora__batch_trace_note_refused(aurora__batch *batch, uint32_t index)
{
    aurora__command *command = batch->commands[index];
    aurora__traced item = {.command = command, .index = index};
    if (command->class_of->describe == NULL || command->status == AURORA_EAGAIN ||
        !use_given(batch, &item))
        return;
    if (!is_sampled(&item.own) && http_status_of(command->status) < 500)
        return;
    item.decided_ns = aurora__trace_now_ns(batch->turn.engine);
    append(batch, &item); /* without memory one span is missing */
}

/* --- telling ---------------------------------------------------------------------------------- */

/* What a caller did wrong is no error of ours; a record that cannot be taken is. */
static void say_status(aurora__span_draft *draft, aurora_status status)
{
    if (status == AURORA_OK)
        return;
    aurora__span_text(draft, "aurora.status", aurora_status_name(status));
    if (http_status_of(status) >= 500 || draft->span.kind == AURORA_SPAN_CONSUMER)
        aurora__span_fail(draft, aurora_status_name(status), aurora_status_text(status));
}

/* The delivery that emitted the event which this one took; UINT32_MAX = the command did. */
static uint32_t cause_of(const aurora__traced *item, uint32_t index)
{
    uint32_t taken = item->deliveries[index].taken;
    for (uint32_t i = 0; i < index; i++) {
        if (taken >= item->deliveries[i].first && taken < item->deliveries[i].end)
            return i;
    }
    return UINT32_MAX;
}

/* Decisions take less than a microsecond and are not timed one by one: a nanosecond each keeps
 * their order. `ids` has the spans of those before it, and gets its own. */
static void tell_delivery(const aurora__batch *batch, const aurora__traced *item, uint32_t index,
                          uint8_t ids[][8])
{
    const aurora__delivery *delivery = &item->deliveries[index];
    aurora__span_draft draft;
    aurora_trace_context own = item->own;
    uint32_t cause = cause_of(item, index);
    const uint8_t *parent_id = cause == UINT32_MAX ? item->own.span_id : ids[cause];
    derive(batch, item->index, index + 1, own.span_id);
    memcpy(ids[index], own.span_id, sizeof own.span_id);
    aurora__span_start(&draft, &own, parent_id, AURORA_SPAN_INTERNAL);
    aurora__span_name(&draft, "process", aurora_event_name(delivery->event->kind));
    aurora__span_text(&draft, "aurora.module", aurora__module_name(delivery->module));
    aurora__span_number(&draft, "aurora.events", delivery->end - delivery->first);
    aurora__span_order(&draft, &delivery->event->order_id);
    if (delivery->is_parked)
        aurora__span_fail(&draft, "parked", "the event was set aside");
    aurora__span_tell(batch->turn.engine, &draft, item->entered_ns + index, item->decided_ns);
}

static void link_to_batch(const aurora__batch *batch, aurora_span_link *out)
{
    *out = (aurora_span_link){.trace_flags = AURORA_TRACE_SAMPLED};
    memcpy(out->trace_id, batch->id.bytes, sizeof out->trace_id);
    aurora_span_id_derive(batch->id, 0, out->span_id);
}

static void tell_command(const aurora__batch *batch, const aurora__traced *item)
{
    const aurora__command *command = item->command;
    aurora__span_draft draft;
    aurora_span_link links[2];
    uint8_t ids[AURORA__DELIVERIES_MAX][8];
    aurora__span_start(&draft, &item->own, item->parent_id, AURORA_SPAN_INTERNAL);
    command->class_of->describe(command, &draft);
    aurora__span_number(&draft, "aurora.batch.size", batch->count);
    aurora__span_number(&draft, "aurora.events", item->event_count);
    if (item->is_resend)
        aurora__span_flag(&draft, "aurora.resend", true);
    if (item->is_parked)
        aurora__span_fail(&draft, "parked", "an event was set aside");
    else
        say_status(&draft, command->status);
    if (is_sampled(&item->own))
        link_to_batch(batch, &links[draft.span.link_count++]);
    if (item->has_link)
        links[draft.span.link_count++] = item->linked;
    draft.span.links = links;
    aurora__span_tell(batch->turn.engine, &draft, item->accepted_ns,
                      batch->trace->marks_ns[AURORA__MARK_COMMITTED]);
    for (uint32_t i = 0; i < item->delivery_count; i++)
        tell_delivery(batch, item, i, ids);
}

static void tell_batch(const aurora__batch *batch)
{
    const struct aurora__batch_trace *trace = batch->trace;
    const int64_t *marks_ns = trace->marks_ns;
    aurora__span_draft draft;
    aurora_span_link own;
    aurora_span_link links[LINKS_MAX];
    link_to_batch(batch, &own);
    aurora__span_start(&draft, &own, NULL, AURORA_SPAN_INTERNAL);
    memcpy(draft.name, "batch", sizeof "batch");
    for (uint32_t i = 0; i < trace->count && draft.span.link_count < LINKS_MAX; i++) {
        if (is_sampled(&trace->items[i].own))
            links[draft.span.link_count++] = trace->items[i].own;
    }
    draft.span.links = links;
    aurora__span_number(&draft, "aurora.batch.size", batch->count);
    aurora__span_number(&draft, "aurora.batch.sampled", trace->sampled);
    aurora__span_number(&draft, "aurora.events", batch->event_count);
    aurora__span_number(&draft, "aurora.batch.decide_us",
                        (marks_ns[AURORA__MARK_DECIDED] - trace->begun_ns) / 1000);
    aurora__span_number(&draft, "aurora.batch.save_us",
                        (marks_ns[AURORA__MARK_SAVED] - marks_ns[AURORA__MARK_DECIDED]) / 1000);
    aurora__span_number(&draft, "aurora.batch.commit_us",
                        (marks_ns[AURORA__MARK_COMMITTED] - marks_ns[AURORA__MARK_SAVED]) / 1000);
    aurora__span_tell(batch->turn.engine, &draft, trace->begun_ns,
                      marks_ns[AURORA__MARK_COMMITTED]);
}

void aurora__batch_trace_drop(aurora__batch *batch)
{
    struct aurora__batch_trace *trace = batch->trace;
    for (uint32_t i = 0; trace != NULL && i < trace->count; i++)
        aurora__command_release(trace->items[i].command);
    batch->trace = NULL;
}

void aurora__batch_trace_end(aurora__batch *batch)
{
    const struct aurora__batch_trace *trace = batch->trace;
    for (uint32_t i = 0; trace != NULL && i < trace->count; i++)
        tell_command(batch, &trace->items[i]);
    if (trace != NULL && trace->sampled > 0)
        tell_batch(batch);
    aurora__batch_trace_drop(batch);
}

void aurora__trace_refused(aurora__engine *engine, const aurora__command *command,
                           aurora_status status)
{
    aurora__span_draft draft;
    const struct aurora__command_trace *given = command->trace;
    if (given == NULL || command->class_of->describe == NULL || status == AURORA_ECLOSED)
        return;
    aurora_trace_context own = given->parent;
    aurora__span_draw(engine, own.span_id);
    aurora__span_start(&draft, &own, given->parent.span_id, AURORA_SPAN_INTERNAL);
    command->class_of->describe(command, &draft);
    say_status(&draft, status);
    aurora__span_tell(engine, &draft, given->accepted_ns, aurora__trace_now_ns(engine));
}

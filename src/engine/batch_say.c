/* SPDX-License-Identifier: MIT */
/* What an operator wants to know of a batch that is stored: who was parked and why, what became
 * free again, and, for whoever listens at DEBUG, each step of each order. */
#include "core/payment.h"
#include "engine/say.h"

#include <aurora/event.h>
#include <aurora/operator.h>
#include <aurora/order.h>

#include <stdio.h>

#define SLOW_NS INT64_C(1000000000)

/* Of this batch; NULL where orders are another service's. Parks are rare: a look at each row will
 * do. */
static const aurora__order_row *find_order(const aurora__engine *engine, const aurora_id *id)
{
    const aurora__rows *rows = &engine->rows;
    for (uint32_t i = 0; i < rows->touched.count; i++) {
        const aurora__row *row = rows->touched.items[i];
        const aurora__order_row *order = row->data;
        if (row->table == AURORA__TABLE_order && row->is_found &&
            aurora_id_is_equal(order->id, *id))
            return order;
    }
    return NULL;
}

static void say_parked(aurora__engine *engine, const aurora_id *order_id, const char *participant,
                       const char *why)
{
    char id[AURORA_ID_TEXT_BYTES];
    const aurora__order_row *order = find_order(engine, order_id);
    aurora__said said = {.order_id = order_id,
                         .traceparent = order != NULL ? order->traceparent : NULL};
    aurora_id_format(*order_id, id);
    aurora__said_text(&said, "aurora.participant", participant);
    aurora__said_text(&said, "aurora.reason", why);
    aurora__engine_say(engine, AURORA_LOG_WARNING, "saga", &said,
                       "order %s is parked at %s, and waits for an operator: %s", id, participant,
                       why);
}

static void tell_payment(aurora__engine *engine, const aurora__payment_row *before,
                         const aurora__payment_row *after)
{
    const char *why = aurora__payment_parked_reason(after);
    if (why != NULL && (before == NULL || before->parked_at == 0))
        say_parked(engine, &after->order_id, "payment", why);
}

static void tell_reservation(aurora__engine *engine, const aurora__reservation_row *before,
                             const aurora__reservation_row *after)
{
    char why[96];
    if (after->parked_kind == 0 || (before != NULL && before->parked_kind != 0))
        return;
    snprintf(why, sizeof why, "its answer to %s was refused for good",
             aurora_event_name((int32_t)after->parked_kind));
    say_parked(engine, &after->order_id, "inventory", why);
}

/* --- keys ------------------------------------------------------------------------------------- */

/* An event that could not be taken, and those behind it. */
static void tell_key(aurora__engine *engine, const aurora__parked_key_row *before,
                     const aurora__parked_key_row *after)
{
    aurora__said said = {0};
    if (before != NULL && before->events >= after->events)
        return;
    const char *why = after->error != NULL ? after->error : "";
    aurora__said_text(&said, "aurora.participant", after->consumer);
    aurora__said_text(&said, "aurora.key", after->key_text);
    aurora__said_text(&said, "aurora.reason", why);
    aurora__said_int(&said, "aurora.dead_letters", after->events);
    aurora__engine_say(engine, AURORA_LOG_WARNING, "saga", &said,
                       "%s sets aside the events of %s, %lld by now, until they are redriven: %s",
                       after->consumer, after->key_text, (long long)after->events, why);
}

static void tell_key_free(aurora__engine *engine, const aurora__parked_key_row *before)
{
    aurora__said said = {0};
    aurora__said_text(&said, "aurora.participant", before->consumer);
    aurora__said_text(&said, "aurora.key", before->key_text);
    aurora__engine_say(engine, AURORA_LOG_INFO, "saga", &said,
                       "%s takes the events of %s again: none is set aside any more",
                       before->consumer, before->key_text);
}

/* --- orders ----------------------------------------------------------------------------------- */

/* Whose step is parked is told by the participant's own row where that is here. */
static void tell_flags(aurora__engine *engine, int64_t before, const aurora__order_row *after)
{
    static const struct {
        int64_t flag;
        uint32_t module;
        const char *participant;
    } others[] = {{AURORA__PARKED_INVENTORY, AURORA__MODULE_INVENTORY, "inventory"},
                  {AURORA__PARKED_PAYMENT, AURORA__MODULE_PAYMENT, "payment"}};
    int64_t fresh = after->parked & ~before;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if ((fresh & others[i].flag) != 0 &&
            (engine->options.policy.modules & others[i].module) == 0)
            say_parked(engine, &after->id, others[i].participant, "that service says so");
    }
}

static void tell_order(aurora__engine *engine, const aurora__order_row *before,
                       const aurora__order_row *after)
{
    int64_t flags = before != NULL ? before->parked : 0;
    int64_t status = before != NULL ? before->status : 0;
    if (flags == after->parked && status == after->status)
        return;
    char id[AURORA_ID_TEXT_BYTES];
    const char *name = aurora_order_status_name((int32_t)after->status);
    const char *from = status == 0 ? "NONE" : aurora_order_status_name((int32_t)status);
    aurora__said said = {.order_id = &after->id, .traceparent = after->traceparent};
    aurora_id_format(after->id, id);
    tell_flags(engine, flags, after);
    if (flags != 0 && after->parked == 0)
        aurora__engine_say(engine, AURORA_LOG_INFO, "saga", &said,
                           "order %s is parked no longer: it is %s", id, name);
    if (status == after->status)
        return;
    aurora__said_text(&said, "aurora.from", from);
    aurora__said_text(&said, "aurora.to", name);
    if (after->reason != 0)
        aurora__said_text(&said, "aurora.reason", aurora_reason_name((int32_t)after->reason));
    aurora__engine_say(engine, AURORA_LOG_DEBUG, "saga", &said, "order %s is %s", id, name);
}

/* --- all of them ------------------------------------------------------------------------------ */

static void tell_row(aurora__engine *engine, const aurora__row *row)
{
    const void *before = row->is_found_base ? row->base : NULL;
    if (row->table == AURORA__TABLE_parked_key && !row->is_found && before != NULL)
        tell_key_free(engine, before);
    if (!row->is_found)
        return;
    switch (row->table) {
    case AURORA__TABLE_order:
        tell_order(engine, before, row->data);
        break;
    case AURORA__TABLE_payment:
        tell_payment(engine, before, row->data);
        break;
    case AURORA__TABLE_reservation:
        tell_reservation(engine, before, row->data);
        break;
    case AURORA__TABLE_parked_key:
        tell_key(engine, before, row->data);
        break;
    default:
        break;
    }
}

void aurora__batch_say(aurora__engine *engine)
{
    const aurora__rows *rows = &engine->rows;
    if (!aurora__engine_hears(engine, AURORA_LOG_WARNING))
        return;
    for (uint32_t i = 0; i < rows->touched.count; i++) {
        const aurora__row *row = rows->touched.items[i];
        if (row->data != row->base || !row->is_found)
            tell_row(engine, row);
    }
}

void aurora__batch_say_times(const aurora__batch *batch, int64_t took_ns)
{
    aurora__engine *engine = batch->turn.engine;
    int32_t level = took_ns >= SLOW_NS ? AURORA_LOG_WARNING : AURORA_LOG_DEBUG;
    aurora__said said = {0};
    if (!aurora__engine_hears(engine, level))
        return;
    aurora__said_int(&said, "aurora.batch.size", batch->count);
    aurora__said_int(&said, "aurora.batch.events", batch->event_count);
    aurora__said_int(&said, "duration_us", took_ns / 1000);
    aurora__engine_say(engine, level, "engine", &said,
                       "a batch of %u commands took %lld ms, its commit %lld ms",
                       (unsigned)batch->count, (long long)took_ns / 1000000,
                       (long long)batch->commit_ns / 1000000);
}

/* SPDX-License-Identifier: MIT */
#include "core/step.h"

#include "core/order.h"

#include <aurora/event.h>

typedef struct {
    uint32_t module;
    uint32_t kinds; /* bit = event kind */
    aurora_status (*on_event)(aurora__step *step, const aurora__event *event);
    aurora_status (*park)(aurora__step *step, const aurora__event *event);
} subscriber;

#define KIND(kind) ((uint32_t)1 << (kind))

/* The atomic subscriptions of DESIGN's saga, in the order of delivery. */
static const subscriber subscribers[] = {
    {AURORA__MODULE_ORDER,
     KIND(AURORA_EVENT_INVENTORY_RESERVED) | KIND(AURORA_EVENT_INVENTORY_REJECTED) |
         KIND(AURORA_EVENT_INVENTORY_COMMITTED) | KIND(AURORA_EVENT_INVENTORY_RELEASED) |
         KIND(AURORA_EVENT_INVENTORY_RETURNED) | KIND(AURORA_EVENT_INVENTORY_PARKED) |
         KIND(AURORA_EVENT_PAYMENT_AUTHORIZED) | KIND(AURORA_EVENT_PAYMENT_DECLINED) |
         KIND(AURORA_EVENT_PAYMENT_CAPTURED) | KIND(AURORA_EVENT_PAYMENT_VOIDED) |
         KIND(AURORA_EVENT_PAYMENT_REFUNDED) | KIND(AURORA_EVENT_PAYMENT_PARKED),
     aurora__order_on_event, NULL},
    {AURORA__MODULE_INVENTORY,
     KIND(AURORA_EVENT_ORDER_CREATED) | KIND(AURORA_EVENT_ORDER_COMPLETED) |
         KIND(AURORA_EVENT_ORDER_FAILED) | KIND(AURORA_EVENT_ORDER_CANCELLED) |
         KIND(AURORA_EVENT_ORDER_REPAIR),
     aurora__inventory_on_event, aurora__inventory_park},
    {AURORA__MODULE_PAYMENT,
     KIND(AURORA_EVENT_INVENTORY_RESERVED) | KIND(AURORA_EVENT_ORDER_COMPLETED) |
         KIND(AURORA_EVENT_ORDER_FAILED) | KIND(AURORA_EVENT_ORDER_CANCELLED) |
         KIND(AURORA_EVENT_ORDER_REPAIR),
     aurora__payment_on_event, aurora__payment_park},
    {AURORA__MODULE_ORDER, KIND(AURORA_EVENT_PRODUCT_UPSERTED) | KIND(AURORA_EVENT_PRODUCT_DELETED),
     aurora__price_on_event, NULL},
};

/* Statuses that say that this participant cannot take this event, now or later. */
static bool is_poison(aurora_status rc)
{
    return rc == AURORA__EILLEGAL || rc == AURORA__EORPHAN || rc == AURORA_ECORRUPT ||
           rc == AURORA_EOVERFLOW;
}

const char *aurora__module_name(uint32_t module)
{
    switch (module) {
    case AURORA__MODULE_ORDER:
        return "order";
    case AURORA__MODULE_INVENTORY:
        return "inventory";
    case AURORA__MODULE_PAYMENT:
        return "payment";
    case AURORA__MODULE_PRODUCT:
        return "product";
    case AURORA__MODULE_SEARCH:
        return "search";
    case AURORA__MODULE_RECOMMENDATION:
        return "recommendation";
    case AURORA__MODULE_NOTIFICATION:
        return "notification";
    default:
        return "";
    }
}

static aurora_status set_aside(aurora__step *step, uint32_t module, const aurora__event *event,
                               aurora_status error)
{
    if (step->parked_count == AURORA__CASCADE_PARKED_MAX)
        return AURORA__ECASCADE;
    step->parked[step->parked_count++] =
        (aurora__parked){.module = module, .error = error, .event = event};
    return AURORA_OK;
}

/* An operator's repair does not queue behind the events that it is to help past. */
static aurora_status is_key_parked(aurora__step *step, const subscriber *to,
                                   const aurora__event *event, bool *is_parked_out)
{
    *is_parked_out = false;
    if (!step->has_parked_keys || step->is_creating || to->park == NULL ||
        event->kind == AURORA_EVENT_ORDER_REPAIR)
        return AURORA_OK;
    char id[AURORA_ID_TEXT_BYTES];
    aurora_id_format(event->order_id, id);
    aurora__key key =
        aurora__key_texts(AURORA__TABLE_parked_key, aurora__module_name(to->module), id);
    const void *row;
    aurora_status rc = aurora__rows_read(step->rows, &key, &row);
    *is_parked_out = row != NULL;
    return rc;
}

/* The stored answer of a parked participant is its parked event: an order that asks again, because
 * the first one was lost, gets that, and what it asked does not queue up. */
static aurora_status repeat_parked(aurora__step *step, const subscriber *to,
                                   const aurora__event *event)
{
    uint32_t from = step->event_count;
    aurora_status rc = to->park(step, event);
    for (uint32_t i = from; rc == AURORA_OK && i < step->event_count; i++)
        step->events[i]->is_resend = true;
    return rc;
}

/* One participant's decision. What it cannot take is undone, set aside, and parks its key; the rest
 * of the cascade stands, unless the cascade creates the order. */
static aurora_status decide(aurora__step *step, const subscriber *to, const aurora__event *event)
{
    bool is_parked;
    aurora_status rc = is_key_parked(step, to, event, &is_parked);
    if (rc != AURORA_OK)
        return rc;
    if (is_parked && event->is_resend)
        return repeat_parked(step, to, event);
    if (is_parked)
        return set_aside(step, to->module, event, AURORA_OK);
    uint32_t events_before = step->event_count;
    uint32_t outer = aurora__rows_mark(step->rows);
    rc = to->on_event(step, event);
    if (rc == AURORA_OK) {
        aurora__rows_keep(step->rows, outer);
        return rc;
    }
    aurora__rows_undo(step->rows, outer);
    step->event_count = events_before;
    /* A participant here answered for an order that this store does not have, as after `compensate`
     * of an unknown one: nobody waits for it. */
    if (rc == AURORA__EORPHAN && to->module == AURORA__MODULE_ORDER)
        return AURORA_OK;
    if (!is_poison(rc) || step->is_creating || to->park == NULL)
        return rc;
    rc = set_aside(step, to->module, event, rc);
    return rc != AURORA_OK ? rc : to->park(step, event);
}

static void note_delivery(aurora__step *step, const subscriber *to, uint32_t taken, uint32_t from,
                          uint32_t parked)
{
    if (step->deliveries == NULL || step->delivery_count == step->delivery_capacity)
        return;
    step->deliveries[step->delivery_count++] =
        (aurora__delivery){.event = step->events[taken],
                           .module = to->module,
                           .taken = taken,
                           .first = from,
                           .end = step->event_count,
                           .is_parked = step->parked_count > parked};
}

static aurora_status deliver_all(aurora__step *step, uint32_t from);

static aurora_status deliver(aurora__step *step, uint32_t index)
{
    const aurora__event *event = step->events[index];
    for (size_t i = 0; i < sizeof subscribers / sizeof subscribers[0]; i++) {
        const subscriber *to = &subscribers[i];
        if ((to->module & step->policy->modules) == 0 || (to->kinds & KIND(event->kind)) == 0)
            continue;
        uint32_t from = step->event_count;
        uint32_t parked = step->parked_count;
        aurora_status rc = decide(step, to, event);
        if (rc != AURORA_OK)
            return rc;
        note_delivery(step, to, index, from, parked);
        rc = deliver_all(step, from);
        if (rc != AURORA_OK)
            return rc;
    }
    return AURORA_OK;
}

/* Depth first: what a decision emitted is delivered before the next subscriber of its cause. */
static aurora_status deliver_all(aurora__step *step, uint32_t from)
{
    uint32_t to = step->event_count;
    for (uint32_t i = from; i < to; i++) {
        aurora_status rc = deliver(step, i);
        if (rc != AURORA_OK)
            return rc;
    }
    return AURORA_OK;
}

aurora_status aurora__cascade_run(aurora__step *step, uint32_t from)
{
    return deliver_all(step, from);
}

/* What a module says of an event that it cannot take; again with each repeat, because the bus may
 * have lost it. */
static aurora_status tell_parked(aurora__step *step, const aurora__event *event, uint32_t module)
{
    aurora_status rc = AURORA_OK;
    uint32_t from = step->event_count;
    bool is_of_order = event->sku == NULL;
    if (module == AURORA__MODULE_ORDER && is_of_order)
        rc = aurora__order_flag_poison(step, &event->order_id, true);
    else if (module == AURORA__MODULE_INVENTORY && is_of_order)
        rc = aurora__inventory_park(step, event);
    else if (module == AURORA__MODULE_PAYMENT && is_of_order)
        rc = aurora__payment_park(step, event);
    for (uint32_t i = from; i < step->event_count; i++)
        step->events[i]->is_resend = event->is_resend;
    return rc;
}

bool aurora__cascade_is_farewell(const aurora__event *event)
{
    return event->kind == AURORA_EVENT_INVENTORY_RELEASED ||
           event->kind == AURORA_EVENT_INVENTORY_RETURNED ||
           event->kind == AURORA_EVENT_PAYMENT_VOIDED ||
           event->kind == AURORA_EVENT_PAYMENT_REFUNDED;
}

aurora_status aurora__cascade_receive(aurora__step *step, const aurora__event *event,
                                      uint32_t module, bool is_parked, aurora_status damage)
{
    if (is_parked) {
        aurora_status rc = set_aside(step, module, event, damage);
        return rc != AURORA_OK || !event->is_resend ? rc : tell_parked(step, event, module);
    }
    uint32_t events_before = step->event_count;
    uint32_t deliveries_before = step->delivery_count;
    uint32_t outer = aurora__rows_mark(step->rows);
    aurora_status rc = damage != AURORA_OK ? damage : aurora__cascade_deliver(step, event, module);
    if (rc == AURORA_OK) {
        aurora__rows_keep(step->rows, outer);
        return rc;
    }
    aurora__rows_undo(step->rows, outer);
    step->event_count = events_before;
    step->delivery_count = deliveries_before;
    step->parked_count = 0;
    if (rc == AURORA__EORPHAN && module == AURORA__MODULE_ORDER &&
        aurora__cascade_is_farewell(event))
        return AURORA_OK;
    if (!is_poison(rc) && damage == AURORA_OK)
        return rc;
    rc = set_aside(step, module, event, rc);
    return rc != AURORA_OK ? rc : tell_parked(step, event, module);
}

aurora_status aurora__cascade_deliver(aurora__step *step, const aurora__event *event,
                                      uint32_t module)
{
    for (size_t i = 0; i < sizeof subscribers / sizeof subscribers[0]; i++) {
        const subscriber *to = &subscribers[i];
        if (to->module != module || (to->kinds & KIND(event->kind)) == 0)
            continue;
        uint32_t from = step->event_count;
        aurora_status rc = to->on_event(step, event);
        if (rc == AURORA_OK)
            rc = deliver_all(step, from);
        if (rc != AURORA_OK)
            return rc;
    }
    return AURORA_OK;
}

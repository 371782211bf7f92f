/* SPDX-License-Identifier: MIT */
/* A consumer of the log: positions are dense (I7), what was read once reads the same for ever (I8),
 * and every acknowledged order has its first event, once (I5). */
#include "trial/trial.h"

#include <stdlib.h>
#include <string.h>

#define CONSUMER "trial"
#define PAUSE_MS 5000
#define PAGE 200

static uint64_t mark_of(const aurora_event *event)
{
    uint64_t mark = UINT64_C(0xcbf29ce484222325) ^ (uint64_t)event->kind;
    for (size_t i = 0; i < sizeof event->order_id.bytes; i++)
        mark = (mark ^ event->order_id.bytes[i]) * UINT64_C(0x100000001b3);
    for (uint32_t i = 0; i < event->data_len; i++)
        mark = (mark ^ (uint8_t)event->data[i]) * UINT64_C(0x100000001b3);
    return mark == 0 ? 1 : mark;
}

static uint64_t *mark_at(aurora__trial_service *service, uint64_t position)
{
    if (position > service->event_capacity) {
        uint64_t capacity = 1024;
        while (capacity < position)
            capacity *= 2;
        uint64_t *more = realloc(service->event_marks, capacity * sizeof *more);
        if (more == NULL)
            abort();
        memset(more + service->event_capacity, 0,
               (capacity - service->event_capacity) * sizeof *more);
        service->event_marks = more;
        service->event_capacity = capacity;
    }
    return &service->event_marks[position - 1];
}

static void note_created(aurora__trial *world, const aurora_event *event)
{
    int32_t number = aurora__trial_order_of(world, event->order_id);
    if (number < 0 || event->kind != AURORA_EVENT_ORDER_CREATED || event->is_resend != 0)
        return;
    aurora__trial_order *order = &world->orders[number];
    aurora__trial_check(world, "I5");
    if (order->created_at != 0 && order->created_at != event->position)
        aurora__trial_fail(world, number, "I5", "order %d: is created at %llu and at %llu", number,
                           (unsigned long long)order->created_at,
                           (unsigned long long)event->position);
    order->created_at = event->position;
}

/* What customers are told for this event, 0 = nothing: it is no end, or one that was told. */
static int32_t notification_of(const aurora_event *event)
{
    if (event->is_resend != 0)
        return 0;
    switch (event->kind) {
    case AURORA_EVENT_ORDER_COMPLETED:
        return AURORA_NOTIFICATION_COMPLETED;
    case AURORA_EVENT_ORDER_FAILED:
        return AURORA_NOTIFICATION_FAILED;
    case AURORA_EVENT_ORDER_CANCELLED:
        return AURORA_NOTIFICATION_CANCELLED;
    default:
        return 0;
    }
}

static void note_outcome(aurora__trial *world, const aurora_event *event)
{
    int32_t number = aurora__trial_order_of(world, event->order_id);
    int32_t kind = notification_of(event);
    if (number < 0 || kind == 0)
        return;
    uint64_t *at = &world->orders[number].outcome_at[kind - AURORA_NOTIFICATION_COMPLETED];
    if (*at == 0)
        *at = event->position;
}

/* Who tells keeps a copy of each end that it hears of: once (I6). */
static void note_copy(aurora__trial *world, const aurora_event *event)
{
    int32_t number = aurora__trial_order_of(world, event->order_id);
    int32_t kind = notification_of(event);
    if (number < 0 || kind == 0)
        return;
    aurora__trial_check(world, "I6");
    if (world->orders[number].taken[kind - AURORA_NOTIFICATION_COMPLETED]++ > 0)
        aurora__trial_fail(world, number, "I6", "order %d: %s is taken twice by who tells", number,
                           aurora_event_name(event->kind));
}

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* Whether others are told of it by the service that it is from. */
static bool is_public(const aurora__trial_service *service, const aurora_event *event)
{
    const char *name = aurora_event_name(event->kind);
    if (event->kind == AURORA_EVENT_ORDER_UPDATED)
        return false;
    return ((service->set & AURORA__TRIAL_ORDER) != 0 && begins_with(name, "order.")) ||
           ((service->set & AURORA__TRIAL_INVENTORY) != 0 && begins_with(name, "inventory.")) ||
           ((service->set & AURORA__TRIAL_PAYMENT) != 0 && begins_with(name, "payment.")) ||
           ((service->set & AURORA__TRIAL_PRODUCT) != 0 && begins_with(name, "product."));
}

static void check_published(aurora__trial *world, const aurora__trial_service *service,
                            const aurora_event *event)
{
    bool is_lost;
    aurora__trial_check(world, "I5");
    if (!aurora__trial_bus_has(world, service, event->position, &is_lost))
        aurora__trial_fail(world, -1, "I5", "event %llu of %s, %s, is never published",
                           (unsigned long long)event->position, service->modules,
                           aurora_event_name(event->kind));
}

/* Each event of the log once, when all is at rest. */
static void check_event(aurora__trial *world, const aurora__trial_service *service,
                        const aurora_event *event)
{
    if (world->broker == NULL)
        return;
    if (is_public(service, event))
        check_published(world, service, event);
    if (service->set == AURORA__TRIAL_NOTIFICATION)
        note_copy(world, event);
}

static void take(aurora__trial *world, aurora__trial_service *service, const aurora_event *event)
{
    uint64_t mark = mark_of(event);
    /* NOLINTNEXTLINE(analyzer-malloc-leak): the service frees its marks */
    uint64_t *known = mark_at(service, event->position);
    aurora__trial_check(world, "I7");
    if (*known != 0 && *known != mark)
        aurora__trial_fail(world, -1, "I8", "event %llu was read before, and was another",
                           (unsigned long long)event->position);
    *known = mark;
    if (event->position > service->event_count)
        service->event_count = event->position;
    if ((service->set & AURORA__TRIAL_ORDER) == 0)
        return;
    note_created(world, event);
    note_outcome(world, event);
}

/* Takes what follows `after`; the last position, or `after`. */
static uint64_t take_page(aurora__trial *world, aurora__trial_service *service,
                          const aurora_event_page *page, uint64_t after)
{
    for (uint32_t i = 0; i < page->count; i++) {
        const aurora_event *event = page->items[i];
        if (event->position != after + 1) {
            aurora__trial_fail(world, -1, "I7", "event %llu follows event %llu",
                               (unsigned long long)event->position, (unsigned long long)after);
            return after;
        }
        take(world, service, event);
        after = event->position;
    }
    return after;
}

void aurora__trial_events_act(aurora__trial *world, aurora_t *shop)
{
    aurora__trial_service *service = &world->services[world->now.number];
    aurora_event_page *page = NULL;
    aurora_status rc = aurora_event_read(shop, CONSUMER, PAGE, 0, &page);
    if (rc == AURORA_OK && page->count > 0) {
        uint64_t first = page->items[0]->position;
        if (first > service->event_read + 1 || first + UINT64_C(4) * PAGE < service->event_read)
            aurora__trial_fail(world, -1, "I7", "acknowledged up to %llu, the next is %llu",
                               (unsigned long long)service->event_read, (unsigned long long)first);
        if (first <= service->event_read && !service->is_ack_unknown)
            aurora__trial_fail(world, -1, "I8", "event %llu was acknowledged, and comes again",
                               (unsigned long long)first);
        uint64_t last = take_page(world, service, page, first - 1);
        service->is_ack_unknown = true;
        service->event_read = last;
        rc = aurora_event_ack(shop, CONSUMER, last);
        service->is_ack_unknown = rc != AURORA_OK;
    }
    if (rc != AURORA_OK && !aurora_status_is_retriable(rc))
        aurora__trial_fail(world, -1, "I8", "reading events answers %s", aurora_status_name(rc));
    aurora_event_page_free(page);
    aurora__trial_plan(world, AURORA__TRIAL_EVENTS, world->now.number,
                       1 + aurora__trial_below(world, PAUSE_MS));
}

void aurora__trial_events_check(aurora__trial *world, aurora__trial_service *service,
                                aurora_t *shop)
{
    uint64_t after = 0;
    uint64_t before;
    do {
        aurora_event_page *page = NULL;
        before = after;
        aurora_status rc = aurora_event_tail(shop, after, PAGE, 0, &page);
        if (rc != AURORA_OK)
            aurora__trial_fail(world, -1, "I5", "the log answers %s", aurora_status_name(rc));
        else
            after = take_page(world, service, page, after);
        for (uint32_t i = 0; rc == AURORA_OK && i < page->count; i++)
            check_event(world, service, page->items[i]);
        aurora_event_page_free(page);
    } while (after > before && world->report->is_failed == 0);
    if (after < service->event_count)
        aurora__trial_fail(world, -1, "I8", "event %llu was read, the log ends at %llu",
                           (unsigned long long)service->event_count, (unsigned long long)after);
    for (uint32_t i = 0; i < world->options.orders; i++) {
        if ((service->set & AURORA__TRIAL_ORDER) != 0 && world->orders[i].created_at == 0)
            aurora__trial_fail(world, (int32_t)i, "I5", "order %u: nobody is told that it exists",
                               i);
    }
}

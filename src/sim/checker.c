/* SPDX-License-Identifier: MIT */
/* What must hold after each commit, whatever went wrong before it: I1 stock, I2 and I4 money and
 * stock of settled orders, I3 every order ends, I5 to I7 events, I8 durability, I9 idempotency, I12
 * arithmetic, I13 versions. What must hold at the end is in verdict.c. */
#include "sim/world.h"

#include "core/stock.h"
#include "core/transition.h"

#include <aurora/event.h>

/* --- rows --------------------------------------------------------------------------------- */

static int64_t version_of(const aurora__table *table, const void *row)
{
    int64_t version;
    memcpy(&version, (const char *)row + table->offsets[table->table.version_column],
           sizeof version);
    return version;
}

static void check_versions(aurora__sim_service *service, const aurora__table *table,
                           const void *before, const void *after)
{
    if (table->table.version_column < 0 || before == NULL || after == NULL)
        return;
    /* An order that only waits longer makes no step: its version is its history's. A parked key
     * that is freed and parked again in one batch is an insert there and an update here. */
    bool may_stand = table == &aurora__tables[AURORA__TABLE_order] ||
                     table == &aurora__tables[AURORA__TABLE_parked_key];
    aurora__sim_checking(service->world, AURORA__CHECK_I13);
    bool is_step = version_of(table, after) > version_of(table, before);
    if (!is_step && !may_stand)
        aurora__sim_fail(service->world, AURORA__CHECK_I13, -1,
                         "a row of %s is twice at version %lld", table->table.name,
                         (long long)version_of(table, before));
}

static void check_nulls(aurora__sim_service *service, const aurora__table *table,
                        const aurora_value *values)
{
    aurora__sim_checking(service->world, AURORA__CHECK_rows);
    for (uint32_t i = 0; i < table->table.column_count; i++) {
        if (values[i].kind == 0 && table->table.columns[i].is_nullable == 0)
            aurora__sim_fail(service->world, AURORA__CHECK_rows, -1, "%s.%s is null",
                             table->table.name, table->table.columns[i].name);
    }
}

/* Each version is one step of the history, and the newest step says what the row says. */
static void check_history(aurora__sim_service *service, const aurora__order_row *row)
{
    aurora__transitions list;
    aurora__transition entry = {0};
    aurora__sim_checking(service->world, AURORA__CHECK_I13);
    int64_t last = 0;
    int64_t was = 0;
    int64_t was_parked = 0;
    bool is_sound = true;
    aurora__transitions_begin(&list, row);
    while (aurora__transitions_next(&list, &service->batch.arena, &entry)) {
        if (entry.status == AURORA_ORDER_CANCELLED && was != entry.status && was_parked != 0 &&
            entry.event_kind == 0)
            aurora__sim_fail(service->world, AURORA__CHECK_I9,
                             aurora__sim_order_of(service->world, &row->id),
                             "a client cancels what waits for an operator");
        was = entry.status;
        was_parked = entry.parked;
        is_sound =
            is_sound && entry.version > last && (list.dropped > 0 || entry.version == last + 1);
        last = entry.version;
    }
    is_sound = is_sound && !list.reader.is_failed && list.count + list.dropped == row->version &&
               entry.version == row->version && entry.status == row->status &&
               entry.parked == row->parked && (entry.is_settled != 0) == (row->settled_at != 0);
    if (!is_sound)
        aurora__sim_fail(
            service->world, AURORA__CHECK_I13, aurora__sim_order_of(service->world, &row->id),
            "version %lld with the history %s", (long long)row->version, row->transitions);
}

static void check_order(aurora__sim_service *service, const aurora__order_row *row)
{
    aurora__sim_world *world = service->world;
    int32_t number = aurora__sim_order_of(world, &row->id);
    check_history(service, row);
    aurora__sim_checking(world, AURORA__CHECK_I12);
    if (number < 0 || row->total_minor != world->orders[number].total_minor)
        aurora__sim_fail(world, AURORA__CHECK_I12, number, "the total is %lld",
                         (long long)row->total_minor);
    bool has_outcome = row->status >= AURORA_ORDER_COMPLETED;
    aurora__sim_checking(world, AURORA__CHECK_I4);
    if (row->settled_at != 0 && !has_outcome)
        aurora__sim_fail(world, AURORA__CHECK_I4, number, "settled without an outcome");
    aurora__sim_checking(world, AURORA__CHECK_I3);
    if (!has_outcome && world->is_safe && row->parked == 0 &&
        service->clock_ms > row->deadline_at + 1200000)
        aurora__sim_fail(world, AURORA__CHECK_I3, number, "no outcome long after the deadline");
}

/* A hold ends by its clock neither too early nor too late. */
static void check_hold(aurora__sim_service *service, const aurora__hold_row *row)
{
    aurora__sim_checking(service->world, AURORA__CHECK_I1);
    bool is_over = row->updated_at >= row->expires_at;
    bool is_wrong = (row->state == AURORA_RESERVATION_EXPIRED && !is_over) ||
                    (row->state == AURORA_RESERVATION_COMMITTED && is_over);
    if (is_wrong)
        aurora__sim_fail(service->world, AURORA__CHECK_I1, -1,
                         "%s is in state %lld %lld ms after its end", row->key_text,
                         (long long)row->state, (long long)(row->updated_at - row->expires_at));
}

static void check_stock(aurora__sim_world *world, const aurora__stock_row *row)
{
    aurora__sim_checking(world, AURORA__CHECK_I1);
    if (!aurora__stock_is_balanced(row))
        aurora__sim_fail(world, AURORA__CHECK_I1, -1,
                         "SKU %lld: %lld + %lld + %lld is not %lld - %lld", (long long)row->id,
                         (long long)row->available, (long long)row->reserved, (long long)row->sold,
                         (long long)row->received, (long long)row->written_off);
}

void aurora__sim_check_put(aurora__sim_service *service, const aurora__sim_entry *saved,
                           const void *before, int32_t kind)
{
    aurora__sim_world *world = service->world;
    uint32_t table = saved->table;
    const void *after = saved->row;
    if ((before == NULL) != (kind == AURORA_PUT_INSERT))
        aurora__sim_fail(world, AURORA__CHECK_rows, -1, "%s: %s", aurora__tables[table].table.name,
                         before == NULL ? "an update of nothing" : "an insert of what is there");
    check_versions(service, &aurora__tables[table], before, after);
    if (after == NULL)
        return;
    check_nulls(service, &aurora__tables[table], saved->values);
    if (table == AURORA__TABLE_order)
        check_order(service, after);
    if (table == AURORA__TABLE_hold)
        check_hold(service, after);
    if (table == AURORA__TABLE_stock)
        check_stock(world, after);
}

/* --- events ------------------------------------------------------------------------------- */

/* Kinds that are said once: what comes again is a repeat and says so. */
static const uint32_t said_once =
    1u << AURORA_EVENT_ORDER_CREATED | 1u << AURORA_EVENT_ORDER_COMPLETED |
    1u << AURORA_EVENT_ORDER_FAILED | 1u << AURORA_EVENT_ORDER_CANCELLED |
    1u << AURORA_EVENT_INVENTORY_RESERVED | 1u << AURORA_EVENT_INVENTORY_REJECTED |
    1u << AURORA_EVENT_INVENTORY_COMMITTED | 1u << AURORA_EVENT_INVENTORY_RELEASED |
    1u << AURORA_EVENT_INVENTORY_RETURNED | 1u << AURORA_EVENT_PAYMENT_AUTHORIZED |
    1u << AURORA_EVENT_PAYMENT_CAPTURED | 1u << AURORA_EVENT_PAYMENT_REFUNDED;

static bool is_both(const uint32_t *told, int32_t a, int32_t b)
{
    return told[a] > 0 && told[b] > 0;
}

void aurora__sim_check_event(aurora__sim_service *service, const aurora__event *event)
{
    aurora__sim_world *world = service->world;
    int32_t number = aurora__sim_order_of(world, &event->order_id);
    if (number < 0 || event->kind < 1 || event->kind >= 24) {
        aurora__sim_fail(world, AURORA__CHECK_codec, -1, "an event of kind %d of no order",
                         (int)event->kind);
        return;
    }
    aurora__sim_order *order = &world->orders[number];
    if (event->saga == NULL || event->saga->total_minor != order->total_minor)
        aurora__sim_fail(world, AURORA__CHECK_I12, number, "%s carries another total",
                         aurora_event_name(event->kind));
    if (event->is_resend)
        return;
    order->told[event->kind]++;
    aurora__sim_checking(world, AURORA__CHECK_I6);
    if (order->told[event->kind] > 1 && (said_once & 1u << event->kind) != 0)
        aurora__sim_fail(world, AURORA__CHECK_I6, number, "%s is told twice",
                         aurora_event_name(event->kind));
    aurora__sim_checking(world, AURORA__CHECK_I4);
    if (is_both(order->told, AURORA_EVENT_ORDER_FAILED, AURORA_EVENT_ORDER_CANCELLED) ||
        is_both(order->told, AURORA_EVENT_ORDER_FAILED, AURORA_EVENT_ORDER_COMPLETED) ||
        is_both(order->told, AURORA_EVENT_INVENTORY_RELEASED, AURORA_EVENT_INVENTORY_RETURNED) ||
        is_both(order->told, AURORA_EVENT_INVENTORY_RELEASED, AURORA_EVENT_INVENTORY_COMMITTED))
        aurora__sim_fail(world, AURORA__CHECK_I4, number, "%s contradicts what was told before",
                         aurora_event_name(event->kind));
}

uint8_t *aurora__sim_audit(aurora__sim_service *service, int64_t position)
{
    if (position >= service->audit_capacity) {
        int64_t capacity = position * 2 + 256;
        uint8_t *wider = aurora__sim_take(service->world, (size_t)capacity);
        if (service->audit_capacity > 0)
            memcpy(wider, service->audit, (size_t)service->audit_capacity);
        service->audit = wider;
        service->audit_capacity = capacity;
    }
    return &service->audit[position];
}

void aurora__sim_check_effect(aurora__sim_service *service, const aurora__sim_feed *feed,
                              const aurora__sim_message *message)
{
    aurora__sim_world *world = service->world;
    aurora__sim_service *source = &world->services[feed->source];
    uint8_t *audit = aurora__sim_audit(source, message->position);
    uint8_t bit = (uint8_t)(1u << feed->module);
    aurora__sim_checking(world, AURORA__CHECK_I6);
    if ((*audit & bit) != 0)
        aurora__sim_fail(world, AURORA__CHECK_I6, message->order, "%s took %s/%lld twice",
                         aurora__module_name(1u << feed->module), source->name,
                         (long long)message->position);
    *audit |= bit;
    aurora__sim_checking(world, AURORA__CHECK_I7);
    int64_t *last = &world->orders[message->order].last[feed->module][feed->topic];
    if (message->position < *last)
        aurora__sim_fail(world, AURORA__CHECK_I7, message->order, "%s took %s/%lld after %lld",
                         aurora__module_name(1u << feed->module), source->name,
                         (long long)message->position, (long long)*last);
    *last = message->position;
}

/* --- money -------------------------------------------------------------------------------- */

void aurora__sim_check_books(aurora__sim_world *world, int32_t number)
{
    const aurora__sim_order *order = &world->orders[number];
    const aurora__sim_books *books = &order->books;
    aurora__sim_checking(world, AURORA__CHECK_I2);
    if (books->captures > 1 || books->refunds > 1)
        aurora__sim_fail(world, AURORA__CHECK_I2, number, "captured %u times, refunded %u times",
                         books->captures, books->refunds);
    if (books->captured != 0 && books->captured != order->total_minor)
        aurora__sim_fail(world, AURORA__CHECK_I2, number, "captured %lld of %lld",
                         (long long)books->captured, (long long)order->total_minor);
    if (books->refunded > books->captured || (books->is_voided && books->captured > 0))
        aurora__sim_fail(world, AURORA__CHECK_I2, number, "captured %lld, refunded %lld, voided %d",
                         (long long)books->captured, (long long)books->refunded,
                         (int)books->is_voided);
}

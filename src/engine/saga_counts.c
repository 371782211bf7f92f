/* SPDX-License-Identifier: MIT */
#include "engine/saga_counts.h"

#include "core/order_machine.h"
#include "core/payment.h"
#include "core/payment_machine.h"
#include "core/step.h"
#include "core/transition.h"
#include "engine/trace.h"

#include <aurora/trace.h>

#define NS_OF_MS 1000000

/* --- labels ----------------------------------------------------------------------------------- */

const char *aurora__parked_by_name(uint32_t by)
{
    static const char *const names[] = {"inventory", "payment", "order"};
    return names[by];
}

const char *aurora__parked_why_name(uint32_t why)
{
    static const char *const names[] = {"poison", "attempts", "refused", "orphaned", "reported"};
    return names[why];
}

uint32_t aurora__parked_payment_why(const aurora__payment_row *payment)
{
    if (payment->state == AURORA__PAYMENT_ORPHANED && payment->call != AURORA__CALL_NONE)
        return AURORA__PARKED_ORPHANED;
    if (payment->verb == 0)
        return AURORA__PARKED_POISON;
    return payment->call == AURORA__CALL_NONE ? AURORA__PARKED_REFUSED : AURORA__PARKED_ATTEMPTS;
}

bool aurora__parked_is_possible(uint32_t modules, uint32_t by, uint32_t why)
{
    static const uint32_t owners[] = {AURORA__MODULE_INVENTORY, AURORA__MODULE_PAYMENT,
                                      AURORA__MODULE_ORDER};
    bool is_here = (modules & owners[by]) != 0;
    if (why == AURORA__PARKED_REPORTED)
        return !is_here && (modules & AURORA__MODULE_ORDER) != 0;
    return is_here && (why == AURORA__PARKED_POISON || by == AURORA__PARKED_BY_PAYMENT);
}

/* --- series ----------------------------------------------------------------------------------- */

static const char *status_name(int32_t status)
{
    return status == 0 ? "NONE" : aurora_order_status_name(status);
}

static void open_transitions(aurora__saga_counts *counts, aurora__registry *registry)
{
    static const aurora__family steps =
        AURORA__COUNTER_FAMILY_BY("aurora_saga_transitions_total",
                                  "Steps of orders from status to status, as stored; NONE "
                                  "is a new order.",
                                  "from", "to");
    for (int32_t from = 0; from <= AURORA_ORDER_CANCELLED; from++) {
        for (int32_t event = 1; event <= AURORA__ORDER_EVENTS; event++) {
            int32_t to = aurora_machine_next(&aurora__order_machine, from, event);
            if (to != from && to > 0 && to <= AURORA_ORDER_CANCELLED)
                counts->transitions[from][to] = aurora__registry_counter(
                    registry, &steps, AURORA__VALUES(status_name(from), status_name(to)));
        }
    }
    if (counts->transitions[0][AURORA_ORDER_PENDING] == NULL)
        counts->transitions[0][AURORA_ORDER_PENDING] = aurora__registry_counter(
            registry, &steps, AURORA__VALUES("NONE", status_name(AURORA_ORDER_PENDING)));
}

static void open_parked(aurora__saga_counts *counts, aurora__registry *registry)
{
    static const aurora__family parked =
        AURORA__COUNTER_FAMILY_BY("aurora_saga_parked_total",
                                  "Times that a participant gave up on a step of an order, by "
                                  "who and why.",
                                  "participant", "reason");
    for (uint32_t by = 0; by < AURORA__PARKED_BY_COUNT; by++) {
        for (uint32_t why = 0; why < AURORA__PARKED_WHY_COUNT; why++) {
            if (aurora__parked_is_possible(counts->modules, by, why))
                counts->parked[by][why] = aurora__registry_counter(
                    registry, &parked,
                    AURORA__VALUES(aurora__parked_by_name(by), aurora__parked_why_name(why)));
        }
    }
}

void aurora__saga_counts_open(aurora__saga_counts *counts, aurora__registry *registry,
                              uint32_t modules)
{
    static const aurora__family letters = AURORA__COUNTER_FAMILY(
        "aurora_dead_letters_total", "Events set aside: those that could not be taken, and those "
                                     "that came behind them.");
    static const aurora__family duration = AURORA__DURATION_FAMILY(
        "aurora_saga_duration_seconds", "Time from when an order was stored until stock and money "
                                        "agreed with its outcome.");
    static const aurora__family lag = AURORA__DURATION_FAMILY(
        "aurora_timer_lag_seconds", "How long after their time deadlines, repeats and expiries of "
                                    "orders and holds were stored.");
    counts->modules = modules;
    counts->dead_letters = aurora__registry_counter(registry, &letters, NULL);
    if ((modules & (AURORA__MODULE_ORDER | AURORA__MODULE_INVENTORY)) != 0)
        counts->timer_lag_ns = aurora__registry_histogram(registry, &lag, NULL);
    open_parked(counts, registry);
    if ((modules & AURORA__MODULE_ORDER) == 0)
        return;
    open_transitions(counts, registry);
    counts->duration_ns = aurora__registry_histogram(registry, &duration, NULL);
}

/* --- orders ----------------------------------------------------------------------------------- */

static void count_step(const aurora__saga_counts *counts, int64_t from, int64_t to)
{
    if (from == to || from < 0 || to <= 0 || from > AURORA_ORDER_CANCELLED ||
        to > AURORA_ORDER_CANCELLED)
        return;
    aurora__counter *counter = counts->transitions[from][to];
    if (counter != NULL)
        aurora__counter_add(counter, 1);
}

/* A batch may take an order several steps further: each stands in its history. */
static void count_steps(const aurora__saga_counts *counts, const aurora__order_row *before,
                        const aurora__order_row *after, aurora__arena *arena)
{
    int64_t status = before == NULL ? 0 : before->status;
    int64_t version = before == NULL ? 0 : before->version;
    if (status == after->status && after->version <= version + 1)
        return;
    if (before == NULL ? after->version <= 1 : after->version == version + 1) {
        count_step(counts, status, after->status);
        return;
    }
    aurora__transitions list;
    aurora__transition entry;
    aurora__transitions_begin(&list, after);
    while (aurora__transitions_next(&list, arena, &entry)) {
        if (entry.version <= version)
            continue;
        count_step(counts, status, entry.status);
        status = entry.status;
    }
}

/* Only a trace that is kept somewhere serves as an example. */
static void count_duration(const aurora__saga_counts *counts, const aurora__order_row *order)
{
    int64_t took_ms = order->settled_at - order->created_at;
    uint64_t took_ns = took_ms > 0 ? (uint64_t)took_ms * NS_OF_MS : 0;
    aurora_trace_context context;
    if (aurora__trace_is_sampled(order->traceparent) &&
        aurora__trace_read(order->traceparent, &context))
        aurora__histogram_add_traced(counts->duration_ns, took_ns, context.trace_id,
                                     order->settled_at);
    else
        aurora__histogram_add(counts->duration_ns, took_ns);
}

/* --- parked ----------------------------------------------------------------------------------- */

static void count_parked(const aurora__saga_counts *counts, uint32_t by, uint32_t why)
{
    if (counts->parked[by][why] != NULL)
        aurora__counter_add(counts->parked[by][why], 1);
}

/* Of this batch. Parks are rare: a look at each row will do. */
static const aurora__payment_row *find_payment(const aurora__rows *rows, const aurora_id *id)
{
    for (uint32_t i = 0; i < rows->touched.count; i++) {
        const aurora__row *row = rows->touched.items[i];
        const aurora__payment_row *payment = row->data;
        if (row->table == AURORA__TABLE_payment && row->is_found &&
            aurora_id_is_equal(payment->order_id, *id))
            return payment;
    }
    return NULL;
}

/* Where orders are, their flags tell of all participants. */
static void count_flags(const aurora__saga_counts *counts, const aurora__rows *rows, int64_t fresh,
                        const aurora_id *id)
{
    bool has_inventory = (counts->modules & AURORA__MODULE_INVENTORY) != 0;
    if ((fresh & AURORA__PARKED_INVENTORY) != 0)
        count_parked(counts, AURORA__PARKED_BY_INVENTORY,
                     has_inventory ? AURORA__PARKED_POISON : AURORA__PARKED_REPORTED);
    if ((fresh & AURORA__PARKED_PAYMENT) != 0) {
        const aurora__payment_row *payment = find_payment(rows, id);
        uint32_t why = (counts->modules & AURORA__MODULE_PAYMENT) == 0 ? AURORA__PARKED_REPORTED
                       : payment == NULL || payment->parked_at == 0
                           ? AURORA__PARKED_POISON
                           : aurora__parked_payment_why(payment);
        count_parked(counts, AURORA__PARKED_BY_PAYMENT, why);
    }
    if ((fresh & AURORA__PARKED_ORDER) != 0)
        count_parked(counts, AURORA__PARKED_BY_ORDER, AURORA__PARKED_POISON);
}

/* --- rows ------------------------------------------------------------------------------------- */

static void count_order(const aurora__saga_counts *counts, const aurora__rows *rows,
                        const aurora__row *row, aurora__arena *arena)
{
    const aurora__order_row *before = row->is_found_base ? row->base : NULL;
    const aurora__order_row *after = row->data;
    if (counts->duration_ns == NULL)
        return;
    count_steps(counts, before, after, arena);
    if (after->settled_at != 0 && (before == NULL || before->settled_at == 0))
        count_duration(counts, after);
    int64_t fresh = after->parked & ~(before == NULL ? 0 : before->parked);
    if (fresh != 0)
        count_flags(counts, rows, fresh, &after->id);
}

static void count_payment(const aurora__saga_counts *counts, const aurora__row *row)
{
    const aurora__payment_row *before = row->is_found_base ? row->base : NULL;
    const aurora__payment_row *after = row->data;
    if ((counts->modules & AURORA__MODULE_ORDER) == 0 && after->parked_at != 0 &&
        (before == NULL || before->parked_at == 0))
        count_parked(counts, AURORA__PARKED_BY_PAYMENT, aurora__parked_payment_why(after));
}

static void count_reservation(const aurora__saga_counts *counts, const aurora__row *row)
{
    const aurora__reservation_row *before = row->is_found_base ? row->base : NULL;
    const aurora__reservation_row *after = row->data;
    if ((counts->modules & AURORA__MODULE_ORDER) == 0 && after->parked_kind != 0 &&
        (before == NULL || before->parked_kind == 0))
        count_parked(counts, AURORA__PARKED_BY_INVENTORY, AURORA__PARKED_POISON);
}

void aurora__saga_counts_rows(const aurora__saga_counts *counts, const aurora__rows *rows,
                              aurora__arena *arena)
{
    for (uint32_t i = 0; i < rows->touched.count; i++) {
        const aurora__row *row = rows->touched.items[i];
        if (row->data == row->base || !row->is_found)
            continue;
        if (row->table == AURORA__TABLE_order)
            count_order(counts, rows, row, arena);
        else if (row->table == AURORA__TABLE_payment)
            count_payment(counts, row);
        else if (row->table == AURORA__TABLE_reservation)
            count_reservation(counts, row);
        else if (row->table == AURORA__TABLE_parked_event && !row->is_found_base)
            aurora__counter_add(counts->dead_letters, 1);
    }
}

void aurora__saga_counts_timer(const aurora__saga_counts *counts, int64_t due_ms, int64_t now_ms)
{
    if (counts->timer_lag_ns == NULL)
        return;
    int64_t late_ms = now_ms - due_ms;
    aurora__histogram_add(counts->timer_lag_ns, late_ms > 0 ? (uint64_t)late_ms * NS_OF_MS : 0);
}

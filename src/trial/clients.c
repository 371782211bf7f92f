/* SPDX-License-Identifier: MIT */
/* Customers and operators: orders with a key, again with the same key, with another body, cancels
 * at the worst time, and reads that must never go back. What a call acknowledged is written down
 * here, and nothing may take it away (I8). */
#include "trial/trial.h"

#include <string.h>

#define READ_FIRST_MS 500
#define READ_MAX_MS 60000
#define WORST_MS 1500 /* a cancel comes so soon after its order, half of the time */

/* --- what they will do ------------------------------------------------------------------------ */

static void plan_lines(aurora__trial *world, aurora__trial_order *order)
{
    order->line_count = 1 + aurora__trial_below(world, AURORA__TRIAL_LINES_MAX);
    for (uint32_t i = 0; i < order->line_count; i++) {
        uint32_t sku = aurora__trial_below(world, world->options.skus);
        order->lines[i].sku = world->skus[sku];
        order->lines[i].quantity = 1 + aurora__trial_below(world, 4);
        order->total_minor += order->lines[i].quantity * AURORA__TRIAL_PRICE * (int64_t)(sku + 1);
    }
}

static int64_t some_time_ms(aurora__trial *world)
{
    return (int64_t)aurora__trial_below(world, world->options.spread * 1000);
}

static void plan_order(aurora__trial *world, int32_t number)
{
    const aurora__trial_options *options = &world->options;
    aurora__trial_order *order = &world->orders[number];
    bool is_declined = aurora__trial_chance(world, options->decline, 100);
    snprintf(order->key, sizeof order->key, "order-%d", number);
    snprintf(order->method, sizeof order->method, "%s", is_declined ? "declined" : "card");
    order->read_pause_ms = READ_FIRST_MS;
    plan_lines(world, order);
    int64_t at_ms = 1000 + some_time_ms(world);
    aurora__trial_plan(world, AURORA__TRIAL_PLACE, number, at_ms);
    aurora__trial_plan(world, AURORA__TRIAL_READ, number, at_ms + READ_FIRST_MS);
    int64_t after_ms = aurora__trial_below(world, 2) == 0 ? aurora__trial_below(world, WORST_MS)
                                                          : some_time_ms(world);
    if (aurora__trial_chance(world, options->cancel, 100))
        aurora__trial_plan(world, AURORA__TRIAL_CANCEL, number, at_ms + after_ms);
    if (aurora__trial_chance(world, options->compensate, 100))
        aurora__trial_plan(world, AURORA__TRIAL_COMPENSATE, number, at_ms + after_ms);
    if (aurora__trial_chance(world, options->repeat, 100))
        aurora__trial_plan(world, AURORA__TRIAL_PLACE, number, at_ms + some_time_ms(world));
    if (aurora__trial_chance(world, options->repeat, 200))
        aurora__trial_plan(world, AURORA__TRIAL_OTHER_BODY, number, at_ms + some_time_ms(world));
}

void aurora__trial_clients_plan(aurora__trial *world)
{
    for (uint32_t i = 0; i < world->options.orders; i++)
        plan_order(world, (int32_t)i);
}

/* --- placing ---------------------------------------------------------------------------------- */

static void check_replay(aurora__trial *world, int32_t number, aurora_id id, bool is_replay)
{
    aurora__trial_order *order = &world->orders[number];
    aurora__trial_check(world, "I9");
    if (!order->is_acknowledged)
        return;
    if (!aurora_id_is_equal(order->id, id))
        aurora__trial_fail(world, number, "I9", "order %d: its key gives another order", number);
    else if (!is_replay)
        aurora__trial_fail(world, number, "I9", "order %d: its key was forgotten", number);
}

void aurora__trial_clients_hear(aurora__trial *world, int32_t number, aurora_status status,
                                aurora_id id, uint64_t version, bool is_replay)
{
    aurora__trial_order *order = &world->orders[number];
    aurora_sim_note(world, "order %d: placing answers %s%s", number, aurora_status_name(status),
                    is_replay ? ", again" : "");
    if (status == AURORA_OK) {
        check_replay(world, number, id, is_replay);
        order->is_acknowledged = true;
        order->id = id;
        if (version > order->version) {
            order->version = version;
            order->status = 0;
        }
        return;
    }
    bool is_unpriced = world->broker != NULL && status == AURORA_EUNKNOWNSKU; /* yet */
    if (!aurora_status_is_retriable(status) && !is_unpriced)
        aurora__trial_fail(world, number, "I9", "order %d: placing answers %s", number,
                           aurora_status_name(status));
    aurora__trial_plan(world, AURORA__TRIAL_PLACE, number, 100 + aurora__trial_below(world, 4000));
}

static void request_init(const aurora__trial_order *order, aurora_order_request *request)
{
    aurora_order_request_init(request);
    request->key = order->key;
    request->currency = "EUR";
    request->payment_method = order->method;
    request->customer_id = order->key;
    request->contact = "a@shop.example";
    request->lines = order->lines;
    request->line_count = order->line_count;
    request->flags = AURORA_ORDER_NO_WAIT;
}

static void queue_order(aurora__trial *world, int32_t number, const aurora_order_request *request)
{
    aurora__trial_instance *instance = &world->instances[world->current];
    uint64_t tag = (uint64_t)number;
    uint32_t accepted = 0;
    aurora_status rc = aurora_order_submit(instance->queue, &request, &tag, 1, &accepted);
    world->has_queued = true;
    if (rc == AURORA_OK && accepted == 1)
        world->orders[number].is_queued = instance->number + 1;
    else
        aurora__trial_clients_hear(world, number, rc, (aurora_id){{0}}, 0, false);
}

static void place(aurora__trial *world, aurora_t *shop)
{
    int32_t number = world->now.number;
    aurora__trial_order *order = &world->orders[number];
    aurora_order_request request;
    aurora_order *placed = NULL;
    if (order->is_queued != 0) {
        aurora__trial_again(world);
        return;
    }
    order->attempts++;
    request_init(order, &request);
    if (!world->is_nested && aurora__trial_chance(world, world->options.queue, 100)) {
        queue_order(world, number, &request);
        return;
    }
    aurora_status rc = aurora_order_place(shop, &request, &placed, NULL);
    aurora_id none = {{0}};
    aurora__trial_clients_hear(world, number, rc, placed == NULL ? none : placed->id,
                               placed == NULL ? 0 : placed->version,
                               placed != NULL && placed->is_replay);
    aurora_order_free(placed);
}

/* The same key for something else: refused, or not known yet; never taken. */
static void place_other(aurora__trial *world, aurora_t *shop)
{
    int32_t number = world->now.number;
    const aurora__trial_order *order = &world->orders[number];
    aurora_order_request request;
    aurora_order *placed = NULL;
    if (!order->is_acknowledged)
        return;
    request_init(order, &request);
    request.payment_method = "another card";
    aurora_status rc = aurora_order_place(shop, &request, &placed, NULL);
    aurora_sim_note(world, "order %d: another request with its key answers %s", number,
                    aurora_status_name(rc));
    aurora__trial_check(world, "I9");
    if (rc != AURORA_EKEYREUSED && !aurora_status_is_retriable(rc))
        aurora__trial_fail(world, number, "I9", "order %d: another request with its key answers %s",
                           number, aurora_status_name(rc));
    aurora_order_free(placed);
}

/* --- reading ---------------------------------------------------------------------------------- */

/* What an outcome may still become. */
static bool may_follow(int32_t before, int32_t after)
{
    return before == 0 || before == after ||
           (before == AURORA_ORDER_COMPLETED && after == AURORA_ORDER_CANCELLED);
}

static void check_read(aurora__trial *world, int32_t number, const aurora_order *read)
{
    const aurora__trial_order *order = &world->orders[number];
    aurora__trial_check(world, "I8");
    if (read->version < order->version)
        aurora__trial_fail(world, number, "I8", "order %d: version %llu was seen, now it is %llu",
                           number, (unsigned long long)order->version,
                           (unsigned long long)read->version);
    else if (!may_follow(order->outcome, read->outcome))
        aurora__trial_fail(world, number, "I8", "order %d: was %s, is %s", number,
                           aurora_order_status_name(order->outcome),
                           aurora_order_status_name(read->outcome));
    else if (read->version == order->version && order->status != 0 && order->status != read->status)
        aurora__trial_fail(world, number, "I13", "order %d: version %llu is %s and %s", number,
                           (unsigned long long)read->version,
                           aurora_order_status_name(order->status),
                           aurora_order_status_name(read->status));
    aurora__trial_check(world, "I12");
    if (read->total_minor != order->total_minor)
        aurora__trial_fail(world, number, "I12", "order %d: its total is %lld, not %lld", number,
                           (long long)read->total_minor, (long long)order->total_minor);
}

static void note_read(aurora__trial *world, int32_t number, const aurora_order *read)
{
    aurora__trial_order *order = &world->orders[number];
    check_read(world, number, read);
    if (read->version != order->version || read->status != order->status)
        aurora_sim_note(world, "order %d: version %llu, %s%s%s", number,
                        (unsigned long long)read->version, aurora_order_status_name(read->status),
                        read->reason == 0 ? "" : " ", aurora_reason_name(read->reason));
    order->version = read->version;
    order->status = read->status;
    order->outcome = read->outcome;
    order->parked = read->parked;
    order->is_settled = read->settled_at_ms != 0;
}

static void read_order(aurora__trial *world, aurora_t *shop)
{
    int32_t number = world->now.number;
    aurora__trial_order *order = &world->orders[number];
    aurora_order *read = NULL;
    aurora_status rc = AURORA_OK;
    if (order->is_acknowledged)
        rc = aurora_order_get(shop, order->id, &read);
    if (rc != AURORA_OK && !aurora_status_is_retriable(rc))
        aurora__trial_fail(world, number, "I8", "order %d was acknowledged; reading it answers %s",
                           number, aurora_status_name(rc));
    if (read != NULL)
        note_read(world, number, read);
    aurora_order_free(read);
    if (order->is_settled && world->is_calm)
        return;
    aurora__trial_plan(world, AURORA__TRIAL_READ, number, order->read_pause_ms);
    if (order->read_pause_ms < READ_MAX_MS)
        order->read_pause_ms *= 2;
}

/* --- withdrawing ------------------------------------------------------------------------------ */

static void withdraw(aurora__trial *world, aurora_t *shop)
{
    int32_t number = world->now.number;
    aurora__trial_order *order = &world->orders[number];
    if (!order->is_acknowledged) {
        aurora__trial_again(world);
        return;
    }
    bool is_cancel = world->now.kind == AURORA__TRIAL_CANCEL;
    aurora_status rc =
        is_cancel ? aurora_order_cancel(shop, order->id, AURORA_REASON_CUSTOMER, NULL, NULL, NULL)
                  : aurora_saga_repair(shop,
                                       AURORA_REPAIR(.action = AURORA_REPAIR_COMPENSATE,
                                                     .order_id = order->id, .actor = "operator"),
                                       NULL);
    aurora_sim_note(world, "order %d: %s answers %s", number, is_cancel ? "cancel" : "compensate",
                    aurora_status_name(rc));
    if (rc == AURORA_OK) {
        order->is_cancelled |= is_cancel;
        order->is_given_up |= !is_cancel;
        order->is_settled = false; /* as far as anybody knows */
        aurora__trial_plan(world, AURORA__TRIAL_READ, number, READ_FIRST_MS);
    } else if (aurora_status_is_retriable(rc)) {
        aurora__trial_again(world);
    } else if (rc != AURORA_EFINAL && rc != AURORA_EPARKED && rc != AURORA_ECONFLICT) {
        aurora__trial_fail(world, number, "I8", "order %d was acknowledged; %s answers %s", number,
                           is_cancel ? "cancel" : "compensate", aurora_status_name(rc));
    }
}

void aurora__trial_clients_act(aurora__trial *world, aurora_t *shop)
{
    switch (world->now.kind) {
    case AURORA__TRIAL_PLACE:
        place(world, shop);
        break;
    case AURORA__TRIAL_OTHER_BODY:
        place_other(world, shop);
        break;
    case AURORA__TRIAL_READ:
        read_order(world, shop);
        break;
    default:
        withdraw(world, shop);
    }
}

/* --- the end of it ---------------------------------------------------------------------------- */

static void check_history(aurora__trial *world, int32_t number, aurora_t *shop)
{
    aurora_history *history = NULL;
    const aurora__trial_order *order = &world->orders[number];
    aurora_status rc = aurora_order_history(shop, order->id, &history);
    aurora__trial_check(world, "I13");
    if (rc != AURORA_OK) {
        aurora__trial_fail(world, number, "I13", "order %d: its history answers %s", number,
                           aurora_status_name(rc));
        return;
    }
    for (uint32_t i = 1; i < history->count && history->dropped_count == 0; i++) {
        if (history->items[i]->version != history->items[i - 1]->version + 1)
            aurora__trial_fail(world, number, "I13", "order %d: its history goes from %llu to %llu",
                               number, (unsigned long long)history->items[i - 1]->version,
                               (unsigned long long)history->items[i]->version);
    }
    if (history->count > 0 && history->items[history->count - 1]->version != order->version)
        aurora__trial_fail(world, number, "I13", "order %d: its history ends before it", number);
    aurora_history_free(history);
}

static void check_money(aurora__trial *world, int32_t number)
{
    const aurora__trial_order *order = &world->orders[number];
    aurora_sim_account account = {0};
    world->provider->account(world->provider->self, order->id, &account);
    int64_t kept = account.captured_minor - account.refunded_minor;
    bool is_blocked =
        account.authorized_minor > 0 && account.captures == 0 && account.is_voided == 0;
    bool is_bought = order->outcome == AURORA_ORDER_COMPLETED;
    aurora__trial_check(world, is_bought ? "I2" : "I4");
    if (is_bought && (kept != order->total_minor || account.captures != 1))
        aurora__trial_fail(world, number, "I2",
                           "order %d: COMPLETED for %lld, the provider took %lld in %u captures",
                           number, (long long)order->total_minor, (long long)kept,
                           account.captures);
    if (!is_bought && (kept != 0 || is_blocked))
        aurora__trial_fail(world, number, "I4", "order %d: %s, and the provider %s %lld", number,
                           aurora_order_status_name(order->outcome), kept != 0 ? "kept" : "holds",
                           (long long)(kept != 0 ? kept : account.authorized_minor));
}

/* An acknowledged cancel stands; one of an operator's that failed the order does too. */
static void check_withdrawn(aurora__trial *world, int32_t number)
{
    const aurora__trial_order *order = &world->orders[number];
    aurora__trial_check(world, "I8");
    if (order->is_cancelled && order->outcome != AURORA_ORDER_CANCELLED)
        aurora__trial_fail(world, number, "I8", "order %d: its cancel was acknowledged, it is %s",
                           number, aurora_order_status_name(order->outcome));
    if (order->is_given_up && order->outcome == AURORA_ORDER_COMPLETED)
        aurora__trial_fail(world, number, "I8", "order %d: was given up, it is COMPLETED", number);
}

void aurora__trial_check_orders(aurora__trial *world, aurora_t *shop)
{
    aurora_sim_report *report = world->report;
    for (uint32_t i = 0; i < world->options.orders && report->is_failed == 0; i++) {
        int32_t number = (int32_t)i;
        check_money(world, number);
        check_withdrawn(world, number);
        check_history(world, number, shop);
        report->orders++;
        report->completed += world->orders[i].outcome == AURORA_ORDER_COMPLETED;
        report->failed += world->orders[i].outcome == AURORA_ORDER_FAILED;
        report->cancelled += world->orders[i].outcome == AURORA_ORDER_CANCELLED;
    }
}

bool aurora__trial_is_done(const aurora__trial *world, bool may_be_parked)
{
    for (uint32_t i = 0; i < world->options.orders; i++) {
        const aurora__trial_order *order = &world->orders[i];
        bool is_parked = may_be_parked && order->parked != 0;
        if (!order->is_acknowledged || order->is_queued != 0 || (!order->is_settled && !is_parked))
            return false;
    }
    for (uint32_t i = 0; i < world->options.moves; i++) {
        if (!world->moves[i].is_done)
            return false;
    }
    for (uint32_t i = 0; i < world->options.holds; i++) {
        if (!world->holds[i].is_ended)
            return false;
    }
    if (aurora__trial_is_waiting(world) || !aurora__trial_bus_is_empty(world))
        return false;
    return world->workload == NULL || world->steps_done == world->workload->steps;
}

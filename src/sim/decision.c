/* SPDX-License-Identifier: MIT */
/* One command of a batch, as the engine would run it: its keys, its decision, its cascade; again
 * when a row was missing. */
#include "sim/world.h"

#include "codec/log.h"
#include "core/simulator.h"

#include <aurora/event.h>
#include <aurora/saga.h>

#define LEASE_MS 30000
#define ROUNDS_MAX 64

static aurora_status place(const aurora__sim_turn *t)
{
    aurora__sim_world *world = t->service->world;
    const aurora__sim_order *order = &world->orders[t->command->order];
    uint32_t line;
    aurora__place request = {.id = t->command->id,
                             .has_own_prices = true,
                             .reference = order->reference,
                             .customer_id = "c-1",
                             .contact = "c@example.com",
                             .currency = "EUR",
                             .payment_method = order->method,
                             .charges = order->charges_minor == 0 ? NULL : "[[2,\"\",1]]",
                             .charges_minor = order->charges_minor,
                             .lines = order->lines,
                             .line_count = order->line_count};
    aurora_status rc = aurora__order_place_keys(t->step, &request);
    if (rc != AURORA_OK)
        return rc;
    return aurora__order_place(t->step, &request, &t->command->task.order_id, &line);
}

/* --- stock -------------------------------------------------------------------------------- */

static aurora_status move_stock(const aurora__sim_turn *t)
{
    const aurora__sim_stock_act *act = &t->service->world->moves[t->command->order];
    aurora__movement movement = {.kind = act->quantity > 0 ? 1 : 2,
                                 .scope = "sim",
                                 .key = act->key,
                                 .sku = act->sku,
                                 .quantity = act->quantity * (t->command->is_other ? 2 : 1)};
    aurora__stock_row stock;
    aurora_status rc = aurora__stock_move_keys(t->step, &movement);
    return rc != AURORA_OK ? rc : aurora__stock_move(t->step, &movement, &stock);
}

/* The row borrows the request until it is saved. */
static aurora_status hold_stock(const aurora__sim_turn *t)
{
    const aurora__sim_stock_act *act = &t->service->world->holds[t->command->order];
    aurora__hold_line line = {.sku = act->sku,
                              .quantity = act->quantity * (t->command->is_other ? 2 : 1)};
    aurora__hold *hold = aurora__arena_zero(t->step->arena, sizeof *hold);
    hold->scope = "sim";
    hold->key = act->key;
    hold->lines = &line;
    hold->line_count = 1;
    hold->ttl_ms = 20000;
    memcpy(hold->request_hash, &line.quantity, sizeof line.quantity); /* the SKU is the key's */
    aurora_status rc = aurora__hold_reserve_keys(t->step, hold);
    return rc != AURORA_OK ? rc : aurora__hold_reserve(t->step, hold, &t->command->result);
}

static aurora_status end_hold(const aurora__sim_turn *t)
{
    const char *key = t->service->world->holds[t->command->order].key;
    bool is_expired = false;
    aurora_status rc = aurora__hold_keys(t->step, "sim", key);
    if (rc != AURORA_OK)
        return rc;
    switch (t->command->kind) {
    case AURORA__SIM_DO_HOLD_COMMIT:
        rc = aurora__hold_commit(t->step, "sim", key, &is_expired);
        t->command->result = is_expired;
        return rc;
    case AURORA__SIM_DO_HOLD_RELEASE:
        return aurora__hold_release(t->step, "sim", key);
    default:
        return aurora__hold_expire(t->step, "sim", key);
    }
}

/* --- payments ----------------------------------------------------------------------------- */

static aurora_status simulate(const aurora__sim_turn *t)
{
    aurora__simulator_answers answers = {.count = 0};
    aurora__arena *arena = &t->service->world->memory.arena;
    aurora_status rc = aurora__simulator_keys(t->step, &t->command->task.order_id);
    if (rc == AURORA_OK)
        rc = aurora__simulator_call(t->step, &t->command->task, &answers);
    t->command->answer_count = rc == AURORA_OK ? answers.count : 0;
    for (uint32_t i = 0; i < t->command->answer_count; i++) {
        aurora__payment_result *answer = &t->command->answers[i];
        *answer = answers.items[i];
        answer->provider_reference = aurora__arena_text(arena, answer->provider_reference);
        answer->code = aurora__arena_text(arena, answer->code);
    }
    return rc;
}

static aurora_status repair(const aurora__sim_turn *t)
{
    const aurora__sim_command *command = t->command;
    return aurora__order_repair(t->step, &(aurora__repair){.order_id = command->id,
                                                           .action = command->action,
                                                           .participant = command->participant,
                                                           .result = command->result,
                                                           .actor = "operator",
                                                           .note = "simulated"});
}

static aurora_status run(const aurora__sim_turn *t)
{
    aurora__sim_command *command = t->command;
    switch (command->kind) {
    case AURORA__SIM_DO_PLACE:
        return place(t);
    case AURORA__SIM_DO_CANCEL:
        return aurora__order_cancel(t->step, &command->id, AURORA_REASON_CUSTOMER, NULL, NULL);
    case AURORA__SIM_DO_REPAIR:
        return repair(t);
    case AURORA__SIM_DO_MOVE:
        return move_stock(t);
    case AURORA__SIM_DO_HOLD:
        return hold_stock(t);
    case AURORA__SIM_DO_HOLD_COMMIT:
    case AURORA__SIM_DO_HOLD_RELEASE:
    case AURORA__SIM_DO_HOLD_EXPIRE:
        return end_hold(t);
    case AURORA__SIM_DO_ORDER_DUE:
        return aurora__order_due(t->step, &command->id);
    case AURORA__SIM_DO_TAKE:
        return aurora__payment_take(t->step, &command->id, LEASE_MS, &command->task,
                                    &command->is_new);
    case AURORA__SIM_DO_SIMULATE:
        return simulate(t);
    case AURORA__SIM_DO_FINISH:
        return aurora__payment_finish(t->step, &command->id, &command->answers[0]);
    case AURORA__SIM_DO_GIVE_BACK:
        return aurora__payment_give_back(t->step, &command->task.id, command->task.lease_at,
                                         command->task.is_query, 3000);
    case AURORA__SIM_DO_DELIVER:
        return aurora__sim_deliver(t);
    default:
        return aurora__sim_redrive(t);
    }
}

/* The rows that the order's modules may want, and what an atomic cascade set aside. */
static aurora_status run_whole(const aurora__sim_turn *t)
{
    bool is_delivery =
        t->command->kind == AURORA__SIM_DO_DELIVER || t->command->kind == AURORA__SIM_DO_REDRIVE;
    aurora_status rc = run(t);
    if (rc == AURORA_OK && !is_delivery)
        rc = aurora__cascade_run(t->step, 0);
    for (uint32_t i = 0; rc == AURORA_OK && i < t->step->parked_count; i++) {
        const aurora__parked *parked = &t->step->parked[i];
        if (parked->error != AURORA_OK)
            aurora__sim_fail(t->service->world, AURORA__CHECK_I3, t->command->order,
                             "%s cannot take %s of its own engine: status %d",
                             aurora__module_name(parked->module),
                             aurora_event_name(parked->event->kind), (int)parked->error);
        rc = aurora__sim_set_aside(t, parked->module, parked->event);
    }
    return rc;
}

static bool is_about_an_order(const aurora__sim_command *command)
{
    switch (command->kind) {
    case AURORA__SIM_DO_PLACE:
    case AURORA__SIM_DO_MOVE:
    case AURORA__SIM_DO_HOLD:
    case AURORA__SIM_DO_HOLD_COMMIT:
    case AURORA__SIM_DO_HOLD_RELEASE:
    case AURORA__SIM_DO_HOLD_EXPIRE:
        return false;
    default:
        return command->order >= 0;
    }
}

/* Wants the rows that the command will ask for, as far as that is known. */
static void want(const aurora__sim_turn *t)
{
    const aurora__sim_command *command = t->command;
    aurora__rows *rows = t->step->rows;
    if (command->kind == AURORA__SIM_DO_DELIVER &&
        (aurora__sim_is_known(t) || !aurora__sim_is_for_module(t)))
        return;
    if (!is_about_an_order(command))
        return;
    /* The rows of the first round say which stock the second one needs. */
    int rounds = (t->service->modules & AURORA__MODULE_INVENTORY) != 0 ? 2 : 1;
    for (int i = 0; i < rounds; i++) {
        aurora__saga_keys(t->step, &t->service->world->orders[command->order].id);
        if (rows->wanted.count == 0)
            return;
        aurora__sim_store_load(t->service);
    }
}

void aurora__sim_decide(aurora__sim_service *service, aurora__sim_command *command,
                        aurora__step *step)
{
    aurora__rows *rows = &service->rows;
    aurora__sim_turn t = {service, command, step};
    for (int round = 0; round < ROUNDS_MAX; round++) {
        memset(step, 0, sizeof *step);
        step->rows = rows;
        step->arena = &service->batch.arena;
        step->policy = &service->policy;
        step->now_ms = service->clock_ms;
        step->has_parked_keys = service->parked_keys != 0;
        if (round == 0)
            want(&t);
        uint32_t outer = aurora__rows_mark(rows);
        command->status = run_whole(&t);
        if (command->status == AURORA_OK) {
            aurora__rows_keep(rows, outer);
            return;
        }
        aurora__rows_undo(rows, outer);
        step->event_count = 0;
        step->parked_count = 0;
        if (command->status != AURORA__NEED_KEYS)
            return;
        aurora__sim_checking(service->world, AURORA__CHECK_keys);
        service->world->report->rounds_missed++;
        aurora__sim_store_load(service);
    }
    aurora__sim_fail(service->world, AURORA__CHECK_keys, command->order,
                     "asks for rows without end");
}

/* SPDX-License-Identifier: MIT */
/* Clients that order, cancel and ask again when they heard nothing; a warehouse that counts; and
 * operators who help what is parked. */
#include "sim/world.h"

#include "core/payment_machine.h"

#include <aurora/event.h>
#include <aurora/saga.h>

/* --- what they intend --------------------------------------------------------------------- */

static void plan(aurora__sim_world *world, int32_t kind, int32_t number, int64_t at_ms)
{
    aurora__sim_agenda_add(world,
                           (aurora__sim_item){.at_ms = at_ms, .kind = kind, .order = number});
}

static void plan_later(aurora__sim_world *world, int32_t kind, int32_t number)
{
    plan(world, kind, number, world->now_ms + 100 + aurora__sim_below(world, 4000));
}

static const char *draw_method(aurora__sim_world *world)
{
    static const char *const methods[] = {
        "tok_visa",         "tok_visa",      "tok_visa", "tok_approve", "tok_decline",
        "tok_decline_lost", "tok_duplicate", "tok_visa", "tok_timeout", "tok_timeout_approve"};
    return methods[aurora__sim_below(world, 10)];
}

static void draw_order(aurora__sim_world *world, int32_t number)
{
    aurora__sim_order *order = &world->orders[number];
    order->reference = aurora__sim_text(world, "ref-%d", (int)number);
    order->method = draw_method(world);
    order->is_silent = aurora__sim_fault(world, AURORA__OPTION_never);
    order->line_count = 1 + aurora__sim_below(world, 3);
    order->charges_minor = aurora__sim_below(world, 4) == 0;
    order->total_minor = order->charges_minor;
    for (uint32_t i = 0; i < order->line_count; i++) {
        int64_t price = aurora__sim_below(world, 20) == 0 ? 0 : 1 + aurora__sim_below(world, 5000);
        int64_t quantity = 1 + aurora__sim_below(world, 4);
        order->lines[i] =
            (aurora__place_line){.sku = world->skus[aurora__sim_below(world, world->options.skus)],
                                 .quantity = quantity,
                                 .unit_price_minor = price};
        order->total_minor += price * quantity;
    }
}

static void plan_order(aurora__sim_world *world, int32_t number)
{
    const aurora__sim_options *options = &world->options;
    int64_t at = world->now_ms + 1 + aurora__sim_below(world, options->spread);
    draw_order(world, number);
    plan(world, AURORA__SIM_PLACE, number, at);
    if (aurora__sim_fault(world, AURORA__OPTION_impatient))
        plan(world, AURORA__SIM_PLACE, number, at + aurora__sim_below(world, 400));
    if (aurora__sim_below(world, 100) < options->cancel)
        plan(world, AURORA__SIM_CANCEL, number, at + aurora__sim_below(world, 60000));
    if (aurora__sim_below(world, 100) < options->compensate)
        plan(world, AURORA__SIM_COMPENSATE, number, at + aurora__sim_below(world, 90000));
    if (aurora__sim_below(world, 100) < options->retry)
        plan(world, AURORA__SIM_RETRY, number, at + aurora__sim_below(world, 120000));
}

static void plan_stock(aurora__sim_world *world)
{
    const aurora__sim_options *options = &world->options;
    uint32_t later = options->orders * options->moves / 100;
    world->move_count = options->skus + later;
    world->moves = aurora__sim_take(world, world->move_count * sizeof *world->moves);
    for (uint32_t i = 0; i < world->move_count; i++) {
        aurora__sim_stock_act *act = &world->moves[i];
        bool is_first = i < options->skus;
        act->key = aurora__sim_text(world, "move-%u", i);
        act->sku = world->skus[is_first ? i : aurora__sim_below(world, options->skus)];
        act->quantity = is_first ? options->stock + 1 : (int64_t)aurora__sim_below(world, 30) - 12;
        if (act->quantity == 0)
            act->quantity = 1;
        plan(world, AURORA__SIM_MOVE, (int32_t)i,
             world->now_ms + (is_first ? 0 : aurora__sim_below(world, options->spread)));
    }
    world->hold_count = options->orders * options->holds / 100;
    world->holds = aurora__sim_take(world, (world->hold_count + 1) * sizeof *world->holds);
    for (uint32_t i = 0; i < world->hold_count; i++) {
        aurora__sim_stock_act *act = &world->holds[i];
        int64_t at = world->now_ms + aurora__sim_below(world, options->spread);
        act->key = aurora__sim_text(world, "hold-%u", i);
        act->sku = world->skus[aurora__sim_below(world, options->skus)];
        act->quantity = 1 + aurora__sim_below(world, 4);
        plan(world, AURORA__SIM_HOLD, (int32_t)i, at);
        plan(world, AURORA__SIM_HOLD_END, (int32_t)i, at + aurora__sim_below(world, 30000));
    }
}

void aurora__sim_people_init(aurora__sim_world *world)
{
    for (uint32_t i = 0; i < world->options.skus; i++)
        world->skus[i] = aurora__sim_text(world, "SKU-%u", i);
    world->orders = aurora__sim_take(world, world->options.orders * sizeof *world->orders);
    plan_stock(world);
    for (uint32_t i = 0; i < world->options.orders; i++)
        plan_order(world, (int32_t)i);
}

/* --- what they do ------------------------------------------------------------------------- */

static void send(aurora__sim_world *world, uint32_t module, const aurora__sim_command *command,
                 const aurora__sim_item *item)
{
    if (!aurora__sim_service_send(aurora__sim_service_of(world, module), command) &&
        !item->is_other)
        plan_later(world, item->kind, item->order);
}

static void send_place(aurora__sim_world *world, const aurora__sim_item *item)
{
    aurora__sim_order *order = &world->orders[item->order];
    order->attempts++;
    aurora_id id = aurora__sim_order_id(world, item->order);
    if (!order->is_acknowledged)
        order->id = id;
    send(world, AURORA__MODULE_ORDER,
         &(aurora__sim_command){.kind = AURORA__SIM_DO_PLACE, .order = item->order, .id = id},
         item);
}

static void send_about_order(aurora__sim_world *world, const aurora__sim_item *item)
{
    const aurora__sim_order *order = &world->orders[item->order];
    if (!order->is_acknowledged) {
        plan_later(world, item->kind, item->order);
        return;
    }
    bool is_cancel = item->kind == AURORA__SIM_CANCEL;
    aurora__sim_command command = {.kind =
                                       is_cancel ? AURORA__SIM_DO_CANCEL : AURORA__SIM_DO_REPAIR,
                                   .order = item->order,
                                   .id = order->id,
                                   .action = AURORA_REPAIR_COMPENSATE};
    if (is_cancel && AURORA_PLANT(TELL_LATE))
        world->orders[item->order].is_cancel_acknowledged = true;
    else
        send(world, AURORA__MODULE_ORDER, &command, item);
}

static void send_about_stock(aurora__sim_world *world, const aurora__sim_item *item)
{
    aurora__sim_command command = {
        .kind = AURORA__SIM_DO_MOVE, .order = item->order, .is_other = item->is_other};
    if (item->kind == AURORA__SIM_HOLD)
        command.kind = AURORA__SIM_DO_HOLD;
    if (item->kind == AURORA__SIM_HOLD_END) {
        uint32_t choice = aurora__sim_below(world, 3);
        if (choice == 0)
            return; /* it will expire */
        command.kind = choice == 1 ? AURORA__SIM_DO_HOLD_COMMIT : AURORA__SIM_DO_HOLD_RELEASE;
    }
    send(world, AURORA__MODULE_INVENTORY, &command, item);
}

static bool help(aurora__sim_world *world, int32_t number);

void aurora__sim_people_act(aurora__sim_world *world, const aurora__sim_item *item)
{
    switch (item->kind) {
    case AURORA__SIM_PLACE:
        send_place(world, item);
        break;
    case AURORA__SIM_CANCEL:
    case AURORA__SIM_COMPENSATE:
        send_about_order(world, item);
        break;
    case AURORA__SIM_RETRY:
        help(world, item->order);
        break;
    default:
        send_about_stock(world, item);
        break;
    }
}

/* --- what they learn ---------------------------------------------------------------------- */

static void hear_place(aurora__sim_world *world, const aurora__sim_command *command)
{
    aurora__sim_order *order = &world->orders[command->order];
    aurora_id id = command->status == AURORA_ETAKEN ? command->task.order_id : command->id;
    aurora__sim_checking(world, AURORA__CHECK_I9);
    if (order->is_acknowledged && memcmp(&order->id, &id, sizeof id) != 0)
        aurora__sim_fail(world, AURORA__CHECK_I9, command->order,
                         "one reference is answered with two orders");
    order->is_acknowledged = true;
    order->id = id;
    if (command->status != AURORA_ETAKEN && command->status != AURORA_OK)
        aurora__sim_fail(world, AURORA__CHECK_I8, command->order, "placing answers %d",
                         (int)command->status);
}

/* A key that is known, with another body: refused, and nothing of it done. */
static void hear_act(aurora__sim_world *world, const aurora__sim_command *command)
{
    bool is_move = command->kind == AURORA__SIM_DO_MOVE;
    aurora__sim_stock_act *act = &(is_move ? world->moves : world->holds)[command->order];
    if (command->is_other) {
        aurora__sim_checking(world, AURORA__CHECK_I9);
        if (command->status != AURORA_EKEYREUSED)
            aurora__sim_fail(world, AURORA__CHECK_I9, -1, "%s with another body answers %d",
                             act->key, (int)command->status);
        return;
    }
    act->is_done = command->status == AURORA_OK;
    act->state = command->result;
    if (act->is_done && aurora__sim_fault(world, AURORA__OPTION_mismatch))
        aurora__sim_agenda_add(
            world, (aurora__sim_item){.at_ms = world->now_ms + aurora__sim_below(world, 30000),
                                      .kind = is_move ? AURORA__SIM_MOVE : AURORA__SIM_HOLD,
                                      .order = command->order,
                                      .is_other = true});
}

void aurora__sim_people_see(aurora__sim_world *world, const aurora__event *event)
{
    switch (event->kind) {
    case AURORA_EVENT_INVENTORY_RESERVED:
    case AURORA_EVENT_PAYMENT_AUTHORIZED:
    case AURORA_EVENT_ORDER_COMPLETED:
    case AURORA_EVENT_INVENTORY_COMMITTED:
    case AURORA_EVENT_PAYMENT_CAPTURED:
        break;
    default:
        return;
    }
    if (!event->is_resend && aurora__sim_fault(world, AURORA__OPTION_worst))
        plan(world, AURORA__SIM_CANCEL, aurora__sim_order_of(world, &event->order_id),
             world->now_ms + aurora__sim_below(world, 30));
}

void aurora__sim_people_hear(aurora__sim_world *world, const aurora__sim_command *command)
{
    switch (command->kind) {
    case AURORA__SIM_DO_PLACE:
        hear_place(world, command);
        break;
    case AURORA__SIM_DO_CANCEL:
        if (command->status == AURORA_OK)
            world->orders[command->order].is_cancel_acknowledged = true;
        else if (command->status == AURORA_EPARKED && !world->is_safe)
            plan_later(world, AURORA__SIM_CANCEL, command->order);
        break;
    case AURORA__SIM_DO_MOVE:
    case AURORA__SIM_DO_HOLD:
        hear_act(world, command);
        break;
    default:
        break;
    }
}

/* No answer came: whoever has a key asks again. */
void aurora__sim_people_lose(aurora__sim_world *world, const aurora__sim_command *command)
{
    switch (command->kind) {
    case AURORA__SIM_DO_PLACE:
        plan_later(world, AURORA__SIM_PLACE, command->order);
        break;
    case AURORA__SIM_DO_CANCEL:
        plan_later(world, AURORA__SIM_CANCEL, command->order);
        break;
    case AURORA__SIM_DO_MOVE:
        if (!command->is_other)
            plan_later(world, AURORA__SIM_MOVE, command->order);
        break;
    case AURORA__SIM_DO_HOLD:
        if (!command->is_other)
            plan_later(world, AURORA__SIM_HOLD, command->order);
        break;
    default:
        break;
    }
}

/* --- operators ---------------------------------------------------------------------------- */

static void redrive(aurora__sim_world *world, uint32_t module, int32_t number)
{
    char id[AURORA_ID_TEXT_BYTES];
    aurora__sim_service *service = aurora__sim_service_of(world, module);
    aurora_id_format(world->orders[number].id, id);
    aurora__key key = aurora__key_texts(AURORA__TABLE_parked_key, aurora__module_name(module), id);
    if (aurora__sim_store_get(&service->store, &key) == NULL)
        return;
    aurora__sim_service_send(service, &(aurora__sim_command){.kind = AURORA__SIM_DO_REDRIVE,
                                                             .order = number,
                                                             .id = world->orders[number].id,
                                                             .result = (int32_t)module});
}

/* An operator who looks into the provider's books tells what the payment cannot find out. */
static void repair_payment(aurora__sim_world *world, int32_t number)
{
    const aurora__sim_order *order = &world->orders[number];
    aurora__sim_command command = {.kind = AURORA__SIM_DO_REPAIR,
                                   .order = number,
                                   .id = order->id,
                                   .action = AURORA_REPAIR_RETRY,
                                   .participant = AURORA_PARTICIPANT_PAYMENT};
    const aurora__payment_row *row = aurora__sim_row_of(
        aurora__sim_service_of(world, AURORA__MODULE_PAYMENT), AURORA__TABLE_payment, &order->id);
    bool is_void = row != NULL && (row->state == AURORA__PAYMENT_VOIDING ||
                                   row->state == AURORA__PAYMENT_REVERSING);
    if (is_void && order->books.captured > 0) {
        command.action = AURORA_REPAIR_MARK;
        command.result = AURORA_RESULT_CAPTURED;
    }
    aurora__sim_service_send(aurora__sim_service_of(world, AURORA__MODULE_ORDER), &command);
}

static bool help(aurora__sim_world *world, int32_t number)
{
    const aurora__order_row *row =
        aurora__sim_row_of(aurora__sim_service_of(world, AURORA__MODULE_ORDER), AURORA__TABLE_order,
                           &world->orders[number].id);
    if (row == NULL || row->parked == 0)
        return false;
    for (uint32_t i = 0; i < AURORA__SIM_MODULES; i++)
        redrive(world, 1u << i, number);
    if ((row->parked & AURORA__PARKED_PAYMENT) != 0)
        repair_payment(world, number);
    if ((row->parked & AURORA__PARKED_INVENTORY) != 0)
        aurora__sim_service_send(
            aurora__sim_service_of(world, AURORA__MODULE_ORDER),
            &(aurora__sim_command){.kind = AURORA__SIM_DO_REPAIR,
                                   .order = number,
                                   .id = world->orders[number].id,
                                   .action = AURORA_REPAIR_RETRY,
                                   .participant = AURORA_PARTICIPANT_INVENTORY});
    return true;
}

bool aurora__sim_people_repair(aurora__sim_world *world)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < world->options.orders; i++) {
        aurora__sim_checking(world, AURORA__CHECK_I3);
        if (aurora__sim_check_is_hidden(world, i))
            aurora__sim_fail(world, AURORA__CHECK_I3, (int32_t)i,
                             "its parked payment is out of sight");
        for (uint32_t module = 0; module < AURORA__SIM_MODULES; module++)
            redrive(world, 1u << module, (int32_t)i);
        count += help(world, (int32_t)i);
    }
    return count > 0;
}

/* SPDX-License-Identifier: MIT */
/* A batch: decided in memory, committed at once or not at all, answered after the commit. */
#include "sim/world.h"

#include "codec/log.h"

#include <aurora/event.h>
#include <aurora/task.h>

/* --- crashes ------------------------------------------------------------------------------ */

static void crash(aurora__sim_service *service)
{
    aurora__sim_world *world = service->world;
    world->report->crashes++;
    aurora__sim_trace(world, -1, "%s crashes", service->name);
    aurora__rows_forget(&service->rows);
    aurora__sim_memory_reset(&service->cache);
    for (uint32_t i = 0; i < service->work.count; i++)
        aurora__sim_people_lose(world, &service->work.items[i]);
    for (uint32_t i = 0; i < service->inbox.count; i++)
        aurora__sim_people_lose(world, &service->inbox.items[i]);
    service->inbox.count = 0;
    service->down_until = world->now_ms + 1 + aurora__sim_below(world, 3000);
    aurora__sim_network_rewind(service);
    aurora__sim_service_poke(service, service->down_until);
}

/* --- batches ------------------------------------------------------------------------------ */

static void end_batch(aurora__sim_service *service, bool is_committed)
{
    const aurora__sim_entries *parked = &service->store.tables[AURORA__TABLE_parked_key];
    aurora__rows_end(&service->rows, is_committed);
    if (service->is_compensation_dropped)
        aurora__rows_forget(&service->rows);
    service->is_compensation_dropped = false;
    service->parked_keys = 0;
    for (uint32_t i = 0; i < parked->count; i++)
        service->parked_keys += parked->items[i]->row != NULL;
    aurora__sim_memory_reset(&service->batch);
}

static void keep_events(aurora__sim_service *service, const aurora__step *step)
{
    aurora__sim_world *world = service->world;
    for (uint32_t i = 0; i < step->event_count; i++) {
        service->events = aurora__sim_room(world, service->events, service->event_count,
                                           &service->event_capacity, sizeof(aurora__event *));
        service->events[service->event_count++] = step->events[i];
        if (world->request->plant == AURORA__PLANT_DROP_COMPENSATION &&
            step->events[i]->kind == AURORA_EVENT_INVENTORY_RELEASED)
            service->is_compensation_dropped = true;
    }
}

/* Refusals that the sender must be ready for. */
static bool is_expected(const aurora__sim_command *command)
{
    switch (command->kind) {
    case AURORA__SIM_DO_PLACE:
        return command->status == AURORA_ETAKEN;
    case AURORA__SIM_DO_CANCEL:
        return command->status == AURORA_EPARKED || command->status == AURORA_EFINAL;
    case AURORA__SIM_DO_REPAIR:
        return command->status == AURORA_ECONFLICT;
    case AURORA__SIM_DO_MOVE:
        return command->status == AURORA_EINSUFFICIENT;
    case AURORA__SIM_DO_HOLD_COMMIT:
    case AURORA__SIM_DO_HOLD_RELEASE:
        return command->status == AURORA_ECONFLICT || command->status == AURORA_ENOTFOUND;
    default:
        return false;
    }
}

static void decide_all(aurora__sim_service *service)
{
    aurora__sim_world *world = service->world;
    aurora__step step;
    service->event_count = 0;
    for (uint32_t i = 0; i < service->work.count; i++) {
        aurora__sim_command *command = &service->work.items[i];
        command->is_new = false;
        aurora__sim_decide(service, command, &step);
        aurora__sim_trace_command(service, command, &step);
        aurora__sim_hash(world, (uint64_t)command->kind << 32 ^ (uint32_t)command->status ^
                                    (uint64_t)step.event_count << 48 ^ service->index);
        switch (command->status) {
        case AURORA_OK:
            keep_events(service, &step);
            break;
        case AURORA_ENOMEM:
        case AURORA_ECORE:
        case AURORA_ECORRUPT:
        case AURORA_EOVERFLOW:
            aurora__sim_fail(world, "core", command->order, "command %d: status %d at %s:%d",
                             (int)command->kind, (int)command->status,
                             step.broken_file == NULL ? "-" : step.broken_file,
                             (int)step.broken_line);
            break;
        default:
            if (!is_expected(command))
                aurora__sim_fail(world, "core", command->order, "command %d: status %d",
                                 (int)command->kind, (int)command->status);
            break;
        }
    }
}

static void append_log(aurora__sim_service *service)
{
    aurora__sim_world *world = service->world;
    aurora__log_writer writer;
    aurora_log_row row = {0};
    if (service->event_count == 0)
        return;
    aurora__log_begin(&writer, &world->memory.arena);
    aurora_status rc = aurora__log_add(&writer, service->events, service->event_count);
    if (rc == AURORA_OK)
        rc = aurora__log_end(&writer, &row);
    if (rc != AURORA_OK || row.count != service->event_count)
        aurora__sim_fail(world, "codec", -1, "a batch of %u events becomes %u: status %d",
                         service->event_count, row.count, (int)rc);
    row.position = service->position + 1;
    service->position += row.count;
    service->log = aurora__sim_room(world, service->log, service->log_count, &service->log_capacity,
                                    sizeof *service->log);
    service->log[service->log_count++] = row;
    for (uint32_t i = 0; i < service->event_count; i++) {
        aurora__sim_check_event(service, service->events[i]);
        aurora__sim_hash(world, (uint64_t)service->events[i]->kind);
    }
}

static void note_outcome(aurora__sim_order *order, const aurora__sim_command *finish)
{
    int32_t verb = finish->id.bytes[15] & 7;
    int32_t outcome = finish->answers[0].outcome;
    if (verb == AURORA_VERB_AUTHORIZE && outcome == AURORA_OUTCOME_DONE)
        order->is_heard = true;
    if (outcome == AURORA_OUTCOME_NOT_FOUND || outcome == AURORA_OUTCOME_DECLINED)
        order->sent = (uint8_t)(order->sent & ~(1u << verb));
}

static void audit_effects(aurora__sim_service *service)
{
    aurora__sim_world *world = service->world;
    for (uint32_t i = 0; i < service->work.count; i++) {
        const aurora__sim_command *command = &service->work.items[i];
        if (command->kind == AURORA__SIM_DO_FINISH)
            note_outcome(&world->orders[command->order], command);
        if (command->kind != AURORA__SIM_DO_DELIVER || command->status != AURORA_OK)
            continue;
        world->report->deliveries++;
        const aurora__sim_feed *feed = command->feed;
        const aurora__sim_service *source = &world->services[feed->source];
        if (command->is_new)
            aurora__sim_check_effect(
                service, feed,
                &source->topics[feed->topic][feed->partition].items[command->offset]);
    }
}

/* What follows from a committed command inside of the service; then its sender hears. */
static void answer(aurora__sim_service *service, aurora__sim_command *command)
{
    aurora__sim_world *world = service->world;
    if (command->kind == AURORA__SIM_DO_TAKE && command->is_new) {
        aurora__sim_command call = {
            .kind = AURORA__SIM_DO_SIMULATE, .order = command->order, .task = command->task};
        if (world->options.is_inline)
            aurora__sim_commands_add(world, &service->inbox, &call);
        else
            aurora__sim_provider_call(world, &command->task);
    }
    for (uint32_t i = 0; command->kind == AURORA__SIM_DO_SIMULATE && i < command->answer_count;
         i++) {
        aurora__sim_command finish = {.kind = AURORA__SIM_DO_FINISH,
                                      .order = command->order,
                                      .id = command->task.id,
                                      .answers = {command->answers[i]}};
        aurora__sim_commands_add(world, &service->inbox, &finish);
    }
    if (command->kind == AURORA__SIM_DO_REDRIVE && command->status == AURORA_OK && command->is_new)
        aurora__sim_commands_add(world, &service->inbox, command);
    aurora__sim_people_hear(world, command);
}

static void commit(aurora__sim_service *service)
{
    aurora__sim_world *world = service->world;
    bool is_lost =
        world->request->plant == AURORA__PLANT_LOSE_COMMIT && aurora__sim_below(world, 32) == 0;
    if (!is_lost) {
        aurora__sim_store_save(service, 256);
        append_log(service);
        audit_effects(service);
    }
    end_batch(service, !is_lost);
    if (aurora__sim_fault_permille(world, world->options.crash_permille / 2)) {
        crash(service);
        return;
    }
    for (uint32_t i = 0; i < service->work.count; i++)
        answer(service, &service->work.items[i]);
}

void aurora__sim_batch_run(aurora__sim_service *service)
{
    aurora__sim_world *world = service->world;
    world->report->batches++;
    decide_all(service);
    while (aurora__sim_fault(world, world->options.busy)) {
        aurora__sim_trace(world, -1, "%s: the store is busy, the batch runs again", service->name);
        end_batch(service, false);
        decide_all(service);
    }
    if (aurora__sim_fault_permille(world, (world->options.crash_permille + 1) / 2)) {
        if (world->request->plant == AURORA__PLANT_TORN_BATCH)
            aurora__sim_store_save(service, aurora__sim_below(world, 256));
        if (world->request->plant == AURORA__PLANT_EARLY_WATERMARK)
            aurora__sim_store_save_table(service, AURORA__TABLE_watermark);
        end_batch(service, false);
        crash(service);
        return;
    }
    commit(service);
}

/* SPDX-License-Identifier: MIT */
/* A batch: decided in memory, committed at once or not at all, answered after the commit. */
#include "sim/world.h"

#include "codec/log.h"

#include <aurora/event.h>
#include <aurora/task.h>

static void end_batch(aurora__sim_service *service, bool is_committed)
{
    const aurora__sim_entries *parked = &service->store.tables[AURORA__TABLE_parked_key];
    aurora__rows_end(&service->rows, is_committed);
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
        return command->status == (command->is_other ? AURORA_EKEYREUSED : AURORA_EINSUFFICIENT);
    case AURORA__SIM_DO_HOLD:
        return command->is_other && command->status == AURORA_EKEYREUSED;
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
        aurora__sim_checking(world, AURORA__CHECK_core);
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
            aurora__sim_fail(
                world, AURORA__CHECK_core, command->order, "command %d: status %d at %s:%d",
                (int)command->kind, (int)command->status,
                step.broken_file == NULL ? "-" : step.broken_file, (int)step.broken_line);
            break;
        default:
            if (!is_expected(command))
                aurora__sim_fail(world, AURORA__CHECK_core, command->order, "command %d: status %d",
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
        aurora__sim_fail(world, AURORA__CHECK_codec, -1,
                         "a batch of %u events becomes %u: status %d", service->event_count,
                         row.count, (int)rc);
    row.position = service->position + 1;
    service->position += row.count;
    service->log = aurora__sim_room(world, service->log, service->log_count, &service->log_capacity,
                                    sizeof *service->log);
    service->log[service->log_count++] = row;
    aurora__sim_checking(world, AURORA__CHECK_codec);
    for (uint32_t i = 0; i < service->event_count; i++) {
        aurora__sim_check_event(service, service->events[i]);
        aurora__sim_people_see(world, service->events[i]);
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
    if (outcome == AURORA_OUTCOME_NOT_FOUND)
        order->asked = (uint8_t)(order->asked | 1u << verb);
}

/* A step that starts afresh may be called at once. */
static void note_renewal(aurora__sim_service *service, const aurora__sim_command *command)
{
    if (command->order < 0 || command->kind == AURORA__SIM_DO_MOVE ||
        (command->kind >= AURORA__SIM_DO_HOLD && command->kind <= AURORA__SIM_DO_HOLD_EXPIRE))
        return;
    aurora__sim_order *order = &service->world->orders[command->order];
    const aurora__payment_row *row = aurora__sim_row_of(service, AURORA__TABLE_payment, &order->id);
    if (row == NULL || row->verb == 0 || row->attempts > 0)
        return;
    order->asked = (uint8_t)(order->asked | 1u << row->verb);
    order->calls[row->verb] = 0;
}

static void audit_effects(aurora__sim_service *service)
{
    aurora__sim_world *world = service->world;
    for (uint32_t i = 0; i < service->work.count; i++) {
        const aurora__sim_command *command = &service->work.items[i];
        note_renewal(service, command);
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

/* What follows from a committed command inside of the service; then its sender hears. False when
 * the service crashed on the way. */
static bool answer(aurora__sim_service *service, aurora__sim_command *command)
{
    aurora__sim_world *world = service->world;
    if (command->kind == AURORA__SIM_DO_TAKE && command->is_new) {
        aurora__sim_command call = {
            .kind = AURORA__SIM_DO_SIMULATE, .order = command->order, .task = command->task};
        if (aurora__sim_crash_at(service, AURORA__CRASH_call_before))
            return false;
        if (world->options.simulator) {
            aurora__sim_commands_add(world, &service->inbox, &call);
        } else if (!aurora__sim_provider_call(world, &command->task)) {
            call.kind = AURORA__SIM_DO_GIVE_BACK;
            aurora__sim_commands_add(world, &service->inbox, &call);
        }
        if (aurora__sim_crash_at(service, AURORA__CRASH_call_sent))
            return false;
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
    if (!service->is_stale)
        aurora__sim_people_hear(world, command);
    return true;
}

static void answer_all(aurora__sim_service *service)
{
    uint32_t count = service->work.count;
    service->answered = 0;
    if (aurora__sim_crash_at(service, AURORA__CRASH_committed))
        return;
    while (service->answered < count) {
        if (service->answered > 0 && service->answered == count / 2 &&
            aurora__sim_crash_at(service, AURORA__CRASH_answered_some))
            return;
        if (!answer(service, &service->work.items[service->answered++]))
            return;
    }
    if (aurora__sim_crash_at(service, AURORA__CRASH_answered) ||
        aurora__sim_crash_at(service, AURORA__CRASH_ack_before))
        return;
    aurora__sim_network_ack(service);
    aurora__sim_crash_at(service, AURORA__CRASH_acked);
}

/* --- the store ---------------------------------------------------------------------------- */

/* Nothing of the batch became durable: it runs again, on rows read afresh. */
static void run_again(aurora__sim_service *service)
{
    end_batch(service, false);
    decide_all(service);
}

static void decide(aurora__sim_service *service)
{
    aurora__sim_world *world = service->world;
    decide_all(service);
    if (aurora__sim_fault(world, AURORA__OPTION_rebalance))
        aurora__sim_network_rebalance(service);
    while (aurora__sim_fault(world, AURORA__OPTION_busy)) {
        aurora__sim_trace(world, -1, "%s: the store is busy, the batch runs again", service->name);
        run_again(service);
    }
    /* The engine asks the store before it answers anybody; where it was done the batch goes on. */
    while (aurora__sim_fault(world, AURORA__OPTION_unknown_commit) &&
           aurora__sim_below(world, 2) == 0) {
        aurora__sim_trace(world, -1, "%s: a commit was not done, the batch runs again",
                          service->name);
        run_again(service);
    }
}

static void commit(aurora__sim_service *service)
{
    bool is_lost = AURORA_PLANT(LOSE_COMMIT) && aurora__sim_below(service->world, 32) == 0;
    if (!is_lost) {
        aurora__sim_store_save(service, 256);
        append_log(service);
        audit_effects(service);
    }
    end_batch(service, !is_lost);
}

/* What a store that is none leaves behind of a batch that it lost. */
static void plant(aurora__sim_service *service)
{
    if (AURORA_PLANT(TORN_BATCH))
        aurora__sim_store_save(service, aurora__sim_below(service->world, 256));
    if (AURORA_PLANT(EARLY_WATERMARK))
        aurora__sim_store_save_table(service, AURORA__TABLE_watermark);
}

void aurora__sim_batch_run(aurora__sim_service *service)
{
    aurora__sim_world *world = service->world;
    service->answered = 0;
    if (aurora__sim_crash_at(service, AURORA__CRASH_batch_taken))
        return;
    if (!service->is_stale && service->stale.count == 0 &&
        aurora__sim_fault(world, AURORA__OPTION_zombie)) {
        aurora__sim_stall(service);
        return;
    }
    world->report->batches++;
    decide(service);
    if (world->report->is_failed)
        return;
    if (aurora__sim_crash_at(service, AURORA__CRASH_batch_decided))
        return;
    if (aurora__sim_crash_is_due(service, AURORA__CRASH_commit_torn)) {
        plant(service);
        aurora__sim_crash(service);
        return;
    }
    commit(service);
    answer_all(service);
}

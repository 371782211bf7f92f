/* SPDX-License-Identifier: MIT */
/* The story of a seed in lines that a person can follow. */
#include "sim/world.h"

#include <aurora/event.h>
#include <aurora/saga.h>

#include <stdlib.h>

#define TAIL_LINES 120

static const struct {
    const char *name;
    const char *text;
} plants[AURORA__PLANT_COUNT] = {
#define PLANT(name, text) {#name, text},
    AURORA__PLANTS(PLANT)
#undef PLANT
};

const char *aurora__sim_plant_name(uint32_t plant)
{
    return plant < AURORA__PLANT_COUNT ? plants[plant].name : "";
}

const char *aurora__sim_plant_text(uint32_t plant)
{
    return plant < AURORA__PLANT_COUNT ? plants[plant].text : "";
}

static const char *name_of(int32_t kind)
{
    static const char *const names[] = {
        "",       "place",   "cancel",  "repair",       "move stock", "reserve stock",
        "commit", "release", "expire",  "order is due", "take",       "call the simulator",
        "finish", "deliver", "redrive", "give back"};
    return names[kind];
}

static void describe(const aurora__sim_service *service, const aurora__sim_command *command,
                     char *text, size_t size)
{
    const aurora__sim_world *world = service->world;
    switch (command->kind) {
    case AURORA__SIM_DO_DELIVER: {
        const aurora__sim_service *source = &world->services[command->feed->source];
        const aurora__sim_message *message =
            &source->topics[command->feed->topic][command->feed->partition].items[command->offset];
        snprintf(text, size, "%s <- %s%s %s/%lld%s",
                 aurora__module_name(1u << command->feed->module), aurora_event_name(message->kind),
                 message->is_resend ? " (resend)" : "", source->name, (long long)message->position,
                 command->is_new ? "" : ", known");
        return;
    }
    case AURORA__SIM_DO_FINISH:
        snprintf(text, size, "%s of %s", aurora_outcome_name(command->answers[0].outcome),
                 aurora_verb_name(command->id.bytes[15] & 7));
        return;
    case AURORA__SIM_DO_TAKE:
        snprintf(text, size, command->is_new ? "take %s%s" : "nothing to take",
                 command->is_new ? aurora_verb_name(command->task.verb) : "",
                 command->is_new && command->task.is_query ? " (query)" : "");
        return;
    case AURORA__SIM_DO_REPAIR:
        snprintf(text, size, "operator: %s %s", aurora_repair_name(command->action),
                 command->participant == 0 ? "" : aurora__module_name(1u << command->participant));
        return;
    default:
        snprintf(text, size, "%s", name_of(command->kind));
        return;
    }
}

static const char *state_text(const aurora__sim_service *service, const aurora_id *id, char *text,
                              size_t size)
{
    aurora__key keys[] = {aurora__key_uuid(AURORA__TABLE_order, id),
                          aurora__key_uuid(AURORA__TABLE_reservation, id),
                          aurora__key_uuid(AURORA__TABLE_payment, id)};
    static const char letters[] = "oip";
    size_t length = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < 3; i++) {
        const void *row;
        aurora__rows *rows = (aurora__rows *)&service->rows;
        if (aurora__rows_read(rows, &keys[i], &row) != AURORA_OK || row == NULL)
            continue;
        int64_t state = i == 0   ? ((const aurora__order_row *)row)->status
                        : i == 1 ? ((const aurora__reservation_row *)row)->state
                                 : ((const aurora__payment_row *)row)->state;
        length += (size_t)snprintf(text + length, size - length, " %c=%lld", letters[i],
                                   (long long)state);
        if (i == 0)
            length += (size_t)snprintf(
                text + length, size - length, "%s parked=%lld",
                ((const aurora__order_row *)row)->settled_at != 0 ? " settled" : "",
                (long long)((const aurora__order_row *)row)->parked);
    }
    return text;
}

void aurora__sim_trace_command(aurora__sim_service *service, const aurora__sim_command *command,
                               const aurora__step *step)
{
    char what[160];
    char told[400];
    char state[120] = "";
    size_t length = 0;
    bool is_about_stock =
        command->kind >= AURORA__SIM_DO_MOVE && command->kind <= AURORA__SIM_DO_HOLD_EXPIRE;
    if (service->world->request->trace == NULL)
        return;
    told[0] = '\0';
    for (uint32_t i = 0; i < step->event_count && length < sizeof told; i++)
        length += (size_t)snprintf(told + length, sizeof told - length, "%s %s%s",
                                   i == 0 ? " ->" : ",", aurora_event_name(step->events[i]->kind),
                                   step->events[i]->is_resend ? "*" : "");
    describe(service, command, what, sizeof what);
    if (!is_about_stock && step->event_count > 0)
        state_text(service, &step->events[0]->order_id, state, sizeof state);
    if (command->status != AURORA_OK)
        snprintf(told, sizeof told, " -> status %d", (int)command->status);
    aurora__sim_trace(service->world, is_about_stock ? -1 : command->order, "%s: %s%s%s",
                      service->name, what, told, state);
}

/* --- of a failed seed --------------------------------------------------------------------- */

static void print_tail(const char *text, FILE *out)
{
    size_t length = strlen(text);
    uint32_t lines = 0;
    const char *at = text + length;
    while (at > text && lines <= TAIL_LINES) {
        at--;
        lines += *at == '\n';
    }
    fputs(at == text ? text : at + 1, out);
}

void aurora__sim_explain(const aurora__sim_request *request, FILE *out)
{
    aurora__sim_report report;
    aurora__sim_request again = *request;
    char *text = NULL;
    size_t size = 0;
    again.trace = NULL;
    aurora__sim_run(&again, &report);
    const aurora__sim_check *check = &aurora__sim_check_table[report.check];
    char options[1024];
    aurora__sim_options_write(&report.options, options, sizeof options);
    fprintf(out, "seed %llu breaks %s (%s): ", (unsigned long long)request->seed, check->name,
            check->what);
    if (report.order >= 0)
        fprintf(out, "order #%d: ", (int)report.order);
    fprintf(out, "%s\n  options: %s\n", report.message, options);
    if (request->plant != 0)
        fprintf(out, "  planted: %s\n", aurora__sim_plant_text(request->plant));
    again.trace = open_memstream(&text, &size);
    if (again.trace == NULL)
        return;
    again.focus = report.order;
    aurora__sim_run(&again, &report);
    fclose(again.trace);
    print_tail(text, out);
    free(text);
}

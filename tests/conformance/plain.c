/* SPDX-License-Identifier: MIT */
/* Operations without an object: money, ids, machines. */
#include <stdlib.h>
#include <string.h>

#include "step.h"

static const char *const machines[] = {"order", "reservation", "payment", NULL};

/* --- money ------------------------------------------------------------------------------------ */

static aurora_status money_add(step *of)
{
    int64_t sum = 0;
    aurora_status rc = aurora_money_add(input_int(of, of->with, "a_minor", 0),
                                        input_int(of, of->with, "b_minor", 0), &sum);
    give_int(of->gives, "sum", sum);
    return rc;
}

static aurora_status money_mul(step *of)
{
    int64_t product = 0;
    aurora_status rc = aurora_money_mul(input_int(of, of->with, "unit_minor", 0),
                                        input_int(of, of->with, "quantity", 0), &product);
    give_int(of->gives, "product", product);
    return rc;
}

static aurora_status currency_digits(step *of)
{
    give_int(of->gives, "digits", aurora_currency_digits(input_text(of, of->with, "code")));
    return AURORA_OK;
}

/* --- ids -------------------------------------------------------------------------------------- */

static aurora_status id_parse(step *of)
{
    aurora_id id = {{0}};
    char text[AURORA_ID_TEXT_BYTES];
    aurora_status rc = aurora_id_parse(input_text(of, of->with, "text"), &id);
    if (rc != AURORA_OK)
        return rc;
    aurora_id_format(id, text);
    give_text(of->gives, "text", text);
    give_bytes(of->gives, "bytes", id.bytes, sizeof id.bytes);
    return AURORA_OK;
}

static aurora_status id_is_equal(step *of)
{
    aurora_id a = input_id(of, of->with, "a");
    aurora_id b = input_id(of, of->with, "b");
    give_bool(of->gives, "is_equal", aurora_id_is_equal(a, b));
    return AURORA_OK;
}

/* --- machines --------------------------------------------------------------------------------- */

static const aurora_machine *machine_of(step *of)
{
    switch (input_enum(of, of->with, "machine", machines)) {
    case 1:
        return aurora_order_machine();
    case 2:
        return aurora_reservation_machine();
    case 3:
        return aurora_payment_machine();
    default:
        case_fail(of->run, "there is no such machine");
        return aurora_order_machine();
    }
}

/* The place of a text among names of which the first is not counted; 0 = absent. */
static int32_t place_of(step *of, const char *text, const char *const *names, uint32_t count)
{
    for (uint32_t i = 1; text != NULL && i <= count; i++) {
        if (strcmp(names[i], text) == 0)
            return (int32_t)i;
    }
    if (text != NULL)
        case_fail(of->run, "the machine knows no %s", text);
    return 0;
}

static aurora_status give_next(step *of, const aurora_machine *machine)
{
    int32_t state =
        place_of(of, input_text(of, of->with, "state"), machine->state_names, machine->state_count);
    int32_t event =
        place_of(of, input_text(of, of->with, "event"), machine->event_names, machine->event_count);
    int32_t next = aurora_machine_next(machine, state, event);
    give_text(of->gives, "state", next == 0 ? NULL : aurora_machine_state_name(machine, next));
    return AURORA_OK;
}

static aurora_status machine_next(step *of)
{
    return give_next(of, machine_of(of));
}

static aurora_status machine_read(step *of)
{
    const aurora_machine *machine = machine_of(of);
    cJSON *states = give_array(of->gives, "states");
    cJSON *events = give_array(of->gives, "events");
    for (uint32_t i = 1; i <= machine->state_count; i++) {
        const char *name = aurora_machine_state_name(machine, (int32_t)i);
        cJSON_AddItemToArray(states, cJSON_CreateString(name));
    }
    for (uint32_t i = 1; i <= machine->event_count; i++) {
        const char *name = aurora_machine_event_name(machine, (int32_t)i);
        cJSON_AddItemToArray(events, cJSON_CreateString(name));
    }
    return AURORA_OK;
}

static const char **names_of(step *of, const char *member, uint32_t *count_out)
{
    cJSON *array = input_array(of, of->with, member, count_out);
    const char **names = input_memory(of, (*count_out + 1) * sizeof *names);
    names[0] = "";
    for (uint32_t i = 0; i < *count_out; i++)
        names[i + 1] = cJSON_GetStringValue(cJSON_GetArrayItem(array, (int)i));
    return names;
}

static aurora_status machine_next_own(step *of)
{
    aurora_machine machine = {.size = sizeof machine};
    const char **states = names_of(of, "states", &machine.state_count);
    const char **events = names_of(of, "events", &machine.event_count);
    uint32_t count;
    cJSON *given = input_array(of, of->with, "cells", &count);
    uint8_t *cells =
        input_memory(of, (size_t)(machine.state_count + 1) * (machine.event_count + 1));
    for (uint32_t i = 0; i < count; i++) {
        const cJSON *cell = cJSON_GetArrayItem(given, (int)i);
        const char *words[3];
        for (int word = 0; word < 3; word++)
            words[word] = cJSON_GetStringValue(cJSON_GetArrayItem(cell, word));
        int32_t state = place_of(of, words[0], states, machine.state_count);
        int32_t event = place_of(of, words[1], events, machine.event_count);
        cells[(uint32_t)state * (machine.event_count + 1) + (uint32_t)event] =
            (uint8_t)place_of(of, words[2], states, machine.state_count);
    }
    machine.cells = cells;
    machine.state_names = states;
    machine.event_names = events;
    return give_next(of, &machine);
}

const operation plain_operations[] = {
    {"money_add", money_add},
    {"money_mul", money_mul},
    {"currency_digits", currency_digits},
    {"id_parse", id_parse},
    {"id_is_equal", id_is_equal},
    {"machine_next", machine_next},
    {"machine_read", machine_read},
    {"machine_next_own", machine_next_own},
    {NULL, NULL},
};

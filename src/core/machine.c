/* SPDX-License-Identifier: MIT */
#include <aurora/machine.h>

int32_t aurora_machine_next(const aurora_machine *machine, int32_t state, int32_t event)
{
    if (state < 0 || event < 1 || (uint32_t)state > machine->state_count ||
        (uint32_t)event > machine->event_count)
        return 0;
    return machine->cells[(uint32_t)state * (machine->event_count + 1) + (uint32_t)event];
}

const char *aurora_machine_state_name(const aurora_machine *machine, int32_t state)
{
    if (machine->state_names == NULL || state < 0 || (uint32_t)state > machine->state_count)
        return "";
    return machine->state_names[state];
}

const char *aurora_machine_event_name(const aurora_machine *machine, int32_t event)
{
    if (machine->event_names == NULL || event < 0 || (uint32_t)event > machine->event_count)
        return "";
    return machine->event_names[event];
}

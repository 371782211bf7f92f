/* SPDX-License-Identifier: MIT */
#include "sim/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const aurora__sim_option aurora__sim_option_table[AURORA__OPTION_COUNT] = {
#define SHAPE(name, low, high, what)                                                               \
    [AURORA__OPTION_##name] = {#name, what, low, high, 0, 0, false},
    AURORA__SIM_SHAPES(SHAPE)
#undef SHAPE
#define FAULT(name, drawn, of, what)                                                               \
    [AURORA__OPTION_##name] = {#name, what, 0, (of) == 0 ? 600000 : (of), drawn, of, true},
        AURORA__SIM_FAULTS(FAULT)
#undef FAULT
};

const aurora__sim_crash_point aurora__sim_crash_table[AURORA__CRASH_COUNT] = {
#define POINT(name, when) {#name, when},
    AURORA__SIM_CRASHES(POINT)
#undef POINT
};

uint32_t *aurora__sim_option_at(aurora__sim_options *options, uint32_t option)
{
    _Static_assert(sizeof(aurora__sim_options) == AURORA__OPTION_COUNT * sizeof(uint32_t),
                   "one number each");
    return (uint32_t *)options + option;
}

/* --- text --------------------------------------------------------------------------------- */

static uint32_t find(const char *name, size_t length)
{
    for (uint32_t i = 0; i < AURORA__OPTION_COUNT; i++) {
        const char *known = aurora__sim_option_table[i].name;
        if (strlen(known) == length && memcmp(known, name, length) == 0)
            return i;
    }
    return AURORA__OPTION_COUNT;
}

/* One NAME=VALUE; the end of it, or NULL. */
static const char *read_one(aurora__sim_set *set, const char *text, char *error, size_t size)
{
    size_t length = strcspn(text, "=,");
    uint32_t option = find(text, length);
    char *end = NULL;
    if (option == AURORA__OPTION_COUNT || text[length] != '=') {
        snprintf(error, size, "\"%.*s\" is no option with a value; --list names them", (int)length,
                 text);
        return NULL;
    }
    const aurora__sim_option *of = &aurora__sim_option_table[option];
    const char *digits = text + length + 1;
    errno = 0;
    unsigned long long value = strtoull(digits, &end, 10);
    bool is_number = *digits >= '0' && *digits <= '9' && (*end == '\0' || *end == ',');
    if (!is_number || errno != 0 || value < of->low || value > of->high) {
        snprintf(error, size, "%s must be %u to %u, not \"%.*s\"", of->name, of->low, of->high,
                 (int)strcspn(digits, ","), digits);
        return NULL;
    }
    set->is_set[option] = true;
    set->values[option] = (uint32_t)value;
    return end;
}

bool aurora__sim_set_read(aurora__sim_set *set, const char *text, char *error, size_t size)
{
    while (*text != '\0') {
        text = read_one(set, text, error, size);
        if (text == NULL)
            return false;
        text += *text == ',';
    }
    return true;
}

static size_t append(char *text, size_t size, size_t length, uint32_t option, uint32_t value)
{
    int more = length >= size
                   ? 0
                   : snprintf(text + length, size - length, "%s%s=%u", length == 0 ? "" : ",",
                              aurora__sim_option_table[option].name, value);
    return length + (size_t)more;
}

void aurora__sim_options_write(const aurora__sim_options *options, char *text, size_t size)
{
    size_t length = 0;
    aurora__sim_options copy = *options;
    text[0] = '\0';
    for (uint32_t i = 0; i < AURORA__OPTION_COUNT; i++)
        length = append(text, size, length, i, *aurora__sim_option_at(&copy, i));
}

void aurora__sim_set_write(const aurora__sim_set *set, char *text, size_t size)
{
    size_t length = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < AURORA__OPTION_COUNT; i++) {
        if (set->is_set[i])
            length = append(text, size, length, i, set->values[i]);
    }
}

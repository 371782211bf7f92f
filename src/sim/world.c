/* SPDX-License-Identifier: MIT */
#include "sim/world.h"

#include <stdarg.h>

/* --- memory ------------------------------------------------------------------------------- */

void *aurora__sim_take(aurora__sim_world *world, size_t bytes)
{
    return aurora__arena_zero(&world->memory.arena, bytes);
}

const char *aurora__sim_text(aurora__sim_world *world, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return aurora__arena_text(&world->memory.arena, text);
}

void *aurora__sim_room(aurora__sim_world *world, void *items, uint32_t count, uint32_t *capacity,
                       size_t bytes)
{
    if (count < *capacity)
        return items;
    *capacity = *capacity == 0 ? 16 : *capacity * 2;
    void *larger = aurora__sim_take(world, *capacity * bytes);
    if (count > 0)
        memcpy(larger, items, count * bytes);
    return larger;
}

/* --- chance ------------------------------------------------------------------------------- */

/* splitmix64 (Steele, Lea, Flood 2014). */
uint64_t aurora__sim_random(aurora__sim_world *world)
{
    uint64_t word = world->random += 0x9E3779B97F4A7C15u;
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9u;
    word = (word ^ (word >> 27)) * 0x94D049BB133111EBu;
    return word ^ (word >> 31);
}

uint32_t aurora__sim_below(aurora__sim_world *world, uint32_t bound)
{
    return bound == 0 ? 0 : (uint32_t)((aurora__sim_random(world) >> 32) % bound);
}

bool aurora__sim_fault(aurora__sim_world *world, uint32_t option)
{
    uint32_t strength = *aurora__sim_option_at(&world->options, option);
    if (strength == 0 || world->is_safe ||
        aurora__sim_below(world, aurora__sim_option_table[option].of) >= strength)
        return false;
    world->report->faults[option]++;
    return true;
}

bool aurora__sim_chance(aurora__sim_world *world, uint32_t percent)
{
    return !world->is_safe && aurora__sim_below(world, 100) < percent;
}

/* --- agenda ------------------------------------------------------------------------------- */

static bool is_before(const aurora__sim_item *a, const aurora__sim_item *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->sequence < b->sequence;
}

void aurora__sim_agenda_add(aurora__sim_world *world, aurora__sim_item item)
{
    world->agenda = aurora__sim_room(world, world->agenda, world->agenda_count,
                                     &world->agenda_capacity, sizeof *world->agenda);
    item.sequence = world->sequence++;
    uint32_t at = world->agenda_count++;
    while (at > 0 && is_before(&item, &world->agenda[(at - 1) / 2])) {
        world->agenda[at] = world->agenda[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    world->agenda[at] = item;
}

bool aurora__sim_agenda_next(aurora__sim_world *world, aurora__sim_item *item_out)
{
    if (world->agenda_count == 0)
        return false;
    *item_out = world->agenda[0];
    aurora__sim_item last = world->agenda[--world->agenda_count];
    uint32_t at = 0;
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= world->agenda_count)
            break;
        if (child + 1 < world->agenda_count &&
            is_before(&world->agenda[child + 1], &world->agenda[child]))
            child++;
        if (is_before(&last, &world->agenda[child]))
            break;
        world->agenda[at] = world->agenda[child];
        at = child;
    }
    world->agenda[at] = last;
    return true;
}

/* --- telling ------------------------------------------------------------------------------ */

void aurora__sim_hash(aurora__sim_world *world, uint64_t word)
{
    uint64_t hash = (world->report->hash ^ word) * 0x9E3779B97F4A7C15u;
    world->report->hash = hash ^ (hash >> 29);
}

void aurora__sim_trace(aurora__sim_world *world, int32_t order, const char *format, ...)
{
    const aurora__sim_request *request = world->request;
    if (request->trace == NULL)
        return;
    if (request->focus >= 0 && order >= 0 && order != request->focus)
        return;
    va_list arguments;
    va_start(arguments, format);
    fprintf(request->trace, "%10.3f  ", (double)(world->now_ms - AURORA__SIM_START) / 1000);
    if (order >= 0)
        fprintf(request->trace, "#%-3d ", (int)order);
    else
        fprintf(request->trace, "     ");
    vfprintf(request->trace, format, arguments);
    fputc('\n', request->trace);
    va_end(arguments);
}

const aurora__sim_check aurora__sim_check_table[AURORA__CHECK_COUNT] = {
#define CHECK(name, what) {#name, what},
    AURORA__SIM_CHECKS(CHECK)
#undef CHECK
};

void aurora__sim_fail(aurora__sim_world *world, int32_t check, int32_t order, const char *format,
                      ...)
{
    aurora__sim_report *report = world->report;
    if (report->is_failed)
        return;
    va_list arguments;
    va_start(arguments, format);
    report->is_failed = true;
    report->order = order;
    report->check = check;
    vsnprintf(report->message, sizeof report->message, format, arguments);
    va_end(arguments);
    aurora__sim_trace(world, order, "BROKEN %s: %s", aurora__sim_check_table[check].name,
                      report->message);
}

/* --- ids ---------------------------------------------------------------------------------- */

/* A UUIDv7 whose low bits are the order's number, so that the id alone tells whose it is. */
aurora_id aurora__sim_order_id(const aurora__sim_world *world, int32_t order)
{
    aurora_id id = {{0}};
    uint64_t ms = (uint64_t)world->now_ms;
    uint32_t number = (uint32_t)order << 3;
    for (int i = 0; i < 6; i++)
        id.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
    id.bytes[6] = 0x70;
    id.bytes[8] = 0x80;
    id.bytes[11] = (uint8_t)world->orders[order].attempts;
    for (int i = 0; i < 4; i++)
        id.bytes[12 + i] = (uint8_t)(number >> (24 - 8 * i));
    return id;
}

int32_t aurora__sim_order_of(const aurora__sim_world *world, const aurora_id *id)
{
    uint32_t number = 0;
    for (int i = 0; i < 4; i++)
        number = number << 8 | id->bytes[12 + i];
    number >>= 3;
    return number < world->options.orders ? (int32_t)number : -1;
}

/* SPDX-License-Identifier: MIT */
#include "trial/trial.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define BEGIN_MS INT64_C(1750000000000)
#define AGAIN_MS 4000

struct aurora__trial_chunk {
    struct aurora__trial_chunk *next;
    max_align_t bytes[];
};

/* --- chance ----------------------------------------------------------------------------------- */

static uint64_t draw(aurora__trial *world)
{
    world->random += 0x9E3779B97F4A7C15u;
    uint64_t word = world->random;
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9u;
    word = (word ^ (word >> 27)) * 0x94D049BB133111EBu;
    return word ^ (word >> 31);
}

uint32_t aurora__trial_below(aurora__trial *world, uint32_t bound)
{
    return bound <= 1 ? 0 : (uint32_t)((draw(world) >> 32) * bound >> 32);
}

bool aurora__trial_chance(aurora__trial *world, uint32_t share, uint32_t of)
{
    return share > 0 && aurora__trial_below(world, of) < share;
}

bool aurora__trial_fault(aurora__trial *world, uint32_t share, uint32_t of)
{
    return share > 0 && world->is_armed && !world->is_calm &&
           aurora__trial_below(world, of) < share;
}

/* --- the trace -------------------------------------------------------------------------------- */

void aurora__trial_hash_number(aurora__trial *world, uint64_t number)
{
    world->hash = (world->hash ^ number) * 0x9E3779B97F4A7C15u;
    world->hash ^= world->hash >> 29;
}

void aurora__trial_hash(aurora__trial *world, const void *bytes, size_t length)
{
    const char *from = bytes;
    aurora__trial_hash_number(world, length);
    for (; length >= 8; length -= 8, from += 8) {
        uint64_t word;
        memcpy(&word, from, 8);
        aurora__trial_hash_number(world, word);
    }
    if (length > 0) {
        uint64_t word = 0;
        memcpy(&word, from, length);
        aurora__trial_hash_number(world, word);
    }
}

static void write_line(const aurora__trial *world, const char *text)
{
    int64_t ms = world->now_ns / 1000000;
    fprintf(world->request->trace, "%02" PRId64 ":%02" PRId64 ":%02" PRId64 ".%03" PRId64 "  %s\n",
            ms / 3600000, ms / 60000 % 60, ms / 1000 % 60, ms % 1000, text);
}

void aurora_sim_note(aurora_sim *sim, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0)
        return;
    aurora__trial_hash(sim, text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
    aurora__trial_hash_number(sim, (uint64_t)sim->now_ns);
    if (sim->request->trace != NULL)
        write_line(sim, text);
}

static void fail(aurora__trial *world, int32_t order, const char *check, const char *message)
{
    aurora_sim_report *report = world->report;
    if (report->is_failed)
        return;
    report->is_failed = 1;
    report->order = order;
    snprintf(report->check, sizeof report->check, "%s", check);
    snprintf(report->message, sizeof report->message, "%s", message);
    aurora_sim_note(world, "FAILED %s: %s", check, message);
}

void aurora__trial_fail(aurora__trial *world, int32_t order, const char *check, const char *format,
                        ...)
{
    char text[240];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fail(world, order, check, text);
}

void aurora_sim_fail(aurora_sim *sim, const char *check, const char *format, ...)
{
    char text[240];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fail(sim, -1, check, text);
}

/* --- what callbacks may ask ------------------------------------------------------------------- */

uint32_t aurora_sim_below(aurora_sim *sim, uint32_t bound)
{
    return aurora__trial_below(sim, bound);
}

int64_t aurora__trial_wall_ms(const aurora__trial *world)
{
    return BEGIN_MS + world->wall_ahead_ms + world->now_ns / 1000000;
}

int64_t aurora_sim_now_ms(const aurora_sim *sim)
{
    return aurora__trial_wall_ms(sim);
}

bool aurora_sim_is_calm(const aurora_sim *sim)
{
    return sim->is_calm;
}

void *aurora_sim_take(aurora_sim *sim, size_t bytes)
{
    struct aurora__trial_chunk *chunk = calloc(1, sizeof *chunk + bytes);
    if (chunk == NULL)
        abort();
    chunk->next = sim->chunks;
    sim->chunks = chunk;
    return chunk->bytes;
}

void aurora__trial_chunks_free(aurora__trial *world)
{
    while (world->chunks != NULL) {
        struct aurora__trial_chunk *next = world->chunks->next;
        free(world->chunks);
        world->chunks = next;
    }
}

void aurora__trial_check(aurora__trial *world, const char *check)
{
    aurora__trial_count *count = world->counts;
    while (count->name != NULL && strcmp(count->name, check) != 0)
        count++;
    if (count == world->counts + AURORA__TRIAL_COUNTS_MAX)
        return;
    count->name = check;
    count->count++;
    world->report->checks++;
}

void aurora_sim_count(aurora_sim *sim, const char *check)
{
    aurora__trial_check(sim, check);
}

int32_t aurora__trial_order_of(const aurora__trial *world, aurora_id id)
{
    for (uint32_t i = 0; i < world->options.orders; i++) {
        if (memcmp(world->orders[i].id.bytes, id.bytes, sizeof id.bytes) == 0)
            return (int32_t)i;
    }
    return -1;
}

int32_t aurora__trial_order_for(const aurora__trial *world, const char *customer_id)
{
    for (uint32_t i = 0; customer_id != NULL && i < world->options.orders; i++) {
        if (strcmp(world->orders[i].key, customer_id) == 0)
            return (int32_t)i;
    }
    return -1;
}

/* --- the agenda: a heap by time, then by the order of planning -------------------------------- */

static bool is_before(const aurora__trial_item *a, const aurora__trial_item *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->sequence < b->sequence;
}

static void swap(aurora__trial_item *a, aurora__trial_item *b)
{
    aurora__trial_item kept = *a;
    *a = *b;
    *b = kept;
}

void aurora__trial_plan(aurora__trial *world, int32_t kind, int32_t number, int64_t delay_ms)
{
    if (world->agenda_count == world->agenda_capacity) {
        uint32_t capacity = world->agenda_capacity == 0 ? 256 : world->agenda_capacity * 2;
        world->agenda = realloc(world->agenda, capacity * sizeof *world->agenda);
        if (world->agenda == NULL)
            abort();
        world->agenda_capacity = capacity;
    }
    uint32_t at = world->agenda_count++;
    world->agenda[at] = (aurora__trial_item){.at_ns = world->now_ns + delay_ms * 1000000,
                                             .sequence = ++world->sequence,
                                             .kind = kind,
                                             .number = number};
    while (at > 0 && is_before(&world->agenda[at], &world->agenda[(at - 1) / 2])) {
        swap(&world->agenda[at], &world->agenda[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
}

void aurora__trial_again(aurora__trial *world)
{
    int64_t pause_ms = 50 + aurora__trial_below(world, AGAIN_MS);
    aurora__trial_plan(world, world->now.kind, world->now.number, pause_ms);
}

bool aurora__trial_next(aurora__trial *world, aurora__trial_item *out)
{
    if (world->agenda_count == 0)
        return false;
    *out = world->agenda[0];
    world->agenda[0] = world->agenda[--world->agenda_count];
    uint32_t at = 0;
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= world->agenda_count)
            return true;
        if (child + 1 < world->agenda_count &&
            is_before(&world->agenda[child + 1], &world->agenda[child]))
            child++;
        if (!is_before(&world->agenda[child], &world->agenda[at]))
            return true;
        swap(&world->agenda[child], &world->agenda[at]);
        at = child;
    }
}

bool aurora__trial_is_waiting(const aurora__trial *world)
{
    for (uint32_t i = 0; i < world->agenda_count; i++) {
        switch (world->agenda[i].kind) {
        case AURORA__TRIAL_PUMP:
        case AURORA__TRIAL_READ:
        case AURORA__TRIAL_TASKS:
        case AURORA__TRIAL_TELL:
        case AURORA__TRIAL_EVENTS:
        case AURORA__TRIAL_VERIFY:
        case AURORA__TRIAL_SESSION:
            break;
        default:
            return true;
        }
    }
    return false;
}

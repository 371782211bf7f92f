/* SPDX-License-Identifier: MIT */
/* Commands that wait for their order to change: a chained hash map by order, whose nodes they are,
 * and a heap by the end of their time. */
#include "engine/internal.h"

#include <string.h>

static uint32_t slot_of(const aurora__watch_map *map, const aurora_id *id)
{
    uint64_t words[2];
    memcpy(words, id->bytes, sizeof words);
    uint64_t hash = (words[0] ^ words[1]) * 0x9E3779B97F4A7C15u;
    return (uint32_t)(hash >> 32) & (map->capacity - 1);
}

/* --- the heap --------------------------------------------------------------------------------- */

static void heap_put(aurora__watch_map *map, uint32_t place, aurora__command *command)
{
    map->heap[place] = command;
    command->watch_place = place;
}

static void heap_up(aurora__watch_map *map, uint32_t place, aurora__command *command)
{
    while (place > 0) {
        aurora__command *parent = map->heap[(place - 1) / 2];
        if (parent->watch_deadline_ns <= command->watch_deadline_ns)
            break;
        heap_put(map, place, parent);
        place = (place - 1) / 2;
    }
    heap_put(map, place, command);
}

static void heap_down(aurora__watch_map *map, uint32_t place, aurora__command *command)
{
    for (;;) {
        uint32_t child = place * 2 + 1;
        if (child >= map->count)
            break;
        if (child + 1 < map->count &&
            map->heap[child + 1]->watch_deadline_ns < map->heap[child]->watch_deadline_ns)
            child++;
        if (command->watch_deadline_ns <= map->heap[child]->watch_deadline_ns)
            break;
        heap_put(map, place, map->heap[child]);
        place = child;
    }
    heap_put(map, place, command);
}

/* The last one takes the place that becomes free. */
static void heap_remove(aurora__watch_map *map, const aurora__command *command)
{
    uint32_t place = command->watch_place;
    aurora__command *last = map->heap[--map->count];
    if (last == command)
        return;
    if (last->watch_deadline_ns < command->watch_deadline_ns)
        heap_up(map, place, last);
    else
        heap_down(map, place, last);
}

int64_t aurora__watch_next_ns(const aurora__engine *engine)
{
    const aurora__watch_map *map = &engine->watches;
    return map->count == 0 ? INT64_MAX : map->heap[0]->watch_deadline_ns;
}

/* --- the map ---------------------------------------------------------------------------------- */

/* Doubly linked: thousands may wait for one order, and leave from anywhere in its chain. */
static void link_command(aurora__watch_map *map, aurora__command *command)
{
    aurora__command **slot = &map->slots[slot_of(map, &command->watch_id)];
    command->watch_next = *slot;
    command->watch_link = slot;
    if (*slot != NULL)
        (*slot)->watch_link = &command->watch_next;
    *slot = command;
}

static void unlink_command(aurora__watch_map *map, aurora__command *command)
{
    *command->watch_link = command->watch_next;
    if (command->watch_next != NULL)
        command->watch_next->watch_link = command->watch_link;
    heap_remove(map, command);
}

static aurora_status grow(aurora__engine *engine)
{
    aurora__watch_map *map = &engine->watches;
    const aurora_allocator *allocator = engine->options.allocator;
    aurora__watch_map bigger = {.capacity = map->capacity == 0 ? 64 : map->capacity * 2,
                                .count = map->count};
    size_t bytes = bigger.capacity * sizeof *bigger.slots;
    bigger.slots = allocator->allocate(allocator->self, 2 * bytes);
    if (bigger.slots == NULL)
        return AURORA_ENOMEM;
    bigger.heap = bigger.slots + bigger.capacity;
    memset(bigger.slots, 0, bytes);
    if (map->count > 0)
        memcpy(bigger.heap, map->heap, map->count * sizeof *map->heap);
    for (uint32_t i = 0; i < map->count; i++)
        link_command(&bigger, map->heap[i]);
    allocator->release(allocator->self, map->slots);
    *map = bigger;
    return AURORA_OK;
}

aurora_status aurora__watch_add(aurora__engine *engine, aurora__command *command)
{
    aurora__watch_map *map = &engine->watches;
    if (map->count >= map->capacity) {
        aurora_status rc = grow(engine);
        if (rc != AURORA_OK)
            return rc;
    }
    link_command(map, command);
    heap_up(map, map->count++, command);
    return AURORA_OK;
}

void aurora__engine_watch(aurora__engine *engine, aurora__command *command, const aurora_id *id,
                          int64_t deadline_ns)
{
    (void)engine;
    command->is_watching = true;
    command->watch_id = *id;
    command->watch_deadline_ns = deadline_ns;
}

/* What it waited with is committed: lack of memory to go on waiting ends the waiting alone. */
void aurora__watch_refuse(aurora__command *command)
{
    command->is_watching = false;
    command->class_of->drop(command, AURORA_ETIMEDOUT);
    aurora__command_tell(command, command->status);
}

/* Takes all watchers of one order out of the map, as a list. */
static aurora__command *take_watchers(aurora__watch_map *map, const aurora_id *id)
{
    aurora__command *taken = NULL;
    if (map->count == 0)
        return NULL;
    aurora__command *next = map->slots[slot_of(map, id)];
    while (next != NULL) {
        aurora__command *command = next;
        next = command->watch_next;
        if (!aurora_id_is_equal(command->watch_id, *id))
            continue;
        unlink_command(map, command);
        command->watch_next = taken;
        taken = command;
    }
    return taken;
}

bool aurora__watch_has(const aurora__engine *engine, const aurora_id *id)
{
    const aurora__watch_map *map = &engine->watches;
    if (map->count == 0)
        return false;
    const aurora__command *command = map->slots[slot_of(map, id)];
    while (command != NULL && !aurora_id_is_equal(command->watch_id, *id))
        command = command->watch_next;
    return command != NULL;
}

void aurora__watch_order(aurora__engine *engine, aurora__turn *turn, const aurora_id *id)
{
    aurora__command *next = take_watchers(&engine->watches, id);
    while (next != NULL) {
        aurora__command *command = next;
        next = command->watch_next;
        command->is_watching = false;
        if (command->class_of->finish(command, turn, AURORA_OK)) {
            aurora__command_done(command, AURORA_OK);
        } else if (aurora__watch_add(engine, command) != AURORA_OK) {
            aurora__watch_refuse(command);
            aurora__command_release(command);
        }
    }
}

void aurora__watch_changed(aurora__engine *engine, aurora__turn *turn)
{
    const aurora__rows *rows = &engine->rows;
    for (uint32_t i = 0; engine->watches.count > 0 && i < rows->touched.count; i++) {
        const aurora__row *row = rows->touched.items[i];
        if (row->table == AURORA__TABLE_order && row->data != row->base && row->is_found)
            aurora__watch_order(engine, turn, &((const aurora__order_row *)row->data)->id);
    }
}

void aurora__watch_expire(aurora__engine *engine, int64_t now_ns, bool all, aurora_status status)
{
    aurora__watch_map *map = &engine->watches;
    while (map->count > 0 && (all || map->heap[0]->watch_deadline_ns <= now_ns)) {
        aurora__command *command = map->heap[0];
        unlink_command(map, command);
        command->is_watching = false;
        command->class_of->drop(command, status);
        aurora__command_done(command, command->status);
    }
}

void aurora__watch_free(aurora__engine *engine)
{
    const aurora_allocator *allocator = engine->options.allocator;
    allocator->release(allocator->self, engine->watches.slots);
    engine->watches = (aurora__watch_map){0};
}

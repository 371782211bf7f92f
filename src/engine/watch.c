/* SPDX-License-Identifier: MIT */
/* Commands that wait for their order to change. A chained hash map; the commands are the nodes. */
#include "engine/internal.h"

#include <string.h>

static uint32_t slot_of(const aurora__watch_map *map, const aurora_id *id)
{
    uint64_t words[2];
    memcpy(words, id->bytes, sizeof words);
    uint64_t hash = (words[0] ^ words[1]) * 0x9E3779B97F4A7C15u;
    return (uint32_t)(hash >> 32) & (map->capacity - 1);
}

static aurora_status grow(aurora__engine *engine)
{
    aurora__watch_map *map = &engine->watches;
    const aurora_allocator *allocator = engine->options.allocator;
    aurora__watch_map bigger = {.capacity = map->capacity == 0 ? 64 : map->capacity * 2,
                                .count = map->count,
                                .next_deadline_ns = map->next_deadline_ns};
    bigger.slots = allocator->allocate(allocator->self, bigger.capacity * sizeof *bigger.slots);
    if (bigger.slots == NULL)
        return AURORA_ENOMEM;
    memset(bigger.slots, 0, bigger.capacity * sizeof *bigger.slots);
    for (uint32_t i = 0; i < map->capacity; i++) {
        while (map->slots[i] != NULL) {
            aurora__command *command = map->slots[i];
            map->slots[i] = command->watch_next;
            uint32_t slot = slot_of(&bigger, &command->watch_id);
            command->watch_next = bigger.slots[slot];
            bigger.slots[slot] = command;
        }
    }
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
    uint32_t slot = slot_of(map, &command->watch_id);
    command->watch_next = map->slots[slot];
    map->slots[slot] = command;
    map->count++;
    if (command->watch_deadline_ns < map->next_deadline_ns)
        map->next_deadline_ns = command->watch_deadline_ns;
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
    aurora__command **link = &map->slots[slot_of(map, id)];
    while (*link != NULL) {
        aurora__command *command = *link;
        if (!aurora_id_is_equal(command->watch_id, *id)) {
            link = &command->watch_next;
            continue;
        }
        *link = command->watch_next;
        command->watch_next = taken;
        taken = command;
        map->count--;
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
    if (!all && now_ns < map->next_deadline_ns)
        return;
    map->next_deadline_ns = INT64_MAX;
    for (uint32_t i = 0; i < map->capacity; i++) {
        aurora__command **link = &map->slots[i];
        while (*link != NULL) {
            aurora__command *command = *link;
            if (all || command->watch_deadline_ns <= now_ns) {
                *link = command->watch_next;
                map->count--;
                command->is_watching = false;
                command->class_of->drop(command, status);
                aurora__command_done(command,
                                     command->status != AURORA_OK ? command->status : AURORA_OK);
                continue;
            }
            if (command->watch_deadline_ns < map->next_deadline_ns)
                map->next_deadline_ns = command->watch_deadline_ns;
            link = &command->watch_next;
        }
    }
}

void aurora__watch_free(aurora__engine *engine)
{
    const aurora_allocator *allocator = engine->options.allocator;
    allocator->release(allocator->self, engine->watches.slots);
    engine->watches = (aurora__watch_map){0};
}

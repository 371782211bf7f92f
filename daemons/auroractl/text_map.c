/* SPDX-License-Identifier: MIT */
#include "text_map.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a (Fowler, Noll, Vo), 64 bits folded to 32. */
static uint32_t hash_of(const char *text)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (const unsigned char *at = (const unsigned char *)text; *at != 0; at++)
        hash = (hash ^ *at) * UINT64_C(1099511628211);
    return (uint32_t)(hash ^ hash >> 32);
}

static uint32_t slot_of(const ctl_text_map *map, const char *text)
{
    uint32_t mask = map->slot_count - 1;
    uint32_t slot = hash_of(text) & mask;
    while (map->slots[slot] != 0 && strcmp(map->texts[map->slots[slot] - 1], text) != 0)
        slot = (slot + 1) & mask;
    return slot;
}

static bool grow_map(ctl_text_map *map)
{
    uint32_t slot_count = map->slot_count == 0 ? 1024 : map->slot_count * 2;
    const char **texts = realloc(map->texts, sizeof *texts * slot_count / 2);
    if (texts == NULL)
        return false;
    map->texts = texts;
    uint32_t *slots = calloc(slot_count, sizeof *slots);
    if (slots == NULL)
        return false;
    free(map->slots);
    map->slots = slots;
    map->slot_count = slot_count;
    for (uint32_t i = 0; i < map->count; i++)
        slots[slot_of(map, map->texts[i])] = i + 1;
    return true;
}

uint32_t ctl_text_map_put(ctl_text_map *map, const char *text)
{
    if (map->count * 2 >= map->slot_count && !grow_map(map))
        return CTL_NO_INDEX;
    uint32_t slot = slot_of(map, text);
    if (map->slots[slot] == 0) {
        map->texts[map->count] = text;
        map->slots[slot] = ++map->count;
    }
    return map->slots[slot] - 1;
}

uint32_t ctl_text_map_find(const ctl_text_map *map, const char *text)
{
    if (map->slot_count == 0)
        return CTL_NO_INDEX;
    return map->slots[slot_of(map, text)] - 1; /* a free slot's 0 becomes CTL_NO_INDEX */
}

void ctl_text_map_deinit(ctl_text_map *map)
{
    free(map->texts);
    free(map->slots);
    memset(map, 0, sizeof *map);
}

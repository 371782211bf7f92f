/* SPDX-License-Identifier: MIT */
#include "limiter_shard.h"

#include <string.h>

static size_t chain_count(uint32_t capacity)
{
    size_t count = 1;
    while (count < capacity)
        count *= 2;
    return count;
}

size_t aurora__shard_bytes(uint32_t capacity)
{
    size_t bytes = capacity * (sizeof(aurora__ranked) + sizeof(aurora__slot)) +
                   chain_count(capacity) * sizeof(uint32_t);
    return (bytes + 63) & ~(size_t)63;
}

void aurora__shard_init(aurora__shard *shard, uint32_t capacity, void *memory)
{
    size_t chains = chain_count(capacity);

    *shard = (aurora__shard){.capacity = capacity, .chain_mask = (uint32_t)(chains - 1)};
    shard->ranked = memory;
    shard->slots = (void *)(shard->ranked + capacity);
    shard->chains = (void *)(shard->slots + capacity);
    memset(shard->chains, 0xff, chains * sizeof *shard->chains);
}

static uint32_t *chain_of(const aurora__shard *shard, aurora__digest digest)
{
    return &shard->chains[digest.low & shard->chain_mask];
}

uint32_t aurora__shard_find(const aurora__shard *shard, aurora__digest digest)
{
    uint32_t at = *chain_of(shard, digest);

    while (at != AURORA__SLOT_NONE) {
        const aurora__slot *slot = &shard->slots[at];
        if (slot->digest.low == digest.low && slot->digest.high == digest.high)
            return at;
        at = slot->next;
    }
    return AURORA__SLOT_NONE;
}

uint64_t aurora__shard_first_level(const aurora__shard *shard)
{
    return shard->count == shard->capacity ? shard->ranked[0].level : 0;
}

static void place(aurora__shard *shard, uint32_t at, aurora__ranked entry)
{
    shard->ranked[at] = entry;
    shard->slots[entry.slot].place = at;
}

/* The child with the lowest level, or `count` where there is none. */
static uint32_t lowest_child(const aurora__shard *shard, uint32_t at)
{
    uint64_t first = (uint64_t)at * 4 + 1;
    if (first >= shard->count)
        return shard->count;

    uint32_t best = (uint32_t)first;
    for (uint32_t i = best + 1; i < shard->count && i < first + 4; i++) {
        if (shard->ranked[i].level < shard->ranked[best].level)
            best = i;
    }
    return best;
}

static void sift_down(aurora__shard *shard, uint32_t at, aurora__ranked entry)
{
    for (;;) {
        uint32_t child = lowest_child(shard, at);
        if (child == shard->count || shard->ranked[child].level >= entry.level)
            break;
        place(shard, at, shard->ranked[child]);
        at = child;
    }
    place(shard, at, entry);
}

static void sift_up(aurora__shard *shard, uint32_t at, aurora__ranked entry)
{
    while (at > 0 && shard->ranked[(at - 1) / 4].level > entry.level) {
        place(shard, at, shard->ranked[(at - 1) / 4]);
        at = (at - 1) / 4;
    }
    place(shard, at, entry);
}

void aurora__shard_raise(aurora__shard *shard, uint32_t slot, uint64_t level)
{
    sift_down(shard, shard->slots[slot].place, (aurora__ranked){level, slot, 0});
}

static void unlink_slot(aurora__shard *shard, uint32_t slot)
{
    uint32_t *link = chain_of(shard, shard->slots[slot].digest);

    while (*link != slot)
        link = &shard->slots[*link].next;
    *link = shard->slots[slot].next;
}

static void link_slot(aurora__shard *shard, uint32_t slot, aurora__digest digest)
{
    uint32_t *chain = chain_of(shard, digest);

    shard->slots[slot].digest = digest;
    shard->slots[slot].next = *chain;
    *chain = slot;
}

bool aurora__shard_insert(aurora__shard *shard, aurora__digest digest, uint64_t level,
                          uint64_t *evicted_level_out)
{
    if (shard->count < shard->capacity) {
        uint32_t slot = shard->count++;
        link_slot(shard, slot, digest);
        sift_up(shard, slot, (aurora__ranked){level, slot, 0});
        return false;
    }
    aurora__ranked lowest = shard->ranked[0];
    unlink_slot(shard, lowest.slot);
    link_slot(shard, lowest.slot, digest);
    sift_down(shard, 0, (aurora__ranked){level, lowest.slot, 0});
    *evicted_level_out = lowest.level;
    return true;
}

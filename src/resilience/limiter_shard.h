/* SPDX-License-Identifier: MIT */
/* The keys of one shard: a hash table to find them and a heap to evict them. Both lie in memory
 * that the limiter gives; the limiter's lock guards them. */
#ifndef AURORA_RESILIENCE_LIMITER_SHARD_H
#define AURORA_RESILIENCE_LIMITER_SHARD_H

#include <stdbool.h>

#include "siphash.h"

#define AURORA__SLOT_NONE UINT32_MAX

/* One key. */
typedef struct {
    aurora__digest digest;
    uint32_t place; /* in the heap */
    uint32_t next;  /* slot of the same chain */
} aurora__slot;

/* A level beside its slot, so that four children share a cache line. */
typedef struct {
    uint64_t level;
    uint32_t slot;
    uint32_t unused;
} aurora__ranked;

/* `ranked` is a 4-ary heap with the lowest level, the bucket that has been full longest, at 0. A
 * level only ever grows, so a take moves its key down a step or none. */
typedef struct {
    aurora__slot *slots;
    aurora__ranked *ranked;
    uint32_t *chains;    /* first slot of each chain */
    uint32_t chain_mask; /* their number, a power of two, less 1 */
    uint32_t count, capacity;
} aurora__shard;

/* Bytes that a shard of `capacity` keys needs, a multiple of 64. */
size_t aurora__shard_bytes(uint32_t capacity);

/* Lays an empty shard out in `memory`, 8-byte aligned. */
void aurora__shard_init(aurora__shard *shard, uint32_t capacity, void *memory);

/* The slot of a key, or AURORA__SLOT_NONE. */
uint32_t aurora__shard_find(const aurora__shard *shard, aurora__digest digest);

/* The level a key starts with that is not held: 0, a bucket full since ever, while there is room,
 * then the level of the key that would go. That never sinks, for a key that comes in starts there
 * or above, so it is at or above the level of every key that has gone. */
uint64_t aurora__shard_first_level(const aurora__shard *shard);

/* Raises the level of a held key. */
void aurora__shard_raise(aurora__shard *shard, uint32_t slot, uint64_t level);

/* Stores a key that is not held. Where there is no room the lowest goes: true, and its level. */
bool aurora__shard_insert(aurora__shard *shard, aurora__digest digest, uint64_t level,
                          uint64_t *evicted_level_out);

static inline uint64_t aurora__shard_level(const aurora__shard *shard, uint32_t slot)
{
    return shard->ranked[shard->slots[slot].place].level;
}

#endif

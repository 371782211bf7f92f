/* SPDX-License-Identifier: MIT */
/* One shard: a chained hash map of nodes, and a ring of the same nodes that a clock's hand goes
 * round to find what to evict. A node holds a value, or is the floor that a drop left: the version
 * below which nothing may be put. */
#ifndef AURORA_ADAPTERS_CACHE_MEMORY_SHARD_H
#define AURORA_ADAPTERS_CACHE_MEMORY_SHARD_H

#include <aurora/port/cache.h>

#include <pthread.h>
#include <stdbool.h>

typedef struct aurora__cache_node aurora__cache_node;

typedef struct {
    pthread_mutex_t lock;
    const aurora_allocator *allocator;
    aurora__cache_node **buckets;
    uint64_t mask;
    aurora__cache_node *hand; /* NULL: the ring is empty */
    int64_t forgotten_ns;     /* when the newest of what was forgotten had been put or dropped */
    uint64_t bytes;           /* of all, this struct and the buckets too */
    uint64_t bytes_max;
    uint64_t entries; /* nodes with values */
    uint64_t evictions;
    uint64_t refused;
    char padding[64]; /* the next shard's lock is in another line */
} aurora__cache_shard;

/* AURORA_ENOMEM, and then there is nothing to deinit. */
aurora_status aurora__cache_shard_init(aurora__cache_shard *shard,
                                       const aurora_allocator *allocator, uint64_t bytes_max);
void aurora__cache_shard_deinit(aurora__cache_shard *shard);

/* A key with its hash. */
typedef struct {
    const char *text;
    size_t length;
    uint64_t hash;
} aurora__cache_key;

/* The port's calls on a shard. */
aurora_status aurora__cache_shard_get(aurora__cache_shard *shard, const aurora__cache_key *key,
                                      int64_t now_ns, const aurora_cache_value **out);
aurora_status aurora__cache_shard_put(aurora__cache_shard *shard, const aurora__cache_key *key,
                                      int64_t now_ns, const aurora_cache_entry *entry);
void aurora__cache_shard_drop(aurora__cache_shard *shard, const aurora__cache_key *key,
                              int64_t now_ns, uint64_t version);

#endif

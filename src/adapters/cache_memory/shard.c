/* SPDX-License-Identifier: MIT */
#include "adapters/cache_memory/shard.h"

#include <string.h>

#define BYTES_A_BUCKET 512   /* of the shard */
#define BYTES_A_BLOCK 16     /* what an allocator adds */
#define BYTES_A_VALUE 120    /* around its bytes: head, the NUL and what the allocator adds */
#define FLOOR_NS 10000000000 /* a load that takes longer may be refused */

struct aurora__cache_node {
    aurora__cache_node *next; /* of its bucket; of those to be freed */
    aurora__cache_node *ahead;
    aurora__cache_node *behind;
    const aurora_cache_value *value; /* NULL = a floor */
    uint64_t hash;
    uint64_t version;
    int64_t at_ns; /* when it was put or dropped */
    int64_t expires_ns;
    uint32_t bytes;
    uint16_t key_length;
    bool is_used; /* since the hand passed */
    char key[];
};

/* --- life ------------------------------------------------------------------------------------- */

static uint64_t bucket_count(uint64_t bytes_max)
{
    uint64_t count = 1;
    while (count * 2 * BYTES_A_BUCKET <= bytes_max)
        count *= 2;
    return count;
}

aurora_status aurora__cache_shard_init(aurora__cache_shard *shard,
                                       const aurora_allocator *allocator, uint64_t bytes_max)
{
    uint64_t count = bucket_count(bytes_max);
    size_t bytes = count * sizeof *shard->buckets;
    *shard = (aurora__cache_shard){.allocator = allocator,
                                   .mask = count - 1,
                                   .forgotten_ns = INT64_MIN,
                                   .bytes = sizeof *shard + bytes,
                                   .bytes_max = bytes_max};
    shard->buckets = allocator->allocate(allocator->self, bytes);
    if (shard->buckets == NULL)
        return AURORA_ENOMEM;
    memset(shard->buckets, 0, bytes);
    pthread_mutex_init(&shard->lock, NULL);
    return AURORA_OK;
}

static void free_nodes(const aurora_allocator *allocator, aurora__cache_node *first)
{
    while (first != NULL) {
        aurora__cache_node *node = first;
        first = node->next;
        aurora_cache_value_free(node->value);
        allocator->release(allocator->self, node);
    }
}

void aurora__cache_shard_deinit(aurora__cache_shard *shard)
{
    for (uint64_t i = 0; i <= shard->mask; i++)
        free_nodes(shard->allocator, shard->buckets[i]);
    shard->allocator->release(shard->allocator->self, shard->buckets);
    pthread_mutex_destroy(&shard->lock);
}

/* --- nodes: the lock is held ------------------------------------------------------------------ */

static aurora__cache_node *find(const aurora__cache_shard *shard, const aurora__cache_key *key)
{
    aurora__cache_node *node = shard->buckets[key->hash & shard->mask];
    while (node != NULL && (node->hash != key->hash || node->key_length != key->length ||
                            memcmp(node->key, key->text, key->length) != 0))
        node = node->next;
    return node;
}

/* Just behind the hand: a whole round is before it. */
static void link_node(aurora__cache_shard *shard, aurora__cache_node *node)
{
    aurora__cache_node **bucket = &shard->buckets[node->hash & shard->mask];
    node->next = *bucket;
    *bucket = node;
    if (shard->hand == NULL) {
        node->ahead = node;
        node->behind = node;
        shard->hand = node;
    } else {
        node->ahead = shard->hand;
        node->behind = shard->hand->behind;
        node->behind->ahead = node;
        node->ahead->behind = node;
    }
    shard->bytes += node->bytes;
    shard->entries += node->value != NULL;
}

/* Into *freed, for after the lock. What is forgotten refuses all loads that it would have
 * refused. */
static void unlink_node(aurora__cache_shard *shard, aurora__cache_node *node,
                        aurora__cache_node **freed)
{
    aurora__cache_node **link = &shard->buckets[node->hash & shard->mask];
    while (*link != node)
        link = &(*link)->next;
    *link = node->next;
    node->behind->ahead = node->ahead;
    node->ahead->behind = node->behind;
    if (shard->hand == node)
        shard->hand = node->ahead == node ? NULL : node->ahead;
    shard->bytes -= node->bytes;
    shard->entries -= node->value != NULL;
    node->next = *freed;
    *freed = node;
}

static void forget(aurora__cache_shard *shard, aurora__cache_node *node, aurora__cache_node **freed)
{
    if (node->at_ns > shard->forgotten_ns)
        shard->forgotten_ns = node->at_ns;
    unlink_node(shard, node, freed);
}

/* A node that was read since the hand last passed is passed once more. */
static void make_room(aurora__cache_shard *shard, uint64_t bytes, aurora__cache_node **freed)
{
    while (shard->hand != NULL && shard->bytes + bytes > shard->bytes_max) {
        aurora__cache_node *node = shard->hand;
        if (node->is_used) {
            node->is_used = false;
            shard->hand = node->ahead;
            continue;
        }
        shard->evictions += node->value != NULL;
        forget(shard, node, freed);
    }
}

static aurora__cache_node *new_node(const aurora__cache_shard *shard, const aurora__cache_key *key)
{
    aurora__cache_node *node =
        shard->allocator->allocate(shard->allocator->self, sizeof *node + key->length);
    if (node == NULL)
        return NULL;
    *node = (aurora__cache_node){.hash = key->hash,
                                 .key_length = (uint16_t)key->length,
                                 .bytes = (uint32_t)(sizeof *node + key->length) + BYTES_A_BLOCK};
    memcpy(node->key, key->text, key->length);
    return node;
}

/* --- calls ------------------------------------------------------------------------------------ */

aurora_status aurora__cache_shard_get(aurora__cache_shard *shard, const aurora__cache_key *key,
                                      int64_t now_ns, const aurora_cache_value **out)
{
    aurora__cache_node *freed = NULL;
    *out = NULL;
    pthread_mutex_lock(&shard->lock);
    aurora__cache_node *node = find(shard, key);
    if (node != NULL && now_ns >= node->expires_ns) {
        forget(shard, node, &freed);
    } else if (node != NULL && node->value != NULL) {
        node->is_used = true;
        *out = node->value;
        aurora_cache_value_hold(*out);
    }
    pthread_mutex_unlock(&shard->lock);
    free_nodes(shard->allocator, freed);
    return *out != NULL ? AURORA_OK : AURORA_ENOTFOUND;
}

/* Whether nothing newer is known. Where a version is missing, what was put or dropped after the
 * load began counts as newer. */
static bool may_put(const aurora__cache_shard *shard, const aurora__cache_node *known,
                    uint64_t version, int64_t began_ns)
{
    if (known == NULL)
        return began_ns > shard->forgotten_ns;
    if (known->version != 0 && version != 0)
        return version >= known->version;
    return began_ns > known->at_ns;
}

/* Takes the node over, or leaves it. */
static aurora_status put_node(aurora__cache_shard *shard, const aurora__cache_key *key,
                              aurora__cache_node *node, int64_t began_ns,
                              aurora__cache_node **freed)
{
    aurora__cache_node *known = find(shard, key);
    if (!may_put(shard, known, node->version, began_ns)) {
        shard->refused++;
        return AURORA_ECONFLICT;
    }
    if (known != NULL)
        unlink_node(shard, known, freed);
    make_room(shard, node->bytes, freed);
    aurora_cache_value_hold(node->value);
    link_node(shard, node);
    return AURORA_OK;
}

aurora_status aurora__cache_shard_put(aurora__cache_shard *shard, const aurora__cache_key *key,
                                      int64_t now_ns, const aurora_cache_entry *entry)
{
    aurora__cache_node *freed = NULL;
    aurora__cache_node *node = new_node(shard, key);
    if (node == NULL)
        return AURORA_ENOMEM;
    node->value = entry->value;
    node->version = entry->value->version;
    node->at_ns = now_ns;
    node->expires_ns = now_ns + entry->ttl_ms * 1000000;
    node->bytes += entry->value->len + BYTES_A_VALUE;
    uint64_t own = sizeof *shard + (shard->mask + 1) * sizeof *shard->buckets;
    aurora_status rc = AURORA_ENOTSUP;
    pthread_mutex_lock(&shard->lock);
    if (own + node->bytes <= shard->bytes_max)
        rc = put_node(shard, key, node, now_ns - entry->load_ns, &freed);
    else
        shard->refused++;
    pthread_mutex_unlock(&shard->lock);
    if (rc != AURORA_OK)
        shard->allocator->release(shard->allocator->self, node);
    free_nodes(shard->allocator, freed);
    return rc;
}

static bool is_older(const aurora__cache_node *known, uint64_t version)
{
    return known->value == NULL || version == 0 || known->version == 0 || known->version < version;
}

/* Without memory for a floor, the drop counts as forgotten at once. */
void aurora__cache_shard_drop(aurora__cache_shard *shard, const aurora__cache_key *key,
                              int64_t now_ns, uint64_t version)
{
    aurora__cache_node *freed = NULL;
    aurora__cache_node *node = new_node(shard, key);
    pthread_mutex_lock(&shard->lock);
    aurora__cache_node *known = find(shard, key);
    bool is_wanted = known == NULL || is_older(known, version);
    if (known != NULL && is_wanted) {
        bool is_higher = known->value == NULL && version != 0 && known->version > version;
        version = is_higher ? known->version : version;
        unlink_node(shard, known, &freed);
    }
    if (is_wanted && node != NULL) {
        node->version = version;
        node->at_ns = now_ns;
        node->expires_ns = now_ns + FLOOR_NS;
        make_room(shard, node->bytes, &freed);
        link_node(shard, node);
        node = NULL;
    } else if (is_wanted && now_ns > shard->forgotten_ns) {
        shard->forgotten_ns = now_ns;
    }
    pthread_mutex_unlock(&shard->lock);
    if (node != NULL)
        shard->allocator->release(shard->allocator->self, node);
    free_nodes(shard->allocator, freed);
}

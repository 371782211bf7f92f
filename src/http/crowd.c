/* SPDX-License-Identifier: MIT */
#include "http/crowd.h"

#include "http/loop.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS 4096

/* One client. The counter and `next` are the crowd's, under its mutex; each list is its loop's. */
struct aurora__neighbours {
    struct aurora__neighbours *next; /* in its bucket */
    aurora_http_address client;
    uint32_t count;
    aurora__connection *first[]; /* of each loop */
};

struct aurora__crowd {
    pthread_mutex_t mutex;
    uint32_t loops;
    uint64_t seed; /* addresses that a stranger picks must not all fall into one bucket */
    aurora__neighbours *buckets[BUCKETS];
};

aurora__crowd *aurora__crowd_new(uint32_t loops, uint64_t seed)
{
    aurora__crowd *crowd = calloc(1, sizeof(*crowd));
    if (crowd == NULL)
        return NULL;
    pthread_mutex_init(&crowd->mutex, NULL);
    crowd->loops = loops;
    crowd->seed = seed | 1;
    return crowd;
}

void aurora__crowd_free(aurora__crowd *crowd)
{
    if (crowd == NULL)
        return;
    pthread_mutex_destroy(&crowd->mutex);
    free(crowd);
}

static aurora__neighbours **bucket_of(aurora__crowd *crowd, const aurora_http_address *client)
{
    uint64_t halves[2];
    memcpy(halves, client->bytes, sizeof(halves));
    uint64_t hash = (halves[0] ^ crowd->seed) * UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ (hash >> 29) ^ halves[1]) * crowd->seed;
    return &crowd->buckets[(hash ^ (hash >> 32)) % BUCKETS];
}

/* Under the mutex. */
static aurora__neighbours *find_or_add(aurora__crowd *crowd, const aurora_http_address *client)
{
    aurora__neighbours **bucket = bucket_of(crowd, client);
    for (aurora__neighbours *at = *bucket; at != NULL; at = at->next) {
        if (memcmp(&at->client, client, sizeof(*client)) == 0)
            return at;
    }
    aurora__neighbours *new = calloc(1, sizeof(*new) + crowd->loops * sizeof(new->first[0]));
    if (new == NULL)
        return NULL;
    new->client = *client;
    new->next = *bucket;
    *bucket = new;
    return new;
}

uint32_t aurora__crowd_join(aurora__crowd *crowd, aurora__connection *connection)
{
    aurora_http_address client = aurora_http_address_client(&connection->address);
    pthread_mutex_lock(&crowd->mutex);
    aurora__neighbours *all = find_or_add(crowd, &client);
    uint32_t count = all == NULL ? 0 : ++all->count;
    pthread_mutex_unlock(&crowd->mutex);
    if (all == NULL)
        return 0;
    aurora__connection **first = &all->first[connection->loop->index];
    connection->neighbours = all;
    connection->next_near = *first;
    if (*first != NULL)
        (*first)->previous_near = connection;
    *first = connection;
    return count;
}

/* Under the mutex. */
static void drop(aurora__crowd *crowd, aurora__neighbours *all)
{
    aurora__neighbours **at = bucket_of(crowd, &all->client);
    while (*at != all)
        at = &(*at)->next;
    *at = all->next;
    free(all);
}

void aurora__crowd_leave(aurora__crowd *crowd, aurora__connection *connection)
{
    aurora__neighbours *all = connection->neighbours;
    if (all == NULL)
        return;
    if (connection->previous_near != NULL)
        connection->previous_near->next_near = connection->next_near;
    else
        all->first[connection->loop->index] = connection->next_near;
    if (connection->next_near != NULL)
        connection->next_near->previous_near = connection->previous_near;
    connection->neighbours = NULL;
    pthread_mutex_lock(&crowd->mutex);
    if (--all->count == 0)
        drop(crowd, all);
    pthread_mutex_unlock(&crowd->mutex);
}

aurora__connection *aurora__crowd_idle(const aurora__connection *connection)
{
    aurora__connection *oldest = NULL;
    aurora__connection *at = connection->neighbours->first[connection->loop->index];
    for (; at != NULL; at = at->next_near) {
        if (at != connection && at->phase == AURORA__IDLE &&
            (oldest == NULL || at->since_ns < oldest->since_ns))
            oldest = at;
    }
    return oldest;
}

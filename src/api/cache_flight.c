/* SPDX-License-Identifier: MIT */
#include "api/cache_flight.h"

#include <aurora/port/cache.h>

#include <string.h>

struct aurora__flight {
    aurora__flights *flights;
    aurora__flight_lane *lane;
    aurora__flight *next; /* in the lane, while is_listed */
    uint32_t passengers;  /* who still needs this struct */
    bool is_listed;
    bool is_over;
    aurora_status status;
    const aurora_cache_value *value;
    size_t key_len;
    char key[];
};

void aurora__flights_init(aurora__flights *flights, const aurora_allocator *allocator)
{
    flights->allocator = allocator;
    for (uint32_t i = 0; i < AURORA__FLIGHT_LANES; i++) {
        aurora__flight_lane *lane = &flights->lanes[i];
        pthread_mutex_init(&lane->lock, NULL);
        pthread_cond_init(&lane->landed_any, NULL);
        atomic_init(&lane->landed, 0);
        lane->first = NULL;
    }
}

void aurora__flights_deinit(aurora__flights *flights)
{
    for (uint32_t i = 0; i < AURORA__FLIGHT_LANES; i++) {
        pthread_mutex_destroy(&flights->lanes[i].lock);
        pthread_cond_destroy(&flights->lanes[i].landed_any);
    }
}

static aurora__flight_lane *lane_of(aurora__flights *flights, const char *key, size_t key_len)
{
    uint32_t sum = (uint32_t)key_len;
    for (size_t i = key_len > 16 ? key_len - 16 : 0; i < key_len; i++)
        sum = sum * 31 + (unsigned char)key[i];
    return &flights->lanes[(sum * 0x9E3779B1u >> 16) % AURORA__FLIGHT_LANES];
}

uint64_t aurora__flights_landed(aurora__flights *flights, const char *key, size_t key_len)
{
    return atomic_load_explicit(&lane_of(flights, key, key_len)->landed, memory_order_acquire);
}

/* The link that points to the flight of this key, or to the end. The lane is locked. */
static aurora__flight **find(aurora__flight_lane *lane, const char *key, size_t key_len)
{
    aurora__flight **link = &lane->first;
    while (*link != NULL &&
           ((*link)->key_len != key_len || memcmp((*link)->key, key, key_len) != 0))
        link = &(*link)->next;
    return link;
}

static aurora__flight *begin(aurora__flights *flights, aurora__flight_lane *lane, const char *key,
                             size_t key_len)
{
    aurora__flight *flight =
        flights->allocator->allocate(flights->allocator->self, sizeof *flight + key_len);
    if (flight == NULL)
        return NULL;
    *flight = (aurora__flight){.flights = flights,
                               .lane = lane,
                               .next = lane->first,
                               .is_listed = true,
                               .key_len = key_len};
    memcpy(flight->key, key, key_len);
    lane->first = flight;
    return flight;
}

aurora_status aurora__flight_board(aurora__flights *flights, const char *key, size_t key_len,
                                   uint64_t landed, aurora__flight **out, bool *is_leader_out,
                                   bool *is_late_out)
{
    aurora__flight_lane *lane = lane_of(flights, key, key_len);
    pthread_mutex_lock(&lane->lock);
    *out = *find(lane, key, key_len);
    *is_leader_out = *out == NULL;
    *is_late_out = atomic_load_explicit(&lane->landed, memory_order_relaxed) != landed;
    if (*is_leader_out)
        *out = begin(flights, lane, key, key_len);
    if (*out != NULL)
        (*out)->passengers++;
    pthread_mutex_unlock(&lane->lock);
    return *out == NULL ? AURORA_ENOMEM : AURORA_OK;
}

/* The last one frees it. The lane is locked before and not after. */
static void leave(aurora__flight *flight)
{
    bool is_last = --flight->passengers == 0;
    pthread_mutex_unlock(&flight->lane->lock);
    if (!is_last)
        return;
    const aurora_allocator *allocator = flight->flights->allocator;
    aurora_cache_value_free(flight->value);
    allocator->release(allocator->self, flight);
}

static void unlist(aurora__flight *flight)
{
    if (!flight->is_listed)
        return;
    aurora__flight **link = &flight->lane->first;
    while (*link != flight)
        link = &(*link)->next;
    *link = flight->next;
    flight->is_listed = false;
}

void aurora__flight_land(aurora__flight *flight, aurora_status status,
                         const aurora_cache_value *value)
{
    aurora__flight_lane *lane = flight->lane;
    pthread_mutex_lock(&lane->lock);
    unlist(flight);
    atomic_fetch_add_explicit(&lane->landed, 1, memory_order_release);
    flight->is_over = true;
    flight->status = status;
    if (flight->passengers > 1) {
        aurora_cache_value_hold(value);
        flight->value = value;
        pthread_cond_broadcast(&lane->landed_any);
    }
    leave(flight);
}

aurora_status aurora__flight_wait(aurora__flight *flight, const aurora_cache_value **out)
{
    pthread_mutex_lock(&flight->lane->lock);
    while (!flight->is_over)
        pthread_cond_wait(&flight->lane->landed_any, &flight->lane->lock);
    aurora_status status = flight->status;
    aurora_cache_value_hold(flight->value);
    *out = flight->value;
    leave(flight);
    return status;
}

void aurora__flights_detach(aurora__flights *flights, const char *key, size_t key_len)
{
    aurora__flight_lane *lane = lane_of(flights, key, key_len);
    pthread_mutex_lock(&lane->lock);
    aurora__flight *flight = *find(lane, key, key_len);
    if (flight != NULL)
        unlist(flight);
    pthread_mutex_unlock(&lane->lock);
}

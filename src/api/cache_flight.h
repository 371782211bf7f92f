/* SPDX-License-Identifier: MIT */
/* Single flight: of many who miss one key at once one loads it and the others wait for that. */
#ifndef AURORA_API_CACHE_FLIGHT_H
#define AURORA_API_CACHE_FLIGHT_H

#include <aurora/cache.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#define AURORA__FLIGHT_LANES 16

typedef struct aurora__flight aurora__flight;

/* Flights of the keys that fall into one lane. */
typedef struct {
    pthread_mutex_t lock;
    pthread_cond_t landed_any;
    _Atomic uint64_t landed; /* flights that are over */
    aurora__flight *first;
} aurora__flight_lane;

typedef struct {
    aurora__flight_lane lanes[AURORA__FLIGHT_LANES];
    const aurora_allocator *allocator;
} aurora__flights;

void aurora__flights_init(aurora__flights *flights, const aurora_allocator *allocator);
void aurora__flights_deinit(aurora__flights *flights);

/* To be asked before the cache is: aurora__flight_board tells whether anything landed since. */
uint64_t aurora__flights_landed(aurora__flights *flights, const char *key, size_t key_len);

/* Joins the flight of this key, or begins one. *is_leader_out: the caller has to land it; else it
 * has to wait for it. *is_late_out: a flight landed since `landed` was read, so that the value may
 * be there by now. AURORA_ENOMEM. */
aurora_status aurora__flight_board(aurora__flights *flights, const char *key, size_t key_len,
                                   uint64_t landed, aurora__flight **out, bool *is_leader_out,
                                   bool *is_late_out);

/* Ends a flight for all who wait: with a value, of which each gets a reference, or a status. */
void aurora__flight_land(aurora__flight *flight, aurora_status status,
                         const aurora_cache_value *value);

/* Waits for the end. *out is the caller's reference. */
aurora_status aurora__flight_wait(aurora__flight *flight, const aurora_cache_value **out);

/* Who asks from now on does not join a flight that began before. */
void aurora__flights_detach(aurora__flights *flights, const char *key, size_t key_len);

#endif

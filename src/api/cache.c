/* SPDX-License-Identifier: MIT */
/* A cache over its port: arguments, times to live, loading. */
#include <aurora/port/cache.h>

#include "api/allocator.h"
#include "api/cache_flight.h"
#include "api/check.h"
#include "api/clock.h"
#include "api/drivers.h"
#include "api/refuse.h"
#include "engine/say.h"

#include <string.h>
#include <time.h>

#define TTL_MAX_MS 86400000
#define TTL_MS 1000
#define HIT_COUNTERS 16
#define OTHER_LOOK_MS 10  /* between two looks for what another process loads */
#define OTHER_WAIT_MS 500 /* then it is loaded here too */

/* Apart, so that threads on different ones do not share a cache line. */
typedef struct {
    _Atomic uint64_t count;
    char padding[56];
} hit_counter;

struct aurora_cache {
    aurora_allocator allocator;
    aurora_clock clock;
    aurora_log log;
    aurora_cache_port port;
    int64_t ttl_ms;
    int64_t absent_ttl_ms;
    aurora__flights flights;
    hit_counter hits[HIT_COUNTERS];
    _Atomic uint64_t misses;
    _Atomic uint64_t loads;
    _Atomic uint64_t joins;
    _Atomic uint64_t refused; /* larger than the largest value */
    _Atomic uint64_t jitter;
};

/* --- life ------------------------------------------------------------------------------------- */

static void write_log(void *self, int32_t level, const char *message)
{
    const aurora_cache *cache = self;
    const aurora_log_record record = {
        .size = sizeof record, .level = level, .component = "cache", .message = message};
    if (level >= cache->log.level_min)
        aurora__log_hand_over(&cache->log, &record);
}

static aurora_status copy_log(aurora_cache *cache, const aurora_log *given, aurora_error *err)
{
    if (given == NULL)
        return AURORA_OK;
    aurora_status rc = aurora__copy_sized(&cache->log, sizeof cache->log, given, err);
    if (rc == AURORA_OK && cache->log.write == NULL)
        return aurora__refuse(err, AURORA_EINVAL, "log", "must have its call");
    if (cache->log.level_min == 0)
        cache->log.level_min = AURORA_LOG_INFO;
    return rc;
}

static aurora_status check_options(const aurora_cache_options *given, aurora_cache_options *copy,
                                   aurora_error *err)
{
    *copy = (aurora_cache_options){.size = sizeof *copy};
    aurora_status rc = AURORA_OK;
    if (given != NULL)
        rc = aurora__copy_sized(copy, sizeof *copy, given, err);
    if (rc == AURORA_OK && copy->ttl_ms == 0)
        copy->ttl_ms = TTL_MS;
    if (rc == AURORA_OK)
        rc = aurora__check_range(err, "ttl_ms", copy->ttl_ms, 1, TTL_MAX_MS);
    if (rc == AURORA_OK && copy->absent_ttl_ms == 0)
        copy->absent_ttl_ms = (copy->ttl_ms + 3) / 4;
    if (rc == AURORA_OK)
        rc = aurora__check_range(err, "absent_ttl_ms", copy->absent_ttl_ms, 1, TTL_MAX_MS);
    return rc;
}

static aurora_status open_port(aurora_cache *cache, const char *url,
                               const aurora_cache_options *options, aurora_error *err)
{
    aurora_cache_open_fn open;
    aurora_cache_port_options with = {
        .size = sizeof with, .allocator = &cache->allocator, .clock = &cache->clock};
    if (cache->log.write != NULL) {
        with.log = write_log;
        with.log_self = cache;
    }
    aurora_status rc = aurora__driver_find_cache(url, options->drivers, options->driver_count,
                                                 &open, &with.address, err);
    if (rc != AURORA_OK)
        return rc;
    aurora_cache_port given = {0};
    rc = open(&with, &given, err);
    if (rc != AURORA_OK)
        return rc;
    rc = aurora__copy_sized(&cache->port, sizeof cache->port, &given, err);
    if (rc == AURORA_OK && cache->port.get != NULL && cache->port.put != NULL &&
        cache->port.drop != NULL && cache->port.close != NULL &&
        (cache->port.lock == NULL) == (cache->port.unlock == NULL))
        return AURORA_OK;
    if (cache->port.close != NULL)
        cache->port.close(cache->port.self);
    return aurora__refuse(err, AURORA_EINVAL, "cache", "the driver misses a required call");
}

static aurora_status open_cache(const char *url, const aurora_cache_options *options,
                                aurora_cache **out, aurora_error *err)
{
    aurora_allocator allocator;
    aurora_status rc = aurora__allocator_copy(&allocator, options->allocator, err);
    if (rc != AURORA_OK)
        return rc;
    aurora_cache *cache = allocator.allocate(allocator.self, sizeof *cache);
    if (cache == NULL)
        return aurora__refuse_plain(err, AURORA_ENOMEM);
    memset(cache, 0, sizeof *cache);
    cache->allocator = allocator;
    cache->ttl_ms = options->ttl_ms;
    cache->absent_ttl_ms = options->absent_ttl_ms;
    rc = aurora__clock_copy(&cache->clock, options->clock, err);
    if (rc == AURORA_OK)
        rc = copy_log(cache, options->log, err);
    if (rc == AURORA_OK)
        rc = open_port(cache, url, options, err);
    if (rc != AURORA_OK) {
        allocator.release(allocator.self, cache);
        return rc;
    }
    aurora__flights_init(&cache->flights, &cache->allocator);
    *out = cache;
    return AURORA_OK;
}

aurora_status aurora_cache_open(const char *url, const aurora_cache_options *options,
                                aurora_cache **out, aurora_error *err)
{
    aurora_cache_options copy;
    if (out == NULL)
        return aurora__refuse(err, AURORA_EINVAL, "out", "is required");
    *out = NULL;
    aurora_status rc = check_options(options, &copy, err);
    return rc == AURORA_OK ? open_cache(url, &copy, out, err) : rc;
}

void aurora_cache_close(aurora_cache *cache)
{
    if (cache == NULL)
        return;
    aurora_allocator allocator = cache->allocator;
    cache->port.close(cache->port.self);
    aurora__flights_deinit(&cache->flights);
    allocator.release(allocator.self, cache);
}

/* --- loading ---------------------------------------------------------------------------------- */

static void count(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* A tenth more or less, so that what was loaded together does not expire together. */
static int64_t spread(aurora_cache *cache, int64_t ttl_ms)
{
    uint64_t word =
        atomic_fetch_add_explicit(&cache->jitter, 0x9E3779B97F4A7C15u, memory_order_relaxed);
    word = (word ^ (word >> 32)) * 0xD6E8FEB86659FD93u;
    word ^= word >> 32;
    uint64_t width = (uint64_t)ttl_ms / 5 + 1;
    int64_t spread_ms = ttl_ms - ttl_ms / 10 + (int64_t)(word % width);
    return spread_ms < 1 ? 1 : spread_ms;
}

/* A value that is too large is given, and not kept. */
static void keep(aurora_cache *cache, const char *key, size_t key_len,
                 const aurora_cache_value *value, int64_t began_ns)
{
    if (value->len > AURORA_CACHE_VALUE_BYTES_MAX) {
        count(&cache->refused);
        return;
    }
    int64_t ttl_ms = value->is_absent ? cache->absent_ttl_ms : cache->ttl_ms;
    int64_t now_ns = cache->clock.monotonic_ns(cache->clock.self);
    aurora_cache_entry entry = {.size = sizeof entry,
                                .value = value,
                                .ttl_ms = spread(cache, ttl_ms),
                                .load_ns = now_ns - began_ns};
    cache->port.put(cache->port.self, key, key_len, &entry);
}

static aurora_status load(aurora_cache *cache, const char *key, size_t key_len,
                          const aurora_cache_loader *loader, const aurora_cache_value **out)
{
    const char *bytes = NULL;
    uint32_t len = 0;
    uint64_t version = 0;
    int64_t began_ns = cache->clock.monotonic_ns(cache->clock.self);
    count(&cache->loads);
    aurora_status rc = loader->load(loader->self, key, &bytes, &len, &version);
    bool is_absent = rc == AURORA_ENOTFOUND;
    if (rc == AURORA_OK || is_absent)
        rc = aurora_cache_value_new(&cache->allocator, is_absent ? NULL : bytes,
                                    is_absent ? 0 : len, version, is_absent, out);
    if (bytes != NULL && loader->release != NULL)
        loader->release(loader->self, bytes);
    if (rc == AURORA_OK)
        keep(cache, key, key_len, *out, began_ns);
    return rc;
}

/* A pause in real time, whatever clock the cache has. */
static void pause_ms(long ms)
{
    struct timespec rest = {.tv_nsec = ms * 1000000};
    (void)nanosleep(&rest, NULL);
}

/* Of the processes that share the cache one loads, and the others look for what it put; but none
 * waits long for another, which may have been killed. */
static aurora_status load_for_all(aurora_cache *cache, const char *key, size_t key_len,
                                  const aurora_cache_loader *loader, const aurora_cache_value **out)
{
    const aurora_cache_port *port = &cache->port;
    uint64_t token = 0;
    aurora_status locked =
        port->lock == NULL ? AURORA_ENOTSUP : port->lock(port->self, key, key_len, &token);
    for (long waited_ms = 0; locked == AURORA_EBUSY && waited_ms < OTHER_WAIT_MS;
         waited_ms += OTHER_LOOK_MS) {
        pause_ms(OTHER_LOOK_MS);
        if (port->get(port->self, key, key_len, out) == AURORA_OK)
            return AURORA_OK;
        *out = NULL;
        locked = port->lock(port->self, key, key_len, &token);
    }
    aurora_status rc = load(cache, key, key_len, loader, out);
    if (locked == AURORA_OK)
        port->unlock(port->self, key, key_len, token);
    return rc;
}

static aurora_status load_once(aurora_cache *cache, const char *key, size_t key_len,
                               uint64_t landed, const aurora_cache_loader *loader,
                               const aurora_cache_value **out)
{
    aurora__flight *flight;
    bool is_leader, is_late;
    aurora_status rc =
        aurora__flight_board(&cache->flights, key, key_len, landed, &flight, &is_leader, &is_late);
    if (rc != AURORA_OK)
        return rc;
    if (!is_leader) {
        count(&cache->joins);
        return aurora__flight_wait(flight, out);
    }
    rc = is_late ? cache->port.get(cache->port.self, key, key_len, out) : AURORA_ENOTFOUND;
    if (rc != AURORA_OK)
        rc = load_for_all(cache, key, key_len, loader, out);
    aurora__flight_land(flight, rc, *out);
    return rc;
}

/* --- calls ------------------------------------------------------------------------------------ */

static size_t length_of(const char *key)
{
    return key == NULL ? 0 : strnlen(key, AURORA_CACHE_KEY_BYTES_MAX + 1);
}

static void count_hit(aurora_cache *cache)
{
    uintptr_t thread = (uintptr_t)pthread_self();
    count(&cache->hits[(thread ^ thread >> 12 ^ thread >> 20) % HIT_COUNTERS].count);
}

aurora_status aurora_cache_get(aurora_cache *cache, const char *key,
                               const aurora_cache_loader *loader, const aurora_cache_value **out)
{
    if (out == NULL)
        return AURORA_EINVAL;
    *out = NULL;
    size_t key_len = length_of(key);
    if (cache == NULL || key_len < 1 || key_len > AURORA_CACHE_KEY_BYTES_MAX || loader == NULL ||
        loader->load == NULL)
        return AURORA_EINVAL;
    uint64_t landed = aurora__flights_landed(&cache->flights, key, key_len);
    if (cache->port.get(cache->port.self, key, key_len, out) == AURORA_OK) {
        count_hit(cache);
        return AURORA_OK;
    }
    *out = NULL;
    count(&cache->misses);
    return load_once(cache, key, key_len, landed, loader, out);
}

void aurora_cache_drop(aurora_cache *cache, const char *key, uint64_t version)
{
    size_t key_len = length_of(key);
    if (cache == NULL || key_len < 1 || key_len > AURORA_CACHE_KEY_BYTES_MAX)
        return;
    cache->port.drop(cache->port.self, key, key_len, version);
    /* Afterwards: a load that begins in between may be kept. */
    aurora__flights_detach(&cache->flights, key, key_len);
}

void aurora_cache_stats_get(aurora_cache *cache, aurora_cache_stats *out)
{
    if (out == NULL)
        return;
    *out = (aurora_cache_stats){0};
    if (cache == NULL)
        return;
    for (uint32_t i = 0; i < HIT_COUNTERS; i++)
        out->hits += atomic_load_explicit(&cache->hits[i].count, memory_order_relaxed);
    out->misses = atomic_load_explicit(&cache->misses, memory_order_relaxed);
    out->loads = atomic_load_explicit(&cache->loads, memory_order_relaxed);
    out->joins = atomic_load_explicit(&cache->joins, memory_order_relaxed);
    out->refused = atomic_load_explicit(&cache->refused, memory_order_relaxed);
    if (cache->port.stats != NULL)
        cache->port.stats(cache->port.self, out);
}

aurora_status aurora_cache_breaker(aurora_cache *cache, aurora_breaker_figures *figures_out)
{
    if (cache == NULL || figures_out == NULL)
        return AURORA_EINVAL;
    if (cache->port.breaker == NULL)
        return AURORA_ENOTSUP;
    cache->port.breaker(cache->port.self, figures_out);
    return AURORA_OK;
}

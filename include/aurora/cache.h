/* SPDX-License-Identifier: MIT */
/* A cache of values with versions: bounded, with a time to live, and with single flight, so that of
 * many who miss one key at once one loads it. "memory:" lives in the process; a driver may add
 * others. Not a store: everything in it can be lost at any time. */
#ifndef AURORA_CACHE_H
#define AURORA_CACHE_H

#include <aurora/breaker.h>
#include <aurora/handle.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An open cache. */
typedef struct aurora_cache aurora_cache;

#define AURORA_CACHE_KEY_BYTES_MAX 512       /* of a key; at least 1 */
#define AURORA_CACHE_VALUE_BYTES_MAX 1048576 /* of a value */

/* A value that a reader holds. Read only; freed with aurora_cache_value_free. */
typedef struct {
    uint32_t size;
    uint32_t len;       /* of bytes, without the NUL */
    uint64_t version;   /* as it was put */
    const char *bytes;  /* NUL-terminated as well */
    uint32_t is_absent; /* 1 = the loader said that there is no such thing */
    uint32_t reserved;
} aurora_cache_value;

/* How to open. All members may be zero but size. Structs are copied; what `self` points to, and the
 * drivers, must outlive the cache, the allocator its values too. A time to live varies by up to a
 * tenth, so that what was loaded together does not expire together. */
typedef struct {
    uint32_t size; /* sizeof(aurora_cache_options) */
    uint32_t driver_count;
    const aurora_allocator *allocator; /* NULL = malloc and free */
    const aurora_clock *clock;         /* NULL = the system's */
    const aurora_driver *drivers;      /* aurora_net_drivers(&n); NULL = "memory:" alone */
    int64_t ttl_ms;                    /* time to live, 1..86,400,000; 0 = 1,000 */
    int64_t absent_ttl_ms; /* of "there is no such thing", 1..86,400,000; 0 = a quarter */
    const aurora_log *log; /* of the driver; NULL = nothing is logged */
} aurora_cache_options;

/* Counts since the opening. The caller's memory; pinned layout. */
typedef struct {
    uint64_t hits;      /* values that were there */
    uint64_t misses;    /* values that were not */
    uint64_t loads;     /* began */
    uint64_t joins;     /* misses that waited for another's load */
    uint64_t evictions; /* values that made room */
    uint64_t refused;   /* loaded values that were not kept: too old or too large */
    uint64_t bytes;     /* now, with what the cache itself needs; 0 where that is not known */
    uint64_t entries;   /* values now; 0 where that is not known */
    uint64_t failures;  /* calls of a shared cache that it did not answer: misses */
    uint64_t spare;     /* 0 */
} aurora_cache_stats;

/* C++ and FFI: zeroes *options and sets its size. Threads: confined. */
static inline void aurora_cache_options_init(aurora_cache_options *options)
{
    memset(options, 0, sizeof(*options));
    options->size = (uint32_t)sizeof(*options);
}

#ifndef __cplusplus
#define AURORA_CACHE_OPTIONS(...)                                                                  \
    (&(const aurora_cache_options){.size = (uint32_t)sizeof(aurora_cache_options), __VA_ARGS__})
#endif

/* Where a value comes from on a miss. Both calls come from the thread that is inside
 * aurora_cache_get, under no lock. */
typedef struct {
    void *self; /* handed back to both */
    /* Gives the bytes of the key's value as it is committed now, and its version, which grows with
     * each change; 0 = it has none. AURORA_ENOTFOUND: there is no such thing, *bytes_out stays
     * NULL. Any other failure is the caller's answer and is not kept. May get other keys, not this
     * one. Required. */
    aurora_status (*load)(void *self, const char *key, const char **bytes_out, uint32_t *len_out,
                          uint64_t *version_out);
    /* Takes back what load gave, once it is copied. NULL = nothing to do. */
    void (*release)(void *self, const char *bytes);
} aurora_cache_loader;

/* Opens "memory:", "memory:?bytes=16MiB" (64KiB to 16GiB, 16 MiB by default, all overhead
 * included), or what a driver accepts. options may be NULL. AURORA_EINVAL with field "cache" for a
 * bad URL, or the option's name; AURORA_ENOTSUP for a scheme that no driver knows; AURORA_EIO. *out
 * is closed with aurora_cache_close. Threads: shared. */
AURORA_API aurora_status aurora_cache_open(const char *url, const aurora_cache_options *options,
                                           aurora_cache **out, aurora_error *err);

/* Frees the cache; no call on it may be under way. Values that readers hold stay valid. NULL is a
 * no-op. Threads: confined. */
AURORA_API void aurora_cache_close(aurora_cache *cache);

/* Gives the value of `key` (1..512 bytes), loading it on a miss; who asks for a key whose load is
 * under way waits for that. A value above AURORA_CACHE_VALUE_BYTES_MAX is given and not kept.
 * AURORA_OK also with is_absent for what the loader did not find; AURORA_EINVAL; AURORA_ENOMEM;
 * else the loader's status, for all who waited for it. An unreachable cache is a miss. *out is
 * freed with aurora_cache_value_free. Threads: shared. */
AURORA_API aurora_status aurora_cache_get(aurora_cache *cache, const char *key,
                                          const aurora_cache_loader *loader,
                                          const aurora_cache_value **out);

/* Says that `version` of the key is committed, before the writer is answered: an older value goes,
 * one that is loaded at this moment is not kept unless it is as new, and who asks from now on does
 * not wait for it. 0 = whatever the version. Threads: shared. */
AURORA_API void aurora_cache_drop(aurora_cache *cache, const char *key, uint64_t version);

/* Gives up a value; NULL is a no-op. Threads: shared. */
AURORA_API void aurora_cache_value_free(const aurora_cache_value *value);

/* Writes the counters into the caller's *out. Threads: shared. */
AURORA_API void aurora_cache_stats_get(aurora_cache *cache, aurora_cache_stats *out);

/* Reads the breaker before a cache that processes share. AURORA_ENOTSUP where there is none;
 * AURORA_EINVAL. Waits for nothing. Threads: shared. */
AURORA_API aurora_status aurora_cache_breaker(aurora_cache *cache,
                                              aurora_breaker_figures *figures_out);

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: MIT */
/* A cache of values with versions: bounded, with a time to live, and with single flight, so that of
 * many who miss one key at once one loads it. "memory:" lives in the process; a driver may add
 * others. Not a store: everything in it can be lost at any time. */
#ifndef AURORA_CACHE_H
#define AURORA_CACHE_H

#include <aurora/handle.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct aurora_cache aurora_cache;

#define AURORA_CACHE_KEY_BYTES_MAX 512
#define AURORA_CACHE_VALUE_BYTES_MAX 1048576

/* A value that a reader holds. Read only; freed with aurora_cache_value_free. */
typedef struct {
    uint32_t size;
    uint32_t len;
    uint64_t version;   /* as it was put */
    const char *bytes;  /* NUL-terminated as well */
    uint32_t is_absent; /* 1 = the loader said that there is no such thing */
    uint32_t reserved;
} aurora_cache_value;

/* How to open. All members may be zero but size. */
typedef struct {
    uint32_t size;
    uint32_t driver_count;
    const aurora_allocator *allocator; /* NULL = malloc and free */
    const aurora_clock *clock;         /* NULL = the system's */
    const aurora_driver *drivers;      /* NULL = "memory:" alone */
    int64_t ttl_ms;                    /* time to live, 1..86,400,000; 0 = 1,000 */
    int64_t absent_ttl_ms;             /* of "there is no such thing"; 0 = a quarter of ttl_ms */
} aurora_cache_options;

typedef struct {
    uint64_t hits, misses, loads, joins, evictions, refused; /* joins waited for another's load */
    uint64_t bytes;
    uint64_t entries;
} aurora_cache_stats;

/* C++ and FFI: zeroes *options and sets its size. Threads: confined. */
static inline void aurora_cache_options_init(aurora_cache_options *options)
{
    memset(options, 0, sizeof(*options));
    options->size = (uint32_t)sizeof(*options);
}

/* Loads the value of a key on a miss: fills *bytes_out with memory of the caller's that `release`
 * gives back (both may be NULL for an absent thing: AURORA_ENOTFOUND), or fails, which nobody
 * keeps. */
typedef struct {
    void *self;
    aurora_status (*load)(void *self, const char *key, const char **bytes_out, uint32_t *len_out,
                          uint64_t *version_out);
    void (*release)(void *self, const char *bytes);
} aurora_cache_loader;

/* Opens "memory:", "memory:?bytes=16MiB" (default 16 MiB, 64 KiB to 16 GiB) or what a driver
 * accepts. AURORA_EINVAL with the field "cache", AURORA_ENOTSUP, AURORA_EIO. *out is closed with
 * aurora_cache_close. Threads: shared. */
AURORA_API aurora_status aurora_cache_open(const char *url, const aurora_cache_options *options,
                                           aurora_cache **out, aurora_error *err);
/* No call on it may be under way. Values that readers hold stay valid. NULL is a no-op. */
AURORA_API void aurora_cache_close(aurora_cache *cache);

/* Gives the value of `key` (1..512 bytes, no NUL), loading it if it is not there; a second caller
 * of the same key waits for the first one's load. AURORA_OK with is_absent for what the loader did
 * not find; else the loader's status. *out is freed with aurora_cache_value_free. Threads:
 * shared. */
AURORA_API aurora_status aurora_cache_get(aurora_cache *cache, const char *key,
                                          const aurora_cache_loader *loader,
                                          const aurora_cache_value **out);
/* Says that `version` of the key is committed: an older value goes, and a load that is under way
 * with an older one is not kept. Threads: shared. */
AURORA_API void aurora_cache_drop(aurora_cache *cache, const char *key, uint64_t version);
/* Frees a value; NULL is a no-op. Threads: shared. */
AURORA_API void aurora_cache_value_free(const aurora_cache_value *value);
/* Writes the counters since the opening. Threads: shared. */
AURORA_API void aurora_cache_stats_get(aurora_cache *cache, aurora_cache_stats *out);

#ifdef __cplusplus
}
#endif
#endif

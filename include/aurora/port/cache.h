/* SPDX-License-Identifier: MIT */
/* What a cache adapter fills in: the library does single flight, times to live and copies; the
 * adapter keeps values by key and decides by versions which of them may be kept. Every adapter
 * passes tests/contract/test_cache.c. Not a store: losing everything at any time is right. */
#ifndef AURORA_PORT_CACHE_H
#define AURORA_PORT_CACHE_H

#include <aurora/cache.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is to be kept. */
typedef struct {
    uint32_t size; /* sizeof(aurora_cache_entry) */
    uint32_t reserved;
    const aurora_cache_value *value; /* the caller's: keep it with aurora_cache_value_hold */
    int64_t ttl_ms;                  /* at least 1; to be kept no longer than this */
    int64_t load_ns;                 /* how long ago its load began */
} aurora_cache_entry;

/* All calls come from any thread, several at once. Keys are 1..512 bytes without a NUL, and
 * NUL-terminated behind key_len. Any failure but AURORA_ENOTFOUND counts as a miss.
 *
 * The newest version that was dropped or put of a key refuses older ones. Version 0 says that there
 * is none: then, and for a key that the adapter has forgotten, the time decides, and what may be
 * older is refused: a put whose load began before the drop, the put or the forgetting. So an
 * adapter may forget anything at any time, but has to know when it last forgot something. */
typedef struct {
    uint32_t size; /* sizeof(aurora_cache_port) */
    uint32_t reserved;
    void *self; /* handed back to every function */
    /* Gives a reference to the value, or AURORA_ENOTFOUND. Required. */
    aurora_status (*get)(void *self, const char *key, size_t key_len,
                         const aurora_cache_value **out);
    /* Keeps a value. AURORA_ECONFLICT when it may be older than what was seen; AURORA_ENOTSUP when
     * it is larger than what is ever kept. Required. */
    aurora_status (*put)(void *self, const char *key, size_t key_len,
                         const aurora_cache_entry *entry);
    /* Forgets an older value and refuses older puts from now on; version 0 = any value, and every
     * put whose load has begun. Required. */
    void (*drop)(void *self, const char *key, size_t key_len, uint64_t version);
    /* Adds evictions, refused, bytes, entries and failures to *io. NULL = nothing to tell. */
    void (*stats)(void *self, aurora_cache_stats *io);
    /* Nobody calls any more. Required. */
    void (*close)(void *self);
    /* Of processes that share the cache and miss a key at once one shall load it: AURORA_OK, with a
     * token for unlock; the others get AURORA_EBUSY, for 2 s at most, and look again. Any other
     * status: load. NULL = nobody shares it. */
    aurora_status (*lock)(void *self, const char *key, size_t key_len, uint64_t *token_out);
    /* The load is over; no-op where the lock is no longer ours. Required with lock. */
    void (*unlock)(void *self, const char *key, size_t key_len, uint64_t token);
    /* Reads the breaker that stands before it, for operators. NULL = there is none. */
    void (*breaker)(void *self, aurora_breaker_figures *figures_out);
} aurora_cache_port;

/* How a cache is opened. */
typedef struct {
    uint32_t size; /* sizeof(aurora_cache_port_options) */
    uint32_t reserved;
    const char *address;               /* what stands behind the scheme; valid during the call */
    const aurora_allocator *allocator; /* never NULL; outlives the port */
    const aurora_clock *clock;         /* never NULL; outlives the port */
    void (*log)(void *self, int32_t level, const char *message); /* NULL = silence; any thread */
    void *log_self;
} aurora_cache_port_options;

/* Opens a cache. On failure *err names the field "cache" and nothing is to be closed. */
typedef aurora_status (*aurora_cache_open_fn)(const aurora_cache_port_options *options,
                                              aurora_cache_port *out, aurora_error *err);

/* Makes a value of one reference out of a copy of `len` bytes (bytes may be NULL if len is 0), or
 * that says that there is no such thing (is_absent 1, len 0). AURORA_EINVAL, AURORA_ENOMEM. *out is
 * freed with aurora_cache_value_free; the allocator must outlive it. Threads: shared. */
AURORA_API aurora_status aurora_cache_value_new(const aurora_allocator *allocator,
                                                const char *bytes, uint32_t len, uint64_t version,
                                                uint32_t is_absent, const aurora_cache_value **out);

/* Takes one more reference, which aurora_cache_value_free gives back. Threads: shared. */
AURORA_API void aurora_cache_value_hold(const aurora_cache_value *value);

#ifdef __cplusplus
}
#endif
#endif

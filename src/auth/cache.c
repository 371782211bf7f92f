/* SPDX-License-Identifier: MIT */
#include "auth/cache.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/crypto.h>

#define SETS 1024 /* a power of two */
#define WAYS 8
#define LOCKS 64
#define TAIL_BYTES 32 /* of the signature, which differs where anything does */

typedef struct {
    uint64_t generation;
    uint64_t used; /* the set's count when it was asked for last */
    int64_t from_ms, until_ms;
    uint32_t scopes;
    uint32_t token_len, subject_len, email_len;
    char texts[]; /* the token; subject and e-mail with a NUL each */
} entry;

typedef struct {
    uint64_t hashes[WAYS];
    entry *entries[WAYS];
    uint64_t asked;
} set;

struct aurora__token_cache {
    uint64_t seed;
    size_t bytes_max;
    _Atomic size_t bytes;
    _Atomic uint64_t count;
    pthread_mutex_t locks[LOCKS];
    set sets[SETS];
};

/* --- comparing -------------------------------------------------------------------------------- */

static uint64_t word_at(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

static uint64_t hash_of(const aurora__token_cache *cache, const char *token, size_t len)
{
    uint64_t hash = mix(cache->seed, len);
    for (size_t at = len < TAIL_BYTES ? 0 : len - TAIL_BYTES; at + 8 <= len; at += 8)
        hash = mix(hash, word_at(token + at));
    return hash;
}

/* A token is a secret: the time tells nothing of where two differ. */
static bool is_same(const char *a, const char *b, size_t len)
{
    uint64_t difference = 0;
    size_t at = 0;
    for (; at + 8 <= len; at += 8)
        difference |= word_at(a + at) ^ word_at(b + at);
    for (; at < len; at++)
        difference |= (uint64_t)(unsigned char)(a[at] ^ b[at]);
    return difference == 0;
}

/* --- entries ---------------------------------------------------------------------------------- */

static size_t size_of(const entry *kept)
{
    return sizeof *kept + kept->token_len + kept->subject_len + kept->email_len + 2;
}

static void drop(aurora__token_cache *cache, set *of, int way)
{
    entry *kept = of->entries[way];
    if (kept == NULL)
        return;
    of->entries[way] = NULL;
    atomic_fetch_sub_explicit(&cache->bytes, size_of(kept), memory_order_relaxed);
    atomic_fetch_sub_explicit(&cache->count, 1, memory_order_relaxed);
    OPENSSL_cleanse(kept->texts, kept->token_len);
    free(kept);
}

static entry *make(const char *token, size_t len, const aurora__claims *claims)
{
    size_t subject_len = strlen(claims->subject), email_len = strlen(claims->email);
    entry *made = malloc(sizeof *made + len + subject_len + email_len + 2);
    if (made == NULL)
        return NULL;
    *made = (entry){.from_ms = claims->from_ms,
                    .until_ms = claims->until_ms,
                    .scopes = claims->scopes,
                    .token_len = (uint32_t)len,
                    .subject_len = (uint32_t)subject_len,
                    .email_len = (uint32_t)email_len};
    memcpy(made->texts, token, len);
    memcpy(made->texts + len, claims->subject, subject_len + 1);
    memcpy(made->texts + len + subject_len + 1, claims->email, email_len + 1);
    return made;
}

static void copy_out(const entry *kept, aurora__claims *out)
{
    const char *subject = kept->texts + kept->token_len;
    memcpy(out->subject, subject, kept->subject_len + 1);
    memcpy(out->email, subject + kept->subject_len + 1, kept->email_len + 1);
    out->scopes = kept->scopes;
    out->from_ms = kept->from_ms;
    out->until_ms = kept->until_ms;
}

/* --- life ------------------------------------------------------------------------------------- */

aurora__token_cache *aurora__token_cache_new(size_t bytes_max)
{
    aurora__token_cache *cache = calloc(1, sizeof *cache);
    if (cache == NULL)
        return NULL;
    for (int i = 0; i < LOCKS; i++)
        pthread_mutex_init(&cache->locks[i], NULL);
    cache->bytes_max = bytes_max;
    if (getrandom(&cache->seed, sizeof cache->seed, 0) != (ssize_t)sizeof cache->seed)
        cache->seed = (uintptr_t)cache; /* it spreads; nothing rests on it being unknown */
    return cache;
}

void aurora__token_cache_free(aurora__token_cache *cache)
{
    if (cache == NULL)
        return;
    for (size_t i = 0; i < SETS; i++) {
        for (int way = 0; way < WAYS; way++)
            drop(cache, &cache->sets[i], way);
    }
    for (int i = 0; i < LOCKS; i++)
        pthread_mutex_destroy(&cache->locks[i]);
    free(cache);
}

uint64_t aurora__token_cache_count(const aurora__token_cache *cache)
{
    return atomic_load_explicit(&cache->count, memory_order_relaxed);
}

/* --- look-ups --------------------------------------------------------------------------------- */

static int find_way(const set *in, uint64_t hash, const char *token, size_t len)
{
    for (int way = 0; way < WAYS; way++) {
        const entry *kept = in->entries[way];
        if (kept != NULL && in->hashes[way] == hash && kept->token_len == len &&
            is_same(kept->texts, token, len))
            return way;
    }
    return -1;
}

bool aurora__token_cache_find(aurora__token_cache *cache, const char *token, size_t len,
                              uint64_t generation, int64_t now_ms, aurora__claims *out)
{
    uint64_t hash = hash_of(cache, token, len);
    set *in = &cache->sets[hash % SETS];
    pthread_mutex_t *lock = &cache->locks[hash % LOCKS];
    pthread_mutex_lock(lock);
    int way = find_way(in, hash, token, len);
    bool is_good = way >= 0 && in->entries[way]->generation == generation &&
                   now_ms >= in->entries[way]->from_ms && now_ms < in->entries[way]->until_ms;
    if (is_good) {
        in->entries[way]->used = ++in->asked;
        copy_out(in->entries[way], out);
    }
    pthread_mutex_unlock(lock);
    return is_good;
}

/* The way that is free, or is of no use any more, or was not asked for longest. */
static int victim_of(const set *in, uint64_t generation, int64_t now_ms)
{
    int oldest = 0;
    for (int way = 0; way < WAYS; way++) {
        const entry *kept = in->entries[way];
        if (kept == NULL || kept->generation != generation || kept->until_ms <= now_ms)
            return way;
        if (kept->used < in->entries[oldest]->used)
            oldest = way;
    }
    return oldest;
}

/* Whether so many more bytes are within the bound, which they are then counted in. */
static bool claim_bytes(aurora__token_cache *cache, size_t size)
{
    size_t before = atomic_fetch_add_explicit(&cache->bytes, size, memory_order_relaxed);
    if (before + size <= cache->bytes_max)
        return true;
    atomic_fetch_sub_explicit(&cache->bytes, size, memory_order_relaxed);
    return false;
}

void aurora__token_cache_put(aurora__token_cache *cache, const char *token, size_t len,
                             uint64_t generation, int64_t now_ms, const aurora__claims *claims)
{
    uint64_t hash = hash_of(cache, token, len);
    set *in = &cache->sets[hash % SETS];
    pthread_mutex_t *lock = &cache->locks[hash % LOCKS];
    entry *made = make(token, len, claims);
    if (made == NULL)
        return;
    made->generation = generation;
    pthread_mutex_lock(lock);
    int way = find_way(in, hash, token, len);
    if (way < 0)
        way = victim_of(in, generation, now_ms);
    drop(cache, in, way);
    bool is_kept = claim_bytes(cache, size_of(made));
    if (is_kept) {
        made->used = ++in->asked;
        in->hashes[way] = hash;
        in->entries[way] = made;
        atomic_fetch_add_explicit(&cache->count, 1, memory_order_relaxed);
    }
    pthread_mutex_unlock(lock);
    if (!is_kept)
        free(made);
}

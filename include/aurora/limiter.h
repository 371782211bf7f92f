/* SPDX-License-Identifier: MIT */
/* Many token buckets of one policy, one per key (a customer, an address, an API key), in memory
 * that is bounded and allocated once. Not a store: a restart forgets all keys.
 *
 * Bound: over any time t a key is admitted at most burst + rate * t, also when keys are evicted.
 * Where a new key finds no room, the key goes whose bucket has been full longest: it would be full
 * when it comes back anyway, so nothing is lost. Only where no bucket of the shard is full does the
 * one go that is nearest to it, and from then on a new key of that shard starts with what was
 * missing there, until that time has run out. An attacker with many keys can so make new keys
 * start with less than a full bucket; nobody can get more than one key's share by being evicted.
 *
 * Keys are told apart by SipHash-2-4 with 128 bits under `seed`; their bytes are not kept. */
#ifndef AURORA_LIMITER_H
#define AURORA_LIMITER_H

#include <aurora/allocator.h>
#include <aurora/bucket.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AURORA_LIMITER_CAPACITY_MAX 100000000 /* keys */
#define AURORA_LIMITER_SHARDS_MAX 256         /* locks */
#define AURORA_LIMITER_CLAIMS_MAX 16          /* claims of one call */

/* A limiter; made by aurora_limiter_new. */
typedef struct aurora_limiter aurora_limiter;

/* Set size and what is needed, leave the rest 0. */
typedef struct {
    uint32_t size;     /* sizeof(aurora_limiter_options) */
    uint32_t capacity; /* keys, 1..10^8; rounded up to a multiple of shards; some 50 bytes each */
    uint32_t shards;   /* locks: a power of two to 256, not above capacity; 0 = chosen */
    uint32_t reserved; /* 0 */
    uint64_t tokens;   /* these three as in aurora_bucket_init */
    uint64_t per_ns;   /* the time in which `tokens` arrive */
    uint64_t burst;    /* tokens that a full bucket holds */
    uint64_t seed[2];  /* random words where keys come from strangers, else anything */
    const aurora_allocator *allocator; /* copied; NULL = malloc; called in new and free only */
} aurora_limiter_options;

/* What a limiter has done so far. Pinned size. */
typedef struct {
    uint64_t keys;         /* held now */
    uint64_t capacity;     /* after rounding */
    uint64_t admitted;     /* takes */
    uint64_t refused;      /* takes */
    uint64_t evicted;      /* keys, the next line's among them */
    uint64_t evicted_busy; /* whose bucket was not full: the capacity is too small */
    uint64_t reserved[2];  /* 0 */
} aurora_limiter_figures;

/* aurora_limiter_claim.flags: it takes where it can, and where it cannot it stops nobody. For a
 * rule that is tried before it is put in force. */
#define AURORA_LIMITER_SHADOW 1u

/* One of several takes that go together. */
typedef struct {
    uint32_t size;           /* sizeof(aurora_limiter_claim) */
    uint32_t flags;          /* AURORA_LIMITER_SHADOW, or 0 */
    aurora_limiter *limiter; /* whose bucket it is */
    const void *key;         /* any bytes; key_len of them */
    uint32_t key_len;
    uint32_t reserved; /* 0 */
    uint64_t n;        /* tokens to take */
} aurora_limiter_claim;

/* Makes a limiter in one allocation. Returns AURORA_EINVAL (err names the field) or AURORA_ENOMEM;
 * *limiter_out is then NULL. Free it with aurora_limiter_free. Threads: shared. */
AURORA_API aurora_status aurora_limiter_new(const aurora_limiter_options *options,
                                            aurora_limiter **limiter_out, aurora_error *err);

/* Releases `limiter`; NULL is a no-op. Nobody may be using it. Threads: confined. */
AURORA_API void aurora_limiter_free(aurora_limiter *limiter);

/* Takes `n` tokens of the key's bucket, all or none, as aurora_bucket_try_take does. A key that is
 * not held starts with a full bucket (but see above); one that is refused at once is not stored.
 * key_len may be 0. *limit_out (may be NULL) is the bucket after the take. Threads: shared. */
AURORA_API bool aurora_limiter_try_take(aurora_limiter *limiter, const void *key, size_t key_len,
                                        uint64_t n, int64_t now_ns, aurora_limit *limit_out);

/* Takes `n` tokens of each of `count` keys, one after the other, as aurora_limiter_try_take does: a
 * key that is refused stops no other, and one that stands in it twice is asked twice. `keys` are
 * the bytes of all keys one behind the other, key_lens their lengths: what a caller from another
 * language can hand over in one piece. limits_out[i] (NULL = not wanted) is the bucket of key i
 * after its take. Returns how many took. Threads: shared. */
AURORA_API uint32_t aurora_limiter_try_take_many(aurora_limiter *limiter, const void *keys,
                                                 const uint32_t *key_lens, uint32_t count,
                                                 uint64_t n, int64_t now_ns,
                                                 aurora_limit *limits_out);

/* Takes from several buckets, of one limiter or of many, all or none: all are locked, and asked,
 * before any is taken from. True: each claim took its n, but shadows whose bucket could not. False:
 * nobody took. limits_out[i] (NULL = not wanted) is the bucket of claims[i] after that, and its
 * is_allowed what that bucket alone would say. count is up to AURORA_LIMITER_CLAIMS_MAX, beyond it
 * nothing is taken; no bucket stands in it twice. Threads: shared. */
AURORA_API bool aurora_limiter_try_take_all(const aurora_limiter_claim *const *claims,
                                            uint32_t count, int64_t now_ns,
                                            aurora_limit *limits_out);

/* Gives all keys another rate, ranges as in aurora_bucket_init. What was missing in a bucket goes
 * on to be missing, at most all of it: nobody gets a fresh burst. Over any time a key is admitted
 * at most the first burst, what the rates bring, and for each change what the burst grew by.
 * Returns AURORA_EINVAL, and changes nothing then. Threads: shared; each shard is held for as long
 * as its keys take, some 20 ns each. */
AURORA_API aurora_status aurora_limiter_set_rate(aurora_limiter *limiter, uint64_t tokens,
                                                 uint64_t per_ns, uint64_t burst, int64_t now_ns,
                                                 aurora_error *err);

/* Reads the key's bucket without taking or storing; is_allowed speaks of one token. Threads:
 * shared. */
AURORA_API void aurora_limiter_read(aurora_limiter *limiter, const void *key, size_t key_len,
                                    int64_t now_ns, aurora_limit *limit_out);

/* Adds up what all shards have done. Threads: shared; the sum is not of one instant. */
AURORA_API void aurora_limiter_read_figures(aurora_limiter *limiter,
                                            aurora_limiter_figures *figures_out);

/* Sets `options` to zeros and its size. Threads: confined. */
static inline void aurora_limiter_options_init(aurora_limiter_options *options)
{
    const aurora_limiter_options zero = {0, 0, 0, 0, 0, 0, 0, {0, 0}, NULL};
    *options = zero;
    options->size = (uint32_t)sizeof *options;
}

/* Sets `claim` to zeros and its size. Threads: confined. */
static inline void aurora_limiter_claim_init(aurora_limiter_claim *claim)
{
    const aurora_limiter_claim zero = {0, 0, NULL, NULL, 0, 0, 0};
    *claim = zero;
    claim->size = (uint32_t)sizeof *claim;
}

#ifndef __cplusplus
#define AURORA_LIMITER_OPTIONS(...)                                                                \
    (&(aurora_limiter_options){.size = sizeof(aurora_limiter_options), __VA_ARGS__})
#endif

#ifdef __cplusplus
}
#endif
#endif

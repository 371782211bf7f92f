/* SPDX-License-Identifier: MIT */
/* Tokens that were verified, with what they say, so that the next request of the same costs a
 * look-up. Bounded in entries and bytes. A token is found by all of its bytes: two that share a
 * hash are two. Only what was verified comes in, so a stranger can fill nothing.
 *
 * Threads: shared; a look-up holds one of many locks for the time of a copy. */
#ifndef AURORA_AUTH_CACHE_H
#define AURORA_AUTH_CACHE_H

#include "auth/claims.h"

typedef struct aurora__token_cache aurora__token_cache;

/* `bytes_max` bounds the memory of the entries together. NULL without memory. */
aurora__token_cache *aurora__token_cache_new(size_t bytes_max);
void aurora__token_cache_free(aurora__token_cache *cache); /* NULL is a no-op */

/* Whether the token was put with the same generation of the keys and is good at `now_ms`; then its
 * claims are in *out, texts as far as their NUL. */
bool aurora__token_cache_find(aurora__token_cache *cache, const char *token, size_t len,
                              uint64_t generation, int64_t now_ms, aurora__claims *out);
/* Keeps it, in place of one that has expired, is of older keys, or was not asked for longest. */
void aurora__token_cache_put(aurora__token_cache *cache, const char *token, size_t len,
                             uint64_t generation, int64_t now_ms, const aurora__claims *claims);

/* Entries that are kept now. */
uint64_t aurora__token_cache_count(const aurora__token_cache *cache);

#endif

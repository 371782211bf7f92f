/* SPDX-License-Identifier: MIT */
/* The keys that are known at a moment. Immutable once it is shared, counted: whoever judges a token
 * holds the set it began with. */
#ifndef AURORA_AUTH_KEY_SET_H
#define AURORA_AUTH_KEY_SET_H

#include "auth/key.h"

#define AURORA__KEYS_MAX 64

typedef struct {
    _Atomic uint32_t references;
    uint32_t count;
    aurora__key *keys[AURORA__KEYS_MAX];
} aurora__key_set;

aurora__key_set *aurora__key_set_new(void); /* empty; NULL without memory */
aurora__key_set *aurora__key_set_hold(aurora__key_set *set);
void aurora__key_set_drop(aurora__key_set *set); /* NULL is a no-op */

/* Takes over a key. False where there is no room, or where its id is another's already: then it is
 * dropped, with one line in why_out. */
bool aurora__key_set_add(aurora__key_set *set, aurora__key *key, char why_out[160]);

/* The key that a token names. `id` NULL: the only one with this algorithm. An id that none has: the
 * only one of the algorithm that has none itself, as those of PEM files. NULL = there is none, or
 * more than one. Its algorithm may be another than `algorithm` where the id is its own. */
const aurora__key *aurora__key_set_find(const aurora__key_set *set, const char *id,
                                        const aurora__jwt_algorithm *algorithm);

/* Reads a document: a JWK set, one JWK, or PEM with public keys, and adds what can be used to the
 * set. What is left out is told to `skipped` one by one (NULL = nobody wants to know). False with
 * one line in why_out where it is none of these. */
bool aurora__key_set_read(aurora__key_set *set, const char *text, size_t len, bool is_public,
                          void (*skipped)(void *self, const char *why), void *self,
                          char why_out[160]);

#endif

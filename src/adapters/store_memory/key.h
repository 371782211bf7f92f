/* SPDX-License-Identifier: MIT */
/* Tuples of values as byte strings that memcmp orders as the port orders the tuples. No column's
 * bytes begin another value's bytes of that column, so a tuple of fewer columns is a prefix. */
#ifndef AURORA_ADAPTERS_STORE_MEMORY_KEY_H
#define AURORA_ADAPTERS_STORE_MEMORY_KEY_H

#include <aurora/port/store.h>

typedef struct {
    const aurora_allocator *allocator;
    uint8_t *bytes; /* `local` until it does not fit */
    size_t length;
    size_t capacity;
    uint64_t head; /* the first 8 bytes as a number, zeros behind a shorter key */
    uint64_t mask; /* covers the bytes of head that the key has */
    uint8_t local[232];
} aurora__memory_key;

void aurora__memory_key_init(aurora__memory_key *key, const aurora_allocator *allocator);

void aurora__memory_key_deinit(aurora__memory_key *key);

/* Appends a value, whose kind is the column's or null. Where nulls may stand (has_nulls) they come
 * before all others. AURORA_ENOMEM. */
aurora_status aurora__memory_key_add(aurora__memory_key *key, const aurora_value *value,
                                     bool has_nulls);

/* Sets head and mask; to be called after the last add and before any comparison. */
void aurora__memory_key_finish(aurora__memory_key *key);

/* A finished key over bytes that stay the caller's; it needs no deinit. */
void aurora__memory_key_borrow(aurora__memory_key *key, const uint8_t *bytes, size_t length);

/* The first 8 bytes as a big-endian number, zeros behind a shorter key. */
uint64_t aurora__memory_key_head(const uint8_t *bytes, size_t length);

#endif

/* SPDX-License-Identifier: MIT */
/* The space-saving sketch behind aurora_topk, and behind aurora_related as its directory of SKUs.
 * Counters stay in their slot for as long as they hold their key; a heap over the slots finds the
 * lightest, a table of hashes finds a key. All sums are in units of the decay's landmark. */
#ifndef AURORA_TRENDING_SKETCH_H
#define AURORA_TRENDING_SKETCH_H

#include <stddef.h>
#include <stdint.h>

#include <aurora/base.h>

#include "decay.h"

#define SKETCH_NO_SLOT UINT32_MAX

/* Above this no honest sum can come; it keeps sums of sums finite. About 2^500. */
#define SKETCH_SUM_MAX 0x1p500

/* A key padded with zeros, so that comparing and hashing go by words. */
struct label {
    uint64_t words[AURORA_SKU_BYTES_MAX / 8];
    uint32_t length;
    uint32_t hash;
};

struct counter {
    struct label label;
    double error;
};

struct node {
    double score;
    uint32_t slot;
    uint32_t unused;
};

struct cell {
    uint32_t hash;
    uint32_t slot_plus_one; /* 0 is an empty cell */
};

struct sketch {
    struct decay decay;
    double floor; /* no key that is not held has a larger sum; no held one a smaller score */
    uint32_t capacity;
    uint32_t count;
    uint32_t mask;
    struct counter *counters;
    struct node *nodes;    /* a heap of four children to a node: a line of cache to a level */
    struct cell *cells;    /* a power of two, at most half full */
    uint32_t *places;      /* slot to position in the heap */
    uint32_t *generations; /* of a slot; grows when the slot gets another key */
};

/* False for NULL, empty and longer than AURORA_SKU_BYTES_MAX. */
bool aurora__label_read(const char *text, struct label *label_out);
bool aurora__label_make(const void *bytes, uint32_t length, struct label *label_out);
void aurora__label_write(const struct label *label, char text_out[AURORA_SKU_BYTES_MAX + 1]);
bool aurora__label_is_equal(const struct label *a, const struct label *b);

/* The bytes of all arrays of a sketch. */
size_t aurora__sketch_bytes(uint32_t capacity);
void aurora__sketch_init(struct sketch *sketch, void *memory, uint32_t capacity,
                         int64_t half_life_ms);
void aurora__sketch_reset(struct sketch *sketch);

/* Adds `amount` to a key and returns its slot, which may have been the lightest key's until now. */
uint32_t aurora__sketch_count(struct sketch *sketch, const struct label *label, double amount);

/* Takes in a key that is not held with a known score and error. The lightest key, or this one if
 * it is no heavier, is cut into the floor; returns SKETCH_NO_SLOT in the latter case. */
uint32_t aurora__sketch_offer(struct sketch *sketch, const struct label *label, double score,
                              double error);

void aurora__sketch_merge(struct sketch *sketch, const struct sketch *from, double from_factor);
void aurora__sketch_multiply(struct sketch *sketch, double factor);

uint32_t aurora__sketch_find(const struct sketch *sketch, const struct label *label);
double aurora__sketch_score(const struct sketch *sketch, uint32_t slot);

#endif

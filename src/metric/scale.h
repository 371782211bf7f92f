/* SPDX-License-Identifier: MIT */
/* Where the buckets of a histogram end. */
#ifndef AURORA_METRIC_SCALE_H
#define AURORA_METRIC_SCALE_H

#include <stdint.h>

#define AURORA__SCALE_BUCKETS_MAX 48
#define AURORA__SCALE_PLACES 512 /* 64 powers of two in 8 steps each */

enum {
    /* Nanoseconds: 0.1, 0.22 and 0.47 ms, the series E12 (steps of at most 1.25) from 1 ms to 1 s,
     * then 2.2 to 47 s. Exposed in seconds. */
    AURORA__SCALE_DURATION = 0,
    /* Pieces: 1, 2, 4 ... 1,048,576. */
    AURORA__SCALE_SIZE = 1,
    AURORA__SCALE_COUNT = 2
};

/* The upper bound of a bucket, which belongs to it, and as the text of the label `le` in the base
 * unit. Whole numbers have a ".0" in both formats, so that a series is the same whichever a server
 * asks for. */
typedef struct {
    uint64_t bound;
    const char *le;
} aurora__scale_step;

/* Ascending; beyond the last is one more bucket, "+Inf". */
typedef struct {
    const aurora__scale_step *steps;
    uint32_t step_count;
    uint8_t first[AURORA__SCALE_PLACES]; /* the first bucket that values of a place can be in */
    uint64_t bounds[AURORA__SCALE_BUCKETS_MAX]; /* of the steps; that of +Inf is UINT64_MAX */
} aurora__scale;

void aurora__scale_init(aurora__scale *scale, int32_t kind);

/* The eighth of the power of two that a value lies in. */
static inline uint32_t aurora__scale_place(uint64_t value)
{
    if (value < 8)
        return (uint32_t)value;
    uint32_t shift = 60 - (uint32_t)__builtin_clzll(value);
    return shift * 8 + (uint32_t)(value >> shift);
}

/* The bucket of a value: looked up by its first four bits, and the next one if it is beyond. Bounds
 * are further apart than an eighth, so that no place has two; no branch depends on the value. */
static inline uint32_t aurora__scale_bucket(const aurora__scale *scale, uint64_t value)
{
    uint32_t bucket = scale->first[aurora__scale_place(value)];
    return bucket + (value > scale->bounds[bucket]);
}

#endif

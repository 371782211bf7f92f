/* SPDX-License-Identifier: MIT */
/* How far apart two words are. Pure. */
#ifndef AURORA_ADAPTERS_SEARCH_FTS_DISTANCE_H
#define AURORA_ADAPTERS_SEARCH_FTS_DISTANCE_H

#include <stdint.h>

#define AURORA__FTS_DISTANCE_BYTES_MAX 64

/* Insertions, deletions, replacements and swaps of neighbours (optimal string alignment), counted
 * in bytes, as far as `max`; max + 1 stands for anything more, and for words longer than
 * AURORA__FTS_DISTANCE_BYTES_MAX. */
uint32_t aurora__fts_distance(const char *a, uint32_t a_length, const char *b, uint32_t b_length,
                              uint32_t max);

/* The least distance between `a` and any beginning of `b`. */
uint32_t aurora__fts_prefix_distance(const char *a, uint32_t a_length, const char *b,
                                     uint32_t b_length, uint32_t max);

#endif

/* SPDX-License-Identifier: MIT */
/* What is popular now: the heaviest keys of a stream of weighted adds that lose half of their
 * weight each half-life, within memory that the caller gives once. The score of a key at time t is
 * the sum over its adds of weight * 2^(-(t - at) / half_life), whatever order the adds came in. Not
 * an exact count beyond its capacity, not durable by itself, and without a clock or a thread.
 *
 * Each answer carries its own bound: the true sum lies within [score - error, score]. With capacity
 * c no error exceeds the true sum over all keys divided by c, every key above that share is held,
 * and up to c distinct keys all errors are 0. Both ends hold up to the rounding of double, less
 * than 2^-52 of the score per add; a score below 1e-200 counts as nothing. Space-saving (Metwally,
 * Agrawal, El Abbadi 2005) under forward decay (Cormode, Shkapenyuk, Srivastava, Xu 2009), merged
 * as in Agarwal et al., "Mergeable Summaries" (2012). */
#ifndef AURORA_TOPK_H
#define AURORA_TOPK_H

#include <aurora/base.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AURORA_TOPK_CAPACITY_MAX 1048576     /* keys that one sketch holds */
#define AURORA_TOPK_WEIGHT_MAX 1e12          /* of one add */
#define AURORA_TOPK_TIME_MAX 253402300799999 /* the end of the year 9999, Unix ms */

/* Opaque; names the caller's memory, where all state is. A zeroed one answers AURORA_EINVAL. */
typedef struct {
    uint64_t words[4];
} aurora_topk;

/* One key of an answer; the layout is pinned. */
typedef struct {
    double score;                       /* at the time asked for, never below the true sum */
    double error;                       /* the true sum is at least score - error */
    char key[AURORA_SKU_BYTES_MAX + 8]; /* NUL-terminated */
    uint64_t reserved;
} aurora_topk_item;

/* The memory that `capacity` keys need, about 120 bytes each; 0 unless capacity is
 * 1..AURORA_TOPK_CAPACITY_MAX. Threads: shared. */
AURORA_API size_t aurora_topk_bytes(uint32_t capacity);

/* Makes an empty sketch of the largest capacity that fits into `memory`, which is aligned for
 * uint64_t, stays the caller's and outlives the sketch. half_life_ms is 1..AURORA_TOPK_TIME_MAX.
 * AURORA_EINVAL for a bad argument or a size that not even one key fits into. There is nothing to
 * deinit. Threads: confined. */
AURORA_API aurora_status aurora_topk_init(aurora_topk *topk, void *memory, size_t size,
                                          int64_t half_life_ms);

/* Forgets all adds; capacity and half-life stay. Threads: confined. */
AURORA_API void aurora_topk_reset(aurora_topk *topk);

/* Counts `weight` for `key` at `at_ms`. The key is text of 1..AURORA_SKU_BYTES_MAX bytes, compared
 * byte by byte, and is copied. The weight is above 0 and at most AURORA_TOPK_WEIGHT_MAX; at_ms is
 * 0..AURORA_TOPK_TIME_MAX. Anything else is AURORA_EINVAL and counts nothing.
 * An old time counts with what the decay has left of it, possibly nothing. A time ahead of the
 * caller's clock is believed: it becomes the newest time, and no query before it is answered. Who
 * does not trust the times clamps them to a clock first. Constant time but for one pass over all
 * keys after each 256 half-lives. Threads: confined. */
AURORA_API aurora_status aurora_topk_add(aurora_topk *topk, const char *key, double weight,
                                         int64_t at_ms);

/* Adds all that `from` counted, as if `topk` had seen both streams; the bounds of both add up.
 * AURORA_EINVAL if the half-lives differ or both are the same sketch; capacities may differ, and a
 * merge into a smaller sketch is the way to shrink one. `from` is unchanged. Threads: confined. */
AURORA_API aurora_status aurora_topk_merge(aurora_topk *topk, const aurora_topk *from);

/* Writes the at most `limit` heaviest keys at `at_ms` in falling order of score, equal scores in
 * the order of key bytes. at_ms is not before aurora_topk_newest_ms, else AURORA_EINVAL. Threads:
 * confined. */
AURORA_API aurora_status aurora_topk_list(const aurora_topk *topk, int64_t at_ms, uint32_t limit,
                                          aurora_topk_item *items_out, uint32_t *count_out);

/* Writes score and error of one key at `at_ms`. A key that is not held is no failure: its score and
 * error are then the largest sum that it can have. at_ms as in aurora_topk_list. Threads:
 * confined. */
AURORA_API aurora_status aurora_topk_get(const aurora_topk *topk, const char *key, int64_t at_ms,
                                         aurora_topk_item *item_out);

/* The newest time counted, -1 before the first add. Threads: confined. */
AURORA_API int64_t aurora_topk_newest_ms(const aurora_topk *topk);

/* The number of keys that can be held, 0 for a zeroed sketch. Threads: confined. */
AURORA_API uint32_t aurora_topk_capacity(const aurora_topk *topk);

/* The exact size of a snapshot taken now. Threads: confined. */
AURORA_API size_t aurora_topk_snapshot_bytes(const aurora_topk *topk);

/* Writes the state as bytes that any machine can restore: little-endian, with format number, length
 * and checksum. AURORA_EINVAL if `size` is below aurora_topk_snapshot_bytes. Threads: confined. */
AURORA_API aurora_status aurora_topk_snapshot(const aurora_topk *topk, void *bytes_out, size_t size,
                                              size_t *used_out);

/* Replaces the state by a snapshot of exactly `size` bytes. Every field is checked: bytes that no
 * sketch has written answer AURORA_ECORRUPT, another half-life AURORA_EINVAL, more keys than the
 * capacity AURORA_ENOMEM. After a failure the sketch is empty. Threads: confined. */
AURORA_API aurora_status aurora_topk_restore(aurora_topk *topk, const void *bytes, size_t size);

#ifdef __cplusplus
}
#endif
#endif

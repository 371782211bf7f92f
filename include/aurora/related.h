/* SPDX-License-Identifier: MIT */
/* What is bought together: for each product the others that share most baskets with it, decaying by
 * half each half-life, within memory that the caller gives once. The score of a pair at time t is
 * the sum over the baskets with both of weight * 2^(-(t - at) / half_life). Not a similarity: a
 * bestseller is in many baskets, and dividing that out is left to the caller.
 *
 * A directory holds the c SKUs with the most baskets (a space-saving sketch as in topk.h), each
 * with a list of n neighbours; c is the capacity, n the neighbours. A tally shared by all pairs (a
 * count-min sketch with conservative update) says which new pair is heavy enough to be listed, so
 * that a long tail of pairs that come once does not push out those that come again. The true score
 * of a pair lies within [score - error, score]. Of SKU s no error exceeds P / n + W / c, and every
 * pair above that is held, where P is the score of all pairs of s together and W that of all SKUs
 * of all baskets; in practice errors are a small part of that. While c and n are not reached,
 * errors are 0. Of a pair that both SKUs list,
 * the tighter view of the two is told. Rounding and underflow are as in topk.h. */
#ifndef AURORA_RELATED_H
#define AURORA_RELATED_H

#include <aurora/topk.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AURORA_RELATED_BASKET_MAX 32      /* distinct SKUs of one basket that are paired */
#define AURORA_RELATED_NEIGHBOURS_MAX 256 /* companions kept for one SKU */

/* Opaque; names the caller's memory, where all state is. A zeroed one answers AURORA_EINVAL. */
typedef struct {
    uint64_t words[4];
} aurora_related;

/* The memory that `capacity` SKUs with `neighbours` each need, about 150 bytes a SKU and 56 to 88
 * a neighbour; 0 unless capacity is 1..AURORA_TOPK_CAPACITY_MAX and neighbours is
 * 1..AURORA_RELATED_NEIGHBOURS_MAX. Threads: shared. */
AURORA_API size_t aurora_related_bytes(uint32_t capacity, uint32_t neighbours);

/* Makes an empty table of the largest capacity that fits into `memory`, which is aligned for
 * uint64_t, stays the caller's and outlives the table. half_life_ms is 1..AURORA_TOPK_TIME_MAX.
 * AURORA_EINVAL for a bad argument or a size that not even one SKU fits into. There is nothing to
 * deinit. Threads: confined. */
AURORA_API aurora_status aurora_related_init(aurora_related *related, void *memory, size_t size,
                                             uint32_t neighbours, int64_t half_life_ms);

/* Forgets all baskets; sizes and half-life stay. Threads: confined. */
AURORA_API void aurora_related_reset(aurora_related *related);

/* Counts a basket: `weight` for each pair of its first AURORA_RELATED_BASKET_MAX distinct SKUs at
 * `at_ms`; SKUs after those are not read. A basket of fewer than two distinct SKUs counts nothing.
 * Ranges of SKUs, weight and time, and the rule for times ahead of the clock, are those of
 * aurora_topk_add; AURORA_EINVAL outside of them counts nothing. The work grows with the square of
 * the distinct SKUs and, for each pair, with the neighbours. Threads: confined. */
AURORA_API aurora_status aurora_related_add(aurora_related *related, const char *const *skus,
                                            uint32_t count, double weight, int64_t at_ms);

/* Adds all that `from` counted; the bounds of both add up. AURORA_EINVAL if the half-lives differ
 * or both are the same table; sizes may differ. `from` is unchanged. Looks up every neighbour of
 * both: keep the result rather than merging for each query. Threads: confined. */
AURORA_API aurora_status aurora_related_merge(aurora_related *related, const aurora_related *from);

/* Writes the at most `limit` SKUs most bought with `sku` as of `at_ms` in falling order of score,
 * equal scores in the order of key bytes; none for a SKU that is not held. at_ms is not before
 * aurora_related_newest_ms, else AURORA_EINVAL. Threads: confined. */
AURORA_API aurora_status aurora_related_list(const aurora_related *related, const char *sku,
                                             int64_t at_ms, uint32_t limit,
                                             aurora_topk_item *items_out, uint32_t *count_out);

/* The newest time counted, -1 before the first basket. Threads: confined. */
AURORA_API int64_t aurora_related_newest_ms(const aurora_related *related);

/* The number of SKUs that can be held, 0 for a zeroed table. Threads: confined. */
AURORA_API uint32_t aurora_related_capacity(const aurora_related *related);

/* The exact size of a snapshot taken now. Threads: confined. */
AURORA_API size_t aurora_related_snapshot_bytes(const aurora_related *related);

/* Writes the state as bytes that any machine can restore: little-endian, with format number, length
 * and checksum. AURORA_EINVAL if `size` is below aurora_related_snapshot_bytes. Threads:
 * confined. */
AURORA_API aurora_status aurora_related_snapshot(const aurora_related *related, void *bytes_out,
                                                 size_t size, size_t *used_out);

/* Replaces the state by a snapshot of exactly `size` bytes. Every field is checked: bytes that no
 * table has written answer AURORA_ECORRUPT, another half-life AURORA_EINVAL, more SKUs or
 * neighbours than there is room for AURORA_ENOMEM. After a failure the table is empty. Threads:
 * confined. */
AURORA_API aurora_status aurora_related_restore(aurora_related *related, const void *bytes,
                                                size_t size);

#ifdef __cplusplus
}
#endif
#endif

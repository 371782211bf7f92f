/* SPDX-License-Identifier: MIT */
/* The table behind aurora_related: a sketch as directory of SKUs, beside each of its slots a short
 * list of neighbours, and for the pairs that are not listed a tally of upper bounds: a pair is
 * listed once it may be heavier than the lightest that is, as in space-saving, but it weighs there
 * what the tally says and not what it pushed out. A link names its SKU by slot and generation of
 * the slot; it is dead once the directory has given the slot to another SKU, and then its pair is
 * covered by the directory's floor: no pair weighs more than either of its SKUs. For the same
 * reason a SKU that enters the directory has at most its counter's error with any other before. */
#ifndef AURORA_TRENDING_PAIRS_H
#define AURORA_TRENDING_PAIRS_H

#include "sketch.h"
#include "tally.h"

#define PAIRS_NO_LINK UINT32_MAX

struct row {
    double floor;        /* no pair of this SKU that is not listed has a larger sum, unless the
                            other SKU entered the directory with a larger error */
    double cut;          /* the heaviest pair that was not listed or no longer is */
    uint32_t generation; /* of the slot when the row was begun; another one: the row is stale */
    uint32_t used;
};

/* What one row knows of a pair. */
struct bounds {
    double score;
    double error;
};

struct pairs {
    struct sketch directory;
    struct tally tally;
    uint32_t width;
    struct row *rows;
    uint64_t *links; /* `width` a row: slot and, in the upper half, generation */
    struct bounds *bounds;
};

size_t aurora__pairs_bytes(uint32_t capacity, uint32_t width);
void aurora__pairs_init(struct pairs *pairs, uint32_t capacity, uint32_t width,
                        int64_t half_life_ms);
void aurora__pairs_reset(struct pairs *pairs);

/* Adds `amount` to each pair of distinct labels, at most AURORA_RELATED_BASKET_MAX of them. */
void aurora__pairs_count(struct pairs *pairs, const struct label *labels, uint32_t count,
                         double amount);

/* Takes in a pair that the row does not list. Returns what was cut for it, the pair itself if it is
 * no heavier than all that are listed, or 0. */
double aurora__pairs_offer(struct pairs *pairs, uint32_t slot, uint64_t link, struct bounds bounds);

void aurora__pairs_merge(struct pairs *pairs, const struct pairs *from, double from_factor);
void aurora__pairs_multiply(struct pairs *pairs, double factor);

/* The slot's row, begun anew with `floor` if it is stale. */
struct row *aurora__pairs_row(struct pairs *pairs, uint32_t slot, double floor);

uint64_t aurora__pairs_link(const struct pairs *pairs, uint32_t slot);
uint32_t aurora__pairs_slot(uint64_t link);
bool aurora__pairs_is_live(const struct pairs *pairs, uint64_t link);

/* The links and bounds of a row; as many as aurora__pairs_used says. */
uint64_t *aurora__pairs_links(const struct pairs *pairs, uint32_t slot);
struct bounds *aurora__pairs_bounds(const struct pairs *pairs, uint32_t slot);
uint32_t aurora__pairs_used(const struct pairs *pairs, uint32_t slot);
double aurora__pairs_cut(const struct pairs *pairs, uint32_t slot);
double aurora__pairs_floor(const struct pairs *pairs, uint32_t slot);
uint32_t aurora__pairs_find(const struct pairs *pairs, uint32_t slot, uint64_t link);

/* What the row of `slot` knows of its pair with `other`, listed or not. */
struct bounds aurora__pairs_view(const struct pairs *pairs, uint32_t slot, uint32_t other);

#endif

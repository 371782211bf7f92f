/* SPDX-License-Identifier: MIT */
/* The best n of a stream of candidates, kept in the caller's array: a heap with the worst first
 * while candidates come, then sorted in place. */
#ifndef AURORA_TRENDING_RANKING_H
#define AURORA_TRENDING_RANKING_H

#include <aurora/topk.h>

#include "sketch.h"

struct ranking {
    aurora_topk_item *items;
    uint32_t limit;
    uint32_t count;
};

/* A score of nothing is not ranked. */
void aurora__ranking_offer(struct ranking *ranking, const struct label *label, double score,
                           double error);
void aurora__ranking_sort(struct ranking *ranking);
void aurora__ranking_fill(aurora_topk_item *item, const struct label *label, double score,
                          double error);

#endif

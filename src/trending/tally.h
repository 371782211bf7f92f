/* SPDX-License-Identifier: MIT */
/* Upper bounds for the sums of all pairs, listed or not: a count-min sketch with conservative
 * update (Cormode and Muthukrishnan 2005; Estan and Varghese 2002). A row that is full asks it
 * whether a pair is heavy enough to be listed; without it every new pair would have to push out
 * another, and long tails of light pairs would keep heavy ones from ever staying. */
#ifndef AURORA_TRENDING_TALLY_H
#define AURORA_TRENDING_TALLY_H

#include "sketch.h"

#define TALLY_ROWS 2
#define TALLY_CELL_MAX 0x1p66f /* in units */

struct tally {
    double unit; /* of the cells, a power of two: sums grow far beyond what a float holds */
    uint32_t mask;
    float *cells; /* TALLY_ROWS of mask + 1 */
};

/* The cells of one row for this many listed pairs: a power of two. */
uint32_t aurora__tally_cells(size_t links);

void aurora__tally_init(struct tally *tally, void *memory, uint32_t cells);
void aurora__tally_reset(struct tally *tally);

/* Adds `amount` to a pair and returns what it had at most before. */
double aurora__tally_add(struct tally *tally, const struct label *a, const struct label *b,
                         double amount);
/* What a pair has at most. */
double aurora__tally_bound(const struct tally *tally, const struct label *a, const struct label *b);

/* Sizes may differ. */
void aurora__tally_merge(struct tally *tally, const struct tally *from, double from_factor);
void aurora__tally_multiply(struct tally *tally, double factor);

#endif

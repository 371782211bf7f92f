/* SPDX-License-Identifier: MIT */
/* Forward decay: an add is weighted by how far it lies after a landmark, so that sums never need
 * touching as time goes by. The landmark is always a whole number of half-lives since 1970; moving
 * it, and aligning two sums, is then a multiplication by a power of two, which is exact. */
#ifndef AURORA_TRENDING_DECAY_H
#define AURORA_TRENDING_DECAY_H

#include <stdbool.h>
#include <stdint.h>

struct decay {
    int64_t half_life_ms;
    int64_t epoch;      /* the landmark in half-lives; newest_ms is less than 256 of them ahead */
    int64_t newest_ms;  /* -1 before the first add */
    int64_t memo_ms;    /* the time of the last growth asked for, -1 for none */
    double memo_growth; /* and its answer: orders arrive many to a millisecond */
};

bool aurora__decay_is_time(int64_t at_ms);

void aurora__decay_init(struct decay *decay, int64_t half_life_ms);

/* Whether landmark and newest time, read from elsewhere, are such as advancing leads to. */
bool aurora__decay_is_sound(const struct decay *decay);

/* Takes note of an add at `at_ms` and returns what all sums must be multiplied by, nearly always
 * 1, before anything is added to them. */
double aurora__decay_advance(struct decay *decay, int64_t at_ms);

/* What a weight of 1 at `at_ms` adds to a sum. Call aurora__decay_advance before. */
double aurora__decay_growth(struct decay *decay, int64_t at_ms);

/* What a sum is multiplied by to be a score at `at_ms`, which is not before the newest time. */
double aurora__decay_scale(const struct decay *decay, int64_t at_ms);

/* Moves the later landmark of both into `decay`, takes over a newer newest time, and says what each
 * side's sums must be multiplied by. */
void aurora__decay_align(struct decay *decay, const struct decay *from, double *own_factor_out,
                         double *from_factor_out);

#endif

/* SPDX-License-Identifier: MIT */
/* What servers cost at one and the same rate. On a machine that others use, the CPU time of an
 * order follows the rate that was left for it in that round (few orders a batch, cold caches) far
 * more than what is to be measured, and by chance one server gets more of the machine than another.
 * So the logarithm of a figure is fitted by one term for each server and three for the rate, with
 * little weight on what lies far away (Huber 1964); intervals are those of rounds that are drawn
 * again, with others twice (Efron 1979). */
#ifndef AURORA_BENCH_EVEN_RATE_H
#define AURORA_BENCH_EVEN_RATE_H

#define EVEN_RATE_SERVERS 5

typedef struct {
    const double *figures[EVEN_RATE_SERVERS]; /* of each server, one a round */
    const double *rates[EVEN_RATE_SERVERS];
    int rounds;
} even_rate_input;

/* In percent beside the mean of the first two servers. */
typedef struct {
    double least, cost, most; /* 95 % */
} even_rate_cost;

/* All 0 where there are too few rounds to say anything. */
void even_rate(const even_rate_input *input, even_rate_cost out[EVEN_RATE_SERVERS]);

#endif

/* SPDX-License-Identifier: MIT */
/* How good a ranking is by people's ratings: nDCG@10 on judged documents (Järvelin, Kekäläinen
 * 2002, gain 2^r - 1), where what nobody has judged is passed over. */
#ifndef AURORA_BENCH_RELEVANCE_H
#define AURORA_BENCH_RELEVANCE_H

#include <stdbool.h>
#include <stddef.h>

#include "csv_rows.h"

#define RELEVANCE_DEPTH 10

typedef struct {
    const char *text;
    bool is_odd;            /* the last hex digit of its SHA-256 is odd: never used for tuning */
    const csv_row *ratings; /* query, document, rating */
    size_t count;
    double ideal; /* DCG of the best order; 0 = nothing is relevant, the query does not count */
} relevance_query;

typedef struct {
    csv_rows file;
    relevance_query *queries;
    size_t count;
} relevance;

/* NULL, or why not. Rows of one query must stand together. */
const char *relevance_read(const char *path, relevance *out);
void relevance_free(relevance *judged);

/* A ranking that is given document by document, best first. */
typedef struct {
    const relevance_query *query;
    double gain;
    int seen; /* judged documents so far */
} relevance_score;

/* True when no further document can matter. */
bool relevance_add(relevance_score *score, const char *document);
double relevance_ndcg(const relevance_score *score);

#endif

/* SPDX-License-Identifier: MIT */
#include "relevance.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/sha256.h"

static double gain_of(int rating, int place)
{
    return (exp2(rating) - 1) / log2(place + 2);
}

static double ideal_of(const relevance_query *query)
{
    int place = 0;
    double gain = 0;
    for (int rating = 3; rating > 0; rating--) {
        for (size_t i = 0; i < query->count && place < RELEVANCE_DEPTH; i++) {
            if (strtol(query->ratings[i].fields[2], NULL, 10) == rating)
                gain += gain_of(rating, place++);
        }
    }
    return gain;
}

static bool is_odd(const char *text)
{
    uint8_t digest[32];
    aurora__sha256 state;
    aurora__sha256_init(&state);
    aurora__sha256_add(&state, text, strlen(text));
    aurora__sha256_end(&state, digest);
    return digest[31] & 1;
}

const char *relevance_read(const char *path, relevance *out)
{
    *out = (relevance){0};
    const char *why = csv_rows_read(path, &out->file);
    if (why != NULL)
        return why;
    out->queries = calloc(out->file.count + 1, sizeof *out->queries);
    if (out->queries == NULL)
        return "is too large";
    for (size_t i = 0; i < out->file.count; i++) {
        const csv_row *row = &out->file.rows[i];
        if (row->count != 3)
            return "has a row without three fields";
        relevance_query *last = out->count == 0 ? NULL : &out->queries[out->count - 1];
        if (last == NULL || strcmp(last->text, row->fields[0]) != 0) {
            last = &out->queries[out->count++];
            *last = (relevance_query){
                .text = row->fields[0], .is_odd = is_odd(row->fields[0]), .ratings = row};
        }
        last->count++;
    }
    for (size_t i = 0; i < out->count; i++)
        out->queries[i].ideal = ideal_of(&out->queries[i]);
    return NULL;
}

void relevance_free(relevance *judged)
{
    csv_rows_free(&judged->file);
    free(judged->queries);
}

bool relevance_add(relevance_score *score, const char *document)
{
    const relevance_query *query = score->query;
    for (size_t i = 0; i < query->count && score->seen < RELEVANCE_DEPTH; i++) {
        if (strcmp(query->ratings[i].fields[1], document) != 0)
            continue;
        score->gain += gain_of((int)strtol(query->ratings[i].fields[2], NULL, 10), score->seen++);
        break;
    }
    return score->seen == RELEVANCE_DEPTH;
}

double relevance_ndcg(const relevance_score *score)
{
    return score->query->ideal > 0 ? score->gain / score->query->ideal : 0;
}

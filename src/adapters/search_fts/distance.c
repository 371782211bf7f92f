/* SPDX-License-Identifier: MIT */
#include "adapters/search_fts/distance.h"

#include <string.h>

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Row i of the table holds the distances of a's first i bytes to each beginning of b; three rows
 * are enough. *least_out is the last row's least, the result the last row's end. */
static uint32_t table(const char *a, uint32_t a_length, const char *b, uint32_t b_length,
                      uint32_t max, uint32_t *least_out)
{
    uint32_t rows[3][AURORA__FTS_DISTANCE_BYTES_MAX + 1];
    *least_out = max + 1;
    for (uint32_t j = 0; j <= b_length; j++)
        rows[0][j] = j;
    for (uint32_t i = 1; i <= a_length; i++) {
        uint32_t *row = rows[i % 3];
        const uint32_t *above = rows[(i + 2) % 3];
        const uint32_t *before = rows[(i + 1) % 3];
        uint32_t smallest = row[0] = i;
        for (uint32_t j = 1; j <= b_length; j++) {
            uint32_t cost = a[i - 1] != b[j - 1];
            row[j] = least(least(above[j] + 1, row[j - 1] + 1), above[j - 1] + cost);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
            smallest = least(smallest, row[j]);
        }
        if (smallest > max)
            return max + 1;
    }
    const uint32_t *end = rows[a_length % 3];
    for (uint32_t j = 0; j <= b_length; j++)
        *least_out = least(*least_out, end[j]);
    return least(end[b_length], max + 1);
}

uint32_t aurora__fts_distance(const char *a, uint32_t a_length, const char *b, uint32_t b_length,
                              uint32_t max)
{
    uint32_t smallest;
    uint32_t gap = a_length > b_length ? a_length - b_length : b_length - a_length;
    if (gap > max || a_length > AURORA__FTS_DISTANCE_BYTES_MAX ||
        b_length > AURORA__FTS_DISTANCE_BYTES_MAX)
        return max + 1;
    return table(a, a_length, b, b_length, max, &smallest);
}

uint32_t aurora__fts_prefix_distance(const char *a, uint32_t a_length, const char *b,
                                     uint32_t b_length, uint32_t max)
{
    uint32_t smallest;
    if (a_length > AURORA__FTS_DISTANCE_BYTES_MAX || a_length > b_length + max)
        return max + 1;
    table(a, a_length, b, least(b_length, least(a_length + max, AURORA__FTS_DISTANCE_BYTES_MAX)),
          max, &smallest);
    return smallest;
}

/* SPDX-License-Identifier: MIT */
/* What somebody may have meant in a section whose names only its reader knows. */
#include <string.h>

#include "service/config.h"

#define NAME_BYTES_MAX 63

/* Levenshtein's distance: insertions, deletions and substitutions. `other` is one of ours. */
static size_t distance(const char *name, size_t name_length, const char *other)
{
    size_t row[NAME_BYTES_MAX + 1];
    size_t width = strnlen(other, NAME_BYTES_MAX);
    for (size_t j = 0; j <= width; j++)
        row[j] = j;
    for (size_t i = 0; i < name_length; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < width; j++) {
            size_t best = diagonal + (name[i] != other[j]);
            diagonal = row[j + 1];
            best = row[j] + 1 < best ? row[j] + 1 : best;
            row[j + 1] = row[j + 1] + 1 < best ? row[j + 1] + 1 : best;
        }
    }
    return row[width];
}

const char *aurora_config_nearest(const char *name, const char *const *names, uint32_t count)
{
    const char *nearest = NULL;
    size_t length = strnlen(name, NAME_BYTES_MAX + 1);
    size_t best = length / 3 + 2; /* a name further away is another word */
    if (length > NAME_BYTES_MAX)
        return NULL;
    best = best > length ? length : best;
    for (uint32_t i = 0; i < count; i++) {
        size_t steps = distance(name, length, names[i]);
        if (steps < best) {
            best = steps;
            nearest = names[i];
        }
    }
    return nearest;
}

/* SPDX-License-Identifier: MIT */
#include "nearest.h"

#include <stdint.h>
#include <string.h>

#define WORD_BYTES_MAX 63

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t ctl_word_distance(const char *word, const char *other)
{
    size_t row[WORD_BYTES_MAX + 1];
    size_t length = strlen(word), other_length = strlen(other);
    if (length > WORD_BYTES_MAX || other_length > WORD_BYTES_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= other_length; j++)
        row[j] = j;
    for (size_t i = 1; i <= length; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= other_length; j++) {
            size_t changed = diagonal + (word[i - 1] != other[j - 1]);
            diagonal = row[j];
            row[j] = least(changed, least(row[j], row[j - 1]) + 1);
        }
    }
    return row[other_length];
}

int ctl_word_is_near(const char *word, size_t distance)
{
    return distance <= (strlen(word) < 5 ? 1u : 3u);
}

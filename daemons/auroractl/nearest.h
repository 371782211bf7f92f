/* SPDX-License-Identifier: MIT */
/* What somebody who mistyped a word probably meant. */
#ifndef AURORACTL_NEAREST_H
#define AURORACTL_NEAREST_H

#include <stddef.h>

/* How many letters to insert, drop or change between two words of at most 63 bytes; longer ones
 * count as far apart. */
size_t ctl_word_distance(const char *word, const char *other);

/* Whether `distance` is near enough to be worth a suggestion. */
int ctl_word_is_near(const char *word, size_t distance);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef AURORA_ADAPTERS_SEARCH_FTS_SYNONYMS_H
#define AURORA_ADAPTERS_SEARCH_FTS_SYNONYMS_H

#include <stdint.h>

/* What shops also call it: the other members of the groups that `text` (folded, singular, one or
 * two words) is in. Returns how many; the texts are static. */
uint32_t aurora__fts_synonyms(const char *text, const char **out, uint32_t capacity);

#endif

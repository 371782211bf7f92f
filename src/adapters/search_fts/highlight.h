/* SPDX-License-Identifier: MIT */
#ifndef AURORA_ADAPTERS_SEARCH_FTS_HIGHLIGHT_H
#define AURORA_ADAPTERS_SEARCH_FTS_HIGHLIGHT_H

#include <aurora/port/search.h>

#include "adapters/search_fts/plan.h"

/* The piece of a product that shows best why it was found, HTML-escaped, with what was looked for
 * in <em>: the name if it has any of it, else the piece of another text around the first word.
 * NULL without memory. */
const char *aurora__fts_highlight(const aurora__fts_plan *plan, const aurora_product *product,
                                  const aurora_arena_port *arena);

#endif

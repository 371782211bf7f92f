/* SPDX-License-Identifier: MIT */
/* How well a document answers a plan: an auxiliary function of FTS5. BM25F (Robertson, Zaragoza,
 * Taylor 2004: one saturation over all columns) times what the places of the words tell. */
#ifndef AURORA_ADAPTERS_SEARCH_FTS_RANK_H
#define AURORA_ADAPTERS_SEARCH_FTS_RANK_H

#include <sqlite3.h>

#include "adapters/search_fts/plan.h"

/* Makes aurora_rank(table, name_words, for_at, accessories) of a connection: the score, or a
 * negative number where fewer slots than the quorum are filled. *plan is read at each call.
 * SQLite's code. */
int aurora__fts_rank_attach(sqlite3 *db, const aurora__fts_plan *const *plan);

#endif

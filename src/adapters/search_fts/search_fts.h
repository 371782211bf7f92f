/* SPDX-License-Identifier: MIT */
/* The search index in SQLite's FTS5, in a file of its own beside the store: ADDRESS.search. It can
 * be deleted at any time and is then made again. */
#ifndef AURORA_ADAPTERS_SEARCH_FTS_SEARCH_FTS_H
#define AURORA_ADAPTERS_SEARCH_FTS_SEARCH_FTS_H

#include <aurora/port/search.h>

/* As aurora_search_open_fn. */
aurora_status aurora__search_fts_open(const aurora_search_options *options, aurora_search_port *out,
                                      aurora_error *err);

#endif

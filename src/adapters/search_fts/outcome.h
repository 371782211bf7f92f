/* SPDX-License-Identifier: MIT */
#ifndef AURORA_ADAPTERS_SEARCH_FTS_OUTCOME_H
#define AURORA_ADAPTERS_SEARCH_FTS_OUTCOME_H

#include <aurora/base.h>
#include <aurora/status.h>

/* What the port answers for SQLite's (extended) code. */
aurora_status aurora__fts_status(int code);

#endif

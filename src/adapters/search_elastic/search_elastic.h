/* SPDX-License-Identifier: MIT */
/* The search port over Elasticsearch 7 and 8 and OpenSearch 2, by plain HTTP. docs/SEARCH.md says
 * what is in the index and what its URL holds. */
#ifndef AURORA_ADAPTERS_SEARCH_ELASTIC_H
#define AURORA_ADAPTERS_SEARCH_ELASTIC_H

#include <aurora/port/search.h>

/* aurora_search_open_fn for elasticsearch://[user:pass@]host:port[,...][?index=...], and the same
 * with opensearch:. The address is what stands behind the scheme. */
aurora_status aurora__search_elastic_open(const aurora_search_options *options,
                                          aurora_search_port *out, aurora_error *err);

#endif

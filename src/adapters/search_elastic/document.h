/* SPDX-License-Identifier: MIT */
/* A product as a document of the index. */
#ifndef AURORA_ADAPTERS_SEARCH_ELASTIC_DOCUMENT_H
#define AURORA_ADAPTERS_SEARCH_ELASTIC_DOCUMENT_H

#include <aurora/port/search.h>

#include "adapters/search_elastic/text.h"

/* Adds the document, in one line. Of a deleted product only the marker. */
void aurora__elastic_document(aurora__elastic_text *to, const aurora_search_change *change);

/* The same product without a word to be found by: for what the index refuses. */
void aurora__elastic_document_kept(aurora__elastic_text *to, const aurora_search_change *change);

#endif

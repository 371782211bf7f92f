/* SPDX-License-Identifier: MIT */
/* The words of a product, column by column. What is put into the index is taken out of it with the
 * same texts, so they may follow from nothing but the product. */
#ifndef AURORA_ADAPTERS_SEARCH_FTS_COLUMNS_H
#define AURORA_ADAPTERS_SEARCH_FTS_COLUMNS_H

#include <aurora/allocator.h>
#include <aurora/product.h>

#include "adapters/search_fts/weights.h"

/* Column c's words, with blanks, are text[end[c - 1] .. end[c]). The buffer is kept from one
 * product to the next: start with zeros and an allocator. */
typedef struct {
    const aurora_allocator *allocator;
    char *text;
    size_t size;
    size_t used;
    size_t end[AURORA__FTS_COLUMNS];
    int64_t name_words;
    int64_t for_at;      /* where the first "for" stands in the name; -1 = nowhere */
    int64_t accessories; /* bit i: word i of the name is one that names an accessory */
    bool is_failed;
} aurora__fts_columns;

/* False without memory. */
bool aurora__fts_columns_cut(aurora__fts_columns *columns, const aurora_product *product);

/* Names and values of the attributes in place of words, each with a NUL behind it. */
bool aurora__fts_columns_pack(aurora__fts_columns *columns, const aurora_product *product);

void aurora__fts_columns_free(aurora__fts_columns *columns);

#endif

/* SPDX-License-Identifier: MIT */
/* What an index answers. Nothing that it says is trusted: texts may be missing, numbers of another
 * kind, lists of another length. */
#ifndef AURORA_ADAPTERS_SEARCH_ELASTIC_REPLY_H
#define AURORA_ADAPTERS_SEARCH_ELASTIC_REPLY_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include <aurora/port/search.h>

/* The text of a member; NULL where it is none. */
const char *aurora__elastic_text_of(const cJSON *object, const char *name);
/* A whole number that a double holds exactly; false where it is none. */
bool aurora__elastic_number_of(const cJSON *object, const char *name, int64_t *out);

/* The product of a document, copied to the arena. AURORA_EIO for what is no document of ours,
 * AURORA_ENOMEM. */
aurora_status aurora__elastic_read_product(const cJSON *source, const aurora_arena_port *arena,
                                           aurora_product *out);

/* Fills hits (products, scores and highlights), total and facets, where they are, from a search's
 * answer: at most `limit` hits, and whether there are more. */
aurora_status aurora__elastic_read_search(const cJSON *tree, uint32_t limit,
                                          const aurora_arena_port *arena, aurora_search_result *out,
                                          bool *has_more_out);

/* How many products a search's words found, its category and brand left aside: `other` where the
 * answer does not say. */
uint64_t aurora__elastic_read_matches(const cJSON *tree, uint64_t other);

/* What became of one item of a bulk request. */
enum {
    AURORA__ELASTIC_ITEM_DONE, /* also: this version or a newer one is there */
    AURORA__ELASTIC_ITEM_LATER,
    AURORA__ELASTIC_ITEM_REFUSED, /* for good */
    AURORA__ELASTIC_ITEM_FULL,
    AURORA__ELASTIC_ITEM_NOWHERE, /* the index is not there */
};

/* Fills outcomes[0..count) from a bulk answer; false where it is not the answer of `count`
 * items. */
bool aurora__elastic_read_bulk(const cJSON *tree, uint32_t count, uint8_t *outcomes);
/* The reason of a refused item; "" without. */
const char *aurora__elastic_bulk_reason(const cJSON *tree, uint32_t item);

/* The marks that highlighted texts carry around what was found: private characters, since both
 * servers trim control characters off. */
#define AURORA__ELASTIC_MARK_OPEN "\xEE\x80\x80"  /* U+E000 */
#define AURORA__ELASTIC_MARK_CLOSE "\xEE\x80\x81" /* U+E001 */
#define AURORA__ELASTIC_MARK_BYTES 3

/* Whether a mark begins here. */
bool aurora__elastic_is_mark(const char *at);

/* The first highlighted fragment of a field; NULL where it has none. */
const char *aurora__elastic_fragment(const cJSON *hit, const char *field);

#endif

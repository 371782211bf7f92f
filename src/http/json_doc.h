/* SPDX-License-Identifier: MIT */
/* What stands behind aurora_json_doc: one place for each value of the text, in the order of the
 * text, and cJSON's tree beside it. Not for callers of json_in.h. */
#ifndef AURORA_HTTP_JSON_DOC_H
#define AURORA_HTTP_JSON_DOC_H

#include <cjson/cJSON.h>

#include "http/json_in.h"

#define AURORA__PLACE_NONE UINT32_MAX

/* Where a value stands. The children of places[i] begin at i + 1, and the next one at `end`. */
typedef struct {
    const cJSON *node; /* NULL = a member that a reader missed */
    const char *text;  /* the value's first character, NULL likewise */
    const char *text_end;
    const char *name; /* of a member: behind its opening quote, still escaped, or as it was asked
                          for; NULL in an array */
    uint32_t parent;  /* AURORA__PLACE_NONE at the root */
    uint32_t end;
    uint32_t index; /* among its parent's */
    uint32_t count; /* of its own members or elements */
} aurora__place;

struct aurora_json_doc {
    cJSON *tree;
    const char *text_end; /* the text need not end in a NUL */
    aurora__place *places;
    uint32_t count;
    uint32_t count_max;
    uint32_t capacity;
    /* The element that was asked for last: a walk over an array takes one step an element. */
    uint32_t seen_parent;
    uint32_t seen_index;
    uint32_t seen_place;
};

/* Appends a place; AURORA__PLACE_NONE when there is no memory. */
uint32_t aurora__doc_append(aurora_json_doc *doc, const aurora__place *place);

/* Checks the whole text and fills the places, all but their nodes. False with *error filled. */
bool aurora__doc_scan(aurora_json_doc *doc, const char *text, size_t len, aurora_json_error *error);

/* Fills *error, with the pointer of a place. Returns false. */
bool aurora__doc_refuse(const aurora_json_doc *doc, uint32_t place, aurora_json_error *error,
                        const char *code, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* The same where memory, not the text, is to blame: "unavailable". */
bool aurora__doc_no_memory(const aurora_json_doc *doc, uint32_t place, aurora_json_error *error);

#endif

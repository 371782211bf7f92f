/* SPDX-License-Identifier: MIT */
/* From a text to a document: the scan, cJSON's tree, the nodes of the places, no name twice. */
#include "http/json_in.h"

#include <stdlib.h>
#include <string.h>

#include "http/json_doc.h"

#define FEW_MEMBERS 16

uint32_t aurora__doc_append(aurora_json_doc *doc, const aurora__place *place)
{
    if (doc->count == doc->capacity) {
        uint32_t capacity = doc->capacity == 0 ? 32 : doc->capacity * 2;
        aurora__place *places = realloc(doc->places, capacity * sizeof *places);
        if (places == NULL)
            return AURORA__PLACE_NONE;
        doc->places = places;
        doc->capacity = capacity;
    }
    doc->places[doc->count] = *place;
    return doc->count++;
}

/* Gives every place its node. Both are in the text's order, and the scan bounds the depth. */
static uint32_t bind(aurora_json_doc *doc, uint32_t place, const cJSON *node)
{
    doc->places[place].node = node;
    uint32_t next = place + 1;
    const cJSON *child = node->child;
    for (; child != NULL && next < doc->places[place].end; child = child->next)
        next = bind(doc, next, child);
    return next;
}

typedef struct {
    const char *name;
    uint32_t place;
} named;

static int compare_names(const void *a, const void *b)
{
    const named *left = a, *right = b;
    int order = strcmp(left->name, right->name);
    if (order != 0)
        return order;
    return left->place < right->place ? -1 : left->place > right->place;
}

/* The first member, in the text's order, whose name was there before. */
static bool find_twin(const aurora_json_doc *doc, uint32_t object, named *list, uint32_t *twin_out)
{
    uint32_t count = doc->places[object].count, place = object + 1;
    for (uint32_t i = 0; i < count; i++, place = doc->places[place].end)
        list[i] = (named){.name = doc->places[place].node->string, .place = place};
    qsort(list, count, sizeof *list, compare_names);
    *twin_out = AURORA__PLACE_NONE;
    for (uint32_t i = 1; i < count; i++) {
        if (strcmp(list[i - 1].name, list[i].name) == 0 && list[i].place < *twin_out)
            *twin_out = list[i].place;
    }
    return *twin_out != AURORA__PLACE_NONE;
}

static bool check_names(const aurora_json_doc *doc, uint32_t object, aurora_json_error *error)
{
    named few[FEW_MEMBERS];
    uint32_t count = doc->places[object].count, twin;
    named *list = count <= FEW_MEMBERS ? few : malloc(count * sizeof *list);
    if (list == NULL)
        return aurora__doc_no_memory(doc, object, error);
    bool has_twin = find_twin(doc, object, list, &twin);
    if (list != few)
        free(list);
    if (has_twin)
        return aurora__doc_refuse(doc, twin, error, "duplicate_field", "is given twice");
    return true;
}

static bool check_all_names(const aurora_json_doc *doc, aurora_json_error *error)
{
    for (uint32_t i = 0; i < doc->count; i++) {
        if (cJSON_IsObject(doc->places[i].node) && doc->places[i].count > 1 &&
            !check_names(doc, i, error))
            return false;
    }
    return true;
}

static bool build(aurora_json_doc *doc, const char *text, size_t len, aurora_json_error *error)
{
    if (!aurora__doc_scan(doc, text, len, error))
        return false;
    /* The scan has found it well-formed: what is left to fail is memory. */
    doc->tree = cJSON_ParseWithLength(text, len);
    if (doc->tree == NULL)
        return aurora__doc_no_memory(doc, 0, error);
    if (bind(doc, 0, doc->tree) != doc->count)
        return aurora__doc_refuse(doc, 0, error, "invalid_json", "cannot be read");
    return check_all_names(doc, error);
}

static bool parse(const char *text, size_t len, uint32_t values_max, aurora_json_doc **out,
                  aurora_json_error *error)
{
    *out = NULL;
    memset(error, 0, sizeof *error);
    aurora_json_doc *doc = calloc(1, sizeof *doc);
    if (doc == NULL) {
        *error = (aurora_json_error){.code = "unavailable", .detail = "finds no memory"};
        return false;
    }
    doc->text_end = text + len;
    doc->count_max = values_max;
    doc->seen_parent = AURORA__PLACE_NONE;
    if (!build(doc, text, len, error)) {
        aurora_json_free(doc);
        return false;
    }
    *out = doc;
    return true;
}

bool aurora_json_parse(const char *text, size_t len, aurora_json_doc **out,
                       aurora_json_error *error)
{
    return parse(text, len, AURORA_JSON_VALUES_MAX, out, error);
}

bool aurora_json_parse_batch(const char *text, size_t len, aurora_json_doc **out,
                             aurora_json_error *error)
{
    return parse(text, len, AURORA_JSON_BATCH_VALUES_MAX, out, error);
}

bool aurora_json_parse_long(const char *text, size_t len, aurora_json_doc **out,
                            aurora_json_error *error)
{
    return parse(text, len, UINT32_MAX - 1, out, error);
}

void aurora_json_free(aurora_json_doc *doc)
{
    if (doc == NULL)
        return;
    cJSON_Delete(doc->tree);
    free(doc->places);
    free(doc);
}

aurora_json_value aurora_json_root(const aurora_json_doc *doc)
{
    return (aurora_json_value){.node = doc->places[0].node, .path = 0, .doc = doc};
}

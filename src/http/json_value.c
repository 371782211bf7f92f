/* SPDX-License-Identifier: MIT */
/* What readers ask of a parsed document: members, elements, texts, numbers, times. */
#include <inttypes.h>
#include <string.h>

#include "http/json_doc.h"
#include "http/time_text.h"

static aurora_json_value value_at(const aurora_json_doc *doc, uint32_t place)
{
    return (aurora_json_value){.node = doc->places[place].node, .path = place, .doc = doc};
}

/* The place of a member that is not there, so that a reader can still be told where it belongs. The
 * document is one thread's, and its own memory. */
static aurora_json_value absent_member(aurora_json_value object, const char *name)
{
    aurora_json_doc *doc = (aurora_json_doc *)object.doc;
    const aurora__place place = {.name = name, .parent = object.path};
    uint32_t own = aurora__doc_append(doc, &place);
    if (own == AURORA__PLACE_NONE)
        own = object.path;
    return (aurora_json_value){.node = NULL, .path = own, .doc = doc};
}

static bool refuse_kind(aurora_json_value value, aurora_json_error *error, const char *rule)
{
    if (value.node == NULL)
        return aurora_json_refuse(value, error, "is required");
    return aurora_json_refuse(value, error, "%s", rule);
}

static uint32_t find_name(const char *const *names, uint32_t count, const char *name)
{
    uint32_t i = 0;
    while (i < count && strcmp(names[i], name) != 0)
        i++;
    return i;
}

bool aurora_json_object(aurora_json_value value, const char *const *names, uint32_t count,
                        aurora_json_value *values_out, aurora_json_error *error)
{
    const aurora_json_doc *doc = value.doc;
    if (!cJSON_IsObject(value.node))
        return refuse_kind(value, error, "must be an object");
    for (uint32_t i = 0; i < count; i++)
        values_out[i] = (aurora_json_value){.node = NULL, .path = AURORA__PLACE_NONE, .doc = doc};
    uint32_t place = value.path + 1, members = doc->places[value.path].count;
    for (uint32_t i = 0; i < members; i++, place = doc->places[place].end) {
        uint32_t found = find_name(names, count, doc->places[place].node->string);
        if (found == count)
            return aurora__doc_refuse(doc, place, error, "unknown_field", "is not a field here");
        values_out[found] = value_at(doc, place);
        if (cJSON_IsNull(values_out[found].node))
            values_out[found].node = NULL;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (values_out[i].path == AURORA__PLACE_NONE)
            values_out[i] = absent_member(value, names[i]);
    }
    return true;
}

/* The place of child `index`, in one step where it is behind the one that was asked for last. */
static uint32_t child_place(aurora_json_value value, uint32_t index)
{
    aurora_json_doc *doc = (aurora_json_doc *)value.doc;
    if (doc->seen_parent != value.path || index < doc->seen_index) {
        doc->seen_parent = value.path;
        doc->seen_index = 0;
        doc->seen_place = value.path + 1;
    }
    for (; doc->seen_index < index; doc->seen_index++)
        doc->seen_place = doc->places[doc->seen_place].end;
    return doc->seen_place;
}

bool aurora_json_members(aurora_json_value value, uint32_t max, uint32_t *count_out,
                         aurora_json_error *error)
{
    if (!cJSON_IsObject(value.node))
        return refuse_kind(value, error, "must be an object");
    uint32_t count = value.doc->places[value.path].count;
    if (count > max)
        return aurora_json_refuse(value, error,
                                  "must have at most %" PRIu32 " fields, has %" PRIu32, max, count);
    *count_out = count;
    return true;
}

void aurora_json_member(aurora_json_value value, uint32_t index, const char **name_out,
                        aurora_json_value *value_out)
{
    *value_out = value_at(value.doc, child_place(value, index));
    *name_out = value.doc->places[value_out->path].node->string;
}

bool aurora_json_array(aurora_json_value value, uint32_t min, uint32_t max, uint32_t *count_out,
                       aurora_json_error *error)
{
    if (!cJSON_IsArray(value.node))
        return refuse_kind(value, error, "must be an array");
    uint32_t count = value.doc->places[value.path].count;
    if (count < min || count > max)
        return aurora_json_refuse(value, error,
                                  "must have %" PRIu32 " to %" PRIu32 " elements, has %" PRIu32,
                                  min, max, count);
    *count_out = count;
    return true;
}

aurora_json_value aurora_json_item(aurora_json_value value, uint32_t index)
{
    return value_at(value.doc, child_place(value, index));
}

bool aurora_json_text(aurora_json_value value, uint32_t min, uint32_t max, const char **out,
                      aurora_json_error *error)
{
    const cJSON *node = value.node;
    if (node == NULL)
        return aurora_json_refuse(value, error, "is required");
    size_t length = cJSON_IsString(node) ? strlen(node->valuestring) : 0;
    if (!cJSON_IsString(node) || length < min || length > max) {
        if (min == 0)
            return aurora_json_refuse(value, error, "must be a text of at most %" PRIu32 " bytes",
                                      max);
        return aurora_json_refuse(value, error,
                                  "must be a text of %" PRIu32 " to %" PRIu32 " bytes", min, max);
    }
    *out = node->valuestring;
    return true;
}

/* By its literal: cJSON keeps numbers as doubles, which are exact up to 2^53 only. */
static bool read_integer(const char *at, const char *end, int64_t *out)
{
    bool is_negative = *at == '-';
    int64_t number = 0;
    for (at += is_negative; at < end && *at >= '0' && *at <= '9'; at++) {
        int digit = *at - '0';
        if (number < (INT64_MIN + digit) / 10)
            return false;
        number = number * 10 - digit; /* negative: INT64_MIN has no positive twin */
    }
    if (at < end && (*at == '.' || *at == 'e' || *at == 'E'))
        return false;
    if (!is_negative && number == INT64_MIN)
        return false;
    *out = is_negative ? number : -number;
    return true;
}

bool aurora_json_integer(aurora_json_value value, int64_t min, int64_t max, int64_t *out,
                         aurora_json_error *error)
{
    int64_t number = 0;
    if (value.node == NULL)
        return aurora_json_refuse(value, error, "is required");
    if (!cJSON_IsNumber(value.node) ||
        !read_integer(value.doc->places[value.path].text, value.doc->text_end, &number) ||
        number < min || number > max)
        return aurora_json_refuse(value, error, "must be an integer from %" PRId64 " to %" PRId64,
                                  min, max);
    *out = number;
    return true;
}

bool aurora_json_bool(aurora_json_value value, bool *out, aurora_json_error *error)
{
    if (!cJSON_IsBool(value.node))
        return refuse_kind(value, error, "must be true or false");
    *out = cJSON_IsTrue(value.node);
    return true;
}

bool aurora_json_time(aurora_json_value value, int64_t *ms_out, aurora_json_error *error)
{
    const cJSON *node = value.node;
    if (!cJSON_IsString(node) || !aurora__http_time_read(node->valuestring, ms_out))
        return refuse_kind(value, error,
                           "must be a time as RFC 3339 writes it, 2026-11-23T06:38:06.123Z");
    return true;
}

const char *aurora_json_raw(aurora_json_value value, size_t *len_out)
{
    const aurora__place *place = &value.doc->places[value.path];
    *len_out = (size_t)(place->text_end - place->text);
    return place->text;
}

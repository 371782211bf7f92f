/* SPDX-License-Identifier: MIT */
/* What a step is given: references replaced, integers of 64 bits, and a mark on all that was read,
 * so that a member nobody knows is found. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "step.h"

/* cJSON's valueint is of no use to us (it is cut at 32 bits), and so free for the mark. */
#define READ 0x5EAD
#define NAMED_MAX 64

/* --- references ------------------------------------------------------------------------------- */

static const cJSON *find_reference(case_run *run, const char *text)
{
    char path[256];
    char *rest = NULL;
    snprintf(path, sizeof path, "%s", text + 1);
    char *word = strtok_r(path, ".", &rest);
    const thing *found = word == NULL ? NULL : case_thing(run, word);
    const cJSON *node = found == NULL ? NULL : found->result;
    while (node != NULL && (word = strtok_r(NULL, ".", &rest)) != NULL) {
        if (cJSON_IsArray(node))
            node = cJSON_GetArrayItem(node, atoi(word));
        else
            node = cJSON_GetObjectItemCaseSensitive(node, word);
    }
    if (node == NULL)
        case_fail(run, "nothing stands behind %s", text);
    return node;
}

static cJSON *repeated(const cJSON *node)
{
    const cJSON *what = cJSON_GetObjectItemCaseSensitive(node, "repeat");
    const cJSON *times = cJSON_GetObjectItemCaseSensitive(node, "times");
    if (!cJSON_IsString(what) || !cJSON_IsNumber(times))
        return NULL;
    size_t length = strlen(what->valuestring);
    size_t count = (size_t)times->valuedouble;
    char *text = calloc(length * count + 1, 1);
    for (size_t i = 0; i < count; i++)
        memcpy(text + i * length, what->valuestring, length);
    cJSON *made = cJSON_CreateString(text);
    free(text);
    return made;
}

cJSON *input_resolve(case_run *run, const cJSON *node)
{
    if (cJSON_IsString(node) && node->valuestring[0] == '$') {
        const cJSON *found = find_reference(run, node->valuestring);
        return found == NULL ? cJSON_CreateNull() : cJSON_Duplicate(found, true);
    }
    if (!cJSON_IsObject(node) && !cJSON_IsArray(node))
        return cJSON_Duplicate(node, false);
    cJSON *made = cJSON_IsObject(node) ? repeated(node) : NULL;
    if (made != NULL)
        return made;
    made = cJSON_IsObject(node) ? cJSON_CreateObject() : cJSON_CreateArray();
    for (const cJSON *child = node->child; child != NULL; child = child->next) {
        cJSON *copy = input_resolve(run, child);
        if (cJSON_IsObject(node))
            cJSON_AddItemToObject(made, child->string, copy);
        else
            cJSON_AddItemToArray(made, copy);
    }
    return made;
}

const char *input_unread(const cJSON *with)
{
    if (with == NULL || !(cJSON_IsObject(with) || cJSON_IsArray(with)))
        return NULL;
    for (const cJSON *child = with->child; child != NULL; child = child->next) {
        if (cJSON_IsObject(with) && child->valueint != READ)
            return child->string;
        const char *inner = input_unread(child);
        if (inner != NULL)
            return inner;
    }
    return NULL;
}

/* --- members ---------------------------------------------------------------------------------- */

static cJSON *member(cJSON *from, const char *name)
{
    cJSON *found = from == NULL ? NULL : cJSON_GetObjectItemCaseSensitive(from, name);
    if (found == NULL)
        return NULL;
    found->valueint = READ;
    return cJSON_IsNull(found) ? NULL : found;
}

const cJSON *input_member(step *of, cJSON *from, const char *name)
{
    (void)of;
    return member(from, name);
}

int64_t input_int(step *of, cJSON *from, const char *name, int64_t otherwise)
{
    const cJSON *node = member(from, name);
    if (node == NULL)
        return otherwise;
    if (cJSON_IsNumber(node))
        return (int64_t)node->valuedouble;
    char *end = NULL;
    errno = 0;
    int64_t value = cJSON_IsString(node) ? strtoll(node->valuestring, &end, 10) : 0;
    if (end == NULL || *end != '\0' || end == node->valuestring || errno != 0)
        case_fail(of->run, "%s is no integer of 64 bits", name);
    return value;
}

uint64_t input_uint(step *of, cJSON *from, const char *name, uint64_t otherwise)
{
    const cJSON *node = member(from, name);
    if (node == NULL || !cJSON_IsString(node))
        return (uint64_t)input_int(of, from, name, (int64_t)otherwise);
    char *end = NULL;
    errno = 0;
    uint64_t value = strtoull(node->valuestring, &end, 10);
    if (*end != '\0' || end == node->valuestring || errno != 0)
        case_fail(of->run, "%s is no integer of 64 bits without sign", name);
    return value;
}

uint32_t input_u32(step *of, cJSON *from, const char *name)
{
    int64_t value = input_int(of, from, name, 0);
    if (value < 0 || value > UINT32_MAX)
        case_fail(of->run, "%s does not fit into 32 bits", name);
    return (uint32_t)value;
}

int32_t input_i32(step *of, cJSON *from, const char *name)
{
    int64_t value = input_int(of, from, name, 0);
    if (value < INT32_MIN || value > INT32_MAX)
        case_fail(of->run, "%s does not fit into 32 bits", name);
    return (int32_t)value;
}

double input_double(step *of, cJSON *from, const char *name)
{
    const cJSON *node = member(from, name);
    if (node != NULL && !cJSON_IsNumber(node))
        case_fail(of->run, "%s is no number", name);
    return node == NULL ? 0 : node->valuedouble;
}

bool input_bool(step *of, cJSON *from, const char *name)
{
    const cJSON *node = member(from, name);
    if (node != NULL && !cJSON_IsBool(node))
        case_fail(of->run, "%s is neither true nor false", name);
    return cJSON_IsTrue(node);
}

const char *input_text(step *of, cJSON *from, const char *name)
{
    const cJSON *node = member(from, name);
    if (node != NULL && !cJSON_IsString(node))
        case_fail(of->run, "%s is no text", name);
    return cJSON_GetStringValue(node);
}

aurora_id input_id(step *of, cJSON *from, const char *name)
{
    aurora_id id = {{0}};
    const char *text = input_text(of, from, name);
    if (text != NULL && aurora_id_parse(text, &id) != AURORA_OK)
        case_fail(of->run, "%s is no id: %s", name, text);
    return id;
}

cJSON *input_array(step *of, cJSON *from, const char *name, uint32_t *count_out)
{
    cJSON *node = member(from, name);
    if (node != NULL && !cJSON_IsArray(node)) {
        case_fail(of->run, "%s is no array", name);
        node = NULL;
    }
    *count_out = node == NULL ? 0 : (uint32_t)cJSON_GetArraySize(node);
    return node;
}

int32_t input_enum(step *of, cJSON *from, const char *name, const char *const *names)
{
    const cJSON *node = member(from, name);
    if (node == NULL || cJSON_IsNumber(node))
        return node == NULL ? 0 : (int32_t)node->valuedouble;
    for (int32_t i = 0; cJSON_IsString(node) && names[i] != NULL; i++) {
        if (strcmp(names[i], node->valuestring) == 0)
            return i + 1;
    }
    case_fail(of->run, "%s has no such value", name);
    return 0;
}

int32_t input_named(step *of, cJSON *from, const char *name, const char *(*name_of)(int32_t))
{
    const cJSON *node = member(from, name);
    if (node == NULL || cJSON_IsNumber(node))
        return node == NULL ? 0 : (int32_t)node->valuedouble;
    for (int32_t value = 1; cJSON_IsString(node) && value <= NAMED_MAX; value++) {
        if (strcmp(name_of(value), node->valuestring) == 0)
            return value;
    }
    case_fail(of->run, "%s has no such value", name);
    return 0;
}

void *input_memory(step *of, size_t bytes)
{
    /* A text of the inputs, so that it goes when they do; malloc aligns it. */
    char *memory = calloc(bytes + 1, 1);
    if (memory == NULL)
        abort();
    cJSON *holder = cJSON_CreateNull();
    holder->valuestring = memory;
    holder->valueint = READ;
    cJSON_AddItemToObject(of->with, " memory", holder);
    return memory;
}

uint8_t *input_bytes(step *of, cJSON *from, const char *name, size_t *len_out)
{
    const char *text = input_text(of, from, name);
    *len_out = 0;
    if (text == NULL)
        return NULL;
    size_t len = strlen(text) / 2;
    uint8_t *bytes = input_memory(of, len);
    for (size_t i = 0; i < len; i++) {
        unsigned byte = 0;
        if (sscanf(text + 2 * i, "%2x", &byte) != 1)
            case_fail(of->run, "%s has a pair that is no hex digits", name);
        bytes[i] = (uint8_t)byte;
    }
    *len_out = len;
    return bytes;
}

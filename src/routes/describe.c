/* SPDX-License-Identifier: MIT */
/* /openapi.json of a server that has some of the routes: the document without the operations that
 * it would answer with 404, and without the parameters that it would refuse. What they refer to
 * stays; nothing is wrong with a schema that nobody uses. */
#include <cjson/cJSON.h>
#include <string.h>

#include "routes/openapi.h"
#include "routes/routes.h"

/* NULL = it is not. */
static const aurora_http_route *find_served(const aurora_routes *routes, const char *operation)
{
    for (uint32_t i = 0; i < routes->served_count; i++) {
        if (strcmp(routes->served[i].operation, operation) == 0)
            return &routes->served[i];
    }
    return NULL;
}

/* What stands behind "#/components/parameters/Limit"; the parameter itself where it is none. */
static const cJSON *resolve(const cJSON *document, const cJSON *parameter)
{
    const cJSON *reference = cJSON_GetObjectItemCaseSensitive(parameter, "$ref");
    if (reference == NULL)
        return parameter;
    const cJSON *components = cJSON_GetObjectItemCaseSensitive(document, "components");
    return cJSON_GetObjectItemCaseSensitive(
        cJSON_GetObjectItemCaseSensitive(components, "parameters"),
        strrchr(reference->valuestring, '/') + 1);
}

static bool has_word(const char *words, const char *word)
{
    size_t length = strlen(word);
    while (*words != '\0') {
        size_t len = strcspn(words, " ");
        if (len == length && strncmp(words, word, len) == 0)
            return true;
        words += len + (words[len] == ' ');
    }
    return false;
}

static bool is_read(const aurora_http_route *route, const cJSON *parameter)
{
    const char *in = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(parameter, "in"));
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(parameter, "name"));
    return in == NULL || name == NULL || strcmp(in, "query") != 0 || has_word(route->query, name);
}

/* Removes query parameters that the route does not know. Returns how many. */
static uint32_t prune_parameters(const cJSON *document, const aurora_http_route *route,
                                 const cJSON *operation)
{
    uint32_t removed = 0;
    cJSON *list = cJSON_GetObjectItemCaseSensitive(operation, "parameters");
    cJSON *next;
    for (cJSON *at = list != NULL ? list->child : NULL; at != NULL; at = next) {
        next = at->next;
        if (is_read(route, resolve(document, at)))
            continue;
        cJSON_Delete(cJSON_DetachItemViaPointer(list, at));
        removed++;
    }
    return removed;
}

/* Removes operations from one path, and parameters from those that stay. Returns how many. */
static uint32_t prune_path(const aurora_routes *routes, const cJSON *document, cJSON *path)
{
    uint32_t removed = 0;
    cJSON *next;
    for (cJSON *at = path->child; at != NULL; at = next) {
        const cJSON *operation = cJSON_GetObjectItemCaseSensitive(at, "operationId");
        next = at->next;
        if (operation == NULL)
            continue;
        const aurora_http_route *route = find_served(routes, operation->valuestring);
        if (route != NULL) {
            removed += prune_parameters(document, route, at);
            continue;
        }
        cJSON_Delete(cJSON_DetachItemViaPointer(path, at));
        removed++;
    }
    return removed;
}

static bool has_operation(const cJSON *path)
{
    for (const cJSON *at = path->child; at != NULL; at = at->next) {
        if (cJSON_GetObjectItemCaseSensitive(at, "operationId") != NULL)
            return true;
    }
    return false;
}

static uint32_t prune(const aurora_routes *routes, cJSON *document)
{
    uint32_t removed = 0;
    cJSON *paths = cJSON_GetObjectItemCaseSensitive(document, "paths");
    cJSON *next;
    for (cJSON *path = paths->child; path != NULL; path = next) {
        next = path->next;
        removed += prune_path(routes, document, path);
        if (!has_operation(path))
            cJSON_Delete(cJSON_DetachItemViaPointer(paths, path));
    }
    return removed;
}

bool aurora_routes_describe(const aurora_routes *routes, char **text_out, size_t *len_out)
{
    cJSON *document = cJSON_ParseWithLength(aurora__openapi_json, aurora__openapi_json_len);
    *text_out = NULL;
    *len_out = 0;
    if (document == NULL)
        return false;
    bool is_whole = prune(routes, document) == 0;
    if (!is_whole)
        *text_out = cJSON_PrintUnformatted(document);
    cJSON_Delete(document);
    if (*text_out != NULL)
        *len_out = strlen(*text_out);
    return is_whole || *text_out != NULL;
}

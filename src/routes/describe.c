/* SPDX-License-Identifier: MIT */
/* /openapi.json of a server that has some of the routes: the document without the operations that
 * it would answer with 404. What they refer to stays; nothing is wrong with a schema that nobody
 * uses. */
#include <cjson/cJSON.h>
#include <string.h>

#include "routes/openapi.h"
#include "routes/routes.h"

static bool is_served(const aurora_routes *routes, const char *operation)
{
    for (uint32_t i = 0; i < routes->served_count; i++) {
        if (strcmp(routes->served[i].operation, operation) == 0)
            return true;
    }
    return false;
}

/* Removes operations from one path. Returns how many. */
static uint32_t prune_path(const aurora_routes *routes, cJSON *path)
{
    uint32_t removed = 0;
    cJSON *next;
    for (cJSON *at = path->child; at != NULL; at = next) {
        const cJSON *operation = cJSON_GetObjectItemCaseSensitive(at, "operationId");
        next = at->next;
        if (operation == NULL || is_served(routes, operation->valuestring))
            continue;
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

static uint32_t prune(const aurora_routes *routes, cJSON *paths)
{
    uint32_t removed = 0;
    cJSON *next;
    for (cJSON *path = paths->child; path != NULL; path = next) {
        next = path->next;
        removed += prune_path(routes, path);
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
    bool is_whole = prune(routes, cJSON_GetObjectItemCaseSensitive(document, "paths")) == 0;
    if (!is_whole)
        *text_out = cJSON_PrintUnformatted(document);
    cJSON_Delete(document);
    if (*text_out != NULL)
        *len_out = strlen(*text_out);
    return is_whole || *text_out != NULL;
}

/* SPDX-License-Identifier: MIT */
/* Bodies of answers as JSON, by a path. */
#include <cjson/cJSON.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http_client.h"
#include "test.h"

static const cJSON *find(const cJSON *value, const char *path)
{
    char name[256];
    while (value != NULL && *path != '\0') {
        size_t len = strcspn(path, ".");
        snprintf(name, sizeof name, "%.*s", (int)len, path);
        path += len + (path[len] == '.');
        value = cJSON_IsArray(value) ? cJSON_GetArrayItem(value, atoi(name))
                                     : cJSON_GetObjectItemCaseSensitive(value, name);
    }
    return value;
}

const char *http_answer_at(const http_answer *answer, const char *path)
{
    static char values[8][8192];
    static unsigned turn;
    char *out = values[turn++ % 8];
    cJSON *root = cJSON_ParseWithLength(answer->body, answer->body_len);
    ck_assert_msg(root != NULL, "the body is no JSON: \"%s\"", answer->body);
    const cJSON *value = find(root, path);
    char *text = value == NULL || cJSON_IsString(value) ? NULL : cJSON_PrintUnformatted(value);
    snprintf(out, sizeof values[0], "%s",
             value == NULL           ? "(absent)"
             : cJSON_IsString(value) ? value->valuestring
                                     : text);
    free(text);
    cJSON_Delete(root);
    return out;
}

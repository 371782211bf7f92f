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
    static _Thread_local char values[8][8192];
    static _Thread_local unsigned turn;
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

void http_answer_assert_problem(const http_answer *answer, int status, const char *code,
                                const char *place)
{
    ck_assert_msg(answer->status == status, "status is %d, expected %d: %s", answer->status, status,
                  answer->body);
    ck_assert_str_eq(http_answer_field(answer, "Content-Type"), "application/problem+json");
    ck_assert_str_eq(http_answer_at(answer, "code"), code);
    ck_assert_uint_eq(strlen(http_answer_at(answer, "trace_id")), 32);
    if (place == NULL)
        return;
    const char *kinds[] = {"errors.0.pointer", "errors.0.parameter", "errors.0.header"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(http_answer_at(answer, kinds[i]), place) == 0)
            return;
    }
    ck_abort_msg("%s is not blamed: %s", place, answer->body);
}

/* SPDX-License-Identifier: MIT */
/* The query of a target, held against the names that its route has. */
#include <string.h>

#include "http/percent.h"
#include "http/router.h"

static bool is_listed(const char *names, const char *name)
{
    size_t wanted = strlen(name);
    for (const char *at = names; *at != '\0';) {
        size_t length = strcspn(at, " ");
        if (length == wanted && length > 0 && memcmp(at, name, length) == 0)
            return true;
        at += length;
        at += strspn(at, " ");
    }
    return false;
}

static bool is_among(const aurora_http_pair *pairs, uint32_t count, const char *name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(pairs[i].name, name) == 0)
            return true;
    }
    return false;
}

static bool refuse(aurora_query_error *error, const char *parameter, const char *rule)
{
    error->parameter = parameter;
    error->rule = rule;
    return false;
}

/* One "name=value" of `len` bytes. Takes as many bytes of `memory` as it has, and one. */
static bool read_pair(const char *text, size_t len, char *memory, aurora_http_pair *pair,
                      aurora_query_error *error)
{
    static const char rule[] = "is not percent-encoded UTF-8 without NUL";
    const char *equals = memchr(text, '=', len);
    size_t name_len = equals != NULL ? (size_t)(equals - text) : len;
    *pair = (aurora_http_pair){.name = memory, .value = ""};
    if (!aurora__percent_decode(text, name_len, true, memory)) {
        memcpy(memory, text, name_len);
        memory[name_len] = '\0';
        return refuse(error, memory, rule);
    }
    if (equals == NULL)
        return true;
    pair->value = memory + name_len + 1;
    if (!aurora__percent_decode(equals + 1, len - name_len - 1, true, memory + name_len + 1))
        return refuse(error, memory, rule);
    return true;
}

bool aurora_query_parse(const char *query, const char *names, char *memory,
                        aurora_http_pair *pairs_out, uint32_t *count_out, aurora_query_error *error)
{
    uint32_t count = 0;
    *count_out = 0;
    while (*query != '\0') {
        size_t length = strcspn(query, "&");
        if (length > 0) {
            aurora_http_pair pair;
            if (!read_pair(query, length, memory, &pair, error))
                return false;
            if (!is_listed(names, pair.name))
                return refuse(error, pair.name, "is not a parameter of this path");
            if (is_among(pairs_out, count, pair.name))
                return refuse(error, pair.name, "is given twice");
            if (count == AURORA_ROUTER_QUERY_MAX)
                return refuse(error, pair.name, "is one parameter too many");
            pairs_out[count++] = pair;
        }
        memory += length + 1;
        query += length;
        query += *query == '&';
    }
    *count_out = count;
    return true;
}

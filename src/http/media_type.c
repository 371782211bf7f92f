/* SPDX-License-Identifier: MIT */
#include "http/media_type.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t");
}

/* One "name=value" behind a semicolon. Only charset is looked at, and must be UTF-8. */
static const char *read_parameter(const char *at)
{
    size_t name = strcspn(at, "=; \t");
    if (name == 0 || at[name] != '=')
        return NULL;
    bool is_charset = name == 7 && strncasecmp(at, "charset", 7) == 0;
    at += name + 1;
    bool is_quoted = *at == '"';
    at += is_quoted;
    size_t value = strcspn(at, is_quoted ? "\"" : "; \t");
    if (value == 0 || (is_quoted && at[value] != '"'))
        return NULL;
    if (is_charset && (value != 5 || strncasecmp(at, "utf-8", 5) != 0))
        return NULL;
    return at + value + is_quoted;
}

bool aurora__media_type_is_json(const char *text)
{
    static const char json[] = "application/json";
    if (text == NULL || strncasecmp(text, json, sizeof json - 1) != 0)
        return false;
    const char *at = skip_blanks(text + sizeof json - 1);
    while (at != NULL && *at == ';') {
        at = skip_blanks(at + 1);
        if (*at == '\0')
            return true;
        at = read_parameter(at);
        if (at != NULL)
            at = skip_blanks(at);
    }
    return at != NULL && *at == '\0';
}

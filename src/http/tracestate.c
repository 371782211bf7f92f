/* SPDX-License-Identifier: MIT */
#include "http/tracestate.h"

#include <stddef.h>
#include <string.h>

#define MEMBERS_MAX 32
#define KEY_BYTES_MAX 256
#define VALUE_BYTES_MAX 256

typedef struct {
    const char *at;
    size_t len;
} span;

static bool is_key(span key)
{
    static const char others[] = "_-*/@";
    if (key.len == 0 || key.len > KEY_BYTES_MAX || strchr(others, key.at[0]) != NULL)
        return false;
    for (size_t i = 0; i < key.len; i++) {
        char c = key.at[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
            (c == '\0' || strchr(others, c) == NULL))
            return false;
    }
    return true;
}

/* Printable, without the two that separate; blanks at its end were the list's. */
static bool is_value(span value)
{
    if (value.len == 0 || value.len > VALUE_BYTES_MAX)
        return false;
    for (size_t i = 0; i < value.len; i++) {
        char c = value.at[i];
        if (c < 0x20 || c > 0x7e || c == '=')
            return false;
    }
    return true;
}

static span cut(span text)
{
    while (text.len > 0 && (text.at[0] == ' ' || text.at[0] == '\t')) {
        text.at++;
        text.len--;
    }
    while (text.len > 0 && (text.at[text.len - 1] == ' ' || text.at[text.len - 1] == '\t'))
        text.len--;
    return text;
}

static bool is_among(const span *keys, size_t count, span key)
{
    for (size_t i = 0; i < count; i++) {
        if (keys[i].len == key.len && memcmp(keys[i].at, key.at, key.len) == 0)
            return true;
    }
    return false;
}

bool aurora_http_tracestate_is_good(const char *text)
{
    span keys[MEMBERS_MAX];
    size_t count = 0, len = strlen(text), at = 0;
    if (len > AURORA_HTTP_TRACESTATE_BYTES_MAX)
        return false;
    while (at <= len) {
        size_t end = at + strcspn(text + at, ",");
        span member = cut((span){text + at, end - at});
        at = end + 1;
        if (member.len == 0)
            continue;
        const char *equals = memchr(member.at, '=', member.len);
        if (equals == NULL || count == MEMBERS_MAX)
            return false;
        span key = {member.at, (size_t)(equals - member.at)};
        span value = {equals + 1, member.len - key.len - 1};
        if (!is_key(key) || !is_value(value) || is_among(keys, count, key))
            return false;
        keys[count++] = key;
    }
    return count > 0;
}

/* SPDX-License-Identifier: MIT */
#include "telemetry/baggage.h"

#include <string.h>

#include "http/utf8.h"

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* In place. False for a broken sequence. */
static bool decode(char *text)
{
    char *to = text;
    for (const char *at = text; *at != '\0'; at++) {
        if (*at != '%') {
            *to++ = *at;
            continue;
        }
        int high = digit_of(at[1]), low = high < 0 ? -1 : digit_of(at[2]);
        if (low < 0)
            return false;
        *to++ = (char)(high * 16 + low);
        at += 2;
    }
    *to = '\0';
    return true;
}

static bool has_control(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    }
    return false;
}

static char *cut(char *text)
{
    text += strspn(text, " \t");
    size_t len = strlen(text);
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
        text[--len] = '\0';
    return text;
}

/* NULL = it is good. */
static const char *read_member(char *member, aurora__baggage *out)
{
    char *equals = strchr(member, '=');
    if (equals == NULL || equals == member)
        return "must be NAME=VALUE,...";
    *equals = '\0';
    char *name = cut(member), *value = cut(equals + 1);
    if (name[0] == '\0')
        return "must be NAME=VALUE,...";
    if (strstr(value, "%00") != NULL || !decode(value) ||
        !aurora__utf8_is_text(value, strlen(value)) || !aurora__utf8_is_text(name, strlen(name)) ||
        has_control(value) || has_control(name))
        return "must be percent-encoded UTF-8 without control characters";
    if (out->count == AURORA__BAGGAGE_MAX)
        return "must have at most 64 members";
    out->pairs[out->count++] = (aurora__baggage_pair){name, value};
    return NULL;
}

bool aurora__baggage_read(const char *text, aurora__baggage *out, const char **rule_out)
{
    const char *rule = NULL;
    out->count = 0;
    size_t len = text == NULL ? 0 : strlen(text);
    if (len >= AURORA__BAGGAGE_BYTES) {
        *rule_out = "must be shorter than 8 KiB";
        return false;
    }
    if (len > 0)
        memcpy(out->text, text, len);
    out->text[len] = '\0';
    for (char *at = out->text, *next; rule == NULL && at != NULL; at = next) {
        next = strchr(at, ',');
        if (next != NULL)
            *next++ = '\0';
        char *member = cut(at);
        if (member[0] != '\0')
            rule = read_member(member, out);
    }
    if (rule != NULL) {
        out->count = 0;
        *rule_out = rule;
    }
    return rule == NULL;
}

const char *aurora__baggage_find(const aurora__baggage *pairs, const char *name)
{
    for (uint32_t i = pairs->count; i > 0; i--) {
        if (strcmp(pairs->pairs[i - 1].name, name) == 0)
            return pairs->pairs[i - 1].value;
    }
    return NULL;
}

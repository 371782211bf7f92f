/* SPDX-License-Identifier: MIT */
#include "service/log_repeats.h"

#include <stdio.h>
#include <string.h>

#define PROBES 8

static uint64_t mix(uint64_t hash, unsigned char c)
{
    return (hash ^ c) * UINT64_C(0x100000001b3); /* FNV-1a */
}

static bool is_word(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           c >= 0x80 || c == '-' || c == '_' || c == '.' || c == ':';
}

/* A word with a digit (a number, an id, an address, a time) and what stands in quotes count as one
 * character each. */
static uint64_t kind_of(int32_t level, const char *component, const char *message)
{
    uint64_t hash = mix(UINT64_C(0xcbf29ce484222325), (unsigned char)level);
    for (; *component != '\0'; component++)
        hash = mix(hash, (unsigned char)*component);
    for (const char *at = message; *at != '\0';) {
        size_t len = 0;
        bool has_digit = false;
        for (; is_word((unsigned char)at[len]); len++)
            has_digit |= at[len] >= '0' && at[len] <= '9';
        const char *quote = *at == '"' ? strchr(at + 1, '"') : NULL;
        if (quote != NULL)
            len = (size_t)(quote - at) + 1;
        if (has_digit || quote != NULL) {
            hash = mix(hash, '#');
            at += len;
            continue;
        }
        for (len = len == 0 ? 1 : len; len > 0; len--)
            hash = mix(hash, (unsigned char)*at++);
    }
    return hash == 0 ? 1 : hash;
}

static bool is_over(const aurora__log_repeated *one, int64_t now_ns)
{
    return now_ns - one->began_ns >= AURORA__LOG_REPEATS_WINDOW_NS;
}

/* The kind's slot, or one for it: free, or of a window that is over and has nothing to tell. NULL
 * where all are in use. */
static aurora__log_repeated *find(aurora__log_repeats *repeats, uint64_t kind, int64_t now_ns)
{
    aurora__log_repeated *usable = NULL;
    for (uint64_t i = 0; i < PROBES; i++) {
        aurora__log_repeated *one = &repeats->kinds[(kind + i) % AURORA__LOG_REPEATS_KINDS];
        if (one->kind == kind)
            return one;
        bool is_free = one->kind == 0 || (is_over(one, now_ns) && one->left_out == 0);
        if (usable == NULL && is_free)
            usable = one;
    }
    if (usable != NULL)
        *usable = (aurora__log_repeated){.kind = kind, .began_ns = now_ns};
    return usable;
}

bool aurora__log_repeats_take(aurora__log_repeats *repeats, int32_t level, const char *component,
                              const char *message, int64_t now_ns)
{
    if (repeats->most == 0)
        return true;
    aurora__log_repeated *one = find(repeats, kind_of(level, component, message), now_ns);
    if (one == NULL)
        return true;
    if (is_over(one, now_ns) && one->left_out == 0) {
        one->began_ns = now_ns;
        one->written = 0;
    }
    if (one->written < repeats->most) {
        one->written++;
        return true;
    }
    int64_t end_ns = one->began_ns + AURORA__LOG_REPEATS_WINDOW_NS;
    if (repeats->next_end_ns == 0 || end_ns < repeats->next_end_ns)
        repeats->next_end_ns = end_ns;
    one->left_out++;
    one->level = level;
    snprintf(one->component, sizeof one->component, "%s", component);
    snprintf(one->message, sizeof one->message, "%s", message);
    return false;
}

bool aurora__log_repeats_end(aurora__log_repeats *repeats, int64_t now_ns,
                             aurora__log_repeated *out)
{
    if (repeats->next_end_ns == 0 || now_ns < repeats->next_end_ns)
        return false;
    repeats->next_end_ns = 0;
    bool has_one = false;
    for (uint32_t i = 0; i < AURORA__LOG_REPEATS_KINDS; i++) {
        aurora__log_repeated *one = &repeats->kinds[i];
        if (one->kind == 0 || one->left_out == 0)
            continue;
        if (!has_one && is_over(one, now_ns)) {
            *out = *one;
            one->kind = 0;
            has_one = true;
            continue;
        }
        int64_t end_ns = one->began_ns + AURORA__LOG_REPEATS_WINDOW_NS;
        if (repeats->next_end_ns == 0 || end_ns < repeats->next_end_ns)
            repeats->next_end_ns = end_ns;
    }
    return has_one;
}

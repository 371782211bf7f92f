/* SPDX-License-Identifier: MIT */
#include "service/log_levels.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <aurora/handle.h>

#include "service/config.h"

#define WORD_BYTES_MAX 31

static const char *const names[] = {
#define X(name) #name,
    AURORA__LOG_COMPONENTS(X)
#undef X
};

enum { NAME_COUNT = sizeof names / sizeof *names };

int aurora__log_component(const char *name)
{
    int i = 0;
    while (i < NAME_COUNT && (name[0] != names[i][0] || strcmp(name, names[i]) != 0))
        i++;
    return i; /* NAME_COUNT is AURORA__LOG_COMPONENT_OTHER */
}

static int32_t level_of(const char *word)
{
    if (strcasecmp(word, "warn") == 0) /* as OpenTelemetry writes it */
        return AURORA_LOG_WARNING;
    for (int32_t level = AURORA_LOG_DEBUG; level <= AURORA_LOG_ERROR; level++) {
        if (strcasecmp(word, aurora_log_level_name(level)) == 0)
            return level;
    }
    return 0;
}

/* One word up to a character of `ends`, without the spaces around it. False where it is too long.
 * *at is then behind it. */
static bool take_word(const char **at, const char *ends, char word_out[WORD_BYTES_MAX + 1])
{
    const char *start = *at + strspn(*at, " \t");
    size_t len = strcspn(start, ends);
    *at = start + len;
    while (len > 0 && (start[len - 1] == ' ' || start[len - 1] == '\t'))
        len--;
    bool fits = len <= WORD_BYTES_MAX;
    snprintf(word_out, WORD_BYTES_MAX + 1, "%.*s", fits ? (int)len : WORD_BYTES_MAX, start);
    return fits;
}

static bool refuse_component(const char *name, char rule_out[AURORA_LOG_RULE_BYTES])
{
    const char *nearest = aurora_config_nearest(name, names, NAME_COUNT);
    snprintf(rule_out, AURORA_LOG_RULE_BYTES, "has no component \"%s\"%s%s%s", name,
             nearest != NULL ? ": is \"" : " (docs/LOGS.md lists them)",
             nearest != NULL ? nearest : "", nearest != NULL ? "\" meant?" : "");
    return false;
}

static bool refuse_level(const char *component, const char *word,
                         char rule_out[AURORA_LOG_RULE_BYTES])
{
    snprintf(rule_out, AURORA_LOG_RULE_BYTES,
             "must be debug, info, warning or error%s%s, not \"%s\"",
             component[0] != '\0' ? " for " : "", component, word);
    return false;
}

/* "info", "http=warning". *seen has a bit for each component that was named. */
static bool take_one(const char **at, aurora_log_levels *out, uint32_t *seen,
                     char rule_out[AURORA_LOG_RULE_BYTES])
{
    char component[WORD_BYTES_MAX + 1] = "", word[WORD_BYTES_MAX + 1];
    int index = AURORA__LOG_COMPONENT_OTHER;
    bool fits = take_word(at, "=,", word);
    if (**at == '=') {
        memcpy(component, word, sizeof word);
        index = aurora__log_component(component);
        if (!fits || index == AURORA__LOG_COMPONENT_OTHER)
            return refuse_component(component, rule_out);
        (*at)++;
        fits = take_word(at, ",", word);
    }
    int32_t level = level_of(word);
    if (!fits || level == 0)
        return refuse_level(component, word, rule_out);
    if ((*seen & (1u << index)) != 0) {
        snprintf(rule_out, AURORA_LOG_RULE_BYTES, "must name one level for %s, and names two",
                 component[0] != '\0' ? component : "all");
        return false;
    }
    *seen |= 1u << index;
    out->of[index] = level;
    return true;
}

bool aurora_log_levels_parse(const char *text, aurora_log_levels *out,
                             char rule_out[AURORA_LOG_RULE_BYTES])
{
    uint32_t seen = 0;
    aurora_log_levels levels = aurora_log_levels_all(AURORA_LOG_INFO);
    for (;; text++) {
        if (!take_one(&text, &levels, &seen, rule_out))
            return false;
        if (*text == '\0')
            break;
    }
    for (int i = 0; i < NAME_COUNT; i++) {
        if ((seen & (1u << i)) == 0)
            levels.of[i] = levels.of[AURORA__LOG_COMPONENT_OTHER];
    }
    *out = levels;
    return true;
}

aurora_log_levels aurora_log_levels_all(int32_t level)
{
    aurora_log_levels levels;
    for (int i = 0; i < AURORA__LOG_COMPONENT_COUNT; i++)
        levels.of[i] = level;
    return levels;
}

int32_t aurora_log_levels_library(const aurora_log_levels *levels)
{
    int32_t least = levels->of[AURORA__LOG_COMPONENT_OTHER];
    for (int i = AURORA__LOG_COMPONENT_bus; i < AURORA__LOG_COMPONENT_OTHER; i++)
        least = levels->of[i] < least ? levels->of[i] : least;
    return least;
}

/* SPDX-License-Identifier: MIT */
#include "gateway/policy.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECTION "upstream."

typedef enum { DURATION, NUMBER, PERCENT, HEDGE } kind;

typedef struct {
    const char *name;
    kind kind;
    bool is_live; /* a reload changes it */
    int64_t otherwise, least, most;
    size_t at;
} row;

#define ROW(name, kind, is_live, otherwise, least, most, member)                                   \
    {                                                                                              \
        name, kind, is_live, otherwise, least, most, offsetof(aurora__policy, member)              \
    }

static const row rows[] = {
    ROW("timeout", DURATION, true, 20000, 10, 300000, timeout_ms),
    ROW("attempt_timeout", DURATION, true, 6000, 10, 300000, attempt_timeout_ms),
    ROW("connect_timeout", DURATION, false, 1000, 10, 60000, connect_timeout_ms),
    ROW("attempts", NUMBER, true, 3, 1, 10, attempts),
    ROW("retry_budget", PERCENT, false, 10, 1, 100, retry_budget),
    ROW("calls_max", NUMBER, false, 1024, 1, 1000000, calls_max),
    ROW("breaker_failures", PERCENT, false, 50, 1, 100, breaker_failures),
    ROW("breaker_calls_min", NUMBER, false, 5, 1, 1000000, breaker_calls_min),
    ROW("breaker_in_row", NUMBER, false, 10, 1, 1000000, breaker_in_row),
    ROW("breaker_open", DURATION, false, 1000, 10, 600000, breaker_open_ms),
    ROW("breaker_slow", DURATION, false, 0, 0, 300000, breaker_slow_ms),
    ROW("hedge", HEDGE, true, 0, 1, 60000, hedge_ms),
};

#define ROW_COUNT (sizeof rows / sizeof *rows)

static int64_t *member(aurora__policy *policy, const row *of)
{
    return (int64_t *)(void *)((char *)policy + of->at);
}

static bool refuse(char *error, const aurora_config_property *line, const char *what,
                   const char *rule)
{
    snprintf(error, AURORA__POLICY_ERROR_BYTES, "[%s] %s: %s (%s)", line->section, what, rule,
             line->origin);
    return false;
}

/* --- values ----------------------------------------------------------------------------------- */

static bool read_setting(int32_t as, const row *of, const char *text, int64_t *out, char *rule,
                         size_t rule_size)
{
    const aurora_setting_info info = {
        .name = of->name, .kind = as, .minimum = of->least, .maximum = of->most};
    aurora_error err = AURORA_ERROR_INIT;
    if (aurora_setting_parse(&info, text, out, &err) == AURORA_OK)
        return true;
    snprintf(rule, rule_size, "%s", err.message);
    return false;
}

/* "10%", or without the sign. */
static bool read_percent(const row *of, const char *text, int64_t *out, char *rule,
                         size_t rule_size)
{
    char digits[8];
    size_t len = strlen(text);
    len -= len > 0 && text[len - 1] == '%';
    snprintf(digits, sizeof digits, "%.*s", (int)len, text);
    if (len > 0 && len < 4 && strspn(digits, "0123456789") == len) {
        *out = strtol(digits, NULL, 10);
        if (*out >= of->least && *out <= of->most)
            return true;
    }
    snprintf(rule, rule_size, "must be %lld%% to %lld%%", (long long)of->least,
             (long long)of->most);
    return false;
}

static bool read_hedge(const row *of, const char *text, int64_t *out, char *rule, size_t rule_size)
{
    *out = strcmp(text, "p95") == 0 ? AURORA__POLICY_HEDGE_P95 : 0;
    if (*text == '\0' || strcmp(text, "off") == 0 || *out != 0)
        return true;
    if (read_setting(AURORA_SETTING_DURATION, of, text, out, rule, rule_size))
        return true;
    snprintf(rule, rule_size, "must be p95, off, or a duration of 1ms to 1m such as 20ms");
    return false;
}

static bool read_value(const row *of, const aurora_config_property *line, aurora__policy *policy,
                       char *error)
{
    char rule[192];
    int64_t *out = member(policy, of);
    bool is_good =
        of->kind == HEDGE ? read_hedge(of, line->value, out, rule, sizeof rule)
        : of->kind == PERCENT
            ? read_percent(of, line->value, out, rule, sizeof rule)
            : read_setting(of->kind == DURATION ? AURORA_SETTING_DURATION : AURORA_SETTING_INTEGER,
                           of, line->value, out, rule, sizeof rule);
    return is_good || refuse(error, line, line->name, rule);
}

/* --- lines ------------------------------------------------------------------------------------ */

static uint32_t find_name(const char *name, const char *const *names, uint32_t count)
{
    uint32_t i = 0;
    while (i < count && strcmp(names[i], name) != 0)
        i++;
    return i;
}

static bool refuse_section(char *error, const aurora_config_property *line,
                           const char *const *names, uint32_t count)
{
    char rule[224] = "must be [upstream.";
    for (uint32_t i = 0; i < count; i++) {
        size_t len = strlen(rule);
        snprintf(rule + len, sizeof rule - len, "%s%s", i > 0 ? "|" : "", names[i]);
    }
    size_t len = strlen(rule);
    snprintf(rule + len, sizeof rule - len, "]");
    snprintf(error, AURORA__POLICY_ERROR_BYTES, "[%s] is no service: %s (%s)", line->section, rule,
             line->origin);
    return false;
}

static bool refuse_name(char *error, const aurora_config_property *line)
{
    char rule[288];
    const char *names[ROW_COUNT];
    for (size_t i = 0; i < ROW_COUNT; i++)
        names[i] = rows[i].name;
    const char *nearest = aurora_config_nearest(line->name, names, ROW_COUNT);
    snprintf(rule, sizeof rule, "%s%s%sa section of this kind takes ",
             nearest != NULL ? "the nearest is " : "", nearest != NULL ? nearest : "",
             nearest != NULL ? "; " : "");
    for (size_t i = 0; i < ROW_COUNT; i++) {
        size_t len = strlen(rule);
        snprintf(rule + len, sizeof rule - len, "%s%s", i > 0 ? ", " : "", rows[i].name);
    }
    return refuse(error, line, line->name, rule);
}

static bool read_line(const aurora_config_property *line, const char *const *names, uint32_t count,
                      aurora__policy *out, char *error)
{
    uint32_t index = find_name(line->section + sizeof SECTION - 1, names, count);
    if (index == count)
        return refuse_section(error, line, names, count);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (strcmp(rows[i].name, line->name) == 0)
            return read_value(&rows[i], line, &out[index], error);
    }
    return refuse_name(error, line);
}

/* Rules over two lines; told of the last line of the section. */
static bool check_whole(const aurora_config_property *line, const aurora__policy *policy,
                        char *error)
{
    if (policy->attempt_timeout_ms > policy->timeout_ms)
        return refuse(error, line, "attempt_timeout", "must be at most timeout");
    if (policy->connect_timeout_ms > policy->timeout_ms)
        return refuse(error, line, "connect_timeout", "must be at most timeout");
    return true;
}

/* A timeout below the defaults of its parts takes them along. */
static void lower_parts(aurora__policy *policy, bool has_attempt, bool has_connect)
{
    if (!has_attempt && policy->attempt_timeout_ms > policy->timeout_ms)
        policy->attempt_timeout_ms = policy->timeout_ms;
    if (!has_connect && policy->connect_timeout_ms > policy->timeout_ms)
        policy->connect_timeout_ms = policy->timeout_ms;
}

static bool finish_policy(const aurora_config_property *lines, uint32_t line_count,
                          const char *name, aurora__policy *policy, char *error)
{
    const aurora_config_property *last = NULL;
    bool has_attempt = false, has_connect = false;
    for (uint32_t i = 0; i < line_count; i++) {
        if (strncmp(lines[i].section, SECTION, sizeof SECTION - 1) != 0 ||
            strcmp(lines[i].section + sizeof SECTION - 1, name) != 0)
            continue;
        last = &lines[i];
        has_attempt = has_attempt || strcmp(last->name, "attempt_timeout") == 0;
        has_connect = has_connect || strcmp(last->name, "connect_timeout") == 0;
    }
    lower_parts(policy, has_attempt, has_connect);
    return last == NULL || check_whole(last, policy, error);
}

bool aurora__policies_read(const aurora_config *config, const char *const *names, uint32_t count,
                           aurora__policy *out, char error_out[AURORA__POLICY_ERROR_BYTES])
{
    uint32_t line_count;
    const aurora_config_property *lines = aurora_config_properties(config, &line_count);
    for (uint32_t i = 0; i < count; i++) {
        for (size_t j = 0; j < ROW_COUNT; j++)
            *member(&out[i], &rows[j]) = rows[j].otherwise;
    }
    for (uint32_t i = 0; i < line_count; i++) {
        if (strncmp(lines[i].section, SECTION, sizeof SECTION - 1) == 0 &&
            !read_line(&lines[i], names, count, out, error_out))
            return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!finish_policy(lines, line_count, names[i], &out[i], error_out))
            return false;
    }
    return true;
}

const char *aurora__policy_fixed_change(const aurora__policy *old, const aurora__policy *now)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        int64_t before, after;
        memcpy(&before, (const char *)old + rows[i].at, sizeof before);
        memcpy(&after, (const char *)now + rows[i].at, sizeof after);
        if (!rows[i].is_live && before != after)
            return rows[i].name;
    }
    return NULL;
}

/* SPDX-License-Identifier: MIT */
#include "daemon/rate_policy.h"

#include <aurora/bucket.h>

#include <stdlib.h>
#include <string.h>

#include "http/list.h"
#include "http/signature.h"

#define SECTION "rate_limit."
#define SECTION_BYTES (sizeof SECTION - 1)
#define DEFAULT "default"
#define LEASE_MS 100
#define LEASE_MS_MAX 10000

typedef struct {
    const aurora_http_route *known;
    uint32_t known_count;
    char *error;
} reader;

static const char *const key_names[] = {"client", "principal", "address", "all"};
static const char *const fallback_names[] = {"local", "open", "closed"};
static const char *const mode_names[] = {"enforce", "shadow"};

const char *aurora__rate_key_name(aurora__rate_key key)
{
    return key_names[key];
}

const char *aurora__rate_fallback_name(aurora__rate_fallback fallback)
{
    return fallback_names[fallback];
}

static bool refuse(const reader *r, const char *where, const char *name, const char *rule,
                   const char *origin)
{
    snprintf(r->error, AURORA_CONFIG_ERROR_BYTES, "%s%s%s: %s (%s)", where,
             where[0] != '\0' ? " " : "", name, rule, origin);
    return false;
}

static bool refuse_line(const reader *r, const aurora_config_property *line, const char *rule)
{
    char where[80];
    snprintf(where, sizeof where, "[%s]", line->section);
    return refuse(r, where, line->name, rule, line->origin);
}

/* --- lists ------------------------------------------------------------------------------------ */

static int find_name(const char *text, const char *const *names, int count)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(text, names[i]) == 0)
            return i;
    }
    return -1;
}

static bool read_number(const char *text, size_t len, uint64_t max, uint64_t *out)
{
    uint64_t number = 0;
    if (len < 1 || len > 10)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        number = number * 10 + (uint64_t)(text[i] - '0');
    }
    *out = number;
    return number <= max;
}

/* --- which routes ----------------------------------------------------------------------------- */

static uint32_t scope_of(const char *word, size_t len)
{
    char text[32];
    uint32_t scope = 0;
    if (len == 0 || len >= sizeof text)
        return 0;
    memcpy(text, word, len);
    text[len] = '\0';
    return aurora_scopes_parse(text, &scope) ? scope : 0;
}

/* How closely a word names a route: 0 = it does not. */
static int closeness(const char *word, size_t len, const aurora_http_route *route)
{
    if (aurora__list_word_is(word, len, route->operation))
        return 3;
    if (aurora__list_word_is(word, len, "public"))
        return route->scope == 0 ? 2 : 0;
    if (route->scope != 0 && (scope_of(word, len) & route->scope) != 0)
        return 2;
    return aurora__list_word_is(word, len, "*") ? 1 : 0;
}

static bool is_known(const reader *r, const char *word, size_t len)
{
    if (aurora__list_word_is(word, len, "*") || aurora__list_word_is(word, len, "public") ||
        scope_of(word, len) != 0)
        return true;
    for (uint32_t i = 0; i < r->known_count; i++) {
        if (aurora__list_word_is(word, len, r->known[i].operation))
            return true;
    }
    return false;
}

static bool check_word(const reader *r, const aurora_config_property *line, const char *word,
                       size_t len)
{
    char rule[160];
    if (is_known(r, word, len))
        return true;
    snprintf(rule, sizeof rule,
             "\"%.*s\" is no operation (placeOrder), no scope (orders:write), nor public or *",
             (int)(len > 60 ? 60 : len), word);
    return refuse_line(r, line, rule);
}

static bool check_routes(const reader *r, const aurora_config_property *line)
{
    const char *list = line->value, *word;
    size_t len;
    while ((word = aurora__list_next(&list, &len)) != NULL) {
        if (!check_word(r, line, word, len))
            return false;
    }
    return true;
}

/* "5", or "placeOrder=5,orders:read=2". */
static bool check_cost(const reader *r, const aurora_config_property *line)
{
    const char *list = line->value, *word;
    uint64_t cost;
    size_t len;
    if (read_number(line->value, strlen(line->value), AURORA__RATE_COST_MAX, &cost))
        return true;
    while ((word = aurora__list_next(&list, &len)) != NULL) {
        const char *equals = memchr(word, '=', len);
        size_t name_len = equals != NULL ? (size_t)(equals - word) : len;
        if (equals == NULL ||
            !read_number(equals + 1, len - name_len - 1, AURORA__RATE_COST_MAX, &cost))
            return refuse_line(r, line,
                               "must be a number to 1000000, or a list as placeOrder=5,public=1");
        if (!check_word(r, line, word, name_len))
            return false;
    }
    return true;
}

static uint64_t cost_of(const aurora__rate_policy *policy, const aurora_http_route *route)
{
    const char *list = policy->cost, *word;
    uint64_t cost = 1, number;
    int best = 0;
    size_t len;
    if (read_number(policy->cost, strlen(policy->cost), AURORA__RATE_COST_MAX, &cost))
        return cost;
    cost = 1;
    while ((word = aurora__list_next(&list, &len)) != NULL) {
        const char *equals = memchr(word, '=', len);
        size_t name_len = equals != NULL ? (size_t)(equals - word) : len;
        int close = closeness(word, name_len, route);
        if (equals != NULL && close > best &&
            read_number(equals + 1, len - name_len - 1, AURORA__RATE_COST_MAX, &number)) {
            best = close;
            cost = number;
        }
    }
    return cost;
}

uint64_t aurora__rate_policy_cost(const aurora__rate_policy *policy, const aurora_http_route *route)
{
    const char *list = policy->routes, *word;
    size_t len;
    while ((word = aurora__list_next(&list, &len)) != NULL) {
        if (closeness(word, len, route) > 0)
            return cost_of(policy, route);
    }
    return 0;
}

/* --- windows ---------------------------------------------------------------------------------- */

/* "100/1s": tokens and the time in which they come back. */
static bool read_rate(const char *text, size_t len, aurora__rate_window *out)
{
    static const aurora_setting_info period = {.name = "windows",
                                               .kind = AURORA_SETTING_DURATION,
                                               .default_text = "",
                                               .minimum = 1,
                                               .maximum = INT64_C(7) * 86400000,
                                               .help = ""};
    char time[24];
    int64_t per_ms;
    const char *slash = memchr(text, '/', len);
    size_t digits = slash != NULL ? (size_t)(slash - text) : 0;
    size_t time_len = slash != NULL ? len - digits - 1 : sizeof time;
    if (time_len >= sizeof time || !read_number(text, digits, 1000000000, &out->tokens) ||
        out->tokens < 1)
        return false;
    memcpy(time, slash + 1, time_len);
    time[time_len] = '\0';
    if (aurora_setting_parse(&period, time, &per_ms, NULL) != AURORA_OK)
        return false;
    out->per_ns = (uint64_t)per_ms * 1000000;
    out->burst = out->tokens;
    return out->tokens <= out->per_ns;
}

static const char *check_bucket(const aurora__rate_window *window)
{
    aurora_bucket bucket;
    if (aurora_bucket_init(&bucket, window->tokens, window->per_ns, window->burst, 0) == AURORA_OK)
        return NULL;
    return "is more than this rate fills in 63 years";
}

static bool read_windows(const reader *r, const aurora_config_property *line,
                         aurora__rate_policy *policy)
{
    const char *list = line->value, *word;
    size_t len;
    while ((word = aurora__list_next(&list, &len)) != NULL) {
        if (policy->window_count == AURORA__RATE_WINDOWS_MAX)
            return refuse_line(r, line, "must be at most four windows");
        if (!read_rate(word, len, &policy->windows[policy->window_count]))
            return refuse_line(r, line,
                               "must be a list as 20/1s,1000/1h: a number, and a time to 7d, at "
                               "most one a nanosecond");
        policy->window_count++;
    }
    return true;
}

/* As many as there are windows at most, in their order; a window without one bursts its number. */
static bool read_bursts(const reader *r, const aurora_config_property *line,
                        aurora__rate_policy *policy)
{
    const char *list = line->value, *word;
    uint32_t at = 0;
    size_t len;
    for (; (word = aurora__list_next(&list, &len)) != NULL; at++) {
        if (at == policy->window_count)
            return refuse_line(r, line, "must be no more numbers than there are windows");
        if (!read_number(word, len, 1000000000, &policy->windows[at].burst) ||
            policy->windows[at].burst < 1)
            return refuse_line(r, line, "must be a list with commas of numbers to 1000000000");
        const char *rule = check_bucket(&policy->windows[at]);
        if (rule != NULL)
            return refuse_line(r, line, rule);
    }
    return true;
}

/* --- lines ------------------------------------------------------------------------------------ */

static bool read_lease(const reader *r, const aurora_config_property *line,
                       aurora__rate_policy *policy)
{
    static const aurora_setting_info lease = {.name = "lease",
                                              .kind = AURORA_SETTING_DURATION,
                                              .default_text = "",
                                              .minimum = 0,
                                              .maximum = LEASE_MS_MAX,
                                              .help = ""};
    if (strcmp(line->value, "off") == 0) {
        policy->lease_ms = 0;
        return true;
    }
    if (aurora_setting_parse(&lease, line->value, &policy->lease_ms, NULL) == AURORA_OK)
        return true;
    return refuse_line(r, line, "must be off, or a time to 10s, as 100ms");
}

static bool read_choice(const reader *r, const aurora_config_property *line,
                        const char *const *names, int count, const char *rule, int *out)
{
    *out = find_name(line->value, names, count);
    return *out >= 0 || refuse_line(r, line, rule);
}

static const char *const line_names[] = {"routes", "key",  "windows",  "burst",
                                         "cost",   "mode", "fallback", "lease"};
enum { ROUTES, KEY, WINDOWS, BURST, COST, MODE, FALLBACK, LEASE, LINE_COUNT };

static bool refuse_name(const reader *r, const aurora_config_property *line)
{
    char rule[192];
    const char *nearest = aurora_config_nearest(line->name, line_names, LINE_COUNT);
    snprintf(rule, sizeof rule,
             "is no line of a rate limit%s%s: they are routes, key, windows, burst, cost, mode, "
             "fallback and lease",
             nearest != NULL ? "; the nearest is " : "", nearest != NULL ? nearest : "");
    return refuse_line(r, line, rule);
}

static bool read_line(const reader *r, int which, const aurora_config_property *line,
                      aurora__rate_policy *policy)
{
    int choice = 0;
    switch (which) {
    case ROUTES:
        policy->routes = line->value;
        return check_routes(r, line);
    case COST:
        policy->cost = line->value;
        return check_cost(r, line);
    case KEY:
        if (!read_choice(r, line, key_names, AURORA__RATE_KEY_COUNT,
                         "must be client, principal, address or all", &choice))
            return false;
        policy->key = (aurora__rate_key)choice;
        return true;
    case MODE:
        if (!read_choice(r, line, mode_names, 2, "must be enforce or shadow", &choice))
            return false;
        policy->is_shadow = choice == 1;
        return true;
    case FALLBACK:
        if (!read_choice(r, line, fallback_names, 3, "must be local, open or closed", &choice))
            return false;
        policy->fallback = (aurora__rate_fallback)choice;
        return true;
    case LEASE:
        return read_lease(r, line, policy);
    case WINDOWS:
        return read_windows(r, line, policy);
    default:
        return read_bursts(r, line, policy);
    }
}

/* Windows before bursts, wherever they stand. */
static bool read_section(const reader *r, const aurora_config_property *lines, uint32_t count,
                         const char *section, aurora__rate_policy *policy)
{
    static const int order[] = {ROUTES, KEY, WINDOWS, BURST, COST, MODE, FALLBACK, LEASE};
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(lines[i].section, section) == 0 &&
            find_name(lines[i].name, line_names, LINE_COUNT) < 0)
            return refuse_name(r, &lines[i]);
    }
    for (int step = 0; step < LINE_COUNT; step++) {
        for (uint32_t i = 0; i < count; i++) {
            if (strcmp(lines[i].section, section) == 0 &&
                strcmp(lines[i].name, line_names[order[step]]) == 0 &&
                !read_line(r, order[step], &lines[i], policy))
                return false;
        }
    }
    return true;
}

static bool is_name(const char *name)
{
    size_t len = strlen(name);
    if (len < 1 || len >= AURORA__RATE_NAME_BYTES ||
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") != len)
        return false;
    /* "-1" behind a name is a window's. */
    return len < 2 || name[len - 2] != '-' || name[len - 1] < '0' || name[len - 1] > '9';
}

/* A call that costs more than a bucket holds would never pass. */
static bool check_costs(const reader *r, const aurora__rate_policy *policy, const char *section)
{
    char where[80], rule[160];
    for (uint32_t i = 0; i < r->known_count; i++) {
        uint64_t cost = aurora__rate_policy_cost(policy, &r->known[i]);
        for (uint32_t j = 0; j < policy->window_count; j++) {
            if (cost <= policy->windows[j].burst)
                continue;
            snprintf(where, sizeof where, "[%s]", section);
            snprintf(rule, sizeof rule,
                     "%s costs %llu, and the burst of window %u is %llu: no "
                     "call would ever pass",
                     r->known[i].operation, (unsigned long long)cost, j + 1,
                     (unsigned long long)policy->windows[j].burst);
            return refuse(r, where, "cost", rule, policy->origin);
        }
    }
    return true;
}

static bool read_policy(const reader *r, const aurora_config_property *lines, uint32_t count,
                        const aurora_config_property *first, aurora__rate_policy *policy)
{
    const char *section = first->section;
    char where[80];
    policy->name = section + SECTION_BYTES;
    policy->origin = first->origin;
    snprintf(where, sizeof where, "[%s]", section);
    if (!is_name(policy->name))
        return refuse(r, where, "name",
                      "must be 1 to 32 of a-z 0-9 _ -, and not end with - and a digit",
                      first->origin);
    if (strcmp(policy->name, DEFAULT) == 0)
        return refuse(r, where, "name", "is that of the settings rate_limit and rate_limit_burst",
                      first->origin);
    if (!read_section(r, lines, count, section, policy))
        return false;
    if (policy->window_count == 0)
        return refuse(r, where, "windows", "must be given, as 20/1s,1000/1h", first->origin);
    return check_costs(r, policy, section);
}

/* --- all -------------------------------------------------------------------------------------- */

static bool refuse_value(const reader *r, const aurora_config *config, const char *name,
                         const char *rule)
{
    return refuse(r, "", name, rule, aurora_config_get(config, name)->origin);
}

static bool read_default(const reader *r, const aurora_config *config, aurora__rate_policies *out)
{
    const char *rate = aurora_config_text(config, "rate_limit");
    int64_t burst = aurora_config_number(config, "rate_limit_burst");
    if (rate[0] == '\0')
        return true;
    aurora__rate_policy *policy = &out->policies[out->count++];
    policy->name = DEFAULT;
    policy->origin = aurora_config_get(config, "rate_limit")->origin;
    policy->window_count = 1;
    if (!read_rate(rate, strlen(rate), &policy->windows[0]))
        return refuse_value(r, config, "rate_limit",
                            "must be empty, or a number and a time to 7d, as 100/1s, and at most "
                            "one a nanosecond");
    if (burst > 0)
        policy->windows[0].burst = (uint64_t)burst;
    const char *rule = check_bucket(&policy->windows[0]);
    return rule == NULL || refuse_value(r, config, "rate_limit_burst", rule);
}

/* What one call can take from is bounded. */
static bool check_sum(const reader *r, const aurora__rate_policies *policies)
{
    char rule[128];
    for (uint32_t i = 0; i < r->known_count; i++) {
        uint32_t windows = 0, at = 0;
        for (uint32_t j = 0; j < policies->count && windows <= AURORA__RATE_CLAIMS_MAX; j++) {
            at = j;
            if (aurora__rate_policy_cost(&policies->policies[j], &r->known[i]) > 0)
                windows += policies->policies[j].window_count;
        }
        if (windows <= AURORA__RATE_CLAIMS_MAX)
            continue;
        snprintf(rule, sizeof rule, "must leave each call %d windows at most, and %s has more",
                 AURORA__RATE_CLAIMS_MAX, r->known[i].operation);
        return refuse(r, "[rate_limit]", policies->policies[at].name, rule,
                      policies->policies[at].origin);
    }
    return true;
}

static bool is_first(const aurora_config_property *lines, uint32_t at)
{
    for (uint32_t i = 0; i < at; i++) {
        if (strcmp(lines[i].section, lines[at].section) == 0)
            return false;
    }
    return true;
}

bool aurora__rate_policies_read(const aurora_config *config, const aurora_http_route *known,
                                uint32_t known_count, aurora__rate_policies *out,
                                char error_out[AURORA_CONFIG_ERROR_BYTES])
{
    const reader r = {.known = known, .known_count = known_count, .error = error_out};
    uint32_t count;
    const aurora_config_property *lines = aurora_config_properties(config, &count);
    int fallback = find_name(aurora_config_text(config, "limiter_fallback"), fallback_names, 3);
    memset(out, 0, sizeof *out);
    if (fallback < 0)
        return refuse_value(&r, config, "limiter_fallback", "must be local, open or closed");
    for (uint32_t i = 0; i < AURORA__RATE_POLICIES_MAX; i++)
        out->policies[i] = (aurora__rate_policy){.routes = "*",
                                                 .cost = "1",
                                                 .fallback = (aurora__rate_fallback)fallback,
                                                 .lease_ms = LEASE_MS};
    if (!read_default(&r, config, out))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (strncmp(lines[i].section, SECTION, SECTION_BYTES) != 0 || !is_first(lines, i))
            continue;
        if (out->count == AURORA__RATE_POLICIES_MAX)
            return refuse_line(&r, &lines[i], "is of more than 32 policies");
        if (!read_policy(&r, lines, count, &lines[i], &out->policies[out->count++]))
            return false;
    }
    return check_sum(&r, out);
}

/* SPDX-License-Identifier: MIT */
/* Which routes there are: those of the installed modules. */
#include <string.h>

#include "aurorad.h"

static const struct {
    const char *module; /* NULL = always */
    aurora_route_table (*table)(void);
} rows[] = {
    {"order", aurora_routes_orders},
    {"product", aurora_routes_products},
    {"inventory", aurora_routes_inventory},
    {"payment", aurora_routes_payments},
    {"search", aurora_routes_search},
    {"recommendation", aurora_routes_recommendations},
    {NULL, aurora_routes_admin},
    {NULL, aurora_routes_system},
};

_Static_assert(sizeof rows / sizeof *rows * 2 <= AURORAD_TABLES_MAX, "a table has no place");

/* Whether a word is in a list with commas. */
static bool is_listed(const char *list, const char *word)
{
    size_t length = strlen(word);
    while (*list != '\0') {
        size_t own = strcspn(list, ",");
        const char *begin = list + strspn(list, " ");
        size_t trimmed = own - (size_t)(begin - list);
        while (trimmed > 0 && begin[trimmed - 1] == ' ')
            trimmed--;
        if (trimmed == length && memcmp(begin, word, length) == 0)
            return true;
        list += own;
        list += *list == ',';
    }
    return false;
}

/* All of a table but one path, as up to two pieces of it. Returns how many. */
static uint32_t without(aurora_route_table table, const char *path,
                        const aurora_http_route **routes, uint32_t *counts)
{
    uint32_t at = 0, pieces = 0;
    while (at < table.count && strcmp(table.routes[at].template_path, path) != 0)
        at++;
    if (at > 0) {
        routes[pieces] = table.routes;
        counts[pieces++] = at;
    }
    if (at + 1 < table.count) {
        routes[pieces] = table.routes + at + 1;
        counts[pieces++] = table.count - at - 1;
    }
    return pieces;
}

uint32_t aurorad_tables(const aurorad *daemon, const aurora_http_route **routes, uint32_t *counts)
{
    const char *modules = aurora_config_text(daemon->config, "modules");
    bool has_own_metrics = aurora_config_text(daemon->config, "metrics_listen")[0] != '\0';
    uint32_t count = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].module == NULL || is_listed(modules, rows[i].module))
            count += without(rows[i].table(), has_own_metrics ? "/metrics" : "", routes + count,
                             counts + count);
    }
    return count;
}

/* SPDX-License-Identifier: MIT */
/* Which routes there are: those of the installed modules, as one table. */
#include <stdlib.h>
#include <string.h>

#include "daemon/internal.h"
#include "http/list.h"

static const struct {
    const char *module; /* NULL = always */
    aurora_route_table (*table)(void);
} rows[] = {
    {"order", aurora_routes_orders},
    {"order", aurora_routes_sagas},
    {"product", aurora_routes_products},
    {"inventory", aurora_routes_inventory},
    {"payment", aurora_routes_payments},
    {"search", aurora_routes_search},
    {"recommendation", aurora_routes_recommendations},
    {"notification", aurora_routes_notifications},
    {NULL, aurora_routes_admin},
    {NULL, aurora_routes_system},
};

_Static_assert(sizeof rows / sizeof *rows < AURORA_DAEMON_TABLES_MAX, "a table has no place");

static bool is_listed(const char *list, const char *module)
{
    const char *word;
    size_t len;
    while ((word = aurora__list_next(&list, &len)) != NULL) {
        if (aurora__list_word_is(word, len, module))
            return true;
    }
    return false;
}

static uint32_t find_tables(const aurora_daemon *daemon, aurora_route_table *out)
{
    const char *modules = aurora_config_text(daemon->config, "modules");
    const aurora_daemon_spec *spec = daemon->spec;
    uint32_t count = spec->parts != NULL ? spec->parts->tables(daemon, out) : 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows && spec->parts == NULL; i++) {
        if (rows[i].module == NULL || is_listed(modules, rows[i].module))
            out[count++] = rows[i].table();
    }
    if (spec->pages.count > 0)
        out[count++] = spec->pages;
    return count;
}

static uint32_t copy_routes(const aurora_route_table *tables, uint32_t count,
                            aurora_http_route *out)
{
    uint32_t copied = 0;
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < tables[i].count; j++)
            out[copied++] = tables[i].routes[j];
    }
    return copied;
}

/* The console is an archive of its own, which not every program links; its operations may be named
 * in each program's policies all the same. tests/http/rate_policies.py holds the two together. */
static const aurora_http_route pages[] = {
    {.method = AURORA_HTTP_GET, .operation = "getConsoleFolder"},
    {.method = AURORA_HTTP_GET, .operation = "getConsole"},
    {.method = AURORA_HTTP_GET, .operation = "getConsoleFile"},
};

aurora_http_route *aurora__daemon_known(uint32_t *count_out)
{
    aurora_route_table tables[sizeof rows / sizeof *rows + 1];
    const uint32_t count = sizeof tables / sizeof *tables;
    uint32_t total = sizeof pages / sizeof *pages;
    tables[count - 1] = (aurora_route_table){.routes = pages, .count = total};
    for (uint32_t i = 0; i < count - 1; i++) {
        tables[i] = rows[i].table();
        total += tables[i].count;
    }
    aurora_http_route *known = malloc(total * sizeof *known);
    *count_out = known != NULL ? copy_routes(tables, count, known) : 0;
    return known;
}

aurora_http_route *aurora__daemon_served(const aurora_daemon *daemon, uint32_t *count_out)
{
    aurora_route_table tables[AURORA_DAEMON_TABLES_MAX];
    uint32_t table_count = find_tables(daemon, tables), total = 0, count = 0;
    bool has_own_metrics = aurora_config_text(daemon->config, "metrics_listen")[0] != '\0';
    bool is_cache_shared = strncmp(aurora_config_text(daemon->config, "cache"), "memory:", 7) != 0;
    for (uint32_t i = 0; i < table_count; i++)
        total += tables[i].count;
    /* One more: malloc of nothing may answer NULL. */
    aurora_http_route *served = malloc((total + 1) * sizeof *served);
    *count_out = 0;
    if (served == NULL)
        return NULL;
    for (uint32_t i = 0; i < table_count; i++) {
        for (uint32_t j = 0; j < tables[i].count; j++) {
            if (!has_own_metrics || strcmp(tables[i].routes[j].template_path, "/metrics") != 0)
                served[count++] = tables[i].routes[j];
        }
    }
    for (uint32_t i = 0; i < count && is_cache_shared; i++) {
        if ((served[i].flags & AURORA_HTTP_CACHED) != 0)
            served[i].flags |= AURORA_HTTP_BLOCKING;
    }
    *count_out = count;
    return served;
}

/* SPDX-License-Identifier: MIT */
#include "routes/metrics.h"

#include <stdlib.h>
#include <time.h>

#include "routes/shared.h"

#define BYTES_SPARE 4096

static void add_build(aurora__sheet *sheet, const aurora_routes *routes)
{
    static const aurora__family build = AURORA__GAUGE_FAMILY_BY(
        "aurora_build_info", "1, with what was built as labels.", "service", "version");
    const char *service = routes->service_name == NULL ? "" : routes->service_name;
    aurora__sheet_add(sheet, &build, AURORA__VALUES(service, aurora_version()), 1);
}

/* A handle that is broken still has the rest of the page. */
static void add_library(aurora__sheet *sheet, aurora_t *shop)
{
    aurora_metric_page *page;
    if (shop == NULL || aurora_metrics(shop, &page) != AURORA_OK)
        return;
    aurora__sheet_merge(sheet, page);
    aurora_metric_page_free(page);
}

static void add_cache(aurora__sheet *sheet, aurora_cache *cache)
{
    static const aurora__family families[] = {
        AURORA__COUNTER_FAMILY_BY("aurora_cache_hits_total", "Reads that the cache answered.",
                                  "cache"),
        AURORA__COUNTER_FAMILY_BY("aurora_cache_misses_total", "Reads that it could not answer.",
                                  "cache"),
        AURORA__COUNTER_FAMILY_BY("aurora_cache_loads_total", "Values that were loaded.", "cache"),
        AURORA__COUNTER_FAMILY_BY("aurora_cache_joins_total",
                                  "Reads that waited for another one's load.", "cache"),
        AURORA__COUNTER_FAMILY_BY("aurora_cache_evictions_total", "Values that had to make room.",
                                  "cache"),
        AURORA__COUNTER_FAMILY_BY("aurora_cache_failures_total",
                                  "Calls that a shared cache did not answer.", "cache"),
        AURORA__COUNTER_FAMILY_BY("aurora_cache_refused_total", "Values that were not kept.",
                                  "cache"),
        AURORA__GAUGE_FAMILY_BY("aurora_cache_bytes", "Bytes that the cache holds.", "cache"),
        AURORA__GAUGE_FAMILY_BY("aurora_cache_entries", "Values that the cache holds.", "cache"),
    };
    aurora_cache_stats stats;
    if (cache == NULL)
        return;
    aurora_cache_stats_get(cache, &stats);
    const uint64_t values[] = {stats.hits,    stats.misses,    stats.loads,
                               stats.joins,   stats.evictions, stats.failures,
                               stats.refused, stats.bytes,     stats.entries};
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        aurora__sheet_add(sheet, &families[i], AURORA__VALUES("products"), (double)values[i]);
}

static void collect(void *self, aurora__sheet *sheet)
{
    const aurora_routes *routes = self;
    add_build(sheet, routes);
    add_library(sheet, routes->shop);
    if (routes->server != NULL)
        aurora__metrics_server(sheet, routes->server);
    add_cache(sheet, routes->cache);
    aurora__shared_metrics(sheet, routes);
    aurora__metrics_process(sheet);
}

bool aurora_routes_metrics_begin(aurora_routes *routes)
{
    routes->registry = aurora__registry_open(NULL, 64);
    if (routes->registry == NULL)
        return false;
    aurora__registry_collector(routes->registry, collect, routes);
    return true;
}

void aurora_routes_metrics_end(aurora_routes *routes)
{
    aurora__registry_close(routes->registry);
    routes->registry = NULL;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

char *aurora__metrics_text(const aurora_routes *routes, int32_t format, size_t *len_out)
{
    aurora_metric_page *page;
    if (routes->registry == NULL ||
        aurora__registry_page(routes->registry, now_ms(), &page) != AURORA_OK)
        return NULL;
    size_t capacity = (size_t)page->count * 100 + BYTES_SPARE;
    char *text = malloc(capacity);
    if (text != NULL &&
        aurora_metric_page_text(page, format, text, capacity, len_out) == AURORA_ETOOBIG) {
        free(text);
        text = malloc(*len_out + 1);
        if (text != NULL)
            (void)aurora_metric_page_text(page, format, text, *len_out + 1, NULL);
    }
    aurora_metric_page_free(page);
    return text;
}

/* SPDX-License-Identifier: MIT */
#include "routes/metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "routes/shared.h"

static const char *type_name(int32_t kind)
{
    return kind == AURORA_METRIC_COUNTER ? "counter"
           : kind == AURORA_METRIC_GAUGE ? "gauge"
                                         : "histogram";
}

static void write_escaped(FILE *to, const char *text, bool is_label)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n')
            fputs("\\n", to);
        else if (*text == '\\' || (is_label && *text == '"'))
            fprintf(to, "\\%c", *text);
        else
            fputc(*text, to);
    }
}

void aurora__metric_family(FILE *to, const char *name, int32_t kind, const char *help)
{
    fprintf(to, "# HELP %s ", name);
    write_escaped(to, help, false);
    fprintf(to, "\n# TYPE %s %s\n", name, type_name(kind));
}

static void write_value(FILE *to, double value)
{
    if (isnan(value))
        fputs("NaN", to);
    else if (isinf(value))
        fputs(value > 0 ? "+Inf" : "-Inf", to);
    else if (value == floor(value) && fabs(value) < 9007199254740992.0)
        fprintf(to, "%.0f", value);
    else
        fprintf(to, "%.17g", value);
}

void aurora__metric_sample(FILE *to, const char *name, const char *suffix,
                           const aurora_pair *labels, uint32_t label_count, double value)
{
    fprintf(to, "%s%s", name, suffix);
    for (uint32_t i = 0; i < label_count; i++) {
        fprintf(to, "%c%s=\"", i == 0 ? '{' : ',', labels[i].name);
        write_escaped(to, labels[i].value, true);
        fputc('"', to);
    }
    fputs(label_count > 0 ? "} " : " ", to);
    write_value(to, value);
    fputc('\n', to);
}

void aurora__metric_single(FILE *to, const char *name, int32_t kind, const char *help, double value)
{
    aurora__metric_family(to, name, kind, help);
    aurora__metric_sample(to, name, "", NULL, 0, value);
}

/* --- the parts -------------------------------------------------------------------------------- */

static void write_build(FILE *to, const aurora_routes *routes)
{
    const char *service = routes->service_name == NULL ? "" : routes->service_name;
    aurora_pair labels[] = {{"service", service}, {"version", aurora_version()}};
    aurora__metric_family(to, "aurora_build_info", AURORA_METRIC_GAUGE,
                          "1, with what was built as labels.");
    aurora__metric_sample(to, "aurora_build_info", "", labels, 2, 1);
}

/* A handle that is broken still has the rest of the page. */
static void write_library(FILE *to, aurora_t *shop)
{
    aurora_metric_page *page;
    const char *name = "";
    if (aurora_metrics(shop, &page) != AURORA_OK)
        return;
    for (uint32_t i = 0; i < page->count; i++) {
        const aurora_metric *metric = page->items[i];
        if (strcmp(name, metric->name) != 0) {
            name = metric->name;
            aurora__metric_family(to, name, metric->kind, metric->help);
        }
        aurora__metric_sample(to, name, metric->suffix, metric->labels, metric->label_count,
                              metric->value);
    }
    aurora_metric_page_free(page);
}

static void write_cache(FILE *to, aurora_cache *cache)
{
    aurora_cache_stats stats;
    if (cache == NULL)
        return;
    aurora_cache_stats_get(cache, &stats);
    const struct {
        const char *name;
        int32_t kind;
        const char *help;
        uint64_t value;
    } rows[] = {
        {"aurora_cache_hits_total", AURORA_METRIC_COUNTER, "Reads that the cache answered.",
         stats.hits},
        {"aurora_cache_misses_total", AURORA_METRIC_COUNTER, "Reads that it could not answer.",
         stats.misses},
        {"aurora_cache_loads_total", AURORA_METRIC_COUNTER, "Values that were loaded.",
         stats.loads},
        {"aurora_cache_joins_total", AURORA_METRIC_COUNTER,
         "Reads that waited for another one's load.", stats.joins},
        {"aurora_cache_evictions_total", AURORA_METRIC_COUNTER, "Values that had to make room.",
         stats.evictions},
        {"aurora_cache_failures_total", AURORA_METRIC_COUNTER,
         "Calls that a shared cache did not answer.", stats.failures},
        {"aurora_cache_refused_total", AURORA_METRIC_COUNTER, "Values that were not kept.",
         stats.refused},
        {"aurora_cache_bytes", AURORA_METRIC_GAUGE, "Bytes that the cache holds.", stats.bytes},
        {"aurora_cache_entries", AURORA_METRIC_GAUGE, "Values that the cache holds.",
         stats.entries},
    };
    aurora_pair label = {"cache", "products"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        aurora__metric_family(to, rows[i].name, rows[i].kind, rows[i].help);
        aurora__metric_sample(to, rows[i].name, "", &label, 1, (double)rows[i].value);
    }
}

char *aurora__metrics_text(const aurora_routes *routes, size_t *len_out)
{
    char *text = NULL;
    FILE *to = open_memstream(&text, len_out);
    if (to == NULL)
        return NULL;
    write_build(to, routes);
    if (routes->shop != NULL)
        write_library(to, routes->shop);
    aurora__metrics_http(to, routes);
    write_cache(to, routes->cache);
    aurora__shared_metrics(to, routes);
    if (routes->metrics != NULL)
        routes->metrics(routes->daemon, to);
    aurora__metrics_process(to);
    bool is_whole = ferror(to) == 0;
    if (fclose(to) == 0 && is_whole)
        return text;
    free(text);
    return NULL;
}

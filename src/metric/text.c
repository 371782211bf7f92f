/* SPDX-License-Identifier: MIT */
/* The two formats. They differ in the name of a counter's family, in what HELP escapes, and in what
 * only OpenMetrics has: UNIT, exemplars and the end. */
#include <string.h>

#include <aurora/metric.h>

#include "metric/number.h"

#define NAMES_MAX 512

typedef struct {
    const aurora_metric_page *page;
    char *buffer;
    size_t capacity;
    size_t length; /* also of what did not fit */
    bool is_open;  /* OpenMetrics */
    uint32_t name_count;
    const char *names[NAMES_MAX]; /* of the families */
} writer;

static void put(writer *to, const char *text, size_t length)
{
    if (length < to->capacity && to->length < to->capacity - length)
        memcpy(to->buffer + to->length, text, length);
    to->length += length;
}

static void put_text(writer *to, const char *text)
{
    put(to, text, strlen(text));
}

static void put_number(writer *to, double value)
{
    char text[AURORA__NUMBER_BYTES];
    put(to, text, aurora__number_write(text, value));
}

/* Most texts have nothing to escape and are put as one. */
static void put_escaped(writer *to, const char *text, bool has_quotes)
{
    const char *specials = has_quotes ? "\n\\\"" : "\n\\";
    for (;;) {
        size_t length = strcspn(text, specials);
        put(to, text, length);
        text += length;
        if (*text == '\0')
            return;
        put(to, *text == '\n' ? "\\n" : *text == '"' ? "\\\"" : "\\\\", 2);
        text++;
    }
}

/* --- families --------------------------------------------------------------------------------- */

static bool ends_in(const char *name, size_t length, const char *ending)
{
    size_t ending_length = strlen(ending);
    return length > ending_length &&
           memcmp(name + length - ending_length, ending, ending_length) == 0;
}

static void collect_names(writer *to)
{
    const char *name = NULL;
    for (uint32_t i = 0; i < to->page->count && to->name_count < NAMES_MAX; i++) {
        if (to->page->items[i]->name != name)
            to->names[to->name_count++] = name = to->page->items[i]->name;
    }
}

static bool has_name(const writer *to, const char *name, size_t length)
{
    for (uint32_t i = 0; i < to->name_count; i++) {
        if (strncmp(to->names[i], name, length) == 0 && to->names[i][length] == '\0')
            return true;
    }
    return false;
}

static const char *type_name(int32_t kind)
{
    return kind == AURORA_METRIC_COUNTER ? "counter"
           : kind == AURORA_METRIC_GAUGE ? "gauge"
                                         : "histogram";
}

/* Whether the page has a counter of that name and _total. */
static bool has_counter(const writer *to, const char *name, size_t length)
{
    for (uint32_t i = 0; i < to->name_count; i++) {
        if (strncmp(to->names[i], name, length) == 0 &&
            strcmp(to->names[i] + length, "_total") == 0)
            return true;
    }
    return false;
}

/* Each counter also has the name with _created to itself, for when it began. */
static bool is_taken(const writer *to, const char *name, size_t length)
{
    static const char created[] = "_created";
    return has_name(to, name, length) ||
           (ends_in(name, length, created) && has_counter(to, name, length - strlen(created)));
}

/* OpenMetrics calls a counter's family by its name without _total. Where a gauge has that name (how
 * many now beside how many ever), or it is another counter's, it lets neither be; there the counter
 * is of unknown type, and its samples are called what they are called in the other format. */
static size_t open_family(writer *to, const aurora_metric *first, const char **type)
{
    size_t length = strlen(first->name);
    *type = type_name(first->kind);
    if (!to->is_open || first->kind != AURORA_METRIC_COUNTER)
        return length;
    if (ends_in(first->name, length, "_total") && !is_taken(to, first->name, length - 6))
        return length - 6;
    *type = "unknown";
    return length;
}

static void put_comment(writer *to, const char *what, const char *name, size_t length)
{
    put(to, "# ", 2);
    put_text(to, what);
    put(to, name, length);
    put(to, " ", 1);
}

static void put_family(writer *to, const aurora_metric *first)
{
    static const char *const units[] = {"seconds", "bytes"};
    const char *type;
    const char *name = first->name;
    size_t length = open_family(to, first, &type);
    put_comment(to, "HELP ", name, length);
    put_escaped(to, first->help, to->is_open);
    put(to, "\n", 1);
    put_comment(to, "TYPE ", name, length);
    put_text(to, type);
    put(to, "\n", 1);
    for (size_t i = 0; to->is_open && i < sizeof units / sizeof *units; i++) {
        size_t unit_length = strlen(units[i]);
        if (!ends_in(name, length, units[i]) || name[length - unit_length - 1] != '_')
            continue;
        put_comment(to, "UNIT ", name, length);
        put_text(to, units[i]);
        put(to, "\n", 1);
    }
}

/* --- samples ---------------------------------------------------------------------------------- */

static void put_exemplar(writer *to, const aurora_metric_exemplar *exemplar)
{
    put_text(to, " # {trace_id=\"");
    put_escaped(to, exemplar->trace_id, true);
    put_text(to, "\"} ");
    put_number(to, exemplar->value);
    put(to, " ", 1);
    put_number(to, (double)exemplar->at_ms / 1e3);
}

static void put_sample(writer *to, const aurora_metric *metric)
{
    put_text(to, metric->name);
    put_text(to, metric->suffix);
    for (uint32_t i = 0; i < metric->label_count; i++) {
        put(to, i == 0 ? "{" : ",", 1);
        put_text(to, metric->labels[i].name);
        put(to, "=\"", 2);
        put_escaped(to, metric->labels[i].value, true);
        put(to, "\"", 1);
    }
    put(to, "} ", metric->label_count > 0 ? 2 : 0);
    if (metric->label_count == 0)
        put(to, " ", 1);
    put_number(to, metric->value);
    if (to->is_open && metric->exemplar != NULL)
        put_exemplar(to, metric->exemplar);
    put(to, "\n", 1);
}

static void put_page(writer *to)
{
    const char *name = NULL;
    if (to->is_open)
        collect_names(to);
    for (uint32_t i = 0; i < to->page->count; i++) {
        const aurora_metric *metric = to->page->items[i];
        if (name == NULL || (metric->name != name && strcmp(metric->name, name) != 0))
            put_family(to, metric);
        name = metric->name;
        put_sample(to, metric);
    }
    if (to->is_open)
        put_text(to, "# EOF\n");
}

aurora_status aurora_metric_page_text(const aurora_metric_page *page, int32_t format, char *buffer,
                                      size_t capacity, size_t *length_out)
{
    bool is_open = format == AURORA_METRIC_FORMAT_OPENMETRICS;
    if (page == NULL || (buffer == NULL && capacity > 0) ||
        (!is_open && format != AURORA_METRIC_FORMAT_PROMETHEUS))
        return AURORA_EINVAL;
    writer to = {.page = page, .buffer = buffer, .capacity = capacity, .is_open = is_open};
    put_page(&to);
    if (length_out != NULL)
        *length_out = to.length;
    if (buffer == NULL)
        return AURORA_OK;
    if (to.length >= capacity)
        return AURORA_ETOOBIG;
    buffer[to.length] = '\0';
    return AURORA_OK;
}

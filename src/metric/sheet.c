/* SPDX-License-Identifier: MIT */
#include "metric/sheet.h"

#include <string.h>

void aurora__sheet_init(aurora__sheet *sheet, const aurora_allocator *allocator)
{
    *sheet = (aurora__sheet){.allocator = *allocator};
}

void aurora__sheet_deinit(aurora__sheet *sheet)
{
    void *lists[] = {sheet->families.items, sheet->samples.items, sheet->labels.items,
                     sheet->exemplars.items, sheet->pool.items};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        sheet->allocator.release(sheet->allocator.self, lists[i]);
}

/* Room for `count` more at the end of a list; NULL without memory. */
static void *grow(aurora__sheet *sheet, aurora__sheet_list *list, uint32_t count, size_t item_bytes)
{
    if (sheet->is_failed)
        return NULL;
    if (list->count + count > list->capacity) {
        uint32_t capacity = 2 * list->capacity + count + 64;
        void *items =
            sheet->allocator.reallocate(sheet->allocator.self, list->items, capacity * item_bytes);
        if (items == NULL) {
            sheet->is_failed = true;
            return NULL;
        }
        list->items = items;
        list->capacity = capacity;
    }
    void *added = (char *)list->items + list->count * item_bytes;
    list->count += count;
    return added;
}

uint32_t aurora__sheet_family_of(aurora__sheet *sheet, int32_t kind, const char *name,
                                 const char *help)
{
    aurora__sheet_family *families = sheet->families.items;
    uint32_t count = sheet->families.count;
    if (sheet->newest < count && families[sheet->newest].name == name)
        return sheet->newest;
    for (sheet->newest = 0; sheet->newest < count; sheet->newest++) {
        if (strcmp(families[sheet->newest].name, name) == 0)
            return sheet->newest;
    }
    aurora__sheet_family *added = grow(sheet, &sheet->families, 1, sizeof *added);
    if (added != NULL)
        *added = (aurora__sheet_family){.name = name, .help = help, .kind = kind};
    return count;
}

static size_t copy_text(aurora__sheet *sheet, const char *text)
{
    uint32_t bytes = (uint32_t)strlen(text) + 1;
    char *copy = grow(sheet, &sheet->pool, bytes, 1);
    if (copy == NULL)
        return 0;
    memcpy(copy, text, bytes);
    return (size_t)(copy - (char *)sheet->pool.items);
}

uint32_t aurora__sheet_labels(aurora__sheet *sheet, const char *const *names,
                              const char *const *values, uint32_t count)
{
    uint32_t first = sheet->labels.count;
    if (count == 0)
        return first; /* there may be no list yet, and so no place in it */
    aurora__sheet_label *labels = grow(sheet, &sheet->labels, count, sizeof *labels);
    for (uint32_t i = 0; labels != NULL && i < count; i++)
        labels[i] = (aurora__sheet_label){names[i], copy_text(sheet, values[i])};
    return first;
}

uint32_t aurora__sheet_exemplar(aurora__sheet *sheet, const aurora_metric_exemplar *exemplar)
{
    aurora_metric_exemplar *added = grow(sheet, &sheet->exemplars, 1, sizeof *added);
    if (added == NULL)
        return AURORA__SHEET_NO_EXEMPLAR;
    *added = *exemplar;
    return sheet->exemplars.count - 1;
}

void aurora__sheet_put(aurora__sheet *sheet, const aurora__sheet_sample *sample)
{
    aurora__sheet_sample *added = grow(sheet, &sheet->samples, 1, sizeof *added);
    if (added == NULL)
        return;
    *added = *sample;
    ((aurora__sheet_family *)sheet->families.items)[sample->family].sample_count++;
}

void aurora__sheet_add(aurora__sheet *sheet, const aurora__family *family,
                       const char *const *values, double value)
{
    uint32_t count = 0;
    while (count < AURORA__FAMILY_LABELS_MAX && family->labels[count] != NULL)
        count++;
    aurora__sheet_sample sample = {
        .family = aurora__sheet_family_of(sheet, family->kind, family->name, family->help),
        .suffix = "",
        .label = aurora__sheet_labels(sheet, family->labels, values, count),
        .label_count = count,
        .exemplar = AURORA__SHEET_NO_EXEMPLAR,
        .value = value,
    };
    aurora__sheet_put(sheet, &sample);
}

void aurora__sheet_merge(aurora__sheet *sheet, const aurora_metric_page *page)
{
    for (uint32_t i = 0; i < page->count; i++) {
        const aurora_metric *from = page->items[i];
        aurora__sheet_sample sample = {
            .family = aurora__sheet_family_of(sheet, from->kind, from->name, from->help),
            .suffix = from->suffix,
            .label = sheet->labels.count,
            .label_count = from->label_count,
            .exemplar = from->exemplar == NULL ? AURORA__SHEET_NO_EXEMPLAR
                                               : aurora__sheet_exemplar(sheet, from->exemplar),
            .value = from->value,
        };
        for (uint32_t j = 0; j < from->label_count; j++)
            aurora__sheet_labels(sheet, &from->labels[j].name, &from->labels[j].value, 1);
        aurora__sheet_put(sheet, &sample);
    }
}

/* --- the page --------------------------------------------------------------------------------- */

/* Before each page: who takes it back. */
typedef struct {
    aurora_allocator allocator;
} head;

_Static_assert(sizeof(head) % 8 == 0, "what follows the head is aligned to 8 bytes");

/* The parts of a page's block, in this order. */
typedef struct {
    aurora_metric_page *page;
    const aurora_metric **items;
    aurora_metric *metrics;
    aurora_metric_exemplar *exemplars;
    aurora_pair *pairs;
    char *pool;
} parts;

static size_t pair_count(const aurora__sheet *sheet)
{
    const aurora__sheet_sample *samples = sheet->samples.items;
    size_t count = 0;
    for (uint32_t i = 0; i < sheet->samples.count; i++)
        count += samples[i].label_count + (samples[i].le != NULL);
    return count;
}

static size_t page_bytes(const aurora__sheet *sheet)
{
    size_t each = sizeof(aurora_metric *) + sizeof(aurora_metric);
    return sizeof(aurora_metric_page) + sheet->samples.count * each +
           sheet->exemplars.count * sizeof(aurora_metric_exemplar) +
           pair_count(sheet) * sizeof(aurora_pair) + sheet->pool.count;
}

/* Lays the parts out from `at` on. */
static void lay_out(const aurora__sheet *sheet, char *at, parts *of)
{
    size_t count = sheet->samples.count;
    of->page = (void *)at;
    at += sizeof *of->page;
    of->items = (void *)at;
    at += count * sizeof *of->items;
    of->metrics = (void *)at;
    at += count * sizeof *of->metrics;
    of->exemplars = (void *)at;
    at += sheet->exemplars.count * sizeof *of->exemplars;
    of->pairs = (void *)at;
    at += pair_count(sheet) * sizeof *of->pairs;
    of->pool = at;
}

static void fill_metric(const aurora__sheet *sheet, const parts *to,
                        const aurora__sheet_sample *from, aurora_pair *pairs, aurora_metric *metric)
{
    const aurora__sheet_family *of =
        (const aurora__sheet_family *)sheet->families.items + from->family;
    const aurora__sheet_label *labels =
        (const aurora__sheet_label *)sheet->labels.items + from->label;
    uint32_t count = 0;
    for (; count < from->label_count; count++)
        pairs[count] = (aurora_pair){labels[count].name, to->pool + labels[count].value};
    if (from->le != NULL)
        pairs[count++] = (aurora_pair){"le", from->le};
    *metric = (aurora_metric){
        .size = sizeof *metric,
        .kind = of->kind,
        .name = of->name,
        .suffix = from->suffix,
        .help = of->help,
        .labels = count > 0 ? pairs : NULL,
        .label_count = count,
        .value = from->value,
        .exemplar =
            from->exemplar == AURORA__SHEET_NO_EXEMPLAR ? NULL : &to->exemplars[from->exemplar],
    };
}

/* Samples keep their order within a family, and families the order in which they first came. */
static void fill(const aurora__sheet *sheet, const parts *to)
{
    aurora__sheet_family *families = sheet->families.items;
    const aurora__sheet_sample *samples = sheet->samples.items;
    aurora_pair *pairs = to->pairs;
    uint32_t next = 0;
    if (sheet->exemplars.count > 0)
        memcpy(to->exemplars, sheet->exemplars.items,
               sheet->exemplars.count * sizeof *to->exemplars);
    if (sheet->pool.count > 0)
        memcpy(to->pool, sheet->pool.items, sheet->pool.count);
    for (uint32_t i = 0; i < sheet->families.count; i++) {
        uint32_t count = families[i].sample_count;
        families[i].sample_count = next;
        next += count;
    }
    for (uint32_t i = 0; i < sheet->samples.count; i++) {
        uint32_t place = families[samples[i].family].sample_count++;
        fill_metric(sheet, to, &samples[i], pairs, &to->metrics[place]);
        to->items[place] = &to->metrics[place];
        pairs += to->metrics[place].label_count;
    }
}

aurora_status aurora__sheet_page(const aurora__sheet *sheet, int64_t at_ms,
                                 aurora_metric_page **out)
{
    parts of;
    head *block = NULL;
    *out = NULL;
    if (!sheet->is_failed)
        block = sheet->allocator.allocate(sheet->allocator.self, sizeof *block + page_bytes(sheet));
    if (block == NULL)
        return AURORA_ENOMEM;
    block->allocator = sheet->allocator;
    lay_out(sheet, (char *)(block + 1), &of);
    fill(sheet, &of);
    *of.page = (aurora_metric_page){
        .size = sizeof *of.page, .count = sheet->samples.count, .items = of.items, .at_ms = at_ms};
    *out = of.page;
    return AURORA_OK;
}

void aurora_metric_page_free(aurora_metric_page *page)
{
    if (page == NULL)
        return;
    head *block = (head *)(void *)page - 1;
    aurora_allocator allocator = block->allocator;
    allocator.release(allocator.self, block);
}

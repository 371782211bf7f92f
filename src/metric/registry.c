/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "metric/sheet.h"

#define FAMILIES_MAX 192
#define COLLECTORS_MAX 32

/* Series and families are only ever added, each published by the store of the pointer to it, so a
 * page needs no lock. */
typedef struct series series;
struct series {
    _Atomic(series *) next; /* of its family */
    const char *values[AURORA__FAMILY_LABELS_MAX];
    union {
        aurora__counter counter;
        aurora__gauge gauge;
        aurora__histogram histogram;
    } of;
};

typedef struct {
    const aurora__family *family;
    _Atomic(series *) first;
    series *last; /* these two under the lock */
    uint32_t count;
} member;

typedef struct {
    aurora__collect collect;
    void *self;
} collector;

struct aurora__registry {
    aurora_allocator allocator;
    pthread_mutex_t lock; /* whoever adds a series, family or collector */
    aurora__cells cells;
    aurora__scale scales[AURORA__SCALE_COUNT];
    series unseen[AURORA__SCALE_COUNT]; /* what is counted beyond limits and memory */
    series unseen_counter, unseen_gauge;
    member members[FAMILIES_MAX];
    collector collectors[COLLECTORS_MAX];
    _Atomic uint32_t member_count, collector_count;
    _Atomic bool is_short;
};

/* --- life cycle ------------------------------------------------------------------------------- */

static void *heap_allocate(void *self, size_t bytes)
{
    (void)self;
    return malloc(bytes);
}

static void *heap_reallocate(void *self, void *memory, size_t bytes)
{
    (void)self;
    return realloc(memory, bytes);
}

static void heap_release(void *self, void *memory)
{
    (void)self;
    free(memory);
}

static void init_histogram(aurora__registry *registry, aurora__histogram *histogram, int32_t scale)
{
    histogram->cells = &registry->cells;
    histogram->scale = &registry->scales[scale];
    histogram->at = AURORA__CELLS_NONE;
}

static void init_unseen(aurora__registry *registry)
{
    for (int32_t i = 0; i < AURORA__SCALE_COUNT; i++)
        init_histogram(registry, &registry->unseen[i].of.histogram, i);
    registry->unseen_counter.of.counter.cells = &registry->cells;
    registry->unseen_counter.of.counter.at = AURORA__CELLS_NONE;
}

aurora__registry *aurora__registry_open(const aurora_allocator *allocator, uint32_t threads_max)
{
    static const aurora_allocator heap = {.size = sizeof heap,
                                          .allocate = heap_allocate,
                                          .reallocate = heap_reallocate,
                                          .release = heap_release};
    if (allocator == NULL)
        allocator = &heap;
    aurora__registry *registry = allocator->allocate(allocator->self, sizeof *registry);
    if (registry == NULL)
        return NULL;
    memset(registry, 0, sizeof *registry);
    registry->allocator = *allocator;
    for (int32_t i = 0; i < AURORA__SCALE_COUNT; i++)
        aurora__scale_init(&registry->scales[i], i);
    init_unseen(registry);
    if (aurora__cells_init(&registry->cells, allocator, threads_max) != AURORA_OK) {
        allocator->release(allocator->self, registry);
        return NULL;
    }
    pthread_mutex_init(&registry->lock, NULL);
    return registry;
}

static void release_series(aurora__registry *registry, const member *of)
{
    const aurora_allocator *allocator = &registry->allocator;
    for (series *at = of->first; at != NULL;) {
        series *next = at->next;
        if (of->family->kind == AURORA_METRIC_HISTOGRAM)
            allocator->release(allocator->self, at->of.histogram.exemplars);
        allocator->release(allocator->self, at);
        at = next;
    }
}

void aurora__registry_close(aurora__registry *registry)
{
    if (registry == NULL)
        return;
    aurora_allocator allocator = registry->allocator;
    for (uint32_t i = 0; i < registry->member_count; i++)
        release_series(registry, &registry->members[i]);
    for (int32_t i = 0; i < AURORA__SCALE_COUNT; i++)
        allocator.release(allocator.self, registry->unseen[i].of.histogram.exemplars);
    aurora__cells_deinit(&registry->cells);
    pthread_mutex_destroy(&registry->lock);
    allocator.release(allocator.self, registry);
}

aurora_status aurora__registry_status(const aurora__registry *registry)
{
    return registry->is_short ? AURORA_ENOMEM : AURORA_OK;
}

/* --- series ----------------------------------------------------------------------------------- */

static uint32_t label_count(const aurora__family *family)
{
    uint32_t count = 0;
    while (count < AURORA__FAMILY_LABELS_MAX && family->labels[count] != NULL)
        count++;
    return count;
}

/* Under the lock; NULL when there are too many. */
static member *member_of(aurora__registry *registry, const aurora__family *family)
{
    uint32_t count = registry->member_count;
    for (uint32_t i = 0; i < count; i++) {
        member *at = &registry->members[i];
        if (at->family == family || strcmp(at->family->name, family->name) == 0)
            return at->family->kind == family->kind ? at : NULL;
    }
    if (count == FAMILIES_MAX)
        return NULL;
    registry->members[count].family = family;
    atomic_store_explicit(&registry->member_count, count + 1, memory_order_release);
    return &registry->members[count];
}

static series *find(const member *of, const char *const *values, uint32_t count)
{
    series *at = of->first;
    for (; at != NULL; at = at->next) {
        uint32_t equal = 0;
        while (equal < count && strcmp(at->values[equal], values[equal]) == 0)
            equal++;
        if (equal == count)
            break;
    }
    return at;
}

/* One block: the series, then its values. */
static series *allocate(aurora__registry *registry, const char *const *values, uint32_t count)
{
    size_t bytes = sizeof(series);
    for (uint32_t i = 0; i < count; i++)
        bytes += strlen(values[i]) + 1;
    series *added = registry->allocator.allocate(registry->allocator.self, bytes);
    if (added == NULL)
        return NULL;
    memset(added, 0, sizeof *added);
    char *to = (char *)(added + 1);
    for (uint32_t i = 0; i < count; i++) {
        size_t len = strlen(values[i]) + 1;
        added->values[i] = memcpy(to, values[i], len);
        to += len;
    }
    return added;
}

static void init(aurora__registry *registry, series *added, const aurora__family *family)
{
    if (family->kind == AURORA_METRIC_COUNTER) {
        added->of.counter.cells = &registry->cells;
        added->of.counter.at = aurora__cells_give(&registry->cells, 1);
    } else if (family->kind == AURORA_METRIC_HISTOGRAM) {
        aurora__histogram *histogram = &added->of.histogram;
        init_histogram(registry, histogram, family->scale);
        histogram->at = aurora__cells_give(&registry->cells, histogram->scale->step_count + 2);
    }
}

/* Under the lock; NULL when there is no room or memory. */
static series *find_or_add(aurora__registry *registry, const aurora__family *family,
                           const char *const *values)
{
    uint32_t count = label_count(family);
    member *of = member_of(registry, family);
    series *found = of == NULL ? NULL : find(of, values, count);
    if (found != NULL || of == NULL || of->count == AURORA__FAMILY_SERIES_MAX)
        return found;
    series *added = allocate(registry, values, count);
    if (added == NULL) {
        registry->is_short = true;
        return NULL;
    }
    init(registry, added, family);
    atomic_store_explicit(of->last == NULL ? &of->first : &of->last->next, added,
                          memory_order_release);
    of->last = added;
    of->count++;
    return added;
}

static series *series_of(aurora__registry *registry, const aurora__family *family,
                         const char *const *values, int32_t kind)
{
    pthread_mutex_lock(&registry->lock);
    series *found = family->kind == kind ? find_or_add(registry, family, values) : NULL;
    pthread_mutex_unlock(&registry->lock);
    if (found != NULL)
        return found;
    return kind == AURORA_METRIC_HISTOGRAM ? &registry->unseen[family->scale]
           : kind == AURORA_METRIC_COUNTER ? &registry->unseen_counter
                                           : &registry->unseen_gauge;
}

aurora__counter *aurora__registry_counter(aurora__registry *registry, const aurora__family *family,
                                          const char *const *values)
{
    return &series_of(registry, family, values, AURORA_METRIC_COUNTER)->of.counter;
}

aurora__gauge *aurora__registry_gauge(aurora__registry *registry, const aurora__family *family,
                                      const char *const *values)
{
    series *found = series_of(registry, family, values, AURORA_METRIC_GAUGE);
    return &found->of.gauge;
}

aurora__histogram *aurora__registry_histogram(aurora__registry *registry,
                                              const aurora__family *family,
                                              const char *const *values)
{
    return &series_of(registry, family, values, AURORA_METRIC_HISTOGRAM)->of.histogram;
}

void aurora__registry_collector(aurora__registry *registry, aurora__collect collect, void *self)
{
    pthread_mutex_lock(&registry->lock);
    uint32_t count = registry->collector_count;
    if (count < COLLECTORS_MAX) {
        registry->collectors[count] = (collector){collect, self};
        atomic_store_explicit(&registry->collector_count, count + 1, memory_order_release);
    } else {
        registry->is_short = true;
    }
    pthread_mutex_unlock(&registry->lock);
}

/* --- reading ---------------------------------------------------------------------------------- */

uint64_t aurora__counter_read(const aurora__counter *counter)
{
    uint64_t sum = atomic_load_explicit(&counter->shared, memory_order_relaxed);
    aurora__cells_sum(counter->cells, counter->at, 1, &sum);
    return sum;
}

/* The buckets (not cumulative) and, behind them, the sum. */
static void read_histogram(const aurora__histogram *histogram,
                           uint64_t words[AURORA__SCALE_BUCKETS_MAX])
{
    uint32_t count = histogram->scale->step_count + 2;
    for (uint32_t i = 0; i < count; i++)
        words[i] = atomic_load_explicit(&histogram->shared[i], memory_order_relaxed);
    aurora__cells_sum(histogram->cells, histogram->at, count, words);
}

uint64_t aurora__histogram_read(const aurora__histogram *histogram, uint64_t *sum_out)
{
    uint64_t words[AURORA__SCALE_BUCKETS_MAX];
    uint64_t count = 0;
    read_histogram(histogram, words);
    for (uint32_t i = 0; i <= histogram->scale->step_count; i++)
        count += words[i];
    *sum_out = words[histogram->scale->step_count + 1];
    return count;
}

/* The exemplars of a histogram, made by the first who has one; NULL without memory. */
static aurora__exemplar_slot *exemplars_of(aurora__histogram *histogram)
{
    aurora__exemplar_slot *slots =
        atomic_load_explicit(&histogram->exemplars, memory_order_acquire);
    if (slots != NULL)
        return slots;
    const aurora_allocator *allocator = &histogram->cells->allocator;
    size_t bytes = (histogram->scale->step_count + 1) * sizeof *slots;
    aurora__exemplar_slot *made = allocator->allocate(allocator->self, bytes);
    if (made == NULL)
        return NULL;
    memset(made, 0, bytes);
    if (atomic_compare_exchange_strong(&histogram->exemplars, &slots, made))
        return made;
    allocator->release(allocator->self, made);
    return slots;
}

void aurora__histogram_add_traced(aurora__histogram *histogram, uint64_t value,
                                  const uint8_t trace_id[16], int64_t at_ms)
{
    uint32_t bucket = aurora__histogram_add(histogram, value);
    aurora__exemplar_slot *slots = exemplars_of(histogram);
    if (slots == NULL)
        return;
    aurora__exemplar exemplar = {.value = value, .at_ms = at_ms};
    memcpy(exemplar.trace, trace_id, sizeof exemplar.trace);
    aurora__exemplar_write(&slots[bucket], &exemplar);
}

/* --- pages ------------------------------------------------------------------------------------ */

static double in_unit(const aurora__family *family, double value)
{
    return family->per == 0 ? value : value / (double)family->per;
}

static uint32_t put_exemplar(aurora__sheet *sheet, const aurora__family *family,
                             const aurora__exemplar_slot *slots, uint32_t bucket)
{
    static const char digits[] = "0123456789abcdef";
    aurora__exemplar from;
    uint8_t bytes[16];
    if (slots == NULL || !aurora__exemplar_read(&slots[bucket], &from))
        return AURORA__SHEET_NO_EXEMPLAR;
    aurora_metric_exemplar exemplar = {
        .size = sizeof exemplar, .value = in_unit(family, (double)from.value), .at_ms = from.at_ms};
    memcpy(bytes, from.trace, sizeof bytes);
    for (size_t i = 0; i < 16; i++) {
        exemplar.trace_id[2 * i] = digits[bytes[i] >> 4];
        exemplar.trace_id[2 * i + 1] = digits[bytes[i] & 15];
    }
    return aurora__sheet_exemplar(sheet, &exemplar);
}

/* The count is what the buckets hold, so they agree also while others count. */
static void put_histogram(aurora__sheet *sheet, const aurora__family *family,
                          const aurora__histogram *histogram, aurora__sheet_sample sample)
{
    uint64_t words[AURORA__SCALE_BUCKETS_MAX];
    uint64_t total = 0;
    uint32_t steps = histogram->scale->step_count;
    const aurora__exemplar_slot *slots =
        atomic_load_explicit(&((aurora__histogram *)histogram)->exemplars, memory_order_acquire);
    read_histogram(histogram, words);
    sample.suffix = "_bucket";
    for (uint32_t i = 0; i <= steps; i++) {
        total += words[i];
        sample.value = (double)total;
        sample.le = i < steps ? histogram->scale->steps[i].le : "+Inf";
        sample.exemplar = put_exemplar(sheet, family, slots, i);
        aurora__sheet_put(sheet, &sample);
    }
    sample.le = NULL;
    sample.exemplar = AURORA__SHEET_NO_EXEMPLAR;
    sample.suffix = "_sum";
    sample.value = in_unit(family, (double)words[steps + 1]);
    aurora__sheet_put(sheet, &sample);
    sample.suffix = "_count";
    sample.value = (double)total;
    aurora__sheet_put(sheet, &sample);
}

static void put_series(aurora__sheet *sheet, const aurora__family *family, const series *from)
{
    uint32_t count = label_count(family);
    aurora__sheet_sample sample = {
        .suffix = "",
        .family = aurora__sheet_family_of(sheet, family->kind, family->name, family->help),
        .label = aurora__sheet_labels(sheet, family->labels, from->values, count),
        .label_count = count,
        .exemplar = AURORA__SHEET_NO_EXEMPLAR,
    };
    if (family->kind == AURORA_METRIC_HISTOGRAM) {
        put_histogram(sheet, family, &from->of.histogram, sample);
        return;
    }
    sample.value = family->kind == AURORA_METRIC_COUNTER
                       ? in_unit(family, (double)aurora__counter_read(&from->of.counter))
                       : in_unit(family, (double)aurora__gauge_read(&from->of.gauge));
    aurora__sheet_put(sheet, &sample);
}

aurora_status aurora__registry_page(aurora__registry *registry, int64_t at_ms,
                                    aurora_metric_page **out)
{
    aurora__sheet sheet;
    aurora__sheet_init(&sheet, &registry->allocator);
    uint32_t members = atomic_load_explicit(&registry->member_count, memory_order_acquire);
    uint32_t collectors = atomic_load_explicit(&registry->collector_count, memory_order_acquire);
    for (uint32_t i = 0; i < members; i++) {
        const member *of = &registry->members[i];
        const series *at = atomic_load_explicit(&((member *)of)->first, memory_order_acquire);
        for (; at != NULL; at = atomic_load_explicit(&((series *)at)->next, memory_order_acquire))
            put_series(&sheet, of->family, at);
    }
    for (uint32_t i = 0; i < collectors; i++)
        registry->collectors[i].collect(registry->collectors[i].self, &sheet);
    aurora_status rc = aurora__sheet_page(&sheet, at_ms, out);
    aurora__sheet_deinit(&sheet);
    return rc;
}

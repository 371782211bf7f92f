/* SPDX-License-Identifier: MIT */
/* A page in the making: samples in any order, grouped by family at the end. */
#ifndef AURORA_METRIC_SHEET_H
#define AURORA_METRIC_SHEET_H

#include "metric/metric.h"

#define AURORA__SHEET_NO_EXEMPLAR UINT32_MAX

/* The value stands in the pool, which moves as it grows. */
typedef struct {
    const char *name;
    size_t value;
} aurora__sheet_label;

typedef struct {
    const char *suffix; /* static */
    const char *le;     /* static; NULL but for buckets: one label more */
    uint32_t family;    /* by aurora__sheet_family_of */
    uint32_t label;     /* the first of them, by aurora__sheet_labels */
    uint32_t label_count;
    uint32_t exemplar;
    double value;
} aurora__sheet_sample;

typedef struct {
    const char *name, *help;
    int32_t kind;
    uint32_t sample_count;
} aurora__sheet_family;

typedef struct {
    void *items;
    uint32_t count, capacity;
} aurora__sheet_list;

struct aurora__sheet {
    aurora_allocator allocator;
    aurora__sheet_list families;  /* aurora__sheet_family */
    aurora__sheet_list samples;   /* aurora__sheet_sample */
    aurora__sheet_list labels;    /* aurora__sheet_label */
    aurora__sheet_list exemplars; /* aurora_metric_exemplar */
    aurora__sheet_list pool;      /* char */
    uint32_t newest;              /* the family that was asked for last */
    bool is_failed;               /* no memory: nothing more is added and there will be no page */
};

void aurora__sheet_init(aurora__sheet *sheet, const aurora_allocator *allocator);
void aurora__sheet_deinit(aurora__sheet *sheet);

/* The number of a family; its texts are static. */
uint32_t aurora__sheet_family_of(aurora__sheet *sheet, int32_t kind, const char *name,
                                 const char *help);

/* Labels that samples may share. The names are static, the values copied. */
uint32_t aurora__sheet_labels(aurora__sheet *sheet, const char *const *names,
                              const char *const *values, uint32_t count);

uint32_t aurora__sheet_exemplar(aurora__sheet *sheet, const aurora_metric_exemplar *exemplar);

void aurora__sheet_put(aurora__sheet *sheet, const aurora__sheet_sample *sample);

/* The page, of one block. AURORA_ENOMEM, also for memory that was short earlier. */
aurora_status aurora__sheet_page(const aurora__sheet *sheet, int64_t at_ms,
                                 aurora_metric_page **out);

#endif

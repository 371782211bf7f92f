/* SPDX-License-Identifier: MIT */
/* The Prometheus text format, version 0.0.4. */
#ifndef AURORA_ROUTES_METRICS_H
#define AURORA_ROUTES_METRICS_H

#include <stdio.h>

#include "routes/routes.h"

#define AURORA__METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* One family's HELP and TYPE lines; kind is AURORA_METRIC_.... */
void aurora__metric_family(FILE *to, const char *name, int32_t kind, const char *help);
/* One sample line. */
void aurora__metric_sample(FILE *to, const char *name, const char *suffix,
                           const aurora_pair *labels, uint32_t label_count, double value);
/* A family of one sample without labels. */
void aurora__metric_single(FILE *to, const char *name, int32_t kind, const char *help,
                           double value);

/* Each writes what it knows. */
void aurora__metrics_http(FILE *to, const aurora_routes *routes);
void aurora__metrics_process(FILE *to);

/* Everything, as one text of malloc's; NULL without memory. */
char *aurora__metrics_text(const aurora_routes *routes, size_t *len_out);

#endif

/* SPDX-License-Identifier: MIT */
/* What OpenTelemetry's variables say, as its specification has them: an empty variable is none, and
 * one that cannot be read is warned of and passed over. A setting of ours goes before them. Pure,
 * over the environment that it is given. */
#ifndef AURORA_TELEMETRY_ENVIRONMENT_H
#define AURORA_TELEMETRY_ENVIRONMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "telemetry/baggage.h"

/* The value that stands for a setting that nothing gives, "otlp" among them: a text that is static
 * or the environment's, with the variable's name. NULL = none does. */
const char *aurora_telemetry_stand_in(char *const *environment, const char *setting,
                                      const char **variable_out);

#define AURORA__PLAN_WARNINGS_MAX 24
#define AURORA__PLAN_WARNING_BYTES 200

/* What there is no setting for. */
typedef struct {
    bool is_gzip;
    uint32_t timeout_ms, export_ms, delay_ms, batch_max, queue_max; /* 0 = the default */
    bool ignores_flag;        /* a sampler that does not go by its parent */
    bool keeps_none;          /* always_off: neither failures nor what is slow */
    const char *service_name; /* NULL = the program's */
    aurora__baggage resource;
    uint32_t warning_count;
    char warnings[AURORA__PLAN_WARNINGS_MAX][AURORA__PLAN_WARNING_BYTES];
} aurora__plan;

/* *out must not move afterwards. */
void aurora__plan_read(char *const *environment, aurora__plan *out);

/* A part from 0 to 1, as "0.1". */
bool aurora_telemetry_ratio(const char *text, double *ratio_out);

#endif

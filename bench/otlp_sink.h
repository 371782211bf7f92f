/* SPDX-License-Identifier: MIT */
/* A receiver of OTLP/HTTP that reads, counts and forgets: what exporting costs without what a
 * backend costs. */
#ifndef AURORA_BENCH_OTLP_SINK_H
#define AURORA_BENCH_OTLP_SINK_H

#include <stdint.h>

/* Shared with the process that runs it. */
typedef struct {
    _Atomic uint64_t requests;
    _Atomic uint64_t bytes;
    _Atomic uint64_t spans; /* how often "spanId" stands in a body */
} otlp_sink_figures;

/* Serves 127.0.0.1 for ever, a connection at a time; *figures lies in shared memory. */
int otlp_sink_run(uint16_t port, otlp_sink_figures *figures);

#endif

/* SPDX-License-Identifier: MIT */
/* The log of a daemon on one descriptor: an object of JSON a line (names as OpenTelemetry's log
 * model has them), or a readable line where a person looks on. Lines are written by a thread of
 * its own, so that a reader that stalls holds up no request; what does not fit then is counted and
 * said later. docs/LOGS.md is the operator's side of it. */
#ifndef AURORA_SERVICE_LOG_H
#define AURORA_SERVICE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include <aurora/handle.h>

#include "http/server.h"
#include "service/log_levels.h"

typedef struct aurora_service_log aurora_service_log;

typedef struct {
    int fd;
    bool is_text;         /* readable lines, not JSON */
    uint32_t repeats_max; /* lines of one kind in 10 s, as log_repeats.h says; 0 = all */
    aurora_log_levels levels;
    const char *service; /* "aurorad"; static */
} aurora_service_log_options;

typedef struct {
    uint64_t records[AURORA_LOG_FATAL + 1]; /* written, by level */
    uint64_t suppressed;                    /* repeats that were left out */
    uint64_t dropped;                       /* for which there was no room: the reader stalls */
} aurora_service_log_figures;

/* Starts the writer. NULL when it cannot be had. */
aurora_service_log *aurora_service_log_new(const aurora_service_log_options *options);
/* Writes what waits, for at most a second, and ends the thread. NULL is a no-op. */
void aurora_service_log_free(aurora_service_log *log);

/* Threads: shared, all of the following. */
/* aurora_log.level_min: the least that any component of the library is to say. */
int32_t aurora_service_log_library_level(const aurora_service_log *log);
void aurora_service_log_set_levels(aurora_service_log *log, const aurora_log_levels *levels);
void aurora_service_log_set_repeats(aurora_service_log *log, uint32_t repeats_max);
/* One record. `component` is one of log_levels.h, or "". */
void aurora_service_log_write(aurora_service_log *log, int32_t level, const char *component,
                              const char *format, ...) __attribute__((format(printf, 4, 5)));
/* A record at INFO that is written whatever the level is: what a script waits for. */
void aurora_service_log_announce(aurora_service_log *log, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The line of one request, at INFO, or WARNING for a 5xx; none for probes. None is left out as a
 * repeat. */
void aurora_service_log_access(aurora_service_log *log, const aurora_http_access *access);
/* For aurora_log: `self` is an aurora_service_log. */
void aurora_service_log_library(void *self, int32_t level, const char *component,
                                const char *message);
void aurora_service_log_record(void *self, const aurora_log_record *record);

/* Tells of repeats whose time is over and of lines that were lost; to be called now and then. */
void aurora_service_log_tick(aurora_service_log *log);
void aurora_service_log_figures_get(aurora_service_log *log, aurora_service_log_figures *out);

/* "json", "text", or "auto": text where fd is a terminal. False for anything else. */
bool aurora_service_log_format(const char *text, int fd, bool *is_text_out);

#endif

/* SPDX-License-Identifier: MIT */
/* The log of a daemon on one descriptor: an object of JSON a line (names as OpenTelemetry's log
 * model has them), or a readable line where a person looks on. Lines are written by a thread of
 * its own, so that a reader that stalls holds up no request; what does not fit then is counted and
 * said later. */
#ifndef AURORA_SERVICE_LOG_H
#define AURORA_SERVICE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include <aurora/handle.h>

#include "http/server.h"

typedef struct aurora_service_log aurora_service_log;

typedef struct {
    int fd;
    bool is_text;        /* readable lines, not JSON */
    int32_t level_min;   /* AURORA_LOG_... */
    const char *service; /* "aurorad"; static */
} aurora_service_log_options;

/* Starts the writer. NULL when it cannot be had. */
aurora_service_log *aurora_service_log_new(const aurora_service_log_options *options);
/* Writes what waits, for at most a second, and ends the thread. NULL is a no-op. */
void aurora_service_log_free(aurora_service_log *log);

/* Threads: shared, all of the following. */
void aurora_service_log_set_level(aurora_service_log *log, int32_t level_min);
/* One record. `component` may be "" . */
void aurora_service_log_write(aurora_service_log *log, int32_t level, const char *component,
                              const char *format, ...) __attribute__((format(printf, 4, 5)));
/* A record at INFO that is written whatever the level is: what a script waits for. */
void aurora_service_log_announce(aurora_service_log *log, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The line of one request, at INFO, or WARNING for a 5xx; none for probes. */
void aurora_service_log_access(aurora_service_log *log, const aurora_http_access *access);
/* For aurora_options.log: `self` is an aurora_service_log. */
void aurora_service_log_library(void *self, int32_t level, const char *component,
                                const char *message);

/* "debug" to "error" (also in upper case) as AURORA_LOG_...; 0 for anything else. */
int32_t aurora_service_log_level(const char *text);
/* "json", "text", or "auto": text where fd is a terminal. False for anything else. */
bool aurora_service_log_format(const char *text, int fd, bool *is_text_out);

#endif

/* SPDX-License-Identifier: MIT */
/* A tracer that keeps what it is told, to be asked about. */
#ifndef AURORA_TESTS_SUPPORT_SPAN_LOG_H
#define AURORA_TESTS_SUPPORT_SPAN_LOG_H

#include <aurora/aurora.h>

#include "test.h"

typedef struct span_log span_log;

span_log *span_log_new(void);
void span_log_free(span_log *log);
/* For aurora_options.tracer; lives as long as the log. */
const aurora_tracer *span_log_tracer(span_log *log);
void span_log_clear(span_log *log);
/* How many spans the library said that it does not tell. */
uint64_t span_log_dropped(span_log *log);

/* How many spans have this name, or which `key` has this text; NULL = any. */
uint32_t span_log_count(span_log *log, const char *name, const char *key, const char *text);
/* The first such span, which stays until the log is cleared or freed; fails the test without. */
const aurora_span *span_log_find(span_log *log, const char *name, const char *key,
                                 const char *text);
/* Waits for it, in real time; fails the test after some seconds. */
const aurora_span *span_log_wait(span_log *log, const char *name, const char *key,
                                 const char *text);
const aurora_span *span_log_at(span_log *log, uint32_t index);

/* An attribute's text or number; NULL and INT64_MIN without one. */
const char *span_text(const aurora_span *span, const char *key);
int64_t span_number(const aurora_span *span, const char *key);

/* Both of one trace, the second one the parent of the first. */
void span_assert_child(const aurora_span *child, const aurora_span *parent);
/* The span is under what the traceparent names. */
void span_assert_under(const aurora_span *span, const char *traceparent);
bool span_has_link(const aurora_span *span, const aurora_span *to);
/* Every span of this trace has a parent in the log but those under `root_id`; each id is there
 * once. Prints the trace where that is not so. */
void span_log_assert_whole(span_log *log, const aurora_span *any, const char *traceparent);
/* The trace as an indented text on stdout, for people. */
void span_log_print(span_log *log);

#endif

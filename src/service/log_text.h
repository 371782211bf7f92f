/* SPDX-License-Identifier: MIT */
/* Records as a person reads them: time, level, who, what, and attributes behind it, one line
 * whatever is in it. */
#ifndef AURORA_SERVICE_LOG_TEXT_H
#define AURORA_SERVICE_LOG_TEXT_H

#include <stdbool.h>
#include <time.h>

#include <aurora/handle.h>

#include "http/server.h"
#include "service/log_line.h"

typedef struct {
    bool is_terminal; /* the local time of day; else date and time in UTC */
    bool has_color;
    const char *service; /* stands for the component where there is none */
} aurora__log_style;

/* What suits a descriptor and the environment (NO_COLOR, TERM). */
aurora__log_style aurora__log_style_of(int fd, const char *service);

void aurora__log_text_record(const aurora__log_style *style, const struct timespec *at,
                             const aurora_log_record *record, aurora__log_line *out);
/* "POST /orders 201 3.2ms". */
void aurora__log_text_access(const aurora__log_style *style, const struct timespec *at,
                             int32_t level, const aurora_http_access *access,
                             aurora__log_line *out);

#endif

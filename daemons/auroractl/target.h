/* SPDX-License-Identifier: MIT */
/* What a request asks for: a path and a query, percent-encoded. Pure. */
#ifndef AURORACTL_TARGET_H
#define AURORACTL_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CTL_TARGET_BYTES 4096 /* path and query; a server reads no more of them either */

/* "/inventory/a%20b?limit=50", built from left to right. The caller's memory. */
typedef struct {
    char text[CTL_TARGET_BYTES];
    size_t length;
    size_t query_at; /* of '?', 0 = there is none */
    bool is_cut;     /* did not fit: nothing is sent */
} ctl_target;

/* `path` is taken as it is, and begins the target anew. */
void ctl_target_init(ctl_target *target, const char *path);
/* Adds "/segment", percent-encoded. */
void ctl_target_segment(ctl_target *target, const char *segment);
/* Adds "name=value"; a NULL value adds nothing. */
void ctl_target_query(ctl_target *target, const char *name, const char *value);
void ctl_target_query_number(ctl_target *target, const char *name, int64_t number);

/* RFC 3339; 0 adds nothing. */
void ctl_target_query_time(ctl_target *target, const char *name, int64_t at_ms);

#endif

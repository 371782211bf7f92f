/* SPDX-License-Identifier: MIT */
/* Writes JSON to a stream, with the commas where they belong. Nothing here reads any. */
#ifndef AURORACTL_JSON_OUT_H
#define AURORACTL_JSON_OUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <aurora/aurora.h>

#define CTL_JSON_DEPTH_MAX 15

/* The caller's memory. `file` is borrowed. */
typedef struct {
    FILE *file;
    uint32_t depth;
    bool has_member[CTL_JSON_DEPTH_MAX + 1];
    char closers[CTL_JSON_DEPTH_MAX + 1];
} ctl_json;

void ctl_json_init(ctl_json *json, FILE *file);

/* `name` is NULL at the top and inside arrays. A NULL text is null. */
void ctl_json_object(ctl_json *json, const char *name);
void ctl_json_array(ctl_json *json, const char *name);
void ctl_json_end(ctl_json *json);
void ctl_json_text(ctl_json *json, const char *name, const char *text);
void ctl_json_name(ctl_json *json, const char *name, const char *constant); /* "" is null */
void ctl_json_number(ctl_json *json, const char *name, int64_t number);
void ctl_json_bool(ctl_json *json, const char *name, bool value);
void ctl_json_time(ctl_json *json, const char *name, int64_t at_ms); /* 0 is null */
void ctl_json_id(ctl_json *json, const char *name, aurora_id id);    /* all zero is null */

/* JSON text of somebody else's making. */
void ctl_json_raw(ctl_json *json, const char *name, const char *text, size_t length);

/* Ends the line after the top value was closed. */
void ctl_json_finish(ctl_json *json);

#endif

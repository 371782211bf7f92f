/* SPDX-License-Identifier: MIT */
#include "target.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "http/percent.h"
#include "time_text.h"

static void append(ctl_target *target, const char *text, size_t length)
{
    if (target->length + length >= sizeof target->text) {
        target->is_cut = true;
        return;
    }
    memcpy(target->text + target->length, text, length);
    target->length += length;
    target->text[target->length] = 0;
}

static void append_encoded(ctl_target *target, const char *text)
{
    char *end = target->text + target->length;
    if (aurora__percent_encode(text, end, sizeof target->text - target->length)) {
        target->length += strlen(end);
    } else {
        *end = 0;
        target->is_cut = true;
    }
}

void ctl_target_init(ctl_target *target, const char *path)
{
    target->length = 0;
    target->query_at = 0;
    target->is_cut = false;
    append(target, path, strlen(path));
}

void ctl_target_segment(ctl_target *target, const char *segment)
{
    append(target, "/", 1);
    append_encoded(target, segment);
}

void ctl_target_query(ctl_target *target, const char *name, const char *value)
{
    if (value == NULL)
        return;
    if (target->query_at == 0)
        target->query_at = target->length;
    append(target, target->query_at == target->length ? "?" : "&", 1);
    append(target, name, strlen(name));
    append(target, "=", 1);
    append_encoded(target, value);
}

void ctl_target_query_number(ctl_target *target, const char *name, int64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, number);
    ctl_target_query(target, name, text);
}

void ctl_target_query_time(ctl_target *target, const char *name, int64_t at_ms)
{
    char text[CTL_TIME_BYTES];
    if (at_ms != 0)
        ctl_target_query(target, name, ctl_time_format(at_ms, text));
}

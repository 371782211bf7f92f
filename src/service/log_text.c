/* SPDX-License-Identifier: MIT */
#include "service/log_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http/time_text.h"
#include "service/log_redact.h"

#define COMPONENT_WIDTH 12
#define OWN_PREFIX "aurora-"

static const struct {
    const char *name; /* five characters wide */
    const char *color;
} levels[] = {
    [AURORA_LOG_DEBUG] = {"DEBUG", "\x1b[36m"},   [AURORA_LOG_INFO] = {"INFO ", "\x1b[32m"},
    [AURORA_LOG_WARNING] = {"WARN ", "\x1b[33m"}, [AURORA_LOG_ERROR] = {"ERROR", "\x1b[31m"},
    [AURORA_LOG_FATAL] = {"FATAL", "\x1b[1;31m"},
};

#define DIM "\x1b[2m"
#define BOLD "\x1b[1m"
#define PLAIN "\x1b[0m"

aurora__log_style aurora__log_style_of(int fd, const char *service)
{
    const char *none = getenv("NO_COLOR"); /* any text but an empty one: no-color.org */
    const char *terminal = getenv("TERM");
    bool is_terminal = isatty(fd) == 1;
    size_t prefix = strncmp(service, OWN_PREFIX, strlen(OWN_PREFIX)) == 0 ? strlen(OWN_PREFIX) : 0;
    tzset();
    return (aurora__log_style){.is_terminal = is_terminal,
                               .has_color = is_terminal && (none == NULL || *none == '\0') &&
                                            terminal != NULL && strcmp(terminal, "dumb") != 0,
                               .service = service + prefix};
}

/* --- parts ------------------------------------------------------------------------------------ */

static void put(aurora__log_line *out, const char *text)
{
    size_t len = strnlen(text, sizeof out->text - 1 - out->len); /* the newline always fits */
    memcpy(out->text + out->len, text, len);
    out->len += len;
}

static void put_color(const aurora__log_style *style, aurora__log_line *out, const char *color)
{
    if (style->has_color)
        put(out, color);
}

/* What a terminal would obey becomes a question mark: the controls of ASCII and, in UTF-8, those
 * from U+0080 on. */
static void put_safe(aurora__log_line *out, const char *text)
{
    char redacted[AURORA__LOG_VALUE_BYTES];
    if (aurora__log_redact_is_needed(text, strlen(text))) {
        aurora__log_redact(text, redacted, sizeof redacted);
        text = redacted;
    }
    size_t start = out->len;
    char cut[AURORA__LOG_VALUE_BYTES + 4];
    if (strlen(text) > AURORA__LOG_VALUE_BYTES) {
        snprintf(cut, sizeof cut, "%.*s...", AURORA__LOG_VALUE_BYTES, text);
        text = cut;
    }
    put(out, text);
    for (size_t i = start; i < out->len; i++) {
        unsigned char c = (unsigned char)out->text[i];
        bool is_second = i > start && (unsigned char)out->text[i - 1] == 0xc2 && c < 0xa0;
        if (c < 0x20 || c == 0x7f || (is_second && c >= 0x80))
            out->text[i] = '?';
    }
}

static void put_head(const aurora__log_style *style, const struct timespec *at, int32_t level,
                     const char *component, aurora__log_line *out)
{
    char text[AURORA__HTTP_TIME_BYTES + 8];
    struct tm local;
    out->len = 0;
    if (!style->is_terminal || localtime_r(&at->tv_sec, &local) == NULL)
        aurora__http_time_write((int64_t)at->tv_sec * 1000000 + at->tv_nsec / 1000, text);
    else
        snprintf(text, sizeof text, "%02d:%02d:%02d.%03d", local.tm_hour, local.tm_min,
                 local.tm_sec, (int)(at->tv_nsec / 1000000));
    put_color(style, out, DIM);
    put(out, text);
    put_color(style, out, PLAIN);
    put(out, " ");
    put_color(style, out, levels[level].color);
    put(out, levels[level].name);
    put_color(style, out, PLAIN);
    snprintf(text, sizeof text, " %-*.20s ", COMPONENT_WIDTH,
             component[0] != '\0' ? component : style->service);
    put(out, text);
}

static void put_attribute(const aurora__log_style *style, aurora__log_line *out, const char *key,
                          const char *value)
{
    static const char ours[] = "aurora.";
    size_t skipped = strncmp(key, ours, sizeof ours - 1) == 0 ? sizeof ours - 1 : 0;
    put_color(style, out, DIM);
    put(out, " ");
    put(out, key + skipped);
    put(out, "=");
    put_color(style, out, PLAIN);
    put_safe(out, value);
}

static void put_end(aurora__log_line *out)
{
    out->text[out->len++] = '\n';
}

/* --- records ---------------------------------------------------------------------------------- */

static void put_record_attribute(const aurora__log_style *style, aurora__log_line *out,
                                 const aurora_attribute *attribute)
{
    char number[40];
    const char *value = number;
    switch (attribute->kind) {
    case AURORA_ATTRIBUTE_TEXT:
        value = attribute->text != NULL ? attribute->text : "";
        break;
    case AURORA_ATTRIBUTE_DOUBLE:
        snprintf(number, sizeof number, "%.6g", attribute->real);
        break;
    case AURORA_ATTRIBUTE_BOOL:
        value = attribute->number != 0 ? "true" : "false";
        break;
    default:
        snprintf(number, sizeof number, "%" PRId64, attribute->number);
    }
    put_attribute(style, out, attribute->key, value);
}

static void put_trace(const aurora__log_style *style, aurora__log_line *out,
                      const aurora_trace_context *trace)
{
    char text[AURORA_TRACEPARENT_BYTES];
    aurora_traceparent_format(trace, text);
    text[35] = '\0';
    put_attribute(style, out, "trace", text + 3);
}

/* What the sentence says already is for machines. */
static bool is_said(const aurora_log_record *record, const aurora_attribute *attribute)
{
    return attribute->kind == AURORA_ATTRIBUTE_TEXT && attribute->text != NULL &&
           strstr(record->message, attribute->text) != NULL;
}

void aurora__log_text_record(const aurora__log_style *style, const struct timespec *at,
                             const aurora_log_record *record, aurora__log_line *out)
{
    bool is_loud = record->level >= AURORA_LOG_ERROR;
    put_head(style, at, record->level, record->component, out);
    put_color(style, out, is_loud ? BOLD : "");
    put_safe(out, record->message);
    put_color(style, out, is_loud ? PLAIN : "");
    for (uint32_t i = 0; i < record->attribute_count; i++) {
        if (!is_said(record, &record->attributes[i]))
            put_record_attribute(style, out, &record->attributes[i]);
    }
    if (record->trace != NULL)
        put_trace(style, out, record->trace);
    put_end(out);
}

/* --- requests --------------------------------------------------------------------------------- */

static void write_duration(int64_t ns, char *out, size_t capacity)
{
    double ms = (double)ns / 1e6;
    if (ms < 0.995)
        snprintf(out, capacity, "%.2fms", ms);
    else if (ms < 99.5)
        snprintf(out, capacity, "%.1fms", ms);
    else if (ms < 999.5)
        snprintf(out, capacity, "%.0fms", ms);
    else
        snprintf(out, capacity, "%.1fs", ms / 1000);
}

static const char *color_of(int status)
{
    return status >= 500   ? levels[AURORA_LOG_ERROR].color
           : status >= 400 ? levels[AURORA_LOG_WARNING].color
                           : levels[AURORA_LOG_INFO].color;
}

void aurora__log_text_access(const aurora__log_style *style, const struct timespec *at,
                             int32_t level, const aurora_http_access *access, aurora__log_line *out)
{
    char text[32];
    put_head(style, at, level, "http", out);
    put_safe(out, access->method[0] != '\0' ? access->method : "?");
    put(out, " ");
    put_safe(out, access->path[0] != '\0' ? access->path : "?");
    put(out, " ");
    put_color(style, out, color_of(access->status));
    snprintf(text, sizeof text, "%d", access->status);
    put(out, text);
    put_color(style, out, PLAIN);
    put(out, " ");
    write_duration(access->duration_ns, text, sizeof text);
    put(out, text);
    if (access->code[0] != '\0')
        put_attribute(style, out, "error", access->code);
    if (access->principal[0] != '\0' && strcmp(access->principal, "anonymous") != 0)
        put_attribute(style, out, "by", access->principal);
    if (access->status >= 500)
        put_attribute(style, out, "trace", access->trace_id);
    put_end(out);
}

/* SPDX-License-Identifier: MIT */
#include "service/log.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "http/json_out.h"
#include "http/time_text.h"
#include "service/log_writer.h"

#define MESSAGE_BYTES 1024
#define TEXT_LINE_BYTES 2048

struct aurora_service_log {
    aurora__log_writer *writer;
    const char *service;
    bool is_text;
    _Atomic int32_t level_min;
    _Atomic uint64_t lost_said;
};

/* OpenTelemetry's log data model, severity fields. */
static const struct {
    const char *name;
    int64_t number;
} severities[] = {
    [AURORA_LOG_DEBUG] = {"DEBUG", 5},   [AURORA_LOG_INFO] = {"INFO", 9},
    [AURORA_LOG_WARNING] = {"WARN", 13}, [AURORA_LOG_ERROR] = {"ERROR", 17},
    [AURORA_LOG_FATAL] = {"FATAL", 21},
};

static void write_now(char text_out[AURORA__HTTP_TIME_BYTES])
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    aurora__http_time_write((int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000, text_out);
}

static void begin_record(aurora_json_out *out, const aurora_service_log *log, int32_t level,
                         const char *body)
{
    char now[AURORA__HTTP_TIME_BYTES];
    write_now(now);
    aurora_json_out_object(out, NULL);
    aurora_json_out_text(out, "timestamp", now);
    aurora_json_out_text(out, "severity", severities[level].name);
    aurora_json_out_int(out, "severity_number", severities[level].number);
    aurora_json_out_text(out, "body", body);
    aurora_json_out_text(out, "service.name", log->service);
    aurora_json_out_text(out, "service.version", aurora_version());
}

static void put_record(aurora_service_log *log, aurora_json_out *out)
{
    size_t len;
    aurora_json_out_close(out, '}');
    char *line = aurora_json_out_end(out, &len);
    if (line == NULL)
        return;
    line[len] = '\n'; /* in place of the NUL */
    aurora__log_writer_put(log->writer, line, len + 1);
    free(line);
}

/* "06:38:06.123 INFO  text", one line whatever is in it. */
static void put_text(aurora_service_log *log, int32_t level, const char *text)
{
    char now[AURORA__HTTP_TIME_BYTES], line[TEXT_LINE_BYTES];
    write_now(now);
    int length =
        snprintf(line, sizeof line, "%.12s %-5s %s\n", now + 11, severities[level].name, text);
    if (length >= (int)sizeof line)
        length = (int)sizeof line - 1;
    for (int i = 0; i < length; i++) {
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            line[i] = '?';
    }
    line[length - 1] = '\n';
    aurora__log_writer_put(log->writer, line, (size_t)length);
}

static void put(aurora_service_log *log, int32_t level, const char *component, const char *message)
{
    if (log->is_text) {
        put_text(log, level, message);
        return;
    }
    aurora_json_out out = {0};
    begin_record(&out, log, level, message);
    if (component[0] != '\0')
        aurora_json_out_text(&out, "component", component);
    put_record(log, &out);
}

/* Once there is room again. */
static void say_lost(aurora_service_log *log)
{
    char message[80];
    uint64_t lost = aurora__log_writer_lost(log->writer);
    uint64_t said = atomic_load(&log->lost_said);
    if (lost == said || !atomic_compare_exchange_strong(&log->lost_said, &said, lost))
        return;
    snprintf(message, sizeof message, "%" PRIu64 " lines of log were lost", lost - said);
    put(log, AURORA_LOG_WARNING, "log", message);
}

static bool is_wanted(const aurora_service_log *log, int32_t level)
{
    return level >= atomic_load_explicit(&log->level_min, memory_order_relaxed) &&
           level >= AURORA_LOG_DEBUG && level <= AURORA_LOG_FATAL;
}

aurora_service_log *aurora_service_log_new(const aurora_service_log_options *options)
{
    aurora_service_log *log = calloc(1, sizeof *log);
    if (log == NULL)
        return NULL;
    log->writer = aurora__log_writer_new(options->fd);
    if (log->writer == NULL) {
        free(log);
        return NULL;
    }
    log->service = options->service;
    log->is_text = options->is_text;
    atomic_init(&log->level_min, options->level_min);
    atomic_init(&log->lost_said, 0);
    return log;
}

void aurora_service_log_free(aurora_service_log *log)
{
    if (log == NULL)
        return;
    say_lost(log);
    aurora__log_writer_free(log->writer);
    free(log);
}

void aurora_service_log_set_level(aurora_service_log *log, int32_t level_min)
{
    atomic_store(&log->level_min, level_min);
}

void aurora_service_log_write(aurora_service_log *log, int32_t level, const char *component,
                              const char *format, ...)
{
    char message[MESSAGE_BYTES];
    va_list arguments;
    if (!is_wanted(log, level))
        return;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    put(log, level, component, message);
}

void aurora_service_log_announce(aurora_service_log *log, const char *format, ...)
{
    char message[MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    put(log, AURORA_LOG_INFO, "", message);
}

void aurora_service_log_library(void *self, int32_t level, const char *component,
                                const char *message)
{
    aurora_service_log_write(self, level, component, "%s", message);
}

/* --- requests --------------------------------------------------------------------------------- */

static void put_text_access(aurora_service_log *log, int32_t level,
                            const aurora_http_access *access)
{
    char text[MESSAGE_BYTES];
    snprintf(text, sizeof text, "%s %.512s %d %.1f ms %s%s%s", access->method, access->path,
             access->status, (double)access->duration_ns / 1e6, access->principal,
             access->code[0] != '\0' ? " " : "", access->code);
    put_text(log, level, text);
}

static void put_json_access(aurora_service_log *log, int32_t level,
                            const aurora_http_access *access)
{
    aurora_json_out out = {0};
    begin_record(&out, log, level, "request");
    aurora_json_out_text(&out, "trace_id", access->trace_id);
    aurora_json_out_text(&out, "http.request.method", access->method);
    aurora_json_out_text(&out, "url.path", access->path);
    if (access->route != NULL)
        aurora_json_out_text(&out, "http.route", access->route->template_path);
    aurora_json_out_int(&out, "http.response.status_code", access->status);
    if (access->code[0] != '\0')
        aurora_json_out_text(&out, "error.type", access->code);
    aurora_json_out_int(&out, "duration_us", access->duration_ns / 1000);
    aurora_json_out_uint(&out, "http.request.body.size", access->bytes_in);
    aurora_json_out_uint(&out, "http.response.body.size", access->bytes_out);
    aurora_json_out_text(&out, "client.address", access->peer);
    if (access->principal[0] != '\0')
        aurora_json_out_text(&out, "enduser.id", access->principal);
    put_record(log, &out);
}

void aurora_service_log_access(aurora_service_log *log, const aurora_http_access *access)
{
    int32_t level = access->status >= 500 ? AURORA_LOG_WARNING : AURORA_LOG_INFO;
    bool is_probe = access->route != NULL && (access->route->flags & AURORA_HTTP_PROBE) != 0;
    if (is_probe || !is_wanted(log, level))
        return;
    say_lost(log);
    if (log->is_text)
        put_text_access(log, level, access);
    else
        put_json_access(log, level, access);
}

/* --- settings --------------------------------------------------------------------------------- */

int32_t aurora_service_log_level(const char *text)
{
    for (int32_t level = AURORA_LOG_DEBUG; level <= AURORA_LOG_ERROR; level++) {
        if (strcasecmp(text, aurora_log_level_name(level)) == 0)
            return level;
    }
    return 0;
}

bool aurora_service_log_format(const char *text, int fd, bool *is_text_out)
{
    *is_text_out = strcmp(text, "text") == 0 || (strcmp(text, "auto") == 0 && isatty(fd) == 1);
    return *is_text_out || strcmp(text, "json") == 0 || strcmp(text, "auto") == 0;
}

/* SPDX-License-Identifier: MIT */
#include "service/log.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "http/time_text.h"
#include "service/log_line.h"
#include "service/log_packed.h"
#include "service/log_repeats.h"
#include "service/log_text.h"
#include "service/log_writer.h"

#define MESSAGE_BYTES 1024
#define WINDOW_SECONDS (int)(AURORA__LOG_REPEATS_WINDOW_NS / 1000000000)

struct aurora_service_log {
    aurora__log_writer *writer;
    bool is_text;
    aurora__log_style style;
    char resource[256]; /* members that each line has */
    size_t resource_len;
    _Atomic int32_t levels[AURORA__LOG_COMPONENT_COUNT];
    _Atomic uint64_t records[AURORA_LOG_FATAL + 1];
    _Atomic uint64_t suppressed;
    _Atomic uint64_t lost_said;
    pthread_mutex_t lock; /* of what follows */
    aurora__log_repeats repeats;
};

/* Severity fields of OpenTelemetry's log data model. */
static const char *const severities[] = {
    [AURORA_LOG_DEBUG] = "\"severity\":\"DEBUG\",\"severity_number\":5",
    [AURORA_LOG_INFO] = "\"severity\":\"INFO\",\"severity_number\":9",
    [AURORA_LOG_WARNING] = "\"severity\":\"WARN\",\"severity_number\":13",
    [AURORA_LOG_ERROR] = "\"severity\":\"ERROR\",\"severity_number\":17",
    [AURORA_LOG_FATAL] = "\"severity\":\"FATAL\",\"severity_number\":21",
};

static bool is_wanted(const aurora_service_log *log, int32_t level, int component)
{
    return level >= AURORA_LOG_DEBUG && level <= AURORA_LOG_FATAL &&
           level >= atomic_load_explicit(&log->levels[component], memory_order_relaxed);
}

static int64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* --- lines ------------------------------------------------------------------------------------ */

static void begin(aurora__log_line *line, const struct timespec *at, int32_t level)
{
    char time[AURORA__HTTP_TIME_BYTES];
    aurora__http_time_write((int64_t)at->tv_sec * 1000000 + at->tv_nsec / 1000, time);
    aurora__log_line_begin(line);
    aurora__log_line_own(line, "timestamp", time);
    aurora__log_line_raw(line, severities[level], strlen(severities[level]));
}

static void put_attribute(aurora__log_line *line, const aurora_attribute *one)
{
    switch (one->kind) {
    case AURORA_ATTRIBUTE_TEXT:
        aurora__log_line_text(line, one->key, one->text != NULL ? one->text : "");
        break;
    case AURORA_ATTRIBUTE_INT:
        aurora__log_line_int(line, one->key, one->number);
        break;
    case AURORA_ATTRIBUTE_DOUBLE:
        aurora__log_line_double(line, one->key, one->real);
        break;
    case AURORA_ATTRIBUTE_BOOL:
        aurora__log_line_bool(line, one->key, one->number != 0);
        break;
    default:
        break; /* of a newer library */
    }
}

/* `traceparent` is "00-...", cut into its parts here. */
static void put_trace(aurora__log_line *line, char traceparent[AURORA_TRACEPARENT_BYTES])
{
    traceparent[35] = traceparent[52] = '\0';
    aurora__log_line_own(line, "trace_id", traceparent + 3);
    aurora__log_line_own(line, "span_id", traceparent + 36);
    aurora__log_line_own(line, "trace_flags", traceparent + 53);
}

/* A text of few; those that have levels of their own are known, and plain. */
static void put_component(aurora__log_line *line, const char *component)
{
    if (aurora__log_component(component) != AURORA__LOG_COMPONENT_OTHER)
        aurora__log_line_own(line, "component", component);
    else
        aurora__log_line_text(line, "component", component);
}

static void write_json(const aurora_service_log *log, const struct timespec *at,
                       const aurora_log_record *record, aurora__log_line *line)
{
    char traceparent[AURORA_TRACEPARENT_BYTES];
    begin(line, at, record->level);
    aurora__log_line_text(line, "body", record->message);
    if (record->component[0] != '\0')
        put_component(line, record->component);
    if (record->trace != NULL) {
        aurora_traceparent_format(record->trace, traceparent);
        put_trace(line, traceparent);
    }
    aurora__log_line_raw(line, log->resource, log->resource_len);
    for (uint32_t i = 0; i < record->attribute_count; i++)
        put_attribute(line, &record->attributes[i]);
    aurora__log_line_end(line);
}

static void write_line(const aurora_service_log *log, const struct timespec *at,
                       const aurora_log_record *record, aurora__log_line *line)
{
    if (log->is_text)
        aurora__log_text_record(&log->style, at, record, line);
    else
        write_json(log, at, record, line);
}

/* On the writer's thread. */
static void write_packed(void *self, const char *packed, aurora__log_line *line)
{
    aurora__log_unpacked one;
    aurora__log_unpack(packed, &one);
    write_line(self, &one.at, &one.record, line);
}

/* What is too large to be packed becomes a line here. */
static bool put_line(aurora_service_log *log, const struct timespec *at,
                     const aurora_log_record *record)
{
    aurora__log_line line;
    write_line(log, at, record, &line);
    return aurora__log_writer_put(log->writer, line.text, line.len, true);
}

static void put(aurora_service_log *log, const aurora_log_record *record)
{
    char packed[AURORA__LOG_PACKED_BYTES];
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    size_t len = aurora__log_pack(&now, record, packed);
    bool is_taken = len > 0 ? aurora__log_writer_put_packed(log->writer, packed, len)
                            : put_line(log, &now, record);
    if (is_taken)
        atomic_fetch_add_explicit(&log->records[record->level], 1, memory_order_relaxed);
}

/* --- what is told late ------------------------------------------------------------------------ */

static void put_number(aurora_service_log *log, int32_t level, const char *component,
                       const char *message, aurora_attribute number)
{
    const aurora_log_record record = {.size = sizeof record,
                                      .level = level,
                                      .component = component,
                                      .message = message,
                                      .attributes = &number,
                                      .attribute_count = 1};
    put(log, &record);
}

/* Once there is room again. */
static void say_lost(aurora_service_log *log)
{
    char message[80];
    uint64_t lost = aurora__log_writer_lost(log->writer);
    uint64_t said = atomic_load(&log->lost_said);
    if (lost == said || !atomic_compare_exchange_strong(&log->lost_said, &said, lost))
        return;
    snprintf(message, sizeof message, "%" PRIu64 " lines of log were lost: its reader stalls",
             lost - said);
    put_number(log, AURORA_LOG_WARNING, "log", message,
               (aurora_attribute){.key = "dropped",
                                  .kind = AURORA_ATTRIBUTE_INT,
                                  .number = (int64_t)(lost - said)});
}

static void say_repeats(aurora_service_log *log, int64_t now_ns)
{
    for (;;) {
        aurora__log_repeated one;
        char message[sizeof one.message + 64];
        pthread_mutex_lock(&log->lock);
        bool has_one = aurora__log_repeats_end(&log->repeats, now_ns, &one);
        pthread_mutex_unlock(&log->lock);
        if (!has_one)
            return;
        snprintf(message, sizeof message, "%" PRIu64 " more like this in %d s: %s", one.left_out,
                 WINDOW_SECONDS, one.message);
        put_number(log, one.level, one.component, message,
                   (aurora_attribute){.key = "suppressed",
                                      .kind = AURORA_ATTRIBUTE_INT,
                                      .number = (int64_t)one.left_out});
    }
}

/* DEBUG is all that there is, since somebody asked for it; FATAL is never left out. */
static bool is_repeat(aurora_service_log *log, const aurora_log_record *record)
{
    if (record->level == AURORA_LOG_DEBUG || record->level == AURORA_LOG_FATAL ||
        (record->flags & AURORA_LOG_EACH) != 0)
        return false;
    int64_t now_ns = monotonic_ns();
    say_repeats(log, now_ns);
    pthread_mutex_lock(&log->lock);
    bool is_taken = aurora__log_repeats_take(&log->repeats, record->level, record->component,
                                             record->message, now_ns);
    pthread_mutex_unlock(&log->lock);
    if (!is_taken)
        atomic_fetch_add_explicit(&log->suppressed, 1, memory_order_relaxed);
    return !is_taken;
}

/* --- life ------------------------------------------------------------------------------------- */

static void write_resource(aurora_service_log *log, const char *service)
{
    int len = snprintf(log->resource, sizeof log->resource,
                       "\"service.name\":\"%.64s\",\"service.version\":\"%.64s\"", service,
                       aurora_version());
    log->resource_len = (size_t)len;
}

aurora_service_log *aurora_service_log_new(const aurora_service_log_options *options)
{
    aurora_service_log *log = calloc(1, sizeof *log);
    if (log == NULL)
        return NULL;
    log->writer = aurora__log_writer_new(options->fd, write_packed, log);
    if (log->writer == NULL) {
        free(log);
        return NULL;
    }
    log->is_text = options->is_text;
    log->style = aurora__log_style_of(options->fd, options->service);
    log->repeats.most = options->repeats_max;
    write_resource(log, options->service);
    pthread_mutex_init(&log->lock, NULL);
    aurora_service_log_set_levels(log, &options->levels);
    return log;
}

void aurora_service_log_free(aurora_service_log *log)
{
    if (log == NULL)
        return;
    say_repeats(log, INT64_MAX);
    say_lost(log);
    aurora__log_writer_free(log->writer);
    pthread_mutex_destroy(&log->lock);
    free(log);
}

void aurora_service_log_set_levels(aurora_service_log *log, const aurora_log_levels *levels)
{
    for (int i = 0; i < AURORA__LOG_COMPONENT_COUNT; i++)
        atomic_store_explicit(&log->levels[i], levels->of[i], memory_order_relaxed);
}

int32_t aurora_service_log_library_level(const aurora_service_log *log)
{
    aurora_log_levels levels;
    for (int i = 0; i < AURORA__LOG_COMPONENT_COUNT; i++)
        levels.of[i] = atomic_load_explicit(&log->levels[i], memory_order_relaxed);
    return aurora_log_levels_library(&levels);
}

void aurora_service_log_set_repeats(aurora_service_log *log, uint32_t repeats_max)
{
    pthread_mutex_lock(&log->lock);
    log->repeats.most = repeats_max;
    pthread_mutex_unlock(&log->lock);
}

void aurora_service_log_write(aurora_service_log *log, int32_t level, const char *component,
                              const char *format, ...)
{
    char message[MESSAGE_BYTES];
    va_list arguments;
    if (!is_wanted(log, level, aurora__log_component(component)))
        return;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    aurora_service_log_library(log, level, component, message);
}

void aurora_service_log_announce(aurora_service_log *log, const char *format, ...)
{
    char message[MESSAGE_BYTES];
    const aurora_log_record record = {
        .size = sizeof record, .level = AURORA_LOG_INFO, .component = "", .message = message};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    put(log, &record);
}

void aurora_service_log_library(void *self, int32_t level, const char *component,
                                const char *message)
{
    const aurora_log_record record = {
        .size = sizeof record, .level = level, .component = component, .message = message};
    aurora_service_log_record(self, &record);
}

void aurora_service_log_record(void *self, const aurora_log_record *record)
{
    aurora_service_log *log = self;
    if (!is_wanted(log, record->level, aurora__log_component(record->component)) ||
        is_repeat(log, record))
        return;
    put(log, record);
}

void aurora_service_log_tick(aurora_service_log *log)
{
    say_repeats(log, monotonic_ns());
    say_lost(log);
}

void aurora_service_log_figures_get(aurora_service_log *log, aurora_service_log_figures *out)
{
    for (int level = 0; level <= AURORA_LOG_FATAL; level++)
        out->records[level] = atomic_load_explicit(&log->records[level], memory_order_relaxed);
    out->suppressed = atomic_load_explicit(&log->suppressed, memory_order_relaxed);
    out->dropped = aurora__log_writer_lost(log->writer);
}

/* --- requests --------------------------------------------------------------------------------- */

/* A route has a method that is known; any other may be whatever its client makes of it. */
static void put_method(aurora__log_line *line, const aurora_http_access *access, const char *name,
                       const char *value)
{
    if (access->route != NULL)
        aurora__log_line_own(line, name, value);
    else
        aurora__log_line_text(line, name, value);
}

static void put_request(aurora__log_line *line, const aurora_http_access *access)
{
    put_method(line, access, "http.request.method", access->method);
    aurora__log_line_text(line, "url.path", access->path);
    if (access->route != NULL)
        aurora__log_line_own(line, "http.route", access->route->template_path);
    aurora__log_line_uint(line, "http.response.status_code", (uint64_t)access->status);
    if (access->code[0] != '\0')
        aurora__log_line_own(line, "error.type", access->code);
    aurora__log_line_uint(line, "duration_us", (uint64_t)access->duration_ns / 1000);
    aurora__log_line_uint(line, "http.request.body.size", access->bytes_in);
    aurora__log_line_uint(line, "http.response.body.size", access->bytes_out);
    aurora__log_line_own(line, "client.address", access->peer);
    if (access->principal[0] != '\0')
        aurora__log_line_text(line, "enduser.id", access->principal);
}

static char *append(char *to, const char *end, const char *text)
{
    size_t len = strnlen(text, (size_t)(end - to));
    memcpy(to, text, len);
    return to + len;
}

/* "POST /orders 201": of few kinds, by the route and never the path. */
static void write_body(const aurora_http_access *access, char out[128])
{
    const char *end = out + (128 - 6);
    uint32_t status = (uint32_t)access->status % 1000;
    char *at = append(out, end, access->method);
    at = append(at, end, " ");
    at = append(at, end, access->route != NULL ? access->route->template_path : "(no route)");
    *at++ = ' ';
    *at++ = (char)('0' + status / 100);
    *at++ = (char)('0' + status / 10 % 10);
    *at++ = (char)('0' + status % 10);
    *at = '\0';
}

static void write_json_access(const aurora_service_log *log, const struct timespec *at,
                              int32_t level, const aurora_http_access *access,
                              aurora__log_line *line)
{
    char body[128];
    write_body(access, body);
    begin(line, at, level);
    put_method(line, access, "body", body);
    aurora__log_line_raw(line, "\"component\":\"http\"", strlen("\"component\":\"http\""));
    aurora__log_line_own(line, "trace_id", access->trace_id);
    aurora__log_line_own(line, "span_id", access->span_id);
    aurora__log_line_own(line, "trace_flags", (access->trace_flags & 1) != 0 ? "01" : "00");
    aurora__log_line_raw(line, log->resource, log->resource_len);
    put_request(line, access);
    aurora__log_line_end(line);
}

void aurora_service_log_access(aurora_service_log *log, const aurora_http_access *access)
{
    aurora__log_line line;
    struct timespec now;
    int32_t level = access->status >= 500 ? AURORA_LOG_WARNING : AURORA_LOG_INFO;
    bool is_probe = access->route != NULL && (access->route->flags & AURORA_HTTP_PROBE) != 0;
    if (is_probe || !is_wanted(log, level, AURORA__LOG_COMPONENT_http))
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    if (log->is_text)
        aurora__log_text_access(&log->style, &now, level, access, &line);
    else
        write_json_access(log, &now, level, access, &line);
    if (aurora__log_writer_put(log->writer, line.text, line.len, false))
        atomic_fetch_add_explicit(&log->records[level], 1, memory_order_relaxed);
}

/* --- settings --------------------------------------------------------------------------------- */

bool aurora_service_log_format(const char *text, int fd, bool *is_text_out)
{
    *is_text_out = strcmp(text, "text") == 0 || (strcmp(text, "auto") == 0 && isatty(fd) == 1);
    return *is_text_out || strcmp(text, "json") == 0 || strcmp(text, "auto") == 0;
}

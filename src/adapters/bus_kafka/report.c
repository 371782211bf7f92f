/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "adapters/bus_kafka/kafka.h"

#include <aurora/handle.h>

#define SECOND_NS INT64_C(1000000000)
#define REPEAT_NS (10 * SECOND_NS)
/* The watcher asks each 5 seconds, for at most one. */
#define CONNECTED_NS (12 * SECOND_NS)

int64_t aurora__kafka_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}

/* --- the log ---------------------------------------------------------------------------------- */

/* FNV-1a over the line without its digits: "Connect failed (after 3ms)" is one thing to say. */
static uint64_t hash_line(const char *line)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (; *line != '\0'; line++) {
        if (*line < '0' || *line > '9')
            hash = (hash ^ (uint8_t)*line) * UINT64_C(1099511628211);
    }
    return hash;
}

/* The line's place, which is the oldest one's where it has none. */
static aurora__kafka_repeat *find_repeat(aurora__kafka *self, uint64_t hash)
{
    aurora__kafka_repeat *oldest = &self->repeats[0];
    for (uint32_t i = 0; i < AURORA__KAFKA_REPEATS; i++) {
        if (self->repeats[i].hash == hash)
            return &self->repeats[i];
        if (self->repeats[i].said_ns < oldest->said_ns)
            oldest = &self->repeats[i];
    }
    *oldest = (aurora__kafka_repeat){.hash = hash};
    return oldest;
}

static void say_line(aurora__kafka *self, int32_t level, char *line, size_t capacity)
{
    uint64_t hash = hash_line(line);
    int64_t now_ns = aurora__kafka_now_ns();
    pthread_mutex_lock(&self->report_lock);
    aurora__kafka_repeat *repeat = find_repeat(self, hash);
    bool is_due = repeat->said_ns == 0 || now_ns - repeat->said_ns >= REPEAT_NS;
    uint32_t unsaid = repeat->unsaid;
    repeat->unsaid = is_due ? 0 : unsaid + 1;
    if (is_due)
        repeat->said_ns = now_ns;
    pthread_mutex_unlock(&self->report_lock);
    if (!is_due)
        return;
    size_t length = strlen(line);
    if (unsaid > 0)
        snprintf(line + length, capacity - length, "; %u times more since the last line", unsaid);
    self->log(self->log_self, level, line);
}

void aurora__kafka_say(aurora__kafka *self, int32_t level, const char *format, ...)
{
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    say_line(self, level, line, sizeof line);
}

void aurora__kafka_fail(aurora__kafka *self, const char *format, ...)
{
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    pthread_mutex_lock(&self->lock);
    snprintf(self->last_error, sizeof self->last_error, "%.255s", line);
    pthread_mutex_unlock(&self->lock);
    say_line(self, AURORA_LOG_WARNING, line, sizeof line);
}

/* --- what librdkafka says --------------------------------------------------------------------- */

/* Called on librdkafka's own threads. It warns of each property that one of our two clients has no
 * use for; the host's properties are given to both. */
static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *line)
{
    aurora__kafka_voice *voice = rd_kafka_opaque(rk);
    if (voice == NULL || strcmp(facility, "CONFWARN") == 0)
        return;
    int32_t own = level <= 2   ? AURORA_LOG_ERROR
                  : level <= 4 ? AURORA_LOG_WARNING
                  : level <= 6 ? AURORA_LOG_INFO
                               : AURORA_LOG_DEBUG;
    pthread_mutex_lock(&voice->lock);
    if (voice->bus != NULL)
        aurora__kafka_say(voice->bus, own, "kafka: %s: %s", facility, line);
    pthread_mutex_unlock(&voice->lock);
}

static void on_error(rd_kafka_t *rk, int code, const char *reason, void *argument)
{
    const aurora__kafka_voice *voice = argument;
    aurora__kafka *self = voice->bus;
    char fatal[256];
    if (code == RD_KAFKA_RESP_ERR__FATAL &&
        rd_kafka_fatal_error(rk, fatal, sizeof fatal) != RD_KAFKA_RESP_ERR_NO_ERROR)
        reason = fatal;
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
        atomic_store_explicit(&self->answered_ns, 0, memory_order_relaxed);
    aurora__kafka_fail(self, "kafka: %s", reason);
}

void aurora__kafka_report_attach(aurora__kafka *self, rd_kafka_conf_t *conf)
{
    rd_kafka_conf_set_opaque(conf, self->voice);
    rd_kafka_conf_set_log_cb(conf, on_log);
    rd_kafka_conf_set_error_cb(conf, on_error);
}

/* --- figures ---------------------------------------------------------------------------------- */

void aurora__kafka_answered(aurora__kafka *self)
{
    atomic_store_explicit(&self->answered_ns, aurora__kafka_now_ns(), memory_order_relaxed);
}

static int64_t count_lag(const aurora__kafka_consumer *consumer)
{
    int64_t lag = 0;
    for (uint32_t i = 0; i < consumer->part_count; i++) {
        int64_t behind = aurora__kafka_part_lag(&consumer->parts[i]);
        if (behind < 0)
            return -1;
        lag += behind;
    }
    return lag;
}

void aurora__kafka_figures(void *argument, aurora_bus_figures *out)
{
    aurora__kafka *self = argument;
    int64_t answered_ns = atomic_load_explicit(&self->answered_ns, memory_order_relaxed);
    aurora_bus_figures figures = {
        .size = sizeof figures,
        .is_connected = answered_ns > 0 && aurora__kafka_now_ns() - answered_ns < CONNECTED_NS,
        .produced = atomic_load_explicit(&self->produced, memory_order_relaxed),
        .produce_failures = atomic_load_explicit(&self->produce_failures, memory_order_relaxed),
        .consumed = atomic_load_explicit(&self->consumed, memory_order_relaxed),
        .rebalances = atomic_load_explicit(&self->rebalances, memory_order_relaxed),
        .produce_latency_us = atomic_load_explicit(&self->produce_latency_us, memory_order_relaxed),
    };
    pthread_mutex_lock(&self->lock);
    figures.assigned = self->consumer.part_count;
    figures.lag = count_lag(&self->consumer);
    memcpy(figures.last_error, self->last_error, sizeof figures.last_error);
    pthread_mutex_unlock(&self->lock);
    *out = figures;
}

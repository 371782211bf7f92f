/* SPDX-License-Identifier: MIT */
#include "span_log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SPANS_MAX 20000
#define WAIT_ROUNDS 5000

struct span_log {
    aurora_tracer tracer;
    pthread_mutex_t lock;
    aurora_span *spans[SPANS_MAX];
    uint32_t count;
    _Atomic uint64_t dropped;
};

static char *text_copy(const char *text)
{
    return text == NULL ? NULL : strdup(text);
}

static aurora_span *copy_of(const aurora_span *span)
{
    aurora_span *copy = malloc(sizeof *copy);
    *copy = *span;
    copy->name = text_copy(span->name);
    copy->status_message = text_copy(span->status_message);
    aurora_attribute *attributes = calloc(span->attribute_count + 1, sizeof *attributes);
    for (uint32_t i = 0; i < span->attribute_count; i++) {
        attributes[i] = span->attributes[i];
        attributes[i].key = text_copy(span->attributes[i].key);
        attributes[i].text = text_copy(span->attributes[i].text);
    }
    copy->attributes = attributes;
    aurora_span_link *links = calloc(span->link_count + 1, sizeof *links);
    if (span->link_count > 0)
        memcpy(links, span->links, span->link_count * sizeof *links);
    copy->links = links;
    return copy;
}

static void free_span(aurora_span *span)
{
    for (uint32_t i = 0; i < span->attribute_count; i++) {
        free((char *)(uintptr_t)span->attributes[i].key);
        free((char *)(uintptr_t)span->attributes[i].text);
    }
    free((void *)(uintptr_t)span->attributes);
    free((void *)(uintptr_t)span->links);
    free((char *)(uintptr_t)span->name);
    free((char *)(uintptr_t)span->status_message);
    free(span);
}

static void take(void *self, const aurora_span *span)
{
    span_log *log = self;
    aurora_span *copy = copy_of(span);
    pthread_mutex_lock(&log->lock);
    if (log->count < SPANS_MAX)
        log->spans[log->count++] = copy;
    else
        free_span(copy);
    pthread_mutex_unlock(&log->lock);
}

static void drop(void *self, uint64_t count)
{
    span_log *log = self;
    atomic_fetch_add(&log->dropped, count);
}

uint64_t span_log_dropped(span_log *log)
{
    return atomic_load(&log->dropped);
}

span_log *span_log_new(void)
{
    span_log *log = calloc(1, sizeof *log);
    ck_assert_ptr_nonnull(log);
    pthread_mutex_init(&log->lock, NULL);
    log->tracer =
        (aurora_tracer){.size = sizeof log->tracer, .self = log, .span = take, .dropped = drop};
    return log;
}

void span_log_clear(span_log *log)
{
    pthread_mutex_lock(&log->lock);
    for (uint32_t i = 0; i < log->count; i++)
        free_span(log->spans[i]);
    log->count = 0;
    pthread_mutex_unlock(&log->lock);
}

void span_log_free(span_log *log)
{
    span_log_clear(log);
    pthread_mutex_destroy(&log->lock);
    free(log);
}

const aurora_tracer *span_log_tracer(span_log *log)
{
    return &log->tracer;
}

static const aurora_attribute *attribute_of(const aurora_span *span, const char *key)
{
    for (uint32_t i = 0; i < span->attribute_count; i++) {
        if (strcmp(span->attributes[i].key, key) == 0)
            return &span->attributes[i];
    }
    return NULL;
}

const char *span_text(const aurora_span *span, const char *key)
{
    const aurora_attribute *attribute = attribute_of(span, key);
    return attribute == NULL ? NULL : attribute->text;
}

int64_t span_number(const aurora_span *span, const char *key)
{
    const aurora_attribute *attribute = attribute_of(span, key);
    return attribute == NULL ? INT64_MIN : attribute->number;
}

static bool is_it(const aurora_span *span, const char *name, const char *key, const char *text)
{
    if (name != NULL && strcmp(span->name, name) != 0)
        return false;
    const char *found = key == NULL ? NULL : span_text(span, key);
    return key == NULL || (found != NULL && strcmp(found, text) == 0);
}

static const aurora_span *search(span_log *log, const char *name, const char *key, const char *text,
                                 uint32_t *count_out)
{
    const aurora_span *first = NULL;
    *count_out = 0;
    pthread_mutex_lock(&log->lock);
    for (uint32_t i = 0; i < log->count; i++) {
        if (!is_it(log->spans[i], name, key, text))
            continue;
        first = first == NULL ? log->spans[i] : first;
        *count_out += 1;
    }
    pthread_mutex_unlock(&log->lock);
    return first;
}

uint32_t span_log_count(span_log *log, const char *name, const char *key, const char *text)
{
    uint32_t count;
    search(log, name, key, text, &count);
    return count;
}

static const char *say(const char *text)
{
    return text == NULL ? "" : text;
}

const aurora_span *span_log_find(span_log *log, const char *name, const char *key, const char *text)
{
    uint32_t count;
    const aurora_span *span = search(log, name, key, text, &count);
    if (span == NULL)
        span_log_print(log);
    ck_assert_msg(span != NULL, "no span '%s' with %s '%s'", say(name), say(key), say(text));
    return span;
}

const aurora_span *span_log_wait(span_log *log, const char *name, const char *key, const char *text)
{
    const struct timespec pause = {0, 2000000};
    for (int i = 0; i < WAIT_ROUNDS && span_log_count(log, name, key, text) == 0; i++)
        nanosleep(&pause, NULL);
    return span_log_find(log, name, key, text);
}

const aurora_span *span_log_at(span_log *log, uint32_t index)
{
    pthread_mutex_lock(&log->lock);
    const aurora_span *span = index < log->count ? log->spans[index] : NULL;
    pthread_mutex_unlock(&log->lock);
    return span;
}

/* --- how they hang together ------------------------------------------------------------------- */

void span_assert_child(const aurora_span *child, const aurora_span *parent)
{
    ck_assert_mem_eq(child->trace_id, parent->trace_id, 16);
    ck_assert_msg(memcmp(child->parent_id, parent->span_id, 8) == 0, "'%s' is no child of '%s'",
                  child->name, parent->name);
}

void span_assert_under(const aurora_span *span, const char *traceparent)
{
    aurora_trace_context context;
    aurora_assert_ok(aurora_traceparent_parse(traceparent, &context));
    ck_assert_mem_eq(span->trace_id, context.trace_id, 16);
    ck_assert_mem_eq(span->parent_id, context.span_id, 8);
}

bool span_has_link(const aurora_span *span, const aurora_span *to)
{
    for (uint32_t i = 0; i < span->link_count; i++) {
        if (memcmp(span->links[i].trace_id, to->trace_id, 16) == 0 &&
            memcmp(span->links[i].span_id, to->span_id, 8) == 0)
            return true;
    }
    return false;
}

static uint32_t count_id(const span_log *log, const aurora_span *of, const uint8_t id[8])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < log->count; i++)
        count += memcmp(log->spans[i]->trace_id, of->trace_id, 16) == 0 &&
                 memcmp(log->spans[i]->span_id, id, 8) == 0;
    return count;
}

void span_log_assert_whole(span_log *log, const aurora_span *any, const char *traceparent)
{
    aurora_trace_context root;
    aurora_assert_ok(aurora_traceparent_parse(traceparent, &root));
    bool is_whole = true;
    pthread_mutex_lock(&log->lock);
    for (uint32_t i = 0; i < log->count; i++) {
        const aurora_span *span = log->spans[i];
        if (memcmp(span->trace_id, any->trace_id, 16) != 0)
            continue;
        bool is_under = memcmp(span->parent_id, root.span_id, 8) == 0 ||
                        count_id(log, span, span->parent_id) == 1;
        if (!is_under || count_id(log, span, span->span_id) != 1 || span->end_ns < span->start_ns) {
            printf("'%s' has no parent, a twin, or ends before it begins\n", span->name);
            is_whole = false;
        }
    }
    pthread_mutex_unlock(&log->lock);
    if (!is_whole)
        span_log_print(log);
    ck_assert(is_whole);
}

static void print_under(const span_log *log, const aurora_span *parent, int depth)
{
    for (uint32_t i = 0; i < log->count && depth < 40; i++) {
        const aurora_span *span = log->spans[i];
        if (memcmp(span->trace_id, parent->trace_id, 16) != 0 ||
            memcmp(span->parent_id, parent->span_id, 8) != 0)
            continue;
        printf("%*s%s kind %d status %d", depth * 2, "", span->name, (int)span->kind,
               (int)span->status);
        for (uint32_t a = 0; a < span->attribute_count; a++) {
            const aurora_attribute *one = &span->attributes[a];
            if (one->text != NULL)
                printf(" %s=%s", one->key, one->text);
            else
                printf(" %s=%lld", one->key, (long long)one->number);
        }
        printf(" links %u\n", span->link_count);
        print_under(log, span, depth + 1);
    }
}

void span_log_print(span_log *log)
{
    pthread_mutex_lock(&log->lock);
    for (uint32_t i = 0; i < log->count; i++) {
        const aurora_span *span = log->spans[i];
        if (count_id(log, span, span->parent_id) > 0)
            continue;
        aurora_span above = {0};
        memcpy(above.trace_id, span->trace_id, 16);
        memcpy(above.span_id, span->parent_id, 8);
        bool is_first = true;
        for (uint32_t k = 0; k < i; k++)
            is_first = is_first && (memcmp(log->spans[k]->trace_id, span->trace_id, 16) != 0 ||
                                    memcmp(log->spans[k]->parent_id, span->parent_id, 8) != 0);
        if (is_first) {
            printf("--- a trace\n");
            print_under(log, &above, 0);
        }
    }
    pthread_mutex_unlock(&log->lock);
}

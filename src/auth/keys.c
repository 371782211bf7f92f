/* SPDX-License-Identifier: MIT */
#include "auth/keys.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <aurora/handle.h>
#include <curl/curl.h>
#include <openssl/crypto.h>

#include "auth/fetch.h"
#include "auth/source.h"
#include "http/clock.h"

#define MS_NS INT64_C(1000000)
#define START_WAIT_MS 3000
#define MISS_PAUSE_MS 10000
#define RETRY_FIRST_MS 1000
#define RETRY_MAX_MS 60000

struct aurora__keys {
    aurora_auth_options options; /* without its texts */
    char *ca;
    aurora__source sources[AURORA__SOURCES_MAX];
    uint32_t source_count, url_count;
    bool has_thread, has_curl;
    pthread_t thread;
    atomic_bool is_stopping;
    _Atomic uint64_t generation;

    pthread_mutex_t mutex; /* of all that follows, and of what the sources hold */
    pthread_cond_t changed;
    aurora__key_set *current;
    bool is_wanted, is_fetching;
    uint32_t rounds; /* of fetches that have ended */
    int64_t miss_ns; /* when one was last asked for by a miss; 0 = never */
    aurora__keys_figures figures;
};

static aurora_status refuse(aurora_error *err, aurora_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static aurora_status refuse(aurora_error *err, aurora_status status, const char *format, ...)
{
    va_list arguments;
    err->status = status;
    snprintf(err->field, sizeof err->field, "jwt_keys");
    va_start(arguments, format);
    vsnprintf(err->message, sizeof err->message, format, arguments);
    va_end(arguments);
    return status;
}

static void say(const aurora__keys *keys, int32_t level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void say(const aurora__keys *keys, int32_t level, const char *format, ...)
{
    char line[512];
    va_list arguments;
    if (keys->options.log == NULL)
        return;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    keys->options.log(keys->options.log_self, level, line);
}

/* --- taking documents ------------------------------------------------------------------------- */

typedef struct {
    const aurora__keys *keys;
    const char *source;
} teller;

static void say_skipped(void *self, const char *why)
{
    const teller *t = self;
    say(t->keys, AURORA_LOG_WARNING, "%s: %s, and is left out", t->source, why);
}

/* All sources' keys as one set. On the lock. */
static void merge(aurora__keys *keys)
{
    char why[160];
    aurora__key_set *set = aurora__key_set_new();
    if (set == NULL)
        return;
    for (uint32_t i = 0; i < keys->source_count; i++) {
        const aurora__key_set *own = keys->sources[i].set;
        for (uint32_t j = 0; own != NULL && j < own->count; j++) {
            if (!aurora__key_set_add(set, aurora__key_hold(own->keys[j]), why))
                say(keys, AURORA_LOG_WARNING, "%s: the key %s %s, and is left out",
                    keys->sources[i].text, own->keys[j]->id, why);
        }
    }
    aurora__key_set_drop(keys->current);
    keys->current = set;
    keys->figures.keys = set->count;
    atomic_fetch_add(&keys->generation, 1);
}

static int64_t pause_ns(const aurora__keys *keys, uint32_t failures)
{
    int64_t ms = keys->options.refresh_ms;
    if (failures > 0) {
        int64_t retry_ms = RETRY_FIRST_MS << (failures < 7 ? failures - 1 : 6);
        retry_ms = retry_ms > RETRY_MAX_MS ? RETRY_MAX_MS : retry_ms;
        ms = retry_ms < ms ? retry_ms : ms;
    }
    return ms * MS_NS;
}

static void fail(aurora__keys *keys, aurora__source *source, const char *why)
{
    source->failures++;
    keys->figures.failures++;
    say(keys, AURORA_LOG_WARNING, "%s: %s; %s", source->text, why,
        source->set != NULL ? "its old keys stay" : "it has given no keys yet");
}

/* Takes what was read of a source; NULL = it could not be, for the reason in `why`. */
static bool take(aurora__keys *keys, aurora__source *source, const char *document, size_t len,
                 char why[160])
{
    bool has_changed = false;
    teller t = {.keys = keys, .source = source->text};
    struct timespec now;
    pthread_mutex_lock(&keys->mutex);
    keys->figures.fetches++;
    bool is_taken = document != NULL &&
                    aurora__source_take(source, document, len, say_skipped, &t, &has_changed, why);
    if (is_taken) {
        clock_gettime(CLOCK_REALTIME, &now);
        keys->figures.fetched_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
        source->failures = 0;
    } else {
        fail(keys, source, why);
    }
    if (has_changed) {
        merge(keys);
        say(keys, AURORA_LOG_INFO, "%s: %u keys for tokens, %u in all", source->text,
            source->set->count, keys->current->count);
    }
    source->next_ns = aurora__now_ns() + pause_ns(keys, source->failures);
    pthread_mutex_unlock(&keys->mutex);
    return is_taken;
}

static bool read_file(aurora__keys *keys, aurora__source *source, char why[160])
{
    size_t len = 0;
    char *document = aurora__fetch_file(source->text, &len, why);
    bool is_taken = take(keys, source, document, len, why);
    if (document != NULL)
        OPENSSL_cleanse(document, len);
    free(document);
    return is_taken;
}

static void fetch(aurora__keys *keys, aurora__source *source)
{
    char why[160];
    size_t len = 0;
    char *document = aurora__fetch_url(source->text, keys->ca, &keys->is_stopping, &len, why);
    if (document != NULL || !atomic_load(&keys->is_stopping))
        take(keys, source, document, len, why);
    free(document);
}

/* --- the thread ------------------------------------------------------------------------------- */

/* When the next URL is due. On the lock. */
static int64_t next_ns(const aurora__keys *keys)
{
    int64_t next = INT64_MAX;
    for (uint32_t i = 0; i < keys->source_count; i++) {
        if (keys->sources[i].is_url && keys->sources[i].next_ns < next)
            next = keys->sources[i].next_ns;
    }
    return next;
}

static void fetch_all(aurora__keys *keys, bool is_forced)
{
    for (uint32_t i = 0; i < keys->source_count && !atomic_load(&keys->is_stopping); i++) {
        aurora__source *source = &keys->sources[i];
        if (source->is_url && (is_forced || source->next_ns <= aurora__now_ns()))
            fetch(keys, source);
    }
}

static void *run(void *argument)
{
    aurora__keys *keys = argument;
    pthread_mutex_lock(&keys->mutex);
    while (!atomic_load(&keys->is_stopping)) {
        int64_t next = next_ns(keys);
        if (!keys->is_wanted && next > aurora__now_ns()) {
            const struct timespec until = {.tv_sec = next / 1000000000,
                                           .tv_nsec = next % 1000000000};
            pthread_cond_timedwait(&keys->changed, &keys->mutex, &until);
            continue;
        }
        bool is_forced = keys->is_wanted;
        keys->is_wanted = false;
        keys->is_fetching = true;
        pthread_mutex_unlock(&keys->mutex);
        fetch_all(keys, is_forced);
        pthread_mutex_lock(&keys->mutex);
        keys->is_fetching = false;
        keys->rounds++;
        pthread_cond_broadcast(&keys->changed);
    }
    pthread_mutex_unlock(&keys->mutex);
    return NULL;
}

/* --- life ------------------------------------------------------------------------------------- */

static void init_locks(aurora__keys *keys)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&keys->mutex, NULL);
    pthread_cond_init(&keys->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

/* Reads the setting and the files that it names. */
static aurora_status read_sources(aurora__keys *keys, const char *text, aurora_error *err)
{
    char why[288];
    if (!aurora__sources_read(text, keys->sources, &keys->source_count, why))
        return refuse(err, AURORA_EINVAL, "%s", why);
    for (uint32_t i = 0; i < keys->source_count; i++) {
        aurora__source *source = &keys->sources[i];
        keys->url_count += source->is_url;
        if (!source->is_url && !read_file(keys, source, why))
            return refuse(err, AURORA_EIO, "%.120s %.120s", source->text, why);
    }
    return AURORA_OK;
}

/* The first answers decide whether the first requests can be judged. */
static void wait_for_round(aurora__keys *keys)
{
    int64_t end = aurora__now_ns() + START_WAIT_MS * MS_NS;
    const struct timespec until = {.tv_sec = end / 1000000000, .tv_nsec = end % 1000000000};
    pthread_mutex_lock(&keys->mutex);
    while (keys->rounds == 0 && aurora__now_ns() < end)
        pthread_cond_timedwait(&keys->changed, &keys->mutex, &until);
    pthread_mutex_unlock(&keys->mutex);
}

static aurora_status start(aurora__keys *keys, aurora_error *err)
{
    if (keys->url_count == 0)
        return AURORA_OK;
    keys->has_curl = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    keys->is_wanted = true;
    keys->has_thread = keys->has_curl && pthread_create(&keys->thread, NULL, run, keys) == 0;
    if (!keys->has_thread)
        return refuse(err, AURORA_EIO, "the thread that fetches keys cannot be started");
    wait_for_round(keys);
    return AURORA_OK;
}

static aurora__keys *new_keys(const aurora_auth_options *options)
{
    aurora__keys *keys = calloc(1, sizeof *keys);
    if (keys == NULL)
        return NULL;
    init_locks(keys);
    keys->options = *options;
    if (keys->options.miss_pause_ms == 0)
        keys->options.miss_pause_ms = MISS_PAUSE_MS;
    keys->ca = strdup(options->ca != NULL ? options->ca : "");
    keys->current = aurora__key_set_new();
    if (keys->ca != NULL && keys->current != NULL)
        return keys;
    aurora__keys_close(keys);
    return NULL;
}

aurora_status aurora__keys_open(const aurora_auth_options *options, aurora__keys **out,
                                aurora_error *err)
{
    aurora__keys *keys = new_keys(options);
    if (keys == NULL)
        return refuse(err, AURORA_ENOMEM, "out of memory");
    aurora_status status = read_sources(keys, options->keys, err);
    if (status == AURORA_OK)
        status = start(keys, err);
    if (status == AURORA_OK)
        *out = keys;
    else
        aurora__keys_close(keys);
    return status;
}

aurora_status aurora__keys_check(const aurora_auth_options *options, aurora_error *err)
{
    aurora_auth_options silent = *options;
    silent.log = NULL;
    aurora__keys *keys = new_keys(&silent);
    if (keys == NULL)
        return refuse(err, AURORA_ENOMEM, "out of memory");
    aurora_status status = read_sources(keys, options->keys, err);
    aurora__keys_close(keys);
    return status;
}

void aurora__keys_close(aurora__keys *keys)
{
    if (keys == NULL)
        return;
    pthread_mutex_lock(&keys->mutex);
    atomic_store(&keys->is_stopping, true);
    pthread_cond_broadcast(&keys->changed);
    pthread_mutex_unlock(&keys->mutex);
    if (keys->has_thread)
        pthread_join(keys->thread, NULL);
    if (keys->has_curl)
        curl_global_cleanup();
    for (uint32_t i = 0; i < keys->source_count; i++)
        aurora__source_clear(&keys->sources[i]);
    aurora__key_set_drop(keys->current);
    pthread_cond_destroy(&keys->changed);
    pthread_mutex_destroy(&keys->mutex);
    free(keys->ca);
    free(keys);
}

void aurora__keys_reload(aurora__keys *keys)
{
    char why[160];
    for (uint32_t i = 0; i < keys->source_count; i++) {
        if (!keys->sources[i].is_url)
            read_file(keys, &keys->sources[i], why);
    }
    pthread_mutex_lock(&keys->mutex);
    keys->is_wanted = keys->url_count > 0;
    pthread_cond_broadcast(&keys->changed);
    pthread_mutex_unlock(&keys->mutex);
}

/* --- for tokens ------------------------------------------------------------------------------- */

uint64_t aurora__keys_generation(const aurora__keys *keys)
{
    return atomic_load_explicit(&keys->generation, memory_order_acquire);
}

aurora__key_set *aurora__keys_current(aurora__keys *keys, uint64_t *generation_out)
{
    pthread_mutex_lock(&keys->mutex);
    *generation_out = aurora__keys_generation(keys);
    aurora__key_set *set = aurora__key_set_hold(keys->current);
    pthread_mutex_unlock(&keys->mutex);
    return set;
}

static uint32_t count_missing(const aurora__keys *keys)
{
    uint32_t missing = 0;
    for (uint32_t i = 0; i < keys->source_count; i++)
        missing += keys->sources[i].set == NULL;
    return missing;
}

int aurora__keys_miss(aurora__keys *keys)
{
    int64_t now = aurora__now_ns();
    int outcome = AURORA__KEYS_KNOWN;
    pthread_mutex_lock(&keys->mutex);
    bool may_ask = keys->miss_ns == 0 || now - keys->miss_ns >= keys->options.miss_pause_ms * MS_NS;
    if (keys->is_fetching || keys->is_wanted) {
        outcome = AURORA__KEYS_SOON;
    } else if (keys->url_count > 0 && may_ask) {
        keys->miss_ns = now;
        keys->is_wanted = true;
        keys->figures.misses++;
        pthread_cond_broadcast(&keys->changed);
        outcome = AURORA__KEYS_SOON;
    } else if (count_missing(keys) > 0) {
        outcome = AURORA__KEYS_MISSING;
    }
    pthread_mutex_unlock(&keys->mutex);
    return outcome;
}

void aurora__keys_read(aurora__keys *keys, aurora__keys_figures *out)
{
    pthread_mutex_lock(&keys->mutex);
    *out = keys->figures;
    out->sources = keys->source_count;
    out->sources_missing = count_missing(keys);
    pthread_mutex_unlock(&keys->mutex);
}

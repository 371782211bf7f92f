/* SPDX-License-Identifier: MIT */
/* The thread that sends: one batch after the other, again where that may help, with a growing pause
 * while the collector does not answer. */
#include "telemetry/telemetry.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <aurora/handle.h>

#include "http/clock.h"
#include "telemetry/kept.h"
#include "telemetry/post.h"
#include "telemetry/queue.h"
#include "telemetry/span_json.h"

#define MS_NS INT64_C(1000000)
#define SECOND_NS (1000 * MS_NS)
#define PAUSE_FIRST_NS SECOND_NS
#define PAUSE_MAX_NS (30 * SECOND_NS)
#define ASKED_PAUSE_MAX_S 300    /* of what a collector asks for */
#define TELL_NS (60 * SECOND_NS) /* between two lines about spans without room */
#define SHOWN_BYTES 128
#define SPAN_BYTES 2048
#define BYTES_MIN 4194304

struct aurora_telemetry {
    aurora__span_queue queue;
    aurora__poster *poster;
    char *head;              /* of each body: the resource */
    char shown[SHOWN_BYTES]; /* the collector, for people: without path and query */
    uint32_t timeout_ms;
    int64_t delay_ns, export_ns;
    void (*log)(void *self, int32_t level, const char *message);
    void *log_self;
    pthread_t thread;
    bool is_started;
    _Atomic int64_t stop_ns; /* nothing is sent after it */
    aurora__kept kept;
    _Atomic uint64_t exported, rejected, failed, not_kept;
    _Atomic bool is_down;
    /* The thread's alone. */
    uint32_t failures_in_row;
    int64_t next_try_ns; /* not before */
    uint64_t lost_before;
    bool is_told_partial;
    uint64_t told_dropped;
    int64_t tell_dropped_ns;
};

static void say(const aurora_telemetry *telemetry, int32_t level, const char *message)
{
    if (telemetry->log != NULL)
        telemetry->log(telemetry->log_self, level, message);
}

static void count(_Atomic uint64_t *counter, uint64_t by)
{
    atomic_fetch_add_explicit(counter, by, memory_order_relaxed);
}

/* --- what is told ----------------------------------------------------------------------------- */

static uint64_t lost(aurora_telemetry *telemetry)
{
    return atomic_load(&telemetry->queue.dropped) + atomic_load(&telemetry->failed);
}

static void tell_down(aurora_telemetry *telemetry, const char *why)
{
    char text[512];
    if (atomic_exchange(&telemetry->is_down, true))
        return;
    telemetry->lost_before = lost(telemetry);
    snprintf(text, sizeof text,
             "traces cannot be sent to %s: %s; they wait while there is room, and nothing more is "
             "said until it works",
             telemetry->shown, why);
    say(telemetry, AURORA_LOG_WARNING, text);
}

static void tell_up(aurora_telemetry *telemetry)
{
    char text[256];
    if (!atomic_exchange(&telemetry->is_down, false))
        return;
    snprintf(text, sizeof text, "traces are sent to %s again; %" PRIu64 " spans are lost",
             telemetry->shown, lost(telemetry) - telemetry->lost_before);
    say(telemetry, AURORA_LOG_INFO, text);
    telemetry->told_dropped = atomic_load(&telemetry->queue.dropped);
}

static void tell_partial(aurora_telemetry *telemetry, const char *why)
{
    char text[512];
    if (telemetry->is_told_partial)
        return;
    telemetry->is_told_partial = true;
    snprintf(text, sizeof text, "%s says: %s (this is said once)", telemetry->shown, why);
    say(telemetry, AURORA_LOG_WARNING, text);
}

/* Of a collector that is well: more comes than it takes. */
static void tell_dropped(aurora_telemetry *telemetry)
{
    char text[256];
    uint64_t dropped = atomic_load(&telemetry->queue.dropped);
    int64_t now_ns = aurora__now_ns();
    if (dropped == telemetry->told_dropped || now_ns < telemetry->tell_dropped_ns)
        return;
    snprintf(text, sizeof text,
             "%" PRIu64 " spans had no room: more come than %s takes; trace_sample bounds them",
             dropped - telemetry->told_dropped, telemetry->shown);
    say(telemetry, AURORA_LOG_WARNING, text);
    telemetry->told_dropped = dropped;
    telemetry->tell_dropped_ns = now_ns + TELL_NS;
}

/* --- one batch -------------------------------------------------------------------------------- */

/* Those that OTLP/HTTP names, and what was not answered at all. */
static bool may_repeat(const aurora__post_result *result)
{
    return result->status == 0 || result->status == 429 ||
           (result->status >= 502 && result->status <= 504);
}

static bool is_good(const aurora__post_result *result)
{
    return result->status >= 200 && result->status <= 299;
}

/* Half of it fixed and half of it drawn, so that many exporters do not come at once. */
static int64_t pause_ns(const aurora_telemetry *telemetry, const aurora__post_result *result)
{
    uint32_t doublings = telemetry->failures_in_row < 6 ? telemetry->failures_in_row - 1 : 5;
    int64_t pause = PAUSE_FIRST_NS << doublings;
    if (pause > PAUSE_MAX_NS)
        pause = PAUSE_MAX_NS;
    uint64_t drawn = (uint64_t)aurora__now_ns() * UINT64_C(0x9e3779b97f4a7c15) >> 33;
    pause = pause / 2 + (int64_t)(drawn % (uint64_t)(pause / 2));
    int64_t asked_s = result->retry_after_s;
    if (asked_s > ASKED_PAUSE_MAX_S)
        asked_s = ASKED_PAUSE_MAX_S;
    return asked_s * SECOND_NS > pause ? asked_s * SECOND_NS : pause;
}

static int64_t time_left_ms(const aurora_telemetry *telemetry, int64_t end_ns)
{
    int64_t stop_ns = atomic_load(&telemetry->stop_ns);
    int64_t left_ms = ((stop_ns < end_ns ? stop_ns : end_ns) - aurora__now_ns()) / MS_NS;
    return left_ms < telemetry->timeout_ms ? left_ms : telemetry->timeout_ms;
}

static void note_good(aurora_telemetry *telemetry, uint32_t spans,
                      const aurora__post_result *result)
{
    uint64_t rejected = result->rejected < spans ? result->rejected : spans;
    count(&telemetry->exported, spans - rejected);
    count(&telemetry->rejected, rejected);
    telemetry->failures_in_row = 0;
    telemetry->next_try_ns = 0;
    tell_up(telemetry);
    if (result->why[0] != '\0')
        tell_partial(telemetry, result->why);
    tell_dropped(telemetry);
}

/* An attempt; whether another one is to be made, not before next_try_ns. */
static bool attempt(aurora_telemetry *telemetry, const aurora__span_batch *batch, int64_t end_ns)
{
    aurora__post_result result = {0};
    int64_t left_ms = time_left_ms(telemetry, end_ns);
    if (left_ms > 0)
        aurora__poster_send(telemetry->poster, batch->out.text, batch->out.len, left_ms, &result);
    if (is_good(&result)) {
        note_good(telemetry, batch->count, &result);
        return false;
    }
    telemetry->failures_in_row++;
    telemetry->next_try_ns = aurora__now_ns() + pause_ns(telemetry, &result);
    tell_down(telemetry, result.why[0] != '\0' ? result.why : "there was no time left");
    if (left_ms > 0 && may_repeat(&result) && telemetry->next_try_ns < end_ns)
        return true;
    count(&telemetry->failed, batch->count);
    return false;
}

static void deliver(aurora_telemetry *telemetry, aurora__span_batch *batch)
{
    bool is_ending, goes_on;
    if (batch->out.is_failed) {
        count(&telemetry->failed, batch->count);
        return;
    }
    int64_t end_ns = aurora__now_ns() + telemetry->export_ns;
    if (telemetry->next_try_ns > end_ns)
        end_ns = telemetry->next_try_ns + telemetry->timeout_ms * MS_NS;
    do {
        is_ending = aurora__span_queue_pause(&telemetry->queue, telemetry->next_try_ns);
        goes_on = attempt(telemetry, batch, end_ns);
    } while (goes_on && !is_ending);
    if (goes_on)
        count(&telemetry->failed, batch->count);
}

static void *work(void *self)
{
    aurora_telemetry *telemetry = self;
    for (;;) {
        aurora__span_batch *batch = aurora__span_queue_take(&telemetry->queue, telemetry->delay_ns);
        if (batch == NULL)
            return NULL;
        deliver(telemetry, batch);
        aurora__span_queue_release(&telemetry->queue, batch);
    }
}

/* --- life ------------------------------------------------------------------------------------- */

static char *write_head(const aurora_telemetry_options *options, size_t *len_out)
{
    aurora_json_out out = {0};
    aurora_json_out_object(&out, NULL);
    aurora_json_out_array(&out, "resourceSpans");
    aurora_json_out_object(&out, NULL);
    aurora_json_out_object(&out, "resource");
    aurora_json_out_array(&out, "attributes");
    for (uint32_t i = 0; i < options->resource_count; i++)
        aurora__attribute_write(&out, &options->resource[i]);
    aurora_json_out_close(&out, ']');
    aurora_json_out_close(&out, '}');
    aurora_json_out_array(&out, "scopeSpans");
    aurora_json_out_object(&out, NULL);
    aurora_json_out_object(&out, "scope");
    aurora_json_out_text(&out, "name", "aurora");
    aurora_json_out_text(&out, "version", aurora_version());
    aurora_json_out_close(&out, '}');
    aurora_json_out_array(&out, "spans");
    return aurora_json_out_end(&out, len_out);
}

/* "https://host:port": what follows may hold a key. */
static void show(const char *url, char shown[SHOWN_BYTES])
{
    const char *authority = strstr(url, "://");
    size_t len = authority == NULL ? 0 : (size_t)(authority + 3 - url);
    len += strcspn(url + len, "/?#");
    snprintf(shown, SHOWN_BYTES, "%.*s", (int)len, url);
}

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
    return value > 0 ? value : otherwise;
}

/* Most spans are shorter than this: whoever asks for a longer queue gets one. */
static size_t default_bytes(uint32_t queue_max)
{
    size_t bytes = (size_t)queue_max * SPAN_BYTES;
    return bytes > BYTES_MIN ? bytes : BYTES_MIN;
}

static bool init_parts(aurora_telemetry *telemetry, const aurora_telemetry_options *options)
{
    size_t head_len = 0;
    uint32_t queue_max = or_default(options->queue_max, 2048);
    uint32_t batch_max = or_default(options->batch_max, 512);
    telemetry->head = write_head(options, &head_len);
    const aurora__span_queue_limits limits = {
        .spans_max = queue_max,
        .bytes_max = options->bytes_max > 0 ? options->bytes_max : default_bytes(queue_max),
        .batch_max = batch_max < queue_max ? batch_max : queue_max,
        .head = telemetry->head,
        .head_len = head_len,
    };
    const aurora__poster_options poster = {
        .url = options->url,
        .ca = options->ca != NULL ? options->ca : "",
        .is_gzip = options->is_gzip,
        .headers = options->headers,
        .header_count = options->header_count,
        .stop_ns = &telemetry->stop_ns,
    };
    aurora__span_queue_init(&telemetry->queue, &limits);
    telemetry->poster = aurora__poster_new(&poster);
    return telemetry->head != NULL && telemetry->poster != NULL;
}

/* Signals are the business of the program's own threads. */
static bool start_thread(aurora_telemetry *telemetry)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    telemetry->is_started = pthread_create(&telemetry->thread, NULL, work, telemetry) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return telemetry->is_started;
}

aurora_status aurora_telemetry_start(const aurora_telemetry_options *options,
                                     aurora_telemetry **out)
{
    *out = NULL;
    aurora_telemetry *telemetry = calloc(1, sizeof *telemetry);
    if (telemetry == NULL)
        return AURORA_ENOMEM;
    telemetry->timeout_ms = or_default(options->timeout_ms, 10000);
    telemetry->export_ns = or_default(options->export_ms, 30000) * MS_NS;
    telemetry->delay_ns = or_default(options->delay_ms, 5000) * MS_NS;
    telemetry->log = options->log;
    telemetry->log_self = options->log_self;
    atomic_init(&telemetry->stop_ns, INT64_MAX);
    show(options->url, telemetry->shown);
    if (!init_parts(telemetry, options) || !start_thread(telemetry)) {
        aurora_telemetry_free(telemetry);
        return AURORA_ENOMEM;
    }
    *out = telemetry;
    return AURORA_OK;
}

void aurora_telemetry_stop(aurora_telemetry *telemetry, uint32_t timeout_ms)
{
    if (telemetry == NULL || !telemetry->is_started)
        return;
    atomic_store(&telemetry->stop_ns, aurora__now_ns() + timeout_ms * MS_NS);
    aurora__span_queue_end(&telemetry->queue);
    pthread_join(telemetry->thread, NULL);
    telemetry->is_started = false;
}

void aurora_telemetry_free(aurora_telemetry *telemetry)
{
    if (telemetry == NULL)
        return;
    aurora_telemetry_stop(telemetry, 0);
    aurora__poster_free(telemetry->poster);
    aurora__span_queue_deinit(&telemetry->queue);
    free(telemetry->head);
    free(telemetry);
}

/* --- from outside ----------------------------------------------------------------------------- */

/* Whether nobody has asked for a span, and it does not say itself why it is here. */
static bool is_unasked(const aurora_span *span)
{
    if ((span->trace_flags & AURORA_TRACE_SAMPLED) != 0)
        return false;
    for (uint32_t i = 0; i < span->attribute_count; i++) {
        if (strcmp(span->attributes[i].key, "aurora.kept") == 0)
            return false;
    }
    return true;
}

void aurora_telemetry_dropped(void *self, uint64_t span_count)
{
    aurora_telemetry *telemetry = self;
    count(&telemetry->not_kept, span_count);
}

bool aurora_telemetry_may_keep(void *self, uint32_t span_count)
{
    aurora_telemetry *telemetry = self;
    bool may_keep = aurora__kept_take(&telemetry->kept, aurora__now_ns());
    if (!may_keep)
        count(&telemetry->not_kept, span_count);
    return may_keep;
}

void aurora_telemetry_span(void *self, const aurora_span *span)
{
    aurora_telemetry *telemetry = self;
    bool unasked = is_unasked(span);
    if (!unasked || aurora_telemetry_may_keep(self, 1))
        aurora__span_queue_add(&telemetry->queue, span, unasked ? "error" : NULL);
}

void aurora_telemetry_figures_get(aurora_telemetry *telemetry, aurora_telemetry_figures *out)
{
    *out = (aurora_telemetry_figures){
        .exported = atomic_load(&telemetry->exported),
        .dropped = atomic_load(&telemetry->queue.dropped) + atomic_load(&telemetry->rejected) +
                   atomic_load(&telemetry->not_kept),
        .failed = atomic_load(&telemetry->failed),
        .waiting = atomic_load(&telemetry->queue.spans),
        .is_down = atomic_load(&telemetry->is_down),
    };
}

/* SPDX-License-Identifier: MIT */
#include "adapters/sender/sender.h"

#include "adapters/sender/span.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define THREADS 4
#define QUEUE_MAX 64 /* tasks of all threads: each has to be sent within its lease */
#define STOP_NS INT64_C(2000000000)
#define REPORT_PAUSE_MS 200L
#define REPORT_TRIES 50
#define PAUSE_FIRST_MS 1000
#define PAUSE_MAX_MS 300000
#define SAY_NS INT64_C(1000000000)
#define TEXTS 8
#define BREAKER_NS INT64_C(1000000000)

typedef struct job {
    struct job *next;
    aurora_t *shop;
    aurora_task task;
    char texts[];
} job;

typedef struct {
    aurora__sender *sender;
    pthread_t thread;
    bool has_thread;
    CURL *easy;
    job *first, **end;
} lane;

struct aurora__sender {
    aurora_allocator allocator;
    void (*log)(void *self, int32_t level, const char *message);
    void *log_self;
    void *self;
    void (*send)(void *self, CURL *easy, const aurora_task *task, aurora__sender_result *result);
    int64_t timeout_ms;
    const aurora_tracer *tracer; /* NULL = nobody is told */
    char *ca_file;               /* NULL = the system's */

    pthread_mutex_t lock;
    pthread_cond_t work;
    uint32_t jobs; /* queued or being sent */
    bool is_stopping;
    _Atomic int64_t stop_ns; /* 0 = not yet; transfers are cut off then */
    int64_t said_ns;
    uint32_t unsaid;
    aurora_breaker breaker;
    lane lanes[THREADS];
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

aurora_status aurora__sender_refuse(aurora_error *err, aurora_status status, const char *field,
                                    const char *message)
{
    if (err == NULL || err->size < sizeof *err)
        return status;
    err->status = status;
    snprintf(err->field, sizeof err->field, "%s", field);
    snprintf(err->message, sizeof err->message, "%s", message);
    return status;
}

/* --- results ---------------------------------------------------------------------------------- */

void aurora__sender_again(const aurora_task *task, int64_t retry_after_ms,
                          aurora__sender_result *result, const char *why)
{
    int64_t pause_ms = PAUSE_FIRST_MS;
    for (uint32_t i = 1; i < task->attempt && pause_ms < PAUSE_MAX_MS; i++)
        pause_ms *= 2;
    if (pause_ms > PAUSE_MAX_MS)
        pause_ms = PAUSE_MAX_MS;
    pause_ms += pause_ms * task->id.bytes[14] / 1024; /* apart, where many failed together */
    if (retry_after_ms > pause_ms)
        pause_ms = retry_after_ms < 3600000 ? retry_after_ms : 3600000;
    result->outcome = AURORA_OUTCOME_UNKNOWN;
    result->retry_after_ms = (uint32_t)pause_ms;
    snprintf(result->why, sizeof result->why, "%s", why);
}

void aurora__sender_decline(aurora__sender_result *result, const char *code, const char *why)
{
    result->outcome = AURORA_OUTCOME_DECLINED;
    snprintf(result->code, sizeof result->code, "%s", code);
    snprintf(result->why, sizeof result->why, "%s", why);
}

/* One line a second at most: an outage is one thing to say, not thousands. */
static void warn(aurora__sender *sender, const aurora_task *task, const char *why)
{
    char line[320], id[AURORA_ID_TEXT_BYTES], more[48] = "";
    int64_t at_ns = now_ns();
    pthread_mutex_lock(&sender->lock);
    bool is_said = sender->said_ns == 0 || at_ns - sender->said_ns >= SAY_NS;
    if (is_said && sender->unsaid > 0)
        snprintf(more, sizeof more, "; %u like it since the last line", sender->unsaid);
    sender->unsaid = is_said ? 0 : sender->unsaid + 1;
    if (is_said)
        sender->said_ns = at_ns;
    pthread_mutex_unlock(&sender->lock);
    if (!is_said)
        return;
    aurora_id_format(task->order_id, id);
    snprintf(line, sizeof line, "%s of %s is not sent: %s%s",
             aurora_notification_name(task->notification_kind), id, why, more);
    sender->log(sender->log_self, AURORA_LOG_WARNING, line);
}

/* What cannot be reported in time is found by the end of its lease. */
static void report(aurora__sender *sender, const job *what, const aurora__sender_result *result)
{
    const struct timespec rest = {.tv_nsec = REPORT_PAUSE_MS * 1000000};
    for (int i = 0; i < REPORT_TRIES; i++) {
        aurora_status rc = aurora_task_finish(
            what->shop, what->task.id,
            AURORA_TASK_RESULT(.outcome = result->outcome,
                               .code = result->code[0] != '\0' ? result->code : NULL,
                               .retry_after_ms = result->retry_after_ms),
            NULL);
        int64_t stop_ns = atomic_load(&sender->stop_ns);
        if (!aurora_status_is_retriable(rc) || (stop_ns != 0 && now_ns() > stop_ns))
            return;
        nanosleep(&rest, NULL);
    }
}

/* --- sending ---------------------------------------------------------------------------------- */

static int go_on(void *argument, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const aurora__sender *sender = argument;
    int64_t stop_ns = atomic_load(&sender->stop_ns);
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return stop_ns != 0 && now_ns() > stop_ns;
}

/* The environment of a host (http_proxy) has no say about where its customers' data goes. */
static bool set_options(const aurora__sender *sender, CURL *easy)
{
    curl_easy_reset(easy);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)sender->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, go_on);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, sender);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    return curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
           (sender->ca_file == NULL ||
            (curl_easy_setopt(easy, CURLOPT_CAINFO, sender->ca_file) == CURLE_OK &&
             curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK));
}

/* One that refuses a message, or a recipient for now, is not in trouble itself; 421 and 429 say
 * that it is. */
static int32_t outcome_for_breaker(CURL *easy, const aurora__sender_result *result)
{
    long code = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &code);
    if (result->outcome != AURORA_OUTCOME_UNKNOWN)
        return AURORA_BREAKER_SUCCESS;
    bool is_refused = code >= 400 && code < 500 && code != 421 && code != 429;
    return is_refused ? AURORA_BREAKER_IGNORED : AURORA_BREAKER_FAILURE;
}

/* A receiver in trouble is left alone for a while; what has been taken already waits as long. */
static void send_through(const lane *own, const aurora_task *given, aurora__sender_result *result)
{
    aurora__sender_span span;
    aurora_task traced = *given;
    const aurora_task *task = &traced;
    long reply_code = 0;
    aurora__sender *sender = own->sender;
    aurora_breaker_figures figures;
    uint64_t ticket;
    pthread_mutex_lock(&sender->lock);
    bool is_in = aurora_breaker_try_enter(&sender->breaker, now_ns(), &ticket);
    aurora_breaker_read(&sender->breaker, now_ns(), &figures);
    pthread_mutex_unlock(&sender->lock);
    if (!is_in) {
        aurora__sender_again(task, figures.retry_after_ns / 1000000, result, "");
        return;
    }
    aurora__sender_span_begin(&span, sender->tracer, &traced);
    sender->send(sender->self, own->easy, task, result);
    curl_easy_getinfo(own->easy, CURLINFO_RESPONSE_CODE, &reply_code);
    aurora__sender_span_end(&span, sender->tracer, task, reply_code, result);
    int32_t outcome = outcome_for_breaker(own->easy, result);
    pthread_mutex_lock(&sender->lock);
    aurora_breaker_leave(&sender->breaker, ticket, outcome, now_ns());
    pthread_mutex_unlock(&sender->lock);
}

static void send_one(const lane *own, const job *what)
{
    aurora__sender *sender = own->sender;
    aurora__sender_result result = {0};
    if (atomic_load(&sender->stop_ns) != 0)
        aurora__sender_again(&what->task, 0, &result, "");
    else if (!set_options(sender, own->easy))
        aurora__sender_again(&what->task, 0, &result, "out of memory");
    else
        send_through(own, &what->task, &result);
    if (result.why[0] != '\0')
        warn(sender, &what->task, result.why);
    report(sender, what, &result);
}

static job *take(lane *own)
{
    aurora__sender *sender = own->sender;
    pthread_mutex_lock(&sender->lock);
    while (own->first == NULL && !sender->is_stopping)
        pthread_cond_wait(&sender->work, &sender->lock);
    job *what = own->first;
    if (what != NULL)
        own->first = what->next;
    if (own->first == NULL)
        own->end = &own->first;
    pthread_mutex_unlock(&sender->lock);
    return what;
}

static void *run(void *argument)
{
    lane *own = argument;
    aurora__sender *sender = own->sender;
    job *what;
    while ((what = take(own)) != NULL) {
        send_one(own, what);
        sender->allocator.release(sender->allocator.self, what);
        pthread_mutex_lock(&sender->lock);
        sender->jobs--;
        pthread_mutex_unlock(&sender->lock);
    }
    return NULL;
}

/* --- the port --------------------------------------------------------------------------------- */

uint32_t aurora__sender_room(aurora__sender *sender)
{
    pthread_mutex_lock(&sender->lock);
    int32_t state = aurora_breaker_state(&sender->breaker, now_ns());
    uint32_t room = sender->jobs < QUEUE_MAX ? QUEUE_MAX - sender->jobs : 0;
    if (state != AURORA_BREAKER_CLOSED) /* one at a time finds out whether it is over */
        room = state == AURORA_BREAKER_HALF_OPEN && sender->jobs == 0;
    pthread_mutex_unlock(&sender->lock);
    return room;
}

void aurora__sender_breaker(aurora__sender *sender, aurora_breaker_figures *figures_out)
{
    pthread_mutex_lock(&sender->lock);
    aurora_breaker_read(&sender->breaker, now_ns(), figures_out);
    pthread_mutex_unlock(&sender->lock);
}

static job *copy(const aurora__sender *sender, aurora_t *shop, const aurora_task *task)
{
    const char *const given[TEXTS] = {
        task->currency, task->payment_method, task->provider_reference, task->customer_id,
        task->contact,  task->reference,      task->decline_code,       task->traceparent};
    size_t bytes = 0;
    for (int i = 0; i < TEXTS; i++)
        bytes += given[i] == NULL ? 0 : strlen(given[i]) + 1;
    job *what = sender->allocator.allocate(sender->allocator.self, sizeof *what + bytes);
    if (what == NULL)
        return NULL;
    *what = (job){.shop = shop, .task = *task};
    const char **const texts[TEXTS] = {
        &what->task.currency,     &what->task.payment_method, &what->task.provider_reference,
        &what->task.customer_id,  &what->task.contact,        &what->task.reference,
        &what->task.decline_code, &what->task.traceparent};
    char *at = what->texts;
    for (int i = 0; i < TEXTS; i++) {
        if (given[i] == NULL)
            continue;
        size_t len = strlen(given[i]) + 1;
        *texts[i] = memcpy(at, given[i], len);
        at += len;
    }
    return what;
}

aurora_status aurora__sender_start(aurora__sender *sender, aurora_t *shop, const aurora_task *task)
{
    uint32_t sum = 0;
    job *what = copy(sender, shop, task);
    if (what == NULL)
        return AURORA_ENOMEM;
    for (size_t i = 0; i < sizeof task->order_id.bytes; i++)
        sum = sum * 31 + task->order_id.bytes[i];
    lane *own = &sender->lanes[(sum >> 3) % THREADS];
    pthread_mutex_lock(&sender->lock);
    sender->jobs++;
    *own->end = what;
    own->end = &what->next;
    pthread_cond_broadcast(&sender->work);
    pthread_mutex_unlock(&sender->lock);
    return AURORA_OK;
}

void aurora__sender_stop(aurora__sender *sender)
{
    pthread_mutex_lock(&sender->lock);
    sender->is_stopping = true;
    if (atomic_load(&sender->stop_ns) == 0)
        atomic_store(&sender->stop_ns, now_ns() + STOP_NS);
    pthread_cond_broadcast(&sender->work);
    pthread_mutex_unlock(&sender->lock);
    for (int i = 0; i < THREADS; i++) {
        if (sender->lanes[i].has_thread)
            pthread_join(sender->lanes[i].thread, NULL);
        sender->lanes[i].has_thread = false;
    }
}

/* --- life ------------------------------------------------------------------------------------- */

/* Signals are the host's: none of them, SIGPIPE neither, shall be handled on our threads. */
static aurora_status start_threads(aurora__sender *sender)
{
    sigset_t all, before;
    aurora_status rc = AURORA_OK;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (int i = 0; i < THREADS && rc == AURORA_OK; i++) {
        lane *own = &sender->lanes[i];
        own->easy = curl_easy_init();
        own->has_thread = own->easy != NULL && pthread_create(&own->thread, NULL, run, own) == 0;
        rc = own->has_thread ? AURORA_OK : AURORA_ENOMEM;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

static aurora_status fill(aurora__sender *sender, const char *ca_file)
{
    if (ca_file[0] != '\0') {
        size_t bytes = strlen(ca_file) + 1;
        sender->ca_file = sender->allocator.allocate(sender->allocator.self, bytes);
        if (sender->ca_file == NULL)
            return AURORA_ENOMEM;
        memcpy(sender->ca_file, ca_file, bytes);
    }
    return start_threads(sender);
}

static void init_breaker(aurora__sender *sender)
{
    aurora_breaker_options options;
    aurora_breaker_options_init(&options);
    options.window_calls = 20;
    options.calls_min = 10;
    options.probes = 1;
    options.wait_ns = BREAKER_NS;
    options.wait_growth_percent = 200;
    options.wait_max_ns = 60 * BREAKER_NS;
    options.half_open_max_ns = sender->timeout_ms * 1000000 + 5 * BREAKER_NS;
    (void)aurora_breaker_init(&sender->breaker, &options, NULL); /* these are in range */
}

aurora_status aurora__sender_new(const aurora__sender_options *options, aurora__sender **out)
{
    const aurora_notifier_options *given = options->options;
    const aurora_allocator *allocator = given->allocator;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return AURORA_ENOMEM;
    aurora__sender *sender = allocator->allocate(allocator->self, sizeof *sender);
    if (sender == NULL) {
        curl_global_cleanup();
        return AURORA_ENOMEM;
    }
    memset(sender, 0, sizeof *sender);
    sender->allocator = *allocator;
    sender->log = given->log;
    sender->log_self = given->log_self;
    sender->self = options->self;
    sender->send = options->send;
    sender->timeout_ms = options->timeout_ms;
    sender->tracer = given->tracer;
    pthread_mutex_init(&sender->lock, NULL);
    pthread_cond_init(&sender->work, NULL);
    for (int i = 0; i < THREADS; i++) {
        sender->lanes[i].sender = sender;
        sender->lanes[i].end = &sender->lanes[i].first;
    }
    init_breaker(sender);
    aurora_status rc = fill(sender, given->ca_file == NULL ? "" : given->ca_file);
    if (rc == AURORA_OK)
        *out = sender;
    else
        aurora__sender_free(sender);
    return rc;
}

void aurora__sender_free(aurora__sender *sender)
{
    if (sender == NULL)
        return;
    aurora__sender_stop(sender);
    for (int i = 0; i < THREADS; i++)
        curl_easy_cleanup(sender->lanes[i].easy);
    pthread_cond_destroy(&sender->work);
    pthread_mutex_destroy(&sender->lock);
    aurora_allocator allocator = sender->allocator;
    if (sender->ca_file != NULL)
        allocator.release(allocator.self, sender->ca_file);
    allocator.release(allocator.self, sender);
    curl_global_cleanup();
}

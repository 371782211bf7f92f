/* SPDX-License-Identifier: MIT */
/* Threads for handlers that block, behind one bounded queue. */
#include "http/loop.h"

#include "http/fields.h"
#include "http/gzip.h"

#include <stdlib.h>

struct aurora__workers {
    aurora_http_server *server;
    pthread_mutex_t mutex;
    pthread_cond_t work;
    aurora_http_exchange *first, **end;
    uint32_t idle;
    bool is_stopping;
    _Atomic uint32_t waiting;
    uint32_t jobs_max;
    uint32_t count; /* threads that run */
    pthread_t threads[];
};

static aurora_http_exchange *take(aurora__workers *workers)
{
    aurora_http_exchange *exchange = NULL;
    pthread_mutex_lock(&workers->mutex);
    while (workers->first == NULL && !workers->is_stopping) {
        workers->idle++;
        pthread_cond_wait(&workers->work, &workers->mutex);
        workers->idle--;
    }
    if (!workers->is_stopping)
        exchange = workers->first;
    if (exchange != NULL) {
        workers->first = exchange->next;
        if (workers->first == NULL)
            workers->end = &workers->first;
        atomic_fetch_sub_explicit(&workers->waiting, 1, memory_order_relaxed);
    }
    pthread_mutex_unlock(&workers->mutex);
    return exchange;
}

/* Whether the handler is to be called here. */
static bool may_handle(aurora__workers *workers, aurora_http_exchange *exchange)
{
    const aurora_http_options *options = &workers->server->options;
    bool is_of_loop = exchange->is_refused || (exchange->route->flags & AURORA_HTTP_BLOCKING) == 0;
    if (!is_of_loop && aurora_http_refuse_late(exchange))
        return false; /* it has waited here for too long */
    if (!exchange->asks_later)
        return true;
    if (options->admit(options->self, exchange, true) != AURORA_HTTP_ADMIT_YES)
        return false;
    exchange->is_admitted = is_of_loop;
    return !exchange->is_admitted;
}

static void *run(void *argument)
{
    aurora__workers *workers = argument;
    aurora__gzip *gzip = aurora__gzip_new();
    aurora_http_exchange *exchange;
    while ((exchange = take(workers)) != NULL) {
        exchange->gzip = gzip;
        if (may_handle(workers, exchange))
            exchange->route->handle(exchange, workers->server->options.self);
        if (!exchange->is_answered && !exchange->is_admitted)
            aurora_http_problem(exchange, 500, "internal", "Something is wrong on our side.");
        aurora__loop_send_home(exchange);
    }
    aurora__gzip_free(gzip);
    return NULL;
}

aurora_status aurora__workers_new(aurora_http_server *server, uint32_t count, uint32_t jobs_max,
                                  aurora__workers **out)
{
    aurora__workers *workers = calloc(1, sizeof(*workers) + count * sizeof(workers->threads[0]));
    if (workers == NULL)
        return AURORA_ENOMEM;
    workers->server = server;
    workers->jobs_max = jobs_max;
    workers->end = &workers->first;
    pthread_mutex_init(&workers->mutex, NULL);
    pthread_cond_init(&workers->work, NULL);
    *out = workers;
    for (; workers->count < count; workers->count++) {
        if (pthread_create(&workers->threads[workers->count], NULL, run, workers) != 0)
            return AURORA_EIO; /* the caller frees what runs */
    }
    return AURORA_OK;
}

bool aurora__workers_admit(aurora__workers *workers)
{
    uint32_t before = atomic_fetch_add_explicit(&workers->waiting, 1, memory_order_relaxed);
    if (before < workers->jobs_max)
        return true;
    atomic_fetch_sub_explicit(&workers->waiting, 1, memory_order_relaxed);
    return false;
}

void aurora__workers_post(aurora__workers *workers, aurora_http_exchange *first,
                          aurora_http_exchange **end, uint32_t count)
{
    pthread_mutex_lock(&workers->mutex);
    *workers->end = first;
    workers->end = end;
    uint32_t wake = count < workers->idle ? count : workers->idle;
    pthread_mutex_unlock(&workers->mutex);
    for (uint32_t i = 0; i < wake; i++)
        pthread_cond_signal(&workers->work);
}

uint32_t aurora__workers_waiting(aurora__workers *workers)
{
    return atomic_load_explicit(&workers->waiting, memory_order_relaxed);
}

void aurora__workers_stop(aurora__workers *workers)
{
    pthread_mutex_lock(&workers->mutex);
    workers->is_stopping = true;
    pthread_cond_broadcast(&workers->work);
    pthread_mutex_unlock(&workers->mutex);
    for (uint32_t i = 0; i < workers->count; i++)
        pthread_join(workers->threads[i], NULL);
    workers->count = 0;
}

void aurora__workers_free(aurora__workers *workers)
{
    if (workers == NULL)
        return;
    aurora__workers_stop(workers);
    pthread_cond_destroy(&workers->work);
    pthread_mutex_destroy(&workers->mutex);
    free(workers);
}

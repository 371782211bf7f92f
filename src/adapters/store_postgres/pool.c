/* SPDX-License-Identifier: MIT */
/* Who writes, and the connections. */
#include <errno.h>
#include <time.h>

#include <aurora/handle.h>

#include "adapters/store_postgres/instance.h"
#include "adapters/store_postgres/words.h"

#define CONNECT_MS_MIN 1000
#define CONNECT_MS_MAX 5000
#define RETRY_MS_MIN 20
#define RETRY_MS_MAX 2000

static struct timespec deadline(int64_t timeout_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t nanoseconds = until.tv_nsec + timeout_ms % 1000 * 1000000;
    until.tv_sec += (time_t)(timeout_ms / 1000 + nanoseconds / 1000000000);
    until.tv_nsec = (long)(nanoseconds % 1000000000);
    return until;
}

aurora_status aurora__pg_claim(aurora__pg_store *store, int64_t timeout_ms)
{
    struct timespec until = deadline(timeout_ms);
    int rc = 0;
    pthread_mutex_lock(&store->mutex);
    while (store->is_writing && rc != ETIMEDOUT)
        rc = pthread_cond_timedwait(&store->is_free, &store->mutex, &until);
    bool is_claimed = !store->is_writing;
    if (is_claimed)
        store->is_writing = 1;
    pthread_mutex_unlock(&store->mutex);
    return is_claimed ? AURORA_OK : AURORA_EBUSY;
}

void aurora__pg_unclaim(aurora__pg_store *store)
{
    pthread_mutex_lock(&store->mutex);
    store->is_writing = 0;
    pthread_cond_broadcast(&store->is_free);
    pthread_mutex_unlock(&store->mutex);
}

/* --- the writer ------------------------------------------------------------------------------- */

/* While the writer waits for a lock: ends who has held it for too long, such as an instance whose
 * machine was stopped in the middle of a batch. The server ends idle ones by itself, but not one
 * that it waits for in the middle of a pipeline. */
static void end_blockers(void *self)
{
    aurora__pg_store *store = self;
    aurora__pg_connection *reader;
    PGresult *result = NULL;
    if (store->options.flags & AURORA_STORE_READONLY ||
        aurora__pg_reader_take(store, 0, &reader) != AURORA_OK)
        return;
    aurora__pg_params_clear(&reader->params);
    aurora__pg_param_int64(&reader->params, PQbackendPID(store->writer->pg));
    if (aurora__pg_send_fixed(reader, AURORA__PG_END_BLOCKERS) == AURORA_OK &&
        aurora__pg_sync(reader) == AURORA_OK && aurora__pg_next(reader, &result) == AURORA_OK) {
        if (aurora__pg_result_status(reader, result, "blockers") == AURORA_OK) {
            for (int i = 0; i < PQntuples(result); i++)
                aurora__pg_log(&store->options, AURORA_LOG_WARNING,
                               "postgresql: %s: ended process %lld, which held a lock that was"
                               " waited for",
                               store->address.name, (long long)aurora__pg_int64(result, i, 0));
        }
        PQclear(result);
        aurora__pg_skip(reader);
    }
    aurora__pg_reader_give(store, reader);
}

static int64_t jittered(aurora__pg_store *store, int64_t wait)
{
    store->random = store->random * 6364136223846793005u + 1442695040888963407u;
    return wait / 2 + (int64_t)((store->random >> 33) % (uint64_t)(wait / 2 + 1));
}

static int64_t connect_time(int64_t until_ms)
{
    int64_t left = until_ms - aurora__pg_clock_ms();
    if (left < CONNECT_MS_MIN)
        return CONNECT_MS_MIN;
    return left > CONNECT_MS_MAX ? CONNECT_MS_MAX : left;
}

static void sleep_ms(int64_t ms)
{
    struct timespec wait = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    nanosleep(&wait, NULL);
}

aurora_status aurora__pg_writer_open(aurora__pg_store *store, int64_t until_ms)
{
    if (store->writer != NULL)
        return AURORA_OK;
    int64_t now = aurora__pg_clock_ms();
    if (store->retry_at > until_ms) {
        sleep_ms(until_ms > now ? until_ms - now : 0);
        return AURORA_EIO;
    }
    if (store->retry_at > now)
        sleep_ms(store->retry_at - now);
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status status =
        aurora__pg_connection_open(&store->options, &store->address, &store->layout,
                                   AURORA__PG_WRITER, connect_time(until_ms), &store->writer, &err);
    if (status == AURORA_OK) {
        store->retry_wait = RETRY_MS_MIN;
        store->retry_at = 0;
        store->writer->on_slow = end_blockers;
        store->writer->slow_self = store;
        atomic_store(&store->writer_pid, PQbackendPID(store->writer->pg));
        return AURORA_OK;
    }
    aurora__pg_log(&store->options, AURORA_LOG_ERROR, "%s", err.message);
    store->retry_at = aurora__pg_clock_ms() + jittered(store, store->retry_wait);
    store->retry_wait = store->retry_wait * 2 > RETRY_MS_MAX ? RETRY_MS_MAX : store->retry_wait * 2;
    return status == AURORA_ENOMEM ? status : AURORA_EIO;
}

void aurora__pg_writer_drop(aurora__pg_store *store)
{
    aurora__pg_connection_close(store->writer, false);
    store->writer = NULL;
    atomic_store(&store->writer_pid, 0);
}

/* --- readers ---------------------------------------------------------------------------------- */

/* An idle connection, or *may_open_out: the right to open one. */
static aurora__pg_connection *take_idle(aurora__pg_store *store, int64_t timeout_ms,
                                        bool *may_open_out)
{
    struct timespec until = deadline(timeout_ms);
    int rc = 0;
    pthread_mutex_lock(&store->mutex);
    while (store->readers == NULL && store->reader_count >= store->address.readers_max &&
           rc != ETIMEDOUT)
        rc = pthread_cond_timedwait(&store->is_free, &store->mutex, &until);
    aurora__pg_connection *reader = store->readers;
    if (reader != NULL)
        store->readers = reader->next;
    else if (store->reader_count < store->address.readers_max)
        *may_open_out = true;
    store->reader_count += *may_open_out;
    pthread_mutex_unlock(&store->mutex);
    return reader;
}

static void close_reader(aurora__pg_store *store, aurora__pg_connection *reader)
{
    aurora__pg_connection_close(reader, false);
    pthread_mutex_lock(&store->mutex);
    store->reader_count--;
    pthread_cond_broadcast(&store->is_free);
    pthread_mutex_unlock(&store->mutex);
}

/* What was left to answer when the reader was given back is taken now; the server may have ended
 * the connection in the meantime, and then its place is another's. */
aurora_status aurora__pg_reader_take(aurora__pg_store *store, int64_t timeout_ms,
                                     aurora__pg_connection **out)
{
    int64_t until = aurora__pg_clock_ms() + timeout_ms;
    *out = NULL;
    for (;;) {
        bool may_open = false;
        int64_t left = until - aurora__pg_clock_ms();
        aurora__pg_connection *reader = take_idle(store, left > 0 ? left : 0, &may_open);
        if (reader == NULL && !may_open)
            return AURORA_EBUSY;
        if (reader == NULL)
            break;
        if (aurora__pg_drain(reader) == AURORA_OK) {
            *out = reader;
            return AURORA_OK;
        }
        close_reader(store, reader);
    }
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status status =
        aurora__pg_connection_open(&store->options, &store->address, &store->layout,
                                   AURORA__PG_READER, connect_time(until), out, &err);
    if (status == AURORA_OK)
        return AURORA_OK;
    aurora__pg_log(&store->options, AURORA_LOG_ERROR, "%s", err.message);
    close_reader(store, NULL);
    return status == AURORA_ENOMEM ? status : AURORA_EIO;
}

void aurora__pg_reader_give(aurora__pg_store *store, aurora__pg_connection *reader)
{
    if (reader->is_broken) {
        close_reader(store, reader);
        return;
    }
    pthread_mutex_lock(&store->mutex);
    reader->next = store->readers;
    store->readers = reader;
    pthread_cond_broadcast(&store->is_free);
    pthread_mutex_unlock(&store->mutex);
}

/* SPDX-License-Identifier: MIT */
#include "adapters/redis/pool.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "adapters/redis/resolve.h"

#include <aurora/handle.h>

#define MS INT64_C(1000000)
#define FAILURES_MAX 3 /* in a row, then nobody waits any longer */
#define WAIT_NS (100 * MS)
#define WAIT_MAX_NS (2000 * MS)

struct aurora__redis_pool {
    aurora__redis_address address;
    const aurora_allocator *allocator;
    void (*log)(void *self, int32_t level, const char *message);
    void *log_self;
    pid_t pid;
    aurora__redis_resolver resolver;

    pthread_mutex_t lock;
    pthread_cond_t given_back;
    aurora__redis_connection *idle; /* the one used last is first */
    uint32_t open;                  /* idle, in use, or being opened */
    aurora_breaker breaker;
    bool was_closed; /* the breaker, as last logged */
};

/* --- life ------------------------------------------------------------------------------------- */

static aurora_status init_breaker(aurora_breaker *breaker)
{
    return aurora_breaker_init(
        breaker,
        AURORA_BREAKER_OPTIONS(.window_calls = FAILURES_MAX, .calls_min = FAILURES_MAX,
                               .failure_rate_percent = 100, .probes = 1, .wait_ns = WAIT_NS,
                               .wait_max_ns = WAIT_MAX_NS, .wait_growth_percent = 200,
                               .half_open_max_ns = 10000 * MS),
        NULL);
}

aurora_status aurora__redis_pool_open(const aurora__redis_pool_options *options,
                                      aurora__redis_pool **out)
{
    const aurora_allocator *allocator = options->allocator;
    pthread_condattr_t attributes;
    aurora__redis_pool *pool = allocator->allocate(allocator->self, sizeof *pool);
    if (pool == NULL)
        return AURORA_ENOMEM;
    *pool = (aurora__redis_pool){.address = *options->address,
                                 .allocator = allocator,
                                 .log = options->log,
                                 .log_self = options->log_self,
                                 .pid = getpid(),
                                 .was_closed = true};
    aurora_status rc = init_breaker(&pool->breaker);
    if (rc != AURORA_OK) {
        allocator->release(allocator->self, pool);
        return rc;
    }
    pthread_mutex_init(&pool->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&pool->given_back, &attributes);
    pthread_condattr_destroy(&attributes);
    aurora__redis_resolver_init(&pool->resolver, pool->address.host, pool->address.port);
    *out = pool;
    return AURORA_OK;
}

void aurora__redis_pool_close(aurora__redis_pool *pool)
{
    if (pool == NULL)
        return;
    bool is_owner = pool->pid == getpid();
    while (pool->idle != NULL) {
        aurora__redis_connection *connection = pool->idle;
        pool->idle = connection->next;
        aurora__redis_connection_close(connection, pool->allocator);
    }
    if (is_owner) {
        aurora__redis_resolver_deinit(&pool->resolver);
        pthread_cond_destroy(&pool->given_back);
        pthread_mutex_destroy(&pool->lock);
    }
    pool->allocator->release(pool->allocator->self, pool);
}

const aurora__redis_address *aurora__redis_pool_address(const aurora__redis_pool *pool)
{
    return &pool->address;
}

int64_t aurora__redis_pool_deadline_ns(const aurora__redis_pool *pool)
{
    return aurora__redis_now_ns() + pool->address.timeout_ms * MS;
}

/* --- connections ------------------------------------------------------------------------------ */

static void say(aurora__redis_pool *pool, const char *why)
{
    char line[512];
    if (pool->log == NULL)
        return;
    if (why != NULL)
        snprintf(line, sizeof line, "Redis at %s:%s is away (%s): calls fail at once",
                 pool->address.host, pool->address.port, why);
    else
        snprintf(line, sizeof line, "Redis at %s:%s answers again", pool->address.host,
                 pool->address.port);
    pool->log(pool->log_self, why != NULL ? AURORA_LOG_WARNING : AURORA_LOG_INFO, line);
}

static bool is_open_for(aurora__redis_pool *pool, uint64_t *ticket_out)
{
    return aurora_breaker_try_enter(&pool->breaker, aurora__redis_now_ns(), ticket_out);
}

/* A connection that is idle, or the right to open one: *out is NULL then. */
static aurora_status take(aurora__redis_pool *pool, int64_t deadline_ns,
                          aurora__redis_connection **out, uint64_t *ticket_out)
{
    aurora_status rc = AURORA_OK;
    struct timespec until = {.tv_sec = deadline_ns / 1000000000,
                             .tv_nsec = deadline_ns % 1000000000};
    pthread_mutex_lock(&pool->lock);
    if (!is_open_for(pool, ticket_out))
        rc = AURORA_EIO;
    while (rc == AURORA_OK && pool->idle == NULL && pool->open >= pool->address.pool) {
        if (pthread_cond_timedwait(&pool->given_back, &pool->lock, &until) != 0)
            rc = AURORA_ETIMEDOUT;
    }
    if (rc == AURORA_ETIMEDOUT)
        aurora_breaker_leave(&pool->breaker, *ticket_out, AURORA_BREAKER_IGNORED,
                             aurora__redis_now_ns());
    *out = rc == AURORA_OK ? pool->idle : NULL;
    if (*out != NULL)
        pool->idle = (*out)->next;
    else if (rc == AURORA_OK)
        pool->open++;
    pthread_mutex_unlock(&pool->lock);
    return rc;
}

/* The idle ones are as dead as the one that failed. The lock is held. */
static aurora__redis_connection *take_all_idle(aurora__redis_pool *pool)
{
    aurora__redis_connection *first = pool->idle;
    for (const aurora__redis_connection *c = first; c != NULL; c = c->next)
        pool->open--;
    pool->idle = NULL;
    return first;
}

typedef struct {
    int32_t outcome;     /* of the breaker */
    bool is_unreachable; /* no connection at all: no use in more failures */
    const char *why;
} verdict;

/* Gives a connection back, NULL for one that was closed or never came. */
static void give(aurora__redis_pool *pool, aurora__redis_connection *connection, uint64_t ticket,
                 verdict how)
{
    aurora__redis_connection *dead = NULL;
    int64_t now_ns = aurora__redis_now_ns();
    pthread_mutex_lock(&pool->lock);
    if (ticket != 0)
        aurora_breaker_leave(&pool->breaker, ticket, how.outcome, now_ns);
    if (how.is_unreachable && aurora_breaker_state(&pool->breaker, now_ns) == AURORA_BREAKER_CLOSED)
        (void)aurora_breaker_force(&pool->breaker, AURORA_BREAKER_OPEN, now_ns);
    bool is_closed = aurora_breaker_state(&pool->breaker, now_ns) == AURORA_BREAKER_CLOSED;
    bool is_news = is_closed != pool->was_closed;
    pool->was_closed = is_closed;
    if (connection != NULL) {
        connection->next = pool->idle;
        pool->idle = connection;
    } else {
        pool->open--;
    }
    if (!is_closed)
        dead = take_all_idle(pool);
    pthread_cond_signal(&pool->given_back);
    pthread_mutex_unlock(&pool->lock);
    while (dead != NULL) {
        aurora__redis_connection *next = dead->next;
        aurora__redis_connection_close(dead, pool->allocator);
        dead = next;
    }
    if (is_news)
        say(pool, is_closed ? NULL : how.why);
}

static aurora_status open_one(aurora__redis_pool *pool, int64_t deadline_ns,
                              aurora__redis_connection **out, char why[AURORA__REDIS_WHY_BYTES])
{
    aurora__redis_endpoints endpoints;
    aurora__redis_resolver_read(&pool->resolver, &endpoints);
    aurora_status rc = aurora__redis_connection_open(&pool->address, &endpoints, pool->allocator,
                                                     deadline_ns, out, why);
    if (rc != AURORA_OK)
        aurora__redis_resolver_hasten(&pool->resolver);
    return rc;
}

/* --- commands --------------------------------------------------------------------------------- */

/* Errors that say that this Redis cannot be used now. */
static bool is_unfit(const aurora__redis_reply *reply)
{
    static const char *const words[] = {"LOADING", "MASTERDOWN", "CLUSTERDOWN", "NOAUTH"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (aurora__redis_reply_is_error(reply, words[i]))
            return true;
    }
    return false;
}

/* With a connection that was taken; *again_out: it was dead before we came. */
static aurora_status call_once(aurora__redis_pool *pool, const aurora__redis_command *command,
                               int64_t deadline_ns, aurora__redis_reply *reply, bool *again_out)
{
    aurora__redis_connection *connection = NULL;
    uint64_t ticket = 0;
    char why[AURORA__REDIS_WHY_BYTES] = "no answer in time";
    *again_out = false;
    aurora_status rc = take(pool, deadline_ns, &connection, &ticket);
    if (rc != AURORA_OK)
        return rc;
    bool was_idle = connection != NULL;
    if (was_idle && !aurora__redis_connection_is_quiet(connection)) {
        aurora__redis_connection_close(connection, pool->allocator);
        connection = NULL;
        was_idle = false;
    }
    if (connection == NULL)
        rc = open_one(pool, deadline_ns, &connection, why);
    bool is_unreachable = rc != AURORA_OK && rc != AURORA_ENOMEM;
    bool was_cut = false;
    if (rc == AURORA_OK)
        rc = aurora__redis_connection_call(connection, command, deadline_ns, reply, &was_cut);
    if (rc != AURORA_OK) {
        aurora__redis_connection_close(connection, pool->allocator);
        connection = NULL;
    }
    if (rc == AURORA_EIO && !is_unreachable)
        snprintf(why, sizeof why, "the connection broke");
    if (rc == AURORA_OK && is_unfit(reply))
        snprintf(why, sizeof why, "%.100s", reply->bytes);
    *again_out = was_cut && was_idle;
    bool is_failure = rc != AURORA_OK || is_unfit(reply);
    give(pool, connection, ticket,
         (verdict){.outcome = *again_out || rc == AURORA_ENOMEM ? AURORA_BREAKER_IGNORED
                              : is_failure                      ? AURORA_BREAKER_FAILURE
                                                                : AURORA_BREAKER_SUCCESS,
                   .is_unreachable = is_unreachable,
                   .why = why});
    return rc;
}

aurora_status aurora__redis_pool_call(aurora__redis_pool *pool,
                                      const aurora__redis_command *command, int64_t deadline_ns,
                                      aurora__redis_reply *reply)
{
    bool again = false;
    if (pool->pid != getpid())
        return AURORA_EIO;
    aurora_status rc = call_once(pool, command, deadline_ns, reply, &again);
    /* One more than there are connections: all of them may have been closed by a restart. */
    for (uint32_t i = 0; again && i < pool->address.pool; i++) {
        aurora__redis_reply_clear(reply);
        rc = call_once(pool, command, deadline_ns, reply, &again);
    }
    return rc;
}

bool aurora__redis_script_init(aurora__redis_script *script, const char *text, size_t len)
{
    unsigned char digest[20];
    unsigned int digest_len = 0;
    script->text = text;
    script->len = len;
    if (EVP_Digest(text, len, digest, &digest_len, EVP_sha1(), NULL) != 1 || digest_len != 20)
        return false;
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(script->hash + 2 * i, 3, "%02x", digest[i]);
    return true;
}

aurora_status aurora__redis_pool_run(aurora__redis_pool *pool, const aurora__redis_script *script,
                                     const aurora__redis_command *command, int64_t deadline_ns,
                                     aurora__redis_reply *reply)
{
    command->words[0] = "EVALSHA";
    command->lens[0] = 7;
    command->words[1] = script->hash;
    command->lens[1] = 40;
    aurora_status rc = aurora__redis_pool_call(pool, command, deadline_ns, reply);
    if (rc != AURORA_OK || !aurora__redis_reply_is_error(reply, "NOSCRIPT"))
        return rc;
    aurora__redis_reply_clear(reply);
    command->words[0] = "EVAL";
    command->lens[0] = 4;
    command->words[1] = script->text;
    command->lens[1] = script->len;
    return aurora__redis_pool_call(pool, command, deadline_ns, reply);
}

void aurora__redis_pool_breaker(aurora__redis_pool *pool, aurora_breaker_figures *figures_out)
{
    pthread_mutex_lock(&pool->lock);
    aurora_breaker_read(&pool->breaker, aurora__redis_now_ns(), figures_out);
    pthread_mutex_unlock(&pool->lock);
}

/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "adapters/redis/pool.h"
#include "adapters/redis/rate.h"
#include "adapters/redis/redis.h"
#include "adapters/redis/scripts.h"

#define KEY_BYTES_MAX 512
#define POLICY_BYTES_MAX 32
#define NAME_BYTES 768 /* of a key in Redis: all of the above, the prefix and two numbers */
#define DIGITS 24
#define WORDS_MAX 11

typedef struct {
    const aurora_allocator *allocator;
    aurora__redis_pool *pool;
    aurora__redis_script script;
} limiter;

/* EVALSHA hash 1 key A B cost cost burst burst [time]. */
typedef struct {
    int count;
    const char *words[WORDS_MAX];
    size_t lens[WORDS_MAX];
    char name[NAME_BYTES];
    char digits[WORDS_MAX][DIGITS];
} take_words;

static void add(take_words *words, const char *text, size_t len)
{
    words->words[words->count] = text;
    words->lens[words->count++] = len;
}

static void add_number(take_words *words, int64_t number)
{
    char *digits = words->digits[words->count];
    add(words, digits, (size_t)snprintf(digits, DIGITS, "%" PRId64, number));
}

static void add_time(take_words *words, aurora__rate_time time)
{
    add_number(words, time.periods);
    add_number(words, time.units);
}

static bool is_policy(const char *policy)
{
    size_t len = policy == NULL ? 0 : strnlen(policy, POLICY_BYTES_MAX + 1);
    return len >= 1 && len <= POLICY_BYTES_MAX &&
           strspn(policy, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

/* The braces tell a cluster to look at nothing else when it chooses a place. The rate is a part of
 * the name: instances that disagree about it, in the middle of a rollout, count apart. */
static void add_name(take_words *words, const limiter *self, const aurora_limiter_take *take,
                     const aurora__rate *rate)
{
    char *name = words->name;
    size_t len = (size_t)snprintf(name, NAME_BYTES,
                                  "rl:{%s:%s:", aurora__redis_pool_address(self->pool)->prefix,
                                  take->policy);
    if (take->key_len > 0)
        memcpy(name + len, take->key, take->key_len);
    len += take->key_len;
    len += (size_t)snprintf(name + len, NAME_BYTES - len, "}:%" PRIu64 "/%" PRIu64, rate->tokens,
                            rate->per_ns);
    add(words, name, len);
}

static bool is_time(aurora__rate_time time, const aurora__rate *rate)
{
    return time.periods >= 0 && time.periods <= INT64_MAX / 1000 / rate->micros &&
           time.units >= 0 && time.units < rate->units;
}

/* What the script returned is checked: it comes from outside. */
static aurora_status read_reply(const aurora__redis_reply *reply, const aurora__rate *rate,
                                uint64_t cost, aurora_limit *limit_out)
{
    const int64_t *items = reply->items;
    if (reply->kind != AURORA__REDIS_ARRAY || reply->count != 6)
        return AURORA_EIO;
    aurora__rate_time level = {items[1], items[2]};
    aurora__rate_time works = {items[3], items[4]};
    if ((items[0] != 0 && items[0] != 1) || !is_time(level, rate) || !is_time(works, rate) ||
        items[5] < 0 || items[5] > INT64_MAX / 1000)
        return AURORA_EIO;
    aurora__rate_describe(rate, level, works, items[5], cost, items[0] == 1 && cost <= rate->burst,
                          limit_out);
    return AURORA_OK;
}

aurora_status aurora__redis_limiter_take_at(void *argument, const aurora_limiter_take *take,
                                            int64_t now_micros, aurora_limit *limit_out)
{
    limiter *self = argument;
    aurora__rate rate;
    aurora__redis_reply reply = {0};
    take_words words = {.count = 2};
    aurora_status rc = aurora__rate_init(&rate, take->tokens, take->per_ns, take->burst);
    if (rc != AURORA_OK)
        return rc;
    if (!is_policy(take->policy) || take->key_len > KEY_BYTES_MAX ||
        (take->key == NULL && take->key_len > 0))
        return AURORA_EINVAL;
    add(&words, "1", 1);
    add_name(&words, self, take, &rate);
    add_number(&words, rate.units);
    add_number(&words, rate.micros);
    add_time(&words, aurora__rate_tokens(&rate, take->cost > take->burst ? 0 : take->cost));
    add_time(&words, aurora__rate_tokens(&rate, take->burst));
    if (now_micros >= 0)
        add_number(&words, now_micros);
    rc = aurora__redis_pool_run(self->pool, &self->script,
                                &(aurora__redis_command){words.count, words.words, words.lens},
                                aurora__redis_pool_deadline_ns(self->pool), &reply);
    if (rc == AURORA_OK)
        rc = read_reply(&reply, &rate, take->cost, limit_out);
    aurora__redis_reply_clear(&reply);
    return rc;
}

static aurora_status take_now(void *argument, const aurora_limiter_take *take,
                              aurora_limit *limit_out)
{
    return aurora__redis_limiter_take_at(argument, take, -1, limit_out);
}

static void close_limiter(void *argument)
{
    limiter *self = argument;
    aurora__redis_pool_close(self->pool);
    self->allocator->release(self->allocator->self, self);
}

static void read_breaker(void *argument, aurora_breaker_figures *figures_out)
{
    const limiter *self = argument;
    aurora__redis_pool_breaker(self->pool, figures_out);
}

aurora_status aurora__redis_limiter_open(const aurora_limiter_port_options *options,
                                         aurora_limiter_port *out, aurora_error *err)
{
    aurora__redis_address address;
    const aurora_allocator *allocator = options->allocator;
    aurora_status rc = aurora__redis_address_read(options->address, "limiter", &address, err);
    if (rc != AURORA_OK)
        return rc;
    limiter *self = allocator->allocate(allocator->self, sizeof *self);
    if (self == NULL)
        return aurora__redis_refuse(err, AURORA_ENOMEM, "limiter", "out of memory");
    *self = (limiter){.allocator = allocator};
    if (!aurora__redis_script_init(&self->script, aurora__redis_limiter_lua,
                                   aurora__redis_limiter_lua_len))
        rc = AURORA_ENOTSUP;
    if (rc == AURORA_OK)
        rc = aurora__redis_pool_open(&(aurora__redis_pool_options){.address = &address,
                                                                   .allocator = allocator,
                                                                   .log = options->log,
                                                                   .log_self = options->log_self},
                                     &self->pool);
    if (rc != AURORA_OK) {
        close_limiter(self);
        return aurora__redis_refuse(err, rc, "limiter",
                                    rc == AURORA_ENOTSUP ? "libcrypto gives no SHA-1"
                                                         : "out of memory");
    }
    *out = (aurora_limiter_port){.size = sizeof *out,
                                 .self = self,
                                 .take = take_now,
                                 .close = close_limiter,
                                 .breaker = read_breaker};
    return AURORA_OK;
}

aurora_status aurora__redis_limiter_open_tls(const aurora_limiter_port_options *options,
                                             aurora_limiter_port *out, aurora_error *err)
{
    (void)options;
    (void)out;
    return aurora__redis_refuse(err, AURORA_ENOTSUP, "limiter",
                                "rediss: is not spoken (hiredis has no TLS): use redis: over a "
                                "TLS tunnel");
}

/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "adapters/redis/pool.h"
#include "adapters/redis/rate.h"
#include "adapters/redis/redis.h"
#include "adapters/redis/scripts.h"

#define KEY_BYTES_MAX 512
#define POLICY_BYTES_MAX 40
#define NAME_BYTES 640 /* of a key in Redis: all of the above and the prefix */
#define DIGITS 24
#define FIELDS 10 /* of a bucket, as the script wants them */
#define ANSWERS 5 /* of a bucket, as it returns them */
#define WORDS_MAX (4 + AURORA_LIMITER_TAKES_MAX * (1 + FIELDS))

enum { REFUSED = 0, ALLOWED = 1, ALLOWED_WITH_EXTRA = 2 };
enum { FLAG_SHADOW = 1, FLAG_NEVER = 2 };

_Static_assert(AURORA_LIMITER_TAKES_MAX *ANSWERS + 1 <= AURORA__REDIS_ITEMS_MAX,
               "a reply holds them all");

typedef struct {
    const aurora_allocator *allocator;
    aurora__redis_pool *pool;
    aurora__redis_script script;
} limiter;

/* EVALSHA hash count key... A B U cost cost more more burst burst flags... [time]. */
typedef struct {
    int count;
    const char *words[WORDS_MAX];
    size_t lens[WORDS_MAX];
    char names[AURORA_LIMITER_TAKES_MAX][NAME_BYTES];
    char digits[WORDS_MAX][DIGITS];
} take_words;

static void add(take_words *words, const char *text, size_t len)
{
    words->words[words->count] = text;
    words->lens[words->count++] = len;
}

static void add_number(take_words *words, int64_t number)
{
    char *end = words->digits[words->count] + DIGITS, *at = end;
    do {
        *--at = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    add(words, at, (size_t)(end - at));
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

/* The braces tell a cluster to look at nothing else when it chooses a place: all buckets of one key
 * are in one. */
static void add_name(take_words *words, const limiter *self, const aurora_limiter_take *take,
                     char *name)
{
    const char *prefix = aurora__redis_pool_address(self->pool)->prefix;
    size_t prefix_len = strlen(prefix), policy_len = strlen(take->policy), len = 0;
    memcpy(name, "rl:{", 4);
    len += 4;
    memcpy(name + len, prefix, prefix_len);
    len += prefix_len;
    name[len++] = ':';
    if (take->key_len > 0)
        memcpy(name + len, take->key, take->key_len);
    len += take->key_len;
    memcpy(name + len, "}:", 2);
    len += 2;
    memcpy(name + len, take->policy, policy_len);
    add(words, name, len + policy_len);
}

static void add_rate(take_words *words, const aurora_limiter_take *take, const aurora__rate *rate)
{
    bool is_never = take->cost > take->burst;
    uint64_t cost = is_never ? 0 : take->cost;
    uint64_t room = take->burst - cost, extra = cost == 0 || take->extra > room ? 0 : take->extra;
    add_number(words, rate->units);
    add_number(words, rate->micros);
    add_number(words, (int64_t)rate->token_units);
    add_time(words, aurora__rate_tokens(rate, cost));
    add_time(words, aurora__rate_tokens(rate, cost + extra));
    add_time(words, aurora__rate_tokens(rate, take->burst));
    add_number(words, ((take->flags & AURORA_LIMITER_TAKE_SHADOW) != 0 ? FLAG_SHADOW : 0) |
                          (is_never ? FLAG_NEVER : 0));
}

static bool is_time(aurora__rate_time time, const aurora__rate *rate)
{
    return time.periods >= 0 && time.periods <= INT64_MAX / 1000 / rate->micros &&
           time.units >= 0 && time.units < rate->units;
}

/* What the script returned is checked: it comes from outside. */
static aurora_status read_bucket(const int64_t *items, int64_t now_micros, const aurora__rate *rate,
                                 const aurora_limiter_take *take, aurora_limit *limit_out)
{
    aurora__rate_time level = {items[1], items[2]};
    aurora__rate_time works = {items[3], items[4]};
    int64_t most = take->extra > 0 ? ALLOWED_WITH_EXTRA : ALLOWED;
    if (items[0] < REFUSED || items[0] > most || !is_time(level, rate) || !is_time(works, rate))
        return AURORA_EIO;
    aurora__rate_describe(rate, level, works, now_micros, take->cost, items[0] != REFUSED,
                          limit_out);
    return AURORA_OK;
}

static aurora_status read_reply(const aurora__redis_reply *reply, const aurora__rate *rates,
                                const aurora_limiter_take *takes, uint32_t count,
                                aurora_limit *limits_out, uint64_t *extras_out)
{
    const int64_t *items = reply->items;
    if (reply->kind != AURORA__REDIS_ARRAY || reply->count != count * ANSWERS + 1)
        return AURORA_EIO;
    int64_t now_micros = items[(size_t)count * ANSWERS];
    if (now_micros < 0 || now_micros > INT64_MAX / 1000)
        return AURORA_EIO;
    aurora_status rc = AURORA_OK;
    for (uint32_t i = 0; i < count && rc == AURORA_OK; i++, items += ANSWERS) {
        rc = read_bucket(items, now_micros, &rates[i], &takes[i], &limits_out[i]);
        extras_out[i] = items[0] == ALLOWED_WITH_EXTRA ? takes[i].extra : 0;
    }
    return rc;
}

static aurora_status check(const aurora_limiter_take *takes, uint32_t count, aurora__rate *rates)
{
    if (count < 1 || count > AURORA_LIMITER_TAKES_MAX)
        return AURORA_EINVAL;
    for (uint32_t i = 0; i < count; i++) {
        const aurora_limiter_take *take = &takes[i];
        aurora_status rc = aurora__rate_init(&rates[i], take->tokens, take->per_ns, take->burst);
        if (rc != AURORA_OK)
            return rc;
        if (!is_policy(take->policy) || take->key_len > KEY_BYTES_MAX ||
            (take->key == NULL && take->key_len > 0))
            return AURORA_EINVAL;
    }
    return AURORA_OK;
}

aurora_status aurora__redis_limiter_take_at(void *argument, const aurora_limiter_take *takes,
                                            uint32_t count, int64_t now_micros,
                                            aurora_limit *limits_out, uint64_t *extras_out)
{
    limiter *self = argument;
    aurora__rate rates[AURORA_LIMITER_TAKES_MAX];
    aurora__redis_reply reply = {0};
    take_words words; /* 12 KiB that are written where they are used */
    words.count = 2;
    aurora_status rc = check(takes, count, rates);
    if (rc != AURORA_OK)
        return rc;
    add_number(&words, count);
    for (uint32_t i = 0; i < count; i++)
        add_name(&words, self, &takes[i], words.names[i]);
    for (uint32_t i = 0; i < count; i++)
        add_rate(&words, &takes[i], &rates[i]);
    if (now_micros >= 0)
        add_number(&words, now_micros);
    rc = aurora__redis_pool_run(self->pool, &self->script,
                                &(aurora__redis_command){words.count, words.words, words.lens},
                                aurora__redis_pool_deadline_ns(self->pool), &reply);
    if (rc == AURORA_OK)
        rc = read_reply(&reply, rates, takes, count, limits_out, extras_out);
    aurora__redis_reply_clear(&reply);
    return rc;
}

static aurora_status take_all_now(void *argument, const aurora_limiter_take *takes, uint32_t count,
                                  aurora_limit *limits_out, uint64_t *extras_out)
{
    return aurora__redis_limiter_take_at(argument, takes, count, -1, limits_out, extras_out);
}

static aurora_status take_now(void *argument, const aurora_limiter_take *take,
                              aurora_limit *limit_out)
{
    uint64_t extra;
    return aurora__redis_limiter_take_at(argument, take, 1, -1, limit_out, &extra);
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
                                 .breaker = read_breaker,
                                 .take_all = take_all_now};
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

/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "adapters/redis/pool.h"
#include "adapters/redis/redis.h"
#include "adapters/redis/scripts.h"

#define NAME_BYTES 640    /* of a key in Redis */
#define VERSION_DIGITS 16 /* the frame before a value: its version and what it is */
#define FRAME_BYTES 17
#define FLOOR_KEEP_MS 10000 /* a load that takes longer may be refused */
#define LOCK_MS "2000"
#define DIGITS 24

typedef struct {
    const aurora_allocator *allocator;
    aurora__redis_pool *pool;
    aurora__redis_script put;
    aurora__redis_script drop;
    aurora__redis_script unlock;
    _Atomic uint64_t refused;
    _Atomic uint64_t failures;
} cache;

/* The three keys in Redis that a key of the cache has: one tag, so one place in a cluster. */
typedef enum { VALUE, FLOOR, LOCK } role;

typedef struct {
    char text[NAME_BYTES];
    size_t len;
} name;

static void write_name(name *out, const cache *self, const char *key, size_t key_len, role what)
{
    static const char *const ends[] = {"}", "}:floor", "}:lock"};
    size_t end_len = strlen(ends[what]);
    out->len = (size_t)snprintf(out->text, NAME_BYTES,
                                "cache:{%s:", aurora__redis_pool_address(self->pool)->prefix);
    memcpy(out->text + out->len, key, key_len);
    out->len += key_len;
    memcpy(out->text + out->len, ends[what], end_len);
    out->len += end_len;
}

static void write_version(char out[VERSION_DIGITS + 1], uint64_t version)
{
    snprintf(out, VERSION_DIGITS + 1, "%016" PRIx64, version);
}

/* A failure is a miss for the caller; here it is counted. An error that Redis answers is one. */
static aurora_status judge(cache *self, aurora_status rc, const aurora__redis_reply *reply)
{
    if (rc == AURORA_OK && reply->kind == AURORA__REDIS_ERROR)
        rc = AURORA_EIO;
    if (rc != AURORA_OK)
        atomic_fetch_add_explicit(&self->failures, 1, memory_order_relaxed);
    return rc;
}

static aurora_status call(cache *self, const aurora__redis_command *command,
                          aurora__redis_reply *reply)
{
    int64_t deadline_ns = aurora__redis_pool_deadline_ns(self->pool);
    return judge(self, aurora__redis_pool_call(self->pool, command, deadline_ns, reply), reply);
}

static aurora_status run(cache *self, const aurora__redis_script *script,
                         const aurora__redis_command *command, aurora__redis_reply *reply)
{
    int64_t deadline_ns = aurora__redis_pool_deadline_ns(self->pool);
    return judge(self, aurora__redis_pool_run(self->pool, script, command, deadline_ns, reply),
                 reply);
}

/* --- get -------------------------------------------------------------------------------------- */

static bool read_version(const char *text, uint64_t *version_out)
{
    *version_out = 0;
    for (int i = 0; i < VERSION_DIGITS; i++) {
        char c = text[i];
        bool is_digit = c >= '0' && c <= '9';
        if (!is_digit && (c < 'a' || c > 'f'))
            return false;
        *version_out = *version_out << 4 | (uint64_t)(is_digit ? c - '0' : c - 'a' + 10);
    }
    return true;
}

/* What is stored comes from outside: it may be anything. */
static aurora_status read_value(const cache *self, const aurora__redis_reply *reply,
                                const aurora_cache_value **out)
{
    uint64_t version;
    if (reply->kind != AURORA__REDIS_BULK || reply->len < FRAME_BYTES ||
        reply->len - FRAME_BYTES > AURORA_CACHE_VALUE_BYTES_MAX ||
        !read_version(reply->bytes, &version))
        return AURORA_ENOTFOUND;
    char kind = reply->bytes[VERSION_DIGITS];
    uint32_t len = (uint32_t)(reply->len - FRAME_BYTES);
    if (kind != 'v' && (kind != 'a' || len > 0))
        return AURORA_ENOTFOUND;
    return aurora_cache_value_new(self->allocator, reply->bytes + FRAME_BYTES, len, version,
                                  kind == 'a', out);
}

static aurora_status get(void *argument, const char *key, size_t key_len,
                         const aurora_cache_value **out)
{
    cache *self = argument;
    name value;
    aurora__redis_reply reply = {0};
    write_name(&value, self, key, key_len, VALUE);
    const char *words[] = {"GET", value.text};
    size_t lens[] = {3, value.len};
    aurora_status rc = call(self, &(aurora__redis_command){2, words, lens}, &reply);
    if (rc == AURORA_OK)
        rc = read_value(self, &reply, out);
    aurora__redis_reply_clear(&reply);
    return rc;
}

/* --- put and drop ----------------------------------------------------------------------------- */

static char *write_frame(const cache *self, const aurora_cache_value *value)
{
    char *frame = self->allocator->allocate(self->allocator->self, FRAME_BYTES + value->len + 1);
    if (frame == NULL)
        return NULL;
    write_version(frame, value->version);
    frame[VERSION_DIGITS] = value->is_absent ? 'a' : 'v';
    if (value->len > 0)
        memcpy(frame + FRAME_BYTES, value->bytes, value->len);
    return frame;
}

static aurora_status put(void *argument, const char *key, size_t key_len,
                         const aurora_cache_entry *entry)
{
    cache *self = argument;
    name value, floor;
    aurora__redis_reply reply = {0};
    char version[VERSION_DIGITS + 1], ttl[DIGITS], age[DIGITS], keep[DIGITS];
    char *frame = write_frame(self, entry->value);
    if (frame == NULL)
        return AURORA_ENOMEM;
    write_name(&value, self, key, key_len, VALUE);
    write_name(&floor, self, key, key_len, FLOOR);
    write_version(version, entry->value->version);
    int64_t age_micros = entry->load_ns / 1000 + 1;
    const char *words[] = {NULL, NULL, "2", value.text, floor.text, version, frame, ttl, age, keep};
    size_t lens[] = {
        0,
        0,
        1,
        value.len,
        floor.len,
        VERSION_DIGITS,
        FRAME_BYTES + entry->value->len,
        (size_t)snprintf(ttl, sizeof ttl, "%" PRId64, entry->ttl_ms),
        (size_t)snprintf(age, sizeof age, "%" PRId64, age_micros),
        (size_t)snprintf(keep, sizeof keep, "%d", FLOOR_KEEP_MS),
    };
    aurora_status rc = run(self, &self->put, &(aurora__redis_command){10, words, lens}, &reply);
    if (rc == AURORA_OK && reply.kind == AURORA__REDIS_INTEGER && reply.integer == 0) {
        atomic_fetch_add_explicit(&self->refused, 1, memory_order_relaxed);
        rc = AURORA_ECONFLICT;
    }
    aurora__redis_reply_clear(&reply);
    self->allocator->release(self->allocator->self, frame);
    return rc;
}

static void drop(void *argument, const char *key, size_t key_len, uint64_t version)
{
    cache *self = argument;
    name value, floor;
    aurora__redis_reply reply = {0};
    char digits[VERSION_DIGITS + 1], keep[DIGITS];
    write_name(&value, self, key, key_len, VALUE);
    write_name(&floor, self, key, key_len, FLOOR);
    write_version(digits, version);
    const char *words[] = {NULL, NULL, "2", value.text, floor.text, digits, keep};
    size_t lens[] = {0,
                     0,
                     1,
                     value.len,
                     floor.len,
                     VERSION_DIGITS,
                     (size_t)snprintf(keep, sizeof keep, "%d", FLOOR_KEEP_MS)};
    (void)run(self, &self->drop, &(aurora__redis_command){7, words, lens}, &reply);
    aurora__redis_reply_clear(&reply);
}

/* --- the lock between processes --------------------------------------------------------------- */

static aurora_status lock(void *argument, const char *key, size_t key_len, uint64_t *token_out)
{
    cache *self = argument;
    name place;
    aurora__redis_reply reply = {0};
    char token[VERSION_DIGITS + 1];
    if (getrandom(token_out, sizeof *token_out, 0) != sizeof *token_out)
        return AURORA_EIO;
    write_name(&place, self, key, key_len, LOCK);
    write_version(token, *token_out);
    const char *words[] = {"SET", place.text, token, "NX", "PX", LOCK_MS};
    size_t lens[] = {3, place.len, VERSION_DIGITS, 2, 2, sizeof LOCK_MS - 1};
    aurora_status rc = call(self, &(aurora__redis_command){6, words, lens}, &reply);
    if (rc == AURORA_OK && reply.kind != AURORA__REDIS_STATUS)
        rc = AURORA_EBUSY;
    aurora__redis_reply_clear(&reply);
    return rc;
}

static void unlock(void *argument, const char *key, size_t key_len, uint64_t token)
{
    cache *self = argument;
    name place;
    aurora__redis_reply reply = {0};
    char digits[VERSION_DIGITS + 1];
    write_name(&place, self, key, key_len, LOCK);
    write_version(digits, token);
    const char *words[] = {NULL, NULL, "1", place.text, digits};
    size_t lens[] = {0, 0, 1, place.len, VERSION_DIGITS};
    (void)run(self, &self->unlock, &(aurora__redis_command){5, words, lens}, &reply);
    aurora__redis_reply_clear(&reply);
}

/* --- life ------------------------------------------------------------------------------------- */

static void stats(void *argument, aurora_cache_stats *io)
{
    cache *self = argument;
    io->refused += atomic_load_explicit(&self->refused, memory_order_relaxed);
    io->failures += atomic_load_explicit(&self->failures, memory_order_relaxed);
}

static void read_breaker(void *argument, aurora_breaker_figures *figures_out)
{
    const cache *self = argument;
    aurora__redis_pool_breaker(self->pool, figures_out);
}

static void close_cache(void *argument)
{
    cache *self = argument;
    aurora__redis_pool_close(self->pool);
    self->allocator->release(self->allocator->self, self);
}

static aurora_status fill(cache *self, const aurora__redis_address *address,
                          const aurora_cache_port_options *options)
{
    const aurora__redis_pool_options pool = {.address = address,
                                             .allocator = options->allocator,
                                             .log = options->log,
                                             .log_self = options->log_self};
    if (!aurora__redis_script_init(&self->put, aurora__redis_cache_put_lua,
                                   aurora__redis_cache_put_lua_len) ||
        !aurora__redis_script_init(&self->drop, aurora__redis_cache_drop_lua,
                                   aurora__redis_cache_drop_lua_len) ||
        !aurora__redis_script_init(&self->unlock, aurora__redis_cache_unlock_lua,
                                   aurora__redis_cache_unlock_lua_len))
        return AURORA_ENOTSUP;
    return aurora__redis_pool_open(&pool, &self->pool);
}

aurora_status aurora__redis_cache_open(const aurora_cache_port_options *options,
                                       aurora_cache_port *out, aurora_error *err)
{
    aurora__redis_address address;
    const aurora_allocator *allocator = options->allocator;
    aurora_status rc = aurora__redis_address_read(options->address, "cache", &address, err);
    if (rc != AURORA_OK)
        return rc;
    cache *self = allocator->allocate(allocator->self, sizeof *self);
    if (self == NULL)
        return aurora__redis_refuse(err, AURORA_ENOMEM, "cache", "out of memory");
    memset(self, 0, sizeof *self);
    self->allocator = allocator;
    rc = fill(self, &address, options);
    if (rc != AURORA_OK) {
        close_cache(self);
        return aurora__redis_refuse(
            err, rc, "cache", rc == AURORA_ENOTSUP ? "libcrypto gives no SHA-1" : "out of memory");
    }
    *out = (aurora_cache_port){.size = sizeof *out,
                               .self = self,
                               .get = get,
                               .put = put,
                               .drop = drop,
                               .stats = stats,
                               .close = close_cache,
                               .lock = lock,
                               .unlock = unlock,
                               .breaker = read_breaker};
    return AURORA_OK;
}

aurora_status aurora__redis_cache_open_tls(const aurora_cache_port_options *options,
                                           aurora_cache_port *out, aurora_error *err)
{
    (void)options;
    (void)out;
    return aurora__redis_refuse(err, AURORA_ENOTSUP, "cache",
                                "rediss: is not spoken (hiredis has no TLS): use redis: over a "
                                "TLS tunnel");
}

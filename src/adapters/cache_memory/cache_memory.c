/* SPDX-License-Identifier: MIT */
#include "adapters/cache_memory/cache_memory.h"

#include "adapters/cache_memory/shard.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define BYTES_MIN (UINT64_C(64) << 10)
#define BYTES_MAX (UINT64_C(16) << 30)
#define BYTES_DEFAULT (UINT64_C(16) << 20)
#define SHARD_BYTES_MIN (UINT64_C(2) << 20) /* the largest value fits */
#define SHARDS_MAX 64

typedef struct {
    const aurora_allocator *allocator;
    const aurora_clock *clock;
    uint64_t seed[2];
    uint32_t shard_count; /* a power of two */
    aurora__cache_shard shards[];
} cache;

/* --- keys ------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t a, uint64_t b)
{
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t read_word(const char *from, size_t length)
{
    uint64_t word = 0;
    memcpy(&word, from, length);
    return word;
}

/* Seeded: keys come from outside, and must not be made to fall into one bucket. */
static aurora__cache_key key_of(const cache *self, const char *text, size_t length)
{
    uint64_t hash = self->seed[0] ^ length;
    size_t at = 0;
    for (; at + 8 <= length; at += 8)
        hash = mix(hash ^ read_word(text + at, 8), self->seed[1]);
    if (at < length)
        hash = mix(hash ^ read_word(text + at, length - at), self->seed[1]);
    hash = mix(hash ^ 0x9E3779B97F4A7C15u, self->seed[1]);
    return (aurora__cache_key){.text = text, .length = length, .hash = hash};
}

static aurora__cache_shard *shard_of(cache *self, const aurora__cache_key *key)
{
    return &self->shards[key->hash >> 48 & (self->shard_count - 1)];
}

static int64_t now_ns(const cache *self)
{
    return self->clock->monotonic_ns(self->clock->self);
}

/* --- the port --------------------------------------------------------------------------------- */

static aurora_status get(void *argument, const char *text, size_t length,
                         const aurora_cache_value **out)
{
    cache *self = argument;
    aurora__cache_key key = key_of(self, text, length);
    return aurora__cache_shard_get(shard_of(self, &key), &key, now_ns(self), out);
}

static aurora_status put(void *argument, const char *text, size_t length,
                         const aurora_cache_entry *entry)
{
    cache *self = argument;
    aurora__cache_key key = key_of(self, text, length);
    return aurora__cache_shard_put(shard_of(self, &key), &key, now_ns(self), entry);
}

static void drop(void *argument, const char *text, size_t length, uint64_t version)
{
    cache *self = argument;
    aurora__cache_key key = key_of(self, text, length);
    aurora__cache_shard_drop(shard_of(self, &key), &key, now_ns(self), version);
}

static void stats(void *argument, aurora_cache_stats *io)
{
    cache *self = argument;
    for (uint32_t i = 0; i < self->shard_count; i++) {
        aurora__cache_shard *shard = &self->shards[i];
        pthread_mutex_lock(&shard->lock);
        io->bytes += shard->bytes;
        io->entries += shard->entries;
        io->evictions += shard->evictions;
        io->refused += shard->refused;
        pthread_mutex_unlock(&shard->lock);
    }
}

static void close_cache(void *argument)
{
    cache *self = argument;
    for (uint32_t i = 0; i < self->shard_count; i++)
        aurora__cache_shard_deinit(&self->shards[i]);
    self->allocator->release(self->allocator->self, self);
}

/* --- opening ---------------------------------------------------------------------------------- */

static aurora_status refuse(aurora_error *err, aurora_status status, const char *message)
{
    if (err != NULL && err->size != 0) {
        err->status = status;
        snprintf(err->field, sizeof err->field, "cache");
        snprintf(err->message, sizeof err->message, "%s", message);
    }
    return status;
}

/* "16MiB". False for anything else, and for more than 2^63. */
static bool read_bytes(const char *text, uint64_t *out)
{
    static const struct {
        const char *suffix;
        uint32_t shift;
    } units[] = {{"", 0}, {"B", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}};
    uint64_t number = 0;
    size_t digits = strspn(text, "0123456789");
    if (digits < 1 || digits > 11)
        return false;
    for (size_t i = 0; i < digits; i++)
        number = number * 10 + (uint64_t)(text[i] - '0');
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(text + digits, units[i].suffix) != 0)
            continue;
        *out = number > BYTES_MAX ? UINT64_MAX : number << units[i].shift;
        return true;
    }
    return false;
}

static aurora_status read_address(const char *address, uint64_t *bytes_out, aurora_error *err)
{
    *bytes_out = BYTES_DEFAULT;
    if (address[0] == '\0')
        return AURORA_OK;
    if (strncmp(address, "?bytes=", 7) != 0)
        return refuse(err, AURORA_EINVAL, "must be memory: or memory:?bytes=16MiB");
    if (!read_bytes(address + 7, bytes_out) || *bytes_out < BYTES_MIN || *bytes_out > BYTES_MAX)
        return refuse(err, AURORA_EINVAL, "bytes must be 64KiB to 16GiB");
    return AURORA_OK;
}

static aurora_status init_shards(cache *self, uint64_t bytes)
{
    uint32_t count = self->shard_count;
    uint64_t share = (bytes - sizeof *self) / count;
    for (self->shard_count = 0; self->shard_count < count; self->shard_count++) {
        aurora_status rc =
            aurora__cache_shard_init(&self->shards[self->shard_count], self->allocator, share);
        if (rc != AURORA_OK)
            return rc;
    }
    return AURORA_OK;
}

aurora_status aurora__cache_memory_open(const aurora_cache_port_options *options,
                                        aurora_cache_port *out, aurora_error *err)
{
    uint64_t bytes;
    uint32_t count = 1;
    aurora_status rc = read_address(options->address, &bytes, err);
    if (rc != AURORA_OK)
        return rc;
    while (count < SHARDS_MAX && bytes / 2 / count >= SHARD_BYTES_MIN)
        count *= 2;
    const aurora_allocator *allocator = options->allocator;
    cache *self = allocator->allocate(allocator->self, sizeof *self + count * sizeof *self->shards);
    if (self == NULL)
        return refuse(err, AURORA_ENOMEM, "out of memory");
    *self = (cache){.allocator = allocator, .clock = options->clock, .shard_count = count};
    if (getrandom(self->seed, sizeof self->seed, 0) != sizeof self->seed)
        rc = AURORA_EIO;
    self->seed[1] |= 1;
    if (rc == AURORA_OK)
        rc = init_shards(self, bytes);
    else
        self->shard_count = 0;
    if (rc != AURORA_OK) {
        close_cache(self);
        return refuse(err, rc,
                      rc == AURORA_EIO ? "the system gives no random bytes" : "out of memory");
    }
    *out = (aurora_cache_port){.size = sizeof *out,
                               .self = self,
                               .get = get,
                               .put = put,
                               .drop = drop,
                               .stats = stats,
                               .close = close_cache};
    return AURORA_OK;
}

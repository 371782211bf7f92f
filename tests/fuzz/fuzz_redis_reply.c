/* SPDX-License-Identifier: MIT */
/* Can a Redis, or what pretends to be one, hurt us? Its bytes go through hiredis' reader into a
 * reply of ours, in pieces, and a reply that came is read as the limiter's script's and as a cached
 * value. The limiter and the cache are compiled in: what reads their replies is theirs alone. The
 * first byte says how large the pieces are and how many buckets were asked for. */
#include "../../src/adapters/redis/limiter.c"

/* Both files have a part of this name. */
#define read_breaker read_breaker_of_cache
#include "../../src/adapters/redis/cache.c"
#undef read_breaker

#include "../support/heap.h"

static void check_reply(const aurora__redis_reply *reply)
{
    bool has_bytes = reply->kind == AURORA__REDIS_STATUS || reply->kind == AURORA__REDIS_ERROR ||
                     reply->kind == AURORA__REDIS_BULK;
    if (reply->kind < AURORA__REDIS_NONE || reply->kind > AURORA__REDIS_ARRAY ||
        reply->count > AURORA__REDIS_ITEMS_MAX)
        abort();
    if (has_bytes && (reply->bytes == NULL || reply->bytes[reply->len] != '\0' ||
                      reply->len > AURORA__REDIS_REPLY_BYTES_MAX))
        abort();
    (void)aurora__redis_reply_is_error(reply, "NOSCRIPT");
}

static void read_as_limits(const aurora__redis_reply *reply, uint32_t count)
{
    static const aurora_limiter_take take = {.policy = "checkout",
                                             .key = "alice",
                                             .key_len = 5,
                                             .tokens = 7,
                                             .per_ns = 1000000000,
                                             .burst = 20,
                                             .cost = 2,
                                             .extra = 3};
    aurora_limiter_take takes[AURORA_LIMITER_TAKES_MAX];
    aurora__rate rates[AURORA_LIMITER_TAKES_MAX];
    aurora_limit limits[AURORA_LIMITER_TAKES_MAX];
    uint64_t extras[AURORA_LIMITER_TAKES_MAX];
    for (uint32_t i = 0; i < count; i++)
        takes[i] = take;
    if (check(takes, count, rates) != AURORA_OK)
        abort();
    if (read_reply(reply, rates, takes, count, limits, extras) != AURORA_OK)
        return;
    for (uint32_t i = 0; i < count; i++) {
        if (limits[i].limit != take.burst || limits[i].remaining > take.burst ||
            limits[i].is_allowed > 1 || limits[i].retry_after_ns < -1 || limits[i].reset_ns < 0 ||
            (limits[i].is_allowed == 1 && limits[i].retry_after_ns != 0))
            abort();
    }
}

static void read_as_value(const aurora__redis_reply *reply)
{
    const aurora_cache_value *value = NULL;
    const cache self = {.allocator = &heap};
    if (reply->kind == AURORA__REDIS_NONE || read_value(&self, reply, &value) != AURORA_OK)
        return;
    if (value->len > reply->len - FRAME_BYTES)
        abort();
    aurora_cache_value_free(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    aurora__redis_reply reply = {0};
    if (size < 2)
        return 0;
    redisReader *reader = aurora__redis_reader_new();
    if (reader == NULL)
        return 0;
    reader->privdata = &reply;
    uint32_t count = 1 + (data[0] >> 5);
    size_t piece = 1 + data[0] % 32, at = 1;
    while (at < size) {
        size_t len = size - at < piece ? size - at : piece;
        void *whole = NULL;
        if (redisReaderFeed(reader, (const char *)data + at, len) != REDIS_OK ||
            redisReaderGetReply(reader, &whole) != REDIS_OK)
            break;
        at += len;
        if (whole == NULL)
            continue;
        check_reply(&reply);
        read_as_limits(&reply, count);
        read_as_value(&reply);
        aurora__redis_reply_clear(&reply);
    }
    redisReaderFree(reader);
    aurora__redis_reply_clear(&reply);
    return 0;
}

/* SPDX-License-Identifier: MIT */
#include "cache_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "adapters/cache_memory/cache_memory.h"
#ifdef AURORA_TEST_HAS_REDIS
#include "adapters/redis/redis.h"
#endif

const cache_adapter cache_adapters[] = {
    {"memory", aurora__cache_memory_open, false},
#ifdef AURORA_TEST_HAS_REDIS
    {"redis", aurora__redis_cache_open, true},
#endif
};

/* Those that need a server stand last. */
int cache_adapter_count(void)
{
    int count = sizeof cache_adapters / sizeof *cache_adapters;
    while (cache_adapters[count - 1].is_redis && getenv("AURORA_TEST_REDIS") == NULL)
        count--;
    return count;
}

#define SETTLE_MS 10000 /* less is nothing to a put, and telling it each time is slow */

/* Time that has passed and that Redis, whose clock is its own, was not told of. */
static void settle(cache_fixture *fixture)
{
#ifdef AURORA_TEST_HAS_REDIS
    if (fixture->address[0] != '\0' && fixture->pending_ms > 0)
        redis_age(fixture->address, fixture->pending_ms);
#endif
    fixture->pending_ms = 0;
}

void cache_start(cache_fixture *fixture, int adapter)
{
    aurora_error err = AURORA_ERROR_INIT;
    memset(fixture, 0, sizeof *fixture);
    aurora_manual_clock_init(&fixture->manual, INT64_C(1750000000000));
    aurora_manual_clock_attach(&fixture->manual, &fixture->clock);
    aurora_failing_allocator_init(&fixture->failing, UINT64_MAX, 0);
    aurora_failing_allocator_attach(&fixture->failing, &fixture->allocator);
#ifdef AURORA_TEST_HAS_REDIS
    if (cache_adapters[adapter].is_redis) {
        redis_address(fixture->address, "&timeout=5s");
        fixture->slack_ms = CACHE_SLACK_MS;
    }
#endif
    aurora_cache_port_options options = {.size = sizeof options,
                                         .address = fixture->address,
                                         .allocator = &fixture->allocator,
                                         .clock = &fixture->clock};
    aurora_status rc = cache_adapters[adapter].open(&options, &fixture->port, &err);
    ck_assert_msg(rc == AURORA_OK, "%s: %s", cache_adapters[adapter].name, err.message);
    cache_advance(fixture, 1000);
}

void cache_stop(cache_fixture *fixture)
{
#ifdef AURORA_TEST_HAS_REDIS
    if (fixture->address[0] != '\0')
        redis_clean(fixture->address);
#endif
    fixture->port.close(fixture->port.self);
    ck_assert_uint_eq(aurora_failing_allocator_live(&fixture->failing), 0);
}

aurora_status cache_put(cache_fixture *fixture, const char *key, const char *text, uint64_t version,
                        int64_t load_ms)
{
    const aurora_cache_value *value;
    aurora_assert_ok(aurora_cache_value_new(&fixture->allocator, text, (uint32_t)strlen(text),
                                            version, 0, &value));
    if (fixture->pending_ms >= SETTLE_MS)
        settle(fixture);
    aurora_cache_entry entry = {
        .size = sizeof entry, .value = value, .ttl_ms = CACHE_TTL_MS, .load_ns = load_ms * 1000000};
    aurora_status rc = fixture->port.put(fixture->port.self, key, strlen(key), &entry);
    aurora_cache_value_free(value);
    return rc;
}

bool cache_has(cache_fixture *fixture, const char *key, const char *text)
{
    const aurora_cache_value *value = NULL;
    settle(fixture);
    aurora_status rc = fixture->port.get(fixture->port.self, key, strlen(key), &value);
    bool is_right = rc == AURORA_ENOTFOUND && text == NULL && value == NULL;
    if (rc == AURORA_OK)
        is_right = text != NULL && value->len == strlen(text) && strcmp(value->bytes, text) == 0;
    aurora_cache_value_free(value);
    return is_right;
}

void cache_drop(cache_fixture *fixture, const char *key, uint64_t version)
{
    settle(fixture);
    fixture->port.drop(fixture->port.self, key, strlen(key), version);
}

void cache_advance(cache_fixture *fixture, int64_t ms)
{
    aurora_manual_clock_advance(&fixture->manual, ms);
    fixture->pending_ms += ms;
}

/* SPDX-License-Identifier: MIT */
#include "cache_fixture.h"

#include <string.h>

#include "adapters/cache_memory/cache_memory.h"

const cache_adapter cache_adapters[] = {
    {"memory", aurora__cache_memory_open, ""},
};
const int cache_adapter_count = sizeof cache_adapters / sizeof *cache_adapters;

void cache_start(cache_fixture *fixture, int adapter)
{
    aurora_error err = AURORA_ERROR_INIT;
    memset(fixture, 0, sizeof *fixture);
    aurora_manual_clock_init(&fixture->manual, INT64_C(1750000000000));
    aurora_manual_clock_attach(&fixture->manual, &fixture->clock);
    aurora_failing_allocator_init(&fixture->failing, UINT64_MAX, 0);
    aurora_failing_allocator_attach(&fixture->failing, &fixture->allocator);
    aurora_cache_port_options options = {.size = sizeof options,
                                         .address = cache_adapters[adapter].address,
                                         .allocator = &fixture->allocator,
                                         .clock = &fixture->clock};
    aurora_status rc = cache_adapters[adapter].open(&options, &fixture->port, &err);
    ck_assert_msg(rc == AURORA_OK, "%s: %s", cache_adapters[adapter].name, err.message);
    cache_advance(fixture, 1000);
}

void cache_stop(cache_fixture *fixture)
{
    fixture->port.close(fixture->port.self);
    ck_assert_uint_eq(aurora_failing_allocator_live(&fixture->failing), 0);
}

aurora_status cache_put(cache_fixture *fixture, const char *key, const char *text, uint64_t version,
                        int64_t load_ms)
{
    const aurora_cache_value *value;
    aurora_assert_ok(aurora_cache_value_new(&fixture->allocator, text, (uint32_t)strlen(text),
                                            version, 0, &value));
    aurora_cache_entry entry = {
        .size = sizeof entry, .value = value, .ttl_ms = CACHE_TTL_MS, .load_ns = load_ms * 1000000};
    aurora_status rc = fixture->port.put(fixture->port.self, key, strlen(key), &entry);
    aurora_cache_value_free(value);
    return rc;
}

bool cache_has(cache_fixture *fixture, const char *key, const char *text)
{
    const aurora_cache_value *value = NULL;
    aurora_status rc = fixture->port.get(fixture->port.self, key, strlen(key), &value);
    bool is_right = rc == AURORA_ENOTFOUND && text == NULL && value == NULL;
    if (rc == AURORA_OK)
        is_right = text != NULL && value->len == strlen(text) && strcmp(value->bytes, text) == 0;
    aurora_cache_value_free(value);
    return is_right;
}

void cache_drop(cache_fixture *fixture, const char *key, uint64_t version)
{
    fixture->port.drop(fixture->port.self, key, strlen(key), version);
}

void cache_advance(cache_fixture *fixture, int64_t ms)
{
    aurora_manual_clock_advance(&fixture->manual, ms);
}

/* SPDX-License-Identifier: MIT */
/* What the cache contract runs on: the adapters as a table, and an open port per test with a clock
 * that is moved by hand. A new adapter is one line in cache_fixture.c. */
#ifndef AURORA_TESTS_SUPPORT_CACHE_FIXTURE_H
#define AURORA_TESTS_SUPPORT_CACHE_FIXTURE_H

#include <aurora/port/cache.h>
#include <aurora/testing.h>

#include "redis_test.h"

typedef struct {
    const char *name;
    aurora_cache_open_fn open;
    bool is_redis; /* on the server of AURORA_TEST_REDIS */
} cache_adapter;

extern const cache_adapter cache_adapters[];
/* Without those whose server is not there. */
int cache_adapter_count(void);

typedef struct {
    aurora_cache_port port;
    aurora_manual_clock manual;
    aurora_clock clock;
    aurora_failing_allocator failing;
    aurora_allocator allocator;
    char address[REDIS_ADDRESS_BYTES];
    int64_t pending_ms;
    int64_t slack_ms; /* how far its clock may be from ours: a test itself takes time */
} cache_fixture;

/* Opens adapter number `adapter`; close fails the test where memory is left. */
void cache_start(cache_fixture *fixture, int adapter);
void cache_stop(cache_fixture *fixture);

/* Puts a text whose load began load_ms ago. */
aurora_status cache_put(cache_fixture *fixture, const char *key, const char *text, uint64_t version,
                        int64_t load_ms);

/* Whether the key has this text; NULL = it must be a miss. */
bool cache_has(cache_fixture *fixture, const char *key, const char *text);

void cache_drop(cache_fixture *fixture, const char *key, uint64_t version);
void cache_advance(cache_fixture *fixture, int64_t ms);

#define CACHE_TTL_MS 60000
#define CACHE_SLACK_MS 8000

/* Adds a test that runs once for each adapter, under its name and number. */
#define cache_add_test(tcase, test) tcase_add_loop_test(tcase, test, 0, cache_adapter_count())

#endif

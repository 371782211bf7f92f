/* SPDX-License-Identifier: MIT */
/* The cache as a host sees it, on a clock that is moved by hand: loading once, times to live,
 * bounds, memory; and threads on one cache. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <aurora/port/driver.h>
#include <aurora/testing.h>

#include "test.h"

typedef struct {
    aurora_cache *cache;
    aurora_manual_clock manual;
    aurora_clock clock;
    aurora_failing_allocator failing;
    aurora_allocator allocator;
    aurora_cache_loader loader;
    /* What the loader gives, and what it saw. */
    aurora_status status;
    const char *text;
    uint64_t version;
    uint32_t loads;
    uint32_t releases;
    void (*during)(void *shop); /* called while it loads */
} fixture;

static aurora_status load(void *self, const char *key, const char **bytes_out, uint32_t *len_out,
                          uint64_t *version_out)
{
    fixture *f = self;
    (void)key;
    f->loads++;
    *version_out = f->version;
    if (f->status == AURORA_OK) {
        *bytes_out = f->text;
        *len_out = (uint32_t)strlen(f->text);
    }
    if (f->during != NULL)
        f->during(f);
    return f->status;
}

static void release(void *self, const char *bytes)
{
    fixture *f = self;
    ck_assert_ptr_eq(bytes, f->text);
    f->releases++;
}

static void start(fixture *f, const char *url)
{
    aurora_error err = AURORA_ERROR_INIT;
    memset(f, 0, sizeof *f);
    f->loader = (aurora_cache_loader){f, load, release};
    f->text = "apple";
    f->version = 1;
    aurora_manual_clock_init(&f->manual, INT64_C(1750000000000));
    aurora_manual_clock_attach(&f->manual, &f->clock);
    aurora_failing_allocator_init(&f->failing, UINT64_MAX, 0);
    aurora_failing_allocator_attach(&f->failing, &f->allocator);
    aurora_status rc = aurora_cache_open(
        url, AURORA_CACHE_OPTIONS(.allocator = &f->allocator, .clock = &f->clock, .ttl_ms = 1000),
        &f->cache, &err);
    ck_assert_msg(rc == AURORA_OK, "%s %s", err.field, err.message);
    aurora_manual_clock_advance(&f->manual, 1000);
}

static void stop(fixture *f)
{
    aurora_cache_close(f->cache);
    ck_assert_uint_eq(aurora_failing_allocator_live(&f->failing), 0);
}

/* Gets a key, which must have this text (NULL = be absent). */
static void expect(fixture *f, const char *key, const char *text)
{
    const aurora_cache_value *value;
    aurora_assert_ok(aurora_cache_get(f->cache, key, &f->loader, &value));
    ck_assert_uint_eq(value->is_absent, text == NULL);
    ck_assert_str_eq(value->bytes, text == NULL ? "" : text);
    aurora_cache_value_free(value);
}

static aurora_cache_stats stats_of(const fixture *f)
{
    aurora_cache_stats stats;
    aurora_cache_stats_get(f->cache, &stats);
    return stats;
}

START_TEST(test_cache__second_get_does_not_load)
{
    fixture f;
    start(&f, "memory:");

    expect(&f, "a", "apple");
    expect(&f, "a", "apple");

    ck_assert_uint_eq(f.loads, 1);
    ck_assert_uint_eq(f.releases, 1);
    aurora_cache_stats stats = stats_of(&f);
    ck_assert_uint_eq(stats.hits, 1);
    ck_assert_uint_eq(stats.misses, 1);
    ck_assert_uint_eq(stats.loads, 1);
    ck_assert_uint_eq(stats.entries, 1);
    stop(&f);
}
END_TEST

START_TEST(test_cache__absence_is_kept_for_a_quarter_of_the_time)
{
    fixture f;
    start(&f, "memory:");
    f.status = AURORA_ENOTFOUND;

    expect(&f, "a", NULL);
    aurora_manual_clock_advance(&f.manual, 200);
    expect(&f, "a", NULL);
    ck_assert_uint_eq(f.loads, 1);
    aurora_manual_clock_advance(&f.manual, 80);
    expect(&f, "a", NULL);

    ck_assert_uint_eq(f.loads, 2);
    ck_assert_uint_eq(f.releases, 0);
    stop(&f);
}
END_TEST

START_TEST(test_cache__failed_load_is_not_kept)
{
    fixture f;
    const aurora_cache_value *value;
    start(&f, "memory:");
    f.status = AURORA_EIO;

    aurora_assert_status(aurora_cache_get(f.cache, "a", &f.loader, &value), AURORA_EIO);
    ck_assert_ptr_null(value);
    f.status = AURORA_OK;
    expect(&f, "a", "apple");

    ck_assert_uint_eq(f.loads, 2);
    stop(&f);
}
END_TEST

/* Of a hundred values that were loaded together some go before their second and some after. */
START_TEST(test_cache__times_to_live_are_spread_by_a_tenth)
{
    fixture f;
    char key[16];
    uint32_t loads[3];
    const int64_t steps[3] = {899, 101, 101};
    start(&f, "memory:");
    for (int i = 0; i < 100; i++) {
        snprintf(key, sizeof key, "k%d", i);
        expect(&f, key, "apple");
    }

    for (int step = 0; step < 3; step++) {
        aurora_manual_clock_advance(&f.manual, steps[step]);
        const aurora_cache_value *value;
        uint32_t before = f.loads;
        f.status = AURORA_EIO; /* what is gone stays gone */
        for (int i = 0; i < 100; i++) {
            snprintf(key, sizeof key, "k%d", i);
            if (aurora_cache_get(f.cache, key, &f.loader, &value) == AURORA_OK)
                aurora_cache_value_free(value);
        }
        loads[step] = f.loads - before;
    }

    ck_assert_uint_eq(loads[0], 0);
    ck_assert_uint_gt(loads[1], 20);
    ck_assert_uint_lt(loads[1], 80);
    ck_assert_uint_eq(loads[2], 100);
    stop(&f);
}
END_TEST

static void drop_while_loading(void *argument)
{
    fixture *f = argument;
    aurora_cache_drop(f->cache, "a", 2);
}

START_TEST(test_cache__load_that_a_drop_overtook_is_not_kept)
{
    fixture f;
    start(&f, "memory:");
    f.during = drop_while_loading;

    expect(&f, "a", "apple");
    f.during = NULL;
    f.version = 2;
    f.text = "pear";
    expect(&f, "a", "pear");
    expect(&f, "a", "pear");

    ck_assert_uint_eq(f.loads, 2);
    ck_assert_uint_eq(stats_of(&f).refused, 1);
    stop(&f);
}
END_TEST

START_TEST(test_cache__load_as_new_as_the_drop_is_kept)
{
    fixture f;
    start(&f, "memory:");
    f.during = drop_while_loading;
    f.version = 2;

    expect(&f, "a", "apple");
    expect(&f, "a", "apple");

    ck_assert_uint_eq(f.loads, 1);
    stop(&f);
}
END_TEST

START_TEST(test_cache__stays_within_its_bytes)
{
    fixture f;
    start(&f, "memory:?bytes=256KiB");

    for (int i = 0; i < 5000; i++) {
        char key[32];
        snprintf(key, sizeof key, "key-%d", i);
        aurora_manual_clock_advance(&f.manual, 1);
        expect(&f, key, "apple");
        ck_assert_uint_le(stats_of(&f).bytes, 256 << 10);
    }

    aurora_cache_stats stats = stats_of(&f);
    ck_assert_uint_gt(stats.entries, 500);
    ck_assert_uint_gt(stats.evictions, 3000);
    stop(&f);
}
END_TEST

START_TEST(test_cache__what_is_read_stays_when_others_make_room)
{
    fixture f;
    start(&f, "memory:?bytes=256KiB");
    expect(&f, "hot", "apple");

    for (int i = 0; i < 900; i++) {
        char key[32];
        snprintf(key, sizeof key, "key-%d", i);
        expect(&f, key, "apple");
        if (i % 100 == 0)
            expect(&f, "hot", "apple");
    }
    uint32_t before = f.loads;
    expect(&f, "hot", "apple");

    ck_assert_uint_eq(f.loads, before);
    ck_assert_uint_gt(stats_of(&f).hits, 9);
    stop(&f);
}
END_TEST

START_TEST(test_cache__value_outlives_the_cache)
{
    fixture f;
    const aurora_cache_value *value;
    start(&f, "memory:");
    aurora_assert_ok(aurora_cache_get(f.cache, "a", &f.loader, &value));

    aurora_cache_close(f.cache);

    ck_assert_str_eq(value->bytes, "apple");
    aurora_cache_value_free(value);
    ck_assert_uint_eq(aurora_failing_allocator_live(&f.failing), 0);
}
END_TEST

START_TEST(test_cache__too_large_a_value_is_given_and_not_kept)
{
    fixture f;
    char *text = malloc(AURORA_CACHE_VALUE_BYTES_MAX + 2);
    start(&f, "memory:");
    memset(text, 'v', AURORA_CACHE_VALUE_BYTES_MAX + 1);
    text[AURORA_CACHE_VALUE_BYTES_MAX + 1] = '\0';
    f.text = text;

    expect(&f, "a", text);
    expect(&f, "a", text);

    ck_assert_uint_eq(f.loads, 2);
    ck_assert_uint_eq(stats_of(&f).refused, 2);
    free(text);
    stop(&f);
}
END_TEST

START_TEST(test_cache__bad_argument_is_refused)
{
    fixture f;
    const aurora_cache_value *value;
    char key[AURORA_CACHE_KEY_BYTES_MAX + 2];
    start(&f, "memory:");
    memset(key, 'k', sizeof key - 1);
    key[sizeof key - 1] = '\0';

    aurora_assert_status(aurora_cache_get(f.cache, key, &f.loader, &value), AURORA_EINVAL);
    aurora_assert_status(aurora_cache_get(f.cache, "", &f.loader, &value), AURORA_EINVAL);
    aurora_assert_status(aurora_cache_get(f.cache, NULL, &f.loader, &value), AURORA_EINVAL);
    aurora_assert_status(aurora_cache_get(f.cache, "a", NULL, &value), AURORA_EINVAL);
    aurora_assert_status(aurora_cache_get(f.cache, "a", &f.loader, NULL), AURORA_EINVAL);
    aurora_assert_status(aurora_cache_get(NULL, "a", &f.loader, &value), AURORA_EINVAL);
    aurora_cache_drop(f.cache, NULL, 1);
    aurora_cache_drop(NULL, "a", 1);
    aurora_cache_value_free(NULL);
    aurora_cache_close(NULL);

    ck_assert_uint_eq(f.loads, 0);
    stop(&f);
}
END_TEST

/* --- opening ---------------------------------------------------------------------------------- */

static const struct {
    const char *url;
    aurora_status status;
} urls[] = {
    {"memory:", AURORA_OK},
    {"memory:?bytes=64KiB", AURORA_OK},
    {"memory:?bytes=65536", AURORA_OK},
    {"memory:?bytes=1GiB", AURORA_OK},
    {"memory:?bytes=63KiB", AURORA_EINVAL},
    {"memory:?bytes=17GiB", AURORA_EINVAL},
    {"memory:?bytes=99999999999GiB", AURORA_EINVAL},
    {"memory:?bytes=", AURORA_EINVAL},
    {"memory:?bytes=-1", AURORA_EINVAL},
    {"memory:?bytes=1MB", AURORA_EINVAL},
    {"memory:?size=1MiB", AURORA_EINVAL},
    {"memory:x", AURORA_EINVAL},
    {"shop.db", AURORA_EINVAL},
    {"", AURORA_EINVAL},
    {NULL, AURORA_EINVAL},
    {"redis://127.0.0.1/0", AURORA_ENOTSUP},
};

START_TEST(test_cache__url_is_checked)
{
    aurora_cache *cache;
    aurora_error err = AURORA_ERROR_INIT;

    aurora_status rc = aurora_cache_open(urls[_i].url, NULL, &cache, &err);

    ck_assert_int_eq(rc, urls[_i].status);
    ck_assert((rc == AURORA_OK) == (cache != NULL));
    if (rc != AURORA_OK)
        ck_assert_str_eq(err.field, "cache");
    aurora_cache_close(cache);
}
END_TEST

START_TEST(test_cache__option_out_of_range_is_refused)
{
    aurora_cache *cache;
    aurora_error err = AURORA_ERROR_INIT;

    aurora_assert_status(
        aurora_cache_open("memory:", AURORA_CACHE_OPTIONS(.ttl_ms = -1), &cache, &err),
        AURORA_EINVAL);
    ck_assert_str_eq(err.field, "ttl_ms");
    aurora_assert_status(
        aurora_cache_open("memory:", AURORA_CACHE_OPTIONS(.absent_ttl_ms = 86400001), &cache, &err),
        AURORA_EINVAL);
    ck_assert_str_eq(err.field, "absent_ttl_ms");
    aurora_assert_status(aurora_cache_open("memory:", NULL, NULL, &err), AURORA_EINVAL);
}
END_TEST

/* A driver that is never reachable. */
static aurora_status far_get(void *self, const char *key, size_t key_len,
                             const aurora_cache_value **out)
{
    (void)self;
    (void)key;
    (void)key_len;
    (void)out;
    return AURORA_EIO;
}

static aurora_status far_put(void *self, const char *key, size_t key_len,
                             const aurora_cache_entry *entry)
{
    (void)self;
    (void)key;
    (void)key_len;
    (void)entry;
    return AURORA_EIO;
}

static void far_drop(void *self, const char *key, size_t key_len, uint64_t version)
{
    (void)self;
    (void)key;
    (void)key_len;
    (void)version;
}

static uint32_t far_closed;

static void far_close(void *self)
{
    (void)self;
    far_closed++;
}

static aurora_status far_open(const aurora_cache_port_options *options, aurora_cache_port *out,
                              aurora_error *err)
{
    (void)err;
    ck_assert_str_eq(options->address, "//host");
    *out = (aurora_cache_port){
        .size = sizeof *out, .get = far_get, .put = far_put, .drop = far_drop, .close = far_close};
    return AURORA_OK;
}

static aurora_status broken_open(const aurora_cache_port_options *options, aurora_cache_port *out,
                                 aurora_error *err)
{
    aurora_status rc = far_open(options, out, err);
    out->put = NULL;
    return rc;
}

START_TEST(test_cache__unreachable_cache_is_a_miss)
{
    fixture f;
    aurora_cache *cache;
    const aurora_cache_value *value;
    const aurora_driver driver = {
        .size = sizeof driver, .port = AURORA_PORT_CACHE, .scheme = "far", .open_cache = far_open};
    start(&f, "memory:");
    far_closed = 0;
    aurora_assert_ok(aurora_cache_open(
        "far://host", AURORA_CACHE_OPTIONS(.drivers = &driver, .driver_count = 1), &cache, NULL));

    aurora_assert_ok(aurora_cache_get(cache, "a", &f.loader, &value));

    ck_assert_str_eq(value->bytes, "apple");
    aurora_cache_value_free(value);
    aurora_cache_close(cache);
    ck_assert_uint_eq(far_closed, 1);
    stop(&f);
}
END_TEST

START_TEST(test_cache__driver_without_a_required_call_is_refused)
{
    aurora_cache *cache;
    const aurora_driver driver = {.size = sizeof driver,
                                  .port = AURORA_PORT_CACHE,
                                  .scheme = "far",
                                  .open_cache = broken_open};
    far_closed = 0;

    aurora_assert_status(
        aurora_cache_open("far://host", AURORA_CACHE_OPTIONS(.drivers = &driver, .driver_count = 1),
                          &cache, NULL),
        AURORA_EINVAL);

    ck_assert_uint_eq(far_closed, 1);
}
END_TEST

/* --- memory ----------------------------------------------------------------------------------- */

START_TEST(test_cache__any_allocation_may_fail)
{
    for (uint64_t at = 0;; at++) {
        fixture f;
        start(&f, "memory:?bytes=64KiB");
        aurora_cache_close(f.cache);
        aurora_failing_allocator_init(&f.failing, at, 0);
        aurora_status rc = aurora_cache_open(
            "memory:?bytes=64KiB",
            AURORA_CACHE_OPTIONS(.allocator = &f.allocator, .clock = &f.clock), &f.cache, NULL);
        ck_assert(rc == AURORA_OK || rc == AURORA_ENOMEM);
        for (int i = 0; rc == AURORA_OK && i < 3; i++) {
            const aurora_cache_value *value;
            aurora_status got = aurora_cache_get(f.cache, "a", &f.loader, &value);
            ck_assert(got == AURORA_OK || got == AURORA_ENOMEM);
            aurora_cache_value_free(value);
            aurora_cache_drop(f.cache, "a", i == 1 ? 1 : 9);
        }
        stop(&f);
        if (aurora_failing_allocator_count(&f.failing) < at)
            break;
        ck_assert_uint_lt(at, 100);
    }
}
END_TEST

/* --- threads ---------------------------------------------------------------------------------- */

enum { THREADS = 8, KEYS = 32, ROUNDS = 4000 };

/* The store behind the cache: versions that only grow. */
typedef struct {
    aurora_cache *cache;
    _Atomic uint64_t committed[KEYS];
    _Atomic uint64_t dropped[KEYS]; /* at least these are dropped */
    atomic_uint loads;
    pthread_barrier_t barrier;
} board;

static aurora_status load_number(void *self, const char *key, const char **bytes_out,
                                 uint32_t *len_out, uint64_t *version_out)
{
    board *b = self;
    uint64_t version = atomic_load(&b->committed[strtoul(key, NULL, 10)]);
    char *text = malloc(32);
    snprintf(text, 32, "%llu", (unsigned long long)version);
    atomic_fetch_add(&b->loads, 1);
    *bytes_out = text;
    *len_out = (uint32_t)strlen(text);
    *version_out = version;
    return AURORA_OK;
}

static void free_number(void *self, const char *bytes)
{
    (void)self;
    free((void *)bytes);
}

/* Reads and writes: nobody may read a version older than one that was dropped before he asked. */
static void *read_and_write(void *argument)
{
    board *b = argument;
    aurora_cache_loader loader = {b, load_number, free_number};
    uint64_t random = (uint64_t)(uintptr_t)&random;
    for (int i = 0; i < ROUNDS; i++) {
        char key[16];
        uint64_t word = aurora_test_random(&random);
        uint32_t which = (uint32_t)(word % KEYS);
        snprintf(key, sizeof key, "%u", which);
        if (word >> 32 & 7) {
            uint64_t least = atomic_load(&b->dropped[which]);
            const aurora_cache_value *value;
            aurora_assert_ok(aurora_cache_get(b->cache, key, &loader, &value));
            uint64_t version = strtoull(value->bytes, NULL, 10);
            ck_assert_uint_eq(version, value->version);
            ck_assert_uint_ge(version, least);
            aurora_cache_value_free(value);
        } else {
            uint64_t version = atomic_fetch_add(&b->committed[which], 1) + 1;
            const aurora_cache_value *value;
            aurora_cache_drop(b->cache, key, version);
            uint64_t seen = atomic_load(&b->dropped[which]);
            while (seen < version &&
                   !atomic_compare_exchange_weak(&b->dropped[which], &seen, version))
                continue;
            aurora_assert_ok(aurora_cache_get(b->cache, key, &loader, &value));
            ck_assert_uint_ge(value->version, version);
            aurora_cache_value_free(value);
        }
    }
    return NULL;
}

START_TEST(test_cache__writers_read_what_they_dropped_under_threads)
{
    board b = {0};
    pthread_t threads[THREADS];
    aurora_assert_ok(aurora_cache_open(urls[_i].url, NULL, &b.cache, NULL));

    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, read_and_write, &b), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);

    aurora_cache_stats stats;
    aurora_cache_stats_get(b.cache, &stats);
    ck_assert_uint_eq(stats.hits + stats.misses, (uint64_t)THREADS * ROUNDS);
    ck_assert_uint_eq(stats.loads, atomic_load(&b.loads));
    ck_assert_uint_gt(stats.hits, 100);
    aurora_cache_close(b.cache);
}
END_TEST

static aurora_status load_slowly(void *self, const char *key, const char **bytes_out,
                                 uint32_t *len_out, uint64_t *version_out)
{
    board *b = self;
    aurora_cache_stats stats = {0};
    while (stats.joins < THREADS - 1)
        aurora_cache_stats_get(b->cache, &stats);
    return load_number(self, key, bytes_out, len_out, version_out);
}

static void *get_one(void *argument)
{
    board *b = argument;
    aurora_cache_loader loader = {b, load_slowly, free_number};
    const aurora_cache_value *value;
    pthread_barrier_wait(&b->barrier);
    aurora_assert_ok(aurora_cache_get(b->cache, "3", &loader, &value));
    ck_assert_str_eq(value->bytes, "0");
    aurora_cache_value_free(value);
    return NULL;
}

START_TEST(test_cache__eight_who_miss_one_key_load_once)
{
    board b = {0};
    pthread_t threads[THREADS];
    aurora_assert_ok(aurora_cache_open("memory:", NULL, &b.cache, NULL));
    pthread_barrier_init(&b.barrier, NULL, THREADS);

    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, get_one, &b), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);

    ck_assert_uint_eq(atomic_load(&b.loads), 1);
    pthread_barrier_destroy(&b.barrier);
    aurora_cache_close(b.cache);
}
END_TEST

static Suite *cache_suite(void)
{
    Suite *suite = suite_create("cache");
    TCase *tcase = tcase_create("cache");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, test_cache__second_get_does_not_load);
    tcase_add_test(tcase, test_cache__absence_is_kept_for_a_quarter_of_the_time);
    tcase_add_test(tcase, test_cache__failed_load_is_not_kept);
    tcase_add_test(tcase, test_cache__times_to_live_are_spread_by_a_tenth);
    tcase_add_test(tcase, test_cache__load_that_a_drop_overtook_is_not_kept);
    tcase_add_test(tcase, test_cache__load_as_new_as_the_drop_is_kept);
    tcase_add_test(tcase, test_cache__stays_within_its_bytes);
    tcase_add_test(tcase, test_cache__what_is_read_stays_when_others_make_room);
    tcase_add_test(tcase, test_cache__value_outlives_the_cache);
    tcase_add_test(tcase, test_cache__too_large_a_value_is_given_and_not_kept);
    tcase_add_test(tcase, test_cache__bad_argument_is_refused);
    tcase_add_loop_test(tcase, test_cache__url_is_checked, 0, sizeof urls / sizeof *urls);
    tcase_add_test(tcase, test_cache__option_out_of_range_is_refused);
    tcase_add_test(tcase, test_cache__unreachable_cache_is_a_miss);
    tcase_add_test(tcase, test_cache__driver_without_a_required_call_is_refused);
    tcase_add_test(tcase, test_cache__any_allocation_may_fail);
    tcase_add_loop_test(tcase, test_cache__writers_read_what_they_dropped_under_threads, 0, 2);
    tcase_add_test(tcase, test_cache__eight_who_miss_one_key_load_once);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(cache_suite)

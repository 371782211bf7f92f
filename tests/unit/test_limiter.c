/* SPDX-License-Identifier: MIT */
#include <aurora/limiter.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "resilience/limiter_shard.h"
#include "test.h"

#define SECOND ((int64_t)1000000000)

static aurora_limiter *limiter_of(uint32_t capacity, uint32_t shards, uint64_t burst)
{
    aurora_limiter *limiter;
    aurora_assert_ok(aurora_limiter_new(
        AURORA_LIMITER_OPTIONS(.capacity = capacity, .shards = shards, .tokens = 1,
                               .per_ns = (uint64_t)SECOND, .burst = burst, .seed = {7, 8}),
        &limiter, NULL));
    return limiter;
}

static bool takes(aurora_limiter *limiter, const char *key, uint64_t n, int64_t now)
{
    return aurora_limiter_try_take(limiter, key, strlen(key), n, now, NULL);
}

static aurora_limiter_figures figures_of(aurora_limiter *limiter)
{
    aurora_limiter_figures figures;
    aurora_limiter_read_figures(limiter, &figures);
    return figures;
}

static aurora_limit limit_of(aurora_limiter *limiter, const char *key, int64_t now)
{
    aurora_limit limit;
    aurora_limiter_read(limiter, key, strlen(key), now, &limit);
    return limit;
}

START_TEST(test_limiter__digest_agrees_with_other_implementations)
{
    static const unsigned char message[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};
    const uint64_t seed[2] = {0x0706050403020100, 0x0f0e0d0c0b0a0908};

    aurora__digest empty = aurora__siphash(seed, NULL, 0);
    aurora__digest fifteen = aurora__siphash(seed, message, sizeof message);

    ck_assert_uint_eq(empty.low, 0xe6a825ba047f81a3);
    ck_assert_uint_eq(empty.high, 0x930255c71472f66d);
    ck_assert_uint_eq(fifteen.low, 0x11a8b03399e99354);
    ck_assert_uint_eq(fifteen.high, 0xd9c3cf970fec087e);
}
END_TEST

START_TEST(test_limiter__keys_have_buckets_of_their_own)
{
    aurora_limiter *limiter = limiter_of(100, 0, 2);

    ck_assert(takes(limiter, "ann", 2, 0));
    ck_assert(!takes(limiter, "ann", 1, 0));
    ck_assert(takes(limiter, "bob", 2, 0));
    ck_assert(takes(limiter, "", 2, 0));
    ck_assert(!takes(limiter, "", 1, 0));
    ck_assert(takes(limiter, "ann", 1, SECOND));

    ck_assert_uint_eq(figures_of(limiter).keys, 3);
    ck_assert_uint_eq(figures_of(limiter).admitted, 4);
    ck_assert_uint_eq(figures_of(limiter).refused, 2);
    aurora_limiter_free(limiter);
}
END_TEST

START_TEST(test_limiter__many_keys_are_taken_from_as_one_by_one)
{
    const uint32_t lens[] = {3, 0, 5, 3, 3};
    aurora_limiter *limiter = limiter_of(100, 0, 2);
    aurora_limit limits[5];

    ck_assert_uint_eq(
        aurora_limiter_try_take_many(limiter, "annbobbyannann", lens, 5, 1, 0, limits), 4);

    ck_assert_uint_eq(limits[0].remaining, 1);
    ck_assert_uint_eq(limits[1].remaining, 1);
    ck_assert_uint_eq(limits[2].remaining, 1);
    ck_assert_uint_eq(limits[3].remaining, 0);
    ck_assert_uint_eq(limits[3].is_allowed, 1);
    ck_assert_uint_eq(limits[4].is_allowed, 0);
    ck_assert_int_eq(limits[4].retry_after_ns, SECOND);
    ck_assert(takes(limiter, "bobby", 1, 0));
    ck_assert(!takes(limiter, "bobby", 1, 0));
    ck_assert_uint_eq(aurora_limiter_try_take_many(limiter, NULL, lens + 1, 1, 1, 0, NULL), 1);
    ck_assert_uint_eq(aurora_limiter_try_take_many(limiter, NULL, NULL, 0, 1, 0, NULL), 0);
    aurora_limiter_free(limiter);
}
END_TEST

START_TEST(test_limiter__answer_tells_what_is_left)
{
    aurora_limiter *limiter = limiter_of(100, 0, 5);
    aurora_limit limit;

    ck_assert(aurora_limiter_try_take(limiter, "k", 1, 3, 0, &limit));
    ck_assert_uint_eq(limit.is_allowed, 1);
    ck_assert_uint_eq(limit.limit, 5);
    ck_assert_uint_eq(limit.remaining, 2);
    ck_assert_int_eq(limit.reset_ns, 3 * SECOND);
    ck_assert_int_eq(limit.retry_after_ns, 0);

    ck_assert(!aurora_limiter_try_take(limiter, "k", 1, 4, 0, &limit));
    ck_assert_uint_eq(limit.is_allowed, 0);
    ck_assert_uint_eq(limit.remaining, 2);
    ck_assert_int_eq(limit.retry_after_ns, 2 * SECOND);

    ck_assert(!aurora_limiter_try_take(limiter, "k", 1, 6, 0, &limit));
    ck_assert_int_eq(limit.retry_after_ns, -1);
    aurora_limiter_free(limiter);
}
END_TEST

START_TEST(test_limiter__reading_and_refusing_store_no_key)
{
    aurora_limiter *limiter = limiter_of(4, 1, 5);

    ck_assert_uint_eq(limit_of(limiter, "a", 0).remaining, 5);
    ck_assert(!takes(limiter, "a", 6, 0));
    ck_assert(takes(limiter, "a", 0, 0));

    ck_assert_uint_eq(figures_of(limiter).keys, 0);
    aurora_limiter_free(limiter);
}
END_TEST

START_TEST(test_limiter__full_bucket_is_evicted_before_an_older_busy_one)
{
    aurora_limiter *limiter = limiter_of(2, 1, 10);
    ck_assert(takes(limiter, "busy", 10, 0));
    ck_assert(takes(limiter, "idle", 1, SECOND));

    ck_assert(takes(limiter, "new", 10, 3 * SECOND));

    ck_assert_uint_eq(figures_of(limiter).evicted, 1);
    ck_assert_uint_eq(figures_of(limiter).evicted_busy, 0);
    ck_assert_uint_eq(limit_of(limiter, "busy", 3 * SECOND).remaining, 3);
    aurora_limiter_free(limiter);
}
END_TEST

START_TEST(test_limiter__evicted_busy_key_leaves_its_debt_to_newcomers)
{
    aurora_limiter *limiter = limiter_of(2, 1, 10);
    ck_assert(takes(limiter, "most", 10, 0));
    ck_assert(takes(limiter, "least", 4, 0));

    ck_assert(takes(limiter, "new", 1, 0));

    ck_assert_uint_eq(figures_of(limiter).evicted_busy, 1);
    ck_assert_uint_eq(limit_of(limiter, "new", 0).remaining, 5);
    ck_assert(!takes(limiter, "least", 10, 0));
    ck_assert_uint_eq(limit_of(limiter, "other", 20 * SECOND).remaining, 10);
    aurora_limiter_free(limiter);
}
END_TEST

START_TEST(test_limiter__with_room_each_key_answers_as_a_bucket_does)
{
    enum { KEYS = 50 };
    uint64_t seed = aurora_test_seed(__func__, 4);
    aurora_limiter *limiter;
    aurora_bucket buckets[KEYS];
    int64_t now = SECOND;
    aurora_assert_ok(
        aurora_limiter_new(AURORA_LIMITER_OPTIONS(.capacity = 3200, .tokens = 7,
                                                  .per_ns = (uint64_t)SECOND, .burst = 9),
                           &limiter, NULL));
    for (int i = 0; i < KEYS; i++)
        aurora_assert_ok(aurora_bucket_init(&buckets[i], 7, (uint64_t)SECOND, 9, 0));

    for (int i = 0; i < 100000; i++) {
        uint32_t key = (uint32_t)(aurora_test_random(&seed) % KEYS);
        uint64_t n = 1 + aurora_test_random(&seed) % 10;
        int64_t retry_after;
        aurora_limit limit;
        now += (int64_t)(aurora_test_random(&seed) % (SECOND / 50)) - SECOND / 500;

        bool is_taken = aurora_limiter_try_take(limiter, &key, sizeof key, n, now, &limit);

        ck_assert_int_eq(is_taken, aurora_bucket_try_take(&buckets[key], n, now, &retry_after));
        ck_assert_int_eq(limit.retry_after_ns, retry_after);
    }
    aurora_limiter_free(limiter);
}
END_TEST

/* What a shard should hold, searched in full for each question. */
typedef struct {
    uint64_t levels[40]; /* by key; 0 = not held */
    uint64_t held;
} plain_shard;

static uint64_t lowest_of(const plain_shard *plain)
{
    uint64_t lowest = UINT64_MAX;
    for (int i = 0; i < 40; i++) {
        if (plain->levels[i] != 0 && plain->levels[i] < lowest)
            lowest = plain->levels[i];
    }
    return lowest;
}

static void forget(plain_shard *plain, uint64_t level)
{
    for (int i = 0; i < 40; i++) {
        if (plain->levels[i] == level)
            plain->levels[i] = 0;
    }
    plain->held--;
}

START_TEST(test_limiter__lowest_level_is_always_the_one_to_go)
{
    enum { CAPACITY = 23 };
    uint64_t seed = aurora_test_seed(__func__, 9);
    aurora__shard shard;
    plain_shard plain = {{0}, 0};
    void *memory = malloc(aurora__shard_bytes(CAPACITY));
    aurora__shard_init(&shard, CAPACITY, memory);

    for (uint64_t i = 1; i <= 100000; i++) {
        uint64_t key = aurora_test_random(&seed) % 40;
        aurora__digest digest = {key, key};
        uint64_t first = aurora__shard_first_level(&shard);
        uint32_t slot = aurora__shard_find(&shard, digest);
        uint64_t evicted = 0;
        ck_assert_int_eq(slot != AURORA__SLOT_NONE, plain.levels[key] != 0);
        ck_assert_uint_eq(first, plain.held == CAPACITY ? lowest_of(&plain) : 0);
        uint64_t from = slot == AURORA__SLOT_NONE ? first : aurora__shard_level(&shard, slot);
        /* Each level once, so that the key of a level is known. */
        uint64_t level = (from >> 20 << 20) + (aurora_test_random(&seed) % 50 << 20 | i);
        level = level <= from ? level + (1 << 20) : level;

        if (slot != AURORA__SLOT_NONE) {
            aurora__shard_raise(&shard, slot, level);
        } else if (aurora__shard_insert(&shard, digest, level, &evicted)) {
            ck_assert_uint_eq(evicted, lowest_of(&plain));
            forget(&plain, evicted);
        }
        plain.held += plain.levels[key] == 0;
        plain.levels[key] = level;
    }
    free(memory);
}
END_TEST

/* Without this bound a stranger with many keys would wash his own bucket full. */
START_TEST(test_limiter__eviction_admits_no_key_above_its_bound)
{
    enum { KEYS = 24, BURST = 6 };
    uint64_t seed = aurora_test_seed(__func__, 5);
    aurora_limiter *limiter = limiter_of(8, 1, BURST);
    int64_t full_at[KEYS] = {0}; /* of an ideal bucket that is never evicted */
    int64_t now = SECOND;

    for (int i = 0; i < 100000; i++) {
        uint64_t key = aurora_test_random(&seed) % KEYS;
        uint64_t n = 1 + aurora_test_random(&seed) % BURST;
        now += (int64_t)(aurora_test_random(&seed) % (SECOND / 5));
        if (aurora_test_random(&seed) % 100 == 0)
            now -= 2 * SECOND;
        now = now < 0 ? 0 : now;

        if (!aurora_limiter_try_take(limiter, &key, sizeof key, n, now, NULL))
            continue;

        int64_t from = full_at[key] > now ? full_at[key] : now;
        full_at[key] = from + (int64_t)n * SECOND;
        ck_assert_int_le(full_at[key], now + BURST * SECOND);
    }

    ck_assert_uint_gt(figures_of(limiter).evicted_busy, 1000);
    ck_assert_uint_gt(figures_of(limiter).admitted, 10000);
    aurora_limiter_free(limiter);
}
END_TEST

START_TEST(test_limiter__memory_and_keys_stay_bounded)
{
    aurora_limiter *limiter = limiter_of(1000, 4, 3);

    for (uint64_t key = 0; key < 100000; key++)
        (void)aurora_limiter_try_take(limiter, &key, sizeof key, 1, (int64_t)key * SECOND, NULL);

    ck_assert_uint_eq(figures_of(limiter).keys, 1000);
    ck_assert_uint_eq(figures_of(limiter).capacity, 1000);
    ck_assert_uint_eq(figures_of(limiter).evicted, 99000);
    ck_assert_uint_eq(figures_of(limiter).evicted_busy, 0);
    aurora_limiter_free(limiter);
}
END_TEST

typedef struct {
    int allocations, releases;
    bool is_empty;
} heap;

static void *heap_allocate(void *self, size_t bytes)
{
    heap *h = self;
    h->allocations++;
    return h->is_empty ? NULL : malloc(bytes);
}

static void *heap_reallocate(void *self, void *memory, size_t bytes)
{
    (void)self;
    return realloc(memory, bytes);
}

static void heap_release(void *self, void *memory)
{
    ((heap *)self)->releases++;
    free(memory);
}

START_TEST(test_limiter__asks_the_given_allocator_once)
{
    heap h = {0, 0, false};
    aurora_allocator allocator = {sizeof allocator, &h, heap_allocate, heap_reallocate,
                                  heap_release};
    aurora_limiter *limiter;

    aurora_assert_ok(
        aurora_limiter_new(AURORA_LIMITER_OPTIONS(.capacity = 10, .tokens = 1, .per_ns = 1,
                                                  .burst = 1, .allocator = &allocator),
                           &limiter, NULL));
    ck_assert(takes(limiter, "a", 1, 0));
    aurora_limiter_free(limiter);

    ck_assert_int_eq(h.allocations, 1);
    ck_assert_int_eq(h.releases, 1);
}
END_TEST

START_TEST(test_limiter__no_memory_is_a_status)
{
    heap h = {0, 0, true};
    aurora_allocator allocator = {sizeof allocator, &h, heap_allocate, heap_reallocate,
                                  heap_release};
    aurora_limiter *limiter = (aurora_limiter *)&h;

    aurora_status rc =
        aurora_limiter_new(AURORA_LIMITER_OPTIONS(.capacity = 10, .tokens = 1, .per_ns = 1,
                                                  .burst = 1, .allocator = &allocator),
                           &limiter, NULL);

    aurora_assert_status(rc, AURORA_ENOMEM);
    ck_assert_ptr_null(limiter);
    ck_assert_int_eq(h.releases, 0);
    aurora_limiter_free(NULL);
}
END_TEST

START_TEST(test_limiter__bad_option_is_named)
{
    aurora_allocator hollow = {sizeof hollow, NULL, NULL, heap_reallocate, heap_release};
    const struct {
        aurora_limiter_options options;
        const char *field;
    } cases[] = {
        {{.size = 0, .capacity = 1, .tokens = 1, .per_ns = 1, .burst = 1}, "size"},
        {{.size = 80, .capacity = 0, .tokens = 1, .per_ns = 1, .burst = 1}, "capacity"},
        {{.size = 80, .capacity = 100000001, .tokens = 1, .per_ns = 1, .burst = 1}, "capacity"},
        {{.size = 80, .capacity = 9, .shards = 3, .tokens = 1, .per_ns = 1, .burst = 1}, "shards"},
        {{.size = 80, .capacity = 1, .shards = 2, .tokens = 1, .per_ns = 1, .burst = 1}, "shards"},
        {{.size = 80, .capacity = 1, .tokens = 2, .per_ns = 1, .burst = 1}, "tokens"},
        {{.size = 80, .capacity = 1, .tokens = 1, .per_ns = 0, .burst = 1}, "per_ns"},
        {{.size = 80, .capacity = 1, .tokens = 1, .per_ns = 1, .burst = 0}, "burst"},
        {{80, 1, 0, 0, 1, 1, 1, {0, 0}, &hollow}, "allocator"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        aurora_limiter *limiter;
        aurora_error err = AURORA_ERROR_INIT;

        aurora_status rc = aurora_limiter_new(&cases[i].options, &limiter, &err);

        aurora_assert_status(rc, AURORA_EINVAL);
        ck_assert_int_eq(err.status, AURORA_EINVAL);
        ck_assert_str_eq(err.field, cases[i].field);
        ck_assert_ptr_null(limiter);
    }
}
END_TEST

START_TEST(test_limiter__message_tells_range_and_value)
{
    aurora_limiter *limiter;
    aurora_error err = AURORA_ERROR_INIT;

    aurora_status rc = aurora_limiter_new(
        AURORA_LIMITER_OPTIONS(.capacity = 0, .tokens = 1, .per_ns = 1, .burst = 1), &limiter,
        &err);

    aurora_assert_status(rc, AURORA_EINVAL);
    ck_assert_str_eq(err.message, "must be 1 to 100000000, is 0");
}
END_TEST

enum { THREADS = 4, SHARED_KEYS = 8, SHARED_BURST = 500 };

static void *take_of_each_key(void *argument)
{
    aurora_limiter *limiter = argument;
    uintptr_t admitted = 0;

    for (int round = 0; round < SHARED_BURST; round++) {
        for (int key = 0; key < SHARED_KEYS; key++)
            admitted += aurora_limiter_try_take(limiter, &key, sizeof key, 1, SECOND, NULL);
    }
    return (void *)admitted;
}

START_TEST(test_limiter__threads_share_exactly_what_there_is)
{
    aurora_limiter *limiter = limiter_of(64, 2, SHARED_BURST);
    pthread_t threads[THREADS];
    uintptr_t admitted = 0;

    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, take_of_each_key, limiter), 0);
    for (int i = 0; i < THREADS; i++) {
        void *result;
        ck_assert_int_eq(pthread_join(threads[i], &result), 0);
        admitted += (uintptr_t)result;
    }

    ck_assert_uint_eq(admitted, SHARED_KEYS * SHARED_BURST);
    ck_assert_uint_eq(figures_of(limiter).admitted, admitted);
    aurora_limiter_free(limiter);
}
END_TEST

static Suite *limiter_suite(void)
{
    Suite *suite = suite_create("limiter");
    TCase *tcase = tcase_create("limiter");

    tcase_add_test(tcase, test_limiter__digest_agrees_with_other_implementations);
    tcase_add_test(tcase, test_limiter__keys_have_buckets_of_their_own);
    tcase_add_test(tcase, test_limiter__many_keys_are_taken_from_as_one_by_one);
    tcase_add_test(tcase, test_limiter__answer_tells_what_is_left);
    tcase_add_test(tcase, test_limiter__reading_and_refusing_store_no_key);
    tcase_add_test(tcase, test_limiter__full_bucket_is_evicted_before_an_older_busy_one);
    tcase_add_test(tcase, test_limiter__evicted_busy_key_leaves_its_debt_to_newcomers);
    tcase_add_test(tcase, test_limiter__with_room_each_key_answers_as_a_bucket_does);
    tcase_add_test(tcase, test_limiter__lowest_level_is_always_the_one_to_go);
    tcase_add_test(tcase, test_limiter__eviction_admits_no_key_above_its_bound);
    tcase_add_test(tcase, test_limiter__memory_and_keys_stay_bounded);
    tcase_add_test(tcase, test_limiter__asks_the_given_allocator_once);
    tcase_add_test(tcase, test_limiter__no_memory_is_a_status);
    tcase_add_test(tcase, test_limiter__bad_option_is_named);
    tcase_add_test(tcase, test_limiter__message_tells_range_and_value);
    tcase_add_test(tcase, test_limiter__threads_share_exactly_what_there_is);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(limiter_suite)

/* SPDX-License-Identifier: MIT */
#include <aurora/bucket.h>

#include <pthread.h>
#include <string.h>

#include "resilience/gcra.h"
#include "test.h"

#define SECOND ((int64_t)1000000000)
#define TIME_MAX (((int64_t)1 << 62) - 1)

__extension__ typedef __int128 wide;

/* The bucket as the textbook has it, in units of 1/tokens ns that 128 bits always hold. `slack` is
 * what a full bucket may lose, in ns, when it is used again. */
typedef struct {
    wide tokens, per, burst, full_at;
    int64_t slack;
} model;

static bool model_allows(const model *m, uint64_t n, int64_t now)
{
    wide from = (wide)now * m->tokens;
    if (m->full_at > from)
        from = m->full_at;
    return n <= (uint64_t)m->burst && from + ((wide)n - m->burst) * m->per <= (wide)now * m->tokens;
}

static void model_take(model *m, uint64_t n, int64_t now)
{
    wide from = ((wide)now + m->slack) * m->tokens;
    if (m->full_at < from)
        m->full_at = from;
    m->full_at += (wide)n * m->per;
}

static int64_t model_retry_after(const model *m, uint64_t n, int64_t now)
{
    wide level = m->full_at + ((wide)n - m->burst) * m->per;
    wide at = (level + m->tokens - 1) / m->tokens;
    return at > now ? (int64_t)(at - now) : 0;
}

static uint64_t model_remaining(const model *m, int64_t now)
{
    wide missing = m->full_at - (wide)now * m->tokens;
    if (missing < 0)
        missing = 0;
    wide left = m->burst * m->per - missing;
    return left < 0 ? 0 : (uint64_t)(left / m->per);
}

static aurora_bucket bucket_of(uint64_t tokens, uint64_t per_ns, uint64_t burst, int64_t now)
{
    aurora_bucket bucket;
    aurora_assert_ok(aurora_bucket_init(&bucket, tokens, per_ns, burst, now));
    return bucket;
}

static bool takes(aurora_bucket *bucket, uint64_t n, int64_t now)
{
    return aurora_bucket_try_take(bucket, n, now, NULL);
}

START_TEST(test_bucket__zeroed_refuses_every_take)
{
    aurora_bucket bucket = {{0, 0, 0, 0}};
    aurora_limit limit;
    int64_t retry_after;

    bool is_taken = aurora_bucket_try_take(&bucket, 1, SECOND, &retry_after);
    aurora_bucket_read(&bucket, SECOND, &limit);

    ck_assert(!is_taken);
    ck_assert_int_eq(retry_after, -1);
    ck_assert_uint_eq(limit.limit, 0);
    ck_assert_int_eq(limit.retry_after_ns, -1);
}
END_TEST

START_TEST(test_bucket__init_refuses_what_is_out_of_range)
{
    static const uint64_t bad[][3] = {
        {0, 1, 1},
        {1, 0, 1},
        {1, 1, 0},
        {2, 1, 1},
        {UINT64_MAX, UINT64_MAX, UINT64_MAX},
        {1, AURORA_BUCKET_PER_NS_MAX + 1, 1},
        {1, AURORA_BUCKET_PER_NS_MAX, 3},
        {1, 1, AURORA_BUCKET_BURST_MAX + 1},
        {1, 201, AURORA_BUCKET_BURST_MAX},
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        aurora_bucket bucket;
        memset(&bucket, 0xff, sizeof bucket);

        aurora_status rc = aurora_bucket_init(&bucket, bad[i][0], bad[i][1], bad[i][2], 0);

        aurora_assert_status(rc, AURORA_EINVAL);
        ck_assert(!takes(&bucket, 1, SECOND));
    }
}
END_TEST

START_TEST(test_bucket__init_accepts_the_ends_of_its_ranges)
{
    (void)bucket_of(1, AURORA_BUCKET_PER_NS_MAX, 2, 0);
    (void)bucket_of(1, 200, AURORA_BUCKET_BURST_MAX, 0);
    (void)bucket_of(AURORA_BUCKET_PER_NS_MAX, AURORA_BUCKET_PER_NS_MAX, 1, INT64_MAX);
    (void)bucket_of(AURORA_BUCKET_PER_NS_MAX - 1, AURORA_BUCKET_PER_NS_MAX, 1, INT64_MIN);
}
END_TEST

START_TEST(test_bucket__one_a_minute_is_exact_to_the_nanosecond)
{
    const int64_t minute = 60 * SECOND;
    aurora_bucket bucket = bucket_of(1, (uint64_t)minute, 1, 5);
    int64_t retry_after;

    for (int64_t i = 0; i < 1000; i++) {
        ck_assert(takes(&bucket, 1, 5 + i * minute));

        ck_assert(!aurora_bucket_try_take(&bucket, 1, 4 + (i + 1) * minute, &retry_after));
        ck_assert_int_eq(retry_after, 1);
    }
}
END_TEST

START_TEST(test_bucket__seven_a_second_admit_25200_in_an_hour)
{
    aurora_bucket bucket = bucket_of(7, (uint64_t)SECOND, 7, 0);
    int admitted = 0;
    ck_assert(takes(&bucket, 7, 0));

    for (int64_t k = 1; k <= 7 * 3600; k++) {
        int64_t due = (k * SECOND + 6) / 7;
        ck_assert(!takes(&bucket, 1, due - 1));
        admitted += takes(&bucket, 1, due);
    }

    ck_assert_int_eq(admitted, 25200);
}
END_TEST

START_TEST(test_bucket__more_than_the_burst_never_succeeds)
{
    aurora_bucket bucket = bucket_of(10, (uint64_t)SECOND, 5, 0);
    int64_t retry_after;

    ck_assert(!aurora_bucket_try_take(&bucket, 6, 1000 * SECOND, &retry_after));
    ck_assert_int_eq(retry_after, -1);
    ck_assert(!aurora_bucket_try_take(&bucket, UINT64_MAX, INT64_MAX, &retry_after));
    ck_assert_int_eq(retry_after, -1);
    ck_assert(takes(&bucket, 5, 1000 * SECOND));
}
END_TEST

START_TEST(test_bucket__taking_nothing_changes_nothing)
{
    aurora_bucket bucket = bucket_of(10, (uint64_t)SECOND, 5, 0);
    aurora_bucket before = bucket;
    int64_t retry_after = 9;

    ck_assert(aurora_bucket_try_take(&bucket, 0, SECOND, &retry_after));

    ck_assert_int_eq(retry_after, 0);
    ck_assert_mem_eq(&bucket, &before, sizeof bucket);
}
END_TEST

START_TEST(test_bucket__clock_that_steps_back_adds_nothing)
{
    aurora_bucket bucket = bucket_of(1, (uint64_t)SECOND, 3, 100 * SECOND);
    int64_t retry_after;
    ck_assert(takes(&bucket, 3, 100 * SECOND));

    ck_assert(!aurora_bucket_try_take(&bucket, 1, 40 * SECOND, &retry_after));

    ck_assert_int_eq(retry_after, 61 * SECOND);
    ck_assert(!takes(&bucket, 1, 100 * SECOND));
    ck_assert(!takes(&bucket, 1, INT64_MIN));
    ck_assert(takes(&bucket, 1, 101 * SECOND));
    ck_assert(!takes(&bucket, 1, 101 * SECOND));
}
END_TEST

START_TEST(test_bucket__read_tells_remaining_and_reset)
{
    aurora_bucket bucket = bucket_of(2, (uint64_t)SECOND, 10, 0);
    aurora_limit limit;
    ck_assert(takes(&bucket, 10, 0));

    aurora_bucket_read(&bucket, SECOND / 4, &limit);
    ck_assert_uint_eq(limit.limit, 10);
    ck_assert_uint_eq(limit.remaining, 0);
    ck_assert_uint_eq(limit.is_allowed, 0);
    ck_assert_int_eq(limit.retry_after_ns, SECOND / 4);
    ck_assert_int_eq(limit.reset_ns, 5 * SECOND - SECOND / 4);

    aurora_bucket_read(&bucket, 2 * SECOND, &limit);
    ck_assert_uint_eq(limit.remaining, 4);
    ck_assert_uint_eq(limit.is_allowed, 1);
    ck_assert_int_eq(limit.retry_after_ns, 0);

    aurora_bucket_read(&bucket, 5 * SECOND, &limit);
    ck_assert_uint_eq(limit.remaining, 10);
    ck_assert_int_eq(limit.reset_ns, 0);
}
END_TEST

START_TEST(test_bucket__slowest_rate_works_at_the_end_of_time)
{
    aurora_bucket bucket = bucket_of(1, AURORA_BUCKET_PER_NS_MAX, 2, INT64_MAX);
    aurora_limit limit;
    int64_t retry_after;

    ck_assert(takes(&bucket, 2, INT64_MAX));
    ck_assert(!aurora_bucket_try_take(&bucket, 1, INT64_MAX, &retry_after));
    aurora_bucket_read(&bucket, INT64_MIN, &limit);

    ck_assert_int_eq(retry_after, AURORA_BUCKET_PER_NS_MAX);
    ck_assert_uint_eq(limit.remaining, 0);
    ck_assert_int_eq(limit.reset_ns, TIME_MAX + 2 * AURORA_BUCKET_PER_NS_MAX);
}
END_TEST

START_TEST(test_bucket__odd_rate_works_at_the_end_of_time)
{
    const uint64_t per = AURORA_BUCKET_PER_NS_MAX;
    aurora_bucket bucket = bucket_of(3, per - 1, 6, TIME_MAX);
    int64_t retry_after;

    ck_assert(takes(&bucket, 6, TIME_MAX));
    ck_assert(!aurora_bucket_try_take(&bucket, 6, TIME_MAX, &retry_after));

    ck_assert_int_ge(retry_after, 2 * (int64_t)(per - 1));
    ck_assert_int_le(retry_after, 2 * (int64_t)(per - 1) + 1);
}
END_TEST

START_TEST(test_bucket__copy_is_a_bucket_of_its_own)
{
    aurora_bucket bucket = bucket_of(1, (uint64_t)SECOND, 2, 0);
    aurora_bucket copy;
    ck_assert(takes(&bucket, 1, 0));

    memcpy(&copy, &bucket, sizeof copy);

    ck_assert(takes(&copy, 1, 0));
    ck_assert(!takes(&copy, 1, 0));
    ck_assert(takes(&bucket, 1, 0));
}
END_TEST

static int64_t random_time(uint64_t *seed, int64_t now, const model *m)
{
    uint64_t word = aurora_test_random(seed);
    wide token = m->per / m->tokens + 1;
    wide step = (wide)(aurora_test_random(seed) % 4096) * token / 1024;

    if (word % 16 == 0)
        step *= m->burst;
    if (word % 32 == 1)
        step = -step;
    wide next = now + step;
    return next < 0 ? 0 : next > TIME_MAX ? TIME_MAX : (int64_t)next;
}

static uint64_t random_n(uint64_t *seed, const model *m)
{
    uint64_t word = aurora_test_random(seed);
    if (word % 8 == 0)
        return 1 + aurora_test_random(seed) % (uint64_t)(m->burst + 1);
    return 1 + word % 3;
}

static model random_model(uint64_t *seed, bool is_whole)
{
    uint64_t span = (uint64_t)1 << (aurora_test_random(seed) % 40 + 1);
    uint64_t tokens =
        is_whole ? 1 + aurora_test_random(seed) % 2 : 1 + aurora_test_random(seed) % span;
    uint64_t per = tokens + aurora_test_random(seed) % (span * 4);
    uint64_t burst = 1 + aurora_test_random(seed) % 50;
    return (model){tokens, per, burst, 0, 0};
}

START_TEST(test_bucket__whole_rates_answer_as_the_model_does)
{
    uint64_t seed = aurora_test_seed(__func__, 1);

    for (int round = 0; round < 100; round++) {
        model m = random_model(&seed, true);
        int64_t now = (int64_t)(aurora_test_random(&seed) >> 3);
        aurora_bucket bucket =
            bucket_of((uint64_t)m.tokens, (uint64_t)m.per, (uint64_t)m.burst, now);
        m.full_at = (wide)now * m.tokens;
        for (int i = 0; i < 1000; i++) {
            now = random_time(&seed, now, &m);
            uint64_t n = random_n(&seed, &m);
            bool expected = model_allows(&m, n, now);
            int64_t retry_after;
            aurora_limit limit;

            ck_assert_int_eq(aurora_bucket_try_take(&bucket, n, now, &retry_after), expected);

            if (expected)
                model_take(&m, n, now);
            else if (n <= (uint64_t)m.burst)
                ck_assert_int_eq(retry_after, model_retry_after(&m, n, now));
            aurora_bucket_read(&bucket, now, &limit);
            ck_assert_uint_eq(limit.remaining, model_remaining(&m, now));
        }
    }
}
END_TEST

/* Never more than the ideal bucket, never less than one that loses 1 ns each time it was full. */
START_TEST(test_bucket__odd_rates_lie_between_two_models)
{
    uint64_t seed = aurora_test_seed(__func__, 2);
    int admitted = 0;

    for (int round = 0; round < 200; round++) {
        model ideal = random_model(&seed, false);
        int64_t now = (int64_t)(aurora_test_random(&seed) >> 3);
        aurora_bucket bucket =
            bucket_of((uint64_t)ideal.tokens, (uint64_t)ideal.per, (uint64_t)ideal.burst, now);
        ideal.full_at = ((wide)now - 1) * ideal.tokens;
        model late = ideal;
        late.slack = 1;
        late.full_at = (wide)now * ideal.tokens;
        for (int i = 0; i < 1000; i++) {
            now = random_time(&seed, now, &ideal);
            uint64_t n = random_n(&seed, &ideal);
            int64_t retry_after;

            if (aurora_bucket_try_take(&bucket, n, now, &retry_after)) {
                ck_assert(model_allows(&ideal, n, now));
                model_take(&ideal, n, now);
                model_take(&late, n, now);
                admitted++;
            } else {
                ck_assert(!model_allows(&late, n, now));
            }
        }
    }

    ck_assert_int_gt(admitted, 10000);
}
END_TEST

START_TEST(test_bucket__retry_after_is_the_first_moment_that_works)
{
    uint64_t seed = aurora_test_seed(__func__, 3);

    for (int round = 0; round < 20000; round++) {
        model m = random_model(&seed, round % 2 == 0);
        int64_t now = (int64_t)(aurora_test_random(&seed) >> 3);
        aurora_bucket bucket =
            bucket_of((uint64_t)m.tokens, (uint64_t)m.per, (uint64_t)m.burst, now);
        uint64_t n = 1 + aurora_test_random(&seed) % (uint64_t)m.burst;
        int64_t retry_after;
        ck_assert(takes(&bucket, (uint64_t)m.burst, now));
        if (now > TIME_MAX / 2)
            now /= 2;

        ck_assert(!aurora_bucket_try_take(&bucket, n, now, &retry_after));

        ck_assert_int_gt(retry_after, 0);
        ck_assert(!takes(&bucket, n, now + retry_after - 1));
        ck_assert(takes(&bucket, n, now + retry_after));
    }
}
END_TEST

/* A word whose halves are often at an end, where long division goes wrong. */
static uint64_t edgy(uint64_t *seed)
{
    static const uint64_t halves[] = {0, 1, UINT32_MAX, UINT32_MAX - 1, 0x80000000, 0x7fffffff};
    uint64_t word = aurora_test_random(seed);
    uint64_t random = aurora_test_random(seed);
    uint64_t high = word % 7 == 6 ? random >> 32 : halves[word % 7];
    uint64_t low = word / 7 % 7 == 6 ? random & UINT32_MAX : halves[word / 7 % 7];
    return (high << 32 | low) >> (word / 49 % 3 == 0 ? random % 64 : 0);
}

START_TEST(test_bucket__long_division_agrees_with_the_compilers)
{
    uint64_t seed = aurora_test_seed(__func__, 10);
    int divided = 0;

    while (divided < 300000) {
        uint64_t a = edgy(&seed), b = edgy(&seed), den = edgy(&seed);
        __extension__ unsigned __int128 product = (unsigned __int128)a * b;
        if (den == 0 || product / den >= UINT64_MAX)
            continue;

        aurora__gcra_time result = aurora__gcra_scale(a, b, den);

        ck_assert_uint_eq(result.floor, (uint64_t)(product / den));
        ck_assert_uint_eq(result.ceil, (uint64_t)((product + den - 1) / den));
        divided++;
    }
}
END_TEST

typedef struct {
    aurora_bucket *bucket;
    int64_t until;
    int admitted;
} taker;

static void *take_all(void *argument)
{
    taker *t = argument;
    for (int64_t now = 0; now <= t->until; now += 500)
        t->admitted += takes(t->bucket, 1, now);
    return NULL;
}

START_TEST(test_bucket__threads_share_exactly_what_there_is)
{
    aurora_bucket bucket = bucket_of(1, 1000, 1000, 0);
    taker takers[4];
    pthread_t threads[4];
    int admitted = 0;

    for (int i = 0; i < 4; i++) {
        takers[i] = (taker){&bucket, 10000000, 0};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, take_all, &takers[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        admitted += takers[i].admitted;
    }

    /* One thread alone would get 1,000 + 10,000; what the last one finds refills to its end. */
    ck_assert_int_eq(admitted, 11000);
}
END_TEST

static Suite *bucket_suite(void)
{
    Suite *suite = suite_create("bucket");
    TCase *tcase = tcase_create("bucket");

    tcase_add_test(tcase, test_bucket__zeroed_refuses_every_take);
    tcase_add_test(tcase, test_bucket__init_refuses_what_is_out_of_range);
    tcase_add_test(tcase, test_bucket__init_accepts_the_ends_of_its_ranges);
    tcase_add_test(tcase, test_bucket__one_a_minute_is_exact_to_the_nanosecond);
    tcase_add_test(tcase, test_bucket__seven_a_second_admit_25200_in_an_hour);
    tcase_add_test(tcase, test_bucket__more_than_the_burst_never_succeeds);
    tcase_add_test(tcase, test_bucket__taking_nothing_changes_nothing);
    tcase_add_test(tcase, test_bucket__clock_that_steps_back_adds_nothing);
    tcase_add_test(tcase, test_bucket__read_tells_remaining_and_reset);
    tcase_add_test(tcase, test_bucket__slowest_rate_works_at_the_end_of_time);
    tcase_add_test(tcase, test_bucket__odd_rate_works_at_the_end_of_time);
    tcase_add_test(tcase, test_bucket__copy_is_a_bucket_of_its_own);
    tcase_add_test(tcase, test_bucket__whole_rates_answer_as_the_model_does);
    tcase_add_test(tcase, test_bucket__odd_rates_lie_between_two_models);
    tcase_add_test(tcase, test_bucket__retry_after_is_the_first_moment_that_works);
    tcase_add_test(tcase, test_bucket__long_division_agrees_with_the_compilers);
    tcase_add_test(tcase, test_bucket__threads_share_exactly_what_there_is);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(bucket_suite)

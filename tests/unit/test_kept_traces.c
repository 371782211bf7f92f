/* SPDX-License-Identifier: MIT */
/* How many traces are kept for a failure: by a clock of the test's. */
#include <pthread.h>

#include "telemetry/kept.h"
#include "test.h"

#define SECOND_NS INT64_C(1000000000)
#define START_NS INT64_C(5000000000)

static aurora__kept kept;

static int take(int count, int64_t now_ns)
{
    int taken = 0;
    for (int i = 0; i < count; i++)
        taken += aurora__kept_take(&kept, now_ns);
    return taken;
}

START_TEST(test_kept__a_seconds_worth_at_once_and_no_more)
{
    kept = (aurora__kept){0};
    ck_assert_int_eq(take(1000, START_NS), AURORA__KEPT_PER_SECOND);
    ck_assert_int_eq(take(1000, START_NS + 1), 0);
}
END_TEST

START_TEST(test_kept__comes_back_evenly)
{
    kept = (aurora__kept){0};
    take(1000, START_NS);
    ck_assert_int_eq(take(1000, START_NS + SECOND_NS / 2), AURORA__KEPT_PER_SECOND / 2);
    ck_assert_int_eq(take(1000, START_NS + SECOND_NS), AURORA__KEPT_PER_SECOND / 2);
    /* A long silence is worth a second. */
    ck_assert_int_eq(take(1000, START_NS + 1000 * SECOND_NS), AURORA__KEPT_PER_SECOND);
}
END_TEST

#define THREADS 4
#define TRIES 5000

static void *take_many(void *taken)
{
    *(int *)taken = take(TRIES, START_NS);
    return NULL;
}

START_TEST(test_kept__many_threads_share_it)
{
    pthread_t threads[THREADS];
    int taken[THREADS], sum = 0;
    kept = (aurora__kept){0};
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, take_many, &taken[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        sum += taken[i];
    }
    ck_assert_int_eq(sum, AURORA__KEPT_PER_SECOND);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("kept_traces");
    TCase *tcase = tcase_create("kept");
    tcase_add_test(tcase, test_kept__a_seconds_worth_at_once_and_no_more);
    tcase_add_test(tcase, test_kept__comes_back_evenly);
    tcase_add_test(tcase, test_kept__many_threads_share_it);
    suite_add_tcase(all, tcase);
    return all;
}

AURORA_TEST_MAIN(suite)

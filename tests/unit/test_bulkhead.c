/* SPDX-License-Identifier: MIT */
#include <aurora/bulkhead.h>

#include <pthread.h>

#include "test.h"

static aurora_bulkhead bulkhead_of(uint32_t running_max, uint32_t waiting_max)
{
    aurora_bulkhead bulkhead;
    aurora_assert_ok(aurora_bulkhead_init(&bulkhead, running_max, waiting_max));
    return bulkhead;
}

static void assert_counts(const aurora_bulkhead *bulkhead, uint32_t running, uint32_t waiting)
{
    uint32_t running_now, waiting_now;
    aurora_bulkhead_read(bulkhead, &running_now, &waiting_now);
    ck_assert_uint_eq(running_now, running);
    ck_assert_uint_eq(waiting_now, waiting);
}

START_TEST(test_bulkhead__zeroed_lets_nobody_in)
{
    aurora_bulkhead bulkhead = {{0, 0}};

    ck_assert(!aurora_bulkhead_try_enter(&bulkhead));
    ck_assert(!aurora_bulkhead_try_wait(&bulkhead));
}
END_TEST

START_TEST(test_bulkhead__init_refuses_what_is_out_of_range)
{
    aurora_bulkhead bulkhead;

    aurora_assert_status(aurora_bulkhead_init(&bulkhead, 0, 0), AURORA_EINVAL);
    aurora_assert_status(aurora_bulkhead_init(&bulkhead, UINT32_MAX, 0), AURORA_EINVAL);
    aurora_assert_status(aurora_bulkhead_init(&bulkhead, 1, UINT32_MAX), AURORA_EINVAL);
    ck_assert(!aurora_bulkhead_try_enter(&bulkhead));
    aurora_assert_ok(aurora_bulkhead_init(&bulkhead, AURORA_BULKHEAD_MAX, AURORA_BULKHEAD_MAX));
    ck_assert(aurora_bulkhead_try_enter(&bulkhead));
}
END_TEST

START_TEST(test_bulkhead__place_given_back_can_be_taken_again)
{
    aurora_bulkhead bulkhead = bulkhead_of(2, 0);
    ck_assert(aurora_bulkhead_try_enter(&bulkhead));
    ck_assert(aurora_bulkhead_try_enter(&bulkhead));
    ck_assert(!aurora_bulkhead_try_enter(&bulkhead));

    aurora_bulkhead_leave(&bulkhead);

    ck_assert(aurora_bulkhead_try_enter(&bulkhead));
    assert_counts(&bulkhead, 2, 0);
}
END_TEST

START_TEST(test_bulkhead__leaving_an_empty_one_gives_no_place_more)
{
    aurora_bulkhead bulkhead = bulkhead_of(1, 1);

    aurora_bulkhead_leave(&bulkhead);
    aurora_bulkhead_abandon(&bulkhead);

    assert_counts(&bulkhead, 0, 0);
    ck_assert(aurora_bulkhead_try_enter(&bulkhead));
    ck_assert(!aurora_bulkhead_try_enter(&bulkhead));
}
END_TEST

START_TEST(test_bulkhead__waiters_are_bounded_and_promoted)
{
    aurora_bulkhead bulkhead = bulkhead_of(1, 2);
    ck_assert(!aurora_bulkhead_try_promote(&bulkhead));
    ck_assert(aurora_bulkhead_try_enter(&bulkhead));
    ck_assert(aurora_bulkhead_try_wait(&bulkhead));
    ck_assert(aurora_bulkhead_try_wait(&bulkhead));
    ck_assert(!aurora_bulkhead_try_wait(&bulkhead));
    ck_assert(!aurora_bulkhead_try_promote(&bulkhead));
    assert_counts(&bulkhead, 1, 2);

    aurora_bulkhead_leave(&bulkhead);
    ck_assert(aurora_bulkhead_try_promote(&bulkhead));
    assert_counts(&bulkhead, 1, 1);

    aurora_bulkhead_abandon(&bulkhead);
    assert_counts(&bulkhead, 1, 0);
}
END_TEST

typedef struct {
    aurora_bulkhead *bulkhead;
    int inside;   /* atomic */
    int overrun;  /* atomic */
    long entered; /* atomic */
} crowd;

static void work(crowd *c)
{
    if (__atomic_add_fetch(&c->inside, 1, __ATOMIC_RELAXED) > 2)
        __atomic_store_n(&c->overrun, 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&c->entered, 1, __ATOMIC_RELAXED);
    __atomic_sub_fetch(&c->inside, 1, __ATOMIC_RELAXED);
    aurora_bulkhead_leave(c->bulkhead);
}

static void *press(void *argument)
{
    crowd *c = argument;

    for (int i = 0; i < 20000; i++) {
        if (aurora_bulkhead_try_enter(c->bulkhead)) {
            work(c);
        } else if (aurora_bulkhead_try_wait(c->bulkhead)) {
            if (aurora_bulkhead_try_promote(c->bulkhead))
                work(c);
            else
                aurora_bulkhead_abandon(c->bulkhead);
        }
    }
    return NULL;
}

START_TEST(test_bulkhead__threads_never_exceed_the_bound)
{
    aurora_bulkhead bulkhead = bulkhead_of(2, 1);
    crowd c = {.bulkhead = &bulkhead};
    pthread_t threads[4];

    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, press, &c), 0);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);

    ck_assert_int_eq(c.overrun, 0);
    ck_assert_int_gt(c.entered, 0);
    assert_counts(&bulkhead, 0, 0);
}
END_TEST

/* What one thread wrote inside is seen by the next: plain memory, so that a race would be found. */
static void *count_inside(void *argument)
{
    crowd *c = argument;

    for (int i = 0; i < 20000; i++) {
        if (!aurora_bulkhead_try_enter(c->bulkhead))
            continue;
        c->entered++;
        aurora_bulkhead_leave(c->bulkhead);
        __atomic_add_fetch(&c->inside, 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

START_TEST(test_bulkhead__one_place_orders_memory_as_a_lock_does)
{
    aurora_bulkhead bulkhead = bulkhead_of(1, 0);
    crowd c = {.bulkhead = &bulkhead};
    pthread_t threads[4];

    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, count_inside, &c), 0);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);

    ck_assert_int_eq(c.entered, c.inside);
}
END_TEST

static Suite *bulkhead_suite(void)
{
    Suite *suite = suite_create("bulkhead");
    TCase *tcase = tcase_create("bulkhead");

    tcase_add_test(tcase, test_bulkhead__zeroed_lets_nobody_in);
    tcase_add_test(tcase, test_bulkhead__init_refuses_what_is_out_of_range);
    tcase_add_test(tcase, test_bulkhead__place_given_back_can_be_taken_again);
    tcase_add_test(tcase, test_bulkhead__leaving_an_empty_one_gives_no_place_more);
    tcase_add_test(tcase, test_bulkhead__waiters_are_bounded_and_promoted);
    tcase_add_test(tcase, test_bulkhead__threads_never_exceed_the_bound);
    tcase_add_test(tcase, test_bulkhead__one_place_orders_memory_as_a_lock_does);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(bulkhead_suite)

/* SPDX-License-Identifier: MIT */
#include <aurora/retry.h>

#include <pthread.h>
#include <string.h>

#include "test.h"

#define MS ((int64_t)1000000)
#define SECOND (1000 * MS)

static aurora_retry_options plain_options(void)
{
    aurora_retry_options options;
    aurora_retry_options_init(&options);
    options.attempts_max = 10;
    options.delay_ns = 100 * MS;
    options.delay_max_ns = SECOND;
    options.jitter = AURORA_JITTER_NONE;
    return options;
}

static aurora_retry retry_of(const aurora_retry_options *options)
{
    aurora_retry retry;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status rc = aurora_retry_init(&retry, options, &err);
    ck_assert_msg(rc == AURORA_OK, "%s %s", err.field, err.message);
    return retry;
}

static int64_t next_after_failure(aurora_retry *retry)
{
    return aurora_retry_next_ns(retry, AURORA_RETRY_RETRIABLE, 0, 0);
}

START_TEST(test_retry__zeroed_has_ended)
{
    aurora_retry retry;
    memset(&retry, 0, sizeof retry);

    ck_assert_int_eq(next_after_failure(&retry), -1);
    ck_assert_int_ne(aurora_retry_ending(&retry), AURORA_RETRY_GOES_ON);
}
END_TEST

START_TEST(test_retry__bad_option_is_named)
{
    const struct {
        aurora_retry_options options;
        const char *field;
    } cases[] = {
        {{.size = 0}, "size"},
        {{.size = 56, .attempts_max = 1000001}, "attempts_max"},
        {{.size = 56, .delay_ns = -1}, "delay_ns"},
        {{.size = 56, .delay_ns = INT64_MAX}, "delay_ns"},
        {{.size = 56, .delay_ns = 5, .delay_max_ns = 4}, "delay_max_ns"},
        {{.size = 56, .delay_max_ns = INT64_MIN}, "delay_max_ns"},
        {{.size = 56, .multiplier_percent = 99}, "multiplier_percent"},
        {{.size = 56, .multiplier_percent = 1001}, "multiplier_percent"},
        {{.size = 56, .jitter = 5}, "jitter"},
        {{.size = 56, .jitter = -1}, "jitter"},
        {{.size = 56, .hint_max_ns = -1}, "hint_max_ns"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        aurora_retry retry;
        aurora_error err = AURORA_ERROR_INIT;

        aurora_status rc = aurora_retry_init(&retry, &cases[i].options, &err);

        aurora_assert_status(rc, AURORA_EINVAL);
        ck_assert_str_eq(err.field, cases[i].field);
        ck_assert_int_eq(next_after_failure(&retry), -1);
    }
}
END_TEST

START_TEST(test_retry__negative_number_is_shown_as_such)
{
    aurora_retry retry;
    aurora_error err = AURORA_ERROR_INIT;

    aurora_status rc = aurora_retry_init(&retry, AURORA_RETRY_OPTIONS(.delay_ns = -7), &err);

    aurora_assert_status(rc, AURORA_EINVAL);
    ck_assert_str_eq(err.message, "must be 0 to 86400000000000000, is -7");
}
END_TEST

START_TEST(test_retry__defaults_make_three_attempts)
{
    aurora_retry retry = retry_of(NULL);

    ck_assert_uint_eq(aurora_retry_attempts(&retry), 1);
    ck_assert_int_eq(aurora_retry_next_ns(&retry, AURORA_RETRY_RETRIABLE, UINT64_MAX, 0), 100 * MS);
    ck_assert_int_eq(aurora_retry_next_ns(&retry, AURORA_RETRY_RETRIABLE, UINT64_MAX, 0), 200 * MS);
    ck_assert_uint_eq(aurora_retry_attempts(&retry), 3);
    ck_assert_int_eq(next_after_failure(&retry), -1);
    ck_assert_int_eq(aurora_retry_ending(&retry), AURORA_RETRY_ENDED_ATTEMPTS);
    ck_assert_uint_eq(aurora_retry_attempts(&retry), 3);
}
END_TEST

START_TEST(test_retry__delay_grows_to_its_bound)
{
    static const int64_t expected[] = {100, 250, 625, 1000, 1000};
    aurora_retry_options options = plain_options();
    options.multiplier_percent = 250;
    aurora_retry retry = retry_of(&options);

    for (size_t i = 0; i < 5; i++)
        ck_assert_int_eq(next_after_failure(&retry), expected[i] * MS);
}
END_TEST

START_TEST(test_retry__largest_values_overflow_nothing)
{
    static const int32_t jitters[] = {AURORA_JITTER_FULL, AURORA_JITTER_EQUAL, AURORA_JITTER_NONE,
                                      AURORA_JITTER_DECORRELATED};
    for (size_t j = 0; j < 4; j++) {
        aurora_retry retry =
            retry_of(AURORA_RETRY_OPTIONS(.attempts_max = 1000000, .delay_ns = AURORA_RETRY_NS_MAX,
                                          .multiplier_percent = 1000, .jitter = jitters[j],
                                          .hint_max_ns = AURORA_RETRY_NS_MAX));

        for (int i = 0; i < 100; i++) {
            aurora_retry_hint(&retry, AURORA_RETRY_NS_MAX);
            int64_t delay =
                aurora_retry_next_ns(&retry, AURORA_RETRY_RATE_LIMITED, UINT64_MAX, INT64_MAX);
            ck_assert_int_eq(delay, 2 * AURORA_RETRY_NS_MAX);
        }
    }
}
END_TEST

START_TEST(test_retry__success_and_fatal_end_it)
{
    aurora_retry good = retry_of(NULL);
    aurora_retry bad = retry_of(NULL);
    aurora_retry strange = retry_of(NULL);

    ck_assert_int_eq(aurora_retry_next_ns(&good, AURORA_RETRY_SUCCESS, 0, 0), -1);
    ck_assert_int_eq(aurora_retry_next_ns(&bad, AURORA_RETRY_FATAL, 0, 0), -1);
    ck_assert_int_eq(aurora_retry_next_ns(&strange, 99, 0, 0), -1);

    ck_assert_int_eq(aurora_retry_ending(&good), AURORA_RETRY_ENDED_SUCCESS);
    ck_assert_int_eq(aurora_retry_ending(&bad), AURORA_RETRY_ENDED_FATAL);
    ck_assert_int_eq(aurora_retry_ending(&strange), AURORA_RETRY_ENDED_FATAL);
    ck_assert_int_eq(next_after_failure(&good), -1);
    ck_assert_int_eq(aurora_retry_ending(&good), AURORA_RETRY_ENDED_SUCCESS);
}
END_TEST

/* The least and the most of a thousand draws, and both ends of the random word. */
static void draw(int32_t jitter, int64_t *least, int64_t *most)
{
    uint64_t seed = aurora_test_seed(__func__, 8);
    *least = INT64_MAX;
    *most = 0;

    for (int i = 0; i < 1000; i++) {
        aurora_retry_options options = plain_options();
        options.jitter = jitter;
        aurora_retry retry = retry_of(&options);
        uint64_t random = i == 0 ? 0 : i == 1 ? UINT64_MAX : aurora_test_random(&seed);
        int64_t delay = aurora_retry_next_ns(&retry, AURORA_RETRY_RETRIABLE, random, 0);
        *least = delay < *least ? delay : *least;
        *most = delay > *most ? delay : *most;
    }
}

START_TEST(test_retry__each_jitter_fills_its_range_and_no_more)
{
    static const struct {
        int32_t jitter;
        int64_t least, most;
    } rows[] = {
        {AURORA_JITTER_FULL, 0, 100 * MS},
        {AURORA_JITTER_EQUAL, 50 * MS, 100 * MS},
        {AURORA_JITTER_NONE, 100 * MS, 100 * MS},
        {AURORA_JITTER_DECORRELATED, 100 * MS, 300 * MS},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t least, most;

        draw(rows[i].jitter, &least, &most);

        ck_assert_int_eq(least, rows[i].least);
        ck_assert_int_eq(most, rows[i].most);
    }
}
END_TEST

START_TEST(test_retry__decorrelated_jitter_grows_from_the_last_delay)
{
    aurora_retry_options options = plain_options();
    options.jitter = AURORA_JITTER_DECORRELATED;
    aurora_retry retry = retry_of(&options);

    ck_assert_int_eq(aurora_retry_next_ns(&retry, AURORA_RETRY_RETRIABLE, UINT64_MAX, 0), 300 * MS);
    ck_assert_int_eq(aurora_retry_next_ns(&retry, AURORA_RETRY_RETRIABLE, UINT64_MAX, 0), 900 * MS);
    ck_assert_int_eq(aurora_retry_next_ns(&retry, AURORA_RETRY_RETRIABLE, UINT64_MAX, 0), SECOND);
    ck_assert_int_eq(aurora_retry_next_ns(&retry, AURORA_RETRY_RETRIABLE, 0, 0), 100 * MS);
    ck_assert_int_eq(aurora_retry_next_ns(&retry, AURORA_RETRY_RETRIABLE, UINT64_MAX, 0), 300 * MS);
}
END_TEST

START_TEST(test_retry__no_attempt_starts_at_or_after_the_deadline)
{
    aurora_retry_options options = plain_options();
    options.deadline_ns = 10 * SECOND;
    aurora_retry early = retry_of(&options);
    aurora_retry late = retry_of(&options);
    aurora_retry last = retry_of(&options);

    ck_assert_int_eq(
        aurora_retry_next_ns(&early, AURORA_RETRY_RETRIABLE, 0, 10 * SECOND - 100 * MS - 1),
        100 * MS);
    ck_assert_int_eq(aurora_retry_next_ns(&late, AURORA_RETRY_RETRIABLE, 0, 10 * SECOND - 100 * MS),
                     -1);
    ck_assert_int_eq(aurora_retry_next_ns(&last, AURORA_RETRY_RETRIABLE, 0, INT64_MAX), -1);

    ck_assert_int_eq(aurora_retry_ending(&late), AURORA_RETRY_ENDED_DEADLINE);
    ck_assert_int_eq(aurora_retry_ending(&last), AURORA_RETRY_ENDED_DEADLINE);
}
END_TEST

START_TEST(test_retry__rate_limited_waits_the_hint_and_the_delay)
{
    aurora_retry_options options = plain_options();
    aurora_retry retry = retry_of(&options);

    aurora_retry_hint(&retry, 7 * SECOND);
    ck_assert_int_eq(aurora_retry_next_ns(&retry, AURORA_RETRY_RATE_LIMITED, 0, 0),
                     7 * SECOND + 100 * MS);
    ck_assert_int_eq(aurora_retry_next_ns(&retry, AURORA_RETRY_RATE_LIMITED, 0, 0), 200 * MS);
    aurora_retry_hint(&retry, INT64_MIN);
    ck_assert_int_eq(aurora_retry_next_ns(&retry, AURORA_RETRY_RATE_LIMITED, 0, 0), 400 * MS);
    aurora_retry_hint(&retry, 7 * SECOND);
    ck_assert_int_eq(aurora_retry_next_ns(&retry, AURORA_RETRY_RETRIABLE, 0, 0), 800 * MS);
}
END_TEST

START_TEST(test_retry__hint_above_its_bound_ends_it)
{
    aurora_retry_options options = plain_options();
    options.hint_max_ns = 30 * SECOND;
    aurora_retry retry = retry_of(&options);

    aurora_retry_hint(&retry, 30 * SECOND);
    ck_assert_int_gt(aurora_retry_next_ns(&retry, AURORA_RETRY_RATE_LIMITED, 0, 0), 0);
    aurora_retry_hint(&retry, INT64_MAX);
    ck_assert_int_eq(aurora_retry_next_ns(&retry, AURORA_RETRY_RATE_LIMITED, 0, 0), -1);

    ck_assert_int_eq(aurora_retry_ending(&retry), AURORA_RETRY_ENDED_HINT);
}
END_TEST

START_TEST(test_retry__budget_bounds_the_repeats_of_all_calls)
{
    aurora_retry_budget budget;
    aurora_retry_options options = plain_options();
    int repeats = 0;
    aurora_assert_ok(aurora_retry_budget_init(&budget, 10, 200));
    options.budget = &budget;

    for (int i = 0; i < 1000; i++) {
        aurora_retry retry = retry_of(&options);
        while (next_after_failure(&retry) >= 0)
            repeats++;
        int32_t ending = aurora_retry_ending(&retry);
        ck_assert(ending == AURORA_RETRY_ENDED_BUDGET || ending == AURORA_RETRY_ENDED_ATTEMPTS);
    }

    /* 10 at first and a fifth of 1,000 calls; the first call paid into a full budget. */
    ck_assert_int_eq(repeats, 10 + 199);
}
END_TEST

START_TEST(test_retry__calls_fill_the_budget_to_its_bound_only)
{
    aurora_retry_budget budget;
    aurora_retry_options options = plain_options();
    aurora_assert_ok(aurora_retry_budget_init(&budget, 10, 3000));
    options.budget = &budget;
    aurora_retry first = retry_of(&options);
    ck_assert_int_ge(next_after_failure(&first), 0);
    ck_assert_uint_eq(aurora_retry_budget_left(&budget), 9);

    (void)retry_of(&options);

    ck_assert_uint_eq(aurora_retry_budget_left(&budget), 10);
}
END_TEST

START_TEST(test_retry__budget_is_not_charged_for_what_the_deadline_refuses)
{
    aurora_retry_budget budget;
    aurora_retry_options options = plain_options();
    aurora_assert_ok(aurora_retry_budget_init(&budget, 5, 0));
    options.budget = &budget;
    options.deadline_ns = 1;
    aurora_retry retry = retry_of(&options);

    ck_assert_int_eq(next_after_failure(&retry), -1);

    ck_assert_uint_eq(aurora_retry_budget_left(&budget), 5);
}
END_TEST

START_TEST(test_retry__budget_refuses_what_is_out_of_range)
{
    aurora_retry_budget budget;

    aurora_assert_status(aurora_retry_budget_init(&budget, 0, 1), AURORA_EINVAL);
    aurora_assert_status(aurora_retry_budget_init(&budget, UINT64_MAX, 1), AURORA_EINVAL);
    aurora_assert_status(aurora_retry_budget_init(&budget, 1, 1000001), AURORA_EINVAL);
    ck_assert_uint_eq(aurora_retry_budget_left(&budget), 0);
    aurora_assert_ok(aurora_retry_budget_init(&budget, AURORA_RETRY_BUDGET_MAX, 1000000));
    ck_assert_uint_eq(aurora_retry_budget_left(&budget), AURORA_RETRY_BUDGET_MAX);
}
END_TEST

static void *spend(void *argument)
{
    aurora_retry_options options = plain_options();
    uintptr_t repeats = 0;
    options.budget = argument;

    for (int i = 0; i < 2000; i++) {
        aurora_retry retry = retry_of(&options);
        while (next_after_failure(&retry) >= 0)
            repeats++;
    }
    return (void *)repeats;
}

START_TEST(test_retry__threads_share_one_budget)
{
    aurora_retry_budget budget;
    pthread_t threads[4];
    uintptr_t repeats = 0;
    aurora_assert_ok(aurora_retry_budget_init(&budget, 3000, 0));

    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, spend, &budget), 0);
    for (int i = 0; i < 4; i++) {
        void *result;
        ck_assert_int_eq(pthread_join(threads[i], &result), 0);
        repeats += (uintptr_t)result;
    }

    ck_assert_uint_eq(repeats, 3000);
}
END_TEST

static Suite *retry_suite(void)
{
    Suite *suite = suite_create("retry");
    TCase *tcase = tcase_create("retry");

    tcase_add_test(tcase, test_retry__zeroed_has_ended);
    tcase_add_test(tcase, test_retry__bad_option_is_named);
    tcase_add_test(tcase, test_retry__negative_number_is_shown_as_such);
    tcase_add_test(tcase, test_retry__defaults_make_three_attempts);
    tcase_add_test(tcase, test_retry__delay_grows_to_its_bound);
    tcase_add_test(tcase, test_retry__largest_values_overflow_nothing);
    tcase_add_test(tcase, test_retry__success_and_fatal_end_it);
    tcase_add_test(tcase, test_retry__each_jitter_fills_its_range_and_no_more);
    tcase_add_test(tcase, test_retry__decorrelated_jitter_grows_from_the_last_delay);
    tcase_add_test(tcase, test_retry__no_attempt_starts_at_or_after_the_deadline);
    tcase_add_test(tcase, test_retry__rate_limited_waits_the_hint_and_the_delay);
    tcase_add_test(tcase, test_retry__hint_above_its_bound_ends_it);
    tcase_add_test(tcase, test_retry__budget_bounds_the_repeats_of_all_calls);
    tcase_add_test(tcase, test_retry__calls_fill_the_budget_to_its_bound_only);
    tcase_add_test(tcase, test_retry__budget_is_not_charged_for_what_the_deadline_refuses);
    tcase_add_test(tcase, test_retry__budget_refuses_what_is_out_of_range);
    tcase_add_test(tcase, test_retry__threads_share_one_budget);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(retry_suite)

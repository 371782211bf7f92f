/* SPDX-License-Identifier: MIT */
#include <aurora/limiter.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "test.h"

#define SECOND INT64_C(1000000000)

static aurora_limiter *limiter_of(uint64_t tokens, uint64_t burst)
{
    aurora_limiter *limiter;
    aurora_assert_ok(aurora_limiter_new(AURORA_LIMITER_OPTIONS(.capacity = 100, .tokens = tokens,
                                                               .per_ns = (uint64_t)SECOND,
                                                               .burst = burst, .seed = {7, 8}),
                                        &limiter, NULL));
    return limiter;
}

static aurora_limiter_claim claim_of(aurora_limiter *limiter, const char *key, uint64_t n)
{
    aurora_limiter_claim claim;
    aurora_limiter_claim_init(&claim);
    claim.limiter = limiter;
    claim.key = key;
    claim.key_len = (uint32_t)strlen(key);
    claim.n = n;
    return claim;
}

static uint64_t left(aurora_limiter *limiter, const char *key, int64_t now)
{
    aurora_limit limit;
    aurora_limiter_read(limiter, key, strlen(key), now, &limit);
    return limit.remaining;
}

START_TEST(test_limiter_all__takes_from_each)
{
    aurora_limiter *a = limiter_of(1, 5), *b = limiter_of(1, 9);
    aurora_limiter_claim first = claim_of(a, "k", 2), second = claim_of(b, "k", 3);
    const aurora_limiter_claim *claims[] = {&first, &second};
    aurora_limit limits[2];

    ck_assert(aurora_limiter_try_take_all(claims, 2, 0, limits));

    ck_assert_uint_eq(limits[0].remaining, 3);
    ck_assert_uint_eq(limits[1].remaining, 6);
    ck_assert_uint_eq(left(a, "k", 0), 3);
    ck_assert_uint_eq(left(b, "k", 0), 6);
    aurora_limiter_free(a);
    aurora_limiter_free(b);
}
END_TEST

/* Mutation: settling with asked.is_allowed alone in aurora_limiter_try_take_all takes from a. */
START_TEST(test_limiter_all__one_refusal_takes_nothing_from_anybody)
{
    aurora_limiter *a = limiter_of(1, 5), *b = limiter_of(1, 2);
    aurora_limiter_claim first = claim_of(a, "k", 2), second = claim_of(b, "k", 3);
    const aurora_limiter_claim *claims[] = {&first, &second};
    aurora_limit limits[2];

    ck_assert(!aurora_limiter_try_take_all(claims, 2, 0, limits));
    second.n = 2;
    ck_assert(aurora_limiter_try_take_all(claims, 2, 0, NULL));
    ck_assert(!aurora_limiter_try_take_all(claims, 2, 0, limits));

    ck_assert_uint_eq(limits[0].is_allowed, 1);
    ck_assert_int_eq(limits[0].retry_after_ns, 0);
    ck_assert_uint_eq(limits[1].is_allowed, 0);
    ck_assert_int_eq(limits[1].retry_after_ns, 2 * SECOND);
    ck_assert_uint_eq(left(a, "k", 0), 3);
    aurora_limiter_free(a);
    aurora_limiter_free(b);
}
END_TEST

START_TEST(test_limiter_all__shadow_stops_nobody)
{
    aurora_limiter *a = limiter_of(1, 5), *b = limiter_of(1, 1);
    aurora_limiter_claim first = claim_of(a, "k", 1), second = claim_of(b, "k", 1);
    const aurora_limiter_claim *claims[] = {&first, &second};
    aurora_limit limits[2];
    second.flags = AURORA_LIMITER_SHADOW;

    ck_assert(aurora_limiter_try_take_all(claims, 2, 0, limits));
    ck_assert_uint_eq(limits[1].is_allowed, 1);
    ck_assert(aurora_limiter_try_take_all(claims, 2, 0, limits));

    ck_assert_uint_eq(limits[1].is_allowed, 0);
    ck_assert_uint_eq(left(a, "k", 0), 3);
    aurora_limiter_free(a);
    aurora_limiter_free(b);
}
END_TEST

START_TEST(test_limiter_all__keys_of_one_limiter_are_apart)
{
    aurora_limiter *a = limiter_of(1, 2);
    aurora_limiter_claim many[AURORA_LIMITER_CLAIMS_MAX + 1];
    const aurora_limiter_claim *claims[AURORA_LIMITER_CLAIMS_MAX + 1];
    static const char names[] = "abcdefghijklmnopqrstuvwxyz";
    for (uint32_t i = 0; i <= AURORA_LIMITER_CLAIMS_MAX; i++) {
        many[i] = claim_of(a, "", 1);
        many[i].key = names + i;
        many[i].key_len = 1;
        claims[i] = &many[i];
    }

    ck_assert(aurora_limiter_try_take_all(claims, AURORA_LIMITER_CLAIMS_MAX, 0, NULL));
    ck_assert(!aurora_limiter_try_take_all(claims, AURORA_LIMITER_CLAIMS_MAX + 1, 0, NULL));

    ck_assert_uint_eq(left(a, "a", 0), 1);
    ck_assert_uint_eq(left(a, "p", 0), 1);
    ck_assert_uint_eq(left(a, "q", 0), 2);
    aurora_limiter_free(a);
}
END_TEST

/* --- threads ---------------------------------------------------------------------------------- */

typedef struct {
    aurora_limiter *first, *second;
    uint32_t taken;
} taker;

static void *take_many(void *argument)
{
    taker *self = argument;
    aurora_limiter_claim one = claim_of(self->first, "k", 1), two = claim_of(self->second, "k", 1);
    const aurora_limiter_claim *claims[] = {&one, &two};
    for (int i = 0; i < 20000; i++)
        self->taken += aurora_limiter_try_take_all(claims, 2, 0, NULL);
    return NULL;
}

/* Two threads that name the buckets in opposite orders end, and both buckets gave as much. */
START_TEST(test_limiter_all__threads_agree_in_any_order)
{
    aurora_limiter *a = limiter_of(1, 30000), *b = limiter_of(1, 35000);
    taker takers[2] = {{a, b, 0}, {b, a, 0}};
    pthread_t threads[2];

    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, take_many, &takers[i]), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);

    ck_assert_uint_eq(takers[0].taken + takers[1].taken, 30000);
    ck_assert_uint_eq(left(a, "k", 0), 0);
    ck_assert_uint_eq(left(b, "k", 0), 5000);
    aurora_limiter_free(a);
    aurora_limiter_free(b);
}
END_TEST

/* --- another rate ----------------------------------------------------------------------------- */

static void set_rate(aurora_limiter *limiter, uint64_t tokens, uint64_t burst, int64_t now)
{
    aurora_assert_ok(aurora_limiter_set_rate(limiter, tokens, (uint64_t)SECOND, burst, now, NULL));
}

/* Mutation: without the loop over ranked in aurora_limiter_set_rate the old levels mean other
 * numbers of tokens. */
START_TEST(test_limiter_all__another_rate_keeps_what_is_missing)
{
    static const struct {
        uint64_t tokens, burst, left;
    } rows[] = {{100, 20, 13}, {7, 20, 13}, {1, 30, 23}, {3, 8, 1}, {1, 7, 0}, {1000000007, 5, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        aurora_limiter *limiter = limiter_of(10, 20);
        if (rows[i].tokens >
            (uint64_t)SECOND) { /* more than one a nanosecond: refused, unchanged */
            aurora_assert_status(aurora_limiter_set_rate(limiter, rows[i].tokens, (uint64_t)SECOND,
                                                         rows[i].burst, 0, NULL),
                                 AURORA_EINVAL);
            ck_assert_uint_eq(left(limiter, "k", 0), 20);
            aurora_limiter_free(limiter);
            continue;
        }
        ck_assert(aurora_limiter_try_take(limiter, "k", 1, 7, 5 * SECOND, NULL));

        set_rate(limiter, rows[i].tokens, rows[i].burst, 5 * SECOND);

        ck_assert_uint_eq(left(limiter, "k", 5 * SECOND), rows[i].left);
        ck_assert_uint_eq(left(limiter, "other", 5 * SECOND), rows[i].burst);
        aurora_limiter_free(limiter);
    }
}
END_TEST

/* However often the rate changes, nobody gets a fresh burst; a burst that grows gives what it grew
 * by. */
START_TEST(test_limiter_all__changes_to_and_fro_give_no_fresh_burst)
{
    aurora_limiter *limiter = limiter_of(10, 20);
    uint32_t taken = 0;

    for (int i = 0; i < 50; i++) {
        while (aurora_limiter_try_take(limiter, "k", 1, 1, 0, NULL))
            taken++;
        set_rate(limiter, i % 2 == 0 ? 3 : 10, i < 49 ? 20 : 25, 0);
    }
    ck_assert_uint_eq(taken, 20);

    ck_assert_uint_eq(left(limiter, "k", 0), 5);
    aurora_limiter_free(limiter);
}
END_TEST

/* A full limiter evicts in the right order after a change: the heap is still one. */
START_TEST(test_limiter_all__order_of_keys_outlives_a_change)
{
    aurora_limiter *limiter;
    char key[16];
    aurora_assert_ok(
        aurora_limiter_new(AURORA_LIMITER_OPTIONS(.capacity = 64, .shards = 1, .tokens = 1,
                                                  .per_ns = (uint64_t)SECOND, .burst = 100),
                           &limiter, NULL));
    for (int i = 0; i < 64; i++) {
        snprintf(key, sizeof key, "%d", i);
        ck_assert(aurora_limiter_try_take(limiter, key, strlen(key), (uint64_t)(i * 37 % 64 + 1), 0,
                                          NULL));
    }

    set_rate(limiter, 13, 100, 0);
    for (int i = 0; i < 63; i++) { /* each new key sends the one away that is nearest to full */
        snprintf(key, sizeof key, "n%d", i);
        ck_assert(aurora_limiter_try_take(limiter, key, strlen(key), 35, 0, NULL));
    }

    aurora_limiter_figures figures;
    aurora_limiter_read_figures(limiter, &figures);
    ck_assert_uint_eq(figures.keys, 64);
    ck_assert_uint_eq(figures.evicted, 63);
    ck_assert_uint_eq(left(limiter, "19", 0), 36); /* the one with the most missing: it is held */
    aurora_limiter_free(limiter);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("limiter_all");
    TCase *tc = tcase_create("limiter_all");
    tcase_add_test(tc, test_limiter_all__takes_from_each);
    tcase_add_test(tc, test_limiter_all__one_refusal_takes_nothing_from_anybody);
    tcase_add_test(tc, test_limiter_all__shadow_stops_nobody);
    tcase_add_test(tc, test_limiter_all__keys_of_one_limiter_are_apart);
    tcase_add_test(tc, test_limiter_all__threads_agree_in_any_order);
    tcase_add_test(tc, test_limiter_all__another_rate_keeps_what_is_missing);
    tcase_add_test(tc, test_limiter_all__changes_to_and_fro_give_no_fresh_burst);
    tcase_add_test(tc, test_limiter_all__order_of_keys_outlives_a_change);
    suite_add_tcase(s, tc);
    return s;
}

AURORA_TEST_MAIN(suite)

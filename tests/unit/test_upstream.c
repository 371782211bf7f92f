/* SPDX-License-Identifier: MIT */
/* What the loops share of an upstream: which address is chosen, when one is left alone, what most
 * calls take. */
#include "upstream/internal.h"

#include "test.h"

#include <string.h>

#define ADDRESSES 3
#define IN_ROW 10
#define OUT_MAX 24
#define STEPS 4000

static aurora_upstream *new_upstream(uint32_t count)
{
    static const char *const addresses[ADDRESSES] = {"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"};
    const aurora_upstream_options options = {.name = "order",
                                             .addresses = addresses,
                                             .address_count = count,
                                             .breaker_calls_min = 1000000,
                                             .breaker_in_row = IN_ROW,
                                             .breaker_open_ms = 600000};
    aurora_upstream *upstream = NULL;
    ck_assert_int_eq(aurora_upstream_new(&options, &upstream, NULL), AURORA_OK);
    return upstream;
}

typedef struct {
    aurora__address *address;
    uint64_t ticket;
    uint32_t epoch; /* how often its address had opened by then */
} attempt;

/* One address as it must be. */
typedef struct {
    uint32_t out, in_row, epoch;
    bool is_open;
} model;

static int32_t state_of(aurora__address *address)
{
    return aurora_breaker_state(&address->breaker, aurora__now_ns());
}

static void leave_one(aurora_upstream *upstream, const attempt *at, int32_t outcome, model *of)
{
    aurora__upstream_leave(upstream, at->address, at->ticket, outcome);
    of->out--;
    if (outcome == AURORA_BREAKER_SUCCESS)
        of->in_row = 0;
    if (outcome != AURORA_BREAKER_FAILURE || of->is_open || at->epoch != of->epoch)
        return;
    if (++of->in_row == IN_ROW) {
        of->is_open = true;
        of->epoch++;
        of->in_row = 0;
    }
}

static void check(aurora_upstream *upstream, const model *models)
{
    for (uint32_t i = 0; i < ADDRESSES; i++) {
        aurora__address *address = &upstream->addresses[i];
        ck_assert_uint_eq(atomic_load(&address->in_flight), models[i].out);
        ck_assert_int_eq(state_of(address),
                         models[i].is_open ? AURORA_BREAKER_OPEN : AURORA_BREAKER_CLOSED);
    }
}

/* Attempts that come and go in any order, over addresses that a probe brings back now and then:
 * none goes to one that is open, one opens after its failures in a row and for nothing else, and
 * an answer from before it opened counts no more. Mutation: without the look at `stale` in
 * leave_failed late failures open it again. */
START_TEST(test_breaker__opens_after_failures_in_a_row_and_for_nothing_else)
{
    aurora_upstream *upstream = new_upstream(ADDRESSES);
    attempt out[OUT_MAX];
    model models[ADDRESSES] = {{0}};
    uint32_t count = 0;
    uint64_t random = 0x9e3779b97f4a7c15u + (uint64_t)_i;

    for (int step = 0; step < STEPS; step++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        uint32_t draw = (uint32_t)(random >> 33);
        if (draw % 97 == 0) { /* as a good probe does */
            uint32_t i = draw / 97 % ADDRESSES;
            if (models[i].is_open)
                (void)aurora_breaker_force(&upstream->addresses[i].breaker, AURORA_BREAKER_CLOSED,
                                           aurora__now_ns());
            models[i].is_open = false;
        } else if (count == 0 || (count < OUT_MAX && draw % 2 == 0)) {
            uint32_t passed = 0, seconds;
            attempt *at = &out[count];
            at->address = aurora__upstream_choose(upstream, &passed, false, &at->ticket, &seconds);
            bool are_open = models[0].is_open && models[1].is_open && models[2].is_open;
            ck_assert(are_open == (at->address == NULL));
            if (at->address == NULL)
                continue;
            model *of = &models[at->address - upstream->addresses];
            ck_assert(!of->is_open);
            at->epoch = of->epoch;
            of->out++;
            count++;
        } else {
            uint32_t which = draw / 2 % count;
            const attempt at = out[which];
            out[which] = out[--count];
            int32_t outcome = draw % 11 == 0   ? AURORA_BREAKER_SUCCESS
                              : draw % 13 == 0 ? AURORA_BREAKER_IGNORED
                                               : AURORA_BREAKER_FAILURE;
            leave_one(upstream, &at, outcome, &models[at.address - upstream->addresses]);
        }
        check(upstream, models);
    }

    ck_assert_uint_gt(models[0].epoch + models[1].epoch + models[2].epoch, 5);
    aurora_upstream_free(upstream);
}
END_TEST

START_TEST(test_choice__goes_to_the_least_busy_that_was_not_tried)
{
    aurora_upstream *upstream = new_upstream(ADDRESSES);
    uint32_t passed = 0, seconds;
    uint64_t ticket;
    bool is_seen[ADDRESSES] = {false};

    for (int i = 0; i < ADDRESSES; i++) {
        const aurora__address *address =
            aurora__upstream_choose(upstream, &passed, false, &ticket, &seconds);
        ck_assert_ptr_nonnull(address);
        is_seen[address - upstream->addresses] = true;
    }

    ck_assert(is_seen[0] && is_seen[1] && is_seen[2]);
    ck_assert_uint_eq(passed, 7);
    aurora_upstream_free(upstream);
}
END_TEST

static void record(aurora__latency *latency, int count, int64_t us)
{
    for (int i = 0; i < count; i++)
        aurora__latency_record(latency, us * 1000);
}

START_TEST(test_latency__is_not_known_from_few_calls)
{
    aurora__latency latency = {0};

    record(&latency, 127, 5000);

    ck_assert_uint_eq(atomic_load(&latency.p95_us), 0);
}
END_TEST

START_TEST(test_latency__is_what_most_calls_take)
{
    aurora__latency latency = {0};

    for (int i = 0; i < 64; i++) {
        record(&latency, 31, 5000);
        record(&latency, 1, 900000);
    }

    ck_assert_uint_ge(atomic_load(&latency.p95_us), 5000);
    ck_assert_uint_le(atomic_load(&latency.p95_us), 6500);
}
END_TEST

START_TEST(test_latency__follows_a_change)
{
    aurora__latency latency = {0};
    record(&latency, 20000, 2000);

    record(&latency, 20000, 80000);

    ck_assert_uint_ge(atomic_load(&latency.p95_us), 80000);
    ck_assert_uint_le(atomic_load(&latency.p95_us), 100000);
}
END_TEST

START_TEST(test_latency__takes_any_time)
{
    static const int64_t times_ns[] = {0, 1, 999, 1000, 7999, 8000, INT64_MAX};
    aurora__latency latency = {0};

    for (int i = 0; i < 256; i++)
        aurora__latency_record(&latency, times_ns[i % 7]);

    ck_assert_uint_ge(atomic_load(&latency.p95_us), 1000);
}
END_TEST

static Suite *upstream_suite(void)
{
    Suite *suite = suite_create("upstream");
    TCase *tcase = tcase_create("shared");
    tcase_add_loop_test(tcase, test_breaker__opens_after_failures_in_a_row_and_for_nothing_else, 0,
                        20);
    tcase_add_test(tcase, test_choice__goes_to_the_least_busy_that_was_not_tried);
    tcase_add_test(tcase, test_latency__is_not_known_from_few_calls);
    tcase_add_test(tcase, test_latency__is_what_most_calls_take);
    tcase_add_test(tcase, test_latency__follows_a_change);
    tcase_add_test(tcase, test_latency__takes_any_time);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(upstream_suite)

/* SPDX-License-Identifier: MIT */
/* Small scopes of the modules, searched to their last state, and bugs of the seam that the search
 * must find. ./dev explore searches the larger ones. */
#include "test.h"

#ifdef AURORA_HAVE_EXPLORE

#include "explore/explore.h"

#include <stdio.h>
#include <string.h>

static aurora__explore_report search(aurora__explore_scope scope)
{
    aurora__explore_report report;
    scope.states_max = 2000000;
    scope.is_ending_asked = true;
    aurora__explore_run(&scope, &report, scope.plant == AURORA__EXPLORE_SOUND ? stdout : NULL);
    printf("%s, %u orders: %llu states, %llu transitions, %llu at rest%s%s\n",
           aurora__explore_deployment(scope.deployment), scope.orders,
           (unsigned long long)report.states, (unsigned long long)report.transitions,
           (unsigned long long)report.ends, report.is_failed ? ", broken: " : "",
           report.is_failed ? report.message : "");
    return report;
}

static void assert_holds(aurora__explore_scope scope, uint64_t states)
{
    aurora__explore_report report = search(scope);

    ck_assert_msg(!report.is_failed, "%s: %s", report.invariant, report.message);
    ck_assert(report.is_complete);
    ck_assert_uint_gt(report.ends, 1);
    ck_assert_uint_gt(report.states, states);
}

START_TEST(test_explore__two_orders_for_one_unit_in_every_deployment)
{
    for (uint32_t deployment = 0; deployment < 5; deployment++)
        assert_holds((aurora__explore_scope){.deployment = deployment, .orders = 2, .losses = 1},
                     20);
}
END_TEST

START_TEST(test_explore__two_orders_for_one_unit_under_a_crash_a_duplicate_and_a_loss)
{
    static const uint32_t deployments[] = {0, 2, 3}; /* the others take longer: ./dev explore */
    for (size_t i = 0; i < sizeof deployments / sizeof deployments[0]; i++)
        assert_holds((aurora__explore_scope){.deployment = deployments[i],
                                             .orders = 2,
                                             .crashes = 1,
                                             .duplicates = 1,
                                             .losses = 1},
                     500);
}
END_TEST

START_TEST(test_explore__one_order_under_a_crash_a_duplicate_and_a_loss)
{
    for (uint32_t deployment = 1; deployment < 5; deployment++)
        assert_holds(
            (aurora__explore_scope){
                .deployment = deployment, .orders = 1, .crashes = 1, .duplicates = 1, .losses = 1},
            1000);
}
END_TEST

START_TEST(test_explore__one_order_that_is_cancelled_or_late)
{
    assert_holds(
        (aurora__explore_scope){
            .deployment = 1, .orders = 1, .losses = 1, .cancels = 1, .has_deadlines = true},
        5000);
}
END_TEST

START_TEST(test_explore__two_orders_over_a_provider_that_does_not_answer)
{
    assert_holds((aurora__explore_scope){.deployment = 0,
                                         .orders = 2,
                                         .crashes = 1,
                                         .duplicates = 1,
                                         .silences = 1,
                                         .has_deadlines = true},
                 10000);
}
END_TEST

/* Calls that are slower than the question about them, and answers that come twice. */
START_TEST(test_explore__one_order_whose_calls_and_queries_overtake_each_other)
{
    assert_holds((aurora__explore_scope){.deployment = 0,
                                         .orders = 1,
                                         .crashes = 1,
                                         .duplicates = 1,
                                         .losses = 1,
                                         .silences = 1,
                                         .hurries = 1,
                                         .cancels = 1,
                                         .has_deadlines = true},
                 40000);
}
END_TEST

START_TEST(test_explore__the_same_scope_has_the_same_states)
{
    aurora__explore_scope scope = {.deployment = 1, .orders = 2, .crashes = 1};

    aurora__explore_report first = search(scope);
    aurora__explore_report second = search(scope);

    ck_assert_uint_eq(first.states, second.states);
    ck_assert_uint_eq(first.transitions, second.transitions);
}
END_TEST

START_TEST(test_explore__each_planted_bug_is_found)
{
    static const struct {
        uint32_t plant;
        const char *invariant;
        aurora__explore_scope scope;
    } plants[] = {
        {AURORA__EXPLORE_NO_DEDUPE, "I6", {.orders = 1, .duplicates = 1}},
        {AURORA__EXPLORE_EARLY_WATERMARK, "I6", {.orders = 1, .crashes = 1}},
        {AURORA__EXPLORE_EARLY_EVENTS, "I3", {.orders = 1, .crashes = 1}},
        {AURORA__EXPLORE_STALE_STOCK, "I1", {.orders = 2}},
        {AURORA__EXPLORE_DROP_COMPENSATION, "I4", {.orders = 1}},
        {AURORA__EXPLORE_IGNORE_RESEND, "I3", {.orders = 1, .losses = 1}},
        {AURORA__EXPLORE_NO_QUERY, "I2", {.orders = 1, .silences = 1}},
        {AURORA__EXPLORE_LOSE_REFUND, "I4", {.orders = 1, .cancels = 1}},
        {AURORA__EXPLORE_TELL_LATE, "I8", {.orders = 1, .cancels = 1}},
        {AURORA__EXPLORE_SWAP_EVENTS, "I6", {.orders = 1, .cancels = 1}},
        {AURORA__EXPLORE_STALE_VERSION, "I13", {.orders = 1}},
    };
    ck_assert_uint_eq(sizeof plants / sizeof plants[0], AURORA__EXPLORE_PLANTS - 1);

    for (size_t i = 0; i < sizeof plants / sizeof plants[0]; i++) {
        aurora__explore_scope scope = plants[i].scope;
        scope.deployment = 1;
        assert_holds(scope, 60); /* without the bug nothing is broken there */
        scope.plant = plants[i].plant;

        aurora__explore_report report = search(scope);

        ck_assert_msg(report.is_failed, "%s is not found",
                      aurora__explore_plant_name(plants[i].plant));
        ck_assert_msg(strcmp(report.invariant, plants[i].invariant) == 0, "%s breaks %s: %s",
                      aurora__explore_plant_name(plants[i].plant), report.invariant,
                      report.message);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("explore");
    TCase *tcase = tcase_create("all");
    tcase_set_timeout(tcase, 300);
    tcase_add_test(tcase, test_explore__two_orders_for_one_unit_in_every_deployment);
    tcase_add_test(tcase,
                   test_explore__two_orders_for_one_unit_under_a_crash_a_duplicate_and_a_loss);
    tcase_add_test(tcase, test_explore__one_order_under_a_crash_a_duplicate_and_a_loss);
    tcase_add_test(tcase, test_explore__one_order_that_is_cancelled_or_late);
    tcase_add_test(tcase, test_explore__two_orders_over_a_provider_that_does_not_answer);
    tcase_add_test(tcase, test_explore__one_order_whose_calls_and_queries_overtake_each_other);
    tcase_add_test(tcase, test_explore__the_same_scope_has_the_same_states);
    tcase_add_test(tcase, test_explore__each_planted_bug_is_found);
    suite_add_tcase(suite, tcase);
    return suite;
}

#else

#include <stdio.h>

static Suite *suite(void)
{
    puts("skipped: the search is not built");
    return NULL;
}

#endif

AURORA_TEST_MAIN(suite)

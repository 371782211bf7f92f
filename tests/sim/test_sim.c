/* SPDX-License-Identifier: MIT */
/* Seeds of the simulation, and that its checkers see what they are for. AURORA_SEED is the first
 * seed; AURORA_SIM=short runs a few seconds. A failure prints the seed, its options and the story
 * of the order that broke; `aurora-sim --seed N` tells it again. */
#include "test.h"

#ifdef AURORA_HAVE_SIM

#include "sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SEEDS_SHORT 800
#define PLANT_SEEDS 300

/* Sanitized builds are some ten times slower. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SEEDS_LONG 3000
#else
#define SEEDS_LONG 15000
#endif

static bool is_short(void)
{
    const char *mode = getenv("AURORA_SIM");
    return mode != NULL && strcmp(mode, "short") == 0;
}

static aurora__sim_report run(uint64_t seed, uint32_t plant)
{
    aurora__sim_report report;
    static aurora__sim_pool pool;
    aurora__sim_run(
        &(aurora__sim_request){.seed = seed, .pool = &pool, .plant = plant, .focus = -1}, &report);
    return report;
}

START_TEST(test_sim__every_invariant_holds_over_all_seeds)
{
    uint64_t first = aurora_test_seed("sim", 1);
    uint64_t count = is_short() ? SEEDS_SHORT : SEEDS_LONG;
    uint64_t orders = 0, completed = 0, failed = 0, cancelled = 0, repaired = 0, crashes = 0;
    clock_t begun = clock();

    for (uint64_t seed = first; seed < first + count; seed++) {
        aurora__sim_report report = run(seed, AURORA__PLANT_NONE);
        if (report.is_failed)
            aurora__sim_explain(&(aurora__sim_request){.seed = seed, .focus = -1}, stdout);
        ck_assert_msg(!report.is_failed, "seed %llu breaks %s: %s", (unsigned long long)seed,
                      report.invariant, report.message);
        orders += report.orders;
        completed += report.completed;
        failed += report.failed;
        cancelled += report.cancelled;
        repaired += report.repaired;
        crashes += report.crashes;
    }

    double seconds = (double)(clock() - begun) / CLOCKS_PER_SEC;
    printf("%llu seeds, %llu orders, %.0f orders/s, %llu crashes: %llu completed, %llu failed, "
           "%llu cancelled, %llu of them repaired\n",
           (unsigned long long)count, (unsigned long long)orders,
           (double)orders / (seconds > 0 ? seconds : 1), (unsigned long long)crashes,
           (unsigned long long)completed, (unsigned long long)failed, (unsigned long long)cancelled,
           (unsigned long long)repaired);
    /* Every way to end was walked, not one of them nearly always. */
    ck_assert_uint_gt(completed, orders / 10);
    ck_assert_uint_gt(failed, orders / 10);
    ck_assert_uint_gt(cancelled, orders / 50);
    ck_assert_uint_gt(repaired, orders / 200);
    ck_assert_uint_gt(crashes, count);
}
END_TEST

START_TEST(test_sim__same_seed_gives_the_same_trace)
{
    uint64_t before = 0;

    for (uint64_t seed = 1; seed <= 100; seed++) {
        aurora__sim_report once = run(seed, AURORA__PLANT_NONE);
        aurora__sim_report again = run(seed, AURORA__PLANT_NONE);

        ck_assert_uint_eq(once.hash, again.hash);
        ck_assert_int_eq(once.virtual_ms, again.virtual_ms);
        ck_assert_uint_ne(once.hash, before);
        before = once.hash;
    }
}
END_TEST

START_TEST(test_sim__without_faults_nothing_is_parked_and_nothing_crashes)
{
    int found = 0;

    for (uint64_t seed = 1; seed <= 400; seed++) {
        aurora__sim_report report = run(seed, AURORA__PLANT_NONE);
        if (strstr(report.options, "no faults") == NULL)
            continue;
        found++;
        ck_assert_uint_eq(report.crashes, 0);
        ck_assert_msg(strstr(report.options, "inline") != NULL || report.repaired == 0,
                      "seed %llu parks %llu orders", (unsigned long long)seed,
                      (unsigned long long)report.repaired);
    }

    ck_assert_int_gt(found, 5);
}
END_TEST

/* A checker that never fails proves nothing: each planted bug must be seen. */
START_TEST(test_sim__every_planted_bug_is_caught)
{
    for (uint32_t plant = 1; plant < AURORA__PLANT_COUNT; plant++) {
        uint64_t seed = 1;
        aurora__sim_report report = run(seed, plant);
        while (!report.is_failed && seed < PLANT_SEEDS)
            report = run(++seed, plant);

        ck_assert_msg(report.is_failed, "\"%s\" survives %d seeds", aurora__sim_plant_name(plant),
                      PLANT_SEEDS);
        printf("%-20s seed %3llu: %s: %s\n", aurora__sim_plant_name(plant),
               (unsigned long long)seed, report.invariant, report.message);
    }
}
END_TEST

START_TEST(test_sim__failure_tells_seed_options_and_story)
{
    char *text = NULL;
    size_t size = 0;
    uint64_t seed = 1;
    while (!run(seed, AURORA__PLANT_NO_DEDUPE).is_failed && seed < PLANT_SEEDS)
        seed++;
    FILE *out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(out);

    aurora__sim_explain(
        &(aurora__sim_request){.seed = seed, .plant = AURORA__PLANT_NO_DEDUPE, .focus = -1}, out);
    fclose(out);

    char wanted[32];
    snprintf(wanted, sizeof wanted, "seed %llu: I", (unsigned long long)seed);
    ck_assert_ptr_nonnull(strstr(text, wanted));
    ck_assert_ptr_nonnull(strstr(text, "options: "));
    ck_assert_ptr_nonnull(strstr(text, "planted: no dedupe"));
    ck_assert_ptr_nonnull(strstr(text, "BROKEN I"));
    ck_assert_ptr_nonnull(strstr(text, "order.created"));
    free(text);
}
END_TEST

static Suite *sim_suite(void)
{
    Suite *suite = suite_create("sim");
    TCase *tcase = tcase_create("sim");
    tcase_set_timeout(tcase, 800);
    tcase_add_test(tcase, test_sim__same_seed_gives_the_same_trace);
    tcase_add_test(tcase, test_sim__without_faults_nothing_is_parked_and_nothing_crashes);
    tcase_add_test(tcase, test_sim__every_planted_bug_is_caught);
    tcase_add_test(tcase, test_sim__failure_tells_seed_options_and_story);
    tcase_add_test(tcase, test_sim__every_invariant_holds_over_all_seeds);
    suite_add_tcase(suite, tcase);
    return suite;
}

#else

#include <stdio.h>

static Suite *sim_suite(void)
{
    puts("built without cmake/AuroraSim.cmake");
    return NULL;
}

#endif

AURORA_TEST_MAIN(sim_suite)

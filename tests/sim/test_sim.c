/* SPDX-License-Identifier: MIT */
/* Seeds of the simulation, and that its checkers see what they are for. AURORA_SEED is the first
 * seed; AURORA_SIM=short runs a few seconds. A failure prints the seed, its options and the story
 * of the order that broke; `aurora-sim --seed N` tells it again. */
#include "test.h"

#ifdef AURORA_HAVE_SIM

#include "sim/campaign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SEEDS_SHORT 800

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

static aurora__sim_report run(uint64_t seed)
{
    aurora__sim_report report;
    static aurora__sim_pool pool;
    aurora__sim_run(&(aurora__sim_request){.seed = seed, .pool = &pool, .focus = -1}, &report);
    return report;
}

START_TEST(test_sim__every_invariant_holds_over_all_seeds)
{
    uint64_t first = aurora_test_seed("sim", 1);
    uint64_t count = is_short() ? SEEDS_SHORT : SEEDS_LONG;
    uint64_t orders = 0, completed = 0, failed = 0, cancelled = 0, repaired = 0, crashes = 0;
    clock_t begun = clock();

    for (uint64_t seed = first; seed < first + count; seed++) {
        aurora__sim_report report = run(seed);
        if (report.is_failed)
            aurora__sim_explain(&(aurora__sim_request){.seed = seed, .focus = -1}, stdout);
        ck_assert_msg(!report.is_failed, "seed %llu breaks %s: %s", (unsigned long long)seed,
                      aurora__sim_check_table[report.check].name, report.message);
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
        aurora__sim_report once = run(seed);
        aurora__sim_report again = run(seed);

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
        aurora__sim_report report = run(seed);
        if (report.options.faults != 0)
            continue;
        found++;
        ck_assert_uint_eq(report.crashes, 0);
        ck_assert_msg(report.options.simulator != 0 || report.repaired == 0,
                      "seed %llu parks %llu orders", (unsigned long long)seed,
                      (unsigned long long)report.repaired);
    }

    ck_assert_int_gt(found, 5);
}
END_TEST

START_TEST(test_sim__every_check_is_made_every_fault_strikes_every_point_crashes)
{
    aurora__sim_totals totals = {0};
    for (uint64_t seed = 1; seed <= 1500; seed++) {
        aurora__sim_report report = run(seed);
        aurora__sim_totals_add(&totals, &report);
    }

    for (uint32_t i = 0; i < AURORA__CHECK_COUNT; i++) /* I14 is this test's neighbour */
        ck_assert_msg(totals.checks[i] > 0 || i == AURORA__CHECK_I14, "%s was never looked at",
                      aurora__sim_check_table[i].name);
    for (uint32_t i = 0; i < AURORA__OPTION_COUNT; i++)
        ck_assert_msg(totals.faults[i] > 0 || !aurora__sim_option_table[i].is_fault,
                      "%s never struck", aurora__sim_option_table[i].name);
    for (uint32_t i = 0; i < AURORA__CRASH_COUNT; i++)
        ck_assert_msg(totals.points[i] > 0, "nothing crashed at %s",
                      aurora__sim_crash_table[i].name);
    ck_assert_uint_gt(totals.overtaken, 0);
    ck_assert_int_lt(totals.calm_max_ms, AURORA__SIM_CALM_MS / 2);
}
END_TEST

START_TEST(test_sim__past_failures_hold)
{
    char error[1024] = "";
    char path[1024];
    snprintf(path, sizeof path, "%s/tests/sim/past.txt", getenv("AURORA_SOURCE_DIR"));

    int failures = aurora__sim_past_run(path, stdout, error, sizeof error);

    ck_assert_msg(failures == 0, "%d fail, %s", failures, error);
}
END_TEST

START_TEST(test_sim__set_names_option_and_rule)
{
    static const char *const wrong[][2] = {
        {"dorp=1", "\"dorp\" is no option with a value; --list names them"},
        {"drop", "\"drop\" is no option with a value; --list names them"},
        {"orders=2,drop=101", "drop must be 0 to 100, not \"101\""},
        {"drop=-1", "drop must be 0 to 100, not \"-1\""},
        {"drop=", "drop must be 0 to 100, not \"\""},
        {"orders=0", "orders must be 1 to 100000, not \"0\""},
        {"drop=1x", "drop must be 0 to 100, not \"1x\""},
    };
    char error[512];

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        aurora__sim_set set = {0};
        ck_assert(!aurora__sim_set_read(&set, wrong[i][0], error, sizeof error));
        ck_assert_str_eq(error, wrong[i][1]);
    }
}
END_TEST

START_TEST(test_sim__what_is_set_is_what_runs)
{
    char text[1024];
    char error[512];
    aurora__sim_set set = {0};
    aurora__sim_report report;
    ck_assert(aurora__sim_set_read(&set, "drop=0,orders=2,crash_at=8", error, sizeof error));

    aurora__sim_run(&(aurora__sim_request){.seed = 3, .set = &set, .focus = -1}, &report);

    ck_assert_uint_eq(report.orders, 2);
    ck_assert_uint_eq(report.options.drop, 0);
    ck_assert_uint_eq(report.options.crash_at, 8);
    aurora__sim_set_write(&set, text, sizeof text);
    ck_assert_str_eq(text, "orders=2,crash_at=8,drop=0");
}
END_TEST

static Suite *sim_suite(void)
{
    Suite *suite = suite_create("sim");
    TCase *tcase = tcase_create("sim");
    tcase_set_timeout(tcase, 800);
    tcase_add_test(tcase, test_sim__same_seed_gives_the_same_trace);
    tcase_add_test(tcase, test_sim__without_faults_nothing_is_parked_and_nothing_crashes);
    tcase_add_test(tcase, test_sim__every_check_is_made_every_fault_strikes_every_point_crashes);
    tcase_add_test(tcase, test_sim__past_failures_hold);
    tcase_add_test(tcase, test_sim__set_names_option_and_rule);
    tcase_add_test(tcase, test_sim__what_is_set_is_what_runs);
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

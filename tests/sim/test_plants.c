/* SPDX-License-Identifier: MIT */
/* A checker that never fails proves nothing: each bug of src/plant must be seen, most of them in
 * the product's own code, within 5,000 seeds; and the seed that saw it must become small. */
#include "test.h"

#ifdef AURORA_HAVE_SIM

#include "sim/campaign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEEDS_MAX 5000

static aurora__sim_pool pool;

static aurora__sim_report run(uint64_t seed, uint32_t plant, const aurora__sim_set *set)
{
    aurora__sim_report report;
    aurora__sim_run(
        &(aurora__sim_request){
            .seed = seed, .pool = &pool, .set = set, .plant = plant, .focus = -1},
        &report);
    return report;
}

static uint64_t first_seed(uint32_t plant, aurora__sim_report *report_out)
{
    uint64_t seed = 1;
    *report_out = run(seed, plant, NULL);
    while (!report_out->is_failed && seed < SEEDS_MAX)
        *report_out = run(++seed, plant, NULL);
    return seed;
}

START_TEST(test_plants__every_planted_bug_is_caught)
{
    ck_assert_uint_ge(AURORA__PLANT_COUNT - 1, 20);
    for (uint32_t plant = 1; plant < AURORA__PLANT_COUNT; plant++) {
        aurora__sim_report report;
        uint64_t seed = first_seed(plant, &report);

        ck_assert_msg(report.is_failed, "%s (%s) survives %d seeds", aurora__sim_plant_name(plant),
                      aurora__sim_plant_text(plant), SEEDS_MAX);
        printf("%-18s %4llu seeds: %s: %s\n", aurora__sim_plant_name(plant),
               (unsigned long long)seed, aurora__sim_check_table[report.check].name,
               report.message);
    }
}
END_TEST

START_TEST(test_plants__without_a_plant_nothing_breaks)
{
    for (uint64_t seed = 1; seed <= 300; seed++) {
        aurora__sim_report report = run(seed, AURORA__PLANT_NONE, NULL);
        ck_assert_msg(!report.is_failed, "seed %llu: %s", (unsigned long long)seed, report.message);
    }
}
END_TEST

/* The liveness phase sees what is missing, not the safety phase what is there. */
START_TEST(test_plants__without_retries_nothing_ends)
{
    static const uint32_t plants[] = {AURORA__PLANT_NO_RETRY, AURORA__PLANT_NO_RESEND,
                                      AURORA__PLANT_RETRY_WITHOUT_END};
    for (size_t i = 0; i < sizeof plants / sizeof plants[0]; i++) {
        aurora__sim_report report;
        first_seed(plants[i], &report);
        bool is_liveness = report.check == AURORA__CHECK_I3 || report.check == AURORA__CHECK_pause;
        ck_assert_msg(is_liveness, "%s: %s", aurora__sim_plant_name(plants[i]), report.message);
    }
}
END_TEST

START_TEST(test_plants__shrunk_seed_still_breaks_the_same_with_less)
{
    aurora__sim_report report;
    aurora__sim_set small;
    uint64_t seed = first_seed(AURORA__PLANT_RELEASE_TWICE, &report);

    uint32_t runs = aurora__sim_shrink(
        &(aurora__sim_request){
            .seed = seed, .pool = &pool, .plant = AURORA__PLANT_RELEASE_TWICE, .focus = -1},
        &small);
    aurora__sim_report after = run(seed, AURORA__PLANT_RELEASE_TWICE, &small);

    char text[1024];
    aurora__sim_set_write(&small, text, sizeof text);
    printf("seed %llu in %u runs: --set %s\n", (unsigned long long)seed, runs, text);
    ck_assert(after.is_failed);
    ck_assert_int_eq(after.check, report.check);
    ck_assert_uint_le(after.orders, report.orders / 2);
    uint32_t faults_before = 0, faults_after = 0;
    for (uint32_t i = 0; i < AURORA__OPTION_COUNT; i++) {
        if (!aurora__sim_option_table[i].is_fault)
            continue;
        faults_before += *aurora__sim_option_at(&report.options, i) != 0;
        faults_after += *aurora__sim_option_at(&after.options, i) != 0;
    }
    ck_assert_uint_lt(faults_after, faults_before);
}
END_TEST

START_TEST(test_plants__failure_tells_seed_options_and_story)
{
    char *text = NULL;
    size_t size = 0;
    aurora__sim_report report;
    uint64_t seed = first_seed(AURORA__PLANT_NO_DEDUPE, &report);
    FILE *out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(out);

    aurora__sim_explain(
        &(aurora__sim_request){.seed = seed, .plant = AURORA__PLANT_NO_DEDUPE, .focus = -1}, out);
    fclose(out);

    char wanted[32];
    snprintf(wanted, sizeof wanted, "seed %llu breaks I", (unsigned long long)seed);
    ck_assert_ptr_nonnull(strstr(text, wanted));
    ck_assert_ptr_nonnull(strstr(text, "options: deployment="));
    ck_assert_ptr_nonnull(strstr(text, "planted: positions below"));
    ck_assert_ptr_nonnull(strstr(text, "BROKEN I"));
    ck_assert_ptr_nonnull(strstr(text, "order.created"));
    free(text);
}
END_TEST

static Suite *plants_suite(void)
{
    Suite *suite = suite_create("plants");
    TCase *tcase = tcase_create("plants");
    tcase_set_timeout(tcase, 800);
    tcase_add_test(tcase, test_plants__every_planted_bug_is_caught);
    tcase_add_test(tcase, test_plants__without_a_plant_nothing_breaks);
    tcase_add_test(tcase, test_plants__without_retries_nothing_ends);
    tcase_add_test(tcase, test_plants__shrunk_seed_still_breaks_the_same_with_less);
    tcase_add_test(tcase, test_plants__failure_tells_seed_options_and_story);
    suite_add_tcase(suite, tcase);
    return suite;
}

#else

#include <stdio.h>

static Suite *plants_suite(void)
{
    puts("built without cmake/AuroraSim.cmake");
    return NULL;
}

#endif

AURORA_TEST_MAIN(plants_suite)

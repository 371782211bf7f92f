/* SPDX-License-Identifier: MIT */
/* The simulation of several services sees what it is there for: each bug that is planted in the
 * engine, between its store and its bus, is seen within 5,000 seeds, and the seed that saw it
 * becomes small. ctest: one thread */
#include "test.h"

#ifdef AURORA_HAVE_SIM

#include "plant/plant.h"
#include "trial/shrink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEEDS_MAX 5000

/* Sanitized builds are some ten times slower: the plant that takes hundreds of seeds is for
 * others. */
#ifdef __SANITIZE_ADDRESS__
#define LONG_PLANT AURORA__PLANT_SAVE_UNSENT
#else
#define LONG_PLANT AURORA__PLANT_NONE
#endif

uint32_t aurora__planted;

static const struct {
    uint32_t plant;
    const char *name;
    const char *what;
} plants[] = {
#define ROW(name, what) {AURORA__PLANT_##name, #name, what},
    AURORA__ENGINE_PLANTS(ROW)
#undef ROW
};
enum { PLANTS = sizeof plants / sizeof plants[0] };

/* All of them need a bus: no time is spent on seeds with one service. */
static const char *const sets[] = {"split=1"};

static aurora_sim_request request_of(uint64_t seed)
{
    return (aurora_sim_request){.size = sizeof(aurora_sim_request),
                                .seed = seed,
                                .store = "memory",
                                .sets = sets,
                                .set_count = 1};
}

static aurora_sim_report run(uint64_t seed, uint32_t plant)
{
    aurora_sim_report report;
    aurora_error err = AURORA_ERROR_INIT;
    const aurora_sim_request request = request_of(seed);
    aurora__planted = plant;
    aurora_status rc = aurora_sim_run(&request, NULL, &report, &err);
    aurora__planted = AURORA__PLANT_NONE;
    ck_assert_msg(rc == AURORA_OK, "%s %s", err.field, err.message);
    return report;
}

static uint64_t first_seed(uint32_t plant, aurora_sim_report *report_out)
{
    uint64_t seed = 1;
    *report_out = run(seed, plant);
    while (report_out->is_failed == 0 && seed < SEEDS_MAX)
        *report_out = run(++seed, plant);
    return seed;
}

START_TEST(test_plants_engine__every_planted_bug_is_caught)
{
    aurora_sim_report report;
    if (plants[_i].plant == LONG_PLANT)
        return;

    uint64_t seed = first_seed(plants[_i].plant, &report);

    ck_assert_msg(report.is_failed != 0, "%s (%s) survives %d seeds", plants[_i].name,
                  plants[_i].what, SEEDS_MAX);
    ck_assert_uint_eq(run(seed, plants[_i].plant).hash, report.hash);
    printf("%-14s %4llu seeds: %s: %s\n", plants[_i].name, (unsigned long long)seed, report.check,
           report.message);
}
END_TEST

START_TEST(test_plants_engine__without_a_plant_nothing_breaks)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        aurora_sim_report report = run(seed, AURORA__PLANT_NONE);
        ck_assert_msg(report.is_failed == 0, "seed %llu: %s: %s", (unsigned long long)seed,
                      report.check, report.message);
    }
}
END_TEST

START_TEST(test_plants_engine__failure_is_made_small_and_told)
{
    char *text = NULL;
    size_t size = 0;
    aurora_sim_report report;
    uint64_t seed = first_seed(AURORA__PLANT_SKIP_FAILED, &report);
    const aurora_sim_request request = request_of(seed);
    FILE *out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(out);

    aurora__planted = AURORA__PLANT_SKIP_FAILED;
    aurora__trial_explain(&request, NULL, &report, true, out);
    aurora__planted = AURORA__PLANT_NONE;
    fclose(out);

    ck_assert_ptr_nonnull(strstr(text, "made smaller in "));
    ck_assert_ptr_nonnull(strstr(text, "split=1"));
    ck_assert_ptr_nonnull(strstr(text, "--- transcript ---"));
    ck_assert_ptr_nonnull(strstr(text, "is told that event"));
    ck_assert_ptr_nonnull(strstr(text, "FAILED I"));
    free(text);
}
END_TEST

static Suite *plants_suite(void)
{
    Suite *suite = suite_create("plants_engine");
    TCase *tcase = tcase_create("plants");
    tcase_set_timeout(tcase, 600);
    tcase_add_loop_test(tcase, test_plants_engine__every_planted_bug_is_caught, 0, PLANTS);
    tcase_add_test(tcase, test_plants_engine__without_a_plant_nothing_breaks);
    tcase_add_test(tcase, test_plants_engine__failure_is_made_small_and_told);
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

/* SPDX-License-Identifier: MIT */
/* The simulation of the whole library (aurora/sim.h): seeds on the stores that there are, that a
 * seed does the same again, and that mistakes in stores and providers of somebody's own are found.
 * AURORA_SEED is the first seed; AURORA_SIM=short runs a few seconds. A failure prints the seed;
 * `aurora-sim engine --seed N` tells its story. ctest: one thread */
#include "test.h"

#include <aurora/port/driver.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../examples/own_store/sorted_store.h"
#include "planted_store.h"

#define PLANT_SEEDS 60

/* Sanitized builds are some ten times slower. */
#ifdef __SANITIZE_ADDRESS__
#define SEEDS 40
#define SEEDS_OF_FILES 2
#else
#define SEEDS 200
#define SEEDS_OF_FILES 4
#endif

static uint64_t seeds(uint64_t count)
{
    const char *mode = getenv("AURORA_SIM");
    return mode != NULL && strcmp(mode, "short") == 0 ? (count + 3) / 4 : count;
}

static aurora_sim_report run(uint64_t seed, const char *store, const aurora_sim_ports *ports)
{
    aurora_sim_report report;
    aurora_error err = AURORA_ERROR_INIT;
    const aurora_sim_request request = {.size = sizeof request, .seed = seed, .store = store};
    aurora_status rc = aurora_sim_run(&request, ports, &report, &err);
    ck_assert_msg(rc == AURORA_OK, "%s %s", err.field, err.message);
    return report;
}

static void run_all(uint64_t count, const char *store, const aurora_sim_ports *ports)
{
    uint64_t first = aurora_test_seed("sim_engine", 1);
    aurora_sim_report sum = {0};
    for (uint64_t seed = first; seed < first + count; seed++) {
        aurora_sim_report report = run(seed, store, ports);
        ck_assert_msg(!report.is_failed, "seed %llu breaks %s: %s (%s)", (unsigned long long)seed,
                      report.check, report.message, report.options);
        sum.orders += report.orders;
        sum.completed += report.completed;
        sum.failed += report.failed;
        sum.cancelled += report.cancelled;
        sum.crashes += report.crashes;
        sum.repaired += report.repaired;
    }
    printf("%llu seeds: %llu orders, %llu crashes, %llu repairs\n", (unsigned long long)count,
           (unsigned long long)sum.orders, (unsigned long long)sum.crashes,
           (unsigned long long)sum.repaired);
    if (count < 10)
        return;
    /* Every way to end was walked. */
    ck_assert_uint_gt(sum.completed, sum.orders / 10);
    ck_assert_uint_gt(sum.failed, sum.orders / 20);
    ck_assert_uint_gt(sum.cancelled, sum.orders / 100);
    ck_assert_uint_gt(sum.crashes, count);
}

START_TEST(test_sim_engine__nothing_promised_is_broken_in_memory)
{
    run_all(seeds(SEEDS), "memory", NULL);
}
END_TEST

START_TEST(test_sim_engine__nothing_promised_is_broken_on_a_file)
{
    run_all(seeds(SEEDS_OF_FILES), "sqlite", NULL);
}
END_TEST

static aurora_status open_sorted(void *self, const aurora_store_options *options, aurora_store *out,
                                 aurora_error *err)
{
    (void)self;
    return sorted_store_open(options, out, err);
}

START_TEST(test_sim_engine__nothing_promised_is_broken_on_the_store_of_the_example)
{
    const aurora_sim_store sorted = {.size = sizeof sorted,
                                     .flags = AURORA_SIM_STORE_STAYS,
                                     .name = "sorted",
                                     .open = open_sorted};
    const aurora_sim_store *stores[] = {&sorted};
    const aurora_sim_ports ports = {.size = sizeof ports, .store_count = 1, .stores = stores};

    run_all(seeds(SEEDS / 10), NULL, &ports);
}
END_TEST

START_TEST(test_sim_engine__the_same_seed_does_the_same)
{
    for (uint64_t seed = 1; seed <= seeds(SEEDS / 20); seed++) {
        aurora_sim_report first = run(seed, "memory", NULL);
        aurora_sim_report again = run(seed, "memory", NULL);

        ck_assert_uint_eq(first.hash, again.hash);
        ck_assert_uint_eq(first.store_calls, again.store_calls);
        ck_assert_int_eq(first.virtual_ms, again.virtual_ms);
    }
    ck_assert_uint_ne(run(1, "memory", NULL).hash, run(2, "memory", NULL).hash);
}
END_TEST

START_TEST(test_sim_engine__the_same_seed_does_the_same_on_a_file)
{
    ck_assert_uint_eq(run(3, "sqlite", NULL).hash, run(3, "sqlite", NULL).hash);
}
END_TEST

/* --- mistakes that are to be found ------------------------------------------------------------ */

/* The number of the first seed that fails, 0 = none of them. */
static uint64_t find(const aurora_sim_ports *ports, const char *store, aurora_sim_report *out)
{
    for (uint64_t seed = 1; seed <= PLANT_SEEDS; seed++) {
        *out = run(seed, store, ports);
        if (out->is_failed)
            return seed;
    }
    return 0;
}

START_TEST(test_sim_engine__mistake_of_a_store_is_found)
{
    const aurora_sim_store *stores[] = {planted_store(_i)};
    const aurora_sim_ports ports = {.size = sizeof ports, .store_count = 1, .stores = stores};
    aurora_sim_report report;

    uint64_t seed = find(&ports, NULL, &report);

    ck_assert_msg(seed > 0, "mistake %d is not found in %d seeds", _i, PLANT_SEEDS);
    printf("store, mistake %d: seed %llu, %s: %s\n", _i, (unsigned long long)seed, report.check,
           report.message);
}
END_TEST

START_TEST(test_sim_engine__mistake_of_a_provider_is_found)
{
    const aurora_sim_ports ports = {.size = sizeof ports, .provider = planted_provider(_i)};
    aurora_sim_report report;

    uint64_t seed = find(&ports, "memory", &report);

    ck_assert_msg(seed > 0, "mistake %d is not found in %d seeds", _i, PLANT_SEEDS);
    printf("provider, mistake %d: seed %llu, %s: %s\n", _i, (unsigned long long)seed, report.check,
           report.message);
    ck_assert_msg(report.check[0] == 'I', "%s", report.check);
}
END_TEST

START_TEST(test_sim_engine__store_and_provider_without_a_mistake_pass)
{
    const aurora_sim_store *stores[] = {planted_store(PLANTED_NOTHING)};
    const aurora_sim_ports ports = {
        .size = sizeof ports, .store_count = 1, .stores = stores, .provider = planted_provider(0)};

    for (uint64_t seed = 1; seed <= seeds(SEEDS / 10); seed++) {
        aurora_sim_report report = run(seed, NULL, &ports);
        ck_assert_msg(!report.is_failed, "seed %llu breaks %s: %s", (unsigned long long)seed,
                      report.check, report.message);
    }
}
END_TEST

/* --- what a host attaches --------------------------------------------------------------------- */

typedef struct {
    uint32_t begun;
    uint32_t steps;
    uint32_t checks;
    bool is_stubborn; /* a step that is never done */
} work;

static void begin_work(void *self, aurora_sim *sim, uint64_t seed)
{
    work *of = self;
    (void)sim;
    (void)seed;
    of->begun++;
    of->steps = 0;
}

static aurora_status step_work(void *self, aurora_sim *sim, aurora_t *shop, uint32_t step)
{
    work *of = self;
    char sku[32];
    snprintf(sku, sizeof sku, "own-%u", step);
    if (of->is_stubborn)
        return AURORA_EBUSY;
    aurora_status rc = aurora_stock_receive(shop, sku, 1 + aurora_sim_below(sim, 1), sku, NULL);
    if (rc == AURORA_OK) {
        of->steps++;
        aurora_sim_note(sim, "own step %u", step);
    }
    return rc;
}

static void check_work(void *self, aurora_sim *sim, aurora_t *shop)
{
    work *of = self;
    aurora_stock stock;
    of->checks++;
    aurora_sim_count(sim, "own");
    if (aurora_stock_get(shop, "own-0", &stock) != AURORA_OK || stock.available != 1)
        aurora_sim_fail(sim, "own", "the first piece is not there");
}

START_TEST(test_sim_engine__own_workload_is_run_and_asked)
{
    work own = {0};
    const aurora_sim_workload workload = {.size = sizeof workload,
                                          .steps = 5,
                                          .self = &own,
                                          .begin = begin_work,
                                          .step = step_work,
                                          .check = check_work};
    const aurora_sim_ports ports = {.size = sizeof ports, .workload = &workload};

    for (uint64_t seed = 1; seed <= 10; seed++) {
        aurora_sim_report report = run(seed, "memory", &ports);
        ck_assert_msg(!report.is_failed, "%s: %s", report.check, report.message);
        ck_assert_uint_eq(own.begun, seed);
        ck_assert_uint_ge(own.steps, 5);
        ck_assert_uint_eq(own.checks, seed);
    }
    own.is_stubborn = true;
    ck_assert_str_eq(run(1, "memory", &ports).check, "I3");
}
END_TEST

/* --- a store that loses its power ------------------------------------------------------------- */

typedef struct {
    uint32_t opened;
    uint32_t losses;
    char last[512]; /* address */
    bool was_told_another;
} powered;

static aurora_status open_powered(void *self, const aurora_store_options *options,
                                  aurora_store *out, aurora_error *err)
{
    powered *of = self;
    of->opened++;
    snprintf(of->last, sizeof of->last, "%s", options->address);
    return aurora_store_open(options->address, options, out, err);
}

static void lose_power(void *self, const char *address)
{
    powered *of = self;
    of->losses++;
    of->was_told_another |= strcmp(address, of->last) != 0;
}

/* What a store forgets that had acknowledged it: the file goes, as if nothing had been synced. */
static void lose_file(void *self, const char *address)
{
    char beside[600];
    lose_power(self, address);
    unlink(address);
    snprintf(beside, sizeof beside, "%s-wal", address);
    unlink(beside);
    snprintf(beside, sizeof beside, "%s-shm", address);
    unlink(beside);
}

static aurora_sim_report run_powered(powered *of, void (*lose)(void *self, const char *address),
                                     const char *power)
{
    const aurora_sim_store store = {.size = sizeof store,
                                    .name = "powered",
                                    .self = of,
                                    .open = open_powered,
                                    .lose_power = lose};
    const aurora_sim_store *stores[] = {&store};
    const aurora_sim_ports ports = {.size = sizeof ports, .store_count = 1, .stores = stores};
    const char *sets[] = {power, "kill=40", "orders=8", "instances=1"};
    aurora_sim_report report;
    aurora_error err = AURORA_ERROR_INIT;
    const aurora_sim_request request = {
        .size = sizeof request, .seed = 5, .sets = sets, .set_count = 4};
    aurora_assert_ok(aurora_sim_run(&request, &ports, &report, &err));
    return report;
}

START_TEST(test_sim_engine__store_is_told_that_the_power_is_lost)
{
    powered of = {0};

    aurora_sim_report report = run_powered(&of, lose_power, "power=100");

    ck_assert_msg(!report.is_failed, "%s: %s", report.check, report.message);
    ck_assert_uint_gt(of.losses, 0);
    ck_assert_uint_eq(of.losses, report.crashes); /* each of a hundred in a hundred */
    ck_assert(!of.was_told_another);
    of = (powered){0};
    ck_assert(!run_powered(&of, lose_power, "power=0").is_failed);
    ck_assert_uint_eq(of.losses, 0);
}
END_TEST

START_TEST(test_sim_engine__store_that_forgets_with_the_power_is_found)
{
    powered of = {0};

    aurora_sim_report report = run_powered(&of, lose_file, "power=100");

    ck_assert_uint_gt(of.losses, 0);
    ck_assert_msg(report.is_failed && report.check[0] == 'I', "%s: %s", report.check,
                  report.message);
    ck_assert(run_powered(&(powered){0}, lose_file, "power=0").is_failed == 0);
}
END_TEST

/* --- a notifier ------------------------------------------------------------------------------- */

typedef struct {
    uint32_t begun;
    uint32_t told[4]; /* by the kind of notification */
    uint32_t attempts;
    bool is_deaf; /* never gets through */
    bool was_given_another_task;
} notifier;

static void begin_notifier(void *self, uint64_t seed)
{
    notifier *of = self;
    (void)seed;
    of->begun++;
}

static void tell_one(void *self, const aurora_task *task, aurora_task_result *result_out)
{
    notifier *of = self;
    of->attempts++;
    of->was_given_another_task |=
        task->kind != AURORA_TASK_NOTIFICATION || strcmp(task->contact, "a@shop.example") != 0;
    if (of->is_deaf) {
        result_out->outcome = AURORA_OUTCOME_DECLINED;
        return;
    }
    of->told[task->notification_kind % 4]++;
}

static aurora_sim_report run_notified(notifier *of, uint64_t seed)
{
    const aurora_sim_notifier port = {
        .size = sizeof port, .self = of, .begin = begin_notifier, .tell = tell_one};
    const aurora_sim_ports ports = {.size = sizeof ports, .notifier = &port};
    return run(seed, "memory", &ports);
}

START_TEST(test_sim_engine__own_notifier_is_told_of_each_end_once)
{
    for (uint64_t seed = 1; seed <= 10; seed++) {
        notifier of = {0};
        aurora_sim_report report = run_notified(&of, seed);
        uint32_t told = of.told[0] + of.told[1] + of.told[2] + of.told[3];

        ck_assert_msg(!report.is_failed, "%s: %s", report.check, report.message);
        ck_assert_uint_eq(of.begun, 1);
        ck_assert(!of.was_given_another_task);
        ck_assert_uint_gt(told, 0);
        ck_assert_uint_le(told, 2 * report.orders); /* completed, and cancelled after that */
    }
}
END_TEST

START_TEST(test_sim_engine__answer_of_an_own_notifier_counts)
{
    notifier of = {.is_deaf = true};

    aurora_sim_report report = run_notified(&of, 1);

    ck_assert_msg(!report.is_failed, "%s: %s", report.check, report.message);
    ck_assert_uint_gt(of.attempts, 0);
    ck_assert_uint_ne(report.hash, run_notified(&(notifier){0}, 1).hash);
}
END_TEST

START_TEST(test_sim_engine__unknown_store_or_option_is_refused)
{
    const char *sets[] = {"crash=1", "crush=1"};
    aurora_sim_report report;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_sim_request request = {.size = sizeof request, .store = "paper"};

    aurora_assert_status(aurora_sim_run(&request, NULL, &report, &err), AURORA_EINVAL);
    ck_assert_str_eq(err.field, "store");
    request = (aurora_sim_request){.size = sizeof request, .sets = sets, .set_count = 2};
    aurora_assert_status(aurora_sim_run(&request, NULL, &report, &err), AURORA_EINVAL);
    ck_assert_ptr_nonnull(strstr(err.message, "crush=1"));
}
END_TEST

/* --- the program ------------------------------------------------------------------------------ */

static int call_main(const aurora_sim_ports *ports, const char *a, const char *b, const char *c)
{
    char name[] = "sim", first[256], second[256], third[256];
    char *argv[] = {name, first, second, third, NULL};
    snprintf(first, sizeof first, "%s", a);
    snprintf(second, sizeof second, "%s", b == NULL ? "" : b);
    snprintf(third, sizeof third, "%s", c == NULL ? "" : c);
    return aurora_sim_main(c != NULL ? 4 : b != NULL ? 3 : 2, argv, ports);
}

START_TEST(test_sim_engine__exit_status_says_what_happened)
{
    const aurora_sim_ports ports = {.size = sizeof ports,
                                    .provider = planted_provider(PLANTED_TAKE_MORE)};

    ck_assert_int_eq(call_main(NULL, "--seeds", "3", NULL), 0);
    ck_assert_int_eq(call_main(&ports, "--seeds", "20", "--whole"), 1);
    ck_assert_int_eq(call_main(NULL, "--sods", NULL, NULL), 2);
    ck_assert_int_eq(call_main(NULL, "--store", "paper", NULL), 2);
    ck_assert_int_eq(call_main(NULL, "--past", "/nonexistent", NULL), 3);
    ck_assert_int_eq(call_main(NULL, "--list", NULL, NULL), 0);
    ck_assert_int_eq(call_main(NULL, "--help", NULL, NULL), 0);
}
END_TEST

START_TEST(test_sim_engine__what_failed_once_passes)
{
    char path[512];
    snprintf(path, sizeof path, "%s/tests/sim/past_engine.txt",
             getenv("AURORA_SOURCE_DIR") != NULL ? getenv("AURORA_SOURCE_DIR") : ".");

    ck_assert_int_eq(call_main(NULL, "--past", path, NULL), 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("sim_engine");
    TCase *tcase = tcase_create("seeds");
    tcase_set_timeout(tcase, 600);
    tcase_add_test(tcase, test_sim_engine__nothing_promised_is_broken_in_memory);
    tcase_add_test(tcase, test_sim_engine__nothing_promised_is_broken_on_a_file);
    tcase_add_test(tcase, test_sim_engine__nothing_promised_is_broken_on_the_store_of_the_example);
    tcase_add_test(tcase, test_sim_engine__the_same_seed_does_the_same);
    tcase_add_test(tcase, test_sim_engine__the_same_seed_does_the_same_on_a_file);
    tcase_add_loop_test(tcase, test_sim_engine__mistake_of_a_store_is_found, 1,
                        PLANTED_STORE_COUNT);
    tcase_add_loop_test(tcase, test_sim_engine__mistake_of_a_provider_is_found, 1,
                        PLANTED_PROVIDER_COUNT);
    tcase_add_test(tcase, test_sim_engine__store_and_provider_without_a_mistake_pass);
    tcase_add_test(tcase, test_sim_engine__own_workload_is_run_and_asked);
    tcase_add_test(tcase, test_sim_engine__store_is_told_that_the_power_is_lost);
    tcase_add_test(tcase, test_sim_engine__store_that_forgets_with_the_power_is_found);
    tcase_add_test(tcase, test_sim_engine__own_notifier_is_told_of_each_end_once);
    tcase_add_test(tcase, test_sim_engine__answer_of_an_own_notifier_counts);
    tcase_add_test(tcase, test_sim_engine__unknown_store_or_option_is_refused);
    tcase_add_test(tcase, test_sim_engine__exit_status_says_what_happened);
    tcase_add_test(tcase, test_sim_engine__what_failed_once_passes);
    suite_add_tcase(all, tcase);
    return all;
}

AURORA_TEST_MAIN(suite)

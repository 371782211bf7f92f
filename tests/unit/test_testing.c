/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <aurora/testing.h>

#include "api/fault.h"
#include "test.h"

START_TEST(test_testing__manual_clock_stands_still)
{
    aurora_manual_clock manual;
    aurora_clock clock;
    aurora_manual_clock_init(&manual, 1000);

    aurora_manual_clock_attach(&manual, &clock);

    ck_assert_uint_eq(clock.size, sizeof clock);
    ck_assert_int_eq(clock.wall_ms(clock.self), 1000);
    ck_assert_int_eq(clock.wall_ms(clock.self), 1000);
    ck_assert_int_eq(clock.monotonic_ns(clock.self), 0);
}
END_TEST

START_TEST(test_testing__advance_moves_both_clocks)
{
    aurora_manual_clock manual;
    aurora_clock clock;
    aurora_manual_clock_init(&manual, 1000);
    aurora_manual_clock_attach(&manual, &clock);

    aurora_manual_clock_advance(&manual, 250);
    aurora_manual_clock_advance(&manual, -5);

    ck_assert_int_eq(clock.wall_ms(clock.self), 1250);
    ck_assert_int_eq(clock.monotonic_ns(clock.self), 250000000);
}
END_TEST

START_TEST(test_testing__step_sets_the_wall_clock_alone)
{
    aurora_manual_clock manual;
    aurora_clock clock;
    aurora_manual_clock_init(&manual, 1000);
    aurora_manual_clock_attach(&manual, &clock);
    aurora_manual_clock_advance(&manual, 1);

    aurora_manual_clock_step(&manual, -7);

    ck_assert_int_eq(clock.wall_ms(clock.self), -7);
    ck_assert_int_eq(clock.monotonic_ns(clock.self), 1000000);
}
END_TEST

/* --- the allocator ---------------------------------------------------------------------------- */

START_TEST(test_testing__one_allocation_fails)
{
    aurora_failing_allocator failing;
    aurora_allocator allocator;
    aurora_failing_allocator_init(&failing, 1, 0);
    aurora_failing_allocator_attach(&failing, &allocator);

    void *first = allocator.allocate(allocator.self, 8);
    void *second = allocator.allocate(allocator.self, 8);
    void *third = allocator.allocate(allocator.self, 8);

    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_null(second);
    ck_assert_ptr_nonnull(third);
    ck_assert_uint_eq(aurora_failing_allocator_count(&failing), 3);
    ck_assert_uint_eq(aurora_failing_allocator_live(&failing), 2);
    allocator.release(allocator.self, first);
    allocator.release(allocator.self, third);
    allocator.release(allocator.self, NULL);
    ck_assert_uint_eq(aurora_failing_allocator_live(&failing), 0);
}
END_TEST

START_TEST(test_testing__lasting_failure_goes_on)
{
    aurora_failing_allocator failing;
    aurora_allocator allocator;
    aurora_failing_allocator_init(&failing, 1, 1);
    aurora_failing_allocator_attach(&failing, &allocator);
    void *first = allocator.allocate(allocator.self, 8);

    for (int i = 0; i < 3; i++)
        ck_assert_ptr_null(allocator.allocate(allocator.self, 8));

    allocator.release(allocator.self, first);
}
END_TEST

START_TEST(test_testing__failed_growth_leaves_the_memory)
{
    aurora_failing_allocator failing;
    aurora_allocator allocator;
    aurora_failing_allocator_init(&failing, 1, 0);
    aurora_failing_allocator_attach(&failing, &allocator);
    char *memory = allocator.reallocate(allocator.self, NULL, 4);
    memcpy(memory, "abc", 4);

    ck_assert_ptr_null(allocator.reallocate(allocator.self, memory, 1000));
    ck_assert_str_eq(memory, "abc");
    memory = allocator.reallocate(allocator.self, memory, 1000);

    ck_assert_str_eq(memory, "abc");
    ck_assert_uint_eq(aurora_failing_allocator_live(&failing), 1);
    allocator.release(allocator.self, memory);
}
END_TEST

/* --- fault plans ------------------------------------------------------------------------------ */

static aurora_fault_plan *new_plan(void)
{
    aurora_fault_plan *plan;
    aurora_assert_ok(aurora_fault_plan_new(&plan));
    return plan;
}

START_TEST(test_testing__points_are_sorted_by_name)
{
    uint32_t count;
    const aurora_fault_point *table = aurora_fault_point_table(&count);

    ck_assert_uint_eq(count, AURORA__FAULT_COUNT);
    for (uint32_t i = 1; i < count; i++)
        ck_assert_int_lt(strcmp(table[i - 1].name, table[i].name), 0);
}
END_TEST

START_TEST(test_testing__plan_counts_visits_and_acts_once)
{
    aurora_fault_plan *plan = new_plan();
    aurora_status status = AURORA_OK;
    aurora__fault_visit(plan, AURORA__FAULT_LOAD, &status);
    aurora_assert_ok(aurora_fault_plan_set(plan, "store.load", 2, AURORA_FAULT_FAIL, AURORA_EFULL));

    int32_t first = aurora__fault_visit(plan, AURORA__FAULT_LOAD, &status);
    int32_t second = aurora__fault_visit(plan, AURORA__FAULT_LOAD, &status);
    int32_t third = aurora__fault_visit(plan, AURORA__FAULT_LOAD, &status);

    ck_assert_int_eq(first, 0);
    ck_assert_int_eq(second, AURORA_FAULT_FAIL);
    aurora_assert_status(status, AURORA_EFULL);
    ck_assert_int_eq(third, 0);
    ck_assert_uint_eq(aurora_fault_plan_visits(plan, "store.load"), 4);
    ck_assert_uint_eq(aurora_fault_plan_visits(plan, "store.save"), 0);
    ck_assert_uint_eq(aurora_fault_plan_visits(plan, "nowhere"), 0);
    aurora_fault_plan_free(plan);
}
END_TEST

START_TEST(test_testing__second_setting_replaces_the_first)
{
    aurora_fault_plan *plan = new_plan();
    aurora_status status;
    aurora_assert_ok(aurora_fault_plan_set(plan, "store.scan", 1, AURORA_FAULT_LOSE, 0));

    aurora_assert_ok(aurora_fault_plan_set(plan, "store.scan", 2, AURORA_FAULT_LOSE, 0));

    ck_assert_int_eq(aurora__fault_visit(plan, AURORA__FAULT_SCAN, &status), 0);
    ck_assert_int_eq(aurora__fault_visit(plan, AURORA__FAULT_SCAN, &status), AURORA_FAULT_LOSE);
    aurora_fault_plan_free(plan);
}
END_TEST

START_TEST(test_testing__plan_refuses_what_cannot_be)
{
    aurora_fault_plan *plan = new_plan();

    aurora_assert_status(aurora_fault_plan_set(plan, "store.lode", 1, AURORA_FAULT_KILL, 0),
                         AURORA_ENOTFOUND);
    aurora_assert_status(aurora_fault_plan_set(plan, "store.load", 0, AURORA_FAULT_KILL, 0),
                         AURORA_EINVAL);
    aurora_assert_status(aurora_fault_plan_set(plan, "store.load", 1, AURORA_FAULT_FAIL, AURORA_OK),
                         AURORA_EINVAL);
    aurora_assert_status(aurora_fault_plan_set(plan, "store.load", 1, 9, AURORA_EIO),
                         AURORA_EINVAL);
    aurora_fault_plan_free(plan);
    aurora_fault_plan_free(NULL);
}
END_TEST

START_TEST(test_testing__kill_ends_the_process_at_once)
{
    aurora_fault_plan *plan = new_plan();
    aurora_status status;
    int how;
    aurora_assert_ok(aurora_fault_plan_set(plan, "store.commit", 1, AURORA_FAULT_KILL, 0));

    pid_t child = fork();
    if (child == 0) {
        aurora__fault_visit(plan, AURORA__FAULT_COMMIT, &status);
        _exit(0);
    }

    ck_assert_int_eq(waitpid(child, &how, 0), child);
    ck_assert(WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL);
    aurora_fault_plan_free(plan);
}
END_TEST

static Suite *testing_suite(void)
{
    Suite *suite = suite_create("testing");
    TCase *tcase = tcase_create("testing");
    tcase_add_test(tcase, test_testing__manual_clock_stands_still);
    tcase_add_test(tcase, test_testing__advance_moves_both_clocks);
    tcase_add_test(tcase, test_testing__step_sets_the_wall_clock_alone);
    tcase_add_test(tcase, test_testing__one_allocation_fails);
    tcase_add_test(tcase, test_testing__lasting_failure_goes_on);
    tcase_add_test(tcase, test_testing__failed_growth_leaves_the_memory);
    tcase_add_test(tcase, test_testing__points_are_sorted_by_name);
    tcase_add_test(tcase, test_testing__plan_counts_visits_and_acts_once);
    tcase_add_test(tcase, test_testing__second_setting_replaces_the_first);
    tcase_add_test(tcase, test_testing__plan_refuses_what_cannot_be);
    tcase_add_test(tcase, test_testing__kill_ends_the_process_at_once);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(testing_suite)

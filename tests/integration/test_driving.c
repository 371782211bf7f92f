/* SPDX-License-Identifier: MIT */
/* Who drives, when, and by which clock: what is due fires beside a full queue, what is refused
 * waits, a handle at rest rests, and a clock that steps back takes nobody's time away. */
#include <string.h>
#include <time.h>

#include "shop.h"

#define HOUR INT64_C(3600000)
#define MINUTE INT64_C(60000)
#define ORDERS 3000

static aurora_manual_clock manual;
static aurora_clock clock_of_manual;
static aurora_fault_plan *plan;
static char *folder;
static char file[512];

static void start(void)
{
    folder = aurora_tempdir_new();
    aurora_test_path(file, sizeof file, folder, "shop.db");
    aurora_manual_clock_init(&manual, SHOP_NOW);
    aurora_manual_clock_attach(&manual, &clock_of_manual);
    aurora_assert_ok(aurora_fault_plan_new(&plan));
}

static void stop(void)
{
    aurora_fault_plan_free(plan);
    aurora_tempdir_remove(folder);
}

static aurora_t *open_at(const char *url, uint32_t flags, const aurora_clock *clock)
{
    const char *settings[] = {"payment=none:", "search=none:"};
    return shop_open(url, AURORA_OPTIONS(.flags = flags, .clock = clock, .settings = settings,
                                         .setting_count = 2, .faults = plan));
}

static int64_t created_at(aurora_t *shop, const char *key)
{
    aurora_order *order = shop_place(shop, key, 1, "card", AURORA_ORDER_NO_WAIT);
    int64_t at_ms = order->created_at_ms;
    aurora_order_free(order);
    return at_ms;
}

static uint32_t take_tasks(aurora_t *shop)
{
    aurora_task_page *page = NULL;
    aurora_assert_ok(aurora_task_take(shop, AURORA_TASK_PAYMENT, 16, 1000, 0, &page));
    uint32_t count = page->count;
    aurora_task_page_free(page);
    return count;
}

/* --- clocks that step back -------------------------------------------------------------------- */

START_TEST(test_driving__time_goes_on_when_the_clock_reaches_where_it_stepped_back_from)
{
    aurora_t *shop = open_at("memory:", 0, &clock_of_manual);
    shop_stock_up(shop, 10);
    created_at(shop, "a");
    aurora_manual_clock_step(&manual, SHOP_NOW - HOUR);
    aurora_manual_clock_advance(&manual, HOUR - 1);
    int64_t before = created_at(shop, "b");

    aurora_manual_clock_advance(&manual, 2);

    ck_assert_int_ge(created_at(shop, "c"), before);
    aurora_close(shop);
}
END_TEST

START_TEST(test_driving__payment_tasks_are_taken_while_the_clock_is_behind)
{
    aurora_t *shop = open_at("memory:", 0, &clock_of_manual);
    shop_stock_up(shop, 10);
    created_at(shop, "a");

    aurora_manual_clock_step(&manual, SHOP_NOW - HOUR);
    created_at(shop, "b");

    ck_assert_uint_eq(take_tasks(shop), 2);
    aurora_close(shop);
}
END_TEST

START_TEST(test_driving__next_timer_is_told_by_the_time_that_decides)
{
    int64_t due = 0;
    aurora_t *shop = open_at("memory:", 0, &clock_of_manual);
    shop_stock_up(shop, 10);
    aurora_manual_clock_step(&manual, SHOP_NOW - HOUR);
    created_at(shop, "a");
    shop_pump(shop);

    aurora_assert_ok(aurora_pump(shop, 0, &due));

    ck_assert_int_gt(due, 0);
    ck_assert_int_le(due, 5 * MINUTE);
    aurora_close(shop);
}
END_TEST

/* --- rest ------------------------------------------------------------------------------------- */

START_TEST(test_driving__a_handle_that_only_reads_has_nothing_due)
{
    int64_t due = 0;
    aurora_close(open_at(file, 0, &clock_of_manual));
    aurora_t *shop = open_at(file, AURORA_OPEN_READONLY, &clock_of_manual);

    aurora_assert_ok(aurora_pump(shop, 0, &due));

    ck_assert_int_eq(due, -1);
    aurora_close(shop);
}
END_TEST

START_TEST(test_driving__a_shared_file_is_looked_at_every_second)
{
    int64_t due = 0;
    aurora_t *shop = open_at(file, 0, &clock_of_manual);
    shop_pump(shop);

    aurora_assert_ok(aurora_pump(shop, 0, &due));

    ck_assert_int_gt(due, 0);
    ck_assert_int_le(due, 1000);
    aurora_close(shop);
}
END_TEST

START_TEST(test_driving__timers_that_a_full_disk_refused_wait_a_second)
{
    int64_t due = 0;
    aurora_t *shop = open_at("memory:", 0, &clock_of_manual);
    shop_stock_up(shop, 10);
    aurora_id id = shop_submit(shop, "a", 1);
    shop_pump(shop);
    aurora_manual_clock_advance(&manual, 10 * MINUTE);
    uint64_t visits = aurora_fault_plan_visits(plan, "store.append");
    for (int i = 0; i < 10; i++) {
        aurora_assert_ok(
            aurora_fault_plan_set(plan, "store.append", 1, AURORA_FAULT_FAIL, AURORA_EFULL));
        aurora_assert_ok(aurora_pump(shop, 0, &due));
    }

    ck_assert_uint_eq(aurora_fault_plan_visits(plan, "store.append"), visits + 1);
    ck_assert_int_gt(due, 0);
    ck_assert_int_le(due, 1000);
    aurora_assert_ok(
        aurora_fault_plan_set(plan, "store.append", 1000000, AURORA_FAULT_FAIL, AURORA_EFULL));
    aurora_manual_clock_advance(&manual, 1001);
    shop_pump(shop);
    ck_assert_int_eq(shop_status(shop, id), AURORA_ORDER_FAILED);
    aurora_close(shop);
}
END_TEST

static int64_t cpu_ms(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (int64_t)used.tv_sec * 1000 + used.tv_nsec / 1000000;
}

START_TEST(test_driving__the_worker_of_a_broken_handle_rests)
{
    shop_request request;
    aurora_order *order = NULL;
    aurora_t *shop = open_at("memory:", AURORA_OPEN_WORKER, &clock_of_manual);
    shop_stock_up(shop, 10);
    shop_submit(shop, "a", 1);
    aurora_manual_clock_advance(&manual, 10 * MINUTE);
    aurora_assert_ok(
        aurora_fault_plan_set(plan, "store.append", 1, AURORA_FAULT_FAIL, AURORA_ECORE));
    shop_request_init(&request, "b", 1, "card");
    ck_assert_int_ne(aurora_order_place(shop, &request.request, &order, NULL), AURORA_OK);
    ck_assert_int_eq(aurora_health(shop), AURORA_ECORE);

    int64_t used_ms = cpu_ms();
    nanosleep(&(struct timespec){.tv_nsec = 400000000}, NULL);

    ck_assert_int_lt(cpu_ms() - used_ms, 100);
    aurora_close(shop);
}
END_TEST

/* --- load ------------------------------------------------------------------------------------- */

START_TEST(test_driving__a_full_queue_does_not_put_timers_off)
{
    static shop_request request;
    static const aurora_order_request *requests[ORDERS];
    uint32_t accepted;
    int64_t due;
    aurora_queue *queue;
    aurora_t *shop = open_at("memory:", 0, &clock_of_manual);
    shop_stock_up(shop, 10000);
    aurora_id id = shop_submit(shop, "a", 1);
    shop_pump(shop);
    aurora_manual_clock_advance(&manual, 10 * MINUTE);
    shop_request_init(&request, NULL, 1, "card");
    request.request.flags = AURORA_ORDER_NO_WAIT;
    for (int i = 0; i < ORDERS; i++)
        requests[i] = &request.request;
    aurora_assert_ok(aurora_queue_new(shop, ORDERS, &queue));
    aurora_assert_ok(aurora_order_submit(queue, requests, NULL, ORDERS, &accepted));
    ck_assert_uint_eq(accepted, ORDERS);

    aurora_assert_ok(aurora_pump(shop, 0, &due));

    ck_assert_int_eq(due, 0);
    ck_assert_int_eq(shop_status(shop, id), AURORA_ORDER_FAILED);
    aurora_queue_free(queue);
    aurora_close(shop);
}
END_TEST

/* --- answers ---------------------------------------------------------------------------------- */

START_TEST(test_driving__an_order_that_finds_no_memory_to_wait_is_answered_as_it_stands)
{
    const char *settings[] = {"payment=none:", "search=none:"};
    bool has_failed = true;
    for (uint64_t fail_at = 0; has_failed; fail_at++) {
        aurora_failing_allocator failing;
        aurora_allocator allocator;
        shop_request request;
        aurora_order *order = NULL;
        aurora_failing_allocator_init(&failing, UINT64_MAX, 0);
        aurora_failing_allocator_attach(&failing, &allocator);
        aurora_t *shop =
            shop_open("memory:", AURORA_OPTIONS(.allocator = &allocator, .settings = settings,
                                                .setting_count = 2));
        shop_stock_up(shop, 10);
        shop_request_init(&request, "a", 1, "card");
        request.request.timeout_ms = 1;

        aurora_failing_allocator_init(&failing, fail_at, 0);
        aurora_status rc = aurora_order_place(shop, &request.request, &order, NULL);
        has_failed = aurora_failing_allocator_count(&failing) > fail_at;
        aurora_failing_allocator_init(&failing, UINT64_MAX, 0);

        ck_assert_uint_eq(shop_count(shop, 0), rc == AURORA_OK || rc == AURORA_ETIMEDOUT);
        ck_assert_int_eq(order != NULL, rc == AURORA_OK);
        aurora_order_free(order);
        aurora_close(shop);
    }
}
END_TEST

START_TEST(test_driving__what_waits_when_an_invariant_breaks_is_not_decided)
{
    static shop_request request;
    static const aurora_order_request *requests[ORDERS];
    static aurora_completion completions[ORDERS];
    uint32_t accepted, count;
    aurora_queue *queue;
    aurora_t *shop = open_at("memory:", 0, &clock_of_manual);
    shop_stock_up(shop, 10000);
    shop_pump(shop);
    shop_request_init(&request, NULL, 1, "card");
    request.request.flags = AURORA_ORDER_NO_WAIT;
    for (int i = 0; i < ORDERS; i++)
        requests[i] = &request.request;
    aurora_assert_ok(aurora_queue_new(shop, ORDERS, &queue));
    aurora_assert_ok(aurora_order_submit(queue, requests, NULL, ORDERS, &accepted));
    aurora_assert_ok(
        aurora_fault_plan_set(plan, "store.append", 1, AURORA_FAULT_FAIL, AURORA_ECORE));

    aurora_assert_ok(aurora_pump(shop, 1000, NULL));

    aurora_assert_ok(aurora_queue_take(queue, completions, ORDERS, 0, &count));
    ck_assert_uint_eq(count, ORDERS);
    for (uint32_t i = 0; i < count; i++)
        ck_assert_int_eq(completions[i].status, AURORA_ECORE);
    aurora_queue_free(queue);
    aurora_close(shop);
}
END_TEST

static Suite *driving_suite(void)
{
    Suite *suite = suite_create("driving");
    TCase *tcase = tcase_create("driving");
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase,
                   test_driving__time_goes_on_when_the_clock_reaches_where_it_stepped_back_from);
    tcase_add_test(tcase, test_driving__payment_tasks_are_taken_while_the_clock_is_behind);
    tcase_add_test(tcase, test_driving__next_timer_is_told_by_the_time_that_decides);
    tcase_add_test(tcase, test_driving__a_handle_that_only_reads_has_nothing_due);
    tcase_add_test(tcase, test_driving__a_shared_file_is_looked_at_every_second);
    tcase_add_test(tcase, test_driving__timers_that_a_full_disk_refused_wait_a_second);
    tcase_add_test(tcase, test_driving__the_worker_of_a_broken_handle_rests);
    tcase_add_test(tcase, test_driving__a_full_queue_does_not_put_timers_off);
    tcase_add_test(tcase,
                   test_driving__an_order_that_finds_no_memory_to_wait_is_answered_as_it_stands);
    tcase_add_test(tcase, test_driving__what_waits_when_an_invariant_breaks_is_not_decided);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(driving_suite)

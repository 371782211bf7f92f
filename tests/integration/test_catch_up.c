/* SPDX-License-Identifier: MIT */
/* Two handles on one file: what one has remembered is worth nothing once the other wrote, also
 * where looking at that fails, or where retention was faster. */
#include <stdio.h>
#include <string.h>

#include "shop.h"

#define AT_ONCE 500

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

static aurora_t *open_file(aurora_fault_plan *faults)
{
    const char *settings[] = {"payment=none:", "search=none:", "log_max_bytes=1MiB"};
    return shop_open(file, AURORA_OPTIONS(.clock = &clock_of_manual, .settings = settings,
                                          .setting_count = 3, .faults = faults));
}

/* Many orders in few commits, with keys of their own that start with `prefix`; NULL = without. */
static void place_many(aurora_t *shop, const char *prefix, uint32_t round)
{
    static shop_request orders[AT_ONCE];
    static char keys[AT_ONCE][32];
    static aurora_completion done[AT_ONCE];
    const aurora_order_request *requests[AT_ONCE];
    aurora_queue *queue;
    uint32_t accepted, count;
    for (uint32_t i = 0; i < AT_ONCE; i++) {
        snprintf(keys[i], sizeof keys[i], "%s %u %u", prefix != NULL ? prefix : "", round, i);
        requests[i] = shop_request_init(&orders[i], prefix != NULL ? keys[i] : NULL, 1, "card");
        orders[i].request.flags = AURORA_ORDER_NO_WAIT;
    }
    aurora_assert_ok(aurora_queue_new(shop, AT_ONCE, &queue));
    aurora_assert_ok(aurora_order_submit(queue, requests, NULL, AT_ONCE, &accepted));
    ck_assert_uint_eq(accepted, AT_ONCE);
    for (uint32_t taken = 0; taken < AT_ONCE; taken += count) {
        aurora_assert_ok(aurora_queue_take(queue, done, AT_ONCE, -1, &count));
        for (uint32_t i = 0; i < count; i++)
            aurora_assert_ok(done[i].status);
    }
    aurora_queue_free(queue);
}

START_TEST(test_catch_up__a_key_of_another_process_counts_although_reading_it_failed_at_first)
{
    static const char *const points[] = {"store.log_read", "store.log_bounds", "store.load"};
    aurora_t *other = open_file(NULL);
    aurora_t *shop = open_file(plan);
    shop_stock_up(other, 10);
    shop_submit(shop, "warm", 1);
    aurora_id first = shop_submit(other, "key", 1);

    aurora_assert_ok(aurora_fault_plan_set(plan, points[_i], 1, AURORA_FAULT_FAIL, AURORA_EIO));
    aurora_id second = shop_submit(shop, "key", 1);

    aurora_assert_id_eq(second, first);
    ck_assert_uint_eq(shop_count(shop, 0), 2);
    aurora_close(shop);
    aurora_close(other);
}
END_TEST

START_TEST(test_catch_up__a_key_of_another_process_counts_although_the_log_was_trimmed)
{
    uint64_t oldest = 0;
    aurora_t *other = open_file(NULL);
    aurora_t *shop = open_file(NULL);
    shop_stock_up(other, 10000);
    shop_submit(shop, "warm", 1);
    aurora_id first = shop_submit(other, "key", 1);
    /* An order that is settled is not told again. */
    aurora_assert_ok(aurora_order_cancel(other, first, AURORA_REASON_CUSTOMER, NULL, NULL, NULL));
    for (uint32_t i = 0; i < 20 && oldest < 64; i++) {
        place_many(other, NULL, i);
        aurora_manual_clock_advance(&manual, 6000);
        shop_pump(other);
        aurora_assert_ok(aurora_event_bounds(other, &oldest, NULL));
    }
    ck_assert_uint_ge(oldest, 64);

    aurora_id second = shop_submit(shop, "key", 1);

    aurora_assert_id_eq(second, first);
    aurora_close(shop);
    aurora_close(other);
}
END_TEST

START_TEST(test_catch_up__a_log_that_was_trimmed_to_its_end_is_caught_up_with)
{
    int64_t due = 0;
    uint64_t oldest, newest;
    aurora_t *shop = open_file(NULL);
    shop_pump(shop);
    aurora_t *other = open_file(NULL);
    shop_stock_up(other, 10);
    aurora_manual_clock_advance(&manual, INT64_C(49) * 3600000);
    for (int i = 0; i < 10; i++) {
        aurora_manual_clock_advance(&manual, 6000);
        shop_pump(other);
    }
    aurora_assert_ok(aurora_event_bounds(other, &oldest, &newest));
    ck_assert_uint_eq(oldest, newest + 1);

    for (int i = 0; i < 10; i++) {
        aurora_manual_clock_advance(&manual, 100);
        aurora_assert_ok(aurora_pump(shop, 0, &due));
    }
    aurora_manual_clock_advance(&manual, 100);
    aurora_assert_ok(aurora_pump(shop, 0, &due));

    ck_assert_int_ne(due, 0);
    aurora_close(shop);
    aurora_close(other);
}
END_TEST

/* A machine without a battery starts in another year. */
START_TEST(test_catch_up__a_key_counts_after_restarts_with_a_clock_that_is_days_behind)
{
    aurora_t *shop = open_file(NULL);
    shop_stock_up(shop, 10);
    aurora_id before = shop_submit(shop, "before", 1);
    aurora_close(shop);
    aurora_manual_clock_step(&manual, SHOP_NOW - INT64_C(72) * 3600000);
    shop = open_file(NULL);
    aurora_manual_clock_advance(&manual, 1);
    aurora_id first = shop_submit(shop, "key", 1);
    aurora_close(shop);

    shop = open_file(NULL);
    aurora_id second = shop_submit(shop, "key", 1);

    aurora_assert_id_eq(second, first);
    ck_assert_int_gt(memcmp(first.bytes, before.bytes, sizeof first.bytes), 0);
    aurora_close(shop);
}
END_TEST

START_TEST(test_catch_up__a_key_counts_however_many_follow_while_the_clock_is_days_behind)
{
    aurora_t *shop = open_file(NULL);
    shop_stock_up(shop, 10000);
    shop_submit(shop, "before", 1);
    aurora_close(shop);
    aurora_manual_clock_step(&manual, SHOP_NOW - INT64_C(72) * 3600000);
    shop = open_file(NULL);
    aurora_id first = shop_submit(shop, "key", 1);
    for (uint32_t i = 0; i < 12; i++)
        place_many(shop, "other", i);

    aurora_id second = shop_submit(shop, "key", 1);

    aurora_assert_id_eq(second, first);
    aurora_close(shop);
}
END_TEST

static Suite *catch_up_suite(void)
{
    Suite *suite = suite_create("catch_up");
    TCase *tcase = tcase_create("catch_up");
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(
        tcase, test_catch_up__a_key_of_another_process_counts_although_reading_it_failed_at_first,
        0, 3);
    tcase_add_test(tcase,
                   test_catch_up__a_key_of_another_process_counts_although_the_log_was_trimmed);
    tcase_add_test(tcase, test_catch_up__a_log_that_was_trimmed_to_its_end_is_caught_up_with);
    tcase_add_test(tcase,
                   test_catch_up__a_key_counts_after_restarts_with_a_clock_that_is_days_behind);
    tcase_add_test(tcase,
                   test_catch_up__a_key_counts_however_many_follow_while_the_clock_is_days_behind);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(catch_up_suite)

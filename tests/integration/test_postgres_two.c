/* SPDX-License-Identifier: MIT */
/* Two instances on one PostgreSQL database. */
#include "postgres_two.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAIT_MS 20000

static void trade(two_shops *two, int rounds)
{
    for (int i = 0; i < rounds; i++) {
        shop_submit(two->a, NULL, 1);
        shop_submit(two->b, NULL, 2);
    }
}

/* Until both have followed the log to its end. */
static void wait_followed(const two_shops *two)
{
    for (int i = 0; i < 2000; i++) {
        uint64_t lag = two_shops_metric(two->a, "aurora_follower_lag") +
                       two_shops_metric(two->b, "aurora_follower_lag");
        if (lag == 0)
            return;
        usleep(10000);
    }
    ck_abort_msg("a follower stays behind");
}

/* --- keys and stock --------------------------------------------------------------------------- */

START_TEST(test_postgres_two__the_same_key_on_both_makes_one_order)
{
    two_shops two;
    postgres_two_open(&two, AURORA_OPEN_WORKER, NULL);
    two_shops_warm_up(&two);

    aurora_order *first = shop_place(two.a, "k", 1, "card", 0);
    aurora_order *again = shop_place(two.b, "k", 1, "card", 0);

    ck_assert(aurora_id_is_equal(first->id, again->id));
    ck_assert(again->is_replay);
    ck_assert_uint_eq(shop_count(two.a, 0), 3);
    aurora_order_free(first);
    aurora_order_free(again);
    two_shops_close(&two);
}
END_TEST

START_TEST(test_postgres_two__hot_skus_are_never_oversold)
{
    two_shops two;
    postgres_two_open(&two, AURORA_OPEN_WORKER, NULL);

    two_shops_crowd(&two, aurora_test_seed("hot", 12));

    two_shops_close(&two);
}
END_TEST

/* --- waiting and following -------------------------------------------------------------------- */

START_TEST(test_postgres_two__a_watch_wakes_by_another_instances_commit)
{
    two_shops two;
    uint32_t count;
    aurora_completion done = {0};
    aurora_queue *queue;
    postgres_two_open(&two, AURORA_OPEN_WORKER, "payment=none:");
    shop_stock_up(two.a, 10);
    aurora_order *order = shop_place(two.a, NULL, 1, "card", AURORA_ORDER_NO_WAIT);
    aurora_assert_ok(aurora_queue_new(two.b, 4, &queue));
    aurora_assert_ok(aurora_order_watch(queue, order->id, order->version, WAIT_MS, 7));

    aurora_assert_ok(
        aurora_order_cancel(two.a, order->id, AURORA_REASON_CUSTOMER, NULL, NULL, NULL));
    aurora_assert_ok(aurora_queue_take(queue, &done, 1, WAIT_MS, &count));

    ck_assert_uint_eq(count, 1);
    ck_assert_int_eq(done.order_status, AURORA_ORDER_CANCELLED);
    aurora_order_free(done.order);
    aurora_order_free(order);
    aurora_queue_free(queue);
    two_shops_close(&two);
}
END_TEST

START_TEST(test_postgres_two__events_come_once_and_in_order_whoever_reads)
{
    two_shops two;
    postgres_two_open(&two, AURORA_OPEN_WORKER, NULL);
    shop_stock_up(two.a, 1000);
    trade(&two, 10);
    uint64_t position = 0, created = 0, head = 0, oldest = 0;
    aurora_assert_ok(aurora_event_bounds(two.a, &oldest, &head));

    for (int i = 0; position < head; i++) {
        aurora_event_page *page = NULL;
        aurora_t *reader = i % 2 == 0 ? two.a : two.b;
        aurora_assert_ok(aurora_event_read(reader, "audit", 7, 0, &page));
        ck_assert_uint_gt(page->count, 0);
        for (uint32_t e = 0; e < page->count; e++) {
            ck_assert_uint_eq(page->items[e]->position, position + 1);
            position = page->items[e]->position;
            created += page->items[e]->kind == AURORA_EVENT_ORDER_CREATED;
        }
        aurora_event_page_free(page);
        aurora_assert_ok(aurora_event_ack(reader, "audit", position));
    }

    ck_assert_uint_eq(created, 20);
    two_shops_close(&two);
}
END_TEST

static int64_t sold_by_trend(aurora_t *shop)
{
    aurora_trend_page *page = NULL;
    aurora_assert_ok(aurora_popular_products(shop, NULL, 10, &page, NULL));
    ck_assert_uint_eq(page->count, 1);
    int64_t score = (int64_t)(page->items[0]->score * 1000);
    aurora_trend_page_free(page);
    return score;
}

START_TEST(test_postgres_two__trending_is_the_same_on_both)
{
    two_shops two;
    postgres_two_open(&two, AURORA_OPEN_WORKER, NULL);
    shop_stock_up(two.a, 1000);

    trade(&two, 10);

    ck_assert_int_eq(sold_by_trend(two.a), 20000);
    ck_assert_int_eq(sold_by_trend(two.b), 20000);
    two_shops_close(&two);
}
END_TEST

START_TEST(test_postgres_two__each_outcome_is_noted_once)
{
    two_shops two;
    int64_t count = 0;
    postgres_two_open(&two, AURORA_OPEN_WORKER, NULL);
    shop_stock_up(two.a, 1000);

    trade(&two, 10);
    wait_followed(&two);
    for (int i = 0; i < 1000 && count != 20; i++) {
        count = postgres_two_number(&two, "SELECT count(*) FROM aurora_notification.notifications");
        usleep(10000);
    }

    ck_assert_int_eq(count, 20);
    shop_assert_clean(two.b);
    two_shops_close(&two);
}
END_TEST

#ifdef __SANITIZE_THREAD__
#define CAN_FORK false /* its runtime starts no thread in a forked child */
#else
#define CAN_FORK true
#endif

/* --- one that is frozen ----------------------------------------------------------------------- */

/* Places orders of the hot product until it is killed. */
static void trade_for_ever(const two_shops *two)
{
    aurora_t *shop = NULL;
    aurora_options options =
        *AURORA_OPTIONS(.flags = AURORA_OPEN_WORKER, .settings = two->settings,
                        .setting_count = two->setting_count, .drivers = two->drivers,
                        .driver_count = two->driver_count);
    if (aurora_open(two->url, &options, &shop, NULL) != AURORA_OK)
        _exit(1);
    for (;;) {
        shop_request request;
        aurora_order *order = NULL;
        (void)aurora_order_place(shop, shop_request_init(&request, NULL, 1, "card"), &order, NULL);
        aurora_order_free(order);
    }
}

START_TEST(test_postgres_two__one_that_is_frozen_does_not_stop_the_other)
{
    two_shops two;
    postgres_two_open(&two, AURORA_OPEN_WORKER, NULL);
    shop_stock_up(two.a, 100000);
    aurora_close(two.b);
    two.b = NULL;
    pid_t child = fork();
    if (child == 0)
        trade_for_ever(&two);
    for (int i = 0; i < 2000 && shop_stock(two.a).sold < 20; i++)
        usleep(10000);
    ck_assert_int_ge(shop_stock(two.a).sold, 20);

    /* It is stopped at many moments, mostly in the middle of a batch. */
    for (int i = 0; i < 10; i++) {
        kill(child, SIGSTOP);
        for (int n = 0; n < 3; n++)
            aurora_order_free(shop_place(two.a, NULL, 1, "card", 0));
        kill(child, SIGCONT);
        usleep(3000 * (useconds_t)(i + 1));
    }

    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    for (int i = 0; i < 1000 && shop_stock(two.a).reserved > 0; i++)
        usleep(10000);
    shop_assert_clean(two.a);
    two_shops_close(&two);
}
END_TEST

/* --- connections that are lost ---------------------------------------------------------------- */

START_TEST(test_postgres_two__orders_go_on_when_all_connections_are_cut)
{
    two_shops two;
    postgres_two_open(&two, AURORA_OPEN_WORKER, NULL);
    shop_stock_up(two.a, 1000);

    for (int i = 0; i < 10; i++) {
        shop_submit(two.a, NULL, 1);
        postgres_two_number(&two,
                            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE "
                            "datname = current_database() AND usename = current_user AND pid <> "
                            "pg_backend_pid()");
        shop_submit(two.b, NULL, 1);
    }

    ck_assert_uint_eq(shop_count(two.a, 0), 20);
    shop_assert_clean(two.b);
    two_shops_close(&two);
}
END_TEST

static Suite *postgres_two_suite(void)
{
    Suite *suite = suite_create("postgres_two");
    TCase *stock = tcase_create("stock");
    tcase_set_timeout(stock, 120);
    tcase_add_test(stock, test_postgres_two__the_same_key_on_both_makes_one_order);
    tcase_add_test(stock, test_postgres_two__hot_skus_are_never_oversold);
    suite_add_tcase(suite, stock);
    TCase *log = tcase_create("log");
    tcase_set_timeout(log, 60);
    tcase_add_test(log, test_postgres_two__a_watch_wakes_by_another_instances_commit);
    tcase_add_test(log, test_postgres_two__events_come_once_and_in_order_whoever_reads);
    tcase_add_test(log, test_postgres_two__trending_is_the_same_on_both);
    tcase_add_test(log, test_postgres_two__each_outcome_is_noted_once);
    suite_add_tcase(suite, log);
    TCase *faults = tcase_create("faults");
    tcase_set_timeout(faults, 120);
    if (CAN_FORK)
        tcase_add_test(faults, test_postgres_two__one_that_is_frozen_does_not_stop_the_other);
    tcase_add_test(faults, test_postgres_two__orders_go_on_when_all_connections_are_cut);
    suite_add_tcase(suite, faults);
    return suite;
}

int main(int argc, char **argv)
{
    char address[256];
    if (!postgres_is_there())
        return 77;
    postgres_program_database(address, sizeof address);
    return aurora_test_run(postgres_two_suite, argc, argv);
}

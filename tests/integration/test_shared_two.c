/* SPDX-License-Identifier: MIT */
/* Two instances on one store: who wakes whom, what each of them follows, and a store that is
 * away. */
#include "two_shops.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WAIT_MS 20000

static void open_watched(two_shops *two, uint32_t flags)
{
    two_shops_open(two, flags, "payment=none:");
    shop_stock_up(two->a, 100);
}

/* One number from the file below. */
static int64_t query(const two_shops *two, const char *sql)
{
    char path[600];
    sqlite3 *db;
    sqlite3_stmt *statement;
    aurora_test_path(path, sizeof path, two->folder, "shop.db");
    ck_assert_int_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    int64_t number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return number;
}

static aurora_completion take_one(aurora_queue *queue, int32_t timeout_ms, uint32_t *count)
{
    aurora_completion done = {0};
    aurora_assert_ok(aurora_queue_take(queue, &done, 1, timeout_ms, count));
    return done;
}

/* --- waiting ---------------------------------------------------------------------------------- */

static void watch_and_cancel(bool is_deaf)
{
    two_shops two;
    uint32_t count;
    open_watched(&two, AURORA_OPEN_WORKER);
    if (is_deaf)
        two.store_b->changed = NULL;
    aurora_order *order = shop_place(two.a, NULL, 1, "card", AURORA_ORDER_NO_WAIT);
    aurora_queue *queue;
    aurora_assert_ok(aurora_queue_new(two.b, 4, &queue));
    aurora_assert_ok(aurora_order_watch(queue, order->id, order->version, WAIT_MS, 7));

    aurora_assert_ok(
        aurora_order_cancel(two.a, order->id, AURORA_REASON_CUSTOMER, NULL, NULL, NULL));
    aurora_completion done = take_one(queue, WAIT_MS, &count);

    ck_assert_uint_eq(count, 1);
    ck_assert_int_eq(done.order_status, AURORA_ORDER_CANCELLED);
    aurora_order_free(done.order);
    aurora_order_free(order);
    aurora_queue_free(queue);
    two_shops_close(&two);
}

START_TEST(test_shared_two__a_watch_wakes_by_another_instances_commit)
{
    watch_and_cancel(false);
}
END_TEST

START_TEST(test_shared_two__a_watch_wakes_where_nobody_tells)
{
    watch_and_cancel(true);
}
END_TEST

START_TEST(test_shared_two__an_instance_that_is_told_reads_the_log_at_once)
{
    two_shops two;
    open_watched(&two, 0);
    two_shops_pump(&two);
    unsigned before = two.store_b->log_reads;
    shop_submit(two.a, NULL, 1);

    int64_t due = 0;
    aurora_assert_ok(aurora_pump(two.b, 0, &due));

    ck_assert_uint_ge(two.store_b->log_reads, before + 1);
    ck_assert_uint_eq(two_shops_metric(two.b, "aurora_follower_lag"), 0);
    two_shops_close(&two);
}
END_TEST

/* --- following -------------------------------------------------------------------------------- */

/* Orders on both in turns, some of them while the other is in the middle of one. */
static void trade(two_shops *two, int rounds)
{
    for (int i = 0; i < rounds; i++) {
        shop_submit(two->a, NULL, 1);
        shop_submit(two->b, NULL, 2);
        if (i % 3 == 0)
            two_shops_pump(two);
    }
    two_shops_pump(two);
}

START_TEST(test_shared_two__events_come_once_and_in_order_whoever_reads)
{
    two_shops two;
    two_shops_open(&two, 0, NULL);
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

START_TEST(test_shared_two__trending_is_the_same_on_both)
{
    two_shops two;
    two_shops_open(&two, 0, NULL);
    shop_stock_up(two.a, 1000);

    trade(&two, 10);

    ck_assert_int_eq(sold_by_trend(two.a), sold_by_trend(two.b));
    ck_assert_int_eq(sold_by_trend(two.a), 20000);
    two_shops_close(&two);
}
END_TEST

START_TEST(test_shared_two__each_outcome_is_noted_once)
{
    two_shops two;
    two_shops_open(&two, 0, NULL);
    shop_stock_up(two.a, 1000);

    trade(&two, 10);

    ck_assert_int_eq(query(&two, "SELECT count(*) FROM notifications"), 20);
    shop_assert_clean(two.b);
    two_shops_close(&two);
}
END_TEST

static uint32_t count_of_customer(aurora_t *shop, const char *customer)
{
    aurora_order_page *page = NULL;
    aurora_order_filter filter = {.size = sizeof filter, .customer_id = customer};
    aurora_assert_ok(aurora_order_list(shop, &filter, NULL, 100, &page, NULL));
    uint32_t count = page->count;
    aurora_order_page_free(page);
    return count;
}

static void place_for(aurora_t *shop, const char *customer)
{
    shop_request request;
    aurora_order *order = NULL;
    shop_request_init(&request, NULL, 1, "card");
    request.request.customer_id = customer;
    aurora_assert_ok(aurora_order_place(shop, &request.request, &order, NULL));
    aurora_order_free(order);
}

START_TEST(test_shared_two__a_customers_orders_are_listed_by_both)
{
    two_shops two;
    two_shops_open(&two, 0, NULL);
    shop_stock_up(two.a, 1000);

    for (int i = 0; i < 10; i++) {
        place_for(i % 2 == 0 ? two.a : two.b, "ann");
        ck_assert_uint_eq(count_of_customer(two.a, "ann"), (uint32_t)i + 1);
        ck_assert_uint_eq(count_of_customer(two.b, "ann"), (uint32_t)i + 1);
        if (i % 4 == 3)
            two_shops_pump(&two);
    }

    two_shops_close(&two);
}
END_TEST

/* --- time ------------------------------------------------------------------------------------- */

START_TEST(test_shared_two__an_order_of_an_instance_that_is_gone_ends_by_its_deadline)
{
    two_shops two;
    open_watched(&two, 0);
    aurora_id id = shop_submit(two.a, NULL, 1);
    two.store_a->ahead_ms = two.store_b->ahead_ms = INT64_C(6) * 60 * 1000;
    aurora_assert_ok(aurora_stock_receive(two.b, SHOP_SKU, 1, "another", NULL));

    two_shops_pump(&two);

    ck_assert_int_eq(shop_status(two.b, id), AURORA_ORDER_FAILED);
    ck_assert_int_eq(shop_reason(two.b, id), AURORA_REASON_DEADLINE);
    ck_assert_int_eq(shop_stock(two.a).available, 101);
    shop_assert_clean(two.a);
    two_shops_close(&two);
}
END_TEST

START_TEST(test_shared_two__expired_keys_are_swept)
{
    two_shops two;
    two_shops_open(&two, 0, NULL);
    two_shops_warm_up(&two);
    shop_submit(two.a, "old", 1);
    ck_assert_int_eq(query(&two, "SELECT count(*) FROM order_keys"), 1);
    aurora_close(two.b);
    two.b = shop_open(two.url,
                      AURORA_OPTIONS(.settings = two.settings, .setting_count = two.setting_count,
                                     .drivers = &shared_store_driver, .driver_count = 1));
    two.store_b = shared_store_newest();
    two.store_b->ahead_ms = INT64_C(25) * 3600 * 1000;

    two_shops_pump(&two);

    ck_assert_int_eq(query(&two, "SELECT count(*) FROM order_keys"), 0);
    two_shops_close(&two);
}
END_TEST

static void submit(aurora_queue *queue, const aurora_order_request *request)
{
    uint64_t tag = 1;
    uint32_t accepted;
    aurora_assert_ok(aurora_order_submit(queue, &request, &tag, 1, &accepted));
    ck_assert_uint_eq(accepted, 1);
}

/* --- a store that is away --------------------------------------------------------------------- */

START_TEST(test_shared_two__commands_wait_for_a_store_that_is_away)
{
    two_shops two;
    uint32_t count;
    two_shops_open(&two, AURORA_OPEN_WORKER, NULL);
    two_shops_warm_up(&two);
    aurora_queue *queue;
    aurora_assert_ok(aurora_queue_new(two.a, 4, &queue));
    shop_request request;
    shop_request_init(&request, "k", 1, "card");
    request.request.timeout_ms = 30000;
    two.store_a->is_away = true;

    submit(queue, &request.request);
    for (int i = 0; i < 1000 && aurora_health(two.a) == AURORA_OK; i++)
        usleep(10000);
    ck_assert_int_eq(aurora_health(two.a), AURORA_EIO);
    ck_assert_int_eq(aurora_health(two.b), AURORA_OK);
    take_one(queue, 0, &count);
    ck_assert_uint_eq(count, 0);
    two.store_a->is_away = false;
    aurora_completion done = take_one(queue, WAIT_MS, &count);

    ck_assert_uint_eq(count, 1);
    ck_assert_int_eq(done.status, AURORA_OK);
    ck_assert_int_eq(done.order_status, AURORA_ORDER_COMPLETED);
    ck_assert_int_eq(aurora_health(two.a), AURORA_OK);
    aurora_order_free(done.order);
    aurora_queue_free(queue);
    two_shops_close(&two);
}
END_TEST

START_TEST(test_shared_two__who_gave_up_while_the_store_was_away_has_no_order)
{
    two_shops two;
    shop_request request;
    aurora_order *order = NULL;
    two_shops_open(&two, 0, NULL);
    two_shops_warm_up(&two);
    shop_request_init(&request, NULL, 1, "card");
    request.request.timeout_ms = 300;
    two.store_a->is_away = true;

    aurora_status rc = aurora_order_place(two.a, &request.request, &order, NULL);
    ck_assert(rc == AURORA_ETIMEDOUT || rc == AURORA_EIO);
    two.store_a->is_away = false;
    for (int i = 0; i < 1000 && aurora_health(two.a) != AURORA_OK; i++) {
        usleep(10000);
        aurora_assert_ok(aurora_pump(two.a, 0, NULL));
    }

    ck_assert_int_eq(aurora_health(two.a), AURORA_OK);
    ck_assert_uint_eq(shop_count(two.a, 0), 2);
    two_shops_close(&two);
}
END_TEST

START_TEST(test_shared_two__nobody_is_answered_before_a_commit_is_known)
{
    two_shops two;
    uint32_t count;
    two_shops_open(&two, AURORA_OPEN_WORKER, NULL);
    two_shops_warm_up(&two);
    aurora_queue *queue;
    aurora_assert_ok(aurora_queue_new(two.a, 4, &queue));
    shop_request request;
    shop_request_init(&request, "k", 1, "card");
    two.store_a->is_unresolved = true;
    two.store_a->is_uncertain = true;

    submit(queue, &request.request);
    for (int i = 0; i < 1000 && two_shops_metric(two.a, "aurora_unknown_commits_total") == 0; i++)
        usleep(10000);
    take_one(queue, 0, &count);
    ck_assert_uint_eq(count, 0);
    two.store_a->is_unresolved = false;
    aurora_completion done = take_one(queue, WAIT_MS, &count);

    ck_assert_uint_eq(count, 1);
    ck_assert_int_eq(done.status, AURORA_OK);
    ck_assert_uint_eq(shop_count(two.b, 0), 3);
    shop_assert_clean(two.b);
    aurora_order_free(done.order);
    aurora_queue_free(queue);
    two_shops_close(&two);
}
END_TEST

/* --- all at once ------------------------------------------------------------------------------ */

START_TEST(test_shared_two__hot_skus_are_never_oversold)
{
    two_shops two;
    two_shops_open(&two, AURORA_OPEN_WORKER, NULL);

    two_shops_crowd(&two, aurora_test_seed("hot", 11));

    two_shops_close(&two);
}
END_TEST

/* A command without a row of its own is a batch that loads nothing, here the first of all. */
START_TEST(test_shared_two__a_setting_is_changed_by_an_instance_that_has_done_nothing_yet)
{
    two_shops two;
    two_shops_open(&two, AURORA_OPEN_WORKER, "payment=none:");
    aurora_t *fresh = two_shops_another(&two);

    aurora_assert_ok(aurora_setting_put(fresh, "order_deadline=1m", NULL));
    aurora_close(fresh);
    two_shops_close(&two);
}
END_TEST

static Suite *shared_two_suite(void)
{
    Suite *suite = suite_create("shared_two");
    TCase *waiting = tcase_create("waiting");
    tcase_set_timeout(waiting, 60);
    tcase_add_test(waiting, test_shared_two__a_watch_wakes_by_another_instances_commit);
    tcase_add_test(waiting, test_shared_two__a_watch_wakes_where_nobody_tells);
    tcase_add_test(waiting, test_shared_two__an_instance_that_is_told_reads_the_log_at_once);
    suite_add_tcase(suite, waiting);
    TCase *following = tcase_create("following");
    tcase_set_timeout(following, 60);
    tcase_add_test(following, test_shared_two__events_come_once_and_in_order_whoever_reads);
    tcase_add_test(following, test_shared_two__trending_is_the_same_on_both);
    tcase_add_test(following, test_shared_two__each_outcome_is_noted_once);
    tcase_add_test(following, test_shared_two__a_customers_orders_are_listed_by_both);
    suite_add_tcase(suite, following);
    TCase *time = tcase_create("time");
    tcase_add_test(time,
                   test_shared_two__an_order_of_an_instance_that_is_gone_ends_by_its_deadline);
    tcase_add_test(time, test_shared_two__expired_keys_are_swept);
    tcase_add_test(time,
                   test_shared_two__a_setting_is_changed_by_an_instance_that_has_done_nothing_yet);
    suite_add_tcase(suite, time);
    TCase *away = tcase_create("away");
    tcase_set_timeout(away, 60);
    tcase_add_test(away, test_shared_two__commands_wait_for_a_store_that_is_away);
    tcase_add_test(away, test_shared_two__who_gave_up_while_the_store_was_away_has_no_order);
    tcase_add_test(away, test_shared_two__nobody_is_answered_before_a_commit_is_known);
    suite_add_tcase(suite, away);
    TCase *crowd = tcase_create("crowd");
    tcase_set_timeout(crowd, 120);
    tcase_add_test(crowd, test_shared_two__hot_skus_are_never_oversold);
    suite_add_tcase(suite, crowd);
    return suite;
}

int main(int argc, char **argv)
{
    return aurora_test_run(shared_two_suite, argc, argv);
}

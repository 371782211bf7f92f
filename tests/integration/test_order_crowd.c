/* SPDX-License-Identifier: MIT */
/* Many who want the same: one key, or the last unit, from threads and from processes. */
#include "order_fixture.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 16 };

typedef struct {
    order_fixture *fixture;
    const char *key;
    const char *sku;
    int count;
    int completed, failed, replayed, refused;
    aurora_id id;
} buyer;

static void *buy(void *argument)
{
    buyer *self = argument;
    aurora_line line = {.sku = self->sku, .quantity = 1};
    for (int i = 0; i < self->count; i++) {
        aurora_order *order = NULL;
        aurora_status rc = aurora_order_place(
            self->fixture->shop,
            AURORA_ORDER(.key = self->key, .currency = "EUR", .payment_method = "tok_approve",
                         .lines = &line, .line_count = 1, .timeout_ms = 30000),
            &order, NULL);
        if (rc != AURORA_OK) {
            self->refused++;
            continue;
        }
        self->completed += order->status == AURORA_ORDER_COMPLETED;
        self->failed += order->status == AURORA_ORDER_FAILED;
        self->replayed += order->is_replay != 0;
        self->id = order->id;
        aurora_order_free(order);
    }
    return NULL;
}

static void run_buyers(buyer *buyers, const buyer *like)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        buyers[i] = *like;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, buy, &buyers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

START_TEST(test_order_crowd__a_hundred_calls_with_one_key_make_one_order)
{
    order_fixture f;
    order_fixture_start(&f, _i);
    buyer buyers[THREADS];
    int replayed = 0;

    run_buyers(buyers, &(buyer){.fixture = &f, .key = "k", .sku = "cup", .count = 7});

    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(buyers[i].refused, 0);
        aurora_assert_id_eq(buyers[i].id, buyers[0].id);
        replayed += buyers[i].replayed;
    }
    ck_assert_int_eq(replayed, THREADS * 7 - 1);
    ck_assert_int_eq(order_fixture_sold(&f, "cup"), 1);
    order_fixture_stop(&f);
}
END_TEST

START_TEST(test_order_crowd__the_last_unit_is_sold_once)
{
    order_fixture f;
    order_fixture_start(&f, _i);
    aurora_assert_ok(aurora_stock_adjust(f.shop, "cup", -99, "broken", "cup-2", NULL));
    buyer buyers[THREADS];
    int completed = 0, failed = 0;

    run_buyers(buyers, &(buyer){.fixture = &f, .sku = "cup", .count = 63});

    for (int i = 0; i < THREADS; i++) {
        completed += buyers[i].completed;
        failed += buyers[i].failed;
    }
    ck_assert_int_eq(completed, 1);
    ck_assert_int_eq(failed, THREADS * 63 - 1);
    ck_assert_int_eq(order_fixture_available(&f, "cup"), 0);
    ck_assert_int_eq(order_fixture_sold(&f, "cup"), 1);
    order_fixture_stop(&f);
}
END_TEST

/* One process: opens the file itself, buys, and says how many it got. */
static int buy_in_child(const char *url, const char *key)
{
    aurora_t *shop;
    aurora_line cup = {.sku = "cup", .quantity = 1};
    int completed = 0;
    if (aurora_open(url, AURORA_OPTIONS(.flags = AURORA_OPEN_WORKER), &shop, NULL) != AURORA_OK)
        return 99;
    for (int i = 0; i < 25; i++) {
        aurora_order *order;
        aurora_status rc = aurora_order_place(
            shop,
            AURORA_ORDER(.key = key, .currency = "EUR", .payment_method = "tok_approve",
                         .lines = &cup, .line_count = 1, .timeout_ms = 30000),
            &order, NULL);
        if (rc != AURORA_OK) {
            aurora_close(shop);
            return 98;
        }
        completed += order->status == AURORA_ORDER_COMPLETED && !order->is_replay;
        aurora_order_free(order);
    }
    aurora_close(shop);
    return completed;
}

static int run_processes(const char *url, const char *key)
{
    pid_t children[4];
    int completed = 0;
    for (int i = 0; i < 4; i++) {
        children[i] = fork();
        if (children[i] == 0)
            _exit(buy_in_child(url, key));
        ck_assert_int_gt(children[i], 0); /* not in the child: it shares Check's file */
    }
    for (int i = 0; i < 4; i++) {
        int status;
        ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
        ck_assert(WIFEXITED(status));
        ck_assert_int_lt(WEXITSTATUS(status), 98);
        completed += WEXITSTATUS(status);
    }
    return completed;
}

START_TEST(test_order_crowd__four_processes_sell_the_last_unit_once)
{
    order_fixture f;
    order_fixture_start(&f, ORDER_FIXTURE_SQLITE);
    aurora_assert_ok(aurora_stock_adjust(f.shop, "cup", -99, "broken", "cup-2", NULL));
    aurora_close(f.shop);

    int completed = run_processes(f.url, NULL);

    order_fixture_open(&f);
    ck_assert_int_eq(completed, 1);
    ck_assert_int_eq(order_fixture_sold(&f, "cup"), 1);
    order_fixture_stop(&f);
}
END_TEST

START_TEST(test_order_crowd__four_processes_with_one_key_make_one_order)
{
    order_fixture f;
    order_fixture_start(&f, ORDER_FIXTURE_SQLITE);
    aurora_close(f.shop);

    int completed = run_processes(f.url, "k");

    order_fixture_open(&f);
    ck_assert_int_eq(completed, 1);
    ck_assert_int_eq(order_fixture_sold(&f, "cup"), 1);
    order_fixture_stop(&f);
}
END_TEST

#define ADD(name) tcase_add_loop_test(tcase, test_order_crowd__##name, 0, ORDER_FIXTURE_KINDS)

static Suite *order_crowd_suite(void)
{
    Suite *suite = suite_create("order_crowd");
    TCase *tcase = tcase_create("order_crowd");
    tcase_set_timeout(tcase, 60);
    ADD(a_hundred_calls_with_one_key_make_one_order);
    ADD(the_last_unit_is_sold_once);
    tcase_add_test(tcase, test_order_crowd__four_processes_sell_the_last_unit_once);
    tcase_add_test(tcase, test_order_crowd__four_processes_with_one_key_make_one_order);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(order_crowd_suite)

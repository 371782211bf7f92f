/* SPDX-License-Identifier: MIT */
/* One unit and many who want it: threads on one handle, processes on one file, and one request sent
 * many times at once under one key. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shop.h"

#define THREADS 16
#define PROCESSES 4
#define CALLS 1000
#define KEY_CALLS 100

/* What all callers saw together; shared over forks. */
typedef struct {
    atomic_int ready;
    atomic_uint next;
    atomic_uint won;
    atomic_uint out_of_stock;
    atomic_uint other;
    atomic_uint created; /* answers that are no replays */
    aurora_id ids[KEY_CALLS];
} tally;

static tally *seen;
static char *folder;
static char file[512];

static void start(void)
{
    seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(seen, MAP_FAILED);
    folder = aurora_tempdir_new();
    aurora_test_path(file, sizeof file, folder, "shop.db");
}

static void stop(void)
{
    munmap(seen, sizeof *seen);
    aurora_tempdir_remove(folder);
}

/* Loop 0 is memory: with a worker, 1 a file with one, 2 memory: where the callers drive, 3 a file
 * likewise. */
static aurora_t *open_kind(int kind)
{
    const char *settings[] = {"search=none:"};
    return shop_open((kind & 1) == 0 ? "memory:" : file,
                     AURORA_OPTIONS(.flags = kind < 2 ? AURORA_OPEN_WORKER : 0,
                                    .settings = settings, .setting_count = 1));
}

static aurora_t *open_stocked(int kind, int64_t quantity)
{
    aurora_t *shop = open_kind(kind);
    shop_stock_up(shop, quantity);
    return shop;
}

/* --- callers ---------------------------------------------------------------------------------- */

static void line_up(int callers)
{
    atomic_fetch_add(&seen->ready, 1);
    while (atomic_load(&seen->ready) < callers)
        usleep(100);
}

static void order_one(aurora_t *shop)
{
    shop_request request;
    shop_request_init(&request, NULL, 1, "tok_approve");
    request.request.timeout_ms = 30000;
    aurora_order *order = NULL;
    aurora_status rc = aurora_order_place(shop, &request.request, &order, NULL);
    if (rc != AURORA_OK)
        atomic_fetch_add(&seen->other, 1);
    else if (order->status == AURORA_ORDER_COMPLETED)
        atomic_fetch_add(&seen->won, 1);
    else if (order->status == AURORA_ORDER_FAILED && order->reason == AURORA_REASON_OUT_OF_STOCK)
        atomic_fetch_add(&seen->out_of_stock, 1);
    else
        atomic_fetch_add(&seen->other, 1);
    aurora_order_free(order);
}

static void reserve_one(aurora_t *shop, unsigned number)
{
    char key[32];
    int32_t decision = 0;
    const aurora_line line = {.sku = SHOP_SKU, .quantity = 1};
    snprintf(key, sizeof key, "hold %u", number);
    aurora_status rc = aurora_stock_reserve(shop, key, &line, 1, 3600000, &decision, NULL);
    if (rc != AURORA_OK)
        atomic_fetch_add(&seen->other, 1);
    else if (decision == AURORA_DECISION_RESERVED)
        atomic_fetch_add(&seen->won, 1);
    else if (decision == AURORA_DECISION_OUT_OF_STOCK)
        atomic_fetch_add(&seen->out_of_stock, 1);
    else
        atomic_fetch_add(&seen->other, 1);
}

static void order_again(aurora_t *shop, unsigned number)
{
    shop_request request;
    shop_request_init(&request, "one key", 1, "tok_approve");
    request.request.timeout_ms = 30000;
    aurora_order *order = NULL;
    if (aurora_order_place(shop, &request.request, &order, NULL) != AURORA_OK) {
        atomic_fetch_add(&seen->other, 1);
        return;
    }
    seen->ids[number] = order->id;
    if (!order->is_replay)
        atomic_fetch_add(&seen->created, 1);
    if (order->status == AURORA_ORDER_COMPLETED)
        atomic_fetch_add(&seen->won, 1);
    aurora_order_free(order);
}

enum { ORDER = 0, RESERVE = 1, AGAIN = 2 };

typedef struct {
    aurora_t *shop;
    int what;
    int callers;
    unsigned calls;
} caller;

static void *run(void *argument)
{
    const caller *me = argument;
    line_up(me->callers);
    for (;;) {
        unsigned number = atomic_fetch_add(&seen->next, 1);
        if (number >= me->calls)
            return NULL;
        if (me->what == ORDER)
            order_one(me->shop);
        else if (me->what == RESERVE)
            reserve_one(me->shop, number);
        else
            order_again(me->shop, number);
    }
}

static void run_threads(aurora_t *shop, int what, unsigned calls)
{
    pthread_t threads[THREADS];
    caller me = {shop, what, THREADS, calls};
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, run, &me), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

/* Each process opens the file for itself and drives it with 4 threads of its own. */
static void run_process(int what, unsigned calls)
{
    pthread_t threads[THREADS / PROCESSES];
    caller me = {open_kind(1), what, THREADS, calls};
    for (int i = 0; i < THREADS / PROCESSES; i++)
        pthread_create(&threads[i], NULL, run, &me);
    for (int i = 0; i < THREADS / PROCESSES; i++)
        pthread_join(threads[i], NULL);
    aurora_close(me.shop);
}

static void run_processes(int what, unsigned calls)
{
    pid_t children[PROCESSES];
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            run_process(what, calls);
            _exit(0);
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
        ck_assert_int_eq(status, 0);
    }
}

/* --- the last unit ---------------------------------------------------------------------------- */

static void assert_one_sold(aurora_t *shop)
{
    ck_assert_uint_eq(atomic_load(&seen->other), 0);
    ck_assert_uint_eq(atomic_load(&seen->won), 1);
    ck_assert_uint_eq(atomic_load(&seen->out_of_stock), CALLS - 1);
    ck_assert_uint_eq(shop_count(shop, AURORA_ORDER_COMPLETED), 1);
    ck_assert_uint_eq(shop_count(shop, AURORA_ORDER_FAILED), CALLS - 1);
    ck_assert_int_eq(shop_stock(shop).sold, 1);
    ck_assert_int_eq(shop_stock(shop).available, 0);
    ck_assert_int_eq(shop_stock(shop).reserved, 0);
    shop_assert_clean(shop);
}

START_TEST(test_last_unit__of_1000_orders_from_16_threads_one_is_completed)
{
    aurora_t *shop = open_stocked(_i, 1);

    run_threads(shop, ORDER, CALLS);

    assert_one_sold(shop);
    aurora_close(shop);
}
END_TEST

START_TEST(test_last_unit__of_1000_orders_from_4_processes_one_is_completed)
{
    aurora_close(open_stocked(1, 1));

    run_processes(ORDER, CALLS);

    aurora_t *shop = open_kind(1);
    assert_one_sold(shop);
    aurora_close(shop);
}
END_TEST

static void assert_one_reserved(aurora_t *shop)
{
    aurora_reservation_page *page = NULL;
    ck_assert_uint_eq(atomic_load(&seen->other), 0);
    ck_assert_uint_eq(atomic_load(&seen->won), 1);
    ck_assert_uint_eq(atomic_load(&seen->out_of_stock), CALLS - 1);
    ck_assert_int_eq(shop_stock(shop).reserved, 1);
    ck_assert_int_eq(shop_stock(shop).available, 0);
    aurora_assert_ok(aurora_reservation_list(shop, SHOP_SKU, NULL, 0, &page, NULL));
    ck_assert_uint_eq(page->count, 1);
    aurora_reservation_page_free(page);
    shop_assert_clean(shop);
}

START_TEST(test_last_unit__of_1000_reservations_from_16_threads_one_holds_it)
{
    aurora_t *shop = open_stocked(_i, 1);

    run_threads(shop, RESERVE, CALLS);

    assert_one_reserved(shop);
    aurora_close(shop);
}
END_TEST

START_TEST(test_last_unit__of_1000_reservations_from_4_processes_one_holds_it)
{
    aurora_close(open_stocked(1, 1));

    run_processes(RESERVE, CALLS);

    aurora_t *shop = open_kind(1);
    assert_one_reserved(shop);
    aurora_close(shop);
}
END_TEST

START_TEST(test_last_unit__orders_and_reservations_share_one_stock)
{
    aurora_t *shop = open_stocked(_i, 700);

    run_threads(shop, RESERVE, 500);
    atomic_store(&seen->next, 0);
    atomic_store(&seen->ready, 0);
    run_threads(shop, ORDER, 500);

    ck_assert_uint_eq(atomic_load(&seen->other), 0);
    ck_assert_uint_eq(atomic_load(&seen->won), 700);
    ck_assert_int_eq(shop_stock(shop).reserved, 500);
    ck_assert_int_eq(shop_stock(shop).sold, 200);
    shop_assert_clean(shop);
    aurora_close(shop);
}
END_TEST

/* --- one key ---------------------------------------------------------------------------------- */

static void assert_one_order(aurora_t *shop)
{
    ck_assert_uint_eq(atomic_load(&seen->other), 0);
    ck_assert_uint_eq(atomic_load(&seen->won), KEY_CALLS);
    ck_assert_uint_eq(atomic_load(&seen->created), 1);
    for (int i = 1; i < KEY_CALLS; i++)
        aurora_assert_id_eq(seen->ids[i], seen->ids[0]);
    ck_assert_uint_eq(shop_count(shop, 0), 1);
    ck_assert_int_eq(shop_stock(shop).sold, 1);
    shop_assert_clean(shop);
}

START_TEST(test_last_unit__one_hundred_calls_with_one_key_make_one_order)
{
    aurora_t *shop = open_stocked(_i, 1000);

    run_threads(shop, AGAIN, KEY_CALLS);

    assert_one_order(shop);
    aurora_close(shop);
}
END_TEST

START_TEST(test_last_unit__one_hundred_calls_with_one_key_from_4_processes_make_one_order)
{
    aurora_close(open_stocked(1, 1000));

    run_processes(AGAIN, KEY_CALLS);

    aurora_t *shop = open_kind(1);
    assert_one_order(shop);
    aurora_close(shop);
}
END_TEST

/* Both are decided in one batch: the second is answered from a row that the first has written. */
START_TEST(test_last_unit__one_key_twice_in_one_submit_makes_one_order)
{
    aurora_t *shop = open_stocked(_i, 1000);
    aurora_queue *queue = NULL;
    aurora_completion done[8];
    shop_request request;
    const aurora_order_request *requests[8];
    char customer[] = "anna, whose name is long enough to be seen when it is gone";
    uint32_t count = 0, taken = 0;
    shop_request_init(&request, "one key", 1, "tok_approve");
    request.request.flags = AURORA_ORDER_WITH_RESULT;
    request.request.customer_id = customer;
    for (int i = 0; i < 8; i++)
        requests[i] = &request.request;
    aurora_assert_ok(aurora_queue_new(shop, 8, &queue));

    aurora_assert_ok(aurora_order_submit(queue, requests, NULL, 8, &count));
    ck_assert_uint_eq(count, 8);
    while (taken < 8) {
        aurora_assert_ok(aurora_queue_take(queue, done + taken, 8 - taken, 10000, &count));
        ck_assert_uint_gt(count, 0);
        taken += count;
    }

    for (int i = 0; i < 8; i++) {
        aurora_assert_ok(done[i].status);
        aurora_assert_id_eq(done[i].id, done[0].id);
        ck_assert_str_eq(done[i].order->customer_id, customer);
        aurora_order_free(done[i].order);
    }
    ck_assert_uint_eq(shop_count(shop, 0), 1);
    shop_assert_clean(shop);
    aurora_close(shop);
    aurora_queue_free(queue);
}
END_TEST

/* --- lines and holds -------------------------------------------------------------------------- */

START_TEST(test_last_unit__lines_of_one_sku_are_summed)
{
    const aurora_line lines[] = {{.sku = SHOP_SKU, .quantity = 6},
                                 {.sku = SHOP_SKU, .quantity = 5}};
    aurora_t *shop = open_stocked(_i, 10);
    aurora_order_request request = *AURORA_ORDER(.currency = "EUR", .payment_method = "tok_approve",
                                                 .lines = lines, .line_count = 2);
    aurora_order *order = NULL;
    int32_t decision = 0;

    aurora_assert_ok(aurora_order_place(shop, &request, &order, NULL));
    ck_assert_int_eq(order->status, AURORA_ORDER_FAILED);
    ck_assert_int_eq(order->reason, AURORA_REASON_OUT_OF_STOCK);
    aurora_order_free(order);
    aurora_assert_ok(aurora_stock_reserve(shop, "both", lines, 2, 1000, &decision, NULL));
    ck_assert_int_eq(decision, AURORA_DECISION_OUT_OF_STOCK);
    ck_assert_int_eq(shop_stock(shop).available, 10);
    aurora_assert_ok(aurora_stock_receive(shop, SHOP_SKU, 1, "the eleventh", NULL));
    aurora_assert_ok(aurora_order_place(shop, &request, &order, NULL));

    ck_assert_int_eq(order->status, AURORA_ORDER_COMPLETED);
    ck_assert_uint_eq(order->line_count, 2);
    ck_assert_int_eq(order->total_minor, 11 * SHOP_PRICE);
    ck_assert_int_eq(shop_stock(shop).sold, 11);
    ck_assert_int_eq(shop_stock(shop).available, 0);
    aurora_order_free(order);
    shop_assert_clean(shop);
    aurora_close(shop);
}
END_TEST

START_TEST(test_last_unit__expired_hold_gives_its_unit_back)
{
    aurora_manual_clock manual;
    aurora_clock clock;
    const aurora_line line = {.sku = SHOP_SKU, .quantity = 1};
    int32_t decision = 0;
    aurora_manual_clock_init(&manual, SHOP_NOW);
    aurora_manual_clock_attach(&manual, &clock);
    aurora_t *shop = shop_open(_i == 0 ? "memory:" : file, AURORA_OPTIONS(.clock = &clock));
    shop_stock_up(shop, 1);
    aurora_assert_ok(aurora_stock_reserve(shop, "hold", &line, 1, 60000, &decision, NULL));
    ck_assert_int_eq(decision, AURORA_DECISION_RESERVED);

    aurora_manual_clock_advance(&manual, 59999);
    shop_pump(shop);
    ck_assert_int_eq(shop_stock(shop).reserved, 1);
    aurora_manual_clock_advance(&manual, 1);
    shop_pump(shop);

    ck_assert_int_eq(shop_stock(shop).reserved, 0);
    ck_assert_int_eq(shop_stock(shop).available, 1);
    aurora_assert_status(aurora_stock_commit(shop, "hold"), AURORA_EEXPIRED);
    aurora_assert_ok(aurora_stock_release(shop, "hold"));
    aurora_order *order = shop_place(shop, NULL, 1, "tok_approve", 0);
    ck_assert_int_eq(order->status, AURORA_ORDER_COMPLETED);
    aurora_order_free(order);
    shop_assert_clean(shop);
    aurora_close(shop);
}
END_TEST

START_TEST(test_last_unit__hold_committed_in_time_is_sold)
{
    aurora_manual_clock manual;
    aurora_clock clock;
    const aurora_line line = {.sku = SHOP_SKU, .quantity = 1};
    int32_t decision = 0;
    aurora_manual_clock_init(&manual, SHOP_NOW);
    aurora_manual_clock_attach(&manual, &clock);
    aurora_t *shop = shop_open(_i == 0 ? "memory:" : file, AURORA_OPTIONS(.clock = &clock));
    shop_stock_up(shop, 1);
    aurora_assert_ok(aurora_stock_reserve(shop, "hold", &line, 1, 60000, &decision, NULL));

    aurora_manual_clock_advance(&manual, 59999);
    aurora_assert_ok(aurora_stock_commit(shop, "hold"));
    aurora_manual_clock_advance(&manual, 1000000);
    shop_pump(shop);

    ck_assert_int_eq(shop_stock(shop).sold, 1);
    ck_assert_int_eq(shop_stock(shop).available, 0);
    aurora_assert_ok(aurora_stock_commit(shop, "hold"));
    aurora_assert_status(aurora_stock_release(shop, "hold"), AURORA_ECONFLICT);
    shop_assert_clean(shop);
    aurora_close(shop);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("last_unit");
    TCase *tcase = tcase_create("races");
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_loop_test(tcase, test_last_unit__of_1000_orders_from_16_threads_one_is_completed, 0,
                        4);
    tcase_add_test(tcase, test_last_unit__of_1000_orders_from_4_processes_one_is_completed);
    tcase_add_loop_test(tcase, test_last_unit__of_1000_reservations_from_16_threads_one_holds_it, 0,
                        4);
    tcase_add_test(tcase, test_last_unit__of_1000_reservations_from_4_processes_one_holds_it);
    tcase_add_loop_test(tcase, test_last_unit__orders_and_reservations_share_one_stock, 0, 4);
    tcase_add_loop_test(tcase, test_last_unit__one_hundred_calls_with_one_key_make_one_order, 0, 4);
    tcase_add_test(tcase,
                   test_last_unit__one_hundred_calls_with_one_key_from_4_processes_make_one_order);
    tcase_add_loop_test(tcase, test_last_unit__one_key_twice_in_one_submit_makes_one_order, 0, 4);
    tcase_add_loop_test(tcase, test_last_unit__lines_of_one_sku_are_summed, 0, 2);
    tcase_add_loop_test(tcase, test_last_unit__expired_hold_gives_its_unit_back, 0, 2);
    tcase_add_loop_test(tcase, test_last_unit__hold_committed_in_time_is_sold, 0, 2);
    suite_add_tcase(all, tcase);
    return all;
}

AURORA_TEST_MAIN(suite)

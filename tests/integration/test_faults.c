/* SPDX-License-Identifier: MIT */
/* Each step of the store fails, forgets its answer, or ends the process, at each of its visits over
 * a whole saga: placed, paid in several calls, cancelled, refunded. The caller repeats its calls by
 * key, as the statuses tell it to, and ends with one order and all the money back.
 * ctest: one thread */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "provider.h"

#define REPEATS_MAX 60
#define VISITS_MAX 400

static provider *bank;
static aurora_fault_plan *plan;
static aurora_manual_clock manual;
static aurora_clock clock_of_manual;
static char *folder;
static char file[512];
static unsigned rounds;

static void start(void)
{
    folder = aurora_tempdir_new();
    aurora_manual_clock_init(&manual, SHOP_NOW);
    aurora_manual_clock_attach(&manual, &clock_of_manual);
}

static void stop(void)
{
    aurora_tempdir_remove(folder);
}

/* A new file, a new bank, and a plan without faults. */
static void begin_round(void)
{
    char name[32];
    snprintf(name, sizeof name, "shop%u.db", ++rounds);
    aurora_test_path(file, sizeof file, folder, name);
    bank = provider_new();
    aurora_assert_ok(aurora_fault_plan_new(&plan));
}

static void end_round(void)
{
    aurora_fault_plan_free(plan);
    provider_free(bank);
}

static aurora_t *open_shop(const char *url)
{
    const char *settings[] = {"payment=none:", "search=none:"};
    return shop_open(url, AURORA_OPTIONS(.clock = &clock_of_manual, .settings = settings,
                                         .setting_count = 2, .faults = plan));
}

/* --- calls, repeated as a caller would -------------------------------------------------------- */

static bool is_to_be_repeated(aurora_status rc, int *repeats)
{
    if (rc == AURORA_OK)
        return false;
    ck_assert_msg(aurora_status_is_retriable(rc), "a call ended with %s", aurora_status_name(rc));
    ck_assert_int_lt(++*repeats, REPEATS_MAX);
    aurora_manual_clock_advance(&manual, 1000);
    return true;
}

static aurora_id place(aurora_t *shop)
{
    aurora_order *order = NULL;
    shop_request request;
    shop_request_init(&request, "the order", 2, "card");
    request.request.flags = AURORA_ORDER_NO_WAIT;
    int repeats = 0;
    while (is_to_be_repeated(aurora_order_place(shop, &request.request, &order, NULL), &repeats))
        continue;
    aurora_id id = order->id;
    aurora_order_free(order);
    return id;
}

static void cancel(aurora_t *shop, aurora_id id)
{
    int repeats = 0;
    while (is_to_be_repeated(
        aurora_order_cancel_with(
            shop,
            AURORA_CANCEL(.reason = AURORA_REASON_CUSTOMER, .order_id = id, .key = "the cancel"),
            NULL, NULL),
        &repeats))
        continue;
}

static void finish(aurora_t *shop, const aurora_task *task)
{
    int repeats = 0;
    int32_t outcome = provider_act(bank, task);
    while (is_to_be_repeated(
        aurora_task_finish(shop, task->id, AURORA_TASK_RESULT(.outcome = outcome), NULL), &repeats))
        continue;
}

/* Serves the tasks until the order is settled. A lease whose answer was lost has to run out. */
static void serve(aurora_t *shop, aurora_id id)
{
    for (int i = 0;; i++) {
        aurora_order *order = NULL;
        aurora_task_page *page = NULL;
        ck_assert_int_lt(i, 300);
        aurora_manual_clock_advance(&manual, 1000);
        if (aurora_order_get(shop, id, &order) == AURORA_OK && order->settled_at_ms != 0) {
            aurora_order_free(order);
            return;
        }
        aurora_order_free(order);
        if (aurora_task_take(shop, AURORA_TASK_PAYMENT, 4, 1000, 0, &page) != AURORA_OK)
            continue;
        for (uint32_t j = 0; j < page->count; j++)
            finish(shop, page->items[j]);
        aurora_task_page_free(page);
    }
}

static void stock_up(aurora_t *shop)
{
    int repeats = 0;
    while (is_to_be_repeated(
        aurora_product_put(shop,
                           AURORA_PRODUCT(.sku = SHOP_SKU, .name = "Cup", .price_minor = SHOP_PRICE,
                                          .currency = "EUR"),
                           AURORA_ANY_VERSION, NULL, NULL),
        &repeats))
        continue;
    while (is_to_be_repeated(aurora_stock_receive(shop, SHOP_SKU, 10, "delivery", NULL), &repeats))
        continue;
}

static void run_saga(aurora_t *shop)
{
    stock_up(shop);
    aurora_id id = place(shop);
    serve(shop, id);
    cancel(shop, id);
    serve(shop, id);
}

static void assert_undone(aurora_t *shop)
{
    aurora_order_page *page = NULL;
    aurora_assert_ok(aurora_order_list(shop, NULL, NULL, 0, &page, NULL));
    ck_assert_uint_eq(page->count, 1);
    ck_assert_int_eq(page->items[0]->status, AURORA_ORDER_CANCELLED);
    const provider_account *account = provider_order(bank, page->items[0]->id);
    ck_assert_uint_eq(account->captures, 1);
    ck_assert_uint_eq(account->refunds, 1);
    ck_assert_int_eq(provider_kept(account), 0);
    ck_assert_int_eq(shop_stock(shop).available, 10);
    ck_assert_int_eq(shop_stock(shop).received, 12);
    shop_assert_clean(shop);
    aurora_order_page_free(page);
}

/* --- sweeps ----------------------------------------------------------------------------------- */

/* Lets the nth visit of a point do `action`; false when the saga did not visit it so often. */
static bool sweep_step(const char *url, const char *point, uint64_t nth, int32_t action)
{
    begin_round();
    aurora_t *shop = open_shop(url != NULL ? url : file);
    aurora_assert_ok(aurora_fault_plan_set(plan, point, nth, action, AURORA_EIO));
    uint64_t before = aurora_fault_plan_visits(plan, point);

    run_saga(shop);

    bool is_visited = aurora_fault_plan_visits(plan, point) - before >= nth;
    aurora_assert_ok(aurora_fault_plan_set(plan, point, UINT32_MAX, action, AURORA_EIO));
    ck_assert_int_eq(aurora_health(shop), AURORA_OK);
    assert_undone(shop);
    aurora_close(shop);
    end_round();
    return is_visited;
}

static void sweep(const char *url, int32_t action, unsigned stride)
{
    uint32_t count;
    const aurora_fault_point *points = aurora_fault_point_table(&count);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t nth = 1;
        while (nth < VISITS_MAX && sweep_step(url, points[i].name, nth, action))
            nth += stride;
    }
}

START_TEST(test_faults__failed_step_leaves_one_order_and_all_money)
{
    sweep("memory:", AURORA_FAULT_FAIL, 1);
}
END_TEST

START_TEST(test_faults__lost_answer_leaves_one_order_and_all_money)
{
    sweep("memory:", AURORA_FAULT_LOSE, 1);
}
END_TEST

START_TEST(test_faults__failed_step_of_a_file_leaves_one_order_and_all_money)
{
    sweep(NULL, AURORA_FAULT_FAIL, shop_is_long() ? 1 : 9);
}
END_TEST

START_TEST(test_faults__lost_answer_of_a_file_leaves_one_order_and_all_money)
{
    sweep(NULL, AURORA_FAULT_LOSE, shop_is_long() ? 1 : 9);
}
END_TEST

/* A process that is to be killed on its way; false when it arrived. */
static bool kill_at(const char *point, uint64_t nth)
{
    pid_t child = fork();
    if (child == 0) {
        aurora_t *shop = open_shop(file);
        aurora_fault_plan_set(plan, point, nth, AURORA_FAULT_KILL, AURORA_OK);
        run_saga(shop);
        _exit(0);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    if (WIFEXITED(status))
        ck_assert_int_eq(WEXITSTATUS(status), 0);
    else
        ck_assert_int_eq(WTERMSIG(status), SIGKILL);
    return WIFSIGNALED(status);
}

START_TEST(test_faults__kill_at_any_step_leaves_one_order_and_all_money)
{
    static const char *const points[] = {"store.begin", "store.save", "store.append",
                                         "store.commit", "store.committed"};
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        bool is_killed = true;
        for (uint64_t nth = 1; is_killed && nth < VISITS_MAX; nth++) {
            begin_round();
            is_killed = kill_at(points[i], nth);
            aurora_manual_clock_advance(&manual, 40000);
            aurora_t *shop = open_shop(file);
            shop_assert_clean(shop);
            run_saga(shop);
            assert_undone(shop);
            aurora_close(shop);
            end_round();
        }
    }
}
END_TEST

START_TEST(test_faults__full_disk_refuses_and_recovers)
{
    begin_round();
    aurora_t *shop = open_shop("memory:");
    stock_up(shop);
    aurora_order *order = NULL;
    shop_request request;
    shop_request_init(&request, "the order", 2, "card");
    request.request.flags = AURORA_ORDER_NO_WAIT;
    aurora_assert_ok(
        aurora_fault_plan_set(plan, "store.commit", 1, AURORA_FAULT_FAIL, AURORA_EFULL));

    aurora_assert_status(aurora_order_place(shop, &request.request, &order, NULL), AURORA_EFULL);

    ck_assert_ptr_null(order);
    ck_assert_uint_eq(shop_count(shop, 0), 0);
    ck_assert_int_eq(shop_stock(shop).available, 10);
    aurora_assert_ok(aurora_order_place(shop, &request.request, &order, NULL));
    ck_assert_uint_eq(order->is_replay, 0);
    aurora_order_free(order);
    shop_assert_clean(shop);
    aurora_close(shop);
    end_round();
}
END_TEST

START_TEST(test_faults__lost_commit_is_answered_as_what_it_was)
{
    begin_round();
    aurora_t *shop = open_shop("memory:");
    stock_up(shop);
    aurora_assert_ok(aurora_fault_plan_set(plan, "store.commit", 1, AURORA_FAULT_LOSE, AURORA_OK));

    aurora_order *order = shop_place(shop, "the order", 2, "card", AURORA_ORDER_NO_WAIT);

    ck_assert_uint_eq(order->is_replay, 0);
    ck_assert_uint_ge(aurora_fault_plan_visits(plan, "store.resolve"), 1);
    ck_assert_uint_eq(shop_count(shop, 0), 1);
    aurora_order_free(order);
    shop_assert_clean(shop);
    aurora_close(shop);
    end_round();
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("faults");
    TCase *tcase = tcase_create("saga");
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_set_timeout(tcase, 250);
    tcase_add_test(tcase, test_faults__failed_step_leaves_one_order_and_all_money);
    tcase_add_test(tcase, test_faults__lost_answer_leaves_one_order_and_all_money);
    tcase_add_test(tcase, test_faults__failed_step_of_a_file_leaves_one_order_and_all_money);
    tcase_add_test(tcase, test_faults__lost_answer_of_a_file_leaves_one_order_and_all_money);
    tcase_add_test(tcase, test_faults__kill_at_any_step_leaves_one_order_and_all_money);
    tcase_add_test(tcase, test_faults__full_disk_refuses_and_recovers);
    tcase_add_test(tcase, test_faults__lost_commit_is_answered_as_what_it_was);
    suite_add_tcase(all, tcase);
    return all;
}

AURORA_TEST_MAIN(suite)

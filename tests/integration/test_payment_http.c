/* SPDX-License-Identifier: MIT */
/* Orders that are paid through a bridge over HTTP, by a bank that answers as banks do and as
 * networks let them: whatever happens on the way, its books and the orders agree in the end, and
 * nobody is charged twice. AURORA_OPEN_WORKER drives; waits are for states, not for times. */
#include <aurora/net.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "free_port.h"
#include "http_bank.h"

#define SETTLE_MS 60000
#define CROWD 200

static http_bank *bank;
static aurora_t *shop;
static char *folder;
static char file[512];

static void start(void)
{
    folder = aurora_tempdir_new();
    aurora_test_path(file, sizeof file, folder, "shop.db");
    bank = http_bank_new(NULL);
    shop = http_bank_shop(bank, "memory:", bank->port, NULL);
    shop_stock_up(shop, 1000);
}

static void stop(void)
{
    aurora_close(shop);
    shop = NULL;
    http_bank_free(bank);
    aurora_tempdir_remove(folder);
}

static void reopen(int port, const char *more)
{
    aurora_close(shop);
    shop = http_bank_shop(bank, "memory:", port, more);
    shop_stock_up(shop, 1000);
}

/* Places one and waits until stock and money agree with its outcome, which is returned. */
static int32_t order_settles(const char *key)
{
    aurora_id id = shop_submit(shop, key, 2);
    ck_assert_msg(shop_wait_settled(shop, id, SETTLE_MS), "the order is not settled");
    return shop_status(shop, id);
}

static void assert_sold_once(const char *key)
{
    ck_assert_int_eq(order_settles(key), AURORA_ORDER_COMPLETED);
    http_bank_audit(bank, shop);
}

/* --- answers ---------------------------------------------------------------------------------- */

START_TEST(test_payment_http__paid_order_completes)
{
    assert_sold_once("a");

    ck_assert_uint_eq(bank->requests[AURORA_VERB_AUTHORIZE], 1);
    ck_assert_uint_eq(bank->requests[AURORA_VERB_CAPTURE], 1);
    ck_assert_uint_eq(bank->requests[HTTP_BANK_QUERY], 0);
}
END_TEST

START_TEST(test_payment_http__connection_serves_many_orders)
{
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(order_settles(NULL), AURORA_ORDER_COMPLETED);

    ck_assert_uint_le(bank->connections, 2); /* a capture may overlap the next authorize */
    http_bank_audit(bank, shop);
}
END_TEST

START_TEST(test_payment_http__declined_order_fails_with_the_code)
{
    http_bank_treat(bank, AURORA_VERB_AUTHORIZE, HTTP_BANK_ANSWERS, 0);
    bank->books->is_declining = 1;

    aurora_order *order = shop_place(shop, "a", 2, "card", 0);

    ck_assert_int_eq(order->status, AURORA_ORDER_FAILED);
    ck_assert_int_eq(order->reason, AURORA_REASON_PAYMENT_DECLINED);
    ck_assert_str_eq(order->decline_code, "insufficient_funds");
    ck_assert(shop_wait_settled(shop, order->id, SETTLE_MS));
    http_bank_audit(bank, shop);
    aurora_order_free(order);
}
END_TEST

START_TEST(test_payment_http__problem_that_says_declined_declines)
{
    http_bank_treat(bank, AURORA_VERB_AUTHORIZE, HTTP_BANK_DECLINES_UNSEEN, 1);

    aurora_order *order = shop_place(shop, "a", 2, "card", 0);

    ck_assert_int_eq(order->status, AURORA_ORDER_FAILED);
    ck_assert_str_eq(order->decline_code, "stolen_card");
    ck_assert_uint_eq(bank->requests[HTTP_BANK_QUERY], 0);
    aurora_order_free(order);
}
END_TEST

START_TEST(test_payment_http__cancelled_sale_is_refunded)
{
    aurora_order *order = shop_place(shop, "a", 2, "card", 0);
    ck_assert(shop_wait_settled(shop, order->id, SETTLE_MS)); /* captured */

    aurora_assert_ok(
        aurora_order_cancel(shop, order->id, AURORA_REASON_CUSTOMER, NULL, NULL, NULL));

    ck_assert(shop_wait_settled(shop, order->id, SETTLE_MS));
    ck_assert_uint_eq(provider_order(bank->books, order->id)->refunds, 1);
    http_bank_audit(bank, shop);
    aurora_order_free(order);
}
END_TEST

static bool has_accepted(void)
{
    pthread_mutex_lock(&bank->lock);
    bool has = bank->accepted_count > 0;
    pthread_mutex_unlock(&bank->lock);
    return has;
}

START_TEST(test_payment_http__accepted_call_ends_with_its_callback)
{
    atomic_store(&bank->delay_ms, 600000); /* no query comes before the callback */
    http_bank_treat(bank, AURORA_VERB_AUTHORIZE, HTTP_BANK_ACCEPTS, 1);
    aurora_id id = shop_submit(shop, "a", 2);
    http_bank_await(bank, AURORA_VERB_AUTHORIZE, 1);
    while (!has_accepted())
        usleep(1000);
    ck_assert_int_eq(shop_status(shop, id), AURORA_ORDER_RESERVED);

    provider_finish(shop, bank->accepted[0].task_id, bank->accepted[0].outcome);

    ck_assert(shop_wait_settled(shop, id, SETTLE_MS));
    ck_assert_uint_eq(bank->requests[HTTP_BANK_QUERY], 0);
    http_bank_audit(bank, shop);
}
END_TEST

START_TEST(test_payment_http__accepted_call_without_a_callback_is_asked_about)
{
    http_bank_treat(bank, AURORA_VERB_AUTHORIZE, HTTP_BANK_ACCEPTS, 1);

    assert_sold_once("a");

    ck_assert_uint_ge(bank->requests[HTTP_BANK_QUERY], 1);
}
END_TEST

/* --- what goes wrong ------------------------------------------------------------------------ */

static const int bad_after_the_act[] = {
    HTTP_BANK_CUTS,       HTTP_BANK_CUTS_HEAD, HTTP_BANK_CUTS_BODY,    HTTP_BANK_BABBLES,
    HTTP_BANK_SAYS_HELLO, HTTP_BANK_FLOODS,    HTTP_BANK_DRIPS,        HTTP_BANK_FAILS,
    HTTP_BANK_REDIRECTS,  HTTP_BANK_HANGS,     HTTP_BANK_SAYS_UNKNOWN,
};

static const int bad_without_an_act[] = {
    HTTP_BANK_CUTS_UNSEEN,
    HTTP_BANK_IS_BUSY_UNSEEN,
    HTTP_BANK_REFUSES_UNSEEN,
    HTTP_BANK_MISSES_UNSEEN,
};

START_TEST(test_payment_http__lost_answer_to_an_authorize_is_asked_for)
{
    http_bank_treat(bank, AURORA_VERB_AUTHORIZE, bad_after_the_act[_i], 1);

    assert_sold_once("a");

    ck_assert_uint_eq(bank->books->calls[AURORA_VERB_AUTHORIZE], 1);
    ck_assert_uint_ge(bank->requests[HTTP_BANK_QUERY], 1);
}
END_TEST

START_TEST(test_payment_http__lost_answer_to_a_capture_is_asked_for)
{
    http_bank_treat(bank, AURORA_VERB_CAPTURE, bad_after_the_act[_i], 1);

    assert_sold_once("a");

    /* Where a connection that had served before is cut, libcurl sends the request once more. */
    ck_assert_uint_le(bank->books->calls[AURORA_VERB_CAPTURE], 2);
}
END_TEST

START_TEST(test_payment_http__request_that_was_not_taken_is_made_again)
{
    http_bank_treat(bank, AURORA_VERB_AUTHORIZE, bad_without_an_act[_i], 1);

    assert_sold_once("a");

    ck_assert_uint_eq(bank->requests[AURORA_VERB_AUTHORIZE], 2);
    ck_assert_uint_ge(bank->requests[HTTP_BANK_QUERY], 1);
}
END_TEST

START_TEST(test_payment_http__lost_answer_to_a_query_is_asked_for_again)
{
    http_bank_treat(bank, AURORA_VERB_AUTHORIZE, HTTP_BANK_CUTS, 1);
    http_bank_treat(bank, HTTP_BANK_QUERY, bad_after_the_act[_i], 2);

    assert_sold_once("a");

    ck_assert_uint_ge(bank->requests[HTTP_BANK_QUERY], 3);
}
END_TEST

START_TEST(test_payment_http__answer_after_the_time_is_no_second_charge)
{
    reopen(bank->port, "payment_timeout=100ms");
    atomic_store(&bank->delay_ms, 300);
    http_bank_treat(bank, AURORA_VERB_AUTHORIZE, HTTP_BANK_IS_LATE, 1);

    assert_sold_once("a");

    ck_assert_uint_eq(bank->books->calls[AURORA_VERB_AUTHORIZE], 1);
}
END_TEST

/* A bridge with another key, or a path that is not there, says nothing about anybody's money. */
START_TEST(test_payment_http__misconfigured_bridge_declines_nobody)
{
    reopen(bank->port, "attempts_max=5");
    for (int verb = AURORA_VERB_AUTHORIZE; verb < HTTP_BANK_VERBS; verb++)
        http_bank_treat(bank, verb, bad_without_an_act[_i], -1);

    aurora_order *order = shop_place(shop, "a", 2, "card", 0);

    ck_assert_int_eq(order->status, AURORA_ORDER_PARKED);
    ck_assert_int_eq(order->outcome, 0);
    ck_assert_uint_eq(bank->books->account_count, 0);
    for (int verb = AURORA_VERB_AUTHORIZE; verb < HTTP_BANK_VERBS; verb++)
        http_bank_treat(bank, verb, HTTP_BANK_ANSWERS, 0);
    aurora_assert_ok(aurora_saga_repair(
        shop,
        AURORA_REPAIR(.action = AURORA_REPAIR_RETRY, .order_id = order->id,
                      .participant = AURORA_PARTICIPANT_PAYMENT, .actor = "test"),
        NULL));
    ck_assert(shop_wait_settled(shop, order->id, SETTLE_MS));
    ck_assert_int_eq(shop_status(shop, order->id), AURORA_ORDER_COMPLETED);
    http_bank_audit(bank, shop);
    aurora_order_free(order);
}
END_TEST

/* --- a bridge that is away -------------------------------------------------------------------- */

START_TEST(test_payment_http__bridge_that_is_away_costs_no_attempt)
{
    reopen(free_port(), "attempts_max=5");
    aurora_id id = shop_submit(shop, "a", 2);

    bool is_settled = shop_wait_settled(shop, id, 4000); /* at least three calls */

    ck_assert(!is_settled);
    aurora_saga *saga = shop_saga(shop, id);
    ck_assert_int_eq(shop_status(shop, id), AURORA_ORDER_RESERVED);
    ck_assert_uint_le(shop_participant(saga, AURORA_PARTICIPANT_PAYMENT)->attempts, 1);
    aurora_saga_free(saga);
    aurora_breaker_figures breaker;
    aurora_assert_ok(aurora_payment_breaker(shop, &breaker));
    ck_assert_uint_ge(breaker.failed, 1);
    ck_assert_uint_eq(breaker.failed, breaker.calls);
}
END_TEST

START_TEST(test_payment_http__order_that_found_no_bridge_fails_at_its_deadline_unpaid)
{
    reopen(free_port(), "order_deadline=500ms");
    aurora_order *order = shop_place(shop, "a", 2, "card", 0);

    ck_assert_int_eq(order->status, AURORA_ORDER_FAILED);
    ck_assert_int_eq(order->reason, AURORA_REASON_DEADLINE);
    aurora_order_free(order);
}
END_TEST

/* --- many ------------------------------------------------------------------------------------- */

START_TEST(test_payment_http__many_orders_are_in_flight_at_once)
{
    static aurora_id ids[CROWD];
    reopen(bank->port, "payment_timeout=25s");
    atomic_store(&bank->delay_ms, 1500);
    http_bank_treat(bank, AURORA_VERB_AUTHORIZE, HTTP_BANK_IS_LATE, -1);
    for (int i = 0; i < CROWD; i++)
        ids[i] = shop_submit(shop, NULL, 1);

    for (int i = 0; i < CROWD; i++)
        ck_assert(shop_wait_settled(shop, ids[i], SETTLE_MS));

    ck_assert_uint_gt(bank->open_requests_max, CROWD / 2);
    ck_assert_uint_eq(shop_count(shop, AURORA_ORDER_COMPLETED), CROWD);
    ck_assert_uint_eq(bank->requests[AURORA_VERB_AUTHORIZE], CROWD);
    http_bank_audit(bank, shop);
}
END_TEST

START_TEST(test_payment_http__no_more_calls_run_at_once_than_allowed)
{
    static aurora_id ids[20];
    reopen(bank->port, "payment_calls_max=4");
    atomic_store(&bank->delay_ms, 50);
    http_bank_treat(bank, AURORA_VERB_AUTHORIZE, HTTP_BANK_IS_LATE, -1);
    for (int i = 0; i < 20; i++)
        ids[i] = shop_submit(shop, NULL, 1);

    for (int i = 0; i < 20; i++)
        ck_assert(shop_wait_settled(shop, ids[i], SETTLE_MS));

    ck_assert_uint_le(bank->open_requests_max, 4);
    http_bank_audit(bank, shop);
}
END_TEST

/* Each kind of misfortune, for any request, one after the other over a crowd of orders. */
START_TEST(test_payment_http__misfortunes_of_a_crowd_charge_nobody_twice)
{
    static aurora_id ids[CROWD];
    size_t kinds = sizeof bad_after_the_act / sizeof *bad_after_the_act;
    uint64_t random = aurora_test_seed("payment_http", 7);
    reopen(bank->port, "payment_timeout=300ms");
    for (int i = 0; i < CROWD; i++) {
        uint64_t word = aurora_test_random(&random);
        int verb = 1 + (int)(word % (HTTP_BANK_VERBS - 1));
        http_bank_treat(bank, verb, bad_after_the_act[(word >> 8) % kinds], 1);
        ids[i] = shop_submit(shop, NULL, 1);
        if ((word >> 16) % 4 == 0) {
            aurora_status rc =
                aurora_order_cancel(shop, ids[i], AURORA_REASON_CUSTOMER, NULL, NULL, NULL);
            ck_assert(rc == AURORA_OK || rc == AURORA_EFINAL || rc == AURORA_EPARKED);
        }
    }

    for (int i = 0; i < CROWD; i++)
        ck_assert(shop_wait_settled(shop, ids[i], SETTLE_MS));

    http_bank_audit(bank, shop);
}
END_TEST

/* --- close and kill --------------------------------------------------------------------------- */

/* No lease has to end: what is on its way at close is still reported. */
START_TEST(test_payment_http__close_waits_for_an_answer_on_its_way)
{
    aurora_close(shop);
    shop = http_bank_shop(bank, file, bank->port, NULL);
    shop_stock_up(shop, 10);
    atomic_store(&bank->delay_ms, 300);
    http_bank_treat(bank, AURORA_VERB_AUTHORIZE, HTTP_BANK_IS_LATE, 1);
    aurora_id id = shop_submit(shop, "a", 2);
    http_bank_await(bank, AURORA_VERB_AUTHORIZE, 1);

    aurora_close(shop);

    shop = http_bank_shop(bank, file, bank->port, NULL);
    ck_assert(shop_wait_settled(shop, id, SETTLE_MS));
    ck_assert_uint_eq(bank->requests[HTTP_BANK_QUERY], 0);
    http_bank_audit(bank, shop);
}
END_TEST

/* A shop in a process of its own is killed while the bank works on its request. */
static void kill_in_flight(int verb)
{
    pid_t child = fork();
    if (child == 0) {
        aurora_t *mine = http_bank_shop(bank, file, bank->port, "payment_timeout=25s");
        shop_stock_up(mine, 10);
        aurora_order_free(shop_place(mine, "a", 2, "card", AURORA_ORDER_NO_WAIT));
        pause();
    }
    http_bank_await(bank, verb, 1);
    kill(child, SIGKILL);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* Opens what was left, at a time when its leases have ended. */
static void open_what_is_left(aurora_manual_clock *manual, aurora_clock *clock)
{
    char payment[128];
    uint32_t driver_count;
    const aurora_driver *drivers = aurora_net_drivers(&driver_count);
    snprintf(payment, sizeof payment, "payment=http://127.0.0.1:%d/pay?shop=1", bank->port);
    const char *settings[] = {payment, "payment_secret=" HTTP_BANK_SECRET, "search=none:"};
    aurora_manual_clock_init(manual, (int64_t)time(NULL) * 1000 + 40000);
    aurora_manual_clock_attach(manual, clock);
    shop = shop_open(file, AURORA_OPTIONS(.clock = clock, .drivers = drivers,
                                          .driver_count = driver_count, .settings = settings,
                                          .setting_count = 3));
}

static void assert_kill_charges_once(int verb, bool has_acted)
{
    static aurora_manual_clock manual;
    static aurora_clock clock;
    aurora_close(shop);
    shop = NULL;
    http_bank_treat(bank, verb, has_acted ? HTTP_BANK_HANGS : HTTP_BANK_HANGS_UNSEEN, 1);
    kill_in_flight(verb);
    open_what_is_left(&manual, &clock);
    aurora_order_page *page = NULL;
    aurora_assert_ok(aurora_order_list(shop, NULL, NULL, 10, &page, NULL));
    ck_assert_uint_eq(page->count, 1);
    aurora_id id = page->items[0]->id;
    aurora_order_page_free(page);

    for (int i = 0; i < 60000 && !shop_is_settled(shop, id); i++) {
        aurora_status rc = aurora_pump(shop, 0, NULL);
        ck_assert(rc == AURORA_OK || rc == AURORA_EBUSY); /* a report drives by itself */
        aurora_manual_clock_advance(&manual, 5);
        usleep(1000);
    }

    ck_assert(shop_is_settled(shop, id));
    ck_assert_int_eq(shop_status(shop, id), AURORA_ORDER_COMPLETED);
    ck_assert_uint_eq(bank->books->calls[verb], 1);
    ck_assert_uint_ge(bank->requests[HTTP_BANK_QUERY], 1);
    http_bank_audit(bank, shop);
}

START_TEST(test_payment_http__kill_during_an_authorize_charges_once)
{
    assert_kill_charges_once(AURORA_VERB_AUTHORIZE, _i == 1);
}
END_TEST

START_TEST(test_payment_http__kill_during_a_capture_charges_once)
{
    assert_kill_charges_once(AURORA_VERB_CAPTURE, _i == 1);
}
END_TEST

static Suite *suite(void)
{
    const int after = sizeof bad_after_the_act / sizeof *bad_after_the_act;
    const int before = sizeof bad_without_an_act / sizeof *bad_without_an_act;
    Suite *all = suite_create("payment_http");
    TCase *plain = tcase_create("plain");
    tcase_set_timeout(plain, 200);
    tcase_add_checked_fixture(plain, start, stop);
    tcase_add_test(plain, test_payment_http__paid_order_completes);
    tcase_add_test(plain, test_payment_http__connection_serves_many_orders);
    tcase_add_test(plain, test_payment_http__declined_order_fails_with_the_code);
    tcase_add_test(plain, test_payment_http__problem_that_says_declined_declines);
    tcase_add_test(plain, test_payment_http__cancelled_sale_is_refunded);
    tcase_add_test(plain, test_payment_http__accepted_call_ends_with_its_callback);
    tcase_add_test(plain, test_payment_http__accepted_call_without_a_callback_is_asked_about);
    tcase_add_loop_test(plain, test_payment_http__lost_answer_to_an_authorize_is_asked_for, 0,
                        after);
    tcase_add_loop_test(plain, test_payment_http__lost_answer_to_a_capture_is_asked_for, 0, after);
    tcase_add_loop_test(plain, test_payment_http__request_that_was_not_taken_is_made_again, 0,
                        before);
    tcase_add_loop_test(plain, test_payment_http__lost_answer_to_a_query_is_asked_for_again, 0,
                        after);
    tcase_add_test(plain, test_payment_http__answer_after_the_time_is_no_second_charge);
    tcase_add_loop_test(plain, test_payment_http__misconfigured_bridge_declines_nobody, 0, before);
    tcase_add_test(plain, test_payment_http__bridge_that_is_away_costs_no_attempt);
    tcase_add_test(plain,
                   test_payment_http__order_that_found_no_bridge_fails_at_its_deadline_unpaid);
    tcase_add_test(plain, test_payment_http__many_orders_are_in_flight_at_once);
    tcase_add_test(plain, test_payment_http__no_more_calls_run_at_once_than_allowed);
    tcase_add_test(plain, test_payment_http__misfortunes_of_a_crowd_charge_nobody_twice);
    tcase_add_test(plain, test_payment_http__close_waits_for_an_answer_on_its_way);
    tcase_add_loop_test(plain, test_payment_http__kill_during_an_authorize_charges_once, 0, 2);
    tcase_add_loop_test(plain, test_payment_http__kill_during_a_capture_charges_once, 0, 2);
    suite_add_tcase(all, plain);
    return all;
}

AURORA_TEST_MAIN(suite)

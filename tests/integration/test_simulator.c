/* SPDX-License-Identifier: MIT */
/* The payment simulator's tokens as a caller sees them: provider calls that time out, answer twice,
 * decline or take their time, over a whole saga and over a crash. */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shop.h"

static aurora_t *shop;
static aurora_manual_clock manual;
static aurora_clock clock_of_manual;
static char *folder;
static char file[512];

static aurora_t *open_at(const char *url, const char *payment)
{
    const char *settings[] = {payment, "search=none:"};
    aurora_manual_clock_attach(&manual, &clock_of_manual);
    return shop_open(
        url, AURORA_OPTIONS(.clock = &clock_of_manual, .settings = settings, .setting_count = 2));
}

static void start(void)
{
    folder = aurora_tempdir_new();
    aurora_test_path(file, sizeof file, folder, "shop.db");
    aurora_manual_clock_init(&manual, SHOP_NOW);
    shop = open_at("memory:", "payment=simulator:");
    shop_stock_up(shop, 10);
}

static void stop(void)
{
    shop_assert_clean(shop);
    aurora_close(shop);
    aurora_tempdir_remove(folder);
}

static void restart(const char *url, const char *payment)
{
    aurora_close(shop);
    shop = open_at(url, payment);
    shop_stock_up(shop, 10);
}

static void advance(int64_t ms)
{
    aurora_manual_clock_advance(&manual, ms);
    shop_pump(shop);
}

static aurora_id submit(const char *token)
{
    aurora_order *order = shop_place(shop, NULL, 2, token, AURORA_ORDER_NO_WAIT);
    aurora_id id = order->id;
    aurora_order_free(order);
    shop_pump(shop);
    return id;
}

static void settle(aurora_id id)
{
    for (int i = 0; i < 3600 && !shop_is_settled(shop, id); i++)
        advance(1000);
    ck_assert(shop_is_settled(shop, id));
}

static void assert_state(aurora_id id, const char *expected)
{
    aurora_saga *saga = shop_saga(shop, id);
    ck_assert_str_eq(shop_participant(saga, AURORA_PARTICIPANT_PAYMENT)->state, expected);
    aurora_saga_free(saga);
}

START_TEST(test_simulator__approval_is_one_commit)
{
    aurora_order *order = shop_place(shop, NULL, 2, "tok_approve", 0);

    ck_assert_int_eq(order->status, AURORA_ORDER_COMPLETED);
    ck_assert_int_ne(order->settled_at_ms, 0);
    ck_assert_uint_eq(order->created_version, order->version);
    assert_state(order->id, "CAPTURED");
    aurora_order_free(order);
}
END_TEST

START_TEST(test_simulator__decline_gives_its_code)
{
    static const char *const tokens[][2] = {{"tok_decline", "declined"},
                                            {"tok_decline_stolen_card", "stolen_card"}};
    for (int i = 0; i < 2; i++) {
        aurora_order *order = shop_place(shop, NULL, 2, tokens[i][0], 0);

        ck_assert_int_eq(order->status, AURORA_ORDER_FAILED);
        ck_assert_int_eq(order->reason, AURORA_REASON_PAYMENT_DECLINED);
        ck_assert_str_eq(order->decline_code, tokens[i][1]);
        ck_assert_int_ne(order->settled_at_ms, 0);
        ck_assert_int_eq(shop_stock(shop).available, 10);
        aurora_order_free(order);
    }
}
END_TEST

START_TEST(test_simulator__share_of_declines_is_drawn_from_the_order_and_the_seed)
{
    restart("memory:", "payment=simulator:?seed=7&decline=0.5");
    uint32_t declined = 0;

    for (int i = 0; i < 200; i++) {
        aurora_order *order = shop_place(shop, NULL, 2, "card", 0);
        declined += order->status == AURORA_ORDER_FAILED;
        if (order->status == AURORA_ORDER_COMPLETED)
            aurora_assert_ok(
                aurora_order_cancel(shop, order->id, AURORA_REASON_CUSTOMER, NULL, NULL, NULL));
        aurora_order_free(order);
    }

    ck_assert_uint_gt(declined, 60);
    ck_assert_uint_lt(declined, 140);
    ck_assert_int_eq(shop_stock(shop).available, 10);
}
END_TEST

START_TEST(test_simulator__timeout_that_had_charged_completes_by_a_query)
{
    aurora_id id = submit("tok_timeout_approve");
    ck_assert_int_eq(shop_status(shop, id), AURORA_ORDER_RESERVED);

    settle(id);

    ck_assert_int_eq(shop_status(shop, id), AURORA_ORDER_COMPLETED);
    assert_state(id, "CAPTURED");
    ck_assert_int_eq(shop_stock(shop).sold, 2);
}
END_TEST

START_TEST(test_simulator__timeout_that_never_charged_fails_at_the_deadline)
{
    aurora_id id = submit("tok_timeout");
    advance(299000);
    ck_assert_int_eq(shop_status(shop, id), AURORA_ORDER_RESERVED);

    settle(id);

    ck_assert_int_eq(shop_status(shop, id), AURORA_ORDER_FAILED);
    ck_assert_int_eq(shop_reason(shop, id), AURORA_REASON_DEADLINE);
    ck_assert_int_eq(shop_stock(shop).available, 10);
}
END_TEST

START_TEST(test_simulator__cancel_of_a_timeout_that_had_charged_voids)
{
    aurora_id id = submit("tok_timeout_approve");

    aurora_assert_ok(aurora_order_cancel(shop, id, AURORA_REASON_CUSTOMER, NULL, NULL, NULL));
    settle(id);

    ck_assert_int_eq(shop_status(shop, id), AURORA_ORDER_CANCELLED);
    assert_state(id, "VOIDED");
    ck_assert_int_eq(shop_stock(shop).available, 10);
}
END_TEST

START_TEST(test_simulator__second_callback_changes_nothing)
{
    aurora_id id = submit("tok_duplicate");
    settle(id);

    ck_assert_int_eq(shop_status(shop, id), AURORA_ORDER_COMPLETED);
    aurora_history *history = NULL;
    aurora_assert_ok(aurora_order_history(shop, id, &history));
    uint32_t completed = 0;
    for (uint32_t i = 0; i < history->count; i++)
        completed += history->items[i]->event_kind == AURORA_EVENT_PAYMENT_AUTHORIZED;
    ck_assert_uint_eq(completed, 1);
    ck_assert_int_eq(shop_stock(shop).sold, 2);
    aurora_history_free(history);
}
END_TEST

START_TEST(test_simulator__latency_passes_before_the_answer)
{
    restart("memory:", "payment=simulator:?latency_ms=400");
    aurora_id id = submit("tok_approve");

    advance(399);
    ck_assert_int_eq(shop_status(shop, id), AURORA_ORDER_RESERVED);
    advance(1);
    ck_assert_int_eq(shop_status(shop, id), AURORA_ORDER_COMPLETED);
    ck_assert(!shop_is_settled(shop, id));
    advance(400);

    ck_assert(shop_is_settled(shop, id));
}
END_TEST

START_TEST(test_simulator__latency_declines_too)
{
    restart("memory:", "payment=simulator:?latency_ms=400");
    aurora_id id = submit("tok_decline_lost_card");

    advance(400);

    aurora_order *order = shop_order(shop, id);
    ck_assert_int_eq(order->status, AURORA_ORDER_FAILED);
    ck_assert_str_eq(order->decline_code, "lost_card");
    ck_assert_int_eq(shop_stock(shop).available, 10);
    aurora_order_free(order);
}
END_TEST

START_TEST(test_simulator__cancel_during_the_capture_refunds_it)
{
    restart("memory:", "payment=simulator:?latency_ms=400");
    aurora_id id = submit("tok_approve");
    advance(400);

    aurora_assert_ok(aurora_order_cancel(shop, id, AURORA_REASON_CUSTOMER, NULL, NULL, NULL));
    settle(id);

    ck_assert_int_eq(shop_status(shop, id), AURORA_ORDER_CANCELLED);
    assert_state(id, "REFUNDED");
    ck_assert_int_eq(shop_stock(shop).available, 10);
}
END_TEST

START_TEST(test_simulator__books_survive_the_crash_of_their_process)
{
    static const char *const tokens[] = {"tok_timeout_approve", "tok_duplicate", "tok_approve"};
    restart(file, "payment=simulator:?latency_ms=400");
    aurora_id ids[3];
    for (int i = 0; i < 3; i++)
        ids[i] = submit(tokens[i]);
    aurora_close(shop);
    pid_t child = fork();
    if (child == 0) {
        shop = open_at(file, "payment=simulator:?latency_ms=400");
        aurora_manual_clock_advance(&manual, 31000); /* the leases of the first opening end */
        shop_pump(shop);
        aurora_manual_clock_advance(&manual, 401); /* the provider acts; of some we hear */
        for (int i = 0; i < 2; i++)
            aurora_pump(shop, 0, NULL);
        kill(getpid(), SIGKILL);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));

    aurora_manual_clock_advance(&manual, 40000);
    shop = open_at(file, "payment=simulator:?latency_ms=400");

    for (int i = 0; i < 3; i++) {
        settle(ids[i]);
        ck_assert_int_eq(shop_status(shop, ids[i]), AURORA_ORDER_COMPLETED);
        assert_state(ids[i], "CAPTURED");
    }
    ck_assert_int_eq(shop_stock(shop).sold, 6);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("simulator");
    TCase *tcase = tcase_create("tokens");
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_test(tcase, test_simulator__approval_is_one_commit);
    tcase_add_test(tcase, test_simulator__decline_gives_its_code);
    tcase_add_test(tcase, test_simulator__share_of_declines_is_drawn_from_the_order_and_the_seed);
    tcase_add_test(tcase, test_simulator__timeout_that_had_charged_completes_by_a_query);
    tcase_add_test(tcase, test_simulator__timeout_that_never_charged_fails_at_the_deadline);
    tcase_add_test(tcase, test_simulator__cancel_of_a_timeout_that_had_charged_voids);
    tcase_add_test(tcase, test_simulator__second_callback_changes_nothing);
    tcase_add_test(tcase, test_simulator__latency_passes_before_the_answer);
    tcase_add_test(tcase, test_simulator__latency_declines_too);
    tcase_add_test(tcase, test_simulator__cancel_during_the_capture_refunds_it);
    tcase_add_test(tcase, test_simulator__books_survive_the_crash_of_their_process);
    suite_add_tcase(all, tcase);
    return all;
}

AURORA_TEST_MAIN(suite)

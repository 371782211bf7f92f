/* SPDX-License-Identifier: MIT */
/* What the metrics page says of sagas: steps that add up, durations and lateness by the engine's
 * clock, who is parked, and what is unsettled right after a start. */
#include <stdio.h>
#include <string.h>

#include "provider.h"

static provider *bank;
static aurora_t *shop;
static char *folder;
static char url[600];
static aurora_manual_clock manual;
static aurora_clock clock_of_manual;

static const char *const settings[] = {"payment=none:", "search=none:", "park_attempts_min=1"};

static aurora_t *open_at(const char *at)
{
    return shop_open(
        at, AURORA_OPTIONS(.clock = &clock_of_manual, .settings = settings, .setting_count = 3));
}

static void start(void)
{
    bank = provider_new();
    folder = aurora_tempdir_new();
    char path[512];
    snprintf(url, sizeof url, "sqlite:%s", aurora_test_path(path, sizeof path, folder, "shop.db"));
    aurora_manual_clock_init(&manual, SHOP_NOW);
    aurora_manual_clock_attach(&manual, &clock_of_manual);
    shop = open_at(url);
    shop_stock_up(shop, 900);
}

static void stop(void)
{
    shop_assert_clean(shop);
    aurora_close(shop);
    provider_free(bank);
    aurora_tempdir_remove(folder);
}

static void advance(int64_t ms)
{
    aurora_manual_clock_advance(&manual, ms);
    shop_pump(shop);
}

static bool has_value(const aurora_metric *metric, const char *value)
{
    for (uint32_t i = 0; i < metric->label_count; i++) {
        if (strcmp(metric->labels[i].value, value) == 0)
            return true;
    }
    return value == NULL;
}

/* A sample of a series with these values of labels; NULL = any, and the sum of them. -1 = none. */
static double of(aurora_t *from, const char *name, const char *suffix, const char *first,
                 const char *second)
{
    aurora_metric_page *page;
    double sum = -1;
    aurora_assert_ok(aurora_metrics(from, &page));
    for (uint32_t i = 0; i < page->count; i++) {
        const aurora_metric *metric = page->items[i];
        if (strcmp(metric->name, name) == 0 && strcmp(metric->suffix, suffix) == 0 &&
            (first == NULL || has_value(metric, first)) &&
            (second == NULL || has_value(metric, second)))
            sum = (sum < 0 ? 0 : sum) + metric->value;
    }
    aurora_metric_page_free(page);
    return sum;
}

static double steps(const char *from, const char *to)
{
    aurora_metric_page *page;
    double value = -1;
    aurora_assert_ok(aurora_metrics(shop, &page));
    for (uint32_t i = 0; i < page->count; i++) {
        const aurora_metric *metric = page->items[i];
        if (strcmp(metric->name, "aurora_saga_transitions_total") == 0 &&
            strcmp(metric->labels[0].value, from) == 0 && strcmp(metric->labels[1].value, to) == 0)
            value = metric->value;
    }
    aurora_metric_page_free(page);
    return value;
}

/* --- steps ------------------------------------------------------------------------------------ */

START_TEST(test_steps__of_one_batch_are_counted_each)
{
    ck_assert_double_eq(steps("NONE", "PENDING"), 0);
    aurora_id id = shop_submit(shop, NULL, 1);
    shop_pump(shop);
    ck_assert_int_eq(shop_status(shop, id), AURORA_ORDER_RESERVED);
    ck_assert_double_eq(steps("NONE", "PENDING"), 1);
    ck_assert_double_eq(steps("PENDING", "RESERVED"), 1);
    ck_assert_double_eq(steps("RESERVED", "COMPLETED"), 0);
}
END_TEST

/* Each order that was taken is somewhere: what came into a status less what left it. */
START_TEST(test_steps__add_up_to_the_orders_that_there_are)
{
    for (int i = 0; i < 6; i++)
        shop_submit(shop, NULL, 1);
    aurora_id cancelled = shop_submit(shop, NULL, 1);
    aurora_id refused = shop_submit(shop, NULL, 1000);
    shop_pump(shop);
    aurora_assert_ok(
        aurora_order_cancel(shop, cancelled, AURORA_REASON_CUSTOMER, NULL, NULL, NULL));
    ck_assert_int_eq(shop_status(shop, refused), AURORA_ORDER_FAILED);
    provider_serve(bank, shop);
    ck_assert_double_eq(steps("NONE", "PENDING"), 8);
    ck_assert_double_eq(steps("PENDING", "RESERVED"), 7);
    ck_assert_double_eq(steps("PENDING", "FAILED"), 1);
    ck_assert_double_eq(steps("RESERVED", "CANCELLED"), 1);
    ck_assert_double_eq(steps("RESERVED", "COMPLETED"), 6);
    ck_assert_double_eq(of(shop, "aurora_saga_transitions_total", "", NULL, NULL), 23);
}
END_TEST

START_TEST(test_steps__that_the_machine_does_not_have_have_no_series)
{
    ck_assert_double_eq(steps("FAILED", "COMPLETED"), -1);
    ck_assert_double_eq(steps("COMPLETED", "CANCELLED"), 0);
}
END_TEST

/* --- times ------------------------------------------------------------------------------------ */

START_TEST(test_duration__is_from_placed_to_settled_by_the_engines_clock)
{
    shop_submit(shop, NULL, 1);
    shop_pump(shop);
    ck_assert_double_eq(of(shop, "aurora_saga_duration_seconds", "_count", NULL, NULL), 0);
    advance(3000);
    provider_serve(bank, shop);
    ck_assert_double_eq(of(shop, "aurora_saga_duration_seconds", "_count", NULL, NULL), 1);
    ck_assert_double_eq_tol(of(shop, "aurora_saga_duration_seconds", "_sum", NULL, NULL), 3, 1e-6);
}
END_TEST

START_TEST(test_timers__are_as_late_as_the_clock_was_not_driven)
{
    aurora_id id = shop_submit(shop, NULL, 1);
    shop_pump(shop);
    ck_assert_double_eq(of(shop, "aurora_timer_lag_seconds", "_count", NULL, NULL), 0);
    advance(10000 + 7000); /* the repeat is due after 10 s */
    ck_assert_int_eq(shop_status(shop, id), AURORA_ORDER_RESERVED);
    ck_assert_double_eq(of(shop, "aurora_timer_lag_seconds", "_count", NULL, NULL), 1);
    ck_assert_double_eq_tol(of(shop, "aurora_timer_lag_seconds", "_sum", NULL, NULL), 7, 1e-6);
    provider_serve(bank, shop);
}
END_TEST

/* --- parked ----------------------------------------------------------------------------------- */

/* A cancelled order whose authorization the provider will not void, though it captured nothing. */
static aurora_id park_void(void)
{
    aurora_id id = shop_submit(shop, NULL, 2);
    aurora_task_page *page = provider_take(shop, AURORA_VERB_AUTHORIZE);
    provider_act(bank, page->items[0]);
    aurora_assert_ok(aurora_order_cancel(shop, id, AURORA_REASON_CUSTOMER, NULL, NULL, NULL));
    provider_finish(shop, page->items[0]->id, AURORA_OUTCOME_DONE);
    aurora_task_page_free(page);
    page = provider_take(shop, AURORA_VERB_VOID);
    provider_finish(shop, page->items[0]->id, AURORA_OUTCOME_DECLINED);
    aurora_task_page_free(page);
    page = provider_take(shop, AURORA_VERB_CAPTURE);
    provider_finish(shop, page->items[0]->id, AURORA_OUTCOME_NOT_FOUND);
    aurora_task_page_free(page);
    return id;
}

START_TEST(test_parked__is_counted_by_who_and_why)
{
    ck_assert_double_eq(of(shop, "aurora_saga_parked_total", "", "payment", "refused"), 0);
    park_void();
    ck_assert_double_eq(of(shop, "aurora_saga_parked_total", "", "payment", "refused"), 1);
    ck_assert_double_eq(of(shop, "aurora_saga_parked_total", "", NULL, NULL), 1);
    ck_assert_double_eq(of(shop, "aurora_dead_letters_total", "", NULL, NULL), 0);
}
END_TEST

/* --- retries ---------------------------------------------------------------------------------- */

static double retries(const char *dependency)
{
    return of(shop, "aurora_retries_total", "", dependency, NULL);
}

START_TEST(test_retries__of_a_payment_are_the_calls_after_the_first)
{
    shop_submit(shop, NULL, 1);
    aurora_task_page *page = provider_take(shop, AURORA_VERB_AUTHORIZE);
    provider_finish(shop, page->items[0]->id, AURORA_OUTCOME_UNKNOWN);
    aurora_task_page_free(page);
    ck_assert_double_eq(retries("payment"), 0);

    advance(60000);
    provider_serve(bank, shop);

    /* It was asked what became of it, and then to do it again. */
    ck_assert_double_eq(retries("payment"), 2);
    ck_assert_double_eq(retries("notify"), 0);
    ck_assert_double_eq(retries("store"), 0);
}
END_TEST

/* --- now -------------------------------------------------------------------------------------- */

#define LOOK_MS 5000

static double orders(aurora_t *from, const char *status)
{
    return of(from, "aurora_saga_orders", "", status, NULL);
}

static double oldest(aurora_t *from, const char *status)
{
    return of(from, "aurora_saga_oldest_age_seconds", "", status, NULL);
}

START_TEST(test_now__is_known_right_after_a_start)
{
    shop_submit(shop, NULL, 1);
    advance(4000);
    shop_submit(shop, NULL, 1);
    shop_pump(shop);
    aurora_close(shop);
    aurora_manual_clock_advance(&manual, 120000);
    shop = open_at(url);
    ck_assert_double_eq(orders(shop, "RESERVED"), -1); /* not looked at is not 0 */
    shop_pump(shop);
    ck_assert_double_eq(orders(shop, "RESERVED"), 2);
    ck_assert_double_eq(orders(shop, "PENDING"), 0);
    ck_assert_double_eq_tol(oldest(shop, "RESERVED"), 124, 0.01);
    ck_assert_double_eq(oldest(shop, "PENDING"), 0);
    provider_serve(bank, shop);
    advance(LOOK_MS);
    ck_assert_double_eq(orders(shop, "RESERVED"), 0);
    ck_assert_double_eq(oldest(shop, "RESERVED"), 0);
    ck_assert_double_eq(orders(shop, "COMPLETED"), 0); /* they are settled */
}
END_TEST

START_TEST(test_now__two_handles_on_one_store_agree)
{
    aurora_t *other = open_at(url);
    shop_submit(shop, NULL, 1);
    shop_pump(shop);
    advance(LOOK_MS);
    shop_pump(other);
    ck_assert_double_eq(orders(shop, "RESERVED"), 1);
    ck_assert_double_eq(orders(other, "RESERVED"), 1);
    ck_assert_double_eq(oldest(shop, "RESERVED"), oldest(other, "RESERVED"));
    aurora_close(other);
    provider_serve(bank, shop);
}
END_TEST

/* More than one look can read: they are counted over several, and none is left out. */
START_TEST(test_now__many_are_counted_over_several_looks)
{
    for (int i = 0; i < 500; i++)
        shop_submit(shop, NULL, 1);
    shop_pump(shop);
    advance(LOOK_MS);
    ck_assert_double_eq(orders(shop, "RESERVED"), 0); /* the last whole pass */
    advance(50);
    ck_assert_double_eq(orders(shop, "RESERVED"), 500);
    provider_serve(bank, shop);
}
END_TEST

START_TEST(test_now__parked_is_there_until_the_repair)
{
    aurora_id id = park_void();
    advance(LOOK_MS);
    ck_assert_double_eq(of(shop, "aurora_saga_parked", "", "payment", "refused"), 1);
    ck_assert_double_eq(of(shop, "aurora_saga_parked", "", NULL, NULL), 1);
    ck_assert_double_eq(orders(shop, "PARKED"), 1);
    ck_assert_double_eq(orders(shop, "CANCELLED"), 0);
    ck_assert_double_eq_tol(oldest(shop, "PARKED"), LOOK_MS / 1000.0, 0.01);
    aurora_assert_ok(
        aurora_saga_repair(shop,
                           AURORA_REPAIR(.action = AURORA_REPAIR_MARK, .order_id = id,
                                         .participant = AURORA_PARTICIPANT_PAYMENT,
                                         .result = AURORA_RESULT_VOIDED, .actor = "anna"),
                           NULL));
    advance(LOOK_MS);
    ck_assert_double_eq(of(shop, "aurora_saga_parked", "", NULL, NULL), 0);
    ck_assert_double_eq(orders(shop, "PARKED"), 0);
    ck_assert_double_eq(of(shop, "aurora_saga_parked_total", "", "payment", "refused"), 1);
}
END_TEST

START_TEST(test_now__followers_that_see_all_are_not_late)
{
    shop_submit(shop, NULL, 1);
    advance(LOOK_MS);
    ck_assert_double_eq(of(shop, "aurora_follower_lag_seconds", "", NULL, NULL), 0);
    ck_assert_double_eq(of(shop, "aurora_reservation_expiry_lag_seconds", "", NULL, NULL), 0);
    ck_assert_double_eq(of(shop, "aurora_dead_letters", "", NULL, NULL), 0);
    provider_serve(bank, shop);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("saga_metrics");
    TCase *tcase = tcase_create("counted");
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_test(tcase, test_steps__of_one_batch_are_counted_each);
    tcase_add_test(tcase, test_steps__add_up_to_the_orders_that_there_are);
    tcase_add_test(tcase, test_steps__that_the_machine_does_not_have_have_no_series);
    tcase_add_test(tcase, test_duration__is_from_placed_to_settled_by_the_engines_clock);
    tcase_add_test(tcase, test_timers__are_as_late_as_the_clock_was_not_driven);
    tcase_add_test(tcase, test_parked__is_counted_by_who_and_why);
    tcase_add_test(tcase, test_retries__of_a_payment_are_the_calls_after_the_first);
    suite_add_tcase(all, tcase);
    tcase = tcase_create("now");
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_test(tcase, test_now__is_known_right_after_a_start);
    tcase_add_test(tcase, test_now__two_handles_on_one_store_agree);
    tcase_add_test(tcase, test_now__many_are_counted_over_several_looks);
    tcase_add_test(tcase, test_now__parked_is_there_until_the_repair);
    tcase_add_test(tcase, test_now__followers_that_see_all_are_not_late);
    suite_add_tcase(all, tcase);
    return all;
}

AURORA_TEST_MAIN(suite)

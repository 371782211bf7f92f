/* SPDX-License-Identifier: MIT */
/* The list of notifications: by state, in pages, and what an operator reads of each. */
#include <stdio.h>
#include <string.h>

#include "shop.h"

static aurora_manual_clock manual;
static aurora_clock clock_of_manual;
static aurora_t *shop;

static void start(void)
{
    static const char *const settings[] = {"notify=none:", "search=none:"};
    aurora_manual_clock_init(&manual, SHOP_NOW);
    aurora_manual_clock_attach(&manual, &clock_of_manual);
    shop = shop_open("memory:", AURORA_OPTIONS(.clock = &clock_of_manual, .settings = settings,
                                               .setting_count = 2));
    shop_stock_up(shop, 100);
}

static void stop(void)
{
    aurora_close(shop);
}

static aurora_id place(const char *contact)
{
    shop_request request;
    aurora_order *order = NULL;
    shop_request_init(&request, NULL, 1, "tok_approve");
    request.request.contact = contact;
    aurora_assert_ok(aurora_order_place(shop, &request.request, &order, NULL));
    aurora_id id = order->id;
    aurora_order_free(order);
    shop_pump(shop);
    aurora_manual_clock_advance(&manual, 1000);
    return id;
}

/* Takes what is due, one task; its id. */
static aurora_id take(uint32_t lease_ms)
{
    aurora_task_page *page = NULL;
    for (int i = 0; i < 4; i++)
        shop_pump(shop);
    aurora_assert_ok(aurora_task_take(shop, AURORA_TASK_NOTIFICATION, 1, lease_ms, 0, &page));
    ck_assert_uint_eq(page->count, 1);
    aurora_id id = page->items[0]->id;
    aurora_task_page_free(page);
    return id;
}

static void finish(aurora_id task, int32_t outcome, const char *code)
{
    aurora_assert_ok(
        aurora_task_finish(shop, task, AURORA_TASK_RESULT(.outcome = outcome, .code = code), NULL));
}

static aurora_notification_page *list(int32_t state, const char *cursor, uint32_t limit)
{
    aurora_notification_page *page = NULL;
    aurora_assert_ok(aurora_notification_list(shop, state, cursor, limit, &page, NULL));
    return page;
}

static double metric_of(const char *name, const char *label)
{
    aurora_metric_page *page = NULL;
    double value = -1;
    aurora_assert_ok(aurora_metrics(shop, &page));
    for (uint32_t i = 0; i < page->count; i++) {
        const aurora_metric *metric = page->items[i];
        if (strcmp(metric->name, name) == 0 && strcmp(metric->labels[0].value, label) == 0)
            value = metric->value;
    }
    aurora_metric_page_free(page);
    return value;
}

static double counted(const char *state)
{
    return metric_of("aurora_notifications_total", state);
}

START_TEST(test_notification_list__left_by_its_sender_is_unknown)
{
    aurora_id order = place("ann@shop.example");
    take(1000);
    aurora_manual_clock_advance(&manual, 2000);
    aurora_task_page *again = NULL;

    aurora_assert_ok(aurora_task_take(shop, AURORA_TASK_NOTIFICATION, 1, 0, 0, &again));

    ck_assert_uint_eq(again->count, 0);
    aurora_task_page_free(again);
    aurora_notification_page *page = list(AURORA_NOTIFICATION_STATE_UNKNOWN, NULL, 0);
    ck_assert_uint_eq(page->count, 1);
    const aurora_notification *one = page->items[0];
    ck_assert_mem_eq(&one->order_id, &order, sizeof order);
    ck_assert_int_eq(one->kind, AURORA_NOTIFICATION_COMPLETED);
    ck_assert_str_eq(one->detail, "its lease ran out");
    ck_assert_str_eq(one->contact, "ann@shop.example");
    ck_assert_uint_eq(one->attempts, 1);
    ck_assert_int_eq(one->due_at_ms, 0);
    ck_assert_int_gt(one->updated_at_ms, one->at_ms);
    aurora_notification_page_free(page);
}
END_TEST

START_TEST(test_notification_list__has_one_state_or_all)
{
    place("a@shop.example");
    finish(take(0), AURORA_OUTCOME_DONE, NULL);
    place("b@shop.example");
    finish(take(0), AURORA_OUTCOME_DECLINED, "smtp_550");
    place("c@shop.example");
    take(0);

    aurora_notification_page *failed = list(AURORA_NOTIFICATION_STATE_FAILED, NULL, 0);
    aurora_notification_page *all = list(0, NULL, 0);

    ck_assert_uint_eq(failed->count, 1);
    ck_assert_str_eq(failed->items[0]->detail, "smtp_550");
    ck_assert_uint_eq(all->count, 3);
    ck_assert_int_eq(all->items[0]->state, AURORA_NOTIFICATION_STATE_SENDING); /* newest first */
    ck_assert_int_eq(all->items[2]->state, AURORA_NOTIFICATION_STATE_SENT);
    ck_assert_ptr_null(all->items[2]->contact);
    aurora_notification_page_free(failed);
    aurora_notification_page_free(all);
    ck_assert_double_eq(counted("sent"), 1);
    ck_assert_double_eq(counted("failed"), 1);
    ck_assert_double_eq(counted("unknown"), 0);
    ck_assert_double_eq(counted("skipped"), 0);
}
END_TEST

START_TEST(test_notification_list__pages_meet_without_gap_or_repeat)
{
    aurora_id orders[5];
    char cursor[512] = "";
    for (int i = 0; i < 5; i++) {
        orders[i] = place("a@shop.example");
        finish(take(0), i == 2 ? AURORA_OUTCOME_DONE : AURORA_OUTCOME_DECLINED, "no");
    }
    static const int expected[] = {4, 3, 1, 0}; /* the third was sent */

    for (int i = 0; i < 4; i++) {
        aurora_notification_page *page =
            list(AURORA_NOTIFICATION_STATE_FAILED, i == 0 ? NULL : cursor, 1);
        ck_assert_uint_eq(page->count, 1);
        ck_assert_mem_eq(&page->items[0]->order_id, &orders[expected[i]], sizeof orders[0]);
        ck_assert_int_eq(page->next_cursor == NULL, i == 3);
        if (page->next_cursor != NULL)
            snprintf(cursor, sizeof cursor, "%s", page->next_cursor);
        aurora_notification_page_free(page);
    }

    aurora_error err = AURORA_ERROR_INIT;
    aurora_notification_page *page = NULL;
    ck_assert_int_eq(aurora_notification_list(shop, 0, cursor, 1, &page, &err), AURORA_EINVAL);
    ck_assert_str_eq(err.field, "cursor"); /* of another state */
}
END_TEST

START_TEST(test_notification_list__what_is_sent_again_is_a_retry)
{
    place("a@shop.example");
    aurora_id first = take(0);
    aurora_assert_ok(
        aurora_task_finish(shop, first,
                           AURORA_TASK_RESULT(.outcome = AURORA_OUTCOME_UNKNOWN,
                                              .retry_after_ms = 1000, .code = "smtp_451"),
                           NULL));
    ck_assert_double_eq(metric_of("aurora_retries_total", "notify"), 0);

    aurora_manual_clock_advance(&manual, 3600000);
    aurora_id again = take(0);

    ck_assert_mem_eq(&again, &first, sizeof first);
    ck_assert_double_eq(metric_of("aurora_retries_total", "notify"), 1);
    ck_assert_double_eq(metric_of("aurora_retries_total", "payment"), 0);
    finish(again, AURORA_OUTCOME_DONE, NULL);
}
END_TEST

START_TEST(test_notification_list__refuses_what_is_no_state)
{
    aurora_error err = AURORA_ERROR_INIT;
    aurora_notification_page *page = NULL;

    ck_assert_int_eq(aurora_notification_list(shop, 7, NULL, 0, &page, &err), AURORA_EINVAL);
    ck_assert_str_eq(err.field, "state");
    ck_assert_int_eq(aurora_notification_list(shop, -1, NULL, 0, &page, &err), AURORA_EINVAL);
    ck_assert_int_eq(aurora_notification_list(shop, 0, NULL, 1001, &page, &err), AURORA_EINVAL);
    ck_assert_str_eq(err.field, "limit");
    ck_assert_ptr_null(page);
}
END_TEST

START_TEST(test_task_finish__a_report_of_another_kind_finds_no_task)
{
    const aurora_task_result payment = {
        .size = sizeof payment, .outcome = AURORA_OUTCOME_DONE, .kind = AURORA_TASK_PAYMENT};
    const aurora_task_result odd = {.size = sizeof odd, .outcome = AURORA_OUTCOME_DONE, .kind = 3};
    aurora_error err = AURORA_ERROR_INIT;
    place("a@shop.example");
    aurora_id task = take(0);

    ck_assert_int_eq(aurora_task_finish(shop, task, &payment, NULL), AURORA_ENOTFOUND);
    ck_assert_int_eq(aurora_task_finish(shop, task, &odd, &err), AURORA_EINVAL);
    ck_assert_str_eq(err.field, "kind");
    aurora_assert_ok(aurora_task_finish(
        shop, task,
        AURORA_TASK_RESULT(.outcome = AURORA_OUTCOME_DONE, .kind = AURORA_TASK_NOTIFICATION),
        NULL));
    ck_assert_double_eq(counted("sent"), 1);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("notification_list");
    TCase *tcase = tcase_create("list");
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_test(tcase, test_notification_list__left_by_its_sender_is_unknown);
    tcase_add_test(tcase, test_notification_list__has_one_state_or_all);
    tcase_add_test(tcase, test_notification_list__pages_meet_without_gap_or_repeat);
    tcase_add_test(tcase, test_notification_list__what_is_sent_again_is_a_retry);
    tcase_add_test(tcase, test_notification_list__refuses_what_is_no_state);
    tcase_add_test(tcase, test_task_finish__a_report_of_another_kind_finds_no_task);
    suite_add_tcase(all, tcase);
    return all;
}

AURORA_TEST_MAIN(suite)

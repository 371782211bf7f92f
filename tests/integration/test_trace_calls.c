/* SPDX-License-Identifier: MIT */
/* The spans of calls to others: the payment bridge over HTTP and the notifier. Their own context
 * goes out; what fails is told whether or not the order is sampled. */
#include <stdio.h>
#include <string.h>

#include "free_port.h"
#include "http_bank.h"
#include "span_log.h"

#define SETTLE_MS 60000
#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define SAMPLED "00-" TRACE "-00f067aa0ba902b7-01"
#define UNSAMPLED "00-" TRACE "-00f067aa0ba902b7-00"

static http_bank *bank;
static span_log *spans;
static aurora_t *shop;

static void open_shop(void)
{
    bank = http_bank_new(NULL);
    spans = span_log_new();
    shop = http_bank_shop_traced(bank, NULL, span_log_tracer(spans));
    shop_stock_up(shop, 100);
}

static void close_shop(void)
{
    aurora_close(shop);
    span_log_free(spans);
    http_bank_free(bank);
}

static void place(const char *traceparent)
{
    shop_request request;
    aurora_order *order = NULL;
    shop_request_init(&request, NULL, 1, "card");
    request.request.traceparent = traceparent;
    request.request.contact = "somebody@example.com";
    aurora_assert_ok(aurora_order_place(shop, &request.request, &order, NULL));
    ck_assert(shop_wait_settled(shop, order->id, SETTLE_MS));
    aurora_order_free(order);
}

static void assert_went_out(int verb, const char *expected)
{
    pthread_mutex_lock(&bank->lock);
    ck_assert_str_eq(bank->traceparents[verb], expected);
    pthread_mutex_unlock(&bank->lock);
}

START_TEST(test_trace_calls__a_payment_is_a_client_span_whose_context_goes_out)
{
    char text[AURORA_TRACEPARENT_BYTES];
    place(SAMPLED);

    const aurora_span *command = span_log_find(spans, "place order", NULL, NULL);
    const aurora_span *call = span_log_wait(spans, "POST authorize", NULL, NULL);
    span_assert_child(call, command);
    ck_assert_int_eq(call->kind, AURORA_SPAN_CLIENT);
    ck_assert_int_eq(call->status, AURORA_SPAN_UNSET);
    ck_assert_str_eq(span_text(call, "http.request.method"), "POST");
    ck_assert_str_eq(span_text(call, "server.address"), "127.0.0.1");
    ck_assert_int_eq(span_number(call, "server.port"), bank->port);
    ck_assert_int_eq(span_number(call, "http.response.status_code"), 200);
    ck_assert_str_eq(span_text(call, "aurora.payment.outcome"), "done");
    ck_assert_int_eq(span_number(call, "aurora.payment.attempt"), 1);
    aurora_trace_context own = {.trace_flags = AURORA_TRACE_SAMPLED};
    memcpy(own.trace_id, call->trace_id, 16);
    memcpy(own.span_id, call->span_id, 8);
    aurora_traceparent_format(&own, text);
    assert_went_out(AURORA_VERB_AUTHORIZE, text);
    span_log_wait(spans, "POST capture", NULL, NULL);
    span_log_assert_whole(spans, command, SAMPLED);
}
END_TEST

START_TEST(test_trace_calls__each_attempt_is_a_span)
{
    http_bank_treat(bank, AURORA_VERB_AUTHORIZE, HTTP_BANK_FAILS, 1);
    place(SAMPLED);

    const aurora_span *failed = span_log_find(spans, "POST authorize", "error.type", "500");
    ck_assert_int_eq(failed->status, AURORA_SPAN_ERROR);
    ck_assert_int_eq(span_number(failed, "http.response.status_code"), 500);
    ck_assert_uint_ge(span_log_count(spans, "POST authorize", NULL, NULL), 2);
    span_log_assert_whole(spans, failed, SAMPLED);
}
END_TEST

START_TEST(test_trace_calls__of_what_is_not_sampled_only_failures_are_told)
{
    http_bank_treat(bank, AURORA_VERB_AUTHORIZE, HTTP_BANK_FAILS, 1);
    place(UNSAMPLED);

    const aurora_span *failed = span_log_wait(spans, NULL, NULL, NULL);
    ck_assert_str_eq(failed->name, "POST authorize");
    ck_assert_int_eq(failed->status, AURORA_SPAN_ERROR);
    ck_assert_uint_eq(failed->trace_flags, 0);
    span_assert_under(failed, UNSAMPLED);
    ck_assert_uint_eq(span_log_count(spans, NULL, NULL, NULL), 1);
    assert_went_out(AURORA_VERB_CAPTURE, UNSAMPLED);
}
END_TEST

START_TEST(test_trace_calls__a_notification_that_is_not_sent_says_so_under_what_wanted_it)
{
    char notify[80];
    aurora_close(shop);
    snprintf(notify, sizeof notify, "notify=smtp://127.0.0.1:%d?from=a@example.com", free_port());
    shop = http_bank_shop_traced(bank, notify, span_log_tracer(spans));
    shop_stock_up(shop, 100);
    place(SAMPLED);

    const aurora_span *sent = span_log_wait(spans, "send notification", NULL, NULL);
    span_assert_child(
        sent, span_log_find(spans, "follow order.completed", "aurora.follower", "notification"));
    ck_assert_int_eq(sent->kind, AURORA_SPAN_CLIENT);
    ck_assert_int_eq(sent->status, AURORA_SPAN_ERROR);
    ck_assert_str_eq(span_text(sent, "aurora.notification.kind"), "order.completed");
}
END_TEST

static Suite *trace_suite(void)
{
    Suite *suite = suite_create("trace_calls");
    TCase *tcase = tcase_create("calls");

    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, open_shop, close_shop);
    tcase_add_test(tcase, test_trace_calls__a_payment_is_a_client_span_whose_context_goes_out);
    tcase_add_test(tcase, test_trace_calls__each_attempt_is_a_span);
    tcase_add_test(tcase, test_trace_calls__of_what_is_not_sampled_only_failures_are_told);
    tcase_add_test(tcase,
                   test_trace_calls__a_notification_that_is_not_sent_says_so_under_what_wanted_it);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(trace_suite)

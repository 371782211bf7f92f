/* SPDX-License-Identifier: MIT */
/* The spans of orders where one engine does everything: what is under what, what carries which
 * context, and what is not told. */
#include <string.h>

#include "shop.h"
#include "span_log.h"

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define SAMPLED "00-" TRACE "-00f067aa0ba902b7-01"
#define UNSAMPLED "00-" TRACE "-00f067aa0ba902b7-00"

static span_log *spans;
static aurora_t *shop;

static void open_at(const char *url)
{
    spans = span_log_new();
    shop = shop_open(url, AURORA_OPTIONS(.tracer = span_log_tracer(spans)));
    shop_stock_up(shop, 10);
}

static void open_memory(void)
{
    open_at("memory:");
}

static void close_shop(void)
{
    aurora_close(shop);
    span_log_free(spans);
}

static aurora_id place(const char *traceparent, int64_t quantity)
{
    shop_request request;
    aurora_order *order = NULL;
    shop_request_init(&request, NULL, quantity, "card");
    request.request.traceparent = traceparent;
    aurora_assert_ok(aurora_order_place(shop, &request.request, &order, NULL));
    aurora_id id = order->id;
    aurora_order_free(order);
    return id;
}

START_TEST(test_trace__a_placed_order_is_a_span_under_its_caller)
{
    char id[AURORA_ID_TEXT_BYTES];
    aurora_id_format(place(SAMPLED, 1), id);

    const aurora_span *span = span_log_find(spans, "place order", NULL, NULL);

    span_assert_under(span, SAMPLED);
    ck_assert_int_eq(span->kind, AURORA_SPAN_INTERNAL);
    ck_assert_int_eq(span->status, AURORA_SPAN_UNSET);
    ck_assert_uint_eq(span->trace_flags, AURORA_TRACE_SAMPLED);
    ck_assert_str_eq(span_text(span, "aurora.order.id"), id);
    ck_assert_str_eq(span_text(span, "aurora.order.status"), "COMPLETED");
    ck_assert_int_eq(span_number(span, "aurora.batch.size"), 1);
    ck_assert_int_gt(span->start_ns, INT64_C(1600000000000000000));
    ck_assert_int_gt(span->end_ns, span->start_ns);
}
END_TEST

static const aurora_span *step(const char *name, const char *module)
{
    return span_log_find(spans, name, "aurora.module", module);
}

START_TEST(test_trace__the_steps_of_a_cascade_nest_as_they_caused_each_other)
{
    place(SAMPLED, 1);

    const aurora_span *command = span_log_find(spans, "place order", NULL, NULL);
    const aurora_span *reserve = step("process order.created", "inventory");
    const aurora_span *authorize = step("process inventory.reserved", "payment");
    const aurora_span *complete = step("process payment.authorized", "order");
    const aurora_span *commit = step("process order.completed", "inventory");
    const aurora_span *capture = step("process order.completed", "payment");
    span_assert_child(reserve, command);
    span_assert_child(step("process inventory.reserved", "order"), reserve);
    span_assert_child(authorize, reserve);
    span_assert_child(complete, authorize);
    span_assert_child(commit, complete);
    span_assert_child(capture, complete);
    span_assert_child(step("process inventory.committed", "order"), commit);
    span_assert_child(step("process payment.captured", "order"), capture);
    ck_assert_int_ge(reserve->start_ns, command->start_ns);
    ck_assert_int_le(reserve->end_ns, command->end_ns);
    span_log_assert_whole(spans, command, SAMPLED);
}
END_TEST

START_TEST(test_trace__a_batch_is_a_trace_of_its_own_and_both_link)
{
    place(SAMPLED, 1);

    const aurora_span *command = span_log_find(spans, "place order", NULL, NULL);
    const aurora_span *batch = span_log_find(spans, "batch", NULL, NULL);
    static const uint8_t nobody[8];
    ck_assert_mem_eq(batch->parent_id, nobody, 8);
    ck_assert_mem_ne(batch->trace_id, command->trace_id, 16);
    ck_assert(span_has_link(batch, command));
    ck_assert(span_has_link(command, batch));
    ck_assert_int_eq(span_number(batch, "aurora.batch.sampled"), 1);
}
END_TEST

START_TEST(test_trace__without_a_sampled_context_nothing_is_told)
{
    place(NULL, 1);
    place(UNSAMPLED, 1);
    place("garbage", 1);
    place("", 1);

    ck_assert_uint_eq(span_log_count(spans, NULL, NULL, NULL), 0);
}
END_TEST

/* What the log says of the newest event of this kind. */
static void read_trace(int32_t kind, char text_out[300])
{
    aurora_event_page *page = NULL;
    uint64_t after = 0;
    text_out[0] = '\0';
    for (;;) {
        aurora_assert_ok(aurora_event_tail(shop, after, 100, 0, &page));
        uint32_t count = page->count;
        for (uint32_t i = 0; i < count; i++) {
            const aurora_event *event = page->items[i];
            after = event->position;
            if (event->kind == kind)
                strcpy(text_out, event->traceparent == NULL ? "none" : event->traceparent);
        }
        aurora_event_page_free(page);
        if (count == 0)
            return;
    }
}

START_TEST(test_trace__events_carry_the_span_that_emitted_them)
{
    char text[300];
    place(SAMPLED, 1);

    const aurora_span *command = span_log_find(spans, "place order", NULL, NULL);
    aurora_trace_context context;
    read_trace(AURORA_EVENT_ORDER_COMPLETED, text);
    aurora_assert_ok(aurora_traceparent_parse(text, &context));
    ck_assert_mem_eq(context.trace_id, command->trace_id, 16);
    ck_assert_mem_eq(context.span_id, command->span_id, 8);
    ck_assert_uint_eq(context.trace_flags, AURORA_TRACE_SAMPLED);
}
END_TEST

START_TEST(test_trace__what_is_not_sampled_is_handed_on_as_it_came)
{
    char text[300];
    place(UNSAMPLED, 1);

    read_trace(AURORA_EVENT_ORDER_COMPLETED, text);

    ck_assert_str_eq(text, UNSAMPLED);
}
END_TEST

START_TEST(test_trace__garbage_is_no_error_and_goes_no_further)
{
    char text[300];
    char longest[1000];
    memset(longest, '0', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    const char *const garbage[] = {"garbage", longest, "00-\r\nX: y", SAMPLED "-x", ""};
    for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
        place(garbage[i], 1);

        read_trace(AURORA_EVENT_ORDER_COMPLETED, text);

        ck_assert_str_eq(text, "none");
    }
}
END_TEST

START_TEST(test_trace__a_later_version_is_handed_on_as_ours)
{
    char text[300];
    place("42-" TRACE "-00f067aa0ba902b7-00-more", 1);

    read_trace(AURORA_EVENT_ORDER_COMPLETED, text);

    ck_assert_str_eq(text, UNSAMPLED);
}
END_TEST

static aurora_status place_unknown(const char *traceparent)
{
    shop_request request;
    aurora_order *order = NULL;
    shop_request_init(&request, NULL, 1, "card");
    request.line.sku = "nobody-knows";
    request.request.traceparent = traceparent;
    return aurora_order_place(shop, &request.request, &order, NULL);
}

START_TEST(test_trace__a_refused_order_says_why_and_is_no_failure_of_ours)
{
    aurora_assert_status(place_unknown(SAMPLED), AURORA_EUNKNOWNSKU);

    const aurora_span *span = span_log_find(spans, "place order", NULL, NULL);
    span_assert_under(span, SAMPLED);
    ck_assert_int_eq(span->status, AURORA_SPAN_UNSET);
    ck_assert_str_eq(span_text(span, "aurora.status"), "AURORA_EUNKNOWNSKU");
    ck_assert_uint_eq(span_log_count(spans, "process order.created", NULL, NULL), 0);
    aurora_assert_status(place_unknown(UNSAMPLED), AURORA_EUNKNOWNSKU);
    ck_assert_uint_eq(span_log_count(spans, "place order", NULL, NULL), 1);
}
END_TEST

START_TEST(test_trace__an_order_without_stock_shows_its_compensation)
{
    place(SAMPLED, 11);

    const aurora_span *reject = step("process order.created", "inventory");
    const aurora_span *fail = step("process inventory.rejected", "order");
    span_assert_child(fail, reject);
    span_assert_child(step("process order.failed", "inventory"), fail);
    span_assert_child(step("process order.failed", "payment"), fail);
    ck_assert_str_eq(
        span_text(span_log_find(spans, "place order", NULL, NULL), "aurora.order.status"),
        "FAILED");
}
END_TEST

#define OPERATOR "00-11111111111111111111111111111111-2222222222222222-01"

START_TEST(test_trace__a_cancel_is_its_callers_and_links_to_the_order)
{
    aurora_id id = place(SAMPLED, 1);

    aurora_assert_ok(aurora_order_cancel_with(
        shop,
        AURORA_CANCEL(.order_id = id, .reason = AURORA_REASON_CUSTOMER, .traceparent = OPERATOR),
        NULL, NULL));

    const aurora_span *command = span_log_find(spans, "place order", NULL, NULL);
    const aurora_span *span = span_log_find(spans, "cancel order", NULL, NULL);
    span_assert_under(span, OPERATOR);
    ck_assert(span_has_link(span, command));
    ck_assert_str_eq(span_text(span, "aurora.reason"), "customer");
    char text[300];
    read_trace(AURORA_EVENT_ORDER_CANCELLED, text);
    ck_assert_mem_eq(text, SAMPLED, 36);
}
END_TEST

START_TEST(test_trace__a_cancel_without_a_context_goes_on_in_the_orders_trace)
{
    aurora_id id = place(SAMPLED, 1);

    aurora_assert_ok(aurora_order_cancel(shop, id, AURORA_REASON_CUSTOMER, NULL, NULL, NULL));

    const aurora_span *span = span_log_find(spans, "cancel order", NULL, NULL);
    span_assert_child(span, span_log_find(spans, "place order", NULL, NULL));
    span_assert_child(step("process order.cancelled", "payment"), span);
    aurora_trace_context context;
    char text[300];
    read_trace(AURORA_EVENT_ORDER_CANCELLED, text);
    aurora_assert_ok(aurora_traceparent_parse(text, &context));
    ck_assert_mem_eq(context.span_id, span->span_id, 8);
    span_log_assert_whole(spans, span, SAMPLED);
}
END_TEST

START_TEST(test_trace__the_followers_of_the_log_are_under_what_they_follow)
{
    place(SAMPLED, 1);
    shop_pump(shop);

    const aurora_span *command = span_log_find(spans, "place order", NULL, NULL);
    span_assert_child(
        span_log_find(spans, "follow order.completed", "aurora.follower", "notification"), command);
    span_assert_child(span_log_find(spans, "follow order.completed", "aurora.follower", "trending"),
                      command);
    span_log_assert_whole(spans, command, SAMPLED);
}
END_TEST

/* Payments as tasks of the host's, at a clock of the test's. */
static aurora_manual_clock manual;

static void open_with_tasks(void)
{
    static const char *const settings[] = {"payment=none:", "notify=none:"};
    aurora_manual_clock_init(&manual, SHOP_NOW);
    aurora_clock clock;
    aurora_manual_clock_attach(&manual, &clock);
    spans = span_log_new();
    shop = shop_open("memory:", AURORA_OPTIONS(.tracer = span_log_tracer(spans), .clock = &clock,
                                               .settings = settings, .setting_count = 2));
    shop_stock_up(shop, 10);
}

static aurora_id place_pending(void)
{
    shop_request request;
    aurora_order *order = NULL;
    shop_request_init(&request, NULL, 1, "card");
    request.request.traceparent = SAMPLED;
    request.request.flags = AURORA_ORDER_NO_WAIT;
    aurora_assert_ok(aurora_order_place(shop, &request.request, &order, NULL));
    aurora_id id = order->id;
    aurora_order_free(order);
    return id;
}

START_TEST(test_trace__a_task_names_the_span_that_wants_it_and_its_answer_goes_on)
{
    aurora_task_page *page = NULL;
    place_pending();
    aurora_assert_ok(aurora_task_take(shop, AURORA_TASK_PAYMENT, 1, 0, 0, &page));
    ck_assert_uint_eq(page->count, 1);
    aurora_trace_context context;
    aurora_assert_ok(aurora_traceparent_parse(page->items[0]->traceparent, &context));
    const aurora_span *command = span_log_find(spans, "place order", NULL, NULL);
    ck_assert_mem_eq(context.span_id, command->span_id, 8);

    aurora_assert_ok(aurora_task_finish(shop, page->items[0]->id,
                                        AURORA_TASK_RESULT(.outcome = AURORA_OUTCOME_DONE), NULL));
    aurora_task_page_free(page);

    const aurora_span *span = span_log_find(spans, "finish payment", NULL, NULL);
    span_assert_child(span, command);
    ck_assert_str_eq(span_text(span, "aurora.payment.verb"), "authorize");
    span_assert_child(step("process payment.authorized", "order"), span);
    span_log_assert_whole(spans, span, SAMPLED);
}
END_TEST

START_TEST(test_trace__a_deadline_fires_within_the_orders_trace)
{
    place_pending();
    aurora_manual_clock_advance(&manual, 301 * 1000);
    shop_pump(shop);

    const aurora_span *span = span_log_find(spans, "time order", NULL, NULL);
    span_assert_child(span, span_log_find(spans, "place order", NULL, NULL));
    span_assert_child(step("process order.failed", "inventory"), span);
}
END_TEST

/* --- what did not happen ---------------------------------------------------------------------- */

static aurora_fault_plan *plan;

static void open_with_faults(void)
{
    aurora_assert_ok(aurora_fault_plan_new(&plan));
    spans = span_log_new();
    shop = shop_open("memory:", AURORA_OPTIONS(.tracer = span_log_tracer(spans), .faults = plan));
    shop_stock_up(shop, 10);
}

static void close_with_faults(void)
{
    close_shop();
    aurora_fault_plan_free(plan);
}

START_TEST(test_trace__a_batch_that_ran_again_is_told_once)
{
    aurora_assert_ok(
        aurora_fault_plan_set(plan, "store.commit", 1, AURORA_FAULT_FAIL, AURORA_EBUSY));
    place(SAMPLED, 1);

    const aurora_span *command = span_log_find(spans, "place order", NULL, NULL);
    ck_assert_uint_eq(span_log_count(spans, "place order", NULL, NULL), 1);
    ck_assert_uint_eq(span_log_count(spans, "batch", NULL, NULL), 1);
    ck_assert_uint_eq(span_log_count(spans, "process order.created", NULL, NULL), 1);
    ck_assert_int_eq(command->status, AURORA_SPAN_UNSET);
    span_log_assert_whole(spans, command, SAMPLED);
}
END_TEST

static aurora_status place_into_full(const char *traceparent)
{
    shop_request request;
    aurora_order *order = NULL;
    aurora_assert_ok(
        aurora_fault_plan_set(plan, "store.commit", 1, AURORA_FAULT_FAIL, AURORA_EFULL));
    shop_request_init(&request, NULL, 1, "card");
    request.request.traceparent = traceparent;
    return aurora_order_place(shop, &request.request, &order, NULL);
}

START_TEST(test_trace__a_batch_that_failed_leaves_the_failure_alone)
{
    aurora_assert_status(place_into_full(SAMPLED), AURORA_EFULL);

    const aurora_span *failed = span_log_find(spans, "place order", NULL, NULL);
    span_assert_under(failed, SAMPLED);
    ck_assert_int_eq(failed->status, AURORA_SPAN_ERROR);
    ck_assert_str_eq(span_text(failed, "error.type"), "AURORA_EFULL");
    ck_assert_uint_eq(span_log_count(spans, NULL, NULL, NULL), 1);
}
END_TEST

START_TEST(test_trace__a_failure_is_told_although_nobody_sampled_it)
{
    aurora_assert_status(place_into_full(UNSAMPLED), AURORA_EFULL);

    const aurora_span *failed = span_log_find(spans, "place order", NULL, NULL);
    span_assert_under(failed, UNSAMPLED);
    ck_assert_int_eq(failed->status, AURORA_SPAN_ERROR);
    ck_assert_uint_eq(failed->trace_flags, 0);
}
END_TEST

START_TEST(test_trace__a_commit_in_doubt_is_told_once_it_is_known)
{
    aurora_assert_ok(aurora_fault_plan_set(plan, "store.commit", 1, AURORA_FAULT_LOSE, AURORA_OK));
    place(SAMPLED, 1);

    ck_assert_uint_eq(span_log_count(spans, "place order", NULL, NULL), 1);
    span_log_assert_whole(spans, span_log_find(spans, "place order", NULL, NULL), SAMPLED);
}
END_TEST

static Suite *trace_suite(void)
{
    Suite *suite = suite_create("trace_order");
    TCase *tcase = tcase_create("memory");

    tcase_add_checked_fixture(tcase, open_memory, close_shop);
    tcase_add_test(tcase, test_trace__a_placed_order_is_a_span_under_its_caller);
    tcase_add_test(tcase, test_trace__the_steps_of_a_cascade_nest_as_they_caused_each_other);
    tcase_add_test(tcase, test_trace__a_batch_is_a_trace_of_its_own_and_both_link);
    tcase_add_test(tcase, test_trace__without_a_sampled_context_nothing_is_told);
    tcase_add_test(tcase, test_trace__events_carry_the_span_that_emitted_them);
    tcase_add_test(tcase, test_trace__what_is_not_sampled_is_handed_on_as_it_came);
    tcase_add_test(tcase, test_trace__garbage_is_no_error_and_goes_no_further);
    tcase_add_test(tcase, test_trace__a_later_version_is_handed_on_as_ours);
    tcase_add_test(tcase, test_trace__a_refused_order_says_why_and_is_no_failure_of_ours);
    tcase_add_test(tcase, test_trace__an_order_without_stock_shows_its_compensation);
    tcase_add_test(tcase, test_trace__a_cancel_is_its_callers_and_links_to_the_order);
    tcase_add_test(tcase, test_trace__a_cancel_without_a_context_goes_on_in_the_orders_trace);
    tcase_add_test(tcase, test_trace__the_followers_of_the_log_are_under_what_they_follow);
    suite_add_tcase(suite, tcase);

    TCase *tasks = tcase_create("tasks");
    tcase_add_checked_fixture(tasks, open_with_tasks, close_shop);
    tcase_add_test(tasks, test_trace__a_task_names_the_span_that_wants_it_and_its_answer_goes_on);
    tcase_add_test(tasks, test_trace__a_deadline_fires_within_the_orders_trace);
    suite_add_tcase(suite, tasks);

    TCase *faults = tcase_create("faults");
    tcase_add_checked_fixture(faults, open_with_faults, close_with_faults);
    tcase_add_test(faults, test_trace__a_batch_that_ran_again_is_told_once);
    tcase_add_test(faults, test_trace__a_batch_that_failed_leaves_the_failure_alone);
    tcase_add_test(faults, test_trace__a_failure_is_told_although_nobody_sampled_it);
    tcase_add_test(faults, test_trace__a_commit_in_doubt_is_told_once_it_is_known);
    suite_add_tcase(suite, faults);
    return suite;
}

AURORA_TEST_MAIN(trace_suite)

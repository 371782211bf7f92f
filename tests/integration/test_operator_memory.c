/* SPDX-License-Identifier: MIT */
/* Every allocation of the operators', events' and trending calls fails once: each call then answers
 * AURORA_ENOMEM or has managed without, and nothing is lost or left behind. */
#include <stdio.h>

#include <aurora/aurora.h>

#include "order_fixture.h"

static order_fixture fixture;
static uint32_t failures;

/* Whether the call worked; anything but running out of memory fails the test. */
static bool is_done(aurora_status rc)
{
    ck_assert_msg(rc == AURORA_OK || rc == AURORA_ENOMEM, "%s", aurora_status_name(rc));
    failures += rc != AURORA_OK;
    return rc == AURORA_OK;
}

#define assert_given(rc, page)                                                                     \
    do {                                                                                           \
        bool is_done_ = is_done(rc);                                                               \
        ck_assert_int_eq((page) != NULL, is_done_);                                                \
    } while (0)

static void call_events(void)
{
    aurora_event_page *page = NULL;
    aurora_consumer_page *consumers = NULL;
    uint64_t newest = 0;
    aurora_status rc = aurora_event_read(fixture.shop, "mailer", 10, 0, &page);
    assert_given(rc, page);
    if (page != NULL)
        is_done(aurora_event_ack(fixture.shop, "mailer", page->position));
    aurora_event_page_free(page);
    is_done(aurora_event_bounds(fixture.shop, NULL, &newest));
    page = NULL;
    rc = aurora_event_tail(fixture.shop, 0, 100, 0, &page);
    assert_given(rc, page);
    aurora_event_page_free(page);
    rc = aurora_consumer_list(fixture.shop, &consumers);
    assert_given(rc, consumers);
    aurora_consumer_page_free(consumers);
}

static void call_trending(void)
{
    aurora_error err = AURORA_ERROR_INIT;
    aurora_trend_page *page = NULL;
    aurora_status rc =
        aurora_trending(fixture.shop, AURORA_TREND_QUERY(.category = "mugs"), &page, &err);
    assert_given(rc, page);
    aurora_trend_page_free(page);
    page = NULL;
    rc = aurora_related_products(fixture.shop, "cup", 0, &page, &err);
    assert_given(rc, page);
    aurora_trend_page_free(page);
}

static void call_operators(aurora_id id)
{
    aurora_error err = AURORA_ERROR_INIT;
    aurora_report *report = NULL;
    aurora_saga *saga = NULL;
    aurora_saga_page *sagas = NULL;
    aurora_dead_letter_page *letters = NULL;
    aurora_drain drain;
    aurora_order_page *orders = NULL;
    aurora_status rc = aurora_verify(fixture.shop, &report);
    assert_given(rc, report);
    ck_assert(report == NULL || report->is_ok);
    aurora_report_free(report);
    rc = aurora_saga_get(fixture.shop, id, &saga);
    assert_given(rc, saga);
    aurora_saga_free(saga);
    rc = aurora_saga_list(fixture.shop, NULL, NULL, 0, &sagas, &err);
    assert_given(rc, sagas);
    aurora_saga_page_free(sagas);
    rc = aurora_dead_letter_list(fixture.shop, NULL, NULL, 0, &letters, &err);
    assert_given(rc, letters);
    aurora_dead_letter_page_free(letters);
    is_done(aurora_drain_get(fixture.shop, &drain));
    rc = aurora_order_list(fixture.shop, AURORA_ORDER_FILTER(.customer_id = "ada"), NULL, 0,
                           &orders, &err);
    assert_given(rc, orders);
    ck_assert(orders == NULL || orders->count == 1);
    aurora_order_page_free(orders);
    is_done(aurora_restored(fixture.shop, &err));
    is_done(aurora_saga_repair(
        fixture.shop,
        AURORA_REPAIR(.order_id = id, .action = AURORA_REPAIR_COMPENSATE, .actor = "eve"), &err));
}

/* Behind the operator's act, whose name stands in the history. */
static void call_verify(void)
{
    aurora_report *report = NULL;
    aurora_status rc = aurora_verify(fixture.shop, &report);
    assert_given(rc, report);
    ck_assert_msg(report == NULL || report->is_ok, "%s: %s",
                  report == NULL || report->count == 0 ? "" : report->items[0]->invariant,
                  report == NULL || report->count == 0 ? "" : report->items[0]->message);
    aurora_report_free(report);
}

/* Runs all calls, of whose allocations number `at` fails, and says how many there were; below 0
 * none fails. */
static int64_t run(int64_t at)
{
    int64_t next;
    aurora_order *order = NULL;
    aurora_line line = {.sku = "cup", .quantity = 1};
    order_fixture_init(&fixture, ORDER_FIXTURE_MEMORY);
    fixture.has_manual_clock = true;
    order_fixture_open(&fixture);
    order_fixture_stock(&fixture);
    aurora_assert_ok(aurora_order_place(fixture.shop,
                                        AURORA_ORDER(.currency = "EUR", .customer_id = "ada",
                                                     .payment_method = "tok_approve",
                                                     .lines = &line, .line_count = 1),
                                        &order, NULL));
    aurora_id id = order->id;
    aurora_order_free(order);
    uint64_t before = aurora_failing_allocator_count(&fixture.heap.counts);
    failing_heap_fail_in(&fixture.heap, at);

    aurora_manual_clock_advance(&fixture.manual, 60000);
    aurora_assert_ok(aurora_pump(fixture.shop, 0, &next));
    call_events();
    call_trending();
    call_operators(id);
    call_verify();

    uint64_t after = aurora_failing_allocator_count(&fixture.heap.counts);
    order_fixture_stop(&fixture);
    return (int64_t)(after - before);
}

START_TEST(test_operator__any_allocation_may_fail)
{
    int64_t count = run(-1);
    ck_assert_uint_eq(failures, 0);

    for (int64_t at = 0; at < count; at++)
        run(at);

    ck_assert_uint_gt(failures, 50);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("operator_memory");
    TCase *tcase = tcase_create("operator_memory");
    tcase_add_test(tcase, test_operator__any_allocation_may_fail);
    tcase_set_timeout(tcase, 200);
    suite_add_tcase(s, tcase);
    return s;
}

AURORA_TEST_MAIN(suite)

/* SPDX-License-Identifier: MIT */
/* Queries beside a worker that writes: what they borrow from the followers is never torn, and every
 * snapshot passes the audit. */
#include <pthread.h>
#include <stdatomic.h>

#include <aurora/aurora.h>

#include "order_fixture.h"

#define ORDERS 90 /* there are 100 cups */

static order_fixture fixture;
static atomic_bool is_over;
static atomic_uint violations;
static atomic_uint failures;

static void note(aurora_status rc)
{
    if (rc != AURORA_OK)
        atomic_fetch_add(&failures, 1);
}

static void query_once(void)
{
    aurora_trend_page *trends = NULL;
    aurora_order_page *orders = NULL;
    aurora_report *report = NULL;
    aurora_event_page *events = NULL;
    aurora_saga_page *sagas = NULL;
    aurora_consumer_page *consumers = NULL;
    note(aurora_trending(fixture.shop, NULL, &trends, NULL));
    note(aurora_order_list(fixture.shop, AURORA_ORDER_FILTER(.customer_id = "ada"), NULL, 0,
                           &orders, NULL));
    note(aurora_verify(fixture.shop, &report));
    if (report != NULL && !report->is_ok)
        atomic_fetch_add(&violations, 1);
    note(aurora_event_tail(fixture.shop, 0, 50, 0, &events));
    note(aurora_saga_list(fixture.shop, NULL, NULL, 0, &sagas, NULL));
    note(aurora_consumer_list(fixture.shop, &consumers));
    aurora_trend_page_free(trends);
    aurora_order_page_free(orders);
    aurora_report_free(report);
    aurora_event_page_free(events);
    aurora_saga_page_free(sagas);
    aurora_consumer_page_free(consumers);
}

static void *query(void *argument)
{
    (void)argument;
    while (!atomic_load(&is_over))
        query_once();
    return NULL;
}

START_TEST(test_readers__queries_beside_a_writer_see_whole_snapshots)
{
    pthread_t readers[2];
    order_fixture_start(&fixture,
                        _i == 0 ? ORDER_FIXTURE_MEMORY_WORKER : ORDER_FIXTURE_SQLITE_WORKER);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&readers[i], NULL, query, NULL), 0);

    for (int i = 0; i < ORDERS; i++) {
        aurora_order *order = NULL;
        aurora_line line = {.sku = "cup", .quantity = 1};
        aurora_assert_ok(
            aurora_order_place(fixture.shop,
                               AURORA_ORDER(.currency = "EUR", .payment_method = "tok_approve",
                                            .customer_id = i % 3 == 0 ? "bob" : "ada",
                                            .lines = &line, .line_count = 1),
                               &order, NULL));
        aurora_order_free(order);
    }
    atomic_store(&is_over, true);
    for (int i = 0; i < 2; i++)
        pthread_join(readers[i], NULL);

    ck_assert_uint_eq(atomic_load(&violations), 0);
    ck_assert_uint_eq(atomic_load(&failures), 0);
    aurora_order_page *page = NULL;
    aurora_assert_ok(aurora_order_list(fixture.shop, AURORA_ORDER_FILTER(.customer_id = "ada"),
                                       NULL, 1000, &page, NULL));
    ck_assert_uint_eq(page->count, ORDERS / 3 * 2);
    aurora_order_page_free(page);
    order_fixture_stop(&fixture);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("readers");
    TCase *tcase = tcase_create("readers");
    tcase_add_loop_test(tcase, test_readers__queries_beside_a_writer_see_whole_snapshots, 0, 2);
    tcase_set_timeout(tcase, 120);
    suite_add_tcase(s, tcase);
    return s;
}

AURORA_TEST_MAIN(suite)

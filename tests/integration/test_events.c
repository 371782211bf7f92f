/* SPDX-License-Identifier: MIT */
/* The log through its public calls: consumers, acknowledgements, tails, waiting. */
#include <pthread.h>
#include <stdatomic.h>

#include <aurora/aurora.h>

#include "api/handle.h"
#include "order_fixture.h"

static order_fixture fixture;

#define KIND (_i == 0 ? ORDER_FIXTURE_MEMORY : ORDER_FIXTURE_SQLITE)

static aurora_event_page *read_some(const char *consumer, uint32_t limit)
{
    aurora_event_page *page = NULL;
    aurora_assert_ok(aurora_event_read(fixture.shop, consumer, limit, 0, &page));
    return page;
}

static void trim_to(int64_t position)
{
    const aurora_store *store = aurora__engine_store(fixture.shop->engine);
    aurora_store_txn *txn;
    aurora_id batch = {{0xEE}};
    uint64_t epoch;
    aurora_assert_ok(store->begin(store->self, AURORA_TXN_WRITE, batch, 1000, &epoch, &txn));
    aurora_assert_ok(store->log_trim(store->self, txn, position, 65536));
    aurora_assert_ok(store->commit(store->self, txn));
}

START_TEST(test_event_read__gives_the_events_of_an_order_in_order)
{
    static const int32_t expected[] = {
        AURORA_EVENT_ORDER_CREATED,       AURORA_EVENT_INVENTORY_RESERVED,
        AURORA_EVENT_PAYMENT_AUTHORIZED,  AURORA_EVENT_ORDER_COMPLETED,
        AURORA_EVENT_INVENTORY_COMMITTED, AURORA_EVENT_PAYMENT_CAPTURED};
    order_fixture_start(&fixture, KIND);
    uint64_t newest;
    aurora_assert_ok(aurora_event_bounds(fixture.shop, NULL, &newest));
    aurora_order *order = order_fixture_place(&fixture, "k", "cup", 2);
    aurora_event_page *page = NULL;

    aurora_assert_ok(aurora_event_tail(fixture.shop, newest, 0, 0, &page));

    ck_assert_uint_eq(page->count, 6);
    uint32_t seen = 0;
    for (uint32_t i = 0; i < page->count; i++) {
        const aurora_event *event = page->items[i];
        ck_assert_uint_eq(event->position, newest + 1 + i);
        aurora_assert_id_eq(event->order_id, order->id);
        ck_assert_str_eq(event->type_name, aurora_event_name(event->kind));
        ck_assert_uint_eq(strlen(event->data), event->data_len);
        ck_assert_ptr_nonnull(strstr(event->data, "\"order_id\""));
        ck_assert_int_eq(strncmp(event->source, "/aurora/", 8), 0);
        for (uint32_t k = 0; k < 6; k++)
            seen |= event->kind == expected[k] ? 1u << k : 0;
    }
    ck_assert_uint_eq(seen, 63);
    ck_assert_int_eq(page->items[0]->kind, AURORA_EVENT_ORDER_CREATED);
    ck_assert_uint_eq(page->position, newest + 6);
    aurora_event_page_free(page);
    aurora_order_free(order);
    order_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_event_read__repeats_until_acknowledged)
{
    order_fixture_start(&fixture, KIND);
    aurora_event_page *first = read_some("mailer", 1);
    aurora_event_page *again = read_some("mailer", 1);
    ck_assert_uint_eq(first->count, 1);
    ck_assert_uint_eq(again->position, first->position);
    ck_assert_str_eq(again->items[0]->id, first->items[0]->id);

    aurora_assert_ok(aurora_event_ack(fixture.shop, "mailer", first->position));

    aurora_event_page *next = read_some("mailer", 1);
    ck_assert_uint_eq(next->items[0]->position, first->position + 1);
    aurora_event_page_free(first);
    aurora_event_page_free(again);
    aurora_event_page_free(next);
    order_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_event_read__every_page_together_is_the_whole_log)
{
    order_fixture_start(&fixture, KIND);
    for (int i = 0; i < 10; i++)
        aurora_order_free(order_fixture_place(&fixture, NULL, "cup", 1));
    uint64_t oldest, newest, expected;
    aurora_assert_ok(aurora_event_bounds(fixture.shop, &oldest, &newest));
    expected = oldest;

    for (;;) {
        aurora_event_page *page = read_some("all", 7);
        uint32_t count = page->count;
        for (uint32_t i = 0; i < count; i++)
            ck_assert_uint_eq(page->items[i]->position, expected++);
        aurora_assert_ok(aurora_event_ack(fixture.shop, "all", page->position));
        aurora_event_page_free(page);
        if (count == 0)
            break;
    }

    ck_assert_uint_eq(expected, newest + 1);
    order_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_event_ack__is_kept_over_a_restart)
{
    order_fixture_start(&fixture, ORDER_FIXTURE_SQLITE);
    aurora_event_page *page = read_some("mailer", 2);
    aurora_assert_ok(aurora_event_ack(fixture.shop, "mailer", page->position));

    order_fixture_reopen(&fixture);

    aurora_event_page_free(page);
    uint64_t newest;
    aurora_assert_ok(aurora_event_bounds(fixture.shop, NULL, &newest));
    page = read_some("mailer", 1);
    ck_assert_uint_eq(page->count, newest > 2);
    ck_assert_uint_eq(page->position, newest > 2 ? 3 : 2);
    aurora_event_page_free(page);
    order_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_event_ack__refuses_what_cannot_have_been_read)
{
    order_fixture_start(&fixture, KIND);

    aurora_assert_status(aurora_event_ack(fixture.shop, "nobody", 1), AURORA_ENOTFOUND);
    aurora_event_page_free(read_some("mailer", 1));
    aurora_assert_status(aurora_event_ack(fixture.shop, "mailer", 1000000), AURORA_EINVAL);
    aurora_assert_status(aurora_event_ack(fixture.shop, "Mailer", 1), AURORA_EINVAL);
    aurora_assert_ok(aurora_event_ack(fixture.shop, "mailer", 2));
    aurora_assert_ok(aurora_event_ack(fixture.shop, "mailer", 1));
    order_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_event_read__a_consumer_that_retention_passed_is_gone_until_it_acknowledges)
{
    order_fixture_start(&fixture, KIND);
    aurora_event_page *page = read_some("mailer", 1);
    aurora_event_page_free(page);
    aurora_order_free(order_fixture_place(&fixture, NULL, "cup", 1));
    aurora_order_free(order_fixture_place(&fixture, NULL, "cup", 1));
    uint64_t oldest, newest;
    aurora_assert_ok(aurora_event_bounds(fixture.shop, NULL, &newest));

    trim_to((int64_t)newest - 3);

    aurora_assert_ok(aurora_event_bounds(fixture.shop, &oldest, &newest));
    ck_assert_uint_gt(oldest, 1);
    aurora_assert_status(aurora_event_read(fixture.shop, "mailer", 1, 0, &page), AURORA_EGONE);
    aurora_assert_status(aurora_event_ack(fixture.shop, "mailer", oldest - 2), AURORA_EGONE);
    aurora_assert_status(aurora_event_tail(fixture.shop, 0, 1, 0, &page), AURORA_EGONE);
    aurora_consumer_page *consumers = NULL;
    aurora_assert_ok(aurora_consumer_list(fixture.shop, &consumers));
    bool is_gone = false;
    for (uint32_t i = 0; i < consumers->count; i++)
        is_gone |= strcmp(consumers->items[i]->name, "mailer") == 0 && consumers->items[i]->is_gone;
    ck_assert(is_gone);
    aurora_consumer_page_free(consumers);
    aurora_assert_ok(aurora_event_ack(fixture.shop, "mailer", newest));
    page = read_some("mailer", 1);
    ck_assert_uint_eq(page->count, 0);
    ck_assert_uint_eq(page->position, newest);
    aurora_event_page_free(page);
    order_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_event_read__waits_for_the_first_event)
{
    order_fixture_start(&fixture, ORDER_FIXTURE_MEMORY);
    uint64_t newest;
    aurora_event_page *page = NULL;
    aurora_assert_ok(aurora_event_bounds(fixture.shop, NULL, &newest));

    aurora_assert_ok(aurora_event_tail(fixture.shop, newest, 1, 1, &page));

    ck_assert_uint_eq(page->count, 0);
    ck_assert_uint_eq(page->position, newest);
    aurora_event_page_free(page);
    order_fixture_stop(&fixture);
}
END_TEST

static atomic_bool has_returned;

/* A wake ends only the waits that have begun, so it is repeated until one has ended. */
static void *wake(void *argument)
{
    (void)argument;
    while (!atomic_load(&has_returned))
        aurora_wake(fixture.shop);
    return NULL;
}

START_TEST(test_event_read__a_wake_ends_the_waiting)
{
    order_fixture_start(&fixture, ORDER_FIXTURE_MEMORY_WORKER);
    pthread_t waker;
    uint64_t newest;
    aurora_event_page *page = NULL;
    aurora_assert_ok(aurora_event_bounds(fixture.shop, NULL, &newest));
    ck_assert_int_eq(pthread_create(&waker, NULL, wake, NULL), 0);

    aurora_status rc = aurora_event_tail(fixture.shop, newest, 1, -1, &page);

    atomic_store(&has_returned, true);
    pthread_join(waker, NULL);
    aurora_assert_status(rc, AURORA_EINTR);
    ck_assert_ptr_null(page);
    order_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_event_read__names_and_limits_are_checked)
{
    static const char *const bad[] = {"", "A", "a b", "\xC3\xA4", "a/b", NULL};
    char longest[70];
    aurora_event_page *page = NULL;
    order_fixture_start(&fixture, ORDER_FIXTURE_MEMORY);

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        aurora_assert_status(aurora_event_read(fixture.shop, bad[i], 1, 0, &page), AURORA_EINVAL);
    memset(longest, 'a', sizeof longest);
    longest[65] = '\0';
    aurora_assert_status(aurora_event_read(fixture.shop, longest, 1, 0, &page), AURORA_EINVAL);
    longest[64] = '\0';
    aurora_event_page_free(read_some(longest, 1));
    aurora_assert_status(aurora_event_read(fixture.shop, "a", 1001, 0, &page), AURORA_EINVAL);
    aurora_assert_status(aurora_event_read(fixture.shop, "a", 1, -2, &page), AURORA_EINVAL);
    aurora_assert_status(aurora_event_read(fixture.shop, "a", 1, 0, NULL), AURORA_EINVAL);
    aurora_assert_status(aurora_event_read(NULL, "a", 1, 0, &page), AURORA_EINVAL);
    order_fixture_stop(&fixture);
}
END_TEST

START_TEST(test_consumer_delete__forgets_a_hosts_and_no_other)
{
    aurora_error err = AURORA_ERROR_INIT;
    aurora_consumer_page *page = NULL;
    int64_t next;
    order_fixture_start(&fixture, KIND);
    aurora_order_free(order_fixture_place(&fixture, NULL, "cup", 1));
    aurora_assert_ok(aurora_pump(fixture.shop, 200, &next));
    aurora_event_page_free(read_some("mailer", 1));

    aurora_assert_ok(aurora_consumer_delete(fixture.shop, "mailer", &err));

    aurora_assert_status(aurora_consumer_delete(fixture.shop, "mailer", &err), AURORA_ENOTFOUND);
    aurora_assert_status(aurora_consumer_delete(fixture.shop, "notification", &err), AURORA_EINVAL);
    aurora_assert_ok(aurora_consumer_list(fixture.shop, &page));
    bool has_notification = false;
    for (uint32_t i = 0; i < page->count; i++) {
        ck_assert_str_ne(page->items[i]->name, "mailer");
        ck_assert(i == 0 || strcmp(page->items[i - 1]->name, page->items[i]->name) < 0);
        if (strcmp(page->items[i]->name, "notification") == 0) {
            has_notification = true;
            ck_assert_int_eq(page->items[i]->kind, AURORA_CONSUMER_FOLLOWER);
        }
    }
    ck_assert(has_notification);
    aurora_consumer_page_free(page);
    order_fixture_stop(&fixture);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("events");
    TCase *tcase = tcase_create("events");
    tcase_add_loop_test(tcase, test_event_read__gives_the_events_of_an_order_in_order, 0, 2);
    tcase_add_loop_test(tcase, test_event_read__repeats_until_acknowledged, 0, 2);
    tcase_add_loop_test(tcase, test_event_read__every_page_together_is_the_whole_log, 0, 2);
    tcase_add_test(tcase, test_event_ack__is_kept_over_a_restart);
    tcase_add_loop_test(tcase, test_event_ack__refuses_what_cannot_have_been_read, 0, 2);
    tcase_add_loop_test(
        tcase, test_event_read__a_consumer_that_retention_passed_is_gone_until_it_acknowledges, 0,
        2);
    tcase_add_test(tcase, test_event_read__waits_for_the_first_event);
    tcase_add_test(tcase, test_event_read__a_wake_ends_the_waiting);
    tcase_add_test(tcase, test_event_read__names_and_limits_are_checked);
    tcase_add_loop_test(tcase, test_consumer_delete__forgets_a_hosts_and_no_other, 0, 2);
    tcase_set_timeout(tcase, 60);
    suite_add_tcase(s, tcase);
    return s;
}

AURORA_TEST_MAIN(suite)

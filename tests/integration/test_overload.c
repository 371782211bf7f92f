/* SPDX-License-Identifier: MIT */
/* Too much work: new orders are refused at the door, in time and for a reason that passes, while
 * what runs goes on to its end. And the order in which work comes that fell due all at once. */
#include <stdio.h>
#include <string.h>

#include "batch_fixture.h"
#include "core/tables.h"
#include "engine/internal.h"

#define QUEUE 16
#define HOUR INT64_C(3600000)

static batch_fixture f;

static void stop(void)
{
    batch_fixture_close(&f);
}

/* --- a full queue ----------------------------------------------------------------------------- */

static void start_small(void)
{
    batch_fixture_open(&f, "memory:", "queue_max=16", NULL);
}

START_TEST(test_overload__a_full_queue_refuses_until_a_batch_was_taken_out)
{
    shop_request request;
    uint32_t accepted = 1;
    const aurora_order_request *one = shop_request_init(&request, "one more", 1, "tok_approve");
    batch_fixture_submit(&f, 0, QUEUE);

    aurora_assert_status(aurora_order_submit(f.queue, &one, NULL, 1, &accepted), AURORA_EBUSY);
    aurora_assert_status(aurora_stock_receive(f.shop, SHOP_SKU, 1, "more", NULL), AURORA_EBUSY);

    ck_assert_uint_eq(accepted, 0);
    ck_assert_uint_eq(batch_fixture_metric(&f, "aurora_overload_total"), 2);
    ck_assert_uint_eq(batch_fixture_metric(&f, "aurora_queue_length"), QUEUE);
    batch_fixture_turn(&f);
    ck_assert_uint_eq(batch_fixture_metric(&f, "aurora_queue_length"), 0);
    batch_fixture_assert_done(&f, 0, QUEUE, AURORA_OK);
    aurora_assert_ok(aurora_stock_receive(f.shop, SHOP_SKU, 1, "more", NULL));
    batch_fixture_submit(&f, QUEUE, QUEUE);
    batch_fixture_turn(&f);
    batch_fixture_assert_done(&f, QUEUE, QUEUE, AURORA_OK);
    ck_assert_int_eq(shop_stock(f.shop).sold, 2 * QUEUE);
    shop_assert_clean(f.shop);
}
END_TEST

/* --- no new orders ---------------------------------------------------------------------------- */

static void start_unpaid(void)
{
    batch_fixture_open(&f, "memory:", "payment=none:", "log_max_bytes=1MiB");
}

/* Serves the payment tasks of all orders but one. */
static void pay_all_but(aurora_id unpaid)
{
    for (bool has_more = true; has_more;) {
        aurora_task_page *page = NULL;
        aurora_assert_ok(aurora_task_take(f.shop, AURORA_TASK_PAYMENT, 100, 1000, 0, &page));
        has_more = page->count > 0;
        for (uint32_t i = 0; i < page->count; i++) {
            if (aurora_id_is_equal(page->items[i]->order_id, unpaid))
                continue;
            aurora_assert_ok(aurora_task_finish(
                f.shop, page->items[i]->id,
                AURORA_TASK_RESULT(.outcome = AURORA_OUTCOME_DONE, .provider_reference = "p"),
                NULL));
        }
        aurora_task_page_free(page);
    }
}

static aurora_status try_order(const char *key)
{
    shop_request request;
    aurora_order *order = NULL;
    shop_request_init(&request, key, 1, "card");
    request.request.flags = AURORA_ORDER_NO_WAIT;
    aurora_status rc = aurora_order_place(f.shop, &request.request, &order, NULL);
    aurora_order_free(order);
    return rc;
}

/* While no order is accepted one is paid for, one is cancelled, and one runs out of time. */
static void assert_only_new_orders_are_refused(const aurora_id orders[3])
{
    uint32_t accepted;
    shop_request request;
    const aurora_order_request *one = shop_request_init(&request, "queued", 1, "card");
    aurora_assert_status(try_order("placed"), AURORA_EBUSY);
    aurora_assert_status(aurora_order_submit(f.queue, &one, NULL, 1, &accepted), AURORA_EBUSY);
    aurora_assert_ok(
        aurora_order_cancel(f.shop, orders[1], AURORA_REASON_CUSTOMER, NULL, NULL, NULL));
    pay_all_but(orders[2]);
    aurora_assert_ok(aurora_stock_receive(f.shop, SHOP_SKU, 1, "another delivery", NULL));
    aurora_manual_clock_advance(&f.manual, HOUR);
    shop_pump(f.shop);
    ck_assert_int_eq(shop_status(f.shop, orders[0]), AURORA_ORDER_COMPLETED);
    ck_assert(shop_is_settled(f.shop, orders[0]));
    ck_assert_int_eq(shop_status(f.shop, orders[1]), AURORA_ORDER_CANCELLED);
    ck_assert(shop_is_settled(f.shop, orders[1]));
    ck_assert_int_eq(shop_status(f.shop, orders[2]), AURORA_ORDER_FAILED);
    ck_assert_int_eq(shop_reason(f.shop, orders[2]), AURORA_REASON_DEADLINE);
    ck_assert_int_eq(shop_stock(f.shop).received, 1001);
    aurora_assert_status(try_order("placed again"), AURORA_EBUSY);
    ck_assert_uint_eq(shop_count(f.shop, 0), 3);
    shop_assert_clean(f.shop);
}

static void place_three(aurora_id out[3])
{
    out[0] = shop_submit(f.shop, "a", 1);
    out[1] = shop_submit(f.shop, "b", 1);
    out[2] = shop_submit(f.shop, "c", 1);
}

START_TEST(test_overload__a_draining_handle_finishes_what_runs)
{
    aurora_id orders[3];
    aurora_drain drain;
    place_three(orders);

    aurora_assert_ok(aurora_drain_set(f.shop, 1));

    assert_only_new_orders_are_refused(orders);
    aurora_assert_ok(aurora_drain_get(f.shop, &drain));
    ck_assert_uint_eq(drain.is_refusing, 1);
    aurora_assert_ok(aurora_drain_set(f.shop, 0));
    aurora_assert_ok(try_order("placed"));
}
END_TEST

/* What a command that was accepted before finds when its batch comes. */
START_TEST(test_overload__orders_accepted_before_a_drain_are_decided)
{
    batch_fixture_submit(&f, 0, 5);
    aurora_assert_ok(aurora_drain_set(f.shop, 1));

    batch_fixture_turn(&f);

    batch_fixture_assert_done(&f, 0, 5, AURORA_OK);
    ck_assert_uint_eq(shop_count(f.shop, AURORA_ORDER_RESERVED), 5);
}
END_TEST

static aurora__cursor_row relay_at(int64_t position)
{
    return (aurora__cursor_row){
        .name = "relay", .kind = 3, .position = position, .seen_at = SHOP_NOW};
}

/* More than log_max_bytes of events that a relay has not published. */
static void fill_log(void)
{
    static char text[60001];
    memset(text, 'x', sizeof text - 1);
    for (int i = 0; i < 20; i++)
        aurora_assert_ok(
            aurora_product_put(f.shop,
                               AURORA_PRODUCT(.sku = "mug", .name = "Mug", .price_minor = 1 + i,
                                              .currency = "EUR", .description = text),
                               AURORA_ANY_VERSION, NULL, NULL));
    aurora_manual_clock_advance(&f.manual, 10000);
    shop_pump(f.shop);
}

START_TEST(test_overload__a_full_log_refuses_orders_until_it_can_be_trimmed)
{
    uint64_t newest;
    aurora__cursor_row relay = relay_at(0);
    batch_fixture_put(&f, AURORA__TABLE_cursor, &relay, AURORA_PUT_UPSERT);
    aurora_assert_ok(try_order("the log has room"));

    fill_log();

    aurora_assert_status(try_order("placed"), AURORA_EBUSY);
    ck_assert_uint_ge(batch_fixture_metric(&f, "aurora_overload_total"), 1);
    ck_assert_uint_ge(batch_fixture_metric(&f, "aurora_log_bytes"), 1u << 20);
    ck_assert_uint_eq(batch_fixture_metric(&f, "aurora_log_max_bytes"), 1u << 20);
    aurora_assert_ok(aurora_event_bounds(f.shop, NULL, &newest));
    relay = relay_at((int64_t)newest);
    batch_fixture_put(&f, AURORA__TABLE_cursor, &relay, AURORA_PUT_UPSERT);
    aurora_manual_clock_advance(&f.manual, 1000);
    shop_pump(f.shop);
    aurora_assert_ok(try_order("placed"));
    ck_assert_uint_lt(batch_fixture_metric(&f, "aurora_log_bytes"), 1u << 20);
    shop_assert_clean(f.shop);
}
END_TEST

START_TEST(test_overload__a_full_log_lets_what_runs_go_on)
{
    aurora_id orders[3];
    aurora__cursor_row relay = relay_at(0);
    batch_fixture_put(&f, AURORA__TABLE_cursor, &relay, AURORA_PUT_UPSERT);
    place_three(orders);

    fill_log();

    assert_only_new_orders_are_refused(orders);
}
END_TEST

/* --- much that is due at once ----------------------------------------------------------------- */

enum { LATE = 40 };

/* The orders that events of this kind tell of since `after`, in order; the times never fall. */
static uint32_t read_orders(uint64_t after, int32_t kind, aurora_id *out, uint32_t capacity)
{
    uint32_t count = 0;
    int64_t at_ms = 0;
    aurora_event_page *page = NULL;
    aurora_assert_ok(aurora_event_tail(f.shop, after, 1000, 0, &page));
    for (uint32_t i = 0; i < page->count; i++) {
        ck_assert_int_ge(page->items[i]->at_ms, at_ms);
        at_ms = page->items[i]->at_ms;
        if (page->items[i]->kind != kind)
            continue;
        ck_assert_uint_lt(count, capacity);
        out[count++] = page->items[i]->order_id;
    }
    aurora_event_page_free(page);
    return count;
}

START_TEST(test_overload__timers_fire_in_the_order_in_which_they_fell_due)
{
    aurora_id placed[LATE], failed[LATE + 1];
    uint64_t newest;
    for (int i = 0; i < LATE; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        placed[i] = shop_submit(f.shop, key, 1);
        aurora_manual_clock_advance(&f.manual, 100);
    }
    aurora_assert_ok(aurora_event_bounds(f.shop, NULL, &newest));

    aurora_manual_clock_advance(&f.manual, 24 * HOUR);
    shop_pump(f.shop);

    ck_assert_uint_eq(read_orders(newest, AURORA_EVENT_ORDER_FAILED, failed, LATE + 1), LATE);
    for (int i = 0; i < LATE; i++)
        aurora_assert_id_eq(failed[i], placed[i]);
    ck_assert_int_eq(shop_stock(f.shop).available, 1000);
    shop_assert_clean(f.shop);
}
END_TEST

START_TEST(test_overload__stored_times_never_fall_when_the_clock_steps_back)
{
    aurora_id placed[LATE], created[LATE];
    int64_t before = 0;
    for (int i = 0; i < LATE; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        placed[i] = shop_submit(f.shop, key, 1);
        aurora_order *order = shop_order(f.shop, placed[i]);
        ck_assert_int_ge(order->created_at_ms, before);
        before = order->created_at_ms;
        aurora_order_free(order);
        aurora_manual_clock_advance(&f.manual, 50);
        if (i % 5 == 4)
            aurora_manual_clock_step(&f.manual, SHOP_NOW - i * HOUR);
    }

    ck_assert_int_eq(before, SHOP_NOW + (LATE - 1) * 50);
    ck_assert_uint_eq(read_orders(0, AURORA_EVENT_ORDER_CREATED, created, LATE), LATE);
    for (int i = 0; i < LATE; i++)
        aurora_assert_id_eq(created[i], placed[i]);
    shop_assert_clean(f.shop);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("overload");
    TCase *small = tcase_create("queue");
    tcase_add_checked_fixture(small, start_small, stop);
    tcase_add_test(small, test_overload__a_full_queue_refuses_until_a_batch_was_taken_out);
    suite_add_tcase(all, small);
    TCase *unpaid = tcase_create("orders");
    tcase_add_checked_fixture(unpaid, start_unpaid, stop);
    tcase_add_test(unpaid, test_overload__a_draining_handle_finishes_what_runs);
    tcase_add_test(unpaid, test_overload__orders_accepted_before_a_drain_are_decided);
    tcase_add_test(unpaid, test_overload__a_full_log_refuses_orders_until_it_can_be_trimmed);
    tcase_add_test(unpaid, test_overload__a_full_log_lets_what_runs_go_on);
    tcase_add_test(unpaid, test_overload__timers_fire_in_the_order_in_which_they_fell_due);
    tcase_add_test(unpaid, test_overload__stored_times_never_fall_when_the_clock_steps_back);
    suite_add_tcase(all, unpaid);
    return all;
}

AURORA_TEST_MAIN(suite)

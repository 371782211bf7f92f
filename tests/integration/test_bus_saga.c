/* SPDX-License-Identifier: MIT */
/* Seven services over one bus do what one process does: each with a store of its own, told of each
 * other's facts by messages alone. */
#include "bus_shop.h"

#include <stdio.h>

#define WAIT_MS 30000

static bool is_settled(bus_shop *shop, void *argument)
{
    return shop_is_settled(shop->services[BUS_ORDER], *(const aurora_id *)argument);
}

static void assert_settled(bus_shop *shop, aurora_id id)
{
    ck_assert_msg(bus_shop_wait(shop, is_settled, &id, WAIT_MS), "the order does not settle");
}

static aurora_id place(bus_shop *shop, const char *key, int64_t quantity, const char *method)
{
    aurora_order *order =
        shop_place(shop->services[BUS_ORDER], key, quantity, method, AURORA_ORDER_NO_WAIT);
    aurora_id id = order->id;
    aurora_order_free(order);
    return id;
}

START_TEST(test_saga__an_order_completes_and_settles_over_the_bus)
{
    bus_shop *shop = bus_shop_new(4);
    bus_shop_start_all(shop);
    bus_shop_stock_up(shop, 10);

    aurora_id id = place(shop, "k1", 3, "card");

    assert_settled(shop, id);
    ck_assert_int_eq(shop_status(shop->services[BUS_ORDER], id), AURORA_ORDER_COMPLETED);
    aurora_stock stock = shop_stock(shop->services[BUS_INVENTORY]);
    ck_assert_int_eq(stock.available, 7);
    ck_assert_int_eq(stock.sold, 3);
    for (int i = 0; i < BUS_SERVICES; i++)
        shop_assert_clean(shop->services[i]);
    bus_shop_free(shop);
}
END_TEST

START_TEST(test_saga__a_declined_payment_gives_the_stock_back)
{
    bus_shop *shop = bus_shop_new(4);
    bus_shop_start_all(shop);
    bus_shop_stock_up(shop, 10);

    aurora_id id = place(shop, "k1", 3, "tok_decline");

    assert_settled(shop, id);
    ck_assert_int_eq(shop_status(shop->services[BUS_ORDER], id), AURORA_ORDER_FAILED);
    ck_assert_int_eq(shop_reason(shop->services[BUS_ORDER], id), AURORA_REASON_PAYMENT_DECLINED);
    ck_assert_int_eq(shop_stock(shop->services[BUS_INVENTORY]).available, 10);
    bus_shop_free(shop);
}
END_TEST

START_TEST(test_saga__what_is_not_in_stock_fails_the_order)
{
    bus_shop *shop = bus_shop_new(4);
    bus_shop_start_all(shop);
    bus_shop_stock_up(shop, 2);

    aurora_id id = place(shop, "k1", 3, "card");

    assert_settled(shop, id);
    ck_assert_int_eq(shop_status(shop->services[BUS_ORDER], id), AURORA_ORDER_FAILED);
    ck_assert_int_eq(shop_reason(shop->services[BUS_ORDER], id), AURORA_REASON_OUT_OF_STOCK);
    bus_shop_free(shop);
}
END_TEST

START_TEST(test_saga__a_cancelled_order_returns_goods_and_money)
{
    bus_shop *shop = bus_shop_new(4);
    bus_shop_start_all(shop);
    bus_shop_stock_up(shop, 10);
    aurora_id id = place(shop, "k1", 3, "card");
    assert_settled(shop, id);

    aurora_assert_ok(aurora_order_cancel(shop->services[BUS_ORDER], id, AURORA_REASON_CUSTOMER,
                                         NULL, NULL, NULL));

    assert_settled(shop, id);
    ck_assert_int_eq(shop_status(shop->services[BUS_ORDER], id), AURORA_ORDER_CANCELLED);
    ck_assert_int_eq(shop_stock(shop->services[BUS_INVENTORY]).available, 10);
    bus_shop_free(shop);
}
END_TEST

START_TEST(test_saga__an_order_past_its_deadline_fails_and_compensates)
{
    bus_shop *shop = bus_shop_new(4);
    shop->settings[0] = "order_deadline=200ms";
    bus_shop_start_all(shop);
    bus_shop_stock_up(shop, 10);
    bus_shop_stop(shop, BUS_PAYMENT);

    aurora_id id = place(shop, "k1", 3, "card");
    ck_assert(bus_fake_wait_count(shop->fake, AURORA_TOPIC_ORDERS, "order.failed", 1, WAIT_MS));
    bus_shop_start(shop, BUS_PAYMENT);

    assert_settled(shop, id);
    ck_assert_int_eq(shop_reason(shop->services[BUS_ORDER], id), AURORA_REASON_DEADLINE);
    ck_assert_int_eq(shop_stock(shop->services[BUS_INVENTORY]).available, 10);
    bus_shop_free(shop);
}
END_TEST

START_TEST(test_saga__services_start_in_any_order)
{
    bus_shop *shop = bus_shop_new(4);
    bus_shop_start(shop, BUS_PRODUCT);
    bus_shop_start(shop, BUS_INVENTORY);
    bus_shop_start(shop, BUS_ORDER);
    bus_shop_stock_up(shop, 10);
    aurora_id id = place(shop, "k1", 3, "card");
    ck_assert(
        bus_fake_wait_count(shop->fake, AURORA_TOPIC_INVENTORY, "inventory.reserved", 1, WAIT_MS));

    bus_shop_stop(shop, BUS_ORDER);
    bus_shop_start(shop, BUS_PAYMENT);
    bus_shop_start(shop, BUS_ORDER);

    assert_settled(shop, id);
    ck_assert_int_eq(shop_status(shop->services[BUS_ORDER], id), AURORA_ORDER_COMPLETED);
    bus_shop_free(shop);
}
END_TEST

START_TEST(test_saga__duplicates_and_redeliveries_have_one_effect)
{
    enum { ORDERS = 20 };
    bus_shop *shop = bus_shop_new(4);
    aurora_id ids[ORDERS];
    char key[16];
    bus_fake_duplicate(shop->fake, 2);
    bus_shop_start_all(shop);
    bus_shop_stock_up(shop, 100);

    bus_fake_revoke_after_poll(shop->fake, 30);
    for (int i = 0; i < ORDERS; i++) {
        snprintf(key, sizeof key, "k%d", i);
        ids[i] = place(shop, key, 2, "card");
    }

    for (int i = 0; i < ORDERS; i++)
        assert_settled(shop, ids[i]);
    aurora_stock stock = shop_stock(shop->services[BUS_INVENTORY]);
    ck_assert_int_eq(stock.sold, 2 * ORDERS);
    ck_assert_int_eq(stock.available, 100 - 2 * ORDERS);
    ck_assert(bus_shop_metric(shop->services[BUS_INVENTORY], "aurora_inbound_events_total",
                              "duplicate") > 0);
    for (int i = 0; i < BUS_SERVICES; i++)
        shop_assert_clean(shop->services[i]);
    bus_shop_free(shop);
}
END_TEST

START_TEST(test_saga__a_lost_event_is_made_good_by_a_resend)
{
    bus_shop *shop = bus_shop_new(4);
    shop->settings[0] = "resend_first=1s";
    bus_shop_start_all(shop);
    bus_shop_stock_up(shop, 10);
    bus_fake_lose(shop->fake, "payment.captured", 1);

    aurora_id id = place(shop, "k1", 3, "card");

    assert_settled(shop, id);
    ck_assert_int_eq(shop_status(shop->services[BUS_ORDER], id), AURORA_ORDER_COMPLETED);
    bus_shop_free(shop);
}
END_TEST

#define MANY_LINES 60

static void sell_many(bus_shop *shop, char (*skus)[16])
{
    for (int i = 0; i < MANY_LINES; i++) {
        snprintf(skus[i], sizeof skus[i], "sku-%d", i);
        aurora_assert_ok(aurora_product_put(
            shop->services[BUS_PRODUCT],
            AURORA_PRODUCT(.sku = skus[i], .name = "One", .price_minor = 5, .currency = "EUR"),
            AURORA_ANY_VERSION, NULL, NULL));
        aurora_assert_ok(
            aurora_stock_receive(shop->services[BUS_INVENTORY], skus[i], 2, skus[i], NULL));
    }
    ck_assert(bus_fake_wait_count(shop->fake, AURORA_TOPIC_PRODUCTS, "product.upserted", MANY_LINES,
                                  WAIT_MS));
    ck_assert(bus_fake_wait_done(shop->fake, "order", AURORA_TOPIC_PRODUCTS, WAIT_MS));
}

/* The inventory begins anew, so that it has none of their rows in memory. */
START_TEST(test_saga__an_order_of_many_lines_is_decided_at_once)
{
    static char skus[MANY_LINES][16];
    aurora_line lines[MANY_LINES];
    aurora_order *order = NULL;
    bus_shop *shop = bus_shop_new(4);
    bus_shop_start_all(shop);
    sell_many(shop, skus);
    bus_shop_stop(shop, BUS_INVENTORY);
    bus_shop_start(shop, BUS_INVENTORY);
    for (int i = 0; i < MANY_LINES; i++)
        lines[i] = (aurora_line){.sku = skus[i], .quantity = 1};
    shop_request many;
    shop_request_init(&many, "k1", 1, "card");
    many.request.lines = lines;
    many.request.line_count = MANY_LINES;
    many.request.flags |= AURORA_ORDER_NO_WAIT;
    aurora_assert_ok(aurora_order_place(shop->services[BUS_ORDER], &many.request, &order, NULL));
    aurora_id id = order->id;
    aurora_order_free(order);

    assert_settled(shop, id);
    ck_assert_int_eq(shop_status(shop->services[BUS_ORDER], id), AURORA_ORDER_COMPLETED);
    ck_assert(bus_shop_metric(shop->services[BUS_INVENTORY], "aurora_commands_rerun_total", NULL) ==
              0);
    bus_shop_free(shop);
}
END_TEST

static Suite *suite(void)
{
    Suite *made = suite_create("bus_saga");
    TCase *tcase = tcase_create("bus_saga");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, test_saga__an_order_completes_and_settles_over_the_bus);
    tcase_add_test(tcase, test_saga__a_declined_payment_gives_the_stock_back);
    tcase_add_test(tcase, test_saga__what_is_not_in_stock_fails_the_order);
    tcase_add_test(tcase, test_saga__a_cancelled_order_returns_goods_and_money);
    tcase_add_test(tcase, test_saga__an_order_past_its_deadline_fails_and_compensates);
    tcase_add_test(tcase, test_saga__services_start_in_any_order);
    tcase_add_test(tcase, test_saga__duplicates_and_redeliveries_have_one_effect);
    tcase_add_test(tcase, test_saga__a_lost_event_is_made_good_by_a_resend);
    tcase_add_test(tcase, test_saga__an_order_of_many_lines_is_decided_at_once);
    suite_add_tcase(made, tcase);
    return made;
}

AURORA_TEST_MAIN(suite)

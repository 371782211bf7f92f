/* SPDX-License-Identifier: MIT */
/* The saga of seven services over a real broker: AURORA_TEST_KAFKA. */
#include "bus_shop.h"

#include <aurora/net.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define WAIT_MS 60000
#define ORDERS 20

static bool is_settled(bus_shop *shop, void *argument)
{
    return shop_is_settled(shop->services[BUS_ORDER], *(const aurora_id *)argument);
}

/* The price list has heard of the product. */
static bool is_placed(bus_shop *shop, void *argument)
{
    shop_request request;
    aurora_order *order = NULL;
    aurora_status rc = aurora_order_place(
        shop->services[BUS_ORDER], shop_request_init(&request, "first", 1, "card"), &order, NULL);
    if (rc != AURORA_OK)
        return false;
    *(aurora_id *)argument = order->id;
    aurora_order_free(order);
    return true;
}

START_TEST(test_broker__orders_settle_and_services_come_and_go)
{
    bus_shop *shop = bus_shop_new(1);
    aurora_id ids[ORDERS];
    char key[16];
    char url[256];
    snprintf(url, sizeof url, "kafka://%s?prefix=tbus%d", getenv("AURORA_TEST_KAFKA"),
             (int)getpid());
    shop->url = url;
    shop->drivers = aurora_net_drivers(&shop->driver_count);
    bus_shop_start_all(shop);
    aurora_assert_ok(
        aurora_product_put(shop->services[BUS_PRODUCT],
                           AURORA_PRODUCT(.sku = SHOP_SKU, .name = "Cup", .price_minor = SHOP_PRICE,
                                          .currency = "EUR"),
                           AURORA_ANY_VERSION, NULL, NULL));
    aurora_assert_ok(
        aurora_stock_receive(shop->services[BUS_INVENTORY], SHOP_SKU, 100, "first", NULL));
    ck_assert(bus_shop_wait(shop, is_placed, &ids[0], WAIT_MS));
    ck_assert(bus_shop_wait(shop, is_settled, &ids[0], WAIT_MS));

    for (int i = 1; i < ORDERS; i++) {
        snprintf(key, sizeof key, "k%d", i);
        ids[i] = shop_submit(shop->services[BUS_ORDER], key, 1);
        if (i == ORDERS / 2) {
            bus_shop_stop(shop, BUS_PAYMENT);
            bus_shop_start(shop, BUS_PAYMENT);
        }
    }

    for (int i = 0; i < ORDERS; i++) {
        ck_assert(bus_shop_wait(shop, is_settled, &ids[i], WAIT_MS));
        ck_assert_int_eq(shop_status(shop->services[BUS_ORDER], ids[i]), AURORA_ORDER_COMPLETED);
    }
    aurora_assert_ok(aurora_bus_health(shop->services[BUS_ORDER], NULL));
    ck_assert_int_eq(shop_stock(shop->services[BUS_INVENTORY]).sold, ORDERS);
    for (int i = 0; i < BUS_SERVICES; i++)
        shop_assert_clean(shop->services[i]);
    bus_shop_free(shop);
}
END_TEST

static Suite *suite(void)
{
    if (getenv("AURORA_TEST_KAFKA") == NULL) {
        printf("skipped: AURORA_TEST_KAFKA is not set (./dev up)\n");
        return NULL;
    }
    Suite *made = suite_create("bus_broker");
    TCase *tcase = tcase_create("bus_broker");
    tcase_set_timeout(tcase, 280);
    tcase_add_test(tcase, test_broker__orders_settle_and_services_come_and_go);
    suite_add_tcase(made, tcase);
    return made;
}

AURORA_TEST_MAIN(suite)

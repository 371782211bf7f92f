/* SPDX-License-Identifier: MIT */
/* Handles without a worker on a bus: relay and listener take their steps in the host's pump, and no
 * thread is started. */
#include "bus_shop.h"

#include <aurora/testing.h>

#include <dirent.h>
#include <stdio.h>

#define WAIT_MS 30000

static bus_shop *open_all(int32_t partitions)
{
    bus_shop *shop = bus_shop_new(partitions);
    shop->is_pumped = true;
    bus_shop_start_all(shop);
    bus_shop_stock_up(shop, 10);
    return shop;
}

static aurora_id place(bus_shop *shop, const char *key)
{
    aurora_order *order =
        shop_place(shop->services[BUS_ORDER], key, 3, "card", AURORA_ORDER_NO_WAIT);
    aurora_id id = order->id;
    aurora_order_free(order);
    return id;
}

static bool is_settled(bus_shop *shop, void *argument)
{
    return shop_is_settled(shop->services[BUS_ORDER], *(const aurora_id *)argument);
}

static uint32_t thread_count(void)
{
    uint32_t count = 0;
    DIR *tasks = opendir("/proc/self/task");
    ck_assert_ptr_nonnull(tasks);
    while (readdir(tasks) != NULL)
        count++;
    closedir(tasks);
    return count;
}

START_TEST(test_pump__an_order_completes_over_the_bus_in_one_thread)
{
    uint32_t threads = thread_count();
    bus_shop *shop = open_all(4);

    aurora_id id = place(shop, "k1");

    ck_assert(bus_shop_wait(shop, is_settled, &id, WAIT_MS));
    ck_assert_int_eq(shop_status(shop->services[BUS_ORDER], id), AURORA_ORDER_COMPLETED);
    ck_assert_int_eq(shop_stock(shop->services[BUS_INVENTORY]).available, 7);
    ck_assert_uint_eq(thread_count(), threads);
    for (int i = 0; i < BUS_SERVICES; i++)
        shop_assert_clean(shop->services[i]);
    bus_shop_free(shop);
}
END_TEST

/* Nobody pumps the others meanwhile: the price came before, and the answer comes behind. */
START_TEST(test_pump__next_step_is_told_by_the_pump)
{
    bus_shop *shop = open_all(1);
    int64_t next_ms = 0;
    for (int i = 0; next_ms == 0 && i < 1000; i++)
        aurora_assert_ok(aurora_pump(shop->services[BUS_ORDER], 0, &next_ms));

    ck_assert_int_gt(next_ms, 0);
    ck_assert_int_le(next_ms, 250);
    bus_shop_free(shop);
}
END_TEST

static bool leads(bus_shop *shop, void *argument)
{
    (void)shop;
    return bus_shop_metric(argument, "aurora_relay_leader", NULL) == 1;
}

START_TEST(test_pump__close_gives_the_lease_up_and_says_how_far_it_came)
{
    bus_shop *shop = open_all(1);
    ck_assert(bus_shop_wait(shop, leads, shop->services[BUS_PRODUCT], WAIT_MS));
    bus_shop_stop(shop, BUS_PRODUCT);

    aurora_t *next = bus_shop_start(shop, BUS_PRODUCT);

    int64_t before_ms = shop_real_ms();
    ck_assert(bus_shop_wait(shop, leads, next, WAIT_MS));
    ck_assert_int_lt(shop_real_ms() - before_ms, 9000); /* the lease would last ten seconds */
    ck_assert_uint_eq(bus_fake_count(shop->fake, AURORA_TOPIC_PRODUCTS, NULL), 1);
    bus_shop_free(shop);
}
END_TEST

START_TEST(test_pump__failed_deliveries_and_rebalances_lose_nothing)
{
    bus_shop *shop = open_all(2);
    bus_fake_duplicate(shop->fake, 3);
    bus_fake_fail_acks(shop->fake, 4);
    aurora_id ids[3];
    char key[16];
    for (int i = 0; i < 3; i++) {
        snprintf(key, sizeof key, "k%d", i);
        ids[i] = place(shop, key);
        bus_shop_pump(shop);
        bus_fake_rebalance(shop->fake, i % 2 == 0 ? "order" : "inventory");
    }

    for (int i = 0; i < 3; i++)
        ck_assert(bus_shop_wait(shop, is_settled, &ids[i], WAIT_MS));
    ck_assert_int_eq(shop_stock(shop->services[BUS_INVENTORY]).available, 1);
    ck_assert(!bus_fake_has_gone_back(shop->fake));
    bus_shop_free(shop);
}
END_TEST

/* What was handed out and not taken comes again to the next one. */
START_TEST(test_pump__close_in_the_middle_of_a_batch_leaves_nothing_behind)
{
    bus_shop *shop = open_all(1);
    aurora_id id = place(shop, "k1");
    for (int i = 0; i < 4; i++) {
        aurora_assert_ok(aurora_pump(shop->services[BUS_ORDER], 0, NULL));
        aurora_assert_ok(aurora_pump(shop->services[BUS_INVENTORY], 0, NULL));
        bus_shop_stop(shop, BUS_INVENTORY);
        bus_shop_start(shop, BUS_INVENTORY);
    }

    ck_assert(bus_shop_wait(shop, is_settled, &id, WAIT_MS));
    ck_assert_int_eq(shop_stock(shop->services[BUS_INVENTORY]).available, 7);
    bus_shop_free(shop);
}
END_TEST

/* --- a clock that was ahead ------------------------------------------------------------------- */

#define HOUR_MS INT64_C(3600000)

static aurora_t *open_product(const char *url, const bus_fake *fake, const aurora_clock *clock)
{
    char bus[320];
    const char *settings[] = {"modules=product", bus};
    snprintf(bus, sizeof bus, "bus=%s", bus_fake_url(fake));
    return shop_open(url,
                     AURORA_OPTIONS(.clock = clock, .drivers = &bus_fake_driver, .driver_count = 1,
                                    .settings = settings, .setting_count = 2));
}

/* Pumps through `ms` of its clock. */
static void pass(aurora_t *shop, aurora_manual_clock *manual, int64_t ms)
{
    for (int64_t passed = 0; passed < ms; passed += 100) {
        for (int i = 0; i < 10; i++)
            aurora_assert_ok(aurora_pump(shop, 0, NULL));
        aurora_manual_clock_advance(manual, 100);
    }
}

/* The holder dies, the clock that was an hour ahead is set right, and the next one opens: its lease
 * would last an hour by the new time. */
START_TEST(test_pump__lease_of_a_clock_that_was_ahead_holds_nobody_up)
{
    aurora_manual_clock manual;
    aurora_clock clock;
    char *folder = aurora_tempdir_new();
    char url[512];
    snprintf(url, sizeof url, "sqlite:%s/product.db", folder);
    bus_fake *fake = bus_fake_new(1);
    aurora_manual_clock_init(&manual, 1700000000000 + HOUR_MS);
    aurora_manual_clock_attach(&manual, &clock);
    aurora_t *dead = open_product(url, fake, &clock);
    pass(dead, &manual, 1000);
    ck_assert(bus_shop_metric(dead, "aurora_relay_leader", NULL) == 1);

    aurora_manual_clock_step(&manual, 1700000000000);
    aurora_t *next = open_product(url, fake, &clock);
    pass(next, &manual, 5000);
    ck_assert(bus_shop_metric(next, "aurora_relay_leader", NULL) == 0);
    pass(next, &manual, 10000);

    ck_assert(bus_shop_metric(next, "aurora_relay_leader", NULL) == 1);
    aurora_close(next);
    aurora_close(dead);
    bus_fake_free(fake);
    aurora_tempdir_remove(folder);
}
END_TEST

static Suite *pump_suite(void)
{
    Suite *suite = suite_create("bus_pump");
    TCase *tcase = tcase_create("pump");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, test_pump__an_order_completes_over_the_bus_in_one_thread);
    tcase_add_test(tcase, test_pump__next_step_is_told_by_the_pump);
    tcase_add_test(tcase, test_pump__close_gives_the_lease_up_and_says_how_far_it_came);
    tcase_add_test(tcase, test_pump__failed_deliveries_and_rebalances_lose_nothing);
    tcase_add_test(tcase, test_pump__close_in_the_middle_of_a_batch_leaves_nothing_behind);
    tcase_add_test(tcase, test_pump__lease_of_a_clock_that_was_ahead_holds_nobody_up);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(pump_suite)

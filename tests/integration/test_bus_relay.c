/* SPDX-License-Identifier: MIT */
/* The relay: every committed event is published, in log order, by one process at a time; and what a
 * consumer that comes late makes of it. */
#include "bus_shop.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_MS 30000

static void put(aurora_t *product, const char *sku, int64_t price)
{
    aurora_assert_ok(aurora_product_put(
        product, AURORA_PRODUCT(.sku = sku, .name = "Cup", .price_minor = price, .currency = "EUR"),
        AURORA_ANY_VERSION, NULL, NULL));
}

static void put_many(aurora_t *product, const char *prefix, int count)
{
    char sku[32];
    for (int i = 0; i < count; i++) {
        snprintf(sku, sizeof sku, "%s%d", prefix, i);
        put(product, sku, 100 + i);
    }
}

/* Positions of one partition, in the order in which they were produced. */
static void assert_growing(bus_fake *fake, int32_t topic)
{
    int64_t last = 0;
    const aurora_bus_record *record;
    for (uint32_t i = 0; (record = bus_fake_record(fake, topic, 0, i)) != NULL; i++) {
        int64_t position = atoll(bus_fake_header(record, "ce_sequence"));
        ck_assert_int_gt(position, last);
        last = position;
    }
}

static bool leads(bus_shop *shop, void *argument)
{
    (void)shop;
    return bus_shop_metric(argument, "aurora_relay_leader", NULL) == 1;
}

static bool leads_no_more(bus_shop *shop, void *argument)
{
    return !leads(shop, argument);
}

/* With sqlite3 itself, as an intruder would. */
static void tamper(const bus_shop *shop, int service, const char *sql)
{
    char url[512];
    sqlite3 *db;
    bus_shop_url(shop, service, url, sizeof url);
    ck_assert_int_eq(sqlite3_open(url + strlen("sqlite:"), &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 10000);
    ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

START_TEST(test_relay__events_carry_what_cloudevents_asks_for)
{
    bus_shop *shop = bus_shop_new(1);
    bus_shop_start(shop, BUS_PRODUCT);

    put(shop->services[BUS_PRODUCT], "cup", 250);

    ck_assert(bus_fake_wait_count(shop->fake, AURORA_TOPIC_PRODUCTS, NULL, 1, WAIT_MS));
    const aurora_bus_record *record = bus_fake_record(shop->fake, AURORA_TOPIC_PRODUCTS, 0, 0);
    ck_assert_str_eq(bus_fake_header(record, "ce_specversion"), "1.0");
    ck_assert_str_eq(bus_fake_header(record, "ce_type"), "product.upserted");
    ck_assert_str_eq(bus_fake_header(record, "ce_subject"), "cup");
    ck_assert_str_eq(bus_fake_header(record, "ce_sequence"), "1");
    ck_assert_str_eq(bus_fake_header(record, "content-type"), "application/json");
    const char *source = bus_fake_header(record, "ce_source");
    const char *id = bus_fake_header(record, "ce_id");
    ck_assert_int_eq(strncmp(source, "/aurora/product/", 16), 0);
    ck_assert_int_eq(strncmp(id, source + 16, 36), 0);
    ck_assert_str_eq(id + 36, "-1");
    ck_assert_int_eq(strncmp(record->key, "cup", 3), 0);
    bus_shop_free(shop);
}
END_TEST

START_TEST(test_relay__a_failed_delivery_starts_again_and_keeps_the_order)
{
    bus_shop *shop = bus_shop_new(1);
    bus_shop_start(shop, BUS_PRODUCT);
    bus_shop_start(shop, BUS_ORDER);
    bus_fake_fail_acks(shop->fake, 2);

    put_many(shop->services[BUS_PRODUCT], "a", 30);

    ck_assert(bus_fake_wait_count(shop->fake, AURORA_TOPIC_PRODUCTS, NULL, 32, WAIT_MS));
    ck_assert(bus_fake_wait_done(shop->fake, "order", AURORA_TOPIC_PRODUCTS, WAIT_MS));
    ck_assert(bus_shop_metric(shop->services[BUS_PRODUCT], "aurora_relay_restarts_total", NULL) >
              0);
    ck_assert(
        bus_shop_metric(shop->services[BUS_ORDER], "aurora_inbound_events_total", "applied") == 30);
    ck_assert(bus_shop_metric(shop->services[BUS_PRODUCT], "aurora_retries_total", "bus") ==
              bus_shop_metric(shop->services[BUS_PRODUCT], "aurora_relay_restarts_total", NULL));
    ck_assert(bus_shop_metric(shop->services[BUS_ORDER], "aurora_retries_total", "bus") == 0);
    bus_shop_free(shop);
}
END_TEST

START_TEST(test_relay__another_process_takes_over_where_the_first_one_ended)
{
    bus_shop *shop = bus_shop_new(1);
    aurora_t *first = bus_shop_start(shop, BUS_PRODUCT);
    ck_assert(bus_shop_wait(shop, leads, first, WAIT_MS));
    aurora_t *second = bus_shop_second(shop, BUS_PRODUCT);
    put_many(second, "a", 10);
    ck_assert(bus_fake_wait_count(shop->fake, AURORA_TOPIC_PRODUCTS, NULL, 10, WAIT_MS));
    ck_assert(!leads(shop, second));

    bus_shop_stop(shop, BUS_PRODUCT);
    ck_assert(bus_shop_wait(shop, leads, second, WAIT_MS));
    put_many(second, "b", 10);

    ck_assert(bus_fake_wait_count(shop->fake, AURORA_TOPIC_PRODUCTS, NULL, 20, WAIT_MS));
    ck_assert_uint_eq(bus_fake_count(shop->fake, AURORA_TOPIC_PRODUCTS, NULL), 20);
    assert_growing(shop->fake, AURORA_TOPIC_PRODUCTS);
    aurora_close(second);
    bus_shop_free(shop);
}
END_TEST

START_TEST(test_relay__a_holder_that_was_passed_over_stops)
{
    bus_shop *shop = bus_shop_new(1);
    aurora_t *product = bus_shop_start(shop, BUS_PRODUCT);
    ck_assert(bus_shop_wait(shop, leads, product, WAIT_MS));

    tamper(
        shop, BUS_PRODUCT,
        "UPDATE leases SET owner = zeroblob(16), until = until + 3600000, version = version + 1");

    ck_assert(bus_shop_wait(shop, leads_no_more, product, WAIT_MS));
    put(product, "late", 100);
    ck_assert_uint_eq(bus_fake_count(shop->fake, AURORA_TOPIC_PRODUCTS, NULL), 0);
    tamper(shop, BUS_PRODUCT, "UPDATE leases SET until = 0");
    ck_assert(bus_fake_wait_count(shop->fake, AURORA_TOPIC_PRODUCTS, NULL, 1, WAIT_MS));
    bus_shop_free(shop);
}
END_TEST

START_TEST(test_relay__what_was_not_acknowledged_is_published_again)
{
    bus_shop *shop = bus_shop_new(1);
    bus_shop_start(shop, BUS_PRODUCT);
    bus_shop_start(shop, BUS_SEARCH);
    bus_fake_hold_acks(shop->fake, true);
    put_many(shop->services[BUS_PRODUCT], "a", 5);
    ck_assert(bus_fake_wait_count(shop->fake, AURORA_TOPIC_PRODUCTS, NULL, 5, WAIT_MS));

    bus_shop_stop(shop, BUS_PRODUCT);
    bus_fake_hold_acks(shop->fake, false);
    bus_shop_start(shop, BUS_PRODUCT);

    ck_assert(bus_fake_wait_count(shop->fake, AURORA_TOPIC_PRODUCTS, NULL, 10, WAIT_MS));
    ck_assert(bus_fake_wait_done(shop->fake, "search", AURORA_TOPIC_PRODUCTS, WAIT_MS));
    ck_assert(
        bus_shop_metric(shop->services[BUS_SEARCH], "aurora_inbound_events_total", "applied") == 5);
    ck_assert(bus_shop_metric(shop->services[BUS_SEARCH], "aurora_inbound_events_total",
                              "duplicate") == 5);
    bus_shop_free(shop);
}
END_TEST

START_TEST(test_relay__a_damaged_row_is_told_and_the_rest_goes_out)
{
    bus_shop *shop = bus_shop_new(1);
    bus_fake_hold_acks(shop->fake, true);
    bus_shop_start(shop, BUS_PRODUCT);
    put_many(shop->services[BUS_PRODUCT], "a", 3);
    bus_shop_stop(shop, BUS_PRODUCT);
    uint32_t before = bus_fake_count(shop->fake, AURORA_TOPIC_PRODUCTS, NULL);
    tamper(shop, BUS_PRODUCT, "UPDATE log SET body = '[1,' WHERE position = 2");
    bus_fake_hold_acks(shop->fake, false);

    aurora_t *product = bus_shop_start(shop, BUS_PRODUCT);

    ck_assert(bus_fake_wait_count(shop->fake, AURORA_TOPIC_PRODUCTS, NULL, before + 2, WAIT_MS));
    ck_assert(bus_fake_wait_count(shop->fake, AURORA_TOPIC_DEAD_LETTERS, NULL, 1, WAIT_MS));
    ck_assert(bus_shop_metric(product, "aurora_relay_damaged_total", NULL) == 1);
    const aurora_bus_record *letter = bus_fake_record(shop->fake, AURORA_TOPIC_DEAD_LETTERS, 0, 0);
    ck_assert_str_eq(bus_fake_header(letter, "aurora_position"), "2");
    ck_assert_str_eq(letter->data, "[1,");
    bus_shop_free(shop);
}
END_TEST

START_TEST(test_relay__an_unreachable_bus_is_told_and_loses_nothing)
{
    bus_shop *shop = bus_shop_new(1);
    aurora_error err = AURORA_ERROR_INIT;
    bus_fake_set_down(shop->fake, true);
    aurora_t *product = bus_shop_start(shop, BUS_PRODUCT);

    put_many(product, "a", 3);
    aurora_assert_status(aurora_bus_health(product, &err), AURORA_EIO);
    ck_assert_str_eq(err.field, "bus");
    ck_assert_str_eq(err.message, "no broker answers: the fake is down");
    bus_fake_set_down(shop->fake, false);

    ck_assert(bus_fake_wait_count(shop->fake, AURORA_TOPIC_PRODUCTS, NULL, 3, WAIT_MS));
    aurora_assert_ok(aurora_bus_health(product, &err));
    bus_shop_free(shop);
}
END_TEST

/* --- who comes late --------------------------------------------------------------------------- */

static bool finds_two(bus_shop *shop, void *argument)
{
    aurora_search_page *page = NULL;
    aurora_query query;
    (void)argument;
    aurora_query_init(&query);
    query.text = "cup";
    if (aurora_search(shop->services[BUS_SEARCH], &query, NULL, 10, &page, NULL) != AURORA_OK)
        return false;
    bool is_so = page->count == 2;
    aurora_search_page_free(page);
    return is_so;
}

START_TEST(test_follower__a_search_service_that_starts_late_has_all_products)
{
    bus_shop *shop = bus_shop_new(4);
    aurora_t *product = bus_shop_start(shop, BUS_PRODUCT);
    put_many(product, "a", 3);
    aurora_assert_ok(aurora_product_delete(product, "a1", AURORA_ANY_VERSION, NULL));
    ck_assert(bus_fake_wait_count(shop->fake, AURORA_TOPIC_PRODUCTS, NULL, 4, WAIT_MS));

    bus_shop_start(shop, BUS_SEARCH);

    ck_assert(bus_shop_wait(shop, finds_two, NULL, WAIT_MS));
    shop_assert_clean(shop->services[BUS_SEARCH]);
    bus_shop_free(shop);
}
END_TEST

START_TEST(test_follower__a_deleted_product_is_not_revived_by_an_older_event)
{
    bus_shop *shop = bus_shop_new(1);
    aurora_t *product = bus_shop_start(shop, BUS_PRODUCT);
    put_many(product, "a", 3);
    aurora_assert_ok(aurora_product_delete(product, "a1", AURORA_ANY_VERSION, NULL));
    bus_shop_start(shop, BUS_SEARCH);
    ck_assert(bus_shop_wait(shop, finds_two, NULL, WAIT_MS));
    const aurora_bus_record *old = bus_fake_record(shop->fake, AURORA_TOPIC_PRODUCTS, 0, 1);
    const aurora_bus_header headers[] = {{"ce_type", "product.upserted"},
                                         {"ce_source", "/aurora/product/another-log"},
                                         {"ce_sequence", "1"}};

    bus_fake_append(shop->fake, &(aurora_bus_message){.topic = AURORA_TOPIC_PRODUCTS,
                                                      .key = "a1",
                                                      .key_len = 2,
                                                      .data = old->data,
                                                      .data_len = old->data_len,
                                                      .headers = headers,
                                                      .header_count = 3});

    ck_assert(bus_fake_wait_done(shop->fake, "search", AURORA_TOPIC_PRODUCTS, WAIT_MS));
    ck_assert(bus_shop_wait(shop, finds_two, NULL, WAIT_MS));
    shop_assert_clean(shop->services[BUS_SEARCH]);
    bus_shop_free(shop);
}
END_TEST

static Suite *suite(void)
{
    Suite *made = suite_create("bus_relay");
    TCase *tcase = tcase_create("bus_relay");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, test_relay__events_carry_what_cloudevents_asks_for);
    tcase_add_test(tcase, test_relay__a_failed_delivery_starts_again_and_keeps_the_order);
    tcase_add_test(tcase, test_relay__another_process_takes_over_where_the_first_one_ended);
    tcase_add_test(tcase, test_relay__a_holder_that_was_passed_over_stops);
    tcase_add_test(tcase, test_relay__what_was_not_acknowledged_is_published_again);
    tcase_add_test(tcase, test_relay__a_damaged_row_is_told_and_the_rest_goes_out);
    tcase_add_test(tcase, test_relay__an_unreachable_bus_is_told_and_loses_nothing);
    tcase_add_test(tcase, test_follower__a_search_service_that_starts_late_has_all_products);
    tcase_add_test(tcase, test_follower__a_deleted_product_is_not_revived_by_an_older_event);
    suite_add_tcase(made, tcase);
    return made;
}

AURORA_TEST_MAIN(suite)

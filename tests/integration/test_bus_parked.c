/* SPDX-License-Identifier: MIT */
/* Messages that cannot be taken: they park their key and nothing else, nothing of them is lost, and
 * an operator gets past them. A store that is away parks nothing. */
#include "bus_shop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_MS 30000
#define ORDER shop->services[BUS_ORDER]
#define INVENTORY shop->services[BUS_INVENTORY]

static bus_shop *open_shop(void)
{
    bus_shop *shop = bus_shop_new(4);
    shop->settings[0] = "resend_first=1s";
    bus_shop_start(shop, BUS_PRODUCT);
    bus_shop_start(shop, BUS_ORDER);
    bus_shop_start(shop, BUS_INVENTORY);
    bus_shop_start(shop, BUS_PAYMENT);
    bus_shop_stock_up(shop, 10);
    return shop;
}

static bool is_settled(bus_shop *shop, void *argument)
{
    return shop_is_settled(ORDER, *(const aurora_id *)argument);
}

static bool is_parked(bus_shop *shop, void *argument)
{
    return shop_status(ORDER, *(const aurora_id *)argument) == AURORA_ORDER_PARKED;
}

static bool is_completed(bus_shop *shop, void *argument)
{
    return shop_status(ORDER, *(const aurora_id *)argument) == AURORA_ORDER_COMPLETED;
}

static aurora_id complete_one(bus_shop *shop, const char *key)
{
    aurora_id id = shop_submit(ORDER, key, 1);
    ck_assert(bus_shop_wait(shop, is_settled, &id, WAIT_MS));
    ck_assert_int_eq(shop_status(ORDER, id), AURORA_ORDER_COMPLETED);
    return id;
}

typedef struct {
    int32_t topic;
    const char *type;
    const char *source;
    const char *sequence;
    const char *data;
} stray;

/* A message that no service of ours wrote. */
static void append(bus_shop *shop, const char *key, const stray *what)
{
    const aurora_bus_header headers[] = {
        {"ce_type", what->type}, {"ce_source", what->source}, {"ce_sequence", what->sequence}};
    bus_fake_append(shop->fake, &(aurora_bus_message){.topic = what->topic,
                                                      .key = key,
                                                      .key_len = (uint32_t)strlen(key),
                                                      .data = what->data,
                                                      .data_len = (uint32_t)strlen(what->data),
                                                      .headers = headers,
                                                      .header_count = 3});
}

static const stray unreadable = {AURORA_TOPIC_ORDERS, "order.cancelled", "/aurora/order/stray", "1",
                                 "{\"order_id\":"};

static uint32_t letters(aurora_t *service, const char *consumer)
{
    aurora_dead_letter_page *page = NULL;
    aurora_assert_ok(aurora_dead_letter_list(service, consumer, NULL, 100, &page, NULL));
    uint32_t count = page->count;
    aurora_dead_letter_page_free(page);
    return count;
}

/* By each service's own store, as of its last look. */
static bool shows_parked(bus_shop *shop, void *argument)
{
    (void)argument;
    return bus_shop_metric(INVENTORY, "aurora_dead_letters", NULL) == 1 &&
           bus_shop_metric(INVENTORY, "aurora_saga_parked", NULL) == 1 &&
           bus_shop_metric(shop->services[BUS_PAYMENT], "aurora_saga_parked", NULL) == 1 &&
           bus_shop_metric(ORDER, "aurora_saga_parked", NULL) == 2 &&
           bus_shop_metric(INVENTORY, "aurora_inbound_lag", NULL) == 0 &&
           bus_shop_metric(INVENTORY, "aurora_inbound_lag_seconds", NULL) == 0;
}

START_TEST(test_poison__an_unreadable_message_parks_its_key_alone)
{
    bus_shop *shop = open_shop();
    char key[AURORA_ID_TEXT_BYTES];
    aurora_id id = complete_one(shop, "k1");
    aurora_id_format(id, key);

    append(shop, key, &unreadable);

    ck_assert(bus_shop_wait(shop, is_parked, &id, WAIT_MS));
    complete_one(shop, "k2");
    ck_assert_uint_eq(letters(INVENTORY, "inventory"), 1);
    ck_assert_uint_eq(letters(shop->services[BUS_PAYMENT], "payment"), 1);
    ck_assert_double_eq(bus_shop_metric(INVENTORY, "aurora_dead_letters_total", NULL), 1);
    ck_assert_double_eq(bus_shop_metric(ORDER, "aurora_saga_parked_total", NULL), 2);
    ck_assert(bus_shop_wait(shop, shows_parked, NULL, WAIT_MS));
    ck_assert(bus_fake_wait_count(shop->fake, AURORA_TOPIC_DEAD_LETTERS, NULL, 2, WAIT_MS));
    const aurora_bus_record *letter = bus_fake_record(shop->fake, AURORA_TOPIC_DEAD_LETTERS, 0, 0);
    ck_assert_str_eq(letter->data, unreadable.data);
    const char *reason = bus_fake_header(letter, "aurora_reason");
    ck_assert_msg(strncmp(reason, "it cannot be read", 17) == 0, "the reason is '%s'", reason);
    ck_assert_str_eq(bus_fake_header(letter, "aurora_topic"), "orders");
    shop_assert_clean(INVENTORY);
    bus_shop_free(shop);
}
END_TEST

START_TEST(test_poison__what_follows_waits_and_a_repair_gets_past)
{
    bus_shop *shop = open_shop();
    char key[AURORA_ID_TEXT_BYTES];
    uint32_t count = 9;
    aurora_id id = complete_one(shop, "k1");
    aurora_id_format(id, key);
    append(shop, key, &unreadable);
    ck_assert(
        bus_fake_wait_count(shop->fake, AURORA_TOPIC_INVENTORY, "inventory.parked", 1, WAIT_MS));
    ck_assert(bus_fake_wait_count(shop->fake, AURORA_TOPIC_PAYMENTS, "payment.parked", 1, WAIT_MS));
    ck_assert(bus_shop_wait(shop, is_parked, &id, WAIT_MS));

    aurora_assert_status(aurora_dead_letter_redrive(INVENTORY, "inventory", key, &count, NULL),
                         AURORA_ECONFLICT);
    ck_assert_uint_eq(count, 0);
    ck_assert_uint_eq(letters(INVENTORY, "inventory"), 1);
    aurora_repair repair = {.size = sizeof repair,
                            .order_id = id,
                            .action = AURORA_REPAIR_MARK,
                            .participant = AURORA_PARTICIPANT_INVENTORY,
                            .result = AURORA_RESULT_COMMITTED,
                            .actor = "ann"};
    aurora_assert_ok(aurora_saga_repair(ORDER, &repair, NULL));
    repair.participant = AURORA_PARTICIPANT_PAYMENT;
    repair.result = AURORA_RESULT_CAPTURED;
    ck_assert(bus_fake_wait_count(shop->fake, AURORA_TOPIC_ORDERS, "order.repair", 1, WAIT_MS));
    aurora_assert_ok(aurora_saga_repair(ORDER, &repair, NULL));

    ck_assert(bus_shop_wait(shop, is_completed, &id, WAIT_MS));
    ck_assert_uint_eq(letters(INVENTORY, "inventory"), 0);
    ck_assert_uint_eq(letters(shop->services[BUS_PAYMENT], "payment"), 0);
    bus_shop_free(shop);
}
END_TEST

START_TEST(test_poison__events_of_an_unknown_order_park_and_compensate_ends_them)
{
    bus_shop *shop = open_shop();
    static const char id[] = "0198c0de-0000-7000-8000-000000000008";
    static const stray reserved = {
        AURORA_TOPIC_INVENTORY, "inventory.reserved", "/aurora/inventory/stray", "1",
        "{\"order_id\":\"0198c0de-0000-7000-8000-000000000008\",\"order_version\":1,"
        "\"currency\":\"EUR\",\"total_minor\":250,\"payment_method\":\"card\"}"};
    aurora_repair repair = {
        .size = sizeof repair, .action = AURORA_REPAIR_COMPENSATE, .actor = "ann"};
    aurora_assert_ok(aurora_id_parse(id, &repair.order_id));

    append(shop, id, &reserved);
    ck_assert(bus_fake_wait_done(shop->fake, "order", AURORA_TOPIC_INVENTORY, WAIT_MS));
    ck_assert(
        bus_fake_wait_count(shop->fake, AURORA_TOPIC_PAYMENTS, "payment.authorized", 1, WAIT_MS));
    ck_assert(bus_fake_wait_done(shop->fake, "order", AURORA_TOPIC_PAYMENTS, WAIT_MS));
    ck_assert_uint_eq(letters(ORDER, "order"), 2);
    aurora_assert_ok(aurora_saga_repair(ORDER, &repair, NULL));

    ck_assert(bus_fake_wait_count(shop->fake, AURORA_TOPIC_PAYMENTS, "payment.voided", 1, WAIT_MS));
    ck_assert(
        bus_fake_wait_count(shop->fake, AURORA_TOPIC_INVENTORY, "inventory.released", 1, WAIT_MS));
    ck_assert(bus_fake_wait_done(shop->fake, "order", AURORA_TOPIC_PAYMENTS, WAIT_MS));
    ck_assert(bus_fake_wait_done(shop->fake, "order", AURORA_TOPIC_INVENTORY, WAIT_MS));
    ck_assert_uint_eq(letters(ORDER, "order"), 0);
    bus_shop_free(shop);
}
END_TEST

START_TEST(test_poison__an_unknown_type_is_ignored)
{
    bus_shop *shop = open_shop();
    static const stray future = {AURORA_TOPIC_ORDERS, "order.praised", "/aurora/order/stray", "1",
                                 "not even JSON"};

    append(shop, "key", &future);
    complete_one(shop, "k1");

    ck_assert(bus_fake_wait_done(shop->fake, "inventory", AURORA_TOPIC_ORDERS, WAIT_MS));
    ck_assert(bus_shop_metric(INVENTORY, "aurora_inbound_events_total", "ignored") == 1);
    ck_assert_uint_eq(letters(INVENTORY, "inventory"), 0);
    bus_shop_free(shop);
}
END_TEST

START_TEST(test_poison__a_product_that_cannot_be_read_parks_its_sku)
{
    bus_shop *shop = open_shop();
    static const stray broken = {AURORA_TOPIC_PRODUCTS, "product.upserted", "/aurora/product/stray",
                                 "1", "{\"sku\":\"cup\"}"};
    uint32_t count;

    append(shop, SHOP_SKU, &broken);

    ck_assert(bus_fake_wait_done(shop->fake, "order", AURORA_TOPIC_PRODUCTS, WAIT_MS));
    ck_assert_uint_eq(letters(ORDER, "order"), 1);
    aurora_assert_status(aurora_dead_letter_redrive(ORDER, "order", SHOP_SKU, &count, NULL),
                         AURORA_ECONFLICT);
    complete_one(shop, "k1");
    bus_shop_free(shop);
}
END_TEST

/* Headers are anybody's bytes: what goes on into our rows and events must be text. */
START_TEST(test_poison__headers_of_any_bytes_hold_nothing_up)
{
    bus_shop *shop = open_shop();
    static const char data[] = "{\"order_id\":\"0198c0de-0000-7000-8000-000000000009\","
                               "\"order_version\":1,\"currency\":\"EUR\",\"total_minor\":250,"
                               "\"payment_method\":\"card\",\"lines\":[{\"sku\":\"cup\","
                               "\"quantity\":1,\"unit_price_minor\":250}]}";
    const aurora_bus_header headers[] = {{"ce_type", "order.created"},
                                         {"ce_source", "/aurora/order/stray"},
                                         {"ce_sequence", "1"},
                                         {"traceparent", "00-\xff\xfe"}};
    static const stray from_nowhere = {AURORA_TOPIC_ORDERS, "order.created", "/aurora/\xff", "1",
                                       data};
    bus_fake_append(shop->fake, &(aurora_bus_message){.topic = AURORA_TOPIC_ORDERS,
                                                      .key = "stray",
                                                      .key_len = 5,
                                                      .data = data,
                                                      .data_len = sizeof data - 1,
                                                      .headers = headers,
                                                      .header_count = 4});
    append(shop, "from nowhere", &from_nowhere);

    ck_assert(bus_fake_wait_done(shop->fake, "inventory", AURORA_TOPIC_ORDERS, WAIT_MS));
    ck_assert(
        bus_fake_wait_count(shop->fake, AURORA_TOPIC_INVENTORY, "inventory.reserved", 1, WAIT_MS));
    ck_assert_uint_eq(letters(INVENTORY, "inventory"), 1);
    complete_one(shop, "k1");
    bus_shop_free(shop);
}
END_TEST

/* --- the store's failures --------------------------------------------------------------------- */

static void open_faulty(bus_shop *shop, const char *point, aurora_status status)
{
    aurora_assert_ok(aurora_fault_plan_new(&shop->faults));
    bus_shop_stop(shop, BUS_INVENTORY);
    bus_shop_start(shop, BUS_INVENTORY);
    aurora_assert_ok(aurora_fault_plan_set(shop->faults, point, 1, AURORA_FAULT_FAIL, status));
}

static void close_faulty(bus_shop *shop)
{
    aurora_fault_plan *plan = shop->faults;
    bus_shop_free(shop);
    aurora_fault_plan_free(plan);
}

static bool is_parked_or_settled(bus_shop *shop, void *argument)
{
    return is_parked(shop, argument) || is_settled(shop, argument);
}

/* An order whose order.created inventory cannot save. The failure may meet a batch of several
 * commands, whose halves then pass: another one tries. */
static aurora_id park_one(bus_shop *shop)
{
    open_faulty(shop, "store.append", AURORA_ECORRUPT);
    for (int i = 0; i < 8; i++) {
        aurora_id id = shop_submit(ORDER, NULL, 1);
        ck_assert(bus_shop_wait(shop, is_parked_or_settled, &id, WAIT_MS));
        if (is_parked(shop, &id))
            return id;
        aurora_assert_ok(aurora_fault_plan_set(shop->faults, "store.append", 1, AURORA_FAULT_FAIL,
                                               AURORA_ECORRUPT));
    }
    ck_abort_msg("no order parks");
}

START_TEST(test_store__a_row_that_cannot_be_saved_parks_and_is_taken_again)
{
    bus_shop *shop = open_shop();
    uint32_t count = 0;
    char key[AURORA_ID_TEXT_BYTES];

    aurora_id id = park_one(shop);

    aurora_id_format(id, key);
    ck_assert_uint_ge(letters(INVENTORY, "inventory"), 1);
    aurora_assert_ok(aurora_dead_letter_redrive(INVENTORY, "inventory", key, &count, NULL));
    ck_assert_uint_ge(count, 1);
    ck_assert(bus_shop_wait(shop, is_settled, &id, WAIT_MS));
    ck_assert_int_eq(shop_status(ORDER, id), AURORA_ORDER_COMPLETED);
    close_faulty(shop);
}
END_TEST

START_TEST(test_store__a_store_that_is_away_parks_nothing)
{
    bus_shop *shop = open_shop();
    open_faulty(shop, "store.append", AURORA_EFULL);

    aurora_id id = shop_submit(ORDER, "k1", 1);

    ck_assert(bus_shop_wait(shop, is_settled, &id, WAIT_MS));
    ck_assert_int_eq(shop_status(ORDER, id), AURORA_ORDER_COMPLETED);
    ck_assert(bus_shop_metric(INVENTORY, "aurora_inbound_pauses_total", NULL) >= 1);
    ck_assert_uint_eq(letters(INVENTORY, "inventory"), 0);
    close_faulty(shop);
}
END_TEST

/* The offsets of the group follow the effects, also past messages that nobody takes. */
START_TEST(test_store__nothing_is_done_behind_what_waits_for_it)
{
    bus_shop *shop = open_shop();
    static const stray created = {
        AURORA_TOPIC_ORDERS, "order.created", "/aurora/order/stray", "1",
        "{\"order_id\":\"0198c0de-0000-7000-8000-00000000000a\",\"order_version\":1,"
        "\"currency\":\"EUR\",\"total_minor\":250,\"payment_method\":\"card\",\"lines\":[{"
        "\"sku\":\"none\",\"quantity\":1,\"unit_price_minor\":250}]}"};
    static const stray foreign = {AURORA_TOPIC_ORDERS, "order.praised", "/aurora/order/stray", "2",
                                  "{}"};
    bus_shop_stop(shop, BUS_INVENTORY);
    append(shop, "0198c0de-0000-7000-8000-00000000000a", &created);
    append(shop, "0198c0de-0000-7000-8000-00000000000a", &foreign);
    aurora_assert_ok(aurora_fault_plan_new(&shop->faults));
    aurora_assert_ok(
        aurora_fault_plan_set(shop->faults, "store.append", 1, AURORA_FAULT_FAIL, AURORA_EFULL));

    bus_shop_start(shop, BUS_INVENTORY);

    ck_assert(
        bus_fake_wait_count(shop->fake, AURORA_TOPIC_INVENTORY, "inventory.rejected", 1, WAIT_MS));
    ck_assert(bus_fake_wait_done(shop->fake, "inventory", AURORA_TOPIC_ORDERS, WAIT_MS));
    ck_assert(bus_shop_metric(INVENTORY, "aurora_inbound_pauses_total", NULL) >= 1);
    ck_assert(!bus_fake_has_gone_back(shop->fake));
    close_faulty(shop);
}
END_TEST

static const aurora_bus_record *find_created(bus_shop *shop, const char *key)
{
    for (int32_t partition = 0; partition < 4; partition++) {
        const aurora_bus_record *record;
        for (uint32_t i = 0;
             (record = bus_fake_record(shop->fake, AURORA_TOPIC_ORDERS, partition, i)) != NULL;
             i++) {
            if (record->key_len == strlen(key) && memcmp(record->key, key, record->key_len) == 0 &&
                strcmp(bus_fake_header(record, "ce_type"), "order.created") == 0)
                return record;
        }
    }
    ck_abort_msg("no order.created for %s", key);
}

/* The order asks again, often, while its key is parked. */
static void append_resends(bus_shop *shop, const char *key, int count)
{
    const aurora_bus_record *created = find_created(shop, key);
    char *data = strndup(created->data, created->data_len);
    char *flag = strstr(data, "\"resend\":false");
    ck_assert_ptr_nonnull(flag);
    memcpy(flag, "\"resend\":true ", 14);
    for (int i = 1; i <= count; i++) {
        char sequence[16];
        snprintf(sequence, sizeof sequence, "%d", i);
        const stray again = {AURORA_TOPIC_ORDERS, "order.created", "/aurora/order/stray", sequence,
                             data};
        append(shop, key, &again);
    }
    free(data);
}

static bool has_no_letters(bus_shop *shop, void *argument)
{
    (void)argument;
    return letters(INVENTORY, "inventory") == 0;
}

/* Such an order with `resends` more behind it. */
static aurora_id park_with_resends(bus_shop *shop, char *key_out, int resends)
{
    aurora_id id = park_one(shop);
    aurora_id_format(id, key_out);
    append_resends(shop, key_out, resends);
    ck_assert(bus_fake_wait_done(shop->fake, "inventory", AURORA_TOPIC_ORDERS, WAIT_MS));
    ck_assert_uint_gt(letters(INVENTORY, "inventory"), (uint32_t)resends);
    return id;
}

START_TEST(test_redrive__takes_more_events_than_one_cascade_may_cause)
{
    bus_shop *shop = open_shop();
    uint32_t count = 0;
    char key[AURORA_ID_TEXT_BYTES];
    aurora_id id = park_with_resends(shop, key, 70);

    aurora_assert_ok(aurora_dead_letter_redrive(INVENTORY, "inventory", key, &count, NULL));

    ck_assert_uint_gt(count, 70);
    ck_assert_uint_eq(letters(INVENTORY, "inventory"), 0);
    ck_assert(bus_shop_wait(shop, is_settled, &id, WAIT_MS));
    ck_assert_int_eq(shop_status(ORDER, id), AURORA_ORDER_COMPLETED);
    close_faulty(shop);
}
END_TEST

START_TEST(test_redrive__a_repair_takes_them_all_and_holds_nothing_up)
{
    bus_shop *shop = open_shop();
    char key[AURORA_ID_TEXT_BYTES];
    aurora_id id = park_with_resends(shop, key, 70);
    aurora_repair repair = {.size = sizeof repair,
                            .order_id = id,
                            .action = AURORA_REPAIR_RETRY,
                            .participant = AURORA_PARTICIPANT_INVENTORY,
                            .actor = "ann"};

    aurora_assert_ok(aurora_saga_repair(ORDER, &repair, NULL));

    ck_assert(bus_shop_wait(shop, has_no_letters, NULL, WAIT_MS));
    ck_assert(bus_shop_wait(shop, is_settled, &id, WAIT_MS));
    ck_assert_int_eq(shop_status(ORDER, id), AURORA_ORDER_COMPLETED);
    complete_one(shop, "k2");
    close_faulty(shop);
}
END_TEST

static Suite *suite(void)
{
    Suite *made = suite_create("bus_parked");
    TCase *tcase = tcase_create("bus_parked");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, test_poison__an_unreadable_message_parks_its_key_alone);
    tcase_add_test(tcase, test_poison__what_follows_waits_and_a_repair_gets_past);
    tcase_add_test(tcase, test_poison__events_of_an_unknown_order_park_and_compensate_ends_them);
    tcase_add_test(tcase, test_poison__an_unknown_type_is_ignored);
    tcase_add_test(tcase, test_poison__a_product_that_cannot_be_read_parks_its_sku);
    tcase_add_test(tcase, test_poison__headers_of_any_bytes_hold_nothing_up);
    tcase_add_test(tcase, test_redrive__takes_more_events_than_one_cascade_may_cause);
    tcase_add_test(tcase, test_redrive__a_repair_takes_them_all_and_holds_nothing_up);
    tcase_add_test(tcase, test_store__a_row_that_cannot_be_saved_parks_and_is_taken_again);
    tcase_add_test(tcase, test_store__a_store_that_is_away_parks_nothing);
    tcase_add_test(tcase, test_store__nothing_is_done_behind_what_waits_for_it);
    suite_add_tcase(made, tcase);
    return made;
}

AURORA_TEST_MAIN(suite)

/* SPDX-License-Identifier: MIT */
/* One order over seven services that share nothing but a bus: one trace, in which each hop is under
 * the one that caused it. */
#include "bus_shop.h"
#include "span_log.h"

#include <string.h>

#define WAIT_MS 30000
#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define SAMPLED "00-" TRACE "-00f067aa0ba902b7-01"
#define ORDER shop->services[BUS_ORDER]

static span_log *spans;
static bus_shop *shop;

static void open_shop(void)
{
    spans = span_log_new();
    shop = bus_shop_new(2);
    shop->tracer = span_log_tracer(spans);
    bus_shop_start_all(shop);
    bus_shop_stock_up(shop, 10);
}

static void close_shop(void)
{
    bus_shop_free(shop);
    span_log_free(spans);
}

static bool is_settled(bus_shop *of, void *argument)
{
    return shop_is_settled(of->services[BUS_ORDER], *(const aurora_id *)argument);
}

/* By the participant that is helped here. */
static bool is_parked(bus_shop *of, void *argument)
{
    aurora_order *order = shop_order(of->services[BUS_ORDER], *(const aurora_id *)argument);
    bool is = (order->parked & AURORA_PARKED_PAYMENT) != 0;
    aurora_order_free(order);
    return is;
}

static aurora_id place(const char *traceparent)
{
    shop_request request;
    aurora_order *order = NULL;
    shop_request_init(&request, NULL, 1, "card");
    request.request.traceparent = traceparent;
    request.request.flags = AURORA_ORDER_NO_WAIT;
    aurora_assert_ok(aurora_order_place(ORDER, &request.request, &order, NULL));
    aurora_id id = order->id;
    aurora_order_free(order);
    ck_assert(bus_shop_wait(shop, is_settled, &id, WAIT_MS));
    return id;
}

static const aurora_span *sent(const char *name)
{
    return span_log_wait(spans, name, "messaging.operation.type", "send");
}

static const aurora_span *taken(const char *name, const char *module)
{
    return span_log_wait(spans, name, "aurora.module", module);
}

START_TEST(test_trace_bus__an_order_is_one_trace_over_all_services)
{
    place(SAMPLED);

    const aurora_span *command = span_log_wait(spans, "place order", NULL, NULL);
    span_assert_under(command, SAMPLED);
    span_assert_child(sent("send order.created"), command);
    const aurora_span *reserve = taken("process order.created", "inventory");
    span_assert_child(reserve, sent("send order.created"));
    span_assert_child(sent("send inventory.reserved"), reserve);
    const aurora_span *authorize = taken("process inventory.reserved", "payment");
    span_assert_child(authorize, sent("send inventory.reserved"));
    span_assert_child(taken("process inventory.reserved", "order"),
                      sent("send inventory.reserved"));
    const aurora_span *finish = span_log_wait(spans, "send payment.authorized", NULL, NULL);
    const aurora_span *complete = taken("process payment.authorized", "order");
    span_assert_child(complete, finish);
    span_assert_child(sent("send order.completed"), complete);
    const char *const takers[] = {"inventory", "payment", "recommendation", "notification"};
    for (size_t i = 0; i < sizeof takers / sizeof takers[0]; i++)
        span_assert_child(taken("process order.completed", takers[i]),
                          sent("send order.completed"));
    span_assert_child(
        span_log_wait(spans, "follow order.completed", "aurora.follower", "notification"),
        taken("process order.completed", "notification"));
    span_assert_child(span_log_wait(spans, "follow order.completed", "aurora.follower", "trending"),
                      taken("process order.completed", "recommendation"));
    sent("send payment.captured");
    taken("process payment.captured", "order");
    span_log_assert_whole(spans, command, SAMPLED);
}
END_TEST

START_TEST(test_trace_bus__who_sends_and_who_takes_say_so_by_the_conventions)
{
    place(SAMPLED);

    const aurora_span *from = sent("send order.created");
    const aurora_span *to = taken("process order.created", "inventory");
    ck_assert_int_eq(from->kind, AURORA_SPAN_PRODUCER);
    ck_assert_int_eq(to->kind, AURORA_SPAN_CONSUMER);
    ck_assert_str_eq(span_text(from, "messaging.system"), "kafka");
    ck_assert_str_eq(span_text(to, "messaging.system"), "kafka");
    ck_assert_str_eq(span_text(from, "messaging.destination.name"), "orders");
    ck_assert_str_eq(span_text(to, "messaging.destination.name"), "orders");
    ck_assert_str_eq(span_text(to, "messaging.consumer.group.name"), "inventory");
    ck_assert_int_ge(span_number(to, "messaging.kafka.offset"), 0);
    ck_assert_int_eq(span_number(to, "aurora.event.position"),
                     span_number(from, "aurora.event.position"));
    ck_assert_str_eq(span_text(to, "aurora.result"), "applied");
}
END_TEST

START_TEST(test_trace_bus__the_span_of_an_event_is_computed_from_its_place_in_the_log)
{
    aurora_id log_id;
    uint8_t expected[8];
    char text[AURORA_ID_TEXT_BYTES];
    place(SAMPLED);

    const aurora_span *from = sent("send order.created");
    const char *message_id = span_text(from, "messaging.message.id");
    memcpy(text, message_id, 36);
    text[36] = '\0';
    aurora_assert_ok(aurora_id_parse(text, &log_id));
    aurora_span_id_derive(log_id, span_number(from, "aurora.event.position"), expected);
    ck_assert_mem_eq(from->span_id, expected, 8);
}
END_TEST

/* The traceparent header of the first message of this type. */
static const char *header_of(int32_t topic, const char *type)
{
    for (int32_t partition = 0; partition < 2; partition++) {
        const aurora_bus_record *record;
        for (uint32_t i = 0; (record = bus_fake_record(shop->fake, topic, partition, i)) != NULL;
             i++) {
            if (strcmp(bus_fake_header(record, "ce_type"), type) == 0)
                return bus_fake_header(record, "traceparent");
        }
    }
    return "no such message";
}

START_TEST(test_trace_bus__what_is_not_sampled_goes_on_unchanged_and_is_not_told)
{
    static const char unsampled[] = "00-" TRACE "-00f067aa0ba902b7-00";
    place(unsampled);

    ck_assert_str_eq(header_of(AURORA_TOPIC_ORDERS, "order.created"), unsampled);
    ck_assert_str_eq(header_of(AURORA_TOPIC_PAYMENTS, "payment.captured"), unsampled);
    ck_assert_uint_eq(span_log_count(spans, NULL, NULL, NULL), 0);
}
END_TEST

START_TEST(test_trace_bus__an_order_without_a_trace_has_no_header)
{
    place("garbage");

    ck_assert_ptr_null(header_of(AURORA_TOPIC_ORDERS, "order.created"));
    ck_assert_ptr_null(header_of(AURORA_TOPIC_INVENTORY, "inventory.reserved"));
}
END_TEST

START_TEST(test_trace_bus__repeats_after_a_lost_acknowledgement_are_the_same_span)
{
    bus_fake_fail_acks(shop->fake, 1);
    place(SAMPLED);

    const aurora_span *created = sent("send order.created");
    span_log_wait(spans, "process payment.captured", NULL, NULL);
    ck_assert_uint_eq(span_log_count(spans, "send order.created", NULL, NULL), 1);
    span_assert_child(taken("process order.created", "inventory"), created);
}
END_TEST

/* A message that no service of ours wrote, and none can read. */
static void append_poison(const char *key, const char *traceparent)
{
    static const char data[] = "{\"order_id\":";
    const aurora_bus_header headers[] = {{"ce_type", "order.cancelled"},
                                         {"ce_source", "/aurora/order/stray"},
                                         {"ce_sequence", "1"},
                                         {"traceparent", traceparent}};
    bus_fake_append(shop->fake, &(aurora_bus_message){.topic = AURORA_TOPIC_ORDERS,
                                                      .key = key,
                                                      .key_len = (uint32_t)strlen(key),
                                                      .data = data,
                                                      .data_len = sizeof data - 1,
                                                      .headers = headers,
                                                      .header_count = 4});
}

START_TEST(test_trace_bus__what_is_set_aside_is_told_although_nobody_sampled_it)
{
    static const char unsampled[] = "00-" TRACE "-00f067aa0ba902b7-00";
    append_poison("0197a6bd-8c7b-7000-8000-000000000008", unsampled);

    const aurora_span *span = taken("process order.cancelled", "inventory");
    span_assert_under(span, unsampled);
    ck_assert_int_eq(span->status, AURORA_SPAN_ERROR);
    ck_assert_str_eq(span_text(span, "error.type"), "parked");
    ck_assert_uint_eq(span->trace_flags, 0);
}
END_TEST

START_TEST(test_trace_bus__a_repair_is_the_operators_and_links_to_what_it_helps)
{
    char key[AURORA_ID_TEXT_BYTES];
    static const char operator_[] = "00-11111111111111111111111111111111-2222222222222222-01";
    aurora_id id = place(SAMPLED);
    aurora_id_format(id, key);
    append_poison(key, SAMPLED);
    const aurora_span *parked = taken("process order.cancelled", "payment");
    ck_assert_int_eq(parked->status, AURORA_SPAN_ERROR);
    ck_assert(bus_shop_wait(shop, is_parked, &id, WAIT_MS));

    aurora_assert_ok(aurora_saga_repair(ORDER,
                                        &(aurora_repair){.size = sizeof(aurora_repair),
                                                         .action = AURORA_REPAIR_RETRY,
                                                         .order_id = id,
                                                         .participant = AURORA_PARTICIPANT_PAYMENT,
                                                         .actor = "me",
                                                         .traceparent = operator_},
                                        NULL));

    const aurora_span *repair = span_log_wait(spans, "repair saga", NULL, NULL);
    span_assert_under(repair, operator_);
    ck_assert(span_has_link(repair, span_log_find(spans, "place order", NULL, NULL)));
    const aurora_span *taken_up = span_log_wait(spans, "process order.repair", NULL, NULL);
    ck_assert_mem_eq(taken_up->trace_id, parked->trace_id, 16);
}
END_TEST

#define WAITING_MAX 4096 /* of the relay, that have a span */
#define BEYOND 100
#define AT_ONCE 500

static void take_all(aurora_queue *queue, uint32_t count)
{
    aurora_completion done[64];
    while (count > 0) {
        uint32_t taken = 0;
        aurora_assert_ok(aurora_queue_take(queue, done, 64, WAIT_MS, &taken));
        ck_assert_uint_gt(taken, 0);
        for (uint32_t i = 0; i < taken; i++)
            aurora_assert_ok(done[i].status);
        count -= taken;
    }
}

static void place_many(uint32_t count)
{
    const aurora_order_request *requests[AT_ONCE];
    aurora_queue *queue = NULL;
    shop_request request;
    shop_request_init(&request, NULL, 1, "card");
    request.request.traceparent = SAMPLED;
    request.request.flags = AURORA_ORDER_NO_WAIT;
    for (uint32_t i = 0; i < AT_ONCE; i++)
        requests[i] = &request.request;
    aurora_assert_ok(aurora_queue_new(ORDER, AT_ONCE, &queue));
    while (count > 0) {
        uint32_t accepted = 0;
        aurora_assert_ok(aurora_order_submit(queue, requests, NULL,
                                             count < AT_ONCE ? count : AT_ONCE, &accepted));
        take_all(queue, accepted);
        count -= accepted;
    }
    aurora_queue_free(queue);
}

static bool is_dropped(bus_shop *of, void *argument)
{
    (void)of;
    return span_log_dropped(spans) >= *(const uint64_t *)argument;
}

/* The bus is given everything and says nothing. */
START_TEST(test_trace_bus__spans_beyond_what_waits_for_the_bus_are_counted)
{
    uint64_t beyond = BEYOND;
    spans = span_log_new();
    shop = bus_shop_new(1);
    shop->tracer = span_log_tracer(spans);
    bus_shop_start(shop, BUS_PRODUCT);
    bus_shop_start(shop, BUS_ORDER);
    aurora_assert_ok(
        aurora_product_put(shop->services[BUS_PRODUCT],
                           AURORA_PRODUCT(.sku = SHOP_SKU, .name = "Cup", .price_minor = SHOP_PRICE,
                                          .currency = "EUR"),
                           AURORA_ANY_VERSION, NULL, NULL));
    ck_assert(bus_fake_wait_count(shop->fake, AURORA_TOPIC_PRODUCTS, NULL, 1, WAIT_MS));
    ck_assert(bus_fake_wait_done(shop->fake, "order", AURORA_TOPIC_PRODUCTS, WAIT_MS));
    bus_fake_hold_acks(shop->fake, true);

    place_many(WAITING_MAX + BEYOND);
    ck_assert(bus_shop_wait(shop, is_dropped, &beyond, WAIT_MS));
    bus_fake_hold_acks(shop->fake, false);
    ck_assert(
        bus_fake_wait_count(shop->fake, AURORA_TOPIC_ORDERS, NULL, WAITING_MAX + BEYOND, WAIT_MS));

    ck_assert_uint_eq(span_log_dropped(spans), BEYOND);
    bus_shop_free(shop);
    ck_assert_uint_eq(span_log_count(spans, "send order.created", NULL, NULL), WAITING_MAX);
    span_log_free(spans);
}
END_TEST

static Suite *trace_suite(void)
{
    Suite *suite = suite_create("trace_bus");
    TCase *tcase = tcase_create("bus");

    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, open_shop, close_shop);
    tcase_add_test(tcase, test_trace_bus__an_order_is_one_trace_over_all_services);
    tcase_add_test(tcase, test_trace_bus__who_sends_and_who_takes_say_so_by_the_conventions);
    tcase_add_test(tcase,
                   test_trace_bus__the_span_of_an_event_is_computed_from_its_place_in_the_log);
    tcase_add_test(tcase, test_trace_bus__what_is_not_sampled_goes_on_unchanged_and_is_not_told);
    tcase_add_test(tcase, test_trace_bus__an_order_without_a_trace_has_no_header);
    tcase_add_test(tcase, test_trace_bus__repeats_after_a_lost_acknowledgement_are_the_same_span);
    tcase_add_test(tcase, test_trace_bus__what_is_set_aside_is_told_although_nobody_sampled_it);
    tcase_add_test(tcase, test_trace_bus__a_repair_is_the_operators_and_links_to_what_it_helps);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("beyond");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, test_trace_bus__spans_beyond_what_waits_for_the_bus_are_counted);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(trace_suite)

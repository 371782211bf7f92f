/* SPDX-License-Identifier: MIT */
/* The bus contract: what is acknowledged is there, in order per key; effects decide where reading
 * goes on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus_fixture.h"

/* --- producing -------------------------------------------------------------------------------- */

START_TEST(test_bus__acknowledges_a_growing_prefix)
{
    bus_fixture f;
    aurora_bus_figures figures;
    bus_start(&f, _i);

    for (int64_t position = 3; position <= 300; position += 3) {
        char key[16];
        snprintf(key, sizeof key, "k%d", (int)position % 7);
        bus_publish(&f, AURORA_TOPIC_ORDERS, key, position);
    }

    bus_settle(&f, 300);
    f.bus.figures(f.bus.self, &figures);
    ck_assert_uint_eq(figures.produced, 100);
    ck_assert_uint_eq(figures.produce_failures, 0);
    ck_assert_uint_eq(figures.is_connected, 1);
    ck_assert_int_gt(figures.produce_latency_us, 0);
    ck_assert_str_eq(figures.last_error, "");
    bus_stop(&f);
}
END_TEST

START_TEST(test_bus__message_of_no_log_does_not_move_the_prefix)
{
    bus_fixture f;
    int64_t safe;
    aurora_bus_figures figures;
    bus_start(&f, _i);
    bus_publish(&f, AURORA_TOPIC_ORDERS, "a", 5);
    bus_settle(&f, 5);

    bus_publish(&f, AURORA_TOPIC_DEAD_LETTERS, "a", 0);

    int64_t end_ms = bus_now_ms() + BUS_PATIENCE_MS;
    do {
        aurora_assert_ok(f.bus.produced(f.bus.self, 50, &safe));
        ck_assert_int_eq(safe, 5);
        f.bus.figures(f.bus.self, &figures);
    } while (figures.produced < 2 && bus_now_ms() < end_ms);
    ck_assert_uint_eq(figures.produced, 2);
    bus_stop(&f);
}
END_TEST

/* The first of two is good, so that the count of accepted ones says which was refused. */
static void refuse(bus_fixture *f, aurora_bus_message bad)
{
    uint32_t accepted;
    int64_t position = bad.position > 0 ? bad.position - 1 : 0;
    aurora_bus_message both[] = {{.topic = AURORA_TOPIC_ORDERS,
                                  .key_len = 1,
                                  .key = "k",
                                  .data = "d",
                                  .data_len = 1,
                                  .position = position},
                                 bad};
    aurora_assert_status(f->bus.produce(f->bus.self, both, 2, &accepted), AURORA_EINVAL);
    ck_assert_uint_eq(accepted, 1);
}

START_TEST(test_bus__message_that_can_never_pass_is_refused_behind_those_that_can)
{
    bus_fixture f;
    aurora_bus_header headers[AURORA_BUS_HEADERS_MAX + 1] = {{"a", "b"}};
    char *data = calloc(1, 1024 * 1024 + 1);
    bus_start(&f, _i);
    bus_publish(&f, AURORA_TOPIC_ORDERS, "k", 1);
    aurora_bus_message good = {
        .topic = AURORA_TOPIC_ORDERS, .key_len = 1, .key = "k", .data = "d", .data_len = 1};

    aurora_bus_message bad = good;
    bad.topic = AURORA_TOPIC_COUNT, bad.position = 10;
    refuse(&f, bad);
    bad = good, bad.key_len = 0, bad.position = 20;
    refuse(&f, bad);
    bad = good, bad.data = data, bad.data_len = 1024 * 1024 + 1, bad.position = 30;
    refuse(&f, bad);
    bad = good, bad.headers = headers, bad.header_count = AURORA_BUS_HEADERS_MAX + 1;
    bad.position = 40;
    refuse(&f, bad);
    aurora_assert_status(bus_produce(&f, AURORA_TOPIC_ORDERS, "k", 39), AURORA_EINVAL);

    bus_settle(&f, 39);
    free(data);
    bus_stop(&f);
}
END_TEST

START_TEST(test_bus__restart_begins_at_the_given_position)
{
    bus_fixture f;
    int64_t safe;
    bus_start(&f, _i);
    for (int64_t position = 1; position <= 10; position++)
        bus_publish(&f, AURORA_TOPIC_ORDERS, "a", position);

    aurora_assert_ok(f.bus.restart(f.bus.self, 4));

    aurora_assert_ok(f.bus.produced(f.bus.self, 0, &safe));
    ck_assert_int_eq(safe, 4);
    aurora_assert_status(bus_produce(&f, AURORA_TOPIC_ORDERS, "a", 4), AURORA_EINVAL);
    bus_publish(&f, AURORA_TOPIC_ORDERS, "a", 5);
    bus_settle(&f, 5);
    bus_stop(&f);
}
END_TEST

/* --- consuming -------------------------------------------------------------------------------- */

static void produce_wide(bus_fixture *f)
{
    aurora_bus_header headers[] = {{"ce_type", "order.created"}, {"traceparent", "00-ä"}};
    aurora_bus_message messages[] = {{.topic = AURORA_TOPIC_ORDERS,
                                      .key_len = 3,
                                      .key = "k\0y",
                                      .data = "d\0ta",
                                      .data_len = 4,
                                      .header_count = 2,
                                      .headers = headers,
                                      .position = 1,
                                      .at_ms = 1700000000123},
                                     {.topic = AURORA_TOPIC_ORDERS,
                                      .key_len = 3,
                                      .key = "k\0y",
                                      .position = 2,
                                      .at_ms = 1700000000124}};
    uint32_t accepted = 0;
    int64_t end_ms = bus_now_ms() + BUS_PATIENCE_MS;
    while (f->bus.produce(f->bus.self, messages, 2, &accepted) == AURORA_EBUSY) {
        ck_assert_int_lt(bus_now_ms(), end_ms);
        bus_pause_ms(1);
    }
    ck_assert_uint_eq(accepted, 2);
}

START_TEST(test_bus__record_is_what_was_sent)
{
    bus_fixture f;
    const aurora_bus_record *records;
    uint32_t count = 0;
    bus_start(&f, _i);
    produce_wide(&f);
    bus_settle(&f, 2);
    bus_join(&f, "order", AURORA_TOPIC_ORDERS);

    int64_t end_ms = bus_now_ms() + BUS_PATIENCE_MS;
    while (count == 0 && bus_now_ms() < end_ms)
        aurora_assert_ok(f.bus.poll(f.bus.self, 100, 2, &records, &count));

    ck_assert_uint_eq(count, 2);
    ck_assert_int_eq(records[0].topic, AURORA_TOPIC_ORDERS);
    ck_assert_uint_eq(records[0].key_len, 3);
    ck_assert_mem_eq(records[0].key, "k\0y", 4);
    ck_assert_uint_eq(records[0].data_len, 4);
    ck_assert_mem_eq(records[0].data, "d\0ta", 5);
    ck_assert_int_eq(records[0].at_ms, 1700000000123);
    ck_assert_uint_eq(records[0].header_count, 2);
    ck_assert_str_eq(records[0].headers[0].name, "ce_type");
    ck_assert_str_eq(records[0].headers[0].value, "order.created");
    ck_assert_str_eq(records[0].headers[1].value, "00-ä");
    ck_assert_int_eq(records[0].offset, 0);
    ck_assert_ptr_null(records[1].data);
    ck_assert_uint_eq(records[1].data_len, 0);
    ck_assert_uint_eq(records[1].header_count, 0);
    ck_assert_int_eq(records[1].partition, records[0].partition);
    ck_assert_int_eq(records[1].offset, 1);
    bus_stop(&f);
}
END_TEST

static void publish_keys(bus_fixture *f, int64_t first, int64_t last)
{
    for (int64_t position = first; position <= last; position++) {
        char key[16];
        snprintf(key, sizeof key, "key-%d", (int)(position % 10));
        bus_publish(f, AURORA_TOPIC_ORDERS, key, position);
    }
    bus_settle(f, last);
}

/* Numbers grow within a partition, and a key has one. */
static void check_order(const bus_fixture *f, uint32_t first)
{
    int64_t newest[BUS_PARTITIONS] = {0};
    int32_t home[10] = {0};
    for (uint32_t i = first; i < f->got_count; i++) {
        const bus_got *got = &f->got[i];
        ck_assert_int_gt(got->number, newest[got->partition]);
        newest[got->partition] = got->number;
        int32_t *partition = &home[got->number % 10];
        ck_assert(*partition == 0 || *partition == got->partition + 1);
        *partition = got->partition + 1;
    }
}

START_TEST(test_bus__what_was_not_done_comes_again_in_order)
{
    bus_fixture f;
    bus_start(&f, _i);
    publish_keys(&f, 1, 200);
    bus_join(&f, "order", AURORA_TOPIC_ORDERS);
    bus_collect(&f, 200);
    check_order(&f, 0);

    bus_got *first = &f.got[0];
    aurora_bus_position position = {first->topic, first->partition, first->offset};
    aurora_assert_ok(f.bus.seek(f.bus.self, &position, 1));
    uint32_t again = 0;
    for (uint32_t i = 0; i < 200; i++)
        again += f.got[i].partition == first->partition;
    bus_collect(&f, 200 + again);

    check_order(&f, 200);
    for (uint32_t i = 200; i < 200 + again; i++)
        ck_assert_int_eq(f.got[i].partition, first->partition);
    bus_stop(&f);
}
END_TEST

START_TEST(test_bus__group_goes_on_behind_what_was_done)
{
    bus_fixture f;
    bus_start(&f, _i);
    publish_keys(&f, 1, 50);
    bus_join(&f, "order", AURORA_TOPIC_ORDERS);
    bus_collect(&f, 50);
    bus_finish(&f);
    aurora_assert_ok(f.bus.unsubscribe(f.bus.self));
    ck_assert_uint_eq(f.watch.revoked, BUS_PARTITIONS);
    ck_assert_uint_eq(f.watch.lost, 0);
    publish_keys(&f, 51, 60);

    bus_join(&f, "order", AURORA_TOPIC_ORDERS);
    bus_collect(&f, 60);

    for (uint32_t i = 50; i < 60; i++)
        ck_assert_int_gt(f.got[i].number, 50);
    bus_stop(&f);
}
END_TEST

START_TEST(test_bus__leaving_with_records_unread_leaves_them_to_the_next)
{
    bus_fixture f;
    const aurora_bus_record *records;
    uint32_t count = 0;
    bus_start(&f, _i);
    publish_keys(&f, 1, 3000);
    bus_join(&f, "order", AURORA_TOPIC_ORDERS);
    int64_t end_ms = bus_now_ms() + BUS_PATIENCE_MS;
    while (count == 0 && bus_now_ms() < end_ms)
        aurora_assert_ok(f.bus.poll(f.bus.self, 100, 1, &records, &count));
    ck_assert_uint_eq(count, 1);

    aurora_assert_ok(f.bus.unsubscribe(f.bus.self));
    bus_join(&f, "order", AURORA_TOPIC_ORDERS);
    bus_collect(&f, 3000);

    check_order(&f, 0);
    bus_stop(&f);
}
END_TEST

START_TEST(test_bus__listener_knows_better_than_the_group)
{
    bus_fixture f;
    bus_start(&f, _i);
    publish_keys(&f, 1, 50);
    bus_join(&f, "order", AURORA_TOPIC_ORDERS);
    bus_collect(&f, 50);
    bus_finish(&f);
    aurora_assert_ok(f.bus.unsubscribe(f.bus.self));

    f.watch.next_offset = 0;
    bus_join(&f, "order", AURORA_TOPIC_ORDERS);
    bus_collect(&f, 100);

    check_order(&f, 50);
    bus_stop(&f);
}
END_TEST

START_TEST(test_bus__partitions_rest_until_the_listener_can_say_where_to_begin)
{
    bus_fixture f;
    bus_start(&f, _i);
    publish_keys(&f, 1, 50);
    f.watch.answer = AURORA_EIO;
    bus_join(&f, "order", AURORA_TOPIC_ORDERS);
    int64_t end_ms = bus_now_ms() + BUS_PATIENCE_MS;
    while (f.watch.asked < 3 && bus_now_ms() < end_ms)
        ck_assert_uint_eq(bus_poll(&f, 50), 0);
    ck_assert_uint_ge(f.watch.asked, 3);

    f.watch.answer = AURORA_OK;
    bus_collect(&f, 50);

    check_order(&f, 0);
    ck_assert_uint_eq(f.watch.assigned, BUS_PARTITIONS);
    bus_stop(&f);
}
END_TEST

/* Of all partitions together. What waits has a time, where nothing does there is none. */
static int64_t sum_lags(bus_fixture *f)
{
    aurora_bus_lag lags[BUS_PARTITIONS];
    int64_t sum = 0;
    ck_assert_uint_eq(f->bus.lags(f->bus.self, lags, BUS_PARTITIONS), BUS_PARTITIONS);
    for (uint32_t i = 0; i < BUS_PARTITIONS; i++) {
        ck_assert_int_eq(lags[i].topic, AURORA_TOPIC_ORDERS);
        ck_assert_ptr_nonnull(strstr(lags[i].topic_name, ".orders"));
        ck_assert_int_ge(lags[i].lag, 0);
        ck_assert(lags[i].lag > 0 ? lags[i].oldest_at_ms > 0 : lags[i].oldest_at_ms == 0);
        sum += lags[i].lag;
    }
    return sum;
}

START_TEST(test_bus__lag_is_what_has_no_effect_yet)
{
    bus_fixture f;
    aurora_bus_figures figures;
    bus_start(&f, _i);
    publish_keys(&f, 1, 30);
    bus_join(&f, "order", AURORA_TOPIC_ORDERS);
    bus_collect(&f, 30);
    int64_t end_ms = bus_now_ms() + BUS_PATIENCE_MS;

    do {
        bus_poll(&f, 50);
        f.bus.figures(f.bus.self, &figures);
    } while (figures.lag < 0 && bus_now_ms() < end_ms);

    ck_assert_int_eq(figures.lag, 30);
    ck_assert_int_eq(sum_lags(&f), 30);
    ck_assert_uint_eq(figures.assigned, BUS_PARTITIONS);
    ck_assert_uint_eq(figures.consumed, 30);
    bus_finish(&f);
    f.bus.figures(f.bus.self, &figures);
    ck_assert_int_eq(figures.lag, 0);
    ck_assert_int_eq(sum_lags(&f), 0);
    publish_keys(&f, 31, 35);
    do {
        bus_poll(&f, 50);
        f.bus.figures(f.bus.self, &figures);
    } while (figures.lag != 5 && bus_now_ms() < end_ms);
    ck_assert_int_eq(figures.lag, 5);
    ck_assert_int_eq(sum_lags(&f), 5);
    bus_stop(&f);
}
END_TEST

/* --- both ------------------------------------------------------------------------------------- */

static void *wake_soon(void *argument)
{
    bus_fixture *f = argument;
    bus_pause_ms(50);
    f->bus.wake(f->bus.self);
    return NULL;
}

START_TEST(test_bus__wake_ends_a_wait)
{
    bus_fixture f;
    int64_t safe;
    pthread_t thread;
    bus_start(&f, _i);
    bus_join(&f, "order", AURORA_TOPIC_ORDERS);
    int64_t begin_ms = bus_now_ms();

    pthread_create(&thread, NULL, wake_soon, &f);
    bus_poll(&f, 120000);
    pthread_join(thread, NULL);
    aurora_assert_ok(f.bus.produced(f.bus.self, 120000, &safe));

    ck_assert_int_lt(bus_now_ms() - begin_ms, 100000);
    bus_stop(&f);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("bus");
    TCase *producing = tcase_create("producing");
    TCase *consuming = tcase_create("consuming");
    bus_add_test(producing, test_bus__acknowledges_a_growing_prefix);
    bus_add_test(producing, test_bus__message_of_no_log_does_not_move_the_prefix);
    bus_add_test(producing, test_bus__message_that_can_never_pass_is_refused_behind_those_that_can);
    bus_add_test(producing, test_bus__restart_begins_at_the_given_position);
    bus_add_test(consuming, test_bus__record_is_what_was_sent);
    bus_add_slow_test(consuming, test_bus__what_was_not_done_comes_again_in_order);
    bus_add_slow_test(consuming, test_bus__group_goes_on_behind_what_was_done);
    bus_add_slow_test(consuming, test_bus__leaving_with_records_unread_leaves_them_to_the_next);
    bus_add_slow_test(consuming, test_bus__listener_knows_better_than_the_group);
    bus_add_slow_test(consuming,
                      test_bus__partitions_rest_until_the_listener_can_say_where_to_begin);
    bus_add_slow_test(consuming, test_bus__lag_is_what_has_no_effect_yet);
    bus_add_slow_test(consuming, test_bus__wake_ends_a_wait);
    tcase_set_timeout(producing, 120);
    tcase_set_timeout(consuming, 120);
    suite_add_tcase(s, producing);
    suite_add_tcase(s, consuming);
    return s;
}

AURORA_TEST_MAIN(suite)

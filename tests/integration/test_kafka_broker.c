/* SPDX-License-Identifier: MIT */
/* The Kafka bus against the real broker of AURORA_TEST_KAFKA: what it makes there, much traffic,
 * members that come and go. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus_kafka_places.h"

#define BROKER 1 /* of bus_adapters */
#define KEYS 97
#define MANY 20000

static void publish(bus_fixture *f, int64_t first, int64_t last)
{
    for (int64_t position = first; position <= last; position++) {
        char key[16];
        snprintf(key, sizeof key, "key-%d", (int)(position % KEYS));
        bus_publish(f, AURORA_TOPIC_ORDERS, key, position);
    }
}

/* --- topics ----------------------------------------------------------------------------------- */

/* 0 = not there. */
static int partitions_of(const bus_fixture *f, rd_kafka_t *rk, const char *noun)
{
    const struct rd_kafka_metadata *metadata;
    char name[96];
    int count = 0;
    snprintf(name, sizeof name, "%s.%s", f->prefix, noun);
    ck_assert_int_eq(rd_kafka_metadata(rk, 1, NULL, &metadata, 5000), RD_KAFKA_RESP_ERR_NO_ERROR);
    for (int i = 0; i < metadata->topic_cnt; i++) {
        if (strcmp(metadata->topics[i].topic, name) == 0)
            count = metadata->topics[i].partition_cnt;
    }
    rd_kafka_metadata_destroy(metadata);
    return count;
}

static void read_config(const bus_fixture *f, rd_kafka_t *rk, const char *noun, const char *name,
                        char value_out[64])
{
    char topic[96];
    size_t count;
    snprintf(topic, sizeof topic, "%s.%s", f->prefix, noun);
    rd_kafka_ConfigResource_t *asked = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_DescribeConfigs(rk, &asked, 1, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, BUS_PATIENCE_MS);
    ck_assert_ptr_nonnull(event);
    const rd_kafka_ConfigResource_t **answers = rd_kafka_DescribeConfigs_result_resources(
        rd_kafka_event_DescribeConfigs_result(event), &count);
    ck_assert_uint_eq(count, 1);
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(answers[0], &count);
    value_out[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rd_kafka_ConfigEntry_name(entries[i]), name) == 0)
            snprintf(value_out, 64, "%s", rd_kafka_ConfigEntry_value(entries[i]));
    }
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_ConfigResource_destroy(asked);
}

static void await_topics(const bus_fixture *f, rd_kafka_t *rk)
{
    int64_t end_ms = bus_now_ms() + BUS_PATIENCE_MS;
    while (partitions_of(f, rk, "dlq.v1") == 0 && bus_now_ms() < end_ms)
        bus_pause_ms(50);
}

static const struct {
    const char *noun;
    int partitions;
    const char *cleanup;
    const char *retention_ms;
} layout[] = {
    {"orders.v1", BUS_PARTITIONS, "delete", "2592000000"},
    {"inventory.v1", BUS_PARTITIONS, "delete", "2592000000"},
    {"payments.v1", BUS_PARTITIONS, "delete", "2592000000"},
    {"products.v1", BUS_PARTITIONS, "compact", "-1"},
    {"views.v1", BUS_PARTITIONS, "delete", "604800000"},
    {"dlq.v1", 1, "delete", "2592000000"},
};

START_TEST(test_kafka_topics__that_are_missing_are_made_with_their_layout)
{
    bus_fixture f;
    char value[64];
    bus_start(&f, BROKER);
    rd_kafka_t *rk = kafka_plain_client(&f, RD_KAFKA_PRODUCER);

    await_topics(&f, rk);

    for (size_t i = 0; i < sizeof layout / sizeof *layout; i++) {
        ck_assert_int_eq(partitions_of(&f, rk, layout[i].noun), layout[i].partitions);
        read_config(&f, rk, layout[i].noun, "cleanup.policy", value);
        ck_assert_str_eq(value, layout[i].cleanup);
        read_config(&f, rk, layout[i].noun, "retention.ms", value);
        ck_assert_str_eq(value, layout[i].retention_ms);
        read_config(&f, rk, layout[i].noun, "max.message.bytes", value);
        ck_assert_str_eq(value, "2097152");
    }
    rd_kafka_destroy(rk);
    bus_stop(&f);
}
END_TEST

START_TEST(test_kafka_topics__that_are_there_keep_their_partitions)
{
    bus_fixture first, second;
    aurora_bus_figures figures;
    bus_start(&first, BROKER);
    rd_kafka_t *rk = kafka_plain_client(&first, RD_KAFKA_PRODUCER);
    await_topics(&first, rk);
    size_t length = strlen(first.address);
    ck_assert_int_eq(first.address[length - 1], '0' + BUS_PARTITIONS);
    first.address[length - 1] = '9';

    bus_open(&second, &first, BROKER);
    bus_publish(&second, AURORA_TOPIC_ORDERS, "k", 1);
    bus_settle(&second, 1);

    ck_assert_int_eq(partitions_of(&first, rk, "orders.v1"), BUS_PARTITIONS);
    ck_assert_ptr_nonnull(strstr(second.log, "orders.v1 has 4 partitions, and keeps them"));
    second.bus.figures(second.bus.self, &figures);
    ck_assert_str_eq(figures.last_error, "");
    bus_close(&second);
    rd_kafka_destroy(rk);
    bus_stop(&first);
}
END_TEST

/* One broker cannot hold nine replicas. */
START_TEST(test_kafka_topics__that_cannot_be_made_are_told)
{
    bus_fixture place, f;
    aurora_bus_figures figures = {0};
    bus_start(&place, BROKER);
    strncat(place.prefix, "x", 2);
    snprintf(place.address, sizeof place.address, "//%s?prefix=%s&replication=9",
             getenv("AURORA_TEST_KAFKA"), place.prefix);
    bus_open(&f, &place, BROKER);
    int64_t end_ms = bus_now_ms() + BUS_PATIENCE_MS;

    while (strstr(figures.last_error, "is missing and cannot be made") == NULL &&
           bus_now_ms() < end_ms) {
        bus_pause_ms(20);
        f.bus.figures(f.bus.self, &figures);
    }

    ck_assert_msg(strstr(figures.last_error, "is missing and cannot be made") != NULL, "%s",
                  figures.last_error);
    ck_assert_uint_eq(figures.is_connected, 1);
    aurora_assert_status(bus_produce(&f, AURORA_TOPIC_ORDERS, "k", 1), AURORA_EBUSY);
    bus_close(&f);
    place.prefix[strlen(place.prefix) - 1] = '\0';
    bus_stop(&place);
}
END_TEST

/* --- traffic ---------------------------------------------------------------------------------- */

START_TEST(test_kafka_bus__much_traffic_arrives_once_and_in_order_per_key)
{
    bus_fixture f;
    int64_t newest[KEYS] = {0};
    bus_start(&f, BROKER);
    bus_join(&f, "order", AURORA_TOPIC_ORDERS);

    publish(&f, 1, MANY);
    bus_settle(&f, MANY);
    bus_collect(&f, MANY);

    ck_assert_uint_eq(f.got_count, MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        const bus_got *got = &f.got[i];
        int64_t expected = newest[got->number % KEYS] + KEYS;
        if (expected == KEYS && got->number % KEYS != 0)
            expected = got->number % KEYS;
        ck_assert_int_eq(got->number, expected);
        newest[got->number % KEYS] = got->number;
    }
    bus_stop(&f);
}
END_TEST

/* What a service's store does: effects in order, each record above the watermark of its partition
 * and none before it. */
typedef struct {
    int64_t next[BUS_PARTITIONS];
    bool has_effect[MANY + 1];
    uint32_t effects;
} store;

static aurora_status read_store(void *self, aurora_bus_position *positions, uint32_t count)
{
    const store *s = self;
    for (uint32_t i = 0; i < count; i++)
        positions[i].next_offset = s->next[positions[i].partition];
    return AURORA_OK;
}

static void hear_nothing(void *self, const aurora_bus_position *positions, uint32_t count,
                         bool is_lost)
{
    (void)self;
    (void)positions;
    (void)count;
    (void)is_lost;
}

/* A record beyond the next one would be a hole. */
static void work(bus_fixture *f, store *s)
{
    uint32_t before = f->got_count;
    bus_poll(f, 20);
    for (uint32_t i = before; i < f->got_count; i++) {
        const bus_got *got = &f->got[i];
        aurora_bus_position done = {got->topic, got->partition, got->offset + 1};
        ck_assert_int_le(got->offset, s->next[got->partition]);
        if (got->offset < s->next[got->partition])
            continue;
        s->next[got->partition] = got->offset + 1;
        ck_assert(!s->has_effect[got->number]);
        s->has_effect[got->number] = true;
        s->effects++;
        if (i % 3 == 0)
            aurora_assert_ok(f->bus.done(f->bus.self, &done, 1));
    }
}

START_TEST(test_kafka_bus__members_that_come_and_go_leave_no_hole)
{
    enum { EACH = 2000 };
    static store s;
    bus_fixture first, second;
    bus_start(&first, BROKER);
    first.listener =
        (aurora_bus_listener){.self = &s, .assigned = read_store, .revoked = hear_nothing};
    bus_join(&first, "order", AURORA_TOPIC_ORDERS);
    publish(&first, 1, EACH);
    bus_settle(&first, EACH);
    int64_t end_ms = bus_now_ms() + BUS_PATIENCE_MS;
    aurora_bus_figures figures;

    bus_open(&second, &first, BROKER);
    second.listener = first.listener;
    while (s.effects < EACH / 2 && bus_now_ms() < end_ms)
        work(&first, &s);
    bus_join(&second, "order", AURORA_TOPIC_ORDERS);
    publish(&first, EACH + 1, 2 * EACH);
    do {
        work(&first, &s);
        work(&second, &s);
        second.bus.figures(second.bus.self, &figures);
    } while (figures.assigned < BUS_PARTITIONS / 2 && bus_now_ms() < end_ms);
    ck_assert_uint_eq(figures.assigned, BUS_PARTITIONS / 2);
    work(&second, &s);
    aurora_assert_ok(second.bus.unsubscribe(second.bus.self));
    publish(&first, 2 * EACH + 1, 3 * EACH);
    while (s.effects < 3 * EACH && bus_now_ms() < end_ms)
        work(&first, &s);

    ck_assert_uint_eq(s.effects, 3 * EACH);
    bus_close(&second);
    bus_stop(&first);
}
END_TEST

static Suite *suite(void)
{
    if (getenv("AURORA_TEST_KAFKA") == NULL) {
        printf("skipped: AURORA_TEST_KAFKA is not set (./dev up)\n");
        return NULL;
    }
    Suite *s = suite_create("kafka_broker");
    TCase *tcase = tcase_create("broker");
    tcase_add_test(tcase, test_kafka_topics__that_are_missing_are_made_with_their_layout);
    tcase_add_test(tcase, test_kafka_topics__that_are_there_keep_their_partitions);
    tcase_add_test(tcase, test_kafka_topics__that_cannot_be_made_are_told);
    tcase_add_test(tcase, test_kafka_bus__much_traffic_arrives_once_and_in_order_per_key);
    tcase_add_test(tcase, test_kafka_bus__members_that_come_and_go_leave_no_hole);
    tcase_set_timeout(tcase, 180);
    suite_add_tcase(s, tcase);
    return s;
}

AURORA_TEST_MAIN(suite)

/* SPDX-License-Identifier: MIT */
/* The Kafka bus when things go wrong, against librdkafka's mock cluster: outages, refused
 * deliveries, frozen and dead members, no memory. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bus_kafka_places.h"

#define PRODUCE 0 /* the key of Kafka's Produce request */
#define MOCK 0    /* of bus_adapters */

static void publish(bus_fixture *f, int64_t first, int64_t last)
{
    for (int64_t position = first; position <= last; position++) {
        char key[16];
        snprintf(key, sizeof key, "key-%d", (int)(position % 10));
        bus_publish(f, AURORA_TOPIC_ORDERS, key, position);
    }
}

/* --- what stands in the topic ----------------------------------------------------------------- */

/* Reads everything with a plain consumer: in each partition, of the positions that were not seen
 * before, each is above the last, and in all they are 1..last. */
static void check_topic(const bus_fixture *f, int64_t last)
{
    char topic[96];
    int64_t newest[BUS_PARTITIONS] = {0};
    bool *seen = calloc((size_t)last + 1, sizeof *seen);
    int64_t count = 0;
    rd_kafka_t *rk = kafka_plain_client(f, RD_KAFKA_CONSUMER);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(BUS_PARTITIONS);
    snprintf(topic, sizeof topic, "%s.orders.v1", f->prefix);
    for (int32_t i = 0; i < BUS_PARTITIONS; i++)
        rd_kafka_topic_partition_list_add(list, topic, i)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_assign(rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    int64_t end_ms = bus_now_ms() + BUS_PATIENCE_MS;
    while (count < last && bus_now_ms() < end_ms) {
        const void *value;
        size_t length;
        rd_kafka_headers_t *headers;
        rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, 100);
        if (message == NULL)
            continue;
        ck_assert_int_eq(message->err, RD_KAFKA_RESP_ERR_NO_ERROR);
        ck_assert_int_eq(rd_kafka_message_headers(message, &headers), RD_KAFKA_RESP_ERR_NO_ERROR);
        rd_kafka_header_get_last(headers, "number", &value, &length);
        int64_t number = strtoll(value, NULL, 10);
        ck_assert_int_le(number, last);
        if (!seen[number]) {
            ck_assert_int_gt(number, newest[message->partition]);
            newest[message->partition] = number;
            count++;
        }
        seen[number] = true;
        rd_kafka_message_destroy(message);
    }
    rd_kafka_consumer_close(rk);
    rd_kafka_destroy(rk);
    free(seen);
    ck_assert_int_eq(count, last);
}

/* --- producing -------------------------------------------------------------------------------- */

START_TEST(test_kafka_producer__outage_makes_events_late_and_loses_none)
{
    bus_fixture f;
    int64_t safe;
    aurora_bus_figures figures;
    bus_start(&f, MOCK);
    publish(&f, 1, 50);
    bus_settle(&f, 50);

    kafka_mock_down(&f);
    publish(&f, 51, 100);
    int64_t end_ms = bus_now_ms() + BUS_PATIENCE_MS;
    do {
        aurora_assert_ok(f.bus.produced(f.bus.self, 50, &safe));
        f.bus.figures(f.bus.self, &figures);
    } while (figures.is_connected && bus_now_ms() < end_ms);
    ck_assert_uint_eq(figures.is_connected, 0);
    ck_assert_str_ne(figures.last_error, "");
    ck_assert_int_lt(safe, 100);
    kafka_mock_up(&f);

    bus_settle(&f, 100);
    check_topic(&f, 100);
    bus_stop(&f);
}
END_TEST

START_TEST(test_kafka_producer__retriable_errors_are_not_seen)
{
    bus_fixture f;
    aurora_bus_figures figures;
    bus_start(&f, MOCK);
    publish(&f, 1, 10);
    bus_settle(&f, 10);

    rd_kafka_mock_push_request_errors(
        kafka_mock(&f), PRODUCE, 4, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
        RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
        RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND);
    publish(&f, 11, 40);

    bus_settle(&f, 40);
    f.bus.figures(f.bus.self, &figures);
    ck_assert_uint_eq(figures.produce_failures, 0);
    check_topic(&f, 40);
    bus_stop(&f);
}
END_TEST

START_TEST(test_kafka_producer__failed_delivery_ends_it_and_restart_leaves_no_gap)
{
    bus_fixture f;
    aurora_bus_figures figures;
    int64_t safe = 0;
    aurora_status rc = AURORA_OK;
    bus_start(&f, MOCK);
    publish(&f, 1, 30);
    bus_settle(&f, 30);

    rd_kafka_mock_push_request_errors(kafka_mock(&f), PRODUCE, 1,
                                      RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    publish(&f, 31, 60);
    int64_t end_ms = bus_now_ms() + BUS_PATIENCE_MS;
    while (rc == AURORA_OK && bus_now_ms() < end_ms)
        rc = f.bus.produced(f.bus.self, 50, &safe);

    aurora_assert_status(rc, AURORA_EIO);
    ck_assert_int_ge(safe, 30);
    ck_assert_int_lt(safe, 60);
    aurora_assert_status(bus_produce(&f, AURORA_TOPIC_ORDERS, "k", 61), AURORA_EIO);
    f.bus.figures(f.bus.self, &figures);
    ck_assert_uint_ge(figures.produce_failures, 1);
    ck_assert_str_ne(figures.last_error, "");
    aurora_assert_ok(f.bus.restart(f.bus.self, safe));
    publish(&f, safe + 1, 80);
    bus_settle(&f, 80);
    check_topic(&f, 80);
    bus_stop(&f);
}
END_TEST

START_TEST(test_kafka_producer__memory_is_bounded_in_an_outage)
{
    enum { BYTES = 100000 };
    bus_fixture f;
    uint32_t accepted;
    uint32_t count = 0;
    aurora_status rc = AURORA_OK;
    char *data = calloc(1, BYTES);
    bus_start(&f, MOCK);
    publish(&f, 1, 1);
    bus_settle(&f, 1);
    kafka_mock_down(&f);

    while (rc == AURORA_OK && count < 1000) {
        aurora_bus_message message = {.topic = AURORA_TOPIC_ORDERS,
                                      .key = "k",
                                      .key_len = 1,
                                      .data = data,
                                      .data_len = BYTES,
                                      .position = 2 + count};
        rc = f.bus.produce(f.bus.self, &message, 1, &accepted);
        count += accepted;
    }

    aurora_assert_status(rc, AURORA_EBUSY);
    ck_assert_uint_gt(count, 40);
    ck_assert_uint_le(count, 8192 * 1024 / BYTES + 1);
    free(data);
    kafka_mock_up(&f);
    bus_settle(&f, 1 + count);
    bus_stop(&f);
}
END_TEST

/* --- partitions of keys ----------------------------------------------------------------------- */

/* Java's org.apache.kafka.common.utils.Utils.murmur2, written from its definition. */
static int32_t murmur2(const char *bytes, size_t length)
{
    const uint32_t m = 0x5bd1e995;
    uint32_t h = 0x9747b28cu ^ (uint32_t)length;
    size_t at = 0;
    for (; at + 4 <= length; at += 4) {
        uint32_t k = (uint32_t)(uint8_t)bytes[at] | (uint32_t)(uint8_t)bytes[at + 1] << 8 |
                     (uint32_t)(uint8_t)bytes[at + 2] << 16 |
                     (uint32_t)(uint8_t)bytes[at + 3] << 24;
        k *= m;
        k ^= k >> 24;
        k *= m;
        h *= m;
        h ^= k;
    }
    for (size_t rest = length - at; rest > 0; rest--)
        h ^= (uint32_t)(uint8_t)bytes[at + rest - 1] << (8 * (rest - 1));
    if (at < length)
        h *= m;
    h ^= h >> 13;
    h *= m;
    h ^= h >> 15;
    return (int32_t)h;
}

/* The vectors of Kafka's own UtilsTest. */
static const struct {
    const char *key;
    int32_t hash;
} vectors[] = {
    {"21", -973932308},
    {"foobar", -790332482},
    {"a-little-bit-long-string", -985981536},
    {"a-little-bit-longer-string", -1486304829},
    {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
    {"abc", 479470107},
};

START_TEST(test_kafka_producer__key_stands_where_javas_clients_put_it)
{
    enum { COUNT = 6, MANY = 200 };
    bus_fixture f;
    bus_start(&f, MOCK);
    for (int i = 0; i < COUNT; i++)
        ck_assert_int_eq(murmur2(vectors[i].key, strlen(vectors[i].key)), vectors[i].hash);

    for (int i = 0; i < MANY; i++) {
        char key[64];
        snprintf(key, sizeof key, "0190-%d-%x", i, (unsigned)i * 2654435761u);
        bus_publish(&f, AURORA_TOPIC_ORDERS, i < COUNT ? vectors[i].key : key, i + 1);
    }
    bus_settle(&f, MANY);
    bus_join(&f, "order", AURORA_TOPIC_ORDERS);
    bus_collect(&f, MANY);

    for (uint32_t i = 0; i < MANY; i++) {
        const bus_got *got = &f.got[i];
        const char *key = got->number <= COUNT ? vectors[got->number - 1].key : got->key;
        ck_assert_int_eq(got->partition, (murmur2(key, strlen(key)) & 0x7fffffff) % BUS_PARTITIONS);
    }
    bus_stop(&f);
}
END_TEST

/* --- consuming -------------------------------------------------------------------------------- */

START_TEST(test_kafka_consumer__offset_that_is_not_there_goes_on_at_the_earliest_and_says_so)
{
    bus_fixture f;
    bus_start(&f, MOCK);
    publish(&f, 1, 20);
    bus_settle(&f, 20);

    f.watch.next_offset = 1000000;
    bus_join(&f, "order", AURORA_TOPIC_ORDERS);
    bus_collect(&f, 20);

    ck_assert_ptr_nonnull(strstr(f.log, "offset 1000000 of"));
    bus_stop(&f);
}
END_TEST

START_TEST(test_kafka_consumer__short_of_memory_skips_nothing)
{
    bus_fixture f;
    const aurora_bus_record *records;
    uint32_t count;
    bus_start(&f, MOCK);
    publish(&f, 1, 60);
    bus_settle(&f, 60);
    bus_join(&f, "order", AURORA_TOPIC_ORDERS);
    int64_t end_ms = bus_now_ms() + BUS_PATIENCE_MS;
    uint64_t state = aurora_test_seed("short_of_memory", 1);

    /* Drawn, since a fixed turn may meet each joining of the group with the same lack. */
    while (f.got_count < 60) {
        ck_assert_int_lt(bus_now_ms(), end_ms);
        failing_heap_fail_in(&f.heap, (int64_t)(aurora_test_random(&state) % 8));
        aurora_status rc = f.bus.poll(f.bus.self, 20, 7, &records, &count);
        failing_heap_fail_in(&f.heap, -1);
        ck_assert(rc == AURORA_OK || rc == AURORA_ENOMEM || rc == AURORA_EIO);
        for (uint32_t i = 0; i < count; i++)
            f.got[f.got_count++] = (bus_got){.topic = records[i].topic,
                                             .partition = records[i].partition,
                                             .offset = records[i].offset};
    }

    int64_t next[BUS_PARTITIONS] = {0};
    for (uint32_t i = 0; i < f.got_count; i++) {
        ck_assert_int_eq(f.got[i].offset, next[f.got[i].partition]);
        next[f.got[i].partition]++;
    }
    bus_stop(&f);
}
END_TEST

/* A child's bus over the address that comes by a pipe; it says 'S' once it has read for a second
 * with partitions, and 'L' for lost ones. It asserts nothing. Frozen within the call that assigns,
 * it would never have had them. */
typedef struct {
    int out;
    bool is_assigned;
} member;

static aurora_status child_assigned(void *self, aurora_bus_position *positions, uint32_t count)
{
    (void)positions;
    (void)count;
    ((member *)self)->is_assigned = true;
    return AURORA_OK;
}

static void child_revoked(void *self, const aurora_bus_position *positions, uint32_t count,
                          bool is_lost)
{
    (void)positions;
    (void)count;
    if (is_lost && write(((member *)self)->out, "L", 1) != 1)
        _exit(3);
}

static void child_log(void *self, int32_t level, const char *message)
{
    (void)self;
    (void)level;
    (void)message;
}

static void be_member(const bus_fixture *f, int in, int out)
{
    char address[256];
    aurora_bus bus;
    int32_t topic = AURORA_TOPIC_ORDERS;
    const aurora_bus_record *records;
    uint32_t count;
    member own = {.out = out};
    aurora_bus_listener listener = {
        .self = &own, .assigned = child_assigned, .revoked = child_revoked};
    aurora_bus_property quick[] = {{"session.timeout.ms", "3000"},
                                   {"heartbeat.interval.ms", "500"}};
    aurora_bus_options options = {.size = sizeof options,
                                  .property_count = 2,
                                  .address = address,
                                  .properties = quick,
                                  .allocator = &f->heap.allocator,
                                  .log = child_log};
    if (read(in, address, sizeof address) != (ssize_t)sizeof address ||
        bus_adapters[MOCK].open(&options, &bus, NULL) != AURORA_OK ||
        bus.subscribe(bus.self, "order", &topic, 1, &listener) != AURORA_OK)
        _exit(2);
    for (int polls = 0;; polls += own.is_assigned ? 1 : 0) {
        (void)bus.poll(bus.self, 100, 10, &records, &count);
        if (polls == 10 && write(out, "S", 1) != 1)
            _exit(3);
    }
}

/* What the child says next, '\0' after a long silence. */
static char hear(int in)
{
    char said = '\0';
    fd_set set;
    struct timeval patience = {BUS_PATIENCE_MS / 1000, 0};
    FD_ZERO(&set);
    FD_SET(in, &set);
    if (select(in + 1, &set, NULL, NULL, &patience) == 1 && read(in, &said, 1) != 1)
        said = '\0';
    return said;
}

START_TEST(test_kafka_consumer__frozen_for_longer_than_its_session_hears_what_it_lost)
{
    bus_fixture f, seed = {0};
    int to_child[2], from_child[2];
    ck_assert_int_eq(pipe(to_child) | pipe(from_child), 0);
    failing_heap_init(&seed.heap);
    pid_t child = fork(); /* before there is any thread */
    if (child == 0)
        be_member(&seed, to_child[0], from_child[1]);
    bus_start(&f, MOCK);
    ck_assert_int_eq(write(to_child[1], f.address, sizeof f.address), sizeof f.address);
    ck_assert_int_eq(hear(from_child[0]), 'S');

    kill(child, SIGSTOP);
    bus_pause_ms(5000);
    kill(child, SIGCONT);

    ck_assert_int_eq(hear(from_child[0]), 'L');
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    bus_stop(&f);
}
END_TEST

/* --- the end ---------------------------------------------------------------------------------- */

START_TEST(test_kafka_close__ends_with_a_dead_broker)
{
    bus_fixture f;
    bus_start(&f, MOCK);
    bus_join(&f, "order", AURORA_TOPIC_ORDERS);
    publish(&f, 1, 20);
    bus_collect(&f, 20);
    bus_finish(&f);
    kafka_mock_down(&f);
    publish(&f, 21, 40);
    int64_t begin_ms = bus_now_ms();

    bus_close(&f);

    printf("closed in %lld ms\n", (long long)(bus_now_ms() - begin_ms));
    ck_assert_int_lt(bus_now_ms() - begin_ms, 10000);
    kafka_mock_discard(&f);
}
END_TEST

START_TEST(test_kafka_close__in_a_forked_child_frees_memory_only)
{
    bus_fixture f;
    int status;
    bus_start(&f, MOCK);
    publish(&f, 1, 20);

    pid_t child = fork();
    if (child == 0) {
        f.bus.close(f.bus.self);
        _exit(aurora_failing_allocator_live(&f.heap.counts) == 0 ? 0 : 1);
    }
    waitpid(child, &status, 0);

    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 0);
    bus_settle(&f, 20);
    bus_stop(&f);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("kafka_faults");
    TCase *tcase = tcase_create("faults");
    tcase_add_test(tcase,
                   test_kafka_consumer__frozen_for_longer_than_its_session_hears_what_it_lost);
    tcase_add_test(tcase, test_kafka_producer__outage_makes_events_late_and_loses_none);
    tcase_add_test(tcase, test_kafka_producer__retriable_errors_are_not_seen);
    tcase_add_test(tcase, test_kafka_producer__failed_delivery_ends_it_and_restart_leaves_no_gap);
    tcase_add_test(tcase, test_kafka_producer__memory_is_bounded_in_an_outage);
    tcase_add_test(tcase, test_kafka_producer__key_stands_where_javas_clients_put_it);
    tcase_add_test(
        tcase, test_kafka_consumer__offset_that_is_not_there_goes_on_at_the_earliest_and_says_so);
    tcase_add_test(tcase, test_kafka_consumer__short_of_memory_skips_nothing);
    tcase_add_test(tcase, test_kafka_close__ends_with_a_dead_broker);
    tcase_add_test(tcase, test_kafka_close__in_a_forked_child_frees_memory_only);
    tcase_set_timeout(tcase, 180);
    suite_add_tcase(s, tcase);
    return s;
}

AURORA_TEST_MAIN(suite)

/* SPDX-License-Identifier: MIT */
#include "bus_kafka_places.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BROKERS 1

static const char *const nouns[] = {"orders.v1",   "inventory.v1", "payments.v1",
                                    "products.v1", "views.v1",     "dlq.v1"};

static void name_prefix(bus_fixture *fixture)
{
    static int number;
    snprintf(fixture->prefix, sizeof fixture->prefix, "t%d.%d.%lld", (int)getpid(), ++number,
             (long long)(bus_now_ms() % 100000));
}

static void no_log(const rd_kafka_t *rk, int level, const char *facility, const char *line)
{
    (void)rk;
    (void)level;
    (void)facility;
    (void)line;
}

/* --- the mock cluster ------------------------------------------------------------------------- */

bool kafka_mock_prepare(bus_fixture *fixture)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, no_log);
    rd_kafka_conf_set(conf, "test.mock.num.brokers", "1", NULL, 0);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, NULL, 0);
    ck_assert_ptr_nonnull(rk);
    fixture->cluster = rk;
    name_prefix(fixture);
    for (size_t i = 0; i < sizeof nouns / sizeof *nouns; i++) {
        char name[96];
        bool is_last = i + 1 == sizeof nouns / sizeof *nouns;
        snprintf(name, sizeof name, "%s.%s", fixture->prefix, nouns[i]);
        rd_kafka_mock_topic_create(kafka_mock(fixture), name, is_last ? 1 : BUS_PARTITIONS,
                                   BROKERS);
    }
    snprintf(fixture->address, sizeof fixture->address, "//%s?prefix=%s&partitions=%d",
             rd_kafka_mock_cluster_bootstraps(kafka_mock(fixture)), fixture->prefix,
             BUS_PARTITIONS);
    return true;
}

void kafka_mock_discard(bus_fixture *fixture)
{
    rd_kafka_destroy(fixture->cluster);
    fixture->cluster = NULL;
}

rd_kafka_mock_cluster_t *kafka_mock(const bus_fixture *fixture)
{
    return rd_kafka_handle_mock_cluster(fixture->cluster);
}

void kafka_mock_down(const bus_fixture *fixture)
{
    for (int32_t i = 1; i <= BROKERS; i++)
        rd_kafka_mock_broker_set_down(kafka_mock(fixture), i);
}

void kafka_mock_up(const bus_fixture *fixture)
{
    for (int32_t i = 1; i <= BROKERS; i++)
        rd_kafka_mock_broker_set_up(kafka_mock(fixture), i);
}

/* --- a real broker ---------------------------------------------------------------------------- */

bool kafka_broker_prepare(bus_fixture *fixture)
{
    const char *brokers = getenv("AURORA_TEST_KAFKA");
    if (brokers == NULL || brokers[0] == '\0')
        return false;
    name_prefix(fixture);
    snprintf(fixture->address, sizeof fixture->address, "//%s?prefix=%s&partitions=%d", brokers,
             fixture->prefix, BUS_PARTITIONS);
    return true;
}

rd_kafka_t *kafka_plain_client(const bus_fixture *fixture, rd_kafka_type_t kind)
{
    char brokers[256], group[96];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    snprintf(brokers, sizeof brokers, "%.*s", (int)strcspn(fixture->address + 2, "?"),
             fixture->address + 2);
    snprintf(group, sizeof group, "%s-plain", fixture->prefix);
    rd_kafka_conf_set_log_cb(conf, no_log);
    rd_kafka_conf_set(conf, "bootstrap.servers", brokers, NULL, 0);
    if (kind == RD_KAFKA_CONSUMER) {
        rd_kafka_conf_set(conf, "group.id", group, NULL, 0);
        rd_kafka_conf_set(conf, "auto.offset.reset", "earliest", NULL, 0);
    }
    rd_kafka_t *rk = rd_kafka_new(kind, conf, NULL, 0);
    ck_assert_ptr_nonnull(rk);
    return rk;
}

void kafka_broker_discard(bus_fixture *fixture)
{
    rd_kafka_DeleteTopic_t *topics[sizeof nouns / sizeof *nouns];
    size_t count = sizeof nouns / sizeof *nouns;
    rd_kafka_t *rk = kafka_plain_client(fixture, RD_KAFKA_PRODUCER);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    for (size_t i = 0; i < count; i++) {
        char name[96];
        snprintf(name, sizeof name, "%s.%s", fixture->prefix, nouns[i]);
        topics[i] = rd_kafka_DeleteTopic_new(name);
    }
    rd_kafka_DeleteTopics(rk, topics, count, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, BUS_PATIENCE_MS);
    if (event != NULL)
        rd_kafka_event_destroy(event);
    rd_kafka_DeleteTopic_destroy_array(topics, count);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(rk);
}

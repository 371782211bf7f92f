/* SPDX-License-Identifier: MIT */
/* Where tests find Kafka: librdkafka's mock cluster, in this process, or the broker that
 * AURORA_TEST_KAFKA names. */
#ifndef AURORA_TESTS_SUPPORT_BUS_KAFKA_PLACES_H
#define AURORA_TESTS_SUPPORT_BUS_KAFKA_PLACES_H

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "bus_fixture.h"

bool kafka_mock_prepare(bus_fixture *fixture);
void kafka_mock_discard(bus_fixture *fixture);
rd_kafka_mock_cluster_t *kafka_mock(const bus_fixture *fixture);
/* All brokers of the mock cluster. */
void kafka_mock_down(const bus_fixture *fixture);
void kafka_mock_up(const bus_fixture *fixture);

bool kafka_broker_prepare(bus_fixture *fixture);
/* Deletes the topics of the prefix. */
void kafka_broker_discard(bus_fixture *fixture);
/* A client beside the adapter's. */
rd_kafka_t *kafka_plain_client(const bus_fixture *fixture, rd_kafka_type_t kind);

#endif

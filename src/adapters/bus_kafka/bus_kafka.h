/* SPDX-License-Identifier: MIT */
/* The bus over Apache Kafka, by librdkafka. docs/KAFKA.md says what each setting is for. */
#ifndef AURORA_ADAPTERS_BUS_KAFKA_H
#define AURORA_ADAPTERS_BUS_KAFKA_H

#include <aurora/port/bus.h>

/* aurora_bus_open_fn for kafka://host:port[,host:port...][?prefix=&partitions=&replication=]. */
aurora_status aurora__bus_kafka_open(const aurora_bus_options *options, aurora_bus *out,
                                     aurora_error *err);

#endif

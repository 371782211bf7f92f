/* SPDX-License-Identifier: MIT */
/* librdkafka's properties: ours, the host's, and those of the host's that would break a promise. */
#ifndef AURORA_ADAPTERS_BUS_KAFKA_SETTINGS_H
#define AURORA_ADAPTERS_BUS_KAFKA_SETTINGS_H

#include <librdkafka/rdkafka.h>

#include "adapters/bus_kafka/address.h"

#include <aurora/port/bus.h>

/* Which clients a setting is for. */
enum { AURORA__KAFKA_PRODUCER = 1, AURORA__KAFKA_CONSUMER = 2, AURORA__KAFKA_BOTH = 3 };

/* A property that we set. docs/KAFKA.md has a row for each, which a test compares. */
typedef struct {
    const char *name;
    const char *value;
    int32_t side;    /* AURORA__KAFKA_PRODUCER, ... */
    const char *why; /* it cannot be changed; NULL = the host may */
} aurora__kafka_setting;

extern const aurora__kafka_setting aurora__kafka_settings[];
extern const uint32_t aurora__kafka_setting_count;

/* Fills a new configuration for one side. AURORA_EINVAL of the field "kafka" names the property. */
aurora_status aurora__kafka_settings_make(const aurora_bus_options *options,
                                          const aurora__kafka_address *address, int32_t side,
                                          rd_kafka_conf_t **conf_out, aurora_error *err);

/* The number that a property has in `conf`, or `fallback`. */
int64_t aurora__kafka_settings_number(const rd_kafka_conf_t *conf, const char *name,
                                      int64_t fallback);

#endif

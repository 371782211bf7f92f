/* SPDX-License-Identifier: MIT */
/* What a kafka: URL says. */
#ifndef AURORA_ADAPTERS_BUS_KAFKA_ADDRESS_H
#define AURORA_ADAPTERS_BUS_KAFKA_ADDRESS_H

#include <aurora/base.h>

#define AURORA__KAFKA_BROKERS_BYTES 1024
#define AURORA__KAFKA_PREFIX_BYTES 129 /* with the NUL */

typedef struct {
    char brokers[AURORA__KAFKA_BROKERS_BYTES]; /* "host:port,host:port", as librdkafka takes it */
    char prefix[AURORA__KAFKA_PREFIX_BYTES];
    int32_t partitions;
    int32_t replication; /* -1 = as the brokers are set up */
} aurora__kafka_address;

/* Reads what stands behind "kafka:". AURORA_EINVAL of the field "bus" with the rule it breaks. */
aurora_status aurora__kafka_address_parse(const char *text, aurora__kafka_address *out,
                                          aurora_error *err);

/* Writes status, field and message; returns `status`. */
aurora_status aurora__kafka_refuse(aurora_error *err, aurora_status status, const char *field,
                                   const char *message);

#endif

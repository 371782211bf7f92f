/* SPDX-License-Identifier: MIT */
#include "adapters/bus_kafka/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define P AURORA__KAFKA_PRODUCER
#define C AURORA__KAFKA_CONSUMER
#define ALL AURORA__KAFKA_BOTH

#define NO_LOSS "a failed or lost acknowledgement would lose events"
#define NO_DOUBLE "a retry would repeat or reorder events"
#define OFFSETS_FOLLOW "offsets follow effects, never records that were only read"
#define WATERMARKS "positions come from our store, which rebuilds from the earliest record"

/* docs/KAFKA.md explains each of them. */
const aurora__kafka_setting aurora__kafka_settings[] = {
    {"client.id", "aurora", ALL, NULL},
    {"client.software.name", "libaurora", ALL, "it says to the broker which client this is"},
    {"socket.nagle.disable", "true", ALL, NULL},
    {"socket.keepalive.enable", "true", ALL, NULL},
    {"reconnect.backoff.ms", "100", ALL, NULL},
    {"reconnect.backoff.max.ms", "1000", ALL, NULL},
    {"log.connection.close", "false", ALL, NULL},
    {"log.thread.name", "false", ALL, NULL},
    {"message.max.bytes", "2097152", ALL, NULL},
    {"internal.termination.signal", "0", ALL, "a library raises no signals in its host"},

    {"acks", "all", P, NO_LOSS},
    {"enable.idempotence", "true", P, NO_DOUBLE},
    {"enable.gapless.guarantee", "true", P, NO_LOSS},
    {"max.in.flight.requests.per.connection", "5", P, NO_DOUBLE},
    {"retries", "2147483647", P, NO_LOSS},
    {"message.timeout.ms", "0", P, NO_LOSS},
    {"queuing.strategy", "fifo", P, NO_DOUBLE},
    {"partitioner", "murmur2_random", P, "events of one key would stand in two partitions"},
    {"linger.ms", "0.5", P, NULL},
    {"compression.type", "lz4", P, NULL},
    {"batch.size", "262144", P, NULL},
    {"queue.buffering.max.messages", "10000", P, NULL},
    {"queue.buffering.max.kbytes", "8192", P, NULL},

    {"enable.auto.commit", "true", C, OFFSETS_FOLLOW},
    {"enable.auto.offset.store", "false", C, OFFSETS_FOLLOW},
    {"auto.commit.interval.ms", "1000", C, NULL},
    {"auto.offset.reset", "earliest", C, WATERMARKS},
    {"isolation.level", "read_committed", C, "a producer's aborted records are no events"},
    {"partition.assignment.strategy", "cooperative-sticky", C,
     "all members of a group must have the same"},
    {"enable.partition.eof", "false", C, "nobody asks for it"},
    {"allow.auto.create.topics", "false", C, "brokers would make topics with another layout"},
    {"session.timeout.ms", "10000", C, NULL},
    {"heartbeat.interval.ms", "2000", C, NULL},
    {"max.poll.interval.ms", "300000", C, NULL},
    {"fetch.wait.max.ms", "100", C, NULL},
    {"fetch.error.backoff.ms", "100", C, NULL},
    {"fetch.message.max.bytes", "262144", C, NULL},
    {"fetch.max.bytes", "2097152", C, NULL},
    {"queued.min.messages", "10000", C, NULL},
    {"queued.max.messages.kbytes", "4096", C, NULL},
};
const uint32_t aurora__kafka_setting_count =
    sizeof aurora__kafka_settings / sizeof *aurora__kafka_settings;

/* Other names that librdkafka has for settings of ours. */
static const struct {
    const char *alias;
    const char *name;
} aliases[] = {
    {"request.required.acks", "acks"},
    {"max.in.flight", "max.in.flight.requests.per.connection"},
    {"message.send.max.retries", "retries"},
    {"delivery.timeout.ms", "message.timeout.ms"},
};

/* Settings that we leave alone and the host must too. */
static const struct {
    const char *name;
    const char *why;
} refused[] = {
    {"bootstrap.servers", "the bus URL names the brokers"},
    {"metadata.broker.list", "the bus URL names the brokers"},
    {"group.id", "the prefix of the bus URL names the groups"},
    {"transactional.id", "the relay's positions do what transactions would"},
    {"auto.commit.enable", OFFSETS_FOLLOW},
    {"offset.store.method", OFFSETS_FOLLOW},
    {"log.queue", "the log is the host's"},
    {"client.software.version", "it says to the broker which client this is"},
};

/* --- what the host may set -------------------------------------------------------------------- */

static aurora_status refuse(aurora_error *err, const char *name, const char *why)
{
    char message[188];
    snprintf(message, sizeof message, "%s %s", name, why);
    return aurora__kafka_refuse(err, AURORA_EINVAL, "kafka", message);
}

/* Two spellings of one value, as far as people use them. */
static bool is_same(const char *name, const char *value, const char *ours)
{
    if (strcmp(name, "acks") == 0 && strcmp(value, "-1") == 0)
        return true;
    return strcmp(value, ours) == 0;
}

/* Numbers that may be changed within bounds only. */
static const char *bound(const char *name, const char *value)
{
    char *end;
    long long number = strtoll(value, &end, 10);
    if (strcmp(name, "max.in.flight.requests.per.connection") == 0)
        return number >= 1 && number <= 5 && *end == '\0' ? NULL : "must be 1 to 5: " NO_DOUBLE;
    if (strcmp(name, "message.max.bytes") == 0 && number < 1200000)
        return "must be at least 1200000: events have up to 1 MiB";
    if (strcmp(name, "queue.buffering.max.messages") == 0 && (number < 1 || number > 1000000))
        return "must be 1 to 1000000: memory is bounded";
    return NULL;
}

static aurora_status check(const aurora_bus_property *property, aurora_error *err)
{
    const char *name = property->name;
    char why[160];
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++) {
        if (strcmp(name, aliases[i].alias) == 0)
            name = aliases[i].name;
    }
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        if (strcmp(name, refused[i].name) != 0)
            continue;
        snprintf(why, sizeof why, "cannot be set: %s", refused[i].why);
        return refuse(err, property->name, why);
    }
    const char *rule = bound(name, property->value);
    if (rule != NULL)
        return refuse(err, property->name, rule);
    for (uint32_t i = 0; i < aurora__kafka_setting_count; i++) {
        const aurora__kafka_setting *own = &aurora__kafka_settings[i];
        bool is_fixed =
            own->why != NULL && strcmp(name, "max.in.flight.requests.per.connection") != 0;
        if (!is_fixed || strcmp(name, own->name) != 0 || is_same(name, property->value, own->value))
            continue;
        snprintf(why, sizeof why, "must stay %s: %s", own->value, own->why);
        return refuse(err, property->name, why);
    }
    return AURORA_OK;
}

static aurora_status set(rd_kafka_conf_t *conf, const char *name, const char *value,
                         aurora_error *err)
{
    char reason[160] = "";
    rd_kafka_conf_res_t rc = rd_kafka_conf_set(conf, name, value, reason, sizeof reason);
    if (rc == RD_KAFKA_CONF_OK)
        return AURORA_OK;
    if (rc == RD_KAFKA_CONF_UNKNOWN)
        return refuse(err, name, "is no property of librdkafka");
    return refuse(err, name, reason);
}

static aurora_status set_properties(rd_kafka_conf_t *conf, const aurora_bus_options *options,
                                    aurora_error *err)
{
    for (uint32_t i = 0; i < options->property_count; i++) {
        const aurora_bus_property *property = &options->properties[i];
        if (property->name == NULL || property->value == NULL)
            return refuse(err, "a property", "must have a name and a value");
        aurora_status rc = check(property, err);
        if (rc == AURORA_OK)
            rc = set(conf, property->name, property->value, err);
        if (rc != AURORA_OK)
            return rc;
    }
    return AURORA_OK;
}

/* --- a configuration -------------------------------------------------------------------------- */

aurora_status aurora__kafka_settings_make(const aurora_bus_options *options,
                                          const aurora__kafka_address *address, int32_t side,
                                          rd_kafka_conf_t **conf_out, aurora_error *err)
{
    char version[64];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    if (conf == NULL)
        return AURORA_ENOMEM;
    snprintf(version, sizeof version, "%s-librdkafka-%s", aurora_version(), rd_kafka_version_str());
    aurora_status rc = set(conf, "bootstrap.servers", address->brokers, err);
    if (rc == AURORA_OK)
        rc = set(conf, "client.software.version", version, err);
    for (uint32_t i = 0; rc == AURORA_OK && i < aurora__kafka_setting_count; i++) {
        const aurora__kafka_setting *own = &aurora__kafka_settings[i];
        if ((own->side & side) != 0)
            rc = set(conf, own->name, own->value, err);
    }
    if (rc == AURORA_OK)
        rc = set_properties(conf, options, err);
    if (rc == AURORA_OK)
        *conf_out = conf;
    else
        rd_kafka_conf_destroy(conf);
    return rc;
}

int64_t aurora__kafka_settings_number(const rd_kafka_conf_t *conf, const char *name,
                                      int64_t fallback)
{
    char text[32];
    size_t size = sizeof text;
    if (rd_kafka_conf_get(conf, name, text, &size) != RD_KAFKA_CONF_OK)
        return fallback;
    return strtoll(text, NULL, 10);
}

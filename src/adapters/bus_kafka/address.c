/* SPDX-License-Identifier: MIT */
#include "adapters/bus_kafka/address.h"

#include <stdio.h>
#include <string.h>

#define PARTITIONS_MAX 1000
#define REPLICATION_MAX 9
#define DIGITS "0123456789"

aurora_status aurora__kafka_refuse(aurora_error *err, aurora_status status, const char *field,
                                   const char *message)
{
    if (err == NULL || err->size < sizeof *err)
        return status;
    err->status = status;
    snprintf(err->field, sizeof err->field, "%s", field);
    snprintf(err->message, sizeof err->message, "%s", message);
    return status;
}

static aurora_status refuse(aurora_error *err, const char *message)
{
    return aurora__kafka_refuse(err, AURORA_EINVAL, "bus", message);
}

static bool read_number(const char *text, size_t length, int32_t most, int32_t *out)
{
    int32_t number = 0;
    if (length == 0 || length > 6 || strspn(text, DIGITS) < length)
        return false;
    for (size_t i = 0; i < length; i++)
        number = number * 10 + (text[i] - '0');
    *out = number;
    return number >= 1 && number <= most;
}

/* --- brokers ---------------------------------------------------------------------------------- */

/* A name, an IPv4 address, or an IPv6 address in brackets. */
static bool is_host(const char *text, size_t length)
{
    static const char in_names[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" DIGITS "._-";
    static const char in_brackets[] = "abcdefABCDEF" DIGITS ":.%";
    bool is_bracketed = length > 2 && text[0] == '[' && text[length - 1] == ']';
    if (length == 0 || length > 255)
        return false;
    for (size_t i = is_bracketed; i < length - is_bracketed; i++) {
        if (strchr(is_bracketed ? in_brackets : in_names, text[i]) == NULL)
            return false;
    }
    return true;
}

static bool is_broker(const char *text, size_t length)
{
    const char *bracket = memchr(text, ']', length);
    const char *from = bracket != NULL ? bracket : text;
    const char *colon = memchr(from, ':', length - (size_t)(from - text));
    int32_t port;
    if (colon == NULL)
        return is_host(text, length);
    size_t host_length = (size_t)(colon - text);
    return is_host(text, host_length) &&
           read_number(colon + 1, length - host_length - 1, 65535, &port);
}

static aurora_status read_brokers(const char *text, size_t length, aurora__kafka_address *out,
                                  aurora_error *err)
{
    if (length == 0)
        return refuse(err, "must name a broker: kafka://host:port,host:port");
    if (memchr(text, '@', length) != NULL)
        return refuse(err, "must hold no user and password: give sasl.username and sasl.password "
                           "as properties");
    if (length >= sizeof out->brokers)
        return refuse(err, "names too many brokers: some of them are enough to find the others");
    for (size_t at = 0; at <= length;) {
        const char *comma = memchr(text + at, ',', length - at);
        size_t end = comma != NULL ? (size_t)(comma - text) : length;
        if (!is_broker(text + at, end - at))
            return refuse(err, "must be kafka://host:port,host:port with ports of 1 to 65535");
        at = end + 1;
    }
    memcpy(out->brokers, text, length);
    out->brokers[length] = '\0';
    return AURORA_OK;
}

/* --- the query -------------------------------------------------------------------------------- */

/* Topics and groups begin with it; Kafka's own rule for topics, without upper case, which metrics
 * of brokers tend to fold. */
static aurora_status read_prefix(const char *text, size_t length, aurora__kafka_address *out,
                                 aurora_error *err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz" DIGITS "._-";
    bool is_good = length >= 1 && length < sizeof out->prefix && text[0] != '.';
    for (size_t i = 0; is_good && i < length; i++)
        is_good = strchr(allowed, text[i]) != NULL;
    if (!is_good)
        return refuse(err, "prefix must be 1 to 128 of a-z, 0-9, '.', '_' and '-', and begin with "
                           "no dot");
    memcpy(out->prefix, text, length);
    out->prefix[length] = '\0';
    return AURORA_OK;
}

static aurora_status read_pair(const char *pair, size_t length, aurora__kafka_address *out,
                               aurora_error *err)
{
    const char *equals = memchr(pair, '=', length);
    size_t name_length = equals != NULL ? (size_t)(equals - pair) : length;
    const char *value = pair + name_length + (equals != NULL);
    size_t value_length = length - name_length - (equals != NULL);
    if (name_length == 6 && memcmp(pair, "prefix", 6) == 0)
        return read_prefix(value, value_length, out, err);
    if (name_length == 10 && memcmp(pair, "partitions", 10) == 0)
        return read_number(value, value_length, PARTITIONS_MAX, &out->partitions)
                   ? AURORA_OK
                   : refuse(err, "partitions must be 1 to 1000");
    if (name_length == 11 && memcmp(pair, "replication", 11) == 0)
        return read_number(value, value_length, REPLICATION_MAX, &out->replication)
                   ? AURORA_OK
                   : refuse(err, "replication must be 1 to 9");
    return refuse(err, "knows prefix, partitions and replication; librdkafka's properties stand in "
                       "[kafka]");
}

static aurora_status read_query(const char *query, aurora__kafka_address *out, aurora_error *err)
{
    while (*query != '\0') {
        size_t length = strcspn(query, "&");
        aurora_status rc = read_pair(query, length, out, err);
        if (rc != AURORA_OK)
            return rc;
        query += length + (query[length] == '&');
    }
    return AURORA_OK;
}

aurora_status aurora__kafka_address_parse(const char *text, aurora__kafka_address *out,
                                          aurora_error *err)
{
    *out = (aurora__kafka_address){.prefix = "aurora", .partitions = 12, .replication = -1};
    if (text == NULL || strncmp(text, "//", 2) != 0)
        return refuse(err, "must be kafka://host:port,host:port");
    text += 2;
    size_t length = strcspn(text, "/?#");
    aurora_status rc = read_brokers(text, length, out, err);
    if (rc != AURORA_OK)
        return rc;
    text += length + (text[length] == '/');
    if (*text == '\0')
        return AURORA_OK;
    if (*text != '?' || strchr(text, '#') != NULL)
        return refuse(err, "must have no path and no fragment: kafka://host:port?prefix=NAME");
    return read_query(text + 1, out, err);
}

/* SPDX-License-Identifier: MIT */
#include "adapters/search_elastic/address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHARDS_MAX 64
#define REPLICAS_MAX 8
#define REFRESH_S_MAX 3600

aurora_status aurora__elastic_refuse(aurora_error *err, aurora_status status, const char *message)
{
    if (err == NULL || err->size < sizeof *err)
        return status;
    err->status = status;
    snprintf(err->field, sizeof err->field, "search");
    snprintf(err->message, sizeof err->message, "%s", message);
    return status;
}

static aurora_status refuse(aurora_error *err, const char *message)
{
    return aurora__elastic_refuse(err, AURORA_EINVAL, message);
}

/* --- parts ------------------------------------------------------------------------------------ */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

/* Percent-decodes text[0..length); false where it is malformed or does not fit. */
static bool decode(const char *text, size_t length, char *out, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        char byte = text[i];
        if (byte == '%') {
            int high = i + 2 < length ? hex_value(text[i + 1]) : -1;
            int low = high < 0 ? -1 : hex_value(text[i + 2]);
            if (low < 0)
                return false;
            byte = (char)(high << 4 | low);
            i += 2;
        }
        if (byte == '\0' || used + 1 >= size)
            return false;
        out[used++] = byte;
    }
    out[used] = '\0';
    return true;
}

static bool is_host_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || c == ':' || c == '[' || c == ']';
}

static aurora_status read_host(const char *text, size_t length, aurora__elastic_address *out,
                               aurora_error *err)
{
    if (out->host_count == AURORA__ELASTIC_HOSTS_MAX)
        return refuse(err, "has more than 8 hosts");
    char *host = out->hosts[out->host_count];
    if (length == 0 || text[0] == ':' || length > AURORA__ELASTIC_HOST_BYTES - 8)
        return refuse(err, "must name a host, as elasticsearch://search.example:9200");
    for (size_t i = 0; i < length; i++) {
        if (!is_host_byte(text[i]))
            return refuse(err, "has a host with a character that no host has");
    }
    const char *colon = memchr(text, ']', length); /* [::1]:9200 */
    colon = memchr(colon == NULL ? text : colon, ':',
                   length - (size_t)((colon == NULL ? text : colon) - text));
    int written = snprintf(host, AURORA__ELASTIC_HOST_BYTES, "%.*s%s", (int)length, text,
                           colon == NULL ? ":9200" : "");
    char *end = NULL;
    const char *port = strrchr(host, ':') + 1;
    long number = strtol(port, &end, 10);
    if (written < 0 || *port == '\0' || *end != '\0' || number < 1 || number > 65535)
        return refuse(err, "has a port that is not 1..65535");
    out->host_count++;
    return AURORA_OK;
}

static aurora_status read_hosts(const char *text, size_t length, aurora__elastic_address *out,
                                aurora_error *err)
{
    const char *end = text + length;
    aurora_status rc = AURORA_OK;
    for (const char *at = text; rc == AURORA_OK && at <= end;) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        const char *stop = comma == NULL ? end : comma;
        rc = read_host(at, (size_t)(stop - at), out, err);
        at = stop + 1;
    }
    return rc;
}

/* What both servers allow in the name of an index, and in a path without escaping. */
static bool is_index_name(const char *name)
{
    size_t length = strlen(name);
    bool is_good = length > 0 && length < AURORA__ELASTIC_NAME_BYTES - 16 &&
                   ((name[0] >= 'a' && name[0] <= 'z') || (name[0] >= '0' && name[0] <= '9'));
    for (size_t i = 0; i < length; i++)
        is_good = is_good && ((name[i] >= 'a' && name[i] <= 'z') ||
                              (name[i] >= '0' && name[i] <= '9') || strchr("-_.", name[i]) != NULL);
    return is_good;
}

/* --- the query -------------------------------------------------------------------------------- */

static aurora_status read_number(const char *name, const char *value, int64_t least, int64_t most,
                                 int64_t *out, aurora_error *err)
{
    char message[128];
    char *end;
    long long number = strtoll(value, &end, 10);
    if (*value != '\0' && *end == '\0' && number >= least && number <= most) {
        *out = number;
        return AURORA_OK;
    }
    snprintf(message, sizeof message, "has %s that is not %lld..%lld", name, (long long)least,
             (long long)most);
    return refuse(err, message);
}

static aurora_status read_pair(const char *name, const char *value, aurora__elastic_address *out,
                               aurora_error *err)
{
    const struct {
        const char *name;
        int64_t *number;
        int64_t least;
        int64_t most;
    } numbers[] = {
        {"connect_ms", &out->connect_ms, 1, 60000},
        {"query_ms", &out->query_ms, 1, 600000},
        {"write_ms", &out->write_ms, 1, 600000},
        {"calls_max", &out->calls_max, 1, 1024},
        {"shards", &out->shards, 1, SHARDS_MAX},
        {"replicas", &out->replicas, 0, REPLICAS_MAX},
        {"refresh_s", &out->refresh_s, 0, REFRESH_S_MAX},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (strcmp(name, numbers[i].name) == 0)
            return read_number(name, value, numbers[i].least, numbers[i].most, numbers[i].number,
                               err);
    }
    if (strcmp(name, "index") == 0) {
        if (!is_index_name(value))
            return refuse(err, "has an index that is not 1..79 of a-z, 0-9, '-', '_' and '.',"
                               " the first a letter or digit");
        memcpy(out->name, value, strlen(value) + 1);
        return AURORA_OK;
    }
    if (strcmp(name, "ca") == 0) {
        memcpy(out->ca_file, value, strlen(value) + 1);
        return AURORA_OK;
    }
    if (strcmp(name, "tls") == 0 && (strcmp(value, "1") == 0 || strcmp(value, "0") == 0)) {
        out->has_tls = value[0] == '1';
        return AURORA_OK;
    }
    return refuse(err, "takes index=, tls=0|1, ca=, connect_ms=, query_ms=, write_ms=,"
                       " calls_max=, shards=, replicas= and refresh_s= behind the '?'");
}

static aurora_status read_query(const char *text, aurora__elastic_address *out, aurora_error *err)
{
    aurora_status rc = AURORA_OK;
    while (rc == AURORA_OK && *text != '\0') {
        char name[16];
        char value[sizeof out->ca_file];
        size_t length = strcspn(text, "&");
        const char *equal = memchr(text, '=', length);
        size_t name_length = equal == NULL ? length : (size_t)(equal - text);
        if (equal == NULL || !decode(text, name_length, name, sizeof name) ||
            !decode(equal + 1, length - name_length - 1, value, sizeof value))
            return refuse(err, "must have name=value behind the '?'");
        rc = read_pair(name, value, out, err);
        text += length + (text[length] == '&');
    }
    return rc;
}

aurora_status aurora__elastic_address_read(const char *text, aurora__elastic_address *out,
                                           aurora_error *err)
{
    *out = (aurora__elastic_address){.name = "aurora-products",
                                     .connect_ms = 1000,
                                     .query_ms = 2000,
                                     .write_ms = 30000,
                                     .calls_max = 64,
                                     .shards = 1,
                                     .replicas = -1,
                                     .refresh_s = 1};
    if (text == NULL || strncmp(text, "//", 2) != 0)
        return refuse(err, "must name a host, as elasticsearch://search.example:9200");
    text += 2;
    size_t length = strcspn(text, "?/#");
    const char *rest = text + length;
    if (*rest == '/')
        rest++;
    if (*rest != '\0' && *rest != '?')
        return refuse(err, "must have no path: the index is ?index=NAME");
    const char *at = NULL;
    for (size_t i = 0; i < length; i++)
        at = text[i] == '@' ? text + i : at;
    if (at != NULL && (!decode(text, (size_t)(at - text), out->user, sizeof out->user) ||
                       strchr(out->user, ':') == NULL))
        return refuse(err, "must have user:password before the '@', percent-encoded");
    const char *hosts = at == NULL ? text : at + 1;
    aurora_status rc = read_hosts(hosts, length - (size_t)(hosts - text), out, err);
    return rc == AURORA_OK && *rest == '?' ? read_query(rest + 1, out, err) : rc;
}

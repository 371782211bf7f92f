/* SPDX-License-Identifier: MIT */
/* The URL of an index. */
#ifndef AURORA_ADAPTERS_SEARCH_ELASTIC_ADDRESS_H
#define AURORA_ADAPTERS_SEARCH_ELASTIC_ADDRESS_H

#include <stdbool.h>

#include <aurora/base.h>

#define AURORA__ELASTIC_HOSTS_MAX 8
#define AURORA__ELASTIC_HOST_BYTES 256
#define AURORA__ELASTIC_NAME_BYTES 96
#define AURORA__ELASTIC_USER_BYTES 512

typedef struct {
    char hosts[AURORA__ELASTIC_HOSTS_MAX][AURORA__ELASTIC_HOST_BYTES]; /* host:port */
    uint32_t host_count;
    char user[AURORA__ELASTIC_USER_BYTES]; /* name:password, decoded; "" = none. Never logged. */
    char name[AURORA__ELASTIC_NAME_BYTES]; /* of the index: the alias that queries ask */
    char ca_file[1024];                    /* "" = the system's */
    bool has_tls;
    int64_t connect_ms;
    int64_t query_ms;
    int64_t write_ms;
    int64_t calls_max; /* searches at once */
    int64_t shards;
    int64_t replicas;  /* -1 = none on one node, else one */
    int64_t refresh_s; /* 0 = each write is seen when it returns */
} aurora__elastic_address;

/* Reads //[user:pass@]host[:port][,host[:port]...][?name=value[&...]]. AURORA_EINVAL, field
 * "search"; the message never holds what stands before the '@'. */
aurora_status aurora__elastic_address_read(const char *text, aurora__elastic_address *out,
                                           aurora_error *err);

/* Writes *err; returns the status. */
aurora_status aurora__elastic_refuse(aurora_error *err, aurora_status status, const char *message);

#endif

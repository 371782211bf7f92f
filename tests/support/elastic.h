/* SPDX-License-Identifier: MIT */
/* An index of a test's own on the OpenSearch or Elasticsearch of $AURORA_TEST_OPENSEARCH. */
#ifndef AURORA_TESTS_SUPPORT_ELASTIC_H
#define AURORA_TESTS_SUPPORT_ELASTIC_H

#include <stdbool.h>
#include <stddef.h>

#include <aurora/port/search.h>

/* Whether there is a server, and an adapter for it in this build; says so where not. */
bool elastic_is_there(void);

/* Writes the address of an index that nobody else has: //host:port?index=...MORE. */
void elastic_address(char *out, size_t size, const char *more);

/* Deletes everything of the index. */
void elastic_drop(const char *address);

/* Sends a request to the server, as "/_cat/indices"; body NULL = none. Returns the HTTP status, and
 * in out what was answered. */
long elastic_ask(const char *method, const char *path, const char *body, char *out, size_t size);

/* The open call of the driver "elasticsearch"; AURORA_ENOTSUP in a build without. */
aurora_status elastic_open(const aurora_search_options *options, aurora_search_port *out,
                           aurora_error *err);

#endif

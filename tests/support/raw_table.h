/* SPDX-License-Identifier: MIT */
/* The rows of tests/http/raw_requests.txt, whose head says how they are written. */
#ifndef AURORA_TESTS_SUPPORT_RAW_TABLE_H
#define AURORA_TESTS_SUPPORT_RAW_TABLE_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    char *name, *verdict; /* "200,400 close" */
    char *bytes;
    size_t len;
} raw_row;

typedef struct {
    raw_row *rows;
    uint32_t count;
} raw_table;

/* Fails the test where a row cannot be read. */
raw_table raw_table_read(void);
void raw_table_free(raw_table *table);

#endif

/* SPDX-License-Identifier: MIT */
/* A whole CSV file (RFC 4180), plain or .xz, in memory. */
#ifndef AURORA_BENCH_CSV_ROWS_H
#define AURORA_BENCH_CSV_ROWS_H

#include <stddef.h>

#define CSV_FIELDS_MAX 16

typedef struct {
    char *fields[CSV_FIELDS_MAX];
    int count;
} csv_row;

typedef struct {
    char *text;
    csv_row *rows; /* without the heading */
    size_t count;
} csv_rows;

/* NULL, or why not. */
const char *csv_rows_read(const char *path, csv_rows *out);
void csv_rows_free(csv_rows *rows);

#endif

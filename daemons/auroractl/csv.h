/* SPDX-License-Identifier: MIT */
/* Records of a CSV text, read in place: RFC 4180, with LF or CRLF, which the last line may lack. */
#ifndef AURORACTL_CSV_H
#define AURORACTL_CSV_H

#include <stddef.h>
#include <stdint.h>

/* The caller's memory; the buffer is borrowed and written to. */
typedef struct {
    char *next;
    char *end;
    uint64_t line; /* of the last record's first line, from 1 */
    uint64_t next_line;
} ctl_csv;

/* Reads from `buffer`, of `length` bytes and one spare one behind them; skips a byte order mark. */
void ctl_csv_init(ctl_csv *csv, char *buffer, size_t length);

/* Reads the next record that is not an empty line. Returns how many fields it has, 0 at the end,
 * -1 for a quote that is never closed, text behind a closing quote, or more than `capacity`
 * fields. Fields are NUL-terminated, inside the buffer, and stay. */
int ctl_csv_read(ctl_csv *csv, char **fields_out, uint32_t capacity);

/* The place of `name` among `count` fields of a heading, letters in either case; -1 = none. */
int ctl_csv_find(char *const *fields, int count, const char *name);

#endif

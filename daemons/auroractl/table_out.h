/* SPDX-License-Identifier: MIT */
/* Aligned columns for people. Cells are copied; the table is printed and freed at once. */
#ifndef AURORACTL_TABLE_OUT_H
#define AURORACTL_TABLE_OUT_H

#include <stddef.h>
#include <stdint.h>

#define CTL_COLUMNS_MAX 8
#define CTL_CELL_BYTES 96 /* longer texts are cut, with an ellipsis */

typedef char ctl_cell[CTL_CELL_BYTES];

/* The caller's memory. A heading that begins with '>' stands over numbers, aligned to the right. */
typedef struct {
    const char *const *headings; /* an empty first one = no heading line */
    uint32_t column_count;
    uint32_t row_count;
    uint32_t row_capacity;
    uint32_t next; /* column of the next cell */
    int is_out_of_memory;
    ctl_cell *cells;
} ctl_table;

void ctl_table_init(ctl_table *table, const char *const *headings, uint32_t column_count);

/* Each fills the next cell, from left to right and then the next row. A NULL text shows as "-". */
void ctl_table_text(ctl_table *table, const char *text);
void ctl_table_number(ctl_table *table, int64_t number); /* 18,532 */
void ctl_table_money(ctl_table *table, int64_t minor, const char *currency);

/* Prints on standard output and frees. `nothing` is printed in place of a table without rows. */
void ctl_table_print(ctl_table *table, const char *nothing);

/* The texts that the cells above hold, in the caller's buffer, which is returned. */
const char *ctl_number_show(int64_t number, ctl_cell out);
const char *ctl_money_show(int64_t minor, const char *currency, ctl_cell out);

#endif

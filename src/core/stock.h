/* SPDX-License-Identifier: MIT */
/* The counters of one SKU, each change checked, and reservation lines as they are stored. Private
 * to the inventory module. */
#ifndef AURORA_CORE_STOCK_H
#define AURORA_CORE_STOCK_H

#include "core/json.h"
#include "core/step.h"

/* Each moves a quantity between counters of one row or refuses: AURORA_EINSUFFICIENT,
 * AURORA_EOVERFLOW. The row is then unchanged. */
aurora_status aurora__stock_receive(aurora__stock_row *stock, int64_t quantity);
aurora_status aurora__stock_write_off(aurora__stock_row *stock, int64_t quantity);
aurora_status aurora__stock_reserve(aurora__stock_row *stock, int64_t quantity);
aurora_status aurora__stock_release(aurora__stock_row *stock, int64_t quantity);
aurora_status aurora__stock_commit(aurora__stock_row *stock, int64_t quantity);

/* I1 of one row. */
bool aurora__stock_is_balanced(const aurora__stock_row *stock);

/* One summed line. */
typedef struct {
    const char *sku; /* when taken from a request */
    int64_t sku_id;  /* 0 = unknown SKU */
    int64_t quantity;
    int64_t available; /* when it was looked at */
} aurora__stock_line;

typedef struct {
    aurora__stock_line *items;
    uint32_t count;
} aurora__stock_lines;

/* Finds the SKUs' numbers and adds up lines of one SKU. `lines` is orders.lines. */
aurora_status aurora__stock_lines_sum(aurora__step *step, const char *lines,
                                      aurora__stock_lines *out);
aurora_status aurora__stock_lines_add(aurora__step *step, aurora__stock_lines *lines,
                                      const char *sku, int64_t quantity);

/* Reserves all lines or none; *is_short_out says that some line lacks stock. */
aurora_status aurora__stock_lines_reserve(aurora__step *step, aurora__stock_lines *lines,
                                          bool *is_short_out);

/* [[sku_id,quantity],...] and back. */
const char *aurora__stock_lines_write(aurora__step *step, const aurora__stock_lines *lines);
aurora_status aurora__stock_lines_read(aurora__step *step, const char *text,
                                       aurora__stock_lines *out);

/* [[sku,requested,available],...] of the lines that lack stock. */
const char *aurora__stock_lines_short(aurora__step *step, const aurora__stock_lines *lines);

/* Applies one counter change to every line of a stored text. */
aurora_status aurora__stock_lines_apply(aurora__step *step, const char *text,
                                        aurora_status (*change)(aurora__stock_row *, int64_t));

/* Wants the SKUs of orders.lines, and their stock once those are loaded. */
aurora_status aurora__stock_ordered_want(aurora__step *step, const char *lines);

/* Wants the stock rows of a stored text. */
aurora_status aurora__stock_lines_want(aurora__step *step, const char *text);

/* The stock row of a SKU's number, to change; AURORA_ECORRUPT when it is missing. */
aurora_status aurora__stock_find(aurora__step *step, int64_t sku_id, aurora__stock_row **out);

#endif

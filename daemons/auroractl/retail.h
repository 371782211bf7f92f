/* SPDX-License-Identifier: MIT */
/* The UCI "Online Retail" file as orders: which lines count, what they cost, who bought when. Pure:
 * works on the caller's text, reads no file and knows no store. */
#ifndef AURORACTL_RETAIL_H
#define AURORACTL_RETAIL_H

#include <aurora/base.h>

#include "text_map.h"

#define CTL_RETAIL_CURRENCY "GBP"

/* One stock code. */
typedef struct {
    const char *sku;     /* trimmed, in upper case */
    const char *name;    /* the first description it is sold under, else the SKU */
    int64_t price_minor; /* the first price it is sold at */
    int64_t sold;        /* pieces over all orders of the file */
} ctl_retail_product;

/* One invoice, or what a C invoice takes back (its quantities without their sign). */
typedef struct {
    const char *reference;
    const char *customer_id;
    int64_t placed_at_ms; /* of its first line */
    uint64_t line_number; /* of the file, of its first line */
    const aurora_line *lines;
    uint32_t line_count;
    bool is_return;
    bool is_plain; /* a return: all its lines are readable and negative, of one customer */
    int64_t total_minor;
    uint32_t returned_by; /* an order: number of the return that takes it back whole; or none */
} ctl_retail_invoice;

#define CTL_RETAIL_NONE UINT32_MAX

/* All of the file. Texts point into the caller's buffer or into `texts`. */
typedef struct {
    ctl_retail_product *products;
    uint32_t product_count;
    ctl_retail_invoice *orders; /* by placed_at_ms, then by place in the file */
    uint32_t order_count;
    ctl_retail_invoice *returns; /* likewise */
    uint32_t return_count;
    aurora_line *lines;
    uint64_t line_count;   /* of the orders */
    uint64_t record_count; /* of the file, less its heading */
    char **texts;          /* descriptions that had to be written in UTF-8 anew */
    uint32_t text_count;
    ctl_text_map skus;
    ctl_text_map references;
} ctl_retail_file;

/* What is wrong with a file. */
typedef struct {
    uint64_t line;
    const char *message; /* static */
} ctl_retail_error;

/* Reads a whole CSV text (`length` bytes and a spare one; written to, and borrowed until deinit).
 * A line counts when its invoice is neither a C nor an A one, quantity and price are above 0 and
 * the customer is known. False with *error_out for text that is not this format; lines that merely
 * do not count are no error. */
bool ctl_retail_read(char *text, size_t length, ctl_retail_file *file_out,
                     ctl_retail_error *error_out);

/* Finds the orders that a return takes back whole and sets their returned_by: the return's lines
 * negate exactly all lines of the order (SKU, quantity and price, in any order), it has the same
 * customer and is later in the file; of several such orders the latest, each taken back once. False
 * when memory ran out. */
bool ctl_retail_match_returns(ctl_retail_file *file);

void ctl_retail_deinit(ctl_retail_file *file);

/* A decimal number such as 2.55 in hundredths, rounded half up (away from 0), by integers alone.
 * *is_positive_out is of the number before rounding. False for other text, and beyond 10^12. */
bool ctl_price_parse(const char *text, int64_t *minor_out, bool *is_positive_out);

/* Removes blanks at both ends of `text`, in place. */
char *ctl_text_trim(char *text);

/* Whether `text` is UTF-8 (RFC 3629). */
bool ctl_text_is_utf8(const char *text);

/* Reads `text` as Latin-1 into `out`, which has room for 3 bytes a byte and a NUL; bytes that are
 * controls there become U+FFFD. */
void ctl_text_from_latin1(const char *text, char *out);

#endif

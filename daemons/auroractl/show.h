/* SPDX-License-Identifier: MIT */
/* How results of the library appear: each as JSON and as rows of a table. */
#ifndef AURORACTL_SHOW_H
#define AURORACTL_SHOW_H

#include "ctl.h"
#include "json_out.h"

/* Each writes one object, at the top or in an array. */
void ctl_show_order(ctl_json *json, const aurora_order *order);
void ctl_show_product(ctl_json *json, const aurora_product *product);
void ctl_show_stock(ctl_json *json, const char *sku, const aurora_stock *stock);

/* Leaves the object open for more members, to be ended by ctl_json_end. */
void ctl_show_order_open(ctl_json *json, const aurora_order *order);

/* The shortest form of a product, stock or order on standard output. */
void ctl_print_stock(const ctl *run, const char *sku, const aurora_stock *stock);
void ctl_print_order(const ctl *run, const aurora_order *order);

/* {"items":[ and its end, "next_cursor" among it. */
void ctl_page_begin(ctl_json *json);
void ctl_page_end(ctl_json *json, const char *next_cursor);

/* Tells people on standard error how the next page is had. */
void ctl_page_hint(const char *next_cursor);

/* "id", 36 characters, in the caller's buffer, which is returned. */
const char *ctl_id_show(aurora_id id, char text_out[AURORA_ID_TEXT_BYTES]);

#endif

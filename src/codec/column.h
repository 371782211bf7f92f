/* SPDX-License-Identifier: MIT */
/* The compact JSON of columns as the arrays of the public headers, in an arena. */
#ifndef AURORA_CODEC_COLUMN_H
#define AURORA_CODEC_COLUMN_H

#include "core/arena.h"

#include <aurora/order.h>

/* How many elements the outer array has; 0 for NULL. AURORA_ECORRUPT. */
aurora_status aurora__column_count(const char *text, uint32_t *count_out);

/* [["sku",quantity,unit_price_minor],...]. NULL has none; *out is NULL where there is none.
 * AURORA_ECORRUPT, AURORA_ENOMEM; the others likewise. */
aurora_status aurora__column_lines(aurora__arena *arena, const char *text, const aurora_line **out,
                                   uint32_t *count_out);

/* [[kind,"label",amount_minor],...] */
aurora_status aurora__column_charges(aurora__arena *arena, const char *text,
                                     const aurora_charge **out, uint32_t *count_out);

/* [["name","value"],...] */
aurora_status aurora__column_pairs(aurora__arena *arena, const char *text, const aurora_pair **out,
                                   uint32_t *count_out);

#endif

/* SPDX-License-Identifier: MIT */
/* Public orders and histories out of rows. */
#ifndef AURORA_CODEC_ORDER_RESULT_H
#define AURORA_CODEC_ORDER_RESULT_H

#include "core/tables.h"

#include <aurora/order.h>

/* Builds an order, freed with aurora_order_free. With as_created it is the order as its creating
 * commit left it, the same at any later time. AURORA_ECORRUPT when the row is damaged,
 * AURORA_ENOMEM. */
aurora_status aurora__order_result(const aurora_allocator *allocator, const aurora__order_row *row,
                                   bool as_created, aurora_order **out);

/* The same in a reserve of `bytes` (codec/result.h), which becomes the order when it is large
 * enough: else AURORA_ENOMEM. */
aurora_status aurora__order_result_in(void *reserve, size_t bytes, const aurora__order_row *row,
                                      bool as_created);

/* Builds a page of orders as they are, freed with aurora_order_page_free. next_cursor may be NULL.
 * AURORA_ECORRUPT when one of the rows is damaged. */
aurora_status aurora__order_page_result(const aurora_allocator *allocator,
                                        const aurora__order_row *const *rows, uint32_t count,
                                        const char *next_cursor, aurora_order_page **out);

/* Builds the history of an order, freed with aurora_history_free. */
aurora_status aurora__history_result(const aurora_allocator *allocator,
                                     const aurora__order_row *row, aurora_history **out);

#endif

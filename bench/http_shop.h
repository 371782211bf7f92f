/* SPDX-License-Identifier: MIT */
/* The shop that benchmarks over HTTP order from: a store with a catalogue and orders in it, and the
 * requests that place more. */
#ifndef AURORA_BENCH_HTTP_SHOP_H
#define AURORA_BENCH_HTTP_SHOP_H

#include <stddef.h>
#include <stdint.h>

/* Makes the file anew, with 10,000 products in stock and so many completed orders. Ends the program
 * where that fails. */
void http_shop_make(const char *path, uint64_t orders);
/* Removes the file and those beside it. */
void http_shop_remove(const char *path);

/* For http_load_plan.fill: a POST of two lines with an Idempotency-Key that begins with the text
 * `self` and comes once in a process. */
size_t http_shop_order(void *self, char *text, size_t capacity, uint64_t n);

#endif

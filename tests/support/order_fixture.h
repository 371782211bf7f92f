/* SPDX-License-Identifier: MIT */
/* A shop with two products and some stock, over each store and with and without a worker, and the
 * few requests that tests of orders are made of. */
#ifndef AURORA_TESTS_SUPPORT_ORDER_FIXTURE_H
#define AURORA_TESTS_SUPPORT_ORDER_FIXTURE_H

#include <aurora/aurora.h>
#include <aurora/testing.h>

#include "failing_heap.h"
#include "test.h"

/* The kinds of shop, for tcase_add_loop_test(tcase, test, 0, ORDER_FIXTURE_KINDS). */
enum {
    ORDER_FIXTURE_MEMORY_WORKER = 0,
    ORDER_FIXTURE_SQLITE_WORKER = 1,
    ORDER_FIXTURE_MEMORY = 2,
    ORDER_FIXTURE_SQLITE = 3,
    ORDER_FIXTURE_KINDS = 4,
};

typedef struct {
    aurora_t *shop;
    char *folder; /* NULL for memory */
    char url[512];
    aurora_options options;
    aurora_manual_clock manual;
    aurora_clock clock;
    failing_heap heap;     /* init has none fail; the shop's own threads allocate too */
    bool has_manual_clock; /* to be set before open */
    const char *settings[8];
} order_fixture;

/* Chooses store and worker and opens nothing yet. */
void order_fixture_init(order_fixture *fixture, int kind);
/* Opens the shop. */
void order_fixture_open(order_fixture *fixture);
/* 100 pieces of "cup" at 2.50 EUR and of "mug" at 9.99 EUR. */
void order_fixture_stock(order_fixture *fixture);
/* init, open and stock. */
void order_fixture_start(order_fixture *fixture, int kind);
/* Closes and opens the same store; only for files. */
void order_fixture_reopen(order_fixture *fixture);
/* Closes; fails the test where some of the shop's memory is left. */
void order_fixture_stop(order_fixture *fixture);

/* Places one line of one SKU, waiting at most 5 s; the order is never NULL. */
aurora_order *order_fixture_place(order_fixture *fixture, const char *key, const char *sku,
                                  int64_t quantity);

/* What of this SKU can be sold, and what was. */
int64_t order_fixture_available(order_fixture *fixture, const char *sku);
int64_t order_fixture_sold(order_fixture *fixture, const char *sku);

/* The order as JSON, in a static buffer of the caller's choosing (0 or 1). */
const char *order_fixture_json(const aurora_order *order, int buffer);

#endif

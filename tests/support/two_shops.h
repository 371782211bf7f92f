/* SPDX-License-Identifier: MIT */
/* Two instances on one store that both write at once. */
#ifndef AURORA_TESTS_SUPPORT_TWO_SHOPS_H
#define AURORA_TESTS_SUPPORT_TWO_SHOPS_H

#include "shared_store.h"
#include "shop.h"

typedef struct {
    char *folder;
    char url[600];
    uint32_t flags;
    const char *settings[8];
    uint32_t setting_count;
    aurora_t *a;
    aurora_t *b;
    shared_store *store_a;
    shared_store *store_b;
} two_shops;

/* Opens both without a worker (flags 0) or with one (AURORA_OPEN_WORKER); `setting` may be NULL. */
void two_shops_open(two_shops *two, uint32_t flags, const char *setting);
/* 1,000 pieces of SHOP_SKU, and both have seen that and taken an order. */
void two_shops_warm_up(two_shops *two);
/* Closes both, where a test has not done so, and removes the store. No row was locked out of
 * order. */
void two_shops_close(two_shops *two);

/* The value of one metric without labels. */
uint64_t two_shops_metric(aurora_t *shop, const char *name);

/* Pumps both until neither has anything to do now. */
void two_shops_pump(two_shops *two);

#endif

/* SPDX-License-Identifier: MIT */
/* Two instances on one store that both write at once. */
#ifndef AURORA_TESTS_SUPPORT_TWO_SHOPS_H
#define AURORA_TESTS_SUPPORT_TWO_SHOPS_H

#include "shared_store.h"
#include "shop.h"

typedef struct {
    char *folder; /* of the file; NULL for PostgreSQL */
    char url[600];
    const aurora_driver *drivers;
    uint32_t driver_count;
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
/* The settings of every one that is opened. */
void two_shops_set(two_shops *two, const char *setting);
/* A third one, like the two, closed by the caller. */
aurora_t *two_shops_another(const two_shops *two);

/* 1,000 pieces of SHOP_SKU, and both have seen that and taken an order. */
void two_shops_warm_up(two_shops *two);
/* Closes both, where a test has not done so, and removes the store. No row was locked out of
 * order. */
void two_shops_close(two_shops *two);

/* The value of one metric without labels. */
uint64_t two_shops_metric(aurora_t *shop, const char *name);

/* Eight threads on each of both place orders of three hot SKUs, with keys that some of them share,
 * and cancel some; then both stores' books must be clean. */
void two_shops_crowd(two_shops *two, uint64_t seed);

/* Pumps both until neither has anything to do now. */
void two_shops_pump(two_shops *two);

#endif

/* SPDX-License-Identifier: MIT */
/* A shop through the public API alone, as an embedder sees it: opening, one product, orders of one
 * line, and the few questions that every acceptance test asks at its end. */
#ifndef AURORA_TESTS_SUPPORT_SHOP_H
#define AURORA_TESTS_SUPPORT_SHOP_H

#include <aurora/aurora.h>
#include <aurora/testing.h>

#include "test.h"

#define SHOP_SKU "cup"
#define SHOP_PRICE 250
#define SHOP_NOW INT64_C(1750000000000)

/* Opens with a URL; a failure fails the test. options may be NULL. */
aurora_t *shop_open(const char *url, const aurora_options *options);

/* SHOP_SKU at SHOP_PRICE EUR cents with `quantity` pieces; may be repeated. */
void shop_stock_up(aurora_t *shop, int64_t quantity);

/* A request for one line of SHOP_SKU. The request points into itself: do not copy it. */
typedef struct {
    aurora_line line;
    aurora_order_request request;
} shop_request;

const aurora_order_request *shop_request_init(shop_request *request, const char *key,
                                              int64_t quantity, const char *payment_method);

/* Places one and returns it; a failure fails the test. */
aurora_order *shop_place(aurora_t *shop, const char *key, int64_t quantity,
                         const char *payment_method, uint32_t flags);

/* The same with AURORA_ORDER_NO_WAIT, and only the id. */
aurora_id shop_submit(aurora_t *shop, const char *key, int64_t quantity);

/* Reads; a failure fails the test. */
aurora_order *shop_order(aurora_t *shop, aurora_id id);
aurora_saga *shop_saga(aurora_t *shop, aurora_id id);
aurora_stock shop_stock(aurora_t *shop);

/* Shown status, reason, and whether stock and money are settled. */
int32_t shop_status(aurora_t *shop, aurora_id id);
int32_t shop_reason(aurora_t *shop, aurora_id id);
bool shop_is_settled(aurora_t *shop, aurora_id id);

/* One participant of a saga, or NULL. */
const aurora_participant *shop_participant(const aurora_saga *saga, int32_t participant);

/* Pumps a handle without a worker until nothing is due at this moment. */
void shop_pump(aurora_t *shop);

/* Waits, in real time, until the order is settled; at most timeout_ms. */
bool shop_wait_settled(aurora_t *shop, aurora_id id, int timeout_ms);

/* aurora_verify finds nothing; it prints what it found. */
void shop_assert_clean(aurora_t *shop);

/* How many orders the listing has in this status, 0 = any, over all pages. */
uint32_t shop_count(aurora_t *shop, int32_t status);

/* Milliseconds of a clock that only serves to bound tests. */
int64_t shop_real_ms(void);

/* Whether longer runs are wanted: AURORA_LONG is set and not 0. */
bool shop_is_long(void);

#endif

/* SPDX-License-Identifier: MIT */
/* A store adapter of your own: own_store/ fills in the port (aurora/port/store.h) in a few hundred
 * lines, a driver gives it the scheme "sorted:", and the whole shop runs on it, with sagas, keys,
 * events and the audit. The same sources pass the store contract that the library's adapters pass.
 * To compile: cc own_store.c own_store/[a-z]*.c -pthread $(pkg-config --cflags --libs aurora)
 * Prints:
 *   100 orders: 50 completed, 50 out of stock
 *   a key again: the same order
 *   verify: 100 orders in order
 */
#include <aurora/aurora.h>
#include <aurora/port/driver.h>

#include <inttypes.h>
#include <stdio.h>

#include "own_store/sorted_store.h"

enum { ORDERS = 100, STOCK = 50 };

static aurora_status place(aurora_t *shop, int number, aurora_order **out, aurora_error *err)
{
    static const aurora_line line = {.sku = "mug", .quantity = 1};
    char key[32];
    snprintf(key, sizeof key, "cart-%d", number);
    return aurora_order_place(shop,
                              AURORA_ORDER(.key = key, .currency = "EUR", .lines = &line,
                                           .line_count = 1, .payment_method = "tok_approve"),
                              out, err);
}

static aurora_status sell(aurora_t *shop, aurora_error *err)
{
    int completed = 0, failed = 0;
    aurora_status rc = AURORA_OK;
    for (int i = 0; i < ORDERS && rc == AURORA_OK; i++) {
        aurora_order *order = NULL;
        rc = place(shop, i, &order, err);
        if (rc == AURORA_OK) {
            completed += order->status == AURORA_ORDER_COMPLETED;
            failed += order->reason == AURORA_REASON_OUT_OF_STOCK;
        }
        aurora_order_free(order);
    }
    if (rc == AURORA_OK)
        printf("%d orders: %d completed, %d out of stock\n", ORDERS, completed, failed);
    return rc;
}

static aurora_status look_again(aurora_t *shop, aurora_error *err)
{
    aurora_order *order = NULL;
    aurora_report *report = NULL;
    aurora_status rc = place(shop, 0, &order, err);
    if (rc == AURORA_OK && order->is_replay)
        printf("a key again: the same order\n");
    if (rc == AURORA_OK)
        rc = aurora_verify(shop, &report);
    if (rc == AURORA_OK && report->is_ok)
        printf("verify: %" PRIu64 " orders in order\n", report->order_count);
    aurora_report_free(report);
    aurora_order_free(order);
    return rc;
}

int main(void)
{
    const aurora_driver driver = {.size = sizeof driver,
                                  .port = AURORA_PORT_STORE,
                                  .scheme = "sorted",
                                  .open_store = sorted_store_open};
    aurora_t *shop = NULL;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status rc =
        aurora_open("sorted:", AURORA_OPTIONS(.drivers = &driver, .driver_count = 1), &shop, &err);
    if (rc == AURORA_OK)
        rc = aurora_product_put(
            shop,
            AURORA_PRODUCT(.sku = "mug", .name = "Mug", .price_minor = 1250, .currency = "EUR"),
            AURORA_ANY_VERSION, NULL, &err);
    if (rc == AURORA_OK)
        rc = aurora_stock_receive(shop, "mug", STOCK, "delivery-1", &err);
    if (rc == AURORA_OK)
        rc = sell(shop, &err);
    if (rc == AURORA_OK)
        rc = look_again(shop, &err);
    if (rc != AURORA_OK)
        fprintf(stderr, "%s: %s %s\n", aurora_status_name(rc), err.field, err.message);
    aurora_close(shop);
    return rc == AURORA_OK ? 0 : 1;
}

/* SPDX-License-Identifier: MIT */
/* Products through the public calls, where many are moved at once. */
#include <stdio.h>

#include <aurora/aurora.h>

#include "test.h"

#define PRODUCTS 600

START_TEST(test_product_resync__says_more_products_than_the_queue_takes)
{
    const char *settings[] = {"queue_max=16"};
    aurora_error err = AURORA_ERROR_INIT;
    aurora_t *shop = NULL;
    uint64_t count = 0;
    uint64_t before;
    uint64_t after;
    aurora_assert_ok(aurora_open(
        "memory:", AURORA_OPTIONS(.settings = settings, .setting_count = 1), &shop, &err));
    for (int i = 0; i < PRODUCTS; i++) {
        char sku[16];
        snprintf(sku, sizeof sku, "p%d", i);
        aurora_assert_ok(aurora_product_put(
            shop, AURORA_PRODUCT(.sku = sku, .name = "Thing", .price_minor = 1, .currency = "EUR"),
            AURORA_ANY_VERSION, NULL, &err));
    }
    aurora_assert_ok(aurora_event_bounds(shop, NULL, &before));

    aurora_assert_ok(aurora_product_resync(shop, &count, &err));

    ck_assert_uint_eq(count, PRODUCTS);
    aurora_assert_ok(aurora_event_bounds(shop, NULL, &after));
    ck_assert_uint_eq(after - before, PRODUCTS);
    aurora_close(shop);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("products");
    TCase *tcase = tcase_create("many");
    tcase_add_test(tcase, test_product_resync__says_more_products_than_the_queue_takes);
    suite_add_tcase(all, tcase);
    return all;
}

AURORA_TEST_MAIN(suite)

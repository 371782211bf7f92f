/* SPDX-License-Identifier: MIT */
#include "two_shops.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

aurora_t *two_shops_another(const two_shops *two)
{
    return shop_open(two->url,
                     AURORA_OPTIONS(.flags = two->flags, .settings = two->settings,
                                    .setting_count = two->setting_count, .drivers = two->drivers,
                                    .driver_count = two->driver_count));
}

void two_shops_set(two_shops *two, const char *setting)
{
    two->settings[two->setting_count++] = "search=none:";
    if (setting != NULL)
        two->settings[two->setting_count++] = setting;
}

void two_shops_open(two_shops *two, uint32_t flags, const char *setting)
{
    *two = (two_shops){.flags = flags, .drivers = &shared_store_driver, .driver_count = 1};
    two->folder = aurora_tempdir_new();
    snprintf(two->url, sizeof two->url, "shared:%s/shop.db", two->folder);
    two_shops_set(two, setting);
    two->a = two_shops_another(two);
    two->store_a = shared_store_newest();
    two->b = two_shops_another(two);
    two->store_b = shared_store_newest();
}

void two_shops_warm_up(two_shops *two)
{
    shop_stock_up(two->a, 1000);
    shop_submit(two->a, NULL, 1);
    shop_submit(two->b, NULL, 1);
    if ((two->flags & AURORA_OPEN_WORKER) == 0)
        two_shops_pump(two);
}

void two_shops_close(two_shops *two)
{
    unsigned disorders =
        two->folder == NULL ? 0 : two->store_a->disorders + two->store_b->disorders;
    aurora_close(two->a);
    aurora_close(two->b);
    if (two->folder != NULL)
        aurora_tempdir_remove(two->folder);
    ck_assert_uint_eq(disorders, 0);
}

uint64_t two_shops_metric(aurora_t *shop, const char *name)
{
    aurora_metric_page *page = NULL;
    uint64_t value = UINT64_MAX;
    aurora_assert_ok(aurora_metrics(shop, &page));
    for (uint32_t i = 0; i < page->count; i++) {
        if (strcmp(page->items[i]->name, name) == 0)
            value = (uint64_t)page->items[i]->value;
    }
    aurora_metric_page_free(page);
    ck_assert_msg(value != UINT64_MAX, "there is no metric %s", name);
    return value;
}

static bool has_rest(aurora_t *shop)
{
    int64_t due = 0;
    aurora_assert_ok(aurora_pump(shop, 0, &due));
    return due == 0;
}

void two_shops_pump(two_shops *two)
{
    bool has_more = true;
    for (int i = 0; has_more && i < 1000; i++) {
        has_more = has_rest(two->a);
        has_more |= has_rest(two->b);
    }
    ck_assert_msg(!has_more, "the engines never come to rest");
}

/* --- a crowd ---------------------------------------------------------------------------------- */

#define THREADS 8
#define ORDERS 40
#define PIECES 150

typedef struct {
    aurora_t *shop;
    uint64_t random;
    int number;
    int failures;
} trader;

static void *trade_hot(void *argument)
{
    static const char *const skus[] = {SHOP_SKU, "mug", "pot"};
    trader *self = argument;
    for (int i = 0; i < ORDERS; i++) {
        aurora_order *order = NULL;
        char key[32];
        uint64_t word = aurora_test_random(&self->random);
        aurora_line lines[2] = {{.sku = skus[word % 3], .quantity = 1},
                                {.sku = skus[(word % 3 + 1 + (word >> 8) % 2) % 3],
                                 .quantity = 1 + (int64_t)((word >> 16) % 2)}};
        /* Every fourth key is another thread's, too. */
        snprintf(key, sizeof key, "%d-%d", i % 4 == 0 ? self->number / 4 : self->number + 100, i);
        aurora_status rc = aurora_order_place(
            self->shop,
            AURORA_ORDER(.key = key, .currency = "EUR", .payment_method = "tok_approve",
                         .lines = lines, .line_count = 2, .timeout_ms = 30000),
            &order, NULL);
        self->failures += rc != AURORA_OK && rc != AURORA_EKEYREUSED;
        if (rc == AURORA_OK && (word >> 24) % 8 == 0)
            (void)aurora_order_cancel(self->shop, order->id, AURORA_REASON_CUSTOMER, NULL, NULL,
                                      NULL);
        aurora_order_free(order);
    }
    return NULL;
}

static void stock_sku(aurora_t *shop, const char *sku)
{
    aurora_assert_ok(aurora_product_put(
        shop, AURORA_PRODUCT(.sku = sku, .name = sku, .price_minor = 100, .currency = "EUR"),
        AURORA_ANY_VERSION, NULL, NULL));
    aurora_assert_ok(aurora_stock_receive(shop, sku, PIECES, sku, NULL));
}

void two_shops_crowd(two_shops *two, uint64_t seed)
{
    pthread_t threads[2 * THREADS];
    trader traders[2 * THREADS];
    stock_sku(two->a, SHOP_SKU);
    stock_sku(two->a, "mug");
    stock_sku(two->a, "pot");

    for (int i = 0; i < 2 * THREADS; i++) {
        traders[i] = (trader){
            .shop = i % 2 == 0 ? two->a : two->b, .random = seed + 100 * (uint64_t)i, .number = i};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, trade_hot, &traders[i]), 0);
    }
    int failures = 0;
    for (int i = 0; i < 2 * THREADS; i++) {
        pthread_join(threads[i], NULL);
        failures += traders[i].failures;
    }

    ck_assert_int_eq(failures, 0);
    shop_assert_clean(two->a);
    shop_assert_clean(two->b);
    aurora_stock stock = shop_stock(two->b); /* what came back is received once more */
    ck_assert_int_le(stock.sold, stock.received);
    ck_assert_int_eq(stock.reserved, 0);
}

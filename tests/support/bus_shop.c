/* SPDX-License-Identifier: MIT */
#include "bus_shop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *const names[BUS_SERVICES] = {
    "order", "inventory", "payment", "product", "search", "recommendation", "notification"};

bus_shop *bus_shop_new(int32_t partitions)
{
    bus_shop *shop = calloc(1, sizeof *shop);
    ck_assert_ptr_nonnull(shop);
    shop->fake = bus_fake_new(partitions);
    shop->folder = aurora_tempdir_new();
    return shop;
}

const char *bus_shop_url(const bus_shop *shop, int service, char *buffer, size_t size)
{
    snprintf(buffer, size, "sqlite:%s/%s.db", shop->folder, names[service]);
    return buffer;
}

aurora_t *bus_shop_second(const bus_shop *shop, int service)
{
    char url[512], modules[64], bus[320];
    const char *settings[12] = {modules, bus};
    uint32_t count = 2;
    snprintf(modules, sizeof modules, "modules=%s", names[service]);
    snprintf(bus, sizeof bus, "bus=%s", shop->url != NULL ? shop->url : bus_fake_url(shop->fake));
    for (uint32_t i = 0; i < 8 && shop->settings[i] != NULL; i++)
        settings[count++] = shop->settings[i];
    return shop_open(bus_shop_url(shop, service, url, sizeof url),
                     AURORA_OPTIONS(.flags = shop->is_pumped ? 0 : AURORA_OPEN_WORKER,
                                    .drivers = shop->url != NULL ? shop->drivers : &bus_fake_driver,
                                    .driver_count = shop->url != NULL ? shop->driver_count : 1,
                                    .settings = settings, .setting_count = count,
                                    .faults = shop->faults, .tracer = shop->tracer));
}

aurora_t *bus_shop_start(bus_shop *shop, int service)
{
    ck_assert_ptr_null(shop->services[service]);
    shop->services[service] = bus_shop_second(shop, service);
    return shop->services[service];
}

void bus_shop_start_all(bus_shop *shop)
{
    for (int i = 0; i < BUS_SERVICES; i++) {
        if (shop->services[i] == NULL)
            bus_shop_start(shop, i);
    }
}

void bus_shop_stop(bus_shop *shop, int service)
{
    aurora_close(shop->services[service]);
    shop->services[service] = NULL;
}

void bus_shop_free(bus_shop *shop)
{
    for (int i = 0; i < BUS_SERVICES; i++)
        aurora_close(shop->services[i]);
    bus_fake_free(shop->fake);
    aurora_tempdir_remove(shop->folder);
    free(shop);
}

void bus_shop_pump(const bus_shop *shop)
{
    for (int i = 0; shop->is_pumped && i < BUS_SERVICES; i++) {
        if (shop->services[i] != NULL)
            aurora_assert_ok(aurora_pump(shop->services[i], 0, NULL));
    }
}

bool bus_shop_wait(bus_shop *shop, bool (*is_so)(bus_shop *shop, void *argument), void *argument,
                   int timeout_ms)
{
    const struct timespec pause = {0, 2000000};
    int64_t end = shop_real_ms() + timeout_ms;
    while (!is_so(shop, argument)) {
        bus_shop_pump(shop);
        if (shop_real_ms() > end)
            return false;
        nanosleep(&pause, NULL);
    }
    return true;
}

static bool is_price_known(bus_shop *shop, void *argument)
{
    (void)argument;
    return bus_fake_wait_count(shop->fake, AURORA_TOPIC_PRODUCTS, "product.upserted", 1, 0) &&
           bus_fake_wait_done(shop->fake, "order", AURORA_TOPIC_PRODUCTS, 0);
}

void bus_shop_stock_up(bus_shop *shop, int64_t quantity)
{
    aurora_assert_ok(
        aurora_product_put(shop->services[BUS_PRODUCT],
                           AURORA_PRODUCT(.sku = SHOP_SKU, .name = "Cup", .price_minor = SHOP_PRICE,
                                          .currency = "EUR"),
                           AURORA_ANY_VERSION, NULL, NULL));
    aurora_assert_ok(aurora_stock_receive(shop->services[BUS_INVENTORY], SHOP_SKU, quantity,
                                          "first delivery", NULL));
    ck_assert(bus_shop_wait(shop, is_price_known, NULL, 20000));
}

double bus_shop_metric(aurora_t *service, const char *name, const char *label)
{
    aurora_metric_page *page = NULL;
    double sum = 0;
    aurora_assert_ok(aurora_metrics(service, &page));
    for (uint32_t i = 0; i < page->count; i++) {
        const aurora_metric *metric = page->items[i];
        if (strcmp(metric->name, name) == 0 &&
            (label == NULL ||
             (metric->label_count > 0 && strcmp(metric->labels[0].value, label) == 0)))
            sum += metric->value;
    }
    aurora_metric_page_free(page);
    return sum;
}

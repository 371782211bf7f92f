/* SPDX-License-Identifier: MIT */
#include "order_fixture.h"

#include <stdio.h>

#define START_MS INT64_C(1750000000000)

void order_fixture_init(order_fixture *fixture, int kind)
{
    bool is_file = kind == ORDER_FIXTURE_SQLITE_WORKER || kind == ORDER_FIXTURE_SQLITE;
    bool has_worker = kind == ORDER_FIXTURE_SQLITE_WORKER || kind == ORDER_FIXTURE_MEMORY_WORKER;
    memset(fixture, 0, sizeof *fixture);
    aurora_options_init(&fixture->options);
    failing_heap_init(&fixture->heap);
    fixture->options.allocator = &fixture->heap.allocator;
    fixture->options.flags = has_worker ? AURORA_OPEN_WORKER : 0;
    snprintf(fixture->url, sizeof fixture->url, "memory:");
    if (is_file) {
        char path[480];
        fixture->folder = aurora_tempdir_new();
        aurora_test_path(path, sizeof path, fixture->folder, "shop.db");
        snprintf(fixture->url, sizeof fixture->url, "sqlite:%s", path);
    }
}

void order_fixture_open(order_fixture *fixture)
{
    aurora_error err = AURORA_ERROR_INIT;
    if (fixture->has_manual_clock) {
        aurora_manual_clock_init(&fixture->manual, START_MS);
        aurora_manual_clock_attach(&fixture->manual, &fixture->clock);
        fixture->options.clock = &fixture->clock;
    }
    uint32_t count = 0;
    while (count < 8 && fixture->settings[count] != NULL)
        count++;
    fixture->options.settings = fixture->settings;
    fixture->options.setting_count = count;
    aurora_status rc = aurora_open(fixture->url, &fixture->options, &fixture->shop, &err);
    ck_assert_msg(rc == AURORA_OK, "open: %s: %s", aurora_status_name(rc), err.message);
}

void order_fixture_stock(order_fixture *fixture)
{
    aurora_error err = AURORA_ERROR_INIT;
    aurora_assert_ok(aurora_product_put(
        fixture->shop,
        AURORA_PRODUCT(.sku = "cup", .name = "Cup", .price_minor = 250, .currency = "EUR"), 0, NULL,
        &err));
    aurora_assert_ok(aurora_product_put(
        fixture->shop,
        AURORA_PRODUCT(.sku = "mug", .name = "Mug", .price_minor = 999, .currency = "EUR"), 0, NULL,
        &err));
    aurora_assert_ok(aurora_stock_receive(fixture->shop, "cup", 100, "cup-1", &err));
    aurora_assert_ok(aurora_stock_receive(fixture->shop, "mug", 100, "mug-1", &err));
}

void order_fixture_start(order_fixture *fixture, int kind)
{
    order_fixture_init(fixture, kind);
    order_fixture_open(fixture);
    order_fixture_stock(fixture);
}

void order_fixture_reopen(order_fixture *fixture)
{
    aurora_close(fixture->shop);
    order_fixture_open(fixture);
}

void order_fixture_stop(order_fixture *fixture)
{
    aurora_close(fixture->shop);
    ck_assert_uint_eq(aurora_failing_allocator_live(&fixture->heap.counts), 0);
    if (fixture->folder != NULL)
        aurora_tempdir_remove(fixture->folder);
}

aurora_order *order_fixture_place(order_fixture *fixture, const char *key, const char *sku,
                                  int64_t quantity)
{
    aurora_error err = AURORA_ERROR_INIT;
    aurora_line line = {.sku = sku, .quantity = quantity};
    aurora_order *order = NULL;
    aurora_status rc = aurora_order_place(
        fixture->shop,
        AURORA_ORDER(.key = key, .currency = "EUR", .payment_method = "tok_approve", .lines = &line,
                     .line_count = 1, .timeout_ms = 5000),
        &order, &err);
    ck_assert_msg(rc == AURORA_OK, "place: %s: %s %s", aurora_status_name(rc), err.field,
                  err.message);
    ck_assert_ptr_nonnull(order);
    return order;
}

static aurora_stock stock_of(order_fixture *fixture, const char *sku)
{
    aurora_stock stock;
    aurora_assert_ok(aurora_stock_get(fixture->shop, sku, &stock));
    return stock;
}

int64_t order_fixture_available(order_fixture *fixture, const char *sku)
{
    return stock_of(fixture, sku).available;
}

int64_t order_fixture_sold(order_fixture *fixture, const char *sku)
{
    return stock_of(fixture, sku).sold;
}

const char *order_fixture_json(const aurora_order *order, int buffer)
{
    static char buffers[2][8192];
    aurora_assert_ok(aurora_order_json(order, buffers[buffer], sizeof buffers[buffer], NULL));
    return buffers[buffer];
}

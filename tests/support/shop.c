/* SPDX-License-Identifier: MIT */
#include "shop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

aurora_t *shop_open(const char *url, const aurora_options *options)
{
    aurora_t *shop = NULL;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status rc = aurora_open(url, options, &shop, &err);
    ck_assert_msg(rc == AURORA_OK, "open of %s is %d: %s %s", url, (int)rc, err.field, err.message);
    return shop;
}

void shop_stock_up(aurora_t *shop, int64_t quantity)
{
    aurora_assert_ok(
        aurora_product_put(shop,
                           AURORA_PRODUCT(.sku = SHOP_SKU, .name = "Cup", .price_minor = SHOP_PRICE,
                                          .currency = "EUR"),
                           AURORA_ANY_VERSION, NULL, NULL));
    aurora_assert_ok(aurora_stock_receive(shop, SHOP_SKU, quantity, "first delivery", NULL));
}

const aurora_order_request *shop_request_init(shop_request *request, const char *key,
                                              int64_t quantity, const char *payment_method)
{
    aurora_order_request_init(&request->request);
    request->line = (aurora_line){.sku = SHOP_SKU, .quantity = quantity};
    request->request.key = key;
    request->request.currency = "EUR";
    request->request.payment_method = payment_method;
    request->request.lines = &request->line;
    request->request.line_count = 1;
    return &request->request;
}

aurora_order *shop_place(aurora_t *shop, const char *key, int64_t quantity,
                         const char *payment_method, uint32_t flags)
{
    shop_request request;
    shop_request_init(&request, key, quantity, payment_method);
    request.request.flags = flags;
    request.request.timeout_ms = 20000;
    aurora_order *order = NULL;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status rc = aurora_order_place(shop, &request.request, &order, &err);
    ck_assert_msg(rc == AURORA_OK, "place is %d: %s %s", (int)rc, err.field, err.message);
    ck_assert_ptr_nonnull(order);
    return order;
}

aurora_id shop_submit(aurora_t *shop, const char *key, int64_t quantity)
{
    aurora_order *order = shop_place(shop, key, quantity, "card", AURORA_ORDER_NO_WAIT);
    aurora_id id = order->id;
    aurora_order_free(order);
    return id;
}

aurora_order *shop_order(aurora_t *shop, aurora_id id)
{
    aurora_order *order = NULL;
    aurora_assert_ok(aurora_order_get(shop, id, &order));
    return order;
}

aurora_saga *shop_saga(aurora_t *shop, aurora_id id)
{
    aurora_saga *saga = NULL;
    aurora_assert_ok(aurora_saga_get(shop, id, &saga));
    return saga;
}

aurora_stock shop_stock(aurora_t *shop)
{
    aurora_stock stock = {0};
    aurora_assert_ok(aurora_stock_get(shop, SHOP_SKU, &stock));
    ck_assert_int_eq(stock.available + stock.reserved + stock.sold,
                     stock.received - stock.written_off);
    ck_assert_int_ge(stock.available, 0);
    ck_assert_int_ge(stock.reserved, 0);
    return stock;
}

int32_t shop_status(aurora_t *shop, aurora_id id)
{
    aurora_order *order = shop_order(shop, id);
    int32_t status = order->status;
    aurora_order_free(order);
    return status;
}

int32_t shop_reason(aurora_t *shop, aurora_id id)
{
    aurora_order *order = shop_order(shop, id);
    int32_t reason = order->reason;
    aurora_order_free(order);
    return reason;
}

bool shop_is_settled(aurora_t *shop, aurora_id id)
{
    aurora_order *order = shop_order(shop, id);
    bool is_settled = order->settled_at_ms != 0;
    aurora_order_free(order);
    return is_settled;
}

const aurora_participant *shop_participant(const aurora_saga *saga, int32_t participant)
{
    for (uint32_t i = 0; i < saga->participant_count; i++) {
        if (saga->participants[i]->participant == participant)
            return saga->participants[i];
    }
    return NULL;
}

void shop_pump(aurora_t *shop)
{
    int64_t due = 0;
    for (int i = 0; i < 10000 && due == 0; i++)
        aurora_assert_ok(aurora_pump(shop, 0, &due));
    ck_assert_msg(due != 0, "the engine never comes to rest");
}

bool shop_wait_settled(aurora_t *shop, aurora_id id, int timeout_ms)
{
    int64_t end = shop_real_ms() + timeout_ms;
    uint64_t version = 0;
    for (;;) {
        aurora_order *order = NULL;
        int64_t left = end - shop_real_ms();
        aurora_assert_ok(
            aurora_order_wait(shop, id, version, left > 0 ? (int32_t)left : 0, &order));
        bool is_settled = order->settled_at_ms != 0;
        version = order->version;
        aurora_order_free(order);
        if (is_settled || left <= 0)
            return is_settled;
    }
}

void shop_assert_clean(aurora_t *shop)
{
    aurora_report *report = NULL;
    aurora_assert_ok(aurora_verify(shop, &report));
    for (uint32_t i = 0; i < report->count; i++)
        fprintf(stderr, "%s %s: %s\n", report->items[i]->invariant, report->items[i]->subject,
                report->items[i]->message);
    ck_assert_uint_eq(report->violation_count, 0);
    ck_assert_uint_eq(report->is_ok, 1);
    aurora_report_free(report);
}

uint32_t shop_count(aurora_t *shop, int32_t status)
{
    char cursor[1024] = "";
    uint32_t count = 0;
    for (;;) {
        aurora_order_page *page = NULL;
        aurora_assert_ok(aurora_order_list(shop, AURORA_ORDER_FILTER(.status = status),
                                           cursor[0] != '\0' ? cursor : NULL, 1000, &page, NULL));
        count += page->count;
        bool is_last = page->next_cursor == NULL;
        snprintf(cursor, sizeof cursor, "%s", is_last ? "" : page->next_cursor);
        aurora_order_page_free(page);
        if (is_last)
            return count;
    }
}

int64_t shop_real_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool shop_is_long(void)
{
    const char *text = getenv("AURORA_LONG");
    return text != NULL && strcmp(text, "0") != 0 && text[0] != '\0';
}

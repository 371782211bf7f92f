/* SPDX-License-Identifier: MIT */
/* Last year's sales, once more: reads orders from a CSV file (order, time, sku, quantity, price)
 * and places them with their own prices and times, a hundred in flight at once. The order's number
 * is its key and its reference, so a replay that was cut off is simply started again: what is there
 * already answers as it did. argv[1] is the file, argv[2] the store; without them it writes a small
 * file itself and keeps the shop in memory.
 * To compile: cc replay_csv.c $(pkg-config --cflags --libs aurora)
 * Prints:
 *   12 orders of 16 rows: 10 completed, 2 failed, 0 were there before
 *   12 orders of 16 rows: 10 completed, 2 failed, 12 were there before
 *   mug: 12 sold; most popular of last year: mug
 */
#include <aurora/aurora.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW = 100, LINES_MAX = 50, TEXT = 64 };

/* One order while its rows are gathered: rows of one number follow each other. */
struct order {
    char number[TEXT];
    char skus[LINES_MAX][TEXT];
    aurora_line lines[LINES_MAX];
    uint32_t count;
    int64_t placed_at_ms;
};

struct replay {
    aurora_t *shop;
    aurora_queue *queue;
    int rows, orders, completed, failed, repeated, in_flight;
};

static aurora_status take_some(struct replay *replay)
{
    aurora_completion taken[WINDOW];
    uint32_t count = 0;
    aurora_status rc = aurora_queue_take(replay->queue, taken, WINDOW, -1, &count);
    for (uint32_t i = 0; rc == AURORA_OK && i < count; i++) {
        replay->in_flight--;
        if (taken[i].status != AURORA_OK)
            return taken[i].status;
        replay->orders++;
        replay->repeated += taken[i].is_replay != 0;
        replay->completed += taken[i].order_status == AURORA_ORDER_COMPLETED;
        replay->failed += taken[i].order_status == AURORA_ORDER_FAILED;
    }
    return rc;
}

static aurora_status submit(struct replay *replay, struct order *order)
{
    if (order->count == 0)
        return AURORA_OK;
    for (uint32_t i = 0; i < order->count; i++)
        order->lines[i].sku = order->skus[i];
    aurora_order_request request;
    aurora_order_request_init(&request);
    request.flags = AURORA_ORDER_OWN_PRICES;
    request.key = order->number;
    request.reference = order->number;
    request.currency = "EUR";
    request.payment_method = "tok_approve"; /* it was paid long ago */
    request.lines = order->lines;
    request.line_count = order->count;
    request.placed_at_ms = order->placed_at_ms;
    const aurora_order_request *requests[] = {&request};
    uint32_t accepted = 0;
    aurora_status rc = AURORA_OK;
    while (rc == AURORA_OK && replay->in_flight >= WINDOW)
        rc = take_some(replay);
    if (rc == AURORA_OK)
        rc = aurora_order_submit(replay->queue, requests, NULL, 1, &accepted);
    replay->in_flight += (int)accepted;
    order->count = 0;
    return rc;
}

/* A row is "number,unix_ms,sku,quantity,price_minor"; fields have no quotes here. */
static aurora_status take_row(struct replay *replay, struct order *order, const char *row)
{
    char number[TEXT], sku[TEXT];
    int64_t at_ms, quantity, price;
    if (sscanf(row, "%63[^,],%" SCNd64 ",%63[^,],%" SCNd64 ",%" SCNd64, number, &at_ms, sku,
               &quantity, &price) != 5)
        return AURORA_EINVAL;
    replay->rows++;
    if (order->count == LINES_MAX || strcmp(order->number, number) != 0) {
        aurora_status rc = submit(replay, order);
        if (rc != AURORA_OK)
            return rc;
    }
    memcpy(order->number, number, sizeof number);
    memcpy(order->skus[order->count], sku, sizeof sku);
    order->lines[order->count].quantity = quantity;
    order->lines[order->count].unit_price_minor = price;
    order->count++;
    order->placed_at_ms = at_ms;
    return AURORA_OK;
}

static aurora_status replay_file(aurora_t *shop, const char *path)
{
    struct replay replay = {.shop = shop};
    struct order order = {.count = 0};
    char row[512];
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return AURORA_EIO;
    aurora_status rc = aurora_queue_new(shop, WINDOW, &replay.queue);
    bool is_head = true;
    while (rc == AURORA_OK && fgets(row, sizeof row, file) != NULL) {
        if (!is_head)
            rc = take_row(&replay, &order, row);
        is_head = false;
    }
    if (rc == AURORA_OK)
        rc = submit(&replay, &order);
    while (rc == AURORA_OK && replay.in_flight > 0)
        rc = take_some(&replay);
    if (rc == AURORA_OK)
        printf("%d orders of %d rows: %d completed, %d failed, %d were there before\n",
               replay.orders, replay.rows, replay.completed, replay.failed, replay.repeated);
    aurora_queue_free(replay.queue);
    fclose(file);
    return rc;
}

/* Twelve orders, four of two lines; two want more pens than there were. */
static void write_sample(const char *path)
{
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return;
    fputs("order,time,sku,quantity,price_minor\n", file);
    for (int i = 0; i < 12; i++) {
        fprintf(file, "R-%d,%" PRId64 ",mug,%d,1100\n", i, INT64_C(1704067200000) + i * 3600000,
                i % 5 == 0 ? 2 : 1);
        if (i % 3 == 1)
            fprintf(file, "R-%d,%" PRId64 ",pen,%d,90\n", i, INT64_C(1704067200000) + i * 3600000,
                    i > 6 ? 50 : 1);
    }
    fclose(file);
}

static aurora_status show(aurora_t *shop, aurora_error *err)
{
    aurora_stock stock;
    aurora_trend_page *page = NULL;
    aurora_status rc = aurora_stock_get(shop, "mug", &stock);
    if (rc == AURORA_OK)
        rc = aurora_popular_products(shop, NULL, 1, &page, err);
    if (rc == AURORA_OK)
        printf("mug: %" PRId64 " sold; most popular of last year: %s\n", stock.sold,
               page->count > 0 ? page->items[0]->sku : "nothing");
    aurora_trend_page_free(page);
    return rc;
}

static aurora_status stock_up(aurora_t *shop, const char *sku, int64_t quantity, aurora_error *err)
{
    aurora_status rc = aurora_product_put(
        shop, AURORA_PRODUCT(.sku = sku, .name = sku, .price_minor = 1250, .currency = "EUR"),
        AURORA_ANY_VERSION, NULL, err);
    return rc != AURORA_OK ? rc : aurora_stock_receive(shop, sku, quantity, sku, err);
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "sales.csv";
    aurora_t *shop = NULL;
    aurora_error err = AURORA_ERROR_INIT;
    if (argc < 2)
        write_sample(path);
    aurora_status rc = aurora_open(argc > 2 ? argv[2] : "memory:", NULL, &shop, &err);
    if (rc == AURORA_OK)
        rc = stock_up(shop, "mug", 1000, &err);
    if (rc == AURORA_OK)
        rc = stock_up(shop, "pen", 40, &err);
    for (int i = 0; i < 2 && rc == AURORA_OK; i++)
        rc = replay_file(shop, path);
    if (rc == AURORA_OK)
        rc = show(shop, &err);
    if (rc != AURORA_OK)
        fprintf(stderr, "%s: %s %s\n", aurora_status_name(rc), err.field, err.message);
    aurora_close(shop);
    return rc == AURORA_OK ? 0 : 1;
}

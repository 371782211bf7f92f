/* SPDX-License-Identifier: MIT */
#include "http_shop.h"

#include <aurora/aurora.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define SKUS 10000
#define CUSTOMERS 100000
#define IN_FLIGHT 1024

static uint64_t random_state = 0x9E3779B97F4A7C15u;
static uint64_t sequence;

static void die(const char *what, const char *why)
{
    fprintf(stderr, "http_shop: %s: %s\n", what, why);
    exit(1);
}

static uint64_t draw(void)
{
    random_state += 0x9E3779B97F4A7C15u;
    uint64_t word = random_state;
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9u;
    word = (word ^ (word >> 27)) * 0x94D049BB133111EBu;
    return word ^ (word >> 31);
}

/* --- the store ------------------------------- */

void http_shop_remove(const char *path)
{
    static const char *const suffixes[] = {"",        "-wal",        "-shm",       "-aurora",
                                           ".search", ".search-wal", ".search-shm"};
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char name[256];
        snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        unlink(name);
    }
}

static void stock_up(aurora_t *shop)
{
    aurora_error err = AURORA_ERROR_INIT;
    for (unsigned i = 0; i < SKUS; i++) {
        char sku[16];
        snprintf(sku, sizeof sku, "sku-%05u", i);
        if (aurora_product_put(shop,
                               AURORA_PRODUCT(.sku = sku, .name = "A thing to sell",
                                              .description = "What a page says of it in a line.",
                                              .brand = "Maker", .category = "Things",
                                              .price_minor = 100 + i, .currency = "EUR"),
                               AURORA_ANY_VERSION, NULL, &err) ||
            aurora_stock_receive(shop, sku, AURORA_MOVEMENT_MAX, sku, &err))
            die("catalogue", err.message);
    }
}

typedef struct {
    char key[24], customer[16], skus[2][16];
    aurora_line lines[2];
    aurora_order_request request;
} slot;

static void fill_slot(slot *s)
{
    uint64_t first = draw() % SKUS;
    snprintf(s->key, sizeof s->key, "s%" PRIu64, sequence++);
    snprintf(s->customer, sizeof s->customer, "c%u", (unsigned)(draw() % CUSTOMERS));
    snprintf(s->skus[0], sizeof s->skus[0], "sku-%05u", (unsigned)first);
    snprintf(s->skus[1], sizeof s->skus[1], "sku-%05u",
             (unsigned)((first + 1 + draw() % (SKUS - 1)) % SKUS));
    s->lines[0] = (aurora_line){.sku = s->skus[0], .quantity = 1};
    s->lines[1] = (aurora_line){.sku = s->skus[1], .quantity = 1};
    s->request = (aurora_order_request){.size = sizeof s->request,
                                        .key = s->key,
                                        .customer_id = s->customer,
                                        .currency = "EUR",
                                        .payment_method = "tok_approve",
                                        .lines = s->lines,
                                        .line_count = 2,
                                        .timeout_ms = 30000};
}

static void fill_store(aurora_t *shop, uint64_t orders)
{
    static slot slots[IN_FLIGHT];
    static aurora_completion done[IN_FLIGHT];
    const aurora_order_request *requests[IN_FLIGHT];
    aurora_queue *queue = NULL;
    if (aurora_queue_new(shop, IN_FLIGHT, &queue))
        die("queue", "no memory");
    for (uint64_t stored = 0; stored < orders;) {
        uint32_t count = orders - stored < IN_FLIGHT ? (uint32_t)(orders - stored) : IN_FLIGHT;
        for (uint32_t i = 0; i < count; i++) {
            fill_slot(&slots[i]);
            requests[i] = &slots[i].request;
        }
        uint32_t accepted = 0;
        uint32_t taken = 0;
        while (accepted < count) {
            uint32_t some = 0;
            aurora_order_submit(queue, requests + accepted, NULL, count - accepted, &some);
            accepted += some;
        }
        while (taken < count) {
            uint32_t some = 0;
            if (aurora_queue_take(queue, done, IN_FLIGHT, 10000, &some) || some == 0)
                die("filling", "an order did not complete");
            taken += some;
        }
        stored += count;
    }
    aurora_queue_free(queue);
}

void http_shop_make(const char *path, uint64_t orders)
{
    aurora_t *shop = NULL;
    aurora_error err = AURORA_ERROR_INIT;
    sequence = (uint64_t)time(NULL) * 1000000;
    http_shop_remove(path);
    if (aurora_open(path, AURORA_OPTIONS(.flags = AURORA_OPEN_WORKER), &shop, &err))
        die(path, err.message);
    stock_up(shop);
    fill_store(shop, orders);
    aurora_close(shop);
}

/* --- requests ------------------------------- */

size_t http_shop_order(void *self, char *text, size_t capacity, uint64_t n)
{
    (void)n;
    char body[256];
    uint64_t first = draw() % SKUS;
    int len = snprintf(body, sizeof body,
                       "{\"lines\":[{\"sku\":\"sku-%05u\",\"quantity\":1},"
                       "{\"sku\":\"sku-%05u\",\"quantity\":1}],\"currency\":\"EUR\","
                       "\"payment_method\":\"tok_approve\",\"contact\":\"buyer@example.org\"}",
                       (unsigned)first, (unsigned)((first + 1 + draw() % (SKUS - 1)) % SKUS));
    int total = snprintf(text, capacity,
                         "POST /orders HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                         "Content-Type: application/json\r\nIdempotency-Key: %s%" PRIu64 "\r\n"
                         "Content-Length: %d\r\n\r\n%s",
                         (const char *)self, sequence++, len, body);
    return (size_t)total;
}

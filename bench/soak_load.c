/* SPDX-License-Identifier: MIT */
/* The generator of ./dev soak: reads and orders in the shares of a shop, RATE requests a second
 * over kept connections (0 = as fast as they are answered), in slices of a second. Prints one JSON
 * object: requests, those a second, those that failed.
 *
 * soak_load PORT RATE SECONDS TAG (of the idempotency keys) */
#include "http_load.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define CONNECTIONS 32
#define SKUS 200
#define SLICE_S 1.0

typedef struct {
    const char *tag;
    uint64_t sent; /* in the slices before */
} shop_mix;

static size_t get(char *text, size_t capacity, const char *format, unsigned number)
{
    char path[128];
    snprintf(path, sizeof path, format, number);
    int len = snprintf(text, capacity, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
    return len > 0 && len < (int)capacity ? (size_t)len : 0;
}

static size_t post_order(const shop_mix *mix, char *text, size_t capacity, uint64_t number)
{
    char body[256];
    int body_len =
        snprintf(body, sizeof body,
                 "{\"lines\":[{\"sku\":\"soak-%u\",\"quantity\":1},{\"sku\":\"soak-%u\","
                 "\"quantity\":2}],\"currency\":\"EUR\",\"payment_method\":\"tok_approve\"}",
                 (unsigned)(number % SKUS), (unsigned)((number + 7) % SKUS));
    int len = snprintf(text, capacity,
                       "POST /orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json"
                       "\r\nIdempotency-Key: %s-%llu\r\nContent-Length: %d\r\n\r\n%s",
                       mix->tag, (unsigned long long)number, body_len, body);
    return len > 0 && len < (int)capacity ? (size_t)len : 0;
}

static size_t fill(void *self, char *text, size_t capacity, uint64_t n)
{
    const shop_mix *mix = self;
    uint64_t number = mix->sent + n;
    switch (number % 20) {
    case 0:
        return post_order(mix, text, capacity, number / 20);
    case 1:
    case 2:
        return get(text, capacity, "/search?q=soak+%u", (unsigned)(number % SKUS));
    case 3:
        return get(text, capacity, "/recommendations/trending?window=1h&limit=%u", 10);
    case 4:
        return get(text, capacity, "/orders?limit=%u", 5);
    case 5:
        return get(text, capacity, "/inventory/soak-%u", (unsigned)(number / 20 % SKUS));
    default:
        return get(text, capacity, "/products/soak-%u", (unsigned)(number / 3 % SKUS));
    }
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void sleep_until(double end_s)
{
    double left_s = end_s - now_s();
    if (left_s <= 0)
        return;
    struct timespec pause = {.tv_sec = (time_t)left_s};
    pause.tv_nsec = (long)((left_s - (double)pause.tv_sec) * 1e9);
    nanosleep(&pause, NULL);
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: soak_load PORT RATE SECONDS TAG\n");
        return 2;
    }
    shop_mix mix = {.tag = argv[4]};
    http_load_plan plan = {.port = (uint16_t)strtol(argv[1], NULL, 10),
                           .connections = CONNECTIONS,
                           .requests_max = strtoull(argv[2], NULL, 10),
                           .seconds = SLICE_S,
                           .fill = fill,
                           .self = &mix};
    http_load_result all = {0};
    double seconds = strtod(argv[3], NULL), begin = now_s();
    for (double next = begin + SLICE_S; now_s() < begin + seconds; next += SLICE_S) {
        http_load_result slice;
        if (http_load(&plan, &slice) != 0)
            slice.errors++;
        mix.sent += slice.done + slice.errors + CONNECTIONS;
        all.done += slice.done;
        all.errors += slice.errors;
        all.server_errors += slice.server_errors;
        sleep_until(next);
    }
    printf("{\"requests\": %llu, \"per_s\": %.0f, \"cut_off\": %llu, \"server_errors\": %llu}\n",
           (unsigned long long)all.done, (double)all.done / (now_s() - begin),
           (unsigned long long)all.errors, (unsigned long long)all.server_errors);
    return 0;
}

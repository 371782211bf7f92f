/* SPDX-License-Identifier: MIT */
/* C's part of `./dev bench bindings`: what the programs of Python and Go do (bindings/python/bench,
 * bindings/go/bench), by the C calls themselves, as JSON lines of the same form. */
#include <aurora/aurora.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SKUS = 100, IN_FLIGHT = 4096, SLICE = 256, KEYS = 1000 };

/* Of one slice of orders: what the requests point to. */
typedef struct {
    aurora_order_request request;
    aurora_line lines[2];
    char key[32];
} order;

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void tell(const char *what, int64_t n, double took)
{
    printf("{\"binding\": \"c\", \"what\": \"%s\", \"n\": %" PRId64 ", \"seconds\": %.6f}\n", what,
           n, took);
    fflush(stdout);
}

static void expect(aurora_status rc, const char *what)
{
    if (rc == AURORA_OK)
        return;
    fprintf(stderr, "bench_bindings: %s: %s\n", what, aurora_status_name(rc));
    exit(1);
}

/* --- orders ----------------------------------------------------------------------------------- */

static char skus[SKUS][16];

static void fill(aurora_t *shop)
{
    for (int i = 0; i < SKUS; i++) {
        char key[32];
        snprintf(skus[i], sizeof skus[i], "sku-%d", i);
        snprintf(key, sizeof key, "stock-%d", i);
        expect(aurora_product_put(shop,
                                  AURORA_PRODUCT(.sku = skus[i], .name = skus[i],
                                                 .price_minor = 250, .currency = "EUR"),
                                  AURORA_ANY_VERSION, NULL, NULL),
               "product");
        expect(aurora_stock_receive(shop, skus[i], 1000000000, key, NULL), "stock");
    }
}

static void make(order *made, const char *run, int64_t number)
{
    snprintf(made->key, sizeof made->key, "%s-%" PRId64, run, number);
    made->lines[0] = (aurora_line){.sku = skus[number % SKUS], .quantity = 1};
    made->lines[1] = (aurora_line){.sku = skus[(number + 1) % SKUS], .quantity = 2};
    aurora_order_request_init(&made->request);
    made->request.key = made->key;
    made->request.currency = "EUR";
    made->request.payment_method = "tok_approve";
    made->request.lines = made->lines;
    made->request.line_count = 2;
}

static uint32_t take(aurora_queue *queue)
{
    static aurora_completion taken[IN_FLIGHT];
    uint32_t count = 0;
    expect(aurora_queue_take(queue, taken, IN_FLIGHT, -1, &count), "take");
    for (uint32_t i = 0; i < count; i++) {
        expect(taken[i].status, "order");
        if (taken[i].order_status != AURORA_ORDER_COMPLETED)
            expect(AURORA_ECONFLICT, "an order that is not COMPLETED");
    }
    return count;
}

static void place(aurora_t *shop, const char *run, int64_t count)
{
    static order slice[SLICE];
    const aurora_order_request *requests[SLICE];
    aurora_queue *queue = NULL;
    expect(aurora_queue_new(shop, IN_FLIGHT, &queue), "queue");
    int64_t made = 0, done = 0;
    uint32_t begin = 0, end = 0;
    while (done < count) {
        if (begin == end) {
            for (begin = end = 0; end < SLICE && made < count; end++, made++) {
                make(&slice[end], run, made);
                requests[end] = &slice[end].request;
            }
        }
        uint32_t accepted = 0;
        if (begin < end && aurora_order_submit(queue, requests + begin, NULL, end - begin,
                                               &accepted) == AURORA_OK) {
            begin += accepted;
            continue;
        }
        done += take(queue);
    }
    aurora_queue_free(queue);
}

static void bench_orders(int64_t count)
{
    char folder[] = "/tmp/aurora-bench-XXXXXX", path[64], command[96];
    aurora_t *shop = NULL;
    if (mkdtemp(folder) == NULL)
        exit(1);
    snprintf(path, sizeof path, "%s/shop.db", folder);
    expect(aurora_open(path, AURORA_OPTIONS(.flags = AURORA_OPEN_WORKER), &shop, NULL), "open");
    fill(shop);
    place(shop, "warm", count / 10);
    double begin = seconds();
    place(shop, "run", count);
    tell("orders", count, seconds() - begin);
    aurora_close(shop);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    if (system(command) != 0)
        fprintf(stderr, "bench_bindings: %s stays\n", folder);
}

/* --- calls ------------------------------------------------------------------------------------ */

/* As an empty call of another library is: not inlined, its arguments not dropped. */
__attribute__((noinline)) static bool empty_take(aurora_bucket *bucket, uint64_t n, int64_t now_ns,
                                                 int64_t *retry_after_ns_out)
{
    __asm__ volatile("" : : "r"(bucket), "r"(n), "r"(now_ns), "r"(retry_after_ns_out));
    return true;
}

static void bench_calls(int64_t count)
{
    aurora_bucket bucket;
    double took[2] = {0, 0};
    int64_t taken = 0;
    expect(aurora_bucket_init(&bucket, 1, 1, 1000000000, 0), "bucket");
    for (int round = 0; round < 20; round++) {
        double begin = seconds();
        for (int64_t i = 0; i < count / 20; i++)
            taken += aurora_bucket_try_take(&bucket, 1, i, NULL);
        double middle = seconds();
        for (int64_t i = 0; i < count / 20; i++)
            taken += empty_take(&bucket, 1, i, NULL);
        took[0] += middle - begin;
        took[1] += seconds() - middle;
    }
    if (taken == 0)
        expect(AURORA_ECONFLICT, "a bucket that gives nothing");
    tell("bucket", count / 20 * 20, took[0]);
    tell("empty", count / 20 * 20, took[1]);
}

static void bench_batch(int64_t count)
{
    static char keys[KEYS * 16];
    uint32_t lens[KEYS];
    size_t used = 0;
    aurora_limiter *limiter = NULL;
    for (int i = 0; i < KEYS; i++) {
        lens[i] = (uint32_t)snprintf(keys + used, 16, "customer-%d", i);
        used += lens[i];
    }
    expect(aurora_limiter_new(AURORA_LIMITER_OPTIONS(.capacity = 100000, .tokens = 1000000,
                                                     .per_ns = 1000000000, .burst = 1000000),
                              &limiter, NULL),
           "limiter");
    aurora_limiter_try_take_many(limiter, keys, lens, KEYS, 1, 0, NULL); /* all keys are there */
    double begin = seconds();
    for (int64_t i = 0; i < count / KEYS; i++)
        aurora_limiter_try_take_many(limiter, keys, lens, KEYS, 1, i, NULL);
    tell("bucket_batch", count / KEYS * KEYS, seconds() - begin);
    aurora_limiter_free(limiter);
}

int main(int argc, char **argv)
{
    int64_t orders = argc > 1 ? atoll(argv[1]) : 50000;
    int64_t calls = argc > 2 ? atoll(argv[2]) : 1000000;
    if (orders > 0)
        bench_orders(orders);
    if (calls > 0) {
        bench_calls(calls);
        bench_batch(calls);
    }
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* What single parts cost, without I/O: the stand-alone ones with the time given, a hit in the
 * cache, the decisions of a whole saga, its log record; and two sizes: the stripped library and the
 * opening of a store of 18,532 orders. Prints medians and leaves them in var/bench/parts.json.
 *
 * bench_parts [LIBRARY], by default build/lib/libaurora.so */
#include <aurora/aurora.h>

#include "codec/log.h"
#include "core/id.h"
#include "core/order.h"
#include "core/step.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 9
#define OPEN_ORDERS 18532
#define STORE "var/bench/open.db"

static volatile uint64_t sink;

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static uint64_t random_state = 88172645463325252u;

static uint64_t draw(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* The median over rounds of CPU nanoseconds per call. */
static double measure(void (*run)(uint64_t count), uint64_t count)
{
    double rounds[ROUNDS];
    run(count / 10);
    for (int i = 0; i < ROUNDS; i++) {
        double begin = now_ns();
        run(count);
        rounds[i] = (now_ns() - begin) / (double)count;
    }
    qsort(rounds, ROUNDS, sizeof rounds[0], compare);
    return rounds[ROUNDS / 2];
}

static void check(aurora_status rc, const char *what)
{
    if (rc == AURORA_OK)
        return;
    fprintf(stderr, "bench_parts: %s: %s\n", what, aurora_status_name(rc));
    exit(1);
}

/* --- stand-alone parts ----------------------------- */

static void run_bucket(uint64_t count)
{
    static aurora_bucket bucket;
    int64_t retry;
    check(aurora_bucket_init(&bucket, 1000, 1000000000, 100, 0), "bucket");
    for (uint64_t i = 0; i < count; i++)
        sink += aurora_bucket_try_take(&bucket, 1, (int64_t)(i * 700000), &retry);
}

static char names[20000][16];

static uint32_t zipf(void)
{
    /* Inverse of a harmonic share: rank r with weight 1 / r, over 20,000 ranks. */
    double u = (double)(draw() >> 11) / 9007199254740992.0;
    double rank = 1;
    for (double top = 9.9 * u; top >= 1; top -= 1)
        rank *= 2.718281828;
    uint32_t at = (uint32_t)(rank * (1 + (double)(draw() % 1000) / 1000.0 * 1.7)) - 1;
    return at < 20000 ? at : (uint32_t)(draw() % 20000);
}

#define STREAM 65536
static uint32_t stream[STREAM];

static void run_topk(uint64_t count)
{
    static void *memory;
    static aurora_topk topk;
    size_t bytes = aurora_topk_bytes(1024);
    if (memory == NULL)
        memory = malloc(bytes);
    check(aurora_topk_init(&topk, memory, bytes, 3600000), "topk");
    for (uint64_t i = 0; i < count; i++)
        sink += (uint64_t)aurora_topk_add(&topk, names[stream[i % STREAM]], 1.0,
                                          1700000000000 + (int64_t)i);
}

/* --- decisions ----------------------------- */

typedef struct {
    aurora__arena arena;
    char *block;
    size_t size;
    size_t used;
} pool;

/* Of four SKUs out of 4,096, as a replayed shop has them: six pairs. */
static void run_related(uint64_t count)
{
    static aurora_related related;
    static void *memory;
    if (memory == NULL) {
        size_t bytes = aurora_related_bytes(4096, 32);
        memory = malloc(bytes);
        check(aurora_related_init(&related, memory, bytes, 32, INT64_C(2592000000)), "related");
    }
    for (uint64_t i = 0; i < count; i++) {
        const char *skus[4];
        for (int k = 0; k < 4; k++)
            skus[k] = names[stream[(i * 4 + (uint64_t)k) % STREAM] % 4096];
        check(aurora_related_add(&related, skus, 4, 1.0, INT64_C(1700000000000)), "basket");
    }
}

static aurora_status load_page(void *self, const char *key, const char **bytes_out,
                               uint32_t *len_out, uint64_t *version_out)
{
    static const char page[1000];
    (void)self;
    (void)key;
    *bytes_out = page;
    *len_out = sizeof page;
    *version_out = 1;
    return AURORA_OK;
}

/* Values of 1,000 bytes under 1,024 keys, as a server reads its hot pages. */
static void run_cache(uint64_t count)
{
    static aurora_cache *pages;
    const aurora_cache_loader loader = {.load = load_page};
    if (pages == NULL)
        check(aurora_cache_open("memory:", AURORA_CACHE_OPTIONS(.ttl_ms = 86400000), &pages, NULL),
              "cache");
    for (uint64_t i = 0; i < count; i++) {
        const aurora_cache_value *value;
        check(aurora_cache_get(pages, names[i * 7919 % 1024], &loader, &value), "get");
        aurora_cache_value_free(value);
    }
}

static void *grow(void *self, size_t bytes, size_t *size_out)
{
    pool *from = self;
    size_t piece = bytes > 65536 ? bytes : 65536;
    if (from->used + piece > from->size)
        return NULL;
    char *memory = from->block + from->used;
    from->used += piece;
    *size_out = piece;
    return memory;
}

static void pool_reset(pool *p)
{
    p->used = 0;
    p->arena = (aurora__arena){.self = p, .grow = grow};
}

static pool batch;
static pool cache;
static aurora__rows rows;
static const aurora__policy policy = {.modules = AURORA__MODULE_ORDER | AURORA__MODULE_INVENTORY |
                                                 AURORA__MODULE_PAYMENT,
                                      .provider = AURORA__PROVIDER_SIMULATOR,
                                      .order_deadline_ms = 300000,
                                      .late_grace_ms = 60000,
                                      .resend_first_ms = 10000,
                                      .resend_max_ms = 600000,
                                      .attempts_max = 20,
                                      .park_after_ms = 900000,
                                      .park_attempts_min = 5,
                                      .retry_first_ms = 1000,
                                      .retry_max_ms = 60000,
                                      .event_bytes_max = 900000};

/* Loads a row as a store would have it. */
static void put(uint32_t table, const aurora__key *key, const void *row)
{
    aurora_value values[64];
    check(aurora__rows_want(&rows, key), "want");
    aurora__table_pack(&aurora__tables[table], row, values);
    aurora__rows_loaded(&rows, rows.wanted.items[rows.wanted.count - 1], values);
    rows.wanted.count = 0;
}

static void set_up(void)
{
    batch = (pool){.block = malloc((size_t)64 << 20), .size = (size_t)64 << 20};
    cache = (pool){.block = malloc((size_t)64 << 20), .size = (size_t)64 << 20};
    pool_reset(&batch);
    pool_reset(&cache);
    aurora__rows_init(&rows, &batch.arena, &cache.arena);
    for (int64_t i = 0; i < 10000; i++) {
        aurora__price_row price = {
            .sku = names[i], .price_minor = 100 + i, .currency = "EUR", .version = 1};
        aurora__sku_row sku = {.sku = names[i], .id = i + 1};
        aurora__stock_row stock = {
            .id = i + 1, .available = 1000000000, .received = 1000000000, .version = 1};
        aurora__key price_key = aurora__key_text(AURORA__TABLE_price, names[i]);
        aurora__key sku_key = aurora__key_text(AURORA__TABLE_sku, names[i]);
        aurora__key stock_key = aurora__key_number(AURORA__TABLE_stock, i + 1);
        put(AURORA__TABLE_price, &price_key, &price);
        put(AURORA__TABLE_sku, &sku_key, &sku);
        put(AURORA__TABLE_stock, &stock_key, &stock);
    }
}

static aurora__log_writer writer;
static bool is_logging;

static void place_one(aurora__id_source *ids)
{
    const uint64_t random[2] = {draw(), draw()};
    uint32_t first = (uint32_t)(draw() % 10000);
    const aurora__place_line lines[2] = {{names[first], 1, 0}, {names[(first + 7) % 10000], 2, 0}};
    aurora__place place = {.id = aurora__id_next(ids, 1700000000000, random),
                           .customer_id = "c123456",
                           .currency = "EUR",
                           .payment_method = "tok_approve",
                           .lines = lines,
                           .line_count = 2};
    aurora__step step = {
        .rows = &rows, .arena = &batch.arena, .policy = &policy, .now_ms = 1700000000000};
    aurora_id taken;
    uint32_t line;
    check(aurora__order_place_keys(&step, &place), "keys");
    uint32_t outer = aurora__rows_mark(&rows);
    check(aurora__order_place(&step, &place, &taken, &line), "place");
    check(aurora__cascade_run(&step, 0), "cascade");
    aurora__rows_keep(&rows, outer);
    if (step.event_count != 6)
        check(AURORA_ECORE, "a whole saga");
    if (is_logging)
        check(aurora__log_add(&writer, step.events, step.event_count), "log");
}

static void run_saga(uint64_t count)
{
    static aurora__id_source ids;
    for (uint64_t i = 0; i < count; i++) {
        if (i % 512 == 0) {
            aurora__rows_end(&rows, true);
            pool_reset(&batch);
            if (is_logging)
                aurora__log_begin(&writer, &batch.arena);
        }
        place_one(&ids);
    }
}

/* --- sizes ----------------------------- */

static double stripped_kib(const char *library)
{
    char command[512];
    struct stat info;
    snprintf(command, sizeof command, "strip -o var/bench/stripped.so '%s' 2>/dev/null", library);
    if (system(command) != 0 || stat("var/bench/stripped.so", &info) != 0)
        return -1;
    unlink("var/bench/stripped.so");
    return (double)info.st_size / 1024;
}

static void fill_store(void)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-aurora", ".search"};
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char name[64];
        snprintf(name, sizeof name, STORE "%s", suffixes[i]);
        unlink(name);
    }
    aurora_t *shop = NULL;
    aurora_queue *queue = NULL;
    aurora_error err = AURORA_ERROR_INIT;
    check(aurora_open(STORE, AURORA_OPTIONS(.flags = AURORA_OPEN_WORKER), &shop, &err), "open");
    check(aurora_product_put(
              shop,
              AURORA_PRODUCT(.sku = "mug", .name = "Mug", .price_minor = 1250, .currency = "EUR"),
              AURORA_ANY_VERSION, NULL, &err),
          "product");
    check(aurora_stock_receive(shop, "mug", 1000000, "first", &err), "stock");
    check(aurora_queue_new(shop, 1024, &queue), "queue");
    aurora_line line = {.sku = "mug", .quantity = 1};
    const aurora_order_request *request =
        AURORA_ORDER(.currency = "EUR", .payment_method = "tok_approve", .customer_id = "c",
                     .lines = &line, .line_count = 1);
    uint32_t submitted = 0;
    for (uint32_t done = 0; done < OPEN_ORDERS;) {
        static aurora_completion completions[1024];
        uint32_t count = 0;
        while (submitted < OPEN_ORDERS && submitted - done < 1024 &&
               aurora_order_submit(queue, &request, NULL, 1, &count) == AURORA_OK)
            submitted++;
        check(aurora_queue_take(queue, completions, 1024, 10000, &count), "take");
        done += count;
    }
    aurora_queue_free(queue);
    aurora_close(shop);
}

static double open_ms(void)
{
    double rounds[ROUNDS];
    fill_store();
    for (int i = 0; i < ROUNDS; i++) {
        aurora_t *shop = NULL;
        double begin = wall_ms();
        check(aurora_open(STORE, NULL, &shop, NULL), "open");
        rounds[i] = wall_ms() - begin;
        aurora_close(shop);
    }
    qsort(rounds, ROUNDS, sizeof rounds[0], compare);
    return rounds[ROUNDS / 2];
}

int main(int count, char **words)
{
    const char *library = count > 1 ? words[1] : "build/lib/libaurora.so";
    mkdir("var", 0777);
    mkdir("var/bench", 0777);
    for (int i = 0; i < 20000; i++)
        snprintf(names[i], sizeof names[i], "sku-%05d", i);
    for (int i = 0; i < STREAM; i++)
        stream[i] = zipf();
    set_up();
    double bucket = measure(run_bucket, 20000000);
    double topk = measure(run_topk, 2000000);
    double related = measure(run_related, 200000);
    double hit = measure(run_cache, 2000000);
    double saga = measure(run_saga, 200000);
    is_logging = true;
    double logged = measure(run_saga, 200000);
    double kib = stripped_kib(library);
    double opened = open_ms();
    printf("%-56s %9.1f ns\n", "token bucket, one take, time given", bucket);
    printf("%-56s %9.1f ns\n", "trending, one update, 1,024 counters, 20,000 SKUs", topk);
    printf("%-56s %9.1f ns\n", "related, one basket of 4, 4,096 SKUs, 32 neighbours", related);
    printf("%-56s %9.1f ns\n", "cache, one hit, 1,024 values of 1,000 bytes", hit);
    printf("%-56s %9.1f ns\n", "decisions of a whole saga, 2 lines, 10,000 SKUs, no I/O", saga);
    printf("%-56s %9.1f ns\n", "the same with its log record", logged);
    printf("%-56s %9.1f KiB\n", "libaurora.so, stripped", kib);
    printf("%-56s %9.1f ms\n", "opening a store of 18,532 orders", opened);
    FILE *file = fopen("var/bench/parts.json", "w");
    if (file == NULL)
        return 1;
    fprintf(file,
            "{\"bucket_take_ns\":%.2f,\"trending_update_ns\":%.1f,"
            "\"related_basket_ns\":%.1f,\"cache_hit_ns\":%.1f,\"saga_decisions_ns\":%.1f,"
            "\"saga_decisions_logged_ns\":%.1f,\"library_stripped_kib\":%.1f,\"open_ms\":%.2f}\n",
            bucket, topk, related, hit, saga, logged, kib, opened);
    fclose(file);
    return 0;
}

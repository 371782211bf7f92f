/* SPDX-License-Identifier: MIT */
/* Durable orders per second through the C API, against the textbook way on the same SQLite, in one
 * run with interleaved rounds. Each order has 2 lines of 10,000 SKUs, a customer of 100,000
 * (uniform: the worst case for a customer list), an idempotency key; 1,024 are in flight; trending,
 * notification and the customer list follow. Prints medians and leaves them in
 * var/bench/orders.json.
 *
 * bench_orders [--stored N] [--rounds N] [--seconds S] [--no-large] [--quick] [--only spread|task]
 * (--no-large leaves out the last figure, at 5,000,000 stored orders; --only runs one case alone,
 * to be profiled; with --rounds 0 over as many orders as are stored). */
#include <aurora/aurora.h>

#include "textbook.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SKUS 10000
#define CUSTOMERS 100000
#define IN_FLIGHT 1024
#define ROUNDS_MAX 31
#define DIR_NAME "var/bench"

static const char shop_path[] = DIR_NAME "/orders.db";
static const char task_path[] = DIR_NAME "/orders-task.db";
static const char text_path[] = DIR_NAME "/textbook.db";

typedef struct {
    double orders_per_s;
    double cpu_us;
    double p50_ms;
    double p99_ms;
} figures;

typedef struct {
    double values[ROUNDS_MAX];
    int count;
} series;

static uint64_t sequence;
static uint64_t random_state = 0x9E3779B97F4A7C15u;

static void die(const char *what, aurora_status rc, const aurora_error *err)
{
    fprintf(stderr, "bench_orders: %s: %s %s %s\n", what, aurora_status_name(rc),
            err == NULL ? "" : err->field, err == NULL ? "" : err->message);
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

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double cpu_s(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static double rss_mib(void)
{
    long pages = 0;
    long resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file != NULL) {
        if (fscanf(file, "%ld %ld", &pages, &resident) != 2)
            resident = 0;
        fclose(file);
    }
    return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1048576.0;
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static double percentile(double *values, int count, double share)
{
    if (count == 0)
        return 0;
    qsort(values, (size_t)count, sizeof *values, compare);
    int at = (int)(share * (count - 1) + 0.5);
    return values[at];
}

static double median(series *of)
{
    return percentile(of->values, of->count, 0.5);
}

static void add(series *to, double value)
{
    if (to->count < ROUNDS_MAX)
        to->values[to->count++] = value;
}

/* --- load ----------------------------- */

typedef struct {
    char key[IN_FLIGHT][24];
    char customer[IN_FLIGHT][16];
    aurora_line lines[IN_FLIGHT][2];
    aurora_order_request requests[IN_FLIGHT];
    const aurora_order_request *pointers[IN_FLIGHT];
    uint64_t tags[IN_FLIGHT];
    double started[IN_FLIGHT];
    uint32_t free_slots[IN_FLIGHT];
    uint32_t free_count;
} slots;

static char sku_names[SKUS][12];

static void fill(slots *s, uint32_t slot, bool is_hot)
{
    snprintf(s->key[slot], sizeof s->key[slot], "k%" PRIu64, sequence++);
    snprintf(s->customer[slot], sizeof s->customer[slot], "c%u", (unsigned)(draw() % CUSTOMERS));
    uint32_t first = is_hot ? 0 : (uint32_t)(draw() % SKUS);
    uint32_t second = (first + 1 + (uint32_t)(draw() % (SKUS - 1))) % SKUS;
    s->lines[slot][0] = (aurora_line){.sku = sku_names[first], .quantity = 1};
    s->lines[slot][1] = (aurora_line){.sku = sku_names[second], .quantity = 1};
    s->requests[slot] = (aurora_order_request){.size = sizeof(aurora_order_request),
                                               .key = s->key[slot],
                                               .customer_id = s->customer[slot],
                                               .currency = "EUR",
                                               .payment_method = "tok_approve",
                                               .contact = "buyer@example.org",
                                               .lines = s->lines[slot],
                                               .line_count = 2,
                                               .timeout_ms = 30000};
    s->tags[slot] = slot;
}

/* Keeps in_flight orders under way until `orders` are done or `seconds` are over. */
static figures drive(aurora_t *shop, uint64_t orders, double seconds, uint32_t in_flight,
                     bool is_hot)
{
    static slots s;
    static aurora_completion done[IN_FLIGHT];
    static double latencies[1 << 20];
    aurora_queue *queue = NULL;
    aurora_status rc = aurora_queue_new(shop, in_flight, &queue);
    if (rc)
        die("queue", rc, NULL);
    s.free_count = in_flight;
    for (uint32_t i = 0; i < in_flight; i++)
        s.free_slots[i] = i;
    uint64_t completed = 0;
    uint64_t submitted = 0;
    int samples = 0;
    double begin = now_s();
    double cpu_begin = cpu_s();
    for (;;) {
        bool is_over = submitted >= orders || now_s() - begin >= seconds;
        uint32_t batch = 0;
        const aurora_order_request *requests[IN_FLIGHT];
        uint64_t tags[IN_FLIGHT];
        while (!is_over && s.free_count > 0 && submitted + batch < orders) {
            uint32_t slot = s.free_slots[--s.free_count];
            fill(&s, slot, is_hot);
            s.started[slot] = now_s();
            requests[batch] = &s.requests[slot];
            tags[batch++] = slot;
        }
        for (uint32_t at = 0; at < batch;) {
            uint32_t accepted = 0;
            rc = aurora_order_submit(queue, requests + at, tags + at, batch - at, &accepted);
            if (rc && rc != AURORA_EBUSY)
                die("submit", rc, NULL);
            at += accepted;
        }
        submitted += batch;
        if (is_over && completed == submitted)
            break;
        uint32_t count = 0;
        rc = aurora_queue_take(queue, done, IN_FLIGHT, 10000, &count);
        if (rc)
            die("take", rc, NULL);
        double now = now_s();
        for (uint32_t i = 0; i < count; i++) {
            if (done[i].status || done[i].order_status != AURORA_ORDER_COMPLETED)
                die("an order was not completed", done[i].status, NULL);
            if (samples < (int)(sizeof latencies / sizeof latencies[0]))
                latencies[samples++] = (now - s.started[done[i].tag]) * 1000;
            s.free_slots[s.free_count++] = (uint32_t)done[i].tag;
        }
        completed += count;
    }
    double took = now_s() - begin;
    figures out = {.orders_per_s = (double)completed / took,
                   .cpu_us = (cpu_s() - cpu_begin) * 1e6 / (double)(completed ? completed : 1)};
    out.p50_ms = percentile(latencies, samples, 0.5);
    out.p99_ms = percentile(latencies, samples, 0.99);
    aurora_queue_free(queue);
    return out;
}

/* --- a provider that answers through tasks ------------------------------ */

static atomic_bool is_serving;

static void *serve(void *argument)
{
    aurora_t *shop = argument;
    static const aurora_task_result done = {
        .size = sizeof done, .outcome = AURORA_OUTCOME_DONE, .provider_reference = "psp-1"};
    static aurora_id ids[1024];
    static const aurora_task_result *results[1024];
    while (atomic_load(&is_serving)) {
        aurora_task_page *page = NULL;
        if (aurora_task_take(shop, AURORA_TASK_PAYMENT, 1024, 0, 100, &page))
            continue;
        for (uint32_t i = 0; i < page->count; i++) {
            ids[i] = page->items[i]->id;
            results[i] = &done;
        }
        aurora_error err = AURORA_ERROR_INIT;
        if (page->count > 0) {
            aurora_status rc = aurora_task_finish_many(shop, ids, results, page->count, NULL, &err);
            if (rc)
                die("finish", rc, &err);
        }
        aurora_task_page_free(page);
    }
    return NULL;
}

/* --- setting up ------------------------------ */

static aurora_t *open_shop(const char *path, const char *payment)
{
    const char *settings[] = {payment};
    aurora_error err = AURORA_ERROR_INIT;
    aurora_t *shop = NULL;
    aurora_status rc = aurora_open(
        path, AURORA_OPTIONS(.flags = AURORA_OPEN_WORKER, .settings = settings, .setting_count = 1),
        &shop, &err);
    if (rc)
        die("open", rc, &err);
    return shop;
}

static void stock_up(aurora_t *shop)
{
    static aurora_product_input inputs[SKUS];
    static const aurora_product_input *pointers[SKUS];
    aurora_error err = AURORA_ERROR_INIT;
    for (int i = 0; i < SKUS; i++) {
        inputs[i] = (aurora_product_input){.size = sizeof inputs[i],
                                           .sku = sku_names[i],
                                           .name = "A thing to sell",
                                           .price_minor = 100 + i,
                                           .currency = "EUR"};
        pointers[i] = &inputs[i];
    }
    aurora_status rc = aurora_product_put_many(shop, pointers, SKUS, NULL, &err);
    if (rc)
        die("products", rc, &err);
    for (int i = 0; i < SKUS; i++) {
        rc = aurora_stock_receive(shop, sku_names[i], AURORA_MOVEMENT_MAX, sku_names[i], &err);
        if (rc)
            die("stock", rc, &err);
    }
}

static void remove_store(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-aurora", ".search"};
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char name[256];
        snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        unlink(name);
    }
}

static void copy_store(aurora_t *shop, const char *path)
{
    aurora_error err = AURORA_ERROR_INIT;
    remove_store(path);
    aurora_status rc = aurora_backup(shop, path, &err);
    if (rc)
        die("backup", rc, &err);
}

/* --- the report ----------------------------- */

typedef struct {
    uint64_t stored;
    int rounds;
    double seconds;
    bool is_large;
    const char *only;
} plan;

static plan read_plan(int count, char **words)
{
    plan p = {.stored = 1000000, .rounds = 5, .seconds = 3, .is_large = true};
    for (int i = 1; i < count; i++) {
        if (strcmp(words[i], "--no-large") == 0)
            p.is_large = false;
        else if (strcmp(words[i], "--quick") == 0)
            p = (plan){.stored = 50000, .rounds = 3, .seconds = 1};
        else if (strcmp(words[i], "--only") == 0 && i + 1 < count)
            p.only = words[++i];
        else if (strcmp(words[i], "--stored") == 0 && i + 1 < count)
            p.stored = strtoull(words[++i], NULL, 10);
        else if (strcmp(words[i], "--rounds") == 0 && i + 1 < count)
            p.rounds = atoi(words[++i]);
        else if (strcmp(words[i], "--seconds") == 0 && i + 1 < count)
            p.seconds = atof(words[++i]);
        else {
            fprintf(stderr, "usage: bench_orders [--stored N] [--rounds N] [--seconds S] "
                            "[--no-large] [--quick] [--only spread|task]\n");
            exit(2);
        }
    }
    if (p.rounds > ROUNDS_MAX)
        p.rounds = ROUNDS_MAX;
    return p;
}

typedef struct {
    series spread, spread_cpu, spread_p50, spread_p99, hot, task, task_cpu, single_p50, single_p99;
    series textbook[3];
    double cpu_small, cpu_stored, cpu_large, rate_large, rss, fill_rate;
} report;

static void run_rounds(const plan *p, aurora_t *shop, aurora_t *task_shop, report *r)
{
    static const uint32_t connections[3] = {1, 8, 32};
    for (int round = 0; round < p->rounds; round++) {
        figures spread = drive(shop, UINT64_MAX, p->seconds, IN_FLIGHT, false);
        add(&r->spread, spread.orders_per_s);
        add(&r->spread_cpu, spread.cpu_us);
        add(&r->spread_p50, spread.p50_ms);
        add(&r->spread_p99, spread.p99_ms);
        for (int c = 0; c < 3; c++) {
            textbook_result text;
            if (textbook_run(text_path, connections[c], p->seconds, draw(), &text) != 0)
                die("textbook", AURORA_EIO, NULL);
            add(&r->textbook[c], text.orders_per_s);
        }
        add(&r->hot, drive(shop, UINT64_MAX, p->seconds, IN_FLIGHT, true).orders_per_s);
        figures task = drive(task_shop, UINT64_MAX, p->seconds, IN_FLIGHT, false);
        add(&r->task, task.orders_per_s);
        add(&r->task_cpu, task.cpu_us);
        figures single = drive(shop, 2000, p->seconds, 1, false);
        add(&r->single_p50, single.p50_ms);
        add(&r->single_p99, single.p99_ms);
        fprintf(stderr, "round %d of %d: %.0f orders/s, tasks %.0f, textbook %.0f\n", round + 1,
                p->rounds, spread.orders_per_s, task.orders_per_s,
                r->textbook[0].values[r->textbook[0].count - 1]);
    }
}

static double best_textbook(report *r)
{
    double best = 0;
    for (int c = 0; c < 3; c++) {
        double rate = median(&r->textbook[c]);
        best = rate > best ? rate : best;
    }
    return best;
}

static void print_report(const plan *p, report *r)
{
    double rate = median(&r->spread);
    double textbook = best_textbook(r);
    printf("%-46s %12s\n", "durable orders of 2 lines, synchronous=FULL", "median");
    printf("%-46s %12.0f\n", "orders/s, inline provider", rate);
    printf("%-46s %12.0f\n", "orders/s, provider through tasks", median(&r->task));
    printf("%-46s %12.0f\n", "orders/s, textbook, best of 1, 8, 32", textbook);
    printf("%-46s %12.1f\n", "ratio to the textbook", rate / textbook);
    printf("%-46s %12.2f\n", "hot SKU, of the spread rate", median(&r->hot) / rate);
    printf("%-46s %9.2f / %.2f\n", "ms with 1,024 in flight, p50 / p99", median(&r->spread_p50),
           median(&r->spread_p99));
    printf("%-46s %9.2f / %.2f\n", "ms for one order alone, p50 / p99", median(&r->single_p50),
           median(&r->single_p99));
    printf("%-46s %12.1f\n", "CPU us an order, 10,000 stored", r->cpu_small);
    printf("%-46s %12.1f   (%" PRIu64 ")\n", "CPU us an order, stored", r->cpu_stored, p->stored);
    if (p->is_large)
        printf("%-46s %12.1f   (%.0f orders/s)\n", "CPU us an order, 5,000,000 stored",
               r->cpu_large, r->rate_large);
    printf("%-46s %12.1f\n", "CPU us an order, through tasks", median(&r->task_cpu));
    printf("%-46s %12.0f\n", "orders/s while filling the store", r->fill_rate);
    printf("%-46s %12.0f\n", "resident memory, MiB", r->rss);
}

static void write_json(const plan *p, report *r)
{
    double rate = median(&r->spread);
    FILE *file = fopen(DIR_NAME "/orders.json", "w");
    if (file == NULL)
        die(DIR_NAME "/orders.json", AURORA_EIO, NULL);
    fprintf(file,
            "{\"capi_orders_per_s\":%.0f,\"capi_task_orders_per_s\":%.0f,"
            "\"capi_ratio_textbook\":%.2f,\"capi_hot_ratio\":%.3f,\"single_p50_ms\":%.3f,"
            "\"single_p99_ms\":%.3f,\"capi_p50_ms\":%.2f,\"capi_p99_ms\":%.2f,"
            "\"capi_cpu_us_per_order\":%.2f,\"capi_cpu_us_10k_stored\":%.2f,"
            "\"capi_cpu_us_stored\":%.2f,\"capi_task_cpu_us_per_order\":%.2f,"
            "\"textbook_orders_per_s\":%.0f,\"stored_orders\":%" PRIu64 ",\"rss_mib\":%.0f",
            rate, median(&r->task), rate / best_textbook(r), median(&r->hot) / rate,
            median(&r->single_p50), median(&r->single_p99), median(&r->spread_p50),
            median(&r->spread_p99), median(&r->spread_cpu), r->cpu_small, r->cpu_stored,
            median(&r->task_cpu), best_textbook(r), p->stored, r->rss);
    if (p->is_large)
        fprintf(file, ",\"capi_cpu_us_5m_stored\":%.2f,\"capi_orders_per_s_5m_stored\":%.0f",
                r->cpu_large, r->rate_large);
    fprintf(file, "}\n");
    fclose(file);
}

/* One case for a profiler. */
static int run_only(const plan *p)
{
    bool is_task = strcmp(p->only, "task") == 0;
    aurora_t *shop = open_shop(shop_path, "payment=simulator:");
    stock_up(shop);
    drive(shop, p->stored, 1e9, IN_FLIGHT, false);
    aurora_close(shop);
    shop = open_shop(shop_path, is_task ? "payment=none:" : "payment=simulator:");
    pthread_t server;
    atomic_store(&is_serving, is_task);
    pthread_create(&server, NULL, serve, shop);
    for (int i = 0; i < p->rounds || i == 0; i++) {
        uint64_t orders = p->rounds == 0 ? p->stored : UINT64_MAX;
        figures f = drive(shop, orders, p->rounds == 0 ? 1e9 : p->seconds, IN_FLIGHT, false);
        printf("%8.0f orders/s  %6.1f CPU us  p50 %.2f ms  p99 %.2f ms\n", f.orders_per_s, f.cpu_us,
               f.p50_ms, f.p99_ms);
        fflush(stdout);
    }
    atomic_store(&is_serving, false);
    pthread_join(server, NULL);
    aurora_close(shop);
    return 0;
}

int main(int count, char **words)
{
    plan p = read_plan(count, words);
    report r = {0};
    mkdir("var", 0777);
    mkdir(DIR_NAME, 0777);
    for (int i = 0; i < SKUS; i++)
        snprintf(sku_names[i], sizeof sku_names[i], "sku-%05d", i);
    sequence = (uint64_t)time(NULL) * 1000000;
    remove_store(shop_path);
    if (p.only != NULL)
        return run_only(&p);
    aurora_t *shop = open_shop(shop_path, "payment=simulator:");
    stock_up(shop);
    drive(shop, 10000, 1e9, IN_FLIGHT, false);
    r.cpu_small = drive(shop, UINT64_MAX, p.seconds, IN_FLIGHT, false).cpu_us;
    r.fill_rate = drive(shop, p.stored, 1e9, IN_FLIGHT, false).orders_per_s;
    r.cpu_stored = drive(shop, UINT64_MAX, p.seconds, IN_FLIGHT, false).cpu_us;
    r.rss = rss_mib(); /* of one handle, before its peer runs in this process */
    copy_store(shop, task_path);
    aurora_t *task_shop = open_shop(task_path, "payment=none:");
    pthread_t server;
    atomic_store(&is_serving, true);
    pthread_create(&server, NULL, serve, task_shop);
    if (textbook_prepare(text_path, SKUS, p.stored) != 0)
        die("textbook_prepare", AURORA_EIO, NULL);
    run_rounds(&p, shop, task_shop, &r);
    atomic_store(&is_serving, false);
    pthread_join(server, NULL);
    aurora_close(task_shop);
    if (p.is_large) {
        drive(shop, 4000000, 1e9, IN_FLIGHT, false);
        figures large = drive(shop, UINT64_MAX, p.seconds, IN_FLIGHT, false);
        r.cpu_large = large.cpu_us;
        r.rate_large = large.orders_per_s;
    }
    print_report(&p, &r);
    write_json(&p, &r);
    aurora_close(shop);
    return 0;
}

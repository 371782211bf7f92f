/* SPDX-License-Identifier: MIT */
/* aurorad over HTTP, the generator on the same cores: orders a second with 10^6 stored and a key on
 * each, one order alone, a product beside the bare seam that answers a fixed body, start and size
 * on a store of real orders, and a textbook Node service where Node is. Interleaved rounds,
 * medians; CPU time is the server's process alone. Leaves its figures in var/bench/http.json.
 *
 * bench_http [--stored N] [--rounds N] [--seconds S] [--quick] */
#include <aurora/aurora.h>

#include "http_bare.h"
#include "http_load.h"
#include "http_shop.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS_MAX 31
#define CONNECTIONS 64
#define FOLDER "var/bench"
#define STORE FOLDER "/http.db"
#define RETAIL FOLDER "/http-retail.db"
#define TEXTBOOK FOLDER "/http-textbook.db"

typedef struct {
    uint64_t stored;
    int rounds;
    double seconds;
} plan;

typedef struct {
    double values[ROUNDS_MAX];
    int count;
} series;

typedef struct {
    series orders, orders_cpu, p50, p99, alone, get_cpu, bare_cpu, get_rate, bare_rate, ready;
    series textbook;
    double rss_large, rss_retail, client_cpu;
    uint64_t errors;
} report;

static void die(const char *what, const char *why)
{
    fprintf(stderr, "bench_http: %s: %s\n", what, why);
    exit(1);
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static double median(const series *of)
{
    series copy = *of;
    if (copy.count == 0)
        return 0;
    qsort(copy.values, (size_t)copy.count, sizeof *copy.values, compare);
    return copy.values[copy.count / 2];
}

static void add(series *to, double value)
{
    if (to->count < ROUNDS_MAX)
        to->values[to->count++] = value;
}

/* --- processes ------------------------------- */

static pid_t spawn(char *const *words)
{
    pid_t pid = fork();
    if (pid == 0) {
        freopen(FOLDER "/http.log", "a", stdout);
        freopen(FOLDER "/http.log", "a", stderr);
        execvp(words[0], words);
        _exit(127);
    }
    return pid;
}

static void stop(pid_t pid)
{
    int status = 0;
    kill(pid, SIGTERM);
    waitpid(pid, &status, 0);
}

static pid_t start_aurorad(const char *path, uint16_t port, double *ready_ms)
{
    char store[128];
    char listen[32];
    snprintf(store, sizeof store, "sqlite:%s", path);
    snprintf(listen, sizeof listen, "127.0.0.1:%u", port);
    char *words[] = {"build/bin/aurorad", "--store", store, "--listen", listen,
                     "--log-level",       "warning", NULL};
    pid_t pid = spawn(words);
    double ms = http_load_wait(port, "/readyz", 120000);
    if (ms < 0)
        die("aurorad", "is not ready; see " FOLDER "/http.log");
    if (ready_ms != NULL)
        *ready_ms = ms;
    return pid;
}

static pid_t start_bare(uint16_t port)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(bench_bare_server(port));
    if (http_load_wait(port, "/products/sku-00001", 5000) < 0)
        die("the bare seam", "does not answer");
    return pid;
}

/* --- requests ------------------------------- */

static size_t fill_get(void *self, char *text, size_t capacity, uint64_t n)
{
    (void)self;
    return (size_t)snprintf(text, capacity,
                            "GET /products/sku-%05u HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
                            (unsigned)(n % 100));
}

static http_load_result run(const http_load_plan *p, report *r)
{
    http_load_result result;
    if (http_load(p, &result) != 0)
        die("load", "cannot connect");
    if (result.errors > 0)
        fprintf(stderr, "bench_http: %" PRIu64 " errors, first: %s\n", result.errors,
                result.first_error);
    r->errors += result.errors;
    return result;
}

/* --- the rounds ------------------------------- */

static void run_rounds(const plan *p, uint16_t port, pid_t server, report *r)
{
    uint16_t bare_port = http_load_free_port();
    pid_t bare = start_bare(bare_port);
    http_load_plan orders = {.port = port,
                             .server = server,
                             .connections = CONNECTIONS,
                             .seconds = p->seconds,
                             .fill = http_shop_order,
                             .self = "b",
                             .status = 201,
                             .contains = "\"COMPLETED\""};
    http_load_plan alone = orders;
    alone.connections = 1;
    alone.requests_max = 1000;
    http_load_plan get = {.port = port,
                          .server = server,
                          .connections = CONNECTIONS,
                          .seconds = p->seconds / 2,
                          .fill = fill_get,
                          .status = 200};
    http_load_plan fixed = get;
    fixed.port = bare_port;
    fixed.server = bare;
    for (int round = -1; round < p->rounds; round++) {
        report scrap = {0};
        report *to = round < 0 ? &scrap : r; /* the first only warms up */
        http_load_result result = run(&orders, r);
        add(&to->orders, result.per_s);
        add(&to->orders_cpu, result.cpu_us);
        add(&to->p50, result.p50_ms);
        add(&to->p99, result.p99_ms);
        r->client_cpu = result.client_cpu_us;
        fprintf(stderr, "round %d: %.0f orders/s, p99 %.2f ms, %.1f us\n", round + 1, result.per_s,
                result.p99_ms, result.cpu_us);
        add(&to->alone, run(&alone, r).p50_ms);
        for (int half = 0; half < 2; half++) {
            result = run(&get, r);
            add(&to->get_cpu, result.cpu_us);
            add(&to->get_rate, result.per_s);
            result = run(&fixed, r);
            add(&to->bare_cpu, result.cpu_us);
            add(&to->bare_rate, result.per_s);
        }
    }
    stop(bare);
}

/* --- a store of real orders, and the peer ------------------------------- */

#define RETAIL_SKUS 1000

static char retail_skus[RETAIL_SKUS][24];
static uint32_t retail_count;

static void read_retail_skus(void)
{
    aurora_t *shop = NULL;
    aurora_product_page *page = NULL;
    aurora_error err = AURORA_ERROR_INIT;
    if (aurora_open(RETAIL, AURORA_OPTIONS(.flags = AURORA_OPEN_READONLY), &shop, &err) ||
        aurora_product_list(shop, NULL, NULL, RETAIL_SKUS, &page, &err))
        die(RETAIL, err.message);
    for (uint32_t i = 0; i < page->count; i++) {
        const char *sku = page->items[i]->sku;
        if (strspn(sku, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(sku) && strlen(sku) < 24)
            memcpy(retail_skus[retail_count++], sku, strlen(sku) + 1);
    }
    aurora_product_page_free(page);
    aurora_close(shop);
}

static size_t fill_retail_get(void *self, char *text, size_t capacity, uint64_t n)
{
    (void)self;
    return (size_t)snprintf(text, capacity, "GET /products/%s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
                            retail_skus[n % retail_count]);
}

static size_t fill_retail_order(void *self, char *text, size_t capacity, uint64_t n)
{
    (void)self;
    char body[256];
    int len = snprintf(body, sizeof body,
                       "{\"lines\":[{\"sku\":\"%s\",\"quantity\":1}],\"currency\":\"GBP\","
                       "\"payment_method\":\"tok_approve\"}",
                       retail_skus[n % retail_count]);
    return (size_t)snprintf(text, capacity,
                            "POST /orders HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                            "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                            len, body);
}

static void run_retail(const plan *p, report *r)
{
    const char *folder = getenv("AURORA_DATA");
    char data[512];
    snprintf(data, sizeof data, "%s/online_retail.csv.xz", folder ? folder : "../shared/data");
    if (access(data, R_OK) != 0) {
        fprintf(stderr, "bench_http: %s is absent: no figures for start and size\n", data);
        return;
    }
    http_shop_remove(RETAIL);
    char *words[] = {"build/bin/auroractl",
                     "replay",
                     "--format",
                     "online-retail",
                     data,
                     "--store",
                     "sqlite:" RETAIL,
                     "--stock",
                     "full",
                     NULL};
    pid_t pid = spawn(words);
    int status = 0;
    if (waitpid(pid, &status, 0) != pid || status != 0)
        die("replay", "failed; see " FOLDER "/http.log");
    read_retail_skus();
    for (int i = 0; i < 5; i++) {
        double ready = 0;
        uint16_t port = http_load_free_port();
        pid = start_aurorad(RETAIL, port, &ready);
        add(&r->ready, ready);
        if (i == 4) {
            http_load_plan load = {.port = port,
                                   .server = pid,
                                   .connections = CONNECTIONS,
                                   .seconds = p->seconds,
                                   .fill = fill_retail_get,
                                   .status = 200};
            run(&load, r);
            load.fill = fill_retail_order; /* mostly out of stock: stored all the same */
            load.status = 201;
            run(&load, r);
            r->rss_retail = http_load_process_mib(pid, "VmHWM");
        }
        stop(pid);
    }
}

static void run_textbook(const plan *p, report *r)
{
    static const uint32_t connections[3] = {1, 8, 32};
    if (access(FOLDER "/node/node_modules/better-sqlite3", R_OK) != 0) {
        fprintf(stderr, "bench_http: Node or its packages are absent: no textbook\n");
        return;
    }
    for (int i = 0; i < 3; i++) {
        char port_text[8];
        uint16_t port = http_load_free_port();
        http_shop_remove(TEXTBOOK);
        snprintf(port_text, sizeof port_text, "%u", port);
        char *words[] = {"node", FOLDER "/node/server.mjs", TEXTBOOK, port_text, "10000", NULL};
        pid_t pid = spawn(words);
        if (http_load_wait(port, "/", 20000) < 0)
            die("textbook", "does not answer; see " FOLDER "/http.log");
        http_load_plan load = {.port = port,
                               .server = pid,
                               .connections = connections[i],
                               .seconds = p->seconds,
                               .fill = http_shop_order,
                               .self = "t",
                               .status = 201,
                               .contains = "\"COMPLETED\""};
        add(&r->textbook, run(&load, r).per_s);
        stop(pid);
    }
}

static double best(const series *of)
{
    double most = 0;
    for (int i = 0; i < of->count; i++)
        most = of->values[i] > most ? of->values[i] : most;
    return most;
}

static void print_report(const plan *p, const report *r)
{
    double rate = median(&r->orders);
    double ratio = median(&r->get_cpu) / median(&r->bare_cpu);
    printf("%-52s %10s\n", "aurorad, generator on the same cores", "median");
    printf("%-52s %10.0f   (%" PRIu64 " stored)\n", "completed orders/s, 64 connections", rate,
           p->stored);
    printf("%-52s %7.2f / %.2f\n", "ms, p50 / p99", median(&r->p50), median(&r->p99));
    printf("%-52s %10.1f\n", "CPU us an order, server", median(&r->orders_cpu));
    printf("%-52s %10.1f\n", "CPU us an order, generator", r->client_cpu);
    printf("%-52s %10.3f\n", "ms for one order alone, p50", median(&r->alone));
    printf("%-52s %7.1f / %.1f\n", "CPU us a product / the bare seam's fixed body",
           median(&r->get_cpu), median(&r->bare_cpu));
    printf("%-52s %10.2f\n", "ratio of the two", ratio);
    printf("%-52s %7.0f / %.0f\n", "products/s / fixed bodies/s", median(&r->get_rate),
           median(&r->bare_rate));
    printf("%-52s %10.0f\n", "peak resident MiB, with that store", r->rss_large);
    printf("%-52s %10.0f\n", "ms until ready, Online Retail store", median(&r->ready));
    printf("%-52s %10.0f\n", "peak resident MiB under load, Online Retail store", r->rss_retail);
    if (r->textbook.count > 0)
        printf("%-52s %10.0f\n%-52s %10.1f\n", "textbook Node service, orders/s, best of 1, 8, 32",
               best(&r->textbook), "ratio to it", rate / best(&r->textbook));
    printf("%-52s %10" PRIu64 "\n", "errors", r->errors);
    FILE *file = fopen(FOLDER "/http.json", "w");
    if (file == NULL)
        die(FOLDER "/http.json", strerror(errno));
    fprintf(file,
            "{\"http_orders_per_s\":%.0f,\"http_p50_ms\":%.2f,\"http_p99_ms\":%.2f,"
            "\"http_alone_p50_ms\":%.3f,\"http_cpu_us_per_order\":%.1f,\"get_ratio_seam\":%.3f,"
            "\"get_cpu_us\":%.2f,\"seam_cpu_us\":%.2f,\"get_per_s\":%.0f,\"ready_ms\":%.0f,"
            "\"rss_mib\":%.1f,\"rss_large_mib\":%.1f,\"stored_orders\":%" PRIu64 ","
            "\"errors\":%" PRIu64,
            rate, median(&r->p50), median(&r->p99), median(&r->alone), median(&r->orders_cpu),
            ratio, median(&r->get_cpu), median(&r->bare_cpu), median(&r->get_rate),
            median(&r->ready), r->rss_retail, r->rss_large, p->stored, r->errors);
    if (r->textbook.count > 0)
        fprintf(file, ",\"textbook_orders_per_s\":%.0f,\"ratio_textbook\":%.2f", best(&r->textbook),
                rate / best(&r->textbook));
    fprintf(file, "}\n");
    fclose(file);
}

static plan read_plan(int count, char **words)
{
    plan p = {.stored = 1000000, .rounds = 5, .seconds = 4};
    for (int i = 1; i < count; i++) {
        if (strcmp(words[i], "--quick") == 0)
            p = (plan){.stored = 20000, .rounds = 2, .seconds = 1};
        else if (strcmp(words[i], "--stored") == 0 && i + 1 < count)
            p.stored = strtoull(words[++i], NULL, 10);
        else if (strcmp(words[i], "--rounds") == 0 && i + 1 < count)
            p.rounds = (int)strtol(words[++i], NULL, 10);
        else if (strcmp(words[i], "--seconds") == 0 && i + 1 < count)
            p.seconds = strtod(words[++i], NULL);
        else
            die("usage", "bench_http [--stored N] [--rounds N] [--seconds S] [--quick]");
    }
    return p;
}

int main(int count, char **words)
{
    plan p = read_plan(count, words);
    report r = {0};
    mkdir("var", 0777);
    mkdir(FOLDER, 0777);
    http_shop_make(STORE, p.stored);
    uint16_t port = http_load_free_port();
    pid_t server = start_aurorad(STORE, port, NULL);
    run_rounds(&p, port, server, &r);
    r.rss_large = http_load_process_mib(server, "VmHWM");
    stop(server);
    run_retail(&p, &r);
    run_textbook(&p, &r);
    print_report(&p, &r);
    return r.errors > 0;
}

/* SPDX-License-Identifier: MIT */
/* What a gateway adds: GET of a fixed body from the bare seam, and the same through aurora-gateway
 * before it, in interleaved rounds; medians. CPU time is that of the gateway's process alone, so
 * that of the seam stands beside it as what serving a request costs anyway. Leaves its
 * figures in var/bench/gateway.json.
 *
 * bench_gateway [--rounds N] [--seconds S] */
#include "http_bare.h"
#include "http_load.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS_MAX 31
#define CONNECTIONS 32

typedef struct {
    double values[ROUNDS_MAX];
    int count;
} series;

static void die(const char *what, const char *why)
{
    fprintf(stderr, "bench_gateway: %s: %s\n", what, why);
    exit(1);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(series *of)
{
    qsort(of->values, (size_t)of->count, sizeof *of->values, compare);
    return of->values[of->count / 2];
}

static void add(series *to, double value)
{
    if (to->count < ROUNDS_MAX)
        to->values[to->count++] = value;
}

static size_t fill(void *self, char *text, size_t capacity, uint64_t n)
{
    (void)self;
    return (size_t)snprintf(text, capacity,
                            "GET /products/sku-%05u HTTP/1.1\r\nHost: localhost\r\n\r\n",
                            (unsigned)(n % 10000));
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

static pid_t start_gateway(uint16_t port, uint16_t behind)
{
    char listen[32], upstream[64];
    snprintf(listen, sizeof listen, "127.0.0.1:%u", port);
    snprintf(upstream, sizeof upstream, "product=127.0.0.1:%u", behind);
    char *const words[] = {"build/bin/aurora-gateway",
                           "--listen",
                           listen,
                           "--upstream",
                           upstream,
                           "--log-level",
                           "warning",
                           NULL};
    pid_t pid = fork();
    if (pid == 0) {
        if (freopen("var/bench/gateway.log", "a", stdout) == NULL)
            _exit(126);
        execv(words[0], words);
        _exit(127);
    }
    if (http_load_wait(port, "/livez", 5000) < 0)
        die("the gateway", "does not answer: var/bench/gateway.log");
    return pid;
}

static void stop(pid_t pid)
{
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
}

static http_load_result load(uint16_t port, pid_t server, uint32_t connections, double seconds)
{
    const http_load_plan plan = {.port = port,
                                 .server = server,
                                 .connections = connections,
                                 .seconds = seconds,
                                 .fill = fill,
                                 .status = 200,
                                 .contains = "sku-00001"};
    http_load_result result;
    if (http_load(&plan, &result) != 0)
        die("the generator", "cannot connect");
    if (result.errors > 0)
        die("errors", result.first_error);
    return result;
}

int main(int argc, char **argv)
{
    int rounds = 5;
    double seconds = 1.5;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--rounds") == 0)
            rounds = (int)strtol(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--seconds") == 0)
            seconds = strtod(argv[i + 1], NULL);
    }
    uint16_t bare_port = http_load_free_port();
    pid_t bare = start_bare(bare_port);
    uint16_t port = http_load_free_port();
    pid_t gateway = start_gateway(port, bare_port);
    series cpu = {0}, bare_cpu = {0}, rate = {0}, bare_rate = {0}, alone = {0}, bare_alone = {0};
    load(port, gateway, CONNECTIONS, 0.3); /* connections and memory */
    for (int i = 0; i < rounds && i < ROUNDS_MAX; i++) {
        http_load_result through = load(port, gateway, CONNECTIONS, seconds);
        http_load_result direct = load(bare_port, bare, CONNECTIONS, seconds);
        add(&cpu, through.cpu_us);
        add(&rate, through.per_s);
        add(&bare_cpu, direct.cpu_us);
        add(&bare_rate, direct.per_s);
        add(&alone, load(port, gateway, 1, 0.3).p50_ms);
        add(&bare_alone, load(bare_port, bare, 1, 0.3).p50_ms);
    }
    double mib = http_load_process_mib(gateway, "VmRSS");
    stop(gateway);
    stop(bare);
    double ratio = median(&cpu) / median(&bare_cpu);
    printf("%-48s %8.1f\n", "CPU us of the gateway, a proxied GET", median(&cpu));
    printf("%-48s %8.1f\n", "CPU us of the bare seam, the same GET", median(&bare_cpu));
    printf("%-48s %8.2f\n", "ratio", ratio);
    printf("%-48s %8.0f / %.0f\n", "requests/s through / direct (all on these cores)",
           median(&rate), median(&bare_rate));
    printf("%-48s %8.3f / %.3f\n", "ms alone, p50, through / direct", median(&alone),
           median(&bare_alone));
    printf("%-48s %8.1f\n", "MiB resident", mib);
    const char *path = getenv("AURORA_BENCH_JSON");
    FILE *file = fopen(path != NULL ? path : "var/bench/gateway.json", "w");
    if (file == NULL)
        die("var/bench/gateway.json", "cannot be written");
    fprintf(file,
            "{\"cpu_us_proxied_get\":%.2f,\"cpu_us_bare_get\":%.2f,\"ratio_bare\":%.3f,"
            "\"requests_per_s\":%.0f,\"p50_alone_ms\":%.3f,\"rss_mib\":%.1f}\n",
            median(&cpu), median(&bare_cpu), ratio, median(&rate), median(&alone), mib);
    return fclose(file) == 0 ? 0 : 1;
}

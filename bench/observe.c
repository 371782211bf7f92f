/* SPDX-License-Identifier: MIT */
/* What telemetry costs an aurorad that takes orders over HTTP: servers that differ in nothing but
 * their logs and traces are loaded in turns, in many short rounds, and compared by their medians.
 * CPU time is a server's process alone; who reads its log and takes its spans are processes of
 * their own, reported apart. Metrics are always counted: what one costs is measured by itself, as
 * is a scrape. Leaves its figures in var/bench/observe.json.
 *
 * bench_observe [--stored N] [--rounds N] [--seconds S] [--quick] [--counts] */
#include "http_load.h"
#include "http_shop.h"
#include "otlp_sink.h"

#include "api/allocator.h"
#include "metric/metric.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS_MAX 64
#define CONNECTIONS 64
#define FOLDER "var/bench"
#define SCRAPES_MAX 4096
#define SCRAPE_EVERY_MS 100

typedef struct {
    uint64_t stored;
    int rounds;
    double seconds;
    bool counts_only;
} plan;

typedef struct {
    double values[SCRAPES_MAX];
    int count;
} series;

enum { OFF, LOGS, TRACES, ALL, VARIANTS };

static const struct {
    const char *name;
    const char *level;
    bool has_traces;
} variants[VARIANTS] = {
    [OFF] = {"off", "error", false},
    [LOGS] = {"logs", "info", false},
    [TRACES] = {"traces", "error", true},
    [ALL] = {"all", "info", true},
};

typedef struct {
    uint16_t port;
    pid_t server, reader;
    series cpu, rate, p99;
} variant;

typedef struct {
    variant of[VARIANTS];
    pid_t sink;
    uint64_t errors, orders;
    double reader_us, sink_us, scrape_cpu_ms, scrape_kib;
    double count_ns[3][2]; /* counter, histogram, atomic; by one thread and by two */
    series scrapes;
} report;

static void die(const char *what, const char *why)
{
    fprintf(stderr, "bench_observe: %s: %s\n", what, why);
    exit(1);
}

static double now_ms(void)
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

static double quantile(const series *of, double share)
{
    static series copy;
    copy = *of;
    if (copy.count == 0)
        return 0;
    qsort(copy.values, (size_t)copy.count, sizeof *copy.values, compare);
    return copy.values[(int)(share * (copy.count - 1) + 0.5)];
}

static double median(const series *of)
{
    return quantile(of, 0.5);
}

static void add(series *to, double value)
{
    if (to->count < SCRAPES_MAX)
        to->values[to->count++] = value;
}

/* --- processes ------------------------------- */

static pid_t fork_quiet(void)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0)
        die("fork", strerror(errno));
    return pid;
}

/* Reads what a server logs, and forgets it. */
static pid_t start_reader(int from, int other)
{
    static char scrap[1 << 20];
    pid_t pid = fork_quiet();
    if (pid != 0)
        return pid;
    close(other);
    while (read(from, scrap, sizeof scrap) > 0)
        continue;
    _exit(0);
}

static pid_t start_sink(uint16_t port, otlp_sink_figures *figures)
{
    pid_t pid = fork_quiet();
    if (pid == 0)
        _exit(otlp_sink_run(port, figures));
    return pid;
}

static void exec_server(int kind, uint16_t port, uint16_t sink_port, int out)
{
    char store[128], listen[32], otlp[64], level[16];
    snprintf(store, sizeof store, "sqlite:" FOLDER "/observe-%s.db", variants[kind].name);
    snprintf(listen, sizeof listen, "127.0.0.1:%u", port);
    snprintf(otlp, sizeof otlp, "http://127.0.0.1:%u", sink_port);
    snprintf(level, sizeof level, "%s", variants[kind].level);
    char *words[16] = {"build/bin/aurorad", "--store", store,          "--listen", listen,
                       "--log-level",       level,     "--log-format", "json"};
    int count = 9;
    if (variants[kind].has_traces) {
        words[count++] = "--otlp";
        words[count++] = otlp;
        words[count++] = "--trace-sample";
        words[count++] = "0.1";
    }
    dup2(out, STDOUT_FILENO);
    execv(words[0], words);
    fprintf(stderr, "bench_observe: %s: %s\n", words[0], strerror(errno));
    _exit(127);
}

static void start(int kind, uint16_t sink_port, variant *v)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        die("pipe", strerror(errno));
    v->port = http_load_free_port();
    v->server = fork_quiet();
    if (v->server == 0)
        exec_server(kind, v->port, sink_port, ends[1]);
    v->reader = start_reader(ends[0], ends[1]);
    close(ends[0]);
    close(ends[1]);
    if (http_load_wait(v->port, "/readyz", 120000) < 0)
        die(variants[kind].name, "is not ready");
}

static void stop(pid_t pid, int signal_number)
{
    int status = 0;
    kill(pid, signal_number);
    waitpid(pid, &status, 0);
}

static void copy_store(const char *from, int kind)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".search", ".search-wal"};
    static char block[1 << 20];
    char to[128];
    snprintf(to, sizeof to, FOLDER "/observe-%s.db", variants[kind].name);
    http_shop_remove(to);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char source[160], target[160];
        snprintf(source, sizeof source, "%s%s", from, suffixes[i]);
        snprintf(target, sizeof target, "%s%s", to, suffixes[i]);
        FILE *in = fopen(source, "rb");
        if (in == NULL)
            continue; /* it was checkpointed away */
        FILE *out = fopen(target, "wb");
        size_t n;
        while (out != NULL && (n = fread(block, 1, sizeof block, in)) > 0)
            fwrite(block, 1, n, out);
        fclose(in);
        if (out == NULL || fclose(out) != 0)
            die(target, strerror(errno));
    }
}

/* --- scrapes ------------------------------- */

/* As Prometheus asks: over one connection that stays. */
typedef struct {
    int fd;
    char text[1 << 20];
} scraper;

static bool scrape(scraper *s, uint16_t port, double *ms_out, double *kib_out)
{
    static const char ask[] =
        "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        "Accept: application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5\r\n\r\n";
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    size_t len = 0, want = 0;
    if (s->fd < 0) {
        s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(s->fd, (struct sockaddr *)&address, sizeof address) != 0)
            return false;
    }
    double started = now_ms();
    if (send(s->fd, ask, sizeof ask - 1, MSG_NOSIGNAL) < 0)
        return false;
    while (want == 0 || len < want) {
        ssize_t n = recv(s->fd, s->text + len, sizeof s->text - 1 - len, 0);
        if (n <= 0)
            return false;
        len += (size_t)n;
        s->text[len] = '\0';
        char *end = want == 0 ? strstr(s->text, "\r\n\r\n") : NULL;
        char *length = end != NULL ? strcasestr(s->text, "content-length:") : NULL;
        if (length != NULL)
            want = (size_t)(end - s->text) + 4 + strtoul(length + 15, NULL, 10);
    }
    *ms_out = now_ms() - started;
    *kib_out = (double)want / 1024;
    return memcmp(s->text, "HTTP/1.1 200", 12) == 0;
}

typedef struct {
    report *r;
    _Atomic bool is_over;
} poller;

static void *poll_metrics(void *argument)
{
    static scraper s = {.fd = -1};
    poller *p = argument;
    while (!p->is_over) {
        double ms;
        if (!scrape(&s, p->r->of[ALL].port, &ms, &p->r->scrape_kib))
            die("/metrics", "does not answer");
        add(&p->r->scrapes, ms);
        nanosleep(&(struct timespec){.tv_nsec = SCRAPE_EVERY_MS * 1000000}, NULL);
    }
    return NULL;
}

/* While nothing else is asked: what the server's process spends on one. */
static void measure_scrape_cpu(report *r)
{
    static scraper s = {.fd = -1};
    enum { TIMES = 200 };
    double ms;
    pid_t pid = r->of[ALL].server;
    double before = http_load_process_cpu_s(pid);
    for (int i = 0; i < TIMES; i++) {
        if (!scrape(&s, r->of[ALL].port, &ms, &r->scrape_kib))
            die("/metrics", "does not answer");
    }
    r->scrape_cpu_ms = (http_load_process_cpu_s(pid) - before) * 1e3 / TIMES;
}

/* --- one count ------------------------------- */

/* From nanoseconds to some seconds, in no order: drawn before, so that drawing them is not
 * timed. */
#define VALUES 4096

typedef struct {
    aurora__counter *counter;
    aurora__histogram *histogram;
    _Atomic uint64_t word; /* what all share */
    uint64_t values[VALUES];
} counted;

enum { COUNTER, HISTOGRAM, ATOMIC };
enum { TIMES = 1000000, TRIES = 50, THREADS = 2 };

static void count_many(counted *of, int kind)
{
    switch (kind) {
    case COUNTER:
        for (uint32_t i = 0; i < TIMES; i++)
            aurora__counter_add(of->counter, 1);
        break;
    case HISTOGRAM:
        for (uint32_t i = 0; i < TIMES; i++)
            aurora__histogram_add(of->histogram, of->values[i % VALUES]);
        break;
    default:
        for (uint32_t i = 0; i < TIMES; i++)
            atomic_fetch_add_explicit(&of->word, 1, memory_order_relaxed);
        break;
    }
}

typedef struct {
    counted *of;
    int kind;
    double ns;
    pthread_barrier_t *start;
} counting;

static double thread_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void *count_beside(void *argument)
{
    counting *self = argument;
    pthread_barrier_wait(self->start);
    double started = thread_ns();
    count_many(self->of, self->kind);
    self->ns = (thread_ns() - started) / TIMES;
    return NULL;
}

/* What one costs a thread while `threads` do nothing else, in its processor time. Of one thread
 * the least of many short tries is reported, which others of the machine disturbed least; of two
 * the median, since in the least they may not have run beside each other. */
static double time_count(counted *of, int kind, int threads)
{
    pthread_barrier_t start;
    pthread_t ids[THREADS];
    counting each[THREADS];
    double sum = 0;
    pthread_barrier_init(&start, NULL, (unsigned)threads);
    for (int i = 0; i < threads; i++) {
        each[i] = (counting){.of = of, .kind = kind, .start = &start};
        if (pthread_create(&ids[i], NULL, count_beside, &each[i]) != 0)
            die("pthread_create", strerror(errno));
    }
    for (int i = 0; i < threads; i++) {
        pthread_join(ids[i], NULL);
        sum += each[i].ns;
    }
    pthread_barrier_destroy(&start);
    return sum / threads;
}

static void draw_values(counted *of)
{
    uint64_t ns = 1000;
    for (uint32_t i = 0; i < VALUES; i++) {
        of->values[i] = ns;
        ns = ns * 48271 % 2147483647;
    }
}

static void measure_counts(report *r)
{
    static const aurora__family counts =
        AURORA__COUNTER_FAMILY("bench_total", "What the benchmark counts.");
    static const aurora__family timed =
        AURORA__DURATION_FAMILY("bench_seconds", "What the benchmark times.");
    static counted of;
    aurora_allocator heap;
    aurora__registry *registry = NULL;
    if (aurora__allocator_copy(&heap, NULL, NULL) == AURORA_OK)
        registry = aurora__registry_open(&heap, 64);
    if (registry == NULL)
        die("registry", "no memory");
    of.counter = aurora__registry_counter(registry, &counts, NULL);
    of.histogram = aurora__registry_histogram(registry, &timed, NULL);
    draw_values(&of);
    for (int threads = 1; threads <= THREADS; threads++) {
        for (int kind = COUNTER; kind <= ATOMIC; kind++) {
            series tries = {.count = 0};
            for (int try = 0; try < TRIES; try++)
                add(&tries, time_count(&of, kind, threads));
            r->count_ns[kind][threads - 1] = quantile(&tries, threads == 1 ? 0 : 0.5);
        }
    }
    uint64_t done = (uint64_t)TIMES * TRIES * (1 + THREADS);
    if (aurora__counter_read(of.counter) != done ||
        aurora__histogram_read(of.histogram, &(uint64_t){0}) != done)
        die("counter", "has lost some");
    aurora__registry_close(registry);
}

/* --- the rounds ------------------------------- */

static http_load_result load(const plan *p, report *r, int kind)
{
    const http_load_plan orders = {.port = r->of[kind].port,
                                   .server = r->of[kind].server,
                                   .connections = CONNECTIONS,
                                   .seconds = p->seconds,
                                   .fill = http_shop_order,
                                   .self = "o",
                                   .status = 201,
                                   .contains = "\"COMPLETED\""};
    http_load_result result;
    if (http_load(&orders, &result) != 0)
        die(variants[kind].name, "cannot be reached");
    if (result.errors > 0)
        fprintf(stderr, "bench_observe: %" PRIu64 " errors, first: %s\n", result.errors,
                result.first_error);
    r->errors += result.errors;
    return result;
}

/* Forwards and backwards in turn, so that what drifts meets all alike. */
static void run_round(const plan *p, report *r, int round, bool is_counted)
{
    http_load_result results[VARIANTS];
    double reader_s = http_load_process_cpu_s(r->of[ALL].reader);
    double sink_s = http_load_process_cpu_s(r->sink);
    uint64_t traced = 0;
    for (int i = 0; i < VARIANTS; i++) {
        int kind = round % 2 == 0 ? i : VARIANTS - 1 - i;
        results[kind] = load(p, r, kind);
        traced += variants[kind].has_traces ? results[kind].done : 0;
    }
    fprintf(stderr, "round %2d:", round + 1);
    for (int kind = 0; kind < VARIANTS; kind++) {
        const http_load_result *one = &results[kind];
        variant *v = &r->of[kind];
        fprintf(stderr, "  %s %.0f/s %.1f us", variants[kind].name, one->per_s, one->cpu_us);
        if (!is_counted)
            continue;
        add(&v->rate, one->per_s);
        add(&v->cpu, one->cpu_us);
        add(&v->p99, one->p99_ms);
        r->orders += one->done;
    }
    fputc('\n', stderr);
    r->reader_us =
        (http_load_process_cpu_s(r->of[ALL].reader) - reader_s) * 1e6 / (double)results[ALL].done;
    r->sink_us = (http_load_process_cpu_s(r->sink) - sink_s) * 1e6 / (double)traced;
}

static void run_rounds(const plan *p, report *r)
{
    for (int round = -1; round < p->rounds; round++)
        run_round(p, r, round < 0 ? 0 : round, round >= 0);
    static poller polling;
    pthread_t thread;
    polling.r = r;
    if (pthread_create(&thread, NULL, poll_metrics, &polling) != 0)
        die("thread", "cannot be had");
    for (int i = 0; i < 3; i++)
        (void)load(p, r, ALL);
    polling.is_over = true;
    pthread_join(thread, NULL);
    measure_scrape_cpu(r);
}

/* --- the figures ------------------------------- */

/* Beside the server without, in the same round: what disturbs the machine lasts longer than one. */
static double median_ratio(const series *of, const series *to)
{
    static series ratios;
    ratios.count = 0;
    for (int i = 0; i < of->count && i < to->count; i++)
        add(&ratios, of->values[i] / to->values[i]);
    return median(&ratios);
}

static double cpu_cost(const report *r, int kind)
{
    return (median_ratio(&r->of[kind].cpu, &r->of[OFF].cpu) - 1) * 100;
}

static double rate_cost(const report *r, int kind)
{
    return (1 - median_ratio(&r->of[kind].rate, &r->of[OFF].rate)) * 100;
}

static void print_counts(const report *r)
{
    static const char *const names[] = {"ns, a counter's increment: 1 thread / 2 threads",
                                        "ns, a histogram's record: 1 thread / 2 threads",
                                        "ns, a relaxed atomic add: 1 thread / 2 threads"};
    for (int kind = COUNTER; kind <= ATOMIC; kind++)
        printf("%-52s %6.2f / %.2f\n", names[kind], r->count_ns[kind][0], r->count_ns[kind][1]);
}

static void print_report(const plan *p, const report *r, const otlp_sink_figures *sink)
{
    printf("%-8s %12s %12s %10s %14s %14s\n", "", "orders/s", "CPU us/order", "p99 ms",
           "CPU cost %", "rate cost %");
    for (int kind = 0; kind < VARIANTS; kind++) {
        const variant *v = &r->of[kind];
        printf("%-8s %12.0f %12.2f %10.2f %14.2f %14.2f\n", variants[kind].name, median(&v->rate),
               median(&v->cpu), median(&v->p99), cpu_cost(r, kind), rate_cost(r, kind));
    }
    printf("\n%-52s %10.2f\n", "CPU us an order, whoever reads the log", r->reader_us);
    printf("%-52s %10.2f\n", "CPU us a traced order, whoever takes the spans", r->sink_us);
    printf("%-52s %10" PRIu64 "\n", "spans taken", (uint64_t)sink->spans);
    print_counts(r);
    printf("%-52s %6.2f / %.2f\n", "ms of a scrape under load, median / p99", median(&r->scrapes),
           quantile(&r->scrapes, 0.99));
    printf("%-52s %10.2f\n", "CPU ms of a scrape", r->scrape_cpu_ms);
    printf("%-52s %10.0f\n", "KiB of it", r->scrape_kib);
    printf("%-52s %10" PRIu64 "\n", "errors", r->errors);
    FILE *file = fopen(FOLDER "/observe.json", "w");
    if (file == NULL)
        die(FOLDER "/observe.json", strerror(errno));
    fputc('{', file);
    for (int kind = 0; kind < VARIANTS; kind++) {
        const variant *v = &r->of[kind];
        const char *name = variants[kind].name;
        fprintf(file,
                "\"%s_orders_per_s\":%.0f,\"%s_cpu_us_per_order\":%.2f,\"%s_p99_ms\":%.2f,"
                "\"%s_cpu_cost_percent\":%.2f,\"%s_rate_cost_percent\":%.2f,",
                name, median(&v->rate), name, median(&v->cpu), name, median(&v->p99), name,
                cpu_cost(r, kind), name, rate_cost(r, kind));
    }
    fprintf(file,
            "\"log_reader_cpu_us_per_order\":%.2f,\"sink_cpu_us_per_order\":%.2f,"
            "\"spans\":%" PRIu64 ",\"counter_ns\":%.2f,\"histogram_ns\":%.2f,"
            "\"counter_2_ns\":%.2f,\"histogram_2_ns\":%.2f,\"atomic_ns\":%.2f,"
            "\"atomic_2_ns\":%.2f,"
            "\"scrape_ms\":%.2f,\"scrape_p99_ms\":%.2f,\"scrape_cpu_ms\":%.3f,"
            "\"scrape_kib\":%.1f,\"stored_orders\":%" PRIu64 ",\"errors\":%" PRIu64 "}\n",
            r->reader_us, r->sink_us, (uint64_t)sink->spans, r->count_ns[COUNTER][0],
            r->count_ns[HISTOGRAM][0], r->count_ns[COUNTER][1], r->count_ns[HISTOGRAM][1],
            r->count_ns[ATOMIC][0], r->count_ns[ATOMIC][1], median(&r->scrapes),
            quantile(&r->scrapes, 0.99), r->scrape_cpu_ms, r->scrape_kib, p->stored, r->errors);
    fclose(file);
}

static plan read_plan(int count, char **words)
{
    plan p = {.stored = 200000, .rounds = 60, .seconds = 0.5};
    for (int i = 1; i < count; i++) {
        if (strcmp(words[i], "--quick") == 0)
            p = (plan){.stored = 20000, .rounds = 8, .seconds = 0.5};
        else if (strcmp(words[i], "--counts") == 0)
            p.counts_only = true;
        else if (strcmp(words[i], "--stored") == 0 && i + 1 < count)
            p.stored = strtoull(words[++i], NULL, 10);
        else if (strcmp(words[i], "--rounds") == 0 && i + 1 < count)
            p.rounds = (int)strtol(words[++i], NULL, 10);
        else if (strcmp(words[i], "--seconds") == 0 && i + 1 < count)
            p.seconds = strtod(words[++i], NULL);
        else
            die("usage",
                "bench_observe [--stored N] [--rounds N] [--seconds S] [--quick] [--counts]");
    }
    if (p.rounds < 1 || p.rounds > ROUNDS_MAX)
        die("--rounds", "must be 1 to 64");
    return p;
}

int main(int count, char **words)
{
    static report r;
    plan p = read_plan(count, words);
    mkdir("var", 0777);
    mkdir(FOLDER, 0777);
    otlp_sink_figures *sink =
        mmap(NULL, sizeof *sink, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (sink == MAP_FAILED)
        die("mmap", strerror(errno));
    measure_counts(&r);
    if (p.counts_only) {
        print_counts(&r);
        return 0;
    }
    http_shop_make(FOLDER "/observe.db", p.stored);
    uint16_t sink_port = http_load_free_port();
    r.sink = start_sink(sink_port, sink);
    for (int kind = 0; kind < VARIANTS; kind++) {
        copy_store(FOLDER "/observe.db", kind);
        start(kind, sink_port, &r.of[kind]);
    }
    run_rounds(&p, &r);
    for (int kind = 0; kind < VARIANTS; kind++) {
        stop(r.of[kind].server, SIGTERM);
        stop(r.of[kind].reader, SIGCONT); /* it ends with its pipe */
    }
    stop(r.sink, SIGTERM);
    print_report(&p, &r, sink);
    return r.errors > 0;
}

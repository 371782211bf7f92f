/* SPDX-License-Identifier: MIT */
/* What telemetry costs an aurorad that takes orders over HTTP: servers that differ in nothing but
 * their logs and traces are loaded in turns, in many short rounds, and costs are given beside the
 * mean of two servers without any, with the interval that holds them in 95 % of runs; what those
 * two differ by is what the method makes of nothing. Rates suffer from all that runs beside, and
 * are compared round by round. CPU time is compared at one rate (even_rate.h): of a server, of its
 * busiest thread (the engine's, which bounds the rate), and of all processes that an order takes:
 * server, load, reader of the log, taker of spans. Metrics are always counted: what one costs is
 * measured by itself, as is a scrape. Leaves its figures in var/bench/observe.json.
 *
 * bench_observe [--stored N] [--rounds N] [--seconds S] [--quick] [--counts]
 *               [--server PROGRAM] another build's aurorad
 *               [--reuse] the store that the run before has made */
#include "even_rate.h"
#include "http_load.h"
#include "http_shop.h"
#include "otlp_sink.h"

#include "api/allocator.h"
#include "metric/metric.h"

#include <arpa/inet.h>
#include <dirent.h>
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

#define ROUNDS_MAX 1000
#define LIFE_ROUNDS 25 /* a process keeps its luck with memory for life: then others start */
#define CONNECTIONS 64
#define FOLDER "var/bench"
#define SCRAPES_MAX 4096
#define SCRAPE_EVERY_MS 100

typedef struct {
    uint64_t stored;
    int rounds;
    double seconds;
    bool counts_only;
    bool reuses;
    const char *server;
} plan;

typedef struct {
    double values[SCRAPES_MAX];
    int count;
} series;

enum { OFF, AGAIN, LOGS, TRACES, ALL, VARIANTS };
_Static_assert(VARIANTS == EVEN_RATE_SERVERS, "each server has a term");

static const struct {
    const char *name;
    const char *level;
    bool has_traces;
} variants[VARIANTS] = {
    [OFF] = {"off", "error", false},  [AGAIN] = {"again", "error", false},
    [LOGS] = {"logs", "info", false}, [TRACES] = {"traces", "error", true},
    [ALL] = {"all", "info", true},
};

/* What costs are taken of; all but the rate in microseconds of CPU time an order. */
enum { SERVER, BUSIEST, WHOLE, RATE, FIGURES };

typedef struct {
    uint16_t port;
    pid_t server, reader;
    double server_s, busiest_s, reader_s; /* CPU time as of the end of its last round */
    series figures[FIGURES];
    series p99;
} variant;

typedef struct {
    variant of[VARIANTS];
    pid_t sink;
    uint16_t sink_port;
    uint64_t errors, orders, traced; /* of these orders, those of servers that trace */
    series reader_us;                /* of the server that logs and traces */
    double sink_us, scrape_cpu_ms, scrape_kib;
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

/* What lies around the median of so many: the ranks between which it is in 95 % of samples, of
 * whatever distribution. */
typedef struct {
    double least, median, most;
} interval;

static interval interval_of(const series *of)
{
    double reach = of->count > 0 ? 0.98 / sqrt(of->count) : 0;
    return (interval){quantile(of, fmax(0.5 - reach, 0)), median(of),
                      quantile(of, fmin(0.5 + reach, 1))};
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

static void exec_server(const char *program, int kind, const uint16_t ports[2], int out)
{
    char store[128], listen[32], otlp[64], level[16];
    snprintf(store, sizeof store, "sqlite:" FOLDER "/observe-%s.db", variants[kind].name);
    snprintf(listen, sizeof listen, "127.0.0.1:%u", ports[0]);
    snprintf(otlp, sizeof otlp, "http://127.0.0.1:%u", ports[1]);
    snprintf(level, sizeof level, "%s", variants[kind].level);
    char *words[16] = {(char *)program, "--store", store,          "--listen", listen,
                       "--log-level",   level,     "--log-format", "json"};
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

static void start(const plan *p, int kind, uint16_t sink_port, variant *v)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        die("pipe", strerror(errno));
    v->port = http_load_free_port();
    v->server = fork_quiet();
    if (v->server == 0)
        exec_server(p->server, kind, (const uint16_t[]){v->port, sink_port}, ends[1]);
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

/* Of the thread that has spent most: user and system time, by the scheduler's own account. */
static double busiest_cpu_s(pid_t pid)
{
    char path[64], line[64];
    double most_ns = 0;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *folder = opendir(path);
    struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        char name[384];
        snprintf(name, sizeof name, "%s/%s/schedstat", path, entry->d_name);
        FILE *file = entry->d_name[0] != '.' ? fopen(name, "r") : NULL;
        if (file != NULL && fgets(line, sizeof line, file) != NULL)
            most_ns = fmax(most_ns, strtod(line, NULL));
        if (file != NULL)
            fclose(file);
    }
    if (folder != NULL)
        closedir(folder);
    return most_ns / 1e9;
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

/* CPU time since its last round ended, so that what is done late, a batch of spans or a checkpoint,
 * is somebody's too. */
static void note(report *r, int kind, const http_load_result *result, bool is_counted)
{
    variant *v = &r->of[kind];
    double server_s = http_load_process_cpu_s(v->server), busiest_s = busiest_cpu_s(v->server);
    double reader_s = http_load_process_cpu_s(v->reader);
    double done = result->done > 0 ? (double)result->done : 1;
    double server_us = (server_s - v->server_s) * 1e6 / done;
    double reader_us = (reader_s - v->reader_s) * 1e6 / done;
    if (is_counted) {
        add(&v->figures[SERVER], server_us);
        add(&v->figures[BUSIEST], (busiest_s - v->busiest_s) * 1e6 / done);
        add(&v->figures[WHOLE], server_us + reader_us + result->client_cpu_us);
        add(&v->figures[RATE], result->per_s);
        add(&v->p99, result->p99_ms);
        r->orders += result->done;
        r->traced += variants[kind].has_traces ? result->done : 0;
        if (kind == ALL)
            add(&r->reader_us, reader_us);
    }
    v->server_s = server_s;
    v->busiest_s = busiest_s;
    v->reader_s = reader_s;
}

/* Each round begins with another one, and goes round the other way: what drifts meets all alike. */
static void run_round(const plan *p, report *r, int round, bool is_counted)
{
    fprintf(stderr, "round %3d:", round + 1);
    for (int i = 0; i < VARIANTS; i++) {
        int step = round % 2 == 0 ? i : VARIANTS - 1 - i;
        int kind = (round / 2 + step) % VARIANTS;
        http_load_result result = load(p, r, kind);
        note(r, kind, &result, is_counted);
        fprintf(stderr, "  %s %.0f/s %.1f us", variants[kind].name, result.per_s, result.cpu_us);
    }
    fputc('\n', stderr);
}

static void start_all(const plan *p, report *r)
{
    for (int kind = 0; kind < VARIANTS; kind++)
        start(p, kind, r->sink_port, &r->of[kind]);
    run_round(p, r, 0, false);
}

static void stop_all(const report *r)
{
    for (int kind = 0; kind < VARIANTS; kind++) {
        stop(r->of[kind].server, SIGTERM);
        stop(r->of[kind].reader, SIGCONT); /* it ends with its pipe */
    }
}

static void run_rounds(const plan *p, report *r)
{
    double sink_s = http_load_process_cpu_s(r->sink);
    for (int round = 0; round < p->rounds; round++) {
        if (round % LIFE_ROUNDS == 0 && round > 0)
            stop_all(r);
        if (round % LIFE_ROUNDS == 0)
            start_all(p, r);
        run_round(p, r, round, true);
    }
    r->sink_us = (http_load_process_cpu_s(r->sink) - sink_s) * 1e6 / (double)r->traced;
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

/* In percent, beside the mean of both servers without in the same round: what disturbs the machine
 * lasts longer than one. */
static void rate_costs(const report *r, interval out[VARIANTS])
{
    static series costs;
    const series *off = &r->of[OFF].figures[RATE], *again = &r->of[AGAIN].figures[RATE];
    for (int kind = 0; kind < VARIANTS; kind++) {
        costs.count = 0;
        for (int i = 0; i < off->count; i++) {
            double rate = r->of[kind].figures[RATE].values[i];
            add(&costs, (1 - rate / ((off->values[i] + again->values[i]) / 2)) * 100);
        }
        out[kind] = interval_of(&costs);
    }
}

/* At one rate. Who takes the spans serves two servers, and is shared out evenly. */
static void cpu_costs(const report *r, int figure, interval out[VARIANTS])
{
    static double whole[VARIANTS][SCRAPES_MAX];
    even_rate_input input = {.rounds = r->of[OFF].figures[figure].count};
    even_rate_cost costs[VARIANTS];
    for (int kind = 0; kind < VARIANTS; kind++) {
        double more = figure == WHOLE && variants[kind].has_traces ? r->sink_us : 0;
        for (int i = 0; i < input.rounds; i++)
            whole[kind][i] = r->of[kind].figures[figure].values[i] + more;
        input.figures[kind] = whole[kind];
        input.rates[kind] = r->of[kind].figures[RATE].values;
    }
    even_rate(&input, costs);
    for (int kind = 0; kind < VARIANTS; kind++)
        out[kind] = (interval){costs[kind].least, costs[kind].cost, costs[kind].most};
}

static void costs_of(const report *r, int figure, interval out[VARIANTS])
{
    if (figure == RATE)
        rate_costs(r, out);
    else
        cpu_costs(r, figure, out);
}

static const struct {
    const char *title, *name;
} figures[FIGURES] = {[SERVER] = {"CPU of the server", "cpu_us_per_order"},
                      [BUSIEST] = {"CPU of its busiest thread", "busiest_us_per_order"},
                      [WHOLE] = {"CPU of all processes", "whole_us_per_order"},
                      [RATE] = {"throughput", "orders_per_s"}};

static void print_costs(const report *r)
{
    for (int figure = 0; figure < FIGURES; figure++) {
        printf("%-28s %12s %12s %22s\n", figures[figure].title,
               figure == RATE ? "orders/s" : "us/order", figure == RATE ? "p99 ms" : "",
               "cost %, of 95 % of runs");
        interval costs[VARIANTS];
        costs_of(r, figure, costs);
        for (int kind = 0; kind < VARIANTS; kind++) {
            const variant *v = &r->of[kind];
            const interval cost = costs[kind];
            printf("  %-26s %12.2f", variants[kind].name, median(&v->figures[figure]));
            if (figure == RATE)
                printf(" %12.2f", median(&v->p99));
            else
                printf(" %12s", "");
            printf(" %8.2f (%5.2f to %5.2f)\n", cost.median, cost.least, cost.most);
        }
    }
}

static void write_costs(const report *r, FILE *file)
{
    for (int figure = 0; figure < FIGURES; figure++) {
        const char *of = figures[figure].name;
        interval costs[VARIANTS];
        costs_of(r, figure, costs);
        for (int kind = 0; kind < VARIANTS; kind++) {
            const char *name = variants[kind].name;
            fprintf(file,
                    "\"%s_%s\":%.2f,\"%s_%s_cost_percent\":%.2f,"
                    "\"%s_%s_cost_least\":%.2f,\"%s_%s_cost_most\":%.2f,",
                    name, of, median(&r->of[kind].figures[figure]), name, of, costs[kind].median,
                    name, of, costs[kind].least, name, of, costs[kind].most);
        }
    }
    for (int kind = 0; kind < VARIANTS; kind++)
        fprintf(file, "\"%s_p99_ms\":%.2f,", variants[kind].name, median(&r->of[kind].p99));
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
    print_costs(r);
    printf("\n%-52s %10.2f\n", "CPU us an order, whoever reads the log", median(&r->reader_us));
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
    write_costs(r, file);
    fprintf(file,
            "\"log_reader_cpu_us_per_order\":%.2f,\"sink_cpu_us_per_order\":%.2f,"
            "\"spans\":%" PRIu64 ",\"counter_ns\":%.2f,\"histogram_ns\":%.2f,"
            "\"counter_2_ns\":%.2f,\"histogram_2_ns\":%.2f,\"atomic_ns\":%.2f,"
            "\"atomic_2_ns\":%.2f,"
            "\"scrape_ms\":%.2f,\"scrape_p99_ms\":%.2f,\"scrape_cpu_ms\":%.3f,"
            "\"scrape_kib\":%.1f,\"stored_orders\":%" PRIu64 ",\"errors\":%" PRIu64 "}\n",
            median(&r->reader_us), r->sink_us, (uint64_t)sink->spans, r->count_ns[COUNTER][0],
            r->count_ns[HISTOGRAM][0], r->count_ns[COUNTER][1], r->count_ns[HISTOGRAM][1],
            r->count_ns[ATOMIC][0], r->count_ns[ATOMIC][1], median(&r->scrapes),
            quantile(&r->scrapes, 0.99), r->scrape_cpu_ms, r->scrape_kib, p->stored, r->errors);
    fclose(file);
}

static plan read_plan(int count, char **words)
{
    plan p = {.stored = 200000, .rounds = 200, .seconds = 0.25, .server = "build/bin/aurorad"};
    for (int i = 1; i < count; i++) {
        if (strcmp(words[i], "--quick") == 0)
            p.stored = 20000, p.rounds = 20;
        else if (strcmp(words[i], "--counts") == 0)
            p.counts_only = true;
        else if (strcmp(words[i], "--reuse") == 0)
            p.reuses = true;
        else if (strcmp(words[i], "--server") == 0 && i + 1 < count)
            p.server = words[++i];
        else if (strcmp(words[i], "--stored") == 0 && i + 1 < count)
            p.stored = strtoull(words[++i], NULL, 10);
        else if (strcmp(words[i], "--rounds") == 0 && i + 1 < count)
            p.rounds = (int)strtol(words[++i], NULL, 10);
        else if (strcmp(words[i], "--seconds") == 0 && i + 1 < count)
            p.seconds = strtod(words[++i], NULL);
        else
            die("usage",
                "bench_observe [--stored N] [--rounds N] [--seconds S] [--quick] [--counts] "
                "[--server PROGRAM] [--reuse]");
    }
    if (p.rounds < 1 || p.rounds > ROUNDS_MAX)
        die("--rounds", "must be 1 to 1000");
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
    if (!p.reuses)
        http_shop_make(FOLDER "/observe.db", p.stored);
    r.sink_port = http_load_free_port();
    r.sink = start_sink(r.sink_port, sink);
    for (int kind = 0; kind < VARIANTS; kind++)
        copy_store(FOLDER "/observe.db", kind);
    run_rounds(&p, &r);
    stop_all(&r);
    stop(r.sink, SIGTERM);
    print_report(&p, &r, sink);
    return r.errors > 0;
}

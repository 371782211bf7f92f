/* SPDX-License-Identifier: MIT */
/* What rate limits cost a request, in the process: two policies that match it, looked up, taken
 * from and told in the answer's fields; allowed, and denied with its problem document. Then the
 * parts: two buckets in one take, and a lease. CPU of this process, medians of rounds. Prints a
 * table and leaves it in var/bench/limits.json. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "daemon/rate_internal.h"
#include "http/loop.h"

#define ROUNDS 9
#define CALLS 200000

static aurora_http_loop loop;
static aurora_http_server server;
static aurora__rate_limit *limit;
static aurora__rate_leases *leases;
static aurora_http_route route = {.method = AURORA_HTTP_GET,
                                  .template_path = "/products",
                                  .operation = "listProducts"};
static aurora_http_route refused = {.method = AURORA_HTTP_GET,
                                    .template_path = "/search",
                                    .operation = "searchProducts"};
static aurora_http_route served[2];

static void check(bool is_good, const char *what)
{
    if (is_good)
        return;
    fprintf(stderr, "bench_limits: %s failed\n", what);
    exit(1);
}

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void set_up(void)
{
    aurora__rate_policies policies = {.count = 2};
    char error[AURORA_CONFIG_ERROR_BYTES];
    for (uint32_t i = 0; i < 2; i++)
        policies.policies[i] =
            (aurora__rate_policy){.name = i == 0 ? "reading" : "shop",
                                  .routes = "*",
                                  .cost = "searchProducts=1000000,*=1",
                                  .key = i == 0 ? AURORA__RATE_CLIENT : AURORA__RATE_ALL,
                                  .windows = {{1000000, 1000000000, 100000}},
                                  .window_count = 1};
    served[0] = route;
    served[1] = refused;
    limit = calloc(1, sizeof *limit);
    leases = aurora__rate_leases_new(1);
    check(limit != NULL && leases != NULL, "memory");
    pthread_mutex_init(&limit->lock, NULL);
    check(aurora__rate_limit_put(limit, &policies, served, 2, error), error);
    loop.server = &server;
}

/* One exchange from its beginning to its end; `of` 2 asks nobody, and is what the others have
 * too. */
static void admit(int of)
{
    aurora_http_exchange *exchange = aurora__exchange_new(&loop);
    exchange->route = &served[of & 1];
    exchange->principal = (aurora_http_principal){.name = "anonymous"};
    exchange->is_on_worker = true; /* its answer goes nowhere */
    memcpy(exchange->peer, "192.0.2.1", sizeof "192.0.2.1");
    (void)aurora_http_address_parse("192.0.2.1", 9, &exchange->client);
    if (of < 2) {
        int verdict = aurora__rate_limit_admit(limit, exchange, false);
        check(verdict == (of == 0 ? AURORA_HTTP_ADMIT_YES : AURORA_HTTP_ADMIT_NO), "a verdict");
    }
    aurora__exchange_free(exchange);
}

static void run_allowed(void)
{
    admit(0);
}

static void run_denied(void)
{
    admit(1);
}

static void run_nothing(void)
{
    admit(2);
}

static void run_take_all(void)
{
    static int64_t clock_ns;
    aurora_limiter_claim claims[2];
    const aurora_limiter_claim *given[2] = {&claims[0], &claims[1]};
    aurora_limit limits[2];
    for (uint32_t i = 0; i < 2; i++) {
        aurora_limiter_claim_init(&claims[i]);
        claims[i].limiter = limit->table->rules[i].store->local[0];
        claims[i].key = i == 0 ? "a:192.0.2.1" : "";
        claims[i].key_len = i == 0 ? 11 : 0;
        claims[i].n = 1;
    }
    clock_ns += 2000;
    aurora_limiter_try_take_all(given, 2, clock_ns, limits);
}

/* Filled before it runs out, as Redis would. */
static void run_lease(void)
{
    static uint64_t left;
    aurora__rate_ask ask = {
        .claim = limit->table->routes[0].claims, .key = "a:192.0.2.1", .key_len = 11};
    if (left-- == 0) {
        const uint64_t extra = 10000;
        ask.limit = (aurora_limit){.is_allowed = 1};
        aurora__rate_leases_note(leases, &ask, 1, &extra, 1);
        left = 9000;
    }
    check(aurora__rate_leases_decide(leases, &ask, 1, 1) == AURORA__RATE_ALLOWED, "a lease");
}

static const struct {
    const char *name, *what;
    void (*run)(void);
} parts[] = {
    {"nothing_ns", "an exchange that asks nobody", run_nothing},
    {"allowed_ns", "the same, two policies that allow", run_allowed},
    {"denied_ns", "the same, two policies that deny, with the problem", run_denied},
    {"take_all_ns", "two buckets in one take", run_take_all},
    {"lease_ns", "one bucket by a lease", run_lease},
};

#define PARTS (sizeof parts / sizeof *parts)

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

int main(void)
{
    static double rounds[PARTS][ROUNDS];
    set_up();
    for (size_t i = 0; i < PARTS; i++)
        limit->table->rules[i % 2].lease_ns = 100000000;
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < PARTS; i++) {
            double begin = now_ns();
            for (int call = 0; call < CALLS; call++)
                parts[i].run();
            rounds[i][round] = (now_ns() - begin) / CALLS;
        }
    }
    mkdir("var", 0777);
    mkdir("var/bench", 0777);
    FILE *file = fopen("var/bench/limits.json", "w");
    check(file != NULL, "var/bench/limits.json");
    for (size_t i = 0; i < PARTS; i++) {
        qsort(rounds[i], ROUNDS, sizeof rounds[i][0], compare);
        printf("%-52s %8.1f ns\n", parts[i].what, rounds[i][ROUNDS / 2]);
        fprintf(file, "%s\"%s\":%.1f", i == 0 ? "{" : ",", parts[i].name, rounds[i][ROUNDS / 2]);
    }
    fprintf(file, "}\n");
    fclose(file);
    return 0;
}

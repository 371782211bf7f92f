/* SPDX-License-Identifier: MIT */
/* What a take of the shared limiter and a hit in the shared cache cost beside the same commands by
 * bare hiredis, in one run: CPU of this process and time by the clock, medians of interleaved
 * rounds. AURORA_TEST_REDIS says where (./dev up). Prints a table and leaves it in
 * var/bench/redis.json. */
#include <aurora/net.h>
#include <aurora/testing.h>

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "adapters/redis/pool.h"
#include "adapters/redis/redis.h"
#include "adapters/redis/scripts.h"

#define ROUNDS 9
#define CALLS 4000
#define VALUE_BYTES 500
#define PREFIX "bench"

static redisContext *bare;
static aurora_limiter_port limiter;
static aurora_cache_port cache;
static char hash[41];

static void check(bool is_good, const char *what)
{
    if (is_good)
        return;
    fprintf(stderr, "bench_redis: %s failed\n", what);
    exit(1);
}

static void bare_take(void)
{
    redisReply *reply = redisCommand(bare, "EVALSHA %s 1 %s 1000 1 1000 1 0 1 0 1000000 0 0", hash,
                                     "rl:{" PREFIX ":bare}:bench");
    check(reply != NULL && reply->type == REDIS_REPLY_ARRAY, "a bare take");
    freeReplyObject(reply);
}

static void take(void)
{
    aurora_limit limit;
    const aurora_limiter_take what = {.policy = "bench",
                                      .key = "k",
                                      .key_len = 1,
                                      .tokens = 1000000,
                                      .per_ns = 1000000000,
                                      .burst = 1000000,
                                      .cost = 1};
    check(limiter.take(limiter.self, &what, &limit) == AURORA_OK, "a take");
}

static void bare_get(void)
{
    redisReply *reply = redisCommand(bare, "GET %s", "cache:{" PREFIX ":k}");
    check(reply != NULL && reply->type == REDIS_REPLY_STRING, "a bare get");
    freeReplyObject(reply);
}

static void get(void)
{
    const aurora_cache_value *value;
    check(cache.get(cache.self, "k", 1, &value) == AURORA_OK, "a get");
    aurora_cache_value_free(value);
}

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static const struct {
    const char *name;
    void (*run)(void);
} parts[] = {{"bare_take", bare_take}, {"take", take}, {"bare_get", bare_get}, {"get", get}};

#define PARTS (sizeof parts / sizeof *parts)

static double cpu_us[PARTS][ROUNDS];
static double wall_us[PARTS][ROUNDS];

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static double median(double *rounds)
{
    qsort(rounds, ROUNDS, sizeof *rounds, compare);
    return rounds[ROUNDS / 2];
}

static void open_all(const char *url)
{
    static aurora_failing_allocator failing;
    static aurora_allocator allocator;
    static aurora_manual_clock manual;
    static aurora_clock clock;
    char address[256], host[64];
    int port = 0;
    check(sscanf(url, "redis://%63[^:]:%d", host, &port) == 2, "reading AURORA_TEST_REDIS");
    snprintf(address, sizeof address, "//%s:%d?prefix=" PREFIX "&timeout=5s", host, port);
    aurora_failing_allocator_init(&failing, UINT64_MAX, 0);
    aurora_failing_allocator_attach(&failing, &allocator);
    aurora_manual_clock_init(&manual, 1);
    aurora_manual_clock_attach(&manual, &clock);
    const aurora_limiter_port_options for_limiter = {
        .size = sizeof for_limiter, .address = address, .allocator = &allocator};
    const aurora_cache_port_options for_cache = {
        .size = sizeof for_cache, .address = address, .allocator = &allocator, .clock = &clock};
    check(aurora__redis_limiter_open(&for_limiter, &limiter, NULL) == AURORA_OK, "open");
    check(aurora__redis_cache_open(&for_cache, &cache, NULL) == AURORA_OK, "open");
    aurora__redis_script script;
    check(aurora__redis_script_init(&script, aurora__redis_limiter_lua,
                                    aurora__redis_limiter_lua_len),
          "SHA-1");
    memcpy(hash, script.hash, sizeof hash);
    bare = redisConnect(host, port);
    check(bare != NULL && bare->err == 0, "connecting");

    char text[VALUE_BYTES + 1];
    const aurora_cache_value *value;
    memset(text, 'v', VALUE_BYTES);
    check(aurora_cache_value_new(&allocator, text, VALUE_BYTES, 1, 0, &value) == AURORA_OK, "new");
    const aurora_cache_entry entry = {.size = sizeof entry, .value = value, .ttl_ms = 3600000};
    check(cache.put(cache.self, "k", 1, &entry) == AURORA_OK, "a put");
    aurora_cache_value_free(value);
    take(); /* loads the script */
}

static void close_all(void)
{
    freeReplyObject(
        redisCommand(bare, "DEL %s %s", "cache:{" PREFIX ":k}", "cache:{" PREFIX ":k}:floor"));
    redisFree(bare);
    limiter.close(limiter.self);
    cache.close(cache.self);
}

int main(void)
{
    const char *url = getenv("AURORA_TEST_REDIS");
    if (url == NULL) {
        fprintf(stderr, "bench_redis: AURORA_TEST_REDIS is not set (./dev up)\n");
        return 77;
    }
    open_all(url);
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < PARTS; i++) {
            double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);
            for (int call = 0; call < CALLS; call++)
                parts[i].run();
            cpu_us[i][round] = (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) * 1e6 / CALLS;
            wall_us[i][round] = (seconds(CLOCK_MONOTONIC) - wall) * 1e6 / CALLS;
        }
    }
    close_all();
    double cpu[PARTS], wall[PARTS];
    printf("%-12s %10s %10s\n", "", "CPU us", "clock us");
    for (size_t i = 0; i < PARTS; i++) {
        cpu[i] = median(cpu_us[i]);
        wall[i] = median(wall_us[i]);
        printf("%-12s %10.2f %10.2f\n", parts[i].name, cpu[i], wall[i]);
    }
    printf("%-12s %10.2f %10.2f\n", "take / bare", cpu[1] / cpu[0], wall[1] / wall[0]);
    printf("%-12s %10.2f %10.2f\n", "get / bare", cpu[3] / cpu[2], wall[3] / wall[2]);
    mkdir("var", 0777);
    mkdir("var/bench", 0777);
    FILE *file = fopen("var/bench/redis.json", "w");
    if (file == NULL)
        return 1;
    fprintf(file,
            "{\"take_cpu_us\":%.2f,\"bare_take_cpu_us\":%.2f,\"take_cpu_ratio\":%.3f,"
            "\"get_cpu_us\":%.2f,\"bare_get_cpu_us\":%.2f,\"get_cpu_ratio\":%.3f,"
            "\"take_wall_us\":%.1f,\"get_wall_us\":%.1f}\n",
            cpu[1], cpu[0], cpu[1] / cpu[0], cpu[3], cpu[2], cpu[3] / cpu[2], wall[1], wall[3]);
    fclose(file);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* A cache that processes share: of many that miss one key at once few load it, none gets what is
 * older than what was dropped, and without Redis each does without. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <aurora/net.h>

#include "redis_test.h"

#define PROCESSES 6
#define LOAD_MS 150

typedef struct {
    int out; /* a byte for each load; -1 = nowhere */
    uint64_t version;
    const char *text;
    long ms;
} source;

static aurora_status load(void *self, const char *key, const char **bytes_out, uint32_t *len_out,
                          uint64_t *version_out)
{
    const source *from = self;
    (void)key;
    if (from->out >= 0 && write(from->out, "x", 1) != 1)
        return AURORA_EIO;
    nanosleep(&(struct timespec){.tv_nsec = from->ms * 1000000}, NULL);
    *bytes_out = from->text;
    *len_out = (uint32_t)strlen(from->text);
    *version_out = from->version;
    return AURORA_OK;
}

static aurora_cache *open_cache(const char *address)
{
    char url[REDIS_ADDRESS_BYTES + 8];
    aurora_cache *cache = NULL;
    aurora_cache_options options;
    aurora_cache_options_init(&options);
    options.ttl_ms = 60000;
    options.drivers = aurora_net_drivers(&options.driver_count);
    snprintf(url, sizeof url, "redis:%s", address);
    return aurora_cache_open(url, &options, &cache, NULL) == AURORA_OK ? cache : NULL;
}

/* Whether the cache gives this text. */
static bool gives(aurora_cache *cache, source *from, const char *text)
{
    const aurora_cache_value *value = NULL;
    const aurora_cache_loader loader = {.self = from, .load = load};
    bool is_right = aurora_cache_get(cache, "k", &loader, &value) == AURORA_OK &&
                    strcmp(value->bytes, text) == 0;
    aurora_cache_value_free(value);
    return is_right;
}

START_TEST(test_redis_cache__stampede_of_processes_loads_a_few_times)
{
    char address[REDIS_ADDRESS_BYTES], loads[64];
    int out[2], go[2], status;
    redis_address(address, "&timeout=5s");
    ck_assert_int_eq(pipe(out), 0);
    ck_assert_int_eq(pipe(go), 0);
    for (int i = 0; i < PROCESSES; i++) {
        pid_t pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
            char byte;
            source from = {.out = out[1], .version = 7, .text = "seven", .ms = LOAD_MS};
            aurora_cache *cache = open_cache(address);
            close(go[1]);
            bool is_right =
                cache != NULL && read(go[0], &byte, 1) == 0 && gives(cache, &from, "seven");
            aurora_cache_close(cache);
            _exit(is_right ? 0 : 1);
        }
    }

    close(go[0]);
    close(go[1]);
    for (int i = 0; i < PROCESSES; i++) {
        ck_assert_int_gt(wait(&status), 0);
        ck_assert_int_eq(status, 0);
    }

    close(out[1]);
    ssize_t count = read(out[0], loads, sizeof loads);
    ck_assert_int_ge(count, 1);
    ck_assert_int_lt(count, PROCESSES);
    close(out[0]);
    redis_clean(address);
}
END_TEST

START_TEST(test_redis_cache__one_process_sees_what_another_dropped)
{
    char address[REDIS_ADDRESS_BYTES];
    source old = {.out = -1, .version = 1, .text = "old"};
    source new = {.out = -1, .version = 2, .text = "new"};
    redis_address(address, "&timeout=5s");
    aurora_cache *here = open_cache(address);
    aurora_cache *there = open_cache(address);
    ck_assert(here != NULL && there != NULL);
    ck_assert(gives(here, &old, "old"));
    ck_assert(gives(there, &new, "old"));

    aurora_cache_drop(there, "k", 2);

    ck_assert(gives(here, &old, "old")); /* loaded, as its own store says, and not kept */
    ck_assert(gives(there, &new, "new"));
    ck_assert(gives(here, &old, "new"));
    aurora_cache_close(here);
    aurora_cache_close(there);
    redis_clean(address);
}
END_TEST

START_TEST(test_redis_cache__holder_that_was_killed_holds_nobody_up_for_long)
{
    char address[REDIS_ADDRESS_BYTES], prefix[64], command[128];
    source from = {.out = -1, .version = 1, .text = "one"};
    redis_address(address, "&timeout=5s");
    ck_assert_int_eq(sscanf(strstr(address, "prefix=") + 7, "%63[^&]", prefix), 1);
    snprintf(command, sizeof command, "SET cache:{%s:k}:lock another PX 600000", prefix);
    redis_say(address, command);
    aurora_cache *cache = open_cache(address);

    ck_assert(gives(cache, &from, "one"));

    aurora_cache_close(cache);
    redis_clean(address);
}
END_TEST

START_TEST(test_redis_cache__without_redis_each_get_loads)
{
    source from = {.out = -1, .version = 1, .text = "one"};
    aurora_cache_stats stats;
    aurora_cache *cache = open_cache("//127.0.0.1:1?timeout=50ms");
    ck_assert_ptr_nonnull(cache);

    for (int i = 0; i < 20; i++)
        ck_assert(gives(cache, &from, "one"));
    aurora_cache_drop(cache, "k", 2);

    aurora_cache_stats_get(cache, &stats);
    ck_assert_uint_eq(stats.loads, 20);
    ck_assert_uint_eq(stats.hits, 0);
    ck_assert_uint_gt(stats.failures, 20);
    aurora_cache_close(cache);
}
END_TEST

START_TEST(test_redis_cache__tells_of_its_breaker)
{
    source from = {.out = -1, .version = 1, .text = "one"};
    aurora_breaker_figures breaker;
    aurora_cache *away = open_cache("//127.0.0.1:1?timeout=50ms"), *local;
    aurora_assert_ok(aurora_cache_open("memory:", NULL, &local, NULL));

    aurora_assert_ok(aurora_cache_breaker(away, &breaker));
    ck_assert_int_eq(breaker.state, AURORA_BREAKER_CLOSED);
    ck_assert(gives(away, &from, "one"));

    aurora_assert_ok(aurora_cache_breaker(away, &breaker));
    ck_assert_uint_eq(breaker.opened, 1);
    ck_assert_int_ne(breaker.state, AURORA_BREAKER_CLOSED);
    ck_assert_int_eq(aurora_cache_breaker(away, NULL), AURORA_EINVAL);
    ck_assert_int_eq(aurora_cache_breaker(local, &breaker), AURORA_ENOTSUP);
    aurora_cache_close(away);
    aurora_cache_close(local);
}
END_TEST

static Suite *redis_cache_suite(void)
{
    if (!redis_is_given())
        return NULL;
    Suite *suite = suite_create("redis_cache");
    TCase *tcase = tcase_create("redis_cache");
    tcase_add_test(tcase, test_redis_cache__stampede_of_processes_loads_a_few_times);
    tcase_add_test(tcase, test_redis_cache__one_process_sees_what_another_dropped);
    tcase_add_test(tcase, test_redis_cache__holder_that_was_killed_holds_nobody_up_for_long);
    tcase_add_test(tcase, test_redis_cache__without_redis_each_get_loads);
    tcase_add_test(tcase, test_redis_cache__tells_of_its_breaker);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(redis_cache_suite)

/* SPDX-License-Identifier: MIT */
/* The limiter that processes share, against a real Redis: the decisions of the in-process bucket,
 * whatever happens to the cache of scripts, and its bound over several processes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <aurora/limiter.h>
#include <aurora/net.h>
#include <aurora/testing.h>

#include "adapters/redis/redis.h"
#include "redis_test.h"

#define ARRIVALS 100000
#define SECOND_NS INT64_C(1000000000)

typedef struct {
    aurora_failing_allocator failing;
    aurora_allocator allocator;
    aurora_limiter_port port;
    char address[REDIS_ADDRESS_BYTES];
} fixture;

static void start(fixture *f, const char *pairs)
{
    aurora_error err = AURORA_ERROR_INIT;
    memset(f, 0, sizeof *f);
    redis_address(f->address, pairs);
    aurora_failing_allocator_init(&f->failing, UINT64_MAX, 0);
    aurora_failing_allocator_attach(&f->failing, &f->allocator);
    aurora_limiter_port_options options = {
        .size = sizeof options, .address = f->address, .allocator = &f->allocator};
    aurora_status rc = aurora__redis_limiter_open(&options, &f->port, &err);
    ck_assert_msg(rc == AURORA_OK, "%s: %s", err.field, err.message);
}

static void stop(fixture *f)
{
    f->port.close(f->port.self);
    ck_assert_uint_eq(aurora_failing_allocator_live(&f->failing), 0);
    redis_clean(f->address);
}

static aurora_limiter_take take_of(const char *key, uint64_t tokens, uint64_t per_ns,
                                   uint64_t burst)
{
    return (aurora_limiter_take){.policy = "test",
                                 .key = key,
                                 .key_len = (uint32_t)strlen(key),
                                 .tokens = tokens,
                                 .per_ns = per_ns,
                                 .burst = burst,
                                 .cost = 1};
}

/* --- the same decisions ----------------------------------------------------------------------- */

typedef struct {
    uint64_t tokens, per_ns, burst;
} policy;

/* Tokens of whole, of half and of odd nanoseconds; short periods and long; up to what a script can
 * hold exactly. */
static const policy policies[] = {
    {100, 1000000000, 200},
    {7, 1000000000, 10},
    {3, 1000, 5},
    {999983, 1000000007, 50},
    {100, 60000000000, 100},
    {7, 86400000000000, 20},
    {1, 1, 1000000},
    {2, 3, 1000},
    {1000000, 1000000000, 1},
    {123456789, 999999999989, 40},
    {1, 86400000000000, 3},
};

#define POLICY_COUNT (sizeof policies / sizeof *policies)

static void compare(const aurora_limit *here, const aurora_limit *there, int i, uint64_t n,
                    int64_t now_micros)
{
    bool is_same = memcmp(here, there, sizeof *here) == 0;
    ck_assert_msg(is_same,
                  "arrival %d of cost %llu at %lld us: allowed %u %u, remaining %llu %llu, retry "
                  "%lld %lld, reset %lld %lld",
                  i, (unsigned long long)n, (long long)now_micros, here->is_allowed,
                  there->is_allowed, (unsigned long long)here->remaining,
                  (unsigned long long)there->remaining, (long long)here->retry_after_ns,
                  (long long)there->retry_after_ns, (long long)here->reset_ns,
                  (long long)there->reset_ns);
}

/* Mostly around the rate, at times a long rest, a step back, or the same microsecond again. */
static int64_t next_micros(int64_t now_micros, const policy *rate, uint64_t *random)
{
    uint64_t word = aurora_test_random(random);
    double gap = (double)rate->per_ns / (double)rate->tokens / 1000;
    switch (word % 16) {
    case 0:
        return now_micros;
    case 1:
        return now_micros - (int64_t)((double)(word >> 40) * gap / 65536 / 64);
    case 2:
        return now_micros + (int64_t)((double)(word >> 48) * gap * (double)rate->burst / 32768);
    default:
        return now_micros + (int64_t)((double)(word >> 48) * gap / 32768) + (int64_t)(word & 1);
    }
}

START_TEST(test_redis_limiter__decides_as_the_bucket_in_the_process)
{
    fixture f;
    const policy *rate = &policies[_i];
    uint64_t random = aurora_test_seed("redis_limiter", 20) + (uint64_t)_i;
    int64_t now_micros = 1765000000000000 + (int64_t)(aurora_test_random(&random) % 1000000000);
    uint32_t allowed = 0;
    const int arrivals = ARRIVALS / (int)POLICY_COUNT;
    aurora_limiter *limiter;
    start(&f, "&timeout=5s");
    aurora_assert_ok(
        aurora_limiter_new(AURORA_LIMITER_OPTIONS(.capacity = 1, .tokens = rate->tokens,
                                                  .per_ns = rate->per_ns, .burst = rate->burst),
                           &limiter, NULL));
    aurora_limiter_take take = take_of("k", rate->tokens, rate->per_ns, rate->burst);

    for (int i = 0; i < arrivals; i++) {
        aurora_limit here, there;
        uint64_t word = aurora_test_random(&random);
        take.cost = word % 8 < 5 ? 1 : word % 8 < 7 ? (word >> 8) % (rate->burst + 2) : 0;
        now_micros = next_micros(now_micros, rate, &random);
        if (i % 1000 == 999)
            redis_say(f.address, "SCRIPT FLUSH");
        aurora_limiter_try_take(limiter, "k", 1, take.cost, now_micros * 1000, &here);
        aurora_assert_ok(aurora__redis_limiter_take_at(f.port.self, &take, now_micros, &there));
        compare(&here, &there, i, take.cost, now_micros);
        allowed += here.is_allowed;
    }

    ck_assert_uint_gt(allowed, 10);
    ck_assert_uint_lt(allowed, (uint32_t)arrivals);
    aurora_limiter_free(limiter);
    stop(&f);
}
END_TEST

START_TEST(test_redis_limiter__clock_that_steps_back_adds_nothing)
{
    fixture f;
    aurora_limit limit;
    int64_t now_micros = 1765000000000000;
    start(&f, "&timeout=5s");
    aurora_limiter_take take = take_of("k", 1, SECOND_NS, 2);
    take.cost = 2;
    aurora_assert_ok(aurora__redis_limiter_take_at(f.port.self, &take, now_micros, &limit));
    ck_assert_uint_eq(limit.is_allowed, 1);
    take.cost = 1;

    for (int64_t back = 1; back <= 3600000000; back *= 60) {
        aurora_assert_ok(
            aurora__redis_limiter_take_at(f.port.self, &take, now_micros - back, &limit));
        ck_assert_uint_eq(limit.is_allowed, 0);
        ck_assert_int_eq(limit.retry_after_ns, SECOND_NS + back * 1000);
    }

    aurora_assert_ok(
        aurora__redis_limiter_take_at(f.port.self, &take, now_micros + 1000000, &limit));
    ck_assert_uint_eq(limit.is_allowed, 1);
    stop(&f);
}
END_TEST

START_TEST(test_redis_limiter__uses_the_time_of_redis)
{
    fixture f;
    aurora_limit limit;
    start(&f, "&timeout=5s");
    aurora_limiter_take take = take_of("k", 1, 3600 * SECOND_NS, 2);

    for (uint32_t i = 0; i < 4; i++) {
        aurora_assert_ok(f.port.take(f.port.self, &take, &limit));
        ck_assert_uint_eq(limit.is_allowed, i < 2);
        ck_assert_uint_eq(limit.remaining, i < 2 ? 1 - i : 0);
    }

    ck_assert_int_gt(limit.retry_after_ns, 3500 * SECOND_NS);
    ck_assert_int_le(limit.retry_after_ns, 3600 * SECOND_NS);
    stop(&f);
}
END_TEST

START_TEST(test_redis_limiter__keys_and_policies_are_apart)
{
    static const char odd[] = "}:{\0\r\n*";
    fixture f;
    aurora_limit limit;
    start(&f, "&timeout=5s");
    aurora_limiter_take takes[] = {
        take_of("a", 1, 3600 * SECOND_NS, 1), take_of("b", 1, 3600 * SECOND_NS, 1),
        take_of("a", 1, 3600 * SECOND_NS, 1), take_of("", 1, 3600 * SECOND_NS, 1),
        take_of("", 1, 3600 * SECOND_NS, 1)};
    takes[2].policy = "other";
    takes[4].key = odd;
    takes[4].key_len = sizeof odd;

    for (uint32_t round = 0; round < 2; round++) {
        for (size_t i = 0; i < sizeof takes / sizeof *takes; i++) {
            aurora_assert_ok(f.port.take(f.port.self, &takes[i], &limit));
            ck_assert_uint_eq(limit.is_allowed, round == 0);
        }
    }

    stop(&f);
}
END_TEST

START_TEST(test_redis_limiter__refuses_what_it_cannot_count)
{
    fixture f;
    aurora_limit limit;
    start(&f, "&timeout=5s");
    aurora_limiter_take coarse = take_of("k", 999999999999999989, 1000000000000000000, 1);
    aurora_limiter_take wild = take_of("k", 2, 1, 1);
    aurora_limiter_take nameless = take_of("k", 1, SECOND_NS, 1);
    nameless.policy = "No Such";

    aurora_assert_status(f.port.take(f.port.self, &coarse, &limit), AURORA_ENOTSUP);
    aurora_assert_status(f.port.take(f.port.self, &wild, &limit), AURORA_EINVAL);
    aurora_assert_status(f.port.take(f.port.self, &nameless, &limit), AURORA_EINVAL);
    stop(&f);
}
END_TEST

/* --- several processes: I10 ------------------------------------------------------------------- */

#define PROCESSES 4
#define TRIES 3000
#define BURST 50

/* A child: writes how many were let through. */
static void take_many(const char *address, int out)
{
    aurora_limiter_port port;
    aurora_limit limit;
    uint32_t allowed = 0;
    aurora_failing_allocator failing;
    aurora_allocator allocator;
    aurora_failing_allocator_init(&failing, UINT64_MAX, 0);
    aurora_failing_allocator_attach(&failing, &allocator);
    aurora_limiter_port_options options = {
        .size = sizeof options, .address = address, .allocator = &allocator};
    aurora_limiter_take take = take_of("k", 100, SECOND_NS, BURST);
    if (aurora__redis_limiter_open(&options, &port, NULL) != AURORA_OK)
        _exit(1);
    for (int i = 0; i < TRIES; i++) {
        if (port.take(port.self, &take, &limit) != AURORA_OK)
            _exit(2);
        allowed += limit.is_allowed;
    }
    port.close(port.self);
    if (write(out, &allowed, sizeof allowed) != sizeof allowed)
        _exit(3);
    _exit(0);
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * SECOND_NS + now.tv_nsec;
}

START_TEST(test_redis_limiter__admits_no_more_over_several_processes)
{
    char address[REDIS_ADDRESS_BYTES];
    int pipes[2];
    uint32_t sum = 0;
    redis_address(address, "&timeout=5s");
    ck_assert_int_eq(pipe(pipes), 0);
    int64_t began_ns = now_ns();

    for (int i = 0; i < PROCESSES; i++) {
        pid_t pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0)
            take_many(address, pipes[1]);
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        uint32_t allowed;
        ck_assert_int_gt(wait(&status), 0);
        ck_assert_int_eq(status, 0);
        ck_assert_int_eq(read(pipes[0], &allowed, sizeof allowed), sizeof allowed);
        sum += allowed;
    }

    int64_t took_ns = now_ns() - began_ns;
    ck_assert_uint_ge(sum, BURST);
    ck_assert_uint_le(sum, (uint32_t)(BURST + took_ns / (SECOND_NS / 100) + 1));
    close(pipes[0]);
    close(pipes[1]);
    redis_clean(address);
}
END_TEST

static Suite *redis_limiter_suite(void)
{
    if (!redis_is_given())
        return NULL;
    Suite *suite = suite_create("redis_limiter");
    TCase *tcase = tcase_create("redis_limiter");
    tcase_add_loop_test(tcase, test_redis_limiter__decides_as_the_bucket_in_the_process, 0,
                        POLICY_COUNT);
    tcase_add_test(tcase, test_redis_limiter__clock_that_steps_back_adds_nothing);
    tcase_add_test(tcase, test_redis_limiter__uses_the_time_of_redis);
    tcase_add_test(tcase, test_redis_limiter__keys_and_policies_are_apart);
    tcase_add_test(tcase, test_redis_limiter__refuses_what_it_cannot_count);
    tcase_add_test(tcase, test_redis_limiter__admits_no_more_over_several_processes);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(redis_limiter_suite)

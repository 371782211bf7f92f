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

static aurora_status take_at(void *self, const aurora_limiter_take *take, int64_t now_micros,
                             aurora_limit *limit_out)
{
    uint64_t extra;
    return aurora__redis_limiter_take_at(self, take, 1, now_micros, limit_out, &extra);
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
        aurora_assert_ok(take_at(f.port.self, &take, now_micros, &there));
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
    aurora_assert_ok(take_at(f.port.self, &take, now_micros, &limit));
    ck_assert_uint_eq(limit.is_allowed, 1);
    take.cost = 1;

    for (int64_t back = 1; back <= 3600000000; back *= 60) {
        aurora_assert_ok(take_at(f.port.self, &take, now_micros - back, &limit));
        ck_assert_uint_eq(limit.is_allowed, 0);
        ck_assert_int_eq(limit.retry_after_ns, SECOND_NS + back * 1000);
    }

    aurora_assert_ok(take_at(f.port.self, &take, now_micros + 1000000, &limit));
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

/* Two policies' buckets of one key and one of all, in one call: the same as three in the
 * process. */
START_TEST(test_redis_limiter__takes_from_several_as_in_the_process)
{
    static const policy three[] = {
        {20, 1000000000, 30}, {7, 1000000000, 25}, {100, 60000000000, 90}};
    fixture f;
    uint64_t random = aurora_test_seed("redis_limiter_all", 21);
    int64_t now_micros = 1765000000000000;
    aurora_limiter *limiters[3];
    aurora_limiter_claim claims[3];
    const aurora_limiter_claim *given[3];
    aurora_limiter_take takes[3];
    uint32_t allowed = 0, mixed = 0;
    start(&f, "&timeout=5s");
    for (int i = 0; i < 3; i++) {
        aurora_assert_ok(aurora_limiter_new(
            AURORA_LIMITER_OPTIONS(.capacity = 4, .shards = 1, .tokens = three[i].tokens,
                                   .per_ns = three[i].per_ns, .burst = three[i].burst),
            &limiters[i], NULL));
        takes[i] = take_of(i < 2 ? "k" : "", three[i].tokens, three[i].per_ns, three[i].burst);
        takes[i].policy = i == 0 ? "one" : "two";
        aurora_limiter_claim_init(&claims[i]);
        claims[i].limiter = limiters[i];
        claims[i].key = takes[i].key;
        claims[i].key_len = takes[i].key_len;
        given[i] = &claims[i];
    }

    for (int i = 0; i < 10000; i++) {
        aurora_limit here[3], there[3];
        uint64_t extras[3], word = aurora_test_random(&random);
        bool is_shadow = (word & 7) == 0;
        for (int j = 0; j < 3; j++) {
            takes[j].cost = claims[j].n = (word >> (8 + 4 * j)) % 16 < 13 ? 1 : word % 40;
            takes[j].flags = claims[j].flags = j == 1 && is_shadow ? 1 : 0;
        }
        now_micros = next_micros(now_micros, &three[0], &random);
        bool is_here = aurora_limiter_try_take_all(given, 3, now_micros * 1000, here);
        aurora_assert_ok(
            aurora__redis_limiter_take_at(f.port.self, takes, 3, now_micros, there, extras));
        bool is_there = true;
        for (int j = 0; j < 3; j++) {
            compare(&here[j], &there[j], i, takes[j].cost, now_micros);
            is_there &= there[j].is_allowed || takes[j].flags != 0;
            mixed += is_here != there[j].is_allowed;
        }
        ck_assert_int_eq(is_here, is_there);
        allowed += is_here;
    }

    ck_assert_uint_gt(allowed, 500);
    ck_assert_uint_gt(mixed, 500);
    for (int i = 0; i < 3; i++)
        aurora_limiter_free(limiters[i]);
    stop(&f);
}
END_TEST

/* What is wanted beside the cost comes whole or not at all, and counts like any take. */
START_TEST(test_redis_limiter__extra_tokens_come_whole_or_not_at_all)
{
    fixture f;
    aurora_limit limit;
    uint64_t extra;
    int64_t now_micros = 1765000000000000;
    start(&f, "&timeout=5s");
    aurora_limiter_take take = take_of("k", 1, SECOND_NS, 10);
    take.extra = 5;
    static const uint64_t left[] = {4, 3, 2, 1, 0}, extras[] = {5, 0, 0, 0, 0};

    for (int i = 0; i < 5; i++) {
        aurora_assert_ok(
            aurora__redis_limiter_take_at(f.port.self, &take, 1, now_micros, &limit, &extra));
        ck_assert_uint_eq(limit.is_allowed, 1);
        ck_assert_uint_eq(limit.remaining, left[i]);
        ck_assert_uint_eq(extra, extras[i]);
    }

    aurora_assert_ok(
        aurora__redis_limiter_take_at(f.port.self, &take, 1, now_micros, &limit, &extra));
    ck_assert_uint_eq(limit.is_allowed, 0);
    ck_assert_int_eq(limit.retry_after_ns, SECOND_NS);
    stop(&f);
}
END_TEST

/* Mutation: without convert() in limiter.lua each change gives a fresh burst. */
START_TEST(test_redis_limiter__another_rate_keeps_what_is_missing)
{
    static const policy rates[] = {{10, 1000000000, 20},
                                   {7, 1000000000, 20},
                                   {1, 3600000000000, 30},
                                   {999983, 1000000007, 20},
                                   {3, 1000, 15}};
    fixture f;
    aurora_limit limit;
    uint64_t left = 20;
    int64_t now_micros = 1765000000000000;
    start(&f, "&timeout=5s");
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        aurora_limiter_take take = take_of("k", rates[i].tokens, rates[i].per_ns, rates[i].burst);
        take.cost = 1;

        aurora_assert_ok(take_at(f.port.self, &take, now_micros, &limit));

        /* Of this burst's: what was missing before and the one that was taken now, and at most one
         * token for the rounding. */
        uint64_t missing = i == 0 ? 1 : 20 - left + 1;
        ck_assert_uint_le(limit.remaining, rates[i].burst - missing);
        ck_assert_uint_ge(limit.remaining + 1, rates[i].burst - missing);
        left = 20 - (rates[i].burst - limit.remaining);
    }
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
    tcase_add_test(tcase, test_redis_limiter__takes_from_several_as_in_the_process);
    tcase_add_test(tcase, test_redis_limiter__extra_tokens_come_whole_or_not_at_all);
    tcase_add_test(tcase, test_redis_limiter__another_rate_keeps_what_is_missing);
    tcase_add_test(tcase, test_redis_limiter__admits_no_more_over_several_processes);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(redis_limiter_suite)

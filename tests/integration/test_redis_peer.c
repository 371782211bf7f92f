/* SPDX-License-Identifier: MIT */
/* The pool behind cache and limiter, with a Redis that babbles, drips, is cut off, frozen, killed
 * or wants a password: never a signal, a crash or a wait beyond the time limit, and it recovers. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <aurora/net.h>
#include <aurora/testing.h>

#include "adapters/redis/redis.h"
#include "redis_test.h"

#define SECOND_NS INT64_C(1000000000)
#define PATIENCE_NS (60 * SECOND_NS) /* of a loaded machine, not of the pool */

typedef struct {
    aurora_failing_allocator failing;
    aurora_allocator allocator;
    aurora_manual_clock manual;
    aurora_clock clock;
    aurora_limiter_port limiter;
    aurora_cache_port cache;
} fixture;

static void start(fixture *f, const char *address)
{
    memset(f, 0, sizeof *f);
    aurora_failing_allocator_init(&f->failing, UINT64_MAX, 0);
    aurora_failing_allocator_attach(&f->failing, &f->allocator);
    aurora_manual_clock_init(&f->manual, INT64_C(1750000000000));
    aurora_manual_clock_attach(&f->manual, &f->clock);
    const aurora_limiter_port_options limiter = {
        .size = sizeof limiter, .address = address, .allocator = &f->allocator};
    const aurora_cache_port_options cache = {
        .size = sizeof cache, .address = address, .allocator = &f->allocator, .clock = &f->clock};
    aurora_assert_ok(aurora__redis_limiter_open(&limiter, &f->limiter, NULL));
    aurora_assert_ok(aurora__redis_cache_open(&cache, &f->cache, NULL));
}

static void stop(fixture *f)
{
    f->limiter.close(f->limiter.self);
    f->cache.close(f->cache.self);
    ck_assert_uint_eq(aurora_failing_allocator_live(&f->failing), 0);
}

static aurora_status take(fixture *f, aurora_limit *limit)
{
    const aurora_limiter_take what = {.policy = "test",
                                      .key = "k",
                                      .key_len = 1,
                                      .tokens = 1000000,
                                      .per_ns = SECOND_NS,
                                      .burst = 1000000,
                                      .cost = 1};
    return f->limiter.take(f->limiter.self, &what, limit);
}

static aurora_status get(fixture *f)
{
    const aurora_cache_value *value = NULL;
    aurora_status rc = f->cache.get(f->cache.self, "k", 1, &value);
    aurora_cache_value_free(value);
    return rc;
}

static aurora_status put(fixture *f)
{
    const aurora_cache_value *value;
    aurora_assert_ok(aurora_cache_value_new(&f->allocator, "v", 1, 1, 0, &value));
    const aurora_cache_entry entry = {.size = sizeof entry, .value = value, .ttl_ms = 60000};
    aurora_status rc = f->cache.put(f->cache.self, "k", 1, &entry);
    aurora_cache_value_free(value);
    return rc;
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * SECOND_NS + now.tv_nsec;
}

/* Until takes work again. */
static void wait_for_takes(fixture *f)
{
    aurora_limit limit;
    int64_t end_ns = now_ns() + PATIENCE_NS;
    while (take(f, &limit) != AURORA_OK) {
        ck_assert_msg(now_ns() < end_ns, "it does not recover");
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
}

/* --- a peer that misbehaves ------------------------------------------------------------------- */

#define PLAY(text)                                                                                 \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

static const struct {
    const char *bytes;
    size_t len;
} babble[] = {
    PLAY("HTTP/1.1 400 Bad Request\r\n\r\n"),
    PLAY("%1\r\n+a\r\n:1\r\n"),
    PLAY("*2147483647\r\n"),
    PLAY("*9223372036854775807\r\n:1\r\n"),
    PLAY("*6\r\n:1\r\n:2\r\n"),
    PLAY("*6\r\n:1\r\n$1\r\na\r\n:3\r\n:4\r\n:5\r\n:6\r\n"),
    PLAY("*6\r\n:2\r\n:0\r\n:0\r\n:0\r\n:0\r\n:0\r\n"),
    PLAY("*6\r\n:1\r\n:-1\r\n:-1\r\n:-1\r\n:-1\r\n:-1\r\n"),
    PLAY("*6\r\n:1\r\n:9223372036854775807\r\n:9223372036854775807\r\n:1\r\n:1\r\n:1\r\n"),
    PLAY("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n"),
    PLAY("$9223372036854775807\r\nabc"),
    PLAY("$-5\r\n"),
    PLAY("$3\r\nabcde"),
    PLAY("$4\r\n\0\0\0\0\r\n"),
    PLAY("$17\r\n000000000000000gv\r\n"),
    PLAY("$18\r\n0000000000000001ax\r\n"),
    PLAY("+"),
    PLAY("+OK\r\n+OK\r\n"),
    PLAY(":12x\r\n"),
    PLAY("-LOADING Redis is loading\r\n"),
    PLAY("-NOSCRIPT No matching script\r\n"),
    PLAY("-ERR \xff\xfe\r\n"),
    PLAY("\r\n\r\n\r\n"),
    PLAY("\0"),
    PLAY("$-1\r\n"),
    PLAY("*-1\r\n"),
    PLAY("*0\r\n"),
};

#define BABBLE_COUNT (sizeof babble / sizeof *babble)

START_TEST(test_redis_peer__babble_is_a_failure_and_never_a_value)
{
    fixture f;
    redis_peer peer;
    aurora_limit limit;
    redis_peer_start(
        &peer, (redis_play){.bytes = babble[_i].bytes, .len = babble[_i].len, .stays = _i % 2 == 0},
        "&timeout=30ms");
    start(&f, peer.address);

    for (int i = 0; i < 3; i++) {
        ck_assert_int_ne(take(&f, &limit), AURORA_OK);
        ck_assert_int_ne(get(&f), AURORA_OK);
    }

    ck_assert_int_gt(atomic_load(&peer.requests), 0);
    stop(&f);
    redis_peer_stop(&peer);
}
END_TEST

START_TEST(test_redis_peer__flood_ends_at_the_largest_reply)
{
    fixture f;
    redis_peer peer;
    const size_t len = (size_t)8 << 20;
    char *bytes = malloc(len);
    memset(bytes, 'x', len);
    memcpy(bytes, _i == 0 ? "$8000000\r\n" : "+", _i == 0 ? 10 : 1);
    redis_peer_start(&peer, (redis_play){.bytes = bytes, .len = len, .step = 65536}, "&timeout=5s");
    start(&f, peer.address);

    aurora_assert_status(get(&f), AURORA_EIO);

    stop(&f);
    redis_peer_stop(&peer);
    free(bytes);
}
END_TEST

/* Each byte comes within the limit, and the reply as a whole does not. */
START_TEST(test_redis_peer__dripping_bytes_do_not_extend_the_time)
{
    fixture f;
    redis_peer peer;
    redis_peer_start(&peer,
                     (redis_play){.bytes = "$1000\r\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                                           "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                                  .len = 90,
                                  .step = 1,
                                  .pause_ms = 20},
                     "&timeout=60ms");
    start(&f, peer.address);

    aurora_assert_status(get(&f), AURORA_ETIMEDOUT);

    stop(&f);
    redis_peer_stop(&peer);
}
END_TEST

START_TEST(test_redis_peer__silence_is_a_timeout_then_calls_fail_at_once)
{
    fixture f;
    redis_peer peer;
    aurora_limit limit;
    aurora_breaker_figures figures;
    redis_peer_start(&peer, (redis_play){.is_silent = true}, "&timeout=20ms");
    start(&f, peer.address);

    for (int i = 0; i < 3; i++)
        aurora_assert_status(take(&f, &limit), AURORA_ETIMEDOUT);
    f.limiter.breaker(f.limiter.self, &figures);
    ck_assert_uint_eq(figures.opened, 1);
    int sent = atomic_load(&peer.requests);
    for (int i = 0; i < 1000; i++)
        ck_assert_int_ne(take(&f, &limit), AURORA_OK);
    f.limiter.breaker(f.limiter.self, &figures);

    ck_assert_uint_gt(figures.refused, 900);
    ck_assert_int_lt(atomic_load(&peer.requests), sent + 20);
    stop(&f);
    redis_peer_stop(&peer);
}
END_TEST

/* SIGPIPE is at its default, which would end this process. */
START_TEST(test_redis_peer__closed_connection_raises_no_signal)
{
    fixture f;
    redis_peer peer;
    signal(SIGPIPE, SIG_DFL);
    redis_peer_start(&peer, (redis_play){.bytes = "$-1\r\n", .len = 5}, "&timeout=1s&pool=1");
    start(&f, peer.address);

    for (int i = 0; i < 200; i++) {
        aurora_status rc = get(&f);
        ck_assert(rc == AURORA_ENOTFOUND || rc == AURORA_EIO);
        (void)put(&f);
    }

    stop(&f);
    redis_peer_stop(&peer);
}
END_TEST

/* --- a server of one's own -------------------------------------------------------------------- */

START_TEST(test_redis_peer__recovers_when_the_server_comes_back)
{
    fixture f;
    redis_server server;
    aurora_limit limit;
    redis_server_start(&server, NULL, "&timeout=1s");
    start(&f, server.address);
    wait_for_takes(&f);
    aurora_assert_ok(put(&f));
    aurora_assert_ok(get(&f));

    redis_server_kill(&server);
    ck_assert_int_ne(take(&f, &limit), AURORA_OK);
    ck_assert_int_ne(get(&f), AURORA_OK);
    aurora_cache_stats stats = {0};
    f.cache.stats(f.cache.self, &stats);
    ck_assert_uint_ge(stats.failures, 1);
    redis_server_again(&server, NULL);

    wait_for_takes(&f);
    stop(&f);
    redis_server_stop(&server);
}
END_TEST

START_TEST(test_redis_peer__restart_between_two_calls_is_not_noticed)
{
    fixture f;
    redis_server server;
    aurora_limit limit;
    redis_server_start(&server, NULL, "&timeout=5s&pool=1");
    start(&f, server.address);
    aurora_assert_ok(take(&f, &limit));

    for (int i = 0; i < 3; i++) {
        redis_server_kill(&server);
        redis_server_again(&server, NULL);
        aurora_assert_ok(take(&f, &limit));
    }

    stop(&f);
    redis_server_stop(&server);
}
END_TEST

START_TEST(test_redis_peer__frozen_server_costs_a_few_calls_their_time)
{
    fixture f;
    redis_server server;
    aurora_limit limit;
    redis_server_start(&server, NULL, "&timeout=50ms");
    start(&f, server.address);
    wait_for_takes(&f);

    kill(server.pid, SIGSTOP);
    uint32_t timeouts = 0;
    for (int i = 0; i < 500; i++)
        timeouts += take(&f, &limit) == AURORA_ETIMEDOUT;
    kill(server.pid, SIGCONT);

    ck_assert_uint_ge(timeouts, 3);
    ck_assert_uint_lt(timeouts, 100);
    wait_for_takes(&f);
    stop(&f);
    redis_server_stop(&server);
}
END_TEST

START_TEST(test_redis_peer__password_and_database_are_used)
{
    fixture f;
    redis_server server;
    aurora_limit limit;
    char address[REDIS_ADDRESS_BYTES];
    redis_server_start(&server, "p%20w:d", "");
    snprintf(address, sizeof address, "//default:p%%2520w%%3Ad@127.0.0.1:%d/3?timeout=5s",
             server.port);
    start(&f, address);
    aurora_assert_ok(take(&f, &limit));
    aurora_assert_ok(put(&f));
    aurora_assert_ok(get(&f));
    stop(&f);

    snprintf(address, sizeof address, "//:wrong@127.0.0.1:%d?timeout=5s", server.port);
    start(&f, address);
    aurora_assert_status(take(&f, &limit), AURORA_EIO);
    stop(&f);
    snprintf(address, sizeof address, "//:p%%2520w%%3Ad@127.0.0.1:%d/999?timeout=5s", server.port);
    start(&f, address);
    aurora_assert_status(take(&f, &limit), AURORA_EIO);
    stop(&f);
    redis_server_stop(&server);
}
END_TEST

/* --- forks and threads ------------------------------------------------------------------------ */

START_TEST(test_redis_peer__child_does_not_use_what_its_parent_opened)
{
    fixture f;
    redis_server server;
    aurora_limit limit;
    int status;
    redis_server_start(&server, NULL, "&timeout=5s");
    start(&f, server.address);
    aurora_assert_ok(take(&f, &limit));
    aurora_assert_ok(put(&f));

    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        bool is_right = take(&f, &limit) == AURORA_EIO && get(&f) == AURORA_EIO;
        f.limiter.close(f.limiter.self);
        f.cache.close(f.cache.self);
        _exit(is_right ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);

    aurora_assert_ok(take(&f, &limit));
    aurora_assert_ok(get(&f));
    stop(&f);
    redis_server_stop(&server);
}
END_TEST

#define THREADS 8
#define ROUNDS 400

typedef struct {
    fixture *f;
    uint32_t good;
} worker;

static void *work(void *argument)
{
    worker *own = argument;
    aurora_limit limit;
    for (int i = 0; i < ROUNDS; i++) {
        own->good += take(own->f, &limit) == AURORA_OK;
        own->good += get(own->f) == AURORA_OK;
        if (i % 16 == 0)
            own->f->cache.drop(own->f->cache.self, "other", 5, (uint64_t)i + 1);
    }
    return NULL;
}

/* Eight threads on two connections, over a kill and a restart. */
START_TEST(test_redis_peer__threads_share_a_small_pool)
{
    fixture f;
    redis_server server;
    pthread_t threads[THREADS];
    worker workers[THREADS];
    uint32_t good = 0;
    redis_server_start(&server, NULL, "&timeout=2s&pool=2");
    start(&f, server.address);
    aurora_assert_ok(put(&f));

    for (int i = 0; i < THREADS; i++) {
        workers[i] = (worker){.f = &f};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    redis_server_kill(&server);
    redis_server_again(&server, NULL);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        good += workers[i].good;
    }

    ck_assert_uint_le(good, THREADS * ROUNDS * 2);
    wait_for_takes(&f);
    stop(&f);
    redis_server_stop(&server);
}
END_TEST

static Suite *redis_peer_suite(void)
{
    Suite *suite = suite_create("redis_peer");
    TCase *tcase = tcase_create("redis_peer");
    tcase_set_timeout(tcase, 100);
    tcase_add_loop_test(tcase, test_redis_peer__babble_is_a_failure_and_never_a_value, 0,
                        BABBLE_COUNT);
    tcase_add_loop_test(tcase, test_redis_peer__flood_ends_at_the_largest_reply, 0, 2);
    tcase_add_test(tcase, test_redis_peer__dripping_bytes_do_not_extend_the_time);
    tcase_add_test(tcase, test_redis_peer__silence_is_a_timeout_then_calls_fail_at_once);
    tcase_add_test(tcase, test_redis_peer__closed_connection_raises_no_signal);
    if (redis_has_server()) {
        tcase_add_test(tcase, test_redis_peer__recovers_when_the_server_comes_back);
        tcase_add_test(tcase, test_redis_peer__restart_between_two_calls_is_not_noticed);
        tcase_add_test(tcase, test_redis_peer__frozen_server_costs_a_few_calls_their_time);
        tcase_add_test(tcase, test_redis_peer__password_and_database_are_used);
        tcase_add_test(tcase, test_redis_peer__child_does_not_use_what_its_parent_opened);
        tcase_add_test(tcase, test_redis_peer__threads_share_a_small_pool);
    }
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(redis_peer_suite)

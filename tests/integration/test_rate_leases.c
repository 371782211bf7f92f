/* SPDX-License-Identifier: MIT */
/* Invariant I10 over four gateways' limiters that share one Redis: random arrivals and costs,
 * clocks that step, leases on and off, and a Redis that loses its state. In any time t no more is
 * admitted than burst + rate * t, what the gateways may hold ahead (an eighth of a burst each), and
 * a burst for each loss of state. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <aurora/net.h>
#include <aurora/testing.h>

#include "adapters/redis/redis.h"
#include "daemon/rate_lease.h"
#include "redis_test.h"
#include "test.h"

#define GATEWAYS 4
#define ARRIVALS 6000
#define RATE 1000
#define BURST 400
#define SECOND_NS INT64_C(1000000000)

typedef struct {
    char address[REDIS_ADDRESS_BYTES];
    aurora_failing_allocator failing;
    aurora_allocator allocator;
    aurora_limiter_port ports[GATEWAYS];
    aurora__rate_leases *leases[GATEWAYS];
    int64_t clocks_ns[GATEWAYS]; /* what each adds to the true time */
    aurora__rate_store store;
    aurora__rate_rule rule;
    uint64_t asked; /* of Redis */
} fixture;

static void start(fixture *f, int64_t lease_ns)
{
    memset(f, 0, sizeof *f);
    redis_address(f->address, "&timeout=5s");
    aurora_failing_allocator_init(&f->failing, UINT64_MAX, 0);
    aurora_failing_allocator_attach(&f->failing, &f->allocator);
    const aurora_limiter_port_options options = {
        .size = sizeof options, .address = f->address, .allocator = &f->allocator};
    for (int i = 0; i < GATEWAYS; i++) {
        aurora_assert_ok(aurora__redis_limiter_open(&options, &f->ports[i], NULL));
        f->leases[i] = aurora__rate_leases_new((uint64_t)i);
        ck_assert_ptr_nonnull(f->leases[i]);
    }
    f->rule = (aurora__rate_rule){
        .store = &f->store,
        .lease_ns = lease_ns,
        .window_count = 1,
        .windows = {{.rate = {RATE, (uint64_t)SECOND_NS, BURST}, .shared = "i10-1"}}};
}

static void stop(fixture *f)
{
    for (int i = 0; i < GATEWAYS; i++) {
        f->ports[i].close(f->ports[i].self);
        aurora__rate_leases_free(f->leases[i]);
    }
    redis_clean(f->address);
}

/* As rate_admit.c does it: what is known here, else Redis. `now_ns` is the true time, which is
 * Redis' too; a gateway measures spans by a clock of its own. */
static bool admits(fixture *f, int gateway, uint64_t cost, int64_t now_ns)
{
    const aurora__rate_claim claim = {.rule = &f->rule, .cost = cost};
    aurora__rate_ask ask = {.claim = &claim, .key = "k", .key_len = 1};
    int64_t own_ns = now_ns + f->clocks_ns[gateway];
    int verdict = aurora__rate_leases_decide(f->leases[gateway], &ask, 1, own_ns);
    if (verdict != AURORA__RATE_UNKNOWN)
        return verdict == AURORA__RATE_ALLOWED;
    uint64_t extra;
    aurora_limiter_take take = {.policy = "i10-1",
                                .key = "k",
                                .key_len = 1,
                                .tokens = RATE,
                                .per_ns = (uint64_t)SECOND_NS,
                                .burst = BURST,
                                .cost = cost};
    aurora__rate_leases_want(f->leases[gateway], &ask, 1, own_ns, &take.extra);
    f->asked++;
    aurora_assert_ok(aurora__redis_limiter_take_at(f->ports[gateway].self, &take, 1, now_ns / 1000,
                                                   &ask.limit, &extra));
    aurora__rate_leases_note(f->leases[gateway], &ask, 1, &extra, own_ns);
    return ask.limit.is_allowed;
}

/* The bound as a bucket that leaks: its level is the most by which any time until now was
 * exceeded. */
typedef struct {
    double level;
    int64_t last_ns;
} bound;

static double admitted(bound *b, uint64_t cost, int64_t now_ns)
{
    if (now_ns > b->last_ns) {
        b->level -= (double)(now_ns - b->last_ns) * RATE / 1e9;
        b->last_ns = now_ns;
    }
    b->level = (b->level < 0 ? 0 : b->level) + (double)cost;
    return b->level;
}

/* The true time goes on; one gateway's clock may jump, to either side. */
static int64_t step(fixture *f, uint64_t *random, int64_t now_ns)
{
    uint64_t word = aurora_test_random(random);
    if (word % 200 == 0)
        f->clocks_ns[(word >> 8) % GATEWAYS] += (int64_t)(word >> 40) * 50 - INT64_C(400000000);
    if (word % 500 == 1)
        return now_ns + SECOND_NS / 5; /* a rest, in which the bucket fills */
    /* Some 0.13 ms, or in every other second eight times as much: above the rate and below it. */
    int64_t gap_ns = (int64_t)(word >> 46);
    return now_ns + (now_ns / SECOND_NS % 2 == 0 ? gap_ns : 8 * gap_ns) / 1000 * 1000;
}

typedef struct {
    uint64_t tokens, losses, asked, arrivals_admitted;
    double worst;
} outcome;

static outcome run(int64_t lease_ns, bool loses, uint64_t seed)
{
    fixture f;
    outcome o = {0};
    bound b = {0};
    uint64_t random = seed;
    int64_t now_ns = INT64_C(1765000000) * SECOND_NS;
    start(&f, lease_ns);
    for (int i = 0; i < ARRIVALS; i++) {
        uint64_t word = aurora_test_random(&random);
        uint64_t cost = word % 8 == 0 ? (word >> 8) % 6 + 1 : 1;
        /* Most come to one gateway for a while, as a balancer has it. */
        int gateway =
            (int)((word >> 16) % 4 == 0 ? (word >> 24) % GATEWAYS : (unsigned)i / 500 % GATEWAYS);
        now_ns = step(&f, &random, now_ns);
        if (loses && i % 1500 == 1499) {
            redis_clean(f.address);
            o.losses++;
        }
        if (admits(&f, gateway, cost, now_ns)) {
            double level = admitted(&b, cost, now_ns);
            o.worst = level > o.worst ? level : o.worst;
            o.tokens += cost;
            o.arrivals_admitted++;
        }
    }
    o.asked = f.asked;
    stop(&f);
    return o;
}

/* Mutation: take() of src/daemon/rate_lease.c that leaves the tokens where they are. */
START_TEST(test_rate_leases__admit_no_more_than_the_bound)
{
    static const int64_t leases_ns[] = {0, 10000000, 100000000};
    int64_t lease_ns = leases_ns[_i % 3];
    bool loses = _i >= 3;
    uint64_t seed = aurora_test_seed("rate_leases", 31) + (uint64_t)_i;

    outcome o = run(lease_ns, loses, seed);

    double most = BURST * (1.0 + (double)o.losses) + (lease_ns > 0 ? GATEWAYS * BURST / 8.0 : 0);
    ck_assert_msg(o.worst <= most + 2, "%.1f above %.1f with a lease of %lld ns", o.worst, most,
                  (long long)lease_ns);
    ck_assert_uint_gt(o.tokens, BURST);
    ck_assert_uint_lt(o.arrivals_admitted, ARRIVALS);
    if (lease_ns > 10000000)
        ck_assert_uint_lt(o.asked, ARRIVALS * 3 / 4);
}
END_TEST

/* A bucket that is known to be empty costs no round trip. */
START_TEST(test_rate_leases__remember_an_empty_bucket)
{
    fixture f;
    int64_t now_ns = INT64_C(1765000000) * SECOND_NS;
    start(&f, 0);
    ck_assert(admits(&f, 0, BURST, now_ns));
    ck_assert(!admits(&f, 0, 10, now_ns));
    uint64_t asked = f.asked;

    for (int i = 0; i < 100; i++)
        ck_assert(!admits(&f, 0, 10, now_ns + i * 10000));
    ck_assert_uint_eq(f.asked, asked);

    ck_assert(admits(&f, 0, 1, now_ns + 2000000)); /* less than what was refused: it asks */
    ck_assert(admits(&f, 0, 10, now_ns + 20000000));
    stop(&f);
}
END_TEST

/* Mutation: tokens_of() that ignores the time, or a clear that keeps the entries: they are still
 * good. */
START_TEST(test_rate_leases__end_with_their_time)
{
    fixture f;
    aurora__rate_lease_figures figures;
    int64_t now_ns = INT64_C(1765000000) * SECOND_NS;
    start(&f, 100000000);
    for (int i = 0; i < 5; i++)
        ck_assert(admits(&f, 0, 1, now_ns + i * 1000000));
    aurora__rate_leases_read(f.leases[0], &figures);
    ck_assert_uint_gt(figures.taken, figures.used);
    uint64_t asked = f.asked;

    ck_assert(admits(&f, 0, 1, now_ns + 300000000));

    ck_assert_uint_eq(f.asked, asked + 1);

    for (int i = 0; i < 4; i++) /* hot again: the last of these is decided here */
        ck_assert(admits(&f, 0, 1, now_ns + 301000000 + i * 1000000));
    asked = f.asked;
    ck_assert(admits(&f, 0, 1, now_ns + 306000000));
    ck_assert_uint_eq(f.asked, asked);
    aurora__rate_leases_clear(f.leases[0]);
    ck_assert(admits(&f, 0, 1, now_ns + 307000000));
    ck_assert_uint_eq(f.asked, asked + 1);
    stop(&f);
}
END_TEST

static Suite *suite(void)
{
    if (!redis_is_given())
        return NULL;
    Suite *s = suite_create("rate_leases");
    TCase *tc = tcase_create("rate_leases");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, test_rate_leases__admit_no_more_than_the_bound, 0, 6);
    tcase_add_test(tc, test_rate_leases__remember_an_empty_bucket);
    tcase_add_test(tc, test_rate_leases__end_with_their_time);
    suite_add_tcase(s, tc);
    return s;
}

AURORA_TEST_MAIN(suite)

/* SPDX-License-Identifier: MIT */
/* Redis' URLs, and the arithmetic of a rate without a server. */
#include <string.h>

#include <aurora/net.h>

#include "adapters/redis/address.h"
#include "adapters/redis/rate.h"
#include "redis_test.h"

static aurora__redis_address address;
static aurora_error err;

static aurora_status read_address(const char *text)
{
    err = (aurora_error)AURORA_ERROR_INIT;
    return aurora__redis_address_read(text, "cache", &address, &err);
}

START_TEST(test_redis_address__little_is_enough)
{
    aurora_assert_ok(read_address("//redis.example.org"));

    ck_assert_str_eq(address.host, "redis.example.org");
    ck_assert_str_eq(address.port, "6379");
    ck_assert_str_eq(address.prefix, "aurora");
    ck_assert_int_eq(address.timeout_ms, 50);
    ck_assert_uint_eq(address.pool, 4);
    ck_assert_uint_eq(address.database, 0);
    ck_assert(!address.has_password);
}
END_TEST

START_TEST(test_redis_address__has_all_parts)
{
    aurora_assert_ok(
        read_address("//al%3Aice:p%40s:s@[::1]:7000/12?prefix=shop-1&timeout=2s&pool=64"));

    ck_assert_str_eq(address.host, "::1");
    ck_assert_str_eq(address.port, "7000");
    ck_assert_str_eq(address.user, "al:ice");
    ck_assert_str_eq(address.password, "p@s:s");
    ck_assert_uint_eq(address.database, 12);
    ck_assert_str_eq(address.prefix, "shop-1");
    ck_assert_int_eq(address.timeout_ms, 2000);
    ck_assert_uint_eq(address.pool, 64);
}
END_TEST

START_TEST(test_redis_address__what_is_wrong_is_refused)
{
    static const char *const wrong[] = {
        "",           "host",        "//",          "//:6379",          "//h:0",
        "//h:65536",  "//h:x",       "//h/x",       "//h/65536",        "//h#f",
        "//h?pool=0", "//h?pool=65", "//h?timeout", "//h?timeout=6s",   "//h?timeout=0ms",
        "//h?x=1",    "//h?prefix=", "//[::1",      "//h?prefix=a%20b", "//user@h",
        "//u:%4@h",   "//u:%zz@h",   "//u:%00@h",   "//h?prefix={a}",   "//[::1]x:1",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ck_assert_msg(read_address(wrong[i]) == AURORA_EINVAL, "%s is taken", wrong[i]);
        ck_assert_str_eq(err.field, "cache");
        ck_assert_str_ne(err.message, "");
    }
}
END_TEST

/* A message goes to logs and terminals. */
START_TEST(test_redis_address__message_shows_no_password)
{
    aurora_assert_status(read_address("//user:hunter2@h:0"), AURORA_EINVAL);
    ck_assert_ptr_null(strstr(err.message, "hunter2"));
}
END_TEST

/* 7 a second: a period of 15,625 us has 29,360,128 units, of which a token is 2^28. */
START_TEST(test_redis_rate__period_is_the_least_with_whole_units)
{
    aurora__rate rate;

    aurora_assert_ok(aurora__rate_init(&rate, 14, 2000000000, 10));

    ck_assert_uint_eq(rate.tokens, 7);
    ck_assert_uint_eq(rate.per_ns, 1000000000);
    ck_assert_int_eq(rate.micros, 15625);
    ck_assert_int_eq(rate.units, 29360128);
    ck_assert_uint_eq(rate.token_units, UINT64_C(1) << 28);
    aurora__rate_time ten = aurora__rate_tokens(&rate, 10);
    ck_assert_int_eq(ten.periods * rate.units + ten.units, INT64_C(10) << 28);
}
END_TEST

START_TEST(test_redis_rate__stays_within_what_a_script_holds)
{
    uint64_t random = aurora_test_seed("redis_rate", 1);
    aurora__rate rate;

    for (int i = 0; i < 100000; i++) {
        uint64_t per_ns = 1 + (aurora_test_random(&random) >> (4 + i % 60)) % 1000000000000000000;
        uint64_t tokens = 1 + aurora_test_random(&random) % per_ns;
        aurora_status rc = aurora__rate_init(&rate, tokens, per_ns, 1);
        ck_assert(rc == AURORA_OK || (rc == AURORA_ENOTSUP && per_ns > INT64_C(1) << 40));
        if (rc != AURORA_OK)
            continue;
        ck_assert_int_ge(rate.micros, 1);
        ck_assert_int_le(rate.micros, INT64_C(1) << 40);
        ck_assert_int_ge(rate.units, 1);
        ck_assert_int_lt(rate.units, INT64_C(1) << 52);
    }
}
END_TEST

static Suite *redis_address_suite(void)
{
    Suite *suite = suite_create("redis_address");
    TCase *tcase = tcase_create("redis_address");
    tcase_add_test(tcase, test_redis_address__little_is_enough);
    tcase_add_test(tcase, test_redis_address__has_all_parts);
    tcase_add_test(tcase, test_redis_address__what_is_wrong_is_refused);
    tcase_add_test(tcase, test_redis_address__message_shows_no_password);
    tcase_add_test(tcase, test_redis_rate__period_is_the_least_with_whole_units);
    tcase_add_test(tcase, test_redis_rate__stays_within_what_a_script_holds);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(redis_address_suite)

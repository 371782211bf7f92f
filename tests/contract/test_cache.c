/* SPDX-License-Identifier: MIT */
/* The cache contract: what is put is there until its time is over, and nothing older than what was
 * seen is ever kept. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache_fixture.h"

START_TEST(test_cache__gives_what_was_put)
{
    cache_fixture f;
    const aurora_cache_value *value;
    cache_start(&f, _i);
    ck_assert(cache_has(&f, "a", NULL));

    aurora_assert_ok(cache_put(&f, "a", "apple", 7, 0));

    aurora_assert_ok(f.port.get(f.port.self, "a", 1, &value));
    ck_assert_str_eq(value->bytes, "apple");
    ck_assert_uint_eq(value->len, 5);
    ck_assert_uint_eq(value->version, 7);
    ck_assert_uint_eq(value->is_absent, 0);
    ck_assert(cache_has(&f, "b", NULL));
    ck_assert(cache_has(&f, "aa", NULL));
    aurora_cache_value_free(value);
    cache_stop(&f);
}
END_TEST

START_TEST(test_cache__keeps_any_bytes_and_an_absence)
{
    cache_fixture f;
    const aurora_cache_value *value, *found;
    cache_start(&f, _i);

    aurora_assert_ok(aurora_cache_value_new(&f.allocator, "x\0y", 3, 1, 0, &value));
    aurora_cache_entry entry = {.size = sizeof entry, .value = value, .ttl_ms = 1000};
    aurora_assert_ok(f.port.put(f.port.self, "bytes", 5, &entry));
    aurora_cache_value_free(value);
    aurora_assert_ok(aurora_cache_value_new(&f.allocator, NULL, 0, 2, 1, &value));
    entry.value = value;
    aurora_assert_ok(f.port.put(f.port.self, "absent", 6, &entry));
    aurora_cache_value_free(value);

    aurora_assert_ok(f.port.get(f.port.self, "bytes", 5, &found));
    ck_assert_uint_eq(found->len, 3);
    ck_assert_mem_eq(found->bytes, "x\0y", 4);
    aurora_cache_value_free(found);
    aurora_assert_ok(f.port.get(f.port.self, "absent", 6, &found));
    ck_assert_uint_eq(found->is_absent, 1);
    ck_assert_uint_eq(found->version, 2);
    aurora_cache_value_free(found);
    cache_stop(&f);
}
END_TEST

START_TEST(test_cache__longest_key_and_largest_value_fit)
{
    cache_fixture f;
    char key[AURORA_CACHE_KEY_BYTES_MAX + 1];
    char *text = malloc(AURORA_CACHE_VALUE_BYTES_MAX + 1);
    cache_start(&f, _i);
    memset(key, 'k', sizeof key - 1);
    key[sizeof key - 1] = '\0';
    memset(text, 'v', AURORA_CACHE_VALUE_BYTES_MAX);
    text[AURORA_CACHE_VALUE_BYTES_MAX] = '\0';

    aurora_assert_ok(cache_put(&f, key, text, 1, 0));

    ck_assert(cache_has(&f, key, text));
    free(text);
    cache_stop(&f);
}
END_TEST

START_TEST(test_cache__value_goes_when_its_time_is_over)
{
    cache_fixture f;
    cache_start(&f, _i);
    aurora_assert_ok(cache_put(&f, "a", "apple", 1, 0));

    cache_advance(&f, CACHE_TTL_MS - 1 - f.slack_ms);
    ck_assert(cache_has(&f, "a", "apple"));
    cache_advance(&f, 1 + f.slack_ms);
    ck_assert(cache_has(&f, "a", NULL));

    cache_stop(&f);
}
END_TEST

START_TEST(test_cache__newer_put_replaces_an_older_one)
{
    cache_fixture f;
    cache_start(&f, _i);
    aurora_assert_ok(cache_put(&f, "a", "five", 5, 0));

    aurora_assert_ok(cache_put(&f, "a", "six", 6, 0));
    ck_assert(cache_has(&f, "a", "six"));
    aurora_assert_ok(cache_put(&f, "a", "six again", 6, 0));
    ck_assert(cache_has(&f, "a", "six again"));

    cache_stop(&f);
}
END_TEST

START_TEST(test_cache__older_put_is_refused)
{
    cache_fixture f;
    cache_start(&f, _i);
    aurora_assert_ok(cache_put(&f, "a", "five", 5, 0));
    cache_advance(&f, 10);

    aurora_assert_status(cache_put(&f, "a", "four", 4, 0), AURORA_ECONFLICT);

    ck_assert(cache_has(&f, "a", "five"));
    cache_stop(&f);
}
END_TEST

START_TEST(test_cache__drop_takes_an_older_value_and_leaves_a_newer_one)
{
    cache_fixture f;
    cache_start(&f, _i);
    aurora_assert_ok(cache_put(&f, "a", "five", 5, 0));
    aurora_assert_ok(cache_put(&f, "b", "nine", 9, 0));

    cache_drop(&f, "a", 6);
    cache_drop(&f, "b", 6);

    ck_assert(cache_has(&f, "a", NULL));
    ck_assert(cache_has(&f, "b", "nine"));
    cache_stop(&f);
}
END_TEST

START_TEST(test_cache__load_that_a_drop_overtook_is_refused)
{
    cache_fixture f;
    cache_start(&f, _i);

    cache_drop(&f, "a", 6);

    aurora_assert_status(cache_put(&f, "a", "five", 5, 100), AURORA_ECONFLICT);
    ck_assert(cache_has(&f, "a", NULL));
    aurora_assert_ok(cache_put(&f, "a", "six", 6, 100));
    ck_assert(cache_has(&f, "a", "six"));
    cache_stop(&f);
}
END_TEST

START_TEST(test_cache__lower_drop_after_a_higher_one_changes_nothing)
{
    cache_fixture f;
    cache_start(&f, _i);

    cache_drop(&f, "a", 6);
    cache_drop(&f, "a", 3);

    aurora_assert_status(cache_put(&f, "a", "five", 5, 0), AURORA_ECONFLICT);
    aurora_assert_ok(cache_put(&f, "a", "six", 6, 0));
    cache_stop(&f);
}
END_TEST

/* A load may outlast whatever the cache remembers of the drop. */
START_TEST(test_cache__load_of_an_hour_is_refused_after_a_drop)
{
    cache_fixture f;
    cache_start(&f, _i);
    int64_t hour_ms = 3600000;
    cache_advance(&f, 1000);

    cache_drop(&f, "a", 6);
    cache_advance(&f, hour_ms);
    ck_assert(cache_has(&f, "a", NULL));

    aurora_assert_status(cache_put(&f, "a", "five", 5, hour_ms + 500), AURORA_ECONFLICT);
    aurora_assert_ok(cache_put(&f, "a", "loaded since", 7, 10));
    cache_stop(&f);
}
END_TEST

START_TEST(test_cache__without_versions_the_time_of_the_load_decides)
{
    cache_fixture f;
    cache_start(&f, _i);
    aurora_assert_ok(cache_put(&f, "a", "first", 0, 0));
    cache_advance(&f, 100);

    cache_drop(&f, "a", 0);

    ck_assert(cache_has(&f, "a", NULL));
    cache_advance(&f, 100);
    ck_assert(cache_has(&f, "a", NULL));
    int64_t before_ms = 100 + f.slack_ms;
    aurora_assert_status(cache_put(&f, "a", "began before", 0, before_ms), AURORA_ECONFLICT);
    aurora_assert_status(cache_put(&f, "a", "began before", 9, before_ms + 50), AURORA_ECONFLICT);
    aurora_assert_ok(cache_put(&f, "a", "began after", 0, 99));
    ck_assert(cache_has(&f, "a", "began after"));
    cache_stop(&f);
}
END_TEST

/* Many more than fit: whatever is there is right, and a reader's value outlives its eviction. */
START_TEST(test_cache__what_made_room_is_a_miss_and_never_wrong)
{
    cache_fixture f;
    enum { COUNT = 4000, BYTES = 16000 };
    char *text = malloc(BYTES + 1);
    const aurora_cache_value *held;
    uint32_t found = 0;
    cache_start(&f, _i);
    memset(text, 'x', BYTES);
    text[BYTES] = '\0';
    aurora_assert_ok(cache_put(&f, "held", "kept by a reader", 1, 0));
    aurora_assert_ok(f.port.get(f.port.self, "held", 4, &held));

    for (int i = 0; i < COUNT; i++) {
        char key[32];
        snprintf(key, sizeof key, "key-%d", i);
        memcpy(text, key, strlen(key));
        cache_advance(&f, 1);
        aurora_assert_ok(cache_put(&f, key, text, 1, 0));
    }

    for (int i = 0; i < COUNT; i++) {
        char key[32];
        const aurora_cache_value *value;
        snprintf(key, sizeof key, "key-%d", i);
        if (f.port.get(f.port.self, key, strlen(key), &value) != AURORA_OK)
            continue;
        found++;
        ck_assert_mem_eq(value->bytes, key, strlen(key));
        aurora_cache_value_free(value);
    }
    ck_assert_uint_gt(found, 100);
    ck_assert_str_eq(held->bytes, "kept by a reader");
    aurora_cache_value_free(held);
    free(text);
    cache_stop(&f);
}
END_TEST

static Suite *cache_suite(void)
{
    Suite *suite = suite_create("cache");
    TCase *tcase = tcase_create("cache");
    tcase_set_timeout(tcase, 60);
    cache_add_test(tcase, test_cache__gives_what_was_put);
    cache_add_test(tcase, test_cache__keeps_any_bytes_and_an_absence);
    cache_add_test(tcase, test_cache__longest_key_and_largest_value_fit);
    cache_add_test(tcase, test_cache__value_goes_when_its_time_is_over);
    cache_add_test(tcase, test_cache__newer_put_replaces_an_older_one);
    cache_add_test(tcase, test_cache__older_put_is_refused);
    cache_add_test(tcase, test_cache__drop_takes_an_older_value_and_leaves_a_newer_one);
    cache_add_test(tcase, test_cache__load_that_a_drop_overtook_is_refused);
    cache_add_test(tcase, test_cache__lower_drop_after_a_higher_one_changes_nothing);
    cache_add_test(tcase, test_cache__load_of_an_hour_is_refused_after_a_drop);
    cache_add_test(tcase, test_cache__without_versions_the_time_of_the_load_decides);
    cache_add_test(tcase, test_cache__what_made_room_is_a_miss_and_never_wrong);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(cache_suite)

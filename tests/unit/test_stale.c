/* SPDX-License-Identifier: MIT */
/* The answers that the gateway keeps for the time when there are no others. */
#include "gateway/stale.h"

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_NS INT64_C(1000000000)
#define DAY_NS (24 * 3600 * SECOND_NS)

static void put(aurora__stale *stale, const char *key, const char *body, int64_t now_ns)
{
    aurora__stale_put(stale, key, body, strlen(body), now_ns);
}

/* Whether that is what is kept; NULL = nothing is. */
static void assert_kept(aurora__stale *stale, const char *key, int64_t now_ns, const char *body)
{
    size_t len = 0;
    uint32_t age_s;
    char *got = aurora__stale_get(stale, key, now_ns, &len, &age_s);
    ck_assert((got == NULL) == (body == NULL));
    if (body != NULL)
        ck_assert(len == strlen(body) && memcmp(got, body, len) == 0);
    free(got);
}

START_TEST(test_stale__gives_the_last_that_was_kept_and_its_age)
{
    aurora__stale *stale = aurora__stale_new();
    size_t len;
    uint32_t age_s = 0;
    put(stale, "/a", "one", 0);
    put(stale, "/a", "two", 5 * SECOND_NS);

    char *got = aurora__stale_get(stale, "/a", 12 * SECOND_NS, &len, &age_s);

    ck_assert_ptr_nonnull(got);
    ck_assert(len == 3 && memcmp(got, "two", 3) == 0);
    ck_assert_uint_eq(age_s, 7);
    assert_kept(stale, "/b", 12 * SECOND_NS, NULL);
    assert_kept(stale, "", 12 * SECOND_NS, NULL);
    free(got);
    aurora__stale_free(stale);
}
END_TEST

START_TEST(test_stale__forgets_after_a_day)
{
    aurora__stale *stale = aurora__stale_new();
    put(stale, "/a", "one", SECOND_NS);

    assert_kept(stale, "/a", SECOND_NS + DAY_NS, "one");
    assert_kept(stale, "/a", SECOND_NS + DAY_NS + 1, NULL);
    aurora__stale_free(stale);
}
END_TEST

/* Mutation: without is_plain in oldest() anybody pushes out what most clients ask for. */
START_TEST(test_stale__odd_queries_push_out_each_other_alone)
{
    aurora__stale *stale = aurora__stale_new();
    aurora__stale_figures figures;
    char key[32];
    put(stale, "/popular", "plain", 0);

    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "/popular?limit=%d", i);
        put(stale, key, "x", (i + 1) * SECOND_NS);
    }

    aurora__stale_read(stale, &figures);
    ck_assert_uint_eq(figures.kept, 64);
    assert_kept(stale, "/popular", 1000 * SECOND_NS, "plain");
    assert_kept(stale, "/popular?limit=999", 1000 * SECOND_NS, "x");
    assert_kept(stale, "/popular?limit=1", 1000 * SECOND_NS, NULL);
    aurora__stale_free(stale);
}
END_TEST

START_TEST(test_stale__keeps_nothing_that_is_too_long)
{
    aurora__stale *stale = aurora__stale_new();
    char *body = calloc(1, 65537);
    char key[AURORA__STALE_KEY_BYTES + 1];
    memset(key, 'k', sizeof key - 1);
    key[sizeof key - 1] = '\0';

    aurora__stale_put(stale, "/a", body, 65537, 0);
    put(stale, key, "x", 0);
    put(stale, "/empty", "", 0);

    assert_kept(stale, "/a", 0, NULL);
    assert_kept(stale, key, 0, NULL);
    assert_kept(stale, "/empty", 0, NULL);
    free(body);
    aurora__stale_free(stale);
}
END_TEST

static Suite *stale_suite(void)
{
    Suite *suite = suite_create("stale");
    TCase *tcase = tcase_create("kept");
    tcase_add_test(tcase, test_stale__gives_the_last_that_was_kept_and_its_age);
    tcase_add_test(tcase, test_stale__forgets_after_a_day);
    tcase_add_test(tcase, test_stale__odd_queries_push_out_each_other_alone);
    tcase_add_test(tcase, test_stale__keeps_nothing_that_is_too_long);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(stale_suite)

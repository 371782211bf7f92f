/* SPDX-License-Identifier: MIT */
/* What a program can ask the library about itself: its release, what it was built with, and all
 * that a status can be. */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include <aurora/aurora.h>

#include "test.h"

START_TEST(test_version__library_and_headers_are_of_one_release)
{
    char text[32];

    snprintf(text, sizeof text, "%d.%d.%d", AURORA_VERSION_MAJOR, AURORA_VERSION_MINOR,
             AURORA_VERSION_PATCH);

    ck_assert_str_eq(AURORA_VERSION, text);
    ck_assert_str_eq(aurora_version(), text);
    ck_assert_uint_eq(aurora_version_number(), AURORA_VERSION_NUMBER);
}
END_TEST

START_TEST(test_version__features_are_sorted_and_have_all_their_texts)
{
    uint32_t count = 0;
    const aurora_feature *table = aurora_feature_table(&count);

    ck_assert_uint_gt(count, 0);
    for (uint32_t i = 0; i < count; i++) {
        ck_assert_uint_gt(strlen(table[i].value), 0);
        ck_assert_uint_gt(strlen(table[i].help), 0);
        ck_assert(aurora_feature_is_built(table[i].name, table[i].value));
        if (i == 0)
            continue;
        int order = strcmp(table[i - 1].name, table[i].name);
        ck_assert(order < 0 || (order == 0 && strcmp(table[i - 1].value, table[i].value) < 0));
    }
}
END_TEST

START_TEST(test_version__sqlite_is_the_one_that_is_linked)
{
    ck_assert(aurora_feature_is_built("sqlite", sqlite3_libversion()));
    ck_assert(aurora_feature_is_built("sqlite_headers", SQLITE_VERSION));
}
END_TEST

START_TEST(test_version__what_is_not_in_the_table_is_not_built)
{
    ck_assert(!aurora_feature_is_built("store", "postgresql"));
    ck_assert(!aurora_feature_is_built("shop", "memory"));
    ck_assert(!aurora_feature_is_built(NULL, "memory"));
    ck_assert(!aurora_feature_is_built("store", NULL));
}
END_TEST

static aurora_status check_scheme(const char *setting, const char *scheme)
{
    char text[64];
    const char *settings[] = {text};

    if (strcmp(setting, "store") == 0) {
        snprintf(text, sizeof text, "%s:%s", scheme, strcmp(scheme, "sqlite") == 0 ? "x.db" : "");
        return aurora_open_check(text, NULL, NULL);
    }
    snprintf(text, sizeof text, "%s=%s:", setting, scheme);
    return aurora_open_check("memory:", AURORA_OPTIONS(.settings = settings, .setting_count = 1),
                             NULL);
}

/* A feature that is named as a setting or as "store" is a scheme of its URL. */
START_TEST(test_version__each_scheme_of_the_table_opens)
{
    static const char *const names[] = {"store", "bus", "notify", "payment", "search"};
    uint32_t count = 0;
    const aurora_feature *table = aurora_feature_table(&count);

    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        int found = 0;
        for (uint32_t i = 0; i < count; i++) {
            if (strcmp(table[i].name, names[n]) != 0)
                continue;
            ck_assert_msg(check_scheme(names[n], table[i].value) == AURORA_OK, "%s %s:", names[n],
                          table[i].value);
            found++;
        }
        ck_assert_msg(found > 0, "%s", names[n]);
        ck_assert_int_lt(check_scheme(names[n], "nosuch"), 0);
    }
}
END_TEST

START_TEST(test_version__the_cache_of_the_table_opens)
{
    aurora_cache *cache = NULL;

    ck_assert(aurora_feature_is_built("cache", "memory"));
    aurora_assert_ok(aurora_cache_open("memory:", NULL, &cache, NULL));
    aurora_cache_close(cache);
}
END_TEST

static bool is_class(int32_t class_of)
{
    return class_of == AURORA_CLASS_USAGE || class_of == AURORA_CLASS_RETRIABLE ||
           class_of == AURORA_CLASS_FATAL;
}

START_TEST(test_version__each_status_has_its_row)
{
    uint32_t count = 0;
    const aurora_status_info *table = aurora_status_table(&count);

    for (uint32_t i = 0; i < count; i++) {
        ck_assert_int_eq(table[i].status, -(int32_t)i);
        ck_assert_ptr_eq(table[i].name, aurora_status_name(table[i].status));
        ck_assert_ptr_eq(table[i].text, aurora_status_text(table[i].status));
        ck_assert_uint_gt(strlen(table[i].text), 0);
        ck_assert_int_eq(strncmp(table[i].name, "AURORA_", 7), 0);
        ck_assert(aurora_status_is_retriable(table[i].status) ==
                  (table[i].class_of == AURORA_CLASS_RETRIABLE));
        if (i == 0)
            continue;
        ck_assert(is_class(table[i].class_of));
        ck_assert_int_ge(table[i].http_status, 400);
        ck_assert_int_le(table[i].http_status, 599);
    }
    ck_assert_int_eq(table[0].class_of, AURORA_CLASS_NONE);
    ck_assert_int_eq(table[0].http_status, 200);
}
END_TEST

#define COUNT_ONE(name, value, class, http, text) +1

START_TEST(test_version__the_table_of_statuses_is_whole_and_ends)
{
    uint32_t count = 0;

    aurora_status_table(&count);

    ck_assert_uint_eq(count, 0 AURORA_STATUS_LIST(COUNT_ONE));
    ck_assert_str_eq(aurora_status_name(-(int32_t)count), "AURORA_UNKNOWN");
    ck_assert_str_eq(aurora_status_name(1), "AURORA_UNKNOWN");
    ck_assert(!aurora_status_is_retriable(-(int32_t)count));
}
END_TEST

START_TEST(test_version__each_setting_is_found_by_the_name_that_the_table_gives)
{
    uint32_t count = 0;
    const aurora_setting_info *table = aurora_setting_table(&count);

    ck_assert_uint_gt(count, 0);
    for (uint32_t i = 0; i < count; i++) {
        ck_assert_ptr_eq(aurora_setting_find(table[i].name, strlen(table[i].name)), &table[i]);
        ck_assert_uint_gt(strlen(aurora_setting_kind_name(table[i].kind)), 0);
        ck_assert_uint_gt(strlen(table[i].help), 0);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("version");
    TCase *tc = tcase_create("version");
    tcase_add_test(tc, test_version__library_and_headers_are_of_one_release);
    tcase_add_test(tc, test_version__features_are_sorted_and_have_all_their_texts);
    tcase_add_test(tc, test_version__sqlite_is_the_one_that_is_linked);
    tcase_add_test(tc, test_version__what_is_not_in_the_table_is_not_built);
    tcase_add_test(tc, test_version__each_scheme_of_the_table_opens);
    tcase_add_test(tc, test_version__the_cache_of_the_table_opens);
    tcase_add_test(tc, test_version__each_status_has_its_row);
    tcase_add_test(tc, test_version__the_table_of_statuses_is_whole_and_ends);
    tcase_add_test(tc, test_version__each_setting_is_found_by_the_name_that_the_table_gives);
    suite_add_tcase(s, tc);
    return s;
}

AURORA_TEST_MAIN(suite)

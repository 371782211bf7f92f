/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "api/setting.h"
#include "test.h"

static const aurora_setting_info *find(const char *name)
{
    const aurora_setting_info *info = aurora_setting_find(name, strlen(name));
    ck_assert_msg(info != NULL, "%s", name);
    return info;
}

static aurora_status put(aurora__settings *settings, const char *text, aurora_error *err)
{
    aurora__assignment assignment;
    aurora_status rc = aurora__assignment_read(&assignment, text, err);
    return rc == AURORA_OK ? aurora__settings_put(settings, &assignment, err) : rc;
}

static void assert_number(const char *name, const char *text, int64_t expected)
{
    int64_t number = -1;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status rc = aurora_setting_parse(find(name), text, &number, &err);
    ck_assert_msg(rc == AURORA_OK, "%s=%s: %s", name, text, err.message);
    ck_assert_int_eq(number, expected);
}

static void assert_message(const char *name, const char *text, const char *message)
{
    aurora_error err = AURORA_ERROR_INIT;
    aurora_assert_status(aurora_setting_parse(find(name), text, NULL, &err), AURORA_EINVAL);
    ck_assert_str_eq(err.field, name);
    ck_assert_str_eq(err.message, message);
}

START_TEST(test_setting__table_is_sorted_and_every_default_keeps_its_rule)
{
    uint32_t count;
    const aurora_setting_info *table = aurora_setting_table(&count);

    ck_assert_uint_gt(count, 20);
    for (uint32_t i = 0; i < count; i++) {
        aurora_error err = AURORA_ERROR_INIT;
        aurora_status rc = aurora_setting_parse(&table[i], table[i].default_text, NULL, &err);
        ck_assert_msg(rc == AURORA_OK, "%s: %s", table[i].name, err.message);
        ck_assert_uint_eq(strspn(table[i].name, "abcdefghijklmnopqrstuvwxyz_"),
                          strlen(table[i].name));
        ck_assert(strlen(table[i].help) > 10 && strchr(table[i].help, '.') != NULL);
        ck_assert(aurora_setting_kind_name(table[i].kind)[0] != '\0');
        if (i > 0)
            ck_assert_int_lt(strcmp(table[i - 1].name, table[i].name), 0);
    }
}
END_TEST

START_TEST(test_setting__every_row_of_a_handle_can_be_put)
{
    uint32_t count;
    const aurora_setting_info *table = aurora_setting_table(&count);
    aurora__settings settings;
    aurora__settings_init(&settings);

    for (uint32_t i = 0; i < count; i++) {
        char text[512];
        snprintf(text, sizeof text, "%s=%s", table[i].name, table[i].default_text);
        bool is_daemon = (table[i].flags & AURORA_SETTING_DAEMON) != 0;

        aurora_status rc = put(&settings, text, NULL);

        ck_assert_msg(rc == (is_daemon ? AURORA_EINVAL : AURORA_OK), "%s", text);
    }
}
END_TEST

START_TEST(test_setting__defaults_are_the_documented_ones)
{
    aurora__settings settings;

    aurora__settings_init(&settings);

    ck_assert_int_eq(settings.policy.order_deadline_ms, 300000);
    ck_assert_int_eq(settings.policy.late_grace_ms, 60000);
    ck_assert_int_eq(settings.policy.resend_first_ms, 10000);
    ck_assert_int_eq(settings.policy.resend_max_ms, 600000);
    ck_assert_int_eq(settings.policy.attempts_max, 20);
    ck_assert_int_eq(settings.policy.park_after_ms, 900000);
    ck_assert_int_eq(settings.policy.park_attempts_min, 5);
    ck_assert_int_eq(settings.policy.provider, AURORA__PROVIDER_SIMULATOR);
    ck_assert_uint_eq(settings.policy.modules, AURORA__MODULE_ALL);
    ck_assert_int_eq(settings.log_max_bytes, INT64_C(1) << 30);
    ck_assert_int_eq(settings.log_keep_ms, 86400000);
    ck_assert_int_eq(settings.consumer_keep_ms, INT64_C(168) * 3600000);
    ck_assert_int_eq(settings.queue_commands_max, 8192);
    ck_assert_int_eq(settings.batch_commands_max, 1024);
    ck_assert_int_eq(settings.trending_capacity, 4096);
    ck_assert_int_eq(settings.related_skus, 4096);
    ck_assert_int_eq(settings.notifier, AURORA__NOTIFIER_LOG);
    ck_assert(settings.has_search);
    aurora_assert_ok(aurora__settings_check(&settings, NULL));
}
END_TEST

START_TEST(test_setting__durations_have_a_unit)
{
    assert_number("order_wait", "250ms", 250);
    assert_number("order_wait", "0s", 0);
    assert_number("order_deadline", "90s", 90000);
    assert_number("order_deadline", "5m", 300000);
    assert_number("log_keep", "24h", 86400000);
    assert_number("log_keep", "7d", INT64_C(7) * 86400000);
    assert_message("order_wait", "5",
                   "must be a whole number and ms, s, m, h or d, 0ms to 30s, is \"5\"");
    assert_message("order_wait", "-1s",
                   "must be a whole number and ms, s, m, h or d, 0ms to 30s, is \"-1s\"");
    assert_message("order_wait", "1.5s",
                   "must be a whole number and ms, s, m, h or d, 0ms to 30s, is \"1.5s\"");
    assert_message("order_wait", "31s", "must be 0ms to 30s, is \"31s\"");
    assert_message("order_wait", "99999999999999999999s",
                   "must be a whole number and ms, s, m, h or d, 0ms to 30s, "
                   "is \"99999999999999999999s\"");
}
END_TEST

START_TEST(test_setting__integers_may_have_a_size)
{
    assert_number("log_max_bytes", "1GiB", INT64_C(1) << 30);
    assert_number("log_max_bytes", "1048576", 1048576);
    assert_number("log_max_bytes", "2048KiB", 2097152);
    assert_message("batch_max", "0", "must be 1 to 1024, is \"0\"");
    assert_message("batch_max", "1GB",
                   "must be a whole number, also with KiB, MiB or GiB, 1 to 1024, is \"1GB\"");
    aurora_assert_status(
        aurora_setting_parse(find("log_max_bytes"), "9223372036854775807GiB", NULL, NULL),
        AURORA_EINVAL);
}
END_TEST

START_TEST(test_setting__bools_are_words)
{
    aurora_setting_info info = {
        .name = "flag", .kind = AURORA_SETTING_BOOL, .default_text = "false"};
    int64_t number = -1;

    aurora_assert_ok(aurora_setting_parse(&info, "true", &number, NULL));
    ck_assert_int_eq(number, 1);
    aurora_assert_ok(aurora_setting_parse(&info, "false", &number, NULL));
    ck_assert_int_eq(number, 0);
    aurora_assert_status(aurora_setting_parse(&info, "1", &number, NULL), AURORA_EINVAL);
}
END_TEST

START_TEST(test_setting__secret_is_not_repeated_in_the_message)
{
    aurora_setting_info info = {.name = "key",
                                .kind = AURORA_SETTING_URL,
                                .flags = AURORA_SETTING_SECRET,
                                .default_text = "a:"};
    aurora_error err = AURORA_ERROR_INIT;

    aurora_assert_status(aurora_setting_parse(&info, "hunter2", NULL, &err), AURORA_EINVAL);

    ck_assert_ptr_null(strstr(err.message, "hunter2"));
}
END_TEST

/* The message is one line. */
START_TEST(test_setting__a_value_of_several_lines_is_not_repeated)
{
    assert_message("batch_max", "3\n4",
                   "must be a whole number, also with KiB, MiB or GiB, 1 to 1024");
}
END_TEST

START_TEST(test_setting__url_has_a_scheme)
{
    assert_message("payment", "simulator", "must be a URL, scheme:rest, is \"simulator\"");
    assert_message("payment", "", "must be a URL, scheme:rest, is \"\"");
    aurora_assert_ok(aurora_setting_parse(find("otlp"), "", NULL, NULL));
    aurora_assert_ok(aurora_setting_parse(find("store"), "postgresql://h/d", NULL, NULL));
}
END_TEST

START_TEST(test_setting__unknown_name_gets_the_nearest)
{
    ck_assert_str_eq(aurora_setting_nearest("order_dedline"), "order_deadline");
    ck_assert_str_eq(aurora_setting_nearest("--order-deadline" + 2), "order_deadline");
    ck_assert_str_eq(aurora_setting_nearest("ORDER_WAIT"), "order_wait");
    ck_assert_str_eq(aurora_setting_nearest("paymnt"), "payment");
    ck_assert_ptr_null(aurora_setting_nearest("frobnicate"));
    ck_assert_ptr_null(aurora_setting_nearest(""));
    ck_assert_ptr_null(
        aurora_setting_nearest("a_name_that_is_much_longer_than_any_of_ours_order_deadline"));
}
END_TEST

START_TEST(test_setting__find_takes_the_whole_name)
{
    ck_assert_ptr_nonnull(aurora_setting_find("payment=none:", 7));
    ck_assert_ptr_null(aurora_setting_find("payment", 6));
    ck_assert_ptr_null(aurora_setting_find("payments", 8));
}
END_TEST

START_TEST(test_setting__assignment_errors_name_the_setting)
{
    aurora__settings settings;
    aurora_error err = AURORA_ERROR_INIT;
    aurora__settings_init(&settings);

    aurora_assert_status(put(&settings, "order_dedline=5m", &err), AURORA_EINVAL);
    ck_assert_str_eq(err.field, "order_dedline");
    ck_assert_str_eq(err.message, "is not a setting; the nearest is order_deadline");
    aurora_assert_status(put(&settings, "listen=:80", &err), AURORA_EINVAL);
    ck_assert_str_eq(err.field, "listen");
    ck_assert_str_eq(err.message, "is a setting of the daemons, not of a handle");
    aurora_assert_status(put(&settings, "order_wait", &err), AURORA_EINVAL);
    ck_assert_str_eq(err.field, "settings");
    aurora_assert_status(put(&settings, "=5", &err), AURORA_EINVAL);
    aurora_assert_status(put(&settings, NULL, &err), AURORA_EINVAL);
}
END_TEST

START_TEST(test_setting__modules_are_a_set)
{
    aurora__settings settings;
    aurora_error err = AURORA_ERROR_INIT;
    aurora__settings_init(&settings);

    aurora_assert_ok(put(&settings, "modules=payment,order", &err));
    ck_assert_uint_eq(settings.policy.modules, AURORA__MODULE_PAYMENT | AURORA__MODULE_ORDER);
    aurora_assert_status(put(&settings, "modules=order,orders", &err), AURORA_EINVAL);
    ck_assert_str_eq(err.field, "modules");
    ck_assert_ptr_nonnull(strstr(err.message, "\"orders\""));
    aurora_assert_status(put(&settings, "modules=order,order", &err), AURORA_EINVAL);
    aurora_assert_status(put(&settings, "modules=order,", &err), AURORA_EINVAL);
    aurora_assert_status(put(&settings, "modules=", &err), AURORA_EINVAL);
}
END_TEST

START_TEST(test_setting__simulator_takes_its_query)
{
    aurora__settings settings;
    aurora__settings_init(&settings);
    const aurora__policy *policy = &settings.policy;

    aurora_assert_ok(put(&settings,
                         "payment=simulator:?seed=18446744073709551615&decline=0.05&latency_ms=20",
                         NULL));
    ck_assert_uint_eq(policy->simulator_seed, UINT64_MAX);
    ck_assert_int_eq(policy->simulator_decline_ppm, 50000);
    ck_assert_int_eq(policy->simulator_latency_ms, 20);
    aurora_assert_ok(put(&settings, "payment=simulator:?seed=&decline=1&latency_ms=", NULL));
    ck_assert_uint_eq(policy->simulator_seed, 0);
    ck_assert_int_eq(policy->simulator_decline_ppm, 1000000);
    ck_assert_int_eq(policy->simulator_latency_ms, 0);
}
END_TEST

START_TEST(test_setting__bad_simulator_query_changes_nothing)
{
    static const char *const bad[] = {
        "payment=simulator:?decline=1.1",
        "payment=simulator:?decline=.5",
        "payment=simulator:?decline=-0.1",
        "payment=simulator:?decline=0.1234567",
        "payment=simulator:?decline=1.000001",
        "payment=simulator:?seed=x",
        "payment=simulator:?seed=18446744073709551616",
        "payment=simulator:?latency_ms=1s",
        "payment=simulator:?latency=1",
        "payment=simulator:?seed",
        "payment=simulator:seed=1",
    };
    aurora__settings settings;
    aurora_error err = AURORA_ERROR_INIT;
    aurora__settings_init(&settings);
    aurora_assert_ok(put(&settings, "payment=simulator:?seed=7&decline=0.5", NULL));

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_msg(put(&settings, bad[i], &err) == AURORA_EINVAL, "%s", bad[i]);
        ck_assert_str_eq(err.field, "payment");
    }
    ck_assert_uint_eq(settings.policy.simulator_seed, 7);
    ck_assert_int_eq(settings.policy.simulator_decline_ppm, 500000);
}
END_TEST

START_TEST(test_setting__adapters_that_are_not_here_are_not_supported)
{
    aurora__settings settings;
    aurora__settings_init(&settings);

    aurora_assert_ok(put(&settings, "payment=none:", NULL));
    ck_assert_int_eq(settings.policy.provider, AURORA__PROVIDER_TASKS);
    aurora_assert_ok(put(&settings, "notify=none:", NULL));
    ck_assert_int_eq(settings.notifier, AURORA__NOTIFIER_TASKS);
    aurora_assert_ok(put(&settings, "search=none:", NULL));
    ck_assert(!settings.has_search);
    aurora_assert_status(put(&settings, "payment=stripe:key", NULL), AURORA_ENOTSUP);
    aurora_assert_status(put(&settings, "notify=pigeon://h", NULL), AURORA_ENOTSUP);
    aurora_assert_status(put(&settings, "search=elasticsearch:h", NULL), AURORA_ENOTSUP);
    aurora_assert_ok(put(&settings, "search=elasticsearch://h", NULL));
    ck_assert(settings.has_search);
    ck_assert_str_eq(settings.search_url, "elasticsearch://h");
    aurora_assert_ok(put(&settings, "search=fts:", NULL));
    ck_assert_ptr_null(settings.search_url);
}
END_TEST

START_TEST(test_setting__a_first_pause_is_not_longer_than_the_longest)
{
    aurora__settings settings;
    aurora_error err = AURORA_ERROR_INIT;
    aurora__settings_init(&settings);

    aurora_assert_ok(put(&settings, "resend_first=20m", NULL));

    aurora_assert_status(aurora__settings_check(&settings, &err), AURORA_EINVAL);
    ck_assert_str_eq(err.field, "resend_first");
}
END_TEST

static Suite *setting_suite(void)
{
    Suite *suite = suite_create("setting");
    TCase *tcase = tcase_create("setting");
    tcase_add_test(tcase, test_setting__table_is_sorted_and_every_default_keeps_its_rule);
    tcase_add_test(tcase, test_setting__every_row_of_a_handle_can_be_put);
    tcase_add_test(tcase, test_setting__defaults_are_the_documented_ones);
    tcase_add_test(tcase, test_setting__durations_have_a_unit);
    tcase_add_test(tcase, test_setting__integers_may_have_a_size);
    tcase_add_test(tcase, test_setting__bools_are_words);
    tcase_add_test(tcase, test_setting__secret_is_not_repeated_in_the_message);
    tcase_add_test(tcase, test_setting__a_value_of_several_lines_is_not_repeated);
    tcase_add_test(tcase, test_setting__url_has_a_scheme);
    tcase_add_test(tcase, test_setting__unknown_name_gets_the_nearest);
    tcase_add_test(tcase, test_setting__find_takes_the_whole_name);
    tcase_add_test(tcase, test_setting__assignment_errors_name_the_setting);
    tcase_add_test(tcase, test_setting__modules_are_a_set);
    tcase_add_test(tcase, test_setting__simulator_takes_its_query);
    tcase_add_test(tcase, test_setting__bad_simulator_query_changes_nothing);
    tcase_add_test(tcase, test_setting__adapters_that_are_not_here_are_not_supported);
    tcase_add_test(tcase, test_setting__a_first_pause_is_not_longer_than_the_longest);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(setting_suite)

/* SPDX-License-Identifier: MIT */
#include "service/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

#define WORDS_MAX 8

/* What one test reads: flags and variables up to a NULL, a file where there is a text for it. */
typedef struct {
    char *flags[WORDS_MAX];
    char *environment[WORDS_MAX];
    const char *file;
    char *folder;
    char path[256];
    aurora_config *config;
    char error[AURORA_CONFIG_ERROR_BYTES];
} fixture;

static void write_file(fixture *f, const char *name, const char *text)
{
    if (f->folder == NULL)
        f->folder = aurora_tempdir_new();
    aurora_test_path(f->path, sizeof f->path, f->folder, name);
    FILE *file = fopen(f->path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(text, 1, strlen(text), file), strlen(text));
    ck_assert_int_eq(fclose(file), 0);
}

static bool read_config(fixture *f)
{
    static char program[] = "aurorad", config_flag[] = "--config";
    char *argv[2 * WORDS_MAX] = {program};
    int argc = 1;
    if (f->file != NULL) {
        write_file(f, "aurora.ini", f->file);
        argv[argc++] = config_flag;
        argv[argc++] = f->path;
    }
    for (size_t i = 0; i < WORDS_MAX && f->flags[i] != NULL; i++)
        argv[argc++] = f->flags[i];
    const aurora_config_source source = {.program = "aurorad",
                                         .summary = "",
                                         .argc = argc,
                                         .argv = argv,
                                         .environment = f->environment};
    aurora_config_free(f->config);
    return aurora_config_read(&source, &f->config, f->error);
}

static void deinit(fixture *f)
{
    aurora_config_free(f->config);
    if (f->folder != NULL)
        aurora_tempdir_remove(f->folder);
}

static void assert_refused(fixture *f, const char *part)
{
    ck_assert(!read_config(f));
    ck_assert_msg(strstr(f->error, part) != NULL, "%s", f->error);
    ck_assert_ptr_null(strchr(f->error, '\n'));
    deinit(f);
}

static void assert_value(const fixture *f, const char *name, const char *text, int32_t source)
{
    const aurora_config_value *value = aurora_config_get(f->config, name);
    ck_assert_str_eq(value->text, text);
    ck_assert_int_eq(value->source, source);
}

START_TEST(test_config__each_source_goes_before_the_one_below)
{
    fixture f = {.file = "order_wait = 2s\n", .environment = {NULL}};
    ck_assert_msg(read_config(&f), "%s", f.error);
    assert_value(&f, "order_wait", "2s", AURORA_CONFIG_FILE);
    assert_value(&f, "order_deadline", "5m", AURORA_CONFIG_DEFAULT);
    f.environment[0] = "AURORA_ORDER_WAIT=3s";
    ck_assert_msg(read_config(&f), "%s", f.error);
    assert_value(&f, "order_wait", "3s", AURORA_CONFIG_ENVIRONMENT);
    f.flags[0] = "--order-wait";
    f.flags[1] = "4s";
    ck_assert_msg(read_config(&f), "%s", f.error);
    assert_value(&f, "order_wait", "4s", AURORA_CONFIG_FLAG);
    ck_assert_int_eq(aurora_config_number(f.config, "order_wait"), 4000);
    ck_assert_str_eq(aurora_config_get(f.config, "order_wait")->origin, "--order-wait");
    f.flags[2] = "--order-wait=5s";
    ck_assert_msg(read_config(&f), "%s", f.error);
    assert_value(&f, "order_wait", "5s", AURORA_CONFIG_FLAG);
    deinit(&f);
}
END_TEST

START_TEST(test_config__every_setting_has_all_four_spellings)
{
    uint32_t count;
    const aurora_setting_info *table = aurora_setting_table(&count);
    for (uint32_t i = 0; i < count; i++) {
        char flag[256], variable[256], line[256];
        const char *text = table[i].default_text;
        snprintf(flag, sizeof flag, "--%s=%s", table[i].name, text);
        snprintf(variable, sizeof variable, "AURORA_%s", table[i].name);
        for (char *at = flag; *at != '=' && *at != '\0'; at++)
            *at = *at == '_' ? '-' : *at;
        for (char *at = variable; *at != '\0'; at++)
            *at = *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at;
        snprintf(variable + strlen(variable), sizeof variable - strlen(variable), "=%s", text);
        snprintf(line, sizeof line, "%s=%s\n", table[i].name, text);
        fixture f = {.file = line};
        ck_assert_msg(read_config(&f), "%s", f.error);
        assert_value(&f, table[i].name, text, AURORA_CONFIG_FILE);
        f.environment[0] = variable;
        ck_assert_msg(read_config(&f), "%s", f.error);
        assert_value(&f, table[i].name, text, AURORA_CONFIG_ENVIRONMENT);
        f.flags[0] = flag;
        ck_assert_msg(read_config(&f), "%s", f.error);
        assert_value(&f, table[i].name, text, AURORA_CONFIG_FLAG);
        deinit(&f);
    }
}
END_TEST

START_TEST(test_config_file__has_sections_that_name_a_thing)
{
    fixture f = {.file = "[rate_limit.checkout]\nwindows = 20/1s\nkey = client\n"
                         "[upstream.search]\nkey=x\n[shop]\norder_wait=1s\n"};
    uint32_t count;
    ck_assert_msg(read_config(&f), "%s", f.error);

    const aurora_config_property *properties = aurora_config_properties(f.config, &count);

    ck_assert_uint_eq(count, 3);
    ck_assert_str_eq(properties[0].section, "rate_limit.checkout");
    ck_assert_str_eq(properties[0].name, "windows");
    ck_assert_str_eq(properties[0].value, "20/1s");
    ck_assert_str_eq(properties[2].section, "upstream.search");
    ck_assert(strstr(properties[1].origin, "aurora.ini:3") != NULL);
    aurora_config_assignments(f.config, &count);
    ck_assert_uint_eq(count, 1);
    deinit(&f);
}
END_TEST

START_TEST(test_config_file__names_no_property_twice_in_a_section)
{
    fixture f = {.file = "[upstream.a]\nk=1\n[upstream.b]\nk=1\n[upstream.a]\nk=2\n"};
    assert_refused(&f, "k of [upstream.a] is given twice");
}
END_TEST

START_TEST(test_config__file_has_sections_comments_and_exact_values)
{
    fixture f = {.file = "# a comment\r\n; another\n\n[orders]\n  order-wait\t=  2s \r\n"
                         "[shop]\nstore=sqlite:/a path/; # x.db\n[kafka]\n"
                         "security.protocol = ssl\nsasl.password = a=b\n[end]\nlisten=127.0.0.1:1"};
    uint32_t count;
    ck_assert_msg(read_config(&f), "%s", f.error);
    assert_value(&f, "order_wait", "2s", AURORA_CONFIG_FILE);
    assert_value(&f, "store", "sqlite:/a path/; # x.db", AURORA_CONFIG_FILE);
    assert_value(&f, "listen", "127.0.0.1:1", AURORA_CONFIG_FILE);
    const char *const *assignments = aurora_config_assignments(f.config, &count);
    ck_assert_uint_eq(count, 3);
    ck_assert_str_eq(assignments[1], "kafka.security.protocol=ssl");
    ck_assert_str_eq(assignments[2], "kafka.sasl.password=a=b");
    ck_assert_ptr_nonnull(
        strstr(aurora_config_get(f.config, "order_wait")->origin, "aurora.ini:5"));
    deinit(&f);
}
END_TEST

START_TEST(test_config__mistakes_name_their_place)
{
    static const struct {
        fixture f;
        const char *part;
    } rows[] = {
        {{.flags = {"--order-wiat", "2s"}},
         "order-wiat is not a setting (--order-wiat); the nearest is --order-wait"},
        {{.flags = {"--order_wait", "2s"}}, "the nearest is --order-wait"},
        {{.flags = {"--xyzzy", "2s"}}, "xyzzy is not a setting (--xyzzy); --help lists all"},
        {{.flags = {"--order-wait"}}, "--order-wait needs a value"},
        {{.flags = {"--order-wait", "2"}}, "order_wait: must be a whole number and ms"},
        {{.flags = {"--order-wait="}}, "(--order-wait)"},
        {{.flags = {"order-wait", "2s"}}, "'order-wait' is not a flag"},
        {{.flags = {"-x"}}, "'-x' is not a flag"},
        {{.flags = {"--"}}, "'--' is not a flag"},
        {{.flags = {"--config"}}, "--config needs a file"},
        {{.flags = {"--config", "/nonexistent/x"}}, "/nonexistent/x: No such file"},
        {{.environment = {"AURORA_ORDER_WAIT=1y"}}, "(AURORA_ORDER_WAIT)"},
        {{.environment = {"AURORA_ORDER_WAIT_FILE=/x"}}, "AURORA_ORDER_WAIT_FILE is for secrets"},
        {{.environment = {"AURORA_SERVICE_SECRET=a", "AURORA_SERVICE_SECRET_FILE=/x"}},
         "are both given"},
        {{.environment = {"AURORA_SERVICE_SECRET_FILE=/nonexistent/x"}}, "No such file"},
        {{.file = "order_wait = 2s\nordr_wait = 2s\n"}, "aurora.ini:2); the nearest is order_wait"},
        {{.file = "order_wait = 2s\n\norder_wait = 2s\n"}, "is given twice: "},
        {{.file = "order_wait\n"}, "aurora.ini:1: is neither"},
        {{.file = "= 2s\n"}, "aurora.ini:1: is neither"},
        {{.file = "[orders\n"}, "aurora.ini:1: is not a [section]"},
        {{.file = "[]\n"}, "is not a [section]"},
        {{.file = "order_wait = 1y\n"}, "aurora.ini:1)"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fixture f = rows[i].f;
        assert_refused(&f, rows[i].part);
    }
}
END_TEST

START_TEST(test_config__secret_comes_from_a_file_and_is_masked)
{
    fixture f = {.environment = {NULL}};
    char variable[300], shown[64], printed[65536];
    write_file(&f, "secret", "the secret of the services\r\n");
    snprintf(variable, sizeof variable, "AURORA_SERVICE_SECRET_FILE=%s", f.path);
    f.environment[0] = variable;

    ck_assert_msg(read_config(&f), "%s", f.error);

    assert_value(&f, "service_secret", "the secret of the services", AURORA_CONFIG_ENVIRONMENT);
    const aurora_config_value *value = aurora_config_get(f.config, "service_secret");
    ck_assert_str_eq(value->origin, "AURORA_SERVICE_SECRET_FILE");
    aurora_config_show(value, shown, sizeof shown);
    ck_assert_str_eq(shown, "********");
    FILE *file = fmemopen(printed, sizeof printed, "w");
    aurora_config_print(f.config, file);
    fclose(file);
    ck_assert_ptr_null(strstr(printed, "the secret"));
    ck_assert_ptr_nonnull(strstr(printed, "service_secret = ********"));
    deinit(&f);
}
END_TEST

START_TEST(test_config__refusals_do_not_show_a_secret)
{
    static char flag[400] = "--service-secret=";
    memset(flag + 17, 's', 300);
    fixture f = {.flags = {flag}};
    ck_assert(!read_config(&f));
    ck_assert_ptr_null(strstr(f.error, "sss"));
    deinit(&f);
}
END_TEST

START_TEST(test_config__passwords_in_urls_are_masked)
{
    static const char *const rows[][2] = {
        {"postgresql://app:s3cret@db/shop", "postgresql://app:********@db/shop"},
        {"postgresql://app:a@b:c@db/shop", "postgresql://app:********@db/shop"},
        {"postgresql://app@db/shop?x=a:b@c", "postgresql://app@db/shop?x=a:b@c"},
        {"postgresql://db/shop?password=s3cret", "postgresql://db/shop?password=********"},
        {"postgresql://a:b@db/shop?x=1&sslpassword=s3cret&y=2",
         "postgresql://a:********@db/shop?x=1&sslpassword=********&y=2"},
        {"postgresql://db/shop?passwords=1&password", "postgresql://db/shop?passwords=1&password"},
        {"sqlite:a:b@c", "sqlite:a:b@c"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char flag[128], shown[128];
        snprintf(flag, sizeof flag, "--store=%s", rows[i][0]);
        fixture f = {.flags = {flag}};
        ck_assert_msg(read_config(&f), "%s", f.error);
        aurora_config_show(aurora_config_get(f.config, "store"), shown, sizeof shown);
        ck_assert_str_eq(shown, rows[i][1]);
        deinit(&f);
    }
}
END_TEST

START_TEST(test_config__strange_variables_are_only_warned_of)
{
    fixture f = {.environment = {"AURORA_ORDER_WIAT=2s", "AURORA_=x", "AURORA_PORT_8080_TCP_ADDR=1",
                                 "AURORA_SERVICE_SECRET=abc", "PATH=/bin"}};
    uint32_t count;
    ck_assert_msg(read_config(&f), "%s", f.error);
    const char *const *warnings = aurora_config_warnings(f.config, &count);
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(warnings[0],
                     "AURORA_ORDER_WIAT is not a setting; the nearest is AURORA_ORDER_WAIT");
    deinit(&f);
}
END_TEST

START_TEST(test_config__a_handle_gets_what_is_not_its_default)
{
    fixture f = {.flags = {"--order-wait=2s", "--listen=127.0.0.1:1", "--queue-max", "7"}};
    uint32_t count;
    ck_assert_msg(read_config(&f), "%s", f.error);
    const char *const *assignments = aurora_config_assignments(f.config, &count);
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(assignments[0], "order_wait=2s");
    ck_assert_str_eq(assignments[1], "queue_max=7");
    deinit(&f);
}
END_TEST

START_TEST(test_config__questions_are_answered_whatever_else_is_wrong)
{
    fixture f = {.flags = {"--nonsense", "x", "--help"}};
    ck_assert(read_config(&f));
    ck_assert_int_eq(aurora_config_action(f.config), AURORA_CONFIG_HELP);
    f.flags[2] = "--version";
    ck_assert(read_config(&f));
    ck_assert_int_eq(aurora_config_action(f.config), AURORA_CONFIG_VERSION);
    f.flags[2] = "--check-config";
    ck_assert(!read_config(&f));
    f.flags[0] = NULL;
    ck_assert(read_config(&f));
    ck_assert_int_eq(aurora_config_action(f.config), AURORA_CONFIG_RUN);
    deinit(&f);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("config");
    TCase *tc = tcase_create("config");
    tcase_add_test(tc, test_config__each_source_goes_before_the_one_below);
    tcase_add_test(tc, test_config__every_setting_has_all_four_spellings);
    tcase_add_test(tc, test_config__file_has_sections_comments_and_exact_values);
    tcase_add_test(tc, test_config_file__has_sections_that_name_a_thing);
    tcase_add_test(tc, test_config_file__names_no_property_twice_in_a_section);
    tcase_add_test(tc, test_config__mistakes_name_their_place);
    tcase_add_test(tc, test_config__secret_comes_from_a_file_and_is_masked);
    tcase_add_test(tc, test_config__refusals_do_not_show_a_secret);
    tcase_add_test(tc, test_config__passwords_in_urls_are_masked);
    tcase_add_test(tc, test_config__strange_variables_are_only_warned_of);
    tcase_add_test(tc, test_config__a_handle_gets_what_is_not_its_default);
    tcase_add_test(tc, test_config__questions_are_answered_whatever_else_is_wrong);
    suite_add_tcase(s, tc);
    return s;
}

AURORA_TEST_MAIN(suite)

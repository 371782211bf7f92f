/* SPDX-License-Identifier: MIT */
/* Probes, figures and the index against the real server. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "served_shop.h"

static served_shop served;

static void setup(void)
{
    served_shop_init(&served, NULL);
}

static void teardown(void)
{
    served_shop_deinit(&served);
}

#define field(name) http_answer_field(&served.answer, name)
#define at(path) served_shop_at(&served, path)

/* The next commit finds the disk full, and the shop remembers until one works. */
static void break_store(void)
{
    aurora_assert_ok(
        aurora_fault_plan_set(served.faults, "store.commit", 1, AURORA_FAULT_FAIL, AURORA_EFULL));
    aurora_assert_status(
        aurora_product_put(served.shop, AURORA_PRODUCT(.sku = "a", .name = "a", .currency = "EUR"),
                           AURORA_ANY_VERSION, NULL, NULL),
        AURORA_EFULL);
}

/* --- probes ----------------------------------------------------------------------------------- */

START_TEST(test_probes__a_sound_server_lives_and_is_ready)
{
    served_shop_expect(&served, 200, "GET", "/livez", NULL);
    ck_assert_str_eq(at("status"), "ok");
    ck_assert_str_eq(field("Cache-Control"), "no-store");

    served_shop_expect(&served, 200, "GET", "/readyz", NULL);
    ck_assert_str_eq(at("status"), "ready");
    ck_assert_str_eq(at("checks.0.status"), "ok");
    ck_assert_str_eq(at("checks.1.name"), "engine");
    served_shop_expect(&served, 200, "HEAD", "/readyz", NULL);
}
END_TEST

START_TEST(test_probes__a_broken_store_is_alive_and_not_ready)
{
    break_store();

    served_shop_expect(&served, 200, "GET", "/livez", NULL);
    served_shop_expect(&served, 503, "GET", "/readyz", NULL);

    ck_assert_str_eq(at("status"), "unavailable");
    ck_assert_str_eq(at("checks.1.status"), "failed");
    ck_assert_str_eq(at("checks.1.detail"), aurora_status_text(AURORA_EFULL));
    served_shop_put(&served, "a", NULL);
    served_shop_expect(&served, 200, "GET", "/readyz", NULL);
}
END_TEST

START_TEST(test_probes__verbose_is_text_for_people)
{
    served_shop_expect(&served, 200, "GET", "/readyz?verbose", NULL);
    ck_assert_ptr_nonnull(strstr(field("Content-Type"), "text/plain"));
    ck_assert_str_eq(served.answer.body, "[+]server ok\n[+]engine ok\nreadyz check passed\n");

    break_store();
    served_shop_expect(&served, 503, "GET", "/readyz?verbose", NULL);
    ck_assert_ptr_nonnull(strstr(served.answer.body, "[-]engine failed: the disk is full\n"));
}
END_TEST

START_TEST(test_probes__a_draining_server_is_alive_and_not_ready)
{
    aurora_http_drain_begin(served.routes.server);

    served_shop_expect(&served, 503, "GET", "/readyz", NULL);
    ck_assert_str_eq(at("checks.0.name"), "server");
    ck_assert_str_eq(at("checks.0.status"), "failed");
    served_shop_expect(&served, 200, "GET", "/livez", NULL);
}
END_TEST

static void add_check(void *daemon, void *into)
{
    aurora_routes_check(into, "broker", *(bool *)daemon, *(bool *)daemon ? "" : "does not answer");
}

START_TEST(test_probes__a_daemon_adds_its_own_checks)
{
    bool is_ok = false;
    served.routes.daemon = &is_ok;
    served.routes.ready = add_check;

    served_shop_expect(&served, 503, "GET", "/readyz", NULL);
    ck_assert_str_eq(at("checks.2.name"), "broker");
    ck_assert_str_eq(at("checks.2.detail"), "does not answer");
    is_ok = true;
    served_shop_expect(&served, 200, "GET", "/readyz", NULL);
}
END_TEST

/* --- metrics ---------------------------------------------------------------------------------- */

/* A metric's or label's name; what stands after it. */
static const char *skip_name(const char *text)
{
    ck_assert_msg(isalpha((unsigned char)*text) || *text == '_', "no name: %s", text);
    while (isalnum((unsigned char)*text) || *text == '_' || *text == ':')
        text++;
    return text;
}

static const char *skip_labels(const char *text)
{
    if (*text != '{')
        return text;
    do {
        text = skip_name(text + 1);
        ck_assert_msg(text[0] == '=' && text[1] == '"', "no label: %s", text);
        for (text += 2; *text != '"'; text++) {
            ck_assert_msg(*text != '\0', "an open label");
            if (*text == '\\') {
                text++;
                ck_assert_msg(strchr("\\\"n", *text) != NULL, "no escape: %s", text);
            }
        }
        text++;
    } while (*text == ',');
    ck_assert_int_eq(*text, '}');
    return text + 1;
}

static void check_value(const char *text)
{
    char *end;
    ck_assert_int_eq(*text, ' ');
    strtod(text + 1, &end);
    ck_assert_msg(end > text + 1 && *end == '\0', "no value: %s", text);
}

/* Each family has one HELP, then one TYPE, then all its samples, and stands there once. */
static void check_exposition(char *text)
{
    static char seen[200][100];
    char family[100] = "";
    int families = 0;
    bool is_typed = false;
    for (char *line, *rest = text; (line = strsep(&rest, "\n")) != NULL;) {
        if (rest == NULL) {
            ck_assert_msg(*line == '\0', "the last line has no end");
            break;
        }
        if (strncmp(line, "# HELP ", 7) == 0) {
            const char *end = skip_name(line + 7);
            snprintf(family, sizeof family, "%.*s", (int)(end - line - 7), line + 7);
            ck_assert_msg(end[0] == ' ' && end[1] != '\0', "no help: %s", line);
            for (int i = 0; i < families; i++)
                ck_assert_msg(strcmp(seen[i], family) != 0, "%s comes twice", family);
            ck_assert_int_lt(families, 200);
            memcpy(seen[families++], family, sizeof family);
            is_typed = false;
        } else if (strncmp(line, "# TYPE ", 7) == 0) {
            const char *end = skip_name(line + 7);
            ck_assert_msg(strncmp(line + 7, family, strlen(family)) == 0 && !is_typed,
                          "out of place: %s", line);
            ck_assert_msg(strcmp(end, " counter") == 0 || strcmp(end, " gauge") == 0 ||
                              strcmp(end, " histogram") == 0,
                          "no type: %s", line);
            bool is_counter = strcmp(end, " counter") == 0;
            ck_assert_msg(!is_counter || strcmp(end - 6, "_total counter") == 0,
                          "a counter without _total: %s", line);
            is_typed = true;
        } else {
            ck_assert_msg(is_typed && strncmp(line, family, strlen(family)) == 0,
                          "out of place: %s", line);
            check_value(skip_labels(skip_name(line)));
        }
    }
    ck_assert_int_gt(families, 40);
}

START_TEST(test_metrics__are_the_text_format)
{
    served_shop_put(&served, "cup", NULL);
    served_shop_expect(&served, 200, "GET", "/products/cup", NULL);
    served_shop_expect(&served, 404, "GET", "/nowhere", NULL);

    served_shop_expect(&served, 200, "GET", "/metrics", NULL);

    ck_assert_str_eq(field("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
    check_exposition(served.answer.body);
}
END_TEST

/* The value of the sample that begins with this text; -1 = there is none. */
static double sample(const char *begin)
{
    const char *found = strstr(served.answer.body, begin);
    return found == NULL ? -1 : strtod(found + strlen(begin), NULL);
}

/* An answer is counted when it has been sent, which a client may see first. */
static void wait_for_sample(const char *begin, double value)
{
    for (int i = 0; i < 1000; i++) {
        served_shop_expect(&served, 200, "GET", "/metrics", NULL);
        if (sample(begin) == value)
            return;
    }
    ck_abort_msg("%s is %g, not %g", begin, sample(begin), value);
}

START_TEST(test_metrics__count_requests_by_route_and_status)
{
    served_shop_put(&served, "cup", NULL);
    for (int i = 0; i < 3; i++)
        served_shop_expect(&served, 200, "GET", "/products/cup", NULL);
    served_shop_expect(&served, 404, "GET", "/products/none", NULL);
    served_shop_expect(&served, 404, "GET", "/nowhere", NULL);

    wait_for_sample("\naurora_http_requests_total{method=\"GET\",route=\"/products/"
                    "{sku}\",status=\"200\"} ",
                    3);
    wait_for_sample("\naurora_http_requests_total{method=\"GET\",route=\"/products/"
                    "{sku}\",status=\"404\"} ",
                    1);
    wait_for_sample("\naurora_http_requests_total{method=\"other\",route=\"none\",status=\"404\"} ",
                    1);
    wait_for_sample("\naurora_http_request_duration_seconds_count{method=\"GET\",route=\"/products/"
                    "{sku}\"} ",
                    4);
    ck_assert_double_eq(sample("\naurora_http_request_duration_seconds_bucket{method=\"GET\",route="
                               "\"/products/{sku}\",le=\"+Inf\"} "),
                        4);
}
END_TEST

START_TEST(test_metrics__show_library_cache_process_and_build)
{
    char build[128];
    served_shop_put(&served, "cup", NULL);
    served_shop_expect(&served, 200, "GET", "/products/cup", NULL);
    served_shop_expect(&served, 200, "GET", "/products/cup", NULL);

    served_shop_expect(&served, 200, "GET", "/metrics", NULL);

    snprintf(build, sizeof build, "aurora_build_info{service=\"tested\",version=\"%s\"} ",
             aurora_version());
    ck_assert_double_eq(sample(build), 1);
    ck_assert_double_eq(sample("\naurora_cache_hits_total{cache=\"products\"} "), 1);
    ck_assert_double_eq(sample("\naurora_cache_misses_total{cache=\"products\"} "), 1);
    ck_assert_double_ge(sample("\naurora_batches_total "), 1);
    ck_assert_double_ge(sample("\naurora_http_connections "), 1);
    ck_assert_double_gt(sample("\nprocess_resident_memory_bytes "), 1e6);
    ck_assert_double_gt(sample("\nprocess_cpu_seconds_total "), 0);
    ck_assert_double_ge(sample("\nprocess_open_fds "), 4);
    ck_assert_double_ge(sample("\nprocess_threads "), 3);
    ck_assert_double_gt(sample("\nprocess_start_time_seconds "), 1.6e9);
}
END_TEST

START_TEST(test_metrics__promtool_has_no_objection)
{
    if (access("/usr/bin/promtool", X_OK) != 0 && access("/usr/local/bin/promtool", X_OK) != 0) {
        printf("promtool is not installed: its opinion is not asked\n");
        return;
    }
    served_shop_put(&served, "cup", NULL);
    served_shop_expect(&served, 200, "GET", "/products/cup", NULL);
    served_shop_expect(&served, 200, "GET", "/metrics", NULL);
    FILE *to = popen("promtool check metrics", "w");
    ck_assert_ptr_nonnull(to);
    fwrite(served.answer.body, 1, served.answer.body_len, to);
    ck_assert_int_eq(pclose(to), 0);
}
END_TEST

/* --- the rest --------------------------------------------------------------------------------- */

START_TEST(test_index__links_what_describes_the_server)
{
    static const char *const links[] = {"links.openapi", "links.livez", "links.readyz",
                                        "links.metrics"};
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        served_shop_expect(&served, 200, "GET", "/", NULL);
        ck_assert_str_eq(at("service"), "tested");
        served_shop_expect(&served, 200, "GET", at(links[i]), NULL);
    }
}
END_TEST

START_TEST(test_openapi__is_served)
{
    served_shop_expect(&served, 200, "GET", "/openapi.json", NULL);
    ck_assert_str_eq(field("Content-Type"), "application/json");
    ck_assert_str_eq(at("openapi"), "3.1.0");
    ck_assert_str_eq(at("info.version"), aurora_version());
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("routes_system");
    TCase *tcase = tcase_create("system");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_probes__a_sound_server_lives_and_is_ready);
    tcase_add_test(tcase, test_probes__a_broken_store_is_alive_and_not_ready);
    tcase_add_test(tcase, test_probes__verbose_is_text_for_people);
    tcase_add_test(tcase, test_probes__a_draining_server_is_alive_and_not_ready);
    tcase_add_test(tcase, test_probes__a_daemon_adds_its_own_checks);
    tcase_add_test(tcase, test_metrics__are_the_text_format);
    tcase_add_test(tcase, test_metrics__count_requests_by_route_and_status);
    tcase_add_test(tcase, test_metrics__show_library_cache_process_and_build);
    tcase_add_test(tcase, test_metrics__promtool_has_no_objection);
    tcase_add_test(tcase, test_index__links_what_describes_the_server);
    tcase_add_test(tcase, test_openapi__is_served);
    tcase_set_timeout(tcase, 60);
    suite_add_tcase(all, tcase);
    return all;
}

AURORA_TEST_MAIN(suite)

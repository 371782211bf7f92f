/* SPDX-License-Identifier: MIT */
#include "daemon/rate_policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/rate_table.h"
#include "test.h"

static const aurora_http_route routes[] = {
    {.method = AURORA_HTTP_GET, .template_path = "/products", .operation = "listProducts"},
    {.method = AURORA_HTTP_POST,
     .scope = AURORA_SCOPE_ORDERS_WRITE,
     .template_path = "/orders",
     .operation = "placeOrder"},
    {.method = AURORA_HTTP_GET,
     .scope = AURORA_SCOPE_ORDERS_READ,
     .template_path = "/orders",
     .operation = "listOrders"},
    {.method = AURORA_HTTP_GET,
     .flags = AURORA_HTTP_PROBE,
     .template_path = "/livez",
     .operation = "getLivez"},
};
#define ROUTES (uint32_t)(sizeof routes / sizeof *routes)
enum { LIST_PRODUCTS, PLACE_ORDER, LIST_ORDERS, LIVEZ };

typedef struct {
    char *folder;
    char path[256];
    aurora_config *config;
    char error[AURORA_CONFIG_ERROR_BYTES];
    aurora__rate_policies policies;
} fixture;

static bool read_policies(fixture *f, const char *text)
{
    static char program[] = "aurorad", flag[] = "--config";
    memset(f, 0, sizeof *f);
    f->folder = aurora_tempdir_new();
    aurora_test_path(f->path, sizeof f->path, f->folder, "a.ini");
    FILE *file = fopen(f->path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
    char *argv[] = {program, flag, f->path, NULL};
    const aurora_config_source source = {
        .program = "aurorad", .summary = "", .argc = 3, .argv = argv};
    ck_assert_msg(aurora_config_read(&source, &f->config, f->error), "%s", f->error);
    return aurora__rate_policies_read(f->config, routes, ROUTES, &f->policies, f->error);
}

static void deinit(fixture *f)
{
    aurora_config_free(f->config);
    aurora_tempdir_remove(f->folder);
}

static uint64_t cost(const fixture *f, uint32_t policy, uint32_t route)
{
    return aurora__rate_policy_cost(&f->policies.policies[policy], &routes[route]);
}

START_TEST(test_rate_policy__section_is_a_policy)
{
    fixture f;
    ck_assert_msg(read_policies(&f, "[rate_limit.checkout]\nroutes = placeOrder\nkey = principal\n"
                                    "burst = 30\nwindows = 20/1s, 1000/1h\nmode = shadow\n"
                                    "fallback = closed\nlease = 50ms\n"),
                  "%s", f.error);

    const aurora__rate_policy *policy = &f.policies.policies[0];
    ck_assert_uint_eq(f.policies.count, 1);
    ck_assert_str_eq(policy->name, "checkout");
    ck_assert_int_eq(policy->key, AURORA__RATE_PRINCIPAL);
    ck_assert_int_eq(policy->fallback, AURORA__RATE_CLOSED);
    ck_assert(policy->is_shadow);
    ck_assert_int_eq(policy->lease_ms, 50);
    ck_assert_uint_eq(policy->window_count, 2);
    ck_assert_uint_eq(policy->windows[0].tokens, 20);
    ck_assert_uint_eq(policy->windows[0].per_ns, 1000000000);
    ck_assert_uint_eq(policy->windows[0].burst, 30);
    ck_assert_uint_eq(policy->windows[1].burst, 1000);
    deinit(&f);
}
END_TEST

START_TEST(test_rate_policy__settings_are_the_default_policy)
{
    fixture f;
    ck_assert(read_policies(&f,
                            "rate_limit = 100/1s\nrate_limit_burst = 5\nlimiter_fallback = open\n"
                            "[rate_limit.a]\nwindows = 1/1s\n"));

    ck_assert_uint_eq(f.policies.count, 2);
    ck_assert_str_eq(f.policies.policies[0].name, "default");
    ck_assert_uint_eq(f.policies.policies[0].windows[0].burst, 5);
    ck_assert_int_eq(f.policies.policies[1].fallback, AURORA__RATE_OPEN);
    ck_assert_uint_eq(cost(&f, 0, PLACE_ORDER), 1);
    deinit(&f);
}
END_TEST

START_TEST(test_rate_policy__routes_go_by_operation_scope_and_publicity)
{
    static const struct {
        const char *words;
        uint64_t of[3]; /* listProducts, placeOrder, listOrders */
    } rows[] = {
        {"*", {1, 1, 1}},
        {"public", {1, 0, 0}},
        {"orders:write", {0, 1, 0}},
        {"listOrders, public", {1, 0, 1}},
        {"orders:read,orders:write", {0, 1, 1}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fixture f;
        char text[128];
        snprintf(text, sizeof text, "[rate_limit.a]\nwindows = 9/1s\nroutes = %s\n", rows[i].words);
        ck_assert_msg(read_policies(&f, text), "%s", f.error);
        for (uint32_t j = 0; j < 3; j++)
            ck_assert_msg(cost(&f, 0, j) == rows[i].of[j], "%s: %u", rows[i].words, j);
        deinit(&f);
    }
}
END_TEST

/* Mutation: cost_of() that takes the first word that matches gives placeOrder 2. */
START_TEST(test_rate_policy__cost_is_that_of_the_closest_word)
{
    fixture f;
    ck_assert_msg(read_policies(&f, "[rate_limit.a]\nwindows = 9/1s\n"
                                    "cost = *=2, placeOrder=5,public=0, orders:write=3\n"),
                  "%s", f.error);

    ck_assert_uint_eq(cost(&f, 0, PLACE_ORDER), 5);
    ck_assert_uint_eq(cost(&f, 0, LIST_ORDERS), 2);
    ck_assert_uint_eq(cost(&f, 0, LIST_PRODUCTS), 0);
    deinit(&f);
}
END_TEST

START_TEST(test_rate_policy__mistakes_name_section_line_and_rule)
{
    static const struct {
        const char *text, *section, *line, *rule;
    } rows[] = {
        {"[rate_limit.a]\nwindow = 1/1s\n", "[rate_limit.a] window", ":2",
         "no line of a rate limit; the nearest is windows: they are"},
        {"[rate_limit.a]\nkey = all\n", "[rate_limit.a] windows", ":2", "must be given"},
        {"[rate_limit.a]\nwindows = \n", "[rate_limit.a] windows", ":2", "must be a list"},
        {"[rate_limit.a]\nwindows = 1/1s,\n", "[rate_limit.a] windows", ":2", "must be a list"},
        {"[rate_limit.a]\nwindows = 0/1s\n", "[rate_limit.a] windows", ":2", "must be a list"},
        {"[rate_limit.a]\nwindows = 1/8d\n", "[rate_limit.a] windows", ":2", "must be a list"},
        {"[rate_limit.a]\nwindows = 1/1s,1/1m,1/1h,1/1d,1/2d\n", "windows", ":2", "four"},
        {"[rate_limit.a]\nwindows = 1/1s\nburst = 1,2\n", "burst", ":3", "no more numbers"},
        {"[rate_limit.a]\nwindows = 1/1s\nburst = 0\n", "burst", ":3", "must be a list"},
        {"[rate_limit.a]\nwindows = 1/7d\nburst = 999999999\n", "burst", ":3", "63 years"},
        {"[rate_limit.a]\nwindows = 9/1s\nroutes = placeorder\n", "routes", ":3", "no operation"},
        {"[rate_limit.a]\nwindows = 9/1s\nroutes = *,\n", "routes", ":3", "no operation"},
        {"[rate_limit.a]\nwindows = 9/1s\nroutes = orders:fly\n", "routes", ":3", "no operation"},
        {"[rate_limit.a]\nwindows = 9/1s\ncost = placeOrder\n", "cost", ":3", "must be a number"},
        {"[rate_limit.a]\nwindows = 9/1s\ncost = x=1\n", "cost", ":3", "no operation"},
        {"[rate_limit.a]\nwindows = 9/1s\ncost = 1000001\n", "cost", ":3", "must be a number"},
        {"[rate_limit.a]\nwindows = 9/1s\ncost = 10\n", "cost", ":2", "no call would ever pass"},
        {"[rate_limit.a]\nwindows = 9/1s\nkey = user\n", "key", ":3", "client, principal"},
        {"[rate_limit.a]\nwindows = 9/1s\nmode = off\n", "mode", ":3", "enforce or shadow"},
        {"[rate_limit.a]\nwindows = 9/1s\nfallback = x\n", "fallback", ":3", "local, open"},
        {"[rate_limit.a]\nwindows = 9/1s\nlease = 11s\n", "lease", ":3", "to 10s"},
        {"[rate_limit.A]\nwindows = 9/1s\n", "name", ":2", "a-z"},
        {"[rate_limit.a-1]\nwindows = 9/1s\n", "name", ":2", "a-z"},
        {"[rate_limit.default]\nwindows = 9/1s\n", "name", ":2", "settings"},
        {"limiter_fallback = maybe\n", "limiter_fallback", ":1", "local, open"},
        {"rate_limit = 5\n", "rate_limit", ":1", "must be empty"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fixture f;
        ck_assert_msg(!read_policies(&f, rows[i].text), "%s", rows[i].text);
        ck_assert_msg(strstr(f.error, rows[i].section) != NULL &&
                          strstr(f.error, rows[i].line) != NULL &&
                          strstr(f.error, rows[i].rule) != NULL,
                      "%s: %s", rows[i].text, f.error);
        deinit(&f);
    }
}
END_TEST

START_TEST(test_rate_policy__too_many_are_refused)
{
    fixture f;
    char text[4096] = "", *at = text;
    for (int i = 0; i < 5; i++)
        at += sprintf(at, "[rate_limit.p%c]\nwindows = 1/1s,1/1m,1/1h,1/1d\n", 'a' + i);
    ck_assert(!read_policies(&f, text));
    ck_assert_msg(strstr(f.error, "16 windows") != NULL, "%s", f.error);
    deinit(&f);

    at = text;
    for (int i = 0; i < 33; i++)
        at += sprintf(at, "[rate_limit.p%dx]\nwindows = 1/1s\nroutes = placeOrder\n", i);
    ck_assert(!read_policies(&f, text));
    ck_assert_msg(strstr(f.error, "32 policies") != NULL, "%s", f.error);
    deinit(&f);
}
END_TEST

/* --- the table -------------------------------------------------------------------------------- */

static aurora__rate_table *table_of(const fixture *f, aurora__rate_table *old)
{
    char error[AURORA_CONFIG_ERROR_BYTES];
    const aurora__rate_table_options options = {
        .policies = &f->policies, .served = routes, .served_count = ROUTES, .old = old};
    aurora__rate_table *table = aurora__rate_table_new(&options, error);
    ck_assert_msg(table != NULL, "%s", error);
    return table;
}

START_TEST(test_rate_policy__table_has_what_each_route_takes)
{
    fixture f;
    ck_assert(read_policies(&f, "[rate_limit.pay]\nroutes = placeOrder\nwindows = 20/1s,1000/1h\n"
                                "cost = 2\n[rate_limit.all]\nkey = all\nwindows = 9/1s\n"
                                "[rate_limit.try]\nmode = shadow\nwindows = 3/1s\n"));
    aurora__rate_table *table = table_of(&f, NULL);

    ck_assert_uint_eq(table->routes[PLACE_ORDER].count, 4);
    ck_assert_uint_eq(table->routes[PLACE_ORDER].claims[0].cost, 2);
    ck_assert_str_eq(table->routes[PLACE_ORDER].field,
                     "\"pay-1\";q=20;w=1, \"pay-2\";q=1000;w=3600, \"all\";q=9;w=1");
    ck_assert_uint_eq(table->routes[LIST_ORDERS].count, 2);
    ck_assert_str_eq(table->routes[LIST_ORDERS].field, "\"all\";q=9;w=1");
    ck_assert_uint_eq(table->routes[LIVEZ].count, 0);
    ck_assert_str_eq(table->routes[LIVEZ].field, "");
    aurora__rate_table_drop(table);
    deinit(&f);
}
END_TEST

/* Mutation: take_store() that always makes a new one gives a fresh burst. */
START_TEST(test_rate_policy__buckets_outlive_another_table)
{
    fixture before, after;
    aurora_limit limit;
    ck_assert(read_policies(&before, "[rate_limit.a]\nwindows = 10/1h\n"));
    ck_assert(read_policies(&after, "[rate_limit.b]\nwindows = 1/1h\n[rate_limit.a]\n"
                                    "windows = 12/1h\nmode = shadow\n"));
    aurora__rate_table *first = table_of(&before, NULL);
    ck_assert(aurora_limiter_try_take(first->rules[0].store->local[0], "k", 1, 9, 0, NULL));

    aurora__rate_table *second = table_of(&after, first);
    aurora__rate_table_drop(first);

    aurora_limiter_read(second->rules[1].store->local[0], "k", 1, 0, &limit);
    ck_assert_uint_eq(limit.limit, 12);
    ck_assert_uint_eq(limit.remaining, 3);
    aurora__rate_table_drop(second);
    deinit(&before);
    deinit(&after);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("rate_policy");
    TCase *tc = tcase_create("rate_policy");
    tcase_add_test(tc, test_rate_policy__section_is_a_policy);
    tcase_add_test(tc, test_rate_policy__settings_are_the_default_policy);
    tcase_add_test(tc, test_rate_policy__routes_go_by_operation_scope_and_publicity);
    tcase_add_test(tc, test_rate_policy__cost_is_that_of_the_closest_word);
    tcase_add_test(tc, test_rate_policy__mistakes_name_section_line_and_rule);
    tcase_add_test(tc, test_rate_policy__too_many_are_refused);
    tcase_add_test(tc, test_rate_policy__table_has_what_each_route_takes);
    tcase_add_test(tc, test_rate_policy__buckets_outlive_another_table);
    suite_add_tcase(s, tc);
    return s;
}

AURORA_TEST_MAIN(suite)

/* SPDX-License-Identifier: MIT */
#include "http/router.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/percent.h"
#include "test.h"

static void handle(struct aurora_http_exchange *exchange, void *self)
{
    (void)exchange;
    (void)self;
}

#define ROUTE(method_, path_)                                                                      \
    {                                                                                              \
        .method = method_, .template_path = path_, .query = "", .handle = handle                   \
    }

static const aurora_http_route orders[] = {
    ROUTE(AURORA_HTTP_GET, "/orders"),
    ROUTE(AURORA_HTTP_POST, "/orders"),
    ROUTE(AURORA_HTTP_GET, "/orders/{id}"),
    ROUTE(AURORA_HTTP_POST, "/orders/{id}/cancel"),
};
static const aurora_http_route others[] = {
    ROUTE(AURORA_HTTP_GET, "/"),
    ROUTE(AURORA_HTTP_GET, "/console/"),
    ROUTE(AURORA_HTTP_GET, "/products/{sku}"),
    ROUTE(AURORA_HTTP_PUT, "/products/{sku}"),
    ROUTE(AURORA_HTTP_GET, "/products/popular"),
    ROUTE(AURORA_HTTP_POST, "/products/popular/reset"),
    ROUTE(AURORA_HTTP_POST, "/products/{sku}/views"),
    ROUTE(AURORA_HTTP_POST, "/products:batch"),
    ROUTE(AURORA_HTTP_POST, "/letters/{consumer}/{key}/redrive"),
};
static const aurora_http_route *const tables[] = {orders, others};
static const uint32_t counts[] = {4, 9};

static aurora_router *open_router(void)
{
    aurora_router *router;
    aurora_assert_ok(aurora_router_new(tables, counts, 2, &router, NULL));
    return router;
}

/* "POST /orders/{id}/cancel", or the status. */
static const char *find(const aurora_router *router, int32_t method, const char *path,
                        char text_out[128], aurora_router_match *match)
{
    static char memory[512];
    aurora_router_find(router, method, path, memory, match);
    if (match->route != NULL)
        snprintf(text_out, 128, "%d %s", (int)match->route->method, match->route->template_path);
    else
        snprintf(text_out, 128, "%d", match->status);
    return text_out;
}

START_TEST(test_router__paths_find_their_routes)
{
    static const struct {
        int32_t method;
        const char *path;
        const char *expected;
    } rows[] = {
        {AURORA_HTTP_GET, "/", "1 /"},
        {AURORA_HTTP_GET, "/console/", "1 /console/"},
        {AURORA_HTTP_GET, "/console", "404"},
        {AURORA_HTTP_GET, "/orders", "1 /orders"},
        {AURORA_HTTP_HEAD, "/orders", "1 /orders"},
        {AURORA_HTTP_POST, "/orders", "3 /orders"},
        {AURORA_HTTP_PUT, "/orders", "405"},
        {AURORA_HTTP_OPTIONS, "/orders", "405"},
        {AURORA_HTTP_GET, "/orders/7", "1 /orders/{id}"},
        {AURORA_HTTP_POST, "/orders/7/cancel", "3 /orders/{id}/cancel"},
        {AURORA_HTTP_POST, "/orders/7/destroy", "404"},
        {AURORA_HTTP_POST, "/orders/7/cancel/", "404"},
        {AURORA_HTTP_GET, "/orders/", "404"},
        {AURORA_HTTP_GET, "//orders", "404"},
        {AURORA_HTTP_GET, "/Orders", "404"},
        {AURORA_HTTP_GET, "/%6frders", "404"},
        {AURORA_HTTP_GET, "/orders//cancel", "404"},
        {AURORA_HTTP_GET, "/orders;x=1", "404"},
        {AURORA_HTTP_GET, "orders", "404"},
        {AURORA_HTTP_GET, "", "404"},
        {AURORA_HTTP_GET, "*", "404"},
        {AURORA_HTTP_GET, "/nothing", "404"},
        {AURORA_HTTP_POST, "/products:batch", "3 /products:batch"},
        {AURORA_HTTP_GET, "/products/popular", "1 /products/popular"},
        {AURORA_HTTP_PUT, "/products/popular", "405"},
        {AURORA_HTTP_POST, "/products/popular/reset", "3 /products/popular/reset"},
        {AURORA_HTTP_POST, "/products/popular/views", "3 /products/{sku}/views"},
        {AURORA_HTTP_GET, "/products/popular/views", "405"},
        {AURORA_HTTP_GET, "/products\\mug", "404"},
        {99, "/orders", "405"},
        {0, "/orders", "405"},
        {-1, "/orders", "405"},
    };
    aurora_router *router = open_router();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[128];
        aurora_router_match match;
        find(router, rows[i].method, rows[i].path, text, &match);
        ck_assert_msg(strcmp(text, rows[i].expected) == 0, "%s: %s", rows[i].path, text);
    }
    aurora_router_free(router);
}
END_TEST

START_TEST(test_router__parameters_are_decoded)
{
    aurora_router *router = open_router();
    aurora_router_match match;
    char text[128];

    find(router, AURORA_HTTP_POST, "/letters/a%20b/%c3%a4+%2b/redrive", text, &match);
    ck_assert_uint_eq(match.param_count, 2);
    ck_assert_str_eq(match.params[0].name, "consumer");
    ck_assert_str_eq(match.params[0].value, "a b");
    ck_assert_str_eq(match.params[1].name, "key");
    ck_assert_str_eq(match.params[1].value, "\xc3\xa4++");

    find(router, AURORA_HTTP_POST, "/products/popular/views", text, &match);
    ck_assert_uint_eq(match.param_count, 1);
    ck_assert_str_eq(match.params[0].value, "popular");
    aurora_router_free(router);
}
END_TEST

START_TEST(test_router__badly_encoded_parameters_are_named)
{
    static const char *const paths[] = {
        "/products/%",         "/products/%4",        "/products/%zz", "/products/a%2fb",
        "/products/a%2Fb",     "/products/a%00b",     "/products/%ff", "/products/%c0%af",
        "/products/%ed%a0%80", "/products/%4g/views", "/products/a%",  "/products/%c3",
    };
    aurora_router *router = open_router();
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        aurora_router_match match;
        char text[128];
        int32_t method = strstr(paths[i], "views") != NULL ? AURORA_HTTP_POST : AURORA_HTTP_GET;
        ck_assert_str_eq(find(router, method, paths[i], text, &match), "400");
        ck_assert_str_eq(match.bad, "sku");
    }
    aurora_router_free(router);
}
END_TEST

START_TEST(test_router__allow_names_what_the_path_answers)
{
    aurora_router *router = open_router();
    aurora_router_match match;
    char text[128], allow[64];

    find(router, AURORA_HTTP_DELETE, "/orders", text, &match);
    aurora_router_allow(match.allow, allow);
    ck_assert_str_eq(allow, "GET, HEAD, POST, OPTIONS");
    find(router, AURORA_HTTP_GET, "/products:batch", text, &match);
    aurora_router_allow(match.allow, allow);
    ck_assert_str_eq(allow, "POST, OPTIONS");
    aurora_router_allow(~0u, allow);
    ck_assert_str_eq(allow, "GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH");
    aurora_router_free(router);
}
END_TEST

START_TEST(test_router__broken_tables_are_refused_by_their_template)
{
    static const aurora_http_route rows[][2] = {
        {ROUTE(AURORA_HTTP_GET, "orders")},
        {ROUTE(AURORA_HTTP_GET, "")},
        {ROUTE(AURORA_HTTP_GET, "/a/{}")},
        {ROUTE(AURORA_HTTP_GET, "/a/{Id}")},
        {ROUTE(AURORA_HTTP_GET, "/a/{id}x")},
        {ROUTE(AURORA_HTTP_GET, "/a b")},
        {ROUTE(AURORA_HTTP_GET, "/a%20b")},
        {ROUTE(AURORA_HTTP_GET, "/a?b")},
        {ROUTE(AURORA_HTTP_GET, "/{a}/{b}/{c}/{d}/{e}")},
        {ROUTE(AURORA_HTTP_HEAD, "/a")},
        {ROUTE(AURORA_HTTP_OPTIONS, "/a")},
        {ROUTE(0, "/a")},
        {{.method = AURORA_HTTP_GET, .template_path = "/a", .query = ""}},
        {ROUTE(AURORA_HTTP_GET, "/a"), ROUTE(AURORA_HTTP_GET, "/a")},
        {ROUTE(AURORA_HTTP_GET, "/a/{id}"), ROUTE(AURORA_HTTP_GET, "/a/{sku}/b")},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const aurora_http_route *const table[] = {rows[i]};
        const uint32_t count[] = {rows[i][1].template_path != NULL ? 2u : 1u};
        aurora_router *router;
        aurora_error err = AURORA_ERROR_INIT;
        aurora_status rc = aurora_router_new(table, count, 1, &router, &err);
        ck_assert_msg(rc == AURORA_EINVAL && router == NULL, "row %zu: %d", i, (int)rc);
        ck_assert_str_eq(err.field, rows[i][count[0] - 1].template_path);
        ck_assert_str_ne(err.message, "");
    }
}
END_TEST

/* --- queries ---------------------------------------------------------------------------------- */

static bool parse(const char *query, aurora_http_pair *pairs, uint32_t *count,
                  aurora_query_error *error)
{
    static char *memory;
    free(memory);
    memory = malloc(strlen(query) + 1); /* exactly, for the sanitizer */
    ck_assert_ptr_nonnull(memory);
    return aurora_query_parse(query, "q limit sort", memory, pairs, count, error);
}

START_TEST(test_router__query_is_decoded)
{
    aurora_http_pair pairs[AURORA_ROUTER_QUERY_MAX];
    aurora_query_error error;
    uint32_t count;

    ck_assert(parse("", pairs, &count, &error));
    ck_assert_uint_eq(count, 0);
    ck_assert(parse("&&q=red+m%C3%BCg%2B%26&&limit=&sort", pairs, &count, &error));
    ck_assert_uint_eq(count, 3);
    ck_assert_str_eq(pairs[0].name, "q");
    ck_assert_str_eq(pairs[0].value, "red m\xc3\xbcg+&");
    ck_assert_str_eq(pairs[1].value, "");
    ck_assert_str_eq(pairs[2].name, "sort");
    ck_assert_str_eq(pairs[2].value, "");
    ck_assert(parse("%71=a=b", pairs, &count, &error));
    ck_assert_str_eq(pairs[0].name, "q");
    ck_assert_str_eq(pairs[0].value, "a=b");
}
END_TEST

START_TEST(test_router__query_refusals_name_the_parameter)
{
    static const struct {
        const char *query;
        const char *parameter;
        const char *rule;
    } rows[] = {
        {"page=2", "page", "is not a parameter of this path"},
        {"q=1&page=2", "page", "is not a parameter of this path"},
        {"Q=1", "Q", "is not a parameter of this path"},
        {"=1", "", "is not a parameter of this path"},
        {"q%20limit=1", "q limit", "is not a parameter of this path"},
        {"q=1&q=2", "q", "is given twice"},
        {"q=1&%71=1", "q", "is given twice"},
        {"q&q", "q", "is given twice"},
        {"q=%", "q", "is not percent-encoded"},
        {"q=%4", "q", "is not percent-encoded"},
        {"q=%zz", "q", "is not percent-encoded"},
        {"q=a%00b", "q", "is not percent-encoded"},
        {"q=%ff", "q", "is not percent-encoded"},
        {"q=%ed%a0%80", "q", "is not percent-encoded"},
        {"%ff=1", "%ff", "is not percent-encoded"},
        {"q=1;limit=2", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        aurora_http_pair pairs[AURORA_ROUTER_QUERY_MAX];
        aurora_query_error error;
        uint32_t count;
        bool is_read = parse(rows[i].query, pairs, &count, &error);
        ck_assert_msg(is_read == (rows[i].parameter == NULL), "%s", rows[i].query);
        if (is_read)
            continue;
        ck_assert_str_eq(error.parameter, rows[i].parameter);
        ck_assert_msg(strstr(error.rule, rows[i].rule) == error.rule, "%s", error.rule);
    }
}
END_TEST

START_TEST(test_percent__what_is_encoded_fits_or_is_refused)
{
    static const char encoded[] = "a-b._~%2F%C3%A9%20%25";
    char out[sizeof encoded];

    ck_assert(aurora__percent_encode("a-b._~/\xc3\xa9 %", out, sizeof out));
    ck_assert_str_eq(out, encoded);

    ck_assert(!aurora__percent_encode("a-b._~/\xc3\xa9 %", out, sizeof out - 1));
    ck_assert(aurora__percent_encode("ab", out, 3));
    ck_assert(!aurora__percent_encode("ab", out, 2));
    ck_assert(aurora__percent_encode("", out, 1));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("router");
    TCase *tc = tcase_create("router");
    tcase_add_test(tc, test_router__paths_find_their_routes);
    tcase_add_test(tc, test_router__parameters_are_decoded);
    tcase_add_test(tc, test_router__badly_encoded_parameters_are_named);
    tcase_add_test(tc, test_router__allow_names_what_the_path_answers);
    tcase_add_test(tc, test_router__broken_tables_are_refused_by_their_template);
    tcase_add_test(tc, test_router__query_is_decoded);
    tcase_add_test(tc, test_router__query_refusals_name_the_parameter);
    tcase_add_test(tc, test_percent__what_is_encoded_fits_or_is_refused);
    suite_add_tcase(s, tc);
    return s;
}

AURORA_TEST_MAIN(suite)

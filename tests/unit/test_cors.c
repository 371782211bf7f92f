/* SPDX-License-Identifier: MIT */
/* S23: which origins are a list, and whom the list lets in. */
#include "http/cors.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

static const char *rule_of(const char *origins)
{
    const char *rule = NULL;
    return aurora_cors_check(origins, &rule) ? NULL : rule;
}

START_TEST(test_cors__origins_as_browsers_write_them_are_a_list)
{
    static const char *const lists[] = {
        "",
        "  ",
        "https://shop.example",
        "http://localhost:3000",
        "https://a.example,https://b.example",
        " https://a.example , http://127.0.0.1:8081 ",
        "https://[::1]:8443",
        "http://[fd00::1]",
        "https://shop.example:80",
        "https://xn--bcher-kva.example",
        "http://a:65535",
    };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        ck_assert_msg(rule_of(lists[i]) == NULL, "%s: %s", lists[i], rule_of(lists[i]));
}
END_TEST

/* Mutation: is_port of cors.c without its last comparison, or rule_of without the one for "*". */
START_TEST(test_cors__anything_else_is_refused_with_a_rule)
{
    static const char *const lists[] = {
        "*",
        "null",
        "https://*.shop.example",
        "https://",
        "shop.example",
        "//shop.example",
        "ftp://shop.example",
        "HTTPS://shop.example",
        "https://Shop.example",
        "https://shop.example/",
        "https://shop.example/path",
        "https://shop.example?q",
        "https://user@shop.example",
        "https://shop.example:443",
        "http://shop.example:80",
        "https://shop.example:",
        "https://shop.example:0",
        "https://shop.example:065",
        "https://shop.example:65536",
        "https://shop.example:123456",
        "https://shop.example:8x",
        "https://[::1",
        "https://[::g]",
        "https://[]",
        "https://::1",
        "https://a.example,",
        ",https://a.example",
        "https://a.example,,https://b.example",
        "https://a.example https://b.example",
        "https://a.example\thttps://b.example",
        "https://b\xc3\xbc"
        "cher.example",
        "https://.example",
    };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        ck_assert_msg(rule_of(lists[i]) != NULL, "%s", lists[i]);
}
END_TEST

START_TEST(test_cors__a_list_has_an_end)
{
    char *list = calloc(65, 16);
    for (int i = 0; i < 64; i++)
        strcat(list, i == 0 ? "http://a" : ",http://a");
    ck_assert_ptr_null(rule_of(list));

    strcat(list, ",http://a");

    ck_assert_ptr_nonnull(rule_of(list));
    free(list);
}
END_TEST

/* Mutation: aurora__cors_find with strncmp of the listed length, or with strcasecmp. */
START_TEST(test_cors__only_the_exact_origin_is_found)
{
    static const char *const others[] = {
        "https://shop.example.evil.example",
        "https://shop.exampl",
        "https://shop.example:443",
        "http://shop.example",
        "https://SHOP.example",
        "https://evil.shop.example",
        "https://shop.example/",
        "null",
        "",
        "*",
        "http://localhost:3000 ",
        "https://shop.example, null",
    };
    aurora__cors *cors = aurora__cors_new(" https://shop.example , http://localhost:3000", NULL);

    ck_assert_str_eq(aurora__cors_find(cors, "https://shop.example"), "https://shop.example");
    ck_assert_str_eq(aurora__cors_find(cors, "http://localhost:3000"), "http://localhost:3000");
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        ck_assert_msg(aurora__cors_find(cors, others[i]) == NULL, "%s", others[i]);
    ck_assert_ptr_null(aurora__cors_find(cors, NULL));
    aurora__cors_free(cors);
}
END_TEST

START_TEST(test_cors__texts_outlive_the_list_that_follows)
{
    aurora__cors *first = aurora__cors_new("https://a.example", NULL);
    const char *origin = aurora__cors_find(first, "https://a.example");

    aurora__cors *second = aurora__cors_new("", first);

    ck_assert(aurora__cors_is_empty(second));
    ck_assert_ptr_null(aurora__cors_find(second, "https://a.example"));
    ck_assert_str_eq(origin, "https://a.example");
    aurora__cors_free(second);
}
END_TEST

START_TEST(test_cors__the_fields_fit_what_is_kept_for_them)
{
    char origin[AURORA__CORS_ORIGIN_BYTES_MAX + 1], text[AURORA__CORS_FIELDS_BYTES_MAX];
    memset(origin, 'a', sizeof origin);
    origin[sizeof origin - 1] = '\0';

    char *end = aurora__cors_put(text, origin);
    end = aurora__cors_put_preflight(end, "GET, HEAD, POST, PUT, DELETE, OPTIONS");

    ck_assert_uint_le((size_t)(end - text), sizeof text);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("cors");
    TCase *tc = tcase_create("cors");
    tcase_add_test(tc, test_cors__origins_as_browsers_write_them_are_a_list);
    tcase_add_test(tc, test_cors__anything_else_is_refused_with_a_rule);
    tcase_add_test(tc, test_cors__a_list_has_an_end);
    tcase_add_test(tc, test_cors__only_the_exact_origin_is_found);
    tcase_add_test(tc, test_cors__texts_outlive_the_list_that_follows);
    tcase_add_test(tc, test_cors__the_fields_fit_what_is_kept_for_them);
    suite_add_tcase(s, tc);
    return s;
}

AURORA_TEST_MAIN(suite)

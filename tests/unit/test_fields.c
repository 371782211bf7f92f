/* SPDX-License-Identifier: MIT */
/* The readers of header fields and query parameters over an exchange of the test's own: what it
 * defines here goes before the server's, which is in an archive. */
#include "http/fields.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <aurora/product.h>

#include "test.h"

#define PAIRS_MAX 8

typedef struct {
    const char *name;
    const char *value;
} pair;

struct aurora_http_exchange {
    aurora_http_route route;
    aurora_http_principal principal;
    const char *path;
    pair query[PAIRS_MAX];
    pair fields[PAIRS_MAX];
    int status; /* of the problem, 0 = none */
    char code[32];
    int blamed_at;
    char blamed[64];
    char set[64]; /* "ETag: \"3\"" */
    void *blocks[64];
    size_t block_count;
};

static const char *find(const pair *pairs, const char *name)
{
    for (size_t i = 0; i < PAIRS_MAX && pairs[i].name != NULL; i++) {
        if (strcasecmp(pairs[i].name, name) == 0)
            return pairs[i].value;
    }
    return NULL;
}

const aurora_http_route *aurora_http_exchange_route(const aurora_http_exchange *exchange)
{
    return &exchange->route;
}

const char *aurora_http_exchange_path(const aurora_http_exchange *exchange)
{
    return exchange->path;
}

const aurora_http_principal *aurora_http_exchange_principal(const aurora_http_exchange *exchange)
{
    return &exchange->principal;
}

const char *aurora_http_query(const aurora_http_exchange *exchange, const char *name)
{
    return find(exchange->query, name);
}

const char *aurora_http_header(const aurora_http_exchange *exchange, const char *name)
{
    return find(exchange->fields, name);
}

void *aurora_http_alloc(aurora_http_exchange *exchange, size_t size)
{
    ck_assert_uint_lt(exchange->block_count, 64);
    void *block = malloc(size);
    ck_assert_ptr_nonnull(block);
    exchange->blocks[exchange->block_count++] = block;
    return block;
}

void aurora_http_set(aurora_http_exchange *exchange, const char *name, const char *value)
{
    snprintf(exchange->set, sizeof exchange->set, "%s: %s", name, value);
}

void aurora_http_blame(aurora_http_exchange *exchange, int at, const char *place,
                       const char *format, ...)
{
    (void)format;
    exchange->blamed_at = at;
    snprintf(exchange->blamed, sizeof exchange->blamed, "%s", place);
}

void aurora_http_problem(aurora_http_exchange *exchange, int status, const char *code,
                         const char *format, ...)
{
    (void)format;
    ck_assert_int_eq(exchange->status, 0);
    exchange->status = status;
    snprintf(exchange->code, sizeof exchange->code, "%s", code);
}

static void release(aurora_http_exchange *exchange)
{
    while (exchange->block_count > 0)
        free(exchange->blocks[--exchange->block_count]);
}

static void assert_refused(aurora_http_exchange *exchange, const char *code, int at,
                           const char *place)
{
    ck_assert_int_eq(exchange->status, 400);
    ck_assert_str_eq(exchange->code, code);
    ck_assert_int_eq(exchange->blamed_at, at);
    ck_assert_str_eq(exchange->blamed, place);
    release(exchange);
}

/* --- numbers and times ------------------------------------------------------------------------ */

START_TEST(test_fields__query_numbers_are_whole_and_in_range)
{
    static const struct {
        const char *text;
        bool is_taken;
        int64_t number;
    } rows[] = {
        {NULL, true, 7},
        {"1", true, 1},
        {"100", true, 100},
        {"007", true, 7},
        {"-5", true, -5},
        {"101", false, 0},
        {"-6", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"+1", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"1.5", false, 0},
        {"1e1", false, 0},
        {"0x1", false, 0},
        {"ten", false, 0},
        {"99999999999999999999", false, 0},
        {"-99999999999999999999", false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        aurora_http_exchange exchange = {.query = {{"n", rows[i].text}}};
        int64_t number = 7;
        bool is_taken = aurora_http_query_int(&exchange, "n", -5, 100, &number);
        ck_assert_msg(is_taken == rows[i].is_taken, "%s", rows[i].text);
        if (is_taken)
            ck_assert_int_eq(number, rows[i].number);
        else
            assert_refused(&exchange, "invalid_parameter", AURORA_HTTP_AT_PARAMETER, "n");
    }
}
END_TEST

START_TEST(test_fields__limit_keeps_its_default)
{
    aurora_http_exchange absent = {0}, given = {.query = {{"limit", "20"}}};
    aurora_http_exchange zero = {.query = {{"limit", "0"}}}, above = {.query = {{"limit", "101"}}};
    uint32_t limit = 50;

    ck_assert(aurora_http_query_limit(&absent, 100, &limit));
    ck_assert_uint_eq(limit, 50);
    ck_assert(aurora_http_query_limit(&given, 100, &limit));
    ck_assert_uint_eq(limit, 20);
    ck_assert(!aurora_http_query_limit(&zero, 100, &limit));
    ck_assert(!aurora_http_query_limit(&above, 100, &limit));
    ck_assert_uint_eq(limit, 20);
}
END_TEST

START_TEST(test_fields__query_times_are_rfc_3339)
{
    aurora_http_exchange good = {.query = {{"from", "1970-01-01T01:00:01+01:00"}}};
    aurora_http_exchange bad = {.query = {{"from", "yesterday"}}}, absent = {0};
    int64_t ms = 7;

    ck_assert(aurora_http_query_time(&absent, "from", &ms));
    ck_assert_int_eq(ms, 7);
    ck_assert(aurora_http_query_time(&good, "from", &ms));
    ck_assert_int_eq(ms, 1000);
    ck_assert(!aurora_http_query_time(&bad, "from", &ms));
    assert_refused(&bad, "invalid_parameter", AURORA_HTTP_AT_PARAMETER, "from");
}
END_TEST

/* --- keys and preferences --------------------------------------------------------------------- */

START_TEST(test_fields__idempotency_key_is_bare_or_quoted)
{
    static const struct {
        const char *text;
        const char *key; /* NULL = refused */
    } rows[] = {
        {"abc", "abc"},
        {"8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"},
        {"\"abc\"", "abc"},
        {"\"a b, c\"", "a b, c"},
        {"\"a\\\"b\\\\c\"", "a\"b\\c"},
        {"", NULL},
        {"\"\"", NULL},
        {"\"abc", NULL},
        {"abc\"", NULL},
        {"\"abc\"x", NULL},
        {"\"abc\";p=1", NULL},
        {"\"a\\bc\"", NULL},
        {"\"abc\\", NULL},
        {"a b", NULL},
        {"a, b", NULL},
        {"a\xc3\xa4", NULL},
        {"\"\xc3\xa4\"", NULL},
        {"\"\t\"", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        aurora_http_exchange exchange = {.fields = {{"idempotency-key", rows[i].text}}};
        const char *key = "before";
        bool is_taken = aurora_http_idempotency_key(&exchange, &key);
        ck_assert_msg(is_taken == (rows[i].key != NULL), "%s", rows[i].text);
        if (is_taken)
            ck_assert_str_eq(key, rows[i].key);
        else
            assert_refused(&exchange, "invalid_header", AURORA_HTTP_AT_HEADER, "Idempotency-Key");
        release(&exchange);
    }
}
END_TEST

START_TEST(test_fields__idempotency_key_has_1_to_255_bytes)
{
    for (size_t length = 255; length <= 256; length++) {
        char bare[300] = "", quoted[300] = "\"";
        memset(bare, 'k', length);
        memset(quoted + 1, 'k', length);
        quoted[length + 1] = '"';
        aurora_http_exchange first = {.fields = {{"Idempotency-Key", bare}}};
        aurora_http_exchange second = {.fields = {{"Idempotency-Key", quoted}}};
        const char *key;
        ck_assert_int_eq(aurora_http_idempotency_key(&first, &key), length == 255);
        ck_assert_int_eq(aurora_http_idempotency_key(&second, &key), length == 255);
        release(&first);
        release(&second);
    }
    aurora_http_exchange absent = {0};
    const char *key = "before";
    ck_assert(aurora_http_idempotency_key(&absent, &key));
    ck_assert_ptr_null(key);
}
END_TEST

START_TEST(test_fields__prefer_wait_is_found_among_others)
{
    static const struct {
        const char *text;
        uint32_t wait_ms;
    } rows[] = {
        {NULL, 0},
        {"wait=5", 5000},
        {"Wait=5", 5000},
        {"wait=0", 0},
        {"wait=30", 30000},
        {"wait=31", 30000},
        {"wait=99999999999999999999", 30000},
        {"respond-async, wait=10", 10000},
        {"wait = \"10\"; x=y", 10000},
        {"a=\"wait=3, b\", wait=4", 4000},
        {"wait=1, wait=2", 1000},
        {"return=minimal", 0},
        {"wait", 0},
        {"wait=", 0},
        {"wait=-1", 0},
        {"wait=x, wait=2", 2000},
        {"wait=1.5", 0},
        {"waiting=5", 0},
        {"a=\"unclosed, wait=4", 0},
        {"a=\"\\", 0},
        {",,, wait=3", 3000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        aurora_http_exchange exchange = {.fields = {{"Prefer", rows[i].text}}};
        ck_assert_msg(aurora_http_prefer_wait_ms(&exchange) == rows[i].wait_ms, "%s", rows[i].text);
    }
}
END_TEST

/* --- conditions ------------------------------------------------------------------------------- */

START_TEST(test_fields__if_match_becomes_a_version)
{
    static const struct {
        const char *match;
        const char *none_match;
        const char *refused; /* NULL = taken */
        aurora_http_condition condition;
    } rows[] = {
        {NULL, NULL, NULL, {.version = AURORA_ANY_VERSION}},
        {"\"3\"", NULL, NULL, {.version = 3, .is_given = true}},
        {"\"18446744073709551614\"", NULL, NULL, {.version = UINT64_MAX - 1, .is_given = true}},
        {"*", NULL, NULL, {.version = AURORA_ANY_VERSION, .is_given = true, .is_star = true}},
        {NULL, "*", NULL, {.version = 0, .is_given = true}},
        {"\"abc\"",
         NULL,
         NULL,
         {.version = AURORA_ANY_VERSION, .is_given = true, .is_never = true}},
        {"\"0\"", NULL, NULL, {.version = AURORA_ANY_VERSION, .is_given = true, .is_never = true}},
        {"\"03\"", NULL, NULL, {.version = AURORA_ANY_VERSION, .is_given = true, .is_never = true}},
        {"\"\"", NULL, NULL, {.version = AURORA_ANY_VERSION, .is_given = true, .is_never = true}},
        {"\"18446744073709551615\"",
         NULL,
         NULL,
         {.version = AURORA_ANY_VERSION, .is_given = true, .is_never = true}},
        {"\"99999999999999999999\"",
         NULL,
         NULL,
         {.version = AURORA_ANY_VERSION, .is_given = true, .is_never = true}},
        {"W/\"3\"", NULL, "If-Match", {0}},
        {"3", NULL, "If-Match", {0}},
        {"", NULL, "If-Match", {0}},
        {"\"3", NULL, "If-Match", {0}},
        {"\"3\", \"4\"", NULL, "If-Match", {0}},
        {"\"a b\"", NULL, "If-Match", {0}},
        {NULL, "\"3\"", "If-None-Match", {0}},
        {"\"3\"", "*", "If-None-Match", {0}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        aurora_http_exchange exchange = {0};
        size_t count = 0;
        aurora_http_condition condition;
        if (rows[i].match != NULL)
            exchange.fields[count++] = (pair){"If-Match", rows[i].match};
        if (rows[i].none_match != NULL)
            exchange.fields[count++] = (pair){"If-None-Match", rows[i].none_match};
        bool is_taken = aurora_http_if_match(&exchange, &condition);
        ck_assert_msg(is_taken == (rows[i].refused == NULL), "row %zu", i);
        if (!is_taken) {
            assert_refused(&exchange, "invalid_header", AURORA_HTTP_AT_HEADER, rows[i].refused);
            continue;
        }
        ck_assert_uint_eq(condition.version, rows[i].condition.version);
        ck_assert_int_eq(condition.is_given, rows[i].condition.is_given);
        ck_assert_int_eq(condition.is_star, rows[i].condition.is_star);
        ck_assert_int_eq(condition.is_never, rows[i].condition.is_never);
    }
}
END_TEST

START_TEST(test_fields__if_none_match_compares_weakly)
{
    static const struct {
        const char *text;
        bool is_unmodified;
    } rows[] = {
        {NULL, false},
        {"*", true},
        {"\"3\"", true},
        {"W/\"3\"", true},
        {"\"4\"", false},
        {"\"1\", W/\"2\" ,\"3\"", true},
        {"\"a,\",\"3\"", true},
        {"\"1\" garbage \"3\"", false},
        {"3", false},
        {"\"3", false},
        {"", false},
        {"\"03\"", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        aurora_http_exchange exchange = {.fields = {{"If-None-Match", rows[i].text}}};
        ck_assert_msg(aurora_http_is_unmodified(&exchange, 3) == rows[i].is_unmodified, "%s",
                      rows[i].text);
    }
}
END_TEST

START_TEST(test_fields__etag_is_the_version_in_quotes)
{
    aurora_http_exchange exchange = {0};
    aurora_http_set_etag(&exchange, UINT64_MAX);
    ck_assert_str_eq(exchange.set, "ETag: \"18446744073709551615\"");
}
END_TEST

/* --- cursors ---------------------------------------------------------------------------------- */

static const uint8_t key[32] = "thirty-two bytes of a secret key";

static aurora_http_exchange list_request(const char *status, const char *cursor)
{
    aurora_http_exchange exchange = {
        .route = {.template_path = "/orders", .query = "status customer limit cursor"},
        .principal = {.name = "alice", .scopes = AURORA_SCOPE_ORDERS_READ},
        .path = "/orders"};
    size_t count = 0;
    if (status != NULL)
        exchange.query[count++] = (pair){"status", status};
    if (cursor != NULL)
        exchange.query[count++] = (pair){"cursor", cursor};
    return exchange;
}

/* A sealed cursor of the list above, in the caller's buffer. */
static void seal(const char *status, const char *cursor, char text_out[512])
{
    aurora_http_exchange exchange = list_request(status, NULL);
    snprintf(text_out, 512, "%s", aurora_http_cursor_seal(&exchange, key, cursor));
    release(&exchange);
}

START_TEST(test_fields__cursor_comes_back_as_it_was_sealed)
{
    static const char *const texts[] = {"a", "ab", "abc", "o1.AQID-_xyz"};
    for (size_t i = 0; i < 4; i++) {
        char sealed[512];
        const char *cursor = NULL;
        seal("PARKED", texts[i], sealed);
        aurora_http_exchange exchange = list_request("PARKED", sealed);
        exchange.query[2] = (pair){"limit", "3"};
        ck_assert(aurora_http_query_cursor(&exchange, key, &cursor));
        ck_assert_str_eq(cursor, texts[i]);
        release(&exchange);
    }
    aurora_http_exchange first = list_request(NULL, NULL);
    const char *cursor = "before";
    ck_assert(aurora_http_query_cursor(&first, key, &cursor));
    ck_assert_ptr_null(cursor);
    ck_assert_ptr_null(aurora_http_cursor_seal(&first, key, NULL));
}
END_TEST

START_TEST(test_fields__cursor_of_another_list_is_refused)
{
    char sealed[512];
    const char *cursor;
    uint8_t other_key[32] = {0};
    aurora_http_exchange requests[7];
    seal(NULL, "abc", sealed);
    for (size_t i = 0; i < 7; i++)
        requests[i] = list_request(NULL, sealed);
    requests[0].route.template_path = "/products";
    requests[1].path = "/orders2";
    requests[2].principal.scopes |= AURORA_SCOPE_ORDERS_ADMIN;
    requests[3] = list_request("PARKED", sealed);
    requests[4] = list_request("", sealed);
    requests[5].query[1] = (pair){"customer", "bob"};
    for (size_t i = 0; i < 6; i++) {
        ck_assert_msg(!aurora_http_query_cursor(&requests[i], key, &cursor), "%zu", i);
        assert_refused(&requests[i], "invalid_cursor", AURORA_HTTP_AT_PARAMETER, "cursor");
    }
    ck_assert(!aurora_http_query_cursor(&requests[6], other_key, &cursor));
    release(&requests[6]);
}
END_TEST

START_TEST(test_fields__cursor_that_we_did_not_make_is_refused)
{
    static char long_text[5001];
    char sealed[512];
    const char *cursor;
    memset(long_text, 'A', sizeof long_text - 1);
    seal(NULL, "abcdef", sealed);
    const char *texts[] = {
        "",    "x",    "garbage", "AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAA", "=",
        "a b", "\xff", long_text};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        aurora_http_exchange exchange = list_request(NULL, texts[i]);
        ck_assert_msg(!aurora_http_query_cursor(&exchange, key, &cursor), "%s", texts[i]);
        assert_refused(&exchange, "invalid_cursor", AURORA_HTTP_AT_PARAMETER, "cursor");
    }
    for (size_t i = 0; sealed[i] != '\0'; i++) {
        char changed[512];
        memcpy(changed, sealed, sizeof changed);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        aurora_http_exchange exchange = list_request(NULL, changed);
        ck_assert_msg(!aurora_http_query_cursor(&exchange, key, &cursor), "byte %zu", i);
        release(&exchange);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("fields");
    TCase *tc = tcase_create("fields");
    tcase_add_test(tc, test_fields__query_numbers_are_whole_and_in_range);
    tcase_add_test(tc, test_fields__limit_keeps_its_default);
    tcase_add_test(tc, test_fields__query_times_are_rfc_3339);
    tcase_add_test(tc, test_fields__idempotency_key_is_bare_or_quoted);
    tcase_add_test(tc, test_fields__idempotency_key_has_1_to_255_bytes);
    tcase_add_test(tc, test_fields__prefer_wait_is_found_among_others);
    tcase_add_test(tc, test_fields__if_match_becomes_a_version);
    tcase_add_test(tc, test_fields__if_none_match_compares_weakly);
    tcase_add_test(tc, test_fields__etag_is_the_version_in_quotes);
    tcase_add_test(tc, test_fields__cursor_comes_back_as_it_was_sealed);
    tcase_add_test(tc, test_fields__cursor_of_another_list_is_refused);
    tcase_add_test(tc, test_fields__cursor_that_we_did_not_make_is_refused);
    suite_add_tcase(s, tc);
    return s;
}

AURORA_TEST_MAIN(suite)

/* SPDX-License-Identifier: MIT */
/* /products against the real server: every status, conditions, pages, batches. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "served_shop.h"

#define CUP                                                                                        \
    "{\"sku\":\"cup\",\"name\":\"Cup\",\"description\":\"Stoneware\",\"category\":\"Kitchen\","    \
    "\"brand\":\"Aurora\",\"image_url\":\"/cup.jpg\",\"price_minor\":1250,\"currency\":\"EUR\","   \
    "\"attributes\":{\"colour\":\"blue\",\"a/b~c\":\"\"}}"
#define MINIMAL "{\"name\":\"Cup\",\"price_minor\":1,\"currency\":\"EUR\"}"

static served_shop served;

static void setup(void)
{
    served_shop_init(&served, NULL);
}

static void setup_closed(void)
{
    served_shop_init(&served, SERVED_SHOP_SECRET);
}

static void teardown(void)
{
    served_shop_deinit(&served);
}

#define field(name) http_answer_field(&served.answer, name)
#define at(path) served_shop_at(&served, path)

/* --- create and get --------------------------------------------------------------------------- */

START_TEST(test_product_post__creates_and_says_where)
{
    served_shop_expect(&served, 201, "POST", "/products", CUP);

    ck_assert_str_eq(field("Location"), "/products/cup");
    ck_assert_str_eq(field("ETag"), "\"1\"");
    ck_assert_str_eq(field("Content-Type"), "application/json");
    ck_assert_str_eq(at("sku"), "cup");
    ck_assert_str_eq(at("name"), "Cup");
    ck_assert_str_eq(at("description"), "Stoneware");
    ck_assert_str_eq(at("category"), "Kitchen");
    ck_assert_str_eq(at("brand"), "Aurora");
    ck_assert_str_eq(at("image_url"), "/cup.jpg");
    ck_assert_str_eq(at("price_minor"), "1250");
    ck_assert_str_eq(at("currency"), "EUR");
    ck_assert_str_eq(at("attributes"), "{\"colour\":\"blue\",\"a/b~c\":\"\"}");
    ck_assert_str_eq(at("version"), "1");
    ck_assert_ptr_nonnull(strchr(at("created_at"), 'Z'));
    ck_assert_str_eq(at("created_at"), at("updated_at"));
}
END_TEST

START_TEST(test_product_post__refuses_a_sku_that_is_there)
{
    served_shop_expect(&served, 201, "POST", "/products", CUP);

    served_shop_call(&served, "POST", "/products", NULL, CUP);

    served_shop_assert_problem(&served, 409, "conflict", NULL);
}
END_TEST

START_TEST(test_product_get__answers_what_post_answered)
{
    served_shop_expect(&served, 201, "POST", "/products", CUP);
    char *posted = strdup(served.answer.body);

    served_shop_expect(&served, 200, "GET", "/products/cup", NULL);

    ck_assert_str_eq(served.answer.body, posted);
    ck_assert_str_eq(field("ETag"), "\"1\"");
    ck_assert_str_eq(field("Cache-Control"), "no-cache");
    free(posted);
}
END_TEST

START_TEST(test_product_get__takes_a_sku_that_has_to_be_encoded)
{
    served_shop_expect(&served, 201, "POST", "/products",
                       "{\"sku\":\"caf\\u00e9 \\u00bd%?#\",\"name\":\"Cup\",\"price_minor\":1,"
                       "\"currency\":\"EUR\"}");
    ck_assert_str_eq(field("Location"), "/products/caf%C3%A9%20%C2%BD%25%3F%23");

    served_shop_expect(&served, 200, "GET", "/products/caf%C3%A9%20%C2%BD%25%3F%23", NULL);

    ck_assert_str_eq(at("sku"), "caf\xC3\xA9 \xC2\xBD%?#");
}
END_TEST

START_TEST(test_product_get__head_has_the_fields_and_no_body)
{
    served_shop_expect(&served, 201, "POST", "/products", CUP);
    served_shop_expect(&served, 200, "GET", "/products/cup", NULL);
    char length[32];
    snprintf(length, sizeof length, "%s", field("Content-Length"));

    served_shop_expect(&served, 200, "HEAD", "/products/cup", NULL);

    ck_assert_str_eq(field("Content-Length"), length);
    ck_assert_str_eq(field("ETag"), "\"1\"");
    ck_assert_uint_eq(served.answer.body_len, 0);
}
END_TEST

START_TEST(test_product_get__answers_304_to_its_own_etag)
{
    static const struct {
        const char *fields;
        int status;
    } rows[] = {
        {"If-None-Match: \"1\"\r\n", 304},   {"If-None-Match: *\r\n", 304},
        {"If-None-Match: W/\"1\"\r\n", 304}, {"If-None-Match: \"7\", \"1\"\r\n", 304},
        {"If-None-Match: \"2\"\r\n", 200},   {"If-None-Match: \"other\"\r\n", 200},
    };
    served_shop_expect(&served, 201, "POST", "/products", CUP);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        served_shop_call(&served, "GET", "/products/cup", rows[i].fields, NULL);

        ck_assert_msg(served.answer.status == rows[i].status, "%s is %d", rows[i].fields,
                      served.answer.status);
        ck_assert_str_eq(field("ETag"), "\"1\"");
    }
}
END_TEST

START_TEST(test_product_get__answers_404_for_a_sku_without_product)
{
    for (int i = 0; i < 2; i++) { /* loaded, then kept */
        served_shop_call(&served, "GET", "/products/none", NULL, NULL);
        served_shop_assert_problem(&served, 404, "not_found", NULL);
    }
}
END_TEST

START_TEST(test_product_get__names_a_sku_that_cannot_be)
{
    char target[700] = "/products/";
    memset(target + strlen(target), 'x', 600);

    served_shop_call(&served, "GET", target, NULL, NULL);
    served_shop_assert_problem(&served, 400, "invalid_parameter", "sku");
    target[strlen("/products/") + 65] = '\0';
    served_shop_call(&served, "GET", target, NULL, NULL);
    served_shop_assert_problem(&served, 400, "invalid_parameter", "sku");
    served_shop_call(&served, "GET", "/products/a%01", NULL, NULL);
    served_shop_assert_problem(&served, 400, "malformed_request", NULL);
}
END_TEST

START_TEST(test_product_get__serves_long_texts)
{
    char *description = malloc(65536 + 1);
    memset(description, '\t', 65536); /* six times as long in JSON */
    description[65536] = '\0';
    aurora_pair attributes[64];
    char names[64][16];
    char value[513];
    memset(value, '"', 512);
    value[512] = '\0';
    for (int i = 0; i < 64; i++) {
        snprintf(names[i], sizeof names[i], "n%d", i);
        attributes[i] = (aurora_pair){names[i], value};
    }
    char *image = malloc(65536 + 1);
    memset(image, '"', 65536);
    image[65536] = '\0';
    aurora_assert_ok(
        aurora_product_put(served.shop,
                           AURORA_PRODUCT(.sku = "long", .name = "Long", .description = description,
                                          .image_url = image, .price_minor = 1, .currency = "EUR",
                                          .attributes = attributes, .attribute_count = 64),
                           AURORA_ANY_VERSION, NULL, NULL));

    served_shop_expect(&served, 200, "GET", "/products/long", NULL);

    ck_assert_uint_gt(served.answer.body_len, 65536);
    ck_assert_str_eq(at("version"), "1");
    free(description);
    free(image);
}
END_TEST

/* --- put -------------------------------------------------------------------------------------- */

START_TEST(test_product_put__creates_then_replaces)
{
    served_shop_expect(&served, 201, "PUT", "/products/cup", MINIMAL);
    ck_assert_str_eq(field("Location"), "/products/cup");

    served_shop_expect(&served, 200, "PUT", "/products/cup", CUP);

    ck_assert_str_eq(at("version"), "2");
    ck_assert_str_eq(field("ETag"), "\"2\"");
    ck_assert_ptr_null(field("Location"));
    served_shop_expect(&served, 200, "PUT", "/products/cup", MINIMAL);
    ck_assert_str_eq(at("description"), "");
    ck_assert_str_eq(at("attributes"), "{}");
}
END_TEST

START_TEST(test_product_put__takes_back_what_get_gave_and_changes_nothing)
{
    served_shop_expect(&served, 201, "POST", "/products", CUP);
    char *got = strdup(served_shop_expect(&served, 200, "GET", "/products/cup", NULL)->body);

    served_shop_expect(&served, 200, "PUT", "/products/cup", got);

    ck_assert_str_eq(served.answer.body, got);
    ck_assert_str_eq(field("ETag"), "\"1\"");
    free(got);
}
END_TEST

START_TEST(test_product_put__a_client_reads_its_own_writes)
{
    char body[128];
    for (int price = 1; price <= 50; price++) {
        snprintf(body, sizeof body, "{\"name\":\"Cup\",\"price_minor\":%d,\"currency\":\"EUR\"}",
                 price);
        served_shop_call(&served, "PUT", "/products/cup", NULL, body);
        served_shop_expect(&served, 200, "GET", "/products/cup", NULL);
        ck_assert_int_eq(atoi(at("price_minor")), price);
    }
    served_shop_expect(&served, 204, "DELETE", "/products/cup", NULL);
    served_shop_expect(&served, 404, "GET", "/products/cup", NULL);
    served_shop_expect(&served, 201, "PUT", "/products/cup", MINIMAL);
    served_shop_expect(&served, 200, "GET", "/products/cup", NULL);
    ck_assert_str_eq(at("price_minor"), "1");
    ck_assert_int_gt(atoi(at("version")), 50);
}
END_TEST

START_TEST(test_product_put__holds_conditions)
{
    static const struct {
        const char *sku;
        const char *fields;
        int status;
        const char *code;
    } rows[] = {
        {"new", "If-None-Match: *\r\n", 201, NULL},
        {"new", "If-None-Match: *\r\n", 412, "precondition_failed"},
        {"new", "If-Match: \"1\"\r\n", 200, NULL},
        {"new", "If-Match: \"9\"\r\n", 412, "precondition_failed"},
        {"new", "If-Match: \"not-ours\"\r\n", 412, "precondition_failed"},
        {"new", "If-Match: *\r\n", 200, NULL},
        {"none", "If-Match: *\r\n", 412, "precondition_failed"},
        {"none", "If-Match: \"1\"\r\n", 412, "precondition_failed"},
        {"new", "If-Match: W/\"1\"\r\n", 400, "invalid_header"},
        {"new", "If-Match: 1\r\n", 400, "invalid_header"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char target[64];
        snprintf(target, sizeof target, "/products/%s", rows[i].sku);
        served_shop_call(&served, "PUT", target, rows[i].fields, MINIMAL);
        ck_assert_msg(served.answer.status == rows[i].status, "row %zu is %d: %s", i,
                      served.answer.status, served.answer.body);
        if (rows[i].code != NULL)
            served_shop_assert_problem(&served, rows[i].status, rows[i].code,
                                       strncmp(rows[i].fields, "If-M", 4) == 0 ? "If-Match"
                                                                               : "If-None-Match");
    }
    served_shop_expect(&served, 404, "GET", "/products/none", NULL);
}
END_TEST

START_TEST(test_product_put__names_what_is_wrong)
{
    static const struct {
        const char *body;
        const char *code;
        const char *pointer;
    } rows[] = {
        {"{", "invalid_json", NULL},
        {"[]", "invalid_field", ""},
        {"{\"price_minor\":1,\"currency\":\"EUR\"}", "invalid_field", "/name"},
        {"{\"name\":\"\",\"price_minor\":1,\"currency\":\"EUR\"}", "invalid_field", "/name"},
        {"{\"name\":\"a\\u0001\",\"price_minor\":1,\"currency\":\"EUR\"}", "invalid_field",
         "/name"},
        {"{\"name\":\"a\",\"currency\":\"EUR\"}", "invalid_field", "/price_minor"},
        {"{\"name\":\"a\",\"price_minor\":-1,\"currency\":\"EUR\"}", "invalid_field",
         "/price_minor"},
        {"{\"name\":\"a\",\"price_minor\":1.5,\"currency\":\"EUR\"}", "invalid_field",
         "/price_minor"},
        {"{\"name\":\"a\",\"price_minor\":\"1\",\"currency\":\"EUR\"}", "invalid_field",
         "/price_minor"},
        {"{\"name\":\"a\",\"price_minor\":1000000000001,\"currency\":\"EUR\"}", "invalid_field",
         "/price_minor"},
        {"{\"name\":\"a\",\"price_minor\":1}", "invalid_field", "/currency"},
        {"{\"name\":\"a\",\"price_minor\":1,\"currency\":\"eur\"}", "invalid_field", "/currency"},
        {"{\"name\":\"a\",\"price_minor\":1,\"currency\":\"EURO\"}", "invalid_field", "/currency"},
        {"{\"name\":\"a\",\"price_minor\":1,\"currency\":\"EUR\",\"colour\":1}", "unknown_field",
         "/colour"},
        {"{\"name\":\"a\",\"name\":\"b\",\"price_minor\":1,\"currency\":\"EUR\"}",
         "duplicate_field", "/name"},
        {"{\"sku\":\"other\",\"name\":\"a\",\"price_minor\":1,\"currency\":\"EUR\"}",
         "invalid_field", "/sku"},
        {"{\"name\":\"a\",\"price_minor\":1,\"currency\":\"EUR\",\"attributes\":[]}",
         "invalid_field", "/attributes"},
        {"{\"name\":\"a\",\"price_minor\":1,\"currency\":\"EUR\",\"attributes\":{\"b\":1}}",
         "invalid_field", "/attributes/b"},
        {"{\"name\":\"a\",\"price_minor\":1,\"currency\":\"EUR\",\"attributes\":{\"\":\"1\"}}",
         "invalid_field", "/attributes/"},
        {"{\"name\":\"a\",\"price_minor\":1,\"currency\":\"EUR\",\"attributes\":{\"a\":\"1\","
         "\"b/c\":\"\\u0001\"}}",
         "invalid_field", "/attributes/b~1c"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        served_shop_call(&served, "PUT", "/products/cup", NULL, rows[i].body);
        ck_assert_msg(served.answer.status == 400, "row %zu is %d", i, served.answer.status);
        served_shop_assert_problem(&served, 400, rows[i].code, rows[i].pointer);
    }
    served_shop_call(&served, "PUT", "/products/a%01", NULL, MINIMAL);
    served_shop_assert_problem(&served, 400, "malformed_request", NULL);
    served_shop_call(&served, "POST", "/products", NULL, MINIMAL);
    served_shop_assert_problem(&served, 400, "invalid_field", "/sku");
    served_shop_call(&served, "POST", "/products", NULL,
                     "{\"sku\":\" a\",\"name\":\"a\",\"price_minor\":1,\"currency\":\"EUR\"}");
    served_shop_assert_problem(&served, 400, "invalid_field", "/sku");
}
END_TEST

START_TEST(test_product_put__wants_json)
{
    served_shop_call(&served, "PUT", "/products/cup", "Content-Type: text/plain\r\n", MINIMAL);
    served_shop_assert_problem(&served, 415, "unsupported_media_type", NULL);
}
END_TEST

/* Many writers of one product, none of which gave a condition, all succeed. */
static void *put_often(void *port)
{
    http_client client;
    http_client_init(&client, *(uint16_t *)port);
    char body[128];
    for (int i = 0; i < 20; i++) {
        snprintf(body, sizeof body, "{\"name\":\"Cup %d\",\"price_minor\":%d,\"currency\":\"EUR\"}",
                 i, (int)(intptr_t)&client % 1000 + i + 1000);
        http_answer answer = http_client_call(&client, "PUT", "/products/hot", NULL, body);
        ck_assert_msg(answer.status == 200 || answer.status == 201, "%d: %s", answer.status,
                      answer.body);
        http_answer_free(&answer);
    }
    http_client_close(&client);
    return NULL;
}

START_TEST(test_product_put__writers_of_one_product_all_get_through)
{
    pthread_t threads[3];
    uint16_t port = served.client.port;
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, put_often, &port), 0);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);

    aurora_product *product;
    aurora_assert_ok(aurora_product_get(served.shop, "hot", &product));
    served_shop_expect(&served, 200, "GET", "/products/hot", NULL);
    ck_assert_uint_eq(strtoull(at("version"), NULL, 10), product->version);
    aurora_product_free(product);
}
END_TEST

/* --- delete and views ------------------------------------------------------------------------- */

START_TEST(test_product_delete__removes_once)
{
    served_shop_expect(&served, 201, "POST", "/products", CUP);
    served_shop_expect(&served, 200, "GET", "/products/cup", NULL);

    served_shop_expect(&served, 204, "DELETE", "/products/cup", NULL);

    served_shop_call(&served, "GET", "/products/cup", NULL, NULL);
    served_shop_assert_problem(&served, 404, "not_found", NULL);
    served_shop_call(&served, "DELETE", "/products/cup", NULL, NULL);
    served_shop_assert_problem(&served, 404, "not_found", NULL);
}
END_TEST

START_TEST(test_product_delete__holds_conditions)
{
    served_shop_expect(&served, 201, "POST", "/products", CUP);

    served_shop_call(&served, "DELETE", "/products/cup", "If-Match: \"2\"\r\n", NULL);
    served_shop_assert_problem(&served, 412, "precondition_failed", NULL);
    served_shop_call(&served, "DELETE", "/products/cup", "If-None-Match: *\r\n", NULL);
    served_shop_assert_problem(&served, 412, "precondition_failed", NULL);
    served_shop_call(&served, "DELETE", "/products/none", "If-Match: *\r\n", NULL);
    served_shop_assert_problem(&served, 412, "precondition_failed", NULL);
    served_shop_call(&served, "DELETE", "/products/cup", "If-Match: \"1\"\r\n", NULL);
    ck_assert_int_eq(served.answer.status, 204);
}
END_TEST

START_TEST(test_product_view__is_an_event)
{
    uint64_t before, after;
    served_shop_expect(&served, 201, "POST", "/products", CUP);
    aurora_assert_ok(aurora_event_bounds(served.shop, NULL, &before));

    served_shop_expect(&served, 204, "POST", "/products/cup/views", "{}");
    served_shop_call(&served, "POST", "/products/cup/views", "Content-Type: application/json\r\n",
                     NULL);

    ck_assert_int_eq(served.answer.status, 204);
    aurora_assert_ok(aurora_event_bounds(served.shop, NULL, &after));
    ck_assert_uint_eq(after - before, 2);
    served_shop_call(&served, "POST", "/products/none/views", NULL, "{}");
    served_shop_assert_problem(&served, 404, "not_found", NULL);
    served_shop_call(&served, "POST", "/products/cup/views", NULL, "{\"count\":5}");
    served_shop_assert_problem(&served, 400, "unknown_field", "/count");
}
END_TEST

/* --- lists ------------------------------------------------------------------------------------ */

static void fill(int from, int to, const char *category)
{
    char sku[16];
    for (int i = from; i < to; i++) {
        snprintf(sku, sizeof sku, "p%04d", i);
        served_shop_put(&served, sku, category);
    }
}

START_TEST(test_product_list__links_pages_to_the_end)
{
    char target[4096] = "/products?limit=7&category=a%20b";
    int seen = 0;
    fill(0, 30, "a b");
    fill(100, 110, "other");

    for (int pages = 0;; pages++) {
        served_shop_expect(&served, 200, "GET", target, NULL);
        for (int i = 0;; i++, seen++) {
            char path[32], sku[16];
            snprintf(path, sizeof path, "items.%d.sku", i);
            if (strcmp(at(path), "(absent)") == 0)
                break;
            snprintf(sku, sizeof sku, "p%04d", seen);
            ck_assert_str_eq(at(path), sku);
        }
        const char *link = field("Link");
        if (link == NULL)
            break;
        ck_assert_int_lt(pages, 10);
        ck_assert_int_eq(sscanf(link, "<%4000[^>]>; rel=\"next\"", target), 1);
    }
    ck_assert_int_eq(seen, 30);
    ck_assert_str_eq(at("next_cursor"), "null");
}
END_TEST

START_TEST(test_product_list__inserts_between_pages_lose_and_repeat_nothing)
{
    char target[4096] = "/products?limit=10";
    bool is_seen[400] = {false};
    for (int i = 0; i < 400; i += 4)
        fill(i, i + 1, NULL);

    for (int pages = 0;; pages++) {
        served_shop_expect(&served, 200, "GET", target, NULL);
        for (int i = 0; i < 10; i++) {
            char path[32];
            snprintf(path, sizeof path, "items.%d.sku", i);
            if (strcmp(at(path), "(absent)") == 0)
                break;
            int number = atoi(at(path) + 1);
            ck_assert_msg(!is_seen[number], "p%04d came twice", number);
            is_seen[number] = true;
        }
        if (strcmp(at("next_cursor"), "null") == 0)
            break;
        snprintf(target, sizeof target, "/products?limit=10&cursor=%s", at("next_cursor"));
        for (int i = pages % 3 + 1; i < 400; i += 60) /* before and after where we stand */
            if (i % 4 != 0)
                fill(i, i + 1, NULL);
    }
    for (int i = 0; i < 400; i += 4)
        ck_assert_msg(is_seen[i], "p%04d was skipped", i);
}
END_TEST

START_TEST(test_product_list__refuses_parameters_that_break_a_rule)
{
    static const struct {
        const char *target;
        const char *code;
        const char *place;
    } rows[] = {
        {"/products?limit=0", "invalid_parameter", "limit"},
        {"/products?limit=1001", "invalid_parameter", "limit"},
        {"/products?limit=", "invalid_parameter", "limit"},
        {"/products?limit=1e2", "invalid_parameter", "limit"},
        {"/products?limit=-1", "invalid_parameter", "limit"},
        {"/products?category=", "invalid_parameter", "category"},
        {"/products?page=2", "invalid_parameter", "page"},
        {"/products?limit=1&limit=1", "invalid_parameter", "limit"},
        {"/products?cursor=p0001", "invalid_cursor", "cursor"},
        {"/products?cursor=", "invalid_cursor", "cursor"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        served_shop_call(&served, "GET", rows[i].target, NULL, NULL);
        ck_assert_msg(served.answer.status == 400, "%s is %d", rows[i].target,
                      served.answer.status);
        served_shop_assert_problem(&served, 400, rows[i].code, rows[i].place);
    }
}
END_TEST

START_TEST(test_product_list__a_cursor_belongs_to_its_filter_and_its_route)
{
    char target[4096];
    char cursor[2048];
    fill(0, 3, "a");
    served_shop_expect(&served, 200, "GET", "/products?limit=1&category=a", NULL);
    snprintf(cursor, sizeof cursor, "%s", at("next_cursor"));

    snprintf(target, sizeof target, "/products?limit=1&cursor=%s", cursor);
    served_shop_call(&served, "GET", target, NULL, NULL);
    served_shop_assert_problem(&served, 400, "invalid_cursor", "cursor");
    snprintf(target, sizeof target, "/inventory?cursor=%s", cursor);
    served_shop_call(&served, "GET", target, NULL, NULL);
    served_shop_assert_problem(&served, 400, "invalid_cursor", "cursor");
    cursor[strlen(cursor) / 2] ^= 1;
    snprintf(target, sizeof target, "/products?limit=1&category=a&cursor=%s", cursor);
    served_shop_call(&served, "GET", target, NULL, NULL);
    served_shop_assert_problem(&served, 400, "invalid_cursor", "cursor");
}
END_TEST

/* --- batches ---------------------------------------------------------------------------------- */

START_TEST(test_product_batch__each_is_for_itself)
{
    served_shop_expect(&served, 200, "GET", "/livez", NULL);
    served_shop_expect(
        &served, 200, "POST", "/products:batch",
        "{\"products\":[{\"sku\":\"a\",\"name\":\"A\",\"price_minor\":1,\"currency\":\"EUR\"},"
        "{\"sku\":\"b\",\"name\":\"B\",\"price_minor\":-1,\"currency\":\"EUR\"},"
        "{\"sku\":\"c\",\"name\":\"C\\u0001\",\"price_minor\":1,\"currency\":\"EUR\"},"
        "7,"
        "{\"sku\":\"d\",\"name\":\"D\",\"price_minor\":1,\"currency\":\"EUR\",\"x\":1},"
        "{\"sku\":\"a\",\"name\":\"A2\",\"price_minor\":2,\"currency\":\"EUR\"}]}");

    ck_assert_str_eq(at("items.0"), "{\"sku\":\"a\",\"status\":200,\"version\":2}");
    ck_assert_str_eq(at("items.1.status"), "400");
    ck_assert_str_eq(at("items.1.sku"), "b");
    ck_assert_str_eq(at("items.1.code"), "invalid_field");
    ck_assert_str_eq(at("items.1.pointer"), "/products/1/price_minor");
    ck_assert_str_eq(at("items.2.pointer"), "/products/2/name");
    ck_assert_str_eq(at("items.2.code"), "invalid_field");
    ck_assert_str_eq(at("items.3.sku"), "null");
    ck_assert_str_eq(at("items.3.status"), "400");
    ck_assert_str_eq(at("items.4.code"), "unknown_field");
    ck_assert_str_eq(at("items.4.pointer"), "/products/4/x");
    ck_assert_str_eq(at("items.5.version"), "2");
    ck_assert_str_eq(at("items.6"), "(absent)");
    served_shop_expect(&served, 200, "GET", "/products/a", NULL);
    ck_assert_str_eq(at("price_minor"), "2");
    served_shop_expect(&served, 404, "GET", "/products/b", NULL);
    served_shop_expect(&served, 404, "GET", "/products/d", NULL);
}
END_TEST

/* A batch of `count` products of different SKUs; freed by the caller. */
static char *batch_of(int count, int price)
{
    size_t room = 64 + (size_t)count * 80;
    char *text = malloc(room);
    size_t len = (size_t)snprintf(text, room, "{\"products\":[");
    for (int i = 0; i < count; i++)
        len += (size_t)snprintf(
            text + len, room - len,
            "%s{\"sku\":\"p%d\",\"name\":\"Thing\",\"price_minor\":%d,\"currency\":\"EUR\"}",
            i == 0 ? "" : ",", i, price);
    snprintf(text + len, room - len, "]}");
    return text;
}

START_TEST(test_product_batch__takes_a_thousand_and_shows_them_at_once)
{
    char *first = batch_of(1000, 1);
    char *second = batch_of(1000, 2);
    served_shop_expect(&served, 200, "POST", "/products:batch", first);
    served_shop_expect(&served, 200, "GET", "/products/p999", NULL);

    served_shop_expect(&served, 200, "POST", "/products:batch", second);

    ck_assert_str_eq(at("items.999"), "{\"sku\":\"p999\",\"status\":200,\"version\":2}");
    served_shop_expect(&served, 200, "GET", "/products/p999", NULL);
    ck_assert_str_eq(at("price_minor"), "2");
    free(first);
    free(second);
}
END_TEST

START_TEST(test_product_batch__has_a_size)
{
    char *many = batch_of(1001, 1);
    served_shop_call(&served, "POST", "/products:batch", NULL, many);
    served_shop_assert_problem(&served, 400, "invalid_field", "/products");
    served_shop_call(&served, "POST", "/products:batch", NULL, "{\"products\":[]}");
    served_shop_assert_problem(&served, 400, "invalid_field", "/products");
    served_shop_call(&served, "POST", "/products:batch", NULL, "{}");
    served_shop_assert_problem(&served, 400, "invalid_field", "/products");
    free(many);
}
END_TEST

START_TEST(test_product_batch__a_full_disk_is_each_ones)
{
    aurora_assert_ok(
        aurora_fault_plan_set(served.faults, "store.commit", 1, AURORA_FAULT_FAIL, AURORA_EFULL));

    served_shop_expect(
        &served, 200, "POST", "/products:batch",
        "{\"products\":[{\"sku\":\"a\",\"name\":\"A\",\"price_minor\":1,\"currency\":\"EUR\"},"
        "{\"sku\":\"b\",\"name\":\"B\",\"price_minor\":1,\"currency\":\"eur\"}]}");

    ck_assert_str_eq(at("items.0.status"), "507");
    ck_assert_str_eq(at("items.0.code"), "storage_full");
    ck_assert_str_eq(at("items.0.version"), "(absent)");
    ck_assert_str_eq(at("items.1.status"), "400");
    ck_assert_str_eq(at("items.1.pointer"), "/products/1/currency");
    served_shop_expect(&served, 404, "GET", "/products/a", NULL);
}
END_TEST

/* --- failures and rights ---------------------------------------------------------------------- */

START_TEST(test_product_put__a_full_disk_is_507)
{
    aurora_assert_ok(
        aurora_fault_plan_set(served.faults, "store.commit", 1, AURORA_FAULT_FAIL, AURORA_EFULL));
    served_shop_call(&served, "PUT", "/products/cup", NULL, MINIMAL);
    served_shop_assert_problem(&served, 507, "storage_full", NULL);
    served_shop_expect(&served, 404, "GET", "/products/cup", NULL);
    served_shop_expect(&served, 201, "PUT", "/products/cup", MINIMAL);
}
END_TEST

START_TEST(test_products__writes_need_their_scope)
{
    static const struct {
        const char *method;
        const char *target;
        const char *body;
    } rows[] = {
        {"POST", "/products", CUP},
        {"PUT", "/products/cup", MINIMAL},
        {"DELETE", "/products/cup", NULL},
        {"POST", "/products:batch", "{\"products\":[" CUP "]}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        served.client.secret = SERVED_SHOP_SECRET;
        served.client.scopes = "inventory:write orders:write";
        served_shop_call(&served, rows[i].method, rows[i].target, NULL, rows[i].body);
        served_shop_assert_problem(&served, 403, "forbidden", NULL);
        served.client.secret = NULL;
        served_shop_call(&served, rows[i].method, rows[i].target, NULL, rows[i].body);
        served_shop_assert_problem(&served, 401, "unauthorized", NULL);
    }
    served.client.secret = SERVED_SHOP_SECRET;
    served.client.scopes = "products:write";
    served_shop_expect(&served, 201, "POST", "/products", CUP);
    served.client.secret = NULL;
    served_shop_expect(&served, 200, "GET", "/products/cup", NULL);
    served_shop_expect(&served, 200, "GET", "/products", NULL);
}
END_TEST

static void add_one(TCase *tcase)
{
    tcase_add_test(tcase, test_product_post__creates_and_says_where);
    tcase_add_test(tcase, test_product_post__refuses_a_sku_that_is_there);
    tcase_add_test(tcase, test_product_get__answers_what_post_answered);
    tcase_add_test(tcase, test_product_get__takes_a_sku_that_has_to_be_encoded);
    tcase_add_test(tcase, test_product_get__head_has_the_fields_and_no_body);
    tcase_add_test(tcase, test_product_get__answers_304_to_its_own_etag);
    tcase_add_test(tcase, test_product_get__answers_404_for_a_sku_without_product);
    tcase_add_test(tcase, test_product_get__names_a_sku_that_cannot_be);
    tcase_add_test(tcase, test_product_get__serves_long_texts);
    tcase_add_test(tcase, test_product_put__creates_then_replaces);
    tcase_add_test(tcase, test_product_put__takes_back_what_get_gave_and_changes_nothing);
    tcase_add_test(tcase, test_product_put__a_client_reads_its_own_writes);
    tcase_add_test(tcase, test_product_put__holds_conditions);
    tcase_add_test(tcase, test_product_put__names_what_is_wrong);
    tcase_add_test(tcase, test_product_put__wants_json);
    tcase_add_test(tcase, test_product_put__writers_of_one_product_all_get_through);
    tcase_add_test(tcase, test_product_put__a_full_disk_is_507);
    tcase_add_test(tcase, test_product_delete__removes_once);
    tcase_add_test(tcase, test_product_delete__holds_conditions);
    tcase_add_test(tcase, test_product_view__is_an_event);
}

static void add_many(TCase *tcase)
{
    tcase_add_test(tcase, test_product_list__links_pages_to_the_end);
    tcase_add_test(tcase, test_product_list__inserts_between_pages_lose_and_repeat_nothing);
    tcase_add_test(tcase, test_product_list__refuses_parameters_that_break_a_rule);
    tcase_add_test(tcase, test_product_list__a_cursor_belongs_to_its_filter_and_its_route);
    tcase_add_test(tcase, test_product_batch__each_is_for_itself);
    tcase_add_test(tcase, test_product_batch__takes_a_thousand_and_shows_them_at_once);
    tcase_add_test(tcase, test_product_batch__has_a_size);
    tcase_add_test(tcase, test_product_batch__a_full_disk_is_each_ones);
}

static Suite *suite(void)
{
    Suite *all = suite_create("routes_products");
    TCase *one = tcase_create("one");
    TCase *many = tcase_create("many");
    TCase *closed = tcase_create("closed");
    tcase_add_checked_fixture(one, setup, teardown);
    tcase_add_checked_fixture(many, setup, teardown);
    tcase_add_checked_fixture(closed, setup_closed, teardown);
    add_one(one);
    add_many(many);
    tcase_add_test(closed, test_products__writes_need_their_scope);
    tcase_set_timeout(one, 60);
    tcase_set_timeout(many, 60);
    suite_add_tcase(all, one);
    suite_add_tcase(all, many);
    suite_add_tcase(all, closed);
    return all;
}

AURORA_TEST_MAIN(suite)

/* SPDX-License-Identifier: MIT */
/* POST /orders and reading orders, against the real server, over each store. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "order_server.h"

static order_server server;

#define field(name) http_answer_field(&server.answer, name)
#define at(path) order_server_at(&server, path)
#define BODY                                                                                       \
    "{\"lines\":[{\"sku\":\"cup\",\"quantity\":2}],\"currency\":\"EUR\","                          \
    "\"payment_method\":\"tok_approve\"}"
#define IMPORT "orders:read orders:write orders:import"

static void open_kind(int kind)
{
    order_server_open(&server, kind, NULL);
}

static void closed_kind(int kind)
{
    order_server_open(&server, kind, ORDER_SERVER_SECRET);
}

static void teardown(void)
{
    order_server_stop(&server);
}

static const char *target(const char *id, const char *rest)
{
    static char texts[4][256];
    static unsigned turn;
    char *text = texts[turn++ % 4];
    snprintf(text, sizeof texts[0], "/orders/%s%s", id, rest);
    return text;
}

static void refused(const char *body, int status, const char *code, const char *place)
{
    order_server_call(&server, "POST", "/orders", NULL, body);
    order_server_problem(&server, status, code, place);
}

/* --- placing ---------------------------------------------------------------------------------- */

START_TEST(test_place__answers_201_with_the_order_and_its_place)
{
    open_kind(_i);

    order_server_expect(&server, 201, "POST", "/orders", BODY);

    ck_assert_str_eq(field("Location"), target(at("id"), ""));
    ck_assert_str_eq(field("Content-Type"), "application/json");
    ck_assert_str_eq(field("Cache-Control"), "no-store");
    ck_assert_ptr_null(field("Idempotency-Replayed"));
    ck_assert_str_eq(at("total_minor"), "500");
    ck_assert_str_eq(at("customer_id"), "anonymous");
    ck_assert_str_eq(at("lines.0.unit_price_minor"), "250");
    ck_assert_str_eq(at("reference"), "null");
}
END_TEST

START_TEST(test_place__takes_contact_and_metadata)
{
    open_kind(_i);

    order_server_expect(&server, 201, "POST", "/orders",
                        "{\"lines\":[{\"sku\":\"cup\",\"quantity\":1},{\"sku\":\"mug\","
                        "\"quantity\":2}],\"currency\":\"EUR\",\"payment_method\":\"tok_approve\","
                        "\"contact\":\"a@example.org\",\"metadata\":{\"cart\":\"17\",\"x\":\"\"}}");

    ck_assert_str_eq(at("contact"), "a@example.org");
    ck_assert_str_eq(at("metadata.cart"), "17");
    ck_assert_str_eq(at("metadata.x"), "");
    ck_assert_str_eq(at("total_minor"), "2248");
}
END_TEST

START_TEST(test_place__waits_as_long_as_is_preferred)
{
    open_kind(_i);

    order_server_call(&server, "POST", "/orders", "Prefer: wait=10\r\n", BODY);

    ck_assert_int_eq(server.answer.status, 201);
    ck_assert_str_eq(at("status"), "COMPLETED");
    ck_assert_str_eq(field("Preference-Applied"), "wait=10");
}
END_TEST

START_TEST(test_place__shows_what_became_of_an_order)
{
    static const char *const rows[][4] = {
        {"tok_decline", "FAILED", "payment_declined", "FAILED"},
        {"tok_decline_fraud", "FAILED", "payment_declined", "FAILED"},
        {"tok_approve", "COMPLETED", "null", "COMPLETED"},
    };
    open_kind(_i);

    for (size_t i = 0; i < 3; i++) {
        order_server_place(&server, rows[i][0]);
        ck_assert_str_eq(at("status"), rows[i][1]);
        ck_assert_str_eq(at("reason"), rows[i][2]);
        ck_assert_str_eq(at("outcome"), rows[i][3]);
    }
    order_server_call(&server, "POST", "/orders", "Prefer: wait=10\r\n",
                      order_server_body("cup", 1000, "tok_approve"));
    ck_assert_int_eq(server.answer.status, 201);
    ck_assert_str_eq(at("reason"), "out_of_stock");
}
END_TEST

START_TEST(test_place__leaves_a_waiting_client_with_the_pending_order)
{
    order_server_init(&server, _i, NULL);
    server.settings[0] = "payment=none:";
    order_server_start(&server);

    order_server_call(&server, "POST", "/orders", "Prefer: wait=1\r\n", BODY);

    ck_assert_int_eq(server.answer.status, 201);
    ck_assert_str_eq(at("status"), "RESERVED");
    ck_assert_str_eq(at("outcome"), "null");
}
END_TEST

START_TEST(test_place__refuses_what_the_price_list_does_not_have)
{
    open_kind(_i);

    refused("{\"lines\":[{\"sku\":\"cup\",\"quantity\":1},{\"sku\":\"hat\",\"quantity\":1}],"
            "\"currency\":\"EUR\",\"payment_method\":\"t\"}",
            422, "unknown_sku", "/lines/1/sku");
    refused("{\"lines\":[{\"sku\":\"cup\",\"quantity\":1}],\"currency\":\"USD\","
            "\"payment_method\":\"t\"}",
            422, "currency_mismatch", "/lines/0/sku");
    order_server_expect(&server, 200, "GET", "/orders", NULL);
    ck_assert_str_eq(at("items"), "[]");
}
END_TEST

START_TEST(test_place__names_the_place_of_each_bad_field)
{
    static const char *const rows[][3] = {
        {"{}", "/lines", "invalid_field"},
        {"{\"lines\":[],\"currency\":\"EUR\",\"payment_method\":\"t\"}", "/lines", "invalid_field"},
        {"{\"lines\":[{\"sku\":\"a/b\",\"quantity\":1}],\"currency\":\"EUR\",\"payment_method\":"
         "\"t\"}",
         "/lines/0/sku", "invalid_field"},
        {"{\"lines\":[{\"sku\":\"cup\",\"quantity\":0}],\"currency\":\"EUR\",\"payment_method\":"
         "\"t\"}",
         "/lines/0/quantity", "invalid_field"},
        {"{\"lines\":[{\"sku\":\"cup\",\"quantity\":1,\"x\":1}],\"currency\":\"EUR\","
         "\"payment_method\":\"t\"}",
         "/lines/0/x", "unknown_field"},
        {"{\"lines\":[{\"sku\":\"cup\",\"quantity\":1}],\"currency\":\"XXQ\",\"payment_method\":"
         "\"t\"}",
         "/currency", "invalid_field"},
        {"{\"lines\":[{\"sku\":\"cup\",\"quantity\":1}],\"currency\":\"EUR\"}", "/payment_method",
         "invalid_field"},
        {"{\"lines\":[{\"sku\":\"cup\",\"quantity\":1}],\"currency\":\"EUR\",\"payment_method\":"
         "\"t\",\"metadata\":{\"a/b\":\"x\\u0001\"}}",
         "/metadata/a~1b", "invalid_field"},
        {"{\"lines\":[{\"sku\":\"cup\",\"quantity\":1}],\"currency\":\"EUR\",\"payment_method\":"
         "\"t\",\"contact\":\"\"}",
         "/contact", "invalid_field"},
    };
    open_kind(_i);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        refused(rows[i][0], 400, rows[i][2], rows[i][1]);
}
END_TEST

/* --- idempotency ------------------------------------------------------------------------------ */

START_TEST(test_place__repeats_the_first_answer_byte_for_byte)
{
    open_kind(_i);
    order_server_call(&server, "POST", "/orders", "Idempotency-Key: k1\r\n", BODY);
    ck_assert_int_eq(server.answer.status, 201);
    char *first = strdup(server.answer.body);
    char *place = strdup(field("Location"));
    order_server_call(&server, "POST", target(at("id"), "/cancel"), NULL, "{}");
    ck_assert_int_eq(server.answer.status, 200);

    order_server_call(&server, "POST", "/orders", "Idempotency-Key: \"k1\"\r\n", BODY);

    ck_assert_int_eq(server.answer.status, 201);
    ck_assert_str_eq(server.answer.body, first);
    ck_assert_str_eq(field("Location"), place);
    ck_assert_str_eq(field("Idempotency-Replayed"), "true");
    free(first);
    free(place);
}
END_TEST

START_TEST(test_place__shows_a_waiting_repeat_the_present_state)
{
    open_kind(_i);
    order_server_call(&server, "POST", "/orders", "Idempotency-Key: k1\r\n", BODY);
    order_server_call(&server, "POST", target(at("id"), "/cancel"), NULL, "{}");

    order_server_call(&server, "POST", "/orders", "Idempotency-Key: k1\r\nPrefer: wait=5\r\n",
                      BODY);

    ck_assert_int_eq(server.answer.status, 201);
    ck_assert_str_eq(at("status"), "CANCELLED");
    ck_assert_str_eq(field("Idempotency-Replayed"), "true");
}
END_TEST

START_TEST(test_place__refuses_a_key_with_another_body)
{
    open_kind(_i);
    order_server_call(&server, "POST", "/orders", "Idempotency-Key: k1\r\n", BODY);
    ck_assert_int_eq(server.answer.status, 201);

    order_server_call(&server, "POST", "/orders", "Idempotency-Key: k1\r\n",
                      order_server_body("cup", 3, "tok_approve"));

    order_server_problem(&server, 422, "key_reused", "Idempotency-Key");
}
END_TEST

START_TEST(test_place__takes_a_reordered_body_for_the_same)
{
    open_kind(_i);
    order_server_call(&server, "POST", "/orders", "Idempotency-Key: k1\r\n", BODY);
    char *first = strdup(server.answer.body);

    order_server_call(&server, "POST", "/orders", "Idempotency-Key: k1\r\n",
                      "{ \"payment_method\" : \"tok_approve\", \"currency\":\"EUR\",\n"
                      "  \"lines\":[ {\"quantity\":2,\"sku\":\"c\\u0075p\"} ] }");

    ck_assert_int_eq(server.answer.status, 201);
    ck_assert_str_eq(server.answer.body, first);
    free(first);
}
END_TEST

START_TEST(test_place__keeps_keys_of_principals_apart)
{
    closed_kind(_i);
    order_server_call(&server, "POST", "/orders", "Idempotency-Key: k1\r\n", BODY);
    ck_assert_str_eq(at("customer_id"), "alice");
    char *first = strdup(at("id"));

    order_server_be(&server, "bob", "orders:read orders:write");
    order_server_call(&server, "POST", "/orders", "Idempotency-Key: k1\r\n", BODY);

    ck_assert_int_eq(server.answer.status, 201);
    ck_assert_str_ne(at("id"), first);
    ck_assert_str_eq(at("customer_id"), "bob");
    free(first);
}
END_TEST

START_TEST(test_place__keeps_a_key_under_a_principal_with_a_long_name)
{
    char name[241];
    memset(name, 'n', 240);
    name[240] = '\0';
    closed_kind(_i);
    order_server_be(&server, name, "orders:read orders:write");
    order_server_call(&server, "POST", "/orders", "Idempotency-Key: k1\r\n", BODY);
    ck_assert_int_eq(server.answer.status, 201);
    char *first = strdup(at("id"));

    order_server_call(&server, "POST", "/orders", "Idempotency-Key: k1\r\n", BODY);

    ck_assert_str_eq(at("id"), first);
    ck_assert_str_eq(field("Idempotency-Replayed"), "true");
    free(first);
}
END_TEST

/* --- import ----------------------------------------------------------------------------------- */

START_TEST(test_import__gives_its_own_prices_charges_customer_and_time)
{
    closed_kind(_i);
    order_server_be(&server, "erp", IMPORT);

    order_server_expect(
        &server, 201, "POST", "/orders",
        "{\"lines\":[{\"sku\":\"cup\",\"quantity\":2,\"unit_price_minor\":100}],"
        "\"currency\":\"EUR\",\"payment_method\":\"tok_approve\",\"reference\":\"R-1\","
        "\"customer_id\":\"carol\",\"placed_at\":\"2026-01-02T03:04:05Z\","
        "\"charges\":[{\"kind\":\"tax\",\"label\":\"VAT\",\"amount_minor\":38},"
        "{\"kind\":\"discount\",\"label\":\"New\",\"amount_minor\":-8}]}");

    ck_assert_str_eq(at("total_minor"), "230");
    ck_assert_str_eq(at("reference"), "R-1");
    ck_assert_str_eq(at("customer_id"), "carol");
    ck_assert_str_eq(at("placed_at"), "2026-01-02T03:04:05.000000Z");
    ck_assert_str_eq(at("charges.1.amount_minor"), "-8");
}
END_TEST

START_TEST(test_import__needs_its_scope)
{
    static const char *const rows[][2] = {
        {"\"reference\":\"R\"", "/reference"},
        {"\"customer_id\":\"bob\"", "/customer_id"},
        {"\"placed_at\":\"2026-01-02T03:04:05Z\"", "/placed_at"},
        {"\"charges\":[]", "/charges"},
    };
    char body[512];
    closed_kind(_i);

    for (size_t i = 0; i < 4; i++) {
        snprintf(body, sizeof body,
                 "{\"lines\":[{\"sku\":\"cup\",\"quantity\":1}],\"currency\":\"EUR\","
                 "\"payment_method\":\"t\",%s}",
                 rows[i][0]);
        refused(body, 403, "forbidden", rows[i][1]);
    }
    refused("{\"lines\":[{\"sku\":\"cup\",\"quantity\":1,\"unit_price_minor\":1}],"
            "\"currency\":\"EUR\",\"payment_method\":\"t\"}",
            403, "forbidden", "/lines/0/unit_price_minor");
}
END_TEST

START_TEST(test_import__refuses_prices_in_some_lines_and_a_negative_total)
{
    closed_kind(_i);
    order_server_be(&server, "erp", IMPORT);

    refused("{\"lines\":[{\"sku\":\"cup\",\"quantity\":1,\"unit_price_minor\":1},"
            "{\"sku\":\"mug\",\"quantity\":1}],\"currency\":\"EUR\",\"payment_method\":\"t\"}",
            400, "invalid_field", "/lines/1");
    refused("{\"lines\":[{\"sku\":\"cup\",\"quantity\":1},"
            "{\"sku\":\"mug\",\"quantity\":1,\"unit_price_minor\":1}],\"currency\":\"EUR\","
            "\"payment_method\":\"t\"}",
            400, "invalid_field", "/lines/1");
    refused("{\"lines\":[{\"sku\":\"cup\",\"quantity\":1}],\"currency\":\"EUR\","
            "\"payment_method\":\"t\",\"charges\":[{\"kind\":\"tax\",\"label\":\"VAT\","
            "\"amount_minor\":1}]}",
            400, "invalid_field", "/charges");
    refused("{\"lines\":[{\"sku\":\"cup\",\"quantity\":1,\"unit_price_minor\":5}],"
            "\"currency\":\"EUR\",\"payment_method\":\"t\",\"charges\":[{\"kind\":\"discount\","
            "\"label\":\"D\",\"amount_minor\":-6}]}",
            422, "amount_overflow", NULL);
    refused("{\"lines\":[{\"sku\":\"cup\",\"quantity\":1}],\"currency\":\"EUR\","
            "\"payment_method\":\"t\",\"placed_at\":\"2099-01-01T00:00:00Z\"}",
            400, "invalid_field", "/placed_at");
}
END_TEST

START_TEST(test_import__answers_a_taken_reference_with_the_first_orders_id)
{
    const char *body = "{\"lines\":[{\"sku\":\"cup\",\"quantity\":1}],\"currency\":\"EUR\","
                       "\"payment_method\":\"tok_approve\",\"reference\":\"R-1\"}";
    closed_kind(_i);
    order_server_be(&server, "erp", IMPORT);
    order_server_expect(&server, 201, "POST", "/orders", body);
    char *first = strdup(at("id"));

    refused(body, 409, "reference_taken", "/reference");

    ck_assert_str_eq(at("order_id"), first);
    free(first);
}
END_TEST

/* --- one order -------------------------------------------------------------------------------- */

START_TEST(test_order__is_read_with_its_version_as_etag)
{
    char tag[64], fields[128];
    open_kind(_i);
    const char *id = order_server_place(&server, "tok_approve");

    order_server_expect(&server, 200, "GET", target(id, ""), NULL);

    snprintf(tag, sizeof tag, "\"%s\"", at("version"));
    ck_assert_str_eq(field("ETag"), tag);
    snprintf(fields, sizeof fields, "If-None-Match: %s\r\n", tag);
    order_server_call(&server, "GET", target(id, ""), fields, NULL);
    ck_assert_int_eq(server.answer.status, 304);
    ck_assert_str_eq(field("ETag"), tag);
    ck_assert_uint_eq(server.answer.body_len, 0);
    order_server_expect(&server, 200, "HEAD", target(id, ""), NULL);
    ck_assert_str_eq(field("ETag"), tag);
}
END_TEST

START_TEST(test_order__is_not_found_under_no_ones_id)
{
    static const char *const ids[] = {"123", "01890000-0000-7000-8000-000000000000",
                                      "01890000-0000-7000-8000-00000000000g"};
    static const char *const rest[] = {"", "/history", "/events"};
    open_kind(_i);

    for (size_t i = 0; i < 3; i++) {
        for (size_t j = 0; j < 3; j++) {
            order_server_call(&server, "GET", target(ids[i], rest[j]), NULL, NULL);
            order_server_problem(&server, 404, "not_found", NULL);
        }
        order_server_call(&server, "POST", target(ids[i], "/cancel"), NULL, "{}");
        order_server_problem(&server, 404, "not_found", NULL);
    }
}
END_TEST

START_TEST(test_order__of_another_does_not_exist)
{
    static const char *const rest[] = {"", "/history", "/events"};
    closed_kind(_i);
    const char *id = order_server_place(&server, "tok_approve");

    order_server_be(&server, "bob", "orders:read orders:write");
    for (size_t i = 0; i < 3; i++) {
        order_server_call(&server, "GET", target(id, rest[i]), NULL, NULL);
        order_server_problem(&server, 404, "not_found", NULL);
    }
    order_server_call(&server, "POST", target(id, "/cancel"), NULL, "{}");
    order_server_problem(&server, 404, "not_found", NULL);
    order_server_be(&server, "root", "orders:read orders:admin");
    order_server_expect(&server, 200, "GET", target(id, ""), NULL);
    ck_assert_str_eq(at("customer_id"), "alice");
}
END_TEST

START_TEST(test_order__is_awaited_by_a_get_that_prefers_so)
{
    order_server_init(&server, _i, NULL);
    server.settings[0] = "payment=none:";
    order_server_start(&server);
    order_server_expect(&server, 201, "POST", "/orders", BODY);
    char *id = strdup(at("id"));
    http_client other;
    http_client_init(&other, server.client.port);
    http_client_send(&other, "GET", target(id, ""), "Prefer: wait=20\r\n", NULL);

    order_server_expect(&server, 200, "POST", target(id, "/cancel"), "{}");

    http_answer answer = http_client_receive(&other, false);
    ck_assert_int_eq(answer.status, 200);
    ck_assert_str_eq(http_answer_at(&answer, "status"), "CANCELLED");
    ck_assert_str_eq(http_answer_field(&answer, "Preference-Applied"), "wait=20");
    http_answer_free(&answer);
    http_client_close(&other);
    free(id);
}
END_TEST

START_TEST(test_order__is_shown_as_it_is_when_the_server_goes)
{
    order_server_init(&server, _i, NULL);
    server.settings[0] = "payment=none:";
    order_server_start(&server);
    order_server_expect(&server, 201, "POST", "/orders", BODY);
    char *id = strdup(at("id"));
    http_client other;
    http_client_init(&other, server.client.port);
    http_client_send(&other, "GET", target(id, ""), "Prefer: wait=30\r\n", NULL);

    order_server_await_in_flight(&server, 1);

    bool is_whole = aurora_http_drain(server.routes.server, 15000);

    ck_assert(is_whole);
    http_answer answer = http_client_receive(&other, false);
    ck_assert_int_eq(answer.status, 200);
    ck_assert_str_eq(http_answer_at(&answer, "id"), id);
    http_answer_free(&answer);
    http_client_close(&other);
    free(id);
}
END_TEST

START_TEST(test_order__tells_its_history)
{
    open_kind(_i);
    char *id = strdup(order_server_place(&server, "tok_approve"));
    order_server_expect(&server, 200, "POST", target(id, "/cancel"), "{\"note\":\"too late\"}");

    order_server_expect(&server, 200, "GET", target(id, "/history"), NULL);

    ck_assert_str_eq(at("order_id"), id);
    ck_assert_str_eq(at("items.0.status"), "PENDING");
    ck_assert_str_eq(at("items.0.outcome"), "null");
    ck_assert_ptr_nonnull(strstr(server.answer.body, "\"note\":\"too late\""));
    ck_assert_ptr_nonnull(strstr(server.answer.body, "\"actor\":\"anonymous\""));
    ck_assert_ptr_nonnull(strstr(server.answer.body, "\"event\":\"payment.authorized\""));
    ck_assert_str_eq(at("next_cursor"), "null");
    free(id);
}
END_TEST

/* --- cancel ----------------------------------------------------------------------------------- */

START_TEST(test_cancel__returns_a_completed_order_and_is_repeatable)
{
    open_kind(_i);
    const char *id = order_server_place(&server, "tok_approve");

    order_server_call(&server, "POST", target(id, "/cancel"), "Content-Type: application/json\r\n",
                      NULL);
    ck_assert_int_eq(server.answer.status, 200);
    ck_assert_str_eq(at("status"), "CANCELLED");
    ck_assert_str_eq(at("reason"), "customer");

    order_server_expect(&server, 200, "POST", target(id, "/cancel"), "{\"note\":\"again\"}");
}
END_TEST

START_TEST(test_cancel__keeps_its_key)
{
    open_kind(_i);
    const char *id = order_server_place(&server, "tok_approve");

    order_server_call(&server, "POST", target(id, "/cancel"), "Idempotency-Key: c\r\n", "{}");
    ck_assert_int_eq(server.answer.status, 200);
    ck_assert_ptr_null(field("Idempotency-Replayed"));
    order_server_call(&server, "POST", target(id, "/cancel"), "Idempotency-Key: c\r\n", "{}");
    ck_assert_int_eq(server.answer.status, 200);
    ck_assert_str_eq(field("Idempotency-Replayed"), "true");
    order_server_call(&server, "POST", target(id, "/cancel"), "Idempotency-Key: c\r\n",
                      "{\"note\":\"other\"}");
    order_server_problem(&server, 422, "key_reused", "Idempotency-Key");
}
END_TEST

START_TEST(test_cancel__refuses_a_failed_order_and_a_bad_body)
{
    char note[1100];
    open_kind(_i);
    const char *id = order_server_place(&server, "tok_decline");

    order_server_call(&server, "POST", target(id, "/cancel"), NULL, "{}");
    order_server_problem(&server, 409, "already_final", NULL);
    order_server_call(&server, "POST", target(id, "/cancel"), NULL, "{\"why\":1}");
    order_server_problem(&server, 400, "unknown_field", "/why");
    snprintf(note, sizeof note, "{\"note\":\"%01030d\"}", 0);
    order_server_call(&server, "POST", target(id, "/cancel"), NULL, note);
    order_server_problem(&server, 400, "invalid_field", "/note");
}
END_TEST

START_TEST(test_cancel__of_anothers_order_is_an_operators)
{
    closed_kind(_i);
    const char *id = order_server_place(&server, "tok_approve");

    order_server_be(&server, "root", "orders:write orders:admin");
    order_server_expect(&server, 200, "POST", target(id, "/cancel"), "{}");

    ck_assert_str_eq(at("reason"), "operator");
}
END_TEST

/* --- many ------------------------------------------------------------------------------------- */

START_TEST(test_list__goes_on_by_cursor_and_link)
{
    open_kind(_i);
    for (int i = 0; i < 5; i++)
        order_server_place(&server, i == 2 ? "tok_decline" : "tok_approve");

    order_server_expect(&server, 200, "GET", "/orders?status=COMPLETED&limit=3", NULL);
    ck_assert_str_ne(at("items.2"), "(absent)");
    ck_assert_str_eq(at("items.3"), "(absent)");
    const char *link = field("Link");
    char next[2048];
    ck_assert_int_eq(sscanf(link, "<%2047[^>]>; rel=\"next\"", next), 1);
    ck_assert_ptr_nonnull(strstr(next, at("next_cursor")));

    order_server_expect(&server, 200, "GET", next, NULL);
    ck_assert_str_eq(at("items.0.status"), "COMPLETED");
    ck_assert_str_eq(at("items.1"), "(absent)");
    ck_assert_str_eq(at("next_cursor"), "null");
    ck_assert_ptr_null(field("Link"));
}
END_TEST

START_TEST(test_list__refuses_bad_filters_and_foreign_cursors)
{
    static const char *const rows[][2] = {
        {"/orders?status=DONE", "status"},
        {"/orders?status=completed", "status"},
        {"/orders?status=", "status"},
        {"/orders?from=yesterday", "from"},
        {"/orders?to=2026-02-30T00:00:00Z", "to"},
        {"/orders?limit=0", "limit"},
        {"/orders?limit=1001", "limit"},
        {"/orders?limit=x", "limit"},
        {"/orders?customer=", "customer"},
        {"/orders?reference=", "reference"},
        {"/orders?colour=red", "colour"},
    };
    char stolen[2048];
    open_kind(_i);
    order_server_place(&server, "tok_approve");
    order_server_place(&server, "tok_approve");

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        order_server_call(&server, "GET", rows[i][0], NULL, NULL);
        order_server_problem(&server, 400, "invalid_parameter", rows[i][1]);
    }
    order_server_call(&server, "GET", "/orders?cursor=abc", NULL, NULL);
    order_server_problem(&server, 400, "invalid_cursor", "cursor");
    order_server_expect(&server, 200, "GET", "/orders?limit=1", NULL);
    snprintf(stolen, sizeof stolen, "/admin/sagas?cursor=%s", at("next_cursor"));
    order_server_call(&server, "GET", stolen, NULL, NULL);
    order_server_problem(&server, 400, "invalid_cursor", "cursor");
}
END_TEST

START_TEST(test_list__refuses_another_principals_cursor)
{
    char stolen[2048];
    order_server_open(&server, _i, ORDER_SERVER_SECRET);
    order_server_place(&server, "tok_approve");
    order_server_place(&server, "tok_approve");
    order_server_expect(&server, 200, "GET", "/orders?limit=1", NULL);
    snprintf(stolen, sizeof stolen, "/orders?limit=1&cursor=%s", at("next_cursor"));

    order_server_be(&server, "bob", "orders:read orders:write");
    order_server_call(&server, "GET", stolen, NULL, NULL);

    order_server_problem(&server, 400, "invalid_cursor", "cursor");
}
END_TEST

START_TEST(test_list__shows_each_principal_its_own)
{
    closed_kind(_i);
    order_server_place(&server, "tok_approve");
    order_server_be(&server, "bob", "orders:read orders:write");
    order_server_place(&server, "tok_approve");

    order_server_expect(&server, 200, "GET", "/orders", NULL);
    ck_assert_str_eq(at("items.0.customer_id"), "bob");
    ck_assert_str_eq(at("items.1"), "(absent)");
    order_server_expect(&server, 200, "GET", "/orders?customer=bob", NULL);
    order_server_call(&server, "GET", "/orders?customer=alice", NULL, NULL);
    order_server_problem(&server, 403, "forbidden", "customer");
    order_server_be(&server, "root", "orders:read orders:admin");
    order_server_expect(&server, 200, "GET", "/orders?customer=alice", NULL);
    ck_assert_str_eq(at("items.0.customer_id"), "alice");
    ck_assert_str_eq(at("items.1"), "(absent)");
    order_server_expect(&server, 200, "GET", "/orders", NULL);
    ck_assert_str_ne(at("items.1"), "(absent)");
}
END_TEST

START_TEST(test_list__filters_by_reference_and_time)
{
    closed_kind(_i);
    order_server_be(&server, "erp", IMPORT);
    order_server_expect(&server, 201, "POST", "/orders",
                        "{\"lines\":[{\"sku\":\"cup\",\"quantity\":1}],\"currency\":\"EUR\","
                        "\"payment_method\":\"tok_approve\",\"reference\":\"R 1&2\"}");

    order_server_expect(&server, 200, "GET", "/orders?reference=R%201%262", NULL);
    ck_assert_str_eq(at("items.0.reference"), "R 1&2");
    order_server_expect(&server, 200, "GET", "/orders?to=2020-01-01T00:00:00Z", NULL);
    ck_assert_str_eq(at("items"), "[]");
    order_server_expect(&server, 200, "GET", "/orders?from=2020-01-01T00:00:00%2B02:00", NULL);
    ck_assert_str_ne(at("items.0"), "(absent)");
}
END_TEST

static Suite *suite(void)
{
    Suite *routes = suite_create("routes_orders");
    TCase *tcase = tcase_create("orders");
    tcase_add_checked_fixture(tcase, NULL, teardown);
    tcase_set_timeout(tcase, 120);
#define ADD(name) tcase_add_loop_test(tcase, name, 0, ORDER_SERVER_KINDS)
    ADD(test_place__answers_201_with_the_order_and_its_place);
    ADD(test_place__takes_contact_and_metadata);
    ADD(test_place__waits_as_long_as_is_preferred);
    ADD(test_place__shows_what_became_of_an_order);
    ADD(test_place__leaves_a_waiting_client_with_the_pending_order);
    ADD(test_place__refuses_what_the_price_list_does_not_have);
    ADD(test_place__names_the_place_of_each_bad_field);
    ADD(test_place__repeats_the_first_answer_byte_for_byte);
    ADD(test_place__shows_a_waiting_repeat_the_present_state);
    ADD(test_place__refuses_a_key_with_another_body);
    ADD(test_place__takes_a_reordered_body_for_the_same);
    ADD(test_place__keeps_keys_of_principals_apart);
    ADD(test_place__keeps_a_key_under_a_principal_with_a_long_name);
    ADD(test_import__gives_its_own_prices_charges_customer_and_time);
    ADD(test_import__needs_its_scope);
    ADD(test_import__refuses_prices_in_some_lines_and_a_negative_total);
    ADD(test_import__answers_a_taken_reference_with_the_first_orders_id);
    ADD(test_order__is_read_with_its_version_as_etag);
    ADD(test_order__is_not_found_under_no_ones_id);
    ADD(test_order__of_another_does_not_exist);
    ADD(test_order__is_awaited_by_a_get_that_prefers_so);
    ADD(test_order__is_shown_as_it_is_when_the_server_goes);
    ADD(test_order__tells_its_history);
    ADD(test_cancel__returns_a_completed_order_and_is_repeatable);
    ADD(test_cancel__keeps_its_key);
    ADD(test_cancel__refuses_a_failed_order_and_a_bad_body);
    ADD(test_cancel__of_anothers_order_is_an_operators);
    ADD(test_list__goes_on_by_cursor_and_link);
    ADD(test_list__refuses_bad_filters_and_foreign_cursors);
    ADD(test_list__refuses_another_principals_cursor);
    ADD(test_list__shows_each_principal_its_own);
    ADD(test_list__filters_by_reference_and_time);
#undef ADD
    suite_add_tcase(routes, tcase);
    return routes;
}

AURORA_TEST_MAIN(suite)

/* SPDX-License-Identifier: MIT */
/* Many clients at once, clients that leave, and a store that cannot: no request is lost, none is
 * answered twice, and every refusal says that it may pass. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "order_server.h"

static order_server server;

#define field(name) http_answer_field(&server.answer, name)
#define at(path) order_server_at(&server, path)

static void teardown(void)
{
    order_server_stop(&server);
}

static uint32_t count_orders(void)
{
    aurora_order_page *page = NULL;
    aurora_assert_ok(aurora_order_list(server.shop, NULL, NULL, 1000, &page, NULL));
    uint32_t count = page->count;
    aurora_order_page_free(page);
    return count;
}

static int64_t sold(const char *sku)
{
    aurora_stock stock;
    aurora_assert_ok(aurora_stock_get(server.shop, sku, &stock));
    return stock.sold;
}

/* --- many ------------------------------------------------------------------------------------- */

START_TEST(test_crowd__of_two_hundred_sells_what_there_is_and_no_more)
{
    enum { CLIENTS = 200, PIECES = 100 };
    http_client *clients = calloc(CLIENTS, sizeof *clients);
    uint32_t completed = 0, failed = 0;
    order_server_init(&server, _i, NULL);
    server.http.loops = 2;
    order_server_start(&server);

    for (int i = 0; i < CLIENTS; i++) {
        char fields[64];
        http_client_init(&clients[i], server.client.port);
        snprintf(fields, sizeof fields, "Idempotency-Key: k%d\r\nPrefer: wait=20\r\n", i);
        http_client_send(&clients[i], "POST", "/orders", fields,
                         order_server_body("mug", 1, "tok_approve"));
    }
    for (int i = 0; i < CLIENTS; i++) {
        http_answer answer = http_client_receive(&clients[i], false);
        ck_assert_msg(answer.status == 201, "%d: %s", answer.status, answer.body);
        const char *status = http_answer_at(&answer, "status");
        completed += strcmp(status, "COMPLETED") == 0;
        failed += strcmp(status, "FAILED") == 0;
        http_answer_free(&answer);
        http_client_close(&clients[i]);
    }

    ck_assert_uint_eq(completed, PIECES);
    ck_assert_uint_eq(failed, CLIENTS - PIECES);
    ck_assert_uint_eq(count_orders(), CLIENTS);
    ck_assert_int_eq(sold("mug"), PIECES);
    free(clients);
}
END_TEST

START_TEST(test_crowd__of_one_key_places_one_order)
{
    enum { CLIENTS = 50 };
    http_client clients[CLIENTS];
    char first[AURORA_ID_TEXT_BYTES] = "";
    order_server_init(&server, _i, NULL);
    server.http.loops = 2;
    order_server_start(&server);

    for (int i = 0; i < CLIENTS; i++) {
        http_client_init(&clients[i], server.client.port);
        http_client_send(&clients[i], "POST", "/orders", "Idempotency-Key: one\r\n",
                         order_server_body("cup", 1, "tok_approve"));
    }
    uint32_t replayed = 0;
    for (int i = 0; i < CLIENTS; i++) {
        http_answer answer = http_client_receive(&clients[i], false);
        ck_assert_int_eq(answer.status, 201);
        if (first[0] == '\0')
            snprintf(first, sizeof first, "%s", http_answer_at(&answer, "id"));
        ck_assert_str_eq(http_answer_at(&answer, "id"), first);
        replayed += http_answer_field(&answer, "Idempotency-Replayed") != NULL;
        http_answer_free(&answer);
        http_client_close(&clients[i]);
    }

    ck_assert_uint_eq(replayed, CLIENTS - 1);
    ck_assert_uint_eq(count_orders(), 1);
}
END_TEST

/* --- clients that leave ----------------------------------------------------------------------- */

START_TEST(test_crowd__places_the_order_of_a_client_that_left)
{
    enum { CLIENTS = 20 };
    order_server_open(&server, _i, NULL);

    for (int i = 0; i < CLIENTS; i++) {
        http_client gone;
        char fields[64];
        struct linger reset = {.l_onoff = 1};
        snprintf(fields, sizeof fields, "Idempotency-Key: g%d\r\n", i);
        http_client_init(&gone, server.client.port);
        http_client_send(&gone, "POST", "/orders", fields,
                         order_server_body("cup", 1, "tok_approve"));
        if (i % 2 == 0)
            setsockopt(gone.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        http_client_close(&gone);
    }

    /* Each finds out by its key what became of it: placed before, or placed now, but once. */
    for (int i = 0; i < CLIENTS; i++) {
        char fields[64];
        snprintf(fields, sizeof fields, "Idempotency-Key: g%d\r\n", i);
        order_server_call(&server, "POST", "/orders", fields,
                          order_server_body("cup", 1, "tok_approve"));
        ck_assert_int_eq(server.answer.status, 201);
    }
    ck_assert_uint_eq(count_orders(), CLIENTS);
}
END_TEST

START_TEST(test_crowd__goes_on_when_waiting_clients_leave)
{
    enum { CLIENTS = 30 };
    order_server_init(&server, _i, NULL);
    server.settings[0] = "payment=none:";
    order_server_start(&server);
    order_server_expect(&server, 201, "POST", "/orders", order_server_body("cup", 1, "card"));
    char order[128], events[160];
    snprintf(order, sizeof order, "/orders/%s", at("id"));
    snprintf(events, sizeof events, "%s/events", order);

    for (int i = 0; i < CLIENTS; i++) {
        http_client gone;
        http_client_init(&gone, server.client.port);
        http_client_send(&gone, "GET",
                         i % 3 == 0   ? events
                         : i % 3 == 1 ? order
                                      : "/admin/events?wait=20&after=1000000",
                         i % 3 == 1 ? "Prefer: wait=20\r\n" : NULL, NULL);
        if (i % 3 == 0) {
            http_answer head = http_client_receive_head(&gone);
            http_answer_free(&head);
        }
        http_client_close(&gone);
    }
    strcat(order, "/cancel");
    order_server_expect(&server, 200, "POST", order, "{}");

    order_server_expect(&server, 200, "GET", "/orders?status=CANCELLED", NULL);
    ck_assert_str_ne(at("items.0"), "(absent)");
}
END_TEST

/* --- what cannot be taken --------------------------------------------------------------------- */

START_TEST(test_overload__is_503_with_a_time_to_come_back)
{
    enum { CLIENTS = 200 };
    http_client *clients = calloc(CLIENTS, sizeof *clients);
    uint32_t placed = 0, refused = 0;
    order_server_init(&server, _i, NULL);
    server.settings[0] = "queue_max=1";
    order_server_start(&server);

    for (int i = 0; i < CLIENTS; i++) {
        http_client_init(&clients[i], server.client.port);
        http_client_send(&clients[i], "POST", "/orders", NULL,
                         order_server_body("cup", 1, "tok_approve"));
    }
    for (int i = 0; i < CLIENTS; i++) {
        http_answer answer = http_client_receive(&clients[i], false);
        placed += answer.status == 201;
        if (answer.status != 201) {
            ck_assert_int_eq(answer.status, 503);
            ck_assert_str_eq(http_answer_at(&answer, "code"), "overloaded");
            ck_assert_ptr_nonnull(http_answer_field(&answer, "Retry-After"));
            refused++;
        }
        http_answer_free(&answer);
        http_client_close(&clients[i]);
    }

    ck_assert_uint_ge(placed, 1);
    ck_assert_uint_eq(placed + refused, CLIENTS);
    ck_assert_uint_eq(count_orders(), placed);
    free(clients);
}
END_TEST

START_TEST(test_overload__while_no_new_orders_are_taken_is_503)
{
    order_server_open(&server, _i, NULL);
    const char *id = order_server_place(&server, "tok_approve");
    char cancel[128];
    snprintf(cancel, sizeof cancel, "/orders/%s/cancel", id);

    aurora_assert_ok(aurora_drain_set(server.shop, 1));
    order_server_call(&server, "POST", "/orders", NULL, order_server_body("cup", 1, "tok_approve"));
    order_server_problem(&server, 503, "overloaded", NULL);
    ck_assert_ptr_nonnull(field("Retry-After"));
    order_server_expect(&server, 200, "POST", cancel, "{}");

    aurora_assert_ok(aurora_drain_set(server.shop, 0));
    order_server_expect(&server, 201, "POST", "/orders",
                        order_server_body("cup", 1, "tok_approve"));
}
END_TEST

START_TEST(test_store__that_is_full_is_507_and_stores_nothing)
{
    order_server_open(&server, _i, NULL);

    aurora_assert_ok(
        aurora_fault_plan_set(server.faults, "store.commit", 1, AURORA_FAULT_FAIL, AURORA_EFULL));
    order_server_call(&server, "POST", "/orders", "Idempotency-Key: k\r\n",
                      order_server_body("cup", 1, "tok_approve"));
    order_server_problem(&server, 507, "storage_full", NULL);
    ck_assert_uint_eq(count_orders(), 0);

    order_server_call(&server, "POST", "/orders", "Idempotency-Key: k\r\n",
                      order_server_body("cup", 1, "tok_approve"));
    ck_assert_int_eq(server.answer.status, 201);
    ck_assert_ptr_null(field("Idempotency-Replayed"));
}
END_TEST

static Suite *suite(void)
{
    Suite *routes = suite_create("routes_crowd");
    TCase *tcase = tcase_create("crowd");
    tcase_add_checked_fixture(tcase, NULL, teardown);
    tcase_set_timeout(tcase, 120);
#define ADD(name) tcase_add_loop_test(tcase, name, 0, ORDER_SERVER_KINDS)
    ADD(test_crowd__of_two_hundred_sells_what_there_is_and_no_more);
    ADD(test_crowd__of_one_key_places_one_order);
    ADD(test_crowd__places_the_order_of_a_client_that_left);
    ADD(test_crowd__goes_on_when_waiting_clients_leave);
    ADD(test_overload__is_503_with_a_time_to_come_back);
    ADD(test_overload__while_no_new_orders_are_taken_is_503);
    ADD(test_store__that_is_full_is_507_and_stores_nothing);
#undef ADD
    suite_add_tcase(routes, tcase);
    return routes;
}

AURORA_TEST_MAIN(suite)

/* SPDX-License-Identifier: MIT */
/* /admin against the real server: sagas and how they are helped, dead letters, the log, figures. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/handle.h"
#include "order_server.h"

static order_server server;

#define field(name) http_answer_field(&server.answer, name)
#define at(path) order_server_at(&server, path)

static void open_unpaid(int kind)
{
    order_server_init(&server, kind, NULL);
    server.settings[0] = "payment=none:";
    order_server_start(&server);
}

static void teardown(void)
{
    order_server_stop(&server);
}

static const char *saga(const char *id, const char *rest)
{
    static char texts[4][256];
    static unsigned turn;
    char *text = texts[turn++ % 4];
    snprintf(text, sizeof texts[0], "/admin/sagas/%s%s", id, rest);
    return text;
}

static void act(const char *id, const char *verb, const char *body)
{
    order_server_call(&server, "POST", saga(id, verb), NULL, body);
}

/* --- sagas ------------------------------------------------------------------------------------ */

START_TEST(test_sagas__are_listed_with_who_is_parked_and_why)
{
    open_unpaid(_i);
    const char *id = order_server_park(&server);
    order_server_expect(&server, 201, "POST", "/orders", order_server_body("cup", 1, "card"));

    order_server_expect(&server, 200, "GET", "/admin/sagas", NULL);
    ck_assert_str_ne(at("items.1"), "(absent)");
    order_server_expect(&server, 200, "GET", "/admin/sagas?parked=true", NULL);

    ck_assert_str_eq(at("items.1"), "(absent)");
    ck_assert_str_eq(at("items.0.order_id"), id);
    ck_assert_str_eq(at("items.0.status"), "PARKED");
    ck_assert_str_eq(at("items.0.outcome"), "COMPLETED");
    ck_assert_str_eq(at("items.0.participants.1.participant"), "payment");
    ck_assert_str_eq(at("items.0.participants.1.parked"), "true");
    ck_assert_str_eq(at("items.0.participants.1.parked_reason"), "the provider refused for good");
    ck_assert_str_eq(at("next_cursor"), "null");
    order_server_expect(&server, 200, "GET", "/admin/sagas?participant=inventory", NULL);
    ck_assert_str_eq(at("items"), "[]");
    order_server_expect(&server, 200, "GET", "/admin/sagas?age=1h", NULL);
    ck_assert_str_eq(at("items"), "[]");
    order_server_expect(&server, 200, "GET", saga(id, ""), NULL);
    ck_assert_str_eq(at("order_id"), id);
}
END_TEST

START_TEST(test_sagas__go_on_by_cursor)
{
    char next[2048];
    open_unpaid(_i);
    for (int i = 0; i < 3; i++)
        order_server_expect(&server, 201, "POST", "/orders", order_server_body("cup", 1, "card"));

    order_server_expect(&server, 200, "GET", "/admin/sagas?limit=2&parked=false", NULL);
    ck_assert_str_ne(at("items.1"), "(absent)");
    ck_assert_int_eq(sscanf(field("Link"), "<%2047[^>]>", next), 1);
    order_server_expect(&server, 200, "GET", next, NULL);

    ck_assert_str_ne(at("items.0"), "(absent)");
    ck_assert_str_eq(at("items.1"), "(absent)");
}
END_TEST

START_TEST(test_sagas__refuse_bad_filters_and_unknown_ids)
{
    static const char *const rows[][2] = {
        {"/admin/sagas?parked=yes", "parked"},
        {"/admin/sagas?participant=bank", "participant"},
        {"/admin/sagas?age=15", "age"},
        {"/admin/sagas?limit=0", "limit"},
        {"/admin/events?after=-1", "after"},
        {"/admin/events?after=9223372036854775807", "after"},
        {"/admin/events?wait=31", "wait"},
        {"/admin/events?limit=1001", "limit"},
        {"/admin/dead-letters?limit=x", "limit"},
        {"/admin/notifications?state=LOST", "state"},
        {"/admin/notifications?limit=0", "limit"},
        {"/admin/stats?x=1", "x"},
    };
    open_unpaid(_i);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        order_server_call(&server, "GET", rows[i][0], NULL, NULL);
        order_server_problem(&server, 400, "invalid_parameter", rows[i][1]);
    }
    order_server_call(&server, "GET", saga("01890000-0000-7000-8000-000000000000", ""), NULL, NULL);
    order_server_problem(&server, 404, "not_found", NULL);
    order_server_call(&server, "GET", saga("x", ""), NULL, NULL);
    order_server_problem(&server, 404, "not_found", NULL);
    act("01890000-0000-7000-8000-000000000000", "/retry", "{\"participant\":\"payment\"}");
    order_server_problem(&server, 404, "not_found", NULL);
}
END_TEST

/* --- the three ways to help ------------------------------------------------------------------- */

START_TEST(test_repair__marks_a_step_that_is_done_in_truth)
{
    open_unpaid(_i);
    const char *id = order_server_park(&server);

    act(id, "/mark", "{\"participant\":\"payment\",\"result\":\"captured\",\"note\":\"by hand\"}");

    ck_assert_int_eq(server.answer.status, 200);
    ck_assert_str_eq(at("status"), "COMPLETED");
    ck_assert_str_eq(at("parked"), "false");
    char history[256];
    snprintf(history, sizeof history, "/orders/%s/history", id);
    order_server_expect(&server, 200, "GET", history, NULL);
    ck_assert_ptr_nonnull(
        strstr(server.answer.body, "\"actor\":\"anonymous\",\"note\":\"by hand\""));
}
END_TEST

START_TEST(test_repair__lets_a_participant_try_again)
{
    open_unpaid(_i);
    const char *id = order_server_park(&server);

    act(id, "/retry", "{\"participant\":\"payment\"}");
    ck_assert_int_eq(server.answer.status, 200);
    order_server_pay(&server, AURORA_VERB_CAPTURE, AURORA_OUTCOME_DONE);

    order_server_expect(&server, 200, "GET", saga(id, ""), NULL);
    ck_assert_str_eq(at("status"), "COMPLETED");
}
END_TEST

START_TEST(test_repair__compensates_without_a_body)
{
    open_unpaid(_i);
    const char *id = order_server_park(&server);

    order_server_call(&server, "POST", saga(id, "/compensate"),
                      "Content-Type: application/json\r\n", NULL);

    ck_assert_int_eq(server.answer.status, 200);
    ck_assert_str_eq(at("outcome"), "CANCELLED");
    ck_assert_str_eq(at("reason"), "operator");
    act(id, "/compensate", "{}");
    order_server_problem(&server, 409, "already_compensating", NULL);
}
END_TEST

START_TEST(test_repair__names_what_is_missing_or_too_much)
{
    static const char *const rows[][4] = {
        {"/retry", "{}", "/participant", "invalid_field"},
        {"/retry", "{\"participant\":\"bank\"}", "/participant", "invalid_field"},
        {"/retry", "{\"participant\":\"payment\",\"result\":\"captured\"}", "/result",
         "invalid_field"},
        {"/mark", "{\"participant\":\"payment\"}", "/result", "invalid_field"},
        {"/mark", "{\"participant\":\"payment\",\"result\":\"reserved\"}", "/result",
         "invalid_field"},
        {"/mark", "{\"participant\":\"inventory\",\"result\":\"captured\"}", "/result",
         "invalid_field"},
        {"/mark", "{\"participant\":\"inventory\",\"result\":\"lost\"}", "/result",
         "invalid_field"},
        {"/compensate", "{\"participant\":\"payment\"}", "/participant", "invalid_field"},
        {"/compensate", "{\"why\":\"x\"}", "/why", "unknown_field"},
        {"/compensate", "[]", "", "invalid_field"},
        {"/compensate", "{", "", "invalid_json"},
    };
    open_unpaid(_i);
    const char *id = order_server_park(&server);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        act(id, rows[i][0], rows[i][1]);
        order_server_problem(&server, 400, rows[i][3], rows[i][2]);
    }
}
END_TEST

START_TEST(test_repair__of_who_is_not_parked_is_a_conflict)
{
    open_unpaid(_i);
    const char *id = order_server_park(&server);

    act(id, "/retry", "{\"participant\":\"inventory\"}");

    order_server_problem(&server, 409, "conflict", NULL);
    char cancel[256];
    snprintf(cancel, sizeof cancel, "/orders/%s/cancel", id);
    order_server_call(&server, "POST", cancel, NULL, "{}");
    order_server_problem(&server, 409, "parked", NULL);
    snprintf(cancel, sizeof cancel, "/orders/%s/events", id);
    order_server_expect(&server, 200, "GET", cancel, NULL); /* ends, as somebody has to act */
    ck_assert_ptr_nonnull(strstr(server.answer.body, "\"status\":\"PARKED\""));
}
END_TEST

START_TEST(test_admin__needs_its_scope)
{
    static const char *const targets[] = {"/admin/sagas",        "/admin/events",
                                          "/admin/stats",        "/admin/limits",
                                          "/admin/dead-letters", "/admin/notifications"};
    order_server_open(&server, _i, ORDER_SERVER_SECRET);
    order_server_be(&server, "alice", "orders:read orders:write orders:admin orders:import");

    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        order_server_call(&server, "GET", targets[i], NULL, NULL);
        order_server_problem(&server, 403, "forbidden", NULL);
    }
    order_server_be(&server, "alice", "admin");
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        order_server_expect(&server, 200, "GET", targets[i], NULL);
        ck_assert_str_eq(field("Cache-Control"), "no-store");
    }
}
END_TEST

/* --- the log ---------------------------------------------------------------------------------- */

START_TEST(test_events__are_read_page_by_page)
{
    char next[256];
    order_server_open(&server, _i, NULL);
    order_server_place(&server, "tok_approve");
    unsigned long total = 0;

    snprintf(next, sizeof next, "/admin/events?limit=3");
    for (unsigned long last = 0;; last = strtoul(at("position"), NULL, 10)) {
        order_server_expect(&server, 200, "GET", next, NULL);
        if (strcmp(at("items"), "[]") == 0)
            break;
        ck_assert_uint_eq(strtoul(at("items.0.position"), NULL, 10), last + 1);
        total = strtoul(at("position"), NULL, 10);
        snprintf(next, sizeof next, "/admin/events?limit=3&after=%lu", total);
    }

    ck_assert_uint_ge(total, 8);
    ck_assert_uint_eq(strtoul(at("newest"), NULL, 10), total);
    snprintf(next, sizeof next, "/admin/events?after=%lu&limit=1", total - 1);
    order_server_expect(&server, 200, "GET", next, NULL);
    ck_assert_str_eq(at("items.0.resend"), "false");
    ck_assert_str_eq(at("items.1"), "(absent)");
    ck_assert_uint_eq(strlen(at("items.0.order_id")), 36);
    ck_assert_str_eq(at("items.0.data.order_id"), at("items.0.order_id"));
}
END_TEST

/* As retention does it, whose clock is a day. */
static void forget_until(uint64_t position)
{
    const aurora_store *store = aurora__engine_store(server.shop->engine);
    aurora_store_txn *txn;
    aurora_id batch = {{0xEE}};
    uint64_t epoch;
    aurora_assert_ok(store->begin(store->self, AURORA_TXN_WRITE, batch, 1000, &epoch, &txn));
    aurora_assert_ok(store->log_trim(store->self, txn, (int64_t)position, 65536));
    aurora_assert_ok(store->commit(store->self, txn));
}

START_TEST(test_events__that_retention_took_are_gone_and_the_oldest_is_named)
{
    char words[64];
    uint64_t oldest, newest;
    order_server_open(&server, _i, NULL);
    order_server_place(&server, "tok_approve");
    aurora_assert_ok(aurora_event_bounds(server.shop, NULL, &newest));

    forget_until(newest - 2);

    aurora_assert_ok(aurora_event_bounds(server.shop, &oldest, NULL));
    order_server_call(&server, "GET", "/admin/events?after=1", NULL, NULL);
    order_server_problem(&server, 410, "position_gone", "after");
    snprintf(words, sizeof words, "the oldest event kept is %llu", (unsigned long long)oldest);
    ck_assert_ptr_nonnull(strstr(at("detail"), words));
    snprintf(words, sizeof words, "/admin/events?after=%llu", (unsigned long long)oldest - 1);
    order_server_expect(&server, 200, "GET", words, NULL);
    ck_assert_uint_eq(strtoul(at("items.0.position"), NULL, 10), oldest);
}
END_TEST

START_TEST(test_events__wait_for_what_comes)
{
    char target[256];
    order_server_open(&server, _i, NULL);
    order_server_expect(&server, 200, "GET", "/admin/events?limit=1000", NULL);
    snprintf(target, sizeof target, "/admin/events?wait=20&after=%s", at("newest"));
    http_client waiting;
    http_client_init(&waiting, server.client.port);
    http_client_send(&waiting, "GET", target, NULL, NULL);

    order_server_place(&server, "tok_approve");

    http_answer answer = http_client_receive(&waiting, false);
    ck_assert_int_eq(answer.status, 200);
    ck_assert_str_eq(http_answer_at(&answer, "items.0.type"), "order.created");
    http_answer_free(&answer);
    http_client_close(&waiting);
}
END_TEST

START_TEST(test_events__answer_nothing_when_the_wait_is_over)
{
    char target[256];
    order_server_open(&server, _i, NULL);
    order_server_expect(&server, 200, "GET", "/admin/events?limit=1000", NULL);
    snprintf(target, sizeof target, "/admin/events?wait=1&after=%s", at("newest"));
    char *newest = strdup(at("newest"));

    order_server_expect(&server, 200, "GET", target, NULL);

    ck_assert_str_eq(at("items"), "[]");
    ck_assert_str_eq(at("position"), newest);
    free(newest);
}
END_TEST

START_TEST(test_events__answer_when_the_server_goes)
{
    char target[256];
    order_server_open(&server, _i, NULL);
    order_server_expect(&server, 200, "GET", "/admin/events?limit=1000", NULL);
    snprintf(target, sizeof target, "/admin/events?wait=30&after=%s", at("newest"));
    http_client waiting;
    http_client_init(&waiting, server.client.port);
    http_client_send(&waiting, "GET", target, NULL, NULL);

    order_server_await_in_flight(&server, 1);

    bool is_whole = aurora_http_drain(server.routes.server, 15000);

    ck_assert(is_whole);
    http_answer answer = http_client_receive(&waiting, false);
    ck_assert_int_eq(answer.status, 200);
    ck_assert_str_eq(http_answer_at(&answer, "items"), "[]");
    http_answer_free(&answer);
    http_client_close(&waiting);
}
END_TEST

/* --- dead letters ----------------------------------------------------------------------------- */

/* A COMPLETED order whose cancel inventory cannot take, as its row is damaged. */
static const char *poison(void)
{
    order_server_open(&server, ORDER_SERVER_SQLITE, NULL);
    const char *id = order_server_place(&server, "tok_approve");
    char cancel[256];
    order_server_restart(&server, "UPDATE reservations SET lines = '[[oops'");
    snprintf(cancel, sizeof cancel, "/orders/%s/cancel", id);
    order_server_expect(&server, 200, "POST", cancel, "{}");
    return id;
}

START_TEST(test_dead_letters__are_listed_and_redriven)
{
    char redrive[256];
    const char *id = poison();

    order_server_expect(&server, 200, "GET", "/admin/dead-letters?consumer=inventory", NULL);
    ck_assert_str_eq(at("items.0.consumer"), "inventory");
    ck_assert_str_eq(at("items.0.key"), id);
    ck_assert_str_eq(at("items.0.type"), "order.cancelled");
    ck_assert_str_ne(at("items.0.reason"), "null");
    snprintf(redrive, sizeof redrive, "/admin/dead-letters/inventory/%s/redrive", id);
    order_server_call(&server, "POST", redrive, "Content-Type: application/json\r\n", NULL);
    order_server_problem(&server, 409, "conflict", NULL);

    order_server_restart(&server, "UPDATE reservations SET lines = '[[1,1]]'");
    order_server_expect(&server, 200, "POST", redrive, "{}");

    ck_assert_str_eq(at("taken"), "1");
    order_server_expect(&server, 200, "GET", "/admin/dead-letters", NULL);
    ck_assert_str_eq(at("items"), "[]");
    order_server_call(&server, "POST", redrive, NULL, "{}");
    order_server_problem(&server, 404, "not_found", NULL);
}
END_TEST

/* --- figures ---------------------------------------------------------------------------------- */

START_TEST(test_stats__show_store_log_and_server)
{
    order_server_open(&server, _i, NULL);
    order_server_place(&server, "tok_approve");

    order_server_expect(&server, 200, "GET", "/admin/stats", NULL);

    ck_assert_str_eq(at("service"), "tested");
    ck_assert_str_eq(at("version"), aurora_version());
    ck_assert_str_eq(at("health"), "ok");
    ck_assert_str_eq(at("drain.is_refusing"), "false");
    ck_assert_int_ge(atoi(at("events.newest")), 8);
    ck_assert_int_ge(atoi(at("http.requests")), 1);
    ck_assert_int_ge(atoi(at("http.connections")), 1);
    ck_assert_ptr_nonnull(strstr(
        server.answer.body,
        "{\"name\":\"aurora_orders_total\",\"labels\":{\"status\":\"COMPLETED\"},\"value\":1"));
    order_server_expect(&server, 200, "GET", "/admin/limits", NULL);
    ck_assert_str_eq(at("items.0.name"), "commands");
    ck_assert_str_eq(at("items.0.refused"), "0");
}
END_TEST

static aurora_status never(void *self, aurora_t *shop, const aurora_task *task)
{
    (void)self;
    (void)shop;
    (void)task;
    return AURORA_EBUSY;
}

static void read_open(void *self, aurora_breaker_figures *figures_out)
{
    (void)self;
    *figures_out = (aurora_breaker_figures){.state = AURORA_BREAKER_OPEN,
                                            .calls = 10,
                                            .failed = 7,
                                            .opened = 1,
                                            .retry_after_ns = 1500000000};
}

START_TEST(test_limits__show_the_breaker_before_the_provider)
{
    const aurora_payment_port port = {
        .size = sizeof port, .start = never, .query = never, .breaker = read_open};
    open_unpaid(_i);
    order_server_expect(&server, 200, "GET", "/admin/limits", NULL);
    ck_assert_str_eq(at("breakers"), "[]");

    aurora_assert_ok(aurora_payment_attach(server.shop, &port));

    order_server_expect(&server, 200, "GET", "/admin/limits", NULL);
    ck_assert_str_eq(at("breakers.0.name"), "payment");
    ck_assert_str_eq(at("breakers.0.state"), "OPEN");
    ck_assert_str_eq(at("breakers.0.failed"), "7");
    ck_assert_str_eq(at("breakers.0.retry_after_ms"), "1500");
}
END_TEST

static Suite *suite(void)
{
    Suite *routes = suite_create("routes_admin");
    TCase *tcase = tcase_create("admin");
    tcase_add_checked_fixture(tcase, NULL, teardown);
    tcase_set_timeout(tcase, 120);
#define ADD(name) tcase_add_loop_test(tcase, name, 0, ORDER_SERVER_KINDS)
    ADD(test_sagas__are_listed_with_who_is_parked_and_why);
    ADD(test_sagas__go_on_by_cursor);
    ADD(test_sagas__refuse_bad_filters_and_unknown_ids);
    ADD(test_repair__marks_a_step_that_is_done_in_truth);
    ADD(test_repair__lets_a_participant_try_again);
    ADD(test_repair__compensates_without_a_body);
    ADD(test_repair__names_what_is_missing_or_too_much);
    ADD(test_repair__of_who_is_not_parked_is_a_conflict);
    ADD(test_admin__needs_its_scope);
    ADD(test_events__are_read_page_by_page);
    ADD(test_events__that_retention_took_are_gone_and_the_oldest_is_named);
    ADD(test_events__wait_for_what_comes);
    ADD(test_events__answer_nothing_when_the_wait_is_over);
    ADD(test_events__answer_when_the_server_goes);
    tcase_add_test(tcase, test_dead_letters__are_listed_and_redriven);
    ADD(test_stats__show_store_log_and_server);
    ADD(test_limits__show_the_breaker_before_the_provider);
#undef ADD
    suite_add_tcase(routes, tcase);
    return routes;
}

AURORA_TEST_MAIN(suite)

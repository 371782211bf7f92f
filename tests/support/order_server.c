/* SPDX-License-Identifier: MIT */
#include "order_server.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SCOPES "orders:read orders:write"

void order_server_init(order_server *server, int kind, const char *secret)
{
    memset(server, 0, sizeof *server);
    snprintf(server->url, sizeof server->url, "memory:");
    if (kind == ORDER_SERVER_SQLITE) {
        char path[480];
        server->folder = aurora_tempdir_new();
        aurora_test_path(path, sizeof path, server->folder, "shop.db");
        snprintf(server->url, sizeof server->url, "sqlite:%s", path);
    }
    aurora_assert_ok(aurora_fault_plan_new(&server->faults));
    server->http = (aurora_http_options){.listen = "127.0.0.1:0", .service_secret = secret};
}

/* A queue of one command may be full of the engine's own: the same call may be repeated. */
static void stock_up(aurora_t *shop, const char *sku, int64_t price_minor)
{
    aurora_status rc;
    do {
        rc = aurora_product_put(
            shop,
            AURORA_PRODUCT(.sku = sku, .name = sku, .price_minor = price_minor, .currency = "EUR"),
            0, NULL, NULL);
    } while (rc == AURORA_EBUSY);
    aurora_assert_ok(rc);
    do {
        rc = aurora_stock_receive(shop, sku, 100, sku, NULL);
    } while (rc == AURORA_EBUSY);
    aurora_assert_ok(rc);
}

static void open_shop(order_server *server)
{
    aurora_error err = AURORA_ERROR_INIT;
    uint32_t count = 0;
    while (count < 8 && server->settings[count] != NULL)
        count++;
    aurora_status rc =
        aurora_open(server->url,
                    AURORA_OPTIONS(.flags = AURORA_OPEN_WORKER, .settings = server->settings,
                                   .setting_count = count, .faults = server->faults),
                    &server->shop, &err);
    ck_assert_msg(rc == AURORA_OK, "open is %d: %s %s", (int)rc, err.field, err.message);
}

static void serve(order_server *server)
{
    enum { TABLES = 5 };
    aurora_error err = AURORA_ERROR_INIT;
    const aurora_route_table tables[TABLES] = {aurora_routes_orders(), aurora_routes_payments(),
                                               aurora_routes_admin(), aurora_routes_sagas(),
                                               aurora_routes_notifications()};
    const aurora_http_route *routes[TABLES];
    uint32_t counts[TABLES];
    for (int i = 0; i < TABLES; i++) {
        routes[i] = tables[i].routes;
        counts[i] = tables[i].count;
    }
    server->routes.shop = server->shop;
    server->routes.service_name = "tested";
    memset(server->routes.cursor_key, 7, sizeof server->routes.cursor_key);
    server->http.routes = routes;
    server->http.route_counts = counts;
    server->http.table_count = TABLES;
    server->http.self = &server->routes;
    server->http.loop_begin = aurora_routes_loop_begin;
    server->http.loop_end = aurora_routes_loop_end;
    aurora_status rc = aurora_http_start(&server->http, &server->routes.server, &err);
    ck_assert_msg(rc == AURORA_OK, "start is %d: %s %s", (int)rc, err.field, err.message);
}

void order_server_start(order_server *server)
{
    open_shop(server);
    stock_up(server->shop, "cup", 250);
    stock_up(server->shop, "mug", 999);
    serve(server);
    http_client_init(&server->client, aurora_http_port(server->routes.server));
    if (server->http.service_secret != NULL)
        order_server_be(server, "alice", SCOPES);
}

void order_server_open(order_server *server, int kind, const char *secret)
{
    order_server_init(server, kind, secret);
    order_server_start(server);
}

static void close_all(order_server *server)
{
    http_answer_free(&server->answer);
    http_client_close(&server->client);
    aurora_http_free(server->routes.server);
    aurora_close(server->shop);
}

void order_server_await_in_flight(order_server *server, uint32_t count)
{
    aurora_http_stats stats = {0};
    for (int i = 0; i < 10000 && stats.in_flight != count; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        aurora_http_stats_get(server->routes.server, &stats);
    }
    ck_assert_uint_eq(stats.in_flight, count);
}

void order_server_restart(order_server *server, const char *sql)
{
    sqlite3 *file = NULL;
    http_client client = server->client;
    close_all(server);
    ck_assert_int_eq(sqlite3_open(server->url + strlen("sqlite:"), &file), SQLITE_OK);
    int rc = sqlite3_exec(file, sql, NULL, NULL, NULL);
    ck_assert_msg(rc == SQLITE_OK, "%s: %s", sql, sqlite3_errmsg(file));
    ck_assert_int_gt(sqlite3_changes(file), 0);
    sqlite3_close(file);
    open_shop(server);
    serve(server);
    http_client_init(&server->client, aurora_http_port(server->routes.server));
    server->client.secret = client.secret;
    server->client.principal = client.principal;
    server->client.scopes = client.scopes;
}

void order_server_stop(order_server *server)
{
    close_all(server);
    aurora_fault_plan_free(server->faults);
    if (server->folder != NULL)
        aurora_tempdir_remove(server->folder);
}

void order_server_be(order_server *server, const char *principal, const char *scopes)
{
    server->client.secret = ORDER_SERVER_SECRET;
    server->client.principal = principal;
    server->client.scopes = scopes;
}

void order_server_call(order_server *server, const char *method, const char *target,
                       const char *fields, const char *body)
{
    http_answer_free(&server->answer);
    server->answer = http_client_call(&server->client, method, target, fields, body);
}

void order_server_expect(order_server *server, int status, const char *method, const char *target,
                         const char *body)
{
    order_server_call(server, method, target, NULL, body);
    ck_assert_msg(server->answer.status == status, "%s %s is %d, expected %d: %s", method, target,
                  server->answer.status, status, server->answer.body);
}

void order_server_problem(const order_server *server, int status, const char *code,
                          const char *place)
{
    http_answer_assert_problem(&server->answer, status, code, place);
}

const char *order_server_at(const order_server *server, const char *path)
{
    return http_answer_at(&server->answer, path);
}

const char *order_server_body(const char *sku, int quantity, const char *payment_method)
{
    static _Thread_local char body[512];
    snprintf(body, sizeof body,
             "{\"lines\":[{\"sku\":\"%s\",\"quantity\":%d}],\"currency\":\"EUR\","
             "\"payment_method\":\"%s\"}",
             sku, quantity, payment_method);
    return body;
}

static char *next_id(void)
{
    static _Thread_local char ids[4][AURORA_ID_TEXT_BYTES];
    static _Thread_local unsigned turn;
    return ids[turn++ % 4];
}

const char *order_server_place(order_server *server, const char *payment_method)
{
    char *id = next_id();
    order_server_call(server, "POST", "/orders", "Prefer: wait=10\r\n",
                      order_server_body("cup", 1, payment_method));
    ck_assert_msg(server->answer.status == 201, "placing is %d: %s", server->answer.status,
                  server->answer.body);
    snprintf(id, AURORA_ID_TEXT_BYTES, "%s", order_server_at(server, "id"));
    return id;
}

void order_server_pay(order_server *server, int32_t verb, int32_t outcome)
{
    aurora_task_page *page = NULL;
    aurora_assert_ok(aurora_task_take(server->shop, AURORA_TASK_PAYMENT, 1, 0, 10000, &page));
    ck_assert_uint_eq(page->count, 1);
    ck_assert_int_eq(page->items[0]->verb, verb);
    aurora_assert_ok(aurora_task_finish(
        server->shop, page->items[0]->id,
        AURORA_TASK_RESULT(.outcome = outcome, .provider_reference = "p", .code = "refused"),
        NULL));
    aurora_task_page_free(page);
}

const char *order_server_park(order_server *server)
{
    char *id = next_id();
    order_server_expect(server, 201, "POST", "/orders", order_server_body("cup", 1, "card"));
    snprintf(id, AURORA_ID_TEXT_BYTES, "%s", order_server_at(server, "id"));
    order_server_pay(server, AURORA_VERB_AUTHORIZE, AURORA_OUTCOME_DONE);
    order_server_pay(server, AURORA_VERB_CAPTURE, AURORA_OUTCOME_DECLINED);
    return id;
}

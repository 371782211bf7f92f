/* SPDX-License-Identifier: MIT */
#include "served_shop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLES 5

static void observe(void *self, const aurora_http_access *access)
{
    aurora_routes_observe(self, access);
}

static void serve(served_shop *served, const char *secret)
{
    aurora_error err = AURORA_ERROR_INIT;
    const aurora_route_table tables[TABLES] = {
        aurora_routes_products(), aurora_routes_inventory(), aurora_routes_search(),
        aurora_routes_recommendations(), aurora_routes_system()};
    const aurora_http_route *routes[TABLES];
    uint32_t counts[TABLES];
    for (int i = 0; i < TABLES; i++) {
        routes[i] = tables[i].routes;
        counts[i] = tables[i].count;
    }
    aurora_http_options options = {.listen = "127.0.0.1:0",
                                   .routes = routes,
                                   .route_counts = counts,
                                   .table_count = TABLES,
                                   .self = &served->routes,
                                   .service_secret = secret,
                                   .access = observe};
    aurora_status rc = aurora_http_start(&options, &served->routes.server, &err);
    ck_assert_msg(rc == AURORA_OK, "start is %d: %s %s", (int)rc, err.field, err.message);
}

void served_shop_init(served_shop *served, const char *secret)
{
    aurora_error err = AURORA_ERROR_INIT;
    aurora_cache_options options;
    memset(served, 0, sizeof *served);
    aurora_assert_ok(aurora_fault_plan_new(&served->faults));
    aurora_assert_ok(aurora_open(
        "memory:", AURORA_OPTIONS(.flags = AURORA_OPEN_WORKER, .faults = served->faults),
        &served->shop, &err));
    aurora_cache_options_init(&options);
    options.ttl_ms = 86400000; /* what is shown anew is shown because it was dropped */
    served->routes = (aurora_routes){.shop = served->shop, .service_name = "tested"};
    aurora_assert_ok(aurora_cache_open("memory:", &options, &served->routes.cache, &err));
    ck_assert(aurora_routes_metrics_begin(&served->routes));
    memset(served->routes.cursor_key, 7, sizeof served->routes.cursor_key);
    serve(served, secret);
    http_client_init(&served->client, aurora_http_port(served->routes.server));
    if (secret != NULL) {
        served->client.secret = secret;
        served->client.principal = "tester";
        served->client.scopes = "";
    }
}

void served_shop_deinit(served_shop *served)
{
    http_answer_free(&served->answer);
    http_client_close(&served->client);
    aurora_http_free(served->routes.server);
    aurora_routes_metrics_end(&served->routes);
    aurora_cache_close(served->routes.cache);
    aurora_close(served->shop);
    aurora_fault_plan_free(served->faults);
}

const http_answer *served_shop_call(served_shop *served, const char *method, const char *target,
                                    const char *fields, const char *body)
{
    http_answer_free(&served->answer);
    served->answer = http_client_call(&served->client, method, target, fields, body);
    return &served->answer;
}

const http_answer *served_shop_expect(served_shop *served, int status, const char *method,
                                      const char *target, const char *body)
{
    served_shop_call(served, method, target, NULL, body);
    ck_assert_msg(served->answer.status == status, "%s %s is %d, expected %d: %s", method, target,
                  served->answer.status, status, served->answer.body);
    return &served->answer;
}

const char *served_shop_at(const served_shop *served, const char *path)
{
    return http_answer_at(&served->answer, path);
}

void served_shop_assert_problem(const served_shop *served, int status, const char *code,
                                const char *place)
{
    http_answer_assert_problem(&served->answer, status, code, place);
}

void served_shop_put(served_shop *served, const char *sku, const char *category)
{
    aurora_assert_ok(
        aurora_product_put(served->shop,
                           AURORA_PRODUCT(.sku = sku, .name = "A thing", .category = category,
                                          .price_minor = 100, .currency = "EUR"),
                           AURORA_ANY_VERSION, NULL, NULL));
}

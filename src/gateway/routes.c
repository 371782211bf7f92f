/* SPDX-License-Identifier: MIT */
/* Which call goes where: the tables of the services, whose rules the gateway checks before it
 * passes anything on, with handlers that pass on. */
#include <stdlib.h>
#include <string.h>

#include "gateway/internal.h"
#include "http/fields.h"

/* --- one service ------------------------------------------------------------------------------ */

static void pass(aurora_http_exchange *exchange, void *self, aurora__service service)
{
    aurora__gateway_forward(exchange, aurora__gateway_of(self), service,
                            aurora_http_query_text(exchange));
}

#define PASSES_TO(name, service)                                                                   \
    static void name(aurora_http_exchange *exchange, void *self)                                   \
    {                                                                                              \
        pass(exchange, self, service);                                                             \
    }

PASSES_TO(to_order, AURORA__SERVICE_ORDER)
PASSES_TO(to_product, AURORA__SERVICE_PRODUCT)
PASSES_TO(to_inventory, AURORA__SERVICE_INVENTORY)
PASSES_TO(to_payment, AURORA__SERVICE_PAYMENT)
PASSES_TO(to_search, AURORA__SERVICE_SEARCH)
PASSES_TO(to_recommendation, AURORA__SERVICE_RECOMMENDATION)

/* --- the one that was asked for --------------------------------------------------------------- */

static bool is_gateways(const char *operation)
{
    return strcmp(operation, "getStats") == 0 || strcmp(operation, "getLimits") == 0;
}

/* The query as sent without `service=`. NULL without memory. */
static char *without_service(aurora_http_exchange *exchange)
{
    const char *at = aurora_http_query_text(exchange);
    char *text = aurora_http_alloc(exchange, strlen(at) + 1), *to = text;
    if (text == NULL)
        return NULL;
    while (*at != '\0') {
        size_t len = strcspn(at, "&");
        if (strncmp(at, "service=", 8) != 0) {
            if (to != text)
                *to++ = '&';
            memcpy(to, at, len);
            to += len;
        }
        at += len;
        at += *at == '&';
    }
    *to = '\0';
    return text;
}

static void answer_itself(aurora_http_exchange *exchange, aurora__gateway *gateway)
{
    if (strcmp(aurora_http_exchange_route(exchange)->operation, "getStats") == 0)
        aurora__gateway_stats(exchange, gateway);
    else
        aurora__gateway_limits(exchange, gateway);
}

static aurora__service default_service(const aurora_http_exchange *exchange)
{
    const char *operation = aurora_http_exchange_route(exchange)->operation;
    return strcmp(operation, "listNotifications") == 0 ? AURORA__SERVICE_NOTIFICATION
                                                       : AURORA__SERVICE_ORDER;
}

static void to_chosen(aurora_http_exchange *exchange, void *self)
{
    aurora__gateway *gateway = aurora__gateway_of(self);
    const char *name = aurora_http_query(exchange, "service");
    if (name == NULL)
        name = aurora__service_name(default_service(exchange));
    if (strcmp(name, "gateway") == 0 &&
        is_gateways(aurora_http_exchange_route(exchange)->operation)) {
        answer_itself(exchange, gateway);
        return;
    }
    aurora__service service = aurora__service_find(name, strlen(name));
    char *query = without_service(exchange);
    if (service == AURORA__SERVICE_COUNT)
        aurora_http_refuse_parameter(exchange, "service",
                                     "must be order, product, inventory, payment, search, "
                                     "recommendation or notification; for stats and limits also "
                                     "gateway");
    else if (query == NULL)
        aurora_http_refuse(exchange, AURORA_ENOMEM, NULL);
    else
        aurora__gateway_forward(exchange, gateway, service, query);
}

/* --- the table -------------------------------------------------------------------------------- */

static const struct {
    aurora_route_table (*table)(void);
    void (*handle)(aurora_http_exchange *exchange, void *self);
} rows[] = {
    {aurora_routes_orders, to_order},
    {aurora_routes_sagas, to_order},
    {aurora_routes_products, to_product},
    {aurora_routes_inventory, to_inventory},
    {aurora_routes_payments, to_payment},
    {aurora_routes_search, to_search},
    {aurora_routes_recommendations, to_recommendation},
    {aurora_routes_notifications, to_chosen},
    {aurora_routes_admin, to_chosen},
};

#define ROW_COUNT (sizeof rows / sizeof *rows)

/* Queries of /admin have one parameter more. */
static const char *with_service(const char *query)
{
    static const struct {
        const char *query;
        const char *with;
    } known[] = {
        {"", "service"},
        {"consumer limit cursor", "consumer limit cursor service"},
        {"after limit wait", "after limit wait service"},
        {"state limit cursor", "state limit cursor service"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(known[i].query, query) == 0)
            return known[i].with;
    }
    return NULL;
}

bool aurora__gateway_routes(aurora__gateway *gateway)
{
    uint32_t count = 0;
    for (size_t i = 0; i < ROW_COUNT; i++)
        count += rows[i].table().count;
    gateway->routes = malloc(count * sizeof *gateway->routes);
    if (gateway->routes == NULL)
        return false;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const aurora_route_table table = rows[i].table();
        for (uint32_t j = 0; j < table.count; j++) {
            aurora_http_route *route = &gateway->routes[gateway->route_count++];
            *route = table.routes[j];
            route->flags &= ~AURORA_HTTP_BLOCKING;
            route->handle = rows[i].handle;
            if (rows[i].handle == to_chosen)
                route->query = with_service(route->query);
            if (route->query == NULL)
                return false;
        }
    }
    return true;
}

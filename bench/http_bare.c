/* SPDX-License-Identifier: MIT */
/* Built with HTTP_BARE_MAIN it is a program: http_bare PORT. */
#include "http_bare.h"

#include "http/server.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As long as a product of the benchmark is. */
static const char body[] =
    "{\"sku\":\"sku-00001\",\"name\":\"Product 1\",\"description\":\"A product of the benchmark, "
    "as long as most.\",\"category\":\"things\",\"brand\":\"Aurora\",\"image_url\":\"\","
    "\"price_minor\":1250,\"currency\":\"EUR\",\"attributes\":{},\"version\":1,"
    "\"created_at\":\"2026-01-01T00:00:00.000000Z\",\"updated_at\":\"2026-01-01T00:00:00."
    "000000Z\"}";

static void answer(struct aurora_http_exchange *exchange, void *self)
{
    (void)self;
    aurora_http_reply(exchange, 200, "application/json", body, sizeof(body) - 1);
}

static const aurora_http_route routes[] = {
    {.method = AURORA_HTTP_GET,
     .template_path = "/products/{sku}",
     .query = "",
     .operation = "getProduct",
     .handle = answer},
    {.method = AURORA_HTTP_POST,
     .flags = AURORA_HTTP_BLOCKING | AURORA_HTTP_JSON_BODY,
     .template_path = "/orders",
     .query = "",
     .operation = "placeOrder",
     .handle = answer},
};

int bench_bare_server(uint16_t port)
{
    static const aurora_http_route *const tables[] = {routes};
    static const uint32_t counts[] = {sizeof(routes) / sizeof(routes[0])};
    char listen[32];
    snprintf(listen, sizeof(listen), "127.0.0.1:%u", port);
    const aurora_http_options options = {
        .listen = listen, .routes = tables, .route_counts = counts, .table_count = 1};
    aurora_http_server *server = NULL;
    aurora_error err = AURORA_ERROR_INIT;
    sigset_t ends;
    int received;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    if (aurora_http_start(&options, &server, &err) != AURORA_OK) {
        fprintf(stderr, "http_bare: %s %s\n", err.field, err.message);
        return 1;
    }
    sigwait(&ends, &received);
    aurora_http_free(server);
    return 0;
}

#ifdef HTTP_BARE_MAIN
int main(int argc, char **argv)
{
    return bench_bare_server((uint16_t)(argc > 1 ? strtol(argv[1], NULL, 10) : 8080));
}
#endif

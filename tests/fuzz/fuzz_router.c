/* SPDX-License-Identifier: MIT */
/* Can a target hurt us? Finds any path in a table of routes and reads any query, in memory of
 * exactly the promised size. The first byte is the method; '?' ends the path. ./dev fuzz builds and
 * runs it. */
#include "http/router.h"
#include "http/utf8.h"

#include <stdlib.h>
#include <string.h>

static void handle(struct aurora_http_exchange *exchange, void *self)
{
    (void)exchange;
    (void)self;
}

static const aurora_http_route table[] = {
    {AURORA_HTTP_GET, 0, 0, "/", "", "a", handle},
    {AURORA_HTTP_GET, 0, 0, "/orders", "status limit cursor", "b", handle},
    {AURORA_HTTP_POST, 0, 0, "/orders", "", "c", handle},
    {AURORA_HTTP_GET, 0, 0, "/orders/{id}", "", "d", handle},
    {AURORA_HTTP_POST, 0, 0, "/orders/{id}/cancel", "", "e", handle},
    {AURORA_HTTP_GET, 0, 0, "/orders/new", "", "f", handle},
    {AURORA_HTTP_POST, 0, 0, "/p:batch", "", "g", handle},
    {AURORA_HTTP_PUT, 0, 0, "/{a}/{b}/{c}/{d}", "q", "h", handle},
};

static void check_text(const char *text)
{
    if (!aurora__utf8_is_text(text, strlen(text)))
        abort();
}

static void find(const aurora_router *router, int32_t method, const char *path)
{
    aurora_router_match match;
    char allow[64];
    char *memory = malloc(strlen(path) + 1);
    if (memory == NULL)
        return;
    aurora_router_find(router, method, path, memory, &match);
    aurora_router_allow(match.allow, allow);
    if ((match.route != NULL) != (match.status == 0) ||
        (match.status == 400) != (match.bad != NULL))
        abort();
    for (uint32_t i = 0; i < match.param_count; i++) {
        check_text(match.params[i].value);
        if (match.params[i].value[0] == '\0' || strchr(match.params[i].value, '/') != NULL)
            abort();
    }
    free(memory);
}

static void parse(const char *query)
{
    aurora_http_pair pairs[AURORA_ROUTER_QUERY_MAX];
    aurora_query_error error;
    uint32_t count;
    char *memory = malloc(strlen(query) + 1);
    if (memory == NULL)
        return;
    if (aurora_query_parse(query, "a b limit", memory, pairs, &count, &error)) {
        for (uint32_t i = 0; i < count; i++)
            check_text(pairs[i].value);
    } else if (error.parameter == NULL || error.rule == NULL) {
        abort();
    }
    free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const aurora_http_route *const tables[] = {table};
    static const uint32_t counts[] = {sizeof table / sizeof *table};
    aurora_router *router;
    if (size < 2 || aurora_router_new(tables, counts, 1, &router, NULL) != AURORA_OK)
        return 0;
    char *path = malloc(size);
    if (path != NULL) {
        memcpy(path, data + 1, size - 1);
        path[size - 1] = '\0';
        size_t length = strcspn(path, "?");
        const char *query = path[length] == '?' ? path + length + 1 : "";
        parse(query);
        path[length] = '\0';
        find(router, (int8_t)data[0], path);
    }
    free(path);
    aurora_router_free(router);
    return 0;
}

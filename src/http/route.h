/* SPDX-License-Identifier: MIT */
/* Routes as data: the table that the router, /openapi.json's test and the docs are held against. */
#ifndef AURORA_HTTP_ROUTE_H
#define AURORA_HTTP_ROUTE_H

#include <stdint.h>

struct aurora_http_exchange;

enum {
    AURORA_HTTP_GET = 1, /* also serves HEAD */
    AURORA_HTTP_HEAD = 2,
    AURORA_HTTP_POST = 3,
    AURORA_HTTP_PUT = 4,
    AURORA_HTTP_DELETE = 5,
    AURORA_HTTP_OPTIONS = 6, /* answered by the router: 204 and Allow */
    AURORA_HTTP_PATCH = 7,   /* known, as the next, and no route has them */
    AURORA_HTTP_TRACE = 8,
    AURORA_HTTP_QUERY = 9
};

/* Scopes as bits; their names in headers and tokens are "orders:read" and so on. */
#define AURORA_SCOPE_ORDERS_READ 1u
#define AURORA_SCOPE_ORDERS_WRITE 2u
#define AURORA_SCOPE_ORDERS_ADMIN 4u
#define AURORA_SCOPE_ORDERS_IMPORT 8u
#define AURORA_SCOPE_PRODUCTS_WRITE 16u
#define AURORA_SCOPE_INVENTORY_READ 32u
#define AURORA_SCOPE_INVENTORY_WRITE 64u
#define AURORA_SCOPE_ADMIN 128u
#define AURORA_SCOPE_ALL 255u
#define AURORA_SCOPE_OPEN (AURORA_SCOPE_ALL & ~AURORA_SCOPE_ORDERS_IMPORT) /* open mode */

/* aurora_http_route.flags. */
#define AURORA_HTTP_BLOCKING 1u   /* runs on a worker thread: it waits for a commit or reads much */
#define AURORA_HTTP_JSON_BODY 2u  /* a body is required, application/json, else 415 */
#define AURORA_HTTP_JSON_MAYBE 4u /* a body is allowed; if there is one it is JSON */
#define AURORA_HTTP_ANY_BODY 8u   /* any content type: what is signed by another party */
#define AURORA_HTTP_SIGNED 16u    /* authenticates itself: no principal, no loopback Host asked */
#define AURORA_HTTP_PROBE 32u     /* livez, readyz, metrics: served while draining, never logged */
#define AURORA_HTTP_CACHED 64u    /* asks the cache: AURORA_HTTP_BLOCKING where that is shared */
#define AURORA_HTTP_KEYED 128u    /* with an Idempotency-Key it is done once, however often asked */

typedef struct {
    int32_t method; /* AURORA_HTTP_..., never HEAD or OPTIONS */
    uint32_t scope; /* AURORA_SCOPE_... that the principal needs; 0 = public */
    uint32_t flags;
    const char *template_path; /* "/orders/{id}/cancel"; also the label of metrics */
    const char *query;         /* names of its query parameters with blanks between; "" = none */
    const char *operation;     /* "cancelOrder": operationId in /openapi.json */
    /* Answers `exchange`, or on a loop's thread sees to it that it is answered later. */
    void (*handle)(struct aurora_http_exchange *exchange, void *self);
} aurora_http_route;

#endif

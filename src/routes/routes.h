/* SPDX-License-Identifier: MIT */
/* The HTTP API over the public calls of the library: one table and one file per noun. A daemon
 * serves the tables of its modules. The routes turn requests into calls and results into JSON;
 * rules of the domain stay behind include/aurora. */
#ifndef AURORA_ROUTES_ROUTES_H
#define AURORA_ROUTES_ROUTES_H

#include <stdio.h>

#include <aurora/aurora.h>

#include "http/json_out.h"
#include "http/server.h"
#include "metric/metric.h"
#include "routes/observe.h"

/* How the rate limit of clients does. */
typedef struct {
    uint64_t allowed;
    uint64_t denied;
    uint64_t fallback;   /* decided without what processes share, which did not answer */
    uint64_t leased;     /* allowed by tokens that were taken ahead */
    uint64_t remembered; /* denied by what was known here */
    bool has_breaker;    /* processes share it */
    aurora_breaker_figures breaker;
} aurora_routes_limiter;

/* What all handlers share: `self` of the server. */
typedef struct {
    aurora_t *shop;             /* NULL where the system's table stands without a store */
    aurora_cache *cache;        /* products; NULL = none */
    aurora_http_server *server; /* set after the start */
    uint8_t cursor_key[32];
    const char
        *payment_secret; /* of callbacks; NULL or "" = POST /payments/callbacks answers 404 */
    /* What /readyz adds to what the library says, by aurora_routes_check on `into`; NULL = nothing.
     * Called on a worker. */
    void (*ready)(void *daemon, void *into);
    /* Of this process: what /metrics shows. By aurora_routes_metrics_begin; collectors are asked
     * on a loop's thread, and wait for nothing. */
    aurora__registry *registry;
    /* How its rate limits do; false, or NULL: it has none. `asks`: asks what is shared whether it
     * answers now, on a worker; else it waits for nothing. */
    bool (*limiter)(void *daemon, bool asks, aurora_routes_limiter *out);
    /* Adds its policies to an array; NULL where limiter is. */
    void (*limiter_policies)(void *daemon, aurora_json_out *out);
    void *daemon;
    const char *service_name; /* "aurorad" */
    bool has_console;         /* / leads browsers to /console/ */
    /* What the server has of the tables, as one of them; NULL = all of it. It must outlive the
     * server, and so must its description (NULL = that of everything). */
    const aurora_http_route *served;
    const char *openapi;
    size_t openapi_len;
    uint32_t served_count;
    aurora__http_series series; /* zeroed; of aurora_routes_observe */
} aurora_routes;

typedef struct {
    const aurora_http_route *routes;
    uint32_t count;
} aurora_route_table;

aurora_route_table aurora_routes_orders(void);          /* /orders... */
aurora_route_table aurora_routes_products(void);        /* /products... */
aurora_route_table aurora_routes_inventory(void);       /* /inventory... */
aurora_route_table aurora_routes_search(void);          /* /search, /search/suggest */
aurora_route_table aurora_routes_recommendations(void); /* /recommendations/... */
aurora_route_table aurora_routes_payments(void);        /* /payments/callbacks */
aurora_route_table aurora_routes_notifications(void);   /* /admin/notifications */
aurora_route_table aurora_routes_sagas(void);           /* /admin/sagas... */
aurora_route_table aurora_routes_admin(void);           /* /admin/..., what every service has */
aurora_route_table aurora_routes_system(void); /* /livez /readyz /metrics /openapi.json, / */

/* loop_begin and loop_end of the server: each loop's queue of orders and its streams. */
aurora_status aurora_routes_loop_begin(void *self, aurora_http_loop *loop, void **slot_out);
void aurora_routes_loop_end(void *self, aurora_http_loop *loop, void *slot);

/* Adds a check to the answer of /readyz, which is 503 if one failed. `detail` is one line for
 * people, "" where there is nothing to say; public, so without addresses or secrets. */
void aurora_routes_check(void *into, const char *name, bool is_ok, const char *detail);

/* The description of the API without what `routes->served` does not have, in memory of malloc's;
 * *text_out stays NULL where it has everything. False without memory. */
bool aurora_routes_describe(const aurora_routes *routes, char **text_out, size_t *len_out);

/* The same for what is missed and not needed: the answer stays what it is. */
void aurora_routes_degraded(void *into, const char *name, const char *detail);

/* Adds the object "http": the server's counters; NULL = all zero. */
void aurora_routes_http_figures(aurora_json_out *out, aurora_http_server *server);

/* Opens `registry`, with a collector of what the routes know. Everything in `routes` is read when a
 * page is asked for. False without memory. */
bool aurora_routes_metrics_begin(aurora_routes *routes);
/* Once no server and nobody else counts any more. */
void aurora_routes_metrics_end(aurora_routes *routes);

/* Begins to count the failures (500, 502, 503, 504) of each route of `served`, at 0. */
void aurora_routes_observe_begin(aurora_routes *routes);
/* Counts a request; the server's `access` callback calls it. A no-op without a registry. */
void aurora_routes_observe(aurora_routes *routes, const aurora_http_access *access);

#endif

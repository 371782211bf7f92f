/* SPDX-License-Identifier: MIT */
/* What the files of the gateway share. */
#ifndef AURORA_GATEWAY_INTERNAL_H
#define AURORA_GATEWAY_INTERNAL_H

#include <stdatomic.h>
#include <stdio.h>

#include "gateway/gateway.h"
#include "gateway/policy.h"
#include "gateway/stale.h"
#include "upstream/upstream.h"

typedef enum {
    AURORA__SERVICE_ORDER = 0, /* the one that /admin asks unless it is told */
    AURORA__SERVICE_PRODUCT,
    AURORA__SERVICE_INVENTORY,
    AURORA__SERVICE_PAYMENT,
    AURORA__SERVICE_SEARCH,
    AURORA__SERVICE_RECOMMENDATION,
    AURORA__SERVICE_NOTIFICATION,
    AURORA__SERVICE_COUNT
} aurora__service;

typedef struct {
    aurora_daemon *daemon;
    char *secret;         /* of the services; "" = they are open, or... */
    bool has_certificate; /* ...know the gateway by its certificate, and need no signature */
    aurora_upstream *upstreams[AURORA__SERVICE_COUNT];
    aurora__policy policies[AURORA__SERVICE_COUNT]; /* as of the last reload; the main thread's */
    _Atomic uint32_t timeout_ms[AURORA__SERVICE_COUNT], attempt_ms[AURORA__SERVICE_COUNT];
    aurora__stale *stale;
    aurora_http_route *routes; /* of all services, passed on */
    uint32_t route_count;
} aurora__gateway;

aurora__gateway *aurora__gateway_of(const aurora_routes *routes);

/* --- services.c ------------------------------------------------------------------------------- */

const char *aurora__service_name(aurora__service service);
/* AURORA__SERVICE_COUNT for a name that is none. */
aurora__service aurora__service_find(const char *name, size_t len);

/* The addresses in "order=HOST:PORT,order=HOST:PORT,search=..."; a service that is not named has
 * its port on 127.0.0.1. */
typedef struct {
    char *text; /* malloc; what follows points into it */
    const char *addresses[AURORA__SERVICE_COUNT][AURORA_UPSTREAM_ADDRESSES_MAX];
    uint32_t counts[AURORA__SERVICE_COUNT];
} aurora__service_list;

#define AURORA__SERVICES_ERROR_BYTES 256

/* False with one line in error_out. *out is freed with aurora__services_free in both cases. */
bool aurora__services_read(const char *text, aurora__service_list *out,
                           char error_out[AURORA__SERVICES_ERROR_BYTES]);
void aurora__services_free(aurora__service_list *list);

/* --- routes.c --------------------------------------------------------------------------------- */

/* Makes gateway->routes. False without memory. */
bool aurora__gateway_routes(aurora__gateway *gateway);

/* --- forward.c -------------------------------------------------------------------------------- */

/* Passes the exchange on, and its answer back. */
void aurora__gateway_forward(aurora_http_exchange *exchange, aurora__gateway *gateway,
                             aurora__service service, const char *query);

/* Whether an old answer to it is better than none, and the same for everybody. */
bool aurora__gateway_is_kept(const aurora_http_exchange *exchange);

/* --- request.c -------------------------------------------------------------------------------- */

#define AURORA__REQUEST_FIELDS_MAX 128

/* What is sent, in the exchange's memory but for `fields`. False without memory. */
bool aurora__gateway_request(aurora_http_exchange *exchange, const aurora__gateway *gateway,
                             aurora__service service, const char *query,
                             aurora_upstream_field *fields, aurora_upstream_request *out);

/* --- figures.c -------------------------------------------------------------------------------- */

void aurora__gateway_ready(void *daemon, void *into);
/* A collector; `self` is the gateway. */
void aurora__gateway_metrics(void *self, aurora__sheet *sheet);
/* GET /admin/stats and /admin/limits with service=gateway. */
void aurora__gateway_stats(aurora_http_exchange *exchange, aurora__gateway *gateway);
void aurora__gateway_limits(aurora_http_exchange *exchange, aurora__gateway *gateway);

#endif

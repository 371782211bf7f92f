/* SPDX-License-Identifier: MIT */
/* Route tables compiled for look-up, and what stands in a request's target: path parameters and
 * query parameters, percent-decoded. Pure: no I/O, no clock. The server hands in the memory that
 * decoded texts go to. */
#ifndef AURORA_HTTP_ROUTER_H
#define AURORA_HTTP_ROUTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <aurora/base.h>

#include "http/route.h"

typedef struct aurora_router aurora_router;

#define AURORA_ROUTER_PARAMS_MAX 4
#define AURORA_ROUTER_QUERY_MAX 32

/* A path or query parameter. */
typedef struct {
    const char *name;
    const char *value;
} aurora_http_pair;

typedef struct {
    const aurora_http_route *route; /* NULL unless the status is 0 */
    int status;                     /* 0; 404; 405 (allow); 400 (a parameter's encoding, `bad`) */
    uint32_t allow;  /* bits 1u << AURORA_HTTP_GET..., HEAD with GET and OPTIONS among them */
    const char *bad; /* the path parameter that is not percent-encoded UTF-8 without NUL */
    uint32_t param_count;
    aurora_http_pair params[AURORA_ROUTER_PARAMS_MAX];
} aurora_router_match;

typedef struct {
    const char *parameter; /* its name as sent and decoded; may be "" */
    const char *rule;      /* "is not a parameter of this path", "is given twice", ... */
} aurora_query_error;

/* Compiles the tables. AURORA_EINVAL names in err->field the template that breaks a rule or is
 * given twice with one method. Routes and texts of the tables must outlive the router. */
aurora_status aurora_router_new(const aurora_http_route *const *routes, const uint32_t *counts,
                                uint32_t table_count, aurora_router **out, aurora_error *err);
void aurora_router_free(aurora_router *router);

/* Finds the route of a path (as sent, without the query). HEAD finds the GET route. A segment that
 * is written out goes before a parameter. `memory` takes the decoded parameters: strlen(path) + 1
 * bytes. OPTIONS never finds a route: 405 with `allow`, which the server turns into 204. */
void aurora_router_find(const aurora_router *router, int32_t method, const char *path, char *memory,
                        aurora_router_match *out);

/* "GET, HEAD, OPTIONS" for the Allow field. */
void aurora_router_allow(uint32_t allow, char text_out[64]);

/* Reads a query ("a=1&b=2", as sent; '+' is a blank; "" = none) whose names are among `names`
 * (aurora_http_route.query). `memory` takes the decoded texts: strlen(query) + 1 bytes. False with
 * *error filled for another name, one given twice, a bad encoding, or text that is not UTF-8
 * without NUL. pairs_out holds AURORA_ROUTER_QUERY_MAX. */
bool aurora_query_parse(const char *query, const char *names, char *memory,
                        aurora_http_pair *pairs_out, uint32_t *count_out,
                        aurora_query_error *error);

#endif

/* SPDX-License-Identifier: MIT */
/* A tree of path segments. A look-up goes along it once, and back only where a written-out segment
 * led to nothing and a parameter stands beside it. */
#include "http/router.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/percent.h"

#define METHODS (AURORA_HTTP_PATCH + 1)
#define SEGMENTS_MAX 16
#define NO_NODE 0 /* the root, which no path ends at */

typedef struct {
    const char *segment; /* of `length` bytes, in the template */
    size_t length;
    char *param;       /* the name, where this segment is a parameter */
    uint32_t child;    /* the first written-out one */
    uint32_t sibling;  /* the next written-out one */
    uint32_t variable; /* the child that is a parameter */
    uint32_t allow;
    const aurora_http_route *routes[METHODS];
} node;

struct aurora_router {
    node *nodes;
    uint32_t count;
    uint32_t capacity;
};

/* --- compiling -------------------------------------------------------------------------------- */

static aurora_status refuse(aurora_error *err, aurora_status status, const aurora_http_route *route,
                            const char *rule)
{
    if (err != NULL) {
        err->status = status;
        snprintf(err->field, sizeof err->field, "%s", route->template_path);
        snprintf(err->message, sizeof err->message, "%s", rule);
    }
    return status;
}

/* NO_NODE when there is no memory. */
static uint32_t new_node(aurora_router *router)
{
    if (router->count == router->capacity) {
        uint32_t capacity = router->capacity == 0 ? 64 : router->capacity * 2;
        node *nodes = realloc(router->nodes, capacity * sizeof *nodes);
        if (nodes == NULL)
            return NO_NODE;
        router->nodes = nodes;
        router->capacity = capacity;
    }
    memset(&router->nodes[router->count], 0, sizeof *router->nodes);
    return router->count++;
}

static uint32_t find_child(const aurora_router *router, uint32_t parent, const char *segment,
                           size_t length)
{
    uint32_t at = router->nodes[parent].child;
    while (at != NO_NODE) {
        const node *n = &router->nodes[at];
        if (n->length == length && memcmp(n->segment, segment, length) == 0)
            break;
        at = n->sibling;
    }
    return at;
}

/* The written-out child of this name, made where it is not there. */
static aurora_status step_written(aurora_router *router, uint32_t *at, const char *segment,
                                  size_t length)
{
    uint32_t found = find_child(router, *at, segment, length);
    if (found == NO_NODE) {
        found = new_node(router);
        if (found == NO_NODE)
            return AURORA_ENOMEM;
        node *n = &router->nodes[found];
        n->segment = segment;
        n->length = length;
        n->sibling = router->nodes[*at].child;
        router->nodes[*at].child = found;
    }
    *at = found;
    return AURORA_OK;
}

/* The child that is the parameter `name`; one name for each place. */
static aurora_status step_variable(aurora_router *router, uint32_t *at, const char *name,
                                   size_t length)
{
    uint32_t found = router->nodes[*at].variable;
    if (found == NO_NODE) {
        found = new_node(router);
        char *copy = found != NO_NODE ? malloc(length + 1) : NULL;
        if (copy == NULL)
            return AURORA_ENOMEM;
        memcpy(copy, name, length);
        copy[length] = '\0';
        router->nodes[found].param = copy;
        /* NOLINTNEXTLINE(analyzer-malloc-leak): the router frees the names of its nodes */
        router->nodes[*at].variable = found;
    }
    const char *known = router->nodes[found].param;
    if (strlen(known) != length || memcmp(known, name, length) != 0)
        return AURORA_EINVAL;
    *at = found;
    return AURORA_OK;
}

static bool is_written(const char *segment, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (segment[i] <= 0x20 || segment[i] >= 0x7f || strchr("{}%?#\\", segment[i]) != NULL)
            return false;
    }
    return true;
}

static bool is_param(const char *segment, size_t length)
{
    return length > 2 && segment[0] == '{' && segment[length - 1] == '}';
}

static bool is_param_name(const char *name, size_t length)
{
    return strspn(name, "abcdefghijklmnopqrstuvwxyz_") == length;
}

/* Goes along the template, and makes what is missing. */
static aurora_status make_path(aurora_router *router, const aurora_http_route *route, uint32_t *at,
                               aurora_error *err)
{
    const char *segment = route->template_path;
    uint32_t params = 0, segments = 0;
    *at = 0;
    while (*segment == '/') {
        segment++;
        size_t length = strcspn(segment, "/");
        aurora_status rc = AURORA_EINVAL;
        if (is_param(segment, length) && is_param_name(segment + 1, length - 2) &&
            ++params <= AURORA_ROUTER_PARAMS_MAX)
            rc = step_variable(router, at, segment + 1, length - 2);
        else if (is_written(segment, length))
            rc = step_written(router, at, segment, length);
        if (rc != AURORA_OK || ++segments > SEGMENTS_MAX)
            return refuse(err, rc != AURORA_OK ? rc : AURORA_EINVAL, route,
                          "has a segment that is neither plain text nor one {name} a place");
        segment += length;
    }
    if (segments == 0)
        return refuse(err, AURORA_EINVAL, route, "must begin with a slash");
    return AURORA_OK;
}

static uint32_t count_words(const char *names)
{
    uint32_t count = 0;
    for (const char *at = names; *at != '\0'; at += strspn(at, " ")) {
        at += strcspn(at, " ");
        count++;
    }
    return count;
}

static bool is_method_of_route(int32_t method)
{
    return method == AURORA_HTTP_GET || method == AURORA_HTTP_POST || method == AURORA_HTTP_PUT ||
           method == AURORA_HTTP_DELETE || method == AURORA_HTTP_PATCH;
}

static aurora_status add_route(aurora_router *router, const aurora_http_route *route,
                               aurora_error *err)
{
    uint32_t at;
    if (!is_method_of_route(route->method) || route->handle == NULL)
        return refuse(err, AURORA_EINVAL, route, "has no handler, or a method that no route has");
    if (count_words(route->query) > AURORA_ROUTER_QUERY_MAX)
        return refuse(err, AURORA_EINVAL, route, "has more than 32 query parameters");
    aurora_status rc = make_path(router, route, &at, err);
    if (rc != AURORA_OK)
        return rc;
    node *n = &router->nodes[at];
    if (n->routes[route->method] != NULL)
        return refuse(err, AURORA_EINVAL, route, "is given twice with one method");
    n->routes[route->method] = route;
    n->allow |= 1u << route->method | 1u << AURORA_HTTP_OPTIONS;
    if (route->method == AURORA_HTTP_GET)
        n->allow |= 1u << AURORA_HTTP_HEAD;
    return AURORA_OK;
}

aurora_status aurora_router_new(const aurora_http_route *const *routes, const uint32_t *counts,
                                uint32_t table_count, aurora_router **out, aurora_error *err)
{
    aurora_router *router = calloc(1, sizeof *router);
    *out = NULL;
    if (router == NULL)
        return AURORA_ENOMEM;
    new_node(router);
    aurora_status rc = router->count == 1 ? AURORA_OK : AURORA_ENOMEM;
    for (uint32_t t = 0; rc == AURORA_OK && t < table_count; t++) {
        for (uint32_t i = 0; rc == AURORA_OK && i < counts[t]; i++)
            rc = add_route(router, &routes[t][i], err);
    }
    if (rc == AURORA_OK)
        *out = router;
    else
        aurora_router_free(router);
    return rc;
}

void aurora_router_free(aurora_router *router)
{
    if (router == NULL)
        return;
    for (uint32_t i = 0; i < router->count; i++)
        free(router->nodes[i].param);
    free(router->nodes);
    free(router);
}

/* --- finding ---------------------------------------------------------------------------------- */

/* Segments that stand at parameters, as sent. */
typedef struct {
    const char *text[AURORA_ROUTER_PARAMS_MAX];
    size_t length[AURORA_ROUTER_PARAMS_MAX];
    const char *name[AURORA_ROUTER_PARAMS_MAX];
    uint32_t count;
} trail;

static uint32_t walk(const aurora_router *router, uint32_t at, const char *segment, trail *params);

/* Goes on below a child that the segment led to. */
static uint32_t descend(const aurora_router *router, uint32_t child, const char *rest,
                        trail *params)
{
    if (child == NO_NODE)
        return NO_NODE;
    if (*rest == '/')
        return walk(router, child, rest + 1, params);
    return router->nodes[child].allow != 0 ? child : NO_NODE;
}

static uint32_t walk(const aurora_router *router, uint32_t at, const char *segment, trail *params)
{
    size_t length = strcspn(segment, "/");
    const char *rest = segment + length;
    uint32_t found = descend(router, find_child(router, at, segment, length), rest, params);
    uint32_t variable = router->nodes[at].variable;
    if (found != NO_NODE || variable == NO_NODE || length == 0)
        return found;
    uint32_t own = params->count;
    params->text[own] = segment;
    params->length[own] = length;
    params->name[own] = router->nodes[variable].param;
    params->count = own + 1;
    found = descend(router, variable, rest, params);
    if (found == NO_NODE)
        params->count = own;
    return found;
}

static bool decode_params(const trail *params, char *memory, aurora_router_match *out)
{
    for (uint32_t i = 0; i < params->count; i++) {
        if (!aurora__percent_decode(params->text[i], params->length[i], false, memory) ||
            strchr(memory, '/') != NULL) {
            out->bad = params->name[i];
            out->status = 400;
            return false;
        }
        out->params[i] = (aurora_http_pair){.name = params->name[i], .value = memory};
        memory += params->length[i] + 1;
    }
    out->param_count = params->count;
    return true;
}

void aurora_router_find(const aurora_router *router, int32_t method, const char *path, char *memory,
                        aurora_router_match *out)
{
    trail params = {.count = 0};
    memset(out, 0, sizeof *out);
    uint32_t found = *path == '/' ? walk(router, 0, path + 1, &params) : NO_NODE;
    if (found == NO_NODE) {
        out->status = 404;
        return;
    }
    const node *n = &router->nodes[found];
    int32_t wanted = method == AURORA_HTTP_HEAD ? AURORA_HTTP_GET : method;
    out->allow = n->allow;
    if (wanted <= 0 || wanted >= METHODS || n->routes[wanted] == NULL) {
        out->status = 405;
        return;
    }
    if (decode_params(&params, memory, out))
        out->route = n->routes[wanted];
}

void aurora_router_allow(uint32_t allow, char text_out[64])
{
    static const char *const names[METHODS] = {
        [AURORA_HTTP_GET] = "GET",         [AURORA_HTTP_HEAD] = "HEAD",
        [AURORA_HTTP_POST] = "POST",       [AURORA_HTTP_PUT] = "PUT",
        [AURORA_HTTP_DELETE] = "DELETE",   [AURORA_HTTP_PATCH] = "PATCH",
        [AURORA_HTTP_OPTIONS] = "OPTIONS",
    };
    size_t length = 0;
    text_out[0] = '\0';
    for (int32_t method = 1; method < METHODS; method++) {
        if ((allow & 1u << method) != 0)
            length += (size_t)snprintf(text_out + length, 64 - length, "%s%s",
                                       length > 0 ? ", " : "", names[method]);
    }
}

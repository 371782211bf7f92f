/* SPDX-License-Identifier: MIT */
/* What people and machines ask a server about itself: probes, figures, the API's description. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "routes/answer.h"
#include "routes/metrics.h"
#include "routes/openapi.h"
#include "routes/shared.h"

/* --- probes ----------------------------------------------------------------------------------- */

/* Whether the process should be restarted. Not whether anything that it needs works: restarting
 * mends none of that. */
static void livez(aurora_http_exchange *exchange, void *self)
{
    static const char body[] = "{\"status\":\"ok\"}";
    (void)self;
    aurora_http_set(exchange, "Cache-Control", "no-store");
    aurora_http_reply(exchange, 200, "application/json", body, sizeof body - 1);
}

/* The checks of one answer, in both forms until it is known which was asked for. */
typedef struct {
    aurora_json_out json;
    FILE *text;
    bool is_ready;
} readiness;

static void write_check(readiness *of, const char *name, const char *status, const char *detail)
{
    if (of->text != NULL) { /* the form of Kubernetes' own probes */
        char mark = strcmp(status, "ok") == 0 ? '+' : strcmp(status, "failed") == 0 ? '-' : '~';
        fprintf(of->text, "[%c]%s %s", mark, name, status);
        fprintf(of->text, "%s%s\n", detail[0] == '\0' ? "" : ": ", detail);
        return;
    }
    aurora_json_out_object(&of->json, NULL);
    aurora_json_out_text(&of->json, "name", name);
    aurora_json_out_text(&of->json, "status", status);
    aurora_json_out_text(&of->json, "detail", detail);
    aurora_json_out_close(&of->json, '}');
}

void aurora_routes_check(void *into, const char *name, bool is_ok, const char *detail)
{
    readiness *of = into;
    of->is_ready = of->is_ready && is_ok;
    write_check(of, name, is_ok ? "ok" : "failed", detail);
}

void aurora_routes_degraded(void *into, const char *name, const char *detail)
{
    write_check(into, name, "degraded", detail);
}

static void check_all(const aurora_routes *routes, readiness *of)
{
    bool is_draining = routes->server != NULL && aurora_http_is_draining(routes->server);
    aurora_routes_check(of, "server", !is_draining, is_draining ? "is draining" : "");
    if (routes->shop != NULL) {
        aurora_status health = aurora_health(routes->shop);
        aurora_routes_check(of, "engine", health == AURORA_OK,
                            health == AURORA_OK ? "" : aurora_status_text(health));
    }
    if (routes->ready != NULL)
        routes->ready(routes->daemon, of);
    aurora__shared_check(routes, of);
}

static void answer_text(aurora_http_exchange *exchange, const aurora_routes *routes)
{
    char *text = NULL;
    size_t len = 0;
    readiness of = {.is_ready = true, .text = open_memstream(&text, &len)};
    if (of.text == NULL) {
        aurora_http_refuse(exchange, AURORA_ENOMEM, NULL);
        return;
    }
    check_all(routes, &of);
    fprintf(of.text, "readyz check %s\n", of.is_ready ? "passed" : "failed");
    if (fclose(of.text) == 0) {
        aurora_http_reply_owned(exchange, of.is_ready ? 200 : 503, "text/plain; charset=utf-8",
                                text, len);
    } else {
        free(text);
        aurora_http_refuse(exchange, AURORA_ENOMEM, NULL);
    }
}

static void answer_checks(aurora_http_exchange *exchange, const aurora_routes *routes)
{
    readiness of = {.is_ready = true};
    aurora_json_out_object(&of.json, NULL);
    aurora_json_out_array(&of.json, "checks");
    check_all(routes, &of);
    aurora_json_out_close(&of.json, ']');
    aurora_json_out_text(&of.json, "status", of.is_ready ? "ready" : "unavailable");
    aurora_json_out_close(&of.json, '}');
    aurora__answer_json(exchange, of.is_ready ? 200 : 503, &of.json);
}

/* Whether requests should be sent here. */
static void readyz(aurora_http_exchange *exchange, void *self)
{
    aurora_http_set(exchange, "Cache-Control", "no-store");
    if (aurora_http_query(exchange, "verbose") != NULL)
        answer_text(exchange, self);
    else
        answer_checks(exchange, self);
}

/* --- figures and descriptions ----------------------------------------------------------------- */

/* On the loop's thread: while all workers are busy is when somebody wants to know. It waits for
 * nothing. */
static void metrics(aurora_http_exchange *exchange, void *self)
{
    size_t len = 0;
    int32_t format = aurora_metric_format(aurora_http_header(exchange, "Accept"));
    char *text = aurora__metrics_text(self, format, &len);
    aurora_http_set(exchange, "Vary", "Accept");
    if (text == NULL)
        aurora_http_refuse(exchange, AURORA_ENOMEM, NULL);
    else
        aurora_http_reply_owned(exchange, 200, aurora_metric_content_type(format), text, len);
}

static void openapi(aurora_http_exchange *exchange, void *self)
{
    const aurora_routes *routes = self;
    bool is_whole = routes->openapi == NULL;
    aurora_http_reply(exchange, 200, "application/json",
                      is_whole ? aurora__openapi_json : routes->openapi,
                      is_whole ? aurora__openapi_json_len : routes->openapi_len);
}

static bool is_served(const aurora_routes *routes, const char *path)
{
    for (uint32_t i = 0; i < routes->served_count; i++) {
        if (strcmp(routes->served[i].template_path, path) == 0)
            return true;
    }
    return routes->served == NULL;
}

/* Browsers name this type, and programs do not. */
static bool wants_page(const aurora_http_exchange *exchange)
{
    const char *accept = aurora_http_header(exchange, "Accept");
    return accept != NULL && strstr(accept, "text/html") != NULL;
}

static void index_page(aurora_http_exchange *exchange, void *self)
{
    const aurora_routes *routes = self;
    static const char *const links[][2] = {{"openapi", "/openapi.json"},
                                           {"livez", "/livez"},
                                           {"readyz", "/readyz"},
                                           {"metrics", "/metrics"}};
    aurora_json_out out = {0};
    if (routes->has_console) {
        aurora_http_set(exchange, "Vary", "Accept");
        if (wants_page(exchange)) {
            aurora_http_set(exchange, "Location", "/console/");
            aurora_http_reply(exchange, 303, NULL, NULL, 0);
            return;
        }
    }
    aurora_json_out_object(&out, NULL);
    aurora_json_out_text(&out, "service", routes->service_name);
    aurora_json_out_text(&out, "version", aurora_version());
    aurora_json_out_object(&out, "links");
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        if (is_served(routes, links[i][1]))
            aurora_json_out_text(&out, links[i][0], links[i][1]);
    }
    if (routes->has_console)
        aurora_json_out_text(&out, "console", "/console/");
    aurora_json_out_close(&out, '}');
    aurora_json_out_close(&out, '}');
    aurora__answer_json(exchange, 200, &out);
}

static const aurora_http_route table[] = {
    {AURORA_HTTP_GET, 0, 0, "/", "", "getIndex", index_page},
    {AURORA_HTTP_GET, 0, AURORA_HTTP_PROBE, "/livez", "", "getLiveness", livez},
    {AURORA_HTTP_GET, 0, AURORA_HTTP_PROBE | AURORA_HTTP_BLOCKING, "/readyz", "verbose",
     "getReadiness", readyz},
    {AURORA_HTTP_GET, 0, AURORA_HTTP_PROBE, "/metrics", "", "getMetrics", metrics},
    {AURORA_HTTP_GET, 0, 0, "/openapi.json", "", "getOpenapi", openapi},
};

aurora_route_table aurora_routes_system(void)
{
    return (aurora_route_table){table, sizeof table / sizeof table[0]};
}

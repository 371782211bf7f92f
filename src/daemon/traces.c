/* SPDX-License-Identifier: MIT */
/* Traces of a daemon: from settings and OpenTelemetry's variables to an exporter, and what the HTTP
 * server and the library hand it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <unistd.h>

#include "daemon/internal.h"
#include "http/principal.h"
#include "telemetry/environment.h"
#include "telemetry/telemetry.h"
#include "telemetry/url.h"

#define STOP_MS 3000
#define RESOURCE_MAX (AURORA__BAGGAGE_MAX + 8)

static const aurora_config_value *value_of(const aurora_config *config, const char *name)
{
    return aurora_config_get(config, name);
}

/* Whether it is of OpenTelemetry's variables, of which bad ones are passed over with a warning. */
static bool is_stand_in(const aurora_config_value *value)
{
    return strncmp(value->origin, "OTEL_", 5) == 0;
}

static bool read_url(const aurora_config *config, char url_out[AURORA_TELEMETRY_URL_BYTES],
                     const char **rule_out)
{
    const aurora_config_value *value = value_of(config, "otlp");
    bool is_whole = strcmp(value->origin, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") == 0;
    return aurora_telemetry_url(value->text, is_whole, url_out, rule_out);
}

/* --- rules ------------------------------------------------------------------------------------ */

/* A field's name is a token (RFC 9110, 5.6.2), and what a request needs of itself is ours to
 * say. */
static const char *judge_header(const aurora__baggage_pair *pair)
{
    static const char *const ours[] = {"content-type", "content-length", "content-encoding",
                                       "transfer-encoding", "host"};
    static const char token[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    if (strspn(pair->name, token) != strlen(pair->name))
        return "must have names of header fields";
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        if (strcasecmp(pair->name, ours[i]) == 0)
            return "must leave out the fields of the content and Host";
    }
    return NULL;
}

static bool read_headers(const aurora_config *config, aurora__baggage *out, const char **rule_out)
{
    if (!aurora__baggage_read(aurora_config_text(config, "otlp_headers"), out, rule_out))
        return false;
    const char *fault = NULL;
    for (uint32_t i = 0; fault == NULL && i < out->count; i++)
        fault = judge_header(&out->pairs[i]);
    if (fault != NULL) {
        *rule_out = fault;
        out->count = 0;
    }
    return fault == NULL;
}

static bool has_traces(const aurora_config *config)
{
    return aurora_config_text(config, "otlp")[0] != '\0';
}

int aurora__daemon_traces_check(const aurora_daemon *daemon)
{
    const aurora_config *config = daemon->config;
    char url[AURORA_TELEMETRY_URL_BYTES];
    aurora__baggage headers;
    const char *rule;
    if (has_traces(config) && !is_stand_in(value_of(config, "otlp")) &&
        !read_url(config, url, &rule))
        return aurora_daemon_refuse_value(daemon, "otlp", rule);
    if (!is_stand_in(value_of(config, "otlp_headers")) && !read_headers(config, &headers, &rule))
        return aurora_daemon_refuse_value(daemon, "otlp_headers", rule);
    const aurora_config_value *ca = value_of(config, "otlp_ca");
    if (ca->text[0] != '\0' && !is_stand_in(ca) && access(ca->text, R_OK) != 0)
        return aurora_daemon_refuse_value(daemon, "otlp_ca", "must be a file that can be read");
    double ratio;
    if (!aurora_telemetry_ratio(aurora_config_text(config, "trace_sample"), &ratio))
        return aurora_daemon_refuse_value(daemon, "trace_sample", AURORA__TRACE_SAMPLE_RULE);
    return 0;
}

bool aurora__daemon_traces_judge(const aurora_config *config,
                                 char error_out[AURORA_CONFIG_ERROR_BYTES])
{
    double ratio;
    const aurora_config_value *value = value_of(config, "trace_sample");
    if (aurora_telemetry_ratio(value->text, &ratio))
        return true;
    snprintf(error_out, AURORA_CONFIG_ERROR_BYTES, "trace_sample: %s (%s)",
             AURORA__TRACE_SAMPLE_RULE, value->origin);
    return false;
}

/* --- the start -------------------------------------------------------------------------------- */

typedef struct {
    aurora__plan plan;
    aurora__baggage headers;
    char lines[AURORA__BAGGAGE_BYTES + 2 * AURORA__BAGGAGE_MAX];
    const char *header_lines[AURORA__BAGGAGE_MAX];
    aurora_attribute resource[RESOURCE_MAX];
    uint32_t resource_count;
    char url[AURORA_TELEMETRY_URL_BYTES], instance[AURORA_ID_TEXT_BYTES], host[256];
} start;

static void say(void *self, int32_t level, const char *message)
{
    const aurora_daemon *daemon = self;
    aurora_service_log_write(daemon->log, level, "traces", "%s", message);
}

static void add(start *s, const char *key, const char *text)
{
    s->resource[s->resource_count++] =
        (aurora_attribute){.key = key, .kind = AURORA_ATTRIBUTE_TEXT, .text = text};
}

/* Unless OTEL_RESOURCE_ATTRIBUTES says it itself. */
static void add_own(start *s, const char *key, const char *text)
{
    if (aurora__baggage_find(&s->plan.resource, key) == NULL)
        add(s, key, text);
}

/* A UUID of version 4, as the convention asks for: RFC 9562, 5.4. */
static void draw_instance(char text_out[AURORA_ID_TEXT_BYTES])
{
    aurora_id id = {0};
    if (getrandom(id.bytes, sizeof id.bytes, 0) != (ssize_t)sizeof id.bytes)
        id.bytes[0] = (uint8_t)getpid(); /* never without a whole kernel */
    id.bytes[6] = (uint8_t)((id.bytes[6] & 0x0F) | 0x40);
    id.bytes[8] = (uint8_t)((id.bytes[8] & 0x3F) | 0x80);
    aurora_id_format(id, text_out);
}

static void fill_resource(const aurora_daemon *daemon, start *s)
{
    const char *name = s->plan.service_name;
    add(s, "service.name", name != NULL ? name : daemon->source.program);
    add_own(s, "service.version", aurora_version());
    draw_instance(s->instance);
    add_own(s, "service.instance.id", s->instance);
    if (gethostname(s->host, sizeof s->host - 1) == 0)
        add_own(s, "host.name", s->host);
    if (aurora__baggage_find(&s->plan.resource, "process.pid") == NULL)
        s->resource[s->resource_count++] = (aurora_attribute){
            .key = "process.pid", .kind = AURORA_ATTRIBUTE_INT, .number = getpid()};
    for (uint32_t i = 0; i < s->plan.resource.count; i++) {
        const aurora__baggage_pair *pair = &s->plan.resource.pairs[i];
        /* Of two of one name the later one. */
        if (strcmp(pair->name, "service.name") != 0 &&
            aurora__baggage_find(&s->plan.resource, pair->name) == pair->value)
            add(s, pair->name, pair->value);
    }
}

static bool is_in_clear(const start *s)
{
    const char *host = strstr(s->url, "://") + 3;
    char authority[256];
    snprintf(authority, sizeof authority, "%.*s", (int)strcspn(host, "/"), host);
    return strncmp(s->url, "http://", 7) == 0 && !aurora_principal_is_loopback(authority);
}

static void fill_headers(const aurora_daemon *daemon, start *s)
{
    const char *rule;
    if (!read_headers(daemon->config, &s->headers, &rule))
        aurora_service_log_write(daemon->log, AURORA_LOG_WARNING, "traces", "%s %s: it is not used",
                                 value_of(daemon->config, "otlp_headers")->origin, rule);
    size_t at = 0;
    for (uint32_t i = 0; i < s->headers.count; i++) {
        const aurora__baggage_pair *pair = &s->headers.pairs[i];
        s->header_lines[i] = s->lines + at;
        at += (size_t)snprintf(s->lines + at, sizeof s->lines - at, "%s: %s", pair->name,
                               pair->value) +
              1;
    }
    if (s->headers.count > 0 && is_in_clear(s))
        aurora_service_log_write(
            daemon->log, AURORA_LOG_WARNING, "traces",
            "otlp_headers go to another machine in the clear: https:// would hide them");
}

static void warn(const aurora_daemon *daemon, const aurora__plan *plan)
{
    for (uint32_t i = 0; i < plan->warning_count; i++)
        aurora_service_log_write(daemon->log, AURORA_LOG_WARNING, "traces", "%s",
                                 plan->warnings[i]);
}

static int start_telemetry(aurora_daemon *daemon, start *s)
{
    const aurora_telemetry_options options = {
        .url = s->url,
        .ca = aurora_config_text(daemon->config, "otlp_ca"),
        .is_gzip = s->plan.is_gzip,
        .headers = s->header_lines,
        .header_count = s->headers.count,
        .timeout_ms = s->plan.timeout_ms,
        .export_ms = s->plan.export_ms,
        .delay_ms = s->plan.delay_ms,
        .batch_max = s->plan.batch_max,
        .queue_max = s->plan.queue_max,
        .resource = s->resource,
        .resource_count = s->resource_count,
        .log = say,
        .log_self = daemon,
    };
    aurora_status status = aurora_telemetry_start(&options, &daemon->telemetry);
    return status == AURORA_OK ? 0 : aurora_daemon_refuse(daemon, "otlp: out of memory");
}

static int open_traces(aurora_daemon *daemon, start *s)
{
    const char *rule;
    const aurora_config_value *otlp = value_of(daemon->config, "otlp");
    if (!read_url(daemon->config, s->url, &rule)) {
        aurora_service_log_write(daemon->log, AURORA_LOG_WARNING, "traces",
                                 "%s %s: no traces are sent", otlp->origin, rule);
        return 0;
    }
    aurora__plan_read(daemon->source.environment, &s->plan);
    warn(daemon, &s->plan);
    fill_resource(daemon, s);
    fill_headers(daemon, s);
    /* A sampler of the environment's is no more than its ratio where trace_sample is given. */
    bool has_sampler = is_stand_in(value_of(daemon->config, "trace_sample"));
    daemon->ignores_sampled = has_sampler && s->plan.ignores_flag;
    daemon->keeps_none = has_sampler && s->plan.keeps_none;
    return start_telemetry(daemon, s);
}

int aurora__daemon_traces_open(aurora_daemon *daemon)
{
    if (!has_traces(daemon->config))
        return 0;
    start *s = calloc(1, sizeof *s);
    if (s == NULL)
        return aurora_daemon_refuse(daemon, "out of memory");
    int rc = open_traces(daemon, s);
    explicit_bzero(&s->headers, sizeof s->headers); /* what they hold may be a key */
    explicit_bzero(s->lines, sizeof s->lines);
    free(s);
    return rc;
}

void aurora__daemon_traces_close(aurora_daemon *daemon)
{
    aurora_telemetry_stop(daemon->telemetry, STOP_MS);
    aurora_telemetry_free(daemon->telemetry);
    daemon->telemetry = NULL;
}

/* --- in use ----------------------------------------------------------------------------------- */

/* Of 2^63. */
static uint64_t sampled_below(const aurora_config *config)
{
    double ratio = 0;
    (void)aurora_telemetry_ratio(aurora_config_text(config, "trace_sample"), &ratio);
    return (uint64_t)(ratio * 9223372036854775808.0);
}

void aurora__daemon_traces_fill(const aurora_daemon *daemon, aurora_http_tracing *out)
{
    const aurora_config *config = daemon->config;
    *out = (aurora_http_tracing){.begins_anew = aurora_config_number(config, "trace_parent") == 0};
    if (daemon->telemetry == NULL)
        return;
    out->sampled_below = sampled_below(config);
    out->ignores_flag = daemon->ignores_sampled;
    out->keeps_none = daemon->keeps_none;
    out->slow_ns = aurora_config_number(config, "trace_slow") * INT64_C(1000000);
    out->span = aurora_telemetry_span;
    out->may_keep = aurora_telemetry_may_keep;
    out->self = daemon->telemetry;
}

void aurora__daemon_traces_reload(aurora_daemon *daemon)
{
    aurora_http_tracing tracing;
    aurora__daemon_traces_fill(daemon, &tracing);
    aurora_http_set_sampling(daemon->routes.server, tracing.sampled_below, tracing.slow_ns);
}

void aurora__daemon_traces_metrics(const aurora_daemon *daemon, aurora__sheet *sheet)
{
    static const aurora__family spans = AURORA__COUNTER_FAMILY_BY(
        "aurora_spans_total", "Spans: taken by the collector, without room, given up.", "result");
    static const aurora__family waiting =
        AURORA__GAUGE_FAMILY("aurora_spans_waiting", "Spans that wait to be sent.");
    aurora_telemetry_figures figures = {0};
    if (daemon->telemetry != NULL)
        aurora_telemetry_figures_get(daemon->telemetry, &figures);
    aurora__sheet_add(sheet, &spans, AURORA__VALUES("exported"), (double)figures.exported);
    aurora__sheet_add(sheet, &spans, AURORA__VALUES("dropped"), (double)figures.dropped);
    aurora__sheet_add(sheet, &spans, AURORA__VALUES("failed"), (double)figures.failed);
    aurora__sheet_add(sheet, &waiting, NULL, (double)figures.waiting);
}

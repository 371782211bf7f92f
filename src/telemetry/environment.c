/* SPDX-License-Identifier: MIT */
#include "telemetry/environment.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DEFAULT_ENDPOINT "http://localhost:4318"

/* The value of a variable; NULL where it is empty or not there. */
static const char *look_up(char *const *environment, const char *name)
{
    size_t len = strlen(name);
    for (char *const *at = environment; at != NULL && *at != NULL; at++) {
        if (strncmp(*at, name, len) == 0 && (*at)[len] == '=')
            return (*at)[len + 1] != '\0' ? *at + len + 1 : NULL;
    }
    return NULL;
}

/* The variable for traces, else the one for all signals. */
static const char *look_up_either(char *const *environment, const char *of_traces,
                                  const char *of_all, const char **name_out)
{
    const char *value = look_up(environment, of_traces);
    *name_out = value != NULL ? of_traces : of_all;
    return value != NULL ? value : look_up(environment, of_all);
}

bool aurora_telemetry_ratio(const char *text, double *ratio_out)
{
    /* Digits and a point alone: no sign, no exponent, no hexadecimal, no infinity. */
    size_t len = strlen(text), digits = strspn(text, "0123456789.");
    if (len == 0 || len > 20 || digits != len || strchr(text, '.') != strrchr(text, '.') ||
        strspn(text, ".") == len)
        return false;
    double value = 0, place = 1;
    bool is_fraction = false;
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '.') {
            is_fraction = true;
        } else if (is_fraction) {
            place /= 10;
            value += place * (*at - '0');
        } else {
            value = value * 10 + (*at - '0');
        }
    }
    *ratio_out = value;
    return value <= 1;
}

/* --- the sampler ------------------------------------------------------------------------------ */

typedef struct {
    const char *name;
    const char *ratio; /* NULL = OTEL_TRACES_SAMPLER_ARG's */
    bool ignores_flag;
} sampler;

static const sampler samplers[] = {
    {"always_on", "1", true},
    {"always_off", "0", true},
    {"traceidratio", NULL, true},
    {"parentbased_always_on", "1", false},
    {"parentbased_always_off", "0", false},
    {"parentbased_traceidratio", NULL, false},
};

static const sampler *find_sampler(char *const *environment)
{
    const char *name = look_up(environment, "OTEL_TRACES_SAMPLER");
    for (size_t i = 0; name != NULL && i < sizeof samplers / sizeof *samplers; i++) {
        if (strcmp(samplers[i].name, name) == 0)
            return &samplers[i];
    }
    return NULL;
}

static const char *find_ratio(char *const *environment, const char **variable_out)
{
    double ratio;
    const sampler *found = find_sampler(environment);
    const char *argument = look_up(environment, "OTEL_TRACES_SAMPLER_ARG");
    *variable_out = "OTEL_TRACES_SAMPLER";
    if (found == NULL)
        return NULL;
    if (found->ratio != NULL)
        return found->ratio;
    if (argument == NULL || !aurora_telemetry_ratio(argument, &ratio))
        return "1"; /* as the specification has it */
    *variable_out = "OTEL_TRACES_SAMPLER_ARG";
    return argument;
}

/* --- where to --------------------------------------------------------------------------------- */

static bool is_off(char *const *environment)
{
    const char *disabled = look_up(environment, "OTEL_SDK_DISABLED");
    const char *exporter = look_up(environment, "OTEL_TRACES_EXPORTER");
    return (disabled != NULL && strcasecmp(disabled, "true") == 0) ||
           (exporter != NULL && strcmp(exporter, "none") == 0);
}

static const char *find_endpoint(char *const *environment, const char **variable_out)
{
    const char *exporter = look_up(environment, "OTEL_TRACES_EXPORTER");
    if (is_off(environment))
        return NULL;
    const char *url = look_up_either(environment, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
                                     "OTEL_EXPORTER_OTLP_ENDPOINT", variable_out);
    if (url != NULL || exporter == NULL || strcmp(exporter, "otlp") != 0)
        return url;
    *variable_out = "OTEL_TRACES_EXPORTER";
    return DEFAULT_ENDPOINT;
}

const char *aurora_telemetry_stand_in(char *const *environment, const char *setting,
                                      const char **variable_out)
{
    if (strcmp(setting, "otlp") == 0)
        return find_endpoint(environment, variable_out);
    if (strcmp(setting, "otlp_headers") == 0)
        return look_up_either(environment, "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
                              "OTEL_EXPORTER_OTLP_HEADERS", variable_out);
    if (strcmp(setting, "otlp_ca") == 0)
        return look_up_either(environment, "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE",
                              "OTEL_EXPORTER_OTLP_CERTIFICATE", variable_out);
    if (strcmp(setting, "trace_sample") == 0)
        return find_ratio(environment, variable_out);
    return NULL;
}

/* --- the rest --------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void warn(aurora__plan *plan, const char *format, ...)
{
    va_list arguments;
    if (plan->warning_count == AURORA__PLAN_WARNINGS_MAX)
        return;
    va_start(arguments, format);
    vsnprintf(plan->warnings[plan->warning_count++], AURORA__PLAN_WARNING_BYTES, format, arguments);
    va_end(arguments);
}

/* A whole number in these bounds; 0 with a warning for what is none. */
static uint32_t read_number(char *const *environment, aurora__plan *plan, const char *name,
                            uint32_t maximum)
{
    const char *text = look_up(environment, name);
    if (text == NULL)
        return 0;
    size_t len = strlen(text);
    unsigned long value = len <= 9 ? strtoul(text, NULL, 10) : 0;
    if (strspn(text, "0123456789") == len && value >= 1 && value <= maximum)
        return (uint32_t)value;
    warn(plan, "%s must be 1 to %u, is \"%.40s\": the default is used", name, maximum, text);
    return 0;
}

static void read_numbers(char *const *environment, aurora__plan *plan)
{
    plan->delay_ms = read_number(environment, plan, "OTEL_BSP_SCHEDULE_DELAY", 3600000);
    plan->export_ms = read_number(environment, plan, "OTEL_BSP_EXPORT_TIMEOUT", 3600000);
    plan->queue_max = read_number(environment, plan, "OTEL_BSP_MAX_QUEUE_SIZE", 1048576);
    plan->batch_max = read_number(environment, plan, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 65536);
    plan->timeout_ms = read_number(environment, plan, "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", 3600000);
    if (plan->timeout_ms == 0)
        plan->timeout_ms = read_number(environment, plan, "OTEL_EXPORTER_OTLP_TIMEOUT", 3600000);
    uint32_t queue_max = plan->queue_max > 0 ? plan->queue_max : 2048;
    if (plan->batch_max <= queue_max)
        return;
    warn(plan,
         "OTEL_BSP_MAX_EXPORT_BATCH_SIZE must be at most OTEL_BSP_MAX_QUEUE_SIZE, %u, is %u: it "
         "is taken as that",
         queue_max, plan->batch_max);
    plan->batch_max = queue_max;
}

static void read_form(char *const *environment, aurora__plan *plan)
{
    const char *name;
    const char *compression = look_up_either(environment, "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION",
                                             "OTEL_EXPORTER_OTLP_COMPRESSION", &name);
    plan->is_gzip = compression != NULL && strcmp(compression, "gzip") == 0;
    if (compression != NULL && !plan->is_gzip && strcmp(compression, "none") != 0)
        warn(plan, "%s must be gzip or none, is \"%.40s\": nothing is compressed", name,
             compression);
    const char *protocol = look_up_either(environment, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
                                          "OTEL_EXPORTER_OTLP_PROTOCOL", &name);
    if (protocol != NULL && strcmp(protocol, "http/json") != 0)
        warn(plan, "%s is \"%.40s\", and http/json alone is spoken: traces go so", name, protocol);
    const char *disabled = look_up(environment, "OTEL_SDK_DISABLED");
    if (disabled != NULL && strcasecmp(disabled, "false") != 0)
        warn(plan, "OTEL_SDK_DISABLED must be true or false, is \"%.40s\": it is taken as false",
             disabled);
    const char *exporter = look_up(environment, "OTEL_TRACES_EXPORTER");
    if (exporter != NULL && strcmp(exporter, "otlp") != 0 && strcmp(exporter, "none") != 0)
        warn(plan, "OTEL_TRACES_EXPORTER is \"%.40s\", and otlp alone is known", exporter);
}

static void read_sampler(char *const *environment, aurora__plan *plan)
{
    double ratio;
    const sampler *found = find_sampler(environment);
    const char *name = look_up(environment, "OTEL_TRACES_SAMPLER");
    const char *argument = look_up(environment, "OTEL_TRACES_SAMPLER_ARG");
    if (name != NULL && found == NULL)
        warn(plan, "OTEL_TRACES_SAMPLER \"%.40s\" is not known: trace_sample holds", name);
    if (found == NULL)
        return;
    plan->ignores_flag = found->ignores_flag;
    plan->keeps_none = strcmp(found->name, "always_off") == 0;
    if (found->ratio == NULL && argument != NULL && !aurora_telemetry_ratio(argument, &ratio))
        warn(plan, "OTEL_TRACES_SAMPLER_ARG must be 0 to 1, is \"%.40s\": 1 is used", argument);
}

static void read_propagators(char *const *environment, aurora__plan *plan)
{
    const char *at = look_up(environment, "OTEL_PROPAGATORS");
    while (at != NULL && *at != '\0') {
        at += strspn(at, ", \t");
        int len = (int)strcspn(at, ", \t");
        if (len > 0 && (len != 12 || memcmp(at, "tracecontext", 12) != 0))
            warn(plan, "OTEL_PROPAGATORS has \"%.*s\", and tracecontext alone is spoken",
                 len < 40 ? len : 40, at);
        at += len;
    }
}

static void read_resource(char *const *environment, aurora__plan *plan)
{
    const char *rule;
    if (!aurora__baggage_read(look_up(environment, "OTEL_RESOURCE_ATTRIBUTES"), &plan->resource,
                              &rule))
        warn(plan, "OTEL_RESOURCE_ATTRIBUTES %s: it is not used", rule);
    plan->service_name = look_up(environment, "OTEL_SERVICE_NAME");
    if (plan->service_name == NULL)
        plan->service_name = aurora__baggage_find(&plan->resource, "service.name");
}

void aurora__plan_read(char *const *environment, aurora__plan *out)
{
    *out = (aurora__plan){0};
    read_numbers(environment, out);
    read_form(environment, out);
    read_sampler(environment, out);
    read_propagators(environment, out);
    read_resource(environment, out);
}

/* SPDX-License-Identifier: MIT */
/* Can what others say of a trace hurt us? Any text as traceparent, tracestate, baggage, and as the
 * variables of OpenTelemetry, one a line. A traceparent that is taken is written and taken again as
 * the same. The first byte says which. */
#include <aurora/trace.h>

#include "http/tracestate.h"
#include "telemetry/baggage.h"
#include "telemetry/environment.h"
#include "telemetry/url.h"

#include <stdlib.h>
#include <string.h>

#define VARIABLES_MAX 32

static void read_parent(char *text)
{
    static const aurora_trace_context none;
    aurora_trace_context context, again;
    char written[AURORA_TRACEPARENT_BYTES];
    if (aurora_traceparent_parse(text, &context) != AURORA_OK) {
        if (memcmp(&context, &none, sizeof none) != 0)
            abort();
        return;
    }
    aurora_traceparent_format(&context, written);
    if (strlen(written) != AURORA_TRACEPARENT_BYTES - 1 ||
        aurora_traceparent_parse(written, &again) != AURORA_OK ||
        memcmp(&context, &again, sizeof again) != 0)
        abort();
}

static void read_state(char *text)
{
    if (aurora_http_tracestate_is_good(text) && strchr(text, '=') == NULL && text[0] != '\0' &&
        strspn(text, ", \t") != strlen(text))
        abort();
}

static void read_baggage(char *text)
{
    static aurora__baggage baggage;
    const char *rule = NULL;
    if (!aurora__baggage_read(text, &baggage, &rule)) {
        if (rule == NULL || baggage.count != 0)
            abort();
        return;
    }
    if (baggage.count > AURORA__BAGGAGE_MAX)
        abort();
    for (uint32_t i = 0; i < baggage.count; i++) {
        if (baggage.pairs[i].name[0] == '\0' ||
            aurora__baggage_find(&baggage, baggage.pairs[i].name) == NULL)
            abort();
    }
}

static void read_environment(char *text)
{
    static const char *const settings[] = {"otlp", "otlp_headers", "otlp_ca_file", "trace_sample",
                                           "service_name"};
    static aurora__plan plan;
    char *environment[VARIABLES_MAX + 1];
    uint32_t count = 0;
    for (char *at = text; at != NULL && count < VARIABLES_MAX;) {
        char *end = strchr(at, '\n');
        environment[count++] = at;
        if (end != NULL)
            *end++ = '\0';
        at = end;
    }
    environment[count] = NULL;
    aurora__plan_read(environment, &plan);
    if (plan.warning_count > AURORA__PLAN_WARNINGS_MAX)
        abort();
    for (uint32_t i = 0; i < plan.warning_count; i++) {
        if (plan.warnings[i][0] == '\0')
            abort();
    }
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        const char *variable = NULL;
        if (aurora_telemetry_stand_in(environment, settings[i], &variable) != NULL &&
            variable == NULL)
            abort();
    }
}

static void read_ratio(char *text)
{
    double ratio = -1;
    if (aurora_telemetry_ratio(text, &ratio) && !(ratio >= 0 && ratio <= 1))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const readers[])(char *text) = {read_parent, read_state, read_baggage,
                                                  read_environment, read_ratio};
    if (size == 0)
        return 0;
    char *text = malloc(size);
    if (text == NULL)
        return 0;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    readers[data[0] % (sizeof readers / sizeof *readers)](text);
    free(text);
    return 0;
}

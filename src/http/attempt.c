/* SPDX-License-Identifier: MIT */
#include "http/attempt.h"

#include <string.h>

#include "http/loop.h"

aurora_http_attempts *aurora_http_attempts_new(aurora_http_exchange *exchange, const char *service)
{
    if (exchange->loop->server->options.tracing.span == NULL)
        return NULL;
    aurora_http_attempts *attempts = aurora_http_alloc(exchange, sizeof *attempts);
    if (attempts == NULL)
        return NULL;
    attempts->exchange = exchange;
    attempts->service = service;
    attempts->count = attempts->left_out = 0;
    exchange->attempts = attempts;
    return attempts;
}

aurora_http_attempt *aurora_http_attempt_begin(aurora_http_attempts *attempts, const char *method,
                                               const char *address)
{
    if (attempts == NULL)
        return NULL;
    if (attempts->count == AURORA_HTTP_ATTEMPTS_MAX) {
        attempts->left_out++;
        return NULL;
    }
    aurora_http_attempt *attempt = &attempts->attempts[attempts->count];
    *attempt = (aurora_http_attempt){.method = method,
                                     .address = address,
                                     .number = attempts->count++,
                                     .begun_ns = aurora__now_ns()};
    aurora__trace_draw(attempts->exchange->loop->random, attempt->span_id);
    return attempt;
}

void aurora_http_attempt_end(aurora_http_attempt *attempt, int status, const char *error)
{
    if (attempt == NULL || attempt->ended_ns != 0)
        return;
    if (status != 0)
        attempt->status = status;
    attempt->error = error;
    attempt->ended_ns = aurora__now_ns();
}

void aurora_http_attempt_parent(const aurora_http_attempts *attempts,
                                const aurora_http_attempt *attempt,
                                char traceparent_out[AURORA_HTTP_TRACEPARENT_BYTES])
{
    const aurora_http_exchange *exchange = attempts->exchange;
    aurora__trace_write(exchange->trace_id, attempt != NULL ? attempt->span_id : exchange->span_id,
                        exchange->trace_flags, traceparent_out);
}

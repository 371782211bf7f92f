/* SPDX-License-Identifier: MIT */
/* What a request asks of other servers, one by one: each attempt is a span of its own below the
 * request's, and hands its own context on. They stay with the exchange until its end, when it is
 * known whether the request is worth sending.
 *
 * Threads: those of the exchange. */
#ifndef AURORA_HTTP_ATTEMPT_H
#define AURORA_HTTP_ATTEMPT_H

#include "http/exchange.h"

#define AURORA_HTTP_ATTEMPTS_MAX 8

/* Texts outlive the exchange. */
typedef struct {
    char span_id[AURORA_HTTP_SPAN_ID_BYTES];
    const char *method;
    const char *address;        /* "HOST:PORT"; NULL = nothing was sent */
    const char *error;          /* a word for what went wrong: "timeout"; NULL = nothing */
    int status;                 /* of the answer; 0 = none */
    uint32_t number;            /* among those of the request, from 0 */
    bool is_hedge;              /* beside another one */
    int64_t begun_ns, ended_ns; /* of the monotonic clock; 0 = it goes on */
} aurora_http_attempt;

typedef struct aurora_http_attempts {
    aurora_http_exchange *exchange;
    const char *service; /* "order" */
    uint32_t count, left_out;
    aurora_http_attempt attempts[AURORA_HTTP_ATTEMPTS_MAX];
} aurora_http_attempts;

/* In the exchange's memory. NULL where no spans are made, or without memory. */
aurora_http_attempts *aurora_http_attempts_new(aurora_http_exchange *exchange, const char *service);

/* NULL beyond AURORA_HTTP_ATTEMPTS_MAX, where they are only counted, and with NULL. */
aurora_http_attempt *aurora_http_attempt_begin(aurora_http_attempts *attempts, const char *method,
                                               const char *address);
/* Once; later ones change nothing. `status` 0 leaves what is there. NULL is a no-op. */
void aurora_http_attempt_end(aurora_http_attempt *attempt, int status, const char *error);

/* What is handed on: the attempt's own context, or the request's where there is none. */
void aurora_http_attempt_parent(const aurora_http_attempts *attempts,
                                const aurora_http_attempt *attempt,
                                char traceparent_out[AURORA_HTTP_TRACEPARENT_BYTES]);

#endif

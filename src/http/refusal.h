/* SPDX-License-Identifier: MIT */
/* Why a request is refused, as data: what the pure parts (gate, router, principal) hand to the
 * server, which makes a problem of it. */
#ifndef AURORA_HTTP_REFUSAL_H
#define AURORA_HTTP_REFUSAL_H

typedef struct {
    int status;         /* 400..505 */
    const char *code;   /* "malformed_request"; static */
    const char *header; /* the field to blame; NULL = none */
    const char *detail; /* static text */
} aurora_http_refusal;

#endif

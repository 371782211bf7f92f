/* SPDX-License-Identifier: MIT */
/* One request to a server, dressed for libcurl, and what came back of it: header fields,
 * signatures. Knows no noun, sends nothing itself: client.h waits for an answer, flight.h for
 * many. */
#ifndef AURORACTL_WIRE_H
#define AURORACTL_WIRE_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <aurora/base.h>
#include <aurora/status.h>

#include "target.h"

/* Where requests go and who sends them. Texts are borrowed. */
typedef struct {
    const char *base;   /* "http://127.0.0.1:8080" or the same with a slash */
    const char *secret; /* NULL or "" = unsigned: to a server in open mode, or with `certificate` */
    const char *principal; /* who asks */
    /* PEM files for https; NULL = the system's authorities, and no certificate of ours. */
    const char *ca, *certificate, *certificate_key;
} ctl_endpoint;

/* Whether `url` is http(s)://HOST[:PORT][/]: there is nothing behind the port. */
bool ctl_endpoint_is_url(const char *url);

typedef struct {
    const char *method;
    const ctl_target *target;
    const char *body; /* JSON, copied; NULL = none */
    size_t body_len;
    const char *key;       /* Idempotency-Key; NULL = none */
    uint32_t wait_s;       /* Prefer: wait; 0 = none */
    const char *principal; /* who signs; NULL = the endpoint's */
    bool is_repeatable;
} ctl_request;

/* Whether sending it twice does no more than sending it once. */
bool ctl_request_is_safe(const ctl_request *request);

/* What came back. */
typedef struct {
    int status;    /* of HTTP; 0 = no answer came, and `failure` says why */
    bool was_sent; /* false: not one byte reached the server */
    uint32_t retry_after_s;
    char *body; /* NUL-terminated; NULL = empty */
    size_t body_len;
    char failure[CURL_ERROR_SIZE];
} ctl_reply;

/* One request under way on `curl`. The caller's memory, zeroed at first. */
typedef struct {
    CURL *curl;
    struct curl_slist *fields;
    char url[CTL_TARGET_BYTES + 512];
    ctl_reply reply;
} ctl_exchange;

/* Takes and gives back what an exchange holds. False without memory. */
bool ctl_exchange_init(ctl_exchange *exchange);
void ctl_exchange_deinit(ctl_exchange *exchange);
/* Makes the exchange ready to be performed, with a fresh deadline and signature. */
aurora_status ctl_exchange_dress(ctl_exchange *exchange, const ctl_endpoint *endpoint,
                                 const ctl_request *request);
/* Reads what libcurl said at its end into exchange->reply. */
void ctl_exchange_finish(ctl_exchange *exchange, CURLcode outcome);

/* Whether the same request may fare better in a while: no answer, or one that says "later". */
bool ctl_reply_is_later(const ctl_reply *reply);

/* The status of the library that goes with a reply: AURORA_OK for 2xx; *err (may be NULL) gets the
 * problem's first place, its detail and its code. */
aurora_status ctl_reply_status(const ctl_reply *reply, aurora_error *err);

#endif

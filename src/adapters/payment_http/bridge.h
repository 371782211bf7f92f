/* SPDX-License-Identifier: MIT */
/* The parts of one open provider. The port's functions queue calls under the lock; one thread of
 * ours does all the rest with libcurl's multi interface and reports outcomes in bulk. */
#ifndef AURORA_ADAPTERS_PAYMENT_HTTP_BRIDGE_H
#define AURORA_ADAPTERS_PAYMENT_HTTP_BRIDGE_H

#include <curl/curl.h>
#include <pthread.h>

#include "adapters/payment_http/answer.h"
#include "adapters/payment_http/request.h"

#include <aurora/breaker.h>
#include <aurora/port/payment.h>
#include <aurora/retry.h>

#define AURORA__REPLY_BYTES_MAX ((size_t)64 * 1024)

typedef struct aurora__bridge aurora__bridge;

/* One call, from start to its report. */
typedef struct aurora__bridge_call {
    const aurora__bridge *bridge;
    struct aurora__bridge_call *next;
    struct aurora__bridge_call *previous; /* among the running */
    aurora_t *shop;
    aurora_id task_id;
    int32_t verb;
    bool is_query;
    uint64_t ticket;                            /* of the breaker */
    int64_t started_ns;                         /* monotonic */
    char traceparent[AURORA_TRACEPARENT_BYTES]; /* "" = none; the call's own span, if it has one */
    bool is_traced;
    aurora_trace_context span;
    uint8_t parent_id[8];
    int64_t span_start_ns; /* Unix */
    aurora_id order_id;
    uint32_t attempt;
    CURL *easy;
    struct curl_slist *headers;
    char *reply;
    size_t reply_length;
    size_t reply_capacity;
    size_t head_length;
    bool is_too_large;
    bool is_abandoned;
    bool is_begun;    /* a byte of the request may have reached the bridge */
    const char *why;  /* the bridge did not do its part: in a few words, static; else NULL */
    long http_status; /* 0 = no answer */
    aurora__answer answer;
    aurora_task_result result; /* points into `answer` */
    size_t body_length;
    char body[];
} aurora__bridge_call;

struct aurora__bridge {
    aurora_allocator allocator;
    void (*log)(void *self, int32_t level, const char *message);
    void *log_self;
    char *url;
    char *secret;
    char *ca_file; /* NULL = the system's */
    int64_t timeout_ms;
    uint32_t calls_max;
    bool is_https;
    const aurora_tracer *tracer; /* NULL = nobody is told */
    char host[256];
    int64_t port;

    CURLM *multi;
    pthread_t thread;
    bool has_thread;

    pthread_mutex_t lock;
    bool is_stopping;
    uint32_t calls; /* queued, running, or not reported */
    aurora__bridge_call *queued;
    aurora__bridge_call *queued_last;
    aurora_breaker breaker;
    aurora_retry_budget budget;

    /* The thread's own. */
    aurora__bridge_call *running;
    aurora__bridge_call *answered;
    int64_t report_ns; /* no report before */
    int64_t said_ns;   /* the last warning */
    uint32_t unsaid;   /* warnings since */
    bool was_open;     /* the breaker, as last logged */
};

/* payment_http.c */
int64_t aurora__bridge_now_ns(void);

/* gate.c: who may call. Under the lock. */
aurora_status aurora__bridge_gate_init(aurora__bridge *self);
bool aurora__bridge_gate_enter(aurora__bridge *self, const aurora_task *task, uint64_t *ticket_out);
void aurora__bridge_gate_leave(aurora__bridge *self, const aurora__bridge_call *call);

/* call.c: one call. */
aurora__bridge_call *aurora__bridge_call_new(const aurora__bridge *self, aurora_t *shop,
                                             const aurora_task *task);
void aurora__bridge_call_free(aurora__bridge_call *call);
/* Gives it to libcurl; false where there is no memory for that. */
bool aurora__bridge_call_begin(aurora__bridge_call *call);
/* libcurl is done with it, or it is not waited for any longer (CURLE_ABORTED_BY_CALLBACK): what
 * came, and what that means. */
void aurora__bridge_call_end(aurora__bridge_call *call, CURLcode code);

/* span.c: what is told of a call. The address is read from self->url. */
void aurora__bridge_span_init(aurora__bridge *self);
void aurora__bridge_span_begin(aurora__bridge_call *call, const aurora_task *task);
void aurora__bridge_span_end(const aurora__bridge_call *call);

/* loop.c: the thread, until is_stopping. */
void *aurora__bridge_run(void *argument);

/* report.c: outcomes into the shop. */
void aurora__bridge_report(aurora__bridge *self);
void aurora__bridge_answered(aurora__bridge *self, aurora__bridge_call *call);

#endif

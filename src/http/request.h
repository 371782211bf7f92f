/* SPDX-License-Identifier: MIT */
/* What is behind an exchange: one request's memory, its texts and the answer that is being made.
 * The loop makes it when a head is complete; it lives until its answer is sent, or, where the
 * client left first, until its handler has answered. */
#ifndef AURORA_HTTP_REQUEST_H
#define AURORA_HTTP_REQUEST_H

#include "http/exchange.h"
#include "http/gate.h"
#include "http/router.h"

typedef struct aurora__connection aurora__connection;
typedef struct aurora__gzip aurora__gzip;
struct aurora_http_attempts;

#define AURORA__EXCHANGE_BYTES 4096 /* an exchange with the first block of its memory */

typedef struct aurora__block {
    struct aurora__block *next;
    char data[];
} aurora__block;

typedef enum {
    AURORA__READING = 0, /* the body is not complete */
    AURORA__HANDLING,    /* the handler has it */
    AURORA__ANSWERED,
    AURORA__STREAMING
} aurora__exchange_state;

/* A field of the answer, or a place to blame. */
typedef struct aurora__text_pair {
    struct aurora__text_pair *next;
    int at; /* AURORA_HTTP_AT_... of a place; of an extension: 1 = a list of names with blanks */
    const char *name;
    const char *value;
} aurora__text_pair;

typedef struct {
    const void *data;
    size_t len;
    size_t sent;
    char *owned; /* freed with the exchange */
} aurora__span;

typedef struct {
    void (*closed)(void *self);  /* NULL once it was called */
    void (*drained)(void *self); /* NULL = nobody waits for it */
    void *self;
    char *data; /* what waits to be sent, from `sent` to `len` */
    size_t len, sent, capacity;
    bool is_counted; /* among the open streams */
    bool is_ended;   /* by the handler or by us: nothing more is taken */
} aurora__stream;

struct aurora_http_exchange {
    aurora_http_loop *loop;
    aurora__connection *connection; /* NULL once the client has left; the loop's alone */
    aurora_http_exchange *next; /* in the queue that it waits in, or of its connection's answers */
    aurora_http_exchange *newer, *older; /* all of a loop */
    aurora__exchange_state state;
    bool is_on_worker; /* then the state changes when it comes home */
    bool is_answered;  /* by a handler; of whoever has it */
    bool asks_later;   /* options.admit, on a worker */
    bool is_admitted;  /* options.admit said so, on a worker; the handler is the loop's to call */
    bool is_refused;   /* by authentication, as `refusal` says; it is counted before it is told */
    bool has_token;    /* that was read */
    bool is_proxied;   /* its connection's other end is a trusted proxy */
    aurora_http_address client;
    char peer[AURORA_HTTP_ADDRESS_TEXT_BYTES]; /* the same as text */
    bool is_in_flight;                         /* counted as such */
    void (*left)(void *self);                  /* NULL = nobody wants to know */
    void *left_self;

    const aurora_http_route *route;
    char *method_text; /* the head, with NULs put in: texts below point into it */
    char *path;
    const char *query;
    char *authority;    /* of an absolute target; NULL = none */
    bool has_origins;   /* the server lets pages of other origins read */
    const char *origin; /* of a page that may read the answer, the server's text; NULL = none */
    aurora_http_pair *fields;
    uint32_t field_count;
    uint32_t query_count;
    uint8_t method;
    bool keeps_alive;
    bool is_http_1_0;
    bool is_preflight;
    bool is_secure;               /* came by TLS... */
    bool is_peer_trusted;         /* ...from one whose certificate lets it speak for others */
    bool is_body_owned;           /* malloc's, else of the exchange's own memory */
    aurora_http_pair *parameters; /* of the query */
    aurora_router_match match;
    aurora_http_principal principal;
    aurora_http_refusal refusal;
    int64_t parked_until_ns; /* 0 = its token has not been waited for */
    const char *key_scope;
    char trace_id[33];
    char span_id[AURORA_HTTP_SPAN_ID_BYTES];   /* of the request's own span */
    char parent_id[AURORA_HTTP_SPAN_ID_BYTES]; /* "" = the trace begins here */
    uint8_t trace_flags;
    char traceparent[AURORA_HTTP_TRACEPARENT_BYTES];
    const char *linked; /* the traceparent of a caller whose trace is not gone on with; or NULL */
    struct aurora_http_attempts *attempts; /* what it asks of others; NULL = none, or not traced */
    int64_t started_ns;
    int64_t streamed_ns; /* when its stream began; 0 = it has none */
    char *body;
    size_t body_len, body_capacity;

    int status;
    const char *content_type;
    const char *code;         /* of a problem */
    const char *problem_type; /* its URI; NULL = about:blank */
    uint32_t allow;
    aurora__text_pair *set;        /* newest first */
    aurora__text_pair *blames;     /* newest first */
    aurora__text_pair *extensions; /* of a problem; newest first */
    aurora__span head, content;
    bool is_compressed, varies;
    uint64_t bytes_out;
    size_t held;        /* of the loop's */
    aurora__gzip *gzip; /* of the thread that has it */
    aurora__stream stream;

    aurora__block *blocks;
    char *free_at;
    size_t free_len;
};

/* --- exchange.c --- */

aurora_http_exchange *aurora__exchange_new(aurora_http_loop *loop);
void aurora__exchange_free(aurora_http_exchange *exchange);
/* A copy with a NUL; NULL when there is no memory. */
char *aurora__exchange_copy(aurora_http_exchange *exchange, const char *text, size_t len);
/* Counts bytes that wait until the exchange is freed. On the loop's thread. */
void aurora__exchange_hold(aurora_http_exchange *exchange, size_t bytes);

/* --- request.c --- */

/* Fills in what the gate has read; `head` is the request's first byte. False without memory. */
bool aurora__request_read(aurora_http_exchange *exchange, const aurora__gate *gate,
                          const char *head);
/* Appends to the body. */
bool aurora__request_add(aurora_http_exchange *exchange, const char *data, size_t len,
                         size_t expected);
/* Finds the route and checks all that is not the handler's. Returns whether the handler is to be
 * called; else it has answered, parked it, or handed it to aurora__dispatch_refuse. */
bool aurora__request_judge(aurora_http_exchange *exchange);
/* Goes on where the token had to wait; likewise. */
bool aurora__request_judge_again(aurora_http_exchange *exchange);

/* --- answer.c --- */

/* The head, once the loop knows whether the connection stays. False without memory. */
bool aurora__answer_head(aurora_http_exchange *exchange, bool stays, const char *date);
const char *aurora__answer_reason(int status);
/* The value that was set for the answer; NULL = none. */
const char *aurora__answer_field(const aurora_http_exchange *exchange, const char *name);
/* Answers with a body that outlives it. */
void aurora__answer_static(aurora_http_exchange *exchange, int status, const char *content_type,
                           const char *body);

/* --- problem.c --- */

/* Answers what a pure part refused. */
void aurora__answer_refusal(aurora_http_exchange *exchange, const aurora_http_refusal *refusal);
/* Says how to sign in, where it is refused for that: RFC 9110, section 15.5.2; RFC 6750, section 3.
 * Who has sent no token is told no error. */
void aurora__answer_challenge(aurora_http_exchange *exchange, const aurora_http_refusal *refusal,
                              bool has_token);

/* --- span.c --- */

/* Hands out the spans of what has been reported, where they are wanted. */
void aurora__span_report(const aurora_http_exchange *exchange);

/* --- trace.c --- */

/* Of a request whose fields are read; else it begins a trace. */
void aurora__trace_begin(aurora_http_exchange *exchange, uint64_t random[4]);
/* A second answer to the same request, by a span of its own. */
void aurora__trace_again(aurora_http_exchange *exchange, const aurora_http_exchange *old,
                         uint64_t random[4]);
void aurora__trace_draw(uint64_t random[4], char span_id_out[AURORA_HTTP_SPAN_ID_BYTES]);
void aurora__trace_write(const char *trace_id, const char *span_id, uint32_t flags,
                         char out[AURORA_HTTP_TRACEPARENT_BYTES]);

#endif

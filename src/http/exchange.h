/* SPDX-License-Identifier: MIT */
/* One request and its answer. The request's texts belong to the exchange and live until it is
 * answered. An exchange is answered exactly once, by one of the calls below; a client that has left
 * meanwhile changes nothing for the handler. No type of libevent passes this header.
 *
 * Threads: an exchange is confined to the thread that its handler was called on: the loop's, or for
 * a route with AURORA_HTTP_BLOCKING a worker's. Handlers on the loop's thread must not block, and
 * may return without an answer and give it later from the same thread; handlers on a worker must
 * answer before they return. */
#ifndef AURORA_HTTP_EXCHANGE_H
#define AURORA_HTTP_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <aurora/base.h>

#include "http/client_address.h"
#include "http/route.h"

typedef struct aurora_http_exchange aurora_http_exchange;
typedef struct aurora_http_loop aurora_http_loop;

#define AURORA_HTTP_SPAN_ID_BYTES 17     /* as hex digits, with a NUL */
#define AURORA_HTTP_TRACEPARENT_BYTES 56 /* likewise */

/* Who asks: from a token or the signed principal headers, or "anonymous" in open mode or on public
 * routes. */
typedef struct {
    const char *name;
    uint32_t scopes; /* AURORA_SCOPE_... */
    bool is_authenticated;
    const char *contact; /* its e-mail address, as its token says; NULL = none is known */
} aurora_http_principal;

/* --- the request ------------------------------------------------------------------------------ */

aurora_http_loop *aurora_http_exchange_loop(const aurora_http_exchange *exchange);
const aurora_http_route *aurora_http_exchange_route(const aurora_http_exchange *exchange);
/* The method as sent; HEAD is served by the GET route, and the server leaves the body out. */
int32_t aurora_http_exchange_method(const aurora_http_exchange *exchange);
/* The path as sent, without the query. */
const char *aurora_http_exchange_path(const aurora_http_exchange *exchange);
const aurora_http_principal *aurora_http_exchange_principal(const aurora_http_exchange *exchange);
/* Whether authentication refuses it; of its principal then only what is certain is said. */
bool aurora_http_exchange_is_refused(const aurora_http_exchange *exchange);
/* What goes before ":" of an idempotency key's scope: "<principal> <method> <path>". */
const char *aurora_http_exchange_key_scope(aurora_http_exchange *exchange);

/* The client's address, behind the proxies that are trusted, as a number and as text; zeros and ""
 * where it is not known. */
const aurora_http_address *aurora_http_exchange_client(const aurora_http_exchange *exchange);
const char *aurora_http_exchange_peer(const aurora_http_exchange *exchange);
/* X-Forwarded-For for whom this is passed on to: the connection's other end, behind what it said
 * itself where it is trusted. On the loop's thread; NULL without memory. */
const char *aurora_http_exchange_forwarded_for(aurora_http_exchange *exchange);

/* A path parameter by its name in the template, percent-decoded, valid UTF-8 without NUL. */
const char *aurora_http_param(const aurora_http_exchange *exchange, const char *name);
/* A query parameter, percent-decoded; NULL when absent. Names that the route does not list, names
 * given twice and bad encodings were refused before the handler ran. */
const char *aurora_http_query(const aurora_http_exchange *exchange, const char *name);
/* A header field's value, NULL when absent; names in any case. */
const char *aurora_http_header(const aurora_http_exchange *exchange, const char *name);
/* The fields one by one, those of one name as one; false beyond the last. */
bool aurora_http_field_at(const aurora_http_exchange *exchange, uint32_t index,
                          const char **name_out, const char **value_out);
/* The query as sent, without "?"; "" = none. */
const char *aurora_http_query_text(const aurora_http_exchange *exchange);
/* The body, NUL-terminated as well. */
const char *aurora_http_body(const aurora_http_exchange *exchange, size_t *len_out);

/* 32 lower-case hex digits: of the traceparent sent, else drawn. */
const char *aurora_http_trace_id(const aurora_http_exchange *exchange);
/* Whether it is the trace of a traceparent that was sent. */
bool aurora_http_trace_goes_on(const aurora_http_exchange *exchange);
/* What goes into commands and events: 00-<trace id>-<our span>-<flags>. */
const char *aurora_http_traceparent(const aurora_http_exchange *exchange);

/* For a handler on the loop's thread that answers later: `left` runs once if the connection is gone
 * before the answer, which is still owed. NULL = nobody wants to know any more. */
void aurora_http_on_leave(aurora_http_exchange *exchange, void (*left)(void *self), void *self);

/* Memory that is freed with the exchange; NULL when there is none. */
void *aurora_http_alloc(aurora_http_exchange *exchange, size_t size);

/* --- the answer ------------------------------------------------------------------------------- */

/* Adds a header field to the coming answer; both texts are copied. */
void aurora_http_set(aurora_http_exchange *exchange, const char *name, const char *value);

/* Answers with a copy of `body`. content_type NULL leaves the field out (204, 304). */
void aurora_http_reply(aurora_http_exchange *exchange, int status, const char *content_type,
                       const void *body, size_t len);

/* Answers with memory that was made by malloc and is freed once sent, also when it cannot be. */
void aurora_http_reply_owned(aurora_http_exchange *exchange, int status, const char *content_type,
                             char *body, size_t len);

/* Answers a problem (RFC 9457): title from the status; `code` as docs/HTTP.md lists them; `detail`
 * formatted. */
void aurora_http_problem(aurora_http_exchange *exchange, int status, const char *code,
                         const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The place to blame in `errors` of the coming problem: a JSON pointer into the body
 * ("/lines/0/sku"), or the name of a query parameter, path parameter or header field. */
enum { AURORA_HTTP_AT_POINTER = 1, AURORA_HTTP_AT_PARAMETER = 2, AURORA_HTTP_AT_HEADER = 3 };
void aurora_http_blame(aurora_http_exchange *exchange, int at, const char *place,
                       const char *format, ...) __attribute__((format(printf, 4, 5)));

/* An extension member of the coming problem (RFC 9457, section 3.2): a text. Both are copied. */
void aurora_http_extend(aurora_http_exchange *exchange, const char *name, const char *value);

/* The same with an array of texts: `names` has blanks between them. */
void aurora_http_extend_list(aurora_http_exchange *exchange, const char *name, const char *names);

/* The URI of the coming problem's type in place of about:blank; static. */
void aurora_http_type(aurora_http_exchange *exchange, const char *uri);

/* Answers what a call of the library said: status, code and text from the table of statuses, place
 * and rule from `err` (may be NULL). "lines[3].quantity" becomes the pointer /lines/3/quantity for
 * a route with a body, else a parameter. Retry-After goes with 503. */
void aurora_http_refuse(aurora_http_exchange *exchange, aurora_status status,
                        const aurora_error *err);

/* --- a stream: server-sent events ------------------------------------------------------------- */

/* Begins a streamed answer, on the loop's thread only. `closed` runs once, when the stream has
 * ended for whatever reason; the exchange is invalid after it. */
void aurora_http_stream_begin(aurora_http_exchange *exchange, int status, const char *content_type,
                              void (*closed)(void *self), void *self);
/* Sends a piece; false when the client left or does not read (more than 256 KiB wait): then end. */
bool aurora_http_stream_send(aurora_http_exchange *exchange, const void *data, size_t len);
void aurora_http_stream_end(aurora_http_exchange *exchange);
/* Ends it so that the client sees that something is missing: the connection goes. */
void aurora_http_stream_abort(aurora_http_exchange *exchange);
/* Bytes that the client has not taken yet. */
size_t aurora_http_stream_waiting(const aurora_http_exchange *exchange);
/* Calls `drained` once, with the `self` of stream_begin, when no more than 64 KiB wait; not within
 * this call. It may send, and must not end the stream. */
void aurora_http_stream_await(aurora_http_exchange *exchange, void (*drained)(void *self));

#endif

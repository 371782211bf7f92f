/* SPDX-License-Identifier: MIT */
/* The answer that is made once, and its head. */
#include "http/loop.h"

#include "http/decimal.h"
#include "http/field_name.h"
#include "http/gate_part.h"
#include "http/gzip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMPRESS_BYTES_MIN 1024

#define NOSNIFF "X-Content-Type-Options: nosniff\r\n"
#define NO_REFERRER "Referrer-Policy: no-referrer\r\n"

/* --- fields ----------------------------------------------------------------------------------- */

/* A copy that does not end its line, whatever a handler was given to put there. */
static char *copy_clean(char *to, const char *text, size_t len)
{
    memcpy(to, text, len + 1);
    for (size_t at = aurora__gate_text_end(to, 0, len); at < len; at++) {
        unsigned char c = (unsigned char)to[at];
        if ((c < ' ' && c != '\t') || c == 0x7f)
            to[at] = '?';
    }
    return to;
}

void aurora_http_set(aurora_http_exchange *exchange, const char *name, const char *value)
{
    size_t name_len = strlen(name), value_len = strlen(value);
    aurora__text_pair *pair = aurora_http_alloc(exchange, sizeof(*pair) + name_len + value_len + 2);
    if (pair == NULL)
        return;
    char *text = (char *)(pair + 1);
    *pair = (aurora__text_pair){.next = exchange->set,
                                .name = copy_clean(text, name, name_len),
                                .value = copy_clean(text + name_len + 1, value, value_len)};
    exchange->set = pair;
}

const char *aurora__answer_field(const aurora_http_exchange *exchange, const char *name)
{
    for (const aurora__text_pair *pair = exchange->set; pair != NULL; pair = pair->next) {
        if (aurora__field_name_is(pair->name, name))
            return pair->value;
    }
    return NULL;
}

/* --- the head --------------------------------------------------------------------------------- */

const char *aurora__answer_reason(int status)
{
    static const struct {
        int status;
        const char *text;
    } reasons[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {421, "Misdirected Request"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
        {507, "Insufficient Storage"},
    };
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (reasons[i].status == status)
            return reasons[i].text;
    }
    return status < 400 ? "OK" : "Error";
}

static char *put(char *at, const char *text)
{
    size_t len = strlen(text);
    memcpy(at, text, len);
    return at + len;
}

static char *put_field(char *at, const char *name, const char *value)
{
    at = put(at, name);
    at = put(at, ": ");
    at = put(at, value);
    return put(at, "\r\n");
}

static size_t head_size(const aurora_http_exchange *exchange)
{
    size_t size = 768; /* all that is not of the handler's making */
    if (exchange->origin != NULL)
        size += AURORA__CORS_FIELDS_BYTES_MAX;
    if (exchange->content_type != NULL)
        size += strlen(exchange->content_type);
    for (const aurora__text_pair *pair = exchange->set; pair != NULL; pair = pair->next)
        size += strlen(pair->name) + strlen(pair->value) + 4;
    return size;
}

static bool has_no_length(const aurora_http_exchange *exchange)
{
    return exchange->status == 204 || exchange->status == 304 ||
           exchange->state == AURORA__STREAMING;
}

/* In the order in which they were set. */
static char *put_set(char *at, const aurora__text_pair *pair)
{
    if (pair == NULL)
        return at;
    at = put_set(at, pair->next);
    return put_field(at, pair->name, pair->value);
}

/* What an answer of data says to a browser that shows it as a page all the same: it may load
 * nothing, be framed by nobody, and tell nobody where it was. A page of ours has a policy of its
 * own. */
static char *put_security(char *at, const aurora_http_exchange *exchange)
{
    if (exchange->is_secure)
        at = put(at, "Strict-Transport-Security: max-age=31536000\r\n");
    if (aurora__answer_field(exchange, "Content-Security-Policy") != NULL)
        return put(at, NOSNIFF NO_REFERRER);
    return put(at, NOSNIFF NO_REFERRER
               "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n");
}

/* A cache in between keeps an answer for one origin from a page of another. */
static char *put_varies(char *at, const aurora_http_exchange *exchange)
{
    if (exchange->varies && exchange->has_origins)
        return put(at, "Vary: Accept-Encoding, Origin\r\n");
    if (exchange->varies)
        return put(at, "Vary: Accept-Encoding\r\n");
    return exchange->has_origins ? put(at, "Vary: Origin\r\n") : at;
}

static char *put_origin(char *at, const aurora_http_exchange *exchange)
{
    if (exchange->origin == NULL)
        return at;
    at = aurora__cors_put(at, exchange->origin);
    const char *allow = exchange->is_preflight ? aurora__answer_field(exchange, "Allow") : NULL;
    return allow != NULL ? aurora__cors_put_preflight(at, allow) : at;
}

/* Whether nobody may keep it: a failure, an effect, or what was said to one principal. */
static bool is_kept_by_nobody(const aurora_http_exchange *exchange)
{
    bool is_read = exchange->method == AURORA_HTTP_GET || exchange->method == AURORA_HTTP_HEAD;
    bool is_public = exchange->route != NULL && exchange->route->scope == 0;
    return !is_read || exchange->status >= 400 || !is_public;
}

static char *put_defaults(char *at, const aurora_http_exchange *exchange)
{
    at = put_security(at, exchange);
    if (aurora__answer_field(exchange, "X-Request-Id") == NULL)
        at = put_field(at, "X-Request-Id", exchange->trace_id);
    if (is_kept_by_nobody(exchange) && aurora__answer_field(exchange, "Cache-Control") == NULL)
        at = put(at, "Cache-Control: no-store\r\n");
    if (exchange->is_compressed)
        at = put(at, "Content-Encoding: gzip\r\n");
    at = put_varies(at, exchange);
    return put_origin(at, exchange);
}

bool aurora__answer_head(aurora_http_exchange *exchange, bool stays, const char *date)
{
    char *text = aurora_http_alloc(exchange, head_size(exchange));
    if (text == NULL)
        return false;
    char *at = put(text, "HTTP/1.1 ");
    at = aurora__decimal_write(at, (uint64_t)exchange->status);
    at = put(at, " ");
    at = put(at, aurora__answer_reason(exchange->status));
    at = put(at, "\r\nServer: aurora\r\nDate: ");
    at = put(at, date);
    at = put(at, "\r\n");
    if (exchange->content_type != NULL)
        at = put_field(at, "Content-Type", exchange->content_type);
    if (!has_no_length(exchange)) {
        at = put(at, "Content-Length: ");
        at = aurora__decimal_write(at, exchange->content.len);
        at = put(at, "\r\n");
    } else if (exchange->state == AURORA__STREAMING && !exchange->is_http_1_0) {
        at = put(at, "Transfer-Encoding: chunked\r\n");
    }
    at = put_defaults(at, exchange);
    at = put_set(at, exchange->set);
    if (!stays)
        at = put(at, "Connection: close\r\n");
    else if (exchange->is_http_1_0)
        at = put(at, "Connection: keep-alive\r\n");
    at = put(at, "\r\n");
    exchange->head = (aurora__span){.data = text, .len = (size_t)(at - text)};
    return true;
}

/* --- the body --------------------------------------------------------------------------------- */

static void compress(aurora_http_exchange *exchange)
{
    aurora__span *content = &exchange->content;
    if (content->len < COMPRESS_BYTES_MIN || exchange->content_type == NULL ||
        !aurora__gzip_is_worth(exchange->content_type) ||
        aurora__answer_field(exchange, "Content-Encoding") != NULL)
        return;
    exchange->varies = true;
    if (!aurora__gzip_is_accepted(aurora_http_header(exchange, "Accept-Encoding")))
        return;
    size_t len = 0;
    char *smaller = aurora__gzip_run(exchange->gzip, content->data, content->len, &len);
    if (smaller == NULL)
        return;
    free(content->owned);
    *content = (aurora__span){.data = smaller, .len = len, .owned = smaller};
    exchange->is_compressed = true;
}

/* Gives an answer whose `content` is set. */
static void answer(aurora_http_exchange *exchange, int status, const char *content_type)
{
    exchange->status = status;
    exchange->content_type = content_type;
    exchange->is_answered = true;
    compress(exchange);
    if (!exchange->is_on_worker)
        aurora__dispatch_answered(exchange);
}

void aurora__answer_static(aurora_http_exchange *exchange, int status, const char *content_type,
                           const char *body)
{
    if (exchange->is_answered)
        return;
    exchange->content = (aurora__span){.data = body, .len = strlen(body)};
    answer(exchange, status, content_type);
}

void aurora_http_reply(aurora_http_exchange *exchange, int status, const char *content_type,
                       const void *body, size_t len)
{
    if (exchange->is_answered)
        return;
    if (len > 0) {
        char *copy = aurora__exchange_copy(exchange, body, len);
        if (copy == NULL) {
            aurora_http_refuse(exchange, AURORA_ENOMEM, NULL);
            return;
        }
        exchange->content = (aurora__span){.data = copy, .len = len};
    }
    if (content_type != NULL)
        content_type = aurora__exchange_copy(exchange, content_type, strlen(content_type));
    answer(exchange, status, content_type);
}

void aurora_http_reply_owned(aurora_http_exchange *exchange, int status, const char *content_type,
                             char *body, size_t len)
{
    if (exchange->is_answered) {
        free(body);
        return;
    }
    exchange->content = (aurora__span){.data = body, .len = len, .owned = body};
    if (content_type != NULL)
        content_type = aurora__exchange_copy(exchange, content_type, strlen(content_type));
    answer(exchange, status, content_type);
}

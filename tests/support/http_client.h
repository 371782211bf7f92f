/* SPDX-License-Identifier: MIT */
/* A small blocking client of HTTP/1.1, for tests that look at every byte of an answer. It trusts
 * nothing: what is no well-formed answer, or does not come within 20 seconds, fails the test. Not a
 * client for anything else: no redirects, no TLS, no retries. */
#ifndef AURORA_TESTS_SUPPORT_HTTP_CLIENT_H
#define AURORA_TESTS_SUPPORT_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One kept connection to 127.0.0.1. Zeroed but for the port it connects at the first request, and
 * again when the server has closed it. */
typedef struct {
    int fd; /* 0 = not connected */
    uint16_t port;
    char *buffer; /* read and not yet used */
    size_t held;
    size_t room;
    /* With a secret each request is signed as this principal's with these scopes. */
    const char *secret;
    const char *principal;
    const char *scopes;
} http_client;

/* An answer, whole. `head` is the status line and the fields, as they came. */
typedef struct {
    int status;
    char *head;
    char *body; /* NUL-terminated as well; chunks are joined */
    size_t body_len;
} http_answer;

void http_client_init(http_client *client, uint16_t port);
void http_client_close(http_client *client);

/* Sends one request and reads its answer. `target` is path and query; `fields` are header fields,
 * each ended by "\r\n", or NULL; `body` NULL = none, else Content-Type: application/json is added
 * where `fields` names no other. To be freed with http_answer_free. */
http_answer http_client_call(http_client *client, const char *method, const char *target,
                             const char *fields, const char *body);
void http_answer_free(http_answer *answer);

/* The same in two steps, for more than one request under way. */
void http_client_send(http_client *client, const char *method, const char *target,
                      const char *fields, const char *body);
http_answer http_client_receive(http_client *client, bool is_head_request);

/* Exactly these bytes. */
void http_client_send_raw(http_client *client, const void *data, size_t len);
/* Whether the server closes within `timeout_ms` without another byte. */
bool http_client_is_closed(http_client *client, int timeout_ms);

/* A header field's value in a static buffer, one of four in turn; NULL when absent. */
const char *http_answer_field(const http_answer *answer, const char *name);

/* --- JSON of a body --------------------------------------------------------------------------- */

/* The text, number or literal at a path of member names and places, "lines.0.sku", in a static
 * buffer, one of eight in turn; "(absent)" when there is none. Texts come without quotes, objects
 * and arrays as JSON, null as "null". */
const char *http_answer_at(const http_answer *answer, const char *path);
/* Asserts that it is a problem with this status, this code, a trace id and, unless NULL, this place
 * to blame. */
void http_answer_assert_problem(const http_answer *answer, int status, const char *code,
                                const char *place);

/* --- streams ---------------------------------------------------------------------------------- */

/* Reads the head of a streamed answer; the body stays empty. */
http_answer http_client_receive_head(http_client *client);
/* The next event of text/event-stream, without its last empty line, comments left out; NULL at the
 * stream's end. To be freed with free. */
char *http_client_receive_event(http_client *client);

#endif

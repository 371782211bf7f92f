/* SPDX-License-Identifier: MIT */
/* A client that sends any bytes, well-formed or not, and reads answers where they come, or sees
 * that none does. http_client.h is for tests that only want answers. */
#ifndef AURORA_TESTS_SUPPORT_RAW_CLIENT_H
#define AURORA_TESTS_SUPPORT_RAW_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    int fd;
    struct ssl_st *tls; /* NULL = in the clear */
    char *bytes;        /* that came and belong to no answer yet */
    size_t len, capacity;
} raw_client;

typedef struct {
    int status; /* 0 = the connection ended before an answer */
    char *head; /* with its status line, NUL-terminated */
    char *body; /* decoded, NUL-terminated */
    size_t body_len;
    bool is_whole; /* not cut off */
} raw_answer;

/* With AURORA_TEST_TLS=1.2 or 1.3 by TLS, where the handshake may fail: then the connection counts
 * as closed. */
raw_client raw_connect(uint16_t port);
/* The version of AURORA_TEST_TLS as OpenSSL has it, 0 = none. */
int raw_tls_version(void);
/* The same in two steps: the socket, and its connection. */
raw_client raw_open(void);
void raw_reach(raw_client *client, uint16_t port);
void raw_close(raw_client *client);
void raw_send(raw_client *client, const char *text);
void raw_send_bytes(raw_client *client, const void *data, size_t len);
/* Whether all of it went out; a server that has closed is no failure. */
bool raw_try_send(raw_client *client, const void *data, size_t len);
/* Reads one answer; `has_body` false for those to HEAD. Free with raw_answer_free. */
raw_answer raw_read(raw_client *client, bool has_body);
void raw_answer_free(raw_answer *answer);
/* A field's value in a static buffer, NULL when absent. */
const char *raw_field(const raw_answer *answer, const char *name);
/* Threads may ask this one at the same time. */
bool raw_field_is(const raw_answer *answer, const char *name, const char *value);
/* Reads until the server closes; false when it sends something first or not within 20 s. */
bool raw_is_closed(raw_client *client);

/* Sends, reads one answer, and asserts its status. */
raw_answer raw_ask(raw_client *client, const char *text, int status);
/* The same on a connection of its own, forgotten afterwards; checks that an error is a problem with
 * this code ("" = any). */
void raw_expect(uint16_t port, const char *text, int status, const char *code);

#define RAW_GET(path) "GET " path " HTTP/1.1\r\nHost: localhost\r\n\r\n"

#endif

/* SPDX-License-Identifier: MIT */
#include "raw_client.h"

#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAIT_SECONDS 20

raw_client raw_open(void)
{
    const struct timeval patience = {.tv_sec = WAIT_SECONDS};
    raw_client client = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    ck_assert_int_ge(client.fd, 0);
    setsockopt(client.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(client.fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    return client;
}

/* --- TLS -------------------------------------------------------------------------------------- */

int raw_tls_version(void)
{
    const char *text = getenv("AURORA_TEST_TLS");
    if (text == NULL || text[0] == '\0')
        return 0;
    return strcmp(text, "1.2") == 0 ? TLS1_2_VERSION : TLS1_3_VERSION;
}

/* It trusts everybody: certificates are the business of other tests. */
static void shake_hands(raw_client *client)
{
    int version = raw_tls_version();
    if (version == 0)
        return;
    static const int on = 1;
    signal(SIGPIPE, SIG_IGN);
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    ck_assert_ptr_nonnull(context);
    SSL_CTX_set_min_proto_version(context, version);
    SSL_CTX_set_max_proto_version(context, version);
    client->tls = SSL_new(context);
    ck_assert_ptr_nonnull(client->tls);
    SSL_CTX_free(context);
    ck_assert_int_eq(SSL_set_fd(client->tls, client->fd), 1);
    if (SSL_connect(client->tls) != 1)
        shutdown(client->fd, SHUT_RDWR);
}

static ssize_t send_some(raw_client *client, const char *data, size_t len)
{
    if (client->tls == NULL)
        return send(client->fd, data, len, MSG_NOSIGNAL);
    errno = EPIPE;
    return SSL_write(client->tls, data, len > 1 << 20 ? 1 << 20 : (int)len);
}

static ssize_t receive_some(raw_client *client, char *data, size_t len)
{
    if (client->tls == NULL)
        return recv(client->fd, data, len, 0);
    errno = 0;
    int n = SSL_read(client->tls, data, (int)len);
    if (n > 0)
        return n;
    return errno == EAGAIN ? -1 : 0;
}

/* --- connections ------------------------------------------------------------------------------ */

void raw_reach(raw_client *client, uint16_t port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    ck_assert_int_eq(connect(client->fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    shake_hands(client);
}

raw_client raw_connect(uint16_t port)
{
    raw_client client = raw_open();
    raw_reach(&client, port);
    return client;
}

void raw_close(raw_client *client)
{
    SSL_free(client->tls);
    close(client->fd);
    free(client->bytes);
    *client = (raw_client){.fd = -1};
}

bool raw_try_send(raw_client *client, const void *data, size_t len)
{
    const char *at = data;
    while (len > 0) {
        ssize_t n = send_some(client, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

void raw_send_bytes(raw_client *client, const void *data, size_t len)
{
    ck_assert_msg(raw_try_send(client, data, len), "send: %s", strerror(errno));
}

void raw_send(raw_client *client, const char *text)
{
    raw_send_bytes(client, text, strlen(text));
}

/* Whether more came. */
static bool receive(raw_client *client)
{
    if (client->capacity - client->len < 65536) {
        client->capacity = client->capacity * 2 + 131072;
        client->bytes = realloc(client->bytes, client->capacity);
        ck_assert_ptr_nonnull(client->bytes);
    }
    ssize_t n =
        receive_some(client, client->bytes + client->len, client->capacity - client->len - 1);
    if (n <= 0)
        return false;
    client->len += (size_t)n;
    client->bytes[client->len] = '\0';
    return true;
}

static void consume(raw_client *client, size_t len)
{
    memmove(client->bytes, client->bytes + len, client->len - len);
    client->len -= len;
    client->bytes[client->len] = '\0';
}

static bool read_head(raw_client *client, raw_answer *answer)
{
    const char *end;
    while (client->len == 0 || (end = strstr(client->bytes, "\r\n\r\n")) == NULL) {
        if (!receive(client))
            return false;
    }
    size_t len = (size_t)(end - client->bytes) + 4;
    answer->head = strndup(client->bytes, len);
    ck_assert_ptr_nonnull(answer->head);
    ck_assert_int_eq(strncmp(answer->head, "HTTP/1.1 ", 9), 0);
    answer->status = (int)strtol(answer->head + 9, NULL, 10);
    consume(client, len);
    return true;
}

static bool await_bytes(raw_client *client, size_t len)
{
    while (client->len < len) {
        if (!receive(client))
            return false;
    }
    return true;
}

static void take(raw_client *client, raw_answer *answer, size_t len)
{
    size_t there = client->len < len ? client->len : len;
    answer->body = realloc(answer->body, answer->body_len + there + 1);
    ck_assert_ptr_nonnull(answer->body);
    memcpy(answer->body + answer->body_len, client->bytes, there);
    answer->body_len += there;
    answer->body[answer->body_len] = '\0';
    consume(client, there);
}

static void read_chunks(raw_client *client, raw_answer *answer)
{
    for (;;) {
        while (client->len == 0 || strstr(client->bytes, "\r\n") == NULL) {
            if (!receive(client))
                return;
        }
        size_t size = strtoul(client->bytes, NULL, 16);
        consume(client, (size_t)(strstr(client->bytes, "\r\n") - client->bytes) + 2);
        bool is_whole = await_bytes(client, size + 2);
        take(client, answer, size);
        if (!is_whole)
            return;
        consume(client, 2);
        if (size == 0) {
            answer->is_whole = true;
            return;
        }
    }
}

/* Where the value begins; its length in *len_out. */
static const char *find_field(const raw_answer *answer, const char *name, size_t *len_out)
{
    size_t len = strlen(name);
    for (const char *line = strstr(answer->head, "\r\n"); line != NULL && line[2] != '\r';
         line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, len) != 0 || line[2 + len] != ':')
            continue;
        const char *text = line + 3 + len + strspn(line + 3 + len, " ");
        *len_out = strcspn(text, "\r");
        return text;
    }
    return NULL;
}

raw_answer raw_read(raw_client *client, bool has_body)
{
    raw_answer answer = {0};
    if (!read_head(client, &answer))
        return answer;
    size_t digits;
    const char *length = find_field(&answer, "Content-Length", &digits);
    take(client, &answer, 0);
    if (find_field(&answer, "Transfer-Encoding", &digits) != NULL && has_body) {
        read_chunks(client, &answer);
    } else if (length != NULL && has_body) {
        size_t len = strtoul(length, NULL, 10);
        answer.is_whole = await_bytes(client, len);
        take(client, &answer, len);
    } else if (length == NULL && has_body && answer.status == 200) {
        while (receive(client)) {
        }
        take(client, &answer, client->len);
        answer.is_whole = true;
    } else {
        answer.is_whole = true;
    }
    return answer;
}

void raw_answer_free(raw_answer *answer)
{
    free(answer->head);
    free(answer->body);
    *answer = (raw_answer){0};
}

const char *raw_field(const raw_answer *answer, const char *name)
{
    static _Thread_local char value[512];
    size_t len = 0;
    const char *text = find_field(answer, name, &len);
    if (text == NULL)
        return NULL;
    snprintf(value, sizeof(value), "%.*s", (int)len, text);
    return value;
}

bool raw_field_is(const raw_answer *answer, const char *name, const char *value)
{
    size_t len = 0;
    const char *text = find_field(answer, name, &len);
    return text != NULL && strlen(value) == len && strncmp(text, value, len) == 0;
}

bool raw_is_closed(raw_client *client)
{
    char byte;
    ssize_t n = client->len > 0 ? 1 : receive_some(client, &byte, 1);
    return n == 0 || (n < 0 && (errno == ECONNRESET || errno == EPIPE));
}

raw_answer raw_ask(raw_client *client, const char *text, int status)
{
    raw_send(client, text);
    raw_answer answer = raw_read(client, true);
    ck_assert_msg(answer.status == status, "%d, expected %d: %s", answer.status, status, text);
    ck_assert(answer.is_whole);
    return answer;
}

void raw_expect(uint16_t port, const char *text, int status, const char *code)
{
    raw_client client = raw_connect(port);
    char expected[80];
    raw_try_send(&client, text, strlen(text));
    raw_answer answer = raw_read(&client, true);
    ck_assert_msg(answer.status == status, "%d, expected %d: %.200s", answer.status, status, text);
    if (status >= 400) {
        snprintf(expected, sizeof(expected), "\"code\":\"%s", code);
        ck_assert_str_eq(raw_field(&answer, "Content-Type"), "application/problem+json");
        ck_assert_msg(strstr(answer.body, expected) != NULL, "%s", answer.body);
        ck_assert_ptr_nonnull(strstr(answer.body, raw_field(&answer, "X-Request-Id")));
    }
    raw_answer_free(&answer);
    raw_close(&client);
}

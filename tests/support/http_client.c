/* SPDX-License-Identifier: MIT */
#include "http_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "http/signature.h"
#include "test.h"

#define PATIENCE_MS 60000

/* --- the connection --------------------------------------------------------------------------- */

void http_client_init(http_client *client, uint16_t port)
{
    *client = (http_client){.port = port};
}

static void disconnect(http_client *client)
{
    if (client->fd > 0)
        close(client->fd);
    client->fd = 0;
    client->held = 0;
}

void http_client_close(http_client *client)
{
    disconnect(client);
    free(client->buffer);
    *client = (http_client){.port = client->port};
}

static void connect_to(http_client *client)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(client->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_gt(client->fd, 0);
    int on = 1;
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ck_assert_msg(connect(client->fd, (struct sockaddr *)&to, sizeof to) == 0, "connect: %s",
                  strerror(errno));
    client->held = 0;
}

/* Whether the kept connection was closed at the other end. */
static bool is_stale(const http_client *client)
{
    struct pollfd fd = {.fd = client->fd, .events = POLLIN};
    char byte;
    return client->held == 0 && poll(&fd, 1, 0) == 1 &&
           recv(client->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

void http_client_send_raw(http_client *client, const void *data, size_t len)
{
    if (client->fd > 0 && is_stale(client))
        disconnect(client);
    if (client->fd <= 0)
        connect_to(client);
    for (size_t sent = 0; sent < len;) {
        ssize_t some = send(client->fd, (const char *)data + sent, len - sent, MSG_NOSIGNAL);
        /* The server may answer and close before it has read all: its answer counts. */
        if (some < 0 && (errno == EPIPE || errno == ECONNRESET))
            return;
        ck_assert_msg(some > 0, "send: %s", strerror(errno));
        sent += (size_t)some;
    }
}

/* Reads some more; false at the end of the connection. */
static bool read_more(http_client *client, int timeout_ms)
{
    if (client->held == client->room) {
        client->room = client->room == 0 ? 16384 : client->room * 2;
        client->buffer = realloc(client->buffer, client->room + 1);
        ck_assert_ptr_nonnull(client->buffer);
    }
    struct pollfd fd = {.fd = client->fd, .events = POLLIN};
    int ready = poll(&fd, 1, timeout_ms);
    ck_assert_msg(ready == 1, "no byte came within %d ms after \"%.*s\"", timeout_ms,
                  (int)client->held, client->buffer);
    ssize_t some = recv(client->fd, client->buffer + client->held, client->room - client->held, 0);
    if (some <= 0)
        return false;
    client->held += (size_t)some;
    client->buffer[client->held] = '\0';
    return true;
}

bool http_client_is_closed(http_client *client, int timeout_ms)
{
    struct pollfd fd = {.fd = client->fd, .events = POLLIN};
    char byte;
    return client->held == 0 && poll(&fd, 1, timeout_ms) == 1 && recv(client->fd, &byte, 1, 0) <= 0;
}

/* Takes the first `len` bytes out of what was read, as a text of its own. */
static char *take(http_client *client, size_t len)
{
    char *text = malloc(len + 1);
    ck_assert_ptr_nonnull(text);
    memcpy(text, client->buffer, len);
    text[len] = '\0';
    memmove(client->buffer, client->buffer + len, client->held - len);
    client->held -= len;
    client->buffer[client->held] = '\0';
    return text;
}

/* Reads up to and including `mark`, and takes that; NULL when the connection ends before. */
static char *take_through(http_client *client, const char *mark)
{
    for (;;) {
        char *found =
            client->held == 0 ? NULL : memmem(client->buffer, client->held, mark, strlen(mark));
        if (found != NULL)
            return take(client, (size_t)(found - client->buffer) + strlen(mark));
        if (!read_more(client, PATIENCE_MS))
            return NULL;
    }
}

static char *take_exactly(http_client *client, size_t len)
{
    while (client->held < len)
        ck_assert_msg(read_more(client, PATIENCE_MS), "the body ends after %zu of %zu bytes",
                      client->held, len);
    if (client->buffer == NULL)
        ck_assert(!read_more(client, 0) || client->held >= len);
    return take(client, len);
}

/* --- a request -------------------------------------------------------------------------------- */

typedef struct {
    char *text;
    size_t len;
} growing;

static void append(growing *to, const char *format, ...)
{
    va_list list;
    char *more = NULL;
    va_start(list, format);
    int len = vasprintf(&more, format, list);
    va_end(list);
    ck_assert_int_ge(len, 0);
    to->text = realloc(to->text, to->len + (size_t)len + 1);
    memcpy(to->text + to->len, more, (size_t)len + 1);
    to->len += (size_t)len;
    free(more);
}

static bool has_field(const char *fields, const char *name)
{
    return fields != NULL && strcasestr(fields, name) != NULL;
}

static void append_signature(growing *to, const http_client *client, const char *method,
                             const char *target, const char *body)
{
    char path[4096], deadline[32], signature[AURORA_SIGNATURE_TEXT_BYTES];
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(path, sizeof path, "%s", target);
    snprintf(deadline, sizeof deadline, "%lld", ((long long)now.tv_sec + 60) * 1000);
    char *query = strchr(path, '?');
    if (query != NULL)
        *query++ = '\0';
    aurora_signed_request request = {.method = method,
                                     .path = path,
                                     .query = query == NULL ? "" : query,
                                     .body = body == NULL ? "" : body,
                                     .body_len = body == NULL ? 0 : strlen(body),
                                     .principal = client->principal,
                                     .scopes = client->scopes,
                                     .deadline = deadline};
    aurora_signature_write(client->secret, &request, signature);
    append(to,
           "Aurora-Principal: %s\r\nAurora-Scopes: %s\r\nAurora-Deadline: %s\r\n"
           "Aurora-Signature: %s\r\n",
           client->principal, client->scopes, deadline, signature);
}

void http_client_send(http_client *client, const char *method, const char *target,
                      const char *fields, const char *body)
{
    growing request = {0};
    append(&request, "%s %s HTTP/1.1\r\n", method, target);
    if (!has_field(fields, "Host:"))
        append(&request, "Host: 127.0.0.1:%u\r\n", client->port);
    if (client->secret != NULL)
        append_signature(&request, client, method, target, body);
    if (body != NULL && !has_field(fields, "Content-Type:"))
        append(&request, "Content-Type: application/json\r\n");
    if (body != NULL)
        append(&request, "Content-Length: %zu\r\n", strlen(body));
    append(&request, "%s\r\n%s", fields == NULL ? "" : fields, body == NULL ? "" : body);
    http_client_send_raw(client, request.text, request.len);
    free(request.text);
}

/* --- an answer -------------------------------------------------------------------------------- */

const char *http_answer_field(const http_answer *answer, const char *name)
{
    static _Thread_local char values[4][4096];
    static _Thread_local unsigned turn;
    size_t len = strlen(name);
    for (const char *line = strstr(answer->head, "\r\n"); line != NULL;
         line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, len) != 0 || line[len] != ':')
            continue;
        const char *value = line + len + 1 + strspn(line + len + 1, " ");
        char *out = values[turn++ % 4];
        snprintf(out, sizeof values[0], "%.*s", (int)strcspn(value, "\r"), value);
        return out;
    }
    return NULL;
}

static void append_body(http_answer *answer, char *more, size_t len)
{
    answer->body = realloc(answer->body, answer->body_len + len + 1);
    ck_assert_ptr_nonnull(answer->body);
    memcpy(answer->body + answer->body_len, more, len);
    answer->body_len += len;
    answer->body[answer->body_len] = '\0';
    free(more);
}

/* One chunk's bytes; NULL at the last one. */
static char *take_chunk(http_client *client, size_t *len_out)
{
    char *line = take_through(client, "\r\n");
    ck_assert_msg(line != NULL, "the connection ends within the chunks");
    char *end = NULL;
    *len_out = strtoul(line, &end, 16);
    ck_assert_msg(end != line && (*end == '\r' || *end == ';'), "a chunk begins with \"%s\"", line);
    free(line);
    char *data = take_exactly(client, *len_out + 2);
    ck_assert_msg(memcmp(data + *len_out, "\r\n", 2) == 0, "a chunk does not end with CRLF");
    data[*len_out] = '\0';
    if (*len_out > 0)
        return data;
    free(data);
    return NULL;
}

static bool is_chunked(const http_answer *answer)
{
    const char *coding = http_answer_field(answer, "Transfer-Encoding");
    return coding != NULL && strcasecmp(coding, "chunked") == 0;
}

static void read_body(http_client *client, http_answer *answer)
{
    const char *length = http_answer_field(answer, "Content-Length");
    append_body(answer, calloc(1, 1), 0);
    if (is_chunked(answer)) {
        size_t len;
        for (char *data; (data = take_chunk(client, &len)) != NULL;)
            append_body(answer, data, len);
    } else if (length != NULL) {
        size_t len = strtoul(length, NULL, 10);
        if (len > 0)
            append_body(answer, take_exactly(client, len), len);
    } else {
        while (read_more(client, PATIENCE_MS))
            continue;
        if (client->held > 0) {
            size_t len = client->held;
            append_body(answer, take(client, len), len);
        }
        disconnect(client);
    }
}

http_answer http_client_receive_head(http_client *client)
{
    http_answer answer = {0};
    answer.head = take_through(client, "\r\n\r\n");
    ck_assert_msg(answer.head != NULL, "the connection ends without an answer");
    ck_assert_msg(sscanf(answer.head, "HTTP/1.1 %3d ", &answer.status) == 1,
                  "the answer begins with \"%.40s\"", answer.head);
    return answer;
}

http_answer http_client_receive(http_client *client, bool is_head_request)
{
    http_answer answer = http_client_receive_head(client);
    while (answer.status / 100 == 1) {
        free(answer.head);
        answer = http_client_receive_head(client);
    }
    if (is_head_request || answer.status == 204 || answer.status == 304)
        append_body(&answer, calloc(1, 1), 0);
    else
        read_body(client, &answer);
    const char *connection = http_answer_field(&answer, "Connection");
    if (connection != NULL && strcasecmp(connection, "close") == 0)
        disconnect(client);
    return answer;
}

http_answer http_client_call(http_client *client, const char *method, const char *target,
                             const char *fields, const char *body)
{
    http_client_send(client, method, target, fields, body);
    return http_client_receive(client, strcmp(method, "HEAD") == 0);
}

void http_answer_free(http_answer *answer)
{
    free(answer->head);
    free(answer->body);
    *answer = (http_answer){0};
}

/* --- streams ---------------------------------------------------------------------------------- */

/* The server sends whole events, and comments, in chunks of their own. */
char *http_client_receive_event(http_client *client)
{
    growing event = {0};
    for (;;) {
        size_t len;
        char *data = take_chunk(client, &len);
        if (data == NULL) {
            free(event.text);
            disconnect(client);
            return NULL;
        }
        if (data[0] != ':')
            append(&event, "%s", data);
        free(data);
        if (event.len >= 2 && strcmp(event.text + event.len - 2, "\n\n") == 0) {
            event.text[event.len - 2] = '\0';
            return event.text;
        }
    }
}

/* SPDX-License-Identifier: MIT */
#include "otlp_sink.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS_MAX 8
#define BUFFER_BYTES (8 << 20)

typedef struct {
    int fd;
    char *text;
    size_t len;
} connection;

static int listen_on(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 8) != 0)
        return -1;
    return fd;
}

static uint64_t count_spans(const char *text, size_t len)
{
    static const char word[] = "\"spanId\"";
    uint64_t count = 0;
    const char *at = text;
    while ((at = memmem(at, len - (size_t)(at - text), word, sizeof word - 1)) != NULL) {
        count++;
        at += sizeof word - 1;
    }
    return count;
}

static size_t body_length(const char *head)
{
    const char *line = strcasestr(head, "\r\ncontent-length:");
    return line != NULL ? strtoul(line + 17, NULL, 10) : 0;
}

/* Answers each whole request; what is left is the beginning of the next. False ends it. */
static bool take(connection *c, otlp_sink_figures *figures)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                                 "Content-Length: 2\r\n\r\n{}";
    for (;;) {
        c->text[c->len] = '\0';
        char *end = strstr(c->text, "\r\n\r\n");
        if (end == NULL)
            return true;
        end[2] = '\0';
        size_t head = (size_t)(end - c->text) + 4, body = body_length(c->text);
        bool expects = strcasestr(c->text, "\r\nexpect:") != NULL;
        end[2] = '\r';
        if (head + body >= BUFFER_BYTES)
            return false;
        if (expects && c->len == head)
            (void)send(c->fd, "HTTP/1.1 100 Continue\r\n\r\n", 25, MSG_NOSIGNAL);
        if (c->len < head + body)
            return true;
        figures->requests++;
        figures->bytes += body;
        figures->spans += count_spans(c->text + head, body);
        if (send(c->fd, answer, sizeof answer - 1, MSG_NOSIGNAL) < 0)
            return false;
        c->len -= head + body;
        memmove(c->text, c->text + head + body, c->len);
    }
}

static bool read_some(connection *c, otlp_sink_figures *figures)
{
    ssize_t n = recv(c->fd, c->text + c->len, BUFFER_BYTES - c->len, 0);
    if (n <= 0)
        return false;
    c->len += (size_t)n;
    return take(c, figures);
}

static void take_in(connection *connections, int fd)
{
    for (int i = 0; fd >= 0 && i < CONNECTIONS_MAX; i++) {
        if (connections[i].text != NULL)
            continue;
        connections[i] = (connection){.fd = fd, .text = malloc(BUFFER_BYTES + 1)};
        return;
    }
    if (fd >= 0)
        close(fd);
}

int otlp_sink_run(uint16_t port, otlp_sink_figures *figures)
{
    connection connections[CONNECTIONS_MAX] = {0};
    int listener = listen_on(port);
    if (listener < 0)
        return 1;
    for (;;) {
        struct pollfd polls[CONNECTIONS_MAX + 1] = {{.fd = listener, .events = POLLIN}};
        for (int i = 0; i < CONNECTIONS_MAX; i++) {
            bool is_open = connections[i].text != NULL;
            polls[i + 1] =
                (struct pollfd){.fd = is_open ? connections[i].fd : -1, .events = POLLIN};
        }
        if (poll(polls, CONNECTIONS_MAX + 1, -1) < 0)
            return 1;
        for (int i = 0; i < CONNECTIONS_MAX; i++) {
            if (polls[i + 1].revents == 0 || read_some(&connections[i], figures))
                continue;
            close(connections[i].fd);
            free(connections[i].text);
            connections[i] = (connection){0};
        }
        if (polls[0].revents != 0)
            take_in(connections, accept(listener, NULL, NULL));
    }
}

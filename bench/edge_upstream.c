/* SPDX-License-Identifier: MIT */
/* What stands behind each proxy of the edge benchmark: answers every GET with one product, reads
 * nothing of it but where it ends, and so costs as little as sockets do.
 *
 * edge_upstream PORT: on 127.0.0.1, one thread, until it is ended. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS_MAX 256
#define HEAD_BYTES 16384

#define BODY                                                                                       \
    "{\"sku\":\"sku-00001\",\"name\":\"Product 1\",\"description\":\"A product of the benchmark, " \
    "with a description that is about as long as those of a catalogue are, so that the body of "   \
    "the answer has some five hundred bytes in all.\",\"category\":\"things\",\"brand\":"          \
    "\"Aurora\",\"image_url\":\"https://images.example/things/sku-00001.webp\",\"price_minor\":"   \
    "1250,\"currency\":\"EUR\",\"attributes\":{\"colour\":\"blue\",\"size\":\"M\"},\"version\":1," \
    "\"created_at\":\"2026-01-01T00:00:00.000000Z\",\"updated_at\":\"2026-01-01T00:00:00."         \
    "000000Z\"}"

typedef struct {
    int fd;
    size_t len;
    char head[HEAD_BYTES];
} connection;

static char answer[2048];
static size_t answer_len;

static void write_answer(void)
{
    answer_len = (size_t)snprintf(
        answer, sizeof answer,
        "HTTP/1.1 200 OK\r\nServer: aurora\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
        "Content-Type: application/json\r\nContent-Length: %zu\r\n"
        "X-Content-Type-Options: nosniff\r\nETag: \"1\"\r\n\r\n%s",
        sizeof BODY - 1, BODY);
}

static int listen_on(uint16_t port)
{
    static const int on = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(fd, 1024) != 0) {
        perror("edge_upstream");
        exit(1);
    }
    return fd;
}

static void watch(int epoll, int fd, void *what)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static void take_connection(int epoll, int listener)
{
    static const int on = 1;
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    connection *c = fd >= 0 ? calloc(1, sizeof *c) : NULL;
    if (c == NULL)
        return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    c->fd = fd;
    watch(epoll, fd, c);
}

/* False when it is over. */
static bool serve(connection *c)
{
    ssize_t n = recv(c->fd, c->head + c->len, HEAD_BYTES - c->len, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (n <= 0)
        return false;
    c->len += (size_t)n;
    if (c->len == HEAD_BYTES)
        return false;
    if (c->len < 4 || memcmp(c->head + c->len - 4, "\r\n\r\n", 4) != 0)
        return true;
    c->len = 0;
    return send(c->fd, answer, answer_len, MSG_NOSIGNAL) == (ssize_t)answer_len;
}

int main(int argc, char **argv)
{
    struct epoll_event events[EVENTS_MAX];
    if (argc != 2) {
        fprintf(stderr, "usage: edge_upstream PORT\n");
        return 2;
    }
    write_answer();
    int listener = listen_on((uint16_t)strtol(argv[1], NULL, 10));
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    watch(epoll, listener, NULL);
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS_MAX, -1);
        for (int i = 0; i < count; i++) {
            connection *c = events[i].data.ptr;
            if (c == NULL) {
                take_connection(epoll, listener);
            } else if (!serve(c)) {
                close(c->fd);
                free(c);
            }
        }
    }
}

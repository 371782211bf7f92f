/* SPDX-License-Identifier: MIT */
#include "http_load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 256
#define REQUEST_BYTES 4096
#define ANSWER_BYTES 65536
#define SAMPLES_MAX (1 << 22)

typedef struct {
    int fd;
    size_t sent;
    size_t request_len;
    size_t answer_len;
    double started;
    char request[REQUEST_BYTES];
    char answer[ANSWER_BYTES + 1];
} connection;

typedef struct {
    const http_load_plan *plan;
    http_load_result *out;
    int epoll;
    uint64_t begun;
    uint32_t in_flight;
    bool is_over;
    float *samples;
    uint32_t sample_count;
    connection *connections;
} load;

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int dial(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void complain(load *l, const char *what, size_t len)
{
    l->out->errors++;
    if (l->out->first_error[0] == '\0')
        snprintf(l->out->first_error, sizeof l->out->first_error, "%.*s", (int)len, what);
}

/* Sends what is left; a request is small enough for the socket's buffer as a rule. */
static void send_rest(load *l, connection *c)
{
    while (c->sent < c->request_len) {
        ssize_t n = send(c->fd, c->request + c->sent, c->request_len - c->sent, MSG_NOSIGNAL);
        if (n <= 0) {
            complain(l, "send failed", 11);
            return;
        }
        c->sent += (size_t)n;
    }
}

static void begin(load *l, connection *c)
{
    const http_load_plan *plan = l->plan;
    if (l->is_over || (plan->requests_max > 0 && l->begun >= plan->requests_max))
        return;
    c->request_len = plan->fill(plan->self, c->request, sizeof c->request, l->begun++);
    c->sent = 0;
    c->answer_len = 0;
    c->started = now_s();
    l->in_flight++;
    send_rest(l, c);
}

/* The length of the whole answer, 0 while its head is not there. */
static size_t answer_length(const connection *c, const char **body_out)
{
    const char *end = memmem(c->answer, c->answer_len, "\r\n\r\n", 4);
    if (end == NULL)
        return 0;
    const char *line = c->answer;
    size_t body = 0;
    while (line < end) {
        line = (const char *)memchr(line, '\n', (size_t)(end - line) + 2) + 1;
        if (strncasecmp(line, "content-length:", 15) == 0)
            body = strtoul(line + 15, NULL, 10);
    }
    *body_out = end + 4;
    return (size_t)(end + 4 - c->answer) + body;
}

static void finish(load *l, connection *c, const char *body)
{
    const http_load_plan *plan = l->plan;
    c->answer[c->answer_len] = '\0';
    int status = c->answer_len > 12 ? (int)strtol(c->answer + 9, NULL, 10) : 0;
    if ((plan->status != 0 && status != plan->status) ||
        (plan->contains != NULL && strstr(body, plan->contains) == NULL))
        complain(l, c->answer, c->answer_len);
    if (status >= 500)
        l->out->server_errors++;
    if (l->sample_count < SAMPLES_MAX)
        l->samples[l->sample_count++] = (float)((now_s() - c->started) * 1000);
    l->out->done++;
    l->in_flight--;
    begin(l, c);
}

static bool receive(load *l, connection *c)
{
    ssize_t n = recv(c->fd, c->answer + c->answer_len, ANSWER_BYTES - c->answer_len, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (n <= 0) {
        complain(l, "the connection was closed", 25);
        l->in_flight--;
        epoll_ctl(l->epoll, EPOLL_CTL_DEL, c->fd, NULL);
        return false;
    }
    c->answer_len += (size_t)n;
    const char *body = NULL;
    size_t whole = answer_length(c, &body);
    if (whole > 0 && c->answer_len >= whole)
        finish(l, c, body);
    return true;
}

static int open_all(load *l)
{
    for (uint32_t i = 0; i < l->plan->connections; i++) {
        connection *c = &l->connections[i];
        c->fd = dial(l->plan->port);
        if (c->fd < 0)
            return -1;
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
        epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &event);
    }
    return 0;
}

static int compare(const void *left, const void *right)
{
    float a = *(const float *)left;
    float b = *(const float *)right;
    return a < b ? -1 : a > b;
}

static double own_cpu_s(void)
{
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void drive(load *l)
{
    struct epoll_event events[CONNECTIONS_MAX];
    double start = now_s();
    for (uint32_t i = 0; i < l->plan->connections; i++)
        begin(l, &l->connections[i]);
    while (l->in_flight > 0) {
        int count = epoll_wait(l->epoll, events, CONNECTIONS_MAX, 10000);
        if (count <= 0) {
            complain(l, "no answer for 10 s", 18);
            return;
        }
        l->is_over = now_s() - start >= l->plan->seconds;
        for (int i = 0; i < count; i++)
            receive(l, events[i].data.ptr);
    }
}

int http_load(const http_load_plan *plan, http_load_result *out)
{
    *out = (http_load_result){0};
    load l = {.plan = plan, .out = out, .epoll = epoll_create1(EPOLL_CLOEXEC)};
    l.samples = malloc(sizeof *l.samples * SAMPLES_MAX);
    l.connections = calloc(plan->connections, sizeof *l.connections);
    int rc = l.samples == NULL || l.connections == NULL ? -1 : open_all(&l);
    if (rc == 0) {
        double cpu = http_load_process_cpu_s(plan->server);
        double own = own_cpu_s();
        double start = now_s();
        drive(&l);
        double took = now_s() - start;
        double done = out->done > 0 ? (double)out->done : 1;
        out->per_s = (double)out->done / took;
        out->cpu_us = (http_load_process_cpu_s(plan->server) - cpu) * 1e6 / done;
        out->client_cpu_us = (own_cpu_s() - own) * 1e6 / done;
        qsort(l.samples, l.sample_count, sizeof *l.samples, compare);
        if (l.sample_count > 0) {
            out->p50_ms = (double)l.samples[l.sample_count / 2];
            out->p99_ms = (double)l.samples[(uint32_t)(0.99 * (l.sample_count - 1))];
        }
    }
    for (uint32_t i = 0; l.connections != NULL && i < plan->connections; i++) {
        if (l.connections[i].fd > 0)
            close(l.connections[i].fd);
    }
    free(l.connections);
    free(l.samples);
    close(l.epoll);
    return rc;
}

static bool is_ready(uint16_t port, const char *path)
{
    char text[256];
    int fd = dial(port);
    if (fd < 0)
        return false;
    int len = snprintf(text, sizeof text,
                       "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", path);
    ssize_t n = send(fd, text, (size_t)len, MSG_NOSIGNAL);
    n = n == len ? recv(fd, text, 12, MSG_WAITALL) : 0;
    close(fd);
    return n == 12 && memcmp(text + 9, "200", 3) == 0;
}

double http_load_wait(uint16_t port, const char *path, int timeout_ms)
{
    double start = now_s();
    while ((now_s() - start) * 1000 < timeout_ms) {
        if (is_ready(port, path))
            return (now_s() - start) * 1000;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    return -1;
}

uint16_t http_load_free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        address.sin_port = 0;
    if (fd >= 0)
        close(fd);
    return ntohs(address.sin_port);
}

double http_load_process_cpu_s(pid_t pid)
{
    clockid_t clock;
    struct timespec spent;
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &spent) != 0)
        return 0;
    return (double)spent.tv_sec + (double)spent.tv_nsec / 1e9;
}

double http_load_process_mib(pid_t pid, const char *name)
{
    char path[64];
    char line[256];
    double kib = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return 0;
    size_t len = strlen(name);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, name, len) == 0 && line[len] == ':')
            kib = strtod(line + len + 1, NULL);
    }
    fclose(file);
    return kib / 1024;
}

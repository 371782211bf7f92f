/* SPDX-License-Identifier: MIT */
#include "elastic_fake.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

#define PAIRS_MAX 32
#define TICK_MS 20

/* --- sockets ---------------------------------------------------------------------------------- */

static int listen_anywhere(uint16_t *port_out)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(fd, 64), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    *port_out = ntohs(address.sin_port);
    return fd;
}

static int connect_to(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = send(fd, bytes, length, MSG_NOSIGNAL);
        if (written <= 0)
            return false;
        bytes += written;
        length -= (size_t)written;
    }
    return true;
}

/* Whether there is something to read before the test is over. */
static bool wait_for(int fd, int wake)
{
    struct pollfd both[] = {{.fd = fd, .events = POLLIN}, {.fd = wake, .events = POLLIN}};
    return poll(both, 2, -1) > 0 && both[1].revents == 0;
}

/* --- the fake --------------------------------------------------------------------------------- */

static void answer(int fd, int status, const char *body)
{
    char head[256];
    snprintf(head, sizeof head,
             "HTTP/1.1 %d X\r\nX-Elastic-Product: Elasticsearch\r\n"
             "Content-Type: %s\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: %zu\r\n\r\n",
             status,
             body[0] == '<' ? "text/html" : "application/vnd.elasticsearch+json;compatible-with=8",
             strlen(body));
    if (write_all(fd, head, strlen(head)))
        write_all(fd, body, strlen(body));
}

static void wait_ms(int ms)
{
    const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

static void answer_bulk(elastic_fake *fake, int fd, const char *request)
{
    char done[4096] = "{\"errors\":false,\"items\":[";
    pthread_mutex_lock(&fake->lock);
    snprintf(fake->last_bulk, sizeof fake->last_bulk, "%s", request);
    const char *body = fake->bulk_count < 4 ? fake->bulk[fake->bulk_count] : NULL;
    int status = fake->bulk_status == 0 ? 200 : fake->bulk_status;
    int delay_ms = fake->delay_ms;
    fake->bulk_count++;
    pthread_mutex_unlock(&fake->lock);
    wait_ms(delay_ms);
    bool is_first = true;
    for (const char *at = strstr(request, "{\"index\":{"); at != NULL && strlen(done) < 4000;
         at = strstr(at + 1, "{\"index\":{")) {
        strcat(done, is_first ? "{\"index\":{\"status\":201}}" : ",{\"index\":{\"status\":201}}");
        is_first = false;
    }
    strcat(done, "]}");
    answer(fd, status, body == NULL ? done : body);
}

static void answer_request(elastic_fake *fake, int fd, const char *request)
{
    static const char state[] =
        "{\"docs\":[{\"found\":true,\"_seq_no\":5,\"_primary_term\":1,\"_source\":{\"format\":1,"
        "\"generation\":1,\"next\":0,\"rebuild\":7,\"position\":0,\"log_id\":"
        "\"01000000-0000-0000-0000-000000000000\",\"rebuild_after\":\"\"}},"
        "{\"_index\":\"fake-000001\",\"found\":false}]}";
    if (strncmp(request, "POST /_mget", 11) == 0) {
        answer(fd, 200, state);
    } else if (strncmp(request, "POST /_bulk", 11) == 0) {
        answer_bulk(fake, fd, request);
    } else if (strncmp(request, "PUT /fake-meta/_doc/state", 25) == 0) {
        pthread_mutex_lock(&fake->lock);
        fake->state_writes++;
        pthread_mutex_unlock(&fake->lock);
        answer(fd, 200, "{}");
    } else { /* a search */
        pthread_mutex_lock(&fake->lock);
        const char *body = fake->bulk[0] == NULL ? "{}" : fake->bulk[0];
        int status = fake->bulk_status == 0 ? 200 : fake->bulk_status;
        int delay_ms = fake->delay_ms;
        pthread_mutex_unlock(&fake->lock);
        wait_ms(delay_ms);
        answer(fd, status, body);
    }
}

static size_t length_of(const char *head)
{
    const char *field = strstr(head, "Content-Length: ");
    return field == NULL ? 0 : strtoul(field + 16, NULL, 10);
}

/* One connection, request after request. */
static void serve(elastic_fake *fake, int fd)
{
    static char request[ELASTIC_FAKE_BYTES];
    size_t held = 0;
    while (wait_for(fd, fake->wake[0])) {
        ssize_t got = recv(fd, request + held, sizeof request - held - 1, 0);
        if (got <= 0)
            return;
        held += (size_t)got;
        request[held] = '\0';
        const char *body = strstr(request, "\r\n\r\n");
        if (body == NULL || held < (size_t)(body + 4 - request) + length_of(request))
            continue;
        answer_request(fake, fd, request);
        held = 0;
    }
}

static void *run_fake(void *argument)
{
    elastic_fake *fake = argument;
    while (wait_for(fake->listener, fake->wake[0])) {
        int fd = accept(fake->listener, NULL, NULL);
        if (fd < 0)
            continue;
        serve(fake, fd);
        close(fd);
    }
    return NULL;
}

void elastic_fake_start(elastic_fake *fake)
{
    memset(fake, 0, sizeof *fake);
    fake->listener = listen_anywhere(&fake->port);
    ck_assert_int_eq(pipe(fake->wake), 0);
    pthread_mutex_init(&fake->lock, NULL);
    ck_assert_int_eq(pthread_create(&fake->thread, NULL, run_fake, fake), 0);
}

void elastic_fake_stop(elastic_fake *fake)
{
    close(fake->wake[1]);
    pthread_join(fake->thread, NULL);
    close(fake->wake[0]);
    close(fake->listener);
    pthread_mutex_destroy(&fake->lock);
}

/* --- the proxy -------------------------------------------------------------------------------- */

typedef struct {
    int fds[PAIRS_MAX][2];
    int count;
} pairs;

static void drop(pairs *all, int i)
{
    close(all->fds[i][0]);
    close(all->fds[i][1]);
    all->count--;
    memcpy(all->fds[i], all->fds[all->count], sizeof all->fds[i]);
}

static bool pass_on(const int pair[2])
{
    static char bytes[65536];
    for (int side = 0; side < 2; side++) {
        ssize_t got = recv(pair[side], bytes, sizeof bytes, MSG_DONTWAIT);
        if (got == 0 || (got > 0 && !write_all(pair[1 - side], bytes, (size_t)got)))
            return false;
    }
    return true;
}

static void take_in(elastic_proxy *proxy, pairs *all)
{
    int fd = accept(proxy->listener, NULL, NULL);
    int other = fd < 0 || atomic_load(&proxy->is_cut) || all->count == PAIRS_MAX
                    ? -1
                    : connect_to(proxy->to);
    if (other >= 0) {
        all->fds[all->count][0] = fd;
        all->fds[all->count++][1] = other;
    } else if (fd >= 0) {
        close(fd);
    }
}

static void *run_proxy(void *argument)
{
    elastic_proxy *proxy = argument;
    pairs all = {.count = 0};
    for (;;) {
        struct pollfd fds[2 + 2 * PAIRS_MAX] = {{.fd = proxy->wake[0], .events = POLLIN},
                                                {.fd = proxy->listener, .events = POLLIN}};
        for (int i = 0; i < 2 * all.count; i++)
            fds[2 + i] = (struct pollfd){.fd = all.fds[i / 2][i % 2], .events = POLLIN};
        poll(fds, (nfds_t)(2 + 2 * all.count), TICK_MS);
        if (fds[0].revents != 0)
            break;
        for (int i = all.count - 1; i >= 0; i--) {
            if (atomic_load(&proxy->is_cut) || !pass_on(all.fds[i]))
                drop(&all, i);
        }
        if (fds[1].revents != 0)
            take_in(proxy, &all);
    }
    while (all.count > 0)
        drop(&all, 0);
    return NULL;
}

void elastic_proxy_start(elastic_proxy *proxy, uint16_t to)
{
    memset(proxy, 0, sizeof *proxy);
    atomic_init(&proxy->is_cut, false);
    proxy->to = to;
    proxy->listener = listen_anywhere(&proxy->port);
    ck_assert_int_eq(pipe(proxy->wake), 0);
    ck_assert_int_eq(pthread_create(&proxy->thread, NULL, run_proxy, proxy), 0);
}

void elastic_proxy_stop(elastic_proxy *proxy)
{
    close(proxy->wake[1]);
    pthread_join(proxy->thread, NULL);
    close(proxy->wake[0]);
    close(proxy->listener);
}

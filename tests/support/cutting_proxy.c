/* SPDX-License-Identifier: MIT */
#include "cutting_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test.h"

#define PAIRS_MAX 32

typedef struct {
    int client;
    int server;
    bool is_answer_cut;
    bool is_asked;
} pair;

struct cutting_proxy {
    pthread_t thread;
    int listening;
    int wake[2];
    uint16_t port;
    uint16_t target;
    atomic_int how;
    atomic_int answers;
    pair pairs[PAIRS_MAX];
    int count;
};

static struct sockaddr_in loopback(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static void close_pair(cutting_proxy *proxy, int at)
{
    close(proxy->pairs[at].client);
    close(proxy->pairs[at].server);
    proxy->pairs[at] = proxy->pairs[--proxy->count];
}

static void accept_one(cutting_proxy *proxy)
{
    struct sockaddr_in address = loopback(proxy->target);
    int client = accept(proxy->listening, NULL, NULL);
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client < 0 || server < 0 || proxy->count == PAIRS_MAX ||
        connect(server, (struct sockaddr *)&address, sizeof address) != 0) {
        close(client);
        close(server);
        return;
    }
    proxy->pairs[proxy->count++] = (pair){.client = client, .server = server};
}

static bool send_all(int to, const char *bytes, ssize_t length)
{
    while (length > 0) {
        ssize_t sent = send(to, bytes, (size_t)length, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes += sent;
        length -= sent;
    }
    return true;
}

/* Moves what is there; false when the pair is to be closed. */
static bool move(cutting_proxy *proxy, pair *of, bool is_request)
{
    char bytes[65536];
    int how = atomic_load(&proxy->how);
    ssize_t length = recv(is_request ? of->client : of->server, bytes, sizeof bytes, 0);
    if (length <= 0)
        return false;
    if (how == CUT_SILENCE)
        return true;
    if (!is_request && of->is_answer_cut) {
        atomic_store(&proxy->how, CUT_NEVER);
        return false;
    }
    if (is_request && how == CUT_REQUEST) {
        atomic_store(&proxy->how, CUT_NEVER);
        return false;
    }
    atomic_fetch_add(&proxy->answers, !is_request && of->is_asked);
    of->is_asked = is_request;
    of->is_answer_cut |= is_request && how == CUT_ANSWER;
    return send_all(is_request ? of->server : of->client, bytes, length);
}

static void *run(void *argument)
{
    cutting_proxy *proxy = argument;
    for (;;) {
        struct pollfd ready[2 + 2 * PAIRS_MAX] = {{.fd = proxy->wake[0], .events = POLLIN},
                                                  {.fd = proxy->listening, .events = POLLIN}};
        int count = proxy->count;
        for (int i = 0; i < count; i++) {
            ready[2 + 2 * i] = (struct pollfd){.fd = proxy->pairs[i].client, .events = POLLIN};
            ready[3 + 2 * i] = (struct pollfd){.fd = proxy->pairs[i].server, .events = POLLIN};
        }
        poll(ready, (nfds_t)(2 + 2 * count), -1);
        if (ready[0].revents != 0)
            return NULL;
        for (int i = count; i-- > 0;) {
            if ((ready[2 + 2 * i].revents != 0 && !move(proxy, &proxy->pairs[i], true)) ||
                (ready[3 + 2 * i].revents != 0 && !move(proxy, &proxy->pairs[i], false)))
                close_pair(proxy, i);
        }
        if (ready[1].revents != 0)
            accept_one(proxy);
    }
}

cutting_proxy *cutting_proxy_new(uint16_t port)
{
    cutting_proxy *proxy = calloc(1, sizeof *proxy);
    ck_assert_ptr_nonnull(proxy);
    struct sockaddr_in address = loopback(0);
    socklen_t length = sizeof address;
    proxy->target = port;
    proxy->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(proxy->listening, (struct sockaddr *)&address, length), 0);
    ck_assert_int_eq(listen(proxy->listening, PAIRS_MAX), 0);
    ck_assert_int_eq(getsockname(proxy->listening, (struct sockaddr *)&address, &length), 0);
    proxy->port = ntohs(address.sin_port);
    ck_assert_int_eq(pipe(proxy->wake), 0);
    ck_assert_int_eq(pthread_create(&proxy->thread, NULL, run, proxy), 0);
    return proxy;
}

void cutting_proxy_free(cutting_proxy *proxy)
{
    close(proxy->wake[1]);
    pthread_join(proxy->thread, NULL);
    while (proxy->count > 0)
        close_pair(proxy, 0);
    close(proxy->wake[0]);
    close(proxy->listening);
    free(proxy);
}

uint16_t cutting_proxy_port(const cutting_proxy *proxy)
{
    return proxy->port;
}

void cutting_proxy_arm(cutting_proxy *proxy, int how)
{
    atomic_store(&proxy->how, how);
}

int cutting_proxy_answers(cutting_proxy *proxy)
{
    return atomic_exchange(&proxy->answers, 0);
}

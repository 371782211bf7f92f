/* SPDX-License-Identifier: MIT */
/* A rate limiter in a server of yours, here one on libevent: each address may ask ten times at
 * once, then once a minute; what is more gets 429 with Retry-After and the RateLimit fields,
 * before any work is done for it. A limiter needs no store, no thread and no clock of its own, and
 * its memory is bounded whatever the number of addresses. argv[1] is a port to serve on 127.0.0.1
 * until it is stopped; without it the program asks itself twelve times, and ends.
 * To compile: cc limited_server.c $(pkg-config --cflags --libs aurora libevent)
 * Prints:
 *   10 times 200, 2 times 429, each with Retry-After, RateLimit-Remaining: 0
 */
#include <aurora/aurora.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { BURST = 10, ASKED = 12 };

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void add_number(struct evkeyvalq *headers, const char *name, int64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)value);
    evhttp_add_header(headers, name, text);
}

/* --- the server ------------------------------------------------------------------------------- */

/* Seconds, rounded up: a client that comes back earlier would be refused again. */
static int64_t seconds_of(int64_t ns)
{
    return (ns + 999999999) / 1000000000;
}

static void serve(struct evhttp_request *request, void *context)
{
    aurora_limiter *limiter = context;
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    char *address = NULL;
    ev_uint16_t port = 0;
    aurora_limit limit;

    evhttp_connection_get_peer(evhttp_request_get_connection(request), &address, &port);
    bool is_allowed =
        aurora_limiter_try_take(limiter, address, strlen(address), 1, now_ns(), &limit);
    add_number(headers, "RateLimit-Limit", (int64_t)limit.limit);
    add_number(headers, "RateLimit-Remaining", (int64_t)limit.remaining);
    add_number(headers, "RateLimit-Reset", seconds_of(limit.reset_ns));
    if (!is_allowed) {
        add_number(headers, "Retry-After", seconds_of(limit.retry_after_ns));
        evhttp_send_reply(request, 429, "Too Many Requests", NULL);
        return;
    }
    struct evbuffer *body = evbuffer_new();
    evbuffer_add_printf(body, "hello\n");
    evhttp_send_reply(request, 200, "OK", body);
    evbuffer_free(body);
}

/* --- a client, to show it --------------------------------------------------------------------- */

struct client {
    struct event_base *base;
    int allowed, refused, open;
    int with_retry_after;
    char remaining[16];
};

static void answered(struct evhttp_request *request, void *context)
{
    struct client *client = context;
    int status = request == NULL ? 0 : evhttp_request_get_response_code(request);
    client->allowed += status == 200;
    client->refused += status == 429;
    if (status == 429) {
        struct evkeyvalq *headers = evhttp_request_get_input_headers(request);
        client->with_retry_after += evhttp_find_header(headers, "Retry-After") != NULL;
        snprintf(client->remaining, sizeof client->remaining, "%s",
                 evhttp_find_header(headers, "RateLimit-Remaining"));
    }
    if (--client->open == 0)
        event_base_loopbreak(client->base);
}

static void ask(struct client *client, int port)
{
    struct evhttp_connection *connection =
        evhttp_connection_base_new(client->base, NULL, "127.0.0.1", (ev_uint16_t)port);
    client->open = ASKED;
    for (int i = 0; i < ASKED; i++) {
        struct evhttp_request *request = evhttp_request_new(answered, client);
        evhttp_add_header(evhttp_request_get_output_headers(request), "Host", "localhost");
        evhttp_make_request(connection, request, EVHTTP_REQ_GET, "/");
    }
    event_base_dispatch(client->base);
    printf("%d times 200, %d times 429, %s with Retry-After, RateLimit-Remaining: %s\n",
           client->allowed, client->refused,
           client->with_retry_after == client->refused ? "each" : "not each", client->remaining);
    evhttp_connection_free(connection);
}

static int port_of(struct evhttp_bound_socket *socket)
{
    struct sockaddr_storage storage;
    socklen_t length = sizeof storage;
    getsockname(evhttp_bound_socket_get_fd(socket), (struct sockaddr *)&storage, &length);
    return ntohs(((struct sockaddr_in *)&storage)->sin_port);
}

int main(int argc, char **argv)
{
    aurora_limiter *limiter = NULL;
    aurora_error err = AURORA_ERROR_INIT;
    /* A server that strangers reach draws the seed from the system. */
    aurora_status rc = aurora_limiter_new(
        AURORA_LIMITER_OPTIONS(.capacity = 100000, .tokens = 1, .per_ns = 60 * UINT64_C(1000000000),
                               .burst = BURST, .seed = {0x5EED, (uint64_t)now_ns()}),
        &limiter, &err);
    if (rc != AURORA_OK) {
        fprintf(stderr, "%s: %s %s\n", aurora_status_name(rc), err.field, err.message);
        return 1;
    }
    struct event_base *base = event_base_new();
    struct evhttp *server = evhttp_new(base);
    struct evhttp_bound_socket *socket = evhttp_bind_socket_with_handle(
        server, "127.0.0.1", argc > 1 ? (ev_uint16_t)strtoul(argv[1], NULL, 10) : 0);
    evhttp_set_gencb(server, serve, limiter);
    struct client client = {.base = base};
    if (socket == NULL)
        fprintf(stderr, "the port is taken\n");
    else if (argc > 1)
        event_base_dispatch(base);
    else
        ask(&client, port_of(socket));
    evhttp_free(server);
    event_base_free(base);
    aurora_limiter_free(limiter);
    return socket != NULL && (argc > 1 || client.allowed == BURST) ? 0 : 1;
}

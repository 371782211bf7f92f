/* SPDX-License-Identifier: MIT */
#include "http/server.h"

#include "http/crowd.h"
#include "http/loop.h"
#include "http/principal.h"

#include <errno.h>
#include <linux/filter.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>

#define FIELDS_MAX 100
#define LOOPS_MAX 256
#define WORKERS_MAX 1024

static aurora_status refuse(aurora_error *err, aurora_status status, const char *field,
                            const char *message)
{
    if (err != NULL) {
        err->status = status;
        snprintf(err->field, sizeof(err->field), "%s", field);
        snprintf(err->message, sizeof(err->message), "%s", message);
    }
    return status;
}

/* --- options ---------------------------------------------------------------------------------- */

static void set_default(uint32_t *option, uint32_t value)
{
    if (*option == 0)
        *option = value;
}

static void fill_defaults(aurora_http_options *options)
{
    set_default(&options->loops, 1);
    set_default(&options->workers, 4);
    set_default(&options->jobs_max, 1024);
    set_default(&options->connections_max, 16384);
    set_default(&options->head_bytes_max, 16384);
    set_default(&options->body_bytes_max, 1048576);
    set_default(&options->held_bytes_max, 268435456);
    set_default(&options->head_ms, 10000);
    set_default(&options->body_ms, 30000);
    set_default(&options->body_grace_ms, 10000);
    set_default(&options->body_rate_min, 500);
    set_default(&options->idle_ms, 75000);
    set_default(&options->write_ms, 30000);
    set_default(&options->reply_ms, 60000);
    set_default(&options->streams_max, 4096);
    set_default(&options->streams_per_principal_max, 64);
}

static aurora_status check(const aurora_http_options *options, aurora_error *err)
{
    bool has_secret = options->service_secret != NULL && options->service_secret[0] != '\0';
    bool is_open = !has_secret && !options->knows_peers && options->authenticate == NULL;
    if (options->listen == NULL)
        return refuse(err, AURORA_EINVAL, "listen", "is required");
    if (is_open && !aurora_principal_is_loopback(options->listen))
        return refuse(err, AURORA_EINVAL, "listen",
                      "must be a loopback address unless service_secret or jwt_keys is set");
    if (options->loops > LOOPS_MAX)
        return refuse(err, AURORA_EINVAL, "loops", "must be 1 to 256");
    if (options->workers > WORKERS_MAX)
        return refuse(err, AURORA_EINVAL, "workers", "must be 1 to 1024");
    if (options->head_bytes_max > 0 && options->head_bytes_max < 256)
        return refuse(err, AURORA_EINVAL, "head_bytes_max", "must be at least 256");
    if (options->head_bytes_max > 1048576)
        return refuse(err, AURORA_EINVAL, "head_bytes_max", "must be at most 1048576");
    return AURORA_OK;
}

/* --- listening -------------------------------------------------------------------------------- */

/* "host:port" or "[host]:port" into the caller's buffers. */
static bool split_listen(const char *listen, char host[256], char port[8])
{
    const char *colon = strrchr(listen, ':');
    if (colon == NULL || colon == listen || colon[1] == '\0' || strlen(colon + 1) > 5 ||
        strspn(colon + 1, "0123456789") != strlen(colon + 1))
        return false;
    bool is_bracketed = listen[0] == '[' && colon[-1] == ']';
    const char *first = listen + is_bracketed;
    size_t len = (size_t)(colon - listen) - 2 * (size_t)is_bracketed;
    if (len == 0 || len >= 256 || (!is_bracketed && memchr(first, ':', len) != NULL))
        return false;
    memcpy(host, first, len);
    host[len] = '\0';
    snprintf(port, 8, "%s", colon + 1);
    return true;
}

/* One socket for all loops. With SO_REUSEPORT and one each, a second server could take the same
 * port unseen, and a loop that is busy would keep its share of the clients waiting. */
static int listen_on(const struct addrinfo *address)
{
    static const int on = 1;
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, address->ai_addr, address->ai_addrlen) != 0 || listen(fd, AURORA__BACKLOG) != 0) {
        int saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

static uint16_t port_of(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = {0};
    socklen_t size = sizeof(address);
    if (getsockname(fd, &address.any, &size) != 0)
        return 0;
    return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

static aurora_status open_listener(aurora_http_server *server, aurora_error *err)
{
    char host[256], port[8], message[128];
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    if (!split_listen(server->listen, host, port) || strtol(port, NULL, 10) > 65535)
        return refuse(err, AURORA_EINVAL, "listen", "must be HOST:PORT");
    int failure = getaddrinfo(host, port, &hints, &found);
    if (failure != 0)
        return refuse(err, AURORA_EIO, "listen", gai_strerror(failure));
    int saved = 0;
    for (const struct addrinfo *at = found; at != NULL && server->listen_fd < 0; at = at->ai_next) {
        server->listen_fd = listen_on(at);
        saved = errno;
    }
    freeaddrinfo(found);
    if (server->listen_fd < 0) {
        snprintf(message, sizeof(message), "%s cannot be listened on: %s", server->listen,
                 strerrordesc_np(saved));
        return refuse(err, AURORA_EIO, "listen", message);
    }
    server->port = port_of(server->listen_fd);
    return AURORA_OK;
}

aurora_status aurora_http_listen_check(const char *listen, aurora_error *err)
{
    aurora_http_server probe = {.listen = (char *)(uintptr_t)listen, .listen_fd = -1};
    aurora_status rc = open_listener(&probe, err);
    if (probe.listen_fd >= 0)
        close(probe.listen_fd);
    return rc;
}

/* --- start ------------------------------------------------------------------------------------ */

static void init_condition(aurora_http_server *server)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&server->mutex, NULL);
    pthread_rwlock_init(&server->proxies_lock, NULL);
    pthread_cond_init(&server->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

/* Lists are few and small: the old ones go with the server, so that no loop is waited for. */
aurora_status aurora_http_origins_put(aurora_http_server *server, const char *cors_origins,
                                      aurora_error *err)
{
    const char *rule;
    if (!aurora_cors_check(cors_origins, &rule))
        return refuse(err, AURORA_EINVAL, "cors_origins", rule);
    aurora__cors *cors = aurora__cors_new(cors_origins, atomic_load(&server->cors));
    if (cors == NULL)
        return refuse(err, AURORA_ENOMEM, "cors_origins", "out of memory");
    atomic_store_explicit(&server->cors, cors, memory_order_release);
    return AURORA_OK;
}

static aurora_http_server *new_server(const aurora_http_options *options)
{
    aurora_http_server *server = calloc(1, sizeof(*server));
    if (server == NULL)
        return NULL;
    init_condition(server);
    server->listen_fd = -1;
    server->options = *options;
    fill_defaults(&server->options);
    server->listen = strdup(options->listen);
    server->secret = strdup(options->service_secret == NULL ? "" : options->service_secret);
    server->options.listen = server->listen;
    server->options.service_secret = server->secret;
    if (options->trusted_proxies != NULL)
        aurora_http_set_trusted_proxies(server, options->trusted_proxies);
    atomic_init(&server->sampled_below, options->tracing.sampled_below);
    atomic_init(&server->slow_ns, options->tracing.slow_ns);
    server->limits = (aurora__gate_limits){.head_bytes_max = server->options.head_bytes_max,
                                           .line_bytes_max = server->options.head_bytes_max / 2,
                                           .fields_max = FIELDS_MAX,
                                           .body_bytes_max = server->options.body_bytes_max};
    server->streams = aurora__streams_new(server->options.streams_per_principal_max);
    uint64_t seed = 0; /* without one the buckets could be guessed, and that is all */
    if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) < 0)
        seed = (uint64_t)aurora__now_ns();
    server->crowd = aurora__crowd_new(server->options.loops, seed);
    server->loops = calloc(server->options.loops, sizeof(server->loops[0]));
    if (server->listen == NULL || server->secret == NULL || server->streams == NULL ||
        server->crowd == NULL || server->loops == NULL) {
        aurora_http_free(server);
        return NULL;
    }
    return server;
}

/* Signals are the business of the program's own threads. */
static aurora_status start_threads(aurora_http_server *server)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    aurora_status rc = aurora__workers_new(server, server->options.workers,
                                           server->options.jobs_max, &server->workers);
    for (uint32_t i = 0; rc == AURORA_OK && i < server->options.loops; i++) {
        rc = aurora__loop_new(server, i, &server->loops[i]);
        if (rc == AURORA_OK)
            aurora__loop_accept(server->loops[i]);
    }
    for (uint32_t i = 0; rc == AURORA_OK && i < server->options.loops; i++)
        rc = aurora__loop_start(server->loops[i]);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

aurora_status aurora_http_start(const aurora_http_options *options, aurora_http_server **out,
                                aurora_error *err)
{
    aurora_status rc = check(options, err);
    if (rc != AURORA_OK)
        return rc;
    aurora_http_server *server = new_server(options);
    if (server == NULL)
        return refuse(err, AURORA_ENOMEM, "", "out of memory");
    server->options.cors_origins = NULL; /* the list has them */
    if (options->cors_origins != NULL && options->cors_origins[0] != '\0')
        rc = aurora_http_origins_put(server, options->cors_origins, err);
    if (rc == AURORA_OK)
        rc = aurora_router_new(options->routes, options->route_counts, options->table_count,
                               &server->router, err);
    if (rc == AURORA_OK)
        rc = open_listener(server, err);
    if (rc == AURORA_OK) {
        *out = server; /* before a handler may look for it there */
        rc = start_threads(server);
        if (rc != AURORA_OK)
            refuse(err, rc, "", "the server's threads cannot be started");
    }
    if (rc != AURORA_OK) {
        *out = NULL;
        aurora_http_free(server);
    }
    return rc;
}

void aurora_http_set_sampling(aurora_http_server *server, uint64_t sampled_below, int64_t slow_ns)
{
    atomic_store_explicit(&server->sampled_below, sampled_below, memory_order_relaxed);
    atomic_store_explicit(&server->slow_ns, slow_ns, memory_order_relaxed);
}

uint16_t aurora_http_port(const aurora_http_server *server)
{
    return server->port;
}

static void add_counters(aurora_http_stats *out, aurora__loop_counters *counters)
{
    out->accepted += atomic_load_explicit(&counters->accepted, memory_order_relaxed);
    out->refused_connections +=
        atomic_load_explicit(&counters->refused_connections, memory_order_relaxed);
    out->requests += atomic_load_explicit(&counters->requests, memory_order_relaxed);
    out->bad_heads += atomic_load_explicit(&counters->bad_heads, memory_order_relaxed);
    out->timeouts += atomic_load_explicit(&counters->timeouts, memory_order_relaxed);
    out->connections +=
        (uint32_t)atomic_load_explicit(&counters->connections, memory_order_relaxed);
    out->in_flight += (uint32_t)atomic_load_explicit(&counters->in_flight, memory_order_relaxed);
    out->tls_1_2 += atomic_load_explicit(&counters->tls_1_2, memory_order_relaxed);
    out->tls_1_3 += atomic_load_explicit(&counters->tls_1_3, memory_order_relaxed);
    out->tls_resumed += atomic_load_explicit(&counters->tls_resumed, memory_order_relaxed);
    for (int i = 0; i < AURORA_TLS_FAILURE_COUNT; i++)
        out->tls_failures[i] +=
            atomic_load_explicit(&counters->tls_failures[i], memory_order_relaxed);
}

void aurora_http_stats_get(aurora_http_server *server, aurora_http_stats *out)
{
    *out = (aurora_http_stats){.jobs_waiting = aurora__workers_waiting(server->workers),
                               .streams = aurora__streams_open(server)};
    for (uint32_t i = 0; i < server->options.loops; i++)
        add_counters(out, &server->loops[i]->counters);
    if (server->options.tls == NULL)
        return;
    aurora_tls_facts facts;
    aurora_tls_facts_get(server->options.tls, &facts);
    out->is_tls = true;
    out->tls_expires_s = facts.expires_s;
}

/* --- drain ------------------------------------------------------------------------------------ */

void aurora_http_drain_begin(aurora_http_server *server)
{
    atomic_store(&server->is_draining, true);
}

bool aurora_http_is_draining(const aurora_http_server *server)
{
    return atomic_load(&server->is_draining);
}

void aurora__server_lost_connection(aurora_http_server *server)
{
    if (atomic_fetch_sub(&server->connections, 1) != 1 ||
        atomic_load(&server->stage) == AURORA__SERVING)
        return;
    pthread_mutex_lock(&server->mutex);
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->mutex);
}

static struct timespec after_ms(uint32_t ms)
{
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += ms / 1000;
    end.tv_nsec += (long)(ms % 1000) * 1000000;
    if (end.tv_nsec >= 1000000000) {
        end.tv_sec++;
        end.tv_nsec -= 1000000000;
    }
    return end;
}

static bool have_stopped_accepting(aurora_http_server *server)
{
    for (uint32_t i = 0; i < server->options.loops; i++) {
        if (!atomic_load(&server->loops[i]->has_closed_listener))
            return false;
    }
    return true;
}

/* Whoever comes while the loops take what has connected finds nobody: the last loop has looked, and
 * the connection would be reset at the end, its request unread. Its first packet is dropped until
 * then, so that it is told that nobody listens. A kernel without such filters has that gap. */
static void let_nobody_in(int listen_fd)
{
    struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
    struct sock_fprog all = {.len = 1, .filter = &nothing};
    setsockopt(listen_fd, SOL_SOCKET, SO_ATTACH_FILTER, &all, sizeof(all));
}

bool aurora_http_drain(aurora_http_server *server, uint32_t timeout_ms)
{
    const struct timespec end = after_ms(timeout_ms);
    bool is_over = false;
    atomic_store(&server->stage, AURORA__STOPPED_ACCEPTING);
    let_nobody_in(server->listen_fd);
    aurora_http_drain_begin(server);
    for (uint32_t i = 0; i < server->options.loops; i++)
        aurora__loop_wake(server->loops[i]);
    pthread_mutex_lock(&server->mutex);
    while (!have_stopped_accepting(server))
        pthread_cond_wait(&server->changed, &server->mutex);
    shutdown(server->listen_fd, SHUT_RDWR); /* not closed: the loops' epoll still knows it */
    while (atomic_load(&server->connections) > 0 && !is_over)
        is_over = pthread_cond_timedwait(&server->changed, &server->mutex, &end) == ETIMEDOUT;
    pthread_mutex_unlock(&server->mutex);
    return atomic_load(&server->connections) == 0;
}

void aurora_http_free(aurora_http_server *server)
{
    if (server == NULL)
        return;
    if (server->workers != NULL)
        aurora__workers_stop(server->workers);
    for (uint32_t i = 0; server->loops != NULL && i < server->options.loops; i++) {
        if (server->loops[i] != NULL)
            aurora__loop_stop(server->loops[i]);
    }
    for (uint32_t i = 0; server->loops != NULL && i < server->options.loops; i++) {
        if (server->loops[i] != NULL)
            aurora__loop_free(server->loops[i]);
    }
    aurora__workers_free(server->workers);
    aurora__streams_free(server->streams);
    aurora__crowd_free(server->crowd);
    aurora_router_free(server->router);
    aurora__cors_free(atomic_load(&server->cors));
    if (server->listen_fd >= 0)
        close(server->listen_fd);
    pthread_cond_destroy(&server->changed);
    pthread_mutex_destroy(&server->mutex);
    pthread_rwlock_destroy(&server->proxies_lock);
    free(server->loops);
    free(server->listen);
    OPENSSL_cleanse(server->secret, server->secret == NULL ? 0 : strlen(server->secret));
    free(server->secret);
    free(server);
}

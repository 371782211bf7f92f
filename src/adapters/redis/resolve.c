/* SPDX-License-Identifier: MIT */
#include "adapters/redis/resolve.h"

#include <netdb.h>
#include <signal.h>
#include <string.h>

/* An empty list where nothing is found. */
static void look_up(const char *host, const char *port, int flags, aurora__redis_endpoints *out)
{
    struct addrinfo *found = NULL;
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | flags};
    out->count = 0;
    if (getaddrinfo(host, port, &hints, &found) != 0)
        return;
    for (const struct addrinfo *at = found; at != NULL; at = at->ai_next) {
        if (out->count == AURORA__REDIS_ENDPOINTS_MAX ||
            at->ai_addrlen > sizeof out->list[0].address)
            continue;
        aurora__redis_endpoint *endpoint = &out->list[out->count++];
        memcpy(&endpoint->address, at->ai_addr, at->ai_addrlen);
        endpoint->len = at->ai_addrlen;
    }
    freeaddrinfo(found);
}

void aurora__redis_resolver_init(aurora__redis_resolver *resolver, const char *host,
                                 const char *port)
{
    *resolver = (aurora__redis_resolver){.host = host, .port = port};
    pthread_mutex_init(&resolver->lock, NULL);
    look_up(host, port, AI_NUMERICHOST, &resolver->endpoints);
    resolver->is_number = resolver->endpoints.count > 0;
    if (!resolver->is_number)
        look_up(host, port, 0, &resolver->endpoints);
}

void aurora__redis_resolver_deinit(aurora__redis_resolver *resolver)
{
    if (resolver->has_thread)
        pthread_join(resolver->thread, NULL);
    pthread_mutex_destroy(&resolver->lock);
}

void aurora__redis_resolver_read(aurora__redis_resolver *resolver, aurora__redis_endpoints *out)
{
    pthread_mutex_lock(&resolver->lock);
    *out = resolver->endpoints;
    pthread_mutex_unlock(&resolver->lock);
}

static void *run(void *argument)
{
    aurora__redis_resolver *resolver = argument;
    aurora__redis_endpoints found;
    look_up(resolver->host, resolver->port, 0, &found);
    pthread_mutex_lock(&resolver->lock);
    if (found.count > 0)
        resolver->endpoints = found;
    resolver->is_running = false;
    pthread_mutex_unlock(&resolver->lock);
    return NULL;
}

/* Signals are the host's: none of them shall be handled on our thread. */
void aurora__redis_resolver_hasten(aurora__redis_resolver *resolver)
{
    sigset_t all, before;
    if (resolver->is_number)
        return;
    pthread_mutex_lock(&resolver->lock);
    if (!resolver->is_running) {
        if (resolver->has_thread)
            pthread_join(resolver->thread, NULL);
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        resolver->has_thread = pthread_create(&resolver->thread, NULL, run, resolver) == 0;
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        resolver->is_running = resolver->has_thread;
    }
    pthread_mutex_unlock(&resolver->lock);
}

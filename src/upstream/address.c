/* SPDX-License-Identifier: MIT */
/* "HOST:PORT", and what the system's resolver makes of it. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "upstream/internal.h"

/* The host's bytes of "HOST:PORT" or "[SIX]:PORT", and the port. */
static const char *split(const char *text, char host[AURORA_UPSTREAM_ADDRESS_BYTES],
                         uint16_t *port_out)
{
    const char *colon = strrchr(text, ':');
    bool is_bracketed = text[0] == '[';
    if (colon == NULL || colon == text)
        return "must be HOST:PORT";
    size_t digits = strspn(colon + 1, "0123456789");
    long port =
        digits >= 1 && digits <= 5 && colon[1 + digits] == '\0' ? strtol(colon + 1, NULL, 10) : 0;
    if (port < 1 || port > 65535)
        return "must end in a port of 1 to 65535";
    size_t len = (size_t)(colon - text) - (is_bracketed ? 2 : 0);
    if (is_bracketed && (colon - text < 3 || colon[-1] != ']'))
        return "must have its address of IPv6 in brackets";
    if (len >= AURORA_UPSTREAM_ADDRESS_BYTES - 16)
        return "is too long";
    memcpy(host, text + is_bracketed, len);
    host[len] = '\0';
    *port_out = (uint16_t)port;
    return NULL;
}

static bool is_name(const char *host)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
    return host[strspn(host, allowed)] == '\0';
}

const char *aurora_upstream_check_address(const char *address)
{
    char host[AURORA_UPSTREAM_ADDRESS_BYTES];
    struct in6_addr six;
    uint16_t port;
    const char *why = split(address, host, &port);
    if (why != NULL)
        return why;
    if (address[0] == '[')
        return inet_pton(AF_INET6, host, &six) == 1 ? NULL : "is no address of IPv6";
    return is_name(host) ? NULL : "must be a name or an address, a colon and a port";
}

static bool read_numeric(const char *host, uint16_t port, aurora__socket_address *out)
{
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, host, &out->at.four.sin_addr) == 1) {
        out->at.four.sin_family = AF_INET;
        out->at.four.sin_port = htons(port);
        out->len = sizeof out->at.four;
    } else if (inet_pton(AF_INET6, host, &out->at.six.sin6_addr) == 1) {
        out->at.six.sin6_family = AF_INET6;
        out->at.six.sin6_port = htons(port);
        out->len = sizeof out->at.six;
    }
    return out->len > 0;
}

bool aurora__address_init(aurora__address *address, const char *text)
{
    char host[AURORA_UPSTREAM_ADDRESS_BYTES] = "";
    uint16_t port;
    size_t len = strlen(text);
    if (aurora_upstream_check_address(text) != NULL || split(text, host, &port) != NULL)
        return false;
    memcpy(address->text, text, len + 1);
    memcpy(address->host, host, sizeof host);
    address->is_name = !read_numeric(host, port, &address->socket);
    pthread_mutex_init(&address->mutex, NULL);
    return true;
}

void aurora__address_deinit(aurora__address *address)
{
    aurora_tls_sessions_free(address->sessions);
    pthread_mutex_destroy(&address->mutex);
}

/* IPv4 first: what listens on "localhost" mostly listens there. */
static const struct addrinfo *prefer(const struct addrinfo *all)
{
    for (const struct addrinfo *at = all; at != NULL; at = at->ai_next) {
        if (at->ai_family == AF_INET)
            return at;
    }
    return all;
}

void aurora__address_resolve(aurora__address *address)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    char host[AURORA_UPSTREAM_ADDRESS_BYTES];
    struct addrinfo *found = NULL;
    uint16_t port;
    if (!address->is_name || split(address->text, host, &port) != NULL ||
        getaddrinfo(host, NULL, &hints, &found) != 0)
        return; /* what was known goes on to be used */
    const struct addrinfo *best = prefer(found);
    pthread_mutex_lock(&address->mutex);
    if (best != NULL && best->ai_addrlen <= sizeof address->socket.at) {
        memcpy(&address->socket.at, best->ai_addr, best->ai_addrlen);
        address->socket.len = best->ai_addrlen;
        if (best->ai_family == AF_INET)
            address->socket.at.four.sin_port = htons(port);
        else
            address->socket.at.six.sin6_port = htons(port);
    }
    pthread_mutex_unlock(&address->mutex);
    freeaddrinfo(found);
}

aurora__socket_address aurora__address_socket(aurora__address *address)
{
    if (!address->is_name)
        return address->socket;
    pthread_mutex_lock(&address->mutex);
    aurora__socket_address socket = address->socket;
    pthread_mutex_unlock(&address->mutex);
    return socket;
}

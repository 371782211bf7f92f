/* SPDX-License-Identifier: MIT */
/* Who a request's client is, as the server's trusted proxies say; they may be changed while it
 * serves. */
#include "http/loop.h"

#include <string.h>

void aurora_http_set_trusted_proxies(aurora_http_server *server, const aurora_http_proxies *proxies)
{
    pthread_rwlock_wrlock(&server->proxies_lock);
    server->proxies = *proxies;
    atomic_store_explicit(&server->has_proxies, proxies->count > 0, memory_order_relaxed);
    pthread_rwlock_unlock(&server->proxies_lock);
}

static bool has_proxies(aurora_http_server *server)
{
    return atomic_load_explicit(&server->has_proxies, memory_order_relaxed);
}

bool aurora__server_trusts(aurora_http_server *server, const aurora_http_address *address)
{
    if (!has_proxies(server))
        return false;
    pthread_rwlock_rdlock(&server->proxies_lock);
    bool is_trusted = aurora_http_proxies_has(&server->proxies, address);
    pthread_rwlock_unlock(&server->proxies_lock);
    return is_trusted;
}

void aurora__exchange_attach(aurora_http_exchange *exchange, aurora__connection *connection)
{
    exchange->connection = connection;
    exchange->client = connection->address;
    memcpy(exchange->peer, connection->peer, sizeof exchange->peer);
    if (connection->tls != NULL)
        aurora__connection_tls_mark(connection, exchange);
}

void aurora__exchange_find_client(aurora_http_exchange *exchange)
{
    const aurora__connection *connection = exchange->connection;
    aurora_http_server *server = exchange->loop->server;
    if (connection == NULL || !has_proxies(server))
        return;
    pthread_rwlock_rdlock(&server->proxies_lock);
    exchange->is_proxied = aurora_http_proxies_has(&server->proxies, &connection->address);
    if (exchange->is_proxied)
        exchange->client =
            aurora_http_client_address(&server->proxies, &connection->address,
                                       aurora_http_header(exchange, "X-Forwarded-For"));
    pthread_rwlock_unlock(&server->proxies_lock);
    if (exchange->is_proxied)
        aurora_http_address_write(&exchange->client, exchange->peer);
}

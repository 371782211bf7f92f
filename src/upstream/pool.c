/* SPDX-License-Identifier: MIT */
/* What a loop has of its upstreams. */
#include <stdlib.h>

#include "upstream/internal.h"

#define SWEEP_MS 250L

aurora__upstream_place *aurora__pool_place(aurora_upstream_pool *pool,
                                           const aurora_upstream *upstream)
{
    for (uint32_t i = 0; i < pool->place_count; i++) {
        if (pool->places[i].upstream == upstream)
            return &pool->places[i];
    }
    return NULL;
}

void aurora__pool_bury(aurora_upstream_pool *pool)
{
    if (pool->depth > 0)
        return;
    while (pool->dead != NULL) {
        aurora_upstream_call *call = pool->dead;
        pool->dead = call->next;
        free(call->text);
        free(call);
    }
    while (pool->dead_connections != NULL) {
        aurora__upstream_connection *connection = pool->dead_connections;
        pool->dead_connections = connection->next;
        aurora__upstream_connection_free(connection);
    }
}

static void on_sweep(evutil_socket_t fd, short what, void *argument)
{
    aurora_upstream_pool *pool = argument;
    int64_t now_ns = aurora__now_ns();
    (void)fd;
    (void)what;
    pool->depth++;
    aurora__upstream_sweep(pool, now_ns);
    aurora__upstream_probe(pool, now_ns);
    pool->depth--;
    aurora__pool_bury(pool);
}

aurora_upstream_pool *aurora_upstream_pool_new(aurora_http_loop *loop,
                                               aurora_upstream *const *upstreams, uint32_t count)
{
    static const struct timeval period = {.tv_usec = SWEEP_MS * 1000};
    aurora_upstream_pool *pool = calloc(1, sizeof *pool + count * sizeof *pool->places);
    if (pool == NULL)
        return NULL;
    pool->loop = loop;
    pool->place_count = count;
    for (uint32_t i = 0; i < count; i++) {
        aurora__upstream_place *place = &pool->places[i];
        place->upstream = upstreams[i];
        if (upstreams[i]->options.tls != NULL && pool->tls_scratch == NULL &&
            (pool->tls_scratch = aurora_tls_scratch_new()) == NULL) {
            aurora_upstream_pool_free(pool);
            return NULL;
        }
        place->probes =
            upstreams[i]->probe != NULL && !atomic_exchange(&upstreams[i]->is_probed, true);
    }
    pool->sweep = event_new(loop->base, -1, EV_PERSIST, on_sweep, pool);
    if (pool->sweep == NULL || event_add(pool->sweep, &period) != 0) {
        aurora_upstream_pool_free(pool);
        return NULL;
    }
    event_active(pool->sweep, EV_TIMEOUT, 0); /* the first probes */
    return pool;
}

void aurora_upstream_pool_free(aurora_upstream_pool *pool)
{
    if (pool == NULL)
        return;
    aurora__calls_drop(pool);
    while (pool->connections != NULL)
        aurora__upstream_connection_drop(pool->connections);
    aurora__pool_bury(pool);
    if (pool->sweep != NULL)
        event_free(pool->sweep);
    for (uint32_t i = 0; i < pool->place_count; i++) {
        if (pool->places[i].probes)
            atomic_store(&pool->places[i].upstream->is_probed, false);
    }
    free(pool->tls_scratch);
    free(pool);
}

/* SPDX-License-Identifier: MIT */
/* Asks each address regularly whether it takes calls, so that no caller has to find out, and opens
 * the breaker's way again for one that does. */
#include <string.h>

#include "upstream/internal.h"

#define MS_NS INT64_C(1000000)
#define PROBE_MS_MIN 200 /* for an answer */

/* Where the answer belongs: `self` of the listener is the place of the call in `probing` of one of
 * the pool's places. */
static aurora__upstream_place *place_of(aurora_upstream_pool *pool, aurora_upstream_call **at)
{
    aurora__upstream_place *place = pool->places;
    for (uint32_t i = 1; i < pool->place_count; i++) {
        if (at >= place->probing && at < place->probing + AURORA_UPSTREAM_ADDRESSES_MAX)
            break;
        place++;
    }
    return place;
}

static aurora__address *address_of(aurora_upstream_call **at)
{
    aurora__upstream_place *place = place_of((*at)->pool, at);
    return &place->upstream->addresses[at - place->probing];
}

/* What was held against it is over. */
static void close_breaker(aurora__address *address)
{
    int64_t now_ns = aurora__now_ns();
    pthread_mutex_lock(&address->mutex);
    int32_t state = aurora_breaker_state(&address->breaker, now_ns);
    if (state == AURORA_BREAKER_OPEN || state == AURORA_BREAKER_HALF_OPEN)
        (void)aurora_breaker_force(&address->breaker, AURORA_BREAKER_CLOSED, now_ns);
    pthread_mutex_unlock(&address->mutex);
}

/* Where it holds and is news, after a while that keeps one that comes and goes from filling a
 * log. */
static void tell(aurora_upstream_call **at)
{
    const aurora_upstream *upstream = place_of((*at)->pool, at)->upstream;
    aurora__address *address = address_of(at);
    int32_t state = atomic_load(&address->state);
    bool is_bad = state != AURORA_UPSTREAM_UP;
    int64_t now_ns = aurora__now_ns();
    if (upstream->options.changed == NULL || is_bad == address->is_told_bad ||
        (address->told_ns != 0 && now_ns - address->told_ns < upstream->options.told_ms * MS_NS))
        return;
    address->is_told_bad = is_bad;
    address->told_ns = now_ns;
    upstream->options.changed(upstream->options.changed_self, upstream->name, address->text, state,
                              state == AURORA_UPSTREAM_UNREACHABLE ? address->why : "");
}

static void on_head(void *self, const aurora_upstream_head *head)
{
    aurora_upstream_call **at = self;
    aurora__address *address = address_of(at);
    bool is_up = head->status >= 200 && head->status < 300;
    atomic_store(&address->state, is_up ? AURORA_UPSTREAM_UP : AURORA_UPSTREAM_NOT_READY);
    if (is_up)
        close_breaker(address);
    tell(at);
}

static void on_body(void *self, const char *data, size_t len)
{
    (void)self;
    (void)data;
    (void)len;
}

static void on_end(void *self)
{
    aurora_upstream_call **at = self;
    *at = NULL;
}

static void on_failure(void *self, int why, const char *detail, uint32_t retry_after_s)
{
    aurora_upstream_call **at = self;
    (void)why;
    (void)retry_after_s;
    address_of(at)->why = detail;
    atomic_store(&address_of(at)->state, AURORA_UPSTREAM_UNREACHABLE);
    tell(at);
    *at = NULL;
}

static void probe(aurora_upstream_pool *pool, aurora__upstream_place *place, uint32_t index,
                  int64_t now_ns)
{
    static const aurora_upstream_listener listener = {
        .head = on_head, .body = on_body, .ended = on_end, .failed = on_failure};
    const aurora_upstream *upstream = place->upstream;
    uint32_t ms =
        upstream->options.probe_ms < PROBE_MS_MIN ? PROBE_MS_MIN : upstream->options.probe_ms;
    const aurora_upstream_request request = {
        .method = "GET",
        .path = upstream->probe,
        .query = "",
        .is_repeatable = true,
        .deadline_ns = now_ns + ms * MS_NS,
    };
    if (place->probing[index] == NULL)
        place->probing[index] =
            aurora__call_probe(pool, place, index, &request, &listener, &place->probing[index]);
}

void aurora__upstream_probe(aurora_upstream_pool *pool, int64_t now_ns)
{
    for (uint32_t i = 0; i < pool->place_count; i++) {
        aurora__upstream_place *place = &pool->places[i];
        if (!place->probes || now_ns < place->probe_due_ns)
            continue;
        place->probe_due_ns = now_ns + place->upstream->options.probe_ms * MS_NS;
        for (uint32_t index = 0; index < place->upstream->address_count; index++)
            probe(pool, place, index, now_ns);
    }
}

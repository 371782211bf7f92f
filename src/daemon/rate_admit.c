/* SPDX-License-Identifier: MIT */
/* One request and the policies that match its route. */
#include <string.h>

#include "daemon/rate_answer.h"
#include "daemon/rate_internal.h"
#include "http/clock.h"
#include "http/server.h"

#define KEY_BYTES 264 /* of the longest principal */
#define SECOND_NS INT64_C(1000000000)

/* The keys of one request, each made when it is asked for. */
typedef struct {
    const aurora_http_exchange *exchange;
    uint32_t lens[AURORA__RATE_KEY_COUNT];
    const char *keys[AURORA__RATE_KEY_COUNT]; /* NULL = not yet */
    char address[AURORA_HTTP_ADDRESS_TEXT_BYTES + 8];
    char principal[KEY_BYTES];
} keys;

static void count(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* --- keys ------------------------------------------------------------------------------------- */

static void keep(keys *of, aurora__rate_key kind, const char *text, size_t len)
{
    of->keys[kind] = text;
    of->lens[kind] = (uint32_t)len;
}

/* Of IPv6 the network, since a host has 2^64 of its addresses. */
static void make_address(keys *of)
{
    const aurora_http_address *client = aurora_http_exchange_client(of->exchange);
    memcpy(of->address, "a:", 2);
    if (aurora_http_address_is_v4(client)) {
        size_t len = strlen(aurora_http_exchange_peer(of->exchange));
        memcpy(of->address + 2, aurora_http_exchange_peer(of->exchange), len + 1);
    } else {
        const aurora_http_address network = aurora_http_address_client(client);
        aurora_http_address_write(&network, of->address + 2);
        size_t len = strlen(of->address);
        memcpy(of->address + len, "/64", sizeof "/64");
    }
    keep(of, AURORA__RATE_ADDRESS, of->address, strlen(of->address));
}

static void make_principal(keys *of, const char *name)
{
    size_t len = strlen(name);
    if (len > sizeof of->principal - 3)
        len = sizeof of->principal - 3;
    memcpy(of->principal, "p:", 2);
    memcpy(of->principal + 2, name, len);
    keep(of, AURORA__RATE_PRINCIPAL, of->principal, len + 2);
}

/* False where the policy counts nobody who asks like this. Whom authentication refuses is counted
 * as who it is known to be, and not with all: strangers must not use up what customers share. */
static bool find_key(keys *of, aurora__rate_key kind, aurora__rate_ask *ask)
{
    const aurora_http_principal *principal = aurora_http_exchange_principal(of->exchange);
    if (kind == AURORA__RATE_PRINCIPAL && !principal->is_authenticated)
        return false;
    if (kind == AURORA__RATE_ALL && aurora_http_exchange_is_refused(of->exchange))
        return false;
    if (kind == AURORA__RATE_CLIENT)
        kind = principal->is_authenticated ? AURORA__RATE_PRINCIPAL : AURORA__RATE_ADDRESS;
    if (of->keys[kind] == NULL) {
        if (kind == AURORA__RATE_ADDRESS)
            make_address(of);
        else if (kind == AURORA__RATE_PRINCIPAL)
            make_principal(of, principal->name);
        else
            keep(of, AURORA__RATE_ALL, "", 0);
    }
    ask->key = of->keys[kind];
    ask->key_len = of->lens[kind];
    return true;
}

static uint32_t find_asks(keys *of, const aurora__rate_route *route, aurora__rate_ask *asks)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < route->count; i++) {
        if (!find_key(of, route->claims[i].rule->key, &asks[found]))
            continue;
        asks[found].claim = &route->claims[i];
        asks[found++].is_known = false;
    }
    return found;
}

/* --- taking ----------------------------------------------------------------------------------- */

static bool is_allowed(const aurora__rate_ask *asks, uint32_t count_of)
{
    for (uint32_t i = 0; i < count_of; i++) {
        if (asks[i].is_known && !asks[i].limit.is_allowed && !asks[i].claim->rule->is_shadow)
            return false;
    }
    return true;
}

/* Takes here: from all, or, while what processes share is away, where the fallback says so. */
static void take_here(aurora__rate_ask *asks, uint32_t count_of, bool is_fallback, int64_t now)
{
    aurora_limiter_claim claims[AURORA__RATE_CLAIMS_MAX];
    const aurora_limiter_claim *given[AURORA__RATE_CLAIMS_MAX] = {NULL};
    aurora_limit limits[AURORA__RATE_CLAIMS_MAX];
    uint32_t places[AURORA__RATE_CLAIMS_MAX], taken = 0;
    for (uint32_t i = 0; i < count_of; i++) {
        const aurora__rate_rule *rule = asks[i].claim->rule;
        if (is_fallback && rule->fallback != AURORA__RATE_LOCAL)
            continue;
        aurora_limiter_claim *claim = &claims[taken];
        aurora_limiter_claim_init(claim);
        claim->flags = rule->is_shadow ? AURORA_LIMITER_SHADOW : 0;
        claim->limiter = rule->store->local[asks[i].claim->window];
        claim->key = asks[i].key;
        claim->key_len = asks[i].key_len;
        claim->n = asks[i].claim->cost;
        given[taken] = claim;
        places[taken++] = i;
    }
    aurora_limiter_try_take_all(given, taken, now, limits);
    for (uint32_t i = 0; i < taken; i++) {
        asks[places[i]].limit = limits[i];
        asks[places[i]].is_known = true;
    }
}

/* False where nobody can say. */
static bool take_shared(aurora__rate_limit *limit, aurora__rate_ask *asks, uint32_t count_of,
                        int64_t now)
{
    aurora_limiter_take takes[AURORA__RATE_CLAIMS_MAX];
    aurora_limit limits[AURORA__RATE_CLAIMS_MAX];
    uint64_t wanted[AURORA__RATE_CLAIMS_MAX], extras[AURORA__RATE_CLAIMS_MAX];
    aurora__rate_leases_want(limit->leases, asks, count_of, now, wanted);
    for (uint32_t i = 0; i < count_of; i++) {
        const aurora__rate_claim *claim = asks[i].claim;
        const aurora__rate_bucket *bucket = &claim->rule->windows[claim->window];
        takes[i] =
            (aurora_limiter_take){.policy = bucket->shared,
                                  .key = asks[i].key,
                                  .key_len = asks[i].key_len,
                                  .flags = claim->rule->is_shadow ? AURORA_LIMITER_TAKE_SHADOW : 0,
                                  .tokens = bucket->rate.tokens,
                                  .per_ns = bucket->rate.per_ns,
                                  .burst = bucket->rate.burst,
                                  .cost = claim->cost,
                                  .extra = wanted[i]};
    }
    if (limit->port.take_all(limit->port.self, takes, count_of, limits, extras) != AURORA_OK)
        return false;
    for (uint32_t i = 0; i < count_of; i++) {
        asks[i].limit = limits[i];
        asks[i].is_known = true;
    }
    aurora__rate_leases_note(limit->leases, asks, count_of, extras, now);
    for (uint32_t i = 0; i < count_of; i++)
        asks[i].limit.remaining += extras[i]; /* they are here, and not gone */
    count(&limit->asked);
    return true;
}

/* --- the answer ------------------------------------------------------------------------------- */

/* Refusals of a policy are told once a second at most: an attack must not fill the log. */
static void tell(aurora__rate_limit *limit, const aurora__rate_ask *ask, int64_t now)
{
    aurora__rate_store *store = ask->claim->rule->store;
    int64_t last = atomic_load_explicit(&store->logged_ns, memory_order_relaxed);
    count(&store->untold);
    if (limit->log == NULL || (last != 0 && now - last < SECOND_NS) ||
        !atomic_compare_exchange_strong(&store->logged_ns, &last, now))
        return;
    uint64_t times = atomic_exchange(&store->untold, 0);
    bool is_shadow = ask->claim->rule->is_shadow;
    aurora_service_log_write(limit->log, is_shadow ? AURORA_LOG_WARNING : AURORA_LOG_INFO,
                             "limiter", "policy %s %s %llu requests, the last of %.*s (%s)",
                             store->name, is_shadow ? "would have refused" : "refused",
                             (unsigned long long)times, (int)ask->key_len, ask->key,
                             ask->claim->rule->windows[ask->claim->window].name);
}

/* Counts each policy once, whatever the number of its windows. */
static void count_policies(aurora__rate_limit *limit, const aurora__rate_ask *asks,
                           uint32_t count_of, bool may_go_on, int64_t now)
{
    for (uint32_t i = 0; i < count_of;) {
        const aurora__rate_rule *rule = asks[i].claim->rule;
        const aurora__rate_ask *refusal = NULL;
        bool is_known = false;
        for (; i < count_of && asks[i].claim->rule == rule; i++) {
            is_known |= asks[i].is_known;
            if (asks[i].is_known && !asks[i].limit.is_allowed)
                refusal = &asks[i];
        }
        if (refusal != NULL) {
            count(rule->is_shadow ? &rule->store->shadow : &rule->store->denied);
            tell(limit, refusal, now);
        } else if (is_known && may_go_on) {
            count(&rule->store->allowed);
        }
    }
}

static int answer(aurora__rate_limit *limit, aurora_http_exchange *exchange,
                  const aurora__rate_route *route, const aurora__rate_ask *asks, uint32_t count_of,
                  int64_t now)
{
    bool may_go_on = is_allowed(asks, count_of);
    count_policies(limit, asks, count_of, may_go_on, now);
    count(may_go_on ? &limit->admitted : &limit->refused);
    aurora__rate_answer_fields(exchange, route->field, asks, count_of);
    if (may_go_on)
        return AURORA_HTTP_ADMIT_YES;
    aurora__rate_answer_refusal(exchange, asks, count_of);
    return AURORA_HTTP_ADMIT_NO;
}

/* What processes share does not answer. */
static bool is_closed(const aurora__rate_ask *asks, uint32_t count_of)
{
    for (uint32_t i = 0; i < count_of; i++) {
        const aurora__rate_rule *rule = asks[i].claim->rule;
        if (rule->fallback == AURORA__RATE_CLOSED && !rule->is_shadow)
            return true;
    }
    return false;
}

/* AURORA__RATE_UNKNOWN: it takes a network. */
static int decide(aurora__rate_limit *limit, aurora__rate_ask *asks, uint32_t count_of,
                  bool may_wait, int64_t now)
{
    if (limit->port.take_all == NULL) {
        take_here(asks, count_of, false, now);
        return AURORA__RATE_ALLOWED;
    }
    /* On a worker the loop has asked already. */
    int verdict = may_wait ? AURORA__RATE_UNKNOWN
                           : aurora__rate_leases_decide(limit->leases, asks, count_of, now);
    if (verdict != AURORA__RATE_UNKNOWN || !may_wait)
        return verdict;
    if (take_shared(limit, asks, count_of, now))
        return AURORA__RATE_ALLOWED;
    count(&limit->unreachable);
    if (is_closed(asks, count_of))
        return AURORA__RATE_DENIED;
    take_here(asks, count_of, true, now);
    return AURORA__RATE_ALLOWED;
}

static int admit(aurora__rate_limit *limit, const aurora__rate_route *route,
                 aurora_http_exchange *exchange, bool may_wait)
{
    aurora__rate_ask asks[AURORA__RATE_CLAIMS_MAX];
    keys of = {.exchange = exchange};
    uint32_t found = find_asks(&of, route, asks);
    int64_t now = aurora__now_ns();
    if (found == 0)
        return AURORA_HTTP_ADMIT_YES;
    switch (decide(limit, asks, found, may_wait, now)) {
    case AURORA__RATE_UNKNOWN:
        return AURORA_HTTP_ADMIT_LATER;
    case AURORA__RATE_DENIED:
        if (!is_allowed(asks, found))
            break;
        aurora__rate_answer_closed(exchange);
        return AURORA_HTTP_ADMIT_NO;
    default:
        break;
    }
    return answer(limit, exchange, route, asks, found, now);
}

int aurora__rate_limit_admit(aurora__rate_limit *limit, aurora_http_exchange *exchange,
                             bool may_wait)
{
    if (!aurora__rate_limit_has_policies(limit))
        return AURORA_HTTP_ADMIT_YES;
    aurora__rate_table *table = aurora__rate_limit_table(limit);
    ptrdiff_t at = aurora_http_exchange_route(exchange) - table->served;
    const aurora__rate_route *route = &table->routes[at];
    int verdict =
        route->count == 0 ? AURORA_HTTP_ADMIT_YES : admit(limit, route, exchange, may_wait);
    aurora__rate_table_drop(table);
    return verdict;
}

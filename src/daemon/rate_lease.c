/* SPDX-License-Identifier: MIT */
#include "daemon/rate_lease.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SETS 1024 /* a power of two */
#define WAYS 8
#define KEY_BYTES 72              /* longer ones are asked for each time */
#define SHARE 8                   /* of a burst that one process has ahead at most: 1 / SHARE */
#define REFUSAL_NS_MAX 1000000000 /* then it asks again: Redis may have lost its state */

typedef struct {
    uint32_t store, window;
    uint32_t key_len; /* 0 of an entry that is free too: `is_used` */
    bool is_used;
    char key[KEY_BYTES];
    int64_t used_ns; /* last */
    uint64_t tokens; /* ahead */
    int64_t tokens_until_ns;
    int64_t refused_until_ns; /* whoever asks for refused_cost at least */
    uint64_t refused_cost;
    int64_t counted_since_ns; /* calls, by spans of the lease's time */
    uint32_t calls, calls_before;
    aurora_limit limit; /* when it was last asked for */
    int64_t limit_ns;
} entry;

struct aurora__rate_leases {
    pthread_mutex_t lock;
    uint64_t seed;
    aurora__rate_lease_figures figures;
    entry entries[SETS][WAYS];
};

aurora__rate_leases *aurora__rate_leases_new(uint64_t seed)
{
    aurora__rate_leases *leases = calloc(1, sizeof *leases);
    if (leases == NULL)
        return NULL;
    leases->seed = seed;
    pthread_mutex_init(&leases->lock, NULL);
    return leases;
}

void aurora__rate_leases_free(aurora__rate_leases *leases)
{
    if (leases == NULL)
        return;
    pthread_mutex_destroy(&leases->lock);
    free(leases);
}

/* --- entries ---------------------------------------------------------------------------------- */

/* A collision costs a round trip and nothing else: keys are compared whole. */
static uint64_t hash(const aurora__rate_leases *leases, const aurora__rate_ask *ask)
{
    uint64_t sum = leases->seed ^ ((uint64_t)ask->claim->rule->store->id << 8 | ask->claim->window);
    for (uint32_t at = 0; at < ask->key_len; at += 8) {
        uint64_t word = 0;
        memcpy(&word, ask->key + at, ask->key_len - at < 8 ? ask->key_len - at : 8);
        sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        sum ^= sum >> 29;
    }
    return sum * UINT64_C(0xbf58476d1ce4e5b9) >> 32;
}

static bool is_of(const entry *at, const aurora__rate_ask *ask)
{
    return at->is_used && at->store == ask->claim->rule->store->id &&
           at->window == ask->claim->window && at->key_len == ask->key_len &&
           memcmp(at->key, ask->key, ask->key_len) == 0;
}

static entry *find(aurora__rate_leases *leases, const aurora__rate_ask *ask)
{
    entry *set = leases->entries[hash(leases, ask) & (SETS - 1)];
    for (int i = 0; i < WAYS && ask->key_len <= KEY_BYTES; i++) {
        if (is_of(&set[i], ask))
            return &set[i];
    }
    return NULL;
}

/* The one that was used least recently goes; tokens in it are lost, which admits nobody. */
static entry *find_or_make(aurora__rate_leases *leases, const aurora__rate_ask *ask, int64_t now_ns)
{
    entry *known = find(leases, ask);
    if (known != NULL || ask->key_len > KEY_BYTES)
        return known;
    entry *set = leases->entries[hash(leases, ask) & (SETS - 1)], *oldest = set;
    for (int i = 0; i < WAYS; i++) {
        if (!set[i].is_used || (oldest->is_used && set[i].used_ns < oldest->used_ns))
            oldest = &set[i];
    }
    leases->figures.keys += !oldest->is_used;
    *oldest = (entry){.store = ask->claim->rule->store->id,
                      .window = ask->claim->window,
                      .key_len = ask->key_len,
                      .is_used = true,
                      .counted_since_ns = now_ns};
    memcpy(oldest->key, ask->key, ask->key_len);
    return oldest;
}

/* --- how hot it is ---------------------------------------------------------------------------- */

static void count_call(entry *at, int64_t lease_ns, int64_t now_ns)
{
    int64_t span_ns = lease_ns > 0 ? lease_ns : REFUSAL_NS_MAX;
    int64_t since_ns = now_ns - at->counted_since_ns;
    if (since_ns >= span_ns) {
        at->calls_before = since_ns < 2 * span_ns ? at->calls : 0;
        at->calls = 0;
        at->counted_since_ns = now_ns;
    }
    at->calls++;
    at->used_ns = now_ns;
}

static uint64_t calls_of(const entry *at)
{
    return at->calls > at->calls_before ? at->calls : at->calls_before;
}

static uint64_t tokens_of(const entry *at, int64_t now_ns)
{
    return now_ns < at->tokens_until_ns ? at->tokens : 0;
}

/* --- decisions -------------------------------------------------------------------------------- */

static bool is_refused(const entry *at, uint64_t cost, int64_t now_ns)
{
    return now_ns < at->refused_until_ns && cost >= at->refused_cost;
}

/* The bucket as it was, with what is ahead as if it were still in it. */
static void show(const entry *at, aurora__rate_ask *ask, bool is_allowed, int64_t now_ns)
{
    int64_t reset_ns = at->limit.reset_ns - (now_ns - at->limit_ns);
    ask->limit = at->limit;
    ask->limit.remaining = is_allowed ? at->limit.remaining + tokens_of(at, now_ns) : 0;
    ask->limit.reset_ns = reset_ns > 0 ? reset_ns : 0;
    ask->limit.is_allowed = is_allowed;
    ask->limit.retry_after_ns = is_allowed ? 0 : at->limit.retry_after_ns - (now_ns - at->limit_ns);
    ask->is_known = true;
}

static int judge(aurora__rate_ask *asks, entry **found, uint32_t count, int64_t now_ns)
{
    bool has_all = true, is_denied = false;
    for (uint32_t i = 0; i < count; i++) {
        const aurora__rate_claim *claim = asks[i].claim;
        asks[i].is_known = false;
        if (found[i] == NULL) {
            has_all = false;
        } else if (is_refused(found[i], claim->cost, now_ns)) {
            show(found[i], &asks[i], false, now_ns);
            is_denied |= !claim->rule->is_shadow;
        } else {
            has_all &= tokens_of(found[i], now_ns) >= claim->cost;
        }
    }
    return is_denied ? AURORA__RATE_DENIED : has_all ? AURORA__RATE_ALLOWED : AURORA__RATE_UNKNOWN;
}

static void take(aurora__rate_leases *leases, aurora__rate_ask *asks, entry **found, uint32_t count,
                 int64_t now_ns)
{
    for (uint32_t i = 0; i < count; i++) {
        if (asks[i].is_known)
            continue; /* a shadow that would refuse */
        found[i]->tokens -= asks[i].claim->cost;
        leases->figures.used += asks[i].claim->cost;
        show(found[i], &asks[i], true, now_ns);
    }
}

int aurora__rate_leases_decide(aurora__rate_leases *leases, aurora__rate_ask *asks, uint32_t count,
                               int64_t now_ns)
{
    entry *found[AURORA__RATE_CLAIMS_MAX];
    pthread_mutex_lock(&leases->lock);
    for (uint32_t i = 0; i < count; i++) {
        found[i] = find(leases, &asks[i]);
        if (found[i] != NULL)
            count_call(found[i], asks[i].claim->rule->lease_ns, now_ns);
    }
    int verdict = judge(asks, found, count, now_ns);
    if (verdict == AURORA__RATE_ALLOWED)
        take(leases, asks, found, count, now_ns);
    leases->figures.allowed += verdict == AURORA__RATE_ALLOWED;
    leases->figures.denied += verdict == AURORA__RATE_DENIED;
    pthread_mutex_unlock(&leases->lock);
    return verdict;
}

/* Of how many calls the costs can be taken ahead from this bucket. */
static uint64_t calls_ahead(const entry *at, const aurora__rate_claim *claim)
{
    uint64_t most = claim->rule->windows[claim->window].rate.burst / SHARE /
                    (claim->cost > 0 ? claim->cost : 1);
    uint64_t calls = at != NULL && claim->rule->lease_ns > 0 ? calls_of(at) : 0;
    if (calls < 2)
        return 0;
    return calls < most ? calls : most;
}

void aurora__rate_leases_want(aurora__rate_leases *leases, const aurora__rate_ask *asks,
                              uint32_t count, int64_t now_ns, uint64_t *extras_out)
{
    entry *found[AURORA__RATE_CLAIMS_MAX];
    uint64_t calls = UINT64_MAX;
    pthread_mutex_lock(&leases->lock);
    for (uint32_t i = 0; i < count; i++) {
        found[i] = find(leases, &asks[i]);
        uint64_t own = calls_ahead(found[i], asks[i].claim);
        calls = own < calls ? own : calls;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint64_t wanted = calls * asks[i].claim->cost;
        uint64_t left = calls > 0 ? tokens_of(found[i], now_ns) : 0;
        extras_out[i] = wanted > left ? wanted - left : 0;
    }
    pthread_mutex_unlock(&leases->lock);
}

static void note(aurora__rate_leases *leases, entry *at, const aurora__rate_ask *ask,
                 uint64_t extra, int64_t now_ns)
{
    const aurora_limit *limit = &ask->limit;
    at->limit = *limit;
    at->limit_ns = now_ns;
    if (extra > 0) {
        uint64_t most = ask->claim->rule->windows[ask->claim->window].rate.burst / SHARE;
        uint64_t tokens = tokens_of(at, now_ns) + extra;
        at->tokens = tokens < most ? tokens : most; /* two that asked at once do not add up */
        at->tokens_until_ns = now_ns + ask->claim->rule->lease_ns;
        leases->figures.taken += extra;
    }
    if (limit->is_allowed || limit->retry_after_ns <= 0)
        return;
    int64_t wait_ns =
        limit->retry_after_ns < REFUSAL_NS_MAX ? limit->retry_after_ns : REFUSAL_NS_MAX;
    at->refused_until_ns = now_ns + wait_ns;
    at->refused_cost = ask->claim->cost;
}

void aurora__rate_leases_note(aurora__rate_leases *leases, const aurora__rate_ask *asks,
                              uint32_t count, const uint64_t *extras, int64_t now_ns)
{
    pthread_mutex_lock(&leases->lock);
    for (uint32_t i = 0; i < count; i++) {
        entry *at = find(leases, &asks[i]);
        if (at == NULL) {
            at = find_or_make(leases, &asks[i], now_ns);
            if (at != NULL)
                count_call(at, asks[i].claim->rule->lease_ns, now_ns);
        }
        if (at != NULL)
            note(leases, at, &asks[i], extras[i], now_ns);
    }
    pthread_mutex_unlock(&leases->lock);
}

void aurora__rate_leases_clear(aurora__rate_leases *leases)
{
    pthread_mutex_lock(&leases->lock);
    memset(leases->entries, 0, sizeof leases->entries);
    leases->figures.keys = 0;
    pthread_mutex_unlock(&leases->lock);
}

void aurora__rate_leases_read(aurora__rate_leases *leases, aurora__rate_lease_figures *out)
{
    pthread_mutex_lock(&leases->lock);
    *out = leases->figures;
    pthread_mutex_unlock(&leases->lock);
}

/* SPDX-License-Identifier: MIT */
/* What the loops share of an upstream: its addresses with their breakers, and the figures. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "upstream/internal.h"

#define SECOND_NS INT64_C(1000000000)
#define MS_NS INT64_C(1000000)
#define RESOLVE_FIRST_S 1 /* while a name is not known */
#define RESOLVE_S 5
#define REPEATS_MAX 64

/* --- names ------------------------------------------------------------------------------------ */

/* True when all names are known. */
static bool resolve_all(aurora_upstream *upstream)
{
    bool is_known = true;
    for (uint32_t i = 0; i < upstream->address_count; i++) {
        aurora__address_resolve(&upstream->addresses[i]);
        is_known = is_known && aurora__address_socket(&upstream->addresses[i]).len > 0;
    }
    return is_known;
}

/* A thread of its own, since the system's resolver blocks. A name may get another address with
 * each restart of what it stands for. */
static void *keep_resolving(void *argument)
{
    aurora_upstream *upstream = argument;
    pthread_mutex_lock(&upstream->mutex);
    while (!upstream->is_stopping) {
        struct timespec until;
        pthread_mutex_unlock(&upstream->mutex);
        bool is_known = resolve_all(upstream);
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += is_known ? RESOLVE_S : RESOLVE_FIRST_S;
        pthread_mutex_lock(&upstream->mutex);
        while (!upstream->is_stopping &&
               pthread_cond_timedwait(&upstream->changed, &upstream->mutex, &until) != ETIMEDOUT)
            continue;
    }
    pthread_mutex_unlock(&upstream->mutex);
    return NULL;
}

static aurora_status start_resolver(aurora_upstream *upstream)
{
    bool has_name = false;
    for (uint32_t i = 0; i < upstream->address_count; i++)
        has_name = has_name || upstream->addresses[i].is_name;
    if (!has_name)
        return AURORA_OK;
    if (pthread_create(&upstream->resolver, NULL, keep_resolving, upstream) != 0)
        return AURORA_ENOMEM;
    upstream->has_resolver = true;
    return AURORA_OK;
}

static void stop_resolver(aurora_upstream *upstream)
{
    if (!upstream->has_resolver)
        return;
    pthread_mutex_lock(&upstream->mutex);
    upstream->is_stopping = true;
    pthread_cond_signal(&upstream->changed);
    pthread_mutex_unlock(&upstream->mutex);
    pthread_join(upstream->resolver, NULL);
}

/* --- life ------------------------------------------------------------------------------------- */

static aurora_status refuse(aurora_error *err, const char *field, const char *message)
{
    if (err != NULL) {
        err->status = AURORA_EINVAL;
        snprintf(err->field, sizeof err->field, "%s", field);
        snprintf(err->message, sizeof err->message, "%s", message);
    }
    return AURORA_EINVAL;
}

static uint32_t given(uint32_t value, uint32_t otherwise)
{
    return value != 0 ? value : otherwise;
}

static void fill_defaults(aurora_upstream_options *options)
{
    options->calls_max = given(options->calls_max, 1024);
    options->idle_max = given(options->idle_max, 64);
    options->connect_ms = given(options->connect_ms, 1000);
    options->idle_ms = given(options->idle_ms, 30000);
    options->attempts_max = given(options->attempts_max, 3);
    options->budget_per_mille = given(options->budget_per_mille, 100);
    options->probe_ms = given(options->probe_ms, 1000);
    options->told_ms = given(options->told_ms, 5000);
    options->breaker_percent = given(options->breaker_percent, 50);
    options->breaker_calls_min = given(options->breaker_calls_min, 5);
    options->breaker_open_ms = given(options->breaker_open_ms, 1000);
    options->breaker_in_row = given(options->breaker_in_row, 10);
}

/* An address that fails half of its calls of the last seconds is left alone for a second, longer
 * each time. */
static aurora_status init_breaker(const aurora_upstream_options *given, aurora__address *address)
{
    aurora_breaker_options options;
    aurora_breaker_options_init(&options);
    options.window_kind = AURORA_BREAKER_LAST_TIME;
    options.window_slices = 5;
    options.slice_ns = SECOND_NS;
    options.calls_min = given->breaker_calls_min;
    options.failure_rate_percent = given->breaker_percent;
    options.slow_rate_percent = given->breaker_percent;
    options.slow_ns = given->breaker_slow_ms * MS_NS;
    options.probes = 1;
    options.wait_ns = given->breaker_open_ms * MS_NS;
    options.wait_max_ns = 16 * options.wait_ns;
    options.wait_growth_percent = 200;
    options.half_open_max_ns = 60 * SECOND_NS;
    return aurora_breaker_init(&address->breaker, &options, NULL);
}

static aurora_status init(aurora_upstream *upstream, const aurora_upstream_options *options,
                          aurora_error *err)
{
    upstream->name = strdup(options->name);
    upstream->probe = options->probe != NULL ? strdup(options->probe) : NULL;
    if (upstream->name == NULL || (options->probe != NULL && upstream->probe == NULL))
        return AURORA_ENOMEM;
    for (uint32_t i = 0; i < options->address_count; i++) {
        const char *why = aurora_upstream_check_address(options->addresses[i]);
        if (why != NULL)
            return refuse(err, "addresses", why);
        if (!aurora__address_init(&upstream->addresses[i], options->addresses[i]))
            return refuse(err, "addresses", "is too long");
        upstream->address_count++;
        if (options->tls != NULL &&
            (upstream->addresses[i].sessions = aurora_tls_sessions_new()) == NULL)
            return AURORA_ENOMEM;
        if (init_breaker(&upstream->options, &upstream->addresses[i]) != AURORA_OK)
            return refuse(err, "breaker_percent",
                          "or another value of the breaker is out of range");
    }
    if (aurora_bulkhead_init(&upstream->bulkhead, upstream->options.calls_max, 0) != AURORA_OK)
        return refuse(err, "calls_max", "is out of range");
    if (aurora_retry_budget_init(&upstream->budget, REPEATS_MAX,
                                 upstream->options.budget_per_mille) != AURORA_OK)
        return refuse(err, "budget_per_mille", "is out of range");
    aurora_upstream_adjust(upstream, upstream->options.attempts_max, upstream->options.hedge_ms);
    return start_resolver(upstream);
}

aurora_status aurora_upstream_new(const aurora_upstream_options *options, aurora_upstream **out,
                                  aurora_error *err)
{
    *out = NULL;
    if (options->address_count < 1 || options->address_count > AURORA_UPSTREAM_ADDRESSES_MAX)
        return refuse(err, "address_count", "must be 1 to 16");
    aurora_upstream *upstream = calloc(1, sizeof *upstream);
    if (upstream == NULL)
        return AURORA_ENOMEM;
    upstream->options = *options;
    fill_defaults(&upstream->options);
    pthread_mutex_init(&upstream->mutex, NULL);
    pthread_cond_init(&upstream->changed, NULL);
    aurora_status status = init(upstream, options, err);
    if (status != AURORA_OK) {
        aurora_upstream_free(upstream);
        return status;
    }
    *out = upstream;
    return AURORA_OK;
}

void aurora_upstream_adjust(aurora_upstream *upstream, uint32_t attempts_max, uint32_t hedge_ms)
{
    atomic_store_explicit(&upstream->attempts_max, attempts_max, memory_order_relaxed);
    atomic_store_explicit(&upstream->hedge_ms, hedge_ms, memory_order_relaxed);
}

void aurora_upstream_free(aurora_upstream *upstream)
{
    if (upstream == NULL)
        return;
    stop_resolver(upstream);
    for (uint32_t i = 0; i < upstream->address_count; i++)
        aurora__address_deinit(&upstream->addresses[i]);
    pthread_mutex_destroy(&upstream->mutex);
    pthread_cond_destroy(&upstream->changed);
    free(upstream->name);
    free(upstream->probe);
    free(upstream);
}

/* --- choosing --------------------------------------------------------------------------------- */

/* How little an address is wanted: those that are lowest are taken, of them the one that has least
 * to do. */
static uint32_t reluctance(const aurora_upstream *upstream, aurora__address *address,
                           bool is_passed, bool is_careful, int64_t now_ns)
{
    static const uint32_t of_state[] = {[AURORA_UPSTREAM_UNKNOWN] = 0,
                                        [AURORA_UPSTREAM_UP] = 0,
                                        [AURORA_UPSTREAM_NOT_READY] = 4,
                                        [AURORA_UPSTREAM_UNREACHABLE] = 8};
    uint32_t sum = of_state[atomic_load_explicit(&address->state, memory_order_relaxed)];
    pthread_mutex_lock(&address->mutex);
    int32_t state = aurora_breaker_state(&address->breaker, now_ns);
    pthread_mutex_unlock(&address->mutex);
    /* What probes itself needs no caller to try it. */
    if (state == AURORA_BREAKER_HALF_OPEN && (is_careful || upstream->probe != NULL))
        sum += 2;
    return sum + (is_passed ? 16 : 0);
}

static bool try_enter(aurora__address *address, int64_t now_ns, uint64_t *ticket_out,
                      int64_t *wait_ns)
{
    aurora_breaker_figures figures = {0};
    pthread_mutex_lock(&address->mutex);
    bool is_in = aurora_breaker_try_enter(&address->breaker, now_ns, ticket_out);
    if (!is_in)
        aurora_breaker_read(&address->breaker, now_ns, &figures);
    pthread_mutex_unlock(&address->mutex);
    if (!is_in && figures.retry_after_ns < *wait_ns)
        *wait_ns = figures.retry_after_ns;
    return is_in;
}

aurora__address *aurora__upstream_choose(aurora_upstream *upstream, uint32_t *passed,
                                         bool is_careful, uint64_t *ticket_out,
                                         uint32_t *retry_after_s_out)
{
    int64_t now_ns = aurora__now_ns(), wait_ns = 60 * SECOND_NS;
    uint32_t refused = 0, count = upstream->address_count;
    uint32_t turn = atomic_fetch_add_explicit(&upstream->turn, 1, memory_order_relaxed);
    for (;;) {
        uint32_t best = UINT32_MAX;
        uint64_t least = UINT64_MAX;
        for (uint32_t i = 0; i < count; i++) {
            uint32_t at = (turn + i) % count, bit = 1u << at;
            aurora__address *address = &upstream->addresses[at];
            if ((refused & bit) != 0)
                continue;
            uint64_t rank = count == 1 ? 0
                                       : reluctance(upstream, address, (*passed & bit) != 0,
                                                    is_careful, now_ns);
            rank = rank << 32 | atomic_load_explicit(&address->in_flight, memory_order_relaxed);
            if (rank < least) {
                least = rank;
                best = at;
            }
        }
        if (best == UINT32_MAX)
            break;
        aurora__address *address = &upstream->addresses[best];
        if (try_enter(address, now_ns, ticket_out, &wait_ns)) {
            *passed |= 1u << best;
            atomic_fetch_add_explicit(&address->in_flight, 1, memory_order_relaxed);
            atomic_fetch_add_explicit(&address->attempts, 1, memory_order_relaxed);
            return address;
        }
        refused |= 1u << best;
    }
    *retry_after_s_out = (uint32_t)((wait_ns + SECOND_NS - 1) / SECOND_NS);
    return NULL;
}

/* One that has died fails all; the share of a window with thousands of good calls shows that only
 * after as many bad ones. The mutex is held. */
static void leave_failed(const aurora_upstream *upstream, aurora__address *address, uint64_t ticket,
                         int64_t now_ns)
{
    aurora_breaker_figures before, after;
    aurora_breaker_read(&address->breaker, now_ns, &before);
    aurora_breaker_leave(&address->breaker, ticket, AURORA_BREAKER_FAILURE, now_ns);
    aurora_breaker_read(&address->breaker, now_ns, &after);
    if (after.stale != before.stale)
        return;
    address->failures_in_row++;
    if (after.state != AURORA_BREAKER_CLOSED) {
        address->failures_in_row = 0;
    } else if (address->failures_in_row >= upstream->options.breaker_in_row) {
        (void)aurora_breaker_force(&address->breaker, AURORA_BREAKER_OPEN, now_ns);
        address->failures_in_row = 0;
    }
}

/* Whether the breaker has opened, or closed again, since it was told of. The mutex is held. */
static bool is_news(aurora__address *address, int64_t now_ns)
{
    int32_t state = aurora_breaker_state(&address->breaker, now_ns);
    bool is_open = state == AURORA_BREAKER_OPEN;
    if (is_open == address->is_told_open || state == AURORA_BREAKER_HALF_OPEN)
        return false;
    address->is_told_open = is_open;
    return true;
}

void aurora__upstream_leave(const aurora_upstream *upstream, aurora__address *address,
                            uint64_t ticket, int32_t outcome)
{
    int64_t now_ns = aurora__now_ns();
    pthread_mutex_lock(&address->mutex);
    if (outcome == AURORA_BREAKER_FAILURE)
        leave_failed(upstream, address, ticket, now_ns);
    else
        aurora_breaker_leave(&address->breaker, ticket, outcome, now_ns);
    if (outcome == AURORA_BREAKER_SUCCESS)
        address->failures_in_row = 0;
    bool has_news = is_news(address, now_ns);
    bool is_open = address->is_told_open;
    pthread_mutex_unlock(&address->mutex);
    if (has_news && upstream->options.breaker != NULL)
        upstream->options.breaker(upstream->options.changed_self, upstream->name, address->text,
                                  is_open);
    atomic_fetch_sub_explicit(&address->in_flight, 1, memory_order_relaxed);
    if (outcome == AURORA_BREAKER_FAILURE)
        atomic_fetch_add_explicit(&address->failures, 1, memory_order_relaxed);
}

/* --- figures ---------------------------------------------------------------------------------- */

const char *aurora_upstream_name(const aurora_upstream *upstream)
{
    return upstream->name;
}

static void read_address(aurora__address *address, aurora_upstream_address_figures *out)
{
    *out = (aurora_upstream_address_figures){
        .address = address->text,
        .state = atomic_load(&address->state),
        .attempts = atomic_load(&address->attempts),
        .failures = atomic_load(&address->failures),
        .connects = atomic_load(&address->connects),
        .in_flight = atomic_load(&address->in_flight),
        .connections = atomic_load(&address->connections),
    };
    pthread_mutex_lock(&address->mutex);
    aurora_breaker_read(&address->breaker, aurora__now_ns(), &out->breaker);
    pthread_mutex_unlock(&address->mutex);
}

void aurora_upstream_figures_get(aurora_upstream *upstream, aurora_upstream_figures *out)
{
    *out = (aurora_upstream_figures){
        .calls = atomic_load(&upstream->calls),
        .repeats = atomic_load(&upstream->repeats),
        .refused = atomic_load(&upstream->refused),
        .failed = atomic_load(&upstream->failed),
        .timeouts = atomic_load(&upstream->timeouts),
        .cancelled = atomic_load(&upstream->cancelled),
        .hedges = atomic_load(&upstream->hedges),
        .won = atomic_load(&upstream->won),
        .address_count = upstream->address_count,
    };
    aurora_bulkhead_read(&upstream->bulkhead, &out->in_flight, NULL);
    for (uint32_t i = 0; i < upstream->address_count; i++)
        read_address(&upstream->addresses[i], &out->addresses[i]);
}

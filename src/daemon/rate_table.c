/* SPDX-License-Identifier: MIT */
#include "daemon/rate_table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define KEYS 65536     /* at some 50 bytes each, of which only used ones are touched */
#define FIELD_BYTES 96 /* of one window */

/* --- stores ----------------------------------------------------------------------------------- */

static void drop_store(aurora__rate_store *store)
{
    if (store == NULL || atomic_fetch_sub(&store->refs, 1) != 1)
        return;
    for (uint32_t i = 0; i < AURORA__RATE_WINDOWS_MAX; i++)
        aurora_limiter_free(store->local[i]);
    free(store);
}

static aurora__rate_store *find_store(const aurora__rate_table *old, const char *name)
{
    for (uint32_t i = 0; old != NULL && i < old->rule_count; i++) {
        if (strcmp(old->rules[i].store->name, name) == 0)
            return old->rules[i].store;
    }
    return NULL;
}

static void copy_count(_Atomic uint64_t *to, const _Atomic uint64_t *from)
{
    atomic_store(to, atomic_load(from));
}

/* The old one where the keys are the same; with other keys the buckets are others too, and the
 * counters go on. */
static aurora__rate_store *take_store(aurora__rate_table *table, const aurora__rate_table *old,
                                      const aurora__rate_policy *policy)
{
    aurora__rate_store *known = find_store(old, policy->name);
    if (known != NULL && known->key == policy->key) {
        atomic_fetch_add(&known->refs, 1);
        return known;
    }
    aurora__rate_store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return NULL;
    atomic_store(&store->refs, 1);
    store->id = table->ids++;
    snprintf(store->name, sizeof store->name, "%s", policy->name);
    store->key = policy->key;
    if (known != NULL) {
        copy_count(&store->allowed, &known->allowed);
        copy_count(&store->denied, &known->denied);
        copy_count(&store->shadow, &known->shadow);
    }
    return store;
}

/* --- rules ------------------------------------------------------------------------------------ */

static bool open_buckets(aurora__rate_rule *rule, const aurora__rate_table_options *options)
{
    for (uint32_t i = 0; i < rule->window_count; i++) {
        const aurora__rate_window *rate = &rule->windows[i].rate;
        if (rule->store->local[i] != NULL)
            continue;
        if (aurora_limiter_new(
                AURORA_LIMITER_OPTIONS(.capacity = rule->key == AURORA__RATE_ALL ? 1 : KEYS,
                                       .tokens = rate->tokens, .per_ns = rate->per_ns,
                                       .burst = rate->burst,
                                       .seed = {options->seed[0], options->seed[1]}),
                &rule->store->local[i], NULL) != AURORA_OK)
            return false;
    }
    return true;
}

static bool fill_rule(aurora__rate_table *table, aurora__rate_rule *rule,
                      const aurora__rate_policy *policy, const aurora__rate_table_options *options)
{
    *rule = (aurora__rate_rule){.store = take_store(table, options->old, policy),
                                .key = policy->key,
                                .fallback = policy->fallback,
                                .is_shadow = policy->is_shadow,
                                .lease_ns = policy->lease_ms * 1000000,
                                .window_count = policy->window_count};
    if (rule->store == NULL)
        return false;
    for (uint32_t i = 0; i < policy->window_count; i++) {
        aurora__rate_bucket *bucket = &rule->windows[i];
        bucket->rate = policy->windows[i];
        snprintf(bucket->shared, sizeof bucket->shared, "%s-%u", policy->name, i + 1);
        snprintf(bucket->name, sizeof bucket->name, "%s",
                 policy->window_count > 1 ? bucket->shared : policy->name);
    }
    return (options->is_shared && policy->fallback != AURORA__RATE_LOCAL) ||
           open_buckets(rule, options);
}

/* The last step, which cannot fail: rates were checked when they were read. */
static void change_rates(const aurora__rate_table *table, int64_t now_ns)
{
    for (uint32_t i = 0; i < table->rule_count; i++) {
        const aurora__rate_rule *rule = &table->rules[i];
        for (uint32_t j = 0; j < rule->window_count; j++) {
            const aurora__rate_window *rate = &rule->windows[j].rate;
            if (rule->store->local[j] != NULL)
                (void)aurora_limiter_set_rate(rule->store->local[j], rate->tokens, rate->per_ns,
                                              rate->burst, now_ns, NULL);
        }
    }
}

/* --- routes ----------------------------------------------------------------------------------- */

/* q of w: what a full bucket holds, and how long an empty one takes to be full. */
static char *describe(const aurora__rate_bucket *bucket, char *at)
{
    const aurora__rate_window *rate = &bucket->rate;
    double full_s = (double)rate->burst * (double)rate->per_ns / (double)rate->tokens / 1e9;
    return at + snprintf(at, FIELD_BYTES, "\"%s\";q=%" PRIu64 ";w=%.0f", bucket->name, rate->burst,
                         full_s < 1 ? 1 : full_s);
}

static char *add_to_field(const aurora__rate_rule *rule, char *begin, char *at)
{
    for (uint32_t i = 0; i < rule->window_count && !rule->is_shadow; i++) {
        if (at != begin) {
            memcpy(at, ", ", 2);
            at += 2;
        }
        at = describe(&rule->windows[i], at);
    }
    return at;
}

/* The claims of one call go to `claims`; returns how many, or UINT32_MAX for too many. */
static uint32_t bind_route(const aurora__rate_table *table, const aurora__rate_policies *policies,
                           const aurora_http_route *route, aurora__rate_claim *claims)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < policies->count; i++) {
        uint64_t cost = (route->flags & AURORA_HTTP_PROBE) != 0
                            ? 0
                            : aurora__rate_policy_cost(&policies->policies[i], route);
        for (uint32_t j = 0; cost > 0 && j < table->rules[i].window_count; j++) {
            if (count == AURORA__RATE_CLAIMS_MAX)
                return UINT32_MAX;
            claims[count++] =
                (aurora__rate_claim){.rule = &table->rules[i], .window = j, .cost = cost};
        }
    }
    return count;
}

/* RateLimit-Policy of a route: all of its policies that are enforced. */
static char *write_field(const aurora__rate_route *route, char *at)
{
    char *begin = at;
    const aurora__rate_rule *last = NULL;
    for (uint32_t i = 0; i < route->count; i++) {
        if (route->claims[i].rule != last)
            at = add_to_field(route->claims[i].rule, begin, at);
        last = route->claims[i].rule;
    }
    *at++ = '\0';
    return at;
}

static bool bind_routes(aurora__rate_table *table, const aurora__rate_table_options *options,
                        char *error)
{
    uint32_t total = 0;
    char *field = table->fields;
    for (uint32_t i = 0; i < table->route_count; i++) {
        aurora__rate_route *route = &table->routes[i];
        route->claims = &table->claims[total];
        route->count =
            bind_route(table, options->policies, &options->served[i], &table->claims[total]);
        if (route->count == UINT32_MAX) {
            route->count = 0;
            snprintf(
                error, AURORA_CONFIG_ERROR_BYTES,
                "[rate_limit]: %s is bound by more than %d windows, which is what one call can "
                "take from",
                options->served[i].operation, AURORA__RATE_CLAIMS_MAX);
            return false;
        }
        total += route->count;
        route->field = field;
        field = write_field(route, field);
    }
    return true;
}

/* --- the whole -------------------------------------------------------------------------------- */

static bool allocate(aurora__rate_table *table)
{
    size_t claims = (size_t)table->route_count * AURORA__RATE_CLAIMS_MAX;
    table->rules = calloc(table->rule_count + 1, sizeof *table->rules);
    table->routes = calloc(table->route_count + 1, sizeof *table->routes);
    table->claims = calloc(claims + 1, sizeof *table->claims);
    table->fields = malloc(claims * FIELD_BYTES + 1);
    return table->rules != NULL && table->routes != NULL && table->claims != NULL &&
           table->fields != NULL;
}

aurora__rate_table *aurora__rate_table_new(const aurora__rate_table_options *options,
                                           char error_out[AURORA_CONFIG_ERROR_BYTES])
{
    aurora__rate_table *table = calloc(1, sizeof *table);
    snprintf(error_out, AURORA_CONFIG_ERROR_BYTES, "out of memory");
    if (table == NULL)
        return NULL;
    atomic_store(&table->refs, 1);
    table->rule_count = options->policies->count;
    table->route_count = options->served_count;
    table->served = options->served;
    table->ids = options->old != NULL ? options->old->ids : 0;
    bool is_made = allocate(table);
    for (uint32_t i = 0; is_made && i < table->rule_count; i++)
        is_made = fill_rule(table, &table->rules[i], &options->policies->policies[i], options);
    if (!is_made || !bind_routes(table, options, error_out)) {
        aurora__rate_table_drop(table);
        return NULL;
    }
    change_rates(table, options->now_ns);
    return table;
}

void aurora__rate_table_drop(aurora__rate_table *table)
{
    if (table == NULL || atomic_fetch_sub(&table->refs, 1) != 1)
        return;
    for (uint32_t i = 0; table->rules != NULL && i < table->rule_count; i++)
        drop_store(table->rules[i].store);
    free(table->rules);
    free(table->routes);
    free(table->claims);
    free(table->fields);
    free(table);
}

/* SPDX-License-Identifier: MIT */
/* What the rate limits say of themselves: to Prometheus and to operators. */
#include "daemon/rate_internal.h"
#include "routes/metrics.h"

static uint64_t value_of(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void aurora__rate_limit_read(aurora__rate_limit *limit, aurora__rate_limit_figures *out)
{
    *out = (aurora__rate_limit_figures){.admitted = value_of(&limit->admitted),
                                        .refused = value_of(&limit->refused),
                                        .unreachable = value_of(&limit->unreachable),
                                        .asked = value_of(&limit->asked),
                                        .is_shared = limit->port.take_all != NULL,
                                        .has_breaker = limit->port.breaker != NULL};
    if (out->has_breaker)
        limit->port.breaker(limit->port.self, &out->breaker);
    if (limit->leases != NULL)
        aurora__rate_leases_read(limit->leases, &out->leases);
}

/* --- metrics ---------------------------------------------------------------------------------- */

static void write_requests(const aurora__rate_table *table, FILE *to)
{
    static const char name[] = "aurora_rate_limit_requests_total";
    aurora__metric_family(to, name, AURORA_METRIC_COUNTER,
                          "Requests that a policy counted; shadow: would have been denied.");
    for (uint32_t i = 0; i < table->rule_count; i++) {
        const aurora__rate_store *store = table->rules[i].store;
        const struct {
            const char *result;
            const _Atomic uint64_t *counter;
        } rows[] = {
            {"allowed", &store->allowed}, {"denied", &store->denied}, {"shadow", &store->shadow}};
        for (size_t j = 0; j < sizeof rows / sizeof *rows; j++) {
            const aurora_pair labels[] = {{"policy", store->name}, {"result", rows[j].result}};
            aurora__metric_sample(to, name, "", labels, 2, (double)value_of(rows[j].counter));
        }
    }
}

static void write_shared(const aurora__rate_limit_figures *figures, FILE *to)
{
    static const char decisions[] = "aurora_rate_limit_decisions_total";
    static const char tokens[] = "aurora_rate_limit_lease_tokens_total";
    const aurora__rate_lease_figures *leases = &figures->leases;
    const struct {
        aurora_pair label;
        uint64_t value;
    } rows[] = {{{"by", "shared"}, figures->asked},
                {{"by", "lease"}, leases->allowed},
                {{"by", "refusal"}, leases->denied},
                {{"by", "fallback"}, figures->unreachable}};
    const aurora_pair taken = {"state", "taken"}, used = {"state", "used"};
    aurora__metric_family(to, decisions, AURORA_METRIC_COUNTER,
                          "Requests by what decided: the shared limiter, tokens taken ahead, a "
                          "bucket known to be empty, a fallback.");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        aurora__metric_sample(to, decisions, "", &rows[i].label, 1, (double)rows[i].value);
    aurora__metric_family(to, tokens, AURORA_METRIC_COUNTER, "Tokens that were taken ahead.");
    aurora__metric_sample(to, tokens, "", &taken, 1, (double)leases->taken);
    aurora__metric_sample(to, tokens, "", &used, 1, (double)leases->used);
    aurora__metric_single(to, "aurora_rate_limit_lease_keys", AURORA_METRIC_GAUGE,
                          "Buckets of which something is known here.", (double)leases->keys);
}

void aurora__rate_limit_metrics(aurora__rate_limit *limit, FILE *to)
{
    aurora__rate_limit_figures figures;
    aurora__rate_table *table = aurora__rate_limit_table(limit);
    if (table == NULL || table->rule_count == 0) {
        aurora__rate_table_drop(table);
        return;
    }
    aurora__rate_limit_read(limit, &figures);
    write_requests(table, to);
    aurora__metric_single(to, "aurora_rate_limit_unreachable_total", AURORA_METRIC_COUNTER,
                          "Requests that fallbacks decided.", (double)figures.unreachable);
    if (figures.is_shared)
        write_shared(&figures, to);
    aurora__rate_table_drop(table);
}

/* --- operators -------------------------------------------------------------------------------- */

static void describe_window(aurora_json_out *out, const aurora__rate_rule *rule, uint32_t at)
{
    const aurora__rate_bucket *bucket = &rule->windows[at];
    aurora_limiter_figures figures = {0};
    if (rule->store->local[at] != NULL)
        aurora_limiter_read_figures(rule->store->local[at], &figures);
    aurora_json_out_object(out, NULL);
    aurora_json_out_text(out, "name", bucket->name);
    aurora_json_out_uint(out, "tokens", bucket->rate.tokens);
    aurora_json_out_uint(out, "per_ms", bucket->rate.per_ns / 1000000);
    aurora_json_out_uint(out, "burst", bucket->rate.burst);
    aurora_json_out_uint(out, "keys", figures.keys);
    aurora_json_out_uint(out, "evicted", figures.evicted);
    aurora_json_out_close(out, '}');
}

static void describe_rule(aurora_json_out *out, const aurora__rate_rule *rule)
{
    const aurora__rate_store *store = rule->store;
    aurora_json_out_object(out, NULL);
    aurora_json_out_text(out, "name", store->name);
    aurora_json_out_text(out, "key", aurora__rate_key_name(rule->key));
    aurora_json_out_text(out, "mode", rule->is_shadow ? "shadow" : "enforce");
    aurora_json_out_text(out, "fallback", aurora__rate_fallback_name(rule->fallback));
    aurora_json_out_int(out, "lease_ms", rule->lease_ns / 1000000);
    aurora_json_out_uint(out, "allowed", value_of(&store->allowed));
    aurora_json_out_uint(out, "denied", value_of(&store->denied));
    aurora_json_out_uint(out, "shadow", value_of(&store->shadow));
    aurora_json_out_array(out, "windows");
    for (uint32_t i = 0; i < rule->window_count; i++)
        describe_window(out, rule, i);
    aurora_json_out_close(out, ']');
    aurora_json_out_close(out, '}');
}

void aurora__rate_limit_describe(aurora__rate_limit *limit, aurora_json_out *out)
{
    aurora__rate_table *table = aurora__rate_limit_table(limit);
    for (uint32_t i = 0; table != NULL && i < table->rule_count; i++)
        describe_rule(out, &table->rules[i]);
    aurora__rate_table_drop(table);
}

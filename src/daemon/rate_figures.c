/* SPDX-License-Identifier: MIT */
/* What the rate limits say of themselves: to Prometheus and to operators. */
#include "daemon/rate_internal.h"

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

static void add_requests(aurora__sheet *sheet, const aurora__rate_table *table)
{
    static const aurora__family requests = AURORA__COUNTER_FAMILY_BY(
        "aurora_rate_limit_requests_total",
        "Requests that a policy counted; shadow: would have been denied.", "policy", "result");
    for (uint32_t i = 0; i < table->rule_count; i++) {
        const aurora__rate_store *store = table->rules[i].store;
        const struct {
            const char *result;
            const _Atomic uint64_t *counter;
        } rows[] = {
            {"allowed", &store->allowed}, {"denied", &store->denied}, {"shadow", &store->shadow}};
        for (size_t j = 0; j < sizeof rows / sizeof *rows; j++)
            aurora__sheet_add(sheet, &requests, AURORA__VALUES(store->name, rows[j].result),
                              (double)value_of(rows[j].counter));
    }
}

static void add_shared(aurora__sheet *sheet, const aurora__rate_limit_figures *figures)
{
    static const aurora__family decisions = AURORA__COUNTER_FAMILY_BY(
        "aurora_rate_limit_decisions_total",
        "Requests by what decided: the shared limiter, tokens taken ahead, a bucket known to be "
        "empty, a fallback.",
        "by");
    static const aurora__family tokens = AURORA__COUNTER_FAMILY_BY(
        "aurora_rate_limit_lease_tokens_total", "Tokens that were taken ahead.", "state");
    static const aurora__family keys = AURORA__GAUGE_FAMILY(
        "aurora_rate_limit_lease_keys", "Buckets of which something is known here.");
    const aurora__rate_lease_figures *leases = &figures->leases;
    const struct {
        const char *by;
        uint64_t value;
    } rows[] = {{"shared", figures->asked},
                {"lease", leases->allowed},
                {"refusal", leases->denied},
                {"fallback", figures->unreachable}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        aurora__sheet_add(sheet, &decisions, AURORA__VALUES(rows[i].by), (double)rows[i].value);
    aurora__sheet_add(sheet, &tokens, AURORA__VALUES("taken"), (double)leases->taken);
    aurora__sheet_add(sheet, &tokens, AURORA__VALUES("used"), (double)leases->used);
    aurora__sheet_add(sheet, &keys, NULL, (double)leases->keys);
}

void aurora__rate_limit_metrics(aurora__rate_limit *limit, aurora__sheet *sheet)
{
    static const aurora__family unreachable = AURORA__COUNTER_FAMILY(
        "aurora_rate_limit_unreachable_total", "Requests that fallbacks decided.");
    aurora__rate_limit_figures figures;
    aurora__rate_table *table = limit == NULL ? NULL : aurora__rate_limit_table(limit);
    if (table == NULL || table->rule_count == 0) {
        aurora__rate_table_drop(table);
        return;
    }
    aurora__rate_limit_read(limit, &figures);
    add_requests(sheet, table);
    aurora__sheet_add(sheet, &unreachable, NULL, (double)figures.unreachable);
    if (figures.is_shared)
        add_shared(sheet, &figures);
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

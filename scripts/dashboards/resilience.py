# SPDX-License-Identifier: MIT
"""Rate limits, breakers, repeats and hedges, caches; who comes in at the edge."""

from grafana import Row, dashboard, plot, states


def rate(name, by, selector=""):
    return f"sum by ({by}) (rate({name}{selector}[$__rate_interval]))"


UPSTREAM = [(name, word) for name, word in (
    ("repeats", "sent again"), ("failures", "failed"), ("timeouts", "timed out"), ("refused", "refused"),
    ("cancelled", "cancelled by the client"))]

BOARD = dashboard("resilience", "rate limits and resilience", "What is refused, repeated, hedged or left alone.", [], [
    Row("Rate limits"),
    plot("Requests by policy and result", "A second. shadow: would have been denied.", "reqps",
         ("sum by (service, policy, result) (service_policy_result:aurora_rate_limit_requests:rate1m)",
          "{{service}} {{policy}} {{result}}")),
    plot("Denied", "Of all that the policy saw; with shadow, what it would deny.", "percentunit",
         ('sum by (service, policy) (service_policy_result:aurora_rate_limit_requests:rate1m{result=~"denied|shadow"}) '
          "/ (sum by (service, policy) (service_policy_result:aurora_rate_limit_requests:rate1m) > 0)",
          "{{service}} {{policy}}")).top(1),
    plot("Who decides", "A second, with a shared limiter: asked, from a lease, from a known refusal, by the fallback.", "ops",
         (rate("aurora_rate_limit_decisions_total", "service, by"), "{{service}} {{by}}")).at(8),
    plot("Leases", "Tokens a second that were taken ahead, and of these used; the rest lapses.", "ops",
         (rate("aurora_rate_limit_lease_tokens_total", "service, state"), "{{service}} {{state}}")).at(8),
    plot("Shared limiter and cache", "1 while it answers.", "short",
         ("min by (service) (aurora_limiter_up)", "{{service}} limiter"),
         ("min by (service) (aurora_cache_up)", "{{service}} cache")).top(1).at(8),
    Row("Breakers, repeats, hedges"),
    states("Breakers", "Closed: calls pass. Half open: one is tried. Open: the other is left alone.",
           ('sum by (service, dependency, address) (aurora_breaker_state{state="half_open"}) '
            '+ 2 * sum by (service, dependency, address) (aurora_breaker_state{state="open"})',
            "{{service}}: {{dependency}} {{address}}")
           ).names(n0="closed", n1="half open", n2="open").limits((1, "orange"), (2, "red")).at(24),
    plot("Calls of the gateway", "A second, by service.", "reqps",
         (rate("aurora_upstream_calls_total", "upstream"), "{{upstream}}")).at(8),
    plot("Calls that did not go well", "A second, by what became of them.", "ops",
         *[(f"sum(rate(aurora_upstream_{name}_total[$__rate_interval]))", word) for name, word in UPSTREAM]).at(8),
    plot("Sent again", "Of all that is sent to the service.", "percentunit",
         ("upstream:aurora_upstream_repeats:ratio_rate1m", "{{upstream}}")).limits((0.1, "red")).at(8),
    plot("Retries", "A second, by what was called again.", "ops",
         (rate("aurora_retries_total", "service, dependency"), "{{service}} {{dependency}}")).at(8),
    plot("Hedges", "A second: reads that were sent to a second address too, and those where that one was faster.", "ops",
         (rate("aurora_upstream_hedges_total", "upstream"), "{{upstream}} sent"),
         (rate("aurora_upstream_hedges_won_total", "upstream"), "{{upstream}} won")).at(8),
    plot("Addresses that are ready", "By service; 0: nobody is there.", "short",
         ("sum by (upstream) (aurora_upstream_up)", "{{upstream}}")).at(8),
    Row("Caches"),
    plot("Hits", "Reads of products that the cache answered, of all.", "percentunit",
         ("service:aurora_cache_hits:ratio_rate1m", "{{service}}")).top(1).at(8),
    plot("Loads and waits", "A second: values loaded, reads that waited for another's load, values that made room.", "ops",
         (rate("aurora_cache_loads_total", "service"), "{{service}} loads"),
         (rate("aurora_cache_joins_total", "service"), "{{service}} waits"),
         (rate("aurora_cache_evictions_total", "service"), "{{service}} evictions")).at(8),
    plot("Old answers", "A second, that the gateway gave while a service was away; and how many it keeps for that.", "short",
         ("sum(rate(aurora_gateway_stale_answers_total[$__rate_interval]))", "given"),
         ("sum(aurora_gateway_kept_answers)", "kept")).at(8),
    Row("The edge"),
    plot("Tokens", "A second, by how they were judged.", "ops",
         (rate("aurora_jwt_tokens_total", "service, result"), "{{service}} {{result}}")).at(8),
    plot("TLS handshakes", "A second: by version, and those that failed by why.", "ops",
         (rate("aurora_tls_handshakes_total", "service, version"), "{{service}} {{version}}"),
         (rate("aurora_tls_handshake_failures_total", "service, reason"), "{{service}} {{reason}}")).at(8),
    plot("Certificates", "Time until the one that is served ends.", "s",
         ("min by (service, instance) (aurora_tls_certificate_expiry_timestamp_seconds) - time()",
          "{{service}} {{instance}}")).at(8),
])

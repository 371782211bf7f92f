# SPDX-License-Identifier: MIT
"""The first page: do clients get what they came for, do orders go on, does anything fall behind?"""

from grafana import Row, dashboard, plot, stat

EDGE = '{service=~"gateway|aurorad"}'

QUANTILES = [(f"service:aurora_http_request_duration_seconds:{q}_rate1m{EDGE}", f"{{{{service}}}} {q}")
             for q in ("p50", "p95", "p99")]

CLIENTS = [
    Row("What clients meet, at the gateway or the lone aurorad"),
    stat("Instances that answer", "Of the targets that Prometheus knows.", "percentunit",
         'avg(up{job="aurora"})').limits((0, "red"), (1, "green")).top(1),
    stat("Requests", "A second, probes left out.", "reqps", f"sum(service:aurora_http_requests:rate1m{EDGE})"),
    stat("Errors", "Of all requests: the answers 5xx.", "percentunit",
         f"max(service:aurora_http_errors:ratio_rate1m{EDGE})").limits((0.001, "orange"), (0.01, "red")).top(1),
    stat("p95", "Nineteen of 20 requests took no longer.", "s",
         f"max(service:aurora_http_request_duration_seconds:p95_rate1m{EDGE})").limits((0.5, "orange"), (1, "red")),
    stat("Budget burn", "How many times faster than promised errors came in the last hour.", "none",
         f"max(service:aurora_http_error_budget:burn_rate1h{EDGE})").limits((1, "orange"), (14.4, "red")),
    stat("Alerts", "That fire now; docs/ALERTS.md says what to do.", "none",
         'count(ALERTS{alertstate="firing", alertname=~"Aurora.+"}) or vector(0)').limits((1, "red")),
    plot("Throughput", "Requests a second, probes left out.", "reqps",
         (f"service:aurora_http_requests:rate1m{EDGE}", "{{service}}")).at(8),
    plot("Error ratio", "Answers 5xx of all. Promised is at most one in 1,000.", "percentunit",
         (f"service:aurora_http_errors:ratio_rate1m{EDGE}", "{{service}}")).limits((0.001, "red")).at(8),
    plot("Latency", "Half, 95 and 99 of 100 requests took no longer.", "s", *QUANTILES).limits((1, "red")).at(8),
    plot("Error budget burn", "1 uses up exactly what is allowed; 14.4 uses up 30 days' errors in two.", "none",
         *[(f"service:aurora_http_error_budget:burn_rate{window}{EDGE}", f"{{{{service}}}} {window}")
           for window in ("5m", "1h", "6h")]).limits((14.4, "red")).at(24),
]

ORDERS = [
    Row("Orders"),
    plot("Orders created and settled", "A second. Settled: stock and money agree with the outcome. The lines lie on each other "
         "when nothing piles up.", "ops",
         ('sum by (service) (service:aurora_orders_created:rate1m{service=~"order|aurorad"})', "{{service}} created"),
         ('sum by (service) (service:aurora_orders_settled:rate1m{service=~"order|aurorad"})', "{{service}} settled")).at(8),
    plot("Orders by status reached", "A second, by the status that they came to.", "ops",
         ('sum by (status) (rate(aurora_orders_total[$__rate_interval]))', "{{status}}")).at(8),
    plot("Unsettled orders", "Now, by status.", "short",
         ("sum by (status) (max by (service, status) (aurora_saga_orders))", "{{status}}")).stacked().at(8),
    plot("Oldest in its status", "Age of the oldest unsettled order.", "s",
         ("max by (status) (service_status:aurora_saga_oldest_age_seconds:max)", "{{status}}")).limits((600, "red")).at(8),
    plot("Parked", "Orders that wait for a person, by who gave up and why.", "short",
         ("sum by (participant, reason) (max by (service, participant, reason) (aurora_saga_parked))",
          "{{participant}}: {{reason}}")).limits((1, "red")).at(8),
    plot("From placed to settled", "How long orders took.", "s",
         *[(f"service:aurora_saga_duration_seconds:{q}_rate1m", f"{{{{service}}}} {q}") for q in ("p50", "p95", "p99")]).at(8),
]

LAGS = [
    Row("What falls behind"),
    plot("Outbox", "Age of the oldest event that Kafka has not acknowledged.", "s",
         ("service:aurora_relay_lag_seconds:max", "{{service}}")).limits((30, "red")).at(6),
    plot("Consumers", "Age of the oldest record that a service has not taken.", "s",
         ("service:aurora_inbound_lag_seconds:max", "{{service}}")).limits((60, "red")).at(6),
    plot("Followers", "Age of the oldest event that search, trending, notification and others have not seen.", "s",
         ("max by (service, follower) (aurora_follower_lag_seconds)", "{{service}} {{follower}}")).limits((60, "red")).at(6),
    plot("Expiry of reservations", "How far the oldest due hold is beyond its time; 0 where none is due.", "s",
         ("max by (service) (aurora_reservation_expiry_lag_seconds)", "{{service}}")).limits((60, "red")).at(6),
]

BOARD = dashboard("overview", "overview", "Do clients get what they came for, do orders go on, does anything fall behind?", [],
                  CLIENTS + ORDERS + LAGS)

# SPDX-License-Identifier: MIT
"""Rate, errors and duration of HTTP requests, by service, instance and route."""

from grafana import INSTANCE, ROUTE, SERVICE, Row, dashboard, heat, plot, table

WHICH = 'service=~"$service", instance=~"$instance", route=~"$route"'
SERVER = '{service=~"$service", instance=~"$instance"}'
BUCKETS = f'rate(aurora_http_request_duration_seconds_bucket{{{WHICH}, route!="/orders/{{id}}/events"}}[$__rate_interval])'


def rate(name, selector=SERVER):
    return f"rate({name}{selector}[$__rate_interval])"


def quantile(share, by=""):
    labels = f"le, {by}" if by else "le"
    return f"histogram_quantile({share}, sum by ({labels}) ({BUCKETS}))"


REQUESTS = rate("aurora_http_requests_total", f"{{{WHICH}}}")
ERRORS = rate("aurora_http_requests_total", f'{{{WHICH}, status=~"5.."}}')

BOARD = dashboard("services", "services", "Rate, errors and duration of HTTP requests, by service, instance and route.",
                  [SERVICE, INSTANCE, ROUTE], [
    Row("Rate and errors"),
    plot("Requests by route", "A second, with probes.", "reqps",
         (f"sum by (service, method, route) ({REQUESTS})", "{{service}} {{method}} {{route}}")),
    plot("Answers by status", "A second. 429 is a rate limit, 503 want of room or a service that is away.", "reqps",
         (f"sum by (status) ({REQUESTS})", "{{status}}")).stacked(),
    plot("Error ratio by route", "Answers 5xx of all of the route.", "percentunit",
         (f"(sum by (service, method, route) ({ERRORS}) or sum by (service, method, route) ({REQUESTS}) * 0) "
          f"/ (sum by (service, method, route) ({REQUESTS}) > 0)", "{{service}} {{method}} {{route}}")).limits((0.001, "red")),
    plot("Requests by instance", "A second: whether they are spread evenly.", "reqps",
         (f"sum by (service, instance) ({REQUESTS})", "{{service}} {{instance}}")),
    Row("Duration, from the end of a request to the end of its answer; points are requests with a trace"),
    plot("Quantiles", "Half, 95 and 99 of 100 requests took no longer. Streams of events are left out.", "s",
         *[(quantile(share), name) for share, name in ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"))]).exemplars(),
    heat("Where they lie", "Requests a second by duration.", "s", f"sum by (le) ({BUCKETS})"),
    plot("p95 by route", "Nineteen of 20 requests of the route took no longer.", "s",
         ('service_route:aurora_http_request_duration_seconds:p95_rate1m{service=~"$service", route=~"$route"}',
          "{{service}} {{method}} {{route}}")).limits((1, "red")).at(24),
    table("Routes", "A second, share of errors, and duration of the last minute.", "none",
          ('service_route:aurora_http_requests:rate1m{service=~"$service", route=~"$route"}', "Requests a second"),
          ('service_route:aurora_http_errors:ratio_rate1m{service=~"$service", route=~"$route"}', "Error ratio"),
          *[(f'service_route:aurora_http_request_duration_seconds:{q}_rate1m{{service=~"$service", route=~"$route"}}',
             f"{q} (s)") for q in ("p50", "p95", "p99")]).at(24),
    Row("The server"),
    plot("Connections", "That are open.", "short", (f"sum by (service) (aurora_http_connections{SERVER})", "{{service}}")).at(8),
    plot("Requests under way", "Without an answer yet, and of these those that wait for a worker thread.", "short",
         (f"sum by (service) (aurora_http_requests_in_flight{SERVER})", "{{service}} under way"),
         (f"sum by (service) (aurora_http_jobs_waiting{SERVER})", "{{service}} wait")).at(8),
    plot("Streams of events", "Open ones, of GET /orders/{id}/events.", "short",
         (f"sum by (service) (aurora_http_streams{SERVER})", "{{service}}")).at(8),
    plot("Turned away", "A second: connections at the limit, heads that are no HTTP, deadlines that passed.", "ops",
         (f"sum by (service) ({rate('aurora_http_connections_refused_total')})", "{{service}} connections refused"),
         (f"sum by (service) ({rate('aurora_http_bad_heads_total')})", "{{service}} bad heads"),
         (f"sum by (service) ({rate('aurora_http_timeouts_total')})", "{{service}} time-outs")),
    plot("Connections accepted", "A second; many for few requests are clients without keep-alive.", "ops",
         (f"sum by (service) ({rate('aurora_http_connections_accepted_total')})", "{{service}}")),
])

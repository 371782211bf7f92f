# SPDX-License-Identifier: MIT
"""The saga: how orders move, where they stand, what waits for a person; stock and notifications beside."""

from grafana import Row, dashboard, plot


def rate(name, by, selector=""):
    return f"sum by ({by}) (rate({name}{selector}[$__rate_interval]))"


def quantiles(name, by=""):
    labels = f"le, {by}" if by else "le"
    legend = f"{{{{{by}}}}} " if by else ""
    return [(f"histogram_quantile({share}, sum by ({labels}) (rate({name}_bucket[$__rate_interval])))", legend + word)
            for share, word in ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"))]


BOARD = dashboard("orders", "orders, saga and stock", "How orders move, where they stand, and what waits for a person.", [], [
    Row("How orders move"),
    plot("Transitions", "A second, from status to status; NONE is a new order.", "ops",
         ("sum by (from, to) (service_from_to:aurora_saga_transitions:rate1m)", "{{from}} to {{to}}")),
    plot("Share that completes", "Of the orders that came to an outcome.", "percentunit",
         ('sum by (service) (rate(aurora_orders_total{status="COMPLETED"}[$__rate_interval])) '
          '/ (sum by (service) (rate(aurora_orders_total{status=~"COMPLETED|FAILED"}[$__rate_interval])) > 0)',
          "{{service}}")).top(1),
    plot("From placed to settled", "How long orders took until stock and money agreed with the outcome.", "s",
         *quantiles("aurora_saga_duration_seconds")).exemplars(),
    plot("Created and settled", "A second.", "ops",
         (rate("aurora_orders_created_total", "service", '{service=~"order|aurorad"}'), "{{service}} created"),
         (rate("aurora_orders_settled_total", "service", '{service=~"order|aurorad"}'), "{{service}} settled")),
    Row("Where they stand"),
    plot("Unsettled orders", "Now, by status.", "short",
         ("max by (service, status) (aurora_saga_orders)", "{{service}} {{status}}")).stacked().at(8),
    plot("Oldest in its status", "Age of the oldest unsettled order.", "s",
         ("max by (service, status) (aurora_saga_oldest_age_seconds)", "{{service}} {{status}}")).limits((600, "red")).at(8),
    plot("Timers", "How late they fired: deadlines, repeats, expiries.", "s", *quantiles("aurora_timer_lag_seconds")).at(8),
    Row("What waits for a person"),
    plot("Parked now", "By who gave up and why.", "short",
         ("max by (service, participant, reason) (aurora_saga_parked)", "{{participant}}: {{reason}}")).limits((1, "red")).at(8),
    plot("Parked since the start", "How often it happened.", "short",
         ("sum by (participant, reason) (aurora_saga_parked_total)", "{{participant}}: {{reason}}")).at(8),
    plot("Dead letters and parked keys", "Events that could not be taken; keys whose events wait behind them.", "short",
         ("max by (service) (aurora_dead_letters)", "{{service}} dead letters"),
         ("max by (service) (aurora_parked_keys)", "{{service}} parked keys")).limits((1, "red")).at(8),
    Row("Stock and notifications"),
    plot("Expiry of reservations", "How far the oldest due hold is beyond its time; 0 where none is due.", "s",
         ("max by (service) (aurora_reservation_expiry_lag_seconds)", "{{service}}")).limits((60, "red")).at(8),
    plot("Commands", "That were answered, a second, by kind.", "ops",
         (rate("aurora_commands_total", "class"), "{{class}}")).at(8),
    plot("Notifications", "That came to an end, a second.", "ops",
         (rate("aurora_notifications_total", "state"), "{{state}}")).at(8),
])

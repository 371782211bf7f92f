# SPDX-License-Identifier: MIT
"""The way of events: log, outbox, Kafka, consumers, followers, dead letters."""

from grafana import SERVICE, Row, dashboard, plot, stat

WHICH = '{service=~"$service"}'


def rate(name, by="service"):
    return f"sum by ({by}) (rate({name}{WHICH}[$__rate_interval]))"


BOARD = dashboard("events", "outbox and Kafka", "The way of events: log, outbox, Kafka, consumers, followers.", [SERVICE], [
    Row("Outbox: out of the log into Kafka"),
    stat("Brokers answer", "1 where every instance is connected.", "short",
         f"min(aurora_bus_connected{WHICH})").limits((0, "red"), (1, "green")).top(1),
    stat("Oldest unpublished", "Of all services.", "s", f"max(aurora_relay_lag_seconds{WHICH})").limits((30, "red")),
    stat("Unpublished", "Events of all services.", "short", f"sum(max by (service) (aurora_relay_lag{WHICH}))"),
    stat("Oldest record not taken", "Of all consumers.", "s", f"max(aurora_inbound_lag_seconds{WHICH})").limits((60, "red")),
    stat("Records not taken", "Of all consumers.", "short", f"sum(aurora_inbound_lag{WHICH} >= 0)"),
    stat("Dead letters", "Events that could not be taken.", "short",
         f"sum(max by (service) (aurora_dead_letters{WHICH}))").limits((1, "red")),
    plot("Events appended", "To the logs of the services, a second.", "ops", (rate("aurora_events_total"), "{{service}}")).at(8),
    plot("Outbox lag", "Events that Kafka has not acknowledged.", "short",
         (f"max by (service) (aurora_relay_lag{WHICH})", "{{service}}")).at(8),
    plot("Outbox lag in time", "Age of the oldest of them.", "s",
         (f"max by (service) (aurora_relay_lag_seconds{WHICH})", "{{service}}")).limits((30, "red")).at(8),
    plot("Published", "Acknowledged by Kafka, and deliveries that failed, a second.", "ops",
         (rate("aurora_bus_produced_total"), "{{service}}"),
         (rate("aurora_bus_produce_failures_total"), "{{service}} failed")).at(8),
    plot("Acknowledgement", "How long the newest message took.", "s",
         (f"max by (service) (aurora_bus_produce_seconds{WHICH})", "{{service}}")).at(8),
    plot("Relay", "Instances that publish (one of each service), and how often the relay began again or left a row out.", "short",
         (f"sum by (service) (aurora_relay_leader{WHICH})", "{{service}} leads"),
         (f"sum by (service) (aurora_relay_restarts_total{WHICH})", "{{service}} began again"),
         (f"sum by (service) (aurora_relay_damaged_total{WHICH})", "{{service}} left out")).at(8),
    Row("Consumers"),
    plot("Records taken", "A second, by what became of them.", "ops",
         (rate("aurora_inbound_events_total", "service, result"), "{{service}} {{result}}")),
    plot("Consumed", "Records read, a second.", "ops", (rate("aurora_bus_consumed_total"), "{{service}}")),
    plot("Lag by topic", "Records behind the ends of the partitions.", "short",
         (f"sum by (service, topic) (aurora_inbound_lag{WHICH} >= 0)", "{{service}} {{topic}}")).at(8),
    plot("Lag by partition", "The same, to see one that lags alone.", "short",
         (f"max by (topic, partition) (aurora_inbound_lag{WHICH} >= 0)", "{{topic}} {{partition}}")).at(8),
    plot("Consumer lag in time", "Age of the oldest record that was not taken.", "s",
         (f"max by (service, topic) (aurora_inbound_lag_seconds{WHICH})", "{{service}} {{topic}}")).limits((60, "red")).at(8),
    plot("Partitions and rebalances", "Partitions that an instance consumes; rebalances since its start.", "short",
         (f"sum by (service, instance) (aurora_bus_assigned{WHICH})", "{{service}} {{instance}}"),
         (f"sum by (service) (aurora_bus_rebalances_total{WHICH})", "{{service}} rebalances")).at(8),
    plot("Put off", "Times a second that records were put off: the store was away or busy.", "ops",
         (rate("aurora_inbound_pauses_total"), "{{service}}")).at(8),
    plot("Dead letters made", "That were made, a second; and how many are there.", "short",
         (rate("aurora_dead_letters_total"), "{{service}} made"),
         (f"max by (service) (aurora_dead_letters{WHICH})", "{{service}} there")).limits((1, "red")).at(8),
    Row("Followers of the log: search, trending, notification, related"),
    plot("Follower lag", "Events that a follower has not seen.", "short",
         (f"max by (service, follower) (aurora_follower_lag{WHICH})", "{{service}} {{follower}}")),
    plot("Follower lag in time", "Age of the oldest of them.", "s",
         (f"max by (service, follower) (aurora_follower_lag_seconds{WHICH})", "{{service}} {{follower}}")).limits((60, "red")),
])

# SPDX-License-Identifier: MIT
"""flow_instances.py: two instances of each service share the work. Those that relay are frozen for longer than their
Kafka session and their lease: the others go on, and they come back harmless."""

import pathlib
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_cluster import QUICK_KAFKA, System, disordered, take_environment  # noqa: E402

FROZEN_S = 13  # a session has 6, a lease 10
ORDERS = 24
SAGA = ("order", "inventory", "payment")


def applied(daemon):
    return sum(value for name, value in daemon.metrics().items()
               if name.startswith("aurora_inbound_events_total") and 'result="applied"' in name)


def leaders(system):
    """The instance of each that publishes its service's log."""
    def ask():
        found = [daemon for service in SAGA for daemon in system.of(service)
                 if daemon.metrics().get("aurora_relay_leader") == 1]
        return found if len(found) == len(SAGA) else None
    return system.until("a relay of each", ask, 30)


def share(system):
    orders = [system.place("tok_approve", wait=0) for _ in range(ORDERS)]
    for order in orders:
        system.settled(order, "COMPLETED")
    return orders


def has_shared(system):
    """Both instances of each service have partitions and take events. One that came to its group behind the orders so far
    takes of those that are placed now, which are returned."""
    orders = []

    def has_taken(daemon):
        if applied(daemon) > 0:
            return True
        orders.append(system.place("tok_approve", wait=0))
        return False

    for daemon in system.services:
        if daemon.service != "product":
            system.until(f"{daemon.name} has partitions", lambda daemon=daemon: daemon.metrics().get(
                "aurora_bus_assigned", 0) > 0, 30)
    for service in (*SAGA, "notification"):
        for daemon in system.of(service):
            system.until(f"{daemon.name} has taken events", lambda daemon=daemon: has_taken(daemon), 30)
    for order in orders:
        system.settled(order, "COMPLETED")
    return orders


def freeze(system, frozen):
    """Orders go on without them."""
    begin = time.monotonic()
    orders = []
    for daemon in frozen:
        daemon.signal(signal.SIGSTOP)
    while time.monotonic() < begin + FROZEN_S:
        orders.append(system.place("tok_approve" if len(orders) % 3 else "tok_decline", wait=0))
    for number, order in enumerate(orders):
        system.settled(order, "COMPLETED" if number % 3 else "FAILED")
    print(f"flow_instances: {len(orders)} orders in {FROZEN_S} s, settled after {time.monotonic() - begin:.0f} s, "
          f"without {', '.join(daemon.name for daemon in frozen)}")
    others = [daemon for service in SAGA for daemon in system.of(service) if daemon not in frozen]
    system.expect(all(daemon.metrics().get("aurora_relay_leader") == 1 for daemon in others), "nobody relays")
    for daemon in frozen:
        daemon.signal(signal.SIGCONT)
    return orders


def once(system, orders):
    """No effect is there twice, whatever was published twice."""
    ids = {order["id"] for order in orders}
    for name in ("orders", "inventory", "payments"):
        records = system.records(name)
        system.expect(not disordered(records), disordered(records))
        places = {}
        for record in records:
            place = record["headers"]["ce_source"], record["headers"]["ce_sequence"]
            system.expect(places.setdefault(place, record["payload"]) == record["payload"], "one position", place)
        system.expect({record["key"] for record in records} == ids, name)
    rows = system.psql("SELECT captures, captured_minor = amount_minor, count(*) FROM aurora_payment.ledger "
                       "WHERE captures > 0 GROUP BY 1, 2")
    completed = system.psql("SELECT count(*) FROM aurora_order.orders WHERE status = 3")[0][0]
    system.expect(rows == [["1", "t", completed]], "not charged once each", rows, completed)
    rows = system.psql("SELECT order_id FROM aurora_notification.notifications")
    system.expect(len(rows) == len(ids), "notified", len(rows), len(ids))


def main():
    begin = time.monotonic()
    # With a latency payments are calls, and stand in the provider's books.
    with System(take_environment(), instances=2, own={"payment": "payment = simulator:?latency_ms=2\n"},
                kafka=QUICK_KAFKA, settings="resend_first = 20s\norder_deadline = 5m\n") as system:
        system.sell("mug", 100000)
        orders = [system.place("tok_approve")]
        print(f"flow_instances: ready after {time.monotonic() - begin:.0f} s")
        orders += share(system)
        orders += has_shared(system)
        orders += freeze(system, leaders(system))
        system.wait_ready()
        orders += share(system)
        orders += has_shared(system)
        system.until("notified", lambda: int(system.psql(
            "SELECT count(*) FROM aurora_notification.notifications")[0][0]) >= len(orders), 30)
        once(system, orders)
        for daemon in system.services:
            parked = daemon.metrics().get("aurora_parked_keys", 0)
            system.expect(parked == 0, daemon.name, "parked", parked)
        system.verify()
        system.end()
    print(f"flow_instances: {len(orders)} orders, {time.monotonic() - begin:.0f} s")


main()

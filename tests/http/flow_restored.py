# SPDX-License-Identifier: MIT
"""flow_restored.py: one service's schema is brought back to an earlier time (pg_dump, pg_restore, auroractl restored):
its consumers read again what it lost, its new events are not taken for those whose positions they have."""

import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_cluster import System, disordered, take_environment  # noqa: E402


def dump(system, service):
    path = f"{system.folder}/{service}.dump"
    subprocess.run(["pg_dump", "-Fc", "-n", f"aurora_{service}", "-f", path, system.store], check=True, timeout=120)
    return path


def restore(system, service, path):
    system.psql(f"DROP SCHEMA aurora_{service} CASCADE")
    subprocess.run(["pg_restore", "-d", system.store, path], check=True, timeout=120)
    system.ctl("restored", "--store", f"{system.store}", "--modules", service)


def complete(system, count, sku="mug"):
    orders = [system.place("tok_approve", wait=0, sku=sku) for _ in range(count)]
    for order in orders:
        system.settled(order, "COMPLETED")
    return orders


def epochs(system, name):
    """The sources of a topic's events, in the order in which they came first."""
    return list(dict.fromkeys(record["headers"]["ce_source"] for record in sorted(
        system.records(name), key=lambda record: record["ts"])))


def come_back(system, service):
    """What was decided after the dump is decided again from the topics; what comes then is new."""
    complete(system, 4)
    path = dump(system, service)
    complete(system, 4)  # of these the restored service knows nothing
    system[service].end()
    restore(system, service, path)
    system[service].start()
    complete(system, 4)
    system.wait_ready()


def orders_are_lost(system):
    """What the others tell of orders that the order service lost parks; an operator gives stock and money back."""
    where = ["--store", system.store]
    complete(system, 2)
    path = dump(system, "order")
    lost = complete(system, 2)
    system["order"].end()
    restore(system, "order", path)
    system["order"].start()
    complete(system, 2)
    ids = {order["id"] for order in lost}

    def parked():
        items = system.ctl("dead-letters", "list", "--consumer", "order", *where)["items"]
        return {item["key"] for item in items if item["reason"] == "unknown_order"}
    system.until("orders that are not there", lambda: parked() == ids, 30)
    for order in ids:
        system.expect(system.call("GET", f"/orders/{order}")[0] == 404, order)
        system.ctl("sagas", "compensate", order, "--url", system.gateway.url)
    system.until("nothing parked", lambda: not parked(), 30)
    for topic, kind in (("payments", "payment.refunded"), ("inventory", "inventory.returned")):
        system.until(kind, lambda topic=topic, kind=kind: {
            record["key"] for record in system.records(topic) if record["headers"]["ce_type"] == kind} == ids, 30)


def main():
    begin = time.monotonic()
    with System(take_environment(), settings="resend_first = 2s\norder_late_grace = 10m\n") as system:
        system.sell("mug", 1000)
        complete(system, 1)
        for service, topic in (("inventory", "inventory"), ("payment", "payments")):
            come_back(system, service)
            found = epochs(system, topic)
            system.expect(len(found) == 2, service, found)
            system.expect(not disordered(system.records(topic)), disordered(system.records(topic)))
            print(f"flow_restored: {service} {time.monotonic() - begin:.0f} s", flush=True)
        system.stock(sold=25, reserved=0, available=975)
        orders_are_lost(system)
        system.expect(len(epochs(system, "orders")) == 2, epochs(system, "orders"))
        system.stock(sold=31, reserved=0, available=971, received=1002)
        system.verify()
        system.end()
    print(f"flow_restored: {time.monotonic() - begin:.0f} s")


main()

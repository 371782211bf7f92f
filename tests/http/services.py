# SPDX-License-Identifier: MIT
"""services.py STORE...: the eight daemons over a real Kafka, with a store each of sqlite:, or all on the given PostgreSQL
URL: an order that completes, one that is declined, one that is out of stock and one that is cancelled, through the
gateway; then what the others made of it; every daemon is killed once and comes back; at the end all drain."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_server import BIN, SERVICES, Server, free_port  # noqa: E402

SECONDS = 90  # for groups to form; all the rest is quick


class Daemon:
    def __init__(self, name, folder, arguments):
        self.name, self.port = name, free_port()
        self.arguments = [*arguments, "--listen", f"127.0.0.1:{self.port}"]
        self.log = pathlib.Path(folder) / f"{name}.log"
        self.folder = folder
        self.process = None

    def start(self):
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([str(BIN / f"aurora-{self.name}"), *self.arguments], cwd=self.folder,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def tail(self):
        return self.log.read_text(errors="replace")[-1500:]


class System:
    def __init__(self, folder, store):
        prefix = f"t{os.getpid()}x{uuid.uuid4().hex[:6]}"
        bus = f"kafka://{os.environ['AURORA_TEST_KAFKA']}?prefix={prefix}"
        store = ["--store", store] if store.startswith("postgresql:") else []
        common = ["--bus", bus, "--start-wait", "30s", *store]
        self.services = [Daemon(name, folder, common) for name in SERVICES]
        upstream = ",".join(f"{service.name}=127.0.0.1:{service.port}" for service in self.services)
        self.gateway = Daemon("gateway", folder, ["--upstream", upstream])
        self.client = Server(port=self.gateway.port, program="aurora-gateway")
        self.all = [self.gateway, *self.services]

    def start(self):
        for daemon in self.all:  # the gateway first: any order will do
            daemon.start()
        self.wait_ready()

    def fail(self, *details):
        for daemon in self.all:
            print(f"--- {daemon.name}\n{daemon.tail()}")
        raise SystemExit(f"services: {details}")

    def until(self, what, ask, seconds=SECONDS):
        end = time.monotonic() + seconds
        last = None
        while time.monotonic() < end:
            for daemon in self.all:
                if daemon.process.poll() is not None:
                    self.fail(daemon.name, "ended with", daemon.process.returncode)
            try:
                last = ask()
                if last:
                    return last
            except OSError as error:
                last = error
            time.sleep(0.1)
        self.fail(what, "not within", seconds, last)

    def wait_ready(self):
        def ready():
            status, _, body = self.client.call("GET", "/readyz")
            return status == 200 and all(check["status"] == "ok" for check in body["checks"])
        self.until("ready", ready)

    def place(self, token, quantity=1, **others):
        order = {"lines": [{"sku": "mug", "quantity": quantity}], "currency": "EUR", "payment_method": token}

        def ask():
            status, _, body = self.client.call("POST", "/orders", order, headers={
                "Idempotency-Key": key, "Prefer": "wait=5"}, **others)
            if status == 422 and body["code"] == "unknown_sku":
                return None  # the price list follows the catalogue
            if status not in (201, 502, 503):
                self.fail("POST /orders", status, body)
            return body if status == 201 else None
        key = uuid.uuid4().hex
        return self.until("an order is taken", ask)

    def settled(self, order, status):
        def ask():
            _, _, body = self.client.call("GET", f"/orders/{order['id']}")
            return body if body.get("status") == status and body.get("settled_at") else None
        return self.until(f"an order is {status}", ask)

    def expect_stock(self, **wanted):
        def ask():
            _, _, body = self.client.call("GET", "/inventory/mug")
            return all(body.get(name) == value for name, value in wanted.items()) and body
        return self.until(f"stock {wanted}", ask, 20)


def flow(system):
    call = system.client.call
    system.until("a product", lambda: call("PUT", "/products/mug", {"name": "Mug", "price_minor": 1250,
                                                                   "currency": "EUR"})[0] in (200, 201))
    system.until("stock", lambda: call("POST", "/inventory/mug/receipts", {"quantity": 10},
                                       {"Idempotency-Key": "first"})[0] in (200, 201))
    system.settled(system.place("tok_approve"), "COMPLETED")
    declined = system.settled(system.place("tok_decline"), "FAILED")
    short = system.settled(system.place("tok_approve", quantity=50), "FAILED")
    if (declined["reason"], short["reason"]) != ("payment_declined", "out_of_stock"):
        system.fail("reasons", declined, short)
    one = system.settled(system.place("tok_approve", quantity=2), "COMPLETED")
    system.expect_stock(available=7, reserved=0, sold=3)
    status, _, body = call("POST", f"/orders/{one['id']}/cancel", {"note": "no more"})
    if status != 200:
        system.fail("cancel", status, body)
    system.settled(one, "CANCELLED")
    system.expect_stock(available=9, reserved=0, sold=3)
    system.until("search", lambda: call("GET", "/search?q=mug")[2].get("total") == 1, 30)
    system.until("trending", lambda: call("GET", "/recommendations/trending")[2]["items"], 30)
    for service in SERVICES:
        status, _, body = call("GET", f"/admin/stats?service={service}")
        if status != 200 or body["service"] != f"aurora-{service}":
            system.fail("stats", service, status, body)
    sent = call("GET", "/admin/stats?service=notification")[2]["events"]["newest"]
    if sent < 1:
        system.fail("notification heard nothing", sent)


def kills(system):
    """Each daemon is killed once between two orders, and the second still completes."""
    for daemon in system.services:
        daemon.process.send_signal(signal.SIGKILL)
        daemon.process.wait()
        daemon.start()
    system.settled(system.place("tok_approve"), "COMPLETED")
    system.wait_ready()


def memory(system):
    total = 0
    for daemon in system.all:
        for line in pathlib.Path(f"/proc/{daemon.process.pid}/smaps_rollup").read_text().splitlines():
            total += int(line.split()[1]) if line.startswith("Pss:") else 0
    return total // 1024


def run(store):
    with tempfile.TemporaryDirectory(prefix="aurora-services-") as folder:
        system = System(folder, store)
        begin = time.monotonic()
        try:
            system.start()
            flow(system)
            kills(system)
            used = memory(system)
            for daemon in system.all:
                daemon.process.send_signal(signal.SIGTERM)
            codes = {daemon.name: daemon.process.wait(40) for daemon in system.all}
            if any(codes.values()):
                system.fail("ends", codes)
        finally:
            for daemon in system.all:
                if daemon.process is not None and daemon.process.poll() is None:
                    daemon.process.kill()
                    daemon.process.wait()
            system.client.folder.cleanup()
        print(f"services: {store.split(':')[0]}: flow and kills, {used} MiB in all, {time.monotonic() - begin:.0f} s")


for name in [name for name in os.environ if name.startswith("AURORA_") and name not in (
        "AURORA_BIN", "AURORA_TEST_KAFKA", "AURORA_SOURCE_DIR")]:
    del os.environ[name]
for url in sys.argv[1:]:
    run(url)

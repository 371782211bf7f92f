#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Lets every call of a sort fail in turn in a real aurorad: allocations, writes and syncs of files, and what is sent to
and received from PostgreSQL, Redis, OpenSearch, Kafka, a payment bridge, and clients; once, for as long as a customer
tries, or after it was done. Each time the customer repeats by key what was not answered, and ends with one order, all
money back, and a store that passes verify. Ends with 0 if so, 1 if not, 2 if it could not tell, 77 without the shim."""

import argparse
import errno
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from http.server import ThreadingHTTPServer

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]
from aurora_server import BIN, Server  # noqa: E402
from campaign import Progress, summary  # noqa: E402
from customers import Wire  # noqa: E402
from shim import LIBRARY, Shim  # noqa: E402

SETTINGS = ("--log-level", "error", "--retry-first", "50ms", "--retry-max", "200ms", "--resend-first", "1s",
            "--resend-max", "1s", "--attempts-max", "100", "--order-wait", "500ms", "--payment-timeout", "2s",
            "--notify", "none:")
RECOVERED_S = 45  # after a fault: breakers, leases and backoffs included
TRIES = 3         # of a customer while the fault lasts
PATIENCE_S = 2    # for an answer meanwhile: that of a commit whose outcome is unknown waits for it

ONCE, LASTING, DONE = {}, {"is_lasting": True}, {"is_done": True}
SOCKETS = [("connect", ONCE), ("send", ONCE), ("send", DONE), ("send", LASTING), ("receive", ONCE), ("receive", DONE),
           ("receive", LASTING)]
ALLOCATIONS = [("alloc", ONCE), ("alloc", LASTING)]
FILES = [("write", ONCE), ("write", DONE), ("write", LASTING), ("write", {"is_lasting": True, "error": errno.ENOSPC}),
         ("sync", ONCE), ("sync", DONE), ("sync", LASTING)]
# What surrounds aurorad, and what fails there. librdkafka ends the process when memory runs out, by its own choice.
PLACES = {
    "sqlite": (*ALLOCATIONS, *FILES, ("accepted", ONCE), ("accepted", DONE)),
    "bridge": (*ALLOCATIONS, *SOCKETS),
    "postgres": (*ALLOCATIONS, *SOCKETS),
    "redis": (*ALLOCATIONS, *SOCKETS),
    "search": (*ALLOCATIONS, *SOCKETS),
    "kafka": (*SOCKETS,),
}
NEEDS = {"postgres": "POSTGRES", "redis": "REDIS", "search": "OPENSEARCH", "kafka": "KAFKA"}


class Bridge:
    """The bridge of examples/, which notes what it did."""

    def __init__(self):
        os.environ["PAYMENT_SECRET"] = "hush"
        source = (HERE.parent.parent / "examples/payment_bridge.py").read_text(encoding="utf-8")
        bridge = {}
        exec(source.partition("\nserver = ")[0], bridge)  # pylint: disable=exec-used
        bridge["Bridge"].log_message = lambda *_: None
        self.acts = {}
        decide = bridge["decide"]

        def noted(ask):
            answer = decide(ask)
            if answer["outcome"] == "done":
                self.acts.setdefault(ask["authorize_id"], []).append((ask["verb"], ask["task_id"]))
            return answer
        bridge["decide"] = noted
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), bridge["Bridge"])
        self.server.handle_error = lambda *_: None  # clients that vanish are what this is about
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def settings(self):
        return ("--payment", f"http://127.0.0.1:{self.server.server_address[1]}/", "--payment-secret", "hush")

    def wrong(self):
        """All orders were cancelled: nobody's money is here."""
        for one, acts in self.acts.items():
            verbs = [verb for verb, _ in acts]
            if verbs.count("capture") > 1 or verbs.count("refund") > 1:
                yield f"charged or refunded twice: {one} {verbs}"
            elif ("capture" in verbs) != ("refund" in verbs):
                yield f"money kept, or given back for nothing: {one} {verbs}"
            elif "authorize" in verbs and "capture" not in verbs and "void" not in verbs:
                yield f"money blocked: {one} {verbs}"


class Database:
    """Of one's own in the shared server."""

    def __init__(self, address):
        self.server, _, _ = address.rpartition("/")
        self.name = f"aurora_sweep_{os.getpid()}"
        self.maintenance = address
        self.sql(f"CREATE DATABASE {self.name}")
        self.url = f"{self.server}/{self.name}"

    def sql(self, text):
        subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-c", text, self.maintenance], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def drop(self):
        self.sql(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")


class Place:
    """An aurorad with the shim, and what stands around it."""

    def __init__(self, kind, engines, folder):
        self.kind = kind
        self.folder = pathlib.Path(folder)
        self.shim = Shim(folder)
        self.bridge = Bridge() if kind == "bridge" else None
        self.database = Database(engines["POSTGRES"]) if kind == "postgres" else None
        self.store = self.database.url if self.database else f"sqlite:{self.folder / 'shop.db'}"
        around = {
            "bridge": lambda: self.bridge.settings(),
            "redis": lambda: ("--cache", engines["REDIS"], "--limiter", engines["REDIS"], "--rate-limit", "100000/1s",
                              "--cache-ttl", "1ms"),
            "search": lambda: ("--search", f"{engines['OPENSEARCH'].replace('http', 'elasticsearch', 1)}?index=sweep-{os.getpid()}"),
            "kafka": lambda: ("--bus", f"kafka://{engines['KAFKA']}?prefix=sweep-{os.getpid()}."),
        }.get(kind, lambda: ())()
        self.index = f"{engines['OPENSEARCH']}/sweep-{os.getpid()}"
        self.server = Server(*SETTINGS, *around, store=self.store, environment=self.shim.environment)
        self.orders = []

    def __enter__(self):
        self.server.start(60)
        self.server.call("PUT", "/products/cup", {"name": "Cup", "price_minor": 250, "currency": "EUR"})
        self.server.call("POST", "/inventory/cup/receipts", {"quantity": 1000000})
        return self

    def __exit__(self, *details):
        self.shim.disarm()
        self.server.__exit__(*details)
        if self.database:
            self.database.drop()
        if self.kind == "search":
            urllib.request.urlopen(urllib.request.Request(f"{self.index}*", method="DELETE"), timeout=30).close()

    def is_dead(self):
        return self.server.process.poll() is not None


class Customer:
    """Orders, looks around, cancels; by one key each."""

    def __init__(self, place, name):
        self.wire = Wire(place.server.port, PATIENCE_S)
        self.name = name
        self.order = None

    def ask(self, method, path, body=None):
        fields = f"Idempotency-Key: {self.name}-{path.rpartition('/')[2]}\r\n" if method == "POST" else ""
        if path == "/orders":
            fields += "Prefer: wait=1\r\n"  # so that payments are made before the cancel
        return self.wire.ask(method, path, "" if body is None else json.dumps(body), fields)

    def try_all(self, wrong):
        """True once all that is wanted is done; `wrong` takes what no fault excuses."""
        body = {"lines": [{"sku": "cup", "quantity": 2}], "currency": "EUR", "payment_method": "tok_approve"}
        answer = self.ask("POST", "/orders", body)
        if answer is None or answer[0] not in (200, 201):
            return self.refused(answer, wrong)
        order = json.loads(answer[1])["id"]
        if self.order not in (None, order):
            wrong.append(f"{self.name} made two orders: {self.order} and {order}")
        self.order = order
        for path in (f"/orders/{order}", "/products/cup", "/inventory/cup", "/search?q=cup",
                     "/recommendations/trending?window=1h", "/orders?limit=2"):
            answer = self.ask("GET", path)
            if answer is None or answer[0] != 200:
                return self.refused(answer, wrong)
        answer = self.ask("POST", f"/orders/{order}/cancel", {})
        if answer is None or not (answer[0] == 200 or (answer[0] == 409 and b"already_final" in answer[1])):
            return self.refused(answer, wrong)
        return True

    def refused(self, answer, wrong):
        if answer is not None and answer[0] < 500 and answer[0] not in (408, 409, 429):
            wrong.append(f"{self.name}: {answer[0]} {answer[1][:300]!r}")
        return False


def until_done(place, customer, wrong):
    end = time.monotonic() + RECOVERED_S
    while not customer.try_all(wrong):
        if place.is_dead() or wrong or time.monotonic() > end:
            wrong.append(f"{customer.name}: not done {RECOVERED_S} s after the fault, " +
                         (f"aurorad ended: {place.server.log_text()[-600:]}" if place.is_dead() else "and nothing else"))
            return
        time.sleep(0.03)


def step(place, name, sort, how, fail_at):
    """One customer while call number `fail_at` fails: (calls of that sort, how many failed, what is wrong)."""
    wrong = []
    customer = Customer(place, name)
    place.shim.arm(sort, fail_at, **how)
    for _ in range(1 if how.get("is_lasting") else TRIES):
        if customer.try_all(wrong) or wrong:
            break
    if place.kind == "kafka":
        time.sleep(0.2)  # what is published follows the orders
    count, failed = place.shim.disarm()
    if not wrong:
        customer.wire.close()
        customer.wire.answer_s = RECOVERED_S
        until_done(place, customer, wrong)
    place.orders.append(customer.order)
    customer.wire.close()
    return count, failed, wrong


def at_rest(place):
    """Every order ended, no money was lost, and the store is whole."""
    wrong = []
    for order in [order for order in place.orders if order]:
        end = time.monotonic() + RECOVERED_S
        while (answer := place.server.call("GET", f"/orders/{order}"))[0] != 200 or answer[2]["settled_at"] is None:
            if time.monotonic() > end:
                wrong.append(f"order {order} does not end: {answer[2]}")
                break
            time.sleep(0.05)
    stored, cursor = 0, ""
    while cursor is not None:
        page = place.server.call("GET", f"/orders?limit=100{cursor}")[2]
        stored += len(page["items"])
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
    if stored != len(place.orders):
        wrong.append(f"{len(place.orders)} customers have {stored} orders")
    if place.bridge:
        wrong += place.bridge.wrong()
    return wrong + verified(place)


def verified(place):
    """Also what follows the log, as a relay does, is at its end in time."""
    end = time.monotonic() + RECOVERED_S
    while True:
        answer = subprocess.run([str(BIN / "auroractl"), "verify", "--store", place.store, "--json", "--at-rest"], text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=120)
        if answer.returncode == 0:
            return []
        if time.monotonic() > end:
            return [f"verify: {answer.stdout.strip()[:800]}"]
        time.sleep(0.5)


def sweep(place, sort, how, steps, progress):
    """(calls that failed in turn, what is wrong)."""
    words = [sort, *(word.removeprefix("is_") for word in how if word != "error")]
    label = f"{place.kind}-{'-'.join(words)}{'-full' if 'error' in how else ''}"
    counts, wrong = [], []
    for number in range(3):  # the first pays for what the others find
        count, _, found = step(place, f"{label}-count{number}", sort, how, 1 << 62)
        counts.append(count)
        wrong += found
    count = min(counts)
    stride = max(1, count // steps) if steps else 1
    tried = spared = fail_at = 0
    while not wrong and spared < 3 and fail_at < 2 * count + 20:
        _, failed, found = step(place, f"{label}-{fail_at}", sort, how, fail_at)
        wrong += [f"{label}, call {fail_at}: {what}" for what in found]
        tried += failed > 0
        spared = spared + 1 if failed == 0 else 0
        fail_at += stride
        progress.say(f"{label}: {fail_at} of about {count}, {len(wrong)} wrong")
    if not wrong:
        wrong = [f"{label}: {what}" for what in at_rest(place)]
    progress.say(f"{label}: {tried} of about {count} calls failed in turn, {len(wrong)} wrong", is_last=True)
    return label, tried, count, wrong


def sweep_place(kind, engines, options, progress, rows):
    wrong = []
    folder = tempfile.mkdtemp(prefix="aurora-sweep-")
    try:
        with Place(kind, engines, folder) as place:
            for sort, how in PLACES[kind]:
                if options.sort and sort not in options.sort.split(","):
                    continue
                *row, found = sweep(place, sort, how, options.steps, progress)
                rows.append(row)
                wrong += found
                if wrong:
                    break
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return wrong


def main():
    parser = argparse.ArgumentParser(prog="./dev crash sweep", description=__doc__)
    parser.add_argument("--places", default=",".join(PLACES), help="of %(default)s")
    parser.add_argument("--sort", help="only these, of alloc,write,sync,connect,send,receive,accepted")
    parser.add_argument("--steps", type=int, default=0, help="calls of each sort that fail, spread evenly; 0 = each (0)")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if not LIBRARY.exists():
        print(f"skipped: there is no {LIBRARY}, which needs glibc and a build without sanitizers")
        return 77
    engines = {name: os.environ.pop(f"AURORA_TEST_{name}", None) for name in NEEDS.values()}
    progress, rows, wrong = Progress("sweep", 15), [], []
    for kind in options.places.split(","):
        if kind in NEEDS and not engines[NEEDS[kind]]:
            print(f"sweep: {kind} is left out: AURORA_TEST_{NEEDS[kind]} is not set (./dev up)")
            continue
        wrong += sweep_place(kind, engines, options, progress, rows)
    figures = {label: f"{tried} of about {count} calls failed in turn" for label, tried, count in rows}
    figures |= {"calls that failed in turn": sum(row[1] for row in rows), "minutes": f"{progress.minutes():.1f}"}
    print(summary(f"./dev crash sweep --places {options.places} --steps {options.steps}", figures, wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

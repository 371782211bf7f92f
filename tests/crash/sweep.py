#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Lets every call of a sort fail in turn in a real aurorad, or in one of eight daemons: allocations, writes and syncs of
files, and what is sent to and received from PostgreSQL, Redis, OpenSearch, Kafka, a payment bridge, a mail server, a
webhook's receiver, and clients, also by TLS and with tokens; once, for as long as a customer tries, or after it was done.
Each time the customer repeats by key what was not answered, and ends with one order, all money back, and a store that
passes verify. Ends with 0 if so, 1 if not, 2 if it could not tell, 77 without the shim; SIGTERM ends it with what was
reached."""

import argparse
import errno
import importlib.util
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]
from aurora_server import BIN  # noqa: E402
from campaign import Progress, summary  # noqa: E402
from places import DAEMONS, Cluster, Place  # noqa: E402
from shim import LIBRARY  # noqa: E402

RECOVERED_S = 90  # after a fault: breakers, leases and backoffs included, on a machine with other work
TRIES = 3         # of a customer while the fault lasts

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
    "mail": (*ALLOCATIONS, *SOCKETS),
    "hook": (*ALLOCATIONS, *SOCKETS),
    "tls": (*ALLOCATIONS, ("accepted", ONCE), ("accepted", DONE)),
    "tokens": ALLOCATIONS,
    "gateway": (*ALLOCATIONS, *SOCKETS, ("accepted", ONCE), ("accepted", DONE)),
    **dict.fromkeys(("product", "search-daemon", "order", "inventory", "payment", "recommendation", "notification"),
                    (*SOCKETS, ("accepted", ONCE), ("accepted", DONE))),
}
ENGINES = ("POSTGRES", "REDIS", "OPENSEARCH", "KAFKA")
NEEDS = {"postgres": ENGINES[:1], "redis": ("REDIS",), "search": ("OPENSEARCH",), "kafka": ("KAFKA",),
         **dict.fromkeys(DAEMONS, ENGINES)}


class Ended(BaseException):
    """It was told to end."""


class Customer:
    """Orders, looks around, cancels; by one key each."""

    def __init__(self, place, name):
        self.place = place
        self.wire = place.wire()
        self.name = name
        self.order = None

    def ask(self, method, path, body=None):
        fields = f"Idempotency-Key: {self.name}-{path.rpartition('/')[2]}\r\n" if method == "POST" else ""
        if path == "/orders":
            fields += "Prefer: wait=1\r\n"  # so that payments are made before the cancel
        fields += self.place.fields()
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
                         (f"a daemon ended: {place.log_text()[-600:]}" if place.is_dead() else "and nothing else"))
            return
        time.sleep(0.03)


def wait_for_followers(place, customer, how):
    """What is published or sent follows the orders, while the fault is still there."""
    if place.kind == "kafka" or place.kind in DAEMONS:
        time.sleep(0.2)
    if not hasattr(place.witness, "has_all_of") or customer.order is None:
        return
    end = time.monotonic() + how.get("seconds", 0.5 if how.get("is_lasting") else 3)
    while not place.witness.has_all_of(customer.order) and time.monotonic() < end:
        time.sleep(0.01)


def step(place, name, sort, how, fail_at):
    """One customer while call number `fail_at` fails: (calls of that sort, how many failed, what is wrong)."""
    wrong = []
    customer = Customer(place, name)
    place.shim.arm(sort, fail_at, **how)
    for _ in range(1 if how.get("is_lasting") else TRIES):
        if customer.try_all(wrong) or wrong:
            break
    wait_for_followers(place, customer, how)
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
        while (answer := place.call("GET", f"/orders/{order}"))[0] != 200 or answer[2]["settled_at"] is None:
            if time.monotonic() > end:
                wrong.append(f"order {order} does not end: {answer[2]}")
                break
            time.sleep(0.05)
    stored, cursor = 0, ""
    while cursor is not None:
        page = place.call("GET", f"/orders?limit=100{cursor}")[2]
        stored += len(page["items"])
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
    if stored != len(place.orders):
        wrong.append(f"{len(place.orders)} customers have {stored} orders")
    if place.witness:
        wrong += place.witness.wrong([order for order in place.orders if order])
    return wrong + verified(place)


def verified(place):
    """Also what follows the log, as a relay does, is at its end in time."""
    end = time.monotonic() + RECOVERED_S
    while True:
        answer = subprocess.run([str(BIN / "auroractl"), "verify", "--store", place.store, "--json", "--at-rest"], text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=120)
        if answer.returncode == 0:
            return []
        patience_s = 300 if answer.returncode == 2 else 0  # it could not tell: a machine with too much to do
        if time.monotonic() > end + patience_s:
            return [f"verify: {answer.stdout.strip()[:800]}"]
        time.sleep(0.5)


def until_it_flows(place, label):
    """What is sent to people goes on only a while after a lasting fault."""
    wrong = []
    if hasattr(place.witness, "has_all_of"):
        customer = Customer(place, f"{label}-before")
        until_done(place, customer, wrong)
        place.orders.append(customer.order)
        wait_for_followers(place, customer, {"seconds": 20})
        customer.wire.close()
    return wrong


def sweep(place, sort, how, steps, progress):
    """(calls that failed in turn, what is wrong)."""
    words = [sort, *(word.removeprefix("is_") for word in how if word != "error")]
    label = f"{place.kind}-{'-'.join(words)}{'-full' if 'error' in how else ''}"
    counts, wrong = [], until_it_flows(place, label)
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
        with (Cluster if kind in DAEMONS else Place)(kind, engines, folder) as place:
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


def end(*_):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Ended


def main():
    parser = argparse.ArgumentParser(prog="./dev crash sweep", description=__doc__)
    parser.add_argument("--places", default=",".join(PLACES), help="of %(default)s")
    parser.add_argument("--sort", help="only these, of alloc,write,sync,connect,send,receive,accepted")
    parser.add_argument("--steps", type=int, default=0, help="calls of each sort that fail, spread evenly; 0 = each (0)")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, end)
    if not LIBRARY.exists():
        print(f"skipped: there is no {LIBRARY}, which needs glibc and a build without sanitizers")
        return 77
    engines = {name: os.environ.pop(f"AURORA_TEST_{name}", None) for name in ENGINES}
    progress, rows, wrong = Progress("sweep", 15), [], []
    for kind in options.places.split(","):
        missing = [f"AURORA_TEST_{name}" for name in NEEDS.get(kind, ()) if not engines[name]]
        if kind == "mail" and importlib.util.find_spec("aiosmtpd") is None:
            missing = ["python3-aiosmtpd"]
        if missing:
            print(f"sweep: {kind} is left out: {', '.join(missing)} not set (./dev up, scripts/setup.sh)")
            continue
        try:
            wrong += sweep_place(kind, engines, options, progress, rows)
        except Ended:
            print(f"sweep: ended in {kind}")
            break
    figures = {label: f"{tried} of about {count} calls failed in turn" for label, tried, count in rows}
    figures |= {"calls that failed in turn": sum(row[1] for row in rows), "minutes": f"{progress.minutes():.1f}"}
    print(summary(f"./dev crash sweep --places {options.places} --steps {options.steps}", figures, wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

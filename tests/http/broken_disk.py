#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A disk that fails every write or every sync, so that nobody knows whether the last commit took effect: whoever waits for
it is told so when his time is over (504), who comes later is refused (503), reads go on, and once the disk is itself again
the same process has each order once. The failures are the shim's (tests/shim); 77 without it."""

import json
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "support"), str(HERE.parent / "crash")]
from aurora_server import BIN, Server, until  # noqa: E402
from customers import Wire  # noqa: E402
from shim import LIBRARY, Shim  # noqa: E402

ORDER = json.dumps({"lines": [{"sku": "mug", "quantity": 1}], "currency": "EUR", "payment_method": "tok_approve"})
ALLOWED_S = 40  # for an answer; it is due after 10, and the machine may have much to do


def check(condition, what):
    if not condition:
        raise SystemExit(f"broken disk: {what}")


class Customers:
    """Several at once, by a key each."""

    def __init__(self, server, tag, count, fields=""):
        self.server = server
        self.fields = fields
        self.answers = {}
        self.threads = [threading.Thread(target=self.order, args=(f"{tag}-{number}",)) for number in range(count)]
        for thread in self.threads:
            thread.start()

    def order(self, key):
        wire, begin = Wire(self.server.port, ALLOWED_S), time.monotonic()
        answer = wire.ask("POST", "/orders", ORDER, f"Idempotency-Key: {key}\r\n{self.fields}")
        body = json.loads(answer[1]) if answer is not None else {}
        self.answers[key] = (answer and answer[0], body.get("code"), time.monotonic() - begin)
        wire.close()

    def join(self):
        for thread in self.threads:
            thread.join()
        return self.answers


def live_through(server, shim, sort):
    """The keys of those who were not served."""
    before = server.call("POST", "/orders", json.loads(ORDER), {"Idempotency-Key": f"{sort}-before"})[2]["id"]
    shim.arm(sort, 0, is_lasting=True)
    first = Customers(server, f"{sort}-first", 2)
    until("the disk has failed", lambda: shim.count() > 1)
    brief = Customers(server, f"{sort}-brief", 2, "Prefer: wait=1\r\n")
    until("it is not ready", lambda: server.call("GET", "/readyz")[0] == 503)
    later = Customers(server, f"{sort}-later", 2)
    answers = {**brief.join(), **later.join()}
    for path in (f"/orders/{before}", "/products/mug", "/inventory/mug", "/orders?limit=2", "/livez"):
        check(server.call("GET", path)[0] == 200, f"{path} is not read while the disk fails")
    waited = max(took for _, _, took in answers.values())
    check(server.call("POST", "/inventory/mug/receipts", {"quantity": 1})[0] == 503, "a delivery is taken")
    answers.update(first.join())
    check({said[:2] for said in answers.values()} <= {(504, "timeout"), (503, "unavailable")}, answers)
    check(all(status == 503 for key, (status, _, _) in answers.items() if "later" in key), answers)
    print(f"broken disk: {sort}: {sorted({said[:2] for said in answers.values()})}, the first after "
          f"{max(took for _, _, took in first.answers.values()):.1f} s, the others after {waited:.1f} s")
    shim.disarm()
    until("it is ready again", lambda: server.call("GET", "/readyz")[0] == 200)
    return [*answers, f"{sort}-before"]


def main():
    if not LIBRARY.exists():
        print(f"skipped: there is no {LIBRARY}")
        return 77
    with tempfile.TemporaryDirectory(prefix="aurora-broken-") as folder:
        shim, store = Shim(folder), f"sqlite:{folder}/shop.db"
        with Server("--log-level", "error", store=store, environment=shim.environment) as server:
            server.call("PUT", "/products/mug", {"name": "Mug", "price_minor": 1250, "currency": "EUR"})
            server.call("POST", "/inventory/mug/receipts", {"quantity": 1000})
            keys = [key for sort in ("sync", "write") for key in live_through(server, shim, sort)]
            for key in keys + keys:
                again = server.call("POST", "/orders", json.loads(ORDER), {"Idempotency-Key": key})
                check(again[0] == 201, f"{key}: {again[2]}")
            sold = server.call("GET", "/inventory/mug")[2]["sold"]
            check(sold == len(keys), f"{sold} sold to {len(keys)} customers")
        subprocess.run([str(BIN / "auroractl"), "verify", "--store", store, "--at-rest"], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A disk whose syncs take a second, then five: those that wait share a sync, those for whom there is no room are refused
with 503, reads go on, and once the disk is itself again the same process has each order once. The slowness is the shim's
(tests/shim): device-mapper is not to be had everywhere. 77 without it."""

import json
import pathlib
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "support"), str(HERE.parent / "crash")]
from aurora_server import BIN, Server, until  # noqa: E402
from customers import Wire  # noqa: E402
from shim import LIBRARY, Shim  # noqa: E402

ORDER = json.dumps({"lines": [{"sku": "mug", "quantity": 1}], "currency": "EUR", "payment_method": "tok_approve"})
CUSTOMERS = 24
ROOM = 32  # of the queue: more than these, and fewer than those who come to a disk that stands
RUSH = 80


def check(condition, what):
    if not condition:
        raise SystemExit(f"slow disk: {what}")


def crowd(server, tag, count):
    """Orders at once: {key: (status, code or id)}, also of those who are told to come again."""
    answers, begin = {}, threading.Barrier(count)

    def order(number):
        wire, key = Wire(server.port, 60), f"{tag}-{number}"
        begin.wait()
        answer = wire.ask("POST", "/orders", ORDER, f"Idempotency-Key: {key}\r\n")
        body = json.loads(answer[1]) if answer is not None else {}
        answers[key] = (answer and answer[0], body.get("code", body.get("id")))
        wire.close()
    threads = [threading.Thread(target=order, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    return answers, threads


def slow(server, shim):
    """Nobody is refused who can wait, and a batch is one sync, not one each."""
    shim.slow_down(300)
    answers, threads = crowd(server, "slow", CUSTOMERS)
    for thread in threads:
        thread.join()
    syncs = shim.disarm()[0]
    check({status for status, _ in answers.values()} == {201}, answers)
    check(syncs < CUSTOMERS, f"{CUSTOMERS} orders took {syncs} syncs")
    print(f"slow disk: {CUSTOMERS} orders at 300 ms a sync took {syncs} syncs")
    return answers


def stalled(server, shim):
    """What does not fit the queue is told at once; reads do not wait for the disk."""
    shim.slow_down(5000)
    first, threads = crowd(server, "first", 2)
    until("the disk is at work", lambda: shim.count() > 0)
    second, more = crowd(server, "second", RUSH)
    until("somebody is refused", lambda: any(status == 503 for status, _ in list(second.values())))
    for path in ("/products/mug", "/inventory/mug", "/livez"):
        check(server.call("GET", path)[0] == 200, f"{path} is not read while the disk stands")
    shim.disarm()
    for thread in threads + more:
        thread.join()
    answers = {**first, **second}
    refused = {key: said for key, said in answers.items() if said[0] != 201}
    check({said for said in refused.values()} <= {(503, "overloaded")}, refused)
    print(f"slow disk: at 5 s a sync {len(refused)} of {len(answers)} orders were refused")
    return answers


def main():
    if not LIBRARY.exists():
        print(f"skipped: there is no {LIBRARY}")
        return 77
    with tempfile.TemporaryDirectory(prefix="aurora-slow-") as folder:
        shim, store = Shim(folder), f"sqlite:{folder}/shop.db"
        with Server("--queue-max", str(ROOM), "--log-level", "error", store=store,
                    environment=shim.environment) as server:
            server.call("PUT", "/products/mug", {"name": "Mug", "price_minor": 1250, "currency": "EUR"})
            server.call("POST", "/inventory/mug/receipts", {"quantity": 1000})
            answers = {**slow(server, shim), **stalled(server, shim)}
            for key, (status, said) in answers.items():
                again = server.call("POST", "/orders", json.loads(ORDER), {"Idempotency-Key": key})
                check(again[0] == 201 and (status != 201 or again[2]["id"] == said), f"{key}: {said}, then {again[2]}")
            check(server.call("GET", "/readyz")[0] == 200, "it is not ready again")
            sold = server.call("GET", "/inventory/mug")[2]["sold"]
            check(sold == len(answers), f"{sold} sold to {len(answers)} customers")
        subprocess.run([str(BIN / "auroractl"), "verify", "--store", store, "--at-rest"], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

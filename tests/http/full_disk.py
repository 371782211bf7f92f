#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A full disk: writes answer 507, reads go on, readiness says why, and with room again the same process goes on; every
order that was acknowledged is there. Needs the right to mount (77 without)."""

import http.client
import json
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_server import BIN, Server  # noqa: E402

ORDER = {"lines": [{"sku": "mug", "quantity": 1}], "currency": "EUR", "payment_method": "tok_approve",
         "metadata": {f"note-{i}": "x" * 250 for i in range(16)}}


def fill(server):
    """Places orders until five in a row find no room; the ids of those that were acknowledged."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    acknowledged, refused, statuses = [], 0, set()
    for _ in range(20000):
        connection.request("POST", "/orders", json.dumps(ORDER), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        body = json.loads(answer.read())
        statuses.add((answer.status, body.get("code")))
        if answer.status == 201:
            acknowledged.append(body["id"])
            refused = 0
        else:
            refused += 1
        if refused == 5:
            break
    if statuses != {(201, None), (507, "storage_full")}:
        raise SystemExit(f"full disk: answers were {statuses}")
    return acknowledged


def check(condition, what):
    if not condition:
        raise SystemExit(f"full disk: {what}")


def main():
    with tempfile.TemporaryDirectory(prefix="aurora-full-") as folder:
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", folder], stderr=subprocess.DEVNULL).returncode:
            print("skipped: a file system of its own cannot be mounted here")
            return 77
        try:
            store = f"sqlite:{folder}/shop.db"
            with Server("--log-level", "error", store=store) as server:
                server.call("PUT", "/products/mug", {"name": "Mug", "price_minor": 1250, "currency": "EUR"})
                server.call("POST", "/inventory/mug/receipts", {"quantity": 1000000})
                acknowledged = fill(server)
                status, _, ready = server.call("GET", "/readyz")
                check(status == 503 and "full" in json.dumps(ready), ready)
                check(server.call("GET", f"/orders/{acknowledged[-1]}")[0] == 200, "reads do not go on")
                subprocess.run(["mount", "-o", "remount,size=64m", folder], check=True)
                deadline = time.monotonic() + 20
                while server.call("POST", "/orders", ORDER)[0] != 201:
                    check(time.monotonic() < deadline, "it does not go on with room again")
                    time.sleep(0.1)
                check(server.call("GET", "/readyz")[0] == 200, "it is not ready again")
                for order in acknowledged[-200:]:
                    check(server.call("GET", f"/orders/{order}")[0] == 200, f"{order} is lost")
                sold = server.call("GET", "/inventory/mug")[2]["sold"]
                check(sold == len(acknowledged) + 1, f"{sold} sold, {len(acknowledged)} acknowledged and one")
            subprocess.run([str(BIN / "auroractl"), "verify", "--store", store, "--at-rest"], check=True)
            print(f"full disk: {len(acknowledged)} orders fitted")
        finally:
            subprocess.run(["umount", folder], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

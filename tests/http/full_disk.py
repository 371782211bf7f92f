#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A full disk: writes answer 507, reads go on, readiness says why, and with room again the same process goes on; every
order that was acknowledged is there, and one that was refused is made by its key, once. On a tmpfs that grows again, and
on a small ext4 of its own behind a loop device, which others fill and clear. Needs the right to mount (77 without)."""

import http.client
import json
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_server import BIN, Server, until  # noqa: E402

ORDER = {"lines": [{"sku": "mug", "quantity": 1}], "currency": "EUR", "payment_method": "tok_approve",
         "metadata": {f"note-{i}": "x" * 250 for i in range(16)}}


def is_run(*command):
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


class Memory:
    """A tmpfs of 16 MiB that is made larger."""

    name = "tmpfs"

    def __init__(self, folder):
        self.place = folder

    def make(self):
        return is_run("mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", self.place)

    def give_room(self):
        subprocess.run(["mount", "-o", "remount,size=64m", self.place], check=True)

    def remove(self):
        subprocess.run(["umount", self.place], check=True)


class Disk(Memory):
    """An ext4 of 32 MiB in a file; somebody else's file has half of it until there is to be room."""

    name = "ext4 on a loop device"

    def __init__(self, folder):
        self.place = folder
        self.image = tempfile.NamedTemporaryFile(prefix="aurora-disk-")
        self.foreign = pathlib.Path(folder) / "somebody-elses"

    def make(self):
        self.image.truncate(32 << 20)
        if not (is_run("mkfs.ext4", "-q", "-m", "0", self.image.name)
                and is_run("mount", "-o", "loop", self.image.name, self.place)):
            return False
        self.foreign.write_bytes(bytes(16 << 20))
        return True

    def give_room(self):
        self.foreign.unlink()

    def remove(self):
        super().remove()
        self.image.close()


def fill(server):
    """Places orders until five in a row find no room; the ids of those that were acknowledged, the keys of the others."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    acknowledged, refused, row, statuses = [], [], 0, set()
    for number in range(20000):
        key = f"order-{number}"
        connection.request("POST", "/orders", json.dumps(ORDER), {"Content-Type": "application/json", "Idempotency-Key": key})
        answer = connection.getresponse()
        body = json.loads(answer.read())
        statuses.add((answer.status, body.get("code")))
        if answer.status == 201:
            acknowledged.append(body["id"])
            row = 0
        else:
            refused.append(key)
            row += 1
        if row == 5:
            break
    if statuses != {(201, None), (507, "storage_full")}:
        raise SystemExit(f"full disk: answers were {statuses}")
    return acknowledged, refused


def check(condition, what):
    if not condition:
        raise SystemExit(f"full disk: {what}")


def ask_again(server, keys):
    """By the keys of those that were refused: each is one order, however often it is asked for."""
    deadline = time.monotonic() + 20
    while server.call("POST", "/orders", ORDER, {"Idempotency-Key": keys[0]})[0] != 201:
        check(time.monotonic() < deadline, "it does not go on with room again")
        time.sleep(0.1)
    for key in keys + keys:
        check(server.call("POST", "/orders", ORDER, {"Idempotency-Key": key})[0] == 201, f"{key} is refused for ever")


def live_through(room):
    store = f"sqlite:{room.place}/shop.db"
    with Server("--log-level", "error", store=store) as server:
        server.call("PUT", "/products/mug", {"name": "Mug", "price_minor": 1250, "currency": "EUR"})
        server.call("POST", "/inventory/mug/receipts", {"quantity": 1000000})
        acknowledged, refused = fill(server)
        status, _, ready = server.call("GET", "/readyz")
        check(status == 503 and "full" in json.dumps(ready), ready)
        for path in (f"/orders/{acknowledged[-1]}", "/products/mug", "/search?q=mug"):
            check(server.call("GET", path)[0] == 200, f"{path} is not read any more")
        status, _, answer = server.call("POST", "/inventory/mug/receipts", {"quantity": 1})
        check(status in (201, 507), f"a delivery is answered with {status} {answer}")  # it is small, and may fit
        room.give_room()
        ask_again(server, refused)
        check(server.call("GET", "/readyz")[0] == 200, "it is not ready again")
        for order in acknowledged[-200:]:
            check(server.call("GET", f"/orders/{order}")[0] == 200, f"{order} is lost")
        until("nothing is under way", lambda: server.call("GET", "/inventory/mug")[2]["reserved"] == 0)
        sold = server.call("GET", "/inventory/mug")[2]["sold"]
        check(sold == len(acknowledged) + len(refused), f"{sold} sold, {len(acknowledged)} + {len(refused)} orders")
    subprocess.run([str(BIN / "auroractl"), "verify", "--store", store, "--at-rest"], check=True)
    print(f"full disk: {room.name}: {len(acknowledged)} orders fitted, {len(refused)} were refused and made later")


def main():
    tried = 0
    for kind in (Memory, Disk):
        with tempfile.TemporaryDirectory(prefix="aurora-full-") as folder:
            room = kind(folder)
            if not room.make():
                print(f"skipped: {room.name} cannot be mounted here")
                continue
            tried += 1
            try:
                live_through(room)
            finally:
                room.remove()
    return 0 if tried else 77


if __name__ == "__main__":
    sys.exit(main())

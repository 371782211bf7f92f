#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""SIGTERM under load: every request that a client has sent on a live connection is answered, readiness goes first, and
after a restart each key is exactly one order. A client meets a closed connection only before it has sent something, or
sends its key again."""

import http.client
import json
import pathlib
import signal
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_server import Server, until  # noqa: E402

CLIENTS = 16
ORDER = {"lines": [{"sku": "mug", "quantity": 1}], "currency": "EUR", "payment_method": "tok_approve"}


class Client(threading.Thread):
    """Places orders until the server is gone. `lost` are requests that were cut off after their answer had begun."""

    def __init__(self, server, number):
        super().__init__()
        self.server, self.number = server, number
        self.acknowledged, self.unsure, self.lost, self.statuses = {}, [], [], set()

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        for i in range(100000):
            key = f"{self.number}-{i}"
            try:
                connection.request("POST", "/orders", json.dumps(ORDER),
                                   {"Content-Type": "application/json", "Idempotency-Key": key})
            except OSError:
                return
            try:
                answer = connection.getresponse()
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                self.unsure.append(key)  # closed without a byte: the race that HTTP/1.1 has, the key settles it
                return
            try:
                body = answer.read()
            except (http.client.IncompleteRead, OSError) as error:
                self.lost.append((key, repr(error)))
                return
            self.statuses.add(answer.status)
            if answer.status == 201:
                self.acknowledged[key] = json.loads(body)["id"]
            elif answer.status != 503:
                self.lost.append((key, answer.status))
            if answer.will_close:
                return


def sold_of(server, expected):
    """What is sold, once nothing more is under way."""
    item = server.call("GET", "/inventory/mug")[2]
    return item["sold"] if item["sold"] >= expected or not item["reserved"] else None


def main():
    with Server() as server:
        server.call("PUT", "/products/mug", {"name": "Mug", "price_minor": 1250, "currency": "EUR"})
        server.call("POST", "/inventory/mug/receipts", {"quantity": 1000000})
        clients = [Client(server, number) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        until("orders come in", lambda: sum(len(client.acknowledged) for client in clients) >= 200)
        server.process.send_signal(signal.SIGTERM)
        begin = time.monotonic()
        for client in clients:
            client.join(60)
        code = server.process.wait(60)
        took = time.monotonic() - begin
        lost = [item for client in clients for item in client.lost]
        unsure = [key for client in clients for key in client.unsure]
        acknowledged = {key: order for client in clients for key, order in client.acknowledged.items()}
        server.start()
        wrong = [key for key, order in acknowledged.items()
                 if server.call("GET", f"/orders/{order}")[0] != 200]
        for key in unsure:  # sent again, it is one order either way
            if server.call("POST", "/orders", ORDER, {"Idempotency-Key": key})[0] != 201:
                wrong.append(key)
        expected = len(acknowledged) + len(unsure)
        sold = until("all are sold", lambda: sold_of(server, expected))
        print(f"drain: {len(acknowledged)} acknowledged, {len(unsure)} without an answer, {len(lost)} cut off, "
              f"{len(wrong)} wrong, exit status {code} after {took:.1f} s, {sold} sold")
        if lost or wrong or code != 0 or sold != expected or len(unsure) > CLIENTS // 4:
            print(lost[:5], wrong[:5], unsure[:5], expected)
            print(server.log_text()[-3000:])
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
